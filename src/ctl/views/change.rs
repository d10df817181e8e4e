//! A change: only what is different afterwards.

use std::collections::BTreeSet;

use serde_json::Value;

use super::holds;
use crate::ctl::field::{NOTHING, items, show, text};
use crate::ctl::view::View;
use crate::ctl::week::DAYS;

/// What changed or would change, and what stands in the audit.
pub(in crate::ctl) fn view(view: &mut View, answer: &Value) {
    let dry_run = answer["dry_run"] == true;
    let differences = differences(&answer["before"], &answer["after"]);
    for difference in &differences {
        view.line(difference);
    }
    // A hold or a task can be new although nothing else is different.
    if differences.is_empty() && answer["hold"].is_null() && answer["task"].is_null() {
        view.line(if dry_run { "nothing would change" } else { "nothing changed" });
    }
    for request in items(answer, "requests") {
        view.line(format!(
            "would send {} {} version {}: {}",
            show(&request["api"]),
            show(&request["method"]),
            show(&request["version"]),
            request["params"]
        ));
    }
    if dry_run {
        view.line("dry run: nothing was sent");
    }
    if !answer["task"].is_null() {
        view.line(format!("created: {}", task(&answer["task"])));
    }
    if answer["verified"] == false {
        view.line("the NAS does not show it yet");
    }
    let new = std::slice::from_ref(&answer["hold"]);
    let holds = if answer["hold"].is_null() { items(answer, "holds") } else { new };
    if !holds.is_empty() {
        view.line("held:");
        view.table(holds::table(holds));
    }
    if !items(answer, "ended_holds").is_empty() {
        view.line("ended:");
        view.table(holds::table(items(answer, "ended_holds")));
    }
    if !answer["audit_id"].is_null() {
        view.line(format!("audit record {}", show(&answer["audit_id"])));
    }
}

fn task(task: &Value) -> String {
    match (&task["sess_id"], text(task, "local_sync_path"), text(task, "remote_sync_path")) {
        (Value::Null, ..) => show(task),
        (id, Some(local), Some(remote)) => format!("task {}, {local} ↔ {remote}", show(id)),
        (id, ..) => format!("task {}", show(id)),
    }
}

/// `field: before → after` for each field that differs.
pub(in crate::ctl) fn differences(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    let joined = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match (before, after) {
        (before, after) if before == after => {}
        // What is new or gone is compared with nothing, so that each of its fields shows.
        (Value::Object(_), Value::Object(_) | Value::Null) | (Value::Null, Value::Object(_)) => {
            let names: BTreeSet<_> = [before, after]
                .into_iter()
                .filter_map(Value::as_object)
                .flat_map(|fields| fields.keys())
                .collect();
            for name in names {
                compare(&joined(name), &before[name], &after[name], found);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == 7 && new.len() == 7 && is_week(path) => {
            for (day, (old, new)) in DAYS.iter().zip(old.iter().zip(new)) {
                compare(&joined(day), old, new, found);
            }
        }
        _ if path.is_empty() => found.push(format!("{} → {}", exact(before), exact(after))),
        _ => found.push(format!("{path}: {} → {}", exact(before), exact(after))),
    }
}

fn is_week(path: &str) -> bool {
    path == "schedule" || path.ends_with(".schedule")
}

/// As it is written: true is not "yes" where a value can be sent back.
fn exact(value: &Value) -> String {
    match value {
        Value::Null => NOTHING.to_owned(),
        Value::String(text) if !text.is_empty() => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let open = "1".repeat(24);
        let closed = "0".repeat(24);
        for (before, after, lines) in [
            (json!({"a": 1, "b": true}), json!({"a": 2, "b": true}), vec!["a: 1 → 2"]),
            (json!({"a": ""}), json!({"a": "x"}), vec!["a: \"\" → x"]),
            (json!({"a": {"b": 1}}), json!({"a": {"b": false}}), vec!["a.b: 1 → false"]),
            (json!({"p": ["/a"]}), json!({"p": ["/a", "/b"]}), vec!["p: [\"/a\"] → [\"/a\",\"/b\"]"]),
            (json!({"a": 1}), json!({"a": 1}), vec![]),
            (json!(null), json!({"a": 1, "b": 2}), vec!["a: - → 1", "b: - → 2"]),
            (json!({"a": 1}), json!(null), vec!["a: 1 → -"]),
            (json!("on"), json!("off"), vec!["on → off"]),
        ] {
            assert_eq!(differences(&before, &after), lines, "{before} {after}");
        }
        let mut week = vec![open.clone(); 7];
        let before = json!({"schedule": week});
        week[1].clone_from(&closed);
        let after = json!({"schedule": week});
        assert_eq!(differences(&before, &after), [format!("schedule.mon: {open} → {closed}")]);
    }
}
