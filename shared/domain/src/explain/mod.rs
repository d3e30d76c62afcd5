//! The words behind every reason code: what happened, what it blocks, what to do, in Danish and English.
//!
//! A plan, a log row and a report carry codes and facts, never sentences, so the same reason reads the same everywhere, in
//! the reader's language. A test shows that every code in use has both texts and that no placeholder is left unfilled.

mod afterwards;
mod credits;
mod customer_texts;
mod decision_texts;
mod ledger_texts;
mod letter_texts;
mod mail_texts;
mod payment_texts;
mod payouts;
mod posting_texts;
mod product_texts;
mod profile_texts;
mod records;
mod reports;
mod setting_texts;
mod stock_texts;
mod texts;

use crate::plan::Reason;
use crate::settings::Language;

/// A reason in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What happened.
    pub what: String,
    /// What it blocks, or that it blocks nothing.
    pub blocks: String,
    /// What to do.
    pub remedy: String,
}

/// The words of one code in one language, with `{fact}` where facts go.
pub(crate) struct Words {
    pub(crate) what: &'static str,
    pub(crate) blocks: &'static str,
    pub(crate) remedy: &'static str,
}

/// One code with its words.
pub(crate) struct Entry {
    pub(crate) code: &'static str,
    pub(crate) da: Words,
    pub(crate) en: Words,
}

fn all() -> impl Iterator<Item = &'static Entry> {
    texts::ENTRIES
        .iter()
        .chain(afterwards::ENTRIES)
        .chain(credits::ENTRIES)
        .chain(records::ENTRIES)
        .chain(texts::MACHINERY)
        .chain(texts::SETTINGS)
        .chain(payouts::SETTLEMENTS)
        .chain(payouts::PAYOUTS)
        .chain(posting_texts::ENTRIES)
        .chain(decision_texts::ENTRIES)
        .chain(ledger_texts::ENTRIES)
        .chain(letter_texts::ENTRIES)
        .chain(mail_texts::ENTRIES)
        .chain(setting_texts::ENTRIES)
        .chain(stock_texts::STOCK)
        .chain(profile_texts::ENTRIES)
        .chain(reports::REPORTS)
        .chain(customer_texts::ENTRIES)
        .chain(payment_texts::ENTRIES)
        .chain(product_texts::ENTRIES)
}

/// All codes that have words.
pub fn codes() -> impl Iterator<Item = &'static str> {
    all().map(|entry| entry.code)
}

fn entry(code: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.code == code)
}

/// True when the code has words.
pub fn is_known(code: &str) -> bool {
    entry(code).is_some()
}

/// A reason in words. A code without words of its own (from a newer version, or a system's own answer) is shown with its facts.
pub fn explain(reason: &Reason, language: Language) -> Explanation {
    let Some(entry) = entry(&reason.code) else { return unknown(reason, language) };
    let words = match language {
        Language::Da => &entry.da,
        Language::En => &entry.en,
    };
    Explanation {
        what: fill(words.what, reason),
        blocks: fill(words.blocks, reason),
        remedy: fill(words.remedy, reason),
    }
}

fn unknown(reason: &Reason, language: Language) -> Explanation {
    let facts: Vec<String> = reason.facts.iter().map(|(name, fact)| format!("{name}: {fact}")).collect();
    let what = format!("{} ({})", reason.code, facts.join(", "));
    match language {
        Language::Da => Explanation {
            what,
            blocks: "Overførslen er standset.".to_owned(),
            remedy: "Kontakt den, der driver Bogbro, med koden.".to_owned(),
        },
        Language::En => Explanation {
            what,
            blocks: "The transfer has stopped.".to_owned(),
            remedy: "Contact whoever runs Bogbro with the code.".to_owned(),
        },
    }
}

/// Replaces each `{fact}` by the reason's fact of that name; a fact that is not there becomes a dash.
fn fill(text: &str, reason: &Reason) -> String {
    let template = crate::settings::Template(text.to_owned());
    template.fill(&|name| match reason.fact(name) {
        "" => "–".into(),
        fact => fact.into(),
    })
}

/// The facts that the words of a code name; `None` for a code without words.
pub fn facts_named(code: &str) -> Option<Vec<String>> {
    let entry = entry(code)?;
    let texts = [&entry.da, &entry.en].map(|words| [words.what, words.blocks, words.remedy]).concat();
    let mut names: Vec<String> = Vec::new();
    for text in texts {
        for part in text.split('{').skip(1) {
            let name = part.split('}').next().unwrap_or_default();
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    Some(names)
}
