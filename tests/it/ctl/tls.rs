//! A daemon behind TLS: whom to trust.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use super::{ctl, err, out};

/// Answers every request with an empty list of holds.
fn serve(certificate: CertificateDer<'static>, key: &KeyPair) -> (Runtime, u16) {
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n")
                && stream.read_buf(&mut request).await.is_ok_and(|read| read > 0)
            {}
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\nconnection: close\r\n\r\n{\"holds\":[]}";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    (runtime, port)
}

fn file(pem: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pem).unwrap();
    file
}

/// Asks `host`, trusting `pem` as well, and gives the exit code and what was said.
fn ask(host: &str, port: u16, pem: &str) -> (Option<i32>, String) {
    let ca = file(pem);
    let url = format!("https://{host}:{port}");
    let output = ctl(&url, &["holds", "--ca-file", ca.path().to_str().unwrap()]).output().unwrap();
    (output.status.code(), out(&output) + &err(&output))
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut authority = CertificateParams::new(vec![]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap()
}

#[test]
fn an_authority_of_the_file_is_trusted_for_its_names() {
    let authority = authority("Test CA");
    let key = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let (_runtime, port) = serve(leaf.der().clone(), &key);
    assert_eq!(ask("localhost", port, &authority.pem()), (Some(0), "no holds\n".to_owned()));
    let (code, said) = ask("127.0.0.1", port, &authority.pem());
    assert_eq!(code, Some(3));
    assert!(said.contains("not valid for name"), "{said}");
    let (code, said) = ask("localhost", port, &self::authority("Another").pem());
    assert_eq!(code, Some(3));
    assert!(said.contains("UnknownIssuer") && said.contains("--ca-file"), "{said}");
}

#[test]
fn a_certificate_that_the_file_names_itself_is_trusted() {
    // As common tools make it: its own authority, and marked as one.
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let own = params.self_signed(&key).unwrap();
    let (_runtime, port) = serve(own.der().clone(), &key);
    assert_eq!(ask("localhost", port, &own.pem()), (Some(0), "no holds\n".to_owned()));
    let (code, said) = ask("127.0.0.1", port, &own.pem());
    assert_eq!(code, Some(3));
    assert!(said.contains("not valid for name"), "{said}");
}

#[test]
fn a_file_without_certificates_is_an_error_that_names_it() {
    for pem in ["", "not PEM", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let (code, said) = ask("localhost", 1, pem);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("cannot use the certificates of"), "{said}");
    }
}
