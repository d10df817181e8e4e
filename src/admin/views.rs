//! What the last poll knows, under the NAS's own names.

use crate::actions::Hold;
use crate::model::{Connection, Data, NasName, Package, RecentFile, Snapshot, Transfer, Volume};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// An object without the fields that are null: what the NAS did not say is absent.
fn object(fields: Value) -> Value {
    match fields {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// Seconds since 1970 as RFC 3339.
fn rfc3339(seconds: f64) -> Option<String> {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
    let milliseconds = (seconds * 1_000.0) as i64;
    Timestamp::from_millisecond(milliseconds).ok().map(|at| at.to_string())
}

/// One NAS in short.
pub(super) fn nas(name: &NasName, snapshot: Option<&Snapshot>, holds: &[Hold]) -> Value {
    let data = snapshot.and_then(|snapshot| snapshot.data.as_deref());
    object(json!({
        "name": name.as_str(),
        "up": snapshot.and_then(|snapshot| snapshot.up),
        "reason": snapshot.and_then(|snapshot| snapshot.reason).map(crate::model::DownReason::as_str),
        "trouble": snapshot.and_then(|snapshot| snapshot.trouble.as_deref()),
        "last_success": snapshot.and_then(|snapshot| snapshot.last_success).and_then(rfc3339),
        "login_suspended": snapshot.is_some_and(|snapshot| snapshot.login_suspended),
        "connections": data.map(|data| data.connections.len()),
        "paused": data.and_then(|data| data.tray.paused),
        "holds": holds.len(),
    }))
}

/// The package's settings, as `get_config` has them.
pub(super) fn package(package: &Package) -> Value {
    let Package { admin_mode, repo_volume, workers, log_limit, relink_deletes_cloud, volume_count, volumes } =
        package;
    let volumes: Vec<Value> = volumes
        .iter()
        .map(|Volume { mount_point, free, size, display }| {
            object(json!({
                "mount_point": mount_point, "size_free": free, "size_total": size, "display": display,
            }))
        })
        .collect();
    object(json!({
        "admin_mode": admin_mode,
        "log_count": log_limit,
        "repo_vol_path": repo_volume,
        "sync_mode": relink_deletes_cloud,
        "volume_count": volume_count,
        "volume_list": volumes,
        "worker_count": workers,
    }))
}

/// A connection, as `list_conn` has it.
pub(super) fn connection(connection: &Connection) -> Value {
    let Connection {
        id,
        name: _,
        kind,
        provider: _,
        user,
        status,
        link_status,
        error_code,
        unfinished_files,
        task_name,
        task_display_name,
        type_id,
        user_id,
        error_desc,
    } = connection;
    object(json!({
        "id": id.0,
        "link_status": link_status,
        "status": status.as_ref().map(crate::model::Status::as_str),
        "task_display_name": task_display_name,
        "task_name": task_name,
        "type": kind,
        "type_id": type_id,
        "unfinished_files": unfinished_files,
        "user_id": user_id,
        "user_name": user,
        // The NAS has it in error only.
        "error": error_code.filter(|code| *code != 0),
        "error_desc": error_desc,
    }))
}

/// The connections that the token may see, as `list_conn` has them.
pub(super) fn connections(data: &Data, listed: &[&Connection]) -> Value {
    object(json!({
        "conn": listed.iter().map(|one| connection(one)).collect::<Vec<_>>(),
        "is_admin_mode": data.tray.sees_all_users,
        "is_pause": data.tray.paused,
        "tray_status": data.tray.status.as_ref().map(crate::model::Status::as_str),
        "total": listed.len(),
    }))
}

/// A file in flight, as `get_recently_change` has it.
pub(super) fn transfer(transfer: &Transfer) -> Value {
    let Transfer {
        connection: _,
        task,
        direction: _,
        path,
        bit_rate,
        done,
        size,
        stalled: _,
        base_name,
        status,
        user,
    } = transfer;
    object(json!({
        "base_name": base_name,
        "bit_rate": bit_rate,
        "current_size": done,
        "path": path,
        "session_id": task.0,
        "status": status,
        "total_size": size,
        "user_name": user,
    }))
}

/// A file that was done, as `get_recently_change` has it.
pub(super) fn recent(file: &RecentFile) -> Value {
    let RecentFile { connection: _, task, action, level, base_name, path, folder } = file;
    object(json!({
        "action": action,
        "base_name": base_name,
        "log_level": level,
        "path": path,
        "session_id": task.0,
        "syncfolder_basename": folder,
    }))
}
