//! Reports that come by mail: a mail's attachments are taken in like files that were dropped, and a mail that was delivered to the bucket is
//! led to the merchant and flow whose address it was sent to.
//!
//! Whose a mail is, is said by the address alone: its last part is what nobody guesses. Who sent it is not asked, since that is only
//! claimed; what came by mail is believed when the acquirer or the bank shows the same, or by a person.

use std::borrow::Cow;
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use connectors::mailed::{self, Contents};
use domain::MerchantId;
use domain::plan::Reason;
use engine::payouts::record::FileDismissal;
use engine::payouts::{FileBytes, Incoming, IntakeOutcome, IntakeRecord, MailedFile, PayoutFailure};
use jiff::{SignedDuration, Timestamp};

use super::words::{MailedObject, PayoutWord};
use super::{Payouts, unavailable};
use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::ledger::{MailAddress, UndeliveredMail};
use crate::sealing::new_token;
use crate::spool::SpooledFile;
use engine::clock::Clock;

/// Letters of the part of an address that nobody guesses: 80 bits, and with the longest merchant's id the whole is within the 64 letters
/// that a mailbox's name may have.
const TOKEN_LETTERS: usize = 16;
/// Letters of its hash that name an attachment without a name.
const NAME_LETTERS: usize = 12;
/// A mail that nobody read lies in the bucket so long, and is listed as long.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The most of them that are listed.
const MOST_LISTED: usize = 1_000;
/// How many of a mail's addresses are looked up.
const MOST_LOOKED_UP: usize = 10;

/// The name of a file that was told to be of a type: what is told to be a mail is called one.
pub fn named_as_told<'a>(name: &'a str, media_type: &str) -> Cow<'a, str> {
    match mailed::is_mail(name, "") || !mailed::is_mail(name, media_type) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!("{name}.eml")),
    }
}

impl Payouts {
    /// Opens a mail and takes in what may be a report, then the mail itself: a mail that is known was taken in whole.
    pub(super) async fn take_mail(
        &self,
        (merchant, flow): (&MerchantId, &str),
        name: &str,
        file: &dyn FileBytes,
        deadline: Timestamp,
    ) -> Result<IntakeRecord, PayoutFailure> {
        let opened = open(file)?;
        let outcome = match opened {
            Err(reason) => IntakeOutcome::Refused { reason },
            Ok(contents) => {
                let mut files = Vec::with_capacity(contents.files.len());
                for attachment in contents.files {
                    let bytes = SpooledFile::of(&attachment.bytes).map_err(unavailable)?;
                    let (own, mail) = (named(attachment.name, bytes.sha256()), Some(file.sha256()));
                    self.take_file((merchant, flow), &own, &bytes, mail, deadline).await?;
                    files.push(MailedFile { name: own, sha256: bytes.sha256().to_owned() });
                }
                IntakeOutcome::Mail { files, passed_over: contents.passed_over as u64 }
            }
        };
        match &outcome {
            IntakeOutcome::Refused { reason } => {
                tracing::warn!(event = "payout-file-refused", %merchant, flow, code = reason.code, "a mail");
            }
            IntakeOutcome::Mail { files, passed_over } => {
                tracing::info!(event = "mail-taken-in", %merchant, flow, files = files.len(), passed_over, "a mail");
            }
            _ => {}
        }
        let token = new_token().map_err(unavailable)?;
        let incoming = Incoming { merchant, flow, name, file, mail: None, token: &token, deadline };
        self.engine().take_in_mail(&incoming, outcome).await
    }

    /// Finds whose a mail is that was delivered to the bucket, and leaves word of it for each flow that it was sent to. Nothing but its
    /// heading is read for that.
    pub(super) async fn deliver(&self, mail: &MailedObject) -> Result<(), PlatformError> {
        let (object, version) = (mail.object.as_str(), mail.version.as_deref());
        let most = mailed::LONGEST_HEADING + 1;
        let start = match self.platform.files.beginning_of_mailed(object, version, most).await {
            Ok(start) => start,
            Err(PlatformError::NotFound(_)) => {
                tracing::warn!(event = "mail-gone", object, "it was removed before it was read");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let heading = match catch_unwind(|| mailed::heading(&start)) {
            Ok(heading) => heading,
            Err(_) => Err(Reason::new("report-reader-failed")),
        };
        let reason = match heading {
            Ok(heading) => {
                let found = self.addressed(&heading.recipients).await?;
                for (merchant, flow) in &found {
                    let word = PayoutWord::mailed(merchant, flow, mail);
                    self.platform.queues.leave_payout_word(&word).await?;
                }
                if !found.is_empty() {
                    return Ok(());
                }
                // Whoever guesses addresses fills no list with what they send.
                if let Some(scanned) = heading.found {
                    tracing::info!(
                        event = "mail-passed-over",
                        object,
                        found = scanned,
                        "to no address that holds"
                    );
                    return Ok(());
                }
                Reason::new("mail-address-unknown")
            }
            Err(reason) => reason,
        };
        tracing::error!(event = "mail-parked", object, code = reason.code, "nobody knows whose it is");
        let (object, at) = (object.to_owned(), SystemClock.now());
        let undelivered = UndeliveredMail { object, reason, at, dismissed: None };
        self.platform.ledger.put_undelivered(&undelivered).await
    }

    /// The merchants and flows that addresses are of, each once.
    async fn addressed(&self, recipients: &[String]) -> Result<Vec<(MerchantId, String)>, PlatformError> {
        let domain = self.platform.environment.report_mail_domain.as_str();
        let mut found = Vec::new();
        let of_form = recipients.iter().filter_map(|address| parsed(address, domain));
        for (merchant, token) in of_form.take(MOST_LOOKED_UP) {
            if let Some(flow) = self.platform.ledger.flow_of_mail(&merchant, token).await? {
                let whole = (merchant, flow);
                if !found.contains(&whole) {
                    found.push(whole);
                }
            }
        }
        Ok(found)
    }

    /// Takes in a mail that was delivered to the address of a flow.
    pub(super) async fn take_delivered(
        &self,
        (merchant, flow): (&MerchantId, &str),
        object: &str,
        version: Option<&str>,
        deadline: Timestamp,
    ) -> Result<(), PayoutFailure> {
        let Some(name) = crate::keys::mailed(object) else {
            return Err(PayoutFailure::NotFound(object.to_owned()));
        };
        let name = format!("{name}.eml");
        let delivered = version.map_or_else(|| object.to_owned(), |version| format!("{object}\n{version}"));
        let refused = match self.knows_flow(merchant, flow).await? {
            false => Reason::new("payout-flow-unknown").with("flow", flow),
            true => match self.platform.files.get_mailed(object, version, mailed::LONGEST_MAIL).await {
                Ok(file) => {
                    let taken = self.take_mail((merchant, flow), &name, &file, deadline);
                    return Box::pin(taken).await.map(|_| ());
                }
                Err(PlatformError::NotFound(_)) => Reason::new("payout-file-gone").with("flow", flow),
                Err(PlatformError::Invalid(_)) => mailed::too_large(),
                Err(error) => return Err(unavailable(error)),
            },
        };
        self.refused_unread(merchant, flow, &name, &delivered, refused).await
    }

    /// The address to which reports of a flow are mailed: made when it is first asked for, and anew when it is to be renewed. The one
    /// before holds no more.
    ///
    /// # Errors
    /// `Refused` for a flow that is not; as the store says.
    pub async fn mail_address(
        &self,
        merchant: &MerchantId,
        flow: &str,
        renew: bool,
    ) -> Result<MailAddress, PayoutFailure> {
        if !self.knows_flow(merchant, flow).await? {
            return Err(PayoutFailure::Refused(Reason::new("payout-flow-unknown").with("flow", flow)));
        }
        let ledger = &self.platform.ledger;
        let known = ledger.mail_address(merchant, flow).await.map_err(unavailable)?;
        if let Some(known) = known.filter(|_| !renew) {
            return Ok(known);
        }
        let token: String = new_token().map_err(unavailable)?.chars().take(TOKEN_LETTERS).collect();
        let made = MailAddress { flow: flow.to_owned(), token, made_at: SystemClock.now() };
        ledger.put_mail_address(merchant, &made, renew).await.map_err(unavailable)?;
        tracing::info!(event = "mail-address-made", %merchant, flow, renew, "an address for reports");
        // Whoever made one at the same time was first.
        let stands = ledger.mail_address(merchant, flow).await.map_err(unavailable)?;
        stands.ok_or_else(|| unavailable("the address that was just made"))
    }

    /// An address as it is written: without its domain where none is configured.
    pub fn written(&self, merchant: &MerchantId, address: &MailAddress) -> String {
        format!("{merchant}.{}@{}", address.token, self.platform.environment.report_mail_domain)
    }

    /// The mails of which nobody knows whose they are, as long as the bucket keeps them: the newest first.
    ///
    /// # Errors
    /// As the store says.
    pub async fn undelivered_mails(&self) -> Result<Vec<UndeliveredMail>, PayoutFailure> {
        let since = SystemClock.now() - KEPT_FOR;
        self.platform.ledger.undelivered(since, MOST_LISTED).await.map_err(unavailable)
    }

    /// Takes such a mail off the list: somebody has looked at it. Who and why is kept.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name, or when nobody or no reason is named; as the store says.
    pub async fn dismiss_mail(&self, object: &str, by: &str, reason: &str) -> Result<(), PayoutFailure> {
        if by.trim().is_empty() || reason.trim().is_empty() {
            return Err(PayoutFailure::NotFound("who dismisses it, and why: both are kept".to_owned()));
        }
        let ledger = &self.platform.ledger;
        let known = ledger.undelivered_mail(object).await.map_err(unavailable)?;
        let Some(mut mail) = known.filter(|known| known.dismissed.is_none()) else {
            return Err(PayoutFailure::NotFound(object.to_owned()));
        };
        let (by, reason, at) = (by.to_owned(), reason.to_owned(), SystemClock.now());
        mail.dismissed = Some(FileDismissal { by, reason, at });
        ledger.put_undelivered(&mail).await.map_err(unavailable)?;
        tracing::info!(event = "mail-dismissed", object, "by an operator");
        Ok(())
    }
}

/// The name of an attachment. One without a name is called after its content, since by the name some formats tell their batches apart.
fn named(name: String, sha256: &str) -> String {
    match name.is_empty() {
        true => format!("attachment-{}", sha256.get(..NAME_LETTERS).unwrap_or(sha256)),
        false => name,
    }
}

/// What is in a mail, or why nothing of it is taken in.
fn open(file: &dyn FileBytes) -> Result<Result<Contents, Reason>, PayoutFailure> {
    if file.length() > mailed::LONGEST_MAIL {
        return Ok(Err(mailed::too_large()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(file.length()).unwrap_or_default());
    file.open().and_then(|mut from| from.read_to_end(&mut bytes)).map_err(unavailable)?;
    let read = || {
        if let Some(found) = mailed::heading(&bytes)?.found {
            return Err(Reason::new("mail-refused-by-scan").with("found", found));
        }
        let contents = mailed::open(&bytes)?;
        if contents.files.is_empty() {
            return Err(Reason::new("mail-without-report").with("count", contents.passed_over));
        }
        Ok(contents)
    };
    // A mail that nobody thought of is refused and told of, and comes no ten times.
    let read = catch_unwind(AssertUnwindSafe(read));
    Ok(read.unwrap_or_else(|_| Err(Reason::new("report-reader-failed"))))
}

/// The merchant and the part that nobody guesses, of an address that has their form and is of the domain.
fn parsed<'a>(address: &'a str, domain: &str) -> Option<(MerchantId, &'a str)> {
    let (name, of) = address.split_once('@')?;
    if !domain.is_empty() && of != domain {
        return None;
    }
    let (merchant, token) = name.rsplit_once('.')?;
    let plain = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let whole = (2..=40).contains(&merchant.len()) && token.len() == TOKEN_LETTERS;
    (whole && plain(merchant) && plain(token)).then(|| (MerchantId::new(merchant), token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_merchant_and_a_part_that_nobody_guesses() {
        let whole = "krus.abcdefgh23456723@reports.example.dk";
        let domain = "reports.example.dk";
        let krus = (MerchantId::new("krus"), "abcdefgh23456723");
        assert_eq!(parsed(whole, domain), Some(krus.clone()));
        assert_eq!(parsed(whole, ""), Some(krus), "without a domain any is one");
        for other in [
            "krus.abcdefgh23456723@example.dk",
            "krus.abcdefgh2345672@reports.example.dk",
            "krus.abcdefgh234567234@reports.example.dk",
            "krus@reports.example.dk",
            ".abcdefgh23456723@reports.example.dk",
            "a.b.abcdefgh23456723@reports.example.dk",
            "m#krus.abcdefgh23456723@reports.example.dk",
            "",
        ] {
            assert_eq!(parsed(other, domain), None, "{other}");
        }
        let longest = format!("{}.{}", "m".repeat(40), "t".repeat(TOKEN_LETTERS));
        assert!(longest.len() <= 64, "a mailbox's name has at most 64 letters");
    }

    #[test]
    fn attachments_without_a_name_are_called_after_their_content() {
        let (one, other) = ("ab".repeat(32), "cd".repeat(32));
        assert_eq!(named(String::new(), &one), "attachment-abababababab");
        assert_ne!(named(String::new(), &one), named(String::new(), &other), "two periods are two batches");
        assert_eq!(named("report.csv".to_owned(), &one), "report.csv");
    }

    #[test]
    fn what_is_told_to_be_a_mail_is_called_one() {
        for (name, told, called) in [
            ("report.csv", "text/csv", "report.csv"),
            ("report", "message/rfc822", "report.eml"),
            ("report.eml", "message/rfc822", "report.eml"),
        ] {
            assert_eq!(named_as_told(name, told), called);
        }
    }
}
