//! An order as any shop may send it, in one form.
//!
//! All line amounts are net of VAT, whatever way prices were entered; each line carries the VAT amounts that the shop
//! itself charged. The shop's own amounts are the truth: rate times base is never used to reject an order.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::customer::Customer;
use crate::identity::EntityId;
use crate::money::{Currency, Money, MoneyError, Percentage};
use crate::refund::Refund;

/// Where the money of an order stands. The shop's own words are kept beside it in [`Order::payment_state_text`].
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentState {
    /// Nothing is paid or authorised.
    Unpaid,
    /// The amount is reserved, not captured.
    Authorised,
    /// A part is captured.
    PartlyPaid,
    /// All is captured.
    Paid,
    /// A part was given back.
    PartlyRefunded,
    /// All was given back.
    Refunded,
    /// The authorisation was cancelled or ran out.
    Voided,
}

/// How far the goods have come.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FulfilmentState {
    /// Nothing is sent, or the shop does not say.
    Unfulfilled,
    /// A part is sent.
    PartlyFulfilled,
    /// All is sent.
    Fulfilled,
}

/// What a line is, for the choice of product number and VAT. The numbers are part of hashes and never change.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// Goods or services with (or without) a SKU.
    Product = 0,
    /// Freight.
    Shipping = 1,
    /// A fee, such as a card fee; negative for a discount given as a fee.
    Fee = 2,
    /// A tip.
    Tip = 3,
    /// Import duty collected for the buyer.
    Duty = 4,
    /// A gift card sold: a liability when it is multi-purpose, a sale with VAT when it is single-purpose.
    GiftCardSold = 5,
    /// Rounding of a cash payment, outside the VAT base.
    CashRounding = 6,
}

/// One VAT amount on one line, as the shop charged it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VatAmount {
    /// The rate the shop states; `None` when it states none.
    pub rate: Option<Percentage>,
    /// The amount charged; negative on negative lines.
    pub amount: Money,
    /// The shop's name for the tax (`Moms`, `CA State Tax`).
    pub label: String,
    /// True when the tax is reckoned on top of the other taxes.
    pub compound: bool,
    /// True when a marketplace remits the tax, so that it is not the merchant's own VAT.
    pub remitted_by_marketplace: bool,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The shop's id of the line.
    pub id: String,
    /// What the line is.
    pub kind: LineKind,
    /// The merchant's product number; `None` when the shop gives none.
    pub sku: Option<String>,
    /// The shop's own product (or variant) id, which some merchants use as product number.
    pub product_id: Option<String>,
    /// What the buyer saw.
    pub name: String,
    /// Units; negative never, zero never on a line with an amount.
    pub quantity: Decimal,
    /// Net amount of all units before discounts, without VAT.
    pub net_before_discount: Money,
    /// Net amount of all units after discounts, without VAT. This is what is booked.
    pub net: Money,
    /// The VAT charged on `net`. Empty when the shop charged none.
    pub vat: Vec<VatAmount>,
}

impl OrderLine {
    /// The discount on the line, without VAT; positive when the price was lowered.
    ///
    /// # Errors
    /// Mixed currencies, overflow.
    pub fn discount(&self) -> Result<Money, MoneyError> {
        self.net_before_discount.minus(self.net)
    }

    /// All VAT on the line.
    ///
    /// # Errors
    /// Mixed currencies, overflow.
    pub fn vat_total(&self) -> Result<Money, MoneyError> {
        Money::sum(self.net.currency(), self.vat.iter().map(|vat| vat.amount))
    }
}

/// What happened to money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentKind {
    /// Reserved on the buyer's card, not taken.
    Authorisation,
    /// Taken (a capture, a sale, a received transfer).
    Capture,
    /// Given back.
    Refund,
    /// A reservation cancelled.
    Void,
}

/// One payment transaction of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The shop's key of the payment method (`cod`, `shopify_payments`), by which settings map it.
    pub method: String,
    /// What the buyer saw (`Efterkrav`).
    pub title: String,
    /// What happened.
    pub kind: PaymentKind,
    /// How much, never negative.
    pub amount: Money,
    /// The acquirer's or gateway's reference; empty when the shop has none.
    pub transaction: String,
    /// True for a gift card that was used: it pays, it does not lower the sale.
    pub gift_card: bool,
    /// When it happened, if known.
    pub at: Option<Timestamp>,
}

/// An order, whole, as read from its shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The shop's immutable id.
    pub id: EntityId,
    /// The number that people see (`#1001`).
    pub number: String,
    /// The currency of every amount (the shop's own, never the presentment currency).
    pub currency: Currency,
    /// The shop's own word for the state of the order (`processing`).
    pub state: String,
    /// Where the money stands.
    pub payment_state: PaymentState,
    /// The shop's own word for it, empty when it has none.
    pub payment_state_text: String,
    /// How far the goods have come.
    pub fulfilment_state: FulfilmentState,
    /// Cancelled in the shop.
    pub cancelled: bool,
    /// A test order: never booked.
    pub test: bool,
    /// The country whose VAT the shop charged, in upper case, where it says so; `None` where nothing was charged or several were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxed_in: Option<String>,
    /// Suspected of fraud by the shop and not yet shipped, or its payment is held until somebody has looked at it: never booked while it
    /// is.
    pub fraud_hold: bool,
    /// When the order was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub modified_at: Timestamp,
    /// When it was paid, if it is.
    pub paid_at: Option<Timestamp>,
    /// When it was shipped or completed, if it is.
    pub shipped_at: Option<Timestamp>,
    /// Prices were entered with VAT. Information only: line amounts are net either way.
    pub prices_include_vat: bool,
    /// The buyer.
    pub customer: Customer,
    /// Goods, freight, fees, tips, duties, gift cards sold, in the shop's order.
    pub lines: Vec<OrderLine>,
    /// All VAT, as the shop states it.
    pub total_vat: Money,
    /// What the buyer owes for the order with VAT, as the shop states it, before gift cards used.
    pub total: Money,
    /// Payments known, in order. A payment method without a transaction is one capture of the total when the shop says paid.
    pub payments: Vec<Payment>,
    /// The payment method chosen at checkout (key), also when nothing is paid yet; empty when unknown.
    pub payment_method: String,
    /// What the buyer saw of it.
    pub payment_method_title: String,
    /// The buyer's own words.
    pub note: String,
    /// The buyer's purchase order number.
    pub purchase_order_number: Option<String>,
    /// Coupon or discount codes used.
    pub discount_codes: Vec<String>,
    /// Tags set in the shop.
    pub tags: Vec<String>,
    /// Extra fields by key (plugin meta data), for filters and settings that name a key. Text values only.
    pub fields: Vec<(String, String)>,
    /// Sums given back so far, with VAT (positive); zero when none.
    pub refunded: Money,
    /// The refunds, each with its money and lines, the oldest first.
    pub refunds: Vec<Refund>,
    /// In the shop's bin, or otherwise taken away by the shop's staff while it can still be read.
    pub deleted: bool,
}

/// What is wrong with an order in itself, before any settings or target are looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderFault {
    /// Two currencies on one order.
    #[error("{place} is in {found}, the order in {expected}")]
    Currency {
        /// Where.
        place: String,
        /// The currency found there.
        found: Currency,
        /// The order's currency.
        expected: Currency,
    },
    /// A quantity that cannot be.
    #[error("line {line} has quantity {quantity} and amount {net}")]
    Quantity {
        /// Id of the line.
        line: String,
        /// The quantity.
        quantity: Decimal,
        /// The line's net amount.
        net: Money,
    },
    /// An amount whose sign cannot be, on this kind of line or beside the line's other amounts.
    #[error("line {line} has net amount {net} and VAT {vat}: the signs cannot be")]
    Sign {
        /// Id of the line.
        line: String,
        /// The line's net amount.
        net: Money,
        /// Its VAT.
        vat: Money,
    },
    /// The lines' VAT is not the VAT that the shop states.
    #[error("the lines' VAT is {sum}, the shop states {stated}: a difference of {difference}")]
    Vat {
        /// Sum over the lines.
        sum: Money,
        /// As stated.
        stated: Money,
        /// Stated less sum.
        difference: Money,
    },
    /// Lines and VAT do not make the total that the shop states.
    #[error("lines and VAT make {sum}, the shop states {stated}: a difference of {difference}")]
    Total {
        /// Sum of lines and VAT.
        sum: Money,
        /// As stated.
        stated: Money,
        /// Stated less sum.
        difference: Money,
    },
    /// Amounts too large to reckon with.
    #[error("{0}")]
    Amount(#[from] MoneyError),
}

/// More units than anybody sells on one line.
const MOST_UNITS: u64 = 1_000_000_000;

impl Order {
    /// Proves that the order agrees with itself: one currency, quantities and signs that can be, lines + VAT = total.
    ///
    /// # Errors
    /// The first fault found, with where it is and by how much.
    pub fn check(&self) -> Result<(), OrderFault> {
        self.check_currencies()?;
        let mut net = self.currency.zero();
        let mut vat = self.currency.zero();
        for line in &self.lines {
            let line_vat = line.vat_total()?;
            line.check_quantity()?;
            line.check_signs(line_vat)?;
            net = net.plus(line.net)?;
            vat = vat.plus(line_vat)?;
        }
        if vat != self.total_vat {
            let difference = self.total_vat.minus(vat)?;
            return Err(OrderFault::Vat { sum: vat, stated: self.total_vat, difference });
        }
        let sum = net.plus(vat)?;
        if sum != self.total {
            let difference = self.total.minus(sum)?;
            return Err(OrderFault::Total { sum, stated: self.total, difference });
        }
        Ok(())
    }

    fn check_currencies(&self) -> Result<(), OrderFault> {
        let same = |place: &dyn Fn() -> String, amount: Money| {
            if amount.currency() == self.currency {
                Ok(())
            } else {
                Err(OrderFault::Currency {
                    place: place(),
                    found: amount.currency(),
                    expected: self.currency,
                })
            }
        };
        same(&|| "total".to_owned(), self.total)?;
        same(&|| "VAT".to_owned(), self.total_vat)?;
        same(&|| "refunded".to_owned(), self.refunded)?;
        for line in &self.lines {
            let place = || format!("line {}", line.id);
            same(&place, line.net)?;
            same(&place, line.net_before_discount)?;
            line.vat.iter().try_for_each(|vat| same(&place, vat.amount))?;
        }
        for refund in &self.refunds {
            let place = || format!("refund {}", refund.id);
            same(&place, refund.total)?;
            same(&place, refund.to_gift_cards)?;
            refund.lines.iter().try_for_each(|line| {
                same(&place, line.net)?;
                same(&place, line.vat)
            })?;
        }
        self.payments
            .iter()
            .try_for_each(|payment| same(&|| format!("payment {}", payment.method), payment.amount))
    }
}

impl OrderLine {
    fn check_quantity(&self) -> Result<(), OrderFault> {
        let sane = !self.quantity.is_sign_negative()
            && self.quantity <= Decimal::from(MOST_UNITS)
            && self.quantity.normalize().scale() <= 6
            && (!self.quantity.is_zero() || self.net.is_zero());
        if sane {
            Ok(())
        } else {
            Err(OrderFault::Quantity { line: self.id.clone(), quantity: self.quantity, net: self.net })
        }
    }

    /// Only fees (a discount given as a fee) and rounding may be negative, and VAT has the sign of what it is charged on.
    fn check_signs(&self, vat: Money) -> Result<(), OrderFault> {
        let may_be_negative = matches!(self.kind, LineKind::Fee | LineKind::CashRounding);
        let opposite =
            (self.net.is_negative() && vat.minor() > 0) || (!self.net.is_negative() && vat.is_negative());
        let vat_on_nothing = self.net.is_zero() && !vat.is_zero();
        if (self.net.is_negative() && !may_be_negative) || opposite || vat_on_nothing {
            return Err(OrderFault::Sign { line: self.id.clone(), net: self.net, vat });
        }
        Ok(())
    }
}
