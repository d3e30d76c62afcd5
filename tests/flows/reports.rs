//! What merchants are told by mail, through the real functions.

use domain::MerchantId;
use domain::settings::{Language, NotificationFrequency};
use engine::store::Status;
use jiff::{SignedDuration, Timestamp};
use platform::keys::Keys;
use platform::{Platform, notices};
use sandbox::economic::VatRounding;

use crate::records::{keeper, transfer};
use crate::refunds::{JUG, SHOP, happens, refund, refunded};
use crate::stage::{MERCHANT, Stage};

/// Minutes after which everything that was made by now is told of.
const SETTLED: i64 = 2;

/// Changes the merchant's one recipient.
async fn recipient(stage: &Stage, email: &str, transfers: NotificationFrequency) {
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
async fn sent(stage: &Stage, platform: &Platform, minutes: i64) -> Vec<String> {
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
