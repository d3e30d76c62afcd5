//! VAT situations as a table: who buys where at which rate, and the zone, products and totals that follow.

use domain::Decision;
use domain::order::{LineKind, OrderLine, VatAmount};

use crate::world::*;

/// What is expected of one situation: `zone; product rate, product rate ...; gross`, or the code of the hold.
struct Situation {
    name: &'static str,
    world: World,
    expected: &'static str,
}

fn told(world: &World) -> String {
    match world.decide() {
        Decision::Hold(reason) | Decision::Skip(reason) => reason.code,
        Decision::Transfer(plan) => {
            let document = &plan.document_step().expect("a document").document;
            let lines: Vec<String> =
                document.lines.iter().map(|line| format!("{} {}", line.product, line.rate)).collect();
            assert_eq!(document.expected.gross, plan.expected.gross, "the totals agree");
            format!("{}; {}; {}", document.vat_zone, lines.join(", "), document.expected.gross)
        }
    }
}

fn sold(country: &str, lines: Vec<OrderLine>) -> World {
    World::of(order_in("DKK", country, lines))
}

fn mug(rate: &str, tax: &str) -> OrderLine {
    goods("MUG-1", "1", "100.00", rate, tax)
}

fn company(world: World, number: &str) -> World {
    world.with(|world| {
        world.order.customer.billing.company = "Firma AB".to_owned();
        if !number.is_empty() {
            world.order.customer.vat_number = Some(number.to_owned());
        }
    })
}

const OSS: &str = r#"{"vat":{"oss":{"enabled":true,"product":"{sku}-{country}"}}}"#;

fn home() -> Vec<Situation> {
    let exempt = sold("DK", vec![mug("", "")]).with(|world| world.order.customer.vat_exempt = true);
    vec![
        Situation {
            name: "at home",
            world: sold("DK", vec![mug("25", "25.00")]),
            expected: "1; MUG-1 25; 125.00",
        },
        Situation {
            name: "several rates on one order",
            world: sold(
                "DK",
                vec![
                    mug("25", "25.00"),
                    goods("MEL-12", "1", "50.00", "12", "6.00"),
                    goods("TEA-0", "1", "10.00", "0", "0.00"),
                ],
            ),
            expected: "1; MUG-1 25, MEL-12 12, TEA-0 0; 191.00",
        },
        Situation {
            name: "freight without VAT beside goods with VAT",
            world: sold(
                "DK",
                vec![mug("25", "25.00"), line(LineKind::Shipping, "", "1", dkk("39.00"), "0", "0.00")],
            ),
            expected: "1; MUG-1 25, fragtum 0; 164.00",
        },
        Situation { name: "an exempt buyer at home", world: exempt, expected: "4; MUG-1 0; 100.00" },
        Situation {
            name: "no address at all",
            world: sold("", vec![mug("25", "25.00")]),
            expected: "1; MUG-1 25; 125.00",
        },
        Situation {
            name: "no VAT charged on goods that carry it",
            world: sold("DK", vec![mug("", "")]),
            expected: "vat-rate-mismatch",
        },
        Situation {
            name: "free goods whose line tells no rate",
            world: sold("DK", vec![mug("25", "25.00"), goods("MUG-1", "1", "0.00", "", "")]),
            expected: "1; MUG-1 25, MUG-1 25; 125.00",
        },
        Situation {
            name: "a rate that the shop states without charging it",
            world: sold("DK", vec![goods("TEA-0", "1", "100.00", "25", "0.00")]),
            expected: "1; TEA-0 0; 100.00",
        },
        Situation {
            name: "a rate that the shop does not state, told by its amount",
            world: sold("DK", vec![mug("25", "25.00")]).with(|world| world.order.lines[0].vat[0].rate = None),
            expected: "1; MUG-1 25; 125.00",
        },
    ]
}

fn europe() -> Vec<Situation> {
    let collective = r#"{"vat":{"oss":{"enabled":true,"collective":[{"country":"DE","rate":"19","product":"OSS-DE-19"}]}}}"#;
    let german = || sold("DE", vec![mug("19", "19.00")]);
    vec![
        Situation {
            name: "a company in Sweden with a VAT number: reverse charge",
            world: company(sold("SE", vec![mug("", "")]), "SE556012345601"),
            expected: "2; MUG-1 0; 100.00",
        },
        Situation {
            name: "a company in Sweden without a number and without VAT",
            world: company(sold("SE", vec![mug("", "")]), ""),
            expected: "eu-sale-without-vat",
        },
        Situation {
            name: "a person in Sweden without VAT",
            world: sold("SE", vec![mug("", "")]),
            expected: "eu-sale-without-vat",
        },
        Situation {
            name: "a person in Sweden with Danish VAT, below the limit for distance sales",
            world: sold("SE", vec![mug("25", "25.00")]),
            expected: "1; MUG-1 25; 125.00",
        },
        Situation { name: "German VAT without OSS", world: german(), expected: "vat-rate-mismatch" },
        Situation {
            name: "German VAT on the product's sibling",
            world: german().with_settings(OSS),
            expected: "1; MUG-1-DE 19; 119.00",
        },
        Situation {
            name: "German VAT on a collective product",
            world: german()
                .with_settings(collective)
                .with(|world| world.catalogue.products.extend([product("OSS-DE-19", 5)])),
            expected: "1; OSS-DE-19 19; 119.00",
        },
        Situation {
            name: "collected in Denmark by a Swedish buyer, with Danish VAT",
            world: sold("SE", vec![mug("25", "25.00")])
                .with_settings(OSS)
                .with(|world| world.order.taxed_in = Some("DK".to_owned())),
            expected: "1; MUG-1 25; 125.00",
        },
        Situation {
            name: "sent to Sweden, with Swedish VAT",
            world: sold("SE", vec![mug("25", "25.00")])
                .with_settings(OSS)
                .with(|world| world.order.taxed_in = Some("SE".to_owned())),
            expected: "oss-product-missing",
        },
        Situation {
            name: "Swedish VAT, 25 % as at home, with OSS and no product for it",
            world: sold("SE", vec![mug("25", "25.00")]).with_settings(collective),
            expected: "oss-product-missing",
        },
        Situation {
            name: "Swedish VAT in a zone of its own, where the groups have their own accounts",
            world: sold("SE", vec![mug("25", "25.00")])
                .with_settings(r#"{"vat":{"oss":{"enabled":true,"zone":7}}}"#)
                .with(|world| {
                    world.catalogue.master.vat_zones.insert(7, "OSS".to_owned());
                    let group = world.catalogue.master.product_groups.get_mut(&1).expect("group 1");
                    group.rate_by_zone.insert(7, percent("25"));
                }),
            expected: "7; MUG-1 25; 125.00",
        },
        Situation {
            name: "an OSS sibling that does not exist",
            world: sold("FR", vec![mug("20", "20.00")]).with_settings(OSS),
            expected: "oss-product-missing",
        },
        Situation {
            name: "a company that was charged German VAT has no number, so OSS it is",
            world: company(german().with_settings(OSS), ""),
            expected: "1; MUG-1-DE 19; 119.00",
        },
        Situation {
            name: "only a gift card, to Sweden: no sale yet, so no VAT is missing",
            world: sold("SE", vec![line(LineKind::GiftCardSold, "", "1", dkk("500.00"), "", "")]),
            expected: "2; gavekort 0; 500.00",
        },
    ]
}

/// Quebec: 5 % federal tax, and 9.975 % (not on top of it) or, as until 2013, on top of it.
fn quebec(on_top: bool) -> World {
    let tax = |rate: &str, amount: &str, compound: bool| VatAmount { compound, ..vat(rate, dkk(amount)) };
    let mut lines = vec![mug("", "")];
    lines[0].vat = if on_top {
        vec![tax("5", "5.00", false), tax("9.5", "9.98", true)]
    } else {
        vec![tax("5", "5.00", false), tax("9.975", "9.98", false)]
    };
    sold("CA", lines).with(|world| world.catalogue.products.extend([product("MUG-QC", 6)]))
}

fn world_wide() -> Vec<Situation> {
    let rule = r#"{"vat":{"rules":[{"countries":["CA"],"rates":["14.975"],"zone":3,"product":"MUG-QC"}]}}"#;
    let marketplace = sold("NO", vec![mug("", "")]).with(|world| {
        world.order.lines[0].vat =
            vec![VatAmount { remitted_by_marketplace: true, ..vat("25", dkk("25.00")) }];
        world.order.total_vat = dkk("25.00");
        world.order.total = dkk("125.00");
    });
    vec![
        Situation { name: "export", world: sold("NO", vec![mug("", "")]), expected: "3; MUG-1 0; 100.00" },
        Situation {
            name: "export with freight goes on the ordinary freight product",
            world: sold(
                "GB",
                vec![mug("0", "0.00"), line(LineKind::Shipping, "", "1", dkk("80.00"), "", "")],
            ),
            expected: "3; MUG-1 0, fragtmm 0; 180.00",
        },
        Situation {
            name: "two taxes side by side make one rate",
            world: quebec(false).with_settings(rule),
            expected: "3; MUG-QC 14.975; 114.98",
        },
        Situation {
            name: "a tax on top of a tax makes one rate",
            world: quebec(true).with_settings(rule),
            expected: "3; MUG-QC 14.975; 114.98",
        },
        Situation {
            name: "foreign VAT that nobody set up",
            world: quebec(false),
            expected: "vat-rate-mismatch",
        },
        Situation {
            name: "tax that a marketplace remits is not the merchant's",
            world: marketplace,
            expected: "3; MUG-1 0; 100.00",
        },
    ]
}

fn cards_and_fees() -> Vec<Situation> {
    let card = |rate: &str, tax: &str| {
        sold("DK", vec![line(LineKind::GiftCardSold, "", "1", dkk("500.00"), rate, tax)])
    };
    let single = r#"{"products":{"gift-cards":{"vat":"single-purpose"}}}"#;
    let taxed = |world: World| world.with(|world| world.catalogue.products.extend([product("gavekort", 1)]));
    let used = |amount: &str| {
        sold("DK", vec![mug("25", "25.00")]).with(|world| {
            let mut card = world.order.payments[0].clone();
            card.gift_card = true;
            card.amount = dkk(amount);
            world.order.payments[0].amount = world.order.total.minus(card.amount).expect("rest");
            world.order.payments.push(card);
        })
    };
    let with = |kind: LineKind, net: &str, rate: &str, tax: &str| {
        sold("DK", vec![mug("25", "25.00"), line(kind, "", "1", dkk(net), rate, tax)])
    };
    vec![
        Situation {
            name: "a multi-purpose card sold is a debt",
            world: card("", ""),
            expected: "1; gavekort 0; 500.00",
        },
        Situation {
            name: "a multi-purpose card sold with VAT",
            world: card("25", "125.00"),
            expected: "gift-card-with-vat",
        },
        Situation {
            name: "a single-purpose card carries VAT inside, also where the shop charged none",
            world: taxed(card("", "")).with_settings(single),
            expected: "1; gavekort 25; 500.00",
        },
        Situation {
            name: "a card used lowers what is owed, not the sale",
            world: used("75.00"),
            expected: "1; MUG-1 25, gavekort 0; 50.00",
        },
        Situation {
            name: "a single-purpose card used takes its VAT off",
            world: taxed(used("75.00")).with_settings(single),
            expected: "1; MUG-1 25, gavekort 25; 50.00",
        },
        Situation {
            name: "a card used, left among the payments",
            world: used("75.00").with_settings(r#"{"products":{"gift-cards":{"used":"payment"}}}"#),
            expected: "1; MUG-1 25; 125.00",
        },
        Situation {
            name: "a fee",
            world: with(LineKind::Fee, "4.00", "25", "1.00"),
            expected: "1; MUG-1 25, gebyr 25; 130.00",
        },
        Situation {
            name: "a fee without VAT",
            world: with(LineKind::Fee, "4.00", "0", "0.00")
                .with(|world| world.catalogue.products.extend([product("gebyrum", 2)])),
            expected: "1; MUG-1 25, gebyrum 0; 129.00",
        },
        Situation {
            name: "a discount without VAT given as a fee",
            world: with(LineKind::Fee, "-20.00", "", "")
                .with(|world| world.catalogue.products.extend([product("rabatum", 2)])),
            expected: "1; MUG-1 25, rabatum 0; 105.00",
        },
        Situation {
            name: "a discount given as a fee",
            world: with(LineKind::Fee, "-20.00", "25", "-5.00"),
            expected: "1; MUG-1 25, rabat 25; 100.00",
        },
        Situation {
            name: "a tip",
            world: with(LineKind::Tip, "10.00", "", ""),
            expected: "1; MUG-1 25, drikkepenge 0; 135.00",
        },
        Situation {
            name: "duty",
            world: with(LineKind::Duty, "30.00", "", ""),
            expected: "1; MUG-1 25, told 0; 155.00",
        },
        Situation {
            name: "cash rounding",
            world: with(LineKind::CashRounding, "-0.25", "", ""),
            expected: "1; MUG-1 25, afrunding 0; 124.75",
        },
        Situation {
            name: "free freight needs no line",
            world: with(LineKind::Shipping, "0.00", "", ""),
            expected: "1; MUG-1 25; 125.00",
        },
    ]
}

#[test]
fn each_situation_has_its_zone_products_and_total() {
    let mut wrong = Vec::new();
    for Situation { name, world, expected } in
        [home(), europe(), world_wide(), cards_and_fees()].into_iter().flatten()
    {
        let found = told(&world);
        if found != expected {
            wrong.push(format!("{name}: expected {expected}, found {found}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_rate_mismatch_names_product_group_and_both_rates() {
    let reason = sold("DK", vec![goods("MEL-12", "1", "100.00", "25", "25.00")]).held();
    let text = domain::explain::explain(&reason, domain::settings::Language::En);
    for word in ["MEL-12", "3 Varer 12 %", "12 %", "25 %", "1 Indland"] {
        assert!(text.what.contains(word), "{word} is missing in: {}", text.what);
    }
}

#[test]
fn a_single_purpose_cards_vat_stands_in_the_expected_sums() {
    let settings = r#"{"products":{"gift-cards":{"vat":"single-purpose"}}}"#;
    let card = line(LineKind::GiftCardSold, "", "1", dkk("500.00"), "", "");
    let world = sold("DK", vec![card])
        .with_settings(settings)
        .with(|world| world.catalogue.products.extend([product("gavekort", 1)]));
    let plan = world.plan();
    assert_eq!((plan.expected.net, plan.expected.vat), (dkk("400.00"), dkk("100.00")));
    assert_eq!(plan.order_total, dkk("500.00"));
}
