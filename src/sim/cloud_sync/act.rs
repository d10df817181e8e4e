//! Pausing, resuming, unlinking.

use super::{Scene, UNKNOWN_ID};
use crate::sim::{
    World,
    params::{Answer, Failure, Params},
};

pub(super) fn pause(scene: &mut Scene<'_>, params: &Params) -> Answer {
    each(scene, params, World::pause)
}

pub(super) fn resume(scene: &mut Scene<'_>, params: &Params) -> Answer {
    each(scene, params, World::resume)
}

/// The connection named, or every one that the account sees.
fn each(scene: &mut Scene<'_>, params: &Params, act: fn(&mut World, i64)) -> Answer {
    let ids = if let Some(id) = params.int("connection_id")? {
        vec![scene.connection_by_id(id)?.id]
    } else {
        let scene = &*scene;
        let seen = scene.world.connections.iter().filter(|connection| scene.sees(connection));
        seen.map(|connection| connection.id).collect()
    };
    if !scene.world.ignores_pause {
        for id in ids {
            act(scene.world, id);
        }
    }
    Ok(None)
}

pub(super) fn unlink_connection(scene: &mut Scene<'_>, params: &Params) -> Answer {
    let id = scene.connection(params)?.id;
    scene.world.remove_connection(id);
    Ok(None)
}

pub(super) fn unlink_session(scene: &mut Scene<'_>, params: &Params) -> Answer {
    let connection = scene.connection(params)?.id;
    let task = params.required_int("session_id")?;
    if scene.world.remove_task(connection, task) { Ok(None) } else { Err(Failure::code(UNKNOWN_ID)) }
}
