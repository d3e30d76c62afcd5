//! A payout in the books: each model, each kind of line, and every reason to wait.

use domain::catalogue::Period;
use domain::matching::*;
use domain::payout::*;
use domain::settings::{Language, PayoutSettings, read_payout_settings};
use domain::settlement::*;
use domain::{Currency, Money};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::matching::{Paper, paper, receivables_by};
use crate::world::*;

/// All accounts, so that nothing is missing.
pub(crate) const ACCOUNTS: &str = r#""accounts":{"bank":5820,"receivable":5600,"fees":3650,"reserves":5610,
    "adjustments":3660,"carried":5620,"currency-differences":4200,"differences":4210,"errors":9900,"transit":9910}"#;

pub(crate) fn settings(more: &str) -> PayoutSettings {
    read_payout_settings(&format!("{{{ACCOUNTS}{more}}}")).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A payout of one report, and everything it is planned with.
pub(crate) struct World {
    pub(crate) settlements: Vec<Settlement>,
    pub(crate) papers: Vec<Paper>,
    pub(crate) settings: PayoutSettings,
    pub(crate) decisions: Decisions,
    pub(crate) country: &'static str,
    pub(crate) periods: Vec<Period>,
}

pub(crate) const DAY: Date = date(2026, 11, 20);

/// The lines and their payout, on its day.
pub(crate) fn paid_out(lines: &[Line<'_>], day: Date) -> Settlement {
    let mut received = Settlements::from_source(source());
    received.batch(&key("po_1"), SettlementMode::Net).expect("opened");
    lines.iter().for_each(|line| received.line(line).expect("a sound line"));
    let sum = lines.iter().map(|line| line.reckoned_net().expect("small").minor()).sum();
    let payout = Some(Money::from_minor(sum, Currency::DKK));
    received.state(Stated { payout_on: Some(day), payout, ..Stated::default() }).expect("stated once");
    received.into_batches().remove(0)
}

impl World {
    pub(crate) fn of(lines: &[Line<'_>], papers: &[Paper], more: &str) -> World {
        World {
            settlements: vec![paid_out(lines, DAY)],
            papers: papers.to_vec(),
            settings: settings(more),
            decisions: Decisions::default(),
            country: "DK",
            periods: Vec::new(),
        }
    }

    pub(crate) fn receivables(&self) -> Receivables {
        receivables_by(self.settings.matching.order_numbers.clone(), &self.papers)
    }

    pub(crate) fn matching(&self, receivables: &Receivables) -> Matching {
        let tolerance = Money::from_decimal(self.settings.matching.tolerance.0, Currency::DKK).expect("øre");
        let rules = Rules {
            shops: &self.settings.matching.shops,
            tolerance: u32::try_from(tolerance.minor()).expect("small"),
        };
        match_settlements(&self.settlements, receivables, rules).expect("small amounts")
    }

    pub(crate) fn decide(&self) -> PayoutDecision {
        let receivables = self.receivables();
        let matching = self.matching(&receivables);
        plan_payout(&PayoutInput {
            settlements: &self.settlements,
            settlement: 0,
            receivables: &receivables,
            matching: &matching,
            decisions: &self.decisions,
            settings: &self.settings,
            country: self.country,
            periods: &self.periods,
            zone: &TimeZone::UTC,
            language: Language::En,
        })
    }

    pub(crate) fn plan(&self) -> PayoutPlan {
        match self.decide() {
            PayoutDecision::Ready(plan) => plan,
            PayoutDecision::Wait(reasons) => panic!("it waits: {reasons:?}"),
        }
    }

    /// `account amount` for each entry of all vouchers; customers as `customer/invoice`.
    pub(crate) fn entries(&self) -> Vec<String> {
        self.plan().vouchers.iter().flat_map(|voucher| voucher.entries().iter().map(told)).collect()
    }

    fn waits_for(&self) -> Vec<String> {
        match self.decide() {
            PayoutDecision::Ready(plan) => panic!("it does not wait: {plan:?}"),
            PayoutDecision::Wait(reasons) => reasons.into_iter().map(|reason| reason.code).collect(),
        }
    }
}

fn told(entry: &VoucherEntry) -> String {
    let target = match &entry.target {
        Target::Account(account) => account.to_string(),
        Target::Customer { number, invoice } => {
            format!("c{number}/{}", invoice.as_deref().unwrap_or("-"))
        }
    };
    let currency = entry.amount.currency();
    let currency = if currency == Currency::DKK { String::new() } else { format!(" {currency}") };
    format!("{target} {}{currency}", entry.amount)
}

fn two() -> (Vec<Line<'static>>, Vec<Paper>) {
    let lines = vec![
        sale(2, "1001", "100.00", "-2.00"),
        sale(3, "1002", "50.00", "-1.00"),
        Line {
            keys: LinkKeys { order: "1002", ..LinkKeys::default() },
            ..plain(4, Kind::Refund, "refund", "-20.00")
        },
    ];
    let papers = vec![
        paper("30001", "1001", "100.00"),
        paper("30002", "1002", "50.00"),
        paper("30003", "1002", "-20.00"),
    ];
    (lines, papers)
}

#[test]
fn the_three_models_book_one_payout_each_in_its_way() {
    let (lines, papers) = two();
    let lump = World::of(&lines, &papers, r#","model":"lump""#);
    assert_eq!(lump.entries(), ["5820 127.00", "3650 3.00", "5600 -150.00", "5600 20.00"]);
    let by_line = World::of(&lines, &papers, "");
    assert_eq!(by_line.entries(), ["5820 127.00", "3650 3.00", "5600 -100.00", "5600 -50.00", "5600 20.00"]);
    let customer = World::of(&lines, &papers, "");
    let mut customer = customer;
    customer.settings.accounts.receivable_customer = Some(800);
    assert_eq!(customer.entries()[2..], ["c800/- -100.00", "c800/- -50.00", "c800/- 20.00"]);
    let open = World::of(&lines, &papers, r#","model":"open-invoices""#);
    assert_eq!(open.entries()[2..], ["c7/30001 -100.00", "c7/30002 -50.00", "c7/30003 20.00"]);
    let plan = open.plan();
    let entry = &plan.vouchers[0].entries()[2];
    assert_eq!((entry.invoice.as_str(), entry.order.as_str()), ("30001", "1001"));
    assert_eq!(entry.text, "stripe po_1 sale invoice 30001 order 1001");
    assert_eq!(plan.date, DAY);
}

#[test]
fn fees_go_to_their_accounts_with_vat_as_the_rule_of_acquirer_and_country_says() {
    let (mut lines, papers) = two();
    lines.truncate(1);
    lines[0].fees.add(FeeKind::Scheme, -50).expect("small");
    lines[0].vat_on_fees = -63;
    let own = r#"{"kind":"scheme","account":3651}"#;
    let charged = r#"{"country":"SE","treatment":{"charged":{"account":6730}}}"#;
    let exempt = r#"{"treatment":"exempt"}"#;
    let mut world = World::of(&lines, &papers, "");
    let with = |world: &mut World, kinds: &str, vat: &str| {
        let more = format!(r#","fee-kinds":[{kinds}],"fee-vat":[{vat}]}}"#);
        let text = format!("{{{}}}", ACCOUNTS.replace('}', &more));
        world.settings = read_payout_settings(&text).unwrap_or_else(|problems| panic!("{problems}"));
    };
    assert_eq!(world.waits_for(), ["payout-fee-vat-unplaced"]);
    with(&mut world, own, &format!("{charged},{exempt}"));
    assert_eq!(
        world.waits_for(),
        ["payout-fee-vat-unplaced"],
        "exempt in Denmark, and yet the report has VAT"
    );
    world.country = "SE";
    assert_eq!(
        world.entries(),
        ["5820 96.87", "3650 2.00", "3651 0.50", "6730 0.63", "5600 -100.00"],
        "charged in Sweden"
    );
    lines[0].vat_on_fees = 0;
    let mut world = World::of(&lines, &papers, "");
    with(&mut world, own, r#"{"acquirer":"stripe","treatment":{"reverse-charge":{"code":"IY25"}}}"#);
    let plan = world.plan();
    let codes: Vec<_> = plan.vouchers[0].entries().iter().map(|entry| entry.vat_code.as_deref()).collect();
    assert_eq!(codes, [None, Some("IY25"), Some("IY25"), None]);
}

#[test]
fn reserves_adjustments_chargebacks_and_returned_payouts_have_their_places() {
    let (mut lines, papers) = two();
    lines.truncate(2);
    let of_1001 = LinkKeys { order: "1001", ..LinkKeys::default() };
    lines.push(Line { keys: of_1001, ..plain(5, Kind::Chargeback, "dispute", "-100.00") });
    lines.push(plain(6, Kind::ReserveHold, "hold", "-10.00"));
    lines.push(plain(7, Kind::ReserveRelease, "release", "4.00"));
    lines.push(plain(8, Kind::Adjustment, "correction", "1.00"));
    lines.push(plain(9, Kind::PayoutReturned, "payout_failure", "30.00"));
    lines.push(plain(10, Kind::Unknown, "new_word", "-0.50"));
    let mut world = World::of(&lines, &papers, "");
    let entries = world.entries();
    for expected in ["5610 10.00", "5610 -4.00", "3660 -1.00", "5820 -30.00", "9900 0.50", "5600 100.00"] {
        assert!(entries.contains(&expected.to_owned()), "{expected} in {entries:?}");
    }
    assert!(world.plan().notes.iter().any(|note| note.code == "payout-unknown-kind"));
    world.settings.accounts.chargebacks = Some(2790);
    assert!(world.entries().contains(&"2790 100.00".to_owned()));
}

#[test]
fn fee_only_and_negative_payouts_draw_from_the_bank() {
    let world = World::of(&[plain(2, Kind::Fee, "monthly", "-99.00")], &[], "");
    assert_eq!(world.entries(), ["5820 -99.00", "3650 99.00"]);
    let (mut lines, papers) = two();
    lines.remove(0);
    lines[0] = Line { gross: dkk("10.00"), ..lines[0] };
    let papers = [Paper { total: "10.00", expected: "10.00", ..papers[1] }, papers[2]];
    assert_eq!(World::of(&lines, &papers, "").entries()[0], "5820 -11.00");
}

#[test]
fn a_balance_carried_is_booked_on_its_account() {
    let (lines, papers) = two();
    let mut world = World::of(&lines, &papers, "");
    let mut received = Settlements::from_source(source());
    received.batch(&key("po_1"), SettlementMode::Net).expect("opened");
    lines.iter().for_each(|line| received.line(line).expect("sound"));
    let stated = Stated {
        payout_on: Some(DAY),
        payout: Some(dkk("100.00")),
        opening: Some(dkk("10.00")),
        closing: Some(dkk("37.00")),
        ..Stated::default()
    };
    received.state(stated).expect("stated");
    world.settlements = received.into_batches();
    assert_eq!(world.entries()[..2], ["5820 100.00", "5620 27.00"]);
}

#[test]
fn a_fee_on_the_payout_itself_is_a_fee_and_not_paid_out() {
    let lines = [
        sale(2, "1001", "500.00", "-10.00"),
        Line {
            fees: Fees::of(FeeKind::Transfer, -100),
            net: Some(dkk("-101.00")),
            ..plain(3, Kind::Payout, "T0400", "-100.00")
        },
    ];
    let mut world = World::of(&lines, &[paper("30001", "1001", "500.00")], "");
    let closing = Some(dkk("389.00"));
    let day = Stated { payout_on: Some(DAY), opening: Some(dkk("0.00")), closing, ..Stated::default() };
    world.settlements = vec![stated(&lines, day.clone())];
    assert_eq!(world.settlements[0].check().payout, dkk("100.00"), "what the bank gets");
    assert_eq!(world.entries(), ["5820 100.00", "5620 389.00", "3650 10.00", "3650 1.00", "5600 -500.00"]);
    // The acquirer's list of payouts says what the bank gets.
    world.settlements = vec![stated(&lines, Stated { payout: Some(dkk("100.00")), ..day })];
    assert_eq!(world.settlements[0].check().standing, Standing::Balanced);
}

#[test]
fn a_sale_in_another_currency_balances_in_both() {
    let euro = Money::parse("100.00", Currency::EUR).expect("amount");
    let rate = Some("7.451".parse().expect("rate"));
    let line = Line { sale: Some(SaleAmount { amount: euro, rate }), ..sale(2, "1001", "745.10", "-8.00") };
    let papers = [Paper { currency: Currency::EUR, ..paper("30001", "1001", "100.00") }];
    let by_line = World::of(&[line], &papers, "");
    let expected = ["5820 737.10", "3650 8.00", "5600 -100.00 EUR", "4200 100.00 EUR", "4200 -745.10"];
    assert_eq!(by_line.entries(), expected);
    assert_eq!(World::of(&[line], &papers, r#","model":"lump""#).entries(), expected);
    let open = World::of(&[line], &papers, r#","model":"open-invoices""#);
    assert_eq!(open.entries()[2], "c7/30001 -100.00 EUR");
}

#[test]
fn a_sum_is_in_the_currency_of_its_invoices_and_not_of_the_buyer() {
    let euro = Money::parse("13.40", Currency::EUR).expect("amount");
    let line =
        Line { sale: Some(SaleAmount { amount: euro, rate: None }), ..sale(2, "1001", "100.00", "-2.00") };
    let papers = [paper("30001", "1001", "100.00")];
    for model in ["lump", "lines"] {
        let world = World::of(&[line], &papers, &format!(r#","model":"{model}""#));
        assert_eq!(world.entries(), ["5820 98.00", "3650 2.00", "5600 -100.00"], "{model}");
    }
}

#[test]
fn sums_are_of_what_found_its_invoice_and_the_rest_has_its_own_reason() {
    let lines = [
        sale(2, "1001", "100.00", "0.00"),
        sale(3, "1002", "50.00", "0.00"),
        sale(4, "1002", "50.00", "0.00"),
        sale(5, "1003", "7.00", "0.00"),
        sale(6, "1004", "9.00", "0.00"),
    ];
    let euro = Paper { currency: Currency::EUR, ..paper("30004", "1004", "1.20") };
    let papers = [paper("30001", "1001", "100.00"), paper("30002", "1002", "50.00"), euro];
    let mut world = World::of(&lines, &papers, r#","model":"lump""#);
    let reasons = ["payout-lines-not-found", "payout-lines-other-currency", "payout-lines-over"];
    assert_eq!(world.waits_for(), reasons, "as it would line by line");
    world.settings = settings(r#","model":"lump","unmatched":"error-account""#);
    let entries = ["5820 216.00", "9900 -50.00", "9900 -50.00", "9900 -7.00", "9900 -9.00", "5600 -100.00"];
    assert_eq!(world.entries(), entries);
    let notes: Vec<String> = world.plan().notes.into_iter().map(|note| note.code).collect();
    assert_eq!(notes, reasons, "and each is told for what it is");
}

#[test]
fn a_payout_of_more_entries_than_may_be_posted_says_so_whole() {
    let most = u32::try_from(MOST_ENTRIES).expect("small");
    // The bank and the fee stand beside the lines.
    for (count, fits) in [(most - 2, true), (most - 1, false), (most + 50, false)] {
        let lines: Vec<Line<'_>> =
            (2..count + 2).map(|number| sale(number, "1001", "1.00", "-0.50")).collect();
        let all: &str = format!("{count}.00").leak();
        let mut world = World::of(&lines, &[paper("30001", "1001", all)], "");
        let PayoutDecision::Wait(reasons) = world.decide() else {
            assert!(fits, "{count}");
            let beside_transit = world.entries().into_iter().filter(|entry| !entry.starts_with("9910 "));
            assert_eq!(beside_transit.count(), MOST_ENTRIES);
            continue;
        };
        assert!(!fits, "{count}: {reasons:?}");
        let told: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
        assert_eq!(told, ["payout-entries-many"]);
        assert_eq!(reasons[0].fact("count"), (count + 2).to_string());
        assert_eq!(reasons[0].fact("limit"), most.to_string());
        // In sums it fits.
        world.settings = settings(r#","model":"lump""#);
        assert_eq!(world.entries().len(), 3);
    }
}

#[test]
fn lines_without_a_match_wait_or_go_to_the_error_account_with_their_reason() {
    let (lines, papers) = two();
    let mut world = World::of(&lines, &papers[1..], "");
    assert_eq!(world.waits_for(), ["payout-lines-not-found"]);
    world.settings = settings(r#","unmatched":"error-account""#);
    assert!(world.entries().contains(&"9900 -100.00".to_owned()));
    let plan = world.plan();
    assert!(plan.vouchers[0].entries().iter().any(|entry| entry.text.ends_with("(no invoice)")));
    assert_eq!(plan.notes[0].code, "payout-lines-not-found");
    let open = World::of(&lines, &papers[..2], r#","model":"open-invoices""#);
    assert_eq!(open.waits_for(), ["payout-refund-without-credit-note"]);
    let by_line = World::of(&lines, &papers[..2], "");
    assert_eq!(
        by_line.plan().notes[0].code,
        "payout-refund-without-credit-note",
        "noted, and on the interim account"
    );
}

#[test]
fn what_a_person_decides_about_a_line_is_booked() {
    let (lines, papers) = two();
    let mut world = World::of(
        &lines,
        &[papers[1], papers[2], paper("29000", "", "60.00"), paper("29001", "", "40.00")],
        "",
    );
    world.settings = settings(r#","model":"open-invoices""#);
    assert_eq!(world.waits_for(), ["payout-lines-not-found"]);
    world.decisions.decide(0, LineDecision::ErrorAccount { reason: "asked the shop".to_owned() });
    assert!(world.entries().contains(&"9900 -100.00".to_owned()));
    let ids: Vec<ReceivableId> = world.receivables().ids().collect();
    let split = vec![(ids[2], dkk("60.00")), (ids[3], dkk("40.00"))];
    world.decisions.decide(0, LineDecision::Matched(split));
    let entries = world.entries();
    assert_eq!(entries[2..4], ["c7/29000 -60.00", "c7/29001 -40.00"]);
    world.decisions.decide(0, LineDecision::Matched(vec![(ids[2], dkk("60.00"))]));
    assert_eq!(world.waits_for(), ["payout-decision-differs"]);
}

#[test]
fn a_decision_is_in_the_currency_of_the_document() {
    let euro = |text| Money::parse(text, Currency::EUR).expect("amount");
    let rate = Some("7.451".parse().expect("rate"));
    let sale_amount = Some(SaleAmount { amount: euro("100.00"), rate });
    let line = Line { sale: sale_amount, ..sale(2, "9999", "745.10", "-8.00") };
    let papers = [
        Paper { currency: Currency::EUR, ..paper("30001", "1001", "100.00") },
        paper("30002", "1002", "745.10"),
    ];
    let mut world = World::of(&[line], &papers, r#","model":"open-invoices""#);
    let ids: Vec<ReceivableId> = world.receivables().ids().collect();
    for (id, amount) in [(ids[0], dkk("745.10")), (ids[1], euro("100.00"))] {
        world.decisions.decide(0, LineDecision::Matched(vec![(id, amount)]));
        assert_eq!(world.waits_for(), ["payout-decision-currency"]);
    }
    world.decisions.decide(0, LineDecision::Matched(vec![(ids[0], euro("100.00"))]));
    let both = ["5820 737.10", "3650 8.00", "c7/30001 -100.00 EUR", "4200 100.00 EUR", "4200 -745.10"];
    assert_eq!(world.entries(), both);
    world.decisions.decide(0, LineDecision::Matched(vec![(ids[1], dkk("745.10"))]));
    assert_eq!(world.entries()[2..], ["c7/30002 -745.10"]);
    // Documents of two currencies are no split of one line.
    let mixed = vec![(ids[0], euro("50.00")), (ids[1], dkk("372.55"))];
    world.decisions.decide(0, LineDecision::Matched(mixed));
    assert_eq!(world.waits_for(), ["payout-decision-differs"]);
}

#[test]
fn a_difference_within_the_tolerance_settles_the_invoice_and_is_booked_apart() {
    let papers = [paper("30001", "1001", "100.00")];
    let mut world = World::of(&[sale(2, "1001", "99.98", "0.00")], &papers, r#","model":"open-invoices""#);
    assert_eq!(world.entries(), ["5820 99.98", "c7/30001 -99.98"], "the rest stays open");
    world.settings = settings(r#","model":"open-invoices","matching":{"tolerance":"0.02"}"#);
    assert_eq!(world.entries(), ["5820 99.98", "c7/30001 -99.98", "c7/30001 -0.02", "4210 0.02"]);
    world.settings = settings(r#","model":"lump","matching":{"tolerance":"0.02"}"#);
    assert_eq!(world.entries(), ["5820 99.98", "5600 -99.98", "5600 -0.02", "4210 0.02"], "in sums, too");
}

#[test]
fn a_voucher_that_is_too_long_is_split_and_the_transit_account_ends_on_nothing() {
    let texts: Vec<String> = (0..1200).map(|number| (number + 1).to_string()).collect();
    let lines: Vec<Line<'_>> = texts
        .iter()
        .map(|order| Line {
            keys: LinkKeys { order, ..LinkKeys::default() },
            ..sale(2, "", "10.00", "-0.10")
        })
        .collect();
    let mut world = World::of(&lines, &[], r#","unmatched":"error-account""#);
    let plan = world.plan();
    assert_eq!(plan.vouchers.len(), 3);
    assert!(plan.vouchers.iter().all(|voucher| voucher.entries().len() <= 500));
    let transit: i64 = plan
        .vouchers
        .iter()
        .flat_map(Voucher::entries)
        .filter(|entry| entry.target == Target::Account(9910))
        .map(|entry| entry.amount.minor())
        .sum();
    assert_eq!(transit, 0);
    world.settings.accounts.transit = None;
    assert_eq!(world.waits_for(), ["payout-account-missing"]);
}

#[test]
fn fees_of_last_year_can_stand_in_last_year() {
    let mut line = sale(2, "1001", "100.00", "-2.00");
    line.occurred = When::Day(date(2025, 12, 30));
    let papers = [paper("30001", "1001", "100.00")];
    let mut world = World::of(&[line], &papers, "");
    world.settlements = vec![paid_out(&[line], date(2026, 1, 3))];
    assert_eq!(world.entries(), ["5820 98.00", "3650 2.00", "5600 -100.00"]);
    world.settings = settings(r#","voucher":{"year-end":"year-of-sale"}"#);
    let plan = world.plan();
    let days: Vec<Date> = plan.vouchers.iter().map(|voucher| voucher.entries()[0].date).collect();
    assert_eq!(days, [date(2026, 1, 3), date(2025, 12, 31)]);
    assert_eq!(world.entries(), ["5820 98.00", "9910 2.00", "5600 -100.00", "3650 2.00", "9910 -2.00"]);
    world.periods = vec![Period { from: date(2025, 1, 1), to: date(2025, 12, 31), closed: true }];
    assert_eq!(world.waits_for(), ["payout-period-closed"]);
}

#[test]
fn nothing_is_planned_of_a_report_that_does_not_agree_or_is_not_whole() {
    let (lines, papers) = two();
    let mut world = World::of(&lines, &papers, "");
    let short = Stated { payout_on: Some(DAY), payout: Some(dkk("126.00")), ..Stated::default() };
    world.settlements = vec![stated(&lines, short)];
    assert_eq!(world.waits_for(), ["settlement-off-balance"]);
    world.settlements = vec![batch(&lines)];
    assert_eq!(world.waits_for(), ["payout-unconfirmed", "payout-without-date"]);
    let all = World { settings: PayoutSettings::default(), ..World::of(&lines, &papers, "") };
    assert_eq!(all.waits_for(), ["payout-account-missing"; 3], "bank, fees and the acquirer's account");
}

#[test]
fn what_is_given_back_without_having_been_taken_waits_with_a_reason_of_its_own() {
    let won = Line {
        keys: LinkKeys { order: "1001", ..LinkKeys::default() },
        ..plain(2, Kind::ChargebackReversal, "dispute_won", "100.00")
    };
    let papers = [paper("30001", "1001", "100.00")];
    let mut world = World::of(&[won], &papers, "");
    assert_eq!(world.waits_for(), ["payout-lines-given-back"]);
    world.settings = settings(r#","unmatched":"error-account""#);
    assert_eq!(world.entries(), ["5820 100.00", "9900 -100.00"]);
    let plan = world.plan();
    let text = &plan.vouchers[0].entries()[1].text;
    assert!(text.ends_with("(nothing was taken back)"), "{text}");
}

#[test]
fn a_reversal_undoes_every_entry() {
    let (lines, papers) = two();
    let plan = World::of(&lines, &papers, "").plan();
    let back = plan.reversed(date(2026, 12, 1), Language::En).expect("small amounts");
    let sums = |vouchers: &[Voucher]| -> Vec<(Target, i64)> {
        let entries = vouchers.iter().flat_map(Voucher::entries);
        entries.map(|entry| (entry.target.clone(), entry.amount.minor())).collect()
    };
    let negated: Vec<_> = sums(&back).into_iter().map(|(target, minor)| (target, -minor)).collect();
    assert_eq!(negated, sums(&plan.vouchers));
    assert!(back[0].entries()[0].text.starts_with("Reversal: stripe po_1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever lines come, in whatever model: the vouchers balance, bank and fees are the report's, and what is on the
    /// accounts together is nothing.
    #[test]
    fn every_plan_books_the_payout_and_nothing_else(
        amounts in prop::collection::vec((1..50_000_i64, 0..500_i64, 0..8_usize, 0..4_u8), 1..30),
        model in 0..3_usize,
        limit in 10..40_u16,
    ) {
        let kinds = [
            Kind::Sale, Kind::Sale, Kind::Refund, Kind::ReserveHold, Kind::Fee, Kind::Unknown, Kind::Payout,
            Kind::CarryIn,
        ];
        let orders = ["1001", "1002", "1003", ""];
        let lines: Vec<Line<'_>> = amounts
            .iter()
            .map(|(amount, fee, kind, order)| {
                let kind = kinds[*kind];
                let minor = if kind == Kind::Sale { *amount } else { -*amount };
                let gross = Money::from_minor(minor, Currency::DKK);
                Line {
                    fees: Fees::of(FeeKind::Commission, -*fee),
                    keys: LinkKeys { order: orders[usize::from(*order)], ..LinkKeys::default() },
                    ..Line::new(2, kind, "word", gross)
                }
            })
            .collect();
        let papers = [paper("30001", "1001", "100.00"), paper("30002", "1002", "-20.00")];
        let model = ["lump", "lines", "open-invoices"][model];
        let more = format!(r#","model":"{model}","unmatched":"error-account","voucher":{{"entries":{limit}}}"#);
        let mut world = World::of(&lines, &papers, &more);
        // Payouts among the lines leave a balance; without them all is paid out.
        let left: i64 = lines.iter().map(|line| line.reckoned_net().expect("small").minor()).sum();
        let of = |wanted: Kind| -> i64 {
            lines.iter().filter(|line| line.kind == wanted).map(|line| line.gross.minor()).sum()
        };
        if lines.iter().any(|line| line.kind == Kind::Payout) {
            let closing = Some(Money::from_minor(left, Currency::DKK));
            let stated = Stated { payout_on: Some(DAY), closing, ..Stated::default() };
            world.settlements = vec![self::stated(&lines, stated)];
            prop_assert_eq!(world.settlements[0].check().payout.minor(), -of(Kind::Payout), "the fee is none of it");
            prop_assert_eq!(world.settlements[0].check().standing, Standing::Balanced);
        }
        let plan = world.plan();
        let on = |account| -> i64 {
            plan.vouchers
                .iter()
                .flat_map(Voucher::entries)
                .filter(|entry| entry.target == Target::Account(account))
                .map(|entry| entry.amount.minor())
                .sum()
        };
        let tally = world.settlements[0].tally();
        let fees: i64 = FeeKind::ALL.into_iter().map(|kind| tally.fee(kind)).sum();
        prop_assert_eq!(on(5820), world.settlements[0].check().payout.minor());
        prop_assert_eq!(on(3650), -fees);
        let (opening, _, closing) = world.settlements[0].balances().expect("small");
        prop_assert_eq!((opening.minor(), on(5620)), (of(Kind::CarryIn), closing.minor() - opening.minor()));
        prop_assert_eq!(on(9910), 0);
        prop_assert_eq!(on(5610), -tally.kind(Kind::ReserveHold).gross);
        prop_assert!(plan.vouchers.iter().all(|voucher| voucher.entries().len() <= usize::from(limit)));
    }
}
