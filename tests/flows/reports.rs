//! What merchants are told by mail, through the real functions.

use std::sync::Arc;

use bogbro::local::{Attempt, Verdict};
use domain::MerchantId;
use domain::settings::{Language, NotificationFrequency};
use engine::log::Why;
use engine::store::{Head, PauseScope, Status};
use jiff::{SignedDuration, Timestamp};
use platform::keys::Keys;
use platform::{Platform, held, notices};
use sandbox::demo;
use sandbox::economic::VatRounding;
use serde_json::{Value, json};

use crate::night::demo_settings;
use crate::payouts::{drop_file, until, with_payouts};
use crate::records::{keeper, transfer};
use crate::refunds::{JUG, SHOP, happens, refund, refunded};
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, plain_order};

/// Minutes after which everything that was made by now is told of.
pub(crate) const SETTLED: i64 = 2;

/// Changes the merchant's one recipient.
pub(crate) async fn recipient(stage: &Stage, email: &str, transfers: NotificationFrequency) {
    let mut file = stage.operations.merchant(&MerchantId::new(MERCHANT)).await.expect("it is there").file;
    let recipient = file.recipients.first_mut().expect("somebody");
    email.clone_into(&mut recipient.email);
    recipient.language = Some(Language::En);
    recipient.transfers = transfers;
    let text = serde_json::to_string(&file).expect("JSON");
    stage.operations.put_merchant(&text).await.expect("the file is sound");
}

/// The text of every mail, in the order of their sending.
fn mails(stage: &Stage) -> Vec<String> {
    let mails = stage.host.mails().expect("the mails");
    let read = |mail: &bogbro::local::Mail| {
        String::from_utf8_lossy(&stage.host.message(mail).expect("it is there")).replace("=\r\n", "")
    };
    mails.iter().map(read).collect()
}

/// The mails that are sent so long after now.
pub(crate) async fn sent(stage: &Stage, platform: &Platform, minutes: i64) -> Vec<String> {
    let before = mails(stage);
    let at = Timestamp::now() + SignedDuration::from_mins(minutes);
    notices::send_all(platform, at).await.expect("the reports are made");
    mails(stage).into_iter().filter(|mail| !before.contains(mail)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_of_transfers_tells_each_document_once_with_what_it_comes_to_however_old_its_order_is() {
    let stage = crate::refunds::stage(VatRounding::PerLine).await;
    recipient(&stage, "bookkeeper@kande.example", NotificationFrequency::Immediately).await;
    let platform = keeper(&stage).await;

    // Its day is days before the day on which it is made.
    happens(&stage, JUG, |_| {}).await;
    let told = sent(&stage, &platform, SETTLED).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("| 298.00 DKK") && told[0].contains("- 1 x Invoice: 298.00 DKK"), "{}", told[0]);

    happens(&stage, JUG, |order| order.set("note", "ring first")).await;
    let head = stage.head(SHOP, "shopify", &JUG.to_string()).await.expect("it is known");
    assert_eq!((head.status, head.documents.len()), (Status::Done, 1));
    assert_eq!(
        sent(&stage, &platform, SETTLED).await,
        Vec::<String>::new(),
        "it was touched, and nothing was made"
    );

    let jug = crate::refunds::line(JUG, 1, 1, "249.00", "49.80", "no_restock");
    refunded(&stage, JUG, refund(9_001, "249.00", "shopify_payments", &jug, ""), "partially_refunded").await;
    let head = stage.head(SHOP, "shopify", &JUG.to_string()).await.expect("it is known");
    let number = head.documents.last().expect("a credit note").number;
    let told = sent(&stage, &platform, SETTLED).await;
    assert_eq!(told.len(), 1, "{told:?}");
    for words in
        [format!("| Credit note {number} | -249.00 DKK"), "- 1 x Credit note: -249.00 DKK".to_owned()]
    {
        assert!(told[0].contains(&words), "{words} is missing: {}", told[0]);
    }
    assert!(!told[0].contains("298.00"), "what was told before: {}", told[0]);

    // A day of more orders than a mail may list is summed whole.
    let merchant = MerchantId::new(MERCHANT);
    let key = Keys::of(&merchant).head(&transfer(SHOP, "shopify", &JUG.to_string()));
    let like = platform.table.get(&key).await.expect("it is read").expect("the head");
    let today = Timestamp::now().strftime("%Y-%m-%d").to_string();
    for number in 0..2_050 {
        let key = Keys::of(&merchant).head(&transfer(SHOP, "shopify", &format!("copy-{number}")));
        let mut item = like.clone();
        item.extend(platform::table::key_of(&key));
        item.insert("day".to_owned(), platform::table::text(Keys::of(&merchant).day(&today)));
        platform.table.put(item).await.expect("it is written");
    }
    recipient(&stage, "owner@kande.example", NotificationFrequency::Immediately).await;
    let told = sent(&stage, &keeper(&stage).await, SETTLED).await;
    assert_eq!(told.len(), 1, "{} mails", told.len());
    for words in
        ["- 2051 x Invoice: 611,198.00 DKK", "- 2051 x Credit note: -510,699.00 DKK", "More in the log: 3902"]
    {
        assert!(told[0].contains(words), "{words} is missing");
    }
}

/// What the merchant does in the accounts.
pub(crate) fn in_the_accounts(stage: &Stage, target: &str, body: &Value) {
    let mut world = stage.world();
    let agreement = world.agreements.get_mut(demo::AGREEMENT).expect("the agreement");
    let request = sandbox::Request::new("POST", target)
        .with_header("X-AppSecretToken", demo::APP_SECRET_TOKEN)
        .with_header("X-AgreementGrantToken", demo::AGREEMENT_GRANT_TOKEN)
        .with_header("Content-Type", "application/json")
        .with_body(body.to_string());
    let answer = agreement.handle(Timestamp::now(), &request);
    assert!(answer.is_success(), "{target}: {}", String::from_utf8_lossy(&answer.body));
}

async fn head(stage: &Stage, order: u64) -> Head {
    stage.head(WOOCOMMERCE, "woocommerce", &order.to_string()).await.expect("the order is known")
}

async fn by_night(stage: &Stage, days: i64) -> held::Round {
    let (platform, now) = (keeper(stage).await, Timestamp::now() + SignedDuration::from_hours(24 * days));
    let merchant = platform.merchants.merchant(&MerchantId::new(MERCHANT)).await.expect("it is there");
    let round = held::by_night(&platform, &merchant, now).await.expect("the night passes");
    stage.rest().await;
    round.expect("this night was not walked before")
}

/// The number that a report says it has.
fn number(mail: &str) -> &str {
    mail.lines().find(|line| line.starts_with("Report ")).expect("a report's number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_whose_sender_dies_before_it_is_recorded_comes_again_under_its_number() {
    let mut settings = demo_settings();
    settings["products"]["missing"] = json!("hold");
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(settings)]).await;
    recipient(&stage, "bookkeeper@krus.example", NotificationFrequency::Never).await;
    let platform = keeper(&stage).await;
    let mut order = plain_order(8503);
    order["line_items"][0]["sku"] = json!("NEW-8503");
    assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
    stage.rest().await;

    stage.host.on_call(Some(Arc::new(|attempt: &Attempt<'_>| match attempt.operation {
        "ses:SendRawEmail" => Verdict::KillAfter,
        _ => Verdict::Pass,
    })));
    let died = stage.host.invoke("notifications", json!({}).to_string()).await;
    assert!(died.is_err(), "the process was killed after the mail was taken");
    stage.host.on_call(None);
    let first = mails(&stage);
    assert_eq!(first.len(), 1, "{first:?}");

    let claimed = sent(&stage, &platform, 9).await;
    assert_eq!(claimed, Vec::<String>::new(), "another may still be sending it");
    let again = sent(&stage, &platform, 11).await;
    assert_eq!(again.len(), 1, "{again:?}");
    assert_eq!(number(&again[0]), number(&first[0]));
    assert_eq!(sent(&stage, &platform, 30).await, Vec::<String>::new(), "now it is recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_order_comes_up_by_itself_when_its_cause_is_mended_and_is_told_of_once() {
    let mut settings = demo_settings();
    settings["products"]["missing"] = json!("hold");
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(settings)]).await;
    recipient(&stage, "bookkeeper@krus.example", NotificationFrequency::Never).await;
    let platform = keeper(&stage).await;
    let mut order = plain_order(8501);
    order["line_items"][0]["sku"] = json!("NEW-8501");
    assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
    stage.rest().await;
    let missing = Status::Held { code: "missing-product".to_owned() };
    assert_eq!(head(&stage, 8501).await.status, missing);
    let told = sent(&stage, &platform, 0).await;
    assert_eq!(told.len(), 1, "{told:?}");
    for words in ["Orders (1): 8501", "each night for 30 days", "transfers replay stage NUMBER"] {
        assert!(told[0].contains(words), "{words:?} is missing: {}", told[0]);
    }

    // It is touched in the shop, and a night passes: held as before, and no news.
    order["customer_note"] = json!("Ring first");
    order["date_modified_gmt"] = json!(Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string());
    assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
    stage.rest().await;
    let touched = head(&stage, 8501).await;
    assert_eq!(by_night(&stage, 0).await.sent, 1);
    let after = head(&stage, 8501).await;
    assert_eq!(after.status, missing);
    assert!(after.fence > touched.fence, "it was planned anew");
    assert_eq!(sent(&stage, &platform, 2).await, Vec::<String>::new());

    // The merchant makes what is missing, one product after the other, and tells nobody.
    for night in 1..8 {
        let head = head(&stage, 8501).await;
        let Some((_, sku)) = head.facts.iter().find(|(name, _)| name == "sku") else { break };
        let group = json!({ "productGroupNumber": 1 });
        let product = json!({ "productNumber": sku, "name": sku, "productGroup": group });
        in_the_accounts(&stage, "/economic/rest/products", &product);
        by_night(&stage, night).await;
    }
    let booked = head(&stage, 8501).await;
    assert_eq!(booked.status, Status::Done, "{:?}", booked.facts);
    assert_eq!(stage.world().agreements[demo::AGREEMENT].booked.len(), 1);
    let trace = stage.transfer(WOOCOMMERCE, "woocommerce", "8501").await.trace;
    assert_eq!(trace.rows.last().map(|row| row.public.cause.why), Some(Why::Held));

    // Another one is mended in the settings.
    let mut order = plain_order(8502);
    order["line_items"][0]["sku"] = json!("NEW-1");
    assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
    stage.rest().await;
    assert_eq!(head(&stage, 8502).await.status, missing);
    let merchant = MerchantId::new(MERCHANT);
    let mut file = stage.operations.merchant(&merchant).await.expect("it is there").file;
    file.flows[0].settings.products.missing = domain::settings::MissingProduct::Create;
    let text = serde_json::to_string(&file).expect("JSON");
    stage.operations.put_merchant(&text).await.expect("the file is sound");
    stage.host.kill("order-processing").await;
    let platform = keeper(&stage).await;
    let found = platform.merchants.merchant(&merchant).await.expect("it is there");
    let after = |minutes| Timestamp::now() + SignedDuration::from_mins(minutes);
    let round = held::after_settings(&platform, &found, after(1)).await.expect("it is walked");
    assert_eq!(round, None, "a process may still believe the settings of before");
    let round = held::after_settings(&platform, &found, after(3)).await.expect("it is walked");
    assert_eq!(round.map(|round| (round.sent, round.done)), Some((1, true)));
    assert_eq!(held::after_settings(&platform, &found, after(4)).await.expect("it is walked"), None);
    stage.rest().await;
    assert_eq!(head(&stage, 8502).await.status, Status::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_refusal_of_a_file_is_told_until_a_person_dismisses_it() {
    let stage = Stage::set(demo::world(), &[]).await;
    let merchant = MerchantId::new(MERCHANT);
    let shops = [Shop::woocommerce(demo_settings())];
    stage.configure_merchant(MERCHANT, with_payouts, &shops).await;
    recipient(&stage, "bookkeeper@krus.example", NotificationFrequency::Never).await;
    let (payouts, _) = stage.operations.payouts().expect("the engine");
    drop_file(&stage, "stripe", "half.json", b"{\"data\":[");
    let came = || async { !payouts.files(&merchant).await.expect("the files are listed").is_empty() };
    until(&stage, "the file is refused", came).await;
    let files = payouts.files(&merchant).await.expect("the files are listed");
    let refused = files.first().expect("a file");
    assert!(refused.needs_attention(), "{refused:?}");
    let platform = keeper(&stage).await;
    let told = sent(&stage, &platform, 0).await;
    let name = format!("{} (half.json)", refused.name());
    assert!(told.len() == 1 && told[0].contains(&name), "{name}: {told:?}");

    let hash = refused.name().trim_start_matches("file/").to_owned();
    payouts.dismiss_file(&merchant, &hash, "Karen", "sent again since").await.expect("it is dismissed");
    payouts.dismiss_file(&merchant, &hash, "Karen", "once more").await.expect_err("it is dismissed already");
    let scope = PauseScope::Merchant { merchant: merchant.clone() };
    stage.operations.pause(scope, "stocktaking").await.expect("it is paused");
    let told = sent(&stage, &platform, 5).await;
    assert!(told.len() == 1 && told[0].contains("stocktaking"), "{told:?}");
    assert!(!told[0].contains("half.json") && !told[0].contains("Orders ("), "{}", told[0]);
    assert!(told[0].contains("Something for you to look at"), "{}", told[0]);
    let kept = payouts.files(&merchant).await.expect("the files are listed");
    assert_eq!(kept[0].dismissed.as_ref().map(|made| made.by.as_str()), Some("Karen"));
}
