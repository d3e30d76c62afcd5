//! Asking Mollie for settlements and for what is in one.
//!
//! Items that do not say what of them was settled (all of them from 1 January 2027) are looked for among the transactions of the balance
//! that the settlement is paid from.

use std::collections::BTreeSet;
use std::io::Write;

use async_trait::async_trait;
use domain::Failure;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::wire::{Amount, Link, Movement};
use super::{MANIFEST, Mollie, map};
use crate::acquirer::{self, Acquirer, MOST_PAGES, Payout, PayoutPage, plain_id, went_on};
use crate::figures;
use crate::http::{Complaint, Request, Transport};
use crate::json::{List, Text, read_answer, rejected};
use crate::manifest::{Authentication, Manifest, RateLimit};

/// How Mollie's API is reached.
pub const CONNECTION: Manifest = Manifest {
    system: MANIFEST.system,
    surfaces: &[("main", "https://api.mollie.com")],
    // The secret is the whole value of the header: `Bearer access_...`, an organisation's token that may read settlements, payments,
    // refunds and balances. A key of a profile cannot read settlements.
    authentication: Authentication::Headers(&[("authorization", "authorization")]),
    secrets: &["authorization"],
    rate: RateLimit { units: 20, window_seconds: 1, per_day: None, cost_header: None },
    timeout_seconds: 30,
    response_limit: 8 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &[
        "Settlements come from new to old and cannot be asked for by day: asking ends with the first page that is wholly older.",
        "The balance's transactions come from new to old, and none is older than its payment, capture, refund or chargeback.",
        "No limit of calls is documented; twenty a second are reckoned with.",
    ],
};

/// Entries on a page, the most that may be asked for.
const PAGE: &str = "250";
/// The lists of what is in a settlement, in the order they are kept.
const LISTS: [&str; 4] = ["payments", "captures", "refunds", "chargebacks"];
/// The balance of a settlement that names none.
const PRIMARY: &str = "primary";

/// A page of any list.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, rename = "_embedded")]
    embedded: Embedded<'a>,
    #[serde(borrow, default, rename = "_links")]
    links: Option<Links<'a>>,
}

#[derive(Deserialize)]
struct Embedded<'a> {
    #[serde(borrow, default)]
    settlements: List<Settlement<'a>>,
    #[serde(borrow, default)]
    payments: List<Item<'a>>,
    #[serde(borrow, default)]
    captures: List<Item<'a>>,
    #[serde(borrow, default)]
    refunds: List<Item<'a>>,
    #[serde(borrow, default)]
    chargebacks: List<Item<'a>>,
    #[serde(borrow, default)]
    balance_transactions: List<Movement<'a>>,
}

impl<'a> Embedded<'a> {
    /// What is in the settlement.
    fn items(&self) -> impl Iterator<Item = &Item<'a>> {
        let Embedded { payments, captures, refunds, chargebacks, .. } = self;
        [payments, captures, refunds, chargebacks].into_iter().flat_map(|list| &list.0)
    }
}

/// A payment, capture, refund or chargeback, as far as it is looked at here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    amount: Amount<'a>,
    #[serde(default)]
    settlement_amount: Option<IgnoredAny>,
    #[serde(borrow, default)]
    created_at: Text<'a>,
}

/// A settlement that is asked for by its id.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaidFrom<'a> {
    #[serde(borrow)]
    amount: Amount<'a>,
    #[serde(borrow, default)]
    balance_id: Text<'a>,
}

/// Items that do not say what of them was settled.
#[derive(Default)]
struct Unstated {
    ids: BTreeSet<String>,
    /// Some are in another currency than the settlement, so that their own amount says nothing.
    foreign: bool,
    oldest: Option<Timestamp>,
    /// One does not say how old it is.
    ageless: bool,
}

impl Unstated {
    fn take(&mut self, item: &Item<'_>, currency: &str) {
        if item.settlement_amount.is_some() {
            return;
        }
        self.ids.insert(item.id.owned());
        self.foreign |= item.amount.currency != currency;
        match figures::instant(item.created_at.trimmed()) {
            Some(made) => self.oldest = Some(self.oldest.map_or(made, |oldest| oldest.min(made))),
            None => self.ageless = true,
        }
    }

    /// Whether what is older than these transactions can still be one that is looked for.
    fn goes_on(&mut self, movements: &[Movement<'_>]) -> bool {
        for movement in movements {
            if let Some(id) = movement.item() {
                self.ids.remove(id);
            }
        }
        let last = movements.last().and_then(|movement| figures::instant(movement.created_at.trimmed()));
        let passed = !self.ageless && last.zip(self.oldest).is_some_and(|(last, oldest)| last < oldest);
        !self.ids.is_empty() && !passed
    }
}

#[derive(Deserialize)]
struct Links<'a> {
    #[serde(borrow, default)]
    next: Option<Link<'a>>,
}

/// A settlement of the list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settlement<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, default)]
    settled_at: Text<'a>,
    #[serde(borrow, default)]
    created_at: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow)]
    amount: Amount<'a>,
}

impl Page<'_> {
    /// The id that the next page begins with, as the link to it says. The link itself is not followed: a credential goes nowhere but
    /// to the connection's own address.
    fn next(&self) -> Result<Option<String>, Failure> {
        let Some(link) = self.links.as_ref().and_then(|links| links.next.as_ref()) else { return Ok(None) };
        let query = link.href.split_once('?').map_or("", |(_, query)| query);
        let from = query.split('&').find_map(|part| part.strip_prefix("from="));
        let from = from.ok_or_else(|| rejected("unreadable", "a page that goes on without a mark"))?;
        let Embedded { settlements, balance_transactions, .. } = &self.embedded;
        let lists = settlements.0.is_empty() && balance_transactions.0.is_empty();
        went_on(Some(plain_id(from)?.to_owned()), lists && self.embedded.items().next().is_none())
    }
}

#[async_trait]
impl Acquirer for Mollie {
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
        let text = ask_page(transport, "/v2/settlements".to_owned(), page).await?;
        let found: Page<'_> = read_answer("the list of settlements", &text)?;
        let day = |text: &Text<'_>| figures::iso_day(text.trimmed());
        let mut payouts = Vec::new();
        let mut older = true;
        for settlement in &found.embedded.settlements.0 {
            let on = day(&settlement.settled_at);
            // One that is not settled yet is as new as its making.
            older &= on.or(day(&settlement.created_at)).is_some_and(|on| on < from);
            if on.is_none_or(|on| from <= on && on <= to) {
                payouts.push(listed(settlement, on)?);
            }
        }
        let next = found.next()?.filter(|_| !older);
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
        let request = Request::get(format!("/v2/settlements/{payout}"));
        let text = acquirer::ask(transport, request, complaint).await?;
        acquirer::keep(into, &text)?;
        let settlement: PaidFrom<'_> = read_answer("the settlement", &text)?;
        let mut unstated = Unstated::default();
        let mut pages = 0;
        for list in LISTS {
            let mut from: Option<String> = None;
            loop {
                pages += 1;
                if pages > MOST_PAGES {
                    return Err(acquirer::endless());
                }
                let path = format!("/v2/settlements/{payout}/{list}");
                let text = ask_page(transport, path, from.as_deref()).await?;
                acquirer::keep(into, &text)?;
                let page: Page<'_> = read_answer("a list of the settlement", &text)?;
                page.embedded.items().for_each(|item| unstated.take(item, &settlement.amount.currency));
                from = page.next()?;
                if from.is_none() {
                    break;
                }
            }
        }
        if unstated.ids.is_empty() {
            return Ok(());
        }
        let balance = settlement.balance_id.given().unwrap_or(PRIMARY);
        let foreign = unstated.foreign;
        match balance_transactions(transport, plain_id(balance)?, unstated, into).await {
            // A token that may not read balances: amounts in the settlement's own currency are held against its sum by the reader.
            Err(Failure::Unauthorized { .. }) if !foreign => Ok(()),
            done => done,
        }
    }
}

/// Keeps the balance's transactions back to the oldest item that does not say what of it was settled.
async fn balance_transactions(
    transport: &dyn Transport,
    balance: &str,
    mut unstated: Unstated,
    into: &mut (dyn Write + Send),
) -> Result<(), Failure> {
    let mut from: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let path = format!("/v2/balances/{balance}/transactions");
        let text = ask_page(transport, path, from.as_deref()).await?;
        acquirer::keep(into, &text)?;
        let page: Page<'_> = read_answer("the balance's transactions", &text)?;
        from = page.next()?;
        if from.is_none() || !unstated.goes_on(&page.embedded.balance_transactions.0) {
            return Ok(());
        }
    }
    Err(acquirer::endless())
}

async fn ask_page(transport: &dyn Transport, path: String, from: Option<&str>) -> Result<String, Failure> {
    let request = Request::get(path).query("limit", PAGE);
    let request = match from {
        Some(from) => request.query("from", from),
        None => request,
    };
    acquirer::ask(transport, request, complaint).await
}

/// What is in a settlement is fixed when it is paid out; what failed comes again in a later one.
fn listed(settlement: &Settlement<'_>, on: Option<Date>) -> Result<Payout, Failure> {
    let unreadable = |_| rejected("unreadable", "a settlement without a readable amount");
    Ok(Payout {
        id: plain_id(settlement.id.trimmed())?.to_owned(),
        account: None,
        on,
        amount: map::money(&settlement.amount, 0, "amount").map_err(unreadable)?,
        reckoned: false,
        complete: settlement.status.trimmed() == "paidout",
    })
}

fn complaint(text: &str) -> Complaint {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, default)]
        title: Text<'a>,
        #[serde(borrow, default)]
        detail: Text<'a>,
    }
    match read_answer::<Body<'_>>("the complaint", text) {
        Ok(body) => Complaint { code: body.title.given().map(str::to_owned), message: body.detail.owned() },
        Err(_) => Complaint::default(),
    }
}

#[cfg(test)]
mod tests {
    use domain::settlement::{Settlements, Source};
    use futures::executor::block_on;

    use super::*;
    use crate::acquirer::testing::{
        self, ACCOUNT, called, day, documents, fetched, keeps_to_its_path, words,
    };
    use crate::report::{self, ReadingContext, Unreadable};
    use crate::scripted::{Script, word};

    const ORIGINAL: &str = include_str!("fixtures/settlement.json");
    const EMPTY: [&str; 2] = [
        r#"{"count":0,"_embedded":{"captures":[]},"_links":{"next":null}}"#,
        r#"{"count":0,"_embedded":{"chargebacks":[]},"_links":{"next":null}}"#,
    ];

    fn payout() -> Payout {
        testing::payout("stl_jDk30akdN", "2026-02-06", "497.04", "EUR")
    }

    fn going_on(page: &str, from: &str) -> String {
        let link = format!(
            "{{\"href\":\"https://elsewhere.example/v2/x?limit=250&from={from}\",\"type\":\"application/hal+json\"}}"
        );
        page.replacen("\"next\":null", &format!("\"next\":{link}"), 1)
    }

    #[test]
    fn a_settlement_is_fetched_list_by_list_and_reads_as_its_original() {
        let [settlement, payments, refunds] = documents(ORIGINAL).try_into().expect("three documents");
        // The two payments on a page each.
        let (first, second) = payments.split_once(",\n {").expect("two payments");
        let first = going_on(&format!("{first}\n]}},\"_links\":{{\"next\":null}}}}"), "tr_7UhSN1zuXT");
        let second = format!("{{\"count\":1,\"_embedded\":{{\"payments\":[{{{second}");
        let script = Script::default()
            .read(&["/v2/settlements/stl_jDk30akdN "], 200, settlement)
            .read(&["/v2/settlements/stl_jDk30akdN/payments", "(\"limit\", \"250\")"], 200, first)
            .read(&["/stl_jDk30akdN/payments", "(\"from\", \"tr_7UhSN1zuXT\")"], 200, second)
            .read(&["/stl_jDk30akdN/captures"], 200, EMPTY[0])
            .read(&["/stl_jDk30akdN/refunds"], 200, refunds)
            .read(&["/stl_jDk30akdN/chargebacks"], 200, EMPTY[1]);
        assert_eq!(fetched(&Mollie, script, &payout(), 6), 4);
    }

    /// The settlement's answers as they will be: no item says what of it was settled.
    fn unstated() -> [String; 3] {
        let without = |document: &str| {
            let mut value: serde_json::Value = serde_json::from_str(document).expect("JSON");
            if value["resource"] == "settlement" {
                value["balanceId"] = "bal_3kUf4yU2nT".into();
            }
            for list in ["payments", "refunds"] {
                let items = value["_embedded"][list].as_array_mut().into_iter().flatten();
                items.for_each(|item| {
                    item.as_object_mut().expect("an item").remove("settlementAmount");
                });
            }
            value.to_string()
        };
        let stated: [String; 3] = documents(ORIGINAL).try_into().expect("three documents");
        stated.map(|document| without(&document))
    }

    fn movement(kind: &str, at: &str, amount: &str, currency: &str, context: &str) -> String {
        format!(
            "{{\"resource\":\"balance_transaction\",\"id\":\"baltr_{kind}\",\"type\":\"{kind}\",\"createdAt\":\"2026-02-{at}+00:00\",\"resultAmount\":{{\"value\":\"{amount}\",\"currency\":\"{currency}\"}},\"initialAmount\":{{\"value\":\"{amount}\",\"currency\":\"{currency}\"}},\"context\":{context}}}"
        )
    }

    fn movements(movements: &[String]) -> String {
        let list = movements.join(",");
        format!(
            "{{\"count\":3,\"_embedded\":{{\"balance_transactions\":[{list}]}},\"_links\":{{\"next\":null}}}}"
        )
    }

    /// The lists of the settlement, asked for in their order.
    fn lists(settlement: &str, payments: &str, refunds: &str) -> Script {
        Script::default()
            .read(&["/v2/settlements/stl_jDk30akdN "], 200, settlement)
            .read(&["/stl_jDk30akdN/payments"], 200, payments)
            .read(&["/stl_jDk30akdN/captures"], 200, EMPTY[0])
            .read(&["/stl_jDk30akdN/refunds"], 200, refunds)
            .read(&["/stl_jDk30akdN/chargebacks"], 200, EMPTY[1])
    }

    #[test]
    fn what_items_do_not_say_is_read_from_the_balance_they_are_paid_from() {
        let [settlement, payments, refunds] = unstated();
        let newer = [
            movement(
                "outgoing-transfer",
                "06T06:00:00",
                "-497.04",
                "EUR",
                r#"{"settlementId":"stl_jDk30akdN"}"#,
            ),
            movement(
                "refund",
                "05T11:00:00",
                "-50.00",
                "EUR",
                r#"{"paymentId":"tr_7UhSN1zuXS","refundId":"re_4qqhO89gsT"}"#,
            ),
            // The same payment has movements of other kinds, which are none of its sale.
            movement("application-fee", "05T10:30:00", "-3.00", "EUR", r#"{"paymentId":"tr_7UhSN1zuXT"}"#),
            movement(
                "payment",
                "05T10:00:00",
                "100.00",
                "EUR",
                r#"{"payment":{"paymentId":"tr_7UhSN1zuXT"}}"#,
            ),
        ];
        let older = [movement("payment", "05T09:00:00", "459.90", "EUR", r#"{"paymentId":"tr_7UhSN1zuXS"}"#)];
        let script = lists(&settlement, &payments, &refunds)
            .read(
                &["/v2/balances/bal_3kUf4yU2nT/transactions", "250"],
                200,
                going_on(&movements(&newer), "baltr_2"),
            )
            .read(&["(\"from\", \"baltr_2\")"], 200, going_on(&movements(&older), "baltr_3"));
        // All are found, so that the balance's older transactions are not asked for.
        assert_eq!(fetched(&Mollie, script, &payout(), 7), 4);
    }

    #[test]
    fn the_balance_is_asked_no_further_back_than_the_oldest_item() {
        let [settlement, payments, refunds] = unstated();
        let other = [movement("payment", "05T08:00:00", "1.00", "EUR", r#"{"paymentId":"tr_other"}"#)];
        let script = lists(&settlement, &payments, &refunds).read(
            &["/v2/balances/bal_3kUf4yU2nT/transactions"],
            200,
            going_on(&movements(&other), "baltr_2"),
        );
        let mut kept = Vec::new();
        block_on(Mollie.fetch(&script, ACCOUNT, &called("stl_jDk30akdN"), &mut kept)).expect("fetched");
        assert_eq!(script.finish().len(), 6);
        // The payment in kroner was not found: what it brought in euro is not known, and nothing is guessed.
        let mut settlements = Settlements::from_source(Source::default());
        let refused =
            report::read(&Mollie, &mut kept.as_slice(), &ReadingContext::default(), &mut settlements);
        let Err(Unreadable::Refused(reason)) = refused else { panic!("it is refused") };
        assert_eq!((reason.code.as_str(), reason.fact("place")), ("report-json", "settlementAmount"));
    }

    #[test]
    fn a_token_that_may_not_read_balances_is_enough_where_all_is_in_one_currency() {
        let [settlement, payments, refunds] = unstated();
        let denied =
            r#"{"status":403,"title":"Forbidden","detail":"You do not have the appropriate permissions"}"#;
        let script = lists(&settlement, &payments, &refunds).read(&["/v2/balances/"], 403, denied);
        let refused = block_on(Mollie.fetch(&script, ACCOUNT, &called("stl_jDk30akdN"), &mut Vec::new()));
        assert!(matches!(refused, Err(Failure::Unauthorized { .. })), "{refused:?}");
        let payments = payments.replace("745.10", "100.00").replace("DKK", "EUR");
        let script = lists(&settlement, &payments, &refunds).read(&["/v2/balances/"], 403, denied);
        assert_eq!(fetched(&Mollie, script, &payout(), 6), 4);
    }

    fn settlement(id: &str, on: Option<&str>, status: &str) -> String {
        let on = on.map_or("null".to_owned(), |on| format!("\"{on}T06:00:02.0Z\""));
        format!(
            "{{\"resource\":\"settlement\",\"id\":\"{id}\",\"createdAt\":\"2026-02-04T06:00:02.0Z\",\"settledAt\":{on},\"status\":\"{status}\",\"amount\":{{\"value\":\"497.04\",\"currency\":\"EUR\"}}}}"
        )
    }

    fn page(settlements: &[String]) -> String {
        let list = settlements.join(",");
        format!("{{\"count\":3,\"_embedded\":{{\"settlements\":[{list}]}},\"_links\":{{\"next\":null}}}}")
    }

    #[test]
    fn settlements_are_listed_by_day_until_a_page_is_older() {
        let first = [
            settlement("stl_open", None, "open"),
            settlement("stl_late", Some("2026-02-20"), "paidout"),
            settlement("stl_jDk30akdN", Some("2026-02-06"), "paidout"),
            settlement("stl_failed", Some("2026-02-05"), "failed"),
        ];
        let older = [settlement("stl_old", Some("2026-01-30"), "paidout")];
        let script = Script::default()
            .read(&["/v2/settlements "], 200, going_on(&page(&first), "stl_old"))
            .read(&["(\"from\", \"stl_old\")"], 200, going_on(&page(&older), "stl_older"));
        let list =
            |page| block_on(Mollie.payouts(&script, ACCOUNT, day("2026-02-01"), day("2026-02-15"), page));
        let (first, last) = (list(None).expect("listed"), list(Some("stl_old")).expect("listed"));
        assert_eq!(
            words(&first),
            [
                "stl_open  497.04 open",
                "stl_jDk30akdN 2026-02-06 497.04 complete",
                "stl_failed 2026-02-05 497.04 open"
            ]
        );
        assert_eq!(first.payouts[1], payout());
        assert_eq!(first.next.as_deref(), Some("stl_old"));
        assert_eq!((last.payouts.len(), last.next), (0, None), "what is older ends the asking");
    }

    #[test]
    fn a_link_that_leads_nowhere_is_refused() {
        let one = [settlement("stl_1", Some("2026-02-06"), "paidout")];
        for body in [going_on(&page(&one), "a/b"), going_on(&page(&one), ""), going_on(&page(&[]), "stl_2")] {
            let script = Script::default().read(&[], 200, body);
            assert_eq!(
                word(&block_on(Mollie.payouts(&script, ACCOUNT, day("2026-02-01"), day("2026-02-15"), None))),
                "rejected"
            );
        }
    }

    #[test]
    fn what_mollie_refuses_is_said() {
        let body = r#"{"status":401,"title":"Unauthorized Request","detail":"Missing authentication, or failed to authenticate","_links":{}}"#;
        let script = Script::default().read(&[], 401, body);
        let refused = block_on(Mollie.fetch(&script, ACCOUNT, &called("stl_1"), &mut Vec::new()));
        let message = "status 401: Missing authentication, or failed to authenticate".to_owned();
        assert_eq!(refused, Err(Failure::Unauthorized { message }));
    }

    #[test]
    fn an_id_cannot_leave_its_path() {
        keeps_to_its_path(&Mollie);
    }
}
