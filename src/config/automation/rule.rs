//! `automation.rules.NAME`: which alerts do what to which connections.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::names;
use crate::config::problem::{Problems, shown};
use crate::config::words::words;
use crate::config::{read, write};

/// The connection settings that a rule may set (API notes §4, `set_connection_setting`).
const SETTINGS: [&str; 4] = ["max_upload_speed", "max_download_speed", "pull_event_period", "part_size"];

words! {
    /// What a rule does.
    pub enum RuleAction {
        /// Pause the connections.
        Pause = "pause",
        /// Change their settings.
        Settings = "settings",
        /// Only say so.
        Notify = "notify",
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleConfig {
    /// Matchers in Alertmanager's syntax that must all match; at least one.
    #[serde(deserialize_with = "read::list")]
    pub matchers: Vec<String>,
    /// `pause`, `settings` or `notify`. Default `notify`.
    #[serde(deserialize_with = "read::parsed", serialize_with = "write::display")]
    pub action: RuleAction,
    /// On which connections; `notify` may go without.
    pub select: RuleSelect,
    /// For `settings`: what to set. The numbers go to the NAS as they are.
    #[serde(deserialize_with = "read::numbers")]
    pub set: BTreeMap<String, u64>,
    /// How long a hold lives without a repeat of the alert. Default 5 h.
    #[serde(deserialize_with = "read::duration", serialize_with = "write::duration")]
    pub lease: Duration,
    /// How long after the alert is resolved the hold ends. Default 2 min.
    #[serde(deserialize_with = "read::duration", serialize_with = "write::duration")]
    pub release_delay: Duration,
    /// The longest that a hold may last. Default 24 h.
    #[serde(deserialize_with = "read::duration", serialize_with = "write::duration")]
    pub max_hold: Duration,
    /// Only a person releases. Default false.
    #[serde(deserialize_with = "read::flag")]
    pub latch: bool,
    /// How long after a release the rule rests. Default 5 min.
    #[serde(deserialize_with = "read::duration", serialize_with = "write::duration")]
    pub cooldown: Duration,
    /// The most holds that the rule takes of one connection in a day, at least 1. Default 6.
    #[serde(deserialize_with = "read::whole")]
    pub daily_budget: u32,
}

/// The connections of a rule: either named, or taken from the alert's labels `nas` and `conn_id`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleSelect {
    /// The NAS.
    #[serde(deserialize_with = "read::text")]
    pub nas: String,
    /// Its connections: names, or ids as text.
    #[serde(deserialize_with = "read::list")]
    pub connections: Vec<String>,
    /// True instead of the other two: the alert says which.
    #[serde(deserialize_with = "read::flag")]
    pub labels: bool,
}

impl Default for RuleConfig {
    fn default() -> Self {
        const HOUR: u64 = 3600;
        Self {
            matchers: Vec::new(),
            action: RuleAction::Notify,
            select: RuleSelect::default(),
            set: BTreeMap::new(),
            lease: Duration::from_secs(5 * HOUR),
            release_delay: Duration::from_secs(120),
            max_hold: Duration::from_secs(24 * HOUR),
            latch: false,
            cooldown: Duration::from_secs(300),
            daily_budget: 6,
        }
    }
}

impl RuleConfig {
    pub(super) fn validate(&self, key: &str, nas: &names::Known<'_>, problems: &mut Problems) {
        let at = |name: &str| format!("{key}.{name}");
        problems.require(
            !self.matchers.is_empty() && self.matchers.iter().all(|matcher| !matcher.trim().is_empty()),
            at("matchers"),
            "is empty; allowed: one or more matchers, such as alertname=\"WanSaturated\"",
        );
        // A notification needs no connections; it may still name some.
        if self.action != RuleAction::Notify || self.select != RuleSelect::default() {
            self.select.validate(&at("select"), nas, problems);
        }
        problems.check(at("set"), self.check_set());
        for (name, duration) in [("lease", self.lease), ("max_hold", self.max_hold)] {
            problems.require(!duration.is_zero(), at(name), "0s is too short; allowed: longer than 0s");
        }
        // A latched hold has no end that could be put off.
        if !self.latch && self.release_delay > self.max_hold {
            let [given, most] = [self.release_delay, self.max_hold].map(humantime::format_duration);
            problems.add(
                at("release_delay"),
                format!("{given} is longer than max_hold, which ends the hold before; allowed: up to {most}"),
            );
        }
        problems.require(self.daily_budget > 0, at("daily_budget"), "0 never acts; allowed: 1 or more");
    }

    fn check_set(&self) -> Result<(), String> {
        let allowed = SETTINGS.join(", ");
        match (self.action == RuleAction::Settings, self.set.is_empty()) {
            (true, true) => return Err(format!("is empty; allowed with action settings: {allowed}")),
            (false, false) => return Err("is given; allowed: only with action settings".to_owned()),
            _ => {}
        }
        match self.set.keys().find(|name| !SETTINGS.contains(&name.as_str())) {
            Some(name) => Err(format!("{} is not among the settings; allowed: {allowed}", shown(name))),
            None => Ok(()),
        }
    }
}

impl RuleSelect {
    fn validate(&self, key: &str, nas: &names::Known<'_>, problems: &mut Problems) {
        const ALLOWED: &str = "allowed: nas and connections, or labels: true";
        let named = !self.nas.is_empty() || !self.connections.is_empty();
        match (self.labels, named) {
            (true, true) => problems.add(key, format!("says labels and names as well; {ALLOWED}")),
            (false, false) => problems.add(key, format!("is missing; {ALLOWED}")),
            (true, false) => {}
            (false, true) => {
                problems.check(format!("{key}.nas"), nas.check(&self.nas));
                problems.require(
                    !self.connections.is_empty() && self.connections.iter().all(|name| !name.is_empty()),
                    format!("{key}.connections"),
                    "is empty; allowed: names, or ids as text",
                );
            }
        }
    }
}
