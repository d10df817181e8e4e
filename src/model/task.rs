//! A task: one pair of folders, which the API calls a session.

use super::{ConnectionId, Status, TaskId};

/// A task as `list_sess` shows it (API notes §4).
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its number.
    pub id: TaskId,
    /// The connection that it belongs to.
    pub connection: ConnectionId,
    /// The folder on the NAS.
    pub local_path: String,
    /// The folder in the cloud.
    pub remote_path: String,
    /// That folder's id in the cloud.
    pub remote_folder_id: Option<String>,
    /// The NAS's word: `BIDIRECTION`, `ONLY_UPLOAD` or `ONLY_DOWNLOAD`.
    pub direction: String,
    /// Its state.
    pub status: Option<Status>,
    /// 0 = none.
    pub error_code: Option<i64>,
    /// The error in the NAS's words.
    pub error_desc: Option<String>,
    /// 1 = linked; other numbers are not documented.
    pub link_status: Option<i64>,
}

/// Settings of a task (`get_session_setting`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskSettings {
    /// Files deleted locally stay in the cloud.
    pub no_delete: Option<bool>,
    /// Whether the advanced consistency check is on.
    pub consistency_check: Option<bool>,
    /// Whether Google's online documents are converted to Office files.
    pub converts_online_documents: Option<bool>,
}

/// What a task leaves out (`get_selective_sync_config`): how many of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilters {
    /// Folders left out.
    pub paths: Option<u64>,
    /// File names left out.
    pub names: Option<u64>,
    /// File name extensions left out.
    pub extensions: Option<u64>,
    /// Larger files are not uploaded; bytes, 0 = no limit.
    pub max_upload_size: Option<i64>,
}
