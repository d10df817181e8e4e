//! What befalls the keeper itself: a fault of its own, a clock that goes back, holds that nothing can be seen of.

use super::desk::{Desk, done, one};
use super::keeping::{held, look, looks};
use cloudsync_exporter::actions::Hold;

#[tokio::test(start_paused = true)]
async fn a_fault_in_the_middle_costs_one_look() {
    let desk = Desk::new();
    held(&desk, 3, Some(0)).await;
    desk.home.when_told(|_| panic!("on purpose"));
    let mut keeper = desk.keeper();
    look(&mut keeper).await;
    desk.home.was_told(&["resume 3"]);
    desk.home.when_told(|_| {});
    looks(&mut keeper, 3).await;
    desk.home.was_told(&["resume 3"]);
    assert!(desk.holds().is_empty());
}

/// The clock went back after the hold was made: its end comes by the clock, and until then a person still wins.
#[tokio::test(start_paused = true)]
async fn a_hold_from_the_future_is_looked_after_all_the_same() {
    let desk = Desk::new();
    held(&desk, 3, Some(3_600)).await;
    held(&desk, 5, Some(3_600)).await;
    let holds = desk.actions.book().all().into_iter().map(|hold| Hold {
        created: hold.created + 86_400_000,
        until: hold.until.map(|until| until + 86_400_000),
        ..hold
    });
    desk.actions.book().add(&holds.collect::<Vec<_>>(), 0).await.unwrap();
    desk.home.polled(true, 1.0);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 3).await;
    desk.home.set_status(3, "syncing");
    desk.home.polled(true, 2.0);
    looks(&mut keeper, 3).await;
    desk.home.was_told(&[]);
    assert_eq!(desk.holds(), ["home 5 held"]);
}

/// Two holds whose pause may lie hidden: whichever ends last resumes what both of them told to pause.
#[tokio::test(start_paused = true)]
async fn of_two_uncertain_holds_the_last_resumes() {
    let desk = Desk::new();
    for _ in 0..2 {
        done(desk.pause(one(7), None).await);
    }
    let mut keeper = desk.keeper();
    looks(&mut keeper, 120).await;
    done(desk.release(&desk.newest()).await);
    desk.home.was_told(&["pause 7", "pause 7"]);
    looks(&mut keeper, 120).await;
    done(desk.release(&desk.newest()).await);
    desk.home.was_told(&["resume 7"]);
}
