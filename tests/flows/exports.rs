//! A merchant that leaves: everything of it is written out, and nothing of anybody else's.

use std::collections::{BTreeMap, BTreeSet};

use domain::MerchantId;
use domain::payout::PayoutState;
use engine::payouts::Correction;
use engine::stock::StockTask;
use engine::store::PauseScope;
use platform::operations::ExportSink;
use sandbox::demo;
use serde_json::{Value, json};

use crate::night;
use crate::payouts::{charges, drop_file, in_state, records, until, with_payouts};
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE};
use crate::stock::{stocked, with_stock};

/// An export in memory: the documents of each part.
#[derive(Default)]
struct Parts(BTreeMap<String, Vec<Value>>);

impl ExportSink for Parts {
    fn write(&mut self, part: &str, json: &str) -> Result<(), String> {
        let document = serde_json::from_str(json).map_err(|error| error.to_string())?;
        self.0.entry(part.to_owned()).or_default().push(document);
        Ok(())
    }
}

impl Parts {
    fn of(&self, part: &str) -> &[Value] {
        self.0.get(part).map(Vec::as_slice).unwrap_or_default()
    }
}

async fn export(stage: &Stage, merchant: &str) -> (Value, Parts) {
    let mut parts = Parts::default();
    let exported = stage.operations.export(&MerchantId::new(merchant), &mut parts).await;
    (serde_json::to_value(exported.expect("it is exported")).expect("JSON"), parts)
}

/// A payout that a person set aside a part of, a file that was refused, and the stock that was told.
async fn lived(stage: &Stage) {
    let orders: Vec<String> = (9201..9203).map(|order: u32| order.to_string()).collect();
    drop_file(stage, "stripe", "po_1.json", charges("po_1", &orders));
    until(stage, "it is matched", || in_state(stage, 1, PayoutState::Matched)).await;
    drop_file(stage, "stripe", "half.json", "no report");
    let (payouts, deadline) = stage.operations.payouts().expect("the engine");
    let merchant = MerchantId::new(MERCHANT);
    let both = || async { payouts.files(&merchant).await.expect("the files are listed").len() == 2 };
    until(stage, "the second file is refused", both).await;
    let record = records(stage).await.remove(0);
    let view = payouts.engine().show(&record.id, true).await.expect("it is shown");
    let line = engine::payouts::LineAssignment {
        line: view.lines[0].line,
        choice: Some(engine::payouts::LineChoice::ErrorAccount),
    };
    let by = "Bo Bogholder".to_owned();
    let correction = Correction { by, reason: "kendes ikke".to_owned(), lines: vec![line] };
    let work = payouts.attempt(&record.id, deadline).expect("a token");
    payouts.engine().correct(&work, &correction).await.expect("it is decided");
    let told = stage.operations.run_stock(&merchant, StockTask::Everything).await.expect("it is told");
    assert!(told.iter().all(|view| view.outcome == "done"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_of_a_merchant_is_exported_page_by_page_and_nothing_of_anybody_elses() {
    let stage = Stage::set(stocked(demo::world()), &[]).await;
    let shops = [Shop::woocommerce(with_stock(night::demo_settings()))];
    stage.configure_merchant(MERCHANT, with_payouts, &shops).await;
    stage.books_a_correct_order(WOOCOMMERCE, 9200, "nothing").await;
    lived(&stage).await;
    let connection = night::configure(&stage, &night::demo_settings()).await;
    // In its own minute the first merchant's sweep would sell the order of the other one to the books that both have.
    let first = PauseScope::Merchant { merchant: MerchantId::new(MERCHANT) };
    stage.operations.pause(first, "the other one's night").await.expect("it is paused");
    assert_eq!(stage.send_order(&connection, &night::order_of(9210, 1)).await, 200);
    stage.rest().await;
    night::minute(&stage).await;
    // More objects than the bucket lists with one answer.
    let folder = stage.host.data().join("objects/bogbro/m").join(MERCHANT).join("many");
    std::fs::create_dir_all(&folder).expect("the folder is made");
    for number in 0..1_100 {
        std::fs::write(folder.join(number.to_string()), "x").expect("an object");
    }

    let (exported, parts) = export(&stage, MERCHANT).await;
    let counted = |part: &str| (exported[part].as_u64(), parts.of(part).len() as u64);
    for (part, at_least) in [("transfers", 1), ("payouts", 1), ("payout-files", 2), ("stock", 1)] {
        let (told, written) = counted(part);
        assert_eq!(told, Some(written), "{part}");
        assert!(written >= at_least, "{part}: {written}");
    }
    let (now, versions) = (&parts.of("merchant")[0], parts.of("settings"));
    assert_eq!(now["version"].as_u64(), Some(versions.len() as u64));
    let last = versions.last().expect("a version");
    assert_eq!(
        (&last["version"], &last["file"], &last["put-at"]),
        (&now["version"], &now["file"], &now["put-at"])
    );
    let payout = &parts.of("payouts")[0];
    assert_eq!(
        (&payout["id"]["key"]["batch"], &payout["id"]["merchant"]),
        (&json!("po_1"), &json!(MERCHANT))
    );
    let decided = &payout["decisions"][0];
    assert_eq!((&decided["by"], &decided["reason"]), (&json!("Bo Bogholder"), &json!("kendes ikke")));
    let outcomes: BTreeSet<&str> =
        parts.of("payout-files").iter().filter_map(|file| file["outcome"]["outcome"].as_str()).collect();
    assert_eq!(outcomes, BTreeSet::from(["refused", "report"]));

    let names: BTreeSet<&str> =
        parts.of("objects").iter().filter_map(|object| object["name"].as_str()).collect();
    assert_eq!(
        (exported["objects"].as_u64(), parts.of("objects").len()),
        (Some(names.len() as u64), names.len())
    );
    let below = |prefix: &str| names.iter().filter(|name| name.starts_with(prefix)).count();
    let own = format!("m/{MERCHANT}/");
    assert_eq!(below(&format!("{own}many/")), 1_100);
    assert_eq!(below(&format!("{own}payout-files/")), 2, "the files as they came: {names:?}");
    assert_eq!(below(&format!("drop/{own}stripe/")), 2);
    assert!(below(&format!("passing/{own}stock/")) > 0, "{names:?}");
    assert_eq!(below(&own) + below(&format!("drop/{own}")) + below(&format!("passing/{own}")), names.len());

    // The night compared the other merchant's day; nothing of the one is among the other's.
    assert!(parts.of("comparisons").is_empty());
    let (exported, parts) = export(&stage, night::NIGHT).await;
    let compared = parts.of("comparisons");
    assert_eq!(exported["comparisons"].as_u64(), Some(compared.len() as u64));
    let day = compared.iter().find(|day| day["connection"] == json!(connection)).expect("it was compared");
    assert_eq!(day["sides"]["ledger"]["count"], json!(1), "{day}");
    assert_eq!(day["sides"]["ledger"]["sums"], day["sides"]["accounting"]["sums"], "{day}");
    assert!(parts.of("payouts").is_empty() && parts.of("payout-files").is_empty());
    let foreign = |object: &&Value| !object["name"].as_str().is_some_and(|name| name.contains(night::NIGHT));
    assert_eq!(parts.of("objects").iter().find(foreign), None);
}
