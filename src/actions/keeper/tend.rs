//! One look after the holds of one NAS.

use super::memory::Memory;
use crate::actions::fault_point;
use crate::actions::holds::{Cause, Facts, Hold, Look, Phase, Step, step};
use crate::actions::list::{Listed, connections};
use crate::actions::perform::Performance;
use crate::actions::port::{Command, Failure, Nas, Source, Target};
use crate::actions::record::Origin;
use crate::actions::release::deed;
use crate::actions::{Actions, now};
use crate::model::{ConnectionId, HoldKind, NasName, Snapshot, Status};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Resumes of one turn. Others who wait for the NAS come in between.
const RESUMES_OF_A_TURN: usize = 10;

/// Looks after the holds of a NAS, if there is a need.
pub(super) async fn keep(actions: &Actions, nas: &NasName, port: &dyn Nas, mut memory: Memory) -> Memory {
    port.show_holds(actions.book().of_nas(nas).iter().map(Hold::shown).collect());
    let holds = actions.book().pauses_of_nas(nas);
    let snapshot = port.snapshot();
    memory.note_poll(snapshot.as_deref());
    // Read after the poll, which may have found the loss.
    memory.note_sessions(port.sessions_lost());
    memory.keep_only(&holds);
    if holds.is_empty() {
        return memory;
    }
    let has_news = snapshot.as_ref().is_some_and(|snapshot| has_news(snapshot, &holds, &memory));
    if !has_news && !memory.want_a_look(&holds, now()) {
        // The NAS was seen, and the holds with it, but for those whose connection shows nothing.
        for hold in &holds {
            if let Some(look) = polled_look(snapshot.as_deref(), hold) {
                memory.note_sight(hold, look);
            }
        }
        memory.polls_look_good(snapshot.as_deref());
    } else if memory.may_try() {
        look_after(actions, nas, port, &mut memory).await;
        port.show_holds(actions.book().of_nas(nas).iter().map(Hold::shown).collect());
    }
    memory
}

/// What the last poll, if it was good, saw of a hold's connection.
fn polled_look(snapshot: Option<&Snapshot>, hold: &Hold) -> Option<Look> {
    let snapshot = snapshot.filter(|snapshot| snapshot.up == Some(true))?;
    let connection = snapshot.data.as_ref()?.connections.get(&ConnectionId(hold.connection_id));
    Some(connection.map_or(Look::Gone, |connection| Look::of(connection.status.as_ref())))
}

/// Whether the last poll saw of a held connection what does not go with its hold, or what settles it. What was polled
/// before the hold came says nothing.
fn has_news(snapshot: &Snapshot, holds: &[Hold], memory: &Memory) -> bool {
    let (Some(true), Some(asked), Some(_)) = (snapshot.up, snapshot.asked, &snapshot.data) else {
        return false;
    };
    holds.iter().any(|hold| {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
        // Where the clock went back since, nothing says which came first, and the NAS is asked.
        let is_newer = asked * 1_000.0 > hold.created as f64 || hold.created > now();
        let look = polled_look(Some(snapshot), hold).unwrap_or(Look::Other);
        let is_news = match look {
            Look::Running => true,
            Look::Gone => !memory.is_dormant(hold),
            Look::Paused => hold.phase == Phase::Pausing || memory.is_dormant(hold),
            Look::Other => false,
        };
        is_newer && is_news
    })
}

/// What one look has to do with the NAS.
struct Visit<'a> {
    actions: &'a Actions,
    nas: &'a NasName,
    port: &'a dyn Nas,
    memory: &'a mut Memory,
}

/// Asks the NAS and does what follows, in this NAS's turn.
async fn look_after(actions: &Actions, nas: &NasName, port: &dyn Nas, memory: &mut Memory) {
    let _turn = actions.turn(nas).await;
    let listed = match connections(port).await {
        Ok(listed) => listed,
        Err(failure) => {
            tracing::debug!(%nas, error = %failure, "the holds wait for the NAS");
            memory.fail_to_ask(failure.reason.may_have_been_away());
            return;
        }
    };
    // The list may have found a loss itself, and been answered after it. Or others did, and it was answered before: then
    // it shows nothing of what was forgotten, and the next sight has to.
    let is_in_doubt = memory.note_sessions(port.sessions_lost());
    let mut visit = Visit { actions, nas, port, memory };
    let done = visit.settle(&listed).await;
    memory.look_ends(is_in_doubt);
    match done {
        Ok(true) => memory.succeed(),
        Ok(false) => memory.go_on(),
        Err(()) => memory.fail(),
    }
}

impl Visit<'_> {
    /// What the list says of a hold's connection.
    fn look(hold: &Hold, listed: &[Listed]) -> (Look, Value) {
        let found = listed.iter().find(|connection| connection.id.0 == hold.connection_id);
        let look = found.map_or(Look::Gone, |connection| Look::of(connection.status.as_ref()));
        (look, found.map_or(Value::Null, Listed::status_word))
    }

    /// Does what follows for each hold. False when there is more to do; an error is to be tried again.
    async fn settle(&mut self, listed: &[Listed]) -> Result<bool, ()> {
        let ids: Vec<String> =
            self.actions.book().pauses_of_nas(self.nas).into_iter().map(|hold| hold.id).collect();
        let mut resumes = Vec::new();
        let mut failed = false;
        // Whether an end was tried in vain, and is to be tried later.
        let mut waits = false;
        // What the list says of these is no longer so.
        let mut moved = BTreeSet::new();
        for id in ids {
            // Read anew: what was done for another hold of its connection may have moved this one.
            let Some(hold) = self.actions.book().get(&id) else { continue };
            if moved.contains(&hold.connection_id) {
                continue;
            }
            let (look, status) = Self::look(&hold, listed);
            let is_to_end = hold.phase == Phase::Releasing || hold.is_over(now());
            match step(&hold, is_to_end, self.facts(&hold, look)) {
                Step::Wait => {}
                Step::Postpone => self.memory.note_lost(std::slice::from_ref(&id)),
                Step::Confirm => {
                    self.actions.book().set_phase(std::slice::from_ref(&id), Phase::Held, now()).await;
                }
                Step::Resume if !self.memory.may_end(&id) => waits = true,
                Step::Resume => resumes.push((hold, status)),
                Step::PauseAgain => {
                    moved.insert(hold.connection_id);
                    failed |= self.pause_again(&hold, status).await.is_err();
                }
                Step::GiveUp => self.give_up(&hold, status).await,
                Step::End => {
                    let is_resumed = hold.is_ending() && look.is_resumed();
                    let nothing = "its time is over, and there is nothing to undo";
                    let why = if is_resumed { "the connection runs" } else { nothing };
                    self.end(&hold, status, hold.cause_of_time(), why).await;
                }
                Step::Yield => {
                    self.end(&hold, status, Cause::Person, "somebody else resumed the connection").await;
                }
                Step::Forget => self.end(&hold, status, Cause::Gone, "the connection is gone").await,
            }
        }
        // What is refused again and again must not take the places of what can go on.
        resumes.sort_by_key(|(hold, _)| self.memory.is_vain(&hold.id));
        let memory = &mut *self.memory;
        resumes.retain(|(hold, _)| memory.takes_a_place(hold.kind()));
        failed |= waits && resumes.is_empty();
        let is_all = resumes.len() <= RESUMES_OF_A_TURN;
        resumes.truncate(RESUMES_OF_A_TURN);
        failed |= self.resume(resumes).await.is_err();
        if failed { Err(()) } else { Ok(is_all) }
    }

    fn facts(&mut self, hold: &Hold, look: Look) -> Facts {
        self.memory.note_sight(hold, look);
        let book = self.actions.book();
        let others = book.pauses_of(self.nas, ConnectionId(hold.connection_id));
        Facts {
            look,
            others: others.iter().filter(|other| other.id != hold.id).count(),
            contradicted: self.memory.note(hold, look),
            told: book.told(&hold.id),
            was_interrupted: self.memory.may_be_forgotten(hold, book.paused(&hold.id)),
            is_frozen: self.actions.is_frozen(),
            patience: self.actions.options().verify_timeout,
        }
    }

    /// Ends a hold without a word to the NAS.
    async fn end(&self, hold: &Hold, status: Value, cause: Cause, why: &str) {
        tracing::info!(nas = %self.nas, hold = hold.id, connection = hold.connection_id, why, "a hold ends");
        let origin = Origin::keeper(format!("hold {}: {why}", hold.id));
        let deed = deed("release", hold, &status);
        let performance = self.actions.begin_regardless(self.nas, self.port, &origin, deed).await;
        self.actions.book().end(std::slice::from_ref(&hold.id), cause, now()).await;
        performance.succeed(json!({ "status": status }), true).await;
    }

    /// The pause never showed. It may come yet, so the hold ends with a resume like any other.
    async fn give_up(&self, hold: &Hold, status: Value) {
        let why = "the NAS does not show the pause that it was told";
        tracing::warn!(nas = %self.nas, hold = hold.id, connection = hold.connection_id, why, "a hold is given up");
        if !self.actions.book().is_counted(&hold.id) {
            self.port.action_failed("pause", source_of(hold));
        }
        let origin = Origin::keeper(format!("hold {}: {why}", hold.id));
        let deed = deed("give_up", hold, &status);
        let performance = self.actions.begin_regardless(self.nas, self.port, &origin, deed).await;
        self.actions.book().set_ending(std::slice::from_ref(&hold.id), Cause::Unshown, now()).await;
        performance.succeed(json!({ "status": status }), true).await;
    }

    /// Tells the NAS to resume, hold by hold, and looks once at what it shows then; what does not show yet is looked at
    /// again. Stops at a NAS that fails.
    async fn resume(&mut self, resumes: Vec<(Hold, Value)>) -> Result<(), ()> {
        let mut told: Vec<(Hold, Performance<'_>)> = Vec::new();
        let mut origins = Vec::new();
        for (hold, _) in &resumes {
            let why = if hold.phase == Phase::Releasing { "released" } else { "its time is over" };
            origins.push(Origin::keeper(format!("hold {}: {why}", hold.id)));
        }
        let mut failed = false;
        for ((hold, status), origin) in resumes.iter().zip(&origins) {
            let command = Command::Resume(Target::One(ConnectionId(hold.connection_id)));
            let deed = deed(command.method(), hold, status);
            let performance = self.actions.begin_regardless(self.nas, self.port, origin, deed).await;
            let ids = std::slice::from_ref(&hold.id);
            self.actions.book().set_ending(ids, hold.cause_of_time(), now()).await;
            let is_rule = hold.kind() == HoldKind::Alert;
            fault_point::reach_if(is_rule, "release_recorded").await;
            let result = performance.tell(command).await;
            fault_point::reach_if(is_rule, "release_told").await;
            if let Err(failure) = result {
                let Failure { reason, .. } = failure;
                performance.fail(failure, Value::Null).await;
                self.memory.note_end(&hold.id, true);
                if *status == *Status::Pause.as_str() {
                    self.actions.book().note_tried(&hold.id);
                }
                failed = true;
                if reason.may_have_been_away() {
                    break;
                }
                continue;
            }
            self.memory.note_end(&hold.id, false);
            self.actions.book().note_told(std::slice::from_ref(&hold.id));
            self.memory.wake(&hold.id);
            told.push((hold.clone(), performance));
        }
        if told.is_empty() {
            return if failed { Err(()) } else { Ok(()) };
        }
        let listed = connections(self.port).await.unwrap_or_default();
        for (hold, performance) in told {
            let (look, status) = Self::look(&hold, &listed);
            let is_done = look.is_resumed();
            // A pause that never showed may come yet.
            if is_done && hold.has_shown() {
                fault_point::reach_if(hold.kind() == HoldKind::Alert, "release_seen").await;
                let ids = std::slice::from_ref(&hold.id);
                self.actions.book().end(ids, hold.cause_of_time(), now()).await;
            }
            performance.succeed(json!({ "status": status }), is_done).await;
        }
        if failed { Err(()) } else { Ok(()) }
    }

    /// The NAS was away and came back without the pause: the connection is paused again, once for all of its holds.
    async fn pause_again(&mut self, hold: &Hold, status: Value) -> Result<(), ()> {
        let why = "the NAS came back without the pause";
        tracing::warn!(nas = %self.nas, hold = hold.id, connection = hold.connection_id, why, "paused again");
        let mut origin = Origin::keeper(format!("hold {}: {why}", hold.id));
        origin.source = source_of(hold);
        let id = ConnectionId(hold.connection_id);
        let mut holds = self.actions.book().pauses_of(self.nas, id);
        holds.retain(|other| !other.is_ending());
        let holds: Vec<String> = holds.into_iter().map(|hold| hold.id).collect();
        // Until it is done: without this, the next look would take the running connection for a person's resume.
        self.memory.note_lost(&holds);
        let deed = deed("pause", hold, &status);
        let performance = self.actions.begin_regardless(self.nas, self.port, &origin, deed).await;
        self.actions.book().forget_told(self.nas, &[id]);
        if let Err(failure) = performance.tell(Command::Pause(Target::One(id))).await {
            performance.fail(failure, Value::Null).await;
            return Err(());
        }
        self.memory.note_paused_again(&holds);
        self.actions.book().note_paused(&holds);
        // From here on as after any pause: the next looks see it come, or give up.
        self.actions.book().set_phase(&holds, Phase::Pausing, now()).await;
        let shown = connections(self.port).await.unwrap_or_default();
        let (look, status) = Self::look(hold, &shown);
        if look == Look::Paused {
            self.actions.book().set_phase(&holds, Phase::Held, now()).await;
        }
        performance.succeed(json!({ "status": status }), look == Look::Paused).await;
        Ok(())
    }
}

/// Whose action it is to keep a hold's connection paused.
fn source_of(hold: &Hold) -> Source {
    match hold.kind() {
        HoldKind::Alert => Source::Rule,
        HoldKind::Manual => Source::Api,
    }
}
