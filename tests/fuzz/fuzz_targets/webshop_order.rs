//! Any text as an order: reading never panics, and what is read has amounts in one currency.
#![no_main]

use connectors::ports::ReadingRules;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let rules = ReadingRules::default();
    for system in ["woocommerce", "shopify"] {
        let shop = connectors::registry::webshop(system).expect("the system is registered");
        if let Ok(order) = shop.read_order(text, &rules) {
            assert_eq!(order.total.currency(), order.currency);
            assert!(order.lines.iter().all(|line| line.net.currency() == order.currency));
            let _ = order.check();
        }
    }
});
