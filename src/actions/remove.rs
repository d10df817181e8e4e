//! Removing a connection or a task. The data stay on both sides, but nothing keeps them in step any more.

use super::list::{Listed, ListedTask, ask, connections};
use super::perform::{Deed, Effect, plan};
use super::port::{Command, Question};
use super::record::{Object, Origin};
use super::{ActionError, Actions, now};
use crate::model::NasName;
use serde_json::{Value, json};

impl Actions {
    /// Removes a connection with its tasks, when `confirm` is one of its names.
    pub async fn remove_connection(
        &self,
        nas: &NasName,
        id: i64,
        confirm: &str,
        origin: &Origin,
        dry_run: bool,
    ) -> Result<Effect, ActionError> {
        let port = self.nas(nas)?;
        let _turn = self.turn_of(nas, &origin.caller).await?;
        // Asked anew: the name of a minute ago may be another connection's by now.
        let listed = super::list::find(nas, connections(&*port).await?, id)?;
        let is_nameless = listed.names.iter().all(|name| name.trim().is_empty());
        let is_confirmed = if is_nameless {
            confirm == listed.id.to_string()
        } else {
            listed.names.iter().any(|name| name == confirm)
        };
        if !is_confirmed {
            return Err(ActionError::Unconfirmed("the connection's name, or its id where it has none"));
        }
        let Listed { id, name, .. } = &listed;
        let tasks = ask(&*port, Question::Tasks(*id)).await?;
        let before =
            json!({ "status": listed.status_word(), "task_display_name": name, "tasks": tasks.get("sess") });
        let command = Command::RemoveConnection(*id);
        if dry_run {
            return Ok(Effect::Planned(plan(&*port, vec![command], before, Value::Null).await?));
        }
        let deed = Deed { action: command.method(), target: Object::connection(id.0, name), before };
        let performance = self.begin(nas, &*port, origin, deed).await?;
        let told = performance.tell(command).await;
        let listed = connections(&*port).await;
        // An empty list may be that of a NAS that starts.
        let is_gone = listed
            .is_ok_and(|list| list.iter().all(|other| other.id != *id) && (told.is_ok() || !list.is_empty()));
        match told {
            // Where nobody knows, what the NAS shows tells.
            Err(failure) if !(failure.is_open && is_gone) => {
                return Err(performance.fail(failure, Value::Null).await);
            }
            _ => {}
        }
        if is_gone {
            let holds = self.book().of_connection(nas, *id);
            self.book().forget_connection(nas, *id, &holds, now()).await;
        }
        Ok(Effect::Done(performance.succeed(Value::Null, is_gone).await))
    }

    /// Removes a task, when `confirm` is its folder on the NAS.
    pub async fn remove_task(
        &self,
        nas: &NasName,
        task: &ListedTask,
        confirm: &str,
        origin: &Origin,
        dry_run: bool,
    ) -> Result<Effect, ActionError> {
        let port = self.nas(nas)?;
        let _turn = self.turn_of(nas, &origin.caller).await?;
        let connection = task.connection.id;
        let listed = ask(&*port, Question::Tasks(connection)).await?;
        let sess = |answer: &super::schema::Document| {
            let entries = answer.get("sess").and_then(Value::as_array)?;
            entries
                .iter()
                .find(|entry| entry.get("sess_id").and_then(Value::as_i64) == Some(task.id.0))
                .cloned()
        };
        let before =
            sess(&listed).ok_or_else(|| ActionError::UnknownTask { nas: nas.clone(), id: task.id.0 })?;
        let folder = before.get("local_sync_path").and_then(Value::as_str).unwrap_or_default().to_owned();
        if folder.is_empty() || folder != confirm {
            return Err(ActionError::Unconfirmed("the task's folder on the NAS, local_sync_path"));
        }
        let command = Command::RemoveTask(connection, task.id);
        if dry_run {
            return Ok(Effect::Planned(plan(&*port, vec![command], before, Value::Null).await?));
        }
        let deed =
            Deed { action: command.method(), target: Object::task(task.id.0, &folder, connection.0), before };
        let performance = self.begin(nas, &*port, origin, deed).await?;
        let told = performance.tell(command).await;
        let is_gone =
            ask(&*port, Question::Tasks(connection)).await.is_ok_and(|answer| sess(&answer).is_none());
        match told {
            Err(failure) if !(failure.is_open && is_gone) => {
                return Err(performance.fail(failure, Value::Null).await);
            }
            _ => {}
        }
        Ok(Effect::Done(performance.succeed(Value::Null, is_gone).await))
    }
}
