//! A stage for a flow: the local host with the real functions, the stand-ins, and one merchant configured by the operator's
//! own operations.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bogbro::local::{FunctionSpec, Host, HostConfig, Trigger};
use domain::{EntityId, EntityKind, MerchantId, TransferId};
use engine::store::{Head, Status};
use platform::operations::{Listing, Operations, TransferView};
use sandbox::{World, demo};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The merchant of a stage.
pub(crate) const MERCHANT: &str = "stage";
/// The connection of its WooCommerce shop.
pub(crate) const WOOCOMMERCE: &str = "stage-woocommerce-krus";
/// The webhook secret of every WooCommerce shop of a stage.
pub(crate) const WEBHOOK_SECRET: &str = "dev-hook-secret";
/// How long a stage may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(90);

/// A shop of the merchant: connection id, system, name in the world, and its flow's settings.
pub(crate) struct Shop {
    /// Id and name of the connection.
    pub(crate) connection: String,
    /// The system.
    pub(crate) system: &'static str,
    /// Its name in the world.
    pub(crate) world_name: String,
    /// The flow's settings.
    pub(crate) settings: Value,
}

impl Shop {
    /// The stage's WooCommerce shop with these settings.
    pub(crate) fn woocommerce(settings: Value) -> Shop {
        Shop {
            connection: WOOCOMMERCE.to_owned(),
            system: "woocommerce",
            world_name: demo::WOOCOMMERCE.to_owned(),
            settings,
        }
    }
}

/// Everything a flow runs on.
pub(crate) struct Stage {
    /// The host with the functions.
    pub(crate) host: Host,
    /// The stand-ins.
    pub(crate) world: Arc<Mutex<World>>,
    /// The operator's hands.
    pub(crate) operations: Operations,
    client: reqwest::Client,
    sandbox: String,
    folder: PathBuf,
    _kept: Option<tempfile::TempDir>,
}

/// The settings that the oracle's tables are written for.
pub(crate) fn oracle_settings(shop: &str) -> Value {
    let text = std::fs::read_to_string(tests::repository().join("tests/oracle/settings.json"))
        .expect("the oracle's settings can be read");
    let all: Value = serde_json::from_str(&text).expect("they are JSON");
    all[shop].clone()
}

/// The key of an Adyen webhook, in hexadecimal.
pub(crate) const ADYEN_KEY: &str = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

/// The keys of the gateways.
pub(crate) const QUICKPAY_KEY: &str = "stage-quickpay-key";
pub(crate) const FRISBII_KEY: &str = "priv_stage_frisbii";

/// The secret of each name, as the stand-ins know them.
fn secret(name: &str, system: &str) -> &'static str {
    match (system, name) {
        ("woocommerce", "consumer-key") => demo::CONSUMER_KEY,
        ("woocommerce", "consumer-secret") => demo::CONSUMER_SECRET,
        ("woocommerce", "webhook-secret") => WEBHOOK_SECRET,
        ("shopify", "webhook-secret") => demo::SHOPIFY_CLIENT_SECRET,
        ("shopify", _) => demo::SHOPIFY_ACCESS_TOKEN,
        ("quickpay", "api-key") => QUICKPAY_KEY,
        ("frisbii", "private-key") => FRISBII_KEY,
        (_, "user") => "report@Company.Krus",
        (_, "password") => "stage-password",
        (_, "webhook-hmac-key") => ADYEN_KEY,
        (_, "client-id") => "stage-client",
        (_, "client-secret") => "stage-client-secret",
        (_, "authorization") => "Bearer rk_test_stage",
        (_, "app-secret-token") => demo::APP_SECRET_TOKEN,
        (_, "agreement-grant-token") => demo::AGREEMENT_GRANT_TOKEN,
        _ => panic!("no secret {name} of {system} is known"),
    }
}

/// How the host of a stage is started.
pub(crate) fn host_config(folder: &Path) -> HostConfig {
    let mut config = HostConfig::without_functions(folder.join("host"));
    config.functions = FunctionSpec::deployed_by(Path::new(env!("CARGO_BIN_EXE_bogbro")));
    config
}

/// Lets the functions do what the template's policies allow them, and nothing else.
pub(crate) fn by_policies(config: &mut HostConfig) {
    config.policies = tests::policies().clone();
}

/// Takes the clock from a host: the test says whose turn it is, and ends alike in every minute of the hour. What no policy allows is
/// refused.
pub(crate) fn by_hand(config: &mut HostConfig) {
    by_policies(config);
    for function in &mut config.functions {
        function.triggers.retain(|trigger| !matches!(trigger, Trigger::Every(_)));
    }
}

impl Stage {
    /// Where the world is reached.
    pub(crate) fn sandbox_url(&self) -> &str {
        &self.sandbox
    }

    /// Sets the stage: the world behind a socket, the host with its functions and no clock, the merchant with its shops.
    pub(crate) async fn set(world: World, shops: &[Shop]) -> Stage {
        Stage::set_with(world, shops, by_hand).await
    }

    /// The same with a host that is configured otherwise, and has its clock.
    pub(crate) async fn set_with(
        world: World,
        shops: &[Shop],
        change: impl FnOnce(&mut HostConfig),
    ) -> Stage {
        let kept = tempfile::tempdir().expect("a temporary folder");
        let folder = kept.path().to_owned();
        let mut config = host_config(&folder);
        change(&mut config);
        let host = Host::start(config).await.expect("the host starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let sandbox = format!("http://{}", listener.local_addr().expect("it is bound"));
        let world = Arc::new(Mutex::new(world));
        tokio::spawn(sandbox::serve(listener, Arc::clone(&world)));
        let operations =
            Operations::of_variables(&host.environment("operator")).await.expect("the host is reached");
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().expect("a client");
        let stage = Stage { host, world, operations, client, sandbox, folder, _kept: Some(kept) };
        stage.configure(shops).await;
        stage
    }

    /// Runs the operator's executable against the stage: what it did.
    pub(crate) fn command(&self, arguments: &[&str]) -> std::process::Output {
        std::process::Command::new(env!("CARGO_BIN_EXE_bogbro"))
            .args(arguments)
            .envs(self.host.environment("operator"))
            .output()
            .expect("the executable runs")
    }

    /// Stops the host (at once, as the end of its process would, or in order) and starts it again on the same folder.
    pub(crate) async fn restarted(self, at_once: bool, change: impl FnOnce(&mut HostConfig)) -> Stage {
        let Stage { host, world, client, sandbox, folder, _kept, .. } = self;
        if at_once {
            host.crash().await
        } else {
            host.stop().await
        }
        let mut config = host_config(&folder);
        change(&mut config);
        let host = Host::start(config).await.expect("the host starts again");
        let operations =
            Operations::of_variables(&host.environment("operator")).await.expect("the host is reached");
        Stage { host, world, operations, client, sandbox, folder, _kept }
    }

    async fn configure(&self, shops: &[Shop]) {
        self.configure_merchant(MERCHANT, |file| file, shops).await;
    }

    /// Puts a merchant's file (changed by the closure) and the secrets that it needs.
    pub(crate) async fn configure_merchant(
        &self,
        id: &str,
        change: impl FnOnce(Value) -> Value,
        shops: &[Shop],
    ) {
        self.configure_merchant_with(id, change, shops, &[]).await;
    }

    /// The same with further connections, each with the system whose secrets it is opened with.
    pub(crate) async fn configure_merchant_with(
        &self,
        id: &str,
        change: impl FnOnce(Value) -> Value,
        shops: &[Shop],
        further: &[(&str, &str)],
    ) {
        let merchant = MerchantId::new(id);
        let file = change(self.file_of(id, shops)).to_string();
        let put = self.operations.put_merchant(&file).await.expect("the merchant's file is sound");
        let systems: BTreeMap<&str, &str> = shops
            .iter()
            .map(|shop| (shop.connection.as_str(), shop.system))
            .chain(further.iter().copied())
            .collect();
        for (connection, name) in put.missing_secrets {
            let system = systems.get(connection.as_str()).copied().unwrap_or("e-conomic");
            let value = SecretString::from(secret(&name, system).to_owned());
            self.operations
                .set_secret(&merchant, &connection, &name, &value, false)
                .await
                .expect("the secret is set");
        }
    }

    /// The file of a merchant of this id.
    pub(crate) fn file_of(&self, id: &str, shops: &[Shop]) -> Value {
        let mut file = self.merchant_file(shops);
        file["id"] = json!(id);
        if let Some(accounting) = file["connections"].as_array_mut().and_then(|all| all.last_mut()) {
            accounting["id"] = json!(format!("{id}-e-conomic-agreement"));
        }
        file
    }

    fn merchant_file(&self, shops: &[Shop]) -> Value {
        let mut connections: Vec<Value> = shops
            .iter()
            .map(|shop| {
                json!({
                    "id": shop.connection, "name": shop.connection, "system": shop.system,
                    "source": source(&shop.connection, shop.system),
                    "base-urls": { "main": format!("{}/{}/{}", self.sandbox, shop.system, shop.world_name) },
                })
            })
            .collect();
        connections.push(json!({
            "id": "stage-e-conomic-agreement", "name": "e-conomic", "system": "e-conomic", "agreement": "424242",
            "base-urls": {
                "rest": format!("{}/economic/rest", self.sandbox),
                "openapi": format!("{}/economic/apis", self.sandbox),
            },
        }));
        let flows: Vec<Value> = shops
            .iter()
            .map(|shop| {
                json!({
                    "name": shop.connection, "shop": shop.connection, "accounting": "e-conomic",
                    "settings": shop.settings,
                })
            })
            .collect();
        json!({
            "id": MERCHANT, "name": "Krus & Kande ApS", "connections": connections, "flows": flows,
            "recipients": [{ "email": "bookkeeper@krus.example", "errors": "immediately", "transfers": "daily" }],
        })
    }

    /// The stand-ins, locked.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stage's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Posts a delivery to a connection's address; the status answered.
    pub(crate) async fn deliver(&self, connection: &str, headers: &[(String, String)], body: Vec<u8>) -> u16 {
        let address = format!("{}/v1/webhooks/{connection}", self.host.gateway_url());
        let mut request = self.client.post(address).body(body);
        for (name, value) in headers {
            // The client writes its own of these.
            if !matches!(name.to_ascii_lowercase().as_str(), "host" | "connection" | "content-length") {
                request = request.header(name, value);
            }
        }
        request.send().await.expect("the gateway answers").status().as_u16()
    }

    /// Waits until the queues are empty and no function works on a message.
    ///
    /// # Panics
    /// When that does not come in time.
    pub(crate) async fn rest(&self) {
        let started = Instant::now();
        let mut quiet = 0;
        while quiet < 2 {
            assert!(
                started.elapsed() < PATIENCE,
                "the flow does not come to rest: {:?}",
                self.host.functions()
            );
            let waiting: u64 = ["orders.fifo", "backfill.fifo"]
                .iter()
                .map(|queue| self.host.depth(queue).expect("the queue exists").total())
                .sum();
            let busy = self
                .host
                .functions()
                .iter()
                .any(|status| status.name == "order-processing" && status.busy > 0);
            quiet = if waiting == 0 && !busy { quiet + 1 } else { 0 };
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Shows this order in the shop and delivers it, signed; the status answered.
    pub(crate) async fn send_order(&self, connection: &str, order: &Value) -> u16 {
        let text = order.to_string();
        self.show(&text);
        self.deliver(connection, &signed(text.as_bytes()), text.into_bytes()).await
    }

    /// The shop answers with this text when it is asked for the order of that id.
    pub(crate) fn show(&self, text: &str) -> u64 {
        let mut world = self.world();
        let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop exists");
        shop.load_order(text).expect("an order with an id")
    }

    /// Sends a correct order of its own through a connection and waits until it is booked: nothing that went before
    /// stands in its way.
    pub(crate) async fn books_a_correct_order(&self, connection: &str, id: u64, after: &str) {
        assert_eq!(self.send_order(connection, &plain_order(id)).await, 200, "after {after}");
        self.rest().await;
        let head = self.head(connection, "woocommerce", &id.to_string()).await;
        let head = head.unwrap_or_else(|| panic!("after {after}: order {id} is lost"));
        assert_eq!(head.status, Status::Done, "after {after}: {:?}", head.facts);
        assert!(head.progress.invoice.is_some(), "after {after}: order {id} is not booked");
    }

    /// The head of an order's transfer, if there is one.
    pub(crate) async fn head(&self, connection: &str, system: &str, order: &str) -> Option<Head> {
        let transfer = self.transfer_id(connection, system, order);
        let needle = format!("{}/{}", transfer.source, transfer.entity);
        self.operations.transfer(&transfer.merchant, &needle).await.ok().map(|view| view.head)
    }

    /// An order's transfer with its log.
    pub(crate) async fn transfer(&self, connection: &str, system: &str, order: &str) -> TransferView {
        let transfer = self.transfer_id(connection, system, order);
        let needle = format!("{}/{}", transfer.source, transfer.entity);
        self.operations.transfer(&transfer.merchant, &needle).await.expect("the transfer is known")
    }

    fn transfer_id(&self, connection: &str, system: &str, order: &str) -> TransferId {
        TransferId {
            merchant: MerchantId::new(MERCHANT),
            source: source(connection, system),
            kind: EntityKind::Order,
            entity: EntityId::new(order),
        }
    }

    /// All transfers that need attention.
    pub(crate) async fn attention(&self) -> Vec<Head> {
        let merchant = MerchantId::new(MERCHANT);
        self.operations.transfers(&merchant, &Listing::Attention, 10_000).await.expect("they can be listed")
    }

    /// The stand-in's ledger, exported.
    pub(crate) fn journal(&self) -> String {
        self.world().agreements[demo::AGREEMENT].hledger_journal()
    }
}

/// The headers of a WooCommerce delivery of these bytes, signed with this secret.
pub(crate) fn signed_with(secret: &str, body: &[u8]) -> Vec<(String, String)> {
    let signature = sandbox::signing::hmac_base64(secret.as_bytes(), body);
    [
        ("content-type", "application/json"),
        ("x-wc-webhook-topic", "order.updated"),
        ("x-wc-webhook-signature", signature.as_str()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The same with the secret of the stage's shops.
pub(crate) fn signed(body: &[u8]) -> Vec<(String, String)> {
    signed_with(WEBHOOK_SECRET, body)
}

/// The first of the demo's orders (one product, shipping, paid by card) under another id.
pub(crate) fn plain_order(id: u64) -> Value {
    let (_, text) = demo::woocommerce_orders().remove(0);
    let mut order: Value = serde_json::from_str(&text).expect("an order");
    order["id"] = json!(id);
    order["number"] = json!(id.to_string());
    order["billing"]["email"] = json!(format!("kunde{id}@example.org"));
    order
}

/// The shop's own identity.
pub(crate) fn source(connection: &str, system: &str) -> String {
    format!("{system}:{connection}.example")
}
