//! Requests that come again with the same key, as in the IETF's draft of `Idempotency-Key`: done once, answered twice.

use super::{Actions, blocking, now};
use crate::state::{Begun, StateError};
use std::sync::Arc;
use std::time::Duration;

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A request by which it is known again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The token's name: keys of different tokens have nothing to do with each other.
    pub token: String,
    /// The key.
    pub key: String,
    /// What tells the request from others with the same key.
    pub fingerprint: String,
}

impl Actions {
    /// Looks a request up, and has it running from now on if it is new.
    pub async fn begin_request(&self, ticket: &Ticket) -> Result<Begun, StateError> {
        let (state, ticket) = (Arc::clone(&self.state), ticket.clone());
        let begun =
            blocking(move || state.idempotency_begin(&ticket.token, &ticket.key, &ticket.fingerprint, now()));
        begun.await
    }

    /// Keeps the answer of a request. A state file that fails costs the answer: a repeat then hears that the outcome
    /// is not known, and does nothing.
    pub async fn answer_request(&self, ticket: &Ticket, status: u16, answer: String) {
        let (state, ticket) = (Arc::clone(&self.state), ticket.clone());
        let kept =
            blocking(move || state.idempotency_finish(&ticket.token, &ticket.key, status, &answer)).await;
        if let Err(error) = kept {
            tracing::error!(%error, "the answer of a request with a key cannot be kept");
        }
    }

    /// Forgets a request that was refused before anything was done, so that it can be corrected.
    pub async fn forget_request(&self, ticket: &Ticket) {
        let (state, ticket) = (Arc::clone(&self.state), ticket.clone());
        if let Err(error) = blocking(move || state.idempotency_forget(&ticket.token, &ticket.key)).await {
            tracing::error!(%error, "a request with a key cannot be forgotten");
        }
    }

    /// Forgets answers that were kept long enough.
    pub(super) async fn forget_old_answers(&self) {
        let state = Arc::clone(&self.state);
        let before = now().saturating_sub(i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX));
        if let Err(error) = blocking(move || state.idempotency_prune(before)).await {
            tracing::error!(%error, "old answers cannot be forgotten");
        }
    }
}
