//! A million settlement lines against a million invoices: `cargo bench -p domain --bench matching --profile speed`.
//!
//! The full work (parse, validate, balance, match with key bytes compared, leftovers) is timed in alternation with a bare read of
//! the same two files into the csv crate's `ByteRecord`, in one process, so that the machine falls out of the ratio. Memory is
//! measured in a process of its own by what the kernel says was the most. Nothing is asserted on time.

mod files;
mod work;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How many lines, and how many invoices.
const SIZE: usize = 1_000_000;
/// How often each is timed.
const ROUNDS: usize = 7;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["memory", folder, what] => memory(Path::new(folder), what),
        _ => measure(),
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
fn measure() {
    let folder = tempfile::tempdir().expect("a folder for the files");
    let sizes = files::write(folder.path(), SIZE);
    println!("{SIZE} lines ({} bytes), {SIZE} invoices ({} bytes)", sizes.0, sizes.1);
    if cfg!(debug_assertions) {
        println!("a development build: these are not the times of a release");
    }
    let (mut bare, mut one, mut two) = (Vec::new(), Vec::new(), Vec::new());
    let mut told = None;
    for _ in 0..ROUNDS {
        bare.push(timed(|| assert_eq!(work::bare_read(folder.path()), 2 * SIZE)).0);
        let (time, result) = timed(|| work::on_one_thread(folder.path()));
        one.push(time);
        let (time, again) = timed(|| work::on_two_threads(folder.path()));
        two.push(time);
        assert_eq!(result, again, "both ways find the same");
        told = Some(result);
    }
    println!("result: {:?}", told.expect("at least one round"));
    let (bare, one, two) = (median(bare), median(one), median(two));
    let ratio = |time: Duration| time.as_secs_f64() / bare.as_secs_f64();
    let word = |value: f64, goal: f64| if value <= goal { "reached" } else { "NOT REACHED" };
    println!("bare ByteRecord read of both files   {:>8.1} ms (median of {ROUNDS})", millis(bare));
    println!(
        "full work, one thread                {:>8.1} ms  {:.2}x  goal <= 1.25x: {}",
        millis(one),
        ratio(one),
        word(ratio(one), 1.25)
    );
    println!(
        "full work, two threads               {:>8.1} ms  {:.2}x  goal <= 0.75x: {}",
        millis(two),
        ratio(two),
        word(ratio(two), 0.75)
    );
    let (lines, settlement) = timed(|| work::read_lines(folder.path()));
    let (invoices, receivables) = timed(|| work::read_invoices(folder.path()));
    let (matching, _) = timed(|| work::matched(settlement, &receivables));
    println!(
        "  of which (once): lines {:.1} ms, invoices {:.1} ms, matching and leftovers {:.1} ms",
        millis(lines),
        millis(invoices),
        millis(matching)
    );
    let peak = |what: &str| in_own_process(folder.path(), what);
    let (nothing, all, lines) = (peak("nothing"), peak("all"), peak("lines"));
    let each = (all - nothing) as f64 / (2 * SIZE) as f64;
    println!(
        "peak memory beyond an idle process   {:>8.1} MB  {each:.1} B per invoice and line  goal <= 64: {}",
        (all - nothing) as f64 / 1e6,
        word(each, 64.0)
    );
    println!(
        "whole process at its peak            {:>8.1} MB; a report of {SIZE} lines alone, read and checked: {:.1} MB",
        all as f64 / 1e6,
        lines as f64 / 1e6
    );
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn in_own_process(folder: &Path, what: &str) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).arg("memory").arg(folder).arg(what).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a number").trim().parse().expect("a number")
}

/// Does the work once and prints the most memory that was resident, in bytes.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn memory(folder: &Path, what: &str) {
    match what {
        "all" => drop(work::on_one_thread(folder)),
        "lines" => drop(work::read_lines(folder)),
        _ => {}
    }
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").trim().parse().expect("a number");
    println!("{}", kilobytes * 1024);
}
