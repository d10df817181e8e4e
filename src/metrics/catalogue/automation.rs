//! Families about holds, actions and the webhook. The names of those that are planned are fixed; they are exposed
//! once the automation is part of this program.

use super::Metric;

const HOLD: &[&str] = &["nas", "conn_id", "rule", "kind"];
const ACTION: &[&str] = &["nas", "action", "source"];

/// Holds in force.
pub static HOLDS: Metric =
    Metric::gauge("cloudsync_holds", HOLD, "Holds in force on a connection; kind is alert or manual.");
/// When they end.
pub static HOLD_EXPIRY: Metric = Metric::gauge(
    "cloudsync_hold_expiry_timestamp_seconds",
    HOLD,
    "When a hold ends by itself, in seconds since 1970; absent where only a person ends it.",
)
.seconds();
/// Actions taken.
pub static ACTIONS_TAKEN: Metric = Metric::counter(
    "cloudsync_actions_total",
    ACTION,
    "Actions sent to the NAS; source is api, rule or release.",
);
/// Actions that failed.
pub static ACTION_FAILURES: Metric = Metric::counter(
    "cloudsync_action_failures_total",
    ACTION,
    "Actions that the NAS refused, did not answer or did not carry out.",
);
/// Actions not taken.
pub static ACTION_BLOCKED: Metric = Metric::counter(
    "cloudsync_action_blocked_total",
    &["nas", "reason"],
    "Actions that a guard kept back, by the guard.",
)
.planned();
/// Notifications.
pub static WEBHOOK_NOTIFICATIONS: Metric =
    Metric::counter("cloudsync_webhook_notifications_total", &[], "Notifications that the webhook accepted.")
        .planned();
/// The last one.
pub static WEBHOOK_LAST: Metric = Metric::gauge(
    "cloudsync_webhook_last_timestamp_seconds",
    &[],
    "When the webhook last accepted a notification, in seconds since 1970.",
)
.seconds()
.planned();
/// Notifications refused.
pub static WEBHOOK_REJECTED: Metric = Metric::counter(
    "cloudsync_webhook_rejected_total",
    &["reason"],
    "Notifications that the webhook refused, by reason.",
)
.planned();

pub(super) static AUTOMATION_FAMILIES: &[&Metric] = &[
    &HOLDS,
    &HOLD_EXPIRY,
    &ACTIONS_TAKEN,
    &ACTION_FAILURES,
    &ACTION_BLOCKED,
    &WEBHOOK_NOTIFICATIONS,
    &WEBHOOK_LAST,
    &WEBHOOK_REJECTED,
];
