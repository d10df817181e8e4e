//! The pretended book of holds: what was taken and how it ended, in memory alone.

use crate::actions::{Ending, Hold, Phase};
use crate::automation::plan::{Renewal, Take};
use crate::automation::rules::Target;
use crate::model::{ConnectionId, NasName};
use std::collections::BTreeSet;

/// The holds of rules. On a pretended NAS there are no others.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Those in force, the oldest first.
    pub(super) holds: Vec<Hold>,
    /// How the others ended, in that order.
    pub(super) endings: Vec<Ending>,
}

impl Book {
    /// Takes a hold, which is in force at once.
    pub(super) fn take(&mut self, take: &Take, now: i64) {
        let Take { rule, target, name, set, cases: _, episode, reason, token, until, latest } = take;
        let number = self.holds.len() + self.endings.len() + 1;
        self.holds.push(Hold {
            id: number.to_string(),
            nas: target.nas.to_string(),
            connection_id: target.connection.0,
            connection: name.clone(),
            rule: rule.clone(),
            episode: Some(episode.clone()),
            set: set.clone(),
            reason: reason.clone(),
            author: token.clone(),
            created: now,
            until: *until,
            latest: *latest,
            latch: until.is_none(),
            was_paused: false,
            was_shown: true,
            phase: Phase::Held,
            cause: None,
        });
    }

    /// Puts the ends of holds at other moments.
    pub(super) fn renew(&mut self, renewals: Vec<Renewal>) {
        for Renewal { hold: id, until, latest } in renewals {
            if let Some(hold) = self.holds.iter_mut().find(|hold| hold.id == id) {
                (hold.until, hold.latest) = (until, latest);
            }
        }
    }

    /// Ends the holds whose time is over.
    pub(super) fn release(&mut self, now: i64) -> Vec<(Hold, Ending)> {
        let (over, held) = std::mem::take(&mut self.holds).into_iter().partition(|hold| hold.is_over(now));
        self.holds = held;
        let end = |hold: Hold| {
            let cause = hold.cause_of_time();
            let ending = Ending { is_heeded: true, ..Ending::of(&hold, cause, now)? };
            Some((Hold { cause: Some(cause), ..hold }, ending))
        };
        let ended: Vec<(Hold, Ending)> = Vec::into_iter(over).filter_map(end).collect();
        self.endings.extend(ended.iter().map(|(_, ending)| ending.clone()));
        ended
    }

    /// The holds on one NAS.
    pub(super) fn of_nas(&self, nas: &NasName) -> Vec<Hold> {
        self.holds.iter().filter(|hold| hold.nas == nas.as_str()).cloned().collect()
    }

    /// How holds on one NAS ended.
    pub(super) fn endings_of(&self, nas: &NasName) -> Vec<Ending> {
        self.endings.iter().filter(|ending| ending.nas == nas.as_str()).cloned().collect()
    }

    /// The connections that are kept paused.
    pub(super) fn held(&self) -> BTreeSet<Target> {
        let target = |hold: &Hold| Target {
            nas: NasName::new(&hold.nas),
            connection: ConnectionId(hold.connection_id),
        };
        self.holds.iter().filter(|hold| hold.is_pause()).map(target).collect()
    }

    /// When holds came, and are to end or ended.
    pub(super) fn moments(&self) -> impl Iterator<Item = i64> {
        let holds = self.holds.iter().flat_map(|hold| [Some(hold.created), hold.until, hold.latest]);
        let endings = self.endings.iter().flat_map(|ending| [ending.created, ending.ended]);
        holds.flatten().chain(endings)
    }
}
