//! The one table: its client, and the small words in which items are written and read.
//!
//! Items are read by name and type. One that lacks what it must have is refused as unreadable, and one that was written
//! under another schema version is refused as such: neither is ever guessed at.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, Update};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::PlatformError;
use crate::keys::ItemKey;
use crate::packing::{DICTIONARY, pack_with_dictionary, unpack_with_dictionary};

/// The service's name in errors.
pub const SERVICE: &str = "dynamodb";
/// Schema version of every item that platform itself defines.
pub const SCHEMA: u32 = 1;
/// The largest number of keys in one batch read.
const BATCH: usize = 100;
/// The largest value that is kept as packed JSON, in bytes before it is packed.
pub(crate) const PACKED_JSON_BYTES: usize = 1024 * 1024;
/// Pages of one partition that are read at a time, at most.
const MOST_PAGES: usize = 64;
/// How often a batch read asks for what was left out.
const BATCH_ROUNDS: usize = 5;

/// An item.
pub type Item = HashMap<String, AttributeValue>;

/// Text.
pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A whole number.
pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Bytes.
pub fn bytes(value: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(value.into()))
}

/// A point in time, in milliseconds since 1970.
pub fn time(value: Timestamp) -> AttributeValue {
    number(value.as_millisecond())
}

/// A value as JSON text.
///
/// # Errors
/// `Unreadable` when it has no JSON form.
pub fn json<T: Serialize>(value: &T) -> Result<AttributeValue, PlatformError> {
    serde_json::to_string(value)
        .map(AttributeValue::S)
        .map_err(|_| PlatformError::Unreadable("a value has no JSON form".to_owned()))
}

/// A hash in hexadecimal as its bytes, which take half the room; any other text as it is.
pub fn hash(value: &str) -> AttributeValue {
    match data_encoding::HEXLOWER.decode(value.as_bytes()) {
        Ok(decoded) if !decoded.is_empty() => bytes(decoded),
        _ => text(value),
    }
}

/// A value as JSON, packed against the dictionary behind the dictionary's number.
///
/// # Errors
/// As [`json`].
pub fn packed_json<T: Serialize>(value: &T) -> Result<AttributeValue, PlatformError> {
    let plain = serde_json::to_vec(value)
        .map_err(|_| PlatformError::Unreadable("a value has no JSON form".to_owned()))?;
    let mut packed = vec![DICTIONARY];
    packed.append(&mut pack_with_dictionary(&plain)?);
    Ok(bytes(packed))
}

/// Key attributes of an item.
pub fn key_of(key: &ItemKey) -> Item {
    HashMap::from([("pk".to_owned(), text(key.partition.clone())), ("sk".to_owned(), text(key.sort.clone()))])
}

/// Reads an item attribute by attribute.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    item: &'a Item,
}

impl<'a> Reading<'a> {
    /// Reads this item.
    ///
    /// # Errors
    /// `UnknownSchema` when it was written under another schema version than `schema`.
    pub fn of(item: &'a Item, schema: u32) -> Result<Reading<'a>, PlatformError> {
        let reading = Reading { item };
        match reading.number::<u32>("schema")? {
            found if found == schema => Ok(reading),
            found => Err(PlatformError::UnknownSchema(found)),
        }
    }

    fn unreadable(name: &str) -> PlatformError {
        PlatformError::Unreadable(format!("an item's {name}"))
    }

    /// A text that may be absent.
    pub fn text_if_any(&self, name: &str) -> Option<&'a str> {
        self.item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
    }

    /// A text.
    ///
    /// # Errors
    /// `Unreadable` when it is absent.
    pub fn text(&self, name: &str) -> Result<&'a str, PlatformError> {
        self.text_if_any(name).ok_or_else(|| Self::unreadable(name))
    }

    /// A whole number that may be absent.
    ///
    /// # Errors
    /// `Unreadable` when it is there and no such number.
    pub fn number_if_any<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, PlatformError> {
        match self.item.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_n()
                .ok()
                .and_then(|digits| digits.parse().ok())
                .map(Some)
                .ok_or_else(|| Self::unreadable(name)),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// `Unreadable` when it is absent or no such number.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, PlatformError> {
        self.number_if_any(name)?.ok_or_else(|| Self::unreadable(name))
    }

    /// A point in time that may be absent.
    ///
    /// # Errors
    /// `Unreadable` when it is there and no point in time.
    pub fn time_if_any(&self, name: &str) -> Result<Option<Timestamp>, PlatformError> {
        self.number_if_any::<i64>(name)?
            .map(|milliseconds| Timestamp::from_millisecond(milliseconds).map_err(|_| Self::unreadable(name)))
            .transpose()
    }

    /// A point in time.
    ///
    /// # Errors
    /// `Unreadable` when it is absent or no point in time.
    pub fn time(&self, name: &str) -> Result<Timestamp, PlatformError> {
        self.time_if_any(name)?.ok_or_else(|| Self::unreadable(name))
    }

    /// Bytes that may be absent.
    pub fn bytes_if_any(&self, name: &str) -> Option<&'a [u8]> {
        self.item.get(name).and_then(|value| value.as_b().ok()).map(AsRef::as_ref)
    }

    /// A hash that may be absent, in hexadecimal, or another text that stood in its place.
    pub fn hash_if_any(&self, name: &str) -> Option<String> {
        let value = self.item.get(name)?;
        match value.as_b() {
            Ok(blob) => Some(data_encoding::HEXLOWER.encode(blob.as_ref())),
            Err(_) => value.as_s().ok().cloned(),
        }
    }

    /// A hash.
    ///
    /// # Errors
    /// `Unreadable` when it is absent.
    pub fn hash(&self, name: &str) -> Result<String, PlatformError> {
        self.hash_if_any(name).ok_or_else(|| Self::unreadable(name))
    }

    /// A value kept as packed JSON that may be absent.
    ///
    /// # Errors
    /// `Unreadable` when it is there and does not read.
    pub fn packed_json_if_any<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, PlatformError> {
        let Some((dictionary, packed)) = self.bytes_if_any(name).and_then(<[u8]>::split_first) else {
            return Ok(None);
        };
        let plain = unpack_with_dictionary(packed, *dictionary, PACKED_JSON_BYTES)?;
        serde_json::from_slice(&plain).map(Some).map_err(|_| Self::unreadable(name))
    }

    /// True when the attribute is there and true.
    pub fn flag(&self, name: &str) -> bool {
        self.item.get(name).and_then(|value| value.as_bool().ok()).copied().unwrap_or(false)
    }

    /// A set of texts; empty when absent.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.item.get(name).and_then(|value| value.as_ss().ok()).cloned().unwrap_or_default()
    }

    /// A value kept as JSON text that may be absent.
    ///
    /// # Errors
    /// `Unreadable` when it is there and does not read.
    pub fn json_if_any<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, PlatformError> {
        self.text_if_any(name)
            .map(|text| serde_json::from_str(text).map_err(|_| Self::unreadable(name)))
            .transpose()
    }

    /// A value kept as JSON text.
    ///
    /// # Errors
    /// `Unreadable` when it is absent or does not read.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, PlatformError> {
        self.json_if_any(name)?.ok_or_else(|| Self::unreadable(name))
    }
}

/// Reads the items of a list that somebody looks through, or that each minute works on. One that this version cannot read (a newer one wrote
/// it, or it is damaged) must not keep the others: it stays where it is, and the alarm for tasks that fail tells of it by its key.
///
/// # Errors
/// Whatever is not about the one item.
pub fn readable<T>(
    items: &[Item],
    read: impl Fn(&Item) -> Result<T, PlatformError>,
) -> Result<Vec<T>, PlatformError> {
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        match read(item) {
            Ok(value) => found.push(value),
            Err(error @ (PlatformError::UnknownSchema(_) | PlatformError::Unreadable(_))) => {
                let of = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
                let (partition, sort) = (of("pk"), of("sk"));
                tracing::error!(
                    event = "task-failed", task = "read", ?partition, ?sort, %error, "it stays where it is"
                );
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// An update under construction: what is set and removed, and on what condition. Names are always aliased, because many
/// ordinary words are reserved.
#[derive(Clone, Debug, Default)]
pub struct Change {
    sets: Vec<String>,
    removes: Vec<String>,
    deletes: Vec<String>,
    adds: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Change {
    /// An empty change.
    pub fn new() -> Change {
        Change::default()
    }

    /// The alias of an attribute name, for use in a condition.
    pub fn name(&mut self, name: &str) -> String {
        let alias = format!("#{name}");
        self.names.insert(alias.clone(), name.to_owned());
        alias
    }

    /// The placeholder of a value, for use in a condition.
    pub fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: &str, value: AttributeValue) -> &mut Self {
        let expression = format!("{} = {}", self.name(name), self.value(value));
        self.sets.push(expression);
        self
    }

    /// Sets an attribute that is not there yet.
    pub fn set_if_absent(&mut self, name: &str, value: AttributeValue) -> &mut Self {
        let (name, value) = (self.name(name), self.value(value));
        self.sets.push(format!("{name} = if_not_exists({name}, {value})"));
        self
    }

    /// Adds one to a number that counts from zero.
    pub fn increment(&mut self, name: &str) -> &mut Self {
        self.add(name, 1)
    }

    /// Adds to a number that counts from zero.
    pub fn add(&mut self, name: &str, amount: u64) -> &mut Self {
        let (name, zero, amount) = (self.name(name), self.value(number(0)), self.value(number(amount)));
        self.sets.push(format!("{name} = if_not_exists({name}, {zero}) + {amount}"));
        self
    }

    /// Sets an attribute, or removes it when there is no value.
    pub fn set_or_remove(&mut self, name: &str, value: Option<AttributeValue>) -> &mut Self {
        match value {
            Some(value) => self.set(name, value),
            None => self.remove(name),
        }
    }

    /// Removes an attribute.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        let name = self.name(name);
        self.removes.push(name);
        self
    }

    /// Takes texts out of a set; a set that becomes empty is gone.
    pub fn take_out(&mut self, name: &str, texts: Vec<String>) -> &mut Self {
        if !texts.is_empty() {
            let expression = format!("{} {}", self.name(name), self.value(AttributeValue::Ss(texts)));
            self.deletes.push(expression);
        }
        self
    }

    /// Puts texts into a set.
    pub fn put_in(&mut self, name: &str, texts: Vec<String>) -> &mut Self {
        if !texts.is_empty() {
            let expression = format!("{} {}", self.name(name), self.value(AttributeValue::Ss(texts)));
            self.adds.push(expression);
        }
        self
    }

    /// One more condition; all must hold.
    pub fn only_if(&mut self, condition: String) -> &mut Self {
        self.conditions.push(condition);
        self
    }

    /// Only if the attribute has this value.
    pub fn only_if_equal(&mut self, name: &str, value: AttributeValue) -> &mut Self {
        let condition = format!("{} = {}", self.name(name), self.value(value));
        self.only_if(condition)
    }

    /// The update expression.
    pub fn expression(&self) -> String {
        [("SET", &self.sets), ("REMOVE", &self.removes), ("DELETE", &self.deletes), ("ADD", &self.adds)]
            .iter()
            .filter(|(_, parts)| !parts.is_empty())
            .map(|(word, parts)| format!("{word} {}", parts.join(", ")))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The condition, when there is one.
    pub fn condition(&self) -> Option<String> {
        (!self.conditions.is_empty())
            .then(|| self.conditions.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" AND "))
    }

    /// As an action of a transaction; a refusal comes with the item as it was.
    pub fn into_update(self, table: &str, key: &ItemKey) -> Update {
        let (expression, condition) = (self.expression(), self.condition());
        Update::builder()
            .table_name(table)
            .set_key(Some(key_of(key)))
            .update_expression(expression)
            .set_condition_expression(condition)
            .set_expression_attribute_names(Some(self.names))
            .set_expression_attribute_values((!self.values.is_empty()).then_some(self.values))
            .return_values_on_condition_check_failure(
                aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
            )
            .build()
            .unwrap_or_else(|_| unreachable!("table, key and expression are set"))
    }
}

/// A put as an action of a transaction, whatever stood there.
pub fn put_action(table: &str, item: Item) -> Put {
    Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .build()
        .unwrap_or_else(|_| unreachable!("table and item are set"))
}

/// The table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The SDK's client.
    pub client: Client,
    /// Name of the table.
    pub name: String,
}

/// What an update on a condition did.
#[derive(Clone, Debug, PartialEq)]
pub enum Updated {
    /// It was applied; the item as it is now.
    Applied(Item),
    /// The condition did not hold; the item as it is.
    Refused(Item),
}

/// What a put of something new did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is new.
    New,
    /// It stood there already.
    Already,
}

impl Table {
    /// Reads an item, consistently.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn get(&self, key: &ItemKey) -> Result<Option<Item>, PlatformError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key_of(key)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        Ok(answer.item)
    }

    /// Reads many items, consistently; those that are not there are left out. The order is not kept.
    ///
    /// # Errors
    /// As DynamoDB says; `Unavailable` when it keeps leaving some out.
    pub async fn get_all(&self, keys: &[ItemKey]) -> Result<Vec<Item>, PlatformError> {
        let mut items = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(BATCH) {
            let mut wanted: Vec<Item> = chunk.iter().map(key_of).collect();
            for _ in 0..BATCH_ROUNDS {
                if wanted.is_empty() {
                    break;
                }
                wanted = self.get_batch(wanted, &mut items).await?;
            }
            if !wanted.is_empty() {
                return Err(PlatformError::Unavailable {
                    service: SERVICE,
                    message: "a batch read was not finished".to_owned(),
                });
            }
        }
        Ok(items)
    }

    async fn get_batch(&self, wanted: Vec<Item>, items: &mut Vec<Item>) -> Result<Vec<Item>, PlatformError> {
        let request = KeysAndAttributes::builder()
            .set_keys(Some(wanted))
            .consistent_read(true)
            .build()
            .map_err(|_| PlatformError::Unreadable("a batch without keys".to_owned()))?;
        let answer = self
            .client
            .batch_get_item()
            .request_items(&self.name, request)
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        for found in answer.responses.unwrap_or_default().into_values() {
            items.extend(found);
        }
        Ok(answer.unprocessed_keys.unwrap_or_default().into_values().flat_map(|left| left.keys).collect())
    }

    /// One update on the condition that the change states.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn update(&self, key: &ItemKey, change: Change) -> Result<Updated, PlatformError> {
        use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
        use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
        let (expression, condition) = (change.expression(), change.condition());
        let answer = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key_of(key)))
            .update_expression(expression)
            .set_condition_expression(condition)
            .set_expression_attribute_names(Some(change.names))
            .set_expression_attribute_values((!change.values.is_empty()).then_some(change.values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(Updated::Applied(answer.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Updated::Refused(refused.item().cloned().unwrap_or_default()))
                }
                _ => Err(PlatformError::of(SERVICE, &error)),
            },
        }
    }

    /// Puts an item, whatever stood there.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn put(&self, item: Item) -> Result<(), PlatformError> {
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        Ok(())
    }

    /// Puts an item that must be new.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn insert(&self, item: Item) -> Result<Inserted, PlatformError> {
        let answer = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Inserted::New),
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(Inserted::Already)
            }
            Err(error) => Err(PlatformError::of(SERVICE, &error)),
        }
    }

    /// Removes an item; nothing happens when there is none.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn delete(&self, key: &ItemKey) -> Result<(), PlatformError> {
        self.client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key_of(key)))
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        Ok(())
    }

    /// A query for what stands under a partition of an index whose partition attribute has the index's own name.
    pub(crate) fn query_of_index(&self, index: &str, partition: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .index_name(index)
            .key_condition_expression("#partition = :partition")
            .expression_attribute_names("#partition", index)
            .expression_attribute_values(":partition", text(partition))
    }

    /// The last item of one partition whose sort key begins so.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn last(&self, partition: &str, beginning: &str) -> Result<Option<Item>, PlatformError> {
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :partition AND begins_with(sk, :beginning)")
            .expression_attribute_values(":partition", text(partition))
            .expression_attribute_values(":beginning", text(beginning))
            .scan_index_forward(false)
            .limit(1)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        Ok(answer.items.unwrap_or_default().pop())
    }

    /// Items of one partition whose sort key lies between two texts (both included), in order: at most one page of 1 MB. Neither may
    /// be empty.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn range(&self, partition: &str, from: &str, to: &str) -> Result<Vec<Item>, PlatformError> {
        Ok(self.range_page(partition, from, to, None).await?.0)
    }

    /// The same, and whether there is more behind them.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn range_and_more(
        &self,
        partition: &str,
        from: &str,
        to: &str,
    ) -> Result<(Vec<Item>, bool), PlatformError> {
        let (items, next) = self.range_page(partition, from, to, None).await?;
        Ok((items, next.is_some()))
    }

    /// The same, however many pages they fill.
    ///
    /// # Errors
    /// As DynamoDB says; `Unreadable` when there is no end to them.
    pub async fn range_all(&self, partition: &str, from: &str, to: &str) -> Result<Vec<Item>, PlatformError> {
        let (mut items, mut next) = self.range_page(partition, from, to, None).await?;
        for _ in 0..MOST_PAGES {
            let Some(start) = next else { return Ok(items) };
            let (more, after) = self.range_page(partition, from, to, Some(start)).await?;
            items.extend(more);
            next = after;
        }
        Err(PlatformError::Unreadable("a partition without an end".to_owned()))
    }

    async fn range_page(
        &self,
        partition: &str,
        from: &str,
        to: &str,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), PlatformError> {
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :partition AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":partition", text(partition))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text(to))
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        let next = answer.last_evaluated_key().cloned();
        Ok((answer.items.unwrap_or_default(), next))
    }
}
