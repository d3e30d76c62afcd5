//! Who and what: the identifiers that state, messages and effects are keyed by.
//!
//! The key of an effect is what makes a transfer happen once. It is made of things that never change (merchant, the
//! shop's own immutable id, the kind of effect, its ordinal, the target agreement): never the connection, since a shop
//! that is connected again must not be booked again, and never content, since an edit is the next ordinal.

use std::fmt;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier! {
    /// A merchant (tenant) of Bogbro. Every stored key begins with it.
    MerchantId
}
identifier! {
    /// One connection of a merchant to one outside system; part of the webhook address, long and unguessable there.
    ConnectionId
}
identifier! {
    /// The company in the accounting system that documents are made in (an e-conomic agreement number, for example).
    AgreementId
}
identifier! {
    /// An entity's immutable id in its source system (never the order number that people see).
    EntityId
}

/// A number that depends on a name alone, the same on every machine: it spreads work over shards and over time. Shards that are stored
/// go by it, so it never changes.
pub fn spread(name: &str) -> u32 {
    name.bytes().fold(0, |sum: u32, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
}

/// What kind of thing is transferred.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntityKind {
    /// A webshop order.
    Order,
    /// A product of a webshop, with its variants.
    Product,
}

impl EntityKind {
    /// The word used in keys and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            EntityKind::Order => "order",
            EntityKind::Product => "product",
        }
    }
}

/// One thing of one merchant on its way from a source to the books: the unit that is claimed, fenced and completed.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct TransferId {
    /// The merchant.
    pub merchant: MerchantId,
    /// The source shop's own identity (`woocommerce:shop.example`), which survives a new connection to the same shop.
    pub source: String,
    /// What is transferred.
    pub kind: EntityKind,
    /// The source's immutable id.
    pub entity: EntityId,
}

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.merchant, self.source, self.kind.as_str(), self.entity)
    }
}

/// The kinds of effect a transfer may have in an outside system.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// A customer is made.
    Customer,
    /// A product is made.
    Product,
    /// Fields of a product are changed.
    ProductChange,
    /// A draft invoice or booked invoice is made.
    Document,
    /// A sales order is made.
    SalesOrder,
    /// A draft is changed.
    Amendment,
    /// A draft is booked.
    Booking,
    /// A sales order that an invoice took the place of is closed.
    Closing,
    /// A payment is registered.
    Payment,
    /// The document's number is written back to the shop.
    WriteBack,
    /// The shop is told what is in stock.
    Stock,
    /// A credit note or further invoice is made, of a refund, an edit or a cancellation.
    CreditNote,
    /// A voucher is entered in a journal.
    Voucher,
    /// A file is put on a voucher.
    Attachment,
    /// A payment is settled with what it paid.
    Settling,
}

impl Effect {
    const fn as_str(self) -> &'static str {
        match self {
            Effect::Customer => "customer",
            Effect::Product => "product",
            Effect::ProductChange => "product-change",
            Effect::Document => "document",
            Effect::SalesOrder => "sales-order",
            Effect::Amendment => "amendment",
            Effect::Booking => "booking",
            Effect::Closing => "closing",
            Effect::Payment => "payment",
            Effect::WriteBack => "write-back",
            Effect::Stock => "stock",
            Effect::CreditNote => "credit-note",
            Effect::Voucher => "voucher",
            Effect::Attachment => "attachment",
            Effect::Settling => "settling",
        }
    }
}

/// The key of one effect: 16 characters (80 bits) of base 32 in lower case, safe in every reference field, filter and URL.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EffectKey([u8; 16]);

impl EffectKey {
    /// The key of `effect` number `ordinal` of a transfer, in one target agreement.
    pub fn new(transfer: &TransferId, effect: Effect, ordinal: u32, agreement: &AgreementId) -> EffectKey {
        EffectKey::of_parts(&[
            transfer.merchant.as_str(),
            &transfer.source,
            transfer.kind.as_str(),
            transfer.entity.as_str(),
            effect.as_str(),
            &ordinal.to_string(),
            agreement.as_str(),
        ])
    }

    /// The key of a document that follows an invoice: made of what it is for (`refund` and the refund's own immutable id; `edit`,
    /// `gone`) and of how often that came before. The same refund has the same key whatever plan it comes in, also when the ledger was
    /// restored and plans have other ordinals than before.
    pub fn of_adjustment(
        transfer: &TransferId,
        cause: &str,
        identity: &str,
        before: u32,
        agreement: &AgreementId,
    ) -> EffectKey {
        EffectKey::of_parts(&[
            transfer.merchant.as_str(),
            &transfer.source,
            transfer.kind.as_str(),
            transfer.entity.as_str(),
            Effect::CreditNote.as_str(),
            cause,
            identity,
            &before.to_string(),
            agreement.as_str(),
        ])
    }

    /// The key of an effect on the document that this is the key of.
    #[must_use]
    pub fn then(&self, effect: Effect) -> EffectKey {
        EffectKey::of_parts(&[self.as_str(), effect.as_str()])
    }

    /// The key of an effect that many transfers may ask for, such as making one customer or one product: it is keyed by
    /// what identifies that thing, not by the transfer.
    pub fn shared(
        merchant: &MerchantId,
        effect: Effect,
        identity: &str,
        agreement: &AgreementId,
    ) -> EffectKey {
        EffectKey::of_parts(&[merchant.as_str(), effect.as_str(), identity, agreement.as_str()])
    }

    fn of_parts(parts: &[&str]) -> EffectKey {
        let mut hasher = Sha256::new();
        for part in parts {
            // The length goes first, so that no two lists of parts can look alike.
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let digest = hasher.finalize();
        let mut text = [0; 16];
        data_encoding::BASE32_NOPAD.encode_mut(&digest[..10], &mut text);
        text.make_ascii_lowercase();
        EffectKey(text)
    }

    /// The key that is written so; `None` for what is no key.
    fn read(text: &str) -> Option<EffectKey> {
        let plain = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        text.as_bytes().try_into().ok().filter(|_| plain).map(EffectKey)
    }

    /// The key at the end of a reference that Bogbro wrote (`1001 k7q2…`); `None` when there is none.
    pub fn at_end_of(reference: &str) -> Option<EffectKey> {
        EffectKey::read(reference.split_whitespace().next_back()?)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for EffectKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EffectKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        EffectKey::read(&text).ok_or_else(|| D::Error::custom("not the key of an effect"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_work_is_spread_by_never_changes() {
        assert_eq!(spread("krus/woocommerce:krus.example/order/1001"), 1_308_594_365);
        assert_eq!(spread(""), 0);
    }

    #[test]
    fn the_key_is_found_again_in_the_reference_it_was_written_into() {
        let transfer = TransferId {
            merchant: MerchantId::new("krus"),
            source: "woocommerce:krus.example".to_owned(),
            kind: EntityKind::Order,
            entity: EntityId::new("1001"),
        };
        let key = EffectKey::new(&transfer, Effect::Document, 1, &AgreementId::new("424242"));
        let json = serde_json::to_string(&key).expect("a key is a text");
        assert_eq!(serde_json::from_str::<EffectKey>(&json).ok(), Some(key.clone()), "{json}");
        for other in ["\"\"", "\"abcdefghijklmno1\"", "\"abcdefghijklmnop \"", "\"abcdefghijklmnø\"", "7"] {
            assert!(serde_json::from_str::<EffectKey>(other).is_err(), "{other} was read");
        }
        assert_eq!(EffectKey::at_end_of(&format!("#1001 {key}")), Some(key));
        for other in ["", "#1001", "#1001 ABCDEFGHIJKLMNOP", "an order of 16 letters: abcdefghijklmno1"] {
            assert_eq!(EffectKey::at_end_of(other), None, "{other}");
        }
    }
}
