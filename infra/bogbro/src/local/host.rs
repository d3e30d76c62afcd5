//! The host: opens the engines of one data directory, starts the servers and the functions, and stops them again. It is
//! what `bogbro serve` runs and what the tests start in their own process; a second start on the same directory finds
//! everything that was there.

use super::calls::{CallCount, CallKey, Calls, Observer, Policies};
use super::deliveries::{Mapping, deliver};
use super::deployment::{BUCKET, KEY_ID, MAIL_FROM, QUEUES, REGION, REPORT_MAIL_DOMAIN, RETENTION, TABLE};
use super::endpoint::{BODY_LIMIT, Endpoint};
use super::files::Files;
use super::functions::{FunctionSpec, FunctionStatus, Functions, InvocationError, Trigger};
use super::gateway::{self, Gateway};
use super::keys::Keys;
use super::mails::{Mail, Mails};
use super::queues::{Depth, QueueError, Queues, resource_name};
use super::schedules::{self, Schedules};
use super::table::{self, Engine, Table, TableError};
use super::{drops, runtime_api, server};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The secret access key of every caller. It protects nothing: the endpoint is the loopback interface's.
pub(crate) const SECRET: &str = "local";

/// How long running invocations may take to finish when the host is stopped.
const GRACE: Duration = Duration::from_secs(5);

/// How a host is started.
#[derive(Clone)]
pub struct HostConfig {
    /// The directory of everything that is kept. Made when it is missing.
    pub data: PathBuf,
    /// The port of the AWS endpoint; 0 takes any free one.
    pub endpoint_port: u16,
    /// The port of the HTTP gateway; 0 takes any free one.
    pub gateway_port: u16,
    /// The functions; none for a host that only answers AWS calls.
    pub functions: Vec<FunctionSpec>,
    /// Variables for every function beside the host's own, such as `RUST_LOG`.
    pub environment: BTreeMap<String, String>,
    /// The sender of the mails.
    pub mail_from: String,
    /// Further addresses or domains that may send.
    pub verified_senders: Vec<String>,
    /// The visibility timeout of the queues in place of the deployed one.
    pub visibility: Option<Duration>,
    /// How long the messages of an ended or failed invocation stay invisible. `None` is what AWS does: the rest of the
    /// visibility timeout, also over a restart of the host.
    pub redelivery: Option<Duration>,
    /// What the functions may do. Whatever else one of them asks for is refused, as AWS refuses what no policy allows; a caller that has
    /// no entry may do everything.
    pub policies: Policies,
    /// Whether the functions' output lines go to the host's own log too, as `tracing` events of target `function`.
    pub echo: bool,
}

impl HostConfig {
    /// The deployed functions over this data directory, on free ports.
    pub fn new(data: impl Into<PathBuf>) -> io::Result<Self> {
        Ok(Self { functions: FunctionSpec::deployed()?, ..Self::without_functions(data) })
    }

    /// Only the AWS services over this data directory, on free ports.
    pub fn without_functions(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            endpoint_port: 0,
            gateway_port: 0,
            functions: Vec::new(),
            environment: BTreeMap::new(),
            mail_from: MAIL_FROM.to_owned(),
            verified_senders: Vec::new(),
            visibility: None,
            redelivery: None,
            policies: Policies::new(),
            echo: false,
        }
    }
}

/// Why a host cannot start or answer.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A file, a folder or a port.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The operating system's answer.
        source: io::Error,
    },
    /// Another host has the data directory.
    #[error("another host runs on {0}")]
    AlreadyRunning(PathBuf),
    /// The table engine.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The queues.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The schedules' file.
    #[error("the schedules: {0}")]
    Schedules(#[from] rusqlite::Error),
}

fn failed(what: &'static str) -> impl FnOnce(io::Error) -> HostError {
    move |source| HostError::Io { what, source }
}

/// A running host. Dropping it ends everything without waiting; [`Host::stop`] waits.
pub struct Host {
    endpoint: Arc<Endpoint>,
    endpoint_port: u16,
    gateway_port: u16,
    data: PathBuf,
    environment: BTreeMap<String, String>,
    servers: JoinSet<()>,
    sources: JoinSet<()>,
    stopping: watch::Sender<bool>,
    _engine: Engine,
    _lock: File,
}

impl Host {
    /// Starts everything; when it returns, all of it answers.
    pub async fn start(config: HostConfig) -> Result<Self, HostError> {
        fs::create_dir_all(&config.data).map_err(failed("the data directory"))?;
        // Absolute: the children's working directory and ours may come to differ.
        let data = fs::canonicalize(&config.data).map_err(failed("the data directory"))?;
        let lock = lock(&data)?;
        let bind = failed("the endpoint's port");
        let listener = server::bind(config.endpoint_port).await.map_err(bind)?;
        let gateway_listener =
            server::bind(config.gateway_port).await.map_err(failed("the gateway's port"))?;
        let table_listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0));
        let table_listener = table_listener.map_err(failed("the table engine's port"))?;
        let port = |listener: &TcpListener| listener.local_addr().map_err(failed("a listener"));
        let (endpoint_port, gateway_port) = (port(&listener)?.port(), port(&gateway_listener)?.port());

        let address = format!("http://127.0.0.1:{endpoint_port}");
        let environment = environment(&config, &address);
        let queues = Arc::new(open_queues(&data, &config)?);
        let functions = Functions::new(
            &config.functions,
            format!("{address}{}", runtime_api::PATH),
            &environment,
            &data.join("logs"),
            config.echo,
        );
        let functions = Arc::new(functions.map_err(failed("the functions' logs"))?);
        let endpoint = Arc::new(Endpoint {
            address,
            table: Table::new(table_listener.local_addr().map_err(failed("a listener"))?),
            queues: Arc::clone(&queues),
            mails: open_mails(&data, &config)?,
            keys: Keys::open(&data.join("master.key"), KEY_ID).map_err(failed("the key file"))?,
            files: Files::open(&data.join("objects")).map_err(failed("the objects' folder"))?,
            functions: Arc::clone(&functions),
            calls: Calls::default(),
            observer: Default::default(),
            policies: config.policies.clone(),
        });

        let engine = Engine::start(table_listener, table::open(&data.join("table.sqlite"))?);
        let engine = engine.map_err(failed("the table engine"))?;
        let mut servers = JoinSet::new();
        servers.spawn(serve_endpoint(listener, Arc::clone(&endpoint)));
        let gateway = Arc::new(Gateway::new(&config.functions, Arc::clone(&functions)));
        servers.spawn(serve_gateway(gateway_listener, gateway));
        servers.spawn(keep_house(Arc::clone(&functions), Arc::clone(&queues)));
        let schedules = Arc::new(Schedules::open(&data.join("schedules.sqlite"))?);
        let stopping = watch::Sender::new(false);
        let dropped = drops::run(
            data.join("objects").join(BUCKET),
            data.join("drops.json"),
            Arc::clone(&queues),
            stopping.subscribe(),
        );
        let mut sources =
            Sources { queues, functions, schedules, stopping: stopping.subscribe() }.start(&config);
        sources.spawn(dropped);
        Ok(Self {
            endpoint,
            endpoint_port,
            gateway_port,
            data,
            environment,
            servers,
            sources,
            stopping,
            _engine: engine,
            _lock: lock,
        })
    }

    /// Ends everything in order: nothing new is delivered, what runs may finish for a few seconds, then the processes
    /// end and the servers with them.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        let finished = async { while self.sources.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(GRACE, finished).await;
        self.crash().await;
    }

    /// Ends everything at once, whatever runs, as the end of the host's own process would.
    pub async fn crash(mut self) {
        self.sources.shutdown().await;
        self.endpoint.functions.stop().await;
        self.servers.shutdown().await;
    }

    /// Waits for ever; for a program that only serves.
    pub async fn serve(&self) {
        std::future::pending::<()>().await;
    }

    /// The base address of the AWS services, as in `AWS_ENDPOINT_URL`.
    pub fn endpoint_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.endpoint_port)
    }

    /// The base address of the HTTP gateway.
    pub fn gateway_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.gateway_port)
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The environment that a program needs to work with this host as the functions do, with `caller` as its name in
    /// the call record.
    pub fn environment(&self, caller: &str) -> BTreeMap<String, String> {
        let mut environment = self.environment.clone();
        environment.insert("AWS_ACCESS_KEY_ID".into(), format!("local-{caller}"));
        environment.insert("AWS_SECRET_ACCESS_KEY".into(), SECRET.into());
        environment
    }

    /// The address of a queue.
    pub fn queue_url(&self, name: &str) -> String {
        queue_url(&self.endpoint_url(), name)
    }

    /// Runs a function once with this event and gives its answer.
    pub async fn invoke(
        &self,
        function: &str,
        event: impl Into<Vec<u8>>,
    ) -> Result<Vec<u8>, InvocationError> {
        let payload: Vec<u8> = event.into();
        let answer = self.endpoint.functions.invoke(function, payload.into()).await?;
        Ok(answer.to_vec())
    }

    /// Kills all processes of a function with SIGKILL, waits until they are gone, and says how many there were.
    pub async fn kill(&self, function: &str) -> usize {
        self.endpoint.functions.kill(function).await
    }

    /// What runs of each function.
    pub fn functions(&self) -> Vec<FunctionStatus> {
        self.endpoint.functions.status()
    }

    /// How many messages a queue has.
    pub fn depth(&self, queue: &str) -> Result<Depth, QueueError> {
        self.endpoint.queues.depth(queue)
    }

    /// The queues themselves.
    pub fn queues(&self) -> &Queues {
        &self.endpoint.queues
    }

    /// All mails that were sent, oldest first.
    pub fn mails(&self) -> io::Result<Vec<Mail>> {
        self.endpoint.mails.list()
    }

    /// Refuses mails to a recipient from now on, as SES does for an account in its sandbox; or takes them again.
    pub fn refuse_mails_to(&self, recipient: &str, refuses: bool) {
        self.endpoint.mails.refuse(recipient, refuses);
    }

    /// The message of a mail, as it would go to the next server.
    pub fn message(&self, mail: &Mail) -> io::Result<Vec<u8>> {
        fs::read(self.data.join("mails").join(&mail.file))
    }

    /// All AWS calls since the start or the last [`Host::forget_calls`], counted.
    pub fn calls(&self) -> BTreeMap<CallKey, CallCount> {
        self.endpoint.calls.snapshot()
    }

    /// Starts the counts anew.
    pub fn forget_calls(&self) {
        self.endpoint.calls.clear();
    }

    /// Shows every AWS call to the observer from now on, or to nobody.
    pub fn on_call(&self, observer: Option<Arc<Observer>>) {
        *self.endpoint.observer.write().unwrap_or_else(PoisonError::into_inner) = observer;
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.sources.abort_all();
        self.endpoint.functions.abandon();
    }
}

fn lock(data: &Path) -> Result<File, HostError> {
    let file = File::create(data.join("host.lock")).map_err(failed("the lock file"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(HostError::AlreadyRunning(data.to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(failed("the lock file")(error)),
    }
}

fn queue_url(endpoint: &str, name: &str) -> String {
    format!("{endpoint}/{}/{name}", super::deployment::ACCOUNT)
}

/// What every function has in its environment. Credentials and the Runtime API are each process's own.
fn environment(config: &HostConfig, endpoint: &str) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    for name in ["PATH", "RUST_BACKTRACE", "LLVM_PROFILE_FILE"] {
        if let Ok(value) = std::env::var(name) {
            environment.insert(name.to_owned(), value);
        }
    }
    let own = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("TZ", ":UTC"),
        ("BOGBRO_LOG", "info,aws=warn,hyper=warn"),
        ("BOGBRO_TABLE", TABLE),
        ("BOGBRO_BUCKET", BUCKET),
        ("BOGBRO_KEY_ID", KEY_ID),
        ("BOGBRO_MAIL_FROM", &config.mail_from),
        ("BOGBRO_REPORT_MAIL_DOMAIN", REPORT_MAIL_DOMAIN),
    ];
    environment.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    for queue in QUEUES {
        environment.insert(queue.variable.to_owned(), queue_url(endpoint, queue.name));
    }
    environment.extend(config.environment.clone());
    environment
}

fn open_mails(data: &Path, config: &HostConfig) -> Result<Mails, HostError> {
    let verified = std::iter::once(config.mail_from.clone()).chain(config.verified_senders.clone());
    Mails::open(&data.join("mails"), verified).map_err(failed("the mails' folder"))
}

/// Opens the queues, creates the missing ones, and gives each the deployed attributes of today.
fn open_queues(data: &Path, config: &HostConfig) -> Result<Queues, HostError> {
    let queues = Queues::open(&data.join("queues.sqlite"))?;
    let existing = queues.names()?;
    let settle = |name: &str, attributes: BTreeMap<String, String>| {
        if !existing.iter().any(|one| one == name) {
            queues.create(name, &BTreeMap::from([("FifoQueue".to_owned(), "true".to_owned())]))?;
        }
        queues.set_attributes(name, &attributes)
    };
    let retention = RETENTION.as_secs().to_string();
    for queue in QUEUES {
        let visibility = config.visibility.unwrap_or(queue.visibility).as_secs().to_string();
        let redrive = json!({
            "deadLetterTargetArn": resource_name(queue.dead_letters), "maxReceiveCount": queue.maximum_receives,
        });
        settle(
            queue.dead_letters,
            BTreeMap::from([("MessageRetentionPeriod".to_owned(), retention.clone())]),
        )?;
        settle(
            queue.name,
            BTreeMap::from([
                ("VisibilityTimeout".to_owned(), visibility),
                ("MessageRetentionPeriod".to_owned(), retention.clone()),
                ("RedrivePolicy".to_owned(), redrive.to_string()),
            ]),
        )?;
    }
    if let Some(redelivery) = config.redelivery {
        queues.release_deliveries(redelivery)?;
    }
    Ok(queues)
}

async fn serve_endpoint(listener: TcpListener, endpoint: Arc<Endpoint>) {
    let handler = move |arrived| {
        let endpoint = Arc::clone(&endpoint);
        async move { endpoint.answer(arrived).await }
    };
    server::serve(listener, BODY_LIMIT, handler).await;
}

async fn serve_gateway(listener: TcpListener, gateway: Arc<Gateway>) {
    let handler = move |arrived| {
        let gateway = Arc::clone(&gateway);
        async move { gateway.answer(arrived).await }
    };
    server::serve(listener, gateway::BODY_LIMIT, handler).await;
}

/// What makes the functions run by itself: queue deliveries and schedules.
struct Sources {
    queues: Arc<Queues>,
    functions: Arc<Functions>,
    schedules: Arc<Schedules>,
    stopping: watch::Receiver<bool>,
}

impl Sources {
    fn start(&self, config: &HostConfig) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for spec in &config.functions {
            for trigger in &spec.triggers {
                match trigger {
                    Trigger::Route(_) | Trigger::IdentifiedRoute(_) => {}
                    Trigger::Queue { name, batch, maximum_concurrency } => {
                        let mapping = Mapping {
                            queue: name.clone(),
                            function: spec.name.clone(),
                            batch: *batch,
                            redelivery: config.redelivery,
                        };
                        for _ in 0..(*maximum_concurrency).max(1) {
                            tasks.spawn(self.deliver(mapping.clone()));
                        }
                    }
                    Trigger::Every(rate) => {
                        tasks.spawn(self.schedule(spec.name.clone(), *rate));
                    }
                }
            }
        }
        tasks
    }

    fn deliver(&self, mapping: Mapping) -> impl Future<Output = ()> + Send + 'static + use<> {
        deliver(Arc::clone(&self.queues), Arc::clone(&self.functions), mapping, self.stopping.clone())
    }

    fn schedule(
        &self,
        function: String,
        rate: Duration,
    ) -> impl Future<Output = ()> + Send + 'static + use<> {
        let (schedules, functions) = (Arc::clone(&self.schedules), Arc::clone(&self.functions));
        schedules::run(schedules, functions, function, rate, self.stopping.clone())
    }
}

/// What has to be done now and then.
async fn keep_house(functions: Arc<Functions>, queues: Arc<Queues>) {
    loop {
        if let Err(error) = queues.expire() {
            tracing::error!(%error, "expired messages cannot be deleted");
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        functions.end_idle();
    }
}
