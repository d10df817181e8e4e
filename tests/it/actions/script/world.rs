//! The model behind a scripted NAS: connections with their settings and tasks, and what each command does to them.

use super::Fault;
use cloudsync_exporter::actions::schema::Document;
use cloudsync_exporter::actions::{Command, Failure, Question, Target};
use cloudsync_exporter::model::{
    Connection, ConnectionId, ConnectionSettings, HeldConnection, Snapshot, Status,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A connection of the model.
#[derive(Clone)]
pub(crate) struct Conn {
    pub(crate) name: &'static str,
    pub(crate) owner_name: &'static str,
    /// What it is.
    pub(crate) status: &'static str,
    /// What is shown of it, which may come late.
    pub(super) shown: &'static str,
    /// What it would be without its error.
    pub(crate) hidden: &'static str,
    pub(crate) settings: Document,
    /// The settings that are shown before these, each once.
    pub(super) stale: VecDeque<Document>,
    pub(crate) tasks: Vec<Value>,
}

/// The model.
pub(crate) struct World {
    pub(crate) connections: BTreeMap<i64, Conn>,
    pub(crate) package: Document,
    pub(crate) task_settings: BTreeMap<i64, Document>,
    pub(crate) filters: BTreeMap<i64, Document>,
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    /// So many lists of connections still show what was before.
    pub(crate) lag: usize,
    /// So many looks at a connection's settings still show what was before a change.
    pub(crate) settings_lag: usize,
    pub(crate) shown_holds: Vec<HeldConnection>,
    /// What was counted: `pause api`, `pause api failed`.
    pub(crate) counted: Vec<String>,
    /// The guards that kept something back.
    pub(crate) blocked: Vec<&'static str>,
    pub(crate) polls: usize,
    /// Connections that it refuses to resume.
    pub(crate) stubborn: std::collections::BTreeSet<i64>,
    /// Connections whose settings it refuses to change.
    pub(crate) unyielding: std::collections::BTreeSet<i64>,
    pub(super) sessions_lost: u64,
    pub(super) loses_session: bool,
    pub(super) faults: BTreeMap<&'static str, Fault>,
    pub(crate) told: Vec<String>,
    pub(super) asked: usize,
}

fn document(value: Value) -> Document {
    match value {
        Value::Object(document) => document,
        other => panic!("{other} is no object"),
    }
}

impl Conn {
    pub(crate) fn new(name: &'static str, status: &'static str) -> Self {
        let settings = document(json!({
            "task_name": name, "pull_event_period": 60, "max_upload_speed": 0, "max_download_speed": 0,
            "storage_class": "", "isSSE": false, "part_size": 64, "is_enabled_schedule": false,
            "schedule_info": "1".repeat(168), "client_type": "db",
        }));
        Self {
            name,
            owner_name: name,
            status,
            shown: status,
            hidden: "syncing",
            settings,
            stale: VecDeque::new(),
            tasks: Vec::new(),
        }
    }
}

pub(super) fn seen(id: i64, connection: &Conn) -> Connection {
    Connection {
        id: ConnectionId(id),
        name: connection.name.to_owned(),
        task_name: Some(connection.owner_name.to_owned()),
        task_display_name: Some(connection.name.to_owned()),
        kind: "db".to_owned(),
        type_id: None,
        provider: "Dropbox".to_owned(),
        user: "alice".to_owned(),
        user_id: None,
        status: Some(Status::parse(connection.status)),
        link_status: Some(1),
        error_code: None,
        error_desc: None,
        unfinished_files: Some(0),
    }
}

pub(super) fn seen_settings(connection: &Conn) -> ConnectionSettings {
    let number = |name: &str| connection.settings.get(name).and_then(Value::as_i64);
    ConnectionSettings {
        max_upload_speed: number("max_upload_speed"),
        max_download_speed: number("max_download_speed"),
        pull_period_seconds: number("pull_event_period"),
        part_size_bytes: number("part_size").map(|mebibytes| mebibytes << 20),
        ..ConnectionSettings::default()
    }
}

impl World {
    pub(super) fn new() -> Self {
        let mut amazon = Conn::new("Amazon", "syncing");
        amazon.tasks.push(json!({ "sess_id": 50, "local_sync_path": "/share/a", "remote_folder_id": "r" }));
        let connections = BTreeMap::from([
            (3, Conn::new("Dropbox", "uptodate")),
            (5, amazon),
            (7, Conn::new("Drive", "error")),
        ]);
        Self {
            connections,
            package: document(json!({
                "admin_mode": "enable", "log_count": 20_000, "worker_count": 3, "repo_vol_path": "/volume1",
                "sync_mode": false, "volume_count": 1, "volume_list": [{ "mount_point": "/volume1" }],
            })),
            task_settings: BTreeMap::from([(
                50,
                document(json!({ "sync_direction": "BIDIRECTION", "no_delete": false, "filter": "kept" })),
            )]),
            filters: BTreeMap::from([(
                50,
                document(json!({ "filtered_names": ["x"], "user_defined_names": [] })),
            )]),
            snapshot: None,
            lag: 0,
            settings_lag: 0,
            shown_holds: Vec::new(),
            counted: Vec::new(),
            blocked: Vec::new(),
            polls: 0,
            stubborn: std::collections::BTreeSet::new(),
            unyielding: std::collections::BTreeSet::new(),
            sessions_lost: 0,
            loses_session: false,
            faults: BTreeMap::new(),
            told: Vec::new(),
            asked: 0,
        }
    }

    fn one(&self, id: ConnectionId) -> Result<&Conn, Failure> {
        self.connections.get(&id.0).ok_or_else(|| Fault::Refuse(408).failure("get"))
    }

    pub(super) fn answer(&mut self, question: &Question) -> Result<Document, Failure> {
        self.asked += 1;
        Ok(match question {
            Question::Package => self.package.clone(),
            Question::Connections => {
                match self.lag {
                    0 => self.connections.values_mut().for_each(|one| one.shown = one.status),
                    _ => self.lag -= 1,
                }
                let list = self.connections.iter().map(|(id, one)| {
                    json!({
                        "id": id, "status": one.shown, "task_display_name": one.name, "task_name": one.owner_name,
                    })
                });
                document(json!({ "conn": list.collect::<Vec<_>>() }))
            }
            Question::Settings(id) => {
                let settings = self.one(*id)?.settings.clone();
                let stale = self.connections.get_mut(&id.0).and_then(|one| one.stale.pop_front());
                stale.unwrap_or(settings)
            }
            Question::Tasks(id) => document(json!({ "sess": self.one(*id)?.tasks })),
            Question::TaskSettings(id) => self.task_settings[&id.0].clone(),
            Question::TaskFilters(id) => self.filters[&id.0].clone(),
            Question::Property(id) | Question::Access(id) => {
                document(json!({ "of": self.one(*id)?.name, "secret": "present" }))
            }
            Question::Log(id, _) => document(json!({ "items": [], "total": 0, "of": self.one(*id)?.name })),
            Question::Folders { path, .. } => document(json!({ "children": [], "below": path })),
        })
    }

    fn each(&mut self, target: &Target) -> Vec<&mut Conn> {
        let is_meant = |id: i64| matches!(target, Target::All) || *target == Target::One(ConnectionId(id));
        self.connections.iter_mut().filter(|(id, _)| is_meant(**id)).map(|(_, one)| one).collect()
    }

    pub(super) fn carry_out(&mut self, command: &Command) {
        match command {
            Command::SetPackage(new) => {
                let relink = self.package["sync_mode"].clone();
                self.package.clone_from(new);
                self.package.insert("sync_mode".to_owned(), relink);
            }
            Command::SetRelink(on) => drop(self.package.insert("sync_mode".to_owned(), json!(on))),
            Command::SetConnection(id, new) | Command::SetSchedule(id, new) => {
                let one = self.connections.get_mut(&id.0).unwrap();
                one.stale.extend(vec![one.settings.clone(); self.settings_lag]);
                one.settings.clone_from(new);
            }
            Command::SetTask(id, new) => drop(self.task_settings.insert(id.0, new.clone())),
            Command::SetFilters(id, new) => drop(self.filters.insert(id.0, new.clone())),
            // What is in error shows the error, paused or not.
            Command::Pause(target) => {
                for one in self.each(target) {
                    let is_broken = one.status == "error";
                    *(if is_broken { &mut one.hidden } else { &mut one.status }) = "pause";
                }
            }
            Command::Resume(target) => {
                for one in self.each(target) {
                    let is_broken = one.status == "error";
                    let state = if is_broken { &mut one.hidden } else { &mut one.status };
                    if *state == "pause" {
                        *state = "syncing";
                    }
                }
            }
            Command::RemoveConnection(id) => drop(self.connections.remove(&id.0)),
            Command::RemoveTask(id, task) => {
                let tasks = &mut self.connections.get_mut(&id.0).unwrap().tasks;
                tasks.retain(|known| known["sess_id"] != task.0);
            }
            Command::TestTask(..) => {}
            Command::CreateTask(id, task) => self.connections.get_mut(&id.0).unwrap().tasks.push(
                json!({ "sess_id": 51, "local_sync_path": task.local_path, "remote_folder_id": "new" }),
            ),
        }
    }
}
