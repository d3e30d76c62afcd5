//! The work that is timed: from the bytes of two files to matches and leftovers.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use delimited::{Reader, Record, Style};
use domain::matching::{
    LineState, Matching, Receivable, Receivables, Rules, match_settlements, match_settlements_on_two_threads,
};
use domain::settings::OrderNumberRules;
use domain::settlement::{
    BatchKey, FeeKind, Fees, Kind, Line, LinkKeys, Settlement, SettlementMode, Source, Standing, When,
};
use domain::{Currency, Money};
use jiff::civil::Date;

use crate::files::{Truth, stays_open, truth};

/// What was found: lines exactly paid, lines otherwise, lines without an invoice, invoices still open.
pub(crate) type Found = (usize, usize, usize, usize);

/// Everything that a run makes; it is held against the truth when its time was taken.
pub(crate) struct Outcome {
    settlements: [Settlement; 1],
    receivables: Receivables,
    matching: Matching,
    /// The counts.
    pub(crate) found: Found,
    /// What each phase took by the clock.
    pub(crate) phases: Phases,
}

/// Names of the phases of the work on one thread.
pub(crate) const PHASES: [&str; 5] = [
    "lines read and packed",
    "lines checked",
    "invoices read and packed",
    "invoices indexed",
    "matched, counted",
];

/// What each of them took; nothing where several ran beside each other.
pub(crate) type Phases = [Duration; PHASES.len()];

fn file(folder: &Path, name: &str) -> File {
    File::open(folder.join(name)).expect("the file opens")
}

/// The reader that reports are read by, past the header.
fn reader(folder: &Path, name: &str) -> Reader<File> {
    let mut reader = Reader::new(file(folder, name), Style { delimiter: b',', quoted: true });
    reader.read().expect("a sound file").expect("a header");
    reader
}

/// Reads both files and does nothing; the number of records.
pub(crate) fn bare_read(folder: &Path) -> usize {
    let mut count = 0;
    for name in ["settlement.csv", "invoices.csv"] {
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 16).from_reader(file(folder, name));
        let mut record = csv::ByteRecord::new();
        while reader.read_byte_record(&mut record).expect("a sound file") {
            count += 1;
        }
    }
    // The report's payout is a line, too, and is no part of the size.
    count - 1
}

/// The fields of a record, which must be so many.
fn fields<'a, const COUNT: usize>(record: &Record<'a>) -> [&'a str; COUNT] {
    assert_eq!(record.len(), COUNT, "line {}", record.line());
    std::array::from_fn(|number| record.get(number).unwrap_or_default())
}

fn line_number(record: &Record<'_>) -> u32 {
    u32::try_from(record.line()).expect("a file of fewer lines")
}

fn money(text: &str) -> Money {
    Money::parse(text, Currency::DKK).expect("an amount")
}

/// Days come in runs, so the last one is kept.
#[derive(Default)]
struct Days(String, Option<Date>);

impl Days {
    fn read(&mut self, text: &str) -> Date {
        match self.1 {
            Some(day) if self.0 == text => day,
            _ => {
                let day = text.parse().expect("a day");
                text.clone_into(&mut self.0);
                *self.1.insert(day)
            }
        }
    }
}

/// The report, read; each line's own sum is checked.
pub(crate) fn read_lines(folder: &Path) -> Settlement {
    let key = BatchKey {
        acquirer: "stripe".to_owned(),
        account: "acct_1".to_owned(),
        batch: "po_1".to_owned(),
        currency: Currency::DKK,
    };
    let mut settlement = Settlement::new(key, SettlementMode::Net, Source::default());
    let mut reader = reader(folder, "settlement.csv");
    let mut days = Days::default();
    while let Some(record) = reader.read().expect("a sound file") {
        let [id, raw_kind, created, order, currency, gross, fee, net] = fields(&record);
        let kind = match raw_kind {
            "charge" => Kind::Sale,
            "refund" => Kind::Refund,
            "fee" => Kind::Fee,
            "payout" => Kind::Payout,
            _ => Kind::Unknown,
        };
        let line = Line {
            reference: id,
            occurred: When::Day(days.read(created)),
            keys: LinkKeys { order, ..LinkKeys::default() },
            fees: Fees::of(FeeKind::Commission, money(fee).minor()),
            net: Some(money(net)),
            ..Line::new(line_number(&record), kind, raw_kind, money(gross))
        };
        assert_eq!(currency, "DKK");
        settlement.push(&line).expect("a sound line");
    }
    settlement
}

/// Checks every line's identity, the sums and the balance.
pub(crate) fn check(settlement: &Settlement) {
    let check = settlement.check();
    assert_eq!(check.standing, Standing::Balanced, "{:?}", check.breaches);
}

pub(crate) fn read_invoices(folder: &Path) -> Receivables {
    let mut receivables = Receivables::new(OrderNumberRules::default());
    let mut reader = reader(folder, "invoices.csv");
    let mut days = Days::default();
    while let Some(record) = reader.read().expect("a sound file") {
        let [number, order, customer, date, total] = fields(&record);
        let total = money(total);
        let receivable = Receivable {
            number,
            shop: "shop",
            order,
            payments: &[],
            acquirer_references: &[],
            customer: customer.parse().expect("a number"),
            date: days.read(date),
            total,
            expected: total,
        };
        receivables.add(&receivable).expect("a sound document");
    }
    receivables
}

/// Lines by what was found: exact, otherwise, without.
fn lines_by_state(receivables: &Receivables, matching: &Matching) -> [usize; 3] {
    let mut counts = [0; 3];
    for (state, count) in matching.counts(receivables, 0) {
        match state {
            LineState::Exact => counts[0] += count as usize,
            LineState::NoPayment => {}
            LineState::NotFound => counts[2] += count as usize,
            _ => counts[1] += count as usize,
        }
    }
    counts
}

fn left_open(receivables: &Receivables, matching: &Matching) -> usize {
    let open = receivables.ids().filter(|id| matching.paid(receivables, *id) != receivables.expected(*id));
    open.count()
}

pub(crate) fn on_one_thread(folder: &Path) -> Outcome {
    let mut phases = Phases::default();
    let mut began = Instant::now();
    let mut ended = |phase: usize| {
        let now = Instant::now();
        phases[phase] = now - std::mem::replace(&mut began, now);
    };
    let settlements = [read_lines(folder).sealed()];
    ended(0);
    check(&settlements[0]);
    ended(1);
    let receivables = read_invoices(folder);
    ended(2);
    receivables.index();
    ended(3);
    let matching = match_settlements(&settlements, &receivables, Rules::default()).expect("amounts that add");
    let [exact, otherwise, without] = lines_by_state(&receivables, &matching);
    let found = (exact, otherwise, without, left_open(&receivables, &matching));
    ended(4);
    Outcome { settlements, receivables, matching, found, phases }
}

/// Beside each other: the files are read, and the documents' keys sorted; the lines are checked and matched; both kinds of leftovers are
/// counted.
pub(crate) fn on_two_threads(folder: &Path) -> Outcome {
    let (lines, receivables) = std::thread::scope(|scope| {
        let lines = scope.spawn(|| read_lines(folder));
        let receivables = read_invoices(folder);
        receivables.index();
        (lines.join().expect("the lines are read"), receivables)
    });
    let settlements = [lines.sealed()];
    let matching = std::thread::scope(|scope| {
        scope.spawn(|| check(&settlements[0]));
        let matching = match_settlements_on_two_threads(&settlements, &receivables, Rules::default());
        matching.expect("amounts that add")
    });
    let ([exact, otherwise, without], open) = std::thread::scope(|scope| {
        let open = scope.spawn(|| left_open(&receivables, &matching));
        (lines_by_state(&receivables, &matching), open.join().expect("they are counted"))
    });
    let found = (exact, otherwise, without, open);
    Outcome { settlements, receivables, matching, found, phases: Phases::default() }
}

/// Holds every line and every document against what is true of the files.
pub(crate) fn verify(outcome: &Outcome, size: usize) {
    let Outcome { settlements, receivables, matching, found, .. } = outcome;
    assert_eq!((settlements[0].len(), receivables.len()), (size + 1, size));
    let mut counts = (0, 0, 0, 0);
    for row in 0..=size {
        let state = matching.state(receivables, 0, row);
        let parts = matching.parts(receivables, settlements, 0, row);
        let told = match (state, parts.as_slice()) {
            (LineState::Exact, [(id, amount)]) => {
                counts.0 += 1;
                Truth::Pays(receivables.number(*id).parse().expect("a number"), amount.minor())
            }
            (LineState::NotFound, []) => {
                counts.2 += 1;
                Truth::Without
            }
            (LineState::NoPayment, []) => Truth::NoPayment,
            other => panic!("row {row}: {other:?}"),
        };
        assert_eq!(told, truth(row, size), "row {row}");
    }
    for id in receivables.ids() {
        let open = matching.paid(receivables, id) != receivables.expected(id);
        let document = receivables.number(id).parse().expect("a number");
        assert_eq!(open, stays_open(document), "document {document}");
        counts.3 += usize::from(open);
    }
    assert_eq!(counts, *found, "what was counted within the time");
}
