//! What the keeper remembers of the held settings of a NAS.

use super::Charge;
use crate::actions::keeper::backoff::{Backoff, LONGEST_WAIT, Stages, is_past};
use crate::actions::limits::{Known, Ledger, number};
use crate::actions::schema::Document;
use crate::model::{ConnectionId, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// What a look at a setting shows: what was written, what a person wants, and whether that is there which is waited for.
type Sight = (u64, Option<u64>, bool);

/// A look at a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looked {
    /// When, in milliseconds since 1970.
    pub(super) at: i64,
    /// When the poll began to ask for settings whose answer was known by then, in seconds since 1970.
    pub(super) polled: Option<f64>,
}

/// The memory of one NAS.
#[derive(Debug, Default)]
pub(in crate::actions::keeper) struct Memory {
    /// When it may be asked again.
    backoff: Backoff,
    /// It could not even be asked: the next good poll shows that it can again.
    waits_for_poll: bool,
    /// The last time that the NAS is known to have been away.
    last_away: Option<f64>,
    /// When the last good poll that is known of began.
    last_asked: Option<f64>,
    /// The connections whose settings were made looser again.
    stages: Stages,
    /// What looks show of settings of which something is open, and since when.
    open: BTreeMap<(ConnectionId, String), (Sight, Instant)>,
    /// Connections that are not listed, and since when.
    gone: BTreeMap<ConnectionId, Instant>,
    /// Connections of which the NAS does not say a setting.
    unsaid: BTreeSet<ConnectionId>,
    /// Connections of which something waits until rules may act again.
    postponed: BTreeSet<ConnectionId>,
    /// No look at what only time can tell before then, unless there is something else to look at.
    dormant_until: Option<Instant>,
    /// The last look at a connection.
    looked: BTreeMap<ConnectionId, Looked>,
    /// Connections whose settings were last written in vain.
    vain: BTreeSet<ConnectionId>,
}

impl Memory {
    /// After a fault of this program: as after one of the NAS, so that it is not repeated without end at once.
    pub(in crate::actions::keeper) fn after_a_fault() -> Self {
        let mut memory = Self::default();
        memory.backoff.fail();
        memory
    }

    /// Notes what the polls saw. True when the NAS was away since the last time.
    pub(super) fn note_poll(&mut self, snapshot: Option<&Snapshot>) -> bool {
        let last_away = snapshot.and_then(|snapshot| snapshot.last_away);
        let was_away = last_away.is_some() && last_away != self.last_away;
        self.last_away = last_away;
        let asked = snapshot.filter(|snapshot| snapshot.up == Some(true)).and_then(|snapshot| snapshot.asked);
        if asked.is_some() && asked != self.last_asked {
            self.last_asked = asked;
            if std::mem::take(&mut self.waits_for_poll) {
                self.backoff.go_on();
            }
        }
        was_away
    }

    /// Forgets connections on which nothing is held any more.
    pub(super) fn keep_only(&mut self, ids: &[ConnectionId]) {
        self.open.retain(|(id, _), _| ids.contains(id));
        self.gone.retain(|id, _| ids.contains(id));
        self.unsaid.retain(|id| ids.contains(id));
        self.postponed.retain(|id| ids.contains(id));
        self.looked.retain(|id, _| ids.contains(id));
        self.vain.retain(|id| ids.contains(id));
    }

    /// The NAS could not be asked: for how long it has shown the same is not known any more.
    pub(super) fn fail_to_ask(&mut self) {
        self.open.clear();
        self.waits_for_poll = true;
        self.backoff.fail();
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

    /// Whether the settings of one more connection may be made looser now.
    pub(super) fn may_release(&self) -> bool {
        self.stages.may_release()
    }

    /// Those of one more connection are.
    pub(super) fn note_release(&mut self) {
        self.stages.note_release();
    }

    /// The settings of a connection were written, in vain or not.
    pub(super) fn note_write(&mut self, id: ConnectionId, is_vain: bool) {
        if is_vain {
            self.vain.insert(id);
        } else {
            self.vain.remove(&id);
        }
    }

    /// Whether the settings of a connection were last written in vain.
    pub(super) fn is_vain(&self, id: ConnectionId) -> bool {
        self.vain.contains(&id)
    }

    /// Whether a connection needs a look of its own, at `now` in milliseconds since 1970.
    pub(super) fn wants_a_look(&self, charge: &Charge, is_frozen: bool, now: i64) -> bool {
        let Charge { id, holds, ledger } = charge;
        if self.gone.contains_key(id) || self.unsaid.contains(id) {
            return is_past(self.dormant_until);
        }
        let ends = holds.iter().any(|hold| hold.is_ending() || hold.is_over(now));
        if is_frozen && self.postponed.contains(id) {
            return ends || is_past(self.dormant_until);
        }
        let is_held = |setting: &String| holds.iter().any(|hold| hold.set.contains_key(setting));
        let is_open = |(setting, known): (&String, &Known)| {
            !known.entry.is_settled || known.entry.person.is_some() || !is_held(setting)
        };
        ends || holds.iter().any(super::is_uncertain) || ledger.iter().any(is_open)
    }

    /// Whether a connection was not listed when it was last looked at.
    pub(super) fn is_gone(&self, id: ConnectionId) -> bool {
        self.gone.contains_key(&id)
    }

    /// The last look at a connection.
    pub(super) fn looked(&self, id: ConnectionId) -> Option<Looked> {
        self.looked.get(&id).copied()
    }

    /// A connection is listed or not. Gives how long it has not been.
    pub(super) fn note_listed(&mut self, id: ConnectionId, is_listed: bool, looked: Looked) -> Duration {
        self.looked.insert(id, looked);
        if is_listed {
            self.gone.remove(&id);
            return Duration::ZERO;
        }
        self.gone.entry(id).or_insert_with(Instant::now).elapsed()
    }

    /// Notes what a look shows of a connection's settings. Gives for how long looks have shown the same, by the setting,
    /// where something is open.
    pub(super) fn note(
        &mut self,
        id: ConnectionId,
        ledger: &Ledger,
        shown: &Document,
    ) -> BTreeMap<String, Duration> {
        let mut steady = BTreeMap::new();
        for (setting, Known { entry, .. }) in ledger {
            let key = (id, setting.clone());
            let is_open = entry.person.is_some() || !entry.is_settled;
            let Some(shown) = number(shown, setting).filter(|_| is_open) else {
                self.open.remove(&key);
                continue;
            };
            let sight = (entry.written, entry.person, shown == entry.person.unwrap_or(entry.written));
            let since = self.open.entry(key).or_insert((sight, Instant::now()));
            if since.0 != sight {
                *since = (sight, Instant::now());
            }
            steady.insert(setting.clone(), since.1.elapsed());
        }
        steady
    }

    /// Of these settings of a connection the NAS says nothing, and those wait until rules may act again, which is no
    /// fault of the NAS.
    pub(super) fn note_waiting(&mut self, id: ConnectionId, unsaid: &[String], postponed: Vec<String>) {
        let mark = |set: &mut BTreeSet<ConnectionId>, is_it: bool| {
            if is_it {
                set.insert(id)
            } else {
                set.remove(&id)
            };
        };
        mark(&mut self.unsaid, !unsaid.is_empty());
        mark(&mut self.postponed, !postponed.is_empty());
        for setting in postponed {
            self.open.remove(&(id, setting));
        }
    }
}
