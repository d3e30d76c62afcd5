//! Asking PayPal for the days of an account: Transaction Search has no payouts, so that a day (UTC) is what is listed and fetched, a
//! batch for each currency that moved. Withdrawals to the bank are lines of their day.
//!
//! Asked by page, Transaction Search leaves out the balance after each transaction; so the balances at both ends of the day are asked for
//! and kept before its transactions. They are PayPal's own word on what the day's transactions must add up to.

use std::collections::BTreeMap;
use std::io::Write;

use async_trait::async_trait;
use domain::money::Currency;
use domain::settlement::Kind;
use domain::{Failure, Money};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use serde::Deserialize;

use super::wire::{Info, SEARCH_TIME, Search};
use super::{MANIFEST, PayPal, kinds, map};
use crate::acquirer::{self, Acquirer, MOST_PAGES, Payout, PayoutPage, went_on};
use crate::figures::{self, Marks};
use crate::http::{Complaint, Request, Transport};
use crate::json::{Text, read_answer, rejected};
use crate::manifest::{Authentication, ClientCredentials, Manifest, RateLimit};

/// How PayPal's reporting API is reached: by a REST app of the merchant's that has Transaction Search.
pub const CONNECTION: Manifest = Manifest {
    system: MANIFEST.system,
    surfaces: &[("main", "https://api-m.paypal.com")],
    authentication: Authentication::Token(ClientCredentials {
        surface: "main",
        path: "/v1/oauth2/token",
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
        "Transactions appear within three hours, as the documentation says: a day is complete when PayPal has refreshed its data so long \
         after the day's end.",
        "The balance as of midnight is taken as the balance before the first and after the last transaction of a day.",
        "PayPal answers no more than 10,000 transactions of a period; an account with more in a day needs its settlement report.",
        "No limit of calls is documented; twenty a second are reckoned with.",
    ],
};

/// Transactions of a page, the most that may be asked for.
const PAGE: &str = "500";
/// How long a transaction may take to appear.
const APPEARS: SignedDuration = SignedDuration::from_hours(3);

/// What is asked about a page beside its transactions.
#[derive(Deserialize)]
struct Going<'a> {
    #[serde(default)]
    total_pages: u64,
    #[serde(borrow, default)]
    last_refreshed_datetime: Text<'a>,
}

#[async_trait]
impl Acquirer for PayPal {
    fn connection(&self) -> &'static Manifest {
        &CONNECTION
    }

    /// One day with each page: it is closed, or nothing behind it is.
    async fn payouts(
        &self,
        transport: &dyn Transport,
        _account: &str,
        from: Date,
        to: Date,
        page: Option<&str>,
    ) -> Result<PayoutPage, Failure> {
        let date = match page {
            Some(page) => figures::day(page, "%Y-%m-%d").ok_or_else(not_a_day)?,
            None => from,
        };
        let mut account: Option<String> = None;
        let mut paid: BTreeMap<Currency, Money> = BTreeMap::new();
        let behind =
            || date.checked_add(1.day()).ok().filter(|next| *next <= to).map(|next| next.to_string());
        let listed = each_page(transport, date, &mut |_, search| {
            account = search.account_number.given().map(str::to_owned).or(account.take());
            search.transaction_details.iter().try_for_each(|detail| pays(&detail.transaction_info, &mut paid))
        })
        .await;
        let closed = match listed {
            Ok(closed) => closed,
            // A day of more than may be asked for keeps none behind it back.
            Err(Failure::Rejected { code, message }) => {
                let refused = vec![Failure::Rejected { code, message: format!("{date}: {message}") }];
                return Ok(PayoutPage { next: behind(), refused, ..PayoutPage::default() });
            }
            Err(failure) => return Err(failure),
        };
        let payouts = paid.into_values().map(|amount| Payout {
            id: period(date),
            account: account.clone(),
            on: Some(date),
            amount,
            reckoned: true,
            complete: true,
        });
        let payouts = if closed { payouts.collect() } else { Vec::new() };
        let next = behind().filter(|_| closed);
        Ok(PayoutPage { payouts, next, closed: closed.then_some(date), refused: Vec::new() })
    }

    async fn fetch(
        &self,
        transport: &dyn Transport,
        _account: &str,
        payout: &Payout,
        into: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        let date = payout.id.split_once('/').and_then(|(first, _)| figures::day(first, "%Y-%m-%d"));
        let date = date.filter(|date| period(*date) == payout.id).ok_or_else(not_a_day)?;
        for midnight in [date, following(date)?] {
            let request = Request::get("/v1/reporting/balances").query("as_of_time", begins(midnight));
            acquirer::keep(into, &acquirer::ask(transport, request, complaint).await?)?;
        }
        if each_page(transport, date, &mut |text, _| acquirer::keep(into, text)).await? {
            return Ok(());
        }
        Err(Failure::Busy { retry_after_ms: None, message: format!("{date} is not closed yet") })
    }
}

/// Hands over each page of a day's transactions. False: the day is not closed yet.
async fn each_page(
    transport: &dyn Transport,
    date: Date,
    take: &mut (dyn FnMut(&str, &Search<'_>) -> Result<(), Failure> + Send),
) -> Result<bool, Failure> {
    let until = TimeZone::UTC.to_timestamp(following(date)?.at(0, 0, 0, 0)).map_err(|_| not_a_day())?;
    let closes = until.checked_add(APPEARS).map_err(|_| not_a_day())?;
    for number in 1..=MOST_PAGES {
        let request = Request::get("/v1/reporting/transactions")
            .query("start_date", begins(date))
            .query("end_date", format!("{date}T23:59:59Z"))
            .query("fields", "transaction_info")
            .query("page_size", PAGE)
            .query("page", number.to_string());
        let text = acquirer::ask(transport, request, complaint).await?;
        let going: Going<'_> = read_answer("the transactions", &text)?;
        let refreshed = going.last_refreshed_datetime.trimmed();
        let refreshed = figures::instant(refreshed).or_else(|| figures::instant_by(refreshed, SEARCH_TIME));
        if refreshed.is_none_or(|refreshed| refreshed < closes) {
            return Ok(false);
        }
        let search: Search<'_> = read_answer("the transactions", &text)?;
        take(&text, &search)?;
        let more = (number as u64) < going.total_pages;
        if went_on(more.then_some(()), search.transaction_details.is_empty())?.is_none() {
            return Ok(true);
        }
    }
    Err(acquirer::endless())
}

/// Adds what a transaction withdraws to what is paid in its currency.
fn pays(info: &Info<'_>, paid: &mut BTreeMap<Currency, Money>) -> Result<(), Failure> {
    if map::moved_nothing(info) {
        return Ok(());
    }
    let unreadable = || rejected("unreadable", "a transaction without a readable amount");
    let amount = &info.transaction_amount;
    let currency = figures::currency(&amount.currency_code).ok_or_else(unreadable)?;
    let amount = figures::amount(&amount.value, Marks::POINT, currency).ok_or_else(unreadable)?;
    let payout = kinds::by_code(info.transaction_event_code.trimmed(), amount.is_negative()) == Kind::Payout;
    let sum = paid.entry(currency).or_insert_with(|| currency.zero());
    if payout {
        *sum = sum.minus(amount).map_err(|_| unreadable())?;
    }
    Ok(())
}

/// The batch that the reader makes of a day.
fn period(date: Date) -> String {
    format!("{date}/{date}")
}

/// The beginning of a day, in UTC.
fn begins(date: Date) -> String {
    format!("{date}T00:00:00Z")
}

fn following(date: Date) -> Result<Date, Failure> {
    date.checked_add(1.day()).map_err(|_| not_a_day())
}

fn not_a_day() -> Failure {
    rejected("unreadable", "the payout's id is not a day")
}

/// PayPal's API complains in one way, what gives tokens in another.
fn complaint(text: &str) -> Complaint {
    #[derive(Default, Deserialize)]
    struct Said<'a> {
        #[serde(borrow, default)]
        name: Text<'a>,
        #[serde(borrow, default)]
        message: Text<'a>,
        #[serde(borrow, default)]
        error: Text<'a>,
        #[serde(borrow, default)]
        error_description: Text<'a>,
    }
    let said: Said<'_> = read_answer("the complaint", text).unwrap_or_default();
    let first = |texts: [&Text<'_>; 2]| texts.into_iter().find_map(|text| text.given().map(str::to_owned));
    Complaint {
        code: first([&said.name, &said.error]),
        message: first([&said.message, &said.error_description]).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use domain::settlement::{Settlements, Source, Standing};
    use futures::executor::block_on;

    use super::*;
    use crate::acquirer::testing::{self, ACCOUNT, day, keeps_to_its_path, read_back, words};
    use crate::report::{self, ReadingContext};
    use crate::scripted::{Script, word};

    const DAY: &str = "2026-02-06";

    fn transaction(id: &str, code: &str, amount: &str, fee: &str, currency: &str, status: &str) -> String {
        format!(
            "{{\"transaction_info\":{{\"transaction_id\":\"{id}\",\"transaction_event_code\":\"{code}\",\"transaction_initiation_date\":\"2026-02-06T09:15:00+0000\",\"transaction_updated_date\":\"2026-02-06T09:15:00+0000\",\"transaction_amount\":{{\"currency_code\":\"{currency}\",\"value\":\"{amount}\"}},\"fee_amount\":{{\"currency_code\":\"{currency}\",\"value\":\"{fee}\"}},\"transaction_status\":\"{status}\",\"invoice_id\":\"1001\"}}}}"
        )
    }

    fn page(number: u32, pages: u32, items: u32, refreshed: &str, transactions: &[String]) -> String {
        format!(
            "{{\"transaction_details\":[{}],\"account_number\":\"KRUS7MERCHANT\",\"start_date\":\"2026-02-06T00:00:00+0000\",\"end_date\":\"2026-02-06T23:59:59+0000\",\"last_refreshed_datetime\":\"{refreshed}\",\"page\":{number},\"total_items\":{items},\"total_pages\":{pages},\"links\":[]}}",
            transactions.join(",")
        )
    }

    const LATER: &str = "2026-02-07T03:00:00+0000";

    /// A day: two sales, a withdrawal, a sale in euro, and a transfer that is not through.
    fn pages() -> [String; 2] {
        let first = [
            transaction("1A", "T0006", "459.90", "-18.27", "DKK", "S"),
            transaction("2A", "T0006", "20.00", "-1.00", "EUR", "S"),
            transaction("3A", "T0006", "100.00", "-5.00", "DKK", "P"),
        ];
        let second = [transaction("4A", "T0400", "-300.00", "0.00", "DKK", "S")];
        [page(1, 2, 4, LATER, &first), page(2, 2, 4, LATER, &second)]
    }

    fn balances(time: &str, kroner: &str, euro: &str) -> String {
        let of = |currency: &str, value: &str| {
            format!(
                "{{\"currency\":\"{currency}\",\"total_balance\":{{\"currency_code\":\"{currency}\",\"value\":\"{value}\"}}}}"
            )
        };
        format!(
            "{{\"balances\":[{},{}],\"account_id\":\"KRUS7MERCHANT\",\"as_of_time\":\"{time}\",\"last_refresh_time\":\"{LATER}\"}}",
            of("DKK", kroner),
            of("EUR", euro)
        )
    }

    /// What is asked of a day that is fetched, with the balance after it in kroner.
    fn fetching(after: &str) -> Script {
        let [first, second] = pages();
        Script::default()
            .read(&["/v1/reporting/balances", "2026-02-06T00:00:00Z"], 200, balances(DAY, "10.00", "0.00"))
            .read(&["/v1/reporting/balances", "2026-02-07T00:00:00Z"], 200, balances(DAY, after, "19.00"))
            .read(
                &[
                    "/v1/reporting/transactions",
                    "2026-02-06T00:00:00Z",
                    "2026-02-06T23:59:59Z",
                    "(\"page\", \"1\")",
                ],
                200,
                first,
            )
            .read(&["(\"page\", \"2\")", "\"500\""], 200, second)
    }

    fn list(script: &Script, page: Option<&str>) -> Result<PayoutPage, Failure> {
        block_on(PayPal.payouts(script, ACCOUNT, day(DAY), day("2026-02-08"), page))
    }

    #[test]
    fn a_closed_day_is_listed_for_each_currency_that_moved() {
        let [first, second] = pages();
        let script = Script::default().read(&["(\"page\", \"1\")"], 200, first).read(
            &["(\"page\", \"2\")"],
            200,
            second,
        );
        let page = list(&script, None).expect("listed");
        assert_eq!(
            words(&page),
            [
                "2026-02-06/2026-02-06 2026-02-06 300.00 complete",
                "2026-02-06/2026-02-06 2026-02-06 0.00 complete"
            ]
        );
        assert!(
            page.payouts
                .iter()
                .all(|payout| { payout.account.as_deref() == Some("KRUS7MERCHANT") && payout.reckoned })
        );
        assert_eq!((page.next.as_deref(), page.closed), (Some("2026-02-07"), Some(day(DAY))));
    }

    #[test]
    fn a_day_is_not_listed_before_all_of_it_can_have_appeared() {
        let sale = [transaction("1A", "T0006", "459.90", "-18.27", "DKK", "S")];
        let script = Script::default().read(&[], 200, self::page(1, 1, 1, "2026-02-07T02:59:59+0000", &sale));
        let page = list(&script, None).expect("listed");
        assert_eq!(
            (page.payouts.len(), page.next, page.closed),
            (0, None, None),
            "nothing behind it is closed either"
        );
        let script = Script::default()
            .read(&["balances"], 200, balances(DAY, "0", "0"))
            .read(&["balances"], 200, balances(DAY, "0", "0"))
            .read(&[], 200, self::page(1, 1, 1, "2026-02-06T12:00:00+0000", &sale));
        let payout = testing::payout("2026-02-06/2026-02-06", DAY, "0.00", "DKK");
        assert_eq!(word(&block_on(PayPal.fetch(&script, ACCOUNT, &payout, &mut Vec::new()))), "busy");
        // A day on which nothing moved is no payout, and the next one is asked for.
        let script = Script::default().read(&[], 200, self::page(1, 0, 0, LATER, &[]));
        let page = list(&script, None).expect("listed");
        assert_eq!((page.payouts.len(), page.next.as_deref()), (0, Some("2026-02-07")));
        let script = Script::default().read(&[], 200, self::page(1, 0, 0, "2026-02-09T03:00:00+0000", &[]));
        assert_eq!(list(&script, Some("2026-02-08")).expect("listed").next, None, "the last day asked for");
    }

    #[test]
    fn a_day_is_fetched_with_its_balances_and_proved_by_them() {
        let mut kept = Vec::new();
        let payout = testing::payout("2026-02-06/2026-02-06", DAY, "300.00", "DKK");
        let script = fetching("151.63");
        block_on(PayPal.fetch(&script, ACCOUNT, &payout, &mut kept)).expect("fetched");
        assert_eq!(script.finish().len(), 4);
        let mut settlements = Settlements::from_source(Source::default());
        let context = ReadingContext { account: ACCOUNT, ..ReadingContext::default() };
        report::read(&PayPal, &mut kept.as_slice(), &context, &mut settlements).expect("read");
        let batches = settlements.into_batches();
        let found: Vec<_> = batches
            .iter()
            .map(|batch| {
                let (key, check) = (batch.key(), batch.check());
                (
                    key.account.as_str(),
                    key.batch.as_str(),
                    check.payout.to_string(),
                    check.standing,
                    batch.len(),
                )
            })
            .collect();
        let id = "2026-02-06/2026-02-06";
        assert_eq!(
            found,
            [
                ("KRUS7MERCHANT", id, "300.00".to_owned(), Standing::Balanced, 2),
                ("KRUS7MERCHANT", id, "0.00".to_owned(), Standing::Balanced, 1),
            ]
        );
    }

    #[test]
    fn a_day_that_does_not_add_up_to_its_balances_is_found() {
        let mut kept = Vec::new();
        let payout = testing::payout("2026-02-06/2026-02-06", DAY, "300.00", "DKK");
        block_on(PayPal.fetch(&fetching("151.62"), ACCOUNT, &payout, &mut kept)).expect("fetched");
        let mut settlements = Settlements::from_source(Source::default());
        report::read(&PayPal, &mut kept.as_slice(), &ReadingContext::default(), &mut settlements)
            .expect("read");
        let standings: Vec<Standing> =
            settlements.into_batches().iter().map(|batch| batch.check().standing).collect();
        assert_eq!(standings, [Standing::Unbalanced, Standing::Balanced]);
    }

    #[test]
    fn a_currency_without_balances_is_proved_by_nothing() {
        let sale = [transaction("1A", "T0006", "459.90", "-18.27", "SEK", "S")];
        let script = Script::default()
            .read(&[], 200, balances(DAY, "0", "0"))
            .read(&[], 200, balances(DAY, "0", "0"))
            .read(&[], 200, self::page(1, 1, 1, LATER, &sale));
        let payout = Payout {
            account: Some("KRUS7MERCHANT".to_owned()),
            ..testing::payout("2026-02-06/2026-02-06", DAY, "441.63", "SEK")
        };
        assert_eq!(read_back(&PayPal, script, &payout, 3), (Standing::Unconfirmed, 1));
    }

    #[test]
    fn a_currency_that_stands_at_one_end_only_was_nothing_at_the_other() {
        for (after, standing) in [("441.63", Standing::Balanced), ("441.64", Standing::Unbalanced)] {
            let sale = [transaction("1A", "T0006", "459.90", "-18.27", "SEK", "S")];
            let script = Script::default()
                .read(&[], 200, balances(DAY, "0", "0"))
                .read(&[], 200, balances(DAY, "0", after).replace("EUR", "SEK"))
                .read(&[], 200, self::page(1, 1, 1, LATER, &sale));
            let payout = Payout {
                account: Some("KRUS7MERCHANT".to_owned()),
                ..testing::payout("2026-02-06/2026-02-06", DAY, "0.00", "SEK")
            };
            assert_eq!(read_back(&PayPal, script, &payout, 3), (standing, 1));
        }
    }

    #[test]
    fn what_paypal_refuses_is_said() {
        let body = r#"{"name":"RESULTSET_TOO_LARGE","message":"Result set size is greater than the maximum limit.","debug_id":"1"}"#;
        let script = Script::default().read(&[], 400, body);
        let page = list(&script, None).expect("the days behind it are listed");
        let [refused] = page.refused.as_slice() else { panic!("one refusal: {page:?}") };
        assert!(refused.to_string().contains("greater than the maximum limit"), "{refused}");
        assert_eq!((page.payouts.len(), page.closed, page.next.as_deref()), (0, None, Some("2026-02-07")));
        let script = Script::default().read(&[], 403, r#"{"error":"x","error_description":"no permission"}"#);
        assert!(matches!(list(&script, None), Err(Failure::Unauthorized { .. })));
    }

    #[test]
    fn an_id_cannot_leave_its_path() {
        keeps_to_its_path(&PayPal);
        for id in ["2026-02-06", "2026-02-06/2026-02-07", "2026-02-06/2026-02-06/x"] {
            let refused =
                block_on(PayPal.fetch(&Script::default(), ACCOUNT, &testing::called(id), &mut Vec::new()));
            assert_eq!(word(&refused), "rejected", "{id}");
        }
    }
}
