//! How much of a body is read, who decides it, and how the rest is refused.

use cloudsync_exporter::web::{Answer, BodyLimit, Problem, Response, with_body_limit};
use hyper::http::request::Parts;

use super::*;

/// Far more than the system buffers for a connection.
const LARGE: usize = 32 << 20;

/// An API as ours will be: it reads no body of a stranger, and speaks problems.
struct Api(Router);

impl Api {
    fn new() -> Self {
        let echo = |request: Request| async move { respond::text(StatusCode::OK, request.into_body()) };
        let router = Router::new()
            .refusing(problem)
            .route(Method::POST, "/echo", echo)
            .route(Method::POST, "/hooks/{name}", with_body_limit(BodyLimit::Bytes(8), echo))
            .route(Method::POST, "/panic", |_| async { panic!("on purpose") });
        router.check().unwrap();
        Self(router)
    }

    /// The token, and that the other end is known when it matters.
    fn knows(head_extensions: &hyper::http::Extensions, headers: &hyper::HeaderMap) -> bool {
        let Peer(peer) = head_extensions.get().copied().expect("the peer is known");
        peer.ip().is_loopback() && headers.contains_key("authorization")
    }
}

fn problem(status: StatusCode) -> Response {
    Problem::new(status, "urn:test", "Refused").into_response()
}

impl Handler for Api {
    fn handle(&self, request: Request) -> Answer {
        if Self::knows(request.extensions(), request.headers()) {
            return self.0.handle(request);
        }
        assert!(request.body().is_empty());
        Box::pin(async { problem(StatusCode::UNAUTHORIZED) })
    }

    fn refuse(&self, status: StatusCode) -> Response {
        self.0.refuse(status)
    }

    fn body_limit(&self, head: &Parts) -> BodyLimit {
        assert_ne!(head.uri.path(), "/limit-panics", "on purpose");
        if Self::knows(&head.extensions, &head.headers) { self.0.body_limit(head) } else { BodyLimit::Unread }
    }
}

/// A server with a limit of four bytes where nobody says another.
async fn start() -> Server {
    let limits = Limits { max_body_bytes: 4, linger: PATIENCE, ..Limits::default() };
    Server::serve(Api::new(), limits).await
}

/// A request with a token.
fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\nauthorization: a\r\n{headers}\r\n\r\n{body}")
}

/// Asserts that `answer` is a problem with this status and the last of its connection.
fn assert_last_problem(answer: &str, status: u16) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("content-type: application/problem+json\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    let body = format!(r#"{{"type":"urn:test","title":"Refused","status":{status}}}"#);
    assert!(answer.ends_with(&body), "{answer}");
}

#[tokio::test]
async fn each_route_has_its_own_limit() {
    let server = start().await;
    let close = |length| format!("connection: close\r\ncontent-length: {length}");
    for (path, body, fits) in [
        ("/echo", "1234", true),
        ("/echo", "12345", false),
        ("/hooks/a", "12345678", true),
        ("/hooks/a", "123456789", false),
    ] {
        let answer = server.exchange(&post(path, &close(body.len()), body)).await;
        if fits {
            assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(body), "{path} {answer}");
        } else {
            assert_last_problem(&answer, 413);
        }
        let chunked = format!("2\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n", &body[..2], body.len() - 2, &body[2..]);
        let chunked = post(path, "connection: close\r\ntransfer-encoding: chunked", &chunked);
        let answer = server.exchange(&chunked).await;
        assert!(answer.starts_with(if fits { "HTTP/1.1 200 " } else { "HTTP/1.1 413 " }), "{path} {answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_will_be_refused_is_not_waited_for() {
    let server = start().await;
    let long = "content-length: 10000000000";
    let stranger = |request: String| request.replace("authorization: a\r\n", "");
    for (request, status) in [
        (stranger(post("/echo", long, "")), 401),
        (stranger(post("/echo", "transfer-encoding: chunked", "")), 401),
        (stranger(post("/none", long, "")), 401),
        (post("/echo", long, ""), 413),
        (post("/hooks/a", long, ""), 413),
        (post("/none", long, ""), 404),
        (post("/echo", long, "").replace("POST", "PUT"), 405),
    ] {
        assert_last_problem(&server.exchange(&request).await, status);
    }
    server.stop().await;
}

#[tokio::test]
async fn nothing_is_asked_for_that_will_not_be_read() {
    let server = start().await;
    let expecting = |length| format!("connection: close\r\nexpect: 100-continue\r\ncontent-length: {length}");
    assert_last_problem(&server.exchange(&post("/echo", &expecting(5), "")).await, 413);
    assert_last_problem(&server.exchange(&post("/none", &expecting(2), "")).await, 404);
    let asked = server.exchange(&post("/echo", &expecting(2), "hi")).await;
    assert!(asked.starts_with("HTTP/1.1 100 Continue\r\n") && asked.ends_with("hi"), "{asked}");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_is_still_sending_gets_its_answer() {
    let server = start().await;
    for (request, status) in [("/none", 404), ("/echo", 413)] {
        let mut stream = server.connect().await;
        let head = post(request, &format!("content-length: {LARGE}"), "");
        stream.write_all(head.as_bytes()).await.unwrap();
        // A connection that was closed with this unread would be reset.
        stream.write_all(&vec![b'x'; LARGE]).await.unwrap();
        assert_last_problem(&read_all(&mut stream).await, status);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_never_stops_sending_is_cut_off() {
    let limits = Limits { linger: Duration::from_millis(50), ..Limits::default() };
    let server = Server::serve(Api::new(), limits).await;
    let mut stream = server.connect().await;
    stream.write_all(post("/none", "transfer-encoding: chunked", "").as_bytes()).await.unwrap();
    let endless = async { while stream.write_all(b"1\r\nx\r\n").await.is_ok() {} };
    timeout(PATIENCE, endless).await.expect("the server must close");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_without_a_body_is_kept() {
    let server = start().await;
    let none = "GET /none HTTP/1.1\r\nhost: a\r\nauthorization: a\r\n\r\n";
    let empty = post("/none", "content-length: 0", "");
    let last = post("/echo", "connection: close\r\ncontent-length: 2", "hi");
    let answers = server.exchange(&(none.to_owned() + &empty + &last)).await;
    assert_eq!(answers.matches("HTTP/1.1 404 ").count(), 2, "{answers}");
    assert!(answers.ends_with("hi"), "{answers}");
    server.stop().await;
}

#[tokio::test]
async fn the_server_refuses_in_the_handler_s_words() {
    let limits = Limits { body_timeout: Duration::from_millis(50), ..Limits::default() };
    let server = Server::serve(Api::new(), limits).await;
    assert_last_problem(&server.exchange(&post("/echo", "content-length: 9", "hi")).await, 408);
    let broken = post("/echo", "transfer-encoding: chunked", "zz\r\n");
    assert_last_problem(&server.exchange(&broken).await, 400);
    for path in ["/panic", "/limit-panics"] {
        let answer = server.exchange(&post(path, "connection: close", "")).await;
        assert!(answer.starts_with("HTTP/1.1 500 ") && answer.ends_with(r#""status":500}"#), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_refusal_that_panics_is_said_in_our_words() {
    let refusing = Router::new().refusing(|_| panic!("on purpose"));
    let server = Server::serve(refusing, Limits::default()).await;
    let answer = server.exchange(&get("/none")).await;
    assert!(answer.ends_with("500 Internal Server Error\n"), "{answer}");
    server.stop().await;
}
