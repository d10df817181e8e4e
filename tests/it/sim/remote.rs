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
