//! How to reach a NAS.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use url::Url;

/// How to reach a NAS, and within which bounds.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Our name of the NAS: the key of its record in the [`GuardStore`](super::GuardStore).
    pub name: String,
    /// Scheme, host, port and perhaps a path prefix.
    pub base_url: Url,
    /// The limit of one HTTP request, from the name's resolution to the last byte.
    pub timeout: Duration,
    /// The limit of one answer's body, after decompression.
    pub max_response_bytes: usize,
    /// What to trust.
    pub tls: TlsOptions,
    /// The name of our session, which a logout gives again.
    pub session_name: String,
    /// The header of that name.
    pub user_agent: String,
}

impl ClientOptions {
    /// The options of a NAS with everything else at its default.
    pub fn new(name: impl Into<String>, base_url: Url) -> Self {
        Self {
            name: name.into(),
            base_url,
            timeout: Duration::from_secs(10),
            max_response_bytes: 16 * 1024 * 1024,
            tls: TlsOptions::default(),
            session_name: "cloudsync-exporter".to_owned(),
            user_agent: concat!("cloudsync-exporter/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// What to trust, besides the machine's own roots.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// Further authorities, as PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Trust exactly the certificate with this key, whoever signed it and however old it is.
    pub pin_sha256: Option<Pin>,
    /// Trust anybody, unless a pin is set. Passwords then go to whoever answers.
    pub insecure_skip_verify: bool,
}

/// SHA-256 over a certificate's public key (SPKI), written in base64 as `curl --pinnedpubkey` does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pin(pub(super) [u8; 32]);

impl From<[u8; 32]> for Pin {
    fn from(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

/// The text is no pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pin is the SHA-256 of a certificate's public key: 44 characters of base64 or 64 of hex")]
pub struct PinError;

impl FromStr for Pin {
    type Err = PinError;

    /// Base64 (a `sha256/` or `sha256//` in front is allowed) or hex (colons are allowed).
    fn from_str(text: &str) -> Result<Self, PinError> {
        let text = text.trim();
        let text = text.strip_prefix("sha256//").or_else(|| text.strip_prefix("sha256/")).unwrap_or(text);
        // 64 digits of hex are valid base64 as well, but of another length.
        let bytes = match text.len() {
            44 => BASE64.decode(text.as_bytes()),
            _ => HEXLOWER_PERMISSIVE.decode(text.replace(':', "").as_bytes()),
        };
        bytes.ok().and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(PinError)
    }
}

/// Why a [`Client`](super::Client) could not be built from its options.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The address is not one of an HTTP service, or carries what does not belong into it.
    #[error("url {0}")]
    Url(&'static str),
    /// The extra CA is unusable.
    #[error("extra CA: {0}")]
    Ca(String),
    /// Nothing to trust.
    #[error("no trusted certificates found on this machine; set a CA or a pin for this NAS")]
    NoRoots,
    /// Anything else in the TLS set-up.
    #[error("TLS set-up: {0}")]
    Tls(String),
    /// The HTTP client refused its options.
    #[error("HTTP client: {0}")]
    Http(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read_as_base64_and_hex() {
        let pin = Pin([0xAB; 32]);
        let hex = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        for text in [pin.to_string(), format!("sha256//{pin}"), format!("sha256/{pin}"), hex, colons] {
            assert_eq!(text.parse(), Ok(pin), "{text}");
        }
        for text in ["", "abc", "AAAA", "zz"] {
            assert_eq!(text.parse::<Pin>(), Err(PinError), "{text}");
        }
    }
}
