//! The audit: a record on disk before each action, completed after it.
//!
//! What must not wait for the disk (the release of holds, the freeze) goes on without its record, which is then
//! written as soon as it can be; so is the completion of a record.

use super::blocking;
use super::record::{Outcome, Record};
use crate::state::{AuditEntry, AuditFilter, StateError, StateFile};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Records that wait for the disk at once; beyond it the oldest are given up, and said.
const MOST_WAITING: usize = 10_000;

/// How long and how much of the audit is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// No record older than this.
    pub max_age: Duration,
    /// No more bytes of records than this.
    pub max_bytes: u64,
}

/// A record, and the connection that it can be found by.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The record.
    pub record: Record,
    /// When it began, in milliseconds since 1970.
    pub time: i64,
    /// The key of the request that it belongs to, so that a repeat can be pointed to it.
    pub key: Option<String>,
}

/// What could not be written.
#[derive(Debug)]
enum Waiting {
    Completion(i64, Record),
    Whole(Entry),
}

/// The audit of the state file.
#[derive(Debug)]
pub struct Journal {
    state: Arc<StateFile>,
    waiting: Mutex<VecDeque<Waiting>>,
}

impl Journal {
    /// The journal of a state file. Records that were left pending are of a process that ended in the middle:
    /// nobody knows what became of their actions, and from now on they say so.
    pub fn open(state: Arc<StateFile>) -> Result<Self, StateError> {
        for (id, text) in state.audit_with_outcome(Outcome::Pending.as_str())? {
            let Ok(mut record) = serde_json::from_str::<Record>(&text) else {
                tracing::error!(record = id, "an audit record cannot be read");
                continue;
            };
            record.outcome = Outcome::Unknown;
            record.error = Some(super::record::Trouble {
                detail: "the program ended before the outcome was known".to_owned(),
                code: None,
                method: None,
                reason: None,
            });
            tracing::warn!(
                record = id,
                action = record.action,
                "an action was interrupted; its outcome is unknown"
            );
            state.audit_complete(id, Outcome::Unknown.as_str(), &text_of(&record))?;
        }
        Ok(Self { state, waiting: Mutex::default() })
    }

    /// Writes a record before its action; on an error there must be none.
    pub async fn begin(&self, entry: &Entry) -> Result<i64, StateError> {
        let row = row(entry);
        let state = Arc::clone(&self.state);
        blocking(move || state.audit_begin(&row)).await
    }

    /// Completes a record; one that was not begun is written whole.
    pub async fn complete(&self, id: Option<i64>, entry: Entry) {
        let waiting = match id {
            Some(id) => Waiting::Completion(id, entry.record),
            None => Waiting::Whole(entry),
        };
        if let Err(failed) = self.write(waiting).await {
            let (waiting, error) = *failed;
            tracing::error!(%error, "an audit record cannot be written; it is tried again");
            self.keep(waiting);
        }
    }

    /// Writes what could not be written before, in its order.
    pub async fn flush(&self) {
        loop {
            let Some(next) = self.lock().pop_front() else { return };
            if let Err(failed) = self.write(next).await {
                let (waiting, error) = *failed;
                tracing::debug!(%error, "audit records still cannot be written");
                self.lock().push_front(waiting);
                return;
            }
        }
    }

    /// Deletes what is too old or too much.
    pub async fn prune(&self, now: i64, retention: Retention) {
        let age = i64::try_from(retention.max_age.as_millis()).unwrap_or(i64::MAX);
        let state = Arc::clone(&self.state);
        let pruned = blocking(move || state.audit_prune(now.saturating_sub(age), retention.max_bytes)).await;
        match pruned {
            Ok(0) => {}
            Ok(records) => tracing::info!(records, "old audit records were deleted"),
            Err(error) => tracing::error!(%error, "old audit records cannot be deleted"),
        }
    }

    /// A page of records, newest first, each with its number.
    pub async fn page(&self, filter: AuditFilter, limit: u32) -> Result<Vec<Value>, StateError> {
        let state = Arc::clone(&self.state);
        let rows = blocking(move || state.audit_page(&filter, limit)).await?;
        Ok(rows
            .into_iter()
            .map(|(id, text)| {
                let mut record = serde_json::from_str(&text).unwrap_or_else(|_| json!({}));
                record["id"] = json!(id);
                record
            })
            .collect())
    }

    async fn write(&self, waiting: Waiting) -> Result<(), Box<(Waiting, StateError)>> {
        let state = Arc::clone(&self.state);
        blocking(move || {
            let written = match &waiting {
                Waiting::Completion(id, record) => {
                    state.audit_complete(*id, record.outcome.as_str(), &text_of(record))
                }
                Waiting::Whole(entry) => state.audit_begin(&row(entry)).map(drop),
            };
            match written {
                // Somebody took the record out of the file: there is nothing to complete.
                Err(StateError::Missing(_)) => Ok(()),
                written => written.map_err(|error| Box::new((waiting, error))),
            }
        })
        .await
    }

    fn keep(&self, waiting: Waiting) {
        let mut queue = self.lock();
        if queue.len() >= MOST_WAITING {
            queue.pop_front();
            tracing::error!("too many audit records wait for the disk; the oldest is lost");
        }
        queue.push_back(waiting);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text_of(record: &Record) -> String {
    serde_json::to_string(record).unwrap_or_default()
}

/// An entry as it is written.
pub(super) fn row(entry: &Entry) -> AuditEntry {
    let Entry { record, time, key } = entry;
    AuditEntry {
        time: *time,
        nas: record.nas.clone(),
        connection: record.target.connection_id,
        token: record.token.clone(),
        key: key.clone(),
        action: record.action.clone(),
        outcome: record.outcome.as_str().to_owned(),
        record: text_of(record),
    }
}
