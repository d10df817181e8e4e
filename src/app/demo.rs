//! `demo`: the daemon against a simulated NAS, both on loopback, with nothing to set up.

use super::daemon::{self, Daemon};
use super::{fail, print, refuse};
use crate::cli::Flags;
use crate::config::{Config, Problems};
use crate::sim::{SimOptions, Simulator, World};
use crate::state::StateFile;
use crate::telemetry::logs;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use tokio::net::TcpListener;

const ACCOUNT: &str = "demo";
const PASSWORD: &str = "demo";
/// Where the daemon listens unless the flags say otherwise or the port is taken.
const USUAL_PORT: u16 = 9842;
/// The same for the admin API.
const USUAL_ADMIN_PORT: u16 = 9843;
/// All that a token can be for.
const SCOPES: &str = "read,hold,settings,dangerous,webhook,lifecycle";

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
    let token = token();
    let config = match config(flags, &nas, &token).await {
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
        if let Some(admin) = daemon.admin_address() {
            print(&admin_welcome(admin, &token));
        }
    };
    let code = daemon::serve(flags, config, state, logs, started).await;
    simulator.shutdown().await;
    code
}

/// The configuration of the demo: a quick poll of the simulated NAS, on loopback.
async fn config(flags: &Flags, nas: &str, token: &str) -> Result<Config, Problems> {
    let digest = HEXLOWER.encode(&Sha256::digest(token));
    let environment = [
        ("ADMIN__ENABLED", "true"),
        ("ADMIN__TOKENS__DEMO__SHA256", &digest),
        ("ADMIN__TOKENS__DEMO__SCOPES", SCOPES),
        ("AUTOMATION__MODE", "enforce"),
        ("AUTOMATION__RULES__DEMO__MATCHERS", "alertname=\"Demo\""),
        ("AUTOMATION__RULES__DEMO__ACTION", "pause"),
        ("AUTOMATION__RULES__DEMO__SELECT__LABELS", "true"),
        ("AUTOMATION__RULES__DEMO__RELEASE_DELAY", "5s"),
        ("AUTOMATION__RULES__DEMO__COOLDOWN", "0s"),
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
        overrides.web_listen_address.push(loopback(USUAL_PORT).await);
    }
    if overrides.admin_listen_address.is_none() {
        overrides.admin_listen_address = Some(loopback(USUAL_ADMIN_PORT).await);
    }
    Config::load(None, environment, &overrides)
}

/// A listen address on loopback: the usual port where it is free, any other where it is not.
async fn loopback(usual: u16) -> String {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, usual));
    let is_free = TcpListener::bind(address).await.is_ok();
    format!("127.0.0.1:{}", if is_free { usual } else { 0 })
}

/// A token for this demo alone. It guards nothing but a simulated NAS.
fn token() -> String {
    format!("demo-{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))
}

fn admin_welcome(address: SocketAddr, token: &str) -> String {
    let api = format!("http://{address}/api/v1/nas/demo");
    let head = format!("-H 'Authorization: Bearer {token}'");
    let json = "-H 'Content-Type: application/json'";
    let notify = |status: &str| {
        let labels = r#"{"alertname":"Demo","nas":"demo","conn_id":"6"}"#;
        // The shell says what time it is: an alert that begins before its last end is taken for a late copy.
        let now = r#""'$(date -u +%FT%TZ)'""#;
        let alert = format!(r#"{{"status":"{status}","labels":{labels},"startsAt":{now},"endsAt":{now}}}"#);
        let body = format!(r#"'{{"version":"4","alerts":[{alert}]}}'"#);
        format!("curl -s {head} {json} -d {body} http://{address}/webhooks/alertmanager")
    };
    let (firing, resolved) = (notify("firing"), notify("resolved"));
    format!(
        "The admin API is at http://{address}, with this token for this run:\n\n\
         \x20 {token}\n\n\
         Pause a connection for ten minutes, see who holds it, change one setting, let go:\n\n\
         \x20 curl -s {head} {api}/connections\n\
         \x20 curl -s {head} {json} -d '{{\"reason\":\"trying it\",\"for\":\"10m\"}}' {api}/connections/1/pause\n\
         \x20 curl -s {head} http://{address}/api/v1/holds\n\
         \x20 curl -s {head} {json} -X PATCH -d '{{\"max_upload_speed\":512}}' {api}/connections/1/settings\n\
         \x20 curl -s {head} {json} -d '{{}}' {api}/connections/1/resume\n\
         \x20 curl -s {head} http://{address}/api/v1/audit\n\n\
         Let an alert pause one, as an Alertmanager would, see why, and let the alert end:\n\n\
         \x20 {firing}\n\
         \x20 curl -s {head} http://{address}/api/v1/automation/decisions\n\
         \x20 {resolved}\n\n\
         or on a terminal:\n\n\
         \x20 CLOUDSYNC_CTL_TOKEN={token} cloudsync-exporter ctl --url http://{address} status\n\n\
         Ctrl-C ends it.\n"
    )
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
         \x20 curl -s -H 'Accept: application/openmetrics-text' http://{address}{path} | tail -3\n\n"
    )
}
