//! Cycles that somebody asks for: soon, after the question, and not too many.
//!
//! The loops here have no NAS: their credentials cannot be read, which fails a cycle before anything is sent, and lets
//! a test say how long it takes. So the clock can stand still.

use super::looping::options;
use crate::bench::Bench;
use cloudsync_exporter::dsm::{
    Client, ClientOptions, CredentialError, CredentialSource, Credentials, MemoryGuardStore, NoObserver,
};
use cloudsync_exporter::model::{ConnectionId, DownReason, NasName, Snapshot, Status};
use cloudsync_exporter::poller::{self, Heartbeat, Listener, Memory, Poke, Poller, Sink, Stopped};
use cloudsync_exporter::sim::World;
use futures_util::future::join_all;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const INTERVAL: Duration = Duration::from_secs(60);

/// Tells when a cycle asks for them, and answers when it may.
struct Unreadable {
    asked: UnboundedSender<Instant>,
    may_fail: Mutex<mpsc::Receiver<()>>,
}

impl CredentialSource for Unreadable {
    fn load(&self) -> Result<Credentials, CredentialError> {
        self.asked.send(Instant::now()).ok();
        self.may_fail.lock().unwrap().recv().ok();
        Err(CredentialError("not today".to_owned()))
    }
}

struct Nowhere;

impl Sink for Nowhere {
    fn publish(&self, _: Arc<Snapshot>) {}
    fn polled(&self, _: &NasName, _: Duration, _: Option<DownReason>) {}
    fn panicked(&self, _: &NasName) {}
    fn section_failed(&self, _: &NasName, _: &'static str) {}
    fn malformed(&self, _: &NasName, _: &'static str, _: u64) {}
}

/// A loop at work.
struct Loop {
    starts: UnboundedReceiver<Instant>,
    ends: mpsc::Sender<()>,
    gate: Arc<Semaphore>,
    stop: CancellationToken,
    task: JoinHandle<Memory>,
}

impl Loop {
    fn start(listener: Listener, permits: usize) -> Self {
        let (asked, starts) = unbounded_channel();
        let (ends, may_fail) = mpsc::channel();
        let client = Client::new(
            ClientOptions::new("home", "http://nas.invalid".parse().unwrap()),
            Arc::new(Unreadable { asked, may_fail: Mutex::new(may_fail) }),
            Arc::new(MemoryGuardStore::default()),
            Arc::new(NoObserver),
        )
        .unwrap();
        let poller = Poller::new(NasName::new("home"), client, options(INTERVAL), Arc::new(Nowhere));
        let (gate, stop) = (Arc::new(Semaphore::new(permits)), CancellationToken::new());
        let task = tokio::spawn({
            let (gate, stop) = (Arc::clone(&gate), stop.clone());
            async move {
                let heartbeat = Heartbeat::default();
                poller::run(&poller, Memory::default(), &heartbeat, listener, &gate, stop).await
            }
        });
        Self { starts, ends, gate, stop, task }
    }

    /// Waits until a cycle begins.
    async fn begins(&mut self) -> Instant {
        self.starts.recv().await.unwrap()
    }

    /// Lets so many cycles end as soon as they have begun, the present one first.
    fn end_cycles(&self, cycles: usize) {
        for _ in 0..cycles {
            self.ends.send(()).unwrap();
        }
    }
}

/// So many callers at once that wait for a cycle.
fn callers(poke: &Poke, count: usize) -> JoinHandle<Vec<Result<(), Stopped>>> {
    let poke = poke.clone();
    tokio::spawn(async move { join_all((0..count).map(|_| poke.poll())).await })
}

/// Lets everything happen that can happen now.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn assert_apart(earlier: Instant, later: Instant, seconds: std::ops::Range<f64>) {
    let apart = (later - earlier).as_secs_f64();
    assert!(seconds.contains(&apart), "{apart} s apart, not {seconds:?}");
}

#[tokio::test(start_paused = true)]
async fn pokes_during_a_cycle_bring_one_more_that_began_after_them() {
    let poke = Poke::default();
    let mut looping = Loop::start(poke.listen(), 1);
    let first = looping.begins().await;
    poke.now();
    let waiting = callers(&poke, 3);
    settle().await;
    tokio::time::advance(Duration::from_secs(8)).await;
    looping.end_cycles(1);
    let second = looping.begins().await;
    assert_apart(first, second, 10.0..10.1);
    settle().await;
    assert!(!waiting.is_finished(), "the first began before them, the second has not ended");
    looping.end_cycles(1);
    assert_eq!(waiting.await.unwrap(), [Ok(()); 3]);
    let third = looping.begins().await;
    assert_apart(second, third, 57.0..63.1);
    looping.end_cycles(1);
}

#[tokio::test(start_paused = true)]
async fn whoever_pokes_again_and_again_gets_a_cycle_a_second() {
    let poke = Poke::default();
    let mut looping = Loop::start(poke.listen(), 1);
    looping.end_cycles(11);
    for _ in 0..10 {
        poke.poll().await.unwrap();
        for _ in 0..10 {
            poke.now();
        }
    }
    let mut before = looping.begins().await;
    for _ in 0..9 {
        let next = looping.begins().await;
        assert_apart(before, next, 1.0..1.1);
        before = next;
    }
}

#[tokio::test(start_paused = true)]
async fn a_poke_long_after_a_cycle_is_answered_at_once() {
    let poke = Poke::default();
    let mut looping = Loop::start(poke.listen(), 1);
    looping.end_cycles(2);
    let first = looping.begins().await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    poke.poll().await.unwrap();
    assert_apart(first, looping.begins().await, 30.0..30.1);
}

#[tokio::test(start_paused = true)]
async fn a_cycle_that_waits_for_its_turn_has_not_begun() {
    let poke = Poke::default();
    let mut looping = Loop::start(poke.listen(), 0);
    settle().await;
    let waiting = callers(&poke, 1);
    settle().await;
    assert!(looping.starts.is_empty());
    looping.gate.add_permits(1);
    looping.begins().await;
    looping.end_cycles(1);
    assert_eq!(waiting.await.unwrap(), [Ok(())]);
    assert!(looping.starts.is_empty(), "the first cycle is the one that was asked for");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_loop_releases_who_waits() {
    let poke = Poke::default();
    assert_eq!(poke.poll().await, Err(Stopped), "nobody listens yet");
    let mut looping = Loop::start(poke.listen(), 1);
    looping.begins().await;
    let waiting = callers(&poke, 2);
    settle().await;
    looping.stop.cancel();
    assert_eq!(waiting.await.unwrap(), [Err(Stopped); 2]);
    looping.task.await.unwrap();
    assert_eq!(poke.poll().await, Err(Stopped));
    drop(looping.ends);

    let mut aborted = Loop::start(poke.listen(), 1);
    aborted.begins().await;
    let waiting = callers(&poke, 1);
    settle().await;
    aborted.task.abort();
    assert_eq!(waiting.await.unwrap(), [Err(Stopped)]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_goes_on_to_wait_for_the_next_poller() {
    let poke = Poke::default();
    let mut before = Loop::start(poke.listen(), 1);
    before.begins().await;
    let waiting = callers(&poke, 2);
    settle().await;
    let next = poke.listen();
    before.stop.cancel();
    before.task.await.unwrap();
    settle().await;
    assert!(!waiting.is_finished());
    let mut after = Loop::start(next, 1);
    after.begins().await;
    settle().await;
    assert!(!waiting.is_finished());
    after.end_cycles(1);
    assert_eq!(waiting.await.unwrap(), [Ok(()); 2]);
    drop(before.ends);
}

#[tokio::test]
async fn what_happened_before_the_poke_is_in_the_snapshot_after_it() {
    let bench = Bench::new(World::documented()).await;
    let (poke, stop) = (Poke::default(), CancellationToken::new());
    let (heartbeat, gate) = (Heartbeat::default(), Semaphore::new(1));
    let looping =
        poller::run(&bench.poller, Memory::default(), &heartbeat, poke.listen(), &gate, stop.clone());
    let asking = async {
        poke.poll().await.unwrap();
        let status = |of: &Snapshot| of.data.clone().unwrap().connections[&ConnectionId(3)].status.clone();
        assert_eq!(status(&bench.poller.snapshot()), Some(Status::UpToDate));
        bench.control.world(|world| world.connection_mut(3).unwrap().status = "pause".into());
        let paused = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
        poke.poll().await.unwrap();
        let snapshot = bench.poller.snapshot();
        assert_eq!(status(&snapshot), Some(Status::Pause));
        assert!(snapshot.asked.unwrap() >= paused);
        stop.cancel();
    };
    tokio::join!(looping, asking);
    bench.end().await;
}
