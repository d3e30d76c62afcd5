//! When the target reckons another total than the shop: a visible correction line, by the merchant's rule, or a draft.
//!
//! The difference is predicted before anything is written. If the target then answers otherwise than predicted, [`judge`]
//! says what may be done with the draft.

use rust_decimal::Decimal;

use super::lines::Built;
use super::vat::{Sale, reckon};
use super::{PlanInput, Stop};
use crate::document::{Document, DocumentLine, Totals};
use crate::money::{Money, MoneyError, Percentage};
use crate::plan::{DifferenceRule, Plan, ProductStep, Reason};
use crate::settings::DifferenceMode;

/// Lines, sums and what may be done with them.
pub(super) struct Settled {
    pub(super) lines: Vec<DocumentLine>,
    pub(super) new_products: Vec<ProductStep>,
    pub(super) shop: Totals,
    pub(super) expected: Totals,
    pub(super) rule: DifferenceRule,
    /// The document may be booked.
    pub(super) book: bool,
}

/// Predicts the target's totals and plans what the merchant's rule says.
///
/// # Errors
/// Overflow.
pub(super) fn settle(
    input: &PlanInput<'_>,
    sale: &Sale,
    built: Built,
    warnings: &mut Vec<Reason>,
) -> Result<Settled, Stop> {
    let rounding = input.settings.vat.rounding.unwrap_or(input.catalogue.master.vat_rounding);
    let mut lines = built.lines;
    let mut expected = reckon(&lines, rounding, input.order.currency)?;
    let difference = built.shop.gross.minus(expected.gross)?;
    let rule = rule(input, sale, built.parts)?;
    let mut book = true;
    if !difference.is_zero() {
        let within = difference.absolute()?.minor() <= rule.limit.minor();
        match (rule.mode, within, &rule.product) {
            (DifferenceMode::CorrectionLine, true, Some(product)) => {
                lines.push(correction_line(product, &rule.text, difference)?);
                expected = corrected(expected, difference)?;
                warnings.push(with_sums("difference-corrected", difference, &rule));
            }
            (DifferenceMode::Ignore, true, _) => {
                warnings.push(with_sums("difference-ignored", difference, &rule));
            }
            (mode, within, product) => {
                book = false;
                let code = match (mode, within, product) {
                    (DifferenceMode::LeaveDraft, _, _) => "difference-left-as-draft",
                    (_, true, None) => "no-correction-product",
                    _ => "difference-above-limit",
                };
                warnings.push(with_sums(code, difference, &rule));
            }
        }
    }
    Ok(Settled { lines, new_products: built.new_products, shop: built.shop, expected, rule, book })
}

fn with_sums(code: &str, difference: Money, rule: &DifferenceRule) -> Reason {
    Reason::new(code)
        .with("difference", difference)
        .with("limit", rule.limit)
        .with("currency", difference.currency())
}

fn rule(input: &PlanInput<'_>, sale: &Sale, lines: usize) -> Result<DifferenceRule, MoneyError> {
    let settings = &input.settings.differences;
    let currency = input.order.currency;
    let limit = match settings.limit {
        Some(limit) => Money::round_decimal(limit.0, currency)?,
        // Half a smallest unit for each line of the order, whole minor units.
        None => {
            let lines = i64::try_from(lines).unwrap_or(i64::MAX);
            Money::from_minor(lines.saturating_mul(currency.smallest_unit()) / 2, currency)
        }
    };
    Ok(DifferenceRule {
        mode: settings.mode,
        limit,
        product: correction_product(input, sale),
        text: settings.text.clone(),
    })
}

/// The product of correction lines, if it exists, is not barred, and carries no VAT in the zone.
fn correction_product(input: &PlanInput<'_>, sale: &Sale) -> Option<String> {
    let number = input.settings.products.skus.rounding.as_ref()?;
    let product = input.catalogue.products.get(number).filter(|product| !product.barred)?;
    let group = input.catalogue.master.product_groups.get(&product.group)?;
    let untaxed = group.rate_by_zone.get(&sale.zone).is_some_and(|rate| rate.is_zero());
    untaxed.then(|| number.clone())
}

fn correction_line(product: &str, text: &str, amount: Money) -> Result<DocumentLine, MoneyError> {
    Ok(DocumentLine {
        product: product.to_owned(),
        description: text.to_owned(),
        quantity: if amount.is_negative() { Decimal::NEGATIVE_ONE } else { Decimal::ONE },
        unit_net_price: amount.absolute()?.to_decimal(),
        net: amount,
        rate: Percentage::ZERO,
        order_line: None,
    })
}

fn corrected(totals: Totals, by: Money) -> Result<Totals, MoneyError> {
    Ok(Totals { net: totals.net.plus(by)?, vat: totals.vat, gross: totals.gross.plus(by)? })
}

/// What the target's answer to the document means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The totals are the order's own: go on.
    Agrees,
    /// They differ within the merchant's rule to ignore: go on.
    Accepted(Reason),
    /// The draft is to be changed to this, then compared again.
    Amend(Box<Document>),
    /// They differ and may not be booked: leave the draft, tell the merchant.
    Differs(Reason),
}

/// Compares the target's totals with the plan.
pub fn judge(plan: &Plan, answered: &Totals) -> Verdict {
    let Some(step) = plan.document_step() else {
        return Verdict::Differs(Reason::new("totals-differ-after-write"));
    };
    let rule = &step.difference;
    let Ok(difference) = plan.expected.gross.minus(answered.gross) else {
        return Verdict::Differs(
            Reason::new("answer-in-other-currency")
                .with("currency", plan.expected.gross.currency())
                .with("found", answered.gross.currency()),
        );
    };
    if difference.is_zero() {
        return Verdict::Agrees;
    }
    if let Some(document) = amend(plan, answered) {
        return Verdict::Amend(Box::new(document));
    }
    let reason = |code: &str| {
        with_sums(code, difference, rule)
            .with("expected", plan.expected.gross)
            .with("answered", answered.gross)
    };
    let within = difference.minor().unsigned_abs() <= rule.limit.minor().unsigned_abs();
    if rule.mode == DifferenceMode::Ignore && within {
        return Verdict::Accepted(reason("difference-ignored"));
    }
    Verdict::Differs(reason("totals-differ-after-write"))
}

/// The draft with the correction line that the target's answer asks for; `None` when the totals agree, or when the
/// merchant's rule does not cover the difference.
pub fn amend(plan: &Plan, answered: &Totals) -> Option<Document> {
    let step = plan.document_step()?;
    let rule = &step.difference;
    let product = rule.product.as_ref().filter(|_| rule.mode == DifferenceMode::CorrectionLine)?;
    let is_correction = |line: &DocumentLine| {
        line.order_line.is_none() && line.product == *product && line.description == rule.text
    };
    let planned: Vec<Money> =
        step.document.lines.iter().filter(|line| is_correction(line)).map(|line| line.net).collect();
    let planned = Money::sum(answered.gross.currency(), planned).ok()?;
    let difference = plan.expected.gross.minus(answered.gross).ok()?;
    let correction = difference.plus(planned).ok()?;
    let within = correction.minor().unsigned_abs() <= rule.limit.minor().unsigned_abs();
    if difference.is_zero() || !within {
        return None;
    }
    let mut document = step.document.clone();
    document.lines.retain(|line| !is_correction(line));
    if !correction.is_zero() {
        document.lines.push(correction_line(product, &rule.text, correction).ok()?);
    }
    document.expected = corrected(*answered, difference).ok()?;
    Some(document)
}
