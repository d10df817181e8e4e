//! The configuration: one checked structure from the file, the environment and the flags.
//!
//! [`Config::load`] merges, in rising precedence, the defaults in code, the file (YAML or TOML), environment
//! variables (`CLOUDSYNC_EXPORTER__SECTION__KEY`) and flags. It either gives a configuration that needs no
//! further checks or every problem at once. Each section is a small structure with its defaults and its
//! check; secrets sit in types that show nothing of them, so a [`Config`] may be logged or served.

mod admin;
mod automation;
mod base_url;
mod listen;
mod load;
mod log;
mod metrics;
mod names;
mod nas;
mod place;
mod poll;
mod problem;
mod read;
mod secret;
mod sections;
mod shard;
mod web;
mod words;
mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

pub use admin::{AdminConfig, Scope, TokenConfig, TokenDigest};
pub use automation::{AlertmanagerUrl, AutomationConfig, AutomationMode, RuleAction, RuleConfig, RuleSelect};
pub use listen::ListenAddress;
pub use load::Overrides;
pub use log::{LogConfig, LogFormat, LogLevel};
pub use metrics::MetricsConfig;
pub use nas::{
    CredentialError, Credentials, NasConfig, NasTls, SecondFactor, SecondFactorCredential, SpkiPin,
};
pub use place::Place;
pub use poll::PollConfig;
pub use problem::{Problem, Problems};
pub use secret::{SecretError, SecretSource};
pub use shard::Shard;
pub use web::WebConfig;

/// The commented default file, as committed.
pub const DEFAULT_FILE: &str = include_str!("../deploy/default-config.yaml");

/// A whole configuration, checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(into = "sections::Sections")]
pub struct Config {
    /// The NASes by name, at least one.
    pub nas: BTreeMap<String, NasConfig>,
    /// How they are polled.
    pub poll: PollConfig,
    /// What is exposed of them.
    pub metrics: MetricsConfig,
    /// The listener for Prometheus.
    pub web: WebConfig,
    /// The SQLite file for what must outlive the process. Default `cloudsync-exporter.sqlite`.
    pub state_file: PathBuf,
    /// The listener for changes.
    pub admin: AdminConfig,
    /// What alerts do.
    pub automation: AutomationConfig,
    /// Logging.
    pub log: LogConfig,
}

impl Config {
    /// The NASes that are this instance's to poll, by [`PollConfig::shard`].
    pub fn polled(&self) -> impl Iterator<Item = (&str, &NasConfig)> {
        let shard = self.poll.shard;
        self.nas.iter().map(|(name, nas)| (name.as_str(), nas)).filter(move |(name, _)| shard.holds(name))
    }
}
