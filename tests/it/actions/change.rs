//! Changes of settings: what is read, recorded, told and read back, in this order, and what becomes of each failure.

use super::desk::{Desk, done, failed, home, origin};
use super::script::Fault;
use cloudsync_exporter::actions::settings::Subject;
use cloudsync_exporter::actions::{ActionError, Effect, Object};
use cloudsync_exporter::model::{ConnectionId, TaskId};
use cloudsync_exporter::state::{AuditFilter, StateFile};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name_and_shows_both() {
    let desk = Desk::new();
    let done = done(desk.change(json!({"max_upload_speed": 512})).await);
    desk.home.was_told(&["set_connection_setting 3"]);
    desk.home.has_counted(&["set_connection_setting api"]);
    assert!(done.verified);
    assert_eq!((&done.before["max_upload_speed"], &done.after["max_upload_speed"]), (&json!(0), &json!(512)));
    for name in ["part_size", "storage_class", "pull_event_period", "task_name", "client_type"] {
        assert_eq!(done.before[name], done.after[name], "{name}");
        assert!(!done.after[name].is_null(), "{name}");
    }
    let audit = desk.audit().await;
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0]["id"], json!(done.audit_id));
    for (name, value) in [
        ("action", json!("set_connection_setting")),
        ("outcome", json!("succeeded")),
        ("token", json!("ops")),
        ("reason", json!("because")),
        ("before", done.before),
        ("after", done.after),
        ("target", json!({"kind": "connection", "id": 3, "name": "Dropbox", "connection_id": 3})),
    ] {
        assert_eq!(audit[0][name], value, "{name}");
    }
    assert_eq!(desk.home.world().polls, 1, "the next poll shows it");
}

#[tokio::test]
async fn the_record_is_on_disk_before_the_nas_is_told() {
    let desk = Desk::new();
    let (file, seen) = (desk.file.clone(), Arc::new(Mutex::new(Vec::new())));
    desk.home.when_told({
        let seen = Arc::clone(&seen);
        move |command| {
            // Another process, which sees only what is committed.
            let state = StateFile::open(&file).unwrap();
            let rows = state.audit_page(&AuditFilter::default(), 1).unwrap();
            let record: Value = serde_json::from_str(&rows[0].1).unwrap();
            let (action, outcome) = (record["action"].clone(), record["outcome"].clone());
            seen.lock().unwrap().push((command.method(), action, outcome, record["before"].clone()));
        }
    });
    done(desk.change(json!({"part_size": 128})).await);
    desk.home.was_told(&["set_connection_setting 3"]);
    let seen = seen.lock().unwrap();
    let [(method, action, outcome, before)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((json!(method), &json!("pending")), (action.clone(), outcome));
    assert_eq!(before["part_size"], 64);
}

#[tokio::test]
async fn a_dry_run_tells_and_records_nothing() {
    let desk = Desk::new();
    let subject = Subject::Connection(ConnectionId(3));
    let patch = subject.schema().check(json!({"part_size": 128})).unwrap();
    let object = Object::connection(3, "Dropbox");
    let Ok(Effect::Planned(plan)) =
        desk.actions.change(&home(), subject, object, patch, &origin(), true).await
    else {
        panic!("not planned")
    };
    assert_eq!((&plan.before["part_size"], &plan.after["part_size"]), (&json!(64), &json!(128)));
    assert_eq!(plan.requests[0].method, "set_connection_setting");
    assert!(desk.audit().await.is_empty());
    desk.home.was_told(&[]);
}

#[tokio::test]
async fn each_failure_has_its_record() {
    for (fault, outcome, after) in [
        (Fault::Refuse(105), "failed", 64),
        (Fault::Unreachable, "failed", 64),
        (Fault::Lost, "unknown", 64),
        (Fault::Broken, "unknown", 64),
    ] {
        let desk = Desk::new();
        desk.home.fails("set_connection_setting", fault);
        let error = desk.change(json!({"part_size": 128})).await;
        let Err(ActionError::Nas { seen: Some(seen), .. }) = &error else { panic!("{error:?}") };
        assert_eq!((&seen.0["part_size"], &seen.1["part_size"]), (&json!(64), &json!(after)));
        let (failure, audit) = failed(error);
        desk.home.was_told(&["set_connection_setting 3"]);
        desk.home.has_counted(&["set_connection_setting api", "set_connection_setting api failed"]);
        let record = desk.audit().await.pop().unwrap();
        assert_eq!((json!(audit), json!(outcome)), (record["id"].clone(), record["outcome"].clone()));
        assert_eq!(record["error"]["detail"], failure.detail);
        assert_eq!(record["error"]["code"], json!(failure.code));
        assert_eq!(record["after"]["part_size"], after);
    }
}

#[tokio::test]
async fn what_shows_was_done_although_the_answer_was_lost() {
    let desk = Desk::new();
    desk.home.fails("set_connection_setting", Fault::DoneButLost);
    assert!(done(desk.change(json!({"part_size": 128})).await).verified);
    desk.home.was_told(&["set_connection_setting 3"]);
    assert_eq!(desk.outcomes().await, ["set_connection_setting succeeded"]);
}

#[tokio::test]
async fn each_setter_of_the_package_has_its_record() {
    let desk = Desk::new();
    let patch = json!({"sync_mode": true, "log_count": 5});
    let both = done(desk.change_of(Subject::Package, patch).await);
    assert!(both.verified);
    assert_eq!((&both.before["log_count"], &both.after["log_count"]), (&json!(20_000), &json!(5)));
    let outcomes = desk.outcomes().await;
    assert_eq!(outcomes, ["set_global_config succeeded", "set_personal_config succeeded"]);
    let told = std::mem::take(&mut desk.home.world().told);
    assert_eq!(told.len(), 2, "{told:?}");
}

#[tokio::test]
async fn what_is_found_out_before_the_record_leaves_none() {
    let desk = Desk::new();
    for method in ["ask", "plan"] {
        desk.home.fails(method, Fault::Refuse(105));
        let (_, audit) = failed(desk.change(json!({"part_size": 128})).await);
        assert_eq!(audit, None);
        desk.home.mend(method);
    }
    let faults = desk.change_of(Subject::Package, json!({"repo_vol_path": "/volume9"})).await;
    let Err(ActionError::Invalid(faults)) = faults else { panic!("{faults:?}") };
    assert_eq!(faults[0].pointer, "/repo_vol_path");
    assert!(desk.audit().await.is_empty());
    desk.home.was_told(&[]);
}

#[tokio::test]
async fn a_nas_that_says_so_and_does_nothing_is_noticed() {
    let desk = Desk::new();
    desk.home.fails("set_connection_setting", Fault::Ignore);
    let done = done(desk.change(json!({"part_size": 128, "isSSE": false})).await);
    desk.home.was_told(&["set_connection_setting 3"]);
    desk.home.has_counted(&["set_connection_setting api", "set_connection_setting api failed"]);
    assert!(!done.verified);
    assert_eq!(done.more["not_as_wanted"], json!(["part_size"]));
    assert_eq!(desk.outcomes().await, ["set_connection_setting unverified"]);
}

#[tokio::test]
async fn of_two_commands_the_second_is_not_told_when_the_first_fails() {
    let desk = Desk::new();
    let both = json!({"worker_count": 5, "sync_mode": true});
    desk.home.fails("set_global_config", Fault::Refuse(1));
    failed(desk.change_of(Subject::Package, both.clone()).await);
    desk.home.was_told(&["set_global_config"]);
    desk.home.mend("set_global_config");
    desk.home.fails("set_personal_config", Fault::Refuse(1));
    failed(desk.change_of(Subject::Package, both.clone()).await);
    desk.home.was_told(&["set_global_config", "set_personal_config"]);
    let record = desk.audit().await.pop().unwrap();
    assert_eq!(record["after"]["worker_count"], 5, "the record shows what was done of it");
    assert_eq!(record["after"]["sync_mode"], false);
    desk.home.mend("set_personal_config");
    assert!(done(desk.change_of(Subject::Package, both).await).verified);
    desk.home.was_told(&["set_global_config", "set_personal_config"]);
}

#[tokio::test]
async fn schedules_and_tasks_and_filters_keep_their_rest_too() {
    let desk = Desk::new();
    let schedule = Subject::Schedule(ConnectionId(3));
    let done_schedule = done(desk.change_of(schedule, json!({"enabled": true})).await);
    assert_eq!(done_schedule.after, json!({"enabled": true, "schedule": vec!["1".repeat(24); 7]}));
    done(desk.change_of(Subject::Task(TaskId(50)), json!({"no_delete": true})).await);
    done(desk.change_of(Subject::Filters(TaskId(50)), json!({"filtered_names": ["y"]})).await);
    desk.home.was_told(&["set_schedule_setting 3", "set_session_setting 50", "set_selective_sync_config 50"]);
    let world = desk.home.world();
    assert_eq!(world.connections[&3].settings["part_size"], 64);
    assert_eq!(world.task_settings[&50]["filter"], "kept");
    assert_eq!(world.task_settings[&50]["no_delete"], true);
    assert_eq!(world.filters[&50]["user_defined_names"], json!(["y"]));
}
