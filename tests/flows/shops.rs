//! What a shop tells badly or not at all, through the real functions.

use std::time::Duration;

use domain::MerchantId;
use engine::message::SettingsChoice;
use engine::store::Status;
use jiff::Timestamp;
use sandbox::demo;
use sandbox::signing::hmac_base64;

use crate::night::{self, NIGHT};
use crate::refunds;
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order, signed, source};

fn held(code: &str) -> Status {
    Status::Held { code: code.to_owned() }
}

/// Throws an order away in the shop; whether it tells of it is the test's.
fn throw_away(stage: &Stage, id: u64) {
    let mut world = stage.world();
    let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop exists");
    assert!(shop.trash_order(Timestamp::now(), id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_thrown_away_and_whose_delivery_is_lost_is_found_by_the_sweep() {
    let stage = Stage::set(demo::world(), &[]).await;
    // The minute is the connection's own until it ends.
    while Timestamp::now().as_second().rem_euclid(60) > 35 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let connection = night::configure(&stage, &oracle_settings("woocommerce")).await;
    let order = plain_order(8101);
    assert_eq!(stage.send_order(&connection, &order).await, 200);
    stage.rest().await;
    let merchant = MerchantId::new(NIGHT);
    let needle = format!("{}/8101", source(&connection, "woocommerce"));
    let status =
        async || stage.operations.transfer(&merchant, &needle).await.expect("it is known").head.status;
    assert_eq!(status().await, Status::Done);
    throw_away(&stage, 8101);
    night::minute(&stage).await;
    assert_eq!(status().await, held("deleted-after-booking"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_thrown_away_a_second_time_is_no_duplicate_of_the_first() {
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(oracle_settings("woocommerce"))]).await;
    stage.books_a_correct_order(WOOCOMMERCE, 8102, "nothing").await;
    let status = async || stage.head(WOOCOMMERCE, "woocommerce", "8102").await.expect("it is known").status;
    let bare = br#"{"id":8102}"#.to_vec();
    throw_away(&stage, 8102);
    assert_eq!(stage.deliver(WOOCOMMERCE, &signed(&bare), bare.clone()).await, 200);
    stage.rest().await;
    assert_eq!(status().await, held("deleted-after-booking"));
    // It is taken back, of which only a look at the shop tells.
    {
        let mut world = stage.world();
        let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop exists");
        assert!(shop.restore_order(Timestamp::now(), 8102, "processing"));
    }
    let (merchant, needle) =
        (MerchantId::new(MERCHANT), format!("{}/8102", source(WOOCOMMERCE, "woocommerce")));
    stage.operations.replay(&merchant, &needle, SettingsChoice::Now).await.expect("it is put on the queue");
    stage.rest().await;
    assert_eq!(status().await, Status::Done);
    // The same bytes, within minutes, and other news.
    throw_away(&stage, 8102);
    assert_eq!(stage.deliver(WOOCOMMERCE, &signed(&bare), bare).await, 200);
    stage.rest().await;
    assert_eq!(status().await, held("deleted-after-booking"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_the_app_may_not_read_any_more_is_held_and_goes_on_once_it_may() {
    let stage = refunds::stage(sandbox::economic::VatRounding::PerCode).await;
    let order = refunds::JUG.to_string();
    let status = async || stage.head(refunds::SHOP, "shopify", &order).await.expect("it is known").status;
    // Paid more than two months ago, and transferred while the app could read it.
    refunds::happens(&stage, refunds::JUG, |json| json.set("created_at", "2026-08-03T10:00:00+02:00")).await;
    assert_eq!(status().await, Status::Done);
    stage.world().shopify.get_mut(refunds::SHOP).expect("the shop").reads_all_orders = false;
    refunds::happens(&stage, refunds::JUG, |json| json.set("note", "Kunden ringede")).await;
    let head = stage.head(refunds::SHOP, "shopify", &order).await.expect("it is known");
    assert_eq!(head.status, held("order-out-of-reach"));
    let fact = |name: &str| head.facts.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!((fact("scope"), fact("days")), (Some("read_all_orders"), Some("60")));
    // One that was never read is older than what the ledger knows of the shop.
    let like = stage.world().shopify[refunds::SHOP].orders[&refunds::JUG].to_string();
    let body = like.replace(&order, "4000000000001").into_bytes();
    let signature = hmac_base64(demo::SHOPIFY_CLIENT_SECRET.as_bytes(), &body);
    let headers = [("Content-Type", "application/json".to_owned()), ("X-Shopify-Hmac-Sha256", signature)]
        .map(|(name, value)| (name.to_owned(), value));
    assert_eq!(stage.deliver(refunds::SHOP, &headers, body).await, 200);
    stage.rest().await;
    let never_known = stage.head(refunds::SHOP, "shopify", "4000000000001").await.expect("it was told of");
    assert_eq!(never_known.status, Status::Skipped { code: "order-out-of-reach".to_owned() });
    // The scope is granted: the night brings it up, as an operator does here.
    stage.world().shopify.get_mut(refunds::SHOP).expect("the shop").reads_all_orders = true;
    let (merchant, needle) =
        (MerchantId::new(MERCHANT), format!("{}/{order}", source(refunds::SHOP, "shopify")));
    stage.operations.replay(&merchant, &needle, SettingsChoice::Now).await.expect("it is put on the queue");
    stage.rest().await;
    assert_eq!(status().await, Status::Done);
}
