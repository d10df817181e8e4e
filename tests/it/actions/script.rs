//! A NAS that does what the test says: a small model of connections, a journal of what it was asked and told, and
//! faults that can be switched on and off.

use cloudsync_exporter::actions::schema::Document;
use cloudsync_exporter::actions::{
    Answers, Command, Directory, Failure, FailureKind, Nas, Planned, Question, Source, Target,
};
use cloudsync_exporter::model::{
    Connection, ConnectionId, Data, DownReason, HeldConnection, NasName, Snapshot, Status, Task, TaskId,
};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Semaphore;

/// How a question or a command goes wrong, until it is mended.
#[derive(Clone)]
pub(crate) enum Fault {
    /// Refused, with this code.
    Refuse(i64),
    /// No answer; nothing was done, and that is known.
    Unreachable,
    /// No answer; whether it was done is not known. It was not.
    Lost,
    /// No answer; whether it was done is not known. It was.
    DoneButLost,
    /// An answer that is none; whether it was done is not known. It was not.
    Broken,
    /// Says that it was done, and it was not.
    Ignore,
    /// No answer until the semaphore has a permit; then as usual.
    Hang(Arc<Semaphore>),
}

impl Fault {
    fn failure(&self, method: &'static str) -> Failure {
        let (kind, reason, code, is_open) = match self {
            Self::Refuse(code) => (FailureKind::Refused, DownReason::Api, Some(*code), false),
            Self::Unreachable => (FailureKind::Silent, DownReason::Connect, None, false),
            Self::Lost | Self::DoneButLost => (FailureKind::Silent, DownReason::Timeout, None, true),
            Self::Broken => (FailureKind::Broken, DownReason::Decode, None, true),
            Self::Ignore | Self::Hang(_) => unreachable!("not a failure"),
        };
        let detail = format!("{method}: on purpose");
        Failure { kind, detail, advice: String::new(), reason, code, method: Some(method), is_open }
    }
}

/// A connection of the model.
pub(crate) struct Conn {
    pub(crate) name: &'static str,
    pub(crate) owner_name: &'static str,
    /// What it is.
    pub(crate) status: &'static str,
    /// What is shown of it, which may come late.
    shown: &'static str,
    pub(crate) settings: Document,
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
    pub(crate) shown_holds: Vec<HeldConnection>,
    /// What was counted: `pause api`, `pause api failed`.
    pub(crate) counted: Vec<String>,
    pub(crate) polls: usize,
    faults: BTreeMap<&'static str, Fault>,
    told: Vec<String>,
    asked: usize,
}

type Hook = Box<dyn Fn(&Command) + Send + Sync>;

/// The NAS. What it was told and no test has looked at is a failure when it goes.
pub(crate) struct Script {
    name: NasName,
    world: Mutex<World>,
    hook: Mutex<Option<Hook>>,
}

fn document(value: Value) -> Document {
    value.as_object().cloned().unwrap()
}

impl Conn {
    pub(crate) fn new(name: &'static str, status: &'static str) -> Self {
        let settings = document(json!({
            "task_name": name, "pull_event_period": 60, "max_upload_speed": 0, "max_download_speed": 0,
            "storage_class": "", "isSSE": false, "part_size": 64, "is_enabled_schedule": false,
            "schedule_info": "1".repeat(168), "client_type": "db",
        }));
        Self { name, owner_name: name, status, shown: status, settings, tasks: Vec::new() }
    }
}

impl Script {
    /// A NAS with Dropbox (3, in step), Amazon (5, syncing, with task 50) and Drive (7, in error).
    pub(crate) fn new(name: &str) -> Arc<Self> {
        let mut amazon = Conn::new("Amazon", "syncing");
        amazon.tasks.push(json!({ "sess_id": 50, "local_sync_path": "/share/a", "remote_folder_id": "r" }));
        let connections = BTreeMap::from([
            (3, Conn::new("Dropbox", "uptodate")),
            (5, amazon),
            (7, Conn::new("Drive", "error")),
        ]);
        let world = World {
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
            shown_holds: Vec::new(),
            counted: Vec::new(),
            polls: 0,
            faults: BTreeMap::new(),
            told: Vec::new(),
            asked: 0,
        };
        Arc::new(Self { name: NasName::new(name), world: Mutex::new(world), hook: Mutex::default() })
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// From now on this method goes wrong; `ask` and `plan` stand for all questions and plans.
    pub(crate) fn fails(&self, method: &'static str, fault: Fault) {
        self.world().faults.insert(method, fault);
    }

    /// From now on it goes as usual.
    pub(crate) fn mend(&self, method: &'static str) {
        self.world().faults.remove(method).expect("it was not broken");
    }

    /// Lets a method hang until the semaphore has a permit.
    pub(crate) fn hang(&self, method: &'static str) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.fails(method, Fault::Hang(Arc::clone(&gate)));
        gate
    }

    /// Does this in the middle of every command.
    pub(crate) fn when_told(&self, hook: impl Fn(&Command) + Send + Sync + 'static) {
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }

    /// A person changes a connection's state, and it shows at once.
    pub(crate) fn set_status(&self, id: i64, status: &'static str) {
        let mut world = self.world();
        let connection = world.connections.get_mut(&id).unwrap();
        (connection.status, connection.shown) = (status, status);
    }

    pub(crate) fn status(&self, id: i64) -> &'static str {
        self.world().connections[&id].status
    }

    /// The commands since the last call: exactly these.
    #[track_caller]
    pub(crate) fn was_told(&self, expected: &[&str]) {
        let told = std::mem::take(&mut self.world().told);
        assert_eq!(told, expected, "what {} was told", self.name);
    }

    /// How often it was asked since the last call.
    pub(crate) fn times_asked(&self) -> usize {
        std::mem::take(&mut self.world().asked)
    }

    /// What was counted since the last call.
    #[track_caller]
    pub(crate) fn has_counted(&self, expected: &[&str]) {
        let counted = std::mem::take(&mut self.world().counted);
        assert_eq!(counted, expected, "what {} counted", self.name);
    }

    /// A poll that began so many seconds from now, and was answered or not.
    pub(crate) fn polled(&self, up: bool, seconds_from_now: f64) {
        let mut world = self.world();
        let mut data = Data::default();
        for (id, connection) in &world.connections {
            data.connections.insert(ConnectionId(*id), seen(*id, connection));
            for task in &connection.tasks {
                let id = TaskId(task["sess_id"].as_i64().unwrap());
                let task = Task {
                    id,
                    connection: ConnectionId(0),
                    local_path: task["local_sync_path"].as_str().unwrap().to_owned(),
                    remote_path: String::new(),
                    remote_folder_id: None,
                    direction: String::new(),
                    status: None,
                    error_code: None,
                    error_desc: None,
                    link_status: None,
                };
                data.tasks.insert(id, task);
            }
        }
        for (id, connection) in &world.connections {
            for task in &connection.tasks {
                let task = data.tasks.get_mut(&TaskId(task["sess_id"].as_i64().unwrap())).unwrap();
                task.connection = ConnectionId(*id);
            }
        }
        let asked = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64() + seconds_from_now;
        world.snapshot = Some(Arc::new(Snapshot {
            up: Some(up),
            asked: Some(asked),
            data: Some(Arc::new(data)),
            ..Snapshot::untried(self.name.clone())
        }));
    }

    async fn fault(&self, method: &'static str) -> Option<Fault> {
        let fault = self.world().faults.get(method).cloned();
        match fault {
            Some(Fault::Hang(gate)) => {
                gate.acquire().await.unwrap().forget();
                None
            }
            other => other,
        }
    }
}

fn seen(id: i64, connection: &Conn) -> Connection {
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

impl World {
    fn one(&self, id: ConnectionId) -> Result<&Conn, Failure> {
        self.connections.get(&id.0).ok_or_else(|| Fault::Refuse(408).failure("get"))
    }

    fn answer(&mut self, question: &Question) -> Result<Document, Failure> {
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
            Question::Settings(id) => self.one(*id)?.settings.clone(),
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

    fn carry_out(&mut self, command: &Command) {
        match command {
            Command::SetPackage(new) => {
                let relink = self.package["sync_mode"].clone();
                self.package = new.clone();
                self.package.insert("sync_mode".to_owned(), relink);
            }
            Command::SetRelink(on) => drop(self.package.insert("sync_mode".to_owned(), json!(on))),
            Command::SetConnection(id, new) | Command::SetSchedule(id, new) => {
                self.connections.get_mut(&id.0).unwrap().settings = new.clone();
            }
            Command::SetTask(id, new) => drop(self.task_settings.insert(id.0, new.clone())),
            Command::SetFilters(id, new) => drop(self.filters.insert(id.0, new.clone())),
            // What is in error shows the error, paused or not.
            Command::Pause(target) => {
                for one in self.each(target).into_iter().filter(|one| one.status != "error") {
                    one.status = "pause";
                }
            }
            Command::Resume(target) => {
                for one in self.each(target).into_iter().filter(|one| one.status == "pause") {
                    one.status = "syncing";
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

/// A command in short.
fn line(command: &Command) -> String {
    let method = command.method();
    match command {
        Command::Pause(Target::All) | Command::Resume(Target::All) => format!("{method} all"),
        Command::SetConnection(id, _)
        | Command::SetSchedule(id, _)
        | Command::Pause(Target::One(id))
        | Command::Resume(Target::One(id))
        | Command::RemoveConnection(id)
        | Command::TestTask(id, _)
        | Command::CreateTask(id, _) => format!("{method} {id}"),
        Command::SetTask(id, _) | Command::SetFilters(id, _) | Command::RemoveTask(_, id) => {
            format!("{method} {id}")
        }
        Command::SetPackage(_) | Command::SetRelink(_) => method.to_owned(),
    }
}

impl Nas for Script {
    fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.world().snapshot.clone()
    }

    fn ask(&self, questions: Vec<Question>) -> BoxFuture<'_, Result<Answers, Failure>> {
        Box::pin(async move {
            if let Some(fault) = self.fault("ask").await {
                self.world().asked += 1;
                return Err(Failure { is_open: false, ..fault.failure("ask") });
            }
            let mut world = self.world();
            Ok(questions.iter().map(|question| world.answer(question)).collect())
        })
    }

    fn tell(&self, command: Command) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let method = command.method();
            self.world().told.push(line(&command));
            if let Some(hook) = &*self.hook.lock().unwrap() {
                hook(&command);
            }
            match self.fault(method).await {
                None => self.world().carry_out(&command),
                Some(Fault::Ignore) => {}
                Some(Fault::DoneButLost) => {
                    self.world().carry_out(&command);
                    return Err(Fault::DoneButLost.failure(method));
                }
                Some(fault) => return Err(fault.failure(method)),
            }
            Ok(())
        })
    }

    fn plan(&self, command: Command) -> BoxFuture<'_, Result<Planned, Failure>> {
        Box::pin(async move {
            match self.fault("plan").await {
                Some(fault) => Err(fault.failure(command.method())),
                None => Ok(Planned {
                    api: "SYNO.CloudSync",
                    method: command.method(),
                    version: 1,
                    params: json!({ "command": line(&command) }),
                }),
            }
        })
    }

    fn poll_soon(&self) {
        self.world().polls += 1;
    }

    fn poll(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { self.fault("poll").await.is_none() })
    }

    fn acted(&self, method: &'static str, source: Source) {
        self.world().counted.push(format!("{method} {}", source.as_str()));
    }

    fn action_failed(&self, method: &'static str, source: Source) {
        self.world().counted.push(format!("{method} {} failed", source.as_str()));
    }

    fn show_holds(&self, holds: Vec<HeldConnection>) {
        self.world().shown_holds = holds;
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let told = &self.world.get_mut().unwrap().told;
            assert!(told.is_empty(), "{} was told what nobody expected: {told:?}", self.name);
        }
    }
}

/// The NASes of an instance.
#[derive(Default)]
pub(crate) struct Nases(pub(crate) Mutex<BTreeMap<NasName, Arc<Script>>>);

impl Nases {
    pub(crate) fn add(&self, nas: &Arc<Script>) {
        self.0.lock().unwrap().insert(nas.name.clone(), Arc::clone(nas));
    }
}

impl Directory for Nases {
    fn names(&self) -> Vec<NasName> {
        self.0.lock().unwrap().keys().cloned().collect()
    }

    fn nas(&self, name: &NasName) -> Option<Arc<dyn Nas>> {
        self.0.lock().unwrap().get(name).map(|nas| Arc::clone(nas) as Arc<dyn Nas>)
    }
}
