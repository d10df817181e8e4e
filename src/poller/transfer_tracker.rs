//! What successive polls tell about files in flight: bytes that moved, and files that do not.

use super::bygone::forget_beyond;
use crate::model::{ConnectionId, Direction, TaskId, Transfer, TransferTotals};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;

/// A file that has not moved for so long is stalled.
const STALL: Duration = Duration::from_secs(5 * 60);
/// What is gone is remembered for so long, should it come back: a package that restarts lists nothing
/// for a moment.
pub(super) const REMEMBERED: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, PartialEq, Eq, Hash, Clone)]
struct Key {
    task: TaskId,
    direction: Direction,
    path: String,
    /// Tells entries apart that the NAS lists twice.
    nth: usize,
}

#[derive(Debug)]
struct Seen {
    done: Option<u64>,
    moved: Instant,
}

/// What is known of the files in flight on one NAS.
#[derive(Debug, Default)]
pub(super) struct TransferTracker {
    files: HashMap<Key, Seen>,
    /// Bytes, and when the task was last there.
    totals: BTreeMap<(TaskId, Direction), (u64, Instant)>,
}

impl TransferTracker {
    /// Takes the files in flight at `now`, marks those that are stalled, adds what moved to the
    /// totals, and gives the tasks in which something moved. A file's first sight counts nothing:
    /// an upload that goes on where it was broken off would count twice.
    pub(super) fn observe(&mut self, transfers: &mut [Transfer], now: Instant) -> HashSet<TaskId> {
        let mut moved = HashSet::new();
        let mut before = std::mem::take(&mut self.files);
        let copies_before = copies(before.keys().map(|key| (key.task, key.direction, key.path.as_str())));
        let copies_now = copies(transfers.iter().map(|file| (file.task, file.direction, file.path.as_str())));
        // Which of several equal entries is gone or new cannot be told: they count as seen first.
        let is_certain = |transfer: &Transfer| {
            let key = (transfer.task, transfer.direction, transfer.path.clone());
            copies_before.get(&key) == copies_now.get(&key)
        };
        let mut listed: HashMap<(TaskId, Direction, String), usize> = HashMap::new();
        for transfer in transfers {
            let copies =
                listed.entry((transfer.task, transfer.direction, transfer.path.clone())).or_default();
            let (task, direction, path) = (transfer.task, transfer.direction, transfer.path.clone());
            let key = Key { task, direction, path, nth: *copies };
            *copies += 1;
            let seen = match before.remove(&key) {
                Some(seen) if seen.done == transfer.done => seen,
                Some(_) if !is_certain(transfer) => Seen { done: transfer.done, moved: now },
                Some(seen) => {
                    let bytes =
                        transfer.done.zip(seen.done).map_or(0, |(now, then)| now.saturating_sub(then));
                    if bytes > 0 {
                        let (total, _) =
                            self.totals.entry((transfer.task, transfer.direction)).or_insert((0, now));
                        *total = total.saturating_add(bytes);
                        moved.insert(transfer.task);
                    }
                    // Falling back to the start is a restart, not progress, but it is no stall either.
                    Seen { done: transfer.done, moved: now }
                }
                None => Seen { done: transfer.done, moved: now },
            };
            transfer.stalled = now.saturating_duration_since(seen.moved) >= STALL;
            self.files.insert(key, seen);
        }
        moved
    }

    /// The totals of the tasks of `homes`, each with its uploads and downloads, and of files in flight
    /// whose task is not known. Others are not shown, and forgotten after a while.
    pub(super) fn totals(
        &mut self,
        homes: &BTreeMap<TaskId, ConnectionId>,
        now: Instant,
    ) -> Vec<TransferTotals> {
        for task in homes.keys() {
            for direction in Direction::USUAL {
                self.totals.entry((*task, direction)).or_insert((0, now));
            }
        }
        let in_flight: HashSet<TaskId> = self.files.keys().map(|key| key.task).collect();
        let is_there = |task: &TaskId| homes.contains_key(task) || in_flight.contains(task);
        self.totals.retain(|(task, _), (_, seen)| {
            if is_there(task) {
                *seen = now;
            }
            now.saturating_duration_since(*seen) < REMEMBERED
        });
        forget_beyond(&mut self.totals, |(_, seen)| (*seen < now).then_some(*seen));
        self.totals
            .iter()
            .filter(|((task, _), _)| is_there(task))
            .map(|((task, direction), (bytes, _))| TransferTotals {
                connection: homes.get(task).copied(),
                task: *task,
                direction: *direction,
                bytes: *bytes,
            })
            .collect()
    }
}

/// How often each file is listed.
fn copies<'a>(
    files: impl Iterator<Item = (TaskId, Direction, &'a str)>,
) -> HashMap<(TaskId, Direction, String), usize> {
    let mut copies = HashMap::new();
    for (task, direction, path) in files {
        *copies.entry((task, direction, path.to_owned())).or_default() += 1;
    }
    copies
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, done: u64) -> Transfer {
        Transfer {
            connection: Some(ConnectionId(1)),
            task: TaskId(4),
            direction: Direction::Upload,
            status: None,
            path: path.to_owned(),
            base_name: None,
            user: None,
            bit_rate: Some(1.0),
            done: Some(done),
            size: Some(1_000),
            stalled: false,
        }
    }

    fn uploaded(tracker: &mut TransferTracker) -> u64 {
        let totals = tracker.totals(&BTreeMap::from([(TaskId(4), ConnectionId(1))]), Instant::now());
        totals.iter().filter(|total| total.direction == Direction::Upload).map(|total| total.bytes).sum()
    }

    #[tokio::test(start_paused = true)]
    async fn only_movement_between_polls_counts() {
        let mut tracker = TransferTracker::default();
        assert!(tracker.observe(&mut [file("a", 300)], Instant::now()).is_empty());
        assert_eq!(uploaded(&mut tracker), 0, "first sight");
        assert_eq!(tracker.observe(&mut [file("a", 450), file("b", 10)], Instant::now()).len(), 1);
        assert_eq!(uploaded(&mut tracker), 150);
        assert!(tracker.observe(&mut [file("a", 20), file("b", 10)], Instant::now()).is_empty());
        assert_eq!(uploaded(&mut tracker), 150, "a restart of the file takes nothing back");
        tracker.observe(&mut [file("a", 50)], Instant::now());
        assert_eq!(uploaded(&mut tracker), 180);
        tracker.observe(&mut [], Instant::now());
        assert_eq!(uploaded(&mut tracker), 180, "the total outlives the file");
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_stalls_after_five_minutes_without_movement() {
        let mut tracker = TransferTracker::default();
        let mut files = [file("a", 300), file("b", 0)];
        tracker.observe(&mut files, Instant::now());
        tokio::time::advance(Duration::from_secs(299)).await;
        tracker.observe(&mut files, Instant::now());
        assert!(!files[0].stalled);
        files[1].done = Some(1);
        tokio::time::advance(Duration::from_secs(1)).await;
        tracker.observe(&mut files, Instant::now());
        assert!(files[0].stalled && !files[1].stalled);
        files[0].done = Some(301);
        tracker.observe(&mut files, Instant::now());
        assert!(!files[0].stalled);
    }

    #[tokio::test(start_paused = true)]
    async fn entries_listed_twice_are_followed_one_by_one() {
        let mut tracker = TransferTracker::default();
        tracker.observe(&mut [file("a", 100), file("a", 200)], Instant::now());
        tracker.observe(&mut [file("a", 110), file("a", 220)], Instant::now());
        assert_eq!(uploaded(&mut tracker), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn when_one_of_several_equal_entries_ends_nothing_is_made_up() {
        let mut tracker = TransferTracker::default();
        tracker.observe(&mut [file("a", 100), file("a", 900), file("a", 1_500)], Instant::now());
        tracker.observe(&mut [file("a", 900), file("a", 1_500)], Instant::now());
        assert_eq!(uploaded(&mut tracker), 0);
        tracker.observe(&mut [file("a", 910), file("a", 1_510)], Instant::now());
        assert_eq!(uploaded(&mut tracker), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn totals_of_tasks_that_are_gone_are_forgotten() {
        let mut tracker = TransferTracker::default();
        assert_eq!(tracker.totals(&BTreeMap::from([(TaskId(4), ConnectionId(1))]), Instant::now()).len(), 2);
        assert_eq!(tracker.totals(&BTreeMap::from([(TaskId(5), ConnectionId(1))]), Instant::now()).len(), 2);
        assert_eq!(tracker.totals(&BTreeMap::new(), Instant::now()).len(), 0);
    }
}
