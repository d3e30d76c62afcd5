//! Addresses to which reports are mailed, and mails that were sent to none of them.
//!
//! An address holds a part that nobody guesses. Like the id in a webhook's address it lets something in and nothing out, and the operator
//! reads it to whoever sends the reports: so it stands as it is.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use domain::MerchantId;
use domain::plan::Reason;
use engine::payouts::record::FileDismissal;
use engine::store::LEDGER_SCHEMA;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::failure::PlatformError;
use crate::keys::{self, Keys};
use crate::table::{Item, Reading, json, key_of, number, text, time};

/// A flow's name may begin with any letter.
const BEYOND_ALL: &str = "\u{10FFFF}";

const FLOW: &str = "flow";
const TOKEN: &str = "token";
const MADE_AT: &str = "made_at";
const MAIL: &str = "mail";

/// The address of a flow of payouts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAddress {
    /// The flow.
    pub flow: String,
    /// Its part that nobody guesses.
    pub token: String,
    /// Since when it is this one.
    pub made_at: Timestamp,
}

/// A mail of which nobody knows whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UndeliveredMail {
    /// The object that it lies in.
    pub object: String,
    /// Why.
    pub reason: Reason,
    /// When it was looked at.
    pub at: Timestamp,
    /// Somebody has looked at it, and it is listed no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed: Option<FileDismissal>,
}

fn read(item: &Item) -> Result<MailAddress, PlatformError> {
    let reading = Reading::of(item, LEDGER_SCHEMA)?;
    Ok(MailAddress {
        flow: reading.text(FLOW)?.to_owned(),
        token: reading.text(TOKEN)?.to_owned(),
        made_at: reading.time(MADE_AT)?,
    })
}

impl Ledger {
    /// The address of a flow, if it has one.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub(crate) async fn mail_address(
        &self,
        merchant: &MerchantId,
        flow: &str,
    ) -> Result<Option<MailAddress>, PlatformError> {
        let item = self.table.get(&Keys::of(merchant).mail_address(flow)).await?;
        item.as_ref().map(read).transpose()
    }

    /// Gives a flow an address; one that it has already stays, unless it is to be `renewed`.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub(crate) async fn put_mail_address(
        &self,
        merchant: &MerchantId,
        address: &MailAddress,
        renewed: bool,
    ) -> Result<(), PlatformError> {
        let mut item = key_of(&Keys::of(merchant).mail_address(&address.flow));
        item.insert("schema".to_owned(), number(LEDGER_SCHEMA));
        item.insert(FLOW.to_owned(), text(address.flow.clone()));
        item.insert(TOKEN.to_owned(), text(address.token.clone()));
        item.insert(MADE_AT.to_owned(), time(address.made_at));
        if renewed { self.table.put(item).await } else { self.table.insert(item).await.map(|_| ()) }
    }

    /// The flow of a merchant that a part of an address is of. All are compared, each in constant time.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub(crate) async fn flow_of_mail(
        &self,
        merchant: &MerchantId,
        token: &str,
    ) -> Result<Option<String>, PlatformError> {
        let partition = Keys::of(merchant).mail_addresses();
        let items = self.table.range(&partition, " ", BEYOND_ALL).await?;
        let mut found = None;
        for address in items.iter().map(read) {
            let address = address?;
            if verify_slices_are_equal(address.token.as_bytes(), token.as_bytes()).is_ok() {
                found = Some(address.flow);
            }
        }
        Ok(found)
    }

    /// Keeps that a mail was sent to no address that holds, where the operator sees it.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub(crate) async fn put_undelivered(&self, mail: &UndeliveredMail) -> Result<(), PlatformError> {
        let mut item = key_of(&keys::undelivered(&mail.object));
        item.insert("schema".to_owned(), number(LEDGER_SCHEMA));
        item.insert(MAIL.to_owned(), json(mail)?);
        self.table.put(item).await
    }

    /// One such mail, also where somebody has looked at it.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub(crate) async fn undelivered_mail(
        &self,
        object: &str,
    ) -> Result<Option<UndeliveredMail>, PlatformError> {
        let item = self.table.get(&keys::undelivered(object)).await?;
        item.as_ref().map(read_undelivered).transpose()
    }

    /// Such mails that came since then and that nobody has looked at, the newest first: at most so many.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub(crate) async fn undelivered(
        &self,
        since: Timestamp,
        most: usize,
    ) -> Result<Vec<UndeliveredMail>, PlatformError> {
        let (mut mails, mut from) = (Vec::new(), " ".to_owned());
        loop {
            let (items, more) = self.table.range_and_more(keys::UNDELIVERED, &from, BEYOND_ALL).await?;
            for item in &items {
                let mail = read_undelivered(item)?;
                if mail.at >= since && mail.dismissed.is_none() {
                    mails.push(mail);
                }
            }
            // However many there are, no more of them are held than are listed.
            mails.sort_by_key(|mail| std::cmp::Reverse(mail.at));
            mails.truncate(most);
            let last = items.last().and_then(|item| item.get("sk")).and_then(|sort| sort.as_s().ok());
            match last.filter(|_| more) {
                Some(last) => from = format!("{last} "),
                None => return Ok(mails),
            }
        }
    }
}

fn read_undelivered(item: &Item) -> Result<UndeliveredMail, PlatformError> {
    Reading::of(item, LEDGER_SCHEMA)?.json(MAIL)
}
