//! What an answer that is not a success means for what may be done next, in words that a merchant understands.
//!
//! Two forms are read: the legacy one (`{message, developerHint, logId, errors: {field: {errors: [{errorCode, message}]}}}`)
//! and `application/problem+json` of the OpenAPI services. The values that were sent are left out: they may be personal. What a status
//! means is said in [`crate::http`]; only what is e-conomic's own stands here.

use domain::Failure;
use serde_json::Value;

use crate::http::{self, Call, Response};

/// Most complaints that are repeated in one message.
const COMPLAINTS_LIMIT: usize = 5;
/// Longest text taken from one complaint, in characters.
const COMPLAINT_LENGTH: usize = 300;
/// Longest name of an entry in e-conomic's log that is repeated.
const LOG_LENGTH: usize = 80;

/// e-conomic's codes in the merchant's words (facts 1.6).
const WORDS: &[(&str, &str)] = &[
    ("E06000", "it does not exist in e-conomic"),
    ("E04500", "no number or other identifier was given for it"),
    ("E04730", "a value that e-conomic needs is missing"),
    ("E04740", "e-conomic takes at most two decimals here"),
    ("E06151", "the type of a term of payment cannot be changed"),
    ("E07180", "the value is of the wrong type"),
    ("E04810", "more than 1000 items were asked for at once"),
    ("E04042", "this term of payment needs a due date"),
    ("E04760", "this term of payment needs a due date, and none before the document's date"),
    ("BadFilterRequest", "e-conomic cannot search by this field"),
    ("UpdateConflict", "somebody changed it in e-conomic at the same time"),
    ("AccessDeniedAgreementMissingModules", "the e-conomic agreement lacks a module that this needs"),
    ("JournalEntryDateAccountingYearClosed", "the accounting year of this date is closed"),
    ("JournalEntryDatePeriodBarred", "the accounting period of this date is barred"),
    ("JournalEntryDateAccountingYearPeriodBarred", "the accounting period of this date is barred"),
    ("JournalEntryDateAccountingYearDoesNotExist", "there is no accounting year that holds this date"),
    ("JournalEntryAccountNotFound", "the account does not exist"),
    ("JournalEntryAccountIsBlockedForDirectEntries", "the account is closed for entries from a journal"),
    ("JournalEntryWrongAccountType", "the account is a heading or a sum, and nothing can be posted on it"),
    ("JournalEntryCurrencyNotFound", "the agreement does not have this currency"),
    ("JournalEntryCustomerNotFound", "the customer does not exist"),
    ("JournalEntryTypeNotCorrect", "the journal takes entries of another type only"),
    ("JournalEntryVoucherNumberNotWithinBoundaries", "the voucher number is outside the journal's series"),
    ("JournalEntryTextTooLong", "the text of an entry is too long"),
    ("OneAPITooManyEntries", "more than 500 entries were sent at once"),
    ("AccountingYearNotFound", "the accounting year does not exist"),
    ("InvalidVoucherNumber", "there is no voucher of this number in the accounting year"),
    ("InvalidFileData", "the file cannot be read, or is of a kind that e-conomic does not take"),
    ("UnableToAttach", "the file came, and could not be put on the voucher"),
    ("DocumentAlreadyAttachedToVoucher", "the voucher has a file already"),
    ("CannotAttachToElectronicInvoice", "the voucher is an electronic invoice, which takes no file"),
];

/// What an unsuccessful answer means.
pub(crate) fn failure(response: &Response, call: Call) -> Failure {
    let told = Told::read(&response.body);
    let message = told.message(response.status);
    let code = told.code().map(str::to_owned);
    match (response.status, call) {
        // A missing module is a matter of this one call; any other 403 is about the grant and its roles.
        (403, _) if code.as_deref() == Some("AccessDeniedAgreementMissingModules") => {
            Failure::Rejected { code, message }
        }
        // What a 409 or a redirect means for a write is documented nowhere.
        (300..=399 | 409, Call::Write) => Failure::Unknown { message },
        _ => http::refused(call, response, code, message),
    }
}

/// A successful answer that cannot be understood.
pub(crate) fn unreadable(call: Call, what: &str, error: &serde_json::Error) -> Failure {
    // Only the place is told: the answer may hold personal data.
    let message = format!(
        "e-conomic's answer to {what} cannot be read (line {}, column {})",
        error.line(),
        error.column()
    );
    match (call, error.classify()) {
        (Call::Read, serde_json::error::Category::Data) => refused("unreadable", message),
        _ => call.unanswered(message, None),
    }
}

/// A refusal of our own, before or after a call.
pub(crate) fn refused(code: &str, message: impl Into<String>) -> Failure {
    Failure::Rejected { code: Some(code.to_owned()), message: message.into() }
}

/// What an error body says.
#[derive(Debug, Default)]
struct Told {
    message: String,
    log: Option<String>,
    complaints: Vec<Complaint>,
}

#[derive(Debug)]
struct Complaint {
    place: String,
    code: String,
    message: String,
}

impl Told {
    fn read(body: &[u8]) -> Told {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Told::default() };
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(shorten);
        let mut told = Told {
            message: text("message").or_else(|| text("detail")).or_else(|| text("title")).unwrap_or_default(),
            log: name_in_log(&body, "logId").or_else(|| name_in_log(&body, "traceId")),
            complaints: Vec::new(),
        };
        if let Some(errors) = body.get("errors") {
            told.collect(errors, &mut Vec::new());
        }
        if told.complaints.is_empty()
            && let Some(code) = text("errorCode")
        {
            told.complaints.push(Complaint { place: String::new(), code, message: String::new() });
        }
        told
    }

    /// Walks the errors, whatever they are nested in: fields, lines by `arrayIndex`, plain lists.
    fn collect(&mut self, value: &Value, place: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.collect(item, place);
                }
            }
            Value::Object(fields) if fields.contains_key("errorCode") || is_complaint(fields) => {
                let text =
                    |name: &str| fields.get(name).and_then(Value::as_str).map(shorten).unwrap_or_default();
                let mut place = place.join(".");
                if place.is_empty() {
                    place = text("property");
                }
                self.complaints.push(Complaint { place, code: text("errorCode"), message: text("message") });
            }
            Value::Object(fields) => {
                let index = fields.get("arrayIndex").and_then(Value::as_u64);
                if let Some(index) = index {
                    place.push(format!("{}", index + 1));
                }
                for (name, inner) in fields {
                    if name == "errors" {
                        self.collect(inner, place);
                    } else if name != "arrayIndex" && (inner.is_object() || inner.is_array()) {
                        place.push(name.chars().take(40).collect());
                        self.collect(inner, place);
                        place.pop();
                    }
                }
                if index.is_some() {
                    place.pop();
                }
            }
            _ => {}
        }
    }

    fn code(&self) -> Option<&str> {
        self.complaints.iter().map(|complaint| complaint.code.as_str()).find(|code| !code.is_empty())
    }

    fn message(&self, status: u16) -> String {
        let mut parts: Vec<String> =
            self.complaints.iter().take(COMPLAINTS_LIMIT).map(Complaint::in_words).collect();
        if self.complaints.len() > COMPLAINTS_LIMIT {
            parts.push(format!("and {} more", self.complaints.len() - COMPLAINTS_LIMIT));
        }
        if parts.is_empty() {
            parts.push(if self.message.is_empty() {
                "no reason was given".to_owned()
            } else {
                self.message.clone()
            });
        }
        let log = self.log.as_ref().map(|log| format!(", e-conomic's log {log}")).unwrap_or_default();
        format!("{} (status {status}{log})", parts.join("; "))
    }
}

impl Complaint {
    fn in_words(&self) -> String {
        let known = WORDS.iter().find(|(code, _)| *code == self.code).map(|(_, words)| *words);
        let words = match (known, self.message.is_empty()) {
            (Some(known), true) => known.to_owned(),
            (Some(known), false) => format!("{known}: {}", self.message),
            (None, false) => self.message.clone(),
            (None, true) => "refused".to_owned(),
        };
        let place = if self.place.is_empty() { String::new() } else { format!("{}: ", self.place) };
        let code = if self.code.is_empty() { String::new() } else { format!(" [{}]", self.code) };
        format!("{place}{words}{code}")
    }
}

fn is_complaint(fields: &serde_json::Map<String, Value>) -> bool {
    fields.get("message").is_some_and(Value::is_string) && !fields.contains_key("errors")
}

/// e-conomic's support finds a call by this name. It is long and random like a credential, so it is known by its place.
fn name_in_log(body: &Value, field: &str) -> Option<String> {
    let name = body.get(field)?.as_str()?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '|' | '_'));
    (plain && name.len() <= LOG_LENGTH).then(|| name.to_owned())
}

fn shorten(text: &str) -> String {
    http::clean(text).chars().take(COMPLAINT_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        Response {
            status,
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn every_status_means_one_of_four_things() {
        let kinds = [
            (400, "rejected", "rejected"),
            (401, "unauthorized", "unauthorized"),
            (403, "unauthorized", "unauthorized"),
            (404, "rejected", "rejected"),
            (405, "rejected", "rejected"),
            (408, "busy", "unknown"),
            (409, "rejected", "unknown"),
            (415, "rejected", "rejected"),
            (425, "busy", "unknown"),
            (429, "busy", "busy"),
            (302, "rejected", "unknown"),
            (500, "busy", "unknown"),
            (502, "busy", "unknown"),
            (503, "busy", "unknown"),
            (504, "busy", "unknown"),
        ];
        for (status, read, write) in kinds {
            for (call, expected) in [(Call::Read, read), (Call::Write, write)] {
                let found = match failure(&answer(status, &[], ""), call) {
                    Failure::Rejected { .. } => "rejected",
                    Failure::Busy { .. } => "busy",
                    Failure::Unknown { .. } => "unknown",
                    Failure::Unauthorized { .. } => "unauthorized",
                };
                assert_eq!(found, expected, "{status} of a {call:?}");
            }
        }
    }

    #[test]
    fn a_page_of_a_proxys_is_no_word_of_e_conomics() {
        for status in [403, 404] {
            let page = answer(status, &[("content-type", "text/html")], "<html>Just a moment</html>");
            assert!(matches!(failure(&page, Call::Read), Failure::Busy { .. }), "{status}");
            assert!(matches!(failure(&page, Call::Write), Failure::Unknown { .. }), "{status}");
        }
    }

    #[test]
    fn what_e_conomic_repeats_carries_no_credential_and_no_address() {
        let body = r#"{"message":"no","logId":"0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
            "errors":[{"message":"Token\n 0123456789abcdef0123456789abcdef of buyer@example.dk is not known",
              "errorCode":"buyer@example.dk","property":"for buyer@example.dk"}]}"#;
        let Failure::Rejected { code, message } = failure(&answer(400, &[], body), Call::Write) else {
            panic!("a refusal")
        };
        assert_eq!(code.as_deref(), Some("(e-mail)"));
        assert_eq!(
            message,
            "for (e-mail): Token (removed) of (e-mail) is not known [(e-mail)] \
             (status 400, e-conomic's log 0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f)"
        );
        let body = r#"{"message":"no","logId":"of buyer@example.dk"}"#;
        let message = failure(&answer(400, &[], body), Call::Write).to_string();
        assert!(!message.contains("buyer"), "{message}");
    }

    #[test]
    fn the_wait_asked_for_is_heard() {
        let busy = failure(&answer(429, &[("retry-after", "17")], ""), Call::Write);
        assert!(matches!(busy, Failure::Busy { retry_after_ms: Some(17_000), .. }), "{busy:?}");
        let busy = failure(&answer(429, &[("retry-after", "soon")], ""), Call::Write);
        assert!(matches!(busy, Failure::Busy { retry_after_ms: None, .. }), "{busy:?}");
    }

    #[test]
    fn a_legacy_error_names_field_and_reason_and_no_value() {
        let body = r#"{"message":"Validation failed. 2 errors found.","developerHint":"Inspect validation errors.",
            "logId":"8d79-CPH","httpStatusCode":400,
            "errors":{"paymentTerms":{"errors":[{"propertyName":"paymentTerms","message":"Payment terms '9' not found.",
              "errorCode":"E06000","value":"secret@example.dk"}]},
              "lines":[{"arrayIndex":1,"unitNetPrice":{"errors":[{"errorCode":"E04740","message":"Too many decimals.","value":"1.005"}]}}]}}"#;
        let Failure::Rejected { code, message } = failure(&answer(400, &[], body), Call::Write) else {
            panic!("a validation error is a rejection")
        };
        assert_eq!(code.as_deref(), Some("E04740"));
        assert!(
            message.contains("lines.2.unitNetPrice: e-conomic takes at most two decimals here"),
            "{message}"
        );
        assert!(message.contains("paymentTerms: it does not exist in e-conomic"), "{message}");
        assert!(message.contains("8d79-CPH"), "{message}");
        assert!(!message.contains("secret@example.dk") && !message.contains("1.005"), "{message}");
    }

    #[test]
    fn a_problem_is_read_too() {
        let body = r#"{"type":"x","title":"Forbidden","status":403,"detail":"Access denied.","traceId":"t-1",
            "errorCode":"AccessDeniedAgreementMissingModules"}"#;
        let Failure::Rejected { code, message } = failure(&answer(403, &[], body), Call::Read) else {
            panic!("a missing module is a matter of one call")
        };
        assert_eq!(code.as_deref(), Some("AccessDeniedAgreementMissingModules"));
        assert!(message.contains("lacks a module"), "{message}");

        let body = r#"{"title":"Validation","errors":[{"message":"Journal 7 not found","errorCode":"JournalNotFound","property":"journalNumber"}]}"#;
        let Failure::Rejected { message, .. } = failure(&answer(400, &[], body), Call::Write) else {
            panic!("a validation error is a rejection")
        };
        assert!(message.starts_with("journalNumber: Journal 7 not found [JournalNotFound]"), "{message}");
    }
}
