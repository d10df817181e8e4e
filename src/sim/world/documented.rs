//! The world of the source document: exactly its example values.

use serde_json::Value;

use super::{
    CloudFolder, Connection, Filters, HistoryItem, LogRow, PackageConfig, Property, Task, Transfer, Volume,
    World,
};

impl World {
    /// Two connections, 3 (Dropbox) and 2 (OneDrive), and task 4, with the values of the source document's examples.
    ///
    /// The document lists task 4 only, but its transfers belong to a task 3: that one is made up here, as the
    /// OneDrive connection's, with a local folder that the transfers' paths lie in.
    pub fn documented() -> Self {
        let mut world = Self::empty();
        world.config = PackageConfig {
            admin_mode: true,
            log_count: 20_000,
            repo_vol_path: "/volume2".into(),
            sync_mode: false,
            worker_count: 20,
            volumes: vec![
                Volume {
                    mount_point: "/volume1".into(),
                    size_free: 768_625_090_560,
                    size_total: 955_458_760_704,
                },
                Volume {
                    mount_point: "/volume2".into(),
                    size_free: 1_977_547_526_144,
                    size_total: 3_835_577_597_952,
                },
            ],
        };
        world.shares = vec!["test_share".into()];
        world.insert_connection(dropbox());
        world.insert_connection(onedrive());
        world.transfers = vec![
            Transfer {
                base_name: "1111111111111111111111125.jpg".into(),
                bit_rate: 2114,
                current_size: 65_535,
                ..Transfer::upload(
                    3,
                    "/test_share/WebDAV test/subfolder/test1/asd/1111111111111111.jpg",
                    295_493,
                )
            },
            Transfer {
                bit_rate: 1047,
                current_size: 358_122,
                ..Transfer::upload(3, "/test_share/WebDAV test/subfolder/test2/ans1.3.png", 358_122)
            },
        ];
        world.history = [
            "test_file.paper",
            "perfect plan.paper",
            "Untitled.paper",
            "translation hw.paper",
            "song ideas/The Tao of Harp.paper",
        ]
        .into_iter()
        .map(|name| HistoryItem {
            action: 1,
            log_level: 2,
            path: format!("/test_share/WebDAV test/subfolder/{name}"),
            session_id: 4,
            syncfolder_basename: "subfolder".into(),
        })
        .collect();
        world
    }
}

fn dropbox() -> Connection {
    let mut connection = Connection {
        user_id: "dbid:xxxxxxxxxxxxxxxxxx".into(),
        tasks: vec![Task {
            remote_folder_id: "id:xxxx".into(),
            direction: "ONLY_DOWNLOAD".into(),
            filters: Filters {
                filtered_extensions: ["wbmp", "webdoc", "x3f", "xbm"].map(String::from).into(),
                filtered_max_upload_size: 1_048_576,
                filtered_names: vec!["test".into()],
                filtered_paths: vec!["/subfolder_1".into()],
                user_defined_extensions: vec!["iso".into()],
                user_defined_names: vec!["test".into()],
            },
            folders: vec![
                CloudFolder::new("/subfolder_1", "", 1),
                CloudFolder::new("/new folder", "", 1),
                CloudFolder::new("/test1", "id:xxxx", 3),
                CloudFolder::new("/test2", "id:xxxx", 3),
            ],
            ..Task::new(4, "/test_share/WebDAV test/subfolder", "/docs")
        }],
        log: [1_724_418_508, 1_724_418_119]
            .map(|time| {
                let path = "/test_share/WebDAV test/subfolder/OCR Japanese extension.paper";
                LogRow::new(4, 1, path, time).with_error(-36)
            })
            .into(),
        ..Connection::new(3, "db", "Dropbox")
    };
    for (field, value) in [
        ("access_token", "xxxxxxxx"),
        ("refresh_token", "xxxxxxxx"),
        ("client_id", "xxxxxxxx"),
        ("unique_id", "dbid:xxxxxxxx"),
    ] {
        connection.auth.insert(field.into(), Value::from(value));
    }
    connection
}

fn onedrive() -> Connection {
    Connection {
        status: "syncing".into(),
        unfinished_files: 2,
        user_id: "xxxxxx".into(),
        property: Property {
            quota_total: Some(5_368_709_120),
            quota_used: Some(1_073_741_824),
            ..Property::default()
        },
        tasks: vec![Task {
            status: "syncing".into(),
            ..Task::new(3, "/test_share/WebDAV test", "/Documents")
        }],
        ..Connection::new(2, "od_v1", "Microsoft OneDrive")
    }
}
