//! Which product number a line goes on, and what is made when it does not exist.
//!
//! In the target the product's group and the document's VAT zone decide the rate. So the number is chosen by the rate that
//! the shop charged, and a product whose group gives another rate is held before anything is written.

use std::borrow::Cow;

use super::vat::{Sale, applies};
use super::{PlanInput, Stop, hold};
use crate::catalogue::ProductGroup;
use crate::identity::{Effect, EffectKey};
use crate::money::{Money, Percentage};
use crate::plan::{ProductStep, Reason};
use crate::settings::{MissingProduct, OssCollective, Settings, Template};

/// What a line is for, as far as its product is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Goods,
    Shipping,
    Fee,
    Discount,
    Tip,
    Duty,
    GiftCard,
    Rounding,
    Refund,
}

impl Purpose {
    /// The word that reasons use.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Purpose::Goods => "default",
            Purpose::Shipping => "shipping",
            Purpose::Fee => "fee",
            Purpose::Discount => "discount",
            Purpose::Tip => "tip",
            Purpose::Duty => "duty",
            Purpose::GiftCard => "gift-card",
            Purpose::Rounding => "rounding",
            Purpose::Refund => "refund",
        }
    }

    /// Products on a balance account are never made by a guess.
    fn is_delicate(self) -> bool {
        matches!(self, Purpose::Duty | Purpose::GiftCard | Purpose::Rounding)
    }
}

/// Longest product number in the target (e-conomic: 25).
pub(crate) const LONGEST_NUMBER: usize = 25;

/// What the choice of a product depends on.
pub(crate) struct Wanted<'a> {
    pub(crate) candidates: &'a [Cow<'a, str>],
    pub(crate) purpose: Purpose,
    pub(crate) name: &'a str,
    pub(crate) net: Money,
    pub(crate) rate: Percentage,
    /// The candidate is an OSS product of its own: it is never made, and nothing takes its place.
    pub(crate) oss: bool,
    pub(crate) unit_price: Option<Money>,
}

/// The product chosen.
pub(crate) struct ChosenProduct<'a> {
    pub(crate) number: &'a str,
    /// Its name in the target, when it exists.
    pub(crate) name: Cow<'a, str>,
    /// The rate that the target will apply.
    pub(crate) rate: Percentage,
    pub(crate) new: Option<ProductStep>,
}

/// The numbers that an OSS sale or a rule puts in the place of the ordinary ones.
pub(crate) fn overridden<'a>(
    settings: &'a Settings,
    sale: &Sale,
    rate: Percentage,
    ordinary: Vec<Cow<'a, str>>,
) -> (Vec<Cow<'a, str>>, bool) {
    let fill = |template: &Template, sku: &str| {
        let number = template.fill(&|name| match name {
            "sku" => sku.into(),
            "country" => sale.country.as_str().into(),
            "rate" => rate.to_string().into(),
            _ => "".into(),
        });
        Cow::Owned(number)
    };
    if sale.oss && !rate.is_zero() {
        let oss = &settings.vat.oss;
        let collective =
            oss.collective.iter().find(|entry| entry.country == sale.country && entry.rate == rate);
        if let Some(entry) = collective {
            return (vec![Cow::Borrowed(entry.product.as_str())], true);
        }
        if let Some(template) = &oss.product {
            return (ordinary.iter().take(1).map(|number| fill(template, number)).collect(), true);
        }
        return (ordinary, true);
    }
    let rule = rule_for(settings, sale, rate).and_then(|rule| rule.product.as_ref());
    match rule {
        Some(template) => (ordinary.iter().map(|number| fill(template, number)).collect(), false),
        None => (ordinary, false),
    }
}

fn rule_for<'a>(
    settings: &'a Settings,
    sale: &Sale,
    rate: Percentage,
) -> Option<&'a crate::settings::VatRule> {
    settings
        .vat
        .rules
        .iter()
        .find(|rule| rule.zone == sale.zone && applies(rule, &sale.country, rate, sale.kind))
}

/// Chooses the product of a line.
///
/// # Errors
/// Holds with the product, its group and both rates, or with what is missing.
pub(crate) fn choose<'a>(
    input: &PlanInput<'a>,
    sale: &Sale,
    wanted: &Wanted<'a>,
) -> Result<ChosenProduct<'a>, Stop> {
    if let Some(number) = wanted.candidates.first().filter(|_| is_booked_as_domestic(input, sale, wanted)) {
        return Err(Stop::Hold(oss_missing(sale, wanted, number)));
    }
    let mut refused: Option<Reason> = None;
    for number in wanted.candidates {
        if number.chars().count() > LONGEST_NUMBER {
            return Err(Stop::Hold(
                hold("sku-too-long")
                    .with("sku", number)
                    .with("limit", LONGEST_NUMBER)
                    .with("name", wanted.name),
            ));
        }
        match existing(input, sale, wanted, number) {
            None => {}
            Some(Ok(chosen)) => return Ok(chosen),
            Some(Err(reason)) => refused = refused.or(Some(reason)),
        }
    }
    let is_absent = |number: &&Cow<'_, str>| !input.catalogue.products.contains_key(number.as_ref());
    let mut absent = wanted.candidates.iter().filter(is_absent);
    let untaxed_at_home = wanted.rate.is_zero() && sale.zone == input.settings.vat.zones.domestic;
    let number = if untaxed_at_home { absent.next_back() } else { absent.next() };
    match (number, refused) {
        // A product that exists with another rate is the merchant's to settle, unless its untaxed sibling can be made.
        (Some(number), None) => missing(input, sale, wanted, number),
        (Some(number), Some(_)) if untaxed_at_home => missing(input, sale, wanted, number),
        (_, Some(reason)) => Err(Stop::Hold(reason)),
        (None, None) => Err(Stop::Hold(no_number(wanted))),
    }
}

/// True when another country's VAT would go on an ordinary product in the domestic zone, because the settings name no product of its
/// own for it: where the rates happen to be alike nothing else tells the two apart, and the tax would be paid to the wrong country.
/// Money that goes back goes the way of its invoice.
fn is_booked_as_domestic(input: &PlanInput<'_>, sale: &Sale, wanted: &Wanted<'_>) -> bool {
    let vat = &input.settings.vat;
    let is_its = |entry: &OssCollective| entry.country == sale.country && entry.rate == wanted.rate;
    let is_named = vat.oss.product.is_some() || vat.oss.collective.iter().any(is_its);
    let is_sale = wanted.purpose != Purpose::Refund;
    wanted.oss && is_sale && !is_named && sale.zone == vat.zones.domestic
}

fn oss_missing(sale: &Sale, wanted: &Wanted<'_>, number: &str) -> Reason {
    hold("oss-product-missing").with("sku", number).with("country", &sale.country).with("rate", wanted.rate)
}

fn no_number(wanted: &Wanted<'_>) -> Reason {
    if wanted.purpose == Purpose::Goods {
        return hold("missing-sku").with("name", wanted.name);
    }
    hold("no-product-for-purpose").with("purpose", wanted.purpose.word()).with("name", wanted.name)
}

fn existing<'a>(
    input: &PlanInput<'a>,
    sale: &Sale,
    wanted: &Wanted<'_>,
    number: &'a str,
) -> Option<Result<ChosenProduct<'a>, Reason>> {
    let product = input.catalogue.products.get(number)?;
    if product.barred {
        return Some(Err(hold("product-barred").with("sku", number).with("name", &product.name)));
    }
    let group = input.catalogue.master.product_groups.get(&product.group);
    let rate = match group_rate(input, sale, product.group, group) {
        Ok(rate) => rate,
        Err(reason) => return Some(Err(reason.with("sku", number))),
    };
    if rate != wanted.rate && !wanted.net.is_zero() {
        let name = group.map(|group| group.name.as_str()).unwrap_or_default();
        return Some(Err(mismatch(input, sale, wanted.rate, product.group, name, rate).with("sku", number)));
    }
    Some(Ok(ChosenProduct { number, name: Cow::Borrowed(product.name.as_str()), rate, new: None }))
}

fn group_rate(
    input: &PlanInput<'_>,
    sale: &Sale,
    number: u32,
    group: Option<&ProductGroup>,
) -> Result<Percentage, Reason> {
    let Some(group) = group else { return Err(hold("product-group-missing").with("group", number)) };
    group.rate_by_zone.get(&sale.zone).copied().ok_or_else(|| {
        hold("no-account-for-zone")
            .with("group", number)
            .with("group-name", &group.name)
            .with("zone", zone_name(input, sale.zone))
    })
}

fn zone_name(input: &PlanInput<'_>, zone: u32) -> String {
    let name = input.catalogue.master.vat_zones.get(&zone);
    name.map_or_else(|| zone.to_string(), |name| format!("{zone} {name}"))
}

fn mismatch(
    input: &PlanInput<'_>,
    sale: &Sale,
    charged: Percentage,
    group: u32,
    name: &str,
    rate: Percentage,
) -> Reason {
    hold("vat-rate-mismatch")
        .with("group", group)
        .with("group-name", name)
        .with("zone", zone_name(input, sale.zone))
        .with("charged", charged)
        .with("rate", rate)
}

fn missing<'a>(
    input: &PlanInput<'a>,
    sale: &Sale,
    wanted: &Wanted<'_>,
    number: &'a str,
) -> Result<ChosenProduct<'a>, Stop> {
    if wanted.oss {
        return Err(Stop::Hold(oss_missing(sale, wanted, number)));
    }
    let held = || Stop::Hold(hold("missing-product").with("sku", number).with("name", wanted.name));
    match input.settings.products.missing {
        MissingProduct::Hold => Err(held()),
        MissingProduct::UseDefault => {
            let default = input.settings.products.skus.default.as_deref();
            match default.and_then(|default| existing(input, sale, wanted, default)) {
                Some(Ok(chosen)) => Ok(chosen),
                Some(Err(reason)) => Err(Stop::Hold(reason)),
                None => Err(held()),
            }
        }
        MissingProduct::Create if wanted.purpose.is_delicate() => Err(Stop::Hold(
            hold("missing-special-product").with("sku", number).with("purpose", wanted.purpose.word()),
        )),
        MissingProduct::Create => create(input, sale, wanted, number).map_err(Stop::Hold),
    }
}

fn create<'a>(
    input: &PlanInput<'_>,
    sale: &Sale,
    wanted: &Wanted<'_>,
    number: &'a str,
) -> Result<ChosenProduct<'a>, Reason> {
    let (group, rate) = group_for(input, sale, wanted, number)?;
    let name = if wanted.name.trim().is_empty() { number } else { wanted.name };
    let new = ProductStep {
        key: EffectKey::shared(
            &input.transfer.merchant,
            Effect::Product,
            &format!("number={number}"),
            input.agreement,
        ),
        number: number.to_owned(),
        name: name.chars().take(300).collect(),
        group,
        sales_price: wanted.unit_price,
        cost_price: None,
        unit: input.settings.products.unit,
        barcode: String::new(),
    };
    Ok(ChosenProduct { number, name: Cow::Owned(new.name.clone()), rate, new: Some(new) })
}

/// A group of ordinary goods carries no VAT abroad. One that does is for sales under another country's VAT, and no product is
/// put there by a guess.
fn is_ordinary(input: &PlanInput<'_>, group: &ProductGroup) -> bool {
    let abroad = group.rate_by_zone.get(&input.settings.vat.zones.abroad);
    abroad.is_some_and(|rate| rate.is_zero())
}

/// The group of a product that is made: named by a rule, by rate, or in general. Where the merchant names no groups at all, the
/// only ordinary one that gives the rate.
fn group_for(
    input: &PlanInput<'_>,
    sale: &Sale,
    wanted: &Wanted<'_>,
    number: &str,
) -> Result<(u32, Percentage), Reason> {
    let settings = &input.settings.products;
    let groups = &input.catalogue.master.product_groups;
    let by_rule = rule_for(input.settings, sale, wanted.rate).and_then(|rule| rule.product_group);
    let by_rate =
        settings.groups_by_rate.iter().find(|entry| entry.rate == wanted.rate).map(|entry| entry.group);
    // Abroad every rate is nothing, so the rate does not tell the group: goods go where goods with VAT go.
    let taxed = settings.groups_by_rate.iter().max_by_key(|entry| entry.rate).map(|entry| entry.group);
    let at_home = sale.zone == input.settings.vat.zones.domestic || !wanted.rate.is_zero();
    let named = if at_home {
        [by_rule, by_rate, settings.group, None]
    } else {
        [by_rule, settings.group, taxed, by_rate]
    };
    let mut refused = None;
    for group in named.into_iter().flatten() {
        match group_rate(input, sale, group, groups.get(&group)) {
            Ok(rate) if rate == wanted.rate || wanted.net.is_zero() => return Ok((group, rate)),
            Ok(rate) => {
                let name = groups.get(&group).map(|group| group.name.as_str()).unwrap_or_default();
                refused = refused
                    .or(Some(mismatch(input, sale, wanted.rate, group, name, rate).with("sku", number)));
            }
            Err(reason) => refused = refused.or(Some(reason.with("sku", number))),
        }
    }
    if let Some(reason) = refused {
        return Err(reason);
    }
    let fitting: Vec<&ProductGroup> = groups
        .values()
        .filter(|group| group.rate_by_zone.get(&sale.zone) == Some(&wanted.rate) && is_ordinary(input, group))
        .filter(|_| !input.settings.products.names_groups())
        .collect();
    match fitting.as_slice() {
        [group] => Ok((group.number, wanted.rate)),
        several => {
            let choices: Vec<String> =
                several.iter().map(|group| format!("{} {}", group.number, group.name)).collect();
            let code =
                if choices.is_empty() { "no-product-group-for-rate" } else { "several-product-groups" };
            Err(hold(code)
                .with("sku", number)
                .with("rate", wanted.rate)
                .with("zone", zone_name(input, sale.zone))
                .with("choices", choices.join("; ")))
        }
    }
}
