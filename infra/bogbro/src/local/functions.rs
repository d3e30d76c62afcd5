//! The functions as child processes that speak the Lambda Runtime API. A process is started when an invocation needs
//! one, handles one invocation at a time and is used again; several run up to the function's concurrency; one that
//! overruns its time is killed, as Lambda does. A child never outlives the host: it is started so that the kernel kills
//! it when its parent ends (`setpriv --pdeathsig`, where there is one), and lambda_runtime itself ends when the
//! Runtime API is gone.

use super::deployment;
use hyper::body::Bytes;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot, watch};

/// A log file is put aside when it has grown to this size; one older one is kept.
const LOG_BYTES: u64 = 16 * 1024 * 1024;
/// How long a process may be idle before it is ended.
const IDLE: Duration = Duration::from_secs(15 * 60);

/// What makes a function run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// An HTTP route, any method; `{name}` stands for one path segment.
    Route(String),
    /// The same, only for callers who sign their requests.
    IdentifiedRoute(String),
    /// The messages of a queue.
    Queue {
        /// The queue's name.
        name: String,
        /// The most messages of one invocation.
        batch: usize,
        /// The most invocations at a time from this queue.
        maximum_concurrency: usize,
    },
    /// A schedule: the time between two invocations.
    Every(Duration),
}

/// A function to run.
#[derive(Clone, Debug)]
pub struct FunctionSpec {
    /// Its name.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// What makes it run.
    pub triggers: Vec<Trigger>,
    /// An invocation that takes longer is ended by killing its process.
    pub timeout: Duration,
    /// The most processes at a time.
    pub concurrency: usize,
    /// Variables of its environment beside those that every function has.
    pub environment: BTreeMap<String, String>,
}

impl FunctionSpec {
    /// The functions of [`deployment::FUNCTIONS`], each started from its own executable where one lies beside this
    /// one, else as `this-executable function NAME`. A development build takes one beside it only when it is not older
    /// than itself: `cargo run` builds this executable alone, and what an earlier build left beside it is stale.
    pub fn deployed() -> io::Result<Vec<Self>> {
        Ok(Self::deployed_by(&std::env::current_exe()?))
    }

    /// The same, with this executable in place of the running one.
    pub fn deployed_by(executable: &Path) -> Vec<Self> {
        deployment::FUNCTIONS.iter().map(|function| Self::of(function, executable)).collect()
    }

    fn of(function: &deployment::Function, own: &Path) -> Self {
        let beside = own.with_file_name(function.name);
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let command = if beside.is_file() && (!cfg!(debug_assertions) || is_as_new(&beside, own)) {
            vec![text(&beside)]
        } else {
            vec![text(own), "function".into(), function.name.into()]
        };
        let triggers = function.triggers.iter().map(|trigger| match *trigger {
            deployment::Trigger::Route(route) => Trigger::Route(route.into()),
            deployment::Trigger::IdentifiedRoute(route) => Trigger::IdentifiedRoute(route.into()),
            deployment::Trigger::Queue { name, batch, maximum_concurrency } => {
                Trigger::Queue { name: name.into(), batch, maximum_concurrency }
            }
            deployment::Trigger::Every(time) => Trigger::Every(time),
        });
        Self {
            name: function.name.into(),
            command,
            triggers: triggers.collect(),
            timeout: function.timeout,
            concurrency: function.concurrency,
            environment: BTreeMap::new(),
        }
    }
}

fn is_as_new(beside: &Path, own: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    modified(beside) >= modified(own)
}

/// Why an invocation gave no answer.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum InvocationError {
    /// The function reported an error itself.
    #[error("the function reported {kind}: {message}")]
    Reported {
        /// The error's type as reported.
        kind: String,
        /// Its message.
        message: String,
    },
    /// The process overran its time and was killed.
    #[error("the function took longer than {0:?}")]
    TimedOut(Duration),
    /// The process ended before it answered.
    #[error("the function's process ended: {0}")]
    Ended(String),
    /// The process could not be started.
    #[error("the function's process cannot be started: {0}")]
    NotStarted(String),
    /// No such function.
    #[error("there is no function {0}")]
    Unknown(String),
    /// The host is stopping.
    #[error("the host is stopping")]
    Stopping,
}

/// What runs of a function.
#[derive(Clone, Debug, Serialize)]
pub struct FunctionStatus {
    /// Its name.
    pub name: String,
    /// The running processes.
    pub processes: Vec<u32>,
    /// How many of them handle an invocation.
    pub busy: usize,
    /// Invocations since the start of the host.
    pub invocations: u64,
    /// Those that gave no answer.
    pub failures: u64,
    /// Processes started since the start of the host.
    pub starts: u64,
}

/// One invocation on its way to a process.
pub(crate) struct Invocation {
    pub(crate) id: String,
    pub(crate) payload: Bytes,
    /// Milliseconds since 1970.
    pub(crate) deadline: i64,
    pub(crate) trace: String,
    pub(crate) function: String,
    /// Set when a process has asked for it and was given it.
    taken: Arc<AtomicBool>,
}

/// What a process answered.
pub(crate) type Outcome = Result<Bytes, InvocationError>;

/// A running child process.
pub(crate) struct Process {
    pub(crate) key: String,
    number: AtomicU32,
    inbox: mpsc::Sender<Invocation>,
    outbox: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    current: Mutex<Option<(String, oneshot::Sender<Outcome>)>>,
    kill: Notify,
    ended: watch::Receiver<Option<String>>,
}

impl Process {
    /// The operating system's number of the process.
    pub(crate) fn number(&self) -> u32 {
        self.number.load(Ordering::Relaxed)
    }

    /// The next invocation; waits until there is one. Nothing when the host lets the process go.
    pub(crate) async fn next(&self) -> Option<Invocation> {
        let invocation = self.outbox.lock().await.recv().await?;
        invocation.taken.store(true, Ordering::SeqCst);
        Some(invocation)
    }

    /// Takes the outcome of the invocation. False when it is not the one that runs.
    pub(crate) fn finish(&self, id: &str, outcome: Outcome) -> bool {
        let mut current = lock(&self.current);
        if current.as_ref().is_none_or(|(running, _)| running != id) {
            return false;
        }
        current.take().is_some_and(|(_, reply)| reply.send(outcome).is_ok())
    }

    /// An error outside an invocation's own report: the one that runs, or waits, fails with it.
    pub(crate) fn fail(&self, error: InvocationError) {
        if let Some((_, reply)) = lock(&self.current).take() {
            let _ = reply.send(Err(error));
        }
    }

    /// Kills the process with SIGKILL and waits until it is gone.
    pub(crate) async fn kill(&self) {
        self.kill.notify_one();
        let _ = self.ended.clone().wait_for(Option::is_some).await;
    }

    fn is_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }
}

struct Pool {
    spec: FunctionSpec,
    environment: BTreeMap<String, String>,
    permits: Semaphore,
    idle: Mutex<VecDeque<(Arc<Process>, Instant)>>,
    all: Mutex<HashMap<String, Arc<Process>>>,
    log: Arc<Log>,
    invocations: AtomicU64,
    failures: AtomicU64,
    starts: AtomicU64,
}

/// All functions of a host.
pub(crate) struct Functions {
    pools: BTreeMap<String, Arc<Pool>>,
    runtime_api: String,
    starter: Starter,
    stopping: watch::Sender<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Functions {
    /// `runtime_api` is the base address to which a process's own key is added; `environment` is what all have.
    pub(crate) fn new(
        specs: &[FunctionSpec],
        runtime_api: String,
        environment: &BTreeMap<String, String>,
        logs: &Path,
        echo: bool,
    ) -> io::Result<Self> {
        fs::create_dir_all(logs)?;
        let mut pools = BTreeMap::new();
        for spec in specs {
            let mut environment = environment.clone();
            environment.extend(spec.environment.clone());
            let pool = Pool {
                log: Arc::new(Log::open(logs.join(format!("{}.log", spec.name)), spec.name.clone(), echo)?),
                permits: Semaphore::new(spec.concurrency.max(1)),
                spec: spec.clone(),
                environment,
                idle: Mutex::default(),
                all: Mutex::default(),
                invocations: AtomicU64::new(0),
                failures: AtomicU64::new(0),
                starts: AtomicU64::new(0),
            };
            pools.insert(spec.name.clone(), Arc::new(pool));
        }
        Ok(Self { pools, runtime_api, starter: Starter::new()?, stopping: watch::Sender::new(false) })
    }

    /// Runs the function once. An invocation runs to its end also when the caller no longer waits for it.
    pub(crate) async fn invoke(self: &Arc<Self>, function: &str, payload: Bytes) -> Outcome {
        let pool = self.pools.get(function).ok_or_else(|| InvocationError::Unknown(function.into()))?;
        let (functions, pool) = (Arc::clone(self), Arc::clone(pool));
        let running = tokio::spawn(async move {
            pool.invocations.fetch_add(1, Ordering::Relaxed);
            let outcome = functions.invoke_in(&pool, payload).await;
            if let Err(error) = &outcome {
                pool.failures.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(function = pool.spec.name, %error, "an invocation failed");
            }
            outcome
        });
        running.await.unwrap_or(Err(InvocationError::Stopping))
    }

    async fn invoke_in(&self, pool: &Arc<Pool>, payload: Bytes) -> Outcome {
        let mut stopping = self.stopping.subscribe();
        let _permit = tokio::select! {
            permit = pool.permits.acquire() => permit.map_err(|_| InvocationError::Stopping)?,
            _ = stopping.wait_for(|stopping| *stopping) => return Err(InvocationError::Stopping),
        };
        if *stopping.borrow() {
            return Err(InvocationError::Stopping);
        }
        if let Some(process) = pool.take_idle() {
            let (outcome, taken) = run(&pool.spec, &process, payload.clone()).await;
            pool.put_back(process);
            // A process that ended while it was idle never saw the invocation; another one takes it.
            if taken || !matches!(outcome, Err(InvocationError::Ended(_))) {
                return outcome;
            }
        }
        let process = self.start(pool).await?;
        let (outcome, _) = run(&pool.spec, &process, payload).await;
        pool.put_back(process);
        outcome
    }

    async fn start(&self, pool: &Arc<Pool>) -> Result<Arc<Process>, InvocationError> {
        let (inbox, outbox) = mpsc::channel(1);
        let (end, ended) = watch::channel(None);
        let process = Arc::new(Process {
            key: super::identifier(),
            number: AtomicU32::new(0),
            inbox,
            outbox: tokio::sync::Mutex::new(outbox),
            current: Mutex::default(),
            kill: Notify::new(),
            ended,
        });
        // Known before it starts: it may ask for its first invocation before its start is reported here.
        lock(&pool.all).insert(process.key.clone(), Arc::clone(&process));
        let mut child = match self.starter.start(self.command(pool, &process.key)).await {
            Ok(child) => child,
            Err(error) => {
                lock(&pool.all).remove(&process.key);
                end.send_replace(Some("not started".into()));
                return Err(InvocationError::NotStarted(error.to_string()));
            }
        };
        process.number.store(child.id().unwrap_or_default(), Ordering::Relaxed);
        pool.starts.fetch_add(1, Ordering::Relaxed);
        pool.log.collect(child.stdout.take());
        pool.log.collect(child.stderr.take());
        tokio::spawn(guard(child, Arc::clone(&process), end, Arc::downgrade(pool)));
        Ok(process)
    }

    fn command(&self, pool: &Pool, key: &str) -> Command {
        let spec = &pool.spec;
        let mut words = Vec::new();
        if Path::new(SETPRIV).is_file() {
            words.extend([SETPRIV, "--pdeathsig", "KILL", "--"].map(str::to_owned));
        }
        words.extend(spec.command.iter().cloned());
        let mut command = Command::new(words.first().map_or("", String::as_str));
        // Nothing of the operator's environment reaches a function, as on AWS: what it reads is what it was given.
        command.args(words.get(1..).unwrap_or_default()).env_clear().envs(&pool.environment);
        command.env("AWS_ACCESS_KEY_ID", format!("local-{}", spec.name));
        command.env("AWS_SECRET_ACCESS_KEY", super::host::SECRET);
        command.env("AWS_SESSION_TOKEN", key);
        command.env("AWS_LAMBDA_RUNTIME_API", format!("{}/{key}", self.runtime_api));
        command.env("AWS_LAMBDA_FUNCTION_NAME", &spec.name);
        command.env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", spec.name));
        command.env("AWS_LAMBDA_LOG_STREAM_NAME", key);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        // A group of its own: Ctrl-C in the operator's terminal is for the host, which lets what runs finish.
        command.process_group(0);
        command
    }

    /// The process of a key, if it runs.
    pub(crate) fn process(&self, key: &str) -> Option<Arc<Process>> {
        self.pools.values().find_map(|pool| lock(&pool.all).get(key).cloned())
    }

    /// Kills all processes of the function. Returns how many there were.
    pub(crate) async fn kill(&self, function: &str) -> usize {
        let Some(pool) = self.pools.get(function) else { return 0 };
        let running: Vec<_> = lock(&pool.all).values().cloned().collect();
        for process in &running {
            process.kill().await;
            lock(&pool.all).remove(&process.key);
        }
        running.len()
    }

    /// Ends all processes; invocations that run or wait fail.
    pub(crate) async fn stop(&self) {
        self.stopping.send_replace(true);
        for function in self.pools.keys() {
            while self.kill(function).await > 0 {}
        }
    }

    /// Kills all processes without waiting for their end.
    pub(crate) fn abandon(&self) {
        self.stopping.send_replace(true);
        for process in
            self.pools.values().flat_map(|pool| lock(&pool.all).values().cloned().collect::<Vec<_>>())
        {
            process.kill.notify_one();
        }
    }

    /// Ends the processes that were idle for long.
    pub(crate) fn end_idle(&self) {
        for pool in self.pools.values() {
            lock(&pool.idle).retain(|(process, since)| {
                let keep = since.elapsed() < IDLE;
                if !keep {
                    process.kill.notify_one();
                }
                keep
            });
        }
    }

    /// What runs of each function.
    pub(crate) fn status(&self) -> Vec<FunctionStatus> {
        self.pools.values().map(|pool| pool.status()).collect()
    }
}

/// util-linux, which is on every Debian; without it a child still ends when it next asks the Runtime API.
const SETPRIV: &str = "/usr/bin/setpriv";

impl Pool {
    /// The process that was used last: it is the warmest.
    fn take_idle(&self) -> Option<Arc<Process>> {
        let mut idle = lock(&self.idle);
        std::iter::from_fn(|| idle.pop_back()).map(|(process, _)| process).find(|process| !process.is_ended())
    }

    fn put_back(&self, process: Arc<Process>) {
        let mut idle = lock(&self.idle);
        // Looked at under the lock: the guard removes an ended process from the idle ones under the same lock.
        if !process.is_ended() {
            idle.push_back((process, Instant::now()));
        }
    }

    fn status(&self) -> FunctionStatus {
        let all = lock(&self.all);
        let mut processes: Vec<u32> = all.values().map(|process| process.number()).collect();
        processes.sort_unstable();
        FunctionStatus {
            name: self.spec.name.clone(),
            busy: all.values().filter(|process| lock(&process.current).is_some()).count(),
            processes,
            invocations: self.invocations.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            starts: self.starts.load(Ordering::Relaxed),
        }
    }
}

/// Runs one invocation, and says whether the process was given it.
async fn run(spec: &FunctionSpec, process: &Arc<Process>, payload: Bytes) -> (Outcome, bool) {
    let (reply, answer) = oneshot::channel();
    let (id, now) = (super::identifier(), super::queues::now());
    let taken = Arc::new(AtomicBool::new(false));
    let invocation = Invocation {
        id: id.clone(),
        payload,
        deadline: now + i64::try_from(spec.timeout.as_millis()).unwrap_or(i64::MAX / 2),
        trace: format!("Root=1-{:08x}-{}", now / 1000, &id.replace('-', "")[..24]),
        function: spec.name.clone(),
        taken: Arc::clone(&taken),
    };
    *lock(&process.current) = Some((id, reply));
    // The current invocation is set first: a process that ends from here on fails it.
    if process.is_ended() || process.inbox.send(invocation).await.is_err() {
        return (Err(InvocationError::Ended("before it took the invocation".into())), false);
    }
    let outcome = match tokio::time::timeout(spec.timeout, answer).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => {
            let how = process.ended.clone().wait_for(Option::is_some).await.map(|how| how.clone());
            Err(InvocationError::Ended(how.ok().flatten().unwrap_or_default()))
        }
        Err(_) => {
            process.kill().await;
            Err(InvocationError::TimedOut(spec.timeout))
        }
    };
    (outcome, taken.load(Ordering::SeqCst))
}

/// Waits for the end of a process, or for the wish to kill it, and tells everyone who waits for it.
async fn guard(
    mut child: Child,
    process: Arc<Process>,
    end: watch::Sender<Option<String>>,
    pool: Weak<Pool>,
) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = process.kill.notified() => {
            let _ = child.start_kill();
            child.wait().await
        }
    };
    let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    let pool = pool.upgrade();
    if let Some(pool) = &pool {
        lock(&pool.all).remove(&process.key);
        pool.log.line(&format!("process {} ended: {how}", process.number()));
    }
    end.send_replace(Some(how));
    if let Some(pool) = &pool {
        lock(&pool.idle).retain(|(idle, _)| idle.key != process.key);
    }
    // Dropping the reply tells the invocation that runs; it finds the reason in `ended`, which is set by now.
    lock(&process.current).take();
}

/// Starts children from one thread that lives as long as the host: the kernel's promise to kill a child with its parent
/// is bound to the parent's thread, and the threads of the async runtime come and go.
struct Starter {
    requests: mpsc::UnboundedSender<(Command, oneshot::Sender<io::Result<Child>>)>,
}

impl Starter {
    fn new() -> io::Result<Self> {
        let (requests, mut queue) =
            mpsc::unbounded_channel::<(Command, oneshot::Sender<io::Result<Child>>)>();
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new().name("function-starter".into()).spawn(move || {
            let _entered = runtime.enter();
            while let Some((mut command, reply)) = queue.blocking_recv() {
                let _ = reply.send(command.spawn());
            }
        })?;
        Ok(Self { requests })
    }

    async fn start(&self, command: Command) -> io::Result<Child> {
        let (reply, child) = oneshot::channel();
        self.requests.send((command, reply)).map_err(|_| io::Error::other("the starter has ended"))?;
        child.await.map_err(|_| io::Error::other("the starter has ended"))?
    }
}

/// The log file of a function.
struct Log {
    path: PathBuf,
    function: String,
    echo: bool,
    file: Mutex<(File, u64)>,
}

impl Log {
    fn open(path: PathBuf, function: String, echo: bool) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let length = file.metadata()?.len();
        Ok(Self { path, function, echo, file: Mutex::new((file, length)) })
    }

    /// Collects the lines of a stream until it ends.
    fn collect(self: &Arc<Self>, stream: Option<impl AsyncRead + Unpin + Send + 'static>) {
        let Some(stream) = stream else { return };
        let log = Arc::clone(self);
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).split(b'\n');
            while let Ok(Some(line)) = lines.next_segment().await {
                log.line(&String::from_utf8_lossy(&line));
            }
        });
    }

    fn line(&self, line: &str) {
        if self.echo {
            tracing::info!(target: "function", function = self.function, "{line}");
        }
        let mut file = lock(&self.file);
        if file.1 > LOG_BYTES
            && fs::rename(&self.path, self.path.with_extension("log.old")).is_ok()
            && let Ok(fresh) = OpenOptions::new().create(true).append(true).open(&self.path)
        {
            *file = (fresh, 0);
        }
        // A log that cannot be written must not stop the work that it is about.
        if file.0.write_all(format!("{line}\n").as_bytes()).is_ok() {
            file.1 += line.len() as u64 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_own_executable_is_taken_where_it_lies_beside_and_is_not_stale() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = folder.path().join("bogbro");
        let beside = folder.path().join("scheduler");
        let start = |path: &Path, age: u64| {
            let file = File::create(path).expect("the file");
            let modified = std::time::SystemTime::now() - Duration::from_secs(age);
            file.set_modified(modified).expect("its time");
        };
        let command = || {
            let specs = FunctionSpec::deployed_by(&own);
            specs.into_iter().find(|spec| spec.name == "scheduler").expect("it is deployed").command
        };
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let itself = vec![text(&own), "function".to_owned(), "scheduler".to_owned()];
        start(&own, 10);
        assert_eq!(command(), itself, "there is none beside it");
        start(&beside, 5);
        assert_eq!(command(), [text(&beside)]);
        start(&beside, 500);
        assert_eq!(command() == itself, cfg!(debug_assertions), "an older one is stale in development");
    }
}
