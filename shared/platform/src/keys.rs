//! Every key of the table and every object key of the bucket is made here, from the merchant.
//!
//! The one exception is the directory of connections: a webhook brings nothing but its connection's id, and that record
//! says whose it is. Everything after it is asked for under that merchant's prefix, so an id of another merchant's, put
//! into a command, a message or a page token, finds nothing.

use domain::{ConnectionId, MerchantId, TransferId};

/// Partition and sort key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ItemKey {
    /// Partition key (`pk`).
    pub partition: String,
    /// Sort key (`sk`).
    pub sort: String,
}

/// How many shards the index of due transfers has. The scheduler asks each.
pub const DUE_SHARDS: u32 = 4;

/// The key of the record that is nobody's: ledger epoch, pause of everything.
pub fn global() -> ItemKey {
    ItemKey { partition: "global".to_owned(), sort: "global".to_owned() }
}

/// The key of a connection in the directory.
pub fn directory(connection: &ConnectionId) -> ItemKey {
    ItemKey {
        partition: format!("connection#{}", escape(connection.as_str())),
        sort: "connection".to_owned(),
    }
}

/// A shard of the index of due transfers.
pub fn due_shard(number: u32) -> String {
    format!("due#{number}")
}

/// The keys of one merchant's items.
#[derive(Clone, Debug)]
pub struct Keys {
    prefix: String,
}

impl Keys {
    /// The keys of this merchant.
    pub fn of(merchant: &MerchantId) -> Keys {
        Keys { prefix: format!("m#{}", escape(merchant.as_str())) }
    }

    fn item(&self, partition: &str, sort: String) -> ItemKey {
        ItemKey { partition: format!("{}#{partition}", self.prefix), sort }
    }

    /// The merchant's own record.
    pub fn merchant(&self) -> ItemKey {
        self.item("merchant", "merchant".to_owned())
    }

    /// One version of the settings file; never changed once written.
    pub fn settings(&self, version: u64) -> ItemKey {
        self.item("merchant", format!("settings#{version:012}"))
    }

    fn transfer(&self, transfer: &TransferId) -> String {
        format!(
            "transfer#{}#{}#{}",
            escape(&transfer.source),
            transfer.kind.as_str(),
            escape(transfer.entity.as_str())
        )
    }

    /// The head of a transfer. Its own merchant is not looked at: the prefix is this one's.
    pub fn head(&self, transfer: &TransferId) -> ItemKey {
        self.item(&self.transfer(transfer), "head".to_owned())
    }

    /// The stored plan of one ordinal.
    pub fn plan(&self, transfer: &TransferId, ordinal: u32) -> ItemKey {
        self.item(&self.transfer(transfer), format!("plan#{ordinal:06}"))
    }

    /// A row of the log, in the order of fences and, within one, of writing.
    pub fn log(&self, transfer: &TransferId, fence: u64, sequence: u32) -> ItemKey {
        self.item(&self.transfer(transfer), format!("log#{fence:012}#{sequence:06}"))
    }

    /// The first letters of the sort keys of all log rows.
    pub const LOG_PREFIX: &'static str = "log#";

    /// A number by which people search: an order, draft or invoice number.
    pub fn number(&self, kind: &str, number: &str) -> ItemKey {
        self.item(&format!("number#{}", escape(number)), escape(kind))
    }

    /// A lock on a thing that several transfers may want to make.
    pub fn lock(&self, name: &str) -> ItemKey {
        self.item(&format!("lock#{}", escape(name)), "lock".to_owned())
    }

    /// Where the sweep of a connection stands.
    pub fn cursor(&self, connection: &ConnectionId) -> ItemKey {
        self.item("cursor", escape(connection.as_str()))
    }

    /// A delivery or message that was authentic but could not be taken further.
    pub fn parked(&self, id: &str) -> ItemKey {
        self.item(&format!("parked#{}", escape(id)), "parked".to_owned())
    }

    /// A report to a recipient.
    pub fn report(&self, recipient: &str, kind: &str) -> ItemKey {
        self.item("report", format!("{}#{}", escape(kind), escape(recipient)))
    }

    /// What the nightly comparison of one connection and day found.
    pub fn comparison(&self, connection: &ConnectionId, day: jiff::civil::Date) -> ItemKey {
        self.item("comparison", format!("{day}#{}", escape(connection.as_str())))
    }

    /// The partition of the index of what needs the merchant's attention.
    pub fn attention(&self) -> String {
        format!("{}#attention", self.prefix)
    }

    /// The partition of the index by local day.
    pub fn day(&self, day: &str) -> String {
        format!("{}#day#{}", self.prefix, escape(day))
    }

    /// An object of the bucket.
    pub fn object(&self, name: &str) -> String {
        // Object names keep their slashes; what could climb out of the prefix does not exist in a bucket's flat names.
        format!("{}/{name}", self.prefix.replace('#', "/"))
    }
}

/// Keeps the separator out of the parts.
fn escape(part: &str) -> String {
    part.replace('%', "%25").replace('#', "%23").replace('/', "%2f")
}

/// Partitions of transfers look like this; the export of a merchant reads them back.
pub fn is_transfer_partition(partition: &str, merchant: &MerchantId) -> bool {
    partition.starts_with(&format!("m#{}#transfer#", escape(merchant.as_str())))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::{EntityId, EntityKind};

    use super::*;

    fn transfer(merchant: &str, entity: &str) -> TransferId {
        TransferId {
            merchant: MerchantId::new(merchant),
            source: "woocommerce:shop.example".to_owned(),
            kind: EntityKind::Order,
            entity: EntityId::new(entity),
        }
    }

    fn all_of(merchant: &str, foreign: &TransferId) -> Vec<String> {
        let keys = Keys::of(&MerchantId::new(merchant));
        let connection = ConnectionId::new("c1");
        let items = [
            keys.merchant(),
            keys.settings(1),
            keys.head(foreign),
            keys.plan(foreign, 1),
            keys.log(foreign, 1, 1),
            keys.number("invoice", "1"),
            keys.lock("customer"),
            keys.cursor(&connection),
            keys.parked("1"),
            keys.report("a", "errors"),
            keys.comparison(&connection, jiff::civil::date(2026, 1, 1)),
        ];
        let mut all: Vec<String> =
            items.iter().map(|key| format!("{}|{}", key.partition, key.sort)).collect();
        all.extend([keys.attention(), keys.day("2026-01-01"), keys.object("deliveries/1")]);
        all
    }

    #[test]
    fn a_foreign_merchants_id_never_resolves() {
        // Two merchants ask for the very same things, one of them with the other's transfer in hand, and with names made
        // to look like the other's keys: no key of one is a key of the other.
        let foreign = transfer("alpha", "1");
        let alpha: HashSet<String> = all_of("alpha", &foreign).into_iter().collect();
        for other in ["beta", "alph", "alpha#transfer", "alpha%23", "", "ALPHA", "alpha/"] {
            for key in all_of(other, &foreign) {
                assert!(!alpha.contains(&key), "{other:?} reaches {key}");
            }
        }
    }

    #[test]
    fn parts_cannot_run_into_each_other() {
        let keys = Keys::of(&MerchantId::new("a"));
        assert_ne!(
            keys.head(&TransferId { source: "x#order".to_owned(), ..transfer("a", "1") }),
            keys.head(&TransferId { entity: EntityId::new("order#1"), ..transfer("a", "1") })
        );
        assert_ne!(keys.lock("a#b").partition, keys.lock("a%23b").partition);
    }
}
