//! Hearing a notification: read, written to disk, acknowledged.

use super::{Automation, lock};
use crate::actions::{clock, fault_point, run_blocking};
use crate::automation::case::Bearer;
use crate::automation::desk::Truncated;
use crate::automation::payload::{Notification, PayloadError};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::timeout;

/// Notifications that are heard at once. Beyond it their senders are better told to come again.
const MOST_HEARING: usize = 64;
/// How long a sender waits at the most. A disk that hangs must not make it wait for ever.
const PATIENCE: Duration = Duration::from_secs(10);
/// Groups with alerts left out that are remembered until the next look at the Alertmanagers.
const MOST_TRUNCATED: usize = 100;

/// A notification that was accepted: it is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The alerts in it.
    pub alerts: usize,
    /// Those that could not be read.
    pub malformed: usize,
}

/// Why a notification was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It is no notification.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// Too many are being heard.
    #[error("too many notifications are being heard already")]
    Busy,
    /// It cannot be kept.
    #[error("the state file cannot be written: {0}")]
    Disk(String),
}

impl Rejected {
    /// Why, as a label value.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Payload(error) => error.reason(),
            Self::Busy => "busy",
            Self::Disk(_) => "disk",
        }
    }
}

/// A place among those that are heard.
struct Place(Arc<Automation>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.hearing.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Automation {
    /// Hears a notification. On success it is on disk, with what follows from it; nothing has been asked of a NAS.
    pub async fn accept(self: &Arc<Self>, body: Vec<u8>, bearer: Bearer) -> Result<Accepted, Rejected> {
        let place = Place(Arc::clone(self));
        let outcome = if self.hearing.fetch_add(1, Ordering::SeqCst) >= MOST_HEARING {
            Err(Rejected::Busy)
        } else {
            let this = Arc::clone(self);
            // What has begun goes on to its end: half written must not be half heard.
            let heard = tokio::spawn(async move {
                let _place = place;
                this.hear(body, bearer).await
            });
            match timeout(PATIENCE, heard).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_)) | Err(_) => Err(Rejected::Busy),
            }
        };
        if let Err(rejected) = &outcome {
            self.meter.rejected(rejected.reason());
            tracing::warn!(reason = rejected.reason(), error = %rejected, "a notification was rejected");
        }
        outcome
    }

    async fn hear(&self, body: Vec<u8>, bearer: Bearer) -> Result<Accepted, Rejected> {
        let notification = run_blocking(move || Notification::parse(&body)).await?;
        fault_point::reach("webhook_received").await;
        let Notification { alerts, malformed, truncated, fault, .. } = &notification;
        let accepted = Accepted { alerts: alerts.len() + malformed, malformed: *malformed };
        let (malformed, truncated) = (*malformed as u64, *truncated);
        if let Some(fault) = fault {
            tracing::warn!(malformed, fault, "alerts of a notification cannot be read");
        }
        if truncated > 0 {
            tracing::warn!(truncated, receiver = notification.receiver, "a notification leaves alerts out");
            self.complete_later(&notification, &bearer);
        }
        // Whatever a person ended before this came concerns what was on before, and nothing that begins with it.
        for nas in self.actions.directory().names() {
            if !self.heed(&nas).await {
                return Err(Rejected::Disk("the ends of holds cannot be written".to_owned()));
            }
        }
        let bearer = Bearer { program: notification.sender, ..bearer };
        let mut desk = self.desk.lock().await;
        if desk.is_full() {
            let change = desk.tidy(&self.settings().rules, clock::timestamp());
            self.make(&mut desk, change).await.map_err(|error| Rejected::Disk(error.to_string()))?;
        }
        let change = desk.hear(alerts, &bearer, &self.settings().rules, clock::timestamp());
        self.make(&mut desk, change).await.map_err(|error| Rejected::Disk(error.to_string()))?;
        drop(desk);
        fault_point::reach("webhook_persisted").await;
        self.meter.accepted(clock::timestamp().as_duration().as_secs_f64(), malformed, truncated);
        self.nudge.notify_one();
        Ok(accepted)
    }

    /// The alerts that were left out are asked for at the next look at the Alertmanagers, which is soon.
    fn complete_later(&self, notification: &Notification, bearer: &Bearer) {
        let group = Truncated {
            receiver: notification.receiver_name(),
            group_labels: notification.group_labels.clone(),
            bearer: bearer.clone(),
        };
        self.remember(group);
    }

    /// Remembers a group until the next look.
    pub(super) fn remember(&self, group: Truncated) {
        let mut waiting = lock(&self.truncated);
        if !waiting.contains(&group) && waiting.len() < MOST_TRUNCATED {
            waiting.push(group);
        }
    }
}
