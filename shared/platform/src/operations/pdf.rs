//! The PDF of a document, as the accounting system makes it.

use domain::document::DocumentKind;
use domain::{Failure, MerchantId};
use engine::clock::Clock as _;
use engine::recorder::{Recorder, RecordingTransport};
use engine::route::Connections as _;
use engine::store::{DocumentRecord, Head, Store as _};
use jiff::SignedDuration;

use super::{Operations, store};
use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::transport::Traffic;

/// How long the whole of it may take.
const PATIENCE: SignedDuration = SignedDuration::from_mins(2);

/// The PDF of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentPdf {
    /// Number of the order.
    pub order: String,
    /// What kind of document it is.
    pub kind: DocumentKind,
    /// The document's number.
    pub number: u64,
    /// Its bytes, at most what an answer of the accounting system may have.
    pub bytes: Vec<u8>,
}

impl Operations {
    /// The PDF of an order's document: of that number, or without one of the document that is booked, or of the draft while none is.
    /// Reads only.
    ///
    /// # Errors
    /// `NotFound` where no document stands; `Invalid` when several are booked, naming them, when the connection is paused, or when the
    /// document is in another agreement than the flow's, or in one that is not known any more; as the accounting system and AWS say.
    pub async fn document_pdf(
        &self,
        merchant: &MerchantId,
        needle: &str,
        document: Option<u64>,
    ) -> Result<DocumentPdf, PlatformError> {
        let head = self.one(merchant, needle).await?;
        let record = chosen(&head, document)?.clone();
        let routes = self.platform.routes()?.for_traffic(Traffic::Background);
        let route = routes.route(merchant, &head.connection, None).await.map_err(|failure| {
            PlatformError::Unavailable { service: "route", message: failure.to_string() }
        })?;
        if route.paused.is_some() {
            return Err(PlatformError::Invalid(format!("{} is paused", head.connection)));
        }
        // The same number in another agreement is somebody else's document.
        let plan = self.ledger.load_plan(&head.transfer, record.ordinal).await.map_err(store)?;
        let made_in = plan.and_then(|plan| serde_json::from_str::<domain::Plan>(&plan.json).ok());
        let Some(plan) = made_in else {
            let text = format!("which agreement document {} stands in is not known any more", record.number);
            return Err(PlatformError::Invalid(text));
        };
        if plan.agreement != route.accounting.agreement {
            let (number, made, now) = (record.number, plan.agreement, &route.accounting.agreement);
            let text =
                format!("document {number} stands in agreement {made}, and the flow writes to {now} now");
            return Err(PlatformError::Invalid(text));
        }
        let (books, recorder) = (&route.accounting, Recorder::default());
        let until: (&dyn engine::clock::Clock, _) = (&SystemClock, SystemClock.now() + PATIENCE);
        let transport = RecordingTransport::new(&*books.transport, books.port.manifest(), &recorder, until);
        let bytes = books.port.pdf(&transport, record.kind, record.number).await.map_err(failed)?;
        Ok(DocumentPdf { order: head.order_number, kind: record.kind, number: record.number, bytes })
    }
}

fn failed(failure: Failure) -> PlatformError {
    let service = "the accounting system";
    match failure {
        Failure::Rejected { code, message } if code.as_deref() == Some("gone") => {
            PlatformError::NotFound(message)
        }
        Failure::Rejected { message, .. } => PlatformError::Refused { service, message },
        other => PlatformError::Unavailable { service, message: other.to_string() },
    }
}

fn chosen(head: &Head, document: Option<u64>) -> Result<&DocumentRecord, PlatformError> {
    let order = &head.order_number;
    if let Some(number) = document {
        let found = head.documents.iter().rev().find(|record| record.number == number);
        return found.ok_or_else(|| PlatformError::NotFound(format!("document {number} of order {order}")));
    }
    let booked: Vec<&DocumentRecord> =
        head.documents.iter().filter(|record| record.kind.is_booked()).collect();
    match booked.as_slice() {
        [one] => Ok(one),
        [] => head.documents.last().ok_or_else(|| {
            let status = head.status.word();
            PlatformError::NotFound(format!("a document of order {order}, which is {status}"))
        }),
        several => {
            let numbers: Vec<String> = several.iter().map(|record| record.number.to_string()).collect();
            let text = format!("order {order} has several; say which: --document {}", numbers.join(", "));
            Err(PlatformError::Invalid(text))
        }
    }
}
