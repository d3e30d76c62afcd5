//! What is printed: tables and sentences for people, one JSON document for programs.

use std::io::{self, Write};
use std::path::Path;

use domain::MerchantId;
use domain::plan::Reason;
use domain::settings::Language;
use engine::log::LogEntry;
use engine::store::{Head, ParkedDelivery};
use jiff::civil::Date;
use platform::catalogue::CatalogueView;
use platform::ledger::DismissedDelivery;
use platform::ledger::erasure::{Erasable, Personal};
use platform::operations::{
    DocumentPdf, ErasureView, Exported, MerchantPut, MerchantView, ParkedEntry, ReplayEffect, ReplayPreview,
    StockView, TransferView, entry_name,
};
use platform::privacy::PrivacyRequest;
use serde::Serialize;

use super::transfers::{transfer_table, word_of};

/// How things are printed.
pub(super) struct Printer {
    /// JSON for programs.
    pub(super) json: bool,
}

/// The outcome of printing: a closed pipe is the reader's choice, everything else an error.
type Printed = anyhow::Result<()>;

impl Printer {
    fn text(&self, text: &str) -> Printed {
        let mut out = io::stdout().lock();
        match writeln!(out, "{text}") {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }

    /// The value itself.
    pub(super) fn value<T: Serialize>(&self, value: &T) -> Printed {
        self.text(&serde_json::to_string_pretty(value)?)
    }

    pub(super) fn either<T: Serialize>(&self, value: &T, for_people: impl FnOnce() -> String) -> Printed {
        if self.json { self.value(value) } else { self.text(&for_people()) }
    }

    /// Something was done.
    pub(super) fn done(&self, what: &str) -> Printed {
        self.either(&serde_json::json!({ "done": what }), || what.to_owned())
    }

    /// A line that only people want.
    pub(super) fn remark(&self, text: &str) -> Printed {
        if self.json { Ok(()) } else { self.text(text) }
    }

    /// What went wrong, on standard error.
    pub(super) fn error(&self, error: &anyhow::Error) {
        let text = if self.json {
            serde_json::json!({ "error": format!("{error:#}") }).to_string()
        } else {
            format!("bogbro: {error:#}")
        };
        // There is nowhere left to say that standard error is closed.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// A document's PDF, and where it lies now.
    pub(super) fn document_pdf(&self, pdf: &DocumentPdf, file: &Path) -> Printed {
        let (order, kind, number) = (&pdf.order, word_of(pdf.kind), pdf.number);
        let value = serde_json::json!({
            "order": order, "kind": kind, "number": number, "file": file, "bytes": pdf.bytes.len(),
        });
        self.either(&value, || {
            format!("{kind} {number} of order {order}: {} ({} bytes)", file.display(), pdf.bytes.len())
        })
    }

    pub(super) fn merchant_put(&self, put: &MerchantPut) -> Printed {
        self.either(put, || {
            let mut text = if put.changed {
                format!("{}: version {} is put", put.merchant, put.version)
            } else {
                format!("{}: nothing changed since version {}", put.merchant, put.version)
            };
            text.push_str(&missing(&put.missing_secrets, &put.merchant));
            for name in &put.not_asked {
                text.push_str(&format!("\n{name}: no flow of payouts names this gateway in its gateways, so nothing is asked of it"));
            }
            text
        })
    }

    pub(super) fn merchants(&self, merchants: &[MerchantId]) -> Printed {
        self.either(&merchants, || merchants.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    pub(super) fn merchant(&self, view: &MerchantView) -> Printed {
        self.either(view, || {
            let mut lines = vec![
                format!("{} ({}), version {} of {}", view.file.name, view.file.id, view.version, view.put_at),
                String::new(),
            ];
            for connection in &view.file.connections {
                let secrets = view.secrets.get(&connection.name);
                let named: Vec<&str> =
                    secrets.map(|all| all.keys().map(String::as_str).collect()).unwrap_or_default();
                lines.push(format!(
                    "{} ({}): secrets set: {}",
                    connection.name,
                    connection.system,
                    list(&named)
                ));
                if let Some(path) = view.webhook_paths.get(&connection.name) {
                    lines.push(format!("  webhooks to {path}"));
                }
            }
            for flow in &view.file.flows {
                lines.push(format!("flow {}: {} -> {}", flow.name, flow.shop, flow.accounting));
            }
            for pause in &view.pauses {
                lines
                    .push(format!("PAUSED since {}: {:?} ({})", pause.since, pause.scope, pause.reason.code));
            }
            format!("{}{}", lines.join("\n"), missing(&view.missing_secrets, &view.file.id))
        })
    }

    pub(super) fn stock(&self, views: &[StockView]) -> Printed {
        self.either(&views, || {
            if views.is_empty() {
                return "no stock has been compared yet".to_owned();
            }
            views.iter().map(stock_lines).collect::<Vec<_>>().join("\n")
        })
    }

    /// What a look at catalogues showed; `run` is whether products were put on the queue, where that was asked about.
    pub(super) fn catalogue(
        &self,
        views: &[CatalogueView],
        run: Option<bool>,
        language: Language,
    ) -> Printed {
        self.either(&views, || {
            let mut lines = Vec::new();
            for view in views {
                lines.push(format!(
                    "{}: {} entries in the shop, {} products in the books, {} would stop an order",
                    view.shop,
                    view.entries,
                    view.products,
                    view.findings.len()
                ));
                for finding in &view.findings {
                    let words = domain::explain::explain(&finding.reason, language);
                    let id = if finding.id.is_empty() { "-" } else { &finding.id };
                    lines.push(format!("  {} (id {id}): {}", finding.product, words.what));
                    lines.push(format!("    {}", words.remedy));
                }
                let count = view.to_carry.len();
                lines.extend(match run {
                    None => None,
                    Some(true) => Some(format!("  {count} products are on the queue")),
                    Some(false) => Some(format!("  {count} products would be carried over; --yes does it")),
                });
            }
            lines.join("\n")
        })
    }

    pub(super) fn transfers(&self, heads: &[Head]) -> Printed {
        self.either(&heads, || transfer_table(heads))
    }

    pub(super) fn transfer(&self, view: &TransferView) -> Printed {
        self.either(view, || {
            let mut lines = vec![transfer_table(std::slice::from_ref(&view.head)), String::new()];
            if let Some(code) = view.head.status.code() {
                lines.push(explained(code, &view.head.facts));
            }
            lines.extend(view.trace.rows.iter().map(log_row));
            if let Some(place) = view.trace.broken_at {
                lines
                    .push(format!("THE LOG WAS CHANGED: row {place} does not follow from the row before it"));
            }
            lines.join("\n")
        })
    }

    pub(super) fn replay(&self, preview: &ReplayPreview, done: bool) -> Printed {
        self.either(preview, || {
            let will = match preview.will {
                ReplayEffect::FinishStoredPlan => "the stored plan is finished: each step is looked up, what is missing is done",
                ReplayEffect::CompareWithDocument => {
                    "the order is read again and compared with the document that stands; nothing is made twice"
                }
                ReplayEffect::PlanAnew => "the order is read again and planned anew",
                ReplayEffect::NothingErased => {
                    "its personal data were erased: it is transferred no more, and goes off the list of what needs somebody"
                }
                ReplayEffect::WaitForWorker => "somebody works on it now; it is looked at again when they are done",
            };
            let documents: Vec<&str> = preview.documents.iter().map(String::as_str).collect();
            let sent = if done { "It is on the queue." } else { "Nothing was done; add --yes to do it." };
            format!(
                "order {} is {}; documents: {}\n{will} (settings version {})\n{sent}",
                preview.order,
                preview.status,
                list(&documents),
                preview.settings_version,
            )
        })
    }

    pub(super) fn parked(&self, deliveries: &[ParkedDelivery]) -> Printed {
        self.either(&deliveries, || {
            let row = |delivery: &ParkedDelivery| {
                vec![
                    entry_name(delivery),
                    delivery.at.to_string(),
                    delivery.connection.to_string(),
                    delivery.entity.as_ref().map(ToString::to_string).unwrap_or_default(),
                    delivery.reason.code.clone(),
                ]
            };
            let mut lines = vec![table(
                &["entry", "received", "connection", "what", "why"],
                deliveries.iter().map(row).collect(),
            )];
            let mut told = std::collections::BTreeSet::new();
            for Reason { code, facts } in deliveries.iter().map(|delivery| &delivery.reason) {
                let words = format!("{code}: {}", explained(code, facts));
                if told.insert(words.clone()) {
                    lines.push(words);
                }
            }
            lines.join("\n")
        })
    }

    pub(super) fn dismissed(&self, dismissed: &[DismissedDelivery]) -> Printed {
        self.either(&dismissed, || {
            let row = |made: &DismissedDelivery| {
                vec![
                    entry_name(&made.delivery),
                    made.delivery.reason.code.clone(),
                    made.at.to_string(),
                    made.by.clone(),
                    made.reason.clone(),
                ]
            };
            table(&["entry", "what", "dismissed", "by", "why"], dismissed.iter().map(row).collect())
        })
    }

    pub(super) fn parked_replay(&self, entry: &ParkedEntry, done: bool) -> Printed {
        self.either(entry, || {
            let sent = match (done, entry.replayable) {
                (true, _) => "It is on its queue again.",
                (false, true) => "It would be put back on its queue; nothing was done, add --yes to do it.",
                (false, false) => {
                    "There is no message to put back: it goes when its cause is settled, or with `transfers dismiss`."
                }
            };
            format!("{}: {}\n{sent}", entry.entry, explained(&entry.reason.code, &entry.reason.facts))
        })
    }

    pub(super) fn exported(&self, exported: &Exported, folder: &Path) -> Printed {
        self.either(exported, || {
            let damaged = match exported.damaged_segments {
                0 => String::new(),
                damaged => format!("\nTHE LOG WAS CHANGED: {damaged} segments are not as they were written"),
            };
            format!(
                "{} transfers, {} payouts, {} files of payouts, {} flows of stock, {} comparisons, {} parked deliveries, {} segments \
                 and the names of {} objects are in {}{damaged}",
                exported.transfers,
                exported.payouts,
                exported.payout_files,
                exported.stock,
                exported.comparisons,
                exported.parked_deliveries,
                exported.segments,
                exported.objects,
                folder.display()
            )
        })
    }

    pub(super) fn erasure(&self, view: &ErasureView) -> Printed {
        self.either(view, || {
            let row = |one: &Personal| {
                vec![
                    one.order.clone(),
                    one.transfer.source.clone(),
                    one.day.map(|day| day.to_string()).unwrap_or_default(),
                    one.status.word().to_owned(),
                    match &one.erasable {
                        Erasable::Erased => "erased".to_owned(),
                        Erasable::Now => "may be erased".to_owned(),
                        Erasable::After { until } => format!("must be kept until {until}"),
                        Erasable::InHand => "is being worked on; looked at again tomorrow".to_owned(),
                    },
                ]
            };
            let rows = table(
                &["order", "shop", "day", "stands", "personal data"],
                view.transfers.iter().map(row).collect(),
            );
            let request = &view.request;
            let done = if !view.done {
                "Nothing was done; add --yes to do it.".to_owned()
            } else if request.done {
                format!("Request {}: {} erased, nothing is left.", request.id, request.erased)
            } else {
                let until = request.until.map(|day| day.to_string()).unwrap_or_default();
                format!(
                    "Request {}: {} erased, {} left; they are erased by themselves, the last after {until}.",
                    request.id, request.erased, request.kept
                )
            };
            let aside = match view.deliveries {
                0 => String::new(),
                count if view.done => format!("\n{count} deliveries that were set aside are removed."),
                count => format!(
                    "\n{count} deliveries that were set aside hold the address; they would be removed."
                ),
            };
            format!("{rows}{aside}\n{done}")
        })
    }

    pub(super) fn privacy(&self, requests: &[PrivacyRequest]) -> Printed {
        self.either(&requests, || {
            let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
            let row = |request: &PrivacyRequest| {
                let kind = serde_json::to_value(request.kind).ok();
                vec![
                    request.id.clone(),
                    kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or_default().to_owned(),
                    request.from.clone(),
                    request.asked_at.to_string(),
                    request.erased.to_string(),
                    request.kept.to_string(),
                    day(request.until),
                ]
            };
            table(
                &["request", "what", "from", "asked", "erased", "left", "until"],
                requests.iter().map(row).collect(),
            )
        })
    }
}

fn missing(secrets: &[(String, String)], merchant: &MerchantId) -> String {
    secrets
        .iter()
        .map(|(connection, name)| format!("\nmissing: bogbro secret set {merchant} {connection:?} {name}"))
        .collect()
}

fn list(words: &[&str]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// The words of a reason, in English: operators read English, merchants their own language.
fn explained(code: &str, facts: &[(String, String)]) -> String {
    let reason = Reason { code: code.to_owned(), facts: facts.to_vec() };
    let words = domain::explain::explain(&reason, Language::En);
    format!("{} {} {}", words.what, words.blocks, words.remedy)
}

fn log_row(row: &LogEntry) -> String {
    let public = &row.public;
    let mut lines = vec![format!(
        "{} {} (attempt {}, settings {}, {:?})",
        public.at, public.decision, public.attempts, public.settings_version, public.cause.why
    )];
    if let Some(reason) = &public.reason {
        lines.push(format!("    {}", explained(&reason.code, &reason.facts)));
    }
    if let Some(hash) = &public.plan_hash {
        lines.push(format!("    plan {} {}", public.ordinal, &hash[..hash.len().min(16)]));
    }
    for (side, totals) in [("shop", &public.source_totals), ("books", &public.target_totals)] {
        if let Some(totals) = totals {
            let currency = totals.gross.currency();
            lines.push(format!(
                "    {side:<6} net {} + VAT {} = {} {currency}",
                totals.net, totals.vat, totals.gross
            ));
        }
    }
    for (what, number) in &public.numbers {
        lines.push(format!("    {what} {number}"));
    }
    for call in &public.calls {
        let answer = call.status.map(|status| status.to_string());
        let answer = answer.or_else(|| call.failure.clone()).unwrap_or_default();
        lines.push(format!(
            "    {} {:?} {} -> {answer} ({} ms)",
            call.system, call.method, call.path, call.milliseconds
        ));
    }
    lines.join("\n")
}

/// Columns as wide as their widest cell.
pub(super) fn table(titles: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut widths: Vec<usize> = titles.iter().map(|title| title.chars().count()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String]| {
        let padded: Vec<String> =
            cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&titles.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>())];
    lines.push(widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  "));
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}

/// What a run of the stock did, for people.
fn stock_lines(view: &StockView) -> String {
    let mut lines = vec![format!("flow {}: {}", view.flow, view.outcome)];
    lines.extend(view.problem.clone());
    let Some(report) = &view.report else { return lines.join("\n") };
    lines.push(format!(
        "  {}: {} products in the accounts, {} entries in the shop, {} differed, {} told, {} showed it already",
        if report.whole { "everything compared" } else { "what changed" },
        report.products,
        report.entries,
        report.different,
        report.told,
        report.shown_already
    ));
    lines.push(format!(
        "  {} calls that read, {} that wrote; {} numbers with stock are not in the shop",
        report.reads, report.writes, report.not_in_shop
    ));
    for reason in report.reasons() {
        let words = domain::explain::explain(&reason, Language::En);
        lines.push(format!("  ! {} {} {}", words.what, words.blocks, words.remedy));
    }
    for (number, words) in &report.refusals {
        lines.push(format!("  refused {number}: {words}"));
    }
    for difference in &report.differences {
        let shop = difference.shop.map_or_else(|| "unknown".to_owned(), |units| units.to_string());
        let place = if difference.location.is_empty() {
            String::new()
        } else {
            format!(" at {}", difference.location)
        };
        lines.push(format!("  {}{place}: shop {shop}, accounts {}", difference.number, difference.accounts));
    }
    lines.join("\n")
}
