//! Customers of a WooCommerce shop that are found by the shop's own customer number, through the real functions.

use domain::MerchantId;
use engine::message::SettingsChoice;
use engine::store::{Head, Status};
use sandbox::{Fault, Json, Operation, Rule, Script, System, demo};
use serde_json::{Value, json};

use crate::night::demo_settings;
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, plain_order};

/// An order of the buyer with this number in the shop.
fn order_of(id: u64, number: u64, email: &str, name: &str) -> Value {
    let mut order = plain_order(id);
    order["customer_id"] = json!(number);
    order["billing"]["email"] = json!(email);
    order["billing"]["first_name"] = json!(name);
    order["billing"]["last_name"] = json!("");
    order["billing"]["phone"] = json!("");
    order["shipping"] = json!({});
    order
}

async fn sent(stage: &Stage, order: &Value) -> Head {
    assert_eq!(stage.send_order(WOOCOMMERCE, order).await, 200);
    stage.rest().await;
    let id = order["id"].to_string();
    stage.head(WOOCOMMERCE, "woocommerce", &id).await.expect("it stands")
}

/// The customer of that number in the accounts, with what is found out about it.
fn in_the_accounts(stage: &Stage, number: u32) -> Json {
    stage.world().agreements[demo::AGREEMENT]
        .customers
        .get(&number)
        .cloned()
        .expect("a customer of that number")
}

fn customers(stage: &Stage) -> usize {
    stage.world().agreements[demo::AGREEMENT].customers.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_has_the_number_that_the_shop_gave() {
    let mut settings = demo_settings();
    settings["customers"]["private"] =
        json!({ "identify-by": "number", "update": [{ "field": "email", "when": "always" }] });
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(settings)]).await;
    let before = customers(&stage);

    // Made under the number, though the answer got lost; and found by it, whatever address the buyer has by then.
    let lost =
        Rule { system: Some(System::Economic), ..Rule::once(Operation::CreateCustomer, Fault::ResetAfter) };
    stage.world().script = Script { rules: vec![lost] };
    let first = sent(&stage, &order_of(9701, 5701, "aase@example.org", "Aase Holm")).await;
    // What follows a lost answer waits for a second look.
    let waits = first.status == Status::Waiting { code: "unknown-fate".to_owned() };
    assert!(waits && first.progress.customer == Some(5701), "{:?} {:?}", first.status, first.facts);
    let second = sent(&stage, &order_of(9702, 5701, "holm@example.org", "Aase Holm")).await;
    assert_eq!((&second.status, second.progress.customer), (&Status::Done, Some(5701)), "{:?}", second.facts);
    assert_eq!(customers(&stage), before + 1);
    assert_eq!(in_the_accounts(&stage, 5701).text("email"), Some("holm@example.org"));

    // A guest is found by the address, and is not the customer of any number.
    let guest = sent(&stage, &order_of(9703, 0, "gaest@example.org", "Gaest")).await;
    assert_eq!(guest.status, Status::Done, "{:?}", guest.facts);
    let of_guest = guest.progress.customer.expect("a customer");
    assert!(of_guest >= 500_000_000, "out of reach of the shop's numbers: {of_guest}");
    // The shop's next customer has the next number.
    let next = sent(&stage, &order_of(9705, 5702, "carl@example.org", "Carl Dam")).await;
    assert_eq!((&next.status, next.progress.customer), (&Status::Done, Some(5702)), "{:?}", next.facts);

    // A number that is somebody else's in the accounts.
    let theirs = in_the_accounts(&stage, 5701);
    let held = sent(&stage, &order_of(9704, 5701, "bo@example.org", "Bo Bertelsen")).await;
    assert_eq!(held.status, Status::Held { code: "customer-number-taken".to_owned() }, "{:?}", held.facts);
    assert!(held.progress.invoice.is_none() && held.progress.draft.is_none());
    assert_eq!(in_the_accounts(&stage, 5701), theirs, "they are left alone");
    // As the mail says: what tells that they are the same is written in the accounts.
    {
        let mut world = stage.world();
        let agreement = world.agreements.get_mut(demo::AGREEMENT).expect("the agreement");
        agreement.customers.get_mut(&5701).expect("the customer").set("email", "bo@example.org");
    }
    let needle = format!("{}/9704", crate::stage::source(WOOCOMMERCE, "woocommerce"));
    let replayed = stage.operations.replay(&MerchantId::new(MERCHANT), &needle, SettingsChoice::Now).await;
    replayed.expect("a held transfer can be replayed");
    stage.rest().await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", "9704").await.expect("it stands");
    assert_eq!((&head.status, head.progress.customer), (&Status::Done, Some(5701)), "{:?}", head.facts);
}
