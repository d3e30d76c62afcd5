//! Orders, draft invoices and booked invoices: made, replaced, booked, found.

use domain::document::{Document, DocumentKind};
use domain::plan::{SendBy, SupersededOrder};
use domain::{EffectKey, Failure};
use jiff::civil::Date;

use super::client::REST;
use super::client::{
    Item, delete, is_missing, json, parse, read_all, read_all_if_there, read_item, replace, text, write,
};
use super::errors::{failure, refused};
use super::filter::Filter;
use super::limits;
use super::map::{compare, draft_body, found, replacing_body};
use super::wire::{BookingBody, DocumentAnswer, DraftReference};
use crate::http::{Call, Method, Request, Transport};
use crate::ports::{Difference, FoundDocument, OrderClosing};

const DRAFTS: &str = "/invoices/drafts";
const BOOKED: &str = "/invoices/booked";
const ORDERS: &str = "/orders/drafts";
const ORDERS_SENT: &str = "/orders/sent";
const ORDERS_ARCHIVED: &str = "/orders/archived";

/// Where documents stand, in the order in which a document moves through them. A look-up reads them in this order, so a
/// document that moves on while it is looked for (a booking that arrives late) is met at least once.
const PLACES: [(&str, DocumentKind); 5] = [
    (ORDERS, DocumentKind::Order),
    (ORDERS_SENT, DocumentKind::Order),
    (ORDERS_ARCHIVED, DocumentKind::Order),
    (DRAFTS, DocumentKind::DraftInvoice),
    (BOOKED, DocumentKind::BookedInvoice),
];

pub(super) async fn create(
    transport: &dyn Transport,
    key: &EffectKey,
    document: &Document,
    customer: u32,
) -> Result<FoundDocument, Failure> {
    check(document, customer)?;
    let (path, kind) = draft_place(document.kind);
    let body = json(&draft_body(document, customer))?;
    // 201, although the schema says 200 [L]: every success is taken.
    let response = write(transport, key, Method::Post, path.to_owned(), body).await?;
    compared(kind, &text(&response, Call::Write)?, document, customer)
}

pub(super) async fn update(
    transport: &dyn Transport,
    key: &EffectKey,
    number: u64,
    document: &Document,
    customer: u32,
) -> Result<FoundDocument, Failure> {
    check(document, customer)?;
    let (collection, kind) = draft_place(document.kind);
    let item = Item::of(collection, number)?;
    let before = must_stand(transport, &item, document).await?;
    let body = json(&replacing_body(document, customer))?;
    let response = replace(transport, key, item.path(), body, &before).await?;
    let mut found = compared(kind, &text(&response, Call::Write)?, document, customer)?;
    if response.status == 201 {
        // It was booked or deleted between the look and the write, and the PUT, being an upsert, made it anew [L].
        found.differences.push(Difference::new("draft", "replaced", "made anew, since it was gone"));
    }
    Ok(found)
}

/// A PUT makes what does not exist [L]: replacing a draft that was booked would make a second invoice. So the draft must be
/// there, and must still be ours. Returns it as it stands.
async fn must_stand(transport: &dyn Transport, item: &Item, document: &Document) -> Result<String, Failure> {
    let Some(raw) = read_item(transport, item.path()).await? else {
        return Err(refused("gone", format!("{} no longer exists: it was booked or deleted", item.path())));
    };
    let answer: DocumentAnswer = parse(&raw, Call::Read, &item.path())?;
    if reference(&answer) == document.reference || holds(&answer, &document.reference) {
        return Ok(raw);
    }
    Err(refused(
        "not-ours",
        format!("{} no longer carries the reference {}", item.path(), document.reference),
    ))
}

pub(super) async fn book(
    transport: &dyn Transport,
    key: &EffectKey,
    draft: u64,
    send: SendBy,
) -> Result<FoundDocument, Failure> {
    if draft == 0 {
        return Err(refused("no-number", "a booking was asked for without the draft's number"));
    }
    let send_by = match send {
        SendBy::Nothing => "none",
        SendBy::Email => "Email",
        SendBy::Ean => "EAN",
    };
    let body = json(&BookingBody { draft_invoice: DraftReference { draft_invoice_number: draft }, send_by })?;
    let response = write(transport, key, Method::Post, BOOKED.to_owned(), body).await?;
    let raw = text(&response, Call::Write)?;
    let answer: DocumentAnswer = parse(&raw, Call::Write, "a booking")?;
    found(DocumentKind::BookedInvoice, &answer, &raw, Call::Write)
}

/// Removes a sales order of ours. By its number and not by a search, which may lag; and only while it carries our reference,
/// since a number may have been given to another order meanwhile.
pub(super) async fn close_order(
    transport: &dyn Transport,
    key: &EffectKey,
    order: &SupersededOrder,
) -> Result<OrderClosing, Failure> {
    limits::kept("references.other", &order.reference, limits::REFERENCE)?;
    let draft = Item::of(ORDERS, order.number)?;
    let ours = |raw: &str, path: &str| -> Result<bool, Failure> {
        let answer: DocumentAnswer = parse(raw, Call::Read, path)?;
        Ok(reference(&answer) == order.reference)
    };
    if let Some(raw) = read_item(transport, draft.path()).await? {
        if !ours(&raw, &draft.path())? {
            return Ok(OrderClosing::Left("it no longer carries our reference".to_owned()));
        }
        delete(transport, key, &draft).await?;
        return Ok(OrderClosing::Closed);
    }
    // A person may have sent it; one that is archived is closed.
    let sent = Item::of(ORDERS_SENT, order.number)?;
    match read_item(transport, sent.path()).await? {
        Some(raw) if ours(&raw, &sent.path())? => {
            Ok(OrderClosing::Left("it was sent to the customer".to_owned()))
        }
        _ => Ok(OrderClosing::Closed),
    }
}

pub(super) async fn find(transport: &dyn Transport, reference_: &str) -> Result<Vec<FoundDocument>, Failure> {
    // Nothing, or an empty text, would match every document that has no reference.
    limits::kept("references.other", reference_, limits::REFERENCE)?;
    let filter = Filter::equals("references.other", reference_);
    // The filter does not tell upper from lower case [V]: the whole text is compared again.
    search(transport, &filter, |answer| reference(answer) == reference_).await
}

pub(super) async fn find_edited(
    transport: &dyn Transport,
    customer: u32,
    date: Date,
    key: &EffectKey,
) -> Result<Vec<FoundDocument>, Failure> {
    let filter = Filter::equals("customer.customerNumber", &customer.to_string())
        .and(Filter::equals("date", &date.to_string()));
    search(transport, &filter, |answer| holds(answer, key.as_str())).await
}

pub(super) async fn booked_on(transport: &dyn Transport, day: Date) -> Result<Vec<FoundDocument>, Failure> {
    let filter = Filter::equals("date", &day.to_string());
    let mut ours = Vec::new();
    for (answer, raw) in read_all::<DocumentAnswer>(transport, BOOKED, Some(filter)).await? {
        if carries_key(&reference(&answer)) {
            ours.push(found(DocumentKind::BookedInvoice, &answer, &raw, Call::Read)?);
        }
    }
    Ok(ours)
}

pub(super) async fn pdf(
    transport: &dyn Transport,
    kind: DocumentKind,
    number: u64,
) -> Result<Vec<u8>, Failure> {
    let kind = match kind {
        DocumentKind::BookedInvoice | DocumentKind::BookedCreditNote => DocumentKind::BookedInvoice,
        DocumentKind::DraftInvoice | DocumentKind::DraftCreditNote => DocumentKind::DraftInvoice,
        DocumentKind::Order => DocumentKind::Order,
    };
    // An order may have moved on since it was made.
    for (place, _) in PLACES.iter().filter(|(_, stands)| *stands == kind) {
        let item = Item::of(place, number)?;
        let response = transport.read(Request::get(item.path_to("pdf")).on(REST)).await?;
        if is_missing(&response) {
            continue;
        }
        if !response.is_success() {
            return Err(failure(&response, Call::Read));
        }
        if !response.body.starts_with(b"%PDF") {
            return Err(refused("unreadable", format!("e-conomic answered no PDF for document {number}")));
        }
        return Ok(response.body);
    }
    let became = if kind == DocumentKind::BookedInvoice { "" } else { ": it was booked or deleted there" };
    Err(refused("gone", format!("document {number} does not stand in e-conomic{became}")))
}

/// Reads every place with one filter; booked invoices come first in what is returned.
async fn search(
    transport: &dyn Transport,
    filter: &Filter,
    wanted: impl Fn(&DocumentAnswer) -> bool,
) -> Result<Vec<FoundDocument>, Failure> {
    let mut places = Vec::with_capacity(PLACES.len());
    for (path, kind) in PLACES {
        let answers = if kind == DocumentKind::Order {
            // Orders may be a module of their own [U]: an agreement without the place or the right holds no order of ours.
            read_all_if_there(transport, path, Some(filter.clone())).await?.unwrap_or_default()
        } else {
            read_all(transport, path, Some(filter.clone())).await?
        };
        let mut here = Vec::new();
        let answers: Vec<(DocumentAnswer, String)> = answers;
        for (answer, raw) in answers.iter().filter(|(answer, _)| wanted(answer)) {
            here.push(found(kind, answer, raw, Call::Read)?);
        }
        places.push(here);
    }
    Ok(places.into_iter().rev().flatten().collect())
}

fn check(document: &Document, customer: u32) -> Result<(), Failure> {
    if customer == 0 || customer > limits::CUSTOMER_NUMBER {
        return Err(refused(
            "limit",
            format!("customer: a number from 1 to {} is needed", limits::CUSTOMER_NUMBER),
        ));
    }
    limits::check(document)
}

fn draft_place(kind: DocumentKind) -> (&'static str, DocumentKind) {
    match kind {
        DocumentKind::Order => (ORDERS, DocumentKind::Order),
        // A booked invoice begins as a draft, and a credit note is an invoice below zero.
        DocumentKind::DraftInvoice
        | DocumentKind::BookedInvoice
        | DocumentKind::DraftCreditNote
        | DocumentKind::BookedCreditNote => (DRAFTS, DocumentKind::DraftInvoice),
    }
}

fn compared(
    kind: DocumentKind,
    raw: &str,
    document: &Document,
    customer: u32,
) -> Result<FoundDocument, Failure> {
    let answer: DocumentAnswer = parse(raw, Call::Write, "a document")?;
    let mut found = found(kind, &answer, raw, Call::Write)?;
    compare(document, customer, &answer, &mut found);
    Ok(found)
}

fn reference(answer: &DocumentAnswer) -> String {
    answer.references.as_ref().and_then(|references| references.other.clone()).unwrap_or_default()
}

/// True when the reference or one of the texts holds `part`, in whatever case a person may have left it.
fn holds(answer: &DocumentAnswer, part: &str) -> bool {
    let part = part.to_lowercase();
    let notes = answer.notes.clone().unwrap_or_default();
    [Some(reference(answer)), notes.heading, notes.text_line1, notes.text_line2]
        .into_iter()
        .flatten()
        .any(|text| text.to_lowercase().contains(&part))
}

/// True when one word of the reference looks like an effect's key: 16 characters of base 32 in lower case.
fn carries_key(reference: &str) -> bool {
    reference.split(|character: char| !character.is_ascii_alphanumeric()).any(|word| {
        word.len() == 16
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte))
    })
}
