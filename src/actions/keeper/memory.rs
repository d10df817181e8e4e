//! What the keeper remembers of a NAS.

use super::backoff::{Backoff, LONGEST_WAIT, Stages, is_past};
use crate::actions::holds::{Hold, Look, Phase};
use crate::model::{HoldKind, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// The memory of one NAS.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// When it was found that, since the last good look, the NAS was away or forgot our session, or that there was nobody
    /// to look.
    interrupted: Option<Instant>,
    /// How many sessions it has forgotten, when that was asked last.
    sessions_lost: Option<u64>,
    /// The last time that the NAS is known to have been away.
    last_away: Option<f64>,
    /// Holds whose pause an interruption took away, and whose connection could not be paused again yet; since when.
    lost: BTreeMap<String, Instant>,
    /// Holds whose connection has not been seen paused or at work since an interruption: not listed, or in a state that
    /// tells nothing.
    unseen: BTreeSet<String>,
    /// The ends of holds that were tried in vain: how patient to be with each.
    vain: BTreeMap<String, Backoff>,
    /// Holds of which only time can tell: a pause that may lie hidden under another state, a connection that is not
    /// listed. They are looked at now and then.
    dormant: BTreeSet<String>,
    /// Since when the NAS has shown what contradicts a hold, by the hold.
    contrary: BTreeMap<String, (Look, Instant)>,
    /// When it may be asked again.
    backoff: Backoff,
    /// It could not even be asked: the next good poll shows that it can again.
    waits_for_poll: bool,
    /// When the last good poll that is known of began.
    last_asked: Option<f64>,
    /// The releases of rules' holds.
    stages: Stages,
    /// No look at what is dormant before then, unless there is something else to look at.
    dormant_until: Option<Instant>,
}

impl Memory {
    /// Of a NAS that nobody looked at until that moment: it may have forgotten what it was told before.
    pub(super) fn after_a_gap(until: Instant) -> Self {
        Self { interrupted: Some(until), ..Self::default() }
    }

    /// After a fault of this program: as after one of the NAS, so that it is not repeated without end at once.
    pub(super) fn after_a_fault() -> Self {
        let mut memory = Self::after_a_gap(Instant::now());
        memory.fail();
        memory
    }

    /// Notes whether the NAS was away since the last look at its polls.
    pub(super) fn note_poll(&mut self, snapshot: Option<&Snapshot>) {
        let last_away = snapshot.and_then(|snapshot| snapshot.last_away);
        if last_away.is_some() && last_away != self.last_away {
            self.interrupted = Some(Instant::now());
        }
        self.last_away = last_away;
        let asked = snapshot.filter(|snapshot| snapshot.up == Some(true)).and_then(|snapshot| snapshot.asked);
        if asked.is_some() && asked != self.last_asked {
            self.last_asked = asked;
            if std::mem::take(&mut self.waits_for_poll) {
                self.go_on();
            }
        }
    }

    /// Notes how many sessions the NAS has forgotten. True when they are others than the last time, so that it may have
    /// restarted since.
    pub(super) fn note_sessions(&mut self, lost: u64) -> bool {
        let is_news = self.sessions_lost.replace(lost).is_some_and(|known| known != lost);
        if is_news {
            self.interrupted = Some(Instant::now());
        }
        is_news
    }

    /// Whether a pause that does not show may have been forgotten by the NAS, or never told. What was told after the
    /// interruption is on its way, or was there and a person took it away.
    pub(super) fn may_be_forgotten(&self, hold: &Hold, told: Option<Instant>) -> bool {
        let is_newer = |at: Instant| told.is_some_and(|told| told > at);
        self.interrupted.is_some_and(|at| !is_newer(at))
            || self.lost.get(&hold.id).is_some_and(|at| !is_newer(*at))
            || self.unseen.contains(&hold.id)
    }

    /// What an interruption may have taken from a hold is not known while its connection shows this.
    pub(super) fn note_sight(&mut self, hold: &Hold, look: Look) {
        match look {
            Look::Gone | Look::Other if self.interrupted.is_some() => {
                self.unseen.insert(hold.id.clone());
            }
            Look::Paused => {
                self.unseen.remove(&hold.id);
            }
            Look::Gone | Look::Other | Look::Running => {}
        }
    }

    /// The pauses of these holds are lost until they are told again.
    pub(super) fn note_lost(&mut self, ids: &[String]) {
        for id in ids {
            self.lost.entry(id.clone()).or_insert_with(Instant::now);
        }
    }

    /// The connection of these holds was paused again.
    pub(super) fn note_paused_again(&mut self, ids: &[String]) {
        self.lost.retain(|id, _| !ids.contains(id));
        self.unseen.retain(|id| !ids.contains(id));
    }

    /// The end of a hold was tried in vain, or not.
    pub(super) fn note_end(&mut self, id: &str, is_vain: bool) {
        if is_vain {
            self.vain.entry(id.to_owned()).or_default().fail();
        } else {
            self.vain.remove(id);
        }
    }

    /// Whether the end of a hold may be tried already.
    pub(super) fn may_end(&self, id: &str) -> bool {
        self.vain.get(id).is_none_or(Backoff::may_try)
    }

    /// Whether the end of a hold was tried in vain: those that may go on come before it.
    pub(super) fn is_vain(&self, id: &str) -> bool {
        self.vain.contains_key(id)
    }

    /// The holds were seen as they are, and may have been interrupted since or not.
    pub(super) fn look_ends(&mut self, is_interrupted: bool) {
        self.interrupted = is_interrupted.then(Instant::now);
    }

    /// The last poll, if it was good, saw nothing amiss. One that began before a session was found lost says nothing of
    /// what came after the loss.
    pub(super) fn polls_look_good(&mut self, snapshot: Option<&Snapshot>) {
        let is_good = |snapshot: &Snapshot| {
            snapshot.up == Some(true) && self.sessions_lost.is_none_or(|lost| lost == snapshot.sessions_lost)
        };
        if snapshot.is_some_and(is_good) {
            self.interrupted = None;
        }
    }

    /// The NAS could not be asked.
    pub(super) fn fail_to_ask(&mut self, was_away: bool) {
        if was_away {
            self.interrupted = Some(Instant::now());
        }
        self.waits_for_poll = true;
        self.fail();
    }

    /// Forgets holds that ended, and with the last of them that anything was amiss.
    pub(super) fn keep_only(&mut self, holds: &[Hold]) {
        if holds.is_empty() {
            *self = Self {
                last_away: self.last_away,
                sessions_lost: self.sessions_lost,
                stages: self.stages,
                ..Self::default()
            };
        }
        let is_there = |id: &str| holds.iter().any(|hold| hold.id == id);
        self.lost.retain(|id, _| is_there(id));
        self.unseen.retain(|id| is_there(id));
        self.vain.retain(|id, _| is_there(id));
        self.dormant.retain(|id| is_there(id));
        self.contrary.retain(|id, _| is_there(id));
    }

    /// A try failed: the next one comes later and later.
    pub(super) fn fail(&mut self) {
        self.backoff.fail();
    }

    /// Everything could be done; there is another look soon, if there is a need.
    pub(super) fn succeed(&mut self) {
        self.backoff.succeed();
        self.dormant_until = Some(Instant::now() + LONGEST_WAIT);
    }

    /// There is more to do, at once.
    pub(super) fn go_on(&mut self) {
        self.backoff.go_on();
    }

    /// Whether the NAS may be asked already.
    pub(super) fn may_try(&self) -> bool {
        self.backoff.may_try()
    }

    /// Whether a hold of this kind may be released now; that of a rule takes a place of the present stage.
    pub(super) fn takes_a_place(&mut self, kind: HoldKind) -> bool {
        if kind != HoldKind::Alert {
            return true;
        }
        let may_release = self.stages.may_release();
        if may_release {
            self.stages.note_release();
        }
        may_release
    }

    /// A hold's connection was told to resume: whatever it shows is looked at soon.
    pub(super) fn wake(&mut self, id: &str) {
        self.dormant.remove(id);
    }

    /// Whether only time can tell of a hold.
    pub(super) fn is_dormant(&self, hold: &Hold) -> bool {
        self.dormant.contains(&hold.id)
    }

    /// Whether these holds need a look of their own, at `now` in milliseconds since 1970.
    pub(super) fn want_a_look(&self, holds: &[Hold], now: i64) -> bool {
        let is_urgent = |hold: &Hold| {
            let is_contradicted = self.contrary.contains_key(&hold.id) || self.lost.contains_key(&hold.id);
            !self.is_dormant(hold) && (hold.phase != Phase::Held || hold.is_over(now) || is_contradicted)
        };
        holds.iter().any(is_urgent) || (!self.dormant.is_empty() && is_past(self.dormant_until))
    }

    /// Notes what a fresh look shows for a hold. Gives how long the NAS has contradicted it in this way.
    pub(super) fn note(&mut self, hold: &Hold, look: Look) -> Duration {
        if look == Look::Gone || (look == Look::Other && hold.phase == Phase::Pausing) {
            self.dormant.insert(hold.id.clone());
        } else {
            self.dormant.remove(&hold.id);
        }
        if look == Look::Paused {
            self.lost.remove(&hold.id);
        }
        let contradicts = look == Look::Gone || (look == Look::Running && hold.phase == Phase::Pausing);
        if !contradicts {
            self.contrary.remove(&hold.id);
            return Duration::ZERO;
        }
        let now = Instant::now();
        let since = self.contrary.entry(hold.id.clone()).or_insert((look, now));
        if since.0 != look {
            *since = (look, now);
        }
        since.1.elapsed()
    }
}
