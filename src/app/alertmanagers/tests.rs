//! Alertmanagers that are played by raw sockets: one that answers well, and the many ways not to.

use super::*;
use crate::metrics::{Coding, Exposition, Format, Selection};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// How a request is answered: bytes as they are, and then the end of the connection.
#[derive(Clone)]
enum Reply {
    Bytes(Vec<u8>),
    /// These, and then nothing while the asker waits.
    Hang(Vec<u8>),
    /// These, once as many askers are waiting as the barrier is for.
    Together(Arc<Barrier>, Vec<u8>),
}

struct Server {
    address: SocketAddr,
    /// The heads of the requests.
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    async fn new(reply: Reply) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let head = head(&mut stream).await;
                kept.lock().unwrap().push(head);
                // The asker may be gone before it has taken everything.
                match &reply {
                    Reply::Bytes(bytes) => _ = stream.write_all(bytes).await,
                    Reply::Hang(bytes) => {
                        stream.write_all(bytes).await.unwrap();
                        std::future::pending::<()>().await;
                    }
                    Reply::Together(barrier, bytes) => {
                        barrier.wait().await;
                        stream.write_all(bytes).await.unwrap();
                    }
                }
                _ = stream.shutdown().await;
            }
        });
        Self { address, heads, task }
    }

    fn url(&self, prefix: &str) -> String {
        format!("http://{}{prefix}", self.address)
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// A whole answer with a status and headers.
fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn ok(body: &Value) -> Vec<u8> {
    http("200 OK", "content-type: application/json\r\n", &body.to_string())
}

fn alert(name: &str) -> Value {
    json!({
        "labels": {"alertname": name}, "startsAt": "2026-11-23T09:33:40.782Z", "status": {"state": "active"},
        "receivers": [{"name": "hook"}],
    })
}

fn exporter() -> Arc<ExporterMetrics> {
    Arc::new(ExporterMetrics::new("0", "0", "0", 0.0))
}

/// With patience enough for any machine, where nobody is to wait in vain.
fn patient(urls: &[&str], exporter: &Arc<ExporterMetrics>) -> HttpAlertmanagers {
    let urls: Vec<AlertmanagerUrl> = urls.iter().map(|url| url.parse().unwrap()).collect();
    let alertmanagers = HttpAlertmanagers::new(&urls, Arc::clone(exporter)).unwrap();
    HttpAlertmanagers {
        limits: Limits { patience: Duration::from_secs(60), longest: 10_000 },
        ..alertmanagers
    }
}

/// What comes of asking one server that replies like this.
async fn asked(reply: Vec<u8>) -> Answer {
    let server = Server::new(Reply::Bytes(reply)).await;
    let mut answers = patient(&[&server.url("/hidden")], &exporter()).ask().await;
    assert_eq!(answers.len(), 1);
    let answer = answers.remove(0);
    assert_eq!(answer.url, server.url("/hidden"));
    if let Err(why) = &answer.alerts {
        let port = server.address.port().to_string();
        assert!(!why.contains("hidden") && !why.contains("127.0.0.1") && !why.contains(&port), "{why}");
    }
    answer
}

fn names(answer: &Answer) -> Vec<&str> {
    answer.alerts.as_ref().unwrap().iter().map(|listed| listed.alert.label("alertname")).collect()
}

fn shown(exporter: &Arc<ExporterMetrics>) -> Vec<String> {
    let exposition = Exposition::new(Arc::clone(exporter));
    let rendered = exposition.render(&Selection::All, Format::Text, Coding::Identity).unwrap();
    let text = String::from_utf8(rendered.body.to_vec()).unwrap();
    text.lines().filter(|line| line.starts_with("cloudsync_alertmanager_up{")).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_good_answer() {
    let answer = asked(ok(&json!([alert("One"), alert("Two")]))).await;
    assert_eq!(names(&answer), ["One", "Two"]);
    assert!(answer.knows_all());
    let none = asked(ok(&json!([]))).await;
    assert_eq!((names(&none).len(), none.knows_all()), (0, true));
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n";
    assert!(asked(chunked.into()).await.knows_all());
}

#[tokio::test]
async fn what_is_asked_for_is_every_alert_below_the_prefix() {
    let server = Server::new(Reply::Bytes(ok(&json!([])))).await;
    for (prefix, path) in
        [("", "/api"), ("/", "/api"), ("/am", "/am/api"), ("/am/x%20y/", "/am/x%20y/api"), ("//", "/api")]
    {
        let answers = patient(&[&server.url(prefix)], &exporter()).ask().await;
        assert_eq!(answers[0].url, server.url(prefix.trim_end_matches('/')));
        let head = server.heads().pop().unwrap();
        let wanted = format!(
            "GET {path}/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=true HTTP/1.1\r\n"
        );
        assert!(head.starts_with(&wanted), "{prefix}: {head}");
        assert!(head.contains("accept: application/json\r\n"), "{head}");
    }
}

#[tokio::test]
async fn an_alert_that_cannot_be_read_costs_itself() {
    let answer = asked(ok(&json!([alert("One"), {"labels": {}}]))).await;
    assert_eq!((names(&answer), answer.malformed, answer.knows_all()), (vec!["One"], 1, false));
}

#[tokio::test]
async fn an_answer_that_is_none() {
    for (reply, wanted) in [
        (http("500 Internal Server Error", "", "[]"), "status 500"),
        (http("404 Not Found", "", ""), "status 404"),
        (http("204 No Content", "", ""), "status 204"),
        (http("200 OK", "content-type: text/html\r\n", "<html></html>"), "the answer is malformed: "),
        (http("200 OK", "", ""), "the answer is malformed: no JSON, the body is empty"),
        (ok(&json!({"status": "success", "data": []})), "the answer is no list of alerts"),
        (http("200 OK", "", &format!("[{}]", " ".repeat(9_999))), "an answer longer than 10000 bytes"),
        // Cut off, and not HTTP at all.
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n[]".to_vec(), ""),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), ""),
        (Vec::new(), ""),
    ] {
        let shown = String::from_utf8_lossy(&reply).chars().take(80).collect::<String>();
        let answer = asked(reply).await;
        assert!(!answer.knows_all());
        let why = answer.alerts.expect_err(&shown);
        assert!(why.starts_with(wanted) && !why.is_empty() && why.len() < 200, "{shown}: {why}");
    }
    let longest = http("200 OK", "", &format!("[{}]", " ".repeat(9_998)));
    assert!(asked(longest).await.knows_all());
}

#[tokio::test]
async fn an_answer_that_grows_when_it_is_unpacked_is_too_long_as_well() {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;
    for (spaces, is_read) in [(9_998, true), (9_999, false)] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(format!("[{}]", " ".repeat(spaces)).as_bytes()).unwrap();
        let body = encoder.finish().unwrap();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len());
        assert_eq!(asked([head.into_bytes(), body].concat()).await.knows_all(), is_read);
    }
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let elsewhere = Server::new(Reply::Bytes(ok(&json!([alert("Elsewhere")])))).await;
    let headers = format!("location: {}\r\n", elsewhere.url("/api/v2/alerts"));
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let why = asked(http(status, &headers, "")).await.alerts.unwrap_err();
        assert_eq!(why, format!("a redirect (status {}), which is not followed", &status[..3]));
    }
    assert!(elsewhere.heads().is_empty());
}

#[tokio::test]
async fn nobody_there() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let answers = patient(&[&format!("http://{address}/am")], &exporter()).ask().await;
    assert!(answers[0].alerts.as_ref().unwrap_err().contains("refused"), "{answers:?}");
}

/// Time stands still and jumps ahead when everybody waits.
#[tokio::test(start_paused = true)]
async fn one_that_hangs_is_given_up() {
    for said in [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{"] {
        let server = Server::new(Reply::Hang(said.to_vec())).await;
        let urls = [server.url("").parse().unwrap()];
        let answers = HttpAlertmanagers::new(&urls, exporter()).unwrap().ask().await;
        assert_eq!(answers[0].alerts, Err("no answer within 5 s".to_owned()));
    }
}

#[tokio::test]
async fn all_are_asked_at_once_and_answer_in_the_order_of_the_configuration() {
    let barrier = Arc::new(Barrier::new(2));
    let server = |name| Server::new(Reply::Together(Arc::clone(&barrier), ok(&json!([alert(name)]))));
    let (one, two) = (server("One").await, server("Two").await);
    let (two_url, one_url) = (two.url("/"), one.url(""));
    // The same one with and without a slash is one.
    let alertmanagers = patient(&[&two_url, &one_url, &two.url("")], &exporter());
    let answers = alertmanagers.ask().await;
    assert_eq!(answers.iter().map(names).collect::<Vec<_>>(), [["Two"], ["One"]]);
    assert_eq!(answers.iter().map(|answer| answer.url.as_str()).collect::<Vec<_>>(), [two.url(""), one_url]);
    assert_eq!((one.heads().len(), two.heads().len()), (1, 1));
}

#[tokio::test]
async fn none_is_configured() {
    assert!(patient(&[], &exporter()).ask().await.is_empty());
}

#[tokio::test]
async fn whether_they_answer_is_shown_until_they_leave_the_configuration() {
    let good = Server::new(Reply::Bytes(ok(&json!([{}])))).await;
    let bad = Server::new(Reply::Bytes(http("503 Booting", "", ""))).await;
    let (good, bad) = ((good.url(""), good), (bad.url("/am"), bad));
    let exporter = exporter();
    let both = patient(&[&good.0, &bad.0], &exporter);
    assert!(shown(&exporter).is_empty(), "nobody was asked yet");
    both.ask().await;
    let line = |url: &str, up: u8| format!("cloudsync_alertmanager_up{{alertmanager=\"{url}\"}} {up}");
    let mut wanted = [line(&good.0, 1), line(&bad.0, 0)];
    wanted.sort();
    assert_eq!(shown(&exporter), wanted);
    let _one = patient(&[&bad.0], &exporter);
    assert_eq!(shown(&exporter), [line(&bad.0, 0)]);
}

#[test]
fn only_a_change_is_news() {
    let asked = Asked::new(&"http://am:9093/am/".parse().unwrap());
    assert_eq!(asked.name, "http://am:9093/am");
    let news = [
        (Health::Good, false),
        (Health::Down, true),
        (Health::Down, false),
        (Health::Partial, true),
        (Health::Partial, false),
        (Health::Good, true),
        (Health::Good, false),
    ];
    for (health, is_news) in news {
        assert_eq!(asked.is_news(health), is_news, "{health:?}");
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        TlsAcceptor::from(Arc::new(config)).accept(stream).await.is_ok()
    });
    let answers = patient(&[&format!("https://localhost:{port}")], &exporter()).ask().await;
    let why = answers[0].alerts.as_ref().unwrap_err();
    assert!(why.contains("certificate"), "{why}");
    assert!(!server.await.unwrap(), "nothing was said to it");
}
