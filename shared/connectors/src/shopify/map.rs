//! A Shopify order in the domain's form: one mapping for both wire shapes.
//!
//! The shop's currency is booked, never the buyer's. With `taxes_included` the tax is inside the prices and is taken out
//! by the amounts that Shopify states, never by rates. Quantities and totals are those before refunds: what was refunded
//! stands beside them. Units that an edit took off the order, without any money going back, were never sold in the end:
//! the order is then read as it is now, against Shopify's own current totals.

use std::collections::HashMap;

use domain::customer::{Address, Customer};
use domain::money::{Currency, Percentage};
use domain::order::{FulfilmentState, LineKind, OrderLine, Payment, PaymentKind, PaymentState, VatAmount};
use domain::{EntityId, Failure, Money, Order};
use rust_decimal::Decimal;

use super::payments::{self, refunded};
use super::wire::{self, Line, ShopOrder, plus, unreadable};
use crate::json::{LONGEST_FIELD, MOST_FIELDS, MOST_LINES, rejected};
use crate::ports::ReadingRules;

/// Maps an order.
///
/// # Errors
/// `Rejected` with the place of what cannot be.
pub(super) fn order(shop: &ShopOrder, rules: &ReadingRules) -> Result<Order, Failure> {
    if shop.id.is_empty() || !shop.id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unreadable("id", "not the id of an order"));
    }
    let currency: Currency = shop.currency.parse().map_err(|error| unreadable("currency", error))?;
    let created_at =
        shop.created_at.ok_or_else(|| unreadable("created_at", "the order has no creation time"))?;
    let (lines, sums) = Sale { shop, rules, currency }.read()?;
    let payments = payments::of(shop, currency, sums.total)?;
    let paid_at = payments::paid_at(shop, &payments);
    let refunds = super::refunds::of(shop, owed_back(shop, &payments, &sums)?)?;
    Ok(Order {
        id: EntityId::new(shop.id.clone()),
        number: if shop.name.is_empty() { shop.id.clone() } else { shop.name.clone() },
        currency,
        state: state_word(shop).to_owned(),
        payment_state: payment_state(&shop.financial),
        payment_state_text: shop.financial.clone(),
        fulfilment_state: fulfilment_state(&shop.fulfilment),
        cancelled: shop.cancelled,
        test: shop.test || shop.transactions.iter().flatten().any(|transaction| transaction.test),
        taxed_in: None,
        // Nothing in Shopify releases an order from its assessed risk: that staff ships it is what says that it was looked at.
        fraud_hold: shop.high_risk && fulfilment_state(&shop.fulfilment) == FulfilmentState::Unfulfilled,
        created_at,
        modified_at: shop.updated_at.unwrap_or(created_at),
        paid_at,
        shipped_at: shop.fulfilled_at.filter(|_| shop.fulfilment == "fulfilled"),
        prices_include_vat: shop.taxes_included,
        customer: customer(shop, rules, sums.vat),
        lines,
        total_vat: sums.vat,
        total: sums.total,
        payment_method: payments::method(shop),
        payment_method_title: payments::method_title(shop),
        payments,
        note: shop.note.clone(),
        purchase_order_number: shop.purchase_order_number.clone(),
        discount_codes: shop.discount_codes.clone(),
        tags: shop.tags.clone(),
        fields: fields(shop),
        refunded: refunded(shop, currency)?,
        refunds,
        deleted: false,
    })
}

/// Shopify has no word for the state of an order as a whole; these are the ones its admin filters by.
fn state_word(shop: &ShopOrder) -> &'static str {
    match (shop.cancelled, shop.closed) {
        (true, _) => "cancelled",
        (false, true) => "closed",
        (false, false) => "open",
    }
}

fn payment_state(word: &str) -> PaymentState {
    match word {
        "authorized" => PaymentState::Authorised,
        "partially_paid" => PaymentState::PartlyPaid,
        "paid" => PaymentState::Paid,
        "partially_refunded" => PaymentState::PartlyRefunded,
        "refunded" => PaymentState::Refunded,
        "voided" | "expired" => PaymentState::Voided,
        _ => PaymentState::Unpaid,
    }
}

fn fulfilment_state(word: &str) -> FulfilmentState {
    match word {
        "fulfilled" => FulfilmentState::Fulfilled,
        "partial" => FulfilmentState::PartlyFulfilled,
        _ => FulfilmentState::Unfulfilled,
    }
}

fn fields(shop: &ShopOrder) -> Vec<(String, String)> {
    let fits = |(_, value): &&(String, String)| value.len() <= LONGEST_FIELD;
    shop.attributes.iter().filter(fits).take(MOST_FIELDS).cloned().collect()
}

fn customer(shop: &ShopOrder, rules: &ReadingRules, vat: Money) -> Customer {
    let first = |keys: &[String]| -> Option<String> {
        keys.iter().find_map(|key| {
            let mut values =
                shop.attributes.iter().filter(|(name, _)| name == key).map(|(_, value)| value.trim());
            values.find(|value| !value.is_empty()).map(str::to_owned)
        })
    };
    let buyer = shop.customer.clone().unwrap_or_default();
    let billing_phone = shop.billing.as_ref().map(|address| address.phone.clone()).unwrap_or_default();
    let either =
        |texts: [&String; 3]| texts.into_iter().find(|text| !text.is_empty()).cloned().unwrap_or_default();
    let mut billing = shop.billing.as_ref().map(address).unwrap_or_default();
    if shop.billing.is_none() && shop.shipping.is_none() {
        billing.name.clone_from(&buyer.name);
    }
    let registration = shop.company.as_ref().and_then(|(_, registration)| registration.clone());
    if let Some((name, _)) = &shop.company
        && billing.company.is_empty()
    {
        billing.company.clone_from(name);
    }
    Customer {
        shop_id: buyer.id.clone(),
        email: if shop.email.is_empty() { buyer.email.clone() } else { shop.email.clone() },
        phone: either([&shop.phone, &billing_phone, &buyer.phone]),
        billing,
        delivery: shop.shipping.as_ref().map(address).filter(|address| !address.is_empty()),
        company_number: first(&rules.company_number_fields),
        vat_number: first(&rules.vat_number_fields).or(registration),
        ean: first(&rules.ean_fields),
        // The customer record may have become exempt after an order that was charged.
        vat_exempt: shop.tax_exempt || (buyer.tax_exempt && vat.is_zero()),
    }
}

fn address(wire: &wire::Address) -> Address {
    Address {
        name: wire.name.clone(),
        company: wire.company.clone(),
        street: wire.street.clone(),
        postcode: wire.postcode.clone(),
        city: wire.city.clone(),
        state: wire.province.clone(),
        country: wire.country.clone(),
    }
}

/// The sums that an order states.
struct Sums {
    total: Money,
    vat: Money,
    /// An edit took units or freight off.
    edited: bool,
}

/// What was captured beyond the total of an edited order: the edit's own money, which goes back as a refund for no line. Only
/// transactions tell.
fn owed_back(shop: &ShopOrder, payments: &[Payment], sums: &Sums) -> Result<Money, Failure> {
    let none = sums.total.currency().zero();
    if !sums.edited || shop.transactions.is_none() {
        return Ok(none);
    }
    let taken = payments.iter().filter(|payment| payment.kind == PaymentKind::Capture);
    let beyond = Money::sum(none.currency(), taken.map(|payment| payment.amount))
        .and_then(|taken| taken.minus(sums.total))
        .map_err(|error| unreadable("transactions", error))?;
    Ok(if beyond.is_negative() { none } else { beyond })
}

/// What was sold: the lines and the sums they must make.
struct Sale<'a> {
    shop: &'a ShopOrder,
    rules: &'a ReadingRules,
    currency: Currency,
}

impl Sale<'_> {
    fn read(&self) -> Result<(Vec<OrderLine>, Sums), Failure> {
        let shop = self.shop;
        let count = shop.lines.len() + shop.shipping_lines.len() + shop.duties.len() + shop.fees.len();
        if count > MOST_LINES {
            return Err(rejected(
                "too-many-lines",
                format!("the order has {count} lines, at most {MOST_LINES} are read"),
            ));
        }
        let removed = self.units_removed();
        let edited =
            !shop.cancelled && (!removed.is_empty() || shop.shipping_lines.iter().any(|line| line.removed));
        let mut lines = Vec::with_capacity(count);
        for (index, line) in shop.lines.iter().enumerate() {
            let left = if edited {
                line.quantity - removed.get(&index).copied().unwrap_or_default()
            } else {
                line.quantity
            };
            if edited && left.is_zero() {
                continue;
            }
            let kind = if self.is_gift_card(line) { LineKind::GiftCardSold } else { LineKind::Product };
            lines.push(self.line(&format!("line_items[{index}]"), line, kind, left)?);
        }
        for (index, line) in
            shop.shipping_lines.iter().enumerate().filter(|(_, line)| !(edited && line.removed))
        {
            lines.push(self.line(
                &format!("shipping_lines[{index}]"),
                line,
                LineKind::Shipping,
                line.quantity,
            )?);
        }
        let (total, vat) = if edited { self.current_sums(&lines)? } else { (shop.total, shop.total_tax) };
        let total = self.money("total_price", total)?;
        lines.extend(self.extras(&lines, total)?);
        let vat = match vat {
            Some(vat) => self.money("total_tax", vat)?,
            None => self.sum(lines.iter().flat_map(|line| line.vat.iter().map(|vat| vat.amount)))?,
        };
        let total = self.add_cash_rounding(&mut lines, total)?;
        Ok((lines, Sums { total, vat, edited }))
    }

    /// The sums of an edited order as it is now, with what was refunded put back.
    ///
    /// Assumption: whether a refund for no line lowers the current total is not documented. It is put back as a rule; where only
    /// the other reading makes the sum of the lines, it is not.
    fn current_sums(&self, lines: &[OrderLine]) -> Result<(Decimal, Option<Decimal>), Failure> {
        let shop = self.shop;
        let place = "current_total_price";
        let Some(current) = shop.current_total else {
            return Err(unreadable(place, "an edited order without its current total"));
        };
        let (mut with_all, mut with_lines) = (current, current);
        for refund in &shop.refunds {
            with_all = plus("refunds", with_all, refund.paid)?;
            if refund.parts.iter().any(|part| !part.amount.is_zero()) {
                with_lines = plus("refunds", with_lines, refund.paid)?;
            }
        }
        let total = if self.make(lines, with_lines)? { with_lines } else { with_all };
        // With money gone back the current tax is less than that of what was sold, and Shopify states no other.
        let vat = shop.current_tax.filter(|_| with_all == current);
        Ok((total, vat))
    }

    /// True when the lines and the extras make this total.
    fn make(&self, lines: &[OrderLine], total: Decimal) -> Result<bool, Failure> {
        let total = self.money("current_total_price", total)?;
        let extras = self.extras(lines, total)?;
        let all = || lines.iter().chain(&extras);
        let vat = all().flat_map(|line| line.vat.iter().map(|vat| vat.amount));
        Ok(self.sum(all().map(|line| line.net).chain(vat))? == total)
    }

    /// Units by line index that an edit took off: missing now, and not in a refund that paid money back.
    fn units_removed(&self) -> HashMap<usize, Decimal> {
        let mut refunded: HashMap<&str, Decimal> = HashMap::new();
        for refund in self.shop.refunds.iter().filter(|refund| !refund.paid.is_zero()) {
            for (line, units) in refund.units.iter().flatten() {
                let sum = refunded.entry(line).or_default();
                *sum = sum.saturating_add(*units);
            }
        }
        let mut removed = HashMap::new();
        for (index, line) in self.shop.lines.iter().enumerate() {
            let Some(current) = line.current_quantity else { continue };
            let back = refunded.get(line.id.as_str()).copied().unwrap_or_default();
            let missing = line.quantity.saturating_sub(current).saturating_sub(back);
            if missing > Decimal::ZERO && missing <= line.quantity {
                removed.insert(index, missing);
            }
        }
        removed
    }

    fn is_gift_card(&self, line: &Line) -> bool {
        let ids = [line.sku.as_deref(), line.product_id.as_deref()];
        line.gift_card
            || self.rules.gift_card_products.iter().any(|product| ids.contains(&Some(product.as_str())))
    }

    fn money(&self, place: &str, amount: Decimal) -> Result<Money, Failure> {
        Money::from_decimal(amount, self.currency).map_err(|error| unreadable(place, error))
    }

    fn sum(&self, amounts: impl IntoIterator<Item = Money>) -> Result<Money, Failure> {
        Money::sum(self.currency, amounts).map_err(|error| unreadable("the sums", error))
    }

    /// A line with `left` of its units.
    fn line(&self, place: &str, line: &Line, kind: LineKind, left: Decimal) -> Result<OrderLine, Failure> {
        let part = |place: &str, amount: Decimal| -> Result<Money, Failure> {
            if left == line.quantity {
                return self.money(place, amount);
            }
            let share = amount.checked_mul(left).and_then(|product| product.checked_div(line.quantity));
            let share = share.ok_or_else(|| unreadable(place, "the amount is too large"))?;
            Money::round_decimal(share, self.currency).map_err(|error| unreadable(place, error))
        };
        let taxes = format!("{place}.tax_lines");
        let by_rate = self.taxes_by_rate(line, left);
        let mut vat = Vec::with_capacity(line.taxes.len());
        for (index, tax) in line.taxes.iter().enumerate() {
            let reckoned = by_rate.as_ref().and_then(|amounts| amounts.get(index).copied());
            vat.push(VatAmount {
                rate: tax.rate.and_then(per_cent),
                amount: reckoned.map_or_else(|| part(&taxes, tax.amount), Ok)?,
                label: tax.title.clone(),
                compound: false,
                remitted_by_marketplace: tax.channel_liable,
            });
        }
        let price = part(&format!("{place}.price"), line.amount)?;
        let discount = part(&format!("{place}.discount_allocations"), line.discount)?;
        let tax = self.sum(vat.iter().map(|vat| vat.amount))?;
        let inside = if self.shop.taxes_included { tax } else { self.currency.zero() };
        let overflow = |error| unreadable(place, error);
        let net = price.minus(discount).and_then(|after| after.minus(inside)).map_err(overflow)?;
        let net_before_discount = self.before_discount(price, discount, net, &vat)?;
        Ok(OrderLine {
            id: line.id.clone(),
            kind,
            sku: line.sku.clone(),
            product_id: line.product_id.clone(),
            name: line.name.clone(),
            quantity: left,
            net_before_discount,
            net,
            vat,
        })
    }

    /// The taxes on some of a line's units, reckoned from the rates as Shopify does when an edit takes the others off: 4.00 of 19.98,
    /// where two thirds of the 5.99 of 29.97 would be 3.99. `None` where the rates do not give the taxes of the whole line either,
    /// so that a share of those says more.
    fn taxes_by_rate(&self, line: &Line, left: Decimal) -> Option<Vec<Money>> {
        if left == line.quantity {
            return None;
        }
        let rates: Vec<Decimal> = line.taxes.iter().map(|tax| tax.rate).collect::<Option<_>>()?;
        let all = rates.iter().try_fold(Decimal::ONE, |sum, rate| sum.checked_add(*rate))?;
        let within = if self.shop.taxes_included { all } else { Decimal::ONE };
        let price = line.amount.checked_sub(line.discount)?;
        let reckoned = |price: Decimal| -> Option<Vec<Money>> {
            let tax = |rate: &Decimal| {
                let tax = price.checked_mul(*rate)?.checked_div(within)?;
                Money::round_decimal(tax, self.currency).ok()
            };
            rates.iter().map(tax).collect()
        };
        let stated = line.taxes.iter().map(|tax| Money::from_decimal(tax.amount, self.currency).ok());
        if reckoned(price)? != stated.collect::<Option<Vec<_>>>()? {
            return None;
        }
        reckoned(price.checked_mul(left)?.checked_div(line.quantity)?)
    }

    /// The net price before discounts. Where prices hold the tax it is reckoned, since Shopify states the tax after
    /// discounts only; nothing but the wording of a discount depends on it.
    fn before_discount(
        &self,
        price: Money,
        discount: Money,
        net: Money,
        vat: &[VatAmount],
    ) -> Result<Money, Failure> {
        let overflow = |error| unreadable("the discounts", error);
        if !self.shop.taxes_included || discount.is_zero() {
            return net.plus(discount).map_err(overflow);
        }
        let after = price.minus(discount).map_err(overflow)?;
        let share = if after.is_zero() {
            let rates: Decimal = vat.iter().filter_map(|vat| vat.rate).map(Percentage::per_cent).sum();
            Decimal::ONE_HUNDRED.checked_div(Decimal::ONE_HUNDRED.saturating_add(rates))
        } else {
            net.to_decimal().checked_div(after.to_decimal())
        };
        let reckoned = share.and_then(|share| price.to_decimal().checked_mul(share));
        let before = reckoned
            .map_or(Ok(net), |amount| Money::round_decimal(amount, self.currency))
            .map_err(overflow)?;
        Ok(if before.minor() < net.minor() { net } else { before })
    }

    /// Tips, duties and fees that are part of the total.
    ///
    /// Whether they are, and whether a tip is already a line, differs between versions and channels: those are taken that
    /// make the stated total. When none does, all are, and the order does not agree with itself.
    fn extras(&self, lines: &[OrderLine], total: Money) -> Result<Vec<OrderLine>, Failure> {
        let shop = self.shop;
        let mut groups: Vec<Vec<OrderLine>> = Vec::new();
        if !shop.tip.is_zero() {
            groups.push(vec![self.tip()?]);
        }
        if !shop.duties_included && !shop.duties.is_empty() {
            let duties = shop.duties.iter().enumerate();
            groups.push(
                duties
                    .map(|(index, duty)| {
                        self.line(&format!("duties[{index}]"), duty, LineKind::Duty, duty.quantity)
                    })
                    .collect::<Result<_, _>>()?,
            );
        }
        if !shop.fees.is_empty() {
            let fees = shop.fees.iter().enumerate();
            groups.push(
                fees.map(|(index, fee)| {
                    self.line(&format!("additional_fees[{index}]"), fee, LineKind::Fee, fee.quantity)
                })
                .collect::<Result<_, _>>()?,
            );
        }
        let base = self.gross(lines)?;
        let sums = groups.iter().map(|group| self.gross(group)).collect::<Result<Vec<_>, _>>()?;
        // From all of them to none, so that the fullest choice that fits is taken.
        for choice in (0..1_usize << groups.len()).rev() {
            let chosen = |index: &usize| choice >> index & 1 == 1;
            let picked = (0..groups.len()).filter(chosen).map(|index| sums[index]);
            if self.sum(picked.chain([base]))? == total {
                let kept = groups.into_iter().enumerate().filter(|(index, _)| chosen(index));
                return Ok(kept.flat_map(|(_, group)| group).collect());
            }
        }
        Ok(groups.into_iter().flatten().collect())
    }

    fn tip(&self) -> Result<OrderLine, Failure> {
        let net = self.money("total_tip_received", self.shop.tip)?;
        Ok(self.own_line("tip", LineKind::Tip, "Tip", net))
    }

    /// Rounding of a cash payment stands outside Shopify's total, but the buyer paid it.
    fn add_cash_rounding(&self, lines: &mut Vec<OrderLine>, total: Money) -> Result<Money, Failure> {
        let rounding = self.money("total_cash_rounding", self.shop.cash_rounding)?;
        if rounding.is_zero() {
            return Ok(total);
        }
        lines.push(self.own_line("cash-rounding", LineKind::CashRounding, "Cash rounding", rounding));
        total.plus(rounding).map_err(|error| unreadable("total_cash_rounding", error))
    }

    fn own_line(&self, id: &str, kind: LineKind, name: &str, net: Money) -> OrderLine {
        OrderLine {
            id: id.to_owned(),
            kind,
            sku: None,
            product_id: None,
            name: name.to_owned(),
            quantity: Decimal::ONE,
            net_before_discount: net,
            net,
            vat: Vec::new(),
        }
    }

    fn gross(&self, lines: &[OrderLine]) -> Result<Money, Failure> {
        let amounts = lines.iter().flat_map(|line| line.vat.iter().map(|vat| vat.amount).chain([line.net]));
        self.sum(amounts)
    }
}

/// 0.25 as 25 per cent. Rates come as numbers whose last digits may be noise: four decimals are kept.
fn per_cent(fraction: Decimal) -> Option<Percentage> {
    fraction.checked_mul(Decimal::ONE_HUNDRED).map(|rate| Percentage::new(rate.round_dp(4)))
}
