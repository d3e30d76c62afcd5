//! Gateways that are asked by the clock which orders their payments are of, and under which references acquirers have them.
//!
//! Each asking goes through what moved since the one before, with overlap, page by page. What a page says is kept before the next is asked
//! for, and where the list goes on stands in the table: so an asking that runs out of time, or is told to wait, is gone on with from there
//! by another word, and whoever dies repeats one page. A walk that came to its end moves the point from which the next begins. A page that
//! is refused does not move it, and is asked for again; a payment that cannot be read is told of until somebody has all of it asked anew,
//! since the list does not come back to it. Payouts that wait for an invoice are looked at again as soon as something new was learned.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use connectors::bridge::{Bridge, LinkPage};
use connectors::http::Transport;
use connectors::registry;
use domain::plan::Reason;
use domain::settings::Connection;
use domain::{ConnectionId, Failure, MerchantId};
use engine::clock::Clock;
use engine::held::Occasion;
use engine::payouts::store::PayoutStore as _;
use engine::payouts::{OrderLink, PayoutFailure, PayoutRecord, waiting};
use engine::store::{LEDGER_SCHEMA, ParkedDelivery, Store as _};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::words::PayoutWord;
use super::{Payouts, unavailable};
use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::keys::Keys;
use crate::merchants::Merchant;
use crate::queue::hash;
use crate::routes::pause_over;
use crate::table::{Change, Reading, SCHEMA, Updated, json, number};

/// So much is asked for at first, and whenever a person asks: what is paid out now was taken before.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(60 * 24);
/// Pages of one turn; further ones are another word's.
const MOST_PAGES: usize = 10;
/// No page is asked for with less time than this: the longest call, and what it takes to keep what it says.
const LEAST: SignedDuration = SignedDuration::from_secs(45);
/// The longest wait within a turn, and how many there may be.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(20);
const MOST_WAITS: usize = 10;
/// How often a person's asking is begun that meets another.
const MOST_BEGUN: u32 = 2;
/// Where a list goes on is believed for so long; after that it is listed from its beginning.
const PAGE_BELIEVED: SignedDuration = SignedDuration::from_hours(24);
/// Pages of one walk: a list of more has no end.
const LONGEST_WALK: u32 = 20_000;
/// Refusals of one walk that are told of.
const MOST_TOLD: usize = 20;

/// The reasons by which a person is told of what cannot be read.
const PAGE_REFUSED: &str = "gateway-page-refused";
const LIST_REFUSED: &str = "gateway-list-refused";
const PAYMENT_REFUSED: &str = "gateway-payment-refused";
/// The reasons of payouts that may wait for what a gateway says.
const WAITS_FOR_LINKS: &[&str] = &["payout-lines-not-found", "payout-lines-ambiguous"];

/// How far a gateway was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Standing {
    /// Everything that moved before this is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen_to: Option<Timestamp>,
    /// The walk that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    walk: Option<Walk>,
    /// Up to where what was said long ago was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    looked_to: Option<String>,
}

/// One going through of a gateway's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Walk {
    /// From when on.
    since: Timestamp,
    /// When it began.
    begun: Timestamp,
    /// Where it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    /// Pages that were answered.
    #[serde(default)]
    pages: u32,
    /// It began as far back as any.
    #[serde(default)]
    whole: bool,
    /// A page of it was refused.
    #[serde(default)]
    page_refused: bool,
    /// Something of it is new, for which the payouts that wait were not looked at yet.
    #[serde(default)]
    learned: bool,
    /// Names of the entries that tell of what was refused.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    told: BTreeSet<String>,
}

impl Standing {
    /// The walk to go on with, or a new one. `whole`: of all that is ever asked for.
    fn walk(&self, whole: bool, overlap: SignedDuration, now: Timestamp) -> Walk {
        let new = |since, whole| Walk {
            since,
            begun: now,
            page: None,
            pages: 0,
            whole,
            page_refused: false,
            learned: self.walk.as_ref().is_some_and(|walk| walk.learned),
            told: BTreeSet::new(),
        };
        let first = now - LOOK_BACK;
        match (&self.walk, self.seen_to) {
            (Some(walk), _) if walk.whole || !whole => {
                let believed = now.duration_since(walk.begun) < PAGE_BELIEVED;
                if believed { walk.clone() } else { new(walk.since, walk.whole) }
            }
            (_, Some(seen_to)) if !whole => new((seen_to - overlap).max(first), false),
            _ => new(first, true),
        }
    }
}

/// The standing as it is in the table, under the version that the next one replaces.
struct Kept {
    standing: Standing,
    version: u64,
}

/// A gateway, ready to be asked.
struct GatewayEnd<'a> {
    merchant: &'a Merchant,
    connection: &'a Connection,
    port: &'static dyn Bridge,
    transport: &'a dyn Transport,
}

impl GatewayEnd<'_> {
    fn id(&self) -> &MerchantId {
        &self.merchant.record.file.id
    }
}

/// What a turn brought.
#[derive(Debug, Default)]
pub(super) struct Answered {
    /// References that are new.
    new: usize,
    /// What was refused, the first first.
    refused: Vec<Failure>,
    pages: usize,
    waits: usize,
    /// Something of the walk is new, in this turn or one before.
    learned: bool,
}

/// How a turn ended that nothing broke off.
enum Ended {
    /// The list came to its end, or to where nobody can go on.
    Here,
    /// It is to be gone on with.
    GoesOn,
    /// Somebody else asks.
    Elsewhere,
}

impl Payouts {
    /// Asks the gateways of a flow of payouts, as a person does: for all that is ever asked for. The number of references that are new;
    /// `None` where the flow names no gateway.
    ///
    /// # Errors
    /// As the gateways and the store say, also where the rest was kept.
    pub async fn ask_gateways(
        &self,
        merchant: &MerchantId,
        flow: &str,
        deadline: Timestamp,
    ) -> Result<Option<usize>, PayoutFailure> {
        let found = self.platform.merchants.merchant(merchant).await.map_err(|error| match error {
            PlatformError::NotFound(what) => PayoutFailure::NotFound(what),
            other => unavailable(other),
        })?;
        let file = &found.record.file;
        let Some(flow) = file.payouts.iter().find(|known| known.name == flow) else { return Ok(None) };
        if flow.gateways.is_empty() {
            return Ok(None);
        }
        let (mut new, mut failed) = (0, None);
        for connection in file.gateways(flow) {
            match self.ask_gateway(merchant, &connection.id, true, deadline).await {
                Ok(answered) => {
                    new += answered.new;
                    failed = failed.or_else(|| answered.refused.first().map(unavailable));
                }
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        failed.map_or(Ok(Some(new)), Err)
    }

    /// Leaves word of every gateway that a flow of payouts names, once for each.
    pub(super) async fn leave_word_of_gateways(
        &self,
        merchant: &Merchant,
        now: Timestamp,
    ) -> Result<(), PayoutFailure> {
        let file = &merchant.record.file;
        let named = file.payouts.iter().flat_map(|flow| file.gateways(flow)).map(|connection| &connection.id);
        for connection in named.collect::<BTreeSet<&ConnectionId>>() {
            if merchant.record.secrets.contains_key(connection) {
                let word = PayoutWord::ask_gateway(&file.id, connection, now.to_string());
                self.platform.queues.leave_payout_word(&word).await.map_err(unavailable)?;
            }
        }
        Ok(())
    }

    /// Asks one gateway, going on where it was broken off. A connection that is paused, has no secrets or is named by no flow is not asked.
    ///
    /// # Errors
    /// As the gateway and the store say; what was kept stays.
    pub(super) async fn ask_gateway(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        whole: bool,
        deadline: Timestamp,
    ) -> Result<Answered, PayoutFailure> {
        let mut answered = Answered::default();
        let Some(found) = self.merchant_with(merchant, connection).await? else { return Ok(answered) };
        let named = found.record.file.connections.iter().find(|known| known.id == *connection);
        let Some((connection, port)) =
            named.and_then(|named| Some((named, registry::bridge(&named.system)?)))
        else {
            return Ok(answered);
        };
        let is_paused = pause_over(&found.pauses, &[&connection.id]).is_some();
        if is_paused || !found.record.secrets.contains_key(&connection.id) {
            return Ok(answered);
        }
        let transport = self.routes.transport(&found, connection).map_err(unavailable)?;
        let end = GatewayEnd { merchant: &found, connection, port, transport: &*transport };
        let walked = self.walk(&end, whole, &mut answered, deadline).await;
        tracing::info!(
            event = "gateway-asked",
            %merchant,
            connection = connection.name,
            pages = answered.pages,
            new = answered.new,
            refused = answered.refused.len(),
            "a gateway"
        );
        // Also where the rest failed: the night looks at them in any case. Not in each turn of a long walk.
        let goes_on = matches!(walked, Ok(Ended::GoesOn));
        if answered.learned && !goes_on {
            self.look_at_those_that_wait(&end).await?;
        }
        walked.map(|_| answered)
    }

    /// The merchant, when a flow of payouts has this connection asked. One that was put a moment ago is not known to every process yet.
    async fn merchant_with(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
    ) -> Result<Option<Arc<Merchant>>, PayoutFailure> {
        for afresh in [false, true] {
            if afresh {
                self.platform.merchants.forget(merchant);
            }
            let found = match self.platform.merchants.merchant(merchant).await {
                Ok(found) => found,
                Err(PlatformError::NotFound(what)) => return Err(PayoutFailure::NotFound(what)),
                Err(error) => return Err(unavailable(error)),
            };
            let file = &found.record.file;
            let is_named =
                file.payouts.iter().any(|flow| file.gateways(flow).any(|known| known.id == *connection));
            if is_named {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Goes through the list as far as this turn gets, and has another word go on with what is left.
    async fn walk(
        &self,
        end: &GatewayEnd<'_>,
        whole: bool,
        answered: &mut Answered,
        deadline: Timestamp,
    ) -> Result<Ended, PayoutFailure> {
        let mut begun = 0;
        loop {
            let mut kept = self.gateway_standing(end).await.map_err(unavailable)?;
            let walk = kept.standing.walk(whole, end.port.overlap(), SystemClock.now());
            answered.learned |= walk.learned;
            let ended = self.pages(end, walk, &mut kept, answered, deadline).await?;
            begun += 1;
            match ended {
                Ended::GoesOn => {
                    let occasion = format!("on from {}", kept.version);
                    let word = PayoutWord::ask_gateway(end.id(), &end.connection.id, occasion);
                    self.platform.queues.leave_payout_word(&word).await.map_err(unavailable)?;
                }
                // The clock's asking goes on; a person's is of more than that one, and is begun once more.
                Ended::Elsewhere if whole && begun < MOST_BEGUN => {
                    answered.pages = 0;
                    continue;
                }
                Ended::Elsewhere if whole => {
                    let gateway = &end.connection.name;
                    return Err(unavailable(format!(
                        "another asking of {gateway} is under way: ask again later"
                    )));
                }
                Ended::Here | Ended::Elsewhere => {}
            }
            return Ok(ended);
        }
    }

    async fn pages(
        &self,
        end: &GatewayEnd<'_>,
        mut walk: Walk,
        kept: &mut Kept,
        answered: &mut Answered,
        deadline: Timestamp,
    ) -> Result<Ended, PayoutFailure> {
        let mut skipped = false;
        loop {
            let out_of_time = SystemClock.now() + LEAST > deadline;
            if answered.pages >= MOST_PAGES || (out_of_time && answered.pages > 0) {
                return Ok(Ended::GoesOn);
            }
            if out_of_time {
                return Err(unavailable("too little time to ask a gateway"));
            }
            let asked = end.port.links_since(end.transport, walk.since, walk.page.as_deref()).await;
            let next = match asked {
                Ok(page) => {
                    skipped = false;
                    let next = page.next.clone();
                    self.keep_page(end, page, &mut walk, (kept.standing.seen_to, answered)).await?;
                    next
                }
                Err(Failure::Busy { retry_after_ms, .. }) if may_wait(retry_after_ms, answered, deadline) => {
                    answered.waits += 1;
                    tokio::time::sleep(wait_of(retry_after_ms)).await;
                    continue;
                }
                // What was kept is gone on from; a turn without anything is the queue's to bring again after its own time.
                Err(Failure::Busy { .. }) if answered.pages > 0 => return Ok(Ended::GoesOn),
                Err(failure @ Failure::Rejected { .. }) => {
                    let behind = end.port.behind(walk.page.as_deref()).filter(|_| !skipped);
                    skipped = true;
                    let Some(behind) = behind else {
                        return self.broken_off(end, walk, kept, (failure, answered)).await;
                    };
                    walk.page_refused = true;
                    let since = kept.standing.seen_to;
                    self.tell(end, (PAGE_REFUSED, since), &failure, &mut walk).await?;
                    answered.refused.push(failure);
                    Some(behind)
                }
                Err(failure) => return Err(unavailable(failure)),
            };
            answered.pages += 1;
            walk.pages += 1;
            let Some(next) = next else { return self.ended(end, walk, kept).await };
            if walk.page.as_ref() == Some(&next) || walk.pages >= LONGEST_WALK {
                let message = "a list without an end".to_owned();
                let failure = Failure::Rejected { code: Some("unreadable".to_owned()), message };
                return self.broken_off(end, walk, kept, (failure, answered)).await;
            }
            walk.page = Some(next);
            let standing = Standing { walk: Some(walk.clone()), ..kept.standing.clone() };
            if let Some(elsewhere) = self.end_with(end, kept, standing).await? {
                return Ok(elsewhere);
            }
        }
    }

    /// Nobody knows where to go on: the next asking begins where this one did.
    async fn broken_off(
        &self,
        end: &GatewayEnd<'_>,
        mut walk: Walk,
        kept: &mut Kept,
        (failure, answered): (Failure, &mut Answered),
    ) -> Result<Ended, PayoutFailure> {
        self.tell(end, (LIST_REFUSED, kept.standing.seen_to), &failure, &mut walk).await?;
        answered.refused.push(failure);
        let standing = Standing { walk: None, ..kept.standing.clone() };
        Ok(self.end_with(end, kept, standing).await?.unwrap_or(Ended::Here))
    }

    /// Keeps what a page says, and tells of what of it cannot be read: of a page that cannot be read at all once.
    async fn keep_page(
        &self,
        end: &GatewayEnd<'_>,
        page: LinkPage,
        walk: &mut Walk,
        (since, answered): (Option<Timestamp>, &mut Answered),
    ) -> Result<(), PayoutFailure> {
        let now = SystemClock.now();
        let nothing_can_be_read = page.refused.len() > 1 && page.refused.len() == page.entries;
        let mut refused = page.refused;
        let mut links = Vec::with_capacity(page.links.len());
        for link in &page.links {
            match OrderLink::of(&end.connection.id, link, now) {
                Some(kept) => links.extend(kept),
                None => refused.push(Failure::Rejected {
                    code: Some("unreadable".to_owned()),
                    message: "a payment whose names are longer than anything real".to_owned(),
                }),
            }
        }
        let new = self.platform.ledger.put_links(end.id(), &links).await?;
        answered.new += new;
        answered.learned |= new > 0;
        walk.learned = answered.learned;
        if nothing_can_be_read {
            walk.page_refused = true;
            self.tell(end, (PAGE_REFUSED, since), &refused[0], walk).await?;
        } else {
            for failure in &refused {
                self.tell(end, (PAYMENT_REFUSED, None), failure, walk).await?;
            }
        }
        answered.refused.extend(refused.into_iter().take(1));
        Ok(())
    }

    /// The list came to its end: the next asking begins where this one did, and what is refused no more is told of no more.
    async fn ended(&self, end: &GatewayEnd<'_>, walk: Walk, kept: &mut Kept) -> Result<Ended, PayoutFailure> {
        let now = SystemClock.now();
        let seen_to = if walk.page_refused { kept.standing.seen_to } else { Some(walk.begun) };
        let looked_to = kept.standing.looked_to.clone();
        let standing = Standing { seen_to, walk: None, looked_to };
        if let Some(elsewhere) = self.end_with(end, kept, standing).await? {
            return Ok(elsewhere);
        }
        if walk.told.len() < MOST_TOLD {
            let ours = |entry: &ParkedDelivery| {
                let code = entry.reason.code.as_str();
                let of_walk =
                    matches!(code, PAGE_REFUSED | LIST_REFUSED) || (walk.whole && code == PAYMENT_REFUSED);
                of_walk && entry.connection == end.connection.id
            };
            self.platform.ledger.forget_ended(end.id(), &walk.told, ours).await.map_err(unavailable)?;
        }
        // What is known stays known whether or not what was said long ago can be dropped just now.
        let dropped =
            self.platform.ledger.drop_old_links(end.id(), kept.standing.looked_to.as_deref(), now).await;
        match dropped {
            Ok(looked_to) if looked_to != kept.standing.looked_to => {
                let standing = Standing { looked_to, ..kept.standing.clone() };
                _ = self.end_with(end, kept, standing).await?;
            }
            Ok(_) => {}
            Err(error) => {
                let (merchant, connection) = (end.id(), &end.connection.name);
                tracing::warn!(event = "gateway-links", %merchant, connection, %error, "old ones are not dropped");
            }
        }
        Ok(Ended::Here)
    }

    /// Keeps how far it came; `Elsewhere` when somebody else has, since.
    async fn end_with(
        &self,
        end: &GatewayEnd<'_>,
        kept: &mut Kept,
        standing: Standing,
    ) -> Result<Option<Ended>, PayoutFailure> {
        let mut change = Change::new();
        let (version, before) = (change.name("version"), change.value(number(kept.version)));
        let first = if kept.version == 0 { "attribute_not_exists(pk) OR " } else { "" };
        change.only_if(format!("{first}{version} = {before}"));
        change
            .set("schema", number(SCHEMA))
            .set("version", number(kept.version + 1))
            .set("asked", json(&standing).map_err(unavailable)?);
        let key = Keys::of(end.id()).asked_gateway(&end.connection.id);
        match self.platform.table.update(&key, change).await.map_err(unavailable)? {
            Updated::Applied(_) => {
                *kept = Kept { standing, version: kept.version + 1 };
                Ok(None)
            }
            Updated::Refused(_) => Ok(Some(Ended::Elsewhere)),
        }
    }

    async fn gateway_standing(&self, end: &GatewayEnd<'_>) -> Result<Kept, PlatformError> {
        let key = Keys::of(end.id()).asked_gateway(&end.connection.id);
        let Some(item) = self.platform.table.get(&key).await? else {
            return Ok(Kept { standing: Standing::default(), version: 0 });
        };
        let reading = Reading::of(&item, SCHEMA)?;
        Ok(Kept { standing: reading.json("asked")?, version: reading.number("version")? })
    }

    /// Has a refusal stand where a person sees it. One of a page that was looked at and comes again after the list could be read `since` is
    /// told of anew.
    async fn tell(
        &self,
        end: &GatewayEnd<'_>,
        (code, since): (&'static str, Option<Timestamp>),
        failure: &Failure,
        walk: &mut Walk,
    ) -> Result<(), PayoutFailure> {
        let (merchant, connection) = (end.id(), end.connection);
        let since = since.map(|since| format!(" {since}")).unwrap_or_default();
        let name = hash(format!("{code} {}{since} {failure}", connection.id).as_bytes());
        if walk.told.len() >= MOST_TOLD || !walk.told.insert(name.clone()) {
            return Ok(());
        }
        tracing::warn!(event = "gateway-refused", code, %merchant, %failure, "the others are kept");
        let entry = ParkedDelivery {
            schema: LEDGER_SCHEMA,
            merchant: merchant.clone(),
            connection: connection.id.clone(),
            body_hash: name,
            entity: None,
            reason: Reason::new(code).with("gateway", &connection.name).with("message", failure),
            at: SystemClock.now(),
            message: String::new(),
            queue: None,
        };
        Ok(self.platform.ledger.park_delivery(&entry).await?)
    }

    /// Leaves word of the payouts that wait for an invoice, and whose flow believes this gateway.
    async fn look_at_those_that_wait(&self, end: &GatewayEnd<'_>) -> Result<(), PayoutFailure> {
        let file = &end.merchant.record.file;
        let now = SystemClock.now();
        let waits = |record: &PayoutRecord| {
            let flow = file.payouts.iter().find(|flow| flow.name == record.flow);
            let believes = flow.is_some_and(|flow| flow.gateways.contains(&end.connection.name));
            let lacks = |reason: &Reason| WAITS_FOR_LINKS.contains(&reason.code.as_str());
            believes && record.reasons.iter().any(lacks) && waiting::comes_up(record, Occasion::Settings, now)
        };
        let mut page: Option<String> = None;
        loop {
            let open = self.platform.ledger.open_payouts(end.id(), page.as_deref()).await?;
            for record in open.items.iter().filter(|record| waits(record)) {
                self.leave_work(record).await?;
            }
            match open.next {
                None => return Ok(()),
                next => page = next,
            }
        }
    }
}

/// The time that a gateway asks for, or a short one.
fn wait_of(retry_after_ms: Option<u64>) -> Duration {
    Duration::from_millis(retry_after_ms.unwrap_or(2_000))
}

/// True when it can be waited for within the turn.
fn may_wait(retry_after_ms: Option<u64>, answered: &Answered, deadline: Timestamp) -> bool {
    let Ok(wait) = SignedDuration::try_from(wait_of(retry_after_ms)) else { return false };
    answered.waits < MOST_WAITS && wait <= LONGEST_WAIT && SystemClock.now() + wait + LEAST <= deadline
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours + 10_000)
    }

    #[test]
    fn a_walk_begins_with_overlap_goes_on_where_it_was_and_is_whole_at_first_and_when_a_person_asks() {
        let overlap = SignedDuration::from_mins(10);
        let first = Standing::default().walk(false, overlap, at(0));
        assert_eq!((first.since, first.whole), (at(0) - LOOK_BACK, true));
        let known = Standing { seen_to: Some(at(0)), ..Standing::default() };
        let hourly = known.walk(false, overlap, at(1));
        assert_eq!((hourly.since, hourly.begun, hourly.whole), (at(0) - overlap, at(1), false));
        let asked = known.walk(true, overlap, at(1));
        assert_eq!((asked.since, asked.whole), (at(1) - LOOK_BACK, true));
        let walk = |walk| Standing { walk: Some(walk), ..known.clone() };
        let under_way = Walk { page: Some("2".to_owned()), ..hourly.clone() };
        assert_eq!(walk(under_way.clone()).walk(false, overlap, at(2)), under_way, "it goes on");
        assert_eq!(
            walk(under_way.clone()).walk(true, overlap, at(2)).page,
            None,
            "a person has all of it asked"
        );
        let whole = Walk { page: Some("2".to_owned()), ..asked.clone() };
        assert_eq!(walk(whole.clone()).walk(false, overlap, at(2)), whole, "which goes on as it was begun");
        let late = walk(under_way.clone()).walk(false, overlap, at(30));
        assert_eq!((late.since, late.page), (under_way.since, None), "an old mark is not believed");
        let learned = walk(Walk { learned: true, ..under_way.clone() });
        assert!(learned.walk(false, overlap, at(30)).learned, "those that wait are still to be looked at");
        let long_ago = known.walk(false, overlap, at(24 * 100));
        assert_eq!(long_ago.since, at(24 * 100) - LOOK_BACK, "no further back than at first");
    }

    #[test]
    fn what_is_kept_of_a_walk_reads_again() {
        let walk = Standing::default().walk(false, SignedDuration::ZERO, at(0));
        let standing =
            Standing { walk: Some(Walk { page: Some("n".to_owned()), ..walk }), ..Standing::default() };
        let text = serde_json::to_string(&standing).expect("JSON");
        assert_eq!(serde_json::from_str::<Standing>(&text).ok(), Some(standing));
        assert_eq!(serde_json::from_str::<Standing>("{}").ok(), Some(Standing::default()));
    }
}
