//! What the model knows: of connections what those who are in charge want of them, of holds how long they have been
//! there, of rules for which occurrences of alerts they have been told to stay away.

use super::event::{At, Place, kind_of, targets};
use cloudsync_exporter::actions::{Cause, Hold};
use cloudsync_exporter::automation::{Case, Rule};
use cloudsync_exporter::state::StateFile;
use std::collections::{BTreeMap, BTreeSet};

/// What is to become of a connection when nothing holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nobody paused it.
    Runs,
    /// A person paused it when it ran and nothing of ours was on it.
    Paused,
    /// What a person did could not be seen, or not be told from something else, such as a pause in DSM in the second in
    /// which a hold's pause was on its way.
    Either,
}

/// A connection.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) wish: Wish,
    /// For so many seconds of good polls it has been paused, or not.
    pub(super) steady: u32,
    /// When a person told it to resume by the API.
    pub(super) resumed: Option<i64>,
    /// When a rule's pause of it was refused.
    pub(super) refused: Option<i64>,
}

impl Known {
    pub(super) fn new() -> Self {
        Self { wish: Wish::Runs, steady: 0, resumed: None, refused: None }
    }
}

/// A rule's hold.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) rule: String,
    pub(super) place: Place,
    pub(super) created: i64,
    /// When it was last seen and was not to end.
    pub(super) alive: i64,
    pub(super) ended: Option<Cause>,
    /// Something was done to its connection that may be taken for a person's resume.
    pub(super) is_touched: bool,
}

/// An occurrence of an alert on a connection, for which a rule must not act any more.
pub(super) type Rest = (String, Place, String, String);

/// What the model knows of the rules' doings.
#[derive(Debug, Default)]
pub(super) struct Doings {
    pub(super) holds: BTreeMap<String, Held>,
    pub(super) rests: BTreeSet<Rest>,
}

/// The cases that are on disk.
pub(super) fn cases(state: &StateFile) -> Vec<Case> {
    state.cases().unwrap().iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

/// Whether a case is about a connection.
fn is_about(case: &Case, place: Place) -> bool {
    targets(&case.rule, kind_of(&case.alert.fingerprint)).contains(&place)
}

/// What rests when a rule is told to stay away from a connection now.
pub(super) fn on_now(state: &StateFile, rule: &str, place: Place) -> Vec<Rest> {
    let cases = cases(state);
    let concerned = cases.iter().filter(|case| case.rule == rule && case.is_open() && is_about(case, place));
    concerned.map(|case| rest(case, place)).collect()
}

fn rest(case: &Case, place: Place) -> Rest {
    (case.rule.clone(), place, case.alert.fingerprint.clone(), case.episode.to_string())
}

pub(super) fn place_of(hold: &Hold) -> Place {
    Place(if hold.nas == At::Home.as_str() { At::Home } else { At::Office }, hold.connection_id)
}

const DAY: i64 = 24 * 60 * 60 * 1_000;

impl Doings {
    /// A rule took a hold of a connection. What is wrong with that.
    pub(super) fn takes(
        &mut self,
        (hold, book): (&Hold, &[Hold]),
        place: Place,
        (rule, share): (&Rule, f64),
        state: &StateFile,
        now: i64,
    ) -> Option<String> {
        let others = || {
            book.iter().filter(|other| other.id != hold.id && !other.rule.is_empty() && !other.is_ending())
        };
        if others().any(|other| other.rule == rule.name && place_of(other) == place) {
            return Some(format!("rule {} holds {place:?} already", rule.name));
        }
        let mine = || self.holds.values().filter(|held| held.rule == rule.name && held.place == place);
        let cooldown = i64::try_from(rule.cooldown.as_millis()).unwrap();
        if let Some(held) = mine().find(|held| now - held.alive < cooldown) {
            return Some(format!("rule {} rests on {place:?}, after {held:?}", rule.name));
        }
        let taken = mine().filter(|held| held.created > now - DAY).count();
        if taken >= rule.daily_budget as usize {
            return Some(format!("rule {} has taken {place:?} {taken} times within a day", rule.name));
        }
        let paused: BTreeSet<Place> = others().map(place_of).collect();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of six"
        )]
        let most = ((super::event::PLACES.len() as f64 * share) as usize).max(1);
        if !paused.contains(&place) && paused.len() >= most {
            return Some(format!("rules hold {paused:?} already, and take {place:?}"));
        }
        let cases = cases(state);
        let is_on = |case: &&Case| case.rule == rule.name && case.is_open() && is_about(case, place);
        let on: Vec<Rest> = cases
            .iter()
            .filter(is_on)
            .filter(|case| case.until(rule) > now)
            .map(|case| rest(case, place))
            .collect();
        let wants = |known: &&Rest| !self.rests.contains(*known);
        if !on.iter().any(|known| wants(&known)) {
            return Some(format!("rule {} takes {place:?} for {on:?}, of which {:?}", rule.name, self.rests));
        }
        let is_its = |known: &&Rest| Some(&known.3) == hold.episode.as_ref();
        if !on.iter().filter(wants).any(|known| is_its(&known)) {
            return Some(format!("rule {} takes {place:?} for {:?}, not {on:?}", rule.name, hold.episode));
        }
        let taken = Held {
            rule: rule.name.clone(),
            place,
            created: hold.created,
            alive: now,
            ended: None,
            is_touched: false,
        };
        self.holds.insert(hold.id.clone(), taken);
        None
    }

    /// Something may be taken for a person's resume.
    pub(super) fn touch(&mut self, place: Place) {
        self.holds.values_mut().filter(|held| held.place == place).for_each(|held| held.is_touched = true);
    }

    /// A rule's hold has ended, when the rules had last looked at `ruled`. What is wrong with that.
    pub(super) fn ends(
        &mut self,
        id: &str,
        cause: Cause,
        (rule, enforces): (&Rule, bool),
        state: &StateFile,
        (now, ruled): (i64, i64),
    ) -> Option<String> {
        let held = self.holds.get_mut(id).unwrap();
        held.ended = Some(cause);
        let (place, is_touched) = (held.place, held.is_touched);
        match cause {
            Cause::Refused => drop(self.holds.remove(id)),
            Cause::Longest => self.rests.extend(on_now(state, &rule.name, place)),
            Cause::Person if !is_touched => {
                return Some(format!(
                    "a hold of rule {} on {place:?} ends as if a person wished it",
                    rule.name
                ));
            }
            Cause::Over if rule.latch => {
                return Some(format!("the latched hold of rule {} on {place:?} ends by itself", rule.name));
            }
            Cause::Over if enforces => {
                // What was heard within the last second may come too late, as does what no rule has looked at since.
                let supports = |case: &&Case| {
                    case.rule == rule.name
                        && is_about(case, place)
                        && case.until(rule) > now
                        && case.heard < ruled.min(now - 1_500)
                        && !self.rests.contains(&rest(case, place))
                        // One that had ended, and came back as the same occurrence after a person had said no.
                        && !case.rests.contains_key(&format!("{place:?}"))
                };
                if let Some(case) = cases(state).iter().find(supports) {
                    return Some(format!(
                        "a hold of rule {} on {place:?} ends in spite of {case:?}",
                        rule.name
                    ));
                }
            }
            Cause::Person | Cause::Over | Cause::Unshown | Cause::Gone => {}
        }
        None
    }
}
