//! Bad input of what comes after an invoice and beside it: refunds and products that are odd in the shop itself. Each ends as a
//! credit note that says what the shop says, or as an entry that stands visibly with its reason; a correct order goes through
//! after each.

use engine::store::Status;
use rust_decimal::Decimal;
use sandbox::{Json, demo};
use serde_json::{Value, json};

use crate::bad_input::{Entry, entries, greedy, has_words, panics};
use crate::stage::{Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order, signed};

/// What becomes of it.
enum Becomes {
    /// Credited: what is left of the order in the books. The plain order is two mugs for 198.00 and freight for 49.00.
    Left(&'static str),
    /// One entry with one of these reasons, and the books unchanged.
    Attention(&'static [&'static str]),
    /// Nothing that anybody must see, and the books unchanged.
    Nothing,
}

/// A refund of one mug, with its VAT, as WooCommerce writes it.
fn refund(id: u64, amount: &str) -> Value {
    json!({
        "id": id, "amount": amount, "reason": "Retur", "date_created_gmt": "2026-11-21T09:00:00",
        "line_items": [{ "id": id + 1, "name": "Blåt krus", "quantity": -1, "total": "-79.20", "total_tax": "-19.80",
            "meta_data": [{ "id": 1, "key": "_refunded_item_id", "value": "LINE" }] }],
    })
}

fn edited(id: u64, amount: &str, edit: impl FnOnce(&mut Value)) -> Value {
    let mut refund = refund(id, amount);
    edit(&mut refund);
    refund
}

/// Name, what the shop answers when it is asked for the refunds, and what becomes of it.
fn refunds() -> Vec<(&'static str, Vec<Value>, Becomes)> {
    use Becomes::{Attention, Left};
    let unreadable = || Attention(&["refused"]);
    let item = |refund: &mut Value, field: &str, value: Value| refund["line_items"][0][field] = value;
    vec![
        ("a sound one", vec![refund(50, "99.00")], Left("148.00")),
        ("more than the invoice", vec![refund(51, "1000.00")], Attention(&["refund-exceeds-invoice"])),
        ("NaN as an amount", vec![refund(52, "NaN")], unreadable()),
        ("an endless amount", vec![refund(53, "1e400")], unreadable()),
        ("a huge amount", vec![refund(54, &"9".repeat(400))], unreadable()),
        ("an amount of the other sign", vec![refund(55, "-99.00")], Left("148.00")),
        (
            "an amount as a number",
            vec![edited(56, "", |refund| refund["amount"] = json!(99.0))],
            Left("148.00"),
        ),
        ("less money than its lines", vec![refund(57, "40.00")], Left("207.00")),
        (
            "a line that the order does not have",
            vec![edited(58, "99.00", |refund| {
                item(refund, "meta_data", json!([{ "key": "_refunded_item_id", "value": "404" }]))
            })],
            Left("148.00"),
        ),
        (
            "more units than were sold",
            vec![edited(59, "99.00", |refund| item(refund, "quantity", json!(-40)))],
            Left("148.00"),
        ),
        (
            "NaN in a line",
            vec![edited(60, "99.00", |refund| item(refund, "total", json!("NaN")))],
            unreadable(),
        ),
        (
            "a line that takes money",
            vec![edited(61, "99.00", |refund| item(refund, "total", json!("79.20")))],
            Attention(&["totals-differ-after-write"]),
        ),
        ("the same refund twice", vec![refund(62, "99.00"), refund(62, "99.00")], Left("148.00")),
        (
            "10,000 lines",
            vec![edited(63, "99.00", |refund| {
                let line = refund["line_items"][0].clone();
                refund["line_items"] = json!(vec![line; 10_000]);
            })],
            unreadable(),
        ),
        (
            "no time",
            vec![edited(64, "99.00", |refund| refund["date_created_gmt"] = json!("soon"))],
            unreadable(),
        ),
        (
            "control characters in its words",
            vec![edited(65, "99.00", |refund| {
                refund["reason"] = json!("\u{0}\u{7}\u{202e} \u{1f375}".repeat(300))
            })],
            Left("148.00"),
        ),
    ]
}

/// Shows the order with its refunds, and tells of it.
async fn tell(stage: &Stage, order: &mut Value, details: Vec<Value>) {
    let line = order["line_items"][0]["id"].to_string();
    let details: Vec<Json> = details
        .iter()
        .map(|detail| Json::parse(detail.to_string().replace("LINE", &line).as_bytes()).expect("JSON"))
        .collect();
    let listed = |detail: &Json| json!({ "id": detail.integer("id"), "reason": "", "total": "-99.00" });
    order["refunds"] = details.iter().map(listed).collect();
    order["date_modified_gmt"] = json!("2026-11-21T09:00:01");
    let id = order["id"].as_u64().expect("an id");
    stage.world().woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop").refunds.insert(id, details);
    assert_eq!(stage.send_order(WOOCOMMERCE, order).await, 200);
    stage.rest().await;
}

/// What is left in the books of an order: invoiced less credited.
fn left(stage: &Stage, order: u64) -> String {
    let world = stage.world();
    let of_order =
        |reference: Option<&str>| reference.is_some_and(|text| text.starts_with(&format!("{order} ")));
    let booked = world.agreements[demo::AGREEMENT].booked.values();
    let mine = booked.filter(|document| of_order(document.json.text("references.other")));
    let left: Decimal = mine.map(|document| document.totals.gross()).sum();
    format!("{left:.2}")
}

/// Tells what came otherwise.
async fn attempt(stage: &Stage, id: u64, details: Vec<Value>, becomes: &Becomes) -> Result<(), String> {
    stage.books_a_correct_order(WOOCOMMERCE, id, "the order that is refunded").await;
    let before = entries(stage).await;
    tell(stage, &mut plain_order(id), details).await;
    led_to(&before, &entries(stage).await, becomes)?;
    let wanted = match becomes {
        Becomes::Left(wanted) => wanted,
        Becomes::Attention(_) | Becomes::Nothing => "247.00",
    };
    match left(stage, id) {
        left if left == *wanted => Ok(()),
        left => {
            let head =
                stage.head(WOOCOMMERCE, "woocommerce", &id.to_string()).await.expect("the order is known");
            Err(format!("{left} is left, not {wanted}: {:?} {:?}", head.status, head.facts))
        }
    }
}

fn led_to(before: &[Entry], after: &[Entry], becomes: &Becomes) -> Result<(), String> {
    let fresh: Vec<&Entry> = after.iter().filter(|entry| !before.contains(entry)).collect();
    let codes: Vec<&str> = fresh.iter().map(|entry| entry.reason.code.as_str()).collect();
    match becomes {
        Becomes::Attention(allowed) if codes.len() == 1 && allowed.contains(&codes[0]) => {}
        Becomes::Left(_) | Becomes::Nothing if codes.is_empty() => {}
        _ => return Err(format!("led to {fresh:?}")),
    }
    fresh.iter().try_for_each(|entry| has_words(&entry.reason))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_refunds_end_as_what_the_shop_says_or_as_a_visible_entry() {
    let mut settings = oracle_settings("woocommerce");
    settings["document"]["kind"] = json!("booked-invoice");
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(settings)]).await;
    let mut wrong = Vec::new();
    for (id, (name, details, becomes)) in (5001_u64..).zip(refunds()) {
        if let Err(problem) = attempt(&stage, id, details, &becomes).await {
            wrong.push(format!("{name}: {problem}"));
        }
    }
    wrong.extend(panics(&stage));
    wrong.extend(greedy(&stage));
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}

/// A product of the shop, and what becomes of its event.
fn products() -> Vec<(&'static str, Value, Becomes)> {
    use Becomes::{Attention, Nothing};
    let product = |id: u64, sku: &str| {
        json!({
            "id": id, "name": format!("Vare {id}"), "type": "simple", "status": "publish", "sku": sku,
            "permalink": "https://krus.example/vare", "price": "125.00", "tax_status": "taxable", "tax_class": "",
            "manage_stock": false, "stock_quantity": null, "parent_id": 0, "global_unique_id": "", "attributes": [],
            "categories": [], "date_created_gmt": "2026-11-20T09:00:00", "date_modified_gmt": "2026-11-20T09:00:00",
        })
    };
    let with = |id: u64, sku: &str, field: &str, value: Value| {
        let mut product = product(id, sku);
        product[field] = value;
        product
    };
    vec![
        ("a sound one", product(701, "ODD-1"), Nothing),
        ("no number", product(702, ""), Attention(&["product-without-sku"])),
        ("a number of 26 characters", product(703, &"X".repeat(26)), Attention(&["product-sku-too-long"])),
        ("NaN as a price", with(704, "ODD-4", "price", json!("NaN")), Attention(&["product-unreadable"])),
        ("an endless price", with(705, "ODD-5", "price", json!("1e400")), Attention(&["product-unreadable"])),
        (
            "a price below nothing",
            with(706, "ODD-6", "price", json!("-5.00")),
            Attention(&["product-unreadable"]),
        ),
        ("no price", with(707, "ODD-7", "price", json!("")), Nothing),
        ("an object for a name", with(708, "ODD-8", "name", json!({ "da": "Krus" })), Nothing),
        (
            "control characters in its name",
            with(709, "ODD-9", "name", json!("Krus\u{0}\u{7}\u{202e} \u{1f375}".repeat(200))),
            Nothing,
        ),
        ("the number of another one", product(710, "ODD-1"), Attention(&["product-number-twice"])),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_products_end_as_a_visible_entry_and_keep_no_other_back() {
    let mut settings = oracle_settings("woocommerce");
    settings["products"]["number-from"] = json!("sku");
    settings["products"]["catalogue"] = json!({ "create": true, "update": { "name": "always" } });
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(settings)]).await;
    let mut wrong = Vec::new();
    for (name, product, becomes) in products() {
        let before = entries(&stage).await;
        let text = product.to_string().into_bytes();
        {
            let mut world = stage.world();
            let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
            shop.load_product(Json::parse(&text).expect("JSON")).expect("it has an id");
        }
        assert_eq!(stage.deliver(WOOCOMMERCE, &signed(&text), text).await, 200, "{name}");
        stage.rest().await;
        if let Err(problem) = led_to(&before, &entries(&stage).await, &becomes) {
            wrong.push(format!("{name}: {problem}"));
        }
    }
    stage.books_a_correct_order(WOOCOMMERCE, 5900, "all of them").await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", "5900").await.expect("the order is known");
    assert_eq!(head.status, Status::Done);
    wrong.extend(panics(&stage));
    wrong.extend(greedy(&stage));
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}
