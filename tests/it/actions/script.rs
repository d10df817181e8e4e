//! A NAS that does what the test says: a small model of connections, a journal of what it was asked and told, and
//! faults that can be switched on and off.

mod world;

use cloudsync_exporter::actions::{
    Answers, Command, Directory, Failure, FailureKind, Nas, Planned, Question, Source, Target,
};
use cloudsync_exporter::model::{
    ConnectionId, Data, DownReason, HeldConnection, NasName, Snapshot, Task, TaskId,
};
use futures_util::future::BoxFuture;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Semaphore;
use world::{seen, seen_settings};

pub(crate) use world::{Conn, World};

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
    /// Done at once, and no answer until the semaphore has a permit.
    DoneThenHang(Arc<Semaphore>),
    /// No answer ever, and whoever told waits for it; it was done, or not.
    Silence {
        /// Whether it was done.
        is_done: bool,
    },
}

impl Fault {
    fn failure(&self, method: &'static str) -> Failure {
        let (kind, reason, code, is_open) = match self {
            Self::Refuse(code) => (FailureKind::Refused, DownReason::Api, Some(*code), false),
            Self::Unreachable => (FailureKind::Silent, DownReason::Connect, None, false),
            Self::Lost | Self::DoneButLost => (FailureKind::Silent, DownReason::Timeout, None, true),
            Self::Broken => (FailureKind::Broken, DownReason::Decode, None, true),
            Self::Ignore | Self::Hang(_) | Self::DoneThenHang(_) | Self::Silence { .. } => {
                unreachable!("not a failure")
            }
        };
        let detail = format!("{method}: on purpose");
        Failure { kind, detail, advice: String::new(), reason, code, method: Some(method), is_open }
    }
}

type Hook = Arc<dyn Fn(&Command) + Send + Sync>;

/// The NAS. What it was told and no test has looked at is a failure when it goes.
pub(crate) struct Script {
    name: NasName,
    world: Mutex<World>,
    hook: Mutex<Option<Hook>>,
}

impl Script {
    /// A NAS with Dropbox (3, in step), Amazon (5, syncing, with task 50) and Drive (7, in error).
    pub(crate) fn new(name: &str) -> Arc<Self> {
        let world = World::new();
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

    /// From now on everything goes as usual.
    pub(crate) fn mend_all(&self) {
        self.world().faults.clear();
    }

    /// Lets a method hang until the semaphore has a permit.
    pub(crate) fn hang(&self, method: &'static str) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.fails(method, Fault::Hang(Arc::clone(&gate)));
        gate
    }

    /// Lets a method hang after it is done, until the semaphore has a permit.
    pub(crate) fn hang_after(&self, method: &'static str) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.fails(method, Fault::DoneThenHang(Arc::clone(&gate)));
        gate
    }

    /// Lets whoever is told something hang when they ask next, until the semaphore has a permit.
    pub(crate) fn hang_after_telling(self: &Arc<Self>) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        let (home, hung) = (Arc::downgrade(self), Arc::clone(&gate));
        self.when_told(move |_| {
            if let Some(home) = home.upgrade() {
                home.fails("ask", Fault::Hang(Arc::clone(&hung)));
            }
        });
        gate
    }

    /// Waits until it was told so many commands, and all that could go on has.
    pub(crate) async fn until_told(&self, commands: usize) {
        while self.told() < commands {
            tokio::task::yield_now().await;
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    /// Does this in the middle of every command.
    pub(crate) fn when_told(&self, hook: impl Fn(&Command) + Send + Sync + 'static) {
        *self.hook.lock().unwrap() = Some(Arc::new(hook));
    }

    /// A person changes a connection's state, and it shows at once.
    pub(crate) fn set_status(&self, id: i64, status: &'static str) {
        let mut world = self.world();
        let connection = world.connections.get_mut(&id).unwrap();
        (connection.status, connection.shown) = (status, status);
    }

    /// A person changes a setting of a connection.
    pub(crate) fn set(&self, id: i64, setting: &str, value: u64) {
        let mut world = self.world();
        let connection = world.connections.get_mut(&id).unwrap();
        connection.settings.insert(setting.to_owned(), json!(value));
        connection.stale.clear();
    }

    /// A setting of a connection.
    pub(crate) fn setting(&self, id: i64, setting: &str) -> u64 {
        self.world().connections[&id].settings[setting].as_u64().unwrap()
    }

    /// From now on a resume of this connection is refused.
    pub(crate) fn refuses_to_resume(&self, id: i64) {
        self.world().stubborn.insert(id);
    }

    /// From now on a change of this connection's settings is refused.
    pub(crate) fn refuses_to_set(&self, id: i64) {
        self.world().unyielding.insert(id);
    }

    /// So many lists from now on show what is so now.
    pub(crate) fn lags(&self, lists: usize) {
        let mut world = self.world();
        world.connections.values_mut().for_each(|one| one.shown = one.status);
        world.lag = lists;
    }

    /// A connection is in error from now on, which hides whether it is paused.
    pub(crate) fn breaks(&self, id: i64) {
        let mut world = self.world();
        let connection = world.connections.get_mut(&id).unwrap();
        if connection.status != "error" {
            connection.hidden = connection.status;
            (connection.status, connection.shown) = ("error", "error");
        }
    }

    /// The error is over: it shows what it is.
    pub(crate) fn heals(&self, id: i64) {
        let mut world = self.world();
        let connection = world.connections.get_mut(&id).unwrap();
        if connection.status == "error" {
            (connection.status, connection.shown) = (connection.hidden, connection.hidden);
        }
    }

    /// A new connection.
    pub(crate) fn add(&self, id: i64, name: &'static str, status: &'static str) {
        self.world().connections.insert(id, Conn::new(name, status));
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

    /// How many commands no test has looked at.
    pub(crate) fn told(&self) -> usize {
        self.world().told.len()
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

    /// A poll that began so many seconds from now and did not ask for settings.
    pub(crate) fn polled_in_passing(&self, seconds_from_now: f64) {
        let last = self.world().snapshot.clone().unwrap();
        self.polled(true, seconds_from_now);
        let mut world = self.world();
        let known = last.data.as_ref().unwrap();
        let mut snapshot = Snapshot::clone(world.snapshot.as_ref().unwrap());
        snapshot.data = snapshot.data.map(|data| {
            let (settings_asked, settings) = (known.settings_asked, known.settings.clone());
            Arc::new(Data { settings_asked, settings, ..Data::clone(&data) })
        });
        world.snapshot = Some(Arc::new(snapshot));
    }

    /// From now on so many of our sessions have been forgotten.
    pub(crate) fn has_lost(&self, sessions: u64) {
        self.world().sessions_lost = sessions;
    }

    /// The next question finds that one more of our sessions was forgotten, and is answered all the same.
    pub(crate) fn loses_session_when_asked(&self) {
        self.world().loses_session = true;
    }

    /// A poll that began so many seconds from now, and was answered or not.
    pub(crate) fn polled(&self, up: bool, seconds_from_now: f64) {
        let known = self.sessions_lost();
        self.polled_after(known, up, seconds_from_now);
    }

    /// The same, and as it began so many of our sessions were known to be forgotten.
    pub(crate) fn polled_after(&self, sessions_lost: u64, up: bool, seconds_from_now: f64) {
        let mut world = self.world();
        let mut data = Data::default();
        for (id, connection) in &world.connections {
            data.connections.insert(ConnectionId(*id), seen(*id, connection));
            data.settings.insert(ConnectionId(*id), seen_settings(connection));
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
        data.settings_asked = Some(asked);
        let last_away = world.snapshot.as_ref().and_then(|snapshot| snapshot.last_away);
        world.snapshot = Some(Arc::new(Snapshot {
            up: Some(up),
            asked: Some(asked),
            last_away: if up { last_away } else { Some(asked) },
            sessions_lost,
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

    fn sessions_lost(&self) -> u64 {
        self.world().sessions_lost
    }

    fn ask(&self, questions: Vec<Question>) -> BoxFuture<'_, Result<Answers, Failure>> {
        Box::pin(async move {
            let finds_loss = std::mem::take(&mut self.world().loses_session);
            self.world().sessions_lost += u64::from(finds_loss);
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
            let hook = self.hook.lock().unwrap().clone();
            if let Some(hook) = hook {
                hook(&command);
            }
            if let Command::Resume(Target::One(id)) = &command
                && self.world().stubborn.contains(&id.0)
            {
                return Err(Fault::Refuse(400).failure(method));
            }
            if let Command::SetConnection(id, _) = &command
                && self.world().unyielding.contains(&id.0)
            {
                return Err(Fault::Refuse(402).failure(method));
            }
            match self.fault(method).await {
                None => self.world().carry_out(&command),
                Some(Fault::Ignore) => {}
                Some(Fault::DoneThenHang(gate)) => {
                    self.world().carry_out(&command);
                    gate.acquire().await.unwrap().forget();
                }
                Some(Fault::DoneButLost) => {
                    self.world().carry_out(&command);
                    return Err(Fault::DoneButLost.failure(method));
                }
                Some(Fault::Silence { is_done }) => {
                    if is_done {
                        self.world().carry_out(&command);
                    }
                    std::future::pending::<()>().await;
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

    fn blocked(&self, guard: &'static str) {
        self.world().blocked.push(guard);
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
