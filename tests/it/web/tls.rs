//! TLS of a listener: what clients of every kind get, and certificates that change.

use std::fmt::Display;
use std::io;
use std::path::Path;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::ring::{self, cipher_suite, kx_group};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use cloudsync_exporter::web::Accounts;

use super::certificates::Certificates;
use super::configured::Configured;
use super::*;

const TLS: &str = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

/// A client that trusts the test's authority.
struct Client {
    provider: rustls::crypto::CryptoProvider,
    versions: Vec<&'static SupportedProtocolVersion>,
    alpn: Vec<Vec<u8>>,
    roots: RootCertStore,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

impl Client {
    fn new(certificates: &Certificates) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificates.path("ca.crt")).unwrap()).unwrap();
        Self {
            provider: ring::default_provider(),
            versions: vec![&version::TLS13, &version::TLS12],
            alpn: Vec::new(),
            roots,
            identity: None,
        }
    }

    /// With the certificate NAME.crt.
    fn named(certificates: &Certificates, name: &str) -> Self {
        let file = |ending: &str| certificates.path(&format!("{name}.{ending}"));
        let chain = vec![CertificateDer::from_pem_file(file("crt")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(file("key")).unwrap();
        Self { identity: Some((chain, key)), ..Self::new(certificates) }
    }

    async fn connect(self, server: &Server) -> io::Result<TlsStream<TcpStream>> {
        let builder = ClientConfig::builder_with_provider(Arc::new(self.provider))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(self.roots);
        let mut config = match self.identity {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = self.alpn;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, server.connect().await).await
    }

    /// What /hello says; refusals of TLS 1.3 come only with the first read.
    async fn hello(self, server: &Server) -> Result<String, String> {
        let text = |error: &dyn Display| error.to_string();
        let stream = timeout(PATIENCE, self.connect(server)).await.unwrap().map_err(|error| text(&error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| text(&error))?;
        let driver = tokio::spawn(connection);
        let request = hyper::Request::get("/hello").header("host", "localhost").body(Empty::<Bytes>::new());
        let answer = timeout(PATIENCE, sender.send_request(request.unwrap())).await.unwrap();
        drop(sender);
        let said = match answer {
            Ok(answer) => Ok(String::from_utf8(answer.collect().await.unwrap().to_bytes().to_vec()).unwrap()),
            Err(error) => Err(error.to_string()),
        };
        let ended = timeout(PATIENCE, driver).await.unwrap().unwrap();
        said.map_err(|error| ended.err().map_or(error, |error| format!("{error:?}")))
    }
}

async fn start(certificates: &Certificates, more: &str) -> Configured {
    Configured::start(&certificates.write("web.yml", &format!("{TLS}{more}"))).await
}

#[tokio::test]
async fn http_is_spoken_in_both_versions() {
    let certificates = Certificates::new();
    let configured = start(&certificates, "").await;
    assert_eq!(Client::new(&certificates).hello(&configured.server).await.as_deref(), Ok("hello"));

    let alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let client = Client { alpn: alpn.clone(), ..Client::new(&certificates) };
    let stream = client.connect(&configured.server).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    for (method, status, said) in
        [("GET", 200, "hello"), ("HEAD", 200, ""), ("POST", 405, "405 Method Not Allowed\n")]
    {
        let request = hyper::Request::builder()
            .method(method)
            .uri("https://localhost/hello")
            .body(Empty::<Bytes>::new())
            .unwrap();
        let answer = timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.collect().await.unwrap().to_bytes(), said);
    }
    drop(sender);
    timeout(PATIENCE, driver).await.unwrap().unwrap().unwrap();
    configured.server.stop().await;

    let configured = start(&certificates, "http_server_config: {http2: false}\n").await;
    let client = Client { alpn, ..Client::new(&certificates) };
    let stream = client.connect(&configured.server).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    drop(stream);
    configured.server.stop().await;
}

#[tokio::test]
async fn an_open_http2_connection_does_not_hold_up_the_end() {
    let certificates = Certificates::new();
    let configured = start(&certificates, "").await;
    let client = Client { alpn: vec![b"h2".to_vec()], ..Client::new(&certificates) };
    let stream = client.connect(&configured.server).await.unwrap();
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let request = hyper::Request::get("https://localhost/hello").body(Empty::<Bytes>::new()).unwrap();
    timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap();
    configured.server.stop().await;
    timeout(PATIENCE, driver).await.unwrap().unwrap().unwrap();
    drop(sender);
}

#[tokio::test]
async fn who_comes_without_tls_is_told() {
    let certificates = Certificates::new();
    let configured = start(&certificates, "").await;
    let answer = configured.server.exchange(&get("/hello")).await;
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n") && answer.ends_with("use https.\n"),
        "{answer}"
    );
    let length = answer.split_once("\r\n\r\n").unwrap().1.len();
    assert!(answer.contains(&format!("Content-Length: {length}\r\n")), "{answer}");
    configured.server.stop().await;
}

#[tokio::test]
async fn who_does_not_shake_hands_is_cut_off() {
    let certificates = Certificates::new();
    let file = certificates.write("web.yml", TLS);
    let limits = Limits { header_timeout: Duration::from_millis(50), ..Limits::default() };
    let configured = Configured::start_with(&file, limits).await;
    read_all(&mut configured.server.connect().await).await;
    let mut begun = configured.server.connect().await;
    begun.write_all(&[22, 3, 1, 2, 0]).await.unwrap();
    let _ = timeout(PATIENCE, begun.read_to_end(&mut Vec::new())).await.expect("the server must close");
    configured.server.stop().await;
}

#[tokio::test]
async fn a_new_certificate_counts_at_the_next_handshake() {
    let certificates = Certificates::new();
    let configured = start(&certificates, "").await;
    let shown = async || {
        let stream = Client::new(&certificates).connect(&configured.server).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    };
    let on_disk = || CertificateDer::from_pem_file(certificates.path("server.crt")).unwrap();
    let first = shown().await;
    assert_eq!(first, on_disk());
    certificates.sign("server", &["localhost"]);
    let second = shown().await;
    assert_eq!(second, on_disk());
    assert_ne!(first, second);
    // Half of a new pair: the old one stays in force.
    let key = certificates.read("server.key");
    certificates.write("server.key", &certificates.read("other.key"));
    assert_eq!(shown().await, second);
    certificates.write("server.key", "");
    assert_eq!(shown().await, second);
    certificates.write("server.key", &key);
    assert_eq!(shown().await, second);
    // The file itself may name another pair.
    certificates.sign("another", &["localhost"]);
    certificates.write("web.yml", &TLS.replace("server.", "another."));
    assert_eq!(shown().await, CertificateDer::from_pem_file(certificates.path("another.crt")).unwrap());
    // It may not take TLS away.
    certificates.write("web.yml", "");
    assert_eq!(shown().await, CertificateDer::from_pem_file(certificates.path("another.crt")).unwrap());
    configured.server.stop().await;
}

/// Who gets in, of those without a certificate, with one of the authority, and with one of their own.
async fn admitted(certificates: &Certificates, more: &str) -> [bool; 3] {
    let configured = start(certificates, more).await;
    let mut admitted = [false; 3];
    let clients = [
        Client::new(certificates),
        Client::named(certificates, "client"),
        Client::named(certificates, "own"),
    ];
    for (client, admitted) in clients.into_iter().zip(&mut admitted) {
        *admitted = client.hello(&configured.server).await.as_deref() == Ok("hello");
    }
    configured.server.stop().await;
    admitted
}

#[tokio::test]
async fn clients_are_asked_what_the_policy_says() {
    let certificates = Certificates::new();
    let ca = "  client_ca_file: ca.crt\n";
    for (policy, more, expected) in [
        ("NoClientCert", "", [true, true, true]),
        ("RequestClientCert", "", [true, true, true]),
        ("RequireAnyClientCert", "", [false, true, true]),
        ("RequireClientCert", ca, [false, true, true]),
        ("VerifyClientCertIfGiven", ca, [true, true, false]),
        ("RequireAndVerifyClientCert", ca, [false, true, false]),
        ("RequireAndVerifyClientCert", "  client_ca_file: own.crt\n", [false, false, true]),
        // The authorities of the system know none of these.
        ("RequireAndVerifyClientCert", "", [false, false, false]),
    ] {
        let admitted = admitted(&certificates, &format!("  client_auth_type: {policy}\n{more}")).await;
        assert_eq!(admitted, expected, "{policy} {more}");
    }
}

#[tokio::test]
async fn clients_need_one_of_the_allowed_names() {
    let certificates = Certificates::new();
    certificates.write("both.crt", &(certificates.read("ca.crt") + &certificates.read("own.crt")));
    for (sans, expected) in [
        ("[prometheus.example]", [false, true, false]),
        ("[nobody.example, 192.0.2.1]", [false, true, false]),
        ("[own.example]", [false, false, true]),
        ("[nobody.example, PROMETHEUS.example]", [false, false, false]),
        ("[]", [false, false, false]),
    ] {
        // Even where none has to be shown: without one there is no name.
        for policy in ["RequireAndVerifyClientCert", "VerifyClientCertIfGiven"] {
            let more = format!(
                "  client_auth_type: {policy}\n  client_ca_file: both.crt\n  client_allowed_sans: {sans}\n"
            );
            assert_eq!(admitted(&certificates, &more).await, expected, "{policy} {sans}");
        }
    }
}

#[tokio::test]
async fn a_certificate_whose_time_is_over_lets_nobody_in() {
    let certificates = Certificates::new();
    certificates.sign_expired("client", &["prometheus.example"]);
    let more = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n";
    assert_eq!(admitted(&certificates, more).await, [false, false, false]);
}

#[tokio::test]
async fn versions_suites_and_groups_are_those_of_the_file() {
    let certificates = Certificates::new();
    let only = |version| Client { versions: vec![version], ..Client::new(&certificates) };
    let with_suite = |suite| Client {
        versions: vec![&version::TLS12],
        provider: rustls::crypto::CryptoProvider { cipher_suites: vec![suite], ..ring::default_provider() },
        ..Client::new(&certificates)
    };
    let with_group = |group| Client {
        provider: rustls::crypto::CryptoProvider { kx_groups: vec![group], ..ring::default_provider() },
        ..Client::new(&certificates)
    };
    let suites = "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n";
    let aes128 = cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
    let aes256 = cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384;
    for (name, more, client, expected) in [
        ("old client", "", only(&version::TLS12), true),
        ("old client of a new server", "  min_version: TLS13\n", only(&version::TLS12), false),
        ("new client of an old server", "  max_version: TLS12\n", only(&version::TLS13), false),
        ("no suite in common", suites, with_suite(aes256), false),
        ("a suite in common", suites, with_suite(aes128), true),
        ("suites of TLS 1.3 are always there", suites, only(&version::TLS13), true),
        ("no group in common", "  curve_preferences: [CurveP384]\n", with_group(kx_group::X25519), false),
        ("a group in common", "  curve_preferences: [CurveP384]\n", with_group(kx_group::SECP384R1), true),
    ] {
        let configured = start(&certificates, more).await;
        let said = client.hello(&configured.server).await;
        assert_eq!(said.is_ok(), expected, "{name}: {said:?}");
        configured.server.stop().await;
    }
}

#[tokio::test]
async fn whose_order_of_suites_counts_is_told_by_the_file() {
    let certificates = Certificates::new();
    let suites = "  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, \
                  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n";
    let aes128 = cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
    let aes256 = cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384;
    for (prefers, expected) in [(true, aes128), (false, aes256)] {
        let more = format!("{suites}  prefer_server_cipher_suites: {prefers}\n");
        let configured = start(&certificates, &more).await;
        let client = Client {
            versions: vec![&version::TLS12],
            provider: rustls::crypto::CryptoProvider {
                cipher_suites: vec![aes256, aes128],
                ..ring::default_provider()
            },
            ..Client::new(&certificates)
        };
        let stream = client.connect(&configured.server).await.unwrap();
        assert_eq!(stream.get_ref().1.negotiated_cipher_suite(), Some(expected));
        drop(stream);
        configured.server.stop().await;
    }
}

#[test]
fn tls_is_needed_to_have_tls() {
    let certificates = Certificates::new();
    let file = certificates.write("web.yml", TLS);
    let live = Live::open(&file, Accounts::Allowed, Box::new(|_: &Path, _: Result<&[String], &[String]>| {}))
        .unwrap();
    assert!(live.has_tls());
    let file = certificates.write("web.yml", "");
    let live = Live::open(&file, Accounts::Allowed, Box::new(|_: &Path, _: Result<&[String], &[String]>| {}))
        .unwrap();
    assert!(!live.has_tls());
}
