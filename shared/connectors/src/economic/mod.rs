//! e-conomic: customers, products, orders, draft and booked invoices, customer payments.
//!
//! The legacy REST surface carries all of it, since it is the only one with writable orders, booking, and a look-up by our
//! reference; the OpenAPI services are read for what only they know (barred periods, booked entries).
//!
//! Facts: marks as in the fact sheet. **[V]** is the vendor's own specification, **[L]** was seen on a live agreement by
//! others and differs from or adds to it, **[U]** is not proven by anybody; each [U] has one place.
//!
//! | mark | quirk | where it is handled |
//! |---|---|---|
//! | L | `[` and `]` must not be escaped in filters; `$ ( ) * ,` must | [`filter`] |
//! | V | filters do not tell upper from lower case | `documents::find`, `products::find` |
//! | L | more than 1000 items per page is 400 `E04810`; past the end is an empty collection | `client::read_all` |
//! | L | a field the server does not know is lost in silence | bodies are validated against the vendor's schemas in the tests; answers are compared (`map::compare`) |
//! | L | `null` is refused, and `0` for an optional number | `wire` (`skip_serializing_if`), `wire::Number::unless_zero` |
//! | L | legacy `PUT` replaces the whole and makes what does not exist (201) | `documents::must_stand`, `customers::update` |
//! | L | numbers of deleted customers are used again | `customers::update` compares who it is before it writes |
//! | L | `POST` answers 201 where the schema says 200 | every 2xx is a success |
//! | L | `DELETE /invoices/drafts` without a number deletes every draft | `client::Item` needs a number; nothing is deleted |
//! | L | `/orders/*` filtered by `paymentTerms.paymentTermsNumber`, and `/journals` of the OpenAPI filtered by anything, are 500 | never sent |
//! | L | collections leave out `lines` | `map::compare` takes lines that are not stated as not stated |
//! | L | a voucher is answered as an array | `payments` |
//! | L | terms of type `net` ignore a due date, `dueDate` requires it (`E04042`, `E04760`) | `map::draft_body`, `errors` |
//! | L | more than two decimals is `E04740` | [`limits`] |
//! | L | `lastUpdated` is a time stamp | not read |
//! | L | under a cursor `sort` is ignored | nothing is sorted there |
//! | L | a replay carries `X-ResultFromCache: true` and the first answer | the same body has the same key, see `client::idempotency_key` |

mod client;
mod countries;
mod documents;
mod errors;
mod filter;
mod limits;
mod map;
mod wire;

use domain::EffectKey;
use domain::Failure;
use domain::document::Document;
use domain::plan::SendBy;

use crate::http::Transport;
use crate::manifest::{Authentication, Manifest, RateLimit};
use crate::ports::FoundDocument;

/// What is known of e-conomic.
pub const MANIFEST: Manifest = Manifest {
    system: "e-conomic",
    surfaces: &[
        (client::REST, "https://restapi.e-conomic.com"),
        (client::OPENAPI, "https://apis.e-conomic.com"),
    ],
    authentication: Authentication::Headers(&[
        ("X-AppSecretToken", "app-secret-token"),
        ("X-AgreementGrantToken", "agreement-grant-token"),
    ]),
    secrets: &["app-secret-token", "agreement-grant-token"],
    // `X-RateLimiting: token-limit-10000-per-60-seconds`; the cost of a call stands in `X-CallCost` [L].
    rate: RateLimit {
        units: 10_000,
        window_seconds: 60,
        per_day: Some(50_000),
        cost_header: Some("x-callcost"),
    },
    timeout_seconds: 30,
    response_limit: 16 * 1024 * 1024,
    // Nobody has measured it [U]: a document just made is taken to be found after this.
    look_up_lag_seconds: 60,
    idempotency_seconds: 60 * 60,
    unproven: &[
        "whether the amount of a received customer payment is negative (payment registration in a journal stays off until a live agreement has shown it)",
        "how long a document just made may be missing from look-ups (60 seconds are assumed)",
        "whether a refusal is remembered under its idempotency key (a replay within the hour may get the old refusal again)",
        "whether VAT is rounded per line or per rate (the settings can say)",
        "whether a line without a price costs nothing (the net sum is compared)",
        "whether orders are a module of their own (an agreement without them is taken to hold none)",
    ],
};

/// e-conomic as an accounting system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Economic;

impl Economic {
    /// Makes an order or draft.
    pub async fn create(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        document: &Document,
        customer: u32,
    ) -> Result<FoundDocument, Failure> {
        documents::create(transport, key, document, customer).await
    }

    /// Finds by reference.
    pub async fn find(
        &self,
        transport: &dyn Transport,
        reference: &str,
    ) -> Result<Vec<FoundDocument>, Failure> {
        documents::find(transport, reference).await
    }

    /// Books.
    pub async fn book(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        draft: u64,
        send: SendBy,
    ) -> Result<FoundDocument, Failure> {
        documents::book(transport, key, draft, send).await
    }
}
