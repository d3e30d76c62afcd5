//! What came by mail may have been written by anybody: it is matched like any other, and posted by rules only once the bank, the acquirer
//! or a file that came otherwise says the same.

use domain::money::{Currency, Money};
use domain::payout::PayoutState;
use domain::plan::Reason;
use futures::executor::block_on;

use super::bad_input::eager;
use super::questions::{ARRIVED, of_the_bank};
use super::world::{SETTINGS, START, World, id, report};
use crate::payouts::PayoutRecord;
use crate::payouts::intake::MOST_BY_MAIL;
use crate::payouts::memory::MemoryFile;
use crate::payouts::record::{ArrivalKind, IntakeOutcome, IntakeRecord, Overruled};

const MAIL: &str = "a-mail";

fn mailed(world: &World, name: &str, text: &str) -> IntakeRecord {
    let file = MemoryFile::new(text.as_bytes().to_vec());
    world.take_in_by("stripe", name, &file, Some(MAIL)).expect("it is told")
}

fn arrival(intake: &IntakeRecord) -> ArrivalKind {
    match &intake.outcome {
        IntakeOutcome::Report { batches } => batches[0].arrival,
        other => panic!("{other:?}"),
    }
}

/// A payout of one order under rules that would post whatever they may, which came by mail and waits.
fn waiting() -> World {
    let world = World::new(&eager(), 3);
    let intake = mailed(&world, "po_1.json", &report("po_1", &[1_001]));
    assert_eq!(arrival(&intake), ArrivalKind::New);
    assert_eq!(intake.file.mail.as_deref(), Some(MAIL));
    waits(&world);
    world
}

fn waits(world: &World) -> PayoutRecord {
    let record = world.work(&id("po_1")).expect("it is matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert!(record.notes.iter().any(|note| note.code == "payout-by-mail"), "{:?}", record.notes);
    assert!(world.books.all().is_empty(), "rules do not post it");
    record
}

fn is_posted(world: &World) {
    let record = world.work(&id("po_1")).expect("it goes on");
    let state = record.approval.state();
    let posted = matches!(state, PayoutState::Posted | PayoutState::BankConfirmed);
    assert!(posted, "{state:?} {:?} {:?}", record.reasons, record.notes);
    assert_eq!(world.books.all().len(), 1);
}

#[test]
fn whoever_approves_it_is_told_for_whatever_reason_it_waits_for_them() {
    let told = |world: &World, other: &str| {
        let codes = waits(world).notes.into_iter().map(|note| note.code).collect::<Vec<_>>();
        assert_eq!(codes.iter().filter(|code| *code == "payout-by-mail").count(), 1, "{codes:?}");
        assert!(codes.iter().any(|code| code == other), "{codes:?}");
    };
    // As merchants have it who say nothing of it: a person approves every payout.
    let world = World::new(SETTINGS, 3);
    mailed(&world, "po_1.json", &report("po_1", &[1_001]));
    told(&world, "payout-needs-person");
    // What a person overruled is theirs to the end.
    let world = waiting();
    let (engine, attempt) = (world.engine(), world.attempt(&id("po_1")));
    let mut record = block_on(engine.claim(&attempt)).expect("it is claimed");
    let what = Reason::new("payout-twin").with("other", "po_0");
    let (by, reason) = ("anna".to_owned(), "they are two".to_owned());
    record.overruled.push(Overruled { what, by, reason, at: START });
    block_on(engine.release(record)).expect("it is kept");
    told(&world, "payout-needs-person");
}

#[test]
fn rules_do_not_post_what_came_by_mail_though_it_proves_itself_and_a_person_may() {
    let world = waiting();
    world.approve(&id("po_1"), "bookkeeper").expect("a person may");
    is_posted(&world);
    // The same report by a way that needs a credential is posted by the rules at once.
    let trusted = World::new(&eager(), 3);
    trusted.take_in("po_1.json", report("po_1", &[1_001]).as_bytes()).expect("taken");
    is_posted(&trusted);
}

#[test]
fn it_goes_on_once_the_bank_shows_the_same_amount() {
    let world = waiting();
    world.take_in("bank.xml", of_the_bank(&[ARRIVED]).as_bytes()).expect("seen");
    is_posted(&world);
}

#[test]
fn a_statement_that_came_by_mail_confirms_nothing() {
    let world = waiting();
    let intake = mailed(&world, "bank.xml", &of_the_bank(&[ARRIVED]));
    let IntakeOutcome::Refused { reason } = &intake.outcome else { panic!("{:?}", intake.outcome) };
    assert_eq!(reason.code, "payout-statement-by-mail");
    assert!(intake.needs_attention(), "somebody is told of it");
    assert!(waits(&world).bank.is_none());
}

#[test]
fn the_acquirers_own_list_frees_it_when_it_says_the_same_and_holds_it_when_it_does_not() {
    for (minor, says_the_same) in [(24_500, true), (24_501, false)] {
        let world = waiting();
        let paid = Money::from_minor(minor, Currency::DKK);
        let listed = world.engine();
        block_on(listed.confirmed_by_acquirer(&world.attempt(&id("po_1")), paid, None)).expect("confirmed");
        if says_the_same {
            is_posted(&world);
            continue;
        }
        let record = world.work(&id("po_1")).expect("looked at");
        assert_eq!(record.approval.state(), PayoutState::Unbalanced, "a mail that claims another amount");
        assert!(world.books.all().is_empty());
    }
}

#[test]
fn the_same_report_by_another_way_frees_it_whichever_came_first() {
    // The very file, and one with the same content in another order of lines.
    let whole = report("po_1", &[1_001, 1_002]);
    for second in [whole.clone(), report("po_1", &[1_002, 1_001])] {
        let world = World::new(&eager(), 3);
        mailed(&world, "po_1.json", &whole);
        waits(&world);
        let dropped = world.take_in("po_1.json", second.as_bytes()).expect("taken");
        assert_eq!(arrival(&dropped), ArrivalKind::Known, "it changes nothing of the payout");
        is_posted(&world);
        assert!(!world.record(&id("po_1")).by_mail);

        let world = World::new(&eager(), 3);
        world.take_in("po_1.json", second.as_bytes()).expect("taken");
        assert_eq!(arrival(&mailed(&world, "po_1.json", &whole)), ArrivalKind::Known);
        is_posted(&world);
    }
    // The same by another mail frees nothing.
    let world = World::new(&eager(), 3);
    mailed(&world, "po_1.json", &whole);
    for name in ["po_1.json", "again.json"] {
        assert_eq!(arrival(&mailed(&world, name, &report("po_1", &[1_002, 1_001]))), ArrivalKind::Known);
    }
    waits(&world);
}

#[test]
fn another_content_by_mail_is_parked_and_takes_no_place_by_itself() {
    let world = World::new(&eager(), 3);
    world.take_in("po_1.json", report("po_1", &[1_001]).as_bytes()).expect("taken");
    let forged = mailed(&world, "po_1.json", &report("po_1", &[1_001, 1_002]));
    assert_eq!(arrival(&forged), ArrivalKind::Conflict);
    let record = world.work(&id("po_1")).expect("looked at");
    assert!(!record.by_mail && record.conflicts.len() == 1);
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "somebody compares them");
    // Whoever takes the mail's in its place has taken what came by mail.
    let taken = block_on(world.engine().take_new(&world.attempt(&id("po_1")), "bookkeeper", "it is right"));
    assert!(taken.expect("it is taken").by_mail);
    waits(&world);
}

#[test]
fn a_record_of_before_came_by_no_mail() {
    let world = waiting();
    let record = world.record(&id("po_1"));
    let mut json = serde_json::to_value(&record).expect("JSON");
    assert_eq!(json["by-mail"], true);
    json.as_object_mut().expect("an object").remove("by-mail");
    json["original"].as_object_mut().expect("an object").remove("mail");
    let before: PayoutRecord = serde_json::from_value(json).expect("it reads");
    assert!(!before.by_mail && before.original.mail.is_none() && !before.rests_on_mail());
    let text = serde_json::to_string(&before).expect("JSON");
    assert!(!text.contains("\"by-mail\"") && !text.contains("\"mail\""), "and is written as it was");
}

#[test]
fn a_mail_makes_no_more_payouts_than_a_person_can_set_aside() {
    let many = |number: usize| {
        let row = |number: usize| {
            format!(
                "po_{number},2026-02-09 00:00:00,txn_{number},2026-02-05 10:22:31,dkk,250.00,5.00,245.00,charge,ch_{number},pi_{number},ch_{number},,1001\n"
            )
        };
        let rows: String = (0..number).map(row).collect();
        format!(
            "automatic_payout_id,automatic_payout_effective_at_utc,balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,payment_intent_id,charge_id,description,payment_metadata[order_id]\n{rows}"
        )
    };
    let world = World::new(&eager(), 1);
    let intake = mailed(&world, "many.csv", &many(MOST_BY_MAIL + 1));
    let IntakeOutcome::Refused { reason } = &intake.outcome else { panic!("{:?}", intake.outcome) };
    assert_eq!((reason.code.as_str(), reason.fact("what")), ("report-too-many", "batches"));
    assert!(world.payouts.records().is_empty(), "nothing of it was taken in");
    let IntakeOutcome::Report { batches } = mailed(&world, "few.csv", &many(MOST_BY_MAIL)).outcome else {
        panic!("so many may come")
    };
    assert_eq!(batches.len(), MOST_BY_MAIL);
    // Whoever takes the file in otherwise is believed.
    let taken = world.take_in("many.csv", many(MOST_BY_MAIL + 1).as_bytes()).expect("it is told");
    assert!(matches!(taken.outcome, IntakeOutcome::Report { .. }), "{:?}", taken.outcome);
}

#[test]
fn a_mail_does_not_undo_what_became_of_the_same_statement() {
    let world = waiting();
    let text = of_the_bank(&[ARRIVED]);
    let dropped = world.take_in("bank.xml", text.as_bytes()).expect("seen");
    assert!(matches!(dropped.outcome, IntakeOutcome::Statement { .. }));
    assert_eq!(mailed(&world, "bank.xml", &text), dropped, "it stands as it stood");
    // A report that was dropped came by no mail, whatever comes after.
    let whole = report("po_2", &[1_002]);
    world.take_in("po_2.json", whole.as_bytes()).expect("taken");
    let again = mailed(&world, "po_2.json", &whole);
    assert!(again.file.mail.is_none() && arrival(&again) == ArrivalKind::Known);
}

#[test]
fn one_sum_of_several_confirms_none_that_came_by_mail() {
    let world = waiting();
    mailed(&world, "po_2.json", &report("po_2", &[1_002]));
    world.take_in("po_3.json", report("po_3", &[1_003]).as_bytes()).expect("taken");
    let sum = ("2026-02-10", "STRIPE po_1 STRIPE po_2 STRIPE po_3", "735.00");
    let intake = world.take_in("bank.xml", of_the_bank(&[sum]).as_bytes()).expect("seen");
    let IntakeOutcome::Statement { payouts, .. } = &intake.outcome else { panic!("{:?}", intake.outcome) };
    assert_eq!(payouts.len(), 3, "it is seen of each");
    assert!(waits(&world).bank.is_some());
    assert!(world.record(&id("po_2")).confirmations.is_empty());
    assert_eq!(world.record(&id("po_3")).confirmations.len(), 1, "what came otherwise is confirmed");
}
