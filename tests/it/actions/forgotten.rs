//! A NAS that restarts between two polls is never seen away: that it forgot our session gives it away, and a connection
//! that runs again then was not resumed by a person.

use super::desk::Desk;
use super::keeping::{held, look, looks};
use cloudsync_exporter::actions::Keeper;

/// Connection 3 is held, and a poll has seen it so.
async fn seen_held(desk: &Desk) -> Keeper {
    held(desk, 3, None).await;
    desk.home.polled(true, 1.0);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 2).await;
    assert_eq!(desk.home.times_asked(), 0);
    keeper
}

/// A person resumes connection 3, and the next poll shows it: the person wins.
async fn a_person_wins(desk: &Desk, keeper: &mut Keeper) {
    desk.home.set_status(3, "syncing");
    desk.home.polled(true, 9.0);
    looks(keeper, 3).await;
    desk.home.was_told(&[]);
    assert!(desk.holds().is_empty());
}

/// Nobody resumed it: it is paused again.
async fn is_paused_again(desk: &Desk, keeper: &mut Keeper) {
    looks(keeper, 3).await;
    desk.home.was_told(&["pause 3"]);
    assert_eq!((desk.holds(), desk.home.status(3)), (vec!["home 3 held".to_owned()], "pause"));
    let record = desk.audit().await.pop().unwrap();
    assert!(record["reason"].as_str().unwrap().contains("came back without the pause"), "{record}");
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_finds_the_loss_and_the_connection_running() {
    let desk = Desk::new();
    let mut keeper = seen_held(&desk).await;
    desk.home.set_status(3, "syncing");
    // It had begun with the session that it found lost.
    desk.home.has_lost(1);
    desk.home.polled_after(0, true, 2.0);
    is_paused_again(&desk, &mut keeper).await;
    desk.home.polled(true, 3.0);
    looks(&mut keeper, 2).await;
    a_person_wins(&desk, &mut keeper).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_loss_it_was_a_person() {
    let desk = Desk::new();
    let mut keeper = seen_held(&desk).await;
    a_person_wins(&desk, &mut keeper).await;
}

#[tokio::test(start_paused = true)]
async fn a_loss_after_which_the_pause_was_seen_took_nothing_away() {
    let desk = Desk::new();
    let mut keeper = seen_held(&desk).await;
    desk.home.has_lost(1);
    looks(&mut keeper, 2).await;
    desk.home.polled(true, 2.0);
    looks(&mut keeper, 2).await;
    assert_eq!(desk.home.times_asked(), 0, "the polls look for us");
    a_person_wins(&desk, &mut keeper).await;
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_began_before_the_loss_was_known_saw_nothing_of_it() {
    let desk = Desk::new();
    let mut keeper = seen_held(&desk).await;
    // Its list came first and showed the pause, then another part of it found the loss.
    desk.home.has_lost(1);
    desk.home.polled_after(0, true, 2.0);
    looks(&mut keeper, 5).await;
    desk.home.set_status(3, "syncing");
    desk.home.polled(true, 3.0);
    is_paused_again(&desk, &mut keeper).await;
}

#[tokio::test(start_paused = true)]
async fn a_loss_that_another_call_found_between_polls() {
    let desk = Desk::new();
    let mut keeper = seen_held(&desk).await;
    desk.home.has_lost(1);
    looks(&mut keeper, 5).await;
    desk.home.set_status(3, "syncing");
    desk.home.polled(true, 2.0);
    is_paused_again(&desk, &mut keeper).await;
}

#[tokio::test(start_paused = true)]
async fn a_look_of_our_own_that_finds_the_loss_itself() {
    let desk = Desk::new();
    held(&desk, 5, Some(0)).await;
    held(&desk, 3, None).await;
    desk.home.polled(true, 1.0);
    let mut keeper = desk.keeper();
    look(&mut keeper).await;
    desk.home.was_told(&["resume 5"]);
    looks(&mut keeper, 2).await;
    // No poll saw anything, the end of another hold makes the keeper look.
    held(&desk, 5, Some(0)).await;
    desk.home.set_status(3, "syncing");
    desk.home.loses_session_when_asked();
    looks(&mut keeper, 3).await;
    desk.home.was_told(&["pause 3", "resume 5"]);
    assert_eq!(desk.holds(), ["home 3 held"]);
}

#[tokio::test(start_paused = true)]
async fn a_look_of_our_own_that_was_answered_before_the_restart() {
    let desk = Desk::new();
    let mut keeper = seen_held(&desk).await;
    held(&desk, 5, Some(0)).await;
    desk.home.loses_session_when_asked();
    looks(&mut keeper, 3).await;
    desk.home.was_told(&["resume 5"]);
    // What it showed was from before, which only this shows.
    desk.home.set_status(3, "syncing");
    desk.home.polled(true, 2.0);
    is_paused_again(&desk, &mut keeper).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_counts_anew_has_another_session_as_well() {
    let desk = Desk::new();
    desk.home.has_lost(7);
    let mut keeper = seen_held(&desk).await;
    desk.home.has_lost(0);
    desk.home.set_status(3, "syncing");
    desk.home.polled(true, 2.0);
    is_paused_again(&desk, &mut keeper).await;
    desk.home.polled(true, 3.0);
    looks(&mut keeper, 2).await;
    a_person_wins(&desk, &mut keeper).await;
}

#[tokio::test(start_paused = true)]
async fn a_loss_right_after_the_first_hold() {
    let desk = Desk::new();
    let mut keeper = desk.keeper();
    looks(&mut keeper, 2).await;
    held(&desk, 3, None).await;
    desk.home.has_lost(1);
    desk.home.set_status(3, "syncing");
    desk.home.polled_after(0, true, 1.0);
    is_paused_again(&desk, &mut keeper).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_lost_before_there_was_a_hold_says_nothing_of_it() {
    let desk = Desk::new();
    held(&desk, 5, Some(0)).await;
    let mut keeper = desk.keeper();
    look(&mut keeper).await;
    desk.home.was_told(&["resume 5"]);
    desk.home.has_lost(3);
    looks(&mut keeper, 2).await;
    held(&desk, 3, None).await;
    a_person_wins(&desk, &mut keeper).await;
}
