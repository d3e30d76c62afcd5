//! A transport for tests: it knows beforehand what will be asked, and what the answers are.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::identity::{AgreementId, Effect, EffectKey, MerchantId};
use domain::plan::WriteBackStep;
use domain::settings::WriteBackForm;
use domain::{ConnectionId, Failure};

use crate::http::{Call, Request, Response, Transport};

/// One call: how it must come, a part that its path, query or body must hold, and what is answered.
struct Step {
    call: Call,
    holds: Vec<String>,
    status: u16,
    body: String,
}

/// The scripted answers, in order.
#[derive(Default)]
pub(crate) struct Script {
    steps: Mutex<VecDeque<Step>>,
    asked: Mutex<Vec<Request>>,
}

impl Script {
    /// Expects a read.
    pub(crate) fn read(self, holds: &[&str], status: u16, body: impl Into<String>) -> Script {
        self.step(Call::Read, holds, status, body.into())
    }

    /// Expects a write.
    pub(crate) fn write(self, holds: &[&str], status: u16, body: impl Into<String>) -> Script {
        self.step(Call::Write, holds, status, body.into())
    }

    fn step(self, call: Call, holds: &[&str], status: u16, body: String) -> Script {
        let holds = holds.iter().map(|part| (*part).to_owned()).collect();
        self.steps.lock().expect("not poisoned").push_back(Step { call, holds, status, body });
        self
    }

    /// Nothing that was expected is left.
    pub(crate) fn finish(self) -> Vec<Request> {
        assert!(self.steps.lock().expect("not poisoned").is_empty(), "fewer calls than expected");
        self.asked.into_inner().expect("not poisoned")
    }

    fn answer(&self, call: Call, request: Request) -> Response {
        let step = self.steps.lock().expect("not poisoned").pop_front();
        let step = step.unwrap_or_else(|| panic!("one call too many: {request:?}"));
        assert_eq!(step.call, call, "{request:?}");
        let whole = format!(
            "{:?} {} {:?} {}",
            request.method,
            request.path,
            request.query,
            request.body.as_deref().unwrap_or_default()
        );
        for part in &step.holds {
            assert!(whole.contains(part), "{part} is missing in {whole}");
        }
        self.asked.lock().expect("not poisoned").push(request);
        let kind = if step.body.starts_with('<') { "text/html" } else { "application/json" };
        let headers =
            vec![("content-type".to_owned(), kind.to_owned()), ("retry-after".to_owned(), "7".to_owned())];
        Response { status: step.status, headers, body: step.body.into_bytes() }
    }
}

#[async_trait]
impl Transport for Script {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        Ok(self.answer(Call::Read, request))
    }

    async fn write(&self, _key: &EffectKey, request: Request) -> Result<Response, Failure> {
        Ok(self.answer(Call::Write, request))
    }
}

/// A write-back of "Faktura {number}".
pub(crate) fn write_back(form: WriteBackForm) -> WriteBackStep {
    let (merchant, agreement) = (MerchantId::new("kande"), AgreementId::new("1"));
    WriteBackStep {
        key: EffectKey::shared(&merchant, Effect::WriteBack, "test", &agreement),
        connection: ConnectionId::new("shop"),
        form,
        template: "Faktura {number}".to_owned(),
        kind: domain::DocumentKind::BookedInvoice,
    }
}

/// The word for a failure, for tables of cases.
pub(crate) fn word<T>(result: &Result<T, Failure>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(Failure::Rejected { .. }) => "rejected",
        Err(Failure::Busy { .. }) => "busy",
        Err(Failure::Unknown { .. }) => "unknown",
        Err(Failure::Unauthorized { .. }) => "unauthorized",
    }
}
