//! Every setting of payouts matters: for each leaf of the JSON Schema there are two files that differ in that leaf alone, and a
//! payout that ends differently under them. A new leaf without a case fails the test.

use std::collections::BTreeSet;

use domain::payout::*;
use domain::settings::{Language, PayoutSettings, payout_settings_schema, read_payout_settings};
use domain::settlement::*;
use domain::{Currency, Money};
use jiff::civil::date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::booking::{DAY, World};
use crate::matching::{Paper, paper};
use crate::schema::{leaves, values_at};
use crate::world::*;

/// One leaf, the world in which it matters, and two settings files that differ there and nowhere else.
struct Case {
    leaf: &'static str,
    world: World,
    one: String,
    other: String,
}

/// A case whose files are one template with two values for `@`; the accounts are there unless the template has its own.
fn case(leaf: &'static str, world: World, template: &str, one: &str, other: &str) -> Case {
    let whole = if template.contains("\"accounts\"") {
        format!("{{{template}}}")
    } else {
        format!("{{{},{template}}}", crate::booking::ACCOUNTS)
    };
    Case { leaf, world, one: whole.replace('@', one), other: whole.replace('@', other) }
}

fn account(leaf: &'static str, world: World, name: &str, one: &str, other: &str) -> Case {
    let mut accounts: Value =
        serde_json::from_str(&format!("{{{}}}", crate::booking::ACCOUNTS)).expect("the accounts are JSON");
    accounts["accounts"][name] = Value::String("@".to_owned());
    let text = accounts.to_string().replace("\"@\"", "@");
    let inner = text.trim_start_matches('{').strip_suffix('}').expect("an object").to_owned();
    case(leaf, world, &inner, one, other)
}

fn of(lines: &[Line<'_>], papers: &[Paper]) -> World {
    World::of(lines, papers, "")
}

fn one_sale(order: &'static str) -> World {
    of(&[sale(2, order, "100.00", "-2.00")], &[paper("30001", "1001", "100.00")])
}

fn plain_world() -> World {
    one_sale("1001")
}

fn numbers(leaf: &'static str, order: &'static str, template: &str, one: &str, other: &str) -> Case {
    case(leaf, one_sale(order), &format!(r#""matching":{{"order-numbers":{{{template}}}}}"#), one, other)
}

fn matching_cases() -> Vec<Case> {
    let both = of(
        &[sale(2, "1001,1002", "150.00", "0.00")],
        &[paper("30001", "1001", "100.00"), paper("30002", "1002", "50.00")],
    );
    let upper = of(&[sale(2, "A1", "100.00", "0.00")], &[paper("30001", "a1", "100.00")]);
    let two_shops = of(
        &[sale(2, "1001", "100.00", "0.00")],
        &[
            paper("30001", "1001", "100.00"),
            Paper { shop: "shopify:other.example", ..paper("30002", "1001", "100.00") },
        ],
    );
    let short = of(&[sale(2, "1001", "99.98", "0.00")], &[paper("30001", "1001", "100.00")]);
    let mut unknown = sale(2, "none", "100.00", "0.00");
    unknown.occurred = When::Day(DAY);
    let near = of(&[unknown], &[Paper { date: date(2026, 11, 16), ..paper("30001", "1001", "100.00") }]);
    vec![
        numbers("/matching/order-numbers/prefixes[]", "W-1001", r#""prefixes":["@"]"#, "W-", "#"),
        numbers("/matching/order-numbers/suffixes[]", "1001-DK", r#""suffixes":["@"]"#, "-DK", "-SE"),
        numbers("/matching/order-numbers/cut-after", "1001_x7", r#""cut-after":@"#, "\"_\"", "null"),
        numbers(
            "/matching/order-numbers/ignore-leading-zeros",
            "001001",
            r#""ignore-leading-zeros":@"#,
            "true",
            "false",
        ),
        case(
            "/matching/order-numbers/ignore-case",
            upper,
            r#""matching":{"order-numbers":{"ignore-case":@}}"#,
            "true",
            "false",
        ),
        case(
            "/matching/order-numbers/separator",
            both,
            r#""matching":{"order-numbers":{"separator":@}}"#,
            "\",\"",
            "null",
        ),
        case(
            "/matching/shops[]",
            two_shops,
            r#""matching":{"shops":["@"]}"#,
            "woocommerce:shop.example",
            "shopify:other.example",
        ),
        case(
            "/matching/methods[]",
            plain_world(),
            r#""matching":{"methods":["@"]}"#,
            "Shopify_Payments",
            "klarna",
        ),
        case("/matching/tolerance", short, r#""matching":{"tolerance":"@"}"#, "0.02", "0.01"),
        case("/matching/suggest-within-days", near, r#""matching":{"suggest-within-days":@}"#, "4", "3"),
    ]
}

fn account_cases() -> Vec<Case> {
    let with = |line: Line<'static>| {
        of(&[sale(2, "1001", "100.00", "-2.00"), line], &[paper("30001", "1001", "100.00")])
    };
    let dispute = Line {
        keys: LinkKeys { order: "1001", ..LinkKeys::default() },
        ..plain(3, Kind::Chargeback, "dispute", "-100.00")
    };
    let euro = Money::parse("13.40", Currency::EUR).expect("amount");
    let foreign =
        Line { sale: Some(SaleAmount { amount: euro, rate: None }), ..sale(2, "1001", "100.00", "0.00") };
    let foreign = of(&[foreign], &[Paper { currency: Currency::EUR, ..paper("30001", "1001", "13.40") }]);
    let carried = || {
        let mut world = plain_world();
        let lines = [sale(2, "1001", "100.00", "-2.00"), plain(3, Kind::CarryOut, "carried", "-98.00")];
        let day = Stated { payout_on: Some(DAY), payout: Some(dkk("0.00")), ..Stated::default() };
        world.settlements = vec![stated(&lines, day)];
        world
    };
    let vat = || {
        let line = Line { vat_on_fees: -50, ..sale(2, "1001", "100.00", "-2.00") };
        of(&[line], &[paper("30001", "1001", "100.00")])
    };
    let texts: Vec<Line<'static>> = (2..14).map(|row| sale(row, "1001", "1.00", "0.00")).collect();
    let long = || of(&texts, &[paper("30001", "1001", "12.00")]);
    vec![
        account("/accounts/bank", plain_world(), "bank", "5820", "5821"),
        account("/accounts/receivable", plain_world(), "receivable", "5600", "5601"),
        account("/accounts/receivable-customer", plain_world(), "receivable-customer", "800", "null"),
        account("/accounts/fees", plain_world(), "fees", "3650", "3651"),
        account(
            "/accounts/fee-kinds[]/kind",
            plain_world(),
            "fee-kinds",
            r#"[{"kind":"commission","account":3655}]"#,
            r#"[{"kind":"scheme","account":3655}]"#,
        ),
        account(
            "/accounts/fee-kinds[]/account",
            plain_world(),
            "fee-kinds",
            r#"[{"kind":"commission","account":3655}]"#,
            r#"[{"kind":"commission","account":3656}]"#,
        ),
        account(
            "/accounts/fee-vat[]/acquirer",
            vat(),
            "fee-vat",
            r#"[{"acquirer":"stripe","treatment":{"charged":{"account":6730}}}]"#,
            r#"[{"acquirer":"adyen","treatment":{"charged":{"account":6730}}}]"#,
        ),
        account(
            "/accounts/fee-vat[]/country",
            vat(),
            "fee-vat",
            r#"[{"country":"DK","treatment":{"charged":{"account":6730}}}]"#,
            r#"[{"country":"SE","treatment":{"charged":{"account":6730}}}]"#,
        ),
        account(
            "/accounts/fee-vat[]/treatment",
            vat(),
            "fee-vat",
            r#"[{"treatment":"exempt"}]"#,
            r#"[{"treatment":{"charged":{"account":6730}}}]"#,
        ),
        account(
            "/accounts/fee-vat[]/treatment/charged/account",
            vat(),
            "fee-vat",
            r#"[{"treatment":{"charged":{"account":6730}}}]"#,
            r#"[{"treatment":{"charged":{"account":6731}}}]"#,
        ),
        account(
            "/accounts/fee-vat[]/treatment/reverse-charge/code",
            plain_world(),
            "fee-vat",
            r#"[{"treatment":{"reverse-charge":{"code":"IY25"}}}]"#,
            r#"[{"treatment":{"reverse-charge":{"code":"EY25"}}}]"#,
        ),
        account("/accounts/chargebacks", with(dispute), "chargebacks", "2790", "null"),
        account(
            "/accounts/reserves",
            with(plain(3, Kind::ReserveHold, "hold", "-9.00")),
            "reserves",
            "5610",
            "5611",
        ),
        account(
            "/accounts/adjustments",
            with(plain(3, Kind::Adjustment, "correction", "-9.00")),
            "adjustments",
            "3660",
            "3661",
        ),
        account("/accounts/carried", carried(), "carried", "5620", "5621"),
        account("/accounts/currency-differences", foreign, "currency-differences", "4200", "4201"),
        account(
            "/accounts/errors",
            with(plain(3, Kind::Unknown, "new_word", "-9.00")),
            "errors",
            "9900",
            "9901",
        ),
        Case {
            one: tolerant(4210),
            other: tolerant(4211),
            leaf: "/accounts/differences",
            world: of(&[sale(2, "1001", "99.98", "0.00")], &[paper("30001", "1001", "100.00")]),
        },
        Case { one: narrow(9910), other: narrow(9911), leaf: "/accounts/transit", world: long() },
        case("/voucher/entries", long(), r#""voucher":{"entries":@}"#, "13", "12"),
    ]
}

fn tolerant(differences: u32) -> String {
    let accounts = crate::booking::ACCOUNTS.replace("4210", &differences.to_string());
    format!(r#"{{{accounts},"matching":{{"tolerance":"0.05"}}}}"#)
}

fn narrow(transit: u32) -> String {
    let accounts = crate::booking::ACCOUNTS.replace("9910", &transit.to_string());
    format!(r#"{{{accounts},"voucher":{{"entries":10}}}}"#)
}

fn posting_cases() -> Vec<Case> {
    let last_year = || {
        let mut line = sale(2, "1001", "100.00", "-2.00");
        line.occurred = When::Day(date(2025, 12, 30));
        of(&[line], &[paper("30001", "1001", "100.00")])
    };
    let part = of(&[sale(2, "1001", "60.00", "0.00")], &[paper("30001", "1001", "100.00")]);
    let dispute = Line {
        keys: LinkKeys { order: "1001", ..LinkKeys::default() },
        ..plain(3, Kind::Chargeback, "dispute", "-100.00")
    };
    let disputed = of(&[sale(2, "1001", "100.00", "0.00"), dispute], &[paper("30001", "1001", "100.00")]);
    vec![
        case("/model", plain_world(), r#""model":"@""#, "lines", "open-invoices"),
        case("/unmatched", one_sale("none"), r#""unmatched":"@""#, "wait", "error-account"),
        case("/voucher/journal", plain_world(), r#""voucher":{"journal":@}"#, "3", "4"),
        case("/voucher/year-end", last_year(), r#""voucher":{"year-end":"@"}"#, "payout-day", "year-of-sale"),
        case("/voucher/book", plain_world(), r#""voucher":{"book":@}"#, "true", "false"),
        case(
            "/voucher/customer-payments",
            plain_world(),
            r#""voucher":{"customer-payments":"@"}"#,
            "negative",
            "positive",
        ),
        case(
            "/approval/second-person",
            plain_world(),
            r#""approval":{"second-person":@,"automatic":{}}"#,
            "true",
            "false",
        ),
        case(
            "/approval/automatic/only-exact",
            part,
            r#""approval":{"automatic":{"only-exact":@}}"#,
            "true",
            "false",
        ),
        case(
            "/approval/automatic/no-chargebacks",
            disputed,
            r#""approval":{"automatic":{"no-chargebacks":@}}"#,
            "true",
            "false",
        ),
        case(
            "/approval/automatic/at-most",
            plain_world(),
            r#""approval":{"automatic":{"at-most":"@"}}"#,
            "98",
            "97",
        ),
        case("/bank/days-before", plain_world(), r#""bank":{"days-before":@}"#, "3", "1"),
        case("/bank/days-after", plain_world(), r#""bank":{"days-after":@}"#, "5", "9"),
    ]
}

/// Everything that settings decide about a payout, as text.
fn outcome(world: &World) -> String {
    let receivables = world.receivables();
    let matching = world.matching(&receivables);
    let settings = &world.settings;
    let plan = plan_payout(&PayoutInput {
        settlements: &world.settlements,
        settlement: 0,
        receivables: &receivables,
        matching: &matching,
        decisions: &world.decisions,
        settings,
        country: world.country,
        periods: &world.periods,
        zone: &TimeZone::UTC,
        language: Language::En,
    });
    // The day is the last year's where a line is of the year before, so that the turn of the year lies between.
    let alone = automatic(&settings.approval, &world.settlements[0], &receivables, &matching, 0, &[]);
    let within = u32::from(settings.matching.suggest_within_days);
    let suggested = matching.suggestions(&receivables, &world.settlements, 0, within, &TimeZone::UTC);
    let amount = world.settlements[0].check().payout;
    let find = PayoutToFind { amount, day: Some(DAY), reference: "po_1".to_owned() };
    let entry = |day| BankEntry { amount, day, text: "po_1".to_owned(), reversal: false };
    let early = confirm_by_bank(std::slice::from_ref(&find), &[entry(date(2026, 11, 18))], &settings.bank);
    let late = confirm_by_bank(&[find], &[entry(date(2026, 11, 28))], &settings.bank);
    let paid_out = settings.matching.pays_out("shopify_payments");
    format!("{plan:?} {alone:?} {suggested:?} {early:?} {late:?} {paid_out}")
}

fn cases() -> Vec<Case> {
    matching_cases().into_iter().chain(account_cases()).chain(posting_cases()).collect()
}

#[test]
fn every_leaf_of_the_payout_settings_changes_what_happens() {
    let mut covered = BTreeSet::new();
    for Case { leaf, world, one, other } in cases() {
        let ends = [&one, &other].map(|text| {
            let settings = read_payout_settings(text).unwrap_or_else(|problems| panic!("{leaf}: {problems}"));
            outcome(&World { settings, ..world_of(&world) })
        });
        assert_ne!(ends[0], ends[1], "{leaf} changes nothing");
        let files = [&one, &other].map(|text| serde_json::from_str::<Value>(text).expect("json"));
        let [first, second] = [&files[0], &files[1]].map(|file| format!("{:?}", values_at(file, leaf)));
        assert_ne!(first, second, "{leaf}: the files do not differ there");
        covered.insert(leaf.to_owned());
    }
    let all: BTreeSet<String> = leaves(&payout_settings_schema()).into_iter().collect();
    let missing: Vec<_> = all.difference(&covered).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
    let unknown: Vec<_> = covered.difference(&all).collect();
    assert!(unknown.is_empty(), "no such setting: {unknown:?}");
}

fn world_of(world: &World) -> World {
    World {
        settlements: world.settlements.clone(),
        papers: world.papers.clone(),
        settings: PayoutSettings::default(),
        decisions: world.decisions.clone(),
        country: world.country,
        periods: world.periods.clone(),
    }
}

#[test]
fn settings_that_make_no_sense_are_refused_with_their_place() {
    let cases = [
        (r#"{"matching":{"tolerance":"-0.01"}}"#, "matching.tolerance"),
        (r#"{"matching":{"tolerance":"100.01"}}"#, "matching.tolerance"),
        (r#"{"approval":{"automatic":{"at-most":"0"}}}"#, "approval.automatic.at-most"),
        (r#"{"voucher":{"entries":501}}"#, "voucher.entries"),
        (r#"{"voucher":{"entries":9}}"#, "voucher.entries"),
        (r#"{"bank":{"days-after":32}}"#, "bank.days-after"),
        (r#"{"accounts":{"fee-vat":[{"country":"DNK","treatment":"exempt"}]}}"#, "country"),
        (r#"{"accounts":{"bonk":1}}"#, "accounts"),
    ];
    for (text, place) in cases {
        let problems = read_payout_settings(text).expect_err(text).to_string();
        assert!(problems.contains(place), "{text}: {problems}");
    }
    let defaults = read_payout_settings("{}").expect("defaults");
    assert_eq!(defaults, PayoutSettings::default());
    assert!(!defaults.voucher.book && defaults.approval.automatic.is_none(), "a person approves and books");
    assert!(defaults.matching.tolerance.0.is_zero());
}
