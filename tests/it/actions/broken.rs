//! A state file that fails: what is refused, what goes on, and what is written when it works again.

use super::desk::{Desk, done, failed, one};
use super::script::Fault;
use crate::state::broken::{allow, bring_back, refuse, take_away};
use cloudsync_exporter::actions::{ActionError, Effect};
use serde_json::json;

#[track_caller]
fn unrecorded(effect: &Result<Effect, ActionError>) {
    assert!(matches!(effect, Err(ActionError::Unrecorded(_))), "{effect:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_record_nothing_is_told() {
    let desk = Desk::new();
    take_away(&desk.file, "audit");
    unrecorded(&desk.change(json!({"part_size": 1})).await);
    unrecorded(&desk.pause(one(3), None).await);
    // Nobody holds it, so this is no release.
    desk.home.set_status(5, "pause");
    unrecorded(&desk.resume(one(5), false).await);
    desk.home.was_told(&[]);
    desk.home.has_counted(&[]);
    assert!(desk.holds().is_empty());
    bring_back(&desk.file, "audit");
    desk.actions.journal().flush().await;
    assert!(desk.audit().await.is_empty(), "what was refused is not recorded later as if it had been done");
}

#[tokio::test(start_paused = true)]
async fn releases_go_on_and_are_recorded_when_the_disk_is_back() {
    let mut desk = Desk::new();
    for id in [3, 5] {
        done(desk.pause(one(id), None).await);
    }
    let hold = desk.actions.book().all()[0].id.clone();
    take_away(&desk.file, "audit");
    let released = done(desk.release(&hold).await);
    assert_eq!(released.audit_id, None);
    done(desk.resume(one(5), false).await);
    desk.home.was_told(&["pause 3", "pause 5", "resume 3", "resume 5"]);
    assert!(desk.holds().is_empty());
    desk.actions.journal().flush().await;
    bring_back(&desk.file, "audit");
    assert_eq!(desk.outcomes().await, ["pause succeeded"; 2], "nothing of the releases yet");
    desk.actions.journal().flush().await;
    desk.actions.journal().flush().await;
    let expected = ["pause succeeded", "pause succeeded", "resume succeeded", "resume succeeded"];
    assert_eq!(desk.outcomes().await, expected, "in their order, and once");
    desk.restart();
    assert_eq!(desk.outcomes().await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_completed_is_completed_later_in_order() {
    let mut desk = Desk::new();
    refuse(&desk.file, "UPDATE", "audit");
    done(desk.change(json!({"part_size": 1})).await);
    done(desk.change(json!({"part_size": 2})).await);
    desk.home.was_told(&["set_connection_setting 3"; 2]);
    assert_eq!(desk.outcomes().await, ["set_connection_setting pending"; 2]);
    allow(&desk.file, "UPDATE", "audit");
    desk.actions.drain().await;
    let audit = desk.audit().await;
    let sizes: Vec<_> = audit.iter().map(|record| record["after"]["part_size"].as_i64().unwrap()).collect();
    assert_eq!(sizes, [1, 2]);
    desk.restart();
    assert_eq!(desk.outcomes().await, ["set_connection_setting succeeded"; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_cannot_be_written_is_none() {
    let mut desk = Desk::new();
    refuse(&desk.file, "INSERT", "hold");
    unrecorded(&desk.pause(one(3), None).await);
    desk.home.was_told(&[]);
    assert!(desk.holds().is_empty());
    let record = desk.audit().await.pop().unwrap();
    assert_eq!(record["outcome"], "failed");
    assert!(record["error"]["detail"].as_str().unwrap().contains("no space left"), "{record}");
    allow(&desk.file, "INSERT", "hold");
    done(desk.pause(one(3), None).await);
    desk.home.was_told(&["pause 3"]);
    desk.restart();
    assert_eq!(desk.holds(), ["home 3 held"]);
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_ended_while_the_disk_failed_stays_ended() {
    let mut desk = Desk::new();
    for id in [3, 5] {
        done(desk.pause(one(id), None).await);
    }
    refuse(&desk.file, "DELETE", "hold");
    done(desk.resume(one(3), false).await);
    desk.home.was_told(&["pause 3", "pause 5", "resume 3"]);
    assert_eq!(desk.holds(), ["home 5 held"], "memory is what counts");
    // A newer change of the same connection in between: the old end must not come after it.
    done(desk.pause(one(3), None).await);
    desk.home.was_told(&["pause 3"]);
    allow(&desk.file, "DELETE", "hold");
    let mut keeper = desk.keeper();
    keeper.tick().await;
    keeper.rest().await;
    desk.restart();
    assert_eq!(desk.holds(), ["home 5 held", "home 3 held"]);
}

#[tokio::test(start_paused = true)]
async fn a_phase_that_could_not_be_written_is_written_later() {
    let mut desk = Desk::new();
    desk.home.fails("pause", Fault::Ignore);
    done(desk.pause(one(3), None).await);
    desk.home.set_status(3, "pause");
    take_away(&desk.file, "hold");
    let mut keeper = desk.keeper();
    keeper.tick().await;
    keeper.rest().await;
    assert_eq!(desk.holds(), ["home 3 held"]);
    bring_back(&desk.file, "hold");
    desk.actions.drain().await;
    desk.restart();
    assert_eq!(desk.holds(), ["home 3 held"]);
    desk.home.was_told(&["pause 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_fails_while_the_disk_does_is_recorded_too() {
    let desk = Desk::new();
    done(desk.pause(one(3), None).await);
    take_away(&desk.file, "audit");
    desk.home.fails("resume", Fault::Refuse(402));
    assert_eq!(failed(desk.resume(one(3), false).await).1, None);
    desk.home.was_told(&["pause 3", "resume 3"]);
    bring_back(&desk.file, "audit");
    desk.actions.journal().flush().await;
    assert_eq!(desk.outcomes().await, ["pause succeeded", "resume failed"]);
}
