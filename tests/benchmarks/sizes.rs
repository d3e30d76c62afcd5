//! The sizes of the functions' release executables, which decide how long a cold start loads.

use std::process::Command;

use anyhow::{Context, ensure};
use bogbro::local::deployment::FUNCTIONS;

use crate::report::Report;

/// Builds them as they are deployed, and lists them.
pub(crate) fn list(report: &mut Report) -> anyhow::Result<()> {
    report.section("Release executables (opt-level z, fat LTO, stripped)");
    // target/PROFILE/deps/benchmarks-HASH
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(3).context("the executable lies in a target folder")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--release", "--quiet"]);
    FUNCTIONS.iter().for_each(|function| _ = build.args(["-p", function.name]));
    ensure!(build.status()?.success(), "the functions could not be built");
    for function in FUNCTIONS {
        let file = std::fs::metadata(target.join("release").join(function.name))?;
        report.figure(function.name, format!("{:.2} MiB", mebibytes(file.len())));
    }
    Ok(())
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
