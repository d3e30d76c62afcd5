//! From Shopify Payments' balance transactions to lines, by one mapping for both APIs.

use domain::Money;
use domain::money::Currency;
use domain::settlement::{FeeKind, Fees, Kind, Line, LinkKeys, SettlementMode, Stated, When};
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::wire;
use crate::figures;
use crate::pages::misread;
use crate::report::{Batches, ReadingContext, Refusal, Unreadable, refusal};

/// A payout, whichever API told of it.
pub(super) struct Payout<'a> {
    pub(super) id: &'a str,
    pub(super) status: &'a str,
    pub(super) date: &'a str,
    pub(super) currency: &'a str,
    pub(super) amount: Option<Decimal>,
    pub(super) withdrawal: bool,
}

impl<'a> Payout<'a> {
    pub(super) fn rest(payout: &'a wire::RestPayout<'a>) -> Payout<'a> {
        Payout {
            id: payout.id.given().unwrap_or_default(),
            status: payout.status.trimmed(),
            date: payout.date.trimmed(),
            currency: payout.currency.trimmed(),
            amount: payout.amount.0,
            withdrawal: false,
        }
    }

    pub(super) fn graph(payout: &'a wire::Payout<'a>) -> Payout<'a> {
        Payout {
            id: number(payout.id.trimmed()),
            status: payout.status.trimmed(),
            date: payout.issued_at.trimmed(),
            currency: payout.net.currency_code.trimmed(),
            amount: payout.net.amount.0,
            withdrawal: payout.transaction_type.trimmed() == "WITHDRAWAL",
        }
    }

    /// What is paid, positive when the merchant receives it. A withdrawal takes from the bank what is owed, whichever sign it is
    /// written with.
    pub(super) fn paid(&self, currency: Currency) -> Option<Money> {
        let amount = Money::from_decimal(self.amount?, currency).ok()?;
        if self.withdrawal && !amount.is_negative() { amount.negated().ok() } else { Some(amount) }
    }

    /// The day that it is of.
    pub(super) fn day(&self) -> Option<Date> {
        figures::iso_day(self.date)
    }

    /// Opens its batch and states what was paid.
    pub(super) fn read(
        &self,
        document: u32,
        context: &ReadingContext<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        let currency = currency(self.currency, document)?;
        let amount = self.paid(currency).ok_or_else(|| misread(document, "amount"))?;
        batches.open(context.account, self.id, currency, SettlementMode::Net)?;
        let status = self.status.to_ascii_lowercase();
        let came_back = matches!(status.as_str(), "failed" | "canceled" | "cancelled");
        batches.state(Stated {
            payout_on: self.day(),
            payout: (!came_back).then_some(amount),
            pending: status == "scheduled",
            ..Stated::default()
        })
    }
}

/// A balance transaction, whichever API told of it.
pub(super) struct Transaction<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) test: bool,
    pub(super) payout: &'a str,
    pub(super) currency: &'a str,
    pub(super) amount: Option<Decimal>,
    pub(super) fee: Option<Decimal>,
    pub(super) net: Option<Decimal>,
    pub(super) order: &'a str,
    pub(super) merchant: &'a str,
    pub(super) source: &'a str,
    pub(super) order_transaction: &'a str,
    pub(super) at: &'a str,
    pub(super) description: &'a str,
}

impl<'a> Transaction<'a> {
    pub(super) fn rest(transaction: &'a wire::RestTransaction<'a>) -> Transaction<'a> {
        Transaction {
            id: transaction.id.given().unwrap_or_default(),
            kind: transaction.kind.trimmed(),
            test: transaction.test.0,
            payout: transaction.payout_id.given().unwrap_or_default(),
            currency: transaction.currency.trimmed(),
            amount: transaction.amount.0,
            fee: transaction.fee.0,
            net: transaction.net.0,
            order: "",
            merchant: transaction.source_order_id.given().unwrap_or_default(),
            source: transaction.source_id.given().unwrap_or_default(),
            order_transaction: transaction.source_order_transaction_id.given().unwrap_or_default(),
            at: transaction.processed_at.trimmed(),
            description: transaction.source_type.trimmed(),
        }
    }

    pub(super) fn graph(transaction: &'a wire::Transaction<'a>) -> Transaction<'a> {
        let named = |named: &'a Option<wire::Named<'a>>| named.as_ref();
        Transaction {
            id: number(transaction.id.trimmed()),
            kind: transaction.kind.trimmed(),
            test: transaction.test.0,
            payout: named(&transaction.associated_payout)
                .map(|payout| number(payout.id.trimmed()))
                .unwrap_or_default(),
            currency: transaction.amount.currency_code.trimmed(),
            amount: transaction.amount.amount.0,
            fee: transaction.fee.amount.0,
            net: transaction.net.amount.0,
            order: named(&transaction.associated_order).map(|order| order.name.trimmed()).unwrap_or_default(),
            merchant: named(&transaction.associated_order)
                .map(|order| number(order.id.trimmed()))
                .unwrap_or_default(),
            source: number(transaction.source_id.trimmed()),
            order_transaction: number(transaction.source_order_transaction_id.trimmed()),
            at: transaction.transaction_date.trimmed(),
            description: "",
        }
    }

    /// Hands it over as a line of its payout; one that is in no payout yet belongs to none.
    pub(super) fn read(
        &self,
        document: u32,
        line: u32,
        context: &ReadingContext<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        if self.test {
            return Err(refusal("report-test-data").with("row", line).into());
        }
        let currency = currency(self.currency, document)?;
        let payout = if self.payout.is_empty() { context.batch } else { self.payout };
        batches.open(context.account, payout, currency, SettlementMode::Net)?;
        let gross = money(self.amount, currency, document, "amount")?;
        let fee = money(self.fee, currency, document, "fee")?;
        let net = money(self.net, currency, document, "net")?;
        let word = self.kind.to_ascii_lowercase();
        let kind = kind(&word, gross);
        let day = figures::iso_day(self.at);
        let when = figures::instant(self.at).map(When::Instant).or(day.map(When::Day));
        if when.is_none() && !self.at.is_empty() {
            return Err(misread(document, "processed_at").into());
        }
        let line = Line {
            reference: self.id,
            occurred: when.unwrap_or_default(),
            keys: LinkKeys {
                order: self.order,
                merchant: self.merchant,
                transaction: self.order_transaction,
                modification: self.source,
                original: "",
                ..LinkKeys::default()
            },
            fees: Fees::of(FeeKind::Commission, fee.minor().saturating_neg()),
            net: Some(net),
            method: "shopify_payments",
            description: self.description,
            ..Line::new(line, kind, self.kind, gross)
        };
        batches.line(&line)
    }
}

/// The number at the end of a global id (`gid://shopify/ShopifyPaymentsPayout/1`); a plain one as it is.
pub(super) fn number(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}

fn currency(text: &str, document: u32) -> Result<Currency, Refusal> {
    figures::currency(text).ok_or_else(|| misread(document, "currency"))
}

fn money(value: Option<Decimal>, currency: Currency, document: u32, place: &str) -> Result<Money, Refusal> {
    value.and_then(|value| Money::from_decimal(value, currency).ok()).ok_or_else(|| misread(document, place))
}

/// Types of balance transactions, in lower case: the words of the exports and of the older API, and those of the GraphQL API, which
/// calls the payout itself a transfer. What the vendor adds and corrects on its own account stays unknown.
pub(super) fn kind(word: &str, gross: Money) -> Kind {
    let out = gross.is_negative();
    match word {
        "charge" | "sale" => Kind::Sale,
        "refund" => Kind::Refund,
        "refund_failure" => Kind::RefundFailed,
        "dispute" | "chargeback" | "dispute_withdrawal" if out => Kind::Chargeback,
        "dispute" | "chargeback" | "dispute_reversal" | "chargeback_won" => Kind::ChargebackReversal,
        "adjustment" | "debit" | "credit" | "charge_adjustment" | "refund_adjustment" => Kind::Adjustment,
        "fee" | "chargeback_fee" | "stripe_fee" | "referral_fee" if out => Kind::Fee,
        "fee" | "chargeback_fee" | "chargeback_fee_refund" | "application_fee_refund" if !out => {
            Kind::FeeRefund
        }
        "reserve"
        | "reserved_funds"
        | "reserved funds"
        | "reserved_funds_withdrawal"
        | "risk_withdrawal"
        | "chargeback_hold"
            if out =>
        {
            Kind::ReserveHold
        }
        "reserve"
        | "reserved_funds"
        | "reserved funds"
        | "reserved_funds_reversal"
        | "risk_reversal"
        | "chargeback_hold_release"
            if !out =>
        {
            Kind::ReserveRelease
        }
        "payout" | "transfer" => Kind::Payout,
        "payout_failure"
        | "payout_cancelled"
        | "payout_cancellation"
        | "transfer_failure"
        | "transfer_cancel" => Kind::PayoutReturned,
        _ => Kind::Unknown,
    }
}
