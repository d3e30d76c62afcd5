//! What a newer version wrote, met by this one after a rollback.

use domain::{ConnectionId, DocumentKind, MerchantId};
use engine::store::{Claim, Status, Store as _};
use jiff::{SignedDuration, Timestamp};
use platform::keys::Keys;
use platform::{notices, table};
use sandbox::demo;

use crate::night::demo_settings;
use crate::records::{keeper, transfer};
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, plain_order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_stands_as_only_a_newer_version_knows_keeps_no_other_from_being_told_and_stays_as_it_is()
 {
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(demo_settings())]).await;
    let (platform, merchant) = (keeper(&stage).await, MerchantId::new(MERCHANT));
    for id in [7701, 7702] {
        assert_eq!(stage.send_order(WOOCOMMERCE, &plain_order(id)).await, 200);
    }
    stage.rest().await;
    let keys = Keys::of(&merchant);
    let stands_as = async |order: &str, status: &str| {
        let key = keys.head(&transfer(WOOCOMMERCE, "woocommerce", order));
        let mut item = platform.table.get(&key).await.expect("it is read").expect("it stands");
        for (name, value) in [
            ("status", table::text(status)),
            ("code", table::text("missing-product")),
            ("attention", table::text(keys.attention())),
            ("at", table::time(Timestamp::now())),
        ] {
            item.insert(name.to_owned(), value);
        }
        platform.table.put(item.clone()).await.expect("it is put");
        (key, item)
    };
    stands_as("7701", "held").await;
    let (key, newer) = stands_as("7702", "folded").await;

    let listed: Vec<String> = stage.attention().await.into_iter().map(|head| head.order_number).collect();
    assert_eq!(listed, ["7701"]);
    let sent = notices::send_all(&platform, Timestamp::now() + SignedDuration::from_hours(2)).await;
    assert!(sent.expect("the reports are made") > 0, "the merchant is told of the other one");
    let unread = platform.ledger.head(&transfer(WOOCOMMERCE, "woocommerce", "7702")).await;
    assert!(unread.is_err(), "whoever asks for that very one is refused: {unread:?}");
    let now = Timestamp::now();
    let claim = Claim {
        transfer: transfer(WOOCOMMERCE, "woocommerce", "7702"),
        connection: ConnectionId::new(WOOCOMMERCE),
        token: "after the rollback".to_owned(),
        now,
        lease_until: now + SignedDuration::from_secs(60),
        body_hash: String::new(),
        early: true,
    };
    let refused = platform.ledger.claim(&claim).await;
    assert!(refused.is_err(), "and so is news of it: {refused:?}");
    assert_eq!(platform.table.get(&key).await.expect("it is read"), Some(newer), "nothing was written over");

    // The upgrade that follows knows the word, and all is as it was.
    stands_as("7702", "done").await;
    let head = platform.ledger.head(&transfer(WOOCOMMERCE, "woocommerce", "7702")).await.expect("it is read");
    let head = head.expect("it stands");
    assert_eq!(head.status, Status::Done);
    assert!(head.documents.iter().any(|record| record.kind != DocumentKind::Order), "{:?}", head.documents);
}
