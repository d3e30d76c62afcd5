//! Master data on legacy REST: read only, except payment terms.

use super::error;
use super::model::{Account, AccountingYear, PaymentTerm, Period, ProductGroup, VatAccount};
use super::quirks::Quirk;
use super::{Agreement, LEGACY, schema};
use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use rust_decimal::Decimal;
use std::borrow::Cow;

const ACCOUNT_FIELDS: &[&str] = &["accountNumber", "accountType", "barred", "blockDirectEntries", "name"];
const GROUP_FIELDS: &[&str] = &["customerGroupNumber", "name", "account.accountNumber"];
const YEAR_FIELDS: &[&str] = &["fromDate", "toDate", "year"];
const PERIOD_FIELDS: &[&str] = &["periodNumber", "fromDate", "toDate"];
const SALES_ACCOUNT_FIELDS: &[&str] = &["salesAccount.accountNumber", "salesAccount.name"];
const JOURNAL_FIELDS: &[&str] = &["name", "journalNumber"];

impl Agreement {
    pub(super) fn master(&mut self, request: &Request, rest: &[&str]) -> Response {
        if let ("PUT" | "POST", ["payment-terms", number @ ..]) = (request.method.as_str(), rest) {
            return self.write_payment_term(request, number.first().copied());
        }
        if request.method != "GET" {
            return error::plain(405, None, "Method not allowed.");
        }
        match rest {
            ["product-groups", number, "sales-accounts"] => self.sales_accounts(request, number),
            ["accounting-years", year, "periods", tail @ ..] => self.periods(request, year, tail),
            [kind] => match self.list(kind) {
                Some((items, fields)) => {
                    self.collection(request, items.into_iter().map(|item| (Cow::Owned(item), true)), fields)
                }
                None => error::not_found(),
            },
            [kind, id] => self.one(kind, id),
            _ => error::not_found(),
        }
    }

    fn list(&self, kind: &str) -> Option<(Vec<Json>, &'static [&'static str])> {
        let master = &self.master;
        Some(match kind {
            "accounts" => (master.accounts.values().map(account).collect(), ACCOUNT_FIELDS),
            "vat-accounts" => (master.vat_accounts.values().map(vat_account).collect(), &[]),
            "vat-zones" => (master.vat_zones.values().map(vat_zone).collect(), &[]),
            "product-groups" => (master.product_groups.values().map(product_group).collect(), &[]),
            "customer-groups" => {
                (master.customer_groups.values().map(customer_group).collect(), GROUP_FIELDS)
            }
            "payment-terms" => (master.payment_terms.values().map(payment_term).collect(), &[]),
            "payment-types" => (named(&master.payment_types, "payment-types", "paymentTypeNumber"), &[]),
            "layouts" => (named(&master.layouts, "layouts", "layoutNumber"), &[]),
            "units" => (named(&master.units, "units", "unitNumber"), &[]),
            "departments" => (named(&master.departments, "departments", "departmentNumber"), &[]),
            "departmental-distributions" => (self.departmental_distributions(), &[]),
            "vat-types" => (vec![vat_type(1), vat_type(2)], &[]),
            "currencies" => (master.currencies.values().map(currency).collect(), &[]),
            "accounting-years" => (master.years.iter().map(year).collect(), YEAR_FIELDS),
            "journals" => (self.legacy_journals(), JOURNAL_FIELDS),
            _ => return None,
        })
    }

    fn one(&self, kind: &str, id: &str) -> Response {
        let Some((items, _)) = self.list(kind) else { return error::not_found() };
        let key = match kind {
            "accounts" => "accountNumber",
            "vat-accounts" => "vatCode",
            "vat-zones" => "vatZoneNumber",
            "product-groups" => "productGroupNumber",
            "customer-groups" => "customerGroupNumber",
            "payment-terms" => "paymentTermsNumber",
            "payment-types" => "paymentTypeNumber",
            "layouts" => "layoutNumber",
            "units" => "unitNumber",
            "departments" => "departmentNumber",
            "departmental-distributions" => "departmentalDistributionNumber",
            "vat-types" => "vatTypeNumber",
            "currencies" => "code",
            "journals" => "journalNumber",
            _ => "year",
        };
        let found = items.into_iter().find(|item| match item.get(key) {
            Some(Json::Number(text) | Json::String(text)) => text == id,
            _ => false,
        });
        found.map_or_else(error::not_found, |item| Response::json(200, &item))
    }

    fn departmental_distributions(&self) -> Vec<Json> {
        let mut items = named(
            &self.master.departments,
            "departmental-distributions/departments",
            "departmentalDistributionNumber",
        );
        items.iter_mut().for_each(|item| item.set("distributionType", "department"));
        items
    }

    fn sales_accounts(&self, request: &Request, number: &str) -> Response {
        let group = number.parse::<u32>().ok().and_then(|number| self.master.product_groups.get(&number));
        let Some(group) = group else { return error::not_found() };
        let items = group.sales_accounts.iter().filter_map(|(zone, number)| {
            let sales_account = account(self.master.accounts.get(number)?);
            let zone = vat_zone(self.master.vat_zones.get(zone)?);
            let item = object! { "productGroup": product_group(group), "vatZone": zone, "salesAccount": sales_account };
            Some((Cow::Owned(item), true))
        });
        self.collection(request, items, SALES_ACCOUNT_FIELDS)
    }

    fn periods(&self, request: &Request, key: &str, tail: &[&str]) -> Response {
        let Some(year) =
            self.master.years.iter().find(|year| year.year.replace('/', "_6_") == key || year.year == key)
        else {
            return error::not_found();
        };
        match tail {
            [] => {
                let items = year.periods.iter().map(|item| (Cow::Owned(period(year, item)), true));
                self.collection(request, items, PERIOD_FIELDS)
            }
            [number] => match year.periods.iter().find(|period| period.number.to_string() == *number) {
                Some(item) => Response::json(200, &period(year, item)),
                None => error::not_found(),
            },
            _ => error::not_found(),
        }
    }

    fn write_payment_term(&mut self, request: &Request, number: Option<&str>) -> Response {
        let clean = match super::read_body(request).and_then(|body| {
            schema::check(&body, schema::PAYMENT_TERM, &self.quirks)
                .map_err(|problems| error::invalid(&problems))
        }) {
            Ok(clean) => clean,
            Err(refusal) => return refusal,
        };
        let next = self.master.payment_terms.keys().next_back().map_or(1, |last| last + 1);
        let Ok(number) = number.map_or(Ok(next), str::parse::<u32>) else { return error::not_found() };
        let existed = self.master.payment_terms.contains_key(&number);
        if existed
            && self.documents().any(|document| {
                document.json.integer("paymentTerms.paymentTermsNumber") == Some(number.into())
            })
        {
            return error::plain(
                400,
                Some(error::IMMUTABLE_PAYMENT_TERM),
                "The payment term is in use and cannot be changed.",
            );
        }
        if !existed && request.method == "PUT" && !self.quirks.has(Quirk::PutUpserts) {
            return error::not_found();
        }
        let term = read_payment_term(number, &clean);
        let shown = payment_term(&term);
        self.master.payment_terms.insert(number, term);
        if existed { Response::json(200, &shown) } else { self.created(&shown) }
    }
}

fn read_payment_term(number: u32, clean: &Json) -> PaymentTerm {
    let contra = |account: &str, percentage: &str| {
        let account = clean.integer(account).and_then(|number| u32::try_from(number).ok())?;
        Some((account, clean.decimal(percentage).unwrap_or(Decimal::ONE_HUNDRED)))
    };
    PaymentTerm {
        number,
        name: clean.text("name").unwrap_or_default().to_string(),
        kind: clean.text("paymentTermsType").unwrap_or_default().to_string(),
        days: clean.integer("daysOfCredit").unwrap_or(0),
        contra_for_prepaid: contra(
            "contraAccountForPrepaidAmount.accountNumber",
            "percentageForPrepaidAmount",
        ),
        contra_for_remainder: contra(
            "contraAccountForRemainderAmount.accountNumber",
            "percentageForRemainderAmount",
        ),
        credit_card_company: clean
            .integer("creditCardCompany.customerNumber")
            .and_then(|number| u32::try_from(number).ok()),
    }
}

fn link(kind: &str, id: impl std::fmt::Display) -> String {
    format!("{LEGACY}/{kind}/{id}")
}

fn named(items: &std::collections::BTreeMap<u32, super::model::Named>, kind: &str, key: &str) -> Vec<Json> {
    items
        .values()
        .map(|item| {
            let mut json = Json::Object(Vec::new());
            json.set(key, item.number);
            json.set("name", &item.name);
            json.set("self", link(kind, item.number));
            json
        })
        .collect()
}

fn account(account: &Account) -> Json {
    let mut json = object! {
        "accountNumber": account.number,
        "accountType": &account.kind,
        "balance": Json::fixed(Decimal::ZERO, 2),
        "blockDirectEntries": account.block_direct_entries,
        "barred": account.barred,
        "debitCredit": "debit",
        "name": &account.name,
    };
    if let Some(code) = &account.vat_code {
        json.set("vatAccount", object! { "vatCode": code, "self": link("vat-accounts", code) });
    }
    json.set("self", link("accounts", account.number));
    json
}

fn vat_account(account: &VatAccount) -> Json {
    let mut json = object! {
        "vatCode": &account.code,
        "name": &account.name,
        "ratePercentage": Json::from(account.rate),
        "barred": account.barred,
        "account": object! { "accountNumber": account.account, "self": link("accounts", account.account) },
        "vatType": vat_type(account.vat_type),
        "self": link("vat-accounts", &account.code),
    };
    if let Some(contra) = account.contra_account {
        json.set("contraAccount", object! { "accountNumber": contra, "self": link("accounts", contra) });
    }
    json
}

/// A VAT zone as the server shows it.
pub(super) fn vat_zone(zone: &super::model::VatZone) -> Json {
    object! {
        "name": &zone.name,
        "vatZoneNumber": zone.number,
        "enabledForCustomer": true,
        "enabledForSupplier": zone.enabled_for_supplier,
        "self": link("vat-zones", zone.number),
    }
}

/// A product group as the server shows it.
pub(super) fn product_group(group: &ProductGroup) -> Json {
    let own = link("product-groups", group.number);
    object! {
        "productGroupNumber": group.number,
        "name": &group.name,
        "salesAccounts": format!("{own}/sales-accounts"),
        "products": format!("{own}/products"),
        "inventoryEnabled": group.inventory_enabled,
        "self": own,
    }
}

fn customer_group(group: &super::model::CustomerGroup) -> Json {
    object! {
        "customerGroupNumber": group.number,
        "name": &group.name,
        "account": object! { "accountNumber": group.account, "self": link("accounts", group.account) },
        "self": link("customer-groups", group.number),
    }
}

/// A payment term as the server shows it.
pub(super) fn payment_term(term: &PaymentTerm) -> Json {
    let mut json = object! { "paymentTermsNumber": term.number };
    if !matches!(term.kind.as_str(), "dueDate" | "prepaid" | "creditcard") {
        json.set("daysOfCredit", term.days);
    }
    json.set("name", &term.name);
    json.set("paymentTermsType", &term.kind);
    let contra = |number: u32| object! { "accountNumber": number, "self": link("accounts", number) };
    if let Some((account, percentage)) = term.contra_for_prepaid {
        json.set("contraAccountForPrepaidAmount", contra(account));
        json.set("percentageForPrepaidAmount", Json::fixed(percentage, 2));
    }
    if let Some((account, percentage)) = term.contra_for_remainder {
        json.set("contraAccountForRemainderAmount", contra(account));
        json.set("percentageForRemainderAmount", Json::fixed(percentage, 2));
    }
    if let Some(customer) = term.credit_card_company {
        json.set(
            "creditCardCompany",
            object! { "customerNumber": customer, "self": link("customers", customer) },
        );
    }
    json.set("self", link("payment-terms", term.number));
    json
}

fn vat_type(number: u32) -> Json {
    object! {
        "vatTypeNumber": number,
        "name": if number == 1 { "Salgsmoms" } else { "Købsmoms" },
        "self": link("vat-types", number),
    }
}

fn currency(currency: &super::model::Currency) -> Json {
    object! {
        "code": &currency.code,
        "isoNumber": &currency.code,
        "name": &currency.name,
        "self": link("currencies", &currency.code),
    }
}

fn year(year: &AccountingYear) -> Json {
    let own = link("accounting-years", year.year.replace('/', "_6_"));
    object! {
        "year": &year.year,
        "fromDate": year.from.to_string(),
        "toDate": year.to.to_string(),
        "closed": year.closed,
        "periods": format!("{own}/periods"),
        "entries": format!("{own}/entries"),
        "totals": format!("{own}/totals"),
        "vouchers": format!("{own}/vouchers"),
        "self": own,
    }
}

fn period(year: &AccountingYear, period: &Period) -> Json {
    let own =
        format!("{}/periods/{}", link("accounting-years", year.year.replace('/', "_6_")), period.number);
    object! {
        "periodNumber": period.number,
        "accountingYear": object! { "year": &year.year },
        "fromDate": period.from.to_string(),
        "toDate": period.to.to_string(),
        "closed": period.closed,
        "entries": format!("{own}/entries"),
        "totals": format!("{own}/totals"),
        "self": own,
    }
}
