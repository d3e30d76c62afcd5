//! Which invoice a line belongs to: the cases a bookkeeper meets, one story each.

use domain::matching::*;
use domain::settings::OrderNumberRules;
use domain::settlement::*;
use domain::{Currency, Money};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use crate::world::*;

/// A document in words.
#[derive(Clone, Copy)]
pub(crate) struct Paper {
    pub(crate) number: &'static str,
    pub(crate) order: &'static str,
    pub(crate) total: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) payment: &'static str,
    pub(crate) shop: &'static str,
    pub(crate) customer: u32,
    pub(crate) currency: Currency,
    pub(crate) date: Date,
}

pub(crate) fn paper(number: &'static str, order: &'static str, total: &'static str) -> Paper {
    Paper {
        number,
        order,
        total,
        expected: total,
        payment: "",
        shop: "woocommerce:shop.example",
        customer: 7,
        currency: Currency::DKK,
        date: date(2026, 11, 18),
    }
}

pub(crate) fn receivables_by(rules: OrderNumberRules, papers: &[Paper]) -> Receivables {
    let mut receivables = Receivables::new(rules);
    for paper in papers {
        let money = |text| Money::parse(text, paper.currency).expect("amount");
        let payments: &[&str] = if paper.payment.is_empty() { &[] } else { &[paper.payment] };
        let added = receivables.add(&Receivable {
            number: paper.number,
            shop: paper.shop,
            order: paper.order,
            payments,
            acquirer_references: &[],
            customer: paper.customer,
            date: paper.date,
            total: money(paper.total),
            expected: money(paper.expected),
        });
        added.expect("a sound document");
    }
    receivables
}

pub(crate) fn receivables(papers: &[Paper]) -> Receivables {
    receivables_by(OrderNumberRules::default(), papers)
}

/// One settlement's lines and the documents, matched.
struct Told {
    settlements: Vec<Settlement>,
    receivables: Receivables,
    matching: Matching,
}

fn tell(lines: &[Line<'_>], papers: &[Paper]) -> Told {
    tell_by(OrderNumberRules::default(), Rules::default(), lines, papers)
}

fn tell_by(numbers: OrderNumberRules, rules: Rules<'_>, lines: &[Line<'_>], papers: &[Paper]) -> Told {
    let settlements = vec![batch(lines)];
    let receivables = receivables_by(numbers, papers);
    let matching = match_settlements(&settlements, &receivables, rules).expect("small amounts");
    Told { settlements, receivables, matching }
}

impl Told {
    fn states(&self) -> Vec<LineState> {
        (0..self.settlements[0].len()).map(|line| self.matching.state(&self.receivables, 0, line)).collect()
    }

    /// `invoice:amount` for each share of a line.
    fn parts(&self, line: usize) -> Vec<String> {
        self.matching
            .parts(&self.receivables, &self.settlements, 0, line)
            .iter()
            .map(|(id, amount)| format!("{}:{amount}", self.receivables.number(*id)))
            .collect()
    }

    fn key(&self, line: usize) -> Option<KeyUsed> {
        self.matching.key_used(0, line)
    }
}

fn by(kind: Kind, number: u32, gross: &str, keys: LinkKeys<'static>) -> Line<'static> {
    Line { keys, ..Line::new(number, kind, "word", dkk(gross)) }
}

fn order(order: &'static str) -> LinkKeys<'static> {
    LinkKeys { order, ..LinkKeys::default() }
}

use LineState::{Ambiguous, Exact, NoPayment, NotFound, OtherCurrency, Over, Partial};

#[test]
fn an_order_number_finds_its_invoice_whatever_the_shop_writes_before_it() {
    let told = tell(&[sale(2, "1001", "100.00", "-2.00")], &[paper("30001", "#1001", "100.00")]);
    assert_eq!(told.states(), [Exact]);
    assert_eq!((told.key(0), told.parts(0)), (Some(KeyUsed::Order), vec!["30001:100.00".to_owned()]));
    let told = tell(&[sale(2, "01001", "100.00", "-2.00")], &[paper("30001", "#1001", "100.00")]);
    assert_eq!(told.states(), [NotFound], "leading zeros count unless the merchant says they do not");
    let loose = OrderNumberRules { ignore_leading_zeros: true, ..OrderNumberRules::default() };
    let papers = [paper("30001", "#1001", "100.00")];
    let told = tell_by(loose, Rules::default(), &[sale(2, "01001", "100.00", "-2.00")], &papers);
    assert_eq!(told.states(), [Exact]);
}

#[test]
fn keys_are_tried_in_their_order() {
    let papers = [
        Paper { payment: "ch_1", ..paper("30001", "1001", "100.00") },
        Paper { payment: "ch_2", ..paper("30002", "1002", "100.00") },
    ];
    let both = LinkKeys { order: "1001", transaction: "ch_2", ..LinkKeys::default() };
    let told = tell(&[by(Kind::Sale, 2, "100.00", both)], &papers);
    assert_eq!(told.parts(0), ["30001:100.00"], "the order number comes first");
    let cases: [(LinkKeys<'static>, KeyUsed); 4] = [
        (LinkKeys { merchant: "1002", ..LinkKeys::default() }, KeyUsed::Order),
        (LinkKeys { merchant: "x", transaction: "ch_2", ..LinkKeys::default() }, KeyUsed::Transaction),
        (LinkKeys { modification: "ch_2", ..LinkKeys::default() }, KeyUsed::PaymentReference),
        (LinkKeys { acquirer: "ch_2", invoice: "30002", ..LinkKeys::default() }, KeyUsed::Invoice),
    ];
    for (keys, key) in cases {
        let told = tell(&[by(Kind::Sale, 2, "100.00", keys)], &papers);
        assert_eq!((told.key(0), told.parts(0)), (Some(key), vec!["30002:100.00".to_owned()]), "{keys:?}");
    }
}

#[test]
fn a_refund_finds_its_sale_by_the_original_reference_even_within_the_report() {
    let sold = LinkKeys { order: "1001", transaction: "ch_9", ..LinkKeys::default() };
    let back = LinkKeys { original: "ch_9", transaction: "re_9", ..LinkKeys::default() };
    let lines = [by(Kind::Refund, 2, "-30.00", back), by(Kind::Sale, 3, "100.00", sold)];
    let told = tell(&lines, &[paper("30001", "1001", "100.00")]);
    assert_eq!(told.states(), [Partial, Exact]);
    assert_eq!((told.key(0), told.parts(0)), (Some(KeyUsed::Original), vec!["30001:-30.00".to_owned()]));
    let with_note = [paper("30001", "1001", "100.00"), paper("30002", "1001", "-30.00")];
    let told = tell(&lines, &with_note);
    assert_eq!(told.states(), [Exact, Exact], "with a credit note the refund pays it");
    assert_eq!(told.parts(0), ["30002:-30.00"]);
}

#[test]
fn split_captures_pay_one_invoice_together() {
    let lines = [sale(2, "1001", "60.00", "0.00"), sale(3, "1001", "40.00", "0.00")];
    let told = tell(&lines, &[paper("30001", "1001", "100.00")]);
    assert_eq!(told.states(), [Exact, Exact]);
    let told = tell(&lines[..1], &[paper("30001", "1001", "100.00")]);
    assert_eq!(told.states(), [Partial], "the rest is still to come");
    let later = Paper { expected: "40.00", ..paper("30001", "1001", "100.00") };
    assert_eq!(tell(&lines[1..], &[later]).states(), [Exact], "an earlier payout settled the first part");
}

#[test]
fn a_payment_that_came_twice_is_seen() {
    let lines = [sale(2, "1001", "100.00", "0.00"), sale(3, "1001", "100.00", "0.00")];
    assert_eq!(tell(&lines, &[paper("30001", "1001", "100.00")]).states(), [Over, Over]);
}

#[test]
fn several_deliveries_of_an_order_are_paid_by_their_own_captures() {
    let papers = [paper("30001", "1001", "60.00"), paper("30002", "1001", "40.00")];
    let lines = [sale(2, "1001", "40.00", "0.00"), sale(3, "1001", "60.00", "0.00")];
    let told = tell(&lines, &papers);
    assert_eq!(told.states(), [Exact, Exact]);
    assert_eq!(
        (told.parts(0), told.parts(1)),
        (vec!["30002:40.00".to_owned()], vec!["30001:60.00".to_owned()])
    );
    let told = tell(&[sale(2, "1001", "100.00", "0.00")], &papers);
    assert_eq!(told.states(), [Exact], "one capture for both");
    assert_eq!(told.parts(0), ["30001:60.00", "30002:40.00"]);
    let told = tell(&[sale(2, "1001", "70.00", "0.00")], &papers);
    assert_eq!(told.states(), [Ambiguous], "which one it pays nobody knows");
    let paid = [Paper { expected: "0.00", ..papers[0] }, papers[1]];
    let told = tell(&[sale(2, "1001", "40.00", "0.00")], &paid);
    assert_eq!(told.parts(0), ["30002:40.00"], "the first delivery was settled before");
}

#[test]
fn lines_without_a_name_are_put_on_documents_by_their_content_and_not_by_their_place() {
    let papers = [paper("30001", "1001", "100.00"), paper("30002", "1001", "100.00")];
    let (dear, cheap) = (sale(2, "1001", "100.00", "-2.00"), sale(3, "1001", "100.00", "-1.00"));
    let (told, turned) = (tell(&[dear, cheap], &papers), tell(&[cheap, dear], &papers));
    assert_eq!(told.states(), [Exact, Exact]);
    assert_eq!((told.parts(0), told.parts(1)), (turned.parts(1), turned.parts(0)));
}

#[test]
fn one_payment_for_two_orders_by_the_payment_or_by_a_list_of_numbers() {
    let shared = |number, order, total| Paper { payment: "ch_1", ..paper(number, order, total) };
    let papers = [shared("30001", "1001", "60.00"), shared("30002", "1002", "40.00")];
    let keys = LinkKeys { transaction: "ch_1", ..LinkKeys::default() };
    let told = tell(&[by(Kind::Sale, 2, "100.00", keys)], &papers);
    assert_eq!((told.states(), told.parts(0).len()), (vec![Exact], 2));
    let told = tell(&[by(Kind::Sale, 2, "99.99", keys)], &papers);
    assert_eq!(told.states(), [Ambiguous], "an øre missing from one of them");
    let listed = OrderNumberRules { separator: Some(",".to_owned()), ..OrderNumberRules::default() };
    let line = [by(Kind::Sale, 2, "100.00", order("#1001, #1002"))];
    assert_eq!(tell_by(listed.clone(), Rules::default(), &line, &papers).parts(0).len(), 2);
    let line = [by(Kind::Sale, 2, "100.00", order("1001,1003"))];
    assert_eq!(tell_by(listed, Rules::default(), &line, &papers).states(), [NotFound]);
}

#[test]
fn what_a_gift_card_paid_is_not_expected_from_the_acquirer() {
    let part = Paper { expected: "300.00", ..paper("30001", "1001", "500.00") };
    assert_eq!(tell(&[sale(2, "1001", "300.00", "0.00")], &[part]).states(), [Exact]);
    assert_eq!(tell(&[sale(2, "1001", "500.00", "0.00")], &[part]).states(), [Over]);
}

#[test]
fn a_chargeback_and_its_reversal_stand_on_the_invoice() {
    let lines = [
        sale(2, "1001", "100.00", "0.00"),
        by(Kind::Chargeback, 3, "-100.00", order("1001")),
        by(Kind::ChargebackReversal, 4, "100.00", order("1001")),
    ];
    let papers = [paper("30001", "1001", "100.00")];
    assert_eq!(tell(&lines[..2], &papers).states(), [Exact, Exact]);
    let told = tell(&lines, &papers);
    assert_eq!(told.states(), [Exact, Exact, Exact], "taken and given back");
    let id = told.receivables.ids().next().expect("one");
    assert!(told.matching.taken_back(&told.receivables, id).is_zero());
    let twice = [lines[0], lines[1], by(Kind::Refund, 4, "-100.00", order("1001"))];
    assert_eq!(tell(&twice, &papers).states(), [Exact, Over, Over], "refunded and charged back");
}

/// What becomes of lines when earlier payouts took these amounts back of the documents, in their order.
fn told_after(taken: &[&str], lines: &[Line<'_>], papers: &[Paper]) -> (Vec<LineState>, Vec<String>) {
    let mut receivables = receivables_by(OrderNumberRules::default(), papers);
    let ids: Vec<ReceivableId> = receivables.ids().collect();
    ids.into_iter().zip(taken).for_each(|(id, taken)| receivables.set_taken_before(id, dkk(taken)));
    let settlements = [batch(lines)];
    let matching = match_settlements(&settlements, &receivables, Rules::default()).expect("small amounts");
    let parts = |place| matching.parts(&receivables, &settlements, 0, place);
    let numbers = (0..lines.len()).flat_map(parts).map(|(id, _)| receivables.number(id).to_owned());
    ((0..lines.len()).map(|place| matching.state(&receivables, 0, place)).collect(), numbers.collect())
}

#[test]
fn a_dispute_won_in_a_later_payout_gives_back_to_the_invoice_that_it_was_taken_from() {
    let papers = [paper("30001", "1001", "100.00"), paper("30002", "1001", "60.00")];
    let of = |kind, number, amount| by(kind, number, amount, order("1001"));
    let won = of(Kind::ChargebackReversal, 2, "100.00");
    let alone = |taken: &[&str], lines: &[Line<'_>]| told_after(taken, lines, &papers[..1]).0;
    assert_eq!(alone(&["-100.00"], &[won]), [Exact]);
    assert_eq!(alone(&["-30.00"], &[of(Kind::ChargebackReversal, 2, "30.00")]), [Exact]);
    assert_eq!(alone(&["-100.00"], &[of(Kind::ChargebackReversal, 2, "40.00")]), [Partial]);
    assert_eq!(alone(&["0.00"], &[won]), [Over], "nothing was taken");
    assert_eq!(alone(&["-99.99"], &[won]), [Over], "an øre more than was taken");
    let again = Line { number: 3, ..won };
    assert_eq!(alone(&["-100.00"], &[won, again]), [Over, Over], "given back twice");
    let lost = of(Kind::Chargeback, 3, "-100.00");
    assert_eq!(alone(&["-100.00"], &[lost]), [Over], "taken twice");
    assert_eq!(alone(&["-100.00"], &[won, lost]), [Exact, Exact], "won, and lost again");
    // Of two invoices of the order it is the one from which it was taken, and neither where both were.
    assert_eq!(told_after(&["-100.00"], &[won], &papers), (vec![Exact], vec!["30001".to_owned()]));
    let part = [of(Kind::ChargebackReversal, 2, "10.00")];
    assert_eq!(told_after(&["0.00", "-60.00"], &part, &papers), (vec![Partial], vec!["30002".to_owned()]));
    assert_eq!(told_after(&["-10.00", "-60.00"], &part, &papers).1, ["30001"], "just as much");
    assert_eq!(told_after(&["-20.00", "-60.00"], &part, &papers), (vec![Ambiguous], Vec::new()));
}

#[test]
fn two_shops_with_one_number_are_told_apart_by_a_later_key_or_not_at_all() {
    let other = Paper { shop: "shopify:other.example", payment: "ch_2", ..paper("30002", "1001", "100.00") };
    let papers = [Paper { payment: "ch_1", ..paper("30001", "1001", "100.00") }, other];
    let told = tell(&[sale(2, "1001", "100.00", "0.00")], &papers);
    assert_eq!(told.states(), [Ambiguous]);
    assert_eq!(told.matching.candidates(0, 0).len(), 2);
    let keys = LinkKeys { order: "1001", transaction: "ch_2", ..LinkKeys::default() };
    let told = tell(&[by(Kind::Sale, 2, "100.00", keys)], &papers);
    assert_eq!(told.parts(0), ["30002:100.00"]);
    let shops = ["woocommerce:shop.example".to_owned()];
    let rules = Rules { shops: &shops, ..Rules::default() };
    let lines = [sale(2, "1001", "100.00", "0.00")];
    let told = tell_by(OrderNumberRules::default(), rules, &lines, &papers);
    assert_eq!(told.parts(0), ["30001:100.00"], "the account belongs to one shop");
}

#[test]
fn invoices_made_by_hand_and_before_go_live_are_matched_too() {
    let by_hand = Paper { shop: "", customer: 9, ..paper("12", "1001", "100.00") };
    assert_eq!(tell(&[sale(2, "1001", "100.00", "0.00")], &[by_hand]).states(), [Exact]);
    let stranger = Paper { shop: "", customer: 8, ..paper("13", "1001", "100.00") };
    assert_eq!(tell(&[sale(2, "1001", "100.00", "0.00")], &[by_hand, stranger]).states(), [Ambiguous]);
}

#[test]
fn a_sale_in_another_currency_is_compared_in_its_own() {
    let euro = |text| Money::parse(text, Currency::EUR).expect("amount");
    let invoice = Paper { currency: Currency::EUR, ..paper("30001", "1001", "100.00") };
    let mut line = sale(2, "1001", "745.10", "-8.00");
    line.sale = Some(SaleAmount { amount: euro("100.00"), rate: Some("7.451".parse().expect("rate")) });
    let told = tell(&[line], &[invoice]);
    assert_eq!((told.states(), told.parts(0)), (vec![Exact], vec!["30001:100.00".to_owned()]));
    line.sale = Some(SaleAmount { amount: euro("99.99"), rate: None });
    assert_eq!(tell(&[line], &[invoice]).states(), [Partial]);
    line.sale = None;
    assert_eq!(tell(&[line], &[invoice]).states(), [OtherCurrency]);
}

#[test]
fn equal_figures_in_two_currencies_are_not_shared_out_over_an_orders_invoices() {
    let euro: Currency = "EUR".parse().expect("a currency");
    let papers =
        [paper("30001", "1001", "100.00"), Paper { currency: euro, ..paper("30002", "1001", "100.00") }];
    let sale = SaleAmount { amount: Money::parse("100.00", euro).expect("amount"), rate: None };
    let line = |number| Line { sale: Some(sale), ..by(Kind::Sale, number, "100.00", order("1001")) };
    let told = tell(&[line(2), line(3)], &papers);
    assert_eq!(told.states(), [Ambiguous, Ambiguous]);
    assert_eq!((told.parts(0), told.parts(1)), (vec![], vec![]));
}

#[test]
fn fees_reserves_and_payouts_are_no_payments() {
    let lines = [
        plain(2, Kind::Fee, "fee", "-9.00"),
        plain(3, Kind::ReserveHold, "hold", "-40.00"),
        plain(4, Kind::ReserveRelease, "release", "40.00"),
        plain(5, Kind::Unknown, "new", "-1.00"),
    ];
    assert_eq!(tell(&lines, &[paper("30001", "1001", "9.00")]).states(), [NoPayment; 4]);
}

#[test]
fn a_tolerance_is_the_merchants_to_give() {
    let papers = [paper("30001", "1001", "100.00")];
    let lines = [sale(2, "1001", "99.98", "0.00")];
    assert_eq!(tell(&lines, &papers).states(), [Partial]);
    let rules = |tolerance| Rules { tolerance, ..Rules::default() };
    assert_eq!(tell_by(OrderNumberRules::default(), rules(1), &lines, &papers).states(), [Partial]);
    assert_eq!(tell_by(OrderNumberRules::default(), rules(2), &lines, &papers).states(), [Exact]);
}

#[test]
fn equal_amount_and_near_date_are_only_suggested() {
    let mut line = sale(2, "unknown", "100.00", "0.00");
    line.occurred = When::Day(date(2026, 11, 20));
    let papers = [
        paper("30001", "1001", "100.00"),
        Paper { date: date(2026, 11, 20), ..paper("30002", "1002", "100.00") },
        Paper { date: date(2026, 10, 1), ..paper("30003", "1003", "100.00") },
        paper("30004", "1004", "100.01"),
    ];
    let told = tell(&[line], &papers);
    assert_eq!(told.states(), [NotFound]);
    let zone = TimeZone::UTC;
    let found = told.matching.suggestions(&told.receivables, &told.settlements, 0, 5, &zone);
    let named: Vec<(&str, u32)> = found[0]
        .1
        .iter()
        .map(|suggestion| (told.receivables.number(suggestion.document), suggestion.days))
        .collect();
    assert_eq!(named, [("30002", 0), ("30001", 2)]);
}

/// Lines are looked up many at once: whatever stands between them, each finds its own.
#[test]
fn among_many_lines_each_finds_its_own_document() {
    let mut receivables = Receivables::new(OrderNumberRules::default());
    for number in 0..200_u32 {
        let total = dkk(&format!("{}.00", 100 + number));
        let document = Receivable {
            number: &format!("{}", 30_000 + number),
            shop: "woocommerce:shop.example",
            order: &format!("#{number}"),
            payments: &[&format!("ch_{number}")],
            acquirer_references: &[],
            customer: 7,
            date: date(2026, 11, 18),
            total,
            expected: total,
        };
        receivables.add(&document).expect("a sound document");
        if number % 11 == 3 {
            // Another shop has the same order number: the order's number alone decides nothing.
            let other =
                Receivable { number: "other", shop: "woocommerce:other.example", payments: &[], ..document };
            receivables.add(&other).expect("a sound document");
        }
    }
    let mut settlement = Settlement::new(key("po_1"), SettlementMode::Net, source());
    for number in 0..200_u32 {
        let (order, charge) = (number.to_string(), format!("ch_{number}"));
        let gross = dkk(&format!("{}.00", 100 + number));
        let (kind, keys) = match number % 5 {
            0 => (Kind::Fee, LinkKeys::default()),
            1 => (Kind::Sale, LinkKeys { order: "unknown", ..LinkKeys::default() }),
            2 => (Kind::Sale, LinkKeys { transaction: &charge, ..LinkKeys::default() }),
            _ => (Kind::Sale, LinkKeys { order: &order, ..LinkKeys::default() }),
        };
        settlement.push(&Line { keys, ..Line::new(number, kind, "charge", gross) }).expect("a sound line");
    }
    let settlements = [settlement.sealed()];
    let matching = match_settlements(&settlements, &receivables, Rules::default()).expect("amounts that add");
    for number in 0..200_u32 {
        let line = number as usize;
        let expected = match number % 5 {
            0 => LineState::NoPayment,
            1 => LineState::NotFound,
            2 => LineState::Exact,
            _ if number % 11 == 3 => LineState::Ambiguous,
            _ => LineState::Exact,
        };
        assert_eq!(matching.state(&receivables, 0, line), expected, "line {number}");
        let parts = matching.parts(&receivables, &settlements, 0, line);
        let found: Vec<&str> = parts.iter().map(|(id, _)| receivables.number(*id)).collect();
        let own = (30_000 + number).to_string();
        let wanted: &[&str] = if expected == LineState::Exact { &[&own] } else { &[] };
        assert_eq!(found, wanted, "line {number}");
    }
}

/// So many lines that they are looked up in two portions at least.
#[test]
fn two_threads_find_what_one_finds() {
    let lines = 140_000_u32;
    let mut receivables = Receivables::new(OrderNumberRules::default());
    for number in 0..lines / 2 {
        // Of each hundred one is a credit note, and one has the order number of the one before it.
        let total = Money::from_minor(if number % 100 == 7 { -10_000 } else { 10_000 }, Currency::DKK);
        let order = number - u32::from(number % 100 == 9);
        let document = Receivable {
            number: &number.to_string(),
            shop: "woocommerce:shop.example",
            order: &format!("#{order}"),
            payments: &[],
            acquirer_references: &[],
            customer: number % 3,
            date: date(2026, 11, 18),
            total,
            expected: total,
        };
        receivables.add(&document).expect("a sound document");
    }
    let mut settlement = Settlement::new(key("po_1"), SettlementMode::Net, source());
    for number in 0..lines {
        // Most orders are paid twice, some once in half, some are paid back; some lines name none that is there.
        let order =
            (number.wrapping_mul(7_919) % (lines / 2) + u32::from(number % 50 == 0) * lines).to_string();
        let (kind, minor) = match number % 9 {
            0 => (Kind::Refund, -10_000),
            1 => (Kind::Sale, 5_000),
            2 | 8 => (Kind::Fee, -100),
            _ => (Kind::Sale, 10_000),
        };
        let keys = LinkKeys { order: &order, ..LinkKeys::default() };
        let gross = Money::from_minor(minor, Currency::DKK);
        settlement.push(&Line { keys, ..Line::new(number, kind, "line", gross) }).expect("a sound line");
    }
    let settlements = [settlement.sealed()];
    let rules = Rules::default();
    let one = match_settlements(&settlements, &receivables, rules).expect("amounts that add");
    let two = match_settlements_on_two_threads(&settlements, &receivables, rules).expect("amounts that add");
    assert!(one == two, "the same of every line and document");
    let counts = one.counts(&receivables, 0);
    let states = [
        LineState::Exact,
        LineState::Partial,
        LineState::Over,
        LineState::Ambiguous,
        LineState::NotFound,
        LineState::NoPayment,
    ];
    assert!(states.iter().all(|state| counts.contains_key(state)), "every state is among them: {counts:?}");
}

#[test]
fn a_reference_that_very_many_sales_have_leads_nowhere_and_is_not_followed() {
    const SALES: u32 = 10_000;
    let orders: Vec<&'static str> =
        (0..SALES).map(|number| &*(100_000 + number).to_string().leak()).collect();
    let papers: Vec<Paper> = orders.iter().map(|order| paper(order, order, "100.00")).collect();
    let same = "the same";
    let sale = |order| LinkKeys { order, transaction: same, ..LinkKeys::default() };
    let refund = LinkKeys { original: same, ..LinkKeys::default() };
    let sales = (2..).zip(&orders).map(|(number, order)| by(Kind::Sale, number, "100.00", sale(*order)));
    let refunds = (2 + SALES..).zip(&orders).map(|(number, _)| by(Kind::Refund, number, "-1.00", refund));
    let invoice = LinkKeys { original: same, invoice: orders[7], ..LinkKeys::default() };
    let last = by(Kind::Refund, 500_000, "-1.00", invoice);
    let lines: Vec<Line<'_>> = sales.chain(refunds).chain([last]).collect();
    let told = tell(&lines, &papers);
    let states = told.states();
    let (first, last) = (SALES as usize, 2 * SALES as usize);
    assert!(states[..first].iter().all(|state| *state == Exact));
    assert!(states[first..last].iter().all(|state| *state == Ambiguous));
    assert!(told.matching.candidates(0, first).is_empty(), "it could be any");
    // A later key says what this one does not.
    assert_eq!((told.key(last), told.parts(last)), (Some(KeyUsed::Invoice), vec!["100007:-1.00".to_owned()]));
}

/// So many that holding each amount against each line would not come to an end within anybody's patience.
#[test]
fn very_many_lines_of_one_order_are_shared_out() {
    const LINES: u32 = 300_000;
    let papers = [
        paper("10017", "#1001", "100.00"),
        paper("10018", "#1001", "250.00"),
        paper("10019", "#1002", "1.00"),
    ];
    let line = |number: u32| {
        let gross = Money::from_minor(i64::from(50_000 + number), Currency::DKK);
        Line { gross, ..by(Kind::Sale, 10 + number, "1.00", order("1001")) }
    };
    let mut lines: Vec<Line<'_>> = (0..LINES).map(line).collect();
    lines.push(by(Kind::Sale, 2, "250.00", order("1001")));
    let told = tell(&lines, &papers);
    assert_eq!(told.parts(LINES as usize), ["10018:250.00"]);
    assert_eq!(told.parts(0), ["10017:500.00"], "the other document is all that is left");
}
