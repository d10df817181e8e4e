//! Many at once: on one NAS one after another, on two side by side.

use super::desk::{Desk, done, home, one, origin};
use cloudsync_exporter::actions::{ActionError, Caller, Origin, Pause, Target};
use cloudsync_exporter::model::NasName;
use futures_util::future::join_all;
use serde_json::json;
use std::sync::Arc;

#[tokio::test(start_paused = true)]
async fn changes_at_once_lose_nothing_of_each_other() {
    let desk = Desk::new();
    let fields = ["max_upload_speed", "max_download_speed", "part_size", "pull_event_period"];
    let changes = (0..40_usize).map(|n| desk.change(json!({ (fields[n % 4]): 1_000 + n / 4 })));
    for effect in join_all(changes).await {
        assert!(done(effect).verified);
    }
    desk.home.was_told(&["set_connection_setting 3"; 40]);
    let settings = desk.home.world().connections[&3].settings.clone();
    for field in fields {
        assert_eq!(settings[field], 1_009, "{field}");
    }
    // Each saw what the one before it left.
    let audit = desk.audit().await;
    for pair in audit.windows(2) {
        assert_eq!(pair[0]["after"], pair[1]["before"]);
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_and_resumes_at_once_end_as_the_last_of_them() {
    let desk = Desk::new();
    let pauses = join_all((0..10).map(|_| desk.pause(one(3), None)));
    let resumes = join_all((0..10).map(|_| desk.resume(one(3), false)));
    let (pauses, resumes) = tokio::join!(pauses, resumes);
    assert!(pauses.into_iter().chain(resumes).all(|effect| done(effect).verified));
    let is_held = !desk.holds().is_empty();
    assert_eq!(desk.home.status(3) == "pause", is_held);
    desk.home.was_told(&[["pause 3"; 10], ["resume 3"; 10]].concat());
}

/// A client that gives up and asks again must not find all its wishes done, one after the other.
#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_is_not_begun() {
    let desk = Desk::new();
    let here = Arc::new(());
    let origin = Origin { caller: Caller::holding(&here), ..origin() };
    drop(here);
    let wish = Pause { target: one(3), reason: "x".to_owned(), seconds: None, latch: false, holder: None };
    let gone = desk.actions.pause(&home(), &wish, &origin, false).await;
    assert!(matches!(gone, Err(ActionError::Abandoned)), "{gone:?}");
    assert!(desk.audit().await.is_empty());
    desk.home.was_told(&[]);
}

#[tokio::test(start_paused = true)]
async fn a_nas_that_hangs_keeps_its_own_callers_and_no_others() {
    let desk = Desk::new();
    let gate = desk.home.hang("pause");
    let hanging = tokio::spawn({
        let actions = desk.actions.clone();
        async move {
            let wish =
                Pause { target: one(3), reason: "x".to_owned(), seconds: None, latch: false, holder: None };
            actions.pause(&home(), &wish, &origin(), false).await
        }
    });
    while desk.home.times_asked() == 0 {
        tokio::task::yield_now().await;
    }
    let office = NasName::new("office");
    let wish =
        Pause { target: Target::All, reason: "x".to_owned(), seconds: None, latch: false, holder: None };
    done(desk.actions.pause(&office, &wish, &origin(), false).await);
    desk.office.was_told(&["pause all"]);
    let mut queued = std::pin::pin!(desk.change(json!({"part_size": 1})));
    let soon = tokio::time::timeout(std::time::Duration::from_secs(60), &mut queued).await;
    assert!(soon.is_err() && !hanging.is_finished());
    desk.home.was_told(&["pause 3"]);
    gate.add_permits(1);
    done(queued.await);
    done(hanging.await.unwrap());
    desk.home.was_told(&["set_connection_setting 3"]);
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_what_is_under_way() {
    let desk = Desk::new();
    let gate = desk.home.hang("pause");
    let waiting = tokio::spawn({
        let actions = desk.actions.clone();
        async move {
            let inner = actions.clone();
            let work = async move {
                let wish = Pause {
                    target: one(3),
                    reason: "x".to_owned(),
                    seconds: None,
                    latch: false,
                    holder: None,
                };
                inner.pause(&home(), &wish, &origin(), false).await
            };
            actions.see_through(work).await
        }
    });
    while desk.home.times_asked() == 0 {
        tokio::task::yield_now().await;
    }
    // The caller goes away, the action does not.
    waiting.abort();
    let mut drained = std::pin::pin!(desk.actions.drain());
    let soon = tokio::time::timeout(std::time::Duration::from_secs(60), &mut drained).await;
    assert!(soon.is_err(), "it is still under way");
    gate.add_permits(1);
    drained.await;
    desk.home.was_told(&["pause 3"]);
    assert_eq!(desk.outcomes().await, ["pause succeeded"]);
    assert_eq!(desk.holds(), ["home 3 held"]);
}
