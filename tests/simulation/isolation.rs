//! I10: what goes wrong with one merchant changes nothing of another's.
//!
//! In these histories two merchants share the ledger, the queue, the scheduler and the processes' memory, and nothing that chance
//! decides; everything that goes wrong strikes the first. The same history is run once more with nothing going wrong: each call
//! of the second merchant, at its time and with its answer, its heads with the hash of their log, its shop and its books must
//! be the same to the letter.

use crate::deployment::{agreement_name, merchant, shop_name};
use crate::history::{History, Plan};
use crate::machine::lock;
use crate::scenario;

/// Everything of the merchants that are not struck, line by line; empty where merchants are not kept apart.
pub(crate) fn of_others(history: &History) -> Vec<String> {
    if !history.plan.apart {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for index in 1..history.plan.setups.len() {
        lines.extend(history.machine.lines_of(index));
        for head in history.store.memory.heads() {
            if head.transfer.merchant == merchant(index) {
                // Tokens are numbered through all merchants.
                lines.push(format!("{:?}", engine::store::Head { claim: String::new(), ..head }));
            }
        }
        let world = lock(&history.world);
        let shop = shop_name(index);
        lines.push(format!("{:?} {:?}", world.woocommerce.get(&shop), world.shopify.get(&shop)));
        lines.push(format!("{:?}", world.agreements[&agreement_name(index)]));
    }
    lines
}

/// What the merchants that were not struck did otherwise than in a history in which nobody was.
pub(crate) fn violations(history: &History, found: &mut Vec<String>) {
    if !history.plan.apart {
        return;
    }
    let (plan, decider) = scenario::plan(history.plan.seed);
    let mut quiet = History::new(Plan { bug: history.plan.bug, quiet: true, ..plan }, decider);
    quiet.run_unattended();
    let (struck, quiet) = (&history.others, &quiet.others);
    if struck == quiet {
        return;
    }
    let place = struck.iter().zip(quiet).take_while(|(struck, quiet)| struck == quiet).count();
    let shown = |lines: &[String]| lines.get(place).map(|line| line.chars().take(400).collect::<String>());
    found.push(format!(
        "I10: what happened to another merchant changed line {place}: {:?}, without it {:?}",
        shown(struck),
        shown(quiet)
    ));
}
