//! `once`: a single poll of each NAS, for cron jobs, the textfile collector and a first look.

use super::adapter::StoredGuard;
use super::daemon::{Lasting, open_state};
use super::nas::{Plan, SetupError};
use super::{complain, fail, load, print, refuse, unix_now};
use crate::cli::Flags;
use crate::config::Config;
use crate::metrics::{Coding, ExporterMetrics, Exposition, Format, NasCounters, Selection};
use crate::model::NasName;
use crate::poller::{Poller, sections};
use crate::state::StateFile;
use crate::telemetry::{build, logs};
use futures_util::{StreamExt, stream};
use std::process::ExitCode;
use std::sync::Arc;

/// NASes polled side by side.
const AT_ONCE: usize = 16;

/// The command: the exposition on standard output, what failed on standard error.
pub(super) async fn command(flags: &Flags) -> ExitCode {
    let config = match load(flags) {
        Ok(config) => config,
        Err(problems) => return refuse(flags, &problems),
    };
    if let Err(error) = logs::init(&config.log) {
        return fail(&error);
    }
    let exporter = ExporterMetrics::new(build::VERSION, build::REVISION, build::RUSTC, unix_now());
    let exposition = Arc::new(Exposition::new(Arc::new(exporter)));
    let state = match open_state(&config, Lasting::Wanted) {
        Ok(state) => state,
        Err(error) => return fail(&error),
    };
    let pollers = match pollers(&config, &exposition, state) {
        Ok(pollers) => pollers,
        Err(error) => return fail(&error),
    };
    let failures: Vec<_> = stream::iter(&pollers)
        .map(|poller| async move { (poller.once().await, poller.snapshot()) })
        .buffer_unordered(AT_ONCE)
        .filter_map(|(failure, snapshot)| async move { failure.map(|_| snapshot) })
        .collect()
        .await;
    if let Some(rendered) = exposition.render(&Selection::All, Format::Text, Coding::Identity) {
        print(&String::from_utf8_lossy(&rendered.body));
    }
    for snapshot in &failures {
        complain(&format!("{}: {}", snapshot.nas, snapshot.trouble.as_deref().unwrap_or("down")));
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn pollers(
    config: &Config,
    exposition: &Arc<Exposition>,
    state: StateFile,
) -> Result<Vec<Poller>, SetupError> {
    let store = Arc::new(StoredGuard(Arc::new(state)));
    let poller = |(name, nas)| {
        let (plan, name) = (Plan::new(name, nas, config)?, NasName::new(name));
        let counters = Arc::new(NasCounters::new(&name, sections()));
        let client = plan.counted_client(&name, store.clone(), &counters, &Arc::default())?;
        Ok(plan.poller(&name, client, exposition, &counters))
    };
    config.polled().map(poller).collect()
}
