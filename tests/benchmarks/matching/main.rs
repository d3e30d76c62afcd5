//! A million settlement lines against a million invoices: `cargo bench -p domain --bench matching --profile speed`.
//!
//! The full work (parse, validate, balance, match with key bytes compared, leftovers) is timed in alternation with a bare read of
//! the same two files into the csv crate's `ByteRecord`, in one process, so that the machine falls out of the ratio. After each
//! run every line and every document is held against what is true of the files. In the same alternation Polars (Python's package,
//! where it is installed) reads, casts and joins the files, and nothing more. Memory is measured in a process of its own by what
//! the kernel says was the most. Nothing is asserted on time.
//!
//! Processor time is told beside the clock's: where others work on the machine as well, it is what is left to compare.

mod files;
mod polars;
mod work;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use polars::Polars;

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
    let polars = Polars::found();
    let [mut bare, mut one, mut two] = [const { Times::new() }; 3];
    let mut theirs = [const { Times::new() }; 2];
    let mut phases = Vec::new();
    for _ in 0..ROUNDS {
        bare.time(|| assert_eq!(work::bare_read(folder.path()), 2 * SIZE));
        let outcome = one.time(|| work::on_one_thread(folder.path()));
        work::verify(&outcome, SIZE);
        phases.push(outcome.phases);
        let outcome = two.time(|| work::on_two_threads(folder.path()));
        work::verify(&outcome, SIZE);
        for (times, threads) in theirs.iter_mut().zip([1, 2]) {
            times.clock.extend(polars.as_ref().map(|polars| polars.join(folder.path(), threads, SIZE)));
        }
    }
    println!("in each of the runs every line and every document was found as it is");
    println!("bare ByteRecord read of both files   {}", bare.told());
    tell("full work, one thread ", &one, &bare, 1.25);
    tell_phases(&phases);
    tell("full work, two threads", &two, &bare, 0.75);
    match polars {
        None => println!("{}", polars::SKIPPED),
        Some(polars) => {
            println!("Polars {}, scan, cast and join alone:", polars.version());
            for ((theirs, ours), threads) in theirs.iter().zip([&one, &two]).zip([1, 2]) {
                println!("  POLARS_MAX_THREADS={threads}               {:>8.1} ms", millis(theirs.median()));
                tell("  full work beside it ", ours, theirs, 1.0);
            }
        }
    }
    tell_memory(folder.path());
}

/// Tells what something took, and how it stands to something else.
#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
fn tell(what: &str, times: &Times, beside: &Times, goal: f64) {
    let ratio = times.median().as_secs_f64() / beside.median().as_secs_f64();
    println!("{what}               {}  {ratio:.2}x  goal <= {goal}x: {}", times.told(), verdict(ratio, goal));
}

/// Tells the quickest of each phase's times: what others on the machine do, falls least into it.
#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
fn tell_phases(rounds: &[work::Phases]) {
    for (phase, name) in work::PHASES.into_iter().enumerate() {
        let best = rounds.iter().map(|phases| phases[phase]).min().unwrap_or_default();
        println!("  {name:<34} {:>8.1} ms at best", millis(best));
    }
}

fn verdict(value: f64, goal: f64) -> &'static str {
    if value <= goal { "reached" } else { "NOT REACHED" }
}

#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
fn tell_memory(folder: &Path) {
    let peak = |what: &str| in_own_process(folder, what);
    let (nothing, all, lines) = (peak("nothing"), peak("all"), peak("lines"));
    let each = (all - nothing) as f64 / (2 * SIZE) as f64;
    println!(
        "peak memory beyond an idle process   {:>8.1} MB  {each:.1} B per invoice and line  goal <= 64: {}",
        (all - nothing) as f64 / 1e6,
        verdict(each, 64.0)
    );
    println!(
        "whole process at its peak            {:>8.1} MB; a report of {SIZE} lines alone, read and checked: {:.1} MB",
        all as f64 / 1e6,
        lines as f64 / 1e6
    );
}

/// What the rounds of something took.
struct Times {
    clock: Vec<Duration>,
    /// In hundredths of a second, of all threads together.
    processor: Vec<u64>,
}

impl Times {
    const fn new() -> Times {
        Times { clock: Vec::new(), processor: Vec::new() }
    }

    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (start, before) = (Instant::now(), processor());
        let result = work();
        self.clock.push(start.elapsed());
        self.processor.push(processor() - before);
        result
    }

    fn median(&self) -> Duration {
        let mut times = self.clock.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    fn told(&self) -> String {
        let best = self.clock.iter().min().copied().unwrap_or_default();
        let rounds = self.processor.len().max(1) as u64;
        let processor = 10 * self.processor.iter().sum::<u64>() / rounds;
        format!(
            "{:>8.1} ms (best {:.1} ms, on the processor {processor} ms)",
            millis(self.median()),
            millis(best)
        )
    }
}

/// Processor time of this process, in hundredths of a second.
fn processor() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("the kernel tells");
    // The name of the program stands in brackets; user and system time are the 12th and 13th field after it.
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let times = fields.split_whitespace().skip(11).take(2).map(|time| time.parse::<u64>().expect("a number"));
    times.sum()
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
        "lines" => work::check(&work::read_lines(folder)),
        _ => {}
    }
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").trim().parse().expect("a number");
    println!("{}", kilobytes * 1024);
}
