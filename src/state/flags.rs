//! Switches of the whole program that outlive it.

use rusqlite::{OptionalExtension, params};

use super::{StateError, StateFile};

impl StateFile {
    /// The value of a flag, if it was set.
    pub fn flag(&self, name: &str) -> Result<Option<String>, StateError> {
        let value = "SELECT value FROM flag WHERE name = ?1";
        Ok(self.lock().query_row(value, params![name], |row| row.get(0)).optional()?)
    }

    /// Sets a flag, or takes it away.
    pub fn set_flag(&self, name: &str, value: Option<&str>) -> Result<(), StateError> {
        let set = "INSERT INTO flag (name, value) VALUES (?1, ?2) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        let database = self.lock();
        match value {
            Some(value) => database.execute(set, params![name, value])?,
            None => database.execute("DELETE FROM flag WHERE name = ?1", params![name])?,
        };
        Ok(())
    }
}
