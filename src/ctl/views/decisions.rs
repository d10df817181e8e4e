//! Automation: what it decided and whether it may act.

use serde_json::Value;

use crate::ctl::field::{at, items, show, text, time};
use crate::ctl::view::{Table, View};

/// Why each alert did or did not act, newest first, and how to get at older ones.
pub(in crate::ctl) fn view(view: &mut View, answer: &Value) {
    mode(view, answer);
    view.gap();
    let headings = ["TIME", "ALERT", "RULE", "NAS", "CONNECTION", "OUTCOME", "GUARD", "DETAIL"];
    let mut table = Table::new(&headings, "no decisions");
    for decision in items(answer, "decisions") {
        table.row([
            time(&decision["time"]),
            at(decision, "alert"),
            at(decision, "rule"),
            at(decision, "nas"),
            connection(decision),
            at(decision, "outcome"),
            at(decision, "guard"),
            at(decision, "detail"),
        ]);
    }
    view.table(table);
    if !answer["next_before"].is_null() {
        view.line(format!("older ones: --before {}", show(&answer["next_before"])));
    }
}

fn connection(decision: &Value) -> String {
    let id = show(&decision["connection_id"]);
    text(decision, "connection").map_or(id.clone(), |name| format!("{name} ({id})"))
}

/// Whether alerts act.
pub(in crate::ctl) fn mode(view: &mut View, answer: &Value) {
    let frozen = if answer["frozen"] == true { ", frozen" } else { "" };
    view.line(format!("automation: {}{frozen}", at(answer, "mode")));
}

/// Whether automation acts from now on.
pub(in crate::ctl) fn frozen(view: &mut View, answer: &Value) {
    if answer["dry_run"] == true {
        super::change::view(view, answer);
        return;
    }
    view.line(if answer["frozen"] == true { "automation is frozen" } else { "automation may act" });
    if !answer["audit_id"].is_null() {
        view.line(format!("audit record {}", show(&answer["audit_id"])));
    }
}
