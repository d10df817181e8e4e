//! Judges each command at the moment that a NAS is told.

use super::event::{At, Failing, PLACES, Place, rules};
use super::known::{Doings, Known, Wish};
use crate::actions::script::Script;
use cloudsync_exporter::actions::{Actions, Command, Hold, Phase, Target, clock};
use cloudsync_exporter::automation::Rule;
use cloudsync_exporter::model::ConnectionId;
use cloudsync_exporter::state::StateFile;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Notify;

/// For so long, in milliseconds, a resume that was answered is not told again.
const PATIENCE: i64 = 29_000;

/// Who acts at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Actor {
    Nobody,
    /// A person pauses.
    Pauser,
    /// A person resumes; alerts' holds may be ended, or not.
    Resumer(bool),
    /// A person ends a hold.
    Deleter,
    Rules,
    Keeper,
}

/// What is known of a NAS.
#[derive(Debug, Clone)]
pub(super) struct Health {
    pub(super) is_up: bool,
    /// So many looks in a row found it well, each at least a second after the last.
    pub(super) good: u32,
    /// When a command last failed.
    pub(super) failed: Option<i64>,
    pub(super) faults: BTreeMap<super::event::Call, Failing>,
    /// When its lists began to lag.
    pub(super) lags: Option<i64>,
}

/// The state of a connection on its NAS, which is known to the model alone.
pub(super) struct Real {
    pub(super) is_paused: bool,
    pub(super) is_broken: bool,
}

/// How a connection is.
pub(super) fn real(script: &Script, id: i64) -> Real {
    let world = script.world();
    let connection = &world.connections[&id];
    let is_broken = connection.status == "error";
    let state = if is_broken { connection.hidden } else { connection.status };
    Real { is_paused: state == "pause", is_broken }
}

/// What the model knows.
pub(super) struct Watch {
    pub(super) actor: Actor,
    pub(super) actions: Arc<Actions>,
    pub(super) state: Arc<StateFile>,
    pub(super) enforces: bool,
    pub(super) share: f64,
    pub(super) rules: BTreeMap<String, Rule>,
    pub(super) nases: BTreeMap<At, Health>,
    pub(super) places: BTreeMap<Place, Known>,
    pub(super) doings: Doings,
    /// Holds whose pause something took away, or may have: it may be told again.
    pub(super) lost: BTreeSet<String>,
    /// When a resume was answered for a hold that is to end, since the program began.
    pub(super) resumed: BTreeMap<String, i64>,
    /// Connections that were told to pause since somebody last asked.
    pub(super) paused: Vec<Place>,
    pub(super) wrong: Vec<String>,
    pub(super) log: Vec<String>,
    /// Tells that the program has to end.
    pub(super) death: Arc<Notify>,
}

impl Watch {
    pub(super) fn new(actions: Arc<Actions>, state: Arc<StateFile>) -> Self {
        let health = Health { is_up: true, good: 0, failed: None, faults: BTreeMap::new(), lags: None };
        Self {
            actor: Actor::Nobody,
            actions,
            state,
            enforces: true,
            share: 1.0,
            rules: rules().into_iter().map(|rule| (rule.name.clone(), rule)).collect(),
            nases: At::ALL.map(|at| (at, health.clone())).into(),
            places: PLACES.map(|place| (place, Known::new())).into(),
            doings: Doings::default(),
            lost: BTreeSet::new(),
            resumed: BTreeMap::new(),
            paused: Vec::new(),
            wrong: Vec::new(),
            log: Vec::new(),
            death: Arc::default(),
        }
    }

    pub(super) fn place(&mut self, place: Place) -> &mut Known {
        self.places.get_mut(&place).unwrap()
    }

    pub(super) fn nas(&mut self, at: At) -> &mut Health {
        self.nases.get_mut(&at).unwrap()
    }

    /// The holds that keep a connection paused.
    pub(super) fn holds(&self, Place(at, id): Place) -> Vec<Hold> {
        self.actions.book().pauses_of(&at.name(), ConnectionId(id))
    }

    /// A NAS was told, and has not done it yet.
    pub(super) fn told(&mut self, at: At, command: &Command, script: &Script) {
        let (method, target) = (command.method(), command);
        let places: Vec<Place> = match target {
            Command::Pause(Target::One(id)) | Command::Resume(Target::One(id)) => vec![Place(at, id.0)],
            Command::Pause(Target::All) | Command::Resume(Target::All) => {
                PLACES.into_iter().filter(|place| place.0 == at).collect()
            }
            other => panic!("nobody asked for {other:?}"),
        };
        let is_pause = method == "pause";
        let call = if is_pause { super::event::Call::Pause } else { super::event::Call::Resume };
        let (now, fault) = (clock::now(), self.nases[&at].faults.get(&call).copied());
        let failing = fault.map_or_else(String::new, |failing| format!(" {failing:?}"));
        self.log.push(format!("      {:?}: {method} {places:?}{failing}", self.actor));
        if let Some(Failing::Deadly(_)) = fault {
            self.death.notify_one();
        }
        let is_answered = matches!(fault, None | Some(Failing::Ignored));
        if !is_answered {
            self.nas(at).failed = Some(now);
        }
        for place in places {
            if is_pause {
                self.pauses(place, script, now);
                self.paused.push(place);
                if self.actor == Actor::Rules && fault == Some(Failing::Refused) {
                    self.place(place).refused = Some(now);
                }
                self.note_pause(place, is_answered);
            } else {
                self.resumes(place, now, is_answered);
            }
            if fault == Some(Failing::Ignored) {
                // What the NAS claims may be believed where nothing shows otherwise.
                self.doings.touch(place);
                if real(script, place.1).is_broken && !is_pause {
                    self.place(place).wish = Wish::Either;
                }
            }
        }
    }

    /// Something took pauses on a NAS away, or may have.
    pub(super) fn loses(&mut self, at: At) {
        self.lost.extend(self.actions.book().of_nas(&at.name()).into_iter().map(|hold| hold.id));
    }

    /// A pause is on its way for those that wait for one; told again, it is for all.
    fn note_pause(&mut self, place: Place, is_answered: bool) {
        let is_again = self.actor == Actor::Keeper;
        for hold in self.holds(place) {
            // What was resumed before is not resumed by that any more.
            self.resumed.remove(&hold.id);
            if !is_answered {
                self.lost.insert(hold.id);
            } else if is_again || hold.phase == Phase::Pausing {
                self.lost.remove(&hold.id);
            }
        }
    }

    fn complain(&mut self, what: String) {
        self.log.push(format!("      WRONG: {what}"));
        self.wrong.push(what);
    }

    fn pauses(&mut self, place: Place, script: &Script, now: i64) {
        let holds = self.holds(place);
        match self.actor {
            Actor::Pauser => {
                // An error hides whether it was paused before.
                if real(script, place.1).is_broken && self.places[&place].wish == Wish::Paused {
                    self.place(place).wish = Wish::Either;
                }
            }
            Actor::Rules => self.rule_pauses(place, &holds, script, now),
            Actor::Keeper => {
                // If it was a person who resumed it, that could not be told from a NAS that forgot, and it is left as it
                // was before the hold.
                if holds.iter().any(|hold| hold.was_paused) {
                    self.place(place).wish = Wish::Either;
                }
                let staying: Vec<&Hold> = holds.iter().filter(|hold| !hold.is_ending()).collect();
                if staying.is_empty() {
                    self.complain(format!("{place:?} is paused again for no hold: {holds:?}"));
                } else if !staying.iter().any(|hold| self.lost.contains(&hold.id)) {
                    self.complain(format!(
                        "{place:?} is paused again, and nothing took its pause away: {holds:?}"
                    ));
                } else if self.actions.is_frozen() && staying.iter().all(|hold| !hold.rule.is_empty()) {
                    self.complain(format!("{place:?} is paused again for rules that are frozen"));
                }
            }
            other => self.complain(format!("{other:?} pauses {place:?}")),
        }
    }

    fn rule_pauses(&mut self, place: Place, holds: &[Hold], script: &Script, now: i64) {
        if self.actions.is_frozen() {
            self.complain(format!("a rule that is frozen pauses {place:?}"));
        }
        if !self.enforces {
            self.complain(format!("a rule that only observes pauses {place:?}"));
        }
        let Health { is_up, lags, .. } = self.nases[&place.0];
        if !is_up {
            self.complain(format!("a rule pauses {place:?} although the NAS is away"));
        }
        if lags.is_none() && real(script, place.1).is_broken {
            self.complain(format!("a rule pauses {place:?}, which is in error"));
        }
        // One that was taken without a word holds already.
        let is_new = |hold: &&Hold| {
            hold.phase == Phase::Pausing && !hold.rule.is_empty() && !self.doings.holds.contains_key(&hold.id)
        };
        let new: Vec<Hold> = holds.iter().filter(is_new).cloned().collect();
        let [hold] = new.as_slice() else {
            self.complain(format!("a rule pauses {place:?} with {} new holds: {holds:?}", new.len()));
            return;
        };
        self.rule_takes(place, hold, now);
    }

    /// A rule took a hold of a connection without a word: it has to be paused already.
    pub(super) fn takes_in_silence(&mut self, place: Place, hold: &Hold, script: &Script, now: i64) {
        if self.nases[&place.0].lags.is_none() && !real(script, place.1).is_paused {
            self.complain(format!("a rule holds {place:?}, which runs, without a word: {hold:?}"));
        }
        if self.actions.is_frozen() || !self.enforces {
            self.complain(format!("a rule that may not act holds {place:?}: {hold:?}"));
        }
        self.rule_takes(place, hold, now);
    }

    fn rule_takes(&mut self, place: Place, hold: &Hold, now: i64) {
        let rule = self.rules[&hold.rule].clone();
        let book = self.actions.book().all();
        if let Some(wrong) = self.doings.takes((hold, &book), place, (&rule, self.share), &self.state, now) {
            self.complain(wrong);
        }
    }

    fn resumes(&mut self, place: Place, now: i64, is_answered: bool) {
        let holds = self.holds(place);
        match self.actor {
            Actor::Resumer(overrides) => {
                if !overrides && holds.iter().any(Hold::withstands_resume) {
                    self.complain(format!("a plain resume of {place:?} passes over {holds:?}"));
                }
                self.place(place).resumed = Some(now);
                self.doings.touch(place);
            }
            Actor::Keeper | Actor::Deleter => {
                if holds.iter().any(|hold| !hold.is_ending()) {
                    self.complain(format!("{place:?} is resumed although it is held: {holds:?}"));
                }
                if holds.iter().all(|hold| hold.was_paused) {
                    self.complain(format!("{place:?} is resumed, and nothing had paused it: {holds:?}"));
                }
                for hold in &holds {
                    let told = self.resumed.get(&hold.id).filter(|at| now - *at < PATIENCE);
                    if let (Actor::Keeper, Some(at)) = (self.actor, told) {
                        let ago = now - at;
                        self.complain(format!("{place:?} is resumed again after {ago} ms: {hold:?}"));
                    }
                    if is_answered {
                        self.resumed.insert(hold.id.clone(), now);
                    }
                }
                if self.places[&place].wish == Wish::Paused {
                    self.complain(format!("{place:?} is resumed, which a person had paused: {holds:?}"));
                }
            }
            other => self.complain(format!("{other:?} resumes {place:?}")),
        }
    }
}
