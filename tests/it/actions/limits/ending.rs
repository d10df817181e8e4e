//! The end of a hold: by its time, by its name, and with its connection; what is restored by it, and when it is gone.

use super::super::script::Fault;
use super::*;
use crate::actions::desk::{VERIFY, failed, one};
use crate::actions::keeping::{look, looks};
use cloudsync_exporter::actions::Target;
use cloudsync_exporter::model::HoldKind;
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn the_end_of_its_time_restores_what_was_before() {
    for latest in [None, Some(0)] {
        let mut desk = Desk::new();
        let before = desk.home.world().connections[&3].settings.clone();
        let mut wish = wish("wan", &[(UPLOAD, 512), (PERIOD, 3_600)]);
        (wish.holder.until, wish.holder.latest) = (Some(0), latest);
        assert!(done(desk.actions.hold_settings(&home(), &wish, &rules()).await).verified);
        desk.home.was_told(&[WRITE]);
        let mut keeper = desk.keeper();
        look(&mut keeper).await;
        desk.home.was_told(&[WRITE]);
        desk.home.has_counted(&["set_connection_setting rule", "set_connection_setting release"]);
        assert_eq!(desk.home.world().connections[&3].settings, before);
        let record = desk.audit().await.pop().unwrap();
        for (name, value) in
            [("action", "set_connection_setting"), ("source", "release"), ("outcome", "succeeded")]
        {
            assert_eq!(record[name], value, "{name}");
        }
        assert!(record["reason"].as_str().unwrap().ends_with("it is over"), "{record}");
        assert_eq!((&record["before"][UPLOAD], &record["after"][UPLOAD]), (&json!(512), &json!(0)));
        desk.restart();
        is_over(&desk);
        let cause = if latest.is_some() { Cause::Longest } else { Cause::Over };
        assert_eq!(causes(&desk), [("wan".to_owned(), cause)]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_shown_and_costs_nothing() {
    let desk = Desk::new();
    desk.home.polled(true, -5.0);
    held(&desk, "wan", &[(UPLOAD, 512), (PART, 32)]).await;
    let mut keeper = desk.keeper();
    // The settings of the last poll are from before the hold, and then as it has them.
    looks(&mut keeper, 100).await;
    desk.home.polled_in_passing(1.0);
    looks(&mut keeper, 100).await;
    desk.home.polled(true, 2.0);
    looks(&mut keeper, 100).await;
    assert_eq!(desk.home.times_asked(), 0);
    let shown = desk.home.world().shown_holds.clone();
    assert_eq!((shown.len(), shown[0].kind, &shown[0].rule[..]), (1, HoldKind::Alert, "wan"));
}

/// Of several holds the strictest value counts, and what was before the first of them comes back with the last.
#[tokio::test(start_paused = true)]
async fn each_end_leaves_what_the_others_want() {
    let desk = Desk::new();
    let lax = held(&desk, "lax", &[(UPLOAD, 1_024), (PERIOD, 120)]).await;
    let strict = held(&desk, "strict", &[(UPLOAD, 512)]).await;
    let period = held(&desk, "period", &[(PERIOD, 3_600), (DOWNLOAD, 9)]).await;
    let settings = |desk: &Desk| [UPLOAD, DOWNLOAD, PERIOD].map(|name| desk.home.setting(3, name));
    assert_eq!(settings(&desk), [512, 9, 3_600]);
    let mut keeper = desk.keeper();
    expire(&desk, &strict).await;
    look(&mut keeper).await;
    desk.home.was_told(&[WRITE]);
    assert_eq!((settings(&desk), desk.holds().len()), ([1_024, 9, 3_600], 2));
    // What is as strict without it needs no word.
    expire(&desk, &lax).await;
    looks(&mut keeper, 3).await;
    desk.home.was_told(&[WRITE]);
    assert_eq!(
        (settings(&desk), sets(&desk)),
        ([0, 9, 3_600], vec!["period max_download_speed=9 pull_event_period=3600".to_owned()])
    );
    done(desk.release(&period).await);
    desk.home.was_told(&[WRITE]);
    assert_eq!(settings(&desk), [0, 0, 60]);
    is_over(&desk);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_laxer_hold_needs_no_word() {
    let desk = Desk::new();
    let lax = held(&desk, "lax", &[(UPLOAD, 1_024)]).await;
    held(&desk, "strict", &[(UPLOAD, 512)]).await;
    expire(&desk, &lax).await;
    look(&mut desk.keeper()).await;
    desk.home.was_told(&[]);
    assert_eq!(desk.outcomes().await.last().unwrap(), "release succeeded");
    assert_eq!(
        (sets(&desk), ledger(&desk)),
        (vec!["strict max_upload_speed=512".to_owned()], vec!["3 max_upload_speed 0>512".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn a_person_who_names_a_hold_ends_it() {
    let mut desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
    let effect = done(desk.release(&hold).await);
    desk.home.was_told(&[WRITE]);
    assert_eq!(
        (&effect.before["settings"], &effect.after["settings"]),
        (&json!({ UPLOAD: 512 }), &json!({ UPLOAD: 0 }))
    );
    assert_eq!(effect.more["ended_holds"][0]["id"], json!(hold));
    assert!(effect.verified);
    let record = desk.audit().await.pop().unwrap();
    assert_eq!((&record["token"], &record["source"]), (&json!("ops"), &json!("api")));
    assert_eq!(desk.release(&hold).await.unwrap_err(), ActionError::UnknownHold(hold));
    assert_eq!(causes(&desk), [("wan".to_owned(), Cause::Person)]);
    desk.restart();
    is_over(&desk);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_what_would_be_sent_and_changes_nothing() {
    let desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
    let Ok(Effect::Planned(plan)) = desk.actions.release(&hold, &origin(), true).await else {
        panic!("done")
    };
    assert_eq!(plan.requests[0].method, "set_connection_setting");
    assert_eq!(
        (&plan.before["settings"], &plan.after["settings"]),
        (&json!({ UPLOAD: 512 }), &json!({ UPLOAD: 0 }))
    );
    assert_eq!(plan.more["ended_holds"][0]["id"], json!(hold));
    // What a person changed meanwhile would be left to them.
    desk.home.set(3, UPLOAD, 99);
    let Ok(Effect::Planned(plan)) = desk.actions.release(&hold, &origin(), true).await else {
        panic!("done")
    };
    assert!(plan.requests.is_empty());
    assert_eq!(plan.after["settings"], json!({ UPLOAD: 99 }));
    desk.home.fails("ask", Fault::Unreachable);
    assert_eq!(failed(desk.actions.release(&hold, &origin(), true).await).1, None);
    desk.home.was_told(&[]);
    assert_eq!((desk.holds(), desk.audit().await.len()), (vec!["home 3 held".to_owned()], 1));
    assert_eq!(ledger(&desk), ["3 max_upload_speed 0>512"]);
}

#[tokio::test(start_paused = true)]
async fn a_release_that_fails_goes_on_to_be_wished() {
    for (method, fault, told) in [
        ("ask", Fault::Unreachable, &[][..]),
        ("set_connection_setting", Fault::Refuse(402), &[WRITE]),
        ("set_connection_setting", Fault::Lost, &[WRITE]),
    ] {
        let mut desk = Desk::new();
        let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
        desk.home.fails(method, fault.clone());
        let error = desk.release(&hold).await;
        let Err(ActionError::Nas { holds, failure, audit: Some(_), .. }) = error else { panic!("{error:?}") };
        assert_eq!(holds[0].id, hold);
        assert!(failure.advice.contains("ends as soon as"), "{failure:?}");
        desk.home.was_told(told);
        desk.restart();
        assert_eq!(desk.holds(), ["home 3 releasing"]);
        desk.home.mend(method);
        let mut keeper = desk.keeper();
        look(&mut keeper).await;
        desk.home.was_told(&[WRITE]);
        assert_eq!(desk.home.setting(3, UPLOAD), 0);
        assert_eq!(causes(&desk), [("wan".to_owned(), Cause::Person)]);
        is_over(&desk);
    }
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_does_not_show_is_told_again_when_it_has_had_its_time() {
    let desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
    desk.home.fails("set_connection_setting", Fault::Ignore);
    expire(&desk, &hold).await;
    let mut keeper = desk.keeper();
    look(&mut keeper).await;
    looks(&mut keeper, VERIFY.as_secs() - 1).await;
    desk.home.was_told(&[WRITE]);
    assert_eq!(desk.holds(), ["home 3 releasing"]);
    assert_eq!(desk.outcomes().await.last().unwrap(), "set_connection_setting unverified");
    looks(&mut keeper, 4).await;
    desk.home.was_told(&[WRITE]);
    looks(&mut keeper, 3_600).await;
    let tries = desk.home.told();
    assert!((100..=120).contains(&tries), "twice a minute, and never given up: {tries}");
    desk.home.mend("set_connection_setting");
    looks(&mut keeper, VERIFY.as_secs() + 4).await;
    desk.home.world().told.clear();
    assert_eq!(desk.home.setting(3, UPLOAD), 0);
    is_over(&desk);
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_shows_late_is_told_once() {
    let desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
    desk.home.world().settings_lag = 5;
    expire(&desk, &hold).await;
    let mut keeper = desk.keeper();
    looks(&mut keeper, 60).await;
    desk.home.was_told(&[WRITE]);
    is_over(&desk);
    assert_eq!(causes(&desk), [("wan".to_owned(), Cause::Over)]);
}

/// When a common cause ends, the line is not flooded at once.
#[tokio::test(start_paused = true)]
async fn many_connections_are_let_go_a_few_at_a_time() {
    let desk = Desk::new();
    {
        let mut world = desk.home.world();
        let one = world.connections[&5].clone();
        world.connections = (100..106).map(|id| (id, one.clone())).collect();
    }
    for id in 100..106 {
        let mut wish = SettingsWish { connection: ConnectionId(id), ..wish("wan", &[(UPLOAD, 512)]) };
        wish.holder.until = Some(0);
        done(desk.actions.hold_settings(&home(), &wish, &rules()).await);
    }
    desk.home.world().told.clear();
    let mut keeper = desk.keeper();
    for left in [4, 2, 0] {
        look(&mut keeper).await;
        assert_eq!(desk.holds().len(), left);
        looks(&mut keeper, 3).await;
        assert_eq!(desk.holds().len(), left);
        tokio::time::advance(std::time::Duration::from_secs(2)).await;
    }
    let mut told = std::mem::take(&mut desk.home.world().told);
    told.sort();
    let each: Vec<String> = (100..106).map(|id| format!("set_connection_setting {id}")).collect();
    assert_eq!(told, each, "each once");
    is_over(&desk);
}

/// Two that are refused take both places of a stage, again and again.
#[tokio::test(start_paused = true)]
async fn what_is_refused_does_not_keep_others() {
    let desk = Desk::new();
    for id in [3, 5] {
        let one = desk.home.world().connections[&5].clone();
        desk.home.world().connections.insert(id + 100, one);
    }
    for id in [3, 5, 103, 105] {
        let mut wish = SettingsWish { connection: ConnectionId(id), ..wish("wan", &[(UPLOAD, 512)]) };
        wish.holder.until = Some(0);
        done(desk.actions.hold_settings(&home(), &wish, &rules()).await);
    }
    desk.home.refuses_to_set(3);
    desk.home.refuses_to_set(5);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 60).await;
    assert_eq!(desk.holds(), ["home 3 releasing", "home 5 releasing"]);
    desk.home.world().told.clear();
}

#[tokio::test(start_paused = true)]
async fn a_resume_neither_ends_nor_minds_them() {
    let desk = Desk::new();
    held(&desk, "wan", &[(UPLOAD, 512)]).await;
    done(desk.pause(one(3), None).await);
    for (target, overrides) in [(one(3), false), (one(3), true), (Target::All, true)] {
        let effect = done(desk.resume(target, overrides).await);
        let ended = effect.more["ended_holds"].as_array().unwrap();
        assert!(ended.iter().all(|hold| hold["action"] == "pause"), "{ended:?}");
    }
    desk.home.was_told(&["pause 3", "resume 3", "resume 3", "resume all"]);
    assert_eq!(sets(&desk), ["wan max_upload_speed=512"]);
    assert_eq!(desk.home.setting(3, UPLOAD), 512);
}

#[tokio::test(start_paused = true)]
async fn frozen_holds_end_all_the_same() {
    let desk = Desk::new();
    let by_time = held(&desk, "strict", &[(UPLOAD, 512)]).await;
    let by_name = held(&desk, "period", &[(PERIOD, 3_600)]).await;
    desk.actions.set_frozen(true, &origin()).await;
    expire(&desk, &by_time).await;
    look(&mut desk.keeper()).await;
    done(desk.release(&by_name).await);
    desk.home.was_told(&[WRITE; 2]);
    assert_eq!((desk.home.setting(3, UPLOAD), desk.home.setting(3, PERIOD)), (0, 60));
    is_over(&desk);
}

#[tokio::test(start_paused = true)]
async fn a_removed_connection_takes_its_holds_with_it() {
    let mut desk = Desk::new();
    held(&desk, "wan", &[(UPLOAD, 512)]).await;
    let removed = desk.actions.remove_connection(&home(), 3, "Dropbox", &origin(), false).await;
    assert!(done(removed).verified);
    desk.home.was_told(&["unlink_connection 3"]);
    desk.restart();
    is_over(&desk);
    assert_eq!(causes(&desk), [("wan".to_owned(), Cause::Gone)]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_gone_is_forgotten_after_a_while() {
    let desk = Desk::new();
    desk.home.polled(true, -1.0);
    held(&desk, "wan", &[(UPLOAD, 512)]).await;
    let gone = desk.home.world().connections.remove(&3).unwrap();
    desk.home.polled(true, 1.0);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 600).await;
    let asked = desk.home.times_asked();
    assert!((9..=30).contains(&asked), "about once a minute: {asked}");
    // It is back, and everything as before.
    desk.home.world().connections.insert(3, gone);
    desk.home.polled(true, 2.0);
    looks(&mut keeper, 70).await;
    assert_eq!((desk.holds(), desk.home.times_asked() <= 4), (vec!["home 3 held".to_owned()], true));
    desk.home.world().connections.remove(&3);
    desk.home.polled(true, 3.0);
    looks(&mut keeper, 3_500).await;
    assert_eq!(desk.holds(), ["home 3 held"]);
    looks(&mut keeper, 200).await;
    is_over(&desk);
    assert_eq!(causes(&desk), [("wan".to_owned(), Cause::Gone)]);
    let record = desk.audit().await.pop().unwrap();
    assert!(record["reason"].as_str().unwrap().contains("the connection is gone"), "{record}");
    desk.home.was_told(&[]);
}

/// A hold on a NAS that is not configured any more ends by its name; what it changed is restored when the NAS is back.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_restored_now_is_restored_later() {
    let mut desk = Desk::new();
    let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
    desk.nases.0.lock().unwrap().remove(&home());
    let mut keeper = desk.keeper();
    looks(&mut keeper, 60).await;
    done(desk.release(&hold).await);
    assert_eq!((desk.holds().len(), ledger(&desk).len()), (0, 1));
    desk.nases.add(&desk.home);
    desk.restart();
    look(&mut desk.keeper()).await;
    desk.home.was_told(&[WRITE]);
    assert_eq!(desk.home.setting(3, UPLOAD), 0);
    is_over(&desk);
}
