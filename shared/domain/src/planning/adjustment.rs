//! The plan of a credit note or of a further invoice: one document that brings the books a step nearer to what the shop says.
//!
//! It goes to the same customer, under the same term and VAT zone as the invoice, on the same products. Only money that went back
//! without goods goes on a product of its own, which moves no stock.

use std::borrow::Cow;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::credit::{kind, sale_of};
use super::customer::{self, Buyer};
use super::lines::{self, Built};
use super::position::{Bucket, Position, of_lines, units};
use super::products::{self, Purpose, Wanted};
use super::split::{opposite, split};
use super::vat::Sale;
use super::{Earlier, PlanInput, Stop, content, dates, difference, document, hold, payment};
use crate::document::{Document, DocumentLine, Totals};
use crate::identity::{Effect, EffectKey};
use crate::money::{Money, MoneyError, Percentage};
use crate::order::{Order, OrderLine};
use crate::plan::{
    Adjustment, BookStep, CustomerAction, CustomerStep, DocumentStep, LeftLine, PLAN_SCHEMA, Plan,
    ProductStep, Reason, SoldLine, Step,
};
use crate::refund::Refund;
use crate::settings::{CreditBooking, Template};

/// What the product for money without goods is called where it has to be made.
const REFUND_NAME: &str = "Refusion";

/// Why a credit note is made.
pub(super) enum Cause<'a> {
    /// Money went back.
    Refund(&'a Refund),
    /// The order was edited; the lines as invoiced once this is credited.
    Edit { sold: Vec<SoldLine> },
    /// Nothing is left of the order. What was given back of it elsewhere is no longer left either.
    Gone { elsewhere: Vec<String> },
}

/// The product that a part is credited on.
#[derive(Clone)]
pub(super) enum Target {
    /// That of the invoice's own line.
    Original(LeftLine),
    /// The one for money without goods.
    RefundProduct,
    /// This one.
    Product(String),
}

/// One part of a credit note: amounts are positive for what is given back.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) order_line: Option<String>,
    pub(super) target: Target,
    /// The invoice's line that it is taken off, also where it is credited on another product.
    pub(super) of: Option<LeftLine>,
    pub(super) name: String,
    /// Units that come back; zero where only money does.
    pub(super) quantity: Decimal,
    pub(super) rate: Percentage,
    pub(super) net: Money,
    pub(super) vat: Money,
}

impl Part {
    /// Money of one rate, for no line.
    pub(super) fn of_bucket(bucket: &Bucket, net: Money, vat: Money) -> Part {
        let target = bucket.product.clone().map_or(Target::RefundProduct, Target::Product);
        let name = if bucket.product.is_some() { String::new() } else { REFUND_NAME.to_owned() };
        Part {
            order_line: None,
            target,
            of: None,
            name,
            quantity: Decimal::ZERO,
            rate: bucket.rate,
            net,
            vat,
        }
    }

    /// What it takes off what is left. `product` is the one it is credited on where it names none.
    pub(super) fn taken(&self, product: &str) -> LeftLine {
        let original = matches!(self.target, Target::Original(_));
        let of = self.of.as_ref();
        let product = if let Target::Product(number) = &self.target { number } else { product };
        LeftLine {
            order_line: self.order_line.clone(),
            product: of.map_or(product, |line| line.product.as_str()).to_owned(),
            description: self.name.clone(),
            rate: of.map_or(self.rate, |line| line.rate),
            quantity: if original || of.is_none() { self.quantity } else { Decimal::ZERO },
            net: self.net,
            vat: self.vat,
        }
    }
}

/// Plans one credit note.
///
/// # Errors
/// Holds what has no product to be credited on, or no open day.
pub(super) fn credit_note(
    input: &PlanInput<'_>,
    earlier: &Earlier<'_>,
    position: &Position,
    mut parts: Vec<Part>,
    cause: &Cause<'_>,
) -> Result<Plan, Stop> {
    let sale = sale_of(input, earlier)?;
    let mut after = position.clone();
    let mut built = nothing_built(input, position, parts.len());
    let mut warnings = Vec::new();
    for part in parts.iter_mut() {
        if let Some(number) = cannot_be_sold(input, part) {
            warnings
                .push(Reason::new("credited-on-refund-product").with("sku", number).with("name", &part.name));
            part.target = Target::RefundProduct;
            part.quantity = Decimal::ZERO;
        }
        let product = add(input, &sale, position, part, &mut built)?;
        after.take(&part.taken(&product))?;
    }
    built.shop = Totals {
        net: Money::sum(input.order.currency, parts.iter().map(|part| part.net))?.negated()?,
        vat: Money::sum(input.order.currency, parts.iter().map(|part| part.vat))?.negated()?,
        gross: input.order.currency.zero(),
    };
    built.shop.gross = built.shop.net.plus(built.shop.vat)?;
    let key = |cause: &str, identity: &str, before: u32| {
        EffectKey::of_adjustment(input.transfer, cause, identity, before, input.agreement)
    };
    let changed = dates::local_day(input, input.order.modified_at);
    let (key, day, why) = match cause {
        Cause::Refund(refund) => {
            after.refunds.push(refund.id.clone());
            if refund.is_by_amount() {
                let reason = Reason::new("refund-split-by-rate").with("refunded", refund.total);
                warnings.push(reason.with("currency", refund.total.currency()));
            }
            let day = refund.at.map_or(changed, |at| dates::local_day(input, at));
            (key("refund", &refund.id, position.gone), day, refund.reason.as_str())
        }
        Cause::Edit { sold } => {
            after.sold.clone_from(sold);
            after.edits += 1;
            (key("edit", "", position.edits), changed, "")
        }
        Cause::Gone { elsewhere } => {
            // Should the order come back, it is invoiced anew, and what was given back of it is credited anew.
            after.sold.clear();
            after.refunds.clone_from(elsewhere);
            after.gone += 1;
            (key("gone", "", position.gone), changed, "")
        }
    };
    let texts = Texts { heading: &input.settings.credit.heading, text: &input.settings.credit.text, why };
    let refund = if let Cause::Refund(refund) = cause { Some(*refund) } else { None };
    finish(input, earlier, after, Draft { sale, built, key, day, texts, below_zero: true, warnings, refund })
}

/// Plans one further invoice, of what was added to the order; a credit note, where discounts that were added are more than the rest.
///
/// # Errors
/// As for the lines of any invoice.
pub(super) fn further_invoice(
    input: &PlanInput<'_>,
    earlier: &Earlier<'_>,
    position: &Position,
    added: Vec<OrderLine>,
    sold: Vec<SoldLine>,
) -> Result<Plan, Stop> {
    let sale = sale_of(input, earlier)?;
    let mut warnings = Vec::new();
    let order = Order { lines: added, payments: Vec::new(), refunds: Vec::new(), ..input.order.clone() };
    let mut built = lines::build(&PlanInput { order: &order, ..*input }, &sale, &mut warnings)?;
    built.parts *= 2;
    let mut after = position.clone();
    for line in of_lines(built.lines.iter(), built.shop.vat)? {
        after.put(&line)?;
    }
    after.sold = sold;
    after.edits += 1;
    let key = EffectKey::of_adjustment(input.transfer, "edit", "", position.edits, input.agreement);
    let day = dates::local_day(input, input.order.modified_at);
    let below_zero = built.shop.gross.is_negative();
    let (credit, none) = (&input.settings.credit, Template::default());
    let texts = if below_zero {
        Texts { heading: &credit.heading, text: &credit.text, why: "" }
    } else {
        Texts { heading: &credit.further_heading, text: &none, why: "" }
    };
    let refund = None;
    finish(input, earlier, after, Draft { sale, built, key, day, texts, below_zero, warnings, refund })
}

/// A document that was to be booked and still stands as a draft: it differed, or its booking was refused. Nothing may follow it
/// before it is booked, or the books would never hold what the next one is reckoned from. Its content is its own plan's: written
/// again and compared again.
pub(super) fn unfinished(input: &PlanInput<'_>, earlier: &Earlier<'_>) -> Option<Plan> {
    let before = earlier.plan;
    let is_draft = earlier.document.is_some_and(|document| !document.kind.is_booked());
    let was_to_be_booked = before.steps.iter().any(|step| matches!(step, Step::Book(_)));
    let wanted = is_draft && was_to_be_booked && is_booked(input, earlier);
    if before.adjustment.is_none() || !wanted {
        return None;
    }
    let ordinal = ordinal(earlier);
    let key = EffectKey::new(input.transfer, Effect::Amendment, ordinal, input.agreement);
    let again = |step: &Step| match step {
        Step::CreateDocument(step) | Step::UpdateDraft(step) => {
            let step = DocumentStep { key: key.clone(), ..(**step).clone() };
            Some(Step::UpdateDraft(Box::new(step)))
        }
        // They were made before the draft was.
        Step::CreateProduct(_) => None,
        step => Some(step.clone()),
    };
    Some(Plan {
        ordinal,
        settings_version: input.settings_version,
        catalogue_hash: input.catalogue_hash.to_owned(),
        steps: before.steps.iter().filter_map(again).collect(),
        warnings: Vec::new(),
        ..before.clone()
    })
}

/// What a document of an adjustment is put together from.
struct Draft<'a> {
    sale: Sale,
    built: Built,
    key: EffectKey,
    day: Date,
    texts: Texts<'a>,
    below_zero: bool,
    warnings: Vec<Reason>,
    /// The refund whose money goes back with it.
    refund: Option<&'a Refund>,
}

struct Texts<'a> {
    heading: &'a Template,
    text: &'a Template,
    why: &'a str,
}

fn ordinal(earlier: &Earlier<'_>) -> u32 {
    earlier.plan.ordinal.saturating_add(1)
}

fn nothing_built(input: &PlanInput<'_>, position: &Position, parts: usize) -> Built {
    Built {
        lines: Vec::new(),
        new_products: Vec::new(),
        shop: super::no_totals(input.order.currency),
        // The merchant's half unit is for each line of the order, since the shop rounded the VAT of each: an amount that goes
        // back for no line takes all of that with it in one line. What it is made of itself was rounded on the invoice, and
        // again on each credit note before this one.
        parts: 2 * parts + position.sold.len().max(input.order.lines.len()),
    }
}

/// The invoice's own product where no line can be made of it any more: it was barred or deleted since.
fn cannot_be_sold(input: &PlanInput<'_>, part: &Part) -> Option<String> {
    let Target::Original(line) = &part.target else { return None };
    let product = input.catalogue.products.get(&line.product);
    product.is_none_or(|product| product.barred).then(|| line.product.clone())
}

/// Adds the document's lines of one part; the number of the product that they are on.
fn add(
    input: &PlanInput<'_>,
    sale: &Sale,
    position: &Position,
    part: &Part,
    built: &mut Built,
) -> Result<String, Stop> {
    let (product, rate) = match &part.target {
        Target::Original(line) => (line.product.clone(), line.rate),
        Target::Product(number) => (number.clone(), part.rate),
        Target::RefundProduct => refund_product(input, sale, position, part, built)?,
    };
    let description = match (&part.target, part.name.trim()) {
        (_, "") => product.clone(),
        (Target::RefundProduct, name) if name != REFUND_NAME => format!("{REFUND_NAME}: {name}"),
        (_, name) => name.to_owned(),
    };
    let description: String = description.chars().take(lines::LONGEST_TEXT).collect();
    let split = split(units(part.quantity), part.net.negated()?)?;
    for piece in split.pieces {
        // Units without a price come back too; a sum of nothing has no sign to tell it.
        let quantity = if part.net.is_zero() { opposite(piece.quantity) } else { piece.quantity };
        built.lines.push(DocumentLine {
            product: product.clone(),
            description: description.clone(),
            quantity,
            unit_net_price: piece.unit_net_price,
            net: piece.net,
            rate,
            order_line: part.order_line.clone(),
        });
    }
    Ok(product)
}

/// The product for money without goods at a rate; where there is none for another country's VAT, freight or a fee of the invoice
/// with that rate, since that moves no stock either.
fn refund_product(
    input: &PlanInput<'_>,
    sale: &Sale,
    position: &Position,
    part: &Part,
    built: &mut Built,
) -> Result<(String, Percentage), Stop> {
    let (candidates, oss) = refund_candidates(input.settings, sale, part.rate);
    let wanted = Wanted {
        candidates: &candidates,
        purpose: Purpose::Refund,
        name: REFUND_NAME,
        net: part.net,
        rate: part.rate,
        oss,
        unit_price: None,
    };
    match products::choose(input, sale, &wanted) {
        Ok(chosen) => {
            if let Some(new) = chosen.new
                && !built.new_products.iter().any(|known: &ProductStep| known.number == new.number)
            {
                built.new_products.push(new);
            }
            Ok((chosen.number.to_owned(), chosen.rate))
        }
        Err(stop) => {
            let skus = &input.settings.products.skus;
            let stockless = [&skus.shipping, &skus.shipping_untaxed, &skus.fee, &skus.fee_untaxed];
            let is_stockless = |line: &LeftLine| {
                let of_line = line.order_line.as_ref().and_then(|id| {
                    input.order.lines.iter().find(|known| known.id == *id).map(|known| known.kind)
                });
                matches!(of_line, Some(crate::order::LineKind::Shipping | crate::order::LineKind::Fee))
                    || stockless.into_iter().flatten().any(|number| *number == line.product)
            };
            let line = position.left.iter().find(|line| line.rate == part.rate && is_stockless(line));
            line.map(|line| (line.product.clone(), line.rate)).ok_or(stop)
        }
    }
}

/// The product numbers that money without goods may go on at a rate, the preferred first.
pub(super) fn refund_candidates<'a>(
    settings: &'a crate::settings::Settings,
    sale: &Sale,
    rate: Percentage,
) -> (Vec<Cow<'a, str>>, bool) {
    let skus = &settings.products.skus;
    let ordinary = [&skus.refund, &skus.refund_untaxed].into_iter().flatten();
    products::overridden(settings, sale, rate, ordinary.map(Cow::from).collect())
}

fn finish(
    input: &PlanInput<'_>,
    earlier: &Earlier<'_>,
    after: Position,
    draft: Draft<'_>,
) -> Result<Plan, Stop> {
    let Draft { sale, built, key, day, texts, below_zero, mut warnings, refund } = draft;
    let Some(before) = earlier.plan.document_step().map(|step| &step.document) else {
        return Err(Stop::Hold(hold("invoice-unknown").with("order", &input.order.number)));
    };
    let settled = difference::settle(input, &sale, built, &mut warnings)?;
    let date = dates::choose_day(input, day.max(before.date))?;
    let booked = settled.book && is_booked(input, earlier);
    let kind = kind(booked, below_zero);
    let ordinal = ordinal(earlier);
    let reference = document::reference(&input.order.number, &key);
    let booking = key.then(Effect::Booking);
    let extra = |name: &str| match name {
        "invoice_number" => Some(after.invoice.to_string().into()),
        "refund_reason" => Some(Cow::Borrowed(texts.why)),
        "original_date" => date.moved_from.map(|day| day.to_string().into()),
        _ => None,
    };
    let mut text = document::fill_with(texts.text, input, &extra);
    if date.moved_from.is_some() {
        let moved = document::fill_with(&input.settings.credit.moved_text, input, &extra);
        text = if text.is_empty() { moved } else { format!("{moved}\n{text}") };
        warnings.push(document::date_moved(&date));
    }
    let document = Document {
        kind,
        date: date.day,
        due_date: before.due_date.map(|_| date.day),
        reference: reference.clone(),
        heading: document::heading(document::fill_with(texts.heading, input, &extra), &mut warnings),
        text: document::text(text, &mut warnings),
        text_below: String::new(),
        lines: settled.lines,
        expected: settled.expected,
        ..before.clone()
    };
    let customer = customer_step(input, earlier, &sale, before.payment_term)?;
    let mut steps = vec![Step::EnsureCustomer(customer.clone())];
    steps.extend(settled.new_products.into_iter().map(Step::CreateProduct));
    steps.push(Step::CreateDocument(Box::new(DocumentStep {
        key,
        document,
        difference: settled.rule,
        adopt: Vec::new(),
        supersedes: None,
    })));
    if booked {
        let buyer = Buyer::of(input.order, input.settings);
        let send = if below_zero { input.settings.credit.send } else { input.settings.document.send };
        let send = document::send_as(input, send, &buyer, &customer, &mut warnings);
        steps.push(Step::Book(BookStep { key: booking, send }));
    }
    if let Some(refund) = refund {
        match payment::paid_back(input, earlier, refund, date.day)? {
            Some(Ok(step)) if booked => steps.push(Step::RegisterPayment(step)),
            // A draft has no number yet that money could be registered on.
            Some(Ok(step)) => warnings.push(
                Reason::new("refund-not-registered")
                    .with("refunded", step.amount.negated()?)
                    .with("currency", step.amount.currency()),
            ),
            Some(Err(reason)) => warnings.push(reason),
            None => {}
        }
    }
    Ok(Plan {
        schema: PLAN_SCHEMA,
        transfer: input.transfer.clone(),
        ordinal,
        agreement: input.agreement.clone(),
        settings_version: input.settings_version,
        catalogue_hash: input.catalogue_hash.to_owned(),
        content_hash: content::hash(input.order),
        order_number: input.order.number.clone(),
        reference,
        order_total: input.order.total,
        expected: settled.shop,
        steps,
        done: 0,
        on_gift_cards: None,
        payments: payment::kept_after(input, earlier, refund)?,
        warnings,
        product: None,
        sold: after.sold,
        refunds: after.refunds,
        adjustment: Some(Adjustment {
            invoice: after.invoice,
            left: after.left,
            edits: after.edits,
            gone: after.gone,
            invoice_booked: (invoice_booked(earlier) != booked).then_some(!booked),
        }),
    })
}

/// An adjustment goes as far as the merchant's choice says: as the invoice went, unless they choose otherwise.
fn is_booked(input: &PlanInput<'_>, earlier: &Earlier<'_>) -> bool {
    match input.settings.credit.booking {
        CreditBooking::AsInvoice => invoice_booked(earlier),
        CreditBooking::Always => true,
        CreditBooking::Never => false,
    }
}

/// Whether Bogbro booked the first invoice, whatever became of the documents after it.
fn invoice_booked(earlier: &Earlier<'_>) -> bool {
    let books = || earlier.plan.steps.iter().any(|step| matches!(step, Step::Book(_)));
    let told = earlier.plan.adjustment.as_ref().and_then(|adjustment| adjustment.invoice_booked);
    told.unwrap_or_else(books)
}

/// The customer of the invoice, whoever the order's buyer is now.
fn customer_step(
    input: &PlanInput<'_>,
    earlier: &Earlier<'_>,
    sale: &Sale,
    term: u32,
) -> Result<CustomerStep, Stop> {
    match earlier.customer {
        Some(number) => Ok(CustomerStep {
            key: EffectKey::new(input.transfer, Effect::Customer, ordinal(earlier), input.agreement),
            action: CustomerAction::Use { number },
        }),
        None => customer::step(input, &Buyer::of(input.order, input.settings), sale, term),
    }
}

impl Position {
    /// Adds this to what is left.
    ///
    /// # Errors
    /// Overflow.
    pub(super) fn put(&mut self, line: &LeftLine) -> Result<(), MoneyError> {
        self.take(&LeftLine {
            quantity: opposite(line.quantity),
            net: line.net.negated()?,
            vat: line.vat.negated()?,
            ..line.clone()
        })
    }
}
