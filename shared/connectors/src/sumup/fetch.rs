//! Asking SumUp for its payout records.
//!
//! The list has no payouts, only records with a day and, as a rule, a reference: records of one reference, or of one day where there is
//! none, are a payout, as the reader takes them. The original of a payout is what the list answers for its day.

use std::collections::BTreeMap;
use std::io::Write;

use async_trait::async_trait;
use domain::money::Currency;
use domain::{Failure, Money};
use jiff::civil::Date;
use serde::Deserialize;

use super::wire::Record;
use super::{MANIFEST, SumUp, map};
use crate::acquirer::{self, Acquirer, Payout, PayoutPage, plain_id};
use crate::figures;
use crate::http::{Complaint, Request, Transport};
use crate::json::{Text, read_answer, rejected};
use crate::manifest::{Authentication, Manifest, RateLimit};

/// How SumUp's API is reached.
pub const CONNECTION: Manifest = Manifest {
    system: MANIFEST.system,
    surfaces: &[("main", "https://api.sumup.com")],
    // The secret is the whole value of the header: `Bearer sup_sk_...`, a key of the merchant whose code is the connection's account.
    authentication: Authentication::Headers(&[("authorization", "authorization")]),
    secrets: &["authorization"],
    rate: RateLimit { units: 20, window_seconds: 1, per_day: None, cost_header: None },
    timeout_seconds: 30,
    response_limit: 8 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &[
        "Records of one reference are of one day, and none is added once all of them were successful.",
        "No limit of calls is documented; twenty a second are reckoned with.",
    ],
};

/// Records of one answer, the most that may be asked for.
const MOST: usize = 9_999;

#[async_trait]
impl Acquirer for SumUp {
    fn connection(&self) -> &'static Manifest {
        &CONNECTION
    }

    async fn payouts(
        &self,
        transport: &dyn Transport,
        account: &str,
        from: Date,
        to: Date,
        page: Option<&str>,
    ) -> Result<PayoutPage, Failure> {
        let from = match page {
            Some(page) => day(page)?,
            None => from,
        };
        let text = ask(transport, account, from, to).await?;
        let records: Vec<Record<'_>> = read_answer("the list of payouts", &text)?;
        let mut found: BTreeMap<(Date, String, Currency), Payout> = BTreeMap::new();
        for record in &records {
            let (key, part) = listed(record)?;
            match found.entry(key) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(part);
                }
                std::collections::btree_map::Entry::Occupied(mut known) => {
                    let known = known.get_mut();
                    known.amount = known.amount.plus(part.amount).map_err(|_| unreadable("amount"))?;
                    known.complete &= part.complete;
                }
            }
        }
        // An answer that is full may have cut its last day: it goes on with the whole of that day.
        let (mut next, mut refused) = (None, Vec::new());
        if records.len() >= MOST {
            let mut last = found.keys().map(|(day, ..)| *day).max().unwrap_or(from);
            found.retain(|(day, ..), _| *day < last);
            if last <= from {
                refused.push(rejected("too-large", format!("{from} has more than {MOST} payout records")));
                last = from.tomorrow().map_err(|_| unreadable("date"))?;
            }
            next = (last <= to).then(|| last.to_string());
        }
        Ok(PayoutPage { payouts: found.into_values().collect(), next, closed: None, refused })
    }

    async fn fetch(
        &self,
        transport: &dyn Transport,
        account: &str,
        payout: &Payout,
        into: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        let day = payout.on.ok_or_else(|| unreadable("date"))?;
        let text = ask(transport, account, day, day).await?;
        let records: Vec<Record<'_>> = read_answer("the list of payouts", &text)?;
        if records.len() >= MOST {
            return Err(rejected("too-large", format!("{day} has more than {MOST} payout records")));
        }
        let mut ids = records.iter().map(|record| batch(record, day));
        if !ids.any(|id| id == payout.id) {
            return Err(rejected("not-found", format!("{day} has no records of this payout")));
        }
        acquirer::keep(into, &text)
    }
}

/// The records of these days, both included.
async fn ask(transport: &dyn Transport, merchant: &str, from: Date, to: Date) -> Result<String, Failure> {
    let merchant = plain_id(merchant)?;
    let request = Request::get(format!("/v1.0/merchants/{merchant}/payouts"))
        .query("start_date", from.to_string())
        .query("end_date", to.to_string())
        .query("format", "json")
        .query("order", "asc")
        .query("limit", MOST.to_string());
    acquirer::ask(transport, request, complaint).await
}

/// What a record is of, as the reader takes it.
fn batch(record: &Record<'_>, day: Date) -> String {
    record.reference.given().map_or_else(|| day.to_string(), str::to_owned)
}

/// A record as a part of its payout.
fn listed(record: &Record<'_>) -> Result<((Date, String, Currency), Payout), Failure> {
    let on = day(&record.date)?;
    let currency = figures::currency(&record.currency).ok_or_else(|| unreadable("currency"))?;
    let amount = record.amount.0.ok_or_else(|| unreadable("amount"))?;
    let amount = Money::from_decimal(amount, currency).map_err(|_| unreadable("amount"))?;
    let amount = map::signed(&record.kind, amount).map_err(|_| unreadable("amount"))?;
    let id = batch(record, on);
    let payout = Payout {
        id: id.clone(),
        account: None,
        on: Some(on),
        amount,
        reckoned: true,
        complete: record.status.trimmed() == map::PAID_OUT,
    };
    Ok(((on, id, currency), payout))
}

fn day(text: &str) -> Result<Date, Failure> {
    figures::day(text, super::DAY).ok_or_else(|| unreadable("date"))
}

fn unreadable(what: &str) -> Failure {
    rejected("unreadable", format!("a payout record without a readable {what}"))
}

/// SumUp complains in a list of errors, or in one problem.
fn complaint(text: &str) -> Complaint {
    #[derive(Default, Deserialize)]
    struct Said<'a> {
        #[serde(borrow, default)]
        error_code: Text<'a>,
        #[serde(borrow, default)]
        message: Text<'a>,
        #[serde(borrow, default)]
        title: Text<'a>,
        #[serde(borrow, default)]
        detail: Text<'a>,
    }
    let said = if text.trim_start().starts_with('[') {
        let errors: Vec<Said<'_>> = read_answer("the complaint", text).unwrap_or_default();
        errors.into_iter().next().unwrap_or_default()
    } else {
        read_answer("the complaint", text).unwrap_or_default()
    };
    let first = |texts: [&Text<'_>; 2]| texts.into_iter().find_map(|text| text.given().map(str::to_owned));
    Complaint {
        code: first([&said.error_code, &said.title]),
        message: first([&said.message, &said.detail]).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use domain::settlement::Standing;
    use futures::executor::block_on;

    use super::*;
    use crate::acquirer::testing::{self, ACCOUNT, contract, day as on, read_back, words};
    use crate::scripted::{Script, word};

    const ORIGINAL: &str = include_str!("fixtures/payouts.json");

    fn record(date: &str, reference: &str, kind: &str, amount: &str, currency: &str, status: &str) -> String {
        format!(
            "{{\"id\":1,\"type\":\"{kind}\",\"amount\":{amount},\"date\":\"{date}\",\"currency\":\"{currency}\",\"fee\":0,\"status\":\"{status}\",\"reference\":\"{reference}\",\"transaction_code\":\"T\"}}"
        )
    }

    fn answer(records: &[String]) -> String {
        format!("[{}]", records.join(","))
    }

    fn list(script: &Script, page: Option<&str>) -> Result<PayoutPage, Failure> {
        block_on(SumUp.payouts(script, ACCOUNT, on("2026-02-01"), on("2026-02-20"), page))
    }

    fn only_listed() -> Payout {
        let script = Script::default().read(&[], 200, ORIGINAL);
        let page = list(&script, None).expect("listed");
        let [payout] = page.payouts.try_into().expect("one payout");
        payout
    }

    #[test]
    fn records_of_a_reference_are_listed_as_a_payout_and_fetched_by_its_day() {
        let payout = only_listed();
        assert_eq!(
            words(&PayoutPage { payouts: vec![payout.clone()], ..PayoutPage::default() }),
            ["payout-2026-02-06 2026-02-06 469.73 complete"]
        );
        let script = Script::default().read(
            &[
                "/v1.0/merchants/302321/payouts",
                "(\"start_date\", \"2026-02-06\")",
                "(\"end_date\", \"2026-02-06\")",
            ],
            200,
            ORIGINAL,
        );
        // The records state no totals, and their sum is no proof of themselves: the bank confirms.
        assert_eq!(read_back(&SumUp, script, &payout, 1), (Standing::Unconfirmed, 4));
        assert!(payout.reckoned);
    }

    #[test]
    fn days_without_reference_currencies_and_what_is_not_paid_yet_are_told_apart() {
        let records = [
            record("2026-02-06", "", "PAYOUT", "10.50", "DKK", "SUCCESSFUL"),
            record("2026-02-06", "", "REFUND_DEDUCTION", "3.00", "DKK", "SUCCESSFUL"),
            record("2026-02-06", "", "PAYOUT", "7.00", "EUR", "SUCCESSFUL"),
            record("2026-02-06", "p-1", "PAYOUT", "1.00", "DKK", "SUCCESSFUL"),
            record("2026-02-07", "", "PAYOUT", "2.00", "DKK", "SUCCESSFUL"),
            record("2026-02-07", "", "PAYOUT", "2.00", "DKK", "FAILED"),
        ];
        let script =
            Script::default().read(&["(\"start_date\", \"2026-02-01\")", "\"9999\""], 200, answer(&records));
        let page = list(&script, None).expect("listed");
        assert_eq!(
            words(&page),
            [
                "2026-02-06 2026-02-06 7.50 complete",
                "2026-02-06 2026-02-06 7.00 complete",
                "p-1 2026-02-06 1.00 complete",
                "2026-02-07 2026-02-07 4.00 open",
            ]
        );
        assert_eq!(page.next, None);
    }

    #[test]
    fn an_answer_that_is_full_goes_on_with_the_whole_of_its_last_day() {
        let mut records = vec![record("2026-02-05", "", "PAYOUT", "1.00", "DKK", "SUCCESSFUL"); MOST - 1];
        records.push(record("2026-02-06", "", "PAYOUT", "1.00", "DKK", "SUCCESSFUL"));
        let rest = vec![record("2026-02-06", "", "PAYOUT", "1.00", "DKK", "SUCCESSFUL"); 2];
        let script = Script::default()
            .read(&["(\"start_date\", \"2026-02-01\")"], 200, answer(&records))
            .read(&["(\"start_date\", \"2026-02-06\")"], 200, answer(&rest));
        let first = list(&script, None).expect("listed");
        assert_eq!(words(&first), ["2026-02-05 2026-02-05 9998.00 complete"]);
        let last = list(&script, first.next.as_deref()).expect("listed");
        assert_eq!(words(&last), ["2026-02-06 2026-02-06 2.00 complete"]);
        assert_eq!(last.next, None);
        // A day that alone is too much is never read in part.
        let whole = vec![record("2026-02-06", "", "PAYOUT", "1.00", "DKK", "SUCCESSFUL"); MOST];
        let script = Script::default().read(&[], 200, answer(&whole)).read(&[], 200, answer(&whole));
        let page = list(&script, Some("2026-02-06")).expect("the days behind it are listed");
        assert!(matches!(page.refused.as_slice(), [Failure::Rejected { .. }]), "{page:?}");
        assert_eq!((page.payouts.len(), page.next.as_deref()), (0, Some("2026-02-07")));
        let payout = testing::payout("2026-02-06", "2026-02-06", "1.00", "DKK");
        assert_eq!(word(&block_on(SumUp.fetch(&script, ACCOUNT, &payout, &mut Vec::new()))), "rejected");
    }

    #[test]
    fn what_the_day_does_not_have_is_not_kept() {
        let payout = testing::payout("payout-2026-02-05", "2026-02-06", "1.00", "DKK");
        let script = Script::default().read(&[], 200, ORIGINAL);
        let mut kept = Vec::new();
        assert_eq!(word(&block_on(SumUp.fetch(&script, ACCOUNT, &payout, &mut kept))), "rejected");
        assert!(kept.is_empty());
    }

    #[test]
    fn the_merchants_code_cannot_leave_its_path() {
        for code in ["", "../me", "a/b", "a?b"] {
            let script = Script::default();
            let asked = block_on(SumUp.payouts(&script, code, on("2026-02-01"), on("2026-02-20"), None));
            assert_eq!(word(&asked), "rejected", "{code}");
            assert!(script.finish().is_empty());
        }
    }

    #[test]
    fn what_sumup_refuses_is_said() {
        for (status, body, said) in [
            (400, r#"[{"error_code":"INVALID","message":"negative date range"}]"#, "negative date range"),
            (401, r#"{"detail":"Unauthorized.","status":401,"title":"Unauthorized"}"#, "Unauthorized."),
        ] {
            let script = Script::default().read(&[], status, body);
            let refused = list(&script, None).expect_err("it is refused").to_string();
            assert!(refused.contains(said), "{refused}");
        }
    }

    #[test]
    fn the_vendors_own_example_is_listed_and_read() {
        let Some(document) = contract("acquirers/sumup/sumup-payouts.cut.openapi.json") else { return };
        let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
        let path = &document["paths"]["/v1.0/merchants/{merchant_code}/payouts"]["get"];
        let example = path["responses"]["200"]["content"]["application/json"]["example"].to_string();
        let script = Script::default().read(&[], 200, example.clone());
        let page = block_on(SumUp.payouts(&script, ACCOUNT, on("2024-02-01"), on("2024-02-29"), None));
        let page = page.expect("listed");
        assert_eq!(words(&page), ["payout-2024-02-29 2024-02-29 132.45 complete"]);
        let script = Script::default().read(&[], 200, example);
        assert_eq!(read_back(&SumUp, script, &page.payouts[0], 1), (Standing::Unconfirmed, 1));
    }
}
