//! Half a file: every report, cut at every byte, is refused, gives the identical result, or is not confirmed by itself, so that
//! nothing of it can be posted.
//!
//! Of long samples only the beginning, the end and some bytes between are cut each time; `--ignored` cuts them at all.

use super::sources::{Sample, fixtures, vendors};
use super::summary::read;

/// Samples of at most this length are cut at every byte each time.
const SHORT: usize = 4096;

fn cut(sample: &Sample, places: impl Iterator<Item = usize>) {
    let whole = read(sample, &sample.bytes).everything();
    for end in places {
        let part = read(sample, &sample.bytes[..end]);
        assert!(
            part.is_harmless() || part.everything() == whole,
            "{} cut after {end} of {} bytes would be posted:\n{}",
            sample.name,
            sample.bytes.len(),
            part.summary()
        );
    }
}

fn cut_soon(samples: &[Sample]) {
    for sample in samples {
        let length = sample.bytes.len();
        let near = |end: &usize| {
            let at_an_edge = *end < 300 || *end + 300 > length;
            length <= SHORT || at_an_edge || end.is_multiple_of(if length > 4 * SHORT { 61 } else { 7 })
        };
        cut(sample, (0..length).filter(near));
    }
}

#[test]
fn no_cut_of_a_vendors_sample_is_posted() {
    cut_soon(&vendors());
}

#[test]
fn no_cut_of_a_fixture_is_posted() {
    cut_soon(&fixtures());
}

#[test]
#[ignore = "takes a minute or two"]
fn no_cut_of_a_vendors_sample_is_posted_at_any_byte() {
    let samples = vendors();
    std::thread::scope(|scope| {
        for sample in &samples {
            scope.spawn(|| cut(sample, 0..sample.bytes.len()));
        }
    });
}
