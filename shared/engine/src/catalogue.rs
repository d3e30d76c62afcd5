//! The whole catalogue of a shop held against the whole catalogue of the books: what would stop an order, and what a product
//! event that never came would have changed.
//!
//! Reads only. What is to be carried over is put on the queue, one message to a product, and goes the way of every product.

use std::collections::{BTreeMap, BTreeSet};

use connectors::ports::ProductQuery;
use domain::catalogue::{KnownProduct, MasterData, ProductCatalogue};
use domain::planning::{CatalogueFinding, ProductInput, check_catalogue, plan_product, product_numbers};
use domain::settings::GoneProduct;
use domain::{Decision, EntityId, EntityKind, Failure, ShopProduct, TransferId};
use jiff::Timestamp;

use crate::log::Why;
use crate::message::{MESSAGE_SCHEMA, Message, Outbox, SettingsChoice};
use crate::process::Engine;
use crate::recorder::{Recorder, RecordingTransport};
use crate::route::Route;
use crate::store::{Pointer, PointerKind};

/// Pages of a shop's catalogue that are read, at most: 100,000 entries at the fewest that a shop gives with a call.
const MOST_PAGES: usize = 5_000;

/// Numbers of the books that one look asks the ledger for, at most.
const MOST_GONE: usize = 1_000;

/// Both catalogues, as they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogues {
    /// The shop's entries, each once.
    pub entries: Vec<ShopProduct>,
    /// The books' products by number.
    pub known: BTreeMap<String, KnownProduct>,
    /// The books' slowly changing part.
    pub master: MasterData,
    /// Units, where the settings name one.
    pub units: Option<BTreeMap<u32, String>>,
}

/// A shop's catalogue, as far as it was read. A shop may let only a part of it be read in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShopCatalogue {
    entries: BTreeMap<String, ShopProduct>,
    page: Option<String>,
    pages: usize,
    whole: bool,
}

impl ShopCatalogue {
    /// Pages that were read.
    pub const fn pages(&self) -> usize {
        self.pages
    }
}

/// Why a catalogue was not read, or not put on the queue, to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueFailure {
    /// A system.
    #[error("{0}")]
    System(#[from] Failure),
    /// The queue.
    #[error("the queue: {0}")]
    Queue(String),
    /// The ledger.
    #[error("the ledger: {0}")]
    Ledger(String),
    /// The shop's list did not come to its end.
    #[error("the shop's list of products does not come to its end")]
    Endless,
}

impl Engine<'_> {
    /// Reads both catalogues whole, going on with what was read of the shop's before.
    ///
    /// # Errors
    /// As the systems say. What was read of the shop's catalogue stays read: a later call goes on there.
    pub async fn read_catalogues(
        &self,
        route: &Route,
        read: &mut ShopCatalogue,
        deadline: Timestamp,
    ) -> Result<Catalogues, CatalogueFailure> {
        let recorder = Recorder::default();
        let over = |inner, manifest: &connectors::manifest::Manifest| {
            RecordingTransport::new(inner, manifest, &recorder, (self.clock, deadline))
        };
        let shop = over(&*route.shop.transport, route.shop.port.manifest());
        let query = ProductQuery::default();
        while !read.whole {
            if read.pages >= MOST_PAGES {
                return Err(CatalogueFailure::Endless);
            }
            let found = route.shop.port.products_page(&shop, &query, read.page.as_deref()).await?;
            // What is read of each call is looked at here, and nothing of it is kept for a log.
            recorder.take();
            read.entries.extend(found.products.into_iter().map(|entry| (entry.id().to_owned(), entry)));
            read.pages += 1;
            read.whole = found.next.is_none();
            read.page = found.next;
        }
        let port = route.accounting.port;
        let books = over(&*route.accounting.transport, port.manifest());
        let known = port.all_products(&books).await?;
        let units = match route.settings.products.unit {
            Some(_) => Some(port.units(&books).await?),
            None => None,
        };
        let master = port.master_data(&books).await?;
        Ok(Catalogues {
            entries: std::mem::take(&mut read.entries).into_values().collect(),
            known: known.into_iter().map(|known| (known.number.clone(), known)).collect(),
            master,
            units,
        })
    }

    /// Puts a message on the queue for every product that would change something in the books. Returns their ids.
    ///
    /// # Errors
    /// As the queue says; what was put there stays, and a repeat is harmless.
    pub async fn send_products(
        &self,
        route: &Route,
        catalogues: &Catalogues,
        outbox: &dyn Outbox,
    ) -> Result<Vec<EntityId>, CatalogueFailure> {
        let ids = self.to_carry(route, catalogues).await?;
        let now = self.now();
        for id in &ids {
            let sent = outbox.send(&message(route, id, now)).await;
            sent.map_err(|failure| CatalogueFailure::Queue(failure.to_string()))?;
        }
        Ok(ids)
    }

    /// Products that would change something in the books: as the shop has them now, and such as it has no more.
    ///
    /// # Errors
    /// As the ledger says.
    pub async fn to_carry(
        &self,
        route: &Route,
        catalogues: &Catalogues,
    ) -> Result<Vec<EntityId>, CatalogueFailure> {
        let mut ids = catalogues.to_carry(route);
        for id in self.gone(route, catalogues).await? {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// Products of this shop that were carried over under a number which it has no more, while the books still sell it: the word that
    /// it is gone never came. Whether it is, is looked up when it is worked on.
    async fn gone(&self, route: &Route, catalogues: &Catalogues) -> Result<Vec<EntityId>, CatalogueFailure> {
        if route.settings.products.catalogue.gone != GoneProduct::Bar {
            return Ok(Vec::new());
        }
        let mut gone = Vec::new();
        for number in some_of(catalogues.not_in_shop(route), self.now()) {
            let pointer = Pointer { kind: PointerKind::ProductNumber, value: number.to_owned() };
            let found = self.store.find(&route.merchant, &pointer).await;
            for transfer in found.map_err(|failure| CatalogueFailure::Ledger(failure.to_string()))? {
                let ours = transfer.kind == EntityKind::Product && transfer.source == route.shop.source;
                if ours && !gone.contains(&transfer.entity) {
                    gone.push(transfer.entity);
                }
            }
        }
        Ok(gone)
    }
}

/// At most so many as one look asks the ledger for; twelve hours later, with the next look, others, so that all have their turn.
fn some_of(mut numbers: Vec<&str>, now: Timestamp) -> Vec<&str> {
    let parts = numbers.len().div_ceil(MOST_GONE).max(1);
    let look = usize::try_from(now.as_second().div_euclid(12 * 3600)).unwrap_or(0);
    let begin = (look % parts) * MOST_GONE;
    numbers.drain(..begin.min(numbers.len()));
    numbers.truncate(MOST_GONE);
    numbers
}

impl Catalogues {
    /// Numbers that the books sell and no entry of the shop has.
    fn not_in_shop(&self, route: &Route) -> Vec<&str> {
        let shop: BTreeSet<String> =
            product_numbers(&self.entries, &route.settings, None).into_iter().collect();
        let sold = self.known.values().filter(|known| !known.barred).map(|known| known.number.as_str());
        sold.filter(|number| !shop.contains(*number)).collect()
    }

    /// What would stop an order.
    pub fn findings(&self, route: &Route) -> Vec<CatalogueFinding> {
        check_catalogue(&self.entries, &self.known, &self.master, self.units.as_ref(), &route.settings)
    }

    /// Products that would change something in the books if the shop told of them now.
    pub fn to_carry(&self, route: &Route) -> Vec<EntityId> {
        let mut products: BTreeMap<&str, Vec<ShopProduct>> = BTreeMap::new();
        for entry in &self.entries {
            products.entry(&entry.product).or_default().push(entry.clone());
        }
        let claimed = self.claimed(&products, route);
        let changes = |(id, entries): &(&&str, &Vec<ShopProduct>)| {
            let numbers = product_numbers(entries, &route.settings, None);
            let known = numbers.iter().filter_map(|number| self.known.get(number).cloned());
            let own = |number: &String| claimed.contains(number).then(|| (number.clone(), String::new()));
            let catalogue = ProductCatalogue {
                master: self.master.clone(),
                units: self.units.clone(),
                products: known.map(|known| (known.number.clone(), known)).collect(),
                claimed: numbers.iter().filter_map(own).collect(),
            };
            let decision = plan_product(&ProductInput {
                transfer: &transfer(route, &EntityId::new(**id)),
                agreement: &route.accounting.agreement,
                entries,
                settings: &route.settings,
                settings_version: route.settings_version,
                catalogue: &catalogue,
                catalogue_hash: "",
                earlier: None,
            });
            matches!(decision, Decision::Transfer(_))
        };
        products.iter().filter(changes).map(|(id, _)| EntityId::new(*id)).collect()
    }

    /// Numbers that more than one product has.
    fn claimed(&self, products: &BTreeMap<&str, Vec<ShopProduct>>, route: &Route) -> BTreeSet<String> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let all = products.values().flat_map(|entries| product_numbers(entries, &route.settings, None));
        all.filter(|number| !seen.insert(number.clone())).collect()
    }
}

fn transfer(route: &Route, entity: &EntityId) -> TransferId {
    TransferId {
        merchant: route.merchant.clone(),
        source: route.shop.source.clone(),
        kind: EntityKind::Product,
        entity: entity.clone(),
    }
}

fn message(route: &Route, entity: &EntityId, now: Timestamp) -> Message {
    Message {
        schema: MESSAGE_SCHEMA,
        merchant: route.merchant.clone(),
        connection: route.shop.connection.clone(),
        source: route.shop.source.clone(),
        kind: EntityKind::Product,
        entity: entity.clone(),
        body_hash: String::new(),
        received_at: now,
        why: Why::Sweep,
        settings: SettingsChoice::Now,
        deduplication: format!("catalogue:{}:{}", transfer(route, entity), now.as_second() / 600),
        body: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn every_number_has_its_turn_within_as_many_looks_as_it_takes() {
        for count in [0, 1, MOST_GONE, MOST_GONE + 1, 4 * MOST_GONE, 4 * MOST_GONE + 7] {
            let numbers: Vec<String> = (0..count).map(|number| number.to_string()).collect();
            let all: BTreeSet<&str> = numbers.iter().map(String::as_str).collect();
            let mut asked = BTreeSet::new();
            for look in 0..count.div_ceil(MOST_GONE).max(1) {
                let hours = i64::try_from(look).expect("few") * 12 + 7;
                let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
                let part = some_of(all.iter().copied().collect(), now);
                assert!(part.len() <= MOST_GONE);
                asked.extend(part);
            }
            assert_eq!(asked, all, "of {count}");
        }
    }
}
