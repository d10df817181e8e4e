//! `doctor`: each NAS stage by stage, in plain words, and what to do where it fails.

mod report;
mod stages;

use super::adapter::{ConfiguredCredentials, StoredGuard};
use super::daemon::{Lasting, open_state};
use super::{fail, load, print, refuse};
use crate::cli::{self, Flags};
use crate::telemetry::logs;
use report::Report;
use std::process::ExitCode;
use std::sync::Arc;

/// The command: a line a stage on standard output; success only when every stage of every NAS passed.
pub(super) async fn command(flags: &Flags, arguments: &cli::Doctor) -> ExitCode {
    let config = match load(flags) {
        Ok(config) => config,
        Err(problems) => return refuse(flags, &problems),
    };
    if let Err(error) = logs::init(&config.log) {
        return fail(&error);
    }
    let state = match open_state(&config, Lasting::Wanted) {
        Ok(state) => state,
        Err(error) => return fail(&error),
    };
    let guard = StoredGuard(Arc::new(state));
    let mut all_passed = true;
    for (name, nas) in config.polled() {
        let mut report = Report::new(name);
        let credentials = ConfiguredCredentials(nas.clone());
        match super::nas::Plan::new(name, nas, &config) {
            Ok(plan) => stages::examine(name, &plan, &credentials, &guard, arguments, &mut report).await,
            Err(error) => report.failed("settings", &error.to_string(), "Correct the configuration."),
        }
        all_passed &= report.passed();
    }
    if all_passed {
        return ExitCode::SUCCESS;
    }
    print("\nNot every stage passed. The first FAIL of a NAS is the one to mend.\n");
    ExitCode::FAILURE
}
