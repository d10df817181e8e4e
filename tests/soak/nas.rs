//! One NAS of the fleet: simulated, with a client and a poller as the daemon makes them.

use cloudsync_exporter::dsm::{
    Client, ClientOptions, Clock, Credentials, MemoryGuardStore, Observer, Reason, SecondFactor,
};
use cloudsync_exporter::metrics::{CollectOptions, Exposition, NasCounters};
use cloudsync_exporter::model::{DownReason, NasName, Snapshot};
use cloudsync_exporter::poller::{self, Heartbeat, Memory, Poke, PollOptions, Poller, Sink};
use cloudsync_exporter::sim::world::Workload;
use cloudsync_exporter::sim::{Control, SimOptions, Simulator, World};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) const INTERVAL: Duration = Duration::from_secs(15);
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);
pub(crate) const STALE_AFTER: Duration = Duration::from_secs(60);
const COLLECT: CollectOptions = CollectOptions { per_file: true, max_files: 20, max_series: 50_000 };

/// The time of day, which goes by with the paused time.
#[derive(Default)]
pub(crate) struct Calendar(AtomicI64);

impl Calendar {
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(1_800_000_000))
    }

    pub(crate) fn pass(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_secs()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for Calendar {
    fn unix_now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What was seen of the polls of a NAS.
#[derive(Debug, Default)]
pub(crate) struct Polls {
    pub(crate) ended: AtomicU64,
    pub(crate) panics: AtomicU64,
    /// What the last snapshot said of the last success, and when one said so first.
    last_good: Mutex<Option<(f64, Instant)>>,
}

/// Takes the reports into the exposition, as the daemon does, and notes them.
struct Reports {
    exposition: Arc<Exposition>,
    counters: Arc<NasCounters>,
    polls: Arc<Polls>,
}

impl Sink for Reports {
    fn publish(&self, snapshot: Arc<Snapshot>) {
        let mut last = self.polls.last_good.lock().unwrap();
        if let Some(at) = snapshot.last_success
            && last.is_none_or(|(before, _)| before < at)
        {
            *last = Some((at, Instant::now()));
        }
        drop(last);
        self.exposition.publish(snapshot, &self.counters, COLLECT);
    }

    fn polled(&self, _: &NasName, took: Duration, failure: Option<DownReason>) {
        self.counters.poll(took, failure);
        self.polls.ended.fetch_add(1, Ordering::Relaxed);
    }

    fn panicked(&self, _: &NasName) {
        self.counters.panicked();
        self.polls.panics.fetch_add(1, Ordering::Relaxed);
    }

    fn section_failed(&self, _: &NasName, section: &'static str) {
        self.counters.section_failed(section);
    }

    fn malformed(&self, _: &NasName, section: &'static str, values: u64) {
        self.counters.malformed(section, values);
    }
}

struct Requests {
    counters: Arc<NasCounters>,
    heartbeat: Arc<Heartbeat>,
}

impl Observer for Requests {
    fn request(&self, method: &str, outcome: Result<(), Reason>, took: Duration, _: u64, _: u64) {
        self.heartbeat.beat();
        self.counters.request(method, took, outcome.err().map(poller::down_reason));
    }

    fn login(&self, outcome: Result<(), Reason>) {
        self.counters.login(outcome.err().map(poller::down_reason));
    }
}

/// A poller at work.
struct Running {
    client: Client,
    stop: CancellationToken,
    task: JoinHandle<Memory>,
}

/// The NAS and who polls it.
pub(crate) struct Nas {
    pub(crate) name: NasName,
    pub(crate) control: Control,
    pub(crate) poke: Poke,
    pub(crate) polls: Arc<Polls>,
    pub(crate) heartbeat: Arc<Heartbeat>,
    sim: Simulator,
    exposition: Arc<Exposition>,
    calendar: Arc<Calendar>,
    counters: Arc<NasCounters>,
    gate: Arc<Semaphore>,
    running: Option<Running>,
}

/// What a NAS has before the first storm and after the last.
pub(crate) fn base() -> World {
    let mut world = World::empty();
    // So that what the simulator remembers is soon as much as it will be.
    world.config.log_count = 60;
    for (connection, kind) in ["db", "gd", "od_v1", "az"].into_iter().enumerate() {
        let added = world.add_connection(kind, &format!("Connection {connection}"));
        added.property.quota_used = Some(1 << 30);
        added.property.quota_total = Some(1 << 50);
        let id = added.id;
        for task in 0..2 {
            let added = world.add_task(id, &format!("/share/{connection}/{task}"), "/Cloud").unwrap();
            added.workload = Some(WORKLOAD);
        }
    }
    world
}

/// Puts everything back to the base. Only newcomers go, since an id that was gone is never given again.
pub(crate) fn restore(world: &mut World) {
    let base = base();
    world.connections.retain(|connection| base.connection(connection.id).is_some());
    for (now, before) in world.connections.iter_mut().zip(base.connections) {
        assert_eq!(now.id, before.id);
        *now = before;
    }
    world.transfers.clear();
    world.history.clear();
}

/// Small files that come and go.
pub(crate) const WORKLOAD: Workload = Workload {
    backlog: 0,
    seconds_per_file: 20,
    parallel: 2,
    rate: 1 << 20,
    sizes: (1 << 18, 1 << 24),
    downloads: 40,
};

impl Nas {
    pub(crate) async fn start(name: &str, exposition: &Arc<Exposition>, calendar: &Arc<Calendar>) -> Self {
        let options = SimOptions { world: base(), remembered_requests: 0, ..SimOptions::default() };
        let sim = Simulator::bind((Ipv4Addr::LOCALHOST, 0).into(), options).await.unwrap();
        let name = NasName::new(name);
        let mut nas = Self {
            control: sim.control(),
            poke: Poke::default(),
            polls: Arc::default(),
            heartbeat: Arc::default(),
            sim,
            exposition: Arc::clone(exposition),
            calendar: Arc::clone(calendar),
            counters: counters(&name),
            gate: Arc::new(Semaphore::new(1)),
            running: None,
            name,
        };
        nas.run(nas.client(), Memory::default());
        nas
    }

    fn client(&self) -> Client {
        let mut options = ClientOptions::new(self.name.as_str(), self.sim.base_url().parse().unwrap());
        options.timeout = TIMEOUT;
        options.max_response_bytes = 1 << 20;
        let credentials = Credentials {
            account: "demo".into(),
            password: "demo".to_owned().into(),
            second_factor: SecondFactor::None,
        };
        let observer =
            Requests { counters: Arc::clone(&self.counters), heartbeat: Arc::clone(&self.heartbeat) };
        let store = Arc::new(MemoryGuardStore::default());
        let clock = Arc::clone(&self.calendar) as _;
        Client::with_clock(options, Arc::new(credentials), store, Arc::new(observer), clock).unwrap()
    }

    fn run(&mut self, client: Client, memory: Memory) {
        let options = PollOptions {
            interval: INTERVAL,
            slow_interval: INTERVAL * 8,
            stale_after: STALE_AFTER,
            timezone: jiff::tz::TimeZone::UTC,
        };
        if !memory.has_shown() {
            let snapshot = Arc::new(Snapshot::untried(self.name.clone()));
            self.exposition.publish(snapshot, &self.counters, COLLECT);
        }
        let reports = Reports {
            exposition: Arc::clone(&self.exposition),
            counters: Arc::clone(&self.counters),
            polls: Arc::clone(&self.polls),
        };
        let poller = Poller::new(self.name.clone(), client.clone(), options, Arc::new(reports));
        let (stop, listener) = (CancellationToken::new(), self.poke.listen());
        let task = tokio::spawn({
            let (heartbeat, gate) = (Arc::clone(&self.heartbeat), Arc::clone(&self.gate));
            let stop = stop.clone();
            async move { poller::run(&poller, memory, &heartbeat, listener, &gate, stop).await }
        });
        self.running = Some(Running { client, stop, task });
    }

    /// Ends the poller and gives what it leaves behind.
    async fn stop(&mut self) -> (Client, Memory) {
        let Running { client, stop, task } = self.running.take().unwrap();
        stop.cancel();
        (client, task.await.unwrap())
    }

    /// A reload that changes something: another poller goes on, with the session or with one of its own.
    pub(crate) async fn reload(&mut self, keeps_session: bool) {
        let (client, memory) = self.stop().await;
        if keeps_session {
            self.run(client, memory);
        } else {
            self.run(self.client(), memory);
            client.logout().await;
        }
    }

    /// A reload takes the NAS out, another brings it back: everything is counted from 0.
    pub(crate) async fn leave_and_return(&mut self) {
        let (client, _) = self.stop().await;
        self.exposition.withdraw(&self.name);
        client.logout().await;
        self.counters = counters(&self.name);
        self.polls = Arc::default();
        self.run(self.client(), Memory::default());
    }

    /// For how long the NAS has not said what connections it has; `None` when it never has.
    pub(crate) fn without_success(&self) -> Option<Duration> {
        self.polls.last_good.lock().unwrap().map(|(_, at)| at.elapsed())
    }

    pub(crate) async fn end(mut self) {
        let (client, _) = self.stop().await;
        client.logout().await;
        drop(client);
        self.sim.shutdown().await;
    }
}

fn counters(name: &NasName) -> Arc<NasCounters> {
    Arc::new(NasCounters::new(name, poller::sections()))
}
