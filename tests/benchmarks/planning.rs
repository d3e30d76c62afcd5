//! Reading and planning an order of real size against the bare reading of its bytes into the connector's wire struct. What
//! the plan is made of (settings, catalogue, day) is what the log of the order's real transfer holds.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use connectors::registry;
use domain::planning::{PlanInput, plan};
use jiff::tz::TimeZone;

use crate::calls::Counted;
use crate::report::{Report, Times};

// The connector keeps its wire format to itself; the very same source is compiled here once more, to be measured alone.
#[allow(dead_code, reason = "only the order is read here")]
#[path = "../../shared/connectors/src/woocommerce/wire.rs"]
mod wire;

/// Samples of each.
const SAMPLES: usize = 400;
/// Repetitions in one sample.
const REPEATS: u32 = 25;

fn sample(mut work: impl FnMut()) -> Duration {
    let started = Instant::now();
    for _ in 0..REPEATS {
        work();
    }
    started.elapsed() / REPEATS
}

/// Measures both, a sample of each in alternation.
pub(crate) fn measure(report: &mut Report, counted: &Counted) -> anyhow::Result<()> {
    let planned = &counted.planned;
    let (raw, record) = (planned.raw.as_str(), &planned.record);
    let shop = registry::webshop(&record.shop_system).context("the shop's connector is registered")?;
    let zone = TimeZone::get(&record.time_zone)?;
    let hash = planned.catalogue.hash();
    let read = || shop.read_order(raw, &record.rules).map_err(|failure| anyhow!("{failure}"));
    let decide = |order: &domain::order::Order| {
        plan(&PlanInput {
            transfer: &record.transfer,
            shop: &record.shop,
            agreement: &record.agreement,
            order,
            settings: &record.settings,
            settings_version: 1,
            catalogue: &planned.catalogue,
            catalogue_hash: &hash,
            time_zone: &zone,
            today: record.today,
            earlier: None,
            forgotten: None,
        })
    };
    let order = read()?;
    serde_json::from_str::<wire::Order<'_>>(raw).context("the wire struct")?;
    let (mut whole, mut reading, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..SAMPLES {
        whole.push(sample(|| {
            if let Ok(order) = shop.read_order(black_box(raw), &record.rules) {
                black_box(decide(&order));
            }
        }));
        reading.push(sample(|| drop(black_box(shop.read_order(black_box(raw), &record.rules)))));
        bare.push(sample(|| drop(black_box(serde_json::from_str::<wire::Order<'_>>(black_box(raw))))));
    }
    let (whole, reading, bare) = (Times::of(whole), Times::of(reading), Times::of(bare));
    report.section(&format!(
        "Plan of a real WooCommerce order of {} bytes ({} lines)",
        raw.len(),
        order.lines.len()
    ));
    report.figure("bare serde_json into the wire struct, median", bare.text(50));
    report.figure("read_order, median", reading.text(50));
    report.figure("read_order and plan, median", whole.text(50));
    report.goal("ratio of read_order and plan to bare serde_json", whole.ratio(&bare, 50), 1.5, "x");
    Ok(())
}
