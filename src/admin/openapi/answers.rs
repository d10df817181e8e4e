//! The answers of the API as JSON Schemas. Written out by hand, so that a change of an answer is a change here.
//!
//! Objects of the NAS say which of its fields are known; others may come with a newer build, and any may be absent.

mod objects;

use super::super::problems;
use super::super::routes::OUTCOMES;
use crate::actions::{Cause, Outcome};
use serde_json::{Map, Value, json};

fn text() -> Value {
    json!({ "type": "string" })
}

fn number() -> Value {
    json!({ "type": "number" })
}

fn integer() -> Value {
    json!({ "type": "integer" })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn texts() -> Value {
    list(&text())
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object with some fields, of which some are always there.
fn object<const N: usize>(fields: [(&str, Value); N], required: &[&str]) -> Value {
    let properties: Map<String, Value> =
        fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// A change that was made, with further fields.
fn change<const N: usize>(more: [(&str, Value); N], required: &[&str]) -> Value {
    json!({ "allOf": [reference("Change"), object(more, required)] })
}

/// Every answer by its name.
pub(super) fn schemas() -> Map<String, Value> {
    let groups = [
        objects::of_the_nas(),
        objects::of_connections(),
        objects::of_tasks(),
        of_changes(),
        of_holds(),
        of_the_program(),
    ];
    groups.into_iter().flatten().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

type Named = Vec<(&'static str, Value)>;

fn of_changes() -> Named {
    let request = object(
        [
            ("api", text()),
            ("method", text()),
            ("version", integer()),
            ("params", json!({ "type": "object" })),
        ],
        &["api", "method", "version", "params"],
    );
    vec![
        (
            "Change",
            object(
                [
                    ("audit_id", integer()),
                    ("before", json!({ "description": "What was before." })),
                    (
                        "after",
                        json!({ "description": "What the NAS shows after; null when it does not say." }),
                    ),
                    ("verified", flag()),
                    ("not_as_wanted", texts()),
                    ("ended_holds", list(&reference("Hold"))),
                ],
                &["before", "after", "verified"],
            ),
        ),
        (
            "DryRun",
            object(
                [
                    ("dry_run", json!({ "type": "boolean", "const": true })),
                    ("before", json!({ "description": "What is." })),
                    ("after", json!({ "description": "What would be, as far as that is known." })),
                    ("requests", list(&request)),
                    ("ended_holds", list(&reference("Hold"))),
                ],
                &["dry_run", "before", "after", "requests"],
            ),
        ),
        ("Pause", change([("hold", reference("Hold"))], &["hold"])),
        ("PauseAll", change([("holds", list(&reference("Hold")))], &["holds"])),
        ("Resume", change([("ended_holds", list(&reference("Hold")))], &["ended_holds"])),
        ("NewTaskAnswer", change([("task", reference("Task"))], &[])),
    ]
}

fn of_holds() -> Named {
    let hold = object(
        [
            ("id", text()),
            ("nas", text()),
            ("connection_id", integer()),
            ("connection", text()),
            ("kind", json!({ "type": "string", "enum": ["manual", "alert"] })),
            ("action", json!({ "type": "string", "enum": ["pause", "settings"] })),
            ("rule", text()),
            ("episode", text()),
            (
                "set",
                json!({
                    "type": "object",
                    "description": "The settings that are held, at these values or at stricter ones.",
                    "additionalProperties": { "type": "integer", "minimum": 0 },
                }),
            ),
            ("reason", text()),
            ("author", text()),
            ("created", time()),
            ("until", time()),
            ("latest", time()),
            ("latch", flag()),
            ("was_paused", flag()),
            ("was_shown", flag()),
            ("phase", json!({ "type": "string", "enum": ["pausing", "held", "releasing"] })),
            ("cause", json!({ "type": "string", "enum": Cause::WORDS })),
        ],
        &[
            "id",
            "nas",
            "connection_id",
            "connection",
            "kind",
            "action",
            "reason",
            "author",
            "created",
            "latch",
            "was_paused",
            "was_shown",
            "phase",
        ],
    );
    let record = object(
        [
            ("id", integer()),
            ("time", time()),
            ("token", text()),
            ("peer", text()),
            ("route", text()),
            ("action", text()),
            ("source", json!({ "type": "string", "enum": ["api", "rule", "release"] })),
            ("nas", text()),
            (
                "target",
                object(
                    [("kind", text()), ("id", integer()), ("name", text()), ("connection_id", integer())],
                    &["kind", "name"],
                ),
            ),
            ("reason", text()),
            ("outcome", json!({ "type": "string", "enum": Outcome::WORDS })),
            (
                "error",
                object(
                    [("detail", text()), ("code", integer()), ("method", text()), ("reason", text())],
                    &["detail"],
                ),
            ),
            ("duration_seconds", number()),
        ],
        &["id"],
    );
    vec![
        ("Hold", hold),
        ("Holds", object([("holds", list(&reference("Hold")))], &["holds"])),
        ("Record", record),
        (
            "Audit",
            object([("records", list(&reference("Record"))), ("next_before", integer())], &["records"]),
        ),
    ]
}

fn of_the_program() -> Named {
    let types: Vec<String> = problems::ALL.iter().map(|kind| kind.uri()).collect();
    let fault = object([("pointer", text()), ("parameter", text()), ("detail", text())], &[]);
    let problem = object(
        [
            ("type", json!({ "type": "string", "format": "uri", "enum": dedup(types) })),
            ("title", text()),
            ("status", integer()),
            ("detail", text()),
            ("errors", list(&json!({ "anyOf": [fault, text()] }))),
            ("nas_code", integer()),
            ("nas_method", text()),
            ("reason", text()),
            ("audit_id", integer()),
            ("holds", list(&reference("Hold"))),
        ],
        &["type", "title", "status"],
    );
    vec![
        ("Problem", problem),
        ("Description", json!({ "type": "object" })),
        ("Frozen", object([("frozen", flag()), ("audit_id", integer())], &["frozen"])),
        (
            "Decisions",
            object(
                [
                    ("mode", json!({ "type": "string", "enum": ["observe", "enforce"] })),
                    ("frozen", flag()),
                    ("decisions", list(&decision())),
                    ("next_before", integer()),
                ],
                &["mode", "frozen", "decisions"],
            ),
        ),
        ("Reloaded", object([("reloaded", flag())], &["reloaded"])),
        ("Accepted", object([("accepted", integer()), ("malformed", integer())], &["accepted", "malformed"])),
        ("Notification", notification()),
    ]
}

fn decision() -> Value {
    object(
        [
            ("id", integer()),
            ("time", time()),
            ("rule", text()),
            ("alert", text()),
            ("fingerprint", text()),
            ("episode", text()),
            ("nas", text()),
            ("connection_id", integer()),
            ("connection", text()),
            ("outcome", json!({ "type": "string", "enum": OUTCOMES })),
            ("guard", text()),
            ("detail", text()),
            ("mode", json!({ "type": "string", "enum": ["observe", "enforce"] })),
        ],
        &["id", "time", "fingerprint", "outcome", "mode"],
    )
}

/// What a notification has to have. What else there is may be anything; an alert that cannot be read costs itself.
fn notification() -> Value {
    json!({
        "type": "object",
        "description": "Alertmanager's webhook payload, version 4, or Grafana's, version 1.",
        "required": ["version", "alerts"],
        "properties": {
            "version": { "enum": ["1", "4", 1, 4] },
            "truncatedAlerts": { "type": ["integer", "null"], "minimum": 0 },
            "alerts": {
                "type": "array",
                "items": { "description": "status, labels, annotations, startsAt, endsAt, fingerprint, …" },
            },
        },
    })
}

/// One problem may have several statuses.
fn dedup(mut types: Vec<String>) -> Vec<String> {
    types.dedup();
    types
}
