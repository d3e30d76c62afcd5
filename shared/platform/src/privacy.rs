//! Requests about a person's data: to see it, to have it erased, to have all of a shop's customers erased.
//!
//! A request is recorded first, under names that are hashes of addresses under the merchant's key, and carried out from its
//! record: at once by an operator, else in the next night. What bookkeeping law still demands is left, with the day on which
//! it may go, and the request stays open until then. Carrying out looks each time at what there is, so that it may be
//! interrupted anywhere: what was erased is listed under the request's own name, and is counted from there.

use connectors::ports::{PrivacyAsked, PrivacyNotice};
use domain::plan::Reason;
use domain::{EntityId, EntityKind, MerchantId, TransferId};
use engine::log::person;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::failure::PlatformError;
use crate::keys::{ItemKey, Keys};
use crate::ledger::Ledger;
use crate::ledger::erasure::{Erasable, Personal, erased_name};
use crate::sealing::DataKey;
use crate::table::{Change, Inserted, Item, Reading, SCHEMA, Table, Updated, json, key_of, number};

/// Who asks when it is no shop.
pub const OPERATOR: &str = "operator";
/// What the names of persons are made for.
pub const PERSON: &str = "person";
/// Days that one run over a whole shop looks at.
const DAYS_AT_ONCE: usize = 400;
/// How far back a shop's transfers are looked for, in years: what is older was erased by the retention of the books.
const YEARS: i16 = 7;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrivacyKind {
    /// A person wants to see their data.
    DataRequest,
    /// A person wants to be forgotten.
    Erasure,
    /// All persons of a shop are to be forgotten.
    ShopErasure,
}

/// A request, as recorded. No address stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PrivacyRequest {
    /// Its id, unique for the merchant.
    pub id: String,
    /// Whose customers.
    pub merchant: MerchantId,
    /// What is asked.
    pub kind: PrivacyKind,
    /// Who asked: the shop's own identity, or `operator`.
    pub from: String,
    /// Names in the index of persons.
    pub persons: Vec<String>,
    /// Orders named in the request.
    pub orders: Vec<TransferId>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When there was last something to tell the merchant.
    pub told_at: Option<Timestamp>,
    /// Transfers erased so far.
    pub erased: usize,
    /// Transfers that may not be erased yet.
    pub kept: usize,
    /// The last day on which one of them must be kept.
    pub until: Option<Date>,
    /// From when on there is something to do again; `None` on one that is done, and on one never looked at.
    pub next_on: Option<Date>,
    /// Nothing is left to do.
    pub done: bool,
    /// How far a run over a whole shop has come; `None` between runs.
    #[serde(default)]
    pub walked_to: Option<Date>,
    /// What that run has left so far.
    #[serde(default)]
    pub left: Left,
    /// Times it was written; a write is conditional on it.
    #[serde(default)]
    pub revision: u64,
}

/// What may not be erased yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Left {
    /// How many.
    pub count: usize,
    /// The first day on which one may be.
    pub next_on: Option<Date>,
    /// The last day on which one must be kept.
    pub until: Option<Date>,
}

impl Left {
    fn add(&mut self, erasable: &Erasable, today: Date) {
        let until = match erasable {
            Erasable::Erased | Erasable::Now => return,
            Erasable::After { until } => *until,
            Erasable::InHand => today,
        };
        self.count += 1;
        let next = until.tomorrow().unwrap_or(Date::MAX);
        self.next_on = Some(self.next_on.map_or(next, |known| known.min(next)));
        self.until = Some(self.until.map_or(until, |known| known.max(until)));
    }
}

impl PrivacyRequest {
    /// A request that was not looked at yet.
    pub fn new(
        id: String,
        merchant: MerchantId,
        kind: PrivacyKind,
        from: String,
        asked_at: Timestamp,
    ) -> Self {
        PrivacyRequest {
            id,
            merchant,
            kind,
            from,
            persons: Vec::new(),
            orders: Vec::new(),
            asked_at,
            // To show the data is the merchant's to do; to erase it is told when it is done.
            told_at: (kind == PrivacyKind::DataRequest).then_some(asked_at),
            erased: 0,
            kept: 0,
            until: None,
            next_on: None,
            done: kind == PrivacyKind::DataRequest,
            walked_to: None,
            left: Left::default(),
            revision: 0,
        }
    }

    /// A request that a shop passes on. Its id is made of the day, the shop and the signed bytes, so that a repeat of the delivery is no
    /// second request, and the same request of a later day is one.
    ///
    /// # Errors
    /// As [`DataKey::keyed_hash`].
    pub fn of_shop(
        merchant: &MerchantId,
        source: &str,
        key: &DataKey,
        (notice, body_hash): (&PrivacyNotice, &str),
        now: Timestamp,
    ) -> Result<PrivacyRequest, PlatformError> {
        let kind = match notice.asked {
            PrivacyAsked::Data => PrivacyKind::DataRequest,
            PrivacyAsked::Erasure => PrivacyKind::Erasure,
            PrivacyAsked::ShopErasure => PrivacyKind::ShopErasure,
        };
        let day = jiff::tz::Offset::UTC.to_datetime(now).date();
        let told = crate::queue::hash(format!("{source}\n{body_hash}").as_bytes());
        let id = format!("{day}-{}", told.get(..12).unwrap_or_default());
        let by_address = person(merchant, source, &notice.email, None);
        let by_id = person(merchant, source, "", notice.customer.as_deref());
        let named = by_address.iter().chain(&by_id).map(|person| key.keyed_hash(PERSON, person));
        Ok(PrivacyRequest {
            persons: named.collect::<Result<_, _>>()?,
            orders: PrivacyRequest::orders_of(merchant, source, &notice.orders),
            ..PrivacyRequest::new(id, merchant.clone(), kind, source.to_owned(), now)
        })
    }

    /// The orders of a shop as transfers.
    pub fn orders_of(merchant: &MerchantId, source: &str, orders: &[EntityId]) -> Vec<TransferId> {
        let transfer = |entity: &EntityId| TransferId {
            merchant: merchant.clone(),
            source: source.to_owned(),
            kind: EntityKind::Order,
            entity: entity.clone(),
        };
        orders.iter().map(transfer).collect()
    }

    /// True when there is something to do.
    pub fn is_due(&self, today: Date) -> bool {
        !self.done && (self.walked_to.is_some() || self.next_on.is_none_or(|day| day <= today))
    }

    /// What the merchant is told.
    pub fn reason(&self) -> Reason {
        let code = match (self.kind, self.done) {
            (PrivacyKind::DataRequest, _) => "privacy-data-request",
            (PrivacyKind::Erasure | PrivacyKind::ShopErasure, true) => "privacy-erasure-done",
            (PrivacyKind::Erasure, false) => "privacy-erasure",
            (PrivacyKind::ShopErasure, false) => "privacy-shop-erasure",
        };
        let reason = Reason::new(code)
            .with("merchant", &self.merchant)
            .with("request", &self.id)
            .with("shop", &self.from)
            .with("erased", self.erased)
            .with("kept", self.kept);
        match self.until {
            Some(until) => reason.with("until", until),
            None => reason,
        }
    }
}

/// The requests of merchants, and the ledger they are about.
#[derive(Clone)]
pub struct Privacy {
    table: Table,
    ledger: Ledger,
}

impl Privacy {
    /// Over this table and ledger.
    pub fn new(table: Table, ledger: Ledger) -> Privacy {
        Privacy { table, ledger }
    }

    /// Records a request. One of the same id stays as it is.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn record(&self, request: &PrivacyRequest) -> Result<Inserted, PlatformError> {
        let mut item = key_of(&Keys::of(&request.merchant).privacy(&request.id));
        item.insert("schema".to_owned(), number(SCHEMA));
        item.insert("revision".to_owned(), number(request.revision));
        item.insert("request".to_owned(), json(request)?);
        self.table.insert(item).await
    }

    /// All requests of a merchant, in the order of their ids.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn all(&self, merchant: &MerchantId) -> Result<Vec<PrivacyRequest>, PlatformError> {
        let found = self.items(merchant).await?;
        found.iter().map(|item| Reading::of(item, SCHEMA)?.json("request")).collect()
    }

    async fn items(&self, merchant: &MerchantId) -> Result<Vec<Item>, PlatformError> {
        let ItemKey { partition, .. } = Keys::of(merchant).privacy("");
        let mut found: Vec<Item> = Vec::new();
        let mut from = " ".to_owned();
        loop {
            let page = self.table.range(&partition, &from, "~").await?;
            let last = page.last().and_then(|item| item.get("sk")).and_then(|sort| sort.as_s().ok()).cloned();
            let Some(last) = last else { return Ok(found) };
            found.extend(page);
            from = format!("{last} ");
        }
    }

    /// Every transfer that a request about persons is about, those first that were erased by it before.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn survey(
        &self,
        request: &PrivacyRequest,
        now: Timestamp,
    ) -> Result<Vec<Personal>, PlatformError> {
        let merchant = &request.merchant;
        let mut found: Vec<Personal> = Vec::new();
        for name in &request.persons {
            found.extend(self.ledger.of_person(merchant, name, now).await?);
        }
        // What a shop asks is about its own orders, also where a customer buys in another shop of the merchant's.
        found.retain(|one| request.from == OPERATOR || one.transfer.source == request.from);
        found.extend(self.ledger.of_orders(merchant, &request.orders, now).await?);
        found.sort_by(|a, b| a.transfer.cmp(&b.transfer));
        found.dedup_by(|a, b| a.transfer == b.transfer);
        Ok(found)
    }

    /// Carries out what of a request may be done now, and records what is left. Returns it as it is then.
    ///
    /// # Errors
    /// As AWS says; a repeat goes on where this one ended.
    pub async fn carry_out(
        &self,
        request: &PrivacyRequest,
        (now, today): (Timestamp, Date),
    ) -> Result<PrivacyRequest, PlatformError> {
        let mut after = request.clone();
        let over = match request.kind {
            PrivacyKind::DataRequest => return Ok(after),
            PrivacyKind::Erasure => {
                after.left = Left::default();
                for one in self.survey(request, now).await? {
                    self.erase_or_leave(&mut after, one, (now, today)).await?;
                }
                true
            }
            PrivacyKind::ShopErasure => self.walk(&mut after, (now, today)).await?,
        };
        if over {
            let name = erased_name(&request.id);
            after.erased = self.ledger.of_person(&request.merchant, &name, now).await?.len();
            let left = std::mem::take(&mut after.left);
            (after.kept, after.until, after.next_on) = (left.count, left.until, left.next_on);
            after.done = left.count == 0;
            if after.told_at.is_none() || after.done || after.erased != request.erased {
                after.told_at = Some(now);
            }
        }
        self.write(request, after).await
    }

    async fn erase_or_leave(
        &self,
        request: &mut PrivacyRequest,
        one: Personal,
        (now, today): (Timestamp, Date),
    ) -> Result<(), PlatformError> {
        let erased = one.erasable == Erasable::Now && self.ledger.erase(&one, &request.id, now).await?;
        match one.erasable {
            // It was taken up just then.
            Erasable::Now if !erased => request.left.add(&Erasable::InHand, today),
            left => request.left.add(&left, today),
        }
        Ok(())
    }

    /// Goes over some days of a whole shop's; `true` when the last day was reached.
    async fn walk(
        &self,
        request: &mut PrivacyRequest,
        (now, today): (Timestamp, Date),
    ) -> Result<bool, PlatformError> {
        let last = today.tomorrow().unwrap_or(Date::MAX);
        let first = Date::new(today.year() - YEARS, 1, 1).unwrap_or(Date::MIN);
        if request.walked_to.is_none() {
            request.left = Left::default();
        }
        let mut day = request.walked_to.and_then(|day| day.tomorrow().ok()).unwrap_or(first);
        for _ in 0..DAYS_AT_ONCE {
            if day > last {
                break;
            }
            for one in self.ledger.of_day(&request.merchant, day, now).await? {
                if one.transfer.source == request.from && one.was_known(request.asked_at) {
                    self.erase_or_leave(request, one, (now, today)).await?;
                }
            }
            request.walked_to = Some(day);
            day = day.tomorrow().unwrap_or(Date::MAX);
        }
        let over = day > last;
        if over {
            request.walked_to = None;
            // What was never read stands on no day.
            for one in self.ledger.in_need(&request.merchant, now).await? {
                let of_shop = one.transfer.source == request.from && one.was_known(request.asked_at);
                if one.day.is_none() && of_shop {
                    self.erase_or_leave(request, one, (now, today)).await?;
                }
            }
        }
        Ok(over)
    }

    /// Writes a request in place of what it was, and returns it so; when somebody else carried it out meanwhile, theirs
    /// stays.
    async fn write(
        &self,
        before: &PrivacyRequest,
        after: PrivacyRequest,
    ) -> Result<PrivacyRequest, PlatformError> {
        if *before == after {
            return Ok(after);
        }
        let after = PrivacyRequest { revision: before.revision + 1, ..after };
        let mut change = Change::new();
        change.only_if_equal("revision", number(before.revision));
        change.set("request", json(&after)?).set("revision", number(after.revision));
        match self.table.update(&Keys::of(&before.merchant).privacy(&before.id), change).await? {
            Updated::Applied(_) => Ok(after),
            Updated::Refused(_) => Err(PlatformError::Conflict(format!("request {}", before.id))),
        }
    }
}
