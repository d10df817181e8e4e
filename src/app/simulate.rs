//! `simulate`: the simulated NAS alone, for any client.

use super::{fail, print};
use crate::cli::{Flags, Simulate, World as Beginning};
use crate::config::{LogConfig, LogLevel};
use crate::sim::{SimOptions, Simulator, World};
use crate::telemetry::{logs, signals::Termination};
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

/// The command: serves until a signal ends it.
pub(super) async fn command(flags: &Flags, arguments: &Simulate) -> ExitCode {
    let mut log = LogConfig::default();
    if let Some(level) = flags.log_level.as_ref().and_then(|level| level.parse::<LogLevel>().ok()) {
        log.level = level;
    }
    if let Err(error) = logs::init(&log) {
        return fail(&error);
    }
    let stop = CancellationToken::new();
    match Termination::listen() {
        Ok(termination) => tokio::spawn(termination.watch(stop.clone())),
        Err(error) => return fail(&error),
    };
    let now = jiff::Timestamp::now().as_second();
    let options = SimOptions {
        account: arguments.account.clone(),
        password: arguments.password.clone(),
        moving: arguments.moving,
        world: match arguments.world {
            Beginning::Demo => World::demo_at(now),
            Beginning::Documented => World::documented(),
            Beginning::Empty => World::empty(),
        },
        ..SimOptions::default()
    };
    let simulator = match Simulator::bind(arguments.listen, options).await {
        Ok(simulator) => simulator,
        Err(error) => return fail(&error),
    };
    print(&format!("simulated NAS at {} (account {})\n", simulator.base_url(), arguments.account));
    if let Some(address) = arguments.control {
        match simulator.control().serve(address).await {
            Ok(address) => print(&format!("controls at http://{address}\n")),
            Err(error) => return fail(&error),
        };
    }
    stop.cancelled().await;
    simulator.shutdown().await;
    ExitCode::SUCCESS
}
