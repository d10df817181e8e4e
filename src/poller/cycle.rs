//! One cycle: ask, reduce, publish.

use super::board::{Board, Kept};
use super::fast::Fast;
use super::logs::Logs;
use super::progress::ProgressTracker;
use super::reduce;
use super::slow::Slow;
use super::transfer_tracker::TransferTracker;
use super::trouble::{Section, Troubles};
use crate::dsm::{Client, Error};
use crate::model::{Data, DownReason, NasName, Snapshot};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How a NAS is polled.
#[derive(Debug, Clone, PartialEq)]
pub struct PollOptions {
    /// Between two fast cycles.
    pub interval: Duration,
    /// Between two looks at settings, quotas, filters and the package.
    pub slow_interval: Duration,
    /// Without a success for so long, data are withdrawn.
    pub stale_after: Duration,
    /// In which the NAS's schedules are read.
    pub timezone: TimeZone,
}

/// What is remembered from cycle to cycle. It may be handed to the next poller of the same NAS, so
/// that a change of configuration resets no counter.
#[derive(Debug, Default)]
pub struct Memory {
    pub(super) fast: Fast,
    pub(super) slow: Slow,
    pub(super) logs: Logs,
    pub(super) transfers: TransferTracker,
    pub(super) progress: ProgressTracker,
    pub(super) troubles: Troubles,
    /// What the last poller of the NAS showed at its end.
    pub(super) shown: Option<Kept>,
}

impl Memory {
    /// Whether a poller has shown something before, so that the next one goes on from there.
    pub fn has_shown(&self) -> bool {
        self.shown.is_some()
    }
}

/// The poller of one NAS.
pub struct Poller {
    pub(super) nas: NasName,
    pub(super) client: Client,
    pub(super) options: PollOptions,
    pub(super) board: Board,
}

/// Seconds since 1970, as Prometheus has them.
fn unix_seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}

/// The beginning of a cycle.
#[derive(Clone, Copy)]
struct Beginning {
    at: Timestamp,
    /// Those that were known by then.
    sessions_lost: u64,
}

impl Poller {
    /// A poller that reports to `sink`. Nothing is asked before the first cycle.
    pub fn new(nas: NasName, client: Client, options: PollOptions, sink: Arc<dyn super::Sink>) -> Self {
        // Data must outlive the wait for the next poll, or they would come and go with each.
        let shortest = options.interval + options.interval / 4 + Duration::from_secs(1);
        let stale_after = options.stale_after.max(shortest);
        let board = Board::new(sink, stale_after, Snapshot::untried(nas.clone()));
        Self { nas, client, options, board }
    }

    /// The last snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.board.last()
    }

    /// Ends the session with the NAS, as well as that goes within a short time.
    pub async fn log_out(&self) {
        self.client.logout().await;
    }

    /// One whole cycle and the logout, for a single look. Gives the reason when the NAS was down.
    pub async fn once(&self) -> Option<DownReason> {
        let failure = self.cycle(&mut Memory::default()).await;
        self.log_out().await;
        failure
    }

    /// One cycle: the fast part always, the slow part when it is due. The fast part is published
    /// before the slow one is asked for. Gives the reason when the NAS was down.
    pub async fn cycle(&self, memory: &mut Memory) -> Option<DownReason> {
        let started = Instant::now();
        let asked = Beginning { at: Timestamp::now(), sessions_lost: self.client.sessions_lost() };
        self.board.asks(true);
        let failure = self.fast(memory).await.err();
        self.board.asks(false);
        match &failure {
            None => {
                memory.troubles.up(&self.nas);
                let now = Timestamp::now();
                let snapshot = self.snapshot_up(memory, asked, now);
                self.board.publish_fresh(snapshot);
                if self.slow(memory).await {
                    let snapshot = self.snapshot_up(memory, asked, now);
                    self.board.publish(snapshot);
                }
            }
            Some(error) => self.publish_down(memory, error),
        }
        let failure = failure.map(|error| reduce::reason(error.reason()));
        self.board.sink().polled(&self.nas, started.elapsed(), failure);
        failure
    }

    /// What is known of a NAS that was asked then and has answered at `now`.
    fn snapshot_up(&self, memory: &mut Memory, asked: Beginning, now: Timestamp) -> Snapshot {
        let data = self.assemble(memory, now);
        Snapshot {
            up: Some(true),
            reason: None,
            trouble: None,
            last_success: Some(unix_seconds(now)),
            asked: Some(unix_seconds(asked.at)),
            sessions_lost: asked.sessions_lost,
            data: Some(Arc::new(data)),
            ..self.outline()
        }
    }

    fn publish_down(&self, memory: &mut Memory, error: &Error) {
        let reason = reduce::reason(error.reason());
        let text = format!("{error}. {}", error.advice());
        memory.troubles.down(&self.nas, reason, &text);
        self.show_down(reason, text);
    }

    /// Shows the NAS as down, with the data of before until they are too old.
    pub(super) fn show_down(&self, reason: DownReason, text: String) {
        let last = self.board.last();
        self.board.publish(Snapshot {
            up: Some(false),
            reason: Some(reason),
            trouble: Some(text),
            last_success: last.last_success,
            asked: last.asked,
            sessions_lost: last.sessions_lost,
            last_away: if reason.may_have_been_away() {
                Some(unix_seconds(Timestamp::now()))
            } else {
                last.last_away
            },
            data: last.data.clone(),
            ..self.outline()
        });
    }

    /// What the client knows whether or not the NAS answered.
    fn outline(&self) -> Snapshot {
        Snapshot {
            last_away: self.board.last().last_away,
            login_suspended: self.client.holds_logins_back(),
            certificate_expiry: self.client.certificate().map(|certificate| certificate.not_after),
            ..Snapshot::untried(self.nas.clone())
        }
    }

    /// Puts the sections together as they are at `now`.
    fn assemble(&self, memory: &mut Memory, now: Timestamp) -> Data {
        let Fast { connections, tasks, homes, tray, transfers, recent, worked } = &memory.fast;
        let mut data = Data {
            tray: tray.clone(),
            connections: connections.clone(),
            tasks: tasks.clone(),
            transfers: transfers.clone(),
            recent: recent.clone(),
            transferred: memory.transfers.totals(homes, Instant::now()),
            logs: memory.logs.counts(),
            ..Data::default()
        };
        data.progress = memory.progress.observe(connections.values(), worked, unix_seconds(now));
        memory.slow.fill(&mut data, self.options.slow_interval + self.options.stale_after);
        data.schedule_open = data
            .settings
            .iter()
            .filter_map(|(id, settings)| {
                let open = match (settings.schedule_enabled?, &settings.schedule) {
                    (false, _) => true,
                    (true, Some(schedule)) => schedule.open_at(now, &self.options.timezone),
                    (true, None) => return None,
                };
                Some((*id, open))
            })
            .collect();
        data
    }

    /// Counts a section's failure, and says so when it is new.
    pub(super) fn section_down(
        &self,
        troubles: &mut Troubles,
        section: Section,
        id: Option<i64>,
        error: &Error,
    ) {
        let reason = reduce::reason(error.reason());
        self.board.sink().section_failed(&self.nas, section.as_str());
        troubles.section_down(&self.nas, section, id, reason, &error.to_string());
    }

    /// Counts what a section left out in this cycle, and says so when it is new.
    pub(super) fn malformed(&self, troubles: &mut Troubles, section: Section, values: u64) {
        if values > 0 {
            self.board.sink().malformed(&self.nas, section.as_str(), values);
        }
        troubles.malformed(&self.nas, section, values);
    }

    /// Forgets what belonged to connections and tasks that are gone.
    pub(super) fn forget_the_gone(memory: &mut Memory) {
        let connections: HashSet<i64> = memory.fast.connections.keys().map(|id| id.0).collect();
        let tasks: HashSet<i64> = memory.fast.homes.keys().map(|id| id.0).collect();
        memory.troubles.retain(|id| connections.contains(&id), |id| tasks.contains(&id));
        memory.slow.retain(|id| connections.contains(&id.0), |id| tasks.contains(&id.0));
        memory.logs.retain(|id| connections.contains(&id.0));
    }
}
