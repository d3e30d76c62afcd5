//! Error answers of both surfaces in the shapes that e-conomic uses.
//!
//! Legacy REST nests the errors of fields under `errors` and those of lines under `errors.lines` with their `arrayIndex`;
//! the OpenAPI services answer `application/problem+json`.

use crate::http::Response;
use crate::json::Json;
use crate::object;

/// Values left out that must be there.
pub(super) const MISSING_VALUE: &str = "E04730";
/// A reference without its number.
pub(super) const NO_IDENTIFIER: &str = "E04500";
/// A number with more decimals than allowed.
pub(super) const TOO_MANY_DECIMALS: &str = "E04740";
/// A value of the wrong type.
pub(super) const TYPE_MISMATCH: &str = "E07180";
/// Something referred to that does not exist.
pub(super) const DOES_NOT_EXIST: &str = "E06000";
/// A page size above the limit.
pub(super) const PAGE_SIZE: &str = "E04810";
/// Payment terms of type `dueDate` without a due date.
pub(super) const DUE_DATE_MISSING: &str = "E04042";
/// Payment terms of type `dueDate` with a due date before the date of the document.
pub(super) const DUE_DATE_TOO_EARLY: &str = "E04760";
/// Payment terms that may not be changed.
pub(super) const IMMUTABLE_PAYMENT_TERM: &str = "E06151";
/// Stands where the vendor has a code that none of our sources name: no client may depend on it.
pub(super) const UNLISTED: &str = "E00000";

/// One thing wrong with a request body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// The dotted path of the field; a number is an index into `lines`.
    pub(super) path: String,
    /// The vendor's code.
    pub(super) code: &'static str,
    /// What is wrong, in words.
    pub(super) message: String,
    /// What was sent.
    pub(super) value: Json,
}

impl Problem {
    /// A problem at a path.
    pub(super) fn new(
        path: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
        value: impl Into<Json>,
    ) -> Problem {
        Problem { path: path.into(), code, message: message.into(), value: value.into() }
    }
}

/// An error of legacy REST without field errors.
pub(super) fn plain(status: u16, code: Option<&str>, message: &str) -> Response {
    let mut body = object! {
        "message": message,
        "developerHint": "The API tries to provide all the resource urls you need.",
        "logId": "sandbox",
        "httpStatusCode": status,
    };
    if let Some(code) = code {
        body.set("errorCode", code);
    }
    body.set("errors", Json::Array(Vec::new()));
    Response::json(status, &body)
}

/// The answer for something that does not exist.
pub(super) fn not_found() -> Response {
    plain(404, Some(DOES_NOT_EXIST), "Resource not found.")
}

/// The 400 of legacy REST for a body that does not pass validation.
pub(super) fn invalid(problems: &[Problem]) -> Response {
    let mut errors = object! {};
    for problem in problems {
        place(&mut errors, &problem.path.split('.').collect::<Vec<_>>(), problem);
    }
    let body = object! {
        "message": format!("Validation failed. {} error found.", problems.len()),
        "developerHint": "Inspect validation errors and correct your request.",
        "logId": "sandbox",
        "httpStatusCode": 400,
        "errors": errors,
    };
    Response::json(400, &body)
}

/// Puts a problem where its path says; an index becomes an item `{arrayIndex, ...}` of an array.
fn place(node: &mut Json, path: &[&str], problem: &Problem) {
    let Some((first, rest)) = path.split_first() else {
        let error = object! {
            "propertyName": problem.path.rsplit('.').next().unwrap_or_default(),
            "errorMessage": problem.message.as_str(),
            "errorCode": problem.code,
            "message": problem.message.as_str(),
            "value": &problem.value,
            "developerHint": "Correct the value and send the request again.",
        };
        let mut list = node.items("errors").to_vec();
        list.push(error);
        node.set("errors", Json::Array(list));
        return;
    };
    if let Some(index) = rest.first().and_then(|text| text.parse::<usize>().ok()) {
        let mut list = node.items(first).to_vec();
        let position = list.iter().position(|item| item.integer("arrayIndex") == i64::try_from(index).ok());
        let mut item =
            position.map_or_else(|| object! { "arrayIndex": index }, |position| list.remove(position));
        place(&mut item, &rest[1..], problem);
        list.push(item);
        node.set(first, Json::Array(list));
        return;
    }
    let mut child = node.remove(first).unwrap_or_else(|| object! {});
    place(&mut child, rest, problem);
    node.set(first, child);
}

/// The 400 for a filter on a field that cannot be filtered.
pub(super) fn bad_filter_field(field: &str, allowed: &[&str]) -> Response {
    let body = object! {
        "message": format!("Filtering on '{field}' is not supported."),
        "developerHint": "See allowedFilteringFields.",
        "logId": "sandbox",
        "httpStatusCode": 400,
        "allowedFilteringFields": allowed.to_vec(),
        "errors": Json::Array(Vec::new()),
    };
    Response::json(400, &body)
}

/// An error of an OpenAPI service. Each error is (property, code, message).
pub(super) fn problem(status: u16, code: &str, detail: &str, errors: &[(String, &str, String)]) -> Response {
    let errors: Vec<Json> = errors
        .iter()
        .map(|(property, code, message)| object! { "message": message, "errorCode": *code, "property": property })
        .collect();
    let body = object! {
        "type": "https://apis.e-conomic.com/problem",
        "title": detail,
        "status": status,
        "detail": detail,
        "traceId": "sandbox",
        "traceTimeUtc": "1970-01-01T00:00:00Z",
        "errorCode": code,
        "errors": errors,
    };
    Response::text(status, "application/problem+json", body.to_string())
}
