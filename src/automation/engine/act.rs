//! Seeing to one NAS: the ends of holds are heeded, holds put off or taken, and what there is to say is said.

use super::{Automation, lock};
use crate::actions::clock;
use crate::actions::{
    ActionError, Cause, Effect, Failure, FailureKind, Hold, Holder, Look, Nas, Origin, Pause, Source,
    Target as At,
};
use crate::automation::case::{Case, CaseKey, place};
use crate::automation::desk::Change;
use crate::automation::plan::{Finding, Plan, Renewal, Seen, Take, World, is_about, plan};
use crate::automation::rules::{KnownConnection, Target};
use crate::automation::verdict::{Guard, Outcome, Verdict};
use crate::model::{Connection, ConnectionId, NasName};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Between two tries at what failed, doubling up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// What is remembered of a NAS from one look to the next: how often a rule failed on a connection, and when it may try
/// again.
#[derive(Debug, Default)]
pub(super) struct Memory(BTreeMap<(String, Target), (u32, Instant)>);

impl Memory {
    fn resting(&self) -> BTreeSet<(String, Target)> {
        let now = Instant::now();
        self.0.iter().filter(|(_, (_, until))| *until > now).map(|(key, _)| key.clone()).collect()
    }

    fn fail(&mut self, rule: &str, target: &Target) {
        let entry = self.0.entry((rule.to_owned(), target.clone())).or_insert((0, Instant::now()));
        let wait = FIRST_WAIT.saturating_mul(1 << entry.0.min(8)).min(LONGEST_WAIT);
        *entry = (entry.0.saturating_add(1), Instant::now() + wait);
    }

    fn succeed(&mut self, rule: &str, target: &Target) {
        self.0.remove(&(rule.to_owned(), target.clone()));
    }

    /// Forgets what nobody wishes for any more.
    fn keep_only(&mut self, rules: &BTreeSet<&str>) {
        self.0.retain(|(rule, _), (_, until)| {
            rules.contains(rule.as_str()) && until.elapsed() < LONGEST_WAIT * 2
        });
    }
}

/// A connection that is about to be paused.
struct Reservation<'a>(&'a Automation, Target);

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        lock(&self.0.reserved).remove(&self.1);
    }
}

impl Automation {
    /// Sees to one NAS.
    pub(super) async fn see_to(&self, nas: &NasName, mut memory: Memory) -> Memory {
        let Some(port) = self.actions.directory().nas(nas) else { return memory };
        if !self.heed(nas).await {
            // Whom the rules have to heed comes first.
            return memory;
        }
        let settings = self.settings();
        memory.keep_only(&settings.rules.iter().map(|rule| rule.name.as_str()).collect());
        let world = self.world(nas, &*port, memory.resting());
        let plan = {
            let desk = self.desk.lock().await;
            plan(&desk, &settings.rules, &world)
        };
        let Plan { renewals, takes, findings, blocked } = plan;
        if self.say(findings).await {
            for guard in blocked {
                port.blocked(guard.as_str());
            }
        }
        if !renewals.is_empty() {
            self.renew(renewals).await;
        }
        for take in takes {
            self.take(&*port, take, &world, &mut memory).await;
        }
        memory
    }

    /// Renews the holds on one NAS, and does no more.
    pub(super) async fn renew_only(&self, nas: &NasName) {
        let Some(port) = self.actions.directory().nas(nas) else { return };
        if !self.heed(nas).await {
            return;
        }
        let world = self.world(nas, &*port, BTreeSet::new());
        let plan = plan(&*self.desk.lock().await, &self.settings().rules, &world);
        self.renew(plan.renewals).await;
    }

    async fn renew(&self, renewals: Vec<Renewal>) {
        let ends: Vec<_> =
            renewals.into_iter().map(|Renewal { hold, until, latest }| (hold, until, latest)).collect();
        self.actions.book().renew(&ends, clock::now()).await;
    }

    /// Lets the cases rest whose holds a person ended, or which had their time. Whether that is written.
    async fn heed(&self, nas: &NasName) -> bool {
        let endings: Vec<_> = self
            .actions
            .book()
            .endings_of(nas, clock::now())
            .into_iter()
            .filter(|ending| !ending.is_heeded)
            .collect();
        if endings.is_empty() {
            return true;
        }
        let settings = self.settings();
        let mut change = Change::default();
        {
            let mut desk = self.desk.lock().await;
            for ending in &endings {
                let target = Target { nas: nas.clone(), connection: ConnectionId(ending.connection_id) };
                let there = place(Some(&target));
                let rule = settings.rules.iter().find(|rule| rule.name == ending.rule);
                for known in desk.cases().filter(|case| case.rule == ending.rule) {
                    if rule.is_some_and(|rule| !is_about(rule, known, nas)) {
                        continue;
                    }
                    let changed = change.cases.entry(known.key()).or_insert_with(|| Some(known.clone()));
                    let Some(case) = changed else { continue };
                    if ending.cause == Cause::Refused {
                        continue;
                    }
                    // It may be said anew what becomes of it.
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
            if let Err(error) = self.make(&mut desk, change).await {
                tracing::warn!(%error, "the ends of holds cannot be heeded yet");
                return false;
            }
        }
        let ids: Vec<String> = endings.into_iter().map(|ending| ending.hold).collect();
        self.actions.book().heed(&ids, clock::now()).await;
        true
    }

    /// What is known of a NAS.
    fn world(&self, nas: &NasName, port: &dyn Nas, resting: BTreeSet<(String, Target)>) -> World {
        let snapshot = port.snapshot().filter(|snapshot| snapshot.up == Some(true));
        let data = snapshot.as_ref().and_then(|snapshot| snapshot.data.as_deref());
        let connections: Option<Vec<Seen>> =
            data.map(|data| data.connections.values().map(|connection| seen(nas, connection)).collect());
        if let Some(connections) = &connections {
            lock(&self.sizes).insert(nas.clone(), connections.len());
        }
        let settings = self.settings();
        let held = self.held(&lock(&self.reserved));
        World {
            now: clock::now(),
            nas: nas.clone(),
            enforces: settings.enforces,
            is_frozen: self.actions.is_frozen(),
            connections,
            holds: self.actions.book().of_nas(nas),
            endings: self.actions.book().endings_of(nas, clock::now()),
            held,
            most_held: self.most_held(settings.max_held_share),
            resting,
        }
    }

    /// The connections that rules keep paused, or are about to.
    fn held(&self, reserved: &BTreeSet<Target>) -> BTreeSet<Target> {
        let is_held = |hold: &Hold| hold.is_pause() && !hold.rule.is_empty() && !hold.is_ending();
        let holds = self.actions.book().all().into_iter().filter(is_held);
        let targets = holds.map(|hold| Target {
            nas: NasName::new(&hold.nas),
            connection: ConnectionId(hold.connection_id),
        });
        targets.chain(reserved.iter().cloned()).collect()
    }

    /// How many connections rules may keep paused at once: their share of all that there are, and one at the least.
    fn most_held(&self, share: f64) -> usize {
        let total: usize = lock(&self.sizes).values().sum();
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 connections")]
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a small number"
        )]
        let most = (total as f64 * share).floor() as usize;
        most.max(1)
    }

    /// Says what was found. Whether it is written.
    async fn say(&self, findings: Vec<Finding>) -> bool {
        if findings.is_empty() {
            return true;
        }
        let mut desk = self.desk.lock().await;
        let mut change = Change::default();
        for Finding { case: key, place, decision } in findings {
            let known = change.cases.get(&key).cloned().flatten().or_else(|| desk.case(&key).cloned());
            // It may have ended in the meantime.
            let Some(mut case) = known else { continue };
            case.said.insert(place, decision.verdict);
            change.cases.insert(key, Some(case));
            change.decisions.push(decision);
        }
        match self.make(&mut desk, change).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "decisions cannot be written yet");
                false
            }
        }
    }

    /// Takes a hold.
    async fn take(&self, port: &dyn Nas, take: Take, world: &World, memory: &mut Memory) {
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

fn seen(nas: &NasName, connection: &Connection) -> Seen {
    Seen {
        known: KnownConnection { nas: nas.clone(), id: connection.id, names: connection.names() },
        name: connection.name.clone(),
        look: Look::of(connection.status.as_ref()),
        status: connection.status.as_ref().map(|status| status.as_str().to_owned()).unwrap_or_default(),
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
