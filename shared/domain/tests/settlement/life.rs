//! From report to bank: arrivals, approval, the bank's entries, the overview.

use domain::matching::*;
use domain::payout::*;
use domain::settings::{ApprovalSettings, AutomaticApproval, BankSettings};
use domain::settlement::*;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use crate::booking::{DAY, World, paid_out};
use crate::matching::{Paper, paper, receivables};
use crate::world::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn person(name: &str) -> Actor {
    Actor::Person(name.to_owned())
}

fn lines() -> Vec<Line<'static>> {
    vec![sale(2, "1001", "100.00", "-2.00"), sale(3, "1002", "50.00", "-1.00")]
}

#[test]
fn the_same_batch_again_changes_nothing_and_another_content_is_a_conflict() {
    let first = paid_out(&lines(), DAY);
    let mut turned = lines();
    turned.reverse();
    let again = paid_out(&turned, DAY);
    let other = paid_out(&lines()[..1], DAY);
    assert_eq!(content_hash(&first), content_hash(&again), "the order of lines says nothing");
    assert_ne!(content_hash(&first), content_hash(&other));
    let found = arrivals(vec![first.clone(), again]);
    assert_eq!((found.settlements.len(), found.repeated.len(), found.refused.len()), (1, 1, 0));
    let found = arrivals(vec![first, other]);
    assert_eq!((found.settlements.len(), found.refused[0].1.code.as_str()), (0, "payout-conflict"));
}

#[test]
fn what_only_one_of_two_forms_of_a_payout_tells_makes_no_other_content() {
    // The API tells of the parts of a fee and of the order; the file has one fee and the payment's id.
    let keys = |order, transaction| LinkKeys { order, transaction, ..LinkKeys::default() };
    let with = |reference, keys, fees, vat_on_fees, gross: &str| Line {
        reference,
        keys,
        fees,
        vat_on_fees,
        ..plain(2, Kind::Sale, "charge", gross)
    };
    let mut parts = Fees::of(FeeKind::Commission, -150);
    parts.add(FeeKind::Other, -50).expect("small");
    let whole = Fees::of(FeeKind::Commission, -250);
    let api = [
        with("txn_1", keys("1001", "ch_1"), parts, -50, "100.00"),
        with("txn_2", keys("1002", ""), Fees::NONE, 0, "50.00"),
    ];
    let file = [
        with("txn_2", keys("", "ch_2"), Fees::NONE, 0, "50.00"),
        with("txn_1", keys("", "ch_1"), whole, 0, "100.00"),
    ];
    let found = arrivals(vec![paid_out(&api, DAY), paid_out(&file, DAY)]);
    assert_eq!((found.settlements.len(), found.repeated.len(), found.refused.len()), (1, 1, 0));
    // What both tell, and tell otherwise, does.
    let other = |change: fn(&mut Line<'static>)| {
        let mut changed = file;
        change(&mut changed[1]);
        arrivals(vec![paid_out(&api, DAY), paid_out(&changed, DAY)]).refused.len()
    };
    assert_eq!(other(|_| ()), 0);
    assert_eq!(other(|line| line.keys.transaction = "ch_9"), 1, "another payment");
    assert_eq!(other(|line| line.reference = "txn_9"), 1, "another line");
    assert_eq!(other(|line| line.kind = Kind::Adjustment), 1, "another kind");
    assert_eq!(
        other(|line| (line.gross, line.fees) = (dkk("99.00"), Fees::of(FeeKind::Commission, -150))),
        1
    );
    assert_eq!(other(|line| (line.fees, line.vat_on_fees) = (Fees::of(FeeKind::Other, -190), -60)), 1, "VAT");
    // Lines without an id of their own are held against each other by all that both have.
    let unnamed = |orders: [&'static str; 2]| {
        paid_out(&orders.map(|order| with("", keys(order, ""), Fees::NONE, 0, "50.00")), DAY)
    };
    let twice = |one, other| arrivals(vec![unnamed(one), unnamed(other)]).refused.len();
    assert_eq!(twice(["1001", "1002"], ["1002", "1001"]), 0);
    assert_eq!(twice(["1001", "1002"], ["1001", "1003"]), 1);
    assert_eq!(twice(["1001", "1002"], ["", ""]), 0);
}

#[test]
fn periods_that_overlap_are_refused_in_both() {
    let with = |batch: &str, references: &[&'static str]| {
        let mut settlement = Settlement::new(key(batch), SettlementMode::Net, source());
        for reference in references {
            let line = Line { reference, ..sale(2, "1001", "10.00", "0.00") };
            settlement.push(&line).expect("sound");
        }
        settlement
    };
    let found = arrivals(vec![with("po_1", &["a", "b"]), with("po_2", &["b", "c"]), with("po_3", &["d"])]);
    let refused: Vec<_> =
        found.refused.iter().map(|(key, reason)| (key.batch.as_str(), reason.code.as_str())).collect();
    assert_eq!(refused, [("po_1", "payout-overlap"), ("po_2", "payout-overlap")]);
    assert_eq!(found.settlements.len(), 1);
}

fn waiting() -> Approval {
    let mut approval = Approval::default();
    approval.checked(Standing::Unconfirmed, NOW).expect("still received");
    approval.checked(Standing::Balanced, NOW).expect("balanced");
    approval.matched(None, NOW).expect("matched");
    approval.matched(Some(("hash-1", 2)), NOW).expect("waiting");
    approval
}

#[test]
fn a_payout_goes_from_report_to_bank_and_every_move_is_kept() {
    let mut approval = waiting();
    let plain = ApprovalSettings::default();
    assert_eq!(approval.approve(person("anna"), "hash-0", &plain, NOW), Err(ApprovalError::Changed));
    assert_eq!(approval.approve(person("anna"), "hash-1", &plain, NOW), Ok(PayoutState::Approved));
    let out_of_turn = ApprovalError::OutOfTurn { expected: 1, found: 2 };
    assert_eq!(approval.posted_part(2, "71", NOW), Err(out_of_turn));
    assert_eq!(approval.posted_part(1, "70", NOW), Ok(PayoutState::Approved));
    assert_eq!(
        approval.posted_part(1, "70", NOW),
        Ok(PayoutState::Approved),
        "told again by the worker after a crash"
    );
    assert!(approval.corrected(person("anna"), "too late", NOW).is_err(), "a part is posted");
    assert_eq!(approval.posted_part(2, "71", NOW), Ok(PayoutState::Posted));
    assert!(approval.checked(Standing::Unbalanced, NOW).is_err());
    assert_eq!(approval.confirmed_by_bank(NOW), Ok(PayoutState::BankConfirmed));
    assert_eq!(approval.returned("account closed", NOW), Ok(PayoutState::Returned));
    assert_eq!(approval.reversed(person("anna"), "", NOW), Err(ApprovalError::NoReason));
    assert_eq!(approval.reversed(person("anna"), "money came back", NOW), Ok(PayoutState::Reversed));
    assert_eq!(approval.reopened(person("anna"), "sent again", NOW), Ok(PayoutState::Matched));
    assert_eq!((approval.ordinal(), approval.posted().len()), (2, 0));
    let states: Vec<PayoutState> = approval.moves().iter().map(|step| step.to).collect();
    use PayoutState::*;
    assert_eq!(
        states,
        [
            Received,
            Balanced,
            Matched,
            WaitingForApproval,
            Approved,
            Posted,
            BankConfirmed,
            Returned,
            Reversed,
            Matched
        ]
    );
    let text = serde_json::to_string(&approval).expect("json");
    assert_eq!(serde_json::from_str::<Approval>(&text).expect("json"), approval);
}

#[test]
fn who_takes_a_role_twice_under_two_names_is_one_person() {
    let two = ApprovalSettings { second_person: true, automatic: None };
    let one = "arn:aws:sts::111122223333:assumed-role/bookkeeping/anna";
    for (first, second, are_two) in [
        (one, "arn:aws:sts::111122223333:assumed-role/bookkeeping/bent", false),
        (one, "arn:aws:sts::111122223333:assumed-role/accounting/anna", true),
        (one, "arn:aws:sts::444455556666:assumed-role/bookkeeping/anna", true),
        (one, "arn:aws:sts::111122223333:assumed-role/bookkeeping2/anna", true),
        (one, "arn:aws:iam::111122223333:user/anna", true),
        ("arn:aws:iam::111122223333:user/office/anna", "arn:aws:iam::111122223333:user/office/bent", true),
        (
            "arn:aws:sts::111122223333:federated-user/anna",
            "arn:aws:sts::111122223333:federated-user/bent",
            false,
        ),
        ("anna:assumed-role/a/b", "anna:assumed-role/a/c", true),
    ] {
        let mut approval = waiting();
        approval.approve(person(first), "hash-1", &two, NOW).expect("the first of two");
        let outcome = approval.approve(person(second), "hash-1", &two, NOW);
        let expected = if are_two { Ok(PayoutState::Approved) } else { Err(ApprovalError::SamePerson) };
        assert_eq!(outcome, expected, "{first} and {second}");
        let mut kept = approval.approved_by().to_vec();
        assert_eq!(kept.remove(0), person(first), "it is kept who it was, with the session");
    }
}

#[test]
fn what_is_looked_at_again_and_has_not_come_further_has_not_moved() {
    let mut approval = Approval::default();
    for _ in 0..3 {
        approval.checked(Standing::Unconfirmed, NOW).expect("still received");
    }
    assert_eq!(approval.moves().len(), 1);
    approval.checked(Standing::Balanced, NOW).expect("balanced");
    for _ in 0..3 {
        approval.checked(Standing::Balanced, NOW).expect("balanced");
        approval.matched(None, NOW).expect("matched");
    }
    assert_eq!((approval.state(), approval.moves().len()), (PayoutState::Matched, 3));
}

#[test]
fn two_persons_are_two_persons_and_a_correction_asks_both_again() {
    let two = ApprovalSettings { second_person: true, automatic: None };
    let mut approval = waiting();
    assert_eq!(approval.approve(Actor::Rules, "hash-1", &two, NOW), Err(ApprovalError::PersonsOnly));
    assert_eq!(approval.approve(person("anna"), "hash-1", &two, NOW), Ok(PayoutState::WaitingForApproval));
    assert_eq!(approval.approve(person("anna"), "hash-1", &two, NOW), Err(ApprovalError::SamePerson));
    assert_eq!(approval.approve(person("bent"), "hash-1", &two, NOW), Ok(PayoutState::Approved));
    assert_eq!(approval.corrected(person("bent"), "wrong invoice", NOW), Ok(PayoutState::Matched));
    assert!(approval.approved_by().is_empty());
    assert!(approval.approve(person("bent"), "hash-1", &two, NOW).is_err());
    approval.matched(Some(("hash-2", 1)), NOW).expect("waits again");
    approval.approve(person("bent"), "hash-2", &two, NOW).expect("the first of two");
    approval.matched(Some(("hash-3", 1)), NOW).expect("another plan");
    assert!(approval.approved_by().is_empty(), "what was approved is not what would be posted");
}

#[test]
fn a_payout_that_a_person_booked_is_recognised_and_not_posted() {
    let mut approval = waiting();
    approval.found_booked("1207", person("anna"), "booked-by-hand", NOW).expect("recognised");
    assert_eq!((approval.state(), approval.posted()), (PayoutState::Posted, &["1207".to_owned()][..]));
    assert!(approval.approve(person("anna"), "hash-1", &ApprovalSettings::default(), NOW).is_err());
    let find = PayoutToFind { amount: dkk("147.00"), day: Some(DAY), reference: "STRIPE PO1".to_owned() };
    let booked = |voucher: &str, amount: &str, day: Date, text: &str| BookedEntry {
        voucher: voucher.to_owned(),
        day,
        amount: dkk(amount),
        text: text.to_owned(),
    };
    let key = |batch: &str| BatchKey {
        acquirer: "adyen".to_owned(),
        account: String::new(),
        batch: batch.to_owned(),
        currency: domain::Currency::DKK,
    };
    let looked = |batch: &str, entries: &[BookedEntry]| {
        booked_by_hand(&find, &key(batch), entries, &BankSettings::default())
    };
    let look = |entries: &[BookedEntry]| looked("po_1", entries);
    assert_eq!(look(&[booked("1", "147.01", DAY, "po_1")]), ByHand::No);
    assert_eq!(look(&[booked("1", "147.00", date(2026, 12, 20), "po_1")]), ByHand::No);
    assert_eq!(look(&[booked("1", "147.00", DAY, "Stripe, po_1")]), ByHand::Yes("1".to_owned()));
    assert_eq!(look(&[booked("1", "147.00", DAY, "po_11")]), ByHand::Perhaps(vec!["1".to_owned()]));
    // A short number stands in many texts: it is the batch's beside the acquirer's name only.
    for (batch, text, expected) in [
        ("12", "Husleje 12", ByHand::Perhaps(vec!["1".to_owned()])),
        ("12", "Adyen batch 12", ByHand::Yes("1".to_owned())),
        ("123456", "Indbetaling 123456", ByHand::Yes("1".to_owned())),
    ] {
        assert_eq!(looked(batch, &[booked("1", "147.00", DAY, text)]), expected, "{text}");
    }
}

#[test]
fn rules_post_only_what_leaves_nothing_to_decide() {
    let papers = [paper("30001", "1001", "100.00"), paper("30002", "1002", "50.00")];
    let rules = |at_most: Option<&str>, only_exact, no_chargebacks| ApprovalSettings {
        second_person: false,
        automatic: Some(AutomaticApproval {
            only_exact,
            no_chargebacks,
            at_most: at_most.map(|text| domain::settings::DecimalText(text.parse().expect("amount"))),
        }),
    };
    let says = |settings: &ApprovalSettings, lines: &[Line<'_>], perhaps: bool| {
        let world = World::of(lines, &papers, "");
        let documents = world.receivables();
        let matching = world.matching(&documents);
        let perhaps = if perhaps { vec!["71".to_owned(), "72".to_owned()] } else { Vec::new() };
        match automatic(settings, &world.settlements[0], &documents, &matching, 0, &perhaps) {
            Automatic::Yes => "yes".to_owned(),
            Automatic::No(reason) => reason.code,
        }
    };
    let all = rules(None, true, true);
    assert_eq!(says(&all, &lines(), false), "yes");
    assert_eq!(says(&ApprovalSettings::default(), &lines(), false), "payout-needs-person");
    let two = ApprovalSettings { second_person: true, ..all.clone() };
    assert_eq!(says(&two, &lines(), false), "payout-needs-person");
    for settings in [&all, &two, &ApprovalSettings::default()] {
        assert_eq!(says(settings, &lines(), true), "payout-perhaps-booked", "whoever approves is told");
    }
    assert_eq!(says(&rules(Some("146.99"), true, true), &lines(), false), "payout-above-limit");
    assert_eq!(says(&rules(Some("147.00"), true, true), &lines(), false), "yes");
    let mut part = lines();
    part[1].gross = dkk("40.00");
    assert_eq!(says(&all, &part, false), "payout-not-exact");
    assert_eq!(says(&rules(None, false, true), &part, false), "yes");
    part[1].keys.order = "nobody";
    assert_eq!(says(&rules(None, false, true), &part, false), "payout-not-exact");
    let mut disputed = lines();
    let of_1001 = LinkKeys { order: "1001", ..LinkKeys::default() };
    disputed.push(Line { keys: of_1001, ..plain(9, Kind::Chargeback, "dispute", "-100.00") });
    assert_eq!(says(&all, &disputed, false), "payout-has-chargebacks");
    assert_eq!(says(&rules(None, true, false), &disputed, false), "yes");
    let mut unknown = lines();
    unknown.push(plain(9, Kind::Unknown, "new_word", "-1.00"));
    assert_eq!(says(&all, &unknown, false), "payout-needs-person");
}

#[test]
fn the_bank_confirms_by_amount_day_and_reference_and_only_once() {
    let find = |amount: &str, day: i8, reference: &str| PayoutToFind {
        amount: dkk(amount),
        day: Some(date(2026, 11, day)),
        reference: reference.to_owned(),
    };
    let entry = |amount: &str, day: i8, text: &str| BankEntry {
        amount: dkk(amount),
        day: date(2026, 11, day),
        text: text.to_owned(),
        reversal: false,
    };
    let look = |payouts: &[PayoutToFind], entries: &[BankEntry]| {
        confirm_by_bank(payouts, entries, &BankSettings::default())
    };
    let batch = find("100.00", 20, "batch 48");
    let one = std::slice::from_ref(&batch);
    assert_eq!(look(one, &[entry("100.00", 21, "TX1XT Batch 48, SHOP")]), [Confirmed::By(0)]);
    assert_eq!(look(one, &[entry("100.00", 21, "TX1XT batch 482")]), [Confirmed::Perhaps(vec![0])]);
    assert_eq!(look(one, &[entry("100.01", 21, "batch 48")]), [Confirmed::No]);
    assert_eq!(look(one, &[entry("100.00", 26, "batch 48")]), [Confirmed::No], "too late");
    assert_eq!(look(one, &[entry("100.00", 18, "batch 48")]), [Confirmed::No], "too early");
    let twins = [find("100.00", 20, "SHOP"), find("100.00", 21, "SHOP")];
    let found = look(&twins, &[entry("100.00", 21, "SHOP")]);
    assert_eq!(
        found,
        [Confirmed::Perhaps(vec![0]), Confirmed::Perhaps(vec![0])],
        "one entry for two payouts"
    );
    let merged = [find("60.00", 20, "po_1"), find("40.00", 20, "po_2"), find("7.00", 20, "po_3")];
    assert_eq!(
        look(&merged, &[entry("100.00", 21, "po_1 po_2")]),
        [
            Confirmed::Merged { entry: 0, with: vec![1] },
            Confirmed::Merged { entry: 0, with: vec![0] },
            Confirmed::No
        ]
    );
    let reversal = |entry: BankEntry| BankEntry { reversal: true, ..entry };
    let taken_back = [reversal(entry("100.00", 21, "batch 48"))];
    assert_eq!(
        look(one, &taken_back),
        [Confirmed::Perhaps(vec![0])],
        "it takes back a debit: nothing arrived"
    );
    let sum = look(&merged, &[reversal(entry("100.00", 21, "po_1 po_2"))]);
    assert_eq!(sum, [Confirmed::No, Confirmed::No, Confirmed::No]);
    let arrived = [taken_back[0].clone(), entry("100.00", 22, "batch 48")];
    assert_eq!(look(one, &arrived), [Confirmed::By(1)], "the other one is the arrival");
    let gone = [entry("100.00", 21, "batch 48"), reversal(entry("-100.00", 23, "batch 48"))];
    assert_eq!(look(one, &gone), [Confirmed::Returned { entry: 1 }]);
    let back = [entry("100.00", 21, "batch 48"), entry("-100.00", 23, "return batch 48")];
    assert_eq!(look(one, &back), [Confirmed::Returned { entry: 1 }]);
    assert_eq!(look(one, &[entry("-100.00", 19, "return batch 48")]), [Confirmed::No], "before it was sent");
    let long_ago = PayoutToFind { day: Some(date(2026, 10, 1)), ..batch.clone() };
    assert_eq!(look(&[long_ago], &back[1..]), [Confirmed::No], "months after it arrived");
    // One entry is the return of one payout, and is nothing else beside it.
    let unsure = [Confirmed::Perhaps(vec![0]), Confirmed::Perhaps(vec![0])];
    let gone = [entry("-100.00", 22, "SHOP")];
    assert_eq!(look(&twins, &gone), unsure, "either of two may have gone back");
    let drawn = [find("100.00", 20, "SHOP"), find("-100.00", 21, "SHOP")];
    assert_eq!(look(&drawn, &gone), unsure, "one that went back, or another that was drawn");
    assert_eq!(look(&drawn[1..], &gone), [Confirmed::By(0)]);
}

#[test]
fn the_overview_tells_what_is_paid_out_what_is_to_come_and_what_came_without_an_invoice() {
    let papers = [
        paper("30001", "1001", "100.00"),
        Paper { date: date(2026, 10, 1), ..paper("30002", "1002", "80.00") },
        Paper { date: date(2026, 11, 19), ..paper("30003", "1003", "30.00") },
        Paper { date: date(2026, 11, 30), ..paper("30004", "1004", "5.00") },
    ];
    let documents = receivables(&papers);
    let mut all = lines();
    all.push(sale(4, "9999", "7.00", "0.00"));
    let settlements = [paid_out(&all, DAY)];
    let matching = match_settlements(&settlements, &documents, Rules::default()).expect("small");
    let told = overview(&documents, &settlements, &matching, DAY, &[7, 30]).expect("small");
    let paid: Vec<_> =
        told.paid_out.iter().map(|paid| (documents.number(paid.document), paid.paid, paid.left)).collect();
    assert_eq!(paid, [("30001", dkk("100.00"), dkk("0")), ("30002", dkk("50.00"), dkk("30.00"))]);
    let captured: Vec<_> =
        told.captured.iter().map(|item| (documents.number(item.document), item.left, item.days)).collect();
    assert_eq!(captured, [("30002", dkk("30.00"), 50), ("30003", dkk("30.00"), 1)], "the oldest first");
    let ageing: Vec<_> = told.ageing.iter().map(|aged| (aged.up_to_days, aged.count, aged.sum)).collect();
    assert_eq!(ageing, [(Some(7), 1, dkk("30.00")), (None, 1, dkk("30.00"))]);
    assert_eq!(told.without_invoice, [(0, 2, dkk("7.00"))]);
}

#[test]
fn the_interim_account_is_proven_at_any_date() {
    let movement = |item: &str, day: i8, amount: &str| Movement {
        item: item.to_owned(),
        day: date(2026, 11, day),
        amount: dkk(amount),
    };
    let all = || {
        vec![
            movement("30001", 1, "100.00"),
            movement("30002", 5, "50.00"),
            movement("30001", 10, "-100.00"),
            movement("1099", 10, "-7.00"),
        ]
    };
    let at = |day: i8, ledger: &str| prove_balance(all(), dkk(ledger), date(2026, 11, day)).expect("small");
    let proof = at(9, "150.00");
    assert_eq!((proof.difference, proof.open.len()), (dkk("0"), 2));
    let proof = at(10, "43.00");
    assert!(proof.difference.is_zero());
    assert_eq!(proof.open, [("1099".to_owned(), dkk("-7.00")), ("30002".to_owned(), dkk("50.00"))]);
    assert_eq!(at(10, "42.99").difference, dkk("-0.01"));
}

#[test]
fn fees_are_told_in_per_cent_by_method_and_month() {
    let on = |mut line: Line<'static>, method: &'static str, day: Date| {
        line.method = method;
        line.occurred = When::Day(day);
        line
    };
    let november = date(2026, 11, 3);
    let all = [
        on(sale(2, "1001", "100.00", "-1.45"), "visa", november),
        on(sale(3, "1002", "100.00", "-1.00"), "visa", november),
        on(sale(4, "1003", "300.00", "-3.00"), "mobilepay", date(2026, 10, 31)),
        on(plain(5, Kind::Fee, "monthly", "-99.00"), "", november),
    ];
    let rates = fee_rates(&[paid_out(&all, DAY)], &TimeZone::UTC).expect("small");
    let told: Vec<_> = rates
        .iter()
        .map(|rate| (rate.month, rate.method.as_str(), rate.fees, rate.per_cent.map(|rate| rate.to_string())))
        .collect();
    let november = date(2026, 11, 1);
    assert_eq!(
        told,
        [
            (date(2026, 10, 1), "mobilepay", dkk("-3.00"), Some("1".to_owned())),
            (november, "", dkk("-99.00"), None),
            (november, "visa", dkk("-2.45"), Some("1.225".to_owned())),
        ]
    );
}
