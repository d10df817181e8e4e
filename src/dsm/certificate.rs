//! What a NAS's certificate says.

/// The certificate that a NAS presented in the last handshake, trusted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
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
