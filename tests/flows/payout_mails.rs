//! Reports that come by mail: a mail that is dropped, one that is delivered to a flow's address, and those that are not read.
//!
//! The mails are written here by hand, as RFC 5322 and MIME have them and with the fields that SES puts above them.

use data_encoding::BASE64;
use domain::MerchantId;
use engine::payouts::record::{IntakeOutcome, IntakeRecord};
use sandbox::demo;
use serde_json::{Value, json};

use crate::payouts::{asked_with, charges, drop_file, records, until, with_payouts};
use crate::printed::is_said;
use crate::stage::{MERCHANT, Shop, Stage, oracle_settings};

async fn stage() -> Stage {
    let stage = Stage::set(demo::world(), &[]).await;
    let shops = [Shop::woocommerce(oracle_settings("woocommerce"))];
    stage.configure_merchant(MERCHANT, with_payouts, &shops).await;
    stage
}

/// A mail of these parts to this address, with what SES found.
fn mail(to: &str, verdicts: &str, parts: &[String]) -> String {
    let parts: String = parts.iter().map(|part| format!("--b-1\r\n{part}\r\n")).collect();
    format!(
        "Return-Path: <reports@acquirer.example>\r\nReceived: from m.acquirer.example (m.acquirer.example [192.0.2.7])\r\n by \
         inbound-smtp.eu-north-1.amazonaws.com with SMTP id o3vrnil0e2ic28tr\r\n for {to}; Fri, 27 Nov 2026 20:32:33 +0000 (UTC)\r\n\
         {verdicts}From: reports@acquirer.example\r\nTo: bookkeeper@shop.example\r\nSubject: Settlement\r\nMIME-Version: 1.0\r\n\
         X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\nContent-Type: multipart/mixed; boundary=\"b-1\"\r\n\r\n{parts}--b-1--\r\n"
    )
}

fn attached(field: &str, encoding: &str, body: &str) -> String {
    format!(
        "Content-Type: application/json\r\nContent-Disposition: attachment; {field}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}"
    )
}

fn in_base64(name: &str, text: &str) -> String {
    let letters = BASE64.encode(text.as_bytes());
    let lines: Vec<&str> =
        letters.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    attached(&format!("filename=\"{name}\""), "base64", &lines.join("\r\n"))
}

/// Each byte that is not plain as `=XX`, and lines of at most 76.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    let mut line = 0;
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric();
        let piece = if plain { char::from(byte).to_string() } else { format!("={byte:02X}") };
        if line + piece.len() > 75 {
            out.push_str("=\r\n");
            line = 0;
        }
        line += piece.len();
        out.push_str(&piece);
    }
    out
}

fn report(payout: &str) -> String {
    charges(payout, &[format!("order-of-{payout}")])
}

fn letter() -> String {
    "Content-Type: text/plain; charset=utf-8\r\n\r\nHej, her er afregningen.".to_owned()
}

fn logo() -> String {
    "Content-Type: image/png; name=logo.png\r\nContent-Id: <logo>\r\nContent-Disposition: inline\r\n\r\npng"
        .to_owned()
}

async fn files(stage: &Stage) -> Vec<IntakeRecord> {
    let (payouts, _) = stage.operations.payouts().expect("the engine");
    payouts.files(&MerchantId::new(MERCHANT)).await.expect("the files are listed")
}

async fn refusals(stage: &Stage) -> Vec<String> {
    let refused = |intake: IntakeRecord| match intake.outcome {
        IntakeOutcome::Refused { reason } => Some(reason.code),
        _ => None,
    };
    files(stage).await.into_iter().filter_map(refused).collect()
}

/// Puts a mail where SES puts it.
pub(crate) fn deliver(stage: &Stage, name: &str, mail: impl AsRef<[u8]>) {
    let folder = stage.host.data().join("objects/bogbro/mail");
    std::fs::create_dir_all(&folder).expect("the folder is made");
    std::fs::write(folder.join(name), mail).expect("the mail is delivered");
}

fn printed(stage: &Stage, arguments: &[&str]) -> Value {
    let output = stage.command(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The address of the flow of Stripe's reports.
pub(crate) fn address(stage: &Stage, renew: bool) -> String {
    let mut arguments = vec!["payouts", "address", MERCHANT, "stripe"];
    arguments.extend(renew.then_some("--renew"));
    let told = printed(stage, &arguments);
    is_said("payouts address", &told);
    told["address"].as_str().expect("an address").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_is_dropped_is_opened_and_each_of_its_reports_is_taken_in_once() {
    let stage = stage().await;
    let inner = mail("x@y.example", "", &[in_base64("po_3.json", &report("po_3"))]).replace("b-1", "b-2");
    let parts = [
        letter(),
        in_base64("po_1.json", &report("po_1")),
        attached("filename*=utf-8''afregning%20%C3%B8re.json", "quoted-printable", &quoted(&report("po_2"))),
        logo(),
        format!("Content-Type: message/rfc822\r\n\r\n{inner}"),
    ];
    let whole = mail("x@y.example", "", &parts);
    drop_file(&stage, "stripe", "afregning.eml", &whole);
    until(&stage, "its reports are taken in", || async { records(&stage).await.len() == 3 }).await;
    until(&stage, "the mail is kept beside them", || async { files(&stage).await.len() == 4 }).await;
    let came = files(&stage).await;
    let kept = came.iter().find(|intake| intake.file.format == "mail").expect("the mail");
    let IntakeOutcome::Mail { files: inside, passed_over } = &kept.outcome else { panic!("{kept:?}") };
    let names: Vec<&str> = inside.iter().map(|file| file.name.as_str()).collect();
    assert_eq!((names, *passed_over), (vec!["po_1.json", "afregning øre.json", "po_3.json"], 2));
    let original = stage.folder().join("original.eml");
    let named = format!("file/{}", &kept.file.sha256[..12]);
    let command = ["payouts", "original", MERCHANT, &named, original.to_str().expect("a path")];
    assert!(stage.command(&command).status.success());
    assert_eq!(std::fs::read(&original).expect("the original mail"), whole.as_bytes());
    for record in records(&stage).await {
        assert!(record.by_mail, "{record:?}");
        assert_eq!(record.original.mail.as_deref(), Some(kept.file.sha256.as_str()));
    }

    // The same mail once more, and one of its reports dropped by itself: no payout more, and the drop vouches for it.
    drop_file(&stage, "stripe", "again.eml", &whole);
    drop_file(&stage, "stripe", "po_1.json", report("po_1"));
    let vouched = || async { records(&stage).await.iter().filter(|record| !record.by_mail).count() == 1 };
    until(&stage, "the dropped report vouches for the mailed one", vouched).await;
    stage.rest().await;
    let all = records(&stage).await;
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|record| record.conflicts.is_empty()), "{all:?}");

    // The API is told that it is a mail by its media type, the command by the file's name.
    let path = format!("/v1/payouts/{MERCHANT}");
    let uploaded = mail("x@y.example", "", &[in_base64("po_4.json", &report("po_4"))]);
    let target = (path.as_str(), "flow=stripe&name=uploaded");
    let (status, body) = asked_with(&stage, "POST", target, "local", ("message/rfc822", &uploaded)).await;
    assert_eq!(
        (status, &body["intake"]["outcome"]["files"][0]["name"]),
        (200, &json!("po_4.json")),
        "{body}"
    );
    let file = stage.folder().join("uploaded.eml");
    std::fs::write(&file, &uploaded).expect("written");
    let told = printed(&stage, &["payouts", "upload", MERCHANT, "stripe", file.to_str().expect("a path")]);
    is_said("payouts list", &told);
    assert_eq!(told.as_array().map(Vec::len), Some(2), "the mail and what came in it: {told}");
    until(&stage, "it is taken in", || async { records(&stage).await.len() == 4 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_reaches_the_flow_whose_address_it_was_sent_to_and_no_other() {
    let stage = stage().await;
    let to = address(&stage, false);
    assert_eq!(address(&stage, false), to, "it stays");
    let scanned = "X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n";
    let whole = mail(&to, scanned, &[letter(), in_base64("po_1.json", &report("po_1"))]);
    deliver(&stage, "o3vrnil0e2ic28tr", &whole);
    until(&stage, "its report is taken in", || async { records(&stage).await.len() == 1 }).await;
    let record = records(&stage).await.remove(0);
    assert_eq!((record.flow.as_str(), record.by_mail), ("stripe", true));
    // SES may deliver a mail twice.
    deliver(&stage, "o3vrnil0e2ic28ts", &whole);
    let again = async || files(&stage).await.iter().any(|file| file.file.name == "o3vrnil0e2ic28ts.eml");
    until(&stage, "it is read again", again).await;

    // Whoever guesses, uses the address of before, or knows the merchant alone reaches nobody; and what SES writes itself is no mail.
    let renewed = address(&stage, true);
    assert_ne!(renewed, to);
    let (name, domain) = renewed.split_once('@').expect("an address");
    let (all_but_one, last) = name.split_at(name.len() - 1);
    let guessed = format!("{all_but_one}{}@{domain}", if last == "a" { "b" } else { "a" });
    for (name, to) in
        [("guess", guessed.as_str()), ("before", to.as_str()), ("none", "krus@reports.localdomain")]
    {
        deliver(&stage, name, mail(to, scanned, &[in_base64("po_9.json", &report("po_9"))]));
    }
    deliver(&stage, "AMAZON_SES_SETUP_NOTIFICATION", "From: x@y.example\r\n\r\nset up");
    deliver(&stage, "empty", "");
    let undelivered = || printed(&stage, &["payouts", "mails"]);
    until(&stage, "they are parked", || async { undelivered().as_array().map(Vec::len) == Some(4) }).await;
    is_said("payouts mails", &undelivered());
    let names: std::collections::BTreeSet<String> =
        undelivered().as_array().expect("a list").iter().map(|mail| mail["object"].to_string()).collect();
    assert_eq!(
        names.into_iter().collect::<Vec<_>>().join(" "),
        r#""mail/before" "mail/empty" "mail/guess" "mail/none""#
    );
    let words = stage.command(&["payouts", "mails"]);
    let words = String::from_utf8(words.stdout).expect("text");
    assert!(
        words.contains("ikke sendt til en adresse") && words.contains("no address that holds"),
        "{words}"
    );
    let dismissed = ["payouts", "mails", "--dismiss", "mail/guess", "--reason", "spam", "--by", "Bo"];
    assert!(stage.command(&dismissed).status.success());
    assert_eq!(undelivered().as_array().map(Vec::len), Some(3));

    stage.rest().await;
    assert_eq!(records(&stage).await.len(), 1, "nothing of them was read");
    assert_eq!(stage.host.depth("payouts-dead.fifo").expect("the queue").total(), 0);
    let sent_to_the_new = mail(&renewed, scanned, &[in_base64("po_2.json", &report("po_2"))]);
    deliver(&stage, "renewed", sent_to_the_new);
    until(&stage, "the new address holds", || async { records(&stage).await.len() == 2 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_of_a_mail_is_told_and_holds_back_no_other() {
    let stage = stage().await;
    let to = address(&stage, false);
    let bomb: Vec<String> = (0..300).map(|_| letter()).collect();
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
    let statement = crate::payouts::statement(&[(24_500, "STRIPE KRUS")]);
    let whole = |verdicts: &str, parts: &[String]| mail(&to, verdicts, parts);
    let cut = whole("", &[in_base64("po_1.json", &report("po_1"))]);
    // Below SES's own fields stand those that the sender wrote: they say PASS in each of these mails.
    for (name, bytes) in [
        ("virus", whole("X-SES-Virus-Verdict: FAIL\r\n", &[in_base64("po_1.json", &report("po_1"))])),
        ("nothing", whole("", &[letter(), logo()])),
        ("parts", whole("", &bomb)),
        ("deep", whole("", &[nested])),
        ("cut", cut[..cut.len() - 20].to_owned()),
        ("bank", whole("", &[in_base64("bank.xml", &statement)])),
        ("garbage", whole("", &[in_base64("po_1.json", "half a report {")])),
    ] {
        deliver(&stage, name, bytes);
    }
    deliver(&stage, "sound", whole("", &[in_base64("po_7.json", &report("po_7"))]));
    until(&stage, "the sound one is taken in", || async { records(&stage).await.len() == 1 }).await;
    until(&stage, "all are told", || async { refusals(&stage).await.len() >= 7 }).await;
    let mut told = refusals(&stage).await;
    told.sort();
    let mut expected = vec![
        "mail-cut",
        "mail-refused-by-scan",
        "mail-too-deep",
        "mail-too-many-parts",
        "mail-without-report",
        "payout-statement-by-mail",
    ];
    told.retain(|code| expected.contains(&code.as_str()));
    expected.sort_unstable();
    assert_eq!(told, expected);
    assert_eq!(records(&stage).await.len(), 1);
    let listed = stage.command(&["payouts", "list", MERCHANT, "--files"]);
    let listed = String::from_utf8(listed.stdout).expect("text");
    assert!(listed.contains("standset af skanningen") || listed.contains("stopped by the scan"), "{listed}");
    assert!(printed(&stage, &["payouts", "mails"]).as_array().expect("a list").is_empty());
}
