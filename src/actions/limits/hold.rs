//! Taking a hold on settings, for a rule.

use super::entry::{Entry, Known};
use super::settle::{Site, Told, first_look};
use super::survey::{Ledger, Survey, number, survey};
use crate::actions::fault_point;
use crate::actions::holds::{Hold, Phase};
use crate::actions::list::{ask, connections, find};
use crate::actions::pause::{Holder, MOST_HOLDS, QUIETLY, new_id};
use crate::actions::perform::{Deed, Effect, Performance};
use crate::actions::port::{Failure, FailureKind, Question};
use crate::actions::record::{Object, Origin};
use crate::actions::schema::Document;
use crate::actions::settings::{CONNECTION, stricter};
use crate::actions::{ActionError, Actions, now};
use crate::model::{ConnectionId, DownReason, NasName};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A rule's wish to hold settings of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsWish {
    /// Of which connection.
    pub connection: ConnectionId,
    /// The rule.
    pub holder: Holder,
    /// The settings by the NAS's own names, and their values.
    pub set: BTreeMap<String, u64>,
    /// Why.
    pub reason: String,
    /// Whether only a person who names the hold ends it.
    pub latch: bool,
}

/// A hold that is about to be taken, and what it changes.
struct Intent {
    hold: Hold,
    survey: Survey,
    /// The entries as they were; none = there was none.
    before: BTreeMap<String, Option<Entry>>,
    /// The entries as they are to be.
    entries: BTreeMap<String, Entry>,
}

impl Actions {
    /// Holds settings of a connection at these values, or at stricter ones: what others hold, or its owner has. Nothing
    /// is told where that is so already because of other holds; where it is so because of the owner there is no hold.
    ///
    /// The answer has the hold as `hold`. It is in force when the NAS shows it; until then the keeper looks after it.
    pub async fn hold_settings(
        &self,
        nas: &NasName,
        wish: &SettingsWish,
        origin: &Origin,
    ) -> Result<Effect, ActionError> {
        CONNECTION.check(json!(wish.set)).map_err(ActionError::Invalid)?;
        let port = self.nas(nas)?;
        let _turn = self.turn_of(nas, &origin.caller).await?;
        if self.is_frozen() {
            return Err(ActionError::Frozen);
        }
        let id = wish.connection;
        self.check_limits(nas, id, &wish.holder)?;
        let listed = find(nas, connections(&*port).await?, id.0)?;
        let shown = ask(&*port, Question::Settings(id)).await?;
        let site = Site { actions: self, nas, port: &*port, id, steady: &first_look };
        for hold in site.absorb(&shown).await {
            site.note_end(&hold).await;
        }
        let intent = site.intent(wish, &listed.name, &shown, origin)?;
        let command = site.command(&intent.survey, &shown);
        if let Some(command) = &command {
            // What cannot be written back whole is found out before there is anything to record.
            port.plan(command.clone()).await?;
        }
        let deed = Deed {
            action: command.as_ref().map_or(QUIETLY, crate::actions::Command::method),
            target: Object::connection(id.0, &listed.name),
            before: Value::Object(shown.clone()),
        };
        let performance = self.begin(nas, &*port, origin, deed).await?;
        fault_point::reach("set_recorded").await;
        if let Err(error) = self.book().add_limit(&intent.hold, intent.entries.clone(), now()).await {
            return Err(performance.refuse(format!("the hold cannot be written: {error}")).await);
        }
        fault_point::reach("set_intended").await;
        site.fulfil(performance, intent, shown).await
    }

    /// Whether a rule may hold settings of a connection: not twice, and not where there are too many holds.
    fn check_limits(&self, nas: &NasName, id: ConnectionId, holder: &Holder) -> Result<(), ActionError> {
        let mut holds = self.book().limits_of(nas, id);
        holds.retain(|hold| hold.rule == holder.rule && !hold.is_ending());
        if !holds.is_empty() {
            return Err(ActionError::Held(holds));
        }
        match self.book().of_connection(nas, id).len() {
            most if most >= MOST_HOLDS => Err(ActionError::TooManyHolds(most)),
            _ => Ok(()),
        }
    }
}

impl Site<'_> {
    /// What a hold would change.
    fn intent(
        self,
        wish: &SettingsWish,
        name: &str,
        shown: &Document,
        origin: &Origin,
    ) -> Result<Intent, ActionError> {
        let created = now();
        let mut ledger: Ledger = self.actions.book().ledger_of(self.nas, self.id);
        let mut before = BTreeMap::new();
        let mut is_stricter = false;
        for (setting, wished) in &wish.set {
            let known = ledger.get(setting).map(|known| known.entry.clone());
            before.insert(setting.clone(), known.clone());
            let entry = match known {
                Some(entry) => entry,
                None => Entry::of(number(shown, setting).ok_or_else(|| unsaid(setting))?, created),
            };
            is_stricter |= stricter(setting, entry.before, *wished) != entry.before;
            ledger.entry(setting.clone()).or_insert(Known { entry, told: None });
        }
        if !is_stricter {
            return Err(ActionError::AlreadyStricter);
        }
        let hold = Hold {
            id: new_id(),
            nas: self.nas.to_string(),
            connection_id: self.id.0,
            connection: name.to_owned(),
            rule: wish.holder.rule.clone(),
            episode: Some(wish.holder.episode.clone()),
            set: wish.set.clone(),
            reason: wish.reason.clone(),
            author: origin.token.clone(),
            created,
            until: wish.holder.until,
            latest: wish.holder.latest,
            latch: wish.latch,
            was_paused: false,
            was_shown: false,
            phase: Phase::Pausing,
            cause: None,
        };
        let mut holds = self.holds();
        holds.push(hold.clone());
        let survey = survey(&ledger, &holds, shown, self.circumstances());
        let fresh = before.iter().filter(|(_, known)| known.is_none());
        let mut entries: BTreeMap<String, Entry> = fresh
            .filter_map(|(setting, _)| Some((setting.clone(), ledger.get(setting)?.entry.clone())))
            .collect();
        for (setting, entry) in survey.intended(created) {
            before
                .entry(setting.clone())
                .or_insert_with(|| ledger.get(&setting).map(|known| known.entry.clone()));
            entries.insert(setting, entry);
        }
        Ok(Intent { hold, survey, before, entries })
    }

    /// Tells the NAS what a hold on disk wants, if anything.
    async fn fulfil(
        self,
        performance: Performance<'_>,
        intent: Intent,
        shown: Document,
    ) -> Result<Effect, ActionError> {
        let Intent { hold, survey, before, entries: _ } = intent;
        let refused = vec![hold.id.clone()];
        let Told { result, after } = self.tell(&performance, (&survey, &shown), (before, refused)).await;
        if let Err(failure) = result {
            let left: Vec<Hold> = self.actions.book().get(&hold.id).into_iter().collect();
            let error = performance.fail(failure, after.map_or(Value::Null, Value::Object)).await;
            return Err(error.with_holds(left));
        }
        fault_point::reach("set_seen").await;
        if let Some(after) = &after {
            self.absorb(after).await;
        }
        fault_point::reach("set_confirmed").await;
        let hold = self.actions.book().get(&hold.id).unwrap_or(hold);
        let verified = hold.phase == Phase::Held;
        let mut done = performance.succeed(after.map_or(Value::Null, Value::Object), verified).await;
        done.more.insert("hold".to_owned(), json!(hold));
        Ok(Effect::Done(done))
    }
}

/// The NAS does not say a setting in a way that a value could be compared with.
fn unsaid(setting: &str) -> ActionError {
    let failure = Failure {
        kind: FailureKind::Incomplete,
        detail: format!("the NAS does not say what {setting} is, so that it could not be restored"),
        advice: String::new(),
        reason: DownReason::Api,
        code: None,
        method: None,
        is_open: false,
    };
    failure.into()
}
