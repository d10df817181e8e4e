//! Room for so many connections. When all is taken, who has been doing nothing for longest makes way: so those that
//! are opened and left, however many, keep nobody out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::activity::Activity;

/// Who has done nothing for less has no time lost: many that come at once wait for each other.
const GRACE: Duration = Duration::from_secs(1);
/// How often to look whether somebody has done nothing for long enough.
const LOOK: Duration = Duration::from_millis(100);

/// The connections of one server.
#[derive(Debug)]
pub(super) struct Room {
    most: usize,
    epoch: Instant,
    taken: Mutex<Taken>,
    /// Somebody left, or has nothing to do any longer.
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    places: HashMap<u64, (Arc<Activity>, CancellationToken)>,
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    number: u64,
    /// What its connection does.
    pub(super) activity: Arc<Activity>,
    /// Cancelled when it has to make way.
    pub(super) cut: CancellationToken,
}

impl Room {
    pub(super) fn new(most: usize) -> Arc<Self> {
        let changed = Arc::new(Notify::new());
        Arc::new(Self { most: most.max(1), epoch: Instant::now(), taken: Mutex::default(), changed })
    }

    /// A place for a connection; waits while there is none.
    pub(super) async fn enter(self: &Arc<Self>) -> Place {
        loop {
            if let Some(place) = self.try_enter() {
                return place;
            }
            let _ = timeout(LOOK, self.changed.notified()).await;
        }
    }

    fn try_enter(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.lock();
        if taken.places.len() >= self.most {
            let idle = taken.places.iter().filter_map(|(number, (activity, _))| {
                activity.idle_for().filter(|idle| *idle >= GRACE).map(|idle| (idle, *number))
            });
            let (_, number) = idle.max()?;
            let (_, cut) = taken.places.remove(&number)?;
            cut.cancel();
        }
        let number = taken.next;
        taken.next += 1;
        let activity = Arc::new(Activity::new(self.epoch, Arc::clone(&self.changed)));
        let cut = CancellationToken::new();
        taken.places.insert(number, (Arc::clone(&activity), cut.clone()));
        Some(Place { room: Arc::clone(self), number, activity, cut })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.lock().places.remove(&self.number);
        self.room.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_has_done_nothing_for_longest_makes_way() {
        let room = Room::new(2);
        let first = room.enter().await;
        sleep(Duration::from_secs(5)).await;
        let second = room.enter().await;
        sleep(Duration::from_secs(5)).await;
        drop(first.activity.begin());
        let third = room.enter().await;
        assert!(!first.cut.is_cancelled() && second.cut.is_cancelled() && !third.cut.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_answered_or_has_just_come_is_waited_for() {
        let room = Room::new(2);
        let before = Instant::now();
        let (answered, new) = (room.enter().await, room.enter().await);
        let busy = answered.activity.begin();
        let third = room.enter().await;
        assert_eq!(before.elapsed(), GRACE);
        assert!(!answered.cut.is_cancelled() && new.cut.is_cancelled());
        let also_busy = third.activity.begin();
        let waiting = timeout(Duration::from_secs(60), room.enter()).await;
        assert!(waiting.is_err(), "both are being answered");
        drop((busy, also_busy));
        drop(answered);
        assert!(timeout(Duration::ZERO, room.enter()).await.is_ok(), "one left");
    }
}
