//! The error report: what needs somebody, by cause, with what to do. It is sent when there is something new, and then with everything.

use std::collections::{BTreeMap, BTreeSet};

use domain::EntityKind;
use domain::explain::explain;
use domain::plan::Reason;
use domain::settings::{self, MerchantFile};
use engine::held::{NIGHTS, goes_on_by_itself, is_left};
use engine::stock::StockStore as _;
use engine::store::{Head, ParkedDelivery, Store as _};
use jiff::Timestamp;

use super::{Due, all, payouts, unavailable, unrendered};
use crate::failure::PlatformError;
use crate::operations::entry_name;
use crate::platform::Platform;
use crate::reports::{Cause, ErrorReport, Language, NAMES_MAX, Names, Rendered, render_errors};

/// One thing that needs somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    /// Since when. What stands as it stood is no news.
    since: Timestamp,
    reason: Reason,
    about: About,
    next: Next,
}

/// What it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum About {
    /// An order that waits, by its number.
    Order(String),
    /// Something else with a name: a product, a payout, a file, an entry of what was set aside.
    Other(String),
    /// All of the merchant's, or a connection's.
    Nothing,
}

/// How it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    /// The remedy says it all.
    AsRemedied,
    /// It comes up by itself, for some nights.
    ByItself,
    /// With news of the shop, or a replay.
    WhenAsked,
    /// An entry of what was set aside: it can be dismissed.
    Entry,
    /// A file that was refused: its refusal can be dismissed.
    File,
}

impl Next {
    fn of(head: &Head, now: Timestamp) -> Next {
        if head.erased_at.is_some() {
            // Nothing brings it up again.
            return Next::AsRemedied;
        }
        let by_itself = goes_on_by_itself(&head.status) && !is_left(head.standing_trouble().as_ref(), now);
        if by_itself { Next::ByItself } else { Next::WhenAsked }
    }

    fn words(self, merchant: &str, language: Language) -> String {
        match (self, language) {
            (Next::AsRemedied, _) => String::new(),
            (Next::ByItself, Language::Danish) => format!(
                "Bogbro prøver selv igen, når indstillingerne ændres, og hver nat i {NIGHTS} dage; med det samme med \
                 `bogbro transfers replay {merchant} NUMMER --yes`."
            ),
            (Next::ByItself, Language::English) => format!(
                "Bogbro tries again by itself when the settings change, and each night for {NIGHTS} days; at once with \
                 `bogbro transfers replay {merchant} NUMBER --yes`."
            ),
            (Next::WhenAsked, Language::Danish) => format!(
                "Bogbro prøver først igen, når webshoppen melder en ændring, eller med \
                 `bogbro transfers replay {merchant} NUMMER --yes`."
            ),
            (Next::WhenAsked, Language::English) => format!(
                "Bogbro tries again only when the shop tells of a change, or with \
                 `bogbro transfers replay {merchant} NUMBER --yes`."
            ),
            (Next::Entry, Language::Danish) => format!(
                "Når det er afklaret: `bogbro transfers dismiss {merchant} parked/NAVN --reason HVORFOR --by HVEM`."
            ),
            (Next::Entry, Language::English) => format!(
                "When it is settled: `bogbro transfers dismiss {merchant} parked/NAME --reason WHY --by WHO`."
            ),
            (Next::File, Language::Danish) => format!(
                "Når det er afklaret: `bogbro payouts dismiss {merchant} file/NAVN --reason HVORFOR --by HVEM`."
            ),
            (Next::File, Language::English) => format!(
                "When it is settled: `bogbro payouts dismiss {merchant} file/NAME --reason WHY --by WHO`."
            ),
        }
    }
}

fn beside((since, reason, name): (Timestamp, Reason, String)) -> Told {
    let about = if name.is_empty() { About::Nothing } else { About::Other(name) };
    Told { since, reason, about, next: Next::AsRemedied }
}

fn of_head(head: Head, now: Timestamp) -> Told {
    let next = match head.transfer.kind {
        EntityKind::Order => Next::of(&head, now),
        EntityKind::Product => Next::AsRemedied,
    };
    // An order that is touched and held as before is no news.
    let since = head.standing_trouble().map_or(head.updated_at, |trouble| trouble.since);
    let code = head.status.code().unwrap_or_default().to_owned();
    let about = match head.transfer.kind {
        EntityKind::Order => About::Order(head.order_number),
        EntityKind::Product => About::Other(head.order_number),
    };
    Told { since, reason: Reason { code, facts: head.facts }, about, next }
}

fn of_parked(delivery: ParkedDelivery) -> Told {
    let entry = entry_name(&delivery);
    let name = delivery.entity.map_or(entry.clone(), |entity| format!("{entry} ({entity})"));
    Told { next: Next::Entry, ..beside((delivery.at, delivery.reason, name)) }
}

fn of_payouts(trouble: (Timestamp, Reason, String)) -> Told {
    let next = if trouble.2.starts_with("file/") { Next::File } else { Next::AsRemedied };
    Told { next, ..beside(trouble) }
}

/// The report, when something of its period is new.
pub(super) async fn report(
    platform: &Platform,
    file: &MerchantFile,
    due: &Due,
    language: Language,
) -> Result<Option<Rendered>, PlatformError> {
    let mut told = everything(platform, file, due).await?;
    told.retain(|told| told.since <= due.to);
    if !told.iter().any(|told| told.since > due.from) {
        return Ok(None);
    }
    let report = ErrorReport {
        number: due.number.to_string(),
        merchant: file.name.clone(),
        causes: causes(told, file.id.as_str(), language),
    };
    Ok(Some(render_errors(&report, language).map_err(unrendered)?))
}

async fn everything(platform: &Platform, file: &MerchantFile, due: &Due) -> Result<Vec<Told>, PlatformError> {
    let (ledger, merchant) = (&platform.ledger, &file.id);
    let heads: Vec<Head> =
        all(move |page| async move { ledger.attention(merchant, page.as_deref()).await }).await?;
    let parked: Vec<ParkedDelivery> =
        all(move |page| async move { ledger.parked_deliveries(merchant, page.as_deref()).await }).await?;
    let mut told: Vec<Told> = heads.into_iter().map(|head| of_head(head, due.to)).collect();
    told.extend(parked.into_iter().map(of_parked));
    // What is paused holds back all orders of its scope, and none of them stands anywhere else.
    let pauses = ledger.pauses(merchant).await.map_err(unavailable)?;
    told.extend(pauses.into_iter().map(|pause| beside((pause.since, pause.reason, String::new()))));
    for head in ledger.stock_heads(merchant).await.map_err(unavailable)? {
        let (Some(since), Some(report)) = (head.troubled_since, head.report) else { continue };
        told.extend(report.trouble().into_iter().map(|reason| beside((since, reason, String::new()))));
    }
    told.extend(payouts::trouble(platform, file).await?.into_iter().map(of_payouts));
    // Requests about personal data are told once: they need nobody to be settled, except that their number is known.
    let requests = platform.privacy().all(merchant).await?;
    let news = requests
        .iter()
        .filter_map(|request| request.told_at.map(|at| beside((at, request.reason(), String::new()))));
    told.extend(news.filter(|told| told.since > due.from));
    Ok(told)
}

#[derive(Default)]
struct Gathered {
    orders: BTreeSet<String>,
    order_count: usize,
    others: BTreeSet<String>,
    other_count: usize,
}

fn names(found: BTreeSet<String>, count: usize) -> Names {
    Names { shown: found.into_iter().take(NAMES_MAX).collect(), count }
}

/// One cause for each different explanation, the one that stops most first.
fn causes(all: Vec<Told>, merchant: &str, language: Language) -> Vec<Cause> {
    let words = match language {
        Language::Danish => settings::Language::Da,
        Language::English => settings::Language::En,
    };
    let mut by_text: BTreeMap<(String, String, String, Next), Gathered> = BTreeMap::new();
    for told in all {
        let explained = explain(&redacted(told.reason), words);
        let text = (explained.what, explained.blocks, explained.remedy, told.next);
        let gathered = by_text.entry(text).or_default();
        match told.about {
            About::Order(number) => {
                gathered.order_count += 1;
                gathered.orders.extend(Some(number).filter(|number| !number.is_empty()));
            }
            About::Other(name) => {
                gathered.other_count += 1;
                gathered.others.insert(name);
            }
            About::Nothing => {}
        }
    }
    let mut causes: Vec<Cause> = by_text
        .into_iter()
        .map(|((happened, blocks, remedy, next), gathered)| Cause {
            happened,
            blocks,
            remedy,
            next: next.words(merchant, language),
            orders: names(gathered.orders, gathered.order_count),
            others: names(gathered.others, gathered.other_count),
        })
        .collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.orders.count + cause.others.count));
    causes
}

/// Facts may quote another system: what must not be seen is masked before it goes into a mail.
fn redacted(reason: Reason) -> Reason {
    let facts = reason
        .facts
        .into_iter()
        .map(|(name, fact)| (name, crate::redaction::redact(&fact).into_owned()))
        .collect();
    Reason { facts, ..reason }
}

#[cfg(test)]
mod tests {
    use engine::store::{Status, Trouble};

    use super::*;

    fn order(number: &str, reason: &Reason, next: Next) -> Told {
        let about = About::Order(number.to_owned());
        Told { since: Timestamp::UNIX_EPOCH, reason: reason.clone(), about, next }
    }

    #[test]
    fn one_cause_names_every_order_it_stops_and_no_mail_address() {
        let reason = Reason::new("delivery-not-understood").with("message", "no customer anna@example.com");
        let unknown = Reason::new("code-without-words").with("message", "no customer anna@example.com");
        let told = [("7", &unknown), ("1", &reason), ("2", &reason)]
            .map(|(number, reason)| order(number, reason, Next::WhenAsked));
        let found = causes(told.to_vec(), "krus", Language::English);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].orders, Names { shown: vec!["1".to_owned(), "2".to_owned()], count: 2 });
        assert!(!format!("{found:?}").contains("anna@"), "{found:?}");
    }

    #[test]
    fn a_trouble_that_a_version_before_left_standing_does_not_hide_what_came_after_it() {
        let at = |hours: i64| Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(hours);
        let claim = engine::store::Claim {
            transfer: domain::TransferId {
                merchant: domain::MerchantId::new("krus"),
                source: "woocommerce:krus.dk".to_owned(),
                kind: EntityKind::Order,
                entity: domain::EntityId::new("1"),
            },
            connection: domain::ConnectionId::new("c"),
            token: "t".to_owned(),
            now: at(0),
            lease_until: at(0),
            body_hash: String::new(),
            early: false,
        };
        let held = |code: &str| Status::Held { code: code.to_owned() };
        let trouble = Trouble::after(None, &held("missing-product"), &[], at(1));
        let first = Head::first(&claim);
        let known = Head { status: held("missing-product"), trouble, updated_at: at(900), ..first };
        assert_eq!(of_head(known.clone(), at(901)).since, at(1), "what is touched is no news");
        assert_eq!(of_head(known.clone(), at(901)).next, Next::WhenAsked, "the nights are over");
        let other = Head { status: held("payment-term-missing"), ..known };
        let told = of_head(other, at(901));
        assert_eq!((told.since, told.next), (at(900), Next::ByItself), "it is held by another cause since");
    }

    #[test]
    fn a_pause_names_no_order_and_each_cause_says_how_it_goes_on() {
        let missing = Reason::new("missing-product").with("sku", "MUG-1").with("name", "Mug");
        let edited = Reason::new("draft-edited-by-person").with("number", 7);
        let paused = beside((Timestamp::UNIX_EPOCH, Reason::new("operator"), String::new()));
        let told = vec![order("1", &missing, Next::ByItself), order("2", &edited, Next::WhenAsked), paused];
        let found = causes(told, "krus", Language::English);
        let of = |words: &str| found.iter().find(|cause| cause.happened.contains(words)).expect("it is told");
        assert!(of("MUG-1").next.contains("each night for 30 days"), "{found:?}");
        assert!(of("7").next.contains("only when the shop tells of a change"), "{found:?}");
        let pause = of("Paused");
        assert_eq!((pause.orders.count, pause.others.count, pause.next.as_str()), (0, 0, ""));
    }
}
