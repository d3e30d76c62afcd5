//! The storm: many orders go through the real functions while their processes are killed in every phase of a transfer and
//! the host is stopped and started again. It takes minutes, so it is run by `.ci/run` and not with the other tests:
//! `cargo test -p bogbro --test storm -- --ignored`.

#[path = "../flows/stage.rs"]
#[allow(dead_code, reason = "the flows use the rest of the stage")]
mod stage;

mod kills;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use bogbro::local::HostConfig;
use domain::MerchantId;
use engine::store::{Head, Status};
use jiff::Timestamp;
use platform::operations::Listing;
use sandbox::demo;

use kills::{Kills, Phase};
use stage::{MERCHANT, Shop, Stage, oracle_settings, plain_order, signed};

/// Orders of the storm.
const ORDERS: u64 = 500;
/// The first order's id.
const FIRST: u64 = 20_001;
/// The least number of kills in each phase.
const KILLS: usize = 20;
/// Orders that are sent at the same time.
const SENDERS: u64 = 6;
/// The storm takes no longer than this.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// The host of a storm: what is delivered to a killed process comes again soon, the clock's function runs often, and an
/// invocation is short, which makes a lease short. A request to the outside may take 30 seconds, so it cannot be shorter.
fn stormy(config: &mut HostConfig) {
    stage::by_policies(config);
    config.redelivery = Some(Duration::from_secs(2));
    config.environment.insert("BOGBRO_LOG".to_owned(), "warn".to_owned());
    config.functions.retain(|function| function.name != "notifications");
    for function in &mut config.functions {
        match function.name.as_str() {
            "order-processing" => function.timeout = Duration::from_secs(42),
            "scheduler" => {
                for trigger in &mut function.triggers {
                    if let bogbro::local::Trigger::Every(rate) = trigger {
                        *rate = Duration::from_secs(3);
                    }
                }
            }
            _ => {}
        }
    }
}

/// A connection whose sweep comes late: in its minute the sweep would run with every tick of this fast clock.
fn connection() -> String {
    let minute = Timestamp::now().as_second().div_euclid(60);
    let turn = |id: &str| {
        let sum = id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        i64::from(sum) % 10
    };
    let wanted = (minute - 1).rem_euclid(10);
    (0..)
        .map(|number| format!("storm-woocommerce-{number:04}"))
        .find(|id| turn(id) == wanted)
        .expect("one of ten")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by .ci/run: cargo test -p bogbro --test storm -- --ignored"]
async fn five_hundred_orders_are_booked_once_each_while_processes_are_killed_in_every_phase() {
    let started = Instant::now();
    let connection = connection();
    let shop = Shop { connection: connection.clone(), ..Shop::woocommerce(oracle_settings("woocommerce")) };
    let mut stage = Stage::set_with(demo::world(), &[shop], stormy).await;
    let kills = Arc::new(Kills::new(KILLS, FIRST..FIRST + ORDERS));
    kills.watch_outside(&mut stage.world());
    kills.watch_inside(&stage.host);
    for id in FIRST..FIRST + ORDERS {
        stage.show(&plain_order(id).to_string());
    }
    // A third of the orders, then the host's sudden end; a third, then a stop in order; the last third.
    for (part, at_once) in [(0, Some(true)), (1, Some(false)), (2, None)] {
        let share = ORDERS / 3 + 1;
        let ids = FIRST + part * share..(FIRST + (part + 1) * share).min(FIRST + ORDERS);
        send(&stage, &connection, ids).await;
        let Some(at_once) = at_once else { continue };
        wait_until(&stage, started, |done| done as u64 >= (part + 1) * share / 2).await;
        stage = stage.restarted(at_once, stormy).await;
        kills.watch_inside(&stage.host);
    }
    wait_until(&stage, started, |done| done as u64 >= ORDERS).await;
    print(&kills, &stage, started.elapsed());
    check(&stage, &connection).await;
    for phase in Phase::ALL {
        let count = kills.count(phase);
        assert!(count >= KILLS, "{phase:?}: {count} kills, at least {KILLS} are wanted");
    }
}

/// Sends the orders, some at a time. A delivery that is not taken is sent again, as a person or the sweep would see to.
async fn send(stage: &Stage, connection: &str, ids: std::ops::Range<u64>) {
    let one_after_the_other = |lane: u64| {
        let ids = ids.clone();
        async move {
            for id in ids.filter(|id| id % SENDERS == lane) {
                let text = plain_order(id).to_string();
                let mut tries = 0;
                while stage.deliver(connection, &signed(text.as_bytes()), text.clone().into_bytes()).await
                    != 200
                {
                    tries += 1;
                    assert!(tries < 30, "order {id} is not taken");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    };
    tokio::join!(
        one_after_the_other(0),
        one_after_the_other(1),
        one_after_the_other(2),
        one_after_the_other(3),
        one_after_the_other(4),
        one_after_the_other(5),
    );
}

/// Waits until so many orders are booked in the stand-in's books.
///
/// # Panics
/// When that does not come in time; says where the others stand.
async fn wait_until(stage: &Stage, started: Instant, enough: impl Fn(usize) -> bool) {
    loop {
        let booked = stage.world().agreements[demo::AGREEMENT].booked.len();
        if enough(booked) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "only {booked} are booked: {:?}", standing(stage).await);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// All transfers of the storm.
async fn heads(stage: &Stage) -> Vec<Head> {
    let day = jiff::civil::date(2026, 11, 20);
    let listed = stage.operations.transfers(&MerchantId::new(MERCHANT), &Listing::Day(day), 2_000).await;
    listed.expect("they can be listed")
}

async fn standing(stage: &Stage) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for head in heads(stage).await {
        let word = format!("{} {}", head.status.word(), head.status.code().unwrap_or_default());
        *found.entry(word).or_default() += 1;
    }
    found
}

/// Everything is done, once, and nothing waits for a person.
async fn check(stage: &Stage, connection: &str) {
    // What was booked while its worker died is still to be found and recorded.
    let started = Instant::now();
    loop {
        let standing = standing(stage).await;
        let done = standing.get("done ").copied().unwrap_or_default();
        if done as u64 == ORDERS {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "not all come to an end: {standing:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(stage.attention().await.is_empty(), "nothing is held or parked");
    let parked =
        stage.operations.parked_deliveries(&MerchantId::new(MERCHANT)).await.expect("they can be listed");
    assert!(parked.is_empty(), "no delivery is parked: {parked:?}");
    let mut invoices: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let (drafts, booked) = {
        let world = stage.world.lock().unwrap_or_else(PoisonError::into_inner);
        let agreement = &world.agreements[demo::AGREEMENT];
        for (number, invoice) in &agreement.booked {
            let reference = invoice.json.text("references.other").unwrap_or_default().to_owned();
            invoices.entry(reference).or_default().push(u64::from(*number));
        }
        (agreement.drafts.len(), agreement.booked.len())
    };
    assert_eq!(drafts, 0, "no draft is left");
    assert_eq!(booked as u64, ORDERS);
    let twice: Vec<_> = invoices.iter().filter(|(_, numbers)| numbers.len() != 1).collect();
    assert!(twice.is_empty(), "booked more than once: {twice:?}");
    for id in FIRST..FIRST + ORDERS {
        let head = stage.head(connection, "woocommerce", &id.to_string()).await;
        let head = head.unwrap_or_else(|| panic!("order {id} is lost"));
        assert_eq!(head.status, Status::Done, "order {id}");
        let number = head.progress.invoice.unwrap_or_default();
        let known = invoices
            .iter()
            .any(|(reference, numbers)| reference.contains(&id.to_string()) && numbers.contains(&number));
        assert!(known, "order {id} says invoice {number}, the books do not");
    }
}

#[expect(clippy::print_stdout, reason = "the counts are what the storm is for")]
fn print(kills: &Kills, stage: &Stage, took: Duration) {
    println!("{ORDERS} orders in {:.0} s, {} requests outside", took.as_secs_f32(), stage.world().requests);
    for phase in Phase::ALL {
        println!("  killed {:<28} {:>4}", phase.words(), kills.count(phase));
    }
}
