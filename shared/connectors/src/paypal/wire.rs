//! PayPal's shapes: Transaction Search, the columns of the settlement report, and those of the activity and statement
//! downloads in the languages that are known.

use std::borrow::Cow;

use serde::Deserialize;

use crate::figures::Marks;
use crate::json::Text;
use crate::report::Refusal;
use crate::tabular::{Column, Header};

/// How the settlement report writes times.
pub(super) const TIME_WITH_OFFSET: &str = "%Y/%m/%d %H:%M:%S %z";
/// How Transaction Search writes times, beside RFC 3339.
pub(super) const SEARCH_TIME: &str = "%Y-%m-%dT%H:%M:%S%z";

/// An answer of Transaction Search.
#[derive(Deserialize)]
pub(super) struct Search<'a> {
    #[serde(borrow)]
    pub(super) transaction_details: Vec<Detail<'a>>,
    #[serde(borrow, default)]
    pub(super) account_number: Text<'a>,
    #[serde(borrow)]
    pub(super) start_date: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) end_date: Cow<'a, str>,
    pub(super) total_items: u64,
}

/// The balances of an account at one time, which are kept before and after the transactions between.
#[derive(Deserialize)]
pub(super) struct Balances<'a> {
    #[serde(borrow, default)]
    pub(super) balances: Option<Vec<Balance<'a>>>,
}

/// The balance in one currency.
#[derive(Deserialize)]
pub(super) struct Balance<'a> {
    #[serde(borrow)]
    pub(super) total_balance: Amount<'a>,
}

/// One transaction, with all that is not asked for left out.
#[derive(Deserialize)]
pub(super) struct Detail<'a> {
    #[serde(borrow)]
    pub(super) transaction_info: Info<'a>,
}

/// What moved.
#[derive(Deserialize)]
pub(super) struct Info<'a> {
    #[serde(borrow)]
    pub(super) transaction_id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) paypal_reference_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) transaction_event_code: Text<'a>,
    #[serde(borrow, default)]
    pub(super) transaction_initiation_date: Text<'a>,
    #[serde(borrow, default)]
    pub(super) transaction_updated_date: Text<'a>,
    #[serde(borrow)]
    pub(super) transaction_amount: Amount<'a>,
    #[serde(borrow, default)]
    pub(super) fee_amount: Option<Amount<'a>>,
    #[serde(borrow, default)]
    pub(super) transaction_status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) bank_reference_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) ending_balance: Option<Amount<'a>>,
    #[serde(borrow, default)]
    pub(super) invoice_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) custom_field: Text<'a>,
}

/// Money as PayPal writes it: signed decimal text.
#[derive(Deserialize)]
pub(super) struct Amount<'a> {
    #[serde(borrow)]
    pub(super) currency_code: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) value: Cow<'a, str>,
}

/// Columns of the settlement report's body, under its CH line. Places count from the record's own mark.
pub(super) struct Body {
    pub(super) id: Column<'static>,
    pub(super) invoice: Column<'static>,
    pub(super) reference: Column<'static>,
    pub(super) code: Column<'static>,
    pub(super) initiated: Column<'static>,
    pub(super) completed: Column<'static>,
    pub(super) direction: Column<'static>,
    pub(super) gross: Column<'static>,
    pub(super) currency: Column<'static>,
    pub(super) fee_direction: Column<'static>,
    pub(super) fee: Column<'static>,
    pub(super) custom: Column<'static>,
    pub(super) bank_reference: Column<'static>,
}

impl Body {
    pub(super) fn find(header: &Header) -> Result<Body, Refusal> {
        Ok(Body {
            id: header.required("Transaction ID")?,
            invoice: header.required("Invoice ID")?,
            reference: header.required("PayPal Reference ID")?,
            code: header.required("Transaction Event Code")?,
            initiated: header.required("Transaction Initiation Date")?,
            completed: header.required("Transaction Completion Date")?,
            direction: header.required("Transaction Debit or Credit")?,
            gross: header.required("Gross Transaction Amount")?,
            currency: header.required("Gross Transaction Currency")?,
            fee_direction: header.required("Fee Debit or Credit")?,
            fee: header.required("Fee Amount")?,
            custom: header.optional("Custom Field")?,
            bank_reference: header.optional("Bank Reference ID")?,
        })
    }
}

/// Columns of a download, whatever its language.
pub(super) struct Download {
    pub(super) day: Column<'static>,
    pub(super) time: Column<'static>,
    pub(super) zone: Column<'static>,
    pub(super) kind: Column<'static>,
    pub(super) status: Option<Column<'static>>,
    pub(super) currency: Column<'static>,
    pub(super) gross: Column<'static>,
    pub(super) fee: Column<'static>,
    pub(super) net: Column<'static>,
    pub(super) balance: Option<Column<'static>>,
    pub(super) id: Column<'static>,
    pub(super) invoice: Option<Column<'static>>,
    pub(super) custom: Option<Column<'static>>,
    pub(super) reference: Option<Column<'static>>,
}

/// English, Danish, German, Swedish, Norwegian, French, Dutch, Spanish; each name as it stands in a header.
const DAY: &[&str] = &["Date", "Dato", "Datum", "Fecha"];
const TIME: &[&str] =
    &["Time", "Tidspunkt", "Klokkeslæt", "Uhrzeit", "Tid", "Klokkeslett", "Heure", "Tijd", "Hora"];
const ZONE: &[&str] = &[
    "Time Zone",
    "TimeZone",
    "Time zone",
    "Tidszone",
    "Zeitzone",
    "Tidszon",
    "Tidssone",
    "Fuseau horaire",
    "Tijdzone",
    "Zona horaria",
];
const KIND: &[&str] = &[
    "Type",
    "Description",
    "Typ",
    "Beschreibung",
    "Beskrivelse",
    "Beskrivning",
    "Omschrijving",
    "Tipo",
    "Descripción",
];
const STATUS: &[&str] = &["Status", "État", "Estado"];
const CURRENCY: &[&str] = &["Currency", "Valuta", "Währung", "Devise", "Divisa", "Moneda"];
const GROSS: &[&str] = &["Gross", "Brutto", "Bruttobeløb", "Brut", "Avant commission", "Bruto"];
const FEE: &[&str] = &[
    "Fee",
    "Gebyr",
    "Gebühr",
    "Entgelt",
    "Avgift",
    "Commission",
    "Frais",
    "Kosten",
    "Vergoeding",
    "Comisión",
    "Tarifa",
];
const NET: &[&str] = &["Net", "Netto", "Nettobeløb", "Neto"];
const BALANCE: &[&str] = &["Balance", "Saldo", "Guthaben", "Solde"];
const ID: &[&str] = &[
    "Transaction ID",
    "Transaktions-id",
    "Transaktions-ID",
    "Transaktionscode",
    "Transaksjons-ID",
    "Numéro de transaction",
    "Transactiereferentie",
    "Transactie-ID",
    "Id. de transacción",
];
const INVOICE: &[&str] = &[
    "Invoice ID",
    "Invoice Number",
    "Fakturanummer",
    "Rechnungsnummer",
    "Numéro de facture",
    "Factuurnummer",
    "Número de factura",
];
const CUSTOM: &[&str] = &["Custom Number", "Custom Field", "Benutzerdefiniertes Feld"];
const REFERENCE: &[&str] = &[
    "Reference Txn ID",
    "Reference transaction ID",
    "Zugehöriger Transaktionscode",
    "Referencetransaktions-id",
    "Numéro de la transaction de référence",
    "Id. de referencia de trans.",
];

/// Names that stand together in an English header alone: single ones are the same in other languages.
const ENGLISH: [&str; 6] = ["Date", "Time", "Currency", "Gross", "Fee", "Transaction ID"];

/// True for a header in English, the one language that a sample was seen in.
pub(super) fn is_english(names: &[&str]) -> bool {
    ENGLISH.iter().all(|name| names.iter().any(|field| field.trim().trim_matches('"') == *name))
}

impl Download {
    pub(super) fn find(header: &Header) -> Result<Download, Refusal> {
        let one = |names: &'static [&'static str]| match header.any(names)? {
            Some(column) => Ok(column),
            None => header.required(names.first().copied().unwrap_or_default()),
        };
        Ok(Download {
            day: one(DAY)?,
            time: one(TIME)?,
            zone: one(ZONE)?,
            kind: one(KIND)?,
            status: header.any(STATUS)?,
            currency: one(CURRENCY)?,
            gross: one(GROSS)?,
            fee: one(FEE)?,
            net: one(NET)?,
            balance: header.any(BALANCE)?,
            id: one(ID)?,
            invoice: header.any(INVOICE)?,
            custom: header.any(CUSTOM)?,
            reference: header.any(REFERENCE)?,
        })
    }
}

/// The marks that a file's amounts are written with, found out amount by amount: a mark before two decimals (or before one of
/// a currency's own number of decimals) is the decimal one, all others group thousands. What contradicts an earlier amount of the
/// file is no amount.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Locale {
    decimal: Option<char>,
}

impl Locale {
    /// The marks of this amount.
    pub(super) fn marks(&mut self, text: &str, decimals: u32) -> Option<Marks> {
        let marks: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| matches!(c, '.' | ',')).collect();
        let last = marks.last().copied();
        let after = last.map(|(place, _)| text[place + 1..].chars().filter(char::is_ascii_digit).count());
        let is_decimal = decimals > 0 && after == usize::try_from(decimals).ok();
        let decimal = match (last, is_decimal) {
            (Some((_, mark)), true) => {
                if self.decimal.is_some_and(|known| known != mark) {
                    return None;
                }
                self.decimal = Some(mark);
                mark
            }
            // Currencies with decimals are always written with all of them.
            (Some(_), false) if decimals > 0 => return None,
            // A mark in a currency without decimals groups thousands.
            (Some((_, mark)), false) => {
                if mark == ',' {
                    '.'
                } else {
                    ','
                }
            }
            (None, _) => self.decimal.unwrap_or('.'),
        };
        let thousands = marks.iter().map(|(_, mark)| *mark).find(|mark| *mark != decimal);
        let spaced = text.contains([' ', '\u{a0}', '\u{202f}']);
        Some(Marks { decimal, thousands: if spaced { Some(' ') } else { thousands } })
    }
}
