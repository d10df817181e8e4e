//! Opening the file: made when missing, set aside when damaged.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{StateError, StateFile, aside, schema};

/// How long a call waits for another process, such as `doctor`, that has the file.
const BUSY: Duration = Duration::from_secs(5);

impl StateFile {
    /// Opens the file at `path`, readable and writable by its owner alone where it is made.
    ///
    /// What cannot be read is set aside, with one line in the log, and a new file made: see [`aside`].
    pub fn open(path: &Path) -> Result<Self, StateError> {
        if aside::is_empty_directory(path) {
            aside::directory(path)?;
        }
        match Self::open_once(path) {
            Err(StateError::Database(error)) if is_damage(&error) => {
                aside::damaged(path, &error)?;
                Self::open_once(path)
            }
            opened => opened,
        }
    }

    /// A state that ends with the process.
    pub fn in_memory() -> Result<Self, StateError> {
        Self::prepare(Connection::open_in_memory()?)
    }

    fn open_once(path: &Path) -> Result<Self, StateError> {
        let unwritable = |reason: String| StateError::Unwritable { path: path.to_owned(), reason };
        create(path).map_err(|error| unwritable(error.to_string()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened =
            Connection::open_with_flags(path, flags).map_err(StateError::from).and_then(Self::prepare);
        opened.map_err(|error| match error {
            StateError::Database(error) if is_unwritable(&error) => unwritable(error.to_string()),
            StateError::TooNew { found, known, .. } => {
                StateError::TooNew { path: path.to_owned(), found, known }
            }
            StateError::Foreign { .. } => StateError::Foreign { path: path.to_owned() },
            other => other,
        })
    }

    fn prepare(mut connection: Connection) -> Result<Self, StateError> {
        connection.busy_timeout(BUSY)?;
        // Before anything is written: the next line would already change what is not ours.
        schema::recognise(&connection)?;
        // Answers with the mode that it is then in, which is "memory" where there is no file.
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        // The default, unless SQLite was built otherwise. With less, the last commits of a write-ahead log
        // may be lost in a power cut.
        connection.pragma_update(None, "synchronous", "full")?;
        check(&connection)?;
        schema::migrate(&mut connection)?;
        Ok(Self { connection: Mutex::new(connection) })
    }
}

/// Makes an empty file unless there is one. SQLite would make it readable by everyone; its companions take
/// on the mode of this one.
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Reads the whole file, so that damage is found now and not in the middle of the work.
fn check(connection: &Connection) -> Result<(), StateError> {
    let verdict: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    if verdict == "ok" {
        return Ok(());
    }
    let damage = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(rusqlite::Error::SqliteFailure(damage, Some(verdict)).into())
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn is_unwritable(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A property of the connection, which no other connection to the file can see.
    #[test]
    fn a_commit_waits_for_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateFile::open(&dir.path().join("state.sqlite")).unwrap();
        let connection = state.lock();
        let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!((journal.as_str(), synchronous), ("wal", 2), "2 is FULL");
    }
}
