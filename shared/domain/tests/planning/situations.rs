//! What stops an order, and what does not: a table of orders, settings and agreements with the code of the decision.

use domain::order::{FulfilmentState, LineKind, PaymentState};
use domain::plan::{CustomerAction, SendBy, Step};
use domain::planning::is_reference_of;
use domain::settings::CapturedLess;
use domain::{Decision, DocumentKind};
use jiff::civil::date;

use crate::world::*;

fn plain() -> World {
    World::of(plain_order())
}

fn code_of(world: &World) -> String {
    match world.decide() {
        Decision::Transfer(plan) => {
            plan.warnings.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>().join(",")
        }
        Decision::Skip(reason) => format!("skip {}", reason.code),
        Decision::Hold(reason) => format!("hold {}", reason.code),
    }
}

fn check(table: Vec<(&str, World)>) {
    let wrong: Vec<String> = table
        .into_iter()
        .filter_map(|(expected, world)| {
            let found = code_of(&world);
            (found != expected).then(|| format!("expected {expected}, found {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

const MAPPED: &str = r#"{"payment":{"methods":[{"method":"quickpay"}]}}"#;

#[test]
fn states_filters_and_kinds_of_order_that_are_not_transferred() {
    let order = |change: fn(&mut domain::Order)| plain().with(|world| change(&mut world.order));
    let free = order_in("DKK", "DK", vec![goods("MUG-1", "2", "0.00", "", "")]);
    check(vec![
        ("skip test-order", order(|order| order.test = true)),
        ("hold fraud-hold", order(|order| order.fraud_hold = true)),
        ("skip cancelled", order(|order| (order.fraud_hold, order.cancelled) = (true, true))),
        ("skip cancelled", order(|order| order.cancelled = true)),
        ("skip state-not-chosen", order(|order| {
            order.state = "on-hold".to_owned();
            order.payment_state = PaymentState::Unpaid;
        })),
        ("payment-method-unmapped", order(|order| {
            order.state = "open".to_owned();
            order.payment_state = PaymentState::PartlyPaid;
            order.fulfilment_state = FulfilmentState::PartlyFulfilled;
        })),
        ("skip zero-total", World::of(free.clone())),
        ("", World::of(free).with_settings(r#"{"trigger":{"zero-totals":"transfer"},"payment":{"methods":[{"method":"quickpay"}]}}"#)),
        ("skip no-lines", World::of(order_in("DKK", "DK", Vec::new())).with_settings(r#"{"trigger":{"zero-totals":"transfer"}}"#)),
        ("skip before-go-live", plain().with_settings(r#"{"trigger":{"go-live":"2026-12-01"}}"#)),
        (
            "skip filtered-out",
            plain().with_settings(
                r#"{"trigger":{"filter":{"all":[{"where":{"field":"order-number","test":"at-least","values":["2000"]}}]}}}"#,
            ),
        ),
        ("hold negative-total", World::of(order_in("DKK", "DK", vec![line(LineKind::Fee, "", "1", dkk("-5.00"), "", "")]))),
    ]);
}

#[test]
fn an_order_that_does_not_agree_with_itself_is_held_with_the_difference() {
    let order = |change: fn(&mut domain::Order)| plain().with(|world| change(&mut world.order));
    check(vec![
        ("hold order-does-not-add-up", order(|order| order.total = dkk("248.91"))),
        ("hold order-vat-does-not-add-up", order(|order| order.total_vat = dkk("49.77"))),
        ("hold order-mixes-currencies", order(|order| order.lines[0].net = money("159.92", "EUR"))),
        ("hold order-quantity-impossible", order(|order| order.lines[0].quantity = decimal("-2"))),
        ("hold order-quantity-impossible", order(|order| order.lines[0].quantity = decimal("0"))),
        ("hold order-sign-impossible", order(|order| order.lines[0].vat[0].amount = dkk("-39.98"))),
    ]);
    let reason = order(|order| order.total = dkk("248.91")).held();
    assert_eq!(reason.fact("difference"), "0.01");
}

#[test]
fn currencies_with_none_two_and_three_decimals() {
    let in_currency = |currency: &str, net: &str, tax: &str| {
        World::of(order_in(
            currency,
            "DK",
            vec![line(LineKind::Product, "MUG-1", "3", money(net, currency), "25", tax)],
        ))
        .with_settings(MAPPED)
    };
    check(vec![
        ("", in_currency("EUR", "10.00", "2.50")),
        ("", in_currency("ISK", "1000", "250")),
        ("hold three-decimal-currency", in_currency("KWD", "10.000", "2.500")),
        ("hold currency-not-in-target", in_currency("JPY", "1000", "250")),
    ]);
    let lines = in_currency("ISK", "1000", "250").document().lines;
    let told: Vec<String> =
        lines.iter().map(|line| format!("{} x {}", line.quantity, line.unit_net_price)).collect();
    assert_eq!(told, ["2 x 333", "1 x 334"]);
}

#[test]
fn products_that_are_missing_barred_or_named_too_long() {
    let of = |sku: &str, settings: &str| {
        World::of(order_in("DKK", "DK", vec![goods(sku, "1", "100.00", "25", "25.00")]))
            .with_settings(settings)
    };
    let long = "A-PRODUCT-NUMBER-OF-26-CHR";
    let default = r#"{"products":{"missing":"use-default","skus":{"default":"MUG-1"}},"payment":{"methods":[{"method":"quickpay"}]}}"#;
    check(vec![
        ("", of("NEW-1", MAPPED)),
        ("hold missing-product", of("NEW-1", r#"{"products":{"missing":"hold"}}"#)),
        ("", of("NEW-1", default)),
        ("hold missing-sku", of("", "{}")),
        ("", of("", default)),
        ("hold sku-too-long", of(long, "{}")),
        (
            "hold product-barred",
            of("MUG-1", "{}").with(|world| {
                world.catalogue.products.get_mut("MUG-1").expect("mug").barred = true;
            }),
        ),
        (
            "hold no-product-group-for-rate",
            World::of(order_in("DKK", "DK", vec![goods("NEW-1", "1", "100.00", "7", "7.00")])),
        ),
        (
            "hold several-product-groups",
            World::of(order_in("DKK", "DK", vec![goods("NEW-1", "1", "100.00", "0", "0.00")])),
        ),
        (
            "hold no-product-for-purpose",
            plain().with_settings(r#"{"products":{"skus":{"shipping":null,"shipping-untaxed":null}}}"#),
        ),
        (
            "hold missing-special-product",
            World::of(order_in(
                "DKK",
                "DK",
                vec![line(LineKind::GiftCardSold, "", "1", dkk("100.00"), "", "")],
            ))
            .with(|world| {
                world.catalogue.products.remove("gavekort");
            }),
        ),
        (
            "hold no-account-for-zone",
            World::of(order_in("DKK", "NO", vec![goods("MUG-1-DE", "1", "100.00", "", "")])),
        ),
    ]);
    // A group for another country's VAT is never guessed, though it be the only one with the rate.
    let foreign =
        World::of(order_in("DKK", "DK", vec![goods("NEW-1", "1", "100.00", "6", "6.00")])).with(|world| {
            let mut group = world.catalogue.master.product_groups[&3].clone();
            group.number = 8;
            group.rate_by_zone = (1..=4).map(|zone| (zone, percent("6"))).collect();
            world.catalogue.master.product_groups.insert(8, group);
        });
    assert_eq!(code_of(&foreign), "hold no-product-group-for-rate");
    let Step::CreateProduct(made) = &of("NEW-1", MAPPED).plan().steps[1] else {
        panic!("the product is made")
    };
    assert_eq!((made.number.as_str(), made.group, made.sales_price), ("NEW-1", 1, Some(dkk("100.00"))));
}

#[test]
fn customers_that_are_many_barred_missing_or_nameless() {
    let known = |customers: Vec<domain::catalogue::KnownCustomer>| {
        plain().with(|world| world.catalogue.customers = customers)
    };
    let barred = domain::catalogue::KnownCustomer { barred: true, ..customer(5001, "Aase Hansen") };
    let no_create = r#"{"customers":{"private":{"create":false}}}"#;
    let nobody = || plain().with(|world| world.order.customer.email.clear());
    let with_ean = |ean: &str| {
        plain().with_settings(MAPPED).with(|world| world.order.customer.ean = Some(ean.to_owned()))
    };
    check(vec![
        ("hold several-customers", known(vec![customer(5001, "Aase"), customer(5002, "Åse")])),
        ("hold customer-barred", known(vec![barred])),
        ("hold customer-missing", known(Vec::new()).with_settings(no_create)),
        ("hold customer-not-identifiable", nobody()),
        ("hold shared-customer-missing", nobody().with_settings(r#"{"customers":{"anonymous":9}}"#)),
        (
            "hold customer-group-missing",
            known(Vec::new()).with_settings(r#"{"customers":{"private":{"group":9}}}"#),
        ),
        ("hold ean-invalid", with_ean("5790000000006")),
        ("hold ean-invalid", with_ean("57900")),
        ("", with_ean("579 0000 00000 5")),
    ]);
    let choices = known(vec![customer(5001, "Aase"), customer(5002, "Åse")]).held();
    assert_eq!(choices.fact("choices"), "5001; 5002");
}

#[test]
fn an_order_without_names_and_addresses_is_made_out_to_the_name_in_the_settings() {
    let world = plain().with(|world| world.order.customer.billing = domain::Address::default());
    let document = world.document();
    assert_eq!(document.recipient.name, "Webkunde");
    assert!(document.recipient.address.is_empty());
}

#[test]
fn a_name_stands_on_one_line_and_within_what_the_target_counts() {
    for (given, printed) in [
        (" Åse\nNørgård\u{0}", "Åse Nørgård".to_owned()),
        (&*"🍵".repeat(300), "🍵".repeat(125)),
        (&*format!("{} x", "y".repeat(249)), "y".repeat(249)),
        ("\u{0}\t", "Webkunde".to_owned()),
    ] {
        let named = plain().with(|world| {
            world.order.customer.billing.name = given.to_owned();
            world.order.customer.billing.company = String::new();
            world.order.customer.delivery = None;
        });
        assert_eq!(named.document().recipient.name, printed, "{given:?}");
    }
}

#[test]
fn a_new_buyer_is_made_with_what_identifies_them() {
    let world = plain().with(|world| world.catalogue.customers.clear());
    let Step::EnsureCustomer(step) = &world.plan().steps[0] else { panic!("the customer comes first") };
    let CustomerAction::Create(new) = &step.action else { panic!("a new customer") };
    assert_eq!(new.identified_by, ("email".to_owned(), "aase@example.dk".to_owned()));
    assert_eq!((new.group, new.payment_term, new.vat_zone, new.number), (1, 1, 1, None));

    let by_phone = world.with_settings(r#"{"customers":{"private":{"identify-by":"phone-as-number"}}}"#);
    let Step::EnsureCustomer(step) = &by_phone.plan().steps[0] else { panic!("the customer comes first") };
    let CustomerAction::Create(new) = &step.action else { panic!("a new customer") };
    assert_eq!((new.number, new.identified_by.1.as_str()), (Some(12_345_678), "12345678"));
}

#[test]
fn two_orders_of_one_new_buyer_share_the_key_of_the_making() {
    let key = |number: &str, email: &str| {
        let world = plain().with(|world| {
            world.catalogue.customers.clear();
            world.order.id = domain::EntityId::new(number);
            world.order.customer.email = email.to_owned();
        });
        let Step::EnsureCustomer(step) = world.plan().steps[0].clone() else {
            panic!("the customer comes first")
        };
        step.key
    };
    assert_eq!(key("1", "a@b.dk"), key("2", "A@B.dk "));
    assert_ne!(key("1", "a@b.dk"), key("1", "c@b.dk"));
}

#[test]
fn payment_terms_and_what_was_captured() {
    let card = r#"{"payment":{"methods":[{"method":"quickpay","term":2}]}}"#;
    let half = |settings: &str| {
        plain().with_settings(settings).with(|world| world.order.payments[0].amount = dkk("100.00"))
    };
    let journal = r#"{"document":{"kind":"booked-invoice"},"payment":{"sign-proven":true,"methods":[{"method":"quickpay","term":@,"registration":{"journal":{"journal":4,"contra-account":5820}}}]}}"#;
    check(vec![
        ("payment-method-unmapped", plain()),
        ("", plain().with_settings(card)),
        ("hold captured-less", half(card)),
        ("captured-less-open", half(&card.replace("}]", r#"}],"captured-less":"default-term""#))),
        ("hold payment-term-missing", plain().with_settings(&card.replace('2', "9"))),
        ("hold term-settles-and-journal", plain().with_settings(&journal.replace('@', "2"))),
        (
            "hold term-settles-but-open",
            plain().with_settings(&card.replace(":2", r#":2,"registration":"open""#)),
        ),
        (
            "hold no-payment-term",
            plain().with(|world| world.catalogue.master.payment_terms.retain(|_, term| term.settles)),
        ),
    ]);
    nothing_captured(card);
    // Half was captured: the journal registers the half, and the rest stays open.
    let plan = half(&journal.replace('@', "1")).plan();
    let payment = plan.steps.iter().find_map(|step| match step {
        Step::RegisterPayment(payment) => Some(payment),
        _ => None,
    });
    let payment = payment.expect("a payment step");
    assert_eq!((payment.amount, payment.journal, payment.contra_account), (dkk("100.00"), 4, 5820));
    assert_eq!(payment.date, date(2026, 11, 21));
    assert!(payment.text.starts_with("1042 "));
}

/// Nothing was taken, and the term would settle all of it.
fn nothing_captured(card: &str) {
    let nothing = |state: PaymentState, word: &str| {
        let settings = card.replacen('{', r#"{"trigger":{"handling":[{}]},"#, 1);
        plain().with_settings(&settings).with(|world| {
            world.order.payments.clear();
            world.order.payment_state = state;
            word.clone_into(&mut world.order.payment_state_text);
        })
    };
    let authorised = || nothing(PaymentState::Authorised, "authorized");
    let open =
        |world: World| world.with(|world| world.settings.payment.captured_less = CapturedLess::DefaultTerm);
    check(vec![
        ("hold captured-less", authorised()),
        ("hold captured-less", nothing(PaymentState::Unpaid, "pending")),
        ("captured-less-open", open(authorised())),
        // WooCommerce tells of no capture; a sales order posts nothing; a gift card paid for all of it.
        ("", nothing(PaymentState::Unpaid, "")),
        ("", authorised().with(|world| world.settings.document.kind = DocumentKind::Order)),
        (
            "",
            authorised().with(|world| {
                let card = order_in("DKK", "DK", Vec::new()).payments.remove(0);
                let amount = world.order.total;
                world.order.payments = vec![domain::order::Payment { gift_card: true, amount, ..card }];
            }),
        ),
    ]);
    let reason = authorised().held();
    assert_eq!((reason.fact("captured"), reason.fact("total")), ("0.00", "248.90"));
}

/// The plain order, of which 100.00 was paid in another way: 148.90 by card.
fn paid_by_two(other: &str, settings: &str) -> World {
    plain().with_settings(settings).with(|world| {
        let rest = domain::order::Payment {
            method: other.to_owned(),
            title: other.to_owned(),
            amount: dkk("100.00"),
            gift_card: other == "gift_card",
            ..world.order.payments[0].clone()
        };
        world.order.payments[0].amount = dkk("148.90");
        world.order.payments.push(rest);
    })
}

#[test]
fn each_of_several_methods_keeps_its_own_account() {
    let two = |credit: &str| {
        format!(
            r#"{{"payment":{{"methods":[{{"method":"quickpay","term":2}},{{"method":"store_credit","term":{credit}}}]}}}}"#
        )
    };
    let open = |settings: &str| settings.replace("}]}", r#"}],"captured-less":"default-term"}"#);
    let card = r#"{"payment":{"methods":[{"method":"quickpay","term":2}]}}"#;
    let cards_pay = r#"{"payment":{"methods":[{"method":"quickpay","term":2}]},"products":{"gift-cards":{"used":"payment"}}}"#;
    let other_term = |world: World| {
        world.with(|world| {
            let term = domain::catalogue::PaymentTerm {
                number: 4,
                name: "Butikskredit".to_owned(),
                ..world.catalogue.master.payment_terms[&2].clone()
            };
            world.catalogue.master.payment_terms.insert(4, term);
        })
    };
    check(vec![
        ("hold paid-by-several", other_term(paid_by_two("store_credit", &two("4")))),
        ("paid-by-several-open", other_term(paid_by_two("store_credit", &open(&two("4"))))),
        // Both by the one acquirer: the term is right for all of it.
        ("", paid_by_two("store_credit", &two("2"))),
        ("", paid_by_two("quickpay", card)),
        ("hold paid-by-several", paid_by_two("not named", card)),
        ("hold paid-by-several", paid_by_two("gift_card", cards_pay)),
    ]);
    let reason = other_term(paid_by_two("store_credit", &two("4"))).held();
    assert_eq!(reason.fact("other"), "100.00");
    let document = other_term(paid_by_two("store_credit", &open(&two("4")))).document();
    assert_eq!(document.payment_term, 1, "it stays open");
}

#[test]
fn a_journal_registers_each_capture_where_its_own_method_goes() {
    let journals = |other: &str| {
        format!(
            r#"{{"document":{{"kind":"booked-invoice"}},"payment":{{"sign-proven":true,"methods":[
            {{"method":"quickpay","term":1,"registration":{{"journal":{{"journal":4,"contra-account":5820}}}}}},
            {{"method":"store_credit","term":1,"registration":{other}}}]}}}}"#
        )
    };
    let registered = |world: &World| -> Vec<(String, u32, u32)> {
        let steps = world.plan().steps;
        let payment = |step: Step| match step {
            Step::RegisterPayment(step) => Some((step.amount.to_string(), step.journal, step.contra_account)),
            _ => None,
        };
        steps.into_iter().filter_map(payment).collect()
    };
    let own = r#"{"journal":{"journal":6,"contra-account":5900}}"#;
    let both = paid_by_two("store_credit", &journals(own));
    assert_eq!(registered(&both), [("148.90".to_owned(), 4, 5820), ("100.00".to_owned(), 6, 5900)]);
    // What goes through no journal is left open, said where nothing else settles it, and never registered later.
    let (open, by_term) = (journals(r#""open""#), journals(r#""term""#));
    check(vec![
        ("", paid_by_two("store_credit", &open)),
        ("paid-by-several-open", paid_by_two("store_credit", &by_term)),
        ("paid-by-several-open", paid_by_two("not named", &open)),
    ]);
    for settings in [open, by_term] {
        let world = paid_by_two("store_credit", &settings);
        assert_eq!(registered(&world), [("148.90".to_owned(), 4, 5820)]);
        let plan = world.plan();
        let world = world.carried_out(plan, 77);
        assert_eq!(world.skipped().code, "nothing-changed");
        let later = world.with(|world| {
            let first = world.order.payments[0].clone();
            world.order.payments.push(domain::order::Payment { amount: dkk("5.00"), ..first });
        });
        let plan = later.plan();
        assert_eq!(plan.steps.len() - plan.done as usize, 1, "{:?}", plan.steps);
        assert_eq!(later.carried_out(plan, 77).skipped().code, "nothing-changed");
    }
}

#[test]
fn the_day_is_the_merchants_day() {
    // 22:30 UTC is past midnight in Denmark in summer (23:30 UTC in winter); the clocks change on 29 March and 25 October.
    for (moment, day) in [
        ("2026-06-30T21:30:00Z", date(2026, 6, 30)),
        ("2026-06-30T22:30:00Z", date(2026, 7, 1)),
        ("2026-11-20T22:30:00Z", date(2026, 11, 20)),
        ("2026-11-20T23:30:00Z", date(2026, 11, 21)),
        ("2026-03-28T22:59:59Z", date(2026, 3, 28)),
        ("2026-03-28T23:00:00Z", date(2026, 3, 29)),
        ("2026-03-29T21:59:59Z", date(2026, 3, 29)),
        ("2026-03-29T22:00:00Z", date(2026, 3, 30)),
        ("2026-10-24T22:00:00Z", date(2026, 10, 25)),
        ("2026-10-25T22:59:59Z", date(2026, 10, 25)),
        ("2026-10-25T23:00:00Z", date(2026, 10, 26)),
        ("2026-12-31T22:59:59Z", date(2026, 12, 31)),
    ] {
        let world = plain().with(|world| world.order.created_at = moment.parse().expect("time"));
        assert_eq!(world.document().date, day, "{moment}");
    }
}

#[test]
fn a_closed_period_holds_or_moves_the_date_and_says_so() {
    let old = plain().with(|world| world.order.created_at = "2025-12-31T22:59:00Z".parse().expect("time"));
    assert_eq!(old.held().code, "period-closed");
    let moving =
        old.clone().with_settings(r#"{"document":{"date":{"locked-period":"first-open-day"},"text":"Tak"}}"#);
    let document = moving.document();
    assert_eq!((document.date, document.text.as_str()), (date(2026, 1, 1), "Ordredato: 2025-12-31\nTak"));
    let nothing_open = moving
        .with(|world| world.catalogue.master.periods.iter_mut().for_each(|period| period.closed = true));
    assert_eq!(nothing_open.held().code, "no-open-period");
    let beyond = plain().with(|world| world.order.created_at = "2027-01-02T10:00:00Z".parse().expect("time"));
    assert_eq!(beyond.held().code, "period-closed");
}

#[test]
fn a_due_date_is_given_only_where_the_term_asks_for_one() {
    assert_eq!(plain().document().due_date, None);
    let asked = plain().with_settings(r#"{"payment":{"default-term":3,"due-days":8}}"#);
    assert_eq!(asked.document().due_date, Some(date(2026, 11, 28)));
}

#[test]
fn booking_sends_as_the_buyer_can_receive() {
    let booked = |send: &str, ean: bool| {
        let settings = format!(r#"{{"document":{{"kind":"booked-invoice","send":"{send}"}}}}"#);
        let world = plain().with_settings(&settings).with(|world| {
            world.order.customer.ean = ean.then(|| "5790000000005".to_owned());
        });
        world.plan().steps.iter().find_map(|step| match step {
            Step::Book(book) => Some(book.send),
            _ => None,
        })
    };
    for (send, ean, expected) in [
        ("never", true, SendBy::Nothing),
        ("ean-only", true, SendBy::Ean),
        ("ean-only", false, SendBy::Nothing),
        ("email", true, SendBy::Email),
        ("ean-or-email", true, SendBy::Ean),
        ("ean-or-email", false, SendBy::Email),
    ] {
        assert_eq!(booked(send, ean), Some(expected), "{send} {ean}");
    }
    assert!(plain().plan().steps.iter().all(|step| !matches!(step, Step::Book(_))), "drafts are not booked");
    // Nobody would get it, or somebody else: it is booked and not sent.
    let mailed = |change: fn(&mut World)| {
        let settings = r#"{"document":{"kind":"booked-invoice","send":"email"},"customers":{"private":{"identify-by":"phone"}}}"#;
        let plan = plain().with_settings(settings).with(change).plan();
        let told = plan.warnings.iter().any(|reason| reason.code == "not-sent-without-address");
        let send = plan.steps.iter().find_map(|step| match step {
            Step::Book(book) => Some(book.send),
            _ => None,
        });
        assert_eq!(told, send == Some(SendBy::Nothing));
        send == Some(SendBy::Email)
    };
    assert!(mailed(|_| ()));
    assert!(mailed(|world| world.catalogue.customers.clear()), "a new customer with the order's address");
    assert!(!mailed(|world| {
        world.catalogue.customers.clear();
        world.order.customer.email.clear();
    }));
    assert!(!mailed(|world| drop(world.catalogue.customers[0].fields.remove("email"))));
    assert!(!mailed(|world| world.settings.customers.private.collective = Some(5001)), "the shop's own");
}

#[test]
fn a_reference_keeps_its_key_whatever_the_order_number_is() {
    let reference =
        |number: &str| plain().with(|world| world.order.number = number.to_owned()).document().reference;
    let key = reference("1042").split(' ').next_back().expect("a key").to_owned();
    assert_eq!(key.len(), 16);
    assert_eq!(reference("#10\n42\t x"), format!("#10 42 x {key}"));
    assert_eq!(reference(""), key);
    let long = reference(&"9".repeat(400));
    assert_eq!((long.chars().count(), long.ends_with(&format!(" {key}"))), (250, true));
    assert!(reference(&"🍵".repeat(400)).encode_utf16().count() <= 250);
    let long = "9".repeat(400);
    for number in ["1042", "#10\n42\t x", "", &long] {
        assert!(is_reference_of(&reference(number), number), "{number}");
        assert!(!is_reference_of(&reference("1042"), &format!("{number}7")), "{number}");
    }
    assert!(!is_reference_of(&reference("1042"), "104"));
}

#[test]
fn a_rule_per_state_makes_an_order_first_and_an_invoice_later() {
    let settings = r#"{"trigger":{"handling":[
        {"order-states":["completed"],"document":"booked-invoice"},
        {"order-states":["processing"],"document":"order"}]}}"#;
    let at = |state: &str| {
        plain().with_settings(settings).with(|world| world.order.state = state.to_owned()).document().kind
    };
    assert_eq!(at("processing"), DocumentKind::Order);
    assert_eq!(at("Completed"), DocumentKind::BookedInvoice);
}

#[test]
fn a_discount_of_its_own_line_takes_the_lines_to_their_full_price() {
    let order = plain_order();
    let world = World::of(order).with_settings(r#"{"products":{"discounts":"own-line"}}"#).with(|world| {
        world.order.lines[0].net_before_discount = dkk("200.00");
        world.order.discount_codes = vec!["TAK".to_owned()];
    });
    let document = world.document();
    let told: Vec<String> = document
        .lines
        .iter()
        .map(|line| {
            format!("{} {} {} {}", line.product, line.quantity, line.unit_net_price, line.description)
        })
        .collect();
    assert_eq!(
        told,
        ["MUG-1 2 100.00 Vare MUG-1", "fragtmm 1 39.20 Vare", "rabat -1 40.08 Produkt rabat TAK"]
    );
    assert_eq!(document.expected.gross, dkk("248.90"));
}
