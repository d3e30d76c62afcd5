//! The OpenAPI service of files on vouchers: one file on a voucher, of which a second one becomes more pages.

use super::openapi::missing;
use super::quirks::Quirk;
use super::{Agreement, error};
use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use serde::{Deserialize, Serialize};

/// The largest file, in bytes.
const MAX_FILE: usize = 9_437_184;
/// The longest note.
const NOTE: usize = 250;
/// The most files in one deletion.
const MAX_BULK: usize = 500;
/// Kinds of files, and how each begins.
const KINDS: &[(&str, &[u8])] =
    &[("application/pdf", b"%PDF-"), ("image/jpeg", &[0xFF, 0xD8]), ("image/png", b"\x89PNG")];

const FIELDS: &[&str] = &["number", "voucherNumber", "accountingYear"];

/// A file on a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Its number.
    pub number: u32,
    /// The voucher.
    pub voucher: u32,
    /// The key of the voucher's accounting year.
    pub year: String,
    /// Note.
    pub note: String,
    /// How many files were put together in it.
    pub merged: u32,
    /// The bytes of the first.
    pub file: Vec<u8>,
}

/// One part of a form.
struct Part<'a> {
    name: String,
    content_type: String,
    bytes: &'a [u8],
}

impl Agreement {
    pub(super) fn documents_service(&mut self, request: &Request, path: &[&str]) -> Response {
        match (request.method.as_str(), path) {
            ("POST", ["attacheddocuments"]) => self.attach(request),
            ("GET", ["attacheddocuments", number]) if number.parse::<u32>().is_ok() => {
                self.find_attached(number).map_or_else(missing, |found| Response::json(200, &show(found)))
            }
            ("GET", ["attacheddocuments", number, "pdf"]) => self
                .find_attached(number)
                .map_or_else(missing, |found| Response::text(200, "application/pdf", found.file.clone())),
            ("GET", ["attacheddocuments", rest @ ..]) => {
                let items = self.attached.values().map(show).collect();
                self.openapi_list(request, rest, items, FIELDS)
            }
            ("DELETE", ["attacheddocuments", "deletebulk"]) => self.delete_attached(request),
            ("DELETE", ["attacheddocuments", number]) => {
                let number = number.parse::<u32>().unwrap_or(0);
                if self.attached.remove(&number).is_some() { Response::empty(204) } else { missing() }
            }
            _ => missing(),
        }
    }

    fn find_attached(&self, number: &str) -> Option<&Attached> {
        self.attached.get(&number.parse().ok()?)
    }

    fn delete_attached(&mut self, request: &Request) -> Response {
        let body = super::read_body(request).unwrap_or_default();
        let numbers = body.items("documentNumbers");
        if numbers.is_empty() || numbers.len() > MAX_BULK {
            return refused("documentNumbers", "BadRequest");
        }
        for number in numbers {
            let number = number.as_integer().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
            self.attached.remove(&number);
        }
        Response::empty(204)
    }

    fn attach(&mut self, request: &Request) -> Response {
        let content_type = request.header("Content-Type").unwrap_or_default().to_string();
        let Some(parts) = boundary(&content_type).and_then(|boundary| parts(&request.body, &boundary)) else {
            return error::problem(415, "UnsupportedMediaType", "A form with a file is needed.", &[]);
        };
        let part = |name: &str| parts.iter().find(|part| part.name.eq_ignore_ascii_case(name));
        let text = |name: &str| part(name).map(|part| String::from_utf8_lossy(part.bytes).into_owned());
        let voucher: u32 = text("VoucherNumber").and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        if voucher == 0 || voucher > 999_999_999 {
            return refused("VoucherNumber", "Required");
        }
        let year = text("AccountingYear").unwrap_or_default();
        let note = text("Note").unwrap_or_default();
        let Some(file) = part("File") else { return refused("File", "Required") };
        if year.is_empty() || note.encode_utf16().count() > NOTE {
            return refused(if year.is_empty() { "AccountingYear" } else { "Note" }, "BadRequest");
        }
        let kind = KINDS.iter().find(|(kind, _)| *kind == file.content_type);
        if file.bytes.len() > MAX_FILE || !kind.is_some_and(|(_, start)| file.bytes.starts_with(start)) {
            return refused("File", "InvalidFileData");
        }
        if !self.master.years.iter().any(|known| known.year == year) {
            return refused("AccountingYear", "AccountingYearNotFound");
        }
        if !self.has_voucher(voucher, &year) {
            return refused("VoucherNumber", "InvalidVoucherNumber");
        }
        let fails = text("OnConflict").is_some_and(|text| text.trim() == "1")
            || !self.quirks.has(Quirk::SecondFilesAreMerged);
        if let Some(found) =
            self.attached.values_mut().find(|found| found.voucher == voucher && found.year == year)
        {
            if fails {
                return refused("VoucherNumber", "DocumentAlreadyAttachedToVoucher");
            }
            found.merged += 1;
            return Response::json(201, &object! { "number": found.number });
        }
        let number = self.attached.keys().next_back().map_or(1, |last| last + 1);
        let file = file.bytes.to_vec();
        self.attached.insert(number, Attached { number, voucher, year, note, merged: 1, file });
        Response::json(201, &object! { "number": number })
    }

    /// Whether drafts or booked entries of the accounting year have this voucher number.
    fn has_voucher(&self, voucher: u32, year: &str) -> bool {
        let Some(year) = self.master.years.iter().find(|known| known.year == year) else { return false };
        let within = |date: jiff::civil::Date| year.from <= date && date <= year.to;
        self.draft_entries.values().any(|entry| entry.voucher == voucher && within(entry.date))
            || self.ledger.entries().iter().any(|entry| entry.voucher == voucher && within(entry.date))
    }
}

fn refused(property: &str, code: &'static str) -> Response {
    error::problem(400, code, "The file was not attached.", &[(property.to_string(), code, code.to_string())])
}

fn show(attached: &Attached) -> Json {
    object! {
        "number": attached.number,
        "note": &attached.note,
        "pageCount": attached.merged,
        "voucherNumber": attached.voucher,
        "accountingYear": &attached.year,
    }
}

fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("boundary="))?;
    Some(value.trim_matches('"').to_string())
}

/// The parts of a form: what stands between two boundaries, with its headers.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<Part<'a>>> {
    let mark = format!("--{boundary}");
    let mut rest = after(body, mark.as_bytes())?;
    let end = format!("\r\n{mark}");
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let content = rest.strip_prefix(b"\r\n")?;
        let length = find(content, end.as_bytes())?;
        parts.push(part(&content[..length])?);
        rest = &content[length + end.len()..];
    }
    Some(parts)
}

fn part(content: &[u8]) -> Option<Part<'_>> {
    let length = find(content, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&content[..length]).ok()?;
    let header = |name: &str| {
        head.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_string())
        })
    };
    let disposition = header("Content-Disposition")?;
    let name = disposition
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("name=\"")?.strip_suffix('"'))?
        .to_string();
    let content_type = header("Content-Type").unwrap_or_default();
    Some(Part { name, content_type, bytes: &content[length + 4..] })
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn after<'a>(text: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    find(text, wanted).map(|start| &text[start + wanted.len()..])
}
