//! A message that its queue gave up, as an entry for people: whose it is, what it is about, and why it stands there.

use domain::plan::Reason;
use domain::settings::MerchantFile;
use domain::{ConnectionId, EntityId, MerchantId};
use engine::store::{GivenUpBy, LEDGER_SCHEMA, ParkedDelivery};
use jiff::Timestamp;
use serde::Deserialize;

use crate::keys::dropped;
use crate::payouts::{PayoutTask, PayoutWord};
use crate::queue;
use crate::stock::StockWord;

/// What is known of the failure of a word whose function never answered: it ran out of time or memory, or never began.
const NO_ANSWER: &str = "the function gave no answer";

/// What must be readable of a message to know whose it is.
#[derive(Deserialize)]
struct Owned {
    merchant: MerchantId,
    #[serde(default)]
    connection: Option<ConnectionId>,
}

fn owned(text: &str) -> Option<Owned> {
    serde_json::from_str(text).ok()
}

/// Whose a message is, whatever else of it can be read.
pub(super) fn merchant_of(queue: GivenUpBy, text: &str) -> Option<MerchantId> {
    // The bucket's own word names the merchant in the object.
    let told = (queue == GivenUpBy::Payouts).then(|| PayoutWord::read(text).ok()).flatten();
    told.map(|word| word.merchant).or_else(|| owned(text).map(|owned| owned.merchant))
}

/// The entry of a message that was found among the dead letters.
pub(super) fn parked(
    queue: GivenUpBy,
    merchant: &MerchantId,
    file: &MerchantFile,
    text: &str,
    at: Timestamp,
) -> ParkedDelivery {
    let unread = |code: &str| ParkedDelivery {
        schema: LEDGER_SCHEMA,
        merchant: merchant.clone(),
        connection: owned(text).and_then(|owned| owned.connection).unwrap_or_else(|| ConnectionId::new("")),
        body_hash: queue::hash(text.as_bytes()),
        entity: None,
        reason: Reason::new(code),
        at,
        message: text.to_owned(),
        queue: Some(queue),
    };
    match queue {
        GivenUpBy::Orders | GivenUpBy::Backfill | GivenUpBy::Other => {
            let message = queue::read_message(text).ok();
            ParkedDelivery { entity: message.map(|message| message.entity), ..unread("dead-letter") }
        }
        GivenUpBy::Stock => {
            let parked = unread("dead-letter-stock");
            let name = StockWord::read(text).map(|word| word.name());
            ParkedDelivery { body_hash: name.unwrap_or_else(|_| parked.body_hash.clone()), ..parked }
        }
        GivenUpBy::Payouts => match PayoutWord::read(text) {
            Ok(word) => about_payouts(&word, file, text, NO_ANSWER, at),
            Err(error) => ParkedDelivery {
                reason: Reason::new("dead-letter-payout").with("message", error),
                ..unread("dead-letter-payout")
            },
        },
    }
}

/// The entry of a word about payouts that failed by these words.
pub(super) fn about_payouts(
    word: &PayoutWord,
    file: &MerchantFile,
    text: &str,
    failure: &str,
    at: Timestamp,
) -> ParkedDelivery {
    let of_flow = |name: &str| {
        let flow = file.payouts.iter().find(|known| known.name == name);
        flow.and_then(|flow| file.connection(&flow.acquirer)).map(|connection| connection.id.clone())
    };
    let (reason, what, connection) = match &word.task {
        PayoutTask::TakeIn { object, .. } => {
            let (_, flow, name) =
                dropped(object).unwrap_or_else(|| (word.merchant.clone(), String::new(), object.clone()));
            (Reason::new("dead-letter-payout-file").with("flow", &flow), Some(name), of_flow(&flow))
        }
        PayoutTask::Mailed { object, flow, .. } => {
            let reason = Reason::new("dead-letter-payout-file").with("flow", flow);
            (reason, Some(object.clone()), of_flow(flow))
        }
        PayoutTask::Work { key } => {
            let reason = Reason::new("dead-letter-payout-work")
                .with("payout", &key.batch)
                .with("acquirer", &key.acquirer);
            (reason, Some(key.batch.clone()), None)
        }
        PayoutTask::Fetch { flow, .. } => {
            (Reason::new("dead-letter-payout-fetch").with("flow", flow), None, of_flow(flow))
        }
        PayoutTask::AskGateway { connection } => {
            let known = file.connections.iter().find(|known| known.id == *connection);
            let name = known.map_or_else(|| connection.to_string(), |known| known.name.clone());
            (Reason::new("dead-letter-gateway").with("gateway", name), None, Some(connection.clone()))
        }
        PayoutTask::Announced { connection, report } => {
            let reason = Reason::new("dead-letter-payout-report").with("account", &report.account);
            (reason, Some(report.report.clone()), Some(connection.clone()))
        }
    };
    ParkedDelivery {
        schema: LEDGER_SCHEMA,
        merchant: word.merchant.clone(),
        connection: connection.unwrap_or_else(|| ConnectionId::new("")),
        body_hash: word.entry_name(),
        entity: what.map(EntityId::new),
        reason: reason.with("message", failure),
        at,
        message: text.to_owned(),
        queue: Some(GivenUpBy::Payouts),
    }
}
