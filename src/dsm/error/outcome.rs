//! What a failure leaves open: whether a call that changes something was carried out all the same.

use super::{Error, HttpFault, TlsFault};
use crate::dsm::discovery::QUERY;
use crate::dsm::envelope::LOGIN;

impl Error {
    /// The method that failed, where that is known: of the call itself, or of what had to come before it, which is
    /// `query` for the APIs, `login`, or `request` for many calls in one.
    pub fn method(&self) -> Option<&'static str> {
        match self {
            Self::Timeout { method, .. }
            | Self::Http { method, .. }
            | Self::Decode { method, .. }
            | Self::Api { method, .. } => Some(method),
            Self::Login { .. } | Self::Suspended { .. } => Some(LOGIN),
            Self::LoginLimit { last, .. } => last.as_ref()?.method(),
            Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Tls(_)
            | Self::SessionRefused { .. }
            | Self::Contested { .. }
            | Self::PackageMissing
            | Self::Credentials(_)
            | Self::Parameter(_) => None,
        }
    }

    /// Whether the NAS may have carried out the call that failed so: it was sent, or may have been, and nothing says
    /// that it was refused. Matters for calls that change something; where it is false, nothing has changed.
    pub fn outcome_is_open(&self) -> bool {
        match self {
            // Finding the APIs and logging in come before the call.
            Self::Timeout { method, .. } | Self::Decode { method, .. } => is_the_call(method),
            Self::Http { method, fault } => is_the_call(method) && fault.leaves_open(),
            Self::Tls(fault) => matches!(fault, TlsFault::Broken(_)),
            Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Api { .. }
            | Self::Login { .. }
            | Self::Suspended { .. }
            | Self::LoginLimit { .. }
            | Self::SessionRefused { .. }
            | Self::Contested { .. }
            | Self::PackageMissing
            | Self::Credentials(_)
            | Self::Parameter(_) => false,
        }
    }
}

fn is_the_call(method: &str) -> bool {
    !matches!(method, QUERY | LOGIN)
}

impl HttpFault {
    /// Whether the request may have reached the API. A redirect and nearly every 4xx come from what stands before
    /// it; behind a 5xx a proxy may have passed the request on, and behind a 408 as well.
    fn leaves_open(&self) -> bool {
        match self {
            Self::Status(status) => *status == 408 || !(400..=499).contains(status),
            Self::Redirect { .. } => false,
            Self::Cut | Self::Protocol(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::dsm::error::{DecodeFault, ParameterFault, Reason};

    /// Each failure, as it is of the call `pause`, with the method and whether the outcome is open.
    fn failures() -> Vec<(Error, Option<&'static str>, bool)> {
        let remaining = Duration::from_secs(60);
        let (limit, text) = (remaining, String::new);
        let pause = Some("pause");
        let http = |fault| Error::Http { method: "pause", fault };
        let decode = |fault| Error::Decode { method: "pause", fault };
        let api = |code| Error::Api { api: "SYNO.CloudSync", method: "pause", code, parameter: None };
        let limited = |last: Option<Error>| Error::LoginLimit {
            remaining,
            reason: last.as_ref().map_or(Reason::Timeout, Error::reason),
            last: last.map(Box::new),
        };
        let mut failures = vec![
            (Error::Dns { host: text(), cause: text() }, None, false),
            (Error::Connect { cause: text() }, None, false),
            (Error::Timeout { method: "pause", limit }, pause, true),
            (http(HttpFault::Redirect { status: 302, to: None }), pause, false),
            (http(HttpFault::Cut), pause, true),
            (http(HttpFault::Protocol(text())), pause, true),
            (Error::Login { code: 400 }, Some("login"), false),
            (Error::Suspended { code: 407, remaining }, Some("login"), false),
            (limited(None), None, false),
            (limited(Some(Error::Timeout { method: "login", limit })), Some("login"), false),
            (Error::SessionRefused { code: 119, remaining }, None, false),
            (Error::Contested { remaining }, None, false),
            (Error::PackageMissing, None, false),
            (Error::Credentials(text()), None, false),
            (ParameterFault::Schedule.into(), None, false),
        ];
        let statuses = [(204, true), (401, false), (404, false), (408, true), (413, false), (429, false)];
        let statuses = statuses.into_iter().chain([500, 502, 503, 504].map(|status| (status, true)));
        failures.extend(statuses.map(|(status, open)| (http(HttpFault::Status(status)), pause, open)));
        let unreadable = [
            DecodeFault::TooLarge { limit: 1 },
            DecodeFault::TooMany { limit: 1 },
            DecodeFault::Html,
            DecodeFault::Json(text()),
            DecodeFault::Compression,
            DecodeFault::Shape(text()),
            DecodeFault::Missing,
        ];
        failures.extend(unreadable.map(|fault| (decode(fault), pause, true)));
        failures.extend([100, 105, 107, 117, 119, 120, 401].map(|code| (api(code), pause, false)));
        let untrusted = [
            TlsFault::UnknownIssuer,
            TlsFault::Expired,
            TlsFault::NotYetValid,
            TlsFault::WrongName,
            TlsFault::PinMismatch { seen: text() },
            TlsFault::NotTls,
            TlsFault::Other(text()),
        ];
        failures.extend(untrusted.map(|fault| (fault.into(), None, false)));
        failures.push((TlsFault::Broken(text()).into(), None, true));
        failures
    }

    #[test]
    fn only_what_was_never_sent_or_was_refused_is_settled() {
        for (error, method, is_open) in failures() {
            assert_eq!((error.method(), error.outcome_is_open()), (method, is_open), "{error:?}");
        }
    }

    #[test]
    fn what_fails_before_the_call_leaves_nothing_open() {
        let limit = Duration::from_secs(10);
        for method in ["query", "login"] {
            for error in [
                Error::Timeout { method, limit },
                Error::Http { method, fault: HttpFault::Cut },
                Error::Http { method, fault: HttpFault::Status(502) },
                Error::Decode { method, fault: DecodeFault::Html },
            ] {
                assert_eq!((error.method(), error.outcome_is_open()), (Some(method), false), "{error:?}");
            }
        }
        assert!(Error::Timeout { method: "request", limit }.outcome_is_open(), "many calls in one are calls");
    }
}
