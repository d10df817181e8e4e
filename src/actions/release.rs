//! The end of one hold, by its name.

use super::holds::{Cause, Facts, Hold, Look, Step, step};
use super::list::{Listed, connections};
use super::looks::look_until;
use super::perform::{Deed, Done, DryRun, Effect, Performance, entry, plan};
use super::port::{Command, Nas, Target};
use super::record::{Object, Origin, Outcome};
use super::schema::Document;
use super::{ActionError, Actions, Failure, now};
use crate::model::{ConnectionId, NasName};
use serde_json::{Value, json};
use std::time::Duration;

/// The word of an end that tells the NAS nothing.
pub(super) const QUIETLY: &str = "release";

/// What is done to the connection of a hold.
pub(super) fn deed(action: &'static str, hold: &Hold, status: &Value) -> Deed {
    Deed {
        action,
        target: Object::connection(hold.connection_id, &hold.connection),
        before: json!({ "status": status, "hold": hold }),
    }
}

/// The failure, with what becomes of the hold.
pub(super) fn tried_again(mut failure: Failure) -> Failure {
    if !failure.advice.is_empty() {
        failure.advice.push(' ');
    }
    failure.advice.push_str("The hold ends as soon as the NAS takes it.");
    failure
}

/// What else there is to say when holds end.
pub(super) fn ended(holds: &[Hold]) -> Document {
    Document::from_iter([("ended_holds".to_owned(), json!(holds))])
}

impl Actions {
    /// Ends a hold. The connection is resumed when it was the last one, and it was this program that paused it; settings
    /// become what they were before, or what other holds want of them.
    /// What the NAS does not take or does not show now is seen to by the keeper.
    pub async fn release(&self, id: &str, origin: &Origin, dry_run: bool) -> Result<Effect, ActionError> {
        let unknown = || ActionError::UnknownHold(id.to_owned());
        let hold = self.book().get(id).ok_or_else(unknown)?;
        let nas = NasName::new(&hold.nas);
        let Some(port) = self.directory().nas(&nas) else {
            return Ok(self.forget(hold, origin, dry_run).await);
        };
        let _turn = self.turn(&nas).await;
        // It may have ended while we waited for our turn.
        let hold = self.book().get(id).ok_or_else(unknown)?;
        if !hold.is_pause() {
            return self.release_settings(&*port, hold, origin, dry_run).await;
        }
        let (look, status) = match self.look(&*port, &hold).await {
            Ok(look) => look,
            Err(failure) if dry_run => return Err(failure.into()),
            Err(failure) => return Err(self.release_later(&*port, &nas, hold, failure, origin).await),
        };
        let is_told = step(&hold, true, self.facts(&hold, look)) == Step::Resume;
        let id = ConnectionId(hold.connection_id);
        let command = Command::Resume(Target::One(id));
        if dry_run {
            let commands = if is_told { vec![command] } else { Vec::new() };
            let after = if is_told { Value::Null } else { status.clone() };
            let before = json!({ "status": status, "hold": hold });
            let mut planned = plan(&*port, commands, before, json!({ "status": after })).await?;
            planned.more = ended(&[hold]);
            return Ok(Effect::Planned(planned));
        }
        let action = if is_told { command.method() } else { QUIETLY };
        let deed = deed(action, &hold, &status);
        let performance = self.begin_regardless(&nas, &*port, origin, deed).await;
        // From here on it is to end, whatever becomes of this try.
        self.book().set_ending(std::slice::from_ref(&hold.id), Cause::Person, now()).await;
        if is_told {
            return self.resume_and_end(performance, &*port, hold, command).await.map(Effect::Done);
        }
        // One that is not listed ends when it is seen again, or is gone for good.
        let ends = look != Look::Gone || self.facts(&hold, look).others > 0 || hold.was_paused;
        if ends {
            self.book().end(std::slice::from_ref(&hold.id), Cause::Person, now()).await;
        }
        let mut done = performance.succeed(json!({ "status": status }), ends).await;
        done.more = ended(if ends { std::slice::from_ref(&hold) } else { &[] });
        Ok(Effect::Done(done))
    }

    /// Tells the NAS, and ends the hold when it shows that the connection runs.
    async fn resume_and_end(
        &self,
        performance: Performance<'_>,
        port: &dyn Nas,
        hold: Hold,
        command: Command,
    ) -> Result<Done, ActionError> {
        let id = ConnectionId(hold.connection_id);
        if let Err(failure) = performance.tell(command).await {
            let left: Vec<Hold> = self.book().get(&hold.id).into_iter().collect();
            return Err(performance.fail(tried_again(failure), Value::Null).await.with_holds(left));
        }
        self.book().note_told(std::slice::from_ref(&hold.id));
        let (listed, runs) = look_until(port, &[id], Look::is_resumed).await;
        let found = listed.ok().into_iter().flatten().find(|connection| connection.id == id);
        let after = json!({ "status": found.as_ref().map(Listed::status_word) });
        // A pause that never showed may come yet: the keeper sees to that.
        let is_over = runs && hold.has_shown();
        if is_over {
            self.book().end(std::slice::from_ref(&hold.id), Cause::Person, now()).await;
        }
        let mut done = performance.succeed(after, runs).await;
        done.more = ended(if is_over { std::slice::from_ref(&hold) } else { &[] });
        Ok(done)
    }

    /// The NAS does not even say how things are: the keeper ends the hold as soon as it does. Who wished it is recorded
    /// now.
    pub(super) async fn release_later(
        &self,
        port: &dyn Nas,
        nas: &NasName,
        hold: Hold,
        failure: Failure,
        origin: &Origin,
    ) -> ActionError {
        let deed = deed(QUIETLY, &hold, &Value::Null);
        let performance = self.begin_regardless(nas, port, origin, deed).await;
        self.book().set_ending(std::slice::from_ref(&hold.id), Cause::Person, now()).await;
        let left: Vec<Hold> = self.book().get(&hold.id).into_iter().collect();
        // Nothing was told, so nothing is open.
        let failure = tried_again(Failure { is_open: false, ..failure });
        performance.fail(failure, Value::Null).await.with_holds(left)
    }

    /// Ends a hold on a NAS that is not there any more, so that nothing can be done to it.
    async fn forget(&self, hold: Hold, origin: &Origin, dry_run: bool) -> Effect {
        let (before, more) = (json!({ "status": null }), ended(std::slice::from_ref(&hold)));
        if dry_run {
            let after = before.clone();
            return Effect::Planned(DryRun { dry_run, before, after, requests: Vec::new(), more });
        }
        let mut entry = entry(Some(&NasName::new(&hold.nas)), origin, deed(QUIETLY, &hold, &Value::Null));
        entry.record.outcome = Outcome::Succeeded;
        self.book().end(&[hold.id], Cause::Person, now()).await;
        self.journal().complete(None, entry).await;
        Effect::Done(Done { audit_id: None, before, after: Value::Null, verified: true, more })
    }

    fn facts(&self, hold: &Hold, look: Look) -> Facts {
        let on_it = self.book().pauses_of(&NasName::new(&hold.nas), ConnectionId(hold.connection_id));
        Facts {
            look,
            others: on_it.iter().filter(|other| other.id != hold.id).count(),
            contradicted: Duration::ZERO,
            // Whoever asks wants it told.
            told: None,
            was_interrupted: false,
            is_frozen: self.is_frozen(),
            patience: self.options().verify_timeout,
        }
    }

    async fn look(&self, port: &dyn Nas, hold: &Hold) -> Result<(Look, Value), Failure> {
        // What need not be resumed need not be looked at either: the NAS may be down.
        if hold.was_paused || self.facts(hold, Look::Other).others > 0 {
            return Ok((Look::Other, Value::Null));
        }
        let listed = connections(port).await?;
        let found = listed.into_iter().find(|connection| connection.id.0 == hold.connection_id);
        Ok(found.map_or((Look::Gone, Value::Null), |connection| {
            (Look::of(connection.status.as_ref()), connection.status_word())
        }))
    }
}
