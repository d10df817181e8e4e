//! How a typed value is shown again, in the shape and the words that the file would have.

use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Serializer;

/// What stands for a secret wherever a configuration is shown.
const SECRET: &str = "<secret>";

#[expect(clippy::ref_option, reason = "serde hands a reference to the field")]
pub(super) fn secret<S: Serializer>(secret: &Option<SecretString>, s: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(_) => s.serialize_str(SECRET),
        None => s.serialize_none(),
    }
}

#[expect(clippy::ref_option, reason = "serde hands a reference to the field")]
pub(super) fn path<S: Serializer>(path: &Option<PathBuf>, s: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => s.collect_str(&path.display()),
        None => s.serialize_str(""),
    }
}

pub(super) fn duration<S: Serializer>(duration: &Duration, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(&humantime::format_duration(*duration))
}

pub(super) fn display<S: Serializer>(value: &impl Display, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(value)
}

pub(super) fn displays<S: Serializer>(values: &[impl Display], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(values.iter().map(ToString::to_string))
}
