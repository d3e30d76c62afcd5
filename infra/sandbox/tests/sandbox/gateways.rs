//! The gateways: who may ask, what may be asked, and that the answers have the vendor's own form.

use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use sandbox::{Json, Request, Response, frisbii, quickpay};

use crate::support::contracts;

fn at(hours: i64) -> Timestamp {
    "2026-11-20T00:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_hours(hours)
}

fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64.encode(pair.as_bytes()))
}

fn quickpay(payments: u64) -> quickpay::Account {
    let payment = |id: u64| quickpay::Payment {
        id,
        order_id: format!("{}", 1_000 + id),
        currency: "DKK".to_owned(),
        updated_at: at(i64::try_from(id).expect("a small number")),
        test_mode: false,
        operations: vec![quickpay::Operation {
            kind: "capture".to_owned(),
            amount: 25_000,
            reference: Some(format!("ref-{id}")),
            status: "20000".to_owned(),
            pending: false,
        }],
    };
    quickpay::Account { api_key: "key".to_owned(), payments: (1..=payments).map(payment).collect() }
}

fn of_quickpay(account: &quickpay::Account, query: &str, pair: &str, version: &str) -> Response {
    let request = Request::new("GET", &format!("/quickpay/krus/payments?{query}"))
        .with_header("Authorization", &basic(pair))
        .with_header("Accept-Version", version);
    account.handle(&request)
}

fn ids(body: &Json) -> Vec<i64> {
    let Json::Array(all) = body else { panic!("a list: {body}") };
    all.iter().filter_map(|one| one.integer("id")).collect()
}

#[test]
fn quickpay_lists_payments_for_its_key_by_page_and_time() {
    let account = quickpay(45);
    let ask = |query: &str| of_quickpay(&account, query, ":key", "v10");
    assert_eq!(of_quickpay(&account, "", ":other", "v10").status, 401);
    assert_eq!(of_quickpay(&account, "", "key:", "v10").status, 401, "the key is the password");
    assert_eq!(of_quickpay(&account, "", ":key", "v9").status, 406);
    for wrong in ["page_size=101", "page_size=0", "page=0", "page=x", "min_time=yesterday", "timestamp=born"]
    {
        assert_eq!(ask(wrong).status, 400, "{wrong}");
    }
    assert_eq!(ids(&ask("").body_json()).len(), 20, "as many as are given where no number is asked for");
    let (first, last) = (ask("page_size=30&page=1").body_json(), ask("page_size=30&page=2").body_json());
    assert_eq!((ids(&first).len(), ids(&last).len(), ids(&first)[0]), (30, 15, 45));
    assert!(ids(&ask("page_size=30&page=3").body_json()).is_empty());
    let later = ask("page_size=100&timestamp=updated_at&min_time=2026-11-21T19%3A00%3A00Z").body_json();
    assert_eq!(ids(&later), [45, 44, 43]);
}

fn frisbii(transactions: i64) -> frisbii::Account {
    let transaction = |number: i64| frisbii::Transaction {
        id: format!("t{number}"),
        invoice: format!("order-{number}"),
        kind: "settle".to_owned(),
        state: "settled".to_owned(),
        amount: 25_000,
        currency: "DKK".to_owned(),
        created: at(number),
        provider: (number % 2 == 0).then(|| "nets".to_owned()),
        reference: Some(format!("ref-{number}")),
    };
    frisbii::Account {
        private_key: "priv_1".to_owned(),
        zone: "Europe/Copenhagen".to_owned(),
        transactions: (1..=transactions).map(transaction).collect(),
    }
}

fn of_frisbii(account: &frisbii::Account, query: &str) -> Response {
    let request = Request::new("GET", &format!("/frisbii/krus/v1/list/transaction?{query}"))
        .with_header("Authorization", &basic("priv_1:"));
    account.handle(&request)
}

fn content(body: &Json) -> Vec<String> {
    let Some(Json::Array(all)) = body.get("content") else { panic!("a list: {body}") };
    all.iter().filter_map(|one| one.text("id")).map(str::to_owned).collect()
}

#[test]
fn frisbii_lists_transactions_for_its_key_by_token_and_local_day() {
    let account = frisbii(25);
    let wrong = Request::new("GET", "/frisbii/krus/v1/list/transaction")
        .with_header("Authorization", &basic(":priv_1"));
    assert_eq!(account.handle(&wrong).status, 401, "the key is the user name");
    for wrong in ["size=9", "size=101", "range=settled", "from=2026-11-20T00%3A00%3A00Z", "next_page_token=x"]
    {
        assert_eq!(of_frisbii(&account, wrong).status, 400, "{wrong}");
    }
    let first = of_frisbii(&account, "from=2026-11-20&size=20").body_json();
    assert_eq!((content(&first).len(), content(&first)[0].as_str()), (20, "t25"));
    let token = first.text("next_page_token").expect("there is more").replace('=', "%3D");
    let last = of_frisbii(&account, &format!("from=2026-11-20&size=20&next_page_token={token}")).body_json();
    assert_eq!((content(&last).len(), last.get("next_page_token")), (5, None));
    let other = of_frisbii(&account, &format!("from=2026-11-19&size=20&next_page_token={token}"));
    assert_eq!(other.status, 400, "a token is of one list");
    // Midnight in Copenhagen is an hour before that of UTC.
    assert_eq!(content(&of_frisbii(&account, "from=2026-11-21").body_json()), ["t25", "t24", "t23"]);
}

#[test]
fn frisbiis_answers_have_the_vendors_own_fields() {
    let Some(path) = contracts("subscriptions/frisbii/models.json") else { return };
    let models = Json::parse(&std::fs::read(path).expect("the models can be read")).expect("JSON");
    let list = of_frisbii(&frisbii(25), "from=2026-11-20&size=20").body_json();
    let Some(Json::Array(transactions)) = list.get("content") else { panic!("{list}") };
    has_the_form_of(&models, "TransactionList", &list);
    for transaction in transactions {
        has_the_form_of(&models, "Transaction", transaction);
        if let Some(card) = transaction.get("card_transaction") {
            has_the_form_of(&models, "CardTransaction", card);
        }
    }
    let refusal = of_frisbii(&frisbii(1), "size=9").body_json();
    has_the_form_of(&models, "ErrorResponse", &refusal);
}

fn has_the_form_of(models: &Json, name: &str, value: &Json) {
    let Some(Json::Object(fields)) = models.get(name) else { panic!("{name} is no model") };
    let Json::Object(given) = value else { panic!("{name}: {value}") };
    for (field, _) in given {
        assert!(fields.iter().any(|(known, _)| known == field), "{name} has no {field}");
    }
    for (field, says) in fields.iter().filter(|(_, says)| says.get("optional") == Some(&Json::Bool(false))) {
        assert!(value.get(field).is_some(), "{name} lacks {field}: {says}");
    }
}
