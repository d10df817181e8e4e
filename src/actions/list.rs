//! Which connections and tasks there are: from the last poll, or from the NAS where that does not know.

use super::port::{Nas, Question};
use super::schema::Document;
use super::{ActionError, Actions, Failure, FailureKind};
use crate::model::{Connection, ConnectionId, DownReason, NasName, Snapshot, Status, Task, TaskId};
use serde_json::Value;
use std::sync::Arc;

/// A connection in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its number.
    pub id: ConnectionId,
    /// What people call it.
    pub name: String,
    /// Every name that it goes by.
    pub names: Vec<String>,
    /// Its state.
    pub status: Option<Status>,
}

impl Listed {
    fn of_document(entry: &Value) -> Option<Self> {
        let text = |name: &str| entry.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let names: Vec<String> =
            [text("task_display_name"), text("task_name")].into_iter().flatten().collect();
        Some(Self {
            // Negative ids mean something else to the NAS: -1 is "all".
            id: ConnectionId(entry.get("id")?.as_i64().filter(|id| *id >= 0)?),
            name: names.first().cloned().unwrap_or_default(),
            names,
            status: text("status").map(|word| Status::parse(&word)),
        })
    }

    fn of_model(connection: &Connection) -> Self {
        Self {
            id: connection.id,
            name: connection.name.clone(),
            names: connection.names(),
            status: connection.status.clone(),
        }
    }

    /// The state's word; null when the NAS did not say.
    pub fn status_word(&self) -> Value {
        self.status.as_ref().map_or(Value::Null, |status| status.as_str().into())
    }
}

/// A task, with the connection that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedTask {
    /// Its number.
    pub id: TaskId,
    /// The folder on the NAS.
    pub local_path: String,
    /// The id of its folder in the cloud.
    pub remote_folder_id: Option<String>,
    /// The connection.
    pub connection: Listed,
}

/// What is wrong with answers that are too few.
const NO_ANSWER: &str = "the answer leaves a question out";

/// One answer to one question.
pub(super) async fn ask(nas: &dyn Nas, question: Question) -> Result<Document, Failure> {
    nas.ask(vec![question]).await?.pop().unwrap_or_else(|| Err(broken(NO_ANSWER)))
}

/// An answer that is none.
fn broken(detail: &str) -> Failure {
    Failure {
        kind: FailureKind::Broken,
        detail: detail.to_owned(),
        advice: String::new(),
        reason: DownReason::Decode,
        code: None,
        method: None,
        is_open: false,
    }
}

/// The connections as the NAS lists them now.
pub(super) async fn connections(nas: &dyn Nas) -> Result<Vec<Listed>, Failure> {
    listed(Some(ask(nas, Question::Connections).await))
}

/// The connections of an answer to that question.
pub(super) fn listed(answer: Option<Result<Document, Failure>>) -> Result<Vec<Listed>, Failure> {
    let answer = answer.unwrap_or_else(|| Err(broken(NO_ANSWER)))?;
    // Taken for an empty list, it would end every hold.
    let entries = answer.get("conn").and_then(Value::as_array);
    let entries = entries.ok_or_else(|| broken("the list of connections is not there"))?;
    Ok(entries.iter().filter_map(Listed::of_document).collect())
}

/// The last poll, while what it saw is not too old to be believed.
fn fresh(snapshot: Option<&Arc<Snapshot>>) -> Option<&crate::model::Data> {
    snapshot?.data.as_deref()
}

impl Actions {
    /// A connection. One that the last poll does not have is asked for.
    pub async fn connection(&self, nas: &NasName, id: i64) -> Result<Listed, ActionError> {
        let port = self.nas(nas)?;
        let snapshot = port.snapshot();
        if let Some(connection) =
            fresh(snapshot.as_ref()).and_then(|data| data.connections.get(&ConnectionId(id)))
        {
            return Ok(Listed::of_model(connection));
        }
        self.connection_now(nas, id).await
    }

    /// A connection, as the NAS has it now.
    pub async fn connection_now(&self, nas: &NasName, id: i64) -> Result<Listed, ActionError> {
        let port = self.nas(nas)?;
        find(nas, connections(&*port).await?, id)
    }

    /// A task. One that the last poll does not have is asked for.
    pub async fn task(&self, nas: &NasName, id: i64) -> Result<ListedTask, ActionError> {
        let port = self.nas(nas)?;
        let snapshot = port.snapshot();
        if let Some(data) = fresh(snapshot.as_ref())
            && let Some(task) = data.tasks.get(&TaskId(id))
            && let Some(connection) = data.connections.get(&task.connection)
        {
            let Task { local_path, remote_folder_id, .. } = task;
            return Ok(ListedTask {
                id: TaskId(id),
                local_path: local_path.clone(),
                remote_folder_id: remote_folder_id.clone(),
                connection: Listed::of_model(connection),
            });
        }
        self.task_now(nas, id).await
    }

    /// A task, as the NAS has it now.
    pub async fn task_now(&self, nas: &NasName, id: i64) -> Result<ListedTask, ActionError> {
        let port = self.nas(nas)?;
        let listed = connections(&*port).await?;
        let questions = listed.iter().map(|connection| Question::Tasks(connection.id)).collect();
        let answers = port.ask(questions).await?;
        let mut failure = None;
        for (connection, answer) in listed.into_iter().zip(answers) {
            match answer {
                Ok(answer) => {
                    if let Some(task) = task_of(&answer, id, &connection) {
                        return Ok(task);
                    }
                }
                Err(error) => failure = Some(error),
            }
        }
        // Where a list is missing, nobody can say that the task does not exist.
        Err(failure.map_or_else(|| ActionError::UnknownTask { nas: nas.clone(), id }, ActionError::from))
    }
}

fn task_of(answer: &Document, id: i64, connection: &Listed) -> Option<ListedTask> {
    let entries = answer.get("sess")?.as_array()?;
    let entry = entries.iter().find(|entry| entry.get("sess_id").and_then(Value::as_i64) == Some(id))?;
    let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(ListedTask {
        id: TaskId(id),
        local_path: text("local_sync_path").unwrap_or_default(),
        remote_folder_id: text("remote_folder_id"),
        connection: connection.clone(),
    })
}

/// The connection of that id.
pub(super) fn find(nas: &NasName, listed: Vec<Listed>, id: i64) -> Result<Listed, ActionError> {
    listed
        .into_iter()
        .find(|connection| connection.id.0 == id)
        .ok_or_else(|| ActionError::UnknownConnection { nas: nas.clone(), id })
}
