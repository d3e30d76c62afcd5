//! From Mollie's settlements to lines: costs from the settlement itself, the rest from the lists.

use std::collections::BTreeMap;

use domain::Money;
use domain::money::Currency;
use domain::settlement::{FeeKind, Fees, Kind, Line, LinkKeys, SaleAmount, SettlementMode, Stated, When};

use super::wire::{Amount, Item, Metadata, Movement, Settlement};
use crate::figures::{self, Marks};
use crate::pages::{self, misread};
use crate::report::{Batches, ReadingContext, Refusal, Unreadable, refusal};

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

/// Most items of one settlement that may wait for the movements of the balance.
const MOST_WAITING: usize = 500_000;

/// A payment, capture, refund or chargeback whose settled amount is known or waited for.
pub(super) struct Entry {
    document: u32,
    number: u32,
    kind: Kind,
    raw_kind: &'static str,
    id: String,
    payment: String,
    order: String,
    method: String,
    description: String,
    occurred: When,
    paid: Money,
    reversed: bool,
}

impl Entry {
    /// An item of a list.
    pub(super) fn of(
        document: u32,
        number: u32,
        kind: Kind,
        raw_kind: &'static str,
        item: &Item<'_>,
    ) -> Result<Entry, Unreadable> {
        let raw = item.metadata.map(serde_json::value::RawValue::get).filter(|raw| raw.starts_with('{'));
        let metadata: Metadata<'_> =
            raw.map(|raw| pages::document(document, raw)).transpose()?.unwrap_or_default();
        let time =
            [&item.paid_at, &item.created_at].into_iter().find_map(|time| figures::instant(time.trimmed()));
        let of_itself = kind == Kind::Sale && item.payment_id.given().is_none();
        Ok(Entry {
            document,
            number,
            kind,
            raw_kind,
            id: item.id.clone().into_owned(),
            payment: if of_itself { item.id.clone().into_owned() } else { item.payment_id.owned() },
            order: metadata.order_id.owned(),
            method: item.method.owned(),
            description: item.description.owned(),
            occurred: time.map_or(When::Unstated, When::Instant),
            paid: money(&item.amount, document, "amount")?,
            reversed: kind == Kind::Chargeback && item.reversed_at.given().is_some(),
        })
    }

    /// Hands it over with what of it was settled.
    fn read(&self, settled: Money, currency: Currency, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        if settled.currency() != currency {
            return Err(misread(self.document, "settlementAmount").into());
        }
        let unturned = || misread(self.document, "amount");
        // Refunds and chargebacks are written with a minus as settlement amounts, and without one as amounts.
        let takes = matches!(self.kind, Kind::Refund | Kind::Chargeback);
        let turned = |money: Money| {
            let turn = takes != money.is_negative();
            if turn { money.negated() } else { Ok(money) }.map_err(|_| unturned())
        };
        let gross = turned(settled)?;
        let line = Line {
            reference: &self.id,
            occurred: self.occurred,
            keys: LinkKeys {
                order: &self.order,
                transaction: &self.payment,
                modification: &self.id,
                original: if self.kind == Kind::Sale { "" } else { &self.payment },
                ..LinkKeys::default()
            },
            sale: (self.paid.currency() != currency)
                .then(|| turned(self.paid).map(|amount| SaleAmount { amount, rate: None }))
                .transpose()?,
            method: &self.method,
            description: &self.description,
            ..Line::new(self.number, self.kind, self.raw_kind, gross)
        };
        batches.line(&line)?;
        if self.reversed {
            let back = gross.negated().map_err(|_| unturned())?;
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
}

/// The items of the open settlement: those that state what of them was settled are handed over at once, the others wait for the
/// movements of the balance.
pub(super) struct Entries {
    currency: Currency,
    waiting: BTreeMap<String, Entry>,
}

impl Entries {
    pub(super) fn new(currency: Currency) -> Entries {
        Entries { currency, waiting: BTreeMap::new() }
    }

    /// One item.
    pub(super) fn item(
        &mut self,
        entry: Entry,
        settled: Option<&Amount<'_>>,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        if let Some(amount) = settled {
            let settled = money(amount, entry.document, "settlementAmount")?;
            return entry.read(settled, self.currency, batches);
        }
        if self.waiting.len() >= MOST_WAITING {
            return Err(refusal("report-too-many")
                .with("what", "settlementAmount")
                .with("limit", MOST_WAITING)
                .into());
        }
        match self.waiting.insert(entry.id.clone(), entry) {
            None => Ok(()),
            Some(twice) => Err(misread(twice.document, "id").into()),
        }
    }

    /// One movement of the balance: what it moves of an item that waits for it is what was settled of it.
    pub(super) fn movement(
        &mut self,
        document: u32,
        movement: &Movement<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        let Some(entry) = movement.item().and_then(|id| self.waiting.remove(id)) else { return Ok(()) };
        entry.read(money(&movement.initial_amount, document, "initialAmount")?, self.currency, batches)
    }

    /// What no movement was found of is settled with its own amount, where that is in the settlement's currency; the settlement's own
    /// sum shows whether it was.
    pub(super) fn end(self, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        let mut rest: Vec<Entry> = self.waiting.into_values().collect();
        rest.sort_by_key(|entry| entry.number);
        rest.iter().try_for_each(|entry| entry.read(entry.paid, self.currency, batches))
    }
}
