//! Taking a hold: what is refused, what is told, and what is on disk by then.

use super::super::script::Fault;
use super::*;
use crate::actions::desk::failed;
use crate::state::broken::{allow, refuse, take_away};
use cloudsync_exporter::model::NasName;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

#[tokio::test(start_paused = true)]
async fn a_hold_sets_what_it_names_and_nothing_else() {
    let mut desk = Desk::new();
    let before = desk.home.world().connections[&3].settings.clone();
    let effect = done(take(&desk, "wan", &[(UPLOAD, 512), (PERIOD, 3_600)]).await);
    desk.home.was_told(&[WRITE]);
    desk.home.has_counted(&["set_connection_setting rule"]);
    assert!(effect.verified);
    assert_eq!((&effect.before[UPLOAD], &effect.after[UPLOAD]), (&json!(0), &json!(512)));
    let mut after = before;
    after.insert(UPLOAD.to_owned(), json!(512));
    after.insert(PERIOD.to_owned(), json!(3_600));
    assert_eq!(desk.home.world().connections[&3].settings, after);
    let hold = &effect.more["hold"];
    for (name, value) in [
        ("action", json!("settings")),
        ("set", json!({ UPLOAD: 512, PERIOD: 3_600 })),
        ("kind", json!("alert")),
        ("rule", json!("wan")),
        ("episode", json!("e")),
        ("phase", json!("held")),
        ("connection", json!("Dropbox")),
        ("author", json!("am")),
    ] {
        assert_eq!(hold[name], value, "{name}");
    }
    let record = desk.audit().await.pop().unwrap();
    for (name, value) in [
        ("action", json!("set_connection_setting")),
        ("source", json!("rule")),
        ("outcome", json!("succeeded")),
        ("target", json!({"kind": "connection", "id": 3, "name": "Dropbox", "connection_id": 3})),
        ("before", effect.before),
        ("after", effect.after),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    desk.restart();
    assert_eq!(desk.holds(), ["home 3 held"]);
    assert_eq!(ledger(&desk), ["3 max_upload_speed 0>512", "3 pull_event_period 60>3600"]);
}

#[tokio::test(start_paused = true)]
async fn hold_and_ledger_are_on_disk_before_the_nas_is_told() {
    let desk = Desk::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let file = desk.file.clone();
    desk.home.when_told({
        let seen = Arc::clone(&seen);
        move |_| {
            // Another process, which sees only what is committed.
            let state = StateFile::open(&file).unwrap();
            let settings: Vec<Value> = state
                .changed_settings()
                .unwrap()
                .iter()
                .map(|setting| serde_json::from_str(&setting.record).unwrap())
                .collect();
            let holds: Vec<Value> =
                state.holds().unwrap().iter().map(|(_, hold)| serde_json::from_str(hold).unwrap()).collect();
            seen.lock().unwrap().push((settings, holds));
        }
    });
    held(&desk, "wan", &[(UPLOAD, 512)]).await;
    let seen = seen.lock().unwrap();
    let [(settings, holds)] = &seen[..] else { panic!("{seen:?}") };
    let [entry] = &settings[..] else { panic!("{settings:?}") };
    for (name, value) in [("before", 0), ("was", 0), ("written", 512)] {
        assert_eq!(entry[name], value, "{name}");
    }
    assert_eq!(entry["is_settled"], false);
    assert_eq!(
        (holds.len(), &holds[0]["phase"], &holds[0]["set"]),
        (1, &json!("pausing"), &json!({ UPLOAD: 512 }))
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_tells_and_leaves_nothing() {
    let desk = Desk::new();
    desk.home.set(3, PERIOD, 7_200);
    desk.home.set(3, UPLOAD, 100);
    let before = desk.home.world().connections[&3].settings.clone();
    let lax: [&[(&str, u64)]; 2] = [&[(UPLOAD, 512)], &[(UPLOAD, 0), (PERIOD, 3_600), (PART, 64)]];
    for set in lax {
        assert_eq!(take(&desk, "wan", set).await.unwrap_err(), ActionError::AlreadyStricter, "{set:?}");
    }
    let odd: [&[(&str, u64)]; 6] = [
        &[],
        &[("client_type", 1)],
        &[("task_name", 1)],
        &[(PERIOD, 0)],
        &[(UPLOAD, u64::MAX)],
        &[(UPLOAD, 10), (PART, 1_048_577)],
    ];
    for set in odd {
        let error = take(&desk, "wan", set).await.unwrap_err();
        assert!(matches!(error, ActionError::Invalid(_)), "{set:?}: {error:?}");
    }
    let unknown = SettingsWish { connection: ConnectionId(99), ..wish("wan", &[(UPLOAD, 50)]) };
    let error = desk.actions.hold_settings(&home(), &unknown, &rules()).await.unwrap_err();
    assert_eq!(error, ActionError::UnknownConnection { nas: home(), id: 99 });
    let nas = NasName::new("nowhere");
    let error = desk.actions.hold_settings(&nas, &wish("wan", &[(UPLOAD, 50)]), &rules()).await.unwrap_err();
    assert_eq!(error, ActionError::UnknownNas(nas));
    desk.actions.set_frozen(true, &origin()).await;
    assert_eq!(take(&desk, "wan", &[(UPLOAD, 50)]).await.unwrap_err(), ActionError::Frozen);
    desk.home.was_told(&[]);
    assert_eq!(desk.outcomes().await, ["freeze succeeded"]);
    assert_eq!(desk.home.world().connections[&3].settings, before);
    is_over(&desk);
}

/// What is not strict enough in one setting may be in another: the hold has both, and loosens neither.
#[tokio::test(start_paused = true)]
async fn what_its_owner_has_stricter_stays_so() {
    let desk = Desk::new();
    desk.home.set(3, UPLOAD, 100);
    let hold = held(&desk, "wan", &[(UPLOAD, 512), (PERIOD, 3_600)]).await;
    assert_eq!((desk.home.setting(3, UPLOAD), desk.home.setting(3, PERIOD)), (100, 3_600));
    done(desk.release(&hold).await);
    desk.home.was_told(&[WRITE]);
    assert_eq!((desk.home.setting(3, UPLOAD), desk.home.setting(3, PERIOD)), (100, 60));
    is_over(&desk);
}

#[tokio::test(start_paused = true)]
async fn a_rule_holds_the_settings_of_a_connection_once() {
    let desk = Desk::new();
    held(&desk, "wan", &[(UPLOAD, 512)]).await;
    let Err(ActionError::Held(holds)) = take(&desk, "wan", &[(DOWNLOAD, 512)]).await else { panic!("taken") };
    assert_eq!(holds[0].rule, "wan");
    // A pause of the same rule is another thing, and so is another connection.
    let other = SettingsWish { connection: ConnectionId(5), ..wish("wan", &[(UPLOAD, 512)]) };
    done(desk.actions.hold_settings(&home(), &other, &rules()).await);
    desk.home.was_told(&["set_connection_setting 5"]);
    assert_eq!(ledger(&desk), ["3 max_upload_speed 0>512", "5 max_upload_speed 0>512"]);
}

#[tokio::test(start_paused = true)]
async fn there_is_an_end_of_holds_on_one_connection() {
    let desk = Desk::new();
    held(&desk, "wan", &[(UPLOAD, 512)]).await;
    let hold = desk.actions.book().all().pop().unwrap();
    let more: Vec<Hold> = (1..100)
        .map(|n| Hold { id: format!("h-{n}"), rule: format!("r{n}"), set: BTreeMap::new(), ..hold.clone() })
        .collect();
    desk.actions.book().add(&more, 0).await.unwrap();
    let error = take(&desk, "other", &[(UPLOAD, 64)]).await.unwrap_err();
    assert_eq!(error, ActionError::TooManyHolds(100));
    desk.home.was_told(&[]);
}

#[tokio::test(start_paused = true)]
async fn a_laxer_hold_is_taken_without_a_word() {
    let desk = Desk::new();
    let strict = held(&desk, "strict", &[(UPLOAD, 512)]).await;
    let lax = done(take(&desk, "lax", &[(UPLOAD, 1_024)]).await);
    assert!(lax.verified);
    assert_eq!(lax.more["hold"]["phase"], "held");
    desk.home.was_told(&[]);
    assert_eq!(desk.outcomes().await, ["set_connection_setting succeeded", "hold succeeded"]);
    done(desk.release(&strict).await);
    desk.home.was_told(&[WRITE]);
    assert_eq!(desk.home.setting(3, UPLOAD), 1_024);
    assert_eq!(ledger(&desk), ["3 max_upload_speed 0>1024"]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_leaves_no_hold() {
    for fault in [Fault::Refuse(402), Fault::Unreachable] {
        let mut desk = Desk::new();
        desk.home.fails("set_connection_setting", fault);
        failed(take(&desk, "wan", &[(UPLOAD, 512)]).await);
        desk.home.was_told(&[WRITE]);
        desk.home.has_counted(&["set_connection_setting rule", "set_connection_setting rule failed"]);
        assert_eq!(desk.outcomes().await, ["set_connection_setting failed"]);
        desk.restart();
        is_over(&desk);
        assert_eq!(causes(&desk), [("wan".to_owned(), Cause::Refused)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_leaves_what_others_hold() {
    let desk = Desk::new();
    let lax = held(&desk, "lax", &[(UPLOAD, 1_024)]).await;
    let known = ledger(&desk);
    desk.home.fails("set_connection_setting", Fault::Refuse(402));
    failed(take(&desk, "strict", &[(UPLOAD, 512), (PERIOD, 3_600)]).await);
    desk.home.mend("set_connection_setting");
    assert_eq!((desk.holds(), ledger(&desk)), (vec!["home 3 held".to_owned()], known));
    done(desk.release(&lax).await);
    desk.home.was_told(&[WRITE; 2]);
    assert_eq!(desk.home.setting(3, UPLOAD), 0);
}

/// A NAS that refuses what it does all the same: it has to be undone one day.
#[tokio::test(start_paused = true)]
async fn what_shows_is_held_whatever_the_nas_says() {
    for fault in [Fault::DoneButLost, Fault::Refuse(117)] {
        let desk = Desk::new();
        if matches!(fault, Fault::Refuse(_)) {
            let home = Arc::clone(&desk.home);
            desk.home.when_told(move |_| home.set(3, UPLOAD, 512));
        }
        desk.home.fails("set_connection_setting", fault);
        assert!(done(take(&desk, "wan", &[(UPLOAD, 512)]).await).verified);
        desk.home.when_told(|_| {});
        desk.home.was_told(&[WRITE]);
        assert_eq!(ledger(&desk), ["3 max_upload_speed 0>512"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_leaves_the_hold_to_the_keeper() {
    for fault in [Fault::Lost, Fault::Broken] {
        let mut desk = Desk::new();
        desk.home.fails("set_connection_setting", fault);
        let Err(ActionError::Nas { holds, audit, .. }) = take(&desk, "wan", &[(UPLOAD, 512)]).await else {
            panic!("not failed")
        };
        assert_eq!((holds.len(), audit), (1, Some(1)));
        desk.home.was_told(&[WRITE]);
        assert_eq!(desk.outcomes().await, ["set_connection_setting unknown"]);
        desk.restart();
        assert_eq!(desk.holds(), ["home 3 pausing"]);
        assert_eq!(ledger(&desk), ["3 max_upload_speed 0>512?"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_cannot_be_asked_is_not_told() {
    let desk = Desk::new();
    for method in ["ask", "plan"] {
        desk.home.fails(method, Fault::Unreachable);
        assert_eq!(failed(take(&desk, "wan", &[(UPLOAD, 512)]).await).1, None);
        desk.home.mend(method);
    }
    desk.home.was_told(&[]);
    assert!(desk.audit().await.is_empty());
    is_over(&desk);
}

/// Without what was before there is nothing to restore.
#[tokio::test(start_paused = true)]
async fn a_setting_that_the_nas_does_not_say_is_not_set() {
    let desk = Desk::new();
    for odd in [json!(null), json!(-1), json!("fast")] {
        desk.home.world().connections.get_mut(&3).unwrap().settings.insert(UPLOAD.to_owned(), odd);
        let (failure, audit) = failed(take(&desk, "wan", &[(UPLOAD, 512)]).await);
        assert!(failure.detail.contains(UPLOAD), "{failure}");
        assert_eq!(audit, None);
    }
    desk.home.was_told(&[]);
    is_over(&desk);
}

#[tokio::test(start_paused = true)]
async fn without_the_disk_nothing_is_told() {
    let desk = Desk::new();
    for (kind, table) in [("INSERT", "audit"), ("INSERT", "hold"), ("INSERT", "changed_setting")] {
        refuse(&desk.file, kind, table);
        let error = take(&desk, "wan", &[(UPLOAD, 512)]).await.unwrap_err();
        assert!(matches!(error, ActionError::Unrecorded(_)), "{table}: {error:?}");
        allow(&desk.file, kind, table);
        is_over(&desk);
    }
    desk.home.was_told(&[]);
    held(&desk, "wan", &[(UPLOAD, 512)]).await;
    take_away(&desk.file, "changed_setting");
    let error = take(&desk, "other", &[(UPLOAD, 256)]).await.unwrap_err();
    assert!(matches!(error, ActionError::Unrecorded(_)), "{error:?}");
    assert_eq!(desk.holds(), ["home 3 held"]);
}
