//! Automation: what it decided and whether it may act.

use serde_json::Value;

use super::fields;
use crate::ctl::field::{at, show};
use crate::ctl::view::View;

/// Why each alert did or did not act.
pub(in crate::ctl) fn view(view: &mut View, answer: &Value) {
    view.line(format!("mode: {}", at(answer, "mode")));
    if answer["frozen"] == true {
        view.line("automation is frozen");
    }
    view.gap();
    view.table(fields::rows_of(&answer["decisions"], "no decisions"));
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
