//! SES over a folder: each accepted mail is one `.eml` file that any mail program opens. Only `SendRawEmail` of the
//! query protocol is answered, and `VerifyEmailIdentity`, by which an operator adds a sender. A sender nobody verified is refused as SES
//! refuses it, so that a wrong sender shows locally and not first on AWS.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// SES takes messages of at most 10 MB through this interface.
const MAXIMUM_BYTES: usize = 10 * 1024 * 1024;
/// The most recipients of one mail.
const MAXIMUM_RECIPIENTS: usize = 50;

/// A mail that was sent.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Mail {
    /// The message id that SES answered.
    pub id: String,
    /// When it was accepted, milliseconds since 1970.
    pub at: i64,
    /// The sender as given.
    pub from: String,
    /// All recipients of the envelope: to, copy and blind copy.
    pub to: Vec<String>,
    /// The subject; empty for a raw mail without one.
    pub subject: String,
    /// The file with the whole message, in the mails folder of the data directory.
    pub file: String,
}

/// What SES refused a request with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    #[error("Email address is not verified. The following identities failed the check in region {region}: {sender}", region = super::deployment::REGION)]
    NotVerified { sender: String },
    #[error("{0}")]
    Rejected(&'static str),
    #[error("{0}")]
    InvalidParameter(&'static str),
    #[error("the local run does not answer {0}")]
    UnknownAction(String),
    #[error("the mail could not be stored: {0}")]
    Store(#[from] io::Error),
}

impl MailError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotVerified { .. } | Self::Rejected(_) => "MessageRejected",
            Self::InvalidParameter(_) => "InvalidParameterValue",
            Self::UnknownAction(_) => "InvalidAction",
            Self::Store(_) => "InternalFailure",
        }
    }

    /// The status and the XML error of the query protocol.
    pub(crate) fn answer(&self) -> (u16, String) {
        let (status, fault) =
            if matches!(self, Self::Store(_)) { (500, "Receiver") } else { (400, "Sender") };
        let body = format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{fault}</Type><Code>{}</Code><Message>{}</Message>\
             </Error><RequestId>{}</RequestId></ErrorResponse>",
            self.code(),
            escaped(&self.to_string()),
            super::identifier(),
        );
        (status, body)
    }
}

const NAMESPACE: &str = "http://ses.amazonaws.com/doc/2010-12-01/";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The mails of a data directory.
pub(crate) struct Mails {
    folder: PathBuf,
    verified: Mutex<BTreeSet<String>>,
    refused: Mutex<BTreeSet<String>>,
}

impl Mails {
    /// Opens the folder. `verified` are addresses or whole domains that may send.
    pub(crate) fn open(folder: &Path, verified: impl IntoIterator<Item = String>) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let verified = verified.into_iter().map(|identity| address(&identity).to_lowercase()).collect();
        Ok(Self { folder: folder.to_owned(), verified: Mutex::new(verified), refused: Mutex::default() })
    }

    /// Refuses mails to a recipient from now on, as SES in its sandbox refuses those that are not verified; or takes them again.
    pub(crate) fn refuse(&self, recipient: &str, refuses: bool) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let recipient = address(recipient).to_lowercase();
        if refuses {
            refused.insert(recipient);
        } else {
            refused.remove(&recipient);
        }
    }

    fn check_recipients(&self, recipients: &[String]) -> Result<(), MailError> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match recipients.iter().map(|one| address(one).to_lowercase()).find(|one| refused.contains(one)) {
            Some(sender) => Err(MailError::NotVerified { sender }),
            None => Ok(()),
        }
    }

    /// Answers a request of the query protocol with the XML of its result.
    pub(crate) fn answer(&self, parameters: &Parameters) -> Result<String, MailError> {
        let action = parameters.text("Action").unwrap_or_default();
        let result = match action {
            "SendRawEmail" => sent(&self.send_raw(parameters)?),
            "VerifyEmailIdentity" => {
                let identity = parameters.text("EmailAddress").unwrap_or_default().to_lowercase();
                self.verified.lock().unwrap_or_else(PoisonError::into_inner).insert(identity);
                String::new()
            }
            _ => return Err(MailError::UnknownAction(action.to_owned())),
        };
        Ok(format!(
            "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result><ResponseMetadata>\
             <RequestId>{}</RequestId></ResponseMetadata></{action}Response>",
            super::identifier(),
        ))
    }

    /// All mails, oldest first.
    pub(crate) fn list(&self) -> io::Result<Vec<Mail>> {
        let mut mails = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                mails.extend(serde_json::from_slice::<Mail>(&fs::read(path)?).ok());
            }
        }
        mails.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        Ok(mails)
    }

    fn check_sender(&self, sender: &str) -> Result<(), MailError> {
        let identity = address(sender).to_lowercase();
        let domain = identity.rsplit('@').next().unwrap_or_default();
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.contains(&identity) || verified.contains(domain) {
            return Ok(());
        }
        Err(MailError::NotVerified { sender: identity })
    }

    fn send_raw(&self, parameters: &Parameters) -> Result<Mail, MailError> {
        let encoded = parameters.text("RawMessage.Data").unwrap_or_default();
        let raw = BASE64
            .decode(encoded.as_bytes())
            .map_err(|_| MailError::InvalidParameter("RawMessage.Data is not base64"))?;
        let head = headers(&raw);
        let header = |name: &str| head.get(name).map(String::as_str).unwrap_or_default();
        let from = parameters.text("Source").unwrap_or_else(|| header("from"));
        self.check_sender(from)?;
        let mut to = parameters.members("Destinations");
        if to.is_empty() {
            let listed = ["to", "cc", "bcc"].map(header).join(",");
            to = listed.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect();
        }
        let id = super::identifier();
        let message = with_message_id(&raw, &id);
        self.keep(id, from, to, header("subject"), &message)
    }

    /// Writes the message, then the note that makes it count as sent.
    fn keep(
        &self,
        id: String,
        from: &str,
        to: Vec<String>,
        subject: &str,
        raw: &[u8],
    ) -> Result<Mail, MailError> {
        self.check_recipients(&to)?;
        if to.is_empty() {
            return Err(MailError::InvalidParameter("Destination has no recipients"));
        }
        if to.len() > MAXIMUM_RECIPIENTS {
            return Err(MailError::Rejected("Recipient count exceeds 50"));
        }
        if raw.len() > MAXIMUM_BYTES {
            return Err(MailError::Rejected("Message length is more than 10485760 bytes long"));
        }
        let at = super::queues::now();
        let stem = format!("{at}-{id}");
        let mail =
            Mail { file: format!("{stem}.eml"), id, at, from: from.into(), to, subject: subject.into() };
        self.write(&mail.file, raw)?;
        self.write(&format!("{stem}.json"), &serde_json::to_vec(&mail).map_err(io::Error::from)?)?;
        Ok(mail)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let fresh = self.folder.join(format!("{name}.new"));
        fs::write(&fresh, bytes)?;
        fs::rename(fresh, self.folder.join(name))
    }
}

fn sent(mail: &Mail) -> String {
    format!("<MessageId>{}</MessageId>", mail.id)
}

/// The address of `Name <address>` or of a plain address.
fn address(text: &str) -> &str {
    let inner = text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(text, |(address, _)| address).trim()
}

/// The message with the Message-ID that SES gives it, in place of any of its own.
fn with_message_id(raw: &[u8], id: &str) -> Vec<u8> {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").map_or(raw.len(), |end| end + 2);
    let (head, rest) = raw.split_at(end);
    let mut message = format!("Message-ID: <{id}@localhost.localdomain>\r\n").into_bytes();
    let mut drops = false;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        // A line that begins with white space goes on with the header before it.
        let goes_on = matches!(line.first(), Some(b' ' | b'\t'));
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        drops = if goes_on { drops } else { name.eq_ignore_ascii_case(b"message-id") };
        if !drops {
            message.extend_from_slice(line);
        }
    }
    message.extend_from_slice(rest);
    message
}

/// The headers of a raw message by lower-cased name, unfolded, the first of each name.
fn headers(raw: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(raw);
    let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut found = BTreeMap::new();
    for line in head.lines() {
        if let Some((name, value)) = line.split_once(':') {
            found.entry(name.to_lowercase()).or_insert_with(|| value.trim().to_owned());
        }
    }
    found
}

/// The parameters of a query-protocol request: an `application/x-www-form-urlencoded` body.
#[derive(Debug, Default)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub(crate) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (form_decoded(name), form_decoded(value))).collect())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The list `name.member.1`, `name.member.2` ...
    fn members(&self, name: &str) -> Vec<String> {
        (1..).map_while(|number| self.0.get(&format!("{name}.member.{number}")).cloned()).collect()
    }

    /// The sender that a mail request names: the explicit one, or that of the raw message.
    pub(crate) fn sender(&self) -> String {
        let explicit = self.text("Source").map(str::to_owned);
        let of_raw = || {
            let raw = BASE64.decode(self.text("RawMessage.Data")?.as_bytes()).ok()?;
            headers(&raw).remove("from")
        };
        address(&explicit.or_else(of_raw).unwrap_or_default()).to_lowercase()
    }
}

fn form_decoded(text: &str) -> String {
    percent_decoded(&text.replace('+', " "))
}

/// Percent-decoding; what is not a valid escape stays as it is.
pub(crate) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while let Some(byte) = bytes.get(position) {
        let pair = bytes.get(position + 1..position + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| *byte == b'%') {
            Some(value) => {
                decoded.push(value);
                position += 3;
            }
            None => {
                decoded.push(*byte);
                position += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(source: &str) -> Parameters {
        let raw =
            BASE64.encode(b"To: kunde@example.com\r\nSubject: Rapport 1\r\n\r\nHej\r\n").replace('+', "%2B");
        Parameters::read(format!("Action=SendRawEmail&Source={source}&RawMessage.Data={raw}").as_bytes())
    }

    #[test]
    fn a_raw_message_gets_an_id_as_ses_gives_it_in_place_of_its_own() {
        let raw = "From: a@b.example\r\nMessage-Id:\r\n <own@b.example>\r\nSubject: s\r\n\r\nMessage-ID: <in the text>\r\n";
        let message = String::from_utf8(with_message_id(raw.as_bytes(), "7")).expect("text");
        assert_eq!(
            message,
            "Message-ID: <7@localhost.localdomain>\r\nFrom: a@b.example\r\nSubject: s\r\n\r\nMessage-ID: <in the text>\r\n"
        );
    }

    #[test]
    fn a_mail_of_a_verified_sender_is_kept_as_a_message_file_and_another_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let mails = Mails::open(folder.path(), ["bogbro@example.com".to_owned(), "shop.example".to_owned()])
            .expect("the folder opens");
        for (source, accepted) in [
            ("Bogbro+%3Cbogbro%40example.com%3E", true),
            ("anyone%40shop.example", true),
            ("other%40example.com", false),
            ("bogbro%40example.com.evil.example", false),
        ] {
            let answer = mails.answer(&request(source));
            match answer {
                Ok(xml) => assert!(accepted && xml.contains("<MessageId>"), "{source}: {xml}"),
                Err(error) => assert!(!accepted && error.answer().1.contains("MessageRejected"), "{source}"),
            }
        }
        // Opened again, the mails are still there.
        let mails = Mails::open(folder.path(), []).expect("the folder opens");
        let listed = mails.list().expect("the list");
        assert_eq!(listed.len(), 2);
        assert_eq!(
            (listed[0].subject.as_str(), listed[0].to.as_slice()),
            ("Rapport 1", &["kunde@example.com".to_owned()][..])
        );
        let message = fs::read_to_string(folder.path().join(&listed[0].file)).expect("the message");
        assert!(message.ends_with("\r\n\r\nHej\r\n"), "{message}");
    }
}
