//! The SQLite file that outlives the process. It holds records as text and knows nothing of their meaning.
//!
//! Calls block for a few milliseconds, as each is one small transaction that is safe on disk when it returns:
//! not even a power cut takes it back. On a runtime they belong where blocking is allowed. There is no clock
//! in here: times come from the caller, in milliseconds since 1970.
//!
//! - `guard` of this file: the login guard's record of each NAS.
//! - `audit`: what was done through the admin API and by rules, written before it is done.
//! - `idempotency`: the answers to requests that carry a key, so that a repeat is not done twice.
//! - `holds`: which connections are held, and why; and which of their settings holds have changed.
//! - `flags`: switches of the whole program.
//!
//! A damaged file is set aside, with one line in the log, and a new one is made: what is kept here makes
//! restarts better, and its loss must not prevent one. What the damage spared of the audit is still to be
//! read in the file that was set aside. A database that a later version or another program wrote is not
//! damaged: it is left as it is, and not used.

mod alerts;
mod aside;
mod audit;
mod flags;
mod holds;
mod idempotency;
mod open;
mod schema;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

pub use alerts::AlertChange;
pub use audit::{AuditEntry, AuditFilter, PENDING};
pub use holds::{ChangedSetting, HoldChange};
pub use idempotency::Begun;

/// The open file. Shared between threads, which take turns.
#[derive(Debug)]
pub struct StateFile {
    connection: Mutex<Connection>,
}

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file cannot be made or written where it is.
    #[error("cannot write the state file {}: {reason}; allowed: a file in a directory that the user of this program may write to", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system or SQLite said.
        reason: String,
    },
    /// A later version of the program wrote the file.
    #[error(
        "the state file {} has version {found}, and this program knows versions up to {known}: \
         run the program that wrote it, or name another file in state_file", path.display()
    )]
    TooNew {
        /// The file; empty in memory.
        path: PathBuf,
        /// The version in the file.
        found: u32,
        /// The latest version that is known.
        known: u32,
    },
    /// Another program's database is where the file should be.
    #[error(
        "the state file {} is a database of another program: name another file in state_file", path.display()
    )]
    Foreign {
        /// The file; empty in memory.
        path: PathBuf,
    },
    /// What was to be completed is not there: it was never begun, or someone took it out of the file.
    #[error("the state file has no {0}")]
    Missing(String),
    /// SQLite failed.
    #[error("state file: {0}")]
    Database(#[from] rusqlite::Error),
}

impl StateFile {
    /// The record of a NAS's login guard, as [`StateFile::set_guard`] left it.
    pub fn guard(&self, nas: &str) -> Result<Option<String>, StateError> {
        let record = "SELECT record FROM login_guard WHERE nas = ?1";
        Ok(self.lock().query_row(record, params![nas], |row| row.get(0)).optional()?)
    }

    /// Replaces the record of a NAS's login guard; on return it is on disk.
    pub fn set_guard(&self, nas: &str, record: &str) -> Result<(), StateError> {
        let replace = "INSERT INTO login_guard (nas, record, updated) VALUES (?1, ?2, unixepoch()) \
                       ON CONFLICT (nas) DO UPDATE SET record = excluded.record, updated = excluded.updated";
        self.lock().execute(replace, params![nas, record])?;
        Ok(())
    }

    /// The connection. A panic elsewhere while it was held leaves it usable: SQLite rolls back on its own.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
