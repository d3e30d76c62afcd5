//! From Clearhaus' settlements to lines: one for each transaction, or, where only the settlement was asked for, one for each
//! sum.

use domain::Money;
use domain::money::Currency;
use domain::settlement::{
    FeeKind, Fees, Kind, Line, LinkKeys, SaleAmount, SettlementMode, Stated, StatedTotal, TotalOf, When,
};

use super::wire::{Settlement, Summary, Transaction};
use crate::figures;
use crate::pages::misread;
use crate::report::{Batches, ReadingContext, Refusal, Unreadable};

/// The settlement whose transactions follow.
pub(super) struct Open {
    currency: Currency,
    sums: Vec<(Kind, &'static str, Money)>,
    totals: Vec<StatedTotal>,
    pub(super) lines: u32,
    pub(super) transactions: u64,
    charged_back: bool,
}

/// Reads a settlement: what it states, and every line that is no transaction.
pub(super) fn settlement(
    document: u32,
    settlement: &Settlement<'_>,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<Open, Unreadable> {
    let currency = figures::currency(&settlement.currency).ok_or_else(|| misread(document, "currency"))?;
    let money =
        |units: i64| figures::from_smallest_units(units, currency).ok_or_else(|| misread(document, "amount"));
    let taken = |units: i64| money(units)?.negated().map_err(|_| misread(document, "amount"));
    batches.open(context.account, &settlement.id, currency, SettlementMode::Net)?;
    let summary = &settlement.summary;
    let payout = settlement.payout.as_ref().filter(|payout| payout.cancelled_date.given().is_none());
    let stated = |of: TotalOf, amount: Money, name: &str| StatedTotal {
        of,
        count: None,
        amount: Some(amount),
        place: format!("summary: {name}"),
    };
    // The net of the summary is before the reserve.
    let reserve = settlement.reserve.as_ref().filter(|reserve| reserve.cancelled_date.given().is_none());
    let held = reserve.map_or(0, |reserve| reserve.amount);
    let after_reserve = summary.net.checked_sub(held).ok_or_else(|| misread(document, "reserve"))?;
    batches.state(Stated {
        from: figures::iso_day(settlement.period.start_date.trimmed()),
        to: figures::iso_day(settlement.period.end_date.trimmed()),
        payout_on: payout.and_then(|payout| figures::iso_day(payout.date.trimmed())),
        payout: payout.map(|payout| money(payout.amount)).transpose()?,
        bank_reference: payout
            .and_then(|payout| payout.reference_number.given().or(payout.descriptor.given()))
            .map(str::to_owned),
        pending: !settlement.settled,
        ..Stated::default()
    })?;
    let totals = vec![
        stated(TotalOf::Kinds(vec![Kind::Sale]), money(summary.sales)?, "sales"),
        stated(TotalOf::Kinds(vec![Kind::Chargeback]), money(summary.chargebacks)?, "chargebacks"),
        stated(TotalOf::Kinds(vec![Kind::Adjustment]), money(summary.other_postings)?, "other postings"),
        stated(TotalOf::Fees, money(summary.fees)?, "fees"),
        stated(TotalOf::Net, money(after_reserve)?, "net less reserve"),
    ];
    let sums = sums(summary, &money)?;
    let mut open = Open { currency, sums, totals, lines: 0, transactions: 0, charged_back: false };
    for (name, units) in &settlement.fees {
        open.lines += 1;
        let fees = Fees::of(fee_kind(name), money(*units)?.minor());
        batches.line(&Line { fees, ..Line::new(open.lines, Kind::Fee, name, currency.zero()) })?;
    }
    for posting in &settlement.other_postings.0 {
        open.lines += 1;
        let booked = figures::iso_day(posting.date.trimmed()).map_or(When::Unstated, When::Day);
        let line = Line::new(open.lines, Kind::Adjustment, "other posting", money(posting.amount)?);
        batches.line(&Line { booked, description: posting.text.trimmed(), ..line })?;
    }
    if held != 0 {
        open.lines += 1;
        let kind = if held > 0 { Kind::ReserveHold } else { Kind::ReserveRelease };
        batches.line(&Line::new(open.lines, kind, "reserve", taken(held)?))?;
    }
    Ok(open)
}

fn sums(
    summary: &Summary,
    money: &dyn Fn(i64) -> Result<Money, Refusal>,
) -> Result<Vec<(Kind, &'static str, Money)>, Refusal> {
    Ok(vec![
        (Kind::Sale, "sales", money(summary.sales)?),
        (Kind::Refund, "credits", money(summary.credits)?),
        (Kind::Refund, "refunds", money(summary.refunds)?),
        (Kind::Chargeback, "chargebacks", money(summary.chargebacks)?),
    ])
}

impl Open {
    /// One transaction.
    pub(super) fn transaction(
        &mut self,
        document: u32,
        transaction: &Transaction<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        self.transactions += 1;
        // Authorisations and voids move no money; what they cost stands among the fees.
        if matches!(&*transaction.kind, "authorization" | "void") {
            return Ok(());
        }
        self.lines += 1;
        let money = |units: i64, currency: &str| {
            figures::currency(currency)
                .and_then(|currency| figures::from_smallest_units(units, currency))
                .ok_or_else(|| misread(document, "amount"))
        };
        let paid = money(transaction.amount, &transaction.currency)?;
        let settled = match &transaction.settlement {
            Some(settled) => money(settled.amount_gross, &settled.currency)?,
            None => paid,
        };
        if settled.currency() != self.currency {
            return Err(misread(document, "currency").into());
        }
        let kind = kind(&transaction.kind);
        self.charged_back |= kind == Kind::Chargeback;
        let takes = matches!(kind, Kind::Refund | Kind::Chargeback);
        // Whether what is taken has its sign is not known of a transaction; it always takes.
        let signed = |money: Money| {
            let turned = if takes && !money.is_negative() { money.negated() } else { Ok(money) };
            turned.map_err(|_| misread(document, "amount"))
        };
        let sale = (paid.currency() != self.currency)
            .then(|| signed(paid).map(|amount| SaleAmount { amount, rate: None }))
            .transpose()?;
        let gross = signed(settled)?;
        let at = figures::instant(transaction.processed_at.trimmed());
        let line = Line {
            reference: &transaction.id,
            occurred: at.map_or(When::Unstated, When::Instant),
            keys: LinkKeys {
                order: transaction.reference.trimmed(),
                transaction: &transaction.id,
                modification: &transaction.id,
                acquirer: transaction.arn.trimmed(),
                ..LinkKeys::default()
            },
            sale,
            ..Line::new(self.lines, kind, &transaction.kind, gross)
        };
        batches.line(&line)
    }

    /// Chargebacks are no transactions of the vendor's: without any, their sum is a line, which a person matches.
    fn chargebacks(&mut self, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        let sums =
            self.sums.iter().filter(|(kind, _, amount)| *kind == Kind::Chargeback && !amount.is_zero());
        for (kind, name, amount) in sums.filter(|_| !self.charged_back) {
            self.lines += 1;
            batches.line(&Line::new(self.lines, *kind, name, *amount))?;
        }
        Ok(())
    }

    /// The settlement ends. With transactions its sums prove them. Without, its sums are its lines: they prove nothing, can be
    /// booked as a lump once the bank confirms them, and are matched with nothing.
    pub(super) fn end(mut self, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        let totals = std::mem::take(&mut self.totals);
        if self.transactions > 0 {
            self.chargebacks(batches)?;
            return batches.state(Stated { totals, ..Stated::default() });
        }
        batches.state(Stated { open_ended: true, ..Stated::default() })?;
        for (kind, name, amount) in std::mem::take(&mut self.sums) {
            if !amount.is_zero() {
                self.lines += 1;
                batches.line(&Line::new(self.lines, kind, name, amount))?;
            }
        }
        Ok(())
    }
}

fn kind(word: &str) -> Kind {
    match word {
        "sale" | "capture" => Kind::Sale,
        "refund" | "credit" => Kind::Refund,
        "chargeback" => Kind::Chargeback,
        _ => Kind::Unknown,
    }
}

fn fee_kind(name: &str) -> FeeKind {
    match name {
        "interchange" => FeeKind::Interchange,
        "scheme" => FeeKind::Scheme,
        "chargebacks" | "retrieval_requests" => FeeKind::Dispute,
        "wire_transfer" => FeeKind::Transfer,
        "service" | "series" => FeeKind::Subscription,
        "sales" | "refunds" | "authorisations" | "credits" | "3dsecure" | "late_capture" => {
            FeeKind::Commission
        }
        _ => FeeKind::Other,
    }
}
