//! All held settings of one connection at one look: what follows for each, and for the holds. Pure.

use super::decide::{Facts, Step, is_stricter, step, target};
use super::entry::{Entry, Known};
use crate::actions::holds::Hold;
use crate::actions::schema::Document;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// What is known of the held settings of a connection, by their names.
pub(in crate::actions) type Ledger = BTreeMap<String, Known>;

/// What a look goes by besides what it shows.
#[derive(Clone, Copy)]
pub(in crate::actions) struct Circumstances<'a> {
    /// For how long looks have shown the same of a setting of which something is open.
    pub(in crate::actions) steady: &'a (dyn Fn(&str) -> Duration + Sync),
    /// Whether rules are kept from acting.
    pub(in crate::actions) is_frozen: bool,
    /// How long a NAS has to show what it was told.
    pub(in crate::actions) patience: Duration,
}

/// One setting at a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::actions) struct Seen {
    pub(in crate::actions) entry: Entry,
    /// What the NAS shows.
    pub(in crate::actions) shown: Option<u64>,
    /// What follows.
    pub(in crate::actions) step: Step,
    /// What it is to be.
    pub(in crate::actions) target: u64,
    /// It is looser than it is to be.
    pub(in crate::actions) is_too_loose: bool,
    /// A person's wish that did not come within its time.
    pub(in crate::actions) is_mark_over: bool,
}

/// The settings of a connection at a look, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::actions) struct Survey(pub(in crate::actions) BTreeMap<String, Seen>);

/// A setting in a document of the NAS.
pub(in crate::actions) fn number(document: &Document, setting: &str) -> Option<u64> {
    document.get(setting).and_then(Value::as_u64)
}

/// Looks at the settings of a ledger. `holds` are those of the connection, which are to end or not.
pub(in crate::actions) fn survey(
    ledger: &Ledger,
    holds: &[Hold],
    document: &Document,
    circumstances: Circumstances<'_>,
) -> Survey {
    let Circumstances { steady, is_frozen, patience } = circumstances;
    let seen = ledger.iter().map(|(setting, known)| {
        let wishes: Vec<u64> = holds
            .iter()
            .filter(|hold| !hold.is_ending())
            .filter_map(|hold| hold.set.get(setting).copied())
            .collect();
        let (shown, steady) = (number(document, setting), steady(setting));
        let step = step(Facts { setting, known, wishes: &wishes, shown, steady, is_frozen, patience });
        let entry = known.entry.clone();
        let is_mark_over = entry.person.is_some() && steady >= patience && step != Step::Yield;
        let target = target(setting, entry.before, &wishes);
        let is_too_loose = shown.is_some_and(|shown| is_stricter(setting, target, shown));
        (setting.clone(), Seen { entry, shown, step, target, is_too_loose, is_mark_over })
    });
    Survey(seen.collect())
}

impl Survey {
    /// The settings for which this follows.
    pub(in crate::actions) fn with(&self, is_it: impl Fn(Step) -> bool) -> Vec<String> {
        self.0.iter().filter(|(_, seen)| is_it(seen.step)).map(|(setting, _)| setting.clone()).collect()
    }

    /// What is to be written, and nothing while a person's own change may be on its way: it must not be undone by what
    /// is written along with it.
    pub(in crate::actions) fn writes(&self) -> Document {
        let is_open = |seen: &Seen| seen.entry.person.is_some() && seen.step == Step::Wait;
        if self.0.values().any(is_open) {
            return Document::new();
        }
        let write = |(setting, seen): (&String, &Seen)| Some((setting.clone(), seen.step.writes()?.into()));
        self.0.iter().filter_map(write).collect()
    }

    /// Whether all that is to be written makes settings looser again.
    pub(in crate::actions) fn only_loosens(&self) -> bool {
        !self.0.values().any(|seen| matches!(seen.step, Step::Tighten(_)))
    }

    /// The settings with what is to be written, whole: a setter replaces (API notes §4). What was written and does not
    /// show yet is written again along with the rest, so as not to be undone by it.
    pub(in crate::actions) fn merged(&self, document: &Document) -> Document {
        let mut merged = document.clone();
        merged.extend(pending(self.0.iter().map(|(setting, seen)| (setting, &seen.entry))));
        // But not what rules may not do now, nor what is not theirs any more.
        let is_left = |step: Step| matches!(step, Step::Postpone | Step::GiveUp | Step::Yield);
        let left = self.0.iter().filter(|(_, seen)| is_left(seen.step));
        merged.extend(left.filter_map(|(setting, seen)| Some((setting.clone(), seen.shown?.into()))));
        merged.extend(self.writes());
        merged
    }

    /// The entries as they are to be on disk before the NAS is told.
    pub(in crate::actions) fn intended(&self, now: i64) -> BTreeMap<String, Entry> {
        let is_written = self.writes();
        let intend = |(setting, seen): (&String, &Seen)| {
            let value = seen.step.writes().filter(|_| is_written.contains_key(setting))?;
            Some((setting.clone(), seen.entry.writing(value, seen.shown?, now)))
        };
        self.0.iter().filter_map(intend).collect()
    }

    /// Whether every setting of a hold shows what was written. What a person changed is none of its settings any more.
    pub(in crate::actions) fn shows(&self, hold: &Hold) -> bool {
        self.of(hold).all(|seen| seen.shown == Some(seen.target) && seen.target == seen.entry.written)
    }

    /// Whether nothing is left to do for a hold that is to end: nothing that it held has to be made looser.
    pub(in crate::actions) fn is_done_with(&self, hold: &Hold) -> bool {
        let is_done = |seen: &Seen| matches!(seen.step, Step::Settled | Step::Done | Step::Yield);
        self.of(hold).all(|seen| is_done(seen) || seen.is_too_loose)
    }

    fn of<'a>(&'a self, hold: &'a Hold) -> impl Iterator<Item = &'a Seen> {
        hold.set.keys().filter_map(|setting| self.0.get(setting))
    }
}

/// What was written of settings and was not seen yet.
pub(in crate::actions) fn pending<'a>(
    entries: impl Iterator<Item = (&'a String, &'a Entry)>,
) -> impl Iterator<Item = (String, Value)> {
    entries
        .filter(|(_, entry)| !entry.is_settled && entry.person.is_none())
        .map(|(setting, entry)| (setting.clone(), entry.written.into()))
}
