//! The client's errors in the words of the actions.

use crate::actions::{Failure, FailureKind};
use crate::dsm::cloud_sync::act::MissingSetting;
use crate::dsm::error::ParameterFault;
use crate::dsm::{Error, Reason};
use crate::model::DownReason;
use crate::poller::down_reason;

/// A failed exchange with the NAS.
pub(super) fn failure(error: &Error) -> Failure {
    let kind = match error {
        Error::Parameter(ParameterFault::NotS3 { .. }) => FailureKind::NotS3,
        Error::Dns { .. } | Error::Connect { .. } | Error::Tls(_) | Error::Timeout { .. } => {
            FailureKind::Silent
        }
        Error::Http { .. } | Error::Decode { .. } => FailureKind::Broken,
        // A refusal of ours, of what the NAS would refuse as well.
        _ => FailureKind::Refused,
    };
    let kind = if is_cut(error) { FailureKind::Silent } else { kind };
    Failure {
        kind,
        detail: error.to_string(),
        advice: error.advice().into_owned(),
        reason: down_reason(error.reason()),
        code: error.code(),
        method: error.method(),
        is_open: error.outcome_is_open(),
    }
}

/// Whether the connection ended in the middle: nobody answered.
fn is_cut(error: &Error) -> bool {
    matches!(error, Error::Http { fault: crate::dsm::error::HttpFault::Cut, .. })
}

/// Settings that cannot be written back whole.
pub(super) fn incomplete(missing: MissingSetting, method: &'static str) -> Failure {
    Failure {
        kind: FailureKind::Incomplete,
        detail: missing.to_string(),
        advice: "Nothing was sent. A request that names this setting as well says what it is to be."
            .to_owned(),
        reason: down_reason(Reason::Decode),
        code: None,
        method: Some(method),
        is_open: false,
    }
}

/// A document that is not what its command takes: a fault of this program.
pub(super) fn misshapen(error: &serde_json::Error, method: &'static str) -> Failure {
    Failure {
        kind: FailureKind::Incomplete,
        detail: format!("the settings cannot be written: {error}"),
        advice: String::new(),
        reason: DownReason::Decode,
        code: None,
        method: Some(method),
        is_open: false,
    }
}
