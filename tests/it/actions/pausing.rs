//! Pauses: what is told and held, and what remains of each failure.

use super::desk::{Desk, done, failed, home, one, origin};
use super::script::Fault;
use cloudsync_exporter::actions::holds::Phase;
use cloudsync_exporter::actions::{ActionError, Effect, Pause, Target};
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test(start_paused = true)]
async fn a_pause_is_a_hold() {
    let desk = Desk::new();
    let done = done(desk.pause(one(3), Some(7_200)).await);
    desk.home.was_told(&["pause 3"]);
    desk.home.has_counted(&["pause api"]);
    assert!(done.verified);
    assert_eq!((done.before, done.after), (json!({"status": "uptodate"}), json!({"status": "pause"})));
    let hold = desk.actions.book().get(&desk.newest()).unwrap();
    assert_eq!(done.more["hold"], json!(hold));
    assert_eq!((hold.phase, hold.was_paused, hold.author.as_str()), (Phase::Held, false, "ops"));
    assert_eq!(hold.until.unwrap() - hold.created, 7_200_000);
    assert_eq!(desk.outcomes().await, ["pause succeeded"]);
}

#[tokio::test(start_paused = true)]
async fn what_remains_of_each_failure() {
    for (fault, holds, outcome, is_done) in [
        (Fault::Refuse(402), &[][..], "pause failed", false),
        (Fault::Unreachable, &[], "pause failed", false),
        // Nobody knows: the hold stays until the keeper does.
        (Fault::Lost, &["home 3 pausing"], "pause unknown", false),
        (Fault::Broken, &["home 3 pausing"], "pause unknown", false),
        // One look tells.
        (Fault::DoneButLost, &["home 3 held"], "pause succeeded", true),
        (Fault::Ignore, &["home 3 pausing"], "pause unverified", true),
    ] {
        let mut desk = Desk::new();
        desk.home.fails("pause", fault);
        let effect = desk.pause(one(3), None).await;
        desk.home.was_told(&["pause 3"]);
        if is_done {
            assert_eq!(done(effect).verified, outcome == "pause succeeded");
        } else {
            assert!(failed(effect).1.is_some(), "{outcome}");
        }
        desk.restart();
        assert_eq!(desk.holds(), holds, "{outcome}, also on disk");
        assert_eq!(desk.outcomes().await, [outcome]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_shows_it_late_is_waited_for() {
    let desk = Desk::new();
    desk.home.world().lag = 4;
    assert!(done(desk.pause(one(3), None).await).verified);
    desk.home.was_told(&["pause 3"]);
    desk.home.world().lag = 100;
    let effect = done(desk.pause(one(5), None).await);
    assert!(!effect.verified);
    assert_eq!(effect.after, json!({"status": "syncing"}));
    desk.home.was_told(&["pause 5"]);
    assert_eq!(desk.holds(), ["home 3 held", "home 5 pausing"]);
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_falls_silent_after_the_pause_does_not_keep_the_turn() {
    let desk = Desk::new();
    desk.home.world().lag = 100;
    let (home, started) = (desk.home.clone(), tokio::time::Instant::now());
    let asking = {
        let home = desk.home.clone();
        async move {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            // The second look takes ten seconds and fails, as with a client's own limit.
            let gate = home.hang("ask");
            tokio::time::sleep(std::time::Duration::from_secs(10)).await;
            home.fails("ask", Fault::Unreachable);
            gate.add_permits(1);
        }
    };
    let (effect, ()) = tokio::join!(desk.pause(one(3), None), asking);
    assert!(!done(effect).verified);
    assert!(
        started.elapsed().as_secs() < 12,
        "one look was slow, and no other began: {:?}",
        started.elapsed()
    );
    home.was_told(&["pause 3"]);
    home.mend("ask");
}

#[tokio::test(start_paused = true)]
async fn all_are_paused_by_one_command_and_a_hold_each() {
    let desk = Desk::new();
    let effect = done(desk.pause(Target::All, None).await);
    desk.home.was_told(&["pause all"]);
    // Drive is in error and shows no pause.
    assert!(!effect.verified);
    assert_eq!(effect.after, json!({"status": {"3": "pause", "5": "pause", "7": "error"}}));
    assert_eq!(effect.more["holds"].as_array().unwrap().len(), 3);
    let record = desk.audit().await.pop().unwrap();
    assert_eq!(record["target"], json!({"kind": "nas", "name": "home"}));
}

#[tokio::test(start_paused = true)]
async fn what_was_paused_before_is_remembered_as_that() {
    let desk = Desk::new();
    desk.home.set_status(3, "pause");
    for _ in 0..2 {
        done(desk.pause(one(3), None).await);
    }
    done(desk.pause(one(5), None).await);
    done(desk.pause(one(5), None).await);
    desk.home.was_told(&["pause 3", "pause 3", "pause 5", "pause 5"]);
    let was_paused: Vec<(i64, bool)> =
        desk.actions.book().all().iter().map(|hold| (hold.connection_id, hold.was_paused)).collect();
    assert_eq!(was_paused, [(3, true), (3, true), (5, false), (5, false)]);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_of_a_pause_tells_and_holds_nothing() {
    let desk = Desk::new();
    let wish = Pause {
        target: Target::All,
        reason: "because".to_owned(),
        seconds: None,
        latch: false,
        holder: None,
    };
    let Ok(Effect::Planned(plan)) = desk.actions.pause(&home(), &wish, &origin(), true).await else {
        panic!("not planned")
    };
    assert_eq!(plan.after, json!({"status": {"3": "pause", "5": "pause", "7": "pause"}}));
    assert!(desk.holds().is_empty() && desk.audit().await.is_empty());
    desk.home.was_told(&[]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_not_there_is_not_recorded() {
    let desk = Desk::new();
    let error = desk.pause(one(4), None).await.unwrap_err();
    assert_eq!(error, ActionError::UnknownConnection { nas: home(), id: 4 });
    assert!(desk.audit().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn ids_of_holds_are_each_once() {
    let desk = Desk::new();
    for _ in 0..50 {
        done(desk.pause(one(3), None).await);
        desk.home.was_told(&["pause 3"]);
    }
    let ids: BTreeSet<String> = desk.actions.book().all().into_iter().map(|hold| hold.id).collect();
    assert_eq!(ids.len(), 50);
    assert!(ids.iter().all(|id| id.starts_with("h-") && id.len() == 14), "{ids:?}");
}
