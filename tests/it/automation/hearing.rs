//! What a notification may be like, and what becomes of it then.

use super::stage::{Stage, alert, bearer, notification, rule};
use cloudsync_exporter::actions::Reach;
use cloudsync_exporter::automation::{Accepted, Bearer, Rejected, Rule, RuleAction, Select};
use serde_json::{Value, json};

async fn send(stage: &Stage, body: &Value) -> Result<Accepted, Rejected> {
    stage.automation.accept(serde_json::to_vec(body).unwrap(), bearer()).await
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_alerts_are_heard_and_pause_once() {
    let mut stage = Stage::new(&[rule("wan")]);
    let alerts: Vec<Value> = (0..10_000).map(|id| alert("wan", &id.to_string(), "firing", 0)).collect();
    let accepted = send(&stage, &notification(&alerts)).await.unwrap();
    assert_eq!(accepted, Accepted { alerts: 10_000, malformed: 0 });
    stage.seconds(3).await;
    stage.desk.home.was_told(&["pause 3"]);
    let decisions = stage.decisions().await;
    // One by one up to a bound, then summed up.
    assert!((500..1_000).contains(&decisions.len()), "{}", decisions.len());
    let over: Vec<Value> = (0..10_000).map(|id| alert("wan", &id.to_string(), "resolved", -1)).collect();
    send(&stage, &notification(&over)).await.unwrap();
    stage.seconds(130).await;
    stage.desk.home.was_told(&["resume 3"]);
    let more: Vec<Value> = (0..10_001).map(|id| alert("wan", &id.to_string(), "firing", 0)).collect();
    let rejected = send(&stage, &notification(&more)).await.unwrap_err();
    assert_eq!(rejected.reason(), "too_many_alerts");
}

#[tokio::test(start_paused = true)]
async fn each_alert_is_judged_by_itself() {
    let mut stage = Stage::new(&[rule("wan")]);
    let mut body = notification(&[alert("wan", "a", "firing", 0), json!({ "status": "firing" }), json!(7)]);
    body["status"] = json!("resolved");
    assert_eq!(send(&stage, &body).await.unwrap(), Accepted { alerts: 3, malformed: 2 });
    assert_eq!(*stage.counted.0.lock().unwrap(), ["accepted 2 0"]);
    stage.seconds(2).await;
    stage.desk.home.was_told(&["pause 3"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_notification_is_refused() {
    let stage = Stage::new(&[rule("wan")]);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (body, reason) in [
        ("", "malformed"),
        ("[]", "malformed"),
        ("{", "malformed"),
        (r#"{"version":"4"}"#, "malformed"),
        (r#"{"version":"3","alerts":[]}"#, "version"),
        (r#"{"alerts":[]}"#, "version"),
        (deep.as_str(), "malformed"),
    ] {
        let rejected = stage.automation.accept(body.as_bytes().to_vec(), bearer()).await.unwrap_err();
        assert_eq!(rejected.reason(), reason, "{}", &body[..body.len().min(40)]);
    }
    assert_eq!(stage.counted.0.lock().unwrap().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn times_that_contradict_each_other_do_no_harm() {
    let mut stage = Stage::new(&[rule("wan")]);
    let year = 365 * 24 * 3_600;
    for (starts, status) in [(10 * year, "firing"), (-50 * year, "firing"), (10 * year, "resolved")] {
        stage.notify(&[alert("wan", "a", status, starts)]).await.unwrap();
        stage.seconds(3).await;
    }
    stage.seconds(600).await;
    let told = stage.desk.home.told();
    stage.desk.home.world().told.clear();
    assert_eq!(told, 2, "paused once, and let go");
    assert!(stage.desk.holds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_no_rule_is_about_is_said_once() {
    let stage = Stage::new(&[rule("wan")]);
    for _ in 0..3 {
        stage.fires("other", "a").await;
    }
    assert_eq!(stage.decisions().await, ["unmatched"]);
    assert_eq!(stage.automation.settings().rules.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_only_says_so_says_so_once() {
    let notify = Rule { action: RuleAction::Notify, select: Select::Nothing, ..rule("wan") };
    let mut stage = Stage::new(&[notify]);
    for _ in 0..3 {
        stage.fires("wan", "a").await;
        stage.seconds(2).await;
    }
    stage.ends("wan", "a").await;
    assert_eq!(stage.decisions().await, ["wan notified", "wan resolved"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_reaches_no_further_than_it_may() {
    let mut stage = Stage::new(&[rule("wan")]);
    let reach = Reach { nas: vec!["*".to_owned()], connections: vec!["Amazon".to_owned()] };
    let narrow = Bearer { reach, ..bearer() };
    let body = serde_json::to_vec(&notification(&[alert("wan", "a", "firing", 0)])).unwrap();
    stage.automation.accept(body, narrow).await.unwrap();
    stage.seconds(3).await;
    stage.desk.home.was_told(&[]);
    assert_eq!(stage.decisions().await, ["wan blocked token"]);
    assert_eq!(stage.desk.home.world().blocked, ["token"]);
}

#[tokio::test(start_paused = true)]
async fn an_alert_about_no_nas_of_ours_is_said() {
    let mut stage = Stage::new(&[Rule { select: Select::Labels, ..rule("wan") }]);
    let mut elsewhere = alert("wan", "a", "firing", 0);
    elsewhere["labels"]["nas"] = json!("elsewhere");
    stage.notify(&[elsewhere, alert("wan", "b", "firing", 0)]).await.unwrap();
    stage.seconds(3).await;
    assert_eq!(stage.decisions().await, ["wan blocked unknown_connection", "wan blocked labels"]);
}
