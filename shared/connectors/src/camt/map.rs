//! From the elements of a camt message to statements.

use domain::Money;
use domain::bank::{Entry, Part, Statement};
use domain::money::Currency;
use jiff::civil::Date;

use super::wire::{CLOSING, MESSAGES, OPENING, TEXTS};
use crate::figures::{self, Marks};
use crate::markup::{Attributes, Path};
use crate::report::{Refusal, Unreadable, refusal};

/// Most entries of a message, and most texts of an entry or payment.
const MOST_ENTRIES: u32 = 200_000;
const MOST_TEXTS: usize = 200;
const LONGEST_TEXT: usize = 500;

/// An amount and its direction, while both are read.
#[derive(Clone, Default)]
struct Signed {
    amount: Option<Money>,
    credit: Option<bool>,
}

impl Signed {
    fn money(&self) -> Option<Money> {
        let amount = self.amount?;
        if self.credit? { Some(amount) } else { amount.negated().ok() }
    }
}

/// Where the reading of a message stands.
#[derive(Default)]
pub(super) struct Message {
    pub(super) statements: Vec<Statement>,
    kind: Option<bool>,
    statement: Building,
    entries: u32,
    amount_currency: String,
    last_page: Option<bool>,
}

#[derive(Default)]
struct Building {
    account: String,
    id: String,
    currency: Option<Currency>,
    from: Option<Date>,
    to: Option<Date>,
    opening: Option<Money>,
    closing: Option<Money>,
    balance: Signed,
    balance_code: String,
    entries: Vec<Entry>,
    entry: Option<OpenEntry>,
}

#[derive(Default)]
struct OpenEntry {
    signed: Signed,
    reference: String,
    reversal: bool,
    status: String,
    booked_on: Option<Date>,
    valued_on: Option<Date>,
    texts: Vec<String>,
    parts: Vec<Part>,
    part: Option<(Signed, Vec<String>)>,
}

impl Message {
    /// An element begins.
    pub(super) fn open(&mut self, path: &Path<'_>, attributes: &Attributes) -> Result<(), Unreadable> {
        match path.name() {
            name if path.depth() == 1 && name != "Document" => {
                return Err(refusal("report-not-this-format").with("system", "camt").into());
            }
            name if path.depth() == 2 => match MESSAGES.iter().position(|known| *known == name) {
                Some(place) => self.kind = Some(place == 1),
                None => return Err(refusal("report-not-this-format").with("system", "camt").into()),
            },
            "Stmt" | "Ntfctn" if path.depth() == 3 => self.statement = Building::default(),
            "Bal" => {
                (self.statement.balance, self.statement.balance_code) = (Signed::default(), String::new())
            }
            "Ntry" => {
                self.entries += 1;
                if self.entries > MOST_ENTRIES {
                    return Err(refusal("report-too-many")
                        .with("what", "entries")
                        .with("limit", MOST_ENTRIES)
                        .into());
                }
                self.statement.entry = Some(OpenEntry::default());
            }
            "TxDtls" => {
                if let Some(entry) = &mut self.statement.entry {
                    entry.part = Some((Signed::default(), Vec::new()));
                }
            }
            "Amt" => attributes.get("Ccy").clone_into(&mut self.amount_currency),
            _ => {}
        }
        Ok(())
    }

    /// An element ends.
    pub(super) fn close(&mut self, path: &Path<'_>, text: &str) -> Result<(), Unreadable> {
        match path.name() {
            "Stmt" | "Ntfctn" if path.depth() == 3 => self.end_statement(),
            "LastPgInd" => {
                self.last_page = Some(boolean(text, 0, "LastPgInd")?);
                Ok(())
            }
            _ if path.is_within("Ntry") || path.name() == "Ntry" => self.close_in_entry(path, text),
            "Bal" => {
                self.end_balance();
                Ok(())
            }
            _ => self.close_in_head(path, text),
        }
    }

    /// The message ends.
    pub(super) fn end(self) -> Result<Vec<Statement>, Unreadable> {
        if self.last_page == Some(false) {
            // The balances stand on other pages; what is here is no statement by itself.
            return Err(refusal("report-pages-missing").into());
        }
        if self.statements.is_empty() { Err(refusal("report-empty").into()) } else { Ok(self.statements) }
    }

    fn close_in_head(&mut self, path: &Path<'_>, text: &str) -> Result<(), Unreadable> {
        let building = &mut self.statement;
        match (path.parent(), path.name()) {
            ("Bal", "Amt") => building.balance.amount = Some(amount(text, &self.amount_currency, 0)?),
            ("Bal", "CdtDbtInd") => building.balance.credit = Some(direction(text, 0)?),
            ("CdOrPrtry", "Cd") if path.is_within("Bal") => text.clone_into(&mut building.balance_code),
            ("Stmt" | "Ntfctn", "Id") => text.clone_into(&mut building.id),
            ("Id", "IBAN") | ("Othr", "Id") if path.is_within("Acct") && building.account.is_empty() => {
                text.clone_into(&mut building.account);
            }
            ("Acct", "Ccy") => building.currency = Some(currency(text, 0)?),
            ("FrToDt", "FrDtTm" | "FrDt") => building.from = Some(day(text, 0, "FrDtTm")?),
            ("FrToDt", "ToDtTm" | "ToDt") => building.to = Some(day(text, 0, "ToDtTm")?),
            _ => {}
        }
        Ok(())
    }

    fn end_balance(&mut self) {
        let building = &mut self.statement;
        let Some(money) = building.balance.money() else { return };
        let code = building.balance_code.as_str();
        // The first opening balance is the statement's; a second one belongs to a day within it.
        if OPENING.contains(&code) && building.opening.is_none() {
            building.opening = Some(money);
        } else if code == CLOSING {
            building.closing = Some(money);
        }
    }

    fn close_in_entry(&mut self, path: &Path<'_>, text: &str) -> Result<(), Unreadable> {
        let number = self.entries;
        let Some(entry) = &mut self.statement.entry else { return Ok(()) };
        match (path.parent(), path.name()) {
            (_, "Ntry") => return self.end_entry(),
            (_, "TxDtls") => {
                if let Some((signed, texts)) = entry.part.take() {
                    // Banks leave out the direction of payments that all go the entry's way.
                    let credit = signed.credit.or(entry.signed.credit);
                    let amount = Signed { credit, ..signed }.money();
                    entry.parts.push(Part { amount, texts });
                }
            }
            ("Ntry", "Amt") => entry.signed.amount = Some(amount(text, &self.amount_currency, number)?),
            ("Ntry", "CdtDbtInd") => entry.signed.credit = Some(direction(text, number)?),
            ("Ntry", "RvslInd") => entry.reversal = boolean(text, number, "RvslInd")?,
            ("Ntry", "Sts") if !text.is_empty() => text.clone_into(&mut entry.status),
            ("Sts", "Cd") => text.clone_into(&mut entry.status),
            ("Ntry", "NtryRef" | "AcctSvcrRef") if entry.reference.is_empty() => {
                text.clone_into(&mut entry.reference)
            }
            ("BookgDt", _) => entry.booked_on = Some(day(text, number, "BookgDt")?),
            ("ValDt", _) => entry.valued_on = Some(day(text, number, "ValDt")?),
            ("TxDtls", "Amt") => {
                if let Some((signed, _)) = &mut entry.part {
                    signed.amount = Some(amount(text, &self.amount_currency, number)?);
                }
            }
            ("TxAmt", "Amt") if path.is_within("AmtDtls") => {
                if let Some((signed, _)) = &mut entry.part
                    && signed.amount.is_none()
                {
                    signed.amount = Some(amount(text, &self.amount_currency, number)?);
                }
            }
            ("TxDtls", "CdtDbtInd") => {
                if let Some((signed, _)) = &mut entry.part {
                    signed.credit = Some(direction(text, number)?);
                }
            }
            (_, name) if TEXTS.contains(&name) && !text.is_empty() => {
                let texts = entry.part.as_mut().map_or(&mut entry.texts, |(_, texts)| texts);
                if texts.len() < MOST_TEXTS {
                    texts.push(text.chars().take(LONGEST_TEXT).collect());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end_entry(&mut self) -> Result<(), Unreadable> {
        let number = self.entries;
        let Some(entry) = self.statement.entry.take() else { return Ok(()) };
        let amount = entry
            .signed
            .money()
            .ok_or_else(|| refusal("report-value-missing").with("row", number).with("column", "Amt"))?;
        let ordinal = u32::try_from(self.statement.entries.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.statement.entries.push(Entry {
            number: ordinal,
            reference: entry.reference,
            amount,
            reversal: entry.reversal,
            booked: entry.status == "BOOK",
            booked_on: entry.booked_on,
            valued_on: entry.valued_on,
            texts: entry.texts,
            parts: entry.parts,
        });
        Ok(())
    }

    fn end_statement(&mut self) -> Result<(), Unreadable> {
        let building = std::mem::take(&mut self.statement);
        let known = building
            .currency
            .or(building.opening.map(Money::currency))
            .or(building.closing.map(Money::currency));
        let currency = known
            .or(building.entries.first().map(|entry| entry.amount.currency()))
            .ok_or_else(|| refusal("report-currency").with("row", 0).with("column", "Ccy"))?;
        if let Some(other) = building.entries.iter().find(|entry| entry.amount.currency() != currency) {
            return Err(refusal("report-currency").with("row", other.number).with("column", "Amt").into());
        }
        self.statements.push(Statement {
            account: building.account,
            id: building.id,
            currency,
            from: building.from,
            to: building.to,
            opening: building.opening,
            closing: building.closing,
            notification: self.kind == Some(true),
            entries: building.entries,
        });
        Ok(())
    }
}

fn amount(text: &str, code: &str, number: u32) -> Result<Money, Refusal> {
    let currency = currency(code, number)?;
    figures::amount(text, Marks::POINT, currency)
        .filter(|amount| !amount.is_negative())
        .ok_or_else(|| refusal("report-amount").with("row", number).with("column", "Amt"))
}

fn currency(code: &str, number: u32) -> Result<Currency, Refusal> {
    figures::currency(code)
        .ok_or_else(|| refusal("report-currency").with("row", number).with("column", "Ccy"))
}

fn direction(text: &str, number: u32) -> Result<bool, Refusal> {
    match text {
        "CRDT" => Ok(true),
        "DBIT" => Ok(false),
        _ => Err(refusal("report-value").with("row", number).with("column", "CdtDbtInd")),
    }
}

/// A boolean of XML, which has two words for each.
fn boolean(text: &str, number: u32, name: &str) -> Result<bool, Refusal> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(refusal("report-value").with("row", number).with("column", name)),
    }
}

/// The day of a date or of a time: a bank's own day, whatever the zone.
fn day(text: &str, number: u32, name: &str) -> Result<Date, Refusal> {
    text.get(..10)
        .and_then(|text| figures::day(text, "%Y-%m-%d"))
        .ok_or_else(|| refusal("report-time").with("row", number).with("column", name))
}
