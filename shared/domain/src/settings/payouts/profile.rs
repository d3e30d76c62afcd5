//! How to read a file that has no reader of its own: written by a person once, for a bank's or an acquirer's CSV or workbook.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::money::Currency;
use crate::settlement::{FeeKind, Kind, SettlementMode};

/// The systems whose files are read by a profile and in no other way.
const BY_PROFILE: &[&str] = &["nets", "profile"];

/// A moment that every pattern of days and times can be tried on.
const SAMPLE: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;
/// Longest name of an acquirer, in bytes.
const LONGEST_NAME: usize = 40;
/// Longest profile as JSON, in bytes: it is kept with each payout that was read by it.
const LONGEST_PROFILE: usize = 16 * 1024;
/// Most kinds of record.
const MOST_RECORDS: usize = 40;

/// True when files of that system are read by a profile, so that a flow of its payouts must have one.
pub fn is_read_by_profile(system: &str) -> bool {
    BY_PROFILE.contains(&system)
}

/// How to read the files of a bank or an acquirer that has no reader of its own: encoding, delimiter, decimals and days, columns by
/// their names, signs, and the file's words for kinds. What is read by a profile is proposed, and a person approves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// What is wrong with a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileProblem {
    /// Where in the profile: `records[0].columns`.
    pub path: String,
    /// What: a code that [`explain`](crate::explain) has the words of, after `setting-`.
    pub code: &'static str,
    /// The value that is wrong, or what is missing.
    pub name: String,
}

impl Profile {
    /// What is wrong with it that the types do not show. A profile without problems can be read by.
    pub fn problems(&self) -> Vec<ProfileProblem> {
        let mut found = Vec::new();
        let mut add = |path: &str, code, name: &str| {
            found.push(ProfileProblem { path: path.to_owned(), code, name: name.to_owned() });
        };
        if serde_json::to_vec(self).map_or(usize::MAX, |bytes| bytes.len()) > LONGEST_PROFILE {
            add("records", "profile-too-long", &LONGEST_PROFILE.to_string());
        }
        if self.acquirer.is_empty() || self.acquirer.len() > LONGEST_NAME {
            add("acquirer", "profile-acquirer", &LONGEST_NAME.to_string());
        }
        if encoding_rs::Encoding::for_label(self.encoding.trim().as_bytes()).is_none() {
            add("encoding", "profile-encoding", &self.encoding);
        }
        if !self.delimiter.is_ascii() || matches!(self.delimiter, '"' | '\n' | '\r') {
            add("delimiter", "profile-delimiter", &self.delimiter.to_string());
        }
        if self.thousands == Some(self.decimal) || !matches!(self.decimal, '.' | ',') {
            add("decimal", "profile-decimal", &self.decimal.to_string());
        }
        let year = self.dates.contains("%Y") || self.dates.contains("%y");
        let whole = year && self.dates.contains("%m") && self.dates.contains("%d");
        if !whole || self.dates.len() > 60 || jiff::fmt::strtime::format(&self.dates, SAMPLE).is_err() {
            add("dates", "profile-dates", &self.dates);
        }
        if !self.records.iter().any(|record| record.role == Role::Line) || self.records.len() > MOST_RECORDS {
            add("records", "profile-records", &MOST_RECORDS.to_string());
        }
        for (index, record) in self.records.iter().enumerate() {
            for mut problem in self.problems_of(record) {
                problem.path = format!("records[{index}].{}", problem.path);
                found.push(problem);
            }
        }
        found
    }

    fn problems_of(&self, record: &Record) -> Vec<ProfileProblem> {
        let mut found = Vec::new();
        let mut add = |path: &str, code, name: &str| {
            found.push(ProfileProblem { path: path.to_owned(), code, name: name.to_owned() });
        };
        match &record.mark {
            None if self.records.len() > 1 => add("mark", "profile-mark-missing", ""),
            Some(mark) if mark.column == 0 => add("mark.column", "profile-mark-column", "0"),
            _ => {}
        }
        let has = |what| record.columns.contains_key(&what);
        if record.role == Role::Line {
            let amount = match record.sign {
                Sign::DebitAndCredit => has(What::Debit) && has(What::Credit),
                Sign::Direction(_) => has(What::Direction) && (has(What::Gross) || has(What::Net)),
                _ => has(What::Gross) || has(What::Net) || has(What::Fee),
            };
            if !amount {
                add("columns", "profile-amount", "");
            }
            if record.kind.is_none() && !has(What::Kind) {
                add("kind", "profile-kind", "");
            }
        }
        if record.role != Role::Ignored && self.currency.is_none() && !has(What::Currency) {
            add("columns", "profile-currency", "");
        }
        for place in record.columns.values() {
            let by_place =
                place.strip_prefix('#').map(|number| number.parse::<usize>().is_ok_and(|number| number > 0));
            if by_place == Some(false) || place.is_empty() || (by_place.is_none() && !record.header) {
                add("columns", "profile-column", place);
            }
        }
        found
    }
}
