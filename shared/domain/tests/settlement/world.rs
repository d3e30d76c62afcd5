//! Reports to tell stories with.

use domain::settlement::*;
use domain::{Currency, Money};

pub(crate) fn dkk(text: &str) -> Money {
    Money::parse(text, Currency::DKK).expect("amount")
}

pub(crate) fn key(batch: &str) -> BatchKey {
    BatchKey {
        acquirer: "stripe".to_owned(),
        account: "acct_1".to_owned(),
        batch: batch.to_owned(),
        currency: Currency::DKK,
    }
}

pub(crate) fn source() -> Source {
    Source { sha256: "ab".repeat(32), format: "a-format".to_owned(), ..Source::default() }
}

/// A batch of lines that states nothing else.
pub(crate) fn batch(lines: &[Line<'_>]) -> Settlement {
    let mut settlement = Settlement::new(key("po_1"), SettlementMode::Net, source());
    for line in lines {
        settlement.push(line).expect("a sound line");
    }
    settlement
}

/// A batch through the receiver, with what is stated.
pub(crate) fn stated(lines: &[Line<'_>], stated: Stated) -> Settlement {
    let mut received = Settlements::from_source(source());
    received.batch(&key("po_1"), SettlementMode::Net).expect("opened");
    for line in lines {
        received.line(line).expect("a sound line");
    }
    received.state(stated).expect("stated once");
    received.into_batches().remove(0)
}

pub(crate) fn sale(number: u32, order: &'static str, gross: &str, fee: &str) -> Line<'static> {
    let line = Line::new(number, Kind::Sale, "charge", dkk(gross));
    Line {
        fees: Fees::of(FeeKind::Commission, dkk(fee).minor()),
        keys: LinkKeys { order, ..LinkKeys::default() },
        ..line
    }
}

pub(crate) fn plain(number: u32, kind: Kind, raw: &'static str, gross: &str) -> Line<'static> {
    Line::new(number, kind, raw, dkk(gross))
}
