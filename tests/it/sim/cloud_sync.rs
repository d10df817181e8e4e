//! Getters: what they refuse, filter and leave out.

use serde_json::json;

use cloudsync_exporter::sim::{
    Quirks, SimOptions, UNKNOWN_ID,
    world::{CloudFolder, ConnectionError, LogRow, Notification},
};

use super::{bad, code, documented, start};

#[tokio::test]
async fn ids_are_required_integers_that_exist() {
    let (_nas, _, raw) = documented().await;
    for method in
        ["get_connection_setting", "get_property", "get_conn_auth_info", "list_sess", "unlink_connection"]
    {
        assert_eq!(raw.refused(method, &[]).await, bad("connection_id", "required"), "{method}");
        for wrong in ["\"3\"", "three", "", "3.5", "true", "[3]"] {
            let answer = raw.refused(method, &[("connection_id", wrong)]).await;
            assert_eq!(answer, bad("connection_id", "type"), "{method} {wrong}");
        }
        assert_eq!(raw.refused(method, &[("connection_id", "99")]).await, code(UNKNOWN_ID), "{method}");
    }
    for method in ["get_session_setting", "get_selective_sync_config"] {
        assert_eq!(raw.refused(method, &[]).await, bad("session_id", "required"), "{method}");
        assert_eq!(
            raw.refused(method, &[("session_id", "\"4\"")]).await,
            bad("session_id", "type"),
            "{method}"
        );
        assert_eq!(raw.refused(method, &[("session_id", "99")]).await, code(UNKNOWN_ID), "{method}");
    }
}

#[tokio::test]
async fn lists_group_by_and_folders_by_path() {
    let (_nas, control, raw) = documented().await;
    let answer = raw.data("list_conn", &[("group_by", "\"group_by_cloud_type\"")]).await;
    assert_eq!(answer["conn"][0]["id"], 3);
    assert_eq!(raw.refused("list_conn", &[("group_by", "by_name")]).await, bad("group_by", "condition"));
    assert_eq!(raw.refused("list_conn", &[("is_tray", "1")]).await, bad("is_tray", "type"));

    control.world(|world| {
        let folders = &mut world.task_mut(4).unwrap().folders;
        folders.push(CloudFolder::new("/test1/inner", "id:inner", 3));
    });
    let list = |path: &'static str, id: &'static str| [("session_id", "4"), ("path", path), ("file_id", id)];
    let answer = raw.data("get_selective_folder_list", &list("/test1", "id:xxxx")).await;
    assert_eq!(answer["children"][0]["text"], "inner");
    assert_eq!(
        raw.refused("get_selective_folder_list", &list("/nowhere", "id:xxxx")).await,
        code(UNKNOWN_ID)
    );
    assert_eq!(raw.refused("get_selective_folder_list", &list("/", "id:no")).await, code(UNKNOWN_ID));
}

#[tokio::test]
async fn logs_are_filtered_paged_and_bounded() {
    let (_nas, control, raw) = documented().await;
    control.world(|world| {
        for time in 1..=300 {
            let level = i64::from(time % 10 == 0);
            let row = LogRow::new(3, 2, &format!("/test_share/{time:03}.txt"), time);
            assert!(world.add_log(2, LogRow { log_level: level, ..row }));
        }
    });
    let total = |params: &'static [(&'static str, &'static str)]| {
        let raw = raw.clone();
        async move {
            let answer = raw.data("get_log", params).await;
            (answer["total"].as_i64().unwrap(), answer["items"].as_array().unwrap().len())
        }
    };
    assert_eq!(total(&[("connection_id", "2")]).await, (300, 200));
    assert_eq!(total(&[("connection_id", "2"), ("offset", "200")]).await, (300, 100));
    assert_eq!(total(&[("connection_id", "2"), ("log_level", "1"), ("limit", "7")]).await, (30, 7));
    assert_eq!(total(&[("connection_id", "2"), ("date_from", "11"), ("date_to", "20")]).await, (10, 10));
    assert_eq!(total(&[("connection_id", "2"), ("keyword", "")]).await, (300, 200));
    assert_eq!(total(&[("connection_id", "2"), ("keyword", "\"29\"")]).await, (13, 13));
    assert_eq!(total(&[("connection_id", "2"), ("action", "1")]).await, (0, 0));
    assert_eq!(total(&[("limit", "1")]).await, (302, 1));
    let newest = raw.data("get_log", &[("limit", "3")]).await;
    assert_eq!(newest["items"][0]["time"], 1_724_418_508);
    assert_eq!(newest["items"][2]["file_name"], "300.txt");

    assert_eq!(raw.refused("get_log", &[("limit", "201")]).await, bad("limit", "max"));
    assert_eq!(raw.refused("get_log", &[("offset", "-1")]).await, bad("offset", "min"));
    assert_eq!(raw.refused("get_log", &[("keyword", "29")]).await, bad("keyword", "type"));
    assert_eq!(raw.refused("get_log", &[("connection_id", "9")]).await, code(UNKNOWN_ID));

    raw.done("set_global_config", &[("repo_vol_path", "/volume1"), ("log_count", "50")]).await;
    assert_eq!(total(&[("connection_id", "2")]).await, (50, 50));
}

/// Without admin mode an account sees its own connections only.
#[tokio::test]
async fn admin_mode_decides_who_sees_what() {
    let (_nas, control, raw) = documented().await;
    control.world(|world| {
        world.connection_mut(3).unwrap().owner = "demo".into();
        world.connection_mut(2).unwrap().owner = "somebody else".into();
    });
    assert_eq!(raw.data("list_conn", &[]).await["total"], 2);
    raw.done("set_global_config", &[("repo_vol_path", "/volume1"), ("admin_mode", "disable")]).await;
    let answer = raw.data("list_conn", &[]).await;
    assert_eq!((&answer["total"], &answer["is_admin_mode"]), (&json!(1), &json!(false)));
    assert_eq!(raw.refused("list_sess", &[("connection_id", "2")]).await, code(UNKNOWN_ID));
    assert_eq!(raw.refused("get_session_setting", &[("session_id", "3")]).await, code(UNKNOWN_ID));
    assert_eq!(raw.data("get_recently_change", &[]).await["processing_items"], json!([]));
    assert_eq!(raw.data("get_log", &[]).await["total"], 2);
}

#[tokio::test]
async fn absent_and_odd_fields_can_be_planted() {
    let (_nas, control, raw) = documented().await;
    control.world(|world| {
        let connection = world.connection_mut(3).unwrap();
        connection.property.quota_total = None;
        connection.error = Some(ConnectionError { code: -7, desc: "token".into(), kind: "auth".into() });
        connection.extra.insert("status".into(), json!("brand new word"));
        connection.extra.insert("unfinished_files".into(), json!("7"));
        world.notification =
            Some(Notification { file_count: 3, action: 2, log_level: 0, name: "a \"b\"".into() });
    });
    assert!(raw.data("get_property", &[("connection_id", "3")]).await.get("quota_total").is_none());
    let answer = raw.data("list_conn", &[]).await;
    let conn = &answer["conn"][0];
    assert_eq!((&conn["error"], &conn["error_type"]), (&json!(-7), &json!("auth")));
    assert_eq!((&conn["status"], &conn["unfinished_files"]), (&json!("brand new word"), &json!("7")));
    assert_eq!(
        answer["notification"],
        json!({"file_count": 3, "latest_file_info": {"action": 2, "log_level": 0, "name": "a \"b\""}})
    );
}

#[tokio::test]
async fn other_builds_write_numbers_and_booleans_differently() {
    let quirks = Quirks { numbers_as_strings: true, booleans_as_numbers: true, unknown_fields: true };
    let options = SimOptions { quirks, ..SimOptions::default() };
    let (_nas, _, mut raw) = start(options).await;
    raw.sid = raw.login(&[]).await["data"]["sid"].as_str().map(str::to_owned);
    let answer = raw.data("list_conn", &[]).await;
    assert_eq!(answer["is_admin_mode"], 1);
    assert_eq!(answer["conn"][0]["id"], "1");
    assert!(answer["conn"][0].get("field_of_a_newer_build").is_some());
}
