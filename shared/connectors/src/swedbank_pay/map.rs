//! From Swedbank Pay's transaction list to batches: stated sums and counts, and one line per transaction.

use domain::Money;
use domain::money::Currency;
use domain::settlement::{Kind, Line, LinkKeys, SettlementMode, Stated, StatedTotal, TotalOf, When};

use super::wire::{DAY, Fields, TIME};
use crate::figures::{self, Marks};
use crate::report::{Batches, Refusal, Unreadable, refusal};

const MARKS: Marks = Marks::POINT;

/// What the head of the list says.
#[derive(Default)]
pub(super) struct Head {
    pub(super) account: String,
    pub(super) accounting_number: String,
    pub(super) accounted_on: Option<jiff::civil::Date>,
    /// Number of transactions, as stated.
    pub(super) transactions: Option<u64>,
    seen: u64,
}

impl Head {
    /// Reads the head's attributes or fields.
    pub(super) fn of(
        fields: &dyn Fields,
        number: &str,
        count: &str,
        day: &str,
        account: &str,
    ) -> Result<Head, Refusal> {
        Ok(Head {
            account: account.to_owned(),
            accounting_number: number.to_owned(),
            accounted_on: match fields.get(day) {
                "" => None,
                text => Some(figures::day(text, DAY).ok_or_else(|| misread("report-time", 1, day))?),
            },
            transactions: match fields.get(count) {
                "" => None,
                text => Some(text.parse().map_err(|_| misread("report-count", 1, count))?),
            },
            ..Head::default()
        })
    }

    /// Makes the batch of a currency the open one.
    pub(super) fn open(&mut self, currency: Currency, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        // Fees and VAT on them stand only in the balance report, so the list is gross: the bank's amount is less.
        let new = batches.open(&self.account, &self.accounting_number, currency, SettlementMode::Net)?;
        if new {
            batches.state(Stated {
                payout_on: self.accounted_on,
                bank_reference: Some(self.accounting_number.clone()),
                ..Stated::default()
            })?;
        }
        Ok(())
    }

    /// The stated number of transactions is that of the whole file, so it is compared here and not by batch.
    pub(super) fn end(&self) -> Result<(), Unreadable> {
        match self.transactions {
            Some(stated) if stated != self.seen => Err(refusal("settlement-count-differs")
                .with("place", "TotalNoOfTransactions")
                .with("stated", stated)
                .with("found", self.seen)
                .into()),
            _ => Ok(()),
        }
    }

    /// The sum of a currency, as stated.
    pub(super) fn sum(
        &mut self,
        currency: Currency,
        text: &str,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        self.open(currency, batches)?;
        let amount = amount(text, currency, 1, "Sum")?;
        let total = StatedTotal {
            of: TotalOf::Gross,
            count: None,
            amount: Some(amount),
            place: format!("Currency {currency}"),
        };
        batches.state(Stated { totals: vec![total], ..Stated::default() })
    }

    /// What the summary says of one service: how many debits and credits, and their sum. The numbers of all services are added
    /// up by kind, since the check knows kinds and not services.
    pub(super) fn service(
        &mut self,
        currency: Currency,
        fields: &dyn Fields,
        summary: &mut Summary,
    ) -> Result<(), Unreadable> {
        let debits = match fields.get("NoOfDebit") {
            // The first version spells it otherwise.
            "" => fields.get("NoOfDebet"),
            text => text,
        };
        let count = |text: &str, name| text.parse::<u64>().map_err(|_| misread("report-count", 1, name));
        let sums = summary.of(currency);
        sums.debits += count(debits, "NoOfDebit")?;
        sums.credits += count(fields.get("NoOfCredit"), "NoOfCredit")?;
        let amount = amount(fields.get("Amount"), currency, 1, "Amount")?;
        sums.amount = sums.amount.plus(amount).map_err(|_| misread("report-amount", 1, "Amount"))?;
        for (name, kept) in [("FromDate", &mut sums.from), ("ToDate", &mut sums.to)] {
            if let Some(day) = Some(fields.get(name)).filter(|text| !text.is_empty()) {
                let day = figures::day(day, DAY).ok_or_else(|| misread("report-time", 1, name))?;
                let earlier = name == "FromDate";
                *kept = Some(kept.map_or(day, |kept| if earlier { kept.min(day) } else { kept.max(day) }));
            }
        }
        Ok(())
    }

    /// One transaction.
    pub(super) fn transaction(
        &mut self,
        number: u32,
        fields: &dyn Fields,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        let currency = figures::currency(fields.get("Currency"))
            .ok_or_else(|| misread("report-currency", number, "Currency"))?;
        self.open(currency, batches)?;
        self.seen += 1;
        let gross = amount(fields.get("Amount"), currency, number, "Amount")?;
        let kind = if gross.is_negative() { Kind::Refund } else { Kind::Sale };
        let first = |names: [&str; 2]| {
            let [new, old] = names.map(|name| fields.get(name));
            if new.is_empty() { old.to_owned() } else { new.to_owned() }
        };
        let transaction = first(["PayexTransactionNo", "TransactionNo"]);
        let order = first(["OrderIdentity", "OrderId"]);
        let reference = first(["TransactionIdentity", "TransactionNo"]);
        let referenced = fields.get("ReferencedTransaction");
        let line = Line {
            reference: &reference,
            occurred: time(fields.get("DateCreated"), number, "DateCreated")?,
            booked: time(fields.get("DateModified"), number, "DateModified")?,
            keys: LinkKeys {
                order: &order,
                transaction: &transaction,
                modification: &reference,
                original: if kind == Kind::Refund { referenced } else { "" },
                acquirer: fields.get("ExternalTransactionReference"),
                ..LinkKeys::default()
            },
            method: fields.get("ServiceName"),
            description: fields.get("Provider"),
            ..Line::new(number, kind, if kind == Kind::Refund { "credit" } else { "debit" }, gross)
        };
        batches.line(&line)
    }
}

/// Sums of the summary's services, by currency.
#[derive(Default)]
pub(super) struct Summary(std::collections::BTreeMap<Currency, Sums>);

struct Sums {
    debits: u64,
    credits: u64,
    amount: Money,
    from: Option<jiff::civil::Date>,
    to: Option<jiff::civil::Date>,
}

impl Summary {
    fn of(&mut self, currency: Currency) -> &mut Sums {
        let none = Sums { debits: 0, credits: 0, amount: currency.zero(), from: None, to: None };
        self.0.entry(currency).or_insert(none)
    }

    /// States what the summary says of each currency.
    pub(super) fn state(&self, head: &mut Head, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        for (currency, sums) in &self.0 {
            head.open(*currency, batches)?;
            let total = |of: TotalOf, count: Option<u64>, amount: Option<Money>| StatedTotal {
                of,
                count,
                amount,
                place: format!("Summary {currency}"),
            };
            batches.state(Stated {
                from: sums.from,
                to: sums.to,
                totals: vec![
                    total(TotalOf::Gross, None, Some(sums.amount)),
                    total(TotalOf::Kinds(vec![Kind::Sale]), Some(sums.debits), None),
                    total(TotalOf::Kinds(vec![Kind::Refund]), Some(sums.credits), None),
                ],
                ..Stated::default()
            })?;
        }
        Ok(())
    }
}

fn amount(text: &str, currency: Currency, number: u32, name: &str) -> Result<Money, Refusal> {
    figures::amount(text, MARKS, currency).ok_or_else(|| misread("report-amount", number, name))
}

fn time(text: &str, number: u32, name: &str) -> Result<When, Refusal> {
    if text.is_empty() {
        return Ok(When::Unstated);
    }
    figures::local_time(text, TIME).map(When::Local).ok_or_else(|| misread("report-time", number, name))
}

fn misread(code: &str, number: u32, name: &str) -> Refusal {
    refusal(code).with("row", number).with("column", name)
}
