//! The statement's words, in both languages.

use domain::matching::LineState;
use domain::payout::kind_in_words;
use domain::settings::Language;
use domain::settlement::Kind;

/// Everything that is printed beside figures and names.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) acquirer: &'static str,
    pub(super) account: &'static str,
    pub(super) batch: &'static str,
    pub(super) currency: &'static str,
    pub(super) period: &'static str,
    pub(super) paid_on: &'static str,
    pub(super) paid: &'static str,
    pub(super) bank_reference: &'static str,
    pub(super) bank_account: &'static str,
    pub(super) original: &'static str,
    pub(super) format: &'static str,
    pub(super) lines: &'static str,
    pub(super) plan: &'static str,
    pub(super) summary: &'static str,
    pub(super) kind: &'static str,
    pub(super) count: &'static str,
    pub(super) gross: &'static str,
    pub(super) fees: &'static str,
    pub(super) vat: &'static str,
    pub(super) net: &'static str,
    pub(super) fees_apart: &'static str,
    pub(super) opening: &'static str,
    pub(super) earned: &'static str,
    pub(super) closing: &'static str,
    pub(super) fee_kinds: &'static str,
    pub(super) matching: &'static str,
    pub(super) voucher: &'static str,
    pub(super) ledger_account: &'static str,
    pub(super) customers: &'static str,
    pub(super) vat_code: &'static str,
    pub(super) amount: &'static str,
    pub(super) number: &'static str,
    pub(super) date: &'static str,
    pub(super) order: &'static str,
    pub(super) payment: &'static str,
    pub(super) document: &'static str,
    pub(super) fees_and_vat: &'static str,
    pub(super) bought_for: &'static str,
    pub(super) rate: &'static str,
    pub(super) error_account: &'static str,
    pub(super) left_out: &'static str,
    pub(super) page: &'static str,
    pub(super) of: &'static str,
}

const DANISH: Words = Words {
    title: "Udbetaling",
    acquirer: "Indløser",
    account: "Konto hos indløser",
    batch: "Udbetaling nr.",
    currency: "Valuta",
    period: "Periode",
    paid_on: "Udbetalt den",
    paid: "Udbetalt",
    bank_reference: "Bankens tekst",
    bank_account: "Bankkonto",
    original: "Original, SHA-256",
    format: "Format",
    lines: "Linjer",
    plan: "Bogføringsplan",
    summary: "Sammendrag",
    kind: "Art",
    count: "Antal",
    gross: "Brutto",
    fees: "Gebyr",
    vat: "Moms",
    net: "Netto",
    fees_apart: "Gebyrer og moms faktureres for sig og indgår ikke i udbetalingen.",
    opening: "Saldo ved begyndelsen",
    earned: "Optjent",
    closing: "Saldo ved slutningen",
    fee_kinds: "Gebyrer efter art",
    matching: "Fundne fakturaer",
    voucher: "Bilag",
    ledger_account: "Konto",
    customers: "Debitorer",
    vat_code: "Moms",
    amount: "Beløb",
    number: "Linje",
    date: "Dato",
    order: "Ordre",
    payment: "Betaling",
    document: "Faktura",
    fees_and_vat: "Gebyr",
    bought_for: "køb",
    rate: "kurs",
    error_account: "fejlkonto",
    left_out: "linjer er ikke vist her; de står i originalen.",
    page: "side",
    of: "af",
};

const ENGLISH: Words = Words {
    title: "Payout",
    acquirer: "Acquirer",
    account: "Account at the acquirer",
    batch: "Payout no.",
    currency: "Currency",
    period: "Period",
    paid_on: "Paid on",
    paid: "Paid out",
    bank_reference: "Text at the bank",
    bank_account: "Bank account",
    original: "Original, SHA-256",
    format: "Format",
    lines: "Lines",
    plan: "Booking plan",
    summary: "Summary",
    kind: "Kind",
    count: "Count",
    gross: "Gross",
    fees: "Fees",
    vat: "VAT",
    net: "Net",
    fees_apart: "Fees and VAT are invoiced apart and are no part of the payout.",
    opening: "Balance at the beginning",
    earned: "Earned",
    closing: "Balance at the end",
    fee_kinds: "Fees by kind",
    matching: "Invoices found",
    voucher: "Voucher",
    ledger_account: "Account",
    customers: "Customers",
    vat_code: "VAT",
    amount: "Amount",
    number: "Line",
    date: "Date",
    order: "Order",
    payment: "Payment",
    document: "Invoice",
    fees_and_vat: "Fees",
    bought_for: "sale",
    rate: "rate",
    error_account: "error account",
    left_out: "lines are not shown here; they stand in the original.",
    page: "page",
    of: "of",
};

pub(super) const fn words(language: Language) -> &'static Words {
    match language {
        Language::Da => &DANISH,
        Language::En => &ENGLISH,
    }
}

const fn pick(language: Language, da: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Da => da,
        Language::En => en,
    }
}

/// What a line is. Kinds that entries call by one word stand apart here.
pub(super) const fn kind(kind: Kind, language: Language) -> &'static str {
    match kind {
        Kind::FeeRefund => pick(language, "gebyr retur", "fee refunded"),
        Kind::CarryIn => pick(language, "saldo overført ind", "balance carried in"),
        Kind::CarryOut => pick(language, "saldo overført ud", "balance carried out"),
        _ => kind_in_words(kind, language),
    }
}

/// Where a line stands with its invoice; empty where it is found to the smallest unit.
pub(super) const fn state(state: LineState, language: Language) -> &'static str {
    match state {
        LineState::Exact | LineState::NoPayment => "",
        LineState::Partial => pick(language, "delvis", "in part"),
        LineState::Over => pick(language, "for meget", "too much"),
        LineState::OtherCurrency => pick(language, "anden valuta", "other currency"),
        LineState::Ambiguous => pick(language, "flertydig", "ambiguous"),
        LineState::NotFound => pick(language, "ikke fundet", "not found"),
    }
}

/// The same for the summary, where what is exact has a word too.
pub(super) const fn state_counted(found: LineState, language: Language) -> &'static str {
    match found {
        LineState::Exact => pick(language, "fundet med det nøjagtige beløb", "found with the exact amount"),
        LineState::NoPayment => pick(language, "angår ingen betaling", "concern no payment"),
        _ => state(found, language),
    }
}
