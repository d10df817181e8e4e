//! A connection: one cloud account that the NAS is linked to.

use serde_json::{Map, Value, json};

use super::{LogRow, Task, Transfer};

/// What an account in error shows in `list_conn`.
#[derive(Clone, Debug)]
pub struct ConnectionError {
    /// `error`, by number (API notes §5).
    pub code: i64,
    /// `error_desc`.
    pub desc: String,
    /// `error_type`.
    pub kind: String,
}

/// What `get_connection_setting` answers and `set_connection_setting`, `set_schedule_setting` replace.
#[derive(Clone, Debug)]
pub struct ConnectionSettings {
    /// Server-side encryption.
    pub is_sse: bool,
    /// Whether the schedule counts.
    pub is_enabled_schedule: bool,
    /// The NAS's number; 0 = no limit.
    pub max_download_speed: i64,
    /// The NAS's number; 0 = no limit.
    pub max_upload_speed: i64,
    /// MiB.
    pub part_size: i64,
    /// Seconds between looks at the cloud.
    pub pull_event_period: i64,
    /// 168 characters, Sunday first, hour 0 first, 1 = may sync. The simulator's local time is UTC.
    pub schedule_info: String,
    /// Cloud's storage class.
    pub storage_class: String,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self {
            is_sse: false,
            is_enabled_schedule: false,
            max_download_speed: 0,
            max_upload_speed: 0,
            part_size: 0,
            pull_event_period: 60,
            schedule_info: "1".repeat(168),
            storage_class: String::new(),
        }
    }
}

/// The part of `get_property` that is neither in the settings nor in the connection itself.
#[derive(Clone, Debug, Default)]
pub struct Property {
    /// S3 bucket.
    pub bucket_name: String,
    /// Bytes; `None` leaves the field out.
    pub quota_total: Option<i64>,
    /// Bytes; `None` leaves the field out.
    pub quota_used: Option<i64>,
    /// S3 region.
    pub region: String,
    /// Address of a `WebDAV` or S3-compatible server.
    pub server_addr: String,
}

/// One cloud account.
#[derive(Clone, Debug)]
pub struct Connection {
    /// `id` here, `connection_id` and `conn_id` elsewhere.
    pub id: i64,
    /// 1 = linked.
    pub link_status: i64,
    /// Status word (API notes §5).
    pub status: String,
    /// Name of the cloud as shown.
    pub task_display_name: String,
    /// Name that people give.
    pub task_name: String,
    /// `type`: the cloud's short word.
    pub kind: String,
    /// `type_id`.
    pub type_id: i64,
    /// Files still to do.
    pub unfinished_files: i64,
    /// The account's id in the cloud.
    pub user_id: String,
    /// The account's name in the cloud.
    pub user_name: String,
    /// The NAS account it belongs to; empty = everybody's. It matters when admin mode is off.
    pub owner: String,
    /// Present in error only.
    pub error: Option<ConnectionError>,
    /// Further or replaced fields of its `conn[]` entry.
    pub extra: Map<String, Value>,
    /// Settings and schedule.
    pub settings: ConnectionSettings,
    /// Quota and addresses.
    pub property: Property,
    /// The whole answer of `get_conn_auth_info`.
    pub auth: Map<String, Value>,
    /// Its tasks.
    pub tasks: Vec<Task>,
    /// Its log, newest first.
    pub log: Vec<LogRow>,
    /// Transfers that wait for the end of a pause.
    pub parked: Vec<Transfer>,
}

/// Fields of `get_conn_auth_info` that hold secrets.
const SECRET_FIELDS: [&str; 6] =
    ["access_token", "refresh_token", "secret_key", "auth_pass", "openstack_password", "openstack_api_key"];

impl Connection {
    /// A linked, idle connection with a quota, without tasks, with planted secrets.
    pub fn new(id: i64, kind: &str, name: &str) -> Self {
        let (type_id, display) = cloud(kind);
        let user_id = format!("{kind}-user-{id}");
        Self {
            id,
            link_status: 1,
            status: "uptodate".into(),
            task_display_name: display.unwrap_or(name).into(),
            task_name: name.into(),
            kind: kind.into(),
            type_id,
            unfinished_files: 0,
            auth: auth_info(id, kind, &user_id),
            user_id,
            user_name: "username".into(),
            owner: String::new(),
            error: None,
            extra: Map::new(),
            settings: ConnectionSettings::default(),
            property: Property {
                quota_total: Some(2_147_483_648),
                quota_used: Some(423_330_996),
                ..Property::default()
            },
            tasks: Vec::new(),
            log: Vec::new(),
            parked: Vec::new(),
        }
    }

    /// Whether somebody paused it.
    pub fn is_paused(&self) -> bool {
        self.status == "pause"
    }

    /// The status word of a connection that nobody holds back.
    pub fn working_status(&self) -> &'static str {
        let any = |word: &str| self.tasks.iter().any(|task| task.status == word);
        if self.error.is_some() || any("error") {
            "error"
        } else if self.unfinished_files > 0 || any("syncing") {
            "syncing"
        } else {
            "uptodate"
        }
    }

    /// The values of its planted secrets.
    pub fn secrets(&self) -> impl Iterator<Item = String> {
        SECRET_FIELDS
            .iter()
            .filter_map(|field| self.auth.get(*field)?.as_str())
            .filter(|secret| !secret.is_empty())
            .map(str::to_owned)
    }
}

/// `type_id` and shown name of the known kinds (API notes §5). The id of `az` is not documented: 19 is invented, as is
/// 99 for kinds that nobody knows.
fn cloud(kind: &str) -> (i64, Option<&'static str>) {
    match kind {
        "gd" => (1, Some("Google Drive")),
        "db" => (2, Some("Dropbox")),
        "wd" => (11, Some("WebDAV")),
        "od_v1" => (22, Some("Microsoft OneDrive")),
        "az" => (19, Some("Amazon S3")),
        _ => (99, None),
    }
}

/// The answer of `get_conn_auth_info`, all its fields; each kind has the secrets that its cloud needs.
fn auth_info(id: i64, kind: &str, user_id: &str) -> Map<String, Value> {
    let secret = |field: &str, kinds: &[&str]| {
        if kinds.contains(&kind) { format!("planted-{field}-{kind}-{id}") } else { String::new() }
    };
    let oauth = ["db", "gd", "od_v1"];
    let value = json!({
        "access_key": if kind == "az" { "AKIASIMULATED0000001" } else { "" },
        "access_token": secret("access-token", &oauth),
        "auth_pass": secret("auth-pass", &["wd"]),
        "auth_scheme": 0,
        "auth_user": if kind == "wd" { "username" } else { "" },
        "bucket_id": "",
        "bucket_name": if kind == "az" { "simulated-bucket" } else { "" },
        "client_id": if oauth.contains(&kind) { "simulated-client" } else { "" },
        "client_type": kind,
        "conn_id": id,
        "container_name": "",
        "download_url": "",
        "openstack_api_key": "",
        "openstack_domain_id": "",
        "openstack_domain_name": "",
        "openstack_identity_service_url": "",
        "openstack_identity_service_version": "",
        "openstack_password": "",
        "openstack_proj_id": "",
        "openstack_region": "",
        "openstack_tenant_id": "",
        "openstack_tenant_name": "",
        "openstack_token": "",
        "public_url": "",
        "refresh_token": secret("refresh-token", &oauth),
        "resource": "",
        "root_folder_id": "",
        "root_folder_path": "/",
        "secret_key": secret("secret-key", &["az"]),
        "server_addr": if kind == "wd" { "https://webdav.example/files" } else { "" },
        "service_host": if kind == "az" { "s3.eu-central-1.amazonaws.com" } else { "" },
        "unique_id": user_id,
        "user_name": "username",
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
