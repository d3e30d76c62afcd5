//! A sandbox world, and transports to it that count what goes out.

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use connectors::http::{Method, Request, Response, Transport};
use domain::{EffectKey, Failure};
use jiff::Timestamp;
use sandbox::shopify::Variant;
use sandbox::{Delivery, Json, World, demo, object};

/// The moment at which it begins.
pub(crate) const NOW: &str = "2026-11-23T12:00:00Z";

/// What is locked here is only ever read or written whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panics while it holds the world")
}

/// Which of the demo's systems a transport leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    WooCommerce,
    Shopify,
    Economic,
}

/// A way to one system that counts its calls.
pub(crate) struct Line {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) now: Arc<Mutex<Timestamp>>,
    pub(crate) to: To,
    pub(crate) reads: Mutex<usize>,
    pub(crate) writes: Mutex<usize>,
}

impl Line {
    pub(crate) fn new(world: World, to: To) -> Line {
        Line {
            world: Arc::new(Mutex::new(world)),
            now: Arc::new(Mutex::new(NOW.parse().expect("a time"))),
            to,
            reads: Mutex::new(0),
            writes: Mutex::new(0),
        }
    }

    fn call(&self, request: &Request) -> Result<Response, Failure> {
        // Ten seconds go by with each call, so that the shop's budget of points fills as it would.
        let now = {
            let mut now = lock(&self.now);
            *now = now.checked_add(jiff::SignedDuration::from_secs(10)).expect("a time");
            *now
        };
        sandbox_call(&self.world, now, self.to, request)
    }
}

/// One call to the world.
pub(crate) fn sandbox_call(
    world: &Mutex<World>,
    now: Timestamp,
    to: To,
    request: &Request,
) -> Result<Response, Failure> {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    };
    let encode = sandbox::http::encode;
    let query: Vec<String> =
        request.query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let (prefix, credentials) = match to {
        To::WooCommerce => {
            let pair = format!("{}:{}", demo::CONSUMER_KEY, demo::CONSUMER_SECRET);
            let basic = format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()));
            (format!("/woocommerce/{}", demo::WOOCOMMERCE), vec![own("Authorization", &basic)])
        }
        To::Shopify => (
            format!("/shopify/{}", demo::SHOPIFY),
            vec![own("X-Shopify-Access-Token", demo::SHOPIFY_ACCESS_TOKEN)],
        ),
        To::Economic => (
            "/economic/rest".to_owned(),
            vec![
                own("X-AppSecretToken", demo::APP_SECRET_TOKEN),
                own("X-AgreementGrantToken", demo::AGREEMENT_GRANT_TOKEN),
            ],
        ),
    };
    let target = format!("{prefix}{}?{}", request.path, query.join("&"));
    let mut made = sandbox::Request::new(method, &target);
    for (name, value) in credentials.iter().chain(&request.headers) {
        made = made.with_header(name, value);
    }
    if let Some(body) = &request.body {
        made = made.with_header("Content-Type", "application/json").with_body(body.clone());
    }
    match lock(world).handle(now, &made) {
        Delivery::Answer(answer) => {
            let headers =
                answer.headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
            Ok(Response { status: answer.status, headers, body: answer.body })
        }
        _ => Err(Failure::Unknown { message: "no answer".to_owned() }),
    }
}

#[async_trait]
impl Transport for Line {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        *lock(&self.reads) += 1;
        self.call(&request)
    }

    async fn write(&self, _: &EffectKey, request: Request) -> Result<Response, Failure> {
        *lock(&self.writes) += 1;
        self.call(&request)
    }
}

/// A simple product of a WooCommerce shop, with stock when there is a count.
pub(crate) fn woocommerce_product(id: u64, sku: &str, stock: Option<i64>) -> Json {
    object! {
        "id": id, "name": format!("Vare {sku}"), "type": "simple", "status": "publish", "sku": sku, "price": "100",
        "regular_price": "100", "date_created": "2026-11-01T10:00:00", "date_modified": "2026-11-01T10:00:00",
        "date_modified_gmt": "2026-11-01T09:00:00", "tax_status": "taxable", "tax_class": "",
        "manage_stock": stock.is_some(), "stock_quantity": stock.map_or(Json::Null, Json::from),
        "parent_id": 0, "global_unique_id": "", "categories": vec![object! { "id": 15, "name": "Kopper &amp; fade" }],
    }
}

/// A variation of a WooCommerce product; `manage` is a yes, a no or the word `parent`.
pub(crate) fn woocommerce_variation(
    id: u64,
    parent: u64,
    sku: &str,
    manage: impl Into<Json>,
    stock: i64,
) -> Json {
    object! {
        "id": id, "parent_id": parent, "type": "variation", "name": "Blå", "status": "publish", "sku": sku, "price": "120.5",
        "date_created": "2026-11-01T10:00:00", "date_modified": "2026-11-01T10:00:00",
        "date_modified_gmt": "2026-11-01T09:00:00", "tax_status": "taxable", "tax_class": "food",
        "manage_stock": manage.into(), "stock_quantity": stock, "global_unique_id": "5701234567899",
        "attributes": vec![object! { "id": 1, "name": "Farve", "option": "Blå" }],
    }
}

/// A variant of a Shopify product, stocked at these locations.
pub(crate) fn shopify_variant(id: u64, sku: &str, levels: &[(u64, i64)]) -> Variant {
    Variant {
        product: 7_000_000_000_000 + id,
        item: 9_000_000_000_000 + id,
        sku: sku.to_owned(),
        title: "Default Title".to_owned(),
        price: "100.00".to_owned(),
        taxable: true,
        tracked: true,
        levels: levels.iter().copied().collect(),
        updated: Some("2026-11-01T09:00:00Z".parse().expect("a time")),
        ..Variant::default()
    }
}
