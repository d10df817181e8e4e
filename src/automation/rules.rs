//! Rules: which alerts do what to which connections, without doing it.
//!
//! A rule comes from the configuration. An alert can only choose among connections, by its labels `nas` and `conn_id`
//! and where the rule says so; what is done is always the rule's to say.

mod targets;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use super::matchers::Matchers;
use super::payload::Alert;
use crate::model::NasName;

pub use crate::actions::settings::{stricter, strictest};
pub(super) use targets::shown;
pub use targets::{KnownConnection, NoTarget, Target, id};

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleAction {
    /// Pauses the connections.
    Pause,
    /// Sets their settings to these values.
    Settings(BTreeMap<String, u64>),
    /// Only says so.
    Notify,
}

impl RuleAction {
    /// The word of the configuration.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Settings(_) => "settings",
            Self::Notify => "notify",
        }
    }
}

/// On which connections a rule acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// On none: a rule that only says so need not name any.
    Nothing,
    /// On these.
    Named {
        /// The NAS.
        nas: NasName,
        /// Its connections: names, or ids as text. Digits are an id, whatever connections are called; a name that
        /// several have means each of them.
        connections: Vec<String>,
    },
    /// On the one that the alert's labels `nas` and `conn_id` say.
    Labels,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name in the configuration.
    pub name: String,
    /// Which alerts.
    pub matchers: Matchers,
    /// Do what.
    pub action: RuleAction,
    /// To which connections.
    pub select: Select,
    /// How long a hold lives without a repeat of the alert.
    pub lease: Duration,
    /// How long after the alert is resolved the hold ends.
    pub release_delay: Duration,
    /// The longest that a hold may last.
    pub max_hold: Duration,
    /// Only a person releases.
    pub latch: bool,
    /// How long after a release the rule rests.
    pub cooldown: Duration,
    /// The most actions in a day.
    pub daily_budget: u32,
}

impl Rule {
    /// Whether the rule is about this alert.
    pub fn matches(&self, alert: &Alert) -> bool {
        self.matchers.matches(&alert.labels)
    }

    /// The connections that it acts on, sorted and each once, among those that there are. For a rule that goes by the
    /// alert's labels, `known` is also what bounds the alert: leave out what its sender's token may not touch.
    ///
    /// Of several named connections those that exist are enough; see [`Rule::absent`] for the others.
    pub fn targets(&self, alert: &Alert, known: &[KnownConnection]) -> Result<Vec<Target>, NoTarget> {
        match &self.select {
            Select::Nothing => Ok(Vec::new()),
            Select::Named { nas, connections } => targets::named(nas, connections, known),
            Select::Labels => targets::labelled(alert, known).map(|target| vec![target]),
        }
    }

    /// The named connections that do not exist.
    pub fn absent(&self, known: &[KnownConnection]) -> Vec<&str> {
        match &self.select {
            Select::Named { nas, connections } => targets::absent(nas, connections, known),
            Select::Nothing | Select::Labels => Vec::new(),
        }
    }
}
