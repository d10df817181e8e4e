//! Requests with a key, and clients that go away: a change is done once and to its end.

use super::api::{Api, Got, got, head, with_body};
use crate::actions::script::Fault;
use crate::state::broken::{allow, bring_back, refuse, take_away};
use cloudsync_exporter::web::{Answer, Handler};
use serde_json::{Value, json};

const SETTINGS: &str = "/api/v1/nas/home/connections/3/settings";
const PAUSE: &str = "/api/v1/nas/home/connections/3/pause";

fn start(api: &Api, token: &str, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    api.admin.handle(with_body(head(token, method, path).header("idempotency-key", key), body))
}

async fn change(api: &Api, key: &str, part_size: i64) -> Got {
    got(start(api, "root", key, "PATCH", SETTINGS, &json!({"part_size": part_size}))).await
}

/// Lets everything happen that can happen now.
async fn settle(api: &Api, records: usize) {
    while api.desk.audit().await.len() < records {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_request_gets_the_same_answer_and_is_done_once() {
    let mut api = Api::new();
    let first = change(&api, "\"k\"", 1).await;
    api.desk.home.was_told(&["set_connection_setting 3"]);
    assert!(first.status == 200 && !first.headers.contains_key("idempotency-replayed"));
    for round in 0..2 {
        let again = change(&api, "k", 1).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.headers["idempotency-replayed"], "true");
        assert_eq!(again.headers["content-type"], "application/json");
        assert_eq!(change(&api, "k", 2).await.short(), "422 idempotency-mismatch");
        // Another token's key is another.
        let other = got(start(&api, "setter", "k", "PATCH", SETTINGS, &json!({"part_size": 1}))).await;
        assert_eq!((other.status, other.headers.contains_key("idempotency-replayed")), (200, round > 0));
        api.desk.home.was_told(&["set_connection_setting 3"][round..]);
        let mut desk = api.desk;
        desk.restart();
        api = Api::over(desk);
    }
    assert_eq!(api.desk.audit().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_same_key_on_two_nases_is_two_requests() {
    let api = Api::new();
    let at = |nas: &str| format!("/api/v1/nas/{nas}/connections/3/pause");
    let body = json!({"reason": "x"});
    assert_eq!(got(start(&api, "at_both", "k", "POST", &at("home"), &body)).await.status, 200);
    let other = got(start(&api, "at_both", "k", "POST", &at("office"), &body)).await;
    assert_eq!(other.short(), "422 idempotency-mismatch");
    assert_eq!(got(start(&api, "at_both", "l", "POST", &at("office"), &body)).await.status, 200);
    api.desk.home.was_told(&["pause 3"]);
    api.desk.office.was_told(&["pause 3"]);
}

#[tokio::test(start_paused = true)]
async fn while_the_first_runs_the_second_is_told_so() {
    let api = Api::new();
    let gate = api.desk.home.hang("pause");
    let body = json!({"reason": "x"});
    let mut first = start(&api, "root", "k", "POST", PAUSE, &body);
    assert!(futures_util::poll!(&mut first).is_pending());
    settle(&api, 1).await;
    let second = got(start(&api, "root", "k", "POST", PAUSE, &body)).await;
    assert_eq!(second.short(), "409 idempotency-in-progress");
    gate.add_permits(1);
    let first = got(first).await;
    assert_eq!(first.status, 200);
    let third = got(start(&api, "root", "k", "POST", PAUSE, &body)).await;
    assert_eq!(third.body, first.body);
    api.desk.home.was_told(&["pause 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_stops_nothing() {
    for key in [None, Some("k")] {
        let api = Api::new();
        let gate = api.desk.home.hang("pause");
        let body = json!({"reason": "x"});
        let mut request = with_body(head("root", "POST", PAUSE), &body);
        if let Some(key) = key {
            request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        }
        let mut gone = api.admin.handle(request);
        assert!(futures_util::poll!(&mut gone).is_pending());
        settle(&api, 1).await;
        drop(gone);
        gate.add_permits(1);
        api.desk.actions.drain().await;
        api.desk.home.was_told(&["pause 3"]);
        assert_eq!(api.desk.outcomes().await, ["pause succeeded"]);
        assert_eq!(api.desk.holds(), ["home 3 held"]);
        if let Some(key) = key {
            let again = got(start(&api, "root", key, "POST", PAUSE, &body)).await;
            assert_eq!((again.status, &again.body["hold"]["phase"]), (200, &json!("held")));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_before_anything_was_done_may_be_corrected_with_the_same_key() {
    let api = Api::new();
    // An address and a body that are refused never get so far.
    assert_eq!(change(&api, "k", -1).await.short(), "422 invalid-body");
    for (method, fault, expected) in
        [("ask", Fault::Unreachable, "504 nas-silent"), ("plan", Fault::Refuse(105), "502 nas-refused")]
    {
        api.desk.home.fails(method, fault);
        let got = change(&api, "k", 1).await;
        assert_eq!(got.short(), expected);
        assert!(got.body.get("audit_id").is_none());
        api.desk.home.mend(method);
    }
    let held = json!({"nas": "home", "connection_id": 3, "reason": "x", "latch": true});
    assert_eq!(api.post("root", "/api/v1/holds", held).await.status, 201);
    let resume = "/api/v1/nas/home/connections/3/resume";
    let refused = got(start(&api, "root", "r", "POST", resume, &json!({}))).await;
    assert_eq!(refused.short(), "409 hold-conflict");
    assert_eq!(refused.body["holds"][0]["latch"], true);
    let body = json!({"override": true});
    assert_eq!(got(start(&api, "root", "r", "POST", resume, &body)).await.status, 200);
    assert_eq!(change(&api, "k", 1).await.status, 200);
    api.desk.home.was_told(&["pause 3", "resume 3", "set_connection_setting 3"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_nas_failed_is_an_answer_too() {
    for (fault, expected, says_so) in [
        (Fault::Refuse(402), "502 nas-refused", false),
        (Fault::Unreachable, "504 nas-silent", false),
        (Fault::Lost, "504 nas-silent", true),
        (Fault::Broken, "502 nas-answer", true),
    ] {
        let api = Api::new();
        api.desk.home.fails("set_connection_setting", fault);
        let first = change(&api, "k", 1).await;
        assert_eq!(first.short(), expected);
        assert_eq!(first.body["audit_id"], 1);
        assert_eq!(first.body["nas_method"], "set_connection_setting");
        assert_eq!(first.body["after"]["part_size"], 64);
        let detail = first.body["detail"].as_str().unwrap();
        assert_eq!(detail.contains("may have done it all the same"), says_so, "{detail}");
        let again = change(&api, "k", 1).await;
        assert_eq!((again.short().as_str(), &again.body), (expected, &first.body));
        assert_eq!(again.headers["idempotency-replayed"], "true");
        api.desk.home.was_told(&["set_connection_setting 3"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_ended_in_the_middle_is_told_with_its_record() {
    let api = Api::new();
    let _gate = api.desk.home.hang("pause");
    let body = json!({"reason": "x"});
    let mut first = start(&api, "root", "k", "POST", PAUSE, &body);
    assert!(futures_util::poll!(&mut first).is_pending());
    settle(&api, 1).await;
    let mut desk = api.desk;
    desk.restart();
    let api = Api::over(desk);
    let again = got(start(&api, "root", "k", "POST", PAUSE, &body)).await;
    assert_eq!((again.short().as_str(), &again.body["audit_id"]), ("409 idempotency-interrupted", &json!(1)));
    assert_eq!(api.desk.outcomes().await, ["pause unknown"]);
    while api.desk.home.told() == 0 {
        tokio::task::yield_now().await;
    }
    api.desk.home.was_told(&["pause 3"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_disk_changes_are_refused_and_releases_go_on() {
    let api = Api::new();
    assert_eq!(api.post("root", PAUSE, json!({"reason": "x"})).await.status, 200);
    let hold = api.desk.newest();
    take_away(&api.desk.file, "audit");
    take_away(&api.desk.file, "idempotency");
    for key in [None, Some("k")] {
        let mut request = with_body(head("root", "PATCH", SETTINGS), &json!({"part_size": 1}));
        if let Some(key) = key {
            request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        }
        assert_eq!(api.send(request).await.short(), "503 audit-unavailable");
    }
    api.desk.home.was_told(&["pause 3"]);
    let frozen = got(start(&api, "root", "f", "POST", "/api/v1/automation/freeze", &json!({}))).await;
    assert_eq!((frozen.status, frozen.body), (200, json!({"frozen": true})));
    let path = format!("/api/v1/holds/{hold}");
    let released = got(start(&api, "root", "r", "DELETE", &path, &Value::Null)).await;
    assert_eq!((released.status, released.body.get("audit_id")), (200, None));
    api.desk.home.was_told(&["resume 3"]);
    assert_eq!(api.get("root", "/api/v1/audit").await.short(), "503 audit-unavailable");
    bring_back(&api.desk.file, "audit");
    bring_back(&api.desk.file, "idempotency");
    api.desk.actions.journal().flush().await;
    assert_eq!(api.desk.outcomes().await, ["pause succeeded", "freeze succeeded", "resume succeeded"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_could_not_be_kept_is_given_again_all_the_same() {
    let api = Api::new();
    refuse(&api.desk.file, "UPDATE", "idempotency");
    // The record is linked to its request in the same transaction: without the one there is not the other.
    assert_eq!(change(&api, "k", 1).await.short(), "503 audit-unavailable");
    allow(&api.desk.file, "UPDATE", "idempotency");
    let gate = api.desk.home.hang("set_connection_setting");
    let mut first = start(&api, "root", "k", "PATCH", SETTINGS, &json!({"part_size": 1}));
    assert!(futures_util::poll!(&mut first).is_pending());
    while api.desk.home.told() == 0 {
        tokio::task::yield_now().await;
    }
    refuse(&api.desk.file, "UPDATE", "idempotency");
    gate.add_permits(1);
    let first = got(first).await;
    let again = change(&api, "k", 1).await;
    assert_eq!((again.status, again.body), (200, first.body));
    api.desk.home.was_told(&["set_connection_setting 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_release_that_waits_for_the_nas_is_an_answer_too() {
    let api = Api::new();
    assert_eq!(api.post("root", PAUSE, json!({"reason": "x"})).await.status, 200);
    api.desk.home.fails("ask", Fault::Unreachable);
    let path = format!("/api/v1/holds/{}?reason=enough", api.desk.newest());
    let first = got(start(&api, "root", "r", "DELETE", &path, &Value::Null)).await;
    assert_eq!(first.short(), "504 nas-silent");
    assert_eq!(first.body["holds"][0]["phase"], "releasing");
    let again = got(start(&api, "root", "r", "DELETE", &path, &Value::Null)).await;
    assert_eq!(again.body, first.body);
    let record = api.desk.audit().await.pop().unwrap();
    assert_eq!((&record["token"], &record["reason"]), (&json!("root"), &json!("enough")));
    api.desk.home.was_told(&["pause 3"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_fault_in_the_middle_a_repeat_does_nothing() {
    let api = Api::new();
    api.desk.home.when_told(|_| panic!("on purpose"));
    let first = change(&api, "k", 1).await;
    assert_eq!(first.short(), "500 internal");
    api.desk.home.when_told(|_| {});
    assert_eq!(change(&api, "k", 1).await.body, first.body);
    api.desk.home.was_told(&["set_connection_setting 3"]);
    assert_eq!(api.has_counted(), [("change_settings", 500); 2]);
    // The NAS's turn is free again.
    assert_eq!(change(&api, "l", 1).await.status, 200);
    api.desk.home.was_told(&["set_connection_setting 3"]);
    let mut desk = api.desk;
    desk.restart();
    let outcomes = desk.outcomes().await;
    assert_eq!(outcomes, ["set_connection_setting unknown", "set_connection_setting succeeded"]);
}
