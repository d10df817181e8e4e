//! What real Alertmanagers answered when they were asked for their alerts.

use cloudsync_exporter::automation::alertmanager::{List, parse};
use cloudsync_exporter::automation::payload::fingerprint;
use cloudsync_exporter::automation::{AlertStatus, Listed};

use super::{VERSIONS, body, time};

fn list(version: &str) -> List {
    parse(&serde_json::to_vec(&body(&format!("{version}-alerts"))).unwrap()).unwrap()
}

#[test]
fn real_answers_are_read() {
    for version in VERSIONS {
        let given = body(&format!("{version}-alerts"));
        let list = list(version);
        assert_eq!((list.malformed, list.fault), (0, None), "{version}");
        assert_eq!(list.alerts.len(), given.as_array().unwrap().len(), "{version}");
        for (Listed { alert, .. }, given) in list.alerts.iter().zip(given.as_array().unwrap()) {
            // Each of them has an end that is still to come.
            assert!(given["endsAt"].as_str().unwrap() > given["updatedAt"].as_str().unwrap(), "{version}");
            assert_eq!((alert.status, alert.ends_at), (AlertStatus::Firing, None), "{version}");
            assert_eq!(alert.starts_at, time(given["startsAt"].as_str().unwrap()), "{version}");
            assert_eq!(alert.fingerprint, given["fingerprint"], "{version}");
            assert_eq!(fingerprint(&alert.labels), alert.fingerprint, "{version}: ours is theirs");
            assert_eq!(alert.generator, given["generatorURL"], "{version}");
        }
    }
}

#[test]
fn silenced_and_inhibited_alerts_are_there_and_ended_ones_are_not() {
    for version in VERSIONS {
        let list = list(version);
        let mut seen: Vec<_> =
            list.alerts.iter().map(|one| (one.alert.label("alertname"), one.is_suppressed)).collect();
        seen.sort_unstable();
        let wanted = [
            ("DemoGaugeHigh", false),
            ("Ends", false),
            ("LinkSlow", true),
            ("NasDown", false),
            // Muted by a time interval, which this list does not say.
            ("Night", false),
            ("Silenced", true),
        ];
        assert_eq!(seen, wanted, "{version}");
    }
}

#[test]
fn receivers_have_their_own_names() {
    for version in VERSIONS {
        for one in list(version).alerts {
            let wanted: &[_] = match one.alert.label("alertname") {
                "DemoGaugeHigh" => &["hook", "mail.storage (on call)"],
                _ => &["hook"],
            };
            assert_eq!(one.receivers, wanted, "{version}");
        }
    }
}
