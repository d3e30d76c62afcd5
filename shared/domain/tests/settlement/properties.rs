//! What must hold of any settlement and any invoices.

use std::collections::BTreeMap;

use domain::matching::*;
use domain::payout::arrivals;
use domain::settings::OrderNumberRules;
use domain::settlement::*;
use domain::{Currency, Money};
use jiff::civil::date;
use proptest::prelude::*;

use crate::world::*;

/// A line of few orders, references and amounts, so that keys collide in every way they can. A key of zero is none.
#[derive(Clone, Debug)]
struct AnyLine {
    kind: Kind,
    order: u8,
    /// A second order in the same field.
    further_order: u8,
    merchant: u8,
    transaction: u8,
    modification: u8,
    original: u8,
    acquirer: u8,
    invoice: u8,
    amount: i64,
    /// What the buyer paid in euro, unsigned, where the report says it.
    euro: Option<i64>,
    fee: i64,
}

#[derive(Clone, Debug)]
struct AnyDocument {
    order: u8,
    payment: u8,
    acquirer: u8,
    customer: u32,
    shop: u8,
    euro: bool,
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
    // The keys that few lines have are rarer, so that they are met alone and beside others.
    let seldom = |most: u8| prop_oneof![2 => Just(0_u8), 1 => 1..most];
    let orders = (0..5_u8, seldom(5), seldom(5));
    let references = (0..4_u8, seldom(4), 0..4_u8, seldom(4), seldom(6));
    let amounts = (1..6_i64, prop::option::weighted(0.3, 1..6_i64), 0..3_i64);
    (kinds, orders, references, amounts).prop_map(|(kind, orders, references, (amount, euro, fee))| {
        let negative = matches!(kind, Kind::Refund | Kind::Chargeback | Kind::Fee | Kind::ReserveHold);
        let amount = if negative { -amount * 100 } else { amount * 100 };
        let (order, further_order, merchant) = orders;
        let (transaction, modification, original, acquirer, invoice) = references;
        AnyLine {
            kind,
            order,
            further_order,
            merchant,
            transaction,
            modification,
            original,
            acquirer,
            invoice,
            amount,
            euro: euro.map(|euro| euro * 100),
            fee: -fee,
        }
    })
}

fn any_document() -> impl Strategy<Value = AnyDocument> {
    let amounts = (1..6_i64, 0..3_i64, 0..4_i64);
    let keys = (0..5_u8, 0..4_u8, 0..3_u8);
    let currency = prop::bool::weighted(0.2);
    (keys, 1..3_u32, 0..3_u8, currency, amounts, prop::bool::weighted(0.2)).prop_map(
        |((order, payment, acquirer), customer, shop, euro, (amount, expected_part, taken), credit)| {
            AnyDocument {
                order,
                payment,
                acquirer,
                customer,
                shop,
                euro,
                amount: amount * 100,
                expected_part,
                taken: if credit { 0 } else { taken.min(amount) },
                credit,
            }
        },
    )
}

/// What a merchant may have set.
#[derive(Clone, Debug)]
struct AnyRules {
    tolerance: u32,
    separator: Option<String>,
    shops: Vec<String>,
}

impl AnyRules {
    fn plain() -> AnyRules {
        AnyRules { tolerance: 0, separator: None, shops: Vec::new() }
    }
}

fn any_rules() -> impl Strategy<Value = AnyRules> {
    let tolerances = prop::sample::select(vec![0, 0, 1, 100, 250]);
    let separators = prop::option::of(Just(",".to_owned()));
    let shops = prop::sample::subsequence(vec!["shop-1".to_owned(), "shop-2".to_owned()], 0..=2);
    (tolerances, separators, shops).prop_map(|(tolerance, separator, shops)| AnyRules {
        tolerance,
        separator,
        shops,
    })
}

/// A key of a number; none for zero.
fn name(prefix: &str, number: u8) -> String {
    if number == 0 { String::new() } else { format!("{prefix}{number}") }
}

fn euro() -> Currency {
    "EUR".parse().expect("a currency")
}

/// A line of a batch; without a name it is known by nothing but its content.
fn push(settlement: &mut Settlement, row: usize, name_of_line: &str, line: &AnyLine) {
    let order = match line.further_order {
        0 => name("#", line.order),
        further => format!("{},{further}", line.order),
    };
    let invoice = match line.invoice {
        0 => String::new(),
        number => format!("{}", 30_000 + u32::from(number) - 1),
    };
    let texts = [
        name("", line.merchant),
        name("ch_", line.transaction),
        name("ch_", line.modification),
        name("ch_", line.original),
        name("arn_", line.acquirer),
    ];
    let sale = line.euro.map(|amount| SaleAmount {
        amount: Money::from_minor(amount * line.amount.signum(), euro()),
        rate: None,
    });
    let gross = Money::from_minor(line.amount, Currency::DKK);
    let pushed = settlement.push(&Line {
        reference: name_of_line,
        keys: LinkKeys {
            order: &order,
            merchant: &texts[0],
            transaction: &texts[1],
            modification: &texts[2],
            original: if line.kind == Kind::Sale { "" } else { &texts[3] },
            acquirer: &texts[4],
            invoice: &invoice,
        },
        sale,
        fees: Fees::of(FeeKind::Commission, line.fee),
        ..Line::new(u32::try_from(row).expect("small"), line.kind, "word", gross)
    });
    pushed.expect("a sound line");
}

/// Lines keep their names through any permutation: the reference tells which is which.
fn settlement_of(batch: &str, lines: &[(usize, AnyLine)]) -> Settlement {
    let mut settlement = Settlement::new(key(batch), SettlementMode::Net, source());
    for (row, (identity, line)) in lines.iter().enumerate() {
        push(&mut settlement, row, &format!("txn_{identity}"), line);
    }
    settlement
}

/// Lines of a format that gives them no names.
fn nameless(batch: &str, lines: &[(usize, AnyLine)]) -> Settlement {
    let mut settlement = Settlement::new(key(batch), SettlementMode::Net, source());
    for (row, (_, line)) in lines.iter().enumerate() {
        push(&mut settlement, row, "", line);
    }
    settlement
}

fn receivables_of(documents: &[(usize, AnyDocument)], rules: &AnyRules) -> Receivables {
    let numbers = OrderNumberRules { separator: rules.separator.clone(), ..OrderNumberRules::default() };
    let mut receivables = Receivables::new(numbers);
    for (identity, document) in documents {
        let sign = if document.credit { -1 } else { 1 };
        let currency = if document.euro { euro() } else { Currency::DKK };
        let money = |minor| Money::from_minor(minor * sign, currency);
        let (payment, acquirer) = (name("ch_", document.payment), name("arn_", document.acquirer));
        let added = receivables.add(&Receivable {
            number: &format!("{}", 30_000 + identity),
            shop: &name("shop-", document.shop),
            order: &name("", document.order),
            payments: &[&payment],
            acquirer_references: &[&acquirer],
            customer: document.customer,
            date: date(2026, 11, 18),
            total: money(document.amount),
            expected: money((document.amount - document.expected_part * 100).max(0)),
        });
        let id = added.expect("a sound document");
        if document.taken != 0 {
            receivables.set_taken_before(id, Money::from_minor(-document.taken * 100, currency));
        }
    }
    receivables
}

/// What became of a line: its state, its key, and what it pays of which invoice.
type Became = (LineState, Option<KeyUsed>, Vec<(String, i64)>);

/// What became of each line, by its name.
type Told = BTreeMap<String, Became>;

fn became(
    settlements: &[Settlement],
    receivables: &Receivables,
    matching: &Matching,
    (batch, place): (usize, usize),
) -> Became {
    let parts = matching.parts(receivables, settlements, batch, place);
    let mut parts: Vec<(String, i64)> =
        parts.into_iter().map(|(id, amount)| (receivables.number(id).to_owned(), amount.minor())).collect();
    parts.sort();
    (matching.state(receivables, batch, place), matching.key_used(batch, place), parts)
}

fn matching_of(settlements: &[Settlement], receivables: &Receivables, rules: &AnyRules) -> Matching {
    let rules = Rules { shops: &rules.shops, tolerance: rules.tolerance };
    match_settlements(settlements, receivables, rules).expect("small amounts")
}

fn told(settlements: &[Settlement], receivables: &Receivables, rules: &AnyRules) -> (Told, Matching) {
    let matching = matching_of(settlements, receivables, rules);
    let mut all = Told::new();
    for (batch, settlement) in settlements.iter().enumerate() {
        for (place, line) in settlement.lines().enumerate() {
            let found = became(settlements, receivables, &matching, (batch, place));
            assert!(all.insert(line.reference.to_owned(), found).is_none(), "a line is matched once");
        }
    }
    (all, matching)
}

/// What became of lines that have no name, by their content.
fn told_of_nameless(settlement: &Settlement, receivables: &Receivables, rules: &AnyRules) -> Vec<String> {
    let settlements = std::slice::from_ref(settlement);
    let matching = matching_of(settlements, receivables, rules);
    let of = |(place, line): (usize, Line<'_>)| {
        let content = Line { number: 0, ..line };
        format!("{content:?} {:?}", became(settlements, receivables, &matching, (0, place)))
    };
    let mut all: Vec<String> = settlement.lines().enumerate().map(of).collect();
    all.sort();
    all
}

/// The place of the document of a number.
fn number_of(number: &str) -> usize {
    number.parse::<usize>().expect("a number") - 30_000
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
        rules in any_rules(),
        seed in any::<u64>(),
    ) {
        let documents_as_given = receivables_of(&numbered(&documents), &rules);
        let (plain, _) = told(&[settlement_of("po_1", &numbered(&lines))], &documents_as_given, &rules);
        let plain_nameless = told_of_nameless(&nameless("po_1", &numbered(&lines)), &documents_as_given, &rules);
        let mut shuffled_lines = numbered(&lines);
        let mut shuffled_documents = numbered(&documents);
        // A permutation from the seed: the sort key is a hash of place and seed.
        let mix = |place: usize| (place as u64 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        shuffled_lines.sort_by_key(|(place, _)| mix(*place));
        shuffled_documents.sort_by_key(|(place, _)| mix(place + 1000));
        let receivables = receivables_of(&shuffled_documents, &rules);
        let (shuffled, _) = told(&[settlement_of("po_1", &shuffled_lines)], &receivables, &rules);
        prop_assert_eq!(&plain, &shuffled);
        let shuffled = told_of_nameless(&nameless("po_1", &shuffled_lines), &receivables, &rules);
        prop_assert_eq!(plain_nameless, shuffled);
        // Nor does it matter in which of two batches a line stands.
        let half = shuffled_lines.len() / 2;
        let apart =
            [settlement_of("po_1", &shuffled_lines[..half]), settlement_of("po_2", &shuffled_lines[half..])];
        prop_assert_eq!(&plain, &told(&apart, &receivables, &rules).0);
    }

    #[test]
    fn a_duplicate_report_changes_nothing(
        lines in prop::collection::vec(any_line(), 0..14),
        documents in prop::collection::vec(any_document(), 0..10),
        rules in any_rules(),
    ) {
        let once = settlement_of("po_1", &numbered(&lines));
        let mut turned = numbered(&lines);
        turned.reverse();
        let receivables = receivables_of(&numbered(&documents), &rules);
        let alone = told(std::slice::from_ref(&once), &receivables, &rules).0;
        let arrived = arrivals(vec![once.clone(), settlement_of("po_1", &turned), once]);
        prop_assert_eq!(arrived.settlements.len(), 1);
        prop_assert_eq!(alone, told(&arrived.settlements, &receivables, &rules).0);
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_made(
        lines in prop::collection::vec(any_line(), 0..14),
        documents in prop::collection::vec(any_document(), 0..10),
        rules in any_rules(),
    ) {
        let settlements = [settlement_of("po_1", &numbered(&lines))];
        let receivables = receivables_of(&numbered(&documents), &rules);
        let (told, matching) = told(&settlements, &receivables, &rules);
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
            // In the currency of its documents: that of the settlement, or the one that the buyer paid in.
            let euros = |(number, _): &(String, i64)| documents[number_of(number)].euro;
            let amount = match line.sale {
                Some(sale) if parts.iter().any(euros) => sale.amount,
                _ => line.gross,
            };
            prop_assert_eq!(sum, if matched { amount.minor() } else { 0 });
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
            (document.order, document.payment, document.acquirer, document.credit) = (order, 0, 0, false);
        });
        let rules = AnyRules::plain();
        let documents = numbered(&documents);
        let receivables = receivables_of(&documents, &rules);
        let mut lines = numbered(&lines);
        lines.iter_mut().for_each(|(_, line)| line.original = 0);
        let (first, second) = lines.split_at(earlier.min(lines.len()));
        let together =
            told(&[settlement_of("po_1", first), settlement_of("po_2", second)], &receivables, &rules).0;
        let (_, before) = told(&[settlement_of("po_1", first)], &receivables, &rules);
        let mut later = receivables_of(&documents, &rules);
        for id in receivables.ids() {
            let taken = receivables.taken_before(id).plus(before.taken_back(&receivables, id));
            later.set_taken_before(id, taken.expect("small"));
        }
        let apart = told(&[settlement_of("po_2", second)], &later, &rules).0;
        for (identity, line) in second.iter().filter(|(_, line)| line.kind != Kind::Sale) {
            let name = format!("txn_{identity}");
            prop_assert_eq!(&together[&name], &apart[&name], "{:?}", line);
        }
    }
}
