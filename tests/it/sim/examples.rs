//! The examples of the source document, method by method, compared whole.

use serde_json::json;

use super::documented;

#[tokio::test]
async fn the_package_and_its_connections() {
    let (_nas, _, raw) = documented().await;
    assert_eq!(
        raw.data("get_config", &[]).await,
        json!({
            "admin_mode": "enable",
            "log_count": 20000,
            "repo_vol_path": "/volume2",
            "sync_mode": false,
            "volume_count": 2,
            "volume_list": [
                {
                    "desc": "",
                    "display": "Volume 1 (Available capacity: 715.84 GB )",
                    "mount_point": "/volume1",
                    "size_free": "768625090560",
                    "size_total": "955458760704",
                    "value": "1",
                    "vol_desc": ""
                },
                {
                    "desc": "",
                    "display": "Volume 2 (Available capacity: 1841.73 GB )",
                    "mount_point": "/volume2",
                    "size_free": "1977547526144",
                    "size_total": "3835577597952",
                    "value": "2",
                    "vol_desc": ""
                }
            ],
            "worker_count": 20
        })
    );
    assert_eq!(
        raw.data("list_conn", &[("is_tray", "false"), ("group_by", "group_by_user")]).await,
        json!({
            "conn": [
                {
                    "id": 3,
                    "link_status": 1,
                    "resource": "",
                    "status": "uptodate",
                    "task_display_name": "Dropbox",
                    "task_name": "Dropbox",
                    "type": "db",
                    "type_id": 2,
                    "unfinished_files": 0,
                    "user_id": "dbid:xxxxxxxxxxxxxxxxxx",
                    "user_name": "username"
                },
                {
                    "id": 2,
                    "link_status": 1,
                    "resource": "",
                    "status": "syncing",
                    "task_display_name": "Microsoft OneDrive",
                    "task_name": "Microsoft OneDrive",
                    "type": "od_v1",
                    "type_id": 22,
                    "unfinished_files": 2,
                    "user_id": "xxxxxx",
                    "user_name": "username"
                }
            ],
            "is_admin_mode": true,
            "is_pause": false,
            "notification": null,
            "total": 2,
            "tray_status": "syncing"
        })
    );
}

#[tokio::test]
async fn a_connection_and_its_task() {
    let (_nas, _, raw) = documented().await;
    assert_eq!(
        raw.data("get_connection_setting", &[("connection_id", "3")]).await,
        json!({
            "client_type": "db",
            "isSSE": false,
            "is_enabled_schedule": false,
            "max_download_speed": 0,
            "max_upload_speed": 0,
            "part_size": 0,
            "pull_event_period": 60,
            "schedule_info": "1".repeat(168),
            "storage_class": "",
            "task_name": "Dropbox"
        })
    );
    assert_eq!(
        raw.data("get_property", &[("connection_id", "3")]).await,
        json!({
            "auth_version": "",
            "bucket_name": "",
            "container_name": "",
            "project_id": "",
            "public_url": "",
            "quota_total": 2_147_483_648_i64,
            "quota_used": 423_330_996,
            "region": "",
            "server_addr": "",
            "shared_drive_name": "",
            "storage_class": "",
            "type": "db",
            "type_id": 2,
            "user_name": "username"
        })
    );
    assert_eq!(
        raw.data("list_sess", &[("connection_id", "3")]).await,
        json!({
            "sess": [{
                "cloud_type_str": "db",
                "conn_id": 3,
                "error": 0,
                "error_desc": "",
                "link_status": 1,
                "local_sync_path": "/test_share/WebDAV test/subfolder",
                "remote_folder_id": "id:xxxx",
                "remote_sync_path": "/docs",
                "sess_id": 4,
                "sync_direction": "ONLY_DOWNLOAD",
                "sync_status": "uptodate"
            }],
            "total": 1
        })
    );
    assert_eq!(
        raw.data("get_selective_sync_config", &[("session_id", "4")]).await,
        json!({
            "filtered_extensions": ["wbmp", "webdoc", "x3f", "xbm"],
            "filtered_max_upload_size": 1_048_576,
            "filtered_names": ["test"],
            "filtered_paths": ["/subfolder_1"],
            "user_defined_extensions": ["iso"],
            "user_defined_names": ["test"]
        })
    );
}

#[tokio::test]
async fn the_secrets_of_a_connection() {
    let (_nas, _, raw) = documented().await;
    assert_eq!(
        raw.data("get_conn_auth_info", &[("connection_id", "3")]).await,
        json!({
            "access_key": "",
            "access_token": "xxxxxxxx",
            "auth_pass": "",
            "auth_scheme": 0,
            "auth_user": "",
            "bucket_id": "",
            "bucket_name": "",
            "client_id": "xxxxxxxx",
            "client_type": "db",
            "conn_id": 3,
            "container_name": "",
            "download_url": "",
            "openstack_api_key": "",
            "openstack_domain_id": "",
            "openstack_domain_name": "",
            "openstack_identity_service_url": "",
            "openstack_identity_service_version": "",
            "openstack_password": "",
            "openstack_proj_id": "",
            "openstack_region": "",
            "openstack_tenant_id": "",
            "openstack_tenant_name": "",
            "openstack_token": "",
            "public_url": "",
            "refresh_token": "xxxxxxxx",
            "resource": "",
            "root_folder_id": "",
            "root_folder_path": "/",
            "secret_key": "",
            "server_addr": "",
            "service_host": "",
            "unique_id": "dbid:xxxxxxxx",
            "user_name": "username"
        })
    );
}

#[tokio::test]
async fn logs_and_folders() {
    let (_nas, _, raw) = documented().await;
    let row = |time: i64| {
        json!({
            "action": 1,
            "error_code": -36,
            "file_name": "OCR Japanese extension.paper",
            "file_type": "file",
            "log_level": 2,
            "path": "/test_share/WebDAV test/subfolder/OCR Japanese extension.paper",
            "session_id": 4,
            "time": time
        })
    };
    assert_eq!(
        raw.data("get_log", &[("connection_id", "3")]).await,
        json!({"items": [row(1_724_418_508), row(1_724_418_119)], "total": 2})
    );
    let folder = |kind: i64, id: &str, path: &str, text: &str| json!({"exists_type": kind, "file_id": id, "path": path, "text": text});
    assert_eq!(
        raw.data(
            "get_selective_folder_list",
            &[("session_id", "4"), ("file_id", "id:xxxx"), ("path", "/"), ("exists_type", "null")]
        )
        .await,
        json!({"children": [
            folder(1, "", "/subfolder_1", "subfolder_1"),
            folder(1, "", "/new folder", "new folder"),
            folder(3, "id:xxxx", "/test1", "test1"),
            folder(3, "id:xxxx", "/test2", "test2")
        ]})
    );
}

#[tokio::test]
async fn recent_changes_and_task_settings() {
    let (_nas, _, raw) = documented().await;
    let recent = raw.data("get_recently_change", &[]).await;
    assert_eq!(
        recent["history_items"][4],
        json!({
            "action": 1,
            "base_name": "The Tao of Harp.paper",
            "log_level": 2,
            "path": "/test_share/WebDAV test/subfolder/song ideas/The Tao of Harp.paper",
            "session_id": 4,
            "syncfolder_basename": "subfolder"
        })
    );
    assert_eq!(recent["history_items"].as_array().map(Vec::len), Some(5));
    assert_eq!(
        recent["processing_items"],
        json!([
            {
                "base_name": "1111111111111111111111125.jpg",
                "bit_rate": 2114,
                "current_size": 65_535,
                "path": "/test_share/WebDAV test/subfolder/test1/asd/1111111111111111.jpg",
                "session_id": 3,
                "status": "uploading",
                "total_size": 295_493,
                "user_name": "username"
            },
            {
                "base_name": "ans1.3.png",
                "bit_rate": 1047,
                "current_size": 358_122,
                "path": "/test_share/WebDAV test/subfolder/test2/ans1.3.png",
                "session_id": 3,
                "status": "uploading",
                "total_size": 358_122,
                "user_name": "username"
            }
        ])
    );
    assert_eq!((&recent["is_admin_mode"], &recent["server_merge_items"]), (&json!(true), &json!([])));
    assert_eq!(
        raw.data("get_session_setting", &[("session_id", "4")]).await,
        json!({
            "enable_server_encryption": false,
            "enc_key_exportable": false,
            "google_drive_convert_online_doc": false,
            "no_delete": false,
            "sync_attr_check_option": true,
            "sync_direction": "ONLY_DOWNLOAD"
        })
    );
}
