//! From Mollie's settlements to lines: costs from the settlement itself, the rest from the lists.

use domain::Money;
use domain::money::Currency;
use domain::settlement::{FeeKind, Fees, Kind, Line, LinkKeys, SaleAmount, SettlementMode, Stated, When};

use super::wire::{Amount, Item, Metadata, Settlement};
use crate::figures::{self, Marks};
use crate::pages;
use crate::report::{Batches, ReadingContext, Refusal, Unreadable, refusal};

fn misread(document: u32, place: &str) -> Refusal {
    refusal("report-json").with("document", document).with("place", place)
}

pub(super) fn money(amount: &Amount<'_>, document: u32, place: &str) -> Result<Money, Refusal> {
    figures::currency(&amount.currency)
        .and_then(|currency| figures::amount(&amount.value, Marks::POINT, currency))
        .ok_or_else(|| misread(document, place))
}

/// Reads a settlement: what was paid, and what it cost.
pub(super) fn settlement(
    document: u32,
    settlement: &Settlement<'_>,
    context: &ReadingContext<'_>,
    lines: &mut u32,
    batches: &mut Batches<'_>,
) -> Result<Currency, Unreadable> {
    let payout = money(&settlement.amount, document, "amount")?;
    let currency = payout.currency();
    batches.open(context.account, &settlement.id, currency, SettlementMode::Net)?;
    let status = settlement.status.trimmed();
    batches.state(Stated {
        payout_on: figures::iso_day(settlement.settled_at.trimmed()),
        payout: (status != "failed").then_some(payout),
        bank_reference: settlement.reference.given().map(str::to_owned),
        pending: matches!(status, "open" | "pending"),
        ..Stated::default()
    })?;
    for cost in
        settlement.periods.values().flat_map(|months| months.values()).flat_map(|month| &month.costs.0)
    {
        *lines += 1;
        let net = money(&cost.amount_net, document, "costs")?;
        let vat = cost.amount_vat.as_ref().map(|vat| money(vat, document, "costs")).transpose()?;
        let taken = money(&cost.amount_gross, document, "costs")?
            .negated()
            .map_err(|_| misread(document, "costs"))?;
        let line = Line {
            fees: Fees::of(FeeKind::Commission, net.minor().saturating_neg()),
            vat_on_fees: vat.map_or(0, |vat| vat.minor().saturating_neg()),
            net: Some(taken),
            method: cost.method.trimmed(),
            description: cost.description.trimmed(),
            ..Line::new(*lines, Kind::Fee, "cost", net.currency().zero())
        };
        batches.line(&line)?;
    }
    Ok(currency)
}

/// Reads one payment, capture, refund or chargeback of the open settlement.
pub(super) fn item(
    document: u32,
    number: u32,
    kind: Kind,
    raw_kind: &str,
    item: &Item<'_>,
    currency: Currency,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let paid = money(&item.amount, document, "amount")?;
    let settled = match &item.settlement_amount {
        Some(amount) => money(amount, document, "settlementAmount")?,
        None => paid,
    };
    if settled.currency() != currency {
        return Err(misread(document, "settlementAmount").into());
    }
    // Refunds and chargebacks are written with a minus as settlement amounts, and without one as amounts.
    let takes = matches!(kind, Kind::Refund | Kind::Chargeback);
    let turned = |money: Money| {
        let turn = takes != money.is_negative();
        if turn { money.negated() } else { Ok(money) }.map_err(|_| misread(document, "amount"))
    };
    let gross = turned(settled)?;
    let raw = item.metadata.map(serde_json::value::RawValue::get).filter(|raw| raw.starts_with('{'));
    let metadata: Metadata<'_> =
        raw.map(|raw| pages::document(document, raw)).transpose()?.unwrap_or_default();
    let time =
        [&item.paid_at, &item.created_at].into_iter().find_map(|time| figures::instant(time.trimmed()));
    let payment = if kind == Kind::Sale && item.payment_id.given().is_none() {
        &*item.id
    } else {
        item.payment_id.trimmed()
    };
    let line = Line {
        reference: &item.id,
        occurred: time.map_or(When::Unstated, When::Instant),
        keys: LinkKeys {
            order: metadata.order_id.trimmed(),
            transaction: payment,
            modification: &item.id,
            original: if kind == Kind::Sale { "" } else { payment },
            ..LinkKeys::default()
        },
        sale: (paid.currency() != currency)
            .then(|| turned(paid).map(|amount| SaleAmount { amount, rate: None }))
            .transpose()?,
        method: item.method.trimmed(),
        description: item.description.trimmed(),
        ..Line::new(number, kind, raw_kind, gross)
    };
    batches.line(&line)?;
    if kind == Kind::Chargeback && item.reversed_at.given().is_some() {
        let back = gross.negated().map_err(|_| misread(document, "amount"))?;
        let reversal = Line { reference: "", ..line };
        return batches.line(&Line {
            kind: Kind::ChargebackReversal,
            raw_kind: "chargeback reversed",
            gross: back,
            ..reversal
        });
    }
    Ok(())
}
