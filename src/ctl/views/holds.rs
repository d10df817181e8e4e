//! Holds.

use serde_json::Value;

use crate::ctl::field::{NOTHING, at, show, text, time};
use crate::ctl::view::Table;

/// One row a hold.
pub(in crate::ctl) fn table(holds: &[Value]) -> Table {
    let headings = ["HOLD", "NAS", "CONNECTION", "HOLDS", "HELD BY", "PHASE", "SINCE", "UNTIL", "REASON"];
    let mut table = Table::new(&headings, "no holds");
    for hold in holds {
        table.row([
            at(hold, "id"),
            at(hold, "nas"),
            text(hold, "connection").map_or_else(|| show(&hold["connection_id"]), str::to_owned),
            what(hold),
            holder(hold),
            at(hold, "phase"),
            time(&hold["created"]),
            time(&hold["until"]),
            at(hold, "reason"),
        ]);
    }
    table
}

/// What it holds: the pause, or settings at values.
fn what(hold: &Value) -> String {
    match (text(hold, "action"), hold["set"].as_object()) {
        (Some("pause"), _) => "pause".to_owned(),
        (_, Some(set)) => {
            let set: Vec<_> = set.iter().map(|(name, value)| format!("{name}={}", show(value))).collect();
            set.join(", ")
        }
        (action, None) => action.unwrap_or(NOTHING).to_owned(),
    }
}

/// Who holds: the alert's rule or the person's token, and whether only a person ends it.
pub(in crate::ctl) fn holder(hold: &Value) -> String {
    let who = text(hold, "rule").or(text(hold, "author"));
    let kind = at(hold, "kind");
    let mut holder = who.map_or_else(|| kind.clone(), |who| format!("{kind} {who}"));
    if hold["latch"] == true {
        holder.push_str(" (latched)");
    }
    holder
}
