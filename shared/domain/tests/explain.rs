//! Every reason code in use has words in Danish and English, and no word is left unfilled.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use domain::explain::{codes, explain, facts_named};
use domain::plan::Reason;
use domain::settings::Language;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// What is shipped of a file: the text before its unit tests.
fn shipped(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// The literals that follow one of these beginnings, but for white space.
fn literals_after(text: &str, beginnings: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for beginning in beginnings {
        for part in text.split(beginning).skip(1) {
            let Some(rest) = part.trim_start().strip_prefix('"') else { continue };
            let code = rest.split('"').next().unwrap_or_default();
            if code.len() > 1
                && code.contains('-')
                && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            {
                found.insert(code.to_owned());
            }
        }
    }
    found
}

fn codes_in(folder: &str, beginnings: &[&str]) -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    assert!(!files.is_empty(), "{folder} has sources");
    files.iter().flat_map(|path| literals_after(&shipped(path), beginnings)).collect()
}

const MAKERS: &[&str] =
    &["Reason::new(", "hold(", "skip(", "reason(", "with_sums(", "let code = ", "{ ", "=> "];

#[test]
fn every_code_that_planning_makes_has_words() {
    let used = codes_in("src/planning", MAKERS);
    // Words of the domain that are no reason codes.
    let others: BTreeSet<String> =
        ["company-number", "vat-number", "gift-card", "text-below"].map(str::to_owned).into();
    let known: BTreeSet<String> = codes().map(str::to_owned).collect();
    let missing: Vec<_> = used.difference(&known).filter(|code| !others.contains(*code)).collect();
    assert!(missing.is_empty(), "without words: {missing:?}");
    assert!(used.len() > 50, "only {} codes were found in the sources", used.len());
}

#[test]
fn every_code_of_settlements_and_payouts_has_words() {
    let makers = [
        "Reason::new(",
        "about(",
        "amounts(",
        "no(",
        "{ ",
        "=> Some(",
        "else { ",
        "self.unmatched(line, ",
        "count(&mut self.notes, ",
        "self.unplaced.entry(",
    ];
    let used: BTreeSet<String> = ["src/settlement", "src/payout"]
        .iter()
        .flat_map(|folder| codes_in(folder, &makers))
        .filter(|code| code.starts_with("settlement-") || code.starts_with("payout-"))
        // A kind of line, not a reason.
        .filter(|code| code != "payout-returned")
        .collect();
    let known: BTreeSet<String> = codes().map(str::to_owned).collect();
    let missing: Vec<_> = used.difference(&known).collect();
    assert!(missing.is_empty(), "without words: {missing:?}");
    assert!(used.len() > 25, "only {} codes were found in the sources", used.len());
}

#[test]
fn every_code_that_the_machinery_makes_has_words() {
    let known: BTreeSet<String> = codes().map(str::to_owned).collect();
    let makers = ["Reason::new(", "Reason { code: ", "Stop::wait(", "Stop::counted(", "too_many("];
    let folders = ["../engine/src", "../platform/src", "../../functions", "../../infra/bogbro/src"];
    let used: BTreeSet<String> = folders.iter().flat_map(|folder| codes_in(folder, &makers)).collect();
    let missing: Vec<_> = used.difference(&known).collect();
    assert!(missing.is_empty(), "without words: {missing:?}");
}

#[test]
fn every_code_is_used_somewhere() {
    let mut used = BTreeSet::new();
    let folders = [
        "src/planning",
        "src/settings",
        "src/settlement",
        "src/payout",
        "src/stock",
        "src/bank",
        "../connectors/src",
        "../engine/src",
        "../platform/src",
        "../../functions",
    ];
    for folder in folders {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
        for path in files {
            let text = shipped(&path);
            used.extend(codes().map(str::to_owned).filter(|code| {
                let bare = code.trim_start_matches("setting-");
                text.contains(&format!("\"{bare}\"")) || text.contains(&format!("\"{bare}|"))
            }));
        }
    }
    let idle: Vec<&str> = codes().filter(|code| !used.contains(*code) && *code != "not-an-order").collect();
    assert!(idle.is_empty(), "words for codes that nobody makes: {idle:?}");
}

#[test]
fn words_are_whole_in_both_languages_and_name_the_same_facts() {
    let mut seen = BTreeSet::new();
    for code in codes() {
        assert!(seen.insert(code), "{code} has words twice");
        let named = facts_named(code).expect("words");
        let reason =
            named.iter().fold(Reason::new(code), |reason, fact| reason.with(fact, format!("<{fact}>")));
        let both = [Language::Da, Language::En].map(|language| explain(&reason, language));
        let mut facts = Vec::new();
        for explanation in &both {
            let text = format!("{} {} {}", explanation.what, explanation.blocks, explanation.remedy);
            assert!(!text.contains(['{', '}', '–']), "{code}: {text}");
            for part in [&explanation.what, &explanation.blocks, &explanation.remedy] {
                assert!(part.ends_with('.') && part.len() > 6, "{code}: {part:?} is no sentence");
            }
            facts.push(
                named.iter().filter(|fact| text.contains(&format!("<{fact}>"))).cloned().collect::<Vec<_>>(),
            );
        }
        assert_eq!(facts[0], facts[1], "{code}: one language says less than the other");
        assert_ne!(both[0].what, both[1].what, "{code}");
    }
}

#[test]
fn a_code_without_words_is_shown_with_its_facts() {
    let reason = Reason::new("from-a-newer-version").with("number", 7);
    assert_eq!(explain(&reason, Language::En).what, "from-a-newer-version (number: 7)");
}
