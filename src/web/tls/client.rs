//! Which certificates of clients are good enough.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
};
use x509_parser::prelude::{ASN1Time, FromDer, GeneralName, X509Certificate};

use super::super::config::{ClientAuth, TlsSettings};
use super::certificates;

/// The judge of clients, or none where they are not asked.
pub(super) fn verifier(
    settings: &TlsSettings,
    client_ca: Option<&[u8]>,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
    let sans = settings.client_allowed_sans.clone();
    let named = match client_ca {
        Some(pem) => certificates(pem)
            .map_err(|cause| format!("tls_server_config.client_ca: cannot be used: {cause}"))?,
        None => Vec::new(),
    };
    let (is_verified, is_mandatory) = match settings.client_auth {
        ClientAuth::None => return Ok(None),
        ClientAuth::Request => (false, false),
        ClientAuth::RequireAny => (false, true),
        ClientAuth::VerifyIfGiven => (true, false),
        ClientAuth::RequireAndVerify => (true, true),
    };
    let chain = if is_verified {
        let mut roots = RootCertStore::empty();
        if client_ca.is_some() {
            roots.add_parsable_certificates(named.iter().cloned());
        } else {
            // As the format's own programs do. Single broken certificates of the system are none of our business.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        let chain = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|error| format!("tls_server_config.client_ca: cannot be used: {error}"))?;
        Some(chain)
    } else {
        None
    };
    // Without a certificate there is no name that could be allowed.
    let is_mandatory = is_mandatory || sans.is_some();
    Ok(Some(Arc::new(Verifier { chain, named, sans, is_mandatory, provider: Arc::clone(provider) })))
}

#[derive(Debug)]
struct Verifier {
    /// None where any certificate is good enough.
    chain: Option<Arc<dyn ClientCertVerifier>>,
    /// The configured authorities. A self-signed certificate is its own, and made with common tools it is marked as
    /// one: then it verifies no chain, but it may be named itself.
    named: Vec<CertificateDer<'static>>,
    sans: Option<Vec<String>>,
    is_mandatory: bool,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.as_ref().map_or(&[], |chain| chain.root_hint_subjects())
    }

    fn client_auth_mandatory(&self) -> bool {
        self.is_mandatory
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let (_, certificate) = X509Certificate::from_der(end_entity)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        match &self.chain {
            None => {}
            Some(_) if self.named.iter().any(|named| named == end_entity) => in_time(&certificate, now)?,
            Some(chain) => {
                chain.verify_client_cert(end_entity, intermediates, now)?;
            }
        }
        match &self.sans {
            Some(allowed) if !names(&certificate).iter().any(|name| allowed.contains(name)) => {
                Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
            }
            _ => Ok(ClientCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn in_time(certificate: &X509Certificate<'_>, now: UnixTime) -> Result<(), Error> {
    let now = i64::try_from(now.as_secs()).ok().and_then(|now| ASN1Time::from_timestamp(now).ok());
    let validity = certificate.validity();
    match now {
        Some(now) if now < validity.not_before => Err(CertificateError::NotValidYet.into()),
        Some(now) if now > validity.not_after => Err(CertificateError::Expired.into()),
        Some(_) => Ok(()),
        None => Err(CertificateError::Expired.into()),
    }
}

/// The subject alternative names that can be allowed: DNS names, addresses of mail, IP addresses and URIs, as text.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
            Some((*name).to_owned())
        }
        GeneralName::IPAddress(octets) => address(octets).map(|address| address.to_string()),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(text).collect()
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}
