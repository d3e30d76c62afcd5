//! The catalogue check: what would stop an order, found before one does.
//!
//! Both catalogues are read whole and held against each other by the very rules that orders are planned by. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use super::hold;
use super::shop_products::{Fault, Grouping, is_carried, reasons, sound_number};
use crate::catalogue::{KnownProduct, MasterData};
use crate::plan::Reason;
use crate::settings::{DifferenceMode, MissingProduct, Settings};
use crate::shop_product::{ShopProduct, ShopProductKind};

/// One thing that would stop an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CatalogueFinding {
    /// Code of what is wrong.
    pub code: String,
    /// How people know the product: its number, or its name where it has none.
    pub product: String,
    /// The shop's id of what is sold; empty for a number that only the settings name.
    pub id: String,
    /// Facts for the words.
    pub facts: Vec<(String, String)>,
}

impl CatalogueFinding {
    fn of(fault: Fault, id: &str) -> CatalogueFinding {
        CatalogueFinding {
            code: fault.reason.code,
            product: fault.product,
            id: id.to_owned(),
            facts: fault.reason.facts,
        }
    }

    /// As a reason of its own.
    pub fn reason(&self) -> Reason {
        let reason = Reason { code: self.code.clone(), facts: self.facts.clone() };
        reason.with("count", 1).with("products", &self.product)
    }
}

/// Findings of one kind as one reason each, with how many products and which: for a report.
pub fn grouped(findings: &[CatalogueFinding]) -> Vec<Reason> {
    let fault = |finding: &CatalogueFinding| Fault {
        reason: Reason { code: finding.code.clone(), facts: finding.facts.clone() },
        product: finding.product.clone(),
    };
    reasons(&findings.iter().map(fault).collect::<Vec<_>>())
}

/// Everything in the shop's catalogue that would stop an order, by code and product; and what of the numbers that the settings
/// name would.
pub fn check_catalogue(
    entries: &[ShopProduct],
    known: &BTreeMap<String, KnownProduct>,
    master: &MasterData,
    units: Option<&BTreeMap<u32, String>>,
    settings: &Settings,
) -> Vec<CatalogueFinding> {
    let entries = with_categories(entries);
    let carried: Vec<&ShopProduct> = entries.values().filter(|entry| is_carried(entry, settings)).collect();
    let twice = numbers_twice(&carried, settings);
    let check = Check { known, grouping: Grouping { master, settings }, settings };
    let mut findings = Vec::new();
    for entry in carried {
        let fault = match sound_number(entry, settings) {
            Err(fault) => Some(fault),
            Ok(number) if twice.contains(&number) => Some(Fault::of(hold("product-number-twice"), &number)),
            Ok(number) => check.fault_of(entry, &number),
        };
        findings.extend(fault.map(|fault| CatalogueFinding::of(fault, entry.id())));
    }
    findings.extend(check.special_numbers().into_iter().map(|fault| CatalogueFinding::of(fault, "")));
    let unit = settings.products.unit.filter(|unit| units.is_some_and(|units| !units.contains_key(unit)));
    findings.extend(unit.map(|unit| {
        let fault = Fault::of(hold("product-unit-missing").with("unit", unit), "-");
        CatalogueFinding::of(fault, "")
    }));
    findings.sort();
    findings
}

/// The entries by id, each once although a list that changes while it is read may show one twice, with the categories of their
/// product where they state none.
fn with_categories(entries: &[ShopProduct]) -> BTreeMap<String, ShopProduct> {
    let parents: BTreeMap<&str, &Vec<String>> = entries
        .iter()
        .filter(|entry| entry.kind == ShopProductKind::Parent)
        .map(|entry| (entry.product.as_str(), &entry.categories))
        .collect();
    let whole = |entry: &ShopProduct| {
        let mut entry = entry.clone();
        if entry.categories.is_empty() {
            entry.categories =
                parents.get(entry.product.as_str()).map(|own| (*own).clone()).unwrap_or_default();
        }
        (entry.id().to_owned(), entry)
    };
    // A parent's id is its product's, which none of its variants has.
    entries.iter().map(whole).collect()
}

fn numbers_twice(entries: &[&ShopProduct], settings: &Settings) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let numbers = entries.iter().filter_map(|entry| sound_number(entry, settings).ok());
    numbers.filter(|number| !seen.insert(number.clone())).collect()
}

struct Check<'a> {
    known: &'a BTreeMap<String, KnownProduct>,
    grouping: Grouping<'a>,
    settings: &'a Settings,
}

impl Check<'_> {
    /// What would stop an order that sells this entry under this number.
    fn fault_of(&self, entry: &ShopProduct, number: &str) -> Option<Fault> {
        let Some(known) = self.known.get(number) else { return self.fault_of_missing(entry, number) };
        if known.barred {
            return Some(Fault::of(hold("product-blocked"), number));
        }
        match self.grouping.expected_rate(entry) {
            Some(rate) => self.grouping.check_rate(known.group, rate, number).err(),
            // What the shop charges in this class nobody has said; the group must be able to be sold from all the same.
            None => match self.grouping.rate_at_home(known.group) {
                Some(rate) => self.grouping.check_rate(known.group, rate, number).err(),
                None => self.grouping.group_of(entry, number).err(),
            },
        }
    }

    fn fault_of_missing(&self, entry: &ShopProduct, number: &str) -> Option<Fault> {
        let products = &self.settings.products;
        let absent = || Fault::of(hold("product-missing"), number);
        if products.catalogue.create || products.missing == MissingProduct::Create {
            return self.grouping.group_of(entry, number).err();
        }
        match products.missing {
            MissingProduct::Hold | MissingProduct::Create => Some(absent()),
            MissingProduct::UseDefault => {
                let default = products.skus.default.as_deref().and_then(|number| self.known.get(number));
                default.is_none_or(|known| known.barred).then(absent)
            }
        }
    }

    /// The numbers that the settings name: one that is barred stops every order that needs it, and one for corrections that is
    /// missing is never made by a guess.
    fn special_numbers(&self) -> Vec<Fault> {
        let skus = &self.settings.products.skus;
        let barred = |number: &&str| self.known.get(*number).is_some_and(|known| known.barred);
        let numbers: BTreeSet<&str> = skus.special().chain(skus.default.as_deref()).collect();
        let mut faults: Vec<Fault> = numbers
            .into_iter()
            .filter(barred)
            .map(|number| Fault::of(hold("product-blocked"), number))
            .collect();
        let corrects = self.settings.differences.mode == DifferenceMode::CorrectionLine;
        if let Some(number) =
            skus.rounding.as_deref().filter(|number| corrects && !self.known.contains_key(*number))
        {
            faults.push(Fault::of(hold("correction-product-missing"), number));
        }
        faults
    }
}
