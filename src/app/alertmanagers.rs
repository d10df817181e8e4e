//! The Alertmanagers of the configuration, asked over HTTP for the alerts that they have.
//!
//! Redirects and the environment's proxies are not followed. The limits of time and size hold for each answer as a
//! whole. Why one did not answer is said in a few words that hold no address: who asks knows whom.

#[cfg(test)]
mod tests;

use crate::automation::alertmanager::{self, Alertmanagers, Answer, List};
use crate::config::AlertmanagerUrl;
use crate::metrics::ExporterMetrics;
use anyhow::Context;
use futures_util::future::{BoxFuture, join_all};
use reqwest::header::ACCEPT;
use reqwest::{StatusCode, redirect};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// What one answer may cost.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// From the first try to connect to the last byte.
    patience: Duration,
    /// In bytes, as they are once decompressed.
    longest: usize,
}

const LIMITS: Limits = Limits { patience: Duration::from_secs(5), longest: 64 << 20 };

/// The most characters of a fault's own words that are shown.
const MOST_SHOWN: usize = 200;

/// Below the base URL of an Alertmanager.
const ALERTS: &str = "/api/v2/alerts";
/// Everything, whoever would be told of it; the defaults of today, said all the same.
const EVERY_ALERT: &str = "active=true&silenced=true&inhibited=true&unprocessed=true";

/// The Alertmanagers.
pub(super) struct HttpAlertmanagers {
    http: reqwest::Client,
    limits: Limits,
    asked: Vec<Asked>,
    exporter: Arc<ExporterMetrics>,
}

/// One of them.
struct Asked {
    /// Its base URL without a slash at the end: how answers, metrics and logs name it.
    name: String,
    alerts: Url,
    health: Mutex<Health>,
}

/// How it was the last time. Only changes are worth a line in the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Health {
    /// Answers, or was never asked.
    #[default]
    Good,
    /// Answers, and some of its alerts cannot be read.
    Partial,
    /// Does not answer.
    Down,
}

impl HttpAlertmanagers {
    /// Those at these base URLs, each once, in place of whichever `exporter` knows.
    pub(super) fn new(urls: &[AlertmanagerUrl], exporter: Arc<ExporterMetrics>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(urls)?)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            // They are asked too seldom for a connection to be worth keeping.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("cloudsync-exporter/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(reqwest::Error::without_url)
            .context("cannot set up HTTP for the Alertmanagers")?;
        let mut asked: Vec<Asked> = Vec::new();
        for AlertmanagerUrl(url) in urls {
            let one = Asked::new(url);
            if asked.iter().all(|known| known.name != one.name) {
                asked.push(one);
            }
        }
        let names: Vec<String> = asked.iter().map(|one| one.name.clone()).collect();
        exporter.keep_alertmanagers(&names);
        Ok(Self { http, limits: LIMITS, asked, exporter })
    }

    async fn answer(&self, asked: &Asked) -> Answer {
        let patience = self.limits.patience;
        let list = match tokio::time::timeout(patience, self.body(asked)).await {
            Ok(Ok(body)) => read(body).await,
            Ok(Err(why)) => Err(why),
            Err(_) => Err(format!("no answer within {} s", patience.as_secs())),
        };
        self.exporter.alertmanager_up(&asked.name, list.is_ok());
        asked.note(&list);
        let malformed = list.as_ref().map_or(0, |list| list.malformed);
        Answer { url: asked.name.clone(), alerts: list.map(|list| list.alerts), malformed }
    }

    async fn body(&self, asked: &Asked) -> Result<Vec<u8>, String> {
        let request = self.http.get(asked.alerts.clone()).header(ACCEPT, "application/json");
        let mut response = request.send().await.map_err(root)?;
        let status = response.status();
        if status.is_redirection() {
            return Err(format!("a redirect (status {}), which is not followed", status.as_u16()));
        }
        if status != StatusCode::OK {
            return Err(format!("status {}", status.as_u16()));
        }
        let longest = self.limits.longest;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(root)? {
            if chunk.len() > longest - body.len() {
                return Err(format!("an answer longer than {longest} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl Alertmanagers for HttpAlertmanagers {
    fn ask(&self) -> BoxFuture<'_, Vec<Answer>> {
        Box::pin(join_all(self.asked.iter().map(|asked| self.answer(asked))))
    }
}

impl Asked {
    fn new(base: &Url) -> Self {
        let prefix = base.path().trim_end_matches('/');
        let mut alerts = base.clone();
        alerts.set_path(&format!("{prefix}{ALERTS}"));
        alerts.set_query(Some(EVERY_ALERT));
        let name = base.as_str().trim_end_matches('/').to_owned();
        Self { name, alerts, health: Mutex::default() }
    }

    /// Whether it is another than the last time.
    fn is_news(&self, now: Health) -> bool {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *health, now) != now
    }

    /// Says what changed since the last time.
    fn note(&self, list: &Result<List, String>) {
        let alertmanager = self.name.as_str();
        match list {
            Ok(List { malformed: 0, .. }) => {
                if self.is_news(Health::Good) {
                    tracing::info!(alertmanager, "the Alertmanager answers again");
                }
            }
            Ok(List { malformed, fault, .. }) => {
                if self.is_news(Health::Partial) {
                    let what = "alerts cannot be read: of no other alert it is believed that it is over";
                    tracing::warn!(alertmanager, malformed, fault, "{what}");
                }
            }
            Err(error) => {
                if self.is_news(Health::Down) {
                    tracing::warn!(alertmanager, error, "the Alertmanager cannot be asked which alerts fire");
                }
            }
        }
    }
}

/// Reads an answer beside the runtime: a long one takes a second.
async fn read(body: Vec<u8>) -> Result<List, String> {
    match tokio::task::spawn_blocking(move || alertmanager::parse(&body)).await {
        Ok(list) => list.map_err(|error| error.to_string()),
        Err(_) => Err("reading the answer failed".to_owned()),
    }
}

/// The TLS set-up: the authorities of the system, where they are needed at all.
fn tls(urls: &[AlertmanagerUrl]) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if urls.iter().any(|url| url.0.scheme() == "https") {
        // Single broken certificates of the system are none of our business.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("cannot set up TLS for the Alertmanagers")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// The innermost cause: the words around it are the address again. It may be in the peer's words, so it is tamed.
fn root(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let shown = cause.to_string();
    shown.chars().take(MOST_SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
