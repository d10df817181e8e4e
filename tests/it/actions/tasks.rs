//! Removing connections and tasks, and making tasks: what is confirmed, told, found again.

use super::desk::{Desk, done, failed, home, one, origin};
use super::script::Fault;
use cloudsync_exporter::actions::{ActionError, Effect, FailureKind, NEW_TASK, NewTask};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn a_connection_is_removed_by_its_name_of_now() {
    let desk = Desk::new();
    desk.home.polled(true, 0.0);
    desk.home.world().connections.get_mut(&3).unwrap().name = "Renamed";
    let remove =
        async |confirm: &str| desk.actions.remove_connection(&home(), 3, confirm, &origin(), false).await;
    assert!(matches!(remove("").await, Err(ActionError::Unconfirmed(_))));
    assert!(matches!(remove("dropbox").await, Err(ActionError::Unconfirmed(_))));
    assert!(matches!(remove("Amazon").await, Err(ActionError::Unconfirmed(_))));
    assert!(desk.audit().await.is_empty());
    done(desk.pause(one(3), None).await);
    done(desk.pause(one(5), None).await);
    let effect = done(remove("Renamed").await);
    assert!(effect.verified && effect.after.is_null());
    desk.home.was_told(&["pause 3", "pause 5", "unlink_connection 3"]);
    assert_eq!(desk.holds(), ["home 5 held"], "its hold is gone with it");
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_fails_or_does_not_show_keeps_the_holds() {
    for (fault, outcome) in [
        (Fault::Refuse(1), "unlink_connection failed"),
        (Fault::Lost, "unlink_connection unknown"),
        (Fault::Ignore, "unlink_connection unverified"),
    ] {
        let desk = Desk::new();
        done(desk.pause(one(3), None).await);
        desk.home.fails("unlink_connection", fault);
        let effect = desk.actions.remove_connection(&home(), 3, "Dropbox", &origin(), false).await;
        assert_eq!(effect.is_ok(), outcome.ends_with("unverified"));
        desk.home.was_told(&["pause 3", "unlink_connection 3"]);
        assert_eq!(desk.holds(), ["home 3 held"]);
        assert_eq!(desk.outcomes().await[1..], [outcome]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_is_removed_by_its_folder_of_now() {
    let desk = Desk::new();
    let task = desk.actions.task(&home(), 50).await.unwrap();
    assert_eq!((task.connection.id.0, task.local_path.as_str()), (5, "/share/a"));
    for (confirm, dry_run) in [("", false), ("/share/A", false), ("", true)] {
        let effect = desk.actions.remove_task(&home(), &task, confirm, &origin(), dry_run).await;
        assert!(matches!(effect, Err(ActionError::Unconfirmed(_))), "{effect:?}");
    }
    let effect = desk.actions.remove_task(&home(), &task, "/share/a", &origin(), true).await.unwrap();
    assert!(matches!(effect, Effect::Planned(_)));
    desk.home.was_told(&[]);
    assert!(done(desk.actions.remove_task(&home(), &task, "/share/a", &origin(), false).await).verified);
    desk.home.was_told(&["unlink_session 50"]);
    let again = desk.actions.remove_task(&home(), &task, "/share/a", &origin(), false).await;
    assert_eq!(again.unwrap_err(), ActionError::UnknownTask { nas: home(), id: 50 });
    assert_eq!(desk.outcomes().await, ["unlink_session succeeded"]);
}

fn new_task() -> NewTask {
    NewTask::of(&NEW_TASK.check(json!({"local_path": "/share/b", "cloud_path": "/b"})).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_task_is_tried_then_made_then_found() {
    let desk = Desk::new();
    let amazon = desk.actions.connection(&home(), 5).await.unwrap();
    let create =
        async |dry_run| desk.actions.create_task(&home(), &amazon, new_task(), &origin(), dry_run).await;
    let Ok(Effect::Planned(plan)) = create(true).await else { panic!("not planned") };
    let methods: Vec<&str> = plan.requests.iter().map(|request| request.method).collect();
    assert_eq!(methods, ["test_task_setting", "create_session"]);
    let effect = done(create(false).await);
    desk.home.was_told(&["test_task_setting 5", "create_session 5"]);
    desk.home.has_counted(&["create_session api"]);
    assert_eq!(effect.more["task"]["sess_id"], 51);
    assert!(effect.verified);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_refused_is_not_made() {
    for (method, fault, told, outcome) in [
        ("test_task_setting", Fault::Refuse(1200), &["test_task_setting 5"][..], "failed"),
        // A test changes nothing, so nothing is left open.
        ("test_task_setting", Fault::Lost, &["test_task_setting 5"], "failed"),
        ("create_session", Fault::Refuse(1), &["test_task_setting 5", "create_session 5"], "failed"),
        ("create_session", Fault::Lost, &["test_task_setting 5", "create_session 5"], "unknown"),
    ] {
        let desk = Desk::new();
        let amazon = desk.actions.connection(&home(), 5).await.unwrap();
        desk.home.fails(method, fault);
        failed(desk.actions.create_task(&home(), &amazon, new_task(), &origin(), false).await);
        desk.home.was_told(told);
        assert_eq!(desk.outcomes().await, [format!("create_session {outcome}")]);
        assert_eq!(desk.home.world().connections[&5].tasks.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_validation_is_a_verdict_or_a_failure() {
    let desk = Desk::new();
    let amazon = desk.actions.connection(&home(), 5).await.unwrap();
    let validate = async || desk.actions.validate_task(&home(), &amazon, new_task(), &origin()).await;
    assert_eq!(validate().await, Ok(Ok(())));
    desk.home.fails("test_task_setting", Fault::Refuse(1200));
    assert_eq!(validate().await.unwrap().unwrap_err().code, Some(1200));
    for fault in [Fault::Lost, Fault::Broken, Fault::Unreachable] {
        desk.home.fails("test_task_setting", fault);
        let Err(ActionError::Nas { failure, audit: None, .. }) = validate().await else {
            panic!("a verdict")
        };
        assert_ne!(failure.kind, FailureKind::Refused);
        assert!(!failure.is_open, "it changes nothing");
    }
    desk.home.was_told(&["test_task_setting 5"; 5]);
    assert!(desk.audit().await.is_empty());
}
