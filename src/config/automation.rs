//! `automation`: what alerts do.

mod rule;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

pub use rule::{RuleAction, RuleConfig, RuleSelect};

use super::names::{self, check_name};
use super::problem::Problems;
use super::words::words;
use super::{base_url, read, write};

words! {
    /// Whether rules act.
    pub enum AutomationMode {
        /// Only say what would be done.
        Observe = "observe",
        /// Act.
        Enforce = "enforce",
    }
}

/// The section `automation`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AutomationConfig {
    /// `observe` or `enforce`. Default `observe`.
    #[serde(deserialize_with = "read::parsed", serialize_with = "write::display")]
    pub mode: AutomationMode,
    /// Base URLs of the Alertmanagers that are asked which alerts are firing. Default none.
    #[serde(deserialize_with = "read::list", serialize_with = "write::displays")]
    pub alertmanagers: Vec<AlertmanagerUrl>,
    /// Between two times that they are asked, at least 1 s. Default 3 min.
    #[serde(deserialize_with = "read::duration", serialize_with = "write::duration")]
    pub reconcile_interval: Duration,
    /// The largest share of all connections that may be held at once, above 0 and up to 1. Default 0.5.
    #[serde(deserialize_with = "read::number")]
    pub max_held_share: f64,
    /// How long the NAS has to show what it was told. Default 30 s.
    #[serde(deserialize_with = "read::duration", serialize_with = "write::duration")]
    pub verify_timeout: Duration,
    /// What to do on which alerts. Default nothing.
    pub rules: BTreeMap<String, RuleConfig>,
}

impl Default for AutomationConfig {
    fn default() -> Self {
        Self {
            mode: AutomationMode::Observe,
            alertmanagers: Vec::new(),
            reconcile_interval: Duration::from_secs(180),
            max_held_share: 0.5,
            verify_timeout: Duration::from_secs(30),
            rules: BTreeMap::new(),
        }
    }
}

impl AutomationConfig {
    pub(super) fn validate(&self, nas: &names::Known<'_>, problems: &mut Problems) {
        if !(self.max_held_share > 0.0 && self.max_held_share <= 1.0) {
            let given = self.max_held_share;
            problems.add(
                "automation.max_held_share",
                format!("{given} is out of range; allowed: above 0 and up to 1"),
            );
        }
        problems.require(
            !self.verify_timeout.is_zero(),
            "automation.verify_timeout",
            "0s is too short; allowed: longer than 0s",
        );
        if self.reconcile_interval < Duration::from_secs(1) {
            let given = humantime::format_duration(self.reconcile_interval);
            problems
                .add("automation.reconcile_interval", format!("{given} is too short; allowed: 1s or longer"));
        }
        for (name, rule) in &self.rules {
            let key = format!("automation.rules.{name}");
            problems.check_name(&key, check_name(name));
            rule.validate(&key, nas, problems);
        }
    }
}

/// The base URL of an Alertmanager: http or https, without user information, query and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertmanagerUrl(pub Url);

impl FromStr for AlertmanagerUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        base_url::parse(text, "http://alertmanager:9093").map(Self)
    }
}

impl fmt::Display for AlertmanagerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}
