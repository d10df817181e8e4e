//! Families about this program itself.

use super::Metric;

/// What is running.
pub static BUILD_INFO: Metric = Metric::gauge(
    "cloudsync_exporter_build_info",
    &["version", "revision", "rustc"],
    "Always 1; the labels say what was built from what.",
);
/// Series left out.
pub static SERIES_DROPPED: Metric = Metric::counter(
    "cloudsync_exporter_series_dropped_total",
    &["nas", "family"],
    "Series left out because the NAS has more than metrics.max_series, counted each time they are.",
);
/// Whether the configuration is in force.
pub static RELOAD_SUCCESSFUL: Metric = Metric::gauge(
    "cloudsync_exporter_config_last_reload_successful",
    &[],
    "1 when the last attempt to load the configuration succeeded; 0 means that the one before is in force.",
);
/// When it was loaded.
pub static RELOAD_TIMESTAMP: Metric = Metric::gauge(
    "cloudsync_exporter_config_last_reload_success_timestamp_seconds",
    &[],
    "When the configuration was last loaded with success, in seconds since 1970.",
)
.seconds();
/// Whether a listener's web configuration is in force.
pub static WEB_CONFIG_SUCCESSFUL: Metric = Metric::gauge(
    "cloudsync_exporter_web_config_last_reload_successful",
    &["listener"],
    "1 when the web configuration of the listener (web, admin) could be used when it was last read; 0 means that the \
     one before is in force. Absent without one.",
);
/// When it was loaded.
pub static WEB_CONFIG_TIMESTAMP: Metric = Metric::gauge(
    "cloudsync_exporter_web_config_last_reload_success_timestamp_seconds",
    &["listener"],
    "When the web configuration of the listener was last loaded with success, in seconds since 1970.",
)
.seconds();
/// Requests to our listeners.
pub static HTTP_REQUESTS: Metric = Metric::counter(
    "cloudsync_exporter_http_requests_total",
    &["handler", "code"],
    "HTTP requests to this program, by handler and status code.",
);
/// Processor time.
pub static PROCESS_CPU: Metric =
    Metric::counter("process_cpu_seconds_total", &[], "Total user and system CPU time spent in seconds.")
        .seconds();
/// Open descriptors.
pub static PROCESS_OPEN_FDS: Metric =
    Metric::gauge("process_open_fds", &[], "Number of open file descriptors.");
/// Their limit.
pub static PROCESS_MAX_FDS: Metric =
    Metric::gauge("process_max_fds", &[], "Maximum number of open file descriptors.");
/// Virtual memory.
pub static PROCESS_VIRTUAL_MEMORY: Metric =
    Metric::gauge("process_virtual_memory_bytes", &[], "Virtual memory size in bytes.").bytes();
/// Its limit.
pub static PROCESS_VIRTUAL_MEMORY_MAX: Metric = Metric::gauge(
    "process_virtual_memory_max_bytes",
    &[],
    "Maximum amount of virtual memory available in bytes.",
)
.bytes();
/// Resident memory.
pub static PROCESS_RESIDENT_MEMORY: Metric =
    Metric::gauge("process_resident_memory_bytes", &[], "Resident memory size in bytes.").bytes();
/// Threads.
pub static PROCESS_THREADS: Metric =
    Metric::gauge("process_threads", &[], "Number of OS threads in the process.");
/// When it started.
pub static PROCESS_START_TIME: Metric = Metric::gauge(
    "process_start_time_seconds",
    &[],
    "Start time of the process since unix epoch in seconds.",
)
.seconds();

pub(super) static EXPORTER_FAMILIES: &[&Metric] = &[
    &BUILD_INFO,
    &SERIES_DROPPED,
    &RELOAD_SUCCESSFUL,
    &RELOAD_TIMESTAMP,
    &WEB_CONFIG_SUCCESSFUL,
    &WEB_CONFIG_TIMESTAMP,
    &HTTP_REQUESTS,
    &PROCESS_CPU,
    &PROCESS_OPEN_FDS,
    &PROCESS_MAX_FDS,
    &PROCESS_VIRTUAL_MEMORY,
    &PROCESS_VIRTUAL_MEMORY_MAX,
    &PROCESS_RESIDENT_MEMORY,
    &PROCESS_THREADS,
    &PROCESS_START_TIME,
];
