//! The settings that holds have changed: kept with the holds, and written together with them.

use super::{Book, Cause, Hold, HoldChange, Line, StateError, put};
use crate::actions::limits::{Entry, Known, Ledger};
use crate::model::{ConnectionId, NasName};
use crate::state::StateFile;
use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};
use tokio::time::Instant;

/// Which setting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    nas: String,
    connection: i64,
    setting: String,
}

/// A changed setting, and when the NAS took what was written last and did not show it yet. A restart forgets that, and
/// tells again.
#[derive(Debug)]
pub(super) struct Changed {
    entry: Entry,
    told: Option<Instant>,
}

/// The changed settings of all NASes.
pub(super) type Changes = BTreeMap<Place, Changed>;

/// What one look changes of a connection's settings and of the holds on them: all of it at once.
#[derive(Debug, Default)]
pub(in crate::actions) struct Amendment {
    /// Entries as they are from now on; none = forgotten.
    pub(in crate::actions) entries: BTreeMap<String, Option<Entry>>,
    /// Holds that are in force from now on.
    pub(in crate::actions) held: Vec<String>,
    /// Holds that end.
    pub(in crate::actions) ended: Vec<String>,
}

impl Amendment {
    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.held.is_empty() && self.ended.is_empty()
    }
}

impl Place {
    fn new(nas: &NasName, connection: ConnectionId, setting: &str) -> Self {
        Self { nas: nas.to_string(), connection: connection.0, setting: setting.to_owned() }
    }

    fn is_of(&self, nas: &NasName, connection: ConnectionId) -> bool {
        self.nas == nas.as_str() && self.connection == connection.0
    }

    /// How the state file is told.
    pub(super) fn change(&self, entry: Option<&Entry>) -> Option<HoldChange> {
        let record = entry.map(serde_json::to_string).transpose().ok()?;
        let Self { nas, connection, setting } = self.clone();
        Some(HoldChange::Setting { nas, connection, setting, record })
    }
}

/// The changed settings of the state file. One that cannot be read is left there, and said.
pub(super) fn changes(state: &StateFile) -> Result<Changes, StateError> {
    let mut changes = BTreeMap::new();
    for row in state.changed_settings()? {
        let place = Place { nas: row.nas, connection: row.connection, setting: row.setting };
        match serde_json::from_str::<Entry>(&row.record) {
            Ok(entry) => drop(changes.insert(place, Changed { entry, told: None })),
            Err(error) => {
                let Place { nas, connection, setting } = place;
                tracing::error!(nas, connection, setting, %error, "a changed setting of the state file cannot be read");
            }
        }
    }
    Ok(changes)
}

impl Book {
    pub(super) fn settings_lock(&self) -> MutexGuard<'_, Changes> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the state file is told what memory knows of a setting.
    pub(super) fn change_of(&self, place: &Place) -> Option<HoldChange> {
        place.change(self.settings_lock().get(place).map(|changed| &changed.entry))
    }

    /// The holds on settings of one connection.
    pub fn limits_of(&self, nas: &NasName, connection: ConnectionId) -> Vec<Hold> {
        self.of_connection(nas, connection).into_iter().filter(|hold| !hold.is_pause()).collect()
    }

    /// The changed settings of one connection.
    pub(in crate::actions) fn ledger_of(&self, nas: &NasName, connection: ConnectionId) -> Ledger {
        let known = |changed: &Changed| Known {
            entry: changed.entry.clone(),
            told: changed.told.as_ref().map(Instant::elapsed),
        };
        let settings = self.settings_lock();
        let own = settings.iter().filter(|(place, _)| place.is_of(nas, connection));
        own.map(|(place, changed)| (place.setting.clone(), known(changed))).collect()
    }

    /// The connections of one NAS with changed settings, or holds on them.
    pub(in crate::actions) fn limited(&self, nas: &NasName) -> Vec<ConnectionId> {
        let holds = self.of_nas(nas);
        let held = holds.iter().filter(|hold| !hold.is_pause()).map(|hold| hold.connection_id);
        let settings = self.settings_lock();
        let changed = settings.keys().filter(|place| place.nas == nas.as_str()).map(|place| place.connection);
        let mut ids: Vec<i64> = held.chain(changed).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(ConnectionId).collect()
    }

    /// Adds a hold on settings with what it changes, once all of that is on disk; on an error there is neither.
    pub(in crate::actions) async fn add_limit(
        &self,
        hold: &Hold,
        entries: BTreeMap<String, Entry>,
        now: i64,
    ) -> Result<(), StateError> {
        let (nas, connection) = (NasName::new(&hold.nas), ConnectionId(hold.connection_id));
        let _turn = self.unwritten.lock().await;
        let settings =
            entries.iter().map(|(setting, entry)| Place::new(&nas, connection, setting).change(Some(entry)));
        let changes = std::iter::once(put(hold)).chain(settings).flatten().collect();
        self.write(changes, now).await?;
        self.lock().insert(hold.id.clone(), hold.clone());
        let told = |(setting, entry): (String, Entry)| {
            (Place::new(&nas, connection, &setting), Changed { entry, told: None })
        };
        self.settings_lock().extend(entries.into_iter().map(told));
        Ok(())
    }

    /// The NAS is about to be told to write these; written now, or as soon as it can be.
    pub(in crate::actions) async fn intend(
        &self,
        nas: &NasName,
        connection: ConnectionId,
        entries: BTreeMap<String, Entry>,
        now: i64,
    ) {
        let places: Vec<Place> = entries.keys().map(|setting| Place::new(nas, connection, setting)).collect();
        {
            let mut settings = self.settings_lock();
            for (place, entry) in places.iter().zip(entries.into_values()) {
                settings.insert(place.clone(), Changed { entry, told: None });
            }
        }
        self.write_lines(places.into_iter().map(Line::Setting), now).await;
    }

    /// The NAS took what was written of these settings.
    pub(in crate::actions) fn note_taken<'a>(
        &self,
        nas: &NasName,
        connection: ConnectionId,
        settings: impl IntoIterator<Item = &'a String>,
    ) {
        self.set_told(nas, connection, settings, Some(Instant::now()));
    }

    /// The NAS shows what was written of these settings: should it cease to, it has to be told again.
    pub(in crate::actions) fn note_shown<'a>(
        &self,
        nas: &NasName,
        connection: ConnectionId,
        settings: impl IntoIterator<Item = &'a String>,
    ) {
        self.set_told(nas, connection, settings, None);
    }

    fn set_told<'a>(
        &self,
        nas: &NasName,
        connection: ConnectionId,
        settings: impl IntoIterator<Item = &'a String>,
        told: Option<Instant>,
    ) {
        let mut known = self.settings_lock();
        for setting in settings {
            if let Some(changed) = known.get_mut(&Place::new(nas, connection, setting)) {
                changed.told = told;
            }
        }
    }

    /// The NAS was away: whether it still knows what it took and did not show is not known.
    pub(in crate::actions) fn doubt_taken(&self, nas: &NasName) {
        let mut settings = self.settings_lock();
        for (_, changed) in settings.iter_mut().filter(|(place, _)| place.nas == nas.as_str()) {
            changed.told = None;
        }
    }

    /// A caller of the API is about to change these settings to these values. Gives those of them that holds have
    /// changed; written now, or as soon as it can be.
    pub(in crate::actions) async fn note_person<'a>(
        &self,
        nas: &NasName,
        connection: ConnectionId,
        settings: impl Iterator<Item = (&'a String, Option<u64>)>,
        now: i64,
    ) -> Vec<String> {
        let mut places = Vec::new();
        {
            let mut known = self.settings_lock();
            for (setting, person) in settings {
                let place = Place::new(nas, connection, setting);
                if let Some(changed) = known.get_mut(&place) {
                    changed.entry.person = person;
                    places.push(place);
                }
            }
        }
        let names = places.iter().map(|place| place.setting.clone()).collect();
        self.write_lines(places.into_iter().map(Line::Setting), now).await;
        names
    }

    /// Makes a change of settings and holds; written now, or as soon as it can be. Gives the holds that ended, which
    /// did so by this cause unless another is known.
    pub(in crate::actions) async fn amend(
        &self,
        nas: &NasName,
        connection: ConnectionId,
        amendment: Amendment,
        cause: Cause,
        now: i64,
    ) -> Vec<Hold> {
        if amendment.is_empty() {
            return Vec::new();
        }
        let Amendment { entries, held, ended } = amendment;
        let places = self.replace(nas, connection, entries);
        self.alter(&held, |hold| hold.phase = super::Phase::Held);
        let gone = self.take_out(&ended, cause, now);
        let lines = places.into_iter().map(Line::Setting);
        self.write_lines(lines.chain(held.into_iter().chain(ended).map(Line::Hold)), now).await;
        gone
    }

    fn replace(
        &self,
        nas: &NasName,
        connection: ConnectionId,
        entries: BTreeMap<String, Option<Entry>>,
    ) -> Vec<Place> {
        let mut settings = self.settings_lock();
        let mut places = Vec::with_capacity(entries.len());
        for (setting, entry) in entries {
            let place = Place::new(nas, connection, &setting);
            match entry {
                Some(entry) => {
                    let told = settings.get(&place).and_then(|changed| changed.told);
                    settings.insert(place.clone(), Changed { entry, told });
                }
                None => drop(settings.remove(&place)),
            }
            places.push(place);
        }
        places
    }

    /// A person changed these settings: they are theirs, and no hold's any more. A hold that had no others ends. Gives
    /// the holds that lost something as they were, and those of them that ended; written now, or as soon as it can be.
    pub(in crate::actions) async fn yield_settings(
        &self,
        nas: &NasName,
        connection: ConnectionId,
        settings: &[String],
        now: i64,
    ) -> (Vec<Hold>, Vec<Hold>) {
        let lost: Vec<Hold> = self
            .limits_of(nas, connection)
            .into_iter()
            .filter(|hold| hold.set.keys().any(|setting| settings.contains(setting)))
            .collect();
        let places =
            self.replace(nas, connection, settings.iter().map(|setting| (setting.clone(), None)).collect());
        let is_last = |hold: &&Hold| hold.set.keys().all(|setting| settings.contains(setting));
        let (ending, staying): (Vec<&Hold>, Vec<&Hold>) = lost.iter().partition(is_last);
        let ids = |holds: Vec<&Hold>| holds.into_iter().map(|hold| hold.id.clone()).collect::<Vec<_>>();
        let (ending, staying) = (ids(ending), ids(staying));
        // A hold on no settings would be one on the whole connection.
        self.alter(&staying, |hold| hold.set.retain(|setting, _| !settings.contains(setting)));
        let ended = self.take_out(&ending, Cause::Person, now);
        let lines = places.into_iter().map(Line::Setting);
        self.write_lines(lines.chain(staying.into_iter().chain(ending).map(Line::Hold)), now).await;
        (lost, ended)
    }

    /// Forgets a connection that is gone: its holds, and what they changed of its settings. Gives the holds.
    pub(in crate::actions) async fn forget_connection(
        &self,
        nas: &NasName,
        connection: ConnectionId,
        holds: &[Hold],
        now: i64,
    ) -> Vec<Hold> {
        let entries = self.ledger_of(nas, connection).into_keys().map(|setting| (setting, None)).collect();
        let ended = holds.iter().map(|hold| hold.id.clone()).collect();
        let amendment = Amendment { entries, held: Vec::new(), ended };
        self.amend(nas, connection, amendment, Cause::Gone, now).await
    }
}
