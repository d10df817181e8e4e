//! Each method's exact parameters on the wire (API notes §4).

use cloudsync_exporter::dsm::cloud_sync::act::{
    ConnectionSetting, GlobalConfig, MissingSetting, ScheduleSetting, SelectiveSyncConfig, SessionSetting,
};
use cloudsync_exporter::dsm::cloud_sync::read::{GroupBy, LogQuery};
use cloudsync_exporter::dsm::cloud_sync::s3::S3Task;
use cloudsync_exporter::dsm::cloud_sync::wire;
use cloudsync_exporter::dsm::{Error, Field};
use serde_json::json;

use super::Bench;
use super::peer::{self, Peer, Step, call, compound, info, login, results};

async fn peer(steps: impl IntoIterator<Item = Step>) -> (Peer, Bench) {
    let peer = Peer::start([info(), login(1)].into_iter().chain(steps)).await;
    let bench = Bench::new(&peer.url());
    (peer, bench)
}

#[tokio::test]
async fn getters() {
    let conn = [("connection_id", "3")];
    let sess = [("session_id", "4")];
    let (_peer, bench) = peer([
        call(1, "get_config", &[])
            .data(json!({"volume_list": [{"size_free": "768625090560"}], "worker_count": 20})),
        call(1, "list_conn", &[("is_tray", "false"), ("group_by", "\"group_by_user\"")])
            .data(json!({"conn": null, "total": 0, "notification": null})),
        call(1, "list_conn", &[("is_tray", "false"), ("group_by", "\"group_by_cloud_type\"")])
            .data(json!({"conn": [{"id": 3, "type": "db"}], "total": 1})),
        call(1, "get_connection_setting", &conn).data(json!({"isSSE": 1})),
        call(1, "get_property", &conn).data(json!({"type": "db", "quota_total": 2_147_483_648_i64})),
        call(1, "get_conn_auth_info", &conn).data(json!({"access_token": "canary"})),
        call(
            1,
            "get_log",
            &[
                ("connection_id", "3"),
                ("offset", "0"),
                ("limit", "200"),
                ("keyword", "\"\""),
                ("date_from", "0"),
                ("date_to", "0"),
                ("log_level", "-1"),
                ("action", "-1"),
            ],
        )
        .data(json!({"items": [{"error_code": -36}], "total": 1})),
        call(
            1,
            "get_log",
            &[
                ("offset", "400"),
                ("limit", "200"),
                ("keyword", "\"12\""),
                ("date_from", "1"),
                ("date_to", "2"),
                ("log_level", "2"),
                ("action", "0"),
            ],
        )
        .data(json!({"items": []})),
        call(1, "list_sess", &conn).data(json!({"sess": [{"sess_id": 4}], "total": 1})),
        call(1, "get_session_setting", &sess).data(json!({"no_delete": true})),
        call(1, "get_selective_sync_config", &sess).data(json!({"filtered_names": ["a", 7]})),
        call(
            1,
            "get_selective_folder_list",
            &[("session_id", "4"), ("file_id", "\"id:x\""), ("path", "\"/\""), ("exists_type", "null")],
        )
        .data(json!({"children": [{"path": "/a"}]})),
        call(1, "get_recently_change", &[]).data(json!({"processing_items": [{"bit_rate": 2114}]})),
    ])
    .await;
    let client = &bench.client;
    let config = client.get_config().await.unwrap();
    assert_eq!(config.volume_list.items[0].size_free, Field::Value(768_625_090_560));
    assert!(client.list_conn(GroupBy::User).await.unwrap().conn.items.is_empty());
    assert_eq!(client.list_conn(GroupBy::CloudType).await.unwrap().conn.items[0].kind.as_str(), Some("db"));
    assert_eq!(client.get_connection_setting(3).await.unwrap().is_sse, Field::Value(true));
    assert_eq!(client.get_property(3).await.unwrap().quota_total, Field::Value(2_147_483_648));
    assert!(!format!("{:?}", client.get_conn_auth_info(3).await.unwrap()).contains("canary"));
    let log = client.get_log(Some(3), &LogQuery::default()).await.unwrap();
    assert_eq!(log.items.items[0].error_code, Field::Value(-36));
    let query = LogQuery {
        offset: 400,
        limit: 1000,
        keyword: "12".into(),
        date_from: Some(1),
        date_to: Some(2),
        log_level: Some(2),
        action: Some(0),
    };
    client.get_log(None, &query).await.unwrap();
    assert_eq!(client.list_sess(3).await.unwrap().sess.items[0].sess_id, Field::Value(4));
    assert_eq!(client.get_session_setting(4).await.unwrap().no_delete, Field::Value(true));
    let filters = client.get_selective_sync_config(4).await.unwrap();
    assert_eq!(filters.filtered_names.items, ["a", "7"]);
    assert!(!filters.filtered_paths.present);
    client.get_selective_folder_list(4, "id:x", "/").await.unwrap();
    let recent = client.get_recently_change().await.unwrap();
    assert_eq!(recent.processing_items.items[0].bit_rate, Field::Value(2114.0));
}

#[tokio::test]
async fn setters_send_everything() {
    let hours = "01".repeat(84);
    let quoted = format!("\"{hours}\"");
    let (_peer, bench) = peer([
        call(
            1,
            "set_global_config",
            &[
                ("repo_vol_path", "\"/volume1\""),
                ("log_count", "20000"),
                ("worker_count", "3"),
                ("admin_mode", "\"enable\""),
            ],
        ),
        call(1, "set_personal_config", &[("sync_mode", "false")]),
        call(
            1,
            "set_connection_setting",
            &[
                ("connection_id", "3"),
                ("task_name", "\"Dropbox\""),
                ("pull_event_period", "60"),
                ("max_upload_speed", "512"),
                ("max_download_speed", "0"),
                ("storage_class", "\"\""),
                ("isSSE", "false"),
                ("part_size", "128"),
            ],
        ),
        call(
            1,
            "set_schedule_setting",
            &[("connection_id", "3"), ("is_enabled_schedule", "true"), ("schedule_info", &quoted)],
        ),
        call(
            1,
            "set_session_setting",
            &[
                ("session_id", "4"),
                ("sync_direction", "\"ONLY_UPLOAD\""),
                ("sync_attr_check_option", "true"),
                ("no_delete", "false"),
                ("google_drive_convert_online_doc", "false"),
            ],
        ),
        call(
            1,
            "set_selective_sync_config",
            &[
                ("session_id", "4"),
                ("filtered_paths", "[\"/a\"]"),
                ("filtered_names", "[]"),
                ("filtered_extensions", "[\"iso\"]"),
                ("user_defined_names", "[]"),
                ("user_defined_extensions", "[\"iso\"]"),
                ("filtered_max_upload_size", "0"),
            ],
        )
        // Whatever an action answers, it succeeded.
        .data(json!([])),
    ])
    .await;
    let client = &bench.client;
    let config = GlobalConfig {
        repo_vol_path: "/volume1".into(),
        log_count: 20_000,
        worker_count: 3,
        admin_mode: true,
    };
    client.set_global_config(&config).await.unwrap();
    client.set_personal_config(false).await.unwrap();
    let setting = ConnectionSetting {
        task_name: "Dropbox".into(),
        pull_event_period: 60,
        max_upload_speed: 512,
        max_download_speed: 0,
        storage_class: String::new(),
        is_sse: false,
        part_size: 128,
    };
    client.set_connection_setting(3, &setting).await.unwrap();
    let schedule = ScheduleSetting { is_enabled_schedule: true, schedule_info: hours };
    client.set_schedule_setting(3, &schedule).await.unwrap();
    let short = ScheduleSetting { schedule_info: "1".into(), ..schedule };
    assert!(matches!(client.set_schedule_setting(3, &short).await, Err(Error::Parameter(_))));
    let setting = SessionSetting {
        sync_direction: "ONLY_UPLOAD".into(),
        sync_attr_check_option: true,
        no_delete: false,
        google_drive_convert_online_doc: false,
    };
    client.set_session_setting(4, &setting).await.unwrap();
    let filters = SelectiveSyncConfig {
        filtered_paths: vec!["/a".into()],
        filtered_extensions: vec!["iso".into()],
        user_defined_extensions: vec!["iso".into()],
        ..SelectiveSyncConfig::default()
    };
    client.set_selective_sync_config(4, &filters).await.unwrap();
}

#[tokio::test]
async fn one_and_all_are_different_functions() {
    let (_peer, bench) = peer([
        call(1, "pause", &[("connection_id", "3")]),
        call(1, "resume", &[("connection_id", "3")]),
        call(1, "pause", &[]),
        call(1, "resume", &[]),
        call(1, "unlink_connection", &[("connection_id", "3")]),
        call(1, "unlink_session", &[("connection_id", "3"), ("session_id", "4")]),
    ])
    .await;
    let client = &bench.client;
    client.pause(3).await.unwrap();
    client.resume(3).await.unwrap();
    client.pause_all().await.unwrap();
    client.resume_all().await.unwrap();
    client.unlink_connection(3).await.unwrap();
    client.unlink_session(3, 4).await.unwrap();
}

fn s3_task() -> S3Task {
    S3Task {
        local_path: "/share/dir".into(),
        cloud_path: "/a".into(),
        sync_direction: "BIDIRECTION".into(),
        storage_class: "STANDARD".into(),
        filtered_extensions: vec![],
        filtered_names: vec![],
        filtered_max_upload_size: 0,
    }
}

fn s3_access(kind: &str) -> Step {
    let member =
        |method: &str| json!({"api": "SYNO.CloudSync", "method": method, "version": 1, "connection_id": 5});
    compound(1, &json!([member("get_property"), member("get_conn_auth_info")])).data(results(&[
        json!({"success": true, "data": {"type": kind}}),
        json!({"success": true, "data": {"secret_key": "canary"}}),
    ]))
}

#[tokio::test]
async fn s3_tasks_go_through_a_compound() {
    let folder = |path: &str| json!({"alternatelink": "", "file_id": "", "mtime": 0, "parent_id": "", "title": "", "path": path});
    let conn_info = json!({
        "secret_key": "canary",
        "path": "/share/dir", "path_share": "share", "path_sync": "/dir",
        "filter_file": {"filtered_extensions": [], "filtered_max_upload_size": 0, "filtered_names": []},
        "sync_direction": "BIDIRECTION",
        "server_folder": "/a", "server_folder_path": "/a", "server_folder_id": "",
        "part_size": "", "storage_class": "STANDARD",
        "server_folder_meta_list": [folder("/"), folder("/a")],
        "filter_folder": [], "filter_changed": false, "no_delete": false, "isSSE": false,
        "server_encryption": false, "sync_attr_check_option": true, "mode_add_session": true,
    });
    let member = |method: &str| json!({"api": "SYNO.CloudSync", "method": method, "version": 1, "conn_info": conn_info});
    let list = json!({"api": "SYNO.CloudSync", "method": "list_sess", "version": 1, "connection_id": 5});
    let create = compound(1, &json!([member("create_session"), list])).with("stop_when_error", "true");
    let (_peer, bench) = peer([
        s3_access("az"),
        compound(1, &json!([member("test_task_setting")])).data(results(&[json!({"success": true})])),
        s3_access("az"),
        create.clone().data(results(&[
            json!({"success": true}),
            json!({"success": true, "data": {"sess": [{"sess_id": 9}], "total": 1}}),
        ])),
        s3_access("az"),
        create.data(results(&[peer::refused(401)])),
        s3_access("db"),
    ])
    .await;
    let client = &bench.client;
    client.test_s3_task(5, &s3_task()).await.unwrap();
    let tasks = client.create_s3_task(5, &s3_task()).await.unwrap().unwrap();
    assert_eq!(tasks.sess.items[0].sess_id, Field::Value(9));
    let error = client.create_s3_task(5, &s3_task()).await.unwrap_err();
    assert_eq!(error.code(), Some(401));
    super::assert_presentable(&error);
    assert!(matches!(client.test_s3_task(5, &s3_task()).await, Err(Error::Parameter(_))));
    // Bad paths cost no request.
    let bad = S3Task { local_path: "/share".into(), ..s3_task() };
    assert!(matches!(client.create_s3_task(5, &bad).await, Err(Error::Parameter(_))));
}

#[test]
fn present_settings_are_read_back_whole_or_not_at_all() {
    let setting: wire::ConnectionSetting = serde_json::from_value(json!({
        "isSSE": 0, "max_download_speed": "0", "max_upload_speed": 0, "part_size": 128, "pull_event_period": 60,
        "storage_class": "", "task_name": "x",
    }))
    .unwrap();
    assert_eq!(ConnectionSetting::read_from(&setting).unwrap().part_size, 128);
    assert_eq!(ScheduleSetting::read_from(&setting), Err(MissingSetting("is_enabled_schedule")));
    let setting = wire::ConnectionSetting { part_size: Field::Malformed, ..setting };
    assert_eq!(ConnectionSetting::read_from(&setting), Err(MissingSetting("part_size")));
    let config = |mode: &str| -> wire::Config {
        serde_json::from_value(
            json!({"repo_vol_path": "/volume1", "log_count": 1, "worker_count": 1, "admin_mode": mode}),
        )
        .unwrap()
    };
    assert!(!GlobalConfig::read_from(&config("disable")).unwrap().admin_mode);
    assert_eq!(GlobalConfig::read_from(&config("?")), Err(MissingSetting("admin_mode")));
    let task: wire::SessionSetting = serde_json::from_value(json!({
        "sync_direction": "X", "sync_attr_check_option": 1, "no_delete": 0, "google_drive_convert_online_doc": 0,
    }))
    .unwrap();
    assert_eq!(SessionSetting::read_from(&task).unwrap().sync_direction, "X");
    let filters: wire::SelectiveSyncConfig = serde_json::from_value(json!({
        "filtered_paths": [], "filtered_names": [], "filtered_extensions": [[]], "user_defined_names": null,
        "user_defined_extensions": [], "filtered_max_upload_size": 0,
    }))
    .unwrap();
    assert_eq!(SelectiveSyncConfig::read_from(&filters), Err(MissingSetting("filtered_extensions")));
}
