//! `bogbro payouts`: reports are taken in, looked at, corrected, approved, posted and undone.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Subcommand;
use connectors::report::LONGEST_REPORT;
use domain::MerchantId;
use domain::explain::explain;
use domain::plan::Reason;
use domain::settings::Language;
use engine::payouts::{
    AskedPart, Correction, IntakeOutcome, IntakeRecord, LineAssignment, LineChoice, PayoutFailure,
    PayoutOverview, PayoutRecord, PayoutView, SetAside,
};
use jiff::civil::Date;
use platform::operations::Operations;
use platform::payouts::{Payouts, state_word};
use platform::spool::SpooledFile;

use super::show::Printer;

#[derive(Subcommand)]
pub(super) enum PayoutsCommand {
    /// Take a report or a bank statement in. The same file again changes nothing.
    Upload {
        /// Whose.
        merchant: String,
        /// Name of the flow of payouts.
        flow: String,
        /// The file.
        file: PathBuf,
    },
    /// List payouts, and with --files what became of the files that came in.
    List {
        /// Whose.
        merchant: String,
        /// Only those that wait for somebody.
        #[arg(long)]
        open: bool,
        /// The files.
        #[arg(long)]
        files: bool,
    },
    /// Show one payout with the lines that are not settled, and what waits for approval.
    Show {
        /// Whose.
        merchant: String,
        /// Its short name, or the batch's id.
        payout: String,
        /// Every line.
        #[arg(long)]
        all: bool,
        /// The vouchers, entry by entry.
        #[arg(long)]
        vouchers: bool,
    },
    /// Decide about one line: which documents it pays, or that it goes to the error account.
    Match {
        /// Whose.
        merchant: String,
        /// Its short name, or the batch's id.
        payout: String,
        /// The line's number, as shown.
        #[arg(long)]
        line: u32,
        /// A document's number and how much, such as 10017=249.00 or "10017=100.00 EUR"; several split the line. Without a currency the
        /// amount is in the document's.
        #[arg(long, required_unless_present_any = ["error_account", "withdraw"])]
        document: Vec<String>,
        /// To the error account.
        #[arg(long, conflicts_with = "document")]
        error_account: bool,
        /// Take an earlier decision back.
        #[arg(long, conflicts_with_all = ["document", "error_account"])]
        withdraw: bool,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who decides.
        #[arg(long)]
        by: String,
    },
    /// Approve what is shown. It is posted at once.
    Approve {
        /// Whose.
        merchant: String,
        /// Its short name, or the batch's id.
        payout: String,
        /// Hash of the plan that was shown; without it, the one that waits now.
        #[arg(long)]
        plan: Option<String>,
        /// Who approves.
        #[arg(long)]
        by: String,
    },
    /// Work on a payout again: match it, or go on with posting what is approved.
    Post {
        /// Whose.
        merchant: String,
        /// Its short name, or the batch's id.
        payout: String,
    },
    /// Undo what was posted, by vouchers with the opposite entries.
    Reverse {
        /// Whose.
        merchant: String,
        /// Its short name, or the batch's id.
        payout: String,
        /// Day of the entries; without it, today.
        #[arg(long)]
        day: Option<Date>,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who.
        #[arg(long)]
        by: String,
    },
    /// Set aside what is parked: files with another content, or a payout that shares lines with another.
    Dismiss {
        /// Whose.
        merchant: String,
        /// Its short name, or the batch's id.
        payout: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who.
        #[arg(long)]
        by: String,
    },
    /// Take a payout up again that was reversed or set aside, to be matched and posted anew.
    Reopen {
        /// Whose.
        merchant: String,
        /// Its short name, or the batch's id.
        payout: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who.
        #[arg(long)]
        by: String,
    },
    /// Ask the acquirer for its new payouts now.
    Fetch {
        /// Whose.
        merchant: String,
        /// Name of the flow of payouts.
        flow: String,
    },
    /// What is captured and not paid out, proved against the interim account; what was paid without a document; fees in per cent.
    Overview {
        /// Whose.
        merchant: String,
        /// Name of the flow of payouts.
        flow: String,
        /// First day of the entries that are added up.
        #[arg(long)]
        from: Date,
        /// The day it is made for.
        #[arg(long)]
        on: Date,
    },
}

/// Does what a command asks for.
pub(super) async fn perform(
    operations: &Operations,
    command: PayoutsCommand,
    printer: &Printer,
) -> anyhow::Result<()> {
    let (payouts, deadline) = operations.payouts()?;
    let out = Out { printer, language: operations.merchant(&merchant_of(&command)).await?.file.language };
    match command {
        PayoutsCommand::Upload { merchant, flow, file } => {
            let bytes = match SpooledFile::copy_of(&file, LONGEST_REPORT) {
                Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                    let reason = Reason::new("report-too-large").with("limit", LONGEST_REPORT >> 20);
                    return Err(out.told(&PayoutFailure::Refused(reason)));
                }
                read => read.with_context(|| format!("{} cannot be taken in", file.display()))?,
            };
            let merchant = MerchantId::new(merchant);
            let intake = payouts.take_in(&merchant, &flow, &name(&file), &bytes, deadline).await;
            out.intakes(&[intake.map_err(|failure| out.told(&failure))?])
        }
        PayoutsCommand::List { merchant, files: true, .. } => {
            let found = payouts.files(&MerchantId::new(merchant)).await;
            out.intakes(&found.map_err(|failure| out.told(&failure))?)
        }
        PayoutsCommand::List { merchant, open, .. } => {
            let mut all =
                payouts.all(&MerchantId::new(merchant)).await.map_err(|failure| out.told(&failure))?;
            all.retain(|record| !open || record.needs_attention());
            out.list(&all)
        }
        PayoutsCommand::Overview { merchant, flow, from, on } => {
            let view = payouts.engine().overview(&MerchantId::new(merchant), &flow, from, on).await;
            out.overview(&view.map_err(|failure| out.told(&failure))?)
        }
        PayoutsCommand::Fetch { merchant, flow } => {
            let taken = payouts.fetch(&MerchantId::new(merchant), &flow, deadline).await;
            let taken = taken.map_err(|failure| out.told(&failure))?;
            printer.done(&format!("{taken} payouts were fetched"))
        }
        other => one(&payouts, other, deadline, &out).await,
    }
}

/// What concerns one payout.
async fn one(
    payouts: &Payouts,
    command: PayoutsCommand,
    deadline: jiff::Timestamp,
    out: &Out<'_>,
) -> anyhow::Result<()> {
    let told = |failure: PayoutFailure| out.told(&failure);
    let engine = payouts.engine();
    let (merchant, payout) = payout_of(&command);
    let found = payouts.find(&merchant, &payout).await.map_err(told)?;
    let work = payouts.attempt(&found.id, deadline).map_err(told)?;
    match command {
        PayoutsCommand::Show { all, vouchers, .. } => {
            let view = engine.show(&found.id, all).await.map_err(told)?;
            let plan = if vouchers { Some(engine.plan_of(&view.record).await.map_err(told)?) } else { None };
            return out.view(&view, plan.as_ref());
        }
        PayoutsCommand::Match { line, document, error_account, withdraw, reason, by, .. } => {
            let choice = match (withdraw, error_account) {
                (true, _) => None,
                (false, true) => Some(LineChoice::ErrorAccount),
                (false, false) => {
                    let asked: Vec<AskedPart> = document.iter().map(|text| part(text)).collect();
                    Some(LineChoice::Documents(engine.parts(&found.id, line, &asked).await.map_err(told)?))
                }
            };
            let lines = vec![LineAssignment { line, choice }];
            let corrected = engine.correct(&work, &Correction { by, reason, lines }).await;
            corrected.map_err(told)?;
        }
        PayoutsCommand::Approve { plan, by, .. } => {
            let waits = found.plan.as_ref().map(|plan| plan.hash.clone());
            let plan = plan.or(waits).ok_or_else(|| anyhow!("nothing waits for approval"))?;
            engine.approve(&work, &by, &plan).await.map_err(told)?;
        }
        PayoutsCommand::Reverse { day, reason, by, .. } => {
            let today = || jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
            engine.reverse(&work, &by, &reason, day.unwrap_or_else(today)).await.map_err(told)?;
        }
        PayoutsCommand::Dismiss { reason, by, .. } => {
            payouts.dismiss(&work, &by, &reason).await.map_err(told)?;
        }
        PayoutsCommand::Reopen { reason, by, .. } => {
            engine.reopen(&work, &by, &reason).await.map_err(told)?;
        }
        _ => {}
    }
    out.list(&[payouts.work(&found.id, deadline).await.map_err(told)?])
}

fn merchant_of(command: &PayoutsCommand) -> MerchantId {
    match command {
        PayoutsCommand::Upload { merchant, .. }
        | PayoutsCommand::List { merchant, .. }
        | PayoutsCommand::Fetch { merchant, .. }
        | PayoutsCommand::Overview { merchant, .. } => MerchantId::new(merchant),
        other => payout_of(other).0,
    }
}

fn payout_of(command: &PayoutsCommand) -> (MerchantId, String) {
    match command {
        PayoutsCommand::Show { merchant, payout, .. }
        | PayoutsCommand::Match { merchant, payout, .. }
        | PayoutsCommand::Approve { merchant, payout, .. }
        | PayoutsCommand::Post { merchant, payout }
        | PayoutsCommand::Reverse { merchant, payout, .. }
        | PayoutsCommand::Dismiss { merchant, payout, .. }
        | PayoutsCommand::Reopen { merchant, payout, .. } => (MerchantId::new(merchant), payout.clone()),
        _ => (MerchantId::new(""), String::new()),
    }
}

fn name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A part of a split, as it is written: `10017`, `10017=249.00` or `10017=100.00 EUR`.
fn part(text: &str) -> AskedPart {
    let (document, amount) = match text.split_once('=') {
        Some((document, amount)) => (document, Some(amount.to_owned())),
        None => (text, None),
    };
    AskedPart { document: document.trim().to_owned(), amount }
}

/// What is printed.
struct Out<'a> {
    printer: &'a Printer,
    language: Language,
}

impl Out<'_> {
    fn told(&self, failure: &PayoutFailure) -> anyhow::Error {
        match failure {
            PayoutFailure::Refused(reason) => anyhow!("{}", self.words(reason)),
            other => anyhow!("{other}"),
        }
    }

    fn words(&self, reason: &Reason) -> String {
        let explanation = explain(reason, self.language);
        format!("{} {} {}", explanation.what, explanation.blocks, explanation.remedy)
    }

    fn pick<'t>(&self, da: &'t str, en: &'t str) -> &'t str {
        if self.language == Language::Da { da } else { en }
    }

    fn intakes(&self, intakes: &[IntakeRecord]) -> anyhow::Result<()> {
        self.printer.either(&intakes, || {
            let line = |intake: &IntakeRecord| {
                let outcome = match &intake.outcome {
                    IntakeOutcome::Report { batches } => {
                        let words: Vec<String> = batches
                            .iter()
                            .map(|batch| format!("{} {:?}", batch.key.batch, batch.arrival).to_lowercase())
                            .collect();
                        words.join(", ")
                    }
                    IntakeOutcome::Statement { payouts, perhaps } => format!(
                        "{} {}, {} {perhaps}",
                        payouts.len(),
                        self.pick("udbetalinger set i banken", "payouts seen at the bank"),
                        self.pick("måske", "perhaps")
                    ),
                    IntakeOutcome::Refused { reason } => self.words(reason),
                };
                format!(
                    "{}  {}  {}  {outcome}",
                    intake.file.received_at, intake.file.name, intake.file.format
                )
            };
            intakes.iter().map(line).collect::<Vec<_>>().join("\n")
        })
    }

    fn list(&self, records: &[PayoutRecord]) -> anyhow::Result<()> {
        self.printer.either(&records, || {
            let mut lines = Vec::new();
            for record in records {
                let (key, figures) = (&record.id.key, &record.figures);
                lines.push(format!(
                    "{}  {:<21} {:>14} {}  {}  {} {}",
                    record.id.name(),
                    state_word(record),
                    figures.payout.to_string(),
                    key.currency,
                    figures.day.map(|day| day.to_string()).unwrap_or_default(),
                    key.acquirer,
                    key.batch
                ));
                lines.extend(record.reasons.iter().map(|reason| format!("    ! {}", self.words(reason))));
                lines.extend(record.notes.iter().map(|note| format!("    - {}", self.words(note))));
            }
            if lines.is_empty() {
                self.pick("ingen udbetalinger", "no payouts").to_owned()
            } else {
                lines.join("\n")
            }
        })
    }

    fn view(&self, view: &PayoutView, plan: Option<&domain::payout::PayoutPlan>) -> anyhow::Result<()> {
        if self.printer.json {
            return self.printer.value(&serde_json::json!({ "payout": view, "plan": plan }));
        }
        self.list(std::slice::from_ref(&view.record))?;
        let mut lines = Vec::new();
        for (kind, sum) in &view.record.figures.kinds {
            lines.push(format!(
                "  {kind:<20} {:>6} {:>14} {:>12}",
                sum.count,
                sum.gross.to_string(),
                sum.fees.to_string()
            ));
        }
        for line in &view.lines {
            let documents: Vec<String> =
                line.documents.iter().map(|(number, amount)| format!("{number}={amount}")).collect();
            lines.push(format!(
                "  {:>6} {:<10} {:>12} {:<14} {} -> {} {}",
                line.line,
                line.kind,
                line.gross.to_string(),
                line.state,
                line.references.join(" "),
                documents.join(" "),
                if line.suggestions.is_empty() {
                    String::new()
                } else {
                    format!("({}?)", line.suggestions.join("? "))
                }
            ));
        }
        if view.more_lines > 0 {
            lines.push(format!("  + {}", view.more_lines));
        }
        for moved in view.record.approval.moves() {
            lines.push(format!("  {}  {:?}  {:?}  {}", moved.at, moved.to, moved.by, moved.reason));
        }
        for made in &view.record.dismissed {
            let what = match &made.what {
                SetAside::Conflict(file) => file.name.as_str(),
                SetAside::Payout(overlap) => overlap.fact("other"),
                SetAside::TakenUp => self.pick("taget op igen", "taken up again"),
            };
            let word = self.pick("lagt til side", "set aside");
            lines.push(format!("  {}  {word} ({what})  {}  {}", made.at, made.by, made.reason));
        }
        for voucher in plan.iter().flat_map(|plan| &plan.vouchers) {
            lines.push(String::new());
            for entry in voucher.entries() {
                let amount = entry.amount;
                lines.push(format!("  {:?}  {amount} {}  {}", entry.target, amount.currency(), entry.text));
            }
        }
        if let Some(hash) = &view.waits_for {
            lines
                .push(format!("{}: --plan {hash}", self.pick("venter på godkendelse", "waits for approval")));
        }
        self.printer.remark(&lines.join("\n"))
    }

    fn overview(&self, view: &PayoutOverview) -> anyhow::Result<()> {
        self.printer.either(view, || {
            let mut lines = Vec::new();
            for interim in &view.interim {
                lines.push(format!(
                    "{} {} {}  {} {}",
                    self.pick("mellemregning", "interim account"),
                    interim.balance,
                    interim.balance.currency(),
                    self.pick("forskel", "difference"),
                    interim.difference
                ));
                for age in &interim.ageing {
                    let days = age.up_to_days.map_or("…".to_owned(), |days| days.to_string());
                    lines.push(format!("  <= {days:>3}  {:>6} {:>14}", age.count, age.sum.to_string()));
                }
                for item in &interim.paid_without_booking {
                    let what = self.pick("udbetalt uden bogføring", "paid without booking");
                    lines.push(format!("  {what}: {} {}", item.item, item.amount));
                }
            }
            for (payout, line, gross) in &view.without_document {
                let what = self.pick("uden faktura", "without invoice");
                lines.push(format!("{what}: {payout} {line} {gross}"));
            }
            for fee in &view.fees {
                let per_cent = fee.per_cent.map(|rate| format!("{rate} %")).unwrap_or_default();
                lines.push(format!(
                    "{}  {:<12} {:>14} {:>12} {per_cent}",
                    fee.month,
                    fee.method,
                    fee.sales.to_string(),
                    fee.fees.to_string()
                ));
            }
            lines.join("\n")
        })
    }
}
