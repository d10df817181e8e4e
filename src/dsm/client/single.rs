//! One call in a request of its own.

use std::sync::Arc;

use serde_json::Value;

use super::Inner;
use super::login::{Replay, Session};
use crate::dsm::call::Request;
use crate::dsm::codes;
use crate::dsm::discovery::Discovery;
use crate::dsm::error::Error;
use crate::dsm::transport::Exchange;

impl Inner {
    /// What a call needs: a NAS with the package, and a session on it.
    pub(super) async fn ready(&self) -> Result<(Arc<Discovery>, Arc<Session>), Error> {
        let discovery = self.package().await?;
        Ok((discovery, self.session().await?))
    }

    /// Makes a call. When the NAS does not know it, the APIs are asked for again before the next.
    pub(super) async fn single(&self, request: &Request) -> Result<Value, Error> {
        let answer = self.single_with_replay(request).await;
        if is_unknown_call(&answer) {
            self.known().discovery = None;
        }
        answer
    }

    /// Makes a call; when the session turns out to be gone, once more with a new one.
    pub(super) async fn single_with_replay(&self, request: &Request) -> Result<Value, Error> {
        let (discovery, session) = self.ready().await?;
        let first = self.post(exchange(&discovery, &session, request)).await;
        let Some(code) = lost_session(&first) else {
            if first.is_ok() {
                session.serves();
            }
            return first;
        };
        self.lose(&session, code)?;
        let (discovery, session) = self.ready().await?;
        let second = self.post(exchange(&discovery, &session, request)).await;
        let replay = match (lost_session(&second), &second) {
            (Some(code), _) => Replay::Refused(code),
            (None, Ok(_) | Err(Error::Api { .. })) => Replay::Accepted,
            (None, Err(_)) => Replay::Unknown,
        };
        self.replayed(&session, replay)?;
        second
    }
}

fn exchange<'a>(discovery: &'a Discovery, session: &'a Session, request: &'a Request) -> Exchange<'a> {
    Exchange {
        api: request.api,
        method: request.method,
        label: request.method,
        path: discovery.cloud_sync.as_ref().map_or("entry.cgi", |api| &api.path),
        form: request.params.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect(),
        version: request.version,
        session: Some(session.keys()),
        read_only: request.read_only,
        timeout: None,
    }
}

/// The code that says that the session is gone.
pub(super) fn lost_session<T>(answer: &Result<T, Error>) -> Option<i64> {
    answer.as_ref().err().and_then(Error::code).filter(|code| codes::is_session_loss(*code))
}

/// Whether the NAS does not know what was asked.
pub(super) fn is_unknown_call<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::Api { code, .. }) if codes::is_unknown_call(*code))
}
