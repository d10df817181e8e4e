//! Wire to model. Nothing here fails: a value that is not what the API promises is left out and
//! counted, and so is a second entry with an id that was there already.

use crate::dsm::cloud_sync::wire;
use crate::dsm::{Field, Reason};
use crate::model::{
    Connection, ConnectionId, ConnectionSettings, DownReason, Package, Quota, Schedule, Status, Task,
    TaskFilters, TaskId, TaskSettings, Tray, Volume,
};
use std::collections::BTreeMap;

mod activity;

pub(super) use activity::{Recent, log_rows, recent};

/// Connections of one NAS that are followed. A NAS has tens; an answer with more is not believed.
const MAX_CONNECTIONS: usize = 2_000;
/// Tasks of one connection that are followed.
const MAX_TASKS: usize = 200;
/// Volumes of one NAS that are followed.
const MAX_VOLUMES: usize = 256;
/// The longest text that becomes a label, in bytes: the longest path that Linux knows.
const MAX_TEXT: usize = 4_096;
/// The longest state word or kind of cloud that is believed, in bytes.
const MAX_WORD: usize = 64;

/// A model value with the number of values that were left out on the way to it.
#[derive(Debug)]
pub(super) struct Reduced<T> {
    pub(super) value: T,
    pub(super) malformed: u64,
}

/// Counts malformed values while fields are read.
#[derive(Debug, Default)]
struct Reader {
    malformed: u64,
}

impl Reader {
    fn copy<T: Copy>(&mut self, field: Field<T>) -> Option<T> {
        self.malformed += u64::from(field.is_malformed());
        field.copied()
    }

    fn text(&mut self, field: &Field<String>) -> Option<String> {
        let is_too_long = field.get().is_some_and(|text| text.len() > MAX_TEXT);
        self.malformed += u64::from(field.is_malformed() || is_too_long);
        field.get().filter(|_| !is_too_long).cloned()
    }

    /// A word of a small vocabulary: a label value that a NAS cannot make arbitrarily long.
    fn word(&mut self, field: &Field<String>) -> Option<String> {
        let word = self.text(field).filter(|word| !word.is_empty())?;
        if word.len() > MAX_WORD {
            self.malformed += 1;
            return None;
        }
        Some(word)
    }

    fn status(&mut self, field: &Field<String>) -> Option<Status> {
        self.word(field).map(|word| Status::parse(&word))
    }

    /// A number that cannot be negative.
    fn count(&mut self, field: Field<i64>) -> Option<u64> {
        let number = self.copy(field)?;
        let count = u64::try_from(number).ok();
        self.malformed += u64::from(count.is_none());
        count
    }

    /// The same, where the model keeps the NAS's own kind of number.
    fn natural(&mut self, field: Field<i64>) -> Option<i64> {
        self.count(field).and_then(|number| i64::try_from(number).ok())
    }

    /// An optional object inside an answer.
    fn inner<'a, T>(&mut self, field: &'a Field<T>) -> Option<&'a T> {
        self.malformed += u64::from(field.is_malformed());
        field.get()
    }

    fn list(&mut self, malformed: usize) {
        self.malformed += malformed as u64;
    }

    fn done<T>(self, value: T) -> Reduced<T> {
        Reduced { value, malformed: self.malformed }
    }
}

/// The reason of a failure in our own vocabulary.
pub fn reason(reason: Reason) -> DownReason {
    match reason {
        Reason::Dns => DownReason::Dns,
        Reason::Connect => DownReason::Connect,
        Reason::Tls => DownReason::Tls,
        Reason::Timeout => DownReason::Timeout,
        Reason::Http => DownReason::Http,
        Reason::Decode => DownReason::Decode,
        Reason::Auth => DownReason::Auth,
        Reason::Otp => DownReason::Otp,
        Reason::Blocked => DownReason::Blocked,
        Reason::Permission => DownReason::Permission,
        Reason::PackageMissing => DownReason::PackageMissing,
        Reason::Session => DownReason::Session,
        Reason::Api => DownReason::Api,
    }
}

/// The connections, by id, and what the answer says of the package as a whole.
pub(super) fn connections(answer: &wire::ListConn) -> Reduced<(BTreeMap<ConnectionId, Connection>, Tray)> {
    let mut reader = Reader::default();
    reader.list(answer.conn.malformed);
    let mut connections = BTreeMap::new();
    for conn in &answer.conn {
        match connection(&mut reader, conn) {
            Some(connection)
                if connections.len() < MAX_CONNECTIONS && !connections.contains_key(&connection.id) =>
            {
                connections.insert(connection.id, connection);
            }
            _ => reader.malformed += 1,
        }
    }
    let notification = reader.inner(&answer.notification);
    let tray = Tray {
        notification_files: notification.and_then(|n| reader.natural(n.file_count)),
        status: reader.status(&answer.tray_status),
        paused: reader.copy(answer.is_pause),
        sees_all_users: reader.copy(answer.is_admin_mode),
        server_merges: None,
    };
    reader.done((connections, tray))
}

/// An id. Negative ones mean something else to the API: −1 is "all" to pause and resume.
fn id(reader: &mut Reader, field: Field<i64>) -> Option<i64> {
    reader.copy(field).filter(|id| *id >= 0)
}

fn connection(reader: &mut Reader, conn: &wire::Conn) -> Option<Connection> {
    let id = ConnectionId(id(reader, conn.id)?);
    let (display, task_name) = (reader.text(&conn.task_display_name), reader.text(&conn.task_name));
    let name = display.clone().filter(|name| !name.is_empty()).or_else(|| task_name.clone());
    let kind = reader.word(&conn.kind).unwrap_or_default();
    let status = reader.status(&conn.status);
    // The field is there in error only; without it there is no error.
    let error_code = match (reader.copy(conn.error), &status) {
        (Some(code), _) => Some(code),
        (None, Some(Status::Error | Status::Other(_)) | None) => None,
        (None, Some(_)) if conn.error.is_malformed() => None,
        (None, Some(_)) => Some(0),
    };
    Some(Connection {
        id,
        name: name.unwrap_or_default(),
        task_name,
        task_display_name: display,
        provider: Connection::provider_of(&kind).to_owned(),
        kind,
        type_id: reader.copy(conn.type_id),
        user: reader.text(&conn.user_name).unwrap_or_default(),
        user_id: reader.text(&conn.user_id),
        status,
        link_status: reader.copy(conn.link_status),
        error_code,
        error_desc: reader.text(&conn.error_desc),
        unfinished_files: reader.natural(conn.unfinished_files),
    })
}

/// The tasks of one connection. A task that says to belong to another one of `connections` is left to that.
pub(super) fn tasks(
    connection: ConnectionId,
    answer: &wire::ListSess,
    connections: &BTreeMap<ConnectionId, Connection>,
) -> Reduced<Vec<Task>> {
    let mut reader = Reader::default();
    reader.list(answer.sess.malformed);
    let mut tasks: Vec<Task> = Vec::new();
    for sess in &answer.sess {
        let home = sess.conn_id.copied().map(ConnectionId);
        if home.is_some_and(|home| home != connection && connections.contains_key(&home)) {
            reader.malformed += 1;
            continue;
        }
        match task(&mut reader, connection, sess) {
            Some(task) if tasks.len() < MAX_TASKS && !tasks.iter().any(|known| known.id == task.id) => {
                tasks.push(task);
            }
            _ => reader.malformed += 1,
        }
    }
    reader.done(tasks)
}

fn task(reader: &mut Reader, connection: ConnectionId, sess: &wire::Sess) -> Option<Task> {
    Some(Task {
        id: TaskId(id(reader, sess.sess_id)?),
        connection,
        local_path: reader.text(&sess.local_sync_path).unwrap_or_default(),
        remote_path: reader.text(&sess.remote_sync_path).unwrap_or_default(),
        remote_folder_id: reader.text(&sess.remote_folder_id),
        direction: reader.word(&sess.sync_direction).unwrap_or_default(),
        status: reader.status(&sess.sync_status),
        error_code: reader.copy(sess.error),
        error_desc: reader.text(&sess.error_desc),
        link_status: reader.copy(sess.link_status),
    })
}

/// The package's settings.
pub(super) fn package(answer: &wire::Config) -> Reduced<Package> {
    let mut reader = Reader::default();
    reader.list(answer.volume_list.malformed);
    let mut volumes: Vec<Volume> = Vec::new();
    for volume in &answer.volume_list {
        match reader.text(&volume.mount_point) {
            Some(mount_point)
                if volumes.len() < MAX_VOLUMES
                    && !volumes.iter().any(|known| known.mount_point == mount_point) =>
            {
                let (free, size) = (reader.count(volume.size_free), reader.count(volume.size_total));
                volumes.push(Volume { mount_point, display: reader.text(&volume.display), free, size });
            }
            _ => reader.malformed += 1,
        }
    }
    let package = Package {
        admin_mode: reader.word(&answer.admin_mode),
        repo_volume: reader.text(&answer.repo_vol_path),
        workers: reader.natural(answer.worker_count),
        log_limit: reader.natural(answer.log_count),
        relink_deletes_cloud: reader.copy(answer.sync_mode),
        volume_count: reader.natural(answer.volume_count),
        volumes,
    };
    reader.done(package)
}

/// The settings of a connection.
pub(super) fn settings(answer: &wire::ConnectionSetting) -> Reduced<ConnectionSettings> {
    const MIB: i64 = 1024 * 1024;
    let mut reader = Reader::default();
    let schedule = reader.text(&answer.schedule_info).and_then(|text| {
        let schedule = Schedule::parse(&text).ok();
        // A connection that never had a schedule may have none.
        reader.malformed += u64::from(schedule.is_none() && !text.is_empty());
        schedule
    });
    let settings = ConnectionSettings {
        max_upload_speed: reader.natural(answer.max_upload_speed),
        max_download_speed: reader.natural(answer.max_download_speed),
        pull_period_seconds: reader.natural(answer.pull_event_period),
        part_size_bytes: reader.natural(answer.part_size).and_then(|mib| mib.checked_mul(MIB)),
        storage_class: reader.text(&answer.storage_class),
        server_side_encryption: reader.copy(answer.is_sse),
        schedule_enabled: reader.copy(answer.is_enabled_schedule),
        schedule,
    };
    reader.done(settings)
}

/// The quota of a connection. A total of 0 or less is a cloud that reports none (API notes §5); a use
/// of 0 beside it is not a measurement either.
pub(super) fn quota(answer: &wire::Property) -> Reduced<Quota> {
    let mut reader = Reader::default();
    let total =
        reader.copy(answer.quota_total).and_then(|total| u64::try_from(total).ok()).filter(|t| *t > 0);
    let used = reader.copy(answer.quota_used).and_then(|used| u64::try_from(used).ok());
    reader.done(Quota { total, used: used.filter(|used| total.is_some() || *used > 0) })
}

/// The settings of a task.
pub(super) fn task_settings(answer: &wire::SessionSetting) -> Reduced<TaskSettings> {
    let mut reader = Reader::default();
    let settings = TaskSettings {
        no_delete: reader.copy(answer.no_delete),
        consistency_check: reader.copy(answer.sync_attr_check_option),
        converts_online_documents: reader.copy(answer.google_drive_convert_online_doc),
    };
    reader.done(settings)
}

/// The filters of a task.
pub(super) fn task_filters(answer: &wire::SelectiveSyncConfig) -> Reduced<TaskFilters> {
    let mut reader = Reader::default();
    let mut length = |list: &crate::dsm::List<String>| {
        reader.list(list.malformed);
        list.present.then_some((list.items.len() + list.malformed) as u64)
    };
    let (paths, names, extensions) =
        (length(&answer.filtered_paths), length(&answer.filtered_names), length(&answer.filtered_extensions));
    let max_upload_size = reader.natural(answer.filtered_max_upload_size);
    reader.done(TaskFilters { paths, names, extensions, max_upload_size })
}
