//! Families about a connection: one cloud account that the NAS keeps in step.

use super::Metric;

const CONNECTION: &[&str] = &["nas", "conn_id"];

/// How many connections.
pub static CONNECTIONS: Metric =
    Metric::gauge("cloudsync_connections", &["nas"], "How many connections the account sees on the NAS.");
/// What people call a connection.
pub static CONNECTION_INFO: Metric = Metric::gauge(
    "cloudsync_connection_info",
    &["nas", "conn_id", "name", "type", "provider", "user"],
    "Always 1; the labels are what people call the connection. Join it on nas and conn_id.",
);
/// Its state.
pub static CONNECTION_STATUS: Metric = Metric::gauge(
    "cloudsync_connection_status",
    &["nas", "conn_id", "status"],
    "The connection's state: 1 for the present state, 0 for the others.",
);
/// Its link.
pub static CONNECTION_LINK_STATUS: Metric = Metric::gauge(
    "cloudsync_connection_link_status",
    CONNECTION,
    "The link to the cloud as the NAS's number: 1 is linked, others are not documented.",
);
/// Its error.
pub static CONNECTION_ERROR_CODE: Metric = Metric::gauge(
    "cloudsync_connection_error_code",
    CONNECTION,
    "The error that stopped the connection as the NAS's negative number; 0 while there is none.",
);
/// Its backlog.
pub static CONNECTION_UNFINISHED: Metric = Metric::gauge(
    "cloudsync_connection_unfinished_files",
    CONNECTION,
    "Files still to be worked on: the number that the NAS shows as Processing N files.",
);
/// Its quota.
pub static CONNECTION_QUOTA_TOTAL: Metric = Metric::gauge(
    "cloudsync_connection_quota_total_bytes",
    CONNECTION,
    "Space that the cloud account has in all; absent when the cloud reports no quota.",
)
.bytes();
/// What is used of it.
pub static CONNECTION_QUOTA_USED: Metric = Metric::gauge(
    "cloudsync_connection_quota_used_bytes",
    CONNECTION,
    "Space that is used in the cloud account; absent when the cloud does not report it.",
)
.bytes();
/// Its upload limit.
pub static CONNECTION_MAX_UPLOAD: Metric = Metric::gauge(
    "cloudsync_connection_max_upload_speed",
    CONNECTION,
    "The upload limit as the NAS's number, whose unit is not settled; 0 is no limit.",
);
/// Its download limit.
pub static CONNECTION_MAX_DOWNLOAD: Metric = Metric::gauge(
    "cloudsync_connection_max_download_speed",
    CONNECTION,
    "The download limit as the NAS's number, whose unit is not settled; 0 is no limit.",
);
/// Its polling period.
pub static CONNECTION_PULL_PERIOD: Metric = Metric::gauge(
    "cloudsync_connection_pull_period_seconds",
    CONNECTION,
    "How often the NAS asks the cloud for changes.",
)
.seconds();
/// Its part size.
pub static CONNECTION_PART_SIZE: Metric = Metric::gauge(
    "cloudsync_connection_part_size_bytes",
    CONNECTION,
    "The part size of multipart uploads; 0 where the cloud has none.",
)
.bytes();
/// Its settings as labels.
pub static CONNECTION_SETTINGS_INFO: Metric = Metric::gauge(
    "cloudsync_connection_settings_info",
    &["nas", "conn_id", "storage_class", "sse"],
    "Always 1; the labels are the storage class and whether server-side encryption is on.",
);
/// Whether a schedule is in force.
pub static CONNECTION_SCHEDULE_ENABLED: Metric = Metric::gauge(
    "cloudsync_connection_schedule_enabled",
    CONNECTION,
    "1 when a weekly schedule restricts when the connection may sync.",
);
/// Whether it may sync now.
pub static CONNECTION_SCHEDULE_OPEN: Metric = Metric::gauge(
    "cloudsync_connection_schedule_open",
    CONNECTION,
    "1 when the schedule lets the connection sync now, by the NAS's time zone; always 1 without a schedule.",
);
/// Its last sign of work.
pub static CONNECTION_LAST_PROGRESS: Metric = Metric::gauge(
    "cloudsync_connection_last_progress_timestamp_seconds",
    CONNECTION,
    "The last sign of work, in seconds since 1970: fewer unfinished files, a transfer that moved, a log row.",
)
.seconds();
/// When it was last in step.
pub static CONNECTION_LAST_UPTODATE: Metric = Metric::gauge(
    "cloudsync_connection_last_uptodate_timestamp_seconds",
    CONNECTION,
    "When the connection was last seen up to date, in seconds since 1970; absent until it was.",
)
.seconds();
/// Log rows.
pub static LOG_EVENTS: Metric = Metric::counter(
    "cloudsync_log_events_total",
    &["nas", "conn_id", "action", "level"],
    "Rows of Cloud Sync's log since this program started, by action and level.",
);
/// Log rows with an error.
pub static LOG_ERRORS: Metric = Metric::counter(
    "cloudsync_log_errors_total",
    &["nas", "conn_id", "error"],
    "Rows of Cloud Sync's log that carry an error, by the error's name or else its number.",
);
/// Log rows not seen.
pub static LOG_MISSED: Metric = Metric::counter(
    "cloudsync_log_events_missed_total",
    CONNECTION,
    "Log rows that came and went between two polls, as far as that can be known.",
);

pub(super) static CONNECTION_FAMILIES: &[&Metric] = &[
    &CONNECTIONS,
    &CONNECTION_INFO,
    &CONNECTION_STATUS,
    &CONNECTION_LINK_STATUS,
    &CONNECTION_ERROR_CODE,
    &CONNECTION_UNFINISHED,
    &CONNECTION_QUOTA_TOTAL,
    &CONNECTION_QUOTA_USED,
    &CONNECTION_MAX_UPLOAD,
    &CONNECTION_MAX_DOWNLOAD,
    &CONNECTION_PULL_PERIOD,
    &CONNECTION_PART_SIZE,
    &CONNECTION_SETTINGS_INFO,
    &CONNECTION_SCHEDULE_ENABLED,
    &CONNECTION_SCHEDULE_OPEN,
    &CONNECTION_LAST_PROGRESS,
    &CONNECTION_LAST_UPTODATE,
    &LOG_EVENTS,
    &LOG_ERRORS,
    &LOG_MISSED,
];
