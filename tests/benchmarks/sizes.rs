//! The sizes of the functions' release executables, which decide how long a cold start loads.

use anyhow::Context;
use bogbro::local::deployment::FUNCTIONS;

use crate::report::Report;

/// Lists them where they lie.
pub(crate) fn list(report: &mut Report) -> anyhow::Result<()> {
    report.section("Release executables (opt-level z, fat LTO, stripped)");
    // target/PROFILE/deps/benchmarks-HASH
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(3).context("the executable lies in a target folder")?;
    let mut missing = Vec::new();
    for function in FUNCTIONS {
        match std::fs::metadata(target.join("release").join(function.name)) {
            Ok(file) => report.figure(function.name, format!("{:.2} MiB", mebibytes(file.len()))),
            Err(_) => missing.push(format!("-p {}", function.name)),
        }
    }
    if !missing.is_empty() {
        report.note(format!("not built here: cargo build --release {}", missing.join(" ")));
    }
    Ok(())
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
