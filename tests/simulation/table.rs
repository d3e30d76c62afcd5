//! How often each fault struck at each step.

use std::collections::{BTreeMap, BTreeSet};

use sandbox::{Operation, System};

use crate::machine::Place;

/// Hits by step and fault.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(BTreeMap<(Place, &'static str), usize>);

/// The steps of the order flow, in order.
const STEPS: &[Place] = &[
    Place::Outside(System::WooCommerce, Operation::ListOrders),
    Place::Outside(System::Shopify, Operation::ListOrders),
    Place::Ledger("move-cursor"),
    Place::Ledger("head"),
    Place::Ledger("claim"),
    Place::Ledger("leave-word"),
    Place::Ledger("pause"),
    Place::Outside(System::WooCommerce, Operation::ReadOrder),
    Place::Outside(System::Shopify, Operation::ReadOrder),
    Place::Outside(System::WooCommerce, Operation::ReadRefunds),
    Place::Outside(System::Economic, Operation::ReadMasterData),
    Place::Outside(System::Economic, Operation::ReadProducts),
    Place::Outside(System::Economic, Operation::ReadCustomers),
    Place::Ledger("store-plan"),
    Place::Outside(System::Economic, Operation::CreateCustomer),
    Place::Outside(System::Economic, Operation::CreateProduct),
    Place::Outside(System::Economic, Operation::CreateDraft),
    Place::Outside(System::Economic, Operation::ReadDrafts),
    Place::Outside(System::Economic, Operation::WriteDraft),
    Place::Ledger("advance"),
    Place::Outside(System::Economic, Operation::Book),
    Place::Outside(System::Economic, Operation::ReadBooked),
    Place::Outside(System::Economic, Operation::DeleteDraft),
    Place::Outside(System::Economic, Operation::WriteJournal),
    Place::Outside(System::Economic, Operation::ReadJournal),
    Place::Outside(System::WooCommerce, Operation::WriteOrder),
    Place::Outside(System::Shopify, Operation::WriteOrder),
    Place::Ledger("load-plan"),
    Place::Ledger("conclude"),
];

/// The steps of the stock flow, in order.
pub(crate) const STOCK_STEPS: &[Place] = &[
    Place::Ledger("claim-stock"),
    Place::Ledger("stock-state"),
    Place::Outside(System::Economic, Operation::ReadProducts),
    Place::Outside(System::WooCommerce, Operation::ReadShopProducts),
    Place::Outside(System::Shopify, Operation::ReadShopProducts),
    Place::Ledger("put-stock-state"),
    Place::Ledger("save-stock-head"),
    Place::Ledger("drop-stock-state"),
    Place::Ledger("stock-head"),
    Place::Outside(System::WooCommerce, Operation::WriteShopStock),
    Place::Outside(System::Shopify, Operation::WriteShopStock),
    Place::Ledger("put-stock-log"),
];

const PROCESS: &[&str] = &["crash before", "crash after", "freeze before", "freeze after"];
const LEDGER: &[&str] = &["ledger fails before", "ledger fails after"];
const OUTSIDE: &[&str] = &[
    "fail before",
    "fail after",
    "timeout before",
    "timeout after",
    "reset before",
    "reset after",
    "429",
    "401",
    "malformed JSON",
    "HTML page",
    "redirect",
    "huge body",
];
const WRITES: &[&str] = &["late arrival", "wrong amount", "wrong currency", "wrong customer"];

impl Table {
    pub(crate) fn add(&mut self, hits: Vec<(Place, &'static str)>) {
        for hit in hits {
            *self.0.entry(hit).or_default() += 1;
        }
    }

    pub(crate) fn join(&mut self, other: Table) {
        for (hit, count) in other.0 {
            *self.0.entry(hit).or_default() += count;
        }
    }

    fn count(&self, step: Place, fault: &'static str) -> usize {
        self.0.get(&(step, fault)).copied().unwrap_or(0)
    }

    /// The faults that can strike at a step.
    fn faults(step: Place) -> Vec<&'static str> {
        let mut faults = PROCESS.to_vec();
        match step {
            Place::Ledger(_) => faults.extend(LEDGER),
            Place::Outside(_, operation) => {
                faults.extend(OUTSIDE);
                if operation.is_write() {
                    faults.extend(WRITES);
                }
                if matches!(operation, Operation::CreateDraft | Operation::Book) {
                    faults.push("look-up lag");
                }
            }
        }
        faults
    }

    /// Places that were struck and are no column of the order flow's table.
    pub(crate) fn strangers(&self) -> Vec<String> {
        self.strangers_to(STEPS)
    }

    /// Places that were struck and are none of these steps.
    pub(crate) fn strangers_to(&self, steps: &[Place]) -> Vec<String> {
        let places: BTreeSet<Place> = self.0.keys().map(|(place, _)| *place).collect();
        places.into_iter().filter(|place| !steps.contains(place)).map(Place::name).collect()
    }

    /// Cells of the order flow with fewer than `least` hits.
    pub(crate) fn thin_cells(&self, least: usize) -> Vec<String> {
        self.thin_cells_of(STEPS, least)
    }

    /// Cells of these steps with fewer than `least` hits.
    pub(crate) fn thin_cells_of(&self, steps: &[Place], least: usize) -> Vec<String> {
        let cells =
            steps.iter().flat_map(|step| Table::faults(*step).into_iter().map(move |fault| (*step, fault)));
        cells
            .filter(|(step, fault)| self.count(*step, fault) < least)
            .map(|(step, fault)| format!("{} x {fault}: {}", step.name(), self.count(step, fault)))
            .collect()
    }

    /// The table of the order flow as text.
    pub(crate) fn text(&self) -> String {
        self.text_of(STEPS)
    }

    /// The table as text: a row for each fault, a column for each of these steps.
    pub(crate) fn text_of(&self, steps: &[Place]) -> String {
        let mut columns = String::new();
        for (number, step) in steps.iter().enumerate() {
            columns.push_str(&format!("  {:>2} {}\n", number + 1, step.name()));
        }
        let head: String = (1..=steps.len()).map(|number| format!("{number:>6}")).collect();
        let mut text = format!("hits by fault (rows) and step (columns):\n{columns}{:<20}{head}\n", "");
        let faults = PROCESS.iter().chain(LEDGER).chain(OUTSIDE).chain(WRITES).chain(&["look-up lag"]);
        for fault in faults {
            let cell = |step: &Place| {
                if Table::faults(*step).contains(fault) {
                    format!("{:>6}", self.count(*step, fault))
                } else {
                    format!("{:>6}", "-")
                }
            };
            text.push_str(&format!("{fault:<20}{}\n", steps.iter().map(cell).collect::<String>()));
        }
        text
    }
}
