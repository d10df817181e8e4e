//! Which connections and tasks there are: the last poll knows, or the NAS is asked.

use super::desk::{Desk, home};
use super::script::{Conn, Fault};
use cloudsync_exporter::actions::{ActionError, FailureKind};
use cloudsync_exporter::model::NasName;
use serde_json::json;

#[tokio::test]
async fn the_last_poll_is_believed_and_the_nas_asked_for_the_rest() {
    let desk = Desk::new();
    desk.home.polled(true, 0.0);
    assert_eq!(desk.actions.connection(&home(), 3).await.unwrap().name, "Dropbox");
    assert_eq!(desk.actions.task(&home(), 50).await.unwrap().connection.name, "Amazon");
    assert_eq!(desk.home.times_asked(), 0);
    desk.home.world().connections.insert(9, Conn::new("New", "syncing"));
    let tasks = vec![json!({"sess_id": 90, "local_sync_path": "/share/n"})];
    desk.home.world().connections.get_mut(&9).unwrap().tasks = tasks;
    assert_eq!(desk.actions.connection(&home(), 9).await.unwrap().name, "New");
    assert_eq!(desk.actions.task(&home(), 90).await.unwrap().local_path, "/share/n");
    let error = desk.actions.connection(&home(), 10).await.unwrap_err();
    assert_eq!(error, ActionError::UnknownConnection { nas: home(), id: 10 });
    let error = desk.actions.task(&home(), 10).await.unwrap_err();
    assert_eq!(error, ActionError::UnknownTask { nas: home(), id: 10 });
    let elsewhere = NasName::new("elsewhere");
    let error = desk.actions.connection(&elsewhere, 3).await.unwrap_err();
    assert_eq!(error, ActionError::UnknownNas(elsewhere));
}

#[tokio::test]
async fn who_cannot_be_asked_is_not_said_to_have_nothing() {
    let desk = Desk::new();
    desk.home.fails("ask", Fault::Unreachable);
    for error in [
        desk.actions.connection(&home(), 10).await.unwrap_err(),
        desk.actions.task(&home(), 10).await.unwrap_err(),
    ] {
        let ActionError::Nas { failure, audit: None, seen: None, .. } = error else { panic!("{error:?}") };
        assert_eq!(failure.kind, FailureKind::Silent);
    }
}
