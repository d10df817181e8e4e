//! Families about a task (one pair of folders) and about files in flight.

use super::Metric;

const TASK: &[&str] = &["nas", "conn_id", "task_id"];
const FLOW: &[&str] = &["nas", "conn_id", "task_id", "direction"];
const FILE: &[&str] = &["nas", "conn_id", "task_id", "direction", "path"];

/// What people call a task.
pub static TASK_INFO: Metric = Metric::gauge(
    "cloudsync_task_info",
    &["nas", "conn_id", "task_id", "local_path", "remote_path", "direction"],
    "Always 1; the labels are the task's folders and its direction. Join it on nas and task_id.",
);
/// Its state.
pub static TASK_STATUS: Metric = Metric::gauge(
    "cloudsync_task_status",
    &["nas", "conn_id", "task_id", "status"],
    "The task's state: 1 for the present state, 0 for the others.",
);
/// Its error.
pub static TASK_ERROR_CODE: Metric = Metric::gauge(
    "cloudsync_task_error_code",
    TASK,
    "The error that stopped the task as the NAS's negative number; 0 is none. -12 never heals by itself.",
);
/// Its link.
pub static TASK_LINK_STATUS: Metric = Metric::gauge(
    "cloudsync_task_link_status",
    TASK,
    "The task's link to the cloud as the NAS's number: 1 is linked, others are not documented.",
);
/// Whether deletions stay local.
pub static TASK_NO_DELETE: Metric = Metric::gauge(
    "cloudsync_task_no_delete",
    TASK,
    "1 when files deleted on one side stay on the destination of a one-way task.",
);
/// Whether the consistency check is on.
pub static TASK_CONSISTENCY_CHECK: Metric = Metric::gauge(
    "cloudsync_task_consistency_check",
    TASK,
    "1 when the advanced consistency check is on, which costs the NAS more work.",
);
/// Whether online documents are converted.
pub static TASK_CONVERTS: Metric = Metric::gauge(
    "cloudsync_task_converts_online_documents",
    TASK,
    "1 when Google's online documents are converted to Office files.",
);
/// Filtered folders.
pub static TASK_FILTERED_PATHS: Metric =
    Metric::gauge("cloudsync_task_filtered_paths", TASK, "How many folders the task leaves out.");
/// Filtered names.
pub static TASK_FILTERED_NAMES: Metric =
    Metric::gauge("cloudsync_task_filtered_names", TASK, "How many file names the task leaves out.");
/// Filtered extensions.
pub static TASK_FILTERED_EXTENSIONS: Metric = Metric::gauge(
    "cloudsync_task_filtered_extensions",
    TASK,
    "How many file name extensions the task leaves out.",
);
/// The largest upload.
pub static TASK_MAX_UPLOAD_SIZE: Metric = Metric::gauge(
    "cloudsync_task_max_upload_size_bytes",
    TASK,
    "Larger files are not uploaded; 0 is no limit.",
)
.bytes();
/// Files in flight.
pub static TRANSFERS: Metric =
    Metric::gauge("cloudsync_transfers", FLOW, "Files in flight at the last poll, by direction.");
/// Their rate.
pub static TRANSFER_BIT_RATE: Metric = Metric::gauge(
    "cloudsync_transfer_bit_rate",
    FLOW,
    "Sum of the NAS's own rates of the files in flight; its unit is not documented.",
);
/// Their sizes.
pub static TRANSFER_SIZE: Metric =
    Metric::gauge("cloudsync_transfer_size_bytes", FLOW, "Size of the files in flight together.").bytes();
/// What is done of them.
pub static TRANSFER_DONE: Metric = Metric::gauge(
    "cloudsync_transfer_done_bytes",
    FLOW,
    "How much of the files in flight has been transferred.",
)
.bytes();
/// Bytes seen moving.
pub static TRANSFERRED: Metric = Metric::counter(
    "cloudsync_transferred_bytes_total",
    FLOW,
    "Bytes seen moving between polls: a lower bound, as what starts and ends between two polls is not seen.",
)
.bytes();
/// Files that do not move.
pub static TRANSFERS_STALLED: Metric = Metric::gauge(
    "cloudsync_transfers_stalled",
    FLOW,
    "Files in flight that have not moved for five minutes.",
);
/// A file's rate.
pub static FILE_BIT_RATE: Metric = Metric::gauge(
    "cloudsync_file_bit_rate",
    FILE,
    "The NAS's own rate of one file in flight; its unit is not documented. Only with metrics.per_file.",
)
.experimental();
/// A file's size.
pub static FILE_SIZE: Metric = Metric::gauge(
    "cloudsync_file_size_bytes",
    FILE,
    "Size of one file in flight. Only with metrics.per_file.",
)
.bytes()
.experimental();
/// What is done of it.
pub static FILE_DONE: Metric = Metric::gauge(
    "cloudsync_file_done_bytes",
    FILE,
    "How much of one file in flight has been transferred. Only with metrics.per_file.",
)
.bytes()
.experimental();

pub(super) static TASK_FAMILIES: &[&Metric] = &[
    &TASK_INFO,
    &TASK_STATUS,
    &TASK_ERROR_CODE,
    &TASK_LINK_STATUS,
    &TASK_NO_DELETE,
    &TASK_CONSISTENCY_CHECK,
    &TASK_CONVERTS,
    &TASK_FILTERED_PATHS,
    &TASK_FILTERED_NAMES,
    &TASK_FILTERED_EXTENSIONS,
    &TASK_MAX_UPLOAD_SIZE,
    &TRANSFERS,
    &TRANSFER_BIT_RATE,
    &TRANSFER_SIZE,
    &TRANSFER_DONE,
    &TRANSFERRED,
    &TRANSFERS_STALLED,
    &FILE_BIT_RATE,
    &FILE_SIZE,
    &FILE_DONE,
];
