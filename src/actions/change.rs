//! Changing settings: read, merge, write, read back.

use super::list::ask;
use super::perform::{Deed, Done, Effect, plan};
use super::port::Command;
use super::record::{Object, Origin};
use super::schema::Document;
use super::settings::Subject;
use super::write::Written;
use super::{ActionError, Actions};
use crate::model::NasName;
use serde_json::{Value, json};

impl Actions {
    /// Changes the settings of `subject`, which is `object`, in the fields of `patch` and in no others. The patch has
    /// been checked against the subject's schema. What holds have changed of them is the caller's from then on.
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
        let _turn = self.turn_of(nas, &origin.caller).await?;
        let current = ask(&*port, subject.question()).await?;
        let change = subject.in_nas_terms(patch);
        let faults = subject.faults(&current, &change);
        if !faults.is_empty() {
            return Err(ActionError::Invalid(faults));
        }
        let commands = subject.commands(&self.with_pending(nas, subject, &current), &change);
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
        let mut before = before;
        let mut last = None;
        for command in commands {
            // Each setter has its own record, to be found by its name.
            let fields = own_fields(&command, &change);
            let deed = Deed { action: command.method(), target: object.clone(), before: before.clone() };
            let performance = self.begin(nas, &*port, origin, deed).await?;
            let held = self.expect_person(nas, subject, &fields).await;
            let Written { result, after, differs, .. } =
                performance.write(subject, command, &fields, &current).await;
            let ended = self.heed_person(nas, subject, &held, result.as_ref().copied()).await;
            let shown = after.as_ref().map_or(Value::Null, |after| subject.view(after));
            if let Err(failure) = result {
                return Err(performance.fail(failure, shown).await);
            }
            let verified = differs.as_ref().is_some_and(Vec::is_empty);
            let mut done = performance.succeed(shown.clone(), verified).await;
            if let Some(differs) = differs.filter(|differs| !differs.is_empty()) {
                done.more.insert("not_as_wanted".to_owned(), json!(differs));
            }
            if !ended.is_empty() {
                done.more.insert("ended_holds".to_owned(), json!(ended));
            }
            last = Some(merged(last, done));
            before = shown;
        }
        last.map(Effect::Done).ok_or_else(|| ActionError::Invalid(Vec::new()))
    }
}

/// The fields of a change that a command sets.
fn own_fields(command: &Command, change: &Document) -> Document {
    let is_own = |name: &str| match command {
        Command::SetRelink(_) => name == "sync_mode",
        Command::SetPackage(_) => name != "sync_mode",
        _ => true,
    };
    change
        .iter()
        .filter(|(name, _)| is_own(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Two setters of one change as one: from before the first to after the last.
fn merged(first: Option<Done>, second: Done) -> Done {
    let Some(first) = first else { return second };
    let mut more = first.more;
    for (name, value) in second.more {
        match (more.get_mut(&name).and_then(Value::as_array_mut), value) {
            (Some(known), Value::Array(further)) => known.extend(further),
            (_, value) => drop(more.insert(name, value)),
        }
    }
    Done { before: first.before, verified: first.verified && second.verified, more, ..second }
}
