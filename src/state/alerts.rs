//! What is known of alerts: their episodes, and what each means for a rule.

use rusqlite::{TransactionBehavior, params};

use super::audit::insert;
use super::{AuditEntry, StateError, StateFile};

/// Everything that one notification changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertChange {
    /// Episodes by fingerprint; none = forgotten.
    pub episodes: Vec<(String, Option<String>)>,
    /// Cases by rule and fingerprint; none = forgotten.
    pub cases: Vec<(String, String, Option<String>)>,
    /// What there is to be said of it in the audit, all of it ended.
    pub audit: Vec<AuditEntry>,
}

impl AlertChange {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.episodes.is_empty() && self.cases.is_empty() && self.audit.is_empty()
    }
}

impl StateFile {
    /// The episodes: fingerprint and record.
    pub fn episodes(&self) -> Result<Vec<(String, String)>, StateError> {
        let database = self.lock();
        let mut episodes = database.prepare("SELECT fingerprint, record FROM episode")?;
        let rows = episodes.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The records of the cases.
    pub fn cases(&self) -> Result<Vec<String>, StateError> {
        let database = self.lock();
        let mut cases = database.prepare("SELECT record FROM alert_case")?;
        let rows = cases.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Makes the whole change or nothing of it; on return it is on disk.
    pub fn write_alerts(&self, change: &AlertChange) -> Result<(), StateError> {
        let mut database = self.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (fingerprint, record) in &change.episodes {
            if let Some(record) = record {
                let put = "INSERT INTO episode (fingerprint, record) VALUES (?1, ?2) \
                               ON CONFLICT (fingerprint) DO UPDATE SET record = excluded.record";
                transaction.prepare_cached(put)?.execute(params![fingerprint, record])?;
            } else {
                let delete = "DELETE FROM episode WHERE fingerprint = ?1";
                transaction.prepare_cached(delete)?.execute(params![fingerprint])?;
            }
        }
        for (rule, fingerprint, record) in &change.cases {
            if let Some(record) = record {
                let put = "INSERT INTO alert_case (rule, fingerprint, record) VALUES (?1, ?2, ?3) \
                               ON CONFLICT (rule, fingerprint) DO UPDATE SET record = excluded.record";
                transaction.prepare_cached(put)?.execute(params![rule, fingerprint, record])?;
            } else {
                let delete = "DELETE FROM alert_case WHERE rule = ?1 AND fingerprint = ?2";
                transaction.prepare_cached(delete)?.execute(params![rule, fingerprint])?;
            }
        }
        for entry in &change.audit {
            insert(&transaction, entry)?;
        }
        Ok(transaction.commit()?)
    }
}
