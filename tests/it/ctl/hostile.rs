//! Names from a NAS that try to steer the terminal or to forge lines.

use serde_json::{Value, json};

use super::script::{Script, get, play, step};
use super::{TOKEN, err, out, program};

/// A title for the window, a cleared screen, a C1 code, a forged row and a name that reads backwards.
const NAME: &str = "\u{1b}]0;x\u{7}\u{1b}[2J\u{9b}31m\nhome  9  forged\u{202e}txt.exe";

#[test]
fn tables_show_them_as_text() {
    let connection = json!({"id": 1, "task_name": NAME, "type": NAME, "status": NAME, "user_name": NAME});
    let hold =
        json!({"id": NAME, "nas": "home", "connection": NAME, "reason": NAME, "kind": NAME, "rule": NAME});
    let decision = json!({"alert": NAME, "rule": NAME, "connection": NAME, "detail": NAME});
    let shown = "\\u{1b}]0;x\\u{7}\\u{1b}[2J\\u{9b}31m\\nhome  9  forged\\u{202e}txt.exe";
    for (args, steps) in [
        (vec!["connections"], vec![get("/nas/home/connections", &json!({"conn": [connection]}))]),
        (vec!["show", "1"], vec![get("/nas/home/connections/1", &json!({"settings": {NAME: NAME}}))]),
        (vec!["holds"], vec![get("/holds?nas=home", &json!({"holds": [hold]}))]),
        (
            vec!["settings", "set", "1", "a=b"],
            vec![
                step("PATCH", "/nas/home/connections/1/settings")
                    .body(json!({"a": "b"}))
                    .answer(200, &json!({"before": {NAME: NAME}, "after": {NAME: "b"}})),
            ],
        ),
        (
            vec!["decisions"],
            vec![get("/automation/decisions?nas=home", &json!({"mode": NAME, "decisions": [decision]}))],
        ),
    ] {
        let args = [vec!["--nas", "home"], args].concat();
        let output = play(&args, steps);
        // That nothing hostile is in it, `out` has seen to.
        let table = out(&output);
        assert!(table.contains(shown), "{args:?}: {table}");
        assert!(!table.lines().any(|line| line.starts_with("home  9")), "{args:?}: {table}");
    }
}

#[test]
fn messages_show_them_as_text() {
    let problem = json!({
        "status": 404, "title": NAME, "detail": NAME, "nas_method": NAME, "nas_code": NAME, "reason": NAME,
        "errors": [{"pointer": NAME, "detail": NAME}], "holds": [{"reason": NAME}],
    });
    let output = play(&["decisions"], [get("/automation/decisions", &json!({})).problem(404, &problem)]);
    let shown = err(&output);
    assert!(!shown.lines().any(|line| line.starts_with("home  9")), "{shown}");
    let connections = json!({"conn": [{"id": 1, "task_name": NAME}]});
    let output = play(&["--nas", "home", "show", "a\u{1b}b"], [get("/nas/home/connections", &connections)]);
    assert!(err(&output).contains("no connection a\\u{1b}b; it has \\u{1b}]0;x"), "{}", err(&output));
}

#[test]
fn json_escapes_them_and_means_the_same() {
    let answer = json!({"holds": [{"reason": NAME}]});
    // As a server may well send it: only what JSON demands is escaped.
    let script = Script::start([get("/holds", &answer)]);
    let output =
        program().args(["--url", &script.url, "holds"]).env("CLOUDSYNC_CTL_TOKEN", TOKEN).output().unwrap();
    script.finish();
    assert_eq!(serde_json::from_str::<Value>(&out(&output)).unwrap(), answer);
}

#[test]
fn names_cannot_leave_their_place_in_the_path() {
    let holds = step("DELETE", "/holds/..%2F..%2Fx%3Fy").answer(200, &json!({}));
    play(&["holds", "release", "../../x?y"], [holds]);
    let nas = get("/nas/a%2Fb%20c/config", &json!({}));
    play(&["--nas", "a/b c", "config", "get"], [nas]);
}
