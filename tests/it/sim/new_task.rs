//! A new S3 task: described, tested, created, seen.

use cloudsync_exporter::sim::{SimOptions, TASK_REFUSED, UNKNOWN_ID};
use serde_json::{Value, json};

use super::{Raw, bad, code, start};

async fn demo() -> (cloudsync_exporter::sim::Simulator, Raw) {
    let (nas, _, mut raw) = start(SimOptions::default()).await;
    raw.sid = raw.login(&[]).await["data"]["sid"].as_str().map(str::to_owned);
    (nas, raw)
}

/// As the notes describe it: the whole auth info, overlaid.
async fn conn_info(raw: &Raw, connection: &str) -> Value {
    let mut info = raw.data("get_conn_auth_info", &[("connection_id", connection)]).await;
    let meta = |path: &str| json!({"alternatelink": "", "file_id": "", "mtime": 0, "parent_id": "", "title": "", "path": path});
    let overlay = json!({
        "path": "/documents/contracts/new",
        "path_share": "documents",
        "path_sync": "/contracts/new",
        "filter_file": {
            "filtered_extensions": ["iso"],
            "filtered_max_upload_size": 1024,
            "filtered_names": ["Thumbs.db"]
        },
        "sync_direction": "ONLY_UPLOAD",
        "server_folder": "/contracts/2026",
        "server_folder_path": "/contracts/2026",
        "server_folder_id": "",
        "part_size": "",
        "storage_class": "STANDARD",
        "server_folder_meta_list": [meta("/"), meta("/contracts"), meta("/2026")],
        "filter_folder": [],
        "filter_changed": false,
        "no_delete": false,
        "isSSE": false,
        "server_encryption": false,
        "sync_attr_check_option": true,
        "mode_add_session": true,
    });
    info.as_object_mut().unwrap().extend(overlay.as_object().unwrap().clone());
    info
}

fn member(method: &str, info: &Value) -> Value {
    json!({"api": "SYNO.CloudSync", "method": method, "version": 1, "conn_info": info})
}

#[tokio::test]
async fn tested_created_and_listed() {
    let (_nas, raw) = demo().await;
    let info = conn_info(&raw, "4").await;
    let tested = raw.compound(&json!([member("test_task_setting", &info)])).await;
    assert_eq!(tested["data"]["has_fail"], false, "{tested}");
    assert_eq!(raw.data("list_sess", &[("connection_id", "4")]).await["total"], 1);

    let list = json!({"api": "SYNO.CloudSync", "method": "list_sess", "version": 1, "connection_id": 4});
    let created = raw.compound(&json!([member("create_session", &info), list])).await;
    assert_eq!(created["data"]["has_fail"], false, "{created}");
    let listed = &created["data"]["result"][1]["data"];
    assert_eq!(listed["total"], 2);
    let task = &listed["sess"][1];
    assert_eq!(task["local_sync_path"], "/documents/contracts/new");
    assert_eq!(task["remote_sync_path"], "/contracts/2026");
    assert_eq!(task["sync_direction"], "ONLY_UPLOAD");
    let id = task["sess_id"].to_string();
    let filters = raw.data("get_selective_sync_config", &[("session_id", &id)]).await;
    assert_eq!(
        (&filters["filtered_names"], &filters["filtered_max_upload_size"]),
        (&json!(["Thumbs.db"]), &json!(1024))
    );
    // The folder has a task now. Directly, the object goes as JSON text.
    assert_eq!(raw.refused("create_session", &[("conn_info", &info.to_string())]).await, code(TASK_REFUSED));
}

#[tokio::test]
async fn each_field_is_required_and_typed() {
    let (_nas, raw) = demo().await;
    let info = conn_info(&raw, "4").await;
    let test = |info: Value| {
        let raw = raw.clone();
        async move { raw.refused("test_task_setting", &[("conn_info", &info.to_string())]).await }
    };
    assert_eq!(raw.refused("test_task_setting", &[]).await, bad("conn_info", "required"));
    assert_eq!(raw.refused("test_task_setting", &[("conn_info", "[]")]).await, bad("conn_info", "type"));
    for name in info.as_object().unwrap().keys() {
        let mut without = info.clone();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(test(without).await, bad(&format!("conn_info.{name}"), "required"));
        let mut wrong = info.clone();
        wrong[name] = json!(1.5);
        if name != "auth_scheme" {
            assert_eq!(test(wrong).await, bad(&format!("conn_info.{name}"), "type"));
        }
    }
    let with = |path: &str, value: Value| {
        let mut changed = info.clone();
        *changed.pointer_mut(path).unwrap() = value;
        changed
    };
    for (pointer, value, name) in [
        ("/path", json!("/documents/other"), "path"),
        ("/path_sync", json!("/"), "path"),
        ("/server_folder_path", json!("/contracts/2026/"), "server_folder_path"),
        ("/server_folder", json!("/contracts"), "server_folder_path"),
        ("/server_folder_meta_list", json!([]), "server_folder_meta_list"),
        ("/server_folder_meta_list/1/path", json!("/other"), "server_folder_meta_list.path"),
        ("/sync_direction", json!("UP"), "sync_direction"),
        ("/mode_add_session", json!(false), "mode_add_session"),
    ] {
        assert_eq!(test(with(pointer, value)).await, bad(&format!("conn_info.{name}"), "condition"));
    }
    assert_eq!(
        test(with("/filter_file/filtered_names", json!([1]))).await,
        bad("conn_info.filter_file.filtered_names", "type")
    );
    assert_eq!(test(with("/conn_id", json!(99))).await, code(UNKNOWN_ID));
    // Well-formed, and cannot be.
    let mut elsewhere = with("/path", json!("/homes/new"));
    elsewhere["path_share"] = json!("homes");
    elsewhere["path_sync"] = json!("/new");
    assert_eq!(test(elsewhere).await, code(TASK_REFUSED));
    let dropbox = conn_info(&raw, "1").await;
    assert_eq!(test(dropbox).await, code(TASK_REFUSED));
}
