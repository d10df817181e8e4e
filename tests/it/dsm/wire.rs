//! Answers that are not what they should be, field by field.

use cloudsync_exporter::dsm::cloud_sync::s3::S3Task;
use cloudsync_exporter::dsm::cloud_sync::{act, wire};
use cloudsync_exporter::dsm::{Batch, Field, List};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[test]
fn a_list_of_connections_is_never_missing() {
    let empty: wire::ListConn = read(json!({"conn": null, "total": 0})).unwrap();
    assert_eq!(empty.conn, List { items: vec![], malformed: 0, present: false });
    read::<wire::ListConn>(json!({"conn": []})).unwrap();
    for (missing, text) in [
        (json!({"total": 0}), "missing field `conn`"),
        (json!(null), "invalid type: null"),
        (json!({"conn": null, "total": 2}), "conn is empty but total is 2"),
    ] {
        let error = read::<wire::ListConn>(missing.clone()).unwrap_err();
        assert!(error.contains(text), "{missing}: {error}");
    }
    let odd: wire::ListConn = read(json!({
        "conn": [{"id": "3", "unfinished_files": [], "future": {}}, null, 7, [1], {}], "total": "5",
        "notification": {"file_count": "2", "latest_file_info": "none"}, "is_pause": "maybe",
    }))
    .unwrap();
    assert_eq!((odd.conn.items.len(), odd.conn.malformed), (2, 3));
    assert_eq!(odd.conn.items[0].id, Field::Value(3));
    assert!(odd.conn.items[0].unfinished_files.is_malformed() && odd.is_pause.is_malformed());
    let notification = odd.notification.get().unwrap();
    assert_eq!(notification.file_count, Field::Value(2));
    assert!(notification.latest_file_info.is_malformed());
}

#[test]
fn each_field_costs_itself_alone() {
    let config: wire::Config = read(json!({
        "volume_list": [{"size_free": "768625090560", "size_total": 1e12, "value": 1}], "worker_count": true,
    }))
    .unwrap();
    let volume = &config.volume_list.items[0];
    assert_eq!(volume.size_free, Field::Value(768_625_090_560));
    assert_eq!(volume.size_total, Field::Value(1_000_000_000_000));
    assert_eq!(volume.value.as_str(), Some("1"));
    assert!(config.worker_count.is_malformed());
    assert_eq!(config.log_count, Field::Absent);
    let property: wire::Property = read(json!({"quota_total": null, "quota_used": "", "type": 4})).unwrap();
    assert_eq!((property.quota_total, property.quota_used), (Field::Absent, Field::Malformed));
    assert_eq!(property.kind.as_str(), Some("4"));
    let recent: wire::RecentlyChange =
        read(json!({"processing_items": "none", "server_merge_items": [1, null]})).unwrap();
    assert_eq!((recent.processing_items.malformed, recent.server_merge_items.items.len()), (1, 2));
    assert!(!recent.history_items.present);
    // A name given twice: the last counts.
    let twice = serde_json::from_str::<Value>(r#"{"sess": [], "sess": [{"sess_id": 4}]}"#).unwrap();
    assert_eq!(read::<wire::ListSess>(twice).unwrap().sess.items.len(), 1);
}

#[test]
fn debug_shows_no_secret() {
    let auth: wire::AuthInfo =
        read(json!({"secret_key": "canary", "access_token": "canary", "conn_id": 5})).unwrap();
    let property = read(json!({"type": "az"})).unwrap();
    let task = S3Task {
        local_path: "/share/dir".into(),
        cloud_path: "/a".into(),
        sync_direction: "BIDIRECTION".into(),
        storage_class: String::new(),
        filtered_extensions: vec![],
        filtered_names: vec![],
        filtered_max_upload_size: 0,
    };
    let call = act::create_session(&task, &property, &auth).unwrap();
    let shown = format!("{call:?}");
    assert!(shown.contains("create_session") && shown.contains("conn_info"));
    let mut batch = Batch::new();
    let slot = batch.add(call);
    assert!(!format!("{shown} {batch:?} {slot:?} {auth:?}").contains("canary"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "conn",
        "sess",
        "items",
        "children",
        "total",
        "id",
        "status",
        "notification",
        "latest_file_info",
        "volume_list",
        "processing_items",
        "history_items",
        "server_merge_items",
        "bit_rate",
        "type",
        "error",
        "filtered_names",
        "is_pause",
        "size_free",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "-?[0-9]{1,25}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(names.clone(), inner, 0..8)
                .prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_makes_a_wire_type_panic(value in any_json()) {
        let _ = read::<wire::Config>(value.clone());
        let _ = read::<wire::ListConn>(value.clone());
        let _ = read::<wire::ConnectionSetting>(value.clone());
        let _ = read::<wire::Property>(value.clone());
        let _ = read::<wire::Log>(value.clone());
        let _ = read::<wire::ListSess>(value.clone());
        let _ = read::<wire::SessionSetting>(value.clone());
        let _ = read::<wire::SelectiveSyncConfig>(value.clone());
        let _ = read::<wire::SelectiveFolderList>(value.clone());
        let _ = read::<wire::RecentlyChange>(value.clone());
        if let Ok(auth) = read::<wire::AuthInfo>(value.clone()) {
            let _ = (format!("{auth:?}"), auth.fields().count());
        }
        // An object is a config and recent changes, whatever is in it; what says nothing is anything.
        prop_assert!(read::<wire::Done>(value.clone()).is_ok());
        if value.is_object() {
            prop_assert!(read::<wire::Config>(value.clone()).is_ok());
            prop_assert!(read::<wire::RecentlyChange>(value).is_ok());
        }
    }
}
