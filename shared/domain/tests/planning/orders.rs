//! Ordinary orders of a Danish shop.

use domain::DocumentKind;
use domain::plan::{CustomerAction, Step};

use crate::world::*;

#[test]
fn a_plain_danish_order_becomes_a_draft_with_the_shops_total() {
    let world = World::of(plain_order());
    let plan = world.plan();
    let document = world.document();
    assert_eq!(document.kind, DocumentKind::DraftInvoice);
    assert_eq!(document.expected.gross, dkk("248.90"));
    assert_eq!(plan.expected.gross, dkk("248.90"));
    assert_eq!((document.vat_zone, document.layout, document.payment_term), (1, 19, 1));
    assert_eq!(document.date.to_string(), "2026-11-20");
    assert_eq!(document.heading, "Ordre 1042");
    let lines: Vec<String> = document
        .lines
        .iter()
        .map(|line| format!("{} {} x {} = {}", line.product, line.quantity, line.unit_net_price, line.net))
        .collect();
    assert_eq!(lines, ["MUG-1 2 x 79.96 = 159.92", "fragtmm 1 x 39.20 = 39.20"]);
    assert!(document.reference.starts_with("1042 "), "{}", document.reference);
    let Step::EnsureCustomer(customer) = &plan.steps[0] else { panic!("the customer comes first") };
    assert_eq!(customer.action, CustomerAction::Use { number: 5001 });
    assert_eq!(plan.steps.len(), 2, "{:?}", plan.steps);
}
