//! Files that are wrong in every way that was thought of, taken in as the function takes them in: each is refused with a code that
//! has words, or read as what it is; and nothing but what is sound is posted, once, though the settings would post all of it.

use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::Money;
use domain::explain::explain;
use domain::money::Currency;
use domain::payout::PayoutState;
use domain::plan::Reason;
use domain::settings::{Language, Profile};
use domain::settlement::Standing;
use futures::executor::block_on;

use super::world::{SETTINGS, World, id, merchant, report};
use crate::payouts::memory::MemoryFile;
use crate::payouts::record::{ArrivalKind, IntakeOutcome, SetAside};
use crate::payouts::store::{FileBytes, PayoutStore};
use crate::payouts::{PayoutFailure, PayoutId, PayoutRecord};

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Becomes {
    /// It is refused whole.
    Refused(&'static str),
    /// It is read.
    Read(ArrivalKind),
    /// It is read, and nothing of it can be posted before something from outside confirms it.
    Unconfirmed,
}

/// One file, after others that came before it.
struct Case {
    name: &'static str,
    flow: &'static str,
    before: Vec<Vec<u8>>,
    bytes: Vec<u8>,
    becomes: Becomes,
    /// Payouts that are posted of what came before, or of the file itself where it is sound.
    posted: usize,
}

/// What the settings of these tests would post without a person, if anything let it.
pub(super) fn eager() -> String {
    let automatic = r#", "approval": { "automatic": { "only-exact": false, "no-chargebacks": false } } }"#;
    let accounts = SETTINGS.replace("\"differences\"", "\"currency-differences\": 4360, \"differences\"");
    format!("{}{automatic}", accounts.trim_end().trim_end_matches('}'))
}

/// A fixture of a reader.
pub(super) fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors/src").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(name: &str) -> String {
    String::from_utf8(fixture(name)).expect("UTF-8")
}

/// The same text with something in the place of something that it has.
fn with(text: &str, old: &str, new: &str) -> Vec<u8> {
    let changed = text.replace(old, new);
    assert_ne!(changed, text, "{old} stands in the text");
    changed.into_bytes()
}

fn in_latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).expect("a letter of Latin 1")).collect()
}

fn in_utf_16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The text with a further column in front of every line.
fn with_a_column(text: &str) -> Vec<u8> {
    let line = |(place, line): (usize, &str)| format!("{},{line}\n", if place == 0 { "New" } else { "x" });
    text.lines().enumerate().map(line).collect::<String>().into_bytes()
}

/// The text with an entity declared in front of its root, and used.
fn with_an_entity(text: &str, used_for: &str) -> Vec<u8> {
    let (declaration, rest) = text.split_once("?>").expect("an XML declaration");
    let laughs = "<!DOCTYPE x [<!ENTITY a \"0123456789\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    format!("{declaration}?>{laughs}{}", rest.replacen(used_for, "&b;", 1)).into_bytes()
}

fn with_a_file_from_outside(text: &str) -> Vec<u8> {
    let (declaration, rest) = text.split_once("?>").expect("an XML declaration");
    format!("{declaration}?><!DOCTYPE x SYSTEM \"file:///etc/hostname\">{rest}").into_bytes()
}

/// A workbook whose sheet unpacks to far more than a report may be.
fn bomb() -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("xl/worksheets/sheet1.xml", options).expect("a file in the archive");
    let megabyte = vec![b' '; 1 << 20];
    for _ in 0..170 {
        archive.write_all(&megabyte).expect("it is written");
    }
    let bytes = archive.finish().expect("the archive is whole").into_inner();
    assert!(bytes.len() < 1 << 20, "the bomb is small: {} bytes", bytes.len());
    bytes
}

fn profile(text: &str) -> Profile {
    connectors::profile::parse(text).expect("a profile")
}

/// A profile by which any workbook with a column `Beløb` is read.
const WORKBOOK: &str = r#"{"acquirer":"nordkort","form":"workbook","currency":"DKK",
    "records":[{"kind":"sale","columns":{"gross":"Beløb"}}]}"#;

const ADYEN: &str = "adyen/fixtures/settlement_detail_report_batch_12.csv";
const GERMAN: &str = "paypal/fixtures/activity_de.csv";
const US: &str = "paypal/fixtures/activity_us.csv";
const SWEDISH: &str = "swedbank_pay/fixtures/v2.xml";
const BANK: &str = "camt/fixtures/camt053.xml";

/// Adyen's sample without what a person must decide about: what went back, and the disputes.
fn settled() -> String {
    let sample = text(ADYEN);
    let decided = |line: &&str| {
        ![",Refunded,", ",Chargeback,", ",ChargebackReversed,"].iter().any(|kind| line.contains(kind))
    };
    let lines: String = sample.lines().filter(decided).map(|line| format!("{line}\n")).collect();
    String::from_utf8(with(&lines, "998.29", "1336.28")).expect("UTF-8")
}

/// A world in which the orders of a flow's files are booked, so that whatever is sound is posted.
fn booked(flow: &str) -> World {
    let kroner = |minor| Money::from_minor(minor, Currency::DKK);
    if flow != "adyen" {
        return World::new(&eager(), 3);
    }
    let world = World::new(&eager(), 0);
    let swedish = Money::from_minor(100_000, "SEK".parse().expect("a currency"));
    for (order, gross) in [(1_001, kroner(50_000)), (1_002, swedish), (1_003, kroner(24_995))] {
        world.book_of(order, 9_000 + order, gross);
    }
    world
}

fn cases() -> Vec<Case> {
    use ArrivalKind::{Conflict, Known, New};
    use Becomes::{Read, Refused, Unconfirmed};
    let case =
        |name, flow, bytes, becomes| Case { name, flow, before: Vec::new(), bytes, becomes, posted: 0 };
    let posted = |case: Case| Case { posted: 1, ..case };
    let after = |before: Vec<u8>, case: Case| Case { before: vec![before], ..case };
    let (adyen, german, swedish, bank) = (settled(), text(GERMAN), text(SWEDISH), text(BANK));
    let stripe = report("po_1", &[1_001, 1_002]);
    let half = |text: &str| text.as_bytes()[..text.len() / 2].to_vec();
    let lines =
        |text: &str, count| text.lines().take(count).map(|line| format!("{line}\n")).collect::<String>();
    let other = report("po_1", &[1_001, 1_003]);
    vec![
        // What the bad ones are made of is posted as it is: nothing but what is wrong with them keeps the others.
        posted(case("sound answers of an API", "stripe", stripe.clone().into_bytes(), Read(New))),
        posted(case("a sound table", "adyen", adyen.clone().into_bytes(), Read(New))),
        case("half of an API's answers", "stripe", half(&stripe), Refused("report-cut-off")),
        case("half of a table", "adyen", half(&adyen), Refused("report-cut-off")),
        case("the first lines of a table", "adyen", lines(&adyen, 3).into_bytes(), Unconfirmed),
        case("half of an XML document", "swedbank-pay", half(&swedish), Refused("report-cut-off")),
        case("half of a bank's statement", "adyen", half(&bank), Refused("report-cut-off")),
        case("half of a workbook", "profile", bomb()[..200].to_vec(), Refused("report-workbook")),
        posted(after(
            stripe.clone().into_bytes(),
            case("the same file", "stripe", stripe.into_bytes(), Read(Known)),
        )),
        after(
            report("po_1", &[1_001, 1_002]).into_bytes(),
            case("the same name with new content", "stripe", other.into_bytes(), Read(Conflict)),
        ),
        case("another encoding", "paypal", in_latin_1(&german), Refused("report-encoding")),
        case("another encoding, with its mark", "paypal", in_utf_16(&german), Unconfirmed),
        case(
            "another encoding, without",
            "adyen",
            in_utf_16(&adyen)[2..].to_vec(),
            Refused("report-not-this-format"),
        ),
        case(
            "a renamed column",
            "adyen",
            with(&adyen, "Net Credit (NC)", "Net credit"),
            Refused("report-column-missing"),
        ),
        case(
            "a column twice",
            "adyen",
            with(&adyen, "Booking Date TimeZone", "Net Debit (NC)"),
            Refused("report-column-twice"),
        ),
        posted(after(
            adyen.clone().into_bytes(),
            case("a further column", "adyen", with_a_column(&adyen), Read(Known)),
        )),
        case(
            "amounts of another locale",
            "adyen",
            with(&adyen, "492.75", "\"492,75\""),
            Refused("report-amount"),
        ),
        case("saved with semicolons", "adyen", with(&adyen, ",", ";"), Refused("report-column-missing")),
        case("a format of many locales", "paypal", german.into_bytes(), Unconfirmed),
        case("a bomb in a workbook", "profile", bomb(), Refused("report-unpacks-too-large")),
        case(
            "entities in a report",
            "swedbank-pay",
            with_an_entity(&swedish, "1001"),
            Refused("report-entity"),
        ),
        case(
            "a file from outside in a report",
            "swedbank-pay",
            with_a_file_from_outside(&swedish),
            Refused("report-entity"),
        ),
        case("entities in a statement", "adyen", with_an_entity(&bank, "2026"), Refused("report-entity")),
        case(
            "a file from outside in a statement",
            "adyen",
            with_a_file_from_outside(&bank),
            Refused("report-entity"),
        ),
        case("another acquirer's report", "stripe", adyen.into_bytes(), Refused("report-not-this-format")),
        case("nothing", "adyen", Vec::new(), Refused("report-empty")),
        case("noise", "adyen", vec![0xff, 0x00, 0x41, 0x80], Refused("report-not-this-format")),
    ]
}

/// The words of a reason in both languages: whole, and with every fact in its place.
pub(super) fn words(reason: &Reason) -> [String; 2] {
    [Language::Da, Language::En].map(|language| {
        let told = explain(reason, language);
        let text = format!("{} {} {}", told.what, told.blocks, told.remedy);
        assert!(!text.contains('–') && !text.contains('{'), "{}: {text}", reason.code);
        assert!(!told.what.is_empty() && !told.blocks.is_empty() && !told.remedy.is_empty(), "{text}");
        text
    })
}

/// Takes the file in, and works on whatever came of it.
fn becomes(world: &World, case: &Case) -> String {
    for before in &case.before {
        world.take_in_for(case.flow, "report", &MemoryFile::new(before.clone())).expect("taken in");
    }
    let known = world.payouts.records();
    let intake = world.take_in_for(case.flow, "report", &MemoryFile::new(case.bytes.clone()));
    let intake = intake.expect("what became of it is told");
    let found = match &intake.outcome {
        IntakeOutcome::Refused { reason } => {
            words(reason);
            assert_eq!(world.payouts.records(), known, "{}: a refused file changes nothing", case.name);
            assert!(intake.needs_attention(), "{}: a refused file is told of", case.name);
            format!("Refused(\"{}\")", reason.code)
        }
        IntakeOutcome::Report { batches } => {
            let kinds: Vec<ArrivalKind> = batches.iter().map(|batch| batch.arrival).collect();
            assert!(kinds.iter().all(|kind| *kind == kinds[0]), "{}: {kinds:?}", case.name);
            let open = |record: &PayoutRecord| record.figures.standing == Standing::Unconfirmed;
            match kinds[0] {
                ArrivalKind::New if world.payouts.records().iter().any(open) => "Unconfirmed".to_owned(),
                kind => format!("Read({kind:?})"),
            }
        }
        IntakeOutcome::Statement { .. } => "a statement".to_owned(),
        IntakeOutcome::Mail { .. } => "a mail".to_owned(),
    };
    for record in world.payouts.records() {
        world.work(&record.id).expect("it is looked at");
    }
    found
}

#[test]
fn each_bad_file_is_refused_or_read_as_what_it_is_and_only_what_is_sound_is_posted() {
    let mut wrong = Vec::new();
    for case in cases() {
        let world = booked(case.flow);
        *world.profile.lock().expect("nobody panicked") = Some(profile(WORKBOOK));
        let (found, expected) = (becomes(&world, &case), format!("{:?}", case.becomes));
        if found != expected {
            wrong.push(format!("{}: {found}, expected {expected}", case.name));
        }
        let records = world.payouts.records();
        let posted = records.iter().filter(|record| record.approval.state() == PayoutState::Posted);
        assert_eq!(posted.count(), case.posted, "{}: {records:?}", case.name);
        let vouchers: usize = records.iter().map(|record| record.approval.posted().len()).sum();
        assert_eq!(
            world.books.all().len(),
            vouchers,
            "{}: nothing beside them, and nothing twice",
            case.name
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A file of two gigabytes that nobody may begin to read.
struct Huge;

impl FileBytes for Huge {
    fn open(&self) -> std::io::Result<Box<dyn Read + Send + '_>> {
        panic!("a file that is too large is not read")
    }

    fn length(&self) -> u64 {
        2 << 30
    }

    fn sha256(&self) -> &str {
        "2222222222222222222222222222222222222222222222222222222222222222"
    }
}

#[test]
fn a_file_of_two_gigabytes_is_refused_by_its_length_and_not_even_kept() {
    let world = World::new(&eager(), 1);
    let intake = world.take_in_for("stripe", "huge.csv", &Huge).expect("it is told");
    let IntakeOutcome::Refused { reason } = &intake.outcome else { panic!("{:?}", intake.outcome) };
    assert_eq!((reason.code.as_str(), reason.fact("limit")), ("report-too-large", "1024"));
    words(reason);
    assert!(block_on(world.payouts.file(&merchant(), Huge.sha256())).is_err(), "it is not kept");
    assert!(block_on(world.payouts.intakes(&merchant(), None)).expect("listed").items.contains(&intake));
    assert!(world.payouts.records().is_empty() && world.books.all().is_empty());
}

/// A file in which a reader fails at something that nobody foresaw, once it is kept.
struct Unforeseen(AtomicUsize);

impl FileBytes for Unforeseen {
    fn open(&self) -> std::io::Result<Box<dyn Read + Send + '_>> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(Box::new(&b"kept"[..])),
            _ => panic!("a fault of a reader's"),
        }
    }

    fn length(&self) -> u64 {
        4
    }

    fn sha256(&self) -> &str {
        "3333333333333333333333333333333333333333333333333333333333333333"
    }
}

#[test]
fn a_reader_that_panics_has_its_file_refused_and_told_and_no_other() {
    let world = World::new(&eager(), 1);
    let intake =
        world.take_in_for("stripe", "odd.csv", &Unforeseen(AtomicUsize::new(0))).expect("it is told");
    let IntakeOutcome::Refused { reason } = &intake.outcome else { panic!("{:?}", intake.outcome) };
    assert_eq!(reason.code, "report-reader-failed");
    words(reason);
    assert!(intake.needs_attention());
    let next = world.take_in("po_1.json", report("po_1", &[1_001]).as_bytes()).expect("the next is taken in");
    assert!(matches!(next.outcome, IntakeOutcome::Report { .. }));
}

/// What PayPal's download calls the payouts of one of the fixture's accounts: its period is the batch.
fn period(world: &World, batch: &str) -> PayoutId {
    let records = world.payouts.records();
    let found = records.into_iter().find(|record| record.id.key.batch == batch);
    found.unwrap_or_else(|| panic!("no payout is {batch}")).id
}

#[test]
fn periods_that_overlap_are_recognised_by_their_transactions_and_the_superfluous_one_is_set_aside() {
    let first = text(US);
    let mut lines: Vec<&str> = first.lines().collect();
    lines.remove(1);
    let later = "\"02/20/2026\",\"10:15:00\",\"PST\",\"Buyer\",\"Express Checkout Payment\",\"Completed\",\"USD\",\"10.00\",\"-1.00\",\"9.00\",\"\",\"\",\"9BB9\",\"1009\",\"\",\"166.82\"";
    lines.push(later);
    let second = format!("{}\n", lines.join("\n"));
    let world = World::new(&eager(), 0);
    for (name, text) in [("Download.CSV", &first), ("Download.CSV", &second)] {
        let intake = world.take_in_for("paypal", name, &MemoryFile::new(text.clone().into_bytes()));
        assert!(matches!(intake.expect("told").outcome, IntakeOutcome::Report { .. }), "{name} is read");
    }
    let (a, b) = (period(&world, "2026-02-05/2026-02-13"), period(&world, "2026-02-06/2026-02-20"));
    for (own, other) in [(&a, &b), (&b, &a)] {
        let record = world.work(own).expect("looked at");
        let reason = record.reasons.first().expect("a reason");
        assert_eq!(reason.code, "payout-overlap");
        assert_eq!((reason.fact("reference"), reason.fact("count")), ("9BB2", "1"), "{reason:?}");
        assert_eq!(reason.fact("other"), other.key.batch);
        let told = words(reason);
        assert!(told.iter().all(|text| text.contains("9BB2") && text.contains(&other.key.batch)), "{told:?}");
        assert!(record.plan.is_none(), "there is nothing to approve");
    }
    let dismiss = |id: &PayoutId, reason: &str| {
        block_on(world.engine().dismiss(&world.attempt(id), "arn:bookkeeper", reason))
    };
    assert!(matches!(dismiss(&b, "  "), Err(PayoutFailure::Refused(_))), "a reason is needed");
    let aside = dismiss(&b, "hentet to gange").expect("it is set aside");
    assert!(aside.is_set_aside() && !aside.needs_attention());
    let made = aside.dismissed.first().expect("it is kept");
    assert_eq!((made.by.as_str(), made.reason.as_str()), ("arn:bookkeeper", "hentet to gange"));
    assert!(matches!(&made.what, SetAside::Payout(overlap) if overlap.fact("reference") == "9BB2"));
    assert!(world.work(&b).expect("nothing is done").reasons.is_empty());
    let free = world.work(&a).expect("matched");
    assert!(free.overlap.is_none(), "the other one goes on: {:?}", free.reasons);
    assert!(dismiss(&b, "igen").is_err(), "it is set aside once");
    block_on(world.engine().reopen(&world.attempt(&b), "Bo", "det var den rigtige")).expect("taken up");
    assert_eq!(world.work(&b).expect("matched").reasons[0].code, "payout-overlap");
    assert!(world.books.all().is_empty(), "nothing is posted");
}

#[test]
fn a_parked_conflict_is_dismissed_with_a_reason_and_stays_known() {
    let world = World::new(SETTINGS, 3);
    let take = |name: &str, orders: &[u32]| {
        let intake = world.take_in(name, report("po_1", orders).as_bytes()).expect("told");
        match intake.outcome {
            IntakeOutcome::Report { batches } => batches[0].arrival,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(take("a.json", &[1_001, 1_002]), ArrivalKind::New);
    let payout = id("po_1");
    let dismiss =
        |by: &str, reason: &str| block_on(world.engine().dismiss(&world.attempt(&payout), by, reason));
    let refused = dismiss("Bo", "der er ingen").expect_err("nothing is parked");
    let PayoutFailure::Refused(reason) = &refused else { panic!("{refused:?}") };
    assert_eq!(reason.code, "payout-nothing-parked");
    words(reason);
    assert_eq!(take("b.json", &[1_001, 1_003]), ArrivalKind::Conflict);
    assert!(dismiss(" ", "en grund").is_err(), "somebody must have done it");
    assert_eq!(world.record(&payout).conflicts.len(), 1, "what was refused changed nothing");
    let record = dismiss("Bo", "indløserens fejl").expect("it is dismissed");
    assert!(record.conflicts.is_empty() && !record.is_set_aside());
    let [made] = record.dismissed.as_slice() else { panic!("{:?}", record.dismissed) };
    assert!(matches!(&made.what, SetAside::Conflict(file) if file.name == "b.json"));
    assert_eq!((made.by.as_str(), made.reason.as_str()), ("Bo", "indløserens fejl"));
    // The same file again is known, and is not parked anew; the payout goes its way.
    assert_eq!(take("c.json", &[1_001, 1_003]), ArrivalKind::Known);
    world.work(&payout).expect("matched");
    world.approve(&payout, "bookkeeper").expect("approved");
    let record = world.work(&payout).expect("posted");
    assert_eq!(record.approval.state(), PayoutState::Posted, "{:?}", record.reasons);
    assert!(!record.needs_attention());
}
