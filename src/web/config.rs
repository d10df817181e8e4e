//! The web configuration that Prometheus's own servers and exporters share (exporter-toolkit's `web.config.file`):
//! TLS, users, headers and a rate limit of one listener.
//!
//! [`parse`] reads the text and does no I/O; what the files that it names hold is judged when they are read, by
//! [`super::Live`]. What the format's own programs refuse is refused, and beyond that what they take and could only
//! disappoint: names that rustls has no meaning for, limits that no request passes, authorities that are none.

mod duration;
mod names;
mod read;
mod sections;
mod yaml;

use std::path::PathBuf;
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use rustls::SupportedCipherSuite;
use rustls::crypto::SupportedKxGroup;

pub use read::Problem;
pub use sections::parse;

use super::users::Users;

/// One listener's web configuration. The default is that of an empty file.
#[derive(Debug, Clone)]
pub struct Settings {
    /// TLS; none is plaintext.
    pub tls: Option<TlsSettings>,
    /// Whether HTTP/2 is offered, where there is TLS. Default true.
    pub http2: bool,
    /// Headers of every response.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Who may ask. None is everybody.
    pub users: Option<Users>,
    /// Paths that everybody may ask for, although there are users. Default none.
    pub open_paths: Vec<String>,
    /// How often requests may come. Default without limit.
    pub rate_limit: Option<RateLimit>,
    /// What was most likely not meant so, in words for a log.
    pub warnings: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tls: None,
            http2: true,
            headers: Vec::new(),
            users: None,
            open_paths: Vec::new(),
            rate_limit: None,
            warnings: Vec::new(),
        }
    }
}

/// TLS of a listener, before its files are read.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// The certificate and its chain, in PEM.
    pub certificate: Source,
    /// The key of the certificate, in PEM.
    pub key: Source,
    /// What clients have to show.
    pub client_auth: ClientAuth,
    /// Authorities of the clients' certificates, in PEM. None where they are verified: the system's.
    pub client_ca: Option<Source>,
    /// One of these names must be a subject alternative name of the client's certificate.
    pub client_allowed_sans: Option<Vec<String>>,
    /// The oldest version.
    pub oldest: TlsVersion,
    /// The newest version.
    pub newest: TlsVersion,
    /// Suites in the order of preference; those of TLS 1.3 are always there. Empty for the library's.
    pub cipher_suites: Vec<SupportedCipherSuite>,
    /// Whether our order of suites goes before the client's.
    pub prefers_own_order: bool,
    /// Groups of the key exchange in the order of preference; empty for the library's.
    pub curves: Vec<&'static dyn SupportedKxGroup>,
}

/// PEM in the configuration itself, or the file that has it.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// Written down.
    Inline(String),
    /// In a file of its own.
    File(PathBuf),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            // It may be a key.
            Self::Inline(_) => f.write_str("Inline(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// What clients have to show of themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// Nothing, and they are not asked.
    None,
    /// They are asked, and may show any certificate or none.
    Request,
    /// Any certificate, whoever signed it.
    RequireAny,
    /// None, or one of a known authority.
    VerifyIfGiven,
    /// One of a known authority.
    RequireAndVerify,
}

/// Versions of TLS that there are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Between two requests on average. Not zero.
    pub interval: Duration,
    /// Requests at once after a pause. At least one.
    pub burst: u32,
}
