//! What gateways say of acquirers' references, on the table: one small item for each thing said, which is never changed.
//!
//! A list is asked for with overlap, so most of what it tells is known: that is read first, a hundred with a call, and only what is new
//! is written. Nothing of it guards money, and a payout is told within months of its payments: so it is kept for a time and then dropped,
//! by whoever asks the gateway, a page of the whole at a time.

use std::collections::BTreeSet;

use domain::{ConnectionId, MerchantId};
use engine::payouts::OrderLink;
use engine::store::Page;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};

use super::Ledger;
use super::payouts::AT_A_TIME;
use crate::failure::PlatformError;
use crate::keys::{ItemKey, Keys};
use crate::queue::hash;
use crate::table::{Inserted, Item, Reading, SCHEMA, json, key_of, number, time};

/// What was said is dropped after this: the longest that cards may be disputed, with a month to spare.
const KEPT: SignedDuration = SignedDuration::from_hours(570 * 24);
/// Most that are dropped with one look.
const MOST_DROPPED: usize = 500;

fn key(merchant: &MerchantId, link: &OrderLink) -> ItemKey {
    let ItemKey { partition, sort } = Keys::of(merchant).links_of(&link.connection, &link.reference);
    let said = hash(format!("{}\n{}", link.order, link.payment).as_bytes());
    ItemKey { partition, sort: format!("{sort}{said}") }
}

fn read(item: &Item) -> Result<OrderLink, PlatformError> {
    Reading::of(item, SCHEMA)?.json("link")
}

impl Ledger {
    /// Keeps what is new; how much that was.
    pub(super) async fn keep_links(
        &self,
        merchant: &MerchantId,
        links: &[OrderLink],
    ) -> Result<usize, PlatformError> {
        let mut seen = BTreeSet::new();
        let mut wanted: Vec<(ItemKey, &OrderLink)> = Vec::new();
        for link in links {
            let key = key(merchant, link);
            if seen.insert(key.sort.clone()) {
                wanted.push((key, link));
            }
        }
        let keys: Vec<ItemKey> = wanted.iter().map(|(key, _)| key.clone()).collect();
        let known = self.get_many(&keys).await?;
        let known: BTreeSet<&str> =
            known.iter().filter_map(|item| item.get("sk")?.as_s().ok()).map(String::as_str).collect();
        wanted.retain(|(key, _)| !known.contains(key.sort.as_str()));
        let mut items = Vec::with_capacity(wanted.len());
        for (key, link) in wanted {
            let mut item = key_of(&key);
            item.insert("schema".to_owned(), number(SCHEMA));
            item.insert("link".to_owned(), json(link)?);
            item.insert("at".to_owned(), time(link.learned_at));
            items.push(item);
        }
        let inserted: Vec<Inserted> = stream::iter(items)
            .map(|item| self.table.insert(item))
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await?;
        Ok(inserted.iter().filter(|one| **one == Inserted::New).count())
    }

    /// What these gateways said of these references.
    pub(super) async fn links_of(
        &self,
        merchant: &MerchantId,
        gateways: &[ConnectionId],
        references: &[String],
    ) -> Result<Vec<OrderLink>, PlatformError> {
        let keys = Keys::of(merchant);
        let asked: Vec<ItemKey> = references
            .iter()
            .flat_map(|reference| gateways.iter().map(|gateway| keys.links_of(gateway, reference)))
            .collect();
        let found: Vec<Vec<Item>> = stream::iter(asked)
            .map(|ItemKey { partition, sort }| async move {
                self.table.range_all(&partition, &sort, &format!("{sort}~")).await
            })
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await?;
        let mut links = found.iter().flatten().map(read).collect::<Result<Vec<OrderLink>, _>>()?;
        links.sort();
        Ok(links)
    }

    /// One page of everything that gateways said.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub(crate) async fn all_links(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<OrderLink>, PlatformError> {
        let (items, next) = self.links_page(merchant, page).await?;
        Ok(Page { items: items.iter().map(read).collect::<Result<_, _>>()?, next })
    }

    async fn links_page(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<(Vec<Item>, Option<String>), PlatformError> {
        let from = page.map_or_else(|| " ".to_owned(), |page| format!("{page} "));
        let items = self.table.range(&Keys::of(merchant).links(), &from, "~").await?;
        let next = items.last().and_then(|item| item.get("sk")).and_then(|sort| sort.as_s().ok()).cloned();
        Ok((items, next))
    }

    /// Looks through one page of what gateways said, and drops what was said long ago. Where the next look begins.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn drop_old_links(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<String>, PlatformError> {
        let (items, next) = self.links_page(merchant, page).await?;
        let mut dropped = 0;
        let mut before = page.map(str::to_owned);
        for item in &items {
            let reading = Reading::of(item, SCHEMA)?;
            let sort = reading.text("sk")?.to_owned();
            if now.duration_since(reading.time("at")?) > KEPT {
                if dropped == MOST_DROPPED {
                    return Ok(before);
                }
                let partition = reading.text("pk")?.to_owned();
                self.table.delete(&ItemKey { partition, sort: sort.clone() }).await?;
                dropped += 1;
            }
            before = Some(sort);
        }
        Ok(next)
    }
}
