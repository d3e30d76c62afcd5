//! Files that are read by a profile: what one says holds for the file as long as the payout lives, and a corrected one takes the
//! place of the wrong one until somebody approved what was read.

use domain::payout::PayoutState;
use domain::settings::Profile;
use futures::executor::block_on;

use super::world::{SETTINGS, World};
use crate::payouts::memory::MemoryFile;
use crate::payouts::record::{ArrivalKind, IntakeOutcome, IntakeRecord, PayoutRecord};

/// A bank's file: semicolons, decimal commas, days first, in windows-1252 (`Beløb` and `Gebyr`), with the payout as its last line.
const FILE: &str = "Afregning;Dato;Art;Ordre;Beløb;Gebyr;Netto\n\
    K-77;05-02-2026;Køb;1001;250,00;5,00;245,00\n\
    K-77;06-02-2026;Køb;1002;250,00;5,00;245,00\n\
    K-77;09-02-2026;Overførsel;;-490,00;0,00;-490,00\n";

fn profile(order: &str) -> Profile {
    let text = format!(
        r#"{{"acquirer":"nordkort","encoding":"windows-1252","delimiter":";","decimal":",","dates":"%d-%m-%Y","currency":"DKK",
            "records":[{{"columns":{{"batch":"Afregning","occurred":"Dato","kind":"Art","order":"{order}","gross":"Beløb",
                "fee":"Gebyr","net":"Netto"}},
                "kinds":{{"Køb":"sale","Overførsel":"payout"}}}}]}}"#
    );
    connectors::profile::parse(&text).expect("a profile")
}

fn file() -> MemoryFile {
    MemoryFile::new(FILE.chars().map(|letter| u8::try_from(u32::from(letter)).expect("a byte")).collect())
}

fn choose(world: &World, profile: Profile) {
    *world.profile.lock().expect("nobody panicked") = Some(profile);
}

fn take(world: &World) -> IntakeRecord {
    world.take_in_for("profile", "K-77.csv", &file()).expect("it is told")
}

fn arrival(intake: &IntakeRecord) -> ArrivalKind {
    match &intake.outcome {
        IntakeOutcome::Report { batches } => batches[0].arrival,
        other => panic!("{other:?}"),
    }
}

fn only(world: &World) -> PayoutRecord {
    let mut records = world.payouts.records();
    assert_eq!(records.len(), 1);
    records.remove(0)
}

/// The acquirer's letter, or the bank, says what was paid: a format by a profile states nothing of its own sums.
fn confirmed(world: &World, record: &PayoutRecord) {
    let paid = record.figures.payout;
    block_on(world.engine().confirmed_by_acquirer(&world.attempt(&record.id), paid, None))
        .expect("confirmed");
}

#[test]
fn what_is_read_by_a_profile_is_proposed_and_never_posted_by_itself() {
    let automatic = r#", "approval": { "automatic": {} } }"#;
    let eager = format!("{}{automatic}", SETTINGS.trim_end().trim_end_matches('}'));
    let world = World::new(&eager, 2);
    choose(&world, profile("Ordre"));
    assert_eq!(arrival(&take(&world)), ArrivalKind::New);
    let record = only(&world);
    assert_eq!((record.id.key.acquirer.as_str(), record.id.key.batch.as_str()), ("nordkort", "K-77"));
    assert_eq!(record.figures.payout.to_string(), "490.00");
    assert!(record.figures.unproven);
    confirmed(&world, &record);
    let record = world.work(&record.id).expect("matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert!(record.notes.iter().any(|note| note.code == "payout-format-unproven"), "{:?}", record.notes);
    assert!(world.books.all().is_empty(), "no rule posts it");
    world.approve(&record.id, "bookkeeper").expect("a person may");
    let record = world.work(&record.id).expect("posted");
    assert_eq!(record.approval.state(), PayoutState::Posted, "{:?}", record.reasons);
}

#[test]
fn a_corrected_profile_takes_the_place_of_the_wrong_one_when_the_file_is_loaded_again() {
    let world = World::new(SETTINGS, 2);
    choose(&world, profile("Dato"));
    take(&world);
    let record = only(&world);
    confirmed(&world, &record);
    let record = world.work(&record.id).expect("looked at");
    assert_eq!(record.reasons[0].code, "payout-lines-not-found", "days are no orders");
    choose(&world, profile("Ordre"));
    assert_eq!(arrival(&take(&world)), ArrivalKind::Known);
    let record = world.work(&record.id).expect("matched anew");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert!(record.repeats.is_empty() && record.conflicts.is_empty(), "it is one file");
}

#[test]
fn a_payout_is_read_as_it_was_first_whatever_the_settings_say_later() {
    let world = World::new(SETTINGS, 2);
    choose(&world, profile("Ordre"));
    take(&world);
    let record = only(&world);
    confirmed(&world, &record);
    choose(&world, profile("Dato"));
    let waits = world.work(&record.id).expect("matched");
    assert_eq!(waits.approval.state(), PayoutState::WaitingForApproval, "{:?}", waits.reasons);
    world.approve(&record.id, "bookkeeper").expect("approved");
    // Somebody approved: another reading of the same file is a conflict for a person, and posts nothing.
    assert_eq!(arrival(&take(&world)), ArrivalKind::Conflict);
    let posted = world.work(&record.id).expect("posted");
    assert_eq!(posted.approval.state(), PayoutState::Posted, "{:?}", posted.reasons);
    assert_eq!(posted.conflicts.len(), 1);
    assert!(posted.needs_attention());
    let view = block_on(world.engine().show(&record.id, true)).expect("it is shown as it was posted");
    assert!(view.lines.iter().any(|line| line.references.iter().any(|text| text.contains("1001"))));
}

#[test]
fn without_a_profile_a_file_is_refused_with_what_to_do() {
    let world = World::new(SETTINGS, 2);
    let intake = take(&world);
    let IntakeOutcome::Refused { reason } = &intake.outcome else { panic!("{:?}", intake.outcome) };
    assert_eq!(reason.code, "report-profile-missing");
    assert!(world.payouts.records().is_empty());
}
