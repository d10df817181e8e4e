//! The pure core of automation over what real Alertmanagers sent: from a body to an episode and a connection.

mod alertmanager;
mod bad_rules;
mod disk;
mod engine;
mod hearing;
mod mending;
mod model;
mod reconciling;
pub(crate) mod stage;

use std::path::{Path, PathBuf};
use std::time::Duration;

use cloudsync_exporter::automation::payload::{Sender, fingerprint};
use cloudsync_exporter::automation::{
    AlertStatus, Episodes, KnownConnection, Matchers, Notification, Observation, Rule, RuleAction, Select,
};
use cloudsync_exporter::model::{ConnectionId, NasName};
use jiff::Timestamp;
use serde_json::Value;

/// The versions of which there is a recording.
const VERSIONS: [&str; 3] = ["0.25.0", "0.28.1", "0.33.1"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/automation/fixtures")
}

/// The body of a recording.
fn body(name: &str) -> Value {
    let text = std::fs::read(fixtures().join(format!("{name}.json"))).unwrap();
    let mut recording: Value = serde_json::from_slice(&text).unwrap();
    recording["body"].take()
}

fn notification(body: &Value) -> Notification {
    Notification::parse(&serde_json::to_vec(body).unwrap()).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rule(matchers: &[&str], select: Select) -> Rule {
    Rule {
        name: "test".to_owned(),
        matchers: Matchers::parse(matchers).unwrap(),
        action: RuleAction::Pause,
        select,
        lease: Duration::from_secs(18_000),
        release_delay: Duration::from_secs(120),
        max_hold: Duration::from_secs(86_400),
        latch: false,
        cooldown: Duration::from_secs(300),
        daily_budget: 6,
    }
}

fn known() -> Vec<KnownConnection> {
    [(1, "Dropbox"), (2, "Google Drive")]
        .map(|(id, name)| KnownConnection {
            nas: NasName::new("ds920"),
            id: ConnectionId(id),
            names: vec![name.to_owned()],
        })
        .into()
}

#[test]
fn real_notifications_are_read() {
    let count = std::fs::read_dir(fixtures()).unwrap().count();
    assert_eq!(count, 3 * VERSIONS.len() + 2, "a fixture that no test reads");
    for version in VERSIONS {
        for status in ["firing", "resolved"] {
            let name = format!("{version}-{status}");
            let body = body(&name);
            let notification = notification(&body);
            assert_eq!(notification.sender, Sender::Alertmanager, "{name}");
            assert_eq!((notification.truncated, notification.malformed), (0, 0), "{name}");
            assert_eq!(notification.receiver_name(), "hook", "{name}");
            assert_eq!(
                notification.group_key, "{}:{alertname=\"DemoGaugeHigh\", instance=\"127.0.0.1:19111\"}",
                "{name}"
            );
            let [alert] = notification.alerts.as_slice() else { panic!("{name}: {notification:?}") };
            let given = &body["alerts"][0];
            assert_eq!(alert.starts_at, time(given["startsAt"].as_str().unwrap()), "{name}");
            let (status, ends_at) = match status {
                "firing" => (AlertStatus::Firing, None),
                _ => (AlertStatus::Resolved, Some(time(given["endsAt"].as_str().unwrap()))),
            };
            assert_eq!((alert.status, alert.ends_at), (status, ends_at), "{name}");
            assert_eq!(alert.labels.len(), 6, "{name}");
            assert_eq!(alert.annotations["summary"], "Demo gauge is 10 on 127.0.0.1:19111", "{name}");
            assert_eq!(alert.generator, given["generatorURL"], "{name}");
            // Ours is theirs.
            assert_eq!(fingerprint(&alert.labels), alert.fingerprint, "{name}");
        }
    }
}

#[test]
fn grafana_is_read_by_each_alerts_own_status() {
    let notification = notification(&body("grafana-11"));
    assert_eq!(notification.sender, Sender::Grafana);
    assert_eq!(notification.malformed, 0);
    let statuses: Vec<_> = notification.alerts.iter().map(|alert| alert.status).collect();
    assert_eq!(statuses, [AlertStatus::Firing, AlertStatus::Resolved]);
    assert_eq!(notification.alerts[0].starts_at, time("2026-11-23T09:33:40.782157076Z"));
    assert_eq!(notification.alerts[1].ends_at, Some(time("2026-11-23T09:23:40.782157076Z")));
    let rule = rule(&[r#"alertname="WAN saturated""#], Select::Labels);
    for (alert, id) in notification.alerts.iter().zip([1, 2]) {
        assert!(rule.matches(alert));
        let targets = rule.targets(alert, &known()).unwrap();
        assert_eq!(targets.iter().map(|target| target.connection).collect::<Vec<_>>(), [ConnectionId(id)]);
    }
}

#[test]
fn a_pair_begins_and_ends_an_episode_once() {
    for version in VERSIONS {
        let mut episodes = Episodes::default();
        let mut seen = Vec::new();
        // As one of them, and as its peer, which calls itself by another name.
        for (status, now) in [("firing", "2026-11-23T09:40:00Z"), ("resolved", "2026-11-23T09:41:00Z")] {
            let mut body = body(&format!("{version}-{status}"));
            for peer in ["http://one:9093", "http://two:9093"] {
                body["externalURL"] = peer.into();
                let notification = notification(&body);
                seen.push(episodes.observe(&notification.alerts[0], time(now)));
            }
        }
        let [
            Observation::Began(began),
            Observation::Renewed(renewed),
            Observation::Ended(ended),
            Observation::Stale,
        ] = seen[..]
        else {
            panic!("{version}: {seen:?}")
        };
        assert_eq!((began, renewed), (ended, ended), "{version}");
    }
}

#[test]
fn versions_change_nothing_about_which_rule_matches() {
    let named = || Select::Named {
        nas: NasName::new("ds920"),
        connections: vec!["Dropbox".to_owned(), "2".to_owned()],
    };
    for (matchers, wanted) in [
        (&[r#"alertname="DemoGaugeHigh""#][..], true),
        (&[r#"{alertname=~"Demo.*", severity=~"critical|warning"}"#, "nas!=office"], true),
        (&[r#"instance=~"127\.0\.0\.1:\d+""#], true),
        (&["alertname=~Demo"], false),
        (&["alertname=DemoGaugeHigh", "conn_id!="], false),
    ] {
        for version in VERSIONS {
            let alert = notification(&body(&format!("{version}-firing"))).alerts.remove(0);
            let rule = rule(matchers, named());
            assert_eq!(rule.matches(&alert), wanted, "{version} {matchers:?}");
            assert_eq!(rule.targets(&alert, &known()).map(|targets| targets.len()), Ok(2));
        }
    }
}
