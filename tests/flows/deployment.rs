//! The template and the local host are the same deployment: what runs here is what is deployed.

use std::collections::{BTreeMap, BTreeSet};

use bogbro::local::deployment::{FUNCTIONS, INDEXES, KeyType, QUEUES, Trigger};
use serde::Deserialize;

/// What `tests/oracle/template.py` reads out of `infra/template.yaml`.
#[derive(Deserialize)]
struct TemplateFacts {
    /// By name.
    functions: BTreeMap<String, FunctionFacts>,
    queues: BTreeMap<String, QueueFacts>,
    indexes: BTreeMap<String, [String; 4]>,
    /// Function and event of each log line at which an alarm rings.
    watched: BTreeSet<(String, String)>,
    /// The same for any alarm.
    counted: BTreeSet<(String, String)>,
}

/// One function of the template.
#[derive(Deserialize)]
struct FunctionFacts {
    timeout: u64,
    triggers: Vec<TriggerFacts>,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum TriggerFacts {
    Route { route: String },
    Identified { identified: String },
    Queue { queue: String, batch: usize, maximum_concurrency: usize },
    Every { every: u64 },
}

#[derive(Deserialize)]
struct QueueFacts {
    visibility: u64,
    dead_letters: String,
    maximum_receives: u32,
}

#[test]
fn the_template_and_the_local_host_run_the_same_functions() {
    let template = tests::template::<TemplateFacts>();
    assert_eq!(template.functions.len(), FUNCTIONS.len());
    for function in FUNCTIONS {
        let facts = &template.functions[function.name];
        assert_eq!(facts.timeout, function.timeout.as_secs(), "timeout of {}", function.name);
        let triggers: Vec<TriggerFacts> = function
            .triggers
            .iter()
            .map(|trigger| match *trigger {
                Trigger::Route(route) => TriggerFacts::Route { route: route.to_owned() },
                Trigger::IdentifiedRoute(route) => TriggerFacts::Identified { identified: route.to_owned() },
                Trigger::Queue { name, batch, maximum_concurrency } => {
                    TriggerFacts::Queue { queue: name.to_owned(), batch, maximum_concurrency }
                }
                Trigger::Every(every) => TriggerFacts::Every { every: every.as_secs() },
            })
            .collect();
        assert_eq!(facts.triggers, triggers, "triggers of {}", function.name);
    }
}

#[test]
fn the_template_and_the_local_host_have_the_same_queues_and_indexes() {
    let template = tests::template::<TemplateFacts>();
    assert_eq!(template.queues.len(), QUEUES.len());
    for queue in QUEUES {
        let facts = &template.queues[queue.name];
        assert_eq!(facts.visibility, queue.visibility.as_secs(), "{}", queue.name);
        assert_eq!(facts.dead_letters, queue.dead_letters, "{}", queue.name);
        assert_eq!(facts.maximum_receives, queue.maximum_receives, "{}", queue.name);
        assert_eq!(facts.maximum_receives, platform::queue::RECEIVES, "{}", queue.name);
    }
    assert_eq!(template.indexes.len(), INDEXES.len());
    for index in INDEXES {
        let letter = |kind: KeyType| if kind == KeyType::Text { "S" } else { "N" };
        let expected = [index.partition.0, letter(index.partition.1), index.sort.0, letter(index.sort.1)]
            .map(str::to_owned);
        assert_eq!(template.indexes[index.name], expected, "{}", index.name);
    }
}

/// Where the code says that something was parked, by which event, and in the log of which function.
const PARKED: [(&str, &str, &str); 6] = [
    ("functions/order-processing/src/lib.rs", "transfer-parked", "order-processing"),
    ("functions/scheduler/src/lib.rs", "transfer-parked", "scheduler"),
    ("functions/webhook-intake/src/taking.rs", "delivery-parked", "webhook-intake"),
    ("shared/platform/src/dead_letters.rs", "dead-letter-parked", "scheduler"),
    ("shared/platform/src/payouts/mod.rs", "dead-letter-parked", "paymatch"),
    ("shared/platform/src/payouts/mailed.rs", "mail-parked", "paymatch"),
];

/// The texts of a source that are names of events and end in `-parked`.
fn events(source: &str) -> BTreeSet<String> {
    let plain = |text: &&str| text.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let ends = source.match_indices("-parked\"").map(|(at, _)| &source[..at + "-parked".len()]);
    ends.filter_map(|text| text.rsplit('"').next()).filter(plain).map(str::to_owned).collect()
}

#[test]
fn whatever_is_parked_rings_an_alarm_by_the_log_of_the_function_that_parks_it() {
    let root = tests::repository();
    let mut found = BTreeSet::new();
    for folder in ["functions", "shared/platform/src"] {
        for file in tests::files_below(&root.join(folder), ".rs") {
            let source = std::fs::read_to_string(&file).expect("a source");
            let place = file.strip_prefix(root).expect("below it").display().to_string();
            found.extend(events(&source).into_iter().map(|event| (place.clone(), event)));
        }
    }
    let known: BTreeSet<(String, String)> =
        PARKED.iter().map(|(place, event, _)| ((*place).to_owned(), (*event).to_owned())).collect();
    assert_eq!(found, known, "an event that nobody looks out for, or one that is written no more");
    let watched = tests::template::<TemplateFacts>().watched;
    for (place, event, function) in PARKED {
        let line = (function.to_owned(), event.to_owned());
        assert!(watched.contains(&line), "no alarm rings at {event} of {function} ({place})");
    }
}

#[test]
fn tasks_that_fail_and_mails_that_are_refused_ring_an_alarm_by_the_log_of_each_function_that_has_them() {
    let facts = tests::template::<TemplateFacts>();
    for function in ["scheduler", "notifications", "paymatch"] {
        let line = (function.to_owned(), "task-failed".to_owned());
        assert!(facts.counted.contains(&line), "no alarm counts the failed tasks of {function}");
    }
    assert!(facts.watched.contains(&("notifications".to_owned(), "mail-refused".to_owned())));
}
