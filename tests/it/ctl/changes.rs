//! Commands that change something: what each sends, and what it says of the change.

use serde_json::{Value, json};

use super::script::{Script, Step, hold, home, lookup, play, step};
use super::{ctl, err, out};

/// A command, its last exchange, and lines of what it says.
type Case = (&'static [&'static str], Step, Vec<&'static str>);

fn says(cases: Vec<Case>) {
    for (args, step, lines) in cases {
        let args = [&["--nas", "home"], args].concat();
        let output = play(&args, [step]);
        let shown = out(&output);
        assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""), "{args:?}: {shown}");
        for line in lines {
            assert!(shown.lines().any(|given| given == line), "{args:?} must say {line:?}:\n{shown}");
        }
    }
}

fn change(before: &Value, after: &Value) -> Value {
    json!({"audit_id": 7, "before": before, "after": after, "verified": true})
}

/// An answer with one more field.
fn with(mut answer: Value, name: &str, value: Value) -> Value {
    answer[name] = value;
    answer
}

const CONNECTION: &str = "/nas/home/connections/1";

#[test]
fn settings() {
    let speed = change(
        &json!({"max_upload_speed": 0, "part_size": 128}),
        &json!({"max_upload_speed": 1024, "part_size": 128}),
    );
    says(vec![
        (
            &["settings", "set", "1", "max_upload_speed=1024", "task_name=New name", "isSSE=false"],
            step("PATCH", &format!("{CONNECTION}/settings"))
                .body(json!({"max_upload_speed": 1024, "task_name": "New name", "isSSE": false}))
                .answer(200, &speed),
            vec!["max_upload_speed: 0 → 1024", "audit record 7"],
        ),
        (
            &["config", "set", "worker_count=5"],
            step("PATCH", "/nas/home/config")
                .body(json!({"worker_count": 5}))
                .answer(200, &change(&json!({"worker_count": 5}), &json!({"worker_count": 5}))),
            vec!["nothing changed"],
        ),
        (
            &["task", "settings", "3", "sync_direction=ONLY_UPLOAD"],
            step("PATCH", "/nas/home/tasks/3/settings")
                .body(json!({"sync_direction": "ONLY_UPLOAD"}))
                .answer(202, &with(change(&json!({}), &json!({})), "verified", false.into())),
            vec!["the NAS does not show it yet"],
        ),
        (
            &["task", "filters", "3", "filtered_paths=/a,/b", "filtered_names=[\"x,y\"]", "filtered_names=z"],
            step("PATCH", "/nas/home/tasks/3/filters")
                .body(json!({"filtered_paths": ["/a", "/b"], "filtered_names": ["x,y", "z"]}))
                .answer(
                    200,
                    &change(&json!({"filtered_paths": []}), &json!({"filtered_paths": ["/a", "/b"]})),
                ),
            vec!["filtered_paths: [] → [\"/a\",\"/b\"]"],
        ),
    ]);
}

#[test]
fn tasks_and_connections_come_and_go() {
    let create = json!({
        "local_path": "/photo/a", "cloud_path": "/b", "sync_direction": "ONLY_UPLOAD", "storage_class": "GLACIER",
        "file_filter": ["tmp", "bak"], "filter_names": ["x"], "filter_max_upload_size": 9,
    });
    let made = json!({"sess_id": 5, "local_sync_path": "/photo/a", "remote_sync_path": "/b"});
    says(vec![
        (
            &[
                "task",
                "create",
                "1",
                "--local-path",
                "/photo/a",
                "--cloud-path",
                "/b",
                "--direction",
                "ONLY_UPLOAD",
                "--storage-class",
                "GLACIER",
                "--exclude-extension",
                "tmp",
                "--exclude-extension",
                "bak",
                "--exclude-name",
                "x",
                "--max-upload-size",
                "9",
            ],
            step("POST", &format!("{CONNECTION}/tasks"))
                .body(create)
                .answer(201, &with(change(&Value::Null, &Value::Null), "task", made)),
            vec!["created: task 5, /photo/a ↔ /b", "audit record 7"],
        ),
        (
            &["task", "create", "1", "--local-path", "/photo/a", "--cloud-path", "/b", "--validate-only"],
            step("POST", &format!("{CONNECTION}/tasks/validate"))
                .body(json!({"local_path": "/photo/a", "cloud_path": "/b"}))
                .without_key()
                .answer(200, &json!({"valid": true})),
            vec!["valid"],
        ),
        (
            &["task", "remove", "5", "--confirm", "/photo/a b"],
            step("DELETE", "/nas/home/tasks/5?confirm=%2Fphoto%2Fa+b")
                .answer(200, &change(&json!({"sess_id": 5}), &Value::Null)),
            vec!["sess_id: 5 → -"],
        ),
        (
            &["unlink", "1", "--confirm", "Photos & more"],
            step("DELETE", &format!("{CONNECTION}?confirm=Photos+%26+more"))
                .answer(200, &change(&json!({"id": 1}), &Value::Null)),
            vec!["id: 1 → -", "audit record 7"],
        ),
    ]);
}

#[test]
fn pausing_and_holding() {
    let paused = change(&json!({"status": "syncing"}), &json!({"status": "pause"}));
    let resumed = change(&json!({"status": "pause"}), &json!({"status": "syncing"}));
    let ended = with(resumed.clone(), "ended_holds", json!([hold()]));
    let row = "12    home  My Drive    pause  alert wan_saturated  held   2026-03-01 09:00:00Z  2026-03-01 14:00:00Z  \
               WanSaturated";
    let frozen = |frozen: bool| json!({"frozen": frozen, "audit_id": 8});
    says(vec![
        (
            &["pause", "1", "--reason", "night", "--for", "2h"],
            step("POST", &format!("{CONNECTION}/pause"))
                .body(json!({"reason": "night", "for": "2h"}))
                .answer(200, &with(paused.clone(), "hold", hold())),
            vec!["status: syncing → pause", "held:", row, "audit record 7"],
        ),
        (
            &["pause", "--all", "--reason", "night"],
            step("POST", "/nas/home/pause")
                .body(json!({"all": true, "reason": "night"}))
                .answer(202, &with(with(paused.clone(), "holds", json!([hold()])), "verified", false.into())),
            vec!["the NAS does not show it yet", row],
        ),
        (
            &["resume", "1"],
            step("POST", &format!("{CONNECTION}/resume")).body(json!({})).answer(200, &ended),
            vec!["status: pause → syncing", "ended:", row],
        ),
        (
            &["resume", "1", "--reason", "enough", "--override"],
            step("POST", &format!("{CONNECTION}/resume"))
                .body(json!({"reason": "enough", "override": true}))
                .answer(200, &ended),
            vec![row],
        ),
        (
            &["resume", "--all"],
            step("POST", "/nas/home/resume").body(json!({"all": true})).answer(200, &resumed),
            vec!["status: pause → syncing"],
        ),
        (
            &["holds", "add", "1", "--reason", "audit", "--for", "30m", "--latch"],
            step("POST", "/holds")
                .body(json!({"nas": "home", "connection_id": 1, "reason": "audit", "for": "30m", "latch": true}))
                .answer(201, &with(paused, "hold", hold())),
            vec!["held:", row],
        ),
        (
            &["holds", "release", "12", "--reason", "done"],
            step("DELETE", "/holds/12?reason=done").answer(200, &ended),
            vec!["ended:", row],
        ),
        (
            &["freeze", "--reason", "maintenance"],
            step("POST", "/automation/freeze").body(json!({"reason": "maintenance"})).answer(200, &frozen(true)),
            vec!["automation is frozen", "audit record 8"],
        ),
        (
            &["unfreeze"],
            step("POST", "/automation/unfreeze").body(json!({})).answer(200, &frozen(false)),
            vec!["automation may act"],
        ),
    ]);
}

#[test]
fn schedules() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let closed = "0".repeat(24);
    let office = "000000001111111111000000";
    let week: Vec<_> = (0..7).map(|day| if day == 1 { office } else { &*closed }).collect();
    std::fs::write(path, week.join("\n")).unwrap();
    let target = format!("{CONNECTION}/schedule");
    let before = json!({"enabled": true, "schedule": vec!["1".repeat(24); 7]});
    let put = |body: Value| {
        let after = with(body.clone(), "enabled", true.into());
        step("PUT", &target).body(body).answer(200, &change(&before, &after))
    };
    let current = || step("GET", &target).answer(200, &before);
    let all = json!({"enabled": true, "schedule": week});
    for (args, steps) in [
        (vec!["--enabled", "true", "--week", path], vec![put(all.clone())]),
        (vec!["--enabled=true", "--week", &week.join("\n")], vec![put(all.clone())]),
        (vec!["--enabled", "true", "--week", &week.concat()], vec![put(all.clone())]),
        (vec!["--from-text", "mon 8-18"], vec![current(), put(all.clone())]),
        (vec!["--week", path], vec![current(), put(all.clone())]),
    ] {
        let args = [vec!["--nas", "home", "schedule", "set", "1"], args].concat();
        let output = play(&args, steps);
        let shown = out(&output);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", err(&output));
        let monday = format!("schedule.mon: {} → {office}", "1".repeat(24));
        assert!(shown.contains(&monday), "{args:?}: {shown}");
    }
    let off = step("PUT", &target)
        .body(json!({"enabled": false}))
        .answer(200, &change(&json!({"enabled": true}), &json!({"enabled": false})));
    let output = play(&["--nas", "home", "schedule", "set", "1", "--enabled", "false"], [off]);
    assert!(out(&output).contains("enabled: true → false"));
}

#[test]
fn the_shown_schedule_is_accepted_again() {
    let week = json!({"enabled": false, "schedule": vec!["000000111111111111000000"; 7]});
    let target = format!("{CONNECTION}/schedule");
    let shown =
        out(&play(&["--nas", "home", "schedule", "get", "1"], [step("GET", &target).answer(200, &week)]));
    let script = Script::start([step("PUT", &target).body(week.clone()).answer(200, &change(&week, &week))]);
    let mut command =
        ctl(&script.url, &["--nas", "home", "schedule", "set", "1", "--enabled=false", "--week", "-"]);
    let output = command.write_stdin(shown).output().unwrap();
    script.finish();
    assert_eq!(out(&output), "nothing changed\naudit record 7\n", "{}", err(&output));
}

#[test]
fn a_dry_run_says_what_would_be_sent() {
    let would = json!({
        "dry_run": true, "before": {"max_upload_speed": 0}, "after": {"max_upload_speed": 512},
        "requests": [{
            "api": "SYNO.CloudSync", "method": "set_connection_setting", "version": 1,
            "params": {"connection_id": 1, "max_upload_speed": 512},
        }],
    });
    let asked = step("PATCH", "/nas/home/connections/1/settings?dry_run=true")
        .body(json!({"max_upload_speed": 512}))
        .answer(200, &would);
    let output =
        play(&["settings", "set", "Photos", "max_upload_speed=512", "--dry-run"], [home(), lookup(), asked]);
    assert_eq!(
        out(&output),
        "max_upload_speed: 0 → 512\n\
         would send SYNO.CloudSync set_connection_setting version 1: {\"connection_id\":1,\"max_upload_speed\":512}\n\
         dry run: nothing was sent\n"
    );
    let none = json!({"dry_run": true, "before": {}, "after": {}, "requests": []});
    for (args, step) in [
        (
            vec!["pause", "1", "--reason", "x"],
            step("POST", "/nas/home/connections/1/pause").body(json!({"reason": "x"})),
        ),
        (vec!["resume", "--all"], step("POST", "/nas/home/resume").body(json!({"all": true}))),
        (vec!["holds", "release", "12", "--reason", "x"], step("DELETE", "/holds/12?reason=x")),
        (vec!["unlink", "1", "--confirm", "x"], step("DELETE", "/nas/home/connections/1?confirm=x")),
        (vec!["task", "remove", "5", "--confirm", "x"], step("DELETE", "/nas/home/tasks/5?confirm=x")),
        (vec!["freeze"], step("POST", "/automation/freeze").body(json!({}))),
    ] {
        let args = [vec!["--nas", "home"], args, vec!["--dry-run"]].concat();
        let output = play(&args, [step.dry().answer(200, &none)]);
        assert!(out(&output).contains("nothing would change\ndry run: nothing was sent\n"), "{args:?}");
    }
}

#[test]
fn a_task_that_would_not_do_is_a_no() {
    let no = json!({"valid": false, "problem": {
        "type": "urn:cloudsync-exporter:problem:nas-refused", "title": "The NAS refused", "status": 502,
        "detail": "the folder is in use", "nas_code": 417, "nas_method": "test_task_setting",
    }});
    let asked = step("POST", &format!("{CONNECTION}/tasks/validate"))
        .body(json!({"local_path": "/a", "cloud_path": "/b"}))
        .without_key()
        .answer(200, &no);
    let args =
        ["--nas", "home", "task", "create", "1", "--local-path=/a", "--cloud-path=/b", "--validate-only"];
    let output = play(&args, [asked]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        out(&output),
        "not valid: the folder is in use\n  the NAS answered test_task_setting with code 417\n"
    );
}
