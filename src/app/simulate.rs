//! `simulate`: the simulated NAS alone, for any client.

use super::{complain, fail, ports, print};
use crate::cli::{Flags, Simulate, World as Beginning};
use crate::config::{LogConfig, LogLevel};
use crate::sim::{SecondFactor, SimOptions, Simulator, World};
use crate::telemetry::{logs, signals::Termination};
use anyhow::Context;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
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
    let options = match options(arguments) {
        Ok(options) => options,
        Err(error) => {
            complain(&format!("{error:#}"));
            return ExitCode::FAILURE;
        }
    };
    let simulator = match Simulator::bind(arguments.listen, options).await {
        Ok(simulator) => simulator,
        Err(error) => return cannot_listen(arguments.listen, &error, "--listen"),
    };
    print(&format!("simulated NAS at {} (account {})\n", simulator.base_url(), arguments.account));
    if let Some(address) = arguments.control {
        match simulator.control().serve(address).await {
            Ok(address) => print(&format!("controls at http://{address}\n")),
            Err(error) => return cannot_listen(address, &error, "--control"),
        };
    }
    stop.cancelled().await;
    simulator.shutdown().await;
    ExitCode::SUCCESS
}

fn cannot_listen(address: SocketAddr, error: &io::Error, flag: &str) -> ExitCode {
    complain(&format!("cannot listen on {address}: {}", ports::explain(error, flag)));
    ExitCode::FAILURE
}

fn options(arguments: &Simulate) -> anyhow::Result<SimOptions> {
    let now = jiff::Timestamp::now().as_second();
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Some(tls(certificate, key)?),
        _ => None,
    };
    Ok(SimOptions {
        account: arguments.account.clone(),
        password: arguments.password.clone(),
        second_factor: arguments.otp_secret.as_ref().map_or(SecondFactor::None, |secret| {
            SecondFactor::Totp { secret_base32: secret.clone(), required: true }
        }),
        dsm_version: arguments.dsm_version,
        moving: arguments.moving,
        tls,
        world: match arguments.world {
            Beginning::Demo => World::demo_at(now),
            Beginning::Documented => World::documented(),
            Beginning::Empty => World::empty(),
        },
        ..SimOptions::default()
    })
}

fn tls(certificate: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .with_context(|| format!("cannot read {}", certificate.display()))?;
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| format!("cannot read {}", key.display()))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}
