//! Families about a NAS as a whole: reachability, polls, requests, the package.

use super::Metric;

/// Whether the last poll was answered.
pub static UP: Metric = Metric::gauge(
    "cloudsync_up",
    &["nas"],
    "Whether the NAS answered the last poll: 1 yes, 0 no. cloudsync_down_reason says why not.",
);
/// Why the last poll failed.
pub static DOWN_REASON: Metric = Metric::gauge(
    "cloudsync_down_reason",
    &["nas", "reason"],
    "Why the last poll failed: 1 for the reason, 0 for the others; all 0 while the NAS is up.",
);
/// When a poll last succeeded.
pub static LAST_SUCCESS: Metric = Metric::gauge(
    "cloudsync_last_success_timestamp_seconds",
    &["nas"],
    "When the NAS last answered a poll, in seconds since 1970. Subtract it from time() for the age of the data.",
)
.seconds();
/// How long polls take.
pub static POLL_DURATION: Metric = Metric::histogram(
    "cloudsync_poll_duration_seconds",
    &["nas"],
    "How long a poll of the NAS took, from its first request to its last answer.",
)
.seconds();
/// Polls.
pub static POLLS: Metric =
    Metric::counter("cloudsync_polls_total", &["nas"], "Polls of the NAS, successful or not.");
/// Failed polls.
pub static POLL_FAILURES: Metric = Metric::counter(
    "cloudsync_poll_failures_total",
    &["nas", "reason"],
    "Polls in which the NAS did not answer for its connections, by reason.",
);
/// Failed sections.
pub static SECTION_FAILURES: Metric = Metric::counter(
    "cloudsync_poll_section_failures_total",
    &["nas", "section"],
    "Parts of a poll that the NAS refused or answered with nonsense; each costs its own series. The log has reasons.",
)
.experimental();
/// Malformed values.
pub static MALFORMED: Metric = Metric::counter(
    "cloudsync_malformed_values_total",
    &["nas", "section"],
    "Values in the NAS's answers that were not what the API promises and were left out.",
)
.experimental();
/// Panics.
pub static POLL_PANICS: Metric = Metric::counter(
    "cloudsync_poll_panics_total",
    &["nas"],
    "Polls ended by a fault in this program. It goes on, but please report it with the log line.",
)
.experimental();
/// Requests.
pub static REQUESTS: Metric = Metric::counter(
    "cloudsync_nas_requests_total",
    &["nas", "method"],
    "HTTP requests sent to the NAS, by API method; several calls in one request are method=compound.",
);
/// Failed requests.
pub static REQUEST_FAILURES: Metric = Metric::counter(
    "cloudsync_nas_request_failures_total",
    &["nas", "method", "reason"],
    "HTTP requests to the NAS that failed, by API method and reason.",
);
/// How long requests take.
pub static REQUEST_DURATION: Metric = Metric::histogram(
    "cloudsync_nas_request_duration_seconds",
    &["nas", "method"],
    "How long the NAS took to answer an HTTP request, by API method.",
)
.seconds();
/// Logins.
pub static LOGINS: Metric = Metric::counter(
    "cloudsync_nas_logins_total",
    &["nas"],
    "Logins that the NAS accepted. Many of them mean that the session keeps being lost.",
);
/// Failed logins.
pub static LOGIN_FAILURES: Metric = Metric::counter(
    "cloudsync_nas_login_failures_total",
    &["nas", "reason"],
    "Logins that failed, by reason.",
);
/// Whether logins are held back.
pub static LOGIN_SUSPENDED: Metric = Metric::gauge(
    "cloudsync_nas_login_suspended",
    &["nas"],
    "1 while logins are held back: after a refusal, so that Auto Block does not lock this host out, or as they are in vain.",
);
/// Whether every user's connections are visible.
pub static SEES_ALL_USERS: Metric = Metric::gauge(
    "cloudsync_nas_sees_all_users",
    &["nas"],
    "1 when the account sees every user's connections, 0 when it sees only its own.",
);
/// When the NAS's certificate ends.
pub static CERTIFICATE_EXPIRY: Metric = Metric::gauge(
    "cloudsync_nas_tls_certificate_expiry_timestamp_seconds",
    &["nas"],
    "When the certificate that the NAS showed last ends, in seconds since 1970.",
)
.seconds();
/// Package settings as labels.
pub static PACKAGE_INFO: Metric = Metric::gauge(
    "cloudsync_package_info",
    &["nas", "admin_mode", "repo_volume"],
    "Always 1; the labels are settings of the Cloud Sync package.",
);
/// Whether everything is paused.
pub static PACKAGE_PAUSED: Metric =
    Metric::gauge("cloudsync_package_paused", &["nas"], "1 while Cloud Sync as a whole is paused.");
/// Concurrent uploads.
pub static PACKAGE_WORKERS: Metric = Metric::gauge(
    "cloudsync_package_workers",
    &["nas"],
    "How many uploads Cloud Sync may run at once, as configured.",
);
/// Log rows kept.
pub static PACKAGE_LOG_LIMIT: Metric = Metric::gauge(
    "cloudsync_package_log_limit",
    &["nas"],
    "How many log rows Cloud Sync keeps for each connection, as configured.",
);
/// The relink behaviour.
pub static PACKAGE_RELINK: Metric = Metric::gauge(
    "cloudsync_package_relink_deletes_cloud",
    &["nas"],
    "1 when files deleted locally are deleted in the cloud too after a relink; 0 when they are fetched again.",
);
/// Files in the notification.
pub static NOTIFICATION_FILES: Metric = Metric::gauge(
    "cloudsync_notification_files",
    &["nas"],
    "Files in Cloud Sync's pending notification; absent when there is none.",
);
/// Server merges.
pub static SERVER_MERGES: Metric = Metric::gauge(
    "cloudsync_server_merges",
    &["nas"],
    "Merges with the cloud that Cloud Sync lists as under way.",
);
/// Free bytes of a volume.
pub static VOLUME_FREE: Metric = Metric::gauge(
    "cloudsync_volume_free_bytes",
    &["nas", "volume"],
    "Free space of a volume of the NAS; volume is its mount point.",
)
.bytes();
/// Size of a volume.
pub static VOLUME_SIZE: Metric = Metric::gauge(
    "cloudsync_volume_size_bytes",
    &["nas", "volume"],
    "Size of a volume of the NAS; volume is its mount point.",
)
.bytes();
/// The tray icon's state.
pub static TRAY_STATUS: Metric = Metric::gauge(
    "cloudsync_tray_status",
    &["nas", "status"],
    "The state of Cloud Sync's tray icon: 1 for the present state, 0 for the others.",
);

pub(super) static NAS_FAMILIES: &[&Metric] = &[
    &UP,
    &DOWN_REASON,
    &LAST_SUCCESS,
    &POLL_DURATION,
    &POLLS,
    &POLL_FAILURES,
    &SECTION_FAILURES,
    &MALFORMED,
    &POLL_PANICS,
    &REQUESTS,
    &REQUEST_FAILURES,
    &REQUEST_DURATION,
    &LOGINS,
    &LOGIN_FAILURES,
    &LOGIN_SUSPENDED,
    &SEES_ALL_USERS,
    &CERTIFICATE_EXPIRY,
    &PACKAGE_INFO,
    &PACKAGE_PAUSED,
    &PACKAGE_WORKERS,
    &PACKAGE_LOG_LIMIT,
    &PACKAGE_RELINK,
    &NOTIFICATION_FILES,
    &SERVER_MERGES,
    &VOLUME_FREE,
    &VOLUME_SIZE,
    &TRAY_STATUS,
];
