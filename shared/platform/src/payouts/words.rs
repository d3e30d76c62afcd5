//! Word that something is to be done about payouts, and the queue that it goes by.
//!
//! The bucket's own word that a file was dropped comes by the same queue, in the form that its events have. All of those are of one
//! group, whosever the files are: so nothing is worked on under them. Each is left again as a word of its object's own group.

use connectors::announcement::Announcement;
use domain::settlement::BatchKey;
use domain::{ConnectionId, MerchantId};
use engine::payouts::{PayoutId, PayoutRecord};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::failure::PlatformError;
use crate::queue::{Queues, hash};

/// The schema version of words. An unknown one is refused, never guessed.
const WORD_SCHEMA: u32 = 1;
/// How an occasion begins that names the payout's fence.
const FENCE: &str = "fence ";

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "task")]
pub enum PayoutTask {
    /// A file was dropped in the bucket.
    TakeIn {
        /// The object.
        object: String,
        /// The version of it that was dropped; `None` where the bucket keeps none, and in words of before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
    /// A payout is to be worked on.
    Work {
        /// Which.
        key: BatchKey,
    },
    /// An acquirer is to be asked for its payouts.
    Fetch {
        /// The flow.
        flow: String,
        /// The payout that is gone on with where it was broken off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<BrokenOff>,
    },
    /// A mail was delivered to the address of a flow.
    Mailed {
        /// The object.
        object: String,
        /// The version of it; `None` where the bucket keeps none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        /// The flow.
        flow: String,
    },
    /// A gateway is to be asked which orders its payments are of.
    AskGateway {
        /// Its connection.
        connection: ConnectionId,
    },
    /// A report was announced that can be downloaded.
    Announced {
        /// The connection that it was announced to.
        connection: ConnectionId,
        /// The report.
        report: Announcement,
    },
}

/// A payout whose fetch was told to wait in its middle, or ran out of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BrokenOff {
    /// Its id at the acquirer.
    pub payout: String,
    /// Hash of the answers that are kept of it, which also is a part of their name.
    pub answers: String,
    /// When.
    pub at: Timestamp,
}

impl PayoutTask {
    /// The task as it is grouped: what is gone on with waits its turn among what is asked for, and versions of an object are taken in one
    /// after the other.
    fn grouped(&self) -> PayoutTask {
        match self {
            PayoutTask::TakeIn { object, .. } => PayoutTask::TakeIn { object: object.clone(), version: None },
            PayoutTask::Fetch { flow, .. } => PayoutTask::Fetch { flow: flow.clone(), resume: None },
            PayoutTask::Mailed { object, flow, .. } => {
                PayoutTask::Mailed { object: object.clone(), version: None, flow: flow.clone() }
            }
            other => other.clone(),
        }
    }
}

/// Word that something is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PayoutWord {
    /// Schema version of the writer.
    pub schema: u32,
    /// Whose.
    pub merchant: MerchantId,
    /// What.
    pub task: PayoutTask,
    /// What makes it another word than the one before.
    pub occasion: String,
}

/// The bucket's own word: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>.
#[derive(Deserialize)]
struct ObjectEvent {
    source: String,
    detail: ObjectDetail,
}

#[derive(Deserialize)]
struct ObjectDetail {
    object: ObjectName,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ObjectName {
    key: String,
    #[serde(default)]
    version_id: Option<String>,
    #[serde(default)]
    etag: String,
    #[serde(default)]
    sequencer: String,
}

impl ObjectEvent {
    /// What tells this event from another of the same object: the object's content and place in its history, or the whole event where
    /// it names neither.
    fn occasion(&self, text: &str) -> String {
        let ObjectName { etag, sequencer, .. } = &self.detail.object;
        if etag.is_empty() && sequencer.is_empty() {
            return hash(text.as_bytes());
        }
        format!("{etag} {sequencer}")
    }
}

/// What a message of the payouts' queue says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayoutMessage {
    /// Word that something is to be done.
    Word(PayoutWord),
    /// The bucket's own word that a file was dropped, and the word that is left of it.
    Dropped(PayoutWord),
    /// The bucket's own word that a mail was delivered: whose it is stands in the mail.
    Mailed(MailedObject),
    /// The bucket's own word of an object that is nobody's file: a folder, or what lies beside the folders of merchants and flows.
    NoFile {
        /// The object.
        object: String,
    },
}

/// A mail in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailedObject {
    /// The object.
    pub object: String,
    /// The version of it that was delivered; `None` where the bucket keeps none.
    pub version: Option<String>,
    /// What makes the word of it another than the one before.
    pub occasion: String,
}

impl PayoutMessage {
    /// Reads a message as it came off the queue.
    ///
    /// # Errors
    /// `UnknownSchema` for a word of another version; `Unreadable` for anything else that is none of these.
    pub fn read(text: &str) -> Result<PayoutMessage, PlatformError> {
        #[derive(Deserialize)]
        struct Versioned {
            schema: Option<u32>,
        }
        let unreadable = || PlatformError::Unreadable("a word about payouts".to_owned());
        let versioned: Versioned = serde_json::from_str(text).map_err(|_| unreadable())?;
        match versioned.schema {
            Some(WORD_SCHEMA) => {
                serde_json::from_str(text).map(PayoutMessage::Word).map_err(|_| unreadable())
            }
            Some(other) => Err(PlatformError::UnknownSchema(other)),
            None => {
                let event: ObjectEvent = serde_json::from_str(text).map_err(|_| unreadable())?;
                if event.source != "aws.s3" {
                    return Err(unreadable());
                }
                let occasion = event.occasion(text);
                let ObjectName { key: object, version_id: version, .. } = event.detail.object;
                if crate::keys::mailed(&object).is_some() {
                    return Ok(PayoutMessage::Mailed(MailedObject { object, version, occasion }));
                }
                Ok(match crate::keys::dropped(&object) {
                    Some((merchant, _, _)) => PayoutMessage::Dropped(PayoutWord {
                        schema: WORD_SCHEMA,
                        merchant,
                        task: PayoutTask::TakeIn { object, version },
                        occasion,
                    }),
                    None => PayoutMessage::NoFile { object },
                })
            }
        }
    }
}

impl PayoutWord {
    /// A payout is to be worked on.
    pub fn work(id: &PayoutId, occasion: String) -> PayoutWord {
        let task = PayoutTask::Work { key: id.key.clone() };
        PayoutWord { schema: WORD_SCHEMA, merchant: id.merchant.clone(), task, occasion }
    }

    /// A payout is to be worked on, as it stands at this fence.
    pub fn work_at(record: &PayoutRecord) -> PayoutWord {
        PayoutWord::work(&record.id, format!("{FENCE}{} {}", record.fence, record.updated_at))
    }

    /// The fence at which the payout stood when [`PayoutWord::work_at`] left the word.
    pub fn left_at_fence(&self) -> Option<u64> {
        self.occasion.strip_prefix(FENCE)?.split(' ').next()?.parse().ok()
    }

    /// An acquirer is to be asked.
    pub fn fetch(merchant: &MerchantId, flow: &str, occasion: String) -> PayoutWord {
        let task = PayoutTask::Fetch { flow: flow.to_owned(), resume: None };
        PayoutWord { schema: WORD_SCHEMA, merchant: merchant.clone(), task, occasion }
    }

    /// An acquirer is to be asked, and a payout gone on with.
    pub fn resume(merchant: &MerchantId, flow: &str, broken_off: BrokenOff) -> PayoutWord {
        let occasion = broken_off.answers.clone();
        let task = PayoutTask::Fetch { flow: flow.to_owned(), resume: Some(broken_off) };
        PayoutWord { schema: WORD_SCHEMA, merchant: merchant.clone(), task, occasion }
    }

    /// A gateway is to be asked.
    pub fn ask_gateway(merchant: &MerchantId, connection: &ConnectionId, occasion: String) -> PayoutWord {
        let task = PayoutTask::AskGateway { connection: connection.clone() };
        PayoutWord { schema: WORD_SCHEMA, merchant: merchant.clone(), task, occasion }
    }

    /// A report was announced.
    pub fn announced(merchant: &MerchantId, connection: &ConnectionId, report: Announcement) -> PayoutWord {
        let task = PayoutTask::Announced { connection: connection.clone(), report };
        PayoutWord { schema: WORD_SCHEMA, merchant: merchant.clone(), task, occasion: String::new() }
    }

    /// A mail was delivered to the address of a merchant's flow.
    pub fn mailed(merchant: &MerchantId, flow: &str, mail: &MailedObject) -> PayoutWord {
        let MailedObject { object, version, occasion } = mail.clone();
        let task = PayoutTask::Mailed { object, version, flow: flow.to_owned() };
        PayoutWord { schema: WORD_SCHEMA, merchant: merchant.clone(), task, occasion }
    }

    /// The name of the piece of work, whatever the occasion: words of one name are worked on one after the other.
    pub fn name(&self) -> String {
        self.named(&self.task.grouped())
    }

    /// The name of its entry when it is given up: words of one name are one entry, except that each version of an object is a file of its
    /// own.
    pub fn entry_name(&self) -> String {
        match &self.task {
            task @ (PayoutTask::TakeIn { .. } | PayoutTask::Mailed { .. }) => self.named(task),
            task => self.named(&task.grouped()),
        }
    }

    fn named(&self, task: &PayoutTask) -> String {
        let task = serde_json::to_string(task).unwrap_or_default();
        hash(format!("{}\n{task}", self.merchant).as_bytes())
    }

    /// Reads a word as it came off the queue, or as it is left of the bucket's own.
    ///
    /// # Errors
    /// `UnknownSchema` for one of another version; `Unreadable` for anything else that is no word.
    pub fn read(text: &str) -> Result<PayoutWord, PlatformError> {
        match PayoutMessage::read(text)? {
            PayoutMessage::Word(word) | PayoutMessage::Dropped(word) => Ok(word),
            PayoutMessage::Mailed(_) | PayoutMessage::NoFile { .. } => {
                Err(PlatformError::Unreadable("a word about payouts".to_owned()))
            }
        }
    }
}

impl Queues {
    /// Leaves word. Words about one payout are worked on one after the other.
    ///
    /// # Errors
    /// As SQS says.
    pub async fn leave_payout_word(&self, word: &PayoutWord) -> Result<(), PlatformError> {
        let text = serde_json::to_string(word)
            .map_err(|_| PlatformError::Unreadable("a word has no JSON form".to_owned()))?;
        let task = serde_json::to_string(&word.task).unwrap_or_default();
        let id = hash(format!("{}\n{task}\n{}", word.merchant, word.occasion).as_bytes());
        self.send_payout(&word.name(), &id, text).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buckets_own_word_is_read_and_others_are_refused() {
        let event = r#"{"version":"0","detail-type":"Object Created","source":"aws.s3","detail":{
            "bucket":{"name":"b"},"object":{"key":"drop/m/krus/stripe/2026/report.csv","size":7},"reason":"PutObject"}}"#;
        let word = PayoutWord::read(event).expect("it is a word");
        assert_eq!(word.merchant, MerchantId::new("krus"));
        let object = "drop/m/krus/stripe/2026/report.csv".to_owned();
        assert_eq!(word.task, PayoutTask::TakeIn { object, version: None });
        for other in [
            event.replace("aws.s3", "aws.x"),
            event.replace("drop/m/krus/stripe/2026/report.csv", "m/krus/secret"),
            "{}".to_owned(),
            "no JSON".to_owned(),
        ] {
            assert!(PayoutWord::read(&other).is_err(), "{other}");
        }
        assert_eq!(PayoutWord::read(r#"{"schema":9}"#), Err(PlatformError::UnknownSchema(9)));
    }

    #[test]
    fn each_event_of_an_object_is_a_word_of_its_own_in_one_group_and_a_folders_is_none() {
        let event = |key: &str, further: &str| {
            format!(
                r#"{{"version":"0","source":"aws.s3","detail":{{"object":{{"key":"{key}","size":7{further}}}}}}}"#
            )
        };
        let file = "drop/m/krus/stripe/report.csv";
        let read = |text: &str| PayoutMessage::read(text).expect("it is the bucket's own word");
        let told = |further: &str| match read(&event(file, further)) {
            PayoutMessage::Dropped(word) => word,
            other => panic!("{other:?}"),
        };
        let first = told(r#","etag":"a","sequencer":"01""#);
        let others = [
            told(r#","etag":"b","sequencer":"01""#),
            told(r#","etag":"a","sequencer":"02""#),
            told(r#","version-id":"1""#),
            told(r#","version-id":"2""#),
            told(""),
        ];
        let occasions: std::collections::BTreeSet<&str> =
            others.iter().chain([&first]).map(|word| word.occasion.as_str()).collect();
        assert_eq!(occasions.len(), 6, "{occasions:?}");
        assert!(others.iter().all(|word| word.name() == first.name()));
        let entries: std::collections::BTreeSet<String> =
            others.iter().map(|word| word.entry_name()).collect();
        assert_eq!(entries.len(), 3, "two versions, and what has none: {entries:?}");
        assert_eq!(told(r#","etag":"a","sequencer":"01""#), first, "told twice it is the same word");
        for folder in ["drop/m/krus/stripe/", "drop/m/krus/stripe/2026/", "drop/m/krus/", "drop/m/x.csv"] {
            let text = event(folder, r#","etag":"a","sequencer":"01""#);
            assert_eq!(read(&text), PayoutMessage::NoFile { object: folder.to_owned() });
        }
    }

    #[test]
    fn a_dropped_file_is_read_in_the_version_that_was_dropped() {
        let event = r#"{"source":"aws.s3","detail":{"object":{"key":"drop/m/krus/stripe/a.csv","version-id":"v7",
            "etag":"a","sequencer":"01"}}}"#;
        let word = PayoutWord::read(event).expect("it is a word");
        let version = Some("v7".to_owned());
        assert_eq!(word.task, PayoutTask::TakeIn { object: "drop/m/krus/stripe/a.csv".to_owned(), version });
        let text = serde_json::to_string(&word).expect("JSON");
        assert_eq!(PayoutWord::read(&text), Ok(word), "and so once it was left in its own group");
        let before = r#"{"schema":1,"merchant":"krus","task":{"task":"take-in","object":"drop/m/krus/stripe/a.csv"},"occasion":""}"#;
        let word = PayoutWord::read(before).expect("a word of before");
        assert_eq!(serde_json::to_string(&word).expect("JSON"), before);
        assert_eq!(word.entry_name(), word.name(), "its entry has the name that it had");
    }

    #[test]
    fn a_mail_that_was_delivered_is_told_of_without_a_merchant() {
        let event = |key: &str| {
            format!(
                r#"{{"source":"aws.s3","detail":{{"object":{{"key":"{key}","version-id":"v7","etag":"a","sequencer":"01"}}}}}}"#
            )
        };
        let read = |key: &str| PayoutMessage::read(&event(key)).expect("the bucket's own word");
        let PayoutMessage::Mailed(mail) = read("mail/o3vrnil0e2ic28tr") else { panic!("a mail") };
        let (version, occasion) = (Some("v7".to_owned()), "a 01".to_owned());
        assert_eq!(mail, MailedObject { object: "mail/o3vrnil0e2ic28tr".to_owned(), version, occasion });
        assert!(PayoutWord::read(&event("mail/o3vrnil0e2ic28tr")).is_err(), "nobody's word yet");
        let word = PayoutWord::mailed(&MerchantId::new("krus"), "stripe", &mail);
        let text = serde_json::to_string(&word).expect("JSON");
        assert_eq!(PayoutWord::read(&text), Ok(word.clone()), "it comes back as it was");
        let other = PayoutWord::mailed(&MerchantId::new("krus"), "adyen", &mail);
        assert_ne!(other.name(), word.name(), "two flows that it was sent to are two pieces of work");
        for none in ["mail/", "mail/AMAZON_SES_SETUP_NOTIFICATION", "mail/m/x"] {
            assert_eq!(read(none), PayoutMessage::NoFile { object: none.to_owned() });
        }
    }

    #[test]
    fn a_word_comes_back_as_it_was() {
        let word = PayoutWord::fetch(&MerchantId::new("krus"), "stripe", "hour".to_owned());
        let text = serde_json::to_string(&word).expect("JSON");
        assert_eq!(PayoutWord::read(&text), Ok(word));
        let word = PayoutWord::ask_gateway(
            &MerchantId::new("krus"),
            &ConnectionId::new("gateway"),
            "hour".to_owned(),
        );
        let text = serde_json::to_string(&word).expect("JSON");
        assert!(text.contains(r#""task":{"task":"ask-gateway","connection":"gateway"}"#), "{text}");
        assert_eq!(PayoutWord::read(&text), Ok(word));
    }

    #[test]
    fn a_word_of_before_has_nothing_to_go_on_with_and_both_wait_for_each_other() {
        let text =
            r#"{"schema":1,"merchant":"krus","task":{"task":"fetch","flow":"stripe"},"occasion":"hour"}"#;
        let merchant = MerchantId::new("krus");
        let hourly = PayoutWord::fetch(&merchant, "stripe", "hour".to_owned());
        assert_eq!(PayoutWord::read(text).as_ref(), Ok(&hourly));
        assert_eq!(serde_json::to_string(&hourly).expect("JSON"), text);
        let broken_off =
            BrokenOff { payout: "po_1".to_owned(), answers: "hash".to_owned(), at: Timestamp::UNIX_EPOCH };
        let resumed = PayoutWord::resume(&merchant, "stripe", broken_off);
        let text = serde_json::to_string(&resumed).expect("JSON");
        assert_eq!(PayoutWord::read(&text).as_ref(), Ok(&resumed));
        assert_eq!(resumed.task.grouped(), hourly.task);
        let other = PayoutWord::fetch(&merchant, "adyen", "hour".to_owned());
        assert_ne!(other.task.grouped(), hourly.task);
    }
}
