//! TLS of a listener, from its settings and the PEM that these name.

mod client;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ServerConfig;
use rustls::{SupportedProtocolVersion, version};

use super::config::{TlsSettings, TlsVersion};

/// HTTP/2 in the negotiation of TLS (RFC 9113 §3.2).
pub(super) const H2: &[u8] = b"h2";
/// HTTP/1.1 there (RFC 7301 §6).
const HTTP1: &[u8] = b"http/1.1";

/// What the settings name, read.
pub(super) struct Pem {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Vec<u8>,
    pub(super) client_ca: Option<Vec<u8>>,
}

/// The set-up, or what cannot be used, with its key in the web configuration. No message holds a part of the key.
pub(super) fn server_config(settings: &TlsSettings, pem: &Pem, http2: bool) -> Result<ServerConfig, String> {
    let chain = certificates(&pem.certificate)
        .map_err(|cause| format!("tls_server_config.cert: cannot be used: {cause}"))?;
    let key = PrivateKeyDer::from_pem_slice(&pem.key).map_err(|error| {
        format!("tls_server_config.key: cannot be used: {}", cause(&error, "private key"))
    })?;
    let provider = Arc::new(provider(settings));
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(settings))
        .map_err(|error| format!("tls_server_config: cannot be used: {error}"))?;
    let builder = match client::verifier(settings, pem.client_ca.as_deref(), &provider)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| format!("tls_server_config: certificate and key cannot be used: {error}"))?;
    config.ignore_client_order = settings.prefers_own_order;
    config.alpn_protocols = if http2 { vec![H2.to_vec(), HTTP1.to_vec()] } else { vec![HTTP1.to_vec()] };
    Ok(config)
}

/// The certificates of a PEM text, at least one.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| cause(&error, "certificate"))?;
    if certificates.is_empty() { Err("it holds no PEM certificate".to_owned()) } else { Ok(certificates) }
}

/// Why PEM could not be read. The library's own words may quote a line of it.
fn cause(error: &pem::Error, what: &str) -> String {
    match error {
        pem::Error::NoItemsFound => format!("it holds no PEM {what}"),
        _ => format!("its PEM {what} is broken"),
    }
}

fn provider(settings: &TlsSettings) -> CryptoProvider {
    let mut provider = ring::default_provider();
    if !settings.cipher_suites.is_empty() {
        // Those of TLS 1.3 are not for choosing, as in Go.
        provider.cipher_suites.retain(|suite| suite.tls13().is_some());
        let chosen = settings.cipher_suites.iter().filter(|suite| suite.tls13().is_none());
        provider.cipher_suites.extend(chosen.copied());
    }
    if !settings.curves.is_empty() {
        provider.kx_groups.clone_from(&settings.curves);
    }
    provider
}

fn versions(settings: &TlsSettings) -> Vec<&'static SupportedProtocolVersion> {
    let has_suites = |version: TlsVersion| {
        version == TlsVersion::Tls13
            || settings.cipher_suites.is_empty()
            || settings.cipher_suites.iter().any(|suite| suite.tls13().is_none())
    };
    [(TlsVersion::Tls13, &version::TLS13), (TlsVersion::Tls12, &version::TLS12)]
        .into_iter()
        .filter(|(version, _)| (settings.oldest..=settings.newest).contains(version) && has_suites(*version))
        .map(|(_, version)| version)
        .collect()
}
