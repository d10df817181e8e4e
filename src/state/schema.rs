//! The tables, and how an older file gets them.

use rusqlite::{Connection, TransactionBehavior};

use super::StateError;

/// What leads from each version to the next; the file's `user_version` counts those that it has had.
/// Entries are only ever added.
const MIGRATIONS: &[&str] = &[LOGIN_GUARD, ADMINISTRATION, AUTOMATION];

const LOGIN_GUARD: &str = "
    -- The login guard's record of a NAS, as JSON; updated in epoch seconds, for people who look.
    CREATE TABLE login_guard (
        nas TEXT NOT NULL PRIMARY KEY,
        record TEXT NOT NULL,
        updated INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

// Times are milliseconds since 1970.
const ADMINISTRATION: &str = "
    -- What was done, or was about to be, oldest first; record as JSON. An id is never given twice, so that
    -- pages and references stay right when old entries go. The record, which has size bytes, comes last: it
    -- may be long, and what reads only the other columns then passes it by.
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time INTEGER NOT NULL,
        nas TEXT,
        connection INTEGER,
        token TEXT NOT NULL,
        action TEXT NOT NULL,
        outcome TEXT NOT NULL,
        size INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT;
    -- Each filter, in the order of ids within it; connections are numbered by their NAS.
    CREATE INDEX audit_nas ON audit (nas);
    CREATE INDEX audit_connection ON audit (nas, connection);
    CREATE INDEX audit_token ON audit (token);
    CREATE INDEX audit_action ON audit (action);
    CREATE INDEX audit_outcome ON audit (outcome);
    -- The age; and the sum of the sizes without reading the records.
    CREATE INDEX audit_time ON audit (time, size);

    -- Requests with an idempotency key. Without a status they run, or ran when a process ended (interrupted).
    -- audit is the entry of what the request set out to do.
    CREATE TABLE idempotency (
        token TEXT NOT NULL,
        key TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        started INTEGER NOT NULL,
        interrupted INTEGER NOT NULL DEFAULT 0,
        audit INTEGER,
        status INTEGER,
        answer TEXT,
        PRIMARY KEY (token, key),
        CHECK ((status IS NULL) = (answer IS NULL))
    ) STRICT;
    CREATE INDEX idempotency_started ON idempotency (started);

    -- What is held, as JSON; nas, connection and updated are for people who look.
    CREATE TABLE hold (
        id TEXT NOT NULL PRIMARY KEY,
        nas TEXT NOT NULL,
        connection INTEGER NOT NULL,
        record TEXT NOT NULL,
        updated INTEGER NOT NULL
    ) STRICT;

    -- Switches of the whole program. What has no row is as at the first start.
    CREATE TABLE flag (
        name TEXT NOT NULL PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
";

// Times are milliseconds since 1970.
const AUTOMATION: &str = "
    -- The last episode of each alert that a rule matches, as JSON.
    CREATE TABLE episode (
        fingerprint TEXT NOT NULL PRIMARY KEY,
        record TEXT NOT NULL
    ) STRICT;

    -- What an alert means for a rule, as JSON.
    CREATE TABLE alert_case (
        rule TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (rule, fingerprint)
    ) STRICT;

    -- How the holds of rules ended, as JSON: what cooldowns, budgets and the will of persons go by. heeded: the
    -- rule knows.
    CREATE TABLE hold_ending (
        hold TEXT NOT NULL PRIMARY KEY,
        ended INTEGER NOT NULL,
        heeded INTEGER NOT NULL DEFAULT 0,
        record TEXT NOT NULL
    ) STRICT;

    -- Settings of connections that rules have changed, as JSON: what to restore, and what was written.
    CREATE TABLE changed_setting (
        nas TEXT NOT NULL,
        connection INTEGER NOT NULL,
        setting TEXT NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (nas, connection, setting)
    ) STRICT;
";

/// Whether the file is ours, or still empty. The version alone does not tell: other programs count theirs as well.
/// Reads only. A version beyond ours is [`migrate`]'s to judge: its tables are not known here.
pub(super) fn recognise(connection: &Connection) -> Result<(), StateError> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables =
        "SELECT count(*), coalesce(sum(type = 'table' AND name = 'login_guard'), 0) FROM sqlite_schema";
    let (all, ours): (u32, u32) = connection.query_row(tables, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    // Tables and version are written together, so one without the other is not of our making.
    let is_ours = if version == 0 { all == 0 } else { ours == 1 || version as usize > MIGRATIONS.len() };
    if is_ours { Ok(()) } else { Err(StateError::Foreign { path: std::path::PathBuf::new() }) }
}

/// Brings the tables up to date, wholly or not at all. Takes the write lock even with nothing to do, so that
/// a file that cannot be written is found out here.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StateError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StateError::TooNew { path: std::path::PathBuf::new(), found, known });
    }
    for (version, migration) in (1_u32..).zip(MIGRATIONS).skip(found as usize) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    Ok(transaction.commit()?)
}
