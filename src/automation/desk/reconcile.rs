//! What the Alertmanagers themselves say of the alerts that are taken for firing.
//!
//! An alert that one of them has fires, silenced or not. One that none of them has is believed to be over at the second
//! look in a row that counts (Grafana's alerts are none of theirs): an Alertmanager that was just started knows nothing until Prometheus tells it again.

use super::{Change, Desk, Hearing};
use crate::automation::alertmanager::{Answer, Listed};
use crate::automation::case::{Bearer, Case};
use crate::automation::payload::{Alert, AlertStatus, Sender};
use crate::automation::rules::Rule;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// In so many looks an alert has to be missing before it is over.
const MISSED: u32 = 2;

/// A group of which a notification left alerts out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truncated {
    /// The receiver that was told.
    pub receiver: String,
    /// The labels that all alerts of the group have.
    pub group_labels: BTreeMap<String, String>,
    /// Who told.
    pub bearer: Bearer,
}

impl Truncated {
    /// Whether an alert may be one of those that were left out.
    fn has(&self, listed: &Listed) -> bool {
        let labels = &listed.alert.labels;
        !listed.is_suppressed
            && listed.receivers.contains(&self.receiver)
            && self.group_labels.iter().all(|(name, value)| labels.get(name) == Some(value))
    }
}

impl Desk {
    /// What the answers change; nothing where there is none. A look `counts` when the last that did is long enough ago.
    pub fn reconcile(
        &self,
        answers: &[Answer],
        truncated: &[Truncated],
        counts: bool,
        rules: &[Rule],
        now: Timestamp,
    ) -> Change {
        let listed: Vec<&Listed> =
            answers.iter().filter_map(|answer| answer.alerts.as_ref().ok()).flatten().collect();
        let mut known = answers.iter().filter(|answer| answer.alerts.is_ok()).peekable();
        if known.peek().is_none() {
            return Change::default();
        }
        let knows_all = known.all(Answer::knows_all);
        let firing: BTreeMap<&str, &Alert> =
            listed.iter().map(|listed| (listed.alert.fingerprint.as_str(), &listed.alert)).collect();
        let mut open: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
        for case in self.cases().filter(|case| case.is_open()) {
            open.entry(&case.alert.fingerprint).or_default().push(case);
        }
        let mut hearing = Hearing::new(self, rules, now);
        for (fingerprint, cases) in open {
            let Some(first) = cases.first() else { continue };
            if let Some(alert) = firing.get(fingerprint) {
                hearing.bearer = first.bearer.clone();
                hearing.hear(alert);
            } else if counts
                && knows_all
                && first.bearers().any(|bearer| bearer.program == Sender::Alertmanager)
            {
                hearing.miss(first, &cases);
            }
        }
        for group in truncated {
            hearing.bearer = group.bearer.clone();
            for left_out in listed.iter().filter(|listed| group.has(listed)) {
                hearing.hear(&left_out.alert);
            }
        }
        hearing.change
    }
}

impl Hearing<'_> {
    /// No Alertmanager has the alert of these cases.
    fn miss(&mut self, first: &Case, cases: &[&Case]) {
        if first.missed + 1 < MISSED {
            for case in cases {
                let missed = Case { missed: case.missed + 1, ..(*case).clone() };
                self.change.cases.insert(case.key(), Some(missed));
            }
            return;
        }
        self.bearer = first.bearer.clone();
        self.detail = "no Alertmanager has it any more";
        let over = Alert { status: AlertStatus::Resolved, ends_at: Some(self.now), ..first.alert.clone() };
        self.hear(&over);
        self.detail = "";
    }
}
