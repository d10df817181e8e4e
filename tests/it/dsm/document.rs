//! Answers as documents, with the NAS's own names again.

use cloudsync_exporter::dsm::cloud_sync::{act, read, wire};
use cloudsync_exporter::dsm::document;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What is left of an answer on its way through its type.
fn through<T: DeserializeOwned + Serialize>(answer: &Value) -> Value {
    document(&serde_json::from_value::<T>(answer.clone()).unwrap()).into()
}

#[tokio::test]
async fn the_documented_answers_come_out_as_they_went_in() {
    let (_nas, _, raw) = crate::sim::documented().await;
    let (conn, sess) = ([("connection_id", "3")], [("session_id", "4")]);
    let folder = [sess[0], ("file_id", "id:xxxx"), ("path", "/"), ("exists_type", "null")];
    let by_user = [("is_tray", "false"), ("group_by", "group_by_user")];

    let mut config = raw.data("get_config", &[]).await;
    let found = through::<wire::Config>(&config);
    // The digits that the NAS sends as text are numbers.
    for volume in config["volume_list"].as_array_mut().unwrap() {
        for size in ["size_free", "size_total"] {
            volume[size] = volume[size].as_str().unwrap().parse::<i64>().unwrap().into();
        }
    }
    assert_eq!(found, config);

    let mut list = raw.data("list_conn", &by_user).await;
    let found = through::<wire::ListConn>(&list);
    assert_eq!(list.as_object_mut().unwrap().remove("notification"), Some(Value::Null));
    assert_eq!(found, list, "what is null is left out");

    macro_rules! unchanged {
        ($($answer:ty: $method:literal, $params:expr;)+) => {$(
            let answer = raw.data($method, $params).await;
            assert_eq!(through::<$answer>(&answer), answer, $method);
        )+};
    }
    unchanged! {
        wire::ConnectionSetting: "get_connection_setting", &conn;
        wire::Property: "get_property", &conn;
        wire::Log: "get_log", &conn;
        wire::ListSess: "list_sess", &conn;
        wire::SessionSetting: "get_session_setting", &sess;
        wire::SelectiveSyncConfig: "get_selective_sync_config", &sess;
        wire::SelectiveFolderList: "get_selective_folder_list", &folder;
        wire::RecentlyChange: "get_recently_change", &[];
    }
}

#[test]
fn what_the_documentation_shows_nothing_of_comes_out_as_well() {
    let list = json!({
        "conn": [{
            "id": 3, "cloud_status": {"a": 1}, "exceeds_maximum_files": false, "error": -12,
            "error_desc": "Sync folder missing", "error_type": "local",
        }],
        "notification": {"file_count": 2, "latest_file_info": {"action": 1, "log_level": 0, "name": "a"}},
    });
    assert_eq!(through::<wire::ListConn>(&list), list);
    let recent = json!({"processing_items": [{"bit_rate": 0.5}], "server_merge_items": [1, {"a": 2}]});
    assert_eq!(through::<wire::RecentlyChange>(&recent), recent);
}

#[test]
fn what_was_not_said_or_made_no_sense_is_absent() {
    let list = json!({
        "conn": [{"id": "3", "status": null, "unfinished_files": [], "error_type": {"a": null}, "unheard_of": 1}, 7],
        "is_pause": "maybe", "total": "2", "notification": {"file_count": null, "latest_file_info": "none"},
    });
    let said = json!({"conn": [{"id": 3, "error_type": {}}], "total": 2, "notification": {}});
    assert_eq!(through::<wire::ListConn>(&list), said);
    let filters = json!({"filtered_names": null, "filtered_paths": [], "filtered_extensions": "none"});
    assert_eq!(through::<wire::SelectiveSyncConfig>(&filters), json!({"filtered_paths": []}));
    assert_eq!(through::<wire::Done>(&json!({"a": 1})), json!({}));
}

#[test]
fn a_call_can_be_shown_before_it_is_made() {
    let call = act::pause(3);
    assert_eq!((call.api(), call.method(), call.version()), ("SYNO.CloudSync", "pause", 1));
    assert_eq!(Value::Object(call.params().clone()), json!({"connection_id": 3}));
    assert!(act::pause_all().params().is_empty());
    let asked = read::get_selective_folder_list(4, "id:x", "/");
    assert_eq!(
        Value::Object(asked.params().clone()),
        json!({"session_id": 4, "file_id": "id:x", "path": "/", "exists_type": null})
    );
}
