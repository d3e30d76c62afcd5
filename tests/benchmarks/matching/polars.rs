//! Polars on the same two files, in a process of its own.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What is said where it is not installed.
pub(crate) const SKIPPED: &str = "POLARS WAS NOT MEASURED: the Python of BOGBRO_PYTHON (else python3) has no package `polars`. To get \
    it: python3 -m venv polars && polars/bin/pip install polars, then run this with BOGBRO_PYTHON=polars/bin/python";

/// A Python that has the package.
pub(crate) struct Polars {
    python: String,
    version: String,
}

impl Polars {
    /// The Python of the environment, where it has the package.
    pub(crate) fn found() -> Option<Polars> {
        let python = std::env::var("BOGBRO_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let asked = Command::new(&python).args(["-c", "import polars; print(polars.__version__)"]).output();
        let answer = asked.ok().filter(|answer| answer.status.success())?;
        Some(Polars { python, version: String::from_utf8(answer.stdout).ok()?.trim().to_owned() })
    }

    /// Its version.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The time of its scan, cast and join; what it joined is held against the truth.
    pub(crate) fn join(&self, folder: &Path, threads: u32, size: usize) -> Duration {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/benchmarks/matching/polars_join.py");
        let answer = Command::new(&self.python)
            .arg(script)
            .arg(folder)
            .env("POLARS_MAX_THREADS", threads.to_string())
            .output()
            .expect("Python starts");
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        let text = String::from_utf8(answer.stdout).expect("UTF-8");
        let [nanoseconds, pool, found, without] = text
            .split_whitespace()
            .map(|word| word.parse::<u64>().expect("a number"))
            .collect::<Vec<_>>()[..]
        else {
            panic!("not what the script tells: {text}");
        };
        assert_eq!(pool, u64::from(threads), "so many threads");
        let size = size as u64;
        // 94 sales and 3 refunds of a hundred find a document; 2 sales, 1 fee and the payout do not.
        assert_eq!((found, without), (size * 97 / 100, size * 3 / 100 + 1), "what it joined");
        Duration::from_nanos(nanoseconds)
    }
}
