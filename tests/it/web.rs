//! The web room over real sockets: what a client can see, and what it can do to us.

mod abuse;
mod bodies;
mod certificates;
mod configured;
mod tls;
mod verdicts;

use std::sync::Arc;
use std::time::Duration;

use cloudsync_exporter::web::{Bound, Handler, Limits, ListenAddr, Live, Peer, Request, Router, respond};
use hyper::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on loopback.
struct Server {
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
    ended: JoinHandle<()>,
    /// Lets one request to /wait go on.
    go_on: Arc<Notify>,
    /// Told when a request to /wait has arrived.
    arrived: Arc<Notify>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        let (go_on, arrived) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (going_on, arriving) = (go_on.clone(), arrived.clone());
        let router = Router::new()
            .get("/hello", |_| async { respond::text(StatusCode::OK, "hello") })
            .get("/panic", |_| async { panic!("on purpose") })
            .get("/large", |_| async { respond::text(StatusCode::OK, vec![b'x'; 64 << 20]) })
            .get("/peer", |request: Request| async move {
                let Peer(peer) = request.extensions().get().copied().unwrap();
                respond::text(StatusCode::OK, peer.to_string())
            })
            .get("/wait", move |_| {
                let (going_on, arriving) = (going_on.clone(), arriving.clone());
                async move {
                    arriving.notify_one();
                    going_on.notified().await;
                    respond::text(StatusCode::OK, "waited")
                }
            })
            .route(Method::POST, "/echo", |request: Request| async move {
                respond::text(StatusCode::OK, request.into_body())
            });
        Self { go_on, arrived, ..Self::serve(router, limits).await }
    }

    /// One with pages of its own.
    async fn serve(handler: impl Handler, limits: Limits) -> Self {
        Self::serve_by(handler, limits, None).await
    }

    /// The same with the TLS of a web configuration.
    async fn serve_by(handler: impl Handler, limits: Limits, live: Option<Arc<Live>>) -> Self {
        let address = ListenAddr { host: Some("127.0.0.1".to_owned()), port: 0 };
        let bound = Bound::bind(&[address]).await.unwrap().with_tls_of(live);
        let address = bound.local_addrs()[0];
        let shutdown = CancellationToken::new();
        let ended = bound.serve(Arc::new(handler), limits, shutdown.clone());
        Self { address, shutdown, ended, go_on: Arc::default(), arrived: Arc::default() }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `request` and reads all that comes until the server closes.
    async fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_all(&mut stream).await
    }

    async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.ended).await.unwrap().unwrap();
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server must close");
    String::from_utf8(bytes).unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn requests_are_answered() {
    let server = Server::start(Limits::default()).await;
    let answer = server.exchange(&get("/hello")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nhello"), "{answer}");
    assert!(answer.contains("content-length: 5\r\n"));
    let echoed = "POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi";
    assert!(server.exchange(echoed).await.ends_with("\r\n\r\nhi"));
    assert!(server.exchange(&get("/peer")).await.contains("\r\n\r\n127.0.0.1:"));
    server.stop().await;
}

#[tokio::test]
async fn head_says_the_length_and_sends_nothing() {
    let server = Server::start(Limits::default()).await;
    let answer = server.exchange(&get("/hello").replace("GET", "HEAD")).await;
    assert!(answer.contains("content-length: 5\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_panic_costs_its_request_alone() {
    let server = Server::start(Limits::default()).await;
    let both = get("/panic").replace("connection: close\r\n", "") + &get("/hello");
    let answer = server.exchange(&both).await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(answer.ends_with("hello"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_it() {
    let first = Bound::bind(&[ListenAddr { host: Some("127.0.0.1".to_owned()), port: 0 }]).await.unwrap();
    let taken = ListenAddr::from(first.local_addrs()[0]);
    let error = Bound::bind(std::slice::from_ref(&taken)).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().starts_with(&format!("cannot listen on {taken}: ")), "{error}");
}

#[tokio::test]
async fn no_host_is_every_interface() {
    let bound = Bound::bind(&[ListenAddr { host: None, port: 0 }]).await.unwrap();
    let address = bound.local_addrs()[0];
    let shutdown = CancellationToken::new();
    let router = Router::new().get("/", |_| async { respond::text(StatusCode::OK, "here") });
    let ended = bound.serve(Arc::new(router), Limits::default(), shutdown.clone());
    TcpStream::connect(("127.0.0.1", address.port())).await.unwrap();
    if address.is_ipv6() && std::net::TcpListener::bind("[::1]:0").is_ok() {
        TcpStream::connect(("::1", address.port())).await.unwrap();
    }
    shutdown.cancel();
    ended.await.unwrap();
}

#[tokio::test]
async fn several_addresses_are_served() {
    let any = ListenAddr { host: Some("127.0.0.1".to_owned()), port: 0 };
    let bound = Bound::bind(&[any.clone(), any]).await.unwrap();
    let addresses = bound.local_addrs();
    let shutdown = CancellationToken::new();
    let router = Router::new().get("/", |_| async { respond::text(StatusCode::OK, "here") });
    let ended = bound.serve(Arc::new(router), Limits::default(), shutdown.clone());
    assert_ne!(addresses[0], addresses[1]);
    for address in addresses {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(get("/").as_bytes()).await.unwrap();
        assert!(read_all(&mut stream).await.ends_with("here"));
    }
    shutdown.cancel();
    ended.await.unwrap();
}

#[tokio::test]
async fn a_response_under_way_is_finished_before_the_end() {
    let server = Server::start(Limits::default()).await;
    let mut waiting = server.connect().await;
    waiting.write_all(get("/wait").as_bytes()).await.unwrap();
    server.arrived.notified().await;
    server.shutdown.cancel();
    // No new connection is answered, yet the old one is.
    server.go_on.notify_one();
    assert!(read_all(&mut waiting).await.ends_with("waited"));
    timeout(PATIENCE, server.ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_response_that_does_not_end_is_cut_off() {
    let server = Server::start(Limits { drain: Duration::from_millis(50), ..Limits::default() }).await;
    let mut waiting = server.connect().await;
    waiting.write_all(get("/wait").as_bytes()).await.unwrap();
    server.arrived.notified().await;
    server.shutdown.cancel();
    timeout(PATIENCE, server.ended).await.unwrap().unwrap();
    assert_eq!(read_all(&mut waiting).await, "");
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_end() {
    let server = Server::start(Limits::default()).await;
    let mut idle = server.connect().await;
    let mut kept = server.connect().await;
    kept.write_all(get("/hello").replace("connection: close\r\n", "").as_bytes()).await.unwrap();
    let mut some = [0; 12];
    kept.read_exact(&mut some).await.unwrap();
    server.stop().await;
    read_all(&mut idle).await;
    read_all(&mut kept).await;
}
