//! Which certificate to trust, and what the last one said.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};

use crate::dsm::certificate::PeerCertificate;
use crate::dsm::options::{BuildError, Pin, TlsOptions};

/// The certificate of the last handshake, trusted or not.
#[derive(Clone, Debug, Default)]
pub(super) struct LastSeen(Arc<Mutex<Option<PeerCertificate>>>);

impl LastSeen {
    pub(super) fn get(&self) -> Option<PeerCertificate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, certificate: Option<PeerCertificate>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = certificate;
    }
}

/// The key is not the pinned one.
#[derive(Debug, thiserror::Error)]
#[error("the key has the pin {seen}")]
pub(super) struct PinMismatch {
    pub(super) seen: Pin,
}

/// The TLS set-up of a NAS. `needed` is false when it is not spoken to by TLS at all.
pub(super) fn config(options: &TlsOptions, needed: bool) -> Result<(ClientConfig, LastSeen), BuildError> {
    let provider = Arc::new(ring::default_provider());
    let last_seen = LastSeen::default();
    let verifier = Verifier {
        trust: if needed { trust(options, &provider)? } else { Trust::Nobody },
        provider: Arc::clone(&provider),
        last_seen: last_seen.clone(),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| BuildError::Tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok((config, last_seen))
}

#[derive(Debug)]
enum Trust {
    /// A chain to one of these roots, a name that fits, a time that fits.
    Roots {
        verifier: Arc<WebPkiServerVerifier>,
        /// The configured authorities. A self-signed certificate is its own, and made with common tools it
        /// is marked as one: then it verifies no chain, but it may be named itself.
        named: Vec<CertificateDer<'static>>,
    },
    /// Exactly this key; its holder proves in the handshake to have it.
    Pin(Pin),
    /// Whoever answers.
    Anybody,
    /// No certificate at all.
    Nobody,
}

fn trust(options: &TlsOptions, provider: &Arc<CryptoProvider>) -> Result<Trust, BuildError> {
    // A pin that is configured holds, whatever else is.
    if let Some(pin) = options.pin_sha256 {
        return Ok(Trust::Pin(pin));
    }
    if options.insecure_skip_verify {
        return Ok(Trust::Anybody);
    }
    let mut roots = RootCertStore::empty();
    // Single broken certificates of the system are none of our business; having none at all is.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let mut named = Vec::new();
    if let Some(pem) = &options.ca_pem {
        let ca = |error: &dyn std::error::Error| BuildError::Ca(error.to_string());
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|e| ca(&e))?;
            roots.add(certificate.clone()).map_err(|e| ca(&e))?;
            named.push(certificate);
        }
        if named.is_empty() {
            return Err(BuildError::Ca("it holds no PEM certificate".to_owned()));
        }
    }
    if roots.is_empty() {
        return Err(BuildError::NoRoots);
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map(|verifier| Trust::Roots { verifier, named })
        .map_err(|error| BuildError::Tls(error.to_string()))
}

/// A certificate that was named itself: name and time still have to fit.
fn verify_named(
    end_entity: &CertificateDer<'_>,
    certificate: Option<&PeerCertificate>,
    server_name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, rustls::Error> {
    let certificate = certificate.ok_or(CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < certificate.not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > certificate.not_after {
        return Err(CertificateError::Expired.into());
    }
    verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
    Ok(ServerCertVerified::assertion())
}

/// Records the certificate first, so that one that is refused can be shown as well.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
    last_seen: LastSeen,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let presented = PeerCertificate::parse(end_entity);
        self.last_seen.set(presented.as_ref().map(|(certificate, _)| certificate.clone()));
        match &self.trust {
            Trust::Roots { named, .. } if named.contains(end_entity) => verify_named(
                end_entity,
                presented.as_ref().map(|(certificate, _)| certificate),
                server_name,
                now,
            ),
            Trust::Roots { verifier, .. } => verifier
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|error| match error {
                    // What the library says of an authority in a server's place helps nobody: nobody
                    // we know signed it.
                    rustls::Error::InvalidCertificate(CertificateError::Other(_))
                        if presented.is_some_and(|(certificate, _)| certificate.self_signed) =>
                    {
                        CertificateError::UnknownIssuer.into()
                    }
                    other => other,
                }),
            Trust::Pin(pin) => match presented {
                Some((_, seen)) if seen == *pin => Ok(ServerCertVerified::assertion()),
                Some((_, seen)) => {
                    Err(CertificateError::Other(OtherError(Arc::new(PinMismatch { seen }))).into())
                }
                None => Err(CertificateError::BadEncoding.into()),
            },
            Trust::Anybody => Ok(ServerCertVerified::assertion()),
            Trust::Nobody => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // Who trusts anybody gains nothing from a proof, and may have a certificate too old to give one.
        if matches!(self.trust, Trust::Anybody) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if matches!(self.trust, Trust::Anybody) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
