//! The Shopify shop: GraphQL over stored orders, its budget, and webhooks with their retries.

use crate::support::Bench;
use sandbox::demo::{self, SHOPIFY, SHOPIFY_ACCESS_TOKEN, SHOPIFY_CLIENT_SECRET};
use sandbox::shopify::{RETRIES, Shop};
use sandbox::signing::hmac_base64;
use sandbox::{Json, Request, Response, WebhookDelivery, object};

const ORDER: u64 = 5_000_000_002_001;

fn shop(bench: &mut Bench) -> &mut Shop {
    bench.world.shopify.get_mut(SHOPIFY).unwrap()
}

fn with_orders() -> Bench {
    let mut bench = Bench::new();
    for (_, text, transactions) in demo::shopify_orders() {
        let id = shop(&mut bench).load_order(&text).unwrap();
        shop(&mut bench).transactions.insert(id, transactions);
    }
    bench
}

fn post(body: &Json) -> Request {
    Request::new("POST", &format!("/shopify/{SHOPIFY}/admin/api/2026-01/graphql.json"))
        .with_header("X-Shopify-Access-Token", SHOPIFY_ACCESS_TOKEN)
        .with_json(body)
}

fn ask(bench: &mut Bench, query: &str, variables: Json) -> Json {
    let answer: Response = bench.send(&post(&object! { "query": query, "variables": variables }));
    assert_eq!(answer.status, 200, "{}", answer.body_json());
    answer.body_json()
}

fn code(answer: &Json) -> Option<&str> {
    answer.items("errors").first().and_then(|error| error.text("extensions.code"))
}

#[test]
fn the_token_the_version_and_the_method_are_checked() {
    let mut bench = Bench::new();
    let path = format!("/shopify/{SHOPIFY}/admin/api/2026-01/graphql.json");
    assert_eq!(bench.send(&Request::new("POST", &path)).status, 401);
    assert_eq!(
        bench.send(&Request::new("POST", &path).with_header("X-Shopify-Access-Token", "x")).status,
        401
    );
    let to = |method: &str, path: &str| {
        Request::new(method, path).with_header("X-Shopify-Access-Token", SHOPIFY_ACCESS_TOKEN)
    };
    assert_eq!(bench.send(&to("POST", &path.replace("2026-01", "latest"))).status, 404);
    assert_eq!(bench.send(&to("GET", &path)).status, 405);
    assert_eq!(bench.send(&to("POST", &path).with_body("{")).status, 400);
}

#[test]
fn an_order_tells_the_same_in_both_shapes() {
    let mut bench = with_orders();
    let query = "query One($id: ID!) { order(id: $id) {
        id legacyResourceId name test taxesIncluded currencyCode displayFinancialStatus displayFulfillmentStatus createdAt
        total: totalPriceSet { shopMoney { amount currencyCode } presentmentMoney { amount } }
        customer { id displayName email }
        billingAddress { ...place }
        lineItems(first: 10) { nodes { sku quantity originalUnitPriceSet { shopMoney { amount } }
            taxLines { rate ratePercentage priceSet { shopMoney { amount } } }
            discountAllocations { allocatedAmountSet { shopMoney { amount } }
                discountApplication { __typename ... on DiscountCodeApplication { code } value { ... on MoneyV2 { amount } } } } }
            pageInfo { hasNextPage endCursor } }
        shippingLines(first: 5) { edges { node { title originalPriceSet { shopMoney { amount } } } } }
        transactions { kind status gateway amountSet { shopMoney { amount } } }
        purchasingEntity { __typename ... on Customer { id } } } }
        fragment place on MailingAddress { city countryCodeV2 company }";
    let answer = ask(&mut bench, query, object! { "id": "gid://shopify/Order/5000000002002" });
    let order = answer.path("data.order").unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(order.text("legacyResourceId"), Some("5000000002002"));
    assert_eq!((order.text("name"), order.text("displayFinancialStatus")), (Some("#2002"), Some("PAID")));
    assert_eq!(order.text("createdAt"), Some("2026-11-20T10:20:00Z"), "GraphQL gives UTC");
    assert_eq!(order.text("total.shopMoney.amount"), Some("423.0"));
    assert_eq!(order.text("billingAddress.city"), Some("Ærøskøbing"));
    let line = &order.items("lineItems.nodes")[0];
    assert_eq!((line.text("sku"), line.integer("quantity")), (Some("TE-100"), Some(3)));
    assert_eq!(line.text("originalUnitPriceSet.shopMoney.amount"), Some("50.0"));
    assert_eq!(line.items("taxLines")[0].decimal("ratePercentage").unwrap().to_string(), "25");
    let allocation = &line.items("discountAllocations")[0];
    assert_eq!(allocation.text("allocatedAmountSet.shopMoney.amount"), Some("25.0"));
    assert_eq!(allocation.text("discountApplication.__typename"), Some("DiscountCodeApplication"));
    assert_eq!(allocation.text("discountApplication.code"), Some("TE20"));
    assert_eq!(allocation.text("discountApplication.value.amount"), Some("25.0"));
    assert_eq!(order.items("shippingLines.edges")[0].text("node.title"), Some("GLS Pakkeshop"));
    assert_eq!(order.items("transactions")[0].text("kind"), Some("SALE"));
    assert_eq!(order.text("purchasingEntity.__typename"), Some("Customer"));
}

#[test]
fn a_missing_order_is_null_and_a_wrong_id_an_error() {
    let mut bench = with_orders();
    let query = "query($id: ID!) { order(id: $id) { id } }";
    let missing = ask(&mut bench, query, object! { "id": "gid://shopify/Order/1" });
    assert_eq!(missing.path("data.order"), Some(&Json::Null));
    let wrong = ask(&mut bench, query, object! { "id": "1" });
    assert!(code(&wrong).is_some());
}

#[test]
fn queries_that_the_shop_would_refuse_are_refused() {
    let mut bench = with_orders();
    for (what, query, expected) in [
        ("an unknown field", "{ order(id: \"gid://shopify/Order/1\") { id grandTotal } }", "undefinedField"),
        (
            "an unknown field of an empty list",
            "{ orders(first: 1) { nodes { refunds { sum } } } }",
            "undefinedField",
        ),
        (
            "an object without selection",
            "{ orders(first: 1) { nodes { totalPriceSet } } }",
            "selectionMismatch",
        ),
        ("a selection on a scalar", "{ shop { name { x } } }", "selectionMismatch"),
        ("a connection without first", "{ orders { nodes { id } } }", "BAD_REQUEST"),
        ("too many at once", "{ orders(first: 251) { nodes { id } } }", "BAD_REQUEST"),
        ("a missing variable", "query($id: ID!) { order(id: $id) { id } }", "INVALID_VARIABLE"),
        ("an undeclared variable", "{ order(id: $id) { id } }", "variableNotDefined"),
        ("a missing fragment", "{ shop { ...gone } }", "useAndDefineFragment"),
        ("a fragment of another type", "{ shop { ... on Order { id } } }", "cannotSpreadFragment"),
        ("no query", "", "PARSE_ERROR"),
        ("a broken query", "{ shop { name }", "PARSE_ERROR"),
        ("a part of a connection that is none", "{ orders(first: 1) { items { id } } }", "undefinedField"),
        ("an unknown mutation", "mutation { orderClose(input: {}) { order { id } } }", "undefinedField"),
        (
            "an argument that is none",
            "mutation { webhookSubscriptionCreate(topic: ORDERS_PAID, webhookSubscription: {callbackUrl: \"https://x.example/\"}) { userErrors { message } } }",
            "argumentNotAccepted",
        ),
        ("an unknown argument", "{ orders(first: 1, limit: 3) { nodes { id } } }", "argumentNotAccepted"),
        (
            "too dear",
            "{ orders(first: 250) { nodes { lineItems(first: 250) { nodes { id } } } } }",
            "MAX_COST_EXCEEDED",
        ),
    ] {
        let answer = ask(&mut bench, query, object! {});
        assert_eq!(code(&answer), Some(expected), "{what}: {answer}");
    }
    let recursive = "{ shop { ...a } } fragment a on Shop { ...a }";
    assert_eq!(code(&ask(&mut bench, recursive, object! {})), Some("BAD_REQUEST"));
    assert_eq!(code(&bench.send(&post(&object! {})).body_json()), Some("BAD_REQUEST"));
}

#[test]
fn orders_are_swept_by_time_in_pages() {
    let mut bench = with_orders();
    for (minutes, id) in (0i64..).zip(shop(&mut bench).orders.keys().copied().collect::<Vec<_>>()) {
        let order = shop(&mut bench).orders.get_mut(&id).unwrap();
        order.set("updated_at", format!("2026-11-20T11:{minutes:02}:00+01:00"));
    }
    let query = "query($after: String, $query: String) { orders(first: 2, after: $after, query: $query, sortKey: UPDATED_AT) {
        edges { cursor node { id updatedAt } } pageInfo { hasNextPage endCursor } } }";
    let mut seen = Vec::new();
    let mut after = Json::Null;
    loop {
        let variables =
            object! { "after": after, "query": "updated_at:>='2026-11-20T10:01:00Z' AND test:false" };
        let answer = ask(&mut bench, query, variables);
        let found = answer.path("data.orders").unwrap_or_else(|| panic!("{answer}"));
        seen.extend(found.items("edges").iter().filter_map(|edge| edge.text("node.id").map(str::to_string)));
        if found.path("pageInfo.hasNextPage") == Some(&Json::Bool(false)) {
            break;
        }
        after = found.path("pageInfo.endCursor").cloned().unwrap();
    }
    let expected: Vec<String> =
        (2..=5).map(|number| format!("gid://shopify/Order/{}", 5_000_000_002_000u64 + number)).collect();
    assert_eq!(seen, expected, "the first is too old, the last a test order");
    let strange = ask(&mut bench, query, object! { "after": "x", "query": "" });
    assert_eq!(code(&strange), Some("BAD_REQUEST"));
}

#[test]
fn searches_know_their_terms() {
    let mut bench = with_orders();
    for (query, count) in [
        ("name:#2001", 1),
        ("name:2001", 1),
        ("financial_status:pending", 1),
        ("id:5000000002003", 1),
        ("id:>5000000002003", 3),
        ("status:any", 6),
        ("created_at:<'2026-11-20'", 0),
        ("created_at:>='2026-11-20' financial_status:paid test:true", 1),
        ("tag:none", 0),
    ] {
        let answer = ask(
            &mut bench,
            "query($q: String) { orders(first: 50, query: $q) { nodes { id } } }",
            object! { "q": query },
        );
        assert_eq!(answer.items("data.orders.nodes").len(), count, "{query}");
    }
}

#[test]
fn sixty_days_are_all_that_read_orders_reaches() {
    let mut bench = with_orders();
    bench.later(61 * 86_400);
    shop(&mut bench).reads_all_orders = false;
    let count = |bench: &mut Bench| {
        ask(bench, "{ orders(first: 50) { nodes { id } } }", object! {}).items("data.orders.nodes").len()
    };
    assert_eq!(count(&mut bench), 0);
    shop(&mut bench).reads_all_orders = true;
    assert_eq!(count(&mut bench), 6);
}

#[test]
fn the_budget_runs_out_and_comes_back() {
    let mut bench = with_orders();
    shop(&mut bench).throttle.set_available(60);
    let query = "{ orders(first: 50) { nodes { id } } }";
    let first = ask(&mut bench, query, object! {});
    assert_eq!(first.integer("extensions.cost.requestedQueryCost"), Some(52));
    // Six orders and the list around them; the rest comes back at once.
    assert_eq!(first.integer("extensions.cost.actualQueryCost"), Some(7));
    assert_eq!(first.integer("extensions.cost.throttleStatus.currentlyAvailable"), Some(53));
    ask(&mut bench, query, object! {});
    let refused = ask(&mut bench, query, object! {});
    assert_eq!(code(&refused), Some("THROTTLED"));
    assert!(refused.get("data").is_none());
    assert_eq!(refused.path("extensions.cost.actualQueryCost"), Some(&Json::Null));
    bench.later(1);
    assert_eq!(code(&ask(&mut bench, query, object! {})), None);
}

#[test]
fn a_query_costs_all_the_objects_that_it_may_answer_with() {
    let mut bench = with_orders();
    let gid = format!("gid://shopify/Order/{ORDER}");
    for (fields, cost) in [
        ("id name", 1),
        ("totalPriceSet { shopMoney { amount } }", 3),
        ("lineItems(first: 10) { nodes { id } pageInfo { hasNextPage } }", 1 + 2 + 1 + 10),
        ("lineItems(first: 10) { nodes { taxLines { priceSet { shopMoney { amount } } } } }", 1 + 2 + 10 * 4),
        (
            "refunds(first: 20) { refundLineItems(first: 10) { nodes { lineItem { id } } } }",
            1 + 20 * (1 + 2 + 20),
        ),
    ] {
        let query = format!("query($id: ID!) {{ order(id: $id) {{ {fields} }} }}");
        let answer = ask(&mut bench, &query, object! { "id": &gid });
        assert_eq!(answer.integer("extensions.cost.requestedQueryCost"), Some(cost), "{fields}");
        bench.later(10);
    }
    let nested = "query($id: ID!) { order(id: $id) { refunds(first: 20) { refundLineItems(first: 40) { nodes { lineItem { id } } } } } }";
    let refused = ask(&mut bench, nested, object! { "id": &gid });
    assert_eq!(code(&refused), Some("MAX_COST_EXCEEDED"));
}

#[test]
fn the_app_knows_its_own_scopes() {
    let mut bench = with_orders();
    let scopes = |bench: &mut Bench| {
        let answer = ask(bench, "{ currentAppInstallation { accessScopes { handle } } }", object! {});
        answer.items("data.currentAppInstallation.accessScopes").len()
    };
    shop(&mut bench).reads_all_orders = false;
    let few = scopes(&mut bench);
    shop(&mut bench).reads_all_orders = true;
    assert_eq!(scopes(&mut bench), few + 1);
}

#[test]
fn tags_and_notes_are_written_once_and_echo() {
    let mut bench = with_orders();
    let now = bench.now;
    shop(&mut bench).subscribe(now, "orders/updated", "https://x.example/");
    let gid = format!("gid://shopify/Order/{ORDER}");
    let add = "mutation($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) { node { ... on Order { tags } } userErrors { field message } } }";
    let variables = object! { "id": &gid, "tags": vec!["invoice-10001"] };
    let answer = ask(&mut bench, add, variables.clone());
    assert_eq!(answer.items("data.tagsAdd.node.tags")[0].as_text(), Some("invoice-10001"), "{answer}");
    ask(&mut bench, add, variables);
    let order = shop(&mut bench).orders[&ORDER].clone();
    assert_eq!(order.text("tags"), Some("invoice-10001"));
    assert_eq!(shop(&mut bench).deliveries(now).len(), 1, "the second write changed nothing");
    let update = "mutation($input: OrderInput!) { orderUpdate(input: $input) { order { note } userErrors { message } } }";
    let answer =
        ask(&mut bench, update, object! { "input": object! { "id": &gid, "note": "Faktura 10001" } });
    assert_eq!(answer.text("data.orderUpdate.order.note"), Some("Faktura 10001"));
    let wrong =
        ask(&mut bench, update, object! { "input": object! { "id": "gid://shopify/Order/1", "note": "x" } });
    assert_eq!(wrong.items("data.orderUpdate.userErrors").len(), 1);
    let long = ask(&mut bench, add, object! { "id": &gid, "tags": vec!["x".repeat(41)] });
    assert_eq!(long.items("data.tagsAdd.userErrors").len(), 1);
}

#[test]
fn subscriptions_are_made_listed_and_removed() {
    let mut bench = Bench::new();
    let create = "mutation($topic: WebhookSubscriptionTopic!, $in: WebhookSubscriptionInput!) {
        webhookSubscriptionCreate(topic: $topic, webhookSubscription: $in) { webhookSubscription { id topic uri } userErrors { message } } }";
    let variables = |topic: &str, uri: &str| object! { "topic": topic, "in": object! { "uri": uri } };
    let mut made = |topic: &str, uri: &str| ask(&mut bench, create, variables(topic, uri));
    let first = made("ORDERS_CREATE", "https://x.example/");
    assert_eq!(
        first.text("data.webhookSubscriptionCreate.webhookSubscription.topic"),
        Some("ORDERS_CREATE"),
        "{first}"
    );
    for (topic, uri) in
        [("ORDERS_CREATE", "https://x.example/"), ("NO_SUCH", "https://x.example/"), ("ORDERS_PAID", "x")]
    {
        assert_eq!(
            made(topic, uri).items("data.webhookSubscriptionCreate.userErrors").len(),
            1,
            "{topic} {uri}"
        );
    }
    let mut topics = Vec::new();
    for topic in [
        "ORDERS_PARTIALLY_FULFILLED",
        "REFUNDS_CREATE",
        "ORDER_TRANSACTIONS_CREATE",
        "APP_SCOPES_UPDATE",
        "INVENTORY_LEVELS_UPDATE",
    ] {
        let answer = made(topic, "https://x.example/");
        topics.push(
            answer
                .text("data.webhookSubscriptionCreate.webhookSubscription.topic")
                .unwrap_or_default()
                .to_string(),
        );
    }
    assert_eq!(
        topics,
        [
            "ORDERS_PARTIALLY_FULFILLED",
            "REFUNDS_CREATE",
            "ORDER_TRANSACTIONS_CREATE",
            "APP_SCOPES_UPDATE",
            "INVENTORY_LEVELS_UPDATE"
        ]
    );
    let names: Vec<String> =
        shop(&mut bench).subscriptions.values().map(|known| known.topic.clone()).collect();
    assert_eq!(
        names,
        [
            "orders/create",
            "orders/partially_fulfilled",
            "refunds/create",
            "order_transactions/create",
            "app/scopes_update",
            "inventory_levels/update"
        ]
    );
    let listed = ask(
        &mut bench,
        "{ webhookSubscriptions(first: 10) { nodes { id topic callbackUrl format } } }",
        object! {},
    );
    assert_eq!(listed.items("data.webhookSubscriptions.nodes").len(), 6);
    let id = listed.items("data.webhookSubscriptions.nodes")[0].text("id").unwrap().to_string();
    let delete = "mutation($id: ID!) { webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { message } } }";
    let gone = ask(&mut bench, delete, object! { "id": &id });
    assert_eq!(gone.text("data.webhookSubscriptionDelete.deletedWebhookSubscriptionId"), Some(id.as_str()));
    assert_eq!(shop(&mut bench).subscriptions.len(), 5);
}

#[test]
fn the_vectors_of_the_facts_hold() {
    let body = r##"{"id":820982911946154508,"name":"#1001","currency":"DKK","total_price":"249.00","note":"Tak for købet"}"##;
    assert_eq!(body.len(), 104);
    assert_eq!(
        hmac_base64(b"hush-shpss_test", body.as_bytes()),
        "XJ1mVvGGCn4RCijd66/MDLVg8l9aGZkPY5JanbXEZXg="
    );
    assert_eq!(hmac_base64(b"hush-shpss_test", b"{}"), "gcBDhRBcanHl0wrUde/hUt3Q8Qu/2UipcsjN13C+S9g=");
}

fn placed() -> (Bench, Vec<WebhookDelivery>) {
    let mut bench = Bench::new();
    let now = bench.now;
    for topic in ["orders/create", "orders/paid"] {
        shop(&mut bench).subscribe(now, topic, "https://x.example/");
    }
    let text = demo::shopify_orders()[0].1.clone();
    shop(&mut bench).place_order(now, &text).unwrap();
    let deliveries = shop(&mut bench).deliveries(now);
    (bench, deliveries)
}

#[test]
fn a_delivery_carries_the_order_signed_with_its_headers() {
    let (mut bench, deliveries) = placed();
    let topics: Vec<&str> = deliveries.iter().map(|delivery| delivery.topic.as_str()).collect();
    assert_eq!(topics, ["orders/create", "orders/paid"]);
    let first = &deliveries[0];
    assert_eq!(
        first.header("x-shopify-hmac-sha256"),
        Some(hmac_base64(SHOPIFY_CLIENT_SECRET.as_bytes(), &first.body).as_str())
    );
    assert_eq!(
        (first.header("x-shopify-topic"), first.header("x-shopify-shop-domain")),
        (Some("orders/create"), Some("kande.myshopify.com"))
    );
    assert_eq!(first.header("x-shopify-triggered-at"), Some("2026-11-23T12:00:00Z"));
    assert_ne!(first.header("x-shopify-webhook-id"), deliveries[1].header("x-shopify-webhook-id"));
    assert_ne!(first.header("x-shopify-event-id"), deliveries[1].header("x-shopify-event-id"), "two events");
    let now = bench.now;
    assert!(shop(&mut bench).deliveries(now).is_empty(), "given out once until its fate is known");
}

#[test]
fn retries_carry_the_first_body_and_end_after_eight() {
    let (mut bench, deliveries) = placed();
    let mut now = bench.now;
    let first = deliveries[0].clone();
    shop(&mut bench).report_delivery(now, &deliveries[1], Some(200));
    shop(&mut bench).change_order(now, ORDER, "orders/none", |order| order.set("note", "changed"));
    shop(&mut bench).report_delivery(now, &first, None);
    assert!(shop(&mut bench).deliveries(now).is_empty(), "not at once");
    bench.later(60);
    now = bench.now;
    let second = shop(&mut bench).deliveries(now).remove(0);
    assert_eq!(
        (&second.body, second.header("x-shopify-webhook-id")),
        (&first.body, first.header("x-shopify-webhook-id"))
    );
    shop(&mut bench).report_delivery(now, &second, Some(200));
    bench.later(86_400);
    now = bench.now;
    assert!(shop(&mut bench).deliveries(now).is_empty(), "a success ends it");
    assert_eq!(RETRIES, 8);
}

#[test]
fn eight_failures_in_a_row_delete_the_subscription() {
    let (mut bench, deliveries) = placed();
    let mut delivery = deliveries[0].clone();
    for failure in 1..=8 {
        assert!(shop(&mut bench).subscriptions.contains_key(&delivery.webhook), "failure {failure}");
        let now = bench.now;
        shop(&mut bench).report_delivery(now, &delivery, Some(500));
        bench.later(5 * 3600);
        let now = bench.now;
        if let Some(next) =
            shop(&mut bench).deliveries(now).into_iter().find(|next| next.webhook == delivery.webhook)
        {
            delivery = next;
        }
    }
    assert!(!shop(&mut bench).subscriptions.contains_key(&delivery.webhook));
    assert_eq!(shop(&mut bench).subscriptions.len(), 1, "the other one is still there");
}

#[test]
fn refunds_come_as_their_own_body_and_inside_the_order() {
    let mut bench = with_orders();
    let now = bench.now;
    shop(&mut bench).subscribe(now, "refunds/create", "https://x.example/");
    let transaction = object! { "id": 1, "kind": "refund", "status": "success", "amount": "100.00", "currency": "DKK", "gateway": "shopify_payments" };
    let line = object! { "id": 2, "line_item_id": ORDER * 10 + 1, "quantity": 1, "subtotal": Json::Number("80.00".into()), "total_tax": 20, "restock_type": "return" };
    let refund = object! { "id": 77, "order_id": ORDER, "created_at": "2026-11-22T10:00:00+01:00", "processed_at": "2026-11-22T10:00:00+01:00", "note": "Knust", "refund_line_items": vec![line], "order_adjustments": Json::Array(Vec::new()), "transactions": vec![transaction] };
    assert!(shop(&mut bench).add_refund(now, ORDER, refund.clone(), "partially_refunded"));
    let delivered = shop(&mut bench).deliveries(now);
    assert_eq!(delivered[0].body, refund.to_string().into_bytes());
    let query = "query($id: ID!) { order(id: $id) { displayFinancialStatus refunds { id note totalRefundedSet { shopMoney { amount } }
        refundLineItems(first: 5) { nodes { quantity subtotalSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } } lineItem { sku } } } } } }";
    let answer = ask(&mut bench, query, object! { "id": format!("gid://shopify/Order/{ORDER}") });
    let shown = &answer.items("data.order.refunds")[0];
    assert_eq!(shown.text("totalRefundedSet.shopMoney.amount"), Some("100.0"), "{answer}");
    let line = &shown.items("refundLineItems.nodes")[0];
    assert_eq!(
        (
            line.text("subtotalSet.shopMoney.amount"),
            line.text("totalTaxSet.shopMoney.amount"),
            line.text("lineItem.sku")
        ),
        (Some("80.0"), Some("20.0"), Some("KANDE-1L"))
    );
    assert_eq!(answer.text("data.order.displayFinancialStatus"), Some("PARTIALLY_REFUNDED"));
}
