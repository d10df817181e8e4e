//! The tables: fields with the ranges of the source document.

use crate::actions::schema::{Field, Kind, Schema, TextRule};

/// Entries of a list of filters.
const MOST_FILTERS: usize = 1_000;
/// No number of the NAS is larger: beyond it, a number in JSON may lose its last digits on the way.
const MOST: i64 = 1 << 53;

/// The directions of a task.
pub const DIRECTIONS: &[&str] = &["BIDIRECTION", "ONLY_UPLOAD", "ONLY_DOWNLOAD"];

/// The package's settings.
pub static PACKAGE: Schema = Schema {
    name: "PackageSettings",
    fields: &[
        Field::optional(
            "admin_mode",
            Kind::Word(&["enable", "disable"]),
            "Whether administrators see every user's connections. disable hides users: dangerous.",
        ),
        Field::optional(
            "log_count",
            Kind::Integer { min: 1, max: 100_000 },
            "Log rows kept for each connection.",
        ),
        Field::optional("worker_count", Kind::Integer { min: 1, max: 20 }, "Files transferred at once."),
        Field::optional(
            "repo_vol_path",
            Kind::Text(TextRule::Volume),
            "The volume with the package's database; another one moves it: dangerous.",
        ),
        Field::optional(
            "sync_mode",
            Kind::Flag,
            "Relinking: true deletes in the cloud what was deleted locally, which can lose data: dangerous.",
        ),
    ],
    at_least: 1,
};

/// A connection's settings.
pub static CONNECTION: Schema = Schema {
    name: "ConnectionSettings",
    fields: &[
        Field::optional("task_name", Kind::Text(TextRule::Name), "The connection's name."),
        Field::optional(
            "pull_event_period",
            Kind::Integer { min: 1, max: 31_536_000 },
            "Seconds between two looks into the cloud.",
        ),
        Field::optional(
            "max_upload_speed",
            Kind::Integer { min: 0, max: MOST },
            "The NAS's number, whose unit is not settled; 0 = no limit.",
        ),
        Field::optional(
            "max_download_speed",
            Kind::Integer { min: 0, max: MOST },
            "The NAS's number, whose unit is not settled; 0 = no limit.",
        ),
        Field::optional("storage_class", Kind::Text(TextRule::Short), "The cloud's storage class."),
        Field::optional("isSSE", Kind::Flag, "Whether the cloud is asked to encrypt at rest."),
        Field::optional(
            "part_size",
            Kind::Integer { min: 0, max: 1_048_576 },
            "Mebibytes of a part of an upload.",
        ),
    ],
    at_least: 1,
};

/// When a connection may sync.
pub static SCHEDULE: Schema = Schema {
    name: "Schedule",
    fields: &[
        Field::required("enabled", Kind::Flag, "Whether the schedule is in force."),
        Field::optional(
            "schedule",
            Kind::Week,
            "The hours, Sunday and hour 0 first, 1 = may sync, in the NAS's local time; left out, they stay.",
        ),
    ],
    at_least: 1,
};

/// A task's settings.
pub static TASK: Schema = Schema {
    name: "TaskSettings",
    fields: &[
        Field::optional("sync_direction", Kind::Word(DIRECTIONS), "Which way files go."),
        Field::optional("sync_attr_check_option", Kind::Flag, "The advanced consistency check."),
        Field::optional("no_delete", Kind::Flag, "Files deleted on the NAS stay in the cloud."),
        Field::optional(
            "google_drive_convert_online_doc",
            Kind::Flag,
            "Google's documents are converted to Office files.",
        ),
    ],
    at_least: 1,
};

const EXTENSIONS: Kind = Kind::Texts { rule: TextRule::Extension, most: MOST_FILTERS };
const NAMES: Kind = Kind::Texts { rule: TextRule::FileName, most: MOST_FILTERS };

/// What a task leaves out.
pub static FILTERS: Schema = Schema {
    name: "TaskFilters",
    fields: &[
        Field::optional(
            "filtered_paths",
            Kind::Texts { rule: TextRule::Path, most: MOST_FILTERS },
            "Folders left out.",
        ),
        Field::optional("filtered_names", NAMES, "File names left out; also sets user_defined_names."),
        Field::optional(
            "filtered_extensions",
            EXTENSIONS,
            "Extensions left out, without the dot; also sets user_defined_extensions.",
        ),
        Field::optional("user_defined_names", NAMES, "Those of the names that a person added."),
        Field::optional(
            "user_defined_extensions",
            EXTENSIONS,
            "Those of the extensions that a person added.",
        ),
        Field::optional(
            "filtered_max_upload_size",
            Kind::Integer { min: 0, max: MOST },
            "Larger files are left out; bytes, 0 = no limit.",
        ),
    ],
    at_least: 1,
};
