//! Who changed what.

use serde_json::Value;

use super::change;
use crate::ctl::field::{NOTHING, at, items, show, text, time};
use crate::ctl::view::{Table, View};

/// The records, newest first, and how to get at older ones.
pub(in crate::ctl) fn view(view: &mut View, answer: &Value) {
    let headings = ["ID", "TIME", "BY", "ACTION", "NAS", "TARGET", "OUTCOME", "CHANGE", "REASON"];
    let mut table = Table::new(&headings, "no records");
    for record in items(answer, "records") {
        table.row([
            at(record, "id"),
            time(&record["time"]),
            by(record),
            at(record, "action"),
            at(record, "nas"),
            target(&record["target"]),
            outcome(record),
            changed(record),
            at(record, "reason"),
        ]);
    }
    view.table(table);
    if !answer["next_before"].is_null() {
        view.line(format!("older ones: --before {}", show(&answer["next_before"])));
    }
}

fn by(record: &Value) -> String {
    match (text(record, "token"), text(record, "source")) {
        (Some(token), Some("api") | None) => token.to_owned(),
        (Some(token), Some(source)) => format!("{source} {token}"),
        (None, _) => at(record, "source"),
    }
}

fn target(target: &Value) -> String {
    let id = show(&target["id"]);
    let known = text(target, "name").map_or(id.clone(), |name| format!("{name} ({id})"));
    match text(target, "kind") {
        Some(kind) if target["id"].is_null() => text(target, "name").unwrap_or(kind).to_owned(),
        Some(kind) => format!("{kind} {known}"),
        None => known,
    }
}

fn outcome(record: &Value) -> String {
    match text(&record["error"], "detail") {
        Some(detail) => format!("{}: {detail}", at(record, "outcome")),
        None => at(record, "outcome"),
    }
}

fn changed(record: &Value) -> String {
    // A call that failed has no afterwards.
    if record["after"].is_null() {
        return NOTHING.to_owned();
    }
    let differences = change::differences(&record["before"], &record["after"]);
    if differences.is_empty() { NOTHING.to_owned() } else { differences.join(", ") }
}
