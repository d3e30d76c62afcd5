//! Shopify orders in the REST shape that its webhooks carry, prices with VAT as a Danish shop has them.

use super::{Line, amount, line};
use crate::json::Json;
use crate::object;
use rust_decimal::Decimal;

struct Order {
    id: u64,
    currency: &'static str,
    country: &'static str,
    company: &'static str,
    financial: &'static str,
    gateway: &'static str,
    lines: Vec<Line>,
    shipping: (&'static str, &'static str, Option<&'static str>),
    code: Option<&'static str>,
    gift_card: Option<&'static str>,
    tip: &'static str,
    test: bool,
}

fn domestic(id: u64, lines: Vec<Line>) -> Order {
    Order {
        id,
        currency: "DKK",
        country: "DK",
        company: "",
        financial: "paid",
        gateway: "shopify_payments",
        lines,
        shipping: ("39.20", "9.80", Some("25")),
        code: None,
        gift_card: None,
        tip: "0.00",
        test: false,
    }
}

/// Six orders, each with what it shows: the order as its webhook carries it, and its transactions.
pub fn shopify_orders() -> Vec<(&'static str, String, Vec<Json>)> {
    let jug = || line("KANDE-1L", "Kande 1 l", 1, ("199.20", "49.80"), Some("25"));
    let tea = Line { discount: "20.00", ..line("TE-100", "Te 100 g", 3, ("100.00", "25.00"), Some("25")) };
    let german = vec![
        line("KRUS-BLAA", "Blåt krus", 2, ("27.73", "5.27"), Some("19")),
        line("TE-100", "Te 100 g", 1, ("14.02", "0.98"), Some("7")),
    ];
    vec![
        ("plain, paid", domestic(5_000_000_002_001, vec![jug()])),
        (
            "discount code over two lines",
            Order { code: Some("TE20"), ..domestic(5_000_000_002_002, vec![tea, jug()]) },
        ),
        (
            "one stop shop, two rates",
            Order {
                currency: "EUR",
                country: "DE",
                shipping: ("4.20", "0.80", Some("19")),
                ..domestic(5_000_000_002_003, german)
            },
        ),
        (
            "company, invoice not paid yet",
            Order {
                company: "Nørgård ApS",
                financial: "pending",
                gateway: "manual",
                ..domestic(5_000_000_002_004, vec![jug()])
            },
        ),
        (
            "gift card used, tip",
            Order { gift_card: Some("100.00"), tip: "20.00", ..domestic(5_000_000_002_005, vec![jug()]) },
        ),
        ("test order", Order { test: true, ..domestic(5_000_000_002_006, vec![jug()]) }),
    ]
    .into_iter()
    .map(|(what, order)| (what, render(&order).to_string(), transactions(&order)))
    .collect()
}

fn two(value: Decimal) -> String {
    format!("{value:.2}")
}

fn set(currency: &str, text: &str) -> Json {
    let money = object! { "amount": text, "currency_code": currency };
    object! { "shop_money": &money, "presentment_money": money }
}

fn tax_lines(order: &Order, rate: Option<&str>, tax: &str) -> Json {
    let Some(percent) = rate else { return Json::Array(Vec::new()) };
    let rate = (amount(percent) / Decimal::ONE_HUNDRED).normalize();
    Json::Array(vec![object! {
        "price": tax, "rate": Json::from(rate), "title": if order.country == "DE" { "MwSt." } else { "Moms" },
        "price_set": set(order.currency, tax), "channel_liable": false,
    }])
}

fn gross(line: &Line) -> Decimal {
    amount(line.net) + amount(line.tax)
}

/// The discount with VAT, as a shop that sells with VAT states it.
fn gross_discount(line: &Line) -> Decimal {
    let rate = line.rate.map(amount).unwrap_or_default();
    crate::economic::round(amount(line.discount) * (Decimal::ONE_HUNDRED + rate) / Decimal::ONE_HUNDRED, 2)
}

fn total(order: &Order) -> Decimal {
    let lines: Decimal = order.lines.iter().map(gross).sum();
    lines + amount(order.shipping.0) + amount(order.shipping.1) + amount(order.tip)
}

fn render(order: &Order) -> Json {
    let currency = order.currency;
    let number = order.id % 10_000;
    let subtotal: Decimal = order.lines.iter().map(gross).sum();
    let discount: Decimal = order.lines.iter().map(gross_discount).sum();
    let tax: Decimal =
        order.lines.iter().map(|line| amount(line.tax)).sum::<Decimal>() + amount(order.shipping.1);
    let total = two(total(order));
    let shipping = two(amount(order.shipping.0) + amount(order.shipping.1));
    let at = "2026-11-20T11:20:00+01:00";
    let mut gateways = vec![order.gateway];
    if order.gift_card.is_some() {
        gateways.push("gift_card");
    }
    let (subtotal, discount, tax) = (two(subtotal), two(discount), two(tax));
    object! {
        "id": order.id, "admin_graphql_api_id": format!("gid://shopify/Order/{}", order.id), "cancel_reason": Json::Null,
        "cancelled_at": Json::Null, "closed_at": Json::Null, "confirmed": true, "confirmation_number": format!("K{number}"),
        "created_at": at, "currency": currency, "current_subtotal_price": &subtotal,
        "current_subtotal_price_set": set(currency, &subtotal), "current_total_additional_fees_set": Json::Null,
        "current_total_discounts": &discount, "current_total_discounts_set": set(currency, &discount),
        "current_total_duties_set": Json::Null, "current_total_price": &total, "current_total_price_set": set(currency, &total),
        "current_total_tax": &tax, "current_total_tax_set": set(currency, &tax), "customer_locale": "da",
        "discount_codes": order.code.iter().map(|code| object! { "code": *code, "amount": &discount, "type": "fixed_amount" }).collect::<Vec<_>>(),
        "duties_included": false, "email": format!("kunde{number}@example.org"), "estimated_taxes": false,
        "financial_status": order.financial, "fulfillment_status": Json::Null, "name": format!("#{number}"),
        "note": Json::Null, "note_attributes": Json::Array(Vec::new()), "number": number - 1000, "order_number": number,
        "original_total_additional_fees_set": Json::Null, "original_total_duties_set": Json::Null,
        "payment_gateway_names": gateways, "phone": Json::Null, "po_number": Json::Null, "presentment_currency": currency,
        "processed_at": at, "source_name": "web", "subtotal_price": &subtotal, "subtotal_price_set": set(currency, &subtotal),
        "tags": "", "tax_exempt": false, "tax_lines": Json::Array(Vec::new()), "taxes_included": true, "test": order.test,
        "total_cash_rounding_payment_adjustment_set": set(currency, "0.00"),
        "total_cash_rounding_refund_adjustment_set": set(currency, "0.00"),
        "total_discounts": &discount, "total_discounts_set": set(currency, &discount),
        "total_outstanding": if order.financial == "paid" { "0.00" } else { total.as_str() },
        "total_price": &total, "total_price_set": set(currency, &total),
        "total_shipping_price_set": set(currency, &shipping), "total_tax": &tax, "total_tax_set": set(currency, &tax),
        "total_tip_received": order.tip, "updated_at": at, "billing_address": address(order), "shipping_address": address(order),
        "customer": object! {
            "id": 700_000 + number, "email": format!("kunde{number}@example.org"), "first_name": "Åse", "last_name": "Nørgård",
            "tax_exempt": false, "admin_graphql_api_id": format!("gid://shopify/Customer/{}", 700_000 + number),
        },
        "discount_applications": order.code.iter().map(|code| object! {
            "target_type": "line_item", "type": "discount_code", "value": &discount, "value_type": "fixed_amount",
            "allocation_method": "across", "target_selection": "all", "code": *code,
        }).collect::<Vec<_>>(),
        "fulfillments": Json::Array(Vec::new()),
        "line_items": order.lines.iter().zip(1u64..).map(|(line, index)| show_line(order, line, index)).collect::<Vec<_>>(),
        "refunds": Json::Array(Vec::new()),
        "shipping_lines": vec![object! {
            "id": order.id + 900, "code": "GLS", "title": "GLS Pakkeshop", "price": &shipping, "price_set": set(currency, &shipping),
            "discounted_price": &shipping, "discounted_price_set": set(currency, &shipping), "is_removed": false,
            "tax_lines": tax_lines(order, order.shipping.2, order.shipping.1), "discount_allocations": Json::Array(Vec::new()),
        }],
    }
}

fn address(order: &Order) -> Json {
    object! {
        "first_name": "Åse", "last_name": "Nørgård", "name": "Åse Nørgård",
        "company": Some(order.company).filter(|company| !company.is_empty()), "address1": "Havnegade 7", "address2": Json::Null,
        "city": "Ærøskøbing", "zip": "5970", "province": Json::Null, "province_code": Json::Null,
        "country": if order.country == "DE" { "Germany" } else { "Denmark" }, "country_code": order.country, "phone": "+4520304050",
    }
}

fn show_line(order: &Order, line: &Line, index: u64) -> Json {
    let id = order.id * 10 + index;
    let discount = gross_discount(line);
    let price = two((gross(line) + discount) / Decimal::from(line.quantity));
    let allocations = if discount.is_zero() {
        Vec::new()
    } else {
        let text = two(discount);
        vec![
            object! { "amount": &text, "amount_set": set(order.currency, &text), "discount_application_index": 0 },
        ]
    };
    object! {
        "id": id, "admin_graphql_api_id": format!("gid://shopify/LineItem/{id}"), "current_quantity": line.quantity,
        "fulfillable_quantity": line.quantity, "fulfillment_status": Json::Null, "gift_card": false, "name": line.name,
        "price": &price, "price_set": set(order.currency, &price), "product_exists": true, "product_id": 300 + index,
        "properties": Json::Array(Vec::new()), "quantity": line.quantity, "requires_shipping": true, "sku": line.sku,
        "taxable": line.rate.is_some(), "title": line.name, "total_discount": "0.00",
        "total_discount_set": set(order.currency, "0.00"), "variant_id": 400 + index, "variant_title": Json::Null,
        "vendor": "Krus & Kande", "tax_lines": tax_lines(order, line.rate, line.tax), "duties": Json::Array(Vec::new()),
        "discount_allocations": allocations,
    }
}

/// What was paid, and by which gateway: a used gift card is a payment, not a discount.
fn transactions(order: &Order) -> Vec<Json> {
    if order.financial != "paid" {
        return Vec::new();
    }
    let by_card = order.gift_card.map(amount).unwrap_or_default();
    let show = |number: u64, gateway: &str, text: String| {
        let id = order.id * 10 + 800 + number;
        object! {
            "id": id, "order_id": order.id, "kind": "sale", "gateway": gateway, "status": "success",
            "created_at": "2026-11-20T11:20:05+01:00", "processed_at": "2026-11-20T11:20:05+01:00", "test": order.test,
            "authorization": format!("auth{number}"), "parent_id": Json::Null, "error_code": Json::Null, "amount": text,
            "currency": order.currency, "payment_id": format!("#{}.{number}", order.id % 10_000),
            "admin_graphql_api_id": format!("gid://shopify/OrderTransaction/{id}"),
        }
    };
    let mut all = vec![show(1, order.gateway, two(total(order) - by_card))];
    if order.gift_card.is_some() {
        all.push(show(2, "gift_card", two(by_card)));
    }
    all
}
