//! `web`: the listener that Prometheus scrapes.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::listen::ListenAddress;
use super::problem::{Problems, shown};
use super::{read, write};

/// Paths of the web listener that the telemetry path would hide.
const TAKEN: [&str; 5] = ["/", "/probe", "/sd", "/-/healthy", "/-/ready"];

/// Far above what one process can answer at once, and below what a semaphore can count.
const MOST_REQUESTS: usize = 1_000_000;

/// The section `web`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebConfig {
    /// Where to listen, one or more. Default `:9842`.
    #[serde(deserialize_with = "read::list", serialize_with = "write::displays")]
    pub listen_address: Vec<ListenAddress>,
    /// Where the metrics are. Default `/metrics`.
    #[serde(deserialize_with = "read::text")]
    pub telemetry_path: String,
    /// exporter-toolkit's web configuration: TLS and users. Default none.
    #[serde(deserialize_with = "read::path", serialize_with = "write::path")]
    pub config_file: Option<PathBuf>,
    /// Scrapes answered at once; more wait their turn. Default 40.
    #[serde(deserialize_with = "read::whole")]
    pub max_requests: usize,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            listen_address: vec![ListenAddress { host: None, port: 9842 }],
            telemetry_path: "/metrics".to_owned(),
            config_file: None,
            max_requests: 40,
        }
    }
}

impl WebConfig {
    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            !self.listen_address.is_empty(),
            "web.listen_address",
            "is empty; allowed: at least one address, such as :9842",
        );
        problems.check("web.telemetry_path", check_path(&self.telemetry_path));
        if !(1..=MOST_REQUESTS).contains(&self.max_requests) {
            let given = self.max_requests;
            problems
                .add("web.max_requests", format!("{given} is out of range; allowed: 1 to {MOST_REQUESTS}"));
        }
    }
}

fn check_path(path: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~".contains(c);
    if !path.starts_with('/') || !path.chars().all(plain) {
        let shown = shown(path);
        return Err(format!("{shown} is no path; allowed: / and then letters, digits and any of / - . _ ~"));
    }
    if TAKEN.contains(&path) {
        return Err(format!("{path} is taken; allowed: any path but {}", TAKEN.join(", ")));
    }
    Ok(())
}
