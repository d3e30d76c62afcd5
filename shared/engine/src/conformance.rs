//! The checks that every store must pass: the store in memory that the simulator runs on, and the store on the table.
//!
//! The simulator proves the engine over the store in memory. That proof is worth as much as the two stores are alike, so
//! both run these same checks. Each check works under a merchant of its own, made from the given salt, and so may run on a
//! table that holds other things.

use std::future::Future;
use std::pin::Pin;

use domain::money::Currency;
use domain::plan::Reason;
use domain::{ConnectionId, EffectKey, EntityId, EntityKind, MerchantId, Money, TransferId};
use jiff::{SignedDuration, Timestamp};

use crate::log::{Cause, LOG_SCHEMA, LogEntry, PersonalPart, PublicPart, RowKind, Why};
use crate::store::{
    Advance, Applied, Claim, Claimed, Conclusion, Cursor, DUE_SHARDS, GivenUpBy, Head, Hold, LEDGER_SCHEMA,
    OrderFacts, Page, ParkedDelivery, Pause, PauseScope, PlanStoring, Pointer, PointerKind, Progress, Status,
    Store, StoreFailure, StoredPlan, due_shard,
};

/// What one check found: `Err` says what was expected and what came.
pub type Finding = Result<(), String>;

type Check = for<'a> fn(&'a Bench<'a>) -> Pin<Box<dyn Future<Output = Finding> + Send + 'a>>;

macro_rules! checks {
    ($($name:ident),+ $(,)?) => {
        /// All checks by name.
        const CHECKS: &[(&str, Check)] = &[$((stringify!($name), |bench| Box::pin($name(bench)))),+];
    };
}

checks![
    a_first_claim_makes_the_head,
    a_claim_is_recognised_by_its_token,
    a_live_lease_refuses_and_an_ended_one_does_not,
    fences_only_grow,
    equal_bytes_of_a_settled_transfer_are_a_duplicate,
    equal_bytes_of_an_unsettled_transfer_are_not,
    a_waiting_transfer_defers_until_it_is_due,
    an_older_fence_writes_nothing,
    the_same_fence_with_another_token_writes_nothing,
    every_write_may_be_repeated,
    word_is_left_only_with_the_owner,
    a_conclusion_is_refused_when_word_was_left,
    a_lock_has_one_holder,
    a_released_lock_is_free_after_its_time,
    a_refused_plan_leaves_nothing,
    a_stored_plan_is_read_back,
    progress_is_read_back,
    a_conclusion_is_read_back,
    rows_are_chained,
    what_is_due_is_found_and_nothing_else,
    what_is_due_comes_in_pages,
    a_dead_workers_transfer_comes_up,
    attention_lists_held_and_parked,
    the_day_lists_its_orders,
    lists_come_in_pages,
    numbers_lead_to_the_transfer_of_the_same_merchant_only,
    a_payments_reference_leads_to_every_order_that_has_it,
    pauses_cover_what_they_say,
    a_cursor_moves_by_version,
    a_parked_delivery_is_kept_once,
    unknown_things_are_absent,
];

/// Runs every check against a store. `salt` keeps runs on one table apart.
///
/// # Errors
/// One line per failed check.
pub async fn run(store: &dyn Store, salt: &str) -> Result<usize, Vec<String>> {
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        let bench = Bench { store, merchant: MerchantId::new(format!("conformance-{salt}-{name}")) };
        if let Err(finding) = check(&bench).await {
            failed.push(format!("{name}: {finding}"));
        }
    }
    if failed.is_empty() { Ok(CHECKS.len()) } else { Err(failed) }
}

/// One check's own corner of the store.
struct Bench<'a> {
    store: &'a dyn Store,
    merchant: MerchantId,
}

/// A moment on the check's own clock, in seconds.
fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_800_000_000 + second)
}

/// Length of every lease in these checks, in seconds.
const LEASE: i64 = 60;

impl Bench<'_> {
    fn transfer(&self, entity: &str) -> TransferId {
        TransferId {
            merchant: self.merchant.clone(),
            source: "woocommerce:shop.example".to_owned(),
            kind: EntityKind::Order,
            entity: EntityId::new(entity),
        }
    }

    fn claim_of(&self, entity: &str, token: &str, second: i64, hash: &str) -> Claim {
        Claim {
            transfer: self.transfer(entity),
            connection: ConnectionId::new("connection"),
            token: token.to_owned(),
            now: at(second),
            lease_until: at(second + LEASE),
            body_hash: hash.to_owned(),
            early: false,
        }
    }

    async fn claim(&self, entity: &str, token: &str, second: i64, hash: &str) -> Result<Claimed, String> {
        self.store.claim(&self.claim_of(entity, token, second, hash)).await.map_err(|error| error.to_string())
    }

    async fn take(&self, entity: &str, token: &str, second: i64) -> Result<Head, String> {
        match self.claim(entity, token, second, "").await? {
            Claimed::Taken(head) => Ok(head),
            other => Err(format!("the claim of {entity} by {token} was refused: {other:?}")),
        }
    }

    async fn head(&self, entity: &str) -> Result<Head, String> {
        let head = self.store.head(&self.transfer(entity)).await.map_err(|error| error.to_string())?;
        head.ok_or_else(|| format!("{entity} has no head"))
    }
}

fn hold(head: &Head, second: i64) -> Hold {
    Hold { transfer: head.transfer.clone(), fence: head.fence, token: head.claim.clone(), now: at(second) }
}

fn row(head: &Head, second: i64, sequence: u32) -> LogEntry {
    LogEntry {
        public: PublicPart {
            schema: LOG_SCHEMA,
            fence: head.fence,
            sequence,
            at: at(second),
            kind: if sequence == 0 { RowKind::Planned } else { RowKind::Concluded },
            cause: Cause { why: Why::Webhook, body_hash: "h".to_owned(), received_at: at(second) },
            attempts: head.attempts,
            settings_version: 3,
            planning: None,
            decision: "transfer".to_owned(),
            reason: None,
            warnings: Vec::new(),
            ordinal: 1,
            plan_hash: Some("hash".to_owned()),
            catalogue_hash: None,
            source_totals: None,
            target_totals: None,
            judged: Vec::new(),
            numbers: vec![("draft".to_owned(), "7".to_owned())],
            calls: Vec::new(),
        },
        person: "person".to_owned(),
        personal: Some(PersonalPart { order: Some("{\"id\":1}".to_owned()), ..PersonalPart::default() }),
    }
}

fn kroner(minor: i64) -> Money {
    Money::from_minor(minor, Currency::DKK)
}

fn storing(head: &Head, second: i64, locks: &[EffectKey]) -> PlanStoring {
    PlanStoring {
        hold: hold(head, second),
        plan: StoredPlan {
            schema: LEDGER_SCHEMA,
            ordinal: 1,
            hash: "plan-hash".to_owned(),
            json: "{\"plan\":true}".to_owned(),
            applied: Applied {
                body_hash: "h".to_owned(),
                modified_at: Some(at(0)),
                read_at: Some(at(1)),
                decision: "plan-hash".to_owned(),
            },
        },
        lease_until: at(second + LEASE),
        locks: locks.to_vec(),
        progress: Progress { customer: Some(11), ..Progress::default() },
        settings_version: 3,
        order_number: "1001".to_owned(),
        total: kroner(24_900),
        day: jiff::civil::date(2026, 11, 20),
        warnings: vec!["unmapped-payment-method".to_owned()],
        log: row(head, second, 0),
        log_tail: head.log_tail.clone(),
    }
}

fn conclusion(head: &Head, second: i64, status: Status) -> Conclusion {
    Conclusion {
        hold: hold(head, second),
        status,
        facts: Vec::new(),
        trouble: None,
        attempts: 0,
        waits: 0,
        applied: Some(Applied {
            body_hash: "applied".to_owned(),
            modified_at: Some(at(1)),
            read_at: None,
            decision: "d".to_owned(),
        }),
        plan_open: false,
        progress: head.progress.clone(),
        documents: Vec::new(),
        due_at: None,
        order: None,
        pointers: Vec::new(),
        releases: Vec::new(),
        despite_word: false,
        log: None,
        log_tail: head.log_tail.clone(),
    }
}

fn waiting() -> Status {
    Status::Waiting { code: "busy".to_owned() }
}

fn held() -> Status {
    Status::Held { code: "missing-product".to_owned() }
}

fn lock_key(bench: &Bench<'_>, identity: &str) -> EffectKey {
    let agreement = domain::AgreementId::new("1");
    EffectKey::shared(&bench.merchant, domain::identity::Effect::Customer, identity, &agreement)
}

fn expect(condition: bool, words: impl FnOnce() -> String) -> Finding {
    if condition { Ok(()) } else { Err(words()) }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Finding {
    expect(found == expected, || format!("{what} is {found:?}, expected {expected:?}"))
}

fn text(failure: StoreFailure) -> String {
    failure.to_string()
}

async fn a_first_claim_makes_the_head(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    let expected = Head::first(&bench.claim_of("1", "a", 0, ""));
    same("the head answered", &head, &expected)?;
    same("the head stored", &bench.head("1").await?, &expected)
}

async fn a_claim_is_recognised_by_its_token(bench: &Bench<'_>) -> Finding {
    let first = bench.take("1", "a", 0).await?;
    let again = bench.take("1", "a", 1).await?;
    same("the fence after asking twice", again.fence, first.fence)?;
    same("the attempts after asking twice", again.attempts, 1)
}

async fn a_live_lease_refuses_and_an_ended_one_does_not(bench: &Bench<'_>) -> Finding {
    bench.take("1", "a", 0).await?;
    match bench.claim("1", "b", LEASE - 1, "").await? {
        Claimed::Leased(head) => same("the owner's token", head.claim.as_str(), "a")?,
        other => return Err(format!("a live lease did not refuse: {other:?}")),
    }
    let head = bench.take("1", "b", LEASE).await?;
    same("the fence", head.fence, 2)?;
    same("the attempts", head.attempts, 2)?;
    same("the due time", head.due_at, Some(at(LEASE + LEASE)))
}

async fn fences_only_grow(bench: &Bench<'_>) -> Finding {
    for claim in 0..5_i64 {
        let head = bench.take("1", &format!("t{claim}"), claim * LEASE).await?;
        same("the fence", i64::try_from(head.fence).unwrap_or(0), claim + 1)?;
        if claim % 2 == 0 {
            let end = conclusion(&head, claim * LEASE, held());
            bench.store.conclude(&end).await.map_err(text)?;
        }
    }
    Ok(())
}

async fn equal_bytes_of_a_settled_transfer_are_a_duplicate(bench: &Bench<'_>) -> Finding {
    let settled = [
        Status::Done,
        Status::Skipped { code: "s".to_owned() },
        held(),
        Status::Parked { code: "p".to_owned() },
    ];
    for (entity, status) in settled.into_iter().enumerate() {
        let entity = entity.to_string();
        let head = bench.take(&entity, "a", 0).await?;
        bench.store.conclude(&conclusion(&head, 1, status.clone())).await.map_err(text)?;
        match bench.claim(&entity, "b", 2, "applied").await? {
            Claimed::Duplicate(head) => same("the status", head.status, status)?,
            other => return Err(format!("{status:?}: not a duplicate: {other:?}")),
        }
        same("the fence after a duplicate", bench.head(&entity).await?.fence, 1)?;
        match bench.claim(&entity, "c", 3, "other bytes").await? {
            Claimed::Taken(head) => same("the claimed hash", head.claimed_hash.as_str(), "other bytes")?,
            other => return Err(format!("other bytes were refused: {other:?}")),
        }
    }
    Ok(())
}

async fn equal_bytes_of_an_unsettled_transfer_are_not(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    let mut end = conclusion(&head, 1, waiting());
    end.due_at = Some(at(2));
    bench.store.conclude(&end).await.map_err(text)?;
    match bench.claim("1", "b", 2, "applied").await? {
        Claimed::Taken(_) => Ok(()),
        other => Err(format!("refused: {other:?}")),
    }
}

async fn a_waiting_transfer_defers_until_it_is_due(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    let mut end = conclusion(&head, 1, waiting());
    end.due_at = Some(at(100));
    bench.store.conclude(&end).await.map_err(text)?;
    match bench.claim("1", "b", 99, "news").await? {
        Claimed::Deferred(head) => same("the due time", head.due_at, Some(at(100)))?,
        other => return Err(format!("not deferred: {other:?}")),
    }
    let early = Claim { early: true, ..bench.claim_of("1", "c", 99, "") };
    match bench.store.claim(&early).await.map_err(text)? {
        Claimed::Taken(head) => same("the fence", head.fence, 2),
        other => Err(format!("an early claim was refused: {other:?}")),
    }
}

async fn an_older_fence_writes_nothing(bench: &Bench<'_>) -> Finding {
    let old = bench.take("1", "a", 0).await?;
    bench.take("1", "b", LEASE).await?;
    let before = bench.head("1").await?;
    refuses_all_writes(bench, &old, LEASE + 1).await?;
    same("the head after refused writes", &bench.head("1").await?, &before)
}

async fn the_same_fence_with_another_token_writes_nothing(bench: &Bench<'_>) -> Finding {
    let mut head = bench.take("1", "a", 0).await?;
    head.claim = "somebody else".to_owned();
    refuses_all_writes(bench, &head, 1).await
}

async fn refuses_all_writes(bench: &Bench<'_>, old: &Head, second: i64) -> Finding {
    let stored = bench.store.store_plan(&storing(old, second, &[])).await;
    same("storing a plan", stored, Err(StoreFailure::Fenced))?;
    let advance =
        Advance { hold: hold(old, second), progress: Progress::default(), lease_until: at(second + LEASE) };
    same("advancing", bench.store.advance(&advance).await, Err(StoreFailure::Fenced))?;
    let concluded = bench.store.conclude(&conclusion(old, second, Status::Done)).await;
    same("concluding", concluded, Err(StoreFailure::Fenced))?;
    let trace = bench.store.log(&old.transfer).await.map_err(text)?;
    same("the rows", trace.rows.len(), 0)?;
    let plan = bench.store.load_plan(&old.transfer, 1).await.map_err(text)?;
    same("the plan", plan, None)
}

async fn every_write_may_be_repeated(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    let plan = storing(&head, 1, &[lock_key(bench, "anna@shop.example")]);
    let tail = bench.store.store_plan(&plan).await.map_err(text)?;
    bench.store.store_plan(&plan).await.map_err(|failure| format!("storing twice: {failure}"))?;
    let advance = Advance { hold: hold(&head, 2), progress: Progress::default(), lease_until: at(2 + LEASE) };
    bench.store.advance(&advance).await.map_err(text)?;
    bench.store.advance(&advance).await.map_err(|failure| format!("advancing twice: {failure}"))?;
    let head = bench.head("1").await?;
    let mut end = conclusion(&head, 3, Status::Done);
    end.log = Some(row(&head, 3, 1));
    end.pointers = vec![Pointer { kind: PointerKind::OrderNumber, value: "1001".to_owned() }];
    bench.store.conclude(&end).await.map_err(text)?;
    bench.store.conclude(&end).await.map_err(|failure| format!("concluding twice: {failure}"))?;
    let trace = bench.store.log(&head.transfer).await.map_err(text)?;
    same("the rows", trace.rows.len(), 2)?;
    same("the chain", trace.broken_at, None)?;
    expect(!tail.is_empty(), || "the tail is empty".to_owned())?;
    let found = bench.store.find(&bench.merchant, &end.pointers[0]).await.map_err(text)?;
    same("what the order number leads to", found, vec![head.transfer.clone()])
}

async fn word_is_left_only_with_the_owner(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    let other = bench.store.leave_word(&head.transfer, head.fence + 1).await.map_err(text)?;
    same("word for another fence", other, false)?;
    let left = bench.store.leave_word(&head.transfer, head.fence).await.map_err(text)?;
    same("word for the owner", left, true)?;
    same("the mark", bench.head("1").await?.again, true)?;
    let mut end = conclusion(&head, 1, Status::Done);
    end.despite_word = true;
    bench.store.conclude(&end).await.map_err(text)?;
    let late = bench.store.leave_word(&head.transfer, head.fence).await.map_err(text)?;
    same("word after the conclusion", late, false)?;
    let none = bench.store.leave_word(&bench.transfer("unknown"), 1).await.map_err(text)?;
    same("word for nobody", none, false)
}

async fn a_conclusion_is_refused_when_word_was_left(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    bench.store.leave_word(&head.transfer, head.fence).await.map_err(text)?;
    let mut end = conclusion(&head, 1, Status::Done);
    same("concluding", bench.store.conclude(&end).await, Err(StoreFailure::Again))?;
    same("the status", bench.head("1").await?.status, Status::Working)?;
    end.despite_word = true;
    end.due_at = Some(at(1));
    bench.store.conclude(&end).await.map_err(text)?;
    let head = bench.head("1").await?;
    same("the status", head.status, Status::Done)?;
    same("the mark", head.again, false)?;
    same("the due time", head.due_at, Some(at(1)))
}

async fn a_lock_has_one_holder(bench: &Bench<'_>) -> Finding {
    let (first, second) = (bench.take("1", "a", 0).await?, bench.take("2", "b", 0).await?);
    let key = lock_key(bench, "anna@shop.example");
    bench.store.store_plan(&storing(&first, 1, std::slice::from_ref(&key))).await.map_err(text)?;
    same("the holder's locks", bench.head("1").await?.locks, vec![key.clone()])?;
    let free = lock_key(bench, "bo@shop.example");
    let both = bench.store.store_plan(&storing(&second, 1, &[free.clone(), key.clone()])).await;
    same("the second holder", both, Err(StoreFailure::Locked(key.to_string())))?;
    let third = bench.take("3", "c", 0).await?;
    bench
        .store
        .store_plan(&storing(&third, 1, &[free]))
        .await
        .map(|_| ())
        .map_err(|failure| format!("a refused transaction kept its other lock: {failure}"))
}

async fn a_released_lock_is_free_after_its_time(bench: &Bench<'_>) -> Finding {
    let first = bench.take("1", "a", 0).await?;
    let key = lock_key(bench, "anna@shop.example");
    bench.store.store_plan(&storing(&first, 1, std::slice::from_ref(&key))).await.map_err(text)?;
    let mut end = conclusion(&bench.head("1").await?, 2, Status::Done);
    end.releases = vec![(key.clone(), at(30))];
    bench.store.conclude(&end).await.map_err(text)?;
    same("the holder's locks", bench.head("1").await?.locks, Vec::new())?;
    let second = bench.take("2", "b", 10).await?;
    let early = bench.store.store_plan(&storing(&second, 29, std::slice::from_ref(&key))).await;
    same("before its time", early, Err(StoreFailure::Locked(key.to_string())))?;
    bench.store.store_plan(&storing(&second, 30, &[key])).await.map_err(text)?;
    Ok(())
}

async fn a_refused_plan_leaves_nothing(bench: &Bench<'_>) -> Finding {
    let (first, second) = (bench.take("1", "a", 0).await?, bench.take("2", "b", 0).await?);
    let key = lock_key(bench, "anna@shop.example");
    bench.store.store_plan(&storing(&first, 1, std::slice::from_ref(&key))).await.map_err(text)?;
    let before = bench.head("2").await?;
    let refused = bench.store.store_plan(&storing(&second, 1, &[key])).await;
    expect(matches!(refused, Err(StoreFailure::Locked(_))), || format!("not locked: {refused:?}"))?;
    same("the head", &bench.head("2").await?, &before)?;
    same("the plan", bench.store.load_plan(&second.transfer, 1).await.map_err(text)?, None)?;
    let rows = bench.store.log(&second.transfer).await.map_err(text)?.rows;
    same("the rows", rows.len(), 0)
}

async fn a_stored_plan_is_read_back(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    let stored = storing(&head, 5, &[]);
    let tail = bench.store.store_plan(&stored).await.map_err(text)?;
    let plan = bench.store.load_plan(&head.transfer, 1).await.map_err(text)?;
    same("the plan", plan.as_ref(), Some(&stored.plan))?;
    let after = bench.head("1").await?;
    same("the pointer", after.plan.as_ref().map(|plan| (plan.ordinal, plan.open)), Some((1, true)))?;
    same("the progress", &after.progress, &stored.progress)?;
    same("the order number", after.order_number.as_str(), "1001")?;
    same("the total", after.total, Some(stored.total))?;
    same("the day", after.day, Some(stored.day))?;
    same("the warnings", &after.warnings, &stored.warnings)?;
    same("the settings", after.settings_version, 3)?;
    same("the lease", after.lease_until, Some(at(5 + LEASE)))?;
    same("the due time", after.due_at, Some(at(5 + LEASE)))?;
    same("the tail", after.log_tail, tail)
}

async fn progress_is_read_back(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    let progress = Progress {
        step: 2,
        told: 1,
        customer: Some(4),
        draft: Some(77),
        compared: true,
        doubt: Some(crate::store::Doubt {
            step: 2,
            negative_looks: 1,
            since: at(8),
            otherwise: false,
            asked: false,
        }),
        ..Progress::default()
    };
    let advance = Advance { hold: hold(&head, 9), progress: progress.clone(), lease_until: at(9 + LEASE) };
    bench.store.advance(&advance).await.map_err(text)?;
    let after = bench.head("1").await?;
    same("the progress", after.progress, progress)?;
    same("the lease", after.lease_until, Some(at(9 + LEASE)))?;
    same("the due time", after.due_at, Some(at(9 + LEASE)))?;
    same("the fence", after.fence, head.fence)
}

async fn a_conclusion_is_read_back(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    bench.store.store_plan(&storing(&head, 1, &[])).await.map_err(text)?;
    let mut expected = bench.head("1").await?;
    let mut end = conclusion(&expected, 2, held());
    end.facts = vec![("sku".to_owned(), "MUG-1 æøå".to_owned())];
    end.attempts = 2;
    end.waits = 3;
    end.plan_open = true;
    end.due_at = Some(at(500));
    end.order = Some(OrderFacts {
        number: "#1002".to_owned(),
        total: kroner(-5),
        day: jiff::civil::date(2026, 1, 31),
    });
    end.trouble = Some(crate::store::Trouble { cause: "cause".to_owned(), since: at(1) });
    end.documents = vec![crate::store::DocumentRecord {
        date: None,
        made_at: Some(at(2)),
        ordinal: 1,
        kind: domain::DocumentKind::BookedInvoice,
        number: 10_001,
        totals: domain::Totals { net: kroner(80), vat: kroner(20), gross: kroner(100) },
        on_gift_cards: None,
        adopted: true,
    }];
    let tail = bench.store.conclude(&end).await.map_err(text)?;
    expected.conclude(&end, &tail);
    same("the head", &bench.head("1").await?, &expected)
}

async fn rows_are_chained(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    let stored = storing(&head, 1, &[]);
    let tail = bench.store.store_plan(&stored).await.map_err(text)?;
    let head = bench.head("1").await?;
    let mut end = conclusion(&head, 2, waiting());
    end.log = Some(row(&head, 2, 1));
    let next = bench.store.conclude(&end).await.map_err(text)?;
    expect(tail != next, || "two rows have one hash".to_owned())?;
    let second = bench.take("1", "b", 3).await?;
    let mut end = conclusion(&second, 4, Status::Done);
    end.log = Some(row(&second, 4, 1));
    bench.store.conclude(&end).await.map_err(text)?;
    let trace = bench.store.log(&head.transfer).await.map_err(text)?;
    let fences: Vec<(u64, u32)> =
        trace.rows.iter().map(|row| (row.public.fence, row.public.sequence)).collect();
    same("the rows", fences, vec![(1, 0), (1, 1), (2, 1)])?;
    // Whose a row is need not be given back.
    let parts = |row: &LogEntry| (row.public.clone(), row.personal.clone());
    same("the first row", trace.rows.first().map(parts), Some(parts(&stored.log)))?;
    same("the chain", trace.broken_at, None)
}

async fn due_of(bench: &Bench<'_>, entity: &str, second: i64) -> Result<Vec<crate::store::Due>, String> {
    let transfer = bench.transfer(entity);
    let due = bench.store.due(due_shard(&transfer), at(second), 1000, None).await.map_err(text)?;
    Ok(due.items.into_iter().filter(|due| due.transfer == transfer).collect())
}

async fn what_is_due_is_found_and_nothing_else(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    let mut end = conclusion(&head, 1, waiting());
    end.due_at = Some(at(100));
    bench.store.conclude(&end).await.map_err(text)?;
    same("what is due before", due_of(bench, "1", 99).await?.len(), 0)?;
    let due = due_of(bench, "1", 100).await?;
    same("what is due then", due.iter().map(|due| (due.due_at, due.fence)).collect(), vec![(at(100), 1)])?;
    let head = bench.take("1", "b", 100).await?;
    bench.store.conclude(&conclusion(&head, 101, Status::Done)).await.map_err(text)?;
    same("what is due after it is done", due_of(bench, "1", 10_000).await?.len(), 0)
}

async fn what_is_due_comes_in_pages(bench: &Bench<'_>) -> Finding {
    let wanted: Vec<String> = (0..8).map(|entity| entity.to_string()).collect();
    for entity in &wanted {
        let head = bench.take(entity, "a", 0).await?;
        let mut end = conclusion(&head, 1, waiting());
        end.due_at = Some(at(100));
        bench.store.conclude(&end).await.map_err(text)?;
    }
    let mut found = Vec::new();
    for shard in 0..DUE_SHARDS {
        let mut page = None;
        loop {
            let due = bench.store.due(shard, at(100), 1, page.as_deref()).await.map_err(text)?;
            same("no more than asked for", due.items.len() <= 1, true)?;
            let own = due.items.into_iter().filter(|due| due.transfer.merchant == bench.merchant);
            found.extend(own.map(|due| due.transfer.entity.to_string()));
            page = due.next;
            if page.is_none() {
                break;
            }
        }
    }
    found.sort();
    same("each once, over all pages", found, wanted)
}

async fn a_dead_workers_transfer_comes_up(bench: &Bench<'_>) -> Finding {
    bench.take("1", "a", 0).await?;
    same("what is due while it works", due_of(bench, "1", LEASE - 1).await?.len(), 0)?;
    same("what is due at the lease's end", due_of(bench, "1", LEASE).await?.len(), 1)
}

async fn attention_lists_held_and_parked(bench: &Bench<'_>) -> Finding {
    let parked = Status::Parked { code: "refused".to_owned() };
    for (entity, status) in [("1", held()), ("2", parked), ("3", Status::Done), ("4", waiting())] {
        let head = bench.take(entity, "a", 0).await?;
        bench.store.conclude(&conclusion(&head, 1, status)).await.map_err(text)?;
    }
    let found = all(|page| bench.store.attention(&bench.merchant, page)).await?;
    let mut entities: Vec<String> =
        found.iter().map(|head| head.transfer.entity.as_str().to_owned()).collect();
    entities.sort();
    same("what needs attention", entities, vec!["1".to_owned(), "2".to_owned()])?;
    let head = bench.take("1", "b", 2).await?;
    bench.store.conclude(&conclusion(&head, 3, Status::Done)).await.map_err(text)?;
    let found = all(|page| bench.store.attention(&bench.merchant, page)).await?;
    same("what needs attention after one is done", found.len(), 1)
}

async fn the_day_lists_its_orders(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    bench.store.store_plan(&storing(&head, 1, &[])).await.map_err(text)?;
    let day = jiff::civil::date(2026, 11, 20);
    let found = all(|page| bench.store.day(&bench.merchant, day, page)).await?;
    same("the day's orders", found.iter().map(|head| head.order_number.as_str()).collect(), vec!["1001"])?;
    let next = all(|page| bench.store.day(&bench.merchant, jiff::civil::date(2026, 11, 21), page)).await?;
    same("the next day's orders", next.len(), 0)
}

async fn lists_come_in_pages(bench: &Bench<'_>) -> Finding {
    for entity in 0..120 {
        let head = bench.take(&entity.to_string(), "a", 0).await?;
        bench.store.conclude(&conclusion(&head, 1, held())).await.map_err(text)?;
    }
    let found = all(|page| bench.store.attention(&bench.merchant, page)).await?;
    let mut entities: Vec<&str> = found.iter().map(|head| head.transfer.entity.as_str()).collect();
    entities.sort_unstable();
    entities.dedup();
    same("the pages' items", (found.len(), entities.len()), (120, 120))
}

/// Reads every page of a list, at most a hundred.
async fn all<T, F>(read: impl Fn(Option<&'static str>) -> F) -> Result<Vec<T>, String>
where
    F: Future<Output = Result<Page<T>, StoreFailure>>,
{
    let mut items = Vec::new();
    let mut page: Option<&'static str> = None;
    for _ in 0..100 {
        let found = read(page).await.map_err(text)?;
        items.extend(found.items);
        match found.next {
            // Leaked so that the closures stay plain; a few bytes, in checks only.
            Some(next) => page = Some(Box::leak(next.into_boxed_str())),
            None => return Ok(items),
        }
    }
    Err("the pages do not end".to_owned())
}

async fn numbers_lead_to_the_transfer_of_the_same_merchant_only(bench: &Bench<'_>) -> Finding {
    let head = bench.take("1", "a", 0).await?;
    let mut end = conclusion(&head, 1, Status::Done);
    let kinds =
        [PointerKind::OrderNumber, PointerKind::InvoiceNumber, PointerKind::DraftNumber, PointerKind::MadeOn];
    end.pointers = kinds.map(|kind| Pointer { kind, value: "1001#1".to_owned() }).to_vec();
    bench.store.conclude(&end).await.map_err(text)?;
    for pointer in &end.pointers {
        let found = bench.store.find(&bench.merchant, pointer).await.map_err(text)?;
        same("what the number leads to", found, vec![head.transfer.clone()])?;
        let foreign = MerchantId::new(format!("{}-other", bench.merchant));
        let found = bench.store.find(&foreign, pointer).await.map_err(text)?;
        same("what it leads a foreign merchant to", found, Vec::new())?;
    }
    let payment = Pointer { kind: PointerKind::Payment, value: "1001#1".to_owned() };
    let found = bench.store.find(&bench.merchant, &payment).await.map_err(text)?;
    same("what a number of another kind leads to", found, Vec::new())
}

async fn a_payments_reference_leads_to_every_order_that_has_it(bench: &Bench<'_>) -> Finding {
    let pointer = |kind, value: &str| Pointer { kind, value: value.to_owned() };
    let (shared, own) = (pointer(PointerKind::Payment, "ch_3#7"), pointer(PointerKind::Payment, "ch_4"));
    let mut transfers = Vec::new();
    for entity in ["1", "2"] {
        let head = bench.take(entity, "a", 0).await?;
        let mut end = conclusion(&head, 1, Status::Done);
        end.pointers = vec![shared.clone(), pointer(PointerKind::OrderNumber, entity)];
        if entity == "2" {
            end.pointers.push(own.clone());
        }
        bench.store.conclude(&end).await.map_err(text)?;
        bench.store.conclude(&end).await.map_err(|failure| format!("concluding twice: {failure}"))?;
        transfers.push(head.transfer);
    }
    let mut found = bench.store.find(&bench.merchant, &shared).await.map_err(text)?;
    found.sort();
    same("what the reference of both leads to", found, transfers.clone())?;
    let found = bench.store.find(&bench.merchant, &own).await.map_err(text)?;
    same("what the reference of one leads to", found, transfers[1..].to_vec())?;
    let foreign = MerchantId::new(format!("{}-other", bench.merchant));
    let found = bench.store.find(&foreign, &shared).await.map_err(text)?;
    same("what it leads a foreign merchant to", found, Vec::new())?;
    let number = pointer(PointerKind::OrderNumber, "2");
    let found = bench.store.find(&bench.merchant, &number).await.map_err(text)?;
    same("what the order number leads to beside it", found, transfers[1..].to_vec())
}

async fn pauses_cover_what_they_say(bench: &Bench<'_>) -> Finding {
    let merchant = bench.merchant.clone();
    let connection = ConnectionId::new("connection");
    let scopes = [
        PauseScope::Merchant { merchant: merchant.clone() },
        PauseScope::Connection { merchant: merchant.clone(), connection },
    ];
    for (index, scope) in scopes.iter().enumerate() {
        let reason = Reason { code: "unauthorized".to_owned(), facts: Vec::new() };
        let pause = Pause { scope: scope.clone(), reason, since: at(5) };
        bench.store.pause(&pause).await.map_err(text)?;
        bench.store.pause(&Pause { since: at(9), ..pause.clone() }).await.map_err(text)?;
        let found = own_pauses(bench, &merchant).await?;
        same("the pauses", found.len(), index + 1)?;
        expect(found.contains(&pause), || format!("a repeat changed the pause: {found:?}"))?;
    }
    let foreign = own_pauses(bench, &MerchantId::new(format!("{merchant}-other"))).await?;
    same("a foreign merchant's pauses", foreign, Vec::new())?;
    for scope in &scopes {
        bench.store.lift(scope).await.map_err(text)?;
        bench.store.lift(scope).await.map_err(|failure| format!("lifting twice: {failure}"))?;
    }
    same("the pauses after lifting", own_pauses(bench, &merchant).await?, Vec::new())
}

async fn own_pauses(bench: &Bench<'_>, merchant: &MerchantId) -> Result<Vec<Pause>, String> {
    let found = bench.store.pauses(merchant).await.map_err(text)?;
    Ok(found.into_iter().filter(|pause| pause.scope != PauseScope::Everything).collect())
}

async fn a_cursor_moves_by_version(bench: &Bench<'_>) -> Finding {
    let connection = ConnectionId::new("connection");
    let (store, merchant) = (bench.store, &bench.merchant);
    same("the first cursor", store.cursor(merchant, &connection).await.map_err(text)?, None)?;
    let first = Cursor { seen_to: at(10), page: Some("the shop's words".to_owned()), version: 1 };
    store.move_cursor(merchant, &connection, &first).await.map_err(text)?;
    store.move_cursor(merchant, &connection, &first).await.map_err(|f| format!("moving twice: {f}"))?;
    let other = Cursor { seen_to: at(99), page: None, version: 1 };
    let refused = store.move_cursor(merchant, &connection, &other).await;
    same("a move from an old version", refused, Err(StoreFailure::Conflict))?;
    same("the first cursor's place", store.cursor(merchant, &connection).await.map_err(text)?, Some(first))?;
    let second = Cursor { seen_to: at(20), page: None, version: 2 };
    store.move_cursor(merchant, &connection, &second).await.map_err(text)?;
    same("the cursor", store.cursor(merchant, &connection).await.map_err(text)?, Some(second))
}

async fn a_parked_delivery_is_kept_once(bench: &Bench<'_>) -> Finding {
    let delivery = ParkedDelivery {
        schema: LEDGER_SCHEMA,
        merchant: bench.merchant.clone(),
        connection: ConnectionId::new("connection"),
        body_hash: "h".to_owned(),
        entity: Some(EntityId::new("17")),
        reason: Reason { code: "not-an-order".to_owned(), facts: Vec::new() },
        at: at(3),
        message: "{\"schema\":1}".to_owned(),
        queue: Some(GivenUpBy::Payouts),
    };
    bench.store.park_delivery(&delivery).await.map_err(text)?;
    bench.store.park_delivery(&delivery).await.map_err(text)?;
    let found = all(|page| bench.store.parked_deliveries(&bench.merchant, page)).await?;
    same("the parked deliveries", found, vec![delivery])
}

async fn unknown_things_are_absent(bench: &Bench<'_>) -> Finding {
    let transfer = bench.transfer("unknown");
    same("the head", bench.store.head(&transfer).await.map_err(text)?, None)?;
    same("the plan", bench.store.load_plan(&transfer, 1).await.map_err(text)?, None)?;
    let trace = bench.store.log(&transfer).await.map_err(text)?;
    same("the log", (trace.rows.len(), trace.broken_at), (0, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Fate, MemoryStore};

    #[test]
    fn the_store_in_memory_passes() {
        let store = MemoryStore::new();
        let outcome = futures::executor::block_on(run(&store, "memory"));
        assert_eq!(outcome, Ok(CHECKS.len()));
    }

    #[test]
    fn a_store_that_loses_answers_fails_the_checks_so_they_do_check() {
        let mut calls = 0;
        let store = MemoryStore::with_faults(Box::new(move |_| {
            calls += 1;
            if calls % 5 == 0 { Fate::FailsBefore } else { Fate::Works }
        }));
        let failed = futures::executor::block_on(run(&store, "memory")).expect_err("some checks fail");
        assert!(failed.len() > CHECKS.len() / 2, "{failed:?}");
    }
}
