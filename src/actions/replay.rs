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

/// Requests of which the state file could not be told; beyond it the oldest are given up.
const MOST_UNKEPT: usize = 1_000;

/// What became of a request, while the state file cannot be told.
#[derive(Debug)]
pub(super) struct Unkept {
    ticket: Ticket,
    /// None: it was refused before anything was done.
    answer: Option<(u16, String)>,
}

impl Actions {
    /// Looks a request up, and has it running from now on if it is new.
    pub async fn begin_request(&self, ticket: &Ticket) -> Result<Begun, StateError> {
        self.flush_answers().await;
        {
            let unkept = self.unkept.lock().await;
            let is_this = |known: &Ticket| known.token == ticket.token && known.key == ticket.key;
            if let Some(Unkept { ticket: known, answer: Some((status, answer)) }) =
                unkept.iter().find(|unkept| is_this(&unkept.ticket))
            {
                let is_same = known.fingerprint == ticket.fingerprint;
                let stored = Begun::Stored { status: *status, answer: answer.clone() };
                return Ok(if is_same { stored } else { Begun::OtherRequest });
            }
        }
        let (state, ticket) = (Arc::clone(&self.state), ticket.clone());
        let begun =
            blocking(move || state.idempotency_begin(&ticket.token, &ticket.key, &ticket.fingerprint, now()));
        begun.await
    }

    /// Keeps the answer of a request; where the state file fails, in memory until it can be written.
    pub async fn answer_request(&self, ticket: &Ticket, status: u16, answer: String) {
        self.end_request(Unkept { ticket: ticket.clone(), answer: Some((status, answer)) }).await;
    }

    /// Forgets a request that was refused before anything was done, so that it can be corrected.
    pub async fn forget_request(&self, ticket: &Ticket) {
        self.end_request(Unkept { ticket: ticket.clone(), answer: None }).await;
    }

    async fn end_request(&self, ended: Unkept) {
        let mut unkept = self.unkept.lock().await;
        if let Err(failed) = self.keep(ended).await {
            let (ended, error) = *failed;
            tracing::error!(%error, "what became of a request with a key cannot be kept; it is tried again");
            if unkept.len() >= MOST_UNKEPT {
                unkept.pop_front();
            }
            unkept.push_back(ended);
        }
    }

    /// Writes what could not be kept before.
    pub(super) async fn flush_answers(&self) {
        let mut unkept = self.unkept.lock().await;
        while let Some(ended) = unkept.pop_front() {
            if let Err(failed) = self.keep(ended).await {
                unkept.push_front(failed.0);
                return;
            }
        }
    }

    async fn keep(&self, ended: Unkept) -> Result<(), Box<(Unkept, StateError)>> {
        let state = Arc::clone(&self.state);
        blocking(move || {
            let Ticket { token, key, fingerprint: _ } = &ended.ticket;
            let kept = match &ended.answer {
                Some((status, answer)) => state.idempotency_finish(token, key, *status, answer),
                None => state.idempotency_forget(token, key),
            };
            match kept {
                // Somebody took the request out of the file: there is nothing to answer.
                Err(StateError::Missing(_)) => Ok(()),
                kept => kept.map_err(|error| Box::new((ended, error))),
            }
        })
        .await
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
