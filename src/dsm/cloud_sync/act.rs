//! Calls of `SYNO.CloudSync` that change something (API notes §4).
//!
//! Setters replace: what a call leaves out is reset. So each takes a structure without optional parts; read the
//! present settings, change what is to change, and send the whole. The structures' `read_from` do the first step and
//! name a field that the NAS did not give, since guessing it would reset it.

use super::s3::S3Task;
use super::{API, VERSION, wire};
use crate::dsm::call::Call;
use crate::dsm::error::ParameterFault;
use crate::dsm::field::{Field, List};

fn act(method: &'static str) -> Call<wire::Done> {
    Call::act(API, method, VERSION)
}

/// A field that the NAS did not give, or not in a form that could be written back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the NAS does not say {0}, and writing the other settings back would reset it")]
pub struct MissingSetting(pub &'static str);

fn given<T: Clone>(field: &Field<T>, name: &'static str) -> Result<T, MissingSetting> {
    field.get().cloned().ok_or(MissingSetting(name))
}

fn given_list(list: &List<String>, name: &'static str) -> Result<Vec<String>, MissingSetting> {
    if list.present && list.malformed == 0 { Ok(list.items.clone()) } else { Err(MissingSetting(name)) }
}

/// The package's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobalConfig {
    /// The volume that holds the package's database; another one moves it.
    pub repo_vol_path: String,
    /// Log rows kept for each connection, at most 100000.
    pub log_count: i64,
    /// Files transferred at the same time, at most 20.
    pub worker_count: i64,
    /// Whether administrators see the connections of all users.
    pub admin_mode: bool,
}

impl GlobalConfig {
    /// The present settings.
    pub fn read_from(config: &wire::Config) -> Result<Self, MissingSetting> {
        Ok(Self {
            repo_vol_path: given(&config.repo_vol_path, "repo_vol_path")?,
            log_count: given(&config.log_count, "log_count")?,
            worker_count: given(&config.worker_count, "worker_count")?,
            admin_mode: match config.admin_mode.as_str() {
                Some("enable") => true,
                Some("disable") => false,
                _ => return Err(MissingSetting("admin_mode")),
            },
        })
    }
}

/// Replaces the package's settings.
pub fn set_global_config(config: &GlobalConfig) -> Call<wire::Done> {
    act("set_global_config")
        .with("repo_vol_path", config.repo_vol_path.as_str())
        .with("log_count", config.log_count)
        .with("worker_count", config.worker_count)
        .with("admin_mode", if config.admin_mode { "enable" } else { "disable" })
}

/// Sets what relinking does. True deletes in the cloud what was deleted locally: this can lose data.
pub fn set_personal_config(sync_mode: bool) -> Call<wire::Done> {
    act("set_personal_config").with("sync_mode", sync_mode)
}

/// A connection's settings but for its schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionSetting {
    /// The connection's name.
    pub task_name: String,
    /// Seconds between two looks into the cloud.
    pub pull_event_period: i64,
    /// The NAS's number, 0 = unlimited.
    pub max_upload_speed: i64,
    /// The NAS's number, 0 = unlimited.
    pub max_download_speed: i64,
    /// The cloud's storage class.
    pub storage_class: String,
    /// Server-side encryption in the cloud.
    pub is_sse: bool,
    /// Mebibytes of a part in uploads of several parts.
    pub part_size: i64,
}

impl ConnectionSetting {
    /// The present settings.
    pub fn read_from(setting: &wire::ConnectionSetting) -> Result<Self, MissingSetting> {
        Ok(Self {
            task_name: given(&setting.task_name, "task_name")?,
            pull_event_period: given(&setting.pull_event_period, "pull_event_period")?,
            max_upload_speed: given(&setting.max_upload_speed, "max_upload_speed")?,
            max_download_speed: given(&setting.max_download_speed, "max_download_speed")?,
            storage_class: given(&setting.storage_class, "storage_class")?,
            is_sse: given(&setting.is_sse, "isSSE")?,
            part_size: given(&setting.part_size, "part_size")?,
        })
    }
}

/// Replaces a connection's settings.
pub fn set_connection_setting(connection_id: i64, setting: &ConnectionSetting) -> Call<wire::Done> {
    act("set_connection_setting")
        .with("connection_id", connection_id)
        .with("task_name", setting.task_name.as_str())
        .with("pull_event_period", setting.pull_event_period)
        .with("max_upload_speed", setting.max_upload_speed)
        .with("max_download_speed", setting.max_download_speed)
        .with("storage_class", setting.storage_class.as_str())
        .with("isSSE", setting.is_sse)
        .with("part_size", setting.part_size)
}

/// When a connection may sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleSetting {
    /// Whether the schedule is in force.
    pub is_enabled_schedule: bool,
    /// 168 characters, Sunday and hour 0 first, `1` = may sync; the NAS's local time.
    pub schedule_info: String,
}

impl ScheduleSetting {
    /// The present schedule.
    pub fn read_from(setting: &wire::ConnectionSetting) -> Result<Self, MissingSetting> {
        Ok(Self {
            is_enabled_schedule: given(&setting.is_enabled_schedule, "is_enabled_schedule")?,
            schedule_info: given(&setting.schedule_info, "schedule_info")?,
        })
    }
}

/// Replaces a connection's schedule. It must be 168 characters of `0` and `1`.
pub fn set_schedule_setting(
    connection_id: i64,
    schedule: &ScheduleSetting,
) -> Result<Call<wire::Done>, ParameterFault> {
    let hours = schedule.schedule_info.as_bytes();
    if hours.len() != 7 * 24 || !hours.iter().all(|hour| matches!(hour, b'0' | b'1')) {
        return Err(ParameterFault::Schedule);
    }
    Ok(act("set_schedule_setting")
        .with("connection_id", connection_id)
        .with("is_enabled_schedule", schedule.is_enabled_schedule)
        .with("schedule_info", schedule.schedule_info.as_str()))
}

/// A task's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSetting {
    /// `BIDIRECTION`, `ONLY_UPLOAD` or `ONLY_DOWNLOAD`.
    pub sync_direction: String,
    /// The advanced consistency check.
    pub sync_attr_check_option: bool,
    /// Files deleted on the NAS stay in the cloud.
    pub no_delete: bool,
    /// Google documents are converted to Microsoft's formats.
    pub google_drive_convert_online_doc: bool,
}

impl SessionSetting {
    /// The present settings.
    pub fn read_from(setting: &wire::SessionSetting) -> Result<Self, MissingSetting> {
        Ok(Self {
            sync_direction: given(&setting.sync_direction, "sync_direction")?,
            sync_attr_check_option: given(&setting.sync_attr_check_option, "sync_attr_check_option")?,
            no_delete: given(&setting.no_delete, "no_delete")?,
            google_drive_convert_online_doc: given(
                &setting.google_drive_convert_online_doc,
                "google_drive_convert_online_doc",
            )?,
        })
    }
}

/// Replaces a task's settings.
pub fn set_session_setting(session_id: i64, setting: &SessionSetting) -> Call<wire::Done> {
    act("set_session_setting")
        .with("session_id", session_id)
        .with("sync_direction", setting.sync_direction.as_str())
        .with("sync_attr_check_option", setting.sync_attr_check_option)
        .with("no_delete", setting.no_delete)
        .with("google_drive_convert_online_doc", setting.google_drive_convert_online_doc)
}

/// What a task leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectiveSyncConfig {
    /// Folders.
    pub filtered_paths: Vec<String>,
    /// File names.
    pub filtered_names: Vec<String>,
    /// Extensions, without the dot.
    pub filtered_extensions: Vec<String>,
    /// Those of the names that a person added.
    pub user_defined_names: Vec<String>,
    /// Those of the extensions that a person added.
    pub user_defined_extensions: Vec<String>,
    /// Bytes; 0 = no limit.
    pub filtered_max_upload_size: i64,
}

impl SelectiveSyncConfig {
    /// The present filters.
    pub fn read_from(config: &wire::SelectiveSyncConfig) -> Result<Self, MissingSetting> {
        Ok(Self {
            filtered_paths: given_list(&config.filtered_paths, "filtered_paths")?,
            filtered_names: given_list(&config.filtered_names, "filtered_names")?,
            filtered_extensions: given_list(&config.filtered_extensions, "filtered_extensions")?,
            user_defined_names: given_list(&config.user_defined_names, "user_defined_names")?,
            user_defined_extensions: given_list(&config.user_defined_extensions, "user_defined_extensions")?,
            filtered_max_upload_size: given(&config.filtered_max_upload_size, "filtered_max_upload_size")?,
        })
    }
}

/// Replaces what a task leaves out.
pub fn set_selective_sync_config(session_id: i64, config: &SelectiveSyncConfig) -> Call<wire::Done> {
    act("set_selective_sync_config")
        .with("session_id", session_id)
        .with("filtered_paths", config.filtered_paths.as_slice())
        .with("filtered_names", config.filtered_names.as_slice())
        .with("filtered_extensions", config.filtered_extensions.as_slice())
        .with("user_defined_names", config.user_defined_names.as_slice())
        .with("user_defined_extensions", config.user_defined_extensions.as_slice())
        .with("filtered_max_upload_size", config.filtered_max_upload_size)
}

/// Pauses one connection.
pub fn pause(connection_id: i64) -> Call<wire::Done> {
    act("pause").with("connection_id", connection_id)
}

/// Resumes one connection.
pub fn resume(connection_id: i64) -> Call<wire::Done> {
    act("resume").with("connection_id", connection_id)
}

/// Pauses every connection. A function of its own, so that a missing id can never mean all of them.
pub fn pause_all() -> Call<wire::Done> {
    act("pause")
}

/// Resumes every connection. A function of its own, so that a missing id can never mean all of them.
pub fn resume_all() -> Call<wire::Done> {
    act("resume")
}

/// Removes a connection with its tasks. The data stay on both sides.
pub fn unlink_connection(connection_id: i64) -> Call<wire::Done> {
    act("unlink_connection").with("connection_id", connection_id)
}

/// Removes a task. The data stay on both sides.
pub fn unlink_session(connection_id: i64, session_id: i64) -> Call<wire::Done> {
    act("unlink_session").with("connection_id", connection_id).with("session_id", session_id)
}

/// Asks whether a task could be created. Goes through a batch, as the web interface does (API notes §4).
pub fn test_task_setting(
    task: &S3Task,
    property: &wire::Property,
    auth: &wire::AuthInfo,
) -> Result<Call<wire::Done>, ParameterFault> {
    // It changes nothing, but it makes the NAS reach out to the cloud: not a call to repeat unasked.
    Ok(act("test_task_setting").with("conn_info", task.conn_info(property, auth)?))
}

/// Creates a task. Goes through a batch that ends with `list_sess`, as the web interface does (API notes §4).
pub fn create_session(
    task: &S3Task,
    property: &wire::Property,
    auth: &wire::AuthInfo,
) -> Result<Call<wire::Done>, ParameterFault> {
    Ok(act("create_session").with("conn_info", task.conn_info(property, auth)?))
}
