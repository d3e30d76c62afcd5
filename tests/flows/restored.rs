//! A table that was restored, and an operator who has not said so.

use domain::MerchantId;
use engine::store::Store as _;
use jiff::{Timestamp, ToSpan as _};
use platform::{keys, restored, table};
use sandbox::demo;

use crate::night::{demo_settings, minute};
use crate::records::keeper;
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, plain_order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_says_it_is_another_pauses_everything_until_the_operator_says_that_it_was_restored() {
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(demo_settings())]).await;
    let (platform, merchant) = (keeper(&stage).await, MerchantId::new(MERCHANT));
    let pauses = async || {
        let pauses = platform.ledger.pauses(&merchant).await.expect("they are read");
        pauses.into_iter().map(|pause| pause.reason.code).collect::<Vec<_>>()
    };
    for look in ["the first writes down which table it is", "the next knows it"] {
        minute(&stage).await;
        assert_eq!(pauses().await, Vec::<String>::new(), "{look}");
    }
    // What a backup brings is the id of the table that it was made of.
    let known = platform.table.get(&keys::table_id()).await.expect("it is read").expect("it is written down");
    let of_another = [known, [("table_id".to_owned(), table::text("another"))].into()];
    platform.table.put(of_another.into_iter().flatten().collect()).await.expect("it is put");
    let log = minute(&stage).await;
    assert!(log.contains("the table was restored"), "{log}");
    assert_eq!(pauses().await, [restored::RESTORED]);
    // A pause that somebody lifts without saying so comes again.
    let everything = engine::store::PauseScope::Everything;
    stage.operations.resume(&everything).await.expect("it is lifted");
    minute(&stage).await;
    assert_eq!(pauses().await, [restored::RESTORED]);

    stage.operations.restore_epoch(Timestamp::now() - 1.minute()).await.expect("it is said");
    assert_eq!(pauses().await, Vec::<String>::new());
    minute(&stage).await;
    assert_eq!(pauses().await, Vec::<String>::new(), "it is this table now");
    for function in ["webhook-intake", "order-processing", "scheduler"] {
        // A process believes for a minute what it read of pauses.
        stage.host.kill(function).await;
    }
    assert_eq!(stage.send_order(WOOCOMMERCE, &plain_order(7601)).await, 200);
    stage.rest().await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", "7601").await.expect("it stands");
    assert_eq!(head.status, engine::store::Status::Done, "{:?}", head.facts);
}
