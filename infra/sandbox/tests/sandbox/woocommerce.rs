//! The WooCommerce shop: REST as a live shop answers, webhooks as a live shop sends them.

use crate::support::Bench;
use sandbox::demo::{self, CONSUMER_KEY, CONSUMER_SECRET, WOOCOMMERCE};
use sandbox::signing::hmac_base64;
use sandbox::woocommerce::{FAILURES_THAT_DISABLE, Shop, signing_key};
use sandbox::{Json, Request, Response, WebhookDelivery, object};

fn request(method: &str, path: &str) -> Request {
    let pair = data_encoding::BASE64.encode(format!("{CONSUMER_KEY}:{CONSUMER_SECRET}").as_bytes());
    Request::new(method, &format!("/woocommerce/{WOOCOMMERCE}/wp-json/wc/v3/{path}"))
        .with_header("Authorization", &format!("Basic {pair}"))
}

fn shop(bench: &mut Bench) -> &mut Shop {
    bench.world.woocommerce.get_mut(WOOCOMMERCE).unwrap()
}

fn with_orders() -> Bench {
    let mut bench = Bench::new();
    for (_, text) in demo::woocommerce_orders() {
        shop(&mut bench).load_order(&text).unwrap();
    }
    bench
}

fn ids(answer: &Response) -> Vec<i64> {
    let Json::Array(items) = answer.body_json() else { panic!("{}", answer.body_json()) };
    items.iter().filter_map(|item| item.integer("id")).collect()
}

#[test]
fn keys_are_asked_for_in_header_or_query() {
    let mut bench = with_orders();
    let path = format!("/woocommerce/{WOOCOMMERCE}/wp-json/wc/v3/orders");
    let bare = bench.send(&Request::new("GET", &path));
    assert_eq!((bare.status, bare.body_json().text("code")), (401, Some("woocommerce_rest_cannot_view")));
    let wrong = bench.send(&Request::new("GET", &path).with_header("Authorization", "Basic AAAA"));
    assert_eq!(wrong.status, 401);
    let query = format!("{path}?consumer_key={CONSUMER_KEY}&consumer_secret={CONSUMER_SECRET}");
    assert_eq!(bench.send(&Request::new("GET", &query)).status, 200);
    assert_eq!(bench.send(&request("GET", "orders")).status, 200);
}

#[test]
fn lists_are_paged_with_headers_and_ten_by_default() {
    let mut bench = with_orders();
    for number in 0..15 {
        let text =
            object! { "id": 2000 + number, "status": "processing", "date_created": "2026-11-21T00:00:00" }
                .to_php();
        shop(&mut bench).load_order(&text).unwrap();
    }
    let first = bench.send(&request("GET", "orders"));
    assert_eq!(
        (ids(&first).len(), first.header("x-wp-total"), first.header("x-wp-totalpages")),
        (10, Some("23"), Some("3"))
    );
    assert!(first.header("link").unwrap().contains("rel=\"next\""));
    let last = bench.send(&request("GET", "orders?page=3"));
    assert_eq!(ids(&last).len(), 3);
    assert!(last.header("link").unwrap().contains("rel=\"prev\""));
    assert_eq!(ids(&bench.send(&request("GET", "orders?page=4"))), Vec::<i64>::new());
    assert_eq!(ids(&bench.send(&request("GET", "orders?per_page=100"))).len(), 23);
    for query in ["per_page=101", "per_page=0", "page=x", "orderby=price"] {
        assert_eq!(bench.send(&request("GET", &format!("orders?{query}"))).status, 400, "{query}");
    }
}

#[test]
fn modified_after_is_exclusive_second_grained_and_local_unless_told() {
    let mut bench = with_orders();
    // All were changed at 10:15:00 UTC, 11:15:00 local.
    let mut count =
        |query: &str| ids(&bench.send(&request("GET", &format!("orders?per_page=100&{query}")))).len();
    assert_eq!(count("modified_after=2026-11-20T10:15:00&dates_are_gmt=true"), 0);
    assert_eq!(count("modified_after=2026-11-20T10:14:59&dates_are_gmt=true"), 8);
    assert_eq!(count("modified_after=2026-11-20T10:14:59.999&dates_are_gmt=true"), 8);
    assert_eq!(count("modified_after=2026-11-20T11:14:59"), 8);
    assert_eq!(count("modified_after=2026-11-20T11:15:00"), 0);
    assert_eq!(count("modified_after=2026-11-20T11:14:59&dates_are_gmt=true"), 0);
    assert_eq!(count("status=on-hold"), 1);
    assert_eq!(count("include=1001,1002,9"), 2);
    assert_eq!(bench.send(&request("GET", "orders?modified_after=yesterday")).status, 400);
}

#[test]
fn orders_are_served_byte_for_byte() {
    let mut bench = with_orders();
    for (what, text) in demo::woocommerce_orders() {
        let id = Json::parse(text.as_bytes()).unwrap().integer("id").unwrap();
        assert_eq!(bench.send(&request("GET", &format!("orders/{id}"))).body, text.as_bytes(), "{what}");
    }
    assert_eq!(
        bench.send(&request("GET", "orders/9")).body_json().text("code"),
        Some("woocommerce_rest_shop_order_invalid_id")
    );
}

#[test]
fn own_writes_change_the_order_and_echo() {
    let mut bench = with_orders();
    shop(&mut bench).add_webhook("order.updated", "https://x.example/", "s");
    let meta =
        object! { "meta_data": vec![object! { "key": "_invoice", "value": "10001" }], "status": "completed" };
    let changed = bench.send(&request("PUT", "orders/1001").with_json(&meta)).body_json();
    assert_eq!(
        (changed.text("status"), changed.text("date_modified"), changed.text("date_modified_gmt")),
        (Some("completed"), Some("2026-11-23T13:00:00"), Some("2026-11-23T12:00:00"))
    );
    assert_eq!(changed.text("date_completed_gmt"), Some("2026-11-23T12:00:00"));
    assert_eq!(changed.text("date_paid_gmt"), Some("2026-11-20T10:15:00"), "it was paid before");
    assert_eq!(changed.items("meta_data").last().unwrap().text("value"), Some("10001"));
    let again = object! { "meta_data": vec![object! { "key": "_invoice", "value": "10002" }] };
    let again = bench.send(&request("PUT", "orders/1001").with_json(&again)).body_json();
    assert_eq!(again.items("meta_data").len(), 1, "the same key is changed, not doubled");
    let note =
        bench.send(&request("POST", "orders/1001/notes").with_json(&object! { "note": "Faktura 10001" }));
    assert_eq!((note.status, note.body_json().text("note")), (201, Some("Faktura 10001")));
    assert_eq!(ids(&bench.send(&request("GET", "orders/1001/notes"))).len(), 1);
    let now = bench.now;
    let deliveries = shop(&mut bench).deliveries(now);
    assert_eq!(deliveries.len(), 1, "three changes wait as one delivery");
    let body = Json::parse(&deliveries[0].body).unwrap();
    assert_eq!(body.items("meta_data")[0].text("value"), Some("10002"), "built when it is delivered");
    for (path, body) in [("orders/1001", object! { "status": "sold" }), ("orders/1001/notes", object! {})] {
        assert_eq!(bench.send(&request("POST", path).with_json(&body)).status, 400, "{path}");
    }
    assert_eq!(bench.send(&request("PUT", "orders/1001").with_body("{")).status, 400);
}

#[test]
fn refunds_are_children_and_only_say_updated() {
    let mut bench = with_orders();
    shop(&mut bench).add_webhook("order.updated", "https://x.example/", "s");
    let refund = object! { "id": 1090, "amount": "25.00", "reason": "Kompensation", "line_items": Json::Array(Vec::new()) };
    let now = bench.now;
    assert!(shop(&mut bench).add_refund(now, 1001, refund, "0.00"));
    assert_eq!(ids(&bench.send(&request("GET", "orders/1001/refunds"))), [1090]);
    let order = bench.send(&request("GET", "orders/1001")).body_json();
    assert_eq!(order.items("refunds")[0].text("total"), Some("-25.00"));
    let deliveries = shop(&mut bench).deliveries(now);
    assert_eq!(
        deliveries.iter().map(|delivery| delivery.topic.as_str()).collect::<Vec<_>>(),
        ["order.updated"]
    );
}

#[test]
fn products_are_found_by_several_numbers() {
    let mut bench = Bench::new();
    for (id, sku) in [(1, "A"), (2, "B"), (3, "C")] {
        shop(&mut bench).load_product(object! { "id": id, "sku": sku }).unwrap();
    }
    assert_eq!(ids(&bench.send(&request("GET", "products?sku=A,C"))), [3, 1], "the newest first");
    assert_eq!(bench.send(&request("GET", "products/2")).body_json().text("sku"), Some("B"));
    assert_eq!(bench.send(&request("GET", "products/9")).status, 404);
}

fn placed(secret: &str) -> (Bench, Vec<WebhookDelivery>) {
    let mut bench = Bench::new();
    shop(&mut bench).add_webhook("order.created", "https://x.example/c", secret);
    shop(&mut bench).add_webhook("order.updated", "https://x.example/u", secret);
    let now = bench.now;
    for (_, text) in demo::woocommerce_orders().into_iter().take(2) {
        shop(&mut bench).place_order(now, &text).unwrap();
    }
    let deliveries = shop(&mut bench).deliveries(now);
    (bench, deliveries)
}

#[test]
fn a_checkout_says_updated_before_created_and_signs_the_raw_body() {
    let (_, deliveries) = placed("hemmelig");
    let topics: Vec<(&str, u64)> =
        deliveries.iter().map(|delivery| (delivery.topic.as_str(), delivery.resource)).collect();
    assert_eq!(
        topics,
        [("order.updated", 1001), ("order.created", 1001), ("order.updated", 1002), ("order.created", 1002)]
    );
    let first = &deliveries[0];
    assert_eq!(first.header("x-wc-webhook-signature"), Some(hmac_base64(b"hemmelig", &first.body).as_str()));
    let names: Vec<&str> = first.headers.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "User-Agent",
        "Accept",
        "Accept-Encoding",
        "Content-Type",
        "X-WC-Webhook-Source",
        "X-WC-Webhook-Topic",
        "X-WC-Webhook-Resource",
        "X-WC-Webhook-Event",
        "X-WC-Webhook-Signature",
        "X-WC-Webhook-ID",
        "X-WC-Webhook-Delivery-ID",
        "Connection",
    ];
    assert_eq!(names, expected);
    assert_eq!(first.header("x-wc-webhook-source"), Some("https://krus.example/"));
    assert!(first.body.is_ascii(), "everything outside ASCII is escaped");
    let id = |delivery: &WebhookDelivery| delivery.header("x-wc-webhook-delivery-id").unwrap().to_string();
    assert_eq!(
        id(&deliveries[0]),
        id(&deliveries[2]),
        "two orders by one webhook in one second share their delivery id"
    );
    assert_ne!(id(&deliveries[0]), id(&deliveries[1]));
}

#[test]
fn lines_that_take_stock_say_so_of_their_products() {
    let mut bench = Bench::new();
    shop(&mut bench).add_webhook("product.updated", "https://x.example/p", "s");
    shop(&mut bench).load_product(object! { "id": 1, "sku": "KRUS-BLAA" }).unwrap();
    let now = bench.now;
    let text = demo::woocommerce_orders()[0].1.clone();
    shop(&mut bench).place_order(now, &text).unwrap();
    let deliveries = shop(&mut bench).deliveries(now);
    assert_eq!((deliveries.len(), deliveries[0].topic.as_str()), (1, "product.updated"));
}

#[test]
fn the_vectors_of_the_facts_hold() {
    let body =
        br#"{"id":42,"number":"42","currency":"DKK","total":"597.94","billing":{"first_name":"\u00c5se"}}"#;
    assert_eq!(body.len(), 93);
    assert_eq!(hmac_base64(b"wc-test-secret-2026", body), "8riUo7CZVFn3G7SceyNaxzr4FYbMEzvX2E+tkkAMgd0=");
    assert_eq!(signing_key("a&amp;b&lt;c"), "a&b<c");
    assert_eq!(
        hmac_base64(signing_key("a&amp;b&lt;c").as_bytes(), body),
        "RW7rGOwQtuj3P5X9Ms3mzIj84ac4aGp+56hx5pIVwKk="
    );
    assert_eq!(signing_key("&amp;lt;"), "&lt;", "decoded once, not twice");
}

#[test]
fn a_secret_with_entities_signs_decoded() {
    let (_, deliveries) = placed("a&amp;b");
    assert_eq!(
        deliveries[0].header("x-wc-webhook-signature"),
        Some(hmac_base64(b"a&b", &deliveries[0].body).as_str())
    );
}

#[test]
fn saving_a_webhook_sends_an_unsigned_ping() {
    let mut bench = Bench::new();
    let body = object! { "topic": "order.updated", "delivery_url": "https://x.example/", "secret": "s" };
    assert_eq!(bench.send(&request("POST", "webhooks").with_json(&body)).status, 201);
    let now = bench.now;
    let deliveries = shop(&mut bench).deliveries(now);
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].body, b"webhook_id=1");
    assert_eq!(deliveries[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert!(deliveries[0].headers.iter().all(|(name, _)| !name.starts_with("X-WC")));
    assert_eq!(bench.send(&request("POST", "webhooks").with_json(&object! {})).status, 400);
}

#[test]
fn the_seventh_failure_in_a_row_disables_and_a_put_revives() {
    let mut bench = Bench::new();
    let id = shop(&mut bench).add_webhook("order.updated", "https://x.example/", "s");
    let status = |bench: &mut Bench| {
        bench.send(&request("GET", "webhooks/1")).body_json().text("status").unwrap().to_string()
    };
    for failure in 1..FAILURES_THAT_DISABLE {
        shop(&mut bench).report_delivery(id, if failure % 2 == 0 { None } else { Some(500) });
    }
    shop(&mut bench).report_delivery(id, Some(302));
    for _ in 1..FAILURES_THAT_DISABLE {
        shop(&mut bench).report_delivery(id, Some(303));
    }
    assert_eq!(status(&mut bench), "active", "one success set the count to nothing");
    shop(&mut bench).report_delivery(id, Some(500));
    assert_eq!(status(&mut bench), "disabled");
    let now = bench.now;
    let text = &demo::woocommerce_orders()[0].1;
    shop(&mut bench).place_order(now, text).unwrap();
    assert!(shop(&mut bench).deliveries(now).is_empty(), "a disabled webhook says nothing");
    assert_eq!(ids(&bench.send(&request("GET", "webhooks?status=disabled"))), [1]);
    assert_eq!(
        bench.send(&request("PUT", "webhooks/1").with_json(&object! { "status": "active" })).status,
        200
    );
    assert_eq!(status(&mut bench), "active");
    shop(&mut bench).report_delivery(id, Some(500));
    assert_eq!(status(&mut bench), "disabled", "the count was kept: one more failure is enough");
    bench.send(&request("PUT", "webhooks/1").with_json(&object! { "status": "active" }));
    shop(&mut bench).report_delivery(id, Some(200));
    shop(&mut bench).report_delivery(id, Some(500));
    assert_eq!(status(&mut bench), "active", "a success in between begins anew");
    assert_eq!(bench.send(&request("PUT", "webhooks/1").with_json(&object! { "status": "on" })).status, 400);
    assert_eq!(bench.send(&request("GET", "webhooks/9")).status, 404);
}

#[test]
fn trash_says_the_id_only_and_hides_the_order_from_lists() {
    let (mut bench, _) = placed("s");
    let now = bench.now;
    shop(&mut bench).add_webhook("order.deleted", "https://x.example/d", "s");
    shop(&mut bench).add_webhook("order.restored", "https://x.example/r", "s");
    assert!(shop(&mut bench).trash_order(now, 1001));
    let deliveries = shop(&mut bench).deliveries(now);
    assert_eq!((deliveries.len(), deliveries[0].body.as_slice()), (1, br#"{"id":1001}"#.as_slice()));
    assert_eq!(ids(&bench.send(&request("GET", "orders"))), [1002]);
    assert_eq!(ids(&bench.send(&request("GET", "orders?status=trash"))), [1001]);
    assert_eq!(ids(&bench.send(&request("GET", "orders?status=any,trash"))), [1002], "any is any but those");
    assert!(shop(&mut bench).restore_order(now, 1001, "processing"));
    assert_eq!(shop(&mut bench).deliveries(now)[0].topic, "order.restored");
    assert!(!shop(&mut bench).trash_order(now, 9));
}
