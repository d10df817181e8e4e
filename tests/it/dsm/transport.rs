//! What else may answer instead of a NAS, or not at all.

use std::io::Write;
use std::time::Duration;

use cloudsync_exporter::dsm::{Batch, Reason, SecondFactor};
use serde_json::json;
use tokio::net::TcpListener;

use super::peer::{Peer, Reply, Step, call, info, login};
use super::{Bench, assert_presentable};

#[test]
fn calls_may_be_made_on_any_thread() {
    fn is_send<T: Send>(_: T) {}
    let bench = Bench::new("http://nas");
    is_send(bench.client.get_config());
    is_send(bench.client.run(Batch::new()));
    is_send(bench.client.enroll_device("1".into(), "x"));
}

async fn reason(step: Step) -> (Reason, String, String) {
    let peer = Peer::start([step]).await;
    let bench = Bench::with(&peer.url(), SecondFactor::None, |options| {
        options.timeout = Duration::from_millis(500);
        options.max_response_bytes = 1000;
    });
    let error = bench.client.discover().await.unwrap_err();
    assert_presentable(&error);
    let noted = bench.notes.requests.lock().unwrap().clone();
    assert_eq!(noted, [("query".to_owned(), Err(error.reason()))]);
    (error.reason(), error.to_string(), error.advice().into_owned())
}

fn body(content: &str) -> Step {
    info().status("200 OK", "", content)
}

#[tokio::test]
async fn answers_that_are_none() {
    let html = "  <!DOCTYPE html><html></html>";
    for (step, expected, text) in [
        (body(html), Reason::Decode, "query: the answer is an HTML page"),
        (body("{\"success\":"), Reason::Decode, "query: the answer is not JSON: EOF while parsing"),
        (body("[1]"), Reason::Decode, "query: the answer is not an object"),
        (body("{}"), Reason::Decode, "query: the answer says neither success nor failure"),
        (body(&" ".repeat(1001)), Reason::Decode, "query: the answer is larger than 1000 bytes"),
        (info().status("500 Oh", "", html), Reason::Http, "the answer is HTTP 500"),
        (info().status("502 Bad Gateway", "", html), Reason::Http, "the answer is HTTP 502"),
        (info().status("204 No Content", "", ""), Reason::Http, "the answer is HTTP 204"),
        (
            info().raw("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
            Reason::Http,
            "the connection ended before",
        ),
        (
            info().raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"suc"),
            Reason::Http,
            "the connection ended before",
        ),
        (info().raw(""), Reason::Http, "the connection ended before"),
        (info().raw("SSH-2.0-OpenSSH_9.6\r\n"), Reason::Http, "the answer is not HTTP: "),
        (
            info().status("200 OK", "content-encoding: gzip\r\n", "no gzip"),
            Reason::Decode,
            "query: the answer's compression",
        ),
        (info().reply(Reply::Silence), Reason::Timeout, "no complete answer within 500ms"),
        (info().code(100), Reason::Api, "SYNO.API.Info query was refused with code 100 (unknown error)"),
    ] {
        let (reason, message, _) = reason(step).await;
        assert_eq!(reason, expected, "{message}");
        assert!(message.starts_with(text), "{message}");
    }
}

#[tokio::test]
async fn a_redirect_is_named_and_not_followed() {
    for (location, named) in [
        ("location: https://ann:canary@other.lan/canary?passwd=canary#x\r\n", "https://other.lan;"),
        ("location: /portal\r\n", "http://"),
        ("", "address of DSM"),
    ] {
        let (reason, message, advice) = reason(info().status("302 Found", location, "")).await;
        assert_eq!((reason, &*message), (Reason::Http, "the answer is HTTP 302, a redirect"));
        assert!(advice.contains(named) && !advice.contains("canary"), "{advice}");
    }
}

#[tokio::test]
async fn the_limit_holds_for_what_is_unpacked() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&vec![b' '; 10_000_000]).unwrap();
    let packed = gzip.finish().unwrap();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len());
    let answer = [head.as_bytes(), &packed].concat();
    let (reason, message, _) = reason(info().reply(Reply::Raw(answer))).await;
    assert_eq!(reason, Reason::Decode);
    assert!(message.contains("larger than 1000 bytes"), "{message}");
}

#[tokio::test]
async fn no_name_and_no_service() {
    let bench = Bench::new("http://nas.invalid:5000");
    let error = bench.client.discover().await.unwrap_err();
    assert_eq!(error.reason(), Reason::Dns);
    assert!(error.to_string().starts_with("cannot resolve nas.invalid: "), "{error}");
    assert_presentable(&error);
    assert!(!bench.client.pause(3).await.unwrap_err().outcome_is_open());

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let bench = Bench::new(&format!("http://{address}"));
    let error = bench.client.get_config().await.unwrap_err();
    assert_eq!(error.reason(), Reason::Connect);
    assert_presentable(&error);
    assert_eq!(bench.requests(), ["query"], "no login where nobody is");
    assert!(!bench.client.pause(3).await.unwrap_err().outcome_is_open());
}

#[tokio::test]
async fn a_dead_connection_is_replaced_for_calls_that_change_nothing() {
    let dead = |step: Step| step.raw("");
    let peer = Peer::start([
        info(),
        login(1),
        dead(call(1, "get_config", &[])),
        call(1, "get_config", &[]).data(json!({})),
    ])
    .await;
    let bench = Bench::new(&peer.url());
    bench.client.get_config().await.unwrap();
    assert_eq!(bench.requests(), ["query", "login", "get_config"], "one request, as far as it counts");
    // Once, and never for what changes something.
    peer.then([dead(call(1, "get_config", &[])), dead(call(1, "get_config", &[]))]);
    assert_eq!(bench.client.get_config().await.unwrap_err().reason(), Reason::Http);
    peer.then([info(), dead(call(1, "pause", &[("connection_id", "3")]))]);
    let error = bench.client.pause(3).await.unwrap_err();
    assert_eq!(
        (error.reason(), error.method(), error.outcome_is_open()),
        (Reason::Http, Some("pause"), true)
    );
}

#[tokio::test]
async fn whether_a_call_was_made_is_open_only_once_it_was_sent() {
    let pause = || call(1, "pause", &[("connection_id", "3")]);
    let html = "<html></html>";
    let peer = Peer::start([info().reply(Reply::Silence)]).await;
    let bench = Bench::with(&peer.url(), SecondFactor::None, |options| {
        options.timeout = Duration::from_millis(500);
    });
    let mut failures = vec![bench.client.pause(3).await.unwrap_err()];
    for steps in [
        vec![info(), login(1).reply(Reply::Silence)],
        vec![info(), login(1).status("502 Bad Gateway", "", html)],
        vec![info(), login(1), pause().code(402)],
        vec![pause().status("404 Not Found", "", html)],
        vec![info(), pause().reply(Reply::Silence)],
        vec![info(), pause().status("502 Bad Gateway", "", html)],
        vec![info(), pause().status("200 OK", "", html)],
        vec![info(), pause().raw("")],
    ] {
        peer.then(steps);
        failures.push(bench.client.pause(3).await.unwrap_err());
    }
    let failures: Vec<_> = failures
        .iter()
        .map(|error| (error.method().unwrap(), error.reason(), error.outcome_is_open()))
        .collect();
    assert_eq!(
        failures,
        [
            ("query", Reason::Timeout, false),
            ("login", Reason::Timeout, false),
            ("login", Reason::Http, false),
            ("pause", Reason::Api, false),
            ("pause", Reason::Http, false),
            ("pause", Reason::Timeout, true),
            ("pause", Reason::Http, true),
            ("pause", Reason::Decode, true),
            ("pause", Reason::Http, true),
        ]
    );
}
