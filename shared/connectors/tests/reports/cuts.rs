//! Half a file: every report, cut at every byte, is refused, gives the identical result, or is not confirmed by itself, so that
//! nothing of it can be posted.
//!
//! The one sample that is longer than [`SHORT`] costs as much as all others together ten times over: of its bytes only the edges and
//! every so many are cut each time, and `--ignored` cuts it at all of them.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::sources::{Sample, fixtures, vendors};
use super::summary::read;

/// Cuts that a thread takes at a time.
const AT_A_TIME: usize = 64;

/// Samples of at most this length are cut at every byte each time.
const SHORT: usize = 32 * 1024;
/// Of a longer one this many bytes at each end, and one of so many between.
const EDGE: usize = 300;
const EVERY: usize = 23;

/// Cuts the samples at the bytes that are wanted, the longest first, on all cores.
fn cut_at(mut samples: Vec<Sample>, wanted: impl Fn(usize, usize) -> bool) {
    samples.sort_by_key(|sample| std::cmp::Reverse(sample.bytes.len()));
    let wholes: Vec<String> = samples.iter().map(|sample| read(sample, &sample.bytes).everything()).collect();
    let cuts: Vec<(usize, usize)> = samples
        .iter()
        .enumerate()
        .flat_map(|(place, sample)| (0..sample.bytes.len()).map(move |end| (place, end)))
        .filter(|(place, end)| wanted(samples[*place].bytes.len(), *end))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let first = next.fetch_add(AT_A_TIME, Ordering::Relaxed);
            let Some(left) = cuts.get(first..) else { return };
            for (place, end) in left.iter().take(AT_A_TIME) {
                cut(&samples[*place], *end, &wholes[*place]);
            }
            if left.len() <= AT_A_TIME {
                return;
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
}

fn cut(sample: &Sample, end: usize, whole: &str) {
    let part = read(sample, &sample.bytes[..end]);
    assert!(
        part.is_harmless() || part.everything() == whole,
        "{} cut after {end} of {} bytes would be posted:\n{}",
        sample.name,
        sample.bytes.len(),
        part.summary()
    );
}

fn each_time(length: usize, end: usize) -> bool {
    length <= SHORT || end < EDGE || end + EDGE > length || end.is_multiple_of(EVERY)
}

#[test]
fn no_cut_of_a_vendors_sample_is_posted() {
    let samples = vendors();
    let long: Vec<&str> =
        samples.iter().filter(|sample| sample.bytes.len() > SHORT).map(|sample| &*sample.name).collect();
    assert!(long.len() <= 1, "only one sample is not cut at every byte: {long:?}");
    cut_at(samples, each_time);
}

#[test]
fn no_cut_of_a_fixture_is_posted() {
    cut_at(fixtures(), |_, _| true);
}

#[test]
#[ignore = "takes a minute and a half on two cores"]
fn no_cut_of_a_vendors_sample_is_posted_at_any_byte() {
    cut_at(vendors(), |_, _| true);
}
