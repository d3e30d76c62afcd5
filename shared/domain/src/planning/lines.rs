//! From the order's lines to the document's: product, text, units and price, with nets exact to the smallest unit.

use std::borrow::Cow;
use std::iter::repeat_n;

use rust_decimal::Decimal;

use super::payment::gift_cards_used;
use super::products::{self, Purpose, Wanted};
use super::split::split;
use super::vat::{Sale, effective_rate, own_vat};
use super::{PlanInput, Stop, hold};
use crate::document::{DocumentLine, Totals};
use crate::money::{Money, MoneyError, Percentage};
use crate::order::{LineKind, Order, OrderLine};
use crate::plan::{ProductStep, Reason};
use crate::settings::{Discounts, GiftCardVat, GiftCardsUsed, NumberFrom, Settings};

/// Longest text of a line in the target (e-conomic: 2500).
pub(super) const LONGEST_TEXT: usize = 2500;

/// One line to be, before its product is chosen.
pub(crate) struct Part<'a> {
    pub(crate) order_line: Option<&'a str>,
    pub(crate) purpose: Purpose,
    pub(crate) candidates: Vec<Cow<'a, str>>,
    pub(crate) oss: bool,
    pub(crate) name: &'a str,
    pub(crate) quantity: Decimal,
    pub(crate) net: Money,
    pub(crate) rate: Percentage,
    /// VAT that belongs to the part, for the order's own sums.
    pub(crate) vat: Money,
}

/// The document's lines, what must be made first, and the order's own sums.
pub(crate) struct Built {
    pub(crate) lines: Vec<DocumentLine>,
    pub(crate) new_products: Vec<ProductStep>,
    pub(crate) shop: Totals,
    /// How many lines the order has; a line that was split counts once.
    pub(crate) parts: usize,
}

/// Builds the document's lines.
///
/// # Errors
/// Holds with the line and what is wrong with its product or VAT.
pub(super) fn build(input: &PlanInput<'_>, sale: &Sale, warnings: &mut Vec<Reason>) -> Result<Built, Stop> {
    let mut parts = parts(input.order, input.settings, sale)?;
    if input.settings.products.discounts == Discounts::OwnLine {
        move_discounts(input, sale, &mut parts)?;
    }
    let currency = input.order.currency;
    let net = Money::sum(currency, parts.iter().map(|part| part.net))?;
    let vat = Money::sum(currency, parts.iter().map(|part| part.vat))?;
    let shop = Totals { net, vat, gross: net.plus(vat)? };
    let mut built =
        Built { lines: Vec::with_capacity(parts.len()), new_products: Vec::new(), shop, parts: parts.len() };
    for part in &parts {
        add(input, sale, part, &mut built, warnings)?;
    }
    Ok(built)
}

fn add(
    input: &PlanInput<'_>,
    sale: &Sale,
    part: &Part<'_>,
    built: &mut Built,
    warnings: &mut Vec<Reason>,
) -> Result<(), Stop> {
    let split = split(part.quantity, part.net)?;
    let chosen = products::choose(
        input,
        sale,
        &Wanted {
            candidates: &part.candidates,
            purpose: part.purpose,
            name: part.name,
            net: part.net,
            rate: part.rate,
            oss: part.oss,
            unit_price: sales_price(part, &split.pieces),
        },
    )?;
    if let Some(new) = chosen.new
        && !built.new_products.iter().any(|known| known.number == new.number)
    {
        built.new_products.push(new);
    }
    let collective =
        |number: &str| input.settings.vat.oss.collective.iter().any(|entry| entry.product == number);
    if part.oss && part.purpose == Purpose::Goods && collective(chosen.number) {
        warnings.push(
            Reason::new("oss-collective-moves-no-stock").with("sku", chosen.number).with("name", part.name),
        );
    }
    let mut text = line_text(input, part, chosen.number, &chosen.name);
    if split.quantity_lost {
        text = format!("{} x {text}", part.quantity.normalize());
        warnings.push(
            Reason::new("quantity-in-text")
                .with("name", part.name)
                .with("quantity", part.quantity.normalize()),
        );
    }
    if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(end);
    }
    for (piece, description) in split.pieces.iter().zip(repeat_n(text, split.pieces.len())) {
        built.lines.push(DocumentLine {
            product: chosen.number.to_owned(),
            description,
            quantity: piece.quantity,
            unit_net_price: piece.unit_net_price,
            net: piece.net,
            rate: chosen.rate,
            order_line: part.order_line.map(str::to_owned),
        });
    }
    Ok(())
}

/// The price of one unit of goods, for products that are made; not known where units cost different or nothing.
fn sales_price(part: &Part<'_>, pieces: &[super::split::Piece]) -> Option<Money> {
    let goods = part.purpose == Purpose::Goods && !part.net.is_zero();
    match pieces {
        [piece] if goods => Money::from_decimal(piece.unit_net_price, part.net.currency()).ok(),
        _ => None,
    }
}

fn line_text(input: &PlanInput<'_>, part: &Part<'_>, number: &str, product_name: &str) -> String {
    let name = [part.name.trim(), product_name, number].into_iter().find(|name| !name.is_empty());
    let name = name.unwrap_or(number);
    let text = input.settings.document.line_text.fill(&|placeholder| match placeholder {
        "name" => name.into(),
        "sku" => number.into(),
        "order_number" => input.order.number.as_str().into(),
        _ => "".into(),
    });
    let text = if text.trim().is_empty() { name.to_owned() } else { text };
    if part.purpose != Purpose::Discount || part.order_line.is_some() {
        return text;
    }
    let codes = input.order.discount_codes.join(", ");
    if codes.is_empty() { text } else { format!("{text} {codes}") }
}

/// The order's lines as parts, and gift cards that were used.
///
/// # Errors
/// Holds gift cards whose VAT does not agree with the settings.
pub(super) fn parts<'a>(
    order: &'a Order,
    settings: &'a Settings,
    sale: &Sale,
) -> Result<Vec<Part<'a>>, Stop> {
    let mut parts = Vec::with_capacity(order.lines.len() + 1);
    for line in &order.lines {
        if line.net.is_zero() && (line.kind != LineKind::Product || line.quantity.is_zero()) {
            continue;
        }
        parts.push(part_of(line, settings, sale)?);
    }
    if settings.products.gift_cards.used == GiftCardsUsed::Deduct {
        let used = Money::sum(order.currency, gift_cards_used(order).map(|payment| payment.amount))?;
        if !used.is_zero() {
            parts.push(gift_card_used(used.negated()?, settings)?);
        }
    }
    Ok(parts)
}

fn part_of<'a>(line: &'a OrderLine, settings: &'a Settings, sale: &Sale) -> Result<Part<'a>, Stop> {
    let purpose = match line.kind {
        LineKind::Product => Purpose::Goods,
        LineKind::Shipping => Purpose::Shipping,
        LineKind::Fee if line.net.is_negative() => Purpose::Discount,
        LineKind::Fee => Purpose::Fee,
        LineKind::Tip => Purpose::Tip,
        LineKind::Duty => Purpose::Duty,
        LineKind::GiftCardSold => Purpose::GiftCard,
        LineKind::CashRounding => Purpose::Rounding,
    };
    let (net, vat, rate) = if purpose == Purpose::GiftCard {
        gift_card_sold(line, settings)?
    } else {
        (line.net, own_vat(line)?, effective_rate(line))
    };
    let ordinary = numbers(line, purpose, settings);
    let (candidates, oss) = match purpose {
        Purpose::GiftCard | Purpose::Rounding => (ordinary, false),
        _ => products::overridden(settings, sale, rate, ordinary),
    };
    Ok(Part {
        order_line: Some(&line.id),
        purpose,
        candidates,
        oss,
        name: &line.name,
        quantity: if line.quantity.is_zero() { Decimal::ONE } else { line.quantity },
        net,
        rate,
        vat,
    })
}

/// The product numbers a line may go on by the settings, the preferred first.
fn numbers<'a>(line: &'a OrderLine, purpose: Purpose, settings: &'a Settings) -> Vec<Cow<'a, str>> {
    fn given(text: &Option<String>) -> Option<&str> {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }
    let skus = &settings.products.skus;
    let (first, second) = match purpose {
        Purpose::Goods => {
            let own = match settings.products.number_from {
                NumberFrom::Sku => given(&line.sku),
                NumberFrom::SkuOrProductId => given(&line.sku).or_else(|| given(&line.product_id)),
                NumberFrom::ProductId => given(&line.product_id),
            };
            (own.or(skus.default.as_deref()), None)
        }
        Purpose::Shipping => (skus.shipping.as_deref(), skus.shipping_untaxed.as_deref()),
        Purpose::Fee => (skus.fee.as_deref(), skus.fee_untaxed.as_deref()),
        Purpose::Discount => (skus.discount.as_deref(), skus.discount_untaxed.as_deref()),
        Purpose::Tip => (skus.tip.as_deref(), None),
        Purpose::Duty => (skus.duty.as_deref(), None),
        Purpose::GiftCard => (skus.gift_card.as_deref(), None),
        Purpose::Rounding => (skus.rounding.as_deref(), None),
        Purpose::Refund => (skus.refund.as_deref(), skus.refund_untaxed.as_deref()),
    };
    [first, second].into_iter().flatten().map(Cow::Borrowed).collect()
}

/// Net, VAT and rate of a gift card sold. A single-purpose card carries VAT at sale, also where the shop charges none; a
/// multi-purpose one is a debt to its holder and carries none.
fn gift_card_sold(line: &OrderLine, settings: &Settings) -> Result<(Money, Money, Percentage), Stop> {
    let cards = &settings.products.gift_cards;
    let vat = own_vat(line)?;
    match (cards.vat, vat.is_zero()) {
        (GiftCardVat::MultiPurpose, true) => Ok((line.net, vat, Percentage::ZERO)),
        (GiftCardVat::MultiPurpose, false) => Err(Stop::Hold(
            hold("gift-card-with-vat")
                .with("name", &line.name)
                .with("vat", vat)
                .with("currency", vat.currency()),
        )),
        (GiftCardVat::SinglePurpose, false) => Ok((line.net, vat, effective_rate(line))),
        (GiftCardVat::SinglePurpose, true) => {
            let (net, vat) = vat_inside(line.net, cards.single_purpose_rate)?;
            Ok((net, vat, cards.single_purpose_rate))
        }
    }
}

/// Divides an amount that holds VAT into net and VAT.
///
/// # Errors
/// Overflow.
pub(super) fn vat_inside(gross: Money, rate: Percentage) -> Result<(Money, Money), MoneyError> {
    let divisor = Decimal::ONE_HUNDRED.checked_add(rate.per_cent()).ok_or(MoneyError::Overflow)?;
    let net = gross
        .to_decimal()
        .checked_mul(Decimal::ONE_HUNDRED)
        .and_then(|hundredfold| hundredfold.checked_div(divisor))
        .ok_or(MoneyError::Overflow)?;
    let net = Money::round_decimal(net, gross.currency())?;
    Ok((net, gross.minus(net)?))
}

/// The line by which gift cards that were used lower what the buyer owes. VAT of a single-purpose card was paid when it
/// was sold, so its use takes net and VAT off the document.
pub(super) fn gift_card_used(amount: Money, settings: &Settings) -> Result<Part<'_>, MoneyError> {
    let cards = &settings.products.gift_cards;
    let (net, vat, rate) = match cards.vat {
        GiftCardVat::MultiPurpose => (amount, amount.currency().zero(), Percentage::ZERO),
        GiftCardVat::SinglePurpose => {
            let (net, vat) = vat_inside(amount, cards.single_purpose_rate)?;
            (net, vat, cards.single_purpose_rate)
        }
    };
    Ok(Part {
        order_line: None,
        purpose: Purpose::GiftCard,
        candidates: settings.products.skus.gift_card.iter().map(Cow::from).collect(),
        oss: false,
        // The product's own name in the accounts is the merchant's word for it.
        name: "",
        quantity: Decimal::ONE,
        net,
        rate,
        vat,
    })
}

/// Puts the discounts of all lines with the discount product's rate on one line of its own. Lines at other rates keep
/// theirs in the price, since one product has one rate.
fn move_discounts<'a>(input: &PlanInput<'a>, sale: &Sale, parts: &mut Vec<Part<'a>>) -> Result<(), Stop> {
    let Some(number) = input.settings.products.skus.discount.as_deref() else {
        return Err(Stop::Hold(hold("no-product-for-purpose").with("purpose", "discount").with("name", "")));
    };
    let known = input.catalogue.products.get(number).and_then(|product| {
        input.catalogue.master.product_groups.get(&product.group)?.rate_by_zone.get(&sale.zone).copied()
    });
    let mut total = input.order.currency.zero();
    let mut rate = known;
    for part in parts.iter_mut().filter(|part| matches!(part.purpose, Purpose::Goods | Purpose::Shipping)) {
        let line = input.order.lines.iter().find(|line| Some(line.id.as_str()) == part.order_line);
        let Some(line) = line else { continue };
        let discount = line.discount()?;
        if discount.minor() <= 0 || part.oss || *rate.get_or_insert(part.rate) != part.rate {
            continue;
        }
        part.net = part.net.plus(discount)?;
        total = total.plus(discount)?;
    }
    if let (Some(rate), false) = (rate, total.is_zero()) {
        parts.push(Part {
            order_line: None,
            purpose: Purpose::Discount,
            candidates: vec![Cow::Borrowed(number)],
            oss: false,
            name: "",
            quantity: Decimal::ONE,
            net: total.negated()?,
            rate,
            vat: input.order.currency.zero(),
        });
    }
    Ok(())
}
