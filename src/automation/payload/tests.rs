//! Bodies, good and bad, and what becomes of them.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn parse(body: &Value) -> Result<Notification, PayloadError> {
    Notification::parse(body.to_string().as_bytes())
}

fn alert() -> Value {
    json!({
        "status": "firing",
        "labels": {"alertname": "Saturated", "nas": "home"},
        "annotations": {"summary": "It is full"},
        "startsAt": "2026-11-23T09:33:40.782Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "ea8d71974ab219c7",
    })
}

/// The alert with one member replaced, or taken away by null.
fn with(name: &str, value: Value) -> Value {
    let mut alert = alert();
    match value {
        Value::Null => _ = alert.as_object_mut().unwrap().remove(name),
        value => alert[name] = value,
    }
    alert
}

fn body(alerts: &[Value]) -> Value {
    json!({"version": "4", "receiver": r"team\.a", "groupKey": "{}:{}", "alerts": alerts})
}

/// The one alert of a notification.
fn only(value: Value) -> Alert {
    let mut notification = parse(&body(&[value])).unwrap();
    assert_eq!(notification.fault, None);
    notification.alerts.remove(0)
}

/// Why the one alert of a notification cannot be read.
fn why(value: Value) -> String {
    let notification = parse(&body(&[value, alert()])).unwrap();
    assert_eq!((notification.malformed, notification.alerts.len()), (1, 1));
    notification.fault.unwrap()
}

#[test]
fn a_notification_is_read() {
    let notification = parse(&json!({
        "version": "4", "receiver": r"team\.a \(all\)", "status": "resolved", "truncatedAlerts": 3,
        "groupKey": "{}:{alertname=\"Saturated\"}", "alerts": [alert()], "notification_reason": "first notification",
    }));
    let notification = notification.unwrap();
    assert_eq!(notification.sender, Sender::Alertmanager);
    assert_eq!(notification.receiver, r"team\.a \(all\)");
    assert_eq!(notification.receiver_name(), "team.a (all)");
    assert_eq!(notification.group_key, "{}:{alertname=\"Saturated\"}");
    assert_eq!((notification.truncated, notification.malformed), (3, 0));
    let alert = &notification.alerts[0];
    // Its own status, although the group is resolved.
    assert_eq!(alert.status, AlertStatus::Firing);
    assert_eq!((alert.label("nas"), alert.label("absent")), ("home", ""));
    assert_eq!(alert.annotations["summary"], "It is full");
    assert_eq!(alert.starts_at.to_string(), "2026-11-23T09:33:40.782Z");
    assert_eq!(alert.ends_at, None);
    assert_eq!(alert.fingerprint, "ea8d71974ab219c7");
    assert_eq!(alert.generator, "http://prometheus/graph");
}

#[test]
fn the_version_says_who_speaks() {
    for (version, wanted) in [
        (json!("4"), Ok(Sender::Alertmanager)),
        (json!(4), Ok(Sender::Alertmanager)),
        (json!("1"), Ok(Sender::Grafana)),
        (json!(1), Ok(Sender::Grafana)),
        (json!("3"), Err("\"3\"")),
        (json!("5"), Err("\"5\"")),
        (json!(4.5), Err("4.5")),
        (json!(-4), Err("-4")),
        (json!("four"), Err("\"four\"")),
        (json!(null), Err("null")),
        (json!(["4"]), Err("neither text nor number")),
    ] {
        let given = parse(&json!({"version": version, "alerts": []})).map(|notification| notification.sender);
        assert_eq!(given, wanted.map_err(|shown| PayloadError::Version(shown.to_owned())), "{version}");
    }
    let missing = parse(&json!({"alerts": []})).unwrap_err();
    assert_eq!(missing.reason(), "version");
    assert_eq!(
        missing.to_string(),
        "the notification's version is missing; accepted: \"4\" (Alertmanager) and \"1\" (Grafana)"
    );
    let long = parse(&json!({"version": "9".repeat(10_000), "alerts": []})).unwrap_err();
    assert!(long.to_string().len() < 200);
}

#[test]
fn what_is_no_notification_is_refused() {
    for (body, reason, part) in [
        ("", "malformed", "the body is empty"),
        ("[]", "malformed", "it is no object"),
        ("null", "malformed", "it is no object"),
        ("{\"version\":\"4\"", "malformed", "line 1"),
        ("{\"version\":\"4\"}", "malformed", "alerts is no list"),
        ("{\"version\":\"4\",\"alerts\":null}", "malformed", "alerts is no list"),
        ("{\"version\":\"4\",\"alerts\":{}}", "malformed", "alerts is no list"),
        ("{\"version\":\"4\",\"alerts\":[],\"alerts\":[]}", "malformed", "alerts"),
        (
            "{\"version\":\"4\",\"alerts\":[],\"truncatedAlerts\":-1}",
            "malformed",
            "truncatedAlerts is no whole",
        ),
        ("{\"version\":\"4\",\"alerts\":[],\"truncatedAlerts\":\"many\"}", "malformed", "truncatedAlerts"),
    ] {
        let refused = Notification::parse(body.as_bytes()).unwrap_err();
        assert_eq!(refused.reason(), reason, "{body}");
        assert!(refused.to_string().contains(part), "{body}: {refused}");
    }
    let deep = format!("{{\"version\":\"4\",\"alerts\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(Notification::parse(deep.as_bytes()).unwrap_err().reason(), "malformed");
    assert_eq!(
        Notification::parse(b"{\"version\":\"4\",\"alerts\":[\"\xff\"]}").unwrap_err().reason(),
        "malformed"
    );
}

#[test]
fn too_many_alerts_are_refused_as_a_whole() {
    let many = parse(&body(&vec![alert(); MOST_ALERTS])).unwrap();
    assert_eq!(many.alerts.len(), MOST_ALERTS);
    let too_many = parse(&body(&vec![json!(1); MOST_ALERTS + 1])).unwrap_err();
    assert_eq!(too_many, PayloadError::TooMany(10_001));
    assert_eq!(too_many.reason(), "too_many_alerts");
}

#[test]
fn a_bad_alert_costs_itself() {
    let long = "x".repeat(5_000);
    let many: Map<String, Value> = (0..201).map(|i| (format!("l{i}"), json!("v"))).collect();
    for (value, wanted) in [
        (json!(7), "it is no object"),
        (with("status", Value::Null), "its status is neither firing nor resolved"),
        (with("status", json!("Firing")), "its status is neither firing nor resolved"),
        (with("labels", Value::Null), "its labels are no object"),
        (with("labels", json!({})), "it has no labels"),
        (with("labels", json!({"a": ""})), "it has no labels"),
        (with("labels", json!({"a": 1})), "a label is no text"),
        (with("labels", json!({"a": long})), "a label is too long"),
        (with("labels", json!({"x".repeat(1_025): "a"})), "a label is too long"),
        (with("labels", Value::Object(many)), "it has too many labels"),
        (with("startsAt", Value::Null), "it has no startsAt"),
        (with("startsAt", json!("0001-01-01T00:00:00Z")), "it has no startsAt"),
        (with("startsAt", json!("yesterday")), "a time is not in RFC 3339"),
        (with("startsAt", json!("2026-11-23 09:33")), "a time is not in RFC 3339"),
        (with("endsAt", json!(1_700_000_000)), "a time is no text"),
        (with("fingerprint", json!(12)), "its fingerprint is no short plain text"),
        (with("fingerprint", json!("a b")), "its fingerprint is no short plain text"),
        (with("fingerprint", json!("f".repeat(129))), "its fingerprint is no short plain text"),
    ] {
        assert_eq!(why(value), format!("alerts[0]: {wanted}"));
    }
    let mixed = parse(&body(&[alert(), json!(1), alert(), json!({})])).unwrap();
    assert_eq!((mixed.alerts.len(), mixed.malformed), (2, 2));
    assert_eq!(mixed.fault.as_deref(), Some("alerts[1]: it is no object"));
}

#[test]
fn contradictory_times_have_an_outcome() {
    let resolved = |ends: Value| {
        let mut value = with("status", json!("resolved"));
        value["endsAt"] = ends;
        only(value)
    };
    let start = "2026-11-23T09:33:40.782Z";
    let end = |alert: Alert| alert.ends_at.map(|end| end.to_string());
    assert_eq!(end(resolved(json!("2026-11-23T10:33:40+01:00"))), Some(start.to_owned()));
    assert_eq!(end(resolved(json!("2026-11-23T11:33:40+01:00"))), Some("2026-11-23T10:33:40Z".to_owned()));
    assert_eq!(end(resolved(json!("1999-01-01T00:00:00Z"))), Some(start.to_owned()));
    assert_eq!(end(resolved(json!("9999-01-01T00:00:00Z"))), Some("9999-01-01T00:00:00Z".to_owned()));
    for none in [json!("0001-01-01T00:00:00Z"), json!(""), Value::Null] {
        assert_eq!(end(resolved(none)), None);
    }
    // A firing alert has no end, whatever it says.
    assert_eq!(only(with("endsAt", json!("2026-11-23T10:00:00Z"))).ends_at, None);
    assert_eq!(only(with("endsAt", Value::Null)).ends_at, None);
}

#[test]
fn a_missing_fingerprint_is_the_one_that_alertmanager_computes() {
    // As in the notifications of real Alertmanagers, to the same labels.
    let labels = json!({
        "severity": "critical", "nas": "ds920", "job": "demo", "instance": "127.0.0.1:19111", "cluster": "loop",
        "alertname": "DemoGaugeHigh", "empty": "",
    });
    for missing in [Value::Null, json!("")] {
        let mut value = with("fingerprint", missing);
        value["labels"] = labels.clone();
        assert_eq!(only(value).fingerprint, "ea8d71974ab219c7");
    }
    assert_eq!(only(with("fingerprint", json!("given"))).fingerprint, "given");
}

#[test]
fn what_nothing_hangs_on_is_cut() {
    let many: Map<String, Value> = (0..100).map(|i| (format!("a{i:03}"), json!("é".repeat(1_000)))).collect();
    let alert = only(with("annotations", Value::Object(many)));
    assert_eq!(alert.annotations.len(), 32);
    assert!(alert.annotations.contains_key("a000") && !alert.annotations.contains_key("a032"));
    assert!(alert.annotations.values().all(|value| value.len() == 1_024));
    let odd = json!({"a": 1, "b": "text", "x".repeat(2_000): "long"});
    assert_eq!(only(with("annotations", odd)).annotations.into_keys().collect::<Vec<_>>(), ["b"]);
    assert!(only(with("annotations", json!([1]))).annotations.is_empty());
    assert_eq!(only(with("generatorURL", json!("u".repeat(2_049)))).generator, "");
    assert_eq!(only(with("generatorURL", json!(1))).generator, "");
    let long = json!({"version": "4", "alerts": [], "receiver": "é".repeat(9_999), "groupKey": 7});
    let long = parse(&long).unwrap();
    assert_eq!((long.receiver.len(), long.group_key.as_str(), long.truncated), (1_024, "", 0));
}

#[test]
fn it_survives_a_queue_on_disk() {
    let notification = parse(&body(&[alert(), with("status", json!("resolved"))])).unwrap();
    let text = serde_json::to_string(&notification).unwrap();
    assert_eq!(serde_json::from_str::<Notification>(&text).unwrap(), notification);
}

proptest! {
    #[test]
    fn damaged_bodies_do_no_harm(at in any::<prop::sample::Index>(), byte in any::<u8>(), end in any::<prop::sample::Index>()) {
        let mut body = body(&[alert(), alert()]).to_string().into_bytes();
        let index = at.index(body.len());
        body[index] = byte;
        let parts = [&body[..], &body[..end.index(body.len())]];
        for part in parts {
            if let Ok(notification) = Notification::parse(part) {
                prop_assert_eq!(notification.alerts.len() + notification.malformed, 2);
            }
        }
    }
}
