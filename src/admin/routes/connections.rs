//! Connections: what they are, their access and logs, pause, resume, removal.

use super::super::call::Call;
use super::super::route::{DRY_RUN, Effects, Outcome, Reply, Route, Verb, at_once};
use super::super::scope::Scope;
use super::super::views;
use super::nas::{GROUPS, QUERY_REASON, grouped};
use crate::actions::schema::{self, Document, Field, Kind, Schema, TextRule};
use crate::actions::{ActionError, LogFilter, Pause, Question, Resume, Target};
use crate::model::{ACTIONS, ConnectionId, LEVELS};
use hyper::StatusCode;
use serde_json::{Value, json};

/// Why something is paused.
pub(super) const REASON: Field =
    Field::required("reason", Kind::Text(TextRule::Reason), "Why, for whoever finds it.");
/// Why something is resumed.
pub(super) const MAY_REASON: Field =
    Field::optional("reason", Kind::Text(TextRule::Reason), "Why, for the audit.");
/// How long a hold lasts.
pub(super) const FOR: Field =
    Field::optional("for", Kind::Span, "How long; left out, until somebody ends it.");
/// Whether alerts' holds end as well.
pub(super) const OVERRIDE: Field = Field::optional(
    "override",
    Kind::Flag,
    "Ends alerts' and latched holds too; an alert's rule then stands down until a new episode.",
);

static PAUSE: Schema = Schema { name: "PauseRequest", fields: &[REASON, FOR], at_least: 1 };
static RESUME: Schema = Schema { name: "ResumeRequest", fields: &[MAY_REASON, OVERRIDE], at_least: 0 };

const LOG_QUERY: [Field; 7] = [
    Field::optional("keyword", Kind::Text(TextRule::Short), "Only rows with this text."),
    Field::optional("from", Kind::Time, "Only rows since this time: seconds since 1970, or RFC 3339."),
    Field::optional("to", Kind::Time, "Only rows until this time: seconds since 1970, or RFC 3339."),
    Field::optional("level", Kind::WordOrNumber(&LEVELS), "Only rows of this level."),
    Field::optional("action", Kind::WordOrNumber(&ACTIONS), "Only rows of this action."),
    Field::optional(
        "offset",
        Kind::Integer { min: 0, max: u32::MAX as i64 },
        "Of the newest rows, how many to skip.",
    ),
    Field::optional("limit", Kind::Integer { min: 1, max: 200 }, "How many rows; 200 unless said."),
];

pub(in super::super) static ROUTES: [Route; 7] = [
    Route {
        effects: Effects::Looks,
        query: &[Field::optional(
            "group_by",
            GROUPS,
            "Which stand together: those of a user, or of a kind of cloud.",
        )],
        ..Route::get(
            "/api/v1/nas/{nas}/connections",
            "list_connections",
            "The connections, from the last poll.",
            "Connections",
            |call| at_once(list(&call)),
        )
    },
    Route::get(
        "/api/v1/nas/{nas}/connections/{id}",
        "get_connection",
        "A connection: its state, settings and property together, and who holds it.",
        "Connection",
        |call| Box::pin(get(call)),
    ),
    Route {
        verb: Verb::Delete,
        scope: Some(Scope::Dangerous),
        effects: Effects::Changes,
        query: &[
            Field::required("confirm", Kind::Text(TextRule::Name), "The connection's name."),
            QUERY_REASON,
            DRY_RUN,
        ],
        ..Route::get(
            "/api/v1/nas/{nas}/connections/{id}",
            "remove_connection",
            "Removes a connection with its tasks. The data stay on both sides.",
            "Change",
            |call| Box::pin(remove(call)),
        )
    },
    Route {
        scope: Some(Scope::Dangerous),
        ..Route::get(
            "/api/v1/nas/{nas}/connections/{id}/auth",
            "get_access",
            "A connection's access to its cloud: of secrets only whether they are there.",
            "Access",
            |call| Box::pin(access(call)),
        )
    },
    Route {
        query: &LOG_QUERY,
        ..Route::get(
            "/api/v1/nas/{nas}/connections/{id}/logs",
            "get_logs",
            "Rows of a connection's log, newest first.",
            "Logs",
            |call| Box::pin(logs(call)),
        )
    },
    Route {
        verb: Verb::Post,
        scope: Some(Scope::Hold),
        effects: Effects::Changes,
        query: &[DRY_RUN],
        body: Some(&PAUSE),
        ..Route::get(
            "/api/v1/nas/{nas}/connections/{id}/pause",
            "pause",
            "Pauses a connection by a hold.",
            "Pause",
            |call| Box::pin(pause(call)),
        )
    },
    Route {
        verb: Verb::Post,
        scope: Some(Scope::Hold),
        effects: Effects::ChangesRegardless,
        query: &[DRY_RUN],
        body: Some(&RESUME),
        ..Route::get(
            "/api/v1/nas/{nas}/connections/{id}/resume",
            "resume",
            "Resumes a connection and ends its holds. Alerts' and latched holds stand in the way unless overridden.",
            "Resume",
            |call| Box::pin(resume(call)),
        )
    },
];

/// The `for` of a body in seconds.
pub(super) fn seconds(call: &Call) -> Option<u64> {
    call.text("for").and_then(|text| schema::span(&text).ok())
}

fn list(call: &Call) -> Outcome {
    let (_, data) = call.data()?;
    let seen = data
        .connections
        .values()
        .filter(|connection| call.grant.may_on_connection(connection.id.0, &connection.names()));
    let by = call.query_text("group_by").unwrap_or_default();
    let listed = if by.is_empty() { seen.collect() } else { grouped(seen, &by) };
    Ok(Reply::ok(views::connections(&data, &listed)))
}

async fn get(call: Call) -> Outcome {
    let connection = call.connection().await?;
    let id = connection.id;
    let mut answers = call
        .ask(vec![Question::Connections, Question::Settings(id), Question::Property(id)])
        .await?
        .into_iter();
    let mut next = || answers.next().unwrap_or_else(|| Ok(Document::new())).map_err(ActionError::from);
    let (list, settings, property) = (next()?, next()?, next()?);
    let entries = list.get("conn").and_then(Value::as_array);
    let entry = entries
        .into_iter()
        .flatten()
        .find(|entry| entry.get("id").and_then(Value::as_i64) == Some(id.0))
        .and_then(Value::as_object)
        .ok_or_else(|| ActionError::UnknownConnection { nas: call.nas_name(), id: id.0 })?;
    let mut shown = entry.clone();
    shown.insert("settings".to_owned(), settings.into());
    shown.insert("property".to_owned(), property.into());
    shown.insert("holds".to_owned(), json!(call.actions().book().of_connection(&call.nas_name(), id)));
    Ok(Reply::ok(shown))
}

async fn access(call: Call) -> Outcome {
    let connection = call.connection().await?;
    Ok(Reply::ok(call.ask_one(Question::Access(connection.id)).await?))
}

async fn logs(call: Call) -> Outcome {
    let connection = call.connection().await?;
    let number = |name: &str| call.query_number(name).and_then(|number| u32::try_from(number).ok());
    let time = |name: &str| call.query.get(name).and_then(|value| schema::time(value).ok());
    let word = |name: &str, words: &[&str]| {
        call.query.get(name).and_then(|value| schema::word_number(words, value).ok()?)
    };
    let filter = LogFilter {
        keyword: call.query_text("keyword").unwrap_or_default(),
        from: time("from"),
        to: time("to"),
        level: word("level", &LEVELS),
        action: word("action", &ACTIONS),
        offset: number("offset").unwrap_or(0),
        limit: number("limit").unwrap_or(200),
    };
    Ok(Reply::ok(call.ask_one(Question::Log(connection.id, filter)).await?))
}

/// Pauses one connection, for this route and for that of holds.
pub(super) async fn pause_one(
    call: &Call,
    id: ConnectionId,
    nas: &crate::model::NasName,
    done: StatusCode,
) -> Outcome {
    let wish = Pause {
        target: Target::One(id),
        reason: call.text("reason").unwrap_or_default(),
        seconds: seconds(call),
        latch: call.flag("latch"),
        holder: None,
    };
    let effect = call.actions().pause(nas, &wish, &call.origin(), call.is_dry_run()).await?;
    Ok(Reply::effect(&effect, done))
}

async fn pause(call: Call) -> Outcome {
    let connection = call.connection().await?;
    pause_one(&call, connection.id, &call.nas_name(), StatusCode::OK).await
}

async fn resume(call: Call) -> Outcome {
    let connection = call.connection().await?;
    let wish = Resume { target: Target::One(connection.id), overrides: call.flag("override") };
    let effect = call.actions().resume(&call.nas_name(), wish, &call.origin(), call.is_dry_run()).await?;
    Ok(Reply::effect(&effect, StatusCode::OK))
}

async fn remove(call: Call) -> Outcome {
    let connection = call.connection().await?;
    let confirm = call.query_text("confirm").unwrap_or_default();
    let effect = call
        .actions()
        .remove_connection(&call.nas_name(), connection.id.0, &confirm, &call.origin(), call.is_dry_run())
        .await?;
    Ok(Reply::effect(&effect, StatusCode::OK))
}
