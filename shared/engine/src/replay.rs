//! From the log alone: the same plan, and the same requests, byte for byte.
//!
//! A row of kind planned holds the order as the shop sent it, the catalogue, the settings and the day; planning is pure, so
//! it gives the plan again, and its hash must be the one that was recorded. The rows of what was carried out hold each call;
//! handing the plan's steps to the connector again must give the very requests that were sent. What answers a question is
//! then proved, not remembered.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use connectors::http::{Request, Response, Transport};
use connectors::ports::{Accounting, Webshop};
use connectors::registry;
use domain::identity::Effect;
use domain::plan::{CustomerAction, Step};
use domain::planning::{Earlier, PlanInput, ProductInput, StandingDocument, judge, plan, plan_product};
use domain::{Decision, EffectKey, EntityKind, Failure, Plan};
use jiff::tz::TimeZone;

use crate::log::{LogEntry, PlanningRecord, RecordedCall, RowKind, Trace};

/// A plan made again from the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replanned {
    /// Index of the row.
    pub row: usize,
    /// The plan.
    pub plan: Plan,
    /// What it was made of.
    pub planning: PlanningRecord,
}

/// Why the log does not prove what was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayFailure {
    /// A row lacks what the plan was made of (erased, or written by another version).
    #[error("row {0} lacks what its plan was made of")]
    Incomplete(usize),
    /// The order's text can no longer be read as it was.
    #[error("row {0}: the order cannot be read: {1}")]
    Unreadable(usize, String),
    /// Planning again gives something else.
    #[error("row {row}: the plan is {found}, recorded is {recorded}")]
    OtherPlan {
        /// Index of the row.
        row: usize,
        /// Hash found, or the word of another decision.
        found: String,
        /// Hash recorded.
        recorded: String,
    },
    /// Carrying the plan out again asks for something else.
    #[error("row {row}: the request under key {key} is not the one that was sent")]
    OtherRequest {
        /// Index of the row.
        row: usize,
        /// The key.
        key: String,
    },
    /// A request was sent under a key that no plan has.
    #[error("row {row}: no plan has the key {key}")]
    UnknownKey {
        /// Index of the row.
        row: usize,
        /// The key.
        key: String,
    },
}

/// Makes every plan of a trace again.
///
/// # Errors
/// The first row whose plan comes out otherwise, or cannot be made.
pub fn replan(trace: &Trace) -> Result<Vec<Replanned>, ReplayFailure> {
    let mut made: Vec<Replanned> = Vec::new();
    for (row, entry) in trace.rows.iter().enumerate() {
        if entry.public.kind == RowKind::Planned {
            let replanned = replan_row(row, entry, &made)?;
            made.push(replanned);
        }
    }
    Ok(made)
}

fn replan_row(row: usize, entry: &LogEntry, made: &[Replanned]) -> Result<Replanned, ReplayFailure> {
    let incomplete = || ReplayFailure::Incomplete(row);
    let planning = entry.public.planning.clone().ok_or_else(incomplete)?;
    let personal = entry.personal.as_ref().ok_or_else(incomplete)?;
    if planning.transfer.kind == EntityKind::Product {
        return replan_product(row, entry, planning, made);
    }
    let (raw, catalogue) = personal.order.as_ref().zip(personal.catalogue.as_ref()).ok_or_else(incomplete)?;
    let recorded = entry.public.plan_hash.clone().ok_or_else(incomplete)?;
    let shop = registry::webshop(&planning.shop_system).ok_or_else(incomplete)?;
    let order = shop
        .read_order(raw, &planning.rules)
        .map_err(|failure| ReplayFailure::Unreadable(row, failure.to_string()))?;
    let earlier = match planning.earlier {
        Some(ordinal) => {
            let of_ordinal = |replanned: &&Replanned| replanned.plan.ordinal == ordinal;
            Some(&made.iter().rev().find(of_ordinal).ok_or_else(incomplete)?.plan)
        }
        None => None,
    };
    let document = planning.standing.map(|(kind, number)| StandingDocument { kind, number });
    let decision = plan(&PlanInput {
        transfer: &planning.transfer,
        shop: &planning.shop,
        agreement: &planning.agreement,
        order: &order,
        settings: &planning.settings,
        settings_version: entry.public.settings_version,
        catalogue,
        catalogue_hash: &catalogue.hash(),
        time_zone: &TimeZone::get(&planning.time_zone).map_err(|_| incomplete())?,
        today: planning.today,
        earlier: earlier.map(|plan| Earlier {
            plan,
            document,
            adopted: planning.adopted,
            customer: planning.customer,
            asked: planning.asked,
        }),
        forgotten: planning.forgotten.as_ref(),
    });
    same_plan(row, decision, recorded, planning)
}

/// The same for a product of the shop; one that is gone was planned with no text.
fn replan_product(
    row: usize,
    entry: &LogEntry,
    planning: PlanningRecord,
    made: &[Replanned],
) -> Result<Replanned, ReplayFailure> {
    let incomplete = || ReplayFailure::Incomplete(row);
    let personal = entry.personal.as_ref().ok_or_else(incomplete)?;
    let catalogue = personal.products.as_ref().ok_or_else(incomplete)?;
    let recorded = entry.public.plan_hash.clone().ok_or_else(incomplete)?;
    let shop = registry::webshop(&planning.shop_system).ok_or_else(incomplete)?;
    let entries = match &personal.order {
        Some(raw) => {
            shop.read_product(raw).map_err(|failure| ReplayFailure::Unreadable(row, failure.to_string()))?
        }
        None => Vec::new(),
    };
    let earlier = match planning.earlier {
        Some(ordinal) => {
            let of_ordinal = |replanned: &&Replanned| replanned.plan.ordinal == ordinal;
            Some(&made.iter().rev().find(of_ordinal).ok_or_else(incomplete)?.plan)
        }
        None => None,
    };
    let decision = plan_product(&ProductInput {
        transfer: &planning.transfer,
        agreement: &planning.agreement,
        entries: &entries,
        settings: &planning.settings,
        settings_version: entry.public.settings_version,
        catalogue,
        catalogue_hash: &catalogue.hash(),
        earlier,
    });
    same_plan(row, decision, recorded, planning)
}

fn same_plan(
    row: usize,
    decision: Decision,
    recorded: String,
    planning: PlanningRecord,
) -> Result<Replanned, ReplayFailure> {
    let found = match &decision {
        Decision::Transfer(plan) => plan.hash(),
        Decision::Skip(reason) => format!("a skip ({})", reason.code),
        Decision::Hold(reason) => format!("a hold ({})", reason.code),
    };
    match decision {
        Decision::Transfer(plan) if found == recorded => Ok(Replanned { row, plan: *plan, planning }),
        _ => Err(ReplayFailure::OtherPlan { row, found, recorded }),
    }
}

/// Makes every request that the log says was sent under a key again, from the plans, and compares it with what was sent.
/// Returns how many were proved.
///
/// # Errors
/// The first request that comes out otherwise; as [`replan`].
pub async fn prove_requests(trace: &Trace) -> Result<usize, ReplayFailure> {
    let plans = replan(trace)?;
    let mut proved = 0;
    for (row, entry) in trace.rows.iter().enumerate() {
        let Some(personal) = &entry.personal else { continue };
        for (place, call) in personal.calls.iter().enumerate() {
            let Some(key) = &call.key else { continue };
            let until_then = &personal.calls[..=place];
            let transport = Replaying { calls: until_then, key, asked: Mutex::new(Vec::new()) };
            let known = ask_again(&plans, entry, call, key, &transport).await;
            let asked = transport.asked.into_inner().unwrap_or_default();
            if !known {
                return Err(ReplayFailure::UnknownKey { row, key: key.to_string() });
            }
            if !asked.contains(&call.request) {
                return Err(ReplayFailure::OtherRequest { row, key: key.to_string() });
            }
            proved += 1;
        }
    }
    Ok(proved)
}

/// Answers what was answered last before the call that is proved, and keeps what is asked now.
struct Replaying<'a> {
    calls: &'a [RecordedCall],
    key: &'a EffectKey,
    asked: Mutex<Vec<Request>>,
}

impl Replaying<'_> {
    fn answer(&self, request: &Request) -> Result<Response, Failure> {
        let then = self.calls.iter().rfind(|call| call.request == *request);
        match then.and_then(|call| Some((call, call.status?))) {
            Some((call, status)) => {
                Ok(Response { status, headers: call.headers.clone(), body: call.answer.clone().into_bytes() })
            }
            None => Err(Failure::Busy { retry_after_ms: None, message: "not in the log".to_owned() }),
        }
    }
}

#[async_trait]
impl Transport for Replaying<'_> {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        self.answer(&request)
    }

    async fn write(&self, key: &EffectKey, request: Request) -> Result<Response, Failure> {
        let answer = self.answer(&request);
        if key == self.key
            && let Ok(mut asked) = self.asked.lock()
        {
            asked.push(request);
        }
        answer
    }
}

/// The numbers that the target had given by the time of a row.
fn numbers(entry: &LogEntry) -> BTreeMap<&str, u64> {
    let number = |(name, text): &'_ (String, String)| text.parse().ok().map(|number| (name.clone(), number));
    let known: BTreeMap<String, u64> = entry.public.numbers.iter().filter_map(number).collect();
    ["customer", "draft", "invoice"]
        .into_iter()
        .filter_map(|name| known.get(name).map(|number| (name, *number)))
        .collect()
}

/// Hands the step of that key to its connector once more. `false`: no plan has such a step.
async fn ask_again(
    plans: &[Replanned],
    entry: &LogEntry,
    call: &RecordedCall,
    key: &EffectKey,
    transport: &Replaying<'_>,
) -> bool {
    let numbers = numbers(entry);
    let customer = numbers.get("customer").and_then(|number| u32::try_from(*number).ok()).unwrap_or(0);
    let mut known = false;
    // The newest first: a plan that was made again after a refusal has the same key and another content.
    for replanned in plans.iter().rev() {
        let Some(accounting) = registry::accounting(&replanned.planning.accounting_system) else { continue };
        let Some(shop) = registry::webshop(&replanned.planning.shop_system) else { continue };
        let ends = Ends { accounting, shop, customer, numbers: &numbers };
        for step in &replanned.plan.steps {
            if key_of(step) == Some(key) {
                known = true;
                ends.carry_out(&replanned.plan, step, transport).await;
            }
        }
        let correction = EffectKey::new(
            &replanned.plan.transfer,
            Effect::Amendment,
            replanned.plan.ordinal | crate::execute::CORRECTION,
            &replanned.plan.agreement,
        );
        if correction == *key {
            known = true;
            ends.correct(&replanned.plan, key, entry, transport).await;
        }
        let found = transport.asked.lock().is_ok_and(|asked| asked.contains(&call.request));
        if found {
            return true;
        }
    }
    known
}

fn key_of(step: &Step) -> Option<&EffectKey> {
    Some(match step {
        Step::EnsureCustomer(step) => &step.key,
        Step::CreateProduct(step) => &step.key,
        Step::ChangeProduct(step) => &step.key,
        Step::CreateDocument(step) | Step::UpdateDraft(step) => &step.key,
        Step::Book(step) => &step.key,
        Step::CloseOrder(step) => &step.key,
        Step::RegisterPayment(step) => &step.key,
        Step::WriteBack(step) => &step.key,
    })
}

/// Both sides and the numbers known.
struct Ends<'a> {
    accounting: &'static dyn Accounting,
    shop: &'static dyn Webshop,
    customer: u32,
    numbers: &'a BTreeMap<&'a str, u64>,
}

impl Ends<'_> {
    fn number(&self, name: &str) -> u64 {
        self.numbers.get(name).copied().unwrap_or(0)
    }

    /// What is answered does not matter here, only what is asked.
    async fn carry_out(&self, plan: &Plan, step: &Step, transport: &Replaying<'_>) {
        let accounting = self.accounting;
        match step {
            Step::EnsureCustomer(step) => match &step.action {
                CustomerAction::Create(customer) => {
                    let _ = accounting.create_customer(transport, &step.key, customer).await;
                }
                CustomerAction::Update { number, raw, fields } => {
                    let _ = accounting.update_customer(transport, &step.key, *number, raw, fields).await;
                }
                CustomerAction::Use { .. } => {}
            },
            Step::CreateProduct(step) => {
                let _ = accounting.create_product(transport, step).await;
            }
            Step::ChangeProduct(step) => {
                let _ = accounting.change_product(transport, step).await;
            }
            Step::CreateDocument(step) => {
                let (key, document) = (&step.key, &step.document);
                let _ = accounting.create_document(transport, key, document, self.customer).await;
                // A replay brings a draft that differs to the plan, under the same key.
                let draft = self.number("draft");
                let _ = accounting.update_draft(transport, key, draft, document, self.customer).await;
            }
            Step::UpdateDraft(step) => {
                let draft = self.number("draft");
                let _ =
                    accounting.update_draft(transport, &step.key, draft, &step.document, self.customer).await;
            }
            Step::Book(step) => {
                let _ = accounting.book(transport, &step.key, self.number("draft"), step.send).await;
            }
            Step::CloseOrder(step) => {
                let _ = accounting.close_order(transport, &step.key, &step.order).await;
            }
            Step::RegisterPayment(step) => {
                let invoice = step.invoice.unwrap_or_else(|| self.number("invoice"));
                let _ = accounting.register_payment(transport, step, self.customer, invoice).await;
            }
            Step::WriteBack(step) => {
                let number = self.number(if step.kind.is_booked() { "invoice" } else { "draft" });
                let entity = &plan.transfer.entity;
                let _ = self.shop.write_back(transport, entity, step, &number.to_string()).await;
            }
        }
    }

    /// The correction that the target's first answer asked for.
    async fn correct(&self, plan: &Plan, key: &EffectKey, entry: &LogEntry, transport: &Replaying<'_>) {
        for totals in &entry.public.judged {
            if let domain::planning::Verdict::Amend(document) = judge(plan, totals) {
                let draft = self.number("draft");
                let _ = self.accounting.update_draft(transport, key, draft, &document, self.customer).await;
            }
        }
    }
}
