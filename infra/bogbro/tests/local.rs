//! The local run as its users see it: the official AWS clients, functions as processes, and a host that is killed. The
//! function is the example `probe`, which `cargo test` builds beside the tests.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use bogbro::local::{Attempt, FunctionSpec, Host, HostConfig, InvocationError, Trigger, Verdict};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const QUEUE: &str = "orders.fifo";

/// An example's executable.
fn example(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the test's executable");
    let path = own.parent().and_then(Path::parent).expect("the build folder").join("examples").join(name);
    assert!(path.is_file(), "{} is missing: `cargo test -p bogbro` builds it", path.display());
    path
}

struct World {
    folder: tempfile::TempDir,
    host: Host,
}

/// A probe behind these triggers.
fn probe(folder: &Path, triggers: Vec<Trigger>) -> FunctionSpec {
    let lines = folder.join("lines").to_string_lossy().into_owned();
    FunctionSpec {
        name: "probe".into(),
        command: vec![example("probe").to_string_lossy().into_owned()],
        triggers,
        timeout: Duration::from_secs(20),
        concurrency: 4,
        environment: BTreeMap::from([("PROBE_LINES".to_owned(), lines)]),
    }
}

fn queue_trigger() -> Trigger {
    Trigger::Queue { name: QUEUE.into(), batch: 5, maximum_concurrency: 2 }
}

impl World {
    async fn start(trigger: Option<Trigger>, change: impl FnOnce(&mut HostConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = HostConfig::without_functions(folder.path().join("data"));
        config.functions = vec![probe(folder.path(), trigger.into_iter().collect())];
        change(&mut config);
        let host = Host::start(config).await.expect("the host starts");
        Self { folder, host }
    }

    fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("lines")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until the probe has written this many lines.
    async fn lines_when(&self, count: usize) -> Vec<String> {
        wait("the probe's lines", || self.lines().len() >= count).await;
        self.lines()
    }

    async fn send(&self, group: &str, body: &str) {
        send(&clients(&self.host).queues, &self.host.queue_url(QUEUE), group, body).await;
    }

    async fn until_empty(&self) {
        wait("the queue to be empty", || self.host.depth(QUEUE).expect("the depth").total() == 0).await;
    }
}

async fn send(queues: &aws_sdk_sqs::Client, url: &str, group: &str, body: &str) {
    let send = queues.send_message().queue_url(url).message_body(body);
    let id = format!("{group}-{body}");
    send.message_group_id(group).message_deduplication_id(id).send().await.expect("the message is sent");
}

async fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < end, "waited too long for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

struct Clients {
    table: aws_sdk_dynamodb::Client,
    queues: aws_sdk_sqs::Client,
    mails: aws_sdk_ses::Client,
    keys: aws_sdk_kms::Client,
    files: aws_sdk_s3::Client,
}

fn clients(host: &Host) -> Clients {
    clients_at(&host.endpoint_url())
}

fn clients_at(url: &str) -> Clients {
    let credentials = aws_sdk_dynamodb::config::Credentials::new("local-test", "local", None, None, "test");
    let configuration = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-north-1"))
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(credentials))
        .endpoint_url(url)
        .build();
    Clients {
        table: aws_sdk_dynamodb::Client::new(&configuration),
        queues: aws_sdk_sqs::Client::new(&configuration),
        mails: aws_sdk_ses::Client::new(&configuration),
        keys: aws_sdk_kms::Client::new(&configuration),
        files: aws_sdk_s3::Client::new(&configuration),
    }
}

async fn put(table: &aws_sdk_dynamodb::Client, key: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = table.put_item().table_name("bogbro").item("pk", text(key)).item("sk", text("a"));
    let put = put.item("due_shard", text("0")).item("due_at", AttributeValue::N("17".into()));
    put.send().await.expect("the item is put");
}

async fn due(table: &aws_sdk_dynamodb::Client) -> Vec<String> {
    let query =
        table.query().table_name("bogbro").index_name("due").key_condition_expression("due_shard = :s");
    let query = query.expression_attribute_values(":s", AttributeValue::S("0".into()));
    let found = query.send().await.expect("the index answers");
    found.items().iter().map(|item| item["pk"].as_s().expect("a text").clone()).collect()
}

#[tokio::test]
async fn the_official_clients_find_every_service_behind_one_address() {
    let world = World::start(None, |config| config.mail_from = "bogbro@example.com".into()).await;
    let clients = clients(&world.host);

    put(&clients.table, "one").await;
    assert_eq!(due(&clients.table).await, ["one"]);

    let body = aws_sdk_s3::primitives::ByteStream::from_static(b"what came in");
    let key = "log/2026-11/a b.zst";
    clients.files.put_object().bucket("bogbro").key(key).body(body).send().await.expect("the object is put");
    let got = clients.files.get_object().bucket("bogbro").key(key).send().await.expect("the object");
    assert_eq!(got.body.collect().await.expect("its bytes").to_vec(), b"what came in");
    let head = clients.files.head_object().bucket("bogbro").key(key).send().await.expect("its head");
    assert_eq!(head.content_length(), Some(12));
    let listed =
        clients.files.list_objects_v2().bucket("bogbro").prefix("log/").send().await.expect("the list");
    assert_eq!(listed.contents().first().and_then(|object| object.key()), Some(key));
    let absent =
        clients.files.get_object().bucket("bogbro").key("absent").send().await.expect_err("no object");
    assert!(absent.as_service_error().expect("an answer").is_no_such_key());

    let mail = |from: &str| {
        let raw = "To: kunde@example.com\r\nSubject: Fejlrapport\r\n\r\nHej\r\n";
        let raw = aws_sdk_ses::types::RawMessage::builder().data(aws_sdk_ses::primitives::Blob::new(raw));
        let raw = raw.build().expect("a message");
        clients.mails.send_raw_email().source(from).destinations("kunde@example.com").raw_message(raw).send()
    };
    mail("Bogbro <bogbro@example.com>").await.expect("the mail is sent");
    let refused = mail("other@example.com").await.expect_err("nobody verified it");
    assert!(refused.as_service_error().expect("an answer").is_message_rejected());
    let mails = world.host.mails().expect("the mails");
    assert_eq!(mails.len(), 1);
    let message = world.host.message(&mails[0]).expect("the message");
    assert!(String::from_utf8_lossy(&message).contains("Fejlrapport"));
    world.host.stop().await;
}

#[tokio::test]
async fn a_data_key_opens_under_its_own_context_only() {
    let world = World::start(None, |_| {}).await;
    let keys = clients(&world.host).keys;
    let key_id = world.host.environment("test")["BOGBRO_KEY_ID"].clone();
    let made = keys
        .generate_data_key()
        .key_id(&key_id)
        .key_spec(aws_sdk_kms::types::DataKeySpec::Aes256)
        .encryption_context("merchant", "m1")
        .send()
        .await
        .expect("a data key");
    let open = |merchant: &str| {
        let sealed = made.ciphertext_blob().expect("the ciphertext").clone();
        keys.decrypt().ciphertext_blob(sealed).encryption_context("merchant", merchant).send()
    };
    assert_eq!(open("m1").await.expect("its context").plaintext(), made.plaintext());
    let refused = open("m2").await.expect_err("another merchant's context");
    assert!(refused.as_service_error().expect("an answer").is_invalid_ciphertext_exception());
    let unknown =
        keys.generate_data_key().key_id("other").number_of_bytes(32).send().await.expect_err("no such key");
    assert_eq!(unknown.code(), Some("NotFoundException"));
    world.host.stop().await;
}

#[tokio::test]
async fn an_empty_key_is_refused_in_items_and_in_bounds_as_on_aws() {
    let world = World::start(None, |_| {}).await;
    let table = clients(&world.host).table;
    put(&table, "one").await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let between = |from: &str| {
        let query = table.query().table_name("bogbro");
        query
            .key_condition_expression("pk = :partition AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":partition", text("one"))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text("~"))
            .send()
    };
    assert_eq!(between(" ").await.expect("an answer").items().len(), 1);
    let refused = between("").await.expect_err("an empty bound");
    assert_eq!(refused.code(), Some("ValidationException"));
    let beginning = table.query().table_name("bogbro");
    let beginning = beginning
        .key_condition_expression("pk = :p AND begins_with(sk, :b)")
        .expression_attribute_values(":p", text("one"))
        .expression_attribute_values(":b", text(""));
    assert_eq!(beginning.send().await.expect_err("an empty beginning").code(), Some("ValidationException"));
    // Values that are no part of the key condition may be empty.
    let filtered = table.query().table_name("bogbro").key_condition_expression("pk = :p");
    let filtered = filtered
        .filter_expression("note <> :n")
        .expression_attribute_values(":p", text("one"))
        .expression_attribute_values(":n", text(""));
    filtered.send().await.expect("an empty value in a filter");

    let key = || [("pk".to_owned(), text("one")), ("sk".to_owned(), text(""))];
    let put = table.put_item().table_name("bogbro").set_item(Some(key().into())).send().await;
    assert_eq!(put.expect_err("an empty key").code(), Some("ValidationException"));
    let get = table.get_item().table_name("bogbro").set_key(Some(key().into())).send().await;
    assert_eq!(get.expect_err("an empty key").code(), Some("ValidationException"));
    world.host.stop().await;
}

#[tokio::test]
async fn messages_of_a_group_are_handled_in_order_whatever_fails_between_them() {
    let world = World::start(Some(queue_trigger()), |config| config.redelivery = Some(Duration::ZERO)).await;
    for body in ["ok", "fail-1", "crash-2", "last"] {
        world.send("a", body).await;
    }
    world.send("b", "other").await;
    world.until_empty().await;
    let lines = world.lines();
    let mut first_seen: Vec<&str> = Vec::new();
    for line in lines.iter().filter_map(|line| line.strip_prefix("a ")) {
        let body = line.split(' ').next().unwrap_or_default();
        if !first_seen.contains(&body) {
            first_seen.push(body);
        }
    }
    assert_eq!(first_seen, ["ok", "fail-1", "crash-2", "last"], "{lines:?}");
    let last_of_group = lines.iter().rfind(|line| line.starts_with("a ")).expect("a line");
    assert!(last_of_group.starts_with("a last"), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("b other")));
    assert!(lines.contains(&"a crash-2 3".to_owned()), "it came again until it went well: {lines:?}");
    world.host.stop().await;
}

#[tokio::test]
async fn a_poisoned_message_ends_in_the_dead_letters_and_its_group_goes_on() {
    // One at a time: what shares a batch with a crash is counted as received too, here as on AWS.
    let alone = Trigger::Queue { name: QUEUE.into(), batch: 1, maximum_concurrency: 2 };
    let world = World::start(Some(alone), |config| config.redelivery = Some(Duration::ZERO)).await;
    world.send("a", "crash-99").await;
    world.send("a", "after").await;
    let maximum = bogbro::local::deployment::QUEUES[0].maximum_receives as usize;
    world.lines_when(maximum + 1).await;
    world.until_empty().await;
    let lines = world.lines();
    assert_eq!(
        lines.iter().filter(|line| line.contains("crash-99")).count(),
        maximum,
        "the deployed maximum: {lines:?}"
    );
    assert!(lines.last().is_some_and(|line| line.starts_with("a after")), "{lines:?}");
    assert_eq!(world.host.depth("orders-dead.fifo").expect("the depth").total(), 1);
    world.host.stop().await;
}

#[tokio::test]
async fn without_a_redelivery_time_a_failed_message_waits_for_its_visibility_timeout_as_on_aws() {
    let world =
        World::start(Some(queue_trigger()), |config| config.visibility = Some(Duration::from_secs(2))).await;
    let started = Instant::now();
    world.send("a", "fail-1").await;
    world.lines_when(2).await;
    assert!(started.elapsed() >= Duration::from_millis(1900), "{:?}", started.elapsed());
    world.until_empty().await;
    world.host.stop().await;
}

fn gateway_config(config: &mut HostConfig) {
    config.functions[0].timeout = Duration::from_secs(2);
}

#[tokio::test]
async fn the_gateway_turns_requests_into_events_and_answers_into_responses() {
    let world = World::start(Some(Trigger::Route("/v1/webhooks/{connection}".into())), gateway_config).await;
    let http = reqwest::Client::new();
    let at = |path: &str| format!("{}{path}", world.host.gateway_url());
    let post = |path: &str, body: Vec<u8>| {
        http.post(at(path))
            .header("X-Shop", "Æ".as_bytes())
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    let answer = post("/v1/webhooks/echo?a=1", br#"{"id":1}"#.to_vec()).await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.headers()["x-probe"].as_bytes()), (202, b"yes".as_slice()));
    let echoed: serde_json::Value = serde_json::from_str(&answer.text().await.expect("a text"))
        .expect("the event as the function saw it");
    assert_eq!(echoed["function"], "probe");
    assert_eq!(echoed["event"]["pathParameters"]["connection"], "echo");
    assert_eq!(echoed["event"]["body"], r#"{"id":1}"#);
    assert_eq!(echoed["event"]["requestContext"]["http"]["method"], "POST");

    let cases = [
        ("/v1/other", Vec::new(), 404),
        ("/v1/webhooks/fail", Vec::new(), 500),
        ("/v1/webhooks/crash", Vec::new(), 500),
        ("/v1/webhooks/hang", Vec::new(), 503),
        ("/v1/webhooks/echo", vec![b'x'; 7 << 20], 413),
        ("/v1/webhooks/echo", vec![b'x'; 11 << 20], 413),
        ("/v1/webhooks/echo", vec![b'x'; 1 << 20], 202),
    ];
    for (path, body, status) in cases {
        let length = body.len();
        let answer = post(path, body).await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{path} with {length} bytes");
    }
    world.host.stop().await;
}

#[tokio::test]
async fn a_hanging_process_is_killed_and_the_next_invocation_has_a_fresh_one() {
    let world = World::start(None, |config| config.functions[0].timeout = Duration::from_millis(500)).await;
    let hang = world.host.invoke("probe", r#"{"do":"hang"}"#).await;
    assert_eq!(hang, Err(InvocationError::TimedOut(Duration::from_millis(500))));
    let failed = world.host.invoke("probe", r#"{"do":"fail"}"#).await.expect_err("it was told to");
    assert!(matches!(&failed, InvocationError::Reported { message, .. } if message.contains("told to fail")));
    assert!(matches!(
        world.host.invoke("probe", r#"{"do":"crash"}"#).await,
        Err(InvocationError::Ended(how)) if how.contains("signal")
    ));
    for _ in 0..3 {
        assert_eq!(world.host.invoke("probe", r#"{"do":"echo"}"#).await, Ok(br#"{"do":"echo"}"#.to_vec()));
    }
    let status = &world.host.functions()[0];
    assert_eq!(
        (status.starts, status.processes.len(), status.busy),
        (3, 1, 0),
        "idle processes are used again"
    );
    world.host.stop().await;
}

#[tokio::test]
async fn a_functions_output_lines_are_collected() {
    let world = World::start(None, |_| {}).await;
    world.host.invoke("probe", r#"{"do":"loud"}"#).await.expect("an answer");
    let log = world.host.data().join("logs/probe.log");
    wait("the line", || std::fs::read_to_string(&log).is_ok_and(|text| text.contains("a line of the probe")))
        .await;
    world.host.stop().await;
}

#[tokio::test]
async fn a_schedule_comes_at_its_rate_and_its_last_time_survives_a_restart() {
    let world = World::start(Some(Trigger::Every(Duration::from_millis(300))), |_| {}).await;
    let lines = world.lines_when(3).await;
    assert!(lines.iter().all(|line| line == "event aws.events"), "{lines:?}");
    world.host.stop().await;
    let before =
        std::fs::read_to_string(world.folder.path().join("lines")).expect("the lines").lines().count();
    let mut config = HostConfig::without_functions(world.folder.path().join("data"));
    config.functions = vec![probe(world.folder.path(), vec![Trigger::Every(Duration::from_secs(3600))])];
    let host = Host::start(config).await.expect("the host starts again");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let after =
        std::fs::read_to_string(world.folder.path().join("lines")).expect("the lines").lines().count();
    assert_eq!(before, after, "an hour has not passed");
    host.stop().await;
}

#[tokio::test]
async fn the_observer_sees_who_calls_what_and_can_kill_the_caller_around_the_call() {
    let world = World::start(None, |_| {}).await;
    for (verdict, stored) in [(Verdict::KillBefore, 0), (Verdict::KillAfter, 1), (Verdict::Pass, 1)] {
        world.host.forget_calls();
        let seen = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&seen);
        world.host.on_call(Some(Arc::new(move |attempt: &Attempt<'_>| {
            if attempt.caller != "probe" {
                return Verdict::Pass;
            }
            assert_eq!((attempt.operation, attempt.process.is_some()), ("dynamodb:PutItem", true));
            counter.fetch_add(1, Ordering::SeqCst);
            verdict
        })));
        let outcome = world.host.invoke("probe", r#"{"do":"put"}"#).await;
        assert_eq!(outcome.is_ok(), verdict == Verdict::Pass, "{verdict:?}: {outcome:?}");
        assert_eq!(seen.load(Ordering::SeqCst), 1, "{verdict:?}: a killed process does not try again");
        let table = clients(&world.host).table;
        let scanned = table.scan().table_name("bogbro").send().await.expect("the scan");
        assert_eq!(scanned.count(), stored, "{verdict:?}");
        let calls = world.host.calls();
        let put = calls.iter().find(|(key, _)| key.caller == "probe").map(|(key, count)| {
            assert_eq!(key.permissions[0].resource, "table/bogbro");
            count.calls
        });
        assert_eq!(put, (verdict != Verdict::KillBefore).then_some(1), "{verdict:?}");
    }
    world.host.stop().await;
}

#[tokio::test]
async fn a_host_tells_about_itself_and_a_second_one_does_not_start_beside_it() {
    let world = World::start(Some(queue_trigger()), |_| {}).await;
    world.host.invoke("probe", "{}").await.expect("an answer");
    for (page, wanted) in
        [("health", "ok"), ("functions", "probe"), ("queues", QUEUE), ("mails", "["), ("calls", "[")]
    {
        let url = format!("{}/_host/{page}", world.host.endpoint_url());
        let text = reqwest::get(url).await.expect("an answer").text().await.expect("a text");
        assert!(text.contains(wanted), "{page}: {text}");
    }
    let second = Host::start(HostConfig::without_functions(world.folder.path().join("data"))).await;
    assert!(second.err().expect("a refusal").to_string().contains("another host"));
    assert_eq!(world.host.kill("probe").await, 1);
    world.host.stop().await;
}

#[tokio::test]
async fn no_message_is_lost_or_overtaken_while_processes_and_hosts_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = || async {
        let mut config = HostConfig::without_functions(folder.path().join("data"));
        config.functions = vec![probe(folder.path(), vec![queue_trigger()])];
        config.redelivery = Some(Duration::ZERO);
        Host::start(config).await.expect("the host starts")
    };
    let mut host = start().await;
    let sender = clients(&host).queues;
    let wanted: Vec<String> = (100..260).map(|number| format!("g{} slow-{number}", number % 8)).collect();
    for (number, line) in wanted.iter().enumerate() {
        let (group, body) = line.split_once(' ').expect("group and body");
        send(&sender, &host.queue_url(QUEUE), group, body).await;
        // Between the messages the processes are killed, and the host ends twice: once in order, once not.
        if [10, 30, 50, 70, 90, 110].contains(&number) {
            host.kill("probe").await;
        }
    }
    for end in ["stop", "crash"] {
        if end == "stop" {
            host.stop().await
        } else {
            host.crash().await
        }
        host = start().await;
    }
    wait("the queue to be empty", || host.depth(QUEUE).expect("the depth").total() == 0).await;
    assert_eq!(host.depth("orders-dead.fifo").expect("the depth").total(), 0);
    let lines = std::fs::read_to_string(folder.path().join("lines")).expect("the lines");
    let mut first_handled: Vec<String> = Vec::new();
    for line in lines.lines().filter_map(|line| line.rsplit_once(' ')).map(|(line, _)| line.to_owned()) {
        if !first_handled.contains(&line) {
            first_handled.push(line);
        }
    }
    for group in (0..8).map(|number| format!("g{number} ")) {
        let of_group = |lines: &[String]| -> Vec<String> {
            lines.iter().filter(|line| line.starts_with(&group)).cloned().collect()
        };
        assert_eq!(of_group(&first_handled), of_group(&wanted), "{group}");
    }
    host.stop().await;
}

/// The host as a process of its own.
struct Separate {
    child: tokio::process::Child,
    url: String,
}

impl Separate {
    async fn start(data: &Path, lines: &Path) -> Self {
        use tokio::io::{AsyncBufReadExt, BufReader};
        let script = lines.with_extension("sh");
        let text =
            format!("#!/bin/sh\nPROBE_LINES={} exec {}\n", lines.display(), example("probe").display());
        std::fs::write(&script, text).expect("the script");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&script, mode).expect("the script is executable");
        let mut command = tokio::process::Command::new(example("services"));
        command.arg(data).arg("0").arg(script).stderr(std::process::Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the host's process");
        let mut output = BufReader::new(child.stderr.take().expect("its output")).lines();
        let line = output.next_line().await.expect("its output").expect("its address");
        let url = line.strip_prefix("AWS_ENDPOINT_URL=").expect("the address").to_owned();
        Self { child, url }
    }

    fn queue(&self) -> String {
        format!("{}/000000000000/{QUEUE}", self.url)
    }
}

fn running(program: &Path, lines: &Path) -> usize {
    let wanted = lines.as_os_str().as_encoded_bytes();
    let processes = std::fs::read_dir("/proc").expect("the processes").flatten();
    let ours = processes.filter(|entry| {
        let of_program = std::fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == program);
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        of_program && environment.windows(wanted.len()).any(|window| window == wanted)
    });
    ours.count()
}

#[tokio::test]
async fn everything_that_was_accepted_survives_the_hosts_sudden_end_and_no_function_outlives_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, lines) = (folder.path().join("data"), folder.path().join("lines"));
    let probe = std::fs::canonicalize(example("probe")).expect("the probe");
    let mut host = Separate::start(&data, &lines).await;
    let before = clients_at(&host.url);
    put(&before.table, "kept").await;
    let object = aws_sdk_s3::primitives::ByteStream::from_static(b"kept");
    before
        .files
        .put_object()
        .bucket("bogbro")
        .key("kept")
        .body(object)
        .send()
        .await
        .expect("the object is put");
    let key_id = "b06b0000-0000-4000-8000-000000000001";
    let made =
        before.keys.generate_data_key().key_id(key_id).number_of_bytes(32).send().await.expect("a data key");
    send(&before.queues, &host.queue(), "a", "hang-1").await;
    send(&before.queues, &host.queue(), "a", "behind").await;
    wait("the probe to hang", || std::fs::read_to_string(&lines).is_ok_and(|text| text.contains("hanging")))
        .await;
    assert_eq!(running(&probe, &lines), 1);

    host.child.kill().await.expect("SIGKILL");
    wait("the probe to end with its host", || running(&probe, &lines) == 0).await;

    let host = Separate::start(&data, &lines).await;
    let after = clients_at(&host.url);
    assert_eq!(due(&after.table).await, ["kept"]);
    let got = after.files.get_object().bucket("bogbro").key("kept").send().await.expect("the object");
    assert_eq!(got.body.collect().await.expect("its bytes").to_vec(), b"kept");
    let sealed = made.ciphertext_blob().expect("the ciphertext").clone();
    let opened = after.keys.decrypt().ciphertext_blob(sealed).send().await.expect("the data key");
    assert_eq!(opened.plaintext(), made.plaintext());
    use aws_sdk_sqs::types::QueueAttributeName as Name;
    let asked = after.queues.get_queue_attributes().queue_url(host.queue()).attribute_names(Name::All);
    let answer = asked.send().await.expect("the queue's attributes");
    let number = |name: Name| answer.attributes().and_then(|all| all.get(&name)).cloned().unwrap_or_default();
    let (visible, in_flight) =
        (number(Name::ApproximateNumberOfMessages), number(Name::ApproximateNumberOfMessagesNotVisible));
    assert_eq!(
        (visible.as_str(), in_flight.as_str()),
        ("1", "1"),
        "one was with the probe, one waited behind it"
    );
}
