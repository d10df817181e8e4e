//! What the Alertmanagers say when they are asked: silenced alerts, lost ends, alerts that were left out.

use super::stage::{Stage, alert, bearer, notification, rule, settings};
use cloudsync_exporter::automation::alertmanager::{Answer, parse};
use cloudsync_exporter::automation::{Rule, Settings};
use serde_json::{Value, json};
use std::time::Duration;

/// What an Alertmanager answers that has these alerts, each with its state.
fn answer(alerts: &[(Value, &str)]) -> Answer {
    let listed: Vec<Value> = alerts
        .iter()
        .map(|(alert, state)| {
            json!({
                "labels": alert["labels"], "annotations": {}, "startsAt": alert["startsAt"],
                "endsAt": alert["startsAt"], "updatedAt": alert["startsAt"], "fingerprint": alert["fingerprint"],
                "receivers": [{ "name": "am" }],
                "status": { "state": state, "silencedBy": [], "inhibitedBy": [] },
            })
        })
        .collect();
    let list = parse(&serde_json::to_vec(&listed).unwrap()).unwrap();
    Answer { url: "http://am:9093".to_owned(), alerts: Ok(list.alerts), malformed: list.malformed }
}

fn no_answer() -> Answer {
    Answer { url: "http://other:9093".to_owned(), alerts: Err("down".to_owned()), malformed: 0 }
}

fn short(name: &str) -> Rule {
    Rule { lease: Duration::from_secs(600), ..rule(name) }
}

/// An alert that fires and has paused.
async fn firing(rules: &[Rule]) -> (Stage, Value) {
    let mut stage = Stage::new(rules);
    let alert = alert("wan", "a", "firing", 0);
    stage.notify(std::slice::from_ref(&alert)).await.unwrap();
    stage.seconds(2).await;
    stage.desk.home.was_told(&["pause 3"]);
    (stage, alert)
}

#[tokio::test(start_paused = true)]
async fn what_still_fires_is_renewed_silenced_or_not() {
    for state in ["active", "suppressed", "unprocessed"] {
        let (mut stage, alert) = firing(&[short("wan")]).await;
        *stage.alertmanagers.0.lock().unwrap() = vec![answer(&[(alert, state)]), no_answer()];
        stage.seconds(2_000).await;
        assert_eq!(stage.desk.holds(), ["home 3 held"], "{state}");
        stage.desk.home.was_told(&[]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_has_at_two_looks_is_over() {
    let (mut stage, _) = firing(&[rule("wan")]).await;
    *stage.alertmanagers.0.lock().unwrap() = vec![answer(&[]), no_answer()];
    stage.seconds(185).await;
    assert_eq!(stage.decisions().await, ["wan acted"], "one that was just started knows nothing yet");
    stage.seconds(180).await;
    assert_eq!(stage.decisions().await, ["wan acted", "wan resolved"]);
    stage.seconds(125).await;
    stage.desk.home.was_told(&["resume 3"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_once_is_not_over() {
    let (mut stage, alert) = firing(&[rule("wan")]).await;
    for round in 0..6 {
        let with = answer(&[(alert.clone(), "active")]);
        *stage.alertmanagers.0.lock().unwrap() = vec![if round % 2 == 0 { answer(&[]) } else { with }];
        stage.seconds(180).await;
    }
    assert_eq!(stage.decisions().await, ["wan acted"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_has_it_outweighs_one_that_has_not() {
    let (mut stage, alert) = firing(&[short("wan")]).await;
    *stage.alertmanagers.0.lock().unwrap() = vec![answer(&[]), answer(&[(alert, "suppressed")])];
    stage.seconds(2_000).await;
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_unreadable_alerts_ends_nothing() {
    let (mut stage, _) = firing(&[rule("wan")]).await;
    *stage.alertmanagers.0.lock().unwrap() = vec![Answer { malformed: 1, ..answer(&[]) }];
    stage.seconds(1_000).await;
    assert_eq!(stage.decisions().await, ["wan acted"]);
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_the_lease_decides() {
    let (mut stage, _) = firing(&[short("wan")]).await;
    *stage.alertmanagers.0.lock().unwrap() = vec![no_answer()];
    stage.seconds(590).await;
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
    stage.seconds(20).await;
    stage.desk.home.was_told(&["resume 3"]);
    assert_eq!(stage.decisions().await, ["wan acted"]);
}

#[tokio::test(start_paused = true)]
async fn a_lease_shorter_than_the_interval_is_a_reason_to_ask() {
    let lease = Duration::from_secs(100);
    let (mut stage, alert) = firing(&[Rule { lease, ..rule("wan") }]).await;
    *stage.alertmanagers.0.lock().unwrap() = vec![answer(&[(alert, "suppressed")])];
    stage.seconds(1_000).await;
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
    let asked = *stage.alertmanagers.1.lock().unwrap();
    assert!((10..30).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_restart_asks_before_it_lets_go() {
    let (mut stage, alert) = firing(&[short("wan")]).await;
    *stage.alertmanagers.0.lock().unwrap() = vec![answer(&[(alert, "active")])];
    stage.restart();
    stage.pass(3_600).await;
    stage.seconds(10).await;
    stage.desk.home.was_told(&[]);
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
}

#[tokio::test(start_paused = true)]
async fn alerts_that_were_left_out_are_asked_for_and_no_others() {
    let mut stage = Stage::new(&[rule("wan"), rule("disk")]);
    let told = alert("wan", "a", "firing", 0);
    let mut body = notification(std::slice::from_ref(&told));
    body["truncatedAlerts"] = json!(2);
    body["groupLabels"] = json!({ "alertname": "Full" });
    let mut other_group = alert("disk", "other", "firing", 0);
    other_group["labels"]["alertname"] = json!("Other");
    let silenced = (alert("disk", "silenced", "firing", 0), "suppressed");
    let active = |alert: &Value| (alert.clone(), "active");
    *stage.alertmanagers.0.lock().unwrap() = vec![answer(&[active(&told), silenced, active(&other_group)])];
    stage.automation.accept(serde_json::to_vec(&body).unwrap(), bearer()).await.unwrap();
    assert_eq!(*stage.counted.0.lock().unwrap(), ["accepted 0 2"]);
    stage.seconds(60).await;
    assert_eq!(stage.decisions().await, ["wan acted"], "neither the silenced one nor that of another group");
    let left_out = alert("disk", "b", "firing", 0);
    *stage.alertmanagers.0.lock().unwrap() = vec![answer(&[active(&told), active(&left_out)])];
    body["receiver"] = json!("other");
    stage.automation.accept(serde_json::to_vec(&body).unwrap(), bearer()).await.unwrap();
    stage.seconds(60).await;
    assert_eq!(stage.decisions().await, ["wan acted"], "the receiver was another one");
    body["receiver"] = json!("am");
    stage.automation.accept(serde_json::to_vec(&body).unwrap(), bearer()).await.unwrap();
    stage.seconds(60).await;
    assert_eq!(stage.decisions().await, ["wan acted", "disk acted"]);
    stage.desk.home.was_told(&["pause 3"]);
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_only_an_alertmanager_has_begins_nothing() {
    let mut stage = Stage::new(&[rule("wan")]);
    *stage.alertmanagers.0.lock().unwrap() = vec![answer(&[(alert("wan", "a", "firing", 0), "active")])];
    stage.seconds(400).await;
    assert!(stage.decisions().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_alertmanagers_are_asked_every_so_often() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.set(Settings { reconcile_interval: Duration::from_secs(60), ..settings(&[rule("wan")]) });
    stage.fires("wan", "a").await;
    stage.seconds(600).await;
    stage.desk.home.was_told(&["pause 3"]);
    let asked = *stage.alertmanagers.1.lock().unwrap();
    assert!((9..=11).contains(&asked), "{asked}");
}
