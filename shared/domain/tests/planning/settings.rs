//! Every setting matters: for each leaf of the settings' JSON Schema there are two files that differ in that leaf alone, and
//! an order that is decided differently under them. A new leaf without a case fails the test.

use std::collections::{BTreeMap, BTreeSet};

use domain::order::{FulfilmentState, LineKind, PaymentState};
use domain::planning::StandingDocument;
use domain::{DocumentKind, Settings};
use serde_json::Value;

use crate::credits::{by_amount, invoiced, november_closed, one_mug};
use crate::product_world::{ProductWorld, entry, known_product};
use crate::schema::{acting_on_reading, leaves, values_at};
use crate::world::*;

/// One leaf, the world in which it matters, and two settings files that differ there and nowhere else.
struct Case {
    leaf: String,
    world: World,
    one: String,
    other: String,
}

fn case(leaf: &str, world: World, one: &str, other: &str) -> Case {
    Case { leaf: leaf.to_owned(), world, one: one.to_owned(), other: other.to_owned() }
}

/// A case whose files are one template with two values for `@`.
fn values(leaf: &str, world: World, template: &str, one: &str, other: &str) -> Case {
    case(leaf, world, &template.replace('@', one), &template.replace('@', other))
}

fn plain() -> World {
    World::of(plain_order())
}

/// Nobody is known in the agreement, so the buyer is made.
fn stranger() -> World {
    plain().with(|world| world.catalogue.customers.clear())
}

fn order_cases() -> Vec<Case> {
    let handling = |inner: &str| format!(r#"{{"trigger":{{"handling":[{inner}]}}}}"#);
    let filter = |inner: &str| format!(r#"{{"trigger":{{"filter":{inner}}}}}"#);
    let tagged = || plain().with(|world| world.order.fields = vec![("channel".to_owned(), "pos".to_owned())]);
    let free = plain().with(|world| {
        world.order = order_in("DKK", "DK", vec![goods("MUG-1", "1", "0.00", "25", "0.00")]);
    });
    let joined =
        r#"{"where":{"field":"currency","values":["DKK"]}},{"where":{"field":"country","values":["@"]}}"#;
    vec![
        values(
            "/trigger/handling[]/order-states[]",
            plain().with(|world| world.order.payment_state = PaymentState::Unpaid),
            &handling(r#"{"order-states":["@"]}"#),
            "processing",
            "completed",
        ),
        values(
            "/trigger/handling[]/payment-states[]",
            plain(),
            &handling(r#"{"payment-states":["@"]}"#),
            "paid",
            "authorised",
        ),
        values(
            "/trigger/handling[]/payment-state-words[]",
            plain(),
            &handling(r#"{"payment-state-words":["@"]}"#),
            "PAID",
            "pending",
        ),
        values(
            "/trigger/handling[]/fulfilment-states[]",
            plain().with(|world| world.order.fulfilment_state = FulfilmentState::Fulfilled),
            &handling(r#"{"fulfilment-states":["@"]}"#),
            "fulfilled",
            "unfulfilled",
        ),
        values(
            "/trigger/handling[]/document",
            plain(),
            &handling(r#"{"document":"@"}"#),
            "order",
            "booked-invoice",
        ),
        values("/trigger/go-live", plain(), r#"{"trigger":{"go-live":"@"}}"#, "2026-11-20", "2026-11-21"),
        values("/trigger/zero-totals", free, r#"{"trigger":{"zero-totals":"@"}}"#, "skip", "transfer"),
        values(
            "/trigger/filter/where/field",
            plain(),
            &filter(r#"{"where":{"field":"@","values":["1042"]}}"#),
            "order-number",
            "email",
        ),
        values(
            "/trigger/filter/where/key",
            tagged(),
            &filter(r#"{"where":{"field":"custom","key":"@","values":["pos"]}}"#),
            "channel",
            "other",
        ),
        values(
            "/trigger/filter/where/test",
            plain(),
            &filter(r#"{"where":{"field":"total","test":"@","values":["249"]}}"#),
            "at-least",
            "at-most",
        ),
        values(
            "/trigger/filter/where/values[]",
            plain(),
            &filter(r#"{"where":{"field":"payment-method","values":["@"]}}"#),
            "Kort",
            "MobilePay",
        ),
        values("/trigger/filter/all[]", plain(), &filter(&format!(r#"{{"all":[{joined}]}}"#)), "DK", "SE"),
        values(
            "/trigger/filter/any[]",
            plain(),
            &filter(
                r#"{"any":[{"where":{"field":"country","values":["@"]}},{"where":{"field":"tag","values":["b2b"]}}]}"#,
            ),
            "DK",
            "SE",
        ),
        values(
            "/trigger/filter/not",
            plain(),
            &filter(r#"{"not":{"where":{"field":"country","values":["@"]}}}"#),
            "DK",
            "SE",
        ),
    ]
}

fn document_cases() -> Vec<Case> {
    let document = |inner: &str| format!(r#"{{"document":{{{inner}}}}}"#);
    let with_delivery = plain().with(|world| {
        world.order.customer.delivery = Some(domain::Address { city: "Aarhus".to_owned(), ..address("DK") });
    });
    let last_year =
        || plain().with(|world| world.order.created_at = "2025-12-30T10:00:00Z".parse().expect("time"));
    let changed_draft = plain().with(|world| {
        let standing = StandingDocument { kind: DocumentKind::DraftInvoice, number: 77 };
        world.earlier = Some((world.plan(), Some(standing)));
        world.order.customer.billing.street = "Ny vej 2".to_owned();
    });
    let text = |field: &str| {
        values(
            &format!("/document/{field}"),
            plain(),
            &document(&format!(r#""{field}":"@"#)).replace('@', "@\""),
            "Ordre {order_number}",
            "{note}",
        )
    };
    vec![
        values("/document/kind", plain(), &document(r#""kind":"@""#), "draft-invoice", "booked-invoice"),
        values("/document/update-drafts", changed_draft, &document(r#""update-drafts":@"#), "true", "false"),
        values("/document/layout", plain(), &document(r#""layout":@"#), "19", "20"),
        values("/document/department", plain(), &document(r#""department":@"#), "1", "2"),
        values(
            "/document/send",
            plain(),
            &document(r#""kind":"booked-invoice","send":"@""#),
            "never",
            "email",
        ),
        text("heading"),
        text("text"),
        text("text-below"),
        text("attention"),
        values("/document/line-text", plain(), &document(r#""line-text":"@""#), "{name}", "{sku} {name}"),
        values(
            "/document/delivery-address",
            with_delivery,
            &document(r#""delivery-address":@"#),
            "true",
            "false",
        ),
        values("/document/date/basis", plain(), &document(r#""date":{"basis":"@"}"#), "order", "shipped"),
        values(
            "/document/date/locked-period",
            last_year(),
            &document(r#""date":{"locked-period":"@"}"#),
            "hold",
            "first-open-day",
        ),
        values(
            "/document/date/moved-text",
            last_year(),
            &document(r#""date":{"locked-period":"first-open-day","moved-text":"@"}"#),
            "Ordredato {order_date}",
            "Solgt {order_date}",
        ),
        values(
            "/document/adopt-references[]",
            plain(),
            &document(r#""adopt-references":["@"]"#),
            "{order_number}",
            "WC-{order_id}",
        ),
        values(
            "/document/write-back/form",
            plain(),
            &document(r#""kind":"booked-invoice","write-back":{"form":"@"}"#),
            "tag",
            "note",
        ),
        values(
            "/document/write-back/text",
            plain(),
            &document(r#""kind":"booked-invoice","write-back":{"form":"note","text":"@"}"#),
            "Faktura {number}",
            "Invoice {number}",
        ),
    ]
}

fn payment_cases() -> Vec<Case> {
    let method = |inner: &str| format!(r#"{{"payment":{{"methods":[{{"method":"quickpay",{inner}}}]}}}}"#);
    let booked =
        |payment: &str| format!(r#"{{"document":{{"kind":"booked-invoice"}},"payment":{{{payment}}}}}"#);
    let half_captured = plain().with(|world| {
        world.order.payments[0].amount = dkk("100.00");
        world.order.payment_state = PaymentState::PartlyPaid;
    });
    let journal = |journal: &str, account: &str| {
        booked(&format!(
            r#""sign-proven":true,"methods":[{{"method":"quickpay","registration":{{"journal":{{"journal":{journal},"contra-account":{account}}}}}}}]"#
        ))
    };
    vec![
        values("/payment/default-term", plain(), r#"{"payment":{"default-term":@}}"#, "1", "3"),
        values("/payment/due-days", plain(), r#"{"payment":{"default-term":3,"due-days":@}}"#, "14", "30"),
        values(
            "/payment/captured-less",
            half_captured,
            r#"{"payment":{"methods":[{"method":"quickpay","term":2}],"captured-less":"@"}}"#,
            "hold",
            "default-term",
        ),
        values(
            "/payment/methods[]/method",
            plain(),
            r#"{"payment":{"methods":[{"method":"@","term":3}]}}"#,
            "Kort",
            "mobilepay",
        ),
        values("/payment/methods[]/term", plain(), &method(r#""term":@"#), "1", "2"),
        values("/payment/methods[]/layout", plain(), &method(r#""layout":@"#), "19", "20"),
        values(
            "/payment/methods[]/never-book",
            plain(),
            &booked(r#""methods":[{"method":"quickpay","never-book":@}]"#),
            "false",
            "true",
        ),
        values(
            "/payment/methods[]/registration",
            plain(),
            r#"{"payment":{"default-term":2,"methods":[{"method":"quickpay","registration":"@"}]}}"#,
            "term",
            "open",
        ),
        case(
            "/payment/methods[]/registration/journal/journal",
            plain(),
            &journal("4", "5820"),
            &journal("5", "5820"),
        ),
        case(
            "/payment/methods[]/registration/journal/contra-account",
            plain(),
            &journal("4", "5820"),
            &journal("4", "5600"),
        ),
        case(
            "/payment/sign-proven",
            plain(),
            &journal("4", "5820"),
            &journal("4", "5820").replace(r#""sign-proven":true"#, r#""sign-proven":false"#),
        ),
    ]
}

fn abroad(country: &str, lines: Vec<domain::order::OrderLine>) -> World {
    World::of(order_in("DKK", country, lines))
}

fn vat_cases() -> Vec<Case> {
    let german = || abroad("DE", vec![goods("MUG-1", "1", "100.00", "19", "19.00")]);
    let norwegian = || abroad("NO", vec![goods("MUG-1", "1", "100.00", "", "")]);
    let exempt = || {
        abroad("DK", vec![goods("MUG-1", "1", "100.00", "", "")])
            .with(|world| world.order.customer.vat_exempt = true)
    };
    let reverse_charge = abroad("SE", vec![goods("MUG-1", "1", "100.00", "", "")])
        .with(|world| world.order.customer.vat_number = Some("SE556012345601".to_owned()));
    let mailed_abroad = plain().with(|world| {
        world.order = order_in("DKK", "DK", vec![goods("MUG-1", "1", "100.00", "", "")]);
        world.order.customer.delivery = Some(address("NO"));
    });
    let roundings = abroad(
        "DK",
        vec![goods("MUG-1", "1", "0.30", "25", "0.08"), goods("MUG-1", "2", "0.30", "25", "0.08")],
    );
    let two_german_zones = german().with(|world| {
        let group = world.catalogue.master.product_groups.get_mut(&5).expect("the OSS group");
        group.rate_by_zone.insert(2, percent("19"));
    });
    let siblings = german().with(|world| {
        world.catalogue.products.extend([product("DE-MUG-1", 5)]);
    });
    let collective = || {
        german().with(|world| world.catalogue.products.extend([product("OSS-DE", 5), product("OSS-EU", 5)]))
    };
    let unknown_abroad = || abroad("NO", vec![goods("NEW-1", "1", "100.00", "", "")]);
    let sibling_abroad = norwegian()
        .with(|world| world.catalogue.products.extend([product("MUG-1-NO", 2), product("NO-MUG-1", 2)]));
    let rule = |inner: &str| format!(r#"{{"vat":{{"rules":[{{{inner}}}]}}}}"#);
    let oss = |inner: &str| format!(r#"{{"vat":{{"oss":{{"enabled":true,{inner}}}}}}}"#);
    let entry = |country: &str, rate: &str, product: &str| {
        oss(&format!(r#""collective":[{{"country":"{country}","rate":"{rate}","product":"{product}"}}]"#))
    };
    vec![
        values("/vat/home-country", exempt(), r#"{"vat":{"home-country":"@"}}"#, "DK", "SE"),
        values("/vat/country-from", mailed_abroad, r#"{"vat":{"country-from":"@"}}"#, "delivery", "billing"),
        values("/vat/zones/domestic", plain(), r#"{"vat":{"zones":{"domestic":@}}}"#, "1", "2"),
        values("/vat/zones/eu", reverse_charge, r#"{"vat":{"zones":{"eu":@}}}"#, "2", "3"),
        values("/vat/zones/abroad", norwegian(), r#"{"vat":{"zones":{"abroad":@}}}"#, "3", "4"),
        values("/vat/zones/exempt", exempt(), r#"{"vat":{"zones":{"exempt":@}}}"#, "4", "3"),
        values(
            "/vat/untaxed-private-in-eu",
            abroad("SE", vec![goods("MUG-1", "1", "100.00", "", "")]),
            r#"{"vat":{"untaxed-private-in-eu":"@"}}"#,
            "hold",
            "eu-zone",
        ),
        values("/vat/rounding", roundings, r#"{"vat":{"rounding":"@"}}"#, "per-line", "per-rate"),
        values("/vat/rules[]/countries[]", norwegian(), &rule(r#""zone":4,"countries":["@"]"#), "NO", "CH"),
        values("/vat/rules[]/rates[]", norwegian(), &rule(r#""zone":4,"rates":["@"]"#), "0", "25"),
        values(
            "/vat/rules[]/customers[]",
            norwegian(),
            &rule(r#""zone":4,"customers":["@"]"#),
            "private",
            "business",
        ),
        values("/vat/rules[]/zone", norwegian(), &rule(r#""zone":@,"countries":["NO"]"#), "3", "4"),
        values(
            "/vat/rules[]/product-group",
            unknown_abroad(),
            &rule(r#""zone":3,"product-group":@"#),
            "1",
            "3",
        ),
        values(
            "/vat/rules[]/product",
            sibling_abroad,
            &rule(r#""zone":3,"product":"@""#),
            "{sku}-{country}",
            "{country}-{sku}",
        ),
        values(
            "/vat/oss/enabled",
            german(),
            r#"{"vat":{"oss":{"product":"{sku}-{country}","enabled":@}}}"#,
            "true",
            "false",
        ),
        values("/vat/oss/zone", two_german_zones, &oss(r#""product":"{sku}-{country}","zone":@"#), "1", "2"),
        values("/vat/oss/product", siblings, &oss(r#""product":"@""#), "{sku}-{country}", "{country}-{sku}"),
        case(
            "/vat/oss/collective[]/country",
            collective(),
            &entry("DE", "19", "OSS-DE"),
            &entry("FR", "19", "OSS-DE"),
        ),
        case(
            "/vat/oss/collective[]/rate",
            collective(),
            &entry("DE", "19", "OSS-DE"),
            &entry("DE", "7", "OSS-DE"),
        ),
        case(
            "/vat/oss/collective[]/product",
            collective(),
            &entry("DE", "19", "OSS-DE"),
            &entry("DE", "19", "OSS-EU"),
        ),
    ]
}

fn product_cases() -> Vec<Case> {
    let products = |inner: &str| format!(r#"{{"products":{{{inner}}}}}"#);
    let one_line = |line: domain::order::OrderLine| {
        World::of(order_in("DKK", "DK", vec![goods("MUG-1", "1", "100.00", "25", "25.00"), line]))
    };
    // Two products for each purpose, so that a number can be exchanged for another.
    let sku = |name: &str, world: World, group: u32| {
        values(
            &format!("/products/skus/{name}"),
            world.with(|world| {
                world.catalogue.products.extend([product("ANDEN-1", group), product("ANDEN-2", group)])
            }),
            &products(&format!(r#""skus":{{"{name}":"@"}}"#)),
            "ANDEN-1",
            "ANDEN-2",
        )
    };
    let unknown = || {
        one_line(goods("NEW-1", "1", "10.00", "25", "2.50")).with(|world| {
            let mut twin = world.catalogue.master.product_groups[&1].clone();
            twin.number = 7;
            world.catalogue.master.product_groups.insert(7, twin);
        })
    };
    let discounted = plain().with(|world| world.order.lines[0].net_before_discount = dkk("200.00"));
    let card_sold = || one_line(line(LineKind::GiftCardSold, "", "1", dkk("500.00"), "", ""));
    let taxed_cards = || card_sold().with(|world| world.catalogue.products.extend([product("gavekort", 1)]));
    let card_used = plain().with(|world| {
        world.order.payments[0].gift_card = true;
        world.order.payments[0].amount = dkk("100.00");
    });
    let no_sku = || one_line(goods("", "1", "10.00", "25", "2.50"));
    vec![
        values(
            "/products/number-from",
            plain().with(|world| world.catalogue.products.extend([product("4711", 1)])),
            &products(r#""number-from":"@""#),
            "sku",
            "product-id",
        ),
        values(
            "/products/missing",
            one_line(goods("NEW-1", "1", "10.00", "25", "2.50")),
            &products(r#""missing":"@""#),
            "create",
            "hold",
        ),
        values("/products/group", unknown(), &products(r#""group":@"#), "1", "7"),
        values(
            "/products/groups-by-rate[]/rate",
            unknown(),
            &products(r#""groups-by-rate":[{"rate":"@","group":7}]"#),
            "25",
            "12",
        ),
        values(
            "/products/groups-by-rate[]/group",
            unknown(),
            &products(r#""groups-by-rate":[{"rate":"25","group":@}]"#),
            "1",
            "7",
        ),
        values("/products/discounts", discounted, &products(r#""discounts":"@""#), "in-price", "own-line"),
        values(
            "/products/gift-cards/vat",
            card_sold(),
            &products(r#""gift-cards":{"vat":"@"}"#),
            "multi-purpose",
            "single-purpose",
        ),
        values(
            "/products/gift-cards/single-purpose-rate",
            taxed_cards(),
            &products(r#""gift-cards":{"vat":"single-purpose","single-purpose-rate":"@"}"#),
            "25",
            "12",
        ),
        values(
            "/products/gift-cards/used",
            card_used,
            &products(r#""gift-cards":{"used":"@"}"#),
            "deduct",
            "payment",
        ),
        sku("shipping", plain(), 1),
        sku("shipping-untaxed", one_line(line(LineKind::Shipping, "", "1", dkk("39.00"), "0", "0.00")), 2),
        sku("fee", one_line(line(LineKind::Fee, "", "1", dkk("4.00"), "25", "1.00")), 1),
        sku("discount", one_line(line(LineKind::Fee, "", "1", dkk("-4.00"), "25", "-1.00")), 1),
        sku("fee-untaxed", one_line(line(LineKind::Fee, "", "1", dkk("4.00"), "0", "0.00")), 2),
        sku("discount-untaxed", one_line(line(LineKind::Fee, "", "1", dkk("-4.00"), "", "")), 2),
        sku("tip", one_line(line(LineKind::Tip, "", "1", dkk("20.00"), "", "")), 2),
        sku("duty", one_line(line(LineKind::Duty, "", "1", dkk("20.00"), "", "")), 2),
        sku("rounding", one_line(line(LineKind::CashRounding, "", "1", dkk("-0.25"), "", "")), 2),
        sku("gift-card", card_sold(), 4),
        sku("default", no_sku(), 1),
        sku("refund", given_back(by_amount("50.00")), 1),
        sku("refund-untaxed", untaxed_given_back(), 2),
    ]
}

fn catalogue_cases() -> Vec<Case> {
    let flow = |inner: &str| format!(r#"{{"products":{{"catalogue":{{{inner}}}}}}}"#);
    let of = |entry: domain::ShopProduct| {
        plain().with(|world| world.product = Some(ProductWorld::of(vec![entry])))
    };
    let new = || of(entry("1", "NEW-1"));
    let twin_groups = || {
        new().with(|world| {
            let mut twin = world.catalogue.master.product_groups[&1].clone();
            twin.number = 7;
            world.catalogue.master.product_groups.insert(7, twin);
        })
    };
    let known = || {
        new().with(|world| {
            let product = world.product.as_mut().expect("a product world");
            product.known.push(known_product("NEW-1", 2));
            product.entries[0].taxable = true;
        })
    };
    let grouped = |inner: &str| flow(&format!(r#""create":true,"groups":[{{"group":7,{inner}}}]"#));
    let gone = || {
        known().with(|world| {
            let product = world.product.as_mut().expect("a product world");
            product.earlier = vec![("1".to_owned(), "NEW-1".to_owned())];
            product.entries.clear();
        })
    };
    let mut draft = entry("1", "NEW-1");
    draft.status = domain::shop_product::ShopProductStatus::Draft;
    let mut bundle = entry("1", "NEW-1");
    bundle.kind = domain::shop_product::ShopProductKind::Bundle;
    let mut cases = vec![
        values("/products/unit", new(), r#"{"products":{"unit":@,"catalogue":{"create":true}}}"#, "1", "2"),
        values("/products/catalogue/create", new(), &flow(r#""create":@"#), "true", "false"),
        values(
            "/products/catalogue/drafts",
            of(draft),
            &flow(r#""create":true,"drafts":@"#),
            "true",
            "false",
        ),
        values(
            "/products/catalogue/bundles",
            of(bundle),
            &flow(r#""create":true,"bundles":@"#),
            "true",
            "false",
        ),
        values(
            "/products/catalogue/prices",
            new(),
            &flow(r#""create":true,"prices":"@""#),
            "with-vat",
            "without-vat",
        ),
        values(
            "/products/catalogue/standard-rate",
            new(),
            &flow(r#""create":true,"standard-rate":"@""#),
            "25",
            "12",
        ),
        values(
            "/products/catalogue/groups[]/taxable",
            twin_groups(),
            &grouped(r#""taxable":@"#),
            "true",
            "false",
        ),
        values(
            "/products/catalogue/groups[]/tax-class",
            twin_groups(),
            &grouped(r#""tax-class":"@""#),
            "",
            "reduced-rate",
        ),
        values(
            "/products/catalogue/groups[]/category",
            twin_groups(),
            &grouped(r#""category":"@""#),
            "krus",
            "Te",
        ),
        values(
            "/products/catalogue/groups[]/group",
            twin_groups(),
            &flow(r#""create":true,"groups":[{"group":@}]"#),
            "1",
            "7",
        ),
        values("/products/catalogue/gone", gone(), &flow(r#""create":true,"gone":"@""#), "keep", "bar"),
    ];
    for field in ["name", "group", "sales-price", "cost-price", "barcode"] {
        cases.push(values(
            &format!("/products/catalogue/update/{field}"),
            known(),
            &flow(&format!(r#""update":{{"{field}":"@"}}"#)),
            "never",
            "always",
        ));
    }
    cases.push(values(
        "/products/catalogue/update/unit",
        known(),
        r#"{"products":{"unit":1,"catalogue":{"update":{"unit":"@"}}}}"#,
        "never",
        "always",
    ));
    cases
}

/// A buyer of each kind.
fn buyer(kind: &str) -> World {
    stranger().with(|world| {
        let customer = &mut world.order.customer;
        if kind != "private" {
            customer.billing.company = "Firma ApS".to_owned();
            customer.company_number = Some("12345678".to_owned());
        }
        if kind == "ean" {
            customer.ean = Some("5790000000005".to_owned());
        }
    })
}

/// A buyer of a kind whose customer in the accounts differs in every field that this kind can have.
fn known_with_all(kind: &str) -> World {
    buyer(kind).with(|world| {
        world.order.customer.email = "ny@example.dk".to_owned();
        world.order.customer.vat_number =
            if kind == "private" { None } else { Some("DK12345678".to_owned()) };
        world.catalogue.customers = vec![customer(5001, "Aase Hansen")];
    })
}

fn customer_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in ["private", "business", "ean"] {
        let rule = |inner: &str| format!(r#"{{"customers":{{"{kind}":{{{inner}}}}}}}"#);
        let leaf = |name: &str| format!("/customers/{kind}/{name}");
        let two = buyer(kind)
            .with(|world| world.catalogue.customers = vec![customer(5001, "Butik"), customer(5002, "Web")]);
        let shop_knows = buyer(kind).with(|world| world.order.customer.shop_id = Some("57".to_owned()));
        let unnumbered = buyer(kind).with(|world| world.order.customer.company_number = None);
        cases.extend([
            values(&leaf("identify-by"), buyer(kind), &rule(r#""identify-by":"@""#), "email", "phone"),
            values(&leaf("identify-by"), shop_knows, &rule(r#""identify-by":"@""#), "email", "number"),
            values(
                &leaf("otherwise-by"),
                unnumbered,
                &rule(r#""identify-by":"vat-number","otherwise-by":"@""#),
                "email",
                "phone-as-number",
            ),
            values(&leaf("collective"), two, &rule(r#""collective":@"#), "5001", "5002"),
            values(&leaf("create"), buyer(kind), &rule(r#""create":@"#), "true", "false"),
            values(&leaf("group"), buyer(kind), &rule(r#""group":@"#), "1", "2"),
            values(&leaf("term"), buyer(kind), &rule(r#""term":@"#), "1", "3"),
            values(&leaf("zone"), buyer(kind), &rule(r#""zone":@"#), "1", "3"),
        ]);
        cases.extend([
            values(
                &leaf("update[]/field"),
                known_with_all(kind),
                &rule(r#""update":[{"field":"@","when":"always"}]"#),
                "name",
                "email",
            ),
            values(
                &leaf("update[]/when"),
                known_with_all(kind),
                &rule(r#""update":[{"field":"email","when":"@"}]"#),
                "never",
                "always",
            ),
        ]);
    }
    for (field, kind) in [
        ("name", "private"),
        ("email", "private"),
        ("phone", "private"),
        ("address", "private"),
        ("company-number", "business"),
        ("vat-number", "business"),
        ("ean", "ean"),
    ] {
        let known = buyer(kind).with(|world| {
            world.order.customer.email = "ny@example.dk".to_owned();
            world.order.customer.vat_number =
                if kind == "private" { None } else { Some("DK12345678".to_owned()) };
            world.catalogue.customers = vec![customer(5001, "Aase Hansen")];
        });
        cases.push(values(
            &format!("/customers/update/{field}"),
            known,
            &format!(r#"{{"customers":{{"update":{{"{field}":"@"}}}}}}"#),
            "never",
            "always",
        ));
    }
    let twins = buyer("private").with(|world| {
        world.catalogue.customers = vec![customer(5001, "Aase"), customer(5002, "Åse")];
    });
    let mistyped = buyer("business").with(|world| world.order.customer.vat_number = Some("DK123".to_owned()));
    cases.extend([
        values("/customers/several", twins, r#"{"customers":{"several":"@"}}"#, "hold", "highest-number"),
        values(
            "/customers/vat-number-check",
            mistyped,
            r#"{"customers":{"vat-number-check":"@"}}"#,
            "hold",
            "warn",
        ),
    ]);
    let nobody = plain().with(|world| {
        world.order.customer.email.clear();
        world.catalogue.customers = vec![customer(5001, "Butik"), customer(5002, "Web")];
    });
    let nameless = plain().with(|world| world.order.customer.billing.name.clear());
    let company = stranger().with(|world| world.order.customer.billing.company = "Firma ApS".to_owned());
    cases.extend([
        values("/customers/anonymous", nobody, r#"{"customers":{"anonymous":@}}"#, "5001", "5002"),
        values(
            "/customers/nameless",
            nameless,
            r#"{"customers":{"nameless":"@"}}"#,
            "Webkunde",
            "Kontantkunde",
        ),
        values(
            "/customers/company-name-is-business",
            company,
            r#"{"customers":{"company-name-is-business":@}}"#,
            "true",
            "false",
        ),
    ]);
    for (name, one, other) in [
        ("company-number-fields", "11111111", "22222222"),
        ("vat-number-fields", "SE556012345601", "SE556012345602"),
        ("ean-fields", "5790000000005", "5790000000012"),
    ] {
        let fields = vec![("first".to_owned(), one.to_owned()), ("second".to_owned(), other.to_owned())];
        cases.push(values(
            &format!("/customers/{name}[]"),
            stranger().with(|world| world.order.fields = fields),
            &format!(r#"{{"customers":{{"{name}":["@"]}}}}"#),
            "first",
            "second",
        ));
    }
    cases
}

fn difference_cases() -> Vec<Case> {
    // 149.97 with 25 % inside: the shop's VAT is 29.99, the target reckons 30.00.
    let tea = || goods("TEA-0", "1", "10.00", "0", "0.00");
    let off = || World::of(order_in("DKK", "DK", vec![goods("MUG-1", "1", "119.98", "25", "29.99"), tea()]));
    vec![
        values("/differences/mode", off(), r#"{"differences":{"mode":"@"}}"#, "correction-line", "ignore"),
        values("/differences/limit", off(), r#"{"differences":{"limit":"@"}}"#, "0.01", "0.00"),
        values("/differences/text", off(), r#"{"differences":{"text":"@"}}"#, "Afrunding", "Øre"),
    ]
}

/// Settings of the stock flow: they decide nothing about orders, so they have a world of their own.
fn stock_cases() -> Vec<Case> {
    let one = |name: &str, template: &str, one: &str, other: &str| {
        let file =
            format!(r#"{{"document":{{"kind":"booked-invoice"}},"stock":{{"mode":"write",{template}}}}}"#);
        values(&format!("/stock/{name}"), plain(), &file, one, other)
    };
    let bundle =
        r#""bundles":[{"product":"SET","parts":[{"product":"A","units":2},{"product":"B","units":1}]}]"#;
    vec![
        values("/stock/mode", plain(), r#"{"stock":{"mode":"@"}}"#, "off", "report"),
        one("quantity", r#""quantity":"@""#, "available", "in-stock"),
        one("safety-stock", r#""safety-stock":@"#, "0", "2"),
        one(
            "safety-stock-by-product[]/product",
            r#""safety-stock-by-product":[{"product":"@","units":3}]"#,
            "A",
            "B",
        ),
        one(
            "safety-stock-by-product[]/units",
            r#""safety-stock-by-product":[{"product":"A","units":@}]"#,
            "1",
            "3",
        ),
        one("barred", r#""barred":"@""#, "zero", "as-others"),
        one("duplicates", r#""duplicates":"@""#, "report", "tell-each"),
        one("locations[]/shop", r#""locations":[{"shop":"@","accounting":["Nord"]}]"#, "1", "2"),
        one("locations[]/accounting[]", r#""locations":[{"shop":"1","accounting":["@"]}]"#, "Nord", "Syd"),
        one("bundles[]/product", &bundle.replace("SET", "@"), "SET", "OTHER"),
        one("bundles[]/parts[]/product", &bundle.replace(r#""A""#, r#""@""#), "A", "C"),
        one("bundles[]/parts[]/units", &bundle.replace(r#""units":2"#, r#""units":@"#), "2", "3"),
        one("every-minutes", r#""every-minutes":@"#, "5", "60"),
        one("after-documents", r#""after-documents":@"#, "true", "false"),
        one("full-every-hours", r#""full-every-hours":@"#, "24", "1"),
    ]
}

/// What the stock settings decide over a small stock: what each entry should show, and when it is looked at.
fn stock_decision(settings: &domain::settings::StockSettings) -> Vec<u8> {
    use domain::stock::{Cell, KeptItem, PlaceLevel, StockReading, StockState, compare, schedule};
    let mut state = StockState::new();
    state.locations = vec!["1".to_owned(), "2".to_owned()];
    for (product, nord, syd, barred) in [
        ("A", 9_000, 4_000, false),
        ("B", 7_000, 1_000, false),
        ("C", 2_000, 0, false),
        ("BARRED", 5_000, 0, true),
    ] {
        let place = |name: &str, stock| PlaceLevel {
            place: name.to_owned(),
            available: stock - 1_000,
            in_stock: stock,
        };
        state.take_reading(StockReading {
            product: product.to_owned(),
            barred,
            changed_at: jiff::Timestamp::UNIX_EPOCH,
            places: vec![place("Nord", nord), place("Syd", syd)],
        });
    }
    for (id, number) in [("1", "A"), ("2", "B"), ("3", "B"), ("4", "SET"), ("5", "OTHER"), ("6", "BARRED")] {
        state.items.insert(
            id.to_owned(),
            KeptItem {
                number: number.to_owned(),
                family: None,
                item: None,
                keeping: domain::shop_product::StockKeeping::Own,
                bundle: false,
                cells: vec![Cell::default(), Cell::default()],
                generation: 0,
            },
        );
    }
    let found = compare(&state, settings);
    let shop = domain::ConnectionId::new("a-shop-of-the-merchant");
    let at = |minute: i64| jiff::Timestamp::from_second(minute * 60).expect("a time");
    let turns = (0..60).filter(|minute| schedule::is_turn(settings, &shop, at(*minute))).count();
    let whole = schedule::wants_whole(settings, Some(at(0)), at(600));
    format!("{} {found:?} {turns} {whole} {}", settings.is_on(), schedule::wants_word(settings)).into_bytes()
}

/// An order without VAT whose invoice is booked, and ten kroner of which went back.
fn untaxed_given_back() -> World {
    let tea = order_in("DKK", "DK", vec![goods("TEA-0", "1", "100.00", "0", "0.00")]);
    invoiced(World::of(tea)).with(|world| world.order.refunds = vec![by_amount("10.00")])
}

fn given_back(refund: domain::Refund) -> World {
    invoiced(World::of(plain_order())).with(|world| world.order.refunds = vec![refund])
}

fn credit_cases() -> Vec<Case> {
    let credit = |inner: &str| format!(r#"{{"credit":{{{inner}}}}}"#);
    let leaf = |name: &str, world: World, one: &str, other: &str| {
        values(&format!("/credit/{name}"), world, &credit(&format!(r#""{name}":"@""#)), one, other)
    };
    let mug = || given_back(one_mug("99.95"));
    let cancelled = || invoiced(World::of(plain_order())).with(|world| world.order.cancelled = true);
    let in_the_bin = cancelled().with(|world| world.order.deleted = true);
    let given_up =
        invoiced(World::of(plain_order())).with(|world| world.order.payment_state = PaymentState::Voided);
    let dearer = || {
        invoiced(World::of(plain_order())).with(|world| {
            world.order.lines.push(goods("MUG-1", "1", "79.96", "25", "19.99"));
            world.order.total_vat = dkk("69.77");
            world.order.total = dkk("348.85");
        })
    };
    let draft = plain().with(|world| world.order.refunds = vec![one_mug("99.95")]);
    vec![
        leaf("refunds-with-lines", mug(), "credit", "hold"),
        leaf("refunds-by-amount", given_back(by_amount("10.00")), "credit", "ignore"),
        leaf("cancellations", cancelled(), "credit", "ignore"),
        leaf("voided", given_up, "credit", "hold"),
        leaf("edits", dearer(), "credit", "ignore"),
        leaf("deletions", in_the_bin, "credit", "hold"),
        leaf("from", mug(), "2026-11-22", "2026-11-23"),
        leaf("before-booking", draft, "amend-draft", "wait"),
        leaf("booking", mug(), "always", "never"),
        leaf("send", mug(), "never", "email"),
        leaf("stock", mug(), "give-back", "keep-out"),
        leaf("heading", mug(), "Kreditnota", "Credit note"),
        leaf("text", mug(), "Tak", "{refund_reason}"),
        leaf("further-heading", dearer(), "Mere", "More"),
        values(
            "/credit/moved-text",
            mug().with(november_closed),
            r#"{"document":{"date":{"locked-period":"first-open-day"}},"credit":{"moved-text":"@"}}"#,
            "Tilbage {original_date}",
            "Returned {original_date}",
        ),
    ]
}

fn all_cases() -> Vec<Case> {
    [
        order_cases(),
        document_cases(),
        payment_cases(),
        vat_cases(),
        product_cases(),
        catalogue_cases(),
        customer_cases(),
        difference_cases(),
        stock_cases(),
        credit_cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The file's values by leaf path, so that two files can be compared place by place.
fn flattened(file: &Value, path: String, found: &mut BTreeMap<String, Vec<String>>) {
    match file {
        Value::Object(fields) => {
            for (name, value) in fields {
                flattened(value, format!("{path}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for item in items {
                flattened(item, format!("{path}[]"), found);
            }
        }
        value => found.entry(path).or_default().push(value.to_string()),
    }
}

#[test]
fn every_leaf_of_the_schema_has_a_case_and_every_case_a_leaf() {
    let schema = domain::settings::settings_schema();
    // What acts on the reading of the shop's text has its cases where orders are read, in the connectors' tests.
    let read: BTreeSet<String> = acting_on_reading(&schema).into_iter().collect();
    let leaves: BTreeSet<String> = leaves(&schema).into_iter().filter(|leaf| !read.contains(leaf)).collect();
    let cases: BTreeSet<String> = all_cases().into_iter().map(|case| case.leaf).collect();
    let missing: Vec<_> = leaves.difference(&cases).collect();
    let strange: Vec<_> = cases.difference(&leaves).collect();
    assert!(missing.is_empty(), "no case shows that these settings matter: {missing:#?}");
    assert!(strange.is_empty(), "these cases name no leaf of the schema: {strange:#?}");
    assert!(leaves.len() > 100, "the walk found {} leaves only", leaves.len());
}

#[test]
fn two_values_of_every_leaf_make_different_plans() {
    let mut alike = Vec::new();
    for case in all_cases() {
        let [one, other] = [&case.one, &case.other].map(|text| {
            let file: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let settings: Settings =
                serde_json::from_value(file.clone()).unwrap_or_else(|error| panic!("{text}: {error}"));
            (file, settings)
        });
        let mut places = [BTreeMap::new(), BTreeMap::new()];
        flattened(&one.0, String::new(), &mut places[0]);
        flattened(&other.0, String::new(), &mut places[1]);
        let all: BTreeSet<&String> = places.iter().flat_map(BTreeMap::keys).collect();
        let differing: Vec<&&String> =
            all.iter().filter(|place| places[0].get(**place) != places[1].get(**place)).collect();
        assert!(!differing.is_empty(), "{}: the files are alike", case.leaf);
        assert!(
            differing.iter().all(|place| place.starts_with(&case.leaf)),
            "{}: the files also differ in {differing:?}",
            case.leaf
        );
        assert!(!values_at(&one.0, &case.leaf).is_empty(), "{}: the file does not set it", case.leaf);
        let bytes = [one.1, other.1].map(|settings| {
            if case.leaf.starts_with("/stock/") {
                return stock_decision(&settings.stock);
            }
            let world = World { settings, ..case.world.clone() };
            serde_json::to_vec(&world.decide()).expect("a decision is JSON")
        });
        if bytes[0] == bytes[1] {
            alike.push(format!("{}: {}", case.leaf, String::from_utf8_lossy(&bytes[0])));
        }
    }
    assert!(alike.is_empty(), "these settings made no difference:\n{}", alike.join("\n"));
}

#[test]
fn every_file_of_the_cases_is_valid_but_the_one_that_must_not_be() {
    for case in all_cases() {
        for text in [&case.one, &case.other] {
            let read = domain::settings::read_settings(text);
            let unproven = case.leaf == "/payment/sign-proven" && text.contains(r#""sign-proven":false"#);
            assert_eq!(
                read.is_err(),
                unproven,
                "{}: {text}: {:?}",
                case.leaf,
                read.err().map(|error| error.to_string())
            );
        }
    }
}

/// A leaf of the merchant's file that is no setting of a flow: it names, wires or dates things, and no plan of an order is another for
/// it alone. One that is not listed here needs a place where it is shown.
const BESIDE_THE_SETTINGS: [&str; 23] = [
    "/connections[]/agreement",
    "/connections[]/base-urls/*",
    "/connections[]/id",
    "/connections[]/name",
    "/connections[]/source",
    "/connections[]/system",
    "/financial-year-end",
    "/flows[]/accounting",
    "/flows[]/name",
    "/flows[]/shop",
    "/id",
    "/language",
    "/name",
    "/payouts[]/accounting",
    "/payouts[]/acquirer",
    "/payouts[]/country",
    "/payouts[]/gateways[]",
    "/payouts[]/name",
    "/recipients[]/email",
    "/recipients[]/errors",
    "/recipients[]/language",
    "/recipients[]/transfers",
    "/time-zone",
];

#[test]
fn a_merchants_file_holds_the_settings_of_its_flows_and_a_list_of_other_things() {
    let all: BTreeSet<String> = leaves(&domain::settings::merchant_file_schema()).into_iter().collect();
    let of_flows: BTreeSet<String> = leaves(&domain::settings::settings_schema()).into_iter().collect();
    let found: BTreeSet<String> =
        all.iter().filter_map(|leaf| leaf.strip_prefix("/flows[]/settings")).map(str::to_owned).collect();
    assert_eq!(found, of_flows, "every setting of a flow has its case above");
    // Those of payouts have their cases in the settlement's tests; a profile's are read with samples by the connectors'.
    let apart = ["/flows[]/settings/", "/payouts[]/settings/", "/payouts[]/profile/"];
    let beside: Vec<&str> = all
        .iter()
        .map(String::as_str)
        .filter(|leaf| !apart.iter().any(|part| leaf.starts_with(part)))
        .collect();
    assert_eq!(beside, BESIDE_THE_SETTINGS);
}
