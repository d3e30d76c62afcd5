//! Customers that are found by the shop's own customer number.
//!
//! Shop and accounts each count their customers, so that one number may stand for two of them. What is found by it is the buyer only
//! when something else says so as well, and is otherwise left alone: an invoice made out to somebody else is worse than none.

use sha2::{Digest, Sha256};

use super::PlanInput;
use super::customer::{self, Buyer, local_phone, plain};
use crate::catalogue::KnownCustomer;
use crate::order::Order;
use crate::plan::NewCustomer;

/// Longest number that a customer can have in the accounts (e-conomic: nine digits).
const LONGEST: usize = 9;

/// The shop's own number of the buyer, where a customer can have it.
pub(super) fn of_shop(order: &Order) -> Option<&str> {
    let number = order.customer.shop_id.as_deref()?;
    let fits = (1..=LONGEST).contains(&number.len())
        && !number.starts_with('0')
        && number.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(number)
}

/// The lowest of the numbers that are given to those who are found by something else.
const OUT_OF_REACH: u32 = 500_000_000;
/// How many of them there are: all have nine digits.
const OUT_OF_REACH_COUNT: u32 = 499_999_999;

/// Number of a new customer who is found by something else where the shop numbers others. The accounts' own next number is the one
/// after the highest, which is the shop's next customer's. The same buyer gets the same number each time, so that a making that is
/// tried again asks for no other.
pub(super) fn out_of_the_shops_reach(field: &str, value: &str) -> u32 {
    let digest = Sha256::digest(format!("{field}={value}"));
    let first = digest.iter().take(4).fold(0, |sum: u32, byte| (sum << 8) | u32::from(*byte));
    OUT_OF_REACH + first % OUT_OF_REACH_COUNT
}

/// What tells one buyer from another, whatever number they have; what is not known is empty.
struct Marks {
    email: String,
    /// Company and VAT numbers, as digits and letters without a country before them.
    numbers: Vec<String>,
    ean: String,
    phone: String,
    name: String,
}

impl Marks {
    fn of(email: &str, numbers: [Option<&str>; 2], ean: Option<&str>, phone: &str, name: &str) -> Marks {
        let numbers = numbers.into_iter().flatten().map(without_country).filter(|text| !text.is_empty());
        Marks {
            email: email.trim().to_lowercase(),
            numbers: numbers.collect(),
            ean: ean.map(plain).unwrap_or_default(),
            phone: local_phone(phone),
            name: name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
        }
    }

    fn known(known: &KnownCustomer) -> Marks {
        let field = |name: &str| known.fields.get(name).map(String::as_str);
        Marks::of(
            field("email").unwrap_or_default(),
            [field("company-number"), field("vat-number")],
            field("ean"),
            field("phone").unwrap_or_default(),
            &known.name,
        )
    }

    /// True unless something says that both are the same. An e-mail address, a company's number or an EAN number says so alone; a
    /// name or a phone number only of those who are not two companies.
    fn is_another(&self, other: &Marks) -> bool {
        let same = |one: &str, other: &str| !one.is_empty() && one == other;
        let numbered_alike = self.numbers.iter().any(|number| other.numbers.contains(number));
        if same(&self.email, &other.email) || numbered_alike || same(&self.ean, &other.ean) {
            return false;
        }
        let two_companies = !self.numbers.is_empty() && !other.numbers.is_empty();
        two_companies || !(same(&self.phone, &other.phone) || same(&self.name, &other.name))
    }
}

fn without_country(number: &str) -> String {
    let number = plain(number);
    let has_country =
        number.get(..2).is_some_and(|prefix| prefix.bytes().all(|byte| byte.is_ascii_alphabetic()));
    if has_country { number[2..].to_owned() } else { number }
}

/// True when nothing says that the customer with the buyer's number in the accounts is the buyer.
pub(super) fn is_another(input: &PlanInput<'_>, buyer: &Buyer, known: &KnownCustomer) -> bool {
    let customer = &input.order.customer;
    let name = customer::name(input.order, input.settings, buyer);
    // The name of those who gave none is no name.
    let name = if name == input.settings.customers.nameless { "" } else { &name };
    let numbers = [buyer.company_number.as_deref(), buyer.vat_number.as_deref()];
    let buyer = Marks::of(&customer.email, numbers, buyer.ean.as_deref(), &customer.phone, name);
    buyer.is_another(&Marks::known(known))
}

/// True when a customer that was found after the making of one is not that one: a number that was free when the plan was made may be
/// somebody else's by then. What is found by anything else was made by it.
pub fn made_by_another(new: &NewCustomer, known: &KnownCustomer) -> bool {
    if new.number.is_none() {
        return false;
    }
    let customer = &new.customer;
    let numbers = [customer.company_number.as_deref(), customer.vat_number.as_deref()];
    let made = Marks::of(&customer.email, numbers, customer.ean.as_deref(), &customer.phone, &new.name);
    made.is_another(&Marks::known(known))
}
