//! Arguments of the commands around tasks.

use super::Change;
use clap::{Args, Subcommand};

/// Fields of a task; none shows them.
#[derive(Debug, Args)]
pub struct TaskFields {
    /// The task's id.
    pub task: u64,
    /// `key=value` to change; without any, all are shown. A list is JSON, comma separated, or given several
    /// times.
    #[arg(value_name = "KEY=VALUE")]
    pub assignments: Vec<String>,
    /// How to change.
    #[command(flatten)]
    pub change: Change,
}

/// Commands of `task`.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Show or change a task's settings.
    Settings(TaskFields),
    /// Show or change what a task leaves out.
    Filters(TaskFields),
    /// The folders of a task's cloud.
    Folders {
        /// The task's id.
        task: u64,
        /// Below this path.
        #[arg(long)]
        path: Option<String>,
        /// The cloud's id of that folder.
        #[arg(long)]
        file_id: Option<String>,
    },
    /// Create a task on an Amazon S3 connection; it is validated first.
    Create(TaskCreate),
    /// Remove a task. The files stay on both sides.
    Remove {
        /// The task's id.
        task: u64,
        /// The task's local path, to be sure.
        #[arg(long, value_name = "LOCAL_PATH")]
        confirm: String,
        /// How to change.
        #[command(flatten)]
        change: Change,
    },
}

/// Arguments of `task create`.
#[derive(Debug, Args)]
pub struct TaskCreate {
    /// The connection's id or name.
    pub connection: String,
    /// The folder on the NAS, /SHARE/FOLDER.
    #[arg(long, value_name = "PATH")]
    pub local_path: String,
    /// The folder in the bucket; begins with /.
    #[arg(long, value_name = "PATH")]
    pub cloud_path: String,
    /// BIDIRECTION, `ONLY_UPLOAD` or `ONLY_DOWNLOAD`.
    #[arg(long)]
    pub direction: Option<String>,
    /// Such as STANDARD.
    #[arg(long)]
    pub storage_class: Option<String>,
    /// Leave out files with this ending; may be given several times.
    #[arg(long, value_name = "ENDING")]
    pub exclude_extension: Vec<String>,
    /// Leave out files of this name; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub exclude_name: Vec<String>,
    /// Leave out files of more bytes.
    #[arg(long, value_name = "BYTES")]
    pub max_upload_size: Option<u64>,
    /// Only ask the NAS whether it would do.
    #[arg(long, conflicts_with_all = ["dry_run", "idempotency_key"])]
    pub validate_only: bool,
    /// How to change.
    #[command(flatten)]
    pub change: Change,
}
