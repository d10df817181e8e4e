//! Connections: as a list, across NASes with their holders, and one in full.

use serde_json::Value;

use super::{fields, holds};
use crate::ctl::field::{at, items, name, number, show};
use crate::ctl::view::{Table, View};

/// The connections of one NAS.
pub(in crate::ctl) fn list(view: &mut View, answer: &Value) {
    let headings = ["ID", "NAME", "TYPE", "USER", "STATUS", "LINK", "UNFINISHED", "ERROR"];
    let mut table = Table::new(&headings, "no connections");
    for connection in items(answer, "conn") {
        table.row([
            at(connection, "id"),
            name(connection).to_owned(),
            at(connection, "type"),
            at(connection, "user_name"),
            at(connection, "status"),
            at(connection, "link_status"),
            at(connection, "unfinished_files"),
            at(connection, "error"),
        ]);
    }
    view.table(table);
    if answer["is_admin_mode"] == false {
        view.line("only the connections of the NAS's own account are visible");
    }
}

/// The connections of several NASes, each with what holds it.
pub(in crate::ctl) fn held<'v>(nases: impl Iterator<Item = (&'v str, &'v Value)>, holds: &[Value]) -> Table {
    let headings = ["NAS", "ID", "NAME", "TYPE", "STATUS", "UNFINISHED", "HELD BY"];
    let mut table = Table::new(&headings, "no connections");
    for (nas, answer) in nases {
        for connection in items(answer, "conn") {
            table.row([
                nas.to_owned(),
                at(connection, "id"),
                name(connection).to_owned(),
                at(connection, "type"),
                at(connection, "status"),
                at(connection, "unfinished_files"),
                holders(nas, connection, holds),
            ]);
        }
    }
    table
}

fn holders(nas: &str, connection: &Value, holds: &[Value]) -> String {
    let Some(id) = number(&connection["id"]) else {
        return show(&Value::Null);
    };
    let own = holds.iter().filter(|hold| hold["nas"] == nas && number(&hold["connection_id"]) == Some(id));
    let holders: Vec<_> = own.map(holds::holder).collect();
    if holders.is_empty() { show(&Value::Null) } else { holders.join(", ") }
}

/// All about one connection.
pub(in crate::ctl) fn one(view: &mut View, answer: &Value) {
    const PARTS: [&str; 3] = ["settings", "property", "holds"];
    let mut own = answer.clone();
    if let Some(own) = own.as_object_mut() {
        own.retain(|name, _| !PARTS.contains(&name.as_str()));
    }
    fields::view(view, &own);
    for part in ["settings", "property"] {
        view.gap();
        view.line(part);
        fields::view(view, &answer[part]);
    }
    view.gap();
    view.line("holds");
    view.table(holds::table(items(answer, "holds")));
}
