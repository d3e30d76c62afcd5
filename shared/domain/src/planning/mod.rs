//! From one order, the merchant's settings and a snapshot of the target to one decision: transfer, skip or hold.
//!
//! Planning is pure and total. It has no clock: dates come from the order, and the day of the transfer is given. The same
//! input gives the same plan, byte for byte, so a plan can be made again from the log. Everything that can be found out
//! before the first outside write is found out here, and said with a reason code that [`crate::explain`] has words for.

mod adjustment;
mod catalogue_check;
mod content;
mod credit;
mod customer;
mod dates;
mod difference;
mod document;
mod edit;
mod filter;
mod lines;
mod needs;
mod numbered;
mod payment;
mod position;
mod products;
mod reduced;
mod shop_products;
mod split;
mod trigger;
mod unchosen;
mod vat;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub use catalogue_check::{CatalogueFinding, check_catalogue, grouped};
pub use content::hash as content_hash;
pub use credit::more_follows;
pub use difference::{Verdict, amend, judge};
pub use needs::{CustomerLookup, Needs, adjustment_needs, needs};
pub use numbered::made_by_another;
pub use shop_products::{ProductInput, plan_product, product_numbers};

use crate::catalogue::Catalogue;
use crate::document::{DocumentKind, Totals};
use crate::identity::{AgreementId, ConnectionId, Effect, EffectKey, TransferId};
use crate::money::{Money, MoneyError};
use crate::order::Order;
use crate::plan::{
    BookStep, CloseOrderStep, Decision, DocumentStep, PLAN_SCHEMA, Plan, Reason, SoldLine, Step,
    SupersededOrder, WriteBackStep,
};
use crate::settings::{DateBasis, Settings};

/// Everything a plan is made of.
#[derive(Clone, Copy, Debug)]
pub struct PlanInput<'a> {
    /// Whose and what.
    pub transfer: &'a TransferId,
    /// The connection of the shop, for what is written back.
    pub shop: &'a ConnectionId,
    /// The company written to.
    pub agreement: &'a AgreementId,
    /// The order as it is now.
    pub order: &'a Order,
    /// Settings of the flow.
    pub settings: &'a Settings,
    /// Their version.
    pub settings_version: u64,
    /// The target, with what [`needs`] asked for.
    pub catalogue: &'a Catalogue,
    /// [`Catalogue::hash`] of it.
    pub catalogue_hash: &'a str,
    /// The merchant's time zone.
    pub time_zone: &'a TimeZone,
    /// The merchant's day on which this order is transferred; only the date basis `today` looks at it.
    pub today: Date,
    /// The last plan of this transfer that was carried out, and what stands of it.
    pub earlier: Option<Earlier<'a>>,
    /// What stands of this transfer although no earlier plan is known.
    pub forgotten: Option<&'a Forgotten>,
}

/// An earlier plan of the same transfer and what stands of it in the target.
#[derive(Clone, Copy, Debug)]
pub struct Earlier<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The document as it stands now; `None` when a person has deleted it.
    pub document: Option<StandingDocument>,
    /// Another integration or a person made or booked the document: its payments are not ours.
    pub adopted: bool,
    /// Number of the customer it is made out to, when it is known.
    pub customer: Option<u32>,
    /// A person asked for the order to be looked at anew: what was deleted is made again, and an unbooked document follows settings
    /// that have changed.
    pub asked: bool,
}

impl Earlier<'_> {
    /// True when an invoice of the order is booked: what follows are credit notes and further invoices.
    pub fn is_invoiced(&self) -> bool {
        credit::is_invoiced(self)
    }
}

/// What stands in the target of a transfer that a ledger restored from a backup has forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Forgotten {
    /// Its sales order: an invoice takes the place of it as of any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<SupersededOrder>,
    /// Its draft or invoice. One that is booked is planned whatever became of the order since, so that what became of it can follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<(DocumentKind, u64)>,
}

/// A document of an earlier plan as it stands in the target now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandingDocument {
    /// Order, draft or booked.
    pub kind: DocumentKind,
    /// Its number there.
    pub number: u64,
}

/// Why planning stopped before a plan was made.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    Skip(Reason),
    Hold(Reason),
}

impl From<MoneyError> for Stop {
    fn from(error: MoneyError) -> Self {
        Stop::Hold(Reason::new("amount-impossible").with("message", error))
    }
}

/// Stops with a hold of this code.
pub(crate) fn hold(code: &str) -> Reason {
    Reason::new(code)
}

/// Skips of an order whose documents say what the shop says.
const AT_REST: [&str; 2] = ["nothing-changed", "changed-after-booking-same-total"];

/// Decides what is to be done with the order, and how.
pub fn plan(input: &PlanInput<'_>) -> Decision {
    match build(input).and_then(|plan| Ok(payment::told_of_gift_cards(input, plan)?)) {
        Ok(plan) => Decision::Transfer(Box::new(plan)),
        Err(Stop::Skip(reason)) => Decision::Skip(reason),
        Err(Stop::Hold(reason)) => Decision::Hold(reason),
    }
}

fn build(input: &PlanInput<'_>) -> Result<Plan, Stop> {
    // Money that came is registered whatever else became of the order.
    if let Some(plan) = payment::following(input)? {
        return Ok(plan);
    }
    if let Some(earlier) = input.earlier.filter(Earlier::is_invoiced) {
        return match credit::plan(input, &earlier) {
            // The documents are as they should be: what is left is money of an edit that went back.
            Err(Stop::Skip(reason)) if AT_REST.contains(&reason.code.as_str()) => {
                payment::repaid(input, &earlier)?.ok_or(Stop::Skip(reason))
            }
            planned => planned,
        };
    }
    let content_hash = content::hash(input.order);
    if input.earlier.is_some_and(|earlier| earlier.document.is_none() && !earlier.asked) {
        return Err(Stop::Skip(Reason::new("document-removed").with("order", &input.order.number)));
    }
    let wanted = unchosen::wanted(input, &content_hash)?;
    stop_when_unchanged(input, wanted, &content_hash)?;
    input.order.check().map_err(|fault| Stop::Hold(trigger::fault_reason(&fault)))?;
    trigger::check_currency(input)?;
    let sold = position::sold(input.order)?;
    match reduced::of(input, wanted)? {
        None => first_document(input, First { wanted, content_hash, sold, refunds: Vec::new() }),
        Some(reduced) => {
            let inner = PlanInput { order: &reduced.order, ..*input };
            first_document(&inner, First { wanted, content_hash, sold, refunds: reduced.refunds })
        }
    }
}

/// What is known of the whole order before its first document is planned.
struct First {
    wanted: DocumentKind,
    content_hash: String,
    sold: Vec<SoldLine>,
    /// Refunds that are taken off the order already.
    refunds: Vec<String>,
}

/// Plans an order, a draft or an invoice for the whole order as it is given.
fn first_document(input: &PlanInput<'_>, first: First) -> Result<Plan, Stop> {
    let First { wanted, content_hash, sold, refunds } = first;
    let mut warnings: Vec<Reason> = refund_before_transfer(input, &refunds)?.into_iter().collect();
    let buyer = customer::Buyer::of(input.order, input.settings);
    let sale = vat::Sale::of(input.order, input.settings, &buyer)?;
    customer::check_vat_number(input, &buyer, &sale, &mut warnings)?;
    let payment = payment::terms(input, wanted, &mut warnings)?;
    let lines = lines::build(input, &sale, &mut warnings)?;
    let settled = difference::settle(input, &sale, lines, &mut warnings)?;
    let kind = final_kind(input, wanted, settled.book, payment.never_book, &content_hash)?;
    let customer = customer::step(input, &buyer, &sale, payment.term)?;
    warnings.extend(customer::without_vat_number(input, &sale, &customer));
    let making = Making::of(input, kind);
    let date = dates::choose(input)?;
    let document = document::build(
        input,
        document::Parts {
            kind,
            sale: &sale,
            buyer: &buyer,
            payment: &payment,
            date: &date,
            lines: settled.lines,
            expected: settled.expected,
            reference: making.reference.clone(),
        },
        &mut warnings,
    );
    let replaced = making.supersedes.as_ref();
    let told = replaced.filter(|_| !making.updates);
    warnings.extend(told.map(|order| Reason::new("sales-order-replaced").with("number", order.number)));
    let closing = replaced.map(|order| {
        Step::CloseOrder(CloseOrderStep { key: making.key(input, Effect::Closing), order: order.clone() })
    });

    let booking = (kind == DocumentKind::BookedInvoice).then(|| {
        let send = document::send_as(input, input.settings.document.send, &buyer, &customer, &mut warnings);
        Step::Book(BookStep { key: making.key(input, Effect::Booking), send })
    });
    let (mut payments, mut registered, mut written_back) = (Vec::new(), None, None);
    if kind == DocumentKind::BookedInvoice {
        payments = payment::registrations(input, &payment, date.day, 0);
        registered = payment::counted_of(input, &payment, &payments);
        written_back = write_back(input, &making, kind);
    }

    let steps = [Step::EnsureCustomer(customer)].into_iter();
    let steps = steps.chain(settled.new_products.into_iter().map(Step::CreateProduct));
    let steps = steps.chain([document_step(input, &making, document, settled.rule)]).chain(booking);
    // Not before the invoice stands as it should: until then the order is all there is.
    let steps = steps.chain(closing).chain(payments.into_iter().map(Step::RegisterPayment));
    let steps = steps.chain(written_back.map(Step::WriteBack)).collect();
    Ok(Plan {
        schema: PLAN_SCHEMA,
        transfer: input.transfer.clone(),
        ordinal: making.ordinal,
        agreement: input.agreement.clone(),
        settings_version: input.settings_version,
        catalogue_hash: input.catalogue_hash.to_owned(),
        content_hash,
        order_number: input.order.number.clone(),
        reference: making.reference,
        order_total: input.order.total,
        expected: settled.shop,
        steps,
        done: 0,
        on_gift_cards: None,
        payments: registered,
        warnings,
        product: None,
        sold,
        refunds,
        adjustment: None,
    })
}

/// The document is for the whole order; what was paid back already is a credit note of its own.
fn refund_before_transfer(input: &PlanInput<'_>, taken_off: &[String]) -> Result<Option<Reason>, MoneyError> {
    let order = input.order;
    let waiting = credit::counted(input).filter(|refund| !taken_off.contains(&refund.id));
    let waiting = Money::sum(order.currency, waiting.map(|refund| refund.total))?;
    let reason =
        || Reason::new("refund-before-transfer").with("refunded", waiting).with("currency", order.currency);
    Ok((!waiting.is_zero()).then(reason))
}

/// How far a kind of document has come: an order is before a draft, a draft before a booked invoice.
fn rank(kind: DocumentKind) -> u8 {
    match kind {
        DocumentKind::Order => 0,
        DocumentKind::DraftInvoice | DocumentKind::DraftCreditNote => 1,
        DocumentKind::BookedInvoice | DocumentKind::BookedCreditNote => 2,
    }
}

/// Nothing to write.
fn unchanged(number: u64) -> Reason {
    Reason::new("nothing-changed").with("number", number)
}

/// An order that still has the content its document was made of changes nothing, unless the document is to go further.
fn stop_when_unchanged(input: &PlanInput<'_>, wanted: DocumentKind, content_hash: &str) -> Result<(), Stop> {
    let Some((earlier, document)) = input.earlier.and_then(|earlier| Some((earlier, earlier.document?)))
    else {
        return Ok(());
    };
    let further = rank(wanted) > rank(document.kind);
    if earlier.plan.content_hash == content_hash && !follows_settings(input) {
        if !further && !date_moved(input, earlier.plan) {
            return Err(Stop::Skip(unchanged(document.number)));
        }
        return Ok(());
    }
    if input.settings.document.update_drafts {
        return Ok(());
    }
    let reason = |code: &str| Reason::new(code).with("number", document.number);
    match document.kind {
        // An invoice in the place of a sales order is a document of its own: nothing that stands is changed.
        DocumentKind::Order if further => Ok(()),
        // It would be booked as the order was.
        _ if further && !payment::never_booked(input) => Err(Stop::Hold(reason("draft-to-book-differs"))),
        _ => Err(Stop::Skip(reason("draft-updates-off"))),
    }
}

/// A draft follows settings that have changed when a person asks for it.
fn follows_settings(input: &PlanInput<'_>) -> bool {
    let asked = input.earlier.filter(|earlier| earlier.asked && input.settings.document.update_drafts);
    asked.is_some_and(|earlier| earlier.plan.settings_version != input.settings_version)
}

/// A draft follows the day of payment or shipment; it does not follow the calendar.
fn date_moved(input: &PlanInput<'_>, earlier: &Plan) -> bool {
    let follows = matches!(input.settings.document.date.basis, DateBasis::Paid | DateBasis::Shipped);
    let now = dates::choose(input).ok().map(|date| date.day);
    let then = earlier.document_step().map(|step| step.document.date);
    follows && input.settings.document.update_drafts && now.is_some() && now != then
}

/// The kind the document ends as: a booking is withheld when the totals may not be booked or the method forbids it.
fn final_kind(
    input: &PlanInput<'_>,
    wanted: DocumentKind,
    may_book: bool,
    never_book: bool,
    content_hash: &str,
) -> Result<DocumentKind, Stop> {
    let withheld = wanted == DocumentKind::BookedInvoice && (!may_book || never_book);
    let kind = if withheld { DocumentKind::DraftInvoice } else { wanted };
    let standing = input.earlier.and_then(|earlier| Some((earlier.plan, earlier.document?)));
    match standing {
        Some((plan, document))
            if withheld
                && plan.content_hash == content_hash
                && !follows_settings(input)
                && rank(kind) <= rank(document.kind)
                && !date_moved(input, plan) =>
        {
            Err(Stop::Skip(unchanged(document.number)))
        }
        // A draft never becomes a sales order again.
        Some((_, document)) if rank(kind) < rank(document.kind) => Ok(document.kind),
        _ => Ok(kind),
    }
}

/// The reference and key of a new document. A transfer makes one sales order and one invoice at most, and each has one key, whatever
/// plan it is made by: a ledger that was restored from a backup finds what it has forgotten.
fn first_of(input: &PlanInput<'_>, kind: DocumentKind, replaced: Option<&Plan>) -> (String, EffectKey) {
    let effect = if kind == DocumentKind::Order { Effect::SalesOrder } else { Effect::Document };
    let of = |ordinal: u32| {
        let key = EffectKey::new(input.transfer, effect, ordinal, input.agreement);
        (document::reference(&input.order.number, &key), key)
    };
    let (reference, key) = of(1);
    match replaced {
        // Sales orders once had the key of invoices.
        Some(plan) if plan.reference == reference => of(2),
        _ => (reference, key),
    }
}

/// The reference that the invoice of a transfer carries, if one was made.
pub fn invoice_reference(transfer: &TransferId, order_number: &str, agreement: &AgreementId) -> String {
    document::reference(order_number, &EffectKey::new(transfer, Effect::Document, 1, agreement))
}

/// True when a document's reference was made of this order number, whatever the key after it stands for.
pub fn is_reference_of(reference: &str, order_number: &str) -> bool {
    document::is_reference_of(reference, order_number)
}

/// The reference that the next document carries that an edit of the order asks for after this plan.
pub fn next_edit_reference(plan: &Plan) -> String {
    let edits = plan.adjustment.as_ref().map_or(0, |adjustment| adjustment.edits);
    let key = EffectKey::of_adjustment(&plan.transfer, "edit", "", edits, &plan.agreement);
    document::reference(&plan.order_number, &key)
}

/// The reference that the sales order of a transfer carries, if one was made.
pub fn sales_order_reference(transfer: &TransferId, order_number: &str, agreement: &AgreementId) -> String {
    document::reference(order_number, &EffectKey::new(transfer, Effect::SalesOrder, 1, agreement))
}

/// What is made or changed, under which ordinal, key and reference.
pub(crate) struct Making {
    ordinal: u32,
    document_key: EffectKey,
    reference: String,
    updates: bool,
    supersedes: Option<SupersededOrder>,
}

impl Making {
    fn of(input: &PlanInput<'_>, kind: DocumentKind) -> Making {
        let ordinal = input.earlier.map_or(1, |earlier| earlier.plan.ordinal.saturating_add(1));
        let standing = input.earlier.and_then(|earlier| Some((earlier.plan, earlier.document?)));
        let amendment =
            |ordinal: u32| EffectKey::new(input.transfer, Effect::Amendment, ordinal, input.agreement);
        match standing {
            // The document keeps the reference it is found by; only a new document gets a new one.
            Some((plan, document))
                if (document.kind == DocumentKind::Order) == (kind == DocumentKind::Order) =>
            {
                Making {
                    ordinal,
                    document_key: amendment(ordinal),
                    reference: plan.reference.clone(),
                    updates: true,
                    // The plan that took the order's place may have ended before the order was closed.
                    supersedes: plan.document_step().and_then(|step| step.supersedes.clone()),
                }
            }
            replaced => {
                let (reference, first) = first_of(input, kind, replaced.map(|(plan, _)| plan));
                // What was deleted and is wanted again is found by the same reference; under the same key the target would answer with
                // what it made then.
                let again = input.earlier.is_some_and(|earlier| earlier.document.is_none());
                let document_key = if again { amendment(ordinal) } else { first };
                Making {
                    ordinal,
                    reference,
                    document_key,
                    updates: false,
                    supersedes: match replaced {
                        Some((plan, document)) => Some(SupersededOrder {
                            number: document.number,
                            reference: plan.reference.clone(),
                        }),
                        None => {
                            let order = input.forgotten.and_then(|forgotten| forgotten.order.clone());
                            order.filter(|_| kind != DocumentKind::Order)
                        }
                    },
                }
            }
        }
    }

    fn key(&self, input: &PlanInput<'_>, effect: Effect) -> EffectKey {
        EffectKey::new(input.transfer, effect, self.ordinal, input.agreement)
    }
}

fn document_step(
    input: &PlanInput<'_>,
    making: &Making,
    document: crate::document::Document,
    difference: crate::plan::DifferenceRule,
) -> Step {
    let adopt = if input.earlier.is_some() { Vec::new() } else { document::adoptions(input) };
    let step = Box::new(DocumentStep {
        key: making.document_key.clone(),
        document,
        difference,
        adopt,
        supersedes: making.supersedes.clone(),
    });
    if making.updates { Step::UpdateDraft(step) } else { Step::CreateDocument(step) }
}

fn write_back(input: &PlanInput<'_>, making: &Making, kind: DocumentKind) -> Option<WriteBackStep> {
    let settings = &input.settings.document.write_back;
    let form = settings.form?;
    Some(WriteBackStep {
        key: making.key(input, Effect::WriteBack),
        connection: input.shop.clone(),
        form,
        template: settings.text.0.clone(),
        kind,
    })
}

/// Sums of a document with nothing on it.
pub(crate) fn no_totals(currency: crate::money::Currency) -> Totals {
    Totals { net: currency.zero(), vat: currency.zero(), gross: currency.zero() }
}
