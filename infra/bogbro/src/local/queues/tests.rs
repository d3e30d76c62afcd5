//! The queues' semantics without wire and functions, on short times.

use super::*;

const QUEUE: &str = "work.fifo";
const DEAD: &str = "dead.fifo";

struct World {
    folder: tempfile::TempDir,
    queues: Queues,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let queues = Queues::open(&folder.path().join("queues")).expect("the queues");
        let attributes = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>()
        };
        queues.create(DEAD, &attributes(&[("FifoQueue", "true")])).expect("the dead letters");
        let redrive = format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":3}}"#, resource_name(DEAD));
        let given =
            attributes(&[("FifoQueue", "true"), ("RedrivePolicy", &redrive), ("VisibilityTimeout", "1")]);
        queues.create(QUEUE, &given).expect("the queue");
        Self { folder, queues }
    }

    /// Opens the same file again, as after the end of the process.
    fn reopened(self) -> Self {
        drop(self.queues);
        let queues = Queues::open(&self.folder.path().join("queues")).expect("the queues again");
        Self { folder: self.folder, queues }
    }

    fn send(&self, group: &str, body: &str) -> Sent {
        let message = NewMessage {
            body: body.into(),
            group: Some(group.into()),
            deduplication: Some(body.into()),
            ..NewMessage::default()
        };
        self.queues.send(QUEUE, &message).expect("the send")
    }

    async fn receive(&self, maximum: usize, visibility: u64) -> Vec<Received> {
        let how = Receive {
            maximum,
            wait: Duration::ZERO,
            visibility: Some(Duration::from_millis(visibility)),
            maximum_bytes: usize::MAX,
            for_delivery: true,
        };
        self.queues.receive(QUEUE, how).await.expect("the receive")
    }
}

fn bodies(messages: &[Received]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}

async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

#[tokio::test]
async fn a_group_waits_for_its_message_in_flight_and_comes_again_in_order() {
    let world = World::new();
    for body in ["a1", "a2", "a3"] {
        world.send("a", body);
    }
    world.send("b", "b1");
    assert_eq!(bodies(&world.receive(2, 100).await), ["a1", "a2"]);
    assert_eq!(bodies(&world.receive(10, 100).await), ["b1"], "group a waits");
    pause(150).await;
    let again = world.receive(3, 60_000).await;
    assert_eq!(bodies(&again), ["a1", "a2", "a3"], "after the timeout in the old order");
    assert_eq!(again[0].system["ApproximateReceiveCount"], "2");
    world.queues.delete(QUEUE, &again[0].receipt).expect("the delete");
    world.queues.change_visibility(QUEUE, &again[1].receipt, 0).expect("a2 is given back");
    assert!(
        !bodies(&world.receive(10, 10).await).contains(&"a2"),
        "a3 is still in flight and blocks its group"
    );
}

#[tokio::test]
async fn a_duplicate_is_answered_with_the_first_ids_also_after_the_delete_and_a_restart() {
    let world = World::new();
    let first = world.send("a", "same");
    let received = world.receive(1, 60_000).await;
    world.queues.delete(QUEUE, &received[0].receipt).expect("the delete");
    let world = world.reopened();
    let again = world.send("a", "same");
    assert_eq!((again.id, again.sequence), (first.id, first.sequence));
    assert!(world.receive(10, 0).await.is_empty(), "nothing was sent");
}

#[tokio::test]
async fn what_is_received_too_often_goes_to_the_dead_letters_and_its_group_goes_on() {
    let world = World::new();
    let poison = world.send("a", "poison");
    world.send("a", "good");
    for _ in 0..3 {
        assert_eq!(bodies(&world.receive(1, 5).await), ["poison"]);
        pause(20).await;
    }
    assert_eq!(bodies(&world.receive(10, 5).await), ["good"]);
    let how = Receive {
        maximum: 10,
        wait: Duration::ZERO,
        visibility: None,
        maximum_bytes: 1,
        for_delivery: false,
    };
    let dead = world.queues.receive(DEAD, how).await.expect("the dead letters");
    assert_eq!(bodies(&dead), ["poison"]);
    assert_eq!(dead[0].id, poison.id);
    assert_eq!(dead[0].system["DeadLetterQueueSourceArn"], resource_name(QUEUE));
}

#[tokio::test]
async fn messages_and_their_flight_survive_a_restart() {
    let world = World::new();
    for body in ["a1", "a2"] {
        world.send("a", body);
    }
    assert_eq!(bodies(&world.receive(1, 60_000).await), ["a1"]);
    let world = world.reopened();
    let depth = world.queues.depth(QUEUE).expect("the depth");
    assert_eq!(depth, Depth { visible: 1, in_flight: 1, delayed: 0 });
    assert!(world.receive(10, 10).await.is_empty(), "a1 is still in flight");
    assert_eq!(world.queues.release_deliveries(Duration::ZERO).expect("the release"), 1);
    assert_eq!(bodies(&world.receive(10, 10).await), ["a1", "a2"]);
}

#[tokio::test]
async fn an_expired_receipt_deletes_nothing() {
    let world = World::new();
    world.send("a", "slow");
    let received = world.receive(1, 20).await;
    pause(50).await;
    assert!(
        world.queues.delete(QUEUE, &received[0].receipt).is_err(),
        "the message may be with another by now"
    );
    assert_eq!(bodies(&world.receive(1, 20).await), ["slow"]);
}

#[tokio::test]
async fn a_waiting_receive_wakes_at_once() {
    let world = World::new();
    let how = Receive {
        maximum: 1,
        wait: Duration::from_secs(20),
        visibility: None,
        maximum_bytes: 1,
        for_delivery: false,
    };
    let started = std::time::Instant::now();
    let (received, ()) = tokio::join!(world.queues.receive(QUEUE, how), async {
        pause(30).await;
        world.send("a", "x");
    });
    assert_eq!(bodies(&received.expect("the receive")), ["x"]);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn what_cannot_be_sent_is_refused_with_its_reason() {
    let world = World::new();
    let message = NewMessage {
        body: "x".into(),
        group: Some("g".into()),
        deduplication: Some("d".into()),
        ..NewMessage::default()
    };
    let refused = |change: fn(&mut NewMessage)| {
        let mut changed = message.clone();
        change(&mut changed);
        world.queues.send(QUEUE, &changed).expect_err("a refusal")
    };
    assert!(matches!(refused(|m| m.body.clear()), QueueError::MissingParameter("MessageBody")));
    assert!(matches!(refused(|m| m.body = "a\u{1}".into()), QueueError::InvalidMessageContents));
    assert!(matches!(
        refused(|m| m.body = "x".repeat(MAXIMUM_BYTES + 1)),
        QueueError::InvalidParameterValue(_)
    ));
    assert!(matches!(refused(|m| m.group = None), QueueError::MissingParameter("MessageGroupId")));
    assert!(matches!(refused(|m| m.deduplication = None), QueueError::InvalidParameterValue(_)));
    assert!(matches!(refused(|m| m.delay = Some(1)), QueueError::InvalidParameterValue(_)));
    assert!(matches!(refused(|m| m.group = Some("æ".into())), QueueError::InvalidParameterValue(_)));
    assert!(matches!(world.queues.send("none.fifo", &message), Err(QueueError::QueueDoesNotExist)));
    assert_eq!(world.queues.depth(QUEUE).expect("the depth").total(), 0);
}

#[tokio::test]
async fn what_nobody_receives_within_the_retention_expires() {
    let world = World::new();
    world.send("a", "old");
    let set = |seconds: &str| {
        let attributes = BTreeMap::from([("MessageRetentionPeriod".to_owned(), seconds.to_owned())]);
        world.queues.set_attributes(QUEUE, &attributes)
    };
    assert!(set("59").is_err(), "a minute is the least");
    set("60").expect("the retention");
    world.queues.expire().expect("the expiry");
    assert_eq!(world.queues.depth(QUEUE).expect("the depth").total(), 1, "it is not old yet");
    let long_ago = "UPDATE message SET sent_at = sent_at - 61000";
    world.queues.lock().execute(long_ago, []).expect("the message grows old");
    world.queues.expire().expect("the expiry");
    assert_eq!(world.queues.depth(QUEUE).expect("the depth").total(), 0);
}
