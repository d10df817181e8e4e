//! The tables, and how an older file gets them.

use rusqlite::{Connection, TransactionBehavior};

use super::StateError;

/// What leads from each version to the next; the file's `user_version` counts those that it has had.
/// Entries are only ever added.
const MIGRATIONS: &[&str] = &["
    -- The login guard's record of a NAS, as JSON; updated in epoch seconds, for people who look.
    CREATE TABLE login_guard (
        nas TEXT NOT NULL PRIMARY KEY,
        record TEXT NOT NULL,
        updated INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

/// Brings the tables up to date, wholly or not at all. Takes the write lock even with nothing to do, so that
/// a file that cannot be written is found out here.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StateError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StateError::TooNew { found, known });
    }
    for (version, migration) in (1_u32..).zip(MIGRATIONS).skip(found as usize) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    Ok(transaction.commit()?)
}
