//! What the operator's commands print for programs is what the README says they print.

use std::collections::BTreeSet;

use sandbox::demo;
use serde_json::Value;

use crate::night::demo_settings;
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, plain_order};

/// Holds what a command printed against the README's row of it: nothing is in it that the row does not name.
pub(crate) fn is_said(command: &str, printed: &Value) {
    let readme = std::fs::read_to_string(tests::repository().join("README.md")).expect("the README");
    let (_, table) = readme.split_once("| printed with `--json` |").expect("it has the table");
    let mut rows = table.lines().take_while(|line| line.is_empty() || line.starts_with('|'));
    let row = rows.find(|row| row.starts_with(&format!("| `{command}` |")));
    let row = row.unwrap_or_else(|| panic!("the README says nothing of what {command} prints"));
    let named: BTreeSet<&str> = row.split('`').skip(1).step_by(2).collect();
    let parts = match printed {
        Value::Array(parts) => parts.iter().collect(),
        part => vec![part],
    };
    for key in parts.into_iter().filter_map(Value::as_object).flat_map(|part| part.keys()) {
        assert!(named.contains(key.as_str()), "{command} prints `{key}`, which the README does not name");
    }
}

/// What the operator's executable printed.
fn printed(stage: &Stage, arguments: &[&str]) -> Value {
    let output = stage.command(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_programs_read_is_what_the_readme_names() {
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(demo_settings())]).await;
    assert_eq!(stage.send_order(WOOCOMMERCE, &plain_order(7_301)).await, 200);
    stage.rest().await;
    let body = b"half a body {".to_vec();
    let headers = crate::stage::signed(&body);
    assert_eq!(stage.deliver(WOOCOMMERCE, &headers, body).await, 200);
    let folder = stage.folder().join("exported");
    let folder = folder.to_str().expect("a path of text");
    let pdf = stage.folder().join("invoice.pdf");
    let pdf = pdf.to_str().expect("a path of text");
    let commands: [(&str, &[&str]); 12] = [
        ("merchant show", &["merchant", "show", MERCHANT]),
        ("transfers list", &["transfers", "list", MERCHANT, "--number", "7301"]),
        ("transfers show", &["transfers", "show", MERCHANT, "7301"]),
        ("transfers pdf", &["transfers", "pdf", MERCHANT, "7301", "--out", pdf]),
        ("transfers replay", &["transfers", "replay", MERCHANT, "7301"]),
        ("transfers parked", &["transfers", "parked", MERCHANT]),
        ("stock show", &["stock", "show", MERCHANT]),
        ("catalogue check", &["catalogue", "check", MERCHANT]),
        ("erase", &["erase", MERCHANT, "--email", "nobody@example.org"]),
        ("privacy list", &["privacy", "list", MERCHANT]),
        ("payouts list", &["payouts", "list", MERCHANT]),
        ("export", &["export", MERCHANT, folder]),
    ];
    for (command, arguments) in commands {
        let said = printed(&stage, arguments);
        let empty = said.as_array().is_some_and(Vec::is_empty);
        let may_be_empty = ["stock show", "privacy list", "payouts list"].contains(&command);
        assert!(!empty || may_be_empty, "{command} has something to print");
        is_said(command, &said);
        if command == "transfers show" {
            is_said("transfers list", &said["head"]);
        }
    }
}
