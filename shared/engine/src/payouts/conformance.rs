//! Checks that every store of payouts must pass: the one in memory and the one on the table.

use domain::money::Currency;
use domain::payout::Approval;
use domain::settlement::{BatchKey, Standing};
use domain::{AgreementId, ConnectionId, EffectKey, MerchantId, Money};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::links::OrderLink;
use super::memory::MemoryFile;
use super::paid::PaidList;
use super::record::{
    FileRecord, IntakeOutcome, IntakeRecord, PAYOUT_SCHEMA, PaidBefore, PayoutClaim, PayoutFigures, PayoutId,
    PayoutRecord,
};
use super::store::{FileBytes, PayoutClaimed, PayoutStore, VoucherNumber};
use super::summary::{AccountEntry, LinesSummary, PayoutSummary};
use crate::store::StoreFailure;

const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

fn require(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn words(failure: impl std::fmt::Debug) -> String {
    format!("{failure:?}")
}

fn id(merchant: &MerchantId, account: &str, batch: &str) -> PayoutId {
    PayoutId {
        merchant: merchant.clone(),
        key: BatchKey {
            acquirer: "stripe".to_owned(),
            account: account.to_owned(),
            batch: batch.to_owned(),
            currency: Currency::DKK,
        },
    }
}

/// A payout that was just taken in, with this content.
pub fn record(id: &PayoutId, content: &str) -> PayoutRecord {
    PayoutRecord {
        schema: PAYOUT_SCHEMA,
        id: id.clone(),
        flow: "payouts".to_owned(),
        fence: 0,
        claim: String::new(),
        lease_until: None,
        content: content.to_owned(),
        original: FileRecord {
            sha256: content.to_owned(),
            name: "report.csv".to_owned(),
            format: "stripe".to_owned(),
            bytes: 1,
            received_at: NOW,
            profile: None,
            mail: None,
        },
        by_mail: false,
        repeats: Vec::new(),
        conflicts: Vec::new(),
        overlap: None,
        overruled: Vec::new(),
        dismissed: Vec::new(),
        confirmations: Vec::new(),
        balance_report: None,
        approval: Approval::default(),
        figures: PayoutFigures {
            payout: Money::from_minor(100, Currency::DKK),
            day: None,
            from: None,
            to: None,
            bank_reference: String::new(),
            lines: 1,
            standing: Standing::Balanced,
            pending: false,
            unproven: false,
            kinds: std::collections::BTreeMap::new(),
            states: std::collections::BTreeMap::new(),
        },
        reasons: Vec::new(),
        notes: Vec::new(),
        decisions: Vec::new(),
        plan: None,
        posting: None,
        let_go: None,
        by_hand: None,
        not_booked_on: Vec::new(),
        reversal: None,
        undone: Vec::new(),
        reversal_asked: None,
        bank: None,
        tries: 0,
        trouble: None,
        delayed: None,
        looking: None,
        saying: None,
        due_at: Some(NOW),
        received_at: NOW,
        updated_at: NOW,
    }
}

fn claim(id: &PayoutId, token: &str, at: i64) -> PayoutClaim {
    let now = NOW + SignedDuration::from_secs(at);
    PayoutClaim {
        id: id.clone(),
        token: token.to_owned(),
        now,
        lease_until: now + SignedDuration::from_secs(60),
    }
}

/// Runs all checks with a merchant that has nothing yet; another merchant's things must stay out of sight.
///
/// # Errors
/// What does not hold, in words.
pub async fn check_all(
    store: &dyn PayoutStore,
    merchant: &MerchantId,
    other: &MerchantId,
) -> Result<(), String> {
    a_payout_is_kept_once(store, merchant).await?;
    a_claim_holds_until_its_lease_ends(store, merchant).await?;
    lists_are_whole_and_the_merchants_own(store, merchant, other).await?;
    files_and_plans_are_found_by_their_hash(store, merchant, other).await?;
    a_number_is_taken_by_one(store, merchant).await?;
    what_was_paid_is_added_up(store, merchant, other).await?;
    check_rows(store, merchant, other).await
}

/// Runs those checks that need no file.
///
/// # Errors
/// What does not hold, in words.
pub async fn check_rows(
    store: &dyn PayoutStore,
    merchant: &MerchantId,
    other: &MerchantId,
) -> Result<(), String> {
    summaries_are_kept_by_payout_and_plan(store, merchant, other).await?;
    payouts_are_found_by_their_days(store, merchant, other).await?;
    what_gateways_say_is_kept_as_it_was_said(store, merchant, other).await
}

async fn what_gateways_say_is_kept_as_it_was_said(
    store: &dyn PayoutStore,
    merchant: &MerchantId,
    other: &MerchantId,
) -> Result<(), String> {
    let (gateway, further) = (ConnectionId::new("gateway"), ConnectionId::new("gate"));
    let link = |connection: &ConnectionId, reference: &str, order: &str| OrderLink {
        connection: connection.clone(),
        reference: reference.to_owned(),
        order: order.to_owned(),
        payment: "90/001".to_owned(),
        learned_at: NOW,
    };
    let (first, second) = (link(&gateway, "7#1", "1001"), link(&gateway, "7#1", "1002"));
    let all = [first.clone(), second.clone(), link(&gateway, "7", "1003"), link(&further, "way#7#1", "1004")];
    require(store.put_links(merchant, &all[..1]).await == Ok(1), "a link is new")?;
    let later = OrderLink { learned_at: NOW + SignedDuration::from_secs(60), ..first.clone() };
    require(store.put_links(merchant, &[later]).await == Ok(0), "the same again is not")?;
    require(store.put_links(merchant, &all).await == Ok(3), "the others are")?;
    let mut found =
        store.links(merchant, std::slice::from_ref(&gateway), &["7#1".to_owned()]).await.map_err(words)?;
    found.sort();
    require(found == [first, second], "all of one reference, as they were first said, and of no other")?;
    let asked = ["7".to_owned(), "way#7#1".to_owned(), "none".to_owned()];
    let found = store.links(merchant, &[gateway.clone(), further], &asked).await.map_err(words)?;
    require(found.len() == 2, "each gateway's own")?;
    let foreign = store.links(other, &[gateway], &["7".to_owned()]).await.map_err(words)?;
    require(foreign.is_empty(), "nothing of somebody else's")
}

async fn a_payout_is_kept_once(store: &dyn PayoutStore, merchant: &MerchantId) -> Result<(), String> {
    let id = id(merchant, "acct_1", "po_once");
    let new = record(&id, "a");
    require(store.insert_payout(&new).await.map_err(words)?.is_none(), "a new payout is new")?;
    let again = store.insert_payout(&record(&id, "b")).await.map_err(words)?;
    require(again.as_ref().is_some_and(|known| known.content == "a"), "the second is told of the first")?;
    let stored = store.payout(&id).await.map_err(words)?;
    require(stored.as_ref() == Some(&new), "the first stays as it was, byte for byte")
}

async fn a_claim_holds_until_its_lease_ends(
    store: &dyn PayoutStore,
    merchant: &MerchantId,
) -> Result<(), String> {
    let id = id(merchant, "acct_1", "po_claim");
    let unknown = store.claim_payout(&claim(&id, "one", 0)).await.map_err(words)?;
    require(unknown == PayoutClaimed::Unknown, "what is not there cannot be claimed")?;
    store.insert_payout(&record(&id, "a")).await.map_err(words)?;
    let taken = store.claim_payout(&claim(&id, "one", 0)).await.map_err(words)?;
    let PayoutClaimed::Taken(first) = taken else { return Err("a free payout is taken".to_owned()) };
    require(first.fence == 1 && first.claim == "one", "the first claim has fence 1")?;
    let repeated = store.claim_payout(&claim(&id, "one", 1)).await.map_err(words)?;
    require(
        matches!(&repeated, PayoutClaimed::Taken(again) if again.fence == 1),
        "a claim whose answer was lost is taken once",
    )?;
    let held = store.claim_payout(&claim(&id, "two", 30)).await.map_err(words)?;
    require(matches!(held, PayoutClaimed::Held { .. }), "a live lease holds")?;
    let PayoutClaimed::Taken(second) = store.claim_payout(&claim(&id, "two", 61)).await.map_err(words)?
    else {
        return Err("a lease that ended is taken over".to_owned());
    };
    require(second.fence == 2, "the next claim has the next fence")?;
    let zombie = store.save_payout(&first).await;
    require(zombie == Err(StoreFailure::Fenced), "a worker that was overtaken writes nothing")?;
    let mut done = (*second).clone();
    (done.lease_until, done.tries) = (None, 7);
    store.save_payout(&done).await.map_err(words)?;
    store.save_payout(&done).await.map_err(words)?;
    let stored = store.payout(&id).await.map_err(words)?;
    require(stored.as_ref() == Some(&done), "what was saved is read back")?;
    let third = store.claim_payout(&claim(&id, "three", 62)).await.map_err(words)?;
    require(matches!(third, PayoutClaimed::Taken(_)), "a payout that was given free is taken")
}

async fn lists_are_whole_and_the_merchants_own(
    store: &dyn PayoutStore,
    merchant: &MerchantId,
    other: &MerchantId,
) -> Result<(), String> {
    for number in 0..7 {
        let id = id(merchant, "acct_2", &format!("po_{number}"));
        store.insert_payout(&record(&id, "a")).await.map_err(words)?;
    }
    store.insert_payout(&record(&id(other, "acct_2", "po_0"), "x")).await.map_err(words)?;
    let (mut found, mut page) = (Vec::new(), None::<String>);
    loop {
        let answer =
            store.payouts(merchant, Some(("stripe", "acct_2")), page.as_deref()).await.map_err(words)?;
        found.extend(answer.items);
        match answer.next {
            None => break,
            next => page = next,
        }
    }
    require(found.len() == 7, "an account's payouts are listed whole, and no others")?;
    require(found.iter().all(|one| one.id.merchant == *merchant), "no other merchant's payouts are listed")?;
    let (mut open, mut page) = (0, None::<String>);
    loop {
        let answer = store.open_payouts(merchant, page.as_deref()).await.map_err(words)?;
        open += answer.items.iter().filter(|one| one.id.key.account == "acct_2").count();
        match answer.next {
            None => break,
            next => page = next,
        }
    }
    require(open == 7, "payouts that need somebody are listed")
}

async fn files_and_plans_are_found_by_their_hash(
    store: &dyn PayoutStore,
    merchant: &MerchantId,
    other: &MerchantId,
) -> Result<(), String> {
    let file = MemoryFile::new(vec![7; 100_000]);
    store.put_file(merchant, &file).await.map_err(words)?;
    store.put_file(merchant, &file).await.map_err(words)?;
    let kept = store.file(merchant, file.sha256()).await.map_err(words)?;
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut kept.open().map_err(words)?, &mut bytes).map_err(words)?;
    require(bytes == vec![7; 100_000] && kept.length() == 100_000, "a file is read back as it was")?;
    require(store.file(other, file.sha256()).await.is_err(), "another merchant has no such file")?;
    let id = id(merchant, "acct_1", "po_plan");
    store.put_payout_plan(&id, "hash", b"plan".to_vec()).await.map_err(words)?;
    require(store.payout_plan(&id, "hash").await.as_deref() == Ok(b"plan"), "a plan is read back")?;
    require(
        store.payout_plan(&id, "other").await == Err(StoreFailure::Conflict),
        "another hash has no plan",
    )?;
    require(store.passing(&id, "found").await == Ok(None), "nothing is kept meanwhile")?;
    for words_found in [&b"some"[..], b"more"] {
        store.put_passing(&id, "found", words_found.to_vec()).await.map_err(words)?;
    }
    require(store.passing(&id, "found").await == Ok(Some(b"more".to_vec())), "the last is kept")?;
    store.drop_passing(&id, "found").await.map_err(words)?;
    store.drop_passing(&id, "found").await.map_err(words)?;
    require(store.passing(&id, "found").await == Ok(None), "what is dropped is gone")?;
    store.put_line_ids(&id, &[1, u128::MAX]).await.map_err(words)?;
    require(store.line_ids(&id).await == Ok(vec![1, u128::MAX]), "fingerprints are read back")?;
    let intake = IntakeRecord {
        schema: PAYOUT_SCHEMA,
        merchant: merchant.clone(),
        flow: "payouts".to_owned(),
        file: record(&id, "a").original,
        outcome: IntakeOutcome::Report { batches: Vec::new() },
        earlier: Vec::new(),
        dismissed: None,
        erased_at: None,
    };
    store.put_intake(&intake).await.map_err(words)?;
    store.put_intake(&intake).await.map_err(words)?;
    let (flow, sha256) = (intake.flow.as_str(), intake.file.sha256.as_str());
    let known = store.intake(merchant, flow, sha256).await.map_err(words)?;
    require(known.as_ref() == Some(&intake), "a file that came is found by its hash")?;
    let other = store.intake(merchant, "another flow", sha256).await.map_err(words)?;
    require(other.is_none(), "what came for one flow did not come for another")?;
    let listed = store.intakes(merchant, None).await.map_err(words)?;
    require(listed.items.iter().filter(|one| **one == intake).count() == 1, "a file that came is listed once")
}

async fn a_number_is_taken_by_one(store: &dyn PayoutStore, merchant: &MerchantId) -> Result<(), String> {
    let number = VoucherNumber {
        merchant: merchant.clone(),
        agreement: AgreementId::new("1"),
        journal: 3,
        year: "2026-01-01".to_owned(),
        number: 10,
    };
    let key = |name: &str| {
        EffectKey::shared(merchant, domain::identity::Effect::Voucher, name, &AgreementId::new("1"))
    };
    require(store.take_number(&number, &key("a")).await == Ok(true), "a free number is taken")?;
    require(store.take_number(&number, &key("a")).await == Ok(true), "the same effect has it already")?;
    require(store.take_number(&number, &key("b")).await == Ok(false), "nobody else gets it")?;
    let next_year = VoucherNumber { year: "2027-01-01".to_owned(), ..number };
    require(store.take_number(&next_year, &key("b")).await == Ok(true), "numbers begin anew with the year")
}

async fn what_was_paid_is_added_up(
    store: &dyn PayoutStore,
    merchant: &MerchantId,
    other: &MerchantId,
) -> Result<(), String> {
    let agreement = AgreementId::new("1");
    let paid = |document: &str, payout: &str, minor| PaidBefore {
        document: document.to_owned(),
        payout: payout.to_owned(),
        amount: Money::from_minor(minor, Currency::DKK),
    };
    let all: Vec<PaidBefore> = (0..230).map(|number| paid(&number.to_string(), "a", 5)).collect();
    store.put_paid(merchant, &agreement, &all).await.map_err(words)?;
    store.put_paid(merchant, &agreement, &[paid("7", "b", 9), paid("8", "a", 0)]).await.map_err(words)?;
    let asked: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    let mut found = store.paid(merchant, &agreement, &asked).await.map_err(words)?;
    found.retain(|one| !one.amount.is_zero());
    require(found.len() == 230, "what each payout paid is found, and what was taken back is nothing")?;
    require(
        found.contains(&paid("7", "b", 9)) && found.contains(&paid("7", "a", 5)),
        "two payouts of one document",
    )?;
    require(store.paid(other, &agreement, &asked).await == Ok(Vec::new()), "nothing of another merchant's")?;
    require(
        store.paid(merchant, &AgreementId::new("2"), &asked).await == Ok(Vec::new()),
        "nothing of another company's",
    )
}

async fn summaries_are_kept_by_payout_and_plan(
    store: &dyn PayoutStore,
    merchant: &MerchantId,
    other: &MerchantId,
) -> Result<(), String> {
    let of = |merchant: &MerchantId, number: u32, plan: &str| {
        let amount = Money::from_minor(i64::from(number), Currency::DKK);
        let entry = AccountEntry { document: number.to_string(), day: jiff::civil::date(2026, 2, 9), amount };
        let lines =
            LinesSummary { fees: Vec::new(), without_document: vec![(number, amount)], more_without: 0 };
        let paid = vec![PaidBefore { document: "1".to_owned(), payout: String::new(), amount }];
        let list = PaidList { name: plan.to_owned(), paid, parts: 0 };
        let id = id(merchant, "acct_1", &format!("po_sum_{number}"));
        PayoutSummary {
            account: Some(5_830),
            vouchers: vec![vec![entry], Vec::new()],
            ..PayoutSummary::new(&id, &list, Some(lines))
        }
    };
    let kept: Vec<PayoutSummary> = (0..120).map(|number| of(merchant, number, "a")).collect();
    for one in kept.iter().chain([&of(merchant, 0, "b"), &of(other, 0, "a")]) {
        store.put_summary(one).await.map_err(words)?;
    }
    let mut wanted: Vec<(PayoutId, String)> =
        kept.iter().map(|one| (one.id.clone(), one.plan.clone())).collect();
    wanted.push((kept[0].id.clone(), "unknown".to_owned()));
    let mut found = store.summaries(&wanted).await.map_err(words)?;
    found.sort_by_key(|one| one.paid.first().map(|(_, amount)| amount.minor()));
    require(found == kept, "what is asked for is read back as it was, and nothing else")
}

/// Payouts are asked for by days: whatever else comes with them, none of those is missing.
async fn payouts_are_found_by_their_days(
    store: &dyn PayoutStore,
    merchant: &MerchantId,
    other: &MerchantId,
) -> Result<(), String> {
    let day = |month: i8, day: i8| jiff::civil::date(2025, month, day);
    let dated = |of: &MerchantId, batch: &str, days: [Option<Date>; 3]| {
        let mut new = record(&id(of, "acct_days", batch), "a");
        [new.figures.from, new.figures.to, new.figures.day] = days;
        new
    };
    let kept = [
        dated(merchant, "po_undated", [None; 3]),
        dated(merchant, "po_spring", [Some(day(2, 27)), Some(day(3, 2)), Some(day(3, 5))]),
        dated(merchant, "po_summer", [None, None, Some(day(7, 1))]),
        dated(merchant, "po_autumn", [None, None, Some(day(10, 31))]),
        // It waits for the bank to tell its day, on whatever day.
        dated(merchant, "po_begun", [Some(day(1, 1)), None, None]),
        dated(other, "po_spring", [None, None, Some(day(3, 5))]),
    ];
    for new in &kept {
        store.insert_payout(new).await.map_err(words)?;
    }
    for (days, wanted) in [
        ((day(2, 1), day(2, 28)), &["po_undated", "po_spring"][..]),
        ((day(3, 5), day(3, 5)), &["po_undated", "po_spring"]),
        ((day(6, 30), day(10, 31)), &["po_undated", "po_summer", "po_autumn"]),
        ((day(12, 1), day(12, 31)), &["po_undated", "po_begun"]),
    ] {
        for acquirer in [None, Some("stripe")] {
            let found = around(store, merchant, acquirer, days).await?;
            require(found.iter().all(|one| one.merchant == *merchant), "none of another merchant's")?;
            let is_there = |batch: &&str| found.iter().any(|one| one.key.batch == **batch);
            require(wanted.iter().all(is_there), &format!("{days:?}: {wanted:?} of {found:?}"))?;
        }
    }
    // What a payout's days are turns out later.
    let claimed = store.claim_payout(&claim(&kept[0].id, "days", 0)).await.map_err(words)?;
    let PayoutClaimed::Taken(mut taken) = claimed else { return Err("it is taken".to_owned()) };
    taken.figures.day = Some(day(12, 5));
    store.index_payout(&taken).await.map_err(words)?;
    store.save_payout(&taken).await.map_err(words)?;
    let found = around(store, merchant, Some("stripe"), (day(12, 1), day(12, 31))).await?;
    require(found.contains(&taken.id), "it is found under its new day")
}

async fn around(
    store: &dyn PayoutStore,
    merchant: &MerchantId,
    acquirer: Option<&str>,
    days: (Date, Date),
) -> Result<Vec<PayoutId>, String> {
    let (mut found, mut page) = (Vec::new(), None::<String>);
    loop {
        let answer = store.payouts_around(merchant, acquirer, days, page.as_deref()).await.map_err(words)?;
        found.extend(answer.items.into_iter().map(|record| record.id));
        match answer.next {
            None => return Ok(found),
            next => page = next,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::executor::block_on;

    use super::super::memory::MemoryPayoutStore;
    use super::*;
    use crate::memory::MemoryStore;

    #[test]
    fn the_store_in_memory_keeps_the_rules() {
        let store = MemoryPayoutStore::new(Arc::new(MemoryStore::new()));
        let checked = block_on(check_all(&store, &MerchantId::new("krus"), &MerchantId::new("other")));
        assert_eq!(checked, Ok(()));
    }
}
