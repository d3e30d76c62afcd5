//! How e-conomic prices a document: the request says quantities and net prices, the server says VAT and totals.
//!
//! VAT is not on the line. It follows from the recipient's VAT zone and the product group's sales account for that zone.

use super::model::MasterData;
use crate::json::Json;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// When VAT is rounded to whole øre.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum VatRounding {
    /// On every line, then added.
    PerLine,
    /// Once for the sum of each VAT code.
    #[default]
    PerCode,
}

/// Rounds half away from zero, as invoices do.
pub fn round(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// One priced line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PricedLine {
    /// The product; none for a line of text.
    pub product: Option<String>,
    /// Units.
    pub quantity: Decimal,
    /// Net of the line after its discount, two decimals.
    pub net: Decimal,
    /// The account that the sale is posted to.
    pub account: Option<u32>,
    /// The VAT code of that account.
    pub vat_code: Option<String>,
    /// Percent.
    pub vat_rate: Decimal,
    /// VAT of the line; rounded to two decimals only when the agreement rounds per line.
    pub vat: Decimal,
}

/// The totals of a document in its own currency.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// The priced lines, in order.
    pub lines: Vec<PricedLine>,
    /// Sum of the net amounts.
    pub net: Decimal,
    /// VAT, two decimals.
    pub vat: Decimal,
    /// VAT by code, two decimals; adds up to `vat`.
    pub vat_by_code: BTreeMap<String, Decimal>,
}

impl Totals {
    /// Net and VAT together.
    pub fn gross(&self) -> Decimal {
        self.net + self.vat
    }
}

/// Prices the checked lines of a document. `group_of` gives a product's group.
pub(super) fn price(
    lines: &[Json],
    zone: u32,
    master: &MasterData,
    rounding: VatRounding,
    group_of: impl Fn(&str) -> Option<u32>,
) -> Totals {
    let mut totals = Totals::default();
    let mut exact_by_code: BTreeMap<String, Decimal> = BTreeMap::new();
    for line in lines {
        let line = price_line(line, zone, master, rounding, &group_of);
        totals.net += line.net;
        if let Some(code) = &line.vat_code {
            *exact_by_code.entry(code.clone()).or_default() += line.vat;
        }
        totals.lines.push(line);
    }
    for (code, exact) in exact_by_code {
        let vat = round(exact, 2);
        totals.vat += vat;
        totals.vat_by_code.insert(code, vat);
    }
    totals
}

fn price_line(
    line: &Json,
    zone: u32,
    master: &MasterData,
    rounding: VatRounding,
    group_of: &impl Fn(&str) -> Option<u32>,
) -> PricedLine {
    let product = line.text("product.productNumber").map(str::to_string);
    let default_quantity = if product.is_some() { Decimal::ONE } else { Decimal::ZERO };
    let quantity = line.decimal("quantity").unwrap_or(default_quantity);
    let price = line.decimal("unitNetPrice").unwrap_or_default();
    let discount = line.decimal("discountPercentage").unwrap_or_default();
    let net = round(quantity * price * (Decimal::ONE_HUNDRED - discount) / Decimal::ONE_HUNDRED, 2);
    let group = product.as_deref().and_then(group_of);
    let account = group.and_then(|group| master.sales_account(group, zone));
    let vat_account = group.and_then(|group| master.vat_of(group, zone));
    let vat_rate = vat_account.map(|account| account.rate).unwrap_or_default();
    let exact = net * vat_rate / Decimal::ONE_HUNDRED;
    PricedLine {
        product,
        quantity,
        net,
        account: account.map(|account| account.number),
        vat_code: vat_account.map(|account| account.code.clone()),
        vat_rate,
        vat: if rounding == VatRounding::PerLine { round(exact, 2) } else { exact },
    }
}
