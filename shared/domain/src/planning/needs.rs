//! What the engine must read from the target before an order can be planned.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::adjustment::refund_candidates;
use super::customer::{self, Buyer, Identity};
use super::lines;
use super::products::LONGEST_NUMBER;
use super::vat::{Sale, effective_rate};
use crate::order::Order;
use crate::plan::Plan;
use crate::settings::{Discounts, MissingProduct, Settings};

/// What to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Product numbers, each once, in order.
    pub products: Vec<String>,
    /// How to look up the buyer; `None` when there is nothing to look up by.
    pub customer: Option<CustomerLookup>,
    /// The VAT number, with its prefix, that a register is to be asked about, where one can be.
    pub vat_number: Option<String>,
}

/// A look-up of customers by one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerLookup {
    /// `email`, `phone`, `company-number`, `vat-number`, `ean` or `number`.
    pub field: String,
    /// Its value.
    pub value: String,
}

/// What must be read from the target before this order is planned: every product number that the plan may choose, and the
/// look-up of the buyer. It depends on the order and the settings alone.
pub fn needs(order: &Order, settings: &Settings) -> Needs {
    let buyer = Buyer::of(order, settings);
    let mut products = BTreeSet::new();
    let mut vat_number = None;
    if let Ok(sale) = Sale::of(order, settings, &buyer) {
        if let Ok(parts) = lines::parts(order, settings, &sale) {
            products.extend(parts.into_iter().flat_map(|part| part.candidates).map(Cow::into_owned));
        }
        vat_number = customer::vat_number_to_ask(order, settings, &buyer, &sale);
        let skus = &settings.products.skus;
        products.extend(skus.rounding.clone());
        if settings.products.missing == MissingProduct::UseDefault {
            products.extend(skus.default.clone());
        }
        if settings.products.discounts == Discounts::OwnLine {
            products.extend(skus.discount.clone());
        }
    }
    let customer = customer::identity(order, settings, &buyer).map(|identity| match identity {
        Identity::Shared(number) => CustomerLookup { field: "number".to_owned(), value: number.to_string() },
        Identity::Own { field, value, .. } => CustomerLookup { field: field.to_owned(), value },
    });
    let products = products.into_iter().filter(|number| number.chars().count() <= LONGEST_NUMBER).collect();
    Needs { products, customer, vat_number }
}

/// What must be read before a credit note or further invoice after this plan is planned: beside the order's own products, those
/// that stand on the invoice and those that money without goods may go on.
pub fn adjustment_needs(order: &Order, settings: &Settings, earlier: &Plan) -> Needs {
    let mut asked = needs(order, settings);
    let buyer = Buyer::of(order, settings);
    let mut products: BTreeSet<String> = std::mem::take(&mut asked.products).into_iter().collect();
    let left = || earlier.adjustment.iter().flat_map(|adjustment| adjustment.left.iter());
    let invoiced = || earlier.document_step().into_iter().flat_map(|step| step.document.lines.iter());
    products.extend(left().map(|line| line.product.clone()));
    products.extend(invoiced().map(|line| line.product.clone()));
    if let Ok(sale) = Sale::of(order, settings, &buyer) {
        let left = left().map(|line| line.rate);
        let invoiced = invoiced().map(|line| line.rate);
        let charged = order.lines.iter().map(effective_rate);
        for rate in left.chain(invoiced).chain(charged) {
            products.extend(refund_candidates(settings, &sale, rate).0.into_iter().map(Cow::into_owned));
        }
    }
    products.extend(settings.products.skus.gift_card.clone());
    products.extend(settings.products.skus.rounding.clone());
    asked.products = products.into_iter().filter(|number| number.chars().count() <= LONGEST_NUMBER).collect();
    asked
}
