//! Answers of `SYNO.CloudSync` as they come, every field of API notes §4, none of them interpreted.
//!
//! A missing or malformed field costs itself alone, except where an answer means nothing without it. Fields that are
//! not listed are ignored. Serialised, an answer has the NAS's own names again.

use std::collections::BTreeMap;

use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::dsm::field::{Field, Lenient, List, object};

mod activity;
mod auth_info;

pub use activity::{HistoryItem, Log, LogItem, ProcessingItem, RecentlyChange};
pub use auth_info::{AuthInfo, Shown};

/// An answer whose data, if any, say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(from = "IgnoredAny")]
pub struct Done;

impl From<IgnoredAny> for Done {
    fn from(_: IgnoredAny) -> Self {
        Self
    }
}

/// Structs that stand inside of other answers: objects, never lists read by position.
macro_rules! nested {
    ($($name:ty),+ $(,)?) => {$(
        impl Lenient for $name {
            fn lenient(value: Value) -> Option<Self> {
                object(value)
            }
        }
    )+};
}

use nested;

nested!(Volume, Notification, LatestFile, Conn, Sess, Child);

/// `get_config`: the package's settings and the volumes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Config {
    /// `enable`: an administrator sees the connections of all users.
    pub admin_mode: Field<String>,
    /// Log rows kept for each connection.
    pub log_count: Field<i64>,
    /// The volume that holds the package's database, such as `/volume1`.
    pub repo_vol_path: Field<String>,
    /// Relinking: true = files deleted locally are deleted in the cloud as well.
    pub sync_mode: Field<bool>,
    /// How many volumes there are.
    pub volume_count: Field<i64>,
    /// Files transferred at the same time.
    pub worker_count: Field<i64>,
    /// The volumes.
    pub volume_list: List<Volume>,
}

/// A volume of the NAS.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Volume {
    /// Description.
    pub desc: Field<String>,
    /// Name and free space in words.
    pub display: Field<String>,
    /// Such as `/volume1`.
    pub mount_point: Field<String>,
    /// Bytes; a string of digits on the wire.
    pub size_free: Field<i64>,
    /// Bytes; a string of digits on the wire.
    pub size_total: Field<i64>,
    /// Its number, as text.
    pub value: Field<String>,
    /// The owner's description.
    pub vol_desc: Field<String>,
}

/// `list_conn`: the connections.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self")]
pub struct ListConn {
    /// The connections. Never missing: an answer without it is no answer, since it would read as "no connections".
    pub conn: List<Conn>,
    /// Whether this account sees the connections of all users.
    #[serde(default)]
    pub is_admin_mode: Field<bool>,
    /// Whether the package as a whole is paused.
    #[serde(default)]
    pub is_pause: Field<bool>,
    /// What the tray shows; null when there is nothing.
    #[serde(default)]
    pub notification: Field<Notification>,
    /// How many connections there are.
    #[serde(default)]
    pub total: Field<i64>,
    /// The state that the tray shows, in the words of a connection's status.
    #[serde(default)]
    pub tray_status: Field<String>,
}

impl<'de> Deserialize<'de> for ListConn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The derived one, which is inherent because of `remote`; so is the other below.
        let answer = Self::deserialize(deserializer)?;
        check_list("conn", &answer.conn, &answer.total).map_err(D::Error::custom)?;
        Ok(answer)
    }
}

impl Serialize for ListConn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// A list that is none would read as "there are none", which is only believed when the total says so.
fn check_list<T>(name: &str, list: &List<T>, total: &Field<i64>) -> Result<(), String> {
    match total.copied() {
        Some(total) if total > 0 && list.items.is_empty() && list.malformed == 0 => {
            Err(format!("{name} is empty but total is {total}"))
        }
        Some(0) => Ok(()),
        _ if !list.present => Err(format!("{name} is no list")),
        _ => Ok(()),
    }
}

/// The tray's notification.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Notification {
    /// How many files it speaks of.
    pub file_count: Field<i64>,
    /// The newest of them.
    pub latest_file_info: Field<LatestFile>,
}

/// The newest file of a notification.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct LatestFile {
    /// What happened, as in the log.
    pub action: Field<i64>,
    /// 0 info, 1 warning, 2 error.
    pub log_level: Field<i64>,
    /// The file's name.
    pub name: Field<String>,
}

/// A connection.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Conn {
    /// The `connection_id` of other calls.
    pub id: Field<i64>,
    /// 1 = linked; others are not documented.
    pub link_status: Field<i64>,
    /// Not documented.
    pub resource: Field<String>,
    /// `uptodate`, `syncing`, `error` … (API notes §5).
    pub status: Field<String>,
    /// The name that the interface shows.
    pub task_display_name: Field<String>,
    /// The name that its owner gave it.
    pub task_name: Field<String>,
    /// The provider's short name, such as `db`.
    #[serde(rename = "type")]
    pub kind: Field<String>,
    /// The provider's number.
    pub type_id: Field<i64>,
    /// Files still to be processed.
    pub unfinished_files: Field<i64>,
    /// The account's id in the cloud.
    pub user_id: Field<String>,
    /// The account's name in the cloud.
    pub user_name: Field<String>,
    /// Newer builds only.
    pub cloud_status: Field<Value>,
    /// Newer builds only.
    pub exceeds_maximum_files: Field<Value>,
    /// In error only: the code (API notes §5).
    pub error: Field<i64>,
    /// In error only: its description.
    pub error_desc: Field<String>,
    /// In error only: not documented.
    pub error_type: Field<Value>,
}

/// `get_connection_setting`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ConnectionSetting {
    /// The provider's short name.
    pub client_type: Field<String>,
    /// Server-side encryption in the cloud.
    #[serde(rename = "isSSE")]
    pub is_sse: Field<bool>,
    /// Whether the schedule is in force.
    pub is_enabled_schedule: Field<bool>,
    /// The NAS's number, 0 = unlimited; its unit is not settled (API notes §5).
    pub max_download_speed: Field<i64>,
    /// The NAS's number, 0 = unlimited; its unit is not settled (API notes §5).
    pub max_upload_speed: Field<i64>,
    /// Mebibytes of a part in uploads of several parts.
    pub part_size: Field<i64>,
    /// Seconds between two looks into the cloud.
    pub pull_event_period: Field<i64>,
    /// 168 characters, Sunday and hour 0 first, 1 = may sync; the NAS's local time.
    pub schedule_info: Field<String>,
    /// The cloud's storage class.
    pub storage_class: Field<String>,
    /// The connection's name.
    pub task_name: Field<String>,
}

/// `get_property`: what the cloud says of a connection.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Property {
    /// `OpenStack`: the version of its authentication.
    pub auth_version: Field<String>,
    /// The bucket.
    pub bucket_name: Field<String>,
    /// The container.
    pub container_name: Field<String>,
    /// The project.
    pub project_id: Field<String>,
    /// The public address.
    pub public_url: Field<String>,
    /// Bytes; 0 or less = the cloud reports none.
    pub quota_total: Field<i64>,
    /// Bytes.
    pub quota_used: Field<i64>,
    /// The region.
    pub region: Field<String>,
    /// The server's address.
    pub server_addr: Field<String>,
    /// The shared drive.
    pub shared_drive_name: Field<String>,
    /// The cloud's storage class.
    pub storage_class: Field<String>,
    /// The provider's short name; `az` is Amazon S3.
    #[serde(rename = "type")]
    pub kind: Field<String>,
    /// The provider's number.
    pub type_id: Field<i64>,
    /// The account's name in the cloud.
    pub user_name: Field<String>,
}

/// `list_sess`: the tasks of a connection.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self")]
pub struct ListSess {
    /// The tasks. Never missing: an answer without it is no answer, since it would read as "no tasks".
    pub sess: List<Sess>,
    /// How many there are.
    #[serde(default)]
    pub total: Field<i64>,
}

impl<'de> Deserialize<'de> for ListSess {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The derived one, as above.
        let answer = Self::deserialize(deserializer)?;
        check_list("sess", &answer.sess, &answer.total).map_err(D::Error::custom)?;
        Ok(answer)
    }
}

impl Serialize for ListSess {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// A task, which the API calls a session.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Sess {
    /// The provider's short name.
    pub cloud_type_str: Field<String>,
    /// Its connection.
    pub conn_id: Field<i64>,
    /// 0 = none (API notes §5).
    pub error: Field<i64>,
    /// The error in words.
    pub error_desc: Field<String>,
    /// 1 = linked; others are not documented.
    pub link_status: Field<i64>,
    /// The folder on the NAS.
    pub local_sync_path: Field<String>,
    /// The folder's id in the cloud.
    pub remote_folder_id: Field<String>,
    /// The folder in the cloud.
    pub remote_sync_path: Field<String>,
    /// The `session_id` of other calls.
    pub sess_id: Field<i64>,
    /// `BIDIRECTION`, `ONLY_UPLOAD` or `ONLY_DOWNLOAD`.
    pub sync_direction: Field<String>,
    /// In the words of a connection's status.
    pub sync_status: Field<String>,
}

/// `get_session_setting`: a task's settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct SessionSetting {
    /// Files are encrypted before they are uploaded.
    pub enable_server_encryption: Field<bool>,
    /// Whether that key can be exported.
    pub enc_key_exportable: Field<bool>,
    /// Google documents are converted to Microsoft's formats.
    pub google_drive_convert_online_doc: Field<bool>,
    /// Files deleted on the NAS stay in the cloud.
    pub no_delete: Field<bool>,
    /// The advanced consistency check.
    pub sync_attr_check_option: Field<bool>,
    /// `BIDIRECTION`, `ONLY_UPLOAD` or `ONLY_DOWNLOAD`.
    pub sync_direction: Field<String>,
}

/// `get_selective_sync_config`: what a task leaves out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct SelectiveSyncConfig {
    /// Extensions, without the dot.
    pub filtered_extensions: List<String>,
    /// Bytes; 0 = no limit.
    pub filtered_max_upload_size: Field<i64>,
    /// File names.
    pub filtered_names: List<String>,
    /// Folders.
    pub filtered_paths: List<String>,
    /// Those of the extensions that a person added.
    pub user_defined_extensions: List<String>,
    /// Those of the names that a person added.
    pub user_defined_names: List<String>,
}

/// `get_selective_folder_list`: folders below one in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct SelectiveFolderList {
    /// The folders.
    pub children: List<Child>,
}

/// A folder.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Child {
    /// Where it exists; the values are not documented.
    pub exists_type: Field<i64>,
    /// Its id in the cloud.
    pub file_id: Field<String>,
    /// Its path below the task's folder.
    pub path: Field<String>,
    /// Its name.
    pub text: Field<String>,
}

/// Fields of an answer by their names, for answers that are passed on as a whole.
type Fields = BTreeMap<String, Value>;
