//! What is kept between two runs: the accounts' levels, the shop's entries, and what each was last told.
//!
//! Names are short in the stored form, since fifty thousand products are stored as one packed text.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{PlaceLevel, StockReading};
use crate::settings::NumberFrom;
use crate::shop_product::{ShopProduct, ShopProductKind, StockKeeping};

/// The schema version of the stored state. An unknown one is refused, never guessed.
pub const STATE_SCHEMA: u32 = 1;

/// A product of the accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptLevel {
    /// When the accounts last changed it, in milliseconds since 1970.
    #[serde(rename = "c")]
    pub changed: i64,
    /// Barred for new lines.
    #[serde(rename = "b", default, skip_serializing_if = "is_false")]
    pub barred: bool,
    /// Its stock by location.
    #[serde(rename = "p", default)]
    pub places: Vec<PlaceLevel>,
    /// The last whole reading that it stood in.
    #[serde(rename = "g", default)]
    pub generation: u32,
}

/// What the shop refused: it is not tried again until another quantity is due, or the next whole comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The quantity.
    #[serde(rename = "q")]
    pub quantity: i64,
    /// Code of the cause.
    #[serde(rename = "c")]
    pub code: String,
    /// What the shop said.
    #[serde(rename = "m", default)]
    pub message: String,
}

/// One entry at one of the shop's locations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// What the shop shows as far as Bogbro knows: told by it or read from it. `None`: unknown, such as after a write whose
    /// fate is unknown, so that it is written or looked up whatever is due.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub told: Option<i64>,
    /// The shop does not keep the entry at this location.
    #[serde(rename = "x", default, skip_serializing_if = "is_false")]
    pub elsewhere: bool,
    /// What it refused.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

/// An entry of the shop that can be bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptItem {
    /// Its number in the accounts.
    #[serde(rename = "n")]
    pub number: String,
    /// The shop's id of the product, where the entry is a variant of one.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// What its stock is written to, where that is not the entry itself.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Whether the shop counts it.
    #[serde(rename = "k", default)]
    pub keeping: StockKeeping,
    /// The shop reckons it from its parts by itself.
    #[serde(rename = "b", default, skip_serializing_if = "is_false")]
    pub bundle: bool,
    /// By location, in the order of [`StockState::locations`].
    #[serde(rename = "t")]
    pub cells: Vec<Cell>,
    /// The last whole listing that it stood in.
    #[serde(rename = "g", default)]
    pub generation: u32,
}

/// Where a reading that was broken off goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reading {
    /// When it began: what changes later is seen by the next one.
    pub began: Timestamp,
    /// It reads everything, and what the shop really shows.
    pub whole: bool,
    /// The accounts have been read to their end.
    pub levels_done: bool,
    /// Where the reading of the accounts goes on.
    pub levels_page: Option<String>,
    /// The shop has been listed to its end.
    pub listing_done: bool,
    /// Where the listing of the shop goes on.
    pub listing_page: Option<String>,
    /// The version of the settings under which it began; 0 where that was not kept.
    #[serde(default)]
    pub settings_version: u64,
}

/// Everything that is kept of one flow's stock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StockState {
    /// [`STATE_SCHEMA`] of the writer.
    pub schema: u32,
    /// Number of the last whole reading.
    pub generation: u32,
    /// The shop's locations that are told, by id; one empty for a shop without locations.
    pub locations: Vec<String>,
    /// The accounts' products by number.
    pub levels: BTreeMap<String, KeptLevel>,
    /// The shop's entries by id.
    pub items: BTreeMap<String, KeptItem>,
    /// Numbers that the shop was asked for since the last whole listing, and does not have.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub absent: BTreeSet<String>,
    /// A reading that was broken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl StockState {
    /// Nothing is known yet.
    pub fn new() -> StockState {
        StockState { schema: STATE_SCHEMA, ..StockState::default() }
    }

    /// Begins a reading of everything, under this version of the settings.
    pub fn begin_whole(&mut self, now: Timestamp, locations: Vec<String>, settings_version: u64) {
        self.generation += 1;
        if self.locations != locations {
            // What stood at other locations is not known at these.
            self.items.clear();
            self.locations = locations;
        }
        self.absent.clear();
        self.reading = Some(Reading {
            began: now,
            whole: true,
            levels_done: false,
            levels_page: None,
            listing_done: false,
            listing_page: None,
            settings_version,
        });
    }

    /// Takes a reading of the accounts; an older one than what is known changes nothing. True when it did.
    pub fn take_reading(&mut self, reading: StockReading) -> bool {
        let changed = reading.changed_at.as_millisecond();
        let generation = self.generation;
        let fresh = KeptLevel { changed, barred: reading.barred, places: reading.places, generation };
        match self.levels.get_mut(&reading.product) {
            Some(known) if known.changed > changed => {
                known.generation = generation;
                false
            }
            Some(known) if *known == fresh => false,
            Some(known) => {
                *known = fresh;
                true
            }
            None => {
                self.levels.insert(reading.product, fresh);
                true
            }
        }
    }

    /// Takes an entry of the shop as it really is: what the shop shows is what it counts as told.
    pub fn take_item(&mut self, product: &ShopProduct, from: NumberFrom) {
        let id = product.id().to_owned();
        let sku = product.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty());
        let number = match from {
            NumberFrom::Sku => sku,
            NumberFrom::SkuOrProductId => sku.or(Some(id.as_str())),
            NumberFrom::ProductId => Some(id.as_str()),
        };
        let Some(number) = number.filter(|_| product.is_sold()) else {
            self.items.remove(&id);
            return;
        };
        let shows = |location: &String| {
            if location.is_empty() {
                return Cell { told: product.stock.quantity, ..Cell::default() };
            }
            let place = product.stock.places.iter().find(|place| place.location == *location);
            let told = place.and_then(|place| place.quantity);
            Cell { told, elsewhere: told.is_none(), refused: None }
        };
        let family = product.variant.as_ref().map(|_| product.product.clone());
        let item = KeptItem {
            number: number.to_owned(),
            family,
            item: product.stock.item.clone(),
            keeping: product.stock.keeping,
            bundle: product.kind == ShopProductKind::Bundle,
            cells: self.locations.iter().map(shows).collect(),
            generation: self.generation,
        };
        self.absent.remove(number);
        self.items.insert(id, item);
    }

    /// Ends a reading of everything: what did not stand in it is gone, and what the shop does not have is known.
    pub fn end_whole(&mut self) {
        let generation = self.generation;
        self.levels.retain(|_, level| level.generation == generation);
        self.items.retain(|_, item| item.generation == generation);
        let unknown: Vec<String> = self.unknown_numbers().into_iter().map(str::to_owned).collect();
        self.absent.extend(unknown);
        self.reading = None;
    }

    /// Numbers of the accounts with stock that stand on no entry of the shop, and that the shop was not asked for yet.
    pub fn unknown_numbers(&self) -> Vec<&str> {
        let known: HashSet<&str> = self.items.values().map(|item| item.number.as_str()).collect();
        let stocked = self.levels.iter().filter(|(_, level)| !level.places.is_empty());
        let numbers = stocked.map(|(number, _)| number.as_str());
        numbers.filter(|number| !known.contains(number) && !self.absent.contains(*number)).collect()
    }

    /// The cell of an entry at a location.
    pub fn cell_mut(&mut self, id: &str, location: usize) -> Option<&mut Cell> {
        self.items.get_mut(id)?.cells.get_mut(location)
    }
}
