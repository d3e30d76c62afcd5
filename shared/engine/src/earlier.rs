//! What a worker sent and did not live to tell.
//!
//! Calls reach the log when the work under a claim is concluded, so those of a worker that died are lost with it. Who goes on
//! with its plan writes down the requests of what was done without a row: the plan is frozen, so the connector makes the very
//! request again, and it is kept instead of being sent. Two kinds are left out, since their requests hold what the target
//! was asked before them: drafts that were replaced (by a correction line, too) and new products.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use connectors::http::{Request, Response, Transport};
use domain::plan::{CustomerAction, Step};
use domain::{EffectKey, Failure, Plan};

use crate::execute::Thing;
use crate::recorder::RecordingTransport;
use crate::session::Session;

/// A transport that asks and sends nothing: a write is kept.
struct Unsent<'a> {
    inner: RecordingTransport<'a>,
    kept: Mutex<Option<(EffectKey, Request)>>,
}

#[async_trait]
impl Transport for Unsent<'_> {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        self.inner.read(request).await
    }

    async fn write(&self, key: &EffectKey, request: Request) -> Result<Response, Failure> {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((key.clone(), request));
        Err(Failure::Busy {
            retry_after_ms: None,
            message: "made again for the log, and not sent".to_owned(),
        })
    }
}

impl Session<'_> {
    /// Tells of the steps that the ledger counts as done and no row tells of.
    pub(crate) async fn tell_of_steps_before(&self, plan: &Plan) {
        let (told, done) = (self.progress.told as usize, self.progress.step as usize);
        for step in plan.steps.iter().take(done).skip(told) {
            let thing = match step {
                Step::EnsureCustomer(step) => match &step.action {
                    CustomerAction::Create(customer) => Thing::Customer(&step.key, customer),
                    CustomerAction::Use { .. } | CustomerAction::Update { .. } => continue,
                },
                Step::CreateDocument(step) => Thing::Document(step),
                Step::Book(step) => Thing::Booking(step),
                Step::RegisterPayment(step) => Thing::Payment(step),
                _ => continue,
            };
            self.tell_of(&thing).await;
        }
    }

    /// Writes down the request that makes a thing. What cannot be made again (a number is not known, a question is not answered) is
    /// left untold: the document is what counts.
    pub(crate) async fn tell_of(&self, thing: &Thing<'_>) {
        let port = self.route.accounting.port;
        let transport = Unsent { inner: self.accounting(), kept: Mutex::new(None) };
        let customer = self.progress.customer;
        // What is answered to a write that is not sent does not matter: the request does.
        match thing {
            Thing::Customer(key, new) => {
                let _ = port.create_customer(&transport, key, new).await;
            }
            Thing::Product(_) => {}
            Thing::Document(step) => {
                if let Some(customer) = customer {
                    let _ = port.create_document(&transport, &step.key, &step.document, customer).await;
                }
            }
            Thing::Booking(step) => {
                if let Some(draft) = self.progress.draft {
                    let _ = port.book(&transport, &step.key, draft, step.send).await;
                }
            }
            Thing::Payment(step) => {
                if let Some((customer, invoice)) = customer.zip(step.invoice.or(self.progress.invoice)) {
                    let _ = port.register_payment(&transport, step, customer, invoice).await;
                }
            }
        }
        let kept = transport.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((key, request)) = kept {
            let system = port.manifest().system;
            self.recorder.note_earlier(system, &key, request, self.engine.now());
        }
    }
}
