//! NASes as a whole: their state, their package, everything paused and resumed, polls.

use super::super::call::Call;
use super::super::problems;
use super::super::route::{DRY_RUN, Effects, Outcome, Reply, Route, Verb, at_once};
use super::super::scope::Scope;
use super::super::views;
use crate::actions::schema::{Field, Kind, Schema, TextRule};
use crate::actions::settings::{self, Subject};
use crate::actions::{Object, Pause, Question, Resume, Target};
use crate::model::{Connection, NasName};
use hyper::StatusCode;
use serde_json::{Value, json};
use std::collections::HashMap;

pub(in super::super) static ROUTES: [Route; 8] = [
    Route {
        scope: None,
        effects: Effects::Looks,
        ..Route::get("/api/v1/openapi.json", "get_description", "This description.", "Description", |_| {
            Box::pin(async { Ok(Reply::ok(super::super::openapi::description())) })
        })
    },
    Route {
        effects: Effects::Looks,
        ..Route::get(
            "/api/v1/nas",
            "list_nas",
            "The NASes, each in short, from its last poll.",
            "NasList",
            |call| at_once(Ok(list(&call))),
        )
    },
    Route {
        effects: Effects::Looks,
        ..Route::get(
            "/api/v1/nas/{nas}/config",
            "get_config",
            "The package's settings and the NAS's volumes, from the last poll.",
            "PackageConfig",
            |call| Box::pin(config(call)),
        )
    },
    Route {
        verb: Verb::Patch,
        scope: Some(Scope::Settings),
        may_be_dangerous: true,
        effects: Effects::Changes,
        query: &[DRY_RUN],
        body: Some(&settings::PACKAGE),
        ..Route::get(
            "/api/v1/nas/{nas}/config",
            "change_config",
            "Changes the package's settings that are named. sync_mode, repo_vol_path and admin_mode \"disable\" need \
             the scope dangerous.",
            "Change",
            |call| Box::pin(change_config(call)),
        )
    },
    Route {
        effects: Effects::Looks,
        ..Route::get(
            "/api/v1/nas/{nas}/activity",
            "get_activity",
            "The files in flight and those that were done last, from the last poll.",
            "Activity",
            |call| at_once(activity(&call)),
        )
    },
    Route {
        verb: Verb::Post,
        effects: Effects::Asks,
        ..Route::get(
            "/api/v1/nas/{nas}/poll",
            "poll",
            "Polls now, and answers when it is done.",
            "Nas",
            |call| Box::pin(poll(call)),
        )
    },
    Route {
        verb: Verb::Post,
        scope: Some(Scope::Hold),
        effects: Effects::Changes,
        query: &[DRY_RUN],
        body: Some(&PAUSE_ALL),
        ..Route::get(
            "/api/v1/nas/{nas}/pause",
            "pause_all",
            "Pauses every connection, with a hold on each.",
            "PauseAll",
            |call| Box::pin(pause_all(call)),
        )
    },
    Route {
        verb: Verb::Post,
        scope: Some(Scope::Hold),
        effects: Effects::ChangesRegardless,
        query: &[DRY_RUN],
        body: Some(&RESUME_ALL),
        ..Route::get(
            "/api/v1/nas/{nas}/resume",
            "resume_all",
            "Resumes every connection and ends their holds. Alerts' and latched holds stand in the way unless \
             overridden.",
            "Resume",
            |call| Box::pin(resume_all(call)),
        )
    },
];

const ALL: Field = Field::required("all", Kind::True, "Says out loud that every connection is meant.");

static PAUSE_ALL: Schema = Schema {
    name: "PauseAllRequest",
    fields: &[ALL, super::connections::REASON, super::connections::FOR],
    at_least: 2,
};

static RESUME_ALL: Schema = Schema {
    name: "ResumeAllRequest",
    fields: &[ALL, super::connections::MAY_REASON, super::connections::OVERRIDE],
    at_least: 1,
};

/// How the list of connections can be ordered.
pub(super) const GROUPS: Kind = Kind::Word(&["group_by_user", "group_by_cloud_type"]);

fn one(call: &Call, name: &NasName) -> Value {
    let snapshot = call.actions().directory().nas(name).and_then(|nas| nas.snapshot());
    let mut holds = call.actions().book().of_nas(name);
    holds.retain(|hold| call.may_on_hold(hold));
    views::nas(name, snapshot.as_deref(), &holds)
}

fn list(call: &Call) -> Reply {
    let names = call.actions().directory().names();
    let shown: Vec<Value> =
        names.iter().filter(|name| call.grant.may_on(name)).map(|name| one(call, name)).collect();
    Reply::ok(json!({ "nas": shown }))
}

async fn config(call: Call) -> Outcome {
    let (_, data) = call.data()?;
    match &data.package {
        Some(package) => Ok(Reply::ok(views::package(package))),
        // The slow part of the poll failed, or is still to come.
        None => Ok(Reply::ok(call.ask_one(Question::Package).await?)),
    }
}

async fn change_config(call: Call) -> Outcome {
    call.needs_all_connections()?;
    let is_dangerous = |name: &str, value: &Value| match name {
        "sync_mode" | "repo_vol_path" => true,
        "admin_mode" => value == "disable",
        _ => false,
    };
    for (name, value) in &call.body {
        let scope = if is_dangerous(name, value) { Scope::Dangerous } else { Scope::Settings };
        call.needs(scope, name)?;
    }
    let nas = call.nas_name();
    let object = Object::nas(nas.as_str());
    let effect = call
        .actions()
        .change(&nas, Subject::Package, object, call.body.clone(), &call.origin(), call.is_dry_run())
        .await?;
    Ok(Reply::effect(&effect, StatusCode::OK))
}

/// The connections in an order in which those of a group stand together; groups and members keep the order in which
/// they come.
pub(super) fn grouped<'a>(
    connections: impl Iterator<Item = &'a Connection>,
    by: &str,
) -> Vec<&'a Connection> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut grouped: Vec<(usize, &Connection)> = connections
        .map(|connection| {
            let group = match by {
                "group_by_cloud_type" => connection.kind.clone(),
                _ => connection.user.clone(),
            };
            let next = places.len();
            (*places.entry(group).or_insert(next), connection)
        })
        .collect();
    grouped.sort_by_key(|(place, _)| *place);
    grouped.into_iter().map(|(_, connection)| connection).collect()
}

fn activity(call: &Call) -> Outcome {
    let (_, data) = call.data()?;
    let may = |connection: Option<crate::model::ConnectionId>| match connection {
        Some(id) => {
            let names = data.connections.get(&id).map(Connection::names).unwrap_or_default();
            call.grant.may_on_connection(id.0, &names)
        }
        None => call.grant.may_on_all(),
    };
    let transfers = data.transfers.as_ref().map(|transfers| {
        let seen = transfers.iter().filter(|transfer| may(transfer.connection));
        seen.map(views::transfer).collect::<Vec<_>>()
    });
    let recent = data.recent.as_ref().map(|files| {
        let seen = files.iter().filter(|file| may(file.connection));
        seen.map(views::recent).collect::<Vec<_>>()
    });
    if transfers.is_none() && recent.is_none() {
        return Err(problems::NO_DATA_REFUSED.because("the last poll had no answer about transfers").into());
    }
    Ok(Reply::ok(
        json!({ "processing_items": transfers.unwrap_or_default(), "history_items": recent.unwrap_or_default() }),
    ))
}

async fn poll(call: Call) -> Outcome {
    if !call.nas()?.poll().await {
        return Err(problems::NAS_SILENT.because("the poll did not end in time").into());
    }
    Ok(Reply::ok(one(&call, &call.nas_name())))
}

async fn pause_all(call: Call) -> Outcome {
    call.needs_all_connections()?;
    let wish = Pause {
        target: Target::All,
        reason: call.text("reason").unwrap_or_default(),
        seconds: super::connections::seconds(&call),
        latch: false,
        holder: None,
    };
    let effect = call.actions().pause(&call.nas_name(), &wish, &call.origin(), call.is_dry_run()).await?;
    Ok(Reply::effect(&effect, StatusCode::OK))
}

async fn resume_all(call: Call) -> Outcome {
    call.needs_all_connections()?;
    let wish = Resume { target: Target::All, overrides: call.flag("override") };
    let effect = call.actions().resume(&call.nas_name(), wish, &call.origin(), call.is_dry_run()).await?;
    Ok(Reply::effect(&effect, StatusCode::OK))
}

/// A reason in a query, for calls without a body.
pub(super) const QUERY_REASON: Field =
    Field::optional("reason", Kind::Text(TextRule::Reason), "Why, for the audit.");
