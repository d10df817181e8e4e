//! Every method: what it answers in the source document's world, and what it refuses.

use serde_json::json;

use super::{bad, code, documented};
use cloudsync_exporter::sim::UNKNOWN_ID;

/// The examples of the source document, method by method, compared whole.
#[tokio::test]
async fn getters_answer_the_source_documents_examples() {
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
    assert_eq!(raw.refused("list_sess", &[("connection_id", "99")]).await, code(UNKNOWN_ID));
    assert_eq!(raw.refused("list_sess", &[]).await, bad("connection_id", "required"));
}
