//! `log`: what is logged, and in which form.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::Targets;

use super::problem::shown;
use super::words::words;
use super::{read, write};

/// The section `log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogConfig {
    /// A level, or directives such as `info,cloudsync_exporter::dsm=debug`. Default `info`.
    #[serde(deserialize_with = "read::parsed", serialize_with = "write::display")]
    pub level: LogLevel,
    /// `logfmt` or `json`. Default `logfmt`.
    #[serde(deserialize_with = "read::parsed", serialize_with = "write::display")]
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: LogLevel("info".to_owned()), format: LogFormat::Logfmt }
    }
}

words! {
    /// The form of a log line.
    pub enum LogFormat {
        /// `key=value` pairs, as Prometheus itself logs.
        Logfmt = "logfmt",
        /// One JSON object a line.
        Json = "json",
    }
}

/// A log level or filter directives, checked: `Targets` reads the text without complaint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(String);

impl LogLevel {
    /// The directives as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        // A bare word that is no level would be taken as the name of a target, and silence everything else.
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let misspelt = parts.iter().any(|part| {
            !part.contains(['=', ':']) && !LEVELS.iter().any(|level| part.eq_ignore_ascii_case(level))
        });
        // A space would be part of the target's name.
        let directives = parts.join(",");
        if misspelt || directives.parse::<Targets>().is_err() {
            return Err(format!(
                "{} is no log level; allowed: {}, or directives such as info,cloudsync_exporter::dsm=debug",
                shown(text),
                LEVELS.join(", ")
            ));
        }
        Ok(Self(directives))
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
