//! What must hold of any settlement and any invoices.

use std::collections::BTreeMap;

use domain::matching::*;
use domain::payout::arrivals;
use domain::settlement::*;
use domain::{Currency, Money};
use jiff::civil::date;
use proptest::prelude::*;

use crate::world::*;

/// A line of few orders, references and amounts, so that keys collide in every way they can.
#[derive(Clone, Debug)]
struct AnyLine {
    kind: Kind,
    order: u8,
    transaction: u8,
    original: u8,
    amount: i64,
    fee: i64,
}

#[derive(Clone, Debug)]
struct AnyDocument {
    order: u8,
    payment: u8,
    customer: u32,
    shop: u8,
    amount: i64,
    expected_part: i64,
    /// What earlier payouts took back, in parts of a hundred.
    taken: i64,
    credit: bool,
}

fn any_line() -> impl Strategy<Value = AnyLine> {
    let kinds = prop::sample::select(vec![
        Kind::Sale,
        Kind::Sale,
        Kind::Sale,
        Kind::Refund,
        Kind::Chargeback,
        Kind::ChargebackReversal,
        Kind::RefundFailed,
        Kind::Fee,
        Kind::ReserveHold,
        Kind::Unknown,
    ]);
    (kinds, 0..5_u8, 0..4_u8, 0..4_u8, 1..6_i64, 0..3_i64).prop_map(
        |(kind, order, transaction, original, amount, fee)| {
            let negative = matches!(kind, Kind::Refund | Kind::Chargeback | Kind::Fee | Kind::ReserveHold);
            let amount = if negative { -amount * 100 } else { amount * 100 };
            AnyLine { kind, order, transaction, original, amount, fee: -fee }
        },
    )
}

fn any_document() -> impl Strategy<Value = AnyDocument> {
    let amounts = (1..6_i64, 0..3_i64, 0..4_i64);
    (0..5_u8, 0..4_u8, 1..3_u32, 0..3_u8, amounts, prop::bool::weighted(0.2)).prop_map(
        |(order, payment, customer, shop, (amount, expected_part, taken), credit)| AnyDocument {
            order,
            payment,
            customer,
            shop,
            amount: amount * 100,
            expected_part,
            taken: if credit { 0 } else { taken.min(amount) },
            credit,
        },
    )
}

/// A key of a number; none for zero.
fn name(prefix: &str, number: u8) -> String {
    if number == 0 { String::new() } else { format!("{prefix}{number}") }
}

/// Lines keep their names through any permutation: the reference tells which is which.
fn settlement_of(batch: &str, lines: &[(usize, AnyLine)]) -> Settlement {
    let mut settlement = Settlement::new(key(batch), SettlementMode::Net, source());
    for (row, (identity, line)) in lines.iter().enumerate() {
        let texts = [
            format!("txn_{identity}"),
            name("", line.order),
            name("ch_", line.transaction),
            name("ch_", line.original),
        ];
        let gross = Money::from_minor(line.amount, Currency::DKK);
        let pushed = settlement.push(&Line {
            reference: &texts[0],
            keys: LinkKeys {
                order: &texts[1],
                transaction: &texts[2],
                original: if line.kind == Kind::Refund { &texts[3] } else { "" },
                ..LinkKeys::default()
            },
            fees: Fees::of(FeeKind::Commission, line.fee),
            ..Line::new(u32::try_from(row).expect("small"), line.kind, "word", gross)
        });
        pushed.expect("a sound line");
    }
    settlement
}

fn receivables_of(documents: &[(usize, AnyDocument)]) -> Receivables {
    let mut receivables = Receivables::new(Default::default());
    for (identity, document) in documents {
        let sign = if document.credit { -1 } else { 1 };
        let money = |minor| Money::from_minor(minor * sign, Currency::DKK);
        let payment = name("ch_", document.payment);
        let added = receivables.add(&Receivable {
            number: &format!("{}", 30_000 + identity),
            shop: &name("shop-", document.shop),
            order: &name("", document.order),
            payments: &[&payment],
            acquirer_references: &[],
            customer: document.customer,
            date: date(2026, 11, 18),
            total: money(document.amount),
            expected: money((document.amount - document.expected_part * 100).max(0)),
        });
        let id = added.expect("a sound document");
        if document.taken != 0 {
            receivables.set_taken_before(id, Money::from_minor(-document.taken * 100, Currency::DKK));
        }
    }
    receivables
}

/// What became of each line, by its name: its state, its key, and what it pays of which invoice.
type Told = BTreeMap<String, (LineState, Option<KeyUsed>, Vec<(String, i64)>)>;

fn told(settlements: &[Settlement], receivables: &Receivables) -> (Told, Matching) {
    let matching = match_settlements(settlements, receivables, Rules::default()).expect("small amounts");
    let mut all = Told::new();
    for (batch, settlement) in settlements.iter().enumerate() {
        for (place, line) in settlement.lines().enumerate() {
            let mut parts: Vec<(String, i64)> = matching
                .parts(receivables, settlements, batch, place)
                .into_iter()
                .map(|(id, amount)| (receivables.number(id).to_owned(), amount.minor()))
                .collect();
            parts.sort();
            let state = matching.state(receivables, batch, place);
            let found = (state, matching.key_used(batch, place), parts);
            assert!(all.insert(line.reference.to_owned(), found).is_none(), "a line is matched once");
        }
    }
    (all, matching)
}

fn numbered<T: Clone>(items: &[T]) -> Vec<(usize, T)> {
    items.iter().cloned().enumerate().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_order_of_lines_and_invoices_does_not_matter(
        lines in prop::collection::vec(any_line(), 0..14),
        documents in prop::collection::vec(any_document(), 0..10),
        seed in any::<u64>(),
    ) {
        let (plain, _) = told(&[settlement_of("po_1", &numbered(&lines))], &receivables_of(&numbered(&documents)));
        let mut shuffled_lines = numbered(&lines);
        let mut shuffled_documents = numbered(&documents);
        // A permutation from the seed: the sort key is a hash of place and seed.
        let mix = |place: usize| (place as u64 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        shuffled_lines.sort_by_key(|(place, _)| mix(*place));
        shuffled_documents.sort_by_key(|(place, _)| mix(place + 1000));
        let (shuffled, _) = told(&[settlement_of("po_1", &shuffled_lines)], &receivables_of(&shuffled_documents));
        prop_assert_eq!(&plain, &shuffled);
        // Nor does it matter in which of two batches a line stands.
        let half = shuffled_lines.len() / 2;
        let apart =
            [settlement_of("po_1", &shuffled_lines[..half]), settlement_of("po_2", &shuffled_lines[half..])];
        prop_assert_eq!(&plain, &told(&apart, &receivables_of(&shuffled_documents)).0);
    }

    #[test]
    fn a_duplicate_report_changes_nothing(
        lines in prop::collection::vec(any_line(), 0..14),
        documents in prop::collection::vec(any_document(), 0..10),
    ) {
        let once = settlement_of("po_1", &numbered(&lines));
        let mut turned = numbered(&lines);
        turned.reverse();
        let receivables = receivables_of(&numbered(&documents));
        let alone = told(std::slice::from_ref(&once), &receivables).0;
        let arrived = arrivals(vec![once.clone(), settlement_of("po_1", &turned), once]);
        prop_assert_eq!(arrived.settlements.len(), 1);
        prop_assert_eq!(alone, told(&arrived.settlements, &receivables).0);
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_made(
        lines in prop::collection::vec(any_line(), 0..14),
        documents in prop::collection::vec(any_document(), 0..10),
    ) {
        let settlements = [settlement_of("po_1", &numbered(&lines))];
        let receivables = receivables_of(&numbered(&documents));
        let (told, matching) = told(&settlements, &receivables);
        // What was earned is the sum of the kinds, and of the parts that matching makes of it.
        let check = settlements[0].check();
        let tally = settlements[0].tally();
        let by_kind: i64 = tally.kinds().map(|(_, sum)| sum.net().expect("small")).sum();
        prop_assert_eq!(by_kind, check.payout.minor());
        let sums = matching.sums(&receivables, &settlements, 0).expect("small");
        prop_assert_eq!(sums.exact + sums.differing + sums.open + sums.rest, check.payout.minor());
        // Each line pays exactly its amount, and each document is paid what lines pay of it.
        let mut paid: BTreeMap<&str, i64> = BTreeMap::new();
        for (place, line) in settlements[0].lines().enumerate() {
            let (state, _, parts) = &told[&format!("txn_{place}")];
            let sum: i64 = parts.iter().map(|(_, amount)| amount).sum();
            let matched = matches!(state, LineState::Exact | LineState::Partial | LineState::Over);
            prop_assert_eq!(sum, if matched { line.gross.minor() } else { 0 });
            for (number, amount) in parts {
                *paid.entry(number.as_str()).or_default() += amount;
            }
        }
        for id in receivables.ids() {
            let all = matching.paid(&receivables, id).minor() + matching.taken_back(&receivables, id).minor();
            prop_assert_eq!(all, paid.get(receivables.number(id)).copied().unwrap_or_default());
        }
    }

    #[test]
    fn what_a_later_payout_gives_back_is_reckoned_from_what_earlier_ones_took(
        lines in prop::collection::vec(any_line(), 0..14),
        documents in prop::collection::vec(any_document(), 0..6),
        earlier in 0..14_usize,
    ) {
        // Each document is an invoice of an order of its own, so that what a line means never depends on what is still to come.
        let mut documents = documents;
        let orders = 1..;
        documents.iter_mut().zip(orders).for_each(|(document, order)| {
            (document.order, document.payment, document.credit) = (order, 0, false);
        });
        let documents = numbered(&documents);
        let receivables = receivables_of(&documents);
        let mut lines = numbered(&lines);
        lines.iter_mut().for_each(|(_, line)| line.original = 0);
        let (first, second) = lines.split_at(earlier.min(lines.len()));
        let together =
            told(&[settlement_of("po_1", first), settlement_of("po_2", second)], &receivables).0;
        let (_, before) = told(&[settlement_of("po_1", first)], &receivables);
        let mut later = receivables_of(&documents);
        for id in receivables.ids() {
            let taken = receivables.taken_before(id).plus(before.taken_back(&receivables, id));
            later.set_taken_before(id, taken.expect("small"));
        }
        let apart = told(&[settlement_of("po_2", second)], &later).0;
        for (identity, line) in second.iter().filter(|(_, line)| line.kind != Kind::Sale) {
            let name = format!("txn_{identity}");
            prop_assert_eq!(&together[&name], &apart[&name], "{:?}", line);
        }
    }
}
