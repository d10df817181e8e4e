//! A connection: one cloud account that the NAS keeps in step.

use super::{ConnectionId, Schedule, Status};

/// A connection as `list_conn` shows it (API notes §4).
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// Its number.
    pub id: ConnectionId,
    /// What people call it: `task_display_name`, else `task_name`.
    pub name: String,
    /// The name that its owner gave it.
    pub task_name: Option<String>,
    /// The name that the NAS's interface shows.
    pub task_display_name: Option<String>,
    /// The NAS's short word for the kind of cloud, such as `db`.
    pub kind: String,
    /// The NAS's number for the kind of cloud.
    pub type_id: Option<i64>,
    /// A readable name of the kind of cloud, or the short word where none is known.
    pub provider: String,
    /// The account's name in the cloud.
    pub user: String,
    /// The account's id in the cloud.
    pub user_id: Option<String>,
    /// Its state.
    pub status: Option<Status>,
    /// 1 = linked; other numbers are not documented.
    pub link_status: Option<i64>,
    /// The error's number while it is in error; 0 = none.
    pub error_code: Option<i64>,
    /// The error in the NAS's words.
    pub error_desc: Option<String>,
    /// Files still to be worked on ("Processing N files").
    pub unfinished_files: Option<i64>,
}

impl Connection {
    /// Every name that people may know it by.
    pub fn names(&self) -> Vec<String> {
        let given = [Some(&self.name), self.task_display_name.as_ref(), self.task_name.as_ref()];
        let mut names: Vec<String> =
            given.into_iter().flatten().filter(|name| !name.is_empty()).cloned().collect();
        names.dedup();
        names
    }

    /// A readable name for the NAS's word for a kind of cloud; the word itself where none is known.
    pub fn provider_of(kind: &str) -> &str {
        match kind {
            "gd" => "Google Drive",
            "db" => "Dropbox",
            "wd" => "WebDAV",
            "od_v1" => "OneDrive",
            "az" => "Amazon S3",
            other => other,
        }
    }
}

/// Settings of a connection (`get_connection_setting`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConnectionSettings {
    /// The NAS's number, whose unit is unsettled; 0 = no limit.
    pub max_upload_speed: Option<i64>,
    /// The NAS's number, whose unit is unsettled; 0 = no limit.
    pub max_download_speed: Option<i64>,
    /// Seconds between two looks at the cloud.
    pub pull_period_seconds: Option<i64>,
    /// Part size of uploads in bytes (the NAS counts MiB).
    pub part_size_bytes: Option<i64>,
    /// The cloud's storage class, empty where it has none.
    pub storage_class: Option<String>,
    /// Whether the cloud is asked to encrypt at rest (`isSSE`).
    pub server_side_encryption: Option<bool>,
    /// Whether the schedule is in force.
    pub schedule_enabled: Option<bool>,
    /// The hours of the week in which it may sync.
    pub schedule: Option<Schedule>,
}

/// The cloud's quota in bytes (`get_property`). A cloud that reports none has no total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quota {
    /// Bytes that may be stored; absent when the NAS says 0 or less, which means "not reported".
    pub total: Option<u64>,
    /// Bytes stored.
    pub used: Option<u64>,
}
