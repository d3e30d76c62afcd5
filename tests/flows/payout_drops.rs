//! What else appears where files are dropped: folders that a person makes, a file that cannot be read now, the same name once more. None
//! of it holds back another file.

use bogbro::local::queues::NewMessage;
use domain::MerchantId;
use sandbox::demo;
use serde_json::json;

use crate::payouts::{charges, drop_file, records, until, with_payouts};
use crate::stage::{MERCHANT, Shop, Stage, oracle_settings};

/// Tells of an object as the bucket does.
fn tell(stage: &Stage, object: &str) {
    let event = json!({
        "version": "0", "id": object, "detail-type": "Object Created", "source": "aws.s3",
        "detail": { "object": { "key": object, "size": 0, "etag": "d41d8cd9", "sequencer": "00617F08299329D189" } },
    });
    let message = NewMessage {
        body: event.to_string(),
        group: Some("drop".to_owned()),
        deduplication: Some(platform::queue::hash(object.as_bytes())),
        ..NewMessage::default()
    };
    stage.host.queues().send("payouts.fifo", &message).expect("it is told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_a_folder_nor_a_file_that_cannot_be_read_holds_back_another_file() {
    let stage = Stage::set(demo::world(), &[]).await;
    let shops = [Shop::woocommerce(oracle_settings("woocommerce"))];
    stage.configure_merchant(MERCHANT, with_payouts, &shops).await;
    let own = format!("drop/m/{MERCHANT}/stripe");
    // The local bucket fails on an object that is a folder of its disk.
    let broken = format!("{own}/broken.json");
    std::fs::create_dir_all(stage.host.data().join("objects/bogbro").join(&broken)).expect("it is made");
    for object in [format!("{own}/"), format!("{own}/2026/"), "drop/m/lost.csv".to_owned(), broken] {
        tell(&stage, &object);
    }

    let orders = ["9101".to_owned()];
    drop_file(&stage, "stripe", "payout.json", charges("po_1", &orders));
    until(&stage, "the file behind them is taken in", || async { records(&stage).await.len() == 1 }).await;
    // The same name with another content, a moment later: it is another word.
    drop_file(&stage, "stripe", "payout.json", charges("po_2", &["9102".to_owned()]));
    until(&stage, "what took its place is taken in", || async { records(&stage).await.len() == 2 }).await;

    let (payouts, _) = stage.operations.payouts().expect("the engine");
    let files = payouts.files(&MerchantId::new(MERCHANT)).await.expect("the files are listed");
    assert_eq!(files.len(), 2, "no folder is told as a file that was refused: {files:?}");
    let told = |event: &str| {
        let log = std::fs::read_to_string(stage.host.data().join("logs/paymatch.log")).expect("its log");
        log.matches(&format!("\"event\":\"{event}\"")).count()
    };
    assert_eq!(told("dropped-no-file"), 3);
    until(&stage, "the file that cannot be read is tried", || async { told("payout-again") == 1 }).await;
    let waiting = || async { stage.host.depth("payouts.fifo").expect("the queue").total() == 1 };
    until(&stage, "only that one comes again", waiting).await;
    let dead = stage.host.depth("payouts-dead.fifo").expect("the queue").total();
    assert_eq!(dead, 0, "nothing was given up");
}
