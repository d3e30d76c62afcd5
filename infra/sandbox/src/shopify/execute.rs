//! A query from its text to its answer: parse, check every selected field against the types, count the cost, project.

use super::throttle::MAX_QUERY_COST;
use super::types::{self, Shape};
use super::{Shop, arguments, payments};
use crate::http::Response;
use crate::json::Json;
use crate::object;
use graphql_parser::query::{
    Definition, Document, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use jiff::Timestamp;

/// The most items that a connection gives at once.
const MAX_FIRST: i64 = 250;
/// How deep fragments and fields may nest.
const MAX_DEPTH: usize = 24;

/// A parsed query with its variables.
pub(super) struct Query<'a> {
    fragments: Vec<&'a FragmentDefinition<'static, String>>,
    pub(super) variables: Json,
}

/// One GraphQL error: message, code, and what else stands in `extensions`.
pub(super) struct Refusal {
    message: String,
    extensions: Json,
}

impl Refusal {
    pub(super) fn new(message: impl Into<String>, code: &str) -> Refusal {
        Refusal { message: message.into(), extensions: object! { "code": code } }
    }
}

impl Shop {
    pub(super) fn execute(&mut self, now: Timestamp, body: &Json) -> Response {
        let Some(text) = body.text("query") else {
            return refuse(
                &[Refusal::new("A query attribute must be specified and must be a string.", "BAD_REQUEST")],
                None,
            );
        };
        let document = match graphql_parser::parse_query::<String>(text) {
            Ok(document) => document.into_static(),
            Err(why) => return refuse(&[Refusal::new(format!("Parse error: {why}"), "PARSE_ERROR")], None),
        };
        let Some(operation) = operation(&document, body.text("operationName")) else {
            return refuse(&[Refusal::new("No operation to run.", "BAD_REQUEST")], None);
        };
        let variables = match arguments::variables(operation, body.get("variables").unwrap_or(&Json::Null)) {
            Ok(variables) => variables,
            Err(why) => return refuse(&[Refusal::new(why, "INVALID_VARIABLE")], None),
        };
        let query = Query { fragments: fragments(&document), variables };
        let (root, selection) = match operation {
            OperationDefinition::Query(query) => ("QueryRoot", &query.selection_set),
            OperationDefinition::SelectionSet(selection) => ("QueryRoot", selection),
            OperationDefinition::Mutation(mutation) => ("Mutation", &mutation.selection_set),
            OperationDefinition::Subscription(_) => {
                return refuse(
                    &[Refusal::new("Schema is not configured for subscriptions", "BAD_REQUEST")],
                    None,
                );
            }
        };
        let mut problems = Vec::new();
        let cost = query.check(root, selection, 0, &mut problems) + if root == "Mutation" { 10 } else { 0 };
        if !problems.is_empty() {
            return refuse(&problems, None);
        }
        self.run(now, &query, root, selection, cost)
    }

    fn run(
        &mut self,
        now: Timestamp,
        query: &Query<'_>,
        root: &str,
        selection: &SelectionSet<'static, String>,
        cost: u32,
    ) -> Response {
        if cost > MAX_QUERY_COST {
            let message = format!(
                "Query cost is {cost}, which exceeds the single query max cost limit ({MAX_QUERY_COST})."
            );
            return refuse(&[Refusal::new(message, "MAX_COST_EXCEEDED")], None);
        }
        if !self.throttle.has(now, cost) {
            return refuse(
                &[Refusal::new("Throttled", "THROTTLED")],
                Some(self.throttle.extensions(cost, None)),
            );
        }
        let mut data = Json::Object(Vec::new());
        let mut problems = Vec::new();
        for (_, field) in query.fields(root, selection) {
            let arguments = arguments::all(&field.arguments, &query.variables);
            if let Some(name) = types::unknown_argument(&field.name, &arguments) {
                let message = format!("Field '{}' doesn't accept argument '{name}'", field.name);
                return refuse(&[Refusal::new(message, "argumentNotAccepted")], None);
            }
            let answer = if root == "Mutation" {
                let key = idempotency_key(field, &query.variables);
                self.mutate(now, &field.name, &arguments, key.as_deref())
            } else {
                self.look_up(now, &field.name, &arguments)
            };
            let shown = match answer {
                Ok(value) => query.field_value(root, field, &value),
                Err(problem) => {
                    problems.push(problem);
                    Json::Null
                }
            };
            data.set(field.alias.as_ref().unwrap_or(&field.name), shown);
        }
        let mut body = object! { "data": data };
        if !problems.is_empty() {
            body.set("errors", errors(&problems));
        }
        let actual = objects(body.get("data").unwrap_or(&Json::Null)).saturating_sub(1);
        let actual = actual.saturating_add(if root == "Mutation" { 10 } else { 0 }).min(cost);
        self.throttle.take(actual);
        body.set("extensions", self.throttle.extensions(cost, Some(actual)));
        Response::json(200, &body)
    }
}

fn operation<'a>(
    document: &'a Document<'static, String>,
    name: Option<&str>,
) -> Option<&'a OperationDefinition<'static, String>> {
    document.definitions.iter().find_map(|definition| {
        let Definition::Operation(operation) = definition else { return None };
        let own = match operation {
            OperationDefinition::Query(query) => query.name.as_deref(),
            OperationDefinition::Mutation(mutation) => mutation.name.as_deref(),
            _ => None,
        };
        (name.is_none() || name == own).then_some(operation)
    })
}

fn fragments<'a>(document: &'a Document<'static, String>) -> Vec<&'a FragmentDefinition<'static, String>> {
    fn fragment<'a>(
        definition: &'a Definition<'static, String>,
    ) -> Option<&'a FragmentDefinition<'static, String>> {
        match definition {
            Definition::Fragment(fragment) => Some(fragment),
            Definition::Operation(_) => None,
        }
    }
    document.definitions.iter().filter_map(fragment).collect()
}

/// The objects of an answer: what it cost in truth.
fn objects(answer: &Json) -> u32 {
    let within = |items: &mut dyn Iterator<Item = &Json>| items.map(objects).fold(0u32, u32::saturating_add);
    match answer {
        Json::Object(fields) => 1u32.saturating_add(within(&mut fields.iter().map(|(_, value)| value))),
        Json::Array(items) => within(&mut items.iter()),
        _ => 0,
    }
}

/// The key of `@idempotent(key: ...)` on a mutation.
fn idempotency_key(field: &Field<'static, String>, variables: &Json) -> Option<String> {
    let directive = field.directives.iter().find(|directive| directive.name == "idempotent")?;
    arguments::all(&directive.arguments, variables).text("key").map(str::to_string)
}

fn errors(problems: &[Refusal]) -> Json {
    let show = |problem: &Refusal| object! { "message": &problem.message, "extensions": &problem.extensions };
    Json::Array(problems.iter().map(show).collect())
}

fn refuse(problems: &[Refusal], extensions: Option<Json>) -> Response {
    let mut body = object! { "errors": errors(problems) };
    if let Some(extensions) = extensions {
        body.set("extensions", extensions);
    }
    Response::json(200, &body)
}

impl<'a> Query<'a> {
    fn fragment(&self, name: &str) -> Option<&'a FragmentDefinition<'static, String>> {
        self.fragments.iter().find(|fragment| fragment.name == name).copied()
    }

    /// Checks a selection against a type and gives its cost as the vendor documents it: an object is a point, a scalar nothing, and a
    /// list costs as much as all the objects that it is asked for.
    fn check(
        &self,
        parent: &str,
        selection: &SelectionSet<'static, String>,
        depth: usize,
        problems: &mut Vec<Refusal>,
    ) -> u32 {
        if depth > MAX_DEPTH {
            problems.push(Refusal::new("Query is nested too deep.", "BAD_REQUEST"));
            return 0;
        }
        let mut cost = 0u32;
        for item in &selection.items {
            cost = cost.saturating_add(match item {
                Selection::Field(field) => self.check_field(parent, field, depth, problems),
                Selection::FragmentSpread(spread) => match self.fragment(&spread.fragment_name) {
                    Some(fragment) => {
                        let graphql_parser::query::TypeCondition::On(condition) = &fragment.type_condition;
                        self.check_condition(parent, condition, &fragment.selection_set, depth, problems)
                    }
                    None => {
                        let message = format!("Fragment {} was used, but not defined", spread.fragment_name);
                        problems.push(Refusal::new(message, "useAndDefineFragment"));
                        0
                    }
                },
                Selection::InlineFragment(fragment) => match &fragment.type_condition {
                    Some(graphql_parser::query::TypeCondition::On(condition)) => {
                        self.check_condition(parent, condition, &fragment.selection_set, depth, problems)
                    }
                    None => self.check(parent, &fragment.selection_set, depth + 1, problems),
                },
            });
        }
        cost
    }

    fn check_condition(
        &self,
        parent: &str,
        condition: &str,
        selection: &SelectionSet<'static, String>,
        depth: usize,
        problems: &mut Vec<Refusal>,
    ) -> u32 {
        if !types::exists(condition) || !types::fits(parent, condition) {
            let message = format!("Fragment on {condition} can't be spread inside {parent}");
            problems.push(Refusal::new(message, "cannotSpreadFragment"));
            return 0;
        }
        self.check(condition, selection, depth + 1, problems)
    }

    fn check_field(
        &self,
        parent: &str,
        field: &Field<'static, String>,
        depth: usize,
        problems: &mut Vec<Refusal>,
    ) -> u32 {
        if field.name == "__typename" {
            return 0;
        }
        if let Some(name) = arguments::undeclared(&field.arguments, &self.variables) {
            let message = format!("Variable ${name} is used by but not declared");
            problems.push(Refusal::new(message, "variableNotDefined"));
        }
        let place = format!("{parent}.{}", field.name);
        if let Some(name) =
            types::unknown_argument(&place, &arguments::all(&field.arguments, &self.variables))
        {
            let message = format!("Field '{}' doesn't accept argument '{name}'", field.name);
            problems.push(Refusal::new(message, "argumentNotAccepted"));
        }
        let Some(shape) = types::field(parent, &field.name) else {
            let message = format!("Field '{}' doesn't exist on type '{parent}'", field.name);
            let extensions =
                object! { "code": "undefinedField", "typeName": parent, "fieldName": &field.name };
            problems.push(Refusal { message, extensions });
            return 0;
        };
        let has_selection = !field.selection_set.items.is_empty();
        match shape {
            Shape::Scalar if has_selection => {
                let message = format!("Selections can't be made on scalars (field '{}')", field.name);
                problems.push(Refusal::new(message, "selectionMismatch"));
                0
            }
            Shape::Scalar => 0,
            _ if !has_selection => {
                let message =
                    format!("Field must have selections (field '{}' has no selections)", field.name);
                problems.push(Refusal::new(message, "selectionMismatch"));
                0
            }
            Shape::Object(kind) => {
                1u32.saturating_add(self.check(kind, &field.selection_set, depth + 1, problems))
            }
            Shape::List(kind) => {
                let each = 1u32.saturating_add(self.check(kind, &field.selection_set, depth + 1, problems));
                // A list that says nothing of its size is reckoned as one.
                let arguments = arguments::all(&field.arguments, &self.variables);
                let ids = arguments.get("ids").map(|_| arguments.items("ids").len());
                let first = arguments.integer("first").and_then(|first| usize::try_from(first).ok());
                each.saturating_mul(ids.or(first).and_then(|size| u32::try_from(size).ok()).unwrap_or(1))
            }
            Shape::Connection(kind) => self.check_connection(kind, field, depth, problems),
        }
    }

    fn check_connection(
        &self,
        kind: &str,
        field: &Field<'static, String>,
        depth: usize,
        problems: &mut Vec<Refusal>,
    ) -> u32 {
        let arguments = arguments::all(&field.arguments, &self.variables);
        let first = arguments.integer("first").or(arguments.integer("last"));
        let Some(first) = first.filter(|first| (0..=MAX_FIRST).contains(first)) else {
            let message = "you must provide one of first or last, between 0 and 250";
            problems.push(Refusal::new(message, "BAD_REQUEST"));
            return 0;
        };
        let mut per_item = 1u32;
        let mut around = 2u32;
        for part in fields_of(&field.selection_set) {
            match part.name.as_str() {
                "nodes" => {
                    let node = self.check(kind, &part.selection_set, depth + 1, problems);
                    per_item = per_item.saturating_add(node);
                }
                "edges" => {
                    let nodes = fields_of(&part.selection_set).filter(|inner| inner.name == "node");
                    let node = nodes.map(|inner| self.check(kind, &inner.selection_set, depth + 1, problems));
                    per_item = per_item.saturating_add(node.sum());
                }
                "pageInfo" => around += 1 + self.check("PageInfo", &part.selection_set, depth + 1, problems),
                "__typename" => {}
                other => {
                    let message = format!("Field '{other}' doesn't exist on type '{kind}Connection'");
                    problems.push(Refusal::new(message, "undefinedField"));
                }
            }
        }
        let first = u32::try_from(first).unwrap_or(0);
        around.saturating_add(first.saturating_mul(per_item))
    }

    /// The fields of a selection that stand for a value of this type, fragments opened.
    fn fields<'s>(
        &'s self,
        actual: &str,
        selection: &'s SelectionSet<'static, String>,
    ) -> Vec<(String, &'s Field<'static, String>)> {
        let mut fields = Vec::new();
        for item in &selection.items {
            match item {
                Selection::Field(field) => fields.push((actual.to_string(), field)),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragment(&spread.fragment_name) {
                        let graphql_parser::query::TypeCondition::On(condition) = &fragment.type_condition;
                        if types::fits(condition, actual) || types::fits(actual, condition) {
                            fields.extend(self.fields(actual, &fragment.selection_set));
                        }
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let fits = match &fragment.type_condition {
                        Some(graphql_parser::query::TypeCondition::On(condition)) => {
                            types::fits(condition, actual) || types::fits(actual, condition)
                        }
                        None => true,
                    };
                    if fits {
                        fields.extend(self.fields(actual, &fragment.selection_set));
                    }
                }
            }
        }
        fields
    }

    /// Projects a value of a type onto a selection.
    fn project(&self, kind: &str, value: &Json, selection: &SelectionSet<'static, String>) -> Json {
        if value.is_null() {
            return Json::Null;
        }
        let actual = value.text("__typename").unwrap_or(kind);
        let mut out = Json::Object(Vec::new());
        for (_, field) in self.fields(actual, selection) {
            let name = field.alias.as_ref().unwrap_or(&field.name);
            if field.name == "__typename" {
                out.set(name, actual);
                continue;
            }
            let inner = self.inner_value(actual, field, value);
            out.set(name, self.field_value(actual, field, &inner));
        }
        out
    }

    /// The value of a field, chosen by its arguments where those say which of several is meant.
    fn inner_value(&self, kind: &str, field: &Field<'static, String>, value: &Json) -> Json {
        let arguments = arguments::all(&field.arguments, &self.variables);
        match (kind, field.name.as_str()) {
            ("InventoryItem", "inventoryLevel") => {
                let wanted = arguments.text("locationId");
                let levels = value.items("inventoryLevels");
                levels.iter().find(|level| level.text("location.id") == wanted).cloned().unwrap_or_default()
            }
            ("InventoryLevel", "quantities") => {
                let names = arguments.items("names");
                let asked =
                    |quantity: &&Json| names.iter().any(|name| name.as_text() == quantity.text("name"));
                Json::Array(value.items("quantities").iter().filter(asked).cloned().collect())
            }
            ("ShopifyPaymentsAccount", "payouts") => {
                payments::asked("ShopifyPaymentsPayout", value.items("payouts"), &arguments)
            }
            ("ShopifyPaymentsAccount", "balanceTransactions") => payments::asked(
                "ShopifyPaymentsBalanceTransaction",
                value.items("balanceTransactions"),
                &arguments,
            ),
            (_, name) => value.get(name).cloned().unwrap_or_default(),
        }
    }

    /// The value of a field as its own selection wants it.
    fn field_value(&self, parent: &str, field: &Field<'static, String>, value: &Json) -> Json {
        match (types::field(parent, &field.name), value) {
            (Some(Shape::Object(kind)), value) => self.project(kind, value, &field.selection_set),
            (Some(Shape::List(kind)), Json::Array(items)) => {
                Json::Array(items.iter().map(|item| self.project(kind, item, &field.selection_set)).collect())
            }
            (Some(Shape::Connection(kind)), Json::Array(items)) => self.connection(kind, items, field),
            (_, value) => value.clone(),
        }
    }

    fn connection(&self, kind: &str, items: &[Json], field: &Field<'static, String>) -> Json {
        let arguments = arguments::all(&field.arguments, &self.variables);
        let position = |name: &str| {
            arguments.text(name).and_then(|cursor| items.iter().position(|item| cursor_of(item) == cursor))
        };
        let start = match arguments.text("after") {
            Some(_) => position("after").map_or(items.len(), |position| position + 1),
            None => 0,
        };
        let first =
            arguments.integer("first").and_then(|first| usize::try_from(first).ok()).unwrap_or(items.len());
        let end = start.saturating_add(first).min(items.len());
        let page = items.get(start..end).unwrap_or_default();
        let mut out = Json::Object(Vec::new());
        for part in fields_of(&field.selection_set) {
            let name = part.alias.as_ref().unwrap_or(&part.name);
            let value = match part.name.as_str() {
                "nodes" => Json::Array(
                    page.iter().map(|item| self.project(kind, item, &part.selection_set)).collect(),
                ),
                "edges" => {
                    Json::Array(page.iter().map(|item| self.edge(kind, item, &part.selection_set)).collect())
                }
                "pageInfo" => {
                    let info = object! {
                        "hasNextPage": end < items.len(), "hasPreviousPage": start > 0,
                        "startCursor": page.first().map(cursor_of), "endCursor": page.last().map(cursor_of),
                    };
                    self.project("PageInfo", &info, &part.selection_set)
                }
                _ => Json::from(format!("{kind}Connection")),
            };
            out.set(name, value);
        }
        out
    }

    fn edge(&self, kind: &str, item: &Json, selection: &SelectionSet<'static, String>) -> Json {
        let mut edge = Json::Object(Vec::new());
        for part in fields_of(selection) {
            let name = part.alias.as_ref().unwrap_or(&part.name);
            match part.name.as_str() {
                "cursor" => edge.set(name, cursor_of(item)),
                "node" => edge.set(name, self.project(kind, item, &part.selection_set)),
                _ => {}
            }
        }
        edge
    }
}

fn fields_of<'s>(
    selection: &'s SelectionSet<'static, String>,
) -> impl Iterator<Item = &'s Field<'static, String>> {
    selection.items.iter().filter_map(|item| match item {
        Selection::Field(field) => Some(field),
        _ => None,
    })
}

/// The cursor of an item: opaque, and the same wherever the item stands.
fn cursor_of(item: &Json) -> String {
    let key = item.text("id").map_or_else(|| item.to_string(), str::to_string);
    data_encoding::BASE64.encode(format!("{{\"last_id\":\"{key}\"}}").as_bytes())
}
