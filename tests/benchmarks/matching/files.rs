//! The two files: a settlement report and the invoices, in different orders; and what is true of them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// A permutation without a table: the number is multiplied by a prime that shares no factor with the size.
fn scattered(number: usize, size: usize) -> usize {
    number.wrapping_mul(7_368_787) % size
}

/// What the line of a row must be found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    /// It pays this document in full, with this amount in minor units.
    Pays(usize, i64),
    /// No document is there for it.
    Without,
    /// It is a fee or the payout.
    NoPayment,
}

/// What is true of the line of a row, counted from zero.
pub(crate) fn truth(row: usize, size: usize) -> Truth {
    if row >= size {
        return Truth::NoPayment;
    }
    let number = scattered(row, size);
    match number % 100 {
        0..94 => Truth::Pays(30_000_000 + number, amount(number)),
        94..97 => Truth::Pays(30_000_000 + number, -amount(number)),
        97..99 => Truth::Without,
        _ => Truth::NoPayment,
    }
}

/// True of a document that no line pays.
pub(crate) fn stays_open(document: usize) -> bool {
    document % 100 >= 97
}

/// Writes both files; their sizes in bytes. Of a hundred lines, 94 are sales with an invoice, 3 refunds with a credit note, 2 sales
/// that no invoice is there for, and 1 a fee.
pub(crate) fn write(folder: &Path, size: usize) -> (u64, u64) {
    let mut lines = BufWriter::new(File::create(folder.join("settlement.csv")).expect("the report"));
    let mut invoices = BufWriter::new(File::create(folder.join("invoices.csv")).expect("the invoices"));
    writeln!(lines, "id,type,created,order,currency,gross,fee,net").expect("written");
    writeln!(invoices, "number,order,customer,date,total").expect("written");
    let mut sum = 0_i64;
    for row in 0..size {
        let number = scattered(row, size);
        let (kind, order, gross, fee) = match number % 100 {
            0..94 => ("charge", 1_000_000 + number, amount(number), -(amount(number) / 70 + 25)),
            94..97 => ("refund", 1_000_000 + number, -amount(number), 0),
            97..99 => ("charge", 9_000_000 + number, amount(number), -100),
            _ => ("fee", 0, 0, -900),
        };
        let order = if order == 0 { String::new() } else { order.to_string() };
        sum += gross + fee;
        writeln!(
            lines,
            "txn_{row:07},{kind},2026-11-{:02},{order},DKK,{},{},{}",
            1 + row * 20 / size,
            decimal(gross),
            decimal(fee),
            decimal(gross + fee)
        )
        .expect("written");
    }
    writeln!(lines, "txn_payout,payout,2026-11-21,,DKK,{},0.00,{}", decimal(-sum), decimal(-sum))
        .expect("written");
    for number in 0..size {
        let total = if (94..97).contains(&(number % 100)) { -amount(number) } else { amount(number) };
        writeln!(
            invoices,
            "{},#{},{},2026-11-{:02},{}",
            30_000_000 + number,
            1_000_000 + number,
            number % 5_000 + 1,
            1 + number * 20 / size,
            decimal(total)
        )
        .expect("written");
    }
    lines.flush().expect("written");
    invoices.flush().expect("written");
    let length = |name| std::fs::metadata(folder.join(name)).expect("it is there").len();
    (length("settlement.csv"), length("invoices.csv"))
}

fn amount(number: usize) -> i64 {
    i64::try_from(5_000 + number * 37 % 200_000).expect("small")
}

fn decimal(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}
