//! Between the domain's documents and e-conomic's: both ways, exact, without any call.

use domain::Failure;
use domain::customer::Address;
use domain::document::{Document, DocumentKind, DocumentLine, Recipient, Totals};
use domain::money::{Currency, Money};
use rust_decimal::Decimal;

use super::countries::country_name;
use super::errors::refused;
use super::limits::{
    CITY, COUNTRY, DELIVERY_ADDRESS, DESCRIPTION, HEADING, POSTCODE, RECIPIENT_ADDRESS, RECIPIENT_CITY,
    RECIPIENT_POSTCODE, TEXT, cut,
};
use super::wire::{
    CustomerReference, DeliveryBody, DepartmentBody, DocumentAnswer, DraftBody, LayoutReference, LineBody,
    NotesBody, Number, PaymentTermsReference, ProductReference, RecipientBody, ReferencesBody,
    VatZoneReference,
};
use crate::http::Call;
use crate::ports::{Difference, FoundDocument};

/// The body of an order or draft invoice.
pub(crate) fn draft_body(document: &Document, customer: u32) -> DraftBody {
    DraftBody {
        date: document.date,
        currency: document.currency.code().to_owned(),
        // Terms of type `net` ignore it, terms of type `dueDate` require it [L]: it is sent when the plan gives it.
        due_date: document.due_date,
        layout: Some(LayoutReference { number: document.layout }),
        payment_terms: PaymentTermsReference { number: document.payment_term },
        customer: CustomerReference { number: customer },
        recipient: recipient_body(&document.recipient, document.vat_zone),
        delivery: document.delivery.as_ref().and_then(delivery_body),
        notes: notes_body(document),
        references: ReferencesBody { other: document.reference.clone() },
        lines: document
            .lines
            .iter()
            .zip(1..)
            .map(|(line, number)| line_body(line, number, document.department))
            .collect(),
    }
}

/// The body that replaces an order or draft invoice. The layout cannot be sent [V], and the draft is taken to keep it: a `PUT`
/// without it was accepted by a live server [L].
pub(crate) fn replacing_body(document: &Document, customer: u32) -> DraftBody {
    DraftBody { layout: None, ..draft_body(document, customer) }
}

fn recipient_body(recipient: &Recipient, vat_zone: u32) -> RecipientBody {
    // The attention person there is a contact by number; a name given in the order is printed above the address.
    let attention = recipient.attention.as_deref().map(|name| format!("Att.: {name}"));
    let street = lines_of([attention.as_deref().unwrap_or(""), &recipient.address.street]);
    RecipientBody {
        name: recipient.name.clone(),
        address: some_cut(&street, RECIPIENT_ADDRESS),
        zip: some_cut(&recipient.address.postcode, RECIPIENT_POSTCODE),
        city: some_cut(&recipient.address.city, RECIPIENT_CITY),
        country: some_cut(country_name(&recipient.address.country), COUNTRY),
        ean: recipient.ean.clone().filter(|ean| !ean.is_empty()),
        vat_zone: VatZoneReference { number: vat_zone },
    }
}

/// There is no field for the name at a delivery address, so names stand above the street, as e-conomic's own users do.
fn delivery_body(address: &Address) -> Option<DeliveryBody> {
    let lines = lines_of([&address.company, &address.name, &address.street]);
    let body = DeliveryBody {
        address: some_cut(&lines, DELIVERY_ADDRESS),
        zip: some_cut(&address.postcode, POSTCODE),
        city: some_cut(&address.city, CITY),
        country: some_cut(country_name(&address.country), COUNTRY),
    };
    let empty = body.address.is_none() && body.zip.is_none() && body.city.is_none() && body.country.is_none();
    (!empty).then_some(body)
}

fn notes_body(document: &Document) -> Option<NotesBody> {
    let notes = NotesBody {
        heading: some_cut(&document.heading, HEADING),
        text_line1: some_cut(&document.text, TEXT),
        text_line2: some_cut(&document.text_below, TEXT),
    };
    let empty = notes.heading.is_none() && notes.text_line1.is_none() && notes.text_line2.is_none();
    (!empty).then_some(notes)
}

fn line_body(line: &DocumentLine, number: u32, department: Option<u32>) -> LineBody {
    LineBody {
        line_number: number,
        sort_key: number,
        description: cut(&line.description, DESCRIPTION),
        product: ProductReference { product_number: line.product.clone() },
        quantity: Number(line.quantity.normalize()),
        // A price of 0 is left out, since 0 is refused for an optional number [L]. That a line without a price costs nothing
        // is assumed [U]; were it the product's own price, the net sum of the answer would tell (`FoundDocument::differences`).
        unit_net_price: Number::unless_zero(line.unit_net_price),
        departmental_distribution: department.map(|number| DepartmentBody {
            departmental_distribution_number: number,
            distribution_type: "department",
        }),
    }
}

fn lines_of<const N: usize>(parts: [&str; N]) -> String {
    let parts: Vec<&str> = parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

/// A printed text, cut; nothing when it is empty, since e-conomic refuses `null` [L].
pub(crate) fn some_cut(text: &str, limit: usize) -> Option<String> {
    let text = cut(text.trim(), limit);
    (!text.is_empty()).then_some(text)
}

/// A document as it stands in e-conomic. `raw` is the text the answer was read from.
///
/// # Errors
/// As an unreadable answer of such a call, when it has no number of its kind or a currency that Bogbro does not know.
pub(crate) fn found(
    kind: DocumentKind,
    answer: &DocumentAnswer,
    raw: &str,
    call: Call,
) -> Result<FoundDocument, Failure> {
    let unclear = |what: &str| {
        let message = format!("e-conomic answered a document {what}");
        match call {
            Call::Write => Failure::Unknown { message },
            Call::Read => refused("unreadable", message),
        }
    };
    // A booked invoice may carry the number of its order too, so the number is taken by kind.
    let number = match kind {
        DocumentKind::Order => answer.order_number,
        DocumentKind::DraftInvoice | DocumentKind::DraftCreditNote => answer.draft_invoice_number,
        DocumentKind::BookedInvoice | DocumentKind::BookedCreditNote => answer.booked_invoice_number,
    };
    let number = number.filter(|number| *number > 0).ok_or_else(|| unclear("without a number"))?;
    let currency: Currency = answer.currency.parse().map_err(|_| unclear("in an unknown currency"))?;
    let mut differences = Vec::new();
    let mut amount = |field: &str, value: Decimal| {
        let (amount, exact) = nearest(value, currency).ok_or_else(|| unclear("with a sum too large"))?;
        if !exact {
            differences.push(Difference::new(field, amount, value));
        }
        Ok::<Money, Failure>(amount)
    };
    let totals = Totals {
        net: amount("netAmount", answer.net_amount.0)?,
        vat: amount("vatAmount", answer.vat_amount.0)?,
        gross: amount("grossAmount", answer.gross_amount.0)?,
    };
    // A credit note is an invoice whose sum is below zero [V]: there are no documents of another kind.
    let kind = if totals.gross.is_negative() { kind.below_zero() } else { kind };
    Ok(FoundDocument {
        kind,
        number,
        reference: answer
            .references
            .as_ref()
            .and_then(|references| references.other.clone())
            .unwrap_or_default(),
        totals,
        customer: answer.customer.number,
        raw: raw.to_owned(),
        differences,
    })
}

/// The nearest amount, and whether it is the one stated. Drafts state their sums with six decimals (the vendor's own
/// samples), so what lies below half of the second decimal is rounding; anything more is told as a difference.
fn nearest(value: Decimal, currency: Currency) -> Option<(Money, bool)> {
    let amount = Money::round_decimal(value, currency).ok()?;
    let off = (amount.to_decimal() - value).abs();
    Some((amount, off <= Decimal::new(5, 3)))
}

/// What the answer to a write says otherwise than the document that was asked for.
pub(crate) fn compare(
    document: &Document,
    customer: u32,
    answer: &DocumentAnswer,
    found: &mut FoundDocument,
) {
    let mut differ = |field: &str, asked: String, answered: String| {
        if asked != answered {
            found.differences.push(Difference::new(field, asked, answered));
        }
    };
    let reference =
        answer.references.as_ref().and_then(|references| references.other.clone()).unwrap_or_default();
    differ("currency", document.currency.to_string(), answer.currency.clone());
    differ("customer", customer.to_string(), answer.customer.number.to_string());
    differ("references.other", document.reference.clone(), reference);
    let net = Money::round_decimal(answer.net_amount.0, document.currency);
    differ(
        "netAmount",
        document.expected.net.to_string(),
        net.map_or_else(|_| answer.net_amount.0.to_string(), |net| net.to_string()),
    );
    // An answer that leaves the lines out says nothing of their number; the net sum still does.
    if let Some(lines) = &answer.lines {
        differ("lines", document.lines.len().to_string(), lines.len().to_string());
    }
}
