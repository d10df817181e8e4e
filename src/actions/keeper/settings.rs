//! One look after the holds on settings of one NAS.
//!
//! It asks the NAS when something is due: a hold's time is over, what was written was not seen yet, or a poll saw
//! something else. What then follows for each setting is decided as everywhere else.

mod memory;

use crate::actions::holds::{Cause, GONE_AFTER, Hold, Phase};
use crate::actions::limits::{Ledger, Site, Step, Survey};
use crate::actions::list::{Listed, listed};
use crate::actions::perform::Deed;
use crate::actions::port::{Failure, Nas, Question, Source};
use crate::actions::record::{Object, Origin};
use crate::actions::schema::Document;
use crate::actions::settings::missing;
use crate::actions::{Actions, now};
use crate::model::{ConnectionId, ConnectionSettings, NasName, Snapshot};
use serde_json::{Value, json};
use std::time::Duration;

use memory::Looked;
pub(super) use memory::Memory;

/// Connections whose settings are written in one turn. Others who wait for the NAS come in between.
const WRITES_OF_A_TURN: usize = 10;

/// The word of a write in the audit.
const WRITE: &str = "set_connection_setting";

/// A connection with held settings.
struct Charge {
    id: ConnectionId,
    holds: Vec<Hold>,
    ledger: Ledger,
}

/// Whether the NAS has not shown yet what a hold wants.
fn is_uncertain(hold: &Hold) -> bool {
    hold.phase != Phase::Held
}

/// Looks after the held settings of a NAS, if there is a need.
pub(super) async fn keep(actions: &Actions, nas: &NasName, port: &dyn Nas, mut memory: Memory) -> Memory {
    let (book, snapshot) = (actions.book(), port.snapshot());
    if memory.note_poll(snapshot.as_deref()) {
        book.doubt_taken(nas);
    }
    let ids = book.limited(nas);
    memory.keep_only(&ids);
    let charge = |id| Charge { id, holds: book.limits_of(nas, id), ledger: book.ledger_of(nas, id) };
    let is_due = |charge: &Charge| {
        memory.wants_a_look(charge, actions.is_frozen(), now())
            || snapshot.as_ref().is_some_and(|snapshot| has_news(snapshot, charge, &memory))
    };
    let mut due: Vec<ConnectionId> =
        ids.into_iter().map(charge).filter(is_due).map(|charge| charge.id).collect();
    // What is refused again and again must not take the places of what can go on.
    due.sort_by_key(|id| memory.is_vain(*id));
    if !due.is_empty() && memory.may_try() {
        let polled = snapshot.and_then(|snapshot| snapshot.data.as_ref()?.settings_asked);
        look_after(actions, nas, port, &mut memory, (due, polled)).await;
        port.show_holds(book.of_nas(nas).iter().map(Hold::shown).collect());
    }
    memory
}

/// Whether the last poll saw what does not go with what was written. What was polled before that says nothing.
fn has_news(snapshot: &Snapshot, charge: &Charge, memory: &Memory) -> bool {
    let (Some(true), Some(asked), Some(data)) = (snapshot.up, snapshot.asked, &snapshot.data) else {
        return false;
    };
    let written = charge.ledger.values().map(|known| known.entry.at);
    let created = charge.holds.iter().map(|hold| hold.created);
    // What lies in the future is of a clock that went back since.
    let looked = memory.looked(charge.id);
    let last = written.chain(created).chain(looked.map(|look| look.at)).filter(|at| *at <= now()).max();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    let is_newer = |asked: f64| last.is_none_or(|last| asked * 1_000.0 > last as f64);
    let is_listed = data.connections.contains_key(&charge.id);
    if is_listed == memory.is_gone(charge.id) {
        return is_newer(asked);
    }
    let (Some(asked), Some(settings)) = (data.settings_asked, data.settings.get(&charge.id)) else {
        return false;
    };
    let differs = charge.ledger.iter().any(|(setting, known)| {
        polled(settings, setting).is_some_and(|polled| Ok(known.entry.written) != u64::try_from(polled))
    });
    differs && is_newer(asked) && looked.is_none_or(|look| look.polled != Some(asked))
}

/// A setting by the NAS's own name, as a poll saw it.
fn polled(settings: &ConnectionSettings, setting: &str) -> Option<i64> {
    const MIB: i64 = 1024 * 1024;
    match setting {
        "max_upload_speed" => settings.max_upload_speed,
        "max_download_speed" => settings.max_download_speed,
        "pull_event_period" => settings.pull_period_seconds,
        "part_size" => settings.part_size_bytes.map(|bytes| bytes / MIB),
        _ => None,
    }
}

/// What one look has to do with the NAS.
struct Visit<'a> {
    actions: &'a Actions,
    nas: &'a NasName,
    port: &'a dyn Nas,
    memory: &'a mut Memory,
    /// When the last poll that is known of began to ask for settings.
    polled: Option<f64>,
    /// Connections whose settings were written.
    writes: usize,
}

/// Asks the NAS about these connections and does what follows, in its turn.
async fn look_after(
    actions: &Actions,
    nas: &NasName,
    port: &dyn Nas,
    memory: &mut Memory,
    (due, polled): (Vec<ConnectionId>, Option<f64>),
) {
    let _turn = actions.turn(nas).await;
    let settings = due.iter().map(|id| Question::Settings(*id));
    let questions = std::iter::once(Question::Connections).chain(settings).collect();
    let answered = port.ask(questions).await.and_then(|answers| {
        let mut answers = answers.into_iter();
        Ok((listed(answers.next())?, answers))
    });
    let (listed, answers) = match answered {
        Ok(answered) => answered,
        Err(failure) => {
            tracing::debug!(%nas, error = %failure, "the held settings wait for the NAS");
            if failure.reason.may_have_been_away() {
                actions.book().doubt_taken(nas);
            }
            memory.fail_to_ask();
            return;
        }
    };
    let mut visit = Visit { actions, nas, port, memory, polled, writes: 0 };
    match visit.see_to(due, answers, &listed).await {
        Ok(true) => memory.succeed(),
        Ok(false) => memory.go_on(),
        Err(()) => memory.fail(),
    }
}

impl Visit<'_> {
    /// Does what follows for each connection. False when there is more to do; an error is to be tried again.
    async fn see_to(
        &mut self,
        due: Vec<ConnectionId>,
        answers: impl Iterator<Item = Result<Document, Failure>>,
        listed: &[Listed],
    ) -> Result<bool, ()> {
        let (mut is_all, mut failed) = (true, false);
        for (id, answer) in due.into_iter().zip(answers) {
            if self.writes == WRITES_OF_A_TURN {
                is_all = false;
                break;
            }
            let is_listed = listed.iter().any(|connection| connection.id == id);
            let looked = Looked { at: now(), polled: self.polled };
            let gone = self.memory.note_listed(id, is_listed, looked);
            if !is_listed {
                if gone >= GONE_AFTER {
                    self.forget(id).await;
                }
                continue;
            }
            let seen = match answer {
                Ok(shown) => self.settle(id, &shown).await,
                Err(failure) => Err(failure),
            };
            match seen {
                Ok(is_done) => is_all &= is_done,
                Err(failure) => {
                    tracing::debug!(nas = %self.nas, connection = id.0, error = %failure, "held settings wait");
                    failed = true;
                    if failure.reason.may_have_been_away() {
                        self.actions.book().doubt_taken(self.nas);
                        break;
                    }
                }
            }
        }
        if failed { Err(()) } else { Ok(is_all) }
    }

    /// Does what follows for one connection. False when there is more to do.
    async fn settle(&mut self, id: ConnectionId, shown: &Document) -> Result<bool, Failure> {
        let book = self.actions.book();
        for hold in book.limits_of(self.nas, id) {
            if !hold.is_ending() && hold.is_over(now()) {
                book.set_ending(std::slice::from_ref(&hold.id), hold.cause_of_time(), now()).await;
            }
        }
        let durations = self.memory.note(id, &book.ledger_of(self.nas, id), shown);
        let steady = |setting: &str| durations.get(setting).copied().unwrap_or(Duration::ZERO);
        let (actions, nas, port) = (self.actions, self.nas, self.port);
        let site = Site { actions, nas, port, id, steady: &steady };
        for hold in site.absorb(shown).await {
            site.note_end(&hold).await;
        }
        let survey = site.survey(shown);
        let unsaid = survey.with(|step| step == Step::Unsaid);
        self.memory.note_waiting(id, &unsaid, survey.with(|step| step == Step::Postpone));
        if give_up(site, &survey).await {
            return Ok(false);
        }
        if survey.writes().is_empty() {
            return Ok(true);
        }
        if survey.only_loosens() {
            if !self.memory.may_release() {
                return Ok(true);
            }
            self.memory.note_release();
        }
        self.writes += 1;
        let written = write(site, &survey, shown).await;
        self.memory.note_write(id, written.is_err());
        written.map(|()| true)
    }

    /// Ends the holds of a connection that is gone for good.
    async fn forget(&self, id: ConnectionId) {
        let holds = self.actions.book().limits_of(self.nas, id);
        let why = "the connection is gone";
        let name = holds.first().map_or("", |hold| hold.connection.as_str());
        tracing::info!(nas = %self.nas, connection = id.0, why, "its held settings are forgotten");
        let origin = Origin::keeper(why);
        let deed = Deed {
            action: "release",
            target: Object::connection(id.0, name),
            before: json!({ "holds": holds }),
        };
        let performance = self.actions.begin_regardless(self.nas, self.port, &origin, deed).await;
        let ended = self.actions.book().forget_connection(self.nas, id, &holds, now()).await;
        performance.succeed(json!({ "ended_holds": ended }), true).await;
    }
}

/// What the NAS does not show although it was told: the holds that want it end, and what they changed is restored like
/// at any other end, since it may come yet. False when there is nothing of that kind.
async fn give_up(site: Site<'_>, survey: &Survey) -> bool {
    let hopeless: Vec<_> = survey.0.iter().filter(|(_, seen)| seen.step == Step::GiveUp).collect();
    let wants = |hold: &Hold| {
        hopeless.iter().any(|(setting, seen)| hold.set.get(*setting) == Some(&seen.target))
            && !hold.is_ending()
    };
    let holds: Vec<Hold> = site.holds().into_iter().filter(wants).collect();
    for hold in &holds {
        let why = "the NAS does not show the settings that it was told";
        let connection = hold.connection_id;
        tracing::warn!(nas = %site.nas, hold = hold.id, connection, why, "a hold is given up");
        let origin = Origin::keeper(format!("hold {}: {why}", hold.id));
        let deed = Deed {
            action: "give_up",
            target: site.object(std::slice::from_ref(hold)),
            before: json!({ "hold": hold }),
        };
        let performance = site.actions.begin_regardless(site.nas, site.port, &origin, deed).await;
        site.actions.book().set_ending(std::slice::from_ref(&hold.id), Cause::Unshown, now()).await;
        performance.succeed(Value::Null, true).await;
    }
    !holds.is_empty()
}

/// Has the settings of a connection become what its holds want.
async fn write(site: Site<'_>, survey: &Survey, shown: &Document) -> Result<(), Failure> {
    let holds = site.holds();
    let mut origin = Origin::keeper(why(&holds));
    if !survey.only_loosens() {
        origin.source = Source::Rule;
    }
    let deed = Deed { action: WRITE, target: site.object(&holds), before: Value::Object(shown.clone()) };
    let performance = site.actions.begin_regardless(site.nas, site.port, &origin, deed).await;
    let (told, _) = site.impose(&performance, survey, shown).await;
    let verified = told.after.as_ref().is_some_and(|after| missing(&survey.writes(), after).is_empty());
    let after = told.after.map_or(Value::Null, Value::Object);
    match told.result {
        Ok(()) => {
            performance.succeed(after, verified).await;
            Ok(())
        }
        Err(failure) => {
            performance.fail(failure.clone(), after).await;
            Err(failure)
        }
    }
}

/// Why settings are written: the holds that end, or else those that are not in force yet.
fn why(holds: &[Hold]) -> String {
    let ids = |is_it: &dyn Fn(&Hold) -> bool| -> Vec<&str> {
        holds.iter().filter(|hold| is_it(hold)).map(|hold| hold.id.as_str()).collect()
    };
    let (ending, uncertain) = (ids(&Hold::is_ending), ids(&is_uncertain));
    match (ending.is_empty(), uncertain.is_empty()) {
        (false, _) => format!("hold {}: it is over", ending.join(", ")),
        (true, false) => format!("hold {}: the NAS does not show it yet", uncertain.join(", ")),
        (true, true) => "the settings are not as holds left them".to_owned(),
    }
}
