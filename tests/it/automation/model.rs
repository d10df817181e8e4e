//! The automation against a model: whatever alerts, persons, NASes, Alertmanagers and restarts do in whatever order,
//! some things never happen, and in the end everything is as those who are in charge want it.
//!
//! A case is a [`History`]. The real engine, keeper and actions run it over two scripted NASes, while a
//! [`Watch`](watch::Watch) at each NAS judges every command at the moment that it is told, and the rest is judged after
//! each step. `PROPTEST_CASES` says how many histories there are, `PROPTEST_RNG_SEED` which.

#![allow(clippy::large_futures, reason = "each history runs by itself, and no stack is short")]

mod event;
mod finale;
mod found;
mod judge;
mod known;
mod machine;
mod order;
mod person;
mod send;
mod step;
mod trial;
mod watch;

use event::{Event, History, history};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use trial::Trial;

/// As many histories as a test runs unless the environment says otherwise. There are four such tests, so that they can
/// run at the same time.
const CASES: u32 = 2_500;

/// Where the random numbers begin unless the environment says otherwise.
const SEED: u64 = 0x5eed_0001;

/// So many cases, or as many times more or fewer as the environment wants of [`CASES`]; the same ones every time.
fn config(cases: u32) -> Config {
    let given = Config::default();
    let is_given = std::env::var_os("PROPTEST_CASES").is_some();
    let wanted = u64::from(if is_given { given.cases } else { CASES });
    Config {
        cases: u32::try_from(wanted * u64::from(cases) / u64::from(CASES)).unwrap().max(1),
        rng_seed: match given.rng_seed {
            RngSeed::Random => RngSeed::Fixed(SEED),
            fixed @ RngSeed::Fixed(_) => fixed,
        },
        failure_persistence: None,
        max_shrink_iters: 20_000,
        max_shrink_time: match given.max_shrink_time {
            0 => 60_000,
            milliseconds => milliseconds,
        },
        ..given
    }
}

/// Runs what is on paused time, by itself.
fn on_paused_time<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(work)
}

/// Something that comes to its end: on paused time, whatever waits for nothing has waited for ever at once.
async fn in_time(work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let ever = std::time::Duration::from_secs(1_000 * 24 * 60 * 60);
    let ended = tokio::time::timeout(ever, work).await;
    ended.unwrap_or_else(|_| Err("it never ends".to_owned()))
}

/// Runs a history. An error says what went wrong, and everything that happened until then.
fn run(history: &History) -> Result<(), String> {
    on_paused_time(async {
        let mut trial = Trial::new(history);
        let mut outcome = Ok(());
        for (index, event) in history.events.iter().enumerate() {
            trial.note(&format!("{index}: {event:?}"));
            outcome = in_time(trial.happens(*event)).await;
            if outcome.is_err() {
                break;
            }
        }
        if outcome.is_ok() {
            outcome = in_time(trial.ends_well()).await;
        }
        trial.close();
        outcome.map_err(|wrong| format!("{wrong}\n\nwhat happened:\n{}", trial.log()))
    })
}

#[test]
fn whatever_happens_in_whatever_order() {
    run_histories(0);
}

#[test]
fn whatever_happens_in_another_order() {
    run_histories(1);
}

#[test]
fn whatever_happens_in_a_third_order() {
    run_histories(2);
}

#[test]
fn whatever_happens_in_a_fourth_order() {
    run_histories(3);
}

/// Runs one of the four parts of the histories.
fn run_histories(part: u64) {
    let mut config = config(CASES);
    if let RngSeed::Fixed(seed) = config.rng_seed {
        config.rng_seed = RngSeed::Fixed(seed.wrapping_add(part));
    }
    let mut runner = TestRunner::new(config);
    let result = runner.run(&history(), |history| run(&history).map_err(TestCaseError::fail));
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, history)) => {
            let events = format!("{:#?}", history.events);
            panic!(
                "{why}\n\nthe shortest history found: {events}\n  told: {}, anew: {}",
                history.is_told, history.fires_anew
            );
        }
        Err(TestError::Abort(why)) => panic!("aborted: {why}"),
    }
}

/// Runs these events and the end of every history.
fn check(events: &[Event]) {
    for is_told in [true, false] {
        let history = History { events: events.to_vec(), is_told, fires_anew: true };
        if let Err(wrong) = run(&history) {
            panic!("{wrong}");
        }
    }
}
