//! What stops without anybody's fault is told, and goes on as soon as it may: reports that the mail service refuses, and orders that
//! wait for a pause.

use domain::MerchantId;
use engine::store::{PauseScope, Status};
use jiff::{Timestamp, ToSpan};
use sandbox::demo;
use serde_json::json;

use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_is_refused_rings_an_alarm_and_an_order_that_waits_for_a_pause_comes_up_when_it_is_lifted()
 {
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(oracle_settings("woocommerce"))]).await;
    let scope = PauseScope::Merchant { merchant: MerchantId::new(MERCHANT) };
    stage.operations.pause(scope.clone(), "the books are being moved").await.expect("it is paused");
    assert_eq!(stage.send_order(WOOCOMMERCE, &plain_order(8101)).await, 200);
    stage.rest().await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", "8101").await.expect("it is known");
    assert_eq!(head.status, Status::Waiting { code: "paused".to_owned() });
    let before = head.due_at.expect("it comes up again");
    assert!(before > Timestamp::now() + 8.minutes(), "not before ten minutes are over: {before}");

    // The pause is told of, but the account is in the sandbox, and the recipient is not verified.
    let recipient = stage.operations.merchant(&MerchantId::new(MERCHANT)).await.expect("the merchant");
    let recipient = recipient.file.recipients[0].email.clone();
    stage.host.refuse_mails_to(&recipient, true);
    stage.host.invoke("notifications", json!({}).to_string()).await.expect("the run ends well");
    assert!(stage.host.mails().expect("they are listed").is_empty());
    let log = std::fs::read_to_string(stage.host.data().join("logs/notifications.log")).expect("a log");
    let line =
        log.lines().find(|line| line.contains("\"event\":\"mail-refused\"")).expect("the alarm counts it");
    assert!(line.contains("not verified") && !line.contains(&recipient), "why, and no address: {line}");

    // The pause is lifted: what waits for it is due as soon as no process believes in it any more.
    stage.operations.resume(&scope).await.expect("it is lifted");
    let head = stage.head(WOOCOMMERCE, "woocommerce", "8101").await.expect("it is known");
    let due = head.due_at.expect("it comes up again");
    assert!(due < Timestamp::now() + 75.seconds() && due > Timestamp::now() + 30.seconds(), "{due}");
    assert_eq!(head.status, Status::Waiting { code: "paused".to_owned() });
}
