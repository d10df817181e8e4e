//! A NAS that ignores, refuses, lags or is away, and rules that are frozen: what the keeper makes of it.

use super::super::script::Fault;
use super::*;
use crate::actions::desk::{VERIFY, failed};
use crate::actions::keeping::{look, looks};
use crate::state::broken::{allow, refuse};
use serde_json::json;

const SETTER: &str = "set_connection_setting";

#[tokio::test(start_paused = true)]
async fn what_never_shows_is_given_up_in_time_and_not_before() {
    let desk = Desk::new();
    desk.home.fails(SETTER, Fault::Ignore);
    let taken = done(take(&desk, "wan", &[(UPLOAD, 512)]).await);
    assert!(!taken.verified);
    assert_eq!(taken.more["hold"]["phase"], "pausing");
    desk.home.has_counted(&["set_connection_setting rule", "set_connection_setting rule failed"]);
    let mut keeper = desk.keeper();
    look(&mut keeper).await;
    looks(&mut keeper, VERIFY.as_secs() - 1).await;
    assert_eq!(desk.holds(), ["home 3 pausing"]);
    desk.home.was_told(&[WRITE]);
    let asked = desk.home.times_asked();
    assert!((20..=36).contains(&asked), "two questions every two seconds: {asked}");
    looks(&mut keeper, 5).await;
    // It may come yet, so it is undone, and it is waited for.
    desk.home.was_told(&[WRITE]);
    assert_eq!(desk.holds(), ["home 3 releasing"]);
    let outcomes = desk.outcomes().await;
    assert_eq!(outcomes[1..], ["give_up succeeded", "set_connection_setting succeeded"]);
    looks(&mut keeper, VERIFY.as_secs() + 3).await;
    desk.home.was_told(&[]);
    is_over(&desk);
    assert_eq!(causes(&desk), [("wan".to_owned(), Cause::Unshown)]);
}

#[tokio::test(start_paused = true)]
async fn what_shows_after_it_was_given_up_is_undone() {
    let desk = Desk::new();
    desk.home.fails(SETTER, Fault::Ignore);
    done(take(&desk, "wan", &[(UPLOAD, 512)]).await);
    desk.home.mend(SETTER);
    let mut keeper = desk.keeper();
    looks(&mut keeper, VERIFY.as_secs() + 5).await;
    desk.home.was_told(&[WRITE, WRITE]);
    // It was on its way all the time: this is no person.
    desk.home.set(3, UPLOAD, 512);
    looks(&mut keeper, 5).await;
    looks(&mut keeper, VERIFY.as_secs() + 5).await;
    desk.home.was_told(&[WRITE]);
    assert_eq!(desk.home.setting(3, UPLOAD), 0);
    is_over(&desk);
    assert_eq!(causes(&desk), [("wan".to_owned(), Cause::Unshown)]);
}

/// What the others hold stays, and so does what shows of the same hold until it ends.
#[tokio::test(start_paused = true)]
async fn only_the_hold_that_wants_what_does_not_show_is_given_up() {
    let desk = Desk::new();
    held(&desk, "lax", &[(UPLOAD, 1_024), (PERIOD, 120)]).await;
    desk.home.fails(SETTER, Fault::Ignore);
    done(take(&desk, "strict", &[(UPLOAD, 512), (PART, 8)]).await);
    desk.home.mend(SETTER);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 2 * VERIFY.as_secs() + 10).await;
    desk.home.was_told(&[WRITE, WRITE]);
    assert_eq!(sets(&desk), ["lax max_upload_speed=1024 pull_event_period=120"]);
    assert_eq!(ledger(&desk), ["3 max_upload_speed 0>1024", "3 pull_event_period 60>120"]);
    assert_eq!(causes(&desk), [("strict".to_owned(), Cause::Unshown)]);
}

#[tokio::test(start_paused = true)]
async fn what_shows_late_is_told_once() {
    let desk = Desk::new();
    desk.home.world().settings_lag = 4;
    assert!(!done(take(&desk, "wan", &[(UPLOAD, 512)]).await).verified);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 20).await;
    desk.home.was_told(&[WRITE]);
    assert_eq!(
        (desk.holds(), ledger(&desk)),
        (vec!["home 3 held".to_owned()], vec!["3 max_upload_speed 0>512".to_owned()])
    );
}

/// One rule's setting does not show yet when another's is written: written back as it is shown, it would be undone.
#[tokio::test(start_paused = true)]
async fn a_write_of_another_setting_undoes_nothing() {
    let desk = Desk::new();
    desk.home.world().settings_lag = 2;
    done(take(&desk, "one", &[(UPLOAD, 512)]).await);
    done(take(&desk, "two", &[(PERIOD, 3_600)]).await);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 20).await;
    desk.home.was_told(&[WRITE, WRITE]);
    assert_eq!((desk.home.setting(3, UPLOAD), desk.home.setting(3, PERIOD)), (512, 3_600));
    assert_eq!(desk.holds(), ["home 3 held", "home 3 held"]);
}

/// Several writes in a row on a NAS that shows each of them late: none of them is a person's.
#[tokio::test(start_paused = true)]
async fn writes_in_a_row_are_all_ours() {
    for lag in 1..6 {
        let mut desk = Desk::new();
        desk.home.world().settings_lag = lag;
        done(take(&desk, "one", &[(UPLOAD, 1_024)]).await);
        let one = desk.newest();
        done(take(&desk, "two", &[(UPLOAD, 512)]).await);
        let mut keeper = desk.keeper();
        looks(&mut keeper, 3).await;
        done(take(&desk, "three", &[(UPLOAD, 256), (PERIOD, 3_600)]).await);
        let three = desk.newest();
        expire(&desk, &one).await;
        if lag % 2 == 0 {
            desk.restart();
            keeper = desk.keeper();
        }
        looks(&mut keeper, 2 * VERIFY.as_secs()).await;
        assert_eq!(desk.home.setting(3, UPLOAD), 256, "lag {lag}");
        assert_eq!(
            sets(&desk),
            ["two max_upload_speed=512", "three max_upload_speed=256 pull_event_period=3600"]
        );
        expire(&desk, &three).await;
        looks(&mut keeper, 2 * VERIFY.as_secs()).await;
        expire(&desk, &desk.newest()).await;
        looks(&mut keeper, 2 * VERIFY.as_secs()).await;
        desk.home.world().told.clear();
        assert_eq!((desk.home.setting(3, UPLOAD), desk.home.setting(3, PERIOD)), (0, 60));
        is_over(&desk);
        assert_eq!(
            causes(&desk),
            [
                ("one".to_owned(), Cause::Over),
                ("three".to_owned(), Cause::Over),
                ("two".to_owned(), Cause::Over)
            ]
        );
    }
}

/// The answer to the first write is lost, and the NAS does it long after the second.
#[tokio::test(start_paused = true)]
async fn an_earlier_write_that_comes_last_is_ours() {
    let desk = Desk::new();
    desk.home.fails(SETTER, Fault::Lost);
    failed(take(&desk, "lax", &[(UPLOAD, 1_024)]).await);
    desk.home.mend(SETTER);
    assert!(done(take(&desk, "strict", &[(UPLOAD, 512)]).await).verified);
    desk.home.was_told(&[WRITE, WRITE]);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 3).await;
    assert_eq!(desk.holds(), ["home 3 held", "home 3 held"]);
    assert_eq!(ledger(&desk), ["3 max_upload_speed 0>512?"]);
    desk.home.was_told(&[]);
    desk.home.set(3, UPLOAD, 1_024);
    looks(&mut keeper, 3).await;
    desk.home.was_told(&[WRITE]);
    assert_eq!(desk.home.setting(3, UPLOAD), 512);
    looks(&mut keeper, VERIFY.as_secs() + 3).await;
    assert_eq!((desk.holds().len(), ledger(&desk)), (2, vec!["3 max_upload_speed 0>512".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_lost_write_is_told_again_after_a_look() {
    let desk = Desk::new();
    for (fault, told) in [(Fault::Lost, &[WRITE, WRITE][..]), (Fault::Broken, &[WRITE, WRITE])] {
        desk.home.fails(SETTER, fault);
        failed(take(&desk, "wan", &[(UPLOAD, 512)]).await);
        desk.home.mend(SETTER);
        let mut keeper = desk.keeper();
        looks(&mut keeper, 3).await;
        desk.home.was_told(told);
        assert_eq!(desk.holds(), ["home 3 held"]);
        let record = desk.audit().await.pop().unwrap();
        assert_eq!((&record["source"], &record["outcome"]), (&json!("rule"), &json!("succeeded")));
        assert!(record["reason"].as_str().unwrap().ends_with("does not show it yet"), "{record}");
        done(desk.release(&desk.newest()).await);
        desk.home.was_told(&[WRITE]);
    }
    // What was done all the same is not told again.
    desk.home.fails(SETTER, Fault::DoneButLost);
    assert!(done(take(&desk, "wan", &[(UPLOAD, 512)]).await).verified);
    looks(&mut desk.keeper(), 10).await;
    desk.home.was_told(&[WRITE]);
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_fails_is_tried_later_and_later() {
    for fault in [Fault::Refuse(402), Fault::Unreachable, Fault::Lost] {
        let desk = Desk::new();
        let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
        desk.home.fails(SETTER, fault);
        expire(&desk, &hold).await;
        let mut keeper = desk.keeper();
        looks(&mut keeper, 600).await;
        let tries = desk.outcomes().await.len() - 1;
        assert!((11..=16).contains(&tries), "2, 4, 8 … 60 seconds apart: {tries}");
        desk.home.was_told(&vec![WRITE; tries]);
        assert_eq!(desk.holds(), ["home 3 releasing"]);
        desk.home.mend(SETTER);
        looks(&mut keeper, 61).await;
        desk.home.was_told(&[WRITE]);
        is_over(&desk);
        assert_eq!(causes(&desk), [("wan".to_owned(), Cause::Over)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_cannot_be_asked_is_asked_later_and_later_and_records_nothing() {
    let desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
    expire(&desk, &hold).await;
    desk.home.fails("ask", Fault::Unreachable);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 600).await;
    let tries = desk.home.times_asked();
    assert!((11..=16).contains(&tries), "{tries}");
    assert_eq!(desk.audit().await.len(), 1);
    desk.home.mend("ask");
    // A good poll says that it can be asked again.
    desk.home.polled(true, 1.0);
    looks(&mut keeper, 1).await;
    desk.home.was_told(&[WRITE]);
    is_over(&desk);
}

/// The NAS restarts in the middle: it is looked at first, and told again what it forgot.
#[tokio::test(start_paused = true)]
async fn a_nas_that_was_away_has_all_its_time_again() {
    let desk = Desk::new();
    desk.home.fails(SETTER, Fault::Ignore);
    done(take(&desk, "wan", &[(UPLOAD, 512)]).await);
    let mut keeper = desk.keeper();
    looks(&mut keeper, VERIFY.as_secs() - 5).await;
    desk.home.fails("ask", Fault::Unreachable);
    looks(&mut keeper, 120).await;
    desk.home.mend("ask");
    desk.home.mend(SETTER);
    desk.home.was_told(&[WRITE]);
    looks(&mut keeper, 61).await;
    desk.home.was_told(&[WRITE]);
    assert_eq!(desk.holds(), ["home 3 held"]);
    // The same where only the polls noticed.
    desk.home.fails(SETTER, Fault::Ignore);
    done(take(&desk, "other", &[(UPLOAD, 256)]).await);
    desk.home.mend(SETTER);
    looks(&mut keeper, 5).await;
    desk.home.was_told(&[WRITE]);
    desk.home.polled(false, 1.0);
    looks(&mut keeper, 3).await;
    desk.home.was_told(&[WRITE]);
    assert_eq!(desk.home.setting(3, UPLOAD), 256);
}

#[tokio::test(start_paused = true)]
async fn frozen_nothing_is_made_stricter_and_nobody_is_to_blame() {
    let mut desk = Desk::new();
    desk.home.fails(SETTER, Fault::Lost);
    failed(take(&desk, "wan", &[(UPLOAD, 512)]).await);
    desk.home.mend(SETTER);
    desk.home.was_told(&[WRITE]);
    desk.actions.set_frozen(true, &origin()).await;
    desk.restart();
    let mut keeper = desk.keeper();
    looks(&mut keeper, 600).await;
    desk.home.was_told(&[]);
    let asked = desk.home.times_asked();
    assert!((10..=26).contains(&asked), "about once a minute: {asked}");
    assert_eq!(desk.holds(), ["home 3 pausing"]);
    desk.actions.set_frozen(false, &origin()).await;
    looks(&mut keeper, 3).await;
    desk.home.was_told(&[WRITE]);
    assert_eq!(desk.holds(), ["home 3 held"]);
}

#[tokio::test(start_paused = true)]
async fn frozen_what_was_never_told_ends_on_time() {
    let desk = Desk::new();
    let lax = held(&desk, "lax", &[(UPLOAD, 1_024)]).await;
    desk.home.fails(SETTER, Fault::Lost);
    failed(take(&desk, "strict", &[(UPLOAD, 512)]).await);
    let strict = desk.newest();
    desk.home.mend(SETTER);
    desk.actions.set_frozen(true, &origin()).await;
    let mut keeper = desk.keeper();
    looks(&mut keeper, 10).await;
    // Nothing has to be made looser for the one, and something may come for the other.
    expire(&desk, &lax).await;
    looks(&mut keeper, 3).await;
    assert_eq!(sets(&desk), ["strict max_upload_speed=512"]);
    desk.home.was_told(&[WRITE]);
    expire(&desk, &strict).await;
    looks(&mut keeper, 10 + 2 * VERIFY.as_secs()).await;
    desk.home.was_told(&[WRITE]);
    assert_eq!(desk.home.setting(3, UPLOAD), 0);
    is_over(&desk);
}

/// A state file that fails keeps nothing from being restored, and ends up with what memory has.
#[tokio::test(start_paused = true)]
async fn what_is_held_is_let_go_without_the_disk() {
    let mut desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
    for (kind, table) in [("UPDATE", "changed_setting"), ("DELETE", "changed_setting"), ("DELETE", "hold")] {
        refuse(&desk.file, kind, table);
    }
    expire(&desk, &hold).await;
    let mut keeper = desk.keeper();
    look(&mut keeper).await;
    desk.home.was_told(&[WRITE]);
    assert_eq!((desk.home.setting(3, UPLOAD), desk.holds().len(), ledger(&desk).len()), (0, 0, 1));
    for (kind, table) in [("UPDATE", "changed_setting"), ("DELETE", "changed_setting"), ("DELETE", "hold")] {
        allow(&desk.file, kind, table);
    }
    look(&mut keeper).await;
    desk.restart();
    is_over(&desk);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_of_the_file_hurts_nobody() {
    let mut desk = Desk::new();
    held(&desk, "wan", &[(UPLOAD, 512)]).await;
    let state = StateFile::open(&desk.file).unwrap();
    let odd = cloudsync_exporter::state::HoldChange::Setting {
        nas: "home".to_owned(),
        connection: 3,
        setting: PERIOD.to_owned(),
        record: Some("{}".to_owned()),
    };
    state.write_holds(&[odd], 0).unwrap();
    desk.restart();
    let mut keeper = desk.keeper();
    looks(&mut keeper, 10).await;
    done(desk.release(&desk.newest()).await);
    desk.home.was_told(&[WRITE]);
    let left = state.changed_settings().unwrap();
    assert_eq!((left.len(), &left[0].record[..]), (1, "{}"), "a newer program may read it");
}

#[tokio::test(start_paused = true)]
async fn a_setting_that_the_nas_says_no_more_waits_for_it() {
    let desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
    let said = desk.home.world().connections.get_mut(&3).unwrap().settings.remove(UPLOAD).unwrap();
    expire(&desk, &hold).await;
    let mut keeper = desk.keeper();
    looks(&mut keeper, 600).await;
    let asked = desk.home.times_asked();
    assert!((10..=26).contains(&asked), "about once a minute: {asked}");
    assert_eq!(desk.holds(), ["home 3 releasing"]);
    desk.home.world().connections.get_mut(&3).unwrap().settings.insert(UPLOAD.to_owned(), said);
    looks(&mut keeper, 62).await;
    desk.home.was_told(&[WRITE]);
    is_over(&desk);
}
