//! `SYNO.CloudSync`, version 1: every method of API notes §4.
//!
//! The field names of answers are written out by hand, from the notes. Setters replace: a parameter that is left out
//! goes to its default.

mod act;
pub(super) mod lists;
mod logs;
mod new_task;
mod settings;
mod tasks;

use serde_json::Value;

use super::{
    World,
    params::{Answer, Failure, Params},
    world::{Connection, Task},
};

/// What an id is refused with that nothing goes by. Cloud Sync's own codes are not documented, so the number is
/// invented: 401 on purpose, which means something else to `SYNO.API.Auth`.
pub const UNKNOWN_ID: i64 = 401;

/// What `test_task_setting` and `create_session` refuse a task with that is well-formed and cannot be: a cloud other
/// than `az`, a folder outside the shared folders, a folder that has a task already. Invented, like [`UNKNOWN_ID`].
pub const TASK_REFUSED: i64 = 402;

/// What a method sees: the world, and the account that asks.
pub(super) struct Scene<'a> {
    pub(super) world: &'a mut World,
    pub(super) account: &'a str,
}

type Method = fn(&mut Scene<'_>, &Params) -> Answer;

const METHODS: [(&str, Method); 23] = [
    ("get_config", settings::get_config),
    ("set_global_config", settings::set_global_config),
    ("set_personal_config", settings::set_personal_config),
    ("list_conn", lists::list_conn),
    ("get_recently_change", lists::get_recently_change),
    ("get_connection_setting", settings::get_connection_setting),
    ("set_connection_setting", settings::set_connection_setting),
    ("set_schedule_setting", settings::set_schedule_setting),
    ("get_property", settings::get_property),
    ("get_conn_auth_info", settings::get_conn_auth_info),
    ("get_log", logs::get_log),
    ("list_sess", lists::list_sess),
    ("get_session_setting", tasks::get_session_setting),
    ("set_session_setting", tasks::set_session_setting),
    ("get_selective_sync_config", tasks::get_selective_sync_config),
    ("set_selective_sync_config", tasks::set_selective_sync_config),
    ("get_selective_folder_list", tasks::get_selective_folder_list),
    ("pause", act::pause),
    ("resume", act::resume),
    ("unlink_connection", act::unlink_connection),
    ("unlink_session", act::unlink_session),
    ("test_task_setting", new_task::test_task_setting),
    ("create_session", new_task::create_session),
];

fn method(name: &str) -> Option<Method> {
    METHODS.iter().find(|(known, _)| *known == name).map(|(_, method)| *method)
}

pub(super) fn is_method(name: &str) -> bool {
    method(name).is_some()
}

/// Does one call.
pub(super) fn call(mut scene: Scene<'_>, name: &str, params: &Params) -> Answer {
    let method = method(name).ok_or_else(|| Failure::code(103))?;
    method(&mut scene, params)
}

impl Scene<'_> {
    /// Whether the account sees a connection: its own ones always, everybody's in admin mode.
    fn sees(&self, connection: &Connection) -> bool {
        self.world.config.admin_mode || connection.owner.is_empty() || connection.owner == self.account
    }

    /// The connection that the required parameter `connection_id` names.
    fn connection(&mut self, params: &Params) -> Result<&mut Connection, Failure> {
        let id = params.required_int("connection_id")?;
        self.connection_by_id(id)
    }

    fn connection_by_id(&mut self, id: i64) -> Result<&mut Connection, Failure> {
        let seen = self.world.connection(id).is_some_and(|connection| self.sees(connection));
        self.world.connection_mut(id).filter(|_| seen).ok_or_else(|| Failure::code(UNKNOWN_ID))
    }

    /// The task that the required parameter `session_id` names.
    fn task(&mut self, params: &Params) -> Result<&mut Task, Failure> {
        let id = params.required_int("session_id")?;
        let seen = self.world.connection_of_task(id).is_some_and(|connection| self.sees(connection));
        self.world.task_mut(id).filter(|_| seen).ok_or_else(|| Failure::code(UNKNOWN_ID))
    }
}

/// Overlays the fields that a test wants different or added.
fn overlay(mut entry: Value, extra: &serde_json::Map<String, Value>) -> Value {
    if let Some(fields) = entry.as_object_mut() {
        fields.extend(extra.clone());
    }
    entry
}
