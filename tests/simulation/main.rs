//! The simulator: this very engine, domain and connectors over a seeded world in which everything may go wrong.

mod bugs;
mod checks;
mod deployment;
mod history;
mod ledger;
mod machine;
mod orders;
mod outside;
mod random;
mod scenario;

use history::{History, Plan};

#[test]
fn an_order_is_booked_once_when_nothing_goes_wrong() {
    let mut history = History::new(Plan { keep_trace: true, ..Plan::single(1) }, Box::new(|_, _, _| None));
    history.run();
    let found = checks::violations(&history);
    assert!(found.is_empty(), "{found:#?}\n{}", history.machine.trace_lines().join("\n"));
    assert!(machine::lock(&history.observed).sent.iter().any(|(_, write)| *write), "nothing was written");
}

#[test]
fn random_histories() {
    let from: u64 = std::env::var("SIM_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let count: u64 = std::env::var("SIM_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    let began = std::time::Instant::now();
    let mut bad = 0;
    let mut steps = 0;
    for seed in from..from + count {
        let (mut plan, decider) = scenario::plan(seed);
        plan.keep_trace = std::env::var("SIM_SEED").is_ok();
        let mut history = History::new(plan, decider);
        history.run();
        steps += history.steps;
        let found = checks::violations(&history);
        if !found.is_empty() {
            bad += 1;
            eprintln!("seed {seed}: {found:#?}");
            if std::env::var("SIM_SEED").is_ok() {
                eprintln!("{}", history.machine.trace_lines().join("\n"));
            }
        }
    }
    eprintln!("{count} histories, {bad} bad, {steps} steps in {:?}", began.elapsed());
    assert_eq!(bad, 0);
}
