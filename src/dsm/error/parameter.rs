//! What can be wrong with a parameter: found by us before it is sent, or by the NAS after.

/// A parameter that we refuse to send.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterFault {
    /// The local path of a task.
    #[error("local path must be /SHARE/DIRECTORY without empty, `.` or `..` segments")]
    LocalPath,
    /// The cloud path of a task.
    #[error("cloud path must begin with /, not end with / and have no empty, `.` or `..` segments")]
    CloudPath,
    /// A schedule.
    #[error("a schedule must be 168 characters of 0 and 1, Sunday and hour 0 first")]
    Schedule,
    /// Tasks can be created for Amazon S3 alone.
    #[error("tasks can be created on Amazon S3 connections only, not on type {found}")]
    NotS3 {
        /// The connection's type.
        found: String,
    },
}

/// The parameter that code 120 names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadParameter {
    /// Its name.
    pub name: String,
    /// `required`, `type`, `condition`, `min` …
    pub reason: String,
}

impl BadParameter {
    /// Only words of ours are repeated: what else a NAS names may be a secret that it echoes.
    pub(in crate::dsm) fn of_ours(self, sent: impl Fn(&str) -> bool) -> Option<Self> {
        let own = self.name.split('.').next().filter(|name| sent(name))?.to_owned();
        let is_word =
            self.reason.len() <= 32 && self.reason.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        Some(Self { name: own, reason: if is_word { self.reason } else { "refused".to_owned() } })
    }
}

pub(super) fn parameter_suffix(parameter: Option<&BadParameter>) -> String {
    parameter.map(|p| format!(": parameter {}, {}", p.name, p.reason)).unwrap_or_default()
}
