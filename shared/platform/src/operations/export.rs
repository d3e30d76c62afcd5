//! Everything of a merchant's, written page by page: a merchant that leaves takes it along, and nothing of it is held in memory whole.

use std::collections::BTreeMap;

use domain::settings::MerchantFile;
use domain::{ConnectionId, MerchantId, TransferId};
use engine::compare::Tally;
use engine::payouts::PayoutStore as _;
use engine::stock::StockStore as _;
use engine::store::{Page, Store as _};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::{Operations, TransferView, store};
use crate::comparison;
use crate::failure::PlatformError;
use crate::keys::{Keys, transfer_of};
use crate::table::{Item, text};

/// How much an export wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Exported {
    /// Transfers with their logs.
    pub transfers: usize,
    /// Payouts, with who decided, approved and set aside what of them.
    pub payouts: usize,
    /// Files that came in for payouts, and what became of each.
    pub payout_files: usize,
    /// What gateways said of acquirers' references.
    pub links: usize,
    /// Flows of stock.
    pub stock: usize,
    /// Days that were compared.
    pub comparisons: usize,
    /// Deliveries that could not be understood.
    pub parked_deliveries: usize,
    /// Segments of the log.
    pub segments: usize,
    /// Segments that are not as they were written.
    pub damaged_segments: usize,
    /// Objects that the bucket keeps.
    pub objects: usize,
}

/// Where an export is written, line by line.
pub trait ExportSink: Send {
    /// One JSON document of a part (`merchant`, `settings`, `transfers`, `payouts`, `payout-files`, `links`, `stock`, `comparisons`,
    /// `parked-deliveries`, `dismissed-deliveries`, `privacy-requests`, `segments`, `objects`).
    ///
    /// # Errors
    /// In words, when it cannot be written.
    fn write(&mut self, part: &str, json: &str) -> Result<(), String>;
}

/// A version of the merchant's file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct SettingsVersion {
    version: u64,
    put_at: Timestamp,
    file: MerchantFile,
}

/// A day that was compared: what each side had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ComparedDay {
    day: Date,
    connection: ConnectionId,
    accounting_connection: ConnectionId,
    /// Orders that the shop changed.
    changed: u64,
    /// What did not agree; each stands among the deliveries that were set aside.
    findings: u64,
    /// Count and gross sums of the shop's totals, the ledger's and the books' documents.
    sides: BTreeMap<&'static str, SideOfDay>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct SideOfDay {
    count: usize,
    sums: BTreeMap<String, domain::Money>,
}

impl ComparedDay {
    fn of(recorded: comparison::Recorded) -> ComparedDay {
        let side = |Tally { count, sums }| SideOfDay { count, sums };
        ComparedDay {
            day: recorded.day,
            connection: recorded.connection,
            accounting_connection: recorded.accounting_connection,
            changed: recorded.changed,
            findings: recorded.findings,
            sides: recorded.sides.into_iter().map(|(name, tally)| (name, side(tally))).collect(),
        }
    }
}

pub(super) fn write<T: Serialize>(
    sink: &mut dyn ExportSink,
    part: &str,
    value: &T,
) -> Result<(), PlatformError> {
    let json = serde_json::to_string(value)
        .map_err(|_| PlatformError::Unreadable("an exported record".to_owned()))?;
    sink.write(part, &json).map_err(|message| PlatformError::Refused { service: "export", message })
}

/// Writes page after page of one part; how many there were.
async fn write_pages<T: Serialize>(
    sink: &mut dyn ExportSink,
    part: &str,
    page: impl AsyncFn(Option<&str>) -> Result<Page<T>, PlatformError>,
) -> Result<usize, PlatformError> {
    let (mut written, mut next) = (0, None::<String>);
    loop {
        let found = page(next.as_deref()).await?;
        for item in &found.items {
            write(sink, part, item)?;
        }
        written += found.items.len();
        next = found.next;
        if next.is_none() {
            return Ok(written);
        }
    }
}

impl Operations {
    /// Writes everything of a merchant's: file, its versions, transfers with open logs, payouts and the files they came in, what
    /// gateways said of references, stock, comparisons, deliveries that could not be understood, requests about persons, segments, and the names of the objects that are kept. Secrets
    /// are not exported, and neither is what only guards against doing something twice.
    ///
    /// # Errors
    /// `Refused` when the sink cannot be written; `NotFound`; as AWS says.
    pub async fn export(
        &self,
        merchant: &MerchantId,
        sink: &mut dyn ExportSink,
    ) -> Result<Exported, PlatformError> {
        let mut exported = Exported::default();
        let view = self.merchant(merchant).await?;
        write(sink, "merchant", &view)?;
        for version in 1..=view.version {
            write(sink, "settings", &self.settings_of(merchant, version).await?)?;
        }
        exported.transfers = self.export_transfers(merchant, sink).await?;
        let ledger = &self.ledger;
        let page = async |next: Option<&str>| ledger.payouts(merchant, None, next).await.map_err(store);
        exported.payouts = write_pages(sink, "payouts", page).await?;
        let page = async |next: Option<&str>| ledger.intakes(merchant, next).await.map_err(store);
        exported.payout_files = write_pages(sink, "payout-files", page).await?;
        let page = async |next: Option<&str>| ledger.all_links(merchant, next).await;
        exported.links = write_pages(sink, "links", page).await?;
        for head in self.ledger.stock_heads(merchant).await.map_err(store)? {
            write(sink, "stock", &head)?;
            exported.stock += 1;
        }
        let page = async |next: Option<&str>| {
            let (days, next) = comparison::recorded_days(&self.table, merchant, next).await?;
            Ok(Page { items: days.into_iter().map(ComparedDay::of).collect(), next })
        };
        exported.comparisons = write_pages(sink, "comparisons", page).await?;
        let page = async |next: Option<&str>| ledger.parked_deliveries(merchant, next).await.map_err(store);
        exported.parked_deliveries = write_pages(sink, "parked-deliveries", page).await?;
        for dismissed in self.dismissed_deliveries(merchant).await? {
            write(sink, "dismissed-deliveries", &dismissed)?;
        }
        for request in self.privacy_requests(merchant).await? {
            write(sink, "privacy-requests", &request)?;
        }
        for segment in self.segments(merchant).await? {
            write(sink, "segments", &segment)?;
            exported.segments += 1;
            exported.damaged_segments += usize::from(!segment.holds);
        }
        exported.objects = self.export_objects(merchant, sink).await?;
        Ok(exported)
    }

    /// One version of the file, by which transfers and payouts were planned.
    async fn settings_of(
        &self,
        merchant: &MerchantId,
        version: u64,
    ) -> Result<SettingsVersion, PlatformError> {
        let (put_at, file) = self.merchants.version(merchant, version).await?;
        Ok(SettingsVersion { version, put_at, file })
    }

    async fn export_transfers(
        &self,
        merchant: &MerchantId,
        sink: &mut dyn ExportSink,
    ) -> Result<usize, PlatformError> {
        let (mut written, mut start) = (0, None);
        loop {
            let (heads, next) = self.heads_page(merchant, start).await?;
            for transfer in heads {
                if let Some(head) = self.ledger.head(&transfer).await.map_err(store)? {
                    let trace = self.ledger.log(&transfer).await.map_err(store)?;
                    write(sink, "transfers", &TransferView { head, trace })?;
                    written += 1;
                }
            }
            start = next;
            if start.is_none() {
                return Ok(written);
            }
        }
    }

    async fn export_objects(
        &self,
        merchant: &MerchantId,
        sink: &mut dyn ExportSink,
    ) -> Result<usize, PlatformError> {
        let mut written = 0;
        for prefix in Keys::of(merchant).object_prefixes() {
            let mut token = None;
            loop {
                let (objects, next) = self.platform.files.list(&prefix, token).await?;
                for object in &objects {
                    write(sink, "objects", object)?;
                    written += 1;
                }
                token = next;
                if token.is_none() {
                    break;
                }
            }
        }
        Ok(written)
    }

    /// One page of a scan over the table for the heads of one merchant. Off-boarding is rare; an index for it is not.
    async fn heads_page(
        &self,
        merchant: &MerchantId,
        start: Option<Item>,
    ) -> Result<(Vec<TransferId>, Option<Item>), PlatformError> {
        let own = Keys::of(merchant).merchant().partition;
        let prefix = own.strip_suffix("merchant").unwrap_or(&own);
        let answer = self
            .table
            .client
            .scan()
            .table_name(&self.table.name)
            .filter_expression("begins_with(pk, :prefix) AND sk = :head")
            .projection_expression("pk")
            .expression_attribute_values(":prefix", text(prefix))
            .expression_attribute_values(":head", text("head"))
            .consistent_read(true)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| PlatformError::of("dynamodb", &error))?;
        let next = answer.last_evaluated_key.clone();
        let heads = answer
            .items()
            .iter()
            .filter_map(|item| item.get("pk")?.as_s().ok())
            .filter_map(|partition| transfer_of(partition, merchant))
            .collect();
        Ok((heads, next))
    }
}
