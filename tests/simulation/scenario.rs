//! What a random history is made of, and what goes wrong in it: all from the seed.

use domain::DocumentKind;
use domain::settings::DifferenceMode;
use engine::memory::Fate;
use sandbox::{Fault, Operation, System, Wrong};

use crate::deployment::Setup;
use crate::history::{Deed, Plan};
use crate::machine::{Decider, Mishap, Place};
use crate::orders::OrderShape;
use crate::random::Random;

/// Longest time that a request may be on its way after its sender gave up, in seconds.
const LATEST_ARRIVAL: u64 = 60;
/// Longest time that a new document may be invisible, in seconds: what the connector declares.
const LONGEST_LAG: u64 = 60;

/// Everything that may go wrong at a call to the ledger.
pub(crate) fn ledger_mishaps(random: &mut Random) -> Vec<Mishap> {
    let mut mishaps = process_mishaps(random);
    mishaps.extend([Mishap::Ledger(Fate::FailsBefore), Mishap::Ledger(Fate::FailsAfter)]);
    mishaps
}

/// Everything that may go wrong at a call to an outside system.
pub(crate) fn outside_mishaps(random: &mut Random, write: bool) -> Vec<Mishap> {
    let mut mishaps = process_mishaps(random);
    mishaps.extend(outside_faults(random, write).into_iter().map(Mishap::Outside));
    mishaps
}

fn process_mishaps(random: &mut Random) -> Vec<Mishap> {
    let mut freeze = || 1_000 + i64::try_from(random.below(4 * 3_600_000)).expect("it fits");
    vec![
        Mishap::CrashBefore,
        Mishap::CrashAfter,
        Mishap::FreezeBefore(freeze()),
        Mishap::FreezeAfter(freeze()),
    ]
}

fn outside_faults(random: &mut Random, write: bool) -> Vec<Fault> {
    let seconds = |random: &mut Random, bound: u64| 1 + i64::try_from(random.below(bound)).expect("it fits");
    let mut faults = vec![
        Fault::FailBefore(*random.pick(&[500, 502, 503, 504])),
        Fault::FailAfter(*random.pick(&[500, 502, 503, 504])),
        Fault::TimeoutBefore,
        Fault::TimeoutAfter,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::TooManyRequests(None),
        Fault::TooManyRequests(Some(u32::try_from(seconds(random, 900)).expect("it fits"))),
        Fault::Unauthorized,
        Fault::MalformedJson,
        Fault::HtmlPage { status: 502, applied: random.chance(500) },
        Fault::HtmlPage { status: 200, applied: random.chance(500) },
        Fault::Redirect,
        Fault::HugeBody(17 * 1024 * 1024),
    ];
    if write {
        faults.extend([
            Fault::LateArrival(seconds(random, LATEST_ARRIVAL)),
            Fault::LookupLag(seconds(random, LONGEST_LAG)),
            Fault::WrongAnswer(Wrong::Amount),
            Fault::WrongAnswer(Wrong::Currency),
            Fault::WrongAnswer(Wrong::Customer),
        ]);
    }
    faults
}

/// A random history.
pub(crate) fn plan(seed: u64) -> (Plan, Decider) {
    let mut random = Random::new(seed ^ 0x5EED);
    let skewed = random.chance(150);
    let merchants = if random.chance(200) { 2 } else { 1 };
    let setups: Vec<Setup> = (0..merchants).map(|_| setup(&mut random, skewed)).collect();
    let minutes =
        |random: &mut Random, most: u64| i64::try_from(random.below(most * 60_000)).expect("it fits");
    let mut orders = Vec::new();
    let mut changes = Vec::new();
    let (mut edits, mut deeds) = (Vec::new(), Vec::new());
    for (index, setup) in setups.iter().enumerate() {
        let count = *random.pick(&[1, 1, 1, 2, 2, 3]);
        for number in 0..count {
            let mut shape = shape(&mut random, 5001 + index * 100 + number);
            if setup.adopts && random.chance(600) {
                shape = OrderShape { adopted: true, status: shape.status, ..OrderShape::plain(shape.id) };
            } else if setup.journal && random.chance(600) {
                shape.status = "on-hold";
            }
            let at = minutes(&mut random, 3);
            if setup.kind == DocumentKind::DraftInvoice {
                draft_life(&mut random, index, &shape, at, &mut edits, &mut deeds);
            }
            if setup.shopify {
                shape = OrderShape::shopify(shape.id);
                shopify_life(&mut random, index, setup, &mut shape, at, &mut changes);
                orders.push((index, at, shape));
                continue;
            }
            if setup.order_first {
                order_life(&mut random, index, &shape, at, &mut edits, &mut changes);
                orders.push((index, at, shape));
                continue;
            }
            for _ in 0..random.below(3) {
                let state = if random.chance(700) { "processing" } else { "completed" };
                changes.push((index, shape.id, at + 1000 + minutes(&mut random, 20), state));
            }
            orders.push((index, at, shape));
        }
    }
    let skew = |random: &mut Random| i64::try_from(random.below(1_200_000)).expect("it fits") - 600_000;
    let plan = Plan {
        setups,
        orders,
        changes,
        edits,
        deeds,
        workers: 1 + usize::try_from(random.below(4)).expect("it fits"),
        skew_ms: if skewed { (0..8).map(|_| skew(&mut random)).collect() } else { Vec::new() },
        lost: random.below(150),
        doubled: random.below(300),
        forged: random.below(200),
        restore: random.chance(150).then(|| {
            let backup = minutes(&mut random, 10);
            (backup, backup + 1000 + minutes(&mut random, 15))
        }),
        trouble_ms: 25 * 60_000,
        apart: merchants == 2 && Random::new(seed ^ 0x150_1A7E).chance(500),
        warm: random.chance(850),
        ..Plan::single(seed)
    };
    let rate = *random.pick(&[0, 10, 30, 60, 100, 160]);
    (plan, decider(random, rate))
}

/// What happens to an order that stands as a sales order first: the shop's staff edits it, and completes it or does not.
fn order_life(
    random: &mut Random,
    index: usize,
    shape: &OrderShape,
    placed_at: i64,
    edits: &mut Vec<(usize, i64, OrderShape)>,
    changes: &mut Vec<(usize, usize, i64, &'static str)>,
) {
    let mut later = |from: i64| from + 1_000 + i64::try_from(random.below(8 * 60_000)).expect("it fits");
    let (begun, edited_at) = (later(placed_at), later(placed_at));
    let completed = later(begun.max(edited_at));
    changes.push((index, shape.id, begun, "processing"));
    if random.chance(400) {
        let mut edited = shape.clone();
        edited.lines.push(("KANDE".to_owned(), 1, 3_000, 750));
        edits.push((index, edited_at, edited));
    }
    if random.chance(850) {
        changes.push((index, shape.id, completed, "completed"));
    }
}

/// How a Shopify order is paid: at once, or later, in one or two parts.
fn shopify_life(
    random: &mut Random,
    index: usize,
    setup: &Setup,
    shape: &mut OrderShape,
    placed_at: i64,
    changes: &mut Vec<(usize, usize, i64, &'static str)>,
) {
    if random.chance(500) {
        return;
    }
    shape.status = "pending";
    let mut later = |from: i64| from + 1_000 + i64::try_from(random.below(8 * 60_000)).expect("it fits");
    let (half, rest) = (later(placed_at), later(placed_at + 8 * 60_000 + 1_000));
    let journal = setup.journal;
    if journal && random.chance(600) {
        changes.push((index, shape.id, half, "half-paid"));
    }
    if !journal || random.chance(700) {
        changes.push((index, shape.id, rest, "paid"));
    }
}

/// What happens to an order whose document is a draft: the shop's staff edits it, a person deletes or books the draft.
fn draft_life(
    random: &mut Random,
    index: usize,
    shape: &OrderShape,
    placed_at: i64,
    edits: &mut Vec<(usize, i64, OrderShape)>,
    deeds: &mut Vec<(usize, usize, i64, Deed)>,
) {
    let mut later = || placed_at + 60_000 + i64::try_from(random.below(20 * 60_000)).expect("it fits");
    let (first, second, deed_at) = (later(), later(), later());
    let mut edited = shape.clone();
    for at in [first.min(second), first.max(second)] {
        if random.chance(600) {
            let net = 1_000 * (1 + i64::try_from(random.below(9)).expect("it fits"));
            edited.lines.push(("KANDE".to_owned(), 1, net, net / 4));
            edits.push((index, at, edited.clone()));
        }
    }
    if random.chance(250) {
        deeds.push((index, shape.id, deed_at, *random.pick(&[Deed::Delete, Deed::Book])));
    }
}

fn setup(random: &mut Random, skewed: bool) -> Setup {
    let kind = if random.chance(700) { DocumentKind::BookedInvoice } else { DocumentKind::DraftInvoice };
    let booked = kind == DocumentKind::BookedInvoice;
    let order_first = booked && random.chance(420);
    let shopify = booked && !order_first && random.chance(500);
    Setup {
        kind,
        order_first,
        journal: booked && !order_first && random.chance(800),
        adopts: booked && !order_first && !shopify && random.chance(150),
        shopify,
        write_back: random.chance(if shopify { 950 } else { 700 }),
        difference: *random.pick(&[
            DifferenceMode::LeaveDraft,
            DifferenceMode::CorrectionLine,
            DifferenceMode::CorrectionLine,
        ]),
        lag_seconds: if random.chance(500) {
            0
        } else {
            i64::try_from(random.below(LONGEST_LAG)).expect("it fits")
        },
        // Where workers' clocks are far apart, two of them may believe a settling time over at different moments: the
        // system's own memory of keys is what keeps that harmless.
        native_keys: skewed || random.chance(400),
        per_line: random.chance(500),
        catalogue: false,
        stock: false,
        register: None,
        credits: false,
    }
}

fn shape(random: &mut Random, id: usize) -> OrderShape {
    let mut shape = if random.chance(450) { OrderShape::uneven(id) } else { OrderShape::plain(id) };
    if random.chance(400) {
        shape.email = "canaryshared@example.org".to_owned();
    }
    if random.chance(250) {
        let number = *random.pick(&["NYT-1", "NYT-2"]);
        shape.lines.push((number.to_owned(), 1, 4_000, 1_000));
    }
    if random.chance(250) {
        shape.status = "pending";
    }
    shape
}

/// Something goes wrong at so many of a thousand points.
pub(crate) fn decider(mut random: Random, rate: u64) -> Decider {
    Box::new(move |_, place, _| {
        // What few histories do at all is disturbed more often, so that every step meets every fault.
        let (rare, most) = match place {
            Place::Outside(_, Operation::DeleteDraft | Operation::WriteJournal | Operation::WriteOrder) => {
                (60, 850)
            }
            Place::Outside(_, Operation::WriteShopStock) => (30, 600),
            Place::Outside(System::Shopify, Operation::ReadShopProducts) => (8, 400),
            Place::Outside(_, Operation::WriteDraft | Operation::ReadJournal) => (16, 500),
            Place::Outside(_, Operation::Book) => (12, 500),
            Place::Outside(_, Operation::CreateProduct) => (8, 500),
            Place::Outside(_, Operation::ReadBooked) => (6, 500),
            Place::Outside(_, Operation::ReadRefunds) => (20, 500),
            Place::Ledger("pause") => (8, 500),
            Place::Outside(System::Shopify, Operation::ListOrders) => (8, 500),
            Place::Outside(_, Operation::ListOrders) => (3, 500),
            Place::Outside(System::Shopify, Operation::ReadOrder) => (4, 500),
            Place::Outside(_, Operation::CreateCustomer | Operation::CreateDraft) => (4, 500),
            Place::Outside(_, Operation::ReadDrafts | Operation::ReadShopProducts)
            | Place::Ledger("advance" | "stock-state" | "put-stock-log") => (2, 500),
            _ => (1, 500),
        };
        if !random.chance((rate * rare).min(most)) {
            return None;
        }
        let mishaps = match place {
            Place::Ledger(_) => ledger_mishaps(&mut random),
            Place::Outside(_, operation) => outside_mishaps(&mut random, operation.is_write()),
        };
        Some(random.pick(&mishaps).clone())
    })
}
