//! A report that its acquirer announces: Adyen's signed word comes in where webhooks do, the report is downloaded with the report user's
//! credentials from the connection's own address, and taken in once.

use std::collections::BTreeMap;

use bogbro::local::HostConfig;
use data_encoding::HEXLOWER_PERMISSIVE;
use domain::MerchantId;
use domain::settlement::Standing;
use engine::payouts::IntakeOutcome;
use sandbox::adyen::Account;
use sandbox::demo;
use serde_json::{Value, json};

use crate::payouts::{flow, records, until};
use crate::stage::{ADYEN_KEY, MERCHANT, Shop, Stage, by_hand, oracle_settings};

pub(crate) const CONNECTION: &str = "stage-adyen-connection";
const ACCOUNT: &str = "KrusShopDK";
/// A connection that is made later, of another account.
const LATER_CONNECTION: &str = "stage-adyen-se-connection";
const LATER_ACCOUNT: &str = "KrusShopSE";
/// The flow of the first account.
pub(crate) const FLOW: &str = "adyen";
pub(crate) const REPORT: &str = "settlement_detail_report_batch_48.csv";

/// One sale of 250.00 with a commission of 1.25, and its payout.
fn report() -> String {
    [
        "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,Type,Modification Reference,Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Net Currency,Net Debit (NC),Net Credit (NC),Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC),Payment Method Variant,Batch Number,Modification Merchant Reference,Booking Date,Booking Date TimeZone",
        "KrusGroup,KrusShopDK,881600001,7951,visa,2026-11-23 10:00:01,CET,Settled,882600001,DKK,,250.00,1,DKK,,248.75,1.25,,,,visa,48,,2026-11-24 01:00:00,CET",
        "KrusGroup,KrusShopDK,,,,2026-11-25 02:00:00,CET,MerchantPayout,\"TX48AXT batch 48, KrusShopDK\",,,,,DKK,248.75,,,,,,,48,,2026-11-25 02:00:00,CET",
        "",
    ]
    .join("\n")
}

fn account() -> Account {
    Account {
        user: "report@Company.Krus".to_owned(),
        password: "stage-password".to_owned(),
        hmac_key: HEXLOWER_PERMISSIVE.decode(ADYEN_KEY.as_bytes()).expect("hexadecimal"),
        reports: BTreeMap::from([(REPORT.to_owned(), report())]),
    }
}

async fn stage() -> Stage {
    stage_with(by_hand).await
}

/// The same on a host that is configured otherwise.
pub(crate) async fn stage_with(change: impl FnOnce(&mut HostConfig)) -> Stage {
    let mut world = demo::world();
    world.adyen.insert(ACCOUNT.to_owned(), account());
    let reports = BTreeMap::from([(REPORT.to_owned(), report().replace(ACCOUNT, LATER_ACCOUNT))]);
    world.adyen.insert(LATER_ACCOUNT.to_owned(), Account { reports, ..account() });
    let stage = Stage::set_with(world, &[], change).await;
    connect(&stage, &[(CONNECTION, FLOW, ACCOUNT)]).await;
    stage
}

/// Puts the merchant's file with these connections, each with a flow of payouts of its name, and their secrets.
async fn connect(stage: &Stage, connections: &[(&str, &str, &str)]) {
    let server = stage.sandbox_url();
    let with_adyen = |mut file: Value| {
        let known = file["connections"].as_array_mut().expect("connections");
        known.extend(connections.iter().map(|(id, name, account)| {
            json!({
                "id": id, "name": name, "system": "adyen", "source": account,
                "base-urls": { "main": format!("{server}/adyen/{account}") },
            })
        }));
        file["payouts"] = connections.iter().map(|(_, name, _)| flow(name, 5831)).collect();
        file
    };
    stage
        .configure_merchant(MERCHANT, with_adyen, &[Shop::woocommerce(oracle_settings("woocommerce"))])
        .await;
}

/// Announces the report as the acquirer does; the status answered.
pub(crate) async fn announced(stage: &Stage) -> u16 {
    announce(stage, account().announcement(ACCOUNT, stage.sandbox_url(), REPORT)).await
}

async fn announce(stage: &Stage, body: String) -> u16 {
    announce_to(stage, CONNECTION, body).await
}

async fn announce_to(stage: &Stage, connection: &str, body: String) -> u16 {
    let headers = [("Content-Type".to_owned(), "application/json".to_owned())];
    stage.deliver(connection, &headers, body.into_bytes()).await
}

/// How often a report was asked for.
fn downloads(stage: &Stage) -> usize {
    stage.world().log.iter().filter(|logged| logged.name == ACCOUNT).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announced_report_is_downloaded_and_taken_in_once() {
    let stage = stage().await;
    let word = account().announcement(ACCOUNT, stage.sandbox_url(), REPORT);

    // Whoever cannot sign is not believed, and neither is what was changed on its way.
    let signed = word.find("hmacSignature").expect("a signature");
    for forged in [
        word.replace(ACCOUNT, "OtherShop"),
        word.replacen("QFQTPCQ8", "QFQTPCQ9", 1),
        word[..signed].to_owned(),
    ] {
        assert_eq!(announce(&stage, forged).await, 401);
    }
    stage.rest().await;
    assert_eq!((downloads(&stage), records(&stage).await.len()), (0, 0));

    assert_eq!(announce(&stage, word.clone()).await, 200);
    until(&stage, "it is taken in", || async { !records(&stage).await.is_empty() }).await;
    let record = records(&stage).await.remove(0);
    let key = &record.id.key;
    assert_eq!((key.acquirer.as_str(), key.account.as_str(), key.batch.as_str()), ("adyen", ACCOUNT, "48"));
    assert_eq!((record.figures.payout.minor(), record.figures.standing), (24_875, Standing::Balanced));
    assert_eq!((record.original.name.as_str(), downloads(&stage)), (REPORT, 1));

    // Announced once more, as Adyen does until it is answered: the file is known.
    let again = word.replace("2026-11-27T01", "2026-11-27T02");
    assert_eq!(announce(&stage, again).await, 200);
    stage.rest().await;
    assert_eq!(records(&stage).await.len(), 1);

    // The address is not signed. A report that is announced elsewhere is not asked for, there or anywhere.
    let before = downloads(&stage);
    let elsewhere = account().announcement(ACCOUNT, "https://reports.evil.example", REPORT);
    assert_eq!(announce(&stage, elsewhere).await, 200);
    let refused = || async {
        let (payouts, _) = stage.operations.payouts().expect("the engine");
        let files = payouts.files(&MerchantId::new(MERCHANT)).await.expect("the files are listed");
        files.iter().any(|file| {
            matches!(&file.outcome, IntakeOutcome::Refused { reason } if reason.code == "payout-report-elsewhere")
        })
    };
    until(&stage, "it is refused", refused).await;
    assert_eq!(downloads(&stage), before);
    // A connection that was made a moment ago: the function that downloads has the merchant's file from before in its memory.
    connect(&stage, &[(CONNECTION, "adyen", ACCOUNT), (LATER_CONNECTION, "adyen-se", LATER_ACCOUNT)]).await;
    let word = account().announcement(LATER_ACCOUNT, stage.sandbox_url(), REPORT);
    assert_eq!(announce_to(&stage, LATER_CONNECTION, word).await, 200);
    until(&stage, "the later account's is taken in", || async { records(&stage).await.len() == 2 }).await;
}
