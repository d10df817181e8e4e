//! The state of the simulated NAS: package settings, connections, tasks, transfers, logs.
//!
//! All fields are public, so that a test writes the situation it wants; ready-made worlds are [`World::empty`],
//! [`World::documented`] and [`World::demo`]. Nothing here is checked for sense: a status that nobody has heard of or
//! a negative size is a legitimate thing to feed to a client.

mod advance;
mod connection;
mod demo;
mod documented;
mod task;

pub use connection::{Connection, ConnectionError, ConnectionSettings, Property};
pub use task::{CloudFolder, Filters, LogRow, Task, TaskSettings, Transfer, Workload};

use serde_json::Value;

/// One volume of the NAS, as `get_config` lists it. Sizes are bytes.
#[derive(Clone, Debug)]
pub struct Volume {
    /// Where it is mounted, such as `/volume1`.
    pub mount_point: String,
    /// Free bytes.
    pub size_free: i64,
    /// Size in bytes.
    pub size_total: i64,
}

/// The package's settings, as `get_config` answers them.
#[derive(Clone, Debug)]
pub struct PackageConfig {
    /// Whether an administrator sees every user's connections (`admin_mode` "enable").
    pub admin_mode: bool,
    /// Log rows kept for each connection.
    pub log_count: i64,
    /// Volume that holds the package's database.
    pub repo_vol_path: String,
    /// What a relink does to files deleted locally: true deletes them in the cloud too.
    pub sync_mode: bool,
    /// Files transferred at once.
    pub worker_count: i64,
    /// The NAS's volumes.
    pub volumes: Vec<Volume>,
}

/// One row of `history_items`.
#[derive(Clone, Debug)]
pub struct HistoryItem {
    /// What happened, by number (API notes §5).
    pub action: i64,
    /// 0 info, 1 warning, 2 error.
    pub log_level: i64,
    /// Path on the NAS.
    pub path: String,
    /// The task.
    pub session_id: i64,
    /// Last segment of the task's local folder.
    pub syncfolder_basename: String,
}

/// `notification` of `list_conn`.
#[derive(Clone, Debug)]
pub struct Notification {
    /// How many files it speaks of.
    pub file_count: i64,
    /// Action of the latest one.
    pub action: i64,
    /// Level of the latest one.
    pub log_level: i64,
    /// Name of the latest one.
    pub name: String,
}

/// Everything the simulated NAS knows about Cloud Sync.
#[derive(Clone, Debug)]
pub struct World {
    /// Package settings.
    pub config: PackageConfig,
    /// The connections, in the order `list_conn` gives them.
    pub connections: Vec<Connection>,
    /// Transfers in flight, in the order `get_recently_change` gives them. They may name a task that does not exist.
    pub transfers: Vec<Transfer>,
    /// Recent changes, newest first; the NAS shows five.
    pub history: Vec<HistoryItem>,
    /// What the tray would show; null when there is none.
    pub notification: Option<Notification>,
    /// Shown as it is.
    pub server_merge_items: Vec<Value>,
    /// Shared folders in which a task may be created, without a slash.
    pub shares: Vec<String>,
    /// Overrides the tray status that otherwise follows from the connections.
    pub tray_status: Option<String>,
    /// `pause` and `resume` are answered with success and change nothing.
    pub ignores_pause: bool,
    next_connection: i64,
    next_task: i64,
    rng: fastrand::Rng,
    /// Seconds that it has moved for, and the milliseconds that are no second yet.
    age: u64,
    milliseconds: u64,
}

impl World {
    /// A NAS with the package installed, one volume, one shared folder and no connection.
    pub fn empty() -> Self {
        Self {
            config: PackageConfig {
                admin_mode: true,
                log_count: 20_000,
                repo_vol_path: "/volume1".into(),
                sync_mode: false,
                worker_count: 3,
                volumes: vec![Volume {
                    mount_point: "/volume1".into(),
                    size_free: 768_625_090_560,
                    size_total: 955_458_760_704,
                }],
            },
            connections: Vec::new(),
            transfers: Vec::new(),
            history: Vec::new(),
            notification: None,
            server_merge_items: Vec::new(),
            shares: vec!["data".into()],
            tray_status: None,
            ignores_pause: false,
            next_connection: 1,
            next_task: 1,
            rng: fastrand::Rng::with_seed(1),
            age: 0,
            milliseconds: 0,
        }
    }

    /// Adds a connection with a fresh id and the defaults of its kind (`db`, `od_v1`, `gd`, `wd`, `az`, or any other
    /// word). Ids are never given twice.
    pub fn add_connection(&mut self, kind: &str, name: &str) -> &mut Connection {
        let id = self.next_connection;
        self.insert_connection(Connection::new(id, kind, name))
    }

    /// Adds a connection that brings its id.
    pub fn insert_connection(&mut self, connection: Connection) -> &mut Connection {
        self.next_connection = self.next_connection.max(connection.id + 1);
        self.next_task = connection.tasks.iter().map(|task| task.id + 1).fold(self.next_task, i64::max);
        let at = self.connections.len();
        self.connections.push(connection);
        &mut self.connections[at]
    }

    /// Adds a task with a fresh id; `None` when there is no such connection.
    pub fn add_task(&mut self, connection_id: i64, local: &str, remote: &str) -> Option<&mut Task> {
        let id = self.next_task;
        let connection = self.connections.iter_mut().find(|connection| connection.id == connection_id)?;
        self.next_task += 1;
        let at = connection.tasks.len();
        connection.tasks.push(Task::new(id, local, remote));
        Some(&mut connection.tasks[at])
    }

    /// Writes a row into a connection's log: newest first, the older rows beyond `log_count` forgotten. False when
    /// there is no such connection.
    pub fn add_log(&mut self, connection_id: i64, row: LogRow) -> bool {
        let keep = usize::try_from(self.config.log_count).unwrap_or(0);
        let Some(connection) = self.connection_mut(connection_id) else { return false };
        let at = connection.log.partition_point(|older| older.time > row.time);
        connection.log.insert(at, row);
        connection.log.truncate(keep);
        true
    }

    /// Puts a row at the top of the history.
    pub fn add_history(&mut self, item: HistoryItem) {
        self.history.insert(0, item);
        self.history.truncate(Self::HISTORY_SHOWN);
    }

    /// How many recent changes the NAS shows (API notes §4).
    pub const HISTORY_SHOWN: usize = 5;

    /// Puts a transfer in flight.
    pub fn add_transfer(&mut self, transfer: Transfer) -> &mut Transfer {
        let at = self.transfers.len();
        self.transfers.push(transfer);
        &mut self.transfers[at]
    }

    /// The connection with this id.
    pub fn connection(&self, id: i64) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.id == id)
    }

    /// The connection with this id, to change.
    pub fn connection_mut(&mut self, id: i64) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.id == id)
    }

    /// The task with this id.
    pub fn task(&self, id: i64) -> Option<&Task> {
        self.connections.iter().flat_map(|connection| &connection.tasks).find(|task| task.id == id)
    }

    /// The task with this id, to change.
    pub fn task_mut(&mut self, id: i64) -> Option<&mut Task> {
        self.connections.iter_mut().flat_map(|connection| &mut connection.tasks).find(|task| task.id == id)
    }

    /// The connection that a task belongs to.
    pub fn connection_of_task(&self, id: i64) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.tasks.iter().any(|task| task.id == id))
    }

    /// Pauses a connection: its status and its tasks' become `pause`, and what was in flight waits. (Whether a real
    /// NAS lets running transfers finish is not known, API notes §6.)
    pub fn pause(&mut self, id: i64) {
        let Some(at) = self.connections.iter().position(|connection| connection.id == id) else { return };
        let connection = &mut self.connections[at];
        let (parked, flying) = std::mem::take(&mut self.transfers)
            .into_iter()
            .partition(|transfer| connection.tasks.iter().any(|task| task.id == transfer.session_id));
        self.transfers = flying;
        connection.parked.extend::<Vec<Transfer>>(parked);
        connection.status = "pause".into();
        for task in &mut connection.tasks {
            task.status = "pause".into();
        }
    }

    /// Ends a pause: what waited is in flight again and the status words follow from what there is to do.
    pub fn resume(&mut self, id: i64) {
        let Some(connection) = self.connections.iter_mut().find(|connection| connection.id == id) else {
            return;
        };
        if !connection.is_paused() {
            return;
        }
        self.transfers.append(&mut connection.parked);
        let transfers = &self.transfers;
        for task in &mut connection.tasks {
            task.status = task.working_status(transfers).into();
        }
        connection.status = connection.working_status().into();
    }

    /// Ends every pause, as [`World::resume`] does.
    pub fn forget_pauses(&mut self) {
        let ids: Vec<i64> = self.connections.iter().map(|connection| connection.id).collect();
        for id in ids {
            self.resume(id);
        }
    }

    /// Removes a connection with its tasks, logs and transfers; false when there is none.
    pub fn remove_connection(&mut self, id: i64) -> bool {
        let Some(at) = self.connections.iter().position(|connection| connection.id == id) else {
            return false;
        };
        let gone = self.connections.remove(at);
        self.transfers.retain(|transfer| gone.tasks.iter().all(|task| task.id != transfer.session_id));
        true
    }

    /// Removes a task of a connection, with the files it had to do; false when the connection has none with that id.
    pub fn remove_task(&mut self, connection_id: i64, id: i64) -> bool {
        let connection = self.connections.iter_mut().find(|connection| connection.id == connection_id);
        let Some(connection) = connection else { return false };
        let Some(at) = connection.tasks.iter().position(|task| task.id == id) else { return false };
        let gone = connection.tasks.remove(at);
        let mut files = gone.workload.map_or(0, |workload| workload.backlog);
        let mut is_other = |transfer: &Transfer| {
            let other = transfer.session_id != id;
            files += i64::from(!other);
            other
        };
        connection.parked.retain(&mut is_other);
        self.transfers.retain(&mut is_other);
        connection.unfinished_files = (connection.unfinished_files - files).max(0);
        true
    }

    /// The status word of the tray: the gravest of the connections'.
    pub fn tray(&self) -> String {
        if let Some(status) = &self.tray_status {
            return status.clone();
        }
        let words = ["error", "syncing", "processing", "scanning", "connecting"];
        let has = |word: &str| self.connections.iter().any(|connection| connection.status == word);
        let all_paused = self.is_paused();
        words
            .into_iter()
            .find(|word| has(word))
            .unwrap_or(if all_paused { "pause" } else { "uptodate" })
            .into()
    }

    /// Whether there are connections and all of them are paused.
    pub fn is_paused(&self) -> bool {
        !self.connections.is_empty() && self.connections.iter().all(Connection::is_paused)
    }

    /// Every planted secret: none of these strings may turn up in a log, a metric or an answer of ours.
    pub fn secrets(&self) -> Vec<String> {
        self.connections.iter().flat_map(Connection::secrets).collect()
    }
}
