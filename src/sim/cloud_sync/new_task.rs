//! `test_task_setting` and `create_session`: a task of an S3 connection, described by `conn_info` (API notes §4).
//!
//! Every field that the notes list must be there with the right type. A refusal names the field as
//! `conn_info.FIELD`; how a real NAS names it is not known.

use serde_json::{Map, Value};

use super::{Scene, TASK_REFUSED, tasks::DIRECTIONS};
use crate::sim::{
    params::{Answer, Failure, Params},
    world::{Filters, Task, TaskSettings},
};

pub(super) fn test_task_setting(scene: &mut Scene<'_>, params: &Params) -> Answer {
    read(scene, params)?;
    Ok(None)
}

pub(super) fn create_session(scene: &mut Scene<'_>, params: &Params) -> Answer {
    let (connection, wanted) = read(scene, params)?;
    if let Some(task) = scene.world.add_task(connection, &wanted.local_path, &wanted.remote_path) {
        *task = Task { id: task.id, remote_folder_id: task.remote_folder_id.clone(), ..wanted };
    }
    Ok(None)
}

/// The connection's id, and the task as described; its id and its remote folder's are still to be given.
fn read(scene: &mut Scene<'_>, params: &Params) -> Result<(i64, Task), Failure> {
    let conn_info = params.required_object("conn_info")?;
    let info = Fields { fields: &conn_info, prefix: "conn_info" };
    let connection = scene.connection_by_id(info.int("conn_id")?)?;
    for (name, value) in &connection.auth {
        // server_addr and the like come back as they were given.
        match conn_info.get(name) {
            None => return Err(info.failure(name, "required")),
            Some(given) if std::mem::discriminant(given) != std::mem::discriminant(value) => {
                return Err(info.failure(name, "type"));
            }
            Some(_) => {}
        }
    }
    if connection.kind != "az" || info.string("client_type")? != "az" {
        return Err(Failure::code(TASK_REFUSED));
    }
    let id = connection.id;

    let local = info.string("path")?;
    let share = info.string("path_share")?;
    let below = info.string("path_sync")?;
    if share.is_empty() || !below.starts_with('/') || below.len() < 2 || local != format!("/{share}{below}") {
        return Err(info.failure("path", "condition"));
    }
    let remote = info.string("server_folder_path")?;
    let rooted = remote.starts_with('/') && !remote.ends_with('/');
    if !rooted || info.string("server_folder")? != remote {
        return Err(info.failure("server_folder_path", "condition"));
    }
    check_meta_list(&info, &remote)?;
    let filter = info.object("filter_file")?;
    let filter = Fields { fields: filter, prefix: "conn_info.filter_file" };
    let filtered_names = filter.strings("filtered_names")?;
    let filtered_extensions = filter.strings("filtered_extensions")?;
    let direction = info.string("sync_direction")?;
    if !DIRECTIONS.contains(&&*direction) {
        return Err(info.failure("sync_direction", "condition"));
    }
    for name in ["server_folder_id", "part_size", "storage_class"] {
        info.string(name)?;
    }
    info.list("filter_folder")?;
    for name in ["filter_changed", "isSSE"] {
        info.boolean(name)?;
    }
    if !info.boolean("mode_add_session")? {
        return Err(info.failure("mode_add_session", "condition"));
    }
    let task = Task {
        direction,
        status: "scanning".into(),
        settings: TaskSettings {
            enable_server_encryption: info.boolean("server_encryption")?,
            no_delete: info.boolean("no_delete")?,
            sync_attr_check_option: info.boolean("sync_attr_check_option")?,
            ..TaskSettings::default()
        },
        filters: Filters {
            filtered_max_upload_size: filter.int("filtered_max_upload_size")?,
            filtered_names,
            filtered_extensions,
            ..Filters::default()
        },
        ..Task::new(0, &local, &remote)
    };
    let world = &scene.world;
    let taken =
        world.connections.iter().flat_map(|other| &other.tasks).any(|other| other.local_path == local);
    if taken || !world.shares.contains(&share) {
        return Err(Failure::code(TASK_REFUSED));
    }
    Ok((id, task))
}

/// One object for each segment of the cloud path, the empty first one included.
fn check_meta_list(info: &Fields<'_>, remote: &str) -> Result<(), Failure> {
    const NAME: &str = "server_folder_meta_list";
    let list = info.list(NAME)?;
    let segments: Vec<&str> = remote.split('/').collect();
    if list.len() != segments.len() {
        return Err(info.failure(NAME, "condition"));
    }
    for (entry, segment) in list.iter().zip(segments) {
        let fields = entry.as_object().ok_or_else(|| info.failure(NAME, "type"))?;
        let entry = Fields { fields, prefix: "conn_info.server_folder_meta_list" };
        for name in ["alternatelink", "file_id", "parent_id", "title"] {
            entry.string(name)?;
        }
        entry.int("mtime")?;
        if entry.string("path")? != format!("/{segment}") {
            return Err(entry.failure("path", "condition"));
        }
    }
    Ok(())
}

/// An object whose fields are all required.
struct Fields<'a> {
    fields: &'a Map<String, Value>,
    prefix: &'static str,
}

impl<'a> Fields<'a> {
    fn failure(&self, name: &str, reason: &str) -> Failure {
        Failure::parameter(&format!("{}.{name}", self.prefix), reason)
    }

    fn get<T>(&self, name: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Result<T, Failure> {
        let value = self.fields.get(name).ok_or_else(|| self.failure(name, "required"))?;
        read(value).ok_or_else(|| self.failure(name, "type"))
    }

    fn string(&self, name: &str) -> Result<String, Failure> {
        self.get(name, |value| value.as_str().map(str::to_owned))
    }

    fn int(&self, name: &str) -> Result<i64, Failure> {
        self.get(name, Value::as_i64)
    }

    fn boolean(&self, name: &str) -> Result<bool, Failure> {
        self.get(name, Value::as_bool)
    }

    fn object(&self, name: &str) -> Result<&'a Map<String, Value>, Failure> {
        self.get(name, Value::as_object)
    }

    fn list(&self, name: &str) -> Result<&'a Vec<Value>, Failure> {
        self.get(name, Value::as_array)
    }

    fn strings(&self, name: &str) -> Result<Vec<String>, Failure> {
        let read = |item: &Value| item.as_str().map(str::to_owned);
        self.get(name, |value| value.as_array()?.iter().map(read).collect())
    }
}
