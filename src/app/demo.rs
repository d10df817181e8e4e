//! `demo`: the daemon against a simulated NAS, both on loopback, with nothing to set up.

use super::daemon::{self, Daemon};
use super::{fail, print, refuse};
use crate::cli::Flags;
use crate::config::{Config, Problems};
use crate::sim::{SimOptions, Simulator, World};
use crate::state::StateFile;
use crate::telemetry::logs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use tokio::net::TcpListener;

const ACCOUNT: &str = "demo";
const PASSWORD: &str = "demo";
/// Where the daemon listens unless the flags say otherwise or the port is taken.
const USUAL_PORT: u16 = 9842;

/// The command: serves until a signal ends it.
pub(super) async fn command(flags: &Flags) -> ExitCode {
    let options = SimOptions {
        account: ACCOUNT.to_owned(),
        password: PASSWORD.to_owned(),
        moving: true,
        world: World::demo_at(jiff::Timestamp::now().as_second()),
        ..SimOptions::default()
    };
    let simulator = match Simulator::bind((Ipv4Addr::LOCALHOST, 0).into(), options).await {
        Ok(simulator) => simulator,
        Err(error) => return fail(&error),
    };
    let nas = simulator.base_url();
    let config = match config(flags, &nas).await {
        Ok(config) => config,
        Err(problems) => return refuse(flags, &problems),
    };
    let logs = match logs::init(&config.log) {
        Ok(logs) => logs,
        Err(error) => return fail(&error),
    };
    let path = config.web.telemetry_path.clone();
    let state = match StateFile::in_memory() {
        Ok(state) => state,
        Err(error) => return fail(&error),
    };
    let started = |daemon: &Daemon| {
        print(&welcome(&nas, daemon.addresses(), &path));
    };
    let code = daemon::serve(flags, config, state, logs, started).await;
    simulator.shutdown().await;
    code
}

/// The configuration of the demo: a quick poll of the simulated NAS, on loopback.
async fn config(flags: &Flags, nas: &str) -> Result<Config, Problems> {
    let environment = [
        ("NAS__DEMO__URL", nas),
        ("NAS__DEMO__USERNAME", ACCOUNT),
        ("NAS__DEMO__PASSWORD", PASSWORD),
        ("POLL__INTERVAL", "2s"),
        ("POLL__SLOW_INTERVAL", "10s"),
        ("METRICS__PER_FILE", "true"),
        ("LOG__LEVEL", "warn"),
    ]
    .map(|(key, value)| (format!("CLOUDSYNC_EXPORTER__{key}"), value.to_owned()));
    let mut overrides = flags.overrides();
    if overrides.web_listen_address.is_empty() {
        let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, USUAL_PORT));
        let is_free = TcpListener::bind(usual).await.is_ok();
        let port = if is_free { USUAL_PORT } else { 0 };
        overrides.web_listen_address.push(format!("127.0.0.1:{port}"));
    }
    Config::load(None, environment, &overrides)
}

fn welcome(nas: &str, addresses: &[SocketAddr], path: &str) -> String {
    let address = addresses.first().map(ToString::to_string).unwrap_or_default();
    format!(
        "A simulated NAS answers at {nas} (account {ACCOUNT}, password {PASSWORD});\n\
         the exporter polls it every two seconds and serves:\n\n\
         \x20 http://{address}/                 a page for people\n\
         \x20 http://{address}{path}          the metrics\n\
         \x20 http://{address}/probe?nas=demo   those of one NAS\n\
         \x20 http://{address}/sd               service discovery\n\n\
         Try:\n\n\
         \x20 curl -s http://{address}{path} | grep cloudsync_transfer\n\
         \x20 curl -s http://{address}{path} | grep 'cloudsync_connection_status.* 1$'\n\
         \x20 curl -s -H 'Accept: application/openmetrics-text' http://{address}{path} | tail -3\n\n\
         Ctrl-C ends it.\n"
    )
}
