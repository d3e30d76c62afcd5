//! Against what a real WooCommerce shop sent: bytes, signatures, and an agreement that can hold every captured order.

use crate::support::{Bench, contracts, invoice, line, with};
use rust_decimal::Decimal;
use sandbox::demo::{WOOCOMMERCE, oss_vat_code};
use sandbox::economic::{VatRounding, round};
use sandbox::signing::hmac_base64;
use sandbox::{Json, object};
use std::path::PathBuf;

/// Every captured delivery: its name, headers and raw body.
fn captured() -> Option<Vec<(String, Json, Vec<u8>)>> {
    let root = contracts("webshops/woocommerce/captured")?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in std::fs::read_dir(root).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        paths.extend(std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.path()));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "body"));
    paths.sort();
    let read = |path: &PathBuf| {
        let request = std::fs::read(path.with_extension("request.json")).unwrap();
        (path.display().to_string(), Json::parse(&request).unwrap(), std::fs::read(path).unwrap())
    };
    Some(paths.iter().map(read).collect())
}

fn header<'a>(request: &'a Json, name: &str) -> &'a str {
    let pairs = request.items("headers").iter();
    let found = pairs.filter_map(|pair| {
        if let Json::Array(pair) = pair { Some((pair[0].as_text()?, pair[1].as_text()?)) } else { None }
    });
    found.into_iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
}

#[test]
fn captured_bodies_survive_parsing_byte_for_byte_and_their_signatures_hold() {
    let Some(captured) = captured() else { return };
    assert_eq!(captured.len(), 45);
    for (name, request, body) in captured {
        assert_eq!(Json::parse(&body).unwrap().to_php().as_bytes(), body, "{name}");
        assert_eq!(
            hmac_base64(b"dev-hook-secret", &body),
            header(&request, "X-WC-Webhook-Signature"),
            "{name}"
        );
    }
}

#[test]
fn the_shop_sends_what_the_real_one_sent() {
    let Some(captured) = captured() else { return };
    let mut orders = 0;
    for (name, request, body) in
        captured.iter().filter(|(_, request, _)| header(request, "X-WC-Webhook-Resource") == "order")
    {
        if header(request, "X-WC-Webhook-Event") == "deleted" {
            continue;
        }
        orders += 1;
        let mut bench = Bench::new();
        let now = bench.now;
        let shop = bench.world.woocommerce.get_mut(WOOCOMMERCE).unwrap();
        shop.home = header(request, "X-WC-Webhook-Source").to_string();
        let webhook =
            shop.add_webhook(header(request, "X-WC-Webhook-Topic"), "https://x.example/", "dev-hook-secret");
        let id = shop.load_order(std::str::from_utf8(body).unwrap()).unwrap();
        let delivery = shop.delivery_of(now, webhook, id).unwrap();
        assert_eq!(&delivery.body, body, "{name}");
        let varying = ["Host", "Content-Length", "X-WC-Webhook-ID", "X-WC-Webhook-Delivery-ID"];
        let real: Vec<(&str, &str)> = request
            .items("headers")
            .iter()
            .filter_map(|pair| {
                if let Json::Array(pair) = pair {
                    Some((pair[0].as_text()?, pair[1].as_text()?))
                } else {
                    None
                }
            })
            .filter(|(key, _)| !varying.contains(key))
            .collect();
        let ours: Vec<(&str, &str)> = delivery
            .headers
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .filter(|(key, _)| !varying.contains(key))
            .collect();
        assert_eq!(ours, real, "{name}");
        let length = |text: &str| (text.len(), text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(
            length(delivery.header("X-WC-Webhook-Delivery-ID").unwrap()),
            length(header(request, "X-WC-Webhook-Delivery-ID"))
        );
    }
    assert_eq!(orders, 42);
}

/// The plainest way to book an order: each amount one unit, on the product of its rate; what is left over on `Difference`.
fn plain_document(order: &Json) -> Json {
    let country = order
        .text("shipping.country")
        .filter(|country| !country.is_empty())
        .or(order.text("billing.country"))
        .unwrap();
    let percent = |item: &Json| {
        let rate = item.items("taxes").first().and_then(|tax| tax.integer("id"))?;
        let found = order.items("tax_lines").iter().find(|line| line.integer("rate_id") == Some(rate))?;
        found.decimal("rate_percent")
    };
    let mut lines = Vec::new();
    for (list, taxed, untaxed) in
        [("line_items", "", ""), ("shipping_lines", "fragtmm", "fragtum"), ("fee_lines", "Gebyrmm", "Gebyr")]
    {
        for item in order.items(list) {
            let rate = percent(item).filter(|rate| !rate.is_zero());
            let base = match (list, rate) {
                ("line_items", _) => item.text("sku").unwrap(),
                (_, Some(_)) => taxed,
                (_, None) => untaxed,
            };
            let product = match rate {
                Some(rate) if country != "DK" => {
                    format!("{base}-{}", oss_vat_code(country, &rate.normalize().to_string()))
                }
                _ => base.to_string(),
            };
            lines.push(line(&product, "1", item.text("total").unwrap()));
        }
    }
    let zone = if order.text("total_tax").unwrap().parse::<Decimal>().unwrap().is_zero() && country != "DK" {
        3
    } else {
        1
    };
    let body = with(invoice(lines), "currency", order.text("currency").unwrap());
    with(body, "recipient", object! { "name": "K", "vatZone": object! { "vatZoneNumber": zone } })
}

#[test]
fn every_captured_order_can_be_booked_to_its_total_but_for_rounding() {
    let Some(captured) = captured() else { return };
    let mut booked = 0;
    for rounding in [VatRounding::PerLine, VatRounding::PerCode] {
        let mut bench = Bench::new();
        bench.agreement().vat_rounding = rounding;
        for (name, _, body) in &captured {
            let order = Json::parse(body).unwrap();
            if order.get("line_items").is_none() {
                continue;
            }
            let mut document = plain_document(&order);
            let first = bench.post("invoices/drafts", document.clone());
            assert_eq!(first.status, 201, "{name}: {}", first.body_json());
            let total: Decimal = order.text("total").unwrap().parse().unwrap();
            let difference = total - first.body_json().decimal("grossAmount").unwrap();
            let lines = document.items("lines").len();
            let unit = if order.text("currency") == Some("ISK") { Decimal::ONE } else { Decimal::new(1, 2) };
            assert!(difference.abs() * Decimal::TWO <= unit * Decimal::from(lines), "{name}: {difference}");
            if !difference.is_zero() {
                let mut all = document.items("lines").to_vec();
                all.push(line("Difference", "1", &round(difference, 2).to_string()));
                document.set("lines", Json::Array(all));
            }
            let invoice = bench.book(document);
            assert_eq!(invoice.decimal("grossAmount").unwrap(), round(total, 2), "{name}");
            booked += 1;
        }
    }
    assert_eq!(booked, 2 * 42);
}
