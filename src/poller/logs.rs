//! The logs of a NAS's connections: what was counted of each, and the pages that a burst needs.

use super::bygone::forget_beyond;
use super::cycle::{Memory, Poller};
use super::log_tracker::{LogTracker, Window};
use super::reduce;
use super::transfer_tracker::REMEMBERED;
use super::trouble::Section;
use crate::dsm::cloud_sync::read::{self, LogQuery};
use crate::dsm::cloud_sync::wire;
use crate::dsm::{Batch, Error};
use crate::model::{ConnectionId, LogCounts};
use std::collections::{BTreeMap, HashMap, HashSet};
use tokio::time::Instant;

/// Rows asked for at every poll.
const FIRST_PAGE: u32 = 50;
/// Rows of each page that a burst needs; the most that the API gives.
const NEXT_PAGE: u32 = 200;
/// Further pages in one cycle. What does not fit is counted as missed.
const MAX_PAGES: usize = 5;

/// The query for the head of a log.
pub(super) fn first_page() -> LogQuery {
    LogQuery { limit: FIRST_PAGE, ..LogQuery::default() }
}

/// What was counted, by connection.
#[derive(Debug, Default)]
pub(super) struct Logs {
    connections: BTreeMap<ConnectionId, Followed>,
}

#[derive(Debug, Default)]
struct Followed {
    tracker: LogTracker,
    counts: LogCounts,
    gone: Option<Instant>,
}

impl Logs {
    /// The counts of the connections that are there.
    pub(super) fn counts(&self) -> BTreeMap<ConnectionId, LogCounts> {
        let there = self.connections.iter().filter(|(_, followed)| followed.gone.is_none());
        there.map(|(id, followed)| (*id, followed.counts.clone())).collect()
    }

    /// Has counters at 0 for a connection whose log was not answered yet.
    pub(super) fn follow(&mut self, connection: ConnectionId) {
        self.connections.entry(connection).or_default();
    }

    pub(super) fn retain(&mut self, is_there: impl Fn(ConnectionId) -> bool) {
        self.connections.retain(|id, followed| {
            followed.gone = (!is_there(*id)).then(|| followed.gone.unwrap_or_else(Instant::now));
            followed.gone.is_none_or(|gone| gone.elapsed() < REMEMBERED)
        });
        forget_beyond(&mut self.connections, |followed| followed.gone);
    }

    fn is_enough(&mut self, connection: ConnectionId, window: &Window) -> bool {
        self.connections.entry(connection).or_default().tracker.is_enough(window)
    }

    /// Counts a connection's pages; whether there was a new row.
    fn take(&mut self, connection: ConnectionId, window: &Window) -> bool {
        let Followed { tracker, counts, .. } = self.connections.entry(connection).or_default();
        let found = tracker.take(window);
        for row in &found.new {
            counts.count(row.action, row.level, row.error_code);
        }
        counts.missed = counts.missed.saturating_add(found.missed);
        !found.new.is_empty()
    }
}

/// The pages of one log in one cycle.
pub(super) struct Pages {
    window: Window,
    malformed: u64,
}

impl Pages {
    pub(super) fn first(page: &wire::Log) -> Self {
        let mut pages = Self { window: Window::default(), malformed: 0 };
        pages.add(page, FIRST_PAGE);
        pages
    }

    fn add(&mut self, page: &wire::Log, limit: u32) {
        let page = reduce::log_rows(page);
        let (rows, total) = page.value;
        self.malformed += page.malformed;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        // A page that is longer than it was asked for is not believed.
        let rows = &rows[..rows.len().min(limit)];
        self.window.join(rows, total, limit);
    }
}

impl Poller {
    /// Reads on in the logs that have not met known rows yet, all of them in one request a page, and
    /// counts. Gives how many values were malformed.
    pub(super) async fn finish_logs(
        &self,
        memory: &mut Memory,
        mut logs: Vec<(ConnectionId, Pages)>,
        worked: &mut HashSet<ConnectionId>,
    ) -> u64 {
        // What else was answered waits for these pages.
        let deadline = Instant::now() + self.options.interval / 2;
        let mut refused: HashMap<ConnectionId, Error> = HashMap::new();
        for _ in 0..MAX_PAGES {
            let mut batch = Batch::new();
            let mut asked = Vec::new();
            for (connection, pages) in &mut logs {
                if !refused.contains_key(connection) && !memory.logs.is_enough(*connection, &pages.window) {
                    let offset = u32::try_from(pages.window.next_offset()).unwrap_or(u32::MAX);
                    let query = LogQuery { offset, limit: NEXT_PAGE, ..LogQuery::default() };
                    asked.push((batch.add(read::get_log(Some(connection.0), &query)), *connection, pages));
                }
            }
            if batch.is_empty() || Instant::now() >= deadline {
                break;
            }
            match self.client.run(batch).await {
                Ok(mut answers) => {
                    for (slot, connection, pages) in asked {
                        match answers.take(slot) {
                            Ok(page) => pages.add(&page, NEXT_PAGE),
                            Err(error) => drop(refused.insert(connection, error)),
                        }
                    }
                }
                Err(error) => {
                    refused.extend(asked.into_iter().map(|(_, connection, _)| (connection, error.clone())));
                }
            }
        }
        let mut malformed = 0;
        for (connection, pages) in logs {
            let id = Some(connection.0);
            match refused.get(&connection) {
                Some(error) => self.section_down(&mut memory.troubles, Section::Log, id, error),
                None => memory.troubles.section_up(&self.nas, Section::Log, id),
            }
            malformed += pages.malformed;
            if memory.logs.take(connection, &pages.window) {
                worked.insert(connection);
            }
        }
        malformed
    }
}
