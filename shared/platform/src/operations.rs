//! What an operator can do, as functions: configure merchants and secrets, look at transfers, replay them, pause, export, and
//! say that the ledger was restored. The command line is a printer over this.
//!
//! Every operation on a merchant's things takes the merchant and finds only what is that merchant's.

mod export;
mod parked;
mod payouts;
mod pdf;
mod privacy;
mod stock;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::config::{Credentials, Region};
use domain::plan::Reason;
use domain::settings::{Connection, MerchantFile, SettingProblems, read_merchant_file};
use domain::{ConnectionId, EntityId, EntityKind, MerchantId, TransferId};
use engine::clock::Clock;
use engine::log::{Trace, Why};
use engine::message::{MESSAGE_SCHEMA, Message, SettingsChoice};
use engine::policy::Limits;
use engine::store::{DUE_SHARDS, Due, Head, Pause, PauseScope, Pointer, PointerKind, Store, StoreFailure};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::catalogue::{self, CatalogueView};
use crate::clock::SystemClock;
use crate::config::{Environment, aws_configuration};
use crate::failure::PlatformError;
use crate::ledger::Ledger;
use crate::merchants::{BELIEVED, Epoch, MerchantRecord, Merchants, SealedSecret};
use crate::platform::Platform;
use crate::queue::Queues;
use crate::sealing::new_token;
use crate::table::Table;
use crate::transport::Traffic;

pub use export::{ExportSink, Exported};
pub use parked::{ParkedEntry, entry_name};
pub use pdf::DocumentPdf;
pub use privacy::{ErasureView, PersonChoice, SegmentView};
pub use stock::StockView;

/// Transfers of one page of what is due.
const DUE_PAGE: usize = 100;

/// The operator's hands: everything is reached by the standard AWS variables and those of [`Environment`].
#[derive(Clone)]
pub struct Operations {
    table: Table,
    pub(crate) merchants: Merchants,
    pub(crate) ledger: Ledger,
    queues: Queues,
    platform: Platform,
}

/// Reads a merchant's file and checks it, with what its systems ask of their connections.
///
/// # Errors
/// `Invalid` with every problem of the file.
pub fn sound_file(json: &str) -> Result<MerchantFile, PlatformError> {
    let invalid = |problems: SettingProblems| PlatformError::Invalid(problems.to_string());
    let file = read_merchant_file(json).map_err(invalid)?;
    let unknown_systems = unknown_systems(&file);
    if !unknown_systems.is_empty() {
        return Err(PlatformError::Invalid(format!("unknown systems: {}", unknown_systems.join(", "))));
    }
    let problems = connectors::setup::problems(&file);
    if problems.is_empty() { Ok(file) } else { Err(invalid(problems)) }
}

/// What `put_merchant` did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MerchantPut {
    /// Whose file.
    pub merchant: MerchantId,
    /// Its version now.
    pub version: u64,
    /// False when the file is the same as the version before.
    pub changed: bool,
    /// Secrets that its connections need and do not have yet: connection name and secret name.
    pub missing_secrets: Vec<(String, String)>,
    /// Always empty, since a file that names a system which is not known is refused. It stays for the programs that read it.
    pub unknown_systems: Vec<String>,
    /// Names of connections to gateways that no flow of payouts names: nothing is asked of them.
    pub not_asked: Vec<String>,
}

/// A merchant as configured.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MerchantView {
    /// Version of the settings file.
    pub version: u64,
    /// When it was put.
    pub put_at: Timestamp,
    /// The file.
    pub file: MerchantFile,
    /// Names of the secrets set, by connection name, each with the time it was set.
    pub secrets: BTreeMap<String, BTreeMap<String, Timestamp>>,
    /// Secrets that are needed and missing: connection name and secret name.
    pub missing_secrets: Vec<(String, String)>,
    /// What is paused.
    pub pauses: Vec<Pause>,
    /// Path of each shop's webhook address, by connection name.
    pub webhook_paths: BTreeMap<String, String>,
}

/// Which transfers to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Those that need somebody: held and parked.
    Attention,
    /// Those of orders made on one day of the merchant's.
    Day(Date),
    /// Those that a number leads to: order, draft or invoice number, or payment reference.
    Number(String),
}

/// A transfer, whole.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TransferView {
    /// Its head.
    pub head: Head,
    /// Its log.
    pub trace: Trace,
}

/// What a replay would do, said before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReplayPreview {
    /// The order number.
    pub order: String,
    /// Where it stands now.
    pub status: String,
    /// What will happen.
    pub will: ReplayEffect,
    /// Version of the settings it will be planned with.
    pub settings_version: u64,
    /// Kinds and numbers of the documents that stand already; they are never made twice.
    pub documents: Vec<String>,
}

/// What a replay does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplayEffect {
    /// A stored plan is unfinished: each of its steps is looked up, and what is missing is done.
    FinishStoredPlan,
    /// A document stands: the order is read again; what has not changed changes nothing, a draft may be updated.
    CompareWithDocument,
    /// Nothing stands: the order is read again and planned anew.
    PlanAnew,
    /// Its personal data were erased: it is transferred no more, and goes off the list of what needs somebody.
    NothingErased,
    /// Somebody works on it now: it is looked at again when they are done.
    WaitForWorker,
}

fn store(error: StoreFailure) -> PlatformError {
    match error {
        StoreFailure::UnknownSchema(version) => PlatformError::UnknownSchema(version),
        other => PlatformError::Unavailable { service: "dynamodb", message: other.to_string() },
    }
}

impl Operations {
    /// By the environment of the process.
    ///
    /// # Errors
    /// `Configuration` that names what is missing.
    pub async fn from_environment() -> Result<Operations, PlatformError> {
        let environment = Environment::read()?;
        let aws = aws_configuration().await;
        Ok(Operations::new(environment, &aws))
    }

    /// By given variables in place of the process environment: those of a local run, which names its endpoint and keys.
    ///
    /// # Errors
    /// `Configuration` that names what is missing.
    pub async fn of_variables(variables: &BTreeMap<String, String>) -> Result<Operations, PlatformError> {
        let look_up = |name: &str| variables.get(name).cloned();
        let environment = Environment::from_lookup(look_up)?;
        let need = |name: &str| {
            look_up(name).ok_or_else(|| PlatformError::Configuration(format!("not set: {name}")))
        };
        let credentials = Credentials::new(
            need("AWS_ACCESS_KEY_ID")?,
            need("AWS_SECRET_ACCESS_KEY")?,
            None,
            None,
            "local run",
        );
        let aws = aws_config::defaults(aws_config::BehaviorVersion::v2026_01_12())
            .endpoint_url(need("AWS_ENDPOINT_URL")?)
            .region(Region::new(need("AWS_REGION")?))
            .credentials_provider(credentials)
            .load()
            .await;
        Ok(Operations::new(environment, &aws))
    }

    /// Over given AWS configuration.
    pub fn new(environment: Environment, aws: &aws_config::SdkConfig) -> Operations {
        let platform = Platform::with(environment, aws);
        let Platform { table, merchants, ledger, queues, .. } = platform.clone();
        Operations { table, merchants, ledger, queues, platform }
    }

    /// Looks at the catalogue of each of a merchant's shops, or of the one of that name: what would stop an order, and what would be
    /// carried over. With `run` that is put on the queue.
    ///
    /// # Errors
    /// `NotFound` for a shop that is not there; as the systems and AWS say.
    pub async fn catalogue(
        &self,
        merchant: &MerchantId,
        shop: Option<&str>,
        run: bool,
    ) -> Result<Vec<CatalogueView>, PlatformError> {
        let found = self.merchants.merchant(merchant).await?;
        let file = &found.record.file;
        let flows = file.flows.iter().filter(|flow| shop.is_none_or(|shop| flow.shop == shop));
        let shops: Vec<ConnectionId> =
            flows.filter_map(|flow| Some(file.connection(&flow.shop)?.id.clone())).collect();
        if shops.is_empty() {
            return Err(PlatformError::NotFound(format!("a shop of {merchant} that a flow starts from")));
        }
        let routes = self.platform.routes()?.for_traffic(Traffic::Background);
        let deadline = SystemClock.now() + jiff::SignedDuration::from_hours(6);
        let mut views = Vec::new();
        for shop in &shops {
            views.push(catalogue::look(&self.platform, &routes, merchant, shop, deadline, run).await?);
        }
        Ok(views)
    }

    /// All merchants' ids.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn merchants(&self) -> Result<Vec<MerchantId>, PlatformError> {
        self.merchants.all().await
    }

    /// Checks a merchant's file and puts it as the next version. The same file again changes nothing.
    ///
    /// # Errors
    /// `Invalid` with every problem of the file; `Conflict` when somebody else put one meanwhile; as AWS says.
    pub async fn put_merchant(&self, json: &str) -> Result<MerchantPut, PlatformError> {
        let file = sound_file(json)?;
        let merchant = file.id.clone();
        let not_asked = not_asked(&file);
        let before = self.merchants.record_now(&merchant).await?;
        if let Some(record) = before.as_ref().filter(|record| record.file == file) {
            let missing_secrets = missing_secrets(record);
            return Ok(MerchantPut {
                merchant,
                version: record.version,
                changed: false,
                missing_secrets,
                unknown_systems: Vec::new(),
                not_asked,
            });
        }
        let (wrapped_key, _) = self.merchants.key_for(&merchant, before.as_ref()).await?;
        let after = MerchantRecord {
            version: before.as_ref().map_or(1, |record| record.version + 1),
            revision: before.as_ref().map_or(1, |record| record.revision + 1),
            file,
            wrapped_key,
            secrets: before.as_ref().map(|record| record.secrets.clone()).unwrap_or_default(),
            put_at: SystemClock.now(),
        };
        self.merchants.write(before.as_ref(), &after).await?;
        let missing_secrets = missing_secrets(&after);
        Ok(MerchantPut {
            merchant,
            version: after.version,
            changed: true,
            missing_secrets,
            unknown_systems: Vec::new(),
            not_asked,
        })
    }

    /// A merchant as configured. Secrets are named, never shown.
    ///
    /// # Errors
    /// `NotFound`; as AWS says.
    pub async fn merchant(&self, id: &MerchantId) -> Result<MerchantView, PlatformError> {
        let record = self.record(id).await?;
        let name_of = |connection: &ConnectionId| {
            let found = record.file.connections.iter().find(|one| one.id == *connection);
            found.map_or_else(|| connection.to_string(), |one| one.name.clone())
        };
        let secrets = record
            .secrets
            .iter()
            .map(|(connection, all)| {
                (name_of(connection), all.iter().map(|(name, one)| (name.clone(), one.set_at)).collect())
            })
            .collect();
        let webhook_paths = record
            .file
            .connections
            .iter()
            .filter(|connection| connection.source.is_some())
            .map(|connection| (connection.name.clone(), format!("/v1/webhooks/{}", connection.id)))
            .collect();
        Ok(MerchantView {
            version: record.version,
            put_at: record.put_at,
            secrets,
            missing_secrets: missing_secrets(&record),
            pauses: self.ledger.pauses(id).await.map_err(store)?,
            webhook_paths,
            file: record.file,
        })
    }

    /// Sets a secret of a connection. With `rotate`, the one before keeps verifying webhooks for the overlap; without, it
    /// is gone at once. A connection that stands still since its access was refused goes on: what it was refused with is replaced.
    ///
    /// # Errors
    /// `Invalid` for an empty value or a name the system does not have; `NotFound`; as AWS says.
    pub async fn set_secret(
        &self,
        merchant: &MerchantId,
        connection: &str,
        name: &str,
        value: &SecretString,
        rotate: bool,
    ) -> Result<(), PlatformError> {
        let before = self.record(merchant).await?;
        let connection = before
            .file
            .connection(connection)
            .ok_or_else(|| PlatformError::NotFound(format!("connection {connection} of {merchant}")))?;
        let known = manifest_secrets(&connection.system);
        if !known.contains(&name) {
            let message =
                format!("{} has no secret {name:?}; it has: {}", connection.system, known.join(", "));
            return Err(PlatformError::Invalid(message));
        }
        if value.expose_secret().trim().is_empty() {
            return Err(PlatformError::Invalid("an empty secret protects nothing".to_owned()));
        }
        let (_, key) = self.merchants.key_for(merchant, Some(&before)).await?;
        let (id, now) = (connection.id.clone(), SystemClock.now());
        let old = before.secrets.get(&id).and_then(|all| all.get(name));
        let sealed = match old.filter(|_| rotate) {
            Some(old) => old.rotated(&key, &id, name, value.expose_secret(), now)?,
            None => SealedSecret::first(&key, &id, name, value.expose_secret(), now)?,
        };
        let mut after = before.clone();
        after.revision += 1;
        after.secrets.entry(id.clone()).or_default().insert(name.to_owned(), sealed);
        self.merchants.write(Some(&before), &after).await?;
        self.lift_refusal(merchant, &id).await
    }

    /// Lifts the pause of a connection whose access was refused, and no other: an operator's stays.
    async fn lift_refusal(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
    ) -> Result<(), PlatformError> {
        let scope = PauseScope::Connection { merchant: merchant.clone(), connection: connection.clone() };
        let pauses = self.ledger.pauses(merchant).await.map_err(store)?;
        if pauses.iter().any(|pause| pause.scope == scope && pause.reason.code == "unauthorized") {
            self.resume(&scope).await?;
        }
        Ok(())
    }

    /// Lists transfers, at most `limit`, in the index's order.
    ///
    /// # Errors
    /// `NotFound` for a merchant that is not; as AWS says.
    pub async fn transfers(
        &self,
        merchant: &MerchantId,
        listing: &Listing,
        limit: usize,
    ) -> Result<Vec<Head>, PlatformError> {
        self.record(merchant).await?;
        match listing {
            Listing::Number(number) => self.by_number(merchant, number).await,
            Listing::Attention => {
                self.pages(limit, async |page| self.ledger.attention(merchant, page).await).await
            }
            Listing::Day(day) => {
                self.pages(limit, async |page| self.ledger.day(merchant, *day, page).await).await
            }
        }
    }

    async fn pages(
        &self,
        limit: usize,
        read: impl AsyncFn(Option<&str>) -> Result<engine::store::Page<Head>, StoreFailure>,
    ) -> Result<Vec<Head>, PlatformError> {
        let mut found = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let page = read(next.as_deref()).await.map_err(store)?;
            found.extend(page.items);
            next = page.next;
            if next.is_none() || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    async fn by_number(&self, merchant: &MerchantId, number: &str) -> Result<Vec<Head>, PlatformError> {
        let kinds = [
            PointerKind::OrderNumber,
            PointerKind::InvoiceNumber,
            PointerKind::DraftNumber,
            PointerKind::Payment,
            PointerKind::ProductNumber,
        ];
        let mut transfers: Vec<TransferId> = Vec::new();
        for kind in kinds {
            let pointer = Pointer { kind, value: number.to_owned() };
            for transfer in self.ledger.find(merchant, &pointer).await.map_err(store)? {
                if !transfers.contains(&transfer) {
                    transfers.push(transfer);
                }
            }
        }
        let mut heads = Vec::new();
        for transfer in &transfers {
            heads.extend(self.ledger.head(transfer).await.map_err(store)?);
        }
        Ok(heads)
    }

    /// The one transfer that a number leads to, or that an id `source/entity` names, with its log.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when several have the number, naming them; as AWS says.
    pub async fn transfer(&self, merchant: &MerchantId, needle: &str) -> Result<TransferView, PlatformError> {
        let head = self.one(merchant, needle).await?;
        let trace = self.ledger.log(&head.transfer).await.map_err(store)?;
        Ok(TransferView { head, trace })
    }

    async fn one(&self, merchant: &MerchantId, needle: &str) -> Result<Head, PlatformError> {
        if let Some((source, entity)) = needle.rsplit_once('/') {
            for kind in [EntityKind::Order, EntityKind::Product] {
                let transfer = TransferId {
                    merchant: merchant.clone(),
                    source: source.to_owned(),
                    kind,
                    entity: EntityId::new(entity),
                };
                if let Some(head) = self.ledger.head(&transfer).await.map_err(store)? {
                    return Ok(head);
                }
            }
        }
        let mut found = self.by_number(merchant, needle).await?;
        match found.len() {
            0 => Err(PlatformError::NotFound(format!("a transfer {needle} of {merchant}"))),
            1 => Ok(found.remove(0)),
            _ => {
                let names: Vec<String> = found
                    .iter()
                    .map(|head| format!("{}/{}", head.transfer.source, head.transfer.entity))
                    .collect();
                Err(PlatformError::Invalid(format!("{needle} is ambiguous; say which: {}", names.join(", "))))
            }
        }
    }

    /// What a replay would do.
    ///
    /// # Errors
    /// As [`Operations::transfer`].
    pub async fn preview_replay(
        &self,
        merchant: &MerchantId,
        needle: &str,
        settings: SettingsChoice,
    ) -> Result<ReplayPreview, PlatformError> {
        let head = self.one(merchant, needle).await?;
        let record = self.record(merchant).await?;
        Ok(preview(&head, settings, record.version, SystemClock.now()))
    }

    /// Puts a transfer on the queue again.
    ///
    /// # Errors
    /// As [`Operations::transfer`], and as SQS says.
    pub async fn replay(
        &self,
        merchant: &MerchantId,
        needle: &str,
        settings: SettingsChoice,
    ) -> Result<ReplayPreview, PlatformError> {
        let head = self.one(merchant, needle).await?;
        let record = self.record(merchant).await?;
        let now = SystemClock.now();
        let message = Message {
            schema: MESSAGE_SCHEMA,
            merchant: merchant.clone(),
            connection: head.connection.clone(),
            source: head.transfer.source.clone(),
            kind: head.transfer.kind,
            entity: head.transfer.entity.clone(),
            body_hash: String::new(),
            received_at: now,
            why: Why::Replay,
            settings,
            // An operator who asks twice gets it twice: each asking has an id of its own.
            deduplication: format!("replay:{}", new_token()?),
            body: String::new(),
        };
        self.queues.send(&message).await?;
        Ok(preview(&head, settings, record.version, now))
    }

    /// The scope that the operator's words mean: everything, a merchant, or a connection of one by its name.
    ///
    /// # Errors
    /// `NotFound`; as AWS says.
    pub async fn scope(
        &self,
        merchant: Option<&MerchantId>,
        connection: Option<&str>,
    ) -> Result<PauseScope, PlatformError> {
        let Some(merchant) = merchant else { return Ok(PauseScope::Everything) };
        let record = self.record(merchant).await?;
        let Some(name) = connection else { return Ok(PauseScope::Merchant { merchant: merchant.clone() }) };
        let found = record
            .file
            .connection(name)
            .ok_or_else(|| PlatformError::NotFound(format!("connection {name} of {merchant}")))?;
        Ok(PauseScope::Connection { merchant: merchant.clone(), connection: found.id.clone() })
    }

    /// Pauses: nothing is read or written for what the scope covers until it is lifted. What comes in is kept.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn pause(&self, scope: PauseScope, why: &str) -> Result<(), PlatformError> {
        let reason =
            Reason { code: "operator".to_owned(), facts: vec![("message".to_owned(), why.to_owned())] };
        self.ledger.pause(&Pause { scope, reason, since: SystemClock.now() }).await.map_err(store)
    }

    /// Lifts a pause, and brings up what waits for it as soon as no process believes in it any more.
    ///
    /// # Errors
    /// As AWS says. The pause may be lifted then: what waits comes up by itself, or when this is done again.
    pub async fn resume(&self, scope: &PauseScope) -> Result<(), PlatformError> {
        self.ledger.lift(scope).await.map_err(store)?;
        let covers = |due: &Due| match scope {
            PauseScope::Everything => true,
            PauseScope::Merchant { merchant } | PauseScope::Connection { merchant, .. } => {
                due.transfer.merchant == *merchant
            }
        };
        let now = SystemClock.now();
        // The longest look at a pause, and how far those that wait for one moment are spread.
        let longest = SignedDuration::from_secs(Limits::default().longest_pause_seconds * 2);
        let (at, latest) = (now + BELIEVED + SignedDuration::from_secs(10), now + longest);
        for shard in 0..DUE_SHARDS {
            let mut page = None;
            loop {
                let found = self.ledger.due(shard, latest, DUE_PAGE, page.as_deref()).await.map_err(store)?;
                for due in found.items.iter().filter(|due| covers(due)) {
                    self.ledger.bring_up(due, at).await?;
                }
                page = found.next;
                if page.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Says that the ledger was restored from a backup taken at `at`: what was done after it is looked up before it is done.
    ///
    /// # Errors
    /// `Invalid` for a time to come; as AWS says.
    pub async fn restore_epoch(&self, at: Timestamp) -> Result<Epoch, PlatformError> {
        if at > SystemClock.now() {
            return Err(PlatformError::Invalid("a backup cannot be from the future".to_owned()));
        }
        // Everything up to now may be in the books and not in the ledger, whatever the backup's age.
        let epoch = self.merchants.raise_epoch(SystemClock.now()).await?;
        crate::restored::said(&self.table, &self.ledger).await?;
        Ok(epoch)
    }

    async fn record(&self, merchant: &MerchantId) -> Result<MerchantRecord, PlatformError> {
        let found = self.merchants.record_now(merchant).await?;
        found.ok_or_else(|| PlatformError::NotFound(format!("merchant {merchant}")))
    }
}

fn preview(head: &Head, settings: SettingsChoice, now_version: u64, now: Timestamp) -> ReplayPreview {
    let will = if head.is_leased(now) {
        ReplayEffect::WaitForWorker
    } else if head.erased_at.is_some() {
        ReplayEffect::NothingErased
    } else if head.plan.as_ref().is_some_and(|plan| plan.open) {
        ReplayEffect::FinishStoredPlan
    } else if head.documents.is_empty() {
        ReplayEffect::PlanAnew
    } else {
        ReplayEffect::CompareWithDocument
    };
    let settings_version = match settings {
        SettingsChoice::Then if head.settings_version > 0 => head.settings_version,
        _ => now_version,
    };
    let documents = head
        .documents
        .iter()
        .map(|document| {
            let kind = serde_json::to_value(document.kind).ok();
            let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or("document");
            format!("{kind} {}", document.number)
        })
        .collect();
    ReplayPreview {
        order: head.order_number.clone(),
        status: head.status.word().to_owned(),
        will,
        settings_version,
        documents,
    }
}

fn manifest_secrets(system: &str) -> Vec<&'static str> {
    connectors::registry::manifest(system).map(|manifest| manifest.secrets.to_vec()).unwrap_or_default()
}

/// A system that is connected to, or whose reports are read.
fn is_known(system: &str) -> bool {
    !manifest_secrets(system).is_empty() || connectors::registry::report_reader(system).is_some()
}

fn unknown_systems(file: &MerchantFile) -> Vec<String> {
    file.connections
        .iter()
        .filter(|connection| !is_known(&connection.system))
        .map(|connection| connection.system.clone())
        .collect()
}

/// Connections to gateways that link orders with payments, and that no flow of payouts has asked.
fn not_asked(file: &MerchantFile) -> Vec<String> {
    let asked =
        |connection: &&Connection| file.payouts.iter().any(|flow| flow.gateways.contains(&connection.name));
    let gateways = file.connections.iter();
    let gateways = gateways.filter(|connection| connectors::registry::bridge(&connection.system).is_some());
    gateways.filter(|connection| !asked(connection)).map(|connection| connection.name.clone()).collect()
}

fn missing_secrets(record: &MerchantRecord) -> Vec<(String, String)> {
    let mut missing = Vec::new();
    for connection in &record.file.connections {
        let set = record.secrets.get(&connection.id);
        for name in manifest_secrets(&connection.system) {
            if set.is_none_or(|all| !all.contains_key(name)) {
                missing.push((connection.name.clone(), name.to_owned()));
            }
        }
    }
    missing
}
