//! Any text as a message of the queue or a stored plan: what is read can be written and read again as the same.
#![no_main]

use domain::Plan;
use engine::Message;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(message) = serde_json::from_str::<Message>(text) {
        let again = serde_json::to_string(&message).expect("a message that was read can be written");
        let read: Message = serde_json::from_str(&again).expect("and read again");
        assert_eq!(read.transfer().to_string(), message.transfer().to_string());
        assert_eq!(read, message);
    }
    if let Ok(plan) = serde_json::from_str::<Plan>(text) {
        let again = serde_json::to_string(&plan).expect("a plan that was read can be written");
        let read: Plan = serde_json::from_str(&again).expect("and read again");
        assert_eq!(read.hash(), plan.hash());
    }
});
