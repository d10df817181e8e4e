//! A rehearsal: what rules would make of notifications, with nobody to act on.
//!
//! Who hears, decides and guards is the same core as in earnest. Pretended is what lies around it: a NAS that always
//! does at once what it is told and has no settings that are strict already, connections that are only named, and a
//! book of holds in memory. Time is what the caller says; between two moments holds end, leases run out and rests pass
//! as they would, to the second.

mod book;

#[cfg(test)]
mod tests;

use super::case::{Bearer, milliseconds};
use super::decision::Decision;
use super::desk::{Change, Desk};
use super::payload::Alert;
use super::plan::{DAY, Plan, Seen, World, homeless, most_held, plan};
use super::rules::Rule;
use super::verdict::{Outcome, Verdict};
use crate::actions::Hold;
use crate::model::NasName;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

use book::Book;

/// What there is to rehearse with.
#[derive(Debug, Clone)]
pub struct Props {
    /// The rules. They act, whatever the mode is in earnest.
    pub rules: Vec<Rule>,
    /// The NASes, and the connections of each.
    pub fleet: BTreeMap<NasName, Vec<Seen>>,
    /// The largest share of all connections that rules may keep paused at once; none = it is not looked at.
    pub max_held_share: Option<f64>,
    /// Who sends the notifications.
    pub bearer: Bearer,
}

/// Something that happens, and when, in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: i64,
    /// What.
    pub what: Happening,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// There is something to say of an alert.
    Decided(Decision),
    /// A hold ended, for its [`cause`](Hold::cause).
    Released(Hold),
}

/// A rehearsal under way.
#[derive(Debug)]
pub struct Rehearsal {
    props: Props,
    desk: Desk,
    book: Book,
    /// Milliseconds since 1970.
    now: i64,
    events: Vec<Event>,
}

impl Rehearsal {
    /// One in which nothing has happened yet.
    pub fn new(props: Props) -> Self {
        Self { props, desk: Desk::default(), book: Book::default(), now: 0, events: Vec::new() }
    }

    /// Lets time pass until `at`; it never goes back. What happens meanwhile, in its order.
    pub fn pass(&mut self, at: Timestamp) -> Vec<Event> {
        let at = at.as_millisecond();
        while let Some(next) = self.next_moment().filter(|next| *next <= at) {
            self.now = next;
            self.settle();
        }
        self.now = self.now.max(at);
        std::mem::take(&mut self.events)
    }

    /// Hears a notification's alerts. What happens at once, in its order.
    pub fn hear(&mut self, alerts: &[Alert]) -> Vec<Event> {
        let now = Timestamp::from_millisecond(self.now).unwrap_or_default();
        let forgotten = self.desk.tidy(&self.props.rules, now);
        self.make(forgotten);
        let heard = self.desk.hear(alerts, &self.props.bearer, &self.props.rules, now);
        self.make(heard);
        self.settle();
        std::mem::take(&mut self.events)
    }

    /// The holds in force, the oldest first.
    pub fn holds(&self) -> &[Hold] {
        &self.book.holds
    }

    /// The next moment at which anything can change by itself: when something that is known gets as old as something
    /// that rules go by. That is more often than need be, and never too seldom.
    fn next_moment(&self) -> Option<i64> {
        let spans = self.props.rules.iter().flat_map(|rule| {
            [rule.lease, rule.release_delay, rule.max_hold, rule.cooldown].map(milliseconds)
        });
        let spans: BTreeSet<i64> = spans.chain([0, DAY]).collect();
        let cases = self.desk.cases();
        let heard = cases.flat_map(|case| [Some(case.began), Some(case.heard), case.ended]).flatten();
        let moments: BTreeSet<i64> = heard.chain(self.book.moments()).collect();
        let sums = moments.iter().flat_map(|at| spans.iter().map(|span| at.saturating_add(*span)));
        sums.filter(|at| *at > self.now).min()
    }

    /// Sees to everything that is due, until there is nothing more.
    fn settle(&mut self) {
        let nases: Vec<NasName> = self.props.fleet.keys().cloned().collect();
        let astray = homeless(&self.desk, &self.props.rules, &nases);
        self.make(self.desk.say(astray));
        loop {
            self.release();
            let mut is_moving = false;
            for nas in &nases {
                is_moving |= self.see_to(nas);
            }
            if !is_moving {
                return;
            }
        }
    }

    /// Ends the holds whose time is over.
    fn release(&mut self) {
        for (hold, ending) in self.book.release(self.now) {
            let heeded = self.desk.heed(&[ending], &self.props.rules, &NasName::new(&hold.nas));
            self.events.push(Event { at: self.now, what: Happening::Released(hold) });
            self.make(heeded);
        }
    }

    /// Does on one NAS what rules want. Whether any hold is another than before.
    fn see_to(&mut self, nas: &NasName) -> bool {
        let Plan { renewals, takes, findings, blocked: _ } =
            plan(&self.desk, &self.props.rules, &self.world(nas));
        self.make(self.desk.say(findings));
        let mut is_moving = !renewals.is_empty();
        self.book.renew(renewals);
        for take in takes {
            self.book.take(&take, self.now);
            is_moving = true;
            self.make(self.desk.say(take.findings(&self.desk, Verdict::of(Outcome::Acted), "")));
        }
        is_moving
    }

    fn world(&self, nas: &NasName) -> World {
        let total = self.props.fleet.values().map(Vec::len).sum();
        World {
            now: self.now,
            nas: nas.clone(),
            enforces: true,
            is_frozen: false,
            connections: self.props.fleet.get(nas).cloned(),
            was_tried: true,
            holds: self.book.of_nas(nas),
            endings: self.book.endings_of(nas),
            held: self.book.held(),
            most_held: self.props.max_held_share.map_or(usize::MAX, |share| most_held(total, share)),
            reaches: None,
            resting: BTreeSet::new(),
        }
    }

    fn make(&mut self, change: Change) {
        let at = self.now;
        let said = change.decisions.iter().cloned().map(Happening::Decided);
        self.events.extend(said.map(|what| Event { at, what }));
        self.desk.apply(change);
    }
}
