//! From a product of the shop, the merchant's settings and a snapshot of the target to one decision.
//!
//! The same plan as an order's: pure, stored before the first write, carried out under the same rules. A product has many
//! variants, each with a number of its own in the target; what is wrong with one of them keeps none of the others back, and
//! is told when the rest is done. Nothing is ever deleted in the target: what was sold must be able to be credited.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::{Decimal, RoundingStrategy};

use super::hold;
use super::products::LONGEST_NUMBER;
use crate::catalogue::{KnownProduct, MasterData, ProductCatalogue};
use crate::document::Totals;
use crate::identity::{AgreementId, Effect, EffectKey, TransferId};
use crate::money::{Money, Percentage};
use crate::plan::{
    Decision, PLAN_SCHEMA, Plan, ProductChange, ProductChangeStep, ProductPart, ProductStep, Reason, Step,
    hash_json,
};
use crate::settings::{CatalogueGroup, GoneProduct, NumberFrom, Settings, ShopPrices, UpdateWhen};
use crate::shop_product::{ShopProduct, ShopProductKind, ShopProductStatus};

/// Steps of one plan, at most. Each is a write, and the locks of all of them are taken in one go.
const MOST_STEPS: usize = 20;
/// Longest name of a product in the target (e-conomic: 300).
const LONGEST_NAME: usize = 300;
/// Products that a reason names, at most.
const MOST_NAMED: usize = 10;

/// Everything a product's plan is made of.
#[derive(Clone, Copy, Debug)]
pub struct ProductInput<'a> {
    /// Whose and what.
    pub transfer: &'a TransferId,
    /// The company written to.
    pub agreement: &'a AgreementId,
    /// The product's entries as they are now; none when it is gone.
    pub entries: &'a [ShopProduct],
    /// Settings of the flow.
    pub settings: &'a Settings,
    /// Their version.
    pub settings_version: u64,
    /// The target, with what [`product_numbers`] asked for.
    pub catalogue: &'a ProductCatalogue,
    /// [`ProductCatalogue::hash`] of it.
    pub catalogue_hash: &'a str,
    /// The last plan of this product that was carried out.
    pub earlier: Option<&'a Plan>,
}

/// The number that an entry has in the target by the settings; `None` when it has none in the shop.
pub(crate) fn number_of(entry: &ShopProduct, settings: &Settings) -> Option<String> {
    let sku = entry.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty()).map(str::to_owned);
    match settings.products.number_from {
        NumberFrom::Sku => sku,
        NumberFrom::SkuOrProductId => sku.or_else(|| Some(entry.id().to_owned())),
        NumberFrom::ProductId => Some(entry.id().to_owned()),
    }
}

/// The numbers that must be read from the target before a product is planned: those it has, and those it had.
pub fn product_numbers(entries: &[ShopProduct], settings: &Settings, earlier: Option<&Plan>) -> Vec<String> {
    let now = entries
        .iter()
        .filter(|entry| is_carried(entry, settings))
        .filter_map(|entry| number_of(entry, settings).filter(|number| length(number) <= LONGEST_NUMBER));
    let before = numbers_before(earlier).iter().map(|(_, number)| number.clone());
    now.chain(before).collect::<BTreeSet<String>>().into_iter().collect()
}

/// Length as the target counts it: in units of UTF-16.
fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn numbers_before(earlier: Option<&Plan>) -> &[(String, String)] {
    earlier.and_then(|plan| plan.product.as_ref()).map_or(&[], |part| part.numbers.as_slice())
}

/// True for an entry that needs a number in the target at all.
pub(crate) fn is_carried(entry: &ShopProduct, settings: &Settings) -> bool {
    let catalogue = &settings.products.catalogue;
    entry.is_sold()
        // Gift cards go on the number that the settings name for them.
        && !entry.gift_card
        && (entry.kind != ShopProductKind::Bundle || catalogue.bundles)
        && match entry.status {
            ShopProductStatus::Active => true,
            ShopProductStatus::Draft => catalogue.drafts,
            ShopProductStatus::Archived => false,
        }
}

/// What is wrong with one entry: a code, the product it is told by, and the facts beside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: Reason,
    /// How people know the product: its number, or its name where it has none.
    pub(crate) product: String,
}

impl Fault {
    pub(crate) fn of(reason: Reason, product: &str) -> Fault {
        Fault { reason, product: product.to_owned() }
    }
}

/// The sound number of an entry.
///
/// # Errors
/// No number, one that is too long, or one of an entry that cannot be read.
pub(crate) fn sound_number(entry: &ShopProduct, settings: &Settings) -> Result<String, Fault> {
    let Some(number) = number_of(entry, settings) else {
        return Err(Fault::of(hold("product-without-sku"), &entry.name));
    };
    if let Some(unreadable) = &entry.unreadable {
        return Err(Fault::of(hold("product-unreadable").with("message", unreadable), &number));
    }
    if length(&number) > LONGEST_NUMBER {
        let reason = hold("product-sku-too-long").with("limit", LONGEST_NUMBER);
        return Err(Fault::of(reason, &number));
    }
    Ok(number)
}

/// What the target's groups say about an entry.
pub(crate) struct Grouping<'a> {
    pub(crate) master: &'a MasterData,
    pub(crate) settings: &'a Settings,
}

impl Grouping<'_> {
    /// The rate that a group gives at home.
    pub(crate) fn rate_at_home(&self, group: u32) -> Option<Percentage> {
        let zone = self.settings.vat.zones.domestic;
        self.master.product_groups.get(&group)?.rate_by_zone.get(&zone).copied()
    }

    fn rule_for(&self, entry: &ShopProduct) -> Option<&CatalogueGroup> {
        let satisfies = |rule: &&CatalogueGroup| {
            rule.taxable.is_none_or(|taxable| taxable == entry.taxable)
                && rule.tax_class.as_ref().is_none_or(|class| *class == entry.tax_class)
                && rule.category.as_ref().is_none_or(|wanted| {
                    entry.categories.iter().any(|own| own.to_lowercase() == wanted.to_lowercase())
                })
        };
        self.settings.products.catalogue.groups.iter().find(satisfies)
    }

    /// The rate at home that the shop's VAT treatment means; `None` for a VAT class that only a rule can tell of.
    pub(crate) fn expected_rate(&self, entry: &ShopProduct) -> Option<Percentage> {
        if !entry.taxable {
            return Some(Percentage::ZERO);
        }
        if entry.tax_class.is_empty() {
            return Some(self.settings.products.catalogue.standard_rate);
        }
        self.rule_for(entry).and_then(|rule| self.rate_at_home(rule.group))
    }

    /// The group of an entry: named by a rule, by rate, or in general; where the settings name none, the only ordinary one that
    /// gives the rate.
    ///
    /// # Errors
    /// Which group is missing, wrong or not told.
    pub(crate) fn group_of(&self, entry: &ShopProduct, number: &str) -> Result<u32, Fault> {
        let products = &self.settings.products;
        let rule = self.rule_for(entry);
        let Some(rate) = self.expected_rate(entry) else {
            return match rule {
                Some(rule) => Err(self.no_group(rule.group, number)),
                None => {
                    let reason = hold("product-tax-class-unmapped").with("class", &entry.tax_class);
                    Err(Fault::of(reason, number))
                }
            };
        };
        let by_rate = products.groups_by_rate.iter().find(|own| own.rate == rate).map(|own| own.group);
        if let Some(group) = rule.map(|rule| rule.group).or(by_rate).or(products.group) {
            return self.check_rate(group, rate, number).map(|()| group);
        }
        if products.names_groups() {
            let reason = hold("product-group-unmapped").with("rate", rate).with("choices", "-");
            return Err(Fault::of(reason, number));
        }
        let fitting: Vec<u32> = self.ordinary_groups(rate);
        match fitting.as_slice() {
            [group] => Ok(*group),
            several => {
                let name = |group: &u32| {
                    format!("{group} {}", self.master.product_groups.get(group).map_or("", |own| &own.name))
                };
                let choices = several.iter().map(name).collect::<Vec<_>>().join("; ");
                let choices = if choices.is_empty() { "-".to_owned() } else { choices };
                let reason = hold("product-group-unmapped").with("rate", rate).with("choices", choices);
                Err(Fault::of(reason, number))
            }
        }
    }

    /// A group of ordinary goods carries no VAT abroad: see the group of products that orders make.
    fn ordinary_groups(&self, rate: Percentage) -> Vec<u32> {
        let zones = &self.settings.vat.zones;
        let ordinary = |rates: &BTreeMap<u32, Percentage>| {
            rates.get(&zones.domestic) == Some(&rate)
                && rates.get(&zones.abroad).is_some_and(|abroad| abroad.is_zero())
        };
        let groups = self.master.product_groups.values();
        groups.filter(|group| ordinary(&group.rate_by_zone)).map(|group| group.number).collect()
    }

    fn no_group(&self, group: u32, number: &str) -> Fault {
        let code = if self.master.product_groups.contains_key(&group) {
            "product-group-no-account"
        } else {
            "product-group-not-there"
        };
        Fault::of(Reason::new(code).with("group", group), number)
    }

    /// That a group gives at home the rate that the shop charges.
    ///
    /// # Errors
    /// It is not there, has no account at home, or gives another rate.
    pub(crate) fn check_rate(&self, group: u32, rate: Percentage, number: &str) -> Result<(), Fault> {
        let Some(gives) = self.rate_at_home(group) else { return Err(self.no_group(group, number)) };
        if gives == rate {
            return Ok(());
        }
        let name = self.master.product_groups.get(&group).map_or("", |own| &own.name);
        let reason = hold("product-group-other-vat")
            .with("group", group)
            .with("group-name", name)
            .with("gives", gives)
            .with("charged", rate);
        Err(Fault::of(reason, number))
    }
}

/// Code and facts that faults have in common.
type Alike<'f> = (&'f str, &'f [(String, String)]);

/// Faults of one code and the same facts as one reason each, in order of code, with how many products and which.
pub(crate) fn reasons(faults: &[Fault]) -> Vec<Reason> {
    let mut groups: BTreeMap<Alike<'_>, Vec<&str>> = BTreeMap::new();
    for fault in faults {
        let key = (fault.reason.code.as_str(), fault.reason.facts.as_slice());
        groups.entry(key).or_default().push(&fault.product);
    }
    let grouped = groups.into_iter().map(|((code, facts), products)| {
        let count = products.len();
        let mut named: Vec<String> =
            products.iter().take(MOST_NAMED).map(|product| (*product).to_owned()).collect();
        if count > MOST_NAMED {
            named.push(format!("+ {}", count - MOST_NAMED));
        }
        let reason = Reason { code: code.to_owned(), facts: facts.to_vec() };
        reason.with("count", count).with("products", named.join("; "))
    });
    grouped.collect()
}

/// Decides what is to be done with a product of the shop, and how.
pub fn plan_product(input: &ProductInput<'_>) -> Decision {
    if input.settings.products.catalogue.is_off() {
        return Decision::Skip(Reason::new("product-flow-off"));
    }
    if input.entries.is_empty() && numbers_before(input.earlier).is_empty() {
        return Decision::Skip(Reason::new("product-unknown"));
    }
    let mut work = Work::of(input);
    for entry in input.entries.iter().filter(|entry| is_carried(entry, input.settings)) {
        work.carry(entry);
    }
    work.let_go();
    work.decide()
}

/// What is gathered for one plan.
struct Work<'a> {
    input: &'a ProductInput<'a>,
    grouping: Grouping<'a>,
    ordinal: u32,
    steps: Vec<Step>,
    faults: Vec<Fault>,
    warnings: Vec<Reason>,
    numbers: Vec<(String, String)>,
    /// Numbers that more than one entry of this product has.
    twice: BTreeSet<String>,
}

impl<'a> Work<'a> {
    fn of(input: &'a ProductInput<'a>) -> Work<'a> {
        let mut seen = BTreeSet::new();
        let carried = input.entries.iter().filter(|entry| is_carried(entry, input.settings));
        let numbers = carried.filter_map(|entry| number_of(entry, input.settings));
        let twice = numbers.filter(|number| !seen.insert(number.clone())).collect();
        Work {
            input,
            grouping: Grouping { master: &input.catalogue.master, settings: input.settings },
            ordinal: input.earlier.map_or(1, |plan| plan.ordinal.saturating_add(1)),
            steps: Vec::new(),
            faults: Vec::new(),
            warnings: Vec::new(),
            numbers: Vec::new(),
            twice,
        }
    }

    /// One entry that is sold.
    fn carry(&mut self, entry: &ShopProduct) {
        let number = match sound_number(entry, self.input.settings) {
            Ok(number) => number,
            Err(fault) => return self.faults.push(fault),
        };
        let other = self.input.catalogue.claimed.get(&number);
        if self.twice.contains(&number) || other.is_some() {
            let fault = Fault::of(hold("product-number-twice"), &number);
            if !self.faults.contains(&fault) {
                self.faults.push(fault);
            }
            return;
        }
        let outcome = match self.input.catalogue.products.get(&number) {
            Some(known) => self.change(entry, known),
            None if self.input.settings.products.catalogue.create => self.create(entry, &number),
            // An order makes it when it is sold.
            None => return,
        };
        match outcome {
            Ok(step) => {
                self.steps.extend(step);
                self.numbers.push((entry.id().to_owned(), number));
            }
            Err(fault) => self.faults.push(fault),
        }
    }

    fn unit(&self, number: &str) -> Result<Option<u32>, Fault> {
        let Some(unit) = self.input.settings.products.unit else { return Ok(None) };
        match &self.input.catalogue.units {
            Some(units) if !units.contains_key(&unit) => {
                Err(Fault::of(hold("product-unit-missing").with("unit", unit), number))
            }
            _ => Ok(Some(unit)),
        }
    }

    fn create(&self, entry: &ShopProduct, number: &str) -> Result<Option<Step>, Fault> {
        let group = self.grouping.group_of(entry, number)?;
        let step = ProductStep {
            key: EffectKey::shared(
                &self.input.transfer.merchant,
                Effect::Product,
                &format!("number={number}"),
                self.input.agreement,
            ),
            number: number.to_owned(),
            name: printed_name(entry, number),
            group,
            sales_price: self.sales_price(entry, group),
            cost_price: self.cost_price(entry),
            unit: self.unit(number)?,
            barcode: entry.barcode.clone().unwrap_or_default().trim().to_owned(),
        };
        Ok(Some(Step::CreateProduct(step)))
    }

    /// Net, in the agreement's own currency.
    fn sales_price(&self, entry: &ShopProduct, group: u32) -> Option<Money> {
        let price = entry.price?;
        let net = match self.input.settings.products.catalogue.prices {
            ShopPrices::NotUsed => return None,
            ShopPrices::WithoutVat => price,
            ShopPrices::WithVat => {
                let rate = self.grouping.rate_at_home(group)?.per_cent();
                price.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(Decimal::ONE_HUNDRED + rate)?
            }
        };
        self.money(net)
    }

    fn cost_price(&self, entry: &ShopProduct) -> Option<Money> {
        self.money(entry.cost?)
    }

    fn money(&self, amount: Decimal) -> Option<Money> {
        Money::round_decimal(amount, self.input.catalogue.master.base_currency).ok()
    }

    /// The fields of a product that exists which the merchant's rules say are to be changed. What the shop leaves empty is never
    /// cleared, and a product that somebody barred is left alone.
    fn change(&self, entry: &ShopProduct, known: &KnownProduct) -> Result<Option<Step>, Fault> {
        if known.barred {
            return Ok(None);
        }
        let rules = &self.input.settings.products.catalogue.update;
        let due = |when: UpdateWhen, empty: bool, same: bool| match when {
            UpdateWhen::Never => false,
            UpdateWhen::WhenEmpty => empty && !same,
            UpdateWhen::Always => !same,
        };
        let mut changes = Vec::new();
        let name = printed_name(entry, &known.number);
        if due(rules.name, known.name.trim().is_empty(), known.name.trim() == name) {
            changes.push(ProductChange::Name(name));
        }
        // A product always has a group: only `always` moves it.
        let group = match rules.group {
            UpdateWhen::Always => self.grouping.group_of(entry, &known.number)?,
            UpdateWhen::Never | UpdateWhen::WhenEmpty => known.group,
        };
        if group != known.group {
            changes.push(ProductChange::Group(group));
        }
        let amount = |known: Option<Decimal>| known.filter(|amount| !amount.is_zero());
        let same = |known: Option<Decimal>, wanted: Money| {
            let cents =
                known.map(|own| own.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero));
            cents == Some(wanted.to_decimal())
        };
        if let Some(price) = self.sales_price(entry, group).filter(|price| !price.is_zero())
            && due(rules.sales_price, amount(known.sales_price).is_none(), same(known.sales_price, price))
        {
            changes.push(ProductChange::SalesPrice(price));
        }
        if let Some(price) = self.cost_price(entry).filter(|price| !price.is_zero())
            && due(rules.cost_price, amount(known.cost_price).is_none(), same(known.cost_price, price))
        {
            changes.push(ProductChange::CostPrice(price));
        }
        if rules.unit != UpdateWhen::Never
            && let Some(unit) = self.unit(&known.number)?
            && due(rules.unit, known.unit.is_none(), known.unit == Some(unit))
        {
            changes.push(ProductChange::Unit(unit));
        }
        let barcode = entry.barcode.as_deref().unwrap_or_default().trim();
        if !barcode.is_empty() && due(rules.barcode, known.barcode.is_empty(), known.barcode == barcode) {
            changes.push(ProductChange::Barcode(barcode.to_owned()));
        }
        Ok(self.changing(&known.number, changes))
    }

    fn changing(&self, number: &str, changes: Vec<ProductChange>) -> Option<Step> {
        if changes.is_empty() {
            return None;
        }
        let key = EffectKey::shared(
            &self.input.transfer.merchant,
            Effect::ProductChange,
            &format!("{} {} number={number}", self.input.transfer, self.ordinal),
            self.input.agreement,
        );
        Some(Step::ChangeProduct(ProductChangeStep { key, number: number.to_owned(), changes }))
    }

    /// Numbers that this product had and has no more: its variant is gone, or is called otherwise now.
    fn let_go(&mut self) {
        let settings = self.input.settings;
        let now: BTreeSet<String> =
            self.input.entries.iter().filter_map(|entry| number_of(entry, settings)).collect();
        for (id, number) in numbers_before(self.input.earlier) {
            let entry = self.input.entries.iter().find(|entry| entry.id() == id);
            let put_away = entry.is_some_and(|entry| entry.status == ShopProductStatus::Archived);
            if now.contains(number) && !put_away {
                continue;
            }
            if let Some(renamed) =
                entry.and_then(|entry| number_of(entry, settings)).filter(|new| new != number)
            {
                let reason = Reason::new("product-renumbered").with("before", number).with("now", renamed);
                self.warnings.push(reason);
            }
            // Another product of the shop may have taken the number over.
            let known = self.input.catalogue.products.get(number);
            let open = known.is_some_and(|known| !known.barred);
            let taken = self.input.catalogue.claimed.contains_key(number);
            if settings.products.catalogue.gone == GoneProduct::Bar && open && !taken {
                self.steps.extend(self.changing(number, vec![ProductChange::Barred(true)]));
            }
        }
    }

    /// Numbers that the plan before went on from and that still differ: the target refused them. One plan goes on from another only
    /// while neither the product nor the settings change.
    fn passed(&self) -> Vec<String> {
        let Some((earlier, part)) = self.input.earlier.and_then(|plan| Some((plan, plan.product.as_ref()?)))
        else {
            return Vec::new();
        };
        let same = earlier.settings_version == self.input.settings_version
            && earlier.content_hash == hash_json(&self.input.entries);
        if !part.more || !same {
            return Vec::new();
        }
        let before: BTreeSet<&str> = earlier
            .steps
            .iter()
            .filter_map(number_of_step)
            .chain(part.passed.iter().map(String::as_str))
            .collect();
        let left: BTreeSet<&str> = self.steps.iter().filter_map(number_of_step).collect();
        before.intersection(&left).map(|number| (*number).to_owned()).collect()
    }

    fn decide(mut self) -> Decision {
        let mut faults = reasons(&self.faults);
        let passed = self.passed();
        let is_passed = |step: &Step| passed.iter().any(|passed| number_of_step(step) == Some(passed));
        self.steps.retain(|step| !is_passed(step));
        if self.steps.is_empty() {
            let refused =
                || Reason::new("product-refused").with("products", passed.join(", ")).with("message", "");
            return match faults.drain(..).next() {
                Some(fault) => Decision::Hold(fault),
                None if !passed.is_empty() => Decision::Hold(refused()),
                None => Decision::Skip(Reason::new("product-up-to-date")),
            };
        }
        let more = self.steps.len() > MOST_STEPS;
        self.steps.truncate(MOST_STEPS);
        let input = self.input;
        let zero = input.catalogue.master.base_currency.zero();
        let first = self.numbers.first().map(|(_, number)| number.clone());
        let before = || numbers_before(input.earlier).first().map(|(_, number)| number.clone());
        Decision::Transfer(Box::new(Plan {
            schema: PLAN_SCHEMA,
            transfer: input.transfer.clone(),
            ordinal: self.ordinal,
            agreement: input.agreement.clone(),
            settings_version: input.settings_version,
            catalogue_hash: input.catalogue_hash.to_owned(),
            content_hash: hash_json(&input.entries),
            order_number: first.or_else(before).unwrap_or_else(|| input.transfer.entity.to_string()),
            reference: String::new(),
            order_total: zero,
            expected: Totals { net: zero, vat: zero, gross: zero },
            steps: self.steps,
            done: 0,
            on_gift_cards: None,
            payments: None,
            warnings: self.warnings,
            product: Some(ProductPart { faults, numbers: self.numbers, more, passed }),
            sold: Vec::new(),
            refunds: Vec::new(),
            adjustment: None,
        }))
    }
}

/// The number that a step writes.
fn number_of_step(step: &Step) -> Option<&str> {
    match step {
        Step::CreateProduct(step) => Some(&step.number),
        Step::ChangeProduct(step) => Some(&step.number),
        _ => None,
    }
}

/// The name as it stands on one line, within what the target has room for; the number where the shop gives no name.
fn printed_name(entry: &ShopProduct, number: &str) -> String {
    let line: String = entry.name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut length = 0;
    let fits = |character: &char| {
        length += character.len_utf16();
        length <= LONGEST_NAME
    };
    let name: String = line.trim().chars().take_while(fits).collect();
    if name.trim().is_empty() { number.to_owned() } else { name.trim().to_owned() }
}
