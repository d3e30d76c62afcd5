//! An order as the Admin interface answers it in GraphQL, and the documents that ask for it.
//!
//! What was read in several answers (long orders, refunds' units) is kept as one text, [`Kept`], from which the order can
//! be read again without a call.

use domain::Failure;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::refunded::{self, RefundedUnits};
use super::{
    Address, Buyer, Line, Refund, ShopOrder, Tax, Transaction, given, joined, plus, time, unreadable,
};
use crate::json::{Amount, Flag, List, Text};

/// Lines in the first answer, and in each further one. A query may cost 1000 points, and each line some twenty.
pub(in crate::shopify) const FIRST_LINES: usize = 25;
/// Lines in each further answer.
pub(in crate::shopify) const MORE_LINES: usize = 40;
/// Most refunds of one order, most transactions, freight lines and extra fields that are read.
pub(in crate::shopify) const MOST_REFUNDS: usize = 20;
/// Most transactions.
pub(in crate::shopify) const MOST_TRANSACTIONS: usize = 50;
/// Most freight lines.
pub(in crate::shopify) const MOST_SHIPPING_LINES: usize = 10;

/// What a line is asked for.
macro_rules! line_fields {
    () => {
        "id name sku quantity currentQuantity isGiftCard variant { id } product { id } \
         originalUnitPriceSet { shopMoney { amount currencyCode } } \
         discountAllocations { allocatedAmountSet { shopMoney { amount currencyCode } } } \
         taxLines { title rate channelLiable priceSet { shopMoney { amount currencyCode } } } \
         duties { id price { shopMoney { amount currencyCode } } \
         taxLines { title rate channelLiable priceSet { shopMoney { amount currencyCode } } } }"
    };
}

/// The whole order, with the first of its lines.
pub(in crate::shopify) const ORDER: &str = concat!(
    "query BogbroOrder($id: ID!, $lines: Int!, $shipping: Int!, $transactions: Int!, $refunds: Int!) { order(id: $id) { \
     id name currencyCode taxesIncluded dutiesIncluded test cancelledAt closedAt createdAt updatedAt processedAt riskLevel \
     displayFinancialStatus displayFulfillmentStatus email phone note poNumber tags taxExempt paymentGatewayNames discountCodes \
     customAttributes { key value } localizedFields(first: 10) { nodes { key value } } \
     customer { id firstName lastName email phone taxExempt } \
     billingAddress { firstName lastName name company address1 address2 zip city province countryCodeV2 phone } \
     shippingAddress { firstName lastName name company address1 address2 zip city province countryCodeV2 phone } \
     purchasingEntity { ... on PurchasingCompany { company { name } location { taxRegistrationId } } } \
     totalPriceSet { shopMoney { amount currencyCode } } totalTaxSet { shopMoney { amount currencyCode } } \
     currentTotalPriceSet { shopMoney { amount currencyCode } } currentTotalTaxSet { shopMoney { amount currencyCode } } \
     totalTipReceivedSet { shopMoney { amount currencyCode } } \
     totalCashRoundingAdjustment { paymentSet { shopMoney { amount currencyCode } } } \
     additionalFees { id name price { shopMoney { amount currencyCode } } \
     taxLines { title rate channelLiable priceSet { shopMoney { amount currencyCode } } } } \
     shippingLines(first: $shipping, includeRemovals: true) { nodes { id title isRemoved \
     discountedPriceSet { shopMoney { amount currencyCode } } \
     discountAllocations { allocatedAmountSet { shopMoney { amount currencyCode } } } \
     taxLines { title rate channelLiable priceSet { shopMoney { amount currencyCode } } } } pageInfo { hasNextPage } } \
     transactions(first: $transactions) { id kind status gateway formattedGateway paymentId test createdAt processedAt \
     amountSet { shopMoney { amount currencyCode } } } \
     fulfillments(first: 20) { status createdAt } \
     refunds(first: $refunds) { id createdAt totalRefundedSet { shopMoney { amount currencyCode } } } \
     lineItems(first: $lines) { nodes { ",
    line_fields!(),
    " } pageInfo { hasNextPage endCursor } } } }"
);

/// Further lines of an order.
pub(in crate::shopify) const LINES: &str = concat!(
    "query BogbroLines($id: ID!, $lines: Int!, $after: String!) { order(id: $id) { \
     id updatedAt lineItems(first: $lines, after: $after) { nodes { ",
    line_fields!(),
    " } pageInfo { hasNextPage endCursor } } } }"
);

/// All that was read of one order, as one text.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::shopify) struct Kept<'a> {
    /// The node of [`ORDER`].
    #[serde(borrow)]
    pub(in crate::shopify) order: &'a RawValue,
    /// The nodes of [`LINES`].
    #[serde(borrow, default)]
    pub(in crate::shopify) further_lines: Vec<&'a RawValue>,
    /// The node of [`super::refunded::REFUNDED_UNITS`].
    #[serde(borrow, default)]
    pub(in crate::shopify) refunded_units: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct Node<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow)]
    currency_code: Text<'a>,
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
    risk_level: Text<'a>,
    #[serde(borrow, default)]
    display_financial_status: Text<'a>,
    #[serde(borrow, default)]
    display_fulfillment_status: Text<'a>,
    #[serde(borrow, default)]
    email: Text<'a>,
    #[serde(borrow, default)]
    phone: Text<'a>,
    #[serde(borrow, default)]
    note: Text<'a>,
    #[serde(borrow, default)]
    po_number: Text<'a>,
    #[serde(borrow, default)]
    tags: List<Text<'a>>,
    #[serde(default)]
    tax_exempt: Flag,
    #[serde(borrow, default)]
    payment_gateway_names: List<Text<'a>>,
    #[serde(borrow, default)]
    discount_codes: List<Text<'a>>,
    #[serde(borrow, default)]
    custom_attributes: List<Attribute<'a>>,
    #[serde(borrow, default)]
    localized_fields: Connection<Attribute<'a>>,
    #[serde(borrow, default)]
    customer: Option<GraphCustomer<'a>>,
    #[serde(borrow, default)]
    billing_address: Option<GraphAddress<'a>>,
    #[serde(borrow, default)]
    shipping_address: Option<GraphAddress<'a>>,
    #[serde(borrow, default)]
    purchasing_entity: Option<Entity<'a>>,
    #[serde(borrow)]
    total_price_set: Bag<'a>,
    #[serde(borrow, default)]
    total_tax_set: Option<Bag<'a>>,
    #[serde(borrow, default)]
    current_total_price_set: Option<Bag<'a>>,
    #[serde(borrow, default)]
    current_total_tax_set: Option<Bag<'a>>,
    #[serde(borrow, default)]
    total_tip_received_set: Option<Bag<'a>>,
    #[serde(borrow, default)]
    total_cash_rounding_adjustment: Option<CashRounding<'a>>,
    #[serde(borrow, default)]
    additional_fees: List<GraphFee<'a>>,
    #[serde(borrow, default)]
    shipping_lines: Connection<GraphShipping<'a>>,
    #[serde(borrow, default)]
    transactions: List<GraphTransaction<'a>>,
    #[serde(borrow, default)]
    refunds: List<GraphRefund<'a>>,
    #[serde(borrow, default)]
    fulfillments: List<GraphFulfilment<'a>>,
    #[serde(borrow, default)]
    line_items: Connection<GraphLine<'a>>,
}

/// A page of a connection.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"), rename_all = "camelCase")]
pub(in crate::shopify) struct Connection<T> {
    #[serde(default)]
    pub(in crate::shopify) nodes: Vec<T>,
    #[serde(default)]
    pub(in crate::shopify) page_info: PageInfo,
}

impl<T> Default for Connection<T> {
    fn default() -> Self {
        Connection { nodes: Vec::new(), page_info: PageInfo::default() }
    }
}

/// Where a connection goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct PageInfo {
    #[serde(default)]
    pub(in crate::shopify) has_next_page: Flag,
    #[serde(default)]
    pub(in crate::shopify) end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Attribute<'a> {
    #[serde(borrow, default)]
    key: Text<'a>,
    #[serde(borrow, default)]
    value: Text<'a>,
}

/// An amount in both currencies; only the shop's is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bag<'a> {
    #[serde(borrow)]
    shop_money: GraphMoney<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphMoney<'a> {
    amount: Amount,
    #[serde(borrow, default)]
    currency_code: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CashRounding<'a> {
    #[serde(borrow, default)]
    payment_set: Option<Bag<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphCustomer<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
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
#[serde(rename_all = "camelCase")]
struct GraphAddress<'a> {
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
    country_code_v2: Text<'a>,
    #[serde(borrow, default)]
    phone: Text<'a>,
}

#[derive(Debug, Deserialize)]
struct Entity<'a> {
    #[serde(borrow, default)]
    company: Option<Company<'a>>,
    #[serde(borrow, default)]
    location: Option<Location<'a>>,
}

#[derive(Debug, Deserialize)]
struct Company<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(borrow, default)]
    tax_registration_id: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphLine<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    sku: Text<'a>,
    #[serde(default)]
    quantity: Amount,
    #[serde(default)]
    current_quantity: Amount,
    #[serde(default)]
    is_gift_card: Flag,
    #[serde(borrow, default)]
    variant: Option<Resource<'a>>,
    #[serde(borrow, default)]
    product: Option<Resource<'a>>,
    #[serde(borrow)]
    original_unit_price_set: Bag<'a>,
    #[serde(borrow, default)]
    discount_allocations: List<GraphAllocation<'a>>,
    #[serde(borrow, default)]
    tax_lines: List<GraphTax<'a>>,
    #[serde(borrow, default)]
    duties: List<GraphFee<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Resource<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphAllocation<'a> {
    #[serde(borrow)]
    allocated_amount_set: Bag<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphTax<'a> {
    #[serde(borrow, default)]
    title: Text<'a>,
    #[serde(default)]
    rate: Amount,
    #[serde(default)]
    channel_liable: Flag,
    #[serde(borrow)]
    price_set: Bag<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphFee<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow)]
    price: Bag<'a>,
    #[serde(borrow, default)]
    tax_lines: List<GraphTax<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphShipping<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    title: Text<'a>,
    #[serde(default)]
    is_removed: Flag,
    /// After discounts, and with tax when the order's prices have it; `originalPriceSet` is documented as always without.
    #[serde(borrow)]
    discounted_price_set: Bag<'a>,
    #[serde(borrow, default)]
    discount_allocations: List<GraphAllocation<'a>>,
    #[serde(borrow, default)]
    tax_lines: List<GraphTax<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphTransaction<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    gateway: Text<'a>,
    #[serde(borrow, default)]
    formatted_gateway: Text<'a>,
    #[serde(borrow, default)]
    payment_id: Text<'a>,
    #[serde(default)]
    test: Flag,
    #[serde(borrow, default)]
    created_at: Text<'a>,
    #[serde(borrow, default)]
    processed_at: Text<'a>,
    #[serde(borrow)]
    amount_set: Bag<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphRefund<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    created_at: Text<'a>,
    #[serde(borrow, default)]
    total_refunded_set: Option<Bag<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphFulfilment<'a> {
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    created_at: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FurtherLines<'a> {
    #[serde(borrow, default)]
    line_items: Connection<GraphLine<'a>>,
}

/// The number at the end of `gid://shopify/LineItem/123`; the whole text when it is something else.
pub(in crate::shopify) fn number(gid: &str) -> &str {
    let number = gid.rsplit('/').next().unwrap_or_default();
    let number = number.split('?').next().unwrap_or_default();
    if gid.starts_with("gid://shopify/") { number } else { gid }
}

/// Reads amounts of one order: all in one currency.
pub(super) struct Reader<'o> {
    currency: &'o str,
}

impl Reader<'_> {
    fn money(&self, place: &str, bag: &Bag<'_>) -> Result<Decimal, Failure> {
        match bag.shop_money.currency_code.given() {
            Some(code) if code != self.currency => {
                Err(unreadable(place, format!("the amount is in {code}, the order in {}", self.currency)))
            }
            _ => bag.shop_money.amount.0.ok_or_else(|| unreadable(place, "the amount is missing")),
        }
    }

    pub(super) fn optional(&self, place: &str, bag: Option<&Bag<'_>>) -> Result<Option<Decimal>, Failure> {
        bag.map(|bag| self.money(place, bag)).transpose()
    }

    fn taxes(&self, place: &str, taxes: &List<GraphTax<'_>>) -> Result<Vec<Tax>, Failure> {
        let read = |(index, tax): (usize, &GraphTax<'_>)| {
            Ok(Tax {
                title: tax.title.owned(),
                rate: tax.rate.0,
                amount: self.money(&format!("{place}.taxLines[{index}].priceSet"), &tax.price_set)?,
                channel_liable: tax.channel_liable.0,
            })
        };
        taxes.0.iter().enumerate().map(read).collect()
    }

    fn discount(&self, place: &str, parts: &List<GraphAllocation<'_>>) -> Result<Decimal, Failure> {
        parts.0.iter().enumerate().try_fold(Decimal::ZERO, |sum, (index, part)| {
            let at = format!("{place}.discountAllocations[{index}]");
            plus(&at, sum, self.money(&at, &part.allocated_amount_set)?)
        })
    }

    fn line(&self, place: &str, line: &GraphLine<'_>) -> Result<Line, Failure> {
        let quantity = line.quantity.0.unwrap_or(Decimal::ONE);
        let price = self.money(&format!("{place}.originalUnitPriceSet"), &line.original_unit_price_set)?;
        let product = line.variant.as_ref().or(line.product.as_ref());
        Ok(Line {
            id: number(line.id.trimmed()).to_owned(),
            gift_card: line.is_gift_card.0,
            sku: given(&line.sku),
            product_id: product.and_then(|product| given(&product.id)).map(|gid| number(&gid).to_owned()),
            name: line.name.owned(),
            quantity,
            current_quantity: line.current_quantity.0,
            removed: false,
            amount: price
                .checked_mul(quantity)
                .ok_or_else(|| unreadable(place, "the amount is too large"))?,
            discount: self.discount(place, &line.discount_allocations)?,
            taxes: self.taxes(place, &line.tax_lines)?,
        })
    }

    fn shipping(&self, place: &str, line: &GraphShipping<'_>) -> Result<Line, Failure> {
        let discounted = self.money(&format!("{place}.discountedPriceSet"), &line.discounted_price_set)?;
        let discount = self.discount(place, &line.discount_allocations)?;
        Ok(Line {
            id: number(line.id.trimmed()).to_owned(),
            name: line.title.owned(),
            quantity: Decimal::ONE,
            removed: line.is_removed.0,
            amount: plus(place, discounted, discount)?,
            discount,
            taxes: self.taxes(place, &line.tax_lines)?,
            ..Line::default()
        })
    }

    fn fee(&self, place: &str, fee: &GraphFee<'_>, name: &str) -> Result<Line, Failure> {
        Ok(Line {
            id: number(fee.id.trimmed()).to_owned(),
            name: fee.name.given().unwrap_or(name).to_owned(),
            quantity: Decimal::ONE,
            amount: self.money(&format!("{place}.price"), &fee.price)?,
            taxes: self.taxes(place, &fee.tax_lines)?,
            ..Line::default()
        })
    }

    fn transaction(&self, place: &str, wire: &GraphTransaction<'_>) -> Result<Transaction, Failure> {
        let processed = time(place, &wire.processed_at)?;
        Ok(Transaction {
            id: number(wire.id.trimmed()).to_owned(),
            kind: wire.kind.trimmed().to_lowercase(),
            status: wire.status.trimmed().to_lowercase(),
            gateway: wire.gateway.owned(),
            title: wire.formatted_gateway.owned(),
            reference: wire.payment_id.owned(),
            test: wire.test.0,
            amount: self.money(&format!("{place}.amountSet"), &wire.amount_set)?,
            at: processed.or(time(place, &wire.created_at)?),
        })
    }
}

/// Reads the order from all that was kept of it.
pub(in crate::shopify) fn read(kept: &Kept<'_>) -> Result<ShopOrder, Failure> {
    let node: Node<'_> = crate::json::read("the order", kept.order.get())?;
    let mut order = node.read()?;
    let reader = Reader { currency: node.currency_code.trimmed() };
    for raw in &kept.further_lines {
        let further: FurtherLines<'_> = crate::json::read("further lines of the order", raw.get())?;
        add_lines(&mut order, &reader, &further.line_items.nodes)?;
    }
    if let Some(raw) = kept.refunded_units {
        let units: RefundedUnits<'_> = crate::json::read("the refunds of the order", raw.get())?;
        refunded::add(&mut order, &reader, &units)?;
    }
    Ok(order)
}

fn add_lines(order: &mut ShopOrder, reader: &Reader<'_>, lines: &[GraphLine<'_>]) -> Result<(), Failure> {
    for line in lines {
        let place = format!("lineItems[{}]", order.lines.len());
        for (index, duty) in line.duties.0.iter().enumerate() {
            order.duties.push(reader.fee(&format!("{place}.duties[{index}]"), duty, "Duty")?);
        }
        order.lines.push(reader.line(&place, line)?);
    }
    Ok(())
}

impl Node<'_> {
    /// The cursor behind the last line, when there are more.
    pub(in crate::shopify) fn more_lines(&self) -> Option<&str> {
        let page = &self.line_items.page_info;
        page.end_cursor.as_deref().filter(|_| page.has_next_page.0)
    }

    /// True when money went back, so that it matters for what.
    pub(in crate::shopify) fn asks_for_refunded_units(&self) -> bool {
        self.refunds.0.iter().any(|refund| {
            let sum = refund.total_refunded_set.as_ref().and_then(|bag| bag.shop_money.amount.0);
            sum.is_some_and(|amount| !amount.is_zero())
        })
    }

    /// The global ids of the refunds.
    pub(in crate::shopify) fn refund_ids(&self) -> Vec<&str> {
        self.refunds.0.iter().map(|refund| refund.id.trimmed()).collect()
    }

    fn read(&self) -> Result<ShopOrder, Failure> {
        if self.shipping_lines.page_info.has_next_page.0 {
            return Err(unreadable(
                "shippingLines",
                format!("more than {MOST_SHIPPING_LINES} freight lines"),
            ));
        }
        if self.transactions.0.len() >= MOST_TRANSACTIONS || self.refunds.0.len() >= MOST_REFUNDS {
            return Err(unreadable("transactions", "more transactions or refunds than are read"));
        }
        let currency = self.currency_code.trimmed();
        let reader = Reader { currency };
        let rounding = self.total_cash_rounding_adjustment.as_ref().and_then(|sum| sum.payment_set.as_ref());
        let mut order = ShopOrder {
            id: number(self.id.trimmed()).to_owned(),
            name: self.name.owned(),
            currency: currency.to_owned(),
            taxes_included: self.taxes_included.0,
            duties_included: self.duties_included.0,
            test: self.test.0,
            cancelled: self.cancelled_at.given().is_some(),
            closed: self.closed_at.given().is_some(),
            high_risk: self.risk_level.trimmed() == "HIGH",
            created_at: time("createdAt", &self.created_at)?,
            updated_at: time("updatedAt", &self.updated_at)?,
            processed_at: time("processedAt", &self.processed_at)?,
            fulfilled_at: self.fulfilled_at()?,
            financial: self.display_financial_status.trimmed().to_lowercase(),
            fulfilment: fulfilment_word(self.display_fulfillment_status.trimmed()),
            email: self.email.owned(),
            phone: self.phone.owned(),
            note: self.note.owned(),
            purchase_order_number: given(&self.po_number),
            tags: self.tags.0.iter().filter_map(given).collect(),
            attributes: self.attributes(),
            discount_codes: self.discount_codes.0.iter().filter_map(given).collect(),
            gateways: self.payment_gateway_names.0.iter().filter_map(given).collect(),
            tax_exempt: self.tax_exempt.0,
            customer: self.customer.as_ref().map(buyer),
            billing: self.billing_address.as_ref().map(address),
            shipping: self.shipping_address.as_ref().map(address),
            company: self.company(),
            tip: reader
                .optional("totalTipReceivedSet", self.total_tip_received_set.as_ref())?
                .unwrap_or_default(),
            cash_rounding: reader.optional("totalCashRoundingAdjustment", rounding)?.unwrap_or_default(),
            total: reader.money("totalPriceSet", &self.total_price_set)?,
            total_tax: reader.optional("totalTaxSet", self.total_tax_set.as_ref())?,
            current_total: reader.optional("currentTotalPriceSet", self.current_total_price_set.as_ref())?,
            current_tax: reader.optional("currentTotalTaxSet", self.current_total_tax_set.as_ref())?,
            transactions: Some(indexed("transactions", &self.transactions.0, |place, one| {
                reader.transaction(place, one)
            })?),
            refunds: indexed("refunds", &self.refunds.0, |place, one| refund(&reader, place, one))?,
            shipping_lines: indexed("shippingLines", &self.shipping_lines.nodes, |place, one| {
                reader.shipping(place, one)
            })?,
            fees: indexed("additionalFees", &self.additional_fees.0, |place, one| {
                reader.fee(place, one, "Fee")
            })?,
            ..ShopOrder::default()
        };
        add_lines(&mut order, &reader, &self.line_items.nodes)?;
        Ok(order)
    }

    fn fulfilled_at(&self) -> Result<Option<jiff::Timestamp>, Failure> {
        let mut last = None;
        for fulfilment in
            self.fulfillments.0.iter().filter(|fulfilment| fulfilment.status.trimmed() == "SUCCESS")
        {
            last = last.max(time("fulfillments.createdAt", &fulfilment.created_at)?);
        }
        Ok(last)
    }

    fn attributes(&self) -> Vec<(String, String)> {
        let pair = |attribute: &Attribute<'_>| Some((given(&attribute.key)?, attribute.value.owned()));
        self.custom_attributes.0.iter().chain(&self.localized_fields.nodes).filter_map(pair).collect()
    }

    fn company(&self) -> Option<(String, Option<String>)> {
        let entity = self.purchasing_entity.as_ref()?;
        let name = entity.company.as_ref()?.name.owned();
        Some((name, entity.location.as_ref().and_then(|location| given(&location.tax_registration_id))))
    }
}

fn indexed<W, T>(
    list: &str,
    items: &[W],
    read: impl Fn(&str, &W) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    items.iter().enumerate().map(|(index, item)| read(&format!("{list}[{index}]"), item)).collect()
}

/// GraphQL's display words in REST's words.
fn fulfilment_word(display: &str) -> String {
    match display {
        "FULFILLED" => "fulfilled".to_owned(),
        "PARTIALLY_FULFILLED" => "partial".to_owned(),
        "UNFULFILLED" => String::new(),
        other => other.to_lowercase(),
    }
}

fn buyer(customer: &GraphCustomer<'_>) -> Buyer {
    Buyer {
        id: given(&customer.id).map(|gid| number(&gid).to_owned()),
        name: joined(&[&customer.first_name, &customer.last_name], " "),
        email: customer.email.owned(),
        phone: customer.phone.owned(),
        tax_exempt: customer.tax_exempt.0,
    }
}

fn address(wire: &GraphAddress<'_>) -> Address {
    let name = joined(&[&wire.first_name, &wire.last_name], " ");
    Address {
        name: if name.is_empty() { wire.name.owned() } else { name },
        company: wire.company.owned(),
        street: joined(&[&wire.address1, &wire.address2], "\n"),
        postcode: wire.zip.owned(),
        city: wire.city.owned(),
        province: wire.province.owned(),
        country: wire.country_code_v2.trimmed().to_uppercase(),
        phone: wire.phone.owned(),
    }
}

fn refund(reader: &Reader<'_>, place: &str, wire: &GraphRefund<'_>) -> Result<Refund, Failure> {
    Ok(Refund {
        id: number(wire.id.trimmed()).to_owned(),
        at: time(place, &wire.created_at)?,
        paid: reader.optional(place, wire.total_refunded_set.as_ref())?.unwrap_or_default(),
        ..Refund::default()
    })
}

/// An order in a listing of changes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct Changed<'a> {
    #[serde(borrow)]
    pub(in crate::shopify) id: Text<'a>,
    #[serde(borrow)]
    pub(in crate::shopify) updated_at: Text<'a>,
}

/// The id that a [`Kept`] or a REST body begins with, to tell the shapes apart.
#[derive(Debug, Deserialize)]
pub(in crate::shopify) struct Probe<'a> {
    #[serde(borrow, default)]
    pub(in crate::shopify) order: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(in crate::shopify) id: Text<'a>,
}
