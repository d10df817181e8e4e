//! The keeper: what it settles, whom it yields to, and how often it tries. Tokio's clock stands still but for what a test
//! says; the calendar goes on, so holds that are to end are made with no time left.

use super::desk::{Desk, VERIFY, done, failed, home, one, origin};
use super::script::Fault;
use cloudsync_exporter::actions::{Keeper, Pause, Target};
use cloudsync_exporter::model::NasName;
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// One whole look.
pub(super) async fn look(keeper: &mut Keeper) {
    keeper.tick().await;
    keeper.rest().await;
}

/// So many looks, a second apart.
pub(super) async fn looks(keeper: &mut Keeper, seconds: u64) {
    for _ in 0..seconds {
        tokio::time::advance(Duration::from_secs(1)).await;
        look(keeper).await;
    }
}

/// A paused connection, whose pause the test has seen.
pub(super) async fn held(desk: &Desk, id: i64, seconds: Option<u64>) {
    done(desk.pause(one(id), seconds).await);
    desk.home.was_told(&[&format!("pause {id}")]);
    desk.home.times_asked();
}

#[tokio::test(start_paused = true)]
async fn what_is_held_and_shows_it_is_left_alone() {
    let desk = Desk::new();
    held(&desk, 3, Some(7_200)).await;
    desk.home.polled(true, 1.0);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 300).await;
    assert_eq!(desk.home.times_asked(), 0);
    assert_eq!(desk.home.world().shown_holds.len(), 1);
    let shown = desk.home.world().shown_holds[0].clone();
    assert!(shown.in_effect && shown.until.is_some_and(|until| until > shown.since), "{shown:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hold_ends_when_its_time_is_over() {
    let desk = Desk::new();
    held(&desk, 5, None).await;
    held(&desk, 3, Some(0)).await;
    let mut keeper = desk.keeper();
    look(&mut keeper).await;
    desk.home.was_told(&["resume 3"]);
    desk.home.has_counted(&["pause api", "pause api", "resume release"]);
    assert_eq!(desk.holds(), ["home 5 held"]);
    assert_eq!(desk.home.world().shown_holds.len(), 1);
    let record = desk.audit().await.pop().unwrap();
    assert_eq!((&record["token"], &record["outcome"]), (&json!("(exporter)"), &json!("succeeded")));
    assert!(record["reason"].as_str().unwrap().ends_with("its time is over"), "{record}");
}

#[tokio::test(start_paused = true)]
async fn two_holds_that_end_at_once_resume_once() {
    let desk = Desk::new();
    held(&desk, 3, Some(0)).await;
    held(&desk, 3, Some(0)).await;
    look(&mut desk.keeper()).await;
    desk.home.was_told(&["resume 3"]);
    assert!(desk.holds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_end_that_the_nas_refuses_is_tried_later_and_later() {
    let desk = Desk::new();
    held(&desk, 3, Some(0)).await;
    desk.home.fails("resume", Fault::Refuse(402));
    let mut keeper = desk.keeper();
    looks(&mut keeper, 600).await;
    let tries = desk.outcomes().await.len() - 1;
    assert!((11..=16).contains(&tries), "2, 4, 8 … 60 seconds apart: {tries}");
    desk.home.was_told(&vec!["resume 3"; tries]);
    assert_eq!(desk.holds(), ["home 3 releasing"]);
    desk.home.mend("resume");
    looks(&mut keeper, 61).await;
    desk.home.was_told(&["resume 3"]);
    assert!(desk.holds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_cannot_be_asked_is_asked_later_and_later_and_records_nothing() {
    let desk = Desk::new();
    held(&desk, 3, Some(0)).await;
    desk.home.fails("ask", Fault::Unreachable);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 600).await;
    let tries = desk.home.times_asked();
    assert!((11..=16).contains(&tries), "{tries}");
    assert_eq!(desk.audit().await.len(), 1);
    desk.home.mend("ask");
    looks(&mut keeper, 61).await;
    desk.home.was_told(&["resume 3"]);
}

#[tokio::test(start_paused = true)]
async fn an_uncertain_pause_is_confirmed_when_it_shows() {
    let mut desk = Desk::new();
    desk.home.fails("pause", Fault::Lost);
    failed(desk.pause(one(3), None).await);
    desk.home.was_told(&["pause 3"]);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 5).await;
    assert_eq!(desk.holds(), ["home 3 pausing"]);
    // It was on its way.
    desk.home.set_status(3, "pause");
    looks(&mut keeper, 3).await;
    assert_eq!(desk.holds(), ["home 3 held"]);
    desk.restart();
    assert_eq!(desk.holds(), ["home 3 held"]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_never_shows_is_given_up_in_time_and_not_before() {
    let desk = Desk::new();
    desk.home.fails("pause", Fault::Ignore);
    done(desk.pause(one(3), None).await);
    desk.home.was_told(&["pause 3"]);
    desk.home.has_counted(&["pause api"]);
    let mut keeper = desk.keeper();
    look(&mut keeper).await;
    looks(&mut keeper, VERIFY.as_secs() - 1).await;
    assert_eq!(desk.holds(), ["home 3 pausing"]);
    desk.home.times_asked();
    looks(&mut keeper, 6).await;
    // It may come yet, so it is undone.
    desk.home.was_told(&["resume 3"]);
    looks(&mut keeper, VERIFY.as_secs()).await;
    assert!(desk.holds().is_empty());
    desk.home.has_counted(&["pause api failed", "resume release"]);
    assert_eq!(
        desk.outcomes().await,
        ["pause unverified", "give_up succeeded", "resume succeeded", "release succeeded"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_shows_after_its_end_is_undone() {
    let desk = Desk::new();
    desk.home.fails("pause", Fault::Ignore);
    done(desk.pause(one(3), Some(0)).await);
    let mut keeper = desk.keeper();
    look(&mut keeper).await;
    desk.home.was_told(&["pause 3", "resume 3"]);
    assert_eq!(desk.holds(), ["home 3 releasing"], "it runs, and the pause may come yet");
    desk.home.set_status(3, "pause");
    looks(&mut keeper, VERIFY.as_secs() + 3).await;
    desk.home.was_told(&["resume 3"]);
    assert_eq!(desk.home.status(3), "syncing");
    looks(&mut keeper, VERIFY.as_secs() + 3).await;
    desk.home.was_told(&[]);
    assert!(desk.holds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_resume_that_does_not_show_is_told_again_when_it_has_had_its_time() {
    let desk = Desk::new();
    held(&desk, 3, Some(0)).await;
    desk.home.fails("resume", Fault::Ignore);
    let mut keeper = desk.keeper();
    looks(&mut keeper, VERIFY.as_secs() - 2).await;
    desk.home.was_told(&["resume 3"]);
    assert_eq!(desk.holds(), ["home 3 releasing"]);
    looks(&mut keeper, 6).await;
    desk.home.was_told(&["resume 3"]);
    desk.home.mend("resume");
    desk.home.set_status(3, "syncing");
    looks(&mut keeper, 4).await;
    assert!(desk.holds().is_empty());
    desk.home.was_told(&[]);
}

#[tokio::test(start_paused = true)]
async fn many_holds_that_end_at_once_are_ended_by_turns() {
    let desk = Desk::new();
    {
        let mut world = desk.home.world();
        let one = world.connections[&5].clone();
        world.connections = (100..125).map(|id| (id, one.clone())).collect();
    }
    done(desk.pause(Target::All, Some(0)).await);
    desk.home.was_told(&["pause all"]);
    let mut keeper = desk.keeper();
    look(&mut keeper).await;
    assert_eq!(desk.holds().len(), 15, "others come in between");
    looks(&mut keeper, 2).await;
    assert!(desk.holds().is_empty());
    let resumes: Vec<String> = (100..125).map(|id| format!("resume {id}")).collect();
    let mut told = std::mem::take(&mut desk.home.world().told);
    told.sort();
    assert_eq!(told, resumes, "each once");
}

/// In error a pause does not show, and may lie hidden until the error is mended: somebody must still hold it then.
#[tokio::test(start_paused = true)]
async fn a_pause_that_may_lie_hidden_is_not_given_up() {
    let desk = Desk::new();
    done(desk.pause(one(7), None).await);
    desk.home.was_told(&["pause 7"]);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 1_200).await;
    let asked = desk.home.times_asked();
    assert!((20..=30).contains(&asked), "about once a minute: {asked}");
    assert_eq!(desk.holds(), ["home 7 pausing"]);
    // The next poll sees that it shows, which the keeper need not wait a minute for.
    desk.home.set_status(7, "pause");
    desk.home.polled(true, 1.0);
    looks(&mut keeper, 3).await;
    assert_eq!(desk.holds(), ["home 7 held"]);
}

#[tokio::test(start_paused = true)]
async fn a_hidden_pause_that_turns_out_not_to_be_is_given_up_after_its_time() {
    let desk = Desk::new();
    done(desk.pause(one(7), None).await);
    desk.home.was_told(&["pause 7"]);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 600).await;
    // Mended: for a moment it connects, and then it may show the pause.
    desk.home.set_status(7, "connecting");
    desk.home.polled(true, 1.0);
    looks(&mut keeper, 10).await;
    assert_eq!(desk.holds(), ["home 7 pausing"]);
    looks(&mut keeper, VERIFY.as_secs()).await;
    desk.home.was_told(&["resume 7"]);
    looks(&mut keeper, VERIFY.as_secs()).await;
    assert!(desk.holds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_hold_on_what_may_be_paused_in_secret_ends_with_a_resume() {
    let desk = Desk::new();
    done(desk.pause(one(7), Some(0)).await);
    let mut keeper = desk.keeper();
    look(&mut keeper).await;
    desk.home.was_told(&["pause 7", "resume 7"]);
    looks(&mut keeper, VERIFY.as_secs() + 3).await;
    assert!(desk.holds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_person_who_resumes_wins() {
    let desk = Desk::new();
    held(&desk, 3, None).await;
    held(&desk, 5, None).await;
    desk.home.polled(true, 1.0);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 5).await;
    desk.home.set_status(3, "syncing");
    looks(&mut keeper, 5).await;
    assert_eq!(desk.holds().len(), 2, "nobody has looked");
    desk.home.polled(true, 2.0);
    looks(&mut keeper, 3).await;
    desk.home.was_told(&[]);
    assert_eq!(desk.holds(), ["home 5 held"]);
    let record = desk.audit().await.pop().unwrap();
    assert_eq!(record["action"], "release");
    assert!(record["reason"].as_str().unwrap().contains("somebody else resumed"), "{record}");
}

#[tokio::test(start_paused = true)]
async fn a_poll_from_before_the_hold_says_nothing() {
    let desk = Desk::new();
    desk.home.polled(true, -5.0);
    held(&desk, 3, None).await;
    let mut keeper = desk.keeper();
    looks(&mut keeper, 60).await;
    assert_eq!(desk.home.times_asked(), 0);
    // Nor does one that was not answered, whatever data it still shows.
    desk.home.set_status(3, "syncing");
    desk.home.polled(false, 5.0);
    desk.home.set_status(3, "pause");
    looks(&mut keeper, 60).await;
    assert_eq!((desk.home.times_asked(), desk.holds().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_contradicts_is_checked_with_the_nas_before_anything_is_done() {
    let desk = Desk::new();
    held(&desk, 3, None).await;
    // It began after the hold was made and before the pause was told.
    desk.home.set_status(3, "syncing");
    desk.home.polled(true, 1.0);
    desk.home.set_status(3, "pause");
    let mut keeper = desk.keeper();
    looks(&mut keeper, 10).await;
    assert_eq!(desk.holds(), ["home 3 held"]);
    let asked = desk.home.times_asked();
    assert!((1..=6).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn the_hold_of_a_connection_that_is_gone_is_forgotten_after_a_while() {
    let desk = Desk::new();
    held(&desk, 3, None).await;
    held(&desk, 5, Some(0)).await;
    let gone = std::mem::take(&mut desk.home.world().connections);
    desk.home.polled(true, 1.0);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 600).await;
    assert_eq!(desk.holds().len(), 2, "a NAS that starts may list none for a moment");
    let asked = desk.home.times_asked();
    assert!((9..=30).contains(&asked), "about once a minute: {asked}");
    desk.home.world().connections = gone;
    desk.home.polled(true, 2.0);
    looks(&mut keeper, 70).await;
    desk.home.was_told(&["resume 5"]);
    assert_eq!(desk.holds(), ["home 3 held"]);
    desk.home.world().connections.remove(&3);
    desk.home.polled(true, 3.0);
    looks(&mut keeper, 3_500).await;
    assert_eq!(desk.holds(), ["home 3 held"]);
    looks(&mut keeper, 200).await;
    assert!(desk.holds().is_empty());
    let record = desk.audit().await.pop().unwrap();
    assert!(record["reason"].as_str().unwrap().contains("the connection is gone"), "{record}");
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_hangs_does_not_hold_up_the_holds_of_others() {
    let desk = Desk::new();
    held(&desk, 3, Some(0)).await;
    let gate = desk.home.hang("ask");
    let mut keeper = desk.keeper();
    keeper.tick().await;
    let wish =
        Pause { target: one(3), reason: "because".to_owned(), seconds: Some(0), latch: false, holder: None };
    done(desk.actions.pause(&NasName::new("office"), &wish, &origin(), false).await);
    for _ in 0..5 {
        tokio::time::advance(Duration::from_secs(1)).await;
        timeout(VERIFY, keeper.tick()).await.expect("a tick waits for no NAS");
    }
    while desk.holds().len() > 1 {
        tokio::task::yield_now().await;
    }
    desk.office.was_told(&["pause 3", "resume 3"]);
    assert_eq!(desk.holds(), ["home 3 held"]);
    gate.add_permits(100);
    keeper.rest().await;
    desk.home.was_told(&["resume 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_keeper_that_is_stopped_in_the_middle_ends_what_it_began() {
    let desk = Desk::new();
    held(&desk, 3, Some(0)).await;
    let gate = desk.home.hang("resume");
    let stop = CancellationToken::new();
    let running = tokio::spawn(desk.keeper().run(stop.clone()));
    while desk.outcomes().await.len() < 2 {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!running.is_finished(), "it is in the middle of an action");
    gate.add_permits(1);
    running.await.unwrap();
    desk.home.was_told(&["resume 3"]);
    assert_eq!(desk.outcomes().await, ["pause succeeded", "resume succeeded"]);
    assert!(desk.holds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn holds_of_a_nas_that_is_no_longer_configured_wait_for_it() {
    let desk = Desk::new();
    held(&desk, 3, Some(0)).await;
    desk.nases.0.lock().unwrap().remove(&home());
    let mut keeper = desk.keeper();
    looks(&mut keeper, 60).await;
    assert_eq!(desk.holds(), ["home 3 held"]);
    desk.nases.add(&desk.home);
    look(&mut keeper).await;
    desk.home.was_told(&["resume 3"]);
}
