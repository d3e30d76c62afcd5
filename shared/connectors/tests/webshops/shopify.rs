//! All of Shopify's order and refund samples: what maps, what agrees with itself, and what each notice is about.

use std::fs;
use std::path::PathBuf;

use connectors::ports::{Delivery, Notice, ReadingRules, Webshop};
use domain::Money;
use domain::order::PaymentState;

use crate::contracts::{files, folder, name};

/// How a sample stands to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sample {
    /// Lines and VAT make the totals.
    Agrees,
    /// Is no order of a shop.
    Refused,
}
use Sample::{Agrees, Refused};

/// Every order sample, and in what it contradicts itself. None is left out: an order of the vendor's that cannot be read
/// is a fault of ours.
const ORDERS: &[(&str, Sample, &str)] = &[
    ("captured-hkd/order-create-dis2.json", Agrees, ""),
    ("captured-hkd/order-create-dis3.json", Agrees, ""),
    ("captured-jpy/order-1002.json", Agrees, ""),
    (
        "captured-jpy/order-1003.json",
        Refused,
        "its publisher put \"-fake\" into the id: ids are whole numbers",
    ),
    ("captured-nok/pos-order.json", Agrees, ""),
    ("official-client-2026-07/order-cancelled-and-refunded.json", Agrees, RATE),
    ("official-client-2026-07/order-closed.json", Agrees, RATE),
    ("official-client-2026-07/order-eur-state-tax-paid.json", Agrees, ""),
    ("official-client-2026-07/order-fulfilled.json", Agrees, ""),
    (
        "official-client-2026-07/order-paid-no-tax-custom-line.json",
        Agrees,
        "paid, with an outstanding amount",
    ),
    ("official-client-2026-07/order-partially-paid.json", Agrees, ""),
    ("official-client-2026-07/order-partially-refunded-shipping-and-line.json", Agrees, RATE),
    ("official-client-2026-07/order-pending-financial-status.json", Agrees, ""),
    ("official-client-2026-07/order-percent-discount-code.json", Agrees, ""),
    ("official-client-2026-07/order-two-tax-lines-three-lines.json", Agrees, ""),
    ("webhook-samples-2022-04/order.json", Agrees, "fulfilment \"pending\", a word that no order has"),
];

/// Order #1001 of the documentation: the tax and the refund are not those of the lines, the sums are.
const RATE: &str = "6 % of 199.00 is stated as 3.98; 209.00 went back for lines of 399.29; 199.65 is left";

fn shop() -> &'static dyn Webshop {
    connectors::registry::webshop("shopify").expect("it is registered")
}

fn order_files() -> Vec<PathBuf> {
    let Some(folder) = folder("webshops/shopify") else { return Vec::new() };
    let is_order = |path: &PathBuf| {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let order = file.starts_with("order-") || file == "order.json" || file == "pos-order.json";
        order
            && !matches!(
                file.as_str(),
                "order-transactions.json" | "order-transaction.json" | "order-edit.json"
            )
    };
    files(&folder, ".json").into_iter().filter(is_order).collect()
}

#[test]
fn every_order_sample_is_as_the_table_says() {
    let samples = order_files();
    if samples.is_empty() {
        return;
    }
    let names: Vec<String> = samples.iter().map(|path| name(path)).collect();
    assert_eq!(names, ORDERS.iter().map(|(name, _, _)| (*name).to_owned()).collect::<Vec<_>>());
    for (path, (name, expected, oddity)) in samples.iter().zip(ORDERS) {
        let text = fs::read_to_string(path).expect("the sample is readable");
        match (shop().read_order(&text, &ReadingRules::default()), expected) {
            (Ok(order), Agrees) => assert_eq!(order.check(), Ok(()), "{name} ({oddity})"),
            (Err(failure), Refused) => assert!(failure.to_string().contains(" at id: "), "{name}: {failure}"),
            (found, expected) => panic!("{name} ({oddity}): {expected:?} was expected, found {found:?}"),
        }
    }
}

#[test]
fn known_facts_of_samples_are_read() {
    let Some(folder) = folder("webshops/shopify") else { return };
    let read = |name: &str| {
        let text = fs::read_to_string(folder.join(name)).expect("the sample is readable");
        shop()
            .read_order(&text, &ReadingRules::default())
            .unwrap_or_else(|failure| panic!("{name}: {failure}"))
    };
    let till = read("captured-nok/pos-order.json");
    assert_eq!((till.number.as_str(), till.total_vat.to_string().as_str()), ("#4-1649", "49.80"));
    assert_eq!(till.lines[0].net.to_string(), "199.20");
    assert_eq!(till.lines[0].vat[0].rate.map(|rate| rate.to_string()).as_deref(), Some("25"));
    assert_eq!((till.payment_method.as_str(), till.payment_state), ("kort", PaymentState::Paid));

    let discounted = read("official-client-2026-07/order-partially-refunded-shipping-and-line.json");
    assert_eq!(discounted.payment_state, PaymentState::PartlyRefunded);
    assert_eq!((discounted.total.to_string().as_str(), discounted.lines.len()), ("598.94", 4));
    assert_eq!(discounted.purchase_order_number.as_deref(), Some("ABC123"));
    let discounts: Vec<String> =
        discounted.lines.iter().map(|line| line.discount().expect("one currency").to_string()).collect();
    assert_eq!(discounts, ["3.34", "3.33", "3.33", "0.00"]);

    // The documentation's refund pays less back than its lines make: the money is what counts.
    let [refund] = discounted.refunds.as_slice() else { panic!("{:?}", discounted.refunds) };
    assert_eq!((refund.id.as_str(), refund.total.to_string().as_str()), ("509562969", "209.00"));
    let (lines, beyond) = refund.settled_lines().expect("sums");
    let gross = lines.iter().map(|line| line.gross().expect("a sum"));
    assert_eq!(Money::sum(discounted.currency, gross), Ok(refund.total));
    assert!(beyond.is_zero() && lines.iter().all(|line| line.restocked == Some(true)));

    let sample = read("webhook-samples-2022-04/order.json");
    assert!(sample.test && sample.cancelled);
    assert_eq!(sample.id.as_str(), "820982911946154508");
    let yen = read("captured-jpy/order-1002.json");
    assert_eq!(
        (yen.total.to_decimal().normalize().to_string().as_str(), yen.currency.code()),
        ("14319", "JPY")
    );
}

/// What each other body is about: the id of an order to be read again, or nothing for us.
const NOTICES: &[(&str, Result<&str, &str>)] = &[
    ("captured-hkd/order-create-dis2.json", Ok("6200354537772")),
    ("official-client-2026-07/order-closed.json", Ok("450789469")),
    ("webhook-samples-2022-04/customer.json", Err("Customer")),
    ("webhook-samples-2022-04/dispute.json", Err("a dispute")),
    ("webhook-samples-2022-04/draft-order.json", Err("a draft order")),
    ("webhook-samples-2022-04/fulfillment.json", Ok("820982911946154508")),
    ("webhook-samples-2022-04/inventory-item.json", Err("InventoryItem")),
    ("webhook-samples-2022-04/inventory-level.json", Err("InventoryLevel")),
    ("webhook-samples-2022-04/order-edit.json", Ok("820982911946154508")),
    ("webhook-samples-2022-04/order-transaction.json", Ok("820982911946154508")),
    ("webhook-samples-2022-04/order.json", Ok("820982911946154508")),
    ("webhook-samples-2022-04/product.json", Ok("788032119674292922")),
    ("webhook-samples-2022-04/refund.json", Ok("820982911946154508")),
    ("webhook-samples-2022-04/shop.json", Err("the shop itself")),
    ("webhook-samples-2022-04/subscription-contract.json", Err("SubscriptionContract")),
    ("webhook-samples-2022-04/tender-transaction.json", Err("something else")),
];

#[test]
fn every_webhook_sample_is_told_apart_by_its_body_alone() {
    let Some(folder) = folder("webshops/shopify") else { return };
    for (name, expected) in NOTICES {
        let body = fs::read(folder.join(name)).expect("the sample is readable");
        let notice = shop().notice(&Delivery { headers: &[], body: &body });
        match (notice, expected) {
            (Ok(Notice::Changed { entity, .. }), Ok(id)) => assert_eq!(entity.as_str(), *id, "{name}"),
            (Ok(Notice::NotForUs { what }), Err(word)) => assert_eq!(what, *word, "{name}"),
            (notice, _) => panic!("{name}: {notice:?}"),
        }
    }
    assert_eq!(files(&folder.join("webhook-samples-2022-04"), ".json").len(), NOTICES.len() - 2);
}

#[test]
fn every_refund_of_the_official_list_names_its_order() {
    let Some(folder) = folder("webshops/shopify/official-client-2026-07") else { return };
    let text = fs::read_to_string(folder.join("refunds-list.json")).expect("the sample is readable");
    let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let refunds = list["refunds"].as_array().expect("a list");
    assert_eq!(refunds.len(), 1);
    for refund in refunds {
        let body = refund.to_string();
        let notice =
            shop().notice(&Delivery { headers: &[], body: body.as_bytes() }).expect("it is understood");
        assert!(matches!(notice, Notice::Changed { entity, .. } if entity.as_str() == "450789469"));
    }
}
