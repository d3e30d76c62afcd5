//! From country, rate and kind of buyer to the VAT zone; the rate that a line was charged; the totals the target will reckon.
//!
//! The shop's own VAT amounts are the truth. A stated rate is believed only when it gives the amount that was charged.

use rust_decimal::{Decimal, RoundingStrategy};

use super::customer::Buyer;
use super::{Stop, hold, no_totals};
use crate::catalogue::VatRounding;
use crate::customer::CustomerKind;
use crate::document::{DocumentLine, Totals};
use crate::money::{Currency, Money, MoneyError, Percentage};
use crate::order::{LineKind, Order, OrderLine};
use crate::settings::{CountryFrom, Settings, UntaxedPrivateInEu, VatRule};

/// The member states of the EU by ISO 3166 code, as of 2026.
const EU: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

fn in_eu(country: &str) -> bool {
    EU.contains(&country)
}

/// What the VAT of a sale depends on.
pub(crate) struct Sale {
    pub(crate) country: String,
    pub(crate) kind: CustomerKind,
    pub(crate) zone: u32,
    /// The buyer's own country's VAT under the one-stop shop.
    pub(crate) oss: bool,
    /// Sold without VAT to another member state because the buyer gave a VAT number.
    pub(crate) reverse_charge: bool,
}

/// The country of a sale, in upper case; empty when no address tells.
pub(crate) fn country_of(order: &Order, from: CountryFrom) -> &str {
    let billing = order.customer.billing.country.as_str();
    let delivery =
        order.customer.delivery.as_ref().map(|address| address.country.as_str()).unwrap_or_default();
    let (first, second) = match from {
        CountryFrom::Delivery => (delivery, billing),
        CountryFrom::Billing => (billing, delivery),
    };
    if first.is_empty() { second } else { first }
}

impl Sale {
    /// Finds the VAT zone of an order.
    ///
    /// # Errors
    /// Holds when VAT is missing that is due somewhere.
    pub(crate) fn of(order: &Order, settings: &Settings, buyer: &Buyer) -> Result<Sale, Stop> {
        let country = country_of(order, settings.vat.country_from).to_ascii_uppercase();
        let rate = main_rate(order);
        let home = settings.vat.home_country.as_str();
        let numbered = buyer.kind != CustomerKind::Private && buyer.vat_number.is_some();
        let across = country != home && in_eu(&country) && in_eu(home);
        let reverse_charge = numbered && across && rate.is_zero() && has_sale(order);
        let (zone, oss) = Sale::zone_of(order, settings, buyer, (&country, rate))?;
        Ok(Sale { country, kind: buyer.kind, zone, oss, reverse_charge })
    }

    /// The VAT zone of an order that goes to this country at this rate, and whether the tax is that country's under the one-stop shop.
    fn zone_of(
        order: &Order,
        settings: &Settings,
        buyer: &Buyer,
        (country, rate): (&str, Percentage),
    ) -> Result<(u32, bool), Stop> {
        let home = settings.vat.home_country.as_str();
        let numbered = buyer.kind != CustomerKind::Private && buyer.vat_number.is_some();
        if let Some(rule) = settings.vat.rules.iter().find(|rule| applies(rule, country, rate, buyer.kind)) {
            return Ok((rule.zone, false));
        }
        let zones = &settings.vat.zones;
        let taxed_at_home = !rate.is_zero() && order.taxed_in.as_deref() == Some(home);
        if country.is_empty() || country == home || taxed_at_home {
            let exempt = order.customer.vat_exempt && rate.is_zero();
            return Ok((if exempt { zones.exempt } else { zones.domestic }, false));
        }
        if !in_eu(country) || !in_eu(home) {
            return Ok((zones.abroad, false));
        }
        if !rate.is_zero() {
            let oss = settings.vat.oss.enabled && !numbered;
            let zone = if oss { settings.vat.oss.zone.unwrap_or(zones.domestic) } else { zones.domestic };
            return Ok((zone, oss));
        }
        if numbered || !has_sale(order) {
            return Ok((zones.eu, false));
        }
        match settings.vat.untaxed_private_in_eu {
            UntaxedPrivateInEu::EuZone => Ok((zones.eu, false)),
            UntaxedPrivateInEu::ExemptZone => Ok((zones.exempt, false)),
            UntaxedPrivateInEu::Hold => Err(Stop::Hold(
                hold("eu-sale-without-vat").with("order", &order.number).with("country", country),
            )),
        }
    }
}

/// True when a rule covers a sale of this kind.
pub(crate) fn applies(rule: &VatRule, country: &str, rate: Percentage, kind: CustomerKind) -> bool {
    (rule.countries.is_empty() || rule.countries.iter().any(|code| code == country))
        && (rule.rates.is_empty() || rule.rates.contains(&rate))
        && (rule.customers.is_empty() || rule.customers.contains(&kind))
}

fn is_sale(line: &OrderLine) -> bool {
    !matches!(line.kind, LineKind::GiftCardSold | LineKind::CashRounding | LineKind::Tip | LineKind::Duty)
}

fn has_sale(order: &Order) -> bool {
    order.lines.iter().any(|line| is_sale(line) && !line.net.is_zero())
}

/// The highest rate on the order's sales: the one that rules about rates look at.
fn main_rate(order: &Order) -> Percentage {
    order
        .lines
        .iter()
        .filter(|line| is_sale(line) && !line.net.is_zero())
        .map(effective_rate)
        .max()
        .unwrap_or(Percentage::ZERO)
}

/// The merchant's own VAT on a line: what a marketplace remits is not.
///
/// # Errors
/// Mixed currencies, overflow.
pub(crate) fn own_vat(line: &OrderLine) -> Result<Money, MoneyError> {
    let own = line.vat.iter().filter(|vat| !vat.remitted_by_marketplace);
    Money::sum(line.net.currency(), own.map(|vat| vat.amount))
}

/// The one rate that stands for all VAT on a line: taxes added, compound ones on top of the others.
pub(crate) fn effective_rate(line: &OrderLine) -> Percentage {
    let Ok(vat) = own_vat(line) else { return Percentage::ZERO };
    let stated = stated_rate(line);
    if line.net.is_zero() {
        return stated.unwrap_or(Percentage::ZERO);
    }
    match stated {
        Some(rate) if gives(rate, line.net, vat) => rate,
        _ if vat.is_zero() => Percentage::ZERO,
        _ => derived_rate(line.net, vat),
    }
}

fn stated_rate(line: &OrderLine) -> Option<Percentage> {
    let own = || line.vat.iter().filter(|vat| !vat.remitted_by_marketplace);
    let mut total = Decimal::ZERO;
    for vat in own().filter(|vat| !vat.compound) {
        total = total.checked_add(vat.rate?.per_cent())?;
    }
    for vat in own().filter(|vat| vat.compound) {
        let rate = vat.rate?.per_cent();
        let on_top = rate.checked_mul(total)?.checked_div(Decimal::ONE_HUNDRED)?;
        total = total.checked_add(rate)?.checked_add(on_top)?;
    }
    Some(Percentage::new(total.round_dp(6)))
}

/// True when the rate gives the amount, but for what shops round away: two smallest units, or half a per cent of the VAT.
fn gives(rate: Percentage, net: Money, vat: Money) -> bool {
    let unit = Money::from_minor(2 * net.currency().smallest_unit(), net.currency()).to_decimal();
    let half_per_cent = vat.to_decimal().abs().checked_mul(Decimal::new(5, 3)).unwrap_or(Decimal::ZERO);
    let off = rate.of(net).checked_sub(vat.to_decimal()).map_or(Decimal::MAX, |off| off.abs());
    off <= unit.max(half_per_cent)
}

/// The plainest rate that gives the amount to the smallest unit: whole, then with one, two and four decimals.
fn derived_rate(net: Money, vat: Money) -> Percentage {
    let ratio = vat
        .to_decimal()
        .checked_mul(Decimal::ONE_HUNDRED)
        .and_then(|hundredfold| hundredfold.checked_div(net.to_decimal()))
        .unwrap_or(Decimal::ZERO);
    let rounded = |decimals: u32| {
        Percentage::new(ratio.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero))
    };
    let unit = Money::from_minor(net.currency().smallest_unit(), net.currency()).to_decimal();
    let near =
        |rate: Percentage| rate.of(net).checked_sub(vat.to_decimal()).is_some_and(|off| off.abs() <= unit);
    [0, 1, 2].into_iter().map(rounded).find(|rate| near(*rate)).unwrap_or_else(|| rounded(4))
}

/// The sums that the target will answer with for these lines.
///
/// # Errors
/// Overflow.
pub(crate) fn reckon(
    lines: &[DocumentLine],
    rounding: VatRounding,
    currency: Currency,
) -> Result<Totals, MoneyError> {
    let mut totals = no_totals(currency);
    totals.net = Money::sum(currency, lines.iter().map(|line| line.net))?;
    totals.vat = match rounding {
        VatRounding::PerLine => lines.iter().try_fold(currency.zero(), |sum, line| {
            sum.plus(Money::round_decimal(line.rate.of(line.net), currency)?)
        })?,
        VatRounding::PerRate => {
            let mut bases: Vec<(Percentage, Money)> = Vec::new();
            for line in lines {
                match bases.iter_mut().find(|(rate, _)| *rate == line.rate) {
                    Some((_, base)) => *base = base.plus(line.net)?,
                    None => bases.push((line.rate, line.net)),
                }
            }
            bases.iter().try_fold(currency.zero(), |sum, (rate, base)| {
                sum.plus(Money::round_decimal(rate.of(*base), currency)?)
            })?
        }
    };
    totals.gross = totals.net.plus(totals.vat)?;
    Ok(totals)
}
