//! Tasks and the folders of their clouds.

use serde_json::Value;

use crate::ctl::field::{at, items, show, text};
use crate::ctl::view::{Table, View};

/// The tasks of a connection.
pub(in crate::ctl) fn list(view: &mut View, answer: &Value) {
    let headings = ["TASK", "LOCAL", "REMOTE", "DIRECTION", "STATUS", "ERROR"];
    let mut table = Table::new(&headings, "no tasks");
    for task in items(answer, "sess") {
        table.row([
            at(task, "sess_id"),
            at(task, "local_sync_path"),
            at(task, "remote_sync_path"),
            at(task, "sync_direction"),
            at(task, "sync_status"),
            at(task, "error"),
        ]);
    }
    view.table(table);
}

/// Folders below one.
pub(in crate::ctl) fn folders(view: &mut View, answer: &Value) {
    let mut table = Table::new(&["PATH", "NAME", "FILE ID"], "no folders");
    for folder in items(answer, "children") {
        table.row([at(folder, "path"), at(folder, "text"), at(folder, "file_id")]);
    }
    view.table(table);
}

/// Whether a task that was only asked about would do.
pub(in crate::ctl) fn validation(view: &mut View, answer: &Value) {
    if answer["valid"] == true {
        view.line("valid");
        return;
    }
    let problem = &answer["problem"];
    view.line(format!("not valid: {}", at(problem, "detail")));
    if !problem["nas_code"].is_null() {
        let method = text(problem, "nas_method").unwrap_or("the call");
        view.line(format!("  the NAS answered {method} with code {}", show(&problem["nas_code"])));
    }
}
