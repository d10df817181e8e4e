//! What keeps a rule from taking a hold of a connection.

use super::{Planning, Seen, target_of};
use crate::actions::{Cause, Look};
use crate::automation::case::milliseconds;
use crate::automation::rules::{Rule, RuleAction};
use crate::automation::verdict::Guard;

/// How far back a day's budget goes, in milliseconds.
pub(in crate::automation) const DAY: i64 = 24 * 60 * 60 * 1_000;

impl Planning<'_> {
    /// The first guard that says no, and why in words.
    pub(super) fn guard(&self, rule: &Rule, seen: &Seen) -> Option<(Guard, String)> {
        let world = self.world;
        if world.is_frozen {
            return Some((Guard::Frozen, "rules are frozen".to_owned()));
        }
        // The state is no obstacle to settings.
        if rule.action == RuleAction::Pause && seen.look == Look::Other {
            return Some((Guard::State, format!("a pause would not show in the state {}", seen.status)));
        }
        self.history(rule, seen).or_else(|| self.share(rule, seen))
    }

    /// What the rule did on this connection before. A refusal was no hold.
    fn history(&self, rule: &Rule, seen: &Seen) -> Option<(Guard, String)> {
        let (world, target) = (self.world, target_of(seen));
        let mine: Vec<_> = world
            .endings
            .iter()
            .filter(|ending| ending.rule == rule.name && ending.is_on(&target.nas, target.connection))
            .filter(|ending| ending.cause != Cause::Refused)
            .collect();
        let rested = mine.iter().map(|ending| world.now.saturating_sub(ending.ended)).min();
        if rested.is_some_and(|rested| rested < milliseconds(rule.cooldown)) {
            let last = rested.unwrap_or_default() / 1_000;
            return Some((Guard::Cooldown, format!("the rule's last hold of it ended {last} s ago")));
        }
        let ending = world.holds.iter().filter(|hold| {
            hold.rule == rule.name && hold.is_on(&target.nas, target.connection) && hold.is_ending()
        });
        let since = world.now.saturating_sub(DAY);
        // One that is to end has its ending already.
        let known = |id: &str| mine.iter().any(|ending| ending.hold == id);
        let taken = mine.iter().filter(|ending| ending.created > since).count()
            + ending.filter(|hold| hold.created > since && !known(&hold.id)).count();
        (taken >= usize::try_from(rule.daily_budget).unwrap_or(usize::MAX))
            .then(|| (Guard::DailyBudget, format!("{taken} holds of it within a day")))
    }

    /// How many connections are held. Limits of settings do not count.
    fn share(&self, rule: &Rule, seen: &Seen) -> Option<(Guard, String)> {
        let (held, most) = (self.held.len(), self.world.most_held);
        let is_more = rule.action == RuleAction::Pause && !self.held.contains(&target_of(seen));
        (is_more && held >= most)
            .then(|| (Guard::MaxHeldShare, format!("{held} connections are held, and {most} may be")))
    }
}
