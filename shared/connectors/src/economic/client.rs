//! The few ways in which e-conomic is called: one item, all pages of a collection, a write under its key.
//!
//! Paths to one item are only made from a number that is there. `DELETE /invoices/drafts` without a number deletes every
//! draft of the agreement [L]; Bogbro's [`Item`] cannot be built without one, and collections can only be read.

use domain::{EffectKey, Failure};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::errors::{failure, refused, unreadable};
use super::filter::Filter;
use super::wire::{CursorPage, Page};
use crate::http::{Call, Method, Request, Response, Transport, Upload, is_page};

/// The legacy surface: documents, customers, products, master data, journals.
pub(crate) const REST: &str = "rest";
/// The OpenAPI services: accounting periods, journals, booked entries and attached documents.
pub(crate) const OPENAPI: &str = "openapi";
/// Items per page; 1001 is answered with 400 `E04810` [L].
const PAGE_SIZE: usize = 1000;
/// Most pages that are read of one collection.
const PAGES_LIMIT: usize = 50;

/// One item of a collection, by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item(String);

impl Item {
    /// The item of this number.
    ///
    /// # Errors
    /// `Rejected` for the number 0, which no item has.
    pub(crate) fn of(collection: &'static str, number: u64) -> Result<Item, Failure> {
        if number == 0 {
            return Err(refused(
                "no-number",
                format!("an item of {collection} was asked for without its number"),
            ));
        }
        Ok(Item(format!("{collection}/{number}")))
    }

    /// Its path.
    pub(crate) fn path(&self) -> String {
        self.0.clone()
    }

    /// The path of something that belongs to it.
    pub(crate) fn path_to(&self, part: &'static str) -> String {
        format!("{}/{part}", self.0)
    }
}

/// Reads one item; `None` when it does not exist.
pub(crate) async fn read_item(transport: &dyn Transport, path: String) -> Result<Option<String>, Failure> {
    let response = transport.read(Request::get(path).on(REST)).await?;
    if is_missing(&response) {
        return Ok(None);
    }
    text(&response, Call::Read).map(Some)
}

/// True when e-conomic itself says that there is no such item; the 404 of a proxy says nothing.
pub(crate) fn is_missing(response: &Response) -> bool {
    response.status == 404 && !is_page(response)
}

/// Whether the agreement has a place, and we a right to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// It must: anything else is a failure.
    Required,
    /// It need not: a place that does not exist (404) or is not ours to see (403) is told as `None`.
    Optional,
}

/// Reads a whole collection, or what a filter leaves of it, each item with the text it was read from.
pub(crate) async fn read_all<T: DeserializeOwned>(
    transport: &dyn Transport,
    path: &str,
    filter: Option<Filter>,
) -> Result<Vec<(T, String)>, Failure> {
    Ok(read_pages(transport, path, filter, Presence::Required).await?.unwrap_or_default())
}

/// As [`read_all`]; `None` for a place that this agreement does not have or that we have no right to.
pub(crate) async fn read_all_if_there<T: DeserializeOwned>(
    transport: &dyn Transport,
    path: &str,
    filter: Option<Filter>,
) -> Result<Option<Vec<(T, String)>>, Failure> {
    read_pages(transport, path, filter, Presence::Optional).await
}

async fn read_pages<T: DeserializeOwned>(
    transport: &dyn Transport,
    path: &str,
    filter: Option<Filter>,
    presence: Presence,
) -> Result<Option<Vec<(T, String)>>, Failure> {
    let filter = filter.map(Filter::into_text);
    let mut found = Vec::new();
    for number in 0..PAGES_LIMIT {
        let mut request = Request::get(path)
            .on(REST)
            .query("skippages", number.to_string())
            .query("pagesize", PAGE_SIZE.to_string());
        if let Some(filter) = &filter {
            request = request.query("filter", filter.as_str());
        }
        let response = transport.read(request).await?;
        if presence == Presence::Optional && is_absent(&response) {
            return Ok(None);
        }
        let page: Page = parse(&text(&response, Call::Read)?, Call::Read, path)?;
        let full = page.collection.len() >= PAGE_SIZE;
        for item in page.collection {
            found.push((parse(item.get(), Call::Read, path)?, item.get().to_owned()));
        }
        // A page past the end is an empty collection, so a page that is not full is the last.
        if !full {
            return Ok(Some(found));
        }
    }
    Err(refused("too-many", format!("{path} holds more than {} items", PAGES_LIMIT * PAGE_SIZE)))
}

/// True when e-conomic itself says that there is no such place, or that it is not ours to see. A proxy's page says nothing of what
/// stands here, and what is looked for in vain would be made again.
fn is_absent(response: &Response) -> bool {
    matches!(response.status, 403 | 404) && !is_page(response)
}

/// Reads a whole collection of an OpenAPI service under its cursor; `None` where there is no such service or no right to it.
/// Sorting is ignored there [L], so none is asked for.
pub(crate) async fn read_cursor<T: DeserializeOwned>(
    transport: &dyn Transport,
    path: &str,
    filter: Option<Filter>,
) -> Result<Option<Vec<T>>, Failure> {
    let filter = filter.map(Filter::into_text);
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES_LIMIT {
        let mut request = Request::get(path).on(OPENAPI);
        if let Some(cursor) = &cursor {
            request = request.query("cursor", cursor.as_str());
        }
        if let Some(filter) = &filter {
            request = request.query("filter", filter.as_str());
        }
        let response = transport.read(request).await?;
        if is_absent(&response) {
            return Ok(None);
        }
        let page: CursorPage<T> = parse(&text(&response, Call::Read)?, Call::Read, path)?;
        found.extend(page.items);
        match page.cursor.filter(|cursor| !cursor.is_empty()) {
            Some(next) => cursor = Some(next),
            None => return Ok(Some(found)),
        }
    }
    Err(refused("too-many", format!("{path} holds more than {PAGES_LIMIT} pages")))
}

/// One page of a collection of an OpenAPI service: its items and the cursor of the next; `None` where there is no such service or no
/// right to it.
pub(crate) async fn read_cursor_page<T: DeserializeOwned>(
    transport: &dyn Transport,
    path: &str,
    filter: Filter,
    cursor: Option<&str>,
) -> Result<Option<CursorPage<T>>, Failure> {
    let mut request = Request::get(path).on(OPENAPI);
    if let Some(cursor) = cursor {
        request = request.query("cursor", cursor);
    }
    let response = transport.read(request.query("filter", filter.into_text())).await?;
    if is_absent(&response) {
        return Ok(None);
    }
    let mut page: CursorPage<T> = parse(&text(&response, Call::Read)?, Call::Read, path)?;
    page.cursor = page.cursor.filter(|cursor| !cursor.is_empty());
    Ok(Some(page))
}

/// One page of a legacy collection, by its number from 0, and whether it may have a next one.
pub(crate) async fn read_numbered_page<T: DeserializeOwned>(
    transport: &dyn Transport,
    path: &str,
    filter: Filter,
    number: u32,
) -> Result<(Vec<T>, bool), Failure> {
    let request = Request::get(path)
        .on(REST)
        .query("skippages", number.to_string())
        .query("pagesize", PAGE_SIZE.to_string())
        .query("filter", filter.into_text());
    let response = transport.read(request).await?;
    let page: Page = parse(&text(&response, Call::Read)?, Call::Read, path)?;
    let full = page.collection.len() >= PAGE_SIZE;
    let items: Result<Vec<T>, Failure> =
        page.collection.iter().map(|item| parse(item.get(), Call::Read, path)).collect();
    Ok((items?, full))
}

/// Writes a body under the key of its effect and returns what was answered.
pub(crate) async fn write(
    transport: &dyn Transport,
    key: &EffectKey,
    method: Method,
    path: String,
    body: String,
) -> Result<Response, Failure> {
    let idempotency = idempotency_key(key, method, &path, &body);
    send(transport, key, Request::json(method, path, body).on(REST), idempotency).await
}

/// Replaces what was read just before. The same content over another one is another write: an answer that is remembered of the
/// first would hide that somebody, or a plan that a restored ledger has forgotten, wrote in between.
pub(crate) async fn replace(
    transport: &dyn Transport,
    key: &EffectKey,
    path: String,
    body: String,
    before: &str,
) -> Result<Response, Failure> {
    let idempotency = idempotency_key(key, Method::Put, &path, &format!("{before}\n{body}"));
    send(transport, key, Request::json(Method::Put, path, body).on(REST), idempotency).await
}

/// Writes a body to an OpenAPI service.
pub(crate) async fn post_openapi(
    transport: &dyn Transport,
    key: &EffectKey,
    path: String,
    body: String,
) -> Result<Response, Failure> {
    let idempotency = idempotency_key(key, Method::Post, &path, &body);
    send(transport, key, Request::json(Method::Post, path, body).on(OPENAPI), idempotency).await
}

/// Sends a file to an OpenAPI service.
pub(crate) async fn upload_openapi(
    transport: &dyn Transport,
    key: &EffectKey,
    path: &str,
    file: Upload,
) -> Result<Response, Failure> {
    let idempotency = idempotency_key(key, Method::Post, path, &file.sha256);
    send(transport, key, Request::upload(path, file).on(OPENAPI), idempotency).await
}

async fn send(
    transport: &dyn Transport,
    key: &EffectKey,
    request: Request,
    idempotency: String,
) -> Result<Response, Failure> {
    let response = transport.write(key, request.header("Idempotency-Key", idempotency)).await?;
    if response.is_success() { Ok(response) } else { Err(failure(&response, Call::Write)) }
}

/// Deletes one item under the key of its effect; one that does not exist is deleted already.
pub(crate) async fn delete(transport: &dyn Transport, key: &EffectKey, item: &Item) -> Result<(), Failure> {
    let idempotency = idempotency_key(key, Method::Delete, &item.path(), "");
    let request = Request { method: Method::Delete, ..Request::get(item.path()) };
    let request = request.on(REST).header("Idempotency-Key", idempotency);
    let response = transport.write(key, request).await?;
    if is_missing(&response) {
        return Ok(());
    }
    // Nothing (204), or how many were deleted (200) [L].
    acknowledged(&response, "a deletion")
}

/// A write whose answer says nothing that is needed was done when e-conomic itself says so: with nothing, or with JSON. A page
/// of some proxy's with the status of a success says nothing about it.
pub(crate) fn acknowledged(response: &Response, what: &str) -> Result<(), Failure> {
    match text(response, Call::Write)?.trim() {
        "" => Ok(()),
        answer => parse::<serde::de::IgnoredAny>(answer, Call::Write, what).map(drop),
    }
}

/// The value of `Idempotency-Key`: the effect's key and a digest of what is sent.
///
/// The answer is remembered for one hour [V]. What the same key with another body does is not known [U], so a body that
/// differs (a plan made again after a refusal, a correction line) gets a key of its own; the same body sent again, and only
/// that, gets the same key. Against two bodies for one effect the look-up by reference guards, not this header.
pub(crate) fn idempotency_key(key: &EffectKey, method: Method, path: &str, body: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("{method:?} {path}\n"));
    hasher.update(body);
    let digest = hasher.finalize();
    format!("{key}-{}", data_encoding::HEXLOWER.encode(&digest[..8]))
}

/// The text of a successful answer.
pub(crate) fn text(response: &Response, call: Call) -> Result<String, Failure> {
    if !response.is_success() {
        return Err(failure(response, call));
    }
    String::from_utf8(response.body.clone())
        .map_err(|_| call.unanswered("e-conomic's answer is not UTF-8", None))
}

/// Reads an answer's text.
pub(crate) fn parse<T: DeserializeOwned>(text: &str, call: Call, what: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| unreadable(call, what, &error))
}

/// Writes a body as JSON text.
pub(crate) fn json<T: serde::Serialize>(body: &T) -> Result<String, Failure> {
    serde_json::to_string(body)
        .map_err(|error| refused("body", format!("the body cannot be written: {error}")))
}
