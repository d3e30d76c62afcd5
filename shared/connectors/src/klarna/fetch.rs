//! Asking Klarna (or Kustom) for payouts and for the transactions of one.

use std::io::Write;

use async_trait::async_trait;
use domain::Failure;
use jiff::civil::Date;
use serde::Deserialize;

use super::wire::Payout as WirePayout;
use super::{Klarna, MANIFEST};
use crate::acquirer::{self, Acquirer, MOST_PAGES, Payout, PayoutPage, page_number, plain_id, went_on};
use crate::figures;
use crate::http::{Complaint, Request, Transport};
use crate::json::{List, Text, read_answer, rejected};
use crate::manifest::{Authentication, Manifest, RateLimit};

/// How Klarna's settlements are reached. Kustom serves the same at an address of its own.
pub const CONNECTION: Manifest = Manifest {
    system: MANIFEST.system,
    surfaces: &[("main", "https://api.klarna.com")],
    authentication: Authentication::Basic { user: "user", password: "password" },
    secrets: &["user", "password"],
    rate: RateLimit { units: 20, window_seconds: 1, per_day: None, cost_header: None },
    timeout_seconds: 30,
    response_limit: 8 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &[
        "A payout that is listed is taken as complete; one whose transactions do not make up its totals is refused.",
        "No limit of calls is documented; twenty a second are reckoned with.",
    ],
};

/// Entries on a page, the most that may be asked for.
const PAGE: u64 = 500;

#[derive(Deserialize)]
struct Payouts<'a> {
    #[serde(borrow)]
    payouts: Vec<WirePayout<'a>>,
    #[serde(borrow, default)]
    pagination: Option<Pagination<'a>>,
}

#[derive(Deserialize)]
struct Transactions<'a> {
    transactions: Vec<serde::de::IgnoredAny>,
    #[serde(borrow, default)]
    pagination: Option<Pagination<'a>>,
}

/// Where a page stands in its list: how many there are in all, or the address of what follows.
#[derive(Deserialize)]
struct Pagination<'a> {
    #[serde(default)]
    total: Option<u64>,
    #[serde(borrow, default)]
    next: Text<'a>,
}

/// Where the list goes on behind so many entries from `offset` on.
fn next(pagination: Option<&Pagination<'_>>, offset: u64, entries: usize) -> Result<Option<u64>, Failure> {
    let behind = offset.saturating_add(u64::try_from(entries).unwrap_or(u64::MAX));
    let more = pagination.is_some_and(|pagination| match pagination.total {
        Some(total) => behind < total,
        None => pagination.next.given().is_some(),
    });
    went_on(more.then_some(behind), entries == 0)
}

#[async_trait]
impl Acquirer for Klarna {
    fn connection(&self) -> &'static Manifest {
        &CONNECTION
    }

    async fn payouts(
        &self,
        transport: &dyn Transport,
        _account: &str,
        from: Date,
        to: Date,
        page: Option<&str>,
    ) -> Result<PayoutPage, Failure> {
        let offset = page_number(page, 0_u64)?;
        let request = Request::get("/settlements/v1/payouts")
            .query("start_date", format!("{from}T00:00:00Z"))
            .query("end_date", format!("{to}T23:59:59Z"))
            .query("size", PAGE.to_string())
            .query("offset", offset.to_string());
        let text = acquirer::ask(transport, request, complaint).await?;
        let found: Payouts<'_> = read_answer("the list of payouts", &text)?;
        let next = next(found.pagination.as_ref(), offset, found.payouts.len())?;
        Ok(PayoutPage::of_each(&found.payouts, listed, next.map(|offset| offset.to_string())))
    }

    async fn fetch(
        &self,
        transport: &dyn Transport,
        _account: &str,
        payout: &Payout,
        into: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        let payout = plain_id(&payout.id)?;
        let request = Request::get(format!("/settlements/v1/payouts/{payout}"));
        let text = acquirer::ask(transport, request, complaint).await?;
        acquirer::keep(into, &text)?;
        let mut offset = 0;
        for _ in 0..MOST_PAGES {
            let request = Request::get("/settlements/v1/transactions")
                .query("payment_reference", payout)
                .query("size", PAGE.to_string())
                .query("offset", offset.to_string());
            let text = acquirer::ask(transport, request, complaint).await?;
            acquirer::keep(into, &text)?;
            let page: Transactions<'_> = read_answer("the transactions", &text)?;
            match next(page.pagination.as_ref(), offset, page.transactions.len())? {
                Some(behind) => offset = behind,
                None => return Ok(()),
            }
        }
        Err(acquirer::endless())
    }
}

fn listed(payout: &WirePayout<'_>) -> Result<Payout, Failure> {
    let unreadable = || rejected("unreadable", "a payout without a readable amount");
    let currency = figures::currency(&payout.currency_code).ok_or_else(unreadable)?;
    let amount = figures::from_smallest_units(payout.totals.settlement_amount, currency);
    Ok(Payout {
        id: plain_id(&payout.payment_reference)?.to_owned(),
        account: payout.merchant_id.given().map(str::to_owned),
        on: figures::iso_day(&payout.payout_date),
        amount: amount.ok_or_else(unreadable)?,
        reckoned: false,
        complete: true,
    })
}

fn complaint(text: &str) -> Complaint {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, default)]
        error_code: Text<'a>,
        #[serde(borrow, default)]
        error_messages: List<Text<'a>>,
    }
    match read_answer::<Body<'_>>("the complaint", text) {
        Ok(body) => Complaint {
            code: body.error_code.given().map(str::to_owned),
            message: body.error_messages.0.iter().map(Text::trimmed).collect::<Vec<_>>().join("; "),
        },
        Err(_) => Complaint::default(),
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::acquirer::testing::{
        self, ACCOUNT, called, contract, day, documents, fetched, keeps_to_its_path, words,
    };
    use crate::scripted::{Script, word};

    const ORIGINAL: &str = include_str!("fixtures/payout.json");

    fn payout() -> Payout {
        let payout = testing::payout("XISA93DJ", "2026-02-09", "611.50", "SEK");
        Payout { account: Some("K501234".to_owned()), ..payout }
    }

    #[test]
    fn a_payout_is_fetched_page_by_page_and_reads_as_its_original() {
        let [head, first, second] = documents(ORIGINAL).try_into().expect("three documents");
        let script = Script::default()
            .read(&["/settlements/v1/payouts/XISA93DJ"], 200, head)
            .read(&["/settlements/v1/transactions", "XISA93DJ", "(\"offset\", \"0\")"], 200, first)
            .read(&["/settlements/v1/transactions", "(\"offset\", \"4\")"], 200, second);
        assert_eq!(fetched(&Klarna, script, &payout(), 3), 8);
    }

    #[test]
    fn payouts_are_listed_with_the_account_that_their_originals_name() {
        let [head, _, _] = documents(ORIGINAL).try_into().expect("three documents");
        let list = |total: u32| {
            format!(
                "{{\"payouts\":[{head}],\"pagination\":{{\"count\":1,\"total\":{total},\"offset\":500}}}}"
            )
        };
        let script = Script::default()
            .read(&["2026-02-01T00:00:00Z", "2026-02-15T23:59:59Z", "(\"offset\", \"500\")"], 200, list(502))
            .read(&["(\"offset\", \"501\")"], 200, list(502));
        let list = |page| {
            block_on(Klarna.payouts(&script, ACCOUNT, day("2026-02-01"), day("2026-02-15"), page))
                .expect("listed")
        };
        let (first, last) = (list(Some("500")), list(Some("501")));
        assert_eq!(first.payouts, [payout()]);
        assert_eq!(words(&first), ["XISA93DJ 2026-02-09 611.50 complete"]);
        assert_eq!((first.next.as_deref(), last.next.as_deref()), (Some("501"), None));
    }

    #[test]
    fn a_list_that_promises_more_and_gives_nothing_ends_in_a_failure() {
        let [head, _, _] = documents(ORIGINAL).try_into().expect("three documents");
        let nothing = r#"{"transactions":[],"pagination":{"count":0,"total":8,"offset":0}}"#;
        let script = Script::default().read(&[], 200, head).read(&[], 200, nothing);
        assert_eq!(
            word(&block_on(Klarna.fetch(&script, ACCOUNT, &called("XISA93DJ"), &mut Vec::new()))),
            "rejected"
        );
    }

    #[test]
    fn what_klarna_refuses_is_said() {
        let body = r#"{"error_code":"BAD_REQUEST","error_messages":["start_date","is wrong"],"correlation_id":"2fe0311b"}"#;
        let script = Script::default().read(&[], 400, body);
        let refused = block_on(Klarna.payouts(&script, ACCOUNT, day("2026-02-01"), day("2026-02-01"), None));
        let said = Failure::Rejected {
            code: Some("BAD_REQUEST".to_owned()),
            message: "status 400: start_date; is wrong".to_owned(),
        };
        assert_eq!(refused, Err(said));
    }

    #[test]
    fn an_id_cannot_leave_its_path() {
        keeps_to_its_path(&Klarna);
    }

    #[test]
    fn the_vendors_samples_are_listed_and_its_description_knows_what_is_asked() {
        let Some(sample) = contract("acquirers/klarna/SettlementsGetAllPayoutsResponse.json") else { return };
        let script = Script::default().read(&[], 200, sample);
        let page = block_on(Klarna.payouts(&script, ACCOUNT, day("2016-12-01"), day("2016-12-31"), None));
        let page = page.expect("listed");
        assert_eq!(words(&page), ["XISA93DJ 2016-12-14 5.50 complete"]);
        assert_eq!((page.payouts[0].account.as_deref(), page.next.as_deref()), (Some("string"), Some("1")));
        let [asked] = script.finish().try_into().expect("one call");
        let description = contract("acquirers/klarna/settlements-api.openapi.yml").expect("it is there");
        let listing = description.split_once("\n  /payouts:").expect("the path").1;
        let listing = listing.split_once("operationId").expect("its end").0;
        for (name, _) in &asked.query {
            assert!(listing.contains(&format!("name: {name}\n")), "{name}");
        }
        assert!(description.contains("  - url: https://api.klarna.com/settlements/v1\n"));
    }
}
