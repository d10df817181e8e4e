//! What is known of alerts, in the state file.

use super::case::Case;
use super::decision::Decision;
use super::desk::{Change, Desk};
use super::episode::{Episode, Episodes};
use super::verdict::{Outcome, Verdict};
use crate::actions::{Actions, Object, Origin, Source, run_blocking};
use crate::model::NasName;
use crate::state::{AlertChange, AuditEntry, StateError, StateFile};
use serde_json::json;
use std::sync::Arc;

/// The decisions of one notification that have a record each; what is more is summed up in one.
const MOST_DECISIONS: usize = 500;

/// What the audit calls a decision.
pub(super) const DECIDE: &str = "decide";

/// The state file, as far as alerts are concerned.
#[derive(Debug, Clone)]
pub(super) struct Store(pub(super) Arc<StateFile>);

impl Store {
    /// What was known before. What cannot be read is left there, and said.
    pub(super) fn open(&self) -> Result<Desk, StateError> {
        let mut episodes = Vec::new();
        for (fingerprint, text) in self.0.episodes()? {
            match serde_json::from_str::<Episode>(&text) {
                Ok(episode) => episodes.push((fingerprint, episode)),
                Err(error) => {
                    tracing::error!(fingerprint, %error, "an episode of the state file cannot be read");
                }
            }
        }
        let mut cases = Vec::new();
        for text in self.0.cases()? {
            match serde_json::from_str::<Case>(&text) {
                Ok(case) => cases.push(case),
                Err(error) => tracing::error!(%error, "a case of the state file cannot be read"),
            }
        }
        Ok(Desk::new(Episodes::from_iter(episodes), cases))
    }

    /// Writes a change, with its decisions as records of the audit; on return it is on disk.
    pub(super) async fn write(&self, change: &Change, mode: &str, now: i64) -> Result<(), StateError> {
        let own = |record: Option<String>| record.unwrap_or_default();
        let episodes = change.episodes.iter().map(|(fingerprint, episode)| {
            let record = episode.as_ref().map(|episode| own(serde_json::to_string(episode).ok()));
            (fingerprint.clone(), record)
        });
        let cases = change.cases.iter().map(|((rule, fingerprint), case)| {
            let record = case.as_ref().map(|case| own(serde_json::to_string(case).ok()));
            (rule.clone(), fingerprint.clone(), record)
        });
        let change = AlertChange {
            episodes: episodes.collect(),
            cases: cases.collect(),
            audit: records(&change.decisions, mode, now),
        };
        if change.is_empty() {
            return Ok(());
        }
        let state = Arc::clone(&self.0);
        run_blocking(move || state.write_alerts(&change)).await
    }
}

fn records(decisions: &[Decision], mode: &str, now: i64) -> Vec<AuditEntry> {
    let most = if decisions.len() > MOST_DECISIONS { MOST_DECISIONS - 1 } else { MOST_DECISIONS };
    let mut records: Vec<AuditEntry> =
        decisions.iter().take(most).map(|decision| record(decision, mode, now)).collect();
    if let Some(left) = decisions.get(most) {
        let mut summary = left.clone();
        summary.detail = format!("and {} further decisions of the same moment", decisions.len() - most);
        records.push(record(&summary, mode, now));
    }
    records
}

fn record(decision: &Decision, mode: &str, now: i64) -> AuditEntry {
    let Decision { nas, connection, bearer, verdict, .. } = decision;
    let origin = Origin {
        token: bearer.token.clone(),
        peer: bearer.peer.clone(),
        route: "POST /webhooks/alertmanager".to_owned(),
        source: Source::Rule,
        reason: Some(words(decision)),
        key: None,
        caller: crate::actions::Caller::default(),
    };
    let target = match (connection, nas) {
        (Some((id, name)), _) => Object::connection(*id, name),
        (None, Some(nas)) => Object::nas(nas),
        (None, None) => Object::automation(),
    };
    let nas = nas.as_deref().map(NasName::new);
    let after = json!({ "decision": decision.view(mode) });
    let is_good = !matches!(verdict, Verdict { outcome: Outcome::Failed, .. });
    Actions::note(nas.as_ref(), &origin, DECIDE, target, after, is_good, now)
}

/// A decision as a line of a log.
pub(super) fn words(decision: &Decision) -> String {
    let Decision { rule, alert, verdict, detail, .. } = decision;
    let about = rule.as_ref().map(|rule| format!("rule {rule}: ")).unwrap_or_default();
    let guard = verdict.guard.map(|guard| format!(" ({})", guard.as_str())).unwrap_or_default();
    let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
    format!("{about}alert {alert}: {}{guard}{detail}", verdict.outcome.as_str())
}
