//! What is known of one NAS at one moment.

use super::{
    Connection, ConnectionId, ConnectionSettings, DownReason, LogCounts, NasName, Package, Quota, RecentFile,
    Task, TaskFilters, TaskId, TaskSettings, Transfer, TransferTotals, Tray,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One NAS after one poll. Never changed: the next poll makes another.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Which NAS.
    pub nas: NasName,
    /// Whether the last poll was answered; `None` before the first one ended.
    pub up: Option<bool>,
    /// Why not.
    pub reason: Option<DownReason>,
    /// What went wrong and what to do about it, for people.
    pub trouble: Option<String>,
    /// When a poll last succeeded, in seconds since 1970.
    pub last_success: Option<f64>,
    /// When the last good poll began to ask, in seconds since 1970: what happened on the NAS before then, the
    /// data know.
    pub asked: Option<f64>,
    /// When a poll last failed as if the NAS was away, in seconds since 1970: whoever looks now and then cannot miss it.
    pub last_away: Option<f64>,
    /// How many of our sessions the NAS was known to have forgotten when the last good poll began to ask: if they are
    /// more by now, the data may be from before a restart.
    pub sessions_lost: u64,
    /// Whether the Auto Block guard holds logins back.
    pub login_suspended: bool,
    /// When the certificate that the NAS showed ends, in seconds since 1970.
    pub certificate_expiry: Option<i64>,
    /// What the NAS answered; withdrawn when it is too old to be shown as new.
    pub data: Option<Arc<Data>>,
}

impl Snapshot {
    /// The state before the first poll.
    pub fn untried(nas: NasName) -> Self {
        Self {
            nas,
            up: None,
            reason: None,
            trouble: None,
            last_success: None,
            asked: None,
            last_away: None,
            sessions_lost: 0,
            login_suspended: false,
            certificate_expiry: None,
            data: None,
        }
    }
}

/// What a NAS answered. A section that it refused is empty or absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Data {
    /// The package as a whole.
    pub tray: Tray,
    /// Connections, each id once.
    pub connections: BTreeMap<ConnectionId, Connection>,
    /// Tasks, each id once.
    pub tasks: BTreeMap<TaskId, Task>,
    /// Files in flight; `None` when the NAS did not say.
    pub transfers: Option<Vec<Transfer>>,
    /// Files that were worked on last, newest first; `None` when the NAS did not say.
    pub recent: Option<Vec<RecentFile>>,
    /// Bytes seen moving.
    pub transferred: Vec<TransferTotals>,
    /// Log rows counted, by connection.
    pub logs: BTreeMap<ConnectionId, LogCounts>,
    /// Signs of work, by connection.
    pub progress: BTreeMap<ConnectionId, Progress>,
    /// Package settings.
    pub package: Option<Package>,
    /// Settings, by connection.
    pub settings: BTreeMap<ConnectionId, ConnectionSettings>,
    /// Whether the schedule lets it sync now, by connection.
    pub schedule_open: BTreeMap<ConnectionId, bool>,
    /// Quotas, by connection.
    pub quotas: BTreeMap<ConnectionId, Quota>,
    /// Settings, by task.
    pub task_settings: BTreeMap<TaskId, TaskSettings>,
    /// Filters, by task.
    pub task_filters: BTreeMap<TaskId, TaskFilters>,
}

/// When a connection last showed life, in seconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// Unfinished files fell, a transfer moved, or a log row came; at first sight, that moment.
    pub last_progress: f64,
    /// Last seen `uptodate`.
    pub last_uptodate: Option<f64>,
}
