//! What the test binaries share: where the repository is, and the reference contracts that some tests read.
//!
//! The contracts are vendors' own schemas and real captured payloads. They are not part of the repository; the variable
//! `BOGBRO_CONTRACTS` names the folder they lie in. Where it is unset, such a test says loudly that it was skipped, and
//! fails when `CI=true`.

use std::path::{Path, PathBuf};

/// The top of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository")
}

/// The folder of reference contracts, or `None` when there is none here (said on standard error).
///
/// # Panics
/// When `CI=true` and the variable is unset, or names a folder that does not exist.
pub fn contracts(test: &str) -> Option<PathBuf> {
    match std::env::var_os("BOGBRO_CONTRACTS") {
        Some(folder) => {
            let folder = PathBuf::from(folder);
            assert!(folder.is_dir(), "BOGBRO_CONTRACTS names {}, which is no folder", folder.display());
            Some(folder)
        }
        None => {
            assert_ne!(
                std::env::var("CI").as_deref(),
                Ok("true"),
                "{test}: BOGBRO_CONTRACTS must be set in CI"
            );
            #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
            {
                eprintln!("SKIPPED {test}: BOGBRO_CONTRACTS is not set");
            }
            None
        }
    }
}

/// The files below a folder that end in `suffix`, sorted by path.
///
/// # Panics
/// When the folder cannot be read.
pub fn files_below(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("a folder's entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(suffix) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
