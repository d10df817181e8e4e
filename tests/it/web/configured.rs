//! A listener with a web configuration, as clients see it: users, headers, rate limit, and what changes while it runs.

use std::path::Path;
use std::sync::Mutex;

use cloudsync_exporter::web::{Accounts, Live, Shield};
use data_encoding::BASE64;

use super::certificates::Certificates;
use super::*;

/// What came of looking at the file, one entry a look that found it changed.
type Looks = Arc<Mutex<Vec<Result<usize, Vec<String>>>>>;

/// A listener behind `web.yml` of a directory, and its looks and refusals.
pub(super) struct Configured {
    pub(super) server: Server,
    pub(super) live: Arc<Live>,
    looks: Looks,
    refused: Arc<Mutex<Vec<u16>>>,
}

impl Configured {
    pub(super) async fn start(file: &Path) -> Self {
        Self::start_with(file, Limits::default()).await
    }

    pub(super) async fn start_with(file: &Path, limits: Limits) -> Self {
        let (looks, refused) = (Looks::default(), Arc::new(Mutex::new(Vec::new())));
        let (looking, refusing) = (Arc::clone(&looks), Arc::clone(&refused));
        let report = Box::new(move |_: &Path, looked: Result<&[String], &[String]>| {
            looking.lock().unwrap().push(looked.map(<[String]>::len).map_err(<[String]>::to_vec));
        });
        let live = Live::open(file, Accounts::Allowed, report).unwrap();
        let router = Router::new()
            .get("/hello", |_| async { respond::text(StatusCode::OK, "hello") })
            .get("/-/healthy", |_| async { respond::text(StatusCode::OK, "healthy") });
        let counted = Box::new(move |status: StatusCode| refusing.lock().unwrap().push(status.as_u16()));
        let shield = Shield::new(Arc::clone(&live), router, StatusCode::TOO_MANY_REQUESTS, counted);
        let server = Server::serve_by(shield, limits, Some(Arc::clone(&live))).await;
        Self { server, live, looks, refused }
    }

    /// Until the file was looked at so often.
    async fn looked(&self, looks: usize) -> Result<usize, Vec<String>> {
        let enough = async {
            while self.looks.lock().unwrap().len() < looks {
                self.live.refresh(Duration::ZERO).await;
            }
        };
        timeout(PATIENCE, enough).await.expect("the change must be seen");
        let seen = self.looks.lock().unwrap();
        assert_eq!(seen.len(), looks, "{seen:?}");
        seen.last().unwrap().clone()
    }
}

fn hash(password: &str) -> String {
    bcrypt::hash(password, 4).unwrap()
}

fn as_user(path: &str, name: &str, password: &str) -> String {
    let encoded = BASE64.encode(format!("{name}:{password}").as_bytes());
    get(path).replace("\r\n\r\n", &format!("\r\nauthorization: Basic {encoded}\r\n\r\n"))
}

#[tokio::test]
async fn users_are_let_in_and_others_are_not() {
    let certificates = Certificates::new();
    let file = certificates.write(
        "web.yml",
        &format!(
            "basic_auth_users: {{alice: {}, \"bob b\": {}}}\nauth_excluded_paths: [/-/healthy]\n\
             http_server_config: {{headers: {{X-Frame-Options: deny}}}}\n",
            hash("wonder:land"),
            hash("builder")
        ),
    );
    let configured = Configured::start(&file).await;
    let ask = async |request: String| configured.server.exchange(&request).await;
    for request in [as_user("/hello", "alice", "wonder:land"), as_user("/hello", "bob b", "builder")] {
        let answer = ask(request).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hello"), "{answer}");
        assert!(answer.contains("x-frame-options: deny\r\n"), "{answer}");
    }
    for request in [
        get("/hello"),
        get("/nowhere"),
        get("/-/healthy/"),
        get("/-/healthy/../hello"),
        get("/hello").replace("GET", "HEAD"),
        as_user("/hello", "alice", "builder"),
        as_user("/hello", "carol", "wonder:land"),
        as_user("/hello", "", ""),
    ] {
        let answer = ask(request).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.contains("www-authenticate: Basic realm=\"cloudsync-exporter\""), "{answer}");
        assert!(answer.contains("x-frame-options: deny\r\n"), "{answer}");
    }
    assert!(ask(get("/-/healthy")).await.ends_with("healthy"));
    assert!(ask(get("/-/healthy?x=1")).await.ends_with("healthy"));
    assert_eq!(*configured.refused.lock().unwrap(), [401; 8]);
    configured.server.stop().await;
}

#[tokio::test]
async fn a_body_of_nobody_is_not_read() {
    let certificates = Certificates::new();
    let file = certificates.write("web.yml", &format!("basic_auth_users: {{alice: {}}}\n", hash("x")));
    let configured = Configured::start(&file).await;
    let answer = configured
        .server
        .exchange("POST /hello HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000000\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("connection: close"), "{answer}");
    configured.server.stop().await;
}

#[tokio::test]
async fn a_user_that_comes_or_goes_counts_at_once() {
    let certificates = Certificates::new();
    let with = |name: &str| format!("basic_auth_users: {{{name}: {}}}\n", hash("x"));
    let file = certificates.write("web.yml", &with("alice"));
    let configured = Configured::start(&file).await;
    let status = async |name: &str| {
        let answer = configured.server.exchange(&as_user("/hello", name, "x")).await;
        answer.get(9..12).unwrap().to_owned()
    };
    assert_eq!(status("alice").await, "200");
    certificates.write("web.yml", &with("bob"));
    assert_eq!(configured.looked(2).await, Ok(0));
    assert_eq!(status("alice").await, "401");
    assert_eq!(status("bob").await, "200");
    configured.server.stop().await;
}

#[tokio::test]
async fn a_bad_file_leaves_the_old_one_in_force_and_is_told_once() {
    let certificates = Certificates::new();
    let good = format!("basic_auth_users: {{alice: {}}}\n", hash("x"));
    let file = certificates.write("web.yml", &good);
    let configured = Configured::start(&file).await;
    let status = async |request: String| {
        let answer = configured.server.exchange(&request).await;
        answer.get(9..12).unwrap().to_owned()
    };
    let bad = ["basic_auth_users: [", "basic_auth_users: {alice: plain}\n", "\u{1}", "nonsense: 1\n"];
    for (looks, text) in (2..).zip(bad) {
        certificates.write("web.yml", text);
        assert!(configured.looked(looks).await.is_err(), "{text:?}");
        assert_eq!(status(as_user("/hello", "alice", "x")).await, "200", "{text:?}");
        assert_eq!(status(get("/hello")).await, "401", "{text:?}");
    }
    std::fs::remove_file(&file).unwrap();
    assert!(configured.looked(6).await.is_err());
    assert_eq!(status(get("/hello")).await, "401");
    // TLS does not come while it runs, nor does it go.
    certificates.write("web.yml", "tls_server_config: {cert_file: server.crt, key_file: server.key}\n");
    let problems = configured.looked(7).await.unwrap_err();
    assert!(problems.concat().contains("only at a restart"), "{problems:?}");
    certificates.write("web.yml", &good);
    assert_eq!(configured.looked(8).await, Ok(0));
    assert_eq!(status(as_user("/hello", "alice", "x")).await, "200");
    configured.server.stop().await;
}

#[tokio::test]
async fn a_rate_limit_lets_a_burst_pass() {
    let certificates = Certificates::new();
    let limit = |burst: u32, more: &str| format!("rate_limit: {{interval: 1h, burst: {burst}}}\n{more}");
    let file = certificates.write("web.yml", &limit(3, ""));
    let configured = Configured::start(&file).await;
    let status = async || {
        let answer = configured.server.exchange(&get("/hello")).await;
        if answer.starts_with("HTTP/1.1 429 ") {
            assert!(answer.contains("retry-after: 3600\r\n"), "{answer}");
        }
        answer.get(9..12).unwrap().to_owned()
    };
    for expected in ["200", "200", "200", "429", "429"] {
        assert_eq!(status().await, expected);
    }
    // Another header is no reason for new tokens; another limit is.
    certificates.write("web.yml", &limit(3, "http_server_config: {headers: {X-XSS-Protection: \"1\"}}\n"));
    assert_eq!(configured.looked(2).await, Ok(0));
    assert_eq!(status().await, "429");
    certificates.write("web.yml", &limit(1, ""));
    assert_eq!(configured.looked(3).await, Ok(0));
    assert_eq!(status().await, "200");
    assert_eq!(status().await, "429");
    configured.server.stop().await;
}

#[tokio::test]
async fn tls_that_is_not_complete_is_warned_of() {
    let certificates = Certificates::new();
    let file = certificates.write("web.yml", "tls_server_config: {min_version: TLS13}\n");
    let configured = Configured::start(&file).await;
    assert_eq!(*configured.looks.lock().unwrap(), [Ok(1)]);
    assert!(configured.server.exchange(&get("/hello")).await.ends_with("hello"));
    configured.server.stop().await;
}

#[tokio::test]
async fn what_lets_in_more_counts_only_when_it_stays() {
    let certificates = Certificates::new();
    let good = format!("basic_auth_users: {{alice: {}}}\n", hash("x"));
    let file = certificates.write("web.yml", &good);
    let configured = Configured::start(&file).await;
    let status = async || {
        let answer = configured.server.exchange(&get("/hello")).await;
        answer.get(9..12).unwrap().to_owned()
    };
    // As while somebody writes it anew: for a moment there is nothing, or only the beginning.
    for begun in ["", "# users\n", "http_server_config: {http2: true}\n"] {
        certificates.write("web.yml", begun);
        configured.live.refresh(Duration::ZERO).await;
        assert_eq!(status().await, "401", "{begun:?}");
        certificates.write("web.yml", &good);
        configured.live.refresh(Duration::ZERO).await;
        assert_eq!(status().await, "401");
    }
    assert_eq!(*configured.looks.lock().unwrap(), [Ok(0)]);
    certificates.write("web.yml", "");
    assert_eq!(configured.looked(2).await, Ok(0));
    assert_eq!(status().await, "200");
    configured.server.stop().await;
}

#[test]
fn where_there_are_tokens_there_are_no_users() {
    let certificates = Certificates::new();
    let file = certificates.write("web.yml", &format!("basic_auth_users: {{alice: {}}}\n", hash("x")));
    let problems = Live::check(&file, Accounts::Refused).unwrap_err();
    assert!(problems.concat().contains("carries tokens"), "{problems:?}");
}

#[tokio::test]
async fn who_goes_away_leaves_no_second_look_behind() {
    let certificates = Certificates::new();
    let file = certificates.write("web.yml", "");
    let configured = Configured::start(&file).await;
    // Dropped before they are done; whoever comes next finds what is under way.
    for _ in 0..100 {
        let _ = timeout(Duration::ZERO, configured.live.refresh(Duration::ZERO)).await;
    }
    certificates.write("web.yml", "http_server_config: {http2: false}\n");
    assert_eq!(configured.looked(2).await, Ok(0));
    configured.server.stop().await;
}
