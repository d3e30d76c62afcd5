//! Master data: how VAT rates are reached, what settles at booking, which days are closed.

use std::collections::BTreeMap;

use super::*;
use crate::economic::master;
use domain::catalogue::{JournalTakes, MasterData};
use serde_json::value::RawValue;

/// Answers reads from a map of addresses; what is not in it does not exist. Counts the calls.
struct Agreement {
    answers: BTreeMap<String, Box<RawValue>>,
    calls: Mutex<Vec<String>>,
}

impl Agreement {
    fn new(change: impl Fn(String) -> String) -> Agreement {
        let answers = serde_json::from_str(&change(fixture("master.json"))).expect("the fixture is JSON");
        Agreement { answers, calls: Mutex::new(Vec::new()) }
    }

    fn read(&self) -> Result<MasterData, Failure> {
        run(master::read(self))
    }
}

#[async_trait]
impl Transport for Agreement {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        let line = line_of(&request);
        let address = line.trim_start_matches("GET ").to_owned();
        self.calls.lock().expect("no panic before").push(address.clone());
        let (status, body) = match self.answers.get(&address).map(|raw| raw.get()) {
            Some(items) if items.starts_with('[') && request.surface == "rest" => {
                (200, format!(r#"{{"collection":{items}}}"#))
            }
            Some(items) if items.starts_with('[') => (200, format!(r#"{{"items":{items}}}"#)),
            Some(item) => (200, item.to_owned()),
            None => (404, fixture("not-found.json")),
        };
        Ok(Response { status, headers: Vec::new(), body: body.into_bytes() })
    }

    async fn write(&self, _: &EffectKey, request: Request) -> Result<Response, Failure> {
        panic!("master data is only read: {request:?}")
    }
}

#[test]
fn rates_are_reached_through_the_sales_accounts() {
    let agreement = Agreement::new(|fixture| fixture);
    let master = agreement.read().expect("read");
    let rates: Vec<(u32, Vec<(u32, String)>)> = master
        .product_groups
        .values()
        .map(|group| {
            (group.number, group.rate_by_zone.iter().map(|(zone, rate)| (*zone, rate.to_string())).collect())
        })
        .collect();
    assert_eq!(
        rates,
        [
            // Zone 2's account stated no VAT code and was asked for; zone 3's turned out to be barred.
            (1, vec![(1, "25".to_owned()), (2, "0".to_owned())]),
            (2, vec![(1, "0".to_owned())]),
            // A barred account, and a barred VAT code: nothing can be sold.
            (3, vec![]),
        ]
    );
    assert!(master.inventory);
    assert_eq!(master.base_currency, Currency::DKK);
    assert_eq!(master.currencies, ["DKK", "EUR"]);
    assert_eq!(master.vat_zones.keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(master.layouts.keys().copied().collect::<Vec<_>>(), [19]);
    assert_eq!(master.customer_groups.len(), 1);
    let calls = agreement.calls.lock().expect("no panic before").len();
    assert_eq!(calls, 15, "eleven, one per product group, and one for the accounts that were shortened");
}

#[test]
fn journals_tell_which_entries_they_take() {
    let master = Agreement::new(|fixture| fixture).read().expect("read");
    let takes: Vec<(u32, JournalTakes)> = master.journals.into_iter().collect();
    assert_eq!(
        takes,
        [
            (1, JournalTakes::All),
            (2, JournalTakes::CustomerPayments),
            (3, JournalTakes::FinanceVouchers),
            (4, JournalTakes::Others),
        ]
    );
    // An agreement whose journals may not be read is read all the same.
    let without = Agreement::new(|fixture| fixture.replace("/journalsapi/", "/elsewhere/"));
    assert!(without.read().expect("read").journals.is_empty());
}

#[test]
fn terms_settle_by_contra_account_or_card_company() {
    let master = Agreement::new(|fixture| fixture).read().expect("read");
    let settles: Vec<(u32, bool)> =
        master.payment_terms.values().map(|term| (term.number, term.settles)).collect();
    assert_eq!(settles, [(1, false), (7, false), (8, true), (9, true), (10, false), (11, true)]);
    assert_eq!((master.payment_terms[&1].days, master.payment_terms[&7].days), (Some(8), None));
    assert_eq!(master.payment_terms[&7].kind, "dueDate");
}

#[test]
fn closed_years_and_barred_periods_are_closed() {
    let closed = |master: &MasterData| -> Vec<String> {
        master
            .periods
            .iter()
            .filter(|period| period.closed)
            .map(|period| format!("{}..{}", period.from, period.to))
            .collect()
    };
    let master = Agreement::new(|fixture| fixture).read().expect("read");
    assert_eq!(closed(&master), ["2025-01-01..2025-12-31", "2026-10-01..2026-10-31"]);
    assert_eq!(master.periods.len(), 4);

    // Without the service for periods, the legacy surface's open years are read.
    let master = Agreement::new(|fixture| {
        fixture
            .replace(
                "openapi:/accountingyearsapi/v2.0.1/accountingYears/periods",
                "/accounting-years/2026/periods",
            )
            .replace(
                r#""dateFrom": "2026-10-01T00:00:00", "dateTo": "2026-10-31T00:00:00""#,
                r#""fromDate": "2026-10-01", "toDate": "2026-10-31", "closed": true"#,
            )
            .replace(
                r#""dateFrom": "2026-11-01T00:00:00Z", "dateTo": "2026-11-30T00:00:00Z""#,
                r#""fromDate": "2026-11-01", "toDate": "2026-11-30""#,
            )
    })
    .read()
    .expect("read");
    assert_eq!(closed(&master), ["2025-01-01..2025-12-31", "2026-10-01..2026-10-31"]);
}

#[test]
fn an_agreement_that_cannot_be_read_is_told() {
    let unknown =
        Agreement::new(|fixture| fixture.replace(r#""baseCurrency": "DKK""#, r#""baseCurrency": "XYZ""#));
    assert_eq!(refusal(unknown.read()).0, "unknown-currency");
    let shapeless = Agreement::new(|fixture| {
        fixture.replace(r#""paymentTermsNumber": 7"#, r#""paymentTermsNumber": "7""#)
    });
    let (code, message) = refusal(shapeless.read());
    assert_eq!(code, "unreadable");
    assert!(message.contains("/payment-terms"), "{message}");
}
