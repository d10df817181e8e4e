//! A task ("session" in the API): one local folder kept in step with one cloud folder; its transfers and log rows.

use serde_json::{Map, Value};

/// What `get_session_setting` answers and `set_session_setting` replaces.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the fields of the API's answer")]
pub struct TaskSettings {
    /// Files are encrypted on the NAS before they go up.
    pub enable_server_encryption: bool,
    /// Whether the key may be exported.
    pub enc_key_exportable: bool,
    /// Google's own documents are converted to Office formats.
    pub google_drive_convert_online_doc: bool,
    /// Nothing is deleted in the cloud when it goes locally.
    pub no_delete: bool,
    /// Advanced consistency check.
    pub sync_attr_check_option: bool,
}

impl Default for TaskSettings {
    fn default() -> Self {
        Self {
            enable_server_encryption: false,
            enc_key_exportable: false,
            google_drive_convert_online_doc: false,
            no_delete: false,
            sync_attr_check_option: true,
        }
    }
}

/// What `get_selective_sync_config` answers and `set_selective_sync_config` replaces.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// Extensions left out.
    pub filtered_extensions: Vec<String>,
    /// Bytes; 0 = no limit.
    pub filtered_max_upload_size: i64,
    /// Names left out.
    pub filtered_names: Vec<String>,
    /// Paths left out.
    pub filtered_paths: Vec<String>,
    /// Extensions that the user added to the list.
    pub user_defined_extensions: Vec<String>,
    /// Names that the user added to the list.
    pub user_defined_names: Vec<String>,
}

/// A folder in the cloud, below a task's remote folder.
#[derive(Clone, Debug)]
pub struct CloudFolder {
    /// 1 and 3 are in the source document; their meaning is not known.
    pub exists_type: i64,
    /// The cloud's id of it; may be empty.
    pub file_id: String,
    /// Path from the task's remote folder.
    pub path: String,
    /// Its name.
    pub text: String,
}

impl CloudFolder {
    /// A folder by path; the name is the last segment.
    pub fn new(path: &str, file_id: &str, exists_type: i64) -> Self {
        let text = path.rsplit('/').next().unwrap_or_default();
        Self { exists_type, file_id: file_id.into(), path: path.into(), text: text.into() }
    }
}

/// What a moving world does with a task: how files come up and how fast they go.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Files known and not yet started.
    pub backlog: i64,
    /// How often a new file turns up; 0 = never.
    pub seconds_per_file: u64,
    /// Transfers at once.
    pub parallel: usize,
    /// Bytes a second of one transfer, before jitter.
    pub rate: i64,
    /// Smallest and largest size of a new file.
    pub sizes: (i64, i64),
    /// Out of a hundred new files, so many come down instead of going up (where the direction allows both).
    pub downloads: u8,
}

/// One task.
#[derive(Clone, Debug)]
pub struct Task {
    /// `sess_id` in `list_sess`, `session_id` elsewhere.
    pub id: i64,
    /// 0 = none, otherwise a number of API notes §5.
    pub error: i64,
    /// Text of the error.
    pub error_desc: String,
    /// 1 = linked.
    pub link_status: i64,
    /// `local_sync_path`.
    pub local_path: String,
    /// The cloud's id of the remote folder.
    pub remote_folder_id: String,
    /// `remote_sync_path`.
    pub remote_path: String,
    /// `BIDIRECTION`, `ONLY_UPLOAD` or `ONLY_DOWNLOAD`.
    pub direction: String,
    /// `sync_status`.
    pub status: String,
    /// Further or replaced fields of its `sess[]` entry.
    pub extra: Map<String, Value>,
    /// Settings.
    pub settings: TaskSettings,
    /// Filters.
    pub filters: Filters,
    /// The folder tree in the cloud.
    pub folders: Vec<CloudFolder>,
    /// How it moves; `None` = only transfers that are there already move.
    pub workload: Option<Workload>,
}

impl Task {
    /// An idle task in both directions, without filters.
    pub fn new(id: i64, local: &str, remote: &str) -> Self {
        Self {
            id,
            error: 0,
            error_desc: String::new(),
            link_status: 1,
            local_path: local.into(),
            remote_folder_id: format!("id:folder-{id}"),
            remote_path: remote.into(),
            direction: "BIDIRECTION".into(),
            status: "uptodate".into(),
            extra: Map::new(),
            settings: TaskSettings::default(),
            filters: Filters::default(),
            folders: Vec::new(),
            workload: None,
        }
    }

    /// The last segment of the local folder.
    pub fn basename(&self) -> &str {
        self.local_path.rsplit('/').next().unwrap_or_default()
    }

    /// Puts the task into an error, with the status word that goes with it.
    pub fn fail(&mut self, code: i64, desc: &str) {
        self.error = code;
        self.error_desc = desc.into();
        self.status = "error".into();
    }

    /// The status word of a task that nobody holds back.
    pub fn working_status(&self, transfers: &[Transfer]) -> &'static str {
        let busy = transfers.iter().any(|transfer| transfer.session_id == self.id)
            || self.workload.as_ref().is_some_and(|workload| workload.backlog > 0);
        match (self.error, busy) {
            (0, true) => "syncing",
            (0, false) => "uptodate",
            _ => "error",
        }
    }
}

/// A file in flight.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The task.
    pub session_id: i64,
    /// Path on the NAS.
    pub path: String,
    /// Name, as shown.
    pub base_name: String,
    /// `uploading`, `downloading` or another word.
    pub status: String,
    /// The NAS's number. The simulator moves `current_size` by this many bytes a second.
    pub bit_rate: i64,
    /// Bytes done.
    pub current_size: i64,
    /// Bytes in all.
    pub total_size: i64,
    /// Whose transfer it is.
    pub user_name: String,
    /// It does not move although the world does.
    pub stalled: bool,
}

impl Transfer {
    /// An upload that has not moved yet.
    pub fn upload(session_id: i64, path: &str, total_size: i64) -> Self {
        Self {
            session_id,
            path: path.into(),
            base_name: path.rsplit('/').next().unwrap_or_default().into(),
            status: "uploading".into(),
            bit_rate: 0,
            current_size: 0,
            total_size,
            user_name: "username".into(),
            stalled: false,
        }
    }

    /// A download that has not moved yet.
    pub fn download(session_id: i64, path: &str, total_size: i64) -> Self {
        Self { status: "downloading".into(), ..Self::upload(session_id, path, total_size) }
    }

    /// The number of the action that it leaves in the log once done.
    pub fn action(&self) -> i64 {
        if self.status == "downloading" { 1 } else { 2 }
    }
}

/// A row of a connection's log.
#[derive(Clone, Debug)]
pub struct LogRow {
    /// What happened, by number (API notes §5).
    pub action: i64,
    /// 0 = none.
    pub error_code: i64,
    /// `file` or `dir`.
    pub file_type: String,
    /// 0 info, 1 warning, 2 error.
    pub log_level: i64,
    /// Path on the NAS; the name is its last segment.
    pub path: String,
    /// The task.
    pub session_id: i64,
    /// Epoch seconds.
    pub time: i64,
}

impl LogRow {
    /// A row of level info about a file.
    pub fn new(session_id: i64, action: i64, path: &str, time: i64) -> Self {
        Self {
            action,
            error_code: 0,
            file_type: "file".into(),
            log_level: 0,
            path: path.into(),
            session_id,
            time,
        }
    }

    /// The same row as an error with a code.
    #[must_use]
    pub fn with_error(self, code: i64) -> Self {
        Self { error_code: code, log_level: 2, ..self }
    }

    /// The name shown.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}
