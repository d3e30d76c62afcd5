//! The REST resource of an order, as webhooks carry it.
//!
//! Every amount comes as plain text in the shop's currency, in newer versions also as a set with the buyer's currency
//! beside it. The set is preferred, since it says which currency it is; another one than the order's is refused.

use domain::Failure;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{
    Address, Buyer, GIFT_CARD, Line, Refund, RefundPart, ShopOrder, Tax, given, is_restocked, joined, plus,
    time, unreadable,
};
use crate::json::{Amount, Flag, Id, List, Text};

#[derive(Debug, Deserialize)]
pub(in crate::shopify) struct RestOrder<'a> {
    #[serde(borrow)]
    id: Id<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow)]
    currency: Text<'a>,
    #[serde(default)]
    taxes_included: Flag,
    #[serde(default)]
    duties_included: Flag,
    #[serde(default)]
    test: Flag,
    #[serde(borrow, default)]
    cancelled_at: Text<'a>,
    #[serde(borrow, default)]
    closed_at: Text<'a>,
    #[serde(borrow, default)]
    created_at: Text<'a>,
    #[serde(borrow, default)]
    updated_at: Text<'a>,
    #[serde(borrow, default)]
    processed_at: Text<'a>,
    #[serde(borrow, default)]
    financial_status: Text<'a>,
    #[serde(borrow, default)]
    fulfillment_status: Text<'a>,
    #[serde(borrow, default)]
    email: Text<'a>,
    #[serde(borrow, default)]
    contact_email: Text<'a>,
    #[serde(borrow, default)]
    phone: Text<'a>,
    #[serde(borrow, default)]
    note: Text<'a>,
    #[serde(borrow, default)]
    po_number: Text<'a>,
    #[serde(borrow, default)]
    tags: Text<'a>,
    #[serde(borrow, default)]
    note_attributes: List<Attribute<'a>>,
    #[serde(borrow, default)]
    discount_codes: List<Code<'a>>,
    #[serde(borrow, default)]
    payment_gateway_names: List<Text<'a>>,
    /// Before `payment_gateway_names`.
    #[serde(borrow, default)]
    gateway: Text<'a>,
    #[serde(default)]
    tax_exempt: Flag,
    #[serde(borrow, default)]
    customer: Option<RestCustomer<'a>>,
    #[serde(borrow, default)]
    billing_address: Option<RestAddress<'a>>,
    #[serde(borrow, default)]
    shipping_address: Option<RestAddress<'a>>,
    #[serde(borrow, default)]
    line_items: List<RestLine<'a>>,
    #[serde(borrow, default)]
    shipping_lines: List<RestLine<'a>>,
    #[serde(borrow, default)]
    additional_fees: List<RestFee<'a>>,
    #[serde(borrow, default)]
    original_total_additional_fees_set: Option<Set<'a>>,
    #[serde(default)]
    total_tip_received: Amount,
    #[serde(borrow, default)]
    total_cash_rounding_payment_adjustment_set: Option<Set<'a>>,
    total_price: Amount,
    #[serde(borrow, default)]
    total_price_set: Option<Set<'a>>,
    #[serde(default)]
    total_tax: Amount,
    #[serde(borrow, default)]
    total_tax_set: Option<Set<'a>>,
    #[serde(default)]
    current_total_price: Amount,
    #[serde(default)]
    current_total_tax: Amount,
    #[serde(borrow, default)]
    refunds: List<RestRefund<'a>>,
    #[serde(borrow, default)]
    fulfillments: List<Fulfilment<'a>>,
}

#[derive(Debug, Deserialize)]
struct Attribute<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    value: Text<'a>,
}

#[derive(Debug, Deserialize)]
struct Code<'a> {
    #[serde(borrow, default)]
    code: Text<'a>,
}

/// An amount in the shop's and in the buyer's currency.
#[derive(Debug, Deserialize)]
struct Set<'a> {
    #[serde(borrow, default)]
    shop_money: Option<SetMoney<'a>>,
}

#[derive(Debug, Deserialize)]
struct SetMoney<'a> {
    #[serde(default)]
    amount: Amount,
    #[serde(borrow, default)]
    currency_code: Text<'a>,
}

#[derive(Debug, Deserialize)]
struct RestCustomer<'a> {
    #[serde(borrow, default)]
    id: Id<'a>,
    #[serde(borrow, default)]
    first_name: Text<'a>,
    #[serde(borrow, default)]
    last_name: Text<'a>,
    #[serde(borrow, default)]
    email: Text<'a>,
    #[serde(borrow, default)]
    phone: Text<'a>,
    #[serde(default)]
    tax_exempt: Flag,
}

#[derive(Debug, Deserialize)]
struct RestAddress<'a> {
    #[serde(borrow, default)]
    first_name: Text<'a>,
    #[serde(borrow, default)]
    last_name: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    company: Text<'a>,
    #[serde(borrow, default)]
    address1: Text<'a>,
    #[serde(borrow, default)]
    address2: Text<'a>,
    #[serde(borrow, default)]
    zip: Text<'a>,
    #[serde(borrow, default)]
    city: Text<'a>,
    #[serde(borrow, default)]
    province: Text<'a>,
    #[serde(borrow, default)]
    country_code: Text<'a>,
    #[serde(borrow, default)]
    phone: Text<'a>,
}

/// A line of goods or of freight.
#[derive(Debug, Deserialize)]
struct RestLine<'a> {
    #[serde(borrow, default)]
    id: Id<'a>,
    #[serde(default)]
    gift_card: Flag,
    #[serde(borrow, default)]
    sku: Text<'a>,
    #[serde(borrow, default)]
    product_id: Id<'a>,
    #[serde(borrow, default)]
    variant_id: Id<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    title: Text<'a>,
    #[serde(default)]
    quantity: Amount,
    #[serde(default)]
    current_quantity: Amount,
    #[serde(default)]
    is_removed: Flag,
    #[serde(default)]
    price: Amount,
    #[serde(borrow, default)]
    price_set: Option<Set<'a>>,
    #[serde(borrow, default)]
    discount_allocations: List<Allocation<'a>>,
    #[serde(borrow, default)]
    tax_lines: List<RestTax<'a>>,
    #[serde(borrow, default)]
    duties: List<RestFee<'a>>,
}

#[derive(Debug, Deserialize)]
struct Allocation<'a> {
    #[serde(default)]
    amount: Amount,
    #[serde(borrow, default)]
    amount_set: Option<Set<'a>>,
}

#[derive(Debug, Deserialize)]
struct RestTax<'a> {
    #[serde(borrow, default)]
    title: Text<'a>,
    #[serde(default)]
    rate: Amount,
    #[serde(default)]
    price: Amount,
    #[serde(borrow, default)]
    price_set: Option<Set<'a>>,
    #[serde(default)]
    channel_liable: Flag,
}

/// A duty on a line, or an additional fee on the order.
#[derive(Debug, Deserialize)]
struct RestFee<'a> {
    #[serde(borrow, default)]
    id: Id<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(default)]
    price: Amount,
    #[serde(borrow, default)]
    price_set: Option<Set<'a>>,
    #[serde(borrow, default)]
    tax_lines: List<RestTax<'a>>,
}

#[derive(Debug, Deserialize)]
struct RestRefund<'a> {
    #[serde(borrow, default)]
    id: Id<'a>,
    #[serde(borrow, default)]
    created_at: Text<'a>,
    #[serde(borrow, default)]
    note: Text<'a>,
    #[serde(borrow, default)]
    refund_line_items: List<RefundLine<'a>>,
    /// Newer versions: freight given back, line by line.
    #[serde(borrow, default)]
    refund_shipping_lines: List<RefundFreight<'a>>,
    #[serde(borrow, default)]
    order_adjustments: List<Adjustment<'a>>,
    #[serde(borrow, default)]
    transactions: List<RefundTransaction<'a>>,
}

#[derive(Debug, Deserialize)]
struct RefundLine<'a> {
    #[serde(borrow, default)]
    line_item_id: Id<'a>,
    #[serde(default)]
    quantity: Amount,
    #[serde(default)]
    subtotal: Amount,
    #[serde(borrow, default)]
    subtotal_set: Option<Set<'a>>,
    #[serde(default)]
    total_tax: Amount,
    #[serde(borrow, default)]
    total_tax_set: Option<Set<'a>>,
    #[serde(borrow, default)]
    restock_type: Text<'a>,
}

#[derive(Debug, Deserialize)]
struct RefundFreight<'a> {
    #[serde(borrow, default)]
    shipping_line: Option<FreightLine<'a>>,
    #[serde(borrow, default)]
    subtotal_amount_set: Option<Set<'a>>,
    #[serde(borrow, default)]
    tax_amount_set: Option<Set<'a>>,
}

#[derive(Debug, Deserialize)]
struct FreightLine<'a> {
    #[serde(borrow, default)]
    id: Id<'a>,
}

/// Freight given back (`shipping_refund`), or what the paid sum differs by (`refund_discrepancy`); amounts are negative for money
/// that went to the buyer.
#[derive(Debug, Deserialize)]
struct Adjustment<'a> {
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(default)]
    amount: Amount,
    #[serde(borrow, default)]
    amount_set: Option<Set<'a>>,
    #[serde(default)]
    tax_amount: Amount,
    #[serde(borrow, default)]
    tax_amount_set: Option<Set<'a>>,
}

#[derive(Debug, Deserialize)]
struct RefundTransaction<'a> {
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    gateway: Text<'a>,
    #[serde(default)]
    amount: Amount,
}

#[derive(Debug, Deserialize)]
struct Fulfilment<'a> {
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    created_at: Text<'a>,
}

/// Reads amounts of one order: all in one currency.
struct Reader<'o> {
    currency: &'o str,
}

impl Reader<'_> {
    /// The shop's money of a set, else the plain amount; `None` when neither is there.
    fn money(&self, place: &str, plain: Amount, set: Option<&Set<'_>>) -> Result<Option<Decimal>, Failure> {
        let Some(shop) = set.and_then(|set| set.shop_money.as_ref()) else { return Ok(plain.0) };
        match shop.currency_code.given() {
            Some(code) if code != self.currency => {
                Err(unreadable(place, format!("the amount is in {code}, the order in {}", self.currency)))
            }
            _ => Ok(shop.amount.0.or(plain.0)),
        }
    }

    fn required(&self, place: &str, plain: Amount, set: Option<&Set<'_>>) -> Result<Decimal, Failure> {
        self.money(place, plain, set)?.ok_or_else(|| unreadable(place, "the amount is missing"))
    }

    fn taxes(&self, place: &str, taxes: &List<RestTax<'_>>) -> Result<Vec<Tax>, Failure> {
        let read = |(index, tax): (usize, &RestTax<'_>)| {
            Ok(Tax {
                title: tax.title.owned(),
                rate: tax.rate.0,
                amount: self.required(
                    &format!("{place}.tax_lines[{index}].price"),
                    tax.price,
                    tax.price_set.as_ref(),
                )?,
                channel_liable: tax.channel_liable.0,
            })
        };
        taxes.0.iter().enumerate().map(read).collect()
    }

    fn line(&self, place: &str, line: &RestLine<'_>, goods: bool) -> Result<Line, Failure> {
        let quantity = if goods { line.quantity.0.unwrap_or(Decimal::ONE) } else { Decimal::ONE };
        let price = self.required(&format!("{place}.price"), line.price, line.price_set.as_ref())?;
        let mut discount = Decimal::ZERO;
        for (index, part) in line.discount_allocations.0.iter().enumerate() {
            let at = format!("{place}.discount_allocations[{index}].amount");
            discount = plus(&at, discount, self.required(&at, part.amount, part.amount_set.as_ref())?)?;
        }
        let name = if line.name.given().is_some() { &line.name } else { &line.title };
        Ok(Line {
            id: line.id.to_string(),
            gift_card: line.gift_card.0,
            sku: given(&line.sku),
            product_id: line.variant_id.given().or_else(|| line.product_id.given()).map(str::to_owned),
            name: name.owned(),
            quantity,
            current_quantity: line.current_quantity.0.filter(|_| goods),
            removed: line.is_removed.0,
            amount: price
                .checked_mul(quantity)
                .ok_or_else(|| unreadable(place, "the amount is too large"))?,
            discount,
            taxes: self.taxes(place, &line.tax_lines)?,
        })
    }

    fn fee(&self, place: &str, fee: &RestFee<'_>, name: &str) -> Result<Line, Failure> {
        Ok(Line {
            id: fee.id.to_string(),
            name: fee.name.given().unwrap_or(name).to_owned(),
            quantity: Decimal::ONE,
            amount: self.required(&format!("{place}.price"), fee.price, fee.price_set.as_ref())?,
            taxes: self.taxes(place, &fee.tax_lines)?,
            ..Line::default()
        })
    }
}

impl RestOrder<'_> {
    /// The order in the form of both shapes.
    pub(in crate::shopify) fn read(&self) -> Result<ShopOrder, Failure> {
        let currency = self.currency.trimmed();
        let reader = Reader { currency };
        let mut duties = Vec::new();
        for (index, line) in self.line_items.0.iter().enumerate() {
            for (number, duty) in line.duties.0.iter().enumerate() {
                duties.push(reader.fee(&format!("line_items[{index}].duties[{number}]"), duty, "Duty")?);
            }
        }
        let rounding = self.total_cash_rounding_payment_adjustment_set.as_ref();
        Ok(ShopOrder {
            id: self.id.given().unwrap_or_default().to_owned(),
            name: self.name.owned(),
            currency: currency.to_owned(),
            taxes_included: self.taxes_included.0,
            duties_included: self.duties_included.0,
            test: self.test.0,
            cancelled: self.cancelled_at.given().is_some(),
            closed: self.closed_at.given().is_some(),
            high_risk: false,
            created_at: time("created_at", &self.created_at)?,
            updated_at: time("updated_at", &self.updated_at)?,
            processed_at: time("processed_at", &self.processed_at)?,
            fulfilled_at: self.fulfilled_at()?,
            financial: self.financial_status.owned(),
            fulfilment: self.fulfillment_status.owned(),
            email: self.email.given().or_else(|| self.contact_email.given()).unwrap_or_default().to_owned(),
            phone: self.phone.owned(),
            note: self.note.owned(),
            purchase_order_number: given(&self.po_number),
            tags: self
                .tags
                .0
                .split(',')
                .map(str::trim)
                .filter(|tag| !tag.is_empty())
                .map(str::to_owned)
                .collect(),
            attributes: self.attributes(),
            discount_codes: self.discount_codes.0.iter().filter_map(|code| given(&code.code)).collect(),
            gateways: self.gateways(),
            tax_exempt: self.tax_exempt.0,
            customer: self.customer.as_ref().map(buyer),
            billing: self.billing_address.as_ref().map(address),
            shipping: self.shipping_address.as_ref().map(address),
            company: None,
            lines: lines(&reader, "line_items", &self.line_items, true)?,
            shipping_lines: lines(&reader, "shipping_lines", &self.shipping_lines, false)?,
            duties,
            fees: self.fees(&reader)?,
            tip: self.total_tip_received.or_zero(),
            cash_rounding: reader.money("total_cash_rounding", Amount(None), rounding)?.unwrap_or_default(),
            total: reader.required("total_price", self.total_price, self.total_price_set.as_ref())?,
            total_tax: reader.money("total_tax", self.total_tax, self.total_tax_set.as_ref())?,
            current_total: self.current_total_price.0,
            current_tax: self.current_total_tax.0,
            transactions: None,
            refunds: self.refunds(&reader)?,
        })
    }

    fn refunds(&self, reader: &Reader<'_>) -> Result<Vec<Refund>, Failure> {
        let refunds = self.refunds.0.iter().enumerate();
        refunds.map(|(index, wire)| refund(reader, &format!("refunds[{index}]"), wire)).collect()
    }

    fn fulfilled_at(&self) -> Result<Option<jiff::Timestamp>, Failure> {
        let mut last = None;
        for fulfilment in
            self.fulfillments.0.iter().filter(|fulfilment| fulfilment.status.trimmed() == "success")
        {
            last = last.max(time("fulfillments.created_at", &fulfilment.created_at)?);
        }
        Ok(last)
    }

    fn attributes(&self) -> Vec<(String, String)> {
        let pair = |attribute: &Attribute<'_>| Some((given(&attribute.name)?, attribute.value.owned()));
        self.note_attributes.0.iter().filter_map(pair).collect()
    }

    fn gateways(&self) -> Vec<String> {
        let names: Vec<String> = self.payment_gateway_names.0.iter().filter_map(given).collect();
        if names.is_empty() { given(&self.gateway).into_iter().collect() } else { names }
    }

    /// Additional fees one by one where the shape lists them, else their sum.
    fn fees(&self, reader: &Reader<'_>) -> Result<Vec<Line>, Failure> {
        if !self.additional_fees.0.is_empty() {
            let fees = self.additional_fees.0.iter().enumerate();
            return fees
                .map(|(index, fee)| reader.fee(&format!("additional_fees[{index}]"), fee, "Fee"))
                .collect();
        }
        let set = self.original_total_additional_fees_set.as_ref();
        let sum = reader.money("original_total_additional_fees_set", Amount(None), set)?.unwrap_or_default();
        if sum.is_zero() {
            return Ok(Vec::new());
        }
        Ok(vec![Line {
            id: "additional-fees".to_owned(),
            name: "Fee".to_owned(),
            quantity: Decimal::ONE,
            amount: sum,
            ..Line::default()
        }])
    }
}

fn lines(
    reader: &Reader<'_>,
    list: &str,
    wire: &List<RestLine<'_>>,
    goods: bool,
) -> Result<Vec<Line>, Failure> {
    let read = |(index, line): (usize, &RestLine<'_>)| reader.line(&format!("{list}[{index}]"), line, goods);
    wire.0.iter().enumerate().map(read).collect()
}

fn buyer(customer: &RestCustomer<'_>) -> Buyer {
    Buyer {
        id: customer.id.given().map(str::to_owned),
        name: joined(&[&customer.first_name, &customer.last_name], " "),
        email: customer.email.owned(),
        phone: customer.phone.owned(),
        tax_exempt: customer.tax_exempt.0,
    }
}

fn address(wire: &RestAddress<'_>) -> Address {
    let name = joined(&[&wire.first_name, &wire.last_name], " ");
    Address {
        name: if name.is_empty() { wire.name.owned() } else { name },
        company: wire.company.owned(),
        street: joined(&[&wire.address1, &wire.address2], "\n"),
        postcode: wire.zip.owned(),
        city: wire.city.owned(),
        province: wire.province.owned(),
        country: wire.country_code.trimmed().to_uppercase(),
        phone: wire.phone.owned(),
    }
}

fn refund(reader: &Reader<'_>, place: &str, wire: &RestRefund<'_>) -> Result<Refund, Failure> {
    let went_back = |transaction: &&RefundTransaction<'_>| {
        transaction.status.trimmed() == "success" && transaction.kind.trimmed() == "refund"
    };
    let (mut paid, mut to_gift_cards) = (Decimal::ZERO, Decimal::ZERO);
    for transaction in wire.transactions.0.iter().filter(went_back) {
        paid = plus(place, paid, transaction.amount.or_zero())?;
        if transaction.gateway.trimmed() == GIFT_CARD {
            to_gift_cards = plus(place, to_gift_cards, transaction.amount.or_zero())?;
        }
    }
    let units =
        wire.refund_line_items.0.iter().map(|line| (line.line_item_id.to_string(), line.quantity.or_zero()));
    Ok(Refund {
        id: wire.id.to_string(),
        at: time(&format!("{place}.created_at"), &wire.created_at)?,
        paid,
        units: Some(units.collect()),
        note: wire.note.owned(),
        to_gift_cards,
        parts: parts(reader, place, wire)?,
    })
}

/// Goods line by line; freight from its own lines where the shape has them, else from the adjustments.
fn parts(reader: &Reader<'_>, place: &str, wire: &RestRefund<'_>) -> Result<Vec<RefundPart>, Failure> {
    let mut parts = Vec::new();
    for (index, line) in wire.refund_line_items.0.iter().enumerate() {
        let at = format!("{place}.refund_line_items[{index}]");
        parts.push(RefundPart {
            line: line.line_item_id.given().map(str::to_owned),
            quantity: line.quantity.or_zero(),
            amount: reader.money(&at, line.subtotal, line.subtotal_set.as_ref())?.unwrap_or_default(),
            tax: reader.money(&at, line.total_tax, line.total_tax_set.as_ref())?.unwrap_or_default(),
            restocked: Some(is_restocked(line.restock_type.trimmed())),
        });
    }
    for freight in &wire.refund_shipping_lines.0 {
        let amount = |set: Option<&Set<'_>>| reader.money(place, Amount(None), set);
        parts.push(RefundPart {
            line: freight.shipping_line.as_ref().and_then(|line| line.id.given()).map(str::to_owned),
            amount: amount(freight.subtotal_amount_set.as_ref())?.unwrap_or_default(),
            tax: amount(freight.tax_amount_set.as_ref())?.unwrap_or_default(),
            ..RefundPart::default()
        });
    }
    if !wire.refund_shipping_lines.0.is_empty() {
        return Ok(parts);
    }
    for adjustment in wire.order_adjustments.0.iter().filter(|one| one.kind.trimmed() == "shipping_refund") {
        let amount = reader.money(place, adjustment.amount, adjustment.amount_set.as_ref())?;
        let tax = reader.money(place, adjustment.tax_amount, adjustment.tax_amount_set.as_ref())?;
        parts.push(RefundPart {
            amount: -amount.unwrap_or_default(),
            tax: -tax.unwrap_or_default(),
            ..RefundPart::default()
        });
    }
    Ok(parts)
}
