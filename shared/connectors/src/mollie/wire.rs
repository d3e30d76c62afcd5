//! Mollie's settlements, the lists of what is in them, and the movements of the balance they are paid from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::json::{List, Text};

/// Any answer: a settlement, or a list of what is in one.
#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow, default)]
    pub(super) resource: Text<'a>,
    #[serde(borrow, default, rename = "_embedded")]
    pub(super) embedded: Option<Embedded<'a>>,
    #[serde(borrow, default, rename = "_links")]
    pub(super) links: Option<Links<'a>>,
}

/// Links of a list.
#[derive(Deserialize)]
pub(super) struct Links<'a> {
    #[serde(borrow, default)]
    pub(super) next: Option<Link<'a>>,
}

/// A link.
#[derive(Deserialize)]
pub(super) struct Link<'a> {
    #[serde(borrow)]
    pub(super) href: Cow<'a, str>,
}

/// What a list holds.
#[derive(Deserialize)]
pub(super) struct Embedded<'a> {
    #[serde(borrow, default)]
    pub(super) payments: List<Item<'a>>,
    #[serde(borrow, default)]
    pub(super) captures: List<Item<'a>>,
    #[serde(borrow, default)]
    pub(super) refunds: List<Item<'a>>,
    #[serde(borrow, default)]
    pub(super) chargebacks: List<Item<'a>>,
    #[serde(borrow, default)]
    pub(super) balance_transactions: List<Movement<'a>>,
}

/// A settlement.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settlement<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) reference: Text<'a>,
    #[serde(borrow, default)]
    pub(super) settled_at: Text<'a>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow)]
    pub(super) amount: Amount<'a>,
    #[serde(borrow, default)]
    pub(super) periods: BTreeMap<Cow<'a, str>, BTreeMap<Cow<'a, str>, Period<'a>>>,
}

/// A month.
#[derive(Deserialize)]
pub(super) struct Period<'a> {
    #[serde(borrow, default)]
    pub(super) costs: List<Cost<'a>>,
}

/// A cost: without sign, and taken.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost<'a> {
    #[serde(borrow, default)]
    pub(super) description: Text<'a>,
    #[serde(borrow, default)]
    pub(super) method: Text<'a>,
    #[serde(borrow)]
    pub(super) amount_net: Amount<'a>,
    #[serde(borrow, default)]
    pub(super) amount_vat: Option<Amount<'a>>,
    #[serde(borrow)]
    pub(super) amount_gross: Amount<'a>,
}

/// Money as decimal text.
#[derive(Deserialize)]
pub(super) struct Amount<'a> {
    #[serde(borrow)]
    pub(super) value: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
}

/// A payment, capture, refund or chargeback.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) amount: Amount<'a>,
    #[serde(borrow, default)]
    pub(super) settlement_amount: Option<Amount<'a>>,
    #[serde(borrow, default)]
    pub(super) payment_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) description: Text<'a>,
    #[serde(borrow, default)]
    pub(super) method: Text<'a>,
    #[serde(borrow, default)]
    pub(super) paid_at: Text<'a>,
    #[serde(borrow, default)]
    pub(super) created_at: Text<'a>,
    #[serde(borrow, default)]
    pub(super) reversed_at: Text<'a>,
    #[serde(borrow, default)]
    pub(super) metadata: Option<&'a serde_json::value::RawValue>,
}

/// A movement of the balance that a settlement is paid from: <https://docs.mollie.com/reference/list-balance-transactions>.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Movement<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    /// What it moves before anything is kept back, signed.
    #[serde(borrow)]
    pub(super) initial_amount: Amount<'a>,
    #[serde(borrow, default)]
    pub(super) created_at: Text<'a>,
    #[serde(borrow, default)]
    context: Option<Context<'a>>,
}

/// What a movement is about: the ids stand in the context itself, or one level deeper under the kind of the movement.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    #[serde(borrow, default)]
    payment_id: Text<'a>,
    #[serde(borrow, default)]
    capture_id: Text<'a>,
    #[serde(borrow, default)]
    refund_id: Text<'a>,
    #[serde(borrow, default)]
    chargeback_id: Text<'a>,
    #[serde(borrow, default)]
    payment: Option<Box<Context<'a>>>,
    #[serde(borrow, default)]
    capture: Option<Box<Context<'a>>>,
    #[serde(borrow, default)]
    refund: Option<Box<Context<'a>>>,
    #[serde(borrow, default)]
    chargeback: Option<Box<Context<'a>>>,
}

impl Movement<'_> {
    /// The id of the payment, capture, refund or chargeback that this is the movement of; `None` for fees, transfers and all else.
    pub(super) fn item(&self) -> Option<&str> {
        let context = self.context.as_ref()?;
        let (id, deeper) = match self.kind.trimmed() {
            "payment" => (&context.payment_id, context.payment.as_ref().map(|deeper| &deeper.payment_id)),
            "capture" => (&context.capture_id, context.capture.as_ref().map(|deeper| &deeper.capture_id)),
            "refund" => (&context.refund_id, context.refund.as_ref().map(|deeper| &deeper.refund_id)),
            "chargeback" => {
                (&context.chargeback_id, context.chargeback.as_ref().map(|deeper| &deeper.chargeback_id))
            }
            _ => return None,
        };
        id.given().or_else(|| deeper?.given())
    }
}

/// What the shop's plugin noted on the payment.
#[derive(Deserialize, Default)]
pub(super) struct Metadata<'a> {
    #[serde(borrow, default)]
    pub(super) order_id: Text<'a>,
}
