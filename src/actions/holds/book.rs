//! The holds that there are, in memory and in the state file.
//!
//! Memory is what counts. What the state file could not be told is written as soon as it can be.

use super::{Hold, Phase};
use crate::actions::blocking;
use crate::model::{ConnectionId, NasName};
use crate::state::{HoldChange, StateError, StateFile};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The holds of all NASes, by id.
#[derive(Debug)]
pub struct Book {
    state: Arc<StateFile>,
    holds: Mutex<BTreeMap<String, Hold>>,
    /// Ids of which the state file does not know what memory knows. Held while it is written to, so that an older
    /// change never comes after a newer one.
    unwritten: tokio::sync::Mutex<BTreeSet<String>>,
    /// When a resume was last told for a hold that is to end. A restart forgets it, and tells again.
    told: Mutex<BTreeMap<String, Instant>>,
    /// Holds of which it is counted already that their pause failed.
    counted: Mutex<BTreeSet<String>>,
}

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
            state,
            holds: Mutex::new(holds),
            unwritten: tokio::sync::Mutex::default(),
            told: Mutex::default(),
            counted: Mutex::default(),
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
        for id in ids {
            if let Some(hold) = self.lock().get_mut(id) {
                hold.phase = phase;
            }
        }
        self.write_or_keep(ids, now).await;
    }

    /// Somebody resumed these holds' connection before it is paused anew: the pause that was there before the first of
    /// them is no more, and the last of them resumes.
    pub async fn was_running(&self, ids: &[String], now: i64) {
        for id in ids {
            if let Some(hold) = self.lock().get_mut(id) {
                hold.was_paused = false;
            }
        }
        self.write_or_keep(ids, now).await;
    }

    /// A resume was told for holds that are to end.
    pub fn note_told(&self, ids: &[String]) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.extend(ids.iter().map(|id| (id.clone(), Instant::now())));
    }

    /// How long ago a resume was told for a hold.
    pub fn told(&self, id: &str) -> Option<Duration> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).get(id).map(Instant::elapsed)
    }

    /// It is counted already that the pause of these holds failed.
    pub fn note_counted(&self, ids: &[String]) {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).extend(ids.iter().cloned());
    }

    /// Whether it is counted already that the pause of a hold failed.
    pub fn is_counted(&self, id: &str) -> bool {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// Ends holds, and gives those that there were; written now, or as soon as it can be.
    pub async fn end(&self, ids: &[String], now: i64) -> Vec<Hold> {
        let ended: Vec<Hold> = {
            let mut holds = self.lock();
            ids.iter().filter_map(|id| holds.remove(id)).collect()
        };
        self.told.lock().unwrap_or_else(PoisonError::into_inner).retain(|id, _| !ids.contains(id));
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).retain(|id| !ids.contains(id));
        self.write_or_keep(ids, now).await;
        ended
    }

    /// Writes what could not be written before.
    pub async fn flush(&self, now: i64) {
        self.write_or_keep(&[], now).await;
    }

    /// Writes what memory knows of these holds and of those that wait.
    async fn write_or_keep(&self, ids: &[String], now: i64) {
        let mut unwritten = self.unwritten.lock().await;
        let was_behind = !unwritten.is_empty();
        unwritten.extend(ids.iter().cloned());
        if unwritten.is_empty() {
            return;
        }
        let changes: Vec<HoldChange> = {
            let holds = self.lock();
            let change = |id: &String| match holds.get(id) {
                Some(hold) => put(hold),
                None => Some(HoldChange::Delete { id: id.clone() }),
            };
            unwritten.iter().filter_map(change).collect()
        };
        match self.write(changes, now).await {
            Ok(()) => unwritten.clear(),
            Err(error) if was_behind => tracing::debug!(%error, "changes of holds still cannot be written"),
            Err(error) => tracing::error!(%error, "a change of holds cannot be written; it is tried again"),
        }
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
        record: hold.stored()?,
    })
}
