//! What a NAS does right now, and did last.

use serde_json::Value;

use super::logs;
use crate::ctl::field::{at, items, number, show};
use crate::ctl::view::{Table, View};

/// Transfers, then recent files.
pub(in crate::ctl) fn view(view: &mut View, answer: &Value) {
    let headings = ["TASK", "STATUS", "DONE", "OF BYTES", "RATE", "USER", "FILE"];
    let mut table = Table::new(&headings, "no transfers");
    for item in items(answer, "processing_items") {
        table.row([
            at(item, "session_id"),
            at(item, "status"),
            share(item),
            at(item, "total_size"),
            at(item, "bit_rate"),
            at(item, "user_name"),
            file(item),
        ]);
    }
    view.table(table);
    view.gap();
    let mut table = Table::new(&["TASK", "ACTION", "LEVEL", "FILE"], "no recent files");
    for item in items(answer, "history_items") {
        table.row([
            at(item, "session_id"),
            logs::action(&item["action"]),
            logs::level(&item["log_level"]),
            file(item),
        ]);
    }
    view.table(table);
    let merges = &answer["server_merge_items"];
    if !merges.is_null() && *merges != 0 {
        let count = merges.as_array().map_or_else(|| show(merges), |merges| merges.len().to_string());
        view.line(format!("server merges: {count}"));
    }
}

fn file(item: &Value) -> String {
    item["path"].as_str().map_or_else(|| at(item, "base_name"), str::to_owned)
}

fn share(item: &Value) -> String {
    match (number(&item["current_size"]), number(&item["total_size"])) {
        (Some(done), Some(total @ 1..)) => format!("{} %", u128::from(done) * 100 / u128::from(total)),
        _ => at(item, "current_size"),
    }
}
