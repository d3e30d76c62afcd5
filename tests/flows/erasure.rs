//! What was erased stays erased, whatever comes of it afterwards; and what is asked is asked of the right shop.

use domain::MerchantId;
use domain::plan::Reason;
use engine::held::{Occasion, comes_up};
use engine::message::SettingsChoice;
use engine::store::{Head, ORDER_ERASED, Status};
use jiff::Timestamp;
use platform::PlatformError;
use platform::ledger::erasure::Erasable;
use platform::operations::{PersonChoice, ReplayEffect};
use platform::privacy::PrivacyKind;
use sandbox::demo;
use serde_json::{Value, json};

use crate::night::demo_settings;
use crate::records::{SHOPIFY, all_texts, is_forgotten, keeper, night, send, signed, stage, today, trace};
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, plain_order};

const CANARY: &str = "anna.canary@example.org";
/// The same app in another merchant's shop.
const OTHER: &str = "stage-shopify-other";
const OTHER_MERCHANT: &str = "other-merchant";

fn erased(held: bool) -> Status {
    let code = ORDER_ERASED.to_owned();
    if held { Status::Held { code } } else { Status::Skipped { code } }
}

async fn head(stage: &Stage, order: u64) -> Head {
    stage.head(WOOCOMMERCE, "woocommerce", &order.to_string()).await.expect("it stands")
}

/// The order as the shop has it after a change, which is told of.
async fn change(stage: &Stage, order: &mut Value, status: &str) {
    order["status"] = json!(status);
    order["customer_note"] = json!(format!("{status} at {}", Timestamp::now()));
    order["date_modified_gmt"] = json!(Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string());
    send(stage, order).await;
}

async fn replay(stage: &Stage, order: u64) -> ReplayEffect {
    let needle = format!("{}/{order}", crate::stage::source(WOOCOMMERCE, "woocommerce"));
    let merchant = MerchantId::new(MERCHANT);
    let preview = stage.operations.replay(&merchant, &needle, SettingsChoice::Now).await;
    stage.rest().await;
    preview.expect("it can be replayed").will
}

fn by_mail(email: &str) -> PersonChoice {
    PersonChoice { emails: vec![email.to_owned()], orders: Vec::new() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_order_stays_erased_whatever_is_told_of_it() {
    let mut settings = demo_settings();
    settings["customers"] = json!({});
    let stage = stage(&[Shop::woocommerce(settings)]).await;
    let keeper = keeper(&stage).await;
    let merchant = MerchantId::new(MERCHANT);
    // One whose payment failed, and one that is held since nothing tells its customer.
    let mut failed = plain_order(8301);
    failed["status"] = json!("failed");
    failed["billing"]["email"] = json!(CANARY);
    send(&stage, &failed).await;
    let mut held = plain_order(8302);
    held["billing"]["email"] = json!("");
    send(&stage, &held).await;
    assert_eq!(
        head(&stage, 8302).await.status,
        Status::Held { code: "customer-not-identifiable".to_owned() }
    );

    let needle = format!("{}/8302", crate::stage::source(WOOCOMMERCE, "woocommerce"));
    let who = PersonChoice { orders: vec![needle], ..by_mail(CANARY) };
    let done = stage.operations.erase(&merchant, &who, true).await.expect("it is done");
    assert_eq!((done.request.erased, done.request.done), (2, true), "{:?}", done.request);
    // A sale that was booked nowhere is the merchant's to book, and is told of once more.
    let told = head(&stage, 8302).await;
    assert_eq!(told.status, erased(true));
    let reason = Reason { code: ORDER_ERASED.to_owned(), facts: told.facts.clone() };
    let english = domain::explain::explain(&reason, domain::settings::Language::En);
    assert!(english.what.contains(&today().to_string()), "{english:?}");
    assert!(!comes_up(&told, Occasion::Night, Timestamp::now()), "no night tries it again");
    assert!(!comes_up(&told, Occasion::Settings, Timestamp::now()), "nor other settings");

    // A late webhook of the one that is no sale, and one that says that it is paid after all.
    change(&stage, &mut failed, "failed").await;
    assert_eq!(head(&stage, 8301).await.status, erased(false));
    change(&stage, &mut failed, "processing").await;
    let late = head(&stage, 8301).await;
    assert_eq!(late.status, erased(true), "a sale that will not be booked is never passed over in silence");
    // The one that is held is told of with everything that it lacked.
    held["billing"]["email"] = json!(CANARY);
    change(&stage, &mut held, "processing").await;
    assert_eq!(head(&stage, 8302).await.status, erased(true));
    assert_eq!(head(&stage, 8302).await.trouble, told.trouble, "and is no news");
    // Whoever asks for it has seen it: it goes off the list, and stays off it.
    for (order, body) in [(8301, &mut failed), (8302, &mut held)] {
        assert_eq!(replay(&stage, order).await, ReplayEffect::NothingErased);
        assert_eq!(head(&stage, order).await.status, erased(false));
        change(&stage, body, "processing").await;
        assert_eq!(head(&stage, order).await.status, erased(false), "{order}");
        assert!(is_forgotten(&trace(&stage, order).await), "{order}");
    }
    assert!(stage.world().agreements[demo::AGREEMENT].booked.is_empty(), "nothing is transferred");
    let found = stage.operations.erase(&merchant, &by_mail(CANARY), false).await.expect("it is listed");
    assert_eq!(found.transfers, [], "nobody's data are kept again");
    assert!(all_texts(&keeper).await.iter().all(|text| !text.contains("canary")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_found_by_an_address_that_the_order_had_before() {
    let stage = stage(&[Shop::woocommerce(demo_settings())]).await;
    let merchant = MerchantId::new(MERCHANT);
    let mut order = plain_order(8401);
    for email in [CANARY, "bo.canary@example.org", "carl.canary@example.org"] {
        order["billing"]["email"] = json!(email);
        change(&stage, &mut order, "failed").await;
    }
    for email in ["bo.canary@example.org", "carl.canary@example.org", CANARY] {
        let found = stage.operations.erase(&merchant, &by_mail(email), false).await.expect("it is listed");
        let orders: Vec<_> =
            found.transfers.iter().map(|one| (one.order.as_str(), one.erasable.clone())).collect();
        assert_eq!(orders, [("8401", Erasable::Now)], "{email}");
    }
    let done = stage.operations.erase(&merchant, &by_mail(CANARY), true).await.expect("it is done");
    assert_eq!((done.request.erased, done.request.done), (1, true), "{:?}", done.request);
    assert!(is_forgotten(&trace(&stage, 8401).await));
    for email in ["bo.canary@example.org", "carl.canary@example.org", CANARY] {
        let found = stage.operations.erase(&merchant, &by_mail(email), false).await.expect("it is listed");
        assert_eq!(found.transfers, [], "{email}");
    }
}

/// A body that is no order, too large for a message and not to be packed.
fn large(email: &str) -> String {
    let noise: Vec<String> = (0..2_000).map(|n: u32| platform::queue::hash(&n.to_be_bytes())).collect();
    format!("half an order of {email} {{ {}", noise.join(""))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_that_was_set_aside_goes_with_its_entry() {
    let stage = stage(&[Shop::woocommerce(demo_settings())]).await;
    let keeper = keeper(&stage).await;
    let merchant = MerchantId::new(MERCHANT);
    let body_of = |body: &str| format!("deliveries/{WOOCOMMERCE}/{}", platform::queue::hash(body.as_bytes()));
    let bodies = [large(CANARY), large("bo@example.org")];
    for body in &bodies {
        let headers = crate::stage::signed(body.as_bytes());
        assert_eq!(stage.deliver(WOOCOMMERCE, &headers, body.clone().into_bytes()).await, 200);
        keeper.files.get(&merchant, &body_of(body)).await.expect("it stands in the bucket");
    }
    let done = stage.operations.erase(&merchant, &by_mail(CANARY), true).await.expect("it is done");
    assert_eq!(done.deliveries, 1);
    let gone = |found: Result<Vec<u8>, PlatformError>| matches!(found, Err(PlatformError::NotFound(_)));
    assert!(gone(keeper.files.get(&merchant, &body_of(&bodies[0])).await));
    keeper.files.get(&merchant, &body_of(&bodies[1])).await.expect("another's stays");
    // One that a person dismisses needs its body no more.
    let entry = stage.operations.parked_deliveries(&merchant).await.expect("they are listed").remove(0);
    let dismissed = stage.operations.dismiss_parked(&merchant, &entry.body_hash, "Bo", "settled").await;
    dismissed.expect("it is dismissed");
    assert!(gone(keeper.files.get(&merchant, &body_of(&bodies[1])).await));
}

fn shopify(connection: &str) -> Shop {
    Shop {
        connection: connection.to_owned(),
        system: "shopify",
        world_name: demo::SHOPIFY.to_owned(),
        settings: demo_settings(),
    }
}

/// A request about the shop of a connection, delivered to the app's one address.
async fn ask(stage: &Stage, shop: &str, about: &str) {
    let body = format!(r#"{{"shop_id":1,"shop_domain":"{shop}"{about}}}"#);
    assert_eq!(stage.deliver(SHOPIFY, &signed(&body), body.into_bytes()).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_app_asks_is_asked_of_the_shop_that_it_names_whosever_address_it_comes_to() {
    let stage = stage(&[]).await;
    stage.configure_merchant(MERCHANT, |file| file, &[shopify(SHOPIFY)]).await;
    stage.configure_merchant(OTHER_MERCHANT, |file| file, &[shopify(OTHER)]).await;
    let requests = async |merchant: &str| {
        stage.operations.privacy_requests(&MerchantId::new(merchant)).await.expect("they are listed")
    };
    let redact = r#","customer":{"id":7,"email":"anna.canary@example.org"},"orders_to_redact":[4711]"#;

    ask(&stage, "nobody.myshopify.com", redact).await;
    ask(&stage, "nobody.myshopify.com", "").await;
    assert_eq!(
        (requests(MERCHANT).await, requests(OTHER_MERCHANT).await),
        (vec![], vec![]),
        "it is no shop of ours"
    );

    ask(&stage, &format!("{OTHER}.example"), redact).await;
    assert_eq!(requests(MERCHANT).await, [], "the address is another merchant's");
    let asked = requests(OTHER_MERCHANT).await;
    let source = crate::stage::source(OTHER, "shopify");
    assert_eq!(
        asked.iter().map(|one| (one.kind, one.from.as_str())).collect::<Vec<_>>(),
        [(PrivacyKind::Erasure, source.as_str())]
    );
    assert!(asked[0].orders.iter().all(|order| order.source == source), "{asked:?}");

    ask(&stage, &format!("{SHOPIFY}.EXAMPLE"), "").await;
    assert_eq!(
        requests(MERCHANT).await.iter().map(|one| one.kind).collect::<Vec<_>>(),
        [PrivacyKind::ShopErasure]
    );
    assert_eq!(requests(OTHER_MERCHANT).await.len(), 1);

    // A shop of that name that is connected with another app's secret is not meant.
    let secret = "another app's secret".to_owned().into();
    let other = MerchantId::new(OTHER_MERCHANT);
    stage.operations.set_secret(&other, OTHER, "webhook-secret", &secret, false).await.expect("it is set");
    let stage = stage.restarted(false, |config| {
        config.functions.retain(|function| function.name == "webhook-intake");
    });
    let stage = stage.await;
    ask(&stage, &format!("{OTHER}.example"), r#","customer":{"id":8},"orders_to_redact":[4712]"#).await;
    let asked = stage.operations.privacy_requests(&other).await.expect("they are listed");
    assert_eq!(asked.len(), 1, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_that_left_and_came_back_keeps_what_came_since() {
    let stage = stage(&[]).await;
    stage.configure_merchant(MERCHANT, |file| file, &[shopify(SHOPIFY)]).await;
    let keeper = keeper(&stage).await;
    let merchant = MerchantId::new(MERCHANT);
    let orders: Vec<String> = demo::shopify_orders().into_iter().take(2).map(|(_, text, _)| text).collect();
    let deliver = async |text: &str| {
        let mut order: Value = serde_json::from_str(text).expect("an order");
        order["financial_status"] = json!("pending");
        let text = order.to_string();
        {
            let mut world = stage.world();
            let shop = world.shopify.get_mut(demo::SHOPIFY).expect("the shop");
            let id = shop.load_order(&text).expect("an order");
            shop.transactions.insert(id, Vec::new());
        }
        assert_eq!(stage.deliver(SHOPIFY, &signed(&text), text.into_bytes()).await, 200);
        stage.rest().await;
        order["id"].to_string()
    };
    let before = deliver(&orders[0]).await;
    // What was never understood, of the shop that leaves.
    let unread = r#"{"half an order of anna.canary@example.org"#;
    assert_eq!(stage.deliver(SHOPIFY, &signed(unread), unread.as_bytes().to_vec()).await, 200);
    ask(&stage, &format!("{SHOPIFY}.example"), "").await;
    let since = deliver(&orders[1]).await;
    for _ in 0..10 {
        night(&keeper, today()).await;
    }
    assert!(is_forgotten(&stage.transfer(SHOPIFY, "shopify", &before).await.trace));
    let trace = stage.transfer(SHOPIFY, "shopify", &since).await.trace;
    assert!(trace.rows.iter().any(|row| row.personal.is_some()), "it is connected again");
    let parked = stage.operations.parked_deliveries(&merchant).await.expect("they are listed");
    assert!(parked.is_empty(), "{parked:?}");
}
