//! The composition root: from arguments and configuration to running parts, and down again.
//!
//! [`daemon`] binds the listeners before anything starts, then runs a [`fleet`] of pollers; the other
//! commands each have a page of their own. Nothing else in the crate knows every room.

mod adapter;
mod admin;
mod alertmanagers;
mod automation;
mod check;
mod ctl;
mod daemon;
mod demo;
mod directory;
mod doctor;
mod fleet;
mod healthcheck;
mod nas;
mod nas_port;
mod once;
mod pages;
mod ports;
mod pulse;
mod rooms;
mod rules;
mod simulate;
mod watchdog;
mod web_config;

use crate::cli::{CONFIG_FILE_VARIABLE, Cli, Command, Flags};
use crate::config::{Config, Place, Problems};
use crate::telemetry;
use std::io::Write;
use std::process::ExitCode;

/// The configuration is wrong, as `EX_USAGE` of sysexits.
const EXIT_CONFIG: u8 = 64;

/// Runs the command that the arguments ask for.
pub fn main() -> ExitCode {
    let cli = Cli::from_process();
    if cli.flags.version {
        return print(&format!("cloudsync-exporter {}\n", telemetry::build::LONG_VERSION));
    }
    // Only fails when there is one already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let code = runtime.block_on(command(&cli));
    // A resolver thread that hangs must not hold up the exit.
    runtime.shutdown_background();
    code
}

async fn command(cli: &Cli) -> ExitCode {
    let flags = &cli.flags;
    match cli.command.as_ref().unwrap_or(&Command::Run) {
        Command::Run => daemon::command(flags).await,
        Command::Demo => demo::command(flags).await,
        Command::Simulate(arguments) => simulate::command(flags, arguments).await,
        Command::Doctor(arguments) => doctor::command(flags, arguments).await,
        Command::CheckConfig => check::check_config(flags),
        Command::Rules(arguments) => rules::command(flags, arguments),
        Command::DefaultConfig => print(crate::config::DEFAULT_FILE),
        Command::Once => once::command(flags).await,
        Command::Healthcheck(arguments) => healthcheck::command(arguments).await,
        Command::Metrics(arguments) => check::metrics(arguments),
        Command::Ctl(arguments) => ctl::command(arguments).await,
    }
}

/// Loads the configuration that the flags name, with this process's environment.
fn load(flags: &Flags) -> Result<Config, Problems> {
    load_at(Place::Here, flags)
}

/// As [`load`], here or elsewhere.
fn load_at(place: Place, flags: &Flags) -> Result<Config, Problems> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name != CONFIG_FILE_VARIABLE);
    let check = |config: &Config, problems: &mut Problems| rooms::check(config, place, problems);
    Config::load_checked(flags.config_file.as_deref(), environment, &flags.overrides(), place, check)
}

/// Says what is wrong with the configuration.
fn refuse(flags: &Flags, problems: &Problems) -> ExitCode {
    let file =
        flags.config_file.as_ref().map_or_else(|| "no file given".into(), |file| file.display().to_string());
    complain(&format!("the configuration ({file}) cannot be used: {problems}"));
    ExitCode::from(EXIT_CONFIG)
}

/// Writes to standard output. A reader that went away is no failure.
fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    ExitCode::SUCCESS
}

/// Writes to standard error.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "cloudsync-exporter: {text}");
}

/// Says what went wrong, causes included.
fn fail(error: &dyn std::error::Error) -> ExitCode {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    complain(&text);
    ExitCode::FAILURE
}

/// Seconds since 1970.
fn unix_now() -> f64 {
    jiff::Timestamp::now().as_duration().as_secs_f64()
}
