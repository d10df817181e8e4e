//! `get_log`: the rows of one connection or of all, filtered, newest first.

use serde_json::{Value, json};

use super::Scene;
use crate::sim::{
    params::{Answer, Bare, Params},
    world::LogRow,
};

/// The largest page (API notes §4).
const MAX_LIMIT: i64 = 200;

pub(super) fn get_log(scene: &mut Scene<'_>, params: &Params) -> Answer {
    let only = params.int("connection_id")?;
    if let Some(id) = only {
        scene.connection_by_id(id)?;
    }
    let offset = params.int_within("offset", 0, i64::MAX)?.unwrap_or(0);
    let limit = params.int_within("limit", 0, MAX_LIMIT)?.unwrap_or(MAX_LIMIT);
    let keyword = params.string("keyword", Bare::Allowed)?.unwrap_or_default().to_lowercase();
    let from = params.int_within("date_from", 0, i64::MAX)?.unwrap_or(0);
    let to = params.int_within("date_to", 0, i64::MAX)?.filter(|to| *to != 0).unwrap_or(i64::MAX);
    let level = params.int_within("log_level", -1, 2)?.unwrap_or(-1);
    let action = params.int_within("action", -1, 10)?.unwrap_or(-1);

    let scene = &*scene;
    let mut rows: Vec<&LogRow> = scene
        .world
        .connections
        .iter()
        .filter(|connection| scene.sees(connection) && only.is_none_or(|id| id == connection.id))
        .flat_map(|connection| &connection.log)
        .filter(|row| (from..=to).contains(&row.time))
        .filter(|row| level == -1 || row.log_level == level)
        .filter(|row| action == -1 || row.action == action)
        .filter(|row| row.path.to_lowercase().contains(&keyword))
        .collect();
    // Stable: rows of one second keep the order they have in their connection.
    rows.sort_by_key(|row| std::cmp::Reverse(row.time));
    let page = rows
        .iter()
        .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        .take(usize::try_from(limit).unwrap_or(0))
        .map(|row| item(row))
        .collect::<Vec<_>>();
    Ok(Some(json!({"items": page, "total": rows.len()})))
}

fn item(row: &LogRow) -> Value {
    json!({
        "action": row.action,
        "error_code": row.error_code,
        "file_name": row.file_name(),
        "file_type": row.file_type,
        "log_level": row.log_level,
        "path": row.path,
        "session_id": row.session_id,
        "time": row.time,
    })
}
