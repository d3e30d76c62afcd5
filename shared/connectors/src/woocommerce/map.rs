//! A WooCommerce order in the domain's form.
//!
//! Line amounts are always without VAT, whatever way prices were entered, so nothing is reckoned here: a line's `total`
//! is its net and its `total_tax` is its VAT. `taxes[]` only says how that VAT is spread over the rates; where it says
//! another sum (28.91 beside 28.90), the line's `total_tax` stands. Coupons are already inside the line totals.

use domain::customer::{Address, Customer};
use domain::money::{Currency, Percentage};
use domain::order::{FulfilmentState, LineKind, OrderLine, Payment, PaymentKind, PaymentState, VatAmount};
use domain::{EntityId, Failure, Money, Order};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::entities::decode_name;
use super::{refunds, review, wire};
use crate::json::{Amount, LONGEST_FIELD, MOST_FIELDS, MOST_LINES, Text, rejected};
use crate::ports::ReadingRules;

/// The method of money that staff gave back beside the gateway.
const MANUAL_REFUND: &str = "manual-refund";

/// Maps an order, with its refunds as far as their details were read.
///
/// # Errors
/// `Rejected` with the place of what cannot be.
pub(super) fn order(
    wire: &wire::Order<'_>,
    details: &[wire::RefundDetail<'_>],
    rules: &ReadingRules,
) -> Result<Order, Failure> {
    let id = wire.id.given().ok_or_else(|| unreadable("id", "the order has no id"))?;
    let currency: Currency =
        wire.currency.trimmed().parse().map_err(|error| unreadable("currency", error))?;
    let shop_total = money(currency, "total", wire.total)?;
    let fields = fields(wire);
    let mut lines = lines(wire, rules, currency)?;
    let stated_vat = match wire.total_tax.0 {
        Some(_) => Some(money(currency, "total_tax", wire.total_tax)?),
        None => None,
    };
    if let Some(stated) = stated_vat {
        round_as_the_sum(&mut lines, stated)?;
    }
    let gift_cards = GiftCards::take(wire, rules, &mut lines, shop_total)?;
    let total_vat = match stated_vat {
        Some(stated) => stated,
        None => sum_of_vat(currency, &lines)?,
    };
    let refunded = refunded(wire, currency)?;
    let created_at = time("date_created_gmt", &wire.date_created_gmt)?
        .ok_or_else(|| unreadable("date_created_gmt", "the order has no creation time"))?;
    let paid_at = time("date_paid_gmt", &wire.date_paid_gmt)?;
    let shipped_at = time("date_completed_gmt", &wire.date_completed_gmt)?;
    let status = wire.status.trimmed();
    let payment_state = payment_state(status, paid_at.is_some(), refunded, shop_total);
    Ok(Order {
        id: EntityId::new(id),
        number: wire.number.given().unwrap_or(id).to_owned(),
        currency,
        state: status.to_owned(),
        payment_state,
        payment_state_text: String::new(),
        fulfilment_state: fulfilment_state(status, shipped_at.is_some()),
        cancelled: matches!(status, "cancelled" | "trash"),
        test: review::is_test(wire),
        fraud_hold: review::is_held(wire),
        taxed_in: taxed_in(wire),
        created_at,
        modified_at: time("date_modified_gmt", &wire.date_modified_gmt)?.unwrap_or(created_at),
        paid_at,
        shipped_at,
        prices_include_vat: wire.prices_include_tax.0,
        customer: customer(wire, rules, &fields),
        payments: payments(wire, details, payment_state, paid_at, &gift_cards, shop_total)?,
        lines,
        total_vat,
        total: gift_cards.total,
        payment_method: wire.payment_method.owned(),
        payment_method_title: readable(&wire.payment_method_title),
        note: wire.customer_note.owned(),
        purchase_order_number: None,
        discount_codes: wire.coupon_lines.0.iter().map(|coupon| coupon.code.owned()).collect(),
        tags: Vec::new(),
        fields,
        refunded,
        refunds: refunds::of(wire, details, currency)?,
        deleted: status == "trash",
    })
}

/// Code of what an order is refused with that cannot be read.
pub(super) const UNREADABLE: &str = "unreadable";

pub(super) fn unreadable(place: &str, problem: impl std::fmt::Display) -> Failure {
    rejected(UNREADABLE, format!("the order cannot be read at {place}: {problem}"))
}

pub(super) fn money(currency: Currency, place: &str, amount: Amount) -> Result<Money, Failure> {
    let amount = amount.0.ok_or_else(|| unreadable(place, "the amount is missing"))?;
    Money::from_decimal(amount, currency).map_err(|error| unreadable(place, error))
}

pub(super) fn money_or_zero(currency: Currency, place: &str, amount: Amount) -> Result<Money, Failure> {
    if amount.0.is_none() { Ok(currency.zero()) } else { money(currency, place, amount) }
}

pub(super) fn reckoned(result: Result<Money, domain::MoneyError>) -> Result<Money, Failure> {
    result.map_err(|error| unreadable("the sums", error))
}

pub(super) fn readable(text: &Text<'_>) -> String {
    decode_name(text.trimmed()).into_owned()
}

/// `*_gmt` times are UTC without saying so; a zone, where a plugin adds one, is heeded.
pub(super) fn time(place: &str, text: &Text<'_>) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = text.given() else { return Ok(None) };
    // A refused text costs more than a read one, so the usual form, without a zone behind its time, is not tried as a zoned one.
    let zoned = text.get(10..).is_some_and(|time| time.contains(['Z', 'z', '+', '-', '[']));
    if zoned && let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(Some(timestamp));
    }
    let civil: DateTime = text.parse().map_err(|_| unreadable(place, "not a time"))?;
    TimeZone::UTC.to_timestamp(civil).map(Some).map_err(|_| unreadable(place, "not a time"))
}

/// Reads the time of a change in a listing.
pub(super) fn changed_at(changed: &wire::Changed<'_>) -> Result<Timestamp, Failure> {
    let modified = time("date_modified_gmt", &changed.date_modified_gmt)?;
    let created = time("date_created_gmt", &changed.date_created_gmt)?;
    modified.or(created).ok_or_else(|| unreadable("date_modified_gmt", "the order has no time of change"))
}

/// The country of the rates that VAT was charged by. A rate's code is country, state, name and priority, of which the first two may
/// be missing (`DK-MOMS-1`): a sale that was collected in Denmark is taxed there, whatever country the buyer is billed in.
fn taxed_in(wire: &wire::Order<'_>) -> Option<String> {
    let charged = |line: &&wire::TaxLine<'_>| {
        [line.tax_total, line.shipping_tax_total].iter().any(|sum| sum.0.is_some_and(|sum| !sum.is_zero()))
    };
    let country = |line: &wire::TaxLine<'_>| {
        let code = line.rate_code.trimmed();
        let (country, rest) = code.split_once('-')?;
        let is_country = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        (is_country && rest.contains('-')).then(|| country.to_owned())
    };
    let mut countries = wire.tax_lines.0.iter().filter(charged).map(country);
    let first = countries.next()??;
    countries.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// When a product was last changed, where the shop says it.
pub(super) fn product_changed_at(item: &wire::Item<'_>) -> Result<Option<Timestamp>, Failure> {
    time("date_modified_gmt", &item.date_modified_gmt)
}

/// WooCommerce has no payment state of its own: `date_paid` says it, and core sets that date at the latest when an order
/// is completed, so an imported order that is completed without it is paid too.
fn payment_state(status: &str, dated: bool, refunded: Money, total: Money) -> PaymentState {
    let whole = !refunded.is_zero() && refunded.minor() >= total.minor();
    if status == "refunded" || whole {
        PaymentState::Refunded
    } else if !refunded.is_zero() {
        PaymentState::PartlyRefunded
    } else if dated || status == "completed" {
        PaymentState::Paid
    } else {
        PaymentState::Unpaid
    }
}

fn fulfilment_state(status: &str, completed: bool) -> FulfilmentState {
    if status == "completed" || (status == "refunded" && completed) {
        FulfilmentState::Fulfilled
    } else {
        FulfilmentState::Unfulfilled
    }
}

fn refunded(wire: &wire::Order<'_>, currency: Currency) -> Result<Money, Failure> {
    wire.refunds.0.iter().enumerate().try_fold(currency.zero(), |sum, (index, refund)| {
        let amount = money_or_zero(currency, &format!("refunds[{index}].total"), refund.total)?;
        reckoned(amount.absolute().and_then(|amount| sum.plus(amount)))
    })
}

/// Text and numbers of extra fields, within bounds.
fn fields(wire: &wire::Order<'_>) -> Vec<(String, String)> {
    let value = |meta: &wire::Meta<'_>| -> Option<String> {
        let raw = meta.value?.get();
        if raw.len() > LONGEST_FIELD || raw.starts_with(['{', '[']) || raw == "null" {
            return None;
        }
        if raw.starts_with('"') { serde_json::from_str(raw).ok() } else { Some(raw.to_owned()) }
    };
    wire.meta_data
        .0
        .iter()
        .filter_map(|meta| Some((meta.key.given()?.to_owned(), value(meta)?)))
        .take(MOST_FIELDS)
        .collect()
}

fn customer(wire: &wire::Order<'_>, rules: &ReadingRules, fields: &[(String, String)]) -> Customer {
    let first = |keys: &[String]| -> Option<String> {
        keys.iter().find_map(|key| {
            let values = fields.iter().filter(|(name, _)| name == key).map(|(_, value)| value.trim());
            values.into_iter().find(|value| !value.is_empty()).map(str::to_owned)
        })
    };
    let nothing = wire::Address::default();
    let billing = wire.billing.as_ref().unwrap_or(&nothing);
    let delivery = wire.shipping.as_ref().map(address).filter(|address| !address.is_empty());
    Customer {
        shop_id: wire.customer_id.given().map(str::to_owned),
        email: billing.email.owned(),
        phone: billing.phone.owned(),
        billing: address(billing),
        delivery,
        company_number: first(&rules.company_number_fields),
        vat_number: first(&rules.vat_number_fields),
        ean: first(&rules.ean_fields),
        vat_exempt: fields.iter().any(|(key, value)| key == "is_vat_exempt" && value == "yes"),
    }
}

fn address(wire: &wire::Address<'_>) -> Address {
    let join = |one: &Text<'_>, other: &Text<'_>, between: &str| {
        let (one, other) = (decode_name(one.trimmed()), decode_name(other.trimmed()));
        if one.is_empty() || other.is_empty() {
            return if one.is_empty() { other } else { one }.into_owned();
        }
        [one.as_ref(), between, other.as_ref()].concat()
    };
    Address {
        name: join(&wire.first_name, &wire.last_name, " "),
        company: readable(&wire.company),
        street: join(&wire.address_1, &wire.address_2, "\n"),
        postcode: wire.postcode.owned(),
        city: readable(&wire.city),
        state: readable(&wire.state),
        country: wire.country.trimmed().to_uppercase(),
    }
}

fn lines(
    wire: &wire::Order<'_>,
    rules: &ReadingRules,
    currency: Currency,
) -> Result<Vec<OrderLine>, Failure> {
    let lists = [
        ("line_items", LineKind::Product, &wire.line_items),
        ("shipping_lines", LineKind::Shipping, &wire.shipping_lines),
        ("fee_lines", LineKind::Fee, &wire.fee_lines),
    ];
    let count: usize = lists.iter().map(|(_, _, list)| list.0.len()).sum();
    if count > MOST_LINES {
        return Err(rejected(
            "too-many-lines",
            format!("the order has {count} lines, at most {MOST_LINES} are read"),
        ));
    }
    let mut lines = Vec::with_capacity(count);
    for (name, kind, list) in lists {
        for (index, wire_line) in list.0.iter().enumerate() {
            let place = Place { list: name, index };
            let kind = if kind == LineKind::Product && sells_gift_card(wire_line, rules) {
                LineKind::GiftCardSold
            } else {
                kind
            };
            lines.push(line(wire_line, kind, place, &wire.tax_lines.0, currency)?);
        }
    }
    Ok(lines)
}

/// Core has no mark for gift cards: the merchant names the products.
fn sells_gift_card(line: &wire::Line<'_>, rules: &ReadingRules) -> bool {
    let ids = [line.sku.given(), line.product_id.given(), line.variation_id.given()];
    rules.gift_card_products.iter().any(|product| ids.contains(&Some(product.as_str())))
}

/// Where a line stands, for messages.
#[derive(Clone, Copy)]
struct Place {
    list: &'static str,
    index: usize,
}

impl Place {
    fn field(self, name: &str) -> String {
        format!("{}[{}].{name}", self.list, self.index)
    }

    fn money(self, currency: Currency, name: &str, amount: Amount) -> Result<Money, Failure> {
        let amount = amount.0.ok_or_else(|| unreadable(&self.field(name), "the amount is missing"))?;
        Money::from_decimal(amount, currency).map_err(|error| unreadable(&self.field(name), error))
    }

    fn money_or_zero(self, currency: Currency, name: &str, amount: Amount) -> Result<Money, Failure> {
        if amount.0.is_none() { Ok(currency.zero()) } else { self.money(currency, name, amount) }
    }
}

fn line(
    wire: &wire::Line<'_>,
    kind: LineKind,
    place: Place,
    rates: &[wire::TaxLine<'_>],
    currency: Currency,
) -> Result<OrderLine, Failure> {
    let net = place.money(currency, "total", wire.total)?;
    let before =
        if wire.subtotal.0.is_some() { place.money(currency, "subtotal", wire.subtotal)? } else { net };
    let vat = place.money_or_zero(currency, "total_tax", wire.total_tax)?;
    let name = if wire.name.given().is_some() { &wire.name } else { &wire.method_title };
    let product = wire.variation_id.given().or_else(|| wire.product_id.given());
    Ok(OrderLine {
        id: wire.id.0.to_string(),
        kind,
        sku: wire.sku.given().map(str::to_owned),
        product_id: product.map(str::to_owned),
        name: readable(name),
        quantity: if place.list == "line_items" {
            wire.quantity.0.unwrap_or(Decimal::ONE)
        } else {
            Decimal::ONE
        },
        // A price raised by hand after checkout makes the subtotal the lower of the two: that is no discount.
        net_before_discount: if before.minor() > net.minor() { before } else { net },
        net,
        vat: vat_amounts(wire, vat, place, rates, currency)?,
    })
}

/// The line's VAT over its rates, adding up to the line's own `total_tax`. What `taxes[]` says too much or too little
/// goes to the largest amount.
fn vat_amounts(
    wire: &wire::Line<'_>,
    vat: Money,
    place: Place,
    rates: &[wire::TaxLine<'_>],
    currency: Currency,
) -> Result<Vec<VatAmount>, Failure> {
    let mut amounts = Vec::with_capacity(wire.taxes.0.len());
    for (index, tax) in wire.taxes.0.iter().enumerate() {
        let Some(stated) = tax.total.0 else { continue };
        let at = || format!("{}[{}].taxes[{index}].total", place.list, place.index);
        let amount = Money::round_decimal(stated, currency).map_err(|error| unreadable(&at(), error))?;
        let rate = rates.iter().find(|rate| rate.rate_id == tax.id);
        amounts.push(VatAmount {
            rate: rate.and_then(|rate| rate.rate_percent.0).map(Percentage::new),
            amount,
            label: rate.map(|rate| readable(&rate.label)).unwrap_or_default(),
            compound: rate.is_some_and(|rate| rate.compound.0),
            remitted_by_marketplace: false,
        });
    }
    let stated = reckoned(Money::sum(currency, amounts.iter().map(|vat| vat.amount)))?;
    let difference = reckoned(vat.minus(stated))?;
    if difference.is_zero() {
        return Ok(amounts);
    }
    match amounts.iter_mut().max_by_key(|vat| vat.amount.minor().unsigned_abs()) {
        Some(largest) => largest.amount = reckoned(largest.amount.plus(difference))?,
        None => amounts.push(VatAmount {
            rate: None,
            amount: vat,
            label: String::new(),
            compound: false,
            remitted_by_marketplace: false,
        }),
    }
    Ok(amounts)
}

/// A shop that rounds its tax at the subtotal states lines that are each rounded, and a sum that is not theirs (1.87 three times beside
/// 5.60). The sum is what the buyer paid: at most a smallest unit for each taxed line goes to the largest VAT, so that nothing is
/// dropped. More than that stays, and the order does not agree with itself.
fn round_as_the_sum(lines: &mut [OrderLine], stated: Money) -> Result<(), Failure> {
    let currency = stated.currency();
    let off = reckoned(stated.minus(sum_of_vat(currency, lines)?))?;
    if off.is_zero() {
        return Ok(());
    }
    let amounts = lines.iter_mut().flat_map(|line| line.vat.iter_mut());
    let mut taxed: Vec<&mut VatAmount> = amounts.filter(|vat| !vat.amount.is_zero()).collect();
    let bound = i64::try_from(taxed.len()).unwrap_or(i64::MAX).saturating_mul(currency.smallest_unit());
    if off.minor().saturating_abs() > bound {
        return Ok(());
    }
    // The first of several that are alike, so that the order reads the same each time.
    let largest = taxed.iter_mut().rev().max_by_key(|vat| vat.amount.minor().unsigned_abs());
    if let Some(largest) = largest {
        largest.amount = reckoned(largest.amount.plus(off))?;
    }
    Ok(())
}

fn sum_of_vat(currency: Currency, lines: &[OrderLine]) -> Result<Money, Failure> {
    lines
        .iter()
        .try_fold(currency.zero(), |sum, line| reckoned(line.vat_total().and_then(|vat| sum.plus(vat))))
}

/// Gift cards that paid for the order, and what the buyer owed before them.
struct GiftCards {
    /// Key of the plugin's card or fee, and the amount, positive.
    used: Vec<(String, Money)>,
    total: Money,
}

impl GiftCards {
    /// Finds gift cards used and takes them out of the lines.
    ///
    /// Core knows none. A plugin that uses a negative fee is known by the fee's name, which the merchant gives; one that
    /// lowers the total beside the lines is believed when the sums prove it. Anything else stays as it is.
    fn take(
        wire: &wire::Order<'_>,
        rules: &ReadingRules,
        lines: &mut Vec<OrderLine>,
        shop_total: Money,
    ) -> Result<GiftCards, Failure> {
        let currency = shop_total.currency();
        let mut used = Vec::new();
        lines.retain(|line| {
            let named = rules
                .gift_card_fees
                .iter()
                .any(|name| name.trim().to_lowercase() == line.name.to_lowercase());
            let is_card = named
                && line.kind == LineKind::Fee
                && line.net.is_negative()
                && line.vat.iter().all(|vat| vat.amount.is_zero());
            if is_card {
                used.push((line.id.clone(), line.net));
            }
            !is_card
        });
        let mut total = shop_total;
        for (_, amount) in &mut used {
            *amount = reckoned(amount.negated())?;
            total = reckoned(total.plus(*amount))?;
        }
        let mut declared = Vec::new();
        for (index, card) in wire.gift_cards.0.iter().enumerate() {
            let amount = money_or_zero(currency, &format!("gift_cards[{index}].amount"), card.amount)?;
            declared.push((card.id.to_string(), reckoned(amount.absolute())?));
        }
        let nets = lines.iter().map(|line| line.net);
        let owed =
            reckoned(Money::sum(currency, nets).and_then(|net| net.plus(total_vat(lines, currency)?)))?;
        let lowered = reckoned(owed.minus(total))?;
        let sum = reckoned(Money::sum(currency, declared.iter().map(|(_, amount)| *amount)))?;
        if !sum.is_zero() && sum == lowered {
            used.extend(declared);
            total = owed;
        }
        Ok(GiftCards { used, total })
    }
}

fn total_vat(lines: &[OrderLine], currency: Currency) -> Result<Money, domain::MoneyError> {
    lines.iter().try_fold(currency.zero(), |sum, line| sum.plus(line.vat_total()?))
}

/// A payment method has no transactions in WooCommerce: what the shop calls paid is one capture of what it says is owed.
fn payments(
    wire: &wire::Order<'_>,
    details: &[wire::RefundDetail<'_>],
    state: PaymentState,
    paid_at: Option<Timestamp>,
    gift_cards: &GiftCards,
    shop_total: Money,
) -> Result<Vec<Payment>, Failure> {
    let currency = shop_total.currency();
    let mut payments: Vec<Payment> = gift_cards
        .used
        .iter()
        .map(|(card, amount)| Payment {
            method: "gift_card".to_owned(),
            title: String::new(),
            kind: PaymentKind::Capture,
            amount: *amount,
            transaction: card.clone(),
            gift_card: true,
            at: paid_at,
        })
        .collect();
    let own = |kind: PaymentKind, amount: Money, transaction: String, at: Option<Timestamp>| Payment {
        method: wire.payment_method.owned(),
        title: readable(&wire.payment_method_title),
        kind,
        amount,
        transaction,
        gift_card: false,
        at,
    };
    let captured = paid_at.is_some() || state == PaymentState::Paid;
    if captured && shop_total.minor() > 0 {
        payments.push(own(PaymentKind::Capture, shop_total, wire.transaction_id.owned(), paid_at));
    }
    for (index, refund) in wire.refunds.0.iter().enumerate() {
        let amount = money_or_zero(currency, &format!("refunds[{index}].total"), refund.total)?;
        let amount = reckoned(amount.absolute())?;
        if amount.is_zero() {
            continue;
        }
        let id = refund.id.to_string();
        let detail = details.iter().find(|detail| detail.id.to_string() == id);
        let by_hand = detail.and_then(|detail| detail.refunded_payment.as_ref()).is_some_and(|flag| !flag.0);
        let payment = own(PaymentKind::Refund, amount, id, None);
        payments.push(if by_hand {
            // The gateway knows nothing of it: the shop does not say from where the money was taken.
            Payment { method: MANUAL_REFUND.to_owned(), title: String::new(), ..payment }
        } else {
            payment
        });
    }
    Ok(payments)
}
