//! The daemon: listeners, fleet, signals.

use super::adapter::StoredGuard;
use super::admin::{AdminService, Door, ReloadRequest};
use super::fleet::Fleet;
use super::pages::{self, Pages};
use super::web_config::{self, Listener};
use super::{complain, fail, load, ports, refuse, unix_now, watchdog};
use crate::cli::Flags;
use crate::config::{Config, ListenAddress, Problems};
use crate::metrics::{ExporterMetrics, Exposition};
use crate::state::{StateError, StateFile};
use crate::telemetry::build;
use crate::telemetry::logs::{self, LogControl};
use crate::telemetry::signals::{Hangups, Termination};
use crate::telemetry::supervisor;
use crate::web::{Bound, Handler, Limits, ListenAddr, Live, Shield};
use hyper::StatusCode;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

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
    let state =
        match open_state(&config, if config.admin.enabled { Lasting::Needed } else { Lasting::Wanted }) {
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
    live: Option<Arc<Live>>,
    logs: LogControl,
    stop: CancellationToken,
    addresses: Vec<SocketAddr>,
    admin: Option<AdminService>,
    reloads: mpsc::Receiver<ReloadRequest>,
}

pub(super) fn listen_addr(ListenAddress { host, port }: &ListenAddress) -> ListenAddr {
    ListenAddr { host: host.clone(), port: *port }
}

impl Daemon {
    /// Takes the ports, then starts the pollers and the pages.
    async fn start(config: Config, state: StateFile, logs: LogControl) -> anyhow::Result<Self> {
        let listen: Vec<ListenAddr> = config.web.listen_address.iter().map(listen_addr).collect();
        let bound =
            Bound::bind(&listen).await.map_err(|error| ports::explain(&error, "web.listen_address"))?;
        let addresses = bound.local_addrs();
        let door =
            Door::open(&config).await.map_err(|error| ports::explain(&error, "admin.listen_address"))?;
        let exporter = ExporterMetrics::new(build::VERSION, build::REVISION, build::RUSTC, unix_now());
        let exposition = Arc::new(Exposition::new(Arc::new(exporter)));
        let state = Arc::new(state);
        let store = Arc::new(StoredGuard(Arc::clone(&state)));
        let mut fleet = Fleet::new(Arc::clone(&exposition), store);
        fleet.apply(&config).await?;
        let stop = CancellationToken::new();
        let (reload, reloads) = mpsc::channel(1);
        let admin = if let Some(door) = door {
            let directory = fleet.directory();
            Some(AdminService::start(door, &config, directory, state, &exposition, reload, &stop).await?)
        } else {
            warn_of_orphans(&state);
            None
        };
        let pages = Pages::new(Arc::clone(&exposition), fleet.pulse());
        let router = pages::router(&pages, &config.web)?;
        let exporter = exposition.exporter();
        let live = web_config::open(Listener::Web, config.web.config_file.as_deref(), exporter)?;
        let handler: Arc<dyn Handler> = match live.clone() {
            Some(live) => Arc::new(Shield::new(
                live,
                router,
                StatusCode::TOO_MANY_REQUESTS,
                web_config::counted(exporter),
            )),
            None => Arc::new(router),
        };
        let server = bound.with_tls_of(live.clone()).serve(handler, Limits::default(), stop.clone());
        if !config.automation.rules.is_empty() && !config.admin.enabled {
            tracing::warn!(
                "automation.rules are of no use without admin.enabled: alerts come in by its listener"
            );
        }
        tracing::info!(version = build::VERSION, revision = build::REVISION, "started");
        for address in &addresses {
            tracing::info!(%address, path = config.web.telemetry_path, "listening");
        }
        if let Some(address) = admin.as_ref().and_then(AdminService::address) {
            tracing::info!(%address, "listening for administration");
        }
        Ok(Self { config, exposition, fleet, server, live, logs, stop, addresses, admin, reloads })
    }

    /// Where the pages are.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where the admin API is, if there is one.
    pub(super) fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().and_then(AdminService::address)
    }

    /// Runs until `stop`, then drains.
    async fn run(mut self, flags: &Flags, mut hangups: Hangups, stop: &CancellationToken) {
        supervisor::ready(&self.status());
        // Ends with the daemon, which it must not hold up.
        let _watching = supervisor::watchdog().map(|limit| {
            let watching = watchdog::watch(self.fleet.pulse(), limit, supervisor::alive, self.stop.clone());
            AbortOnDropHandle::new(tokio::spawn(watching))
        });
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(()) = hangups.next() => {
                    tokio::select! {
                        // It has said and counted what was wrong.
                        _ = self.reload(flags) => {}
                        // What a reload leaves half done ends now anyway.
                        () = stop.cancelled() => break,
                    }
                }
                Some(asked) = self.reloads.recv() => {
                    tokio::select! {
                        outcome = self.reload(flags) => {
                            // Whoever asked may have gone away.
                            let _ = asked.send(outcome);
                        }
                        () = stop.cancelled() => break,
                    }
                }
            }
        }
        supervisor::stopping();
        self.shutdown().await;
    }

    /// What the daemon does, in a line for the service manager.
    fn status(&self) -> String {
        let polled = self.config.polled().count();
        let all = self.config.nas.len();
        if polled == all { format!("polls {all} NASes") } else { format!("polls {polled} of {all} NASes") }
    }

    /// Drains the listeners and logs out of every NAS, both within [`GRACE`].
    async fn shutdown(self) {
        self.stop.cancel();
        let ended = async {
            let acting = async {
                // Actions need their sessions.
                if let Some(admin) = self.admin {
                    admin.shutdown().await;
                }
                self.fleet.shutdown().await;
            };
            tokio::join!(acting, async {
                // A server that panicked has nothing left to drain.
                let _ = self.server.await;
            })
        };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("a NAS or a client did not let go in time");
        }
    }

    /// Loads the configuration again, and tells the service manager.
    async fn reload(&mut self, flags: &Flags) -> Result<(), Vec<String>> {
        supervisor::reloading();
        let outcome = self.load_again(flags).await;
        supervisor::ready(&self.status());
        outcome
    }

    /// Loads the configuration again. A bad one leaves the old one in force.
    async fn load_again(&mut self, flags: &Flags) -> Result<(), Vec<String>> {
        let exporter = Arc::clone(self.exposition.exporter());
        // Beside the runtime, which has to hear signals even when a file hangs.
        let again = flags.clone();
        let loaded = tokio::task::spawn_blocking(move || load(&again)).await;
        let loaded = loaded.unwrap_or_else(|error| Err(Problems::one("config.file", error.to_string())));
        let config = match loaded {
            Ok(config) => config,
            Err(problems) => {
                exporter.reloaded(None);
                tracing::error!("the configuration cannot be used, the old one stays in force: {problems}");
                return Err(problems.0.iter().map(ToString::to_string).collect());
            }
        };
        if let Err(error) = self.fleet.apply(&config).await {
            exporter.reloaded(None);
            let error = anyhow::Error::new(error);
            tracing::error!("the configuration cannot be used, the old one stays in force: {error:#}");
            return Err(vec![format!("{error:#}")]);
        }
        if config.web != self.config.web
            || config.state_file != self.config.state_file
            || config.log.format != self.config.log.format
            || config.admin.enabled != self.config.admin.enabled
            || config.admin.listen_address != self.config.admin.listen_address
            || config.admin.config_file != self.config.admin.config_file
        {
            tracing::warn!(
                "changes of web, state_file, log.format, admin.config_file and where the admin listener is need a \
                 restart"
            );
        }
        if let Some(live) = &self.live {
            live.refresh(Duration::ZERO).await;
        }
        if let Some(admin) = &mut self.admin {
            admin.apply(&config).await;
        }
        if let Err(error) = self.logs.set_level(&config.log.level) {
            tracing::error!(%error, "the log level stays as it is");
        }
        self.config = config;
        exporter.reloaded(Some(unix_now()));
        tracing::info!("the configuration was loaded");
        Ok(())
    }
}

/// Says when holds were left behind that nobody ends: without the admin listener nothing is done to a NAS.
fn warn_of_orphans(state: &StateFile) {
    match state.holds() {
        Ok(holds) if holds.is_empty() => {}
        Ok(holds) => tracing::warn!(
            holds = holds.len(),
            "the state file has holds, and admin.enabled is false: what they paused stays paused"
        ),
        Err(error) => tracing::warn!(%error, "the holds of the state file cannot be read"),
    }
}

/// Whether the state has to outlive the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasting {
    /// The login guard is better for it.
    Wanted,
    /// Holds and the audit must not forget.
    Needed,
}

/// The state file; or, where it cannot be had and need not be, one in memory: the guard then forgets at a restart.
pub(super) fn open_state(config: &Config, lasting: Lasting) -> Result<StateFile, StateError> {
    StateFile::open(&config.state_file).or_else(|error| {
        if lasting == Lasting::Needed {
            return Err(error);
        }
        tracing::warn!(
            file = %config.state_file.display(),
            %error,
            "no state file: after a restart a refused login would be tried again at once"
        );
        StateFile::in_memory()
    })
}
