//! Many calls in one request.

use cloudsync_exporter::sim::{Fault, FaultKind, SimOptions, UNKNOWN_ID};
use serde_json::{Value, json};

use super::{bad, code, documented, start};

fn member(method: &str, mut params: Value) -> Value {
    params["api"] = json!("SYNO.CloudSync");
    params["method"] = json!(method);
    params["version"] = json!(1);
    params
}

#[tokio::test]
async fn members_are_answered_in_order_and_fail_alone() {
    let (_nas, control, raw) = documented().await;
    control.take_requests();
    let members = json!([
        member("list_sess", json!({"connection_id": 3})),
        member("list_sess", json!({"connection_id": "3"})),
        member("list_sess", json!({"connection_id": 9})),
        {"api": "SYNO.CloudSync", "version": 1},
        member("nothing", json!({})),
        member("list_conn", json!({"is_tray": false, "group_by": "group_by_user"})),
    ]);
    let answer = raw.compound(&members).await;
    assert_eq!((&answer["success"], &answer["data"]["has_fail"]), (&json!(true), &json!(true)));
    let result = answer["data"]["result"].as_array().unwrap();
    assert_eq!(result.len(), 6);
    assert_eq!(result[0]["data"]["sess"][0]["sess_id"], 4);
    assert_eq!(
        result[1],
        json!({
            "api": "SYNO.CloudSync",
            "method": "list_sess",
            "version": 1,
            "success": false,
            "error": bad("connection_id", "type")
        })
    );
    assert_eq!(result[2]["error"], code(UNKNOWN_ID));
    assert_eq!(result[3]["error"], code(101));
    assert_eq!(result[4]["error"], code(103));
    assert_eq!(result[5]["data"]["total"], 2);

    let seen = control.requests();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].method, "request");
    assert_eq!(seen[0].members.len(), 6);
    assert_eq!(
        (&*seen[0].members[0].method, &seen[0].members[0].params["connection_id"]),
        ("list_sess", &json!(3))
    );
    assert!(seen[0].calls("SYNO.CloudSync", "list_conn"));

    let good = raw.compound(&json!([member("get_config", json!({}))])).await;
    assert_eq!(good["data"]["has_fail"], false);
}

#[tokio::test]
async fn both_modes_and_both_versions() {
    let (_nas, _, raw) = documented().await;
    let members = json!([member("nothing", json!({})), member("get_config", json!({}))]).to_string();
    for mode in ["sequential", "\"parallel\""] {
        for version in ["1", "2"] {
            let ask = |stop: &'static str| {
                let (raw, members) = (raw.clone(), members.clone());
                async move {
                    let params = [("mode", mode), ("stop_when_error", stop), ("compound", &*members)];
                    let answer = raw.call("SYNO.Entry.Request", "request", version, &params).await;
                    answer["data"]["result"].as_array().unwrap().len()
                }
            };
            assert_eq!(ask("false").await, 2);
            assert_eq!(ask("true").await, 1);
        }
    }
}

#[tokio::test]
async fn what_a_compound_refuses() {
    let (_nas, control, mut raw) = documented().await;
    let ask = |params: &'static [(&'static str, &'static str)]| {
        let raw = raw.clone();
        async move { raw.call("SYNO.Entry.Request", "request", "1", params).await["error"].clone() }
    };
    assert_eq!(ask(&[("compound", "[]")]).await, bad("mode", "required"));
    assert_eq!(ask(&[("mode", "sequential")]).await, bad("compound", "required"));
    assert_eq!(ask(&[("mode", "fast"), ("compound", "[]")]).await, bad("mode", "condition"));
    assert_eq!(ask(&[("mode", "sequential"), ("compound", "{}")]).await, bad("compound", "type"));
    assert_eq!(ask(&[("mode", "sequential"), ("compound", "[1]")]).await, bad("compound", "type"));
    let nested = json!([{
        "api": "SYNO.Entry.Request", "method": "request", "version": 1, "mode": "sequential", "compound": []
    }]);
    let answer = raw.compound(&nested).await;
    assert_eq!(answer["data"]["result"][0]["error"], bad("compound", "condition"));

    control.set_compound(false);
    assert_eq!(raw.compound(&json!([])).await["error"], code(102));
    control.set_compound(true);
    raw.sid = None;
    assert_eq!(raw.compound(&json!([])).await["error"], code(119));
}

#[tokio::test]
async fn faults_reach_members() {
    let (_nas, control, raw) = documented().await;
    control.add_fault(
        Fault::cloud_sync("list_sess", FaultKind::Code(105)).with_param("connection_id", 2).times(1),
    );
    let members = json!([
        member("list_sess", json!({"connection_id": 3})),
        member("list_sess", json!({"connection_id": 2})),
    ]);
    let answer = raw.compound(&members).await;
    assert_eq!(answer["data"]["result"][0]["success"], true);
    assert_eq!(answer["data"]["result"][1]["error"], code(105));
    assert_eq!(raw.compound(&members).await["data"]["has_fail"], false);

    control.add_fault(Fault::call("SYNO.Entry.Request", "request", FaultKind::Code(114)));
    assert_eq!(raw.compound(&members).await["error"], code(114));
    control.clear_faults();
    control.add_fault(Fault::cloud_sync("list_sess", FaultKind::Status(502, "<html>".into())));
    let members = members.to_string();
    let form = [
        ("api", "SYNO.Entry.Request"),
        ("method", "request"),
        ("version", "1"),
        ("mode", "sequential"),
        ("compound", &members),
    ];
    assert_eq!(raw.post("entry.cgi", &form).await.unwrap().status, 502);
}

#[tokio::test]
async fn the_older_nas_without_it() {
    let (_nas, _, raw) = start(SimOptions { compound: false, ..SimOptions::default() }).await;
    assert_eq!(raw.compound(&json!([])).await["error"], code(102));
}
