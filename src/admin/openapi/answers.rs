//! The answers of the API as JSON Schemas. Written out by hand, so that a change of an answer is a change here.
//!
//! Objects of the NAS say which of its fields are known; others may come with a newer build, and any may be absent.

use super::super::problems;
use crate::actions::Outcome;
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
    let groups = [of_the_nas(), of_connections(), of_tasks(), of_changes(), of_holds(), of_the_program()];
    groups.into_iter().flatten().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

type Named = Vec<(&'static str, Value)>;

fn of_the_nas() -> Named {
    let nas = object(
        [
            ("name", text()),
            ("up", flag()),
            ("reason", text()),
            ("trouble", text()),
            ("last_success", time()),
            ("login_suspended", flag()),
            ("connections", integer()),
            ("paused", flag()),
            ("holds", integer()),
        ],
        &["name", "login_suspended", "holds"],
    );
    let volume = object(
        [
            ("mount_point", text()),
            ("size_free", integer()),
            ("size_total", integer()),
            ("display", text()),
        ],
        &[],
    );
    let config = object(
        [
            ("admin_mode", text()),
            ("log_count", integer()),
            ("repo_vol_path", text()),
            ("sync_mode", flag()),
            ("volume_count", integer()),
            ("volume_list", list(&volume)),
            ("worker_count", integer()),
        ],
        &[],
    );
    let transfer = object(
        [
            ("base_name", text()),
            ("bit_rate", number()),
            ("current_size", integer()),
            ("path", text()),
            ("session_id", integer()),
            ("status", text()),
            ("total_size", integer()),
            ("user_name", text()),
        ],
        &[],
    );
    let recent = object(
        [
            ("action", integer()),
            ("base_name", text()),
            ("log_level", integer()),
            ("path", text()),
            ("session_id", integer()),
            ("syncfolder_basename", text()),
        ],
        &[],
    );
    vec![
        ("Nas", nas),
        ("NasList", object([("nas", list(&reference("Nas")))], &["nas"])),
        ("PackageConfig", config),
        (
            "Activity",
            object(
                [("processing_items", list(&transfer)), ("history_items", list(&recent))],
                &["processing_items", "history_items"],
            ),
        ),
    ]
}

fn connection_fields() -> [(&'static str, Value); 12] {
    [
        ("id", integer()),
        ("link_status", integer()),
        ("status", text()),
        ("task_display_name", text()),
        ("task_name", text()),
        ("type", text()),
        ("type_id", integer()),
        ("unfinished_files", integer()),
        ("user_id", text()),
        ("user_name", text()),
        ("error", integer()),
        ("error_desc", text()),
    ]
}

fn of_connections() -> Named {
    let settings = object(
        [
            ("client_type", text()),
            ("isSSE", flag()),
            ("is_enabled_schedule", flag()),
            ("max_download_speed", integer()),
            ("max_upload_speed", integer()),
            ("part_size", integer()),
            ("pull_event_period", integer()),
            ("schedule_info", text()),
            ("storage_class", text()),
            ("task_name", text()),
        ],
        &[],
    );
    let log = object(
        [
            ("action", integer()),
            ("error_code", integer()),
            ("file_name", text()),
            ("file_type", text()),
            ("log_level", integer()),
            ("path", text()),
            ("session_id", integer()),
            ("time", integer()),
        ],
        &[],
    );
    let entry = object(connection_fields(), &["id"]);
    let whole = json!({ "allOf": [reference("ConnectionEntry"), object(
        [
            ("settings", reference("Settings")),
            ("property", json!({ "type": "object" })),
            ("holds", list(&reference("Hold"))),
        ],
        &["settings", "property", "holds"],
    )] });
    vec![
        ("ConnectionEntry", entry),
        (
            "Connections",
            object(
                [
                    ("conn", list(&reference("ConnectionEntry"))),
                    ("is_admin_mode", flag()),
                    ("is_pause", flag()),
                    ("tray_status", text()),
                    ("total", integer()),
                ],
                &["conn", "total"],
            ),
        ),
        ("Connection", whole),
        ("Settings", settings),
        ("Schedule", object([("enabled", flag()), ("schedule", texts())], &[])),
        (
            "Access",
            json!({
                "type": "object",
                "description": "Of a secret only whether it is there: the words present and absent.",
                "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
            }),
        ),
        ("Logs", object([("items", list(&log)), ("total", integer())], &["items"])),
    ]
}

fn of_tasks() -> Named {
    let task = object(
        [
            ("cloud_type_str", text()),
            ("conn_id", integer()),
            ("error", integer()),
            ("error_desc", text()),
            ("link_status", integer()),
            ("local_sync_path", text()),
            ("remote_folder_id", text()),
            ("remote_sync_path", text()),
            ("sess_id", integer()),
            ("sync_direction", text()),
            ("sync_status", text()),
        ],
        &[],
    );
    let settings = object(
        [
            ("enable_server_encryption", flag()),
            ("enc_key_exportable", flag()),
            ("google_drive_convert_online_doc", flag()),
            ("no_delete", flag()),
            ("sync_attr_check_option", flag()),
            ("sync_direction", text()),
        ],
        &[],
    );
    let filters = object(
        [
            ("filtered_extensions", texts()),
            ("filtered_max_upload_size", integer()),
            ("filtered_names", texts()),
            ("filtered_paths", texts()),
            ("user_defined_extensions", texts()),
            ("user_defined_names", texts()),
        ],
        &[],
    );
    let folder = object(
        [("exists_type", integer()), ("file_id", text()), ("path", text()), ("text", text())],
        &[],
    );
    vec![
        ("Task", task),
        ("Tasks", object([("sess", list(&reference("Task"))), ("total", integer())], &["sess"])),
        ("TaskSettingsAnswer", settings),
        ("TaskFiltersAnswer", filters),
        ("Folders", object([("children", list(&folder))], &["children"])),
        ("Validity", object([("valid", flag()), ("problem", reference("Problem"))], &["valid"])),
    ]
}

fn of_changes() -> Named {
    let request = object(
        [("api", text()), ("method", text()), ("version", integer()), ("params", json!({ "type": "object" }))],
        &["api", "method", "version", "params"],
    );
    vec![
        (
            "Change",
            object(
                [
                    ("audit_id", integer()),
                    ("before", json!({ "description": "What was before." })),
                    ("after", json!({ "description": "What the NAS shows after; null when it does not say." })),
                    ("verified", flag()),
                    ("not_as_wanted", texts()),
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
            ("rule", text()),
            ("reason", text()),
            ("author", text()),
            ("created", time()),
            ("until", time()),
            ("latch", flag()),
            ("was_paused", flag()),
            ("phase", json!({ "type": "string", "enum": ["pausing", "held", "releasing"] })),
        ],
        &["id", "nas", "connection_id", "connection", "kind", "reason", "author", "created", "latch", "was_paused", "phase"],
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
            ("target", object([("kind", text()), ("id", integer()), ("name", text())], &["kind", "name"])),
            ("reason", text()),
            ("outcome", json!({ "type": "string", "enum": Outcome::WORDS })),
            (
                "error",
                object([("detail", text()), ("code", integer()), ("method", text()), ("reason", text())], &["detail"]),
            ),
            ("duration_seconds", number()),
        ],
        &["id"],
    );
    vec![
        ("Hold", hold),
        ("Holds", object([("holds", list(&reference("Hold")))], &["holds"])),
        ("Record", record),
        ("Audit", object([("records", list(&reference("Record"))), ("next_before", integer())], &["records"])),
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
                    ("decisions", list(&json!({ "type": "object" }))),
                ],
                &["mode", "frozen", "decisions"],
            ),
        ),
        ("Reloaded", object([("reloaded", flag())], &["reloaded"])),
    ]
}

/// One problem may have several statuses.
fn dedup(mut types: Vec<String>) -> Vec<String> {
    types.dedup();
    types
}
