//! The sweep's list: orders that changed, and those that were thrown away.
//!
//! The shop's list of all orders leaves out those in its bin, which are a list of their own. Both are read from the same time on and
//! told as one, no further than both reach: else what is thrown away while the longer one is read would be passed over.

use domain::{EntityId, Failure};
use jiff::{SignedDuration, Timestamp};

use super::{ORDERS, complaint, map, wire};
use crate::http::{Call, Request, Transport, accept, json_text};
use crate::json::{List, read_reply, rejected};
use crate::ports::ChangePage;

/// Orders per page of each list.
const PAGE_SIZE: usize = 50;
/// The status of orders in the bin.
const THROWN_AWAY: &str = "trash";

/// One page of orders changed at or after a time, oldest first.
pub(super) async fn page(
    transport: &dyn Transport,
    since: Timestamp,
    page: Option<&str>,
) -> Result<ChangePage, Failure> {
    let place = match page {
        Some(page) => SweepPlace::parse(page)?,
        None => SweepPlace::before(since)?,
    };
    let shown = list(transport, place.request()).await?;
    let thrown_away = list(transport, place.request().query("status", THROWN_AWAY)).await?;
    place.told(shown, thrown_away)
}

async fn list(transport: &dyn Transport, request: Request) -> Result<Vec<(EntityId, Timestamp)>, Failure> {
    let response = transport.read(request).await?;
    accept(Call::Read, &response, complaint)?;
    let text = json_text(Call::Read, &response)?;
    let List(found): List<wire::Changed<'_>> = read_reply(Call::Read, "the list of orders", text)?;
    let change = |changed: &wire::Changed<'_>| {
        let without = || rejected("unreadable", "an order without id in the list");
        Ok((EntityId::new(changed.id.given().ok_or_else(without)?), map::changed_at(changed)?))
    };
    found.iter().map(change).collect()
}

/// Where a sweep stands: orders changed after a second, and which page of them.
///
/// Page numbers alone would lose orders: one that changes during the sweep leaves its page, and all others move up. So the
/// next page begins at the last second seen (the bound is exclusive, so one second before it), and page numbers are only
/// counted within one second.
#[derive(Debug, PartialEq, Eq)]
struct SweepPlace {
    after: Timestamp,
    page: u32,
}

impl SweepPlace {
    fn before(since: Timestamp) -> Result<SweepPlace, Failure> {
        let whole = Timestamp::from_second(since.as_second()).ok();
        let after = whole.and_then(|at| at.checked_sub(SignedDuration::from_secs(1)).ok());
        after
            .map(|after| SweepPlace { after, page: 1 })
            .ok_or_else(|| rejected("sweep", "the time is out of range"))
    }

    fn parse(text: &str) -> Result<SweepPlace, Failure> {
        let parsed = text.split_once('/').and_then(|(after, page)| {
            let after = Timestamp::from_second(after.parse().ok()?).ok()?;
            Some(SweepPlace { after, page: page.parse().ok()? })
        });
        parsed.ok_or_else(|| rejected("sweep", "the place of the sweep cannot be read"))
    }

    fn request(&self) -> Request {
        Request::get(ORDERS)
            .query("modified_after", self.after.strftime("%Y-%m-%dT%H:%M:%S").to_string())
            .query("dates_are_gmt", "true")
            .query("orderby", "modified")
            .query("order", "asc")
            .query("per_page", PAGE_SIZE.to_string())
            .query("page", self.page.to_string())
            .query("_fields", "id,date_created_gmt,date_modified_gmt")
    }

    /// Both lists as one, as far as each of them is known: a full page says nothing of what comes after its last order.
    fn told(
        &self,
        shown: Vec<(EntityId, Timestamp)>,
        thrown_away: Vec<(EntityId, Timestamp)>,
    ) -> Result<ChangePage, Failure> {
        let end = |list: &[(EntityId, Timestamp)]| {
            list.last().filter(|_| list.len() >= PAGE_SIZE).map(|(_, at)| *at)
        };
        let ends: Vec<Timestamp> = [end(&shown), end(&thrown_away)].into_iter().flatten().collect();
        let mut changes = [shown, thrown_away].concat();
        changes.sort_by_key(|(_, at)| *at);
        let next = if self.page > 1 {
            // One list filled whole pages with a single second. The other one's page of that number may begin anywhere behind it: of both
            // only that second is told, and what comes after it begins with their first pages.
            let second = self.after.checked_add(SignedDuration::from_secs(1));
            let second = second.map_err(|_| rejected("sweep", "the time is out of range"))?;
            changes.retain(|(_, at)| *at <= second);
            let goes_on = ends.iter().any(|end| *end <= second);
            let after = if goes_on { self.after } else { second };
            Some(SweepPlace { after, page: if goes_on { self.page + 1 } else { 1 } }.text())
        } else {
            let known_to = ends.into_iter().min();
            changes.retain(|(_, at)| known_to.is_none_or(|end| *at <= end));
            known_to.map(|end| self.after(end)).transpose()?
        };
        Ok(ChangePage { changes, next })
    }

    /// The place after a page that ended so.
    fn after(&self, end: Timestamp) -> Result<String, Failure> {
        let next = SweepPlace::before(end)?;
        let next = if next.after > self.after {
            next
        } else {
            SweepPlace { after: self.after, page: self.page + 1 }
        };
        Ok(next.text())
    }

    fn text(&self) -> String {
        format!("{}/{}", self.after.as_second(), self.page)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use futures::executor::block_on;
    use serde_json::{Value, json};

    use super::*;
    use crate::ports::Webshop as _;
    use crate::scripted::{Script, word};
    use crate::woocommerce::WooCommerce;

    /// A page of the listing: ids, each with its second.
    fn listing(entries: &[(u32, &str)]) -> String {
        let list: Vec<Value> = entries
            .iter()
            .map(|(id, at)| json!({ "id": id, "date_modified_gmt": format!("2026-11-20T{at}") }))
            .collect();
        Value::Array(list).to_string()
    }

    fn since() -> Timestamp {
        "2026-11-20T09:00:00.7Z".parse().expect("a time")
    }

    /// All that the pages tell, one after the other.
    fn swept(script: &Script) -> BTreeSet<u32> {
        let mut seen = BTreeSet::new();
        let mut page: Option<String> = None;
        loop {
            let found =
                block_on(WooCommerce.changed_since(script, since(), page.as_deref())).expect("a page");
            assert!(found.changes.is_sorted_by_key(|(_, at)| *at), "oldest first");
            seen.extend(found.changes.iter().map(|(id, _)| id.as_str().parse::<u32>().expect("a number")));
            page = found.next;
            if page.is_none() {
                return seen;
            }
        }
    }

    const BIN: &str = "(\"status\", \"trash\")";

    #[test]
    fn the_sweep_loses_nothing_when_orders_change_while_it_runs() {
        let full: Vec<(u32, &str)> =
            (1..=50).map(|id| (id, if id < 50 { "09:00:01" } else { "09:00:09" })).collect();
        let one_second: Vec<(u32, &str)> = (50..100).map(|id| (id, "09:00:09")).collect();
        let rest = [(100, "09:00:09"), (101, "09:30:00")];
        let first = "(\"modified_after\", \"2026-11-20T08:59:59\")";
        let second = "(\"modified_after\", \"2026-11-20T09:00:08\")";
        let (one, two) = ("(\"page\", \"1\")", "(\"page\", \"2\")");
        let asked = [first, "(\"dates_are_gmt\", \"true\")", one, "(\"order\", \"asc\")"];
        let script = Script::default()
            .read(&asked, 200, listing(&full))
            .read(&[first, BIN, one], 200, "[]")
            .read(&[second, one], 200, listing(&one_second))
            .read(&[second, BIN, one], 200, "[]")
            .read(&[second, two], 200, listing(&rest))
            .read(&[second, BIN, two], 200, "[]")
            .read(&["(\"modified_after\", \"2026-11-20T09:00:09\")", one], 200, listing(&rest[1..]))
            .read(&["(\"modified_after\", \"2026-11-20T09:00:09\")", BIN, one], 200, "[]");
        assert_eq!(swept(&script), (1..=101).collect());
        script.finish();
        for page in ["", "x", "1", "1/x", "99999999999999999/1"] {
            let refused = block_on(WooCommerce.changed_since(&Script::default(), since(), Some(page)));
            assert_eq!(word(&refused), "rejected");
        }
    }

    #[test]
    fn orders_in_the_bin_are_told_in_their_time_beside_the_others() {
        let full: Vec<(u32, &str)> =
            (1..=50).map(|id| (id, if id < 50 { "09:00:01" } else { "09:00:09" })).collect();
        let bin = [(201, "09:00:05"), (202, "09:30:00")];
        let script = Script::default()
            .read(&["(\"page\", \"1\")"], 200, listing(&full))
            .read(&[BIN], 200, listing(&bin))
            .read(&["(\"modified_after\", \"2026-11-20T09:00:08\")"], 200, listing(&full[49..]))
            .read(&["(\"modified_after\", \"2026-11-20T09:00:08\")", BIN], 200, listing(&bin[1..]));
        assert_eq!(swept(&script), (1..=50).chain([201, 202]).collect());
        script.finish();
    }

    #[test]
    fn a_full_page_of_the_bin_holds_the_others_back_until_it_is_read() {
        let bin: Vec<(u32, &str)> = (201..=250).map(|id| (id, "09:00:09")).collect();
        let shown = [(1, "09:00:02"), (2, "09:30:00")];
        let script = Script::default().read(&[], 200, listing(&shown)).read(&[BIN], 200, listing(&bin));
        let found = block_on(WooCommerce.changed_since(&script, since(), None)).expect("a page");
        assert_eq!(found.changes.len(), 51, "what changed after it is told with the next page");
        assert_eq!(found.changes[0].0.as_str(), "1");
        assert!(found.next.is_some());
        script.finish();
    }

    #[test]
    fn a_second_that_fills_pages_of_one_list_loses_nothing_of_the_other() {
        let bin: Vec<(u32, &str)> = (201..=250).map(|id| (id, "09:00:00")).collect();
        let shown = [(1, "09:00:00"), (2, "09:20:00"), (3, "09:30:00")];
        let first = "(\"modified_after\", \"2026-11-20T08:59:59\")";
        let behind = "(\"modified_after\", \"2026-11-20T09:00:00\")";
        let (one, two) = ("(\"page\", \"1\")", "(\"page\", \"2\")");
        let script = Script::default()
            .read(&[first, one], 200, listing(&shown))
            .read(&[first, BIN, one], 200, listing(&bin))
            .read(&[first, two], 200, "[]")
            .read(&[first, BIN, two], 200, listing(&[(251, "09:00:00"), (252, "09:10:00")]))
            .read(&[behind, one], 200, listing(&shown[1..]))
            .read(&[behind, BIN, one], 200, listing(&[(252, "09:10:00")]));
        let expected: BTreeSet<u32> = (1..=3).chain(201..=252).collect();
        assert_eq!(swept(&script), expected);
        script.finish();
    }
}
