//! What persons do, in DSM and by the API, and what that must mean.

use super::event::{At, Event, Place};
use super::judge::Expected;
use super::known::{Rest, Wish, place_of};
use super::trial::{Trial, alive};
use super::watch::{Actor, real};
use crate::actions::desk::origin;
use cloudsync_exporter::actions::{ActionError, Effect, Hold, Pause, Phase, Resume, Target, clock};
use cloudsync_exporter::model::ConnectionId;

/// For so long after a resume that did not show, a pause that does is taken for the old one.
const JUST_NOW: i64 = 31_000;

/// After a command failed, the keeper may wait for so long.
const BACK_OFF: i64 = 65_000;

/// A hold that is on a connection when a person resumes it, and what rests with it.
struct Standing {
    hold: Hold,
    place: Place,
    rests: Vec<Rest>,
}

impl Trial {
    /// Something that a person does.
    pub(super) async fn person(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::DsmPauses(place) => self.dsm_pauses(place),
            Event::DsmResumes(place) => self.dsm_resumes(place),
            Event::Pauses(place, seconds) => self.pauses(place.0, one(place), seconds).await?,
            Event::PausesAll(at) => self.pauses(at, Target::All, None).await?,
            Event::Resumes(place, overrides) => self.resumes(place.0, one(place), overrides).await?,
            Event::ResumesAll(at, overrides) => self.resumes(at, Target::All, overrides).await?,
            Event::Deletes(nth) => {
                let holds = self.watch().actions.book().all();
                if let Some(hold) = holds.get(nth % holds.len().max(1)) {
                    self.deletes(hold).await?;
                }
            }
            Event::Freezes(freezes) => drop(self.stage.desk.actions.set_frozen(freezes, &origin()).await),
            other => unreachable!("{other:?} is no person's doing"),
        }
        Ok(())
    }

    /// DSM shows no button to pause what shows as paused or in error.
    fn dsm_pauses(&mut self, place: Place) {
        let real = real(&self.script(place.0), place.1);
        if real.is_paused || real.is_broken {
            return;
        }
        self.set_paused(place, true);
        let mut watch = self.watch();
        let is_ours = watch.holds(place).iter().any(|hold| !hold.was_paused);
        let known = &watch.places[&place];
        let mut moments = [known.resumed, known.refused].into_iter().flatten();
        let is_confused = moments.any(|at| clock::now() - at < JUST_NOW);
        watch.place(place).wish = if is_ours || is_confused { Wish::Either } else { Wish::Paused };
        drop(watch);
        self.confuse(place);
    }

    /// Nobody can say any more what a person's resume of this connection meant.
    pub(super) fn confuse(&mut self, place: Place) {
        let of_place = self.expected.iter_mut().filter(|expected| expected.place == place);
        of_place.for_each(|expected| expected.is_certain = false);
    }

    fn dsm_resumes(&mut self, place: Place) {
        let real = real(&self.script(place.0), place.1);
        if !real.is_paused || real.is_broken {
            return;
        }
        let is_certain = {
            let watch = self.watch();
            let health = &watch.nases[&place.0];
            let was_well = health.failed.is_none_or(|at| clock::now() - at > BACK_OFF);
            watch.places[&place].steady >= 3 && was_well && health.good >= 3
        };
        let holds = self.watch().holds(place);
        for hold in holds.iter().filter(|hold| !hold.rule.is_empty() && hold.phase == Phase::Held) {
            let rests = self.on_now(&hold.rule, place);
            let expected = Expected { place, hold: hold.id.clone(), rests, is_certain, looks: 0 };
            self.expected.push(expected);
        }
        self.set_paused(place, false);
        let mut watch = self.watch();
        watch.doings.touch(place);
        watch.place(place).wish = Wish::Runs;
    }

    /// The NAS forgot the pause of a connection.
    pub(super) fn forgot(&mut self, place: Place) {
        let mut watch = self.watch();
        watch.doings.touch(place);
        let is_held = !watch.holds(place).is_empty();
        let known = watch.place(place);
        if known.wish == Wish::Paused {
            known.wish = if is_held { Wish::Either } else { Wish::Runs };
        }
    }

    async fn pauses(&mut self, at: At, target: Target, seconds: Option<u64>) -> Result<(), String> {
        let wish = Pause { target, reason: "because".to_owned(), seconds, latch: false, holder: None };
        let manual = |trial: &Self| {
            let holds = trial.watch().actions.book().all();
            holds.into_iter().filter(|hold| hold.rule.is_empty()).count()
        };
        let before = manual(self);
        self.watch().actor = Actor::Pauser;
        let (actions, origin) = (&self.stage.desk.actions, origin());
        let done = alive(&self.death, actions.pause(&at.name(), &wish, &origin, false)).await;
        self.after(done.is_some()).await;
        match done {
            Some(Err(ActionError::Nas { failure, .. })) if !failure.is_open && manual(self) > before => {
                Err(format!("a pause that failed ({failure}) leaves a hold"))
            }
            _ => Ok(()),
        }
    }

    /// What is on these connections and is not to end yet.
    fn standing(&self, places: &[Place]) -> Vec<Standing> {
        let of = |place: &Place| {
            let (place, holds) = (*place, self.watch().holds(*place));
            let holds = holds.into_iter().filter(|hold| !hold.is_ending());
            holds
                .map(|hold| Standing { rests: self.on_now(&hold.rule, place), place, hold })
                .collect::<Vec<_>>()
        };
        places.iter().flat_map(of).collect()
    }

    /// A person ended these holds.
    fn heed(&mut self, standing: Vec<Standing>) -> Result<(), String> {
        let mut watch = self.watch();
        for Standing { hold, place, rests } in standing {
            if watch.actions.book().get(&hold.id).is_some_and(|hold| !hold.is_ending()) {
                return Err(format!("a person ended {hold:?}, and it stays"));
            }
            watch.doings.touch(place);
            watch.doings.rests.extend(rests);
        }
        Ok(())
    }

    async fn resumes(&mut self, at: At, target: Target, overrides: bool) -> Result<(), String> {
        let places = places(at, target);
        let was_paused: Vec<bool> = places.iter().map(|place| self.is_paused(*place)).collect();
        let standing = self.standing(&places);
        self.watch().actor = Actor::Resumer(overrides);
        let (actions, origin) = (&self.stage.desk.actions, origin());
        let wish = Resume { target, overrides };
        let done = alive(&self.death, actions.resume(&at.name(), wish, &origin, false)).await;
        let is_done = matches!(done, Some(Ok(Effect::Done(_))));
        for (place, was_paused) in places.into_iter().zip(was_paused) {
            self.confuse(place);
            let runs = !self.is_paused(place);
            let mut watch = self.watch();
            let keeps = standing.iter().any(|standing| standing.place == place && standing.hold.was_paused);
            let known = watch.place(place);
            known.steady = 0;
            known.wish = match (is_done, runs) {
                (true, true) => Wish::Runs,
                // It claims to have done it.
                (true, false) => Wish::Either,
                // Whoever wished it was not told that it was done.
                (false, true) if was_paused && keeps => Wish::Either,
                (false, true) if was_paused => Wish::Runs,
                (false, _) => known.wish,
            };
        }
        if is_done {
            self.heed(standing)?;
        }
        self.after(done.is_some()).await;
        Ok(())
    }

    pub(super) async fn deletes(&mut self, hold: &Hold) -> Result<(), String> {
        let place = place_of(hold);
        let mut standing = self.standing(&[place]);
        standing.retain(|standing| standing.hold.id == hold.id);
        self.watch().doings.touch(place);
        self.watch().actor = Actor::Deleter;
        let (actions, origin) = (&self.stage.desk.actions, origin());
        let done = alive(&self.death, actions.release(&hold.id, &origin, false)).await;
        self.confuse(place);
        match &done {
            Some(Ok(_) | Err(ActionError::Nas { .. })) => self.heed(standing)?,
            Some(Err(other)) => return Err(format!("{hold:?} cannot be ended: {other}")),
            None => {}
        }
        self.after(done.is_some()).await;
        Ok(())
    }
}

fn one(place: Place) -> Target {
    Target::One(ConnectionId(place.1))
}

fn places(at: At, target: Target) -> Vec<Place> {
    let is_meant = |place: &Place| match target {
        Target::One(id) => place.1 == id.0,
        Target::All => true,
    };
    super::event::PLACES.into_iter().filter(|place| place.0 == at).filter(is_meant).collect()
}
