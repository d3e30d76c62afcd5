//! Payouts on this platform: the word by which they are worked on, the files that are dropped, what acquirers are asked for by the
//! clock, and what persons and programs do with them.

mod announced;
mod answers;
mod api;
mod coming_up;
mod days;
mod fetch;
mod gateways;
mod mailed;
mod patience;
mod routes;
mod words;

use std::time::Duration;

use domain::MerchantId;
use domain::plan::Reason;
use domain::settlement::BatchKey;
use engine::payouts::record::PAYOUT_SCHEMA;
use engine::payouts::store::PayoutStore as _;
use engine::payouts::{
    FileBytes, FileDismissal, Incoming, IntakeOutcome, IntakeRecord, PayoutEngine, PayoutFailure, PayoutId,
    PayoutRecord, PayoutWork,
};
use engine::policy::Limits;
use engine::store::StoreFailure;
use jiff::Timestamp;

use crate::Platform;
use crate::clock::SystemClock;
use crate::dead_letters;
use crate::failure::PlatformError;
use crate::queue::RECEIVES;
use crate::routes::Routes;
use crate::sealing::new_token;
use engine::clock::Clock;

use coming_up::ComingUp;
use patience::Patience;

pub use api::{Asked, Told};
pub use mailed::named_as_told;
pub use words::{BrokenOff, PayoutMessage, PayoutTask, PayoutWord};

/// Payouts of all merchants.
#[derive(Clone)]
pub struct Payouts {
    platform: Platform,
    routes: Routes,
}

/// What became of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// It is done, or what is left of it comes up by itself.
    Done,
    /// It must come again.
    Again,
}

impl Payouts {
    /// Over this platform and these ways out.
    pub fn new(platform: Platform, routes: Routes) -> Payouts {
        Payouts { platform, routes }
    }

    /// The engine.
    pub fn engine(&self) -> PayoutEngine<'_> {
        PayoutEngine {
            clock: &SystemClock,
            payouts: &self.platform.ledger,
            ledger: &self.platform.ledger,
            connections: &self.routes,
            limits: Limits::default(),
        }
    }

    /// Takes a message off the queue: works on a word, and leaves the bucket's own word again in its object's own group, so that a file
    /// that cannot be taken in holds back no other. Whoever dies in between leaves it twice, as one word by its occasion.
    ///
    /// # Errors
    /// As [`PayoutMessage::read`], for what is no message of this queue.
    pub async fn take(
        &self,
        text: &str,
        receives: u32,
        deadline: Timestamp,
    ) -> Result<Handled, PlatformError> {
        match PayoutMessage::read(text)? {
            PayoutMessage::Word(word) => Ok(Box::pin(self.handle(&word, receives, deadline)).await),
            PayoutMessage::Dropped(word) => match self.platform.queues.leave_payout_word(&word).await {
                Ok(()) => Ok(Handled::Done),
                Err(error) => {
                    tracing::warn!(event = "payout-again", merchant = %word.merchant, %error, "comes again");
                    Ok(Handled::Again)
                }
            },
            PayoutMessage::Mailed(mail) => match Box::pin(self.deliver(&mail)).await {
                Ok(()) => Ok(Handled::Done),
                Err(error) => {
                    tracing::warn!(event = "mail-again", object = mail.object, %error, "comes again");
                    Ok(Handled::Again)
                }
            },
            PayoutMessage::NoFile { object } => {
                tracing::warn!(event = "dropped-no-file", object, "a folder, or in no folder of a flow");
                Ok(Handled::Done)
            }
        }
    }

    /// Works on one word, which came off the queue for the `receives`th time. What the queue gives up next is kept where a person
    /// sees it, with what it failed by; what is done stands there no more.
    pub async fn handle(&self, word: &PayoutWord, receives: u32, deadline: Timestamp) -> Handled {
        let outcome = match &word.task {
            PayoutTask::TakeIn { object, version } => {
                Box::pin(self.take_dropped(object, version.as_deref(), deadline)).await
            }
            PayoutTask::Mailed { object, version, flow } => {
                let taken = self.take_delivered((&word.merchant, flow), object, version.as_deref(), deadline);
                Box::pin(taken).await
            }
            PayoutTask::Work { key } => {
                let id = PayoutId { merchant: word.merchant.clone(), key: key.clone() };
                Box::pin(self.work(&id, deadline)).await.map(|_| ())
            }
            PayoutTask::Fetch { flow, resume } => {
                let fetched =
                    Box::pin(self.fetch_on(&word.merchant, flow, (resume.as_ref(), false), deadline));
                fetched.await.map(|_| ())
            }
            PayoutTask::AskGateway { connection } => {
                let asked = Box::pin(self.ask_gateway(&word.merchant, connection, false, deadline));
                asked.await.map(|_| ())
            }
            PayoutTask::Announced { connection, report } => {
                Box::pin(self.take_announced(&word.merchant, connection, report, deadline)).await
            }
        };
        match outcome {
            Ok(()) => {
                self.forget_given_up(word).await;
                Handled::Done
            }
            // Whoever holds it goes on with it; a payout that is gone, or a flow, comes up no more.
            Err(PayoutFailure::NotFound(what)) => {
                tracing::error!(event = "payout-word-lost", merchant = %word.merchant, what, "nothing is there");
                Handled::Done
            }
            Err(PayoutFailure::Refused(reason)) => {
                tracing::warn!(event = "payout-refused", merchant = %word.merchant, code = reason.code, "refused");
                self.forget_given_up(word).await;
                Handled::Done
            }
            Err(failure) => {
                tracing::warn!(event = "payout-again", merchant = %word.merchant, %failure, "comes again");
                if receives >= RECEIVES {
                    self.set_aside(word, &failure).await;
                }
                Handled::Again
            }
        }
    }

    /// Keeps a word with its failure. Where that cannot be done the scheduler finds it among the dead letters, without the failure.
    async fn set_aside(&self, word: &PayoutWord, failure: &PayoutFailure) {
        match dead_letters::given_up(&self.platform, word, failure).await {
            Ok(()) => {
                tracing::error!(
                    event = "dead-letter-parked", merchant = %word.merchant, entry = word.entry_name(), "parked"
                );
            }
            Err(error) => {
                tracing::error!(
                    event = "task-failed", task = "payout-set-aside", merchant = %word.merchant, %error,
                    "the scheduler does it"
                );
            }
        }
    }

    /// Takes a word's entry off the list when it has one: what it asks for is done, or told otherwise.
    async fn forget_given_up(&self, word: &PayoutWord) {
        if let Err(error) = self.platform.ledger.forget_delivery(&word.merchant, &word.entry_name()).await {
            tracing::error!(
                event = "task-failed", task = "payout-forget", merchant = %word.merchant, %error, "a person does it"
            );
        }
    }

    /// Works on a payout, and says so in one line.
    ///
    /// # Errors
    /// As the engine says.
    pub async fn work(&self, id: &PayoutId, deadline: Timestamp) -> Result<PayoutRecord, PayoutFailure> {
        let work = self.attempt(id, deadline)?;
        let record = self.engine().work(&work).await?;
        let reason = record.reasons.first().map_or("", |reason| reason.code.as_str());
        tracing::info!(
            event = "payout-worked",
            merchant = %id.merchant,
            payout = id.name(),
            state = state_word(&record),
            reason,
            lines = record.figures.lines,
            "a payout"
        );
        // Time was up: it goes on at once.
        if record.due_at.is_some_and(|due| due <= SystemClock.now()) {
            self.leave_work(&record).await?;
        }
        Ok(record)
    }

    /// A piece of work on a payout, under a token of its own.
    ///
    /// # Errors
    /// When the machine has no random numbers.
    pub fn attempt(&self, id: &PayoutId, deadline: Timestamp) -> Result<PayoutWork, PayoutFailure> {
        let token = new_token().map_err(unavailable)?;
        Ok(PayoutWork { id: id.clone(), token, deadline })
    }

    /// Takes a file in for a flow, and leaves word of what came of it. A payout that another worker holds is waited for a little. Of a mail
    /// it is its attachments that are taken in, each as a file of its own.
    ///
    /// # Errors
    /// As the engine says.
    pub async fn take_in(
        &self,
        merchant: &MerchantId,
        flow: &str,
        name: &str,
        file: &dyn FileBytes,
        deadline: Timestamp,
    ) -> Result<IntakeRecord, PayoutFailure> {
        if connectors::mailed::is_mail(name, "") {
            return Box::pin(self.take_mail((merchant, flow), name, file, deadline)).await;
        }
        self.take_file((merchant, flow), name, file, None, deadline).await
    }

    /// Takes a file in that is no mail, and may have come in this one.
    async fn take_file(
        &self,
        (merchant, flow): (&MerchantId, &str),
        name: &str,
        file: &dyn FileBytes,
        mail: Option<&str>,
        deadline: Timestamp,
    ) -> Result<IntakeRecord, PayoutFailure> {
        let mut patience = Patience::new(&SystemClock, deadline);
        let intake = loop {
            let token = new_token().map_err(unavailable)?;
            let incoming = Incoming { merchant, flow, name, file, mail, token: &token, deadline };
            match self.engine().take_in(&incoming).await {
                Ok(intake) => break intake,
                Err(failure) => {
                    let Some(wait) = patience.before_next(&failure) else { return Err(failure) };
                    tracing::info!(event = "payout-file-waits", %merchant, flow, %failure, "tried again in a moment");
                    tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()).await;
                }
            }
        };
        let keys: Vec<&BatchKey> = match &intake.outcome {
            IntakeOutcome::Report { batches } => batches.iter().map(|batch| &batch.key).collect(),
            IntakeOutcome::Statement { payouts, .. } => payouts.iter().collect(),
            IntakeOutcome::Refused { reason } => {
                tracing::warn!(event = "payout-file-refused", %merchant, flow, code = reason.code, "a file");
                Vec::new()
            }
            IntakeOutcome::Mail { .. } => Vec::new(),
        };
        for key in keys {
            let id = PayoutId { merchant: merchant.clone(), key: key.clone() };
            let word = PayoutWord::work(&id, format!("file {}", intake.file.sha256));
            self.platform.queues.leave_payout_word(&word).await.map_err(unavailable)?;
        }
        Ok(intake)
    }

    /// Takes in a file that was dropped in the bucket: that very version of it, whatever was dropped under its name since.
    async fn take_dropped(
        &self,
        object: &str,
        version: Option<&str>,
        deadline: Timestamp,
    ) -> Result<(), PayoutFailure> {
        let Some((merchant, flow, name)) = crate::keys::dropped(object) else {
            return Err(PayoutFailure::NotFound(object.to_owned()));
        };
        let dropped = version.map_or_else(|| object.to_owned(), |version| format!("{object}\n{version}"));
        if !self.knows_flow(&merchant, &flow).await? {
            let reason = Reason::new("payout-flow-unknown").with("flow", &flow);
            return self.refused_unread(&merchant, &flow, &name, &dropped, reason).await;
        }
        let limit = connectors::report::LONGEST_REPORT;
        match self.platform.files.get_dropped(object, version, limit).await {
            Ok((file, media_type)) => {
                let name = named_as_told(&name, &media_type);
                self.take_in(&merchant, &flow, &name, &file, deadline).await.map(|_| ())
            }
            Err(PlatformError::NotFound(_)) => {
                let reason = Reason::new("payout-file-gone").with("flow", &flow);
                self.refused_unread(&merchant, &flow, &name, &dropped, reason).await
            }
            Err(PlatformError::Invalid(_)) => {
                let reason = Reason::new("report-too-large").with("limit", limit >> 20);
                self.refused_unread(&merchant, &flow, &name, &dropped, reason).await
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Whether the merchant has a flow of that name: one that was put a moment ago is not known to every process yet, so the
    /// merchant is read afresh before a file is refused for it.
    async fn knows_flow(&self, merchant: &MerchantId, flow: &str) -> Result<bool, PayoutFailure> {
        for afresh in [false, true] {
            if afresh {
                self.platform.merchants.forget(merchant);
            }
            let found = self.platform.merchants.merchant(merchant).await.map_err(|error| match error {
                PlatformError::NotFound(what) => PayoutFailure::NotFound(what),
                other => unavailable(other),
            })?;
            if found.record.file.payouts.iter().any(|known| known.name == flow) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A file that is not even read: it is told like any other that is refused, under a hash of what was `dropped`, and stays there.
    async fn refused_unread(
        &self,
        merchant: &MerchantId,
        flow: &str,
        name: &str,
        dropped: &str,
        reason: Reason,
    ) -> Result<(), PayoutFailure> {
        tracing::warn!(event = "payout-file-refused", %merchant, flow, code = reason.code, "a file");
        let file = engine::payouts::FileRecord {
            sha256: crate::queue::hash(dropped.as_bytes()),
            name: name.to_owned(),
            format: String::new(),
            bytes: 0,
            profile: None,
            mail: None,
            received_at: SystemClock.now(),
        };
        let outcome = IntakeOutcome::Refused { reason };
        let flow = flow.to_owned();
        let intake = IntakeRecord {
            schema: PAYOUT_SCHEMA,
            merchant: merchant.clone(),
            flow,
            file,
            outcome,
            earlier: Vec::new(),
            dismissed: None,
            erased_at: None,
        };
        Ok(self.platform.ledger.put_intake(&intake).await?)
    }

    /// Sets aside what is parked, says so in one line, and has the payouts looked at again that shared lines with it.
    ///
    /// # Errors
    /// As the engine and SQS say.
    pub async fn dismiss(
        &self,
        work: &PayoutWork,
        by: &str,
        reason: &str,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let record = self.engine().dismiss(work, by, reason).await?;
        tracing::info!(
            event = "payout-dismissed",
            merchant = %record.id.merchant,
            payout = record.id.name(),
            by,
            whole = record.is_set_aside(),
            "a person set something aside"
        );
        if record.is_set_aside() {
            self.look_at_those_held_for(&record).await?;
        }
        Ok(record)
    }

    /// Takes a payout up again, or lets one go on that looks like another or went back; those that looked like it are looked at again.
    ///
    /// # Errors
    /// As the engine and SQS say.
    pub async fn reopen(
        &self,
        work: &PayoutWork,
        by: &str,
        reason: &str,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let record = self.engine().reopen(work, by, reason).await?;
        if !record.overruled.is_empty() {
            self.look_at_those_held_for(&record).await?;
        }
        Ok(record)
    }

    /// Leaves word of the payouts that wait because of this one.
    async fn look_at_those_held_for(&self, record: &PayoutRecord) -> Result<(), PayoutFailure> {
        let batch = record.id.key.batch.as_str();
        let held = |other: &PayoutRecord| {
            other.overlap.as_ref().is_some_and(|overlap| overlap.fact("other") == batch)
        };
        // Whatever waits needs somebody.
        let mut page: Option<String> = None;
        loop {
            let open = self.platform.ledger.open_payouts(&record.id.merchant, page.as_deref()).await?;
            for other in open.items.iter().filter(|other| held(other)) {
                self.leave_work(other).await?;
            }
            match open.next {
                None => return Ok(()),
                next => page = next,
            }
        }
    }

    /// A person takes the newest of a payout's parked files in the place of the one that it was read from.
    ///
    /// # Errors
    /// As the engine says.
    pub async fn take_new(
        &self,
        work: &PayoutWork,
        by: &str,
        reason: &str,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let record = self.engine().take_new(work, by, reason).await?;
        tracing::info!(
            event = "payout-renewed",
            merchant = %record.id.merchant,
            payout = record.id.name(),
            by,
            file = record.original.sha256,
            "a person took a newer report"
        );
        Ok(record)
    }

    /// Leaves word that a payout is to be worked on.
    ///
    /// # Errors
    /// As SQS says.
    pub async fn leave_work(&self, record: &PayoutRecord) -> Result<(), PayoutFailure> {
        let word = PayoutWord::work_at(record);
        self.platform.queues.leave_payout_word(&word).await.map_err(unavailable)
    }

    /// The turn of the clock: leaves word of payouts that are due, or wait for what may have been mended, and, once an hour, of what
    /// acquirers are to be asked for.
    ///
    /// # Errors
    /// As AWS says; one merchant's failure keeps no other waiting.
    pub async fn turn(&self, hourly: bool) -> Result<(), PlatformError> {
        self.turn_at(SystemClock.now(), hourly).await
    }

    /// The turn of the clock at a time.
    ///
    /// # Errors
    /// As [`Payouts::turn`].
    pub async fn turn_at(&self, now: Timestamp, hourly: bool) -> Result<(), PlatformError> {
        for merchant in self.platform.merchants.all().await? {
            if let Err(failure) = self.turn_of(&merchant, now, hourly).await {
                tracing::error!(event = "payout-turn-failed", %merchant, %failure, "the next turn repeats it");
            }
        }
        Ok(())
    }

    async fn turn_of(
        &self,
        merchant: &MerchantId,
        now: Timestamp,
        hourly: bool,
    ) -> Result<(), PayoutFailure> {
        let found = self.platform.merchants.merchant(merchant).await.map_err(unavailable)?;
        let file = &found.record.file;
        if file.payouts.is_empty() {
            return Ok(());
        }
        let coming_up = ComingUp::of(&found, now);
        let mut page: Option<String> = None;
        loop {
            let open = self.platform.ledger.open_payouts(merchant, page.as_deref()).await?;
            for record in open.items.iter().filter(|record| coming_up.has(record)) {
                self.leave_work(record).await?;
            }
            match open.next {
                None => break,
                next => page = next,
            }
        }
        if hourly {
            self.leave_word_of_gateways(&found, now).await?;
        }
        for flow in file.payouts.iter().filter(|_| hourly) {
            let system = file.connection(&flow.acquirer).map_or("", |connection| connection.system.as_str());
            if connectors::registry::acquirer(system).is_some() {
                let word = PayoutWord::fetch(merchant, &flow.name, now.to_string());
                self.platform.queues.leave_payout_word(&word).await.map_err(unavailable)?;
            }
        }
        Ok(())
    }

    /// The payout of a short name, or of the batch's own id where only one has it.
    ///
    /// # Errors
    /// `NotFound`; as the store says.
    pub async fn find(&self, merchant: &MerchantId, name: &str) -> Result<PayoutRecord, PayoutFailure> {
        let mut found = self.platform.ledger.payouts_named(merchant, name).await?;
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => Err(PayoutFailure::NotFound(format!("{name}: several have it"))),
            (None, _) => Err(PayoutFailure::NotFound(name.to_owned())),
        }
    }

    /// The payouts of a merchant that need somebody or something.
    ///
    /// # Errors
    /// As the store says.
    pub async fn open(&self, merchant: &MerchantId) -> Result<Vec<PayoutRecord>, PayoutFailure> {
        let mut open = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let found = self.platform.ledger.open_payouts(merchant, page.as_deref()).await?;
            open.extend(found.items);
            match found.next {
                None => break,
                next => page = next,
            }
        }
        open.sort_by(|a: &PayoutRecord, b| a.id.cmp(&b.id));
        Ok(open)
    }

    /// All payouts of a merchant.
    ///
    /// # Errors
    /// As the store says.
    pub async fn all(&self, merchant: &MerchantId) -> Result<Vec<PayoutRecord>, PayoutFailure> {
        let mut all = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let found = self.platform.ledger.payouts(merchant, None, page.as_deref()).await?;
            all.extend(found.items);
            match found.next {
                None => return Ok(all),
                next => page = next,
            }
        }
    }

    /// Dismisses the refusal of the file whose hash begins so: it is told of no more. Who and why is kept.
    ///
    /// # Errors
    /// `NotFound` when none or several of the refused files begin so, or when nobody or no reason is named; as the store says.
    pub async fn dismiss_file(
        &self,
        merchant: &MerchantId,
        hash: &str,
        by: &str,
        reason: &str,
    ) -> Result<IntakeRecord, PayoutFailure> {
        if by.trim().is_empty() || reason.trim().is_empty() {
            return Err(PayoutFailure::NotFound("who dismisses it, and why: both are kept".to_owned()));
        }
        let mut found = self.platform.ledger.refused_files(merchant).await?;
        found.retain(|intake| intake.file.sha256.starts_with(hash));
        let (Some(mut intake), true) = (found.pop(), found.is_empty()) else {
            return Err(PayoutFailure::NotFound(format!("one refused file that is named file/{hash}")));
        };
        let at = SystemClock.now();
        intake.dismissed =
            Some(FileDismissal { by: by.trim().to_owned(), reason: reason.trim().to_owned(), at });
        self.platform.ledger.put_intake(&intake).await?;
        tracing::info!(event = "file-dismissed", %merchant, file = intake.name(), by, reason, "by an operator");
        Ok(intake)
    }

    /// The file whose hash begins so, as it came.
    ///
    /// # Errors
    /// `NotFound` when none or several begin so, or it is erased; as the store says.
    pub async fn file(
        &self,
        merchant: &MerchantId,
        hash: &str,
    ) -> Result<(IntakeRecord, Box<dyn FileBytes>), PayoutFailure> {
        let mut found = self.files(merchant).await?;
        found.retain(|intake| intake.file.sha256.starts_with(hash));
        // It may have come for several flows.
        found.sort_by(|a, b| a.file.sha256.cmp(&b.file.sha256));
        found.dedup_by(|a, b| a.file.sha256 == b.file.sha256);
        let gone = || PayoutFailure::NotFound(format!("one file that is named file/{hash}"));
        let (Some(intake), true) = (found.pop(), found.is_empty()) else { return Err(gone()) };
        match self.platform.ledger.file(merchant, &intake.file.sha256).await {
            Ok(file) => Ok((intake, file)),
            Err(StoreFailure::Conflict) => Err(gone()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// The latest files that came in for a merchant's payouts.
    ///
    /// # Errors
    /// As the store says.
    pub async fn files(&self, merchant: &MerchantId) -> Result<Vec<IntakeRecord>, PayoutFailure> {
        let mut all = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let found = self.platform.ledger.intakes(merchant, page.as_deref()).await?;
            all.extend(found.items);
            match found.next {
                None => break,
                next => page = next,
            }
        }
        all.sort_by_key(|intake| std::cmp::Reverse(intake.file.received_at));
        Ok(all)
    }
}

/// The word of a payout's state, as it is stored.
pub fn state_word(record: &PayoutRecord) -> String {
    let value = serde_json::to_value(record.approval.state());
    value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

pub(crate) fn unavailable(error: impl std::fmt::Display) -> PayoutFailure {
    PayoutFailure::Unavailable(error.to_string())
}

impl From<StoreFailure> for PlatformError {
    fn from(failure: StoreFailure) -> PlatformError {
        match failure {
            StoreFailure::UnknownSchema(found) => PlatformError::UnknownSchema(found),
            other => PlatformError::Unavailable { service: "ledger", message: other.to_string() },
        }
    }
}
