//! Which orders are transferred, when, and as what.

use garde::Validate;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::filter::Filter;
use crate::document::DocumentKind;
use crate::order::{FulfilmentState, PaymentState};

/// Which orders are transferred, when, and as what. Test orders never are, and orders that are suspected of fraud not before some of
/// it is shipped (Shopify) or the payment is approved (WooCommerce, where the payment plugin holds it).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TriggerSettings {
    /// The first rule that the order's state satisfies decides that it is transferred, and as what. An order that
    /// satisfies none waits. The default takes WooCommerce's `processing` and `completed`, and every order that is paid
    /// wholly or partly.
    #[garde(length(min = 1, max = 50), dive)]
    pub handling: Vec<HandlingRule>,
    /// Orders made before this day, in the merchant's time zone, are not transferred.
    #[garde(skip)]
    #[schemars(with = "Option<String>")]
    pub go_live: Option<Date>,
    /// Only orders that satisfy this are transferred.
    #[garde(dive)]
    pub filter: Option<Filter>,
    /// What to do with orders whose total is nothing.
    #[garde(skip)]
    pub zero_totals: ZeroTotals,
}

impl Default for TriggerSettings {
    fn default() -> Self {
        TriggerSettings {
            handling: vec![
                HandlingRule {
                    order_states: vec!["processing".to_owned(), "completed".to_owned()],
                    ..HandlingRule::default()
                },
                HandlingRule {
                    payment_states: vec![
                        PaymentState::Paid,
                        PaymentState::PartlyPaid,
                        PaymentState::PartlyRefunded,
                    ],
                    ..HandlingRule::default()
                },
            ],
            go_live: None,
            filter: None,
            zero_totals: ZeroTotals::Skip,
        }
    }
}

/// A set of states and what an order in them becomes. An empty list asks nothing; the others must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct HandlingRule {
    /// The shop's own words for the state of the order (`processing`); letter case does not matter.
    #[garde(length(max = 50), inner(length(min = 1, max = 100)))]
    pub order_states: Vec<String>,
    /// Where the money stands.
    #[garde(length(max = 20))]
    pub payment_states: Vec<PaymentState>,
    /// The shop's own words for where the money stands; letter case does not matter.
    #[garde(length(max = 50), inner(length(min = 1, max = 100)))]
    pub payment_state_words: Vec<String>,
    /// How far the goods have come.
    #[garde(length(max = 20))]
    pub fulfilment_states: Vec<FulfilmentState>,
    /// What the order becomes; without it `document.kind` decides.
    #[garde(inner(custom(super::document::not_a_credit_note)))]
    pub document: Option<DocumentKind>,
}

/// What to do with orders whose total is nothing (free samples, a coupon of 100 %).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ZeroTotals {
    /// They are not transferred; not an error.
    #[default]
    Skip,
    /// They are transferred like any other, so that stock moves.
    Transfer,
}
