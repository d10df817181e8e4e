//! Taking one hold, and what is to be said of it.

use super::act::Memory;
use super::{Automation, lock};
use crate::actions::{
    ActionError, Effect, Failure, FailureKind, Holder, Nas, Origin, Pause, Source, Target as At,
};
use crate::automation::case::{Case, CaseKey};
use crate::automation::plan::{Finding, Take, World};
use crate::automation::rules::Target;
use crate::automation::verdict::{Guard, Outcome, Verdict};

/// A connection that is about to be paused.
struct Reservation<'a>(&'a Automation, Target);

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        lock(&self.0.reserved).remove(&self.1);
    }
}

impl Automation {
    /// Takes a hold.
    pub(super) async fn take(&self, port: &dyn Nas, take: Take, world: &World, memory: &mut Memory) {
        let target = take.target.clone();
        let reservation = if take.set.is_empty() {
            match self.reserve(&target, world) {
                Some(reservation) => Some(reservation),
                // Others were faster.
                None => return,
            }
        } else {
            None
        };
        if !self.is_wanted_still(&take).await {
            return;
        }
        let outcome = self.act(&take).await;
        drop(reservation);
        let verdict = match &outcome {
            Ok(_) => Verdict::of(Outcome::Acted),
            Err(error) => verdict_of(error),
        };
        match verdict.outcome {
            Outcome::Acted => memory.succeed(&take.rule, &target),
            _ => memory.fail(&take.rule, &target),
        }
        let detail = outcome.err().map(|error| error.to_string()).unwrap_or_default();
        let findings = self.findings(&take, verdict, &detail).await;
        let is_news = !findings.is_empty();
        if self.say(findings).await
            && is_news
            && let Verdict { outcome: Outcome::Blocked, guard: Some(guard) } = verdict
        {
            port.blocked(guard.as_str());
        }
    }

    async fn findings(&self, take: &Take, verdict: Verdict, detail: &str) -> Vec<Finding> {
        let desk = self.desk.lock().await;
        let mut findings = Vec::new();
        for (index, key) in take.cases.iter().enumerate() {
            let verdict = match (verdict.outcome, index) {
                (Outcome::Acted, 1..) => Verdict::of(Outcome::Joined),
                _ => verdict,
            };
            let case = desk.case(key);
            findings.extend(
                case.and_then(|case| case.finding(Some((&take.target, &take.name)), verdict, detail)),
            );
        }
        findings
    }

    /// Whether one of the alerts is on still: it takes its time until it is a NAS's turn.
    async fn is_wanted_still(&self, take: &Take) -> bool {
        let desk = self.desk.lock().await;
        let is_on = |key: &CaseKey| desk.case(key).is_some_and(Case::is_open);
        take.cases.iter().any(is_on)
    }

    /// A place among the connections that may be held, if there is one left.
    fn reserve(&self, target: &Target, world: &World) -> Option<Reservation<'_>> {
        let mut reserved = lock(&self.reserved);
        let held = self.held(&reserved);
        if !held.contains(target) && held.len() >= world.most_held {
            return None;
        }
        reserved.insert(target.clone());
        Some(Reservation(self, target.clone()))
    }

    async fn act(&self, take: &Take) -> Result<Effect, ActionError> {
        let Take { rule, target, set, episode, reason, token, until, latest, .. } = take;
        let origin = Origin {
            token: token.clone(),
            peer: String::new(),
            route: String::new(),
            source: Source::Rule,
            reason: Some(reason.clone()),
            key: None,
            caller: crate::actions::Caller::default(),
        };
        let holder = Holder { rule: rule.clone(), episode: episode.clone(), until: *until, latest: *latest };
        let latch = until.is_none();
        let _ = set;
        let wish = Pause {
            target: At::One(target.connection),
            reason: reason.clone(),
            seconds: None,
            latch,
            holder: Some(holder),
        };
        self.actions.pause(&target.nas, &wish, &origin, false).await
    }
}

/// What an action that came to nothing means for the rule.
fn verdict_of(error: &ActionError) -> Verdict {
    match error {
        ActionError::Frozen => Verdict::blocked(Guard::Frozen),
        ActionError::Unfit(_) => Verdict::blocked(Guard::State),
        ActionError::TooManyHolds(_) => Verdict::blocked(Guard::TooManyHolds),
        ActionError::UnknownConnection { .. } => Verdict::blocked(Guard::UnknownConnection),
        ActionError::UnknownNas(_) => Verdict::waiting(Guard::NasDown),
        ActionError::Unrecorded(_) => Verdict::failed(Guard::Disk),
        // The rule holds it already.
        ActionError::Held(_) => Verdict::of(Outcome::Joined),
        ActionError::Nas { failure, .. } => of_failure(failure),
        ActionError::Busy(_)
        | ActionError::Abandoned
        | ActionError::UnknownTask { .. }
        | ActionError::UnknownHold(_)
        | ActionError::Unconfirmed(_) => Verdict::failed(Guard::NasSilent),
        ActionError::Invalid(_) => Verdict::failed(Guard::NasRefused),
    }
}

fn of_failure(failure: &Failure) -> Verdict {
    match failure.kind {
        FailureKind::Silent => Verdict::failed(Guard::NasSilent),
        FailureKind::Refused | FailureKind::Broken | FailureKind::Incomplete | FailureKind::NotS3 => {
            Verdict::failed(Guard::NasRefused)
        }
    }
}
