//! WooCommerce orders, amounts without VAT on the lines as that shop has them.

use super::{Line, amount, line};
use crate::json::Json;
use crate::object;
use rust_decimal::Decimal;

struct Order {
    id: u64,
    status: &'static str,
    currency: &'static str,
    country: &'static str,
    method: (&'static str, &'static str),
    company: &'static str,
    lines: Vec<Line>,
    shipping: (&'static str, &'static str, Option<&'static str>),
    fees: Vec<Line>,
    coupon: Option<&'static str>,
    meta: Vec<(&'static str, &'static str)>,
}

const CARD: (&str, &str) = ("stripe", "Betalingskort");
const DANISH_SHIPPING: (&str, &str, Option<&str>) = ("39.20", "9.80", Some("25"));

fn domestic(id: u64, lines: Vec<Line>) -> Order {
    Order {
        id,
        status: "processing",
        currency: "DKK",
        country: "DK",
        method: CARD,
        company: "",
        lines,
        shipping: DANISH_SHIPPING,
        fees: Vec::new(),
        coupon: None,
        meta: Vec::new(),
    }
}

/// Eight orders, each with what it shows; the text is what REST and webhooks carry.
pub fn woocommerce_orders() -> Vec<(&'static str, String)> {
    let mug = || line("KRUS-BLAA", "Blåt krus", 2, ("158.40", "39.60"), Some("25"));
    let coupon = Line { discount: "20.00", ..line("TE-100", "Te 100 g", 3, ("100.00", "25.00"), Some("25")) };
    let book = |net: &'static str| line("BOG-TE", "Bogen om te", 1, (net, "0.00"), Some("0"));
    let swedish = vec![
        line("KRUS-BLAA", "Blåt krus", 1, ("103.20", "25.80"), Some("25")),
        line("TE-100", "Te 100 g", 3, ("238.39", "28.61"), Some("12")),
        line("BOG-TE", "Bogen om te", 2, ("376.42", "22.58"), Some("6")),
    ];
    let fee = line("", "Gaveindpakning", 1, ("8.00", "2.00"), Some("25"));
    vec![
        ("plain, card", domestic(1001, vec![mug()])),
        (
            "several rates, coupon",
            Order { coupon: Some("te20"), ..domestic(1002, vec![coupon, book("199.50"), mug()]) },
        ),
        (
            "bank transfer, unpaid",
            Order { status: "on-hold", method: ("bacs", "Bankoverførsel"), ..domestic(1003, vec![mug()]) },
        ),
        (
            "reverse charge",
            Order {
                currency: "EUR",
                country: "SE",
                company: "Kund AB",
                shipping: ("12.00", "0.00", None),
                meta: vec![("_vat_number", "SE556677889901"), ("is_vat_exempt", "yes")],
                ..domestic(1004, vec![line("KANDE-1L", "Kande 1 l", 4, ("240.00", "0.00"), None)])
            },
        ),
        (
            "export",
            Order {
                currency: "USD",
                country: "US",
                shipping: ("25.00", "0.00", None),
                ..domestic(1005, vec![line("KRUS-BLAA", "Blåt krus", 3, ("45.00", "0.00"), None)])
            },
        ),
        ("one stop shop, three rates", Order { currency: "SEK", country: "SE", ..domestic(1006, swedish) }),
        (
            "gift card sold",
            Order {
                shipping: ("0.00", "0.00", None),
                ..domestic(1007, vec![line("GAVE-500", "Gavekort 500", 1, ("500.00", "0.00"), None)])
            },
        ),
        ("fee", Order { fees: vec![fee], ..domestic(1008, vec![mug()]) }),
    ]
    .into_iter()
    .map(|(what, order)| (what, render(&order).to_php()))
    .collect()
}

fn taxes(rate: Option<&str>, country: &str, tax: &str) -> Json {
    match rate {
        Some(percent) => {
            Json::Array(vec![object! { "id": rate_id(country, percent), "total": tax, "subtotal": tax }])
        }
        None => Json::Array(Vec::new()),
    }
}

/// A number that names a rate of a country within this shop.
fn rate_id(country: &str, percent: &str) -> u32 {
    let country: u32 = country.bytes().map(u32::from).sum();
    country * 100 + percent.split('.').next().and_then(|whole| whole.parse::<u32>().ok()).unwrap_or(0)
}

fn two(value: Decimal) -> String {
    format!("{value:.2}")
}

fn render(order: &Order) -> Json {
    let address = object! {
        "first_name": "Åse", "last_name": "Nørgård", "company": order.company, "address_1": "Havnegade 7", "address_2": "",
        "city": "Ærøskøbing", "state": "", "postcode": "5970", "country": order.country,
        "email": format!("kunde{}@example.org", order.id), "phone": "+4520304050",
    };
    let (shipping_net, shipping_tax, shipping_rate) = order.shipping;
    let all_lines = || order.lines.iter().chain(&order.fees);
    let net: Decimal = all_lines().map(|line| amount(line.net)).sum::<Decimal>() + amount(shipping_net);
    let cart_tax: Decimal = all_lines().map(|line| amount(line.tax)).sum();
    let tax = cart_tax + amount(shipping_tax);
    let discount: Decimal = order.lines.iter().map(|line| amount(line.discount)).sum();
    let discount_tax: Decimal = order.lines.iter().map(discount_tax).sum();
    let paid = order.status == "processing";
    let at = "2026-11-20T10:15:00";
    object! {
        "id": order.id, "parent_id": 0, "status": order.status, "currency": order.currency, "version": "11.0.1",
        "prices_include_tax": true, "date_created": "2026-11-20T11:15:00", "date_modified": "2026-11-20T11:15:00",
        "discount_total": two(discount), "discount_tax": two(discount_tax), "shipping_total": shipping_net,
        "shipping_tax": shipping_tax, "cart_tax": two(cart_tax), "total": two(net + tax), "total_tax": two(tax),
        "customer_id": 0, "order_key": format!("wc_order_{}", order.id), "billing": &address, "shipping": &address,
        "payment_method": order.method.0, "payment_method_title": order.method.1,
        "transaction_id": if paid { format!("pi_{}", order.id) } else { String::new() },
        "created_via": "store-api", "customer_note": "", "date_completed": Json::Null,
        "date_paid": paid.then_some("2026-11-20T11:15:00"), "number": order.id.to_string(),
        "meta_data": order.meta.iter().zip(1u32..).map(|((key, value), id)| object! { "id": id, "key": *key, "value": *value }).collect::<Vec<_>>(),
        "line_items": order.lines.iter().zip(1u64..).map(|(line, number)| show_line(order, line, number)).collect::<Vec<_>>(),
        "tax_lines": tax_lines(order),
        "shipping_lines": vec![object! {
            "id": order.id * 100 + 50, "method_title": "GLS Pakkeshop", "method_id": "flat_rate", "instance_id": "1",
            "total": shipping_net, "total_tax": shipping_tax, "taxes": taxes(shipping_rate, order.country, shipping_tax),
            "tax_status": "taxable", "meta_data": Json::Array(Vec::new()),
        }],
        "fee_lines": order.fees.iter().zip(60u64..).map(|(fee, number)| object! {
            "id": order.id * 100 + number, "name": fee.name, "tax_class": "", "tax_status": "taxable", "amount": fee.net,
            "total": fee.net, "total_tax": fee.tax, "taxes": taxes(fee.rate, order.country, fee.tax),
            "meta_data": Json::Array(Vec::new()),
        }).collect::<Vec<_>>(),
        "coupon_lines": order.coupon.iter().map(|code| object! {
            "id": order.id * 100 + 70, "code": *code, "discount": discount.normalize().to_string(),
            "discount_tax": discount_tax.normalize().to_string(), "meta_data": Json::Array(Vec::new()), "discount_type": "fixed_cart",
        }).collect::<Vec<_>>(),
        "refunds": Json::Array(Vec::new()), "is_editable": false, "needs_payment": !paid, "needs_processing": true,
        "date_created_gmt": at, "date_modified_gmt": at, "date_completed_gmt": Json::Null, "date_paid_gmt": paid.then_some(at),
        "currency_symbol": "kr.",
    }
}

fn discount_tax(line: &Line) -> Decimal {
    let rate = line.rate.map(amount).unwrap_or_default();
    crate::economic::round(amount(line.discount) * rate / Decimal::ONE_HUNDRED, 2)
}

fn show_line(order: &Order, line: &Line, number: u64) -> Json {
    let subtotal = amount(line.net) + amount(line.discount);
    let unit = amount(line.net) / Decimal::from(line.quantity);
    object! {
        "id": order.id * 100 + number, "name": line.name, "product_id": number, "variation_id": 0, "quantity": line.quantity,
        "tax_class": "", "subtotal": two(subtotal), "subtotal_tax": two(amount(line.tax) + discount_tax(line)),
        "total": line.net, "total_tax": line.tax, "taxes": taxes(line.rate, order.country, line.tax),
        "meta_data": Json::Array(Vec::new()), "sku": line.sku, "global_unique_id": "",
        "price": Json::Number(unit.round_dp(14).normalize().to_string()), "parent_name": Json::Null,
    }
}

fn tax_lines(order: &Order) -> Json {
    let mut rates: Vec<&str> = Vec::new();
    let of_lines = order.lines.iter().chain(&order.fees).filter_map(|line| line.rate);
    for rate in of_lines.chain(order.shipping.2) {
        if !rates.contains(&rate) {
            rates.push(rate);
        }
    }
    let sum = |rate: &str| -> Decimal {
        order
            .lines
            .iter()
            .chain(&order.fees)
            .filter(|line| line.rate == Some(rate))
            .map(|line| amount(line.tax))
            .sum()
    };
    let show = |(rate, number): (&str, u64)| {
        let shipping_tax = if order.shipping.2 == Some(rate) { order.shipping.1 } else { "0.00" };
        object! {
            "id": order.id * 100 + 80 + number, "rate_code": format!("{}-MOMS-1", order.country),
            "rate_id": rate_id(order.country, rate), "label": "Moms", "compound": false, "tax_total": two(sum(rate)),
            "shipping_tax_total": shipping_tax, "rate_percent": Json::Number(rate.to_string()), "meta_data": Json::Array(Vec::new()),
        }
    };
    Json::Array(rates.into_iter().zip(0u64..).map(show).collect())
}
