//! A payout that waits for what is mended elsewhere goes on by itself at night, and rests while a pause holds.

use std::time::Duration;

use domain::MerchantId;
use domain::payout::PayoutState;
use engine::store::PauseScope;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use platform::payouts::Payouts;
use sandbox::demo;

use crate::payouts::{charges, drop_file, in_state, records, total, until, with_payouts};
use crate::records::keeper;
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order};

const ORDER: u64 = 7_950;

/// An hour of the merchant's next day: of its night or not, whenever the test runs.
fn tomorrow_at(hour: i8) -> Timestamp {
    let zone = TimeZone::get("Europe/Copenhagen").expect("it is known");
    let tomorrow = zone.to_datetime(Timestamp::now() + 24.hours()).date();
    zone.to_timestamp(tomorrow.at(hour, 10, 0, 0)).expect("a time")
}

/// The clock's turn of then, with what is known now of pauses.
async fn turn(stage: &Stage, then: Timestamp) {
    let platform = keeper(stage).await;
    let routes = platform.routes().expect("the routes");
    Payouts::new(platform, routes).turn_at(then, false).await.expect("the clock's turn");
}

async fn fence(stage: &Stage) -> u64 {
    records(stage).await.remove(0).fence
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payout_whose_invoice_comes_later_goes_on_at_night_and_not_while_it_is_paused() {
    let stage = Stage::set(demo::world(), &[]).await;
    let shops = [Shop::woocommerce(oracle_settings("woocommerce"))];
    stage.configure_merchant(MERCHANT, with_payouts, &shops).await;
    let paid = total(&plain_order(ORDER));
    let report = charges("po_early", &[ORDER.to_string()]);
    let report = report.replace("25000", &paid.to_string()).replace("24500", &(paid - 500).to_string());
    drop_file(&stage, "stripe", "po_early.json", report);
    until(&stage, "it waits for its invoice", || in_state(&stage, 1, PayoutState::Matched)).await;
    let record = records(&stage).await.remove(0);
    assert_eq!(
        (record.reasons[0].code.as_str(), record.due_at),
        ("payout-lines-not-found", None),
        "nobody tells when the invoice is there"
    );
    stage.books_a_correct_order(WOOCOMMERCE, ORDER, "its payout").await;

    let before = fence(&stage).await;
    let scope = PauseScope::Merchant { merchant: MerchantId::new(MERCHANT) };
    stage.operations.pause(scope.clone(), "stocktaking").await.expect("it is paused");
    turn(&stage, tomorrow_at(4)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(fence(&stage).await, before, "nothing is brought up while the pause holds");
    stage.operations.resume(&scope).await.expect("it is lifted");

    turn(&stage, tomorrow_at(12)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(fence(&stage).await, before, "nothing is due");
    stage.host.kill("paymatch").await;
    turn(&stage, tomorrow_at(4)).await;
    until(&stage, "it can be approved", || in_state(&stage, 1, PayoutState::WaitingForApproval)).await;
}
