//! Persons win: what they change is neither touched nor restored, in DSM or by the API, at whatever moment.

use super::super::script::Fault;
use super::*;
use crate::actions::desk::{VERIFY, failed};
use crate::actions::keeping::{look, looks};
use cloudsync_exporter::actions::settings::Subject;
use serde_json::json;
use std::sync::Arc;

/// Whatever was held is the person's now.
#[track_caller]
fn is_theirs(desk: &Desk, value: u64) {
    assert_eq!(desk.home.setting(3, UPLOAD), value);
    is_over(desk);
    assert_eq!(causes(desk), [("wan".to_owned(), Cause::Person)]);
}

#[tokio::test(start_paused = true)]
async fn a_change_in_dsm_is_seen_by_the_poll_of_settings() {
    for value in [0, 256, 1_024] {
        let mut desk = Desk::new();
        desk.home.polled(true, -1.0);
        held(&desk, "wan", &[(UPLOAD, 512)]).await;
        desk.home.polled(true, 1.0);
        let mut keeper = desk.keeper();
        looks(&mut keeper, 5).await;
        desk.home.set(3, UPLOAD, value);
        // A poll that does not ask for settings knows nothing of it.
        desk.home.polled_in_passing(2.0);
        looks(&mut keeper, 5).await;
        assert_eq!((desk.home.times_asked(), desk.holds().len()), (0, 1));
        desk.home.polled(true, 3.0);
        looks(&mut keeper, 3).await;
        desk.home.was_told(&[]);
        desk.restart();
        is_theirs(&desk, value);
        let record = desk.audit().await.pop().unwrap();
        assert_eq!((&record["action"], &record["token"]), (&json!("release"), &json!("(exporter)")));
        assert_eq!(record["reason"], "somebody else changed max_upload_speed");
        assert_eq!(record["before"]["settings"], json!({ UPLOAD: 512 }));
        assert_eq!(record["after"]["settings"], json!({ UPLOAD: value }));
        assert_eq!(record["after"]["ended_holds"][0]["rule"], "wan");
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_contradicts_is_checked_once() {
    let desk = Desk::new();
    held(&desk, "wan", &[(UPLOAD, 512)]).await;
    // It began after the write, and shows what a weak NAS had in its cache.
    desk.home.set(3, UPLOAD, 0);
    desk.home.polled(true, 1.0);
    desk.home.set(3, UPLOAD, 512);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 100).await;
    desk.home.polled_in_passing(2.0);
    looks(&mut keeper, 100).await;
    assert_eq!(desk.home.times_asked(), 2, "the list and the settings, in one request");
    assert_eq!(desk.holds(), ["home 3 held"]);
}

#[tokio::test(start_paused = true)]
async fn only_what_was_changed_is_let_go() {
    let desk = Desk::new();
    let wan = held(&desk, "wan", &[(UPLOAD, 512), (PERIOD, 3_600)]).await;
    held(&desk, "other", &[(UPLOAD, 256)]).await;
    desk.home.set(3, UPLOAD, 100);
    desk.home.polled(true, 1.0);
    let mut keeper = desk.keeper();
    look(&mut keeper).await;
    assert_eq!(sets(&desk), ["wan pull_event_period=3600"]);
    assert_eq!(causes(&desk), [("other".to_owned(), Cause::Person)]);
    assert_eq!(ledger(&desk), ["3 pull_event_period 60>3600"]);
    // Their value is what the next hold starts from.
    let next = held(&desk, "next", &[(UPLOAD, 50)]).await;
    done(desk.release(&next).await);
    done(desk.release(&wan).await);
    desk.home.was_told(&[WRITE; 2]);
    assert_eq!((desk.home.setting(3, UPLOAD), desk.home.setting(3, PERIOD)), (100, 60));
    is_over(&desk);
}

/// Nobody has looked since the change when the hold ends, or another is taken: the look before that sees it.
#[tokio::test(start_paused = true)]
async fn a_change_that_no_poll_saw_is_seen_before_anything_is_told() {
    let desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
    desk.home.set(3, UPLOAD, 100);
    expire(&desk, &hold).await;
    look(&mut desk.keeper()).await;
    desk.home.was_told(&[]);
    assert_eq!(desk.home.setting(3, UPLOAD), 100);
    is_over(&desk);

    let desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
    desk.home.set(3, UPLOAD, 100);
    let effect = done(desk.release(&hold).await);
    assert_eq!(effect.more["ended_holds"][0]["id"], json!(hold));
    desk.home.was_told(&[]);
    is_theirs(&desk, 100);

    let desk = Desk::new();
    held(&desk, "wan", &[(UPLOAD, 512)]).await;
    desk.home.set(3, UPLOAD, 100);
    held(&desk, "other", &[(UPLOAD, 50)]).await;
    assert_eq!(sets(&desk), ["other max_upload_speed=50"]);
    assert_eq!(ledger(&desk), ["3 max_upload_speed 100>50"]);
    assert_eq!(causes(&desk), [("wan".to_owned(), Cause::Person)]);
}

/// Between the write and the look after it, or before the keeper settles it.
#[tokio::test(start_paused = true)]
async fn a_change_right_after_the_write_is_theirs() {
    for fault in [None, Some(Fault::DoneButLost), Some(Fault::Lost), Some(Fault::Ignore)] {
        let desk = Desk::new();
        if let Some(fault) = fault {
            desk.home.fails("set_connection_setting", fault);
        }
        let gate = desk.home.hang_after_telling();
        let taking = tokio::spawn({
            let actions = Arc::clone(&desk.actions);
            async move { actions.hold_settings(&home(), &wish("wan", &[(UPLOAD, 512)]), &rules()).await }
        });
        desk.home.until_told(1).await;
        desk.home.set(3, UPLOAD, 100);
        gate.add_permits(1);
        let _ = taking.await.unwrap();
        desk.home.mend("ask");
        let mut keeper = desk.keeper();
        looks(&mut keeper, 3).await;
        desk.home.was_told(&[WRITE]);
        is_theirs(&desk, 100);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_while_it_is_restored_is_theirs() {
    let desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
    desk.home.fails("set_connection_setting", Fault::Ignore);
    expire(&desk, &hold).await;
    let mut keeper = desk.keeper();
    looks(&mut keeper, 3).await;
    desk.home.was_told(&[WRITE]);
    desk.home.set(3, UPLOAD, 100);
    looks(&mut keeper, 3).await;
    desk.home.was_told(&[]);
    assert_eq!(desk.home.setting(3, UPLOAD), 100);
    is_over(&desk);
    assert_eq!(causes(&desk), [("wan".to_owned(), Cause::Over)], "the first cause counts");
}

#[tokio::test(start_paused = true)]
async fn a_change_by_the_api_is_theirs_whatever_its_value() {
    // Also what it was before, what the hold made of it, and what no look could tell from these.
    for value in [0, 256, 512, 1_024] {
        let mut desk = Desk::new();
        held(&desk, "wan", &[(UPLOAD, 512)]).await;
        let effect = done(desk.change(json!({ UPLOAD: value })).await);
        assert!(effect.verified);
        assert_eq!(effect.more["ended_holds"][0]["rule"], "wan");
        desk.home.was_told(&[WRITE]);
        desk.restart();
        is_theirs(&desk, value);
        desk.home.polled(true, 1.0);
        looks(&mut desk.keeper(), 60).await;
        desk.home.was_told(&[]);
        is_theirs(&desk, value);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_by_the_api_of_something_else_changes_nothing() {
    let desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
    let effect = done(desk.change(json!({ PART: 128, "task_name": "mine" })).await);
    assert_eq!(effect.more.get("ended_holds"), None);
    done(desk.change_of(Subject::Schedule(ConnectionId(3)), json!({"enabled": true})).await);
    assert_eq!((sets(&desk).len(), ledger(&desk)), (1, vec!["3 max_upload_speed 0>512".to_owned()]));
    done(desk.release(&hold).await);
    let settings = desk.home.world().connections[&3].settings.clone();
    assert_eq!(
        (&settings[UPLOAD], &settings[PART], &settings["task_name"]),
        (&json!(0), &json!(128), &json!("mine"))
    );
    desk.home.was_told(&[WRITE, "set_schedule_setting 3", WRITE]);
}

#[tokio::test(start_paused = true)]
async fn a_change_by_the_api_takes_one_setting_of_several() {
    let desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512), (PERIOD, 3_600)]).await;
    done(desk.change(json!({ UPLOAD: 512, PART: 128 })).await);
    assert_eq!(sets(&desk), ["wan pull_event_period=3600"]);
    done(desk.release(&hold).await);
    assert_eq!((desk.home.setting(3, UPLOAD), desk.home.setting(3, PERIOD)), (512, 60));
    desk.home.was_told(&[WRITE; 2]);
    is_over(&desk);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_or_a_refused_change_takes_nothing() {
    let mut desk = Desk::new();
    held(&desk, "wan", &[(UPLOAD, 512)]).await;
    let subject = Subject::Connection(ConnectionId(3));
    let patch = subject.schema().check(json!({ UPLOAD: 100 })).unwrap();
    let object = cloudsync_exporter::actions::Object::connection(3, "Dropbox");
    let dry = desk.actions.change(&home(), subject, object, patch, &origin(), true).await;
    assert!(matches!(dry, Ok(Effect::Planned(_))));
    for fault in [Fault::Refuse(402), Fault::Unreachable] {
        desk.home.fails("set_connection_setting", fault);
        // Also to the very value that the hold made of it.
        for value in [100, 512] {
            failed(desk.change(json!({ UPLOAD: value })).await);
        }
    }
    desk.home.mend("set_connection_setting");
    desk.home.was_told(&[WRITE; 4]);
    desk.restart();
    assert_eq!(ledger(&desk), ["3 max_upload_speed 0>512"]);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 60).await;
    assert_eq!((desk.holds(), desk.home.times_asked() > 0), (vec!["home 3 held".to_owned()], true));
    done(desk.release(&desk.newest()).await);
    desk.home.was_told(&[WRITE]);
    assert_eq!(desk.home.setting(3, UPLOAD), 0);
}

/// Nobody knows whether a change by the API was made: what the NAS shows within its time tells.
#[tokio::test(start_paused = true)]
async fn a_change_by_the_api_without_an_answer_is_theirs_if_it_shows() {
    for (value, comes) in [(100, true), (512, true), (0, true), (100, false), (0, false)] {
        for restarts in [false, true] {
            let mut desk = Desk::new();
            let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
            desk.home.fails("set_connection_setting", Fault::Lost);
            failed(desk.change(json!({ UPLOAD: value })).await);
            desk.home.mend("set_connection_setting");
            desk.home.was_told(&[WRITE]);
            if restarts {
                desk.restart();
            }
            let mut keeper = desk.keeper();
            if value != 512 {
                looks(&mut keeper, 10).await;
                assert_eq!(desk.holds(), ["home 3 held"], "it may come yet");
            }
            if comes {
                desk.home.set(3, UPLOAD, value);
                looks(&mut keeper, 3).await;
                is_theirs(&desk, value);
                continue;
            }
            looks(&mut keeper, VERIFY.as_secs() + 3).await;
            desk.home.times_asked();
            looks(&mut keeper, 60).await;
            assert_eq!(desk.home.times_asked(), 0, "it did not");
            expire(&desk, &hold).await;
            look(&mut keeper).await;
            desk.home.was_told(&[WRITE]);
            assert_eq!(desk.home.setting(3, UPLOAD), 0);
            is_over(&desk);
        }
    }
}

/// The program ends in the middle of a change by the API that leaves no trace a look could see.
#[tokio::test(start_paused = true)]
async fn a_change_by_the_api_that_was_cut_off_is_theirs() {
    for value in [512, 0, 100] {
        let mut desk = Desk::new();
        held(&desk, "wan", &[(UPLOAD, 512)]).await;
        let _gate = desk.home.hang_after("set_connection_setting");
        let changing = tokio::spawn({
            let actions = Arc::clone(&desk.actions);
            async move {
                let subject = Subject::Connection(ConnectionId(3));
                let patch = subject.schema().check(json!({ UPLOAD: value })).unwrap();
                let object = cloudsync_exporter::actions::Object::connection(3, "Dropbox");
                actions.change(&home(), subject, object, patch, &origin(), false).await
            }
        });
        desk.home.until_told(1).await;
        changing.abort();
        let _ = changing.await;
        desk.home.mend("set_connection_setting");
        desk.restart();
        desk.home.was_told(&[WRITE]);
        looks(&mut desk.keeper(), 3).await;
        desk.home.was_told(&[]);
        is_theirs(&desk, value);
    }
}

/// A caller changes something else while a write of ours is not shown yet: writing back what is shown would undo it.
#[tokio::test(start_paused = true)]
async fn a_change_of_something_else_does_not_undo_what_does_not_show_yet() {
    let desk = Desk::new();
    desk.home.world().settings_lag = 2;
    assert!(!done(take(&desk, "wan", &[(UPLOAD, 512)]).await).verified);
    done(desk.change(json!({ PART: 128 })).await);
    desk.home.was_told(&[WRITE; 2]);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 20).await;
    assert_eq!((desk.home.setting(3, UPLOAD), desk.home.setting(3, PART)), (512, 128));
    assert_eq!(
        (desk.holds(), ledger(&desk)),
        (vec!["home 3 held".to_owned()], vec!["3 max_upload_speed 0>512".to_owned()])
    );
    desk.home.was_told(&[]);
}
