//! The demo's world: six connections that show what the exporter is for.

use serde_json::json;

use super::{
    CloudFolder, ConnectionError, HistoryItem, LogRow, Notification, PackageConfig, Task, Transfer, Volume,
    Workload, World,
};

const MIB: i64 = 1 << 20;
const GIB: i64 = 1 << 30;

/// The time of a demo that stands still: 2026-01-01T00:00:00Z.
const EPOCH: i64 = 1_767_225_600;

impl World {
    /// Dropbox up to date; OneDrive with several transfers moving; Google Drive parked in error −12; Amazon S3 paused;
    /// a second Google Drive whose quota is about to fill, with a stalled upload; `WebDAV` without a quota. Always the
    /// same, with log rows up to 2026-01-01.
    pub fn demo() -> Self {
        Self::demo_at(EPOCH)
    }

    /// The same with log rows up to `now`, in epoch seconds: for a demo that moves.
    pub fn demo_at(now: i64) -> Self {
        let mut world = Self::empty();
        world.config = PackageConfig {
            worker_count: 6,
            volumes: vec![
                Volume { mount_point: "/volume1".into(), size_free: 712 * GIB, size_total: 3_572 * GIB },
                Volume { mount_point: "/volume2".into(), size_free: 41 * GIB, size_total: 930 * GIB },
            ],
            ..world.config
        };
        world.shares = ["documents", "photos", "projects", "backup", "media"].map(String::from).into();
        dropbox(&mut world);
        onedrive(&mut world);
        google_drive_in_error(&mut world);
        s3_paused(&mut world);
        google_drive_filling_up(&mut world);
        webdav(&mut world);
        world.notification = Some(Notification {
            file_count: 12,
            action: 2,
            log_level: 0,
            name: "Offer 2026-014.docx".into(),
        });
        for (task, action, path) in [
            (1, 2, "/documents/contracts/Lease.pdf"),
            (1, 1, "/documents/Minutes January.docx"),
            (2, 2, "/projects/north/Plan.dwg"),
            (6, 2, "/media/talks/Opening.mp4"),
            (1, 0, "/documents/old/Draft 1.docx"),
        ] {
            let folder = world.task(task).map(|task| task.basename().to_owned()).unwrap_or_default();
            world.history.push(HistoryItem {
                action,
                log_level: 0,
                path: path.into(),
                session_id: task,
                syncfolder_basename: folder,
            });
        }
        for row in world.connections.iter_mut().flat_map(|connection| &mut connection.log) {
            row.time += now;
        }
        world
    }

    /// A connection with its cloud account's name, its used and whole quota, and one task.
    fn demo_connection(
        &mut self,
        (kind, name, user): (&str, &str, &str),
        quota: Option<(i64, i64)>,
        task: Task,
    ) -> i64 {
        let connection = self.add_connection(kind, name);
        connection.user_name = user.into();
        connection.property.quota_used = quota.map(|(used, _)| used);
        connection.property.quota_total = quota.map(|(_, total)| total);
        let id = connection.id;
        if let Some(added) = self.add_task(id, "", "") {
            *added = Task { id: added.id, remote_folder_id: added.remote_folder_id.clone(), ..task };
        }
        id
    }

    /// Log rows, oldest first, a quarter of an hour apart, in seconds before now.
    fn demo_log(&mut self, connection: i64, rows: Vec<LogRow>) {
        for (age, row) in (1..).zip(rows.into_iter().rev()) {
            self.add_log(connection, LogRow { time: -age * 900, ..row });
        }
    }
}

fn row(task: i64, action: i64, path: &str) -> LogRow {
    LogRow::new(task, action, path, 0)
}

fn dropbox(world: &mut World) {
    let task = Task {
        folders: vec![
            CloudFolder::new("/contracts", "id:a1", 3),
            CloudFolder::new("/contracts/2025", "id:a2", 3),
            CloudFolder::new("/old", "id:a3", 3),
        ],
        workload: Some(Workload {
            backlog: 0,
            seconds_per_file: 90,
            parallel: 1,
            rate: 2 * MIB,
            sizes: (40_000, 6 * MIB),
            downloads: 40,
        }),
        ..Task::new(0, "/documents", "/Office")
    };
    let id =
        world.demo_connection(("db", "Dropbox", "anna@example.com"), Some((612 * GIB, 2_048 * GIB)), task);
    world.demo_log(
        id,
        vec![
            row(1, 2, "/documents/contracts/Lease.pdf"),
            row(1, 1, "/documents/Minutes December.docx"),
            row(1, 4, "/documents/contracts/Lease (signed).pdf"),
            row(1, 0, "/documents/old/Draft 1.docx"),
            row(1, 1, "/documents/Minutes January.docx"),
        ],
    );
}

fn onedrive(world: &mut World) {
    let task = Task {
        status: "syncing".into(),
        workload: Some(Workload {
            backlog: 23,
            seconds_per_file: 4,
            parallel: 4,
            rate: 3 * MIB / 2,
            sizes: (MIB, 40 * MIB),
            downloads: 35,
        }),
        ..Task::new(0, "/projects", "/Projects")
    };
    let id = world.demo_connection(
        ("od_v1", "Microsoft OneDrive", "office@example.com"),
        Some((388 * GIB, 1_024 * GIB)),
        task,
    );
    world.demo_log(
        id,
        vec![
            row(2, 2, "/projects/north/Site.jpg"),
            row(2, 6, "/projects/north/model:final.skp").with_error(-54),
            row(2, 2, "/projects/north/Plan.dwg"),
            LogRow { log_level: 1, ..row(2, 1, "/projects/south/Notes.one") },
            row(2, 3, "/projects/south/Obsolete.dwg"),
        ],
    );
    for (transfer, rate, done) in [
        (Transfer::upload(2, "/projects/north/Walkthrough.mp4", 310 * MIB), 1_600_000, 45 * MIB),
        (Transfer::upload(2, "/projects/north/Offer 2026-014.docx", 18 * MIB), 900_000, 2 * MIB),
        (Transfer::download(2, "/projects/south/Survey.zip", 120 * MIB), 2_400_000, 30 * MIB),
        (Transfer::download(2, "/projects/south/Elevation.pdf", 35 * MIB), 1_100_000, 0),
    ] {
        world.add_transfer(Transfer {
            bit_rate: rate,
            current_size: done,
            user_name: "office@example.com".into(),
            ..transfer
        });
    }
    if let Some(connection) = world.connection_mut(id) {
        connection.status = "syncing".into();
        connection.unfinished_files = 27;
        connection.settings.max_upload_speed = 4096;
    }
}

fn google_drive_in_error(world: &mut World) {
    let mut task = Task::new(0, "/photos/shared album", "/Shared album");
    task.fail(-12, "The sync folder is missing");
    task.settings.google_drive_convert_online_doc = true;
    let id =
        world.demo_connection(("gd", "Google Drive", "ben@example.com"), Some((9 * GIB, 15 * GIB)), task);
    world.demo_log(
        id,
        vec![
            row(3, 2, "/photos/shared album/IMG_0412.HEIC"),
            row(3, 7, "/photos/shared album/IMG_0413.HEIC").with_error(-10),
            row(3, 6, "/photos/shared album").with_error(-12),
        ],
    );
    if let Some(connection) = world.connection_mut(id) {
        connection.status = "error".into();
        connection.error = Some(ConnectionError {
            code: -12,
            desc: "The sync folder is missing".into(),
            kind: "session".into(),
        });
        connection.extra.insert("cloud_status".into(), json!("error"));
    }
}

fn s3_paused(world: &mut World) {
    let mut task = Task::new(0, "/backup/archive", "/archive");
    task.direction = "ONLY_UPLOAD".into();
    task.settings.no_delete = true;
    task.filters.filtered_extensions = vec!["tmp".into(), "part".into()];
    task.filters.user_defined_extensions = vec!["part".into()];
    task.workload = Some(Workload {
        backlog: 140,
        seconds_per_file: 45,
        parallel: 2,
        rate: 5 * MIB,
        sizes: (64 * MIB, 512 * MIB),
        downloads: 0,
    });
    let id = world.demo_connection(("az", "Offsite archive", "AKIASIMULATED0000001"), None, task);
    world.demo_log(
        id,
        vec![row(4, 2, "/backup/archive/2025-12.tar"), row(4, 2, "/backup/archive/2025-11.tar")],
    );
    world.add_transfer(Transfer {
        current_size: 700 * MIB,
        ..Transfer::upload(4, "/backup/archive/2026-01.tar", 2 * GIB)
    });
    if let Some(connection) = world.connection_mut(id) {
        connection.unfinished_files = 141;
        connection.settings.part_size = 128;
        connection.settings.storage_class = "STANDARD_IA".into();
        connection.settings.is_sse = true;
        connection.settings.is_enabled_schedule = true;
        // Nights only: 22:00 to 06:00.
        connection.settings.schedule_info = "111111000000000000000011".repeat(7);
        connection.property.bucket_name = "simulated-bucket".into();
        connection.property.region = "eu-central-1".into();
    }
    world.pause(id);
}

fn google_drive_filling_up(world: &mut World) {
    let task = Task {
        status: "syncing".into(),
        workload: Some(Workload {
            backlog: 40,
            seconds_per_file: 30,
            parallel: 2,
            rate: MIB / 4,
            sizes: (2 * MIB, 9 * MIB),
            downloads: 0,
        }),
        ..Task::new(0, "/photos/camera", "/Camera")
    };
    let id = world.demo_connection(
        ("gd", "Camera roll", "camera@example.com"),
        Some((15 * GIB - 220 * MIB, 15 * GIB)),
        task,
    );
    world.demo_log(
        id,
        vec![row(5, 2, "/photos/camera/2026/IMG_2001.JPG"), row(5, 2, "/photos/camera/2026/IMG_2002.JPG")],
    );
    world.add_transfer(Transfer {
        current_size: 7 * MIB,
        stalled: true,
        user_name: "camera@example.com".into(),
        ..Transfer::upload(5, "/photos/camera/2026/Clip \"birthday\".MOV", 88 * MIB)
    });
    if let Some(connection) = world.connection_mut(id) {
        connection.status = "syncing".into();
        connection.unfinished_files = 41;
    }
}

fn webdav(world: &mut World) {
    let mut task = Task::new(0, "/media/talks", "/talks");
    task.direction = "ONLY_DOWNLOAD".into();
    task.workload = Some(Workload {
        backlog: 0,
        seconds_per_file: 240,
        parallel: 1,
        rate: 4 * MIB,
        sizes: (20 * MIB, 200 * MIB),
        downloads: 100,
    });
    let id = world.demo_connection(("wd", "Lecture server", "library"), None, task);
    world.demo_log(
        id,
        vec![row(6, 1, "/media/talks/Opening.mp4"), row(6, 7, "/media/talks/Locked.mp4").with_error(-35)],
    );
    if let Some(connection) = world.connection_mut(id) {
        connection.property.server_addr = "https://webdav.example/files".into();
        connection.settings.pull_event_period = 600;
    }
}
