//! Setters and actions: what they change, that they replace and do not merge, what they refuse.

use cloudsync_exporter::sim::UNKNOWN_ID;
use serde_json::json;

use super::{bad, code, documented};

#[tokio::test]
async fn package_settings() {
    let (_nas, _, raw) = documented().await;
    raw.done(
        "set_global_config",
        &[
            ("repo_vol_path", "/volume1"),
            ("log_count", "100"),
            ("worker_count", "7"),
            ("admin_mode", "\"enable\""),
        ],
    )
    .await;
    let config = raw.data("get_config", &[]).await;
    assert_eq!((&config["log_count"], &config["worker_count"]), (&json!(100), &json!(7)));

    raw.done("set_global_config", &[("repo_vol_path", "\"/volume2\"")]).await;
    let config = raw.data("get_config", &[]).await;
    assert_eq!((&config["log_count"], &config["worker_count"]), (&json!(20_000), &json!(3)));
    assert_eq!(config["repo_vol_path"], "/volume2");

    raw.done("set_personal_config", &[("sync_mode", "true")]).await;
    assert_eq!(raw.data("get_config", &[]).await["sync_mode"], true);
    assert_eq!(raw.refused("set_personal_config", &[]).await, bad("sync_mode", "required"));
    assert_eq!(raw.refused("set_personal_config", &[("sync_mode", "1")]).await, bad("sync_mode", "type"));

    let refuse = |name: &'static str, value: &'static str| {
        let raw = raw.clone();
        async move { raw.refused("set_global_config", &[("repo_vol_path", "/volume1"), (name, value)]).await }
    };
    assert_eq!(raw.refused("set_global_config", &[]).await, bad("repo_vol_path", "required"));
    assert_eq!(refuse("repo_vol_path", "/volume9").await, bad("repo_vol_path", "condition"));
    assert_eq!(refuse("worker_count", "21").await, bad("worker_count", "max"));
    assert_eq!(refuse("worker_count", "0").await, bad("worker_count", "min"));
    assert_eq!(refuse("log_count", "100001").await, bad("log_count", "max"));
    assert_eq!(refuse("admin_mode", "true").await, bad("admin_mode", "type"));
    assert_eq!(refuse("admin_mode", "on").await, bad("admin_mode", "condition"));
}

#[tokio::test]
async fn connection_settings_are_replaced() {
    let (_nas, _, raw) = documented().await;
    raw.done(
        "set_connection_setting",
        &[
            ("connection_id", "3"),
            ("task_name", "Drop box"),
            ("pull_event_period", "120"),
            ("max_upload_speed", "10"),
            ("max_download_speed", "20"),
            ("storage_class", "\"STANDARD\""),
            ("isSSE", "True"),
            ("part_size", "64"),
        ],
    )
    .await;
    let settings = raw.data("get_connection_setting", &[("connection_id", "3")]).await;
    assert_eq!((&settings["max_upload_speed"], &settings["isSSE"]), (&json!(10), &json!(true)));
    assert_eq!(raw.data("list_conn", &[]).await["conn"][0]["task_name"], "Drop box");

    // Left out = reset.
    raw.done("set_connection_setting", &[("connection_id", "3"), ("task_name", "\"Dropbox\"")]).await;
    let settings = raw.data("get_connection_setting", &[("connection_id", "3")]).await;
    assert_eq!(
        settings,
        json!({
            "client_type": "db",
            "isSSE": false,
            "is_enabled_schedule": false,
            "max_download_speed": 0,
            "max_upload_speed": 0,
            "part_size": 128,
            "pull_event_period": 60,
            "schedule_info": "1".repeat(168),
            "storage_class": "",
            "task_name": "Dropbox"
        })
    );

    let refuse = |name: &'static str, value: &'static str| {
        let raw = raw.clone();
        let params = [("connection_id", "3"), ("task_name", "Dropbox"), (name, value)];
        async move { raw.refused("set_connection_setting", &params).await }
    };
    assert_eq!(refuse("storage_class", "").await, bad("storage_class", "type"));
    assert_eq!(refuse("storage_class", "STANDARD").await, bad("storage_class", "type"));
    assert_eq!(refuse("part_size", "\"64\"").await, bad("part_size", "type"));
    assert_eq!(refuse("isSSE", "0").await, bad("isSSE", "type"));
    assert_eq!(refuse("max_upload_speed", "-1").await, bad("max_upload_speed", "min"));
    assert_eq!(refuse("connection_id", "9").await, code(UNKNOWN_ID));
    assert_eq!(
        raw.refused("set_connection_setting", &[("connection_id", "3")]).await,
        bad("task_name", "required")
    );
}

#[tokio::test]
async fn schedules_are_168_quoted_digits() {
    let (_nas, _, raw) = documented().await;
    let nights = format!("\"{}\"", "111111000000000000000011".repeat(7));
    raw.done(
        "set_schedule_setting",
        &[("connection_id", "3"), ("is_enabled_schedule", "true"), ("schedule_info", &nights)],
    )
    .await;
    let settings = raw.data("get_connection_setting", &[("connection_id", "3")]).await;
    assert_eq!(settings["is_enabled_schedule"], true);
    assert_eq!(settings["schedule_info"], nights.trim_matches('"'));

    let refuse = |schedule: String| {
        let raw = raw.clone();
        async move {
            let params =
                [("connection_id", "3"), ("is_enabled_schedule", "true"), ("schedule_info", &*schedule)];
            raw.refused("set_schedule_setting", &params).await
        }
    };
    assert_eq!(refuse("1".repeat(168)).await, bad("schedule_info", "type"));
    assert_eq!(refuse("0".repeat(168)).await, bad("schedule_info", "type"));
    assert_eq!(refuse(format!("\"{}\"", "1".repeat(167))).await, bad("schedule_info", "condition"));
    assert_eq!(refuse(format!("\"{}\"", "2".repeat(168))).await, bad("schedule_info", "condition"));

    raw.done("set_schedule_setting", &[("connection_id", "3"), ("is_enabled_schedule", "false")]).await;
    let settings = raw.data("get_connection_setting", &[("connection_id", "3")]).await;
    assert_eq!(settings["schedule_info"], "1".repeat(168));
    assert_eq!(
        raw.refused("set_schedule_setting", &[("connection_id", "3")]).await,
        bad("is_enabled_schedule", "required")
    );
}

#[tokio::test]
async fn task_settings_and_filters_are_replaced() {
    let (_nas, _, raw) = documented().await;
    raw.done(
        "set_session_setting",
        &[
            ("session_id", "4"),
            ("sync_direction", "BIDIRECTION"),
            ("no_delete", "false"),
            ("sync_attr_check_option", "false"),
            ("google_drive_convert_online_doc", "true"),
        ],
    )
    .await;
    let settings = raw.data("get_session_setting", &[("session_id", "4")]).await;
    assert_eq!((&settings["no_delete"], &settings["sync_direction"]), (&json!(false), &json!("BIDIRECTION")));
    assert_eq!(
        raw.data("list_sess", &[("connection_id", "3")]).await["sess"][0]["sync_direction"],
        "BIDIRECTION"
    );
    raw.done("set_session_setting", &[("session_id", "4"), ("sync_direction", "\"ONLY_UPLOAD\"")]).await;
    let settings = raw.data("get_session_setting", &[("session_id", "4")]).await;
    assert_eq!(
        (&settings["no_delete"], &settings["google_drive_convert_online_doc"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        raw.refused("set_session_setting", &[("session_id", "4"), ("sync_direction", "UP")]).await,
        bad("sync_direction", "condition")
    );
    assert_eq!(
        raw.refused("set_session_setting", &[("session_id", "4")]).await,
        bad("sync_direction", "required")
    );

    raw.done(
        "set_selective_sync_config",
        &[("session_id", "4"), ("filtered_names", r#"["desktop.ini"]"#), ("filtered_max_upload_size", "5")],
    )
    .await;
    assert_eq!(
        raw.data("get_selective_sync_config", &[("session_id", "4")]).await,
        json!({
            "filtered_extensions": [],
            "filtered_max_upload_size": 5,
            "filtered_names": ["desktop.ini"],
            "filtered_paths": [],
            "user_defined_extensions": [],
            "user_defined_names": []
        })
    );
    for wrong in ["a", "\"a\"", "[1]", "{}"] {
        let params = [("session_id", "4"), ("filtered_paths", wrong)];
        assert_eq!(
            raw.refused("set_selective_sync_config", &params).await,
            bad("filtered_paths", "type"),
            "{wrong}"
        );
    }
    // A refused call changes nothing.
    let filters = raw.data("get_selective_sync_config", &[("session_id", "4")]).await;
    assert_eq!(filters["filtered_max_upload_size"], 5);
}

#[tokio::test]
async fn pause_and_resume_one_or_all() {
    let (_nas, control, raw) = documented().await;
    let statuses = || {
        let raw = raw.clone();
        async move {
            let answer = raw.data("list_conn", &[]).await;
            [&answer["conn"][0]["status"], &answer["conn"][1]["status"], &answer["is_pause"]]
                .map(ToString::to_string)
                .join(" ")
        }
    };
    raw.done("pause", &[("connection_id", "2")]).await;
    assert_eq!(statuses().await, r#""uptodate" "pause" false"#);
    assert_eq!(raw.data("list_sess", &[("connection_id", "2")]).await["sess"][0]["sync_status"], "pause");
    assert_eq!(raw.data("get_recently_change", &[]).await["processing_items"], json!([]));
    raw.done("pause", &[]).await;
    assert_eq!(statuses().await, r#""pause" "pause" true"#);
    assert_eq!(raw.data("list_conn", &[]).await["tray_status"], "pause");
    raw.done("resume", &[]).await;
    assert_eq!(statuses().await, r#""uptodate" "syncing" false"#);
    let items = raw.data("get_recently_change", &[]).await["processing_items"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(2));
    raw.done("resume", &[("connection_id", "2")]).await;
    assert_eq!(raw.refused("pause", &[("connection_id", "9")]).await, code(UNKNOWN_ID));
    assert_eq!(raw.refused("pause", &[("connection_id", "\"2\"")]).await, bad("connection_id", "type"));

    control.world(|world| world.ignores_pause = true);
    raw.done("pause", &[]).await;
    assert_eq!(statuses().await, r#""uptodate" "syncing" false"#);
}

#[tokio::test]
async fn unlinking_removes_what_hangs_on_it() {
    let (_nas, _, raw) = documented().await;
    assert_eq!(
        raw.refused("unlink_session", &[("connection_id", "2"), ("session_id", "4")]).await,
        code(UNKNOWN_ID)
    );
    assert_eq!(raw.refused("unlink_session", &[("connection_id", "3")]).await, bad("session_id", "required"));
    raw.done("unlink_session", &[("connection_id", "2"), ("session_id", "3")]).await;
    let conn = raw.data("list_conn", &[]).await["conn"][1].clone();
    assert_eq!((&conn["id"], &conn["unfinished_files"]), (&json!(2), &json!(0)));
    raw.done("unlink_session", &[("connection_id", "3"), ("session_id", "4")]).await;
    assert_eq!(raw.data("list_sess", &[("connection_id", "3")]).await["total"], 0);
    raw.done("unlink_connection", &[("connection_id", "2")]).await;
    assert_eq!(raw.data("list_conn", &[]).await["total"], 1);
    assert_eq!(raw.data("get_recently_change", &[]).await["processing_items"], json!([]));
}
