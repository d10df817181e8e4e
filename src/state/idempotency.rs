//! Requests that carry a key: what is repeated with the same key gets the first answer and is not done again.

use rusqlite::{Row, Transaction, TransactionBehavior, params};

use super::{StateError, StateFile};

/// What is known of a request when it comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: the request is to be done, and from now on is running.
    New,
    /// It is being done.
    Running,
    /// A process ended while it was being done, so that its outcome is not known.
    Interrupted {
        /// The audit entry of what it set out to do, if it came so far.
        audit: Option<i64>,
    },
    /// It was done, and answered with this.
    Stored {
        /// The status code.
        status: u16,
        /// The body.
        answer: String,
    },
    /// The key was used for another request.
    OtherRequest,
}

impl StateFile {
    /// Looks a request up by its token and key, and has it running if there was none. Of two that come at
    /// once, one is [`Begun::New`]. The fingerprint tells the request from others with the same key.
    pub fn idempotency_begin(
        &self,
        token: &str,
        key: &str,
        fingerprint: &str,
        now: i64,
    ) -> Result<Begun, StateError> {
        let insert = "INSERT INTO idempotency (token, key, fingerprint, started) VALUES (?1, ?2, ?3, ?4) \
                      ON CONFLICT (token, key) DO NOTHING";
        let mut database = self.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let begun = match transaction.execute(insert, params![token, key, fingerprint, now])? {
            0 => earlier(&transaction, token, key, fingerprint)?,
            _ => Begun::New,
        };
        transaction.commit()?;
        Ok(begun)
    }

    /// Keeps the answer to a request that has none yet.
    pub fn idempotency_finish(
        &self,
        token: &str,
        key: &str,
        status: u16,
        answer: &str,
    ) -> Result<(), StateError> {
        let keep = "UPDATE idempotency SET status = ?3, answer = ?4 \
                    WHERE token = ?1 AND key = ?2 AND status IS NULL";
        match self.lock().execute(keep, params![token, key, status, answer])? {
            0 => Err(StateError::Missing(format!("unanswered request of token {token} with this key"))),
            _ => Ok(()),
        }
    }

    /// Frees the key of a request that was refused before anything happened. An answer that is kept stays.
    pub fn idempotency_forget(&self, token: &str, key: &str) -> Result<(), StateError> {
        let forget = "DELETE FROM idempotency WHERE token = ?1 AND key = ?2 AND status IS NULL";
        self.lock().execute(forget, params![token, key])?;
        Ok(())
    }

    /// For the start, before the first request: what is running in the file was another process's, and ended
    /// with it. Says how many there were.
    pub fn idempotency_mark_interrupted(&self) -> Result<usize, StateError> {
        let mark = "UPDATE idempotency SET interrupted = 1 WHERE status IS NULL AND NOT interrupted";
        Ok(self.lock().execute(mark, [])?)
    }

    /// Forgets the requests that started before this time, but not those that are running. Says how many.
    pub fn idempotency_prune(&self, started_before: i64) -> Result<usize, StateError> {
        let prune = "DELETE FROM idempotency WHERE started < ?1 AND (status IS NOT NULL OR interrupted)";
        Ok(self.lock().execute(prune, params![started_before])?)
    }
}

/// What the row of a known key says to a request with this fingerprint.
fn earlier(
    transaction: &Transaction<'_>,
    token: &str,
    key: &str,
    fingerprint: &str,
) -> Result<Begun, StateError> {
    let find = "SELECT fingerprint = ?3, interrupted, audit, status, answer FROM idempotency \
                WHERE token = ?1 AND key = ?2";
    let read = |row: &Row<'_>| {
        if !row.get::<_, bool>(0)? {
            return Ok(Begun::OtherRequest);
        }
        Ok(match row.get::<_, Option<u16>>(3)? {
            Some(status) => Begun::Stored { status, answer: row.get(4)? },
            None if row.get(1)? => Begun::Interrupted { audit: row.get(2)? },
            None => Begun::Running,
        })
    };
    Ok(transaction.query_row(find, params![token, key, fingerprint], read)?)
}
