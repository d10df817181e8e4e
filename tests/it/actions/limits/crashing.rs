//! The program ends at each step, and starts again: what was begun is finished, once, and nobody takes it for a person.

use super::super::script::Fault;
use super::*;
use crate::actions::keeping::{look, looks};
use std::sync::Arc;

/// Where it ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    /// The NAS is being asked how things are.
    Asking,
    /// The NAS is told, and has not done it.
    Telling,
    /// The NAS has done it, and not answered.
    Told,
    /// The NAS is being asked what it made of it.
    Looking,
}

const EVERYWHERE: [At; 4] = [At::Asking, At::Telling, At::Told, At::Looking];

/// Begins something, and has the program end in the middle of it and start again.
async fn cut_off<T>(
    desk: &mut Desk,
    at: At,
    begin: impl AsyncFnOnce(Arc<cloudsync_exporter::actions::Actions>) -> T,
) {
    let _gate = match at {
        At::Asking => desk.home.hang("ask"),
        At::Telling => desk.home.hang("set_connection_setting"),
        At::Told => desk.home.hang_after("set_connection_setting"),
        At::Looking => desk.home.hang_after_telling(),
    };
    let actions = Arc::clone(&desk.actions);
    {
        let mut work = std::pin::pin!(begin(actions));
        // Whatever can go on without the NAS goes on.
        let soon = std::time::Duration::from_secs(60);
        assert!(tokio::time::timeout(soon, &mut work).await.is_err(), "{at:?}: it hangs");
    }
    desk.home.when_told(|_| {});
    let broken = if matches!(at, At::Asking | At::Looking) { "ask" } else { "set_connection_setting" };
    desk.home.mend(broken);
    desk.home.world().told.clear();
    desk.restart();
}

/// What is told after the restart, so that the write is done.
fn rest(at: At) -> &'static [&'static str] {
    match at {
        At::Asking | At::Telling => &[WRITE],
        At::Told | At::Looking => &[],
    }
}

#[tokio::test(start_paused = true)]
async fn taking_a_hold() {
    for at in EVERYWHERE {
        let mut desk = Desk::new();
        cut_off(&mut desk, at, async |actions| {
            actions.hold_settings(&home(), &wish("wan", &[(UPLOAD, 512), (PERIOD, 3_600)]), &rules()).await
        })
        .await;
        let mut keeper = desk.keeper();
        looks(&mut keeper, 3).await;
        if at == At::Asking {
            desk.home.was_told(&[]);
            is_over(&desk);
            continue;
        }
        assert_eq!(desk.outcomes().await[0], "set_connection_setting unknown", "{at:?}");
        desk.home.was_told(rest(at));
        assert_eq!(desk.holds(), ["home 3 held"], "{at:?}");
        assert_eq!(ledger(&desk), ["3 max_upload_speed 0>512", "3 pull_event_period 60>3600"]);
        expire(&desk, &desk.newest()).await;
        looks(&mut keeper, 3).await;
        desk.home.was_told(&[WRITE]);
        assert_eq!((desk.home.setting(3, UPLOAD), desk.home.setting(3, PERIOD)), (0, 60));
        is_over(&desk);
        assert_eq!(causes(&desk), [("wan".to_owned(), Cause::Over)], "{at:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn taking_a_second_hold() {
    for at in EVERYWHERE {
        let mut desk = Desk::new();
        let lax = held(&desk, "lax", &[(UPLOAD, 1_024)]).await;
        cut_off(&mut desk, at, async |actions| {
            actions.hold_settings(&home(), &wish("strict", &[(UPLOAD, 512)]), &rules()).await
        })
        .await;
        let mut keeper = desk.keeper();
        looks(&mut keeper, 3).await;
        if at != At::Asking {
            desk.home.was_told(rest(at));
            assert_eq!(ledger(&desk), ["3 max_upload_speed 0>512"], "{at:?}");
            expire(&desk, &desk.newest()).await;
            looks(&mut keeper, 3).await;
            desk.home.was_told(&[WRITE]);
        }
        assert_eq!(
            (sets(&desk), ledger(&desk)),
            (vec!["lax max_upload_speed=1024".to_owned()], vec!["3 max_upload_speed 0>1024".to_owned()])
        );
        done(desk.release(&lax).await);
        desk.home.was_told(&[WRITE]);
        assert_eq!(desk.home.setting(3, UPLOAD), 0);
        is_over(&desk);
    }
}

/// By the keeper, by name, and with another hold left.
#[tokio::test(start_paused = true)]
async fn ending_a_hold() {
    for at in EVERYWHERE {
        for by_name in [false, true] {
            for others in [false, true] {
                let mut desk = Desk::new();
                if others {
                    held(&desk, "lax", &[(UPLOAD, 1_024)]).await;
                }
                let hold = held(&desk, "strict", &[(UPLOAD, 512)]).await;
                expire(&desk, if by_name { "none" } else { &hold }).await;
                cut_off(&mut desk, at, async |actions| {
                    if by_name {
                        drop(actions.release(&hold, &origin(), false).await);
                    } else {
                        let mut keeper = cloudsync_exporter::actions::Keeper::new(actions);
                        look(&mut keeper).await;
                    }
                })
                .await;
                let is_lost = by_name && at == At::Asking;
                let mut keeper = desk.keeper();
                if is_lost {
                    expire(&desk, &hold).await;
                }
                looks(&mut keeper, 3).await;
                desk.home.was_told(rest(at));
                let what = format!("{at:?} by name {by_name} others {others}");
                assert_eq!(desk.home.setting(3, UPLOAD), if others { 1_024 } else { 0 }, "{what}");
                assert_eq!(desk.holds().len(), usize::from(others), "{what}");
                let cause = if by_name && !is_lost { Cause::Person } else { Cause::Over };
                assert_eq!(causes(&desk), [("strict".to_owned(), cause)], "{what}");
            }
        }
    }
}

/// A person changes the setting while the program is down.
#[tokio::test(start_paused = true)]
async fn a_change_while_nobody_looks_is_theirs() {
    for at in EVERYWHERE {
        let mut desk = Desk::new();
        cut_off(&mut desk, at, async |actions| {
            actions.hold_settings(&home(), &wish("wan", &[(UPLOAD, 512)]), &rules()).await
        })
        .await;
        desk.home.set(3, UPLOAD, 100);
        looks(&mut desk.keeper(), 10).await;
        desk.home.was_told(&[]);
        assert_eq!(desk.home.setting(3, UPLOAD), 100);
        is_over(&desk);

        let mut desk = Desk::new();
        let hold = held(&desk, "wan", &[(UPLOAD, 512)]).await;
        cut_off(&mut desk, at, async |actions| actions.release(&hold, &origin(), false).await).await;
        desk.home.set(3, UPLOAD, 100);
        desk.home.polled(true, 1.0);
        looks(&mut desk.keeper(), 10).await;
        desk.home.was_told(&[]);
        assert_eq!(desk.home.setting(3, UPLOAD), 100);
        is_over(&desk);
    }
}

/// It ends again and again before anything is done.
#[tokio::test(start_paused = true)]
async fn many_ends_in_a_row() {
    let mut desk = Desk::new();
    cut_off(&mut desk, At::Telling, async |actions| {
        actions.hold_settings(&home(), &wish("wan", &[(UPLOAD, 512)]), &rules()).await
    })
    .await;
    for at in [At::Asking, At::Telling, At::Telling, At::Asking] {
        cut_off(&mut desk, at, async |actions| {
            look(&mut cloudsync_exporter::actions::Keeper::new(actions)).await;
        })
        .await;
        assert_eq!(ledger(&desk), ["3 max_upload_speed 0>512?"]);
    }
    desk.home.fails("set_connection_setting", Fault::Lost);
    let mut keeper = desk.keeper();
    looks(&mut keeper, 3).await;
    desk.home.mend("set_connection_setting");
    looks(&mut keeper, 6).await;
    desk.home.world().told.clear();
    assert_eq!((desk.holds(), desk.home.setting(3, UPLOAD)), (vec!["home 3 held".to_owned()], 512));
}
