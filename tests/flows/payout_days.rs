//! An acquirer that is listed day by day: a day that is closed and taken in is not asked for every hour, and what is added to it late is
//! found all the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::MerchantId;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use platform::payouts::{Handled, PayoutWord};
use sandbox::demo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::payouts::{flow, records};
use crate::stage::{MERCHANT, Shop, Stage, oracle_settings};

const FLOW: &str = "vipps-mobilepay";
/// The ledger of funds.
const LEDGER: &str = "302321";

/// A ledger of funds: its days up to one are closed, and some hold entries.
#[derive(Default)]
struct Ledger {
    closed_to: Date,
    entries: BTreeMap<Date, Value>,
    asked: Vec<Date>,
}

impl Ledger {
    /// Answers a request by its first line: a token, or a day of the ledger.
    fn answer(&mut self, line: &str) -> (u16, Value) {
        if line.starts_with("POST /miami/v1/token") {
            return (200, json!({ "access_token": "stage", "token_type": "Bearer", "expires_in": 900 }));
        }
        let path = line.split(' ').nth(1).unwrap_or_default();
        let prefix = format!("/report/v2/ledgers/{LEDGER}/funds/dates/");
        let Some(date) = path.strip_prefix(&prefix).and_then(|date| date.parse::<Date>().ok()) else {
            return (400, json!({ "title": "no such thing" }));
        };
        self.asked.push(date);
        if date > self.closed_to {
            return (404, json!({ "title": "not closed" }));
        }
        let items = self.entries.get(&date).cloned().unwrap_or_else(|| json!([]));
        (200, json!({ "hasMore": false, "items": items }))
    }

    /// A sale that is paid out on the same day.
    fn pays(&mut self, date: Date, amount: i64) {
        let entry = |kind: &str, amount: i64, before: i64| {
            json!({
                "pspReference": format!("{date}-{kind}"), "time": format!("{date}T09:00:00.000000Z"),
                "ledgerDate": date.to_string(), "entryType": kind, "reference": "1001", "currency": "DKK",
                "amount": amount, "recipientHandle": "api:513428", "balanceBefore": before,
                "balanceAfter": before + amount,
            })
        };
        self.entries
            .insert(date, json!([entry("capture", amount, 0), entry("payout-scheduled", -amount, amount)]));
    }
}

async fn serve_one(mut stream: TcpStream, ledger: Arc<Mutex<Ledger>>) {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(read) if read > 0 => request.extend_from_slice(&part[..read]),
            _ => return,
        }
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let line = text.lines().next().unwrap_or_default();
    let (status, body) = ledger.lock().unwrap_or_else(PoisonError::into_inner).answer(line);
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// Serves the ledger; where it is reached.
async fn serve(ledger: Arc<Mutex<Ledger>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_one(stream, Arc::clone(&ledger)));
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_day_that_was_taken_in_is_not_asked_for_every_hour() {
    let today = TimeZone::get("Europe/Copenhagen").expect("a zone").to_datetime(Timestamp::now()).date();
    let ago = |days: i32| today.saturating_sub(days.days());
    let ledger = Arc::new(Mutex::new(Ledger { closed_to: ago(2), ..Ledger::default() }));
    let of =
        |change: &dyn Fn(&mut Ledger)| change(&mut ledger.lock().unwrap_or_else(PoisonError::into_inner));
    let asked = || std::mem::take(&mut ledger.lock().unwrap_or_else(PoisonError::into_inner).asked);
    of(&|ledger| ledger.pays(ago(5), 28_800));
    let server = serve(Arc::clone(&ledger)).await;
    let stage = Stage::set(demo::world(), &[]).await;
    let with_vipps = |mut file: Value| {
        file["connections"].as_array_mut().expect("connections").push(json!({
            "id": "stage-vipps-connection", "name": FLOW, "system": FLOW, "source": LEDGER,
            "base-urls": { "main": server },
        }));
        file["payouts"] = json!([flow(FLOW, 5831)]);
        file
    };
    let shops = [Shop::woocommerce(oracle_settings("woocommerce"))];
    stage.configure_merchant(MERCHANT, with_vipps, &shops).await;
    let merchant = MerchantId::new(MERCHANT);
    let (payouts, deadline) = stage.operations.payouts().expect("the engine");
    let hour = async |occasion: &str| {
        let word = PayoutWord::fetch(&merchant, FLOW, occasion.to_owned());
        assert_eq!(payouts.handle(&word, 1, deadline).await, Handled::Done, "{occasion}");
    };

    hour("first").await;
    let first = asked();
    assert_eq!(records(&stage).await.len(), 1);
    assert!(
        first.contains(&ago(14)) && first.last() == Some(&ago(1)),
        "all days up to an open one: {first:?}"
    );
    hour("second").await;
    assert_eq!(asked(), [ago(5), ago(4), ago(3), ago(2), ago(1)], "from what was new on");
    hour("third").await;
    assert_eq!(asked(), [ago(1)], "everything before is closed and known");

    // The day closes with a payout in it: it is taken in, and passed when it is known.
    of(&|ledger| {
        ledger.closed_to = ago(1);
        ledger.pays(ago(1), 10_000);
    });
    hour("fourth").await;
    assert_eq!((asked(), records(&stage).await.len()), (vec![ago(1), ago(1), today], 2));
    hour("fifth").await;
    hour("sixth").await;
    assert_eq!(asked(), [ago(1), today, today]);

    // What is added to a day that was empty is found when all days are listed: once a day, and when a person asks.
    of(&|ledger| ledger.pays(ago(7), 5_000));
    assert_eq!(payouts.fetch(&merchant, FLOW, deadline).await, Ok(1));
    assert_eq!(records(&stage).await.len(), 3);
}
