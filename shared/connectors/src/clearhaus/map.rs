//! From Clearhaus' settlements to lines: one for each transaction, or, where only the settlement was asked for, one for each
//! sum.

use domain::Money;
use domain::money::Currency;
use domain::settlement::{
    FeeKind, Fees, Kind, Line, LinkKeys, SettlementMode, Stated, StatedTotal, TotalOf, When,
};

use super::wire::{Settlement, Summary, Transaction};
use crate::figures;
use crate::report::{Batches, ReadingContext, Refusal, Unreadable, refusal};

/// The settlement whose transactions follow.
pub(super) struct Open {
    currency: Currency,
    sums: Vec<(Kind, &'static str, Money)>,
    totals: Vec<StatedTotal>,
    pub(super) lines: u32,
    pub(super) transactions: u64,
}

fn misread(document: u32, place: &str) -> Refusal {
    refusal("report-json").with("document", document).with("place", place)
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
    let day = |text: &str| text.get(..10).and_then(|text| figures::day(text, "%Y-%m-%d"));
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
        from: day(settlement.period.start_date.trimmed()),
        to: day(settlement.period.end_date.trimmed()),
        payout_on: payout.and_then(|payout| day(payout.date.trimmed())),
        payout: payout.map(|payout| money(payout.amount)).transpose()?,
        bank_reference: payout
            .and_then(|payout| payout.reference_number.given().or(payout.descriptor.given()))
            .map(str::to_owned),
        pending: !settlement.settled,
        ..Stated::default()
    })?;
    let totals = vec![
        stated(TotalOf::Kinds(vec![Kind::Sale]), money(summary.sales)?, "sales"),
        stated(TotalOf::Kinds(vec![Kind::Chargeback]), taken(summary.chargebacks)?, "chargebacks"),
        stated(TotalOf::Kinds(vec![Kind::Adjustment]), money(summary.other_postings)?, "other postings"),
        stated(TotalOf::Fees, taken(summary.fees)?, "fees"),
        stated(TotalOf::Net, money(after_reserve)?, "net less reserve"),
    ];
    let mut open = Open { currency, sums: sums(summary, &money, &taken)?, totals, lines: 0, transactions: 0 };
    for (name, units) in &settlement.fees {
        open.lines += 1;
        let fees = Fees::of(fee_kind(name), taken(*units)?.minor());
        batches.line(&Line { fees, ..Line::new(open.lines, Kind::Fee, name, currency.zero()) })?;
    }
    for posting in &settlement.other_postings.0 {
        open.lines += 1;
        let booked = day(posting.date.trimmed()).map_or(When::Unstated, When::Day);
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
    taken: &dyn Fn(i64) -> Result<Money, Refusal>,
) -> Result<Vec<(Kind, &'static str, Money)>, Refusal> {
    Ok(vec![
        (Kind::Sale, "sales", money(summary.sales)?),
        (Kind::Refund, "credits", taken(summary.credits)?),
        (Kind::Refund, "refunds", taken(summary.refunds)?),
        (Kind::Chargeback, "chargebacks", taken(summary.chargebacks)?),
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
        self.lines += 1;
        self.transactions += 1;
        let currency = figures::currency(&transaction.currency).filter(|currency| *currency == self.currency);
        let currency = currency.ok_or_else(|| misread(document, "currency"))?;
        let unsigned = figures::from_smallest_units(transaction.amount, currency)
            .ok_or_else(|| misread(document, "amount"))?;
        let kind = kind(&transaction.kind);
        let takes = matches!(kind, Kind::Refund | Kind::Chargeback);
        let gross = if takes && !unsigned.is_negative() { unsigned.negated() } else { Ok(unsigned) };
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
            ..Line::new(self.lines, kind, &transaction.kind, gross.map_err(|_| misread(document, "amount"))?)
        };
        batches.line(&line)
    }

    /// The settlement ends. With transactions its sums prove them. Without, its sums are its lines: they prove nothing, can be
    /// booked as a lump once the bank confirms them, and are matched with nothing.
    pub(super) fn end(mut self, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        let totals = std::mem::take(&mut self.totals);
        if self.transactions > 0 {
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
