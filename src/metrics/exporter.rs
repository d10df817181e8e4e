//! What this program says about itself.

use super::catalogue as metric;
use super::nas_counters::register;
use super::process::ProcessCollector;
use super::switch::FreezeSwitch;
use super::webhook::WebhookMetrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HandlerLabels {
    handler: &'static str,
    code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListenerLabels {
    listener: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
    revision: &'static str,
    rustc: &'static str,
}

/// The families of this program that belong to no NAS.
#[derive(Debug)]
pub struct ExporterMetrics {
    registry: Registry,
    http_requests: Family<HandlerLabels, Counter>,
    reload_successful: Gauge,
    reload_timestamp: Gauge<f64, AtomicU64>,
    web_config_successful: Family<ListenerLabels, Gauge>,
    web_config_timestamp: Family<ListenerLabels, Gauge<f64, AtomicU64>>,
    freeze: FreezeSwitch,
    webhook: WebhookMetrics,
}

impl ExporterMetrics {
    /// The families, with the configuration counted as loaded at `now` (seconds since 1970).
    pub fn new(version: &'static str, revision: &'static str, rustc: &'static str, now: f64) -> Self {
        let mut registry = Registry::default();
        let build: Family<BuildLabels, Gauge> = Family::default();
        build.get_or_create(&BuildLabels { version, revision, rustc }).set(1);
        register(&mut registry, &metric::BUILD_INFO, build);
        let http_requests: Family<HandlerLabels, Counter> = Family::default();
        register(&mut registry, &metric::HTTP_REQUESTS, http_requests.clone());
        let reload_successful = Gauge::default();
        register(&mut registry, &metric::RELOAD_SUCCESSFUL, reload_successful.clone());
        let reload_timestamp: Gauge<f64, AtomicU64> = Gauge::default();
        register(&mut registry, &metric::RELOAD_TIMESTAMP, reload_timestamp.clone());
        let web_config_successful: Family<ListenerLabels, Gauge> = Family::default();
        register(&mut registry, &metric::WEB_CONFIG_SUCCESSFUL, web_config_successful.clone());
        let web_config_timestamp: Family<ListenerLabels, Gauge<f64, AtomicU64>> = Family::default();
        register(&mut registry, &metric::WEB_CONFIG_TIMESTAMP, web_config_timestamp.clone());
        registry.register_collector(Box::new(ProcessCollector));
        let freeze = FreezeSwitch::default();
        registry.register_collector(Box::new(freeze.clone()));
        let webhook = WebhookMetrics::default();
        registry.register_collector(Box::new(webhook.clone()));
        let metrics = Self {
            registry,
            http_requests,
            reload_successful,
            reload_timestamp,
            web_config_successful,
            web_config_timestamp,
            freeze,
            webhook,
        };
        metrics.reloaded(Some(now));
        metrics
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A request was answered by `handler`.
    pub fn http_request(&self, handler: &'static str, code: u16) {
        self.http_requests.get_or_create(&HandlerLabels { handler, code }).inc();
    }

    /// The configuration was loaded at that time (seconds since 1970), or could not be.
    pub fn reloaded(&self, at: Option<f64>) {
        self.reload_successful.set(i64::from(at.is_some()));
        if let Some(at) = at {
            self.reload_timestamp.set(at);
        }
    }

    /// The web configuration of `listener` was loaded at that time (seconds since 1970), or could not be.
    pub fn web_config_loaded(&self, listener: &'static str, at: Option<f64>) {
        let labels = ListenerLabels { listener };
        self.web_config_successful.get_or_create(&labels).set(i64::from(at.is_some()));
        if let Some(at) = at {
            self.web_config_timestamp.get_or_create(&labels).set(at);
        }
    }

    /// There are rules: `is_frozen` says whether they are kept from acting, each time that somebody wants to know. It
    /// must not block. Only the first counts.
    pub fn watch_freeze(&self, is_frozen: impl Fn() -> bool + Send + Sync + 'static) {
        self.freeze.watch(is_frozen);
    }

    /// There is a webhook: its counters are at 0, so that the first of anything shows as an increase.
    pub fn expect_webhook(&self) {
        self.webhook.expect();
    }

    /// The webhook accepted a notification at that time (seconds since 1970); so many of its alerts could not be read,
    /// and so many its sender had left out.
    pub fn webhook_accepted(&self, at: f64, alerts_malformed: u64, truncated: u64) {
        self.webhook.accepted(at, alerts_malformed, truncated);
    }

    /// The webhook refused a notification.
    pub fn webhook_rejected(&self, reason: &'static str) {
        self.webhook.rejected(reason);
    }

    /// An Alertmanager was asked, and answered or not.
    pub fn alertmanager_up(&self, url: &str, up: bool) {
        self.webhook.alertmanager(url, up);
    }

    /// Forgets every Alertmanager but these.
    pub fn keep_alertmanagers(&self, urls: &[String]) {
        self.webhook.keep_alertmanagers(urls);
    }
}
