//! Any bytes as a shop's answers, and any text as the place of a sweep: orders, lists, tags, notes and webhooks. No panic, no
//! end without it, and reading leaves nothing open.
#![no_main]

mod answers;

use answers::{Answers, key, reads};
use connectors::ports::{ReadingRules, Webshop};
use domain::identity::Effect;
use domain::plan::WriteBackStep;
use domain::settings::WriteBackForm;
use domain::{ConnectionId, DocumentKind, EntityId};
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<(u16, Vec<u8>)>, String)| {
    let (input, page) = input;
    let answers = Answers::new(input);
    let rules = ReadingRules {
        gift_card_products: vec!["GAVE".to_owned()],
        gift_card_fees: vec!["Gavekort".to_owned()],
        ..ReadingRules::default()
    };
    let entity = EntityId::new("1001");
    let since = "2026-11-20T10:00:00Z".parse().expect("a time");
    for system in ["woocommerce", "shopify"] {
        let shop: &dyn Webshop = connectors::registry::webshop(system).expect("the system is registered");
        reads(block_on(shop.fetch_order(answers.again(), &entity, &rules)));
        reads(block_on(shop.fetch_product(answers.again(), &entity)));
        reads(block_on(shop.changed_since(answers.again(), since, None)));
        reads(block_on(shop.changed_since(answers.again(), since, Some(&page))));
        for form in [WriteBackForm::Tag, WriteBackForm::Note] {
            let step = WriteBackStep {
                key: key(Effect::WriteBack),
                connection: ConnectionId::new("shop"),
                form,
                template: "Faktura {number}".to_owned(),
                kind: DocumentKind::BookedInvoice,
            };
            let _ = block_on(shop.write_back(answers.again(), &entity, &step, "10001"));
        }
        let _ = block_on(shop.tend(answers.again(), true));
    }
});
