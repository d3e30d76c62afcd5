//! Shopify Payments: a payout with its balance transactions from the Admin API (GraphQL, or REST of older apps), and the pair of
//! CSV exports.
//!
//! The API's answers are kept one after the other: the payout, then every page of its balance transactions.

mod export;
mod fetch;
mod map;
mod wire;

use std::io::Read;

use domain::settlement::Receiver;

pub use fetch::CONNECTION;

use crate::json::List;
use crate::pages;
use crate::report::{
    Batches, Format, Medium, Proof, ReadingContext, ReportManifest, ReportReader, Unreadable, beginning,
    refusal,
};
use map::{Payout, Transaction};

/// Shopify Payments.
#[derive(Clone, Copy, Debug)]
pub struct ShopifyPayments;

const REST: Format =
    Format { name: "shopify-payments-rest", medium: Medium::Json, proven: true, proof: Proof::Totals };
const GRAPHQL: Format =
    Format { name: "shopify-payments-graphql", medium: Medium::Json, proven: false, proof: Proof::Totals };
const CSV: Format =
    Format { name: "shopify-payments-csv", medium: Medium::Delimited, proven: false, proof: Proof::Totals };

/// What is known of Shopify Payments' reports.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "shopify-payments",
    formats: &[REST, GRAPHQL, CSV],
    unproven: &[
        "GraphQL answers are read by the schema's names; none of a merchant was seen.",
        "The CSV exports' columns are known from importers of others. A payout is keyed by its day, since they hold no id.",
        "VAT beside a fee is taken to be within the fee.",
    ],
};

impl ReportReader for ShopifyPayments {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        let start = beginning(start);
        if start.starts_with('{') {
            return Some(if start.contains("shopifyPaymentsAccount") { &GRAPHQL } else { &REST });
        }
        start.lines().next().is_some_and(|header| header.contains(export::MARK)).then_some(&CSV)
    }

    fn read(
        &self,
        format: &'static Format,
        source: &mut dyn Read,
        context: &ReadingContext<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), Unreadable> {
        let mut batches = Batches::new(MANIFEST.system, receiver);
        if format.medium == Medium::Delimited {
            return export::read(source, context, &mut batches);
        }
        let (mut lines, mut more) = (0_u32, false);
        pages::documents(source, &mut |number, text| {
            let document: wire::Document<'_> = pages::document(number, text)?;
            let payouts = document.payouts.map(|List(payouts)| payouts).unwrap_or_default();
            for payout in payouts.iter().chain(&document.payout) {
                Payout::rest(payout).read(number, context, &mut batches)?;
            }
            let transactions = document.transactions.map(|List(list)| list).unwrap_or_default();
            for transaction in transactions.iter().chain(&document.transaction) {
                lines += 1;
                Transaction::rest(transaction).read(number, lines, context, &mut batches)?;
            }
            let Some(data) = &document.data else { return Ok(()) };
            let account = &data.shopify_payments_account;
            for payout in account.payouts.iter().flat_map(|page| &page.nodes) {
                Payout::graph(payout).read(number, context, &mut batches)?;
            }
            if let Some(page) = &account.balance_transactions {
                more = page.page_info.has_next_page;
                for transaction in &page.nodes {
                    lines += 1;
                    Transaction::graph(transaction).read(number, lines, context, &mut batches)?;
                }
            }
            Ok(())
        })?;
        if more {
            return Err(refusal("report-pages-missing").into());
        }
        if batches.is_empty() {
            return Err(refusal("report-not-this-format").with("system", MANIFEST.system).into());
        }
        Ok(())
    }
}
