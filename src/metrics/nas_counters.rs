//! What we count ourselves about one NAS. Each NAS has a registry of its own, so that its series
//! can be served alone and go when the NAS leaves the configuration.

use super::catalogue::{self as metric, Metric};
use super::held::HeldConnections;
use super::sample::unit_of;
use crate::model::{DownReason, HeldConnection, NasName};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric as RegistryMetric, Registry};
use std::time::Duration;

/// Bounds in seconds, from a local answer to one that needs most of a 10 s timeout.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

type Timings<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabels {
    method: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodReasonLabels {
    method: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SectionLabels {
    section: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FamilyLabels {
    family: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ActionLabels {
    action: &'static str,
    source: &'static str,
}

/// The counters of one NAS.
#[derive(Debug)]
pub struct NasCounters {
    registry: Registry,
    polls: Counter,
    poll_failures: Family<ReasonLabels, Counter>,
    poll_duration: Histogram,
    panics: Counter,
    section_failures: Family<SectionLabels, Counter>,
    malformed: Family<SectionLabels, Counter>,
    requests: Family<MethodLabels, Counter>,
    request_failures: Family<MethodReasonLabels, Counter>,
    request_duration: Timings<MethodLabels>,
    logins: Counter,
    login_failures: Family<ReasonLabels, Counter>,
    series_dropped: Family<FamilyLabels, Counter>,
    actions: Family<ActionLabels, Counter>,
    action_failures: Family<ActionLabels, Counter>,
    action_blocked: Family<ReasonLabels, Counter>,
    holds: HeldConnections,
}

fn timings() -> Histogram {
    Histogram::new(BUCKETS)
}

pub(super) fn register(registry: &mut Registry, metric: &'static Metric, family: impl RegistryMetric) {
    // prometheus-client appends a full stop to the help it is given.
    let help = metric.help.trim_end_matches('.');
    match metric.unit {
        Some(unit) => registry.register_with_unit(metric.stem(), help, unit_of(unit), family),
        None => registry.register(metric.stem(), help, family),
    }
}

impl NasCounters {
    /// Counters at 0, with every reason and every section of a poll in place, so that a first failure
    /// shows as an increase.
    pub fn new(nas: &NasName, sections: impl IntoIterator<Item = &'static str>) -> Self {
        let name = nas.as_str().to_owned();
        let mut whole = Registry::default();
        let counters = Self {
            polls: Counter::default(),
            poll_failures: Family::default(),
            poll_duration: timings(),
            panics: Counter::default(),
            section_failures: Family::default(),
            malformed: Family::default(),
            requests: Family::default(),
            request_failures: Family::default(),
            request_duration: Family::new_with_constructor(timings as fn() -> Histogram),
            logins: Counter::default(),
            login_failures: Family::default(),
            series_dropped: Family::default(),
            actions: Family::default(),
            action_failures: Family::default(),
            action_blocked: Family::default(),
            holds: HeldConnections::new(nas),
            registry: Registry::default(),
        };
        for reason in DownReason::ALL {
            let labels = ReasonLabels { reason: reason.as_str() };
            drop(counters.poll_failures.get_or_create(&labels));
            drop(counters.login_failures.get_or_create(&labels));
        }
        for section in sections {
            let labels = SectionLabels { section };
            drop(counters.section_failures.get_or_create(&labels));
            drop(counters.malformed.get_or_create(&labels));
        }
        whole.register_collector(Box::new(counters.holds.clone()));
        let registry = whole.sub_registry_with_label(("nas".into(), name.into()));
        register(registry, &metric::POLLS, counters.polls.clone());
        register(registry, &metric::POLL_FAILURES, counters.poll_failures.clone());
        register(registry, &metric::POLL_DURATION, counters.poll_duration.clone());
        register(registry, &metric::POLL_PANICS, counters.panics.clone());
        register(registry, &metric::SECTION_FAILURES, counters.section_failures.clone());
        register(registry, &metric::MALFORMED, counters.malformed.clone());
        register(registry, &metric::REQUESTS, counters.requests.clone());
        register(registry, &metric::REQUEST_FAILURES, counters.request_failures.clone());
        register(registry, &metric::REQUEST_DURATION, counters.request_duration.clone());
        register(registry, &metric::LOGINS, counters.logins.clone());
        register(registry, &metric::LOGIN_FAILURES, counters.login_failures.clone());
        register(registry, &metric::SERIES_DROPPED, counters.series_dropped.clone());
        register(registry, &metric::ACTIONS_TAKEN, counters.actions.clone());
        register(registry, &metric::ACTION_FAILURES, counters.action_failures.clone());
        register(registry, &metric::ACTION_BLOCKED, counters.action_blocked.clone());
        Self { registry: whole, ..counters }
    }

    /// Puts actions at 0 that may be taken, so that the first one shows as an increase.
    pub fn expect_actions(&self, actions: impl IntoIterator<Item = (&'static str, &'static str)>) {
        for (action, source) in actions {
            let labels = ActionLabels { action, source };
            drop(self.actions.get_or_create(&labels));
            drop(self.action_failures.get_or_create(&labels));
        }
    }

    /// An action was sent to the NAS.
    pub fn acted(&self, action: &'static str, source: &'static str) {
        self.actions.get_or_create(&ActionLabels { action, source }).inc();
    }

    /// An action came to nothing.
    pub fn action_failed(&self, action: &'static str, source: &'static str) {
        self.action_failures.get_or_create(&ActionLabels { action, source }).inc();
    }

    /// Puts reasons for which a guard may keep an action back at 0, so that the first one shows as an increase.
    pub fn expect_blocks(&self, reasons: impl IntoIterator<Item = &'static str>) {
        for reason in reasons {
            drop(self.action_blocked.get_or_create(&ReasonLabels { reason }));
        }
    }

    /// A guard kept an action back.
    pub fn blocked(&self, reason: &'static str) {
        self.action_blocked.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// The holds that are in force, in place of those before.
    pub fn show_holds(&self, holds: Vec<HeldConnection>) {
        self.holds.show(holds);
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A poll ended after `took`, with a reason if `list_conn` was not answered.
    pub fn poll(&self, took: Duration, failure: Option<DownReason>) {
        self.polls.inc();
        self.poll_duration.observe(took.as_secs_f64());
        if let Some(reason) = failure {
            self.poll_failures.get_or_create(&ReasonLabels { reason: reason.as_str() }).inc();
        }
    }

    /// A poll ended in a panic.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// A part of a poll failed.
    pub fn section_failed(&self, section: &'static str) {
        self.section_failures.get_or_create(&SectionLabels { section }).inc();
    }

    /// Values of a section were left out as malformed.
    pub fn malformed(&self, section: &'static str, values: u64) {
        self.malformed.get_or_create(&SectionLabels { section }).inc_by(values);
    }

    /// An HTTP request to the NAS ended.
    pub fn request(&self, method: &str, took: Duration, failure: Option<DownReason>) {
        let labels = MethodLabels { method: method.to_owned() };
        if self.requests.get_or_create(&labels).inc() == 0 {
            for reason in DownReason::ALL {
                let labels = MethodReasonLabels { method: method.to_owned(), reason: reason.as_str() };
                drop(self.request_failures.get_or_create(&labels));
            }
        }
        self.request_duration.get_or_create(&labels).observe(took.as_secs_f64());
        if let Some(reason) = failure {
            let labels = MethodReasonLabels { method: labels.method, reason: reason.as_str() };
            self.request_failures.get_or_create(&labels).inc();
        }
    }

    /// A login ended.
    pub fn login(&self, failure: Option<DownReason>) {
        match failure {
            None => {
                self.logins.inc();
            }
            Some(reason) => {
                self.login_failures.get_or_create(&ReasonLabels { reason: reason.as_str() }).inc();
            }
        }
    }

    /// Series of a family were left out of the exposition.
    pub fn series_dropped(&self, family: &'static str, series: u64) {
        self.series_dropped.get_or_create(&FamilyLabels { family }).inc_by(series);
    }
}
