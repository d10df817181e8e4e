//! Resumes and the ends of holds: nothing is resumed that was paused before, and nothing that others hold.

use super::desk::{Desk, VERIFY, done, failed, home, one, origin};
use super::keeping::looks;
use super::script::Fault;
use cloudsync_exporter::actions::{ActionError, Effect, Hold, Pause, Resume, Target};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn the_end_of_the_last_hold_resumes() {
    let desk = Desk::new();
    done(desk.pause(one(3), None).await);
    let first = desk.newest();
    done(desk.pause(one(3), None).await);
    let second = desk.newest();
    desk.home.was_told(&["pause 3", "pause 3"]);
    let effect = done(desk.release(&first).await);
    assert_eq!(effect.more["ended_holds"][0]["id"], json!(first));
    assert_eq!(desk.home.status(3), "pause");
    let effect = done(desk.release(&second).await);
    desk.home.was_told(&["resume 3"]);
    assert_eq!(effect.after, json!({"status": "syncing"}));
    assert_eq!(desk.outcomes().await[2..], ["release succeeded", "resume succeeded"]);
    assert_eq!(desk.release(&second).await.unwrap_err(), ActionError::UnknownHold(second));
}

#[tokio::test(start_paused = true)]
async fn what_was_paused_before_stays_so() {
    let desk = Desk::new();
    desk.home.set_status(3, "pause");
    done(desk.pause(one(3), None).await);
    desk.home.was_told(&["pause 3"]);
    desk.home.fails("ask", Fault::Unreachable);
    done(desk.release(&desk.newest()).await);
    assert_eq!((desk.home.status(3), desk.holds().len()), ("pause", 0));
}

/// Held while paused by a person, resumed by a person, paused by another hold: whichever of the two ends last, the
/// connection ran before it was paused.
#[tokio::test(start_paused = true)]
async fn a_pause_that_a_person_ended_is_not_kept_by_an_older_hold() {
    for oldest_first in [true, false] {
        let desk = Desk::new();
        desk.home.set_status(3, "pause");
        done(desk.pause(one(3), None).await);
        let older = desk.newest();
        desk.home.set_status(3, "syncing");
        done(desk.pause(one(3), None).await);
        let newer = desk.newest();
        desk.home.was_told(&["pause 3", "pause 3"]);
        let ends = if oldest_first { [&older, &newer] } else { [&newer, &older] };
        for hold in ends {
            done(desk.release(hold).await);
        }
        desk.home.was_told(&["resume 3"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_runs_already_is_not_told_to() {
    let desk = Desk::new();
    done(desk.pause(one(3), None).await);
    desk.home.was_told(&["pause 3"]);
    desk.home.set_status(3, "syncing");
    done(desk.release(&desk.newest()).await);
    desk.home.was_told(&[]);
    assert!(desk.holds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_release_that_fails_goes_on_to_be_wished_and_says_by_whom() {
    for (method, fault, told) in [
        ("ask", Fault::Unreachable, &[][..]),
        ("resume", Fault::Refuse(402), &["resume 3"]),
        ("resume", Fault::Lost, &["resume 3"]),
    ] {
        let mut desk = Desk::new();
        done(desk.pause(one(3), None).await);
        desk.home.was_told(&["pause 3"]);
        desk.home.fails(method, fault.clone());
        let (_, audit) = failed(desk.release(&desk.newest()).await);
        desk.home.was_told(told);
        let record = desk.audit().await.pop().unwrap();
        assert_eq!(record["id"], json!(audit.expect("the wish is recorded")));
        assert_eq!((&record["token"], &record["reason"]), (&json!("ops"), &json!("because")));
        let unknown = matches!(fault, Fault::Lost);
        assert_eq!(record["outcome"], if unknown { "unknown" } else { "failed" });
        desk.restart();
        assert_eq!(desk.holds(), ["home 3 releasing"]);
        desk.home.mend(method);
        let mut keeper = desk.keeper();
        keeper.tick().await;
        keeper.rest().await;
        desk.home.was_told(&["resume 3"]);
        assert!(desk.holds().is_empty());
        let record = desk.audit().await.pop().unwrap();
        assert_eq!((&record["token"], &record["source"]), (&json!("(exporter)"), &json!("release")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_resume_ends_the_holds_of_what_it_resumes() {
    let desk = Desk::new();
    for id in [3, 5] {
        done(desk.pause(one(id), None).await);
    }
    desk.home.was_told(&["pause 3", "pause 5"]);
    let effect = done(desk.resume(one(3), false).await);
    desk.home.was_told(&["resume 3"]);
    assert_eq!(effect.more["ended_holds"].as_array().unwrap().len(), 1);
    assert_eq!(desk.holds(), ["home 5 held"]);
    // What nobody holds can be resumed too.
    desk.home.set_status(3, "pause");
    done(desk.resume(one(3), false).await);
    desk.home.was_told(&["resume 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_resume_that_fails_ends_no_hold() {
    for (fault, outcome, holds) in [
        (Fault::Refuse(402), "resume failed", 1),
        (Fault::Lost, "resume unknown", 1),
        (Fault::DoneButLost, "resume succeeded", 0),
    ] {
        let desk = Desk::new();
        done(desk.pause(one(3), None).await);
        desk.home.fails("resume", fault);
        let effect = desk.resume(one(3), false).await;
        assert_eq!(effect.is_ok(), holds == 0, "{outcome}");
        desk.home.was_told(&["pause 3", "resume 3"]);
        assert_eq!(desk.holds().len(), holds, "{outcome}");
        assert_eq!(desk.outcomes().await[1..], [outcome]);
    }
}

fn alert(id: &str) -> Hold {
    let hold = json!({
        "id": id, "nas": "home", "connection_id": 3, "connection": "Dropbox", "rule": "wan", "reason": "alert",
        "author": "rule wan", "created": 0, "was_paused": false, "phase": "held",
    });
    serde_json::from_value(hold).unwrap()
}

#[tokio::test(start_paused = true)]
async fn alerts_and_latches_withstand_a_plain_resume() {
    let desk = Desk::new();
    let wish =
        Pause { target: one(3), reason: "because".to_owned(), seconds: None, latch: true, holder: None };
    done(desk.actions.pause(&home(), &wish, &origin(), false).await);
    desk.actions.book().add(&[alert("h-1")], 0).await.unwrap();
    done(desk.pause(one(3), None).await);
    desk.home.was_told(&["pause 3", "pause 3"]);
    for target in [one(3), Target::All] {
        let Err(ActionError::Held(standing)) = desk.resume(target, false).await else { panic!("resumed") };
        assert_eq!(standing.len(), 2, "the manual hold would end");
    }
    let dry = Resume { target: one(3), overrides: true };
    let Ok(Effect::Planned(plan)) = desk.actions.resume(&home(), dry, &origin(), true).await else {
        panic!("not planned")
    };
    assert_eq!(plan.more["ended_holds"].as_array().unwrap().len(), 3);
    assert_eq!(desk.holds().len(), 3);
    done(desk.resume(one(3), true).await);
    desk.home.was_told(&["resume 3"]);
    assert!(desk.holds().is_empty());
}

/// The NAS said yes to the pause and did not show it: it may come after the resume.
#[tokio::test(start_paused = true)]
async fn a_resume_leaves_the_hold_of_a_pause_that_never_showed_to_the_keeper() {
    let desk = Desk::new();
    desk.home.fails("pause", Fault::Ignore);
    done(desk.pause(one(3), None).await);
    let resumed = done(desk.resume(one(3), false).await);
    assert_eq!(resumed.more["holds"][0]["phase"], "releasing");
    desk.home.was_told(&["pause 3", "resume 3"]);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 2).await;
    desk.home.set_status(3, "pause");
    looks(&mut keeper, 2 * VERIFY.as_secs() + 6).await;
    desk.home.was_told(&["resume 3"]);
    assert!(desk.holds().is_empty());
}

/// A hold on what the NAS no longer lists is not in the way of resuming the rest, nor ended by it: nobody has seen its
/// connection.
#[tokio::test(start_paused = true)]
async fn resuming_all_leaves_holds_on_what_is_gone_to_the_keeper() {
    let desk = Desk::new();
    desk.actions.book().add(&[Hold { connection_id: 99, ..alert("h-1") }], 0).await.unwrap();
    done(desk.pause(one(3), None).await);
    done(desk.resume(Target::All, false).await);
    desk.home.was_told(&["pause 3", "resume all"]);
    assert_eq!(desk.holds(), ["home 99 held"]);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_of_a_release_says_what_it_would_tell() {
    let desk = Desk::new();
    done(desk.pause(one(3), None).await);
    let hold = desk.newest();
    desk.home.was_told(&["pause 3"]);
    let Ok(Effect::Planned(plan)) = desk.actions.release(&hold, &origin(), true).await else {
        panic!("not planned")
    };
    assert_eq!(plan.requests[0].method, "resume");
    desk.home.fails("ask", Fault::Unreachable);
    assert_eq!(failed(desk.actions.release(&hold, &origin(), true).await).1, None);
    assert_eq!((desk.holds(), desk.audit().await.len()), (vec!["home 3 held".to_owned()], 1));
    // In error a pause may lie hidden.
    desk.home.mend("ask");
    desk.home.set_status(3, "error");
    done(desk.release(&hold).await);
    desk.home.was_told(&["resume 3"]);
}
