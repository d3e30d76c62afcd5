//! House rules as tests: the shape of the repository, the direction of its dependencies, and what code must not hold.
//!
//! A rule that only a reviewer knows is forgotten. Each test names the rule, and says where it is broken.

mod stored;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::{files_below, repository};

/// The rooms from the inside out: each may depend on those before it, never on one after it.
const ROOMS: &[&str] =
    &["shared/delimited", "shared/domain", "shared/connectors", "shared/engine", "shared/platform"];

fn tracked_files() -> Vec<String> {
    let listing = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(repository())
        .output()
        .expect("git lists the files");
    assert!(listing.status.success(), "git ls-files failed");
    String::from_utf8(listing.stdout).expect("paths are UTF-8").lines().map(str::to_owned).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rust_files_of(room: &str) -> Vec<PathBuf> {
    files_below(&repository().join(room), ".rs").into_iter().filter(|path| path.is_file()).collect()
}

/// The crates of this workspace that a manifest names under any of its dependency tables.
fn rooms_named_in(manifest: &str, names: &BTreeSet<String>, with_dev: bool) -> BTreeSet<String> {
    let mut section = String::new();
    let mut found = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line.trim().to_owned();
        }
        let counted = section == "[dependencies]"
            || section == "[build-dependencies]"
            || (with_dev && section == "[dev-dependencies]");
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        if counted && names.contains(name) {
            found.insert(name.to_owned());
        }
    }
    found
}

#[test]
fn the_top_level_holds_what_was_agreed_and_nothing_else() {
    let agreed =
        ["Cargo.toml", "Cargo.lock", "README.md", "samconfig.toml", "functions", "shared", "infra", "tests"];
    let extra: BTreeSet<String> = tracked_files()
        .iter()
        .filter_map(|path| path.split('/').next())
        .filter(|top| !agreed.contains(top) && !top.starts_with("LICENSE") && !top.starts_with('.'))
        .map(str::to_owned)
        .collect();
    assert!(extra.is_empty(), "these do not belong at the top level: {extra:?}");
}

#[test]
fn dependencies_point_one_way() {
    let names: BTreeSet<String> = ROOMS.iter().map(|room| room["shared/".len()..].to_owned()).collect();
    for (place, room) in ROOMS.iter().enumerate() {
        let manifest = read(&repository().join(room).join("Cargo.toml"));
        let allowed: BTreeSet<String> =
            ROOMS[..place].iter().map(|room| room["shared/".len()..].to_owned()).collect();
        let named = rooms_named_in(&manifest, &names, false);
        assert!(named.is_subset(&allowed), "{room} depends on {named:?}; it may depend on {allowed:?} only");
    }
    let sandbox = read(&repository().join("infra/sandbox/Cargo.toml"));
    let named = rooms_named_in(&sandbox, &names, true);
    assert!(
        named.is_empty(),
        "the sandbox is the independent second opinion; it must not depend on {named:?}"
    );
}

#[test]
fn inner_rooms_know_nothing_of_the_world() {
    let forbidden: &[(&str, &[&str])] = &[
        (
            "shared/domain",
            &[
                "tokio",
                "reqwest",
                "aws-",
                "lambda",
                "std::env",
                "SystemTime",
                "Instant::now",
                "Timestamp::now",
                "Zoned::now",
                "rand::",
            ],
        ),
        (
            "shared/connectors",
            &[
                "tokio",
                "reqwest",
                "aws_",
                "std::env::var(",
                "SystemTime",
                "Instant::now",
                "Timestamp::now",
                "tracing",
                "sleep(",
            ],
        ),
        (
            "shared/engine",
            &[
                "tokio",
                "reqwest",
                "aws_",
                "std::env::var(",
                "SystemTime",
                "Instant::now",
                "Timestamp::now",
                "tracing",
            ],
        ),
    ];
    for (room, words) in forbidden {
        for path in rust_files_of(&format!("{room}/src")) {
            for (number, line) in shipped(&read(&path)) {
                let code = line.split("//").next().unwrap_or_default();
                for word in *words {
                    assert!(
                        !code.contains(word),
                        "{}:{}: `{word}` has no place in {room}",
                        path.display(),
                        number
                    );
                }
            }
        }
    }
}

/// The lines that are not for unit tests alone, with their numbers: house rules bind shipped code, tests may do what they must.
fn shipped(text: &str) -> Vec<(usize, &str)> {
    let mut shipped = Vec::new();
    // The line that closes the item that is left out.
    let mut until: Option<String> = None;
    let mut marked = false;
    for (number, line) in (1..).zip(text.lines()) {
        let code = line.trim_start();
        match &until {
            Some(end) if line.trim_end_matches(';') == end => until = None,
            Some(_) => {}
            None if code == "#[cfg(test)]" => marked = true,
            None if marked && code.starts_with("#[") => {}
            None if marked => {
                marked = false;
                until = (!code.ends_with(';')).then(|| format!("{}}}", &line[..line.len() - code.len()]));
            }
            None => shipped.push((number, line)),
        }
    }
    shipped
}

#[test]
fn only_what_is_for_tests_alone_is_left_out() {
    let text = "a\n#[cfg(test)]\nmod tests;\nb\n#[cfg(test)]\nmod more {\n    fn f() {\n    }\n}\nc\nimpl D {\n    \
                #[cfg(test)]\n    #[must_use]\n    fn e() {\n        1\n    }\n    fn f() {}\n}\n";
    assert_eq!(
        shipped(text),
        [(1, "a"), (4, "b"), (10, "c"), (11, "impl D {"), (17, "    fn f() {}"), (18, "}")]
    );
}

#[test]
fn no_float_comes_near_money() {
    for room in ROOMS.iter().take(4) {
        for path in rust_files_of(&format!("{room}/src")) {
            for (number, line) in shipped(&read(&path)) {
                let code = line.split("//").next().unwrap_or_default();
                let words: Vec<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
                assert!(
                    !words.iter().any(|word| matches!(*word, "f32" | "f64" | "to_f64" | "to_f32" | "as_f64")),
                    "{}:{}: a float in money code: {line}",
                    path.display(),
                    number
                );
            }
        }
    }
}

#[test]
fn there_is_one_dependency_table_and_one_lint_table() {
    for path in files_below(repository(), "Cargo.toml") {
        let relative = path.strip_prefix(repository()).expect("inside the repository");
        let outside = relative.starts_with("target") || relative.starts_with("tests/fuzz");
        if outside || relative == Path::new("Cargo.toml") {
            continue;
        }
        let manifest = read(&path);
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{}: the lint table is not used",
            relative.display()
        );
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let dependency =
                section.contains("dependencies]") && line.contains('=') && !line.starts_with('#');
            assert!(
                !dependency || line.contains("workspace = true"),
                "{}: `{line}` has a version of its own",
                relative.display()
            );
        }
    }
}

/// A crate without tests of its own is not built a second time for them; a test that is written there all the same would never run.
#[test]
fn what_is_said_to_hold_no_tests_holds_none() {
    for path in files_below(repository(), "Cargo.toml") {
        let room = path.parent().expect("a manifest lies in a folder");
        let relative = room.strip_prefix(repository()).expect("inside the repository");
        if relative.starts_with("target") || relative.starts_with("tests/fuzz") {
            continue;
        }
        let manifest = read(&path);
        let source = if relative == Path::new("tests") { "support" } else { "src" };
        for table in manifest.split("\n[") {
            let says = |word: &str| table.contains(&format!("\n{word} = false"));
            let files = match table.lines().next() {
                Some("lib]") => files_below(&room.join(source), ".rs"),
                Some("[bin]]") => vec![room.join("src/main.rs")],
                _ => continue,
            };
            for file in files {
                let text = read(&file);
                let test = says("test")
                    && (text.contains("#[test]") || text.contains("::test(") || text.contains("cfg(test)"));
                let example = says("doctest") && (text.contains("/// ```") || text.contains("//! ```"));
                assert!(!test && !example, "{}: what is tested here never runs", file.display());
            }
        }
    }
}

/// What cargo builds for the target by these words: each package with its features.
fn packages_built(words: &[&str]) -> BTreeSet<String> {
    let listing = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix", "none", "--format", "{p} [{f}]"])
        .args(words)
        .current_dir(repository())
        .output()
        .expect("cargo lists the packages");
    assert!(listing.status.success(), "{}", String::from_utf8_lossy(&listing.stderr));
    let listing = String::from_utf8(listing.stdout).expect("names are UTF-8");
    // What stands under a package is listed once; where it comes again it is marked.
    listing.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

/// A feature that only the tests' libraries ask of a package has it built twice, with everything that stands on it.
#[test]
fn a_run_and_the_tests_share_one_build() {
    let run = packages_built(&["--package", "bogbro", "--edges", "normal,no-proc-macro"]);
    let tests = packages_built(&["--workspace", "--edges", "normal,dev,no-proc-macro"]);
    assert!(run.len() > 100, "the executable stands on hundreds of packages");
    let twice: Vec<&String> = run.difference(&tests).collect();
    assert!(twice.is_empty(), "the tests build these with further features: {twice:?}");
}

#[test]
fn connectors_are_registered_and_have_fixtures() {
    let source = repository().join("shared/connectors/src");
    let registry = read(&source.join("registry.rs"));
    let mut systems = 0;
    for entry in fs::read_dir(&source).expect("the connectors can be listed") {
        let folder = entry.expect("a folder's entry can be read").path();
        if !folder.is_dir() {
            continue;
        }
        systems += 1;
        let system = folder.file_name().expect("it has a name").to_string_lossy().into_owned();
        assert!(folder.join("mod.rs").is_file(), "{system} has no mod.rs");
        for module in ["wire", "map"] {
            let found =
                folder.join(format!("{module}.rs")).is_file() || folder.join(module).join("mod.rs").is_file();
            assert!(found, "{system} has no module {module}");
        }
        let fixtures = files_below(&folder.join("fixtures"), "");
        assert!(!fixtures.is_empty(), "{system} has no fixtures");
        assert!(registry.contains(&format!("{system}::")), "{system} is not in the registry");
    }
    assert!(systems >= 3, "there are at least three connectors, found {systems}");
}

#[test]
fn function_handlers_are_thin() {
    for entry in fs::read_dir(repository().join("functions")).expect("the functions can be listed") {
        let function = entry.expect("a folder's entry can be read").path();
        let main = read(&function.join("src/main.rs"));
        assert!(shipped(&main).len() <= 15, "{}: main.rs only starts the handler", function.display());
        for file in files_below(&function.join("src"), ".rs") {
            let text = read(&file);
            let lines = shipped(&text);
            assert!(lines.len() <= 220, "{}: {} lines are more than wiring", file.display(), lines.len());
            for (number, line) in lines {
                for word in ["Money", "Decimal", "Settings {", "plan("] {
                    let place = format!("{}:{number}", file.display());
                    assert!(!line.contains(word), "{place}: `{word}` is business, not wiring");
                }
            }
        }
    }
}

/// The longest file of shipped code, in lines: what is longer has more than one subject.
const LONGEST_FILE: usize = 760;

/// Files that are longer, and why that is no reason to part them.
const LONGER: &[(&str, usize)] = &[
    // One beside the other: the rows of one table, the checks of one bench.
    ("shared/engine/src/conformance.rs", 850),
    ("shared/engine/src/store.rs", 1_000),
    // The way from a claim to a plan, told in one go.
    ("shared/engine/src/prepare.rs", 850),
    // A table of texts.
    ("shared/domain/src/explain/texts.rs", 2_000),
];

#[test]
fn a_file_has_one_subject_and_says_at_its_head_which() {
    let mut longer: BTreeSet<&str> = LONGER.iter().map(|(path, _)| *path).collect();
    for path in tracked_files().iter().filter(|path| path.ends_with(".rs")) {
        let file = repository().join(path);
        // What is deleted and not committed yet is still listed.
        if !file.is_file() {
            continue;
        }
        let text = read(&file);
        let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        assert!(head.starts_with("//!"), "{path} does not say at its head what it is for");
        let of_tests = path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("tests.rs");
        let allowed =
            LONGER.iter().find(|(longer, _)| longer == path).map_or(LONGEST_FILE, |(_, lines)| *lines);
        let lines = shipped(&text).len();
        assert!(of_tests || lines <= allowed, "{path}: {lines} lines are more than {allowed}");
        if lines > LONGEST_FILE {
            longer.remove(path.as_str());
        }
    }
    assert!(longer.is_empty(), "these are no longer so long: {longer:?}");
}

#[test]
fn the_map_names_every_room_and_the_deployment_every_function() {
    let readme = read(&repository().join("README.md"));
    let manifest = read(&repository().join("Cargo.toml"));
    let members = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']'));
    let (members, _) = members.expect("the workspace has members");
    let members: Vec<&str> =
        members.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\",")).collect();
    assert!(members.len() > 10, "the members are read: {members:?}");
    let (_, map) = readme.split_once("\n## The map\n").expect("the README has a map");
    let rooms: Vec<&str> = map
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .filter_map(|row| row.strip_prefix("| `")?.split_once('`').map(|(room, _)| room))
        .collect();
    let words: Vec<&str> = readme.split_whitespace().collect();
    for member in &members {
        let named = rooms.iter().any(|room| {
            member
                .strip_prefix(room.trim_end_matches('*'))
                .is_some_and(|rest| if room.ends_with("/*") { !rest.is_empty() } else { rest.is_empty() })
        });
        assert!(named, "the map does not name {member}");
        if let Some(function) = member.strip_prefix("functions/") {
            let built = words.windows(2).any(|two| two == ["-p", function]);
            assert!(built, "the README does not say how {function} is built");
        }
    }
    for room in rooms {
        let place = repository().join(room.trim_end_matches("/*"));
        assert!(place.exists(), "the map names {room}, which is not there");
    }
}

#[test]
fn nothing_unfinished_and_nothing_of_the_workplace_is_committed() {
    // Written in two halves, so that this file does not find itself.
    let words: Vec<String> = [
        ("to", "do!("),
        ("unimplemen", "ted!("),
        ("FIX", "ME"),
        ("/wor", "k/"),
        ("/roo", "t/"),
        ("BEGIN RSA PRI", "VATE"),
    ]
    .iter()
    .map(|(a, b)| format!("{a}{b}"))
    .collect();
    for path in tracked_files() {
        let text = match fs::read_to_string(repository().join(&path)) {
            Ok(text) if path != ".ci/run" => text,
            _ => continue,
        };
        for word in &words {
            assert!(!text.contains(word.as_str()), "{path} holds `{word}`");
        }
    }
}
