//! The keeper of holds: ends them on time, settles those whose pause is uncertain, and lets go where a person did.
//!
//! It looks at what the poller sees and asks the NAS itself, in its turn, before it does anything: what a poll saw
//! may be older than the last action.

use super::holds::{Hold, Look, Phase, Step, step};
use super::list::{Listed, connections};
use super::port::{Command, Nas, Source, Target};
use super::record::Origin;
use super::release::{QUIETLY, deed};
use super::{Actions, now};
use crate::model::{ConnectionId, NasName, Snapshot};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Between two looks at the holds: how late a hold may end.
const TICK: Duration = Duration::from_secs(1);
/// Between two tries on a NAS that fails, doubling up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Between two prunings of the audit.
const PRUNE: Duration = Duration::from_secs(60 * 60);

/// What the keeper remembers of a NAS.
#[derive(Debug, Default)]
struct Memory {
    /// Since the last good look the NAS was unreachable.
    was_interrupted: bool,
    /// The last failed poll that is known of. Between two looks of the keeper the NAS can go and come back.
    last_failure: Option<f64>,
    /// How often in a row it failed.
    failures: u32,
    /// Not before.
    not_before: Option<Instant>,
    /// When the NAS first answered after each uncertain pause.
    answered: BTreeMap<String, Instant>,
}

impl Memory {
    fn fail(&mut self) {
        self.not_before =
            Some(Instant::now() + FIRST_WAIT.saturating_mul(1 << self.failures.min(8)).min(LONGEST_WAIT));
        self.failures = self.failures.saturating_add(1);
    }

    /// Another look soon, although nothing failed.
    fn again(&mut self) {
        self.not_before = Some(Instant::now() + FIRST_WAIT);
    }

    /// What follows for a hold that is not to end.
    fn step(&mut self, hold: &Hold, look: Look, patience: Duration) -> Step {
        let is_late = if hold.phase == Phase::Pausing {
            self.answered.entry(hold.id.clone()).or_insert_with(Instant::now).elapsed() >= patience
        } else {
            // Should it be paused again, it has its time again.
            self.answered.remove(&hold.id);
            false
        };
        step(hold, look, is_late, self.was_interrupted)
    }

    fn may_try(&self) -> bool {
        self.not_before.is_none_or(|at| at <= Instant::now())
    }
}

/// The keeper.
pub struct Keeper {
    actions: Arc<Actions>,
    memories: BTreeMap<NasName, Memory>,
    pruned: Option<Instant>,
}

impl Keeper {
    /// A keeper of these holds. There must be only one.
    pub fn new(actions: Arc<Actions>) -> Self {
        Self { actions, memories: BTreeMap::new(), pruned: None }
    }

    /// Keeps until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            // A tick that has begun goes on to its end: it may be in the middle of an action.
            self.tick().await;
        }
    }

    /// One look at everything.
    async fn tick(&mut self) {
        let actions = Arc::clone(&self.actions);
        actions.book().flush(now()).await;
        actions.journal().flush().await;
        if self.pruned.is_none_or(|at| at.elapsed() >= PRUNE) {
            self.pruned = Some(Instant::now());
            actions.journal().prune(now(), actions.options().retention).await;
            actions.forget_old_answers().await;
        }
        let names = actions.directory().names();
        self.memories.retain(|name, _| names.contains(name));
        let jobs = names.into_iter().filter_map(|name| {
            let port = actions.directory().nas(&name)?;
            let memory = self.memories.remove(&name).unwrap_or_default();
            let actions = &actions;
            Some(async move {
                let memory = keep(actions, &name, &*port, memory).await;
                (name, memory)
            })
        });
        // Side by side: a NAS that hangs must not keep the holds of the others.
        self.memories = futures_util::future::join_all(jobs).await.into_iter().collect();
    }
}

/// Looks after the holds of one NAS.
async fn keep(actions: &Arc<Actions>, nas: &NasName, port: &dyn Nas, mut memory: Memory) -> Memory {
    let holds = actions.book().of_nas(nas);
    port.show_holds(holds.iter().map(Hold::shown).collect());
    memory.answered.retain(|id, _| holds.iter().any(|hold| hold.id == *id));
    let snapshot = port.snapshot();
    let last_failure = snapshot.as_ref().and_then(|snapshot| snapshot.last_failure);
    if holds.is_empty() {
        return Memory { last_failure, ..Memory::default() };
    }
    if last_failure.is_some() && last_failure != memory.last_failure {
        memory.was_interrupted = true;
        memory.last_failure = last_failure;
    }
    let time = now();
    let needs_a_look = holds.iter().any(|hold| hold.phase != Phase::Held || hold.is_over(time))
        || snapshot.as_ref().is_some_and(|snapshot| contradicts(snapshot, &holds));
    if !needs_a_look {
        if snapshot.is_some_and(|snapshot| snapshot.up == Some(true)) {
            memory.was_interrupted = false;
        }
        return memory;
    }
    if memory.may_try() {
        look_after(actions, nas, port, &mut memory).await;
        let holds = actions.book().of_nas(nas);
        port.show_holds(holds.iter().map(Hold::shown).collect());
    }
    memory
}

/// Whether the last poll saw a held connection that is not paused, or is not there. What was polled before the hold
/// came says nothing.
fn contradicts(snapshot: &Snapshot, holds: &[Hold]) -> bool {
    let (Some(true), Some(asked), Some(data)) = (snapshot.up, snapshot.asked, &snapshot.data) else {
        return false;
    };
    holds.iter().any(|hold| {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
        let is_newer = asked * 1_000.0 > hold.created as f64;
        let connection = data.connections.get(&ConnectionId(hold.connection_id));
        let look = connection.map_or(Look::Gone, |connection| Look::of(connection.status.as_ref()));
        is_newer && matches!(look, Look::Running | Look::Gone)
    })
}

/// Asks the NAS and does what follows, in this NAS's turn.
async fn look_after(actions: &Arc<Actions>, nas: &NasName, port: &dyn Nas, memory: &mut Memory) {
    let _turn = actions.turn(nas).await;
    let listed = match connections(port).await {
        Ok(listed) => listed,
        Err(failure) => {
            tracing::debug!(%nas, error = %failure, "the holds wait for the NAS");
            memory.was_interrupted = true;
            memory.fail();
            return;
        }
    };
    let mut has_failed = false;
    let mut paused_again = BTreeSet::new();
    // While it does not take the pause again, that it is missing is nobody's wish.
    let mut misses_pauses = false;
    for hold in actions.book().of_nas(nas) {
        let found = listed.iter().find(|connection| connection.id.0 == hold.connection_id);
        let look = found.map_or(Look::Gone, |connection| Look::of(connection.status.as_ref()));
        let status = found.map_or(Value::Null, Listed::status_word);
        let ends = look != Look::Gone && (hold.phase == Phase::Releasing || hold.is_over(now()));
        if ends {
            let why = if hold.phase == Phase::Releasing { "released" } else { "its time is over" };
            let origin = Origin::keeper(format!("hold {}: {why}", hold.id));
            has_failed |= actions.release_now(port, nas, hold, (look, status), &origin).await.is_err();
            continue;
        }
        let step = memory.step(&hold, look, actions.options().verify_timeout);
        // Once for all holds of a connection.
        let is_again = step == Step::PauseAgain;
        if is_again && !paused_again.insert(hold.connection_id) {
            continue;
        }
        let is_settled = settle(actions, nas, port, &hold, step, status).await;
        has_failed |= !is_settled;
        misses_pauses |= is_again && !is_settled;
    }
    memory.was_interrupted = misses_pauses;
    if has_failed {
        memory.fail();
    } else {
        memory.failures = 0;
        memory.again();
    }
}

/// Does what follows for a hold that is not to end; false when it could not be done.
async fn settle(
    actions: &Arc<Actions>,
    nas: &NasName,
    port: &dyn Nas,
    hold: &Hold,
    step: Step,
    status: Value,
) -> bool {
    let outcome = match step {
        Step::Wait => return true,
        Step::Confirm => {
            actions.book().set_phase(std::slice::from_ref(&hold.id), Phase::Held, now()).await;
            return true;
        }
        Step::PauseAgain => return pause_again(actions, nas, port, hold, status).await,
        // The pause was counted as failed when it was not answered, or did not show.
        Step::GiveUp => "the pause never showed: the hold ends",
        Step::Yield => "somebody else resumed the connection: the hold ends",
        Step::Forget => "the connection is gone: the hold ends",
    };
    tracing::warn!(%nas, hold = hold.id, connection = hold.connection_id, "{outcome}");
    let origin = Origin::keeper(format!("hold {}: {outcome}", hold.id));
    let deed = deed(QUIETLY, hold, &status);
    let performance = actions.begin_regardless(nas, port, &origin, deed).await;
    actions.book().end(std::slice::from_ref(&hold.id), now()).await;
    performance.succeed(json!({ "status": status }), true).await;
    true
}

fn source_of(hold: &Hold) -> Source {
    match hold.kind() {
        crate::model::HoldKind::Alert => Source::Rule,
        crate::model::HoldKind::Manual => Source::Api,
    }
}

/// The NAS was away and came back without the pause.
async fn pause_again(
    actions: &Arc<Actions>,
    nas: &NasName,
    port: &dyn Nas,
    hold: &Hold,
    status: Value,
) -> bool {
    tracing::warn!(%nas, hold = hold.id, connection = hold.connection_id, "the NAS came back without the pause: it is paused again");
    let mut origin = Origin::keeper(format!("hold {}: the NAS came back without the pause", hold.id));
    origin.source = source_of(hold);
    let performance = actions.begin_regardless(nas, port, &origin, deed("pause", hold, &status)).await;
    let told = performance.tell(Command::Pause(Target::One(ConnectionId(hold.connection_id)))).await;
    if let Err(failure) = told {
        performance.fail(failure, Value::Null).await;
        return false;
    }
    let shown = connections(port).await.unwrap_or_default();
    let look = shown.iter().find(|connection| connection.id.0 == hold.connection_id);
    let is_paused = look.is_some_and(|connection| Look::of(connection.status.as_ref()) == Look::Paused);
    let phase = if is_paused { Phase::Held } else { Phase::Pausing };
    let holds = actions.book().of_connection(nas, ConnectionId(hold.connection_id));
    let in_force = holds.into_iter().filter(|hold| hold.phase == Phase::Held);
    let ids: Vec<String> = in_force.map(|hold| hold.id).collect();
    actions.book().set_phase(&ids, phase, now()).await;
    let after = json!({ "status": look.map(Listed::status_word) });
    performance.succeed(after, is_paused).await;
    true
}
