//! Orders of the simulated shops, made from the demo shop's plain one.

use std::sync::OnceLock;

use serde_json::{Value, json};

/// What one order is to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OrderShape {
    pub(crate) id: usize,
    pub(crate) email: String,
    pub(crate) status: &'static str,
    /// Another integration has booked its invoice before Bogbro hears of it.
    pub(crate) adopted: bool,
    /// It has made a credit note of it, too.
    pub(crate) credited: bool,
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
            adopted: false,
            credited: false,
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

    /// A jug from a Shopify shop, with freight.
    pub(crate) fn shopify(id: usize) -> OrderShape {
        OrderShape {
            status: "paid",
            lines: vec![("KANDE-1L".to_owned(), 1, 19_920, 4_980)],
            ..OrderShape::plain(id)
        }
    }

    /// The order as Shopify keeps it, and the payment that was made with it.
    pub(crate) fn shopify_text(&self) -> (String, Vec<sandbox::Json>) {
        static PLAIN: OnceLock<(Value, sandbox::Json)> = OnceLock::new();
        let (plain, payment) = PLAIN.get_or_init(|| {
            let (_, text, payments) =
                sandbox::demo::shopify_orders().into_iter().next().expect("there are some");
            let payment = payments.into_iter().next().expect("it is paid");
            (serde_json::from_str(&text).expect("it is JSON"), payment)
        });
        let mut order = plain.clone();
        order["id"] = json!(self.id);
        order["admin_graphql_api_id"] = json!(format!("gid://shopify/Order/{}", self.id));
        order["name"] = json!(self.id.to_string());
        order["order_number"] = json!(self.id);
        order["email"] = json!(self.email);
        order["customer"]["email"] = json!(self.email);
        order["customer"]["id"] = json!(700_000 + self.id);
        order["financial_status"] = json!(self.status);
        let payments =
            if self.status == "paid" { vec![self.payment(payment, 1, self.total())] } else { Vec::new() };
        (order.to_string(), payments)
    }

    /// Payment number `number` of the order.
    pub(crate) fn payment(&self, like: &sandbox::Json, number: usize, minor: i64) -> sandbox::Json {
        let id = self.id * 10 + number;
        let mut payment = like.clone();
        payment.set("id", u64::try_from(id).expect("it fits"));
        payment.set("order_id", u64::try_from(self.id).expect("it fits"));
        payment.set("admin_graphql_api_id", format!("gid://shopify/OrderTransaction/{id}"));
        payment.set("authorization", format!("auth{number}"));
        payment.set("amount", amount(minor));
        payment
    }

    /// What was paid of the order so far, in øre, one number for each payment, after these states.
    pub(crate) fn payments_after(&self, states: &[&str]) -> Vec<i64> {
        let mut paid = Vec::new();
        for state in std::iter::once(&self.status).chain(states) {
            let rest = self.total() - paid.iter().sum::<i64>();
            match *state {
                "half-paid" if paid.is_empty() => paid.push(10_000),
                "paid" | "processing" | "completed" if rest > 0 => paid.push(rest),
                _ => {}
            }
        }
        paid
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
        if self.status == "on-hold" {
            // A bank transfer that has not come yet.
            for field in ["date_paid", "date_paid_gmt"] {
                order[field] = Value::Null;
            }
        }
        order["order_key"] = json!(format!("wc_order_{}", self.id));
        order["billing"]["email"] = json!(self.email);
        order["cart_tax"] = json!(amount(vat));
        order["total_tax"] = json!(amount(vat + 980));
        order["total"] = json!(amount(self.total()));
        let plain = order["line_items"][0].clone();
        let lines = self.lines.iter().enumerate().map(|(place, line)| line_of(&plain, self.id, place, line));
        order["line_items"] = lines.collect();
        order["tax_lines"][0]["tax_total"] = json!(amount(vat));
        order["shipping_lines"][0]["id"] = json!(self.id * 100_000 + 50);
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
    crate::stock::name_products(&mut line, sku);
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
