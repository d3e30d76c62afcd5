//! What an operator can do about personal data: see what is a person's, have it erased, hand it out; and check that the
//! segments of the log are as they were written.

use domain::{MerchantId, TransferId};
use engine::clock::Clock;
use engine::log::person;
use engine::store::{ParkedDelivery, Store};
use jiff::Timestamp;
use serde::Serialize;

use super::export::write;
use super::{ExportSink, Operations, TransferView, store};
use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::ledger::erasure::Personal;
use crate::ledger::segments::SegmentRecord;
use crate::privacy::{OPERATOR, PERSON, Privacy, PrivacyKind, PrivacyRequest};
use crate::sealing::new_token;

/// Who is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonChoice {
    /// E-mail addresses. They are hashed at once and stored nowhere.
    pub emails: Vec<String>,
    /// Orders, by their numbers or by `source/id`: for a person whose address is not known.
    pub orders: Vec<String>,
}

/// What is a person's, and what may be erased of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ErasureView {
    /// The request: recorded when it was to be done, else what it would be.
    pub request: PrivacyRequest,
    /// Every transfer that it is about.
    pub transfers: Vec<Personal>,
    /// Deliveries that were set aside and hold the address; they may always be erased.
    pub deliveries: usize,
    /// It was recorded and carried out.
    pub done: bool,
}

/// A segment of the log, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SegmentView {
    /// Its record.
    #[serde(flatten)]
    pub record: SegmentRecord,
    /// It is in the bucket as it was written, and follows the one before it.
    pub holds: bool,
}

impl Operations {
    fn privacy(&self) -> Privacy {
        Privacy::new(self.table.clone(), self.ledger.clone())
    }

    /// Lists what is a person's and what of it may be erased; with `yes` records the request, erases what may be, and leaves
    /// the rest to the nights in which it may. A repeat goes on where the one before ended.
    ///
    /// # Errors
    /// `Invalid` when nobody is named; `NotFound` for an order that is not known; as AWS says.
    pub async fn erase(
        &self,
        merchant: &MerchantId,
        who: &PersonChoice,
        yes: bool,
    ) -> Result<ErasureView, PlatformError> {
        let now = SystemClock.now();
        let request = self.request(merchant, who, PrivacyKind::Erasure, now).await?;
        let deliveries = self.parked_of(merchant, who).await?;
        if !yes {
            let transfers = self.privacy().survey(&request, now).await?;
            return Ok(ErasureView { request, transfers, deliveries: deliveries.len(), done: false });
        }
        for delivery in &deliveries {
            self.queues.drop_parked_body(delivery).await?;
            self.ledger.forget_delivery(merchant, &delivery.body_hash).await?;
        }
        self.privacy().record(&request).await?;
        let today = self.record(merchant).await?.file.zone().to_datetime(now).date();
        // What may be erased is found by its person, what was erased by the request: so it is listed before.
        let before = self.privacy().survey(&request, now).await?;
        let request = self.privacy().carry_out(&request, (now, today)).await?;
        let orders: Vec<TransferId> = before.into_iter().map(|one| one.transfer).collect();
        let transfers = self.ledger.of_orders(merchant, &orders, now).await?;
        Ok(ErasureView { request, transfers, deliveries: deliveries.len(), done: true })
    }

    /// Deliveries that were set aside and hold one of the addresses. What they told of is in the shop still, and was booked
    /// nowhere.
    async fn parked_of(
        &self,
        merchant: &MerchantId,
        who: &PersonChoice,
    ) -> Result<Vec<ParkedDelivery>, PlatformError> {
        let emails: Vec<String> = who.emails.iter().map(|email| email.trim().to_lowercase()).collect();
        let mut found = Vec::new();
        for delivery in self.parked_deliveries(merchant).await? {
            let body = self.queues.parked_body(&delivery).await?;
            let text = String::from_utf8_lossy(&body).to_lowercase();
            if emails.iter().any(|email| !email.is_empty() && text.contains(email.as_str())) {
                found.push(delivery);
            }
        }
        Ok(found)
    }

    /// Records that a person is to be forgotten, and leaves it to the night.
    ///
    /// # Errors
    /// As [`Operations::erase`].
    pub async fn request_erasure(
        &self,
        merchant: &MerchantId,
        who: &PersonChoice,
    ) -> Result<PrivacyRequest, PlatformError> {
        let request = self.request(merchant, who, PrivacyKind::Erasure, SystemClock.now()).await?;
        self.privacy().record(&request).await?;
        Ok(request)
    }

    async fn request(
        &self,
        merchant: &MerchantId,
        who: &PersonChoice,
        kind: PrivacyKind,
        now: Timestamp,
    ) -> Result<PrivacyRequest, PlatformError> {
        let record = self.record(merchant).await?;
        if who.emails.iter().all(|email| email.trim().is_empty()) && who.orders.is_empty() {
            return Err(PlatformError::Invalid("nobody is named: give an address or an order".to_owned()));
        }
        let (_, key) = self.merchants.key_for(merchant, Some(&record)).await?;
        let day = record.file.zone().to_datetime(now).date();
        let id = format!("{day}-{}", new_token()?.get(..12).unwrap_or_default());
        let named = who.emails.iter().filter_map(|email| person(merchant, "", email, None));
        let persons = named.map(|person| key.keyed_hash(PERSON, &person)).collect::<Result<_, _>>()?;
        let mut orders = Vec::new();
        for order in &who.orders {
            orders.push(self.one(merchant, order).await?.transfer);
        }
        let new = PrivacyRequest::new(id, merchant.clone(), kind, OPERATOR.to_owned(), now);
        Ok(PrivacyRequest { persons, orders, ..new })
    }

    /// All requests about personal data, of the shops' and the operators'.
    ///
    /// # Errors
    /// `NotFound`; as AWS says.
    pub async fn privacy_requests(
        &self,
        merchant: &MerchantId,
    ) -> Result<Vec<PrivacyRequest>, PlatformError> {
        self.record(merchant).await?;
        self.privacy().all(merchant).await
    }

    /// Writes everything that is kept of the person of a request: each transfer with its open log. Returns how many.
    ///
    /// # Errors
    /// `NotFound` when there is no such request; `Refused` when the sink cannot be written; as AWS says.
    pub async fn export_person(
        &self,
        merchant: &MerchantId,
        request: &str,
        sink: &mut dyn ExportSink,
    ) -> Result<usize, PlatformError> {
        let all = self.privacy_requests(merchant).await?;
        let request = all
            .iter()
            .find(|one| one.id == request)
            .ok_or_else(|| PlatformError::NotFound(format!("request {request} of {merchant}")))?;
        write(sink, "request", request)?;
        let found = self.privacy().survey(request, SystemClock.now()).await?;
        for one in &found {
            if let Some(head) = self.ledger.head(&one.transfer).await.map_err(store)? {
                let trace = self.ledger.log(&one.transfer).await.map_err(store)?;
                write(sink, "transfers", &TransferView { head, trace })?;
            }
        }
        Ok(found.len())
    }

    /// All segments of a merchant's log, each checked against its record and the one before it.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn segments(&self, merchant: &MerchantId) -> Result<Vec<SegmentView>, PlatformError> {
        let mut previous = String::new();
        let mut checked = Vec::new();
        for record in self.ledger.segments(merchant).await? {
            let holds = self.ledger.segment_holds(merchant, &record, &previous).await?;
            previous.clone_from(&record.hash);
            checked.push(SegmentView { record, holds });
        }
        Ok(checked)
    }
}
