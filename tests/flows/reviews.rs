//! Orders of a WooCommerce shop whose payment plugin holds them, or took no money at all, through the real functions.

use engine::store::{Head, Status};
use jiff::Timestamp;
use sandbox::demo;
use serde_json::{Value, json};

use crate::night::demo_settings;
use crate::stage::{Shop, Stage, WOOCOMMERCE, plain_order};

/// An order that is paid by this method, in this state, with a note of its plugin.
fn noted(id: u64, method: &str, status: &str, key: &str, word: &str) -> Value {
    let mut order = plain_order(id);
    order["payment_method"] = json!(method);
    order["status"] = json!(status);
    order["meta_data"] = json!([{ "id": 1, "key": key, "value": word }]);
    order["date_modified_gmt"] = json!(Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string());
    order
}

async fn sent(stage: &Stage, order: Value) -> Head {
    assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
    stage.rest().await;
    let id = order["id"].to_string();
    stage.head(WOOCOMMERCE, "woocommerce", &id).await.expect("it stands")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_payment_is_under_review_waits_until_it_is_approved() {
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(demo_settings())]).await;
    let written = |stage: &Stage| {
        let world = stage.world();
        let agreement = &world.agreements[demo::AGREEMENT];
        (agreement.customers.len(), agreement.booked.len())
    };
    for (id, method, key, word, over) in [
        (9711, "woocommerce_payments", "_wcpay_fraud_meta_box_type", "review", "review_allowed"),
        // The note stays when the review is over: the state says that it is.
        (9712, "stripe", "_stripe_status_before_hold", "processing", "processing"),
    ] {
        let before = written(&stage);
        let held = sent(&stage, noted(id, method, "on-hold", key, word)).await;
        assert_eq!(held.status, Status::Held { code: "fraud-hold".to_owned() }, "{method}: {:?}", held.facts);
        assert_eq!(written(&stage), before, "{method}: nothing is written");
        let free = sent(&stage, noted(id, method, "processing", key, over)).await;
        assert_eq!(free.status, Status::Done, "{method}: {:?}", free.facts);
        assert!(free.progress.invoice.is_some(), "{method}");
    }
    let before = written(&stage);
    for (id, method, key, word) in [
        (9713, "woocommerce_payments", "_wcpay_mode", "test"),
        (9714, "ppcp-gateway", "_ppcp_paypal_payment_mode", "sandbox"),
    ] {
        let skipped = sent(&stage, noted(id, method, "processing", key, word)).await;
        assert_eq!(skipped.status, Status::Skipped { code: "test-order".to_owned() }, "{method}");
    }
    assert_eq!(written(&stage), before);
}
