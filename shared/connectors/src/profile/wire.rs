//! Profiles as they are read from a text: what they are is the merchant's to choose, and stands with the settings.

pub use domain::settings::{FeeSign, Form, Mark, Profile, Record, Role, Sign, What};

use domain::plan::Reason;
use domain::settings::Language;

use crate::report::{Refusal, refusal};

/// Reads a profile and checks it.
///
/// # Errors
/// A refusal with the field that is wrong.
pub fn parse(text: &str) -> Result<Profile, Refusal> {
    let profile: Profile = serde_json::from_str(text).map_err(|error| wrong("JSON", &error.to_string()))?;
    check(&profile)?;
    Ok(profile)
}

/// Checks what the types cannot.
///
/// # Errors
/// A refusal with the field that is wrong.
pub(super) fn check(profile: &Profile) -> Result<(), Refusal> {
    let Some(problem) = profile.problems().into_iter().next() else { return Ok(()) };
    let reason = Reason::new(&format!("setting-{}", problem.code)).with("name", &problem.name);
    Err(wrong(&problem.path, &domain::explain::explain(&reason, Language::En).what))
}

fn wrong(field: &str, problem: &str) -> Refusal {
    refusal("report-profile-wrong").with("field", field).with("problem", problem)
}
