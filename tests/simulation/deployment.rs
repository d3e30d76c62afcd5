//! The merchants of the simulated world: shops, agreements, settings, and the routes between them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use connectors::economic::Economic;
use connectors::http::{Request, Response};
use connectors::manifest::Manifest;
use connectors::ports::{Accounting, RegisterAnswer, VatNumberRegister, Webshop};
use connectors::shopify::Shopify;
use connectors::woocommerce::WooCommerce;
use domain::catalogue::MasterData;
use domain::order::PaymentState;
use domain::settings::{
    CreditChoice, DifferenceMode, GoneProduct, HandlingRule, Registration, StockMode, Template, UpdateWhen,
    WriteBackForm, read_settings,
};
use domain::{AgreementId, ConnectionId, DocumentKind, EffectKey, Failure, MerchantId, Settings};
use engine::route::{AccountingEnd, Connections, RegisterEnd, Route, RouteFailure, ShopEnd};
use engine::store::{PauseScope, Store};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sandbox::economic::VatRounding;
use sandbox::{Agreement, System, World};

use crate::ledger::at_once;
use crate::machine::{Machine, lock};
use crate::outside::{Observed, SimulatedTransport};

/// Secret of every webhook; a canary as well: it must never be seen anywhere.
pub(crate) const WEBHOOK_SECRET: &str = "canary-webhook-secret";

/// The journal that payments are registered in.
pub(crate) const JOURNAL: u32 = 2;

/// How one merchant is set up.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) kind: DocumentKind,
    /// Orders that are not completed yet stand as sales orders; an invoice takes their place.
    pub(crate) order_first: bool,
    /// Payments are registered in a journal, also those that come after the booking.
    pub(crate) journal: bool,
    /// Some invoices were made by another integration before, and are adopted.
    pub(crate) adopts: bool,
    /// The shop is Shopify's; else WooCommerce's.
    pub(crate) shopify: bool,
    pub(crate) write_back: bool,
    pub(crate) difference: DifferenceMode,
    pub(crate) lag_seconds: i64,
    pub(crate) native_keys: bool,
    pub(crate) per_line: bool,
    /// The shop's products are carried over.
    pub(crate) catalogue: bool,
    /// The accounts' stock goes to the shop.
    pub(crate) stock: bool,
    /// A register of VAT numbers is asked, and this is what it answers; `None` for one that is down.
    pub(crate) register: Option<Option<bool>>,
    /// Refunds, edits and cancellations after booking become documents; without it a person decides.
    pub(crate) credits: bool,
}

impl Setup {
    pub(crate) fn plain() -> Setup {
        Setup {
            kind: DocumentKind::BookedInvoice,
            order_first: false,
            journal: false,
            adopts: false,
            shopify: false,
            write_back: true,
            difference: DifferenceMode::LeaveDraft,
            lag_seconds: 0,
            native_keys: true,
            per_line: false,
            catalogue: false,
            stock: false,
            register: None,
            credits: false,
        }
    }
}

/// The settings that all merchants of the simulation begin with.
const SETTINGS: &str = r#"{
  "trigger": { "handling": [ { "order-states": ["processing", "completed"] } ] },
  "document": { "layout": 19 },
  "payment": { "default-term": 1, "methods": [ { "method": "stripe", "term": 4, "registration": "term" } ] },
  "products": {
    "missing": "create",
    "groups-by-rate": [ { "rate": "25", "group": 1 }, { "rate": "0", "group": 2 } ],
    "skus": { "shipping": "fragtmm", "shipping-untaxed": "fragtum", "rounding": "Difference" }
  },
  "customers": { "anonymous": 1000 },
  "vat": { "rounding": "per-line" }
}"#;

fn settings(setup: &Setup) -> Settings {
    static BASE: OnceLock<Settings> = OnceLock::new();
    let base = BASE.get_or_init(|| read_settings(SETTINGS).expect("the settings are sound"));
    let mut settings = base.clone();
    settings.document.kind = setup.kind;
    if setup.order_first {
        let [both] = &settings.trigger.handling[..] else { unreachable!("the settings have one rule") };
        let rule = |state: &str, document| HandlingRule {
            order_states: vec![state.to_owned()],
            document: Some(document),
            ..both.clone()
        };
        settings.trigger.handling =
            vec![rule("completed", setup.kind), rule("processing", DocumentKind::Order)];
    }
    if setup.shopify {
        "shopify_payments".clone_into(&mut settings.payment.methods[0].method);
        let rule = &mut settings.trigger.handling[0];
        rule.order_states.clear();
        // Where payments go through a journal, an order is invoiced before it is paid.
        rule.payment_states = if setup.journal { Vec::new() } else { vec![PaymentState::Paid] };
    }
    if setup.journal {
        let [method] = &mut settings.payment.methods[..] else {
            unreachable!("the settings have one method")
        };
        method.term = None;
        method.registration = Registration::Journal { journal: JOURNAL, contra_account: 5820 };
        settings.payment.sign_proven = true;
        if !setup.shopify {
            settings.trigger.handling[0].order_states.push("on-hold".to_owned());
        }
    }
    if setup.adopts {
        settings.document.adopt_references = vec![Template("{order_number}".to_owned())];
    }
    settings.document.write_back.form = setup.write_back.then_some(WriteBackForm::Tag);
    settings.differences.mode = setup.difference;
    if setup.catalogue {
        settings.products.catalogue.create = true;
        settings.products.catalogue.gone = GoneProduct::Bar;
        settings.products.catalogue.update.barcode = UpdateWhen::Always;
    }
    if setup.stock {
        settings.stock.mode = StockMode::Write;
    }
    if !setup.credits {
        settings.credit.edits = CreditChoice::Hold;
        settings.credit.cancellations = CreditChoice::Hold;
    }
    settings
}

/// The demo agreement without the many products that these orders never sell.
fn small_agreement() -> &'static Agreement {
    static AGREEMENT: OnceLock<Agreement> = OnceLock::new();
    AGREEMENT.get_or_init(|| {
        let mut agreement = sandbox::demo::agreement();
        agreement.products.retain(|number, _| !number.contains('-') || number.ends_with("BLAA"));
        agreement.master.product_groups.retain(|number, _| *number <= 5);
        agreement
    })
}

/// A merchant's name by its place.
pub(crate) fn merchant(index: usize) -> MerchantId {
    MerchantId::new(format!("merchant-{index}"))
}

/// The place of a merchant by its name.
pub(crate) fn place_of(merchant: &MerchantId) -> usize {
    let place = merchant.as_str().strip_prefix("merchant-").and_then(|place| place.parse().ok());
    place.expect("every merchant is named by its place")
}

/// The connection of a merchant's shop.
pub(crate) fn shop_connection(index: usize) -> ConnectionId {
    ConnectionId::new(format!("shop-connection-{index}"))
}

/// The connection of a merchant's accounting system.
pub(crate) fn accounting_connection(index: usize) -> ConnectionId {
    ConnectionId::new(format!("accounting-connection-{index}"))
}

/// The shop's own identity.
pub(crate) fn source(index: usize) -> String {
    format!("woocommerce:shop-{index}.example")
}

/// A merchant's shop in the world.
pub(crate) fn shop_name(index: usize) -> String {
    format!("shop{index}")
}

/// A merchant's agreement in the world.
pub(crate) fn agreement_name(index: usize) -> String {
    format!("agreement{index}")
}

/// The world with so many merchants.
pub(crate) fn world(setups: &[Setup]) -> World {
    let mut world = World::default();
    for (index, setup) in setups.iter().enumerate() {
        if setup.shopify {
            world.shopify.insert(shop_name(index), shopify_shop(index, setup.stock));
        } else {
            world.woocommerce.insert(shop_name(index), woocommerce_shop(index, setup));
        }
        let mut agreement = small_agreement().clone();
        agreement.number += u32::try_from(index).expect("few merchants");
        agreement.app_secret_token = format!("canary-app-{index}");
        agreement.agreement_grant_token = format!("canary-grant-{index}");
        agreement.lookup_lag_seconds = setup.lag_seconds;
        agreement.vat_rounding = if setup.per_line { VatRounding::PerLine } else { VatRounding::PerCode };
        if setup.stock {
            crate::stock::stock_agreement(&mut agreement);
        }
        if !setup.native_keys {
            agreement.quirks.switch_off(sandbox::economic::Quirk::IdempotencyReplays);
        }
        world.agreements.insert(agreement_name(index), agreement);
    }
    world
}

/// Where all webhooks go.
const ADDRESS: &str = "https://bogbro.example/v1/webhooks/shop";

fn woocommerce_shop(index: usize, setup: &Setup) -> sandbox::woocommerce::Shop {
    let home = format!("https://shop-{index}.example/");
    let mut shop =
        sandbox::woocommerce::Shop::new(&home, &format!("ck_canary{index}"), &format!("cs_canary{index}"));
    let topics = ["order.created", "order.updated", "order.deleted", "product.updated", "product.deleted"];
    let products = setup.catalogue || setup.stock;
    for topic in topics.into_iter().filter(|topic| products || topic.starts_with("order")) {
        shop.add_webhook(topic, ADDRESS, WEBHOOK_SECRET);
    }
    if setup.stock {
        crate::stock::stock_woocommerce(&mut shop);
    }
    shop
}

fn shopify_shop(index: usize, stock: bool) -> sandbox::shopify::Shop {
    let domain = format!("shop-{index}.myshopify.example");
    let mut shop = sandbox::shopify::Shop::new(&domain, &format!("canary-token-{index}"), WEBHOOK_SECRET);
    for topic in ["orders/create", "orders/updated", "orders/paid"] {
        shop.subscribe(crate::history::start(), topic, ADDRESS);
    }
    if stock {
        for topic in ["products/update", "inventory_levels/update"] {
            shop.subscribe(crate::history::start(), topic, ADDRESS);
        }
        crate::stock::stock_shopify(&mut shop);
    }
    shop
}

/// Routes of the simulated merchants.
pub(crate) struct SimulatedConnections {
    pub(crate) machine: Arc<Machine>,
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) observed: Arc<Mutex<Observed>>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) setups: Vec<Setup>,
    pub(crate) webshop: &'static dyn Webshop,
    pub(crate) accounting: &'static dyn Accounting,
    pub(crate) epoch: Mutex<Option<Timestamp>>,
    pub(crate) master: Mutex<BTreeMap<AgreementId, (i64, Arc<MasterData>)>>,
    /// Master data is known from the start.
    pub(crate) warm: bool,
}

/// The master data of every agreement here, as the connector reads it when nothing goes wrong.
fn known_master_data() -> Arc<MasterData> {
    static KNOWN: OnceLock<Arc<MasterData>> = OnceLock::new();
    Arc::clone(KNOWN.get_or_init(|| {
        let direct = Direct(Mutex::new(world(&[Setup::plain()])));
        Arc::new(at_once(ACCOUNTING.master_data(&direct)).expect("nothing goes wrong"))
    }))
}

/// The world of one merchant without anything between.
struct Direct(Mutex<World>);

#[async_trait]
impl connectors::http::Transport for Direct {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        let credentials = accounting_credentials(0);
        let made = crate::outside::sandbox_request("/economic", &credentials, &request);
        let answer = lock(&self.0).handle(crate::history::start(), &made).answer().expect("it answers");
        let headers = answer.headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        Ok(Response { status: answer.status, headers, body: answer.body })
    }

    async fn write(&self, _: &EffectKey, request: Request) -> Result<Response, Failure> {
        self.read(request).await
    }
}

pub(crate) fn accounting_credentials(index: usize) -> Vec<(String, String)> {
    vec![
        ("X-AppSecretToken".to_owned(), format!("canary-app-{index}")),
        ("X-AgreementGrantToken".to_owned(), format!("canary-grant-{index}")),
    ]
}

/// The real connectors.
pub(crate) const WEBSHOP: &dyn Webshop = &WooCommerce;
/// The real connectors.
pub(crate) const ACCOUNTING: &dyn Accounting = &Economic;

impl SimulatedConnections {
    /// The connector of a merchant's shop.
    pub(crate) fn webshop_of(&self, index: usize) -> &'static dyn Webshop {
        if self.setups[index].shopify { &Shopify } else { self.webshop }
    }

    fn transport(&self, index: usize, system: System) -> SimulatedTransport {
        let (prefix, credentials, manifest) = match system {
            System::WooCommerce => {
                let pair = format!("ck_canary{index}:cs_canary{index}");
                let basic = data_encoding::BASE64.encode(pair.as_bytes());
                let headers = vec![("Authorization".to_owned(), format!("Basic {basic}"))];
                (format!("/woocommerce/{}", shop_name(index)), headers, self.webshop.manifest())
            }
            System::Shopify => {
                let headers = vec![("X-Shopify-Access-Token".to_owned(), format!("canary-token-{index}"))];
                (format!("/shopify/{}", shop_name(index)), headers, self.webshop_of(index).manifest())
            }
            _ => ("/economic".to_owned(), accounting_credentials(index), self.accounting.manifest()),
        };
        SimulatedTransport {
            machine: Arc::clone(&self.machine),
            world: Arc::clone(&self.world),
            observed: Arc::clone(&self.observed),
            system,
            prefix,
            credentials,
            timeout_ms: i64::from(manifest.timeout_seconds) * 1000,
            response_limit: manifest.response_limit,
        }
    }
}

/// A register of VAT numbers that needs no network.
struct Register(Option<bool>);

fn register(answer: Option<bool>) -> &'static dyn VatNumberRegister {
    match answer {
        Some(true) => &Register(Some(true)),
        Some(false) => &Register(Some(false)),
        None => &Register(None),
    }
}

#[async_trait]
impl VatNumberRegister for Register {
    fn manifest(&self) -> &'static Manifest {
        ACCOUNTING.manifest()
    }

    async fn ask(
        &self,
        _: &dyn connectors::http::Transport,
        number: &str,
    ) -> Result<RegisterAnswer, Failure> {
        match self.0 {
            Some(registered) => Ok(RegisterAnswer {
                registered,
                name: number.to_owned(),
                consultation: Some("C-1".to_owned()),
            }),
            None => Err(Failure::Busy { retry_after_ms: None, message: "the register is down".to_owned() }),
        }
    }
}

#[async_trait]
impl Connections for SimulatedConnections {
    async fn route(
        &self,
        of: &MerchantId,
        connection: &ConnectionId,
        _: Option<u64>,
    ) -> Result<Route, RouteFailure> {
        let index = (0..self.setups.len())
            .find(|index| merchant(*index) == *of && shop_connection(*index) == *connection)
            .ok_or_else(|| RouteFailure::Unknown(connection.to_string()))?;
        let pauses = at_once(self.store.pauses(of)).unwrap_or_default();
        let paused = pauses.into_iter().find(|pause| match &pause.scope {
            PauseScope::Connection { connection, .. } => {
                *connection == shop_connection(index) || *connection == accounting_connection(index)
            }
            PauseScope::Merchant { .. } | PauseScope::Everything => true,
        });
        let shop_system = if self.setups[index].shopify { System::Shopify } else { System::WooCommerce };
        Ok(Route {
            merchant: of.clone(),
            shop: ShopEnd {
                connection: shop_connection(index),
                source: source(index),
                port: self.webshop_of(index),
                transport: Arc::new(self.transport(index, shop_system)),
                rules: connectors::ports::ReadingRules::default(),
            },
            accounting: AccountingEnd {
                connection: accounting_connection(index),
                agreement: AgreementId::new(format!("{}", 424_242 + index)),
                port: self.accounting,
                transport: Arc::new(self.transport(index, System::Economic)),
            },
            vat_register: self.setups[index].register.map(|answer| RegisterEnd {
                port: register(answer),
                transport: Arc::new(self.transport(index, System::Economic)),
            }),
            settings: settings(&self.setups[index]),
            settings_version: 1,
            time_zone: TimeZone::get("Europe/Copenhagen").expect("the zone is known"),
            payouts: true,
            order_numbers: Vec::new(),
            paused,
            epoch: *lock(&self.epoch),
        })
    }

    fn kept_master_data(&self, route: &Route) -> Option<Arc<MasterData>> {
        if self.warm {
            return Some(known_master_data());
        }
        let kept = lock(&self.master);
        let (until, master) = kept.get(&route.accounting.agreement)?;
        (self.machine.now_ms() < *until).then(|| Arc::clone(master))
    }

    fn keep_master_data(&self, route: &Route, master: Arc<MasterData>) {
        let until = self.machine.now_ms() + 5 * 60_000;
        lock(&self.master).insert(route.accounting.agreement.clone(), (until, master));
    }

    fn forget_master_data(&self, route: &Route) {
        lock(&self.master).remove(&route.accounting.agreement);
    }
}
