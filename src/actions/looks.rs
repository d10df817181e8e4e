//! Looking at several connections at once: what is meant, what they show, and whether they show what they were told.

use super::holds::{Hold, Look};
use super::list::{Listed, connections, find};
use super::port::{Nas, Target};
use super::record::Object;
use super::schema::Document;
use super::{ActionError, Failure};
use crate::model::{ConnectionId, NasName};
use serde_json::{Value, json};
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

/// The connections that are meant.
pub(super) fn meant(nas: &NasName, listed: Vec<Listed>, target: Target) -> Result<Vec<Listed>, ActionError> {
    match target {
        Target::One(id) => Ok(vec![find(nas, listed, id.0)?]),
        Target::All => Ok(listed),
    }
}

/// What an action on these connections is done to.
pub(super) fn object(nas: &NasName, target: Target, meant: &[Listed]) -> Object {
    match (target, meant) {
        (Target::One(id), [connection, ..]) => Object::connection(id.0, &connection.name),
        _ => Object::nas(nas.as_str()),
    }
}

/// The states of connections: of one its own, of several each by its id.
pub(super) fn states(target: Target, meant: &[Listed]) -> Value {
    if let Target::One(_) = target {
        return json!({ "status": meant.first().map(Listed::status_word) });
    }
    let each = meant.iter().map(|connection| (connection.id.to_string(), connection.status_word()));
    json!({ "status": each.collect::<Document>() })
}

/// The same with every state replaced by this one.
pub(super) fn wanted(target: Target, meant: &[Listed], status: &Value) -> Value {
    match target {
        Target::One(_) => json!({ "status": status }),
        Target::All => {
            let wanted = meant.iter().map(|connection| (connection.id.to_string(), status.clone()));
            json!({ "status": wanted.collect::<Document>() })
        }
    }
}

/// Whether each of `ids` is listed and looks as it should. One that is not listed does not: what cannot be seen is not
/// taken for done.
pub(super) fn all_look(listed: &[Listed], ids: &[ConnectionId], is_there: impl Fn(Look) -> bool) -> bool {
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
pub(super) fn after(target: Target, ids: &[ConnectionId], listed: Result<Vec<Listed>, Failure>) -> Value {
    let Ok(listed) = listed else { return Value::Null };
    let those: Vec<Listed> = listed.into_iter().filter(|connection| ids.contains(&connection.id)).collect();
    states(target, &those)
}

pub(super) fn ids_of(holds: &[Hold]) -> Vec<String> {
    holds.iter().map(|hold| hold.id.clone()).collect()
}
