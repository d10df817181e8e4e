//! The switch that keeps rules from acting. It always works: not even a disk that is full keeps it from being set.

use super::journal::Entry;
use super::perform::{Deed, entry};
use super::record::{Object, Origin, Outcome, Trouble};
use super::{Actions, blocking};
use crate::state::StateError;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::time::Instant;

/// The flag of the state file.
pub(super) const FLAG: &str = "automation_frozen";

impl Actions {
    /// Whether rules are kept from acting.
    pub fn is_frozen(&self) -> bool {
        self.is_frozen.load(Ordering::SeqCst)
    }

    /// Keeps rules from acting, or lets them again. Gives the number of the audit record.
    pub async fn set_frozen(&self, frozen: bool, origin: &Origin) -> Option<i64> {
        let deed = Deed {
            action: if frozen { "freeze" } else { "unfreeze" },
            target: Object::automation(),
            before: json!({ "frozen": self.is_frozen() }),
        };
        let started = Instant::now();
        let mut entry: Entry = entry(None, origin, deed);
        let id = self.journal().begin(&entry).await.ok();
        let kept = {
            // One after the other, so that the file ends up with what memory has.
            let mut is_unwritten = self.is_switch_unwritten.lock().await;
            self.is_frozen.store(frozen, Ordering::SeqCst);
            let kept = self.write_switch().await;
            *is_unwritten = kept.is_err();
            kept
        };
        entry.record.after = json!({ "frozen": frozen });
        entry.record.outcome = match &kept {
            Ok(()) => Outcome::Succeeded,
            Err(error) => {
                tracing::error!(frozen, %error, "the switch is in force and cannot be written: until it can, a restart forgets it");
                entry.record.error = Some(Trouble {
                    detail: format!("in force, but not written: {error}"),
                    code: None,
                    method: None,
                    reason: None,
                });
                Outcome::Unverified
            }
        };
        entry.record.duration_seconds = Some(started.elapsed().as_secs_f64());
        tracing::warn!(frozen, token = origin.token, peer = origin.peer, "automation was frozen or unfrozen");
        self.journal().complete(id, entry).await;
        id
    }

    async fn write_switch(&self) -> Result<(), StateError> {
        let (state, frozen) = (Arc::clone(&self.state), self.is_frozen());
        blocking(move || state.set_flag(FLAG, frozen.then_some("true"))).await
    }

    /// Writes the switch, if it could not be written before.
    pub(super) async fn flush_switch(&self) {
        let mut is_unwritten = self.is_switch_unwritten.lock().await;
        if *is_unwritten && self.write_switch().await.is_ok() {
            *is_unwritten = false;
        }
    }

    /// What the API says of the switch.
    pub fn frozen_view(&self) -> Value {
        json!({ "frozen": self.is_frozen() })
    }
}
