//! When each connection last showed life.

use super::bygone::forget_beyond;
use super::transfer_tracker::REMEMBERED;
use crate::model::{Connection, ConnectionId, Progress, Status};
use std::collections::{BTreeMap, HashSet};

/// Signs of work, by connection.
#[derive(Debug, Default)]
pub(super) struct ProgressTracker {
    connections: BTreeMap<ConnectionId, Followed>,
}

#[derive(Debug)]
struct Followed {
    progress: Progress,
    unfinished: Option<i64>,
    /// Since when the connection is gone, in seconds since 1970.
    gone: Option<f64>,
}

impl ProgressTracker {
    /// Takes the connections as they are at `now` (seconds since 1970), and those in which a transfer
    /// moved or a log row came. To be gone for a moment is no sign of work.
    pub(super) fn observe<'a>(
        &mut self,
        connections: impl Iterator<Item = &'a Connection>,
        worked: &HashSet<ConnectionId>,
        now: f64,
    ) -> BTreeMap<ConnectionId, Progress> {
        let mut before = std::mem::take(&mut self.connections);
        let mut shown = BTreeMap::new();
        for connection in connections {
            let Followed { mut progress, unfinished, .. } =
                before.remove(&connection.id).unwrap_or(Followed {
                    progress: Progress { last_progress: now, last_uptodate: None },
                    unfinished: None,
                    gone: None,
                });
            let fell = unfinished.zip(connection.unfinished_files).is_some_and(|(then, now)| now < then);
            if fell || worked.contains(&connection.id) {
                progress.last_progress = now;
            }
            if connection.status == Some(Status::UpToDate) {
                progress.last_uptodate = Some(now);
            }
            let unfinished = connection.unfinished_files.or(unfinished);
            self.connections.insert(connection.id, Followed { progress, unfinished, gone: None });
            shown.insert(connection.id, progress);
        }
        for (id, mut followed) in before {
            let gone = *followed.gone.get_or_insert(now);
            if now - gone < REMEMBERED.as_secs_f64() {
                self.connections.insert(id, followed);
            }
        }
        forget_beyond(&mut self.connections, |followed| followed.gone);
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(unfinished: Option<i64>, status: &str) -> Connection {
        Connection {
            id: ConnectionId(2),
            name: String::new(),
            task_name: None,
            task_display_name: None,
            kind: String::new(),
            type_id: None,
            provider: String::new(),
            user: String::new(),
            user_id: None,
            status: Some(Status::parse(status)),
            link_status: None,
            error_code: None,
            error_desc: None,
            unfinished_files: unfinished,
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the times are handed through unchanged")]
    fn signs_of_work() {
        let mut tracker = ProgressTracker::default();
        let mut at = |now: f64, unfinished, status: &str, worked: bool| {
            let worked = worked.then_some(ConnectionId(2)).into_iter().collect();
            tracker.observe([connection(unfinished, status)].iter(), &worked, now)[&ConnectionId(2)]
        };
        assert_eq!(
            at(10.0, Some(5), "syncing", false),
            Progress { last_progress: 10.0, last_uptodate: None }
        );
        assert_eq!(at(20.0, Some(5), "syncing", false).last_progress, 10.0, "flat is no progress");
        assert_eq!(at(30.0, Some(7), "syncing", false).last_progress, 10.0, "nor is more work");
        assert_eq!(at(40.0, None, "syncing", false).last_progress, 10.0, "nor is silence");
        assert_eq!(at(50.0, Some(6), "syncing", false).last_progress, 50.0, "less is");
        assert_eq!(at(60.0, Some(6), "syncing", true).last_progress, 60.0);
        let done = at(70.0, Some(0), "uptodate", false);
        assert_eq!(done, Progress { last_progress: 70.0, last_uptodate: Some(70.0) });
        assert_eq!(at(80.0, Some(0), "syncing", false).last_uptodate, Some(70.0));
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the times are handed through unchanged")]
    fn a_blip_is_no_sign_of_work() {
        let mut tracker = ProgressTracker::default();
        let stuck = [connection(Some(5), "syncing")];
        let none = HashSet::new();
        tracker.observe(stuck.iter(), &none, 10.0);
        assert!(tracker.observe([].iter(), &none, 90_000.0).is_empty());
        assert_eq!(tracker.observe(stuck.iter(), &none, 90_015.0)[&ConnectionId(2)].last_progress, 10.0);
        tracker.observe([].iter(), &none, 100_000.0);
        tracker.observe([].iter(), &none, 103_600.0);
        assert_eq!(
            tracker.observe(stuck.iter(), &none, 103_601.0)[&ConnectionId(2)].last_progress,
            103_601.0
        );
    }
}
