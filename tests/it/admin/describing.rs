//! The API against its own description: every route answers as described, and bodies are refused as described.

use super::api::Api;
use crate::actions::schemas::{text, validator, value};
use cloudsync_exporter::admin::description;
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

/// A schema of the description, with the others that it refers to.
fn described(name: &str) -> Validator {
    let components = description()["components"].clone();
    validator(&json!({ "$ref": format!("#/components/schemas/{name}"), "components": components }))
}

/// The request bodies that only the API has, each with a route that takes it.
const BODIES: [(&str, &str); 6] = [
    ("PauseRequest", "/api/v1/nas/home/connections/3/pause?dry_run=true"),
    ("ResumeRequest", "/api/v1/nas/home/connections/3/resume?dry_run=true"),
    ("PauseAllRequest", "/api/v1/nas/home/pause?dry_run=true"),
    ("ResumeAllRequest", "/api/v1/nas/home/resume?dry_run=true"),
    ("HoldRequest", "/api/v1/holds?dry_run=true"),
    ("SwitchRequest", "/api/v1/automation/freeze?dry_run=true"),
];

fn body() -> impl Strategy<Value = Value> {
    let reason = prop_oneof![4 => Just(json!("x")), 4 => text().prop_map(Value::from), 1 => value()];
    let lasting = prop_oneof![3 => Just(json!("2h")), 1 => text().prop_map(Value::from), 1 => value()];
    let flag = || prop_oneof![4 => any::<bool>().prop_map(Value::from), 1 => value()];
    let all = prop_oneof![4 => Just(json!(true)), 1 => value()];
    let nas = prop_oneof![4 => Just(json!("home")), 1 => value()];
    let id = prop_oneof![4 => Just(json!(3)), 1 => Just(json!(5.0)), 1 => value()];
    let maybe = |field: BoxedStrategy<Value>, weight: f64| proptest::option::weighted(weight, field);
    (
        maybe(reason.boxed(), 0.9),
        maybe(lasting.boxed(), 0.2),
        maybe(flag().boxed(), 0.2),
        maybe(flag().boxed(), 0.2),
        maybe(all.boxed(), 0.9),
        maybe(nas.boxed(), 0.9),
        maybe(id.boxed(), 0.9),
    )
        .prop_map(|(reason, lasting, overrides, latch, all, nas, id)| {
            let fields = [
                ("reason", reason),
                ("for", lasting),
                ("override", overrides),
                ("latch", latch),
                ("all", all),
                ("nas", nas),
                ("connection_id", id),
            ];
            let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::Object(given.collect::<Map<_, _>>())
        })
}

#[tokio::test(start_paused = true)]
async fn bodies_are_refused_as_described() {
    let api = Api::new();
    let validators: Vec<Validator> = BODIES.iter().map(|(name, _)| described(name)).collect();
    let mut runner = TestRunner::deterministic();
    let mut taken = [0; BODIES.len()];
    let schemas = description()["components"]["schemas"].clone();
    for round in 0..1_500 {
        let mut body = body().new_tree(&mut runner).unwrap().current();
        let place = round % BODIES.len();
        let (name, path) = BODIES[place];
        // Of what the route does not know, mostly nothing, or little would be taken.
        if round % 7 > 0 {
            let known = &schemas[name]["properties"];
            body.as_object_mut().unwrap().retain(|field, _| known.get(field).is_some());
        }
        if body["latch"] == true && body.get("for").is_some() {
            continue;
        }
        let got = api.post("root", path, body.clone()).await;
        let valid = validators[place].is_valid(&body);
        assert_eq!(got.problem() != "invalid-body", valid, "{name}: {body}\n{:?}", got.body);
        assert!(got.status < 500, "{name}: {body}\n{:?}", got.body);
        taken[place] += usize::from(valid);
    }
    assert!(taken.iter().all(|count| *count > 20), "{taken:?}");
}

/// Calls of every kind of answer: method, path, template if it differs, body, and the status to come.
fn calls() -> Vec<(&'static str, &'static str, &'static str, Value, u16)> {
    let task = json!({"local_path": "/share/b", "cloud_path": "/b"});
    let new_hold = json!({"nas": "home", "connection_id": 3, "reason": "x", "for": "1h"});
    vec![
        ("GET", "/api/v1/nas", "", Value::Null, 200),
        ("GET", "/api/v1/nas/home/connections", "/api/v1/nas/{nas}/connections", Value::Null, 200),
        ("GET", "/api/v1/nas/home/connections/3", "/api/v1/nas/{nas}/connections/{id}", Value::Null, 200),
        ("GET", "/api/v1/nas/home/activity", "/api/v1/nas/{nas}/activity", Value::Null, 502),
        ("GET", "/api/v1/nas/home/config", "/api/v1/nas/{nas}/config", Value::Null, 200),
        ("PATCH", "/api/v1/nas/home/config", "/api/v1/nas/{nas}/config", json!({"worker_count": 2}), 200),
        ("POST", "/api/v1/nas/home/poll", "/api/v1/nas/{nas}/poll", Value::Null, 200),
        (
            "POST",
            "/api/v1/nas/home/connections/3/pause",
            "/api/v1/nas/{nas}/connections/{id}/pause",
            json!({"reason": "x"}),
            200,
        ),
        (
            "POST",
            "/api/v1/nas/home/connections/3/resume",
            "/api/v1/nas/{nas}/connections/{id}/resume",
            json!({}),
            200,
        ),
        (
            "POST",
            "/api/v1/nas/home/pause",
            "/api/v1/nas/{nas}/pause",
            json!({"all": true, "reason": "x"}),
            202,
        ),
        ("POST", "/api/v1/nas/home/resume", "/api/v1/nas/{nas}/resume", json!({"all": true}), 200),
        ("POST", "/api/v1/holds", "", new_hold.clone(), 201),
        ("POST", "/api/v1/holds?dry_run=true", "/api/v1/holds", new_hold, 200),
        ("GET", "/api/v1/holds", "", Value::Null, 200),
        (
            "POST",
            "/api/v1/nas/home/connections/5/tasks",
            "/api/v1/nas/{nas}/connections/{id}/tasks",
            task.clone(),
            201,
        ),
        (
            "POST",
            "/api/v1/nas/home/connections/5/tasks/validate",
            "/api/v1/nas/{nas}/connections/{id}/tasks/validate",
            task,
            200,
        ),
        ("POST", "/api/v1/automation/freeze", "", json!({"reason": "x"}), 200),
        ("GET", "/api/v1/automation/decisions", "", Value::Null, 200),
        ("GET", "/api/v1/audit", "", Value::Null, 200),
        (
            "DELETE",
            "/api/v1/nas/home/connections/3?confirm=Dropbox",
            "/api/v1/nas/{nas}/connections/{id}",
            Value::Null,
            200,
        ),
        (
            "GET",
            "/api/v1/nas/home/connections/3/settings",
            "/api/v1/nas/{nas}/connections/{id}/settings",
            Value::Null,
            404,
        ),
        ("POST", "/-/reload", "", Value::Null, 200),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_answer_is_as_described() {
    let api = Api::new();
    for nas in [&api.desk.home, &api.desk.office] {
        nas.polled(true, 0.0);
    }
    let mut covered = Vec::new();
    let description = description();
    for (method, path, template, body, status) in calls() {
        let got = api.call("root", method, path, body).await;
        assert_eq!(got.status, status, "{method} {path}: {got:?}");
        let template = if template.is_empty() { path } else { template };
        let operation = &description["paths"][template][method.to_lowercase()];
        let response = &operation["responses"][status.to_string()];
        let kind = if status < 300 { "application/json" } else { "application/problem+json" };
        let schema = &response["content"][kind]["schema"];
        assert!(schema.is_object(), "{method} {template} {status} is not described: {response}");
        let whole = json!({ "allOf": [schema], "components": description["components"] });
        let faults: Vec<String> = validator(&whole)
            .iter_errors(&got.body)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{method} {template}: {faults:?}\n{}", got.body);
        covered.push(operation["operationId"].clone());
    }
    assert!(covered.iter().all(Value::is_string), "{covered:?}");
    api.desk.home.was_told(&[
        "set_global_config",
        "pause 3",
        "resume 3",
        "pause all",
        "resume all",
        "pause 3",
        "test_task_setting 5",
        "create_session 5",
        "test_task_setting 5",
        "unlink_connection 3",
    ]);
}
