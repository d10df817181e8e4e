//! What outlives the program: holds with their phase, actions that were cut off, requests with keys.

use super::desk::{Desk, done, one};
use crate::state::broken::{allow, refuse};
use cloudsync_exporter::actions::{Begun, Ticket};
use cloudsync_exporter::state::{AuditEntry, StateFile};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn an_action_that_was_cut_off_is_unknown_after_the_restart() {
    let mut desk = Desk::new();
    done(desk.change(json!({"part_size": 1})).await);
    desk.home.was_told(&["set_connection_setting 3"]);
    let _gate = desk.home.hang("pause");
    let (pausing, asked) = (desk.actions.clone(), desk.home.clone());
    let cut_off = tokio::spawn(async move {
        let wish = cloudsync_exporter::actions::Pause {
            target: one(3),
            reason: "x".to_owned(),
            seconds: None,
            latch: false,
            holder: None,
        };
        pausing.pause(&super::desk::home(), &wish, &super::desk::origin(), false).await
    });
    asked.times_asked();
    while desk.holds().is_empty() || asked.times_asked() == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    cut_off.abort();
    let _ = cut_off.await;
    desk.restart();
    desk.home.was_told(&["pause 3"]);
    assert_eq!(desk.outcomes().await, ["set_connection_setting succeeded", "pause unknown"]);
    let record = desk.audit().await.pop().unwrap();
    assert!(record["error"]["detail"].as_str().unwrap().contains("ended before"), "{record}");
    assert_eq!(desk.holds(), ["home 3 pausing"], "for the keeper to settle");
}

#[tokio::test(start_paused = true)]
async fn records_that_cannot_be_read_stay_and_hurt_nobody() {
    let mut desk = Desk::new();
    done(desk.pause(one(3), None).await);
    desk.home.was_told(&["pause 3"]);
    let state = StateFile::open(&desk.file).unwrap();
    state.put_hold("h-odd", "home", 5, r#"{"phase":"dancing"}"#, 1).unwrap();
    let entry = AuditEntry {
        time: 1,
        nas: None,
        connection: None,
        token: "ops".to_owned(),
        key: None,
        action: "pause".to_owned(),
        outcome: "pending".to_owned(),
        record: "not json".to_owned(),
    };
    let odd = state.audit_begin(&entry).unwrap();
    desk.restart();
    assert_eq!(desk.holds(), ["home 3 held"]);
    let mut keeper = desk.keeper();
    keeper.tick().await;
    keeper.rest().await;
    assert!(state.holds().unwrap().iter().any(|(id, _)| id == "h-odd"), "a newer program may read it");
    assert!(desk.audit().await.iter().any(|record| *record == json!({"id": odd})));
}

fn ticket(fingerprint: &str) -> Ticket {
    Ticket { token: "ops".to_owned(), key: "k".to_owned(), fingerprint: fingerprint.to_owned() }
}

fn stored(status: u16, answer: &str) -> Begun {
    Begun::Stored { status, answer: answer.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_new_then_runs_then_is_answered() {
    let mut desk = Desk::new();
    let begin = |desk: &Desk, fingerprint: &str| {
        let (actions, ticket) = (desk.actions.clone(), ticket(fingerprint));
        async move { actions.begin_request(&ticket).await.unwrap() }
    };
    assert_eq!(begin(&desk, "a").await, Begun::New);
    assert_eq!(begin(&desk, "a").await, Begun::Running);
    assert_eq!(begin(&desk, "b").await, Begun::OtherRequest);
    desk.restart();
    assert_eq!(begin(&desk, "a").await, Begun::Interrupted { audit: None });
    let other = Ticket { key: "other".to_owned(), ..ticket("a") };
    desk.actions.begin_request(&other).await.unwrap();
    desk.actions.answer_request(&other, 200, "{}".to_owned()).await;
    desk.restart();
    assert_eq!(desk.actions.begin_request(&other).await.unwrap(), stored(200, "{}"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_written_is_given_all_the_same_and_written_later() {
    let mut desk = Desk::new();
    desk.actions.begin_request(&ticket("a")).await.unwrap();
    refuse(&desk.file, "UPDATE", "idempotency");
    desk.actions.answer_request(&ticket("a"), 202, "done".to_owned()).await;
    assert_eq!(desk.actions.begin_request(&ticket("a")).await.unwrap(), stored(202, "done"));
    assert_eq!(desk.actions.begin_request(&ticket("b")).await.unwrap(), Begun::OtherRequest);
    allow(&desk.file, "UPDATE", "idempotency");
    desk.keeper().tick().await;
    desk.restart();
    assert_eq!(desk.actions.begin_request(&ticket("a")).await.unwrap(), stored(202, "done"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_that_cannot_be_forgotten_is_forgotten_later() {
    let desk = Desk::new();
    desk.actions.begin_request(&ticket("a")).await.unwrap();
    refuse(&desk.file, "DELETE", "idempotency");
    desk.actions.forget_request(&ticket("a")).await;
    assert_eq!(desk.actions.begin_request(&ticket("a")).await.unwrap(), Begun::Running);
    allow(&desk.file, "DELETE", "idempotency");
    assert_eq!(desk.actions.begin_request(&ticket("b")).await.unwrap(), Begun::New);
}
