//! A transport that answers whatever the fuzzer says, in turn: shared by the targets of answers.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use connectors::http::{Request, Response, Transport};
use domain::{AgreementId, EffectKey, EntityId, EntityKind, Failure, MerchantId, TransferId};

/// Most calls that one question to a system may take, whatever it answers.
const MOST_CALLS: usize = 400;

/// The answers, in turn.
pub(crate) struct Answers {
    answers: Vec<(u16, Vec<u8>)>,
    asked: AtomicUsize,
    /// What comes when they are used up; `None`: the last one again and again.
    then: Option<(u16, Vec<u8>)>,
}

impl Answers {
    #[allow(dead_code, reason = "not every target's questions have an end of their own")]
    pub(crate) fn new(answers: Vec<(u16, Vec<u8>)>) -> Answers {
        Answers { answers, asked: AtomicUsize::new(0), then: None }
    }

    /// These answers, and no further one: a list whose pages go on is followed for as long as it does, within a bound that is too wide
    /// to be met here.
    #[allow(dead_code, reason = "not every target follows lists")]
    pub(crate) fn of(answers: Vec<(u16, Vec<u8>)>) -> Answers {
        Answers { then: Some((403, Vec::new())), ..Answers::new(answers) }
    }

    /// Begins with the first answer again.
    pub(crate) fn again(&self) -> &Answers {
        self.asked.store(0, Ordering::Relaxed);
        self
    }

    /// The body of the first answer.
    #[allow(dead_code, reason = "not every target asks")]
    pub(crate) fn first(&self) -> &[u8] {
        self.answers.first().map_or(&[], |(_, body)| body)
    }

    fn answer(&self) -> Response {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(number < MOST_CALLS, "a question to a system has no end");
        let (status, body) = self
            .answers
            .get(number)
            .or(self.then.as_ref())
            .or(self.answers.last())
            .cloned()
            .unwrap_or((200, Vec::new()));
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Response { status: 100 + status % 500, headers, body }
    }
}

#[async_trait]
impl Transport for Answers {
    async fn read(&self, _: Request) -> Result<Response, Failure> {
        Ok(self.answer())
    }

    async fn write(&self, _: &EffectKey, _: Request) -> Result<Response, Failure> {
        Ok(self.answer())
    }
}

/// A key.
#[allow(dead_code, reason = "not every target writes")]
pub(crate) fn key(effect: domain::identity::Effect) -> EffectKey {
    let transfer = TransferId {
        merchant: MerchantId::new("krus"),
        source: "woocommerce:krus.example".to_owned(),
        kind: EntityKind::Order,
        entity: EntityId::new("1001"),
    };
    EffectKey::new(&transfer, effect, 1, &AgreementId::new("424242"))
}

/// A question that only reads leaves nothing open.
pub(crate) fn reads<T>(answer: Result<T, Failure>) {
    if let Err(failure) = answer {
        assert!(!matches!(failure, Failure::Unknown { .. }), "a read left open what was done: {failure}");
    }
}
