//! What follows once an invoice of the order is booked: credit notes for refunds, edits and cancellations, further invoices for
//! what was added. A booked document is never changed.
//!
//! Each plan is one document. What is left to do after it is found by planning again from the order as it is then, so that a
//! refund and an edit, or two refunds seen as one update, become documents of their own. In the end the books hold what the shop
//! says, to the smallest unit, or the order is held with the difference.

use rust_decimal::Decimal;

use super::adjustment::{Cause, Part, Target, credit_note, further_invoice, unfinished};
use super::position::{Bucket, Position};
use super::vat::{Sale, effective_rate};
use super::{Earlier, PlanInput, Stop, hold, lines, trigger, unchanged};
use crate::document::DocumentKind;
use crate::money::{Money, MoneyError, Percentage};
use crate::order::{LineKind, Order, OrderLine, PaymentState};
use crate::plan::{LeftLine, Plan, Reason};
use crate::refund::Refund;
use crate::settings::{CreditChoice, CreditSettings, CreditStock, GiftCardsUsed, Settings};

/// True when an invoice of the order is booked, so that nothing but adjustments can follow.
pub(super) fn is_invoiced(earlier: &Earlier<'_>) -> bool {
    earlier.plan.adjustment.is_some() || earlier.document.is_some_and(|document| document.kind.is_booked())
}

/// True when the order may ask for a further document after this plan, whose invoice is booked. Planning decides; this only tells
/// whether it is worth asking, from the order alone.
pub fn more_follows(order: &Order, settings: &Settings, plan: &Plan) -> bool {
    let counts = |refund: &Refund| {
        !refund.total.is_zero()
            && choice(refund, &settings.credit) != CreditChoice::Ignore
            && !plan.refunds.contains(&refund.id)
    };
    let is_gone = order.cancelled || order.deleted || order.payment_state == PaymentState::Voided;
    if is_gone {
        // Sales may stand against a gift card that paid for them: the sum alone does not tell.
        return !plan.leaves_nothing() || super::payment::gift_cards_used(order).next().is_some();
    }
    let changed = || super::position::sold(order).is_ok_and(|sold| sold != plan.sold);
    order.refunds.iter().any(counts)
        || (plan.adjustment.is_some() && changed())
        || super::payment::repayment_follows(order, plan)
}

/// The next document, or why there is none.
///
/// # Errors
/// Skips when the books say what the shop says; holds what is the merchant's to decide.
pub(super) fn plan(input: &PlanInput<'_>, earlier: &Earlier<'_>) -> Result<Plan, Stop> {
    if let Some(plan) = unfinished(input, earlier) {
        return Ok(plan);
    }
    input.order.check().map_err(|fault| Stop::Hold(trigger::fault_reason(&fault)))?;
    let number = earlier.document.map_or(0, |document| document.number);
    let position = Position::after(earlier.plan, number)?;
    let books = Books { input, earlier, position, number };
    let Some(gone) = gone(input) else {
        // An edit that the merchant wants left alone stops no refund.
        let left_alone = match books.edited() {
            Ok(Some(plan)) => return Ok(plan),
            Ok(None) => None,
            Err(Stop::Skip(reason)) => Some(reason),
            Err(stop) => return Err(stop),
        };
        return match books.refunded()? {
            Some(plan) => Ok(plan),
            None => Err(books.at_rest(left_alone)?),
        };
    };
    // Refunds are credited for themselves as long as something is left; money that goes back after all was credited is in it already.
    if books.is_nothing(&books.position)? {
        return Err(books.nothing_new());
    }
    let whole = gone.choice(&input.settings.credit) == CreditChoice::Credit;
    let next = match books.refunded() {
        Err(_) if whole => None,
        next => next?,
    };
    match next {
        Some(plan) => Ok(plan),
        None => books.gone(gone),
    }
}

/// Why nothing is left of an order in the shop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gone {
    Deleted,
    Cancelled,
    Voided,
}

impl Gone {
    fn code(self) -> &'static str {
        match self {
            Gone::Deleted => "deleted-after-booking",
            Gone::Cancelled => "cancelled-after-booking",
            Gone::Voided => "voided-after-booking",
        }
    }

    fn choice(self, credit: &CreditSettings) -> CreditChoice {
        match self {
            Gone::Deleted => credit.deletions,
            Gone::Cancelled => credit.cancellations,
            Gone::Voided => credit.voided,
        }
    }
}

fn gone(input: &PlanInput<'_>) -> Option<Gone> {
    let order = input.order;
    // A cancelled order that is put in the bin stays cancelled; one that was not is only tidied away.
    let was_cancelled = order.cancelled && !order.deleted;
    [
        (was_cancelled, Gone::Cancelled),
        (order.deleted, Gone::Deleted),
        (order.payment_state == PaymentState::Voided, Gone::Voided),
    ]
    .into_iter()
    .find_map(|(is_so, gone)| is_so.then_some(gone))
}

/// The order beside its books.
pub(super) struct Books<'a> {
    pub(super) input: &'a PlanInput<'a>,
    earlier: &'a Earlier<'a>,
    pub(super) position: Position,
    /// Number of the last document; 0 when a person removed it.
    number: u64,
}

impl Books<'_> {
    fn reason(&self, code: &str) -> Reason {
        Reason::new(code)
            .with("number", self.position.invoice)
            .with("booked", self.earlier.plan.order_total)
            .with("total", self.input.order.total)
            .with("currency", self.input.order.currency)
    }

    fn left(&self) -> Result<Money, MoneyError> {
        self.position.gross(self.input.order.currency)
    }

    /// True when nothing is left, of what was sold or of what is owed.
    fn is_nothing(&self, of: &Position) -> Result<bool, MoneyError> {
        let currency = self.input.order.currency;
        Ok(of.gross(currency)?.is_zero() && self.sales(of).gross(currency)?.is_zero())
    }

    /// Refunds that are the merchant's to credit elsewhere, or were before Bogbro did it.
    fn elsewhere(&self) -> impl Iterator<Item = &Refund> {
        let is_ours = |refund: &Refund| counted(self.input).any(|counted| counted.id == refund.id);
        let refunds = self.input.order.refunds.iter();
        refunds.filter(move |refund| {
            !refund.total.is_zero() && !self.position.refunds.contains(&refund.id) && !is_ours(refund)
        })
    }

    /// What may still be credited here: what is left less what was credited elsewhere, line by line where the shop tells the lines, and
    /// in proportion where it tells an amount.
    fn creditable(&self) -> Result<Position, Stop> {
        let mut after = self.position.clone();
        for refund in self.elsewhere() {
            self.parts_of(refund, &mut after)?;
            let onto_cards = self.onto_cards(refund);
            if !onto_cards.is_zero() {
                after.take(&self.onto_gift_card(onto_cards)?.taken(""))?;
            }
            if after.gross(refund.total.currency())?.is_negative() {
                return Err(self.exceeds(refund, self.left()?));
            }
        }
        Ok(after)
    }

    /// The part of a refund that makes a debt to the holder of a gift card again.
    fn onto_cards(&self, refund: &Refund) -> Money {
        let deduct = self.input.settings.products.gift_cards.used == GiftCardsUsed::Deduct;
        if deduct { refund.to_gift_cards } else { refund.total.currency().zero() }
    }

    /// What an edit took off or added, unless the lines say the same.
    fn edited(&self) -> Result<Option<Plan>, Stop> {
        if self.position.lines_unknown {
            // The plan was made before plans kept the lines: only a total tells of an edit.
            let same = self.earlier.plan.order_total == self.input.order.total;
            return if same { Ok(None) } else { Err(Stop::Hold(self.reason("changed-after-booking"))) };
        }
        let edit = self.edit()?;
        if edit.taken.is_empty() && edit.added.is_empty() {
            if edit.unplaced.is_zero() {
                return Ok(None);
            }
            // A sum that differs by its rounding alone: there is nothing that a line of a document could stand for.
            return Err(match self.input.settings.credit.edits {
                CreditChoice::Ignore => Stop::Skip(self.reason("change-not-credited")),
                _ => Stop::Hold(self.reason("changed-after-booking")),
            });
        }
        match self.input.settings.credit.edits {
            CreditChoice::Credit => {}
            CreditChoice::Hold => return Err(Stop::Hold(self.reason("changed-after-booking"))),
            CreditChoice::Ignore => return Err(Stop::Skip(self.reason("change-not-credited"))),
        }
        if edit.taken.is_empty() {
            let sold = super::position::sold(self.input.order)?;
            return further_invoice(self.input, self.earlier, &self.position, edit.added, sold).map(Some);
        }
        let cause = Cause::Edit { sold: edit.sold_less };
        self.credit(edit.taken, cause).map(Some)
    }

    /// A part of a credit note, on the product that the line was invoiced on.
    pub(super) fn part(
        &self,
        order_line: Option<&str>,
        quantity: Decimal,
        net: Money,
        vat: Money,
    ) -> Result<Part, Stop> {
        let left = order_line.and_then(|id| self.position.line(id));
        let (net, vat) = match left.and_then(|left| self.rate_within(left, vat)) {
            Some(rate) => lines::vat_inside(net, rate)?,
            None => (net, vat),
        };
        let now = order_line.and_then(|id| self.input.order.lines.iter().find(|line| line.id == id));
        let goods = match (now, left) {
            (Some(line), _) => line.kind == LineKind::Product,
            (None, Some(left)) => !is_special(self.input, &left.product),
            (None, None) => true,
        };
        let rate = match (left, now) {
            (Some(left), _) => left.rate,
            (None, Some(line)) => effective_rate(line),
            (None, None) => rate_of(net, vat),
        };
        let keep_out = self.input.settings.credit.stock == CreditStock::KeepOut;
        let on_original = left.is_some() && (!goods || (!quantity.is_zero() && !keep_out));
        let target = match left {
            Some(left) if on_original => Target::Original(left.clone()),
            _ => Target::RefundProduct,
        };
        let name = left.map(|left| left.description.clone()).or(now.map(|line| line.name.clone()));
        Ok(Part {
            order_line: order_line.map(str::to_owned),
            target,
            of: left.cloned(),
            name: name.unwrap_or_default(),
            quantity,
            rate,
            net,
            vat,
        })
    }

    /// The first refund that is not in the books yet.
    fn refunded(&self) -> Result<Option<Plan>, Stop> {
        let credit = &self.input.settings.credit;
        let pending = || counted(self.input).filter(|refund| !self.position.refunds.contains(&refund.id));
        if let Some(refund) = pending().find(|refund| choice(refund, credit) == CreditChoice::Credit) {
            return self.credit_refund(refund).map(Some);
        }
        match pending().next() {
            Some(refund) => Err(Stop::Hold(
                hold("refund-to-be-decided")
                    .with("refunded", refund.total)
                    .with("currency", refund.total.currency())
                    .with("number", self.position.invoice),
            )),
            None => Ok(None),
        }
    }

    fn credit_refund(&self, refund: &Refund) -> Result<Plan, Stop> {
        let currency = refund.total.currency();
        let mut after = self.creditable()?;
        let left = after.gross(currency)?;
        let mut parts = self.parts_of(refund, &mut after)?;
        let onto_cards = self.onto_cards(refund);
        let mut onto = None;
        if !onto_cards.is_zero() {
            let part = self.onto_gift_card(onto_cards)?;
            after.take(&part.taken(""))?;
            onto = Some(part);
        }
        let sales = self.sales(&after);
        let open = sales.gross(currency)?;
        if open.is_negative() || after.gross(currency)?.is_negative() {
            return Err(self.exceeds(refund, left));
        }
        // At which rates the merchant credited elsewhere is not known for sure: there is nothing to even out then.
        if open.is_zero() && self.elsewhere().next().is_none() {
            parts.extend(residues(&sales.by_rate(&|line| self.is_gift_card(line))?)?);
        }
        parts.extend(onto);
        self.credit(parts, Cause::Refund(refund))
    }

    /// What a refund credits, taken off what is left: its lines, and over the rates what went back beyond them.
    fn parts_of(&self, refund: &Refund, after: &mut Position) -> Result<Vec<Part>, Stop> {
        let (lines, beyond) = refund.settled_lines()?;
        let left = after.gross(refund.total.currency())?;
        let mut parts = Vec::with_capacity(lines.len());
        for line in &lines {
            let comes_back = match self.input.settings.credit.stock {
                CreditStock::AsShop => line.restocked.unwrap_or(true),
                CreditStock::GiveBack => true,
                CreditStock::KeepOut => false,
            };
            let quantity = if comes_back { line.quantity } else { Decimal::ZERO };
            let mut part = self.part(line.order_line.as_deref(), quantity, line.net, line.vat)?;
            if part.name.is_empty() {
                part.name.clone_from(&line.name);
            }
            after.take(&part.taken(""))?;
            parts.push(part);
        }
        if !beyond.is_zero() {
            let spread = self.spread(after, beyond, self.onto_cards(refund))?;
            parts.extend(spread.ok_or(self.exceeds(refund, left))?);
        }
        Ok(parts)
    }

    /// Money that went back for no line: over the rates of what is left, in proportion; `None` where it is more than that.
    fn spread(
        &self,
        after: &mut Position,
        amount: Money,
        onto_cards: Money,
    ) -> Result<Option<Vec<Part>>, Stop> {
        let mut buckets = self.sales(after).by_rate(&|line| self.is_gift_card(line))?;
        let mut weights = Vec::with_capacity(buckets.len());
        for bucket in &buckets {
            weights.push(bucket.gross()?.minor());
        }
        // Money goes back on goods and freight; on gift cards sold only where nothing else is left.
        let ordinary =
            buckets.iter().zip(&weights).any(|(bucket, weight)| bucket.product.is_none() && *weight > 0);
        let mut index = 0;
        buckets.retain(|bucket| {
            let weight = weights[index];
            index += 1;
            weight > 0 && (bucket.product.is_none() || !ordinary)
        });
        weights =
            buckets.iter().map(|bucket| Ok(bucket.gross()?.minor())).collect::<Result<_, MoneyError>>()?;
        let left = after.gross(amount.currency())?.plus(onto_cards)?;
        if buckets.is_empty() || amount.minor() > left.minor() {
            return Ok(None);
        }
        let shares = amount.allocate(&weights)?;
        let mut parts = Vec::new();
        for (bucket, share) in buckets.iter().zip(shares).filter(|(_, share)| !share.is_zero()) {
            let net = share_of(share, bucket)?;
            let part = Part::of_bucket(bucket, net, share.minus(net)?);
            after.take(&part.taken(""))?;
            parts.push(part);
        }
        Ok(Some(parts))
    }

    fn exceeds(&self, refund: &Refund, left: Money) -> Stop {
        Stop::Hold(
            hold("refund-exceeds-invoice")
                .with("refunded", refund.total)
                .with("left", left)
                .with("currency", refund.total.currency())
                .with("number", self.position.invoice),
        )
    }

    fn is_gift_card(&self, line: &LeftLine) -> bool {
        let of_order = line.order_line.as_ref().and_then(|id| {
            let mut lines = self.input.order.lines.iter();
            lines.find(|known| known.id == *id).map(|known| known.kind == LineKind::GiftCardSold)
        });
        let product = self.input.settings.products.skus.gift_card.as_ref();
        of_order.unwrap_or(false) || product == Some(&line.product)
    }

    /// The rate of a gift card that was invoiced with VAT although the shop charges none: the VAT is within its amounts.
    pub(super) fn rate_within(&self, invoiced: &LeftLine, vat: Money) -> Option<Percentage> {
        let within = vat.is_zero() && !invoiced.rate.is_zero() && self.is_gift_card(invoiced);
        within.then_some(invoiced.rate)
    }

    /// A gift card that was used to pay takes off the invoice what is owed, but nothing of what was sold.
    fn is_used_card(&self, line: &LeftLine) -> bool {
        let order = self.input.order;
        let onto_cards = |refund: &Refund| !refund.to_gift_cards.is_zero();
        line.order_line.is_none()
            && self.is_gift_card(line)
            && (super::payment::gift_cards_used(order).next().is_some()
                || order.refunds.iter().any(onto_cards))
    }

    /// What is left of what was sold, however it was paid.
    fn sales(&self, of: &Position) -> Position {
        let mut sales = of.clone();
        sales.left.retain(|line| !self.is_used_card(line));
        sales
    }

    /// Money that went back onto a gift card is a debt to its holder again.
    fn onto_gift_card(&self, amount: Money) -> Result<Part, Stop> {
        let part = lines::gift_card_used(amount, self.input.settings)?;
        let Some(product) = part.candidates.first() else {
            return Err(Stop::Hold(
                hold("no-product-for-purpose").with("purpose", part.purpose.word()).with("name", ""),
            ));
        };
        let known = self.input.catalogue.products.get(product.as_ref());
        let name = known.map_or(product.as_ref(), |product| &product.name);
        Ok(Part {
            order_line: None,
            target: Target::Product(product.to_string()),
            of: None,
            name: name.to_owned(),
            quantity: Decimal::ONE,
            rate: part.rate,
            net: part.net.negated()?,
            vat: part.vat.negated()?,
        })
    }

    /// Nothing is left of the order in the shop, so nothing is to be left of it in the books.
    fn gone(&self, gone: Gone) -> Result<Plan, Stop> {
        let credit = &self.input.settings.credit;
        let left = self.left()?;
        match gone.choice(credit) {
            CreditChoice::Hold => return Err(Stop::Hold(self.reason(gone.code()).with("left", left))),
            CreditChoice::Ignore => {
                return Err(Stop::Skip(self.reason("cancellation-not-credited").with("left", left)));
            }
            CreditChoice::Credit => {}
        }
        let mut before = self.creditable()?;
        before.fold_rounding()?;
        if self.is_nothing(&before)? {
            return Err(self.not_credited()?.map_or_else(|| self.nothing_new(), Stop::Skip));
        }
        let mut parts = Vec::with_capacity(before.left.len());
        // Units without money are what was credited and kept out of stock, but for goods that cost nothing from the start.
        let was_free = |line: &LeftLine| {
            let of = line.order_line.as_ref();
            self.position.sold.iter().any(|sold| Some(&sold.id) == of && sold.net == 0)
        };
        let has_money = |line: &LeftLine| !(line.net.is_zero() && line.vat.is_zero());
        for line in before.left.iter().filter(|line| has_money(line) || was_free(line)) {
            let goods = line.order_line.is_some() && !is_special(self.input, &line.product);
            // What was credited elsewhere is taken off on the product for money without goods.
            let keep_out = (credit.stock == CreditStock::KeepOut && goods) || line.product.is_empty();
            parts.push(Part {
                order_line: line.order_line.clone(),
                target: if keep_out { Target::RefundProduct } else { Target::Original(line.clone()) },
                of: Some(line.clone()),
                name: line.description.clone(),
                quantity: if keep_out { Decimal::ZERO } else { line.quantity },
                rate: line.rate,
                net: line.net,
                vat: line.vat,
            });
        }
        let elsewhere = self.elsewhere().map(|refund| refund.id.clone()).collect();
        credit_note(self.input, self.earlier, &before, parts, &Cause::Gone { elsewhere })
    }

    fn credit(&self, parts: Vec<Part>, cause: Cause<'_>) -> Result<Plan, Stop> {
        credit_note(self.input, self.earlier, &self.position, parts, &cause)
    }

    /// Nothing is left to do: the books hold what the shop says, but for an edit that is left alone, or the difference is told.
    fn at_rest(&self, left_alone: Option<Reason>) -> Result<Stop, Stop> {
        let order = self.input.order;
        let counts = !self.position.refunds.is_empty() || self.earlier.plan.adjustment.is_some();
        if counts {
            let left = self.left()?;
            let sold =
                if left_alone.is_some() { self.position.sold_gross(order.currency)? } else { order.total };
            let wanted = self.wanted(sold)?;
            if left != wanted {
                return Ok(Stop::Hold(
                    self.reason("books-differ-from-shop").with("left", left).with("wanted", wanted),
                ));
            }
        }
        if let Some(reason) = left_alone {
            return Ok(Stop::Skip(reason));
        }
        Ok(self.not_credited()?.map_or_else(|| self.nothing_new(), Stop::Skip))
    }

    /// Refunds that no document of ours gives back.
    fn not_credited(&self) -> Result<Option<Reason>, MoneyError> {
        let order = self.input.order;
        let refunds = order.refunds.iter().filter(|refund| !self.position.refunds.contains(&refund.id));
        let sum = Money::sum(order.currency, refunds.map(|refund| refund.total))?;
        let reason = || {
            Reason::new("refund-not-credited")
                .with("refunded", sum)
                .with("currency", order.currency)
                .with("number", self.position.invoice)
        };
        Ok((!sum.is_zero()).then(reason))
    }

    fn nothing_new(&self) -> Stop {
        if self.earlier.document.is_none() {
            return Stop::Skip(self.reason("credit-note-removed"));
        }
        if self.earlier.plan.content_hash != super::content::hash(self.input.order) {
            return Stop::Skip(self.reason("changed-after-booking-same-total"));
        }
        Stop::Skip(unchanged(self.number))
    }

    /// What the shop says is left of so much: less gift cards used, and the refunds that count.
    fn wanted(&self, sold: Money) -> Result<Money, MoneyError> {
        let order = self.input.order;
        let deduct = self.input.settings.products.gift_cards.used == GiftCardsUsed::Deduct;
        let mut wanted = sold;
        if deduct {
            for payment in super::payment::gift_cards_used(order) {
                wanted = wanted.minus(payment.amount)?;
            }
        }
        for refund in order.refunds.iter().filter(|refund| self.position.refunds.contains(&refund.id)) {
            let onto_cards = if deduct { refund.to_gift_cards } else { order.currency.zero() };
            wanted = wanted.minus(refund.total)?.plus(onto_cards)?;
        }
        Ok(wanted)
    }
}

pub(super) fn fee(id: &str, name: String, quantity: Decimal, net: Money, vat: Money) -> OrderLine {
    let amount = crate::order::VatAmount {
        rate: None,
        amount: vat,
        label: String::new(),
        compound: false,
        remitted_by_marketplace: false,
    };
    OrderLine {
        id: id.to_owned(),
        kind: LineKind::Fee,
        sku: None,
        product_id: None,
        name,
        quantity,
        net_before_discount: net,
        net,
        vat: if vat.is_zero() { Vec::new() } else { vec![amount] },
    }
}

fn rate_of(net: Money, vat: Money) -> Percentage {
    effective_rate(&fee("", String::new(), Decimal::ONE, net, vat))
}

/// The net of a share of what is left at a rate: in its own proportion of net and VAT, and whole for the whole.
fn share_of(share: Money, bucket: &Bucket) -> Result<Money, MoneyError> {
    let gross = bucket.gross()?;
    if share == gross { Ok(bucket.net) } else { share.in_proportion(bucket.net, gross) }
}

/// When nothing is left in sum, but too much at one rate and too little at another: the last credit note evens it out.
fn residues(buckets: &[Bucket]) -> Result<Vec<Part>, MoneyError> {
    let mut parts = Vec::new();
    for bucket in buckets {
        if !bucket.gross()?.is_zero() {
            parts.push(Part::of_bucket(bucket, bucket.net, bucket.vat));
        }
    }
    Ok(parts)
}

/// Products that stand for freight, fees and the like, whose units are no goods.
fn is_special(input: &PlanInput<'_>, product: &str) -> bool {
    input.settings.products.skus.special().any(|number| number == product)
}

/// Refunds that the merchant's choices let count, the oldest first.
pub(super) fn counted<'a>(input: &'a PlanInput<'_>) -> impl Iterator<Item = &'a Refund> {
    let credit = &input.settings.credit;
    let since = move |refund: &&Refund| {
        let day = refund.at.map(|at| super::dates::local_day(input, at));
        !refund.total.is_zero() && credit.from.zip(day).is_none_or(|(from, day)| day >= from)
    };
    input
        .order
        .refunds
        .iter()
        .filter(since)
        .filter(move |refund| choice(refund, credit) != CreditChoice::Ignore)
}

/// What the merchant chose for refunds of this kind.
pub(super) fn choice(refund: &Refund, credit: &CreditSettings) -> CreditChoice {
    if refund.is_by_amount() { credit.refunds_by_amount } else { credit.refunds_with_lines }
}

/// The zone and kind of sale of the order's first invoice, whatever is left of the order now.
pub(super) fn sale_of(input: &PlanInput<'_>, earlier: &Earlier<'_>) -> Result<Sale, Stop> {
    let buyer = super::customer::Buyer::of(input.order, input.settings);
    let zone = earlier.plan.document_step().map(|step| step.document.vat_zone);
    match (Sale::of(input.order, input.settings, &buyer), zone) {
        (Ok(sale), Some(zone)) => Ok(Sale { zone, ..sale }),
        (sale, _) => sale,
    }
}

/// The kind of an adjusting document.
pub(super) fn kind(booked: bool, below_zero: bool) -> DocumentKind {
    let kind = if booked { DocumentKind::BookedInvoice } else { DocumentKind::DraftInvoice };
    if below_zero { kind.below_zero() } else { kind }
}
