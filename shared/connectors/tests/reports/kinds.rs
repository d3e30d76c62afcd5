//! Every refusal has words in Danish and English, and the facts that the words name.

use std::collections::BTreeMap;
use std::path::Path;

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a text");
            found.push(text.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
        }
    }
}

/// Codes in quotes, with the text that follows each up to the end of its statement.
fn codes() -> BTreeMap<String, Vec<String>> {
    let mut texts = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
    let mut codes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for text in &texts {
        for (place, _) in text.match_indices("\"report-") {
            let code = text[place + 1..].split('"').next().unwrap_or_default();
            let rest: String = text[place..].chars().take(400).collect();
            codes.entry(code.to_owned()).or_default().push(rest);
        }
    }
    codes
}

#[test]
fn every_refusal_has_words() {
    let codes = codes();
    assert!(codes.len() > 25, "codes were found: {}", codes.len());
    for code in codes.keys() {
        assert!(domain::explain::is_known(code), "{code} has no words");
    }
}

#[test]
fn refusals_carry_the_facts_that_their_words_name() {
    // `refused` and `misread` add the row and the column, wherever they stand.
    let added = ["row", "column"];
    for (code, places) in codes() {
        for fact in domain::explain::facts_named(&code).expect("it has words") {
            let given = |place: &String| {
                place.contains(&format!("with(\"{fact}\"")) || added.contains(&fact.as_str())
            };
            assert!(places.iter().any(given), "{code}: nobody gives the fact {fact}");
        }
    }
}
