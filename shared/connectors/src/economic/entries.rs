//! What is booked: entries on an account or of a document, documents whoever made them, files on vouchers.

use domain::catalogue::{KnownAccount, KnownJournal, KnownVatCode, LedgerData};
use domain::money::Percentage;
use domain::{EffectKey, Failure, Money};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::client::{
    json, post_openapi, read_all, read_cursor, read_cursor_page, read_numbered_page, upload_openapi,
};
use super::errors::refused;
use super::filter::Filter;
use super::journals::{self, LIMITS, day_of, money, no_right, within};
use super::payments::{BOOKED_ENTRIES, accounting_year, with_key};
use super::wire::{
    AttachedAnswer, BookedDocumentAnswer, BookedEntryAnswer, KindAnswer, MatchEntriesBody, Number,
};
use crate::http::{Transport, Upload};
use crate::journals::{
    AttachedFile, Days, DocumentState, DocumentsPage, EntriesPage, EntryOrigin, LedgerDocument, LedgerEntry,
    VoucherFile, VoucherPlace,
};

const DOCUMENTS: &str = "/documentsapi/v4.0.1/AttachedDocuments";
/// Highest number of a page, so that a token of ours cannot ask for nonsense.
const LAST_PAGE: u32 = 10_000;

pub(super) async fn on_account(
    transport: &dyn Transport,
    account: u32,
    days: Days,
    page: Option<&str>,
) -> Result<EntriesPage, Failure> {
    let filter = Filter::equals("accountNumber", &account.to_string()).and(within(days));
    let answer = read_cursor_page::<BookedEntryAnswer>(transport, BOOKED_ENTRIES, filter, page)
        .await?
        .ok_or_else(|| no_right("booked entries"))?;
    let (entries, left_out) = readable(answer.items)?;
    Ok(EntriesPage { entries, left_out, next: answer.cursor })
}

pub(super) async fn of_document(
    transport: &dyn Transport,
    customer: u32,
    document: u64,
) -> Result<Vec<LedgerEntry>, Failure> {
    let filter = Filter::equals("customerNumber", &customer.to_string())
        .and(Filter::equals("customerInvoiceNumber", &document.to_string()));
    let answer = read_cursor::<BookedEntryAnswer>(transport, BOOKED_ENTRIES, Some(filter))
        .await?
        .ok_or_else(|| no_right("booked entries"))?;
    let (entries, left_out) = readable(answer)?;
    match left_out.into_iter().next() {
        Some(why) => Err(refused("unreadable", why)),
        None => Ok(entries),
    }
}

fn readable(answers: Vec<BookedEntryAnswer>) -> Result<(Vec<LedgerEntry>, Vec<String>), Failure> {
    let (mut entries, mut left_out) = (Vec::with_capacity(answers.len()), Vec::new());
    for answer in answers {
        let day: Date = day_of(&answer.date)
            .parse()
            .map_err(|_| refused("unreadable", format!("entry {} stands on no day", answer.entry_number)))?;
        match amounts(&answer) {
            Ok((amount, remainder)) => entries.push(LedgerEntry {
                number: answer.entry_number,
                account: answer.account_number,
                voucher: answer.voucher_number,
                day,
                amount,
                text: answer.text.unwrap_or_default(),
                origin: origin(answer.kind.as_ref()),
                customer: answer.customer_number,
                document: answer.customer_invoice_number,
                remainder,
            }),
            Err(why) => left_out.push(format!("entry {}: {why}", answer.entry_number)),
        }
    }
    Ok((entries, left_out))
}

fn amounts(answer: &BookedEntryAnswer) -> Result<(Money, Option<Money>), String> {
    let currency = answer.currency_code.as_deref().unwrap_or_default();
    Ok((money(answer.amount, currency)?, answer.remainder.map(|left| money(left, currency)).transpose()?))
}

/// The types that the service documents [V], by number and by name.
fn origin(kind: Option<&KindAnswer>) -> EntryOrigin {
    let name = match kind {
        Some(KindAnswer::Number(1 | 10)) => return EntryOrigin::Document,
        Some(KindAnswer::Number(2)) => return EntryOrigin::Payment,
        Some(KindAnswer::Number(5)) => return EntryOrigin::Voucher,
        Some(KindAnswer::Number(7)) => return EntryOrigin::Opening,
        Some(KindAnswer::Number(8)) => return EntryOrigin::Carried,
        Some(KindAnswer::Number(_)) | None => return EntryOrigin::Other,
        Some(KindAnswer::Name(name)) => name.to_ascii_lowercase().replace(' ', ""),
    };
    match name.as_str() {
        "customerinvoice" | "manualcustomerinvoice" => EntryOrigin::Document,
        "customerpayment" => EntryOrigin::Payment,
        "financevoucher" => EntryOrigin::Voucher,
        "openingentry" => EntryOrigin::Opening,
        "transferredopeningentry" => EntryOrigin::Carried,
        _ => EntryOrigin::Other,
    }
}

pub(super) async fn settle(
    transport: &dyn Transport,
    key: &EffectKey,
    entries: &[u64],
) -> Result<(), Failure> {
    if entries.len() < 2 {
        return Err(refused("no-number", "at least two entries are settled with each other"));
    }
    let body = json(&MatchEntriesBody { entry_ids: entries.to_vec() })?;
    post_openapi(transport, key, format!("{BOOKED_ENTRIES}/match"), body).await?;
    Ok(())
}

pub(super) async fn documents(
    transport: &dyn Transport,
    state: DocumentState,
    days: Days,
    page: Option<&str>,
) -> Result<DocumentsPage, Failure> {
    let number: u32 = match page {
        None => 0,
        Some(text) => text
            .parse()
            .ok()
            .filter(|number| *number <= LAST_PAGE)
            .ok_or_else(|| refused("page", format!("{text:?} is no page of documents")))?,
    };
    let path = match state {
        DocumentState::Booked => "/invoices/booked",
        DocumentState::Open => "/invoices/unpaid",
    };
    let (answers, more) =
        read_numbered_page::<BookedDocumentAnswer>(transport, path, within(days), number).await?;
    let (mut documents, mut left_out) = (Vec::with_capacity(answers.len()), Vec::new());
    for answer in answers {
        let number = answer.booked_invoice_number;
        match document(answer) {
            Ok(document) => documents.push(document),
            Err(why) => left_out.push(format!("document {number}: {why}")),
        }
    }
    Ok(DocumentsPage { documents, left_out, next: more.then(|| (number + 1).to_string()) })
}

fn document(answer: BookedDocumentAnswer) -> Result<LedgerDocument, String> {
    let notes = answer.notes.unwrap_or_default();
    let texts = [notes.heading, notes.text_line1, notes.text_line2];
    Ok(LedgerDocument {
        number: answer.booked_invoice_number,
        date: answer.date,
        customer: answer.customer.number,
        gross: money(answer.gross_amount, &answer.currency)?,
        remainder: answer.remainder.map(|left| money(left, &answer.currency)).transpose()?,
        reference: answer.references.and_then(|references| references.other).unwrap_or_default(),
        text: texts.into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n"),
    })
}

pub(super) async fn attached(
    transport: &dyn Transport,
    place: VoucherPlace,
) -> Result<Vec<AttachedFile>, Failure> {
    let year = accounting_year(transport, place.day).await?.year;
    let filter = Filter::equals("voucherNumber", &place.number.to_string())
        .and(Filter::equals("accountingYear", &year));
    let found = read_cursor::<AttachedAnswer>(transport, DOCUMENTS, Some(filter))
        .await?
        .ok_or_else(|| no_right("attached documents"))?;
    let file = |answer: AttachedAnswer| AttachedFile {
        number: answer.number,
        note: answer.note.unwrap_or_default(),
    };
    Ok(found.into_iter().map(file).collect())
}

/// The fields' names are those of the vendor's example. `OnConflict` 1 makes a second file a refusal instead of more pages [V].
pub(super) async fn attach(
    transport: &dyn Transport,
    key: &EffectKey,
    place: VoucherPlace,
    file: &VoucherFile,
) -> Result<(), Failure> {
    if !file.pdf.starts_with(b"%PDF-") || file.pdf.len() > LIMITS.file_bytes {
        let (length, most) = (file.pdf.len(), LIMITS.file_bytes);
        return Err(refused("limit", format!("a PDF of at most {most} bytes is needed (it has {length})")));
    }
    let year = accounting_year(transport, place.day).await?.year;
    let upload = Upload::new("File", &file.name, "application/pdf", file.pdf.clone())
        .with("VoucherNumber", place.number.to_string())
        .with("AccountingYear", year)
        .with("Note", with_key(&file.note, key.as_str()))
        .with("OnConflict", "1");
    match upload_openapi(transport, key, DOCUMENTS, upload).await {
        Err(Failure::Rejected { code: Some(code), message })
            if code == "DocumentAlreadyAttachedToVoucher" =>
        {
            Err(refused("attached-already", message))
        }
        Err(failure) => Err(failure),
        Ok(_) => Ok(()),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountAnswer {
    account_number: u32,
    #[serde(default)]
    name: String,
    account_type: Option<String>,
    #[serde(default)]
    barred: bool,
    #[serde(default)]
    block_direct_entries: bool,
    vat_account: Option<VatCodeReference>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VatCodeReference {
    vat_code: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VatCodeAnswer {
    vat_code: String,
    #[serde(default)]
    name: String,
    rate_percentage: Option<Number>,
    #[serde(default)]
    barred: bool,
    contra_account: Option<serde::de::IgnoredAny>,
}

/// Three collections: journals, accounts, VAT codes.
pub(super) async fn ledger_data(transport: &dyn Transport) -> Result<LedgerData, Failure> {
    let mut data = LedgerData::default();
    for answer in journals::all(transport).await? {
        let journal = KnownJournal {
            takes: answer.takes(),
            name: answer.name,
            balance_by_voucher: answer.require_balance_per_voucher_id,
            needs_approval: answer.require_admin_approval,
            standing: answer.is_standing_journal,
            lowest_number: answer.minimum_voucher_number.unwrap_or(1),
            highest_number: answer.maximum_voucher_number.filter(|number| *number > 0),
            next_number: answer.next_voucher_number,
            customer_contra_account: answer.customer_contra_account.filter(|account| *account > 0),
        };
        data.journals.insert(answer.number, journal);
    }
    for (answer, _) in read_all::<AccountAnswer>(transport, "/accounts", None).await? {
        // Headings and sums are accounts there too [V].
        if !matches!(answer.account_type.as_deref(), None | Some("profitAndLoss" | "status")) {
            continue;
        }
        let account = KnownAccount {
            name: answer.name,
            blocked: answer.barred || answer.block_direct_entries,
            vat_code: answer.vat_account.and_then(|vat| vat.vat_code).filter(|code| !code.is_empty()),
        };
        data.accounts.insert(answer.account_number, account);
    }
    for (answer, _) in read_all::<VatCodeAnswer>(transport, "/vat-accounts", None).await? {
        let code = KnownVatCode {
            name: answer.name,
            rate: Percentage::new(answer.rate_percentage.map_or(Decimal::ZERO, |rate| rate.0)),
            barred: answer.barred,
            reverse_charge: answer.contra_account.is_some(),
        };
        data.vat_codes.insert(answer.vat_code, code);
    }
    Ok(data)
}
