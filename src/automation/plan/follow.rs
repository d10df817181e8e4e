//! What follows: from the ends of holds, from what became of a take, and from what is said.

use super::{Finding, Take, is_about};
use crate::actions::{Cause, Ending};
use crate::automation::case::place;
use crate::automation::desk::{Change, Desk};
use crate::automation::rules::{Rule, Target};
use crate::automation::verdict::{Guard, Outcome, Verdict};
use crate::model::{ConnectionId, NasName};

/// How many connections may be held at once: a share of all that there are, and one at the least.
pub fn most_held(connections: usize, share: f64) -> usize {
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 connections")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small number")]
    let most = (connections as f64 * share).floor() as usize;
    most.max(1)
}

impl Take {
    /// What is to be said of its cases once it is known what became of it: when a hold was taken, it was for the first
    /// of them, and the others support it.
    pub fn findings(&self, desk: &Desk, verdict: Verdict, detail: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (index, key) in self.cases.iter().enumerate() {
            let verdict = match (verdict.outcome, index) {
                (Outcome::Acted, 1..) => Verdict::of(Outcome::Joined),
                _ => verdict,
            };
            let finding = desk
                .case(key)
                .and_then(|case| case.finding(Some((&self.target, &self.name)), verdict, detail));
            findings.extend(finding);
        }
        findings
    }
}

impl Desk {
    /// What changes when these are said. A case that is not known any more has nothing to be said of.
    pub fn say(&self, findings: Vec<Finding>) -> Change {
        let mut change = Change::default();
        for Finding { case: key, place, decision } in findings {
            let known = change.cases.get(&key).cloned().flatten().or_else(|| self.case(&key).cloned());
            let Some(mut case) = known else { continue };
            case.said.insert(place, decision.verdict);
            change.cases.insert(key, Some(case));
            change.decisions.push(decision);
        }
        change
    }

    /// What the ends of rules' holds on a NAS change: the cases rest whose holds a person ended, or which had their
    /// time, and of all of them may be said anew what becomes of them. A refusal was no hold.
    pub fn heed(&self, endings: &[Ending], rules: &[Rule], nas: &NasName) -> Change {
        let mut change = Change::default();
        for ending in endings.iter().filter(|ending| ending.cause != Cause::Refused) {
            let target = Target { nas: nas.clone(), connection: ConnectionId(ending.connection_id) };
            let there = place(Some(&target));
            let rule = rules.iter().find(|rule| rule.name == ending.rule);
            for known in self.cases().filter(|case| case.rule == ending.rule) {
                if rule.is_some_and(|rule| !is_about(rule, known, nas)) {
                    continue;
                }
                let changed = change.cases.entry(known.key()).or_insert_with(|| Some(known.clone()));
                let Some(case) = changed else { continue };
                case.said.remove(&there);
                match ending.cause {
                    Cause::Person | Cause::Longest => {
                        case.rests.insert(there.clone(), ending.cause);
                    }
                    Cause::Unshown | Cause::Refused | Cause::Over | Cause::Gone => {}
                }
                if ending.cause == Cause::Unshown && case.is_open() {
                    let verdict = Verdict::failed(Guard::VerifyFailed);
                    let detail = "the NAS did not show what it was told";
                    let finding = case.finding(Some((&target, "")), verdict, detail);
                    change.decisions.extend(finding.map(|finding| finding.decision));
                }
            }
        }
        change
    }
}
