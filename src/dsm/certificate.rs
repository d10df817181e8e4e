//! What a NAS's certificate says.

use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::error::tame;
use super::options::Pin;

/// The certificate that a NAS presented in the last full handshake, trusted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// From when on it is valid, in seconds since 1970.
    pub not_before: i64,
    /// When it expires, in seconds since 1970.
    pub not_after: i64,
    /// Base64 of SHA-256 over its public key (SPKI): what `tls.pin_sha256` takes.
    pub spki_sha256: String,
    /// Whom it names.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Whether both are the same.
    pub self_signed: bool,
}

impl PeerCertificate {
    /// Reads a certificate; the pin comes along in its own type.
    pub(super) fn parse(der: &[u8]) -> Option<(Self, Pin)> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let pin = Pin(Sha256::digest(certificate.public_key().raw).into());
        let (subject, issuer) = (certificate.subject(), certificate.issuer());
        let parsed = Self {
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            spki_sha256: pin.to_string(),
            subject: tame(&subject.to_string()),
            issuer: tame(&issuer.to_string()),
            self_signed: subject.as_raw() == issuer.as_raw(),
        };
        Some((parsed, pin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_read() {
        let made = rcgen::generate_simple_self_signed(vec!["nas.lan".to_owned()]).unwrap();
        let (parsed, pin) = PeerCertificate::parse(made.cert.der()).unwrap();
        let spki = rcgen::PublicKeyData::subject_public_key_info(&made.signing_key);
        assert_eq!(pin, Pin(Sha256::digest(spki).into()));
        assert_eq!(parsed.spki_sha256, pin.to_string());
        assert!(parsed.self_signed && parsed.not_after > 1_700_000_000);
        assert_eq!(PeerCertificate::parse(b"nonsense"), None);
    }
}
