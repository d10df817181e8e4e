//! Calls of `SYNO.CloudSync` that change nothing (API notes §4).

use serde_json::Value;

use super::{API, VERSION, wire};
use crate::dsm::call::Call;

/// How [`list_conn`] orders the connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupBy {
    /// By the user that owns them.
    #[default]
    User,
    /// By their provider.
    CloudType,
}

impl GroupBy {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "group_by_user",
            Self::CloudType => "group_by_cloud_type",
        }
    }
}

/// At most this many rows come with one [`get_log`].
pub const MAX_LOG_ROWS: u32 = 200;

/// Which rows of the log [`get_log`] asks for. The default is the newest 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// How many of the newest rows to skip.
    pub offset: u32,
    /// How many rows to return; the API gives no more than [`MAX_LOG_ROWS`].
    pub limit: u32,
    /// Only rows with this text.
    pub keyword: String,
    /// Only rows since this time, in seconds since 1970.
    pub date_from: Option<i64>,
    /// Only rows until this time, in seconds since 1970.
    pub date_to: Option<i64>,
    /// Only rows of this level: 0 info, 1 warning, 2 error.
    pub log_level: Option<i64>,
    /// Only rows of this action (API notes §5).
    pub action: Option<i64>,
}

impl Default for LogQuery {
    fn default() -> Self {
        Self {
            offset: 0,
            limit: MAX_LOG_ROWS,
            keyword: String::new(),
            date_from: None,
            date_to: None,
            log_level: None,
            action: None,
        }
    }
}

fn read<T>(method: &'static str) -> Call<T> {
    Call::read(API, method, VERSION)
}

/// The package's settings and the volumes.
pub fn get_config() -> Call<wire::Config> {
    read("get_config")
}

/// The connections with their states.
pub fn list_conn(group_by: GroupBy) -> Call<wire::ListConn> {
    read("list_conn").with("is_tray", false).with("group_by", group_by.as_str())
}

/// A connection's settings.
pub fn get_connection_setting(connection_id: i64) -> Call<wire::ConnectionSetting> {
    read("get_connection_setting").with("connection_id", connection_id)
}

/// What the cloud says of a connection, its quota among it.
pub fn get_property(connection_id: i64) -> Call<wire::Property> {
    read("get_property").with("connection_id", connection_id)
}

/// A connection's access to its cloud: secrets.
pub fn get_conn_auth_info(connection_id: i64) -> Call<wire::AuthInfo> {
    read("get_conn_auth_info").with("connection_id", connection_id)
}

/// Rows of the log, newest first: of one connection, or of all.
pub fn get_log(connection_id: Option<i64>, query: &LogQuery) -> Call<wire::Log> {
    let call = read("get_log")
        .with("offset", query.offset)
        .with("limit", query.limit.min(MAX_LOG_ROWS))
        .with("keyword", query.keyword.as_str())
        .with("date_from", query.date_from.unwrap_or(0))
        // 0 is no end at all, which an end at the beginning of time does not mean.
        .with("date_to", query.date_to.map_or(0, |to| to.max(1)))
        .with("log_level", query.log_level.unwrap_or(-1))
        .with("action", query.action.unwrap_or(-1));
    match connection_id {
        Some(id) => call.with("connection_id", id),
        None => call,
    }
}

/// The tasks of a connection.
pub fn list_sess(connection_id: i64) -> Call<wire::ListSess> {
    read("list_sess").with("connection_id", connection_id)
}

/// A task's settings.
pub fn get_session_setting(session_id: i64) -> Call<wire::SessionSetting> {
    read("get_session_setting").with("session_id", session_id)
}

/// What a task leaves out.
pub fn get_selective_sync_config(session_id: i64) -> Call<wire::SelectiveSyncConfig> {
    read("get_selective_sync_config").with("session_id", session_id)
}

/// The folders below `path` in the cloud; `file_id` is the remote folder's id as in [`wire::Sess`].
pub fn get_selective_folder_list(
    session_id: i64,
    file_id: &str,
    path: &str,
) -> Call<wire::SelectiveFolderList> {
    read("get_selective_folder_list")
        .with("session_id", session_id)
        .with("file_id", file_id)
        .with("path", path)
        .with("exists_type", Value::Null)
}

/// Transfers in flight, and the last five that ended.
pub fn get_recently_change() -> Call<wire::RecentlyChange> {
    read("get_recently_change")
}
