//! What the live e-conomic server does differently from its own schemas, one named switch for each.
//!
//! Nearly every entry was reported by a project that tested a live agreement; the last four stand in the services' change logs and
//! descriptions only, and what the third does to calls is not proven. All are on unless a test switches one off, and each
//! has a test in this crate that fails when it is off; [`Quirk::ALL`] lets other tests go through them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

macro_rules! quirks {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// One behaviour of the live server that its schemas do not tell.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Quirk {
            $($(#[$doc])* $name),*
        }

        impl Quirk {
            /// Every quirk, in the order of the enum.
            pub const ALL: &'static [Quirk] = &[$(Quirk::$name),*];
        }
    };
}

quirks! {
    /// A revoked grant answers 401. Off: 403.
    RevokedGrantAnswers401,
    /// Both tokens `demo` give an agreement that answers GET only. Off: `demo` is no agreement.
    DemoIsReadOnly,
    /// Every answer carries `X-CallCost` and `X-RateLimiting`, whose first number is what is used. Off: neither.
    RateHeaders,
    /// An empty token bucket answers 429 with `Retry-After`. Off: 429 without it.
    EmptyBucketTellsRetryAfter,
    /// `pagesize` above 1000 answers 400 `E04810`. Off: it is cut to 1000.
    PageSizeLimit,
    /// A page past the end is an empty collection. Off: 404.
    PastTheEndIsEmpty,
    /// `sort` beside a cursor is silently ignored. Off: it sorts.
    CursorIgnoresSort,
    /// `[` and `]` must not be escaped in a filter: an escaped one matches nothing. Off: they are unescaped, as the documents say.
    EscapedBracketsMatchNothing,
    /// An unescaped `$` or `)` in a filter value answers 400. Off: it is taken literally.
    UnescapedFilterCharactersAreRefused,
    /// Unknown and read-only fields of a write are ignored. Off: 400.
    UnknownFieldsAreIgnored,
    /// `null` in a write is refused. Off: as if it were left out.
    NullIsRefused,
    /// `0` for an optional identifier is refused. Off: as if it were left out.
    ZeroIsRefused,
    /// A reference may be its `self` link in place of its number. Off: `E04500`.
    SelfStandsForNumber,
    /// PUT to an id that does not exist creates it and answers 201. Off: 404.
    PutUpserts,
    /// PUT replaces: fields left out are cleared. Off: they are kept.
    PutReplaces,
    /// PUT on an OpenAPI service needs the `objectVersion` of a fresh GET, else 409 `UpdateConflict`. Off: last writer wins.
    ObjectVersionIsRequired,
    /// An `Idempotency-Key` seen in the last hour answers from cache with `X-ResultFromCache: true`. Off: it does nothing.
    IdempotencyReplays,
    /// Payment terms of type `net` ignore a sent `dueDate`. Off: it is taken.
    NetTermsIgnoreDueDate,
    /// Payment terms of type `dueDate` require a `dueDate` (`E04042`). Off: the date of the document is taken.
    DueDateTermsNeedDueDate,
    /// Payment terms of type `dueDate` refuse a `dueDate` before the document's date (`E04760`; that this is what the second of the two
    /// codes stands for is not proven). Off: it is taken.
    DueDatesBeforeTheDocumentAreRefused,
    /// `inventory.*` is not filterable although the schema says so. Off: it is.
    InventoryIsNotFilterable,
    /// `pNumber` of customers is filterable although the schema does not say so. Off: it is not.
    PNumberIsFilterable,
    /// POST answers 201 with `Location` although the schema says 200. Off: 200.
    PostAnswers201,
    /// `lastUpdated` is a timestamp although the schema says a date. Off: a date.
    LastUpdatedIsTimestamp,
    /// The numbers of deleted customers are given out again. Off: never.
    CustomerNumbersAreReused,
    /// DELETE on the collection of draft invoices deletes every draft. Off: 405.
    DeleteWithoutIdDeletesAll,
    /// Orders cannot be filtered by payment terms: 500. Off: they can.
    OrdersByPaymentTermsFail,
    /// The OpenAPI `journals` cannot be filtered at all: 500. Off: they can.
    JournalFiltersFail,
    /// DELETE of a draft answers 200 with a body, others 204. Off: 204.
    DeleteDraftAnswers200,
    /// Collections of documents leave out `lines`. Off: they hold them.
    CollectionsOmitLines,
    /// Creating a voucher answers an array. Off: one object.
    VoucherAnswersArray,
    /// Enumerations are case-sensitive, `sendBy` for one. Off: any case.
    EnumerationsAreCaseSensitive,
    /// Of many draft entries in one call all are made or none (the change log of 11.0.3). Off: the good ones are.
    BulkIsAllOrNothing,
    /// A draft entry without a voucher number gets the journal's next one (the change log of 15.0.0). Off: it is refused.
    OmittedVoucherNumbersAreMade,
    /// A journal's contra account of customers is set on customers' entries that name none, also through the API. Off: it is not.
    JournalsSetTheContraAccountOfCustomers,
    /// A second file on a voucher becomes more pages of the first, unless the call says that it shall fail. Off: it fails.
    SecondFilesAreMerged,
}

/// Which quirks are on: all of them, unless switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quirks {
    off: BTreeSet<Quirk>,
}

impl Quirks {
    /// Whether this quirk is on.
    pub fn has(&self, quirk: Quirk) -> bool {
        !self.off.contains(&quirk)
    }

    /// Switches a quirk off.
    pub fn switch_off(&mut self, quirk: Quirk) {
        self.off.insert(quirk);
    }

    /// Switches a quirk on again.
    pub fn switch_on(&mut self, quirk: Quirk) {
        self.off.remove(&quirk);
    }
}
