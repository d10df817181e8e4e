//! What alerts come in by: the webhook, and the Alertmanagers that are asked.

use super::catalogue as metric;
use super::sample::{Sample, Sink, Write};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why a notification can be refused.
const REASONS: [&str; 6] = ["malformed", "version", "too_many_alerts", "too_large", "busy", "disk"];

/// The counts. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct WebhookMetrics(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    /// Absent where there is no webhook.
    accepted: Option<Accepted>,
    rejected: BTreeMap<&'static str, u64>,
    /// By URL, whether it answered the last time.
    alertmanagers: BTreeMap<String, bool>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Accepted {
    notifications: u64,
    truncated: u64,
    malformed: u64,
    last: Option<f64>,
}

impl WebhookMetrics {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn expect(&self) {
        let mut counts = self.counts();
        counts.accepted.get_or_insert_default();
        for reason in REASONS {
            counts.rejected.entry(reason).or_default();
        }
    }

    pub(super) fn accepted(&self, at: f64, malformed: u64, truncated: u64) {
        let mut counts = self.counts();
        let accepted = counts.accepted.get_or_insert_default();
        accepted.notifications += 1;
        accepted.malformed = accepted.malformed.saturating_add(malformed);
        accepted.truncated = accepted.truncated.saturating_add(truncated);
        accepted.last = Some(at);
    }

    pub(super) fn rejected(&self, reason: &'static str) {
        *self.counts().rejected.entry(reason).or_default() += 1;
    }

    pub(super) fn alertmanager(&self, url: &str, up: bool) {
        self.counts().alertmanagers.insert(url.to_owned(), up);
    }

    pub(super) fn keep_alertmanagers(&self, urls: &[String]) {
        self.counts().alertmanagers.retain(|url, _| urls.contains(url));
    }
}

impl Collector for WebhookMetrics {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counts = self.counts();
        let count = |of: fn(Accepted) -> u64| counts.accepted.map(|accepted| Sample::new([], of(accepted)));
        let last = counts.accepted.and_then(|accepted| accepted.last);
        let mut sink = Write { encoder, skip: &[], result: Ok(()) };
        sink.family(&metric::WEBHOOK_NOTIFICATIONS, count(|accepted| accepted.notifications).into_iter());
        sink.family(&metric::WEBHOOK_LAST, last.map(|at| Sample::new([], at)).into_iter());
        sink.family(
            &metric::WEBHOOK_REJECTED,
            counts.rejected.iter().map(|(reason, count)| Sample::new([(*reason).into()], *count)),
        );
        sink.family(&metric::WEBHOOK_TRUNCATED, count(|accepted| accepted.truncated).into_iter());
        sink.family(&metric::WEBHOOK_MALFORMED, count(|accepted| accepted.malformed).into_iter());
        sink.family(
            &metric::ALERTMANAGER_UP,
            counts.alertmanagers.iter().map(|(url, up)| Sample::new([url.as_str().into()], *up)),
        );
        sink.result
    }
}
