//! A transaction over several records of configuration.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};

use crate::failure::PlatformError;
use crate::keys::ItemKey;
use crate::table::{Change, Item, SERVICE, key_of};

/// The actions so far.
pub(super) struct Writing {
    table: String,
    actions: Vec<TransactWriteItem>,
}

impl Writing {
    pub(super) fn new(table: &str) -> Writing {
        Writing { table: table.to_owned(), actions: Vec::new() }
    }

    fn add(&mut self, item: Item, condition: Option<(String, &str, Option<AttributeValue>)>) {
        let mut put = Put::builder().table_name(&self.table).set_item(Some(item));
        if let Some((expression, name, value)) = condition {
            put = put.condition_expression(expression);
            if let Some(value) = value {
                put = put
                    .expression_attribute_names("#name", name)
                    .expression_attribute_values(":value", value);
            }
        }
        self.actions.extend(put.build().ok().map(|put| TransactWriteItem::builder().put(put).build()));
    }

    /// Puts whatever stood there.
    pub(super) fn put(&mut self, item: Item) {
        self.add(item, None);
    }

    /// Puts in place of the item whose attribute has this value; without one, only where nothing stands.
    pub(super) fn replace(&mut self, item: Item, name: &str, value: Option<AttributeValue>) {
        let expression = if value.is_some() { "#name = :value" } else { "attribute_not_exists(pk)" };
        self.add(item, Some((expression.to_owned(), name, value)));
    }

    /// Puts where nothing stands, or where the item's attribute has this value.
    pub(super) fn put_own(&mut self, item: Item, name: &str, value: AttributeValue) {
        let expression = "attribute_not_exists(pk) OR #name = :value".to_owned();
        self.add(item, Some((expression, name, Some(value))));
    }

    /// Changes whatever stands there.
    pub(super) fn change(&mut self, key: &ItemKey, change: Change) {
        self.actions.push(TransactWriteItem::builder().update(change.into_update(&self.table, key)).build());
    }

    /// Removes.
    pub(super) fn delete(&mut self, key: &ItemKey) {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(key_of(key))).build();
        self.actions.extend(delete.ok().map(|delete| TransactWriteItem::builder().delete(delete).build()));
    }

    /// All or nothing.
    pub(super) async fn send(self, client: &Client) -> Result<(), PlatformError> {
        let answer = client.transact_write_items().set_transact_items(Some(self.actions)).send().await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_transaction_canceled_exception()) => {
                Err(PlatformError::Conflict(
                    "the merchant was changed meanwhile, or a connection's id is taken".to_owned(),
                ))
            }
            Err(error) => Err(PlatformError::of(SERVICE, &error)),
        }
    }
}
