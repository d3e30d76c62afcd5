//! The demo merchant: configured as any merchant is, its shops and its books played by the stand-ins.
//!
//! The stand-ins' state is kept in the data directory, so that a second start finds the books as the first left them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use domain::MerchantId;
use jiff::Timestamp;
use platform::operations::{Listing, Operations, TransferView};
use sandbox::demo::{self, AGREEMENT, SHOPIFY, WOOCOMMERCE};
use sandbox::{WebhookDelivery, World};
use secrecy::SecretString;
use tokio::net::TcpListener;

use super::show::{Printer, table};

/// The demo merchant's id.
pub(super) const MERCHANT: &str = "demo";
/// How long the demo's orders may take before the demo says that something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often the shops are asked whether they have something to deliver.
const HEARTBEAT: Duration = Duration::from_millis(200);

/// The stand-ins, served.
pub(super) struct Demo {
    world: Arc<Mutex<World>>,
    state: PathBuf,
    address: String,
    client: reqwest::Client,
}

/// An order on its way: the time it was first delivered.
struct Sent {
    number: String,
    what: &'static str,
    at: Instant,
    took: Option<Duration>,
}

impl Demo {
    /// Opens the stand-ins' state and serves them on a port of the loopback interface.
    pub(super) async fn start(data: &Path, port: u16) -> anyhow::Result<Demo> {
        let state = data.join("sandbox.json");
        let world = match std::fs::read_to_string(&state) {
            Ok(text) => World::load(&text).with_context(|| format!("{} is damaged", state.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => demo::world(),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", state.display())),
        };
        let listener = TcpListener::bind(("127.0.0.1", port)).await.context("the stand-ins' port")?;
        let address = format!("http://{}", listener.local_addr()?);
        let world = Arc::new(Mutex::new(world));
        tokio::spawn(sandbox::serve(listener, Arc::clone(&world)));
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        Ok(Demo { world, state, address, client })
    }

    /// The stand-ins' address.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Configures the merchant by the operator's own operations.
    pub(super) async fn configure(&self, operations: &Operations) -> anyhow::Result<()> {
        let file = include_str!("demo.json")
            .replace("SANDBOX", &self.address)
            .replace("\"SETTINGS\"", include_str!("demo_settings.json"));
        let put = operations.put_merchant(&file).await.context("the demo merchant's file")?;
        for (connection, name) in put.missing_secrets {
            let Some(value) = secret(&connection, &name) else {
                bail!("the demo has no secret {name} for {connection}");
            };
            let value = SecretString::from(value.to_owned());
            operations.set_secret(&MerchantId::new(MERCHANT), &connection, &name, &value, false).await?;
        }
        Ok(())
    }

    /// Sets up the shops' webhooks where there are none.
    pub(super) fn connect(&self, gateway: &str) {
        let mut world = self.world();
        let address = |connection: &str| format!("{gateway}/v1/webhooks/{connection}");
        if let Some(shop) = world.woocommerce.get_mut(WOOCOMMERCE) {
            shop.webhooks.clear();
            for topic in ["order.created", "order.updated", "order.deleted", "order.restored"] {
                shop.add_webhook(topic, &address("demo-woocommerce-krus"), demo::WOOCOMMERCE_WEBHOOK_SECRET);
            }
        }
        if let Some(shop) = world.shopify.get_mut(SHOPIFY) {
            shop.subscriptions.clear();
            for topic in
                ["orders/create", "orders/updated", "orders/paid", "orders/cancelled", "refunds/create"]
            {
                shop.subscribe(Timestamp::now(), topic, &address("demo-shopify-kande-dk"));
            }
        }
    }

    /// Places the demo's orders that are not there yet, and says which there are.
    fn place_orders(&self) -> anyhow::Result<Vec<Sent>> {
        let mut world = self.world();
        let now = Timestamp::now();
        let mut sent = Vec::new();
        let mut note = |text: &str, what: &'static str| -> anyhow::Result<()> {
            let order: serde_json::Value = serde_json::from_str(text)?;
            let number =
                ["number", "name"].iter().find_map(|field| order.get(field)?.as_str().map(str::to_owned));
            let number = number.or_else(|| order.get("name")?.as_str().map(str::to_owned));
            let number = number.context("an order of the demo has no number")?;
            sent.push(Sent { number, what, at: Instant::now(), took: None });
            Ok(())
        };
        if let Some(shop) = world.woocommerce.get_mut(WOOCOMMERCE) {
            let fresh = shop.orders.is_empty();
            for (what, text) in demo::woocommerce_orders() {
                note(&text, what)?;
                if fresh {
                    shop.place_order(now, &text).map_err(anyhow::Error::msg)?;
                }
            }
        }
        if let Some(shop) = world.shopify.get_mut(SHOPIFY) {
            let fresh = shop.orders.is_empty();
            for (what, text, transactions) in demo::shopify_orders() {
                note(&text, what)?;
                if fresh {
                    let id = shop.place_order(now, &text).map_err(anyhow::Error::msg)?;
                    shop.transactions.insert(id, transactions);
                }
            }
        }
        Ok(sent)
    }

    /// Carries what the shops have to deliver, until the future is dropped, and keeps the stand-ins' state.
    pub(super) async fn carry(&self) -> anyhow::Result<()> {
        let mut kept = 0;
        loop {
            let deliveries = self.world().deliveries(Timestamp::now());
            for (system, shop, delivery) in deliveries {
                let status = self.post(&delivery).await;
                self.world().report_delivery(Timestamp::now(), (system, &shop), &delivery, status);
            }
            let (requests, text) = {
                let world = self.world();
                (world.requests, (world.requests != kept).then(|| world.save()).transpose()?)
            };
            if let Some(text) = text {
                // Beside, then moved: a kill in the middle leaves the state before.
                let beside = self.state.with_extension("json.new");
                std::fs::write(&beside, text).context("the stand-ins' state")?;
                std::fs::rename(&beside, &self.state).context("the stand-ins' state")?;
                kept = requests;
            }
            tokio::time::sleep(HEARTBEAT).await;
        }
    }

    async fn post(&self, delivery: &WebhookDelivery) -> Option<u16> {
        let mut request = self.client.post(&delivery.address).body(delivery.body.clone());
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        request.send().await.ok().map(|answer| answer.status().as_u16())
    }

    /// Places the orders and waits until each has come to rest; prints what became of them.
    pub(super) async fn play(&self, operations: &Operations, printer: &Printer) -> anyhow::Result<()> {
        let started = Instant::now();
        let mut orders = self.place_orders()?;
        let merchant = MerchantId::new(MERCHANT);
        let mut found: Vec<Option<TransferView>> = orders.iter().map(|_| None).collect();
        while found.iter().any(Option::is_none) && started.elapsed() < PATIENCE {
            for (order, view) in orders.iter_mut().zip(&mut found).filter(|(_, view)| view.is_none()) {
                let listing = Listing::Number(order.number.clone());
                let heads = operations.transfers(&merchant, &listing, 1).await?;
                if heads.first().is_some_and(|head| head.status.is_settled()) {
                    *view = Some(operations.transfer(&merchant, &order.number).await?);
                    order.took = Some(order.at.elapsed());
                }
            }
            tokio::time::sleep(HEARTBEAT / 2).await;
        }
        self.print(&orders, &found, printer)?;
        let restless = found.iter().filter(|view| view.is_none()).count();
        let differing = found.iter().flatten().filter(|view| !agrees(view)).count();
        if restless + differing > 0 {
            bail!("{restless} orders did not come to rest, {differing} differ from their documents");
        }
        Ok(())
    }

    fn print(
        &self,
        orders: &[Sent],
        found: &[Option<TransferView>],
        printer: &Printer,
    ) -> anyhow::Result<()> {
        if printer.json {
            return printer.value(&found);
        }
        let rows = orders.iter().zip(found).map(|(order, view)| row(order, view.as_ref())).collect();
        let titles =
            ["order", "what", "decision", "document", "shop total", "", "accounting total", "seconds"];
        printer.remark(&table(&titles, rows))?;
        let booked = self.world().agreements.get(AGREEMENT).map_or(0, |agreement| agreement.booked.len());
        printer.remark(&format!("\n{booked} invoices are booked in the stand-in for e-conomic"))
    }
}

/// What the buyer owes by the shop's sums (a gift card that was used lowers it), as the log has it.
fn owed(view: &TransferView) -> Option<domain::Money> {
    let planned = view.trace.rows.iter().rev().find_map(|row| row.public.source_totals);
    planned.map(|totals| totals.gross).or(view.head.total)
}

fn agrees(view: &TransferView) -> bool {
    let document = view.head.documents.last().map(|document| document.totals.gross);
    document.is_none() || document == owed(view)
}

fn row(order: &Sent, view: Option<&TransferView>) -> Vec<String> {
    let Some(view) = view else {
        return vec![order.number.clone(), order.what.to_owned(), "still on its way".to_owned()];
    };
    let head = &view.head;
    let decision = match head.status.code() {
        Some(code) => format!("{}: {code}", head.status.word()),
        None => head.status.word().to_owned(),
    };
    let document = head.documents.last();
    let kind = |kind| match kind {
        domain::DocumentKind::Order => "order",
        domain::DocumentKind::DraftInvoice => "draft",
        domain::DocumentKind::BookedInvoice => "invoice",
        domain::DocumentKind::DraftCreditNote => "draft credit note",
        domain::DocumentKind::BookedCreditNote => "credit note",
    };
    let shop = owed(view).map(|total| format!("{total} {}", total.currency())).unwrap_or_default();
    let books = document.map(|document| document.totals.gross);
    let books = books.map(|gross| format!("{gross} {}", gross.currency())).unwrap_or_default();
    let agree = match document {
        Some(_) if agrees(view) => "=",
        Some(_) => "DIFFERS",
        None => "",
    };
    vec![
        order.number.clone(),
        order.what.to_owned(),
        decision,
        document.map(|document| format!("{} {}", kind(document.kind), document.number)).unwrap_or_default(),
        shop,
        agree.to_owned(),
        books,
        order.took.map(|took| format!("{:.1}", took.as_secs_f32())).unwrap_or_default(),
    ]
}

/// The demo's secrets, as the stand-ins were set up with them.
fn secret(connection: &str, name: &str) -> Option<&'static str> {
    Some(match (connection, name) {
        ("woocommerce", "consumer-key") => demo::CONSUMER_KEY,
        ("woocommerce", "consumer-secret") => demo::CONSUMER_SECRET,
        ("woocommerce", "webhook-secret") => demo::WOOCOMMERCE_WEBHOOK_SECRET,
        ("shopify", "access-token") => demo::SHOPIFY_ACCESS_TOKEN,
        ("shopify", "webhook-secret") => demo::SHOPIFY_CLIENT_SECRET,
        ("e-conomic", "app-secret-token") => demo::APP_SECRET_TOKEN,
        ("e-conomic", "agreement-grant-token") => demo::AGREEMENT_GRANT_TOKEN,
        _ => return None,
    })
}
