//! The admin listener, put together: tokens and hosts of the configuration, actions over the fleet, the reload.

mod token_files;

use super::alertmanagers::HttpAlertmanagers;
use super::automation::{self, AutomationInbox, Counters};
use super::daemon::listen_addr;
use super::directory::NasDirectory;
use super::web_config::{self, Listener};
use crate::actions::{Actions, Keeper, Options, Retention};
use crate::admin::{Admin, Grant, HashSource, Scope, Settings, Token, Tokens};
use crate::automation::Automation;
use crate::config::{Config, ListenAddress, TokenConfig};
use crate::metrics::{ExporterMetrics, Exposition};
use crate::state::StateFile;
use crate::web::host::{BadHost, HostPolicy};
use crate::web::{Bound, Handler, Limits, Live, Shield};
use hyper::StatusCode;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use token_files::TokenFiles;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Connections at once: people and their automation, not the world.
const MOST_CONNECTIONS: usize = 128;
/// For who asks too often: Alertmanager tries again after a 503 and gives up after a 429.
const LIMITED: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
/// How long the end of the program waits for actions under way; what is not done then, the next start calls unknown.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// A wish to load the configuration again: answered with the problems, where it cannot be used.
pub(super) type ReloadRequest = oneshot::Sender<Result<(), Vec<String>>>;

/// The listener before anything is behind it.
pub(super) struct Door {
    bound: Bound,
}

impl Door {
    /// Takes the port, when the configuration has the listener at all.
    pub(super) async fn open(config: &Config) -> std::io::Result<Option<Self>> {
        if !config.admin.enabled {
            return Ok(None);
        }
        let bound = Bound::bind(&[listen_addr(&config.admin.listen_address)]).await?;
        Ok(Some(Self { bound }))
    }
}

/// The running parts behind the admin listener.
pub(super) struct AdminService {
    admin: Admin,
    actions: Arc<Actions>,
    automation: Arc<Automation>,
    exporter: Arc<ExporterMetrics>,
    address: Option<SocketAddr>,
    /// Where it listens as configured at the start: a reload does not move it.
    listens: ListenAddress,
    live: Option<Arc<Live>>,
    files: TokenFiles,
    server: JoinHandle<()>,
    keeper: JoinHandle<()>,
    engine: JoinHandle<()>,
}

impl AdminService {
    /// Opens what the state file remembers, then answers.
    pub(super) async fn start(
        door: Door,
        config: &Config,
        directory: Arc<NasDirectory>,
        state: Arc<StateFile>,
        exposition: &Arc<Exposition>,
        reloads: mpsc::Sender<ReloadRequest>,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let address = door.bound.local_addrs().first().copied();
        let actions = Arc::new(Actions::open(directory, Arc::clone(&state), options(config))?);
        let exporter = Arc::clone(exposition.exporter());
        exporter.expect_webhook();
        let switched = Arc::downgrade(&actions);
        exporter.watch_freeze(move || switched.upgrade().is_some_and(|actions| actions.is_frozen()));
        let listens = config.admin.listen_address.clone();
        let (settings, files) = settings(config, &listens).await?;
        let automation = Arc::new(Automation::open(
            Arc::clone(&actions),
            state,
            automation::settings(config),
            alertmanagers(config, &exporter)?,
            Arc::new(Counters(Arc::clone(&exporter))),
        )?);
        let counting = Arc::clone(&exporter);
        let inbox = AutomationInbox { automation: Arc::clone(&automation), exporter: Arc::clone(&exporter) };
        let admin = Admin::new(
            Arc::clone(&actions),
            settings,
            Arc::new(move || Box::pin(reload(reloads.clone()))),
            Some(Arc::new(inbox)),
            Arc::new(move |handler, code| counting.http_request(handler, code)),
        )?;
        let limits =
            Limits { max_connections: MOST_CONNECTIONS, max_body_bytes: 1 << 20, ..Limits::default() };
        let live = web_config::open(Listener::Admin, config.admin.config_file.as_deref(), &exporter)?;
        let handler: Arc<dyn Handler> = match live.clone() {
            Some(live) => Arc::new(Shield::new(live, admin.clone(), LIMITED, Box::new(|_| {}))),
            None => Arc::new(admin.clone()),
        };
        let server = door.bound.with_tls_of(live.clone()).serve(handler, limits, stop.clone());
        let keeper = tokio::spawn(keep(Arc::clone(&actions), Arc::clone(&automation), stop.clone()));
        let engine = tokio::spawn(Arc::clone(&automation).run(stop.clone()));
        if config.admin.tokens.is_empty() {
            tracing::warn!("admin.tokens is empty: the admin listener refuses everybody");
        }
        if config.admin.allow_plaintext && !config.admin.listen_address.is_loopback() {
            tracing::warn!("admin.allow_plaintext: tokens travel unencrypted; whoever reads one may use it");
        }
        Ok(Self {
            admin,
            actions,
            automation,
            exporter,
            address,
            listens,
            live,
            files,
            server,
            keeper,
            engine,
        })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// What a reload changes: tokens, hosts, retention, the web configuration.
    pub(super) async fn apply(&mut self, config: &Config) {
        if let Some(live) = &self.live {
            live.refresh(Duration::ZERO).await;
        }
        match settings(config, &self.listens).await {
            Ok((settings, files)) => {
                self.admin.set_settings(settings);
                self.files = files;
            }
            Err(error) => tracing::error!(%error, "the admin listener goes on with the old tokens"),
        }
        self.actions.set_options(options(config));
        match alertmanagers(config, &self.exporter) {
            Ok(alertmanagers) => self.automation.set_settings(automation::settings(config), alertmanagers),
            Err(error) => tracing::error!(%error, "the automation goes on with the old rules"),
        }
    }

    /// Waits, not too long, for the listener and for actions under way.
    pub(super) async fn shutdown(self) {
        let Self { actions, server, keeper, engine, .. } = self;
        let ended = async {
            let _ = tokio::join!(server, keeper, engine);
            actions.drain().await;
        };
        if timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!("actions are cut off; their audit records will say that the outcome is unknown");
        }
    }
}

fn alertmanagers(config: &Config, exporter: &Arc<ExporterMetrics>) -> anyhow::Result<Arc<HttpAlertmanagers>> {
    let urls = &config.automation.alertmanagers;
    Ok(Arc::new(HttpAlertmanagers::new(urls, Arc::clone(exporter))?))
}

/// Keeps the holds, once the automation has renewed those whose alerts still fire: what ran out while nobody was there
/// to renew it must not be let go for a moment.
async fn keep(actions: Arc<Actions>, automation: Arc<Automation>, stop: CancellationToken) {
    tokio::select! {
        () = automation.renewed() => {}
        () = stop.cancelled() => {}
    }
    Keeper::new(actions).run(stop).await;
}

fn options(config: &Config) -> Options {
    Options {
        verify_timeout: config.automation.verify_timeout,
        retention: Retention { max_age: config.admin.audit_max_age, max_bytes: config.admin.audit_max_bytes },
    }
}

/// Which hosts requests to a listener there may be addressed to.
pub(super) fn hosts(config: &Config, listens: &ListenAddress) -> Result<HostPolicy, BadHost> {
    HostPolicy::new(&listen_addr(listens), &config.admin.allowed_hosts)
}

async fn settings(config: &Config, listens: &ListenAddress) -> anyhow::Result<(Settings, TokenFiles)> {
    let mut files = TokenFiles::default();
    let mut tokens = Vec::new();
    for (name, token) in &config.admin.tokens {
        tokens.push(Token { grant: grant(name, token), hash: hash(token, &mut files).await });
    }
    let settings = Settings {
        tokens: Tokens(tokens),
        hosts: hosts(config, listens)?,
        automation_mode: config.automation.mode.as_str(),
    };
    Ok((settings, files))
}

fn grant(name: &str, token: &TokenConfig) -> Arc<Grant> {
    Arc::new(Grant {
        name: name.to_owned(),
        scopes: token.scopes.iter().filter_map(|scope| Scope::from_word(scope.as_str())).collect(),
        reach: automation::reach(token),
    })
}

async fn hash(token: &TokenConfig, files: &mut TokenFiles) -> HashSource {
    match (token.sha256, token.token_file.clone()) {
        (Some(digest), _) => Arc::new(move || Some(digest.0)),
        (None, Some(file)) => files.watch(file).await.source(),
        (None, None) => Arc::new(|| None),
    }
}

/// Asks the daemon to load the configuration again.
async fn reload(reloads: mpsc::Sender<ReloadRequest>) -> Result<(), Vec<String>> {
    let (answer, answered) = oneshot::channel();
    let gone = || vec!["the program is ending".to_owned()];
    reloads.send(answer).await.map_err(|_| gone())?;
    answered.await.unwrap_or_else(|_| Err(gone()))
}
