//! What can go wrong between us and a NAS, each failure with its reason, its code and what to do about it.
//!
//! No message carries a secret or an address with a query. Text that a NAS sent is shortened and freed of control
//! characters before it becomes part of one.

use std::fmt;
use std::time::Duration;

use super::codes;

mod parameter;

use parameter::parameter_suffix;
pub use parameter::{BadParameter, ParameterFault};

mod advice;
mod outcome;

/// The kind of a failure: the values of the label `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The name of the NAS has no address.
    Dns,
    /// No connection to the address.
    Connect,
    /// No trust: the certificate or the handshake was refused.
    Tls,
    /// No complete answer in time.
    Timeout,
    /// An answer that is not HTTP 200.
    Http,
    /// An answer that is not what the API promises.
    Decode,
    /// The account or the password is refused.
    Auth,
    /// The second factor is missing or wrong.
    Otp,
    /// The NAS blocks our address.
    Blocked,
    /// The account lacks a right.
    Permission,
    /// Cloud Sync is not installed, not running, or too old.
    PackageMissing,
    /// The session was lost and could not be won back.
    Session,
    /// Any other refusal by the NAS.
    Api,
}

impl Reason {
    /// Every reason, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Http,
        Self::Decode,
        Self::Auth,
        Self::Otp,
        Self::Blocked,
        Self::Permission,
        Self::PackageMissing,
        Self::Session,
        Self::Api,
    ];

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Http => "http",
            Self::Decode => "decode",
            Self::Auth => "auth",
            Self::Otp => "otp",
            Self::Blocked => "blocked",
            Self::Permission => "permission",
            Self::PackageMissing => "package_missing",
            Self::Session => "session",
            Self::Api => "api",
        }
    }
}

impl Reason {
    /// The reason of a label's value.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == label)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failed exchange with a NAS. Cheap enough to clone: callers that waited for the same login share its failure.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host name did not resolve.
    #[error("cannot resolve {host}: {cause}")]
    Dns {
        /// The name asked for.
        host: String,
        /// What the resolver said.
        cause: String,
    },
    /// No TCP connection.
    #[error("cannot connect: {cause}")]
    Connect {
        /// What the operating system said.
        cause: String,
    },
    /// The TLS handshake failed or the certificate is not trusted.
    #[error("TLS failed: {0}")]
    Tls(#[from] TlsFault),
    /// The request as a whole took too long.
    #[error("no complete answer within {}", humantime::format_duration(*limit))]
    Timeout {
        /// The method asked for.
        method: &'static str,
        /// The limit it ran into.
        limit: Duration,
    },
    /// Something answered, but not HTTP 200 with a whole body.
    #[error("{fault}")]
    Http {
        /// The method asked for.
        method: &'static str,
        /// What answered.
        fault: HttpFault,
    },
    /// An answer that is not what the API promises.
    #[error("{method}: {fault}")]
    Decode {
        /// The method asked for.
        method: &'static str,
        /// What is wrong with the answer.
        fault: DecodeFault,
    },
    /// The NAS refused a call with a code.
    #[error("{api} {method} was refused with code {code} ({}){}", codes::meaning(*code), parameter_suffix(parameter.as_ref()))]
    Api {
        /// The API, such as `SYNO.CloudSync`.
        api: &'static str,
        /// The method asked for.
        method: &'static str,
        /// The code of the NAS.
        code: i64,
        /// The parameter that code 120 complains about.
        parameter: Option<BadParameter>,
    },
    /// The NAS refused the login with a code.
    #[error("login was refused with code {code} ({})", codes::login_meaning(*code))]
    Login {
        /// The code of `SYNO.API.Auth`.
        code: i64,
    },
    /// A refused login holds back the next one, so that the NAS does not block our address.
    #[error(
        "logins are held back for another {} after code {code} ({})",
        humantime::format_duration(*remaining),
        codes::login_meaning(*code)
    )]
    Suspended {
        /// The code that started it.
        code: i64,
        /// Until the next attempt.
        remaining: Duration,
    },
    /// Too many logins without success lately.
    #[error(
        "logins are held back for another {} after several without success{}",
        humantime::format_duration(*remaining),
        last_suffix(last.as_deref())
    )]
    LoginLimit {
        /// Until the next attempt.
        remaining: Duration,
        /// Why the last attempt failed, if that was in this process.
        last: Option<Box<Error>>,
        /// The reason of that failure, which outlives the process.
        reason: Reason,
    },
    /// The NAS grants sessions and then does not know them.
    #[error(
        "the NAS does not accept the session that it granted (code {code}); logins are held back for another {}",
        humantime::format_duration(*remaining)
    )]
    SessionRefused {
        /// The code of the refusal.
        code: i64,
        /// Until the next login.
        remaining: Duration,
    },
    /// Another login of the same account keeps ending our session.
    #[error(
        "another client of this account keeps ending our session; logins are held back for another {}",
        humantime::format_duration(*remaining)
    )]
    Contested {
        /// Until the next attempt.
        remaining: Duration,
    },
    /// `SYNO.CloudSync` is not among the NAS's APIs.
    #[error("the NAS has no SYNO.CloudSync")]
    PackageMissing,
    /// Account, password or second factor could not be read on our side.
    #[error("credentials: {0}")]
    Credentials(String),
    /// A parameter that we would not send.
    #[error("{0}")]
    Parameter(#[from] ParameterFault),
}

/// Why TLS failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// Nobody we trust signed the certificate.
    #[error("the certificate is not signed by a trusted authority")]
    UnknownIssuer,
    /// The certificate's time is over.
    #[error("the certificate has expired")]
    Expired,
    /// The certificate's time has not come.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// The certificate is for other names.
    #[error("the certificate is for another name")]
    WrongName,
    /// The certificate's key is not the pinned one.
    #[error("the certificate's key has the pin {seen}, not the configured one")]
    PinMismatch {
        /// The pin of the key that was presented (base64 of SHA-256 over the SPKI).
        seen: String,
    },
    /// The connection was there, and then the encryption on it failed.
    #[error("after the handshake: {0}")]
    Broken(String),
    /// What answered does not speak TLS.
    #[error("the answer is not TLS")]
    NotTls,
    /// Anything else that the TLS library reports.
    #[error("{0}")]
    Other(String),
}

/// What answered instead of HTTP 200 with a body.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpFault {
    /// Another status.
    #[error("the answer is HTTP {0}")]
    Status(u16),
    /// A redirect, which is never followed: it would take credentials along.
    #[error("the answer is HTTP {status}, a redirect")]
    Redirect {
        /// The status.
        status: u16,
        /// Where to, without credentials, query and fragment.
        to: Option<String>,
    },
    /// The connection ended before the answer did.
    #[error("the connection ended before the answer was complete")]
    Cut,
    /// Not HTTP at all, or broken HTTP.
    #[error("the answer is not HTTP: {0}")]
    Protocol(String),
}

/// What is wrong with an answer's content.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeFault {
    /// Larger than allowed.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// More values than any NAS has to say.
    #[error("the answer has more than {limit} values")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// HTML, as proxies and a booting NAS send.
    #[error("the answer is an HTML page")]
    Html,
    /// Not JSON.
    #[error("the answer is not JSON: {0}")]
    Json(String),
    /// The compressed body is broken.
    #[error("the answer's compression is broken")]
    Compression,
    /// JSON of another shape.
    #[error("{0}")]
    Shape(String),
    /// A member of a compound request that was not answered.
    #[error("the answer leaves this call out")]
    Missing,
}

fn last_suffix(last: Option<&Error>) -> String {
    last.map(|last| format!(", the last one because {last}")).unwrap_or_default()
}

impl Error {
    /// What kind of failure this is.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Dns { .. } => Reason::Dns,
            Self::Connect { .. } => Reason::Connect,
            Self::Tls(_) => Reason::Tls,
            Self::Timeout { .. } => Reason::Timeout,
            Self::Http { .. } => Reason::Http,
            Self::Decode { .. } => Reason::Decode,
            Self::Api { api, code, .. } => codes::reason(api, *code),
            Self::Login { code } | Self::Suspended { code, .. } => codes::login_reason(*code),
            Self::LoginLimit { reason, .. } => *reason,
            Self::Contested { .. } | Self::SessionRefused { .. } => Reason::Session,
            Self::PackageMissing => Reason::PackageMissing,
            Self::Credentials(_) => Reason::Auth,
            Self::Parameter(_) => Reason::Api,
        }
    }

    /// The NAS's own code, when it gave one.
    pub fn code(&self) -> Option<i64> {
        match self {
            Self::Api { code, .. } | Self::Login { code } | Self::Suspended { code, .. } => Some(*code),
            Self::LoginLimit { last, .. } => last.as_ref()?.code(),
            _ => None,
        }
    }

    /// Whether the same call may well succeed a little later without anybody doing anything: a timeout, or the
    /// codes for an unstable network and a busy system (API notes §2).
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Timeout { .. } => true,
            Self::Api { code, .. } | Self::Login { code } => codes::is_busy(*code),
            _ => false,
        }
    }
}

/// At most this much of a text that a NAS sent goes into a message.
const FOREIGN_TEXT: usize = 80;

/// Makes foreign text fit for a message: one short line.
pub(super) fn tame(text: &str) -> String {
    let mut tamed: String =
        text.chars().take(FOREIGN_TEXT).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(FOREIGN_TEXT).is_some() {
        tamed.push('…');
    }
    tamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_label_in_snake_case() {
        let labels: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|r| r.as_str()).collect();
        assert_eq!(labels.len(), Reason::ALL.len());
        assert!(labels.iter().all(|l| l.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }

    #[test]
    fn a_refused_parameter_is_named() {
        let error = Error::Api {
            api: "SYNO.CloudSync",
            method: "get_log",
            code: 120,
            parameter: Some(BadParameter { name: "limit".into(), reason: "max".into() }),
        };
        assert_eq!(
            error.to_string(),
            "SYNO.CloudSync get_log was refused with code 120 (bad parameter): parameter limit, max"
        );
        assert_eq!((error.reason(), error.code(), error.is_transient()), (Reason::Api, Some(120), false));
    }

    #[test]
    fn foreign_text_is_cut_to_one_short_line() {
        assert_eq!(tame("a\nb\u{1b}[31m"), "a b [31m");
        assert_eq!(tame(&"x".repeat(500)).chars().count(), FOREIGN_TEXT + 1);
    }
}
