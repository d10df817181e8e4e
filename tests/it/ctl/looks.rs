//! Commands that only look: what each asks for, and what it shows.

use serde_json::{Value, json};

use super::script::{Script, Step, automation, connections, get, hold, home, lookup, nas, play, step};
use super::{ctl, err, out, program};

/// A command, its exchanges after those that find the NAS, and lines of what it shows.
type Case = (&'static [&'static str], Vec<Step>, Vec<&'static str>);

fn shows(cases: Vec<Case>) {
    for (args, steps, lines) in cases {
        let output = play(args, steps);
        let shown = out(&output);
        assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""), "{args:?}: {shown}");
        for line in lines {
            assert!(shown.lines().any(|given| given == line), "{args:?} must show {line:?}:\n{shown}");
        }
    }
}

#[test]
fn nases_and_connections() {
    shows(vec![
        (
            &["status"],
            vec![home(), get("/holds", &json!({"holds": [hold()]})), automation(false), lookup()],
            vec![
                "automation: enforce",
                "NAS   UP   CONNECTIONS  PAUSED  HOLDS  LAST SUCCESS          TROUBLE",
                "home  yes  2            no      1      2026-03-01 10:00:00Z  -",
                "NAS   ID  NAME      TYPE  STATUS   UNFINISHED  HELD BY",
                "home  1   Photos    az    syncing  7           -",
                "home  2   My Drive  gd    pause    7           alert wan_saturated",
            ],
        ),
        (
            &["--nas", "home", "connections", "--group-by", "cloud-type"],
            vec![get("/nas/home/connections?group_by=group_by_cloud_type", &connections())],
            vec!["2   My Drive  gd    ann   pause    1     7           -"],
        ),
        (
            &["connections"],
            vec![home(), lookup()],
            vec!["1   Photos    az    ann   syncing  1     7           -"],
        ),
        (
            &["show", "Photos"],
            vec![
                home(),
                lookup(),
                get(
                    "/nas/home/connections/1",
                    &json!({
                        "id": 1, "status": "syncing", "settings": {"max_upload_speed": 0, "isSSE": false},
                        "property": {"bucket_name": "photos"}, "holds": [],
                    }),
                ),
            ],
            vec!["status  syncing", "isSSE             no", "bucket_name  photos", "no holds"],
        ),
        (
            &["poll"],
            vec![home(), step("POST", "/nas/home/poll").without_key().answer(200, &nas("home"))],
            vec!["home  yes  2            no      1      2026-03-01 10:00:00Z  -"],
        ),
        (
            &["activity", "--nas", "home"],
            vec![get(
                "/nas/home/activity",
                &json!({
                    "processing_items": [{
                        "base_name": "a.jpg", "bit_rate": 9, "current_size": 50, "path": "/a.jpg", "session_id": 3,
                        "status": "uploading", "total_size": 200, "user_name": "ann",
                    }],
                    "history_items": [{"action": 2, "log_level": 0, "path": "/b.jpg", "session_id": 3}],
                    "server_merge_items": 4,
                }),
            )],
            vec![
                "3     uploading  25 %  200       9     ann   /a.jpg",
                "3     upload  info   /b.jpg",
                "server merges: 4",
            ],
        ),
        (
            &["config", "get", "--nas", "home"],
            vec![get(
                "/nas/home/config",
                &json!({"sync_mode": true, "volume_list": [{"mount_point": "/volume1", "size_free": "5"}]}),
            )],
            vec!["sync_mode  yes", "MOUNT POINT  SIZE FREE", "/volume1     5"],
        ),
    ]);
}

#[test]
fn one_connection() {
    let week = json!({"enabled": true, "schedule": vec!["000000111111111111000000"; 7]});
    let log = json!({"items": [
        {"action": 6, "error_code": -11, "file_name": "a.jpg", "log_level": 2, "path": "/p/a.jpg",
         "session_id": 3, "time": 1_767_225_600},
    ], "total": 41});
    let below = "/nas/home/connections/1";
    shows(vec![
        (
            &["settings", "get", "1", "--nas", "home"],
            vec![get(&format!("{below}/settings"), &json!({"task_name": "Photos", "part_size": 128}))],
            vec!["FIELD      VALUE", "part_size  128"],
        ),
        (
            &["schedule", "get", "1", "--nas", "home"],
            vec![get(&format!("{below}/schedule"), &week)],
            vec![
                "# enabled: yes; 1 = may sync, in the NAS's time",
                "sun 000000 111111 111111 000000",
                "sat 000000 111111 111111 000000",
            ],
        ),
        (
            &["auth", "1", "--nas", "home"],
            vec![get(&format!("{below}/auth"), &json!({"type": "az", "secret_key": "present"}))],
            vec!["secret_key  present"],
        ),
        (
            &[
                "logs",
                "1",
                "--nas",
                "home",
                "--keyword",
                "a b",
                "--from",
                "2026-01-01T00:00:00Z",
                "--to",
                "9",
                "--level",
                "error",
                "--action",
                "upload_failed",
                "--offset",
                "1",
                "--limit",
                "2",
            ],
            vec![get(
                &format!(
                    "{below}/logs?keyword=a+b&from=2026-01-01T00%3A00%3A00Z&to=9&level=error&action=upload_failed\
                     &offset=1&limit=2"
                ),
                &log,
            )],
            vec!["2026-01-01 00:00:00Z  error  upload failed  3     -11    /p/a.jpg", "1 of 41"],
        ),
        (
            &["tasks", "My Drive"],
            vec![
                home(),
                lookup(),
                get(
                    "/nas/home/connections/2/tasks",
                    &json!({"sess": [{
                        "sess_id": 3, "local_sync_path": "/photo", "remote_sync_path": "/", "error": 0,
                        "sync_direction": "ONLY_UPLOAD", "sync_status": "uptodate",
                    }], "total": 1}),
                ),
            ],
            vec!["3     /photo  /       ONLY_UPLOAD  uptodate  0"],
        ),
        (
            &["task", "settings", "3", "--nas", "home"],
            vec![get("/nas/home/tasks/3/settings", &json!({"sync_direction": "BIDIRECTION"}))],
            vec!["sync_direction  BIDIRECTION"],
        ),
        (
            &["task", "filters", "3", "--nas", "home"],
            vec![get(
                "/nas/home/tasks/3/filters",
                &json!({"filtered_paths": ["/a", "/b"], "filtered_names": []}),
            )],
            vec!["filtered_names  none", "filtered_paths  /a, /b"],
        ),
        (
            &["task", "folders", "3", "--nas", "home", "--path", "/a", "--file-id", "x/1"],
            vec![get(
                "/nas/home/tasks/3/folders?path=%2Fa&file_id=x%2F1",
                &json!({"children": [{"exists_type": null, "file_id": "x2", "path": "/a/b", "text": "b"}]}),
            )],
            vec!["/a/b  b     x2"],
        ),
    ]);
}

#[test]
fn holds_audit_and_automation() {
    let record = json!({
        "id": 9, "time": "2026-03-01T10:00:00Z", "token": "ops", "peer": "127.0.0.1", "route": "PATCH /api/v1/…",
        "action": "set_connection_setting", "source": "api", "nas": "home",
        "target": {"kind": "connection", "id": 1, "name": "Photos"}, "reason": null,
        "before": {"max_upload_speed": 0, "part_size": 128}, "after": {"max_upload_speed": 512, "part_size": 128},
        "outcome": "succeeded", "error": null, "duration_seconds": 0.1,
    });
    let table = "12    home  My Drive    pause  alert wan_saturated  held   2026-03-01 09:00:00Z  \
                 2026-03-01 14:00:00Z  WanSaturated";
    let mut limit = hold();
    limit["action"] = "settings".into();
    limit["set"] = json!({"max_upload_speed": 512, "pull_event_period": 3600});
    let limited = "12    home  My Drive    max_upload_speed=512, pull_event_period=3600  alert wan_saturated  held   \
                   2026-03-01 09:00:00Z  2026-03-01 14:00:00Z  WanSaturated";
    shows(vec![
        (&["holds"], vec![get("/holds", &json!({"holds": [hold()]}))], vec![table]),
        (&["holds"], vec![get("/holds", &json!({"holds": [limit]}))], vec![limited]),
        (
            &["holds", "list", "--nas", "home"],
            vec![get("/holds?nas=home", &json!({"holds": []}))],
            vec!["no holds"],
        ),
        (
            &["holds", "list", "--connection", "My Drive"],
            vec![home(), lookup(), get("/holds?nas=home&connection=2", &json!({"holds": [hold()]}))],
            vec![table],
        ),
        (
            &[
                "audit",
                "--nas",
                "home",
                "--connection",
                "1",
                "--token",
                "ops",
                "--action",
                "pause",
                "--outcome",
                "failed",
                "--from",
                "1",
                "--to",
                "2",
                "--limit",
                "3",
                "--before",
                "4",
            ],
            vec![get(
                "/audit?nas=home&connection=1&token=ops&action=pause&outcome=failed&from=1&to=2&limit=3&before=4",
                &json!({"records": [record], "next_before": 8}),
            )],
            vec![
                "9   2026-03-01 10:00:00Z  ops  set_connection_setting  home  connection Photos (1)  succeeded  \
                 max_upload_speed: 0 → 512  -",
                "older ones: --before 8",
            ],
        ),
        (&["audit"], vec![get("/audit", &json!({"records": []}))], vec!["no records"]),
        (
            &["reload"],
            vec![step("POST", "").at("/-/reload").without_key().answer(200, &json!({"reloaded": true}))],
            vec!["the configuration was loaded again"],
        ),
    ]);
}

#[test]
fn decisions() {
    let acted = json!({
        "id": 8, "time": "2026-03-01T10:00:00Z", "rule": "wan", "alert": "WanSaturated", "fingerprint": "f",
        "episode": "e", "nas": "home", "connection_id": 2, "connection": "My Drive", "outcome": "blocked",
        "guard": "cooldown", "detail": "the rule's last hold of it ended 9 s ago", "mode": "enforce",
    });
    let unmatched = json!({
        "id": 7, "time": "2026-03-01T09:00:00Z", "alert": "Other", "fingerprint": "g", "outcome": "unmatched",
        "mode": "enforce",
    });
    let page = json!({"mode": "enforce", "frozen": true, "decisions": [acted, unmatched], "next_before": 7});
    let none = json!({"mode": "observe", "frozen": false, "decisions": []});
    shows(vec![
        (
            &["decisions"],
            vec![get("/automation/decisions", &page)],
            vec![
                "automation: enforce, frozen",
                "TIME                  ALERT         RULE  NAS   CONNECTION    OUTCOME    GUARD     DETAIL",
                "2026-03-01 10:00:00Z  WanSaturated  wan   home  My Drive (2)  blocked    cooldown  the rule's last \
                 hold of it ended 9 s ago",
                "2026-03-01 09:00:00Z  Other         -     -     -             unmatched  -         -",
                "older ones: --before 7",
            ],
        ),
        (
            &["decisions", "--nas", "home", "--limit", "3", "--before", "4"],
            vec![get("/automation/decisions?nas=home&limit=3&before=4", &none)],
            vec!["automation: observe", "no decisions"],
        ),
        (
            &["decisions", "--connection", "My Drive", "--rule", "wan", "--outcome", "would_act"],
            vec![
                home(),
                lookup(),
                get("/automation/decisions?nas=home&connection=2&rule=wan&outcome=would_act", &none),
            ],
            vec!["no decisions"],
        ),
    ]);
}

#[test]
fn json_is_the_servers_own() {
    // Order, spelling of numbers and escapes are kept; only the layout is new.
    let answer = r#"{"conn":[{"id":1,"b":1.50,"a":"\u00e9"}],"total":1}"#;
    let shown = "{\n  \"conn\": [\n    {\n      \"id\": 1,\n      \"b\": 1.50,\n      \"a\": \"\\u00e9\"\n    }\n  ],\n  \"total\": 1\n}\n";
    let script = Script::start([step("GET", "/nas/home/connections").raw(200, "application/json", answer)]);
    // Not a terminal: JSON is what fits.
    let mut command = program();
    command.args(["--url", &script.url, "connections"]).env("CLOUDSYNC_CTL_TOKEN", super::TOKEN);
    let output = command.args(["--nas", "home"]).output().unwrap();
    script.finish();
    assert_eq!(out(&output), shown);
}

#[test]
fn status_as_json_has_all_of_it() {
    let script =
        Script::start([home(), get("/holds", &json!({"holds": [hold()]})), automation(true), lookup()]);
    let mut command = program();
    command.args(["--url", &script.url, "--output=json", "status"]).env("CLOUDSYNC_CTL_TOKEN", super::TOKEN);
    let output = command.output().unwrap();
    script.finish();
    let shown: Value = serde_json::from_str(&out(&output)).unwrap();
    let all = json!({
        "nas": [nas("home")], "connections": {"home": connections()}, "holds": [hold()],
        "automation": {"mode": "enforce", "frozen": true},
    });
    assert_eq!(shown, all);
}

#[test]
fn a_nas_without_data_costs_its_own_rows() {
    let mut down = nas("office");
    down["up"] = false.into();
    down["reason"] = "timeout".into();
    down["trouble"] = "no answer".into();
    down["login_suspended"] = true.into();
    let steps = [
        get("/nas", &json!({"nas": [nas("home"), down]})),
        get("/holds", &json!({"holds": []})),
        // A daemon of an older version.
        step("GET", "/automation/decisions?limit=1").problem(404, &json!({"title": "not found"})),
        lookup(),
        step("GET", "/nas/office/connections")
            .problem(504, &json!({"title": "no data", "detail": "not yet polled"})),
    ];
    let output = play(&["status"], steps);
    let shown = out(&output);
    assert_eq!(output.status.code(), Some(0));
    for part in [
        "no (timeout)",
        "no answer; logins are held back",
        "home  2   My Drive",
        "office: no data: not yet polled",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn the_description_of_the_api_is_json_in_any_case() {
    let script = Script::start([get("/openapi.json", &json!({"openapi": "3.1.0"}))]);
    let output = ctl(&script.url, &["openapi"]).output().unwrap();
    script.finish();
    assert_eq!(out(&output), "{\n  \"openapi\": \"3.1.0\"\n}\n");
}
