//! A simulated NAS with a client, a poller and an exposition on it: the whole path of a number, without the daemon.

use cloudsync_exporter::dsm::{
    Client, ClientOptions, Credentials, MemoryGuardStore, Observer, Reason, SecondFactor,
};
use cloudsync_exporter::metrics::{
    Coding, CollectOptions, ExporterMetrics, Exposition, Format, NasCounters, Selection,
};
use cloudsync_exporter::model::{DownReason, NasName, Snapshot};
use cloudsync_exporter::poller::{Memory, PollOptions, Poller, Sink};
use cloudsync_exporter::sim::{Control, SimOptions, Simulator, World};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// Takes the reports into an exposition, as the daemon does.
struct Reports {
    exposition: Arc<Exposition>,
    counters: Arc<NasCounters>,
    options: CollectOptions,
}

impl Sink for Reports {
    fn publish(&self, snapshot: Arc<Snapshot>) {
        self.exposition.publish(snapshot, &self.counters, self.options);
    }

    fn polled(&self, _: &NasName, took: Duration, failure: Option<DownReason>) {
        self.counters.poll(took, failure);
    }

    fn panicked(&self, _: &NasName) {
        self.counters.panicked();
    }

    fn section_failed(&self, _: &NasName, section: &'static str) {
        self.counters.section_failed(section);
    }

    fn malformed(&self, _: &NasName, section: &'static str, values: u64) {
        self.counters.malformed(section, values);
    }
}

struct Requests(Arc<NasCounters>);

impl Observer for Requests {
    fn request(&self, method: &str, outcome: Result<(), Reason>, took: Duration, _: u64, _: u64) {
        self.0.request(method, took, outcome.err().map(cloudsync_exporter::poller::down_reason));
    }

    fn login(&self, outcome: Result<(), Reason>) {
        self.0.login(outcome.err().map(cloudsync_exporter::poller::down_reason));
    }
}

/// Everything together.
pub(crate) struct Bench {
    pub(crate) sim: Simulator,
    pub(crate) control: Control,
    pub(crate) poller: Poller,
    pub(crate) memory: Memory,
    pub(crate) exposition: Arc<Exposition>,
}

/// What is exposed unless a test says otherwise.
pub(crate) const OPTIONS: CollectOptions =
    CollectOptions { per_file: false, max_files: 50, max_series: 50_000 };

impl Bench {
    pub(crate) async fn new(world: World) -> Self {
        Self::with(SimOptions { world, ..SimOptions::default() }, OPTIONS).await
    }

    pub(crate) async fn with(options: SimOptions, collect: CollectOptions) -> Self {
        let (account, password) = (options.account.clone(), options.password.clone());
        let sim = Simulator::bind((Ipv4Addr::LOCALHOST, 0).into(), options).await.unwrap();
        let exporter = Arc::new(ExporterMetrics::new("0", "0", "0", 0.0));
        let exposition = Arc::new(Exposition::new(exporter));
        let nas = NasName::new("home");
        let counters = Arc::new(NasCounters::new(&nas, cloudsync_exporter::poller::sections()));
        let mut client_options = ClientOptions::new("home", sim.base_url().parse().unwrap());
        client_options.timeout = Duration::from_secs(5);
        client_options.max_response_bytes = 4 * 1024 * 1024;
        let credentials =
            Credentials { account, password: password.into(), second_factor: SecondFactor::None };
        let client = Client::new(
            client_options,
            Arc::new(credentials),
            Arc::new(MemoryGuardStore::default()),
            Arc::new(Requests(Arc::clone(&counters))),
        )
        .unwrap();
        let reports = Reports { exposition: Arc::clone(&exposition), counters, options: collect };
        let poll = PollOptions {
            interval: Duration::from_secs(15),
            slow_interval: Duration::from_secs(300),
            stale_after: Duration::from_secs(60),
            timezone: jiff::tz::TimeZone::UTC,
        };
        let poller = Poller::new(nas, client, poll, Arc::new(reports));
        Self { control: sim.control(), sim, poller, memory: Memory::default(), exposition }
    }

    /// One cycle.
    pub(crate) async fn cycle(&mut self) -> Option<DownReason> {
        self.poller.cycle(&mut self.memory).await
    }

    /// One cycle that must succeed, and how many HTTP requests it made.
    pub(crate) async fn requests(&mut self) -> usize {
        self.control.take_requests();
        assert_eq!(self.cycle().await, None);
        self.control.take_requests().len()
    }

    /// The NAS's series in text 0.0.4.
    pub(crate) fn text(&self) -> String {
        self.render(Format::Text)
    }

    pub(crate) fn render(&self, format: Format) -> String {
        let rendered =
            self.exposition.render(&Selection::Nas(NasName::new("home")), format, Coding::Identity);
        String::from_utf8(rendered.unwrap().body.to_vec()).unwrap()
    }

    /// The value of the one series whose line begins with `series`.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        let text = self.text();
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')))
            .collect();
        assert!(lines.len() <= 1, "{series} is there more than once: {lines:?}");
        lines.first().map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }

    /// Whether any series of a family is there.
    pub(crate) fn has(&self, family: &str) -> bool {
        let text = self.text();
        text.lines().any(|line| line.starts_with(&format!("{family}{{")))
    }

    pub(crate) async fn end(self) {
        self.sim.shutdown().await;
    }
}
