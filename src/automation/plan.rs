//! What rules want of one NAS, from what is known. Pure: clock, NAS and holds are arguments.
//!
//! A rule has at most one hold of a connection, however many alerts support it. It lasts until the last of them lets
//! go; it is only taken for an alert that is on, and only past the guards.

mod follow;
mod guards;
mod world;

#[cfg(test)]
mod tests;

use super::case::{Case, milliseconds, place};
use super::decision::Decision;
use super::desk::Desk;
use super::rules::{KnownConnection, NoTarget, Rule, RuleAction, Select, Target, shown};
use super::verdict::{Guard, Outcome, Verdict};
use crate::actions::{Cause, Hold, Reach};
use crate::model::{ConnectionId, NasName};
use std::collections::{BTreeMap, BTreeSet};

pub use follow::most_held;
pub(super) use guards::DAY;
pub use world::{Finding, Plan, Renewal, Seen, Take, World};

impl Case {
    /// What is to be said of it, unless it was said last.
    pub fn finding(
        &self,
        target: Option<(&Target, &str)>,
        verdict: Verdict,
        detail: &str,
    ) -> Option<Finding> {
        let place = place(target.map(|(target, _)| target));
        if self.said.get(&place) == Some(&verdict) {
            return None;
        }
        let decision = Decision::on(self, verdict, detail);
        let decision = match target {
            Some((target, name)) => decision.at(target, name),
            None => decision,
        };
        Some(Finding { case: self.key(), place, decision })
    }

    /// Whether the rule rests on this connection, and by which guard.
    fn rest(&self, target: &Target) -> Option<Guard> {
        self.rests.get(&place(Some(target))).map(|cause| match cause {
            Cause::Longest => Guard::MaxHold,
            _ => Guard::StoodDown,
        })
    }
}

/// What the rules want.
pub fn plan(desk: &Desk, rules: &[Rule], world: &World) -> Plan {
    let mut planning = Planning { world, held: world.held.clone(), plan: Plan::default() };
    for rule in rules.iter().filter(|rule| rule.action != RuleAction::Notify) {
        let cases: Vec<&Case> =
            desk.cases().filter(|case| case.rule == rule.name && is_about(rule, case, &world.nas)).collect();
        planning.rule(rule, &cases);
    }
    planning.orphans(desk, rules);
    planning.plan
}

/// What is to be said of alerts that are about no NAS of this instance.
pub fn homeless(desk: &Desk, rules: &[Rule], names: &[NasName]) -> Vec<Finding> {
    let find = |case: &Case| {
        let rule = rules.iter().find(|rule| rule.name == case.rule && rule.action != RuleAction::Notify)?;
        if !case.is_open() || names.iter().any(|name| is_about(rule, case, name)) {
            return None;
        }
        let nas = match &rule.select {
            Select::Named { nas, .. } => nas.as_str(),
            Select::Labels | Select::Nothing => case.alert.label("nas"),
        };
        if nas.is_empty() {
            let detail = NoTarget::Unlabelled("nas").to_string();
            return case.finding(None, Verdict::blocked(Guard::Labels), &detail);
        }
        let detail = format!("this instance has no NAS {}", shown(nas));
        case.finding(None, Verdict::blocked(Guard::UnknownConnection), &detail)
    };
    desk.cases().filter_map(find).collect()
}

/// Whether a rule can reach this NAS for a case.
pub fn is_about(rule: &Rule, case: &Case, nas: &NasName) -> bool {
    match &rule.select {
        Select::Nothing => false,
        Select::Named { nas: own, .. } => own == nas,
        Select::Labels => case.alert.label("nas") == nas.as_str(),
    }
}

struct Planning<'a> {
    world: &'a World,
    /// Held, and about to be.
    held: BTreeSet<Target>,
    plan: Plan,
}

impl<'a> Planning<'a> {
    fn rule(&mut self, rule: &Rule, cases: &[&Case]) {
        let Some(connections) = &self.world.connections else {
            self.wait(rule, cases);
            return;
        };
        let known: Vec<KnownConnection> = connections.iter().map(|seen| seen.known.clone()).collect();
        let mut by_target: BTreeMap<Target, Vec<&Case>> = BTreeMap::new();
        // What is named is the same for every alert.
        let named = cases.first().filter(|_| rule.select != Select::Labels);
        let named = named.map(|case| rule.targets(&case.alert, &known));
        for case in cases {
            let targets = named.clone().unwrap_or_else(|| rule.targets(&case.alert, &known));
            match targets {
                Ok(targets) => {
                    for target in targets {
                        by_target.entry(target).or_default().push(case);
                    }
                }
                Err(error) if case.is_open() => {
                    let guard = match error {
                        NoTarget::Unlabelled(_) | NoTarget::NotAnId(_) => Guard::Labels,
                        NoTarget::Unknown { .. } => Guard::UnknownConnection,
                    };
                    self.block(None, &[case], guard, &error.to_string());
                }
                Err(_) => {}
            }
        }
        // One whose connection is not what the rule names any more ends with its alerts.
        let is_left =
            |hold: &&Hold| !by_target.keys().any(|target| hold.is_on(&target.nas, target.connection));
        self.renew_all(rule, cases, is_left);
        for (target, mut cases) in by_target {
            let Some(seen) = connections.iter().find(|seen| seen.known.id == target.connection) else {
                continue;
            };
            let is_held = self.hold_of(rule, &target).is_some();
            // What is held already ends with the alert, whatever became of the token meanwhile.
            let reaches = self.world.reaches.as_ref().filter(|_| !is_held);
            let outside = |case: &&Case| !within(case, seen, reaches);
            let strangers: Vec<&Case> =
                cases.iter().copied().filter(|case| outside(case) && case.is_open()).collect();
            self.block(Some(seen), &strangers, Guard::Token, "the sender's token may not be used on it");
            cases.retain(|case| !outside(case));
            self.target(rule, seen, &cases);
        }
    }

    /// Holds whose rule is gone, or does not mean this NAS any more: they end with their alerts, at once, and otherwise
    /// with their lease.
    fn orphans(&mut self, desk: &Desk, rules: &[Rule]) {
        let (now, nas) = (self.world.now, &self.world.nas);
        let means = |rule: &Rule| match &rule.select {
            Select::Nothing => false,
            Select::Named { nas: own, .. } => own == nas,
            Select::Labels => true,
        };
        for hold in self.world.holds.iter().filter(|hold| !hold.rule.is_empty() && !hold.latch) {
            let has_rule = rules
                .iter()
                .any(|rule| rule.name == hold.rule && rule.action != RuleAction::Notify && means(rule));
            let mut cases = desk.cases().filter(|case| case.rule == hold.rule).peekable();
            let is_over = hold.is_over(now) || hold.is_ending();
            if !has_rule && !is_over && cases.peek().is_some() && cases.all(|case| !case.is_open()) {
                let renewal = Renewal { hold: hold.id.clone(), until: Some(now), latest: hold.latest };
                self.plan.renewals.push(renewal);
            }
        }
    }

    /// Nothing is known of the NAS: what is held goes on being renewed, the rest waits.
    fn wait(&mut self, rule: &Rule, cases: &[&Case]) {
        self.renew_all(rule, cases, |_| true);
        if !self.world.was_tried {
            return;
        }
        let holds = &self.world.holds;
        let is_held = |case: &&Case| {
            holds.iter().any(|hold| hold.rule == rule.name && !hold.is_ending() && may_mean(rule, case, hold))
        };
        let waits = |case: &&Case| case.is_open() && case.until(rule) > self.world.now && !is_held(case);
        for case in cases.iter().copied().filter(waits) {
            let detail = "the NAS has not been seen, or not for too long";
            self.plan.findings.extend(case.finding(None, Verdict::waiting(Guard::NasDown), detail));
        }
    }

    /// The rule's hold of a connection.
    fn hold_of(&self, rule: &Rule, target: &Target) -> Option<&'a Hold> {
        let is_its = |hold: &&Hold| {
            hold.rule == rule.name && hold.is_on(&target.nas, target.connection) && !hold.is_ending()
        };
        self.world.holds.iter().find(is_its)
    }

    /// One connection.
    fn target(&mut self, rule: &Rule, seen: &Seen, cases: &[&Case]) {
        let target = target_of(seen);
        if let Some(hold) = self.hold_of(rule, &target) {
            self.renew(rule, hold, cases);
            for case in cases.iter().filter(|case| supports(case, rule, &target, self.world.now)) {
                // It is said already of the one that it was taken for.
                if case.said.get(&place(Some(&target))) != Some(&Verdict::of(Outcome::Acted)) {
                    let verdict = Verdict::of(Outcome::Joined);
                    self.plan.findings.extend(case.finding(Some((&target, &seen.name)), verdict, ""));
                }
            }
            return;
        }
        let on: Vec<&Case> = cases
            .iter()
            .copied()
            .filter(|case| case.is_open() && case.until(rule) > self.world.now)
            .collect();
        let (rests, mut on): (Vec<&Case>, Vec<&Case>) =
            on.into_iter().partition(|case| case.rest(&target).is_some());
        for case in rests {
            if let Some(guard) = case.rest(&target) {
                self.block(Some(seen), &[case], guard, "until the alert fires anew");
            }
        }
        on.sort_by_key(|case| (case.began, case.key()));
        let Some(first) = on.first() else { return };
        if self.world.resting.contains(&(rule.name.clone(), target.clone())) {
            return;
        }
        if let Some((guard, detail)) = self.guard(rule, seen) {
            self.block(Some(seen), &on, guard, &detail);
            return;
        }
        if !self.world.enforces {
            for case in &on {
                let detail = "automation.mode is observe";
                let verdict = Verdict::of(Outcome::WouldAct);
                self.plan.findings.extend(case.finding(Some((&target, &seen.name)), verdict, detail));
            }
            return;
        }
        let take = self.take(rule, seen, first, &on);
        if rule.action == RuleAction::Pause {
            self.held.insert(target);
        }
        self.plan.takes.push(take);
    }

    fn take(&self, rule: &Rule, seen: &Seen, first: &Case, on: &[&Case]) -> Take {
        let latest = (!rule.latch).then(|| self.world.now.saturating_add(milliseconds(rule.max_hold)));
        let until = on.iter().map(|case| case.until(rule)).max();
        Take {
            rule: rule.name.clone(),
            target: target_of(seen),
            name: seen.name.clone(),
            set: match &rule.action {
                RuleAction::Settings(set) => set.clone(),
                RuleAction::Pause | RuleAction::Notify => BTreeMap::new(),
            },
            cases: on.iter().map(|case| case.key()).collect(),
            episode: first.episode.to_string(),
            reason: format!("rule {}: alert {}", rule.name, first.alert.name()),
            token: first.bearer.token.clone(),
            until: until.zip(latest).map(|(until, latest)| until.min(latest)),
            latest,
        }
    }

    /// Renews the rule's holds by their connections' ids alone.
    fn renew_all(&mut self, rule: &Rule, cases: &[&Case], is_meant: impl Fn(&&Hold) -> bool) {
        for hold in self.world.holds.iter().filter(|hold| hold.rule == rule.name).filter(is_meant) {
            let supports: Vec<&Case> =
                cases.iter().copied().filter(|case| may_mean(rule, case, hold)).collect();
            self.renew(rule, hold, &supports);
        }
    }

    /// When a hold ends by what its cases say. Where they do not support it any more, at once; where nothing is known of
    /// any, its lease decides.
    fn renew(&mut self, rule: &Rule, hold: &Hold, cases: &[&Case]) {
        if hold.latch || hold.is_ending() || cases.is_empty() {
            return;
        }
        let now = self.world.now;
        let target = Target { nas: self.world.nas.clone(), connection: ConnectionId(hold.connection_id) };
        // A clock that went back must not make a hold longer than the rule allows.
        let most = now.saturating_add(milliseconds(rule.max_hold));
        let latest = hold.latest.map_or(most, |latest| latest.min(most));
        let supported = cases
            .iter()
            .filter(|case| case.rest(&target).is_none())
            .map(|case| {
                case.until(rule).min(now.saturating_add(milliseconds(rule.lease.max(rule.release_delay))))
            })
            .max();
        let until = match (supported, hold.until) {
            (Some(supported), _) => supported,
            (None, Some(until)) => until.min(now),
            (None, None) => now,
        };
        let mut until = until.min(latest);
        // Observing, nothing is held any longer than it was to be.
        if !self.world.enforces {
            until = hold.until.map_or(until, |known| known.min(until));
        }
        if (hold.until, hold.latest) != (Some(until), Some(latest)) {
            let renewal = Renewal { hold: hold.id.clone(), until: Some(until), latest: Some(latest) };
            self.plan.renewals.push(renewal);
        }
    }

    fn block(&mut self, seen: Option<&Seen>, cases: &[&Case], guard: Guard, detail: &str) {
        let target = seen.map(target_of);
        let target = target.as_ref().zip(seen.map(|seen| seen.name.as_str()));
        let before = self.plan.findings.len();
        let findings = cases.iter().filter_map(|case| case.finding(target, Verdict::blocked(guard), detail));
        self.plan.findings.extend(findings);
        // Counted once, however many alerts wanted the same.
        if self.plan.findings.len() > before {
            self.plan.blocked.push(guard);
        }
    }
}

fn target_of(seen: &Seen) -> Target {
    Target { nas: seen.known.nas.clone(), connection: seen.known.id }
}

/// Whether whoever sent a case's alert might act on a connection then, and may still.
fn within(case: &Case, seen: &Seen, reaches: Option<&BTreeMap<String, Reach>>) -> bool {
    let has = |reach: &Reach| {
        reach.has_nas(&seen.known.nas) && reach.has_connection(seen.known.id.0, &seen.known.names)
    };
    case.bearers().any(|bearer| {
        let may_still = reaches.is_none_or(|reaches| reaches.get(&bearer.token).is_some_and(has));
        has(&bearer.reach) && may_still
    })
}

/// Whether a case supports a hold of the rule at this moment.
fn supports(case: &Case, rule: &Rule, target: &Target, now: i64) -> bool {
    case.rest(target).is_none() && case.until(rule) > now
}

/// Whether a case can be one of a hold's, as far as can be said without the connections' names.
fn may_mean(rule: &Rule, case: &Case, hold: &Hold) -> bool {
    rule.select != Select::Labels || case.alert.label("conn_id") == hold.connection_id.to_string()
}
