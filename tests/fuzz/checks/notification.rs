//! A webhook's body: bounds, what is kept of it, and which episodes it makes.

use std::collections::BTreeMap;

use cloudsync_exporter::automation::episode::Observation;
use cloudsync_exporter::automation::payload::{MOST_ALERTS, fingerprint};
use cloudsync_exporter::automation::{Alert, AlertStatus, EpisodeId, Episodes, Notification};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// Reads `data` as a notification and tells it to those who follow episodes.
pub(crate) fn check(data: &[u8]) {
    let notification = match Notification::parse(data) {
        Ok(notification) => notification,
        Err(error) => {
            assert!(["malformed", "version", "too_many_alerts"].contains(&error.reason()));
            let told = error.to_string();
            assert!(told.len() <= 1_000 && !told.chars().any(char::is_control), "{told:?}");
            return;
        }
    };
    assert!(notification.alerts.len() + notification.malformed <= MOST_ALERTS);
    assert_eq!(notification.malformed > 0, notification.fault.is_some());
    assert!(notification.fault.as_ref().is_none_or(|fault| fault.len() <= 200));
    assert!(notification.receiver.len() <= 1_024 && notification.group_key.len() <= 4_096);
    assert!(notification.receiver_name().len() <= notification.receiver.len());
    notification.alerts.iter().for_each(whole);

    // Kept in the state file, and read from it.
    let kept = serde_json::to_vec(&notification).expect("texts and numbers");
    assert_eq!(serde_json::from_slice::<Notification>(&kept).expect("as it was kept"), notification);

    // Sent again by somebody who knows no more than was read.
    let again = Notification::parse(&body(&notification)).expect("what was read can be sent");
    assert_eq!((again.malformed, &again.alerts), (0, &notification.alerts));
    episodes(&notification.alerts);
}

/// The promises of an alert.
pub(super) fn whole(alert: &Alert) {
    assert!((1..=200).contains(&alert.labels.len()));
    assert!(alert.labels.iter().all(|(name, value)| !name.is_empty() && !value.is_empty()));
    assert!(alert.labels.iter().all(|(name, value)| name.len() <= 1_024 && value.len() <= 4_096));
    assert!(alert.annotations.len() <= 32 && alert.annotations.values().all(|value| value.len() <= 1_024));
    assert!((1..=128).contains(&alert.fingerprint.len()) && alert.fingerprint.is_ascii());
    assert!(alert.generator.len() <= 2_048);
    assert!(alert.starts_at >= Timestamp::UNIX_EPOCH);
    assert!(alert.ends_at.is_none_or(|end| end >= alert.starts_at));
    assert!(alert.status == AlertStatus::Resolved || alert.ends_at.is_none());
    let name = alert.name();
    assert!(!name.chars().any(char::is_control) && name.chars().count() <= 201);
    assert_eq!(fingerprint(&alert.labels).len(), 16);
}

fn body(notification: &Notification) -> Vec<u8> {
    let alerts: Vec<_> = notification
        .alerts
        .iter()
        .map(|alert| {
            json!({
                "status": if alert.status == AlertStatus::Firing { "firing" } else { "resolved" },
                "labels": alert.labels, "annotations": alert.annotations, "fingerprint": alert.fingerprint,
                "startsAt": alert.starts_at, "endsAt": alert.ends_at, "generatorURL": alert.generator,
            })
        })
        .collect();
    let body = json!({"version": "4", "receiver": notification.receiver, "alerts": alerts});
    body.to_string().into_bytes()
}

/// Whatever order alerts come in: one that fires is open afterwards or a late copy; saying everything again at once
/// begins and ends nothing; and the name of an episode follows from the alert alone.
fn episodes(alerts: &[Alert]) {
    let alerts = &alerts[..alerts.len().min(50)];
    let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
    let mut episodes = Episodes::default();
    for (alert, seconds) in alerts.iter().zip(0..) {
        let now = now + SignedDuration::from_secs(seconds);
        let told = episodes.observe(alert, now);
        let episode = episodes.get(&alert.fingerprint).expect("it was told of");
        match told {
            Observation::Began(id) | Observation::Renewed(id) => {
                assert!(alert.status == AlertStatus::Firing && episode.is_open() && episode.id() == id);
            }
            Observation::Ended(id) => {
                assert!(alert.status == AlertStatus::Resolved && !episode.is_open() && episode.id() == id);
            }
            Observation::Unknown => assert!(!episode.is_open()),
            Observation::Stale => {}
        }
        assert_eq!(episode.heard(), now);
        assert_eq!(episode.ended().is_none(), episode.is_open());
        let id = episode.id().to_string();
        assert_eq!(id.parse::<EpisodeId>(), Ok(episode.id()));
    }
    // Alone and without memory, the first of a fingerprint makes the same name.
    let mut firsts: BTreeMap<&str, EpisodeId> = BTreeMap::new();
    for alert in alerts.iter().filter(|alert| alert.status == AlertStatus::Firing) {
        let mut fresh = Episodes::default();
        let Observation::Began(id) = fresh.observe(alert, now) else { panic!("the first one begins") };
        let mut other = Episodes::default();
        assert_eq!(other.observe(alert, now + SignedDuration::from_hours(1)), Observation::Began(id));
        assert_eq!(other.observe(alert, now + SignedDuration::from_hours(2)), Observation::Renewed(id));
        firsts.entry(&alert.fingerprint).or_insert(id);
    }
    let kept = serde_json::to_string(&episodes).expect("texts");
    assert_eq!(serde_json::from_str::<Episodes>(&kept).expect("as it was kept"), episodes);
    assert!(episodes.len() <= alerts.len());
    assert!(episodes.prune(now).is_empty(), "nothing is old yet");
}
