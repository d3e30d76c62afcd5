//! The benchmarks: `cargo bench -p bogbro` measures what the issue names goals for, and prints each figure beside its goal; with
//! `-- PART...` (`intake`, `orders`, `stock`, `sizes`) it measures these parts alone.
//!
//! Nothing is asserted on time: a figure depends on the machine and on what else it does, and a build that fails on a busy
//! machine teaches nobody anything. The ratios are taken between things that run side by side in alternation, so the machine
//! falls out of them. What is counted (calls, cost) does not depend on the machine; the tests of the flows hold it to its goal.
//!
//! This executable is the functions' executable as well: started as `function NAME` it is that function, so the handlers that
//! are compared are the same program on the same runtime.

// The wire format that is measured alone is written against this module by its path in the crate.
use connectors::json;

mod calls;
mod cost;
mod intake;
mod planning;
mod report;
mod sizes;
#[path = "../flows/stage.rs"]
#[allow(dead_code, reason = "the flows use the rest of the stage")]
mod stage;
mod stock;

use report::Report;

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, name] = words.as_slice()
        && word == "function"
    {
        // As the functions' own executables start.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(intake::function(name));
    }
    // Cargo gives `--bench` before what the caller asks for.
    let asked: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "--bench").collect();
    if let Some(unknown) = asked.iter().find(|word| !PARTS.contains(word)) {
        anyhow::bail!("there is no part {unknown:?}; the parts are {}", PARTS.join(", "));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let report = runtime.block_on(measure(&asked))?;
    report.print();
    Ok(())
}

/// What can be asked for by itself. The calls of the orders make the order that is planned, and what they cost.
const PARTS: [&str; 4] = ["intake", "orders", "stock", "sizes"];

/// Every measurement that is asked for, or all, one after the other: nothing else of this program runs beside one.
async fn measure(asked: &[&str]) -> anyhow::Result<Report> {
    let is_asked = |part: &str| asked.is_empty() || asked.contains(&part);
    let mut report = Report::default();
    if cfg!(debug_assertions) {
        report.note("a development build: its times and time ratios are not those of a release");
    }
    let intake = if is_asked("intake") { Some(intake::measure(&mut report).await?) } else { None };
    let counted = if is_asked("orders") { Some(calls::measure(&mut report).await?) } else { None };
    if let Some(counted) = &counted {
        planning::measure(&mut report, counted)?;
    }
    if is_asked("stock") {
        stock::measure(&mut report)?;
    }
    // What an order costs holds the time of its intake.
    if let (Some(counted), Some(intake)) = (&counted, intake) {
        cost::reckon(&mut report, counted, intake);
    }
    if is_asked("sizes") {
        sizes::list(&mut report)?;
    }
    Ok(report)
}
