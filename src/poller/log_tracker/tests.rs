//! A log that behaves like the NAS's, and a tracker that must count each of its rows once.

use super::*;
use proptest::prelude::*;

/// A log, newest first.
#[derive(Default, Clone)]
struct Log {
    rows: Vec<Row>,
    keep: Option<usize>,
    /// Its total is the length of the page.
    total_of_page: bool,
}

impl Log {
    fn add(&mut self, time: i64, what: u64) {
        let row = Row {
            time,
            fingerprint: what ^ time.cast_unsigned() << 32,
            action: Some(2),
            level: Some(0),
            error_code: 0,
        };
        self.rows.insert(0, row);
        if let Some(keep) = self.keep {
            self.rows.truncate(keep);
        }
    }

    fn total(&self, page: usize) -> u64 {
        (if self.total_of_page { page } else { self.rows.len() }) as u64
    }

    fn page(&self, offset: usize, limit: usize) -> &[Row] {
        let from = offset.min(self.rows.len());
        &self.rows[from..(from + limit).min(self.rows.len())]
    }

    /// Polls as the cycle does; `between` runs before each further page.
    fn poll(&mut self, tracker: &mut LogTracker, pages: usize, mut between: impl FnMut(&mut Self)) -> Found {
        let mut window = Window::default();
        window.join(self.page(0, 50), Some(self.total(50)), 50);
        for _ in 0..pages {
            if tracker.is_enough(&window) {
                break;
            }
            between(self);
            let page = self.page(window.next_offset(), 200).to_vec();
            window.join(&page, Some(self.total(page.len())), 200);
        }
        tracker.take(&window)
    }

    fn count(&mut self, tracker: &mut LogTracker) -> usize {
        self.poll(tracker, 5, |_| {}).new.len()
    }
}

#[test]
fn rows_from_before_the_start_are_not_counted() {
    let (mut log, mut tracker) = (Log::default(), LogTracker::default());
    (0..500).for_each(|i| log.add(i, 1));
    assert_eq!(log.count(&mut tracker), 0);
    assert_eq!(log.count(&mut tracker), 0);
    log.add(500, 1);
    assert_eq!(log.count(&mut tracker), 1);
}

#[test]
fn an_empty_log_at_the_start_counts_everything_later() {
    let (mut log, mut tracker) = (Log::default(), LogTracker::default());
    assert_eq!(log.count(&mut tracker), 0);
    (0..300).for_each(|i| log.add(i, 1));
    assert_eq!(log.count(&mut tracker), 300);
    assert_eq!(log.count(&mut tracker), 0);
}

#[test]
fn equal_rows_of_one_second_count_one_by_one() {
    let (mut log, mut tracker) = (Log::default(), LogTracker::default());
    (0..12).for_each(|_| log.add(7, 1));
    assert_eq!(log.count(&mut tracker), 0);
    (0..3).for_each(|_| log.add(7, 1));
    assert_eq!(log.count(&mut tracker), 3);
    assert_eq!(log.count(&mut tracker), 0);
    log.add(7, 2);
    log.add(7, 1);
    assert_eq!(log.count(&mut tracker), 2);
}

#[test]
fn rows_of_one_second_may_change_places() {
    let (mut log, mut tracker) = (Log::default(), LogTracker::default());
    (0..20).for_each(|i| log.add(7, i));
    log.count(&mut tracker);
    (20..24).for_each(|i| log.add(7, i));
    log.rows.reverse();
    assert_eq!(log.count(&mut tracker), 4);
    log.rows.rotate_left(5);
    assert_eq!(log.count(&mut tracker), 0);
}

#[test]
fn a_burst_larger_than_a_page_is_followed_through_pages_that_move() {
    let (mut log, mut tracker) = (Log::default(), LogTracker::default());
    (0..400).for_each(|i| log.add(i, 1));
    log.count(&mut tracker);
    (400..900).for_each(|i| log.add(i, 1));
    let mut late = 900;
    let first = log.poll(&mut tracker, 5, |log| {
        log.add(late, 1);
        late += 1;
    });
    let second = log.count(&mut tracker);
    assert_eq!(first.new.len() + second, 500 + usize::try_from(late - 900).unwrap());
    assert_eq!(first.missed, 0);
}

#[test]
fn a_burst_in_one_second_with_a_short_memory() {
    let (mut log, mut tracker) = (Log::default(), LogTracker::default());
    log.count(&mut tracker);
    (0..600).for_each(|i| log.add(7, i));
    assert_eq!(log.count(&mut tracker), 600);
    log.add(8, 1);
    assert_eq!(log.count(&mut tracker), 1);
    (0..60).for_each(|i| log.add(9, i));
    assert_eq!(log.count(&mut tracker), 60);
    assert_eq!(log.count(&mut tracker), 0);
}

#[test]
fn what_does_not_fit_into_the_pages_is_known_to_be_missed() {
    let (mut log, mut tracker) = (Log::default(), LogTracker::default());
    (0..100).for_each(|i| log.add(i, 1));
    log.count(&mut tracker);
    (100..5_100).for_each(|i| log.add(i, 1));
    let found = log.poll(&mut tracker, 5, |_| {});
    assert_eq!(found.new.len() as u64 + found.missed, 5_000);
    assert!(found.missed > 0);
    assert_eq!(log.count(&mut tracker), 0, "what was missed stays missed");
}

#[test]
fn the_clock_of_the_nas_may_jump() {
    let (mut log, mut tracker) = (Log::default(), LogTracker::default());
    (0..400).for_each(|i| log.add(1_000 + i, 1));
    log.count(&mut tracker);
    (0..5).for_each(|i| log.add(10 + i, 1));
    assert_eq!(log.count(&mut tracker), 5, "an hour back");
    (0..200).for_each(|i| log.add(1_000_000 + i, 1));
    assert_eq!(log.count(&mut tracker), 200, "far ahead");
    (0..5).for_each(|i| log.add(2_000 + i, 1));
    assert_eq!(log.count(&mut tracker), 5, "and back again");
    assert_eq!(log.count(&mut tracker), 0);
}

#[test]
fn a_log_that_was_cleared_or_vanished_for_a_moment() {
    let (mut log, mut tracker) = (Log::default(), LogTracker::default());
    (0..100).for_each(|i| log.add(i, 1));
    log.count(&mut tracker);
    let kept = log.clone();
    log.rows.clear();
    assert_eq!(log.count(&mut tracker), 0);
    log = kept;
    assert_eq!(log.count(&mut tracker), 0, "the same rows again");
    log.rows.clear();
    log.add(200, 1);
    log.add(201, 1);
    assert_eq!(log.count(&mut tracker), 2);
}

#[test]
fn a_full_log_that_turned_over_is_known_to_have_missed_something() {
    let (mut log, mut tracker) = (Log { keep: Some(2_000), ..Log::default() }, LogTracker::default());
    (0..2_000).for_each(|i| log.add(i, 1));
    log.count(&mut tracker);
    (2_000..8_000).for_each(|i| log.add(i, 1));
    let found = log.poll(&mut tracker, 5, |_| {});
    assert!(found.new.len() > 900 && found.missed > 0, "{} {}", found.new.len(), found.missed);
    assert_eq!(log.poll(&mut tracker, 5, |_| {}), Found::default());
}

#[test]
fn a_total_that_is_the_length_of_the_page_ends_no_reading() {
    let (mut log, mut tracker) = (Log { total_of_page: true, ..Log::default() }, LogTracker::default());
    (0..300).for_each(|i| log.add(i, 1));
    log.count(&mut tracker);
    (300..500).for_each(|i| log.add(i, 1));
    assert_eq!(log.count(&mut tracker), 200);
    assert_eq!(log.count(&mut tracker), 0);
}

#[test]
fn a_row_that_carries_an_older_time_costs_no_further_pages() {
    let (mut log, mut tracker) = (Log::default(), LogTracker::default());
    (0..300).for_each(|i| log.add(i, 1));
    log.count(&mut tracker);
    // The NAS sorts by time: the row lands among known ones.
    let row = Row { fingerprint: 99, ..log.rows[20] };
    log.rows.insert(20, row);
    let mut pages = 0;
    assert_eq!(log.poll(&mut tracker, 5, |_| pages += 1).new, vec![row]);
    assert_eq!(pages, 0);
}

#[test]
fn a_total_that_grows_without_rows_is_not_believed_for_ever() {
    let (mut log, mut tracker) = (Log::default(), LogTracker::default());
    (0..3_000).for_each(|i| log.add(i, 1));
    log.count(&mut tracker);
    let mut looked = 0;
    for poll in 1..20 {
        let mut window = Window::default();
        window.join(log.page(0, 50), Some(3_000 + poll * 10), 50);
        for _ in 0..5 {
            if tracker.is_enough(&window) {
                break;
            }
            looked += 1;
            let page = log.page(window.next_offset(), 200).to_vec();
            window.join(&page, Some(3_000 + poll * 10), 200);
        }
        assert_eq!(tracker.take(&window).new.len(), 0);
    }
    assert!(looked <= 15, "{looked}");
}

proptest! {
    #[test]
    fn every_row_counts_once(
        before in 0_usize..300,
        bursts in prop::collection::vec((0_usize..120, 0_i64..3, 1_u64..4), 1..12),
        keep in prop::option::of(400_usize..500),
    ) {
        let (mut log, mut tracker) = (Log { keep, ..Log::default() }, LogTracker::default());
        let mut now = 1_000;
        (0..before).for_each(|i| log.add(now + i64::try_from(i / 3).unwrap(), 1));
        now += 200;
        let mut serial = 10;
        log.count(&mut tracker);
        for (rows, step, kinds) in bursts {
            for i in 0..rows {
                // Several rows in a second, some of them equal.
                if i % 7 == 0 { now += step; }
                // In a full log equal rows cannot be told apart: its total stands still.
                let what = if keep.is_some() { serial } else { i as u64 % kinds };
                serial += 1;
                log.add(now, what);
            }
            let found = log.poll(&mut tracker, 5, |_| {});
            prop_assert_eq!(found.new.len(), rows);
            prop_assert_eq!(found.missed, 0);
        }
    }
}
