//! One line of a settlement, as a reader hands it over: borrowed from the reader's record, so that reading a million lines
//! allocates nothing per field.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::kind::{FeeKind, Kind};
use super::tally::plus;
use crate::money::{Currency, Money, MoneyError};

/// When something happened, as exactly as the report says it. A time without zone is never given one silently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// The report does not say.
    #[default]
    Unstated,
    /// An exact instant (the report has a zone or an offset).
    Instant(Timestamp),
    /// Day and time of day without a zone: the acquirer's local time.
    Local(DateTime),
    /// A day only.
    Day(Date),
}

impl When {
    /// The day in a time zone; a local time and a day are that day in every zone.
    pub fn day(self, zone: &TimeZone) -> Option<Date> {
        match self {
            When::Unstated => None,
            When::Instant(instant) => Some(zone.to_datetime(instant).date()),
            When::Local(local) => Some(local.date()),
            When::Day(day) => Some(day),
        }
    }
}

/// The keys by which a line finds its invoice, as the report has them; empty where it has none. At most
/// [`LONGEST_TEXT`] bytes each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkKeys<'a> {
    /// The shop's order number or id, in a field meant for it.
    pub order: &'a str,
    /// The merchant's own reference, in a field that may hold anything the merchant chose (often the order number).
    pub merchant: &'a str,
    /// The payment's id at the acquirer or gateway (charge id, PSP reference), which the shop saved on the order.
    pub transaction: &'a str,
    /// The id of this very capture, refund or dispute.
    pub modification: &'a str,
    /// Of a refund or chargeback: the transaction of the sale it belongs to.
    pub original: &'a str,
    /// The acquirer's reference number (ARN) or another id from the card network.
    pub acquirer: &'a str,
    /// The invoice's number.
    pub invoice: &'a str,
}

/// Longest reference or key in bytes. A longer one is refused, because a key that was cut could match another's.
pub const LONGEST_TEXT: usize = 255;

/// Fees by kind, in minor units of the line's currency. Negative: a fee takes from the balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    parts: [i64; FeeKind::ALL.len()],
    /// A bit for each kind that is not zero: nearly all lines have one at most.
    kinds: u16,
}

impl Fees {
    /// No fees.
    pub const NONE: Fees = Fees { parts: [0; FeeKind::ALL.len()], kinds: 0 };

    /// One fee. Minor units, negative when charged.
    pub const fn of(kind: FeeKind, minor: i64) -> Fees {
        let mut fees = Fees::NONE;
        fees.set(kind, minor);
        fees
    }

    pub(super) const fn set(&mut self, kind: FeeKind, minor: i64) {
        self.parts[kind.index()] = minor;
        self.kinds = self.kinds & !(1 << kind.index()) | ((minor != 0) as u16) << kind.index();
    }

    /// Adds to one kind of fee. Minor units, negative when charged.
    ///
    /// # Errors
    /// Overflow.
    pub fn add(&mut self, kind: FeeKind, minor: i64) -> Result<(), MoneyError> {
        self.set(kind, plus(self.part(kind), minor)?);
        Ok(())
    }

    /// One kind of fee in minor units.
    pub const fn part(&self, kind: FeeKind) -> i64 {
        self.parts[kind.index()]
    }

    /// The kinds that are not zero, with their minor units.
    pub fn parts(&self) -> impl Iterator<Item = (FeeKind, i64)> {
        let mut left = self.kinds;
        std::iter::from_fn(move || {
            let kind = *FeeKind::ALL.get(left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some((kind, self.part(kind)))
        })
    }

    /// The one kind that is not zero, or a commission of nothing; `None` where there are several.
    pub(super) fn only(&self) -> Option<(FeeKind, i64)> {
        let mut parts = self.parts();
        let first = parts.next().unwrap_or((FeeKind::Commission, 0));
        parts.next().is_none().then_some(first)
    }

    /// All fees in minor units.
    ///
    /// # Errors
    /// Overflow.
    pub fn total(&self) -> Result<i64, MoneyError> {
        self.parts().try_fold(0_i64, |sum, (_, part)| plus(sum, part))
    }
}

/// The sale's own amount where the buyer paid in another currency than is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleAmount {
    /// What the buyer paid or was paid back; sign as the line's gross.
    pub amount: Money,
    /// Units of the settlement's currency for one unit of the sale's, where the report states it.
    pub rate: Option<Decimal>,
}

/// One line. Every amount is in the batch's currency and signed by its effect on the merchant's balance at the acquirer: a
/// sale is positive, a refund, a fee and a payout negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it stands in the source: the row of a CSV file (the header is 1), or the ordinal of an element. For messages.
    pub number: u32,
    /// The acquirer's id of the line, unique in the batch; empty where the format has none.
    pub reference: &'a str,
    /// What it is.
    pub kind: Kind,
    /// The acquirer's own word for what it is, always kept.
    pub raw_kind: &'a str,
    /// When the payment, refund or dispute happened.
    pub occurred: When,
    /// When the acquirer booked it.
    pub booked: When,
    /// What it is matched by.
    pub keys: LinkKeys<'a>,
    /// Before fees. A line that is only a fee may state it here or in `fees`: it is kept as a fee (as VAT for
    /// [`Kind::Vat`]), with a gross of zero.
    pub gross: Money,
    /// Fees on the line.
    pub fees: Fees,
    /// VAT on the fees, in minor units; negative when charged.
    pub vat_on_fees: i64,
    /// The net as the format states it; `None` where it states none. Gross + fees + VAT on fees = net is checked.
    pub net: Option<Money>,
    /// The buyer's amount, where it was in another currency.
    pub sale: Option<SaleAmount>,
    /// The method of payment in the acquirer's words (`visa`, `mobilepay`).
    pub method: &'a str,
    /// Free text. What is beyond [`LONGEST_TEXT`] bytes is cut.
    pub description: &'a str,
}

impl<'a> Line<'a> {
    /// A line with a kind and an amount and nothing else; the rest is filled in by `..`.
    pub const fn new(number: u32, kind: Kind, raw_kind: &'a str, gross: Money) -> Line<'a> {
        Line {
            number,
            reference: "",
            kind,
            raw_kind,
            occurred: When::Unstated,
            booked: When::Unstated,
            keys: LinkKeys {
                order: "",
                merchant: "",
                transaction: "",
                modification: "",
                original: "",
                acquirer: "",
                invoice: "",
            },
            gross,
            fees: Fees::NONE,
            vat_on_fees: 0,
            net: None,
            sale: None,
            method: "",
            description: "",
        }
    }

    /// The currency of the line.
    pub const fn currency(&self) -> Currency {
        self.gross.currency()
    }

    /// Gross + fees + VAT on fees.
    ///
    /// # Errors
    /// Overflow.
    pub fn reckoned_net(&self) -> Result<Money, MoneyError> {
        let minor = plus(plus(self.gross.minor(), self.fees.total()?)?, self.vat_on_fees)?;
        Ok(Money::from_minor(minor, self.currency()))
    }
}
