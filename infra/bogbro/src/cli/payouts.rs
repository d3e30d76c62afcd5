//! `bogbro payouts`: reports are taken in, looked at, corrected, approved, posted and undone.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Subcommand;
use connectors::report::LONGEST_REPORT;
use domain::explain::explain;
use domain::plan::Reason;
use domain::settings::Language;
use domain::{MerchantId, Money};
use engine::payouts::{
    AgeView, AskedPart, BalanceSums, Correction, FileBytes, IntakeOutcome, IntakeRecord, LineAssignment,
    LineChoice, PayoutFailure, PayoutOverview, PayoutRecord, PayoutView, SetAside,
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
    /// The address to which reports of a flow are mailed.
    Address {
        /// Whose.
        merchant: String,
        /// Name of the flow of payouts.
        flow: String,
        /// Make it anew: the one before holds no more.
        #[arg(long)]
        renew: bool,
    },
    /// List the mails that were sent to no address that holds, or take one off that list.
    Mails {
        /// The mail that somebody has looked at, as it is listed.
        #[arg(long, requires_all = ["reason", "by"])]
        dismiss: Option<String>,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
        /// Who.
        #[arg(long)]
        by: Option<String>,
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
        /// Day of the entries; without it, today in the merchant's time zone.
        #[arg(long)]
        day: Option<Date>,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who.
        #[arg(long)]
        by: String,
    },
    /// Set aside what is parked: files with another content, or a payout that shares lines with another, looks like another or was sent
    /// back; or the refusal of a file, so that it is told of no more.
    Dismiss {
        /// Whose.
        merchant: String,
        /// Its short name, or the batch's id; or a refused file as `payouts list --files` names it, such as file/3b1f9c04d2aa.
        payout: String,
        /// Of the files with another content the newest is right: it takes the place of the one that the payout was read from.
        #[arg(long)]
        take_new: bool,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who.
        #[arg(long)]
        by: String,
    },
    /// Say what the acquirer's balance report shows of a payout whose own report does not: how much was paid, and what was kept for fees.
    Confirm {
        /// Whose.
        merchant: String,
        /// Its short name, or the batch's id.
        payout: String,
        /// Paid to the merchant, in the payout's currency.
        #[arg(long, allow_hyphen_values = true)]
        amount: String,
        /// Fees that were kept, without VAT.
        #[arg(long, default_value = "0", allow_hyphen_values = true)]
        fees: String,
        /// VAT on them.
        #[arg(long, default_value = "0", allow_hyphen_values = true)]
        vat: String,
        /// Day of the payout, where the report states none.
        #[arg(long)]
        day: Option<Date>,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who.
        #[arg(long)]
        by: String,
    },
    /// Name the voucher that a payout was booked on by hand, so that it is not posted.
    Booked {
        /// Whose.
        merchant: String,
        /// Its short name, or the batch's id.
        payout: String,
        /// The voucher's number in the books.
        #[arg(long)]
        voucher: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who.
        #[arg(long)]
        by: String,
    },
    /// Take a payout up again that was reversed or set aside, or that is booked on no voucher after all, to be matched and posted anew; or
    /// let one go on that waits because it looks like another or was sent back.
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
    /// Ask the gateways of a flow which orders payments are of, and the acquirer for its new payouts, now.
    Fetch {
        /// Whose.
        merchant: String,
        /// Name of the flow of payouts.
        flow: String,
    },
    /// Write the report that a payout was read from to a file of this machine, byte for byte as it came: it stands sealed in the bucket.
    Original {
        /// Whose.
        merchant: String,
        /// Its short name, or the batch's id; or any file as `payouts list --files` names it, such as file/3b1f9c04d2aa.
        payout: String,
        /// The file, which must not be there yet.
        file: PathBuf,
    },
    /// What is captured and not paid out, proved against the interim account; what was paid without a document; fees in per cent.
    Overview {
        /// Whose.
        merchant: String,
        /// Name of the flow of payouts.
        flow: String,
        /// First day of the payouts and orders that are told of. The interim account is read from its first entry.
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
    if let PayoutsCommand::Mails { dismiss, reason, by } = &command {
        return super::mails::undelivered(
            &payouts,
            (dismiss.as_deref(), reason.as_deref(), by.as_deref()),
            printer,
        )
        .await;
    }
    let file = operations.merchant(&merchant_of(&command)).await?.file;
    let out = Out { printer, language: file.language, zone: file.zone() };
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
            let intake = intake.map_err(|failure| out.told(&failure))?;
            let mut came_in_it = Vec::new();
            if let IntakeOutcome::Mail { files, .. } = &intake.outcome {
                let all = payouts.files(&merchant).await.map_err(|failure| out.told(&failure))?;
                let inside = |other: &IntakeRecord| {
                    other.flow == flow && files.iter().any(|file| file.sha256 == other.file.sha256)
                };
                came_in_it.extend(all.into_iter().filter(inside));
            }
            came_in_it.insert(0, intake);
            out.intakes(&came_in_it)
        }
        PayoutsCommand::Address { merchant, flow, renew } => {
            let merchant = MerchantId::new(merchant);
            let made = payouts.mail_address(&merchant, &flow, renew).await;
            let made = made.map_err(|failure| out.told(&failure))?;
            let address = payouts.written(&merchant, &made);
            let value = serde_json::json!({ "flow": made.flow, "address": address, "made-at": made.made_at });
            printer.either(&value, || match address.ends_with('@') {
                false => address.clone(),
                true => format!(
                    "{address}\n{}",
                    out.pick(
                        "Der er ikke sat et domæne for rapporter (BOGBRO_REPORT_MAIL_DOMAIN).",
                        "No domain for reports is set (BOGBRO_REPORT_MAIL_DOMAIN)."
                    )
                ),
            })
        }
        PayoutsCommand::List { merchant, files: true, .. } => {
            let found = payouts.files(&MerchantId::new(merchant)).await;
            out.intakes(&found.map_err(|failure| out.told(&failure))?)
        }
        PayoutsCommand::List { merchant, open, .. } => {
            let merchant = MerchantId::new(merchant);
            let found = if open { payouts.open(&merchant).await } else { payouts.all(&merchant).await };
            out.list(&found.map_err(|failure| out.told(&failure))?)
        }
        PayoutsCommand::Overview { merchant, flow, from, on } => {
            let view = payouts.engine().overview(&MerchantId::new(merchant), &flow, from, on).await;
            out.overview(&view.map_err(|failure| out.told(&failure))?)
        }
        PayoutsCommand::Fetch { merchant, flow } => {
            let merchant = MerchantId::new(merchant);
            // What gateways say comes first, so that what is fetched is matched by it. Neither keeps the other back.
            let linked = payouts.ask_gateways(&merchant, &flow, deadline).await;
            let taken = payouts.fetch(&merchant, &flow, deadline).await;
            let taken = taken.map_err(|failure| out.told(&failure))?;
            let said = match linked.map_err(|failure| out.told(&failure))? {
                None => String::new(),
                Some(new) => format!(", {new} references were learned of gateways"),
            };
            printer.done(&format!("{taken} payouts were fetched{said}"))
        }
        PayoutsCommand::Original { merchant, payout, file } if payout.starts_with("file/") => {
            let hash = payout.trim_start_matches("file/");
            let found = payouts.file(&MerchantId::new(merchant), hash).await;
            let (intake, original) = found.map_err(|failure| out.told(&failure))?;
            write_out(&*original, &intake.file.name, &file, &out)
        }
        PayoutsCommand::Dismiss { merchant, payout, take_new: false, reason, by }
            if payout.starts_with("file/") =>
        {
            let hash = payout.trim_start_matches("file/");
            let intake = payouts.dismiss_file(&MerchantId::new(merchant), hash, &by, &reason).await;
            out.intakes(&[intake.map_err(|failure| out.told(&failure))?])
        }
        other => one(&payouts, other, deadline, &out).await,
    }
}

/// Writes a file out as it came, where there is none yet.
fn write_out(original: &dyn FileBytes, name: &str, file: &Path, out: &Out<'_>) -> anyhow::Result<()> {
    let mut to = File::create_new(file).with_context(|| format!("{} cannot be made", file.display()))?;
    io::copy(&mut *original.open()?, &mut to)?;
    out.printer.done(&format!("{name} was written, SHA-256 {}", original.sha256()))
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
        PayoutsCommand::Original { file, .. } => {
            let original = engine.original_of(&found).await.map_err(told)?;
            return write_out(&*original, &found.original.name, &file, out);
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
            let day = day.unwrap_or_else(|| today(&out.zone, jiff::Timestamp::now()));
            engine.reverse(&work, &by, &reason, day).await.map_err(told)?;
        }
        PayoutsCommand::Dismiss { take_new: true, reason, by, .. } => {
            payouts.take_new(&work, &by, &reason).await.map_err(told)?;
        }
        PayoutsCommand::Confirm { amount, fees, vat, day, reason, by, .. } => {
            let money = |text: &str| {
                let parsed = Money::parse(text, found.id.key.currency);
                parsed.map_err(|error| anyhow!("{text}: {error}"))
            };
            let sums = BalanceSums { payout: money(&amount)?, fees: money(&fees)?, vat: money(&vat)?, day };
            engine.confirm(&work, &by, &reason, sums).await.map_err(told)?;
        }
        PayoutsCommand::Booked { voucher, reason, by, .. } => {
            engine.booked(&work, &by, &voucher, &reason).await.map_err(told)?;
        }
        PayoutsCommand::Dismiss { reason, by, .. } => {
            payouts.dismiss(&work, &by, &reason).await.map_err(told)?;
        }
        PayoutsCommand::Reopen { reason, by, .. } => {
            payouts.reopen(&work, &by, &reason).await.map_err(told)?;
        }
        _ => {}
    }
    out.list(&[payouts.work(&found.id, deadline).await.map_err(told)?])
}

/// The day it is for the merchant: at half past midnight in Denmark it is not yesterday, as it still is in UTC.
fn today(zone: &jiff::tz::TimeZone, now: jiff::Timestamp) -> Date {
    zone.to_datetime(now).date()
}

fn merchant_of(command: &PayoutsCommand) -> MerchantId {
    match command {
        PayoutsCommand::Upload { merchant, .. }
        | PayoutsCommand::Address { merchant, .. }
        | PayoutsCommand::List { merchant, .. }
        | PayoutsCommand::Fetch { merchant, .. }
        | PayoutsCommand::Overview { merchant, .. } => MerchantId::new(merchant),
        other => payout_of(other).0,
    }
}

fn payout_of(command: &PayoutsCommand) -> (MerchantId, String) {
    match command {
        PayoutsCommand::Show { merchant, payout, .. }
        | PayoutsCommand::Original { merchant, payout, .. }
        | PayoutsCommand::Match { merchant, payout, .. }
        | PayoutsCommand::Approve { merchant, payout, .. }
        | PayoutsCommand::Post { merchant, payout }
        | PayoutsCommand::Reverse { merchant, payout, .. }
        | PayoutsCommand::Dismiss { merchant, payout, .. }
        | PayoutsCommand::Booked { merchant, payout, .. }
        | PayoutsCommand::Confirm { merchant, payout, .. }
        | PayoutsCommand::Reopen { merchant, payout, .. } => (MerchantId::new(merchant), payout.clone()),
        _ => (MerchantId::new(""), String::new()),
    }
}

/// What is open of one age, in a line.
fn aged(age: &AgeView) -> String {
    let days = age.up_to_days.map_or("…".to_owned(), |days| days.to_string());
    format!("  <= {days:>3}  {:>6} {:>14}", age.count, age.sum.to_string())
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
    zone: jiff::tz::TimeZone,
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
                    IntakeOutcome::Mail { files, passed_over } => {
                        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
                        let rest = self.pick("dele sprunget over", "parts passed over");
                        format!("{} ({passed_over} {rest})", names.join(", "))
                    }
                };
                let dismissed = match &intake.dismissed {
                    Some(made) => format!(
                        "  {}  {}  {}  {}",
                        made.at,
                        self.pick("lagt til side", "set aside"),
                        made.by,
                        made.reason
                    ),
                    None => String::new(),
                };
                format!(
                    "{}  {}  {}  {}  {outcome}{dismissed}",
                    intake.name(),
                    intake.file.received_at,
                    intake.file.name,
                    intake.file.format
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
        if let Some(report) = &view.record.balance_report {
            let sums = &report.sums;
            lines.push(format!(
                "  {}  {} {} ({} {}, {} {})  {}  {}",
                report.at,
                self.pick("bekræftet", "confirmed"),
                sums.payout,
                self.pick("gebyrer", "fees"),
                sums.fees,
                self.pick("moms", "VAT"),
                sums.vat,
                report.by,
                report.reason
            ));
        }
        for made in &view.record.dismissed {
            let what = match &made.what {
                SetAside::Conflict(file) => file.name.as_str(),
                SetAside::Payout(what) if what.code == "payout-returned" => {
                    self.pick("sendt tilbage", "sent back")
                }
                SetAside::Payout(what) => what.fact("other"),
                SetAside::Replaced(file) => file.name.as_str(),
                SetAside::Voucher(otherwise) => otherwise.fact("voucher"),
                SetAside::TakenUp => self.pick("taget op igen", "taken up again"),
            };
            let word = self.pick("lagt til side", "set aside");
            lines.push(format!("  {}  {word} ({what})  {}  {}", made.at, made.by, made.reason));
        }
        for said in &view.record.overruled {
            let word = self.pick("går videre", "goes on");
            let what = if said.what.code == "payout-twin" {
                format!("{} {}", self.pick("en anden end", "another than"), said.what.fact("other"))
            } else {
                self.pick("sendt tilbage", "sent back").to_owned()
            };
            lines.push(format!("  {}  {word} ({what})  {}  {}", said.at, said.by, said.reason));
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
                lines.extend(interim.ageing.iter().map(aged));
                for item in &interim.of_others {
                    let what = self.pick("en anden indløsers", "another acquirer's");
                    lines.push(format!("  {what}: {} {} {}", item.since, item.item, item.amount));
                }
                for item in &interim.unexplained {
                    let what =
                        self.pick("hverken faktura eller udbetaling", "neither a document nor a payout");
                    lines.push(format!("  {what}: {} {} {}", item.since, item.item, item.amount));
                }
                for item in &interim.paid_without_booking {
                    let what = self.pick("udbetalt uden bogføring", "paid without booking");
                    lines.push(format!("  {what}: {} {}", item.item, item.amount));
                }
            }
            for to_come in &view.to_come {
                let what = self.pick("betalt af kunderne, ikke udbetalt", "captured, not paid out");
                lines.push(format!("{what} {} {}", to_come.sum, to_come.sum.currency()));
                lines.extend(to_come.ageing.iter().map(aged));
            }
            for words in &view.left_out {
                lines.push(format!("{}: {words}", self.pick("ikke med", "left out")));
            }
            for paid in &view.paid_out {
                let (document, payout) = (&paid.document, &paid.payout);
                let day = paid.day.map(|day| day.to_string()).unwrap_or_default();
                let what = self.pick("udbetalt", "paid out");
                let (amount, currency) = (paid.amount, paid.amount.currency());
                lines.push(format!("{what}: {document} {amount} {currency}  {payout} {day}"));
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::today;

    #[test]
    fn a_reversal_just_after_midnight_is_of_the_merchants_day() {
        let copenhagen = TimeZone::get("Europe/Copenhagen").expect("it is known");
        let now = "2026-12-31T23:30:00Z".parse().expect("a time");
        assert_eq!(today(&copenhagen, now), date(2027, 1, 1));
    }
}
