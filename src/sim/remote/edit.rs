//! Changes of the world that come as JSON: only what is named changes, and nothing else follows from it.

use serde::Deserialize;

use crate::sim::{
    World,
    world::{ConnectionError, LogRow, Transfer},
};

/// A connection's part of the world.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectionEdit {
    id: i64,
    unfinished_files: Option<i64>,
    status: Option<String>,
    link_status: Option<i64>,
    /// Its error by number; 0 = none.
    error: Option<i64>,
    quota_total: Option<i64>,
    quota_used: Option<i64>,
}

/// A task's part.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskEdit {
    id: i64,
    /// Its error by number; 0 = none.
    error: Option<i64>,
    status: Option<String>,
    link_status: Option<i64>,
}

/// New rows of a log, of this second.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogEdit {
    task: i64,
    action: i64,
    #[serde(default)]
    log_level: i64,
    #[serde(default)]
    error_code: i64,
    /// How many, each of a file of its own.
    #[serde(default = "one")]
    count: u32,
}

/// A file in flight: the one of this task and path, or a new one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferEdit {
    task: i64,
    path: String,
    status: Option<String>,
    total_size: Option<i64>,
    current_size: Option<i64>,
    stalled: Option<bool>,
}

/// A volume of the NAS.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VolumeEdit {
    mount_point: String,
    size_free: i64,
}

fn one() -> u32 {
    1
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

impl ConnectionEdit {
    pub(super) fn apply(self, world: &mut World) -> Result<(), String> {
        let Self { id, unfinished_files, status, link_status, error, quota_total, quota_used } = self;
        let connection = world.connection_mut(id).ok_or_else(|| format!("there is no connection {id}"))?;
        set(&mut connection.unfinished_files, unfinished_files);
        set(&mut connection.status, status);
        set(&mut connection.link_status, link_status);
        if let Some(code) = error {
            connection.error = (code != 0).then(|| ConnectionError {
                code,
                desc: format!("error {code}"),
                kind: "connection".into(),
            });
        }
        set(&mut connection.property.quota_total, quota_total.map(Some));
        set(&mut connection.property.quota_used, quota_used.map(Some));
        Ok(())
    }
}

impl TaskEdit {
    pub(super) fn apply(self, world: &mut World) -> Result<(), String> {
        let Self { id, error, status, link_status } = self;
        let task = world.task_mut(id).ok_or_else(|| format!("there is no task {id}"))?;
        match error {
            Some(0) => {
                task.error = 0;
                task.error_desc.clear();
            }
            Some(code) => task.fail(code, &format!("error {code}")),
            None => {}
        }
        set(&mut task.status, status);
        set(&mut task.link_status, link_status);
        Ok(())
    }
}

impl LogEdit {
    /// Writes the rows as of `now`, in epoch seconds.
    pub(super) fn apply(self, world: &mut World, now: i64) -> Result<(), String> {
        let Self { task, action, log_level, error_code, count } = self;
        let unknown = || format!("there is no task {task}");
        let folder = world.task(task).ok_or_else(unknown)?.local_path.clone();
        let connection = world.connection_of_task(task).ok_or_else(unknown)?.id;
        for number in 0..count {
            let row = LogRow::new(task, action, &format!("{folder}/row-{number:05}.dat"), now);
            world.add_log(connection, LogRow { error_code, log_level, ..row });
        }
        Ok(())
    }
}

impl TransferEdit {
    pub(super) fn apply(self, world: &mut World) {
        let Self { task, path, status, total_size, current_size, stalled } = self;
        let is_it = |transfer: &Transfer| transfer.session_id == task && transfer.path == path;
        let transfer = match world.transfers.iter().position(is_it) {
            Some(at) => &mut world.transfers[at],
            None => world.add_transfer(Transfer::upload(task, &path, 0)),
        };
        set(&mut transfer.status, status);
        set(&mut transfer.total_size, total_size);
        set(&mut transfer.current_size, current_size);
        set(&mut transfer.stalled, stalled);
    }
}

impl VolumeEdit {
    pub(super) fn apply(self, world: &mut World) -> Result<(), String> {
        let Self { mount_point, size_free } = self;
        let volume = world.config.volumes.iter_mut().find(|volume| volume.mount_point == mount_point);
        volume.ok_or_else(|| format!("there is no volume {mount_point}"))?.size_free = size_free;
        Ok(())
    }
}
