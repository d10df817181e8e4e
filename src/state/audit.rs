//! The audit: an entry is on disk before the action is tried, and says afterwards how it went.

use rusqlite::types::Value;
use rusqlite::{Transaction, TransactionBehavior, params, params_from_iter};

use super::{StateError, StateFile};

/// The outcome of an action that has not ended. Such entries are never pruned: after a crash they are all
/// that is left of the action.
pub const PENDING: &str = "pending";

/// An entry as it is written. The columns beside the record are what can be filtered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When, in milliseconds since 1970.
    pub time: i64,
    /// The NAS, where the action has one.
    pub nas: Option<String>,
    /// The connection, where the action has one.
    pub connection: Option<i64>,
    /// Who: the name of the token.
    pub token: String,
    /// The idempotency key of the token's request. The first entry with it becomes what
    /// [`super::Begun::Interrupted`] names, in the same transaction; it is not kept in the entry.
    pub key: Option<String>,
    /// What.
    pub action: String,
    /// How it went, or [`PENDING`].
    pub outcome: String,
    /// Everything there is to say.
    pub record: String,
}

/// Which entries to read; what is left out does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// The NAS is one of these. Entries without a NAS are then left out.
    pub nas: Option<Vec<String>>,
    /// The connection has this id, which is only unique within a NAS.
    pub connection: Option<i64>,
    /// The token has this name.
    pub token: Option<String>,
    /// The action.
    pub action: Option<String>,
    /// The outcome.
    pub outcome: Option<String>,
    /// At or after this time.
    pub from: Option<i64>,
    /// Before this time.
    pub to: Option<i64>,
    /// The id is below this one: the last id of a page leads to the next page.
    pub before: Option<i64>,
}

/// Inserts an entry as part of a transaction.
pub(super) fn insert(transaction: &Transaction<'_>, entry: &AuditEntry) -> Result<i64, StateError> {
    let insert = "INSERT INTO audit (time, nas, connection, token, action, outcome, size, record) \
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, octet_length(?7), ?7)";
    let link = "UPDATE idempotency SET audit = ?3 WHERE token = ?1 AND key = ?2 AND audit IS NULL";
    let AuditEntry { time, nas, connection, token, key, action, outcome, record } = entry;
    let values = params![time, nas, connection, token, action, outcome, record];
    transaction.prepare_cached(insert)?.execute(values)?;
    let id = transaction.last_insert_rowid();
    if let Some(key) = key {
        transaction.execute(link, params![token, key, id])?;
    }
    Ok(id)
}

impl StateFile {
    /// Writes a new entry and gives its id, which rises and is never given again.
    pub fn audit_begin(&self, entry: &AuditEntry) -> Result<i64, StateError> {
        let mut database = self.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let id = insert(&transaction, entry)?;
        transaction.commit()?;
        Ok(id)
    }

    /// Replaces the outcome and the record of an entry.
    pub fn audit_complete(&self, id: i64, outcome: &str, record: &str) -> Result<(), StateError> {
        let replace = "UPDATE audit SET outcome = ?2, size = octet_length(?3), record = ?3 WHERE id = ?1";
        match self.lock().execute(replace, params![id, outcome, record])? {
            0 => Err(StateError::Missing(format!("audit entry {id}"))),
            _ => Ok(()),
        }
    }

    /// The ids and records with this outcome, oldest first. At a start, those that are [`PENDING`] are of
    /// actions that nobody knows the end of.
    pub fn audit_with_outcome(&self, outcome: &str) -> Result<Vec<(i64, String)>, StateError> {
        let database = self.lock();
        let mut found = database.prepare("SELECT id, record FROM audit WHERE outcome = ?1 ORDER BY id")?;
        let rows = found.query_map(params![outcome], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// At most `limit` ids and records that pass the filter, newest first.
    pub fn audit_page(&self, filter: &AuditFilter, limit: u32) -> Result<Vec<(i64, String)>, StateError> {
        let (conditions, mut values) = filter.conditions();
        let page = format!("SELECT id, record FROM audit WHERE {conditions} ORDER BY id DESC LIMIT ?");
        values.push(limit.into());
        let database = self.lock();
        let mut found = database.prepare(&page)?;
        let rows = found.query_map(params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Deletes the entries from before `older_than`, and then the oldest until the records have no more than
    /// `max_bytes` together. Says how many went.
    pub fn audit_prune(&self, older_than: i64, max_bytes: u64) -> Result<usize, StateError> {
        let aged = "DELETE FROM audit WHERE time < ?1 AND outcome <> ?2";
        let oldest = "DELETE FROM audit WHERE id <= ?1 AND outcome <> ?2";
        let mut database = self.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut gone = transaction.execute(aged, params![older_than, PENDING])?;
        if let Some(last) = last_in_excess(&transaction, max_bytes)? {
            gone += transaction.execute(oldest, params![last, PENDING])?;
        }
        transaction.commit()?;
        Ok(gone)
    }
}

impl AuditFilter {
    /// The SQL condition, and the values of its places in their order.
    fn conditions(&self) -> (String, Vec<Value>) {
        let mut conditions = vec!["TRUE".to_owned()];
        let mut values = Vec::new();
        if let Some(names) = &self.nas {
            conditions.push(match names.len() {
                1 => "nas = ?".to_owned(),
                // The + keeps SQLite from the index, with which it would sort all that they ever did.
                count => format!("+nas IN ({})", vec!["?"; count].join(", ")),
            });
            values.extend(names.iter().cloned().map(Value::from));
        }
        let text = |text: &Option<String>| text.clone().map(Value::from);
        let simple = [
            ("connection = ?", self.connection.map(Value::from)),
            ("token = ?", text(&self.token)),
            ("action = ?", text(&self.action)),
            ("outcome = ?", text(&self.outcome)),
            ("time >= ?", self.from.map(Value::from)),
            ("time < ?", self.to.map(Value::from)),
            ("id < ?", self.before.map(Value::from)),
        ];
        for (condition, value) in simple {
            if let Some(value) = value {
                conditions.push(condition.to_owned());
                values.push(value);
            }
        }
        (conditions.join(" AND "), values)
    }
}

/// The newest of the oldest entries that must go for the records to fit. Reads no more than the sizes, and
/// those only of what must go once the sum of all is known.
fn last_in_excess(transaction: &Transaction<'_>, max_bytes: u64) -> Result<Option<i64>, StateError> {
    let sum = "SELECT COALESCE(SUM(size), 0) FROM audit";
    let oldest = "SELECT id, size FROM audit WHERE outcome <> ?1 ORDER BY id";
    let total: i64 = transaction.query_row(sum, [], |row| row.get(0))?;
    let mut excess = i128::from(total) - i128::from(max_bytes);
    let mut last = None;
    let mut entries = transaction.prepare(oldest)?;
    let mut entries = entries.query(params![PENDING])?;
    while excess > 0
        && let Some(entry) = entries.next()?
    {
        last = Some(entry.get(0)?);
        excess -= i128::from(entry.get::<_, i64>(1)?);
    }
    Ok(last)
}
