//! Word that a flow's stock is to be looked at, and the queue that it goes by.
//!
//! Words of one flow are worked on one after the other. Each says when it was left: one that was left before the accounts
//! were last read is answered already, so a hundred documents in a minute make one reading and not a hundred.

use domain::{ConnectionId, MerchantId};
use engine::stock::{StockFlow, StockHead, StockTask};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::failure::PlatformError;
use crate::queue::{Queues, hash};

/// The schema version of words. An unknown one is refused, never guessed.
pub const WORD_SCHEMA: u32 = 1;

/// Word that a flow's stock is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StockWord {
    /// [`WORD_SCHEMA`] of the writer.
    pub schema: u32,
    /// Whose.
    pub merchant: MerchantId,
    /// The shop's connection.
    pub connection: ConnectionId,
    /// What is to be done.
    #[serde(default)]
    pub task: StockTask,
    /// When it was left.
    pub left_at: Timestamp,
    /// What makes it another word than the one before.
    pub occasion: String,
}

impl StockWord {
    /// A word for a flow.
    pub fn new(
        merchant: &MerchantId,
        connection: &ConnectionId,
        left_at: Timestamp,
        occasion: impl Into<String>,
    ) -> StockWord {
        StockWord {
            schema: WORD_SCHEMA,
            merchant: merchant.clone(),
            connection: connection.clone(),
            task: StockTask::Changes,
            left_at,
            occasion: occasion.into(),
        }
    }

    /// Reads a word as it came off the queue.
    ///
    /// # Errors
    /// `UnknownSchema` for one of another version; `Unreadable` for anything else that is no word.
    pub fn read(text: &str) -> Result<StockWord, PlatformError> {
        #[derive(Deserialize)]
        struct Versioned {
            schema: u32,
        }
        let unreadable = |_| PlatformError::Unreadable("a word about stock".to_owned());
        let versioned: Versioned = serde_json::from_str(text).map_err(unreadable)?;
        if versioned.schema != WORD_SCHEMA {
            return Err(PlatformError::UnknownSchema(versioned.schema));
        }
        serde_json::from_str(text).map_err(unreadable)
    }

    /// The name of the flow's words.
    pub fn name(&self) -> String {
        words_name(&self.merchant, &self.connection)
    }

    /// True when the accounts were read after it was left, by a run that came to its end.
    pub fn is_answered(&self, head: &StockHead) -> bool {
        let ended =
            head.lease_until.is_none() && head.report.as_ref().is_some_and(|report| report.stopped.is_none());
        self.task == StockTask::Changes && ended && head.read_to.is_some_and(|read_to| read_to > self.left_at)
    }
}

/// The name of the words of one shop's stock: they are worked on one after the other, and are one entry when they are given up.
pub(crate) fn words_name(merchant: &MerchantId, shop: &ConnectionId) -> String {
    hash(format!("{merchant}\n{shop}").as_bytes())
}

/// The group of a flow's words, and the id by which the same word put twice is one.
pub(crate) fn group_and_id(word: &StockWord) -> (String, String) {
    let id = hash(format!("{}\n{}\n{}", word.merchant, word.connection, word.occasion).as_bytes());
    (word.name(), id)
}

impl Queues {
    /// Leaves word.
    ///
    /// # Errors
    /// As SQS says.
    pub async fn leave_stock_word(&self, word: &StockWord) -> Result<(), PlatformError> {
        let text = serde_json::to_string(word)
            .map_err(|_| PlatformError::Unreadable("a word has no JSON form".to_owned()))?;
        let (group, id) = group_and_id(word);
        self.send_stock(&group, &id, text).await
    }
}

/// The flow's name in the ledger, from its two ends.
pub fn flow(merchant: &MerchantId, source: &str, agreement: &domain::AgreementId) -> StockFlow {
    StockFlow { merchant: merchant.clone(), source: source.to_owned(), agreement: agreement.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_another_version_is_refused_not_guessed() {
        assert_eq!(StockWord::read(r#"{"schema":9,"merchant":"m"}"#), Err(PlatformError::UnknownSchema(9)));
        for text in ["", "no JSON", r#"{"schema":1}"#, "[]"] {
            assert!(StockWord::read(text).is_err(), "{text}");
        }
        let word = StockWord::new(
            &MerchantId::new("m"),
            &ConnectionId::new("c"),
            Timestamp::UNIX_EPOCH,
            "document 7",
        );
        let text = serde_json::to_string(&word).expect("JSON");
        assert_eq!(StockWord::read(&text), Ok(word.clone()));
        let other = StockWord { occasion: "document 8".to_owned(), ..word.clone() };
        assert_eq!(group_and_id(&word).0, group_and_id(&other).0);
        assert_ne!(group_and_id(&word).1, group_and_id(&other).1);
    }
}
