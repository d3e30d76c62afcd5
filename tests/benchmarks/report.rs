//! What is printed: a figure a line, with its goal and whether it is reached, and the tables behind the figures.

use std::time::Duration;

/// The printed report.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<String>,
}

impl Report {
    /// A heading.
    pub(crate) fn section(&mut self, title: &str) {
        self.lines.push(format!("\n{title}"));
    }

    /// A line of text.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.lines.push(format!("  {}", text.into()));
    }

    /// A figure without a goal.
    pub(crate) fn figure(&mut self, name: &str, value: impl Into<String>) {
        self.lines.push(format!("  {name:<58} {:>16}", value.into()));
    }

    /// A figure that should not be greater than its goal.
    pub(crate) fn goal(&mut self, name: &str, value: f64, goal: f64, unit: &str) {
        let word = if value <= goal { "reached" } else { "NOT REACHED" };
        let text = format!("{value:.4}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        self.lines.push(format!("  {name:<58} {:>16}  goal <= {goal}: {word}", format!("{text}{unit}")));
    }

    /// Prints everything.
    #[expect(clippy::print_stdout, reason = "the report is what the program is for")]
    pub(crate) fn print(&self) {
        println!("{}", self.lines.join("\n"));
    }
}

/// Times of one thing, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Of these measurements, of which there is at least one.
    pub(crate) fn of(mut measured: Vec<Duration>) -> Times {
        assert!(!measured.is_empty(), "nothing was measured");
        measured.sort_unstable();
        Times(measured)
    }

    /// The value that so many of a hundred do not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let place = (self.0.len() * percent).div_ceil(100).clamp(1, self.0.len());
        self.0[place - 1]
    }

    /// The ratio to another at that percentile.
    pub(crate) fn ratio(&self, other: &Times, percent: usize) -> f64 {
        self.percentile(percent).as_secs_f64() / other.percentile(percent).as_secs_f64()
    }

    /// The value at that percentile in milliseconds, as text.
    pub(crate) fn text(&self, percent: usize) -> String {
        format!("{:.3} ms", self.percentile(percent).as_secs_f64() * 1000.0)
    }
}
