//! Counts the rows of a connection's log exactly once.
//!
//! Rows come newest first, without a number of their own, and several may be equal to the letter:
//! the same file can fail twice in one second. A row is therefore known by its second and a
//! fingerprint of all its fields, and equal rows by how many there are. A row is new when there are
//! more of it than before, and it either stands before the rows that headed the last poll or is
//! younger than the time from which all rows are known. The first rule holds through jumps of the
//! NAS's clock, the second where rows of one second change places.

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

/// So many times a total that grows without rows is looked into.
const FALSE_GROWTHS: u8 = 3;

/// For so many polls it is not believed after that: an hour at the usual interval.
const DISTRUST: u16 = 240;

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
#[derive(Debug)]
pub(super) struct LogTracker {
    /// How many there are of each row.
    seen: BTreeMap<(i64, u64), u32>,
    /// All rows from this second on are in `seen`.
    complete_from: i64,
    /// The rows that headed the last poll, newest first, at most [`RUN`].
    head: Vec<u64>,
    total: Option<u64>,
    /// How often the total grew without a new row to be found on any page.
    false_growths: u8,
    /// Polls since its total is not believed.
    polls_distrusting: u16,
    started: bool,
}

impl Default for LogTracker {
    fn default() -> Self {
        Self {
            seen: BTreeMap::new(),
            complete_from: i64::MIN,
            head: Vec::new(),
            total: None,
            false_growths: 0,
            polls_distrusting: 0,
            started: false,
        }
    }
}

/// The pages of one poll, joined.
#[derive(Debug, Default)]
pub(super) struct Window {
    rows: Vec<Row>,
    total: Option<u64>,
    exhausted: bool,
}

impl Window {
    /// Joins the next page of at most `limit` rows, which was asked for from [`Window::next_offset`] on.
    /// A full page is never taken for the last, whatever the total says. Rows that came
    /// meanwhile have pushed it along: it is put where its rows continue ours.
    pub(super) fn join(&mut self, page: &[Row], total: Option<u64>, limit: usize) {
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
        let reached_end = self.total.is_none_or(|total| (asked_from + page.len()) as u64 >= total);
        let brought_nothing = before > 0 && self.rows.len() == before;
        self.exhausted = page.is_empty() || brought_nothing || (page.len() < limit && reached_end);
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
        if window.exhausted || !self.started {
            return true;
        }
        let rows = &window.rows;
        let has_all = self.unseen(rows).len() as u64 >= self.growth(window);
        // Among rows that are equal to the letter, new ones may stand behind the old ones.
        let end = rows.len().saturating_sub(RUN);
        let ends_in_known = !rows.is_empty()
            && self.excess(rows).all(|(index, row)| index < end || row.time < self.complete_from);
        has_all && ends_in_known
    }

    /// Takes the pages of a poll.
    pub(super) fn take(&mut self, window: &Window) -> Found {
        let mut found = Found::default();
        let met = self.started && self.is_enough(window);
        if self.started {
            found.new = self.unseen(&window.rows);
            if !met {
                // A full log drops as many rows as it takes, and its total stands still: that some were
                // missed is known, but not how many.
                let at_least = u64::from(self.growth(window) == 0 && window.total <= self.total);
                found.missed = self.growth(window).saturating_sub(found.new.len() as u64).max(at_least);
                self.false_growths =
                    if found.new.is_empty() { self.false_growths.saturating_add(1) } else { 0 };
            }
        }
        if self.false_growths >= FALSE_GROWTHS {
            self.polls_distrusting = (self.polls_distrusting + 1) % DISTRUST;
            if self.polls_distrusting == 0 {
                self.false_growths = 0;
            }
        }
        self.started = true;
        // What lies between these pages and what was known before has not been seen.
        if !met
            && !window.exhausted
            && let Some(oldest) = window.rows.iter().map(|row| row.time).min()
        {
            self.complete_from = self.complete_from.max(oldest.saturating_add(1));
        }
        self.remember(&window.rows);
        self.total = window.total.or(self.total);
        found
    }

    /// By how many rows the log has grown; 0 where it is full and drops as many as it takes.
    fn growth(&self, window: &Window) -> u64 {
        match (self.total, window.total) {
            // A total that means something else must not have us leaf through the log at every poll.
            (Some(before), Some(now)) if self.false_growths < FALSE_GROWTHS => now.saturating_sub(before),
            _ => 0,
        }
    }

    /// Where the rows that headed the last poll stand now.
    fn old_head(&self, rows: &[Row]) -> Option<usize> {
        if self.head.is_empty() {
            return None;
        }
        rows.windows(self.head.len())
            .position(|stretch| stretch.iter().map(|row| row.fingerprint).eq(self.head.iter().copied()))
    }

    fn unseen(&self, rows: &[Row]) -> Vec<Row> {
        let cut = self.old_head(rows).unwrap_or(0);
        self.excess(rows)
            .filter(|(index, row)| *index < cut || row.time >= self.complete_from)
            .map(|(_, row)| *row)
            .collect()
    }

    /// The rows of which there are more than before, with their places.
    fn excess<'a>(&'a self, rows: &'a [Row]) -> impl Iterator<Item = (usize, &'a Row)> {
        let mut counted: HashMap<(i64, u64), u32> = HashMap::new();
        rows.iter().enumerate().filter(move |(_, row)| {
            let key = (row.time, row.fingerprint);
            let count = counted.entry(key).or_default();
            *count += 1;
            *count > self.seen.get(&key).copied().unwrap_or(0)
        })
    }

    fn remember(&mut self, rows: &[Row]) {
        if !rows.is_empty() {
            self.head = rows.iter().take(RUN).map(|row| row.fingerprint).collect();
        }
        let mut counts: HashMap<(i64, u64), u32> = HashMap::new();
        for row in rows {
            *counts.entry((row.time, row.fingerprint)).or_default() += 1;
        }
        for (row, count) in counts {
            let known = self.seen.entry(row).or_default();
            *known = (*known).max(count);
        }
        self.forget();
    }

    /// Drops whole seconds, the oldest first: half a second would be taken for all of it.
    fn forget(&mut self) {
        while self.seen.len() > REMEMBERED
            && let (Some((&(oldest, _), _)), Some((&(newest, _), _))) =
                (self.seen.first_key_value(), self.seen.last_key_value())
            && (oldest != newest || self.seen.len() > REMEMBERED_OF_A_SECOND)
        {
            self.complete_from = self.complete_from.max(oldest.saturating_add(1));
            self.seen = self.seen.split_off(&(oldest.saturating_add(1), 0));
        }
    }
}

#[cfg(test)]
mod tests;
