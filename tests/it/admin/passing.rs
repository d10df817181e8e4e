//! The way of a request up to its route: host, path, token, scope, address, body, and what is read and counted.

use super::api::{Api, head, settings, with_body};
use cloudsync_exporter::admin::Tokens;
use cloudsync_exporter::web::{BodyLimit, Handler};
use serde_json::{Value, json};

const PAUSE: &str = "/api/v1/nas/home/connections/3/pause";

#[tokio::test(start_paused = true)]
async fn nothing_is_read_of_who_will_be_refused() {
    let api = Api::new();
    let limit = |token: &str, method: &str, path: &str| {
        let (head, ()) = head(token, method, path).body(()).unwrap().into_parts();
        api.admin.body_limit(&head)
    };
    let whole = BodyLimit::Bytes(1 << 20);
    for (token, method, path, expected) in [
        ("root", "POST", PAUSE, whole),
        ("holder", "POST", PAUSE, whole),
        ("reader", "POST", PAUSE, BodyLimit::Unread),
        ("nobody", "POST", PAUSE, BodyLimit::Unread),
        ("", "POST", PAUSE, BodyLimit::Unread),
        ("root", "PUT", PAUSE, BodyLimit::Unread),
        ("root", "GET", "/api/v1/nas", BodyLimit::Unread),
        ("root", "DELETE", "/api/v1/holds/h-1", BodyLimit::Unread),
        ("root", "POST", "/api/v1/nas/home/poll", BodyLimit::Unread),
        ("root", "POST", "/api/v1/nowhere", BodyLimit::Unread),
    ] {
        assert_eq!(limit(token, method, path), expected, "{token} {method} {path}");
    }
    let stranger = head("root", "POST", PAUSE).header("origin", "https://evil.example").body(()).unwrap();
    assert_eq!(api.admin.body_limit(&stranger.into_parts().0), BodyLimit::Unread);
    for status in [413, 408, 400, 500] {
        let refused = api.admin.refuse(hyper::StatusCode::from_u16(status).unwrap());
        assert_eq!(refused.headers()["content-type"], "application/problem+json");
        assert_eq!(refused.status(), status);
    }
}

#[tokio::test(start_paused = true)]
async fn each_gate_refuses_in_its_turn_and_is_counted() {
    let api = Api::new();
    let reason = || json!({"reason": "x"});
    for (token, method, path, body, expected, counted) in [
        ("root", "GET", "/api/v1/nowhere", Value::Null, "404 not-found", "not_found"),
        ("root", "PUT", PAUSE, reason(), "405 method-not-allowed", "not_allowed"),
        ("", "POST", PAUSE, reason(), "401 unauthorized", "pause"),
        ("nobody", "POST", PAUSE, reason(), "401 unauthorized", "pause"),
        ("reader", "POST", PAUSE, reason(), "403 forbidden", "pause"),
        ("at_office", "POST", PAUSE, reason(), "403 forbidden", "pause"),
        ("at_office", "POST", "/api/v1/nas/elsewhere/poll", Value::Null, "403 forbidden", "poll"),
        ("root", "POST", "/api/v1/nas/elsewhere/poll", Value::Null, "404 unknown-nas", "poll"),
        (
            "root",
            "POST",
            "/api/v1/nas/home/connections/3/pause?wet=1",
            reason(),
            "400 invalid-parameter",
            "pause",
        ),
        (
            "root",
            "POST",
            "/api/v1/nas/home/connections/3/pause?dry_run=1",
            reason(),
            "400 invalid-parameter",
            "pause",
        ),
        ("root", "POST", PAUSE, Value::Null, "422 invalid-body", "pause"),
        ("root", "POST", PAUSE, json!([]), "422 invalid-body", "pause"),
        ("root", "POST", PAUSE, json!({"reason": " "}), "422 invalid-body", "pause"),
        ("root", "POST", "/api/v1/nas/home/connections/4/pause", reason(), "404 unknown-connection", "pause"),
        (
            "root",
            "POST",
            "/api/v1/nas/home/connections/-1/pause",
            reason(),
            "404 unknown-connection",
            "pause",
        ),
        (
            "root",
            "GET",
            "/api/v1/nas/home/tasks/4/settings",
            Value::Null,
            "404 unknown-task",
            "get_task_settings",
        ),
        ("root", "DELETE", "/api/v1/holds/h-1", Value::Null, "404 unknown-hold", "release_hold"),
    ] {
        let got = api.call(token, method, path, body).await;
        assert_eq!(got.short(), expected, "{token} {method} {path}: {got:?}");
        assert_eq!(api.has_counted(), [(counted, got.status)], "{token} {method} {path}");
        assert_eq!(got.headers["cache-control"], "no-store");
        assert_eq!(got.headers.contains_key("www-authenticate"), got.status == 401);
    }
    assert!(api.desk.audit().await.is_empty() && api.desk.holds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_a_browser_was_talked_into_is_refused_before_its_token_is_looked_at() {
    let api = Api::new();
    for (name, value, expected) in [
        ("host", "evil.example", "421 host-not-allowed"),
        ("origin", "https://evil.example", "403 origin-not-allowed"),
        ("origin", "null", "403 origin-not-allowed"),
        ("sec-fetch-site", "cross-site", "403 origin-not-allowed"),
    ] {
        let mut request = with_body(head("nobody", "POST", PAUSE), &json!({"reason": "x"}));
        request.headers_mut().insert(name, value.parse().unwrap());
        let got = api.send(request).await;
        assert_eq!(got.short(), expected);
        assert_eq!(api.has_counted(), [("refused", got.status)]);
    }
}

#[tokio::test(start_paused = true)]
async fn head_is_get_without_a_body_and_405_says_what_is_allowed() {
    let api = Api::new();
    let (get, asked) = (
        api.get("reader", "/api/v1/nas").await,
        api.call("reader", "HEAD", "/api/v1/nas", Value::Null).await,
    );
    assert_eq!((asked.status, &asked.body), (200, &Value::Null));
    assert_eq!(
        asked.headers["content-length"],
        serde_json::to_string(&get.body).unwrap().len().to_string().as_str()
    );
    assert_eq!(api.has_counted(), [("list_nas", 200); 2]);
    for (method, path, allowed) in [
        ("HEAD", PAUSE, "POST"),
        ("POST", "/api/v1/nas", "GET, HEAD"),
        ("PUT", "/api/v1/nas/home/connections/3", "GET, HEAD, DELETE"),
        ("DELETE", "/api/v1/nas/home/tasks/1/settings", "GET, HEAD, PATCH"),
        ("PATCH", "/api/v1/nas/home/connections/3/schedule", "GET, HEAD, PUT"),
        ("OPTIONS", "/api/v1/holds", "GET, HEAD, POST"),
    ] {
        let got = api.call("root", method, path, Value::Null).await;
        assert_eq!((got.status, got.headers["allow"].to_str().unwrap()), (405, allowed), "{method} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_are_read_strictly() {
    let api = Api::new();
    let send = async |content_type: &str, body: &'static [u8]| {
        let mut builder = head("root", "POST", PAUSE);
        if !content_type.is_empty() {
            builder = builder.header("content-type", content_type);
        }
        api.send(builder.body(body.into()).unwrap()).await.short()
    };
    let json = "application/json";
    assert_eq!(send("text/plain", br#"{"reason":"x"}"#).await, "415 unsupported-media-type");
    assert_eq!(send("", br#"{"reason":"x"}"#).await, "415 unsupported-media-type");
    for body in [
        &br#"{"reason":"x","reason":"y"}"#[..],
        br#"{"reason":"#,
        b"{\"reason\":\"\xff\"}",
        b"\xef\xbb\xbf{}",
        br#"{"reason":"x"} {}"#,
        br#"{"reason":"\ud800"}"#,
        b" ",
    ] {
        assert_eq!(send(json, body).await, "400 malformed-body", "{}", String::from_utf8_lossy(body));
    }
    assert_eq!(send(json, br#"{"reason":"x","for":"2h","all":true}"#).await, "422 invalid-body");
    assert!(api.desk.audit().await.is_empty());
    api.desk.home.was_told(&[]);
}

#[tokio::test(start_paused = true)]
async fn every_fault_is_named_at_once_with_its_place() {
    let api = Api::new();
    let body = json!({"max_upload_speed": -1, "part_size": "1", "speed": 1});
    let got = api.call("root", "PATCH", "/api/v1/nas/home/connections/3/settings", body).await;
    let pointers: Vec<&str> = got.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/max_upload_speed", "/part_size", "/speed"]);
    let got = api.get("root", "/api/v1/audit?limit=0&limit=1&color=red&from=yesterday").await;
    assert_eq!(got.short(), "400 invalid-parameter");
    let mut parameters: Vec<&str> = got.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["parameter"].as_str().unwrap())
        .collect();
    parameters.sort_unstable();
    assert_eq!(parameters, ["color", "from", "limit"]);
}

#[tokio::test(start_paused = true)]
async fn who_guesses_waits_and_who_knows_does_not() {
    let api = Api::new();
    assert_eq!(api.get("reader", "/api/v1/nas").await.status, 200);
    let started = tokio::time::Instant::now();
    for _ in 0..6 {
        assert_eq!(api.get("guess", "/api/v1/nas").await.short(), "401 unauthorized");
    }
    let slowed = started.elapsed();
    assert!(slowed.as_millis() >= 250 + 500 + 1_000, "{slowed:?}");
    assert_eq!(api.get("reader", "/api/v1/nas").await.status, 200);
    assert_eq!(api.get("", "/api/v1/nas").await.status, 401);
    assert_eq!(started.elapsed(), slowed, "neither a token that was good nor none at all is slowed");
    // Many at once: some wait, the others are told to.
    let guesses = (0..8).map(|_| api.get("guess", "/api/v1/nas"));
    let answers = futures_util::future::join_all(guesses).await;
    let refused: Vec<_> = answers.iter().filter(|got| got.short() == "429 too-many-failures").collect();
    assert_eq!(refused.len(), 4);
    assert!(refused.iter().all(|got| got.headers.contains_key("retry-after")));
    // Clients that go away do not take up the places.
    for _ in 0..8 {
        let mut gone = api.start("guess", "GET", "/api/v1/nas", &Value::Null);
        assert!(futures_util::poll!(&mut gone).is_pending());
    }
    assert_eq!(api.get("guess", "/api/v1/nas").await.short(), "401 unauthorized");
}

#[tokio::test(start_paused = true)]
async fn other_tokens_count_at_once() {
    let api = Api::new();
    api.admin.set_settings(cloudsync_exporter::admin::Settings { tokens: Tokens::default(), ..settings() });
    assert_eq!(api.get("root", "/api/v1/nas").await.status, 401);
    api.admin.set_settings(settings());
    assert_eq!(api.get("root", "/api/v1/nas").await.status, 200);
    assert_eq!(api.get("", "/api/v1/openapi.json").await.status, 200, "the description is anybody's");
}

#[tokio::test(start_paused = true)]
async fn a_reload_says_what_came_of_it() {
    let api = Api::new();
    assert_eq!(api.post("reader", "/-/reload", Value::Null).await.short(), "403 forbidden");
    assert_eq!(api.post("root", "/-/reload", Value::Null).await.body, json!({"reloaded": true}));
    *api.reload.lock().unwrap() = Err(vec!["nas.home.url is missing".to_owned()]);
    let got = api.post("root", "/-/reload", Value::Null).await;
    assert_eq!(
        (got.short().as_str(), &got.body["errors"][0]),
        ("422 reload-failed", &json!("nas.home.url is missing"))
    );
}
