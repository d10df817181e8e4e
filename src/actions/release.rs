//! The end of one hold: by its name, or because its time is over.

use super::holds::{Hold, Look, Phase, Release, release};
use super::list::connections;
use super::pause::look_until;
use super::perform::{Deed, DryRun, Effect};
use super::port::{Command, Nas, Target};
use super::record::{Object, Origin};
use super::schema::Document;
use super::{ActionError, Actions, Failure, now};
use crate::model::{ConnectionId, NasName};
use serde_json::{Value, json};

/// The word of an end that tells the NAS nothing.
const QUIETLY: &str = "release";

/// What is done to the connection of a hold.
pub(super) fn deed(action: &'static str, hold: &Hold, status: &Value) -> Deed {
    Deed {
        action,
        target: Object::new("connection", Some(hold.connection_id), &hold.connection),
        connection: Some(hold.connection_id),
        before: json!({ "status": status, "hold": hold }),
    }
}

/// The failure, with what becomes of the hold.
fn tried_again(mut failure: Failure) -> Failure {
    if !failure.advice.is_empty() {
        failure.advice.push(' ');
    }
    failure.advice.push_str("The hold ends as soon as the NAS takes it.");
    failure
}

impl Actions {
    /// Ends a hold. The connection is resumed when it was the last one, and it was this program that paused it.
    /// What the NAS does not take now is tried again until it does.
    pub async fn release(&self, id: &str, origin: &Origin, dry_run: bool) -> Result<Effect, ActionError> {
        let unknown = || ActionError::UnknownHold(id.to_owned());
        let hold = self.book().get(id).ok_or_else(unknown)?;
        let nas = NasName::new(&hold.nas);
        let port = self.nas(&nas)?;
        let _turn = self.turn(&nas).await;
        // It may have ended while we waited for our turn.
        let hold = self.book().get(id).ok_or_else(unknown)?;
        let look = match self.look(&*port, &hold).await {
            Ok(look) => look,
            Err(failure) if dry_run => return Err(failure.into()),
            Err(failure) => return Err(self.release_later(&*port, &nas, hold, failure, origin).await),
        };
        if dry_run {
            return self.plan_release(&*port, &nas, &hold, look).await.map(Effect::Planned);
        }
        self.release_now(&*port, &nas, hold, look, origin).await.map(Effect::Done)
    }

    /// The NAS does not even say how things are: the keeper ends the hold as soon as it does. Who wished it is recorded
    /// now.
    async fn release_later(
        &self,
        port: &dyn Nas,
        nas: &NasName,
        hold: Hold,
        failure: Failure,
        origin: &Origin,
    ) -> ActionError {
        let deed = deed(QUIETLY, &hold, &Value::Null);
        let performance = self.begin_regardless(nas, port, origin, deed).await;
        self.book().set_phase(std::slice::from_ref(&hold.id), Phase::Releasing, now()).await;
        let hold = self.book().get(&hold.id);
        // Nothing was told, so nothing is open.
        let failure = tried_again(Failure { is_open: false, ..failure });
        performance.fail(failure, json!({ "hold": hold })).await
    }

    async fn look(&self, port: &dyn Nas, hold: &Hold) -> Result<(Look, Value), Failure> {
        // What need not be resumed need not be looked at either: the NAS may be down.
        if self.others(hold) > 0 || hold.was_paused {
            return Ok((Look::Other, Value::Null));
        }
        let listed = connections(port).await?;
        let found = listed.into_iter().find(|connection| connection.id.0 == hold.connection_id);
        Ok(found.map_or((Look::Gone, Value::Null), |connection| {
            (Look::of(connection.status.as_ref()), connection.status_word())
        }))
    }

    fn others(&self, hold: &Hold) -> usize {
        let on_it = self.book().of_connection(&NasName::new(&hold.nas), ConnectionId(hold.connection_id));
        on_it.iter().filter(|other| other.id != hold.id).count()
    }

    async fn plan_release(
        &self,
        port: &dyn Nas,
        nas: &NasName,
        hold: &Hold,
        (look, status): (Look, Value),
    ) -> Result<DryRun, ActionError> {
        let before = json!({ "status": status, "hold": hold });
        let mut planned = match release(hold, self.others(hold), look) {
            Release::Resume => {
                let command = Command::Resume(Target::One(ConnectionId(hold.connection_id)));
                super::perform::plan(port, vec![command], before, json!({ "status": null })).await?
            }
            Release::Quietly => DryRun {
                dry_run: true,
                before,
                after: json!({ "status": status }),
                requests: Vec::new(),
                more: Document::new(),
            },
        };
        tracing::debug!(%nas, hold = hold.id, "release thought through");
        planned.more.insert("ended_holds".to_owned(), json!([hold]));
        Ok(planned)
    }

    /// Ends a hold on a NAS whose turn this caller has.
    pub(super) async fn release_now(
        &self,
        port: &dyn Nas,
        nas: &NasName,
        hold: Hold,
        (look, status): (Look, Value),
        origin: &Origin,
    ) -> Result<super::Done, ActionError> {
        let id = ConnectionId(hold.connection_id);
        let decision = release(&hold, self.others(&hold), look);
        let command = Command::Resume(Target::One(id));
        let action = if decision == Release::Resume { command.method() } else { QUIETLY };
        let deed = deed(action, &hold, &status);
        let performance = self.begin_regardless(nas, port, origin, deed).await;
        let (after, verified) = match decision {
            Release::Quietly => (json!({ "status": status }), true),
            Release::Resume => {
                if let Err(failure) = performance.tell(command).await {
                    self.book().set_phase(&[hold.id], Phase::Releasing, now()).await;
                    return Err(performance.fail(tried_again(failure), Value::Null).await);
                }
                let (listed, runs) = look_until(port, &[id], |look| look != Look::Paused).await;
                let status = listed.ok().into_iter().flatten().find(|connection| connection.id == id);
                (json!({ "status": status.map(|connection| connection.status_word()) }), runs)
            }
        };
        let ended = self.book().end(&[hold.id], now()).await;
        let mut done = performance.succeed(after, verified).await;
        done.more.insert("ended_holds".to_owned(), json!(ended));
        Ok(done)
    }
}
