//! The operator's command line. It works on AWS and on a local run alike: with `BOGBRO_TABLE` set it takes the standard AWS
//! variables, else it finds the local run of the data directory. It prints for people, or JSON with `--json`.

mod demo;
mod mails;
mod payouts;
mod serve;
mod show;
mod transfers;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::MerchantId;
use engine::message::SettingsChoice;
use engine::stock::StockTask;
use jiff::Timestamp;
use jiff::civil::Date;
use platform::operations::{ExportSink, Listing, Operations, PersonChoice, sound_file};
use secrecy::SecretString;

use show::Printer;

/// Most transfers that a list prints unless more are asked for.
const LIST_LIMIT: usize = 100;

/// The bridge to the books.
#[derive(Parser)]
#[command(name = "bogbro", version, about, propagate_version = true)]
struct Cli {
    /// Print JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    /// The local run's directory. Not looked at when BOGBRO_TABLE is set: then the standard AWS variables hold.
    #[arg(long, global = true, default_value = ".bogbro")]
    data: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything on this machine: functions, engines, stand-ins and a demo merchant (what a bare `bogbro` does).
    Serve(serve::ServeArguments),
    /// Configure merchants.
    #[command(subcommand)]
    Merchant(MerchantCommand),
    /// Look at transfers and replay them.
    #[command(subcommand)]
    Transfers(TransfersCommand),
    /// Stock from the accounts to the shops.
    #[command(subcommand)]
    Stock(StockCommand),
    /// Payouts of acquirers: take reports in, match, approve, post.
    #[command(subcommand)]
    Payouts(payouts::PayoutsCommand),
    /// Look at the products of a merchant's shops and carry them over.
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    /// Read and write nothing for a merchant, a connection, or (with neither) everything, until `resume`. What comes in is kept.
    Pause {
        #[command(flatten)]
        scope: ScopeArguments,
        /// Why, for the log.
        #[arg(long, default_value = "")]
        why: String,
    },
    /// Lift a pause.
    Resume(ScopeArguments),
    /// Set the secrets of connections; values are read from standard input.
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Forget a person: list what is kept of them, what of it may be erased now and what must be kept until when; with --yes
    /// erase it. What must be kept is erased by itself when it may be.
    Erase(ErasureArguments),
    /// Requests about personal data.
    #[command(subcommand)]
    Privacy(PrivacyCommand),
    /// Write all of a merchant's data to a folder, as JSON lines (without secrets).
    Export {
        /// Whose.
        merchant: String,
        /// A folder; made when it is missing.
        folder: PathBuf,
    },
    /// Say that the table was restored from a backup: from now on every effect of earlier orders is looked up before it is made.
    RestoreEpoch {
        /// The backup's time, such as 2026-11-23T12:00:00Z.
        #[arg(long)]
        at: Timestamp,
    },
    /// Run one function against the Lambda Runtime API of the environment.
    #[command(hide = true)]
    Function {
        /// Its name.
        name: String,
    },
}

#[derive(Subcommand)]
enum MerchantCommand {
    /// Check a merchant's file and put it as the next version.
    Put {
        /// The file; `-` reads standard input.
        file: PathBuf,
    },
    /// Show a merchant as configured; without a name, all merchants.
    Show {
        /// Whose.
        merchant: Option<String>,
    },
    /// Check a merchant's file and say everything that is wrong with it.
    Check {
        /// The file; `-` reads standard input.
        file: PathBuf,
    },
    /// Print the JSON Schema of the merchant's file.
    Schema,
}

#[derive(Subcommand)]
enum TransfersCommand {
    /// List transfers: those that need somebody, unless a day or a number is given.
    List {
        /// Whose.
        merchant: String,
        /// Orders of this day, such as 2026-11-23.
        #[arg(long)]
        day: Option<Date>,
        /// What this order, draft or invoice number leads to.
        #[arg(long, conflicts_with = "day")]
        number: Option<String>,
        /// Most transfers listed.
        #[arg(long, default_value_t = LIST_LIMIT)]
        limit: usize,
    },
    /// Show one transfer with its whole log.
    Show {
        /// Whose.
        merchant: String,
        /// Order, draft or invoice number, or source/id.
        transfer: String,
    },
    /// Fetch the PDF of an order's document from the accounting system.
    Pdf {
        /// Whose.
        merchant: String,
        /// Order, draft or invoice number, or source/id.
        transfer: String,
        /// Number of the document, where the order has several.
        #[arg(long)]
        document: Option<u64>,
        /// The file to write, which must not exist; without it the document's kind and number, in this folder.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Do a transfer again. Says what it would do; does it with --yes.
    Replay {
        /// Whose.
        merchant: String,
        /// Order, draft or invoice number, or source/id; or an entry of `transfers parked`, which is put back on its queue as it was.
        transfer: String,
        /// With the settings as they are now, or as they were when it was last planned.
        #[arg(long, value_enum, default_value = "now")]
        settings: SettingsArgument,
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
    /// List what was set aside and is no transfer: authentic deliveries that could not be understood, messages that a queue gave up,
    /// findings of the night.
    Parked {
        /// Whose.
        merchant: String,
        /// What was dismissed instead, by whom and why.
        #[arg(long)]
        dismissed: bool,
    },
    /// Take an entry of `transfers parked` off the list for good: it was settled, or is to be left. It is told of no more.
    Dismiss {
        /// Whose.
        merchant: String,
        /// The entry, such as parked/3b1f9c04d2aa.
        entry: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who.
        #[arg(long)]
        by: String,
    },
}

#[derive(Subcommand)]
enum StockCommand {
    /// Tell a merchant's shops what changed in the accounts, now.
    Sync {
        /// Whose.
        merchant: String,
    },
    /// Show what the last runs did, and what could not be told.
    Show {
        /// Whose.
        merchant: String,
    },
    /// Compare everything with what the shops really show, and list what differs. Writes it with --yes.
    Resync {
        /// Whose.
        merchant: String,
        /// Tell the shops.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Subcommand)]
enum CatalogueCommand {
    /// List every product that would stop an order, before an order does. Reads only.
    Check(CatalogueArguments),
    /// Carry over every product that is missing or differs by the settings. Says what it would do; does it with --yes.
    Run {
        #[command(flatten)]
        of: CatalogueArguments,
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
struct CatalogueArguments {
    /// Whose.
    merchant: String,
    /// Name of one shop's connection; without it all shops.
    #[arg(long)]
    shop: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum SettingsArgument {
    /// As they are now.
    Now,
    /// As they were when it was last planned.
    Then,
}

#[derive(Args)]
struct ErasureArguments {
    /// Whose customer.
    merchant: String,
    /// The person's e-mail address; may be given several times. `-` reads one from standard input.
    #[arg(long)]
    email: Vec<String>,
    /// An order of the person's, by number or source/id; may be given several times.
    #[arg(long)]
    order: Vec<String>,
    /// Do it.
    #[arg(long)]
    yes: bool,
}

#[derive(Subcommand)]
enum PrivacyCommand {
    /// List the requests of shops and operators, and what is left of them.
    List {
        /// Whose.
        merchant: String,
    },
    /// Write everything that is kept of the person of a request to a folder, as JSON lines.
    Export {
        /// Whose.
        merchant: String,
        /// The request's id.
        request: String,
        /// A folder; made when it is missing.
        folder: PathBuf,
    },
}

#[derive(Subcommand)]
enum SecretCommand {
    /// Set a secret; the one before is gone at once.
    Set(SecretArguments),
    /// Replace a secret; the one before verifies webhooks for seven more days.
    Rotate(SecretArguments),
}

#[derive(Args)]
struct SecretArguments {
    /// Whose.
    merchant: String,
    /// Name of the connection.
    connection: String,
    /// Name of the secret.
    name: String,
}

#[derive(Args)]
struct ScopeArguments {
    /// Whose; without it, everything.
    merchant: Option<String>,
    /// Name of one connection.
    #[arg(long, requires = "merchant")]
    connection: Option<String>,
}

/// Runs what the command line asks for.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    let printer = Printer { json: cli.json };
    match perform(cli, &printer).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            printer.error(&error);
            ExitCode::FAILURE
        }
    }
}

async fn perform(cli: Cli, printer: &Printer) -> anyhow::Result<()> {
    match cli.command.unwrap_or(Command::Serve(serve::ServeArguments::default())) {
        Command::Serve(arguments) => serve::serve(&cli.data, &arguments, printer).await,
        Command::Function { name } => function(&name).await,
        Command::Merchant(command) => merchant(&cli.data, command, printer).await,
        Command::Transfers(command) => transfers(&cli.data, command, printer).await,
        Command::Stock(command) => stock(&cli.data, command, printer).await,
        Command::Payouts(command) => {
            Box::pin(payouts::perform(&operations(&cli.data).await?, command, printer)).await
        }
        Command::Catalogue(command) => {
            let (of, run) = match command {
                CatalogueCommand::Check(of) => (of, None),
                CatalogueCommand::Run { of, yes } => (of, Some(yes)),
            };
            let merchant = MerchantId::new(of.merchant);
            let operations = operations(&cli.data).await?;
            let views = operations.catalogue(&merchant, of.shop.as_deref(), run == Some(true)).await?;
            let language = operations.merchant(&merchant).await?.file.language;
            printer.catalogue(&views, run, language)
        }
        Command::Pause { scope, why } => {
            let operations = operations(&cli.data).await?;
            let (merchant, connection) = scope.parts();
            let scope = operations.scope(merchant.as_ref(), connection).await?;
            operations.pause(scope, &why).await?;
            printer.done("paused")
        }
        Command::Resume(scope) => {
            let operations = operations(&cli.data).await?;
            let (merchant, connection) = scope.parts();
            operations.resume(&operations.scope(merchant.as_ref(), connection).await?).await?;
            printer.done("resumed")
        }
        Command::Secret(SecretCommand::Set(arguments)) => secret(&cli.data, &arguments, false, printer).await,
        Command::Secret(SecretCommand::Rotate(arguments)) => {
            secret(&cli.data, &arguments, true, printer).await
        }
        Command::Erase(arguments) => erase(&cli.data, arguments, printer).await,
        Command::Privacy(command) => privacy(&cli.data, command, printer).await,
        Command::Export { merchant, folder } => {
            let mut sink = Folder::open(&folder)?;
            let exported = operations(&cli.data).await?.export(&MerchantId::new(merchant), &mut sink).await?;
            printer.exported(&exported, &folder)
        }
        Command::RestoreEpoch { at } => printer.value(&operations(&cli.data).await?.restore_epoch(at).await?),
    }
}

impl ScopeArguments {
    fn parts(&self) -> (Option<MerchantId>, Option<&str>) {
        (self.merchant.as_deref().map(MerchantId::new), self.connection.as_deref())
    }
}

async fn function(name: &str) -> anyhow::Result<()> {
    let outcome = match name {
        "webhook-intake" => webhook_intake::run().await,
        "order-processing" => order_processing::run().await,
        "scheduler" => scheduler::run().await,
        "notifications" => notifications::run().await,
        "stock-sync" => stock_sync::run().await,
        "paymatch" => paymatch::run().await,
        _ => bail!("there is no function {name:?}"),
    };
    outcome.map_err(|error| anyhow::anyhow!("{error}"))
}

async fn merchant(data: &Path, command: MerchantCommand, printer: &Printer) -> anyhow::Result<()> {
    match command {
        MerchantCommand::Put { file } => {
            let text = read(&file)?;
            printer.merchant_put(&operations(data).await?.put_merchant(&text).await?)
        }
        MerchantCommand::Show { merchant: Some(merchant) } => {
            printer.merchant(&operations(data).await?.merchant(&MerchantId::new(merchant)).await?)
        }
        MerchantCommand::Show { merchant: None } => {
            printer.merchants(&operations(data).await?.merchants().await?)
        }
        MerchantCommand::Check { file } => match sound_file(&read(&file)?) {
            Ok(_) => printer.done("the file is sound"),
            Err(problems) => bail!("{problems}"),
        },
        MerchantCommand::Schema => printer.value(&domain::settings::merchant_file_schema()),
    }
}

async fn transfers(data: &Path, command: TransfersCommand, printer: &Printer) -> anyhow::Result<()> {
    let operations = operations(data).await?;
    match command {
        TransfersCommand::List { merchant, day, number, limit } => {
            let listing = match (day, number) {
                (Some(day), _) => Listing::Day(day),
                (None, Some(number)) => Listing::Number(number),
                (None, None) => Listing::Attention,
            };
            printer.transfers(&operations.transfers(&MerchantId::new(merchant), &listing, limit).await?)
        }
        TransfersCommand::Show { merchant, transfer } => {
            printer.transfer(&operations.transfer(&MerchantId::new(merchant), &transfer).await?)
        }
        TransfersCommand::Pdf { merchant, transfer, document, out } => {
            let merchant = MerchantId::new(merchant);
            let pdf = operations.document_pdf(&merchant, &transfer, document).await?;
            printer.document_pdf(&pdf, &transfers::write_pdf(&pdf, out)?)
        }
        TransfersCommand::Replay { merchant, transfer, settings, yes } => {
            let merchant = MerchantId::new(merchant);
            if let Some(entry) = transfer.strip_prefix("parked/") {
                let found = if yes {
                    operations.replay_parked(&merchant, entry).await?
                } else {
                    operations.parked_entry(&merchant, entry).await?
                };
                return printer.parked_replay(&found, yes);
            }
            let settings = match settings {
                SettingsArgument::Now => SettingsChoice::Now,
                SettingsArgument::Then => SettingsChoice::Then,
            };
            let preview = if yes {
                operations.replay(&merchant, &transfer, settings).await?
            } else {
                operations.preview_replay(&merchant, &transfer, settings).await?
            };
            printer.replay(&preview, yes)
        }
        TransfersCommand::Parked { merchant, dismissed: false } => {
            printer.parked(&operations.parked_deliveries(&MerchantId::new(merchant)).await?)
        }
        TransfersCommand::Parked { merchant, dismissed: true } => {
            printer.dismissed(&operations.dismissed_deliveries(&MerchantId::new(merchant)).await?)
        }
        TransfersCommand::Dismiss { merchant, entry, reason, by } => {
            let hash = entry.strip_prefix("parked/").unwrap_or(&entry);
            let merchant = MerchantId::new(merchant);
            let entry = operations.dismiss_parked(&merchant, hash, &by, &reason).await?;
            printer.done(&format!("{} is set aside for good", entry.entry))
        }
    }
}

async fn stock(data: &Path, command: StockCommand, printer: &Printer) -> anyhow::Result<()> {
    let operations = operations(data).await?;
    let runs = match command {
        StockCommand::Show { merchant } => operations.stock(&MerchantId::new(merchant)).await?,
        StockCommand::Sync { merchant } => {
            operations.run_stock(&MerchantId::new(merchant), StockTask::Changes).await?
        }
        StockCommand::Resync { merchant, yes } => {
            let task = if yes { StockTask::Everything } else { StockTask::Report };
            operations.run_stock(&MerchantId::new(merchant), task).await?
        }
    };
    printer.stock(&runs)
}

async fn erase(data: &Path, arguments: ErasureArguments, printer: &Printer) -> anyhow::Result<()> {
    let ErasureArguments { merchant, email, order, yes } = arguments;
    let mut emails = Vec::with_capacity(email.len());
    for email in email {
        emails.push(if email == "-" { read(Path::new("-"))?.trim().to_owned() } else { email });
    }
    let who = PersonChoice { emails, orders: order };
    printer.erasure(&operations(data).await?.erase(&MerchantId::new(merchant), &who, yes).await?)
}

async fn privacy(data: &Path, command: PrivacyCommand, printer: &Printer) -> anyhow::Result<()> {
    let operations = operations(data).await?;
    match command {
        PrivacyCommand::List { merchant } => {
            printer.privacy(&operations.privacy_requests(&MerchantId::new(merchant)).await?)
        }
        PrivacyCommand::Export { merchant, request, folder } => {
            let mut sink = Folder::open(&folder)?;
            let merchant = MerchantId::new(merchant);
            let transfers = operations.export_person(&merchant, &request, &mut sink).await?;
            printer.done(&format!("{transfers} transfers are in {}", folder.display()))
        }
    }
}

async fn secret(
    data: &Path,
    arguments: &SecretArguments,
    rotate: bool,
    printer: &Printer,
) -> anyhow::Result<()> {
    let mut value = String::new();
    std::io::stdin().take(16 * 1024).read_to_string(&mut value).context("the secret on standard input")?;
    let value = SecretString::from(value.trim_end_matches(['\n', '\r']).to_owned());
    operations(data)
        .await?
        .set_secret(
            &MerchantId::new(&arguments.merchant),
            &arguments.connection,
            &arguments.name,
            &value,
            rotate,
        )
        .await?;
    printer.done(if rotate { "rotated" } else { "set" })
}

/// Where a local run writes how it is reached.
fn environment_file(data: &Path) -> PathBuf {
    data.join("environment.json")
}

async fn operations(data: &Path) -> anyhow::Result<Operations> {
    if std::env::var_os("BOGBRO_TABLE").is_some() {
        return Ok(Operations::from_environment().await?);
    }
    let file = environment_file(data);
    let text = fs::read_to_string(&file).with_context(|| {
        format!(
            "BOGBRO_TABLE is not set, and no local run is in {}; start one with `bogbro serve`",
            data.display()
        )
    })?;
    let variables: BTreeMap<String, String> =
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", file.display()))?;
    Ok(Operations::of_variables(&variables).await?)
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().take(2 * 1024 * 1024).read_to_string(&mut text).context("standard input")?;
        return Ok(text);
    }
    fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// An export as files of JSON lines.
struct Folder {
    folder: PathBuf,
    files: BTreeMap<String, File>,
}

impl Folder {
    fn open(folder: &Path) -> anyhow::Result<Folder> {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        Ok(Folder { folder: folder.to_owned(), files: BTreeMap::new() })
    }
}

impl ExportSink for Folder {
    fn write(&mut self, part: &str, json: &str) -> Result<(), String> {
        if !self.files.contains_key(part) {
            let path = self.folder.join(format!("{part}.jsonl"));
            let file = File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            self.files.insert(part.to_owned(), file);
        }
        let Some(file) = self.files.get_mut(part) else { return Err(format!("{part} is not open")) };
        writeln!(file, "{json}").map_err(|error| format!("{part}: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    /// What the README does not say of a command and those below it.
    fn unsaid(command: &clap::Command, readme: &str, missing: &mut Vec<String>) {
        for option in command.get_arguments().filter_map(clap::Arg::get_long) {
            if option != "help" && option != "version" && !readme.contains(&format!("--{option}")) {
                missing.push(format!("{} --{option}", command.get_name()));
            }
        }
        for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
            let name = inner.get_name();
            if !readme.contains(&format!("`{name}"))
                && !readme.contains(&format!(" {name}"))
                && !readme.contains(&format!("\\|{name}"))
            {
                missing.push(format!("{} {name}", command.get_name()));
            }
            unsaid(inner, readme, missing);
        }
    }

    #[test]
    fn the_readme_names_every_command_and_option() {
        let readme = include_str!("../../../../README.md");
        let mut missing = Vec::new();
        unsaid(&Cli::command(), readme, &mut missing);
        assert!(missing.is_empty(), "README does not name {missing:?}");
    }
}
