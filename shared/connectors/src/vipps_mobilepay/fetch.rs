//! Asking Vipps MobilePay for the dates of a ledger of funds.
//!
//! A date is a batch: what moved the balance from the closing of the date before to its own, and what was scheduled for payout in it.
//! The ledger is the connection's account, so keys that open the ledgers of several merchants read this one's alone.

use std::io::Write;

use async_trait::async_trait;
use domain::{Failure, Money};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use super::wire::Page;
use super::{MANIFEST, VippsMobilePay, map};
use crate::acquirer::{self, Acquirer, MOST_PAGES, Payout, PayoutPage, plain_id, went_on};
use crate::figures;
use crate::http::{Call, Complaint, Request, Transport, accept, json_text};
use crate::json::{Text, read_answer, rejected};
use crate::manifest::{Authentication, ClientCredentials, Manifest, RateLimit};
use domain::settlement::Kind;

/// How the Report API is reached: with accounting keys, which the merchant gives access to its ledger.
pub const CONNECTION: Manifest = Manifest {
    system: MANIFEST.system,
    surfaces: &[("main", "https://api.vipps.no")],
    authentication: Authentication::Token(ClientCredentials {
        surface: "main",
        path: "/miami/v1/token",
        client: "client-id",
        secret: "client-secret",
        parameters: &[],
    }),
    secrets: &["client-id", "client-secret"],
    rate: RateLimit { units: 20, window_seconds: 1, per_day: None, cost_header: None },
    timeout_seconds: 30,
    response_limit: 8 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &[
        "A date that is answered with 404 is taken as not closed yet, as the guide says; a ledger that does not exist may look the same.",
        "No limit of calls is documented; twenty a second are reckoned with.",
    ],
};

/// What is asked about a page.
#[derive(Deserialize)]
struct Going<'a> {
    #[serde(borrow, default)]
    cursor: Text<'a>,
}

#[async_trait]
impl Acquirer for VippsMobilePay {
    fn connection(&self) -> &'static Manifest {
        &CONNECTION
    }

    /// One date with each page: it is closed, or nothing behind it is.
    async fn payouts(
        &self,
        transport: &dyn Transport,
        account: &str,
        from: Date,
        to: Date,
        page: Option<&str>,
    ) -> Result<PayoutPage, Failure> {
        let date = match page {
            Some(page) => day(page)?,
            None => from,
        };
        let mut paid: Option<Money> = None;
        let closed = each_page(transport, account, date, &mut |text| {
            let page: Page<'_> = read_answer("the ledger", text)?;
            page.items.iter().try_for_each(|entry| {
                let unreadable = || rejected("unreadable", "an entry without a readable amount");
                let currency = figures::currency(&entry.currency).ok_or_else(unreadable)?;
                let amount = figures::from_smallest_units(entry.amount, currency).ok_or_else(unreadable)?;
                let taken = if map::kind(&entry.entry_type, amount) == Kind::Payout {
                    amount
                } else {
                    currency.zero()
                };
                let sum = paid.unwrap_or_else(|| currency.zero()).minus(taken);
                paid = Some(sum.map_err(|_| unreadable())?);
                Ok(())
            })
        })
        .await?;
        let payout = paid.filter(|_| closed).map(|amount| Payout {
            id: date.to_string(),
            account: None,
            on: Some(date),
            amount,
            // A date is told of once it is closed, and never changes then.
            reckoned: true,
            complete: true,
        });
        let next = date.checked_add(1.day()).ok().filter(|next| closed && *next <= to);
        let next = next.map(|next| next.to_string());
        Ok(PayoutPage {
            payouts: payout.into_iter().collect(),
            next,
            closed: closed.then_some(date),
            refused: Vec::new(),
        })
    }

    async fn fetch(
        &self,
        transport: &dyn Transport,
        account: &str,
        payout: &Payout,
        into: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        let date = day(&payout.id)?;
        if each_page(transport, account, date, &mut |text| acquirer::keep(into, text)).await? {
            return Ok(());
        }
        Err(Failure::Busy { retry_after_ms: None, message: format!("{date} is not closed yet") })
    }
}

/// A ledger date; nothing else stands in a path.
fn day(text: &str) -> Result<Date, Failure> {
    figures::day(text, "%Y-%m-%d")
        .filter(|date| date.to_string() == text)
        .ok_or_else(|| rejected("unreadable", "the payout's id is not a day"))
}

/// Hands over each page of a ledger date. False: it is not closed yet.
async fn each_page(
    transport: &dyn Transport,
    ledger: &str,
    date: Date,
    take: &mut (dyn FnMut(&str) -> Result<(), Failure> + Send),
) -> Result<bool, Failure> {
    let ledger = plain_id(ledger)?;
    let mut cursor: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let mut request = Request::get(format!("/report/v2/ledgers/{ledger}/funds/dates/{date}"));
        if let Some(cursor) = &cursor {
            request = request.query("cursor", cursor.as_str());
        }
        let response = transport.read(request).await?;
        if response.status == 404 && cursor.is_none() {
            return Ok(false);
        }
        accept(Call::Read, &response, complaint)?;
        let text = json_text(Call::Read, &response)?;
        let page: Page<'_> = read_answer("the ledger", text)?;
        if page.try_later {
            return Ok(false);
        }
        take(text)?;
        if !page.has_more {
            return Ok(true);
        }
        let going: Going<'_> = read_answer("the ledger", text)?;
        let next = going.cursor.given().map(str::to_owned);
        let next = next.ok_or_else(|| rejected("unreadable", "a page that goes on without a cursor"))?;
        cursor = went_on(Some(next), page.items.is_empty())?;
    }
    Err(acquirer::endless())
}

fn complaint(text: &str) -> Complaint {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        #[serde(borrow, default)]
        title: Text<'a>,
        #[serde(borrow, default)]
        detail: Text<'a>,
        #[serde(borrow, default)]
        code: Text<'a>,
        #[serde(borrow, default)]
        message: Text<'a>,
        #[serde(borrow, default)]
        error_code: Text<'a>,
        #[serde(borrow, default)]
        error_message: Text<'a>,
    }
    let Ok(body) = read_answer::<Body<'_>>("the complaint", text) else { return Complaint::default() };
    let first = |texts: [&Text<'_>; 3]| texts.into_iter().find_map(|text| text.given().map(str::to_owned));
    Complaint {
        code: first([&body.code, &body.error_code, &body.title]),
        message: first([&body.detail, &body.message, &body.error_message]).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::acquirer::testing::{
        self, ACCOUNT, called, contract, documents, fetched, keeps_to_its_path, words,
    };
    use crate::scripted::{Script, word};

    const ORIGINAL: &str = include_str!("fixtures/funds_2026-02-06.json");
    const NOT_CLOSED: &str = r#"{"items":[],"tryLater":true}"#;

    fn payout() -> Payout {
        Payout { reckoned: true, ..testing::payout("2026-02-06", "2026-02-06", "288.00", "DKK") }
    }

    fn list(script: &Script, page: Option<&str>) -> Result<PayoutPage, Failure> {
        let (from, to) = (testing::day("2026-02-06"), testing::day("2026-02-08"));
        block_on(VippsMobilePay.payouts(script, ACCOUNT, from, to, page))
    }

    #[test]
    fn a_date_is_fetched_page_by_page_and_reads_as_its_original() {
        let [first, second] = documents(ORIGINAL).try_into().expect("two documents");
        let script = Script::default()
            .read(&["/report/v2/ledgers/302321/funds/dates/2026-02-06 "], 200, first)
            .read(&["dates/2026-02-06 ", "(\"cursor\", \"Y3Vyc29y\")"], 200, second);
        assert_eq!(fetched(&VippsMobilePay, script, &payout(), 2), 6);
    }

    #[test]
    fn dates_are_listed_one_by_one_until_one_is_not_closed() {
        let [first, second] = documents(ORIGINAL).try_into().expect("two documents");
        let script = Script::default()
            .read(&["dates/2026-02-06 "], 200, first)
            .read(&["dates/2026-02-06 ", "cursor"], 200, second)
            .read(&["dates/2026-02-07 "], 200, r#"{"hasMore":false,"items":[]}"#)
            .read(&["dates/2026-02-08 "], 200, NOT_CLOSED);
        let first = list(&script, None).expect("listed");
        assert_eq!((&first.payouts[..], first.next.as_deref()), (&[payout()][..], Some("2026-02-07")));
        assert_eq!(words(&first), ["2026-02-06 2026-02-06 288.00 complete"]);
        let second = list(&script, Some("2026-02-07")).expect("listed");
        assert_eq!((second.payouts.len(), second.next.as_deref()), (0, Some("2026-02-08")), "nothing moved");
        let closed = [&first, &second].map(|page| page.closed.map(|day| day.to_string()));
        assert_eq!(closed, [Some("2026-02-06".to_owned()), Some("2026-02-07".to_owned())]);
        assert_eq!(list(&script, Some("2026-02-08")).expect("listed"), PayoutPage::default());
        script.finish();
    }

    #[test]
    fn a_date_that_is_not_there_yet_is_no_failure_of_the_list_and_is_not_fetched() {
        for (status, body) in [(404, "{}"), (200, NOT_CLOSED)] {
            let script = Script::default().read(&[], status, body).read(&[], status, body);
            assert_eq!(list(&script, None).expect("listed"), PayoutPage::default());
            let mut kept = Vec::new();
            assert_eq!(
                word(&block_on(VippsMobilePay.fetch(&script, ACCOUNT, &called("2026-02-06"), &mut kept))),
                "busy"
            );
            assert!(kept.is_empty());
        }
    }

    #[test]
    fn what_vipps_refuses_is_said() {
        for (status, body, expected) in [
            (
                401,
                r#"{"code":"Unauthorized","message":"Please check your API keys"}"#,
                "Please check your API keys",
            ),
            (
                400,
                r#"{"errorCode":100001,"errorMessage":"Your request parameters didn't validate."}"#,
                "didn't validate",
            ),
            (403, r#"{"title":"Forbidden","detail":"The ledger is not yours"}"#, "The ledger is not yours"),
        ] {
            let script = Script::default().read(&[], status, body);
            let said = list(&script, None).expect_err("it is refused").to_string();
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn an_id_is_a_day_and_a_ledger_keeps_to_its_path() {
        keeps_to_its_path(&VippsMobilePay);
        for id in ["2026-2-6", "2026-02-30", "2026-02-06T00"] {
            let refused =
                block_on(VippsMobilePay.fetch(&Script::default(), ACCOUNT, &called(id), &mut Vec::new()));
            assert_eq!(word(&refused), "rejected", "{id}");
        }
        for ledger in ["", "../x", "1/2"] {
            let day = testing::day("2026-02-06");
            let refused = block_on(VippsMobilePay.payouts(&Script::default(), ledger, day, day, None));
            assert_eq!(word(&refused), "rejected", "{ledger}");
        }
    }

    #[test]
    fn the_vendors_description_knows_what_is_asked() {
        let Some(description) = contract("acquirers/vipps-mobilepay/report-api-v2.openapi.yaml") else {
            return;
        };
        let path = "\"/report/v2/ledgers/{ledgerId}/{topic}/dates/{ledgerDate}\":";
        let told = description.split_once(path).expect("the path").1;
        let told = told.split_once("/feed\":").expect("its end").0;
        for part in ["name: cursor", "- funds", "404:"] {
            assert!(told.contains(part), "{part}");
        }
        for field in ["tryLater:", "hasMore:", "errorMessage:", "entryType:", "ledgerDate:"] {
            assert!(description.contains(field), "{field}");
        }
    }
}
