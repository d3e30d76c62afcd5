//! What comes out of a report, in a form that can be compared and committed: counts, sums and what the check says, and nothing
//! of any single payment.

use std::fmt::Write;

use connectors::report::{ReadingContext, Unreadable};
use connectors::{camt, registry, report};
use domain::Money;
use domain::bank::Statement;
use domain::settlement::{Settlement, Settlements, Source, Standing};

use super::sources::Sample;

/// What a report was read as.
pub(crate) enum Outcome {
    Refused(String),
    Settlements(&'static str, Vec<Settlement>),
    Statements(Vec<Statement>),
}

/// Reads a sample, or a part of it.
pub(crate) fn read(sample: &Sample, bytes: &[u8]) -> Outcome {
    let mut source = bytes;
    if sample.system == "camt" {
        return match camt::unchecked(&mut source) {
            Ok(statements) => Outcome::Statements(statements),
            Err(error) => refused(error),
        };
    }
    let context = ReadingContext {
        account: "",
        batch: sample.batch,
        day_order: sample.day_order,
        longest: None,
        profile: sample.profile.as_ref(),
    };
    let reader = registry::report_reader(sample.system).expect("the system has a reader");
    let mut settlements = Settlements::from_source(Source::default());
    match report::read(reader, &mut source, &context, &mut settlements) {
        Ok(format) => Outcome::Settlements(format.name, settlements.into_batches()),
        Err(error) => refused(error),
    }
}

fn refused(error: Unreadable) -> Outcome {
    match error {
        Unreadable::Refused(reason) => {
            let facts: Vec<String> =
                reason.facts.iter().map(|(name, fact)| format!("{name}={fact}")).collect();
            Outcome::Refused(format!("{} {}", reason.code, facts.join(" ")).trim_end().to_owned())
        }
        Unreadable::Interrupted(message) => panic!("a source in memory was interrupted: {message}"),
    }
}

impl Outcome {
    /// True when nothing of it may be posted: refused, off balance, or not confirmed by itself.
    pub(crate) fn is_harmless(&self) -> bool {
        match self {
            Outcome::Refused(_) => true,
            Outcome::Settlements(_, batches) => {
                batches.iter().all(|batch| batch.check().standing != Standing::Balanced)
            }
            Outcome::Statements(statements) => {
                statements.iter().all(|statement| statement.check() != Ok(true))
            }
        }
    }

    /// The summary.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        match self {
            Outcome::Refused(reason) => writeln!(text, "refused: {reason}").expect("text"),
            Outcome::Settlements(format, batches) => {
                writeln!(text, "format: {format}").expect("text");
                batches.iter().for_each(|batch| batch_summary(batch, &mut text));
            }
            Outcome::Statements(statements) => {
                statements.iter().for_each(|statement| statement_summary(statement, &mut text));
            }
        }
        text
    }

    /// The summary and every line in full, for comparing two readings exactly.
    pub(crate) fn everything(&self) -> String {
        let mut text = self.summary();
        match self {
            Outcome::Refused(_) => {}
            Outcome::Settlements(_, batches) => {
                for batch in batches {
                    writeln!(text, "{:?}", batch.stated()).expect("text");
                    batch.lines().for_each(|line| writeln!(text, "{line:?}").expect("text"));
                }
            }
            Outcome::Statements(statements) => writeln!(text, "{statements:?}").expect("text"),
        }
        text
    }
}

fn batch_summary(batch: &Settlement, text: &mut String) {
    let money = |minor| Money::from_minor(minor, batch.currency());
    let check = batch.check();
    writeln!(text, "batch: {} ({:?} payout)", batch.key(), batch.mode()).expect("text");
    for (kind, sum) in batch.tally().kinds() {
        writeln!(
            text,
            "  {kind}: {} lines, gross {}, fees {}, vat {}",
            sum.count,
            money(sum.gross),
            money(sum.fees),
            money(sum.vat)
        )
        .expect("text");
    }
    match batch.balances() {
        Ok((opening, payout, closing)) => {
            writeln!(text, "  opening {opening}, payout {payout}, closing {closing}").expect("text");
        }
        Err(error) => writeln!(text, "  balances: {error}").expect("text"),
    }
    writeln!(text, "  standing: {:?}{}", check.standing, if check.pending { ", pending" } else { "" })
        .expect("text");
    for (word, count, sum) in &check.unknown {
        writeln!(text, "  unknown: {word}, {count} lines, {sum}").expect("text");
    }
    for breach in &check.breaches {
        writeln!(text, "  breach: {breach}").expect("text");
    }
}

fn statement_summary(statement: &Statement, text: &mut String) {
    let show = |money: Option<Money>| money.map_or("not stated".to_owned(), |money| money.to_string());
    let sum = |credit: bool| {
        let chosen = statement.entries.iter().filter(|entry| entry.amount.is_negative() != credit);
        let (mut count, mut sum) = (0, statement.currency.zero());
        for entry in chosen {
            count += 1;
            sum = sum.plus(entry.amount).expect("one currency");
        }
        format!("{count} entries, {sum}")
    };
    let kind = if statement.notification { "notification" } else { "statement" };
    writeln!(text, "{kind}: {} {} {}", statement.account, statement.id, statement.currency).expect("text");
    writeln!(text, "  in: {}; out: {}", sum(true), sum(false)).expect("text");
    let parts: usize = statement.entries.iter().map(|entry| entry.parts.len()).sum();
    let reversals = statement.entries.iter().filter(|entry| entry.reversal).count();
    let booked = statement.entries.iter().filter(|entry| entry.booked).count();
    writeln!(text, "  booked {booked}, reversals {reversals}, payments within {parts}").expect("text");
    writeln!(text, "  opening {}, closing {}", show(statement.opening), show(statement.closing))
        .expect("text");
    match statement.check() {
        Ok(proven) => {
            writeln!(text, "  agrees: {}", if proven { "yes" } else { "states no balances" }).expect("text")
        }
        Err(reason) => {
            let facts: Vec<String> =
                reason.facts.iter().map(|(name, fact)| format!("{name}={fact}")).collect();
            writeln!(text, "  breach: {} {}", reason.code, facts.join(" ")).expect("text");
        }
    }
}
