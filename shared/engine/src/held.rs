//! Which held transfers come up by themselves, and when.
//!
//! Much of what holds an order is mended in the accounts or in the settings alone, and the shop tells nothing of that. Such a transfer
//! is planned anew when the settings change and each night, as a replay would plan it; what still holds it is no news. What needs a
//! person's decision (a document that differs, a refund that is to be decided) is never tried again unasked. What was parked because
//! nothing says where it goes comes up when the settings may say so again.

use domain::EntityKind;
use jiff::{SignedDuration, Timestamp};

use crate::store::{Head, Status, Trouble};

/// Nights on which a held transfer comes up by itself; after that it waits for news of the shop, other settings or a replay.
pub const NIGHTS: i64 = 30;

/// Causes that are mended in the accounts or the settings, and of which nothing is decided by planning again: nothing was written.
pub const MENDED_ELSEWHERE: &[&str] = &[
    // Products and their groups.
    "missing-product",
    "missing-special-product",
    "missing-sku",
    "no-product-for-purpose",
    "product-barred",
    "product-group-missing",
    "product-group-no-account",
    "product-group-not-there",
    "product-group-other-vat",
    "product-group-unmapped",
    "product-tax-class-unmapped",
    "product-unit-missing",
    "several-product-groups",
    "no-product-group-for-rate",
    "oss-product-missing",
    // VAT, accounts and currencies.
    "vat-rate-mismatch",
    "no-account-for-zone",
    "eu-sale-without-vat",
    "gift-card-with-vat",
    "currency-not-in-target",
    // Customers.
    "customer-not-identifiable",
    "customer-missing",
    "shared-customer-missing",
    "several-customers",
    "customer-barred",
    "customer-number-taken",
    "shop-customer-number-unfit",
    "customer-group-missing",
    "no-customer-group",
    // Periods and payment.
    "period-closed",
    "no-open-period",
    "payment-term-missing",
    "no-payment-term",
    "term-settles-and-journal",
    "term-settles-but-open",
    "captured-less",
    "payment-journal-entries",
    "payment-journal-unknown",
    // What the target's own limits refuse before anything is sent.
    "document-not-possible",
    "too-many-new-products",
    // What the shop does not let be read.
    "order-out-of-reach",
    // Payments by several methods, and credit notes of another integration: a setting decides about them.
    "paid-by-several",
    "credited-by-another",
];

/// An unbooked document is to be deleted or booked by a person, of which neither the shop nor the books tell.
pub const UNTIL_A_DOCUMENT_GOES: &[&str] = &[
    "cancelled-with-draft",
    "changed-with-draft",
    "draft-to-book-differs",
    "refunded-with-draft",
    "voided-with-draft",
];

/// True when a person was told to delete the document that stands, or to book it.
pub fn waits_for_a_document(status: &Status) -> bool {
    matches!(status, Status::Held { code } if UNTIL_A_DOCUMENT_GOES.contains(&code.as_str()))
}

/// What makes held transfers come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The merchant's settings changed.
    Settings,
    /// A night.
    Night,
}

/// True when what holds it may be gone without news of the shop, so that it comes up by itself for some nights.
pub fn goes_on_by_itself(status: &Status) -> bool {
    let mended = matches!(status, Status::Held { code } if MENDED_ELSEWHERE.contains(&code.as_str()));
    mended || waits_for_a_document(status)
}

/// True when a transfer that stands so comes up by itself on that occasion.
pub fn comes_up(head: &Head, occasion: Occasion, now: Timestamp) -> bool {
    let leads_nowhere = matches!(&head.status, Status::Parked { code } if code == "no-flow");
    // A complaint about a document that stands, an open plan and a doubt are settled in other ways.
    let unwritten = head.progress.held.is_none()
        && head.progress.doubt.is_none()
        && !head.plan.as_ref().is_some_and(|plan| plan.open);
    let may_go_on = match occasion {
        // What leads nowhere was on its way: it goes on where it was.
        Occasion::Settings => leads_nowhere || (goes_on_by_itself(&head.status) && unwritten),
        Occasion::Night => {
            goes_on_by_itself(&head.status) && unwritten && !is_left(head.standing_trouble().as_ref(), now)
        }
    };
    // Products come with each look at the catalogue.
    head.transfer.kind == EntityKind::Order && may_go_on && head.due_at.is_none() && !head.is_leased(now)
}

/// True when it was held for so long that the nights leave it alone.
pub fn is_left(trouble: Option<&Trouble>, now: Timestamp) -> bool {
    trouble.is_some_and(|trouble| now > trouble.since + SignedDuration::from_hours(24 * NIGHTS))
}

#[cfg(test)]
mod tests {
    use domain::plan::Reason;
    use domain::{ConnectionId, EntityId, MerchantId, TransferId};

    use super::*;
    use crate::store::{Claim, PlanPointer};

    const DAY: i64 = 24;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    fn held(code: &str) -> Head {
        let claim = Claim {
            transfer: TransferId {
                merchant: MerchantId::new("m"),
                source: "woocommerce:shop.example".to_owned(),
                kind: EntityKind::Order,
                entity: EntityId::new("1"),
            },
            connection: ConnectionId::new("c"),
            token: "t".to_owned(),
            now: at(0),
            lease_until: at(0),
            body_hash: String::new(),
            early: false,
        };
        let status = Status::Held { code: code.to_owned() };
        let trouble = Trouble::after(None, &status, &[], at(0));
        Head { status, trouble, due_at: None, lease_until: None, ..Head::first(&claim) }
    }

    #[test]
    fn what_is_mended_elsewhere_comes_up_for_thirty_nights_and_with_each_change_of_the_settings() {
        for (occasion, hours, comes) in [
            (Occasion::Night, DAY, true),
            (Occasion::Night, 30 * DAY, true),
            (Occasion::Night, 30 * DAY + 1, false),
            (Occasion::Settings, 300 * DAY, true),
        ] {
            assert_eq!(
                comes_up(&held("missing-product"), occasion, at(hours)),
                comes,
                "{occasion:?} {hours}"
            );
        }
    }

    #[test]
    fn what_a_person_decides_never_comes_up_unasked() {
        let night = |head: &Head| comes_up(head, Occasion::Night, at(DAY));
        for code in [
            "draft-edited-by-person",
            "refund-to-be-decided",
            "refund-exceeds-invoice",
            "changed-after-booking",
            "document-forgotten",
            "payment-refused",
            "payment-differs",
            "other-document-with-this-number",
            "difference-above-limit",
            "booked-otherwise",
        ] {
            assert!(!night(&held(code)), "{code}");
        }
        let parked = Head { status: Status::Parked { code: "missing-product".to_owned() }, ..held("x") };
        assert!(!night(&parked), "what was given up may be in doubt");
        let mut complaint = held("missing-product");
        complaint.progress.held = Some(Reason::new("missing-product"));
        assert!(!night(&complaint), "a document stands");
        let plan = Some(PlanPointer { ordinal: 1, hash: String::new(), open: true });
        assert!(!night(&Head { plan, ..held("missing-product") }), "a plan is to be finished");
    }

    #[test]
    fn what_waits_for_a_document_to_go_comes_up_each_night() {
        for code in UNTIL_A_DOCUMENT_GOES {
            assert!(comes_up(&held(code), Occasion::Night, at(DAY)), "{code}");
            assert!(goes_on_by_itself(&held(code).status), "{code}: and its mail says so");
        }
    }

    #[test]
    fn what_led_nowhere_goes_on_where_it_was_once_the_settings_say_where() {
        let plan = Some(PlanPointer { ordinal: 1, hash: String::new(), open: true });
        let nowhere = Head { status: Status::Parked { code: "no-flow".to_owned() }, plan, ..held("x") };
        assert!(comes_up(&nowhere, Occasion::Settings, at(DAY)));
        assert!(!comes_up(&nowhere, Occasion::Night, at(DAY)), "nothing says where it goes yet");
        let refused = Head { status: Status::Parked { code: "refused".to_owned() }, ..held("x") };
        assert!(!comes_up(&refused, Occasion::Settings, at(DAY)));
    }

    #[test]
    fn every_cause_of_the_tables_has_words() {
        for code in MENDED_ELSEWHERE.iter().chain(UNTIL_A_DOCUMENT_GOES) {
            assert!(domain::explain::is_known(code), "{code}");
        }
    }
}
