//! What each entry of the shop should show, and where that differs from what it was told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::state::{KeptItem, KeptLevel, StockState};
use super::{PlaceLevel, Thousandths};
use crate::settings::{BarredProducts, DuplicateNumbers, StockBundle, StockQuantity, StockSettings};
use crate::shop_product::StockKeeping;

/// The most that a shop can show.
pub const MOST_UNITS: i64 = 1_000_000_000;

/// One thing to tell the shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The shop's id of the entry.
    pub id: String,
    /// Which of the state's locations.
    pub location: usize,
    /// What it shows as far as is known.
    pub from: Option<i64>,
    /// What it should show.
    pub to: i64,
}

/// Why an entry is told nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Code; the texts have its words.
    pub code: &'static str,
    /// The product number.
    pub number: String,
}

/// What a comparison finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What the shop is to be told, in the order of entries.
    pub changes: Vec<Change>,
    /// Entries that cannot be told, by cause.
    pub problems: Vec<Problem>,
    /// Entries that show what they should.
    pub alike: usize,
    /// Numbers with stock in the accounts that the shop does not have.
    pub not_in_shop: usize,
}

/// The settings in the form in which they are looked up.
struct Rules<'a> {
    settings: &'a StockSettings,
    reserves: HashMap<&'a str, i64>,
    bundles: HashMap<&'a str, &'a StockBundle>,
    /// Names of the accounts' locations that make up each of the shop's; empty: all.
    sources: Vec<&'a [String]>,
}

impl<'a> Rules<'a> {
    fn of(settings: &'a StockSettings, locations: &[String]) -> Rules<'a> {
        let reserves = settings.safety_stock_by_product.iter();
        let source = |location: &String| {
            let found = settings.locations.iter().find(|known| known.shop == *location);
            found.map_or(&[][..], |known| known.accounting.as_slice())
        };
        Rules {
            settings,
            reserves: reserves.map(|known| (known.product.as_str(), i64::from(known.units))).collect(),
            bundles: settings.bundles.iter().map(|bundle| (bundle.product.as_str(), bundle)).collect(),
            sources: locations.iter().map(source).collect(),
        }
    }

    fn reserve(&self, number: &str) -> i64 {
        let own = self.reserves.get(number).copied();
        own.unwrap_or_else(|| i64::from(self.settings.safety_stock))
    }

    /// What can be sold of a product of the accounts at a location, in thousandths; never below nothing.
    fn sellable(&self, number: &str, level: &KeptLevel, location: usize) -> Thousandths {
        if level.barred && self.settings.barred == BarredProducts::Zero {
            return 0;
        }
        let sources = self.sources.get(location).copied().unwrap_or_default();
        let lies_there = |place: &&PlaceLevel| sources.is_empty() || sources.contains(&place.place);
        let quantity = |place: &PlaceLevel| match self.settings.quantity {
            StockQuantity::Available => place.available,
            StockQuantity::InStock => place.in_stock,
        };
        let stock = level.places.iter().filter(lies_there).map(quantity).fold(0, Thousandths::saturating_add);
        stock.saturating_sub(self.reserve(number).saturating_mul(1_000)).max(0)
    }

    /// What an entry should show at a location, in whole units; or why nothing can be said.
    fn due(&self, state: &StockState, number: &str, location: usize) -> Result<i64, &'static str> {
        if let Some(bundle) = self.bundles.get(number) {
            return self.bundle_due(state, bundle, location);
        }
        let level = state.levels.get(number).ok_or("stock-not-in-accounts")?;
        if level.places.is_empty() {
            return Err("stock-not-kept");
        }
        Ok(self.sellable(number, level, location) / 1_000)
    }

    /// As many as the scarcest part allows.
    fn bundle_due(
        &self,
        state: &StockState,
        bundle: &StockBundle,
        location: usize,
    ) -> Result<i64, &'static str> {
        let mut most = i64::MAX;
        for part in &bundle.parts {
            let level = state.levels.get(&part.product).filter(|level| !level.places.is_empty());
            let level = level.ok_or("stock-part-missing")?;
            let units = self.sellable(&part.product, level, location) / 1_000;
            most = most.min(units / i64::from(part.units.max(1)));
        }
        let own = self.reserves.get(bundle.product.as_str()).copied().unwrap_or(0);
        Ok(most.saturating_sub(own).max(0))
    }
}

/// Compares everything that is known.
pub fn compare(state: &StockState, settings: &StockSettings) -> Comparison {
    let rules = Rules::of(settings, &state.locations);
    let mut entries: HashMap<&str, u32> = HashMap::with_capacity(state.items.len());
    for item in state.items.values() {
        *entries.entry(item.number.as_str()).or_default() += 1;
    }
    let mut found = Comparison::default();
    let mut problems: BTreeSet<Problem> = BTreeSet::new();
    for (id, item) in &state.items {
        let several = entries.get(item.number.as_str()).is_some_and(|count| *count > 1);
        let told = judge(&rules, state, (id, item), several, &mut found);
        if let Err(code) = told {
            problems.insert(Problem { code, number: item.number.clone() });
        }
    }
    let unknown = settings.bundles.iter().filter(|bundle| !entries.contains_key(bundle.product.as_str()));
    problems.extend(
        unknown.map(|bundle| Problem { code: "stock-bundle-not-in-shop", number: bundle.product.clone() }),
    );
    found.problems = problems.into_iter().collect();
    let stocked = state.levels.iter().filter(|(_, level)| !level.places.is_empty());
    found.not_in_shop = stocked.filter(|(number, _)| !entries.contains_key(number.as_str())).count();
    found
}

/// Compares one entry; its first problem, when there is one.
fn judge(
    rules: &Rules<'_>,
    state: &StockState,
    (id, item): (&String, &KeptItem),
    several: bool,
    found: &mut Comparison,
) -> Result<(), &'static str> {
    if item.bundle {
        // The shop reckons it from its parts, which are told. Two who reckon the same would not agree.
        let named = rules.bundles.contains_key(item.number.as_str());
        return if named { Err("stock-bundle-of-shop") } else { Ok(()) };
    }
    // What the shop does not count is no business of ours, unless the accounts count it, by itself or by what it is made of.
    let counted = rules.bundles.contains_key(item.number.as_str())
        || state.levels.get(&item.number).is_some_and(|level| !level.places.is_empty());
    match item.keeping {
        StockKeeping::Own => {}
        StockKeeping::OfParent if counted => return Err("stock-of-parent"),
        StockKeeping::None if counted => return Err("stock-not-counted"),
        _ => return Ok(()),
    }
    if several && rules.settings.duplicates == DuplicateNumbers::Report {
        return Err("stock-duplicate");
    }
    if item.cells.iter().all(|cell| cell.elsewhere) {
        return Err("stock-not-at-location");
    }
    let mut problem = Ok(());
    for (location, cell) in item.cells.iter().enumerate().filter(|(_, cell)| !cell.elsewhere) {
        let due = rules.due(state, &item.number, location);
        match due.and_then(|to| if to > MOST_UNITS { Err("stock-too-large") } else { Ok(to) }) {
            Err(code) => problem = problem.and(Err(code)),
            Ok(to) if cell.told == Some(to) => found.alike += 1,
            Ok(to) if cell.refused.as_ref().is_some_and(|refused| refused.quantity == to) => {
                problem = problem.and(Err("stock-refused"));
            }
            Ok(to) => {
                found.changes.push(Change { id: id.clone(), location, from: cell.told, to });
            }
        }
    }
    problem
}

/// Problems by code, with their number and the first few product numbers.
pub fn by_code(problems: &[Problem], examples: usize) -> BTreeMap<String, (usize, Vec<String>)> {
    let mut grouped: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
    for problem in problems {
        let (count, numbers) = grouped.entry(problem.code.to_owned()).or_default();
        *count += 1;
        if numbers.len() < examples {
            numbers.push(problem.number.clone());
        }
    }
    grouped
}
