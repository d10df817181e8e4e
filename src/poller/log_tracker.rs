//! Counts the rows of a connection's log exactly once.
//!
//! Rows come newest first, without a number of their own, and several may be equal to the letter:
//! the same file can fail twice in one second. A row is therefore known by its second and a
//! fingerprint of all its fields, and equal rows by how many there are. A row is new when there are
//! more of it than before and it stands before rows that are known, or is younger than the time from
//! which all rows are known.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

/// Known rows at the end of a page that show that it has met the last poll. More than one, because
/// rows of one second may come in any order.
const RUN: usize = 8;
/// Rows remembered, whole seconds at a time; more than the page that is polled in the steady state.
const REMEMBERED: usize = 128;
/// The most that is remembered of one second, should the NAS's clock stand still.
const REMEMBERED_OF_A_SECOND: usize = 4096;

/// A row of the log, as far as counting needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Row {
    /// Seconds since 1970 by the NAS's clock; 0 where it is missing.
    pub(super) time: i64,
    /// Over all fields of the row.
    pub(super) fingerprint: u64,
    /// The action's number.
    pub(super) action: Option<i64>,
    /// The level's number.
    pub(super) level: Option<i64>,
    /// The error's number; 0 = none.
    pub(super) error_code: i64,
}

impl Row {
    /// A fingerprint over any fields.
    pub(super) fn fingerprint(fields: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        fields.hash(&mut hasher);
        hasher.finish()
    }
}

/// What a poll of the log found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Rows that were not counted before, newest first.
    pub(super) new: Vec<Row>,
    /// Rows that are known to have come and gone.
    pub(super) missed: u64,
}

/// What is known of a connection's log.
#[derive(Debug, Default)]
pub(super) struct LogTracker {
    /// How many there are of each row.
    seen: BTreeMap<(i64, u64), u32>,
    /// All rows from this second on are in `seen`.
    complete_from: i64,
    total: Option<u64>,
    started: bool,
}

/// The pages of one poll, joined.
#[derive(Debug, Default)]
pub(super) struct Window {
    rows: Vec<Row>,
    total: Option<u64>,
    exhausted: bool,
}

impl Window {
    /// Joins the next page, which was asked for from [`Window::next_offset`] on. Rows that came
    /// meanwhile have pushed it along: it is put where its rows continue ours.
    pub(super) fn join(&mut self, page: &[Row], total: Option<u64>) {
        let asked_from = self.next_offset();
        let tail = &self.rows[self.rows.len() - self.rows.len().min(RUN)..];
        let place = page.windows(tail.len().max(1)).position(|rows| rows == tail);
        let before = self.rows.len();
        if let (false, Some(place)) = (tail.is_empty(), place) {
            let continued = place + tail.len();
            self.rows.extend_from_slice(&page[continued..]);
        } else {
            // No common stretch: take what there is more of here than we have.
            let mut have: HashMap<Row, usize> = HashMap::new();
            for row in &self.rows {
                *have.entry(*row).or_default() += 1;
            }
            for row in page {
                match have.get_mut(row) {
                    Some(left) if *left > 0 => *left -= 1,
                    _ => self.rows.push(*row),
                }
            }
        }
        self.total = total.or(self.total);
        let reached_end = self.total.is_some_and(|total| (asked_from + page.len()) as u64 >= total);
        self.exhausted = page.is_empty() || reached_end || (before > 0 && self.rows.len() == before);
    }

    /// Where to ask on: a little before the end, so that a shift can be noticed.
    pub(super) fn next_offset(&self) -> usize {
        self.rows.len() - self.rows.len().min(RUN)
    }
}

impl LogTracker {
    /// Whether the pages so far have met rows that are known, so that no more are needed. The first
    /// poll needs one page: what was there before us is not counted.
    pub(super) fn is_enough(&self, window: &Window) -> bool {
        window.exhausted || !self.started || self.cut(&window.rows) < window.rows.len()
    }

    /// Takes the pages of a poll.
    pub(super) fn take(&mut self, window: &Window) -> Found {
        let mut found = Found::default();
        if self.started {
            found.new = self.unseen(&window.rows);
            if !self.is_enough(window)
                && let (Some(before), Some(now)) = (self.total, window.total)
            {
                found.missed = now.saturating_sub(before).saturating_sub(found.new.len() as u64);
            }
        } else {
            self.started = true;
            self.complete_from = i64::MIN;
        }
        self.remember(window);
        self.total = window.total.or(self.total);
        found
    }

    /// Where the known rows begin: the first of [`RUN`] known rows on end, or of as many as are left.
    fn cut(&self, rows: &[Row]) -> usize {
        let mut run = 0;
        for (index, row) in rows.iter().enumerate() {
            run = if self.seen.contains_key(&(row.time, row.fingerprint)) { run + 1 } else { 0 };
            if run == RUN {
                return index + 1 - RUN;
            }
        }
        rows.len() - run
    }

    fn unseen(&self, rows: &[Row]) -> Vec<Row> {
        let cut = self.cut(rows);
        let mut left = self.seen.clone();
        let mut new = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            match left.get_mut(&(row.time, row.fingerprint)) {
                Some(count) if *count > 0 => *count -= 1,
                _ if index < cut || row.time >= self.complete_from => new.push(*row),
                _ => {}
            }
        }
        new
    }

    fn remember(&mut self, window: &Window) {
        let mut counts: HashMap<(i64, u64), u32> = HashMap::new();
        for row in &window.rows {
            *counts.entry((row.time, row.fingerprint)).or_default() += 1;
        }
        let first_time = self.seen.is_empty() && !window.exhausted;
        for (row, count) in counts {
            let known = self.seen.entry(row).or_default();
            *known = (*known).max(count);
        }
        if first_time && let Some(oldest) = window.rows.iter().map(|row| row.time).min() {
            self.complete_from = oldest.saturating_add(1);
        }
        while self.seen.len() > REMEMBERED {
            let (Some((oldest, _)), Some((newest, _))) =
                (self.seen.first_key_value().map(|(row, _)| *row), self.seen.last_key_value().map(|(row, _)| *row))
            else {
                break;
            };
            if oldest == newest && self.seen.len() <= REMEMBERED_OF_A_SECOND {
                break;
            }
            self.seen.pop_first();
            self.complete_from = self.complete_from.max(oldest.saturating_add(1));
        }
    }
}
