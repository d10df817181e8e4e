//! Pausing, by a hold.

use super::fault_point;
use super::holds::{Cause, Hold, Look, Phase};
use super::list::{Listed, connections};
use super::looks::{after, all_look, ids_of, look_until, meant, object, states, wanted};
use super::perform::{Deed, Effect, Performance, plan};
use super::port::{Command, Nas, Target};
use super::record::Origin;
use super::{ActionError, Actions, Failure, now};
use crate::model::{ConnectionId, HoldKind, NasName};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Holds of one connection. Whoever needs more forgets to end them.
pub(super) const MOST_HOLDS: usize = 100;

/// The word of a hold that needs nothing told: the connection is paused already.
pub(super) const QUIETLY: &str = "hold";

/// A wish to pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// What.
    pub target: Target,
    /// Why.
    pub reason: String,
    /// For how long, in seconds; none = until somebody ends it.
    pub seconds: Option<u64>,
    /// Whether only a person who names the hold ends it.
    pub latch: bool,
    /// The rule that wishes it; none = a person.
    pub holder: Option<Holder>,
}

/// A rule that wishes for a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its name.
    pub rule: String,
    /// The episode of the alert.
    pub episode: String,
    /// When the hold ends unless it is renewed, in milliseconds since 1970.
    pub until: Option<i64>,
    /// The latest moment that it can be renewed to, in milliseconds since 1970.
    pub latest: Option<i64>,
}

/// The id of a new hold: short enough to be typed, and never given twice.
pub(super) fn new_id() -> String {
    format!("h-{:012x}", fastrand::u64(..1 << 48))
}

impl Actions {
    /// Pauses by a hold on each connection that is meant.
    pub async fn pause(
        &self,
        nas: &NasName,
        wish: &Pause,
        origin: &Origin,
        dry_run: bool,
    ) -> Result<Effect, ActionError> {
        let port = self.nas(nas)?;
        let _turn = self.turn_of(nas, &origin.caller).await?;
        let target = wish.target;
        let meant = meant(nas, connections(&*port).await?, target)?;
        self.check_room(nas, &meant)?;
        if let Some(holder) = &wish.holder {
            self.check_rule(nas, holder, &meant)?;
        }
        let holds: Vec<Hold> =
            meant.iter().map(|connection| self.new_hold(nas, connection, wish, origin)).collect();
        let ids: Vec<ConnectionId> = meant.iter().map(|connection| connection.id).collect();
        let ran = self.not_paused_yet(nas, &meant);
        let before = states(target, &meant);
        let command = Command::Pause(target);
        if dry_run {
            let after = wanted(target, &meant, &"pause".into());
            return Ok(Effect::Planned(plan(&*port, vec![command], before, after).await?));
        }
        let is_quiet = wish.holder.is_some() && self.stays_paused(nas, &meant);
        let action = if is_quiet { QUIETLY } else { command.method() };
        let deed = Deed { action, target: object(nas, target, &meant), before: before.clone() };
        let is_rule = wish.holder.is_some();
        let performance = self.begin(nas, &*port, origin, deed).await?;
        fault_point::reach_if(is_rule, "pause_recorded").await;
        if let Err(error) = self.book().add(&holds, now()).await {
            return Err(performance.refuse(format!("the hold cannot be written: {error}")).await);
        }
        self.forget_earlier_pauses(nas, &meant).await;
        fault_point::reach_if(is_rule, "pause_intended").await;
        if is_quiet {
            return self.paused(performance, &holds, before, (target, true)).await;
        }
        self.book().forget_told(nas, &ids);
        let told = performance.tell(command).await;
        fault_point::reach_if(is_rule, "pause_told").await;
        if let Err(failure) = told {
            return self.pause_failed(performance, &*port, failure, &holds, (target, &ids, &ran)).await;
        }
        self.book().note_paused(&self.on_their_way(nas, &ids));
        let (listed, is_paused) = look_until(&*port, &ids, |look| look == Look::Paused).await;
        fault_point::reach_if(is_rule, "pause_seen").await;
        self.paused(performance, &holds, after(target, &ids, listed), (target, is_paused)).await
    }

    /// The connections that do not show as paused, or do so by a pause of ours that was refused a moment ago.
    fn not_paused_yet(&self, nas: &NasName, meant: &[Listed]) -> Vec<ConnectionId> {
        let is_paused = |connection: &&Listed| {
            Look::of(connection.status.as_ref()) == Look::Paused
                && !self.is_of_a_refused_pause(nas, connection.id)
        };
        meant.iter().filter(|connection| !is_paused(connection)).map(|connection| connection.id).collect()
    }

    /// Whether these connections show as paused, and nobody has begun to end that.
    fn stays_paused(&self, nas: &NasName, meant: &[Listed]) -> bool {
        meant.iter().all(|connection| {
            let is_ending = || self.book().pauses_of(nas, connection.id).iter().any(Hold::is_ending);
            Look::of(connection.status.as_ref()) == Look::Paused
                && !self.was_just_resumed(nas, connection.id)
                && !self.is_of_a_refused_pause(nas, connection.id)
                && !is_ending()
        })
    }

    /// The holds that wait for a pause of these connections to show, whoever told it.
    fn on_their_way(&self, nas: &NasName, ids: &[ConnectionId]) -> Vec<String> {
        let mut holds = self.book().pauses_of_nas(nas);
        holds.retain(|hold| hold.phase == Phase::Pausing && ids.contains(&ConnectionId(hold.connection_id)));
        ids_of(&holds)
    }

    /// The NAS said that it paused.
    async fn paused(
        &self,
        performance: Performance<'_>,
        holds: &[Hold],
        after: Value,
        (target, is_paused): (Target, bool),
    ) -> Result<Effect, ActionError> {
        if is_paused {
            self.book().set_phase(&ids_of(holds), Phase::Held, now()).await;
        }
        fault_point::reach_if(holds.iter().any(|hold| !hold.rule.is_empty()), "pause_confirmed").await;
        let mut done = performance.succeed(after, is_paused).await;
        let holds: Vec<Hold> = holds.iter().filter_map(|hold| self.book().get(&hold.id)).collect();
        match target {
            Target::One(_) => done.more.insert("hold".to_owned(), json!(holds.first())),
            Target::All => done.more.insert("holds".to_owned(), json!(holds)),
        };
        Ok(Effect::Done(done))
    }

    /// The NAS refused, or did not answer; one look tells whether it paused all the same. A refusal leaves no hold;
    /// where nobody knows, the holds stay until the keeper has settled it.
    async fn pause_failed(
        &self,
        performance: Performance<'_>,
        port: &dyn Nas,
        failure: Failure,
        holds: &[Hold],
        (target, ids, ran): (Target, &[ConnectionId], &[ConnectionId]),
    ) -> Result<Effect, ActionError> {
        let listed = connections(port).await;
        let is_paused =
            listed.as_ref().is_ok_and(|listed| all_look(listed, ids, |look| look == Look::Paused));
        let after = after(target, ids, listed);
        // What was paused before shows nothing of this pause.
        if is_paused && (failure.is_open || !ran.is_empty()) {
            return self.paused(performance, holds, after, (target, true)).await;
        }
        if !failure.is_open {
            // A person who is refused may pause it in DSM, and that is theirs then.
            if let Some(hold) = holds.first().filter(|hold| hold.kind() == HoldKind::Alert) {
                self.note_refused(&NasName::new(&hold.nas), ran);
            }
            self.book().end(&ids_of(holds), Cause::Refused, now()).await;
            return Err(performance.fail(failure, after).await);
        }
        self.book().note_counted(&ids_of(holds));
        let left: Vec<Hold> = holds.iter().filter_map(|hold| self.book().get(&hold.id)).collect();
        Err(performance.fail(failure, after).await.with_holds(left))
    }

    /// Holds whose connection was paused before them and runs now: what they would leave paused is not paused any more.
    async fn forget_earlier_pauses(&self, nas: &NasName, meant: &[Listed]) {
        let runs = |hold: &Hold| {
            let found = meant.iter().find(|connection| connection.id.0 == hold.connection_id);
            found.is_some_and(|connection| Look::of(connection.status.as_ref()) == Look::Running)
        };
        let mut holds = self.book().pauses_of_nas(nas);
        holds.retain(|hold| hold.was_paused && runs(hold));
        if !holds.is_empty() {
            self.book().was_running(&ids_of(&holds), now()).await;
        }
    }

    /// Whether each connection can have one more hold.
    fn check_room(&self, nas: &NasName, meant: &[Listed]) -> Result<(), ActionError> {
        let of = |connection: &Listed| self.book().of_connection(nas, connection.id).len();
        match meant.iter().map(of).max() {
            Some(most) if most >= MOST_HOLDS => Err(ActionError::TooManyHolds(most)),
            _ => Ok(()),
        }
    }

    /// Whether a rule may pause these: not while rules are frozen, not twice, and nothing in which a pause would not show.
    fn check_rule(&self, nas: &NasName, holder: &Holder, meant: &[Listed]) -> Result<(), ActionError> {
        if self.is_frozen() {
            return Err(ActionError::Frozen);
        }
        for connection in meant {
            let mut holds = self.book().pauses_of(nas, connection.id);
            holds.retain(|hold| hold.rule == holder.rule && !hold.is_ending());
            if !holds.is_empty() {
                return Err(ActionError::Held(holds));
            }
            if Look::of(connection.status.as_ref()) == Look::Other {
                return Err(ActionError::Unfit(connection.clone()));
            }
        }
        Ok(())
    }

    fn new_hold(&self, nas: &NasName, connection: &Listed, wish: &Pause, origin: &Origin) -> Hold {
        let created = now();
        let until = wish.seconds.and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(1_000));
        // A NAS may go on showing for a while the pause that it was told to end.
        let is_paused = Look::of(connection.status.as_ref()) == Look::Paused
            && !self.was_just_resumed(nas, connection.id)
            && !self.is_of_a_refused_pause(nas, connection.id);
        let others = self.book().pauses_of(nas, connection.id);
        // Paused by a hold is not paused by itself; but what was so before the first hold is so before this one.
        let was_paused = is_paused && others.iter().all(|hold| hold.was_paused);
        let holder = wish.holder.as_ref();
        Hold {
            id: new_id(),
            nas: nas.to_string(),
            connection_id: connection.id.0,
            connection: connection.name.clone(),
            rule: holder.map(|holder| holder.rule.clone()).unwrap_or_default(),
            episode: holder.map(|holder| holder.episode.clone()),
            set: BTreeMap::new(),
            reason: wish.reason.clone(),
            author: origin.token.clone(),
            created,
            until: holder.map_or(until.and_then(|until| created.checked_add(until)), |holder| holder.until),
            latest: holder.and_then(|holder| holder.latest),
            latch: wish.latch,
            was_paused,
            was_shown: false,
            phase: Phase::Pausing,
            cause: None,
        }
    }
}
