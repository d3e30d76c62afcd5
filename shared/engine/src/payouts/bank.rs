//! What the bank shows: statements confirm that payouts arrived, or that they went back.

use std::collections::BTreeMap;

use domain::Money;
use domain::bank::Statement;
use domain::payout::{BankEntry, Confirmed, PayoutState, PayoutToFind, confirm_by_bank};
use domain::settlement::{Confirmation, ConfirmedBy};
use jiff::ToSpan;
use jiff::civil::Date;

use super::intake::Incoming;
use super::record::{BankSight, IntakeOutcome, PayoutId, PayoutRecord};
use super::route::PayoutRoute;
use super::{PayoutEngine, PayoutFailure, PayoutWork};

/// An entry as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementSeen {
    /// The statement's id.
    pub statement: String,
    /// The bank's reference of the entry, or its ordinal.
    pub entry: String,
    /// What of it can confirm a payout.
    pub bank: BankEntry,
}

/// What an entry shows of a payout.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Its own amount.
    Alone,
    /// Its amount in one sum with those of others.
    WithOthers,
    /// That it went back.
    Returned,
}

/// Statements of one day may tell of payouts of so many days before: older ones are not looked at.
const DAYS: i32 = 60;

impl PayoutEngine<'_> {
    /// Holds a bank's statements against the payouts of a flow. Certain is only the exact amount in the right days with the
    /// payout's reference; what is not is counted and left to a person.
    pub(super) async fn see_statements(
        &self,
        incoming: &Incoming<'_>,
        route: &PayoutRoute,
        statements: &[Statement],
    ) -> Result<IntakeOutcome, PayoutFailure> {
        let seen = entries(statements);
        let waiting = self.waiting_for_bank(incoming, route, &seen).await?;
        let to_find: Vec<PayoutToFind> = waiting.iter().map(|(_, to_find)| to_find.clone()).collect();
        let entries: Vec<BankEntry> = seen.iter().map(|seen| seen.bank.clone()).collect();
        let found = confirm_by_bank(&to_find, &entries, &route.settings.bank);
        let (mut payouts, mut perhaps) = (Vec::new(), 0);
        for ((id, expected), found) in waiting.iter().zip(&found) {
            let entry = match found {
                Confirmed::By(entry) => Some((*entry, Shown::Alone)),
                Confirmed::Merged { entry, .. } => Some((*entry, Shown::WithOthers)),
                Confirmed::Returned { entry } => Some((*entry, Shown::Returned)),
                Confirmed::Perhaps(_) => {
                    perhaps += 1;
                    None
                }
                Confirmed::No => None,
            };
            let Some((entry, shown)) = entry else { continue };
            let Some(seen) = seen.get(entry) else { continue };
            self.saw(incoming, id, seen, expected.amount, shown).await?;
            payouts.push(id.key.clone());
        }
        Ok(IntakeOutcome::Statement { payouts, perhaps })
    }

    /// The payouts of the flow that the statements may show.
    async fn waiting_for_bank(
        &self,
        incoming: &Incoming<'_>,
        route: &PayoutRoute,
        seen: &[StatementSeen],
    ) -> Result<Vec<(PayoutId, PayoutToFind)>, PayoutFailure> {
        let days: Vec<Date> = seen.iter().map(|seen| seen.bank.day).collect();
        let (Some(first), Some(last)) = (days.iter().min(), days.iter().max()) else { return Ok(Vec::new()) };
        let mut found = BTreeMap::new();
        let mut page: Option<String> = None;
        loop {
            let around = (first.saturating_sub(DAYS.days()), last.saturating_add(DAYS.days()));
            let answer =
                self.payouts.payouts_around(incoming.merchant, None, around, page.as_deref()).await?;
            for record in answer.items.into_iter().filter(|record| record.flow == route.flow) {
                let day = record.figures.day;
                let near = |day: Date| (*first - day).get_days() <= DAYS && (day - *last).get_days() <= DAYS;
                // A payout whose report states no day waits for the bank to tell it, on whatever day.
                if looks_for_bank(&record) && day.is_none_or(near) {
                    let reference = match record.figures.bank_reference.as_str() {
                        "" => record.id.key.batch.clone(),
                        stated => stated.to_owned(),
                    };
                    let amount = record.figures.payout;
                    found.insert(record.id, PayoutToFind { amount, day, reference });
                }
            }
            match answer.next {
                None => return Ok(found.into_iter().collect()),
                next => page = next,
            }
        }
    }

    async fn saw(
        &self,
        incoming: &Incoming<'_>,
        id: &PayoutId,
        seen: &StatementSeen,
        amount: Money,
        shown: Shown,
    ) -> Result<(), PayoutFailure> {
        let returned = shown == Shown::Returned;
        let work = PayoutWork {
            id: id.clone(),
            token: format!("{}-{}", incoming.token, id.name()),
            deadline: incoming.deadline,
        };
        let mut record = self.claim(&work).await?;
        let sight = BankSight {
            statement: seen.statement.clone(),
            entry: seen.entry.clone(),
            day: seen.bank.day,
            returned,
        };
        let confirms = Confirmation { by: ConfirmedBy::BankLine, payout: amount, day: Some(seen.bank.day) };
        // A sum of several says of none of them what it was: what anybody may have claimed is not believed for it.
        let says_nothing = returned || (shown == Shown::WithOthers && record.by_mail);
        if !says_nothing && !record.confirmations.iter().any(|known| known.says_the_same(&confirms)) {
            record.confirmations.push(confirms);
        }
        // A statement that shows an arrival may come again after the one that shows the return of it.
        let went_back_since =
            record.bank.as_ref().is_some_and(|known| known.returned && !returned && sight.day <= known.day);
        if !went_back_since {
            record.bank = Some(sight);
        }
        self.settle_states(&mut record);
        // Whether it is whole is known now: it is planned by the next work on it.
        record.due_at = Some(self.now());
        self.release(record).await?;
        Ok(())
    }

    /// The acquirer's own list of payouts says what was paid, and on what day, which dates a report that states none.
    ///
    /// # Errors
    /// See [`PayoutFailure`].
    pub async fn confirmed_by_acquirer(
        &self,
        work: &PayoutWork,
        payout: Money,
        day: Option<Date>,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let mut record = self.claim(work).await?;
        let confirms = Confirmation { by: ConfirmedBy::PayoutApi, payout, day };
        if !record.confirmations.iter().any(|known| known.says_the_same(&confirms)) {
            record.confirmations.push(confirms);
            record.due_at = Some(self.now());
        }
        self.release(record).await
    }
}

/// A payout that the bank has not shown, or not the end of.
fn looks_for_bank(record: &PayoutRecord) -> bool {
    let over = matches!(record.approval.state(), PayoutState::Returned | PayoutState::Reversed);
    !over && !record.is_set_aside() && !record.figures.payout.is_zero()
}

/// The booked entries. A notification repeats what a statement says in more detail: it is never counted beside one.
fn entries(statements: &[Statement]) -> Vec<StatementSeen> {
    let whole = statements.iter().any(|statement| !statement.notification);
    let counted = statements.iter().filter(|statement| !whole || !statement.notification);
    counted
        .flat_map(|statement| {
            statement.entries.iter().filter_map(|entry| {
                let bank = entry.to_confirm()?;
                let reference = match entry.reference.as_str() {
                    "" => entry.number.to_string(),
                    own => own.to_owned(),
                };
                Some(StatementSeen { statement: statement.id.clone(), entry: reference, bank })
            })
        })
        .collect()
}
