//! The ledger on the local DynamoDB engine passes the checks that every store must pass.

mod support;

use support::LocalTable;

#[tokio::test]
async fn the_ledger_on_the_table_keeps_every_rule_of_the_engines_store() {
    let local = LocalTable::start().await;
    match engine::conformance::run(&local.ledger(), "table").await {
        Ok(checks) => assert!(checks > 20, "only {checks} checks ran"),
        Err(findings) => panic!("the table breaks rules of the ledger:\n{}", findings.join("\n")),
    }
}
