//! The log of the functions: JSON lines on standard output, with nothing in them that must not be seen.
//!
//! Log lines carry ids, codes, numbers and times. Every finished line goes through [`crate::redaction`] before it is
//! written.

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::redaction::redact;

/// Starts the log. A second start in one process does nothing.
pub fn start() {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(Redacting { sink: io::stdout });
    // A second subscriber is refused by tracing; in the local run several functions share one process.
    let _ = tracing_subscriber::registry().with(lines).with(filter()).try_init();
}

/// What is logged: levels by target, as `BOGBRO_LOG` says (`info`, `warn,platform=debug`).
fn filter() -> Targets {
    let told = std::env::var("BOGBRO_LOG").ok().and_then(|text| text.parse().ok());
    told.unwrap_or_else(|| {
        Targets::new()
            .with_default(LevelFilter::INFO)
            .with_target("aws", LevelFilter::WARN)
            .with_target("hyper", LevelFilter::WARN)
    })
}

/// Makes writers that redact each line.
#[derive(Clone, Copy, Debug)]
pub struct Redacting<F> {
    /// Where the lines go.
    pub sink: F,
}

impl<'a, F, W> MakeWriter<'a> for Redacting<F>
where
    F: Fn() -> W,
    W: Write,
{
    type Writer = RedactingWriter<W>;

    fn make_writer(&'a self) -> Self::Writer {
        RedactingWriter { sink: (self.sink)() }
    }
}

/// Redacts what is written: one call is one whole line.
#[derive(Debug)]
pub struct RedactingWriter<W> {
    sink: W,
}

impl<W: Write> Write for RedactingWriter<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.sink.write_all(redact(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic holds it").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn canaries_in_any_field_do_not_reach_the_log() {
        crate::redaction::guard("whsec_canary_1234567890");
        let memory = Memory::default();
        let sink = memory.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_writer(Redacting { sink: move || sink.clone() })
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("order", buyer = "canary.person@example.com");
            let _entered = span.enter();
            tracing::error!(
                error = "401: whsec_canary_1234567890 is not valid",
                card = "4111111111111111",
                "call failed for canary.person@example.com"
            );
        });
        let log = String::from_utf8(memory.0.lock().expect("no panic holds it").clone()).expect("it is text");
        for canary in ["whsec_canary", "canary.person", "4111111111111111"] {
            assert!(!log.contains(canary), "{canary} in {log}");
        }
        assert!(log.contains("call failed") && log.contains("[secret]"), "{log}");
    }
}
