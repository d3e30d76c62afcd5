//! The world behind a real socket.

use crate::support::{Bench, economic, invoice, line};
use sandbox::{Fault, Operation, Request, Rule, Serving, World, serve_with};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

struct Server {
    address: String,
    world: Arc<Mutex<World>>,
}

async fn start() -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let world = Arc::new(Mutex::new(Bench::new().world));
    let serving =
        Serving { silence: Duration::from_millis(50), clock: || crate::support::NOW.parse().unwrap() };
    tokio::spawn(serve_with(listener, Arc::clone(&world), serving));
    Server { address, world }
}

/// Sends a request and reads until the connection closes; nothing when no answer came.
async fn send(server: &Server, request: &Request) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let mut head = format!("{} {}", request.method, request.path);
    if !request.query.is_empty() {
        head.push_str(&format!("?{}", request.query));
    }
    head.push_str(&format!(
        " HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
        server.address,
        request.body.len()
    ));
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    stream.write_all(&request.body).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_string()))
}

fn create() -> Request {
    economic("POST", "/economic/rest/invoices/drafts").with_json(&invoice(vec![line("MUG-11", "1", "1.00")]))
}

#[tokio::test]
async fn requests_go_through_and_links_point_back_here() {
    let server = start().await;
    let (status, body) = send(&server, &create()).await.unwrap();
    assert_eq!(status, 201);
    assert!(body.contains(&format!("http://{}/economic/rest/invoices/drafts/1", server.address)), "{body}");
    assert!(!body.contains("restapi.e-conomic.com"));
    let (status, body) = send(
        &server,
        &economic("GET", "/economic/rest/invoices/drafts?filter=references.other$eq:1001%20k-1"),
    )
    .await
    .unwrap();
    assert_eq!((status, body.contains("\"results\":1")), (200, true));
}

#[tokio::test]
async fn silence_and_broken_connections_are_real() {
    let server = start().await;
    for (fault, drafts) in
        [(Fault::TimeoutBefore, 0), (Fault::ResetBefore, 0), (Fault::TimeoutAfter, 1), (Fault::ResetAfter, 2)]
    {
        server.world.lock().unwrap().script.rules = vec![Rule::once(Operation::CreateDraft, fault.clone())];
        assert_eq!(send(&server, &create()).await, None, "{fault:?}");
        let world = server.world.lock().unwrap();
        assert_eq!(world.agreements[sandbox::demo::AGREEMENT].drafts.len(), drafts, "{fault:?}");
    }
}

#[tokio::test]
async fn people_and_tests_can_look_and_steer() {
    let server = start().await;
    let get = |path: &str| Request::new("GET", path);
    let order = sandbox::demo::woocommerce_orders()[0].1.clone();
    let place = Request::new("POST", "/_sandbox/woocommerce/krus/orders").with_body(order);
    assert_eq!(send(&server, &place).await.unwrap().0, 201);
    assert_eq!(
        send(&server, &Request::new("POST", "/_sandbox/woocommerce/krus/orders").with_body("x"))
            .await
            .unwrap()
            .0,
        400
    );
    let faults = r#"{"rules":[{"operation":"CreateDraft","fault":{"FailBefore":503},"times":1}]}"#;
    assert_eq!(
        send(&server, &Request::new("PUT", "/_sandbox/faults").with_body(faults)).await.unwrap().0,
        204
    );
    assert_eq!(send(&server, &create()).await.unwrap().0, 503);
    assert_eq!(send(&server, &create()).await.unwrap().0, 201);
    assert!(send(&server, &get("/_sandbox/faults")).await.unwrap().1.contains("\"struck\":1"));
    assert!(send(&server, &get("/_sandbox/log")).await.unwrap().1.contains("CreateDraft"));
    assert!(send(&server, &get("/_sandbox")).await.unwrap().1.contains("\"drafts\":1"));
    assert!(
        send(&server, &get("/_sandbox/economic/demo-merchant/journal"))
            .await
            .unwrap()
            .1
            .contains("account 5600 Debitorer")
    );
    assert!(
        send(&server, &get("/_sandbox/economic/demo-merchant/documents"))
            .await
            .unwrap()
            .1
            .contains("1001 k-1")
    );
    assert_eq!(
        send(&server, &Request::new("PUT", "/_sandbox/economic/demo-merchant/rounding/per-line"))
            .await
            .unwrap()
            .0,
        204
    );
    assert_eq!(send(&server, &Request::new("POST", "/_sandbox/deliveries")).await.unwrap().1, "[]");
    let state = send(&server, &get("/_sandbox/state")).await.unwrap().1;
    assert_eq!(send(&server, &Request::new("PUT", "/_sandbox/state").with_body(state)).await.unwrap().0, 204);
    assert_eq!(send(&server, &Request::new("PUT", "/_sandbox/state").with_body("{}x")).await.unwrap().0, 400);
    assert_eq!(send(&server, &get("/_sandbox/none")).await.unwrap().0, 404);
}
