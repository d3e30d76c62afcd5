//! A mail as a file: who it was sent to, what the scan on its way said, and the attachments of it that may be reports.
//!
//! Whoever knows an address may write to it, so a mail is the most hostile file there is. Its fields are read by `mail-parser`; its
//! parts are told apart here, because a bound must hold before anything is made of a part: number, depth, fields and decoded bytes. An
//! attachment comes out byte for byte as it was sent, whatever character set its part names: that is the report's own matter.

use data_encoding::BASE64_MIME_PERMISSIVE;
use domain::plan::Reason;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Header, HeaderName, MessageParser, MessagePart, MimeHeaders};

/// The longest mail, in bytes: what SES delivers to a bucket.
pub const LONGEST_MAIL: u64 = 40 * 1024 * 1024;
/// The longest heading (the fields before the first empty line) of a mail, or of a part of one, in bytes.
pub const LONGEST_HEADING: usize = 128 * 1024;
/// The most bytes of all headings of a mail: fields take longer to read than their length says.
pub const MOST_HEADINGS: usize = 256 * 1024;
/// The most parts of a mail, those of mails in it counted.
pub const MOST_PARTS: usize = 200;
/// The most attachments of a mail that may be reports.
pub const MOST_FILES: usize = 20;
/// How deep parts and mails may stand in each other.
pub const DEEPEST: usize = 10;
/// The most bytes that all of a mail's parts may have decoded, those of mails in it counted once more.
pub const MOST_DECODED: usize = 64 * 1024 * 1024;

/// The most fields of one heading.
const MOST_FIELDS: usize = 1_000;
/// The longest boundary between parts (RFC 2046 allows 70 letters).
const LONGEST_BOUNDARY: usize = 200;
/// Letters of an attachment's name that are kept.
const NAME_LETTERS: usize = 120;
/// How many of a mail's addresses are looked at.
const MOST_ADDRESSES: usize = 100;

/// What the heading of a mail says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// Every address that the mail was sent to by its fields, in lower case: those of the sender are claims like all of a mail.
    pub recipients: Vec<String>,
    /// What the scan of whoever received the mail found, when it found something: `spam` or `virus`.
    pub found: Option<&'static str>,
}

/// An attachment that may be a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name, without folders; empty where it has none.
    pub name: String,
    /// Its bytes, as they were sent.
    pub bytes: Vec<u8>,
}

/// What is in a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The attachments that may be reports, in order.
    pub files: Vec<Attachment>,
    /// Number of parts that no report can be: texts, pictures, signatures, documents.
    pub passed_over: usize,
}

/// Whether a file is a mail, by its name or by what it was told to be.
pub fn is_mail(name: &str, media_type: &str) -> bool {
    let told = media_type.split(';').next().unwrap_or_default().trim();
    extension(name) == "eml" || told.eq_ignore_ascii_case("message/rfc822")
}

/// Reads the heading of a mail, of which these bytes are the beginning.
///
/// # Errors
/// No heading, or one that is too long.
pub fn heading(bytes: &[u8]) -> Result<Heading, Reason> {
    let (head, _) = split(bytes)?;
    let parser = MessageParser::new().with_mime_headers();
    let message = parser.parse_headers(head).ok_or_else(|| Reason::new("mail-not-readable"))?;
    let headers = message.parts.first().map(|part| part.headers.as_slice()).unwrap_or_default();
    let mut heading = Heading::default();
    // Whoever hands a mail on writes above what was there: the first field of a name is the receiver's own, and what a sender wrote
    // under the same name stands below it.
    for (name, word) in [("x-ses-virus-verdict", "virus"), ("x-ses-spam-verdict", "spam")] {
        let first = headers.iter().find(|header| header.name.as_str().eq_ignore_ascii_case(name));
        let verdict = first.map(|header| value(head, header)).unwrap_or_default();
        if verdict.trim().eq_ignore_ascii_case("fail") {
            heading.found.get_or_insert(word);
        }
    }
    let mut received = false;
    for header in headers {
        let asked = match &header.name {
            HeaderName::To | HeaderName::Cc | HeaderName::ResentTo | HeaderName::ResentCc => true,
            // The envelope's recipient, which a forwarded mail names nowhere else.
            HeaderName::Received => !std::mem::replace(&mut received, true),
            other => ["delivered-to", "x-original-to", "envelope-to"]
                .iter()
                .any(|known| other.as_str().eq_ignore_ascii_case(known)),
        };
        if asked {
            addresses(&value(head, header), &mut heading.recipients);
        }
    }
    Ok(heading)
}

/// Opens a whole mail.
///
/// # Errors
/// It is larger than a bound, broken off, or cannot be read. Then nothing of it is taken in.
pub fn open(bytes: &[u8]) -> Result<Contents, Reason> {
    if bytes.len() as u64 > LONGEST_MAIL {
        return Err(too_large());
    }
    let parser = MessageParser::new().with_mime_headers();
    let mut walk = Walk { parser, parts: 0, headings: 0, decoded: 0, contents: Contents::default() };
    walk.entity(bytes, 0, false)?;
    Ok(walk.contents)
}

/// That a mail is too large.
pub fn too_large() -> Reason {
    Reason::new("mail-too-large").with("limit", LONGEST_MAIL >> 20)
}

/// What a part is called, and how it is to be shown.
#[derive(Default)]
struct Described {
    kind: String,
    subtype: String,
    boundary: Option<String>,
    name: Option<String>,
    attached: bool,
    encoding: String,
}

impl Described {
    fn of(part: &MessagePart<'_>) -> Described {
        let kind = part.content_type();
        let lower = |text: Option<&str>| text.unwrap_or_default().trim().to_ascii_lowercase();
        Described {
            kind: lower(kind.map(|kind| kind.ctype())),
            subtype: lower(kind.and_then(|kind| kind.subtype())),
            boundary: kind.and_then(|kind| kind.attribute("boundary")).map(str::to_owned),
            name: part.attachment_name().map(str::to_owned),
            attached: part.content_disposition().is_some_and(|shown| shown.is_attachment()),
            encoding: lower(part.content_transfer_encoding()),
        }
    }

    fn is_mail(&self) -> bool {
        let told = self.kind == "message" && matches!(self.subtype.as_str(), "rfc822" | "global");
        // Some programs attach a mail as bytes of no type.
        let bytes = matches!(self.kind.as_str(), "" | "application");
        told || (bytes && self.name.as_deref().is_some_and(|name| extension(name) == "eml"))
    }

    /// What no reader of reports reads: passed over, whatever it is called.
    fn is_no_report(&self) -> bool {
        let by_type = match self.kind.as_str() {
            "image" | "audio" | "video" | "font" | "message" => true,
            "text" => {
                matches!(
                    self.subtype.as_str(),
                    "html"
                        | "x-amp-html"
                        | "calendar"
                        | "vcard"
                        | "x-vcard"
                        | "directory"
                        | "rtf"
                        | "enriched"
                        | "rfc822-headers"
                )
            }
            "application" => {
                let plain = self.subtype.strip_prefix("x-").unwrap_or(&self.subtype);
                matches!(
                    plain,
                    "pgp-signature"
                        | "pgp-keys"
                        | "pgp-encrypted"
                        | "pkcs7-signature"
                        | "pkcs7-mime"
                        | "ms-tnef"
                        | "pdf"
                        | "rtf"
                        | "ics"
                        | "msword"
                )
            }
            _ => false,
        };
        // The text of the mail itself.
        let body = matches!((self.kind.as_str(), self.subtype.as_str()), ("" | "text", "" | "plain"))
            && self.name.is_none()
            && !self.attached;
        by_type || body || self.name.as_deref().is_some_and(|name| NO_REPORTS.contains(&&*extension(name)))
    }
}

/// How the names of files end that are no reports.
const NO_REPORTS: &[&str] = &[
    "asc", "bmp", "css", "doc", "docx", "gif", "heic", "htm", "html", "ico", "ics", "jpeg", "jpg", "p7c",
    "p7m", "p7s", "pdf", "png", "rtf", "sig", "svg", "tif", "tiff", "vcf", "webp",
];

struct Walk {
    parser: MessageParser,
    parts: usize,
    headings: usize,
    decoded: usize,
    contents: Contents,
}

impl Walk {
    /// One part, or the mail itself. In a digest what names no type is a mail.
    fn entity(&mut self, bytes: &[u8], depth: usize, in_digest: bool) -> Result<(), Reason> {
        self.parts += 1;
        if self.parts > MOST_PARTS {
            return Err(Reason::new("mail-too-many-parts").with("limit", MOST_PARTS));
        }
        if depth > DEEPEST {
            return Err(Reason::new("mail-too-deep").with("limit", DEEPEST));
        }
        let (head, body) = split(bytes)?;
        self.headings += head.len();
        if self.headings > MOST_HEADINGS {
            return Err(heading_too_long(MOST_HEADINGS));
        }
        let message = self.parser.parse_headers(head);
        let described = message.as_ref().and_then(|message| message.parts.first()).map(Described::of);
        if described.is_none() && depth == 0 {
            return Err(Reason::new("mail-not-readable"));
        }
        let described = described.unwrap_or_default();
        if described.kind == "multipart" {
            let digest = described.subtype == "digest";
            let boundary = described.boundary.as_deref().unwrap_or_default();
            for part in parts(body, boundary)? {
                self.entity(part, depth + 1, digest)?;
            }
            return Ok(());
        }
        if described.is_mail() || (in_digest && described.kind.is_empty()) {
            let inner = self.decode(&described, body)?;
            return self.entity(&inner, depth + 1, false);
        }
        if described.is_no_report() {
            self.contents.passed_over += 1;
            return Ok(());
        }
        if self.contents.files.len() == MOST_FILES {
            return Err(Reason::new("mail-too-many-files").with("limit", MOST_FILES));
        }
        let name = described.name.as_deref().map(plain_name).unwrap_or_default();
        let bytes = self.decode(&described, body)?;
        self.contents.files.push(Attachment { name, bytes });
        Ok(())
    }

    /// The bytes of a part without what carried them through the mail.
    fn decode(&mut self, described: &Described, body: &[u8]) -> Result<Vec<u8>, Reason> {
        let damaged = || {
            let name = described.name.as_deref().map(plain_name).unwrap_or_default();
            Reason::new("mail-part-damaged").with("file", name)
        };
        // No encoding makes a part longer than it came.
        self.decoded = self.decoded.saturating_add(body.len());
        if self.decoded > MOST_DECODED {
            return Err(Reason::new("mail-too-large").with("limit", MOST_DECODED >> 20));
        }
        match described.encoding.as_str() {
            "" | "7bit" | "8bit" | "binary" => Ok(body.to_vec()),
            "base64" => {
                let letters: Vec<u8> =
                    body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
                BASE64_MIME_PERMISSIVE.decode(&letters).map_err(|_| damaged())
            }
            "quoted-printable" => quoted_printable_decode(body).ok_or_else(damaged),
            other => {
                let other: String = other.chars().take(40).collect();
                Err(Reason::new("mail-encoding-unknown").with("encoding", other))
            }
        }
    }
}

fn heading_too_long(limit: usize) -> Reason {
    Reason::new("mail-heading-too-long").with("limit", limit >> 10)
}

/// The heading, and what follows the first empty line.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Reason> {
    let (mut end, mut lines) = (0, 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        if end > LONGEST_HEADING {
            return Err(heading_too_long(LONGEST_HEADING));
        }
        if matches!(line, b"\n" | b"\r\n") {
            return Ok(bytes.split_at(end));
        }
        // A field may stand on several lines.
        lines += usize::from(!line.starts_with(b" ") && !line.starts_with(b"\t"));
        if lines > MOST_FIELDS {
            return Err(heading_too_long(LONGEST_HEADING));
        }
    }
    Ok((bytes, &[]))
}

/// The parts between the lines of a boundary. A mail whose last boundary is missing was cut.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<&'a [u8]>, Reason> {
    if boundary.is_empty() || boundary.len() > LONGEST_BOUNDARY {
        return Err(Reason::new("mail-not-readable"));
    }
    let (mut found, mut begun, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let start = at;
        at += line.len();
        let Some(rest) = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary.as_bytes()))
        else {
            continue;
        };
        let rest = rest.trim_ascii();
        if !rest.is_empty() && rest != b"--" {
            continue;
        }
        if let Some(begun) = begun {
            // The end of the line before belongs to the boundary.
            let part: &[u8] = body.get(begun..start).unwrap_or_default();
            let part = part.strip_suffix(b"\n").unwrap_or(part);
            found.push(part.strip_suffix(b"\r").unwrap_or(part));
        }
        if found.len() > MOST_PARTS {
            return Err(Reason::new("mail-too-many-parts").with("limit", MOST_PARTS));
        }
        if rest == b"--" {
            return Ok(found);
        }
        begun = Some(at);
    }
    Err(Reason::new("mail-cut"))
}

/// What a field says, as it stands in the heading.
fn value(head: &[u8], header: &Header<'_>) -> String {
    let place = header.offset_start as usize..header.offset_end as usize;
    String::from_utf8_lossy(head.get(place).unwrap_or_default()).into_owned()
}

/// The addresses in a field, whatever stands around them.
fn addresses(field: &str, found: &mut Vec<String>) {
    let outside = |letter: char| !(letter.is_ascii_alphanumeric() || ".-_+@".contains(letter));
    for word in field.split(outside).filter(|word| word.contains('@')) {
        let word = word.trim_matches('.').to_ascii_lowercase();
        if found.len() < MOST_ADDRESSES && !found.contains(&word) {
            found.push(word);
        }
    }
}

/// A name without folders and without what no name shows.
fn plain_name(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown = file.chars().filter(|letter| !letter.is_control() && *letter != '\u{FFFD}');
    let shown: String = shown.take(NAME_LETTERS).collect();
    let shown = shown.trim();
    // What only climbs folders is no name.
    if shown.chars().all(|letter| letter == '.') { String::new() } else { shown.to_owned() }
}

fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, end)| end.trim().to_ascii_lowercase()).unwrap_or_default()
}

#[cfg(test)]
#[path = "mailed_tests.rs"]
mod tests;
