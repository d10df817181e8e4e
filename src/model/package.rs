//! The Cloud Sync package itself: settings, volumes, and what its tray icon shows.

/// Package settings (`get_config`, API notes §4).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Package {
    /// Whether administrators see every user's tasks: `enable` or `disable`.
    pub admin_mode: Option<String>,
    /// The volume that holds the package's database.
    pub repo_volume: Option<String>,
    /// Concurrent uploads allowed.
    pub workers: Option<i64>,
    /// Log rows kept for each connection.
    pub log_limit: Option<i64>,
    /// After a relink: whether files deleted locally are deleted in the cloud too (`sync_mode`).
    pub relink_deletes_cloud: Option<bool>,
    /// How many volumes the NAS says it has.
    pub volume_count: Option<i64>,
    /// The NAS's volumes, by mount point, each once.
    pub volumes: Vec<Volume>,
}

/// A volume of the NAS, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// The mount point, such as `/volume1`.
    pub mount_point: String,
    /// Its name and free space in the NAS's words.
    pub display: Option<String>,
    /// Free bytes.
    pub free: Option<u64>,
    /// Size in bytes.
    pub size: Option<u64>,
}

/// What `list_conn` says of the package as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tray {
    /// The tray icon's state.
    pub status: Option<super::Status>,
    /// Whether everything is paused.
    pub paused: Option<bool>,
    /// Whether this account sees other users' connections.
    pub sees_all_users: Option<bool>,
    /// Files in the pending notification; `None` when there is no notification.
    pub notification_files: Option<i64>,
    /// Server merges under way.
    pub server_merges: Option<u64>,
}
