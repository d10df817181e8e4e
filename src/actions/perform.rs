//! What every action has in common: the record before, the commands, the record after.

use super::journal::Entry;
use super::port::{Command, Failure, Nas, Planned, Source};
use super::record::{Object, Origin, Outcome, Record, Trouble};
use super::schema::Document;
use super::{ActionError, Actions, now};
use crate::model::NasName;
use crate::state::AuditEntry;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

/// An action that was done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Done {
    /// The number of its audit record; none when that has to wait for the disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_id: Option<i64>,
    /// What was before.
    pub before: Value,
    /// What the NAS shows after; null when it did not answer that.
    pub after: Value,
    /// Whether the NAS shows what it was told.
    pub verified: bool,
    /// What else there is to say, by name.
    #[serde(flatten)]
    pub more: Document,
}

/// An action that was only thought through.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DryRun {
    /// Always true.
    pub dry_run: bool,
    /// What is.
    pub before: Value,
    /// What would be.
    pub after: Value,
    /// What would be sent.
    pub requests: Vec<Planned>,
    /// What else there is to say, by name.
    #[serde(flatten)]
    pub more: Document,
}

/// What became of a wish.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Effect {
    /// It was done.
    Done(Done),
    /// It was thought through.
    Planned(DryRun),
}

/// An action under way: its record is begun.
pub(super) struct Performance<'a> {
    actions: &'a Actions,
    nas: &'a NasName,
    port: &'a dyn Nas,
    origin: &'a Origin,
    entry: Entry,
    id: Option<i64>,
    started: Instant,
}

/// What an action is: its name in the audit, what it is done to, and what is before it.
pub(super) struct Deed {
    pub(super) action: &'static str,
    pub(super) target: Object,
    pub(super) before: Value,
}

impl Actions {
    /// Begins the record of an action. When it cannot be written, the action must not be done.
    pub(super) async fn begin<'a>(
        &'a self,
        nas: &'a NasName,
        port: &'a dyn Nas,
        origin: &'a Origin,
        deed: Deed,
    ) -> Result<Performance<'a>, ActionError> {
        let entry = entry(Some(nas), origin, deed);
        match self.journal().begin(&entry).await {
            Ok(id) => Ok(Performance {
                actions: self,
                nas,
                port,
                origin,
                entry,
                id: Some(id),
                started: Instant::now(),
            }),
            Err(error) => {
                tracing::error!(%nas, action = entry.record.action, %error, "refused: the audit record cannot be written");
                Err(ActionError::Unrecorded(error.to_string()))
            }
        }
    }

    /// Begins the record of an action that goes on without one, if it must.
    pub(super) async fn begin_regardless<'a>(
        &'a self,
        nas: &'a NasName,
        port: &'a dyn Nas,
        origin: &'a Origin,
        deed: Deed,
    ) -> Performance<'a> {
        let entry = entry(Some(nas), origin, deed);
        let id = self.journal().begin(&entry).await.map_err(|error| {
            tracing::error!(%nas, action = entry.record.action, %error, "goes on although its audit record cannot be written yet");
        });
        Performance { actions: self, nas, port, origin, entry, id: id.ok(), started: Instant::now() }
    }
}

impl Actions {
    /// The record of something that is no action of its own, to be written with what it is about.
    pub fn note(
        nas: Option<&NasName>,
        origin: &Origin,
        action: &'static str,
        target: Object,
        after: Value,
        is_good: bool,
        now: i64,
    ) -> AuditEntry {
        let mut entry = entry(nas, origin, Deed { action, target, before: Value::Null });
        entry.time = now;
        entry.record.time = super::holds::rfc3339(now);
        entry.record.after = after;
        entry.record.outcome = if is_good { Outcome::Succeeded } else { Outcome::Failed };
        super::journal::row(&entry)
    }
}

/// The record of an action that begins now.
pub(super) fn entry(nas: Option<&NasName>, origin: &Origin, deed: Deed) -> Entry {
    let Deed { action, target, before } = deed;
    let time = now();
    let Origin { token, peer, route, source, reason, key, caller: _ } = origin;
    let record = Record {
        time: super::holds::rfc3339(time),
        token: token.clone(),
        peer: peer.clone(),
        route: route.clone(),
        action: action.to_owned(),
        source: source.as_str().to_owned(),
        nas: nas.map(ToString::to_string),
        target,
        reason: reason.clone(),
        before,
        after: Value::Null,
        outcome: Outcome::Pending,
        error: None,
        duration_seconds: None,
    };
    Entry { record, time, key: key.clone() }
}

impl Performance<'_> {
    /// The NAS.
    pub(super) fn port(&self) -> &dyn Nas {
        self.port
    }

    /// What it counts as.
    pub(super) fn source(&self) -> Source {
        self.origin.source
    }

    /// Tells the NAS, and counts it.
    pub(super) async fn tell(&self, command: Command) -> Result<(), Failure> {
        let (method, source) = (command.method(), self.origin.source);
        let told = self.port.tell(command).await;
        self.port.acted(method, source);
        if let Err(failure) = &told {
            self.port.action_failed(method, source);
            tracing::warn!(nas = %self.nas, method, token = self.origin.token, error = %failure, "an action failed");
        }
        told
    }

    /// Counts that what the NAS said to have done does not show. A pause and a resume may show yet: that is the keeper's
    /// to settle, and to count.
    fn count_unverified(&self) {
        let is_this =
            |method: &&str| *method == self.entry.record.action && !matches!(*method, "pause" | "resume");
        if let Some(method) = Command::METHODS.into_iter().find(is_this) {
            self.port.action_failed(method, self.origin.source);
        }
    }

    /// Ends well: what is after, and whether the NAS shows what it was told.
    pub(super) async fn succeed(self, after: Value, verified: bool) -> Done {
        if !verified {
            self.count_unverified();
        }
        let before = self.entry.record.before.clone();
        let outcome = if verified { Outcome::Succeeded } else { Outcome::Unverified };
        let audit_id = self.finish(outcome, after.clone(), None).await;
        Done { audit_id, before, after, verified, more: Document::new() }
    }

    /// Ends badly: what is after, as far as that is known.
    pub(super) async fn fail(self, failure: Failure, after: Value) -> ActionError {
        let seen = Box::new((self.entry.record.before.clone(), after.clone()));
        let outcome = if failure.is_open { Outcome::Unknown } else { Outcome::Failed };
        let audit = self.finish(outcome, after, Some(Trouble::from(&failure))).await;
        ActionError::Nas { failure: Box::new(failure), audit, seen: Some(seen), holds: Vec::new() }
    }

    /// Ends badly for a reason of ours, before anything was told.
    pub(super) async fn refuse(self, detail: String) -> ActionError {
        let trouble = Trouble { detail: detail.clone(), code: None, method: None, reason: None };
        self.finish(Outcome::Failed, Value::Null, Some(trouble)).await;
        ActionError::Unrecorded(detail)
    }

    async fn finish(self, outcome: Outcome, after: Value, error: Option<Trouble>) -> Option<i64> {
        let Self { actions, nas, port, origin, mut entry, id, started } = self;
        entry.record.outcome = outcome;
        entry.record.after = after;
        entry.record.error = error;
        entry.record.duration_seconds = Some(started.elapsed().as_secs_f64());
        let Record { action, target, .. } = &entry.record;
        tracing::info!(
            %nas, action, target = target.id, name = target.name, token = origin.token, peer = origin.peer,
            outcome = outcome.as_str(), "action"
        );
        actions.journal().complete(id, entry).await;
        port.poll_soon();
        id
    }
}

/// Thinks commands through.
pub(super) async fn plan(
    port: &dyn Nas,
    commands: Vec<Command>,
    before: Value,
    after: Value,
) -> Result<DryRun, ActionError> {
    let mut requests = Vec::with_capacity(commands.len());
    for command in commands {
        requests.push(port.plan(command).await?);
    }
    Ok(DryRun { dry_run: true, before, after, requests, more: Document::new() })
}
