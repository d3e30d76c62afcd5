//! Asking an acquirer for its payouts: what is complete and not known yet is fetched, kept as it came, and taken in like any file.
//!
//! A fetch that is told to wait in its middle, or runs out of time, keeps the answers it has and leaves word to go on from there. As long
//! as each turn brings something new the word is answered by the next one; a turn without anything new is left to the queue, which brings
//! its word again after its own time.

use std::collections::BTreeSet;
use std::time::Duration;

use connectors::acquirer::{Acquirer, Payout, PayoutPage};
use connectors::http::Transport;
use connectors::report::LONGEST_REPORT;
use domain::plan::Reason;
use domain::settlement::{BatchKey, ConfirmedBy, Standing};
use domain::{Failure, MerchantId};
use engine::payouts::store::PayoutStore as _;
use engine::payouts::{FileBytes as _, PayoutConnections as _, PayoutFailure, PayoutId, PayoutRoute};
use engine::store::{LEDGER_SCHEMA, ParkedDelivery, Store as _};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::answers::{Answers, OF_USE};
use super::days::ListedDays;
use super::patience::Patience;
use super::words::{BrokenOff, PayoutWord};
use super::{Payouts, unavailable};
use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::queue::hash;
use crate::spool::{Spool, SpooledFile};
use engine::clock::Clock;

/// Payouts that arrived so many days ago are still asked for: an acquirer may complete one late, and a day may be missed.
const DAYS_BACK: i32 = 14;
/// Pages of one list of payouts.
const MOST_PAGES: usize = 50;
/// The reason by which a person is told of what an acquirer's list cannot give.
const REFUSED: &str = "payout-fetch-refused";
/// No payout is begun with less time than this.
const LEAST: SignedDuration = SignedDuration::from_secs(45);

impl Payouts {
    /// Fetches what is new of a flow's payouts, as a person asks: of all days. The number of files that were taken in; what was broken
    /// off is gone on with by itself.
    ///
    /// # Errors
    /// As the acquirer and the store say, also where the rest was fetched; what was taken in stays.
    pub async fn fetch(
        &self,
        merchant: &MerchantId,
        flow: &str,
        deadline: Timestamp,
    ) -> Result<usize, PayoutFailure> {
        let (taken, refused) = self.fetch_on(merchant, flow, (None, true), deadline).await?;
        refused.first().map_or(Ok(taken), |failure| Err(unavailable(failure)))
    }

    /// The same, going on with what was broken off, and with what was refused for good. `whole`: days that are closed and known are listed,
    /// too.
    pub(super) async fn fetch_on(
        &self,
        merchant: &MerchantId,
        flow: &str,
        (resume, whole): (Option<&BrokenOff>, bool),
        deadline: Timestamp,
    ) -> Result<(usize, Vec<Failure>), PayoutFailure> {
        let route = self.routes.payout_route(merchant, flow).await.map_err(|failure| match failure {
            engine::route::RouteFailure::Unknown(what) => PayoutFailure::NotFound(what),
            other => unavailable(other),
        })?;
        let Some((acquirer, transport)) = route.acquirer.port.clone().filter(|_| route.paused.is_none())
        else {
            return Ok((0, Vec::new()));
        };
        let today = route.zone.to_datetime(SystemClock.now()).date();
        let (from, to) = (today.saturating_sub(DAYS_BACK.days()), today.saturating_add(7.days()));
        let of = (merchant, &route.acquirer.connection);
        let days =
            ListedDays::read(&self.platform, of, &route.acquirer.account, (from, whole), SystemClock.now());
        let mut days = days.await.map_err(unavailable)?;
        let mut refused = Vec::new();
        let pages = self.fetch_pages(
            &route,
            (acquirer, &*transport),
            (&mut days, to, &mut refused),
            resume,
            deadline,
        );
        let fetched = pages.await;
        // How far it came holds whatever came after; without it the days are listed once more.
        if let Err(error) = days.keep(&self.platform, of).await {
            tracing::warn!(event = "payout-days-not-kept", %merchant, flow, %error, "they are listed once more");
        }
        let Fetching { taken, to_the_end } = fetched?;
        self.tell_refused(&route, &refused, to_the_end).await.map_err(unavailable)?;
        Ok((taken, refused))
    }

    /// Has what an acquirer's list or a payout of it is refused for stand where a person sees it, once for each cause, until a list comes to
    /// its end without it.
    async fn tell_refused(
        &self,
        route: &PayoutRoute,
        refused: &[Failure],
        to_the_end: bool,
    ) -> Result<(), PlatformError> {
        let (merchant, connection) = (&route.merchant, &route.acquirer.connection);
        let mut standing = BTreeSet::new();
        for failure in refused {
            let reason = Reason::new(REFUSED).with("flow", &route.flow).with("message", failure);
            let name = hash(format!("{REFUSED} {connection} {} {failure}", route.flow).as_bytes());
            if !standing.insert(name.clone()) {
                continue;
            }
            let entry = ParkedDelivery {
                schema: LEDGER_SCHEMA,
                merchant: merchant.clone(),
                connection: connection.clone(),
                body_hash: name,
                entity: None,
                reason,
                at: SystemClock.now(),
                message: String::new(),
                queue: None,
            };
            tracing::warn!(event = REFUSED, %merchant, flow = route.flow, %failure, "what comes behind it is fetched");
            self.platform.ledger.park_delivery(&entry).await.map_err(PlatformError::from)?;
        }
        if !to_the_end {
            return Ok(());
        }
        let ours = |entry: &ParkedDelivery| {
            let of_flow = entry.connection == *connection && entry.reason.fact("flow") == route.flow;
            entry.reason.code == REFUSED && of_flow
        };
        self.platform.ledger.forget_ended(merchant, &standing, ours).await
    }

    /// Lists page by page, and fetches what is new. What is refused for good is put aside; what waits behind it is fetched.
    async fn fetch_pages(
        &self,
        route: &PayoutRoute,
        (acquirer, transport): (&dyn Acquirer, &dyn Transport),
        (days, to, refused): (&mut ListedDays, Date, &mut Vec<Failure>),
        resume: Option<&BrokenOff>,
        deadline: Timestamp,
    ) -> Result<Fetching, PayoutFailure> {
        let (begun, account) = (SystemClock.now(), &route.acquirer.account);
        let (mut taken, mut page) = (0, None::<String>);
        for _ in 0..MOST_PAGES {
            let listed = acquirer.payouts(transport, account, days.from(), to, page.as_deref()).await;
            let listed = match listed {
                Ok(listed) => listed,
                // Nobody knows where to go on.
                Err(failure @ Failure::Rejected { .. }) => {
                    refused.push(failure);
                    return Ok(Fetching { taken, to_the_end: false });
                }
                Err(failure) => return Err(unavailable(failure)),
            };
            let before = refused.len();
            refused.extend(listed.refused.iter().cloned());
            let (new, all) = self.fetch_page(route, &listed, (resume, refused), deadline).await?;
            taken += new;
            if !all {
                return Ok(Fetching { taken, to_the_end: false });
            }
            let sound = refused.len() == before && listed.payouts.iter().all(|payout| payout.complete);
            days.listed(listed.closed, new == 0 && sound);
            page = listed.next;
            if page.is_none() {
                days.ended(begun);
                return Ok(Fetching { taken, to_the_end: true });
            }
        }
        Ok(Fetching { taken, to_the_end: false })
    }

    /// Fetches what is new of one page: how many, and whether all of it was looked at.
    async fn fetch_page(
        &self,
        route: &PayoutRoute,
        listed: &PayoutPage,
        (resume, refused): (Option<&BrokenOff>, &mut Vec<Failure>),
        deadline: Timestamp,
    ) -> Result<(usize, bool), PayoutFailure> {
        let mut taken = 0;
        for payout in listed.payouts.iter().filter(|payout| payout.complete) {
            if SystemClock.now() + LEAST > deadline {
                return Ok((taken, false));
            }
            let resume = resume.filter(|resume| resume.payout == payout.id);
            let fetched = self.fetch_one(route, payout, resume, deadline).await?;
            if let (Fetched::New | Fetched::Known | Fetched::Refused(_), Some(ended)) = (&fetched, resume) {
                self.drop_answers(route, ended).await;
            }
            match fetched {
                Fetched::New => taken += 1,
                Fetched::Known => {}
                Fetched::Refused(failure) => refused.push(of_payout(&payout.id, failure)),
                Fetched::BrokenOff => return Ok((taken, false)),
            }
        }
        Ok((taken, true))
    }

    /// Fetches one payout when it is not known, or known by mail alone; one that is known and not confirmed is confirmed by the list.
    async fn fetch_one(
        &self,
        route: &PayoutRoute,
        payout: &Payout,
        resume: Option<&BrokenOff>,
        deadline: Timestamp,
    ) -> Result<Fetched, PayoutFailure> {
        let id = PayoutId {
            merchant: route.merchant.clone(),
            key: BatchKey {
                acquirer: route.acquirer.reader.manifest().system.to_owned(),
                account: payout.account.clone().unwrap_or_else(|| route.acquirer.account.clone()),
                batch: payout.id.clone(),
                currency: payout.amount.currency(),
            },
        };
        let mut confirms_after = false;
        if let Some(known) = self.platform.ledger.payout(&id).await? {
            let unconfirmed =
                known.figures.standing == Standing::Unconfirmed && known.confirmations.is_empty();
            // What came by mail is held against the acquirer's own report as well, once; and before the list's word, which would let rules
            // post what only the mail says, and after which nothing would fetch it again.
            let asked = known.confirmations.iter().any(|said| said.by == ConfirmedBy::PayoutApi);
            let claimed = known.by_mail && !asked && known.conflicts.is_empty() && known.dismissed.is_empty();
            let confirms = (unconfirmed || claimed || known.rests_on_mail()) && !payout.reckoned;
            confirms_after = confirms && claimed;
            if confirms && !claimed {
                self.confirm(&id, payout, deadline).await?;
            }
            if !known.figures.pending && !claimed {
                return Ok(Fetched::Known);
            }
        }
        let Some((acquirer, transport)) = &route.acquirer.port else { return Ok(Fetched::Known) };
        let mut spool = Spool::new(LONGEST_REPORT).map_err(unavailable)?;
        let before = self.kept_answers(route, resume).await;
        let answers =
            Answers::over(&**transport, &SystemClock, deadline - LEAST, LONGEST_REPORT, before.as_ref());
        let answers = answers.map_err(unavailable)?;
        let fetched = acquirer.fetch(&answers, &route.acquirer.account, payout, &mut spool).await;
        if let Err(failure) = fetched {
            let waits = matches!(failure, Failure::Busy { .. });
            let gained = answers.gained().map_err(unavailable)?.filter(|_| waits);
            let Some(gained) = gained else {
                if !matches!(failure, Failure::Rejected { .. }) {
                    return Err(unavailable(failure));
                }
                // There is no report to hold it against: what the list says is all there is.
                if confirms_after {
                    self.confirm(&id, payout, deadline).await?;
                }
                return Ok(Fetched::Refused(failure));
            };
            self.go_on_later(route, payout, &gained).await?;
            if let Some(before) = resume.filter(|before| before.answers != gained.sha256()) {
                self.drop_answers(route, before).await;
            }
            return Ok(Fetched::BrokenOff);
        }
        let file = spool.done().map_err(unavailable)?;
        let name = format!("{}.json", payout.id);
        self.take_in(&route.merchant, &route.flow, &name, &file, deadline).await?;
        if confirms_after {
            self.confirm(&id, payout, deadline).await?;
        }
        Ok(Fetched::New)
    }

    /// The list's own word of a payout: its amount and day.
    async fn confirm(
        &self,
        id: &PayoutId,
        payout: &Payout,
        deadline: Timestamp,
    ) -> Result<(), PayoutFailure> {
        let mut patience = Patience::new(&SystemClock, deadline);
        loop {
            let work = self.attempt(id, deadline)?;
            let confirmed = self.engine().confirmed_by_acquirer(&work, payout.amount, payout.on).await;
            let Err(failure) = confirmed else { return Ok(()) };
            // What was just taken in may be worked on already.
            let Some(wait) = patience.before_next(&failure) else { return Err(failure) };
            tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()).await;
        }
    }

    /// The answers that are kept of a payout; `None` when they are too old, gone, or not those that the word is of.
    async fn kept_answers(&self, route: &PayoutRoute, resume: Option<&BrokenOff>) -> Option<SpooledFile> {
        let resume = resume.filter(|resume| SystemClock.now().duration_since(resume.at) < OF_USE)?;
        let name = answers_name(&route.flow, &resume.payout, &resume.answers);
        let kept = self.platform.files.get_passing_file(&route.merchant, &name, LONGEST_REPORT).await;
        kept.ok().filter(|kept| kept.sha256() == resume.answers)
    }

    /// Drops answers that nobody goes on with any more. What cannot be dropped passes by itself.
    async fn drop_answers(&self, route: &PayoutRoute, kept: &BrokenOff) {
        let name = answers_name(&route.flow, &kept.payout, &kept.answers);
        if let Err(error) = self.platform.files.drop_passing(&route.merchant, &name).await {
            tracing::warn!(
                event = "payout-answers-not-dropped", merchant = %route.merchant, flow = route.flow, %error,
                "they pass by themselves"
            );
        }
    }

    /// Keeps the answers that a payout has brought, and leaves word to go on with it.
    async fn go_on_later(
        &self,
        route: &PayoutRoute,
        payout: &Payout,
        gained: &SpooledFile,
    ) -> Result<(), PayoutFailure> {
        let answers = gained.sha256().to_owned();
        let name = answers_name(&route.flow, &payout.id, &answers);
        self.platform.files.put_passing_file(&route.merchant, &name, gained).await.map_err(unavailable)?;
        tracing::info!(
            event = "payout-fetch-broken-off",
            merchant = %route.merchant,
            flow = route.flow,
            bytes = gained.length(),
            "it goes on from here"
        );
        let broken_off = BrokenOff { payout: payout.id.clone(), answers, at: SystemClock.now() };
        let word = PayoutWord::resume(&route.merchant, &route.flow, broken_off);
        self.platform.queues.leave_payout_word(&word).await.map_err(unavailable)
    }
}

/// What came of listing an acquirer's payouts.
struct Fetching {
    /// Files that were taken in.
    taken: usize,
    /// Everything there is was looked at.
    to_the_end: bool,
}

/// What became of a payout of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fetched {
    /// It was taken in.
    New,
    /// Nothing was to be done.
    Known,
    /// It was begun, and goes on by itself.
    BrokenOff,
    /// It cannot be fetched as it stands.
    Refused(Failure),
}

/// The object that answers are kept as. It is dropped when the fetch has ended or got further; what is left over passes by itself, as
/// deliveries do.
fn answers_name(flow: &str, payout: &str, answers: &str) -> String {
    format!("payout-fetch/{}/{answers}", hash(format!("{flow}\n{payout}").as_bytes()))
}

/// A refusal that says which payout it is of: another one that is refused by the same words is news.
fn of_payout(payout: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Rejected { code, message } => {
            Failure::Rejected { code, message: format!("{payout}: {message}") }
        }
        other => other,
    }
}
