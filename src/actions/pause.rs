//! Pausing by a hold, and resuming by ending holds.

use super::holds::{Hold, Look, Phase};
use super::list::{Listed, connections, find};
use super::perform::{Deed, Effect, Performance, plan};
use super::port::{Command, Nas, Target};
use super::record::{Object, Origin};
use super::{ActionError, Actions, Failure, now};
use crate::model::{ConnectionId, NasName};
use serde_json::{Value, json};
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks at whether the NAS shows what it was told; how fast it does is not known (API notes §6).
const LOOKS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// After so long no look is begun: on a NAS that hangs each of them takes its time, and others wait for their turn.
const LOOKED_ENOUGH: Duration = Duration::from_secs(5);

/// Holds of one connection. Whoever needs more forgets to end them.
const MOST_HOLDS: usize = 100;

/// A wish to pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// What.
    pub target: Target,
    /// Why.
    pub reason: String,
    /// For how long, in seconds; none = until somebody ends it.
    pub seconds: Option<u64>,
    /// Whether only a person who names the hold ends it.
    pub latch: bool,
}

/// A wish to resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resume {
    /// What.
    pub target: Target,
    /// Whether alerts' and latched holds end as well.
    pub overrides: bool,
}

/// The id of a new hold: short enough to be typed, and never given twice.
fn new_id() -> String {
    format!("h-{:012x}", fastrand::u64(..1 << 48))
}

/// The connections that are meant.
pub(super) fn meant(nas: &NasName, listed: Vec<Listed>, target: Target) -> Result<Vec<Listed>, ActionError> {
    match target {
        Target::One(id) => Ok(vec![find(nas, listed, id.0)?]),
        Target::All => Ok(listed),
    }
}

/// What an action on these connections is done to.
fn object(nas: &NasName, target: Target, meant: &[Listed]) -> Object {
    match (target, meant) {
        (Target::One(id), [connection, ..]) => Object::connection(id.0, &connection.name),
        _ => Object::nas(nas.as_str()),
    }
}

/// The states of connections: of one its own, of several each by its id.
fn states(target: Target, meant: &[Listed]) -> Value {
    if let Target::One(_) = target {
        return json!({ "status": meant.first().map(Listed::status_word) });
    }
    let each = meant.iter().map(|connection| (connection.id.to_string(), connection.status_word()));
    json!({ "status": each.collect::<super::schema::Document>() })
}

/// The same with every state replaced by this one.
fn wanted(target: Target, meant: &[Listed], status: &Value) -> Value {
    match target {
        Target::One(_) => json!({ "status": status }),
        Target::All => {
            let wanted = meant.iter().map(|connection| (connection.id.to_string(), status.clone()));
            json!({ "status": wanted.collect::<super::schema::Document>() })
        }
    }
}

/// Whether each of `ids` is listed and looks as it should. One that is not listed does not: what cannot be seen is not
/// taken for done.
fn all_look(listed: &[Listed], ids: &[ConnectionId], is_there: impl Fn(Look) -> bool) -> bool {
    ids.iter().all(|id| {
        let found = listed.iter().find(|connection| connection.id == *id);
        is_there(found.map_or(Look::Gone, |connection| Look::of(connection.status.as_ref())))
    })
}

/// Looks until each of `ids` is listed and looks as it should, or long enough. Gives the last list, and whether they
/// do.
pub(super) async fn look_until(
    port: &dyn Nas,
    ids: &[ConnectionId],
    is_there: impl Fn(Look) -> bool,
) -> (Result<Vec<Listed>, Failure>, bool) {
    let mut last = None;
    let started = Instant::now();
    for pause in LOOKS {
        sleep(pause).await;
        if started.elapsed() > LOOKED_ENOUGH {
            break;
        }
        let listed = connections(port).await;
        if listed.as_ref().is_ok_and(|listed| all_look(listed, ids, &is_there)) {
            return (listed, true);
        }
        // A list is worth more than the failure that came after it.
        if listed.is_ok() || !matches!(last, Some(Ok(_))) {
            last = Some(listed);
        }
    }
    (last.unwrap_or_else(|| Ok(Vec::new())), false)
}

/// What is after, of the connections that were meant.
fn after(target: Target, ids: &[ConnectionId], listed: Result<Vec<Listed>, Failure>) -> Value {
    let Ok(listed) = listed else { return Value::Null };
    let those: Vec<Listed> = listed.into_iter().filter(|connection| ids.contains(&connection.id)).collect();
    states(target, &those)
}

fn ids_of(holds: &[Hold]) -> Vec<String> {
    holds.iter().map(|hold| hold.id.clone()).collect()
}

impl Actions {
    /// Pauses by a hold on each connection that is meant.
    pub async fn pause(
        &self,
        nas: &NasName,
        wish: &Pause,
        origin: &Origin,
        dry_run: bool,
    ) -> Result<Effect, ActionError> {
        let port = self.nas(nas)?;
        let _turn = self.turn_of(nas, &origin.caller).await?;
        let target = wish.target;
        let meant = meant(nas, connections(&*port).await?, target)?;
        self.check_room(nas, &meant)?;
        let holds: Vec<Hold> =
            meant.iter().map(|connection| self.new_hold(nas, connection, wish, origin)).collect();
        let ids: Vec<ConnectionId> = meant.iter().map(|connection| connection.id).collect();
        let was_paused = all_look(&meant, &ids, |look| look == Look::Paused);
        let before = states(target, &meant);
        let command = Command::Pause(target);
        if dry_run {
            let after = wanted(target, &meant, &"pause".into());
            return Ok(Effect::Planned(plan(&*port, vec![command], before, after).await?));
        }
        let deed = Deed { action: command.method(), target: object(nas, target, &meant), before };
        let performance = self.begin(nas, &*port, origin, deed).await?;
        if let Err(error) = self.book().add(&holds, now()).await {
            return Err(performance.refuse(format!("the hold cannot be written: {error}")).await);
        }
        self.forget_earlier_pauses(nas, &meant).await;
        if let Err(failure) = performance.tell(command).await {
            return self.pause_failed(performance, &*port, failure, &holds, (target, &ids, was_paused)).await;
        }
        let (listed, is_paused) = look_until(&*port, &ids, |look| look == Look::Paused).await;
        self.paused(performance, &holds, after(target, &ids, listed), (target, is_paused)).await
    }

    /// The NAS said that it paused.
    async fn paused(
        &self,
        performance: Performance<'_>,
        holds: &[Hold],
        after: Value,
        (target, is_paused): (Target, bool),
    ) -> Result<Effect, ActionError> {
        if is_paused {
            self.book().set_phase(&ids_of(holds), Phase::Held, now()).await;
        }
        let mut done = performance.succeed(after, is_paused).await;
        let holds: Vec<Hold> = holds.iter().filter_map(|hold| self.book().get(&hold.id)).collect();
        match target {
            Target::One(_) => done.more.insert("hold".to_owned(), json!(holds.first())),
            Target::All => done.more.insert("holds".to_owned(), json!(holds)),
        };
        Ok(Effect::Done(done))
    }

    /// The NAS refused, or did not answer; one look tells whether it paused all the same. A refusal leaves no hold;
    /// where nobody knows, the holds stay until the keeper has settled it.
    async fn pause_failed(
        &self,
        performance: Performance<'_>,
        port: &dyn Nas,
        failure: Failure,
        holds: &[Hold],
        (target, ids, was_paused): (Target, &[ConnectionId], bool),
    ) -> Result<Effect, ActionError> {
        let listed = connections(port).await;
        let is_paused =
            listed.as_ref().is_ok_and(|listed| all_look(listed, ids, |look| look == Look::Paused));
        let after = after(target, ids, listed);
        // What was paused before shows nothing of this pause.
        if is_paused && (failure.is_open || !was_paused) {
            return self.paused(performance, holds, after, (target, true)).await;
        }
        if !failure.is_open {
            self.book().end(&ids_of(holds), now()).await;
            return Err(performance.fail(failure, after).await);
        }
        self.book().note_counted(&ids_of(holds));
        let left: Vec<Hold> = holds.iter().filter_map(|hold| self.book().get(&hold.id)).collect();
        Err(performance.fail(failure, after).await.with_holds(left))
    }

    /// Holds whose connection was paused before them and runs now: what they would leave paused is not paused any more.
    async fn forget_earlier_pauses(&self, nas: &NasName, meant: &[Listed]) {
        let runs = |hold: &Hold| {
            let found = meant.iter().find(|connection| connection.id.0 == hold.connection_id);
            found.is_some_and(|connection| Look::of(connection.status.as_ref()) == Look::Running)
        };
        let mut holds = self.book().of_nas(nas);
        holds.retain(|hold| hold.was_paused && runs(hold));
        if !holds.is_empty() {
            self.book().was_running(&ids_of(&holds), now()).await;
        }
    }

    /// Whether each connection can have one more hold.
    fn check_room(&self, nas: &NasName, meant: &[Listed]) -> Result<(), ActionError> {
        let of = |connection: &Listed| self.book().of_connection(nas, connection.id).len();
        match meant.iter().map(of).max() {
            Some(most) if most >= MOST_HOLDS => Err(ActionError::TooManyHolds(most)),
            _ => Ok(()),
        }
    }

    fn new_hold(&self, nas: &NasName, connection: &Listed, wish: &Pause, origin: &Origin) -> Hold {
        let created = now();
        let until = wish.seconds.and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(1_000));
        // A NAS may go on showing for a while the pause that it was told to end.
        let is_paused = Look::of(connection.status.as_ref()) == Look::Paused
            && !self.was_just_resumed(nas, connection.id);
        let others = self.book().of_connection(nas, connection.id);
        // Paused by a hold is not paused by itself; but what was so before the first hold is so before this one.
        let was_paused = is_paused && others.iter().all(|hold| hold.was_paused);
        Hold {
            id: new_id(),
            nas: nas.to_string(),
            connection_id: connection.id.0,
            connection: connection.name.clone(),
            rule: String::new(),
            reason: wish.reason.clone(),
            author: origin.token.clone(),
            created,
            until: until.and_then(|until| created.checked_add(until)),
            latch: wish.latch,
            was_paused,
            phase: Phase::Pausing,
        }
    }

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
            .of_nas(nas)
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
    /// they run.
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
        let is_left = |hold: &&Hold| still.contains(&ConnectionId(hold.connection_id));
        let left: Vec<Hold> = holds.iter().filter(is_left).cloned().collect();
        let done: Vec<Hold> = holds.iter().filter(|hold| !is_left(hold)).cloned().collect();
        self.book().set_phase(&ids_of(&left), Phase::Releasing, now()).await;
        self.book().note_told(&ids_of(&left));
        let ended = self.book().end(&ids_of(&done), now()).await;
        (ended, left.iter().filter_map(|hold| self.book().get(&hold.id)).collect())
    }

    /// These connections were told to resume, and still show as paused.
    fn note_resumed(&self, nas: &NasName, ids: &[ConnectionId]) {
        let mut resumed = self.resumed.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = self.options().verify_timeout;
        resumed.retain(|_, at| at.elapsed() < patience);
        resumed.extend(ids.iter().map(|id| ((nas.clone(), *id), Instant::now())));
    }

    /// Whether a connection that shows as paused was told to resume a moment ago.
    fn was_just_resumed(&self, nas: &NasName, id: ConnectionId) -> bool {
        let resumed = self.resumed.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = self.options().verify_timeout;
        resumed.get(&(nas.clone(), id)).is_some_and(|at| at.elapsed() < patience)
    }
}
