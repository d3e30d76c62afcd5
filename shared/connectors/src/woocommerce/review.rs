//! What payment plugins note on an order that is no sale, or not one yet: paid in test mode, or held until somebody has looked at it.
//!
//! Core knows neither. What stands here is read in the plugins' own source and was not seen on a live shop, so that it is one named
//! list. Only what plainly says so counts, and only on an order that is paid by the plugin that says it: a note of an earlier attempt
//! to pay stays on the order when the buyer takes another way. Scores of fraud plugins are left alone, since they mean what each shop
//! sets; those plugins put the order on hold, which is a state like any other.

use super::wire;

/// A note of a payment plugin.
struct Note {
    /// The methods of the plugin begin so.
    methods: &'static str,
    key: &'static str,
    says: Says,
}

/// What a note must say.
enum Says {
    /// This word.
    Word(&'static str),
    /// Anything, while the order is in this state.
    In(&'static str),
}

/// A payment that took no money.
const TEST: &[Note] = &[
    // WooPayments: `prod` or `test`.
    Note { methods: "woocommerce_payments", key: "_wcpay_mode", says: Says::Word("test") },
    // PayPal Payments: `live` or `sandbox`.
    Note { methods: "ppcp-", key: "_ppcp_paypal_payment_mode", says: Says::Word("sandbox") },
];

/// A payment that waits for somebody's decision.
const HELD: &[Note] = &[
    // WooPayments: `review` until it is decided, and `review_allowed`, `review_blocked`, `review_expired` or `review_failed` after that.
    Note { methods: "woocommerce_payments", key: "_wcpay_fraud_meta_box_type", says: Says::Word("review") },
    // Stripe: the state to go back to, noted when a review or a dispute puts the order on hold. It may stay when that is over.
    Note { methods: "stripe", key: "_stripe_status_before_hold", says: Says::In("on-hold") },
];

/// True for an order that was paid in a plugin's test mode.
pub(super) fn is_test(order: &wire::Order<'_>) -> bool {
    TEST.iter().any(|note| stands(note, order))
}

/// True for an order whose payment is held until somebody has looked at it.
pub(super) fn is_held(order: &wire::Order<'_>) -> bool {
    HELD.iter().any(|note| stands(note, order))
}

fn stands(note: &Note, order: &wire::Order<'_>) -> bool {
    let method = order.payment_method.trimmed();
    // The first of several with one key is the one that plugins read.
    let value = || {
        let noted = order.meta_data.0.iter().find(|meta| meta.key.trimmed() == note.key);
        noted.and_then(|meta| meta.value).map(|value| value.get().trim_matches('"'))
    };
    method.starts_with(note.methods)
        && match note.says {
            Says::Word(word) => value() == Some(word),
            Says::In(state) => {
                order.status.trimmed() == state
                    && value().is_some_and(|text| !text.is_empty() && text != "null")
            }
        }
}
