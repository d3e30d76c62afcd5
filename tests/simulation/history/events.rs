//! What happens by itself in a history: the shops' buyers and staff, people in the accounting system, a restore.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{DAY, History, Plan, start};
use crate::credits::{self, Turn};
use crate::deployment;
use crate::machine::lock;
use crate::orders::OrderShape;
use crate::stock::StockEvent;
use engine::store::Head;

/// What a person may do to a draft in the accounting system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Deletes it.
    Delete,
    /// Books it.
    Book,
}

/// Something that happens by itself.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Place(usize, OrderShape),
    Change(usize, usize, &'static str),
    Edit(usize, OrderShape),
    Turn(usize, usize, Turn),
    Stock(usize, StockEvent),
    Person(usize, usize, Deed),
    Backup,
    Restore,
}

impl History {
    pub(super) fn events(&mut self) {
        // A restore takes a while: what falls due meanwhile comes with it, before anybody works on.
        while let Some((at, _)) = self.timeline.first()
            && *at <= self.machine.now_ms()
        {
            let (_, event) = self.timeline.remove(0);
            self.machine.note(|| format!("event {event:?}"));
            match event {
                Event::Place(index, shape) => {
                    if shape.adopted {
                        self.booked_by_another(index, &shape);
                    }
                    if self.plan.setups[index].shopify {
                        self.place_at_shopify(index, &shape);
                        continue;
                    }
                    let mut world = lock(&self.world);
                    let shop = world.woocommerce.get_mut(&deployment::shop_name(index)).expect("it exists");
                    shop.place_order(self.machine.now(), &shape.text()).expect("the order is sound");
                    // The shop's own times are those of the checkout.
                    let id = u64::try_from(shape.id).expect("it fits");
                    shop.change_order(self.machine.now(), id, |_| {});
                }
                Event::Change(index, order, status) if self.plan.setups[index].shopify => {
                    self.pay_at_shopify(index, order, status);
                }
                Event::Change(index, order, status) => {
                    let mut world = lock(&self.world);
                    let shop = world.woocommerce.get_mut(&deployment::shop_name(index)).expect("it exists");
                    let id = u64::try_from(order).expect("it fits");
                    let at = self.machine.now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
                    shop.change_order(self.machine.now(), id, |json| {
                        json.set("status", status);
                        // Whoever sets a paid state says that the money has come.
                        if json.text("date_paid_gmt").is_none() {
                            json.set("date_paid", at.clone());
                            json.set("date_paid_gmt", at);
                        }
                    });
                }
                Event::Edit(index, shape) => self.edit(index, &shape),
                Event::Turn(index, order, turn) => {
                    let mut world = lock(&self.world);
                    let shop = world.woocommerce.get_mut(&deployment::shop_name(index)).expect("it exists");
                    credits::take_turn(shop, self.machine.now(), order, turn);
                }
                Event::Stock(index, event) => self.stock_event(index, event),
                Event::Person(index, order, deed) => self.person(index, order, deed),
                Event::Backup => self.backup = Some(self.store.memory.backup()),
                Event::Restore => self.restore(),
            }
        }
    }

    fn place_at_shopify(&mut self, index: usize, shape: &OrderShape) {
        let now = self.machine.now();
        let (text, payments) = shape.shopify_text();
        let mut world = lock(&self.world);
        let shop = world.shopify.get_mut(&deployment::shop_name(index)).expect("it exists");
        let id = u64::try_from(shape.id).expect("it fits");
        shop.transactions.insert(id, payments);
        shop.place_order(now, &text).expect("the order is sound");
        // The shop's own times are those of the checkout.
        shop.change_order(now, id, "orders/updated", |_| {});
    }

    /// The buyer pays a part of a Shopify order, or the rest.
    fn pay_at_shopify(&mut self, index: usize, order: usize, status: &'static str) {
        let now = self.machine.now();
        let of_order = |shape: &&OrderShape| shape.id == order;
        let shape =
            self.plan.orders.iter().map(|(_, _, shape)| shape).find(of_order).expect("it was planned");
        let before: Vec<&str> =
            states_until(&self.plan, order, now.as_millisecond() - start().as_millisecond());
        let all = shape.payments_after(&before);
        let like = OrderShape::shopify(order).shopify_text().1.remove(0);
        let payments = all.iter().zip(1..).map(|(amount, number)| shape.payment(&like, number, *amount));
        let payments: Vec<sandbox::Json> = payments.collect();
        let mut world = lock(&self.world);
        let shop = world.shopify.get_mut(&deployment::shop_name(index)).expect("it exists");
        let id = u64::try_from(order).expect("it fits");
        shop.transactions.insert(id, payments);
        let word = if status == "half-paid" { "partially_paid" } else { "paid" };
        shop.change_order(now, id, "orders/updated", |json| {
            // What is paid stays paid.
            if json.text("financial_status") != Some("paid") {
                json.set("financial_status", word);
            }
        });
    }

    /// The shop's staff changes what an order sells.
    fn edit(&mut self, index: usize, shape: &OrderShape) {
        let now = self.machine.now();
        let edited = sandbox::Json::parse(shape.text().as_bytes()).expect("it is JSON");
        let mut world = lock(&self.world);
        let shop = world.woocommerce.get_mut(&deployment::shop_name(index)).expect("it exists");
        shop.change_order(now, u64::try_from(shape.id).expect("it fits"), |json| {
            for field in ["line_items", "tax_lines", "cart_tax", "total_tax", "total"] {
                json.set(field, edited.get(field).cloned().unwrap_or_default());
            }
        });
    }

    /// A person does something to the draft that stands for an order, if one does.
    fn person(&mut self, index: usize, order: usize, deed: Deed) {
        let now = self.machine.now();
        let mut world = lock(&self.world);
        let agreement = world.agreements.get_mut(&deployment::agreement_name(index)).expect("it exists");
        let of_order = |document: &sandbox::economic::Document| {
            let reference = document.json.text("references.other").unwrap_or_default();
            reference.split(' ').next() == Some(order.to_string().as_str())
        };
        let draft =
            agreement.drafts.iter().find(|(_, document)| of_order(document)).map(|(number, _)| *number);
        let Some(number) = draft else { return };
        let call = match deed {
            Deed::Delete => ("DELETE", format!("/economic/rest/invoices/drafts/{number}"), String::new()),
            Deed::Book => (
                "POST",
                "/economic/rest/invoices/booked".to_owned(),
                format!("{{\"draftInvoice\":{{\"draftInvoiceNumber\":{number}}}}}"),
            ),
        };
        by_somebody_else(agreement, now, index, call);
        drop(world);
        // A draft that went before the ledger knew of it cannot be told from one that was never made.
        let knows = |head: Head| !head.documents.is_empty() && !head.plan.is_some_and(|plan| plan.open);
        let known = self.head(index, order).is_some_and(knows) && self.plan.restore.is_none();
        self.done_by_person.push((index, order, deed, known));
    }

    /// The integration that the merchant had before books the invoice of an order, and of a credited one a credit note of its freight,
    /// under the order's number.
    fn booked_by_another(&mut self, index: usize, shape: &OrderShape) {
        let line = |product: &str, quantity: i64, net: i64| {
            let price = Decimal::new(net / quantity.abs(), 2);
            format!(
                r#"{{"product":{{"productNumber":"{product}"}},"description":"{product}","quantity":{quantity},"unitNetPrice":{price}}}"#
            )
        };
        let lines =
            shape.lines.iter().map(|(product, quantity, net, _)| line(product, (*quantity).into(), *net));
        let lines: Vec<String> = lines.chain([line("fragtmm", 1, 3_920)]).collect();
        self.document_of_another(index, shape.id, &lines.join(","));
        if shape.credited {
            self.document_of_another(index, shape.id, &line("fragtmm", -1, 3_920));
        }
    }

    fn document_of_another(&mut self, index: usize, order: usize, lines: &str) {
        let now = self.machine.now();
        let mut world = lock(&self.world);
        let agreement = world.agreements.get_mut(&deployment::agreement_name(index)).expect("it exists");
        let body = format!(
            r#"{{"date":"{DAY}","currency":"DKK","layout":{{"layoutNumber":19}},"paymentTerms":{{"paymentTermsNumber":1}},
            "customer":{{"customerNumber":1000}},"recipient":{{"name":"Web","vatZone":{{"vatZoneNumber":1}}}},
            "references":{{"other":"{order}"}},"lines":[{lines}]}}"#,
        );
        // It was made long before Bogbro: there is no lag in finding it.
        let lag = std::mem::take(&mut agreement.lookup_lag_seconds);
        by_somebody_else(agreement, now, index, ("POST", "/economic/rest/invoices/drafts".to_owned(), body));
        let number = *agreement.drafts.keys().next_back().expect("it was made");
        let body = format!("{{\"draftInvoice\":{{\"draftInvoiceNumber\":{number}}}}}");
        by_somebody_else(agreement, now, index, ("POST", "/economic/rest/invoices/booked".to_owned(), body));
        agreement.lookup_lag_seconds = lag;
    }

    /// A restore as the operator does it: everything is stopped, the backup put back, the epoch set, and nothing starts
    /// before whatever was under way has arrived and can be seen.
    fn restore(&mut self) {
        let Some(backup) = self.backup.take() else { return };
        self.processes.clear();
        self.store.memory.restore(backup);
        self.store.forget_seen();
        let now = self.machine.now_ms() + 180_000;
        self.machine.advance_to(now);
        *lock(&self.connections.epoch) = Some(self.machine.now());
    }
}

/// The states that an order was brought to within so many milliseconds from the start, in order.
pub(crate) fn states_until(plan: &Plan, order: usize, until: i64) -> Vec<&'static str> {
    let mut changes: Vec<(i64, &'static str)> = plan
        .changes
        .iter()
        .filter(|(_, of, at, _)| *of == order && *at <= until)
        .map(|(_, _, at, status)| (*at, *status))
        .collect();
    changes.sort_by_key(|(at, _)| *at);
    changes.into_iter().map(|(_, status)| status).collect()
}

/// What a person or another integration does in the accounting system.
fn by_somebody_else(
    agreement: &mut sandbox::Agreement,
    now: Timestamp,
    index: usize,
    (method, target, body): (&str, String, String),
) {
    let request = deployment::accounting_credentials(index)
        .iter()
        .fold(sandbox::Request::new(method, &target), |request, (name, value)| {
            request.with_header(name, value)
        })
        .with_header("Content-Type", "application/json")
        .with_body(body);
    let answer = agreement.handle(now, &request);
    assert!(answer.is_success(), "{method} {target}: {}", String::from_utf8_lossy(&answer.body));
}

pub(super) fn timeline(plan: &Plan, began: i64) -> Vec<(i64, Event)> {
    let mut events: Vec<(i64, Event)> = Vec::new();
    for (index, at, shape) in &plan.orders {
        events.push((began + at, Event::Place(*index, shape.clone())));
    }
    for (index, order, at, status) in &plan.changes {
        events.push((began + at, Event::Change(*index, *order, status)));
    }
    for (index, at, shape) in &plan.edits {
        events.push((began + at, Event::Edit(*index, shape.clone())));
    }
    for (index, order, at, turn) in &plan.lives {
        events.push((began + at, Event::Turn(*index, *order, *turn)));
    }
    for (index, at, event) in &plan.stock {
        events.push((began + at, Event::Stock(*index, *event)));
    }
    for (index, order, at, deed) in &plan.deeds {
        events.push((began + at, Event::Person(*index, *order, *deed)));
    }
    if let Some((backup, restore)) = plan.restore {
        events.push((began + backup, Event::Backup));
        events.push((began + restore, Event::Restore));
    }
    events.sort_by_key(|(at, _)| *at);
    events
}
