//! Every refusal of the API, in one place: its stable name, its status and its words.

use crate::actions::schema::Fault;
use crate::actions::{ActionError, Failure, FailureKind};
use crate::web::Problem;
use hyper::StatusCode;
use serde_json::{Value, json};

/// A kind of problem: its name in the type's URI, its status, its title.
pub(super) struct Kind(pub(super) &'static str, pub(super) StatusCode, pub(super) &'static str);

macro_rules! kinds {
    ($($name:ident = $word:literal, $status:ident, $title:literal;)+) => {
        $(pub(super) static $name: Kind = Kind($word, StatusCode::$status, $title);)+
        /// Every kind, for the API's description.
        pub(super) static ALL: &[&Kind] = &[$(&$name),+];
    };
}

kinds! {
    HOST = "host-not-allowed", MISDIRECTED_REQUEST, "The request is addressed to another host";
    ORIGIN = "origin-not-allowed", FORBIDDEN, "The request comes from a page of another origin";
    NOT_FOUND = "not-found", NOT_FOUND, "There is no such path";
    METHOD = "method-not-allowed", METHOD_NOT_ALLOWED, "The path has no such method";
    UNAUTHORIZED = "unauthorized", UNAUTHORIZED, "A known token is needed";
    TOO_MANY_FAILURES = "too-many-failures", TOO_MANY_REQUESTS, "Too many failed authentications";
    FORBIDDEN = "forbidden", FORBIDDEN, "The token may not do this";
    MEDIA_TYPE = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body must be application/json";
    TOO_LARGE = "body-too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    HEADERS = "headers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "There are too many headers";
    TOO_OFTEN = "too-many-requests", SERVICE_UNAVAILABLE, "Requests come more often than the listener takes them";
    TIMEOUT = "request-timeout", REQUEST_TIMEOUT, "The body did not come in time";
    BAD_REQUEST = "bad-request", BAD_REQUEST, "The request is broken";
    MALFORMED = "malformed-body", BAD_REQUEST, "The body is no JSON object";
    PARAMETER = "invalid-parameter", BAD_REQUEST, "A parameter of the address is refused";
    INVALID = "invalid-body", UNPROCESSABLE_ENTITY, "The body is refused";
    UNKNOWN_NAS = "unknown-nas", NOT_FOUND, "There is no such NAS";
    UNKNOWN_CONNECTION = "unknown-connection", NOT_FOUND, "There is no such connection";
    UNKNOWN_TASK = "unknown-task", NOT_FOUND, "There is no such task";
    UNKNOWN_HOLD = "unknown-hold", NOT_FOUND, "There is no such hold";
    UNCONFIRMED = "confirmation-mismatch", CONFLICT, "The confirmation does not match";
    HELD = "hold-conflict", CONFLICT, "Holds stand in the way";
    NOT_S3 = "not-s3", CONFLICT, "The connection is not one of Amazon S3";
    KEY_INVALID = "idempotency-key-invalid", BAD_REQUEST, "The Idempotency-Key is refused";
    KEY_MISMATCH = "idempotency-mismatch", UNPROCESSABLE_ENTITY, "The Idempotency-Key belongs to another request";
    KEY_IN_PROGRESS = "idempotency-in-progress", CONFLICT, "The first request with this key is still running";
    KEY_INTERRUPTED = "idempotency-interrupted", CONFLICT, "What became of the first request is not known";
    TOO_MANY_ALERTS = "too-many-alerts", PAYLOAD_TOO_LARGE, "The notification has too many alerts";
    NOT_KEPT = "notification-not-kept", SERVICE_UNAVAILABLE, "The notification cannot be kept now";
    BUSY = "nas-busy", SERVICE_UNAVAILABLE, "Too many wait for the NAS";
    TOO_MANY_HOLDS = "too-many-holds", CONFLICT, "The connection has too many holds";
    AUDIT = "audit-unavailable", SERVICE_UNAVAILABLE, "The state file cannot be written";
    NO_DATA_REFUSED = "no-data", BAD_GATEWAY, "The NAS refuses to be polled";
    NO_DATA_SILENT = "no-data", GATEWAY_TIMEOUT, "The NAS does not answer the poll";
    NAS_REFUSED = "nas-refused", BAD_GATEWAY, "The NAS refused";
    NAS_SILENT = "nas-silent", GATEWAY_TIMEOUT, "The NAS does not answer";
    NAS_BROKEN = "nas-answer", BAD_GATEWAY, "The NAS's answer cannot be read";
    NAS_INCOMPLETE = "nas-incomplete", BAD_GATEWAY, "The NAS does not say what has to be written back";
    RELOAD = "reload-failed", UNPROCESSABLE_ENTITY, "The configuration cannot be used";
    INTERNAL = "internal", INTERNAL_SERVER_ERROR, "A fault in this program";
}

impl Kind {
    /// The URI of the type. It names the kind and leads nowhere.
    pub(super) fn uri(&self) -> String {
        format!("urn:cloudsync-exporter:problem:{}", self.0)
    }

    /// A problem of this kind.
    pub(super) fn problem(&self) -> Problem {
        Problem::new(self.1, self.uri(), self.2)
    }

    /// The same with what is wrong this time.
    pub(super) fn because(&self, detail: impl Into<String>) -> Problem {
        self.problem().detail(detail)
    }
}

/// Why a call came to nothing.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) problem: Problem,
    /// Something may have been done: a repeat with the same key gets this answer again.
    pub(super) is_final: bool,
    /// The NAS refused to say something. Perhaps what it was asked about is not there any more.
    pub(super) may_be_gone: bool,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem, is_final: false, may_be_gone: false }
    }
}

/// How the transport's own refusals are said.
pub(super) fn of_status(status: StatusCode) -> Problem {
    let kind = match status {
        StatusCode::NOT_FOUND => &NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => &METHOD,
        StatusCode::PAYLOAD_TOO_LARGE => &TOO_LARGE,
        StatusCode::REQUEST_TIMEOUT => &TIMEOUT,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => &HEADERS,
        StatusCode::SERVICE_UNAVAILABLE => &TOO_OFTEN,
        StatusCode::BAD_REQUEST => &BAD_REQUEST,
        _ => &INTERNAL,
    };
    kind.problem()
}

/// Faults of a body, each by its pointer.
pub(super) fn of_body(faults: &[Fault]) -> Problem {
    INVALID.because(summary(faults)).with("errors", faults)
}

/// Faults of the address, each by the parameter's name.
pub(super) fn of_query(faults: &[Fault]) -> Problem {
    let errors: Vec<Value> = faults
        .iter()
        .map(|fault| json!({ "parameter": fault.pointer.trim_start_matches('/'), "detail": fault.detail }))
        .collect();
    PARAMETER.because(summary(faults)).with("errors", errors)
}

fn summary(faults: &[Fault]) -> String {
    let one = |fault: &Fault| format!("{} {}", fault.pointer.trim_start_matches('/'), fault.detail);
    match faults {
        [only] => one(only).trim().to_owned(),
        [first, ..] => format!("{}, and {} more", one(first).trim(), faults.len() - 1),
        [] => String::new(),
    }
}

impl From<ActionError> for Refusal {
    fn from(error: ActionError) -> Self {
        let said = error.to_string();
        let problem = match error {
            ActionError::UnknownNas(_) => UNKNOWN_NAS.because(said),
            ActionError::UnknownConnection { .. } => UNKNOWN_CONNECTION.because(said),
            ActionError::UnknownTask { .. } => UNKNOWN_TASK.because(said),
            ActionError::UnknownHold(_) => UNKNOWN_HOLD.because(said),
            ActionError::Invalid(faults) => of_body(&faults),
            ActionError::Unconfirmed(_) => UNCONFIRMED.because(said),
            ActionError::Held(holds) => HELD
                .because("resume with \"override\": true, or end them by their names")
                .with("holds", holds),
            // Only rules are told so, and they are no callers of the API.
            ActionError::Frozen | ActionError::AlreadyStricter | ActionError::Unfit(_) => {
                INTERNAL.because(said)
            }
            ActionError::Busy(_) | ActionError::Abandoned => BUSY.because(said),
            ActionError::TooManyHolds(_) => TOO_MANY_HOLDS.because(said),
            ActionError::Unrecorded(_) => AUDIT.because(said),
            ActionError::Nas { failure, audit, seen, holds } => {
                let may_be_gone = audit.is_none() && failure.is_verdict();
                let mut problem = of_failure(&failure);
                if !holds.is_empty() {
                    problem = problem.with("holds", holds);
                }
                if let Some(audit) = audit {
                    problem = problem.with("audit_id", audit);
                }
                if let Some(seen) = seen {
                    let (before, after) = *seen;
                    return Self {
                        problem: problem.with("before", before).with("after", after),
                        is_final: true,
                        may_be_gone,
                    };
                }
                return Self { problem, is_final: false, may_be_gone };
            }
        };
        problem.into()
    }
}

/// What the NAS did not do, with its own code where it gave one.
pub(super) fn of_failure(failure: &Failure) -> Problem {
    let kind = match failure.kind {
        FailureKind::Refused => &NAS_REFUSED,
        FailureKind::Silent => &NAS_SILENT,
        FailureKind::Broken => &NAS_BROKEN,
        FailureKind::Incomplete => &NAS_INCOMPLETE,
        FailureKind::NotS3 => &NOT_S3,
    };
    let mut detail = failure.detail.clone();
    if failure.is_open {
        detail.push_str("; the NAS may have done it all the same");
    }
    if !failure.advice.is_empty() {
        detail.push_str(". ");
        detail.push_str(&failure.advice);
    }
    let mut problem = kind.because(detail).with("reason", failure.reason.as_str());
    if let Some(code) = failure.code {
        problem = problem.with("nas_code", code);
    }
    if let Some(method) = failure.method {
        problem = problem.with("nas_method", method);
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable_words() {
        for kind in ALL {
            assert!(
                kind.0.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{}",
                kind.0
            );
            assert!(kind.1.is_client_error() || kind.1.is_server_error(), "{}", kind.0);
        }
    }

    #[test]
    fn several_faults_are_summed_up_and_listed() {
        let faults = [Fault::at("a", "is missing"), Fault::at("b", "is missing")];
        let text = serde_json::to_value(of_body(&faults)).unwrap();
        assert_eq!(text["detail"], "a is missing, and 1 more");
        assert_eq!(text["errors"][1], json!({"pointer": "/b", "detail": "is missing"}));
        let text = serde_json::to_value(of_query(&faults)).unwrap();
        assert_eq!(text["errors"][0], json!({"parameter": "a", "detail": "is missing"}));
    }
}
