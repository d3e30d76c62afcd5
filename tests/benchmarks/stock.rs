//! The comparison of fifty thousand products, one in a hundred of which changed: products a second, and what the state
//! takes in memory and in the bucket.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Context;
use domain::settings::{StockMode, StockSettings};
use domain::shop_product::StockKeeping;
use domain::stock::{Cell, KeptItem, PlaceLevel, StockReading, StockState, compare};
use jiff::Timestamp;

use crate::report::Report;

/// Products, and one in how many changed.
const PRODUCTS: usize = 50_000;
const ONE_IN: usize = 100;
/// Repetitions.
const REPEATS: u32 = 20;

fn state() -> anyhow::Result<StockState> {
    let mut state = StockState::new();
    state.locations = vec![String::new()];
    for number in 0..PRODUCTS {
        let product = format!("VARE-{number:06}");
        let units = i64::try_from(number % 97)?;
        let told = if number % ONE_IN == 0 { units + 1 } else { units };
        let place = PlaceLevel { place: String::new(), available: units * 1_000, in_stock: units * 1_000 };
        state.take_reading(StockReading {
            product: product.clone(),
            barred: false,
            changed_at: Timestamp::UNIX_EPOCH,
            places: vec![place],
        });
        let cell = Cell { told: Some(told), ..Cell::default() };
        let item = KeptItem {
            number: product,
            family: None,
            item: Some(format!("{}", 40_000_000_000_000_u64 + number as u64)),
            keeping: StockKeeping::Own,
            bundle: false,
            cells: vec![cell],
            generation: 0,
        };
        state.items.insert(format!("{}", 30_000_000_000_000_u64 + number as u64), item);
    }
    Ok(state)
}

/// What this process has in memory, in kilobytes; `None` where the system does not say.
fn resident_kilobytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Measures the comparison.
pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    let before = resident_kilobytes();
    let state = state()?;
    let after = resident_kilobytes();
    let settings = StockSettings { mode: StockMode::Write, ..StockSettings::default() };
    let found = compare(&state, &settings).changes.len();
    anyhow::ensure!(found == PRODUCTS / ONE_IN, "{found} changes were found");
    let started = Instant::now();
    for _ in 0..REPEATS {
        black_box(compare(black_box(&state), &settings));
    }
    let each = started.elapsed() / REPEATS;
    let text = serde_json::to_vec(&state)?;
    let packed = platform::packing::pack(&text).context("it packs")?;
    let rate = (PRODUCTS as u128) * 1_000_000_000 / each.as_nanos().max(1);
    report.section(&format!("Stock: {PRODUCTS} products, {found} changed"));
    report.figure("comparison, mean", format!("{each:?}"));
    report.figure("products a second", rate.to_string());
    if let (Some(before), Some(after)) = (before, after) {
        report.figure("state in memory", format!("{} kB", after.saturating_sub(before)));
    }
    report.figure("state as text and packed", format!("{} and {} bytes", text.len(), packed.len()));
    Ok(())
}
