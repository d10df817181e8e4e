//! Validating and making a task on an Amazon S3 connection.

use super::list::{Listed, ask};
use super::perform::{Deed, Effect, plan};
use super::port::{Command, NewTask, Question};
use super::record::{Object, Origin};
use super::schema::{Document, Field, Kind, Schema, TextRule};
use super::settings::DIRECTIONS;
use super::{ActionError, Actions, Failure};
use crate::model::NasName;
use serde_json::{Value, json};

/// A new task, by the parameters of the source document.
pub static NEW_TASK: Schema = Schema {
    name: "NewTask",
    fields: &[
        Field::required(
            "local_path",
            Kind::Text(TextRule::LocalPath),
            "The folder on the NAS, /SHARE/DIRECTORY.",
        ),
        Field::required("cloud_path", Kind::Text(TextRule::CloudPath), "The folder in the bucket."),
        Field::optional(
            "sync_direction",
            Kind::Word(DIRECTIONS),
            "Which way files go; BIDIRECTION unless said.",
        ),
        Field::optional(
            "storage_class",
            Kind::Text(TextRule::Name),
            "The storage class; STANDARD unless said.",
        ),
        Field::optional(
            "file_filter",
            Kind::Texts { rule: TextRule::Extension, most: 1_000 },
            "Extensions left out, without the dot.",
        ),
        Field::optional(
            "filter_max_upload_size",
            Kind::Integer { min: 0, max: 1 << 53 },
            "Larger files are left out; bytes, 0 = no limit.",
        ),
        Field::optional(
            "filter_names",
            Kind::Texts { rule: TextRule::FileName, most: 1_000 },
            "File names left out.",
        ),
    ],
    at_least: 2,
};

impl NewTask {
    /// The task of a body that was checked against [`NEW_TASK`], with the defaults of the source document.
    pub fn of(body: &Document) -> Self {
        let text =
            |name: &str, default: &str| body.get(name).and_then(Value::as_str).unwrap_or(default).to_owned();
        let texts = |name: &str| -> Vec<String> {
            let items = body.get(name).and_then(Value::as_array);
            items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self {
            local_path: text("local_path", ""),
            cloud_path: text("cloud_path", ""),
            sync_direction: text("sync_direction", "BIDIRECTION"),
            storage_class: text("storage_class", "STANDARD"),
            extensions: texts("file_filter"),
            names: texts("filter_names"),
            max_upload_size: body.get("filter_max_upload_size").and_then(Value::as_i64).unwrap_or(0),
        }
    }
}

impl Actions {
    /// Asks the NAS whether a task could be made; what it refuses with, where it could not.
    pub async fn validate_task(
        &self,
        nas: &NasName,
        connection: &Listed,
        task: NewTask,
        origin: &Origin,
    ) -> Result<Result<(), Failure>, ActionError> {
        let port = self.nas(nas)?;
        let _turn = self.turn_of(nas, &origin.caller).await?;
        let test = Command::TestTask(connection.id, task);
        let method = test.method();
        match port.tell(test).await {
            Ok(()) => Ok(Ok(())),
            // A refusal of what is read before it says nothing of the task.
            Err(failure) if failure.is_verdict() && failure.method == Some(method) => Ok(Err(failure)),
            Err(failure) => Err(Failure { is_open: false, ..failure }.into()),
        }
    }

    /// Makes a task: validated first, made only when it is valid.
    pub async fn create_task(
        &self,
        nas: &NasName,
        connection: &Listed,
        task: NewTask,
        origin: &Origin,
        dry_run: bool,
    ) -> Result<Effect, ActionError> {
        let port = self.nas(nas)?;
        let _turn = self.turn_of(nas, &origin.caller).await?;
        let id = connection.id;
        let list = || ask(&*port, Question::Tasks(id));
        let before = list().await?.get("sess").cloned().unwrap_or(json!([]));
        let (test, create) = (Command::TestTask(id, task.clone()), Command::CreateTask(id, task.clone()));
        if dry_run {
            return Ok(Effect::Planned(
                plan(&*port, vec![test, create], json!({ "sess": before }), Value::Null).await?,
            ));
        }
        port.plan(create.clone()).await?;
        let deed = Deed {
            action: create.method(),
            target: Object::connection(id.0, &connection.name),
            before: json!({ "sess": before }),
        };
        let performance = self.begin(nas, &*port, origin, deed).await?;
        for command in [test, create] {
            let told = match command {
                // It changes nothing, so it does not count as an action.
                Command::TestTask(..) => {
                    port.tell(command).await.map_err(|failure| Failure { is_open: false, ..failure })
                }
                command => performance.tell(command).await,
            };
            if let Err(failure) = told {
                let after =
                    list().await.ok().and_then(|mut answer| answer.remove("sess")).unwrap_or_default();
                return Err(performance.fail(failure, json!({ "sess": after })).await);
            }
        }
        let after = list().await.ok().and_then(|mut answer| answer.remove("sess"));
        let made = after.as_ref().and_then(|after| new_one(&before, after, &task));
        let mut done = performance.succeed(json!({ "sess": after }), made.is_some()).await;
        done.more.extend(made.map(|made| ("task".to_owned(), made)));
        Ok(Effect::Done(done))
    }
}

/// The task that was not there before and has these folders.
fn new_one(before: &Value, after: &Value, task: &NewTask) -> Option<Value> {
    let id = |entry: &Value| entry.get("sess_id").and_then(Value::as_i64);
    let known: Vec<Option<i64>> = before.as_array().into_iter().flatten().map(id).collect();
    let is_new = |entry: &&Value| {
        !known.contains(&id(entry))
            && entry.get("local_sync_path").and_then(Value::as_str) == Some(task.local_path.as_str())
    };
    after.as_array()?.iter().find(is_new).cloned()
}
