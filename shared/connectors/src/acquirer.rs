//! Asking an acquirer for its payouts, and for the original of one: the API's answers as they came, one after the other, which is
//! what the reader of its reports reads. So what is fetched is kept and read again like any file.

use std::io::Write;

use async_trait::async_trait;
use domain::{Failure, Money};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::http::{Call, Complaint, Request, Transport, accept, json_text};
use crate::json::rejected;
use crate::manifest::Manifest;
use crate::report::ReportReader;

/// A payout, as the acquirer's list has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// Its id, by which it is fetched.
    pub id: String,
    /// The day it arrives.
    pub on: Option<Date>,
    /// What is paid; positive when the merchant receives it.
    pub amount: Money,
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
}

/// An acquirer that can be asked.
#[async_trait]
pub trait Acquirer: ReportReader {
    /// How its API is reached.
    fn connection(&self) -> &'static Manifest;

    /// One page of the payouts that arrive on these days, both included. `page` is `next` of the page before.
    ///
    /// # Errors
    /// As the transport and the acquirer say.
    async fn payouts(
        &self,
        transport: &dyn Transport,
        from: Date,
        to: Date,
        page: Option<&str>,
    ) -> Result<PayoutPage, Failure>;

    /// Writes the original of one payout, page by page.
    ///
    /// # Errors
    /// As the transport and the acquirer say; `Busy` when it cannot be written. What was written before is then void.
    async fn fetch(
        &self,
        transport: &dyn Transport,
        payout: &str,
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

/// Keeps an answer as it came.
pub(crate) fn keep(into: &mut (dyn Write + Send), text: &str) -> Result<(), Failure> {
    let written = into.write_all(text.as_bytes()).and_then(|()| into.write_all(b"\n"));
    written.map_err(|error| Failure::Busy {
        retry_after_ms: None,
        message: format!("the original cannot be kept: {error}"),
    })
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
