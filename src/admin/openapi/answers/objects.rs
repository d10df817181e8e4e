//! The NAS's own objects, and those of this program beside them.

use super::{Named, flag, integer, list, number, object, reference, text, texts, time};
use serde_json::{Value, json};

pub(super) fn of_the_nas() -> Named {
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
        [("mount_point", text()), ("size_free", integer()), ("size_total", integer()), ("display", text())],
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

pub(super) fn of_connections() -> Named {
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

pub(super) fn of_tasks() -> Named {
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
    let folder =
        object([("exists_type", integer()), ("file_id", text()), ("path", text()), ("text", text())], &[]);
    vec![
        ("Task", task),
        ("Tasks", object([("sess", list(&reference("Task"))), ("total", integer())], &["sess"])),
        ("TaskSettingsAnswer", settings),
        ("TaskFiltersAnswer", filters),
        ("Folders", object([("children", list(&folder))], &["children"])),
        ("Validity", object([("valid", flag()), ("problem", reference("Problem"))], &["valid"])),
    ]
}
