//! The work that is timed: from the bytes of two files to matches and leftovers.

use std::fs::File;
use std::path::Path;

use domain::matching::{LineState, Receivable, Receivables, Rules, match_settlements};
use domain::settings::OrderNumberRules;
use domain::settlement::{
    BatchKey, FeeKind, Fees, Kind, Line, LinkKeys, Settlement, SettlementMode, Source, Standing, When,
};
use domain::{Currency, Money};
use jiff::civil::Date;

/// What was found: lines exactly paid, lines otherwise, lines without an invoice, invoices still open.
pub(crate) type Found = (usize, usize, usize, usize);

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

fn text(record: &csv::ByteRecord, column: usize) -> &str {
    std::str::from_utf8(&record[column]).expect("UTF-8")
}

fn money(record: &csv::ByteRecord, column: usize) -> Money {
    Money::parse(text(record, column), Currency::DKK).expect("an amount")
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
    let mut record = csv::ByteRecord::new();
    let mut days = Days::default();
    let mut number = 1;
    while reader.read_byte_record(&mut record).expect("a sound file") {
        number += 1;
        let raw_kind = text(&record, 1);
        let kind = match raw_kind {
            "charge" => Kind::Sale,
            "refund" => Kind::Refund,
            "fee" => Kind::Fee,
            "payout" => Kind::Payout,
            _ => Kind::Unknown,
        };
        let line = Line {
            reference: text(&record, 0),
            occurred: When::Day(days.read(text(&record, 2))),
            keys: LinkKeys { order: text(&record, 3), ..LinkKeys::default() },
            fees: Fees::of(FeeKind::Commission, money(&record, 6).minor()),
            net: Some(money(&record, 7)),
            ..Line::new(number, kind, raw_kind, money(&record, 5))
        };
        assert_eq!(text(&record, 4), "DKK");
        settlement.push(&line).expect("a sound line");
    }
    let check = settlement.check();
    assert_eq!(check.standing, Standing::Balanced, "{:?}", check.breaches);
    settlement.sealed()
}

pub(crate) fn read_invoices(folder: &Path) -> Receivables {
    let mut receivables = Receivables::new(OrderNumberRules::default());
    let mut reader = reader(folder, "invoices.csv");
    let mut record = csv::ByteRecord::new();
    let mut days = Days::default();
    while reader.read_byte_record(&mut record).expect("a sound file") {
        let total = money(&record, 4);
        let receivable = Receivable {
            number: text(&record, 0),
            shop: "shop",
            order: text(&record, 1),
            payments: &[],
            acquirer_references: &[],
            customer: text(&record, 2).parse().expect("a number"),
            date: days.read(text(&record, 3)),
            total,
            expected: total,
        };
        receivables.add(&receivable).expect("a sound document");
    }
    receivables
}

pub(crate) fn matched(settlement: Settlement, receivables: &Receivables) -> Found {
    let settlements = [settlement];
    let matching = match_settlements(&settlements, receivables, Rules::default()).expect("amounts that add");
    let (mut exact, mut otherwise, mut without) = (0, 0, 0);
    for line in 0..settlements[0].len() {
        match matching.state(receivables, 0, line) {
            LineState::Exact => exact += 1,
            LineState::NoPayment => {}
            LineState::NotFound => without += 1,
            _ => otherwise += 1,
        }
    }
    let open = receivables.ids().filter(|id| matching.paid(receivables, *id) != receivables.expected(*id));
    (exact, otherwise, without, open.count())
}

pub(crate) fn on_one_thread(folder: &Path) -> Found {
    let settlement = read_lines(folder);
    let receivables = read_invoices(folder);
    matched(settlement, &receivables)
}

pub(crate) fn on_two_threads(folder: &Path) -> Found {
    let (settlement, receivables) = std::thread::scope(|scope| {
        let lines = scope.spawn(|| read_lines(folder));
        let receivables = read_invoices(folder);
        (lines.join().expect("the lines are read"), receivables)
    });
    matched(settlement, &receivables)
}
