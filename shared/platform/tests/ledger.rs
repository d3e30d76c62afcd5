//! The ledger on the local DynamoDB engine passes the checks that every store must pass.

mod support;

use domain::{ConnectionId, MerchantId};
use jiff::civil::date;
use platform::keys::Keys;
use platform::quota::{DayAccount, TableAccount};
use support::LocalTable;

#[tokio::test]
async fn the_ledger_on_the_table_keeps_every_rule_of_the_engines_store() {
    let local = LocalTable::start().await;
    match engine::conformance::run(&local.ledger(), "table").await {
        Ok(checks) => assert!(checks > 20, "only {checks} checks ran"),
        Err(findings) => panic!("the table breaks rules of the ledger:\n{}", findings.join("\n")),
    }
}

#[tokio::test]
async fn the_days_calls_of_all_processes_are_added_up_and_begin_anew_with_the_day() {
    let local = LocalTable::start().await;
    let account = |connection: &str| {
        let keys = Keys::of(&MerchantId::new("krus"));
        TableAccount::new(local.table.clone(), keys.quota(&ConnectionId::new(connection)))
    };
    let (one, other) = (account("books"), account("books"));
    let (today, tomorrow) = (date(2026, 11, 20), date(2026, 11, 21));
    assert_eq!(one.add(today, 250).await, Ok(250));
    assert_eq!(other.add(today, 250).await, Ok(500), "another process adds to the same day");
    assert_eq!(account("more-books").add(today, 250).await, Ok(250), "another connection has its own");
    assert_eq!(one.add(tomorrow, 10).await, Ok(10));
    assert_eq!(other.add(today, 250).await, Ok(250), "a day gone by is not counted on");
    assert_eq!(other.add(tomorrow, 5).await, Ok(15));
    let calls = local.calls.total();
    other.add(tomorrow, 5).await.expect("added");
    assert_eq!(local.calls.total() - calls, 1, "one write tells and counts");
}
