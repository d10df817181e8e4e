//! The kill switch: it always works, and the state file ends up with what memory has.

use super::desk::{Desk, origin};
use crate::state::broken::{allow, bring_back, refuse, take_away};
use futures_util::future::join_all;

#[tokio::test(start_paused = true)]
async fn a_freeze_outlives_the_program_and_is_recorded() {
    let mut desk = Desk::new();
    let audit = desk.actions.set_frozen(true, &origin()).await;
    assert!(desk.actions.is_frozen() && audit.is_some());
    desk.restart();
    assert!(desk.actions.is_frozen());
    desk.actions.set_frozen(false, &origin()).await;
    desk.restart();
    assert!(!desk.actions.is_frozen());
    assert_eq!(desk.outcomes().await, ["freeze succeeded", "unfreeze succeeded"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_does_not_keep_it_from_being_set_nor_forgets_it_later() {
    let mut desk = Desk::new();
    take_away(&desk.file, "audit");
    refuse(&desk.file, "INSERT", "flag");
    assert_eq!(desk.actions.set_frozen(true, &origin()).await, None);
    assert!(desk.actions.is_frozen());
    let mut keeper = desk.keeper();
    keeper.tick().await;
    allow(&desk.file, "INSERT", "flag");
    bring_back(&desk.file, "audit");
    keeper.tick().await;
    keeper.rest().await;
    assert_eq!(desk.outcomes().await, ["freeze unverified"]);
    desk.restart();
    assert!(desk.actions.is_frozen(), "it was written as soon as it could be");
}

#[tokio::test(start_paused = true)]
async fn whichever_came_last_is_on_disk() {
    let mut desk = Desk::new();
    for _ in 0..5 {
        let origin = origin();
        join_all((0..8).map(|n| desk.actions.set_frozen(n % 3 == 0, &origin))).await;
        let frozen = desk.actions.is_frozen();
        desk.restart();
        assert_eq!(desk.actions.is_frozen(), frozen);
    }
}
