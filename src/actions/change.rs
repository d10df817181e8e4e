//! Changing settings: read, merge, write, read back.

use super::list::ask;
use super::perform::{Deed, Effect, plan};
use super::record::{Object, Origin};
use super::schema::Document;
use super::settings::{Subject, missing};
use super::{ActionError, Actions};
use crate::model::NasName;
use serde_json::{Value, json};

impl Actions {
    /// Changes the settings of `subject`, which is `object`, in the fields of `patch` and in no others. The patch has
    /// been checked against the subject's schema.
    pub async fn change(
        &self,
        nas: &NasName,
        subject: Subject,
        object: Object,
        patch: Document,
        origin: &Origin,
        dry_run: bool,
    ) -> Result<Effect, ActionError> {
        let port = self.nas(nas)?;
        let _turn = self.turn(nas).await;
        let current = ask(&*port, subject.question()).await?;
        let change = subject.in_nas_terms(patch);
        let faults = subject.faults(&current, &change);
        if !faults.is_empty() {
            return Err(ActionError::Invalid(faults));
        }
        let commands = subject.commands(&current, &change);
        let before = subject.view(&current);
        if dry_run {
            let mut after = current;
            after.extend(change);
            let after = subject.view(&after);
            return Ok(Effect::Planned(plan(&*port, commands, before, after).await?));
        }
        // What cannot be written back whole is found out before there is anything to record.
        for command in &commands {
            port.plan(command.clone()).await?;
        }
        let connection = match subject {
            Subject::Connection(id) | Subject::Schedule(id) => Some(id.0),
            Subject::Package | Subject::Task(_) | Subject::Filters(_) => None,
        };
        let action = commands.first().map_or("", super::Command::method);
        let deed = Deed { action, target: object, connection, before };
        let performance = self.begin(nas, &*port, origin, deed).await?;
        let mut failed = None;
        for command in commands {
            if let Err(failure) = performance.tell(command).await {
                failed = Some(failure);
                break;
            }
        }
        let after = ask(&*port, subject.question()).await.ok();
        let shown = after.as_ref().map_or(Value::Null, |after| subject.view(after));
        if let Some(failure) = failed {
            return Err(performance.fail(failure, shown).await);
        }
        let differs = after.as_ref().map(|after| missing(&change, after));
        let verified = differs.as_ref().is_some_and(Vec::is_empty);
        let mut done = performance.succeed(shown, verified).await;
        if let Some(differs) = differs.filter(|differs| !differs.is_empty()) {
            done.more.insert("not_as_wanted".to_owned(), json!(differs));
        }
        Ok(Effect::Done(done))
    }
}
