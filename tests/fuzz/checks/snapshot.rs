//! Any snapshot, those that no NAS can cause included, is exposed in both formats as it is.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use cloudsync_exporter::metrics::{
    Coding, CollectOptions, ExporterMetrics, Exposition, Format, NasCounters, Selection,
};
use cloudsync_exporter::model::{
    Connection, ConnectionId, ConnectionSettings, Data, Direction, DownReason, HeldConnection, HoldKind,
    LogCounts, NasName, Package, Progress, Quota, Snapshot, Status, Task, TaskFilters, TaskId, TaskSettings,
    Transfer, TransferTotals, Tray, Volume,
};

use super::bytes::Bytes;
use super::{promises, strict};

/// Reads a snapshot out of `data`, and looks at what is exposed of it.
pub(crate) fn check(data: &[u8]) {
    let mut bytes = Bytes(data);
    let name = NasName::new("home");
    let counters = Arc::new(NasCounters::new(&name, cloudsync_exporter::poller::sections()));
    let exposition = Exposition::new(Arc::new(ExporterMetrics::new("0", "0", "0", 0.0)));
    let limits = CollectOptions {
        per_file: bytes.flag(),
        max_files: usize::from(bytes.byte()),
        max_series: if bytes.byte() == 255 { usize::from(bytes.byte()) * 8 } else { usize::MAX },
    };
    count(&counters, &mut bytes);
    let snapshot = Arc::new(snapshot(&mut bytes));
    let dropped = exposition.publish(Arc::clone(&snapshot), &counters, limits);
    if dropped.is_empty() {
        promises::exposed(&exposition, &snapshot, &Selection::Nas(name.clone()));
        // With our own families, which cost some reading of /proc.
        if data.first() == Some(&b'a') {
            promises::exposed(&exposition, &snapshot, &Selection::All);
        }
    } else {
        let rendered = exposition.render(&Selection::Nas(name.clone()), Format::Text, Coding::Identity);
        let families = strict::parse(&rendered.expect("it is there").body, strict::Format::Text);
        let families = families.unwrap_or_else(|fault| panic!("{fault}"));
        assert!(families.iter().all(|family| !dropped.contains(&family.name.as_str())));
    }
    exposition.withdraw(&name);
    assert!(exposition.render(&Selection::Nas(name), Format::Text, Coding::Identity).is_none());
}

/// Our own counters, as the rooms around count.
fn count(counters: &NasCounters, bytes: &mut Bytes<'_>) {
    for _ in 0..bytes.below(4) {
        let took = Duration::from_millis(bytes.natural() >> 40);
        let reason = bytes.maybe(reason);
        counters.poll(took, reason);
        let method = bytes.text();
        counters.request(&method, took, reason);
        counters.login(reason);
        counters.malformed("log", bytes.natural() >> 32);
    }
    let holds = (0..bytes.below(4)).map(|_| HeldConnection {
        connection: ConnectionId(bytes.integer()),
        rule: bytes.text(),
        kind: if bytes.flag() { HoldKind::Alert } else { HoldKind::Manual },
        since: bytes.float(),
        until: bytes.maybe(Bytes::float),
        in_effect: bytes.flag(),
    });
    let holds = holds.collect();
    counters.show_holds(holds);
}

fn reason(bytes: &mut Bytes<'_>) -> DownReason {
    DownReason::ALL[usize::from(bytes.byte()) % DownReason::ALL.len()]
}

fn status(bytes: &mut Bytes<'_>) -> Status {
    let known = Status::WORDS.get(usize::from(bytes.byte()));
    known.map_or_else(|| Status::parse(&bytes.text()), |word| Status::parse(word))
}

fn direction(bytes: &mut Bytes<'_>) -> Direction {
    [Direction::Upload, Direction::Download, Direction::Other][usize::from(bytes.below(3))]
}

fn snapshot(bytes: &mut Bytes<'_>) -> Snapshot {
    let up = bytes.maybe(Bytes::flag);
    Snapshot {
        up,
        reason: bytes.maybe(reason),
        trouble: bytes.maybe(Bytes::text),
        last_success: bytes.maybe(Bytes::float),
        login_suspended: bytes.flag(),
        certificate_expiry: bytes.maybe(Bytes::integer),
        data: bytes.maybe(|bytes| Arc::new(data(bytes))),
        ..Snapshot::untried(NasName::new("home"))
    }
}

fn data(bytes: &mut Bytes<'_>) -> Data {
    let mut data = Data {
        tray: Tray {
            status: bytes.maybe(status),
            paused: bytes.maybe(Bytes::flag),
            sees_all_users: bytes.maybe(Bytes::flag),
            notification_files: bytes.maybe(Bytes::integer),
            server_merges: bytes.maybe(Bytes::natural),
        },
        package: bytes.maybe(package),
        ..Data::default()
    };
    while !bytes.is_empty() {
        match bytes.below(6) {
            0 => add_connection(&mut data, bytes),
            1 | 2 => add_task(&mut data, bytes),
            3 => data.transfers.get_or_insert_default().push(transfer(bytes)),
            4 => {
                let counts = data.logs.entry(ConnectionId(bytes.integer())).or_default();
                add_rows(counts, bytes);
            }
            _ => {
                let total = TransferTotals {
                    connection: bytes.maybe(|bytes| ConnectionId(bytes.integer())),
                    task: TaskId(bytes.integer()),
                    direction: direction(bytes),
                    bytes: bytes.natural(),
                };
                let key = |t: &TransferTotals| (t.connection, t.task, t.direction);
                if data.transferred.iter().all(|known| key(known) != key(&total)) {
                    data.transferred.push(total);
                }
            }
        }
    }
    data
}

fn add_rows(counts: &mut LogCounts, bytes: &mut Bytes<'_>) {
    counts.count(bytes.maybe(Bytes::integer), bytes.maybe(Bytes::integer), bytes.integer());
    counts.missed = counts.missed.wrapping_add(bytes.natural());
    if bytes.byte() == 255 {
        counts.events.insert((Cow::Owned(bytes.text()), Cow::Owned(bytes.text())), bytes.natural());
    }
}

fn package(bytes: &mut Bytes<'_>) -> Package {
    let mut volumes: Vec<Volume> = Vec::new();
    for _ in 0..bytes.below(4) {
        let mount_point = bytes.text();
        if volumes.iter().all(|known| known.mount_point != mount_point) {
            let (free, size) = (bytes.maybe(Bytes::natural), bytes.maybe(Bytes::natural));
            volumes.push(Volume { mount_point, display: None, free, size });
        }
    }
    Package {
        admin_mode: bytes.maybe(Bytes::text),
        repo_volume: bytes.maybe(Bytes::text),
        workers: bytes.maybe(Bytes::integer),
        log_limit: bytes.maybe(Bytes::integer),
        relink_deletes_cloud: bytes.maybe(Bytes::flag),
        volume_count: None,
        volumes,
    }
}

fn add_connection(data: &mut Data, bytes: &mut Bytes<'_>) {
    let id = ConnectionId(bytes.integer());
    let connection = Connection {
        id,
        name: bytes.text(),
        task_name: None,
        task_display_name: None,
        kind: bytes.text(),
        type_id: None,
        provider: bytes.text(),
        user: bytes.text(),
        user_id: None,
        status: bytes.maybe(status),
        link_status: bytes.maybe(Bytes::integer),
        error_code: bytes.maybe(Bytes::integer),
        error_desc: None,
        unfinished_files: bytes.maybe(Bytes::integer),
    };
    data.connections.insert(id, connection);
    if bytes.flag() {
        let settings = ConnectionSettings {
            max_upload_speed: bytes.maybe(Bytes::integer),
            max_download_speed: bytes.maybe(Bytes::integer),
            pull_period_seconds: bytes.maybe(Bytes::integer),
            part_size_bytes: bytes.maybe(Bytes::integer),
            storage_class: bytes.maybe(Bytes::text),
            server_side_encryption: bytes.maybe(Bytes::flag),
            schedule_enabled: bytes.maybe(Bytes::flag),
            schedule: None,
        };
        data.settings.insert(id, settings);
        data.schedule_open.insert(id, bytes.flag());
        data.quotas
            .insert(id, Quota { total: bytes.maybe(Bytes::natural), used: bytes.maybe(Bytes::natural) });
        let progress = Progress { last_progress: bytes.float(), last_uptodate: bytes.maybe(Bytes::float) };
        data.progress.insert(id, progress);
    }
}

fn add_task(data: &mut Data, bytes: &mut Bytes<'_>) {
    let id = TaskId(bytes.integer());
    let task = Task {
        id,
        connection: ConnectionId(bytes.integer()),
        local_path: bytes.text(),
        remote_path: bytes.text(),
        remote_folder_id: None,
        direction: bytes.text(),
        status: bytes.maybe(status),
        error_code: bytes.maybe(Bytes::integer),
        error_desc: None,
        link_status: bytes.maybe(Bytes::integer),
    };
    data.tasks.insert(id, task);
    if bytes.flag() {
        let settings = TaskSettings {
            no_delete: bytes.maybe(Bytes::flag),
            consistency_check: bytes.maybe(Bytes::flag),
            converts_online_documents: bytes.maybe(Bytes::flag),
        };
        data.task_settings.insert(id, settings);
        let filters = TaskFilters {
            paths: bytes.maybe(Bytes::natural),
            names: bytes.maybe(Bytes::natural),
            extensions: bytes.maybe(Bytes::natural),
            max_upload_size: bytes.maybe(Bytes::integer),
        };
        data.task_filters.insert(id, filters);
    }
}

fn transfer(bytes: &mut Bytes<'_>) -> Transfer {
    Transfer {
        connection: bytes.maybe(|bytes| ConnectionId(bytes.integer())),
        task: TaskId(bytes.integer()),
        direction: direction(bytes),
        status: None,
        path: bytes.text(),
        base_name: None,
        user: None,
        bit_rate: bytes.maybe(Bytes::float),
        done: bytes.maybe(Bytes::natural),
        size: bytes.maybe(Bytes::natural),
        stalled: bytes.flag(),
    }
}
