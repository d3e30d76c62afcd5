//! Who the document is made out to: found by the merchant's rule, made, or held with the choices listed.

use std::borrow::Cow;

use super::document::cut;
use super::vat::Sale;
use super::{PlanInput, Stop, hold, numbered};
use crate::catalogue::KnownCustomer;
use crate::customer::CustomerKind;
use crate::identity::{Effect, EffectKey};
use crate::order::Order;
use crate::plan::{CustomerAction, CustomerStep, NewCustomer, Reason};
use crate::settings::{
    CustomerField, CustomerRule, IdentifyBy, Settings, SeveralCustomers, UpdateWhen, VatNumberCheck,
};
pub(crate) use crate::vat_number::plain;
use crate::vat_number::{self, VatNumberForm};

/// The buyer with the numbers that settings say where to find.
pub(crate) struct Buyer {
    pub(crate) kind: CustomerKind,
    pub(crate) company_number: Option<String>,
    pub(crate) vat_number: Option<String>,
    pub(crate) ean: Option<String>,
}

pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

impl Buyer {
    /// Reads the buyer of an order.
    pub(crate) fn of(order: &Order, settings: &Settings) -> Buyer {
        let rules = &settings.customers;
        let customer = &order.customer;
        let find = |given: &Option<String>, keys: &[String]| -> Option<String> {
            let given = given.as_deref().map(plain).filter(|text| !text.is_empty());
            given.or_else(|| {
                keys.iter().find_map(|key| {
                    let value =
                        order.fields.iter().find(|(name, _)| name == key).map(|(_, value)| plain(value));
                    value.filter(|value| !value.is_empty())
                })
            })
        };
        let ean = find(&customer.ean, &rules.ean_fields);
        let vat_number = find(&customer.vat_number, &rules.vat_number_fields);
        let company_number = find(&customer.company_number, &rules.company_number_fields)
            .map(|number| number.strip_prefix("DK").map(str::to_owned).unwrap_or(number))
            .or_else(|| {
                vat_number.as_deref().and_then(|number| number.strip_prefix("DK")).map(str::to_owned)
            });
        let numbered = company_number.is_some() || vat_number.is_some();
        let named = rules.company_name_is_business && !customer.billing.company.trim().is_empty();
        let kind = match (&ean, numbered || named) {
            (Some(_), _) => CustomerKind::Ean,
            (None, true) => CustomerKind::Business,
            (None, false) => CustomerKind::Private,
        };
        Buyer { kind, company_number, vat_number, ean }
    }

    /// The VAT number with its country's prefix, where its form is known: one number is one buyer, with or without it.
    fn whole_vat_number(&self, order: &Order) -> Option<String> {
        let number = self.vat_number.clone()?;
        match vat_number::form(&number, &order.customer.billing.country) {
            VatNumberForm::Sound(whole) => Some(whole),
            VatNumberForm::Unsound { .. } | VatNumberForm::NotOfTheEu => Some(number),
        }
    }

    fn value(&self, by: IdentifyBy, order: &Order) -> Option<(&'static str, String)> {
        let (field, value) = match by {
            IdentifyBy::Email => ("email", order.customer.email.trim().to_lowercase()),
            // Without Denmark's country code, so that one number is one buyer whatever way it was written.
            IdentifyBy::Phone => ("phone", local_phone(&order.customer.phone)),
            IdentifyBy::PhoneAsNumber => ("number", phone_as_number(&order.customer.phone)),
            IdentifyBy::Number => ("number", numbered::of_shop(order).unwrap_or_default().to_owned()),
            IdentifyBy::CompanyNumber => ("company-number", self.company_number.clone().unwrap_or_default()),
            IdentifyBy::VatNumber => ("vat-number", self.whole_vat_number(order).unwrap_or_default()),
            IdentifyBy::Ean => ("ean", self.ean.clone().unwrap_or_default()),
        };
        if value.is_empty() { None } else { Some((field, value)) }
    }
}

/// Digits of a phone number without Denmark's country code.
pub(super) fn local_phone(phone: &str) -> String {
    let all = digits(phone);
    let all = all.strip_prefix("00").unwrap_or(&all);
    let local = if all.len() == 10 { all.strip_prefix("45").unwrap_or(all) } else { all };
    local.to_owned()
}

/// The same as a customer number; empty when it cannot be one (at most nine digits, no leading zero).
fn phone_as_number(phone: &str) -> String {
    let local = local_phone(phone);
    if local.len() > 9 || local.starts_with('0') { String::new() } else { local }
}

/// How the buyer is looked up.
pub(crate) enum Identity {
    /// One customer for many buyers.
    Shared(u32),
    /// By field and value, which were got in this way.
    Own { field: &'static str, value: String, by: IdentifyBy },
}

/// The rule for a kind of buyer.
pub(crate) fn rule_for(settings: &Settings, kind: CustomerKind) -> &CustomerRule {
    match kind {
        CustomerKind::Private => &settings.customers.private,
        CustomerKind::Business => &settings.customers.business,
        CustomerKind::Ean => &settings.customers.ean,
    }
}

/// How the buyer is looked up; `None` when there is nothing to look up by.
pub(crate) fn identity(order: &Order, settings: &Settings, buyer: &Buyer) -> Option<Identity> {
    let rule = rule_for(settings, buyer.kind);
    if let Some(number) = rule.collective {
        return Some(Identity::Shared(number));
    }
    let first = rule.identify_by.unwrap_or(match buyer.kind {
        CustomerKind::Private => IdentifyBy::Email,
        CustomerKind::Business => IdentifyBy::CompanyNumber,
        CustomerKind::Ean => IdentifyBy::Ean,
    });
    let own =
        |by: IdentifyBy| buyer.value(by, order).map(|(field, value)| Identity::Own { field, value, by });
    let found = own(first).or_else(|| rule.otherwise_by.and_then(own));
    found.or(settings.customers.anonymous.map(Identity::Shared))
}

/// Of a number of the shop's that no customer can have, as many characters are told.
const LONGEST_SHOWN_NUMBER: usize = 40;

/// Longest name that a document takes (e-conomic: 250).
const LONGEST_NAME: usize = 250;

/// Name that is printed on the document.
pub(crate) fn name(order: &Order, settings: &Settings, buyer: &Buyer) -> String {
    let customer = &order.customer;
    let delivery = customer.delivery.as_ref();
    let company_first = buyer.kind != CustomerKind::Private;
    let companies = [Some(&customer.billing), delivery].into_iter().flatten().filter(|_| company_first);
    let persons = [Some(&customer.billing), delivery].into_iter().flatten();
    let names = companies
        .map(|address| address.company.as_str())
        .chain(persons.map(|address| address.name.as_str()))
        .chain([customer.billing.company.as_str()]);
    names
        .map(printed_name)
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| settings.customers.nameless.clone())
}

/// A name as it can stand on one line of a document: buyers paste line breaks and worse. Long ones are cut.
fn printed_name(text: &str) -> String {
    let line = if text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, " "))
    } else {
        Cow::Borrowed(text)
    };
    cut(line.trim(), LONGEST_NAME).trim_end().to_owned()
}

/// The step that finds, makes or updates the customer.
///
/// A reason stands unsealed in the log and in the list of what is held, and goes out by mail: it names orders, fields and customers'
/// numbers, never a person.
///
/// # Errors
/// Holds when the customer cannot be told, may not be made, is barred, or is one of several.
pub(super) fn step(
    input: &PlanInput<'_>,
    buyer: &Buyer,
    sale: &Sale,
    term: u32,
) -> Result<CustomerStep, Stop> {
    check_ean(buyer)?;
    let rule = rule_for(input.settings, buyer.kind);
    let Some(identity) = identity(input.order, input.settings, buyer) else {
        return Err(Stop::Hold(not_identifiable(input.order, rule)));
    };
    let (field, value, by) = match identity {
        Identity::Shared(number) => ("number", number.to_string(), None),
        Identity::Own { field, value, by } => (field, value, Some(by)),
    };
    let shared = by.is_none();
    let key = EffectKey::shared(
        &input.transfer.merchant,
        Effect::Customer,
        &format!("{field}={value}"),
        input.agreement,
    );
    let action = match input.catalogue.customers.as_slice() {
        [] if shared => return Err(Stop::Hold(hold("shared-customer-missing").with("number", &value))),
        [] if !rule.create => {
            return Err(Stop::Hold(
                hold("customer-missing").with("field", field).with("order", &input.order.number),
            ));
        }
        [] => CustomerAction::Create(Box::new(new_customer(input, buyer, sale, term, (field, value))?)),
        // Whose document stands on the customer already is told apart no more: an edit may change all that told it.
        [known]
            if by == Some(IdentifyBy::Number)
                && numbered::is_another(input, buyer, known)
                && input.earlier.and_then(|earlier| earlier.customer) != Some(known.number) =>
        {
            return Err(Stop::Hold(
                hold("customer-number-taken").with("number", &value).with("order", &input.order.number),
            ));
        }
        [known] => existing(input, buyer, known, shared)?,
        several => match chosen(several, input.settings.customers.several) {
            Some(known) => existing(input, buyer, known, shared)?,
            None => {
                return Err(Stop::Hold(
                    hold("several-customers")
                        .with("field", field)
                        .with("order", &input.order.number)
                        .with("choices", choices(several)),
                ));
            }
        },
    };
    Ok(CustomerStep { key, action })
}

/// Nothing to look up by. Where the shop has a number for the buyer that no customer can have, that is the reason.
fn not_identifiable(order: &Order, rule: &CustomerRule) -> Reason {
    let by_number = [rule.identify_by, rule.otherwise_by].contains(&Some(IdentifyBy::Number));
    match order.customer.shop_id.as_deref().filter(|_| by_number) {
        Some(number) => {
            let number: String = number.chars().take(LONGEST_SHOWN_NUMBER).collect();
            hold("shop-customer-number-unfit").with("number", number).with("order", &order.number)
        }
        None => hold("customer-not-identifiable").with("order", &order.number),
    }
}

/// True when mail to the customer reaches the buyer: the target sends to the customer's own address, which that of many buyers or of
/// another integration's invoice is not.
pub(super) fn gets_mail(input: &PlanInput<'_>, buyer: &Buyer, step: &CustomerStep) -> bool {
    let is_shared = matches!(identity(input.order, input.settings, buyer), None | Some(Identity::Shared(_)));
    let given = !input.order.customer.email.trim().is_empty();
    let adopted = input.earlier.is_some_and(|earlier| earlier.adopted);
    !is_shared
        && match &step.action {
            CustomerAction::Create(_) => given,
            CustomerAction::Update { fields, .. } if fields.iter().any(|(field, _)| field == "email") => true,
            CustomerAction::Use { number } | CustomerAction::Update { number, .. } => {
                let known = input.catalogue.customers.iter().find(|known| known.number == *number);
                known.map_or(given && !adopted, |known| {
                    known.fields.get("email").is_some_and(|email| !email.trim().is_empty())
                })
            }
        }
}

/// A sale without VAT needs the buyer's VAT number on the invoice and in the list of EU sales: both take it from the customer.
pub(super) fn without_vat_number(input: &PlanInput<'_>, sale: &Sale, step: &CustomerStep) -> Option<Reason> {
    let CustomerAction::Use { number } = &step.action else { return None };
    let known = input.catalogue.customers.iter().find(|known| known.number == *number)?;
    let has = |field: &str| known.fields.get(field).is_some_and(|value| !value.trim().is_empty());
    let lacks = sale.reverse_charge && !has("vat-number") && !has("company-number");
    lacks.then(|| Reason::new("customer-without-vat-number").with("number", number))
}

/// The one of several that the merchant's rule names. One that is barred is not taken, unless all are.
fn chosen(several: &[KnownCustomer], rule: SeveralCustomers) -> Option<&KnownCustomer> {
    let free = several.iter().filter(|known| !known.barred);
    match rule {
        SeveralCustomers::Hold => None,
        SeveralCustomers::LowestNumber => free.min_by_key(|known| known.number).or(several.first()),
        SeveralCustomers::HighestNumber => free.max_by_key(|known| known.number).or(several.first()),
    }
}

/// Customers that a held order lists, at most: an address that a whole town shares would fill the report.
const MOST_CHOICES: usize = 10;

fn choices(several: &[KnownCustomer]) -> String {
    let choice = |known: &KnownCustomer| {
        let barred = if known.barred { " (barred)" } else { "" };
        format!("{}{barred}", known.number)
    };
    let mut choices: Vec<String> = several.iter().take(MOST_CHOICES).map(choice).collect();
    if several.len() > MOST_CHOICES {
        choices.push(format!("+ {}", several.len() - MOST_CHOICES));
    }
    choices.join("; ")
}

/// Looks at the form of the buyer's VAT number, and at what a register answered about it.
///
/// # Errors
/// Holds as the merchant's rule says: by default where the sale is without VAT because of the number.
pub(super) fn check_vat_number(
    input: &PlanInput<'_>,
    buyer: &Buyer,
    sale: &Sale,
    warnings: &mut Vec<Reason>,
) -> Result<(), Stop> {
    let Some((reason, noted)) = vat_number_fault(input, buyer) else { return Ok(()) };
    let holds = match input.settings.customers.vat_number_check {
        VatNumberCheck::Ignore => return Ok(()),
        VatNumberCheck::Warn => false,
        VatNumberCheck::HoldUntaxed => sale.reverse_charge,
        VatNumberCheck::Hold => true,
    };
    if holds {
        return Err(Stop::Hold(reason));
    }
    warnings.push(Reason { code: noted.to_owned(), facts: reason.facts });
    Ok(())
}

/// What is wrong with the number, and the code for the same where nothing rests on it: other words, since nothing is blocked.
fn vat_number_fault(input: &PlanInput<'_>, buyer: &Buyer) -> Option<(Reason, &'static str)> {
    let number = buyer.vat_number.as_deref()?;
    let country = &input.order.customer.billing.country;
    match vat_number::form(number, country) {
        VatNumberForm::Unsound { prefix, expected } => {
            let reason = hold("vat-number-form").with("vat-number", number);
            Some((reason.with("country", prefix).with("expected", expected), "vat-number-form-noted"))
        }
        VatNumberForm::Sound(whole) => {
            let answer = input.catalogue.vat_number.as_ref()?;
            let reason = hold("vat-number-unknown").with("vat-number", &whole).with("at", answer.answered_at);
            (answer.number == whole && !answer.registered).then_some((reason, "vat-number-unknown-noted"))
        }
        VatNumberForm::NotOfTheEu => None,
    }
}

/// The VAT number that a register must be asked about before the order is planned: one of sound form on which a sale without
/// VAT rests.
pub(super) fn vat_number_to_ask(
    order: &Order,
    settings: &Settings,
    buyer: &Buyer,
    sale: &Sale,
) -> Option<String> {
    if !sale.reverse_charge || settings.customers.vat_number_check == VatNumberCheck::Ignore {
        return None;
    }
    match vat_number::form(buyer.vat_number.as_deref()?, &order.customer.billing.country) {
        VatNumberForm::Sound(whole) => Some(whole),
        VatNumberForm::Unsound { .. } | VatNumberForm::NotOfTheEu => None,
    }
}

/// An EAN/GLN number has 13 digits, the last of which is a check digit (GS1, weights 1 and 3).
fn check_ean(buyer: &Buyer) -> Result<(), Stop> {
    let Some(ean) = &buyer.ean else { return Ok(()) };
    let numbers: Option<Vec<u32>> = ean.chars().map(|c| c.to_digit(10)).collect();
    let sound = numbers.is_some_and(|numbers| {
        numbers.len() == 13
            && numbers
                .iter()
                .enumerate()
                .map(|(place, n)| if place % 2 == 0 { *n } else { n * 3 })
                .sum::<u32>()
                % 10
                == 0
    });
    if sound { Ok(()) } else { Err(Stop::Hold(hold("ean-invalid").with("ean", ean))) }
}

fn existing(
    input: &PlanInput<'_>,
    buyer: &Buyer,
    known: &KnownCustomer,
    shared: bool,
) -> Result<CustomerAction, Stop> {
    if known.barred {
        return Err(Stop::Hold(hold("customer-barred").with("number", known.number)));
    }
    let fields = if shared { Vec::new() } else { changes(input, buyer, known) };
    if fields.is_empty() {
        return Ok(CustomerAction::Use { number: known.number });
    }
    Ok(CustomerAction::Update { number: known.number, raw: known.raw.clone(), fields })
}

/// Fields of the customer that the merchant's rules say are to be changed. What the order leaves empty is never cleared.
fn changes(input: &PlanInput<'_>, buyer: &Buyer, known: &KnownCustomer) -> Vec<(String, String)> {
    use CustomerField as Field;
    let rule = rule_for(input.settings, buyer.kind);
    let customer = &input.order.customer;
    let billing = &customer.billing;
    let given_name = name(input.order, input.settings, buyer);
    let given_name = if given_name == input.settings.customers.nameless { String::new() } else { given_name };
    let wanted: [(&str, CustomerField, &str); 10] = [
        ("name", Field::Name, &given_name),
        ("email", Field::Email, customer.email.trim()),
        ("phone", Field::Phone, customer.phone.trim()),
        ("street", Field::Address, &billing.street),
        ("postcode", Field::Address, &billing.postcode),
        ("city", Field::Address, &billing.city),
        ("country", Field::Address, &billing.country),
        ("company-number", Field::CompanyNumber, buyer.company_number.as_deref().unwrap_or_default()),
        ("vat-number", Field::VatNumber, buyer.vat_number.as_deref().unwrap_or_default()),
        ("ean", Field::Ean, buyer.ean.as_deref().unwrap_or_default()),
    ];
    let has = |field: &str| known.fields.get(field).map(String::as_str).unwrap_or_default();
    // An address is filled as a whole or not at all: a new street with an old city is no address.
    let address_empty = ["street", "postcode", "city"].iter().all(|field| has(field).is_empty());
    wanted
        .into_iter()
        .filter(|(field, ruled_as, value)| {
            let address = matches!(*field, "street" | "postcode" | "city" | "country");
            let empty = if address { address_empty } else { has(field).is_empty() };
            let due = match input.settings.customers.update_of(rule, *ruled_as) {
                UpdateWhen::Never => false,
                UpdateWhen::WhenEmpty => empty,
                UpdateWhen::Always => true,
            };
            // The letter case of an e-mail address is no change of address.
            let same = has(field) == *value || (*field == "email" && has(field).eq_ignore_ascii_case(value));
            due && !value.is_empty() && !same
        })
        .map(|(field, _, value)| (field.to_owned(), value.to_owned()))
        .collect()
}

fn new_customer(
    input: &PlanInput<'_>,
    buyer: &Buyer,
    sale: &Sale,
    term: u32,
    (field, value): (&str, String),
) -> Result<NewCustomer, Stop> {
    let rule = rule_for(input.settings, buyer.kind);
    let groups = &input.catalogue.master.customer_groups;
    let group = match rule.group {
        Some(group) if !groups.contains_key(&group) => {
            return Err(Stop::Hold(hold("customer-group-missing").with("number", group)));
        }
        Some(group) => group,
        None => match groups.keys().next() {
            Some(group) => *group,
            None => return Err(Stop::Hold(hold("no-customer-group"))),
        },
    };
    let mut customer = input.order.customer.clone();
    customer.company_number = buyer.company_number.clone();
    customer.vat_number = buyer.vat_number.clone();
    customer.ean = buyer.ean.clone();
    Ok(NewCustomer {
        name: name(input.order, input.settings, buyer),
        kind: buyer.kind,
        customer,
        group,
        payment_term: rule.term.unwrap_or(term),
        vat_zone: rule.zone.unwrap_or(sale.zone),
        currency: input.order.currency.code().to_owned(),
        number: match field {
            "number" => value.parse().ok(),
            _ if input.settings.customers.by_number().is_empty() => None,
            _ => Some(numbered::out_of_the_shops_reach(field, &value)),
        },
        identified_by: (field.to_owned(), value),
    })
}
