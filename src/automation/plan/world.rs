//! What a plan is made from, and what it says.

use crate::actions::{Ending, Hold, Look, Reach};
use crate::automation::case::CaseKey;
use crate::automation::decision::Decision;
use crate::automation::rules::{KnownConnection, Target};
use crate::automation::verdict::Guard;
use crate::model::NasName;
use std::collections::{BTreeMap, BTreeSet};

/// A connection as the last poll saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its names.
    pub known: KnownConnection,
    /// What people call it.
    pub name: String,
    /// Its state.
    pub look: Look,
    /// The state's word.
    pub status: String,
}

/// What is known of one NAS.
#[derive(Debug, Clone)]
pub struct World {
    /// Milliseconds since 1970.
    pub now: i64,
    /// The NAS.
    pub nas: NasName,
    /// Whether rules act, or only observe.
    pub enforces: bool,
    /// Whether rules are frozen.
    pub is_frozen: bool,
    /// Its connections; none while it has not been seen, or not for too long.
    pub connections: Option<Vec<Seen>>,
    /// Whether it has been tried at all since the start: before that, nothing can be said of it.
    pub was_tried: bool,
    /// The holds on it.
    pub holds: Vec<Hold>,
    /// How holds of rules on it ended.
    pub endings: Vec<Ending>,
    /// The connections that rules keep paused, on any NAS.
    pub held: BTreeSet<Target>,
    /// How many connections may be held at once.
    pub most_held: usize,
    /// Where each token may act now, by its name; none where there are no tokens to go by.
    pub reaches: Option<BTreeMap<String, Reach>>,
    /// What failed a moment ago and is not tried again yet: rule and connection.
    pub resting: BTreeSet<(String, Target)>,
}

/// A hold to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Take {
    /// The rule.
    pub rule: String,
    /// The connection.
    pub target: Target,
    /// What people call it.
    pub name: String,
    /// The settings to hold; empty = to be paused.
    pub set: BTreeMap<String, u64>,
    /// The cases that are on, the oldest first.
    pub cases: Vec<CaseKey>,
    /// The oldest case's episode.
    pub episode: String,
    /// Why, in words.
    pub reason: String,
    /// The token of whoever sent the oldest case's alert.
    pub token: String,
    /// When it ends, in milliseconds since 1970; none = only by a person.
    pub until: Option<i64>,
    /// The latest moment that its end can be put off to.
    pub latest: Option<i64>,
}

/// The end of a hold, put off or brought forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The hold's id.
    pub hold: String,
    /// When it ends, in milliseconds since 1970.
    pub until: Option<i64>,
    /// The latest moment that its end can be put off to.
    pub latest: Option<i64>,
}

/// What is to be said of a case, which was not said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The case.
    pub case: CaseKey,
    /// Its place (see [`place`](crate::automation::case::place)).
    pub place: String,
    /// The decision.
    pub decision: Decision,
}

/// What rules want of a NAS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Holds that end at another moment than they would.
    pub renewals: Vec<Renewal>,
    /// Holds to be taken.
    pub takes: Vec<Take>,
    /// What there is to say.
    pub findings: Vec<Finding>,
    /// What a guard keeps back and did not before: rule, connection and guard.
    pub blocked: Vec<Guard>,
}
