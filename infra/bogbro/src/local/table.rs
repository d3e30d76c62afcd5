//! DynamoDB by dynoxide: its own server on a loopback port of its own, to which the endpoint forwards. Only dynoxide's
//! server understands the wire protocol, its router cannot be embedded, and one hop over loopback costs little.

use super::deployment::{INDEXES, KeyType, TABLE, TABLE_KEY};
use super::server::{Answer, Asked};
use dynoxide::Database;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::thread::JoinHandle;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// What the table engine failed with.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The engine's file.
    #[error("the table's file cannot be opened: {0}")]
    Open(String),
    /// The engine refused to create the table.
    #[error("the table cannot be created: {0}")]
    Create(String),
    /// The engine gave no answer.
    #[error("the table engine gave no answer: {0}")]
    NoAnswer(String),
}

/// The forwarder to dynoxide.
pub(crate) struct Table {
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
}

/// Opens the table's file and creates the table when it is missing.
pub(crate) fn open(path: &Path) -> Result<Database, TableError> {
    let path = path.to_str().ok_or_else(|| TableError::Open("the path is not UTF-8".into()))?;
    let database = Database::new(path).map_err(|error| TableError::Open(error.to_string()))?;
    let described = serde_json::from_value(json!({ "TableName": TABLE }));
    let described = described.map_err(|error| TableError::Create(error.to_string()))?;
    if database.describe_table(described).is_err() {
        let request =
            serde_json::from_value(definition()).map_err(|error| TableError::Create(error.to_string()))?;
        database.create_table(request).map_err(|error| TableError::Create(error.to_string()))?;
    }
    Ok(database)
}

/// The CreateTable request of the one table.
pub(crate) fn definition() -> Value {
    let letter = |kind: KeyType| if kind == KeyType::Text { "S" } else { "N" };
    let schema = |partition: &str, sort: &str| json!([{ "AttributeName": partition, "KeyType": "HASH" }, { "AttributeName": sort, "KeyType": "RANGE" }]);
    let mut attributes = vec![(TABLE_KEY.0, KeyType::Text), (TABLE_KEY.1, KeyType::Text)];
    for attribute in INDEXES.iter().flat_map(|index| [index.partition, index.sort]) {
        if !attributes.contains(&attribute) {
            attributes.push(attribute);
        }
    }
    let attributes: Vec<_> = attributes
        .into_iter()
        .map(|(name, kind)| json!({ "AttributeName": name, "AttributeType": letter(kind) }))
        .collect();
    let indexes: Vec<_> = INDEXES
        .iter()
        .map(|index| {
            json!({
                "IndexName": index.name, "KeySchema": schema(index.partition.0, index.sort.0),
                "Projection": { "ProjectionType": "KEYS_ONLY" },
            })
        })
        .collect();
    json!({
        "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": attributes,
        "KeySchema": schema(TABLE_KEY.0, TABLE_KEY.1), "GlobalSecondaryIndexes": indexes,
    })
}

/// The running engine. Dropping it ends it.
pub(crate) struct Engine {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Serves the engine from a thread of its own: it writes through to the disk on that thread, and nobody else waits.
    pub(crate) fn start(listener: std::net::TcpListener, database: Database) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("table-engine".into()).spawn(move || {
            let served = runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).map_err(|error| error.to_string())?;
                tokio::select! {
                    served = dynoxide::server::serve_with_shutdown(listener, database, pending()) => served,
                    _ = stopped => Ok(()),
                }
            });
            if let Err(error) = served {
                tracing::error!(%error, "the table engine ended");
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        drop(self.stop.take());
        // The thread ends at once, and the table's file is closed when it has.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Table {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), address }
    }

    /// Passes the request on as it is and gives the engine's answer.
    pub(crate) async fn forward(&self, request: Asked) -> Result<Answer, TableError> {
        let failed = |error: &dyn std::error::Error| TableError::NoAnswer(error.to_string());
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = format!("http://{}{path}", self.address).parse().map_err(|error| failed(&error))?;
        for name in ["connection", "content-length", "transfer-encoding", "expect"] {
            head.headers.remove(name);
        }
        let request = hyper::Request::from_parts(head, Full::new(body));
        let (mut head, body) =
            self.client.request(request).await.map_err(|error| failed(&error))?.into_parts();
        let body = body.collect().await.map_err(|error| failed(&error))?.to_bytes();
        for name in ["connection", "content-length", "transfer-encoding"] {
            head.headers.remove(name);
        }
        Ok(hyper::Response::from_parts(head, Full::new(body)))
    }
}
