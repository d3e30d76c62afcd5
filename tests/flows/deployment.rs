//! The template and the local host are the same deployment: what runs here is what is deployed.

use std::collections::BTreeMap;
use std::process::Command;

use bogbro::local::deployment::{FUNCTIONS, INDEXES, KeyType, QUEUES, Trigger};
use serde::Deserialize;

/// What `tests/oracle/template.py` reads out of `infra/template.yaml`.
#[derive(Deserialize)]
pub(crate) struct TemplateFacts {
    /// By name.
    pub(crate) functions: BTreeMap<String, FunctionFacts>,
    queues: BTreeMap<String, QueueFacts>,
    indexes: BTreeMap<String, [String; 4]>,
}

/// One function of the template.
#[derive(Deserialize)]
pub(crate) struct FunctionFacts {
    timeout: u64,
    triggers: Vec<TriggerFacts>,
    /// Action and resource of each permission of its own code.
    pub(crate) permissions: Vec<(String, String)>,
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

/// Reads the template by the Python script.
pub(crate) fn template() -> TemplateFacts {
    let output = Command::new("python3")
        .arg(tests::repository().join("tests/oracle/template.py"))
        .output()
        .expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the script prints the facts")
}

#[test]
fn the_template_and_the_local_host_run_the_same_functions() {
    let template = template();
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
    let template = template();
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
