//! Families about holds, actions, the webhook and the Alertmanagers.

use super::Metric;

const HOLD: &[&str] = &["nas", "conn_id", "rule", "kind"];
const ACTION: &[&str] = &["nas", "action", "source"];

/// Holds in force.
pub static HOLDS: Metric =
    Metric::gauge("cloudsync_holds", HOLD, "Holds in force on a connection; kind is alert or manual.");
/// When they came.
pub static HOLD_START: Metric = Metric::gauge(
    "cloudsync_hold_start_timestamp_seconds",
    HOLD,
    "When a hold came, in seconds since 1970; the oldest of those that share the labels.",
)
.seconds();
/// When they end.
pub static HOLD_EXPIRY: Metric = Metric::gauge(
    "cloudsync_hold_expiry_timestamp_seconds",
    HOLD,
    "When a hold ends by itself, in seconds since 1970; absent where only a person ends it.",
)
.seconds();
/// Whether the NAS does as they say.
pub static HOLD_IN_EFFECT: Metric = Metric::gauge(
    "cloudsync_hold_in_effect",
    HOLD,
    "1 when the NAS has shown what the hold wants; 0 until then, and while it is being let go.",
);
/// Whether rules are kept from acting.
pub static AUTOMATION_FROZEN: Metric = Metric::gauge(
    "cloudsync_automation_frozen",
    &[],
    "1 while somebody keeps every rule from acting (freeze), else 0; absent without the admin API.",
);
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
);
/// Notifications.
pub static WEBHOOK_NOTIFICATIONS: Metric =
    Metric::counter("cloudsync_webhook_notifications_total", &[], "Notifications that the webhook accepted.");
/// The last one.
pub static WEBHOOK_LAST: Metric = Metric::gauge(
    "cloudsync_webhook_last_timestamp_seconds",
    &[],
    "When the webhook last accepted a notification, in seconds since 1970; absent until it did.",
)
.seconds();
/// Notifications refused.
pub static WEBHOOK_REJECTED: Metric = Metric::counter(
    "cloudsync_webhook_rejected_total",
    &["reason"],
    "Notifications that the webhook refused, by reason.",
);
/// Alerts left out by the sender.
pub static WEBHOOK_TRUNCATED: Metric = Metric::counter(
    "cloudsync_webhook_truncated_alerts_total",
    &[],
    "Alerts that accepted notifications said were left out, because the sender has a max_alerts.",
);
/// Alerts that nobody could read.
pub static WEBHOOK_MALFORMED: Metric = Metric::counter(
    "cloudsync_webhook_malformed_alerts_total",
    &[],
    "Alerts of accepted notifications that could not be read and count for nothing.",
);
/// Whether an Alertmanager answers.
pub static ALERTMANAGER_UP: Metric = Metric::gauge(
    "cloudsync_alertmanager_up",
    &["alertmanager"],
    "1 when the Alertmanager answered the last time it was asked.",
);

pub(super) static AUTOMATION_FAMILIES: &[&Metric] = &[
    &HOLDS,
    &HOLD_START,
    &HOLD_EXPIRY,
    &HOLD_IN_EFFECT,
    &AUTOMATION_FROZEN,
    &ACTIONS_TAKEN,
    &ACTION_FAILURES,
    &ACTION_BLOCKED,
    &WEBHOOK_NOTIFICATIONS,
    &WEBHOOK_LAST,
    &WEBHOOK_REJECTED,
    &WEBHOOK_TRUNCATED,
    &WEBHOOK_MALFORMED,
    &ALERTMANAGER_UP,
];
