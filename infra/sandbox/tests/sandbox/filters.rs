//! The filter language, sorting and paging.

use crate::support::{Bench, codes, results};
use sandbox::economic::{FilterError, Quirks, parse_filter};
use sandbox::http::encode;
use sandbox::{Json, object};

const FIELDS: &[&str] = &["name", "number", "barred", "date", "deep.er"];

fn items() -> Vec<Json> {
    let item = |name: &str, number: i64, barred: bool, date: &str| {
        object! { "name": name, "number": number, "barred": barred, "date": date, "deep": object! { "er": name } }
    };
    let mut items = vec![
        item("Åse", 1, false, "2026-01-01"),
        item("a$b(c)*d,e", 2, true, "2026-02-01"),
        item("x[1]", 3, false, "2026-03-01"),
        item("Alfa beta", 10, false, "2026-04-01"),
    ];
    items.push(object! { "number": 11 });
    items
}

fn numbers(filter: &str) -> Result<Vec<i64>, FilterError> {
    let parsed = parse_filter(filter, FIELDS, &Quirks::default())?;
    Ok(items().iter().filter(|item| parsed.matches(item)).filter_map(|item| item.integer("number")).collect())
}

#[test]
fn filters_find_what_they_should() {
    let cases: &[(&str, &[i64])] = &[
        ("number$eq:2", &[2]),
        ("number$ne:2", &[1, 3, 10, 11]),
        ("number$gt:3", &[10, 11]),
        ("number$gte:3", &[3, 10, 11]),
        ("number$lt:2", &[1]),
        ("number$lte:2", &[1, 2]),
        ("name$eq:åse", &[1]),
        ("name$eq:ÅSE", &[1]),
        ("name$eq:a$$b$(c$)$*d$,e", &[2]),
        ("name$eq:a$$b(c$)$*d$,e", &[2]),
        ("name$eq:x[1]", &[3]),
        ("name$eq:x$[1$]", &[]),
        ("name$like:lfa", &[10]),
        ("name$like:a*", &[2, 10]),
        ("name$like:*beta", &[10]),
        ("name$like:*$**", &[2]),
        ("name$like:a*a", &[10]),
        ("name$eq:$null:", &[11]),
        ("name$ne:$null:", &[1, 2, 3, 10]),
        ("barred$eq:true", &[2]),
        ("date$gte:2026-03-01", &[3, 10]),
        ("number$in:[1,3,99]", &[1, 3]),
        ("number$nin:[1,3]", &[2, 10, 11]),
        ("name$in:[åse,a$$b$(c$)$*d$,e]", &[1, 2]),
        ("deep.er$eq:Alfa beta", &[10]),
        ("number$gte:2$and:number$lte:3", &[2, 3]),
        ("number$eq:1$or:number$eq:2$and:number$eq:3", &[1]),
        ("(number$eq:1$or:number$eq:3)$and:barred$eq:false", &[1, 3]),
        ("((number$eq:1))", &[1]),
    ];
    for (filter, found) in cases {
        assert_eq!(numbers(filter).as_deref(), Ok(*found), "{filter}");
    }
}

#[test]
fn filters_that_are_none_are_refused() {
    let many = format!("number$in:[{}]", vec!["1"; 201].join(","));
    let deep = format!("{}number$eq:1{}", "(".repeat(40), ")".repeat(40));
    for filter in [
        "number",
        "number$xx:1",
        "number$eq",
        "name$eq:a$b",
        "name$eq:a)",
        "name$eq:a$",
        "(number$eq:1",
        "number$in:1",
        "number$in:[1",
        "$and:number$eq:1",
        &many,
        &deep,
    ] {
        assert!(matches!(numbers(filter), Err(FilterError::Syntax(_))), "{filter}");
    }
    assert_eq!(numbers("secret$eq:1"), Err(FilterError::Field("secret".to_string())));
    assert_eq!(numbers(""), Err(FilterError::Syntax("missing operator at character 0".to_string())));
}

#[test]
fn a_field_that_cannot_be_filtered_is_answered_with_those_that_can() {
    let mut bench = Bench::new();
    let answer = bench.get("customers?filter=contacts$eq:1");
    assert_eq!(answer.status, 400);
    let allowed = answer.body_json();
    let allowed = allowed.items("allowedFilteringFields");
    assert!(allowed.iter().any(|field| field.as_text() == Some("email")) && allowed.len() > 15);
    assert_eq!(bench.get("customers?filter=name$xx:1").status, 400);
}

#[test]
fn pages_follow_each_other_without_loss() {
    let mut bench = Bench::new();
    for number in 0..45 {
        bench.agreement().add_customer(2000 + number, &format!("K{number}"), 1, 1);
    }
    let first = bench.get("customers").body_json();
    assert_eq!((first.items("collection").len(), first.integer("pagination.results")), (20, Some(47)));
    let mut seen = Vec::new();
    let mut path = "customers?pagesize=10&sort=-customerNumber".to_string();
    loop {
        let page = bench.get(&path).body_json();
        seen.extend(
            page.items("collection").iter().filter_map(|customer| customer.integer("customerNumber")),
        );
        if page.text("pagination.nextPage").is_none() {
            break;
        }
        path = format!("customers?pagesize=10&sort=-customerNumber&skippages={}", seen.len() / 10);
    }
    assert_eq!(seen.len(), 47);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "sorted downwards: {seen:?}");
    let filtered = bench.get(&format!("customers?pagesize=5&filter={}", encode("name$like:K4*"))).body_json();
    assert_eq!(
        (filtered.integer("pagination.results"), filtered.integer("pagination.resultsWithoutFilter")),
        (Some(6), Some(47))
    );
    assert!(
        filtered
            .text("pagination.nextPage")
            .unwrap()
            .contains("filter=name%24like%3AK4%2A&skippages=1&pagesize=5")
    );
}

#[test]
fn page_numbers_must_be_numbers() {
    let mut bench = Bench::new();
    for query in ["pagesize=x", "pagesize=0", "pagesize=-1", "skippages=x"] {
        assert_eq!(bench.get(&format!("customers?{query}")).status, 400, "{query}");
    }
    assert_eq!(results(&bench.get("customers?pagesize=1000")), 2);
    assert_eq!(codes(&bench.get("customers?pagesize=1001")), ["E04810"]);
}
