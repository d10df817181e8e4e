//! The holds, which outlive the process: what it has paused or changed it must also let go.

use rusqlite::{Connection, TransactionBehavior, params};

use super::{StateError, StateFile};

/// One of several changes that are made together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldChange {
    /// A new hold, or one in place of that with the same id.
    Put {
        /// The hold's id.
        id: String,
        /// The NAS.
        nas: String,
        /// The connection that is held.
        connection: i64,
        /// The hold.
        record: String,
    },
    /// The hold is no more.
    Delete {
        /// The hold's id.
        id: String,
    },
    /// A hold ends in this way. The first time that it is said counts.
    Ending {
        /// The hold's id.
        hold: String,
        /// When, in milliseconds since 1970.
        ended: i64,
        /// How.
        record: String,
    },
    /// Whoever goes by this ending knows of it.
    Heeded {
        /// The hold's id.
        hold: String,
    },
    /// A setting of a connection that holds have changed.
    Setting {
        /// The NAS.
        nas: String,
        /// The connection.
        connection: i64,
        /// The setting's name.
        setting: String,
        /// What there is to know of it; none = it is as its owner has it, and forgotten.
        record: Option<String>,
    },
}

/// A setting of a connection that holds have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedSetting {
    /// The NAS.
    pub nas: String,
    /// The connection.
    pub connection: i64,
    /// The setting's name.
    pub setting: String,
    /// What there is to know of it.
    pub record: String,
}

impl StateFile {
    /// The ids and records of all holds, by id.
    pub fn holds(&self) -> Result<Vec<(String, String)>, StateError> {
        let database = self.lock();
        let mut holds = database.prepare("SELECT id, record FROM hold ORDER BY id")?;
        let rows = holds.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The settings that holds have changed, by NAS, connection and name.
    pub fn changed_settings(&self) -> Result<Vec<ChangedSetting>, StateError> {
        let all =
            "SELECT nas, connection, setting, record FROM changed_setting ORDER BY nas, connection, setting";
        let database = self.lock();
        let mut settings = database.prepare(all)?;
        let rows = settings.query_map([], |row| {
            Ok(ChangedSetting {
                nas: row.get(0)?,
                connection: row.get(1)?,
                setting: row.get(2)?,
                record: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The endings, oldest first: record, and whether it is heeded.
    pub fn endings(&self) -> Result<Vec<(String, bool)>, StateError> {
        let database = self.lock();
        let mut endings = database.prepare("SELECT record, heeded FROM hold_ending ORDER BY ended, hold")?;
        let rows = endings.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets the heeded endings before this moment, in milliseconds since 1970, but for those of holds that are there
    /// still.
    pub fn forget_endings(&self, before: i64) -> Result<(), StateError> {
        let delete =
            "DELETE FROM hold_ending WHERE heeded AND ended < ?1 AND hold NOT IN (SELECT id FROM hold)";
        self.lock().execute(delete, params![before])?;
        Ok(())
    }

    /// Writes a hold, in place of that with the same id.
    pub fn put_hold(
        &self,
        id: &str,
        nas: &str,
        connection: i64,
        record: &str,
        now: i64,
    ) -> Result<(), StateError> {
        put(&self.lock(), id, nas, connection, record, now)
    }

    /// Deletes a hold, if it is there.
    pub fn delete_hold(&self, id: &str) -> Result<(), StateError> {
        delete(&self.lock(), id)
    }

    /// Makes all changes, in their order, or none.
    pub fn write_holds(&self, changes: &[HoldChange], now: i64) -> Result<(), StateError> {
        let mut database = self.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for change in changes {
            match change {
                HoldChange::Put { id, nas, connection, record } => {
                    put(&transaction, id, nas, *connection, record, now)?;
                }
                HoldChange::Delete { id } => delete(&transaction, id)?,
                HoldChange::Ending { hold, ended, record } => end(&transaction, hold, *ended, record)?,
                HoldChange::Heeded { hold } => heed(&transaction, hold)?,
                HoldChange::Setting { nas, connection, setting, record } => {
                    set(&transaction, nas, *connection, setting, record.as_deref())?;
                }
            }
        }
        Ok(transaction.commit()?)
    }
}

fn end(database: &Connection, hold: &str, ended: i64, record: &str) -> Result<(), StateError> {
    let insert = "INSERT INTO hold_ending (hold, ended, record) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    database.prepare_cached(insert)?.execute(params![hold, ended, record])?;
    Ok(())
}

fn heed(database: &Connection, hold: &str) -> Result<(), StateError> {
    database.prepare_cached("UPDATE hold_ending SET heeded = 1 WHERE hold = ?1")?.execute(params![hold])?;
    Ok(())
}

fn put(
    database: &Connection,
    id: &str,
    nas: &str,
    connection: i64,
    record: &str,
    now: i64,
) -> Result<(), StateError> {
    let replace = "INSERT INTO hold (id, nas, connection, record, updated) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT (id) DO UPDATE SET nas = excluded.nas, connection = excluded.connection, \
                   record = excluded.record, updated = excluded.updated";
    database.prepare_cached(replace)?.execute(params![id, nas, connection, record, now])?;
    Ok(())
}

fn delete(database: &Connection, id: &str) -> Result<(), StateError> {
    database.prepare_cached("DELETE FROM hold WHERE id = ?1")?.execute(params![id])?;
    Ok(())
}

fn set(
    database: &Connection,
    nas: &str,
    connection: i64,
    setting: &str,
    record: Option<&str>,
) -> Result<(), StateError> {
    let put = "INSERT INTO changed_setting (nas, connection, setting, record) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (nas, connection, setting) DO UPDATE SET record = excluded.record";
    let delete = "DELETE FROM changed_setting WHERE nas = ?1 AND connection = ?2 AND setting = ?3";
    match record {
        Some(record) => {
            database.prepare_cached(put)?.execute(params![nas, connection, setting, record])?;
        }
        None => drop(database.prepare_cached(delete)?.execute(params![nas, connection, setting])?),
    }
    Ok(())
}
