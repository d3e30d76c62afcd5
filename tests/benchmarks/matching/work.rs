//! The work that is timed: from the bytes of two files to matches and leftovers.

use std::fs::File;
use std::path::Path;

use domain::matching::{LineState, Matching, Receivable, Receivables, Rules, match_settlements};
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
}

fn reader(folder: &Path, name: &str) -> csv::Reader<File> {
    csv::ReaderBuilder::new().buffer_capacity(1 << 16).from_path(folder.join(name)).expect("the file opens")
}

/// Reads both files and does nothing; the number of records.
pub(crate) fn bare_read(folder: &Path) -> usize {
    let mut count = 0;
    for name in ["settlement.csv", "invoices.csv"] {
        let mut reader = reader(folder, name);
        let mut record = csv::ByteRecord::new();
        while reader.read_byte_record(&mut record).expect("a sound file") {
            count += 1;
        }
    }
    // The report's payout is a line, too, and is no part of the size.
    count - 1
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

/// The report, read, with every line's identity, the sums and the balance checked.
pub(crate) fn read_lines(folder: &Path) -> Settlement {
    let key = BatchKey {
        acquirer: "stripe".to_owned(),
        account: "acct_1".to_owned(),
        batch: "po_1".to_owned(),
        currency: Currency::DKK,
    };
    let mut settlement = Settlement::new(key, SettlementMode::Net, Source::default());
    let mut reader = reader(folder, "settlement.csv");
    let mut record = csv::StringRecord::new();
    let mut days = Days::default();
    let mut number = 1;
    while reader.read_record(&mut record).expect("a sound file") {
        number += 1;
        let raw_kind = &record[1];
        let kind = match raw_kind {
            "charge" => Kind::Sale,
            "refund" => Kind::Refund,
            "fee" => Kind::Fee,
            "payout" => Kind::Payout,
            _ => Kind::Unknown,
        };
        let line = Line {
            reference: &record[0],
            occurred: When::Day(days.read(&record[2])),
            keys: LinkKeys { order: &record[3], ..LinkKeys::default() },
            fees: Fees::of(FeeKind::Commission, money(&record[6]).minor()),
            net: Some(money(&record[7])),
            ..Line::new(number, kind, raw_kind, money(&record[5]))
        };
        assert_eq!(&record[4], "DKK");
        settlement.push(&line).expect("a sound line");
    }
    let check = settlement.check();
    assert_eq!(check.standing, Standing::Balanced, "{:?}", check.breaches);
    settlement.sealed()
}

pub(crate) fn read_invoices(folder: &Path) -> Receivables {
    let mut receivables = Receivables::new(OrderNumberRules::default());
    let mut reader = reader(folder, "invoices.csv");
    let mut record = csv::StringRecord::new();
    let mut days = Days::default();
    while reader.read_record(&mut record).expect("a sound file") {
        let total = money(&record[4]);
        let receivable = Receivable {
            number: &record[0],
            shop: "shop",
            order: &record[1],
            payments: &[],
            acquirer_references: &[],
            customer: record[2].parse().expect("a number"),
            date: days.read(&record[3]),
            total,
            expected: total,
        };
        receivables.add(&receivable).expect("a sound document");
    }
    receivables
}

/// Lines by what was found: exact, otherwise, without.
fn lines_by_state(settlement: &Settlement, receivables: &Receivables, matching: &Matching) -> [usize; 3] {
    let mut counts = [0; 3];
    for line in 0..settlement.len() {
        match matching.state(receivables, 0, line) {
            LineState::Exact => counts[0] += 1,
            LineState::NoPayment => {}
            LineState::NotFound => counts[2] += 1,
            _ => counts[1] += 1,
        }
    }
    counts
}

fn left_open(receivables: &Receivables, matching: &Matching) -> usize {
    let open = receivables.ids().filter(|id| matching.paid(receivables, *id) != receivables.expected(*id));
    open.count()
}

pub(crate) fn on_one_thread(folder: &Path) -> Outcome {
    let settlements = [read_lines(folder)];
    let receivables = read_invoices(folder);
    let matching = match_settlements(&settlements, &receivables, Rules::default()).expect("amounts that add");
    let [exact, otherwise, without] = lines_by_state(&settlements[0], &receivables, &matching);
    let found = (exact, otherwise, without, left_open(&receivables, &matching));
    Outcome { settlements, receivables, matching, found }
}

/// The files are read, and the documents' keys sorted, beside each other; and so are both kinds of leftovers counted.
pub(crate) fn on_two_threads(folder: &Path) -> Outcome {
    let (settlements, receivables) = std::thread::scope(|scope| {
        let lines = scope.spawn(|| read_lines(folder));
        let receivables = read_invoices(folder);
        receivables.index();
        ([lines.join().expect("the lines are read")], receivables)
    });
    let matching = match_settlements(&settlements, &receivables, Rules::default()).expect("amounts that add");
    let ([exact, otherwise, without], open) = std::thread::scope(|scope| {
        let open = scope.spawn(|| left_open(&receivables, &matching));
        (lines_by_state(&settlements[0], &receivables, &matching), open.join().expect("they are counted"))
    });
    Outcome { settlements, receivables, matching, found: (exact, otherwise, without, open) }
}

/// Holds every line and every document against what is true of the files.
pub(crate) fn verify(outcome: &Outcome, size: usize) {
    let Outcome { settlements, receivables, matching, found } = outcome;
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
