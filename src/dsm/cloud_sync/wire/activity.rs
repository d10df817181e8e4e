//! What happened and what happens: the log, and the recent and present transfers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::nested;
use crate::dsm::field::{Field, Lenient, List, as_number, object};

nested!(LogItem, HistoryItem, ProcessingItem);

/// `get_log`: a page of the log, newest first.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Log {
    /// The rows.
    pub items: List<LogItem>,
    /// How many rows there are beyond this page.
    #[serde(default)]
    pub total: Field<i64>,
}

/// A row of the log.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct LogItem {
    /// What happened (API notes §5).
    pub action: Field<i64>,
    /// 0 = none (API notes §5).
    pub error_code: Field<i64>,
    /// The file's name.
    pub file_name: Field<String>,
    /// `file` or `dir`.
    pub file_type: Field<String>,
    /// 0 info, 1 warning, 2 error.
    pub log_level: Field<i64>,
    /// The file's path on the NAS.
    pub path: Field<String>,
    /// The task.
    pub session_id: Field<i64>,
    /// Seconds since 1970.
    pub time: Field<i64>,
}

/// `get_recently_change`: transfers in flight and the last five that ended.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct RecentlyChange {
    /// At most five, newest first.
    pub history_items: List<HistoryItem>,
    /// Whether this account sees the connections of all users.
    pub is_admin_mode: Field<bool>,
    /// The transfers in flight.
    pub processing_items: List<ProcessingItem>,
    /// Merges that the server makes; not documented.
    pub server_merge_items: List<Value>,
}

/// A transfer that ended.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct HistoryItem {
    /// What happened, as in the log.
    pub action: Field<i64>,
    /// The file's name.
    pub base_name: Field<String>,
    /// 0 info, 1 warning, 2 error.
    pub log_level: Field<i64>,
    /// The file's path on the NAS.
    pub path: Field<String>,
    /// The task.
    pub session_id: Field<i64>,
    /// The name of the task's folder.
    pub syncfolder_basename: Field<String>,
}

/// A transfer in flight.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ProcessingItem {
    /// The file's name.
    pub base_name: Field<String>,
    /// The NAS's number; its unit is not documented.
    #[serde(serialize_with = "as_number")]
    pub bit_rate: Field<f64>,
    /// Bytes done.
    pub current_size: Field<i64>,
    /// The file's path on the NAS.
    pub path: Field<String>,
    /// The task.
    pub session_id: Field<i64>,
    /// `uploading`, `downloading` …
    pub status: Field<String>,
    /// Bytes in all.
    pub total_size: Field<i64>,
    /// The account's name in the cloud.
    pub user_name: Field<String>,
}
