//! Tasks: the list, the folders in the cloud, new ones on Amazon S3, removal.

use super::super::call::Call;
use super::super::problems;
use super::super::route::{DRY_RUN, Effects, Outcome, Reply, Route, Verb};
use super::super::scope::Scope;
use super::nas::QUERY_REASON;
use crate::actions::schema::{Field, Kind, TextRule};
use crate::actions::{NEW_TASK, NewTask, Question};
use hyper::StatusCode;
use serde_json::json;

pub(in super::super) static ROUTES: [Route; 5] = [
    Route::get(
        "/api/v1/nas/{nas}/connections/{id}/tasks",
        "list_tasks",
        "A connection's tasks.",
        "Tasks",
        |call| Box::pin(list(call)),
    ),
    Route {
        verb: Verb::Post,
        scope: Some(Scope::Settings),
        effects: Effects::Changes,
        query: &[DRY_RUN],
        body: Some(&NEW_TASK),
        success: StatusCode::CREATED,
        ..Route::get(
            "/api/v1/nas/{nas}/connections/{id}/tasks",
            "create_task",
            "Makes a task on an Amazon S3 connection: validated first, made only when it is valid.",
            "NewTaskAnswer",
            |call| Box::pin(create(call)),
        )
    },
    Route {
        verb: Verb::Post,
        scope: Some(Scope::Settings),
        effects: Effects::Asks,
        body: Some(&NEW_TASK),
        ..Route::get(
            "/api/v1/nas/{nas}/connections/{id}/tasks/validate",
            "validate_task",
            "Asks the NAS whether a task could be made on an Amazon S3 connection. Changes nothing.",
            "Validity",
            |call| Box::pin(validate(call)),
        )
    },
    Route {
        query: &[
            Field::optional("path", Kind::Text(TextRule::Path), "Below which folder; / unless said."),
            Field::optional(
                "file_id",
                Kind::Text(TextRule::Short),
                "Its id in the cloud; the task's own unless said.",
            ),
        ],
        ..Route::get(
            "/api/v1/nas/{nas}/tasks/{id}/folders",
            "list_folders",
            "The folders in the cloud below one.",
            "Folders",
            |call| Box::pin(folders(call)),
        )
    },
    Route {
        verb: Verb::Delete,
        scope: Some(Scope::Dangerous),
        effects: Effects::Changes,
        query: &[
            Field::required(
                "confirm",
                Kind::Text(TextRule::Path),
                "The task's folder on the NAS, local_sync_path.",
            ),
            QUERY_REASON,
            DRY_RUN,
        ],
        ..Route::get(
            "/api/v1/nas/{nas}/tasks/{id}",
            "remove_task",
            "Removes a task. The data stay on both sides.",
            "Change",
            |call| Box::pin(remove(call)),
        )
    },
];

async fn list(call: Call) -> Outcome {
    let connection = call.connection().await?;
    Ok(Reply::ok(call.ask_one(Question::Tasks(connection.id)).await?))
}

async fn create(call: Call) -> Outcome {
    let connection = call.connection().await?;
    let effect = call
        .actions()
        .create_task(
            &call.nas_name(),
            &connection,
            NewTask::of(&call.body),
            &call.origin(),
            call.is_dry_run(),
        )
        .await?;
    Ok(Reply::effect(&effect, StatusCode::CREATED))
}

async fn validate(call: Call) -> Outcome {
    let connection = call.connection().await?;
    let verdict = call
        .actions()
        .validate_task(&call.nas_name(), &connection, NewTask::of(&call.body), &call.origin())
        .await?;
    Ok(Reply::ok(match verdict {
        Ok(()) => json!({ "valid": true }),
        Err(failure) => {
            let detail = problems::of_failure(&failure);
            json!({ "valid": false, "problem": detail })
        }
    }))
}

async fn folders(call: Call) -> Outcome {
    let task = call.task().await?;
    let question = Question::Folders {
        task: task.id,
        file_id: call.query_text("file_id").or(task.remote_folder_id).unwrap_or_default(),
        path: call.query_text("path").unwrap_or_else(|| "/".to_owned()),
    };
    Ok(Reply::ok(call.ask_one(question).await?))
}

async fn remove(call: Call) -> Outcome {
    let task = call.task().await?;
    let confirm = call.query_text("confirm").unwrap_or_default();
    let effect = call
        .actions()
        .remove_task(&call.nas_name(), &task, &confirm, &call.origin(), call.is_dry_run())
        .await?;
    Ok(Reply::effect(&effect, StatusCode::OK))
}
