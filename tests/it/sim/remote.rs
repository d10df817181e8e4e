//! The controls over HTTP.

use cloudsync_exporter::sim::{SimOptions, World};
use serde_json::{Value, json};

use super::{Raw, loopback, start};

/// The control listener: method, path, body; status and answer.
async fn ask(raw: &Raw, method: &str, path: &str, body: Value) -> (u16, Value) {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = raw.http.request(method, format!("{}{path}", raw.base)).body(body);
    let reply = super::reply(request).await.unwrap();
    (reply.status, serde_json::from_str(&reply.text).unwrap_or_default())
}

#[tokio::test]
async fn everything_it_offers() {
    let (_nas, control, mut nas) =
        start(SimOptions { world: World::documented(), ..SimOptions::default() }).await;
    let address = control.serve(loopback()).await.unwrap();
    let remote = Raw::new(&format!("http://{address}"));

    let (_, session) = ask(&remote, "POST", "/session", json!(null)).await;
    nas.sid = session["sid"].as_str().map(str::to_owned);
    nas.token = session["synotoken"].as_str().map(str::to_owned);
    nas.data("list_conn", &[]).await;
    let (status, requests) = ask(&remote, "GET", "/requests", json!(null)).await;
    assert_eq!((status, &requests[0]["method"]), (200, &json!("list_conn")));
    assert_eq!(ask(&remote, "DELETE", "/requests", json!(null)).await.1, requests);
    assert_eq!(ask(&remote, "GET", "/requests", json!(null)).await.1, json!([]));

    let faults = json!([
        {"matcher": {"api": "SYNO.CloudSync", "method": "list_sess", "params": {"connection_id": 3}}, "kind": {"code": 105}},
        {"kind": {"latency": 0.001}, "times": 1},
        {"matcher": {"method": "get_config"}, "kind": {"code_with_errors": [120, {"name": "x"}]}},
        {"matcher": {"method": "list_conn"}, "kind": "html200"},
    ]);
    assert_eq!(ask(&remote, "POST", "/faults", faults).await, (200, json!({})));
    assert_eq!(nas.refused("list_sess", &[("connection_id", "3")]).await, json!({"code": 105}));
    nas.data("list_sess", &[("connection_id", "2")]).await;
    assert_eq!(nas.refused("get_config", &[]).await, json!({"code": 120, "errors": {"name": "x"}}));
    ask(&remote, "DELETE", "/faults", json!(null)).await;
    nas.data("get_config", &[]).await;

    let (status, error) = ask(&remote, "POST", "/faults", json!({"kind": "worse"})).await;
    assert_eq!(status, 400);
    assert!(error["error"].as_str().unwrap().contains("worse"), "{error}");
    assert_eq!(ask(&remote, "POST", "/clock", json!({"advance": -1})).await.0, 400);
    assert_eq!(ask(&remote, "GET", "/nothing", json!(null)).await.0, 404);

    ask(&remote, "POST", "/clock", json!({"epoch": 1_800_000_000})).await;
    ask(&remote, "POST", "/clock", json!({"advance": 5})).await;
    let (_, world) = ask(&remote, "GET", "/world", json!(null)).await;
    assert_eq!(world["transfers"][0]["current_size"], 65_535);
    assert_eq!(world["connections"][0]["tasks"][0]["filters"]["filtered_names"], json!(["test"]));
    ask(&remote, "POST", "/advance", json!({"seconds": 2})).await;
    let (_, world) = ask(&remote, "GET", "/world", json!(null)).await;
    assert_eq!(world["transfers"][0]["current_size"], 65_535 + 2 * 2114);
    assert_eq!(world["connections"][1]["unfinished_files"], 1);
    assert_eq!(control.world(|world| world.connections[1].log[0].time), 1_800_000_006);

    let change = json!({"package_installed": false, "login_refusal": 402, "password": "new"});
    assert_eq!(ask(&remote, "POST", "/nas", change).await, (200, json!({})));
    assert_eq!(nas.refused("list_conn", &[]).await, json!({"code": 102}));
    assert_eq!(nas.login(&[]).await["error"]["code"], 400);
    assert_eq!(nas.login(&[("passwd", "new")]).await["error"]["code"], 402);
    ask(&remote, "POST", "/nas", json!({"login_refusal": 0, "blocked": true})).await;
    assert_eq!(nas.login(&[("passwd", "new")]).await["error"]["code"], 407);
    ask(&remote, "POST", "/nas", json!({"package_installed": true})).await;
    assert_eq!(ask(&remote, "POST", "/nas", json!({"pasword": "typo"})).await.0, 400);
    ask(&remote, "POST", "/nas", json!({"ignores_pause": true})).await;
    assert!(control.world(|world| world.ignores_pause));
    ask(&remote, "POST", "/nas", json!({"blocked": true})).await;
    assert!(control.world(|world| world.ignores_pause), "only what is named");
    ask(&remote, "POST", "/nas", json!({"ignores_pause": false})).await;
    assert!(!control.world(|world| world.ignores_pause));

    let change = json!({"id": 2, "unfinished_files": 5_000});
    assert_eq!(ask(&remote, "POST", "/connection", change).await, (200, json!({})));
    assert_eq!(control.world(|world| world.connection_mut(2).map(|one| one.unfinished_files)), Some(5_000));
    let unknown = json!({"id": 99, "unfinished_files": 1});
    let refused = json!({"error": "there is no connection 99"});
    assert_eq!(ask(&remote, "POST", "/connection", unknown).await, (400, refused));

    for moving in [true, true, false, false] {
        assert_eq!(ask(&remote, "POST", "/moving", json!({"moving": moving})).await.0, 200);
    }
    for (end, code) in [("steal", 107), ("expire", 107), ("drop", 119)] {
        ask(&remote, "POST", &format!("/sessions/{end}"), json!(null)).await;
        assert_eq!(nas.refused("list_conn", &[]).await, json!({"code": code}));
    }

    let (_, session) = ask(&remote, "POST", "/session", json!(null)).await;
    nas.sid = session["sid"].as_str().map(str::to_owned);
    nas.token = session["synotoken"].as_str().map(str::to_owned);
    let words =
        || control.world(|world| world.connections.iter().map(|one| one.status.clone()).collect::<Vec<_>>());
    let before = words();
    nas.data("pause", &[]).await;
    assert!(words().iter().all(|word| word == "pause") && !before.contains(&"pause".to_owned()));
    ask(&remote, "POST", "/restart", json!(null)).await;
    assert_eq!(words(), before);
    assert_eq!(nas.refused("list_conn", &[]).await, json!({"code": 119}));
}

#[tokio::test]
async fn the_world_is_changed_as_told_and_no_more() {
    let (_nas, control, _) = start(SimOptions { world: World::documented(), ..SimOptions::default() }).await;
    let address = control.serve(loopback()).await.unwrap();
    let remote = Raw::new(&format!("http://{address}"));
    let unfinished = json!(control.world(|world| world.connections[1].unfinished_files));

    let change = json!({"id": 2, "status": "error", "error": -7, "link_status": 2, "quota_total": 10, "quota_used": 9});
    assert_eq!(ask(&remote, "POST", "/connection", change).await, (200, json!({})));
    let (_, world) = ask(&remote, "GET", "/world", json!(null)).await;
    let second = &world["connections"][1];
    assert_eq!([&second["id"], &second["unfinished_files"]], [&json!(2), &unfinished], "only what is named");
    assert_eq!(
        [&second["status"], &second["error"], &second["link_status"]],
        [&json!("error"), &json!(-7), &json!(2)]
    );
    let property = &second["property"];
    assert_eq!([&property["quota_total"], &property["quota_used"]], [&json!(10), &json!(9)]);
    let healed = json!({"id": 2, "error": 0, "status": "syncing"});
    assert_eq!(ask(&remote, "POST", "/connection", healed).await.0, 200);
    assert!(control.world(|world| world.connection_mut(2).is_some_and(|one| one.error.is_none())));

    let task = control.world(|world| world.connections[1].tasks[0].id);
    let state = || control.world(|world| world.task(task).map(|task| (task.error, task.status.clone())));
    assert_eq!(ask(&remote, "POST", "/task", json!({"id": task, "error": -25})).await, (200, json!({})));
    assert_eq!(state(), Some((-25, "error".into())));
    ask(&remote, "POST", "/task", json!({"id": task, "error": 0, "status": "syncing"})).await;
    assert_eq!(state(), Some((0, "syncing".into())));
    assert_eq!(ask(&remote, "POST", "/task", json!({"id": 99, "error": 0})).await.0, 400);

    let rows = json!({"task": task, "action": 6, "log_level": 2, "error_code": -21, "count": 3});
    assert_eq!(ask(&remote, "POST", "/log", rows).await, (200, json!({})));
    let written = control.world(|world| world.connections[1].log[..3].to_vec());
    assert!(
        written.iter().all(|row| (row.action, row.log_level, row.error_code) == (6, 2, -21)),
        "{written:?}"
    );
    assert_eq!(ask(&remote, "POST", "/log", json!({"task": 99, "action": 0})).await.0, 400);

    let file = json!({"task": task, "path": "/a/stuck", "total_size": 9, "current_size": 5, "stalled": true});
    for _ in 0..2 {
        assert_eq!(ask(&remote, "POST", "/transfer", file.clone()).await, (200, json!({})));
    }
    let (_, world) = ask(&remote, "GET", "/world", json!(null)).await;
    let flying: Vec<&Value> = world["transfers"].as_array().unwrap().iter().collect();
    let stuck: Vec<&&Value> = flying.iter().filter(|file| file["path"] == "/a/stuck").collect();
    assert_eq!(stuck.len(), 1, "the second time it is the same file: {flying:?}");
    assert_eq!([&stuck[0]["current_size"], &stuck[0]["status"]], [&json!(5), &json!("uploading")]);

    let free = json!({"mount_point": "/volume1", "size_free": 5});
    assert_eq!(ask(&remote, "POST", "/volume", free).await, (200, json!({})));
    assert_eq!(control.world(|world| world.config.volumes[0].size_free), 5);
    let none = json!({"mount_point": "/volume7", "size_free": 5});
    assert_eq!(ask(&remote, "POST", "/volume", none).await.0, 400);
}
