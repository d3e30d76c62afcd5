//! What others wrote, held against what we wrote: the Python oracle's own rules, and its table against the captured bodies.

use std::process::Command;

fn python(arguments: &[&str]) {
    let output = Command::new("python3")
        .args(arguments)
        .current_dir(tests::repository())
        .output()
        .expect("python3 runs");
    assert!(
        output.status.success(),
        "python3 {}\n{}{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_oracle_agrees_with_sums_done_by_hand() {
    if tests::contracts("the oracle's own tests").is_some() {
        python(&["-m", "unittest", "discover", "-s", "tests/oracle"]);
    }
}

#[test]
fn the_table_of_outcomes_is_about_these_very_bodies() {
    if tests::contracts("the table of outcomes").is_some() {
        python(&["tests/oracle/check_outcomes.py"]);
    }
}
