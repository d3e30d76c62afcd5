//! What the test binaries share: where the repository is, and the reference contracts that some tests read.
//!
//! The contracts are vendors' own schemas and real captured payloads. They are not part of the repository; the variable
//! `BOGBRO_CONTRACTS` names the folder they lie in. Where it is unset, such a test says loudly that it was skipped, and
//! fails when `CI=true`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;

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

/// What `tests/oracle/template.py` reads out of `infra/template.yaml`.
///
/// # Panics
/// When the script does not run, or prints something else.
pub fn template<T: DeserializeOwned>() -> T {
    let script = repository().join("tests/oracle/template.py");
    let output = Command::new("python3").arg(script).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the script prints the facts")
}

/// Action and resource of all that the template's policies allow the code of each function.
pub type Policies = BTreeMap<String, BTreeSet<(String, String)>>;

/// The template's policies, read once.
pub fn policies() -> &'static Policies {
    #[derive(serde::Deserialize)]
    struct Facts {
        functions: BTreeMap<String, Function>,
    }
    #[derive(serde::Deserialize)]
    struct Function {
        permissions: BTreeSet<(String, String)>,
    }
    static POLICIES: OnceLock<Policies> = OnceLock::new();
    POLICIES.get_or_init(|| {
        let functions = template::<Facts>().functions.into_iter();
        functions.map(|(name, facts)| (name, facts.permissions)).collect()
    })
}
