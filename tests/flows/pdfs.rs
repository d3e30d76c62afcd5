//! The PDF of an order's document, by the operator's command.

use engine::store::Status;
use sandbox::demo;
use serde_json::{Value, json};

use crate::night::demo_settings;
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, plain_order};

fn said(stage: &Stage, arguments: &[&str]) -> Result<Value, String> {
    let output = stage.command(&[&["transfers", "pdf", MERCHANT], arguments, &["--json"]].concat());
    let stream = if output.status.success() { &output.stdout } else { &output.stderr };
    let value: Value = serde_json::from_slice(stream).expect("one document");
    if output.status.success() {
        Ok(value)
    } else {
        Err(value["error"].as_str().expect("an error").to_owned())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pdf_of_what_stands_is_written_once() {
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(demo_settings())]).await;
    // One that is booked, one that is a draft, and one that is held.
    let mut draft = plain_order(9722);
    draft["status"] = json!("on-hold");
    let mut held = plain_order(9723);
    held["payment_method"] = json!("woocommerce_payments");
    held["meta_data"] = json!([{ "id": 1, "key": "_wcpay_fraud_meta_box_type", "value": "review" }]);
    for order in [plain_order(9721), draft, held] {
        assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
    }
    stage.rest().await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", "9721").await.expect("it stands");
    assert_eq!(head.status, Status::Done, "{:?}", head.facts);
    let invoice = head.progress.invoice.expect("it is booked");

    let file = stage.folder().join("9721.pdf");
    let out = file.to_str().expect("a path of text");
    let written = said(&stage, &["9721", "--out", out]).expect("it is written");
    assert_eq!((&written["kind"], &written["number"]), (&json!("booked-invoice"), &json!(invoice)));
    let bytes = std::fs::read(&file).expect("the file");
    assert!(bytes.starts_with(b"%PDF-") && bytes.ends_with(b"%%EOF\n"));
    assert_eq!(written["bytes"], json!(bytes.len()));
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(&format!("Invoice {invoice}")), "it is the invoice's: {text}");
    // A file that is there is nobody's to overwrite.
    let refused = said(&stage, &["9721", "--out", out]).expect_err("it stands");
    assert!(refused.contains("cannot be written"), "{refused}");
    assert_eq!(std::fs::read(&file).expect("the file"), bytes);

    let file = stage.folder().join("9722.pdf");
    let out = file.to_str().expect("a path of text");
    let written = said(&stage, &["9722", "--out", out]).expect("it is written");
    assert_eq!(written["kind"], json!("draft-invoice"));
    let number = written["number"].to_string();

    for (arguments, words) in [
        (vec!["9723"], "a document of order 9723, which is held"),
        (vec!["9721", "--document", "1"], "document 1 of order 9721"),
        (vec!["9799"], "a transfer 9799"),
    ] {
        let refused = said(&stage, &arguments).expect_err("there is nothing to write");
        assert!(refused.contains(words), "{refused}");
    }
    // A person deleted the draft.
    let drafted = u32::try_from(written["number"].as_u64().expect("a number")).expect("a small one");
    stage.world().agreements.get_mut(demo::AGREEMENT).expect("the agreement").drafts.remove(&drafted);
    let gone = said(&stage, &["9722", "--out", &format!("{out}.2")]).expect_err("it is gone");
    assert!(gone.contains(&number) && gone.contains("booked or deleted"), "{gone}");
    assert!(!stage.folder().join("9722.pdf.2").exists());
}
