//! Settings and schedules of connections, settings and filters of tasks.

use super::super::call::Call;
use super::super::route::{DRY_RUN, Effects, Outcome, Reply, Route, Verb};
use super::super::scope::Scope;
use crate::actions::Object;
use crate::actions::settings::{self, Subject};
use hyper::StatusCode;

/// A route that changes settings.
const fn change(mut route: Route, verb: Verb, body: &'static crate::actions::schema::Schema) -> Route {
    route.verb = verb;
    route.scope = Some(Scope::Settings);
    route.effects = Effects::Changes;
    route.query = &[DRY_RUN];
    route.body = Some(body);
    route
}

pub(in super::super) static ROUTES: [Route; 8] = [
    Route::get(
        "/api/v1/nas/{nas}/connections/{id}/settings",
        "get_settings",
        "A connection's settings.",
        "Settings",
        |call| Box::pin(get_of_connection(call, Subject::Connection)),
    ),
    change(
        Route::get(
            "/api/v1/nas/{nas}/connections/{id}/settings",
            "change_settings",
            "Changes the settings of a connection that are named, and no others.",
            "Change",
            |call| Box::pin(change_of_connection(call, Subject::Connection)),
        ),
        Verb::Patch,
        &settings::CONNECTION,
    ),
    Route::get(
        "/api/v1/nas/{nas}/connections/{id}/schedule",
        "get_schedule",
        "When a connection may sync.",
        "Schedule",
        |call| Box::pin(get_of_connection(call, Subject::Schedule)),
    ),
    change(
        Route::get(
            "/api/v1/nas/{nas}/connections/{id}/schedule",
            "set_schedule",
            "Sets when a connection may sync.",
            "Change",
            |call| Box::pin(change_of_connection(call, Subject::Schedule)),
        ),
        Verb::Put,
        &settings::SCHEDULE,
    ),
    Route::get(
        "/api/v1/nas/{nas}/tasks/{id}/settings",
        "get_task_settings",
        "A task's settings.",
        "TaskSettingsAnswer",
        |call| Box::pin(get_of_task(call, Subject::Task)),
    ),
    change(
        Route::get(
            "/api/v1/nas/{nas}/tasks/{id}/settings",
            "change_task_settings",
            "Changes the settings of a task that are named, and no others.",
            "Change",
            |call| Box::pin(change_of_task(call, Subject::Task)),
        ),
        Verb::Patch,
        &settings::TASK,
    ),
    Route::get(
        "/api/v1/nas/{nas}/tasks/{id}/filters",
        "get_task_filters",
        "What a task leaves out.",
        "TaskFiltersAnswer",
        |call| Box::pin(get_of_task(call, Subject::Filters)),
    ),
    change(
        Route::get(
            "/api/v1/nas/{nas}/tasks/{id}/filters",
            "change_task_filters",
            "Changes the filters of a task that are named, and no others.",
            "Change",
            |call| Box::pin(change_of_task(call, Subject::Filters)),
        ),
        Verb::Patch,
        &settings::FILTERS,
    ),
];

async fn get(call: &Call, subject: Subject) -> Outcome {
    let settings = call.ask_one(subject.question()).await?;
    Ok(Reply::ok(subject.view(&settings)))
}

async fn put(call: &Call, subject: Subject, object: Object) -> Outcome {
    let effect = call
        .actions()
        .change(&call.nas_name(), subject, object, call.body.clone(), &call.origin(), call.is_dry_run())
        .await?;
    Ok(Reply::effect(&effect, StatusCode::OK))
}

async fn get_of_connection(call: Call, subject: fn(crate::model::ConnectionId) -> Subject) -> Outcome {
    let connection = call.connection().await?;
    get(&call, subject(connection.id)).await
}

async fn change_of_connection(call: Call, subject: fn(crate::model::ConnectionId) -> Subject) -> Outcome {
    let connection = call.connection().await?;
    put(&call, subject(connection.id), Call::object(&connection)).await
}

async fn get_of_task(call: Call, subject: fn(crate::model::TaskId) -> Subject) -> Outcome {
    let task = call.task().await?;
    get(&call, subject(task.id)).await
}

async fn change_of_task(call: Call, subject: fn(crate::model::TaskId) -> Subject) -> Outcome {
    let task = call.task().await?;
    put(&call, subject(task.id), Object::task(task.id.0, &task.local_path, task.connection.id.0)).await
}
