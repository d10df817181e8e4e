//! Looking at the Alertmanagers: at the start, every few minutes, when alerts were left out, and before a lease ends.

use super::{Automation, lock};
use crate::actions::clock;
use crate::automation::alertmanager::Alertmanagers;
use crate::automation::case::milliseconds;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A lease that ends sooner than this is a reason for a look.
const SOON: Duration = Duration::from_secs(60);

/// When the Alertmanagers were looked at.
#[derive(Debug, Default)]
pub(super) struct Looks {
    last: Option<Instant>,
    /// The last one that counted for alerts that were missing.
    counted: Option<Instant>,
}

fn is_past(at: Option<Instant>, span: Duration) -> bool {
    at.is_none_or(|at| at.elapsed() >= span)
}

impl Automation {
    /// Whether it is time for a look.
    pub(super) async fn wants_a_look(&self) -> bool {
        let interval = self.settings().reconcile_interval;
        let last = self.looks.lock().await.last;
        if is_past(last, interval) {
            return true;
        }
        if !is_past(last, interval / 10) {
            return false;
        }
        !lock(&self.truncated).is_empty() || self.ends_a_lease_soon().await
    }

    async fn ends_a_lease_soon(&self) -> bool {
        let (settings, now) = (self.settings(), clock::now());
        let desk = self.desk.lock().await;
        desk.cases().filter(|case| case.is_open()).any(|case| {
            let rule = settings.rules.iter().find(|rule| rule.name == case.rule);
            rule.is_some_and(|rule| {
                let left = case.until(rule).saturating_sub(now);
                // Of a short lease a part, so that a look is not asked for all the time.
                left > 0 && left < milliseconds(SOON.min(rule.lease / 4))
            })
        })
    }

    /// Asks the Alertmanagers, and believes them.
    pub async fn look(&self) {
        let alertmanagers: Arc<dyn Alertmanagers> =
            Arc::clone(&self.alertmanagers.read().unwrap_or_else(PoisonError::into_inner));
        let mut looks = self.looks.lock().await;
        looks.last = Some(Instant::now());
        let counts = is_past(looks.counted, self.settings().reconcile_interval / 2);
        let truncated = std::mem::take(&mut *lock(&self.truncated));
        let asked = clock::timestamp();
        let answers = alertmanagers.ask().await;
        if answers.iter().all(|answer| answer.alerts.is_err()) {
            // With nobody to ask, what was left out stays unknown until it is repeated.
            if !answers.is_empty() {
                for group in truncated {
                    self.remember(group);
                }
            }
            return;
        }
        if counts {
            looks.counted = Some(Instant::now());
        }
        let mut desk = self.desk.lock().await;
        // By the moment of asking: what was heard in the meantime is newer than the answers.
        let change = desk.reconcile(&answers, &truncated, counts, &self.settings().rules, asked);
        // What cannot be written is said there; they are asked again.
        let _ = self.make(&mut desk, change).await;
        drop(desk);
        self.nudge.notify_one();
    }
}
