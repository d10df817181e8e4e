//! What is counted of the webhook, of the Alertmanagers and of actions that guards kept back.

use cloudsync_exporter::metrics::{
    Coding, CollectOptions, ExporterMetrics, Exposition, Format, NasCounters, Selection,
};
use cloudsync_exporter::model::{ConnectionId, HeldConnection, HoldKind, NasName, Snapshot};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const OURS: [&str; 5] = [
    "cloudsync_webhook_",
    "cloudsync_alertmanager_",
    "cloudsync_action_blocked",
    "cloudsync_automation_frozen",
    "cloudsync_hold",
];

/// The lines about alerts, headers included.
fn lines(exposition: &Exposition, selection: &Selection, format: Format) -> Vec<String> {
    let rendered = exposition.render(selection, format, Coding::Identity).unwrap();
    let text = String::from_utf8(rendered.body.to_vec()).unwrap();
    let is_ours = |line: &&str| OURS.iter().any(|family| line.contains(family));
    text.lines().filter(is_ours).map(str::to_owned).collect()
}

/// Those of the whole exposition, without headers. A new exposition each time, for one serves what is a second old.
fn samples(exporter: &Arc<ExporterMetrics>) -> Vec<String> {
    let mut lines = lines(&Exposition::new(Arc::clone(exporter)), &Selection::All, Format::Text);
    lines.retain(|line| !line.starts_with('#'));
    lines
}

fn exporter() -> Arc<ExporterMetrics> {
    Arc::new(ExporterMetrics::new("0", "0", "0", 0.0))
}

#[test]
fn nothing_is_said_of_a_webhook_where_there_is_none() {
    let exposition = Exposition::new(exporter());
    for format in [Format::Text, Format::OpenMetrics] {
        assert_eq!(lines(&exposition, &Selection::All, format), Vec::<String>::new());
    }
}

#[test]
fn a_webhook_begins_at_zero_and_without_a_last_notification() {
    let exporter = exporter();
    exporter.expect_webhook();
    assert_eq!(
        samples(&exporter),
        [
            "cloudsync_webhook_notifications_total 0",
            "cloudsync_webhook_rejected_total{reason=\"busy\"} 0",
            "cloudsync_webhook_rejected_total{reason=\"disk\"} 0",
            "cloudsync_webhook_rejected_total{reason=\"malformed\"} 0",
            "cloudsync_webhook_rejected_total{reason=\"too_large\"} 0",
            "cloudsync_webhook_rejected_total{reason=\"too_many_alerts\"} 0",
            "cloudsync_webhook_rejected_total{reason=\"version\"} 0",
            "cloudsync_webhook_truncated_alerts_total 0",
            "cloudsync_webhook_malformed_alerts_total 0",
        ]
    );
}

#[test]
fn notifications_are_counted() {
    let exporter = exporter();
    exporter.expect_webhook();
    exporter.webhook_accepted(1_700_000_000.5, 0, 0);
    exporter.webhook_accepted(1_700_000_001.5, 2, 3);
    exporter.webhook_accepted(1_700_000_002.5, 1, 0);
    exporter.webhook_rejected("busy");
    exporter.webhook_rejected("busy");
    // What is said again changes nothing.
    exporter.expect_webhook();
    let samples = samples(&exporter);
    for wanted in [
        "cloudsync_webhook_notifications_total 3",
        "cloudsync_webhook_last_timestamp_seconds 1700000002.5",
        "cloudsync_webhook_rejected_total{reason=\"busy\"} 2",
        "cloudsync_webhook_rejected_total{reason=\"disk\"} 0",
        "cloudsync_webhook_truncated_alerts_total 3",
        "cloudsync_webhook_malformed_alerts_total 3",
    ] {
        assert!(samples.iter().any(|line| line == wanted), "{wanted}: {samples:?}");
    }
}

#[test]
fn alertmanagers_have_the_last_answer_until_they_leave_the_configuration() {
    let exporter = exporter();
    exporter.alertmanager_up("http://one:9093/", true);
    exporter.alertmanager_up("http://two:9093/a\"b", true);
    exporter.alertmanager_up("http://two:9093/a\"b", false);
    assert_eq!(
        samples(&exporter),
        [
            "cloudsync_alertmanager_up{alertmanager=\"http://one:9093/\"} 1",
            "cloudsync_alertmanager_up{alertmanager=\"http://two:9093/a\\\"b\"} 0",
        ]
    );
    exporter.keep_alertmanagers(&["http://one:9093/".to_owned(), "http://three:9093/".to_owned()]);
    assert_eq!(samples(&exporter), ["cloudsync_alertmanager_up{alertmanager=\"http://one:9093/\"} 1"]);
    exporter.keep_alertmanagers(&[]);
    assert_eq!(samples(&exporter), Vec::<String>::new());
}

#[test]
fn the_other_format_has_types_and_units() {
    let exporter = exporter();
    exporter.expect_webhook();
    exporter.webhook_accepted(1.0, 0, 0);
    let lines = lines(&Exposition::new(exporter), &Selection::All, Format::OpenMetrics);
    for wanted in [
        "# TYPE cloudsync_webhook_notifications counter",
        "cloudsync_webhook_notifications_total 1",
        "# TYPE cloudsync_webhook_last_timestamp_seconds gauge",
        "# UNIT cloudsync_webhook_last_timestamp_seconds seconds",
        "cloudsync_webhook_last_timestamp_seconds 1.0",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}: {lines:?}");
    }
}

#[test]
fn what_guards_keep_back_is_counted_by_nas() {
    let exposition = Exposition::new(exporter());
    let home = NasName::new("home");
    let counters = Arc::new(NasCounters::new(&home, []));
    let options = CollectOptions { per_file: false, max_files: 0, max_series: 1_000 };
    exposition.publish(Arc::new(Snapshot::untried(home.clone())), &counters, options);
    let blocked = || {
        let mut lines = lines(&exposition, &Selection::Nas(home.clone()), Format::Text);
        lines.retain(|line| !line.starts_with('#'));
        lines.sort();
        lines
    };
    assert_eq!(blocked(), Vec::<String>::new());
    counters.expect_blocks(["frozen", "cooldown"]);
    counters.blocked("cooldown");
    counters.blocked("cooldown");
    counters.expect_blocks(["cooldown"]);
    assert_eq!(
        blocked(),
        [
            "cloudsync_action_blocked_total{nas=\"home\",reason=\"cooldown\"} 2",
            "cloudsync_action_blocked_total{nas=\"home\",reason=\"frozen\"} 0",
        ]
    );
}

#[test]
fn the_switch_is_asked_each_time() {
    let exporter = exporter();
    let switch = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&switch);
    exporter.watch_freeze(move || asked.load(Ordering::SeqCst));
    assert_eq!(samples(&exporter), ["cloudsync_automation_frozen 0"]);
    switch.store(true, Ordering::SeqCst);
    // Whoever comes later is not heard.
    exporter.watch_freeze(|| false);
    assert_eq!(samples(&exporter), ["cloudsync_automation_frozen 1"]);
}

#[test]
fn holds_that_share_labels_are_one_series() {
    let home = NasName::new("home");
    let counters = Arc::new(NasCounters::new(&home, []));
    let manual = HeldConnection {
        connection: ConnectionId(3),
        rule: String::new(),
        kind: HoldKind::Manual,
        since: 1_700_000_000.5,
        until: Some(1_700_003_600.0),
        in_effect: true,
    };
    let shown = |holds: Vec<HeldConnection>| {
        counters.show_holds(holds);
        let exposition = Exposition::new(exporter());
        let options = CollectOptions { per_file: false, max_files: 0, max_series: 1_000 };
        exposition.publish(Arc::new(Snapshot::untried(home.clone())), &counters, options);
        let mut lines = lines(&exposition, &Selection::Nas(home.clone()), Format::Text);
        lines.retain(|line| !line.starts_with('#'));
        lines
    };
    let of_three = "{nas=\"home\",conn_id=\"3\",rule=\"\",kind=\"manual\"}";
    let series = |name: &str, value: &str| format!("{name}{of_three} {value}");
    assert_eq!(
        shown(vec![manual.clone()]),
        [
            series("cloudsync_holds", "1"),
            series("cloudsync_hold_start_timestamp_seconds", "1700000000.5"),
            series("cloudsync_hold_expiry_timestamp_seconds", "1700003600.0"),
            series("cloudsync_hold_in_effect", "1"),
        ]
    );
    let older = HeldConnection { since: 1_600_000_000.0, until: None, in_effect: false, ..manual.clone() };
    assert_eq!(
        shown(vec![manual.clone(), older, manual]),
        [
            series("cloudsync_holds", "3"),
            series("cloudsync_hold_start_timestamp_seconds", "1600000000.0"),
            series("cloudsync_hold_in_effect", "0"),
        ]
    );
    assert_eq!(shown(Vec::new()), Vec::<String>::new());
}
