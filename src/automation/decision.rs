//! Decisions: what is said of an alert under a rule, once for each change.

use super::case::{Bearer, Case};
use super::payload::Alert;
use super::rules::Target;
use super::verdict::Verdict;
use serde_json::{Map, Value, json};

/// A decision about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The rule's name; none when no rule is about the alert.
    pub rule: Option<String>,
    /// The alert's name.
    pub alert: String,
    /// The alert's fingerprint.
    pub fingerprint: String,
    /// The episode.
    pub episode: Option<String>,
    /// The NAS.
    pub nas: Option<String>,
    /// The connection's id and name.
    pub connection: Option<(i64, String)>,
    /// What became of it.
    pub verdict: Verdict,
    /// In words.
    pub detail: String,
    /// Who sent the alert.
    pub bearer: Bearer,
}

impl Decision {
    /// About a case as a whole.
    pub fn on(case: &Case, verdict: Verdict, detail: impl Into<String>) -> Self {
        Self {
            rule: Some(case.rule.clone()),
            alert: case.alert.name(),
            fingerprint: case.alert.fingerprint.clone(),
            episode: Some(case.episode.to_string()),
            nas: None,
            connection: None,
            verdict,
            detail: detail.into(),
            bearer: case.bearer.clone(),
        }
    }

    /// About a case on one connection.
    #[must_use]
    pub fn at(self, target: &Target, name: &str) -> Self {
        let connection = Some((target.connection.0, name.to_owned()));
        Self { nas: Some(target.nas.to_string()), connection, ..self }
    }

    /// About an alert that has no case.
    pub fn without_case(rule: Option<&str>, alert: &Alert, bearer: &Bearer, verdict: Verdict) -> Self {
        Self {
            rule: rule.map(str::to_owned),
            alert: alert.name(),
            fingerprint: alert.fingerprint.clone(),
            episode: None,
            nas: None,
            connection: None,
            verdict,
            detail: String::new(),
            bearer: bearer.clone(),
        }
    }

    /// The decision as the API shows it; what does not apply is left out.
    pub fn view(&self, mode: &str) -> Value {
        let Self { rule, alert, fingerprint, episode, nas, connection, verdict, detail, bearer: _ } = self;
        let fields = [
            ("rule", json!(rule)),
            ("alert", json!(alert)),
            ("fingerprint", json!(fingerprint)),
            ("episode", json!(episode)),
            ("nas", json!(nas)),
            ("connection_id", json!(connection.as_ref().map(|(id, _)| id))),
            ("connection", json!(connection.as_ref().map(|(_, name)| name))),
            ("outcome", json!(verdict.outcome.as_str())),
            ("guard", json!(verdict.guard.map(super::verdict::Guard::as_str))),
            ("detail", json!(detail)),
            ("mode", json!(mode)),
        ];
        let is_said = |(_, value): &(&str, Value)| !value.is_null() && *value != "";
        Value::Object(
            fields
                .into_iter()
                .filter(is_said)
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Map<_, _>>(),
        )
    }
}
