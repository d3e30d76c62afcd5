//! What a line of a settlement is: the canonical kinds, and the kinds of fee.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The canonical kind of a line. An acquirer's own word is always kept beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Kind {
    /// Money captured from a buyer (+).
    Sale,
    /// Money paid back to a buyer (−).
    Refund,
    /// A refund that did not arrive and is credited again (+).
    RefundFailed,
    /// Money taken back after a buyer's objection (−).
    Chargeback,
    /// A chargeback that the merchant won (+).
    ChargebackReversal,
    /// A fee that stands on a line of its own (−). Fees of a sale stand on the sale's line.
    Fee,
    /// A fee given back (+).
    FeeRefund,
    /// VAT on fees that stands on a line of its own (−).
    Vat,
    /// Money held back as security (−).
    ReserveHold,
    /// Money that was held back and is released (+).
    ReserveRelease,
    /// A correction by the acquirer (±).
    Adjustment,
    /// A conversion between currencies (±).
    Fx,
    /// Balance carried in from an earlier period (±).
    CarryIn,
    /// Balance carried out to a later period (±, the opposite sign of what is carried).
    CarryOut,
    /// Money sent to the merchant's bank (−), or drawn from it for a negative balance (+).
    Payout,
    /// A payout that the bank sent back (+).
    PayoutReturned,
    /// Money the merchant paid in (+).
    TopUp,
    /// A transfer to or from another account at the acquirer (±).
    Transfer,
    /// A word of the acquirer that Bogbro does not know. It counts in the balance and stops automatic posting.
    Unknown,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Kind; 19] = [
        Kind::Sale,
        Kind::Refund,
        Kind::RefundFailed,
        Kind::Chargeback,
        Kind::ChargebackReversal,
        Kind::Fee,
        Kind::FeeRefund,
        Kind::Vat,
        Kind::ReserveHold,
        Kind::ReserveRelease,
        Kind::Adjustment,
        Kind::Fx,
        Kind::CarryIn,
        Kind::CarryOut,
        Kind::Payout,
        Kind::PayoutReturned,
        Kind::TopUp,
        Kind::Transfer,
        Kind::Unknown,
    ];

    /// Its place in [`Kind::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Lines of this kind concern one buyer's payment, so they are matched with an invoice.
    pub const fn concerns_payment(self) -> bool {
        matches!(
            self,
            Kind::Sale | Kind::Refund | Kind::RefundFailed | Kind::Chargeback | Kind::ChargebackReversal
        )
    }

    /// Lines of this kind move the balance to the bank or to another period; they are no part of what was earned.
    pub const fn moves_balance(self) -> bool {
        matches!(self, Kind::Payout | Kind::CarryIn | Kind::CarryOut)
    }

    /// The word in logs, files and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Sale => "sale",
            Kind::Refund => "refund",
            Kind::RefundFailed => "refund-failed",
            Kind::Chargeback => "chargeback",
            Kind::ChargebackReversal => "chargeback-reversal",
            Kind::Fee => "fee",
            Kind::FeeRefund => "fee-refund",
            Kind::Vat => "vat",
            Kind::ReserveHold => "reserve-hold",
            Kind::ReserveRelease => "reserve-release",
            Kind::Adjustment => "adjustment",
            Kind::Fx => "fx",
            Kind::CarryIn => "carry-in",
            Kind::CarryOut => "carry-out",
            Kind::Payout => "payout",
            Kind::PayoutReturned => "payout-returned",
            Kind::TopUp => "top-up",
            Kind::Transfer => "transfer",
            Kind::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a fee is for. Acquirers either charge one blended commission, or markup, scheme fee and interchange apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum FeeKind {
    /// The acquirer's blended fee for a payment.
    Commission,
    /// The acquirer's own part, where it is stated apart.
    Markup,
    /// The card scheme's part.
    Scheme,
    /// The issuing bank's part.
    Interchange,
    /// For a chargeback or another dispute.
    Dispute,
    /// Monthly and yearly fees, terminals, subscriptions.
    Subscription,
    /// For sending the payout.
    Transfer,
    /// For converting currency.
    Conversion,
    /// Anything else.
    Other,
}

impl FeeKind {
    /// Every kind of fee, in the order of their numbers.
    pub const ALL: [FeeKind; 9] = [
        FeeKind::Commission,
        FeeKind::Markup,
        FeeKind::Scheme,
        FeeKind::Interchange,
        FeeKind::Dispute,
        FeeKind::Subscription,
        FeeKind::Transfer,
        FeeKind::Conversion,
        FeeKind::Other,
    ];

    /// Its place in [`FeeKind::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The word in logs, files and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            FeeKind::Commission => "commission",
            FeeKind::Markup => "markup",
            FeeKind::Scheme => "scheme",
            FeeKind::Interchange => "interchange",
            FeeKind::Dispute => "dispute",
            FeeKind::Subscription => "subscription",
            FeeKind::Transfer => "transfer",
            FeeKind::Conversion => "conversion",
            FeeKind::Other => "other",
        }
    }
}

impl fmt::Display for FeeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_their_own() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), index);
            assert_eq!(serde_json::to_value(kind).expect("json"), kind.as_str());
        }
        for (index, kind) in FeeKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), index);
            assert_eq!(serde_json::to_value(kind).expect("json"), kind.as_str());
        }
    }
}
