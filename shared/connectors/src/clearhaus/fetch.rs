//! Asking Clearhaus for settlements and for the transactions of one.
//!
//! The Merchant API wants its links followed. Of a link only path and query are used: a credential goes nowhere but to the
//! connection's own address.

use std::io::Write;

use async_trait::async_trait;
use domain::Failure;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use super::wire::{Document, Link, Settlement};
use super::{Clearhaus, MANIFEST};
use crate::acquirer::{self, Acquirer, MOST_PAGES, Payout, PayoutPage, page_number, plain_id, went_on};
use crate::figures;
use crate::http::{Complaint, Request, Transport};
use crate::json::{Text, read_answer, rejected};
use crate::manifest::{Authentication, ClientCredentials, Manifest, RateLimit};

/// How Clearhaus' Merchant API is reached: by an OAuth client of the merchant's with the grant `client_credentials`.
pub const CONNECTION: Manifest = Manifest {
    system: MANIFEST.system,
    surfaces: &[("main", "https://merchant.clearhaus.com")],
    authentication: Authentication::Token(ClientCredentials {
        surface: "main",
        path: "/oauth/token",
        client: "client-id",
        secret: "client-secret",
        parameters: &[("audience", "https://merchant.clearhaus.com")],
    }),
    secrets: &["client-id", "client-secret"],
    rate: RateLimit { units: 20, window_seconds: 1, per_day: None, cost_header: None },
    timeout_seconds: 30,
    response_limit: 8 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &[
        "The paths of the token, of the settlements and of one of them are taken from the vendor's examples; further links are followed.",
        "A hundred entries on a page are asked for; what is the most is not documented, and no limit of calls.",
        "A settlement that is closed (`settled`) does not change any more.",
    ],
};

/// Entries on a page.
const PAGE: &str = "100";
/// A payout comes at most so many days after the end of its period.
const DAYS_AFTER: i32 = 21;
/// Longest link that is followed, in bytes.
const LONGEST_LINK: usize = 4_000;

#[async_trait]
impl Acquirer for Clearhaus {
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
        let number = page_number(page, 1_u32)?;
        // By the period, since a settlement that pays nothing out has no day of a payout.
        let earliest = from.saturating_sub(DAYS_AFTER.days());
        let request = Request::get("/settlements")
            .query("query", format!("period.end_date:>={earliest}"))
            .query("page", number.to_string())
            .query("per_page", PAGE);
        let text = acquirer::ask(transport, request, complaint).await?;
        let found: Document<'_> = read_answer("the list of settlements", &text)?;
        let settlements =
            found.embedded.ok_or_else(|| rejected("unreadable", "a list without settlements"))?.settlements.0;
        let next = found.links.next.map(|_| number.saturating_add(1).to_string());
        let next = went_on(next, settlements.is_empty())?;
        let mut payouts = Vec::new();
        for settlement in &settlements {
            let listed = listed(settlement)?;
            if listed.on.is_none_or(|on| from <= on && on <= to) {
                payouts.push(listed);
            }
        }
        Ok(PayoutPage { payouts, next, closed: None, refused: Vec::new() })
    }

    async fn fetch(
        &self,
        transport: &dyn Transport,
        _account: &str,
        payout: &Payout,
        into: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        let payout = plain_id(&payout.id)?;
        let request = Request::get(format!("/settlements/{payout}"));
        let text = acquirer::ask(transport, request, complaint).await?;
        acquirer::keep(into, &text)?;
        let settlement: Document<'_> = read_answer("the settlement", &text)?;
        let link = settlement.links.transactions;
        let link = link.ok_or_else(|| rejected("unreadable", "a settlement without its transactions"))?;
        let mut request = Request::get(followed(&link)?).query("per_page", PAGE);
        for _ in 0..MOST_PAGES {
            let text = acquirer::ask(transport, request, complaint).await?;
            acquirer::keep(into, &text)?;
            let page: Document<'_> = read_answer("the transactions", &text)?;
            let empty = page.embedded.is_none_or(|embedded| embedded.transactions.0.is_empty());
            match went_on(page.links.next, empty)? {
                Some(link) => request = Request::get(followed(&link)?),
                None => return Ok(()),
            }
        }
        Err(acquirer::endless())
    }
}

/// Path and query of a link, without the template at its end.
fn followed(link: &Link<'_>) -> Result<String, Failure> {
    let refused = || rejected("unreadable", "a link that cannot be followed");
    let link = link.href.split('{').next().unwrap_or_default();
    let behind = link.split_once("://").map_or(link, |(_, behind)| behind);
    let path = behind.find('/').map(|start| &behind[start..]).ok_or_else(refused)?;
    let plain = path.len() <= LONGEST_LINK
        && !path.contains("..")
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\' | b'@'));
    if plain { Ok(path.to_owned()) } else { Err(refused()) }
}

fn listed(settlement: &Settlement<'_>) -> Result<Payout, Failure> {
    let unreadable = || rejected("unreadable", "a settlement without a readable amount");
    let currency = figures::currency(&settlement.currency).ok_or_else(unreadable)?;
    let payout = settlement.payout.as_ref().filter(|payout| payout.cancelled_date.given().is_none());
    let amount = figures::from_smallest_units(payout.map_or(0, |payout| payout.amount), currency);
    let day = |text: &Text<'_>| figures::iso_day(text.trimmed());
    Ok(Payout {
        id: plain_id(&settlement.id)?.to_owned(),
        account: None,
        on: payout.and_then(|payout| day(&payout.date)).or_else(|| day(&settlement.period.end_date)),
        amount: amount.ok_or_else(unreadable)?,
        reckoned: false,
        complete: settlement.settled,
    })
}

fn complaint(text: &str) -> Complaint {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, default)]
        code: Text<'a>,
        #[serde(borrow, default)]
        error: Text<'a>,
        #[serde(borrow, default)]
        message: Text<'a>,
        #[serde(borrow, default)]
        error_description: Text<'a>,
    }
    match read_answer::<Body<'_>>("the complaint", text) {
        Ok(body) => Complaint {
            code: body.code.given().or(body.error.given()).map(str::to_owned),
            message: body.message.given().or(body.error_description.given()).unwrap_or_default().to_owned(),
        },
        Err(_) => Complaint::default(),
    }
}

#[cfg(test)]
mod tests {
    use domain::settlement::{Kind, Settlements, Source, Standing};
    use futures::executor::block_on;

    use super::*;
    use crate::acquirer::testing::{self, ACCOUNT, day, documents, fetched, keeps_to_its_path, words};
    use crate::report::{self, ReadingContext};
    use crate::scripted::{Script, word};

    const ORIGINAL: &str = include_str!("fixtures/settlement.json");

    fn payout() -> Payout {
        testing::payout("f3f0-4a51", "2026-02-11", "463.75", "DKK")
    }

    #[test]
    fn a_settlement_is_fetched_by_its_links_and_reads_as_its_original() {
        let [settlement, first, second] = documents(ORIGINAL).try_into().expect("three documents");
        let script = Script::default()
            .read(&["/settlements/f3f0-4a51 "], 200, settlement)
            .read(&["/settlements/f3f0-4a51/transactions ", "(\"per_page\", \"100\")"], 200, first)
            .read(&["/settlements/f3f0-4a51/transactions?per_page=2&next=b3BhcXVl "], 200, second);
        // Five fees (one of them nothing), a posting, the reserve, and three transactions: an authorisation moves nothing.
        assert_eq!(fetched(&Clearhaus, script, &payout(), 3), 10);
    }

    /// The sums of the vendor's own example, with the fees that the documentation cuts off made up to their sum.
    const VENDORS: &str = r#"{"id":"a11a7616-a0ae-5301-a83b-a9d6b8f62a56","settled":true,"currency":"USD","period":{"start_date":"2017-03-15","end_date":"2017-03-21"},"payout":{"amount":34979873,"date":"2017-03-23","reference_number":"73423589061","descriptor":"CH2000001 2017-03-23"},"summary":{"sales":43544215,"credits":-513250,"refunds":-2518314,"chargebacks":-15634,"fees":-1329828,"other_postings":-2346270,"net":36820919},"reserve":{"amount":1841046,"date":"2017-06-20"},"fees":{"sales":-1329828},"other_postings":[{"date":"2017-03-20","text":"Other","amount":-2346270}]}"#;

    #[test]
    fn the_sums_of_the_vendors_example_agree() {
        let transactions = r#"{"per_page":100,"_links":{},"_embedded":{"ch:transactions":[
            {"id":"a","type":"capture","amount":43544215,"currency":"USD"},
            {"id":"b","type":"credit","amount":513250,"currency":"USD"},
            {"id":"c","type":"refund","amount":2518314,"currency":"USD"}]}}"#;
        for (source, chargebacks) in [(VENDORS.to_owned(), 1), (format!("{VENDORS}\n{transactions}"), 1)] {
            let mut settlements = Settlements::from_source(Source::default());
            let context = ReadingContext::default();
            report::read(&Clearhaus, &mut source.as_bytes(), &context, &mut settlements).expect("read");
            let [batch] = settlements.into_batches().try_into().expect("one batch");
            let check = batch.check();
            assert_ne!(check.standing, Standing::Unbalanced, "{check:?}");
            assert_eq!(check.payout.to_string(), "349798.73");
            let found = batch.lines().filter(|line| line.kind == Kind::Chargeback).count();
            assert_eq!(found, chargebacks, "a chargeback is no transaction, and a line all the same");
        }
    }

    #[test]
    fn settlements_are_listed_and_only_closed_ones_are_complete() {
        let [settlement, _, _] = documents(ORIGINAL).try_into().expect("three documents");
        let open = settlement.replacen("\"settled\":true", "\"settled\":false", 1).replacen(
            "f3f0-4a51",
            "f3f0-4a52",
            1,
        );
        let unpaid = VENDORS.replacen("\"payout\":{\"amount\":34979873,\"date\":\"2017-03-23\",\"reference_number\":\"73423589061\",\"descriptor\":\"CH2000001 2017-03-23\"}", "\"payout\":null", 1);
        let later = VENDORS.replacen("2017-03-23", "2026-03-23", 1);
        let unpaid = unpaid.replace("2017-03-21", "2026-02-10");
        let page = |settlements: &[&str], links: &str| {
            let list = settlements.join(",");
            format!(
                "{{\"count\":4,\"page\":1,\"per_page\":100,\"_links\":{{{links}}},\"_embedded\":{{\"ch:settlements\":[{list}]}}}}"
            )
        };
        let next = "\"next\":{\"href\":\"https://merchant.clearhaus.com/settlements?page=2\"}";
        let script = Script::default()
            .read(
                &["/settlements ", "period.end_date:>=2026-01-11", "(\"page\", \"1\")"],
                200,
                page(&[&settlement, &open, &later], next),
            )
            .read(&["(\"page\", \"2\")"], 200, page(&[&unpaid], ""));
        let list = |page| {
            block_on(Clearhaus.payouts(&script, ACCOUNT, day("2026-02-01"), day("2026-02-15"), page))
                .expect("listed")
        };
        let (first, last) = (list(None), list(Some("2")));
        assert_eq!(
            words(&first),
            ["f3f0-4a51 2026-02-11 463.75 complete", "f3f0-4a52 2026-02-11 463.75 open"]
        );
        assert_eq!((&first.payouts[0], first.next.as_deref()), (&payout(), Some("2")));
        assert_eq!(words(&last), ["a11a7616-a0ae-5301-a83b-a9d6b8f62a56 2026-02-10 0.00 complete"]);
        assert_eq!(last.next, None);
    }

    #[test]
    fn a_link_leads_nowhere_else() {
        let follow = |href: &str| followed(&Link { href: href.into() });
        for (href, path) in [
            (
                "https://merchant.clearhaus.com/settlements/1/transactions{?query,per_page}",
                "/settlements/1/transactions",
            ),
            ("https://elsewhere.example/settlements?next=a%2Fb", "/settlements?next=a%2Fb"),
            ("/settlements", "/settlements"),
        ] {
            assert_eq!(follow(href).expect("it is followed"), path);
        }
        for href in [
            "",
            "settlements",
            "https://x.example",
            "https://x/a b",
            "https://x/../y",
            "https://x/a#b",
            "https://x//y",
            "https://x/\\y",
        ] {
            assert_eq!(word(&follow(href)), "rejected", "{href}");
        }
    }

    #[test]
    fn what_clearhaus_refuses_is_said() {
        let body = r#"{"code":40000,"message":"unknown modifier"}"#;
        let script = Script::default().read(&[], 400, body);
        let refused =
            block_on(Clearhaus.payouts(&script, ACCOUNT, day("2026-02-01"), day("2026-02-15"), None));
        let message = "status 400: unknown modifier".to_owned();
        assert_eq!(refused, Err(Failure::Rejected { code: Some("40000".to_owned()), message }));
    }

    #[test]
    fn an_id_cannot_leave_its_path() {
        keeps_to_its_path(&Clearhaus);
    }
}
