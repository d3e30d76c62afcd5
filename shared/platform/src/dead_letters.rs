//! What the queues gave up on becomes parked entries: visible, explained, and ready to be replayed. The normal depth of a
//! dead-letter queue is nothing.
//!
//! When a transfer is given up is the ledger's to say, not the queue's: a message is received in vain also because of those
//! before it in its group, or because its worker died. One whose news the ledger has already is let go.
//!
//! A word about stock is a prompt: what there is to do is found out anew by the next one. It stands on the list until a run of
//! its flow has ended well, and then goes by itself. A word about payouts may be the only trace of a file or a report: it stands
//! on the list until what it asks for is done. One that asks for work on a payout of which nothing is due any more is let go.

mod letters;

use domain::ConnectionId;
use domain::plan::Reason;
use domain::settings::MerchantFile;
use engine::clock::Clock;
use engine::message::Message;
use engine::payouts::{PayoutFailure, PayoutId, PayoutStore as _};
use engine::stock::{StockFlow, StockStore as _};
use engine::store::{GivenUpBy, Head, Store, StoreFailure};

use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::ledger::UndeliveredMail;
use crate::payouts::{PayoutMessage, PayoutTask, PayoutWord};
use crate::platform::Platform;
use crate::queue;
use crate::stock::{StockWord, flow, words_name};

const SERVICE: &str = "sqs";
/// Receives of one queue in one run, of ten messages each.
const ROUNDS: usize = 10;

/// The dead-letter queue of a FIFO queue, which has its name with `-dead` before the ending.
pub fn dead_letters_of(queue_url: &str) -> String {
    match queue_url.strip_suffix(".fifo") {
        Some(name) => format!("{name}-dead.fifo"),
        None => format!("{queue_url}-dead"),
    }
}

/// What becomes of one dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// What it tells of is known, or done: it is let go.
    LetGo,
    /// It stands on the list.
    Parked,
    /// It cannot be told whose it is, or not be settled now.
    Left,
}

/// Empties the dead-letter queues into parked entries; returns how many. A message is deleted after its entry stands. One
/// whose owner cannot be read stays where it is, and the queue's alarm tells of it.
///
/// # Errors
/// As AWS says, and the first failure of those messages that could not be settled; what was parked stays parked, and the rest is found
/// again.
pub async fn drain(platform: &Platform) -> Result<usize, PlatformError> {
    let environment = &platform.environment;
    let queues = [
        (GivenUpBy::Orders, &environment.orders_queue_url),
        (GivenUpBy::Backfill, &environment.backfill_queue_url),
        (GivenUpBy::Payouts, &environment.payouts_queue_url),
        (GivenUpBy::Stock, &environment.stock_queue_url),
    ];
    let mut drained = Drained::default();
    for (queue, url) in queues {
        if let Err(error) = drain_queue(platform, queue, &dead_letters_of(url), &mut drained).await {
            drained.failed(error);
        }
    }
    match drained.failure {
        Some(failure) => Err(failure),
        None => Ok(drained.parked),
    }
}

/// What came of the messages so far. One that cannot be settled keeps no other from it.
#[derive(Default)]
struct Drained {
    parked: usize,
    failure: Option<PlatformError>,
}

impl Drained {
    fn failed(&mut self, error: PlatformError) {
        self.failure.get_or_insert(error);
    }
}

async fn drain_queue(
    platform: &Platform,
    queue: GivenUpBy,
    url: &str,
    drained: &mut Drained,
) -> Result<(), PlatformError> {
    for _ in 0..ROUNDS {
        let answer = platform
            .sqs()
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .wait_time_seconds(0)
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        if answer.messages().is_empty() {
            break;
        }
        for message in answer.messages() {
            let fate = match settle(platform, queue, message.body().unwrap_or_default()).await {
                Ok(fate) => fate,
                Err(error) => {
                    drained.failed(error);
                    Fate::Left
                }
            };
            if fate != Fate::Left {
                delete(platform, url, message.receipt_handle()).await?;
            }
            drained.parked += usize::from(fate == Fate::Parked);
        }
    }
    Ok(())
}

async fn delete(platform: &Platform, url: &str, receipt: Option<&str>) -> Result<(), PlatformError> {
    let request =
        platform.sqs().delete_message().queue_url(url).set_receipt_handle(receipt.map(str::to_owned));
    request.send().await.map(|_| ()).map_err(|error| PlatformError::of(SERVICE, &error))
}

/// Decides about one message, and keeps it where a person sees it when it is to be kept.
async fn settle(platform: &Platform, queue: GivenUpBy, text: &str) -> Result<Fate, PlatformError> {
    if queue == GivenUpBy::Payouts
        && let Ok(PayoutMessage::Mailed(mail)) = PayoutMessage::read(text)
    {
        return nobody_knows_whose(platform, mail.object).await;
    }
    let Some(merchant) = letters::merchant_of(queue, text) else {
        tracing::error!(event = "message-of-nobody", "a dead letter names no merchant");
        return Ok(Fate::Left);
    };
    let found = match platform.merchants.merchant(&merchant).await {
        Ok(found) => found,
        Err(PlatformError::NotFound(_)) => {
            tracing::error!(event = "message-of-nobody", %merchant, "a dead letter names a merchant that is not");
            return Ok(Fate::Left);
        }
        Err(error) => return Err(error),
    };
    let file = &found.record.file;
    let known = match queue {
        GivenUpBy::Orders | GivenUpBy::Backfill => is_in_the_ledger(platform, text).await?,
        GivenUpBy::Stock => match StockWord::read(text) {
            Ok(word) => is_answered(platform, file, &word).await?,
            Err(_) => false,
        },
        // All others are the trace of something that may stand nowhere else.
        GivenUpBy::Payouts => match PayoutWord::read(text) {
            Ok(word) => is_worked_out(platform, &word).await?,
            Err(_) => false,
        },
        GivenUpBy::Other => false,
    };
    if known {
        return Ok(Fate::LetGo);
    }
    let delivery = letters::parked(queue, &merchant, file, text, SystemClock.now());
    platform.ledger.park_delivery(&delivery).await.map_err(unavailable)?;
    tracing::error!(
        event = "dead-letter-parked", %merchant, entry = delivery.body_hash, code = delivery.reason.code, "parked"
    );
    Ok(Fate::Parked)
}

/// Keeps that a mail was given up before it was found out whose it is, where the operator sees such mails.
async fn nobody_knows_whose(platform: &Platform, object: String) -> Result<Fate, PlatformError> {
    let reason = Reason::new("mail-given-up");
    tracing::error!(
        event = "dead-letter-parked",
        entry = object,
        code = reason.code,
        "nobody knows whose it is"
    );
    let undelivered = UndeliveredMail { object, reason, at: SystemClock.now(), dismissed: None };
    platform.ledger.put_undelivered(&undelivered).await?;
    Ok(Fate::Parked)
}

async fn is_in_the_ledger(platform: &Platform, text: &str) -> Result<bool, PlatformError> {
    let Ok(message) = queue::read_message(text) else { return Ok(false) };
    let head = platform.ledger.head(&message.transfer()).await.map_err(unavailable)?;
    Ok(head.is_some_and(|head| has_news(&head, &message)))
}

/// True when the transfer comes up again by itself, or reflects these bytes, or was read after they came in.
fn has_news(head: &Head, message: &Message) -> bool {
    let reflects = head.applied.as_ref().is_some_and(|applied| {
        let same = !message.body_hash.is_empty() && applied.body_hash == message.body_hash;
        same || applied.read_at.is_some_and(|read_at| read_at > message.received_at)
    });
    head.due_at.is_some() || reflects
}

/// True when the word asks for work on a payout that was claimed since and given free in order, and nothing is due of it any more: what
/// came behind the word did what it asks for, and took its entry off the list, so that no later word would.
async fn is_worked_out(platform: &Platform, word: &PayoutWord) -> Result<bool, PlatformError> {
    let PayoutTask::Work { key } = &word.task else { return Ok(false) };
    let id = PayoutId { merchant: word.merchant.clone(), key: key.clone() };
    let record = platform.ledger.payout(&id).await.map_err(unavailable)?;
    Ok(record.is_some_and(|record| {
        let since = word.left_at_fence().is_none_or(|fence| record.fence > fence);
        since && record.lease_until.is_none() && record.due_at.is_none()
    }))
}

/// True when a run of the word's flow that began after it was left has ended well, or there is no such flow any more.
async fn is_answered(
    platform: &Platform,
    file: &MerchantFile,
    word: &StockWord,
) -> Result<bool, PlatformError> {
    let Some(flow) = flow_of(file, word) else { return Ok(true) };
    let head = platform.ledger.stock_head(&flow).await.map_err(unavailable)?;
    Ok(head.is_some_and(|head| word.is_answered(&head)))
}

fn flow_of(file: &MerchantFile, word: &StockWord) -> Option<StockFlow> {
    let shop = file.connections.iter().find(|known| known.id == word.connection)?;
    let known = file.flows.iter().find(|known| known.shop == shop.name)?;
    let agreement = file.connection(&known.accounting)?.agreement.as_ref()?;
    Some(flow(&word.merchant, shop.source.as_deref()?, agreement))
}

/// Takes the given-up word of a shop's stock off the list, once a run of the flow has ended well since it was left.
///
/// # Errors
/// As AWS says.
pub async fn forget_answered_stock(
    platform: &Platform,
    file: &MerchantFile,
    shop: &ConnectionId,
) -> Result<(), PlatformError> {
    let name = words_name(&file.id, shop);
    let Some(parked) = platform.ledger.parked_delivery(&file.id, &name).await? else { return Ok(()) };
    if let Ok(word) = StockWord::read(&parked.message)
        && is_answered(platform, file, &word).await?
    {
        platform.ledger.forget_delivery(&file.id, &name).await?;
    }
    Ok(())
}

/// Keeps a word about payouts where a person sees it, with what its last try failed by, before its queue gives it up.
///
/// # Errors
/// As AWS says.
pub(crate) async fn given_up(
    platform: &Platform,
    word: &PayoutWord,
    failure: &PayoutFailure,
) -> Result<(), PlatformError> {
    let found = platform.merchants.merchant(&word.merchant).await?;
    let words = crate::redaction::redact(&failure.to_string()).into_owned();
    let text = serde_json::to_string(word)
        .map_err(|_| PlatformError::Unreadable("a word has no JSON form".to_owned()))?;
    let delivery = letters::about_payouts(word, &found.record.file, &text, &words, SystemClock.now());
    platform.ledger.park_delivery(&delivery).await.map_err(unavailable)
}

fn unavailable(failure: StoreFailure) -> PlatformError {
    PlatformError::Unavailable { service: "dynamodb", message: failure.to_string() }
}

#[cfg(test)]
mod tests {
    use domain::{EntityId, EntityKind, MerchantId, TransferId};
    use engine::log::Why;
    use engine::message::{MESSAGE_SCHEMA, SettingsChoice};
    use engine::store::{Applied, Claim, Status};
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    fn message(at: Timestamp) -> Message {
        Message {
            schema: MESSAGE_SCHEMA,
            merchant: MerchantId::new("m"),
            connection: ConnectionId::new("c"),
            source: "woocommerce:shop.example".to_owned(),
            kind: EntityKind::Order,
            entity: EntityId::new("1"),
            received_at: at,
            why: Why::Webhook,
            settings: SettingsChoice::Now,
            deduplication: String::new(),
            body: String::new(),
            body_hash: "news".to_owned(),
        }
    }

    fn settled(at: Timestamp, body_hash: &str, read_at: Option<Timestamp>) -> Head {
        let transfer: TransferId = message(at).transfer();
        let claim = Claim {
            transfer,
            connection: ConnectionId::new("c"),
            token: "token".to_owned(),
            now: at,
            lease_until: at,
            body_hash: String::new(),
            early: false,
        };
        let applied = Applied { body_hash: body_hash.to_owned(), read_at, ..Applied::default() };
        Head { status: Status::Done, due_at: None, applied: Some(applied), ..Head::first(&claim) }
    }

    #[test]
    fn only_news_that_the_ledger_does_not_have_is_parked() {
        let at = Timestamp::from_second(1_795_000_000).expect("a time");
        let (before, after) = (at - SignedDuration::from_secs(1), at + SignedDuration::from_secs(1));
        let waiting = Head { due_at: Some(after), ..settled(at, "", None) };
        for (what, head, has) in [
            ("comes up again", waiting, true),
            ("reflects these bytes", settled(at, "news", None), true),
            ("was read after they came", settled(at, "", Some(after)), true),
            ("was read before they came", settled(at, "older", Some(before)), false),
            ("was never read", settled(at, "", None), false),
        ] {
            assert_eq!(has_news(&head, &message(at)), has, "{what}");
        }
    }

    #[test]
    fn a_queues_dead_letters_are_named_after_it() {
        assert_eq!(
            dead_letters_of("https://sqs.eu-north-1.amazonaws.com/1/bogbro-orders.fifo"),
            "https://sqs.eu-north-1.amazonaws.com/1/bogbro-orders-dead.fifo"
        );
    }
}
