//! Settings, filters and cloud folders of a task.

use serde_json::{Value, json};

use super::{Scene, UNKNOWN_ID};
use crate::sim::{
    params::{Answer, Bare, Failure, Params, required},
    world::{Filters, Task, TaskSettings},
};

/// The directions that a task can have (API notes, source document).
pub(super) const DIRECTIONS: [&str; 3] = ["ONLY_UPLOAD", "BIDIRECTION", "ONLY_DOWNLOAD"];

pub(super) fn get_session_setting(scene: &mut Scene<'_>, params: &Params) -> Answer {
    Ok(Some(session_setting(scene.task(params)?)))
}

pub(super) fn session_setting(task: &Task) -> Value {
    let settings = &task.settings;
    json!({
        "enable_server_encryption": settings.enable_server_encryption,
        "enc_key_exportable": settings.enc_key_exportable,
        "google_drive_convert_online_doc": settings.google_drive_convert_online_doc,
        "no_delete": settings.no_delete,
        "sync_attr_check_option": settings.sync_attr_check_option,
        "sync_direction": task.direction,
    })
}

/// The defaults are those of the published client (source document).
pub(super) fn set_session_setting(scene: &mut Scene<'_>, params: &Params) -> Answer {
    let task = scene.task(params)?;
    let direction = required("sync_direction", params.word("sync_direction", &DIRECTIONS)?)?;
    let settings = TaskSettings {
        sync_attr_check_option: params.boolean("sync_attr_check_option")?.unwrap_or(true),
        no_delete: params.boolean("no_delete")?.unwrap_or(true),
        google_drive_convert_online_doc: params.boolean("google_drive_convert_online_doc")?.unwrap_or(false),
        ..task.settings
    };
    task.direction = direction;
    task.settings = settings;
    Ok(None)
}

pub(super) fn get_selective_sync_config(scene: &mut Scene<'_>, params: &Params) -> Answer {
    Ok(Some(filters(scene.task(params)?)))
}

pub(super) fn filters(task: &Task) -> Value {
    let filters = &task.filters;
    json!({
        "filtered_extensions": filters.filtered_extensions,
        "filtered_max_upload_size": filters.filtered_max_upload_size,
        "filtered_names": filters.filtered_names,
        "filtered_paths": filters.filtered_paths,
        "user_defined_extensions": filters.user_defined_extensions,
        "user_defined_names": filters.user_defined_names,
    })
}

pub(super) fn set_selective_sync_config(scene: &mut Scene<'_>, params: &Params) -> Answer {
    let task = scene.task(params)?;
    let list = |name: &str| params.strings(name).map(Option::unwrap_or_default);
    task.filters = Filters {
        filtered_paths: list("filtered_paths")?,
        filtered_names: list("filtered_names")?,
        filtered_extensions: list("filtered_extensions")?,
        user_defined_names: list("user_defined_names")?,
        user_defined_extensions: list("user_defined_extensions")?,
        filtered_max_upload_size: params.int_within("filtered_max_upload_size", 0, i64::MAX)?.unwrap_or(0),
    };
    Ok(None)
}

/// The folders directly below `path`. `file_id` is the task's own remote folder, or the folder asked for; `exists_type`
/// is null.
pub(super) fn get_selective_folder_list(scene: &mut Scene<'_>, params: &Params) -> Answer {
    let task = scene.task(params)?;
    let file_id = params.required_string("file_id", Bare::Allowed)?;
    let path = params.required_string("path", Bare::Allowed)?;
    if params.value("exists_type").is_some_and(|value| !value.is_null()) {
        return Err(Failure::parameter("exists_type", "type"));
    }
    let folder = task.folders.iter().find(|folder| folder.path == path);
    let is_own = file_id == task.remote_folder_id;
    if (folder.is_none() && path != "/")
        || !(is_own || folder.is_some_and(|folder| folder.file_id == file_id))
    {
        return Err(Failure::code(UNKNOWN_ID));
    }
    let below = if path == "/" { String::new() } else { path };
    let children: Vec<Value> = task
        .folders
        .iter()
        .filter(|folder| folder.path.rsplit_once('/').is_some_and(|(parent, _)| parent == below))
        .map(|folder| {
            json!({
                "exists_type": folder.exists_type,
                "file_id": folder.file_id,
                "path": folder.path,
                "text": folder.text,
            })
        })
        .collect();
    Ok(Some(json!({"children": children})))
}
