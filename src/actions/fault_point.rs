//! Places at which tests end the program, to see that the next start puts everything right.
//!
//! Only debug builds have them. When the environment names a point, the task that reaches it says so and never goes
//! on; whoever tests then kills the process.

#[cfg(debug_assertions)]
const VARIABLE: &str = "CLOUDSYNC_EXPORTER_FAULT_POINT";

/// Stops here for good when the environment names this point.
#[cfg(debug_assertions)]
pub async fn reach(point: &'static str) {
    if std::env::var_os(VARIABLE).is_some_and(|name| name == point) {
        tracing::warn!(point, "fault point reached");
        std::future::pending::<()>().await;
    }
}

/// Goes on.
#[cfg(not(debug_assertions))]
pub async fn reach(_: &'static str) {}

/// The same where the condition holds.
pub async fn reach_if(condition: bool, point: &'static str) {
    if condition {
        reach(point).await;
    }
}
