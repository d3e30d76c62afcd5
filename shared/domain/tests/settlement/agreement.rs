//! Reports that agree with themselves, and each way in which they may not.

use domain::settlement::*;
use domain::{Currency, Money};
use jiff::civil::date;

use crate::world::*;

fn good() -> Vec<Line<'static>> {
    vec![
        sale(2, "1001", "459.90", "-8.90"),
        sale(3, "1002", "100.00", "-2.00"),
        plain(4, Kind::Refund, "refund", "-50.00"),
        plain(5, Kind::Fee, "stripe_fee", "-9.00"),
        plain(6, Kind::ReserveHold, "reserved_funds", "-40.00"),
        plain(7, Kind::Payout, "payout", "-450.00"),
    ]
}

#[test]
fn a_report_with_its_payout_among_the_lines_balances() {
    let settlement = batch(&good());
    let check = settlement.check();
    assert_eq!(check.standing, Standing::Balanced, "{:?}", check.breaches);
    assert_eq!(check.payout, dkk("450.00"));
    assert!(check.postable_automatically());
    let fees = settlement.tally().kind(Kind::Fee);
    assert_eq!((fees.count, fees.gross, fees.fees), (1, 0, -900), "a fee line's amount is a fee");
    assert_eq!(settlement.tally().fee(FeeKind::Commission), -1090);
}

#[test]
fn a_report_without_its_last_lines_does_not_pass() {
    for kept in 1..good().len() {
        let check = batch(&good()[..kept]).check();
        assert_eq!(check.standing, Standing::Unconfirmed, "{kept} lines");
        assert!(!check.postable());
    }
    let mut lines = good();
    lines.remove(1);
    let check = batch(&lines).check();
    assert_eq!(check.standing, Standing::Unbalanced);
    assert_eq!(check.breaches[0].difference(), Some(dkk("-98.00")));
    assert!(matches!(check.breaches[0], Breach::Balance { .. }));
}

#[test]
fn what_states_nothing_waits_for_the_payout_api_or_the_bank() {
    let mut settlement = batch(&good()[..5]);
    settlement.confirm(Confirmation { by: ConfirmedBy::BankLine, payout: dkk("450.00"), day: None });
    assert_eq!(settlement.check().standing, Standing::Balanced);
    settlement.confirm(Confirmation { by: ConfirmedBy::PayoutApi, payout: dkk("449.99"), day: None });
    let check = settlement.check();
    assert_eq!(check.standing, Standing::Unbalanced);
    assert_eq!(check.breaches[0].place(), "payout API");
    assert_eq!(check.breaches[0].difference(), Some(dkk("-0.01")));
}

#[test]
fn a_lines_stated_net_is_checked_and_its_place_is_named() {
    let mut lines = good();
    lines[0].net = Some(dkk("451.00"));
    assert_eq!(batch(&lines).check().standing, Standing::Balanced);
    lines[1].net = Some(dkk("98.01"));
    let check = batch(&lines).check();
    assert_eq!(check.breaches, [Breach::Line { line: 3, stated: dkk("98.01"), reckoned: dkk("98.00") }]);
}

#[test]
fn a_line_id_stands_once() {
    let mut lines = good();
    lines[0].reference = "txn_1";
    lines[1].reference = "txn_1";
    let check = batch(&lines).check();
    assert_eq!(check.breaches, [Breach::Twice { reference: "txn_1".to_owned(), first: 2, second: 3 }]);
}

#[test]
fn stated_totals_and_counts_are_compared() {
    let total = |of, count, amount: Option<&str>| StatedTotal {
        of,
        count,
        amount: amount.map(dkk),
        place: "totals.here".to_owned(),
    };
    let right = vec![
        total(TotalOf::Net, None, Some("450.00")),
        total(TotalOf::Gross, None, Some("469.90")),
        total(TotalOf::Fees, Some(5), Some("-19.90")),
        total(TotalOf::Kinds(vec![Kind::Sale]), Some(2), Some("559.90")),
        total(TotalOf::Kinds(vec![Kind::Fee, Kind::Refund]), Some(2), Some("-59.00")),
        total(TotalOf::Everything, Some(6), Some("0.00")),
    ];
    let check = stated(&good(), Stated { totals: right.clone(), ..Stated::default() }).check();
    assert_eq!(check.standing, Standing::Balanced, "{:?}", check.breaches);
    for index in 0..right.len() {
        let mut wrong = right.clone();
        let amount = wrong[index].amount.expect("stated");
        wrong[index].amount = Some(amount.plus(dkk("0.01")).expect("small"));
        let check = stated(&good(), Stated { totals: wrong, ..Stated::default() }).check();
        assert_eq!(check.breaches.len(), 1, "{index}");
        assert_eq!(check.breaches[0].difference(), Some(dkk("0.01")));
        assert_eq!(check.breaches[0].place(), "totals.here");
        let mut wrong = right.clone();
        wrong[index].count = Some(77);
        let check = stated(&good(), Stated { totals: wrong, ..Stated::default() }).check();
        assert!(matches!(check.breaches[..], [Breach::Count { stated: 77, .. }]), "{index}");
    }
}

#[test]
fn balances_at_both_ends_confirm_a_period_without_payout() {
    let balances = Stated {
        opening: Some(dkk("100.00")),
        closing: Some(dkk("550.00")),
        from: Some(date(2026, 11, 1)),
        ..Stated::default()
    };
    let check = stated(&good()[..5], balances.clone()).check();
    assert_eq!((check.standing, check.payout), (Standing::Balanced, dkk("0")));
    let check = stated(&good()[..4], balances).check();
    assert_eq!(check.breaches[0].difference(), Some(dkk("40.00")));
}

#[test]
fn balances_carried_are_lines_too() {
    let mut lines = good();
    lines.insert(0, plain(1, Kind::CarryIn, "Balancetransfer", "30.00"));
    lines.push(plain(8, Kind::CarryOut, "Balancetransfer", "-30.00"));
    assert_eq!(batch(&lines).check().standing, Standing::Balanced);
    let differing = Stated { opening: Some(dkk("31.00")), ..Stated::default() };
    let check = stated(&lines, differing).check();
    assert!(matches!(check.breaches[0], Breach::Shown { what: "opening", .. }));
}

#[test]
fn gross_settlement_leaves_fees_out_of_the_payout() {
    let mut settlement = Settlement::new(key("po_2"), SettlementMode::Gross, source());
    let payout = plain(9, Kind::Payout, "payout", "-509.90");
    for line in good()[..4].iter().chain([&payout]) {
        settlement.push(line).expect("sound");
    }
    let check = settlement.check();
    assert_eq!((check.standing, check.payout), (Standing::Balanced, dkk("509.90")), "{:?}", check.breaches);
}

#[test]
fn an_unknown_kind_counts_and_stops_automatic_posting() {
    let mut lines = good();
    lines[4] = plain(6, Kind::Unknown, "a_new_word", "-40.00");
    let check = batch(&lines).check();
    assert_eq!(check.standing, Standing::Balanced);
    assert_eq!(check.unknown, [("a_new_word".to_owned(), 1, dkk("-40.00"))]);
    assert!(check.postable() && !check.postable_automatically());
    let mut unproven = batch(&good()).source().clone();
    unproven.unproven = true;
    let mut settlement = Settlement::new(key("po_3"), SettlementMode::Net, unproven);
    good().iter().for_each(|line| settlement.push(line).expect("sound"));
    assert!(settlement.check().postable() && !settlement.check().postable_automatically());
    let pending = Stated { pending: true, ..Stated::default() };
    assert!(!stated(&good(), pending).check().postable());
}

#[test]
fn currencies_do_not_meet_in_a_batch() {
    let mut settlement = batch(&good());
    let euro = Line::new(9, Kind::Sale, "charge", Money::from_minor(100, Currency::EUR));
    assert!(matches!(settlement.push(&euro), Err(SettlementError::OtherCurrency { line: 9, .. })));
}

#[test]
fn what_is_refused_is_refused_with_its_place() {
    let mut received = Settlements::from_source(source());
    assert_eq!(received.line(&good()[0]), Err(SettlementError::NoBatch { line: 2 }));
    received.batch(&key("po_1"), SettlementMode::Net).expect("opened");
    assert!(received.batch(&key("po_1"), SettlementMode::Gross).is_err());
    let long = "x".repeat(256);
    let mut line = good()[0];
    line.keys.merchant = &long;
    assert_eq!(received.line(&line), Err(SettlementError::TooLong { line: 2, field: "merchant" }));
    let huge = Line::new(3, Kind::Sale, "charge", Money::from_minor(i64::MAX, Currency::DKK));
    received.line(&huge).expect("it fits alone");
    assert!(matches!(received.line(&huge), Err(SettlementError::Amount { line: 3, .. })));
    let sealed = batch(&good()).sealed().push(&good()[0]);
    assert_eq!(sealed, Err(SettlementError::Sealed { line: 2 }), "a line after the last one");
    let on = |day| Stated { payout_on: Some(day), ..Stated::default() };
    received.state(on(date(2026, 11, 20))).expect("first");
    received.state(on(date(2026, 11, 20))).expect("the same");
    assert!(received.state(on(date(2026, 11, 21))).is_err());
}

#[test]
fn several_batches_of_one_source_keep_apart_and_may_alternate() {
    let mut received = Settlements::from_source(source());
    for (number, batch) in ["po_1", "po_2", "po_1"].into_iter().enumerate() {
        received.batch(&key(batch), SettlementMode::Net).expect("opened");
        let number = u32::try_from(number).expect("small");
        received.line(&plain(number, Kind::Sale, "charge", "10.00")).expect("sound");
    }
    let batches = received.into_batches();
    let sizes: Vec<_> = batches.iter().map(|batch| (batch.key().batch.as_str(), batch.len())).collect();
    assert_eq!(sizes, [("po_1", 2), ("po_2", 1)]);
}

#[test]
fn a_line_comes_back_as_it_was_given() {
    let mut line = good()[0];
    line.reference = "txn_1";
    line.keys = LinkKeys {
        order: "1001",
        merchant: "m-1001",
        transaction: "ch_1",
        modification: "cap_1",
        original: "ch_0",
        acquirer: "7481",
        invoice: "30001",
    };
    line.occurred = When::Local(date(2026, 11, 20).at(10, 22, 31, 0));
    line.booked = When::Day(date(2026, 11, 21));
    line.fees.add(FeeKind::Scheme, -3).expect("small");
    line.vat_on_fees = -25;
    line.net = line.reckoned_net().ok();
    line.sale = Some(SaleAmount {
        amount: Money::parse("61.72", Currency::EUR).expect("amount"),
        rate: Some("7.4513".parse().expect("rate")),
    });
    line.method = "visa";
    line.description = "En bestilling på 5 kopper";
    let other =
        Line { occurred: When::Instant("2026-11-20T10:22:31Z".parse().expect("instant")), ..good()[1] };
    let settlement = batch(&[line, other]);
    assert_eq!(settlement.line(0), Some(line));
    assert_eq!(settlement.line(1), Some(other));
    assert_eq!(settlement.line(2), None);
}

#[test]
fn a_list_without_an_end_never_confirms_itself() {
    let lines = [
        plain(1, Kind::Sale, "payment", "100.00"),
        plain(2, Kind::Payout, "withdrawal", "-60.00"),
        plain(3, Kind::Sale, "payment", "5.00"),
    ];
    let whole = Stated { opening: Some(dkk("20.00")), open_ended: true, ..Stated::default() };
    for count in 0..=lines.len() {
        let settlement = stated(&lines[..count], whole.clone());
        assert_eq!(settlement.check().standing, Standing::Unconfirmed, "the first {count} lines");
    }
    let settlement = stated(&lines, whole.clone());
    assert_eq!(settlement.balances(), Ok((dkk("20.00"), dkk("60.00"), dkk("65.00"))));
    let with_end = Stated { closing: Some(dkk("65.00")), ..whole };
    assert_eq!(stated(&lines, with_end).check().standing, Standing::Balanced);
}
