//! The loop itself: it survives whatever a cycle does, and ends when it is told.

use crate::bench::{Bench, OPTIONS};
use cloudsync_exporter::dsm::{
    Client, ClientOptions, Credentials, MemoryGuardStore, NoObserver, SecondFactor,
};
use cloudsync_exporter::model::{DownReason, NasName, Snapshot};
use cloudsync_exporter::poller::{self, Heartbeat, Memory, Poke, PollOptions, Poller, Sink};
use cloudsync_exporter::sim::{Fault, FaultKind, SimOptions, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Panics at the first two snapshots, that of a poll and that of its end in a panic, and counts.
#[derive(Default)]
struct Panicking {
    snapshots: AtomicUsize,
    panics: AtomicUsize,
    polls: AtomicUsize,
}

impl Sink for Panicking {
    fn publish(&self, _: Arc<Snapshot>) {
        assert!(self.snapshots.fetch_add(1, Ordering::SeqCst) >= 2, "a fault of ours");
    }
    fn polled(&self, _: &NasName, _: Duration, _: Option<DownReason>) {
        self.polls.fetch_add(1, Ordering::SeqCst);
    }
    fn panicked(&self, _: &NasName) {
        self.panics.fetch_add(1, Ordering::SeqCst);
    }
    fn section_failed(&self, _: &NasName, _: &'static str) {}
    fn malformed(&self, _: &NasName, _: &'static str, _: u64) {}
}

pub(super) fn options(interval: Duration) -> PollOptions {
    PollOptions {
        interval,
        slow_interval: interval * 20,
        stale_after: interval * 4,
        timezone: jiff::tz::TimeZone::UTC,
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

#[tokio::test]
async fn a_panic_in_a_cycle_is_counted_and_the_loop_goes_on() {
    let bench =
        Bench::with(SimOptions { world: World::documented(), ..SimOptions::default() }, OPTIONS).await;
    let sink = Arc::new(Panicking::default());
    let credentials = Credentials {
        account: "demo".into(),
        password: "demo".to_owned().into(),
        second_factor: SecondFactor::None,
    };
    let client = Client::new(
        ClientOptions::new("home", bench.sim.base_url().parse().unwrap()),
        Arc::new(credentials),
        Arc::new(MemoryGuardStore::default()),
        Arc::new(NoObserver),
    )
    .unwrap();
    let poller = Poller::new(NasName::new("home"), client, options(Duration::from_millis(50)), sink.clone());
    let (stop, heartbeat, gate) = (CancellationToken::new(), Heartbeat::default(), Semaphore::new(1));
    assert!(!heartbeat.tried());
    let poke = Poke::default();
    let listener = poke.listen();
    let watch = async {
        poke.poll().await.unwrap();
        assert_eq!(sink.panics.load(Ordering::SeqCst), 1, "it ended, and did not end well");
        until("polls after the panics", || sink.polls.load(Ordering::SeqCst) >= 2).await;
        stop.cancel();
    };
    let looping = poller::run(&poller, Memory::default(), &heartbeat, listener, &gate, stop.clone());
    let (_, ()) = tokio::join!(looping, watch);
    assert_eq!(sink.panics.load(Ordering::SeqCst), 1);
    assert!(heartbeat.tried());
    poller.log_out().await;
    assert!(bench.control.sessions().is_empty(), "it logged out");
    bench.end().await;
}

#[tokio::test]
async fn the_next_poller_goes_on_where_the_one_before_ended() {
    let bench = Bench::new(World::documented()).await;
    let (heartbeat, gate) = (Heartbeat::default(), Semaphore::new(1));
    let one_cycle = |memory: Memory| {
        let stop = CancellationToken::new();
        let (poller, heartbeat, gate) = (&bench.poller, &heartbeat, &gate);
        async move {
            let ended = until("a poll", || heartbeat.tried());
            let watch = async {
                ended.await;
                stop.cancel();
            };
            let listener = Poke::default().listen();
            tokio::join!(poller::run(poller, memory, heartbeat, listener, gate, stop.clone()), watch).0
        }
    };
    let memory = one_cycle(Memory::default()).await;
    assert!(memory.has_shown());
    bench.control.add_fault(Fault::everywhere(FaultKind::Hang));
    let stop = CancellationToken::new();
    stop.cancel();
    let before = bench.text();
    let memory = poller::run(&bench.poller, memory, &heartbeat, Poke::default().listen(), &gate, stop).await;
    assert_eq!(
        crate::metrics::without_the_volatile(&bench.text()),
        crate::metrics::without_the_volatile(&before)
    );
    assert!(memory.has_shown());
    bench.end().await;
}

#[tokio::test]
async fn a_nas_that_dies_and_returns() {
    let mut bench = Bench::new(World::documented()).await;
    assert_eq!(bench.cycle().await, None);
    bench.control.add_fault(Fault::everywhere(FaultKind::Reset));
    assert_eq!(bench.cycle().await, Some(DownReason::Http));
    bench.control.clear_faults();
    bench.control.drop_sessions();
    assert_eq!(bench.cycle().await, None, "up in the first cycle that it is up");
    assert_eq!(bench.value("cloudsync_polls_total{nas=\"home\"}"), Some(3.0));
    let failures = "cloudsync_poll_failures_total{nas=\"home\",reason=\"http\"}";
    assert_eq!(bench.value(failures), Some(1.0));
    bench.end().await;
}
