//! Products by the real functions: told of by webhook, checked and carried over by the operator's own operations.

use domain::MerchantId;
use engine::store::{Head, Status};
use sandbox::{Json, demo};
use serde_json::{Value, json};

use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, oracle_settings, signed};

/// A product of the shop; a variation names its product.
fn product(id: u64, sku: &str, parent: u64) -> Value {
    json!({
        "id": id, "name": format!("Vare {id}"), "type": if parent == 0 { "simple" } else { "variation" },
        "status": "publish", "sku": sku, "permalink": format!("https://krus.example/vare/{id}"), "price": "125.00",
        "tax_status": "taxable", "tax_class": "", "manage_stock": false, "stock_quantity": null,
        "parent_id": parent, "global_unique_id": format!("570{id:010}"), "attributes": [], "categories": [],
        "date_created": "2026-11-20T10:00:00", "date_created_gmt": "2026-11-20T09:00:00",
        "date_modified": "2026-11-20T10:00:00", "date_modified_gmt": "2026-11-20T09:00:00",
    })
}

fn put(stage: &Stage, product: &Value) {
    let json = Json::parse(product.to_string().as_bytes()).expect("JSON");
    let mut world = stage.world();
    let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
    shop.load_product(json).expect("it has an id");
}

/// What the shop sends when a product is saved; the status answered.
async fn told(stage: &Stage, product: &Value) -> u16 {
    let body = product.to_string().into_bytes();
    stage.deliver(WOOCOMMERCE, &signed(&body), body).await
}

fn barcode(stage: &Stage, number: &str) -> Option<String> {
    let world = stage.world();
    let agreement = world.agreements.values().next().expect("the agreement");
    let product = agreement.products.get(number)?;
    Some(product.json.text("barCode").unwrap_or_default().to_owned())
}

async fn head(stage: &Stage, entity: &str) -> Head {
    let source = crate::stage::source(WOOCOMMERCE, "woocommerce");
    let needle = format!("{source}/{entity}");
    stage.operations.transfer(&MerchantId::new(MERCHANT), &needle).await.expect("the transfer is known").head
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn products_are_carried_over_by_event_and_by_run_and_what_would_stop_an_order_is_listed() {
    let mut settings = oracle_settings("woocommerce");
    settings["products"]["number-from"] = json!("sku");
    settings["products"]["catalogue"] =
        json!({ "create": true, "gone": "bar", "update": { "barcode": "always" } });
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(settings)]).await;
    let merchant = MerchantId::new(MERCHANT);

    // By the shop's event, twice over with the same bytes, and once more when it was thrown away.
    let mug = product(901, "FLOW-1", 0);
    put(&stage, &mug);
    assert_eq!((told(&stage, &mug).await, told(&stage, &mug).await), (200, 200));
    stage.rest().await;
    assert_eq!(head(&stage, "901").await.status, Status::Done);
    assert_eq!(barcode(&stage, "FLOW-1").as_deref(), Some("5700000000901"));

    // What is wrong with a product is told with the reason, and can be found by its id.
    let nameless = product(902, "", 0);
    put(&stage, &nameless);
    assert_eq!(told(&stage, &nameless).await, 200);
    stage.rest().await;
    assert_eq!(head(&stage, "902").await.status, Status::Held { code: "product-without-sku".to_owned() });

    // The operator's check lists it before an order fails, and writes nothing; the run carries over what no event told of.
    put(&stage, &product(903, "FLOW-3", 0));
    let checked = stage.operations.catalogue(&merchant, None, false).await.expect("both are read");
    let codes: Vec<&str> = checked[0].findings.iter().map(|finding| finding.reason.code.as_str()).collect();
    assert!(codes.contains(&"product-without-sku"), "{codes:?}");
    assert!(checked[0].to_carry.contains(&"903".to_owned()), "{:?}", checked[0].to_carry);
    assert_eq!(barcode(&stage, "FLOW-3"), None);
    let run =
        stage.operations.catalogue(&merchant, Some(WOOCOMMERCE), true).await.expect("it is put on the queue");
    assert!(run[0].to_carry.contains(&"903".to_owned()));
    stage.rest().await;
    assert_eq!(barcode(&stage, "FLOW-3").as_deref(), Some("5700000000903"));
    let after = stage.operations.catalogue(&merchant, None, false).await.expect("both are read");
    assert!(!after[0].to_carry.contains(&"903".to_owned()), "it stands as it should");
    assert!(stage.operations.catalogue(&merchant, Some("no-such-shop"), false).await.is_err());

    // Gone in the shop: barred in the books, never deleted. A deletion is nothing but an id.
    {
        let mut world = stage.world();
        let now = "2026-11-21T10:00:00Z".parse().expect("a time");
        let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
        assert!(shop.delete_product(now, 901));
    }
    let body = br#"{"id":901}"#.to_vec();
    let mut headers = signed(&body);
    headers.retain(|(name, _)| name != "x-wc-webhook-topic");
    headers.push(("x-wc-webhook-topic".to_owned(), "product.deleted".to_owned()));
    assert_eq!(stage.deliver(WOOCOMMERCE, &headers, body).await, 200);
    stage.rest().await;
    assert_eq!(head(&stage, "901").await.status, Status::Done);
    let barred = |stage: &Stage, number: &str| {
        let world = stage.world();
        let agreement = world.agreements.values().next().expect("the agreement");
        agreement.products[number].json.get("barred") == Some(&Json::Bool(true))
    };
    assert!(barred(&stage, "FLOW-1"));

    // Where the word of it is lost, the run over the whole catalogue sees that a product which stood is gone.
    let lost = product(904, "FLOW-4", 0);
    put(&stage, &lost);
    assert_eq!(told(&stage, &lost).await, 200);
    stage.rest().await;
    assert_eq!(head(&stage, "904").await.status, Status::Done);
    {
        let mut world = stage.world();
        let now = "2026-11-21T11:00:00Z".parse().expect("a time");
        let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
        assert!(shop.delete_product(now, 904));
    }
    assert!(!barred(&stage, "FLOW-4"));
    let checked = stage.operations.catalogue(&merchant, None, false).await.expect("both are read");
    assert!(checked[0].to_carry.contains(&"904".to_owned()), "{:?}", checked[0].to_carry);
    stage.operations.catalogue(&merchant, Some(WOOCOMMERCE), true).await.expect("it is put on the queue");
    stage.rest().await;
    assert!(barred(&stage, "FLOW-4"));
    let after = stage.operations.catalogue(&merchant, None, false).await.expect("both are read");
    assert!(!after[0].to_carry.contains(&"904".to_owned()), "{:?}", after[0].to_carry);
}
