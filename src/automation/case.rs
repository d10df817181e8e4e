//! A case: one alert under one rule, from the first that is heard of it until nothing hangs on it any more.

use super::episode::EpisodeId;
use super::payload::{self, Alert};
use super::rules::{Rule, Target};
use super::verdict::Verdict;
use crate::actions::{Cause, Reach};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The labels that rules and people need of an alert once its matchers have matched.
const LABELS: [&str; 4] = ["alertname", "nas", "conn_id", "severity"];

/// How long a case is kept after its end: nothing of it can be in force any more, but people may ask.
const KEPT: i64 = 60 * 60 * 1_000;

/// How long a case is kept of which nothing is heard, not even its end.
const KEPT_OPEN: i64 = 31 * 24 * 60 * 60 * 1_000;

/// Tokens that are remembered of those who spoke of one alert.
const MOST_OTHERS: usize = 8;

/// By what a case is known: the rule's name and the alert's fingerprint.
pub type CaseKey = (String, String);

/// Who sent an alert, and where it may act.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bearer {
    /// The token's name.
    pub token: String,
    /// The other end of the connection.
    pub peer: String,
    /// What the token may be used on.
    pub reach: Reach,
    /// Which program spoke.
    #[serde(default)]
    pub program: payload::Sender,
}

/// A case. Moments are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The rule's name.
    pub rule: String,
    /// The alert, as much of it as is needed.
    pub alert: Alert,
    /// The episode.
    pub episode: EpisodeId,
    /// Whose token it was said with last.
    pub bearer: Bearer,
    /// Others who said so: a pair of Alertmanagers may have a token each.
    #[serde(default)]
    pub others: Vec<Bearer>,
    /// When it was first heard of.
    pub began: i64,
    /// When it was last heard of as firing.
    pub heard: i64,
    /// When it was heard of as over.
    pub ended: Option<i64>,
    /// In how many looks at the Alertmanagers, one after the other, it was missing.
    #[serde(default)]
    pub missed: u32,
    /// The connections on which the rule rests for this episode, and why.
    #[serde(default)]
    pub rests: BTreeMap<String, Cause>,
    /// What was said last of each connection.
    #[serde(default)]
    pub said: BTreeMap<String, Verdict>,
}

/// How cases name a connection; no connection = what holds for the alert as a whole.
pub fn place(target: Option<&Target>) -> String {
    target.map(|Target { nas, connection }| format!("{nas}/{connection}")).unwrap_or_default()
}

impl Case {
    /// A case that begins now.
    pub fn new(rule: &Rule, alert: &Alert, episode: EpisodeId, bearer: &Bearer, now: i64) -> Self {
        let mut alert = alert.clone();
        alert.labels.retain(|name, _| LABELS.contains(&name.as_str()));
        alert.annotations.clear();
        alert.generator.clear();
        Self {
            rule: rule.name.clone(),
            alert,
            episode,
            bearer: bearer.clone(),
            others: Vec::new(),
            began: now,
            heard: now,
            ended: None,
            missed: 0,
            rests: BTreeMap::new(),
            said: BTreeMap::new(),
        }
    }

    /// By what it is known.
    pub fn key(&self) -> CaseKey {
        (self.rule.clone(), self.alert.fingerprint.clone())
    }

    /// Whether the alert is on, as far as is known.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// It is heard of as firing.
    pub fn renew(&mut self, bearer: &Bearer, now: i64) {
        self.others.retain(|other| other.token != bearer.token);
        if self.bearer.token != bearer.token {
            let before = std::mem::replace(&mut self.bearer, bearer.clone());
            self.others.push(before);
            // The oldest goes: so many tokens do not speak of one alert.
            let excess = self.others.len().saturating_sub(MOST_OTHERS);
            self.others.drain(..excess);
        }
        self.bearer = bearer.clone();
        self.heard = self.heard.max(now);
        self.ended = None;
        self.missed = 0;
    }

    /// Everyone who said that it is on.
    pub fn bearers(&self) -> impl Iterator<Item = &Bearer> {
        std::iter::once(&self.bearer).chain(&self.others)
    }

    /// Whether somebody may say that it is over: who said that it is on, or whose token is for everything.
    pub fn may_be_ended_by(&self, bearer: &Bearer) -> bool {
        let reach = &bearer.reach;
        (reach.has_all_nases() && reach.has_all_connections())
            || self.bearers().any(|known| known.token == bearer.token)
    }

    /// Until when it supports a hold.
    pub fn until(&self, rule: &Rule) -> i64 {
        match self.ended {
            Some(ended) => ended.saturating_add(milliseconds(rule.release_delay)),
            None => self.heard.saturating_add(milliseconds(rule.lease)),
        }
    }

    /// Whether nothing hangs on it any more. Without its rule there is no delay to wait for.
    pub fn is_past(&self, rule: Option<&Rule>, now: i64) -> bool {
        let delay = rule.map_or(0, |rule| milliseconds(rule.release_delay));
        match self.ended {
            Some(ended) => ended.saturating_add(delay).saturating_add(KEPT) < now,
            None => self.heard.saturating_add(KEPT_OPEN) < now,
        }
    }

    /// Takes what was heard in the future of a clock that has gone back for heard now. Whether anything changed.
    pub fn obey(&mut self, now: i64) -> bool {
        let before = (self.began, self.heard, self.ended);
        self.began = self.began.min(now);
        self.heard = self.heard.min(now);
        self.ended = self.ended.map(|ended| ended.min(now));
        before != (self.began, self.heard, self.ended)
    }
}

/// A span in milliseconds; what no clock will see the end of is cut.
pub fn milliseconds(span: Duration) -> i64 {
    // A thousand years: far enough that sums of it and a moment do not overflow.
    const MOST: i64 = 1_000 * 366 * 24 * 3_600 * 1_000;
    i64::try_from(span.as_millis()).unwrap_or(MOST).min(MOST)
}
