//! A NAS that was away and came back without the pause: it forgot, nobody resumed.

use super::desk::{Desk, VERIFY};
use super::keeping::{held, look, looks};
use super::script::Fault;
use serde_json::json;

/// Held, seen so, and then away.
async fn away(desk: &Desk, keeper: &mut cloudsync_exporter::actions::Keeper) {
    desk.home.polled(true, 1.0);
    looks(keeper, 2).await;
    desk.home.polled(false, 2.0);
    looks(keeper, 2).await;
    for id in [3, 5] {
        desk.home.set_status(id, "syncing");
    }
    desk.home.times_asked();
}

#[tokio::test(start_paused = true)]
async fn it_is_paused_again_once_for_all_of_its_holds() {
    let desk = Desk::new();
    held(&desk, 3, None).await;
    held(&desk, 3, None).await;
    let mut keeper = desk.keeper();
    away(&desk, &mut keeper).await;
    desk.home.polled(true, 3.0);
    look(&mut keeper).await;
    desk.home.was_told(&["pause 3"]);
    desk.home.polled(true, 4.0);
    looks(&mut keeper, 30).await;
    assert_eq!(desk.holds(), ["home 3 held", "home 3 held"]);
    let record = desk.audit().await.pop().unwrap();
    assert_eq!((&record["action"], &record["source"]), (&json!("pause"), &json!("api")));
    assert!(record["reason"].as_str().unwrap().contains("came back without the pause"), "{record}");
    // Seen again, and then resumed by a person.
    desk.home.set_status(3, "syncing");
    desk.home.polled(true, 5.0);
    looks(&mut keeper, 3).await;
    assert!(desk.holds().is_empty());
    desk.home.was_told(&[]);
}

#[tokio::test(start_paused = true)]
async fn when_that_fails_it_is_tried_again_and_not_taken_for_a_persons_resume() {
    for fault in [Fault::Refuse(117), Fault::Unreachable, Fault::Lost] {
        let desk = Desk::new();
        held(&desk, 3, None).await;
        held(&desk, 5, None).await;
        let mut keeper = desk.keeper();
        away(&desk, &mut keeper).await;
        desk.home.fails("pause", fault);
        desk.home.polled(true, 3.0);
        looks(&mut keeper, 10).await;
        assert_eq!(desk.holds(), ["home 3 held", "home 5 held"], "it forgot, nobody resumed");
        let tries = desk.outcomes().await.len() - 2;
        assert!((4..=8).contains(&tries), "2, 4, 8 seconds apart, two connections: {tries}");
        desk.home.was_told(&["pause 3", "pause 5"].repeat(tries / 2));
        desk.home.mend("pause");
        looks(&mut keeper, 20).await;
        desk.home.was_told(&["pause 3", "pause 5"]);
        assert_eq!(desk.holds(), ["home 3 held", "home 5 held"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_again_that_does_not_show_is_uncertain() {
    let desk = Desk::new();
    held(&desk, 3, None).await;
    held(&desk, 3, None).await;
    let mut keeper = desk.keeper();
    away(&desk, &mut keeper).await;
    desk.home.fails("pause", Fault::Ignore);
    desk.home.polled(true, 3.0);
    looks(&mut keeper, 20).await;
    desk.home.was_told(&["pause 3"]);
    assert_eq!(desk.holds(), ["home 3 pausing", "home 3 pausing"]);
    looks(&mut keeper, 2 * VERIFY.as_secs()).await;
    assert!(desk.holds().is_empty(), "given up");
    desk.home.was_told(&["resume 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_only_the_keeper_found_away_was_away_too() {
    let desk = Desk::new();
    held(&desk, 3, None).await;
    held(&desk, 5, Some(0)).await;
    desk.home.polled(true, 1.0);
    let mut keeper = desk.keeper();
    // No poll noticed, for between two of them the NAS restarted.
    desk.home.fails("ask", Fault::Unreachable);
    looks(&mut keeper, 5).await;
    desk.home.set_status(3, "syncing");
    desk.home.mend("ask");
    looks(&mut keeper, 60).await;
    desk.home.was_told(&["pause 3", "resume 5"]);
    assert_eq!(desk.holds(), ["home 3 held"]);
}

#[tokio::test(start_paused = true)]
async fn an_interruption_that_took_nothing_away_is_over() {
    let desk = Desk::new();
    held(&desk, 3, None).await;
    let mut keeper = desk.keeper();
    desk.home.polled(false, 1.0);
    looks(&mut keeper, 2).await;
    desk.home.polled(true, 2.0);
    looks(&mut keeper, 2).await;
    assert_eq!(desk.home.times_asked(), 0);
    desk.home.set_status(3, "syncing");
    desk.home.polled(true, 3.0);
    looks(&mut keeper, 3).await;
    desk.home.was_told(&[]);
    assert!(desk.holds().is_empty(), "a person resumed it long after");
}
