//! What comes in is taken in once, refused whole, or parked beside what is known; nothing of a doubtful file is posted.

use std::sync::atomic::Ordering;

use domain::Money;
use domain::money::Currency;
use domain::payout::PayoutState;
use domain::plan::Reason;
use futures::executor::block_on;

use super::world::{DAY, SETTINGS, World, id, report};
use crate::payouts::record::{ArrivalKind, IntakeOutcome};
use crate::payouts::store::PayoutStore as _;
use crate::payouts::{AskedPart, Correction, FileDismissal, LineAssignment, LineChoice, PayoutFailure};

const ALL: [u32; 3] = [1_001, 1_002, 1_003];

fn arrivals(outcome: &IntakeOutcome) -> Vec<ArrivalKind> {
    match outcome {
        IntakeOutcome::Report { batches } => batches.iter().map(|batch| batch.arrival).collect(),
        other => panic!("no report: {other:?}"),
    }
}

fn refusal(outcome: &IntakeOutcome) -> &str {
    match outcome {
        IntakeOutcome::Refused { reason } => &reason.code,
        other => panic!("taken in: {other:?}"),
    }
}

fn posted(world: &World) {
    let id = id("po_1");
    world.work(&id).expect("it is matched");
    world.approve(&id, "bookkeeper").expect("it is approved");
    let record = world.work(&id).expect("it is posted");
    assert_eq!(record.approval.state(), PayoutState::Posted, "{:?}", record.reasons);
}

#[test]
fn the_same_file_again_and_the_same_batch_in_another_file_change_nothing() {
    let world = World::new(SETTINGS, 3);
    let file = report("po_1", &ALL);
    assert_eq!(
        arrivals(&world.take_in("a.json", file.as_bytes()).expect("taken").outcome),
        [ArrivalKind::New]
    );
    posted(&world);
    let vouchers = world.books.all().len();
    let again = world.take_in("a.json", file.as_bytes()).expect("taken");
    assert_eq!(arrivals(&again.outcome), [ArrivalKind::Known]);
    // Lines in another order are the same content.
    let turned = report("po_1", &[1_003, 1_001, 1_002]);
    let again = world.take_in("b.json", turned.as_bytes()).expect("taken");
    assert_eq!(arrivals(&again.outcome), [ArrivalKind::Known]);
    world.work(&id("po_1")).expect("nothing is to be done");
    assert_eq!(world.books.all().len(), vouchers, "nothing is posted again");
}

/// The same payout as [`report`] has it, as Stripe's itemised file tells of it: one fee, and no order.
fn itemised(payout: &str, orders: &[u32]) -> String {
    let mut text = "automatic_payout_id,automatic_payout_effective_at_utc,balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,payment_intent_id,charge_id,description\n".to_owned();
    for order in orders {
        text.push_str(&format!(
            "{payout},2026-02-09 00:00:00,txn_{order},2026-02-02 02:40:00,dkk,250.00,5.00,245.00,charge,ch_{order},pi_{order},ch_{order},\n"
        ));
    }
    let paid = orders.len() * 245;
    text.push_str(&format!(
        "{payout},2026-02-09 00:00:00,txn_{payout},2026-02-09 00:00:00,dkk,-{paid}.00,0.00,-{paid}.00,payout,{payout},,,\n"
    ));
    text
}

#[test]
fn a_payout_that_comes_by_the_api_and_as_a_file_is_the_same_payout() {
    // The API tells of the parts of the fee, with the VAT in it.
    let api = report("po_1", &ALL).replace(
        r#"[{"amount":500,"type":"stripe_fee"}]"#,
        r#"[{"amount":300,"type":"stripe_fee"},{"amount":100,"type":"application_fee"},{"amount":100,"type":"tax"}]"#,
    );
    let api = (api.as_str(), "po_1.json");
    let file = itemised("po_1", &ALL);
    let file = (file.as_str(), "payouts.csv");
    for (first, second) in [(api, file), (file, api)] {
        let world = World::new(SETTINGS, 3);
        for (report, arrival) in [(first, ArrivalKind::New), (second, ArrivalKind::Known)] {
            let intake = world.take_in(report.1, report.0.as_bytes()).expect("taken");
            assert_eq!(arrivals(&intake.outcome), [arrival], "{}", report.1);
        }
        let record = world.record(&id("po_1"));
        assert!(record.conflicts.is_empty() && record.repeats.len() == 1, "{record:?}");
        // One that differs in what both tell is another content still.
        let other = second.0.replace("ch_1001", "ch_9001");
        let intake = world.take_in(second.1, other.as_bytes()).expect("kept");
        assert_eq!(arrivals(&intake.outcome), [ArrivalKind::Conflict]);
    }
}

#[test]
fn the_same_name_with_new_content_is_parked_and_never_posted() {
    let world = World::new(SETTINGS, 3);
    world.take_in("a.json", report("po_1", &[1_001, 1_002]).as_bytes()).expect("taken");
    posted(&world);
    let vouchers = world.books.all().len();
    let other = world.take_in("a.json", report("po_1", &ALL).as_bytes()).expect("kept");
    assert_eq!(arrivals(&other.outcome), [ArrivalKind::Conflict]);
    let record = world.work(&id("po_1")).expect("looked at");
    assert_eq!(record.conflicts.len(), 1);
    assert!(record.needs_attention(), "a conflict is somebody's to look at");
    assert_eq!(world.books.all().len(), vouchers, "nothing of it is posted");
}

#[test]
fn payouts_that_share_lines_wait_for_a_person() {
    let world = World::new(SETTINGS, 3);
    world.take_in("a.json", report("po_1", &[1_001, 1_002]).as_bytes()).expect("taken");
    posted(&world);
    world.take_in("b.json", report("po_2", &[1_002, 1_003]).as_bytes()).expect("taken");
    let record = world.work(&id("po_2")).expect("looked at");
    assert_eq!(record.reasons[0].code, "payout-overlap");
    assert!(record.plan.is_none(), "there is nothing to approve");
}

#[test]
fn half_a_file_and_files_that_are_none_are_refused_whole() {
    let world = World::new(SETTINGS, 3);
    let whole = report("po_1", &ALL);
    for cut in (1..whole.len() - 1).step_by(7) {
        let intake = world.take_in("half.json", &whole.as_bytes()[..cut]).expect("it is told");
        assert!(
            matches!(intake.outcome, IntakeOutcome::Refused { .. }),
            "cut at {cut}: {:?}",
            intake.outcome
        );
    }
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("noise", vec![0xff, 0xfe, 0x00, 0x41, 0x80]),
        ("another format", b"Company Account,Merchant Account\n1,2\n".to_vec()),
        ("an archive", b"PK\x03\x04zip bomb".to_vec()),
        ("entities", b"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><Document xmlns=\"camt.053\">&a;</Document>".to_vec()),
    ] {
        let intake = world.take_in(name, &bytes).expect("it is told");
        assert!(matches!(intake.outcome, IntakeOutcome::Refused { .. }), "{name}: {:?}", intake.outcome);
    }
    assert!(world.payouts.records().is_empty(), "nothing of any of them is kept as a payout");
    assert!(world.books.all().is_empty(), "nothing is posted");
}

#[test]
fn a_report_that_breaks_its_own_arithmetic_is_refused_with_the_difference() {
    let world = World::new(SETTINGS, 3);
    let broken = report("po_1", &ALL).replacen(r#""net":24500"#, r#""net":24400"#, 1);
    let intake = world.take_in("a.json", broken.as_bytes()).expect("it is told");
    assert_eq!(refusal(&intake.outcome), "settlement-line-differs");
    let IntakeOutcome::Refused { reason } = &intake.outcome else { panic!("refused") };
    assert_eq!(reason.fact("difference"), "-1.00 DKK");
    assert!(world.payouts.records().is_empty());
}

#[test]
fn a_line_without_a_document_waits_and_a_person_decides() {
    let world = World::new(SETTINGS, 2);
    world.take_in("a.json", report("po_1", &ALL).as_bytes()).expect("taken");
    let id = id("po_1");
    let record = world.work(&id).expect("matched");
    assert_eq!(record.approval.state(), PayoutState::Matched);
    assert_eq!(record.reasons[0].code, "payout-lines-not-found");
    let view = block_on(world.engine().show(&id, false)).expect("shown");
    assert_eq!(view.lines.len(), 1);
    let correct = |choice, reason: &str| {
        let lines = vec![LineAssignment { line: view.lines[0].line, choice: Some(choice) }];
        let correction = Correction { by: "Bo".to_owned(), reason: reason.to_owned(), lines };
        block_on(world.engine().correct(&world.attempt(&id), &correction))
    };
    let part = |minor| vec![("10001".to_owned(), Money::from_minor(minor, Currency::DKK))];
    let refused = correct(LineChoice::Documents(part(24_000)), "half").expect_err("it is not the whole");
    assert!(matches!(&refused, PayoutFailure::Refused(reason) if reason.code == "payout-split-differs"));
    let refused = correct(LineChoice::ErrorAccount, " ").expect_err("a reason is needed");
    assert!(matches!(&refused, PayoutFailure::Refused(reason) if reason.code == "payout-not-moved"));
    correct(LineChoice::ErrorAccount, "ukendt kunde").expect("it is decided");
    let record = world.work(&id).expect("matched again");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    posted(&world);
    let entries: Vec<_> =
        world.books.all().into_iter().flat_map(|(_, kept)| kept.step.voucher.entries().to_vec()).collect();
    let errors = entries.iter().filter(|entry| entry.target == domain::payout::Target::Account(5860)).count();
    assert_eq!(errors, 1, "the line stands on the error account");
}

#[test]
fn a_line_is_matched_by_hand_in_the_currency_of_the_document() {
    let settings = SETTINGS.replace("\"transit\"", "\"currency-differences\": 5620, \"transit\"");
    let world = World::new(&settings, 0);
    let euro = Money::from_minor(3_355, Currency::EUR);
    let kroner = Money::from_minor(25_000, Currency::DKK);
    world.book_of(1_017, 10_017, euro);
    let paid = r#""amount":3355,"currency":"eur","metadata""#;
    let file = report("po_1", &[9_999]).replace(r#""amount":25000,"currency":"dkk","metadata""#, paid);
    world.take_in("a.json", file.as_bytes()).expect("taken");
    let id = id("po_1");
    let record = world.work(&id).expect("matched");
    assert_eq!(record.reasons[0].code, "payout-lines-not-found");
    let line = block_on(world.engine().show(&id, false)).expect("shown").lines[0].line;
    let parts = |asked: &[(&str, Option<&str>)]| {
        let part = |(document, amount): &(&str, Option<&str>)| AskedPart {
            document: (*document).to_owned(),
            amount: amount.map(str::to_owned),
        };
        let asked: Vec<AskedPart> = asked.iter().map(part).collect();
        match block_on(world.engine().parts(&id, line, &asked)) {
            Ok(parts) => Ok(parts.into_iter().map(|(_, amount)| amount).collect::<Vec<_>>()),
            Err(PayoutFailure::Refused(reason)) => Err(reason.code),
            Err(other) => panic!("{other}"),
        }
    };
    for (amount, read) in [
        (None, euro),
        (Some("33.55"), euro),
        (Some("33.55 EUR"), euro),
        (Some("33.55 eur"), euro),
        (Some("250.00 DKK"), kroner),
    ] {
        assert_eq!(parts(&[("10017", amount)]), Ok(vec![read]), "{amount:?}");
    }
    assert_eq!(parts(&[("10099", None)]), Ok(vec![kroner]), "of what is not found nothing is known");
    assert_eq!(parts(&[("10017", Some("33,5x"))]), Err("payout-part-unreadable".to_owned()));
    assert_eq!(parts(&[("10017", None), ("10018", None)]), Err("payout-part-missing".to_owned()));
    let correct = |amount| {
        let choice = Some(LineChoice::Documents(vec![("10017".to_owned(), amount)]));
        let lines = vec![LineAssignment { line, choice }];
        let correction = Correction { by: "Bo".to_owned(), reason: "kundens svar".to_owned(), lines };
        block_on(world.engine().correct(&world.attempt(&id), &correction))
    };
    let refused = correct(kroner).expect_err("the invoice is in euro");
    let PayoutFailure::Refused(reason) = refused else { panic!("refused: {refused}") };
    assert_eq!((reason.code.as_str(), reason.fact("currency")), ("payout-split-currency", "EUR"));
    assert!(world.record(&id).decisions.is_empty());
    correct(euro).expect("it is decided");
    posted(&world);
    let entries: Vec<_> =
        world.books.all().into_iter().flat_map(|(_, kept)| kept.step.voucher.entries().to_vec()).collect();
    let on = |account, amount: Money| {
        let target = domain::payout::Target::Account(account);
        entries.iter().any(|entry| entry.target == target && entry.amount == amount)
    };
    let negated = |amount: Money| amount.negated().expect("small");
    assert!(on(5830, negated(euro)) && on(5620, euro) && on(5620, negated(kroner)), "{entries:?}");
    // The invoice is paid by it: the same again would be too much.
    let again = file.replace("po_1", "po_2").replace("_9999", "_8888").replace("\"9999\"", "\"1017\"");
    world.take_in("b.json", again.as_bytes()).expect("taken");
    let record = world.work(&super::world::id("po_2")).expect("matched");
    assert_eq!(record.reasons[0].code, "payout-lines-over");
}

#[test]
fn an_approval_whose_settings_cannot_be_read_gives_the_payout_back() {
    let world = World::new(SETTINGS, 3);
    world.take_in("a.json", report("po_1", &ALL).as_bytes()).expect("taken");
    let id = id("po_1");
    world.work(&id).expect("matched");
    world.unreachable.store(true, Ordering::Relaxed);
    let failed = world.approve(&id, "Bo").expect_err("what approves is not known");
    assert!(matches!(failed, PayoutFailure::Unavailable(_)), "{failed:?}");
    world.unreachable.store(false, Ordering::Relaxed);
    let record = world.approve(&id, "Bo").expect("nobody holds it");
    assert_eq!(record.approval.state(), PayoutState::Approved);
}

#[test]
fn a_posted_payout_is_reversed_and_can_be_taken_up_again() {
    let world = World::new(SETTINGS, 3);
    world.take_in("a.json", report("po_1", &ALL).as_bytes()).expect("taken");
    posted(&world);
    let id = id("po_1");
    let asked = block_on(world.engine().reverse(&world.attempt(&id), "Bo", "forkert konto", DAY));
    asked.expect("it may be reversed");
    let record = world.work(&id).expect("it is reversed");
    assert_eq!(record.approval.state(), PayoutState::Reversed, "{:?}", record.reasons);
    let sum: i64 = world
        .books
        .all()
        .iter()
        .flat_map(|(_, kept)| kept.step.voucher.entries().to_vec())
        .filter(|entry| entry.target == domain::payout::Target::Account(5820))
        .map(|entry| entry.amount.minor())
        .sum();
    assert_eq!(sum, 0, "the bank stands where it stood");
    block_on(world.engine().reopen(&world.attempt(&id), "Bo", "igen")).expect("it is taken up again");
    posted(&world);
    assert_eq!(world.books.all().len(), 3, "posted, reversed and posted again, each under a key of its own");
}

#[test]
fn two_payouts_of_one_invoice_are_not_both_posted_unseen() {
    let world = World::new(SETTINGS, 1);
    world.take_in("a.json", report("po_1", &[1_001]).as_bytes()).expect("taken");
    let other = report("po_2", &[1_001]).replace("txn_1001", "txn_again").replace("ch_1001", "ch_again");
    world.take_in("b.json", other.as_bytes()).expect("taken");
    for batch in ["po_1", "po_2"] {
        world.work(&id(batch)).expect("matched");
        world.approve(&id(batch), "bookkeeper").expect("approved");
    }
    world.work(&id("po_1")).expect("posted");
    let second = world.work(&id("po_2")).expect("looked at");
    assert_eq!(second.reasons[0].code, "payout-paid-meanwhile");
    let second = world.work(&id("po_2")).expect("matched anew");
    assert_eq!(second.approval.state(), PayoutState::Matched, "{:?}", second.notes);
    assert_eq!(second.reasons[0].code, "payout-lines-over");
    assert_eq!(world.books.all().len(), 1);
}

#[test]
fn what_the_ledger_would_refuse_is_told_before_anybody_approves() {
    let elsewhere = SETTINGS.replace("\"fees\": 2950", "\"fees\": 2999");
    let world = World::new(&elsewhere, 3);
    world.take_in("a.json", report("po_1", &ALL).as_bytes()).expect("taken");
    let record = world.work(&id("po_1")).expect("it is matched");
    assert_eq!(record.approval.state(), PayoutState::Matched);
    let reason = record.reasons.first().expect("a reason");
    assert_eq!(reason.code, "payout-ledger-account-unknown", "{reason:?}");
    assert_eq!(reason.fact("account"), "2999");
    assert!(world.books.all().is_empty(), "nothing is posted");
}

#[test]
fn what_a_person_dismissed_stays_so_when_the_same_file_is_refused_for_the_same_reason() {
    let world = World::new(SETTINGS, 1);
    let bytes = b"no report at all".as_slice();
    let mut intake = world.take_in("odd.json", bytes).expect("it is told");
    assert!(intake.needs_attention());
    let at = intake.file.received_at;
    let made = FileDismissal { by: "anna".to_owned(), reason: "not ours".to_owned(), at };
    intake.dismissed = Some(made.clone());
    block_on(world.payouts.put_intake(&intake)).expect("it is kept");
    world.clock.turn(60);
    let again = world.take_in("odd.json", bytes).expect("it is told");
    assert_eq!((again.needs_attention(), again.dismissed.as_ref()), (false, Some(&made)));
    // Another file is news, and so is another reason.
    assert!(world.take_in("odd.json", b"another").expect("told").needs_attention());
    intake.outcome = IntakeOutcome::Refused { reason: Reason::new("report-empty") };
    block_on(world.payouts.put_intake(&intake)).expect("it is kept");
    assert!(world.take_in("odd.json", bytes).expect("told").needs_attention());
}
