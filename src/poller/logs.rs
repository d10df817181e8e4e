//! The logs of a NAS's connections: what was counted of each, and the pages that a burst needs.

use super::cycle::{Memory, Poller};
use super::log_tracker::{LogTracker, Window};
use super::reduce;
use super::trouble::Section;
use crate::dsm::Batch;
use crate::dsm::cloud_sync::read::{self, LogQuery};
use crate::dsm::cloud_sync::wire;
use crate::model::{ConnectionId, LogCounts};
use std::collections::{BTreeMap, HashSet};

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
    connections: BTreeMap<ConnectionId, (LogTracker, LogCounts)>,
}

impl Logs {
    /// The counts of the connections that are followed.
    pub(super) fn counts(&self) -> BTreeMap<ConnectionId, LogCounts> {
        self.connections.iter().map(|(id, (_, counts))| (*id, counts.clone())).collect()
    }

    /// Has counters at 0 for a connection whose log was not answered yet.
    pub(super) fn follow(&mut self, connection: ConnectionId) {
        self.connections.entry(connection).or_default();
    }

    pub(super) fn retain(&mut self, is_there: impl Fn(ConnectionId) -> bool) {
        self.connections.retain(|id, _| is_there(*id));
    }

    fn is_enough(&mut self, connection: ConnectionId, window: &Window) -> bool {
        self.connections.entry(connection).or_default().0.is_enough(window)
    }

    /// Counts a connection's pages; whether there was a new row.
    fn take(&mut self, connection: ConnectionId, window: &Window) -> bool {
        let (tracker, counts) = self.connections.entry(connection).or_default();
        let found = tracker.take(window);
        for row in &found.new {
            counts.count(row.action, row.level, row.error_code);
        }
        counts.missed += found.missed;
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
        pages.add(page);
        pages
    }

    fn add(&mut self, page: &wire::Log) {
        let page = reduce::log_rows(page);
        let (rows, total) = page.value;
        self.malformed += page.malformed;
        self.window.join(&rows, total);
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
        for _ in 0..MAX_PAGES {
            let mut batch = Batch::new();
            let mut asked = Vec::new();
            for (index, (connection, pages)) in logs.iter().enumerate() {
                if !memory.logs.is_enough(*connection, &pages.window) {
                    let offset = u32::try_from(pages.window.next_offset()).unwrap_or(u32::MAX);
                    let query = LogQuery { offset, limit: NEXT_PAGE, ..LogQuery::default() };
                    asked.push((index, batch.add(read::get_log(Some(connection.0), &query))));
                }
            }
            if batch.is_empty() {
                break;
            }
            let Ok(mut answers) = self.client.run(batch).await else {
                break;
            };
            let mut answered = false;
            for (index, slot) in asked {
                let (connection, pages) = &mut logs[index];
                match answers.take(slot) {
                    Ok(page) => {
                        answered = true;
                        pages.add(&page);
                    }
                    Err(error) => {
                        self.section_down(&mut memory.troubles, Section::Log, Some(connection.0), &error);
                    }
                }
            }
            if !answered {
                break;
            }
        }
        let mut malformed = 0;
        for (connection, pages) in logs {
            malformed += pages.malformed;
            if memory.logs.take(connection, &pages.window) {
                worked.insert(connection);
            }
        }
        malformed
    }
}
