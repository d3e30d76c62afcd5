//! What is wrong with a settings file: where, what, and what to do, in Danish and English.

use std::fmt;

use serde::de::DeserializeOwned;

use super::Language;
use crate::explain;
use crate::plan::Reason;

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingProblem {
    /// Where: `flows[0].settings.document.heading`.
    pub path: String,
    /// What: a stable code and its facts; [`explain`] has the words.
    pub reason: Reason,
}

impl SettingProblem {
    /// A problem of a code.
    fn of(path: &str, code: &str, facts: &[(&str, &str)]) -> SettingProblem {
        let facts = facts.iter().map(|(name, fact)| ((*name).to_owned(), (*fact).to_owned())).collect();
        SettingProblem { path: path.to_owned(), reason: Reason { code: format!("setting-{code}"), facts } }
    }

    /// A problem that the JSON reader found: a wrong type, a missing or an unknown field, or text that is not JSON.
    fn from_json(error: &serde_path_to_error::Error<serde_json::Error>) -> SettingProblem {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        let code = if error.inner().is_data() { "not-understood" } else { "not-json" };
        SettingProblem::of(&path, code, &[("message", &error.inner().to_string())])
    }

    /// What is wrong and what to do, in one language, after the path.
    pub fn text(&self, language: Language) -> String {
        let explanation = explain::explain(&self.reason, language);
        let place = if self.path.is_empty() { "(file)" } else { &self.path };
        format!("{place}: {} {}", explanation.what, explanation.remedy)
    }
}

/// Reads a file of settings by its form alone; what it says is still to be checked.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, SettingProblems> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| SettingProblems::from(SettingProblem::from_json(&error)))?;
    match reader.end() {
        Ok(()) => Ok(read),
        Err(error) => Err(SettingProblem::of("", "not-json", &[("message", &error.to_string())]).into()),
    }
}

/// All problems of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct SettingProblems(Vec<SettingProblem>);

impl SettingProblems {
    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &SettingProblem> {
        self.0.iter()
    }

    /// One more problem: where, its code without `setting-`, and its facts.
    pub fn add(&mut self, path: &str, code: &str, facts: &[(&str, &str)]) {
        self.0.push(SettingProblem::of(path, code, facts));
    }

    /// What the stock settings at this path say of each other.
    pub(super) fn add_stock(&mut self, path: &str, settings: &super::Settings) {
        for (place, code, name) in settings.stock.problems() {
            self.add(&format!("{path}.{place}"), code, &[("name", &name)]);
        }
        if let Some(code) = settings.sold_twice() {
            self.add(&format!("{path}.mode"), code, &[]);
        }
    }

    /// What the settings before this prefix ask for although nothing is booked.
    pub(super) fn add_unbooked(&mut self, prefix: &str, settings: &super::Settings) {
        for (place, code, method) in settings.without_booking() {
            self.add(&format!("{prefix}{place}"), code, &[("method", method)]);
        }
    }

    /// What is wrong with the import profile at this path.
    pub(super) fn add_profile(&mut self, path: &str, profile: &super::Profile) {
        for problem in profile.problems() {
            self.add(&format!("{path}.{}", problem.path), problem.code, &[("name", &problem.name)]);
        }
    }

    pub(super) fn add_report(&mut self, report: &garde::Report) {
        for (path, error) in report.iter() {
            let path = json_path(&path.to_string());
            self.0.push(from_message(&path, &error.to_string()));
        }
    }
}

/// The path as it stands in the file, where names have hyphens.
fn json_path(path: &str) -> String {
    path.replace('_', "-")
}

/// A validator's message is `code|fact|fact`, or garde's own words for a length or a range.
fn from_message(path: &str, message: &str) -> SettingProblem {
    let mut parts = message.split('|');
    let code = parts.next().unwrap_or_default();
    let facts: Vec<&str> = parts.collect();
    match code {
        "unknown-placeholder" => SettingProblem::of(
            path,
            code,
            &[
                ("name", facts.first().copied().unwrap_or_default()),
                ("allowed", facts.get(1).copied().unwrap_or_default()),
            ],
        ),
        "sign-not-proven" => {
            SettingProblem::of(path, code, &[("method", facts.first().copied().unwrap_or_default())])
        }
        "filter-not-a-number" => {
            SettingProblem::of(path, code, &[("value", facts.first().copied().unwrap_or_default())])
        }
        "base-url" => {
            SettingProblem::of(path, code, &[("surface", facts.first().copied().unwrap_or_default())])
        }
        known if explain::is_known(&format!("setting-{known}")) => SettingProblem::of(path, known, &[]),
        _ => SettingProblem::of(path, "out-of-range", &[("message", message)]),
    }
}

impl From<SettingProblem> for SettingProblems {
    fn from(problem: SettingProblem) -> Self {
        SettingProblems(vec![problem])
    }
}

/// English, one problem to a line.
impl fmt::Display for SettingProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&problem.text(Language::En))?;
        }
        Ok(())
    }
}
