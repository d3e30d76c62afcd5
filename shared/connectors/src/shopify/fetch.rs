//! An order read whole: in as many answers as the cost of a query asks for, kept as one text.

use domain::Failure;
use domain::plan::Reason;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::client;
use super::wire::graphql::{self, Connection, Kept, Node};
use super::wire::refunded;
use crate::http::{Call, Transport};
use crate::json::{List, MOST_LINES, Text, read, read_answer, rejected};
use crate::ports::Fetched;

/// What the app may do in the shop.
const SCOPES: &str = "query BogbroScopes { currentAppInstallation { accessScopes { handle } } }";
/// The scope without which orders are readable for [`READABLE_DAYS`] only.
const ALL_ORDERS: &str = "read_all_orders";
/// Days after which an order is not answered to an app without that scope.
const READABLE_DAYS: u32 = 60;

/// The one field of a query for an order.
#[derive(Debug, Deserialize)]
struct Found<'a> {
    #[serde(borrow, default)]
    order: Option<&'a RawValue>,
}

/// What tells of one state of an order, and where its lines go on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State<'a> {
    #[serde(borrow, default)]
    updated_at: Text<'a>,
    #[serde(default)]
    line_items: Connection<IgnoredAny>,
}

/// Reads the whole order into one text; `None` when it is gone.
pub(super) async fn order(transport: &dyn Transport, id: &str) -> Result<Option<String>, Failure> {
    let variables = json!({
        "id": id,
        "lines": graphql::FIRST_LINES,
        "shipping": graphql::MOST_SHIPPING_LINES,
        "transactions": graphql::MOST_TRANSACTIONS,
        "refunds": graphql::MOST_REFUNDS,
    });
    let data = client::query(transport, graphql::ORDER, variables).await?;
    let Some(order) =
        read_answer::<Found<'_>>("the answer", &data)?.order.filter(|order| order.get() != "null")
    else {
        return Ok(None);
    };
    let node: Node<'_> = read("the order", order.get())?;
    let state: State<'_> = read("the order", order.get())?;
    let mut further = Vec::new();
    let mut cursor = node.more_lines().map(str::to_owned);
    while let Some(after) = cursor {
        if graphql::FIRST_LINES + further.len() * graphql::MORE_LINES >= MOST_LINES {
            return Err(rejected("too-many-lines", format!("the order has more than {MOST_LINES} lines")));
        }
        let variables = json!({ "id": id, "lines": graphql::MORE_LINES, "after": after });
        let page = part(transport, graphql::LINES, variables, state.updated_at.trimmed()).await?;
        let lines = read::<State<'_>>("further lines of the order", &page)?.line_items.page_info;
        cursor = lines.end_cursor.filter(|_| lines.has_next_page.0);
        further.push(page);
    }
    let units = if node.asks_for_refunded_units() {
        Some(refunded_units(transport, id, &node.refund_ids(), state.updated_at.trimmed()).await?)
    } else {
        None
    };
    kept(order, &further, units.as_deref()).map(Some)
}

/// A further part of an order that was read. An order that changed in between is read again from the start later.
async fn part(
    transport: &dyn Transport,
    document: &str,
    variables: Value,
    updated_at: &str,
) -> Result<String, Failure> {
    let data = client::query(transport, document, variables).await?;
    let part = read_answer::<Found<'_>>("the answer", &data)?.order.ok_or_else(changed)?;
    let state: State<'_> = read("the order", part.get())?;
    if state.updated_at.trimmed() == updated_at { Ok(part.get().to_owned()) } else { Err(changed()) }
}

fn changed() -> Failure {
    Call::Read.unanswered("the order changed while it was read", None)
}

/// An answer about refunds, beside the order that they are of.
#[derive(Debug, Deserialize)]
struct RefundsFound<'a> {
    #[serde(borrow, default)]
    order: Option<State<'a>>,
    #[serde(borrow, default)]
    nodes: List<Option<&'a RawValue>>,
}

/// The refunds in the form of the order's own list.
#[derive(Debug, Serialize)]
struct KeptRefunds {
    refunds: Vec<Box<RawValue>>,
}

/// Where the lines of a refund go on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundState<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(default)]
    refund_line_items: Connection<IgnoredAny>,
}

/// What the refunds were given back for, in the form of the order's list of them. The further lines of a long refund follow under its
/// id once more.
async fn refunded_units(
    transport: &dyn Transport,
    order: &str,
    refunds: &[&str],
    updated_at: &str,
) -> Result<String, Failure> {
    let mut read_so_far = Vec::new();
    let mut long = Vec::new();
    for several in refunds.chunks(refunded::REFUNDS_AT_ONCE) {
        let variables = json!({ "order": order, "ids": several, "lines": refunded::FIRST_LINES });
        let found = of_refunds(transport, refunded::REFUNDED_UNITS, variables, updated_at).await?;
        if found.len() != several.len() {
            return Err(changed());
        }
        for refund in found {
            let state: RefundState<'_> = read("a refund of the order", refund.get())?;
            let page = state.refund_line_items.page_info;
            if let Some(after) = page.end_cursor.filter(|_| page.has_next_page.0) {
                long.push((state.id.owned(), after));
            }
            read_so_far.push(refund);
        }
    }
    for (id, after) in long {
        let mut cursor = Some(after);
        let mut lines = refunded::FIRST_LINES;
        while let Some(after) = cursor {
            if lines >= MOST_LINES {
                let message = format!("a refund has more than {MOST_LINES} lines");
                return Err(rejected("too-many-lines", message));
            }
            lines += refunded::MORE_LINES;
            let variables =
                json!({ "order": order, "ids": [id], "lines": refunded::MORE_LINES, "after": after });
            let found = of_refunds(transport, refunded::MORE_REFUNDED_UNITS, variables, updated_at).await?;
            let Some(page) = found.into_iter().next() else { return Err(changed()) };
            let state: RefundState<'_> = read("further lines of a refund", page.get())?;
            let info = state.refund_line_items.page_info;
            cursor = info.end_cursor.filter(|_| info.has_next_page.0);
            read_so_far.push(page);
        }
    }
    serde_json::to_string(&KeptRefunds { refunds: read_so_far })
        .map_err(|_| rejected("unreadable", "the refunds of the order cannot be kept"))
}

/// The refunds that a query answers, as long as their order is the one that was read.
async fn of_refunds(
    transport: &dyn Transport,
    document: &str,
    variables: Value,
    updated_at: &str,
) -> Result<Vec<Box<RawValue>>, Failure> {
    let data = client::query(transport, document, variables).await?;
    let found: RefundsFound<'_> = read_answer("the refunds of the order", &data)?;
    if found.order.is_none_or(|order| order.updated_at.trimmed() != updated_at) {
        return Err(changed());
    }
    let whole: Option<Vec<Box<RawValue>>> =
        found.nodes.0.into_iter().map(|node| node.map(RawValue::to_owned)).collect();
    whole.ok_or_else(changed)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Installed<'a> {
    #[serde(borrow, default)]
    current_app_installation: Option<Installation<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Installation<'a> {
    #[serde(borrow, default)]
    access_scopes: List<Scope<'a>>,
}

#[derive(Debug, Deserialize)]
struct Scope<'a> {
    #[serde(borrow, default)]
    handle: Text<'a>,
}

/// Whether the app reads orders of any age, so that one that is not answered is gone.
pub(super) async fn reads_all_orders(transport: &dyn Transport) -> Result<bool, Failure> {
    let data = client::query(transport, SCOPES, json!({})).await?;
    let found: Installed<'_> = read_answer("the app's scopes", &data)?;
    let installation = found.current_app_installation;
    let installation = installation
        .ok_or_else(|| Call::Read.unanswered("the shop does not say what the app may do", None))?;
    Ok(installation.access_scopes.0.iter().any(|scope| scope.handle.trimmed() == ALL_ORDERS))
}

/// An order that is not answered and may be there all the same.
pub(super) fn hidden<T>() -> Fetched<T> {
    let reason = Reason::new("order-out-of-reach").with("scope", ALL_ORDERS).with("days", READABLE_DAYS);
    Fetched::Hidden { reason, older_than_days: READABLE_DAYS }
}

/// One text of all that was read.
fn kept(order: &RawValue, further: &[String], units: Option<&str>) -> Result<String, Failure> {
    let raw = |text: &'static str| move |_: serde_json::Error| rejected("unreadable", text);
    let mut further_lines: Vec<&RawValue> = Vec::with_capacity(further.len());
    for page in further {
        further_lines
            .push(serde_json::from_str(page).map_err(raw("further lines of the order are not JSON"))?);
    }
    let refunded_units =
        units.map(serde_json::from_str).transpose().map_err(raw("the refunds of the order are not JSON"))?;
    serde_json::to_string(&Kept { order, further_lines, refunded_units })
        .map_err(raw("the order cannot be kept"))
}
