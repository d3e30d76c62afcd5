//! Lives of orders after they are booked: edits, refunds of lines and of amounts, cancellations, told twice, late or never, while
//! everything may go wrong. In the end every order's invoices less its credit notes are what the shop says was paid.

use std::sync::Mutex;

use domain::document::DocumentKind;
use engine::store::{Pause, PauseScope, Status, Store as _};
use jiff::Timestamp;
use rust_decimal::Decimal;
use sandbox::Json;
use sandbox::woocommerce::Shop;

use crate::bugs::Bug;
use crate::checks;
use crate::deployment::{Setup, agreement_name, merchant, shop_name};
use crate::history::{Deed, History, Plan};
use crate::ledger::at_once;
use crate::machine::lock;
use crate::orders::OrderShape;
use crate::random::Random;
use crate::scenario::decider;
use crate::{BUG_SEEDS, in_parallel, number_from, say};

/// Random lives in the test command.
const LIVES: u64 = 3_000;

/// One thing that the shop's staff does to an order. The number decides what is left open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Turn {
    /// Goods are added.
    Add(u64),
    /// A line is taken out, as long as nothing was given back.
    TakeOut(u64),
    /// A line is given back, whole or less a fee.
    GiveBackLine(u64),
    /// An amount is given back.
    GiveBackAmount(u64),
    /// The order is cancelled.
    Cancel,
}

/// What the order stands at in the shop, in øre: its total less what was given back.
fn left(order: &Json) -> i64 {
    let refunds = order.items("refunds").iter().map(|refund| minor(refund.text("total")));
    minor(order.text("total")) + refunds.sum::<i64>()
}

fn minor(text: Option<&str>) -> i64 {
    let amount: Decimal = text.and_then(|text| text.parse().ok()).expect("an amount");
    i64::try_from((amount * Decimal::ONE_HUNDRED).trunc().mantissa()).expect("it fits")
}

fn text(minor: i64) -> String {
    Decimal::new(minor, 2).to_string()
}

/// Does to the order what the turn says, where the shop would let it be done.
pub(crate) fn take_turn(shop: &mut Shop, now: Timestamp, order: usize, turn: Turn) {
    let id = u64::try_from(order).expect("it fits");
    let Some(stored) = shop.orders.get(&id).map(|stored| stored.json.clone()) else { return };
    if stored.text("status") == Some("cancelled") {
        return;
    }
    match turn {
        Turn::Add(number) => {
            let mut lines = stored.items("line_items").to_vec();
            let mut line = lines[0].clone();
            let net = 100 * (1 + i64::try_from(number % 90).expect("it fits"));
            let vat = net / 4;
            line.set("id", u64::try_from(now.as_millisecond()).expect("it is after 1970"));
            line.set("quantity", 1_u64);
            amounts(&mut line, net, vat);
            lines.push(line);
            change_lines(shop, now, id, lines);
        }
        Turn::TakeOut(number) => {
            let mut lines = stored.items("line_items").to_vec();
            if lines.len() > 1 && stored.items("refunds").is_empty() {
                lines.remove(usize::try_from(number).expect("it fits") % lines.len());
                change_lines(shop, now, id, lines);
            }
        }
        Turn::GiveBackLine(number) => give_back_line(shop, now, id, &stored, number),
        Turn::GiveBackAmount(number) => {
            let left = left(&stored);
            if left > 0 {
                let amount = 1 + i64::try_from(number).expect("it fits") % left;
                give_back(shop, now, id, amount, 0, Vec::new());
            }
        }
        Turn::Cancel => drop(shop.change_order(now, id, |order| order.set("status", "cancelled"))),
    }
}

fn amounts(line: &mut Json, net: i64, vat: i64) {
    for field in ["subtotal", "total"] {
        line.set(field, text(net));
        line.set(&format!("{field}_tax"), text(vat));
    }
    let mut tax = line.items("taxes")[0].clone();
    tax.set("total", text(vat));
    tax.set("subtotal", text(vat));
    line.set("taxes", Json::Array(vec![tax]));
}

fn change_lines(shop: &mut Shop, now: Timestamp, id: u64, lines: Vec<Json>) {
    let sum = |field: &str| lines.iter().map(|line| minor(line.text(field))).sum::<i64>();
    let (net, vat) = (sum("total"), sum("total_tax"));
    shop.change_order(now, id, |order| {
        order.set("cart_tax", text(vat));
        order.set("total_tax", text(vat + 980));
        order.set("total", text(net + vat + 4_900));
        order.set("line_items", Json::Array(lines));
    });
}

fn give_back_line(shop: &mut Shop, now: Timestamp, id: u64, order: &Json, number: u64) {
    let lines = order.items("line_items");
    let line = &lines[usize::try_from(number).expect("it fits") % lines.len()];
    let (net, vat) = (minor(line.text("total")), minor(line.text("total_tax")));
    let line_id = line.integer("id").expect("lines have ids").to_string();
    let known = shop.refunds.get(&id).into_iter().flatten();
    let again = known
        .flat_map(|refund| refund.items("line_items"))
        .any(|item| item.items("meta_data").iter().any(|meta| meta.text("value") == Some(line_id.as_str())));
    let gross = net + vat;
    if again || gross > left(order) {
        return;
    }
    let kept = if number.is_multiple_of(3) { gross / 5 } else { 0 };
    let item = Json::parse(
        format!(
            r#"{{"id":1,"name":"Krus","quantity":-{},"total":"-{}","total_tax":"-{}",
                "meta_data":[{{"id":1,"key":"_refunded_item_id","value":"{line_id}"}}]}}"#,
            line.integer("quantity").expect("lines have units"),
            text(net),
            text(vat)
        )
        .as_bytes(),
    );
    give_back(shop, now, id, gross - kept, vat, vec![item.expect("it is JSON")]);
}

fn give_back(shop: &mut Shop, now: Timestamp, id: u64, amount: i64, vat: i64, lines: Vec<Json>) {
    let made = shop.refunds.values().map(Vec::len).sum::<usize>();
    let at = now.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let mut refund = Json::parse(br#"{"reason":"Retur","line_items":[],"shipping_lines":[],"fee_lines":[]}"#)
        .expect("it is JSON");
    refund.set("id", 90_000 + made as u64);
    refund.set("date_created_gmt", at);
    refund.set("amount", text(amount));
    refund.set("line_items", Json::Array(lines));
    shop.add_refund(now, id, refund, &format!("-{}", text(vat)));
}

/// A random life of one or two orders, and what goes wrong meanwhile.
pub(crate) fn life(seed: u64, bug: Option<Bug>, keep_trace: bool) -> History {
    let mut random = Random::new(seed ^ 0xC4ED17);
    let setup = Setup {
        difference: domain::settings::DifferenceMode::CorrectionLine,
        per_line: random.chance(500),
        native_keys: random.chance(400),
        lag_seconds: if random.chance(500) { 0 } else { i64::try_from(random.below(60)).expect("it fits") },
        write_back: random.chance(300),
        credits: true,
        ..Setup::plain()
    };
    let minutes =
        |random: &mut Random, most: u64| i64::try_from(random.below(most * 60_000)).expect("it fits");
    let (mut orders, mut lives) = (Vec::new(), Vec::new());
    for number in 0..*random.pick(&[1, 1, 2]) {
        let id = 5001 + number;
        let shape = if random.chance(500) { OrderShape::uneven(id) } else { OrderShape::plain(id) };
        let at = minutes(&mut random, 2);
        for _ in 0..1 + random.below(6) {
            let open = random.below(1 << 20);
            let turn = *random.pick(&[
                Turn::Add(open),
                Turn::TakeOut(open),
                Turn::GiveBackLine(open),
                Turn::GiveBackLine(open),
                Turn::GiveBackAmount(open),
                Turn::GiveBackAmount(open),
                Turn::Cancel,
            ]);
            // Cancellations end a life: most of them come late.
            let after = if turn == Turn::Cancel { 12 * 60_000 } else { 1_000 };
            lives.push((0, id, at + after + minutes(&mut random, 12), turn));
        }
        orders.push((0, at, shape));
    }
    let plan = Plan {
        setups: vec![setup],
        orders,
        lives,
        workers: 1 + usize::try_from(random.below(3)).expect("it fits"),
        lost: random.below(150),
        doubled: random.below(300),
        restore: random.chance(100).then(|| {
            let backup = minutes(&mut random, 10);
            (backup, backup + 1000 + minutes(&mut random, 15))
        }),
        trouble_ms: 30 * 60_000,
        bug,
        keep_trace,
        ..Plan::single(seed)
    };
    let rate = *random.pick(&[0, 10, 30, 60, 100]);
    let mut history = History::new(plan, decider(random, rate));
    history.run();
    history
}

#[test]
fn a_pause_of_a_month_leaves_one_row_and_the_order_is_booked_and_credited_after_it() {
    let plan = Plan {
        setups: vec![Setup { credits: true, ..Setup::plain() }],
        orders: vec![(0, 0, OrderShape::plain(7301))],
        ..Plan::single(79)
    };
    let mut history = History::new(plan, Box::new(|_, _, _| None));
    history.most_steps = 1_000_000;
    let pause = Pause {
        scope: PauseScope::Merchant { merchant: merchant(0) },
        reason: domain::plan::Reason::new("operator"),
        since: history.machine.now(),
    };
    at_once(history.store.memory.pause(&pause)).expect("the memory is there");
    let days = 30;
    history.run_for(days * 24 * 3_600_000);
    let head = history.head(0, 7301).expect("a head");
    assert_eq!(head.status, Status::Waiting { code: "paused".to_owned() });
    let rows = |history: &History| history.store.memory.log_texts(&head.transfer).len();
    assert_eq!(rows(&history), 1, "one row says that it waits, whatever the number of looks");
    assert!((12..days as u64 * 12 + 60).contains(&head.fence), "looked at every two hours: {}", head.fence);

    history.run();
    assert_eq!(history.head(0, 7301).expect("a head").status, Status::Done);
    {
        let mut world = lock(&history.world);
        let shop = world.woocommerce.get_mut(&shop_name(0)).expect("it exists");
        take_turn(shop, history.machine.now(), 7301, Turn::GiveBackLine(0));
    }
    history.run();
    let head = history.head(0, 7301).expect("a head");
    assert_eq!(head.status, Status::Done, "{head:#?}");
    assert!(head.documents.iter().any(|document| document.kind.is_credit_note()), "{head:#?}");
    let trace = at_once(history.store.memory.log(&head.transfer)).expect("the log");
    assert_eq!(trace.broken_at, None);
    let found = violations(&mut history);
    assert!(found.is_empty(), "{found:#?}");
}

/// Everything that is wrong with a life that has come to its end.
pub(crate) fn violations(history: &mut History) -> Vec<String> {
    let mut found = lock(&history.observed).violations.clone();
    found.extend(lock(&history.store.violations).clone());
    found.extend(history.stuck.clone().map(|words| format!("liveness: {words}")));
    for left in history.left_on_queue() {
        found.push(format!("I3: still on the queue: {left}"));
    }
    checks::documents(history, 0, &mut found);
    checks::customers(history, 0, &mut found);
    let orders: Vec<usize> = history.plan.orders.iter().map(|(_, _, shape)| shape.id).collect();
    for order in orders {
        conserved(history, order, &mut found);
    }
    checks::silence(history, &mut found);
    checks::compared(history, &mut found);
    if history.plan.bug.is_none() {
        checks::proved(history, &mut found);
    }
    found
}

/// After a restore two edits that were booked apart are seen as one, and an order that was edited after its invoice was forgotten
/// as another one: what stands already is found, differs, and is told. The ledger cannot know the rest until somebody has looked.
pub(crate) fn edits_seen_as_one(history: &History, order: usize) -> bool {
    let edited = |turn: &Turn| matches!(turn, Turn::Add(_) | Turn::TakeOut(_));
    let edits = history.plan.lives.iter().any(|(_, of, _, turn)| *of == order && edited(turn));
    let held = history.head(0, order).is_some_and(|head| matches!(head.status, Status::Held { .. }));
    history.plan.restore.is_some() && edits && held
}

/// I2: what is booked of an order less what is credited is what the shop says. Nothing is left as a draft or unsettled.
fn conserved(history: &History, order: usize, found: &mut Vec<String>) {
    let number = order.to_string();
    let of_order =
        |standing: &checks::Standing| standing.reference.split(' ').next() == Some(number.as_str());
    let documents: Vec<checks::Standing> =
        checks::standing(history, 0).into_iter().filter(of_order).collect();
    let booked: Decimal =
        documents.iter().filter(|document| document.booked).map(|document| document.gross).sum();
    let owed = {
        let world = lock(&history.world);
        let stored = &world.woocommerce[&shop_name(0)].orders[&u64::try_from(order).expect("it fits")].json;
        if stored.text("status") == Some("cancelled") { 0 } else { left(stored) }
    };
    let Some(head) = history.head(0, order) else {
        found.push(format!("I3: order {order} is not in the ledger"));
        return;
    };
    let never_booked = documents.is_empty() && matches!(head.status, Status::Skipped { .. }) && owed == 0;
    if edits_seen_as_one(history, order) {
        return;
    }
    if checks::cancelled_with_draft(history, 0, order) {
        let drafts = documents.iter().filter(|document| !document.booked).count();
        if owed != 0 || booked != Decimal::ZERO || drafts != 1 {
            found.push(format!("I2: cancelled order {order} has {drafts} drafts, {booked} is booked"));
        }
        return;
    }
    if booked != Decimal::new(owed, 2) && !never_booked {
        found.push(format!(
            "I2: of order {order} {booked} is booked, the shop says {}; it stands at {:?} {:?}",
            Decimal::new(owed, 2),
            head.status,
            head.facts
        ));
    }
    if documents.iter().any(|document| !document.booked) {
        found.push(format!("I2: a draft of order {order} is left"));
    }
    if !never_booked && head.status != Status::Done {
        found.push(format!("liveness: order {order} ends as {:?} {:?}", head.status, head.facts));
    }
    if head.lease_until.is_some() || head.due_at.is_some() {
        found.push(format!("I3: order {order} is due at {:?}", head.due_at));
    }
    let credited = documents.iter().any(|document| document.gross < Decimal::ZERO);
    let known = head.documents.iter().any(|document| document.kind.is_credit_note());
    if credited != known {
        found.push(format!("I6: credit notes of order {order}: books {credited}, ledger {known}"));
    }
    if let Some(row) = history.store.memory.log_broken_at(&head.transfer) {
        found.push(format!("the log of order {order} is broken at row {row}"));
    }
}

#[test]
fn every_life_of_an_order_ends_with_the_books_at_what_the_shop_says() {
    let single = number_from("SIM_SEED");
    let from = single.unwrap_or(1);
    let count = number_from("SIM_LIVES").unwrap_or(if single.is_some() { 1 } else { LIVES });
    let began = std::time::Instant::now();
    let wrong: Mutex<Vec<(u64, Vec<String>)>> = Mutex::new(Vec::new());
    let (credited, further) = (Mutex::new(0_usize), Mutex::new(0_usize));
    in_parallel(usize::try_from(count).expect("it fits"), |number| {
        let seed = from + number as u64;
        let mut history = life(seed, None, single.is_some());
        let found = violations(&mut history);
        let documents = checks::standing(&history, 0);
        *lock(&credited) += documents.iter().filter(|document| document.gross < Decimal::ZERO).count();
        let invoices = documents.iter().filter(|document| document.gross > Decimal::ZERO).count();
        *lock(&further) += invoices.saturating_sub(history.plan.orders.len());
        if !found.is_empty() {
            say(&format!("SIM_SEED={seed} {found:#?}"));
            lock(&wrong).push((seed, found));
        }
        if single.is_some() {
            say(&history.machine.trace_lines().join("\n"));
        }
    });
    let (credited, further) = (*lock(&credited), *lock(&further));
    say(&format!(
        "{count} lives from seed {from}: {credited} credit notes, {further} further invoices, in {:.0?}",
        began.elapsed()
    ));
    let wrong = wrong.into_inner().expect("no thread panicked");
    let seeds: Vec<u64> = wrong.iter().map(|(seed, _)| *seed).collect();
    assert!(wrong.is_empty(), "{} of {count} lives are wrong; seeds {seeds:?}", wrong.len());
    if count >= LIVES {
        assert!(credited > 2_000 && further > 300, "{credited} credit notes and {further} further invoices");
    }
}

#[test]
fn every_seeded_bug_of_credit_logic_is_caught() {
    for bug in Bug::OF_CREDIT {
        let caught = (1..=BUG_SEEDS).find_map(|seed| {
            let mut history = life(seed, Some(bug), false);
            violations(&mut history).into_iter().next().map(|violation| (seed, violation))
        });
        let (seed, violation) =
            caught.unwrap_or_else(|| panic!("{bug:?} is not caught within {BUG_SEEDS} seeds"));
        let sound = violations(&mut life(seed, None, false));
        assert!(sound.is_empty(), "seed {seed} without {bug:?}: {sound:#?}");
        say(&format!("{bug:?} is caught by seed {seed}: {violation}"));
    }
}

#[test]
fn a_payment_that_comes_after_a_credit_note_is_registered_on_the_invoice() {
    let plan = Plan {
        setups: vec![Setup { journal: true, write_back: false, ..Setup::plain() }],
        orders: vec![(0, 0, OrderShape { status: "on-hold", ..OrderShape::plain(5001) })],
        lives: vec![(0, 5001, 60_000, Turn::GiveBackAmount(999))],
        changes: vec![(0, 5001, 120_000, "processing")],
        ..Plan::single(8)
    };
    let mut history = History::new(plan, Box::new(|_, _, _| None));
    history.run();
    let found = violations(&mut history);
    assert!(found.is_empty(), "{found:#?}");
    let world = lock(&history.world);
    let agreement = &world.agreements[&agreement_name(0)];
    let is_invoice = |document: &&sandbox::economic::Document| document.totals.gross() > Decimal::ZERO;
    let invoices: Vec<u32> = agreement
        .booked
        .iter()
        .filter(|(_, document)| is_invoice(document))
        .map(|(number, _)| *number)
        .collect();
    assert_eq!((agreement.booked.len(), invoices.len()), (2, 1), "an invoice and a credit note");
    let paid: Vec<Option<u32>> =
        agreement.draft_entries.values().map(|entry| entry.customer_invoice).collect();
    assert_eq!(paid, [Some(invoices[0])]);
}

/// One order of a merchant whose invoices a person books, and what is done to its draft.
fn of_a_draft(seed: u64, deed: Deed) -> Plan {
    Plan {
        setups: vec![Setup { kind: DocumentKind::DraftInvoice, credits: true, ..Setup::plain() }],
        deeds: vec![(0, 5001, 30_000, deed)],
        ..Plan::single(seed)
    }
}

/// Gross totals of what stands: booked, and as drafts.
fn gross(history: &History) -> (Vec<Decimal>, Vec<Decimal>) {
    let world = lock(&history.world);
    let agreement = &world.agreements[&agreement_name(0)];
    let booked = agreement.booked.values().map(|document| document.totals.gross()).collect();
    (booked, agreement.drafts.values().map(|document| document.totals.gross()).collect())
}

#[test]
fn a_refund_after_a_person_booked_the_draft_is_credited_although_the_state_is_not_chosen() {
    let mut history = History::new(
        Plan {
            changes: vec![(0, 5001, 60_000, "refunded")],
            lives: vec![(0, 5001, 60_001, Turn::GiveBackAmount(999))],
            ..of_a_draft(9, Deed::Book)
        },
        Box::new(|_, _, _| None),
    );
    history.run();
    let (booked, drafts) = gross(&history);
    assert_eq!((booked.len(), drafts), (1, vec![Decimal::new(-1000, 2)]));
    assert_eq!(history.head(0, 5001).expect("the order is known").status, Status::Done);
}

#[test]
fn a_draft_that_a_person_deleted_is_made_again_when_a_person_asks() {
    let mut history = History::new(of_a_draft(10, Deed::Delete), Box::new(|_, _, _| None));
    history.run();
    assert_eq!(gross(&history), (Vec::new(), Vec::new()));
    let head = history.head(0, 5001).expect("the order is known");
    history.replay(&head);
    history.go_on();
    let (booked, drafts) = gross(&history);
    assert_eq!((booked.len(), drafts.len()), (0, 1), "{:?}", history.head(0, 5001));
    let found = checks::violations(&mut history);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn money_that_goes_back_is_registered_on_the_credit_note() {
    let plan = || Plan {
        setups: vec![Setup { journal: true, write_back: false, ..Setup::plain() }],
        orders: vec![(0, 0, OrderShape::plain(5001))],
        lives: vec![
            (0, 5001, 60_000, Turn::GiveBackAmount(999)),
            (0, 5001, 120_000, Turn::GiveBackAmount(499)),
        ],
        ..Plan::single(8)
    };
    // Each call may fail after it was done: what went back is registered once all the same.
    for mishaps in [false, true] {
        let decide = move |number: usize, place: crate::machine::Place, _: usize| {
            let writes =
                crate::machine::Place::Outside(sandbox::System::Economic, sandbox::Operation::WriteJournal);
            (mishaps && place == writes && number.is_multiple_of(2))
                .then_some(crate::machine::Mishap::CrashAfter)
        };
        let mut history = History::new(plan(), Box::new(decide));
        history.run();
        let found = violations(&mut history);
        assert!(found.is_empty(), "{found:#?}");
        let world = lock(&history.world);
        let agreement = &world.agreements[&agreement_name(0)];
        let mut wanted: Vec<(Option<u32>, Decimal)> = agreement
            .booked
            .iter()
            .map(|(number, document)| (Some(*number), -document.totals.gross()))
            .collect();
        let entries = agreement.draft_entries.values();
        let mut registered: Vec<(Option<u32>, Decimal)> =
            entries.clone().map(|entry| (entry.customer_invoice, entry.amount)).collect();
        wanted.sort();
        registered.sort();
        assert_eq!(registered, wanted, "each document is paid by its own money, and nothing is left open");
        assert_eq!(registered.len(), 3);
        assert!(entries.clone().all(|entry| entry.contra_account == Some(5820)));
    }
}

#[test]
fn a_draft_that_was_to_be_deleted_is_made_again_when_the_order_is_paid_after_all() {
    // The night may have learned that it is gone before the buyer pays, or not.
    for learned in [false, true] {
        let mut history = History::new(
            Plan {
                changes: vec![(0, 5001, 20_000, "failed"), (0, 5001, 15 * 60_000, "processing")],
                ..of_a_draft(11, Deed::Delete)
            },
            Box::new(|_, _, _| None),
        );
        history.run_for(10 * 60_000);
        let head = history.head(0, 5001).expect("the order is known");
        assert_eq!(head.status, Status::Held { code: "voided-with-draft".to_owned() });
        assert_eq!(gross(&history), (Vec::new(), Vec::new()), "it was deleted as the mail said");
        if learned {
            history.replay(&head);
            history.run_for(4 * 60_000);
            let head = history.head(0, 5001).expect("the order is known");
            assert_eq!(head.status, Status::Skipped { code: "state-not-chosen".to_owned() });
        }
        history.run();
        let (booked, drafts) = gross(&history);
        assert_eq!((booked.len(), drafts.len()), (0, 1), "{learned}: {:?}", history.head(0, 5001));
    }
}

/// An order whose invoice another integration has booked, and what becomes of it once 10.00 is given back at this time.
fn cut_over(at: i64, credited: bool) -> History {
    let plan = Plan {
        setups: vec![Setup { adopts: true, credits: true, write_back: false, ..Setup::plain() }],
        orders: vec![(0, 0, OrderShape { adopted: true, credited, ..OrderShape::plain(5001) })],
        lives: vec![(0, 5001, at, Turn::GiveBackAmount(999))],
        ..Plan::single(8)
    };
    let mut history = History::new(plan, Box::new(|_, _, _| None));
    history.run();
    history
}

#[test]
fn what_follows_an_adopted_invoice_goes_to_its_own_customer() {
    let history = cut_over(60_000, false);
    let world = lock(&history.world);
    let agreement = &world.agreements[&agreement_name(0)];
    let customers: Vec<Option<i64>> =
        agreement.booked.values().map(|document| document.json.integer("customer.customerNumber")).collect();
    assert_eq!(customers, [Some(1000), Some(1000)], "the invoice and its credit note");
    let buyer = agreement
        .customers
        .values()
        .find(|customer| customer.text("email") == Some("canary5001@example.org"));
    assert!(buyer.is_none(), "nothing is made for an invoice that stands: {buyer:?}");
    drop(world);
    assert_eq!(history.head(0, 5001).map(|head| head.status), Some(Status::Done));
}

#[test]
fn a_refund_that_another_integration_may_have_credited_is_not_credited_again() {
    let history = cut_over(0, true);
    assert_eq!(lock(&history.world).agreements[&agreement_name(0)].booked.len(), 2, "nothing of ours");
    let head = history.head(0, 5001).expect("the order is known");
    assert_eq!(head.status, Status::Held { code: "credited-by-another".to_owned() }, "{:?}", head.facts);
    // Without a credit note beside it the invoice is adopted, and the refund is credited.
    let history = cut_over(0, false);
    assert_eq!(lock(&history.world).agreements[&agreement_name(0)].booked.len(), 2);
    assert_eq!(history.head(0, 5001).map(|head| head.status), Some(Status::Done));
}
