//! Mail through SES: text and HTML in one message, built here so that every byte of it can be tested.

use aws_sdk_ses::primitives::Blob;
use aws_sdk_ses::types::RawMessage;
use mail_builder::MessageBuilder;

use crate::failure::PlatformError;

const SERVICE: &str = "ses";

/// A mail to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Address of the recipient.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
}

/// The way out for mail.
#[derive(Clone, Debug)]
pub struct Mailer {
    client: aws_sdk_ses::Client,
    from: String,
}

impl Mailer {
    /// Sends as `from`.
    pub fn new(client: aws_sdk_ses::Client, from: String) -> Mailer {
        Mailer { client, from }
    }

    /// Sends. SES gives each mail a Message-ID of its own, in place of any that the message has (SES developer guide, header fields): a
    /// repeat is known by what it says of itself.
    ///
    /// # Errors
    /// As SES says.
    pub async fn send(&self, mail: &Mail) -> Result<(), PlatformError> {
        let raw = message(&self.from, mail)?;
        self.client
            .send_raw_email()
            .source(&self.from)
            .destinations(&mail.to)
            .raw_message(
                RawMessage::builder()
                    .data(Blob::new(raw))
                    .build()
                    .map_err(|_| PlatformError::Invalid("a mail without content".to_owned()))?,
            )
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))
            .inspect_err(tell_refused)?;
        Ok(())
    }
}

/// SES refuses what its account may not send: trying again does not help, and the recipient cannot tell that nothing came. An alarm
/// counts this line (README: alarms).
fn tell_refused(error: &PlatformError) {
    if let PlatformError::Refused { message, .. } = error {
        let why = crate::redaction::redact(message);
        tracing::error!(event = "mail-refused", %why, "a report does not reach its recipient");
    }
}

/// The MIME message.
///
/// # Errors
/// `Invalid` when an address has a line break, which could smuggle in headers.
fn message(from: &str, mail: &Mail) -> Result<Vec<u8>, PlatformError> {
    let all = [from, mail.to.as_str(), mail.subject.as_str()];
    if all.iter().any(|part| part.contains(['\r', '\n'])) {
        return Err(PlatformError::Invalid("a line break in a mail's header".to_owned()));
    }
    MessageBuilder::new()
        .from(from)
        .to(mail.to.as_str())
        .subject(mail.subject.as_str())
        .text_body(mail.text.as_str())
        .html_body(mail.html.as_str())
        .write_to_vec()
        .map_err(|_| PlatformError::Invalid("a mail that cannot be written".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            to: "anna@example.com".to_owned(),
            subject: "Bogbro: 2 ordrer kræver dig".to_owned(),
            text: "Se her".to_owned(),
            html: "<p>Se her</p>".to_owned(),
        }
    }

    #[test]
    fn a_mail_has_text_and_html() {
        let raw = String::from_utf8(message("bogbro@example.dk", &mail()).expect("it builds"))
            .expect("MIME is ASCII");
        assert!(raw.contains("text/plain") && raw.contains("text/html"), "{raw}");
    }

    #[test]
    fn no_header_can_be_smuggled_in() {
        let evil = Mail { to: "a@example.com\r\nBcc: all@example.com".to_owned(), ..mail() };
        assert!(message("bogbro@example.dk", &evil).is_err());
    }
}
