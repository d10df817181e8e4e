//! A daemon that says no, and arguments that cannot be meant.

use serde_json::{Value, json};

use super::script::{Script, Step, get, hold, home, lookup, nas, play, step};
use super::{TOKEN, err, out, program};

fn refused(problem: &Value) -> (Step, u16) {
    let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap();
    (get("/automation/decisions", &Value::Null).problem(status, problem), status)
}

#[test]
fn problems_are_told_with_all_that_helps() {
    for (problem, shown) in [
        (
            json!({
                "status": 422, "title": "invalid body", "detail": "two fields", "errors": [
                    {"pointer": "/max_upload_speed", "detail": "must be a number"},
                    {"parameter": "limit", "detail": "at most 200"},
                ],
            }),
            "cloudsync-exporter: invalid body: two fields\n  \
             /max_upload_speed: must be a number\n  \
             limit: at most 200\n",
        ),
        (
            json!({
                "status": 502, "title": "the NAS refused", "detail": "no permission", "nas_code": 105,
                "nas_method": "pause", "reason": "permission", "audit_id": 7,
            }),
            "cloudsync-exporter: the NAS refused: no permission\n  \
             the NAS answered pause with code 105\n  \
             reason: permission\n  \
             audit record 7\n",
        ),
        (
            json!({
                "status": 422, "title": "reload failed", "detail": "the old one stays",
                "errors": ["poll.interval: too short", "pol: unknown key"],
            }),
            "cloudsync-exporter: reload failed: the old one stays\n  \
             poll.interval: too short\n  \
             pol: unknown key\n",
        ),
        (
            json!({"status": 401, "title": "unauthorized"}),
            "cloudsync-exporter: unauthorized\n  \
             name the file that holds the token with --token-file, or set CLOUDSYNC_CTL_TOKEN\n",
        ),
        (
            json!({"status": 421, "title": "host not allowed", "detail": "nas.lan"}),
            "cloudsync-exporter: host not allowed: nas.lan\n  \
             other names of the daemon's host are allowed with admin.allowed_hosts\n",
        ),
    ] {
        let output = play(&["decisions"], [refused(&problem).0]);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(1), ""), "{problem}");
        assert_eq!(err(&output), shown);
    }
}

#[test]
fn a_hold_that_stands_in_the_way_is_named() {
    let problem = json!({
        "status": 409, "title": "a hold stands in the way", "detail": "an alert holds it", "holds": [hold()],
    });
    let step = step("POST", "/nas/home/connections/2/resume").body(json!({})).problem(409, &problem);
    let output = play(&["resume", "My Drive"], [home(), lookup(), step]);
    assert_eq!(output.status.code(), Some(1));
    let shown = err(&output);
    assert!(
        shown.contains("  held by:\n") && shown.contains("\n12    home  My Drive    pause  alert wan_sat"),
        "{shown}"
    );
}

#[test]
fn a_problem_stays_json_for_those_who_want_json() {
    let problem =
        json!({"status": 409, "title": "x", "type": "urn:cloudsync-exporter:problem:hold-conflict"});
    let script = Script::start([refused(&problem).0]);
    let output = program()
        .args(["--url", &script.url, "decisions"])
        .env("CLOUDSYNC_CTL_TOKEN", TOKEN)
        .output()
        .unwrap();
    script.finish();
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(1), ""));
    assert_eq!(serde_json::from_str::<Value>(&err(&output)).unwrap(), problem);
}

#[test]
fn other_servers_are_told_from_the_daemon() {
    for (status, kind, body, code, part) in [
        (200, "text/html", "<html>", 3, "is not the admin API"),
        (404, "text/plain", "404 Not Found\n", 1, "answered 404 Not Found\n  is this the admin listener?"),
        (502, "text/html", "<html>", 1, "answered 502 Bad Gateway\n"),
        (301, "text/html", "", 1, "redirects are not followed"),
    ] {
        let output = play(&["decisions"], [step("GET", "/automation/decisions").raw(status, kind, body)]);
        let shown = err(&output);
        assert_eq!(output.status.code(), Some(code), "{shown}");
        assert!(shown.contains(part), "{status}: {shown}");
    }
}

#[test]
fn names_that_fit_none_or_several_are_errors_with_the_choice() {
    let twins = json!({"conn": [
        {"id": 1, "task_name": "Drive", "type": "gd", "user_name": "ann"},
        {"id": 2, "task_display_name": "Drive", "task_name": "other", "type": "db", "user_name": "bob"},
    ]});
    let two = || get("/nas", &json!({"nas": [nas("home"), nas("office")]}));
    for (args, steps, code, part) in [
        (
            vec!["show", "Drive"],
            vec![home(), get("/nas/home/connections", &twins)],
            2,
            "home has several connections Drive; give the id: 1 (gd of ann), 2 (db of bob)",
        ),
        (
            vec!["pause", "Phots", "--reason", "x"],
            vec![home(), lookup()],
            1,
            "home has no connection Phots; it has Photos (1), My Drive (2)",
        ),
        (vec!["poll"], vec![two()], 2, "there are several; say which with --nas: home, office"),
        (vec!["poll"], vec![get("/nas", &json!({"nas": []}))], 1, "shows no NAS"),
        (vec!["--nas", "attic", "status"], vec![two()], 1, "the daemon shows no NAS attic"),
    ] {
        let output = play(&args, steps);
        let shown = err(&output);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(code), ""), "{args:?}: {shown}");
        assert!(shown.contains(part), "{args:?}: {shown}");
    }
}

#[test]
fn what_cannot_be_meant_reaches_no_daemon() {
    for (args, part) in [
        (vec!["settings", "set", "1"], "KEY=VALUE"),
        (vec!["settings", "set", "1", "a"], "a is not key=value"),
        (vec!["settings", "set", "1", "a=1", "a=2"], "a is given twice"),
        (vec!["pause", "1"], "--reason"),
        (vec!["pause", "--reason", "x"], "CONNECTION"),
        (vec!["pause", "1", "--all", "--reason", "x"], "--all"),
        (vec!["unlink", "1"], "--confirm"),
        (vec!["task", "remove", "x", "--confirm", "y"], "invalid value"),
        (vec!["schedule", "set", "1"], "--enabled"),
        (vec!["schedule", "set", "1", "--from-text", "mon 5-5"], "the week cannot be read"),
        (vec!["schedule", "set", "1", "--week", "/nonexistent/week"], "cannot read the week from"),
        (vec!["freeze", "--idempotency-key", "a\nb"], "no header can carry"),
        (vec!["--url", "ftp://a", "poll"], "must begin with http"),
        (vec!["--url", "http://me:planted-password@a", "poll"], "must not hold a user"),
        (vec!["--url", "", "poll"], "--url"),
        (
            vec!["--url", "https://a", "--ca-file", "/nonexistent/ca", "poll"],
            "cannot use the certificates of",
        ),
        (vec!["--token-file", "/nonexistent/token", "poll"], "cannot read the token file"),
        (vec!["--token-file", "/dev/zero", "poll"], "longer than"),
        (vec!["dance"], "unrecognized subcommand"),
    ] {
        let mut command = program();
        command.args(["--output", "table"]).args(&args).env("CLOUDSYNC_CTL_TOKEN", TOKEN);
        let output = command.env("CLOUDSYNC_CTL_URL", "http://127.0.0.1:9").output().unwrap();
        let shown = err(&output);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""), "{args:?}: {shown}");
        assert!(shown.contains(part) && !shown.contains("planted"), "{args:?}: {shown}");
    }
}
