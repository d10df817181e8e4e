//! What must be so after each step.

use super::event::{At, Place};
use super::known::{Rest, on_now, place_of};
use super::trial::Trial;
use super::watch::Watch;
use cloudsync_exporter::actions::{Cause, Phase, clock};

/// What a person's resume in DSM must lead to.
pub(super) struct Expected {
    pub(super) place: Place,
    pub(super) hold: String,
    pub(super) rests: Vec<Rest>,
    /// Whether nothing else can be made of it.
    pub(super) is_certain: bool,
    /// So many good looks since.
    pub(super) looks: u32,
}

impl Trial {
    /// What must be so of holds at every moment, and what those that ended mean.
    pub(super) fn look_at_holds(&mut self) {
        let scripts = At::ALL.map(|at| (at, self.script(at)));
        let mut watch = self.watch();
        let now = clock::now();
        let holds = watch.actions.book().all();
        let mut wrong = Vec::new();
        for hold in holds.iter().filter(|hold| !hold.rule.is_empty()) {
            if hold.phase == Phase::Held && !watch.doings.holds.contains_key(&hold.id) {
                let place = place_of(hold);
                let script = scripts.iter().find(|(at, _)| *at == place.0).map(|(_, script)| script);
                watch.takes_in_silence(place, hold, script.unwrap(), now);
            }
        }
        for hold in holds.iter().filter(|hold| !hold.rule.is_empty()) {
            let rule = &watch.rules[&hold.rule];
            let most = hold.created + i64::try_from(rule.max_hold.as_millis()).unwrap();
            let is_bounded = hold.until.is_some_and(|until| until <= most);
            if hold.latch != rule.latch || hold.latch == hold.until.is_some() || !(hold.latch || is_bounded) {
                wrong.push(format!("nothing ends {hold:?} in time"));
            }
            if !watch.doings.holds.contains_key(&hold.id) {
                wrong.push(format!("nobody took {hold:?}"));
            }
        }
        let Watch { doings, state, actions, rules, enforces, .. } = &mut *watch;
        let running: Vec<(String, Place)> = doings
            .holds
            .iter()
            .filter(|(_, held)| held.ended.is_none())
            .map(|(id, held)| (id.clone(), held.place))
            .collect();
        for (id, place) in running {
            if holds.iter().any(|hold| hold.id == id && !hold.is_ending()) {
                doings.holds.get_mut(&id).unwrap().alive = now;
                continue;
            }
            let endings = actions.book().endings_of(&place.0.name(), now);
            let Some(ending) = endings.into_iter().find(|ending| ending.hold == id) else {
                wrong.push(format!("hold {id} went without a word"));
                doings.holds.get_mut(&id).unwrap().ended = Some(Cause::Gone);
                continue;
            };
            let enforces = *enforces && self.settled > 1;
            let rule = &rules[&doings.holds[&id].rule];
            wrong.extend(doings.ends(&id, ending.cause, (rule, enforces), state, (now, self.ruled)));
        }
        watch.wrong.extend(wrong);
    }

    /// Whether what persons did in DSM is heeded.
    pub(super) fn look_at_persons(&mut self) {
        let mut left = Vec::new();
        for expected in std::mem::take(&mut self.expected) {
            let mut watch = self.watch();
            let hold = watch.actions.book().get(&expected.hold).filter(|hold| !hold.is_ending());
            let ended = watch.doings.holds.get(&expected.hold).and_then(|held| held.ended);
            match (hold, ended) {
                (None, Some(Cause::Person)) => watch.doings.rests.extend(expected.rests),
                (None, _) => {}
                (Some(hold), _) if expected.is_certain && expected.looks > 4 => {
                    watch.wrong.push(format!("a person resumed {:?}, and {hold:?} stays", expected.place));
                }
                (Some(_), _) => {
                    drop(watch);
                    left.push(expected);
                }
            }
        }
        self.expected = left;
    }

    /// What rests when a rule is told now to stay away.
    pub(super) fn on_now(&self, rule: &str, place: Place) -> Vec<Rest> {
        on_now(&self.watch().state, rule, place)
    }
}
