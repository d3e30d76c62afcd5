//! Addresses to which reports are mailed, and mails that were sent to none of them.
//!
//! An address holds a part that nobody guesses. Like the id in a webhook's address it lets something in and nothing out, and the operator
//! reads it to whoever sends the reports: so it stands as it is.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use domain::MerchantId;
use domain::plan::Reason;
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

    /// All such mails, the newest first.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub(crate) async fn undelivered(&self) -> Result<Vec<UndeliveredMail>, PlatformError> {
        let items = self.table.range_all(keys::UNDELIVERED, " ", BEYOND_ALL).await?;
        let read = |item: &Item| Reading::of(item, LEDGER_SCHEMA)?.json::<UndeliveredMail>(MAIL);
        let mut mails = items.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        mails.sort_by_key(|mail| std::cmp::Reverse(mail.at));
        Ok(mails)
    }

    /// Takes one off that list.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub(crate) async fn forget_undelivered(&self, object: &str) -> Result<(), PlatformError> {
        self.table.delete(&keys::undelivered(object)).await
    }
}
