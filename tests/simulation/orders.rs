//! Orders of the simulated shops, made from the demo shop's plain one.

use std::sync::OnceLock;

use serde_json::{Value, json};

/// What one order is to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OrderShape {
    pub(crate) id: usize,
    pub(crate) email: String,
    pub(crate) status: &'static str,
    /// Lines: product number, units, net and VAT of the line in øre.
    pub(crate) lines: Vec<(String, u32, i64, i64)>,
}

impl OrderShape {
    /// A mug, with freight.
    pub(crate) fn plain(id: usize) -> OrderShape {
        OrderShape {
            id,
            email: format!("canary{id}@example.org"),
            status: "processing",
            lines: vec![("KRUS-BLAA".to_owned(), 2, 15_840, 3_960)],
        }
    }

    /// Three lines on whose VAT per-line and per-rate rounding differ by one øre; the shop rounds per line.
    pub(crate) fn uneven(id: usize) -> OrderShape {
        let line = || ("KRUS-BLAA".to_owned(), 1, 1_002, 251);
        OrderShape { lines: vec![line(), line(), line()], ..OrderShape::plain(id) }
    }

    /// True when per-line and per-rate rounding give different VAT.
    pub(crate) fn is_uneven(&self) -> bool {
        self.lines.iter().filter(|line| line.2 == 1_002).count() == 3
    }

    /// What the buyer pays, in øre, freight of 49.00 included.
    pub(crate) fn total(&self) -> i64 {
        self.lines.iter().map(|(_, _, net, vat)| net + vat).sum::<i64>() + 4_900
    }

    /// The order as the shop keeps it.
    pub(crate) fn text(&self) -> String {
        static PLAIN: OnceLock<Value> = OnceLock::new();
        let mut order = PLAIN
            .get_or_init(|| {
                let (_, text) =
                    sandbox::demo::woocommerce_orders().into_iter().next().expect("there are some");
                serde_json::from_str(&text).expect("it is JSON")
            })
            .clone();
        let vat: i64 = self.lines.iter().map(|line| line.3).sum();
        order["id"] = json!(self.id);
        order["number"] = json!(self.id.to_string());
        order["status"] = json!(self.status);
        order["order_key"] = json!(format!("wc_order_{}", self.id));
        order["billing"]["email"] = json!(self.email);
        order["cart_tax"] = json!(amount(vat));
        order["total_tax"] = json!(amount(vat + 980));
        order["total"] = json!(amount(self.total()));
        let plain = order["line_items"][0].clone();
        let lines = self.lines.iter().enumerate().map(|(place, line)| line_of(&plain, self.id, place, line));
        order["line_items"] = lines.collect();
        order["tax_lines"][0]["tax_total"] = json!(amount(vat));
        order["shipping_lines"][0]["id"] = json!(self.id * 100 + 50);
        order.to_string()
    }
}

fn line_of(
    plain: &Value,
    id: usize,
    place: usize,
    (sku, units, net, vat): &(String, u32, i64, i64),
) -> Value {
    let mut line = plain.clone();
    line["id"] = json!(id * 100 + place + 1);
    line["sku"] = json!(sku);
    line["quantity"] = json!(units);
    line["subtotal"] = json!(amount(*net));
    line["total"] = json!(amount(*net));
    line["subtotal_tax"] = json!(amount(*vat));
    line["total_tax"] = json!(amount(*vat));
    line["taxes"][0]["total"] = json!(amount(*vat));
    line["taxes"][0]["subtotal"] = json!(amount(*vat));
    line
}

/// Øre as the shop writes them.
fn amount(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}
