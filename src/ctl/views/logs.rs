//! The log of a connection.

use jiff::Timestamp;
use serde_json::Value;

use crate::ctl::field::{at, items, show, time};
use crate::ctl::view::{Table, View};

/// Names by number.
const LEVELS: [&str; 3] = ["info", "warning", "error"];

/// Names by number.
const ACTIONS: [&str; 11] = [
    "delete remote",
    "download",
    "upload",
    "delete local",
    "rename remote",
    "rename local",
    "upload failed",
    "download failed",
    "merge",
    "merge deletion",
    "async remove",
];

/// The rows, and how many there are in all.
pub(in crate::ctl) fn view(view: &mut View, answer: &Value) {
    let rows = items(answer, "items");
    let mut table = Table::new(&["TIME", "LEVEL", "ACTION", "TASK", "ERROR", "FILE"], "no entries");
    for row in rows {
        table.row([
            moment(&row["time"]),
            level(&row["log_level"]),
            action(&row["action"]),
            at(row, "session_id"),
            error(&row["error_code"]),
            file(row),
        ]);
    }
    view.table(table);
    if !answer["total"].is_null() {
        view.line(format!("{} of {}", rows.len(), show(&answer["total"])));
    }
}

/// The name of a level.
pub(in crate::ctl) fn level(number: &Value) -> String {
    named(&LEVELS, number)
}

/// The name of an action.
pub(in crate::ctl) fn action(number: &Value) -> String {
    named(&ACTIONS, number)
}

fn named(names: &[&str], number: &Value) -> String {
    let index = number.as_u64().and_then(|number| usize::try_from(number).ok());
    index.and_then(|index| names.get(index)).map_or_else(|| show(number), |name| (*name).to_owned())
}

fn error(code: &Value) -> String {
    if *code == 0 { show(&Value::Null) } else { show(code) }
}

/// The path, which may or may not end with the name.
fn file(row: &Value) -> String {
    match (row["path"].as_str().unwrap_or_default(), row["file_name"].as_str().unwrap_or_default()) {
        ("", name) => name.to_owned(),
        (path, name) if path == name || path.ends_with(&format!("/{name}")) => path.to_owned(),
        (path, name) => format!("{}/{name}", path.trim_end_matches('/')),
    }
}

/// The NAS gives epoch seconds.
fn moment(value: &Value) -> String {
    let seconds = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    match seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
        Some(moment) => time(&moment.to_string().into()),
        None => time(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_told_in_words() {
        assert_eq!(moment(&json!(0)), "1970-01-01 00:00:00Z");
        assert_eq!(moment(&json!("60")), "1970-01-01 00:01:00Z");
        assert_eq!(moment(&json!("2026-01-01T00:00:00Z")), "2026-01-01 00:00:00Z");
        assert_eq!(action(&json!(3)), "delete local");
        assert_eq!(action(&json!(99)), "99");
        assert_eq!(level(&json!("error")), "error");
        for (path, name, shown) in [
            ("/a/b.txt", "b.txt", "/a/b.txt"),
            ("/a/", "b.txt", "/a/b.txt"),
            ("", "b.txt", "b.txt"),
            ("/a/xb.txt", "b.txt", "/a/xb.txt/b.txt"),
        ] {
            assert_eq!(file(&json!({"path": path, "file_name": name})), shown);
        }
    }
}
