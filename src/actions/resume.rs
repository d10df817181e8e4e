//! Resuming, which ends the holds of what is resumed.

use super::holds::{Cause, Hold, Look};
use super::list::{Listed, connections};
use super::looks::{after, all_look, ids_of, look_until, meant, object, states, wanted};
use super::perform::{Deed, Effect, plan};
use super::port::{Command, Target};
use super::record::Origin;
use super::{ActionError, Actions, now};
use crate::model::{ConnectionId, NasName};
use serde_json::{Value, json};
use std::sync::PoisonError;
use tokio::time::Instant;

/// A wish to resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resume {
    /// What.
    pub target: Target,
    /// Whether alerts' and latched holds end as well.
    pub overrides: bool,
}

impl Actions {
    /// Resumes, and ends the holds of what is resumed. Holds that withstand it stand in the way unless overridden.
    pub async fn resume(
        &self,
        nas: &NasName,
        wish: Resume,
        origin: &Origin,
        dry_run: bool,
    ) -> Result<Effect, ActionError> {
        let port = self.nas(nas)?;
        let _turn = self.turn_of(nas, &origin.caller).await?;
        let target = wish.target;
        let meant = meant(nas, connections(&*port).await?, target)?;
        let ids: Vec<ConnectionId> = meant.iter().map(|connection| connection.id).collect();
        let holds: Vec<Hold> = self
            .book()
            .pauses_of_nas(nas)
            .into_iter()
            .filter(|hold| ids.contains(&ConnectionId(hold.connection_id)))
            .collect();
        let standing: Vec<Hold> = holds.iter().filter(|hold| hold.withstands_resume()).cloned().collect();
        if !standing.is_empty() && !wish.overrides {
            return Err(ActionError::Held(standing));
        }
        let before = states(target, &meant);
        let command = Command::Resume(target);
        if dry_run {
            let after = wanted(target, &meant, &Value::Null);
            let mut planned = plan(&*port, vec![command], before, after).await?;
            planned.more.insert("ended_holds".to_owned(), json!(holds));
            return Ok(Effect::Planned(planned));
        }
        let deed = Deed { action: command.method(), target: object(nas, target, &meant), before };
        let performance = if holds.is_empty() {
            self.begin(nas, &*port, origin, deed).await?
        } else {
            self.begin_regardless(nas, &*port, origin, deed).await
        };
        let told = performance.tell(command).await;
        let (listed, runs) = if told.is_ok() {
            look_until(&*port, &ids, Look::is_resumed).await
        } else {
            // One look tells more than the failure.
            let listed = connections(&*port).await;
            let runs = listed.as_ref().is_ok_and(|listed| all_look(listed, &ids, Look::is_resumed));
            (listed, runs)
        };
        let seen: Vec<Listed> = listed.clone().unwrap_or_default();
        let shown = after(target, &ids, listed);
        match told {
            Err(failure) if !(runs && failure.is_open) => return Err(performance.fail(failure, shown).await),
            _ => {}
        }
        let (ended, left) = self.let_go(nas, &ids, &holds, &seen).await;
        let mut done = performance.succeed(shown, runs).await;
        done.more.insert("ended_holds".to_owned(), json!(ended));
        if !left.is_empty() {
            done.more.insert("holds".to_owned(), json!(left));
        }
        Ok(Effect::Done(done))
    }

    /// After a resume was told: ends the holds of what runs, and leaves the others to the keeper, which sees to it that
    /// they run. A pause that never showed may come yet.
    async fn let_go(
        &self,
        nas: &NasName,
        ids: &[ConnectionId],
        holds: &[Hold],
        seen: &[Listed],
    ) -> (Vec<Hold>, Vec<Hold>) {
        let still: Vec<ConnectionId> =
            ids.iter().copied().filter(|id| !all_look(seen, &[*id], Look::is_resumed)).collect();
        self.note_resumed(nas, &still);
        let is_left = |hold: &&Hold| !hold.has_shown() || still.contains(&ConnectionId(hold.connection_id));
        let left: Vec<Hold> = holds.iter().filter(is_left).cloned().collect();
        let done: Vec<Hold> = holds.iter().filter(|hold| !is_left(hold)).cloned().collect();
        self.book().set_ending(&ids_of(&left), Cause::Person, now()).await;
        self.book().note_told(&ids_of(&left));
        let ended = self.book().end(&ids_of(&done), Cause::Person, now()).await;
        (ended, left.iter().filter_map(|hold| self.book().get(&hold.id)).collect())
    }

    /// These connections were told to resume, and still show as paused.
    fn note_resumed(&self, nas: &NasName, ids: &[ConnectionId]) {
        let mut resumed = self.resumed.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = self.options().verify_timeout;
        resumed.retain(|_, at| at.elapsed() < patience);
        resumed.extend(ids.iter().map(|id| ((nas.clone(), *id), Instant::now())));
    }

    /// The NAS refused a rule's pause of these connections. A pause that shows a moment later is ours all the same.
    pub(super) fn note_refused(&self, nas: &NasName, ids: &[ConnectionId]) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = self.options().verify_timeout;
        refused.retain(|_, at| at.elapsed() < patience);
        refused.extend(ids.iter().map(|id| ((nas.clone(), *id), Instant::now())));
    }

    /// Whether a connection that shows as paused is so by a pause of ours that was refused a moment ago: nobody holds it.
    pub(super) fn is_of_a_refused_pause(&self, nas: &NasName, id: ConnectionId) -> bool {
        let patience = self.options().verify_timeout;
        let was_refused = {
            let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            refused.get(&(nas.clone(), id)).is_some_and(|at| at.elapsed() < patience)
        };
        was_refused && self.book().pauses_of(nas, id).is_empty()
    }

    /// Whether a connection that shows as paused was told to resume a moment ago.
    pub(super) fn was_just_resumed(&self, nas: &NasName, id: ConnectionId) -> bool {
        let resumed = self.resumed.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = self.options().verify_timeout;
        resumed.get(&(nas.clone(), id)).is_some_and(|at| at.elapsed() < patience)
    }
}
