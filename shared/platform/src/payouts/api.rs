//! The JSON API of payouts, version 1. Only callers that AWS has identified reach it; who approves is who called.

use data_encoding::BASE64URL_NOPAD;
use domain::plan::Reason;
use domain::settings::Language;
use domain::{MerchantId, Money, explain};
use engine::payouts::{BalanceSums, Correction, LineAssignment, LineChoice, PayoutFailure, PayoutRecord};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Payouts, state_word, unavailable};
use crate::clock::SystemClock;
use crate::keys::Keys;
use crate::spool::SpooledFile;
use engine::clock::Clock;
use engine::payouts::PayoutStore as _;

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who asks, as AWS has identified them.
    pub by: &'a str,
    /// The method.
    pub method: &'a str,
    /// The merchant in the path.
    pub merchant: &'a str,
    /// The payout in the path; empty for the list.
    pub payout: &'a str,
    /// The query's `flow` and `name`, for a file.
    pub flow: &'a str,
    /// See `flow`.
    pub name: &'a str,
    /// What the body is told to be: a mail may be told by that.
    pub media_type: &'a str,
    /// The query's `after` and `limit`, for the list: where it goes on, and how many it names at most.
    pub after: &'a str,
    /// See `after`.
    pub limit: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// When the answer must be given.
    pub deadline: Timestamp,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: Value,
}

/// What is done to a payout.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action", deny_unknown_fields)]
enum Action {
    /// Approves the plan of this hash.
    Approve { plan: String },
    /// Decides about lines.
    Match { reason: String, lines: Vec<LineBody> },
    /// Undoes what was posted.
    Reverse {
        reason: String,
        #[serde(default)]
        day: Option<Date>,
    },
    /// Takes a payout up again that was reversed or set aside, or lets one go on that looks like another or was sent back.
    Reopen { reason: String },
    /// Sets aside what is parked, or has the newest parked file take the place of the one that the payout was read from.
    #[serde(rename_all = "kebab-case")]
    Dismiss {
        reason: String,
        #[serde(default)]
        take_new: bool,
    },
    /// Says what the acquirer's balance report shows.
    Confirm {
        amount: Money,
        #[serde(default)]
        fees: Option<Money>,
        #[serde(default)]
        vat: Option<Money>,
        #[serde(default)]
        day: Option<Date>,
        reason: String,
    },
    /// Names the voucher that it was booked on by hand.
    Booked { voucher: String, reason: String },
    /// Has it worked on again.
    Post {},
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct LineBody {
    line: u32,
    #[serde(default)]
    choice: Option<LineChoice>,
}

/// A payout in a list.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Listed<'a> {
    name: String,
    state: String,
    #[serde(flatten)]
    record: &'a PayoutRecord,
}

impl Payouts {
    /// Answers a request.
    pub async fn answer(&self, asked: &Asked<'_>) -> Told {
        let outcome = match (asked.method, asked.payout) {
            ("GET", "") => Box::pin(self.list(asked)).await,
            ("POST", "") => Box::pin(self.upload(asked)).await,
            ("GET", _) => Box::pin(self.show_one(asked)).await,
            ("POST", _) => Box::pin(self.act(asked)).await,
            _ => return Told { status: 405, body: json!({ "message": "Method Not Allowed" }) },
        };
        outcome.unwrap_or_else(|failure| refused(&failure))
    }

    async fn list(&self, asked: &Asked<'_>) -> Result<Told, PayoutFailure> {
        let merchant = MerchantId::new(asked.merchant);
        let Some(mut page) = read_place(asked.after) else {
            return Ok(bad("`after` is the `next` of a list"));
        };
        let limit = match asked.limit {
            "" => usize::MAX,
            limit => match limit.parse() {
                Ok(limit) if limit > 0 => limit,
                _ => return Ok(bad("`limit` is a number above 0")),
            },
        };
        let mut listing = Listing::new(limit);
        loop {
            let found = self.platform.ledger.payouts(&merchant, None, page.as_deref()).await?;
            for record in &found.items {
                let key = &record.id.key;
                let place = Keys::of(&merchant).payout(&key.acquirer, &key.account, &record.id.name()).sort;
                if !listing.take(place, json!(listed(record))) {
                    return Ok(listing.told(true));
                }
            }
            page = found.next;
            if page.is_none() {
                return Ok(listing.told(false));
            }
        }
    }

    async fn upload(&self, asked: &Asked<'_>) -> Result<Told, PayoutFailure> {
        if asked.flow.is_empty() || asked.name.is_empty() {
            return Ok(bad("the query names the flow and the file: ?flow=…&name=…"));
        }
        let file = SpooledFile::of(asked.body).map_err(unavailable)?;
        let merchant = MerchantId::new(asked.merchant);
        let name = super::named_as_told(asked.name, asked.media_type);
        let intake = self.take_in(&merchant, asked.flow, &name, &file, asked.deadline).await?;
        Ok(Told { status: 200, body: json!({ "intake": intake }) })
    }

    async fn show_one(&self, asked: &Asked<'_>) -> Result<Told, PayoutFailure> {
        let record = self.find(&MerchantId::new(asked.merchant), asked.payout).await?;
        let view = self.engine().show(&record.id, false).await?;
        Ok(Told { status: 200, body: json!(view) })
    }

    async fn act(&self, asked: &Asked<'_>) -> Result<Told, PayoutFailure> {
        let Ok(action) = serde_json::from_slice::<Action>(asked.body) else {
            return Ok(bad(
                "the body is no action: approve, match, reverse, reopen, dismiss, booked, confirm or post",
            ));
        };
        let found = self.find(&MerchantId::new(asked.merchant), asked.payout).await?;
        let work = self.attempt(&found.id, asked.deadline)?;
        let engine = self.engine();
        let record = match action {
            Action::Approve { plan } => engine.approve(&work, asked.by, &plan).await?,
            Action::Match { reason, lines } => {
                let lines = lines
                    .into_iter()
                    .map(|asked| LineAssignment { line: asked.line, choice: asked.choice })
                    .collect();
                engine.correct(&work, &Correction { by: asked.by.to_owned(), reason, lines }).await?
            }
            Action::Reverse { reason, day } => {
                let merchant = self.platform.merchants.merchant(&MerchantId::new(asked.merchant)).await;
                let zone = merchant.map_err(unavailable)?.record.file.zone();
                let today = zone.to_datetime(SystemClock.now()).date();
                engine.reverse(&work, asked.by, &reason, day.unwrap_or(today)).await?
            }
            Action::Reopen { reason } => self.reopen(&work, asked.by, &reason).await?,
            Action::Dismiss { reason, take_new: true } => self.take_new(&work, asked.by, &reason).await?,
            Action::Confirm { amount, fees, vat, day, reason } => {
                let none = found.id.key.currency.zero();
                let (fees, vat) = (fees.unwrap_or(none), vat.unwrap_or(none));
                let sums = BalanceSums { payout: amount, fees, vat, day };
                engine.confirm(&work, asked.by, &reason, sums).await?
            }
            Action::Booked { voucher, reason } => engine.booked(&work, asked.by, &voucher, &reason).await?,
            Action::Dismiss { reason, .. } => self.dismiss(&work, asked.by, &reason).await?,
            Action::Post {} => found,
        };
        self.leave_work(&record).await?;
        Ok(Told { status: 202, body: json!(listed(&record)) })
    }
}

/// The largest list, in bytes: an answer of a function has room for six million, and the gateway's own words go beside it.
const LIST_BYTES: usize = 4 * 1024 * 1024;

/// A list of payouts that is as long as one answer may be.
struct Listing {
    payouts: Vec<Value>,
    last: Option<String>,
    bytes: usize,
    limit: usize,
}

impl Listing {
    fn new(limit: usize) -> Listing {
        Listing { payouts: Vec::new(), last: None, bytes: 0, limit }
    }

    /// Takes one more, if it has room. The first always has.
    fn take(&mut self, place: String, payout: Value) -> bool {
        let bytes = payout.to_string().len();
        let room = self.payouts.len() < self.limit && self.bytes + bytes <= LIST_BYTES;
        if !room && !self.payouts.is_empty() {
            return false;
        }
        self.bytes += bytes;
        self.last = Some(place);
        self.payouts.push(payout);
        true
    }

    fn told(self, more: bool) -> Told {
        let next = self.last.filter(|_| more).map(|place| BASE64URL_NOPAD.encode(place.as_bytes()));
        let mut body = json!({ "payouts": self.payouts });
        if let Some(next) = next {
            body["next"] = json!(next);
        }
        Told { status: 200, body }
    }
}

/// Where a list begins; `None` for what is no place of one.
fn read_place(after: &str) -> Option<Option<String>> {
    if after.is_empty() {
        return Some(None);
    }
    let decoded = BASE64URL_NOPAD.decode(after.as_bytes()).ok()?;
    String::from_utf8(decoded).ok().map(Some)
}

fn listed(record: &PayoutRecord) -> Listed<'_> {
    Listed { name: record.id.name(), state: state_word(record), record }
}

fn bad(message: &str) -> Told {
    Told { status: 400, body: json!({ "message": message }) }
}

fn refused(failure: &PayoutFailure) -> Told {
    let words = |reason: &Reason| {
        let told = |language| {
            let explanation = explain::explain(reason, language);
            format!("{} {} {}", explanation.what, explanation.blocks, explanation.remedy)
        };
        json!({ "code": reason.code, "facts": reason.facts, "da": told(Language::Da), "en": told(Language::En) })
    };
    match failure {
        PayoutFailure::NotFound(what) => Told { status: 404, body: json!({ "message": what }) },
        PayoutFailure::Refused(reason) => Told { status: 409, body: words(reason) },
        PayoutFailure::Held { .. } | PayoutFailure::Fenced => {
            Told { status: 409, body: json!({ "message": failure.to_string() }) }
        }
        PayoutFailure::Unavailable(_) => {
            tracing::error!(event = "payout-api-unavailable", %failure, "an answer could not be given");
            Told { status: 503, body: json!({ "message": "Service Unavailable" }) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_before_it_is_longer_than_an_answer_may_be_and_goes_on_where_it_was_cut() {
        let payout = |letters: usize| json!({ "name": "x".repeat(letters) });
        let mut listing = Listing::new(usize::MAX);
        let taken =
            (0..10).take_while(|number| listing.take(format!("payout#{number}"), payout(1 << 20))).count();
        assert_eq!(taken, 3, "four of a megabyte and their marks are more than there is room for");
        let told = listing.told(true);
        assert!(told.body.to_string().len() < 6_000_000);
        let next = told.body["next"].as_str().expect("there is more");
        assert_eq!(read_place(next), Some(Some("payout#2".to_owned())));

        // One that is larger than all of it is listed alone, and keeps no other from it.
        let mut listing = Listing::new(usize::MAX);
        assert!(listing.take("payout#0".to_owned(), payout(LIST_BYTES)));
        assert!(!listing.take("payout#1".to_owned(), payout(1)));
        assert_eq!(Listing::new(1).told(false).body, json!({ "payouts": [] }));
        assert_eq!((read_place(""), read_place("!")), (Some(None), None));
    }
}
