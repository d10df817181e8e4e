//! What is known of alerts, and what a notification makes of it. Pure: nothing here knows a clock, a disk or a NAS.
//!
//! A notification gives a [`Change`], which is to be written before it is applied: what cannot be kept was not heard.

mod reconcile;

#[cfg(test)]
mod tests;

use super::case::{Bearer, Case, CaseKey};
use super::decision::Decision;
use super::episode::{Episode, Episodes, MOST_EPISODES, Observation};
use super::payload::{Alert, AlertStatus, MOST_ALERTS};
use super::rules::{Rule, RuleAction};
use super::verdict::{Guard, Outcome, Verdict};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

pub use reconcile::Truncated;

/// Alerts that no rule is about and of which that was said already; beyond it they are forgotten and said again.
const MOST_UNMATCHED: usize = 20_000;

/// What is known of alerts.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    episodes: Episodes,
    cases: BTreeMap<CaseKey, Case>,
    /// Alerts of which it was said that no rule is about them.
    unmatched: BTreeSet<String>,
}

/// What changes; none = forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Episodes by fingerprint.
    pub episodes: BTreeMap<String, Option<Episode>>,
    /// Cases.
    pub cases: BTreeMap<CaseKey, Option<Case>>,
    /// What there is to say.
    pub decisions: Vec<Decision>,
    /// Alerts that no rule is about.
    pub unmatched: BTreeSet<String>,
}

impl Desk {
    /// What was known before a restart.
    pub fn new(episodes: Episodes, cases: impl IntoIterator<Item = Case>) -> Self {
        let cases = cases.into_iter().map(|case| (case.key(), case)).collect();
        Self { episodes, cases, unmatched: BTreeSet::new() }
    }

    /// The cases.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values()
    }

    /// One case.
    pub fn case(&self, key: &CaseKey) -> Option<&Case> {
        self.cases.get(key)
    }

    /// The last episode of an alert.
    pub fn episode(&self, fingerprint: &str) -> Option<&Episode> {
        self.episodes.get(fingerprint)
    }

    /// Whether so many alerts are known that those of which nothing was heard for longest have to be forgotten before
    /// more are heard.
    pub fn is_full(&self) -> bool {
        self.episodes.len() >= MOST_EPISODES + MOST_ALERTS
    }

    /// Makes a change.
    pub fn apply(&mut self, change: Change) {
        let Change { episodes, cases, decisions: _, unmatched } = change;
        for (fingerprint, episode) in episodes {
            match episode {
                Some(episode) => self.episodes.insert(fingerprint, episode),
                None => self.episodes.remove(&fingerprint),
            }
        }
        for (key, case) in cases {
            match case {
                Some(case) => drop(self.cases.insert(key, case)),
                None => drop(self.cases.remove(&key)),
            }
        }
        if self.unmatched.len() + unmatched.len() > MOST_UNMATCHED {
            self.unmatched.clear();
        }
        self.unmatched.extend(unmatched);
    }

    /// What these alerts change.
    pub fn hear(&self, alerts: &[Alert], bearer: &Bearer, rules: &[Rule], now: Timestamp) -> Change {
        let mut hearing = Hearing::new(self, rules, now);
        hearing.bearer = bearer.clone();
        for alert in alerts {
            hearing.hear(alert);
        }
        hearing.change
    }

    /// What there is to forget, and what a clock that went back changes.
    pub fn tidy(&self, rules: &[Rule], now: Timestamp) -> Change {
        let mut change = Change::default();
        let mut episodes = self.episodes.clone();
        for fingerprint in episodes.prune(now) {
            change.episodes.insert(fingerprint, None);
        }
        let now = now.as_millisecond();
        for (key, case) in &self.cases {
            let rule = rules.iter().find(|rule| rule.name == case.rule);
            let is_forgotten = change.episodes.contains_key(&key.1);
            let mut obeying = case.clone();
            if is_forgotten || case.is_past(rule, now) {
                change.cases.insert(key.clone(), None);
            } else if obeying.obey(now) {
                change.cases.insert(key.clone(), Some(obeying));
            }
        }
        change
    }
}

/// One notification, as it is being heard.
struct Hearing<'a> {
    desk: &'a Desk,
    rules: &'a [Rule],
    now: Timestamp,
    /// Who says what is heard.
    bearer: Bearer,
    /// What is to be said of an end.
    detail: &'static str,
    /// Rules that are gone, and whose alerts are still to end.
    gone: BTreeSet<&'a str>,
    /// The episodes of this notification's alerts.
    scratch: Episodes,
    change: Change,
}

impl<'a> Hearing<'a> {
    fn new(desk: &'a Desk, rules: &'a [Rule], now: Timestamp) -> Self {
        Self {
            desk,
            rules,
            now,
            bearer: Bearer::default(),
            detail: "",
            gone: desk
                .cases
                .keys()
                .map(|(rule, _)| rule.as_str())
                .filter(|name| !rules.iter().any(|rule| rule.name == *name))
                .collect(),
            scratch: Episodes::default(),
            change: Change::default(),
        }
    }

    fn case(&self, key: &CaseKey) -> Option<&Case> {
        match self.change.cases.get(key) {
            Some(changed) => changed.as_ref(),
            None => self.desk.cases.get(key),
        }
    }

    fn hear(&mut self, alert: &Alert) {
        // One whose rule was changed since it began is still to end.
        let rules = self.rules;
        let concerned: Vec<&Rule> = rules
            .iter()
            .filter(|rule| {
                rule.matches(alert) || self.case(&(rule.name.clone(), alert.fingerprint.clone())).is_some()
            })
            .collect();
        let key_of = |rule: &str| (rule.to_owned(), alert.fingerprint.clone());
        let orphaned: Vec<CaseKey> =
            self.gone.iter().map(|rule| key_of(rule)).filter(|key| self.case(key).is_some()).collect();
        let names = concerned.iter().map(|rule| key_of(&rule.name)).chain(orphaned.iter().cloned());
        let known: Vec<Case> = names.filter_map(|key| self.case(&key).cloned()).collect();
        if alert.status == AlertStatus::Resolved
            && let Some(case) = known.first()
            && !known.iter().any(|case| case.may_be_ended_by(&self.bearer))
        {
            let mut said =
                Decision::on(case, Verdict::blocked(Guard::Token), "the sender's token may not end it");
            said.bearer = self.bearer.clone();
            self.change.decisions.push(said);
            return;
        }
        if concerned.is_empty() && orphaned.is_empty() {
            let is_news = !self.desk.unmatched.contains(&alert.fingerprint)
                && self.change.unmatched.insert(alert.fingerprint.clone());
            if is_news {
                let verdict = Verdict::of(Outcome::Unmatched);
                self.change.decisions.push(Decision::without_case(None, alert, &self.bearer, verdict));
            }
            return;
        }
        let observation = self.observe(alert);
        for rule in concerned {
            self.judge(rule, alert, observation);
        }
        for key in orphaned {
            self.judge_orphan(key, observation);
        }
    }

    /// What the alert says of its episode.
    fn observe(&mut self, alert: &Alert) -> Observation {
        let fingerprint = &alert.fingerprint;
        if self.scratch.get(fingerprint).is_none()
            && let Some(episode) = self.desk.episodes.get(fingerprint)
        {
            self.scratch.insert(fingerprint.clone(), episode.clone());
        }
        let observation = self.scratch.observe(alert, self.now);
        self.change.episodes.insert(fingerprint.clone(), self.scratch.get(fingerprint).cloned());
        observation
    }

    fn judge(&mut self, rule: &Rule, alert: &Alert, observation: Observation) {
        let now = self.now.as_millisecond();
        let key = (rule.name.clone(), alert.fingerprint.clone());
        let known = self.case(&key).cloned();
        match observation {
            Observation::Began(episode) | Observation::Renewed(episode) => {
                if !rule.matches(alert) {
                    return;
                }
                let case = match known {
                    Some(mut case) if case.episode == episode => {
                        case.renew(&self.bearer, now);
                        case
                    }
                    _ => {
                        let mut case = Case::new(rule, alert, episode, &self.bearer, now);
                        if rule.action == RuleAction::Notify {
                            self.notify(&mut case);
                        }
                        case
                    }
                };
                self.change.cases.insert(key, Some(case));
            }
            Observation::Ended(episode) => {
                let Some(mut case) = known.filter(|case| case.episode == episode && case.is_open()) else {
                    return;
                };
                case.ended = Some(now);
                self.say(&case, Verdict::of(Outcome::Resolved), self.detail);
                self.change.cases.insert(key, Some(case));
            }
            Observation::Stale if alert.status == AlertStatus::Firing => {
                let mut said = Decision::without_case(
                    Some(&rule.name),
                    alert,
                    &self.bearer,
                    Verdict::of(Outcome::Stale),
                );
                said.detail.push_str("its end was heard of less than five minutes ago");
                self.change.decisions.push(said);
            }
            // A further copy of an end, or the end of what was never seen: nothing came of it, and nothing will.
            Observation::Stale | Observation::Unknown => {}
        }
    }

    /// What becomes of a case whose rule is gone: it can only end.
    fn judge_orphan(&mut self, key: CaseKey, observation: Observation) {
        let Observation::Ended(episode) = observation else { return };
        let known = self.case(&key).cloned();
        let Some(mut case) = known.filter(|case| case.episode == episode && case.is_open()) else { return };
        case.ended = Some(self.now.as_millisecond());
        self.say(&case, Verdict::of(Outcome::Resolved), "its rule is gone");
        self.change.cases.insert(key, Some(case));
    }

    fn notify(&mut self, case: &mut Case) {
        let verdict = Verdict::of(Outcome::Notified);
        case.said.insert(String::new(), verdict);
        self.say(case, verdict, "");
    }

    fn say(&mut self, case: &Case, verdict: Verdict, detail: &str) {
        self.change.decisions.push(Decision::on(case, verdict, detail));
    }
}
