//! The holds that there are, in memory and in the state file.
//!
//! Memory is what counts. What the state file could not be told is written as soon as it can be.

mod settings;

use super::{Cause, Ending, Hold, Phase, Told};
use crate::actions::blocking;
use crate::model::{ConnectionId, NasName};
use crate::state::{HoldChange, StateError, StateFile};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

pub(in crate::actions) use settings::Amendment;

/// The holds of all NASes, by id.
#[derive(Debug)]
pub struct Book {
    state: Arc<StateFile>,
    holds: Mutex<BTreeMap<String, Hold>>,
    /// What holds have changed of settings.
    settings: Mutex<settings::Changes>,
    /// That of which the state file does not know what memory knows. Held while it is written to, so that an older
    /// change never comes after a newer one.
    unwritten: tokio::sync::Mutex<BTreeSet<Line>>,
    /// When a resume was last told for a hold that is to end. A restart forgets it, and tells again.
    told: Mutex<BTreeMap<String, Instant>>,
    /// Holds that are to end whose resume was refused while the pause showed.
    tried: Mutex<BTreeSet<String>>,
    /// When a pause was last told, and not refused, for a hold. A restart forgets it.
    paused: Mutex<BTreeMap<String, Instant>>,
    /// Holds of which it is counted already that their pause failed.
    counted: Mutex<BTreeSet<String>>,
    /// How the holds of rules ended, by the hold's id.
    endings: Mutex<BTreeMap<String, Ending>>,
}

/// What is written as one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    /// A hold by its id, and its ending.
    Hold(String),
    /// A changed setting.
    Setting(settings::Place),
}

/// How long endings are remembered that are heeded: a day's budget goes by them.
const KEPT: i64 = 25 * 60 * 60 * 1_000;

impl Book {
    /// The holds of the state file. One that cannot be read is left there, and said.
    pub fn open(state: Arc<StateFile>) -> Result<Self, StateError> {
        let mut holds = BTreeMap::new();
        for (id, text) in state.holds()? {
            match serde_json::from_str::<Hold>(&text) {
                Ok(hold) => drop(holds.insert(id, hold)),
                Err(error) => tracing::error!(hold = id, %error, "a hold of the state file cannot be read"),
            }
        }
        Ok(Self {
            holds: Mutex::new(holds),
            settings: Mutex::new(settings::changes(&state)?),
            unwritten: tokio::sync::Mutex::default(),
            told: Mutex::default(),
            tried: Mutex::default(),
            paused: Mutex::default(),
            counted: Mutex::default(),
            endings: Mutex::new(endings(&state)?),
            state,
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Hold>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every hold, the oldest first.
    pub fn all(&self) -> Vec<Hold> {
        let mut holds: Vec<Hold> = self.lock().values().cloned().collect();
        holds.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        holds
    }

    /// The holds of one NAS.
    pub fn of_nas(&self, nas: &NasName) -> Vec<Hold> {
        self.all().into_iter().filter(|hold| hold.nas == nas.as_str()).collect()
    }

    /// The holds of one connection.
    pub fn of_connection(&self, nas: &NasName, connection: ConnectionId) -> Vec<Hold> {
        self.all().into_iter().filter(|hold| hold.is_on(nas, connection)).collect()
    }

    /// The holds that keep connections of one NAS paused.
    pub fn pauses_of_nas(&self, nas: &NasName) -> Vec<Hold> {
        self.of_nas(nas).into_iter().filter(Hold::is_pause).collect()
    }

    /// The holds that keep one connection paused.
    pub fn pauses_of(&self, nas: &NasName, connection: ConnectionId) -> Vec<Hold> {
        self.of_connection(nas, connection).into_iter().filter(Hold::is_pause).collect()
    }

    /// One hold.
    pub fn get(&self, id: &str) -> Option<Hold> {
        self.lock().get(id).cloned()
    }

    /// Adds holds once they are on disk; on an error there are none of them.
    pub async fn add(&self, holds: &[Hold], now: i64) -> Result<(), StateError> {
        let _turn = self.unwritten.lock().await;
        let changes = holds.iter().filter_map(put).collect();
        self.write(changes, now).await?;
        self.lock().extend(holds.iter().map(|hold| (hold.id.clone(), hold.clone())));
        Ok(())
    }

    /// Moves holds to another phase; written now, or as soon as it can be.
    pub async fn set_phase(&self, ids: &[String], phase: Phase, now: i64) {
        self.alter(ids, |hold| {
            hold.phase = phase;
            hold.was_shown = phase == Phase::Held || (hold.was_shown && phase == Phase::Releasing);
        });
        self.write_or_keep(ids, now).await;
    }

    /// From now on these holds are to end, whatever comes; written now, or as soon as it can be. The first cause counts.
    pub async fn set_ending(&self, ids: &[String], cause: Cause, now: i64) {
        let mut endings = Vec::new();
        self.alter(ids, |hold| {
            hold.phase = Phase::Releasing;
            let cause = *hold.cause.get_or_insert(cause);
            endings.extend(Ending::of(hold, cause, now));
        });
        self.remember(endings);
        self.write_or_keep(ids, now).await;
    }

    /// Puts the end of holds that are not to end yet at another moment; written now, or as soon as it can be.
    /// Each is the hold's id, when it ends, and the latest moment that this can be put off to.
    pub async fn renew(&self, ends: &[(String, Option<i64>, Option<i64>)], now: i64) {
        for (id, until, latest) in ends {
            self.alter(std::slice::from_ref(id), |hold| {
                if !hold.is_ending() {
                    (hold.until, hold.latest) = (*until, *latest);
                }
            });
        }
        let ids: Vec<String> = ends.iter().map(|(id, ..)| id.clone()).collect();
        self.write_or_keep(&ids, now).await;
    }

    fn alter(&self, ids: &[String], mut change: impl FnMut(&mut Hold)) {
        let mut holds = self.lock();
        for id in ids {
            if let Some(hold) = holds.get_mut(id) {
                change(hold);
            }
        }
    }

    fn remember(&self, endings: Vec<Ending>) {
        let mut known = self.endings_lock();
        for ending in endings {
            known.entry(ending.hold.clone()).or_insert(ending);
        }
    }

    fn endings_lock(&self) -> MutexGuard<'_, BTreeMap<String, Ending>> {
        self.endings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the holds of rules on one NAS ended, within the last day or not heeded yet. What ended in the future of a
    /// clock that has gone back counts as ended at `now`, in milliseconds since 1970.
    pub fn endings_of(&self, nas: &NasName, now: i64) -> Vec<Ending> {
        let mut endings = self.endings_lock();
        let mut of_nas = Vec::new();
        for ending in endings.values_mut().filter(|ending| ending.nas == nas.as_str()) {
            ending.ended = ending.ended.min(now);
            of_nas.push(ending.clone());
        }
        of_nas
    }

    /// The rules know of the ends of these holds.
    pub async fn heed(&self, ids: &[String], now: i64) {
        {
            let mut endings = self.endings_lock();
            for id in ids {
                if let Some(ending) = endings.get_mut(id) {
                    ending.is_heeded = true;
                }
            }
        }
        self.write_or_keep(ids, now).await;
    }

    /// Forgets endings that nothing goes by any more. Those of holds that are there still are kept: at last they end once
    /// more, and must not be news then.
    pub async fn forget_endings(&self, now: i64) {
        let before = now.saturating_sub(KEPT);
        {
            let holds = self.lock();
            let is_kept = |id: &String, ending: &mut Ending| {
                !ending.is_heeded || ending.ended >= before || holds.contains_key(id)
            };
            self.endings_lock().retain(is_kept);
        }
        let state = Arc::clone(&self.state);
        if let Err(error) = blocking(move || state.forget_endings(before)).await {
            tracing::debug!(%error, "old endings of holds cannot be deleted");
        }
    }

    /// Somebody resumed these holds' connection before it is paused anew: the pause that was there before the first of
    /// them is no more, and the last of them resumes.
    pub async fn was_running(&self, ids: &[String], now: i64) {
        self.alter(ids, |hold| hold.was_paused = false);
        self.write_or_keep(ids, now).await;
    }

    /// A resume was told for holds that are to end.
    pub fn note_told(&self, ids: &[String]) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.extend(ids.iter().map(|id| (id.clone(), Instant::now())));
    }

    /// These connections are about to be told to pause: a resume of before undoes nothing of that.
    pub fn forget_told(&self, nas: &NasName, connections: &[ConnectionId]) {
        let mut holds = self.of_nas(nas);
        holds.retain(|hold| connections.contains(&ConnectionId(hold.connection_id)));
        for hold in holds {
            self.told.lock().unwrap_or_else(PoisonError::into_inner).remove(&hold.id);
            self.tried.lock().unwrap_or_else(PoisonError::into_inner).remove(&hold.id);
        }
    }

    /// A resume was refused for a hold whose connection showed the pause. Should it run now, it was done all the same.
    pub fn note_tried(&self, id: &str) {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
    }

    /// The last resume that was told for a hold.
    pub fn told(&self, id: &str) -> Option<Told> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).get(id).map(Instant::elapsed);
        told.map(Told::Ago).or_else(|| {
            let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
            tried.contains(id).then_some(Told::Refused)
        })
    }

    /// A pause was told for these holds.
    pub fn note_paused(&self, ids: &[String]) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.extend(ids.iter().map(|id| (id.clone(), Instant::now())));
    }

    /// When a pause was told for a hold, by this process.
    pub fn paused(&self, id: &str) -> Option<Instant> {
        self.paused.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }

    /// It is counted already that the pause of these holds failed.
    pub fn note_counted(&self, ids: &[String]) {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).extend(ids.iter().cloned());
    }

    /// Whether it is counted already that the pause of a hold failed.
    pub fn is_counted(&self, id: &str) -> bool {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// Ends holds, and gives those that there were; written now, or as soon as it can be. A cause that is known already
    /// counts.
    pub async fn end(&self, ids: &[String], cause: Cause, now: i64) -> Vec<Hold> {
        let ended = self.take_out(ids, cause, now);
        self.write_or_keep(ids, now).await;
        ended
    }

    /// Ends holds in memory, and gives those that there were.
    fn take_out(&self, ids: &[String], cause: Cause, now: i64) -> Vec<Hold> {
        let ended: Vec<Hold> = {
            let mut holds = self.lock();
            ids.iter().filter_map(|id| holds.remove(id)).collect()
        };
        let ending = |hold: &Hold| Ending::of(hold, hold.cause.unwrap_or(cause), now);
        self.remember(ended.iter().filter_map(ending).collect());
        self.told.lock().unwrap_or_else(PoisonError::into_inner).retain(|id, _| !ids.contains(id));
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).retain(|id| !ids.contains(id));
        self.paused.lock().unwrap_or_else(PoisonError::into_inner).retain(|id, _| !ids.contains(id));
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).retain(|id| !ids.contains(id));
        ended
    }

    /// Writes what could not be written before.
    pub async fn flush(&self, now: i64) {
        self.write_or_keep(&[], now).await;
    }

    /// Writes what memory knows of these holds and of what waits.
    async fn write_or_keep(&self, ids: &[String], now: i64) {
        self.write_lines(ids.iter().cloned().map(Line::Hold), now).await;
    }

    /// Writes what memory knows of these and of those that wait.
    async fn write_lines(&self, lines: impl Iterator<Item = Line>, now: i64) {
        let mut unwritten = self.unwritten.lock().await;
        let was_behind = !unwritten.is_empty();
        unwritten.extend(lines);
        if unwritten.is_empty() {
            return;
        }
        let changes: Vec<HoldChange> = unwritten.iter().flat_map(|line| self.changes_of(line)).collect();
        match self.write(changes, now).await {
            Ok(()) => unwritten.clear(),
            Err(error) if was_behind => tracing::debug!(%error, "changes of holds still cannot be written"),
            Err(error) => tracing::error!(%error, "a change of holds cannot be written; it is tried again"),
        }
    }

    /// How the state file is told what memory knows.
    fn changes_of(&self, line: &Line) -> Vec<HoldChange> {
        let id = match line {
            Line::Hold(id) => id,
            Line::Setting(place) => return self.change_of(place).into_iter().collect(),
        };
        let hold = self.lock().get(id).map_or_else(|| Some(HoldChange::Delete { id: id.clone() }), put);
        let ending = self.endings_lock().get(id).map_or_else(Vec::new, ended);
        hold.into_iter().chain(ending).collect()
    }

    async fn write(&self, changes: Vec<HoldChange>, now: i64) -> Result<(), StateError> {
        let state = Arc::clone(&self.state);
        blocking(move || state.write_holds(&changes, now)).await
    }
}

fn put(hold: &Hold) -> Option<HoldChange> {
    Some(HoldChange::Put {
        id: hold.id.clone(),
        nas: hold.nas.clone(),
        connection: hold.connection_id,
        record: serde_json::to_string(hold).ok()?,
    })
}

fn ended(ending: &Ending) -> Vec<HoldChange> {
    let Ok(record) = serde_json::to_string(ending) else { return Vec::new() };
    let hold = ending.hold.clone();
    let mut changes = vec![HoldChange::Ending { hold: hold.clone(), ended: ending.ended, record }];
    if ending.is_heeded {
        changes.push(HoldChange::Heeded { hold });
    }
    changes
}

/// The endings of the state file. One that cannot be read is left there, and said.
fn endings(state: &StateFile) -> Result<BTreeMap<String, Ending>, StateError> {
    let mut endings = BTreeMap::new();
    for (text, is_heeded) in state.endings()? {
        match serde_json::from_str::<Ending>(&text) {
            Ok(ending) => drop(endings.insert(ending.hold.clone(), Ending { is_heeded, ..ending })),
            Err(error) => tracing::error!(%error, "the end of a hold in the state file cannot be read"),
        }
    }
    Ok(endings)
}
