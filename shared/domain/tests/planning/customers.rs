//! Who a document is made out to when the accounts have several, and what rests on a VAT number.

use domain::VatNumberAnswer;
use domain::catalogue::KnownCustomer;
use domain::plan::{CustomerAction, Step};

use crate::world::*;

fn action(world: &World) -> CustomerAction {
    match &world.plan().steps[0] {
        Step::EnsureCustomer(step) => step.action.clone(),
        other => panic!("the customer comes first: {other:?}"),
    }
}

fn with_known(known: Vec<KnownCustomer>, settings: &str) -> World {
    World::of(plain_order()).with_settings(settings).with(|world| world.catalogue.customers = known)
}

#[test]
fn of_several_customers_the_rule_takes_one_that_is_not_barred() {
    let barred = |number| KnownCustomer { barred: true, ..customer(number, "Aase") };
    let known = vec![barred(5001), customer(5002, "Åse"), customer(5003, "Aase H."), barred(5004)];
    let rule = |word: &str| format!(r#"{{"customers":{{"several":"{word}"}}}}"#);
    assert_eq!(
        action(&with_known(known.clone(), &rule("lowest-number"))),
        CustomerAction::Use { number: 5002 }
    );
    assert_eq!(
        action(&with_known(known.clone(), &rule("highest-number"))),
        CustomerAction::Use { number: 5003 }
    );
    let all_barred = with_known(vec![barred(5001), barred(5004)], &rule("lowest-number"));
    assert_eq!(all_barred.held().code, "customer-barred");
    let held = with_known(known, &rule("hold")).held();
    assert_eq!(held.fact("choices"), "5001 (barred); 5002; 5003; 5004 (barred)");
    let crowd: Vec<KnownCustomer> = (1..=40).map(|number| customer(number, "Byen")).collect();
    let choices = with_known(crowd, "{}").held().fact("choices").to_owned();
    assert!(choices.ends_with("10; + 30"), "{choices}");
}

#[test]
fn what_is_told_of_a_buyer_names_the_order_and_the_field_and_never_the_person() {
    let barred = KnownCustomer { barred: true, ..customer(5001, "Canary Hansen") };
    let several = vec![customer(5001, "Canary Hansen"), customer(5002, "Canary Holm")];
    let by =
        |field: &str| format!(r#"{{"customers":{{"private":{{"create":false,"identify-by":"{field}"}}}}}}"#);
    let buyer = |known: &[KnownCustomer], settings: &str| {
        with_known(known.to_vec(), settings).with(|world| {
            let customer = &mut world.order.customer;
            customer.email = "canary@example.org".to_owned();
            customer.phone = "12345678".to_owned();
            customer.billing.name = "Canary Hansen".to_owned();
        })
    };
    let nobody = buyer(&[], "{}").with(|world| world.order.customer.email.clear());
    let taken = buyer(&[customer(57, "Canary Holm")], &by("number"))
        .with(|world| world.order.customer.shop_id = Some("57".to_owned()));
    for (code, world) in [
        ("customer-missing", buyer(&[], &by("email"))),
        ("customer-missing", buyer(&[], &by("phone"))),
        ("several-customers", buyer(&several, "{}")),
        ("customer-barred", buyer(&[barred], "{}")),
        ("customer-not-identifiable", nobody),
        ("customer-number-taken", taken),
    ] {
        let held = world.held();
        assert_eq!(held.code, code);
        let text = format!("{held:?}").to_lowercase();
        assert!(!text.contains("canary") && !text.contains("12345678"), "{held:?}");
    }
}

#[test]
fn one_buyer_has_one_key_whatever_way_the_number_is_written() {
    let key = |field: &str, change: &dyn Fn(&mut domain::Customer)| {
        let settings = format!(
            r#"{{"customers":{{"private":{{"identify-by":"{field}"}},"business":{{"identify-by":"{field}"}}}}}}"#
        );
        let world = with_known(Vec::new(), &settings).with(|world| change(&mut world.order.customer));
        let Step::EnsureCustomer(step) = world.plan().steps[0].clone() else { panic!("the customer") };
        step.key
    };
    let phone = |text: &'static str| key("phone", &move |customer| customer.phone = text.to_owned());
    assert_eq!(phone("+45 12 34 56 78"), phone("12345678"));
    assert_eq!(phone("0045 12345678"), phone("12 34 56 78"));
    assert_ne!(phone("+46 12 34 56 78"), phone("12345678"));
    let vat =
        |text: &'static str| key("vat-number", &move |customer| customer.vat_number = Some(text.to_owned()));
    assert_eq!(vat("DK 12 34 56 78"), vat("12345678"));
    assert_ne!(vat("SE123456789012"), vat("DK12345678"));
}

/// Customer 57 in the accounts, of whom nothing but a name is known.
fn somebody(name: &str) -> KnownCustomer {
    KnownCustomer { fields: Default::default(), ..customer(57, name) }
}

/// A buyer whom the shop knows by this number, and what the accounts have under it.
fn numbered(number: &str, known: Vec<KnownCustomer>, further: &str) -> World {
    let rule = format!(r#"{{"identify-by":"number"{further}}}"#);
    let settings = format!(r#"{{"customers":{{"private":{rule},"business":{rule}}}}}"#);
    with_known(known, &settings).with(|world| {
        let customer = &mut world.order.customer;
        customer.shop_id = Some(number.to_owned()).filter(|number| !number.is_empty());
        customer.email = "Aase@Example.dk".to_owned();
        customer.phone = "+45 12 34 56 78".to_owned();
        customer.billing.name = "Aase Hansen".to_owned();
    })
}

#[test]
fn the_shops_own_number_is_the_customers_number() {
    let world = numbered("57", Vec::new(), "");
    let looked_up = domain::planning::needs(&world.order, &world.settings).customer.expect("a look-up");
    assert_eq!((looked_up.field.as_str(), looked_up.value.as_str()), ("number", "57"));
    let CustomerAction::Create(new) = action(&world) else { panic!("a new customer") };
    assert_eq!((new.number, new.identified_by), (Some(57), ("number".to_owned(), "57".to_owned())));
    let field = |field: &str, value: &str, name: &str| {
        let mut known = somebody(name);
        known.fields.insert(field.to_owned(), value.to_owned());
        numbered("57", vec![known], "")
    };
    let same = [
        numbered("57", vec![somebody(" aase  HANSEN ")], ""),
        field("email", "aase@example.dk", "Somebody Else"),
        field("phone", "12345678", "Somebody Else"),
        // Whoever changed address keeps number and name.
        field("email", "old@example.dk", "Aase Hansen"),
    ];
    for world in same {
        assert_eq!(action(&world), CustomerAction::Use { number: 57 }, "{:?}", world.catalogue.customers);
    }
}

#[test]
fn a_number_that_is_somebody_elses_is_held_and_nothing_of_theirs_is_changed() {
    let always = r#","update":[{"field":"email","when":"always"},{"field":"name","when":"always"}]"#;
    let held = numbered("57", vec![somebody("Jensen A/S")], always).held();
    assert_eq!((held.code.as_str(), held.fact("number")), ("customer-number-taken", "57"));
    // Two companies are two, also where both are called alike and have one telephone; one number is one company.
    let company = |theirs: &str| {
        let mut known = somebody("Firma ApS");
        known.fields.insert("phone".to_owned(), "12345678".to_owned());
        known.fields.insert("company-number".to_owned(), theirs.to_owned());
        numbered("57", vec![known], "").with(|world| {
            world.order.customer.billing.company = "Firma ApS".to_owned();
            world.order.customer.vat_number = Some("DK 12 34 56 78".to_owned());
        })
    };
    assert_eq!(company("87654321").held().code, "customer-number-taken");
    assert_eq!(action(&company("12345678")), CustomerAction::Use { number: 57 });
    // Those who gave no name are not one person.
    let nameless = numbered("57", vec![somebody("Webkunde")], "").with(|world| {
        world.order.customer.billing.name.clear();
        world.order.customer.phone.clear();
    });
    assert_eq!(nameless.held().code, "customer-number-taken");
    // One customer for many was never meant to be the buyer.
    let shared = r#"{"customers":{"private":{"identify-by":"number","collective":57}}}"#;
    let shared = with_known(vec![somebody("Jensen A/S")], shared);
    assert_eq!(action(&shared), CustomerAction::Use { number: 57 });
}

/// Of `email=aase@example.dk`, reckoned by hand.
const AASES_NUMBER: u32 = 998_177_200;

#[test]
fn who_is_found_by_an_address_gets_a_number_of_the_accounts_where_the_shop_numbers_nobody() {
    assert!(
        matches!(action(&with_known(Vec::new(), "{}")), CustomerAction::Create(new) if new.number.is_none())
    );
}

#[test]
fn an_edited_order_stays_with_the_customer_that_its_document_stands_on() {
    let edited = |number: u32| {
        let known = KnownCustomer { fields: Default::default(), ..customer(number, "Aase Hansen") };
        let world = numbered(&number.to_string(), vec![known], "");
        let plan = world.plan();
        world.carried_out(plan, 10_001).with(|world| {
            world.order.customer.email = "new@example.dk".to_owned();
            world.order.customer.phone.clear();
            world.order.customer.billing.name = "Bo Holm".to_owned();
        })
    };
    // The document stands on customer 5001.
    assert_eq!(action(&edited(5001)), CustomerAction::Use { number: 5001 });
    assert_eq!(edited(57).held().code, "customer-number-taken");
}

#[test]
fn a_number_that_no_customer_can_have_gives_way_to_what_the_settings_say() {
    for number in ["", "0", "007", "6212345678901", "1234567890", "A57", "-57"] {
        let CustomerAction::Create(new) = action(&numbered(number, Vec::new(), "")) else { panic!("new") };
        // Out of reach of the shop's numbers, and the same each time.
        assert_eq!((new.number, new.identified_by.0.as_str()), (Some(AASES_NUMBER), "email"), "{number:?}");
        let held = numbered(number, Vec::new(), r#","otherwise-by":null"#).held();
        let code = if number.is_empty() { "customer-not-identifiable" } else { "shop-customer-number-unfit" };
        assert_eq!((held.code.as_str(), held.fact("order")), (code, "1042"), "{number:?}");
    }
    let fits = numbered("999999999", Vec::new(), r#","otherwise-by":null"#);
    assert!(matches!(action(&fits), CustomerAction::Create(new) if new.number == Some(999_999_999)));
    let second = r#"{"customers":{"private":{"identify-by":"ean","otherwise-by":"number"}}}"#;
    let second =
        with_known(Vec::new(), second).with(|world| world.order.customer.shop_id = Some("58".to_owned()));
    assert!(matches!(action(&second), CustomerAction::Create(new) if new.number == Some(58)));
}

#[test]
fn what_was_made_under_a_number_is_known_from_what_another_made_there() {
    let CustomerAction::Create(new) = action(&numbered("57", Vec::new(), "")) else {
        panic!("a new customer")
    };
    assert!(!domain::planning::made_by_another(&new, &somebody("Aase Hansen")));
    assert!(domain::planning::made_by_another(&new, &somebody("Jensen A/S")));
    let by_mail = domain::plan::NewCustomer { number: None, ..*new };
    assert!(!domain::planning::made_by_another(&by_mail, &somebody("Jensen A/S")), "found by its address");
}

/// A Swedish company that is sold to without VAT.
fn reverse_charge(number: &str, settings: &str) -> World {
    let mut order = order_in("DKK", "SE", vec![goods("MUG-1", "1", "100.00", "", "")]);
    order.customer.billing.company = "Firma AB".to_owned();
    order.customer.vat_number = Some(number.to_owned());
    World::of(order).with_settings(settings)
}

#[test]
fn a_customer_without_a_vat_number_is_told_of_where_a_sale_rests_on_one() {
    let told = |world: World| {
        world.plan().warnings.iter().any(|warning| warning.code == "customer-without-vat-number")
    };
    let sold = || reverse_charge("SE556012345601", "{}");
    assert!(told(sold()));
    for field in ["vat-number", "company-number"] {
        let known = |world: &mut World| {
            world.catalogue.customers[0].fields.insert(field.to_owned(), "SE556012345601".to_owned());
        };
        assert!(!told(sold().with(known)), "{field}");
    }
    assert!(!told(sold().with(|world| world.catalogue.customers.clear())), "it is made with the number");
    assert!(!told(World::of(plain_order())));
}

fn warned(world: &World) -> Vec<String> {
    let codes = world.plan().warnings.into_iter().map(|warning| warning.code);
    codes.filter(|code| code.starts_with("vat-number")).collect()
}

#[test]
fn a_sale_without_vat_that_rests_on_a_number_of_no_form_is_held() {
    let rule = |word: &str| format!(r#"{{"customers":{{"vat-number-check":"{word}"}}}}"#);
    assert_eq!(warned(&reverse_charge("SE556012345601", "{}")), Vec::<String>::new());
    let held = reverse_charge("SE5560123456", "{}").held();
    assert_eq!((held.code.as_str(), held.fact("expected")), ("vat-number-form", "SE999999999999"));
    assert_eq!(warned(&reverse_charge("SE5560123456", &rule("warn"))), ["vat-number-form-noted"]);
    assert_eq!(warned(&reverse_charge("SE5560123456", &rule("ignore"))), Vec::<String>::new());
    // At home VAT is charged whatever the number, so it blocks nothing unless every such order is to be held.
    let at_home = |settings: &str| {
        World::of(plain_order()).with_settings(settings).with(|world| {
            world.order.customer.billing.company = "Firma ApS".to_owned();
            world.order.customer.vat_number = Some("DK1234".to_owned());
        })
    };
    assert_eq!(warned(&at_home("{}")), ["vat-number-form-noted"]);
    assert_eq!(at_home(&rule("hold")).held().code, "vat-number-form");
}

#[test]
fn what_a_register_answered_counts_for_the_number_it_was_asked_about() {
    let answer = |number: &str, registered| VatNumberAnswer {
        number: number.to_owned(),
        registered,
        name: "Firma AB".to_owned(),
        answered_at: "2026-11-23T10:00:00Z".parse().expect("time"),
        consultation: Some("WAPIAAAAX1".to_owned()),
    };
    let world = |answer| {
        reverse_charge("SE556012345601", "{}").with(|world| world.catalogue.vat_number = Some(answer))
    };
    let held = world(answer("SE556012345601", false)).held();
    assert_eq!((held.code.as_str(), held.fact("at")), ("vat-number-unknown", "2026-11-23T10:00:00Z"));
    assert_eq!(warned(&world(answer("SE556012345601", true))), Vec::<String>::new());
    assert_eq!(warned(&world(answer("SE999999999901", false))), Vec::<String>::new(), "another number");
    let asked = |world: &World| domain::planning::needs(&world.order, &world.settings).vat_number;
    assert_eq!(asked(&reverse_charge("se 5560123456 01", "{}")).as_deref(), Some("SE556012345601"));
    assert_eq!(asked(&reverse_charge("SE55", "{}")), None, "a number of no form is not asked about");
    assert_eq!(asked(&World::of(plain_order())), None, "nothing rests on a number");
}
