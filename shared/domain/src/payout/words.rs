//! The few words that stand in entries' texts.

use crate::settings::Language;
use crate::settlement::{FeeKind, Kind};

const fn pick(language: Language, da: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Da => da,
        Language::En => en,
    }
}

pub(super) const fn payout(language: Language) -> &'static str {
    pick(language, "udbetaling", "payout")
}

pub(super) const fn invoice(language: Language) -> &'static str {
    pick(language, "faktura ", "invoice ")
}

pub(super) const fn order(language: Language) -> &'static str {
    pick(language, "ordre ", "order ")
}

pub(super) const fn difference(language: Language) -> &'static str {
    pick(language, "afvigelse", "difference")
}

pub(super) const fn reversal(language: Language) -> &'static str {
    pick(language, "Tilbageførsel", "Reversal")
}

pub(super) fn part(number: usize, count: usize, language: Language) -> String {
    format!("{} {number}/{count}", pick(language, "del", "part"))
}

/// What a line is, as entries' texts and statements call it.
pub const fn kind(kind: Kind, language: Language) -> &'static str {
    match kind {
        Kind::Sale => pick(language, "salg", "sale"),
        Kind::Refund => pick(language, "refundering", "refund"),
        Kind::RefundFailed => pick(language, "mislykket refundering", "failed refund"),
        Kind::Chargeback => pick(language, "indsigelse", "chargeback"),
        Kind::ChargebackReversal => pick(language, "indsigelse vundet", "chargeback reversed"),
        Kind::Fee | Kind::FeeRefund => pick(language, "gebyr", "fee"),
        Kind::Vat => pick(language, "moms af gebyr", "VAT on fees"),
        Kind::ReserveHold => pick(language, "tilbageholdt", "held back"),
        Kind::ReserveRelease => pick(language, "frigivet", "released"),
        Kind::Adjustment => pick(language, "regulering", "adjustment"),
        Kind::Fx => pick(language, "valuta", "currency"),
        Kind::CarryIn | Kind::CarryOut => pick(language, "overført saldo", "balance carried"),
        Kind::Payout => payout(language),
        Kind::PayoutReturned => pick(language, "returneret udbetaling", "returned payout"),
        Kind::TopUp => pick(language, "indbetalt til indløser", "paid in"),
        Kind::Transfer => pick(language, "overførsel", "transfer"),
        Kind::Unknown => pick(language, "ukendt", "unknown"),
    }
}

/// What a fee is for, as entries' texts and statements call it.
pub const fn fee(kind: FeeKind, language: Language) -> &'static str {
    match kind {
        FeeKind::Commission => pick(language, "gebyr", "commission"),
        FeeKind::Markup => pick(language, "indløsergebyr", "acquirer's markup"),
        FeeKind::Scheme => pick(language, "kortselskabsgebyr", "scheme fee"),
        FeeKind::Interchange => pick(language, "interchange", "interchange fee"),
        FeeKind::Dispute => pick(language, "indsigelsesgebyr", "dispute fee"),
        FeeKind::Subscription => pick(language, "abonnement", "subscription"),
        FeeKind::Transfer => pick(language, "overførselsgebyr", "transfer fee"),
        FeeKind::Conversion => pick(language, "valutagebyr", "conversion fee"),
        FeeKind::Other => pick(language, "andet gebyr", "other fee"),
    }
}

/// Why a line stands on the error account.
pub(super) fn why(code: &str, language: Language) -> &'static str {
    match code {
        "payout-lines-over" => pick(language, "beløbet er for stort", "the amount is too large"),
        "payout-lines-given-back" => pick(language, "intet var trukket tilbage", "nothing was taken back"),
        "payout-lines-ambiguous" => pick(language, "flere mulige fakturaer", "several possible invoices"),
        "payout-lines-other-currency" => pick(language, "anden valuta", "another currency"),
        "payout-refund-without-credit-note" => pick(language, "ingen kreditnota", "no credit note"),
        "payout-decision-currency" => pick(language, "ikke bilagets valuta", "not the document's currency"),
        "payout-decision-differs" => pick(language, "fordeling stemmer ikke", "the split does not add up"),
        _ => pick(language, "ingen faktura", "no invoice"),
    }
}
