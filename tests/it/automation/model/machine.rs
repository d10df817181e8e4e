//! What befalls the NASes and the program.

use super::event::{At, Call, Event, Failing, First, PLACES, Place};
use super::known::Wish;
use super::trial::Trial;
use super::watch::real;
use crate::actions::script::Fault;
use cloudsync_exporter::actions::clock;
use cloudsync_exporter::automation::Settings;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Whatever a NAS shows late, it shows it before anybody gives up: after so many milliseconds.
const LATEST: i64 = 20_000;

impl Trial {
    /// Something that befalls a NAS or the program.
    pub(super) async fn machine(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Loads(enforces, share) => self.load(enforces, share),
            Event::Restarts => self.restart(),
            Event::Goes(at) => {
                self.watch().nas(at).is_up = false;
                for call in Call::ALL {
                    self.fail(at, call, Failing::Unreachable);
                }
            }
            Event::Comes(at, forgets) => {
                let was_up = std::mem::replace(&mut self.watch().nas(at).is_up, true);
                self.mend(at);
                if forgets && !was_up {
                    self.forget(at);
                }
            }
            Event::Blinks(at) => {
                let was_up = std::mem::replace(&mut self.watch().nas(at).is_up, false);
                self.pass(1, First::Keeper).await?;
                self.watch().nas(at).is_up = was_up;
            }
            Event::Fails(at, call, failing) => self.fail(at, call, failing),
            Event::Mends(at) => {
                if self.watch().nas(at).is_up {
                    self.mend(at);
                }
            }
            Event::Lags(at, lists) => {
                self.script(at).lags(lists);
                self.watch().nas(at).lags = Some(clock::now());
            }
            Event::Dies(at, is_done) => {
                for call in [Call::Pause, Call::Resume] {
                    self.fail(at, call, Failing::Deadly(is_done));
                }
            }
            Event::Breaks(place) => {
                self.script(place.0).breaks(place.1);
                self.confuse(place);
                // It was told to resume and said yes: whether it did is hidden now.
                let mut watch = self.watch();
                if watch.holds(place).iter().any(|hold| watch.resumed.contains_key(&hold.id)) {
                    watch.place(place).wish = Wish::Either;
                }
            }
            Event::Heals(Place(at, id)) => self.script(at).heals(id),
            other => unreachable!("{other:?} befalls no machine"),
        }
        Ok(())
    }

    fn load(&mut self, enforces: bool, share: f64) {
        let settings = Settings { enforces, max_held_share: share, ..self.stage.settings.clone() };
        self.stage.set(settings);
        self.settled = 0;
        let mut watch = self.watch();
        (watch.enforces, watch.share) = (enforces, share);
    }

    pub(super) fn restart(&mut self) {
        self.stage.restart();
        self.settled = 0;
        // It knows nothing of earlier polls.
        for at in At::ALL {
            self.script(at).world().snapshot = None;
        }
        let mut watch = self.watch();
        watch.resumed.clear();
        watch.actions = Arc::clone(&self.stage.desk.actions);
        watch.log.push("      the program starts".to_owned());
        for known in watch.places.values_mut() {
            known.steady = 0;
        }
        for at in At::ALL {
            watch.loses(at);
        }
        watch.nases.values_mut().for_each(|health| health.good = 0);
        drop(watch);
        self.expected.iter_mut().for_each(|expected| expected.is_certain = false);
    }

    /// The program ended in the middle of something.
    pub(super) async fn die(&mut self) {
        // What the keeper does to the other NAS at the same time comes to its end.
        sleep(Duration::from_secs(10)).await;
        self.go_by();
        for at in At::ALL {
            for call in Call::ALL {
                let fault = self.watch().nases[&at].faults.get(&call).copied();
                if let Some(Failing::Deadly(_)) = fault {
                    self.watch().nas(at).faults.remove(&call);
                    self.script(at).mend(call.as_str());
                }
            }
        }
        self.restart();
    }

    fn fail(&mut self, at: At, call: Call, failing: Failing) {
        use Failing::{Deadly, DoneButLost, Garbled, Ignored, Lost, Refused, Unreachable};
        if !self.watch().nas(at).is_up && failing != Unreachable {
            return;
        }
        // A question does nothing that could be lost or ignored.
        let failing = match (call, failing) {
            (Call::List, DoneButLost | Ignored) => Lost,
            (_, other) => other,
        };
        let fault = match failing {
            Refused => Fault::Refuse(402),
            Lost => Fault::Lost,
            DoneButLost => Fault::DoneButLost,
            Ignored => Fault::Ignore,
            Garbled => Fault::Broken,
            Unreachable => Fault::Unreachable,
            Deadly(is_done) => Fault::Silence { is_done },
        };
        self.script(at).fails(call.as_str(), fault);
        self.watch().nas(at).faults.insert(call, failing);
    }

    pub(super) fn mend(&mut self, at: At) {
        self.script(at).mend_all();
        self.watch().nas(at).faults.clear();
    }

    /// The NAS is polled.
    pub(super) fn poll(&mut self, at: At) {
        #[expect(clippy::cast_precision_loss, reason = "a history moves the calendar by less than 2^53 ms")]
        let ahead = (clock::now() - jiff::Timestamp::now().as_millisecond()) as f64 / 1_000.0;
        let script = self.script(at);
        let mut watch = self.watch();
        let health = watch.nas(at);
        if health.lags.is_some_and(|since| clock::now() - since > LATEST) {
            health.lags = None;
            script.world().lag = 0;
        }
        let is_away = matches!(health.faults.get(&Call::List), Some(Failing::Lost | Failing::Unreachable));
        let is_good = health.is_up && health.faults.is_empty() && health.lags.is_none();
        health.good = if is_good { health.good + 1 } else { 0 };
        let was_away = !health.is_up || is_away;
        script.polled(health.is_up, ahead);
        for (_, known) in watch.places.iter_mut().filter(|(place, _)| place.0 == at) {
            known.steady = if is_good { known.steady + 1 } else { 0 };
        }
        if was_away {
            watch.loses(at);
        }
        drop(watch);
        for expected in self.expected.iter_mut().filter(|expected| expected.place.0 == at) {
            expected.is_certain &= is_good;
            expected.looks += 1;
        }
    }

    /// The NAS has forgotten what was paused.
    fn forget(&mut self, at: At) {
        for place in PLACES.into_iter().filter(|place| place.0 == at) {
            if self.is_paused(place) {
                self.set_paused(place, false);
                self.forgot(place);
            }
        }
    }

    pub(super) fn set_paused(&mut self, place: Place, is_paused: bool) {
        let word = if is_paused { "pause" } else { "syncing" };
        let script = self.script(place.0);
        if real(&script, place.1).is_broken {
            script.world().connections.get_mut(&place.1).unwrap().hidden = word;
        } else {
            script.set_status(place.1, word);
        }
        self.watch().place(place).steady = 0;
    }
}
