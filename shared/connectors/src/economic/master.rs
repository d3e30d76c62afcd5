//! The slowly changing part of an agreement, read in as few calls as its surfaces allow.
//!
//! Calls: one each for the agreement itself, product groups, VAT codes, VAT zones, terms, layouts, customer groups, currencies,
//! accounting years and (all at once, from the OpenAPI) periods and journals; one for each product group's sales accounts; and one more for
//! accounts whose VAT code those did not state. With 8 groups that is 19 or 20.
//!
//! VAT stands on no line: the recipient's VAT zone and the product's group lead to a sales account, its VAT code to the rate.

use std::collections::{BTreeMap, BTreeSet};

use domain::Failure;
use domain::catalogue::{MasterData, PaymentTerm, Period, ProductGroup, VatRounding};
use domain::money::{Currency, Percentage};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::client::{Item, parse, read_all, read_cursor, read_item};
use super::errors::refused;
use super::filter::{Filter, IN_LIST_LIMIT};
use super::journals;
use super::wire::{AccountReference, CustomerReference, Number, VatZoneReference};
use crate::http::{Call, Transport};

const PERIODS: &str = "/accountingyearsapi/v2.0.1/accountingYears/periods";

/// How VAT is rounded is stated nowhere [U]; the settings say otherwise where a merchant's documents show it.
const ASSUMED_ROUNDING: VatRounding = VatRounding::PerRate;

pub(super) async fn read(transport: &dyn Transport) -> Result<MasterData, Failure> {
    let agreement = agreement(transport).await?;
    Ok(MasterData {
        base_currency: agreement.base_currency,
        inventory: agreement.inventory,
        currencies: currencies(transport, agreement.base_currency).await?,
        product_groups: product_groups(transport).await?,
        vat_zones: vat_zones(transport).await?,
        payment_terms: payment_terms(transport).await?,
        layouts: layouts(transport).await?,
        customer_groups: customer_groups(transport).await?,
        periods: periods(transport).await?,
        vat_rounding: ASSUMED_ROUNDING,
        journals: journals::taking(transport).await?,
    })
}

/// What `/self` says of the agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agreement {
    /// The currency that its books are kept in.
    pub(super) base_currency: Currency,
    /// It has the inventory module.
    pub(super) inventory: bool,
}

#[derive(Debug, Deserialize)]
struct SelfAnswer {
    settings: SettingsAnswer,
    #[serde(default)]
    modules: Vec<ModuleAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SettingsAnswer {
    base_currency: String,
}

#[derive(Debug, Deserialize)]
struct ModuleAnswer {
    name: Option<String>,
}

pub(super) async fn agreement(transport: &dyn Transport) -> Result<Agreement, Failure> {
    let raw = read_item(transport, "/self".to_owned())
        .await?
        .ok_or_else(|| refused("unreadable", "e-conomic does not tell of the agreement (/self)"))?;
    let answer: SelfAnswer = parse(&raw, Call::Read, "/self")?;
    let base_currency = answer.settings.base_currency.parse().map_err(|_| {
        refused(
            "unknown-currency",
            format!("the agreement's currency {:?} is unknown", answer.settings.base_currency),
        )
    })?;
    let is_inventory = |module: &ModuleAnswer| {
        let name = module.name.as_deref().unwrap_or_default().to_lowercase();
        name.contains("inventory") || name.contains("lager")
    };
    Ok(Agreement { base_currency, inventory: answer.modules.iter().any(is_inventory) })
}

#[derive(Debug, Deserialize)]
struct CurrencyAnswer {
    code: String,
}

async fn currencies(transport: &dyn Transport, base: Currency) -> Result<Vec<String>, Failure> {
    let answers = read_all::<CurrencyAnswer>(transport, "/currencies", None).await?;
    let mut codes: BTreeSet<String> = answers.into_iter().map(|(currency, _)| currency.code).collect();
    codes.insert(base.code().to_owned());
    Ok(codes.into_iter().collect())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupAnswer {
    product_group_number: u32,
    #[serde(default)]
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SalesAccountAnswer {
    sales_account: Option<AccountAnswer>,
    vat_zone: VatZoneReference,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountAnswer {
    account_number: u32,
    barred: Option<bool>,
    vat_account: Option<VatCodeReference>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VatCodeReference {
    vat_code: Option<String>,
}

impl AccountAnswer {
    fn vat_code(&self) -> Option<&str> {
        self.vat_account.as_ref()?.vat_code.as_deref().filter(|code| !code.is_empty())
    }
}

async fn product_groups(transport: &dyn Transport) -> Result<BTreeMap<u32, ProductGroup>, Failure> {
    let mut accounts_of_groups = Vec::new();
    for (group, _) in read_all::<GroupAnswer>(transport, "/product-groups", None).await? {
        let path =
            Item::of("/product-groups", u64::from(group.product_group_number))?.path_to("sales-accounts");
        let accounts = read_all::<SalesAccountAnswer>(transport, &path, None).await?;
        accounts_of_groups.push((group, accounts));
    }
    let unstated: BTreeSet<u32> = accounts_of_groups
        .iter()
        .flat_map(|(_, accounts)| accounts)
        .filter_map(|(entry, _)| entry.sales_account.as_ref())
        .filter(|account| account.vat_code().is_none() || account.barred.is_none())
        .map(|account| account.account_number)
        .collect();
    let stated = accounts_by_number(transport, &unstated).await?;
    let rates = rates_by_code(transport).await?;
    let mut groups = BTreeMap::new();
    for (group, accounts) in accounts_of_groups {
        let mut rate_by_zone = BTreeMap::new();
        for (entry, _) in accounts {
            let Some(account) = entry.sales_account else { continue };
            let account = stated.get(&account.account_number).cloned().unwrap_or(account);
            if let Some(rate) = rate_of(&account, &rates) {
                rate_by_zone.insert(entry.vat_zone.number, rate);
            }
        }
        let number = group.product_group_number;
        groups.insert(number, ProductGroup { number, name: group.name, rate_by_zone });
    }
    Ok(groups)
}

/// The rate an account leads to: none when nothing can be posted on it or its VAT code is barred or gone, 0 when it has no code.
fn rate_of(account: &AccountAnswer, rates: &BTreeMap<String, Option<Percentage>>) -> Option<Percentage> {
    if account.barred == Some(true) {
        return None;
    }
    match account.vat_code() {
        None => Some(Percentage::ZERO),
        Some(code) => rates.get(code).copied().flatten(),
    }
}

/// Sales accounts that were answered without a VAT code or without saying whether they are barred may have been shortened there,
/// so the accounts themselves are asked.
async fn accounts_by_number(
    transport: &dyn Transport,
    numbers: &BTreeSet<u32>,
) -> Result<BTreeMap<u32, AccountAnswer>, Failure> {
    let numbers: Vec<u32> = numbers.iter().copied().collect();
    let mut accounts = BTreeMap::new();
    for chunk in numbers.chunks(IN_LIST_LIMIT) {
        let filter = Filter::one_of("accountNumber", chunk);
        for (account, _) in read_all::<AccountAnswer>(transport, "/accounts", Some(filter)).await? {
            accounts.insert(account.account_number, account);
        }
    }
    Ok(accounts)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VatAccountAnswer {
    vat_code: String,
    rate_percentage: Option<Number>,
    barred: Option<bool>,
}

async fn rates_by_code(transport: &dyn Transport) -> Result<BTreeMap<String, Option<Percentage>>, Failure> {
    let answers = read_all::<VatAccountAnswer>(transport, "/vat-accounts", None).await?;
    let rate = |answer: &VatAccountAnswer| {
        let rate = answer.rate_percentage.map_or(Decimal::ZERO, |rate| rate.0);
        (answer.barred != Some(true)).then(|| Percentage::new(rate))
    };
    Ok(answers.into_iter().map(|(answer, _)| (answer.vat_code.clone(), rate(&answer))).collect())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ZoneAnswer {
    vat_zone_number: u32,
    #[serde(default)]
    name: String,
    enabled_for_customer: Option<bool>,
}

async fn vat_zones(transport: &dyn Transport) -> Result<BTreeMap<u32, String>, Failure> {
    let zones = read_all::<ZoneAnswer>(transport, "/vat-zones", None).await?;
    Ok(zones
        .into_iter()
        .filter(|(zone, _)| zone.enabled_for_customer != Some(false))
        .map(|(zone, _)| (zone.vat_zone_number, zone.name))
        .collect())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TermAnswer {
    payment_terms_number: u32,
    #[serde(default)]
    name: String,
    payment_terms_type: String,
    days_of_credit: Option<u32>,
    contra_account_for_prepaid_amount: Option<AccountReference>,
    percentage_for_prepaid_amount: Option<Number>,
    credit_card_company: Option<CustomerReference>,
}

impl TermAnswer {
    /// Whether booking settles the invoice: the debt is the card company's, or goes whole to a contra account. That a cash term
    /// always has its contra account is assumed [U]; e-conomic's own form requires it.
    fn settles(&self) -> bool {
        let all_prepaid =
            self.percentage_for_prepaid_amount.is_none_or(|part| part.0 == Decimal::ONE_HUNDRED);
        self.credit_card_company.is_some()
            || self.payment_terms_type == "paidInCash"
            || (self.contra_account_for_prepaid_amount.is_some() && all_prepaid)
    }
}

async fn payment_terms(transport: &dyn Transport) -> Result<BTreeMap<u32, PaymentTerm>, Failure> {
    let terms = read_all::<TermAnswer>(transport, "/payment-terms", None).await?;
    let term = |answer: TermAnswer| PaymentTerm {
        number: answer.payment_terms_number,
        settles: answer.settles(),
        name: answer.name,
        kind: answer.payment_terms_type,
        days: answer.days_of_credit,
    };
    Ok(terms.into_iter().map(|(answer, _)| (answer.payment_terms_number, term(answer))).collect())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LayoutAnswer {
    layout_number: u32,
    #[serde(default)]
    name: String,
    deleted: Option<bool>,
}

async fn layouts(transport: &dyn Transport) -> Result<BTreeMap<u32, String>, Failure> {
    let layouts = read_all::<LayoutAnswer>(transport, "/layouts", None).await?;
    Ok(layouts
        .into_iter()
        .filter(|(layout, _)| layout.deleted != Some(true))
        .map(|(layout, _)| (layout.layout_number, layout.name))
        .collect())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomerGroupAnswer {
    customer_group_number: u32,
    #[serde(default)]
    name: String,
}

async fn customer_groups(transport: &dyn Transport) -> Result<BTreeMap<u32, String>, Failure> {
    let groups = read_all::<CustomerGroupAnswer>(transport, "/customer-groups", None).await?;
    Ok(groups.into_iter().map(|(group, _)| (group.customer_group_number, group.name)).collect())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct YearAnswer {
    year: String,
    from_date: Date,
    to_date: Date,
    closed: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LegacyPeriodAnswer {
    from_date: Date,
    to_date: Date,
    closed: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PeriodAnswer {
    date_from: String,
    date_to: String,
    is_closed: bool,
    is_barred: bool,
}

/// Accounting years and periods: a day is open when it is in a year, and neither that year nor a period of it is closed or barred.
async fn periods(transport: &dyn Transport) -> Result<Vec<Period>, Failure> {
    let years = read_all::<YearAnswer>(transport, "/accounting-years", None).await?;
    let mut periods: Vec<Period> = Vec::new();
    for (year, _) in &years {
        periods.push(Period { from: year.from_date, to: year.to_date, closed: year.closed == Some(true) });
    }
    if let Some(answers) = read_cursor::<PeriodAnswer>(transport, PERIODS, None).await? {
        for answer in answers {
            let closed = answer.is_closed || answer.is_barred;
            periods.push(Period { from: day(&answer.date_from)?, to: day(&answer.date_to)?, closed });
        }
    } else {
        // Without the right to this service only the legacy surface is left, which knows closed periods but no barred ones.
        for (year, _) in years.iter().filter(|(year, _)| year.closed != Some(true)) {
            periods.extend(legacy_periods(transport, &year.year).await?);
        }
    }
    periods.sort_by_key(|period| (period.from, period.to, period.closed));
    periods.dedup();
    Ok(periods)
}

async fn legacy_periods(transport: &dyn Transport, year: &str) -> Result<Vec<Period>, Failure> {
    // A year across two calendar years is written `2026/2027`, and its slash as `_6_` in addresses [U]; such a year's periods
    // are left to its own `closed`.
    if !year.chars().all(|character| character.is_ascii_alphanumeric()) {
        return Ok(Vec::new());
    }
    let path = format!("/accounting-years/{year}/periods");
    let answers = read_all::<LegacyPeriodAnswer>(transport, &path, None).await?;
    let period = |answer: LegacyPeriodAnswer| Period {
        from: answer.from_date,
        to: answer.to_date,
        closed: answer.closed == Some(true),
    };
    Ok(answers.into_iter().map(|(answer, _)| period(answer)).collect())
}

/// The day of a date-time (`2026-01-01T00:00:00`); these are days of the agreement, whatever zone is written behind them.
fn day(text: &str) -> Result<Date, Failure> {
    text.get(..10)
        .and_then(|day| day.parse().ok())
        .ok_or_else(|| refused("unreadable", "an accounting period begins or ends on no date"))
}
