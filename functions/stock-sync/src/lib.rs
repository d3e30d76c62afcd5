//! queue -> claim -> read the accounts -> compare -> tell the shop.
//!
//! A word says that a flow's stock is to be looked at: by the clock, after a document was made, or because time ran out
//! before. What there is to do is found out from the accounts and the ledger, so a word that comes twice costs a reading
//! and changes nothing, and one that was answered meanwhile costs one look at the ledger.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use engine::clock::Clock;
use engine::policy::Limits;
use engine::route::Connections;
use engine::stock::{StockEngine, StockOutcome, StockReport, StockStore, StockWork};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::clock::{SystemClock, work_ends};
use platform::routes::Routes;
use platform::sealing::new_token;
use platform::stock::{StockWord, flow};
use platform::transport::Traffic;
use platform::{Platform, telemetry};

/// A run is not begun again with less time than this.
const LEAST: SignedDuration = SignedDuration::from_secs(60);

/// Starts the function and serves until it is stopped.
///
/// # Errors
/// One line that says what of the configuration is missing.
pub async fn run() -> Result<(), Error> {
    telemetry::start();
    let platform = Platform::start().await?;
    // Orders go first: stock has the background share of the rate budgets.
    let routes = platform.routes()?.for_traffic(Traffic::Background);
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
    let mut response = SqsBatchResponse::default();
    for record in &event.records {
        let Some(id) = record.message_id.clone().filter(|id| !id.is_empty()) else {
            return Err("a record without an id".into());
        };
        if !process_record(platform, routes, record, deadline).await {
            response.add_failure(id);
        }
    }
    Ok(response)
}

/// Works on one word; `false`: it must come again.
async fn process_record(
    platform: &Platform,
    routes: &Routes,
    record: &SqsMessage,
    deadline: Timestamp,
) -> bool {
    let word = match StockWord::read(record.body.as_deref().unwrap_or_default()) {
        Ok(word) => word,
        Err(error) => {
            tracing::error!(event = "message-not-understood", message = record.message_id, %error, "left on the queue");
            return false;
        }
    };
    if is_answered(platform, routes, &word).await {
        tracing::info!(event = "stock-answered", merchant = %word.merchant, "the accounts were read since");
        return true;
    }
    let engine = StockEngine {
        clock: &SystemClock,
        stock: &platform.ledger,
        ledger: &platform.ledger,
        connections: routes,
        limits: Limits::default(),
    };
    let outcome = loop {
        let Ok(token) = new_token() else { return false };
        let work = StockWork {
            merchant: word.merchant.clone(),
            connection: word.connection.clone(),
            task: word.task,
            token,
            deadline,
        };
        let outcome = engine.run(&work).await;
        tell(&word, &outcome);
        match &outcome {
            // A shop whose budget is spent says when to go on, and the run goes on where it was.
            StockOutcome::Stopped { wait: Some(wait), .. }
                if SystemClock.now() + *wait + LEAST < deadline =>
            {
                tokio::time::sleep(Duration::try_from(*wait).unwrap_or_default()).await;
            }
            _ => break outcome,
        }
    };
    match outcome {
        // The message comes again by itself, and the run goes on where its time was up.
        StockOutcome::Stopped { soon: true, .. } | StockOutcome::Busy { .. } | StockOutcome::Failed(_) => {
            false
        }
        _ => true,
    }
}

/// True when a run that began after the word was left has come to its end. What cannot be known is worked on.
async fn is_answered(platform: &Platform, routes: &Routes, word: &StockWord) -> bool {
    let Ok(route) = routes.route(&word.merchant, &word.connection, None).await else { return false };
    let flow = flow(&word.merchant, &route.shop.source, &route.accounting.agreement);
    let head = platform.ledger.stock_head(&flow).await;
    head.is_ok_and(|head| head.is_some_and(|head| word.is_answered(&head)))
}

/// One line for each run; the alarms count the events' names.
fn tell(word: &StockWord, outcome: &StockOutcome) {
    let event = match outcome {
        StockOutcome::Off => "stock-off",
        StockOutcome::Paused => "stock-paused",
        StockOutcome::Busy { .. } => "stock-busy",
        StockOutcome::Finished(_) => "stock-told",
        StockOutcome::Stopped { .. } => "stock-stopped",
        StockOutcome::Overtaken => "stock-overtaken",
        StockOutcome::Failed(_) => "stock-failed",
    };
    let report = match outcome {
        StockOutcome::Finished(report) | StockOutcome::Stopped { report, .. } => Some(report),
        _ => None,
    };
    let count = |number: fn(&StockReport) -> usize| report.map_or(0, number);
    let stopped = report.and_then(|report| report.stopped.as_ref()).map_or("", |reason| reason.code.as_str());
    let cause = if let StockOutcome::Failed(words) = outcome { words.as_str() } else { stopped };
    tracing::info!(
        event,
        merchant = %word.merchant,
        connection = %word.connection,
        whole = report.is_some_and(|report| report.whole),
        different = count(|report| report.different),
        told = count(|report| report.told),
        reads = report.map_or(0, |report| report.reads),
        writes = report.map_or(0, |report| report.writes),
        cause,
        "a run of the stock"
    );
}
