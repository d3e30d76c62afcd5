//! queue -> claim -> fetch -> plan -> execute -> record.
//!
//! Messages of one group are worked on in their order; groups of a batch are worked on side by side. What fails is
//! reported by its own id together with the followers of its group, and nothing else is: neighbours are done. A panic is
//! one message's own failure. When a transfer is given up is decided by the ledger, not by the queue.

use std::panic::AssertUnwindSafe;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::stock::schedule;
use engine::clock::Clock;
use engine::message::Message;
use engine::policy::Limits;
use engine::store::Status;
use engine::{Engine, Outcome, Work};
use futures::FutureExt;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::clock::{SystemClock, work_ends};
use platform::routes::Routes;
use platform::sealing::new_token;
use platform::stock::StockWord;
use platform::transport::Traffic;
use platform::{Platform, queue, telemetry};

/// A message is not begun with less time than this.
const LEAST: SignedDuration = SignedDuration::from_secs(5);

/// Starts the function and serves until it is stopped.
///
/// # Errors
/// One line that says what of the configuration is missing.
pub async fn run() -> Result<(), Error> {
    telemetry::start();
    let platform = Platform::start().await?;
    let routes = platform.routes()?;
    let (platform, routes) = (&platform, &routes);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let deadline = work_ends(event.context.deadline);
        process_batch(platform, routes, event.payload, deadline).await
    }))
    .await
}

/// Works on a batch; answers with the ids of what must come again.
///
/// # Errors
/// A record without an id, which could not be reported: the whole batch comes again.
pub async fn process_batch(
    platform: &Platform,
    routes: &Routes,
    event: SqsEvent,
    deadline: Timestamp,
) -> Result<SqsBatchResponse, Error> {
    if event.records.iter().any(|record| record.message_id.as_deref().is_none_or(str::is_empty)) {
        return Err("a record without an id".into());
    }
    let work = async |record: &SqsMessage| process_record(platform, routes, record, deadline).await;
    let groups = by_group(event.records);
    let failures = join_all(groups.iter().map(|group| work_through(group, &work))).await;
    let mut response = SqsBatchResponse::default();
    for id in failures.into_iter().flatten() {
        response.add_failure(id);
    }
    Ok(response)
}

/// Records by group, groups and records in the order they came in. A record without a group stands alone.
fn by_group(records: Vec<SqsMessage>) -> Vec<Vec<SqsMessage>> {
    let mut groups: Vec<(Option<String>, Vec<SqsMessage>)> = Vec::new();
    for record in records {
        let name = record.attributes.get("MessageGroupId").cloned();
        match groups.iter_mut().find(|(known, _)| known.is_some() && *known == name) {
            Some((_, group)) => group.push(record),
            None => groups.push((name, vec![record])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Works through one group; returns the ids of the first that failed and of all behind it. A panic is a failure of its
/// record alone.
async fn work_through(group: &[SqsMessage], work: &impl AsyncFn(&SqsMessage) -> bool) -> Vec<String> {
    for (place, record) in group.iter().enumerate() {
        let finished = AssertUnwindSafe(work(record)).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(event = "panic", message = record.message_id, "work on a message panicked");
            false
        });
        if !finished {
            return group[place..].iter().filter_map(|record| record.message_id.clone()).collect();
        }
    }
    Vec::new()
}

/// Works on one record; `false`: it must come again.
async fn process_record(
    platform: &Platform,
    routes: &Routes,
    record: &SqsMessage,
    deadline: Timestamp,
) -> bool {
    if SystemClock.now() + LEAST > deadline {
        return false;
    }
    let message = match queue::read_message(record.body.as_deref().unwrap_or_default()) {
        Ok(message) => message,
        Err(error) => {
            tracing::error!(event = "message-not-understood", message = record.message_id, %error, "left on the queue");
            return false;
        }
    };
    let Ok(token) = new_token() else { return false };
    let routes = routes.for_traffic(traffic(platform, record));
    let engine = Engine {
        clock: &SystemClock,
        store: &platform.ledger,
        connections: &routes,
        limits: Limits::default(),
    };
    let work = Work { message, token, deadline };
    let outcome = engine.process(&work).await;
    tell(&work.message, &outcome);
    leave_stock_word(platform, &work.message, &outcome).await;
    outcome.is_finished()
}

/// A document that was made may have moved the stock: its flow's stock is looked at. A word that could not be left costs
/// the wait for the next turn.
async fn leave_stock_word(platform: &Platform, message: &Message, outcome: &Outcome) {
    if !matches!(outcome, Outcome::Concluded(Status::Done)) {
        return;
    }
    let Ok(merchant) = platform.merchants.merchant(&message.merchant).await else { return };
    let file = &merchant.record.file;
    let is_shop = |name: &str| file.connection(name).is_some_and(|end| end.id == message.connection);
    if !file.flows.iter().any(|flow| is_shop(&flow.shop) && schedule::wants_word(&flow.settings.stock)) {
        return;
    }
    let now = SystemClock.now();
    let occasion = format!("document {} {}", message.entity, now.as_millisecond());
    let word = StockWord::new(&message.merchant, &message.connection, now, occasion);
    if let Err(error) = platform.queues.leave_stock_word(&word).await {
        tracing::warn!(event = "stock-word-lost", merchant = %message.merchant, %error, "the next turn looks");
    }
}

/// Which share of the rate budgets a message may use: the backfill queue has its own.
fn traffic(platform: &Platform, record: &SqsMessage) -> Traffic {
    let backfill = platform.environment.backfill_queue_url.rsplit('/').next().unwrap_or_default();
    let source =
        record.event_source_arn.as_deref().and_then(|arn| arn.rsplit(':').next()).unwrap_or_default();
    if source == backfill { Traffic::Background } else { Traffic::Live }
}

/// One line for each message; the alarms count the events' names.
fn tell(message: &Message, outcome: &Outcome) {
    let event = match outcome {
        Outcome::Concluded(Status::Done) => "transfer-completed",
        Outcome::Concluded(Status::Parked { .. }) | Outcome::KeptAside => "transfer-parked",
        Outcome::Concluded(Status::Held { .. }) => "transfer-held",
        Outcome::Retry(_) => "transfer-retried",
        _ => "transfer-seen",
    };
    let (merchant, entity) = (message.merchant.as_str(), message.entity.as_str());
    tracing::info!(event, merchant, entity, outcome = ?outcome, "worked on a message");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, group: Option<&str>) -> SqsMessage {
        let mut record = SqsMessage::default();
        record.message_id = Some(id.to_owned());
        record.attributes.extend(group.map(|group| ("MessageGroupId".to_owned(), group.to_owned())));
        record
    }

    #[test]
    fn groups_keep_their_order_and_a_record_without_a_group_stands_alone() {
        let records = vec![
            record("1", Some("a")),
            record("2", Some("b")),
            record("3", None),
            record("4", Some("a")),
            record("5", None),
        ];
        let groups: Vec<Vec<String>> = by_group(records)
            .into_iter()
            .map(|group| group.into_iter().filter_map(|record| record.message_id).collect())
            .collect();
        assert_eq!(groups, [vec!["1", "4"], vec!["2"], vec!["3"], vec!["5"]]);
    }

    #[test]
    fn what_fails_or_panics_is_reported_with_its_followers_and_nothing_else_is() {
        let group = [record("1", Some("a")), record("2", Some("a")), record("3", Some("a"))];
        let seen = std::sync::Mutex::new(Vec::new());
        let reported = |bad: &'static str, panics: bool| {
            let work = async |record: &SqsMessage| {
                let id = record.message_id.clone().unwrap_or_default();
                seen.lock().expect("no panic holds it").push(id.clone());
                assert!(!(panics && id == bad), "a poisonous message");
                id != bad
            };
            futures::executor::block_on(work_through(&group, &work))
        };
        assert_eq!(reported("none", false), Vec::<String>::new());
        assert_eq!(reported("2", false), ["2", "3"]);
        assert_eq!(reported("2", true), ["2", "3"]);
        assert_eq!(reported("1", true), ["1", "2", "3"]);
        assert_eq!(*seen.lock().expect("no panic holds it"), ["1", "2", "3", "1", "2", "1", "2", "1"]);
    }
}
