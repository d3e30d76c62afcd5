//! Mollie: a settlement with its payments, captures, refunds and chargebacks from the API.
//!
//! The API's answers are kept one after the other: the settlement, then every page of each list. What of an item was settled, and in
//! which currency, stands in its `settlementAmount` until 1 January 2027, when Mollie removes the field
//! (<https://docs.mollie.com/changelog>); where it is missing, the pages of the balance's transactions follow the lists, and say it.

mod fetch;
mod map;
mod wire;

use std::io::Read;

use domain::settlement::{Kind, Receiver};

pub use fetch::CONNECTION;

use crate::pages;
use crate::report::{
    Batches, Format, Medium, Proof, ReadingContext, ReportManifest, ReportReader, Unreadable, beginning,
    refusal,
};

/// Mollie.
#[derive(Clone, Copy, Debug)]
pub struct Mollie;

const API: Format =
    Format { name: "mollie-settlements", medium: Medium::Json, proven: false, proof: Proof::Totals };

/// What is known of Mollie's reports.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "mollie",
    formats: &[API],
    unproven: &[
        "No answer of a merchant was seen; fields are those of the documentation.",
        "Costs are taken as without sign; a chargeback that was reversed within the settlement is taken as two lines.",
        "What a balance's transaction moves before deductions is taken as what was settled of its payment, capture, refund or chargeback.",
        "Payments that were captured in parts are read from the list of captures, and must not be in that of payments.",
    ],
};

impl ReportReader for Mollie {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        beginning(start).starts_with('{').then_some(&API)
    }

    fn read(
        &self,
        _: &'static Format,
        source: &mut dyn Read,
        context: &ReadingContext<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), Unreadable> {
        let mut batches = Batches::new(MANIFEST.system, receiver);
        let mut entries: Option<map::Entries> = None;
        let (mut lines, mut more, mut last) = (0_u32, false, None);
        pages::documents(source, &mut |number, text| {
            let document: wire::Document<'_> = pages::document(number, text)?;
            if document.resource.trimmed() == "settlement" {
                let settlement = pages::document(number, text)?;
                let currency = map::settlement(number, &settlement, context, &mut lines, &mut batches)?;
                if let Some(before) = entries.replace(map::Entries::new(currency)) {
                    before.end(&mut batches)?;
                }
                return Ok(());
            }
            let (Some(embedded), Some(entries)) = (document.embedded, entries.as_mut()) else {
                return Err(refusal("report-not-this-format").with("system", MANIFEST.system).into());
            };
            let lists = [&embedded.payments, &embedded.captures, &embedded.refunds, &embedded.chargebacks];
            let moved = !embedded.balance_transactions.0.is_empty();
            let list = lists.iter().position(|list| !list.0.is_empty()).or(moved.then_some(lists.len()));
            // A list that goes on must go on with the next document.
            if more && list != last {
                return Err(refusal("report-pages-missing").into());
            }
            last = list;
            // Of the balance's transactions only those are asked for that are needed: they may go on.
            more = !moved && document.links.is_some_and(|links| links.next.is_some());
            for (kind, word, items) in [
                (Kind::Sale, "payment", &embedded.payments),
                (Kind::Sale, "capture", &embedded.captures),
                (Kind::Refund, "refund", &embedded.refunds),
                (Kind::Chargeback, "chargeback", &embedded.chargebacks),
            ] {
                for item in &items.0 {
                    lines += 1;
                    let entry = map::Entry::of(number, lines, kind, word, item)?;
                    entries.item(entry, item.settlement_amount.as_ref(), &mut batches)?;
                }
            }
            let movements = &embedded.balance_transactions.0;
            movements.iter().try_for_each(|movement| entries.movement(number, movement, &mut batches))
        })?;
        if let Some(entries) = entries {
            entries.end(&mut batches)?;
        }
        if more || batches.is_empty() { Err(refusal("report-pages-missing").into()) } else { Ok(()) }
    }
}
