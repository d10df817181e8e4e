//! The API's description, `OpenAPI` 3.1, made of the tables of routes.

mod answers;

use super::problems;
use super::route::{Effects, Route};
use super::routes;
use super::scope::Scope;
use crate::actions::schema::Field;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The description as a JSON document.
pub fn description() -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes::all() {
        let path = paths.entry(route.path).or_default();
        path.insert(route.verb.method().as_str().to_lowercase(), operation(route));
    }
    let mut schemas = answers::schemas();
    for body in routes::all().filter_map(|route| route.body) {
        schemas.insert(body.name.to_owned(), body.json_schema());
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "cloudsync-exporter admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Looks at Synology Cloud Sync and changes it. Answers have the NAS's own field names; what \
                            the NAS did not say is absent. A change is recorded before it is made.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": {
                "type": "http", "scheme": "bearer",
                "description": "A token of admin.tokens. Each operation says which scope it needs.",
            } },
        },
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "responses": responses(route),
    });
    let scope = route.scope.map(Scope::as_str);
    operation["security"] = match scope {
        Some(_) => json!([{ "token": [] }]),
        None => json!([]),
    };
    if let Some(scope) = scope {
        operation["x-scope"] = json!(scope);
        let besides = if route.may_be_dangerous { "; for some fields dangerous" } else { "" };
        operation["description"] = json!(format!("Needs the scope {scope}{besides}."));
    }
    let parameters = parameters(route);
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = route.body {
        operation["requestBody"] = json!({
            "required": body.fields.iter().any(|field| field.required) || body.at_least > 0,
            "content": { "application/json": { "schema": reference(body.name) } },
        });
    }
    if route.raw.is_some() {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": reference("Notification") } },
        });
    }
    operation
}

fn parameters(route: &Route) -> Vec<Value> {
    let of_path = [
        ("nas", "The NAS's name in the configuration.", json!({ "type": "string" })),
        ("id", "The number of the connection or task.", json!({ "type": "integer", "minimum": 0 })),
        ("hold", "The hold's id.", json!({ "type": "string" })),
    ];
    let mut parameters: Vec<Value> = of_path
        .into_iter()
        .filter(|(name, _, _)| route.names(name))
        .map(|(name, doc, schema)| {
            json!({ "name": name, "in": "path", "required": true, "description": doc, "schema": schema })
        })
        .collect();
    parameters.extend(route.query.iter().map(|Field { name, kind, required, doc }| {
        json!({
            "name": name, "in": "query", "required": required, "description": doc, "schema": kind.json_schema(),
        })
    }));
    if route.effects.changes() {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "A repeat with the same key and the same request gets the first answer, for 24 hours.",
            "schema": { "type": "string", "pattern": r#"^("[!#-\[\]-~]{1,255}"|[!#-\[\]-~]{1,255})$"# },
        }));
    }
    parameters
}

fn responses(route: &Route) -> Map<String, Value> {
    let mut responses = Map::new();
    let mut add = |status: u16, description: &str, content: Value| {
        responses.insert(status.to_string(), json!({ "description": description, "content": content }));
    };
    let json_of = |schema: Value| json!({ "application/json": { "schema": schema } });
    let answer = reference(route.answer);
    let done = route.success.as_u16();
    if route.effects.changes() {
        let planned = reference("DryRun");
        if done == 200 {
            add(
                200,
                "It was done; or, dry, what would be.",
                json_of(json!({ "anyOf": [answer.clone(), planned] })),
            );
        } else {
            add(done, "It was done.", json_of(answer.clone()));
            add(200, "What would be done.", json_of(planned));
        }
        add(202, "The NAS says that it did it, and does not show it yet.", json_of(answer));
    } else {
        add(done, "The answer.", json_of(answer));
    }
    let problem = json!({ "application/problem+json": { "schema": reference("Problem") } });
    for (status, kinds) in refusals(route) {
        let titles: Vec<&str> = kinds.iter().map(|kind| kind.2).collect();
        let description = format!("{}.", titles.join("; "));
        add(status, &description, problem.clone());
    }
    responses
}

/// The problems that a route can answer with, by status.
fn refusals(route: &Route) -> BTreeMap<u16, Vec<&'static problems::Kind>> {
    let mut kinds: Vec<&'static problems::Kind> = vec![
        &problems::HOST,
        &problems::ORIGIN,
        &problems::PARAMETER,
        &problems::BAD_REQUEST,
        &problems::METHOD,
        &problems::NOT_FOUND,
        &problems::INTERNAL,
    ];
    if route.scope.is_some() {
        kinds.extend([&problems::UNAUTHORIZED, &problems::FORBIDDEN]);
        // The webhook's senders would give up on it.
        if route.raw.is_none() {
            kinds.push(&problems::TOO_MANY_FAILURES);
        }
    }
    if route.body.is_some() {
        kinds.extend([
            &problems::MEDIA_TYPE,
            &problems::TOO_LARGE,
            &problems::TIMEOUT,
            &problems::MALFORMED,
            &problems::INVALID,
        ]);
    }
    if route.raw.is_some() {
        kinds.extend([
            &problems::TOO_LARGE,
            &problems::TIMEOUT,
            &problems::MALFORMED,
            &problems::TOO_MANY_ALERTS,
            &problems::NOT_KEPT,
        ]);
    }
    if route.names("nas") || route.id == "create_hold" {
        kinds.push(&problems::UNKNOWN_NAS);
    }
    if route.names("id") {
        kinds.extend([&problems::UNKNOWN_CONNECTION, &problems::UNKNOWN_TASK]);
    }
    if route.names("hold") {
        kinds.push(&problems::UNKNOWN_HOLD);
    }
    if route.effects.changes() {
        kinds.extend([
            &problems::KEY_INVALID,
            &problems::KEY_MISMATCH,
            &problems::KEY_IN_PROGRESS,
            &problems::KEY_INTERRUPTED,
            &problems::AUDIT,
            &problems::BUSY,
            &problems::HELD,
            &problems::TOO_MANY_HOLDS,
            &problems::UNCONFIRMED,
        ]);
    }
    let asks = route.effects != Effects::Looks && route.effects.needs_nas();
    if asks || route.names("nas") {
        kinds.extend([
            &problems::NAS_REFUSED,
            &problems::NAS_SILENT,
            &problems::NAS_BROKEN,
            &problems::NAS_INCOMPLETE,
            &problems::NO_DATA_REFUSED,
            &problems::NO_DATA_SILENT,
        ]);
    }
    match route.id {
        "create_task" | "validate_task" => kinds.extend([&problems::NOT_S3, &problems::BUSY]),
        "list_audit" => kinds.push(&problems::AUDIT),
        "reload" => kinds.push(&problems::RELOAD),
        _ => {}
    }
    let mut by_status: BTreeMap<u16, Vec<&'static problems::Kind>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for kind in kinds.into_iter().filter(|kind| seen.insert(kind.0)) {
        by_status.entry(kind.1.as_u16()).or_default().push(kind);
    }
    by_status
}
