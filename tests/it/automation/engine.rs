//! The automation at work: from a notification to what the NAS is told, and back.

use super::super::actions::desk::{done, home, one};
use super::super::actions::script::Fault;
use super::stage::{Stage, alert, rule, settings};
use cloudsync_exporter::automation::Rule;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn an_alert_pauses_once_and_its_end_resumes_once() {
    let mut stage = Stage::new(&[rule("wan")]);
    for _ in 0..3 {
        stage.fires("wan", "a").await;
        stage.seconds(3).await;
    }
    stage.desk.home.was_told(&["pause 3"]);
    stage.ends("wan", "a").await;
    stage.seconds(119).await;
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
    stage.seconds(3).await;
    stage.desk.home.was_told(&["resume 3"]);
    stage.desk.home.has_counted(&["pause rule", "resume release"]);
    assert!(stage.desk.holds().is_empty());
    assert_eq!(stage.decisions().await, ["wan acted", "wan resolved"]);
}

#[tokio::test(start_paused = true)]
async fn several_alerts_of_a_rule_are_one_hold_until_the_last_of_them_ends() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.notify(&[alert("wan", "a", "firing", 0), alert("wan", "b", "firing", 0)]).await.unwrap();
    stage.seconds(2).await;
    stage.fires("wan", "c").await;
    stage.seconds(2).await;
    assert_eq!(stage.decisions().await, ["wan acted", "wan joined", "wan joined"]);
    for id in ["a", "c"] {
        stage.ends("wan", id).await;
    }
    stage.seconds(200).await;
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
    stage.ends("wan", "b").await;
    stage.seconds(125).await;
    stage.desk.home.was_told(&["pause 3", "resume 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_stays_paused_until_the_last_rule_lets_go() {
    let mut stage = Stage::new(&[rule("wan"), rule("disk")]);
    stage.fires("wan", "a").await;
    stage.fires("disk", "b").await;
    stage.seconds(3).await;
    stage.ends("wan", "a").await;
    stage.seconds(130).await;
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
    stage.ends("disk", "b").await;
    stage.seconds(130).await;
    assert!(stage.desk.holds().is_empty());
    stage.desk.home.was_told(&["pause 3", "resume 3"]);
}

#[tokio::test(start_paused = true)]
async fn without_repeats_the_lease_ends_and_a_repeat_takes_it_again() {
    let lease = Duration::from_secs(600);
    let mut stage = Stage::new(&[Rule { lease, ..rule("wan") }]);
    stage.fires("wan", "a").await;
    stage.seconds(300).await;
    stage.fires("wan", "a").await;
    stage.seconds(590).await;
    assert_eq!(stage.desk.holds(), ["home 3 held"], "the repeat renewed it");
    stage.seconds(20).await;
    assert!(stage.desk.holds().is_empty());
    stage.fires("wan", "a").await;
    stage.seconds(10).await;
    assert!(stage.desk.holds().is_empty(), "the cooldown");
    stage.seconds(300).await;
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
    stage.desk.home.was_told(&["pause 3", "resume 3", "pause 3"]);
    assert_eq!(stage.decisions().await, ["wan acted", "wan blocked cooldown", "wan acted"]);
}

#[tokio::test(start_paused = true)]
async fn the_longest_hold_ends_and_is_not_taken_again_for_the_same_episode() {
    let mut stage = Stage::new(&[Rule { max_hold: Duration::from_secs(600), ..rule("wan") }]);
    for _ in 0..12 {
        stage.fires("wan", "a").await;
        stage.seconds(100).await;
    }
    stage.desk.home.was_told(&["pause 3", "resume 3"]);
    assert_eq!(stage.decisions().await, ["wan acted", "wan blocked max_hold"]);
    assert_eq!(stage.desk.home.world().blocked, ["max_hold"]);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_resumes_is_heeded_until_the_alert_fires_anew() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.fires("wan", "a").await;
    stage.seconds(3).await;
    stage.person_resumes(3);
    stage.seconds(3).await;
    assert!(stage.desk.holds().is_empty());
    stage.fires("wan", "a").await;
    stage.seconds(600).await;
    stage.restart();
    stage.fires("wan", "a").await;
    stage.seconds(600).await;
    stage.desk.home.was_told(&["pause 3"]);
    stage.ends("wan", "a").await;
    stage.seconds(400).await;
    stage.fires("wan", "a").await;
    stage.seconds(3).await;
    stage.desk.home.was_told(&["pause 3"]);
    let expected = ["wan acted", "wan blocked stood_down", "wan resolved", "wan acted"];
    assert_eq!(stage.decisions().await, expected);
}

#[tokio::test(start_paused = true)]
async fn an_override_and_the_end_of_a_hold_by_its_name_are_a_persons_will_as_well() {
    for by_name in [false, true] {
        let mut stage = Stage::new(&[rule("wan")]);
        stage.fires("wan", "a").await;
        stage.seconds(3).await;
        if by_name {
            let hold = stage.hold().id;
            done(stage.desk.release(&hold).await);
        } else {
            stage.overrides(3).await;
        }
        stage.fires("wan", "a").await;
        stage.seconds(400).await;
        stage.desk.home.was_told(&["pause 3", "resume 3"]);
        assert_eq!(stage.decisions().await, ["wan acted", "wan blocked stood_down"], "{by_name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_persons_pause_under_a_hold_stays() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.fires("wan", "a").await;
    stage.seconds(3).await;
    done(stage.desk.pause(one(3), None).await);
    stage.ends("wan", "a").await;
    stage.seconds(300).await;
    assert_eq!(stage.desk.home.status(3), "pause");
    stage.desk.home.was_told(&["pause 3", "pause 3"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_paused_before_is_left_paused() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.desk.home.set_status(3, "pause");
    stage.fires("wan", "a").await;
    stage.seconds(3).await;
    assert!(stage.hold().was_paused);
    stage.ends("wan", "a").await;
    stage.seconds(300).await;
    assert!(stage.desk.holds().is_empty());
    assert_eq!(stage.desk.home.status(3), "pause");
    stage.desk.home.was_told(&[]);
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_is_away_is_waited_for() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.up = false;
    stage.second().await;
    stage.fires("wan", "a").await;
    stage.seconds(100).await;
    stage.desk.home.was_told(&[]);
    stage.up = true;
    stage.seconds(3).await;
    stage.desk.home.was_told(&["pause 3"]);
    assert_eq!(stage.decisions().await, ["wan waiting nas_down", "wan acted"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_over_before_the_nas_is_back_is_never_paused() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.up = false;
    stage.second().await;
    stage.fires("wan", "a").await;
    stage.seconds(10).await;
    stage.ends("wan", "a").await;
    stage.up = true;
    stage.seconds(300).await;
    stage.desk.home.was_told(&[]);
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_forgot_the_pause_is_told_again_and_a_frozen_rule_is_not() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.fires("wan", "a").await;
    stage.seconds(3).await;
    stage.up = false;
    stage.second().await;
    stage.desk.home.set_status(3, "syncing");
    stage.up = true;
    let origin = super::super::actions::desk::origin();
    stage.desk.actions.set_frozen(true, &origin).await;
    stage.seconds(30).await;
    stage.desk.home.was_told(&["pause 3"]);
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
    stage.desk.actions.set_frozen(false, &origin).await;
    stage.seconds(5).await;
    stage.desk.home.was_told(&["pause 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_says_yes_and_does_nothing_is_noticed() {
    let mut stage = Stage::new(&[Rule { daily_budget: 2, ..rule("wan") }]);
    stage.desk.home.fails("pause", Fault::Ignore);
    stage.fires("wan", "a").await;
    stage.seconds(3_000).await;
    // The pause may come yet, so each end is told as well.
    stage.desk.home.was_told(&["pause 3", "resume 3", "pause 3", "resume 3"]);
    let decisions = stage.decisions().await;
    assert!(decisions.contains(&"wan failed verify_failed".to_owned()), "{decisions:?}");
    assert_eq!(decisions.last().map(String::as_str), Some("wan blocked daily_budget"), "{decisions:?}");
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_refuses_is_asked_later_and_later() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.desk.home.fails("pause", Fault::Refuse(402));
    stage.fires("wan", "a").await;
    stage.seconds(1_200).await;
    let tries = stage.desk.home.told();
    assert!((7..=12).contains(&tries), "5, 10, 20 … 300 seconds apart: {tries}");
    stage.desk.home.world().told.clear();
    assert_eq!(stage.decisions().await, ["wan failed nas_refused"]);
    assert!(stage.desk.holds().is_empty());
    stage.desk.home.mend("pause");
    stage.seconds(301).await;
    stage.desk.home.was_told(&["pause 3"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_error_is_not_paused_until_it_is_not() {
    let select =
        cloudsync_exporter::automation::Select::Named { nas: home(), connections: vec!["7".to_owned()] };
    let mut stage = Stage::new(&[Rule { select, ..rule("wan") }]);
    stage.fires("wan", "a").await;
    stage.seconds(100).await;
    stage.desk.home.was_told(&[]);
    stage.desk.home.set_status(7, "syncing");
    stage.seconds(10).await;
    stage.desk.home.was_told(&["pause 7"]);
    assert_eq!(stage.decisions().await, ["wan blocked state", "wan acted"]);
}

#[tokio::test(start_paused = true)]
async fn observing_touches_nothing_and_enforcing_begins_with_what_is_on() {
    let mut stage = Stage::new(&[rule("wan")]);
    let enforcing = settings(&[rule("wan")]);
    stage.set(cloudsync_exporter::automation::Settings { enforces: false, ..enforcing.clone() });
    stage.fires("wan", "a").await;
    stage.seconds(10).await;
    stage.desk.home.was_told(&[]);
    assert!(stage.desk.holds().is_empty());
    stage.set(enforcing);
    stage.seconds(2).await;
    stage.desk.home.was_told(&["pause 3"]);
    assert_eq!(stage.decisions().await, ["wan would_act", "wan acted"]);
}

#[tokio::test(start_paused = true)]
async fn a_late_copy_of_an_alert_that_ended_does_nothing() {
    let mut stage = Stage::new(&[rule("wan")]);
    let firing = alert("wan", "a", "firing", 0);
    stage.notify(std::slice::from_ref(&firing)).await.unwrap();
    stage.seconds(3).await;
    stage.ends("wan", "a").await;
    stage.seconds(200).await;
    stage.notify(&[firing]).await.unwrap();
    stage.seconds(400).await;
    stage.desk.home.was_told(&["pause 3", "resume 3"]);
    assert_eq!(stage.decisions().await, ["wan acted", "wan resolved", "wan stale"]);
}

#[tokio::test(start_paused = true)]
async fn a_restart_in_the_middle_forgets_nothing() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.fires("wan", "a").await;
    stage.restart();
    stage.seconds(3).await;
    stage.desk.home.was_told(&["pause 3"]);
    stage.restart();
    stage.ends("wan", "a").await;
    stage.restart();
    stage.seconds(130).await;
    stage.desk.home.was_told(&["resume 3"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_released_goes_on_a_few_at_a_time() {
    let select = cloudsync_exporter::automation::Select::Named {
        nas: home(),
        connections: (10..20).map(|id| id.to_string()).collect(),
    };
    let mut stage = Stage::new(&[Rule { select, ..rule("wan") }]);
    for id in 10..20 {
        stage.desk.home.add(id, "More", "syncing");
    }
    stage.fires("wan", "a").await;
    stage.seconds(2).await;
    assert_eq!(stage.desk.home.told(), 10);
    stage.ends("wan", "a").await;
    stage.pass(121).await;
    stage.second().await;
    assert_eq!(stage.desk.home.told(), 12);
    stage.seconds(30).await;
    assert_eq!(stage.desk.home.told(), 20);
    stage.desk.home.world().told.clear();
}

#[tokio::test(start_paused = true)]
async fn what_a_person_ended_a_day_ago_and_the_nas_did_not_take_means_nothing_for_a_new_alert() {
    for restarts in [false, true] {
        let mut stage = Stage::new(&[rule("wan")]);
        stage.fires("wan", "a").await;
        stage.seconds(2).await;
        stage.desk.home.fails("resume", Fault::Refuse(402));
        let hold = stage.hold().id;
        assert!(stage.desk.release(&hold).await.is_err());
        stage.seconds(2).await;
        stage.pass(26 * 3_600).await;
        stage.second().await;
        if restarts {
            stage.restart();
        }
        stage.desk.home.world().told.clear();
        assert_eq!(stage.desk.holds(), ["home 3 releasing"]);
        stage.fires("wan", "b").await;
        stage.desk.home.mend("resume");
        stage.seconds(70).await;
        assert_eq!(stage.desk.holds(), ["home 3 held"], "{restarts}");
        assert!(stage.desk.home.status(3) == "pause");
        stage.desk.home.world().told.clear();
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_who_resumes_at_once_after_a_start_is_heeded() {
    let mut stage = Stage::new(&[rule("wan")]);
    // Nothing was looked at yet; what is paused now was not forgotten before.
    tokio::time::advance(Duration::from_millis(1)).await;
    done(stage.desk.pause(one(3), None).await);
    stage.person_resumes(3);
    stage.seconds(3).await;
    stage.desk.home.was_told(&["pause 3"]);
    assert!(stage.desk.holds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_is_on_its_way_is_on_its_way_for_every_hold() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.desk.home.fails("pause", Fault::Ignore);
    stage.fires("wan", "a").await;
    stage.second().await;
    stage.restart();
    tokio::time::advance(Duration::from_millis(1)).await;
    done(stage.desk.pause(one(3), None).await);
    stage.seconds(10).await;
    stage.desk.home.was_told(&["pause 3", "pause 3"]);
}
