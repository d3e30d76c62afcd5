//! The table of transfers: what each order became, and how both sides' sums compare.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use domain::Money;
use domain::document::DocumentKind;
use engine::store::{DocumentRecord, Head};
use platform::operations::DocumentPdf;

use super::show::table;

/// The table of transfers: order, decision, documents, both totals.
pub(super) fn transfer_table(heads: &[Head]) -> String {
    let rows = heads.iter().map(transfer_row).collect();
    table(&["order", "decision", "documents", "shop total", "accounting total", ""], rows)
}

fn transfer_row(head: &Head) -> Vec<String> {
    let status = match head.status.code() {
        Some(code) => format!("{}: {code}", head.status.word()),
        None => head.status.word().to_owned(),
    };
    let documents = standing(head);
    let owed = sum(&documents);
    vec![
        if head.order_number.is_empty() {
            head.transfer.entity.to_string()
        } else {
            head.order_number.clone()
        },
        status,
        documents.iter().copied().map(named).collect::<Vec<_>>().join(", "),
        head.total.map(with_currency).unwrap_or_default(),
        owed.map(with_currency).unwrap_or_default(),
        agreement(head.total, owed, &documents).to_owned(),
    ]
}

/// What counts for an order: all that is booked, or while nothing is, the document that stands.
fn standing(head: &Head) -> Vec<&DocumentRecord> {
    let booked: Vec<&DocumentRecord> =
        head.documents.iter().filter(|document| document.kind.is_booked()).collect();
    if booked.is_empty() { head.documents.last().into_iter().collect() } else { booked }
}

/// Invoices less credit notes.
fn sum(documents: &[&DocumentRecord]) -> Option<Money> {
    let currency = documents.first()?.totals.gross.currency();
    let amounts: Vec<Money> = documents.iter().map(|document| document.owed()).collect::<Option<_>>()?;
    Money::sum(currency, amounts).ok()
}

fn named(document: &DocumentRecord) -> String {
    format!("{} {}", word_of(document.kind), document.number)
}

/// The kind as JSON spells it.
pub(super) fn word_of(kind: DocumentKind) -> String {
    let word = serde_json::to_value(kind).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Writes a PDF to a file that must not be there yet; where it was written.
pub(super) fn write_pdf(pdf: &DocumentPdf, out: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let path = out.unwrap_or_else(|| PathBuf::from(format!("{}-{}.pdf", word_of(pdf.kind), pdf.number)));
    let written = File::create_new(&path).and_then(|mut file| file.write_all(&pdf.bytes));
    written.with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}

fn with_currency(amount: Money) -> String {
    format!("{amount} {}", amount.currency())
}

/// How the two totals of a row compare.
fn agreement(shop: Option<Money>, owed: Option<Money>, documents: &[&DocumentRecord]) -> &'static str {
    // A shop states what was sold; what went back since is in the credit notes alone.
    let sold = documents.iter().rev().find(|document| !document.kind.is_credit_note());
    match (shop, owed) {
        (Some(shop), Some(owed)) if shop == owed => "=",
        (Some(shop), Some(_)) if sold.is_some_and(|invoice| invoice.totals.gross == shop) => {
            "= less credit notes"
        }
        // A gift card that was used lowers what is owed; the log has both sums.
        (Some(_), Some(_)) => "(see the log)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use domain::document::{DocumentKind, Totals};
    use domain::money::Currency;
    use domain::{ConnectionId, EntityId, EntityKind, MerchantId, TransferId};
    use engine::store::Claim;
    use jiff::Timestamp;

    use super::*;

    fn crowns(units: i64) -> Money {
        Money::parse(&units.to_string(), Currency::DKK).expect("an amount")
    }

    fn head(shop: i64, documents: &[(DocumentKind, u64, i64)]) -> Head {
        let claim = Claim {
            transfer: TransferId {
                merchant: MerchantId::new("m"),
                source: "woocommerce:shop.example".to_owned(),
                kind: EntityKind::Order,
                entity: EntityId::new("1"),
            },
            connection: ConnectionId::new("c"),
            token: "token".to_owned(),
            now: Timestamp::UNIX_EPOCH,
            lease_until: Timestamp::UNIX_EPOCH,
            body_hash: String::new(),
            early: false,
        };
        let record = |(ordinal, (kind, number, gross)): (u32, &(DocumentKind, u64, i64))| DocumentRecord {
            ordinal,
            kind: *kind,
            number: *number,
            totals: Totals { net: crowns(0), vat: crowns(0), gross: crowns(*gross) },
            adopted: false,
            on_gift_cards: None,
            date: None,
            made_at: None,
        };
        let documents = (1..).zip(documents).map(record).collect();
        Head { total: Some(crowns(shop)), documents, ..Head::first(&claim) }
    }

    #[test]
    fn an_orders_documents_count_together_and_credit_notes_against_invoices() {
        use DocumentKind::{BookedCreditNote, BookedInvoice, DraftCreditNote, DraftInvoice};
        for (what, head, documents, sum, agree) in [
            ("nothing yet", head(100, &[]), "", "", ""),
            ("a draft", head(100, &[(DraftInvoice, 7, 100)]), "draft-invoice 7", "100.00 DKK", "="),
            (
                "a refund of a part, answered without its sign",
                head(100, &[(BookedInvoice, 1, 100), (BookedCreditNote, 2, 40)]),
                "booked-invoice 1, booked-credit-note 2",
                "60.00 DKK",
                "= less credit notes",
            ),
            (
                "an edit",
                head(120, &[(BookedInvoice, 1, 100), (BookedCreditNote, 2, -100), (BookedInvoice, 3, 120)]),
                "booked-invoice 1, booked-credit-note 2, booked-invoice 3",
                "120.00 DKK",
                "=",
            ),
            (
                "a credit note that nobody has booked",
                head(100, &[(BookedInvoice, 1, 100), (DraftCreditNote, 2, -40)]),
                "booked-invoice 1",
                "100.00 DKK",
                "=",
            ),
            (
                "a gift card",
                head(100, &[(BookedInvoice, 1, 80)]),
                "booked-invoice 1",
                "80.00 DKK",
                "(see the log)",
            ),
        ] {
            assert_eq!(transfer_row(&head)[2..], [documents, &head_total(&head), sum, agree], "{what}");
        }
    }

    fn head_total(head: &Head) -> String {
        head.total.map(with_currency).unwrap_or_default()
    }
}
