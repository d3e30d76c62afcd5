//! Terms of payment per payment method, and the three ways a payment is registered.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Terms of payment and how payments are registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PaymentSettings {
    /// Number of the term of payment for methods that no rule names; without it the agreement's first term that does not
    /// settle the invoice.
    #[garde(skip)]
    pub default_term: Option<u32>,
    /// Rules by payment method.
    #[garde(length(max = 200), dive)]
    pub methods: Vec<PaymentMethodRule>,
    /// Days until the due date, for terms that ask for a due date.
    #[garde(range(max = 365))]
    pub due_days: u16,
    /// What to do when less was captured than the order's total (or nothing, by the shop's own words for where the money stands), or a
    /// part of it by another method, and the method's term would settle all of it. WooCommerce has no such words: there the state of
    /// the order alone counts.
    #[garde(skip)]
    pub captured_less: CapturedLess,
    /// The merchant has seen on the live agreement that a registered payment credits the customer. Registration in a
    /// journal is refused until then, because the vendor's own texts disagree about the sign.
    #[garde(custom(journal_needs_proof(&self.methods)))]
    pub sign_proven: bool,
}

impl Default for PaymentSettings {
    fn default() -> Self {
        PaymentSettings {
            default_term: None,
            methods: Vec::new(),
            due_days: 14,
            captured_less: CapturedLess::Hold,
            sign_proven: false,
        }
    }
}

fn journal_needs_proof(methods: &[PaymentMethodRule]) -> impl FnOnce(&bool, &()) -> garde::Result + '_ {
    move |proven, _| {
        let journal = methods.iter().find(|rule| matches!(rule.registration, Registration::Journal { .. }));
        match journal {
            Some(rule) if !proven => Err(garde::Error::new(format!("sign-not-proven|{}", rule.method))),
            _ => Ok(()),
        }
    }
}

/// What one payment method means in the accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PaymentMethodRule {
    /// The shop's key (`cod`) or title (`Efterkrav`) of the method; letter case does not matter. `manual-refund` is
    /// money that WooCommerce says was given back by hand.
    #[garde(length(min = 1, max = 200))]
    pub method: String,
    /// Number of the term of payment.
    #[garde(skip)]
    #[serde(default)]
    pub term: Option<u32>,
    /// Number of the layout, instead of `document.layout`.
    #[garde(skip)]
    #[serde(default)]
    pub layout: Option<u32>,
    /// How its payments are registered.
    #[garde(skip)]
    #[serde(default)]
    pub registration: Registration,
    /// Orders paid by this method are left as drafts even where others are booked.
    #[garde(skip)]
    #[serde(default)]
    pub never_book: bool,
}

/// How a payment comes into the books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Registration {
    /// The term of payment has a contra account or card company, and settles the invoice when it is booked.
    #[default]
    Term,
    /// A customer payment in a journal, for the amount that was captured, once Bogbro has booked the invoice: an invoice that a person
    /// books has its payment from that person. Not with `never-book`, and only where some orders are booked (`document.kind` or a
    /// handling rule); `open` leaves the invoice open.
    #[serde(rename_all = "kebab-case")]
    Journal {
        /// Number of the journal.
        journal: u32,
        /// Number of the account the money stands on (bank or acquirer).
        contra_account: u32,
    },
    /// Left open for PayMatch, which settles it with the acquirer's payout.
    Open,
}

/// What to do when less was captured by the method than its term would settle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CapturedLess {
    /// Hold the order.
    #[default]
    Hold,
    /// Use the default term, so that the rest stays open on the customer, and say so.
    DefaultTerm,
}
