//! Asking an acquirer for its payouts, and for the original of one: the API's answers as they came, one after the other, which is
//! what the reader of its reports reads. So what is fetched is kept and read again like any file.

use std::io::Write;
use std::str::FromStr;

use async_trait::async_trait;
use domain::{Failure, Money};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::http::{Call, Complaint, Request, Transport, accept, json_text};
use crate::json::rejected;
use crate::manifest::Manifest;
use crate::report::ReportReader;

/// A payout, as the acquirer's list has it. An acquirer that lists none has periods in their place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// Its id, by which it is fetched; the reader gives it as the batch of its original.
    pub id: String,
    /// The account that its original names, where the reader takes it from there; `None`: the account of the connection.
    #[serde(default)]
    pub account: Option<String>,
    /// The day it arrives.
    pub on: Option<Date>,
    /// What is paid; positive when the merchant receives it.
    pub amount: Money,
    /// The amount is added up here from what is in the payout, not stated by the acquirer: it proves nothing of the original.
    #[serde(default)]
    pub reckoned: bool,
    /// What is in it will not change any more, so it can be fetched.
    pub complete: bool,
}

/// One page of payouts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayoutPage {
    /// Payouts.
    pub payouts: Vec<Payout>,
    /// Where to go on, in the connector's own words; `None`: that was all.
    pub next: Option<String>,
    /// Of an acquirer that is listed day by day: the day of this page, when it is closed. What is listed of it should not change any more.
    pub closed: Option<Date>,
    /// What of this page cannot be read, and never will be as it stands. The others, and what comes behind, are not kept back by it.
    pub refused: Vec<Failure>,
}

impl PayoutPage {
    /// A page of entries, each of which is read for itself.
    pub(crate) fn of_each<T>(
        entries: &[T],
        read: impl Fn(&T) -> Result<Payout, Failure>,
        next: Option<String>,
    ) -> PayoutPage {
        let mut page = PayoutPage { next, ..PayoutPage::default() };
        for entry in entries {
            match read(entry) {
                Ok(payout) => page.payouts.push(payout),
                Err(failure) => page.refused.push(failure),
            }
        }
        page
    }
}

/// An acquirer that can be asked.
#[async_trait]
pub trait Acquirer: ReportReader {
    /// How its API is reached.
    fn connection(&self) -> &'static Manifest;

    /// One page of the payouts that arrive on these days, both included. `account` is the account at the acquirer that the
    /// connection names, for those whose credentials open several. `page` is `next` of the page before.
    ///
    /// # Errors
    /// As the transport and the acquirer say.
    async fn payouts(
        &self,
        transport: &dyn Transport,
        account: &str,
        from: Date,
        to: Date,
        page: Option<&str>,
    ) -> Result<PayoutPage, Failure>;

    /// Writes the original of one payout of the account, as its list has it, page by page.
    ///
    /// # Errors
    /// As the transport and the acquirer say; `Busy` when it cannot be written. What was written before is then void.
    async fn fetch(
        &self,
        transport: &dyn Transport,
        account: &str,
        payout: &Payout,
        into: &mut (dyn Write + Send),
    ) -> Result<(), Failure>;
}

/// Most pages of one payout.
pub(crate) const MOST_PAGES: usize = 20_000;

/// Reads one answer.
pub(crate) async fn ask(
    transport: &dyn Transport,
    request: Request,
    complaint: fn(&str) -> Complaint,
) -> Result<String, Failure> {
    let response = transport.read(request).await?;
    accept(Call::Read, &response, complaint)?;
    json_text(Call::Read, &response).map(str::to_owned)
}

/// The number that a page of a list was called by; `first` where it begins.
pub(crate) fn page_number<T: FromStr>(page: Option<&str>, first: T) -> Result<T, Failure> {
    page.map_or(Ok(first), |page| {
        page.parse().map_err(|_| rejected("unreadable", "a page that is no number"))
    })
}

/// Keeps an answer as it came.
pub(crate) fn keep(into: &mut (dyn Write + Send), text: &str) -> Result<(), Failure> {
    keep_bytes(into, text.as_bytes())?;
    keep_bytes(into, b"\n")
}

/// Keeps a file as it came.
pub(crate) fn keep_bytes(into: &mut (dyn Write + Send), bytes: &[u8]) -> Result<(), Failure> {
    into.write_all(bytes).map_err(|error| Failure::Busy {
        retry_after_ms: None,
        message: format!("the original cannot be kept: {error}"),
    })
}

/// The mark behind which a list goes on; a page that goes on must hold something, or asking would never end.
pub(crate) fn went_on<T>(mark: Option<T>, empty: bool) -> Result<Option<T>, Failure> {
    match mark {
        Some(_) if empty => Err(rejected("unreadable", "a page that goes on without an item")),
        mark => Ok(mark),
    }
}

/// A payout that has more pages than anything real.
pub(crate) fn endless() -> Failure {
    rejected("too-large", format!("a payout of more than {MOST_PAGES} pages"))
}

/// An id that may stand in a path.
pub(crate) fn plain_id(id: &str) -> Result<&str, Failure> {
    let plain = !id.is_empty()
        && id.len() <= 100
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if plain {
        Ok(id)
    } else {
        Err(rejected("unreadable", "the payout's id holds other than letters and digits"))
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of every acquirer hold it against.

    use domain::settlement::{Settlements, Source, Standing};
    use futures::executor::block_on;

    use super::*;
    use crate::report::{self, ReadingContext};
    use crate::scripted::Script;

    /// The account that the connection names.
    pub(crate) const ACCOUNT: &str = "302321";

    /// The documents of an original, one by one.
    pub(crate) fn documents(original: &str) -> Vec<String> {
        let mut found = Vec::new();
        crate::pages::documents(&mut original.as_bytes(), &mut |_, text| {
            found.push(text.to_owned());
            Ok(())
        })
        .expect("documents");
        found
    }

    /// Fetches a payout and reads what was kept: it is one balanced batch under exactly the account and the id that the list gives.
    /// The number of its lines.
    pub(crate) fn fetched(acquirer: &dyn Acquirer, script: Script, payout: &Payout, calls: usize) -> usize {
        let (standing, lines) = read_back(acquirer, script, payout, calls);
        assert_eq!(standing, Standing::Balanced);
        lines
    }

    /// The same whatever its standing is, which it gives with the number of lines.
    pub(crate) fn read_back(
        acquirer: &dyn Acquirer,
        script: Script,
        payout: &Payout,
        calls: usize,
    ) -> (Standing, usize) {
        let mut kept = Vec::new();
        block_on(acquirer.fetch(&script, ACCOUNT, payout, &mut kept)).expect("fetched");
        assert_eq!(script.finish().len(), calls);
        let mut settlements = Settlements::from_source(Source::default());
        // As the platform reads it: under the account of the connection, from a file that is called by the id.
        let context = ReadingContext { account: ACCOUNT, batch: &payout.id, ..ReadingContext::default() };
        report::read(acquirer, &mut kept.as_slice(), &context, &mut settlements).expect("read");
        let [batch] = settlements.into_batches().try_into().expect("one batch");
        let account = payout.account.as_deref().unwrap_or(ACCOUNT);
        assert_eq!(
            (batch.key().account.as_str(), batch.key().batch.as_str(), batch.key().currency),
            (account, payout.id.as_str(), payout.amount.currency()),
            "what is listed is known again"
        );
        let check = batch.check();
        assert_eq!(check.payout, payout.amount);
        (check.standing, batch.len())
    }

    /// A payout that can be fetched, on the day and of the amount given.
    pub(crate) fn payout(id: &str, on: &str, amount: &str, currency: &str) -> Payout {
        let currency = currency.parse().expect("a currency");
        let amount = Money::parse(amount, currency).expect("an amount");
        Payout {
            id: id.to_owned(),
            account: None,
            on: Some(day(on)),
            amount,
            reckoned: false,
            complete: true,
        }
    }

    /// A payout of this id, whatever else it is.
    pub(crate) fn called(id: &str) -> Payout {
        payout(id, "2026-02-06", "1.00", "DKK")
    }

    /// A file of the vendors' own; `None` where there are none, which is said loudly and fails in CI.
    pub(crate) fn contract(name: &str) -> Option<String> {
        let Some(folder) = std::env::var_os("BOGBRO_CONTRACTS") else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "BOGBRO_CONTRACTS must be set in CI");
            eprintln!("SKIPPED {name}: BOGBRO_CONTRACTS is not set");
            return None;
        };
        let path = std::path::Path::new(&folder).join(name);
        Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}")))
    }

    /// A day.
    pub(crate) fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    /// The payouts of a page, in words.
    pub(crate) fn words(page: &PayoutPage) -> Vec<String> {
        let on = |payout: &Payout| payout.on.map_or_else(String::new, |day| day.to_string());
        let word = |payout: &Payout| {
            let state = if payout.complete { "complete" } else { "open" };
            format!("{} {} {} {state}", payout.id, on(payout), payout.amount)
        };
        page.payouts.iter().map(word).collect()
    }

    /// Every id that could lead elsewhere is refused before anything is asked.
    pub(crate) fn keeps_to_its_path(acquirer: &dyn Acquirer) {
        for id in ["", "../v1/other", "a/b", "a?b", "a b", "a%2fb", "æ"] {
            let script = Script::default();
            let refused = block_on(acquirer.fetch(&script, ACCOUNT, &called(id), &mut Vec::new()));
            assert!(matches!(refused, Err(Failure::Rejected { .. })), "{id}: {refused:?}");
            assert!(script.finish().is_empty());
        }
    }
}
