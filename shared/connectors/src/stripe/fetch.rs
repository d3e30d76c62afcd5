//! Asking Stripe for payouts and for the balance transactions of one.

use std::io::Write;

use async_trait::async_trait;
use domain::Failure;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::wire::{Payout as WirePayout, Payouts};
use super::{Stripe, map};
use crate::acquirer::{self, Acquirer, MOST_PAGES, Payout, PayoutPage, plain_id};
use crate::figures;
use crate::http::{Complaint, Request, Transport};
use crate::json::{Text, read_answer, rejected};
use crate::manifest::{Authentication, Manifest, RateLimit};

/// How Stripe's API is reached.
pub const CONNECTION: Manifest = Manifest {
    system: "stripe",
    surfaces: &[("main", "https://api.stripe.com")],
    // The secret is the whole value of the header: `Bearer rk_live_...`. A restricted key that may read payouts, balance
    // transactions, charges, refunds and disputes is enough.
    authentication: Authentication::Headers(&[("authorization", "authorization")]),
    secrets: &["authorization"],
    rate: RateLimit { units: 20, window_seconds: 1, per_day: None, cost_header: None },
    timeout_seconds: 30,
    response_limit: 8 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &["Only automatic payouts can be asked for their transactions."],
};

#[async_trait]
impl Acquirer for Stripe {
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
        let mut request = Request::get("/v1/payouts")
            .query("limit", "100")
            .query("arrival_date[gte]", seconds(from)?)
            .query("arrival_date[lte]", seconds(to)?);
        if let Some(last) = page {
            request = request.query("starting_after", last);
        }
        let text = acquirer::ask(transport, request, complaint).await?;
        let found: Payouts<'_> = read_answer("the list of payouts", &text)?;
        let next = found.data.last().filter(|_| found.has_more).map(|last| last.id.clone().into_owned());
        Ok(PayoutPage::of_each(&found.data, listed, next))
    }

    async fn fetch(
        &self,
        transport: &dyn Transport,
        _account: &str,
        payout: &Payout,
        into: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        let payout = plain_id(&payout.id)?;
        let text = acquirer::ask(transport, Request::get(format!("/v1/payouts/{payout}")), complaint).await?;
        acquirer::keep(into, &text)?;
        let mut last: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut request = Request::get("/v1/balance_transactions")
                .query("payout", payout)
                .query("limit", "100")
                .query("expand[]", "data.source");
            if let Some(last) = &last {
                request = request.query("starting_after", last.as_str());
            }
            let text = acquirer::ask(transport, request, complaint).await?;
            acquirer::keep(into, &text)?;
            let page: LastOf<'_> = read_answer("the balance transactions", &text)?;
            if !page.has_more {
                return Ok(());
            }
            let id = page.data.last().map(|last| last.id.owned()).filter(|id| !id.is_empty());
            last = Some(id.ok_or_else(|| rejected("unreadable", "a page that goes on without an item"))?);
        }
        Err(acquirer::endless())
    }
}

fn listed(payout: &WirePayout<'_>) -> Result<Payout, Failure> {
    let unreadable = || rejected("unreadable", "a payout without a readable amount");
    let currency = figures::currency(&payout.currency).ok_or_else(unreadable)?;
    let arrives = payout.arrival_date.and_then(figures::instant_of_seconds);
    Ok(Payout {
        id: payout.id.clone().into_owned(),
        account: None,
        on: arrives.map(|instant| TimeZone::UTC.to_datetime(instant).date()),
        amount: map::money(payout.amount, currency, 0).map_err(|_| unreadable())?,
        reckoned: false,
        complete: payout.automatic.0
            && payout.reconciliation_status.trimmed() == "completed"
            && matches!(payout.status.trimmed(), "paid" | "in_transit"),
    })
}

/// The end of a page.
#[derive(Deserialize)]
struct LastOf<'a> {
    has_more: bool,
    #[serde(borrow)]
    data: Vec<Item<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    id: Text<'a>,
}

fn seconds(day: Date) -> Result<String, Failure> {
    let midnight = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0));
    midnight
        .map(|instant| instant.as_second().to_string())
        .map_err(|_| rejected("unreadable", "a day out of range"))
}

pub(super) fn complaint(text: &str) -> Complaint {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        error: Said<'a>,
    }
    #[derive(Deserialize)]
    struct Said<'a> {
        #[serde(borrow, default)]
        code: Text<'a>,
        #[serde(borrow, default)]
        message: Text<'a>,
    }
    match read_answer::<Body<'_>>("the complaint", text) {
        Ok(Body { error }) => {
            Complaint { code: error.code.given().map(str::to_owned), message: error.message.owned() }
        }
        Err(_) => Complaint::default(),
    }
}

#[cfg(test)]
mod tests {
    use domain::settlement::{Settlements, Source, Standing};
    use futures::executor::block_on;

    use super::*;
    use crate::acquirer::testing::{ACCOUNT, called};
    use crate::report::{self, ReadingContext};
    use crate::scripted::Script;

    const ORIGINAL: &str = include_str!("fixtures/payout_api.json");

    fn documents() -> Vec<String> {
        let mut found = Vec::new();
        let mut source = ORIGINAL.as_bytes();
        crate::pages::documents(&mut source, &mut |_, text| {
            found.push(text.to_owned());
            Ok(())
        })
        .expect("documents");
        found
    }

    #[test]
    fn a_payout_is_fetched_page_by_page_and_reads_as_its_original() {
        let [payout, first, second] = documents().try_into().expect("three documents");
        let script = Script::default()
            .read(&["/v1/payouts/po_2"], 200, payout)
            .read(&["/v1/balance_transactions", "po_2", "data.source"], 200, first)
            .read(&["starting_after", "txn_2"], 200, second);
        let mut kept = Vec::new();
        block_on(Stripe.fetch(&script, ACCOUNT, &called("po_2"), &mut kept)).expect("fetched");
        assert_eq!(script.finish().len(), 3);
        let mut settlements = Settlements::from_source(Source::default());
        report::read(&Stripe, &mut kept.as_slice(), &ReadingContext::default(), &mut settlements)
            .expect("read");
        let batches = settlements.into_batches();
        assert_eq!(batches[0].check().standing, Standing::Balanced);
        assert_eq!(batches[0].len(), 6);
    }

    #[test]
    fn payouts_are_listed_and_only_complete_ones_can_be_fetched() {
        let list = r#"{"object":"list","has_more":true,"data":[
            {"id":"po_2","object":"payout","amount":16000,"arrival_date":1789603200,"automatic":true,"currency":"dkk","reconciliation_status":"completed","status":"paid"},
            {"id":"po_x","object":"payout","amount":1,"arrival_date":1789603200,"automatic":true,"currency":"?","reconciliation_status":"completed","status":"paid"},
            {"id":"po_3","object":"payout","amount":-500,"arrival_date":1789689600,"automatic":true,"currency":"dkk","reconciliation_status":"in_progress","status":"pending"}]}"#;
        let script = Script::default().read(&["/v1/payouts", "arrival_date[gte]", "1789516800"], 200, list);
        let from = "2026-09-16".parse().expect("a day");
        let page = block_on(Stripe.payouts(&script, ACCOUNT, from, from, None)).expect("listed");
        let found: Vec<String> = page
            .payouts
            .iter()
            .map(|payout| format!("{} {} {}", payout.id, payout.amount, payout.complete))
            .collect();
        assert_eq!(found, ["po_2 160.00 true", "po_3 -5.00 false"]);
        assert_eq!(page.refused.len(), 1, "one that cannot be read keeps none of the others back");
        assert_eq!(page.next.as_deref(), Some("po_3"));
        assert_eq!(page.payouts[0].on.map(|day| day.to_string()).as_deref(), Some("2026-09-17"));
    }

    #[test]
    fn an_id_cannot_leave_its_path() {
        let script = Script::default();
        let refused = block_on(Stripe.fetch(&script, ACCOUNT, &called("../v1/charges"), &mut Vec::new()));
        assert!(matches!(refused, Err(Failure::Rejected { .. })), "{refused:?}");
        assert!(script.finish().is_empty());
    }
}
