//! The daemon: listeners, fleet, signals.

use super::adapter::StoredGuard;
use super::fleet::Fleet;
use super::pages::{self, Pages};
use super::{complain, fail, load, refuse, unix_now};
use crate::cli::Flags;
use crate::config::{Config, ListenAddress};
use crate::metrics::{ExporterMetrics, Exposition};
use crate::state::{StateError, StateFile};
use crate::telemetry::build;
use crate::telemetry::logs::{self, LogControl};
use crate::telemetry::signals::{Hangups, Termination};
use crate::web::{Bound, Limits, ListenAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// From the first signal to the exit, whatever hangs.
const GRACE: Duration = Duration::from_millis(4_500);

/// `cloudsync-exporter run`.
pub(super) async fn command(flags: &Flags) -> ExitCode {
    let config = match load(flags) {
        Ok(config) => config,
        Err(problems) => return refuse(flags, &problems),
    };
    let logs = match logs::init(&config.log) {
        Ok(logs) => logs,
        Err(error) => return fail(&error),
    };
    let state = match open_state(&config) {
        Ok(state) => state,
        Err(error) => return fail(&error),
    };
    serve(flags, config, state, logs, |_| {}).await
}

/// Runs the daemon until a signal ends it; `started` is told where it listens.
pub(super) async fn serve(
    flags: &Flags,
    config: Config,
    state: StateFile,
    logs: LogControl,
    started: impl FnOnce(&Daemon),
) -> ExitCode {
    let stop = CancellationToken::new();
    let (termination, hangups) = match (Termination::listen(), Hangups::listen()) {
        (Ok(termination), Ok(hangups)) => (termination, hangups),
        (Err(error), _) | (_, Err(error)) => return fail(&error),
    };
    // Owned by the runtime: it has to hear a second signal for as long as we are here.
    tokio::spawn(termination.watch(stop.clone()));
    match Daemon::start(config, state, logs).await {
        Ok(daemon) => {
            started(&daemon);
            daemon.run(flags, hangups, &stop).await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The running parts.
pub(super) struct Daemon {
    config: Config,
    exposition: Arc<Exposition>,
    fleet: Fleet,
    server: tokio::task::JoinHandle<()>,
    logs: LogControl,
    stop: CancellationToken,
    addresses: Vec<std::net::SocketAddr>,
}

fn listen_addr(ListenAddress { host, port }: &ListenAddress) -> ListenAddr {
    ListenAddr { host: host.clone(), port: *port }
}

impl Daemon {
    /// Takes the ports, then starts the pollers and the pages.
    async fn start(config: Config, state: StateFile, logs: LogControl) -> anyhow::Result<Self> {
        let listen: Vec<ListenAddr> = config.web.listen_address.iter().map(listen_addr).collect();
        let bound = Bound::bind(&listen).await?;
        let addresses = bound.local_addrs();
        let exporter = ExporterMetrics::new(build::VERSION, build::REVISION, build::RUSTC, unix_now());
        let exposition = Arc::new(Exposition::new(Arc::new(exporter)));
        let store = Arc::new(StoredGuard(Arc::new(state)));
        let mut fleet = Fleet::new(Arc::clone(&exposition), store);
        fleet.apply(&config).await?;
        let stop = CancellationToken::new();
        let pages = Pages::new(Arc::clone(&exposition), fleet.pulse());
        let router = pages::router(&pages, &config.web)?;
        let server = bound.serve(Arc::new(router), Limits::default(), stop.clone());
        if !config.automation.rules.is_empty() {
            tracing::warn!(
                "automation.rules are checked and not followed: this version does not act on alerts"
            );
        }
        tracing::info!(version = build::VERSION, revision = build::REVISION, "started");
        for address in &addresses {
            tracing::info!(%address, path = config.web.telemetry_path, "listening");
        }
        Ok(Self { config, exposition, fleet, server, logs, stop, addresses })
    }

    /// Where the pages are.
    pub(super) fn addresses(&self) -> &[std::net::SocketAddr] {
        &self.addresses
    }

    /// Runs until `stop`, then drains.
    async fn run(mut self, flags: &Flags, mut hangups: Hangups, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(()) = hangups.next() => {
                    tokio::select! {
                        () = self.reload(flags) => {}
                        // What a reload leaves half done ends now anyway.
                        () = stop.cancelled() => break,
                    }
                }
            }
        }
        self.shutdown().await;
    }

    /// Drains the listeners and logs out of every NAS, both within [`GRACE`].
    async fn shutdown(self) {
        self.stop.cancel();
        let ended = async {
            tokio::join!(self.fleet.shutdown(), async {
                // A server that panicked has nothing left to drain.
                let _ = self.server.await;
            })
        };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("a NAS or a client did not let go in time");
        }
    }

    /// Loads the configuration again. A bad one leaves the old one in force.
    async fn reload(&mut self, flags: &Flags) {
        let exporter = Arc::clone(self.exposition.exporter());
        let config = match load(flags) {
            Ok(config) => config,
            Err(problems) => {
                exporter.reloaded(None);
                tracing::error!("the configuration cannot be used, the old one stays in force: {problems}");
                return;
            }
        };
        if let Err(error) = self.fleet.apply(&config).await {
            exporter.reloaded(None);
            tracing::error!(
                "the configuration cannot be used, the old one stays in force: {:#}",
                anyhow::Error::new(error)
            );
            return;
        }
        if config.web != self.config.web
            || config.state_file != self.config.state_file
            || config.log.format != self.config.log.format
        {
            tracing::warn!("changes of web, state_file and log.format need a restart");
        }
        if let Err(error) = self.logs.set_level(&config.log.level) {
            tracing::error!(%error, "the log level stays as it is");
        }
        self.config = config;
        exporter.reloaded(Some(unix_now()));
        tracing::info!("the configuration was loaded");
    }
}

/// The state file, or one in memory when it cannot be had: the guard then forgets at a restart.
pub(super) fn open_state(config: &Config) -> Result<StateFile, StateError> {
    StateFile::open(&config.state_file).or_else(|error| {
        tracing::warn!(
            file = %config.state_file.display(),
            %error,
            "no state file: after a restart a refused login would be tried again at once"
        );
        StateFile::in_memory()
    })
}
