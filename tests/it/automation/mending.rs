//! What went wrong once: NASes that come back slowly, refusals, tokens, and rules that change while they hold.

use super::super::actions::desk::home;
use super::super::actions::script::Fault;
use super::stage::{Stage, alert, bearer, notification, rule, settings};
use cloudsync_exporter::actions::Reach;
use cloudsync_exporter::automation::{Bearer, Rule, RuleAction, Select, Settings};

fn narrow() -> Bearer {
    let reach = Reach { nas: vec!["home".to_owned()], connections: vec!["Amazon".to_owned()] };
    Bearer { token: "narrow".to_owned(), reach, ..bearer() }
}

async fn send(stage: &Stage, from: Bearer, status: &str) {
    let body = notification(&[alert("wan", "a", status, if status == "firing" { 0 } else { -1 })]);
    stage.automation.accept(serde_json::to_vec(&body).unwrap(), from).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_forgot_the_pause_may_take_its_time_to_show_it() {
    for state in ["error", "suspended", "whatever"] {
        let mut stage = Stage::new(&[rule("wan")]);
        stage.fires("wan", "a").await;
        stage.seconds(3).await;
        stage.up = false;
        stage.seconds(3).await;
        stage.desk.home.set_status(3, state);
        stage.up = true;
        stage.seconds(20).await;
        stage.desk.home.set_status(3, "syncing");
        stage.seconds(5).await;
        stage.desk.home.was_told(&["pause 3", "pause 3"]);
        assert_eq!(stage.desk.holds(), ["home 3 held"], "{state}");
        // From here on it is a person again.
        stage.person_resumes(3);
        stage.seconds(5).await;
        assert!(stage.desk.holds().is_empty(), "{state}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_lists_nothing_at_first_forgot_as_well() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.fires("wan", "a").await;
    stage.seconds(3).await;
    stage.restart();
    let listed = std::mem::take(&mut stage.desk.home.world().connections);
    stage.seconds(10).await;
    stage.desk.home.world().connections = listed;
    stage.desk.home.set_status(3, "uptodate");
    stage.seconds(90).await;
    stage.desk.home.was_told(&["pause 3", "pause 3"]);
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
}

/// What a token might do when it spoke, it may not do any more.
#[tokio::test(start_paused = true)]
async fn a_token_that_is_narrowed_or_removed_acts_no_more() {
    let everything = bearer().reach;
    let elsewhere = Reach { nas: vec!["office".to_owned()], ..everything.clone() };
    for (now, told) in [(Some(everything), &["pause 3"][..]), (Some(elsewhere), &[]), (None, &[])] {
        let mut stage = Stage::new(&[rule("wan")]);
        stage.up = false;
        stage.seconds(2).await;
        stage.fires("wan", "a").await;
        let reaches = now.map(|reach| (bearer().token, reach)).into_iter().collect();
        stage.set(Settings { reaches: Some(reaches), ..stage.settings.clone() });
        stage.up = true;
        stage.seconds(5).await;
        stage.desk.home.was_told(told);
        let last = stage.decisions().await.pop().unwrap();
        assert_eq!(last, if told.is_empty() { "wan blocked token" } else { "wan acted" });
    }
}

/// What it held ends with the alert all the same.
#[tokio::test(start_paused = true)]
async fn the_hold_of_a_token_that_is_removed_ends_with_its_alert() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.fires("wan", "a").await;
    stage.seconds(3).await;
    stage.set(Settings {
        reaches: Some([("new".to_owned(), bearer().reach)].into()),
        ..stage.settings.clone()
    });
    stage.seconds(3).await;
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
    send(&stage, Bearer { token: "new".to_owned(), ..bearer() }, "resolved").await;
    stage.pass(121).await;
    stage.seconds(5).await;
    stage.desk.home.was_told(&["pause 3", "resume 3"]);
}

/// Two rules, one pause: what shows as paused is not told again.
#[tokio::test(start_paused = true)]
async fn a_second_rule_holds_what_is_paused_without_a_word() {
    let mut stage = Stage::new(&[rule("wan"), rule("disk")]);
    stage.fires("wan", "a").await;
    stage.seconds(3).await;
    stage.fires("disk", "b").await;
    stage.seconds(3).await;
    stage.desk.home.was_told(&["pause 3"]);
    assert_eq!(stage.desk.holds(), ["home 3 held", "home 3 held"]);
    assert!(stage.decisions().await.ends_with(&["disk acted".to_owned()]));
    stage.ends("wan", "a").await;
    stage.pass(121).await;
    stage.seconds(10).await;
    stage.desk.home.was_told(&[]);
    stage.ends("disk", "b").await;
    stage.pass(121).await;
    stage.seconds(10).await;
    stage.desk.home.was_told(&["resume 3"]);
}

/// What is about to be resumed shows as paused for a while: a rule that comes then has to say so.
#[tokio::test(start_paused = true)]
async fn a_rule_that_comes_while_another_lets_go_pauses_again() {
    let mut stage = Stage::new(&[rule("wan"), rule("disk")]);
    stage.fires("wan", "a").await;
    stage.seconds(3).await;
    stage.ends("wan", "a").await;
    stage.desk.home.lags(4);
    stage.pass(121).await;
    stage.fires("disk", "b").await;
    stage.seconds(40).await;
    stage.desk.home.was_told(&["pause 3", "resume 3", "pause 3"]);
    assert_eq!(stage.desk.home.status(3), "pause");
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
}

#[tokio::test(start_paused = true)]
async fn ends_that_are_refused_do_not_keep_others() {
    let ids = 10..16_i64;
    let connections = ids.clone().map(|id| id.to_string()).collect();
    let mut stage = Stage::new(&[Rule { select: Select::Named { nas: home(), connections }, ..rule("wan") }]);
    for id in ids {
        stage.desk.home.add(id, "More", "syncing");
    }
    stage.fires("wan", "a").await;
    stage.seconds(3).await;
    for id in 10..15 {
        stage.desk.home.refuses_to_resume(id);
    }
    stage.ends("wan", "a").await;
    stage.pass(121).await;
    stage.seconds(30).await;
    assert_eq!(stage.desk.home.status(15), "syncing");
    let told = stage.desk.home.told();
    stage.seconds(600).await;
    assert!(stage.desk.home.told() - told < 5 * 25, "later and later");
    stage.desk.home.world().told.clear();
}

#[tokio::test(start_paused = true)]
async fn a_resume_that_is_refused_and_done_all_the_same_ends_its_hold() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.fires("wan", "a").await;
    stage.seconds(3).await;
    stage.ends("wan", "a").await;
    stage.desk.home.fails("resume", Fault::Refuse(400));
    stage.pass(121).await;
    stage.desk.home.set_status(3, "syncing");
    stage.seconds(10).await;
    assert!(stage.desk.holds().is_empty());
    stage.desk.home.was_told(&["pause 3", "resume 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_is_refused_and_comes_later_is_ours_to_undo() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.desk.home.fails("pause", Fault::Refuse(117));
    stage.fires("wan", "a").await;
    stage.seconds(2).await;
    stage.desk.home.set_status(3, "pause");
    stage.seconds(10).await;
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
    assert!(!stage.hold().was_paused);
    stage.ends("wan", "a").await;
    stage.seconds(125).await;
    assert_eq!(stage.desk.home.status(3), "syncing");
    stage.desk.home.world().told.clear();
}

#[tokio::test(start_paused = true)]
async fn a_token_ends_nothing_that_it_may_not_reach() {
    let mut stage = Stage::new(&[rule("wan")]);
    send(&stage, bearer(), "firing").await;
    stage.seconds(3).await;
    send(&stage, narrow(), "resolved").await;
    stage.seconds(200).await;
    assert_eq!(stage.desk.holds(), ["home 3 held"]);
    assert_eq!(stage.decisions().await, ["wan acted", "wan blocked token"]);
    // Its repeat takes nothing from those who may.
    send(&stage, narrow(), "firing").await;
    stage.seconds(10).await;
    send(&stage, bearer(), "resolved").await;
    stage.seconds(125).await;
    stage.desk.home.was_told(&["pause 3", "resume 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_hold_whose_rule_is_gone_or_changed_ends_with_its_alert() {
    let elsewhere = Select::Named {
        nas: cloudsync_exporter::model::NasName::new("office"),
        connections: vec!["Dropbox".to_owned()],
    };
    for changed in [
        vec![],
        vec![Rule { action: RuleAction::Notify, ..rule("wan") }],
        vec![Rule { select: elsewhere, ..rule("wan") }],
    ] {
        let mut stage = Stage::new(&[rule("wan")]);
        stage.fires("wan", "a").await;
        stage.seconds(3).await;
        stage.set(settings(&changed));
        stage.seconds(60).await;
        assert_eq!(stage.desk.holds()[0], "home 3 held", "its lease goes on");
        stage.ends("wan", "a").await;
        stage.seconds(130).await;
        stage.desk.home.was_told(&["pause 3", "resume 3"]);
        stage.desk.office.world().told.clear();
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_reload_ends_in_the_middle_is_not_begun() {
    let connections = vec!["Dropbox".to_owned(), "Amazon".to_owned()];
    let mut stage = Stage::new(&[Rule { select: Select::Named { nas: home(), connections }, ..rule("wan") }]);
    let automation = std::sync::Arc::clone(&stage.automation);
    let alertmanagers = std::sync::Arc::clone(&stage.alertmanagers);
    let observing = Settings { enforces: false, ..stage.settings.clone() };
    stage.desk.home.when_told(move |_| automation.set_settings(observing.clone(), alertmanagers.clone()));
    stage.fires("wan", "a").await;
    stage.seconds(10).await;
    assert_eq!(stage.desk.home.told(), 1);
    stage.desk.home.world().told.clear();
}
