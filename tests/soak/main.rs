//! Soak: an hour and more of a fleet's life within a minute, on paused time, with whatever can go wrong going wrong at
//! random. All along nothing wedges and no counter falls; after a calm nothing has grown.
//!
//! `SOAK_SEED` says where the random numbers begin (each run prints its own), `SOAK_HOURS` how long each run is, and
//! `SOAK_RUNS` how many there are, each with the next seed. A program of its own, since its allocator counts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stderr, reason = "the seed, and what is in use, are shown when a test fails")]

mod allocations;
mod counted;
mod fleet;
mod nas;
mod scrape;
mod storm;

use fleet::Fleet;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::sync::Mutex;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Held by each test, so that none counts what another does.
static ALONE: Mutex<()> = Mutex::new(());

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap())
}

#[test]
fn a_fleet_lives_through_storms_and_does_not_grow() {
    let _alone = ALONE.lock();
    let (seed, hours) = (number("SOAK_SEED", 1), number("SOAK_HOURS", 1));
    for seed in seed..seed + number("SOAK_RUNS", 1) {
        eprintln!("SOAK_SEED={seed} SOAK_HOURS={hours}");
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut fleet = Fleet::start(seed).await;
            fleet.live(hours).await;
            fleet.end().await;
        });
    }
}
