//! One look after the holds of one NAS.

use super::memory::Memory;
use crate::actions::holds::{Hold, Look, Phase, Step, step};
use crate::actions::list::{Listed, connections};
use crate::actions::port::{Command, Nas, Source, Target};
use crate::actions::record::Origin;
use crate::actions::release::deed;
use crate::actions::{Actions, now};
use crate::model::{ConnectionId, HoldKind, NasName, Snapshot};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Looks after the holds of a NAS, if there is a need.
pub(super) async fn keep(
    actions: &Arc<Actions>,
    nas: &NasName,
    port: &dyn Nas,
    mut memory: Memory,
) -> Memory {
    let holds = actions.book().of_nas(nas);
    port.show_holds(holds.iter().map(Hold::shown).collect());
    let snapshot = port.snapshot();
    let last_failure = snapshot.as_ref().and_then(|snapshot| snapshot.last_failure);
    if holds.is_empty() {
        return Memory::idle(last_failure);
    }
    memory.keep_only(&holds);
    let up = snapshot.as_ref().and_then(|snapshot| snapshot.up);
    memory.was_interrupted |= up == Some(false) || last_failure > memory.last_failure;
    memory.last_failure = last_failure;
    let has_news = snapshot.is_some_and(|snapshot| has_news(&snapshot, &holds));
    if !has_news && !memory.want_a_look(&holds, now()) {
        // The NAS was seen, and the holds with it.
        memory.was_interrupted &= up != Some(true);
    } else if memory.may_try() {
        look_after(actions, nas, port, &mut memory).await;
        port.show_holds(actions.book().of_nas(nas).iter().map(Hold::shown).collect());
    }
    memory
}

/// Whether the last poll saw of a held connection what does not go with its hold, or what settles it. What was polled
/// before the hold came says nothing.
fn has_news(snapshot: &Snapshot, holds: &[Hold]) -> bool {
    let (Some(true), Some(asked), Some(data)) = (snapshot.up, snapshot.asked, &snapshot.data) else {
        return false;
    };
    holds.iter().any(|hold| {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
        let is_newer = asked * 1_000.0 > hold.created as f64;
        let connection = data.connections.get(&ConnectionId(hold.connection_id));
        let look = connection.map_or(Look::Gone, |connection| Look::of(connection.status.as_ref()));
        let is_news = match look {
            Look::Running | Look::Gone => true,
            Look::Paused => hold.phase == Phase::Pausing,
            Look::Other => false,
        };
        is_newer && is_news
    })
}

/// Asks the NAS and does what follows, in this NAS's turn.
async fn look_after(actions: &Arc<Actions>, nas: &NasName, port: &dyn Nas, memory: &mut Memory) {
    let _turn = actions.turn(nas).await;
    let mut listed = match connections(port).await {
        Ok(listed) => listed,
        Err(failure) => {
            tracing::debug!(%nas, error = %failure, "the holds wait for the NAS");
            memory.was_interrupted = true;
            memory.fail();
            return;
        }
    };
    let ids: Vec<String> = actions.book().of_nas(nas).into_iter().map(|hold| hold.id).collect();
    let mut failed = BTreeSet::new();
    for id in ids {
        // Read anew: what was done for another hold of its connection may have moved this one.
        let Some(hold) = actions.book().get(&id) else { continue };
        if failed.contains(&hold.connection_id) {
            continue;
        }
        let tended = tend(actions, nas, port, memory, hold.clone(), &listed).await;
        match tended {
            Ok(None) => {}
            Ok(Some(newer)) => listed = newer,
            Err(()) => drop(failed.insert(hold.connection_id)),
        }
    }
    memory.was_interrupted = false;
    if failed.is_empty() {
        memory.succeed();
    } else {
        memory.fail();
    }
}

/// Does what follows for one hold from what the NAS lists; gives a newer list, where there is one. An error is to be
/// tried again.
async fn tend(
    actions: &Arc<Actions>,
    nas: &NasName,
    port: &dyn Nas,
    memory: &mut Memory,
    hold: Hold,
    listed: &[Listed],
) -> Result<Option<Vec<Listed>>, ()> {
    let found = listed.iter().find(|connection| connection.id.0 == hold.connection_id);
    let look = found.map_or(Look::Gone, |connection| Look::of(connection.status.as_ref()));
    let status = found.map_or(Value::Null, Listed::status_word);
    let is_late = memory.note(&hold, look) >= actions.options().verify_timeout;
    if look != Look::Gone && (hold.phase == Phase::Releasing || hold.is_over(now())) {
        let why = if hold.phase == Phase::Releasing { "released" } else { "its time is over" };
        let origin = Origin::keeper(format!("hold {}: {why}", hold.id));
        let released = actions.release_now(port, nas, hold, (look, status), &origin).await;
        return released.map(|_| None).map_err(drop);
    }
    let was_interrupted = memory.was_interrupted || memory.lost.contains(&hold.id);
    let outcome = match step(&hold, look, is_late, was_interrupted) {
        Step::Wait => return Ok(None),
        Step::Confirm => {
            actions.book().set_phase(std::slice::from_ref(&hold.id), Phase::Held, now()).await;
            return Ok(None);
        }
        Step::PauseAgain => return pause_again(actions, nas, port, memory, &hold, status).await,
        Step::GiveUp => "the pause never showed: the hold ends",
        Step::Yield => "somebody else resumed the connection: the hold ends",
        Step::Forget => "the connection is gone: the hold ends",
    };
    tracing::warn!(%nas, hold = hold.id, connection = hold.connection_id, "{outcome}");
    let origin = Origin::keeper(format!("hold {}: {outcome}", hold.id));
    let performance = actions.begin_regardless(nas, port, &origin, deed("release", &hold, &status)).await;
    actions.book().end(std::slice::from_ref(&hold.id), now()).await;
    performance.succeed(json!({ "status": status }), true).await;
    Ok(None)
}

/// The NAS was away and came back without the pause: the connection is paused again, once for all of its holds.
async fn pause_again(
    actions: &Arc<Actions>,
    nas: &NasName,
    port: &dyn Nas,
    memory: &mut Memory,
    hold: &Hold,
    status: Value,
) -> Result<Option<Vec<Listed>>, ()> {
    tracing::warn!(%nas, hold = hold.id, connection = hold.connection_id, "the NAS came back without the pause: it is paused again");
    let mut origin = Origin::keeper(format!("hold {}: the NAS came back without the pause", hold.id));
    origin.source = match hold.kind() {
        HoldKind::Alert => Source::Rule,
        HoldKind::Manual => Source::Api,
    };
    let id = ConnectionId(hold.connection_id);
    let mut holds = actions.book().of_connection(nas, id);
    holds.retain(|other| other.phase == Phase::Held);
    let holds: Vec<String> = holds.into_iter().map(|hold| hold.id).collect();
    // Until it is done: without this, the next look would take the running connection for a person's resume.
    memory.lost.extend(holds.iter().cloned());
    let performance = actions.begin_regardless(nas, port, &origin, deed("pause", hold, &status)).await;
    if let Err(failure) = performance.tell(Command::Pause(Target::One(id))).await {
        performance.fail(failure, Value::Null).await;
        return Err(());
    }
    memory.lost.retain(|id| !holds.contains(id));
    let shown = connections(port).await.ok();
    let found = shown.iter().flatten().find(|connection| connection.id == id);
    let is_paused = found.is_some_and(|connection| Look::of(connection.status.as_ref()) == Look::Paused);
    let after = json!({ "status": found.map(Listed::status_word) });
    if !is_paused {
        actions.book().set_phase(&holds, Phase::Pausing, now()).await;
    }
    performance.succeed(after, is_paused).await;
    Ok(shown)
}
