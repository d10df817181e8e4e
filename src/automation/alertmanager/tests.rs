//! Answers, good and bad, and what is read of them.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn listed() -> Value {
    json!({
        "annotations": {"summary": "It is full"},
        "endsAt": "2026-11-23T09:38:40.782Z",
        "fingerprint": "ea8d71974ab219c7",
        "receivers": [{"name": "hook"}, {"name": "mail.a (all)"}],
        "startsAt": "2026-11-23T09:33:40.782Z",
        "status": {"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"},
        "updatedAt": "2026-11-23T09:34:40.782Z",
        "generatorURL": "http://prometheus/graph",
        "labels": {"alertname": "Saturated", "nas": "home"},
    })
}

/// The alert with one member replaced, or taken away by null.
fn with(name: &str, value: Value) -> Value {
    let mut listed = listed();
    match value {
        Value::Null => _ = listed.as_object_mut().unwrap().remove(name),
        value => listed[name] = value,
    }
    listed
}

fn read(alerts: &[Value]) -> List {
    parse(json!(alerts).to_string().as_bytes()).unwrap()
}

fn only(value: Value) -> Listed {
    let mut list = read(&[value]);
    assert_eq!((list.malformed, list.fault), (0, None));
    list.alerts.remove(0)
}

#[test]
fn an_alert_that_is_listed_fires() {
    let Listed { alert, is_suppressed, receivers } = only(listed());
    assert!(!is_suppressed);
    assert_eq!(receivers, ["hook", "mail.a (all)"]);
    assert_eq!(alert.status, AlertStatus::Firing);
    assert_eq!((alert.label("nas"), alert.labels.len()), ("home", 2));
    assert_eq!(alert.starts_at.to_string(), "2026-11-23T09:33:40.782Z");
    // When it would end by itself is no end.
    assert_eq!(alert.ends_at, None);
    assert_eq!(alert.fingerprint, "ea8d71974ab219c7");
    assert_eq!(alert.annotations["summary"], "It is full");
    assert_eq!(alert.generator, "http://prometheus/graph");
}

#[test]
fn the_state_says_whether_anybody_is_told() {
    for (state, wanted) in [("active", false), ("unprocessed", false), ("suppressed", true)] {
        let listed = only(with("status", json!({"state": state, "silencedBy": ["x"], "pausedBy": 7})));
        assert_eq!(listed.is_suppressed, wanted, "{state}");
        assert_eq!(listed.alert.status, AlertStatus::Firing, "{state}");
    }
}

#[test]
fn what_need_not_be_there_may_be_missing() {
    for name in ["annotations", "endsAt", "updatedAt", "generatorURL", "receivers"] {
        assert_eq!(only(with(name, Value::Null)).alert.fingerprint, "ea8d71974ab219c7", "{name}");
    }
    assert_eq!(only(with("fingerprint", Value::Null)).alert.fingerprint.len(), 16);
    for (given, wanted) in [
        (json!([]), vec![]),
        (json!("hook"), vec![]),
        (json!(["hook", 1, null, {"name": 7}, {"name": "a"}]), vec!["a".to_owned()]),
        (json!([{"name": "x".repeat(2_000)}]), vec!["x".repeat(1_024)]),
    ] {
        assert_eq!(only(with("receivers", given)).receivers, wanted);
    }
}

#[test]
fn an_empty_list_is_an_answer() {
    for body in ["[]", " [ ]\n"] {
        assert_eq!(parse(body.as_bytes()), Ok(List::default()));
    }
}

#[test]
fn what_is_no_list_is_no_answer() {
    for (body, part) in [
        ("", "malformed: no JSON, the body is empty"),
        ("null", "no list of alerts"),
        ("{}", "no list of alerts"),
        // The API before this one.
        (r#"{"status":"success","data":[]}"#, "no list of alerts"),
        (r#""[]""#, "no list of alerts"),
        ("<html><body>Bad Gateway</body></html>", "malformed: expected value at line 1"),
        ("[{}", "malformed: EOF"),
        ("[] []", "malformed: trailing"),
        (r#"[{"labels":{"a":"b","a":"c"}}]"#, "a key for the second time"),
    ] {
        let error = parse(body.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("the answer is ") && error.contains(part), "{body}: {error}");
    }
    assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    assert!(parse(b"[\"\xff\"]").is_err());
}

#[test]
fn a_bad_alert_costs_itself_and_the_belief_in_absence() {
    for (value, wanted) in [
        (json!(7), "it is no object"),
        (with("status", Value::Null), "its state is none of active, suppressed and unprocessed"),
        (with("status", json!("active")), "its state is none of active, suppressed and unprocessed"),
        (
            with("status", json!({"state": "Active"})),
            "its state is none of active, suppressed and unprocessed",
        ),
        (with("labels", Value::Null), "its labels are no object"),
        (with("labels", json!({"a": 1})), "a label is no text"),
        (with("startsAt", Value::Null), "it has no startsAt"),
        (with("startsAt", json!("yesterday")), "a time is not in RFC 3339"),
        (with("endsAt", json!(5)), "a time is no text"),
        (with("fingerprint", json!("a b")), "its fingerprint is no short plain text"),
    ] {
        let List { alerts, malformed, fault } = read(&[listed(), value, listed(), json!(1)]);
        assert_eq!((alerts.len(), malformed), (2, 2));
        assert_eq!(fault.unwrap(), format!("alert 1: {wanted}"));
    }
}

#[test]
fn absence_is_believed_of_a_whole_answer_only() {
    let answer = |alerts, malformed| Answer { url: "http://am:9093/".to_owned(), alerts, malformed };
    assert!(answer(Ok(Vec::new()), 0).knows_all());
    assert!(answer(Ok(vec![only(listed())]), 0).knows_all());
    assert!(!answer(Ok(vec![only(listed())]), 1).knows_all());
    assert!(!answer(Err("no answer".to_owned()), 0).knows_all());
}

proptest! {
    #[test]
    fn damaged_answers_do_no_harm(at in any::<prop::sample::Index>(), byte in any::<u8>(), end in any::<prop::sample::Index>()) {
        let mut body = json!([listed(), listed()]).to_string().into_bytes();
        let index = at.index(body.len());
        body[index] = byte;
        for part in [&body[..], &body[..end.index(body.len())]] {
            if let Ok(list) = parse(part) {
                prop_assert_eq!(list.alerts.len() + list.malformed, 2);
            }
        }
    }
}
