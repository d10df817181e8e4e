//! Episodes: which notifications speak of the same occurrence of an alert.
//!
//! Two Alertmanagers that watch the same Prometheus send everything twice, in any order, and repeat what goes on. An
//! episode is what they all mean: an alert's fingerprint and an interval. Notifications of one fingerprint whose
//! intervals overlap are of one episode, whatever their `startsAt`, which may move backwards.
//!
//! - A firing alert begins an episode, or renews the one that runs. If the last one has ended: a start after that end
//!   is a new episode at once. A start before it is a late copy (`Stale`) for [`LATE`] after the end was heard of, and
//!   believed afterwards, for then it is a peer that came back from a partition: the same episode is open again.
//! - A resolved alert ends the episode that runs, unless its interval is over before the latest start that was heard
//!   of: then it is a late copy of an older end.
//! - That an alert is absent from a notification means nothing.
//!
//! Times of the sender's are compared with each other, so that no clock needs to be right but for two things: a start
//! more than [`AHEAD`] in our future says nothing about the order of ends, and when an episode is open again, an end
//! in our future is forgotten. So one absurd time costs five minutes. When our own clock goes back, what was heard in
//! its future counts as heard now.

mod id;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::payload::{Alert, AlertStatus, MOST_ALERTS};

pub use id::{BadEpisodeId, EpisodeId};

/// How long after the end of an episode was heard of its own start may still arrive: senders retry for as long.
pub const LATE: SignedDuration = SignedDuration::from_mins(5);

/// How far ahead of our clock a start may be and still count: a wrong time zone, but not a wrong year.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// How long an episode is remembered of which nothing is heard.
pub const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The most episodes that [`Episodes::prune`] leaves.
pub const MOST_EPISODES: usize = 20_000;

/// What a notification of an alert says about its episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// It is on and was not: a new episode, or one that was taken for ended and is open again, with its old id.
    Began(EpisodeId),
    /// It is still on.
    Renewed(EpisodeId),
    /// It was on and is no longer.
    Ended(EpisodeId),
    /// A late copy, or a further copy of an end: nothing changes.
    Stale,
    /// The end of something that was never seen to be on: nothing changes, but its start is now a late copy.
    Unknown,
}

/// The last episode of a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    id: EpisodeId,
    is_open: bool,
    /// The earliest start heard of.
    started: Timestamp,
    /// The latest start heard of: an end before it is an older episode's.
    last_start: Timestamp,
    /// The last end heard of; of an open episode, the end that was overruled, or its predecessor's.
    ended: Option<Timestamp>,
    /// When that end was heard of.
    end_heard: Option<Timestamp>,
    /// When anything was heard of it.
    heard: Timestamp,
}

impl Episode {
    fn new(fingerprint: &str, starts: Timestamp, now: Timestamp) -> Self {
        Self {
            id: EpisodeId::new(fingerprint, starts),
            is_open: true,
            started: starts,
            last_start: credible(starts, now),
            ended: None,
            end_heard: None,
            heard: now,
        }
    }

    /// Its name.
    pub fn id(&self) -> EpisodeId {
        self.id
    }

    /// Whether it goes on, as far as is known.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Since when.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// Until when, if it is over.
    pub fn ended(&self) -> Option<Timestamp> {
        self.ended.filter(|_| !self.is_open)
    }

    /// When anything was heard of it.
    pub fn heard(&self) -> Timestamp {
        self.heard
    }

    /// Takes what was heard in the future of a clock that has gone back for heard now.
    fn obey(&mut self, now: Timestamp) {
        self.heard = self.heard.min(now);
        self.end_heard = self.end_heard.map(|heard| heard.min(now));
    }

    fn close(&mut self, ends: Timestamp, now: Timestamp) {
        self.is_open = false;
        self.ended = Some(ends);
        self.end_heard = Some(now);
    }

    /// A firing alert was heard of.
    fn fires(&mut self, fingerprint: &str, starts: Timestamp, now: Timestamp) -> Observation {
        if self.is_open {
            self.started = self.started.min(starts);
            self.last_start = self.last_start.max(credible(starts, now));
            return Observation::Renewed(self.id);
        }
        if self.ended.is_some_and(|ended| starts > ended) {
            let ended = self.ended;
            *self = Self { ended, ..Self::new(fingerprint, starts, now) };
            return Observation::Began(self.id);
        }
        if self.end_heard.is_some_and(|heard| now.duration_since(heard) < LATE) {
            return Observation::Stale;
        }
        self.is_open = true;
        self.started = self.started.min(starts);
        self.ended = self.ended.filter(|ended| *ended <= now);
        Observation::Began(self.id)
    }

    /// A resolved alert was heard of.
    fn resolves(
        &mut self,
        fingerprint: &str,
        starts: Timestamp,
        ends: Timestamp,
        now: Timestamp,
    ) -> Observation {
        let is_known = self.ended.is_some_and(|ended| ends <= ended);
        match (self.is_open, is_known) {
            (_, true) => Observation::Stale,
            (true, false) if ends < self.last_start => Observation::Stale,
            (true, false) => {
                self.close(ends, now);
                Observation::Ended(self.id)
            }
            (false, false) if self.ended.is_some_and(|ended| starts > ended) => {
                *self = Self::new(fingerprint, starts, now);
                self.close(ends, now);
                Observation::Unknown
            }
            (false, false) => {
                // A peer believed in it for longer.
                self.close(ends, now);
                Observation::Stale
            }
        }
    }
}

/// The last episode of each fingerprint: what must outlive a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Episodes(BTreeMap<String, Episode>);

impl Episodes {
    /// Learns from a notification's alert what is on and what is not. Only alerts that a rule matches need it.
    pub fn observe(&mut self, alert: &Alert, now: Timestamp) -> Observation {
        let starts = alert.starts_at;
        let ends = alert.ends_at.unwrap_or(now).max(starts);
        let fingerprint = alert.fingerprint.as_str();
        if let Some(episode) = self.0.get_mut(fingerprint) {
            episode.obey(now);
            episode.heard = now;
            return match alert.status {
                AlertStatus::Firing => episode.fires(fingerprint, starts, now),
                AlertStatus::Resolved => episode.resolves(fingerprint, starts, ends, now),
            };
        }
        // Only a caller that never prunes gets here with so many.
        if self.0.len() >= MOST_EPISODES + MOST_ALERTS {
            self.prune(now);
        }
        let mut episode = Episode::new(fingerprint, starts, now);
        let observation = match alert.status {
            AlertStatus::Firing => Observation::Began(episode.id),
            AlertStatus::Resolved => {
                episode.close(ends, now);
                Observation::Unknown
            }
        };
        self.0.insert(fingerprint.to_owned(), episode);
        observation
    }

    /// Forgets what was not heard of for [`KEPT`], and of more than [`MOST_EPISODES`] first those that have ended and
    /// then those of which nothing was heard for longest. Gives the fingerprints that it forgot.
    pub fn prune(&mut self, now: Timestamp) -> Vec<String> {
        let mut forgotten = Vec::new();
        self.0.retain(|fingerprint, episode| {
            episode.obey(now);
            let is_kept = now.duration_since(episode.heard) < KEPT;
            if !is_kept {
                forgotten.push(fingerprint.clone());
            }
            is_kept
        });
        let excess = self.0.len().saturating_sub(MOST_EPISODES);
        if excess > 0 {
            let mut all: Vec<_> =
                self.0.iter().map(|(name, episode)| (episode.is_open, episode.heard, name.clone())).collect();
            all.sort();
            for (_, _, fingerprint) in all.into_iter().take(excess) {
                self.0.remove(&fingerprint);
                forgotten.push(fingerprint);
            }
        }
        forgotten
    }

    /// Puts the last episode of a fingerprint in place of the one that is known.
    pub fn insert(&mut self, fingerprint: String, episode: Episode) {
        self.0.insert(fingerprint, episode);
    }

    /// Forgets a fingerprint.
    pub fn remove(&mut self, fingerprint: &str) {
        self.0.remove(fingerprint);
    }

    /// The last episode of a fingerprint.
    pub fn get(&self, fingerprint: &str) -> Option<&Episode> {
        self.0.get(fingerprint)
    }

    /// Every fingerprint's last episode.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Episode)> {
        self.0.iter().map(|(fingerprint, episode)| (fingerprint.as_str(), episode))
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, Episode)> for Episodes {
    fn from_iter<I: IntoIterator<Item = (String, Episode)>>(episodes: I) -> Self {
        Self(episodes.into_iter().collect())
    }
}

/// A start that ends may be compared with; of one far in the future only that it was heard of.
fn credible(starts: Timestamp, now: Timestamp) -> Timestamp {
    if starts.duration_since(now) <= AHEAD { starts } else { now }
}
