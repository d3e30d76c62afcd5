//! The benchmarks: `cargo bench -p bogbro` measures what the issue names goals for, and prints each figure beside its goal.
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
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let report = runtime.block_on(measure())?;
    report.print();
    Ok(())
}

/// Every measurement, one after the other: nothing else of this program runs beside one.
async fn measure() -> anyhow::Result<Report> {
    let mut report = Report::default();
    if cfg!(debug_assertions) {
        report.note("a development build: its times and time ratios are not those of a release");
    }
    let intake = intake::measure(&mut report).await?;
    let counted = calls::measure(&mut report).await?;
    planning::measure(&mut report, &counted)?;
    stock::measure(&mut report)?;
    cost::reckon(&mut report, &counted, intake);
    sizes::list(&mut report)?;
    Ok(report)
}
