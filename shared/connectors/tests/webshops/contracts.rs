//! Finding and reading the samples.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of the samples; `None`, said loudly, when they are not there.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    match std::env::var("BOGBRO_CONTRACTS") {
        Ok(root) => {
            let folder = Path::new(&root).join(name);
            assert!(folder.is_dir(), "BOGBRO_CONTRACTS has no folder {name}");
            Some(folder)
        }
        Err(_) => {
            let required = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!required, "BOGBRO_CONTRACTS is not set, and CI=true asks for it");
            eprintln!("SKIPPED: BOGBRO_CONTRACTS is not set, the samples of {name} are not read");
            None
        }
    }
}

/// The files below a folder whose name ends so, in order.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the entry is readable").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The last two parts of a path, by which tables name a sample.
pub(crate) fn name(path: &Path) -> String {
    let parts: Vec<_> =
        path.components().rev().take(2).map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}
