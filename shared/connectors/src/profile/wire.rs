//! How to read a file that has no reader of its own: written by a person once, as JSON, for a bank's or an acquirer's CSV or
//! workbook.

use std::collections::BTreeMap;

use domain::Currency;
use domain::settlement::{FeeKind, Kind, SettlementMode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::characters::Characters;
use crate::report::{Refusal, refusal};

/// A profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// The acquirer's name, as it is to stand in keys and on vouchers.
    pub acquirer: String,
    /// The form of the file.
    #[serde(default)]
    pub form: Form,
    /// Name of the character encoding, such as `utf-8` or `windows-1252`.
    #[serde(default = "utf_8")]
    pub encoding: String,
    /// The character between fields.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Whether double quotes hold a field together.
    #[serde(default = "yes")]
    pub quotes: bool,
    /// The character before the decimals of an amount.
    #[serde(default = "point")]
    pub decimal: char,
    /// The character between groups of three digits, where there is one.
    #[serde(default)]
    pub thousands: Option<char>,
    /// The file's last line has its end as well. Then a file without that end is refused as cut off: its last field could be half
    /// of what it was.
    #[serde(default = "yes")]
    pub last_line_ends: bool,
    /// The pattern of days and times, in the notation of strptime: `%d.%m.%Y`, `%Y-%m-%d %H:%M:%S`.
    #[serde(default = "iso_day")]
    pub dates: String,
    /// The sheet to read in a workbook; without it the first.
    #[serde(default)]
    pub sheet: Option<String>,
    /// Rows before the header that are no part of the table.
    #[serde(default)]
    pub skip_rows: u32,
    /// The currency, where no column names it.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// Whether fees are taken from the payout (net) or invoiced apart (gross).
    #[serde(default)]
    pub mode: SettlementMode,
    /// The kinds of record. A plain table has one.
    pub records: Vec<Record>,
}

/// The form of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Text with a character between fields.
    #[default]
    Delimited,
    /// XLSX.
    Workbook,
}

/// One kind of record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Record {
    /// What tells this kind of record from others: the value that a column has. Without it every row is of this kind.
    #[serde(default)]
    pub mark: Option<Mark>,
    /// What it is: a line, a total, or nothing that counts.
    #[serde(default)]
    pub role: Role,
    /// The first row of this kind is its header.
    #[serde(default = "yes")]
    pub header: bool,
    /// Where each thing stands: the column's name in the header, or `#3` for the third.
    pub columns: BTreeMap<What, String>,
    /// What gives an amount its sign.
    #[serde(default)]
    pub sign: Sign,
    /// How a fee is written.
    #[serde(default)]
    pub fee_sign: FeeSign,
    /// The file's words for kinds, and what they mean. A word that is not here is an unknown kind: it counts, and stops automatic
    /// posting.
    #[serde(default)]
    pub kinds: BTreeMap<String, Kind>,
    /// The kind of every line, where no column tells.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// What the column `fee` is a fee for.
    #[serde(default = "commission")]
    pub fee_kind: FeeKind,
}

/// What tells one kind of record from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mark {
    /// The column by its place: 1 is the first.
    pub column: usize,
    /// Its value.
    pub value: String,
}

/// What a record is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// One line of a settlement.
    #[default]
    Line,
    /// What the file states of a settlement.
    Total,
    /// Nothing that counts.
    Ignored,
}

/// What gives an amount its sign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// The file writes it, and what goes to the merchant is positive.
    #[default]
    Written,
    /// The file writes it, and what goes to the merchant is negative.
    Turned,
    /// Amounts have none: refunds, chargebacks, fees, VAT, reserves held and payouts take, everything else gives.
    ByKind,
    /// The column `direction` holds one of these words where the amount takes.
    Direction(Vec<String>),
    /// The columns `debit` and `credit` have the amount, without sign.
    DebitAndCredit,
}

/// How a fee is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeeSign {
    /// Positive, and subtracted.
    #[default]
    Subtracted,
    /// Negative, and added.
    Added,
}

/// What a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The merchant's account at the acquirer.
    Account,
    /// The payout's or batch's id.
    Batch,
    /// The currency.
    Currency,
    /// The acquirer's word for what the line is.
    Kind,
    /// The amount before fees.
    Gross,
    /// The amount after fees.
    Net,
    /// The amount that takes, of two columns.
    Debit,
    /// The amount that gives, of two columns.
    Credit,
    /// The word that gives the sign.
    Direction,
    /// The fee.
    Fee,
    /// VAT on the fee.
    Vat,
    /// When it happened.
    Occurred,
    /// When it was booked.
    Booked,
    /// The line's own id.
    Reference,
    /// The shop's order number.
    Order,
    /// The merchant's own reference.
    Merchant,
    /// The payment's id.
    Transaction,
    /// The id of this capture or refund.
    Modification,
    /// The sale that a refund belongs to.
    Original,
    /// The acquirer's reference number.
    AcquirerReference,
    /// The invoice's number.
    Invoice,
    /// The method of payment.
    Method,
    /// Free text.
    Description,
    /// Of a total: the day of the payout.
    PayoutDay,
    /// Of a total: what was paid out.
    Payout,
    /// Of a total: the balance before.
    Opening,
    /// Of a total: the balance after.
    Closing,
    /// Of a total: the text that the bank shows.
    BankReference,
    /// Of a total: the number of lines.
    Count,
}

fn utf_8() -> String {
    "utf-8".to_owned()
}

const fn comma() -> char {
    ','
}

const fn point() -> char {
    '.'
}

const fn yes() -> bool {
    true
}

fn iso_day() -> String {
    "%Y-%m-%d".to_owned()
}

const fn commission() -> FeeKind {
    FeeKind::Commission
}

impl Profile {
    /// Reads a profile and checks it.
    ///
    /// # Errors
    /// A refusal with the field that is wrong.
    pub fn parse(text: &str) -> Result<Profile, Refusal> {
        let profile: Profile =
            serde_json::from_str(text).map_err(|error| wrong("JSON", &error.to_string()))?;
        profile.check()?;
        Ok(profile)
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// A refusal with the field that is wrong.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.acquirer.is_empty() || self.acquirer.len() > 40 {
            return Err(wrong("acquirer", "is empty or longer than 40"));
        }
        Characters::encoding(&self.encoding).ok_or_else(|| wrong("encoding", "is not known"))?;
        if !self.delimiter.is_ascii() || matches!(self.delimiter, '"' | '\n' | '\r') {
            return Err(wrong("delimiter", "cannot stand between fields"));
        }
        if self.thousands == Some(self.decimal) || !matches!(self.decimal, '.' | ',') {
            return Err(wrong("decimal", "is not a point or comma, or the same as between thousands"));
        }
        let year = self.dates.contains("%Y") || self.dates.contains("%y");
        if !year || !self.dates.contains("%m") || !self.dates.contains("%d") || self.dates.len() > 60 {
            return Err(wrong("dates", "has no year, month and day"));
        }
        if !self.records.iter().any(|record| record.role == Role::Line) || self.records.len() > 40 {
            return Err(wrong("records", "has no record that is a line, or more than 40"));
        }
        self.records.iter().try_for_each(|record| record.check(self.records.len()))
    }
}

impl Record {
    fn check(&self, records: usize) -> Result<(), Refusal> {
        if self.mark.is_none() && records > 1 {
            return Err(wrong("records", "has several kinds and one without a mark"));
        }
        if self.mark.as_ref().is_some_and(|mark| mark.column == 0) {
            return Err(wrong("mark", "counts columns from 1"));
        }
        let has = |what| self.columns.contains_key(&what);
        if self.role == Role::Line {
            let amount = match self.sign {
                Sign::DebitAndCredit => has(What::Debit) && has(What::Credit),
                Sign::Direction(_) => has(What::Direction) && (has(What::Gross) || has(What::Net)),
                _ => has(What::Gross) || has(What::Net) || has(What::Fee),
            };
            if !amount {
                return Err(wrong("columns", "has no amount, or not what the sign needs"));
            }
            if self.kind.is_none() && !has(What::Kind) {
                return Err(wrong("kind", "is neither given nor in a column"));
            }
        }
        for place in self.columns.values() {
            let by_place =
                place.strip_prefix('#').map(|number| number.parse::<usize>().is_ok_and(|number| number > 0));
            if by_place == Some(false) || place.is_empty() || (by_place.is_none() && !self.header) {
                return Err(wrong("columns", "has a place that is no name of a header and no #number"));
            }
        }
        Ok(())
    }
}

fn wrong(field: &str, problem: &str) -> Refusal {
    refusal("report-profile-wrong").with("field", field).with("problem", problem)
}
