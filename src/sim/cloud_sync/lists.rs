//! What there is: connections, tasks, recent changes.

use serde_json::{Value, json};

use super::{Scene, overlay};
use crate::sim::{
    World,
    params::{Answer, Failure, Params},
    world::{Connection, Task, Transfer},
};

pub(super) fn list_conn(scene: &mut Scene<'_>, params: &Params) -> Answer {
    params.boolean("is_tray")?;
    let group = params.word("group_by", &["group_by_user", "group_by_cloud_type"])?;
    let scene = &*scene;
    let mut seen: Vec<&Connection> =
        scene.world.connections.iter().filter(|connection| scene.sees(connection)).collect();
    if group.as_deref() == Some("group_by_cloud_type") {
        seen.sort_by_key(|connection| connection.type_id);
    }
    let notification = scene.world.notification.as_ref().map(|notification| {
        json!({
            "file_count": notification.file_count,
            "latest_file_info": {
                "action": notification.action,
                "log_level": notification.log_level,
                "name": notification.name,
            },
        })
    });
    Ok(Some(json!({
        "conn": seen.iter().map(|connection| conn(connection)).collect::<Vec<_>>(),
        "is_admin_mode": scene.world.config.admin_mode,
        "is_pause": scene.world.is_paused(),
        "notification": notification,
        "total": seen.len(),
        "tray_status": scene.world.tray(),
    })))
}

fn conn(connection: &Connection) -> Value {
    let mut entry = json!({
        "id": connection.id,
        "link_status": connection.link_status,
        "resource": "",
        "status": connection.status,
        "task_display_name": connection.task_display_name,
        "task_name": connection.task_name,
        "type": connection.kind,
        "type_id": connection.type_id,
        "unfinished_files": connection.unfinished_files,
        "user_id": connection.user_id,
        "user_name": connection.user_name,
    });
    if let Some(error) = &connection.error {
        entry["error"] = json!(error.code);
        entry["error_desc"] = json!(error.desc);
        entry["error_type"] = json!(error.kind);
    }
    overlay(entry, &connection.extra)
}

pub(super) fn list_sess(scene: &mut Scene<'_>, params: &Params) -> Answer {
    let connection = scene.connection(params)?;
    let tasks: Vec<Value> = connection.tasks.iter().map(|task| sess(connection, task)).collect();
    Ok(Some(json!({"total": tasks.len(), "sess": tasks})))
}

fn sess(connection: &Connection, task: &Task) -> Value {
    let entry = json!({
        "cloud_type_str": connection.kind,
        "conn_id": connection.id,
        "error": task.error,
        "error_desc": task.error_desc,
        "link_status": task.link_status,
        "local_sync_path": task.local_path,
        "remote_folder_id": task.remote_folder_id,
        "remote_sync_path": task.remote_path,
        "sess_id": task.id,
        "sync_direction": task.direction,
        "sync_status": task.status,
    });
    overlay(entry, &task.extra)
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of every method")]
pub(super) fn get_recently_change(scene: &mut Scene<'_>, _: &Params) -> Result<Option<Value>, Failure> {
    let scene = &*scene;
    // A task that nothing is known of belongs to nobody, so everybody sees it.
    let seen =
        |task: i64| scene.world.connection_of_task(task).is_none_or(|connection| scene.sees(connection));
    let history: Vec<Value> = scene
        .world
        .history
        .iter()
        .filter(|item| seen(item.session_id))
        .take(World::HISTORY_SHOWN)
        .map(|item| {
            json!({
                "action": item.action,
                "base_name": item.path.rsplit('/').next().unwrap_or_default(),
                "log_level": item.log_level,
                "path": item.path,
                "session_id": item.session_id,
                "syncfolder_basename": item.syncfolder_basename,
            })
        })
        .collect();
    let processing: Vec<Value> =
        scene.world.transfers.iter().filter(|transfer| seen(transfer.session_id)).map(processing).collect();
    Ok(Some(json!({
        "history_items": history,
        "is_admin_mode": scene.world.config.admin_mode,
        "processing_items": processing,
        "server_merge_items": scene.world.server_merge_items,
    })))
}

fn processing(transfer: &Transfer) -> Value {
    json!({
        "base_name": transfer.base_name,
        "bit_rate": transfer.bit_rate,
        "current_size": transfer.current_size,
        "path": transfer.path,
        "session_id": transfer.session_id,
        "status": transfer.status,
        "total_size": transfer.total_size,
        "user_name": transfer.user_name,
    })
}

/// The whole world but its secrets and logs, for the HTTP control.
pub(in crate::sim) fn overview(world: &World) -> Value {
    let connections: Vec<Value> = world
        .connections
        .iter()
        .map(|connection| {
            let mut entry = conn(connection);
            entry["settings"] = super::settings::connection_setting(connection);
            entry["property"] = super::settings::property(connection);
            entry["log_rows"] = json!(connection.log.len());
            entry["parked"] = connection.parked.iter().map(processing).collect();
            entry["tasks"] = connection
                .tasks
                .iter()
                .map(|task| {
                    let mut entry = sess(connection, task);
                    entry["settings"] = super::tasks::session_setting(task);
                    entry["filters"] = super::tasks::filters(task);
                    entry
                })
                .collect();
            entry
        })
        .collect();
    json!({
        "config": super::settings::config(world),
        "connections": connections,
        "transfers": world.transfers.iter().map(processing).collect::<Vec<_>>(),
        "tray_status": world.tray(),
    })
}
