//! Whom to trust.

use std::sync::Arc;

use cloudsync_exporter::dsm::{
    BuildError, Client, ClientOptions, MemoryGuardStore, NoObserver, Pin, Reason, SecondFactor, TlsOptions,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::peer::{Peer, info};
use super::{Bench, ann, assert_presentable};

struct Made {
    server: ServerConfig,
    ca_pem: Vec<u8>,
}

/// A certificate for `name` signed by an authority of its own.
fn signed(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Made {
    let mut authority = CertificateParams::new(vec![]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "Test CA");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    change(&mut leaf);
    let key = KeyPair::generate().unwrap();
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    Made { server: server(leaf.der().clone(), &key), ca_pem: authority.pem().into_bytes() }
}

fn self_signed() -> ServerConfig {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    server(made.cert.der().clone(), &made.signing_key)
}

fn server(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

fn bench(peer: &Peer, tls: TlsOptions) -> Bench {
    Bench::with(&peer.url(), SecondFactor::None, |options| options.tls = tls)
}

fn ca(pem: &[u8]) -> TlsOptions {
    TlsOptions { ca_pem: Some(pem.to_vec()), ..TlsOptions::default() }
}

/// Some authority, so that the machine's own roots do not matter.
fn some_ca() -> TlsOptions {
    ca(&signed("unused", |_| {}).ca_pem)
}

async fn refused(server: ServerConfig, tls: TlsOptions) -> (String, Bench) {
    let peer = Peer::start_tls([], server).await;
    let bench = bench(&peer, tls);
    let error = bench.client.discover().await.unwrap_err();
    assert_eq!(error.reason(), Reason::Tls, "{error}");
    assert!(!error.outcome_is_open(), "{error}");
    assert_presentable(&error);
    (error.to_string(), bench)
}

#[tokio::test]
async fn an_extra_authority() {
    let made = signed("localhost", |_| {});
    let peer = Peer::start_tls([info()], made.server).await;
    let bench = bench(&peer, ca(&made.ca_pem));
    assert_eq!(bench.client.certificate(), None);
    bench.client.discover().await.unwrap();
    let certificate = bench.client.certificate().unwrap();
    assert!(!certificate.self_signed && certificate.issuer.contains("Test CA"));
}

#[tokio::test]
async fn an_unknown_authority() {
    let (text, bench) = refused(signed("localhost", |_| {}).server, some_ca()).await;
    assert_eq!(text, "TLS failed: the certificate is not signed by a trusted authority");
    assert!(bench.client.certificate().is_some(), "what is refused can be shown");
    let (text, bench) = refused(self_signed(), some_ca()).await;
    assert_eq!(text, "TLS failed: the certificate is not signed by a trusted authority");
    assert!(bench.client.certificate().unwrap().self_signed);
}

#[tokio::test]
async fn wrong_times_and_names() {
    let made = signed("localhost", |leaf| {
        leaf.not_before = date_time_ymd(2001, 1, 1);
        leaf.not_after = date_time_ymd(2002, 1, 1);
    });
    let (text, bench) = refused(made.server, ca(&made.ca_pem)).await;
    assert_eq!(text, "TLS failed: the certificate has expired");
    assert_eq!(bench.client.certificate().unwrap().not_after, 1_009_843_200);
    let made = signed("localhost", |leaf| leaf.not_before = date_time_ymd(4000, 1, 1));
    assert_eq!(
        refused(made.server, ca(&made.ca_pem)).await.0,
        "TLS failed: the certificate is not valid yet"
    );
    let made = signed("other.lan", |_| {});
    assert_eq!(
        refused(made.server, ca(&made.ca_pem)).await.0,
        "TLS failed: the certificate is for another name"
    );
}

#[tokio::test]
async fn a_pin_is_exact() {
    let pin = |pin: Pin| TlsOptions { pin_sha256: Some(pin), ..TlsOptions::default() };
    let server = signed("other.lan", |leaf| leaf.not_after = date_time_ymd(2002, 1, 1)).server;
    let wrong: Pin = "00".repeat(32).parse().unwrap();
    let (text, refused) = refused(server.clone(), pin(wrong)).await;
    let right = refused.client.certificate().unwrap().spki_sha256;
    assert_eq!(
        text,
        format!("TLS failed: the certificate's key has the pin {right}, not the configured one")
    );
    let peer = Peer::start_tls([info()], server).await;
    bench(&peer, pin(right.parse().unwrap())).client.discover().await.unwrap();
}

#[tokio::test]
async fn anybody_when_told_so() {
    let peer = Peer::start_tls([info()], self_signed()).await;
    let tls = TlsOptions { insecure_skip_verify: true, ..TlsOptions::default() };
    let bench = bench(&peer, tls);
    bench.client.discover().await.unwrap();
    assert!(bench.client.certificate().unwrap().self_signed);
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let speaking = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (mut first, _) = listener.accept().await.unwrap();
        first.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let (second, _) = listener.accept().await.unwrap();
        // Read before the end, or the end is a reset.
        let mut hello = [0; 16];
        second.readable().await.unwrap();
        while second.try_read(&mut hello).is_ok_and(|read| read > 0) {}
        drop(second);
        first
    });
    let bench = Bench::with(&format!("https://localhost:{port}"), SecondFactor::None, |options| {
        options.tls = some_ca();
    });
    for text in ["TLS failed: the answer is not TLS", "TLS failed: the connection ended during the handshake"]
    {
        let error = bench.client.discover().await.unwrap_err();
        assert_eq!((error.reason(), &*error.to_string()), (Reason::Tls, text));
        assert_presentable(&error);
    }
    speaking.await.unwrap();
}

#[tokio::test]
async fn an_encryption_that_breaks_off_says_nothing_of_what_was_done() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let made = signed("localhost", |_| {});
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(made.server));
    let breaking = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        let (mut below, _) = stream.into_inner();
        below.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        below
    });
    let bench = Bench::with(&format!("https://localhost:{port}"), SecondFactor::None, |options| {
        options.tls = ca(&made.ca_pem);
    });
    let error = bench.client.discover().await.unwrap_err();
    assert!(error.to_string().starts_with("TLS failed: after the handshake: "), "{error}");
    assert_eq!((error.reason(), error.outcome_is_open()), (Reason::Tls, true));
    assert_presentable(&error);
    breaking.await.unwrap();
}

#[test]
fn bad_set_ups_are_told() {
    let build = |url: &str, tls: TlsOptions| {
        let options = ClientOptions { tls, ..ClientOptions::new("home", url.parse().unwrap()) };
        let store = Arc::new(MemoryGuardStore::default());
        Client::new(options, Arc::new(ann(SecondFactor::None)), store, Arc::new(NoObserver))
    };
    for pem in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(matches!(build("https://nas", ca(pem.as_bytes())), Err(BuildError::Ca(_))), "{pem}");
    }
    assert!(matches!(build("ftp://nas", TlsOptions::default()), Err(BuildError::Url(_))));
    assert!(build("http://nas", TlsOptions::default()).is_ok());
}

/// What `openssl req -x509` makes: signed by itself, and marked as an authority.
fn own_authority(name: &str, expires_in_year: i32) -> (ServerConfig, Vec<u8>) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = date_time_ymd(expires_in_year, 1, 1);
    let key = KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    (server(made.der().clone(), &key), made.pem().into_bytes())
}

#[tokio::test]
async fn a_certificate_that_is_its_own_authority_may_be_named_itself() {
    let (server, pem) = own_authority("localhost", 2999);
    let (text, _) = refused(server.clone(), some_ca()).await;
    assert_eq!(text, "TLS failed: the certificate is not signed by a trusted authority");
    let peer = Peer::start_tls([info()], server).await;
    bench(&peer, ca(&pem)).client.discover().await.unwrap();

    let (server, pem) = own_authority("other.lan", 2999);
    assert_eq!(refused(server, ca(&pem)).await.0, "TLS failed: the certificate is for another name");
    let (server, pem) = own_authority("localhost", 2002);
    assert_eq!(refused(server, ca(&pem)).await.0, "TLS failed: the certificate has expired");
}
