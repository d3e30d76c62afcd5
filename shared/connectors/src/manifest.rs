//! What a system can and cannot do, as constants: checked when a plan is made, never found out at run time.

/// How credentials are put on a request by the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// HTTP Basic with two secrets: names of user and password.
    Basic {
        /// Secret used as user name.
        user: &'static str,
        /// Secret used as password.
        password: &'static str,
    },
    /// HTTP Basic of one secret as user name, with an empty password.
    BasicUser(&'static str),
    /// HTTP Basic of one secret as password, with an empty user name.
    BasicPassword(&'static str),
    /// Each listed header takes the secret of the given name.
    Headers(&'static [(&'static str, &'static str)]),
    /// Two secrets are exchanged for a token that holds for a while, which each request carries as `Bearer`.
    Token(ClientCredentials),
}

/// How client credentials (OAuth 2.0, RFC 6749 section 4.4) are exchanged for an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientCredentials {
    /// Surface that gives tokens.
    pub surface: &'static str,
    /// Path below it.
    pub path: &'static str,
    /// Secret used as the client's id.
    pub client: &'static str,
    /// Secret used as the client's secret; both travel as HTTP Basic.
    pub secret: &'static str,
    /// What the request says beside the grant.
    pub parameters: &'static [(&'static str, &'static str)],
}

/// A rate budget: how much the system lets one connection do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Units per window.
    pub units: u32,
    /// Length of the window in seconds.
    pub window_seconds: u32,
    /// Calls per day under fair use, when the system states one.
    pub per_day: Option<u32>,
    /// Response header that states the cost of the call, when the system counts cost rather than calls.
    pub cost_header: Option<&'static str>,
}

/// How a shop takes stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockLimits {
    /// Product numbers that one look-up takes.
    pub look_up: usize,
    /// Quantities that one write takes.
    pub write: usize,
    /// A write names what it changes from, and is refused when that has changed.
    pub compares: bool,
    /// Variants of different products cannot be written together.
    pub by_product: bool,
}

/// What is known of one outside system.
#[derive(Clone, Copy, Debug)]
pub struct Manifest {
    /// Name used in settings and keys (`woocommerce`).
    pub system: &'static str,
    /// Surfaces and their default base URLs; an empty URL must be set per connection.
    pub surfaces: &'static [(&'static str, &'static str)],
    /// How credentials travel.
    pub authentication: Authentication,
    /// Names of all secrets a connection needs, those of webhooks included.
    pub secrets: &'static [&'static str],
    /// Rate budget.
    pub rate: RateLimit,
    /// Longest time one call may take, in seconds.
    pub timeout_seconds: u32,
    /// Largest answer read, in bytes.
    pub response_limit: usize,
    /// How long a document just made may be invisible to look-ups, in seconds.
    pub look_up_lag_seconds: u32,
    /// Of a shop: how it takes stock.
    pub stock: Option<StockLimits>,
    /// What no live system has confirmed yet, in plain words.
    pub unproven: &'static [&'static str],
}
