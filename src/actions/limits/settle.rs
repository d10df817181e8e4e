//! What a look at a connection's settings changes of the holds on them, and telling the NAS what they want.

use super::decide::Step;
use super::entry::Entry;
use super::survey::{Circumstances, Seen, Survey, survey};
use crate::actions::fault_point;
use crate::actions::holds::{Amendment, Cause, Hold, Phase};
use crate::actions::perform::{Deed, Performance};
use crate::actions::port::{Command, Failure, Nas, Source};
use crate::actions::record::{Object, Origin};
use crate::actions::schema::Document;
use crate::actions::settings::Subject;
use crate::actions::write::Written;
use crate::actions::{Actions, now};
use crate::model::{ConnectionId, NasName};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A connection whose settings are held, in the turn of its NAS.
#[derive(Clone, Copy)]
pub(in crate::actions) struct Site<'a> {
    pub(in crate::actions) actions: &'a Actions,
    pub(in crate::actions) nas: &'a NasName,
    pub(in crate::actions) port: &'a dyn Nas,
    pub(in crate::actions) id: ConnectionId,
    /// For how long looks have shown the same of a setting of which something is open.
    pub(in crate::actions) steady: &'a (dyn Fn(&str) -> Duration + Sync),
}

/// What became of telling the NAS.
pub(in crate::actions) struct Told {
    /// How it went.
    pub(in crate::actions) result: Result<(), Failure>,
    /// What the NAS shows after; none when it does not say.
    pub(in crate::actions) after: Option<Document>,
}

/// This is the first look.
pub(super) fn first_look(_: &str) -> Duration {
    Duration::ZERO
}

impl<'a> Site<'a> {
    pub(in crate::actions) fn circumstances(self) -> Circumstances<'a> {
        Circumstances {
            steady: self.steady,
            is_frozen: self.actions.is_frozen(),
            patience: self.actions.options().verify_timeout,
        }
    }

    /// The holds on the connection's settings.
    pub(in crate::actions) fn holds(self) -> Vec<Hold> {
        self.actions.book().limits_of(self.nas, self.id)
    }

    /// What follows for the settings as they are shown.
    pub(in crate::actions) fn survey(self, shown: &Document) -> Survey {
        let ledger = self.actions.book().ledger_of(self.nas, self.id);
        survey(&ledger, &self.holds(), shown, self.circumstances())
    }

    /// The connection as an object of the audit.
    pub(in crate::actions) fn object(self, holds: &[Hold]) -> Object {
        let name = holds.first().map_or("", |hold| hold.connection.as_str());
        Object::connection(self.id.0, name)
    }

    /// Takes in what the NAS shows: what a person changed is theirs, what was written and shows is settled, and holds
    /// are in force or at their end by that. Gives the holds that ended without another word to the NAS.
    pub(in crate::actions) async fn absorb(self, shown: &Document) -> Vec<Hold> {
        self.yield_what_is_changed(shown).await;
        let (survey, holds) = (self.survey(shown), self.holds());
        let is_shown = |seen: &Seen| seen.shown == Some(seen.entry.written);
        let settings = survey.0.iter().filter(|(_, seen)| is_shown(seen)).map(|(setting, _)| setting);
        self.actions.book().note_shown(self.nas, self.id, settings);
        let mut entries: BTreeMap<String, Option<Entry>> = BTreeMap::new();
        for (setting, seen) in &survey.0 {
            let entry = match seen.step {
                Step::Done => None,
                Step::Settled if !seen.entry.is_settled => Some(seen.entry.settled()),
                _ if seen.is_mark_over => Some(Entry { person: None, ..seen.entry.clone() }),
                _ => continue,
            };
            entries.insert(setting.clone(), entry);
        }
        let ids = |is_it: &dyn Fn(&Hold) -> bool| -> Vec<String> {
            holds.iter().filter(|hold| is_it(hold)).map(|hold| hold.id.clone()).collect()
        };
        let held = ids(&|hold| hold.phase == Phase::Pausing && survey.shows(hold));
        let ended = ids(&|hold| hold.is_ending() && survey.is_done_with(hold));
        let amendment = Amendment { entries, held, ended };
        self.actions.book().amend(self.nas, self.id, amendment, Cause::Over, now()).await
    }

    /// What is neither what was written nor, until that shows, what was before it, is a person's.
    async fn yield_what_is_changed(self, shown: &Document) {
        let survey = self.survey(shown);
        let settings = survey.with(|step| step == Step::Yield);
        if settings.is_empty() {
            return;
        }
        let values = |of: &dyn Fn(&Seen) -> Option<u64>| -> Document {
            let value = |setting: &String| Some((setting.clone(), of(survey.0.get(setting)?)?.into()));
            settings.iter().filter_map(value).collect()
        };
        let is_concerned = |hold: &Hold| hold.set.keys().any(|setting| settings.contains(setting));
        let holds: Vec<Hold> = self.holds().into_iter().filter(is_concerned).collect();
        let why = format!("somebody else changed {}", settings.join(", "));
        tracing::info!(nas = %self.nas, connection = self.id.0, why, "holds let settings go");
        let origin = Origin::keeper(why);
        let deed = Deed {
            action: "release",
            target: self.object(&holds),
            before: json!({ "settings": values(&|seen| Some(seen.entry.written)), "holds": holds }),
        };
        let performance = self.actions.begin_regardless(self.nas, self.port, &origin, deed).await;
        let (_, ended) = self.actions.book().yield_settings(self.nas, self.id, &settings, now()).await;
        let after = json!({ "settings": values(&|seen| seen.shown), "ended_holds": ended });
        performance.succeed(after, true).await;
    }

    /// What to tell the NAS, if anything.
    pub(in crate::actions) fn command(self, survey: &Survey, shown: &Document) -> Option<Command> {
        let is_any = !survey.writes().is_empty();
        is_any.then(|| Command::SetConnection(self.id, survey.merged(shown)))
    }

    /// Tells the NAS what is on disk already, and reads back. Where it says that it did not do it, `before` is what the
    /// book knows again, and the holds of `refused` end.
    pub(super) async fn tell(
        self,
        performance: &Performance<'_>,
        (survey, shown): (&Survey, &Document),
        (before, refused): (BTreeMap<String, Option<Entry>>, Vec<String>),
    ) -> Told {
        let Some(command) = self.command(survey, shown) else {
            return Told { result: Ok(()), after: Some(shown.clone()) };
        };
        let writes = survey.writes();
        let Written { result, is_shown, after, .. } =
            performance.write(Subject::Connection(self.id), command, &writes, shown).await;
        // What shows was done, whatever the NAS says: it has to be undone one day.
        let result = result.or_else(|failure| if is_shown { Ok(()) } else { Err(failure) });
        match &result {
            Ok(()) => self.actions.book().note_taken(self.nas, self.id, writes.keys()),
            Err(failure) if failure.is_open => {}
            Err(_) => {
                let amendment = Amendment { entries: before, held: Vec::new(), ended: refused };
                self.actions.book().amend(self.nas, self.id, amendment, Cause::Refused, now()).await;
            }
        }
        Told { result, after }
    }

    /// Has the settings become what the holds want of them. Gives the holds that ended with it besides.
    pub(in crate::actions) async fn impose(
        self,
        performance: &Performance<'_>,
        survey: &Survey,
        shown: &Document,
    ) -> (Told, Vec<Hold>) {
        let intended = survey.intended(now());
        let known = |setting: &String| survey.0.get(setting).map(|seen| seen.entry.clone());
        let before = intended.keys().map(|setting| (setting.clone(), known(setting))).collect();
        self.actions.book().intend(self.nas, self.id, intended, now()).await;
        let is_restored = performance.source() == Source::Release;
        fault_point::reach_if(is_restored, "restore_recorded").await;
        let told = self.tell(performance, (survey, shown), (before, Vec::new())).await;
        fault_point::reach_if(is_restored, "restore_seen").await;
        let ended = match &told {
            // How long something showed before is of no matter to what was written now.
            Told { result: Ok(()), after: Some(after) } => {
                Site { steady: &first_look, ..self }.absorb(after).await
            }
            _ => Vec::new(),
        };
        (told, ended)
    }

    /// Records the end of a hold for which nothing had to be told.
    pub(in crate::actions) async fn note_end(self, hold: &Hold) {
        let why = "it is over, and nothing is left to undo";
        tracing::info!(nas = %self.nas, hold = hold.id, connection = hold.connection_id, why, "a hold ends");
        let origin = Origin::keeper(format!("hold {}: {why}", hold.id));
        let deed = Deed {
            action: "release",
            target: self.object(std::slice::from_ref(hold)),
            before: json!({ "hold": hold }),
        };
        self.actions
            .begin_regardless(self.nas, self.port, &origin, deed)
            .await
            .succeed(Value::Null, true)
            .await;
    }
}

/// The settings of a survey as the NAS shows them.
pub(super) fn view(survey: &Survey, shown: Option<&Document>) -> Value {
    let Some(shown) = shown else { return Value::Null };
    let value = |setting: &String| Some((setting.clone(), shown.get(setting)?.clone()));
    Value::Object(survey.0.keys().filter_map(value).collect())
}
