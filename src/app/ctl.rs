//! `ctl`: a person's client of the admin API.

use super::print;
use crate::cli::ctl::Ctl;
use std::io::Write;
use std::process::ExitCode;

/// The command. What it says and how it ends is the room's; here it only gets out.
pub(super) async fn command(arguments: &Ctl) -> ExitCode {
    let report = crate::ctl::run(arguments).await;
    print(&report.out);
    let _ = std::io::stderr().write_all(report.err.as_bytes());
    ExitCode::from(report.code)
}
