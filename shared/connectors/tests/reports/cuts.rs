//! Half a file: every report, cut at every byte, is refused, gives the identical result, or is not confirmed by itself, so that
//! nothing of it can be posted.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::sources::{Sample, fixtures, vendors};
use super::summary::read;

/// Cuts that a thread takes at a time.
const AT_A_TIME: usize = 64;

/// Cuts the samples at every byte, the longest first, on all cores.
fn cut_everywhere(mut samples: Vec<Sample>) {
    samples.sort_by_key(|sample| std::cmp::Reverse(sample.bytes.len()));
    let wholes: Vec<String> = samples.iter().map(|sample| read(sample, &sample.bytes).everything()).collect();
    let cuts: Vec<(usize, usize)> = samples
        .iter()
        .enumerate()
        .flat_map(|(place, sample)| (0..sample.bytes.len()).map(move |end| (place, end)))
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

#[test]
fn no_cut_of_a_vendors_sample_is_posted() {
    cut_everywhere(vendors());
}

#[test]
fn no_cut_of_a_fixture_is_posted() {
    cut_everywhere(fixtures());
}
