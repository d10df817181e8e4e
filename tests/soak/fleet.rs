//! The fleet and its days: storms, calms, and what must hold in both.

use crate::counted::Use;
use crate::nas::{Calendar, INTERVAL, Nas, TIMEOUT, restore};
use crate::scrape::{Scraper, of_the_nases, state};
use crate::storm::Storm;
use cloudsync_exporter::metrics::{ExporterMetrics, Exposition};
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const NASES: [&str; 3] = ["attic", "cellar", "office"];
/// Seconds between two scrapes.
const SCRAPE: u64 = 5;
/// Seconds of an hour: storms, then a calm.
const STORM: u64 = 25 * 60;
const CALM: u64 = 5 * 60;
/// Seconds until NASes that came back have been polled.
const ARRIVAL: u64 = 60;
/// As the daemon's own health check has it: a loop that shows no sign for longer is stuck.
const STUCK: Duration = Duration::from_secs(INTERVAL.as_secs() * 2 + TIMEOUT.as_secs() * 2 + 60);
/// Seconds of calm after which a NAS must be up: a cycle that hangs, the rest after it, and the next.
const BACK: u64 = 150;
/// The same where logins were held back.
const BACK_FROM_SUSPENSION: u64 = 11 * 60;
/// What the heap may differ by between two fleets that have just begun: buffers, sizes of tables.
const HEAP_NOISE: usize = 256 * 1024;
/// The same where the fleets have lived through storms: files, log rows and numbers of connections differ as well.
const HEAP_TIDES: usize = 2 * 1024 * 1024;

/// Connections that are open or not at such a moment.
const CONNECTIONS_NOISE: usize = 2 * NASES.len();

/// The NASes, what is served of them, and the weather.
pub(crate) struct Fleet {
    nases: Vec<Nas>,
    storms: Vec<Storm>,
    exposition: Arc<Exposition>,
    calendar: Arc<Calendar>,
    scraper: Scraper,
    rng: Rng,
    now: u64,
}

/// What is left after a calm.
#[derive(Debug)]
struct Rest {
    used: Use,
    series: BTreeSet<String>,
}

impl Fleet {
    pub(crate) async fn start(seed: u64) -> Self {
        let exposition = Arc::new(Exposition::new(Arc::new(ExporterMetrics::new("0", "0", "0", 0.0))));
        let calendar = Arc::new(Calendar::new());
        let mut nases = Vec::new();
        for name in NASES {
            nases.push(Nas::start(name, &exposition, &calendar).await);
        }
        let storms = NASES.map(|_| Storm::new()).into();
        let (scraper, rng) = (Scraper::default(), Rng::with_seed(seed));
        Self { nases, storms, exposition, calendar, scraper, rng, now: 0 }
    }

    /// Storms and calms, two of each in an hour. After each calm the NASes leave and come back: then nothing is left of
    /// the storm. What they had until then has its ups and downs, and no more.
    pub(crate) async fn live(&mut self, hours: u64) {
        let (mut lived, mut anew) = (None, None);
        for _ in 0..hours * 2 {
            self.seconds(STORM, true).await;
            self.restore();
            self.seconds(CALM, false).await;
            let rest = self.rest().await;
            eprint!("{} s: {:?}", self.now, rest.used);
            keep(&mut lived, rest, HEAP_TIDES);
            self.leave_and_return().await;
            self.seconds(ARRIVAL, false).await;
            let rest = self.rest().await;
            eprintln!(", anew {:?}, {} series", rest.used, rest.series.len());
            keep(&mut anew, rest, HEAP_NOISE);
        }
    }

    async fn seconds(&mut self, seconds: u64, is_stormy: bool) {
        for _ in 0..seconds {
            self.second(is_stormy).await;
        }
    }

    async fn leave_and_return(&mut self) {
        for (nas, storm) in self.nases.iter_mut().zip(&mut self.storms) {
            nas.control.drop_sessions();
            nas.leave_and_return().await;
            storm.calm = 0;
            self.scraper.forget(nas.name.as_str());
        }
    }

    /// Every NAS is what it was at the beginning, and nothing is wrong with it.
    fn restore(&mut self) {
        for (nas, storm) in self.nases.iter().zip(&mut self.storms) {
            storm.clear(nas);
            nas.control.world(restore);
        }
    }

    async fn second(&mut self, is_stormy: bool) {
        for (nas, storm) in self.nases.iter_mut().zip(&mut self.storms) {
            if !is_stormy {
                storm.clear(nas);
            } else if storm.second(nas, &mut self.rng).await {
                self.scraper.forget(nas.name.as_str());
            }
            nas.control.advance_world(SECOND);
        }
        tokio::time::advance(SECOND).await;
        self.calendar.pass(SECOND);
        self.now += 1;
        self.settle().await;
        for nas in &self.nases {
            let name = nas.name.as_str();
            assert!(
                nas.heartbeat.age() < STUCK,
                "{}: no sign of the loop for {:?}",
                name,
                nas.heartbeat.age()
            );
            assert_eq!(nas.polls.panics.load(Ordering::Relaxed), 0, "{name}: a poll panicked");
        }
        if self.now.is_multiple_of(SCRAPE) {
            let series = self.scraper.scrape(&self.exposition, &self.nases);
            self.recovered(&series);
        }
    }

    /// In a calm every NAS comes back.
    fn recovered(&self, series: &BTreeMap<String, f64>) {
        for (nas, storm) in self.nases.iter().zip(&self.storms) {
            let (is_up, is_suspended) = state(series, nas);
            let limit = if is_suspended { BACK_FROM_SUSPENSION } else { BACK };
            let name = nas.name.as_str();
            let trouble = || self.exposition.snapshot(&nas.name).and_then(|shown| shown.trouble.clone());
            let (now, calm) = (self.now, storm.calm);
            assert!(is_up || calm < limit, "{now} s: {name} is down after {calm} s of calm: {:?}", trouble());
        }
    }

    /// Lets what is on its way over loopback arrive. Time stands still meanwhile: a paused clock goes on by itself only
    /// while nothing blocks.
    async fn settle(&self) {
        let asked = || -> u64 { self.nases.iter().map(|nas| nas.control.request_count()).sum() };
        let polled = || -> u64 { self.nases.iter().map(|nas| nas.polls.ended.load(Ordering::Relaxed)).sum() };
        for _ in 0..200 {
            let before = (asked(), polled());
            let wait = || std::thread::sleep(Duration::from_micros(500));
            tokio::task::spawn_blocking(wait).await.unwrap();
            if (asked(), polled()) == before {
                return;
            }
        }
    }

    /// The least that is in use within a minute of calm, and the series at its end.
    async fn rest(&mut self) -> Rest {
        let series = self.scraper.scrape(&self.exposition, &self.nases);
        self.scraper.keep(&series);
        let mut used = Use::now();
        for _ in 0..60 {
            self.second(false).await;
            used = used.least(Use::now());
        }
        Rest { used, series: of_the_nases(&series) }
    }

    pub(crate) async fn end(self) {
        for nas in self.nases {
            nas.end().await;
        }
    }
}

/// Keeps the first rest. No later one has more, but for what the heap may differ by.
fn keep(first: &mut Option<Rest>, rest: Rest, heap: usize) {
    let Some(first) = first else {
        *first = Some(rest);
        return;
    };
    let (before, after) = (first.used, rest.used);
    assert!(after.heap <= before.heap + heap, "the heap grew: {before:?}, then {after:?}");
    let tasks = before.tasks + CONNECTIONS_NOISE;
    assert!(after.tasks <= tasks, "tasks are left behind: {before:?}, then {after:?}");
    let files = before.files + CONNECTIONS_NOISE;
    assert!(after.files <= files, "files are left open: {before:?}, then {after:?}");
    let came: Vec<_> = rest.series.difference(&first.series).collect();
    assert!(came.is_empty(), "series of what is not there any more: {came:?}");
}
