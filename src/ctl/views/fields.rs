//! Any object: its fields, one a row.

use serde_json::Value;

use crate::ctl::field::{is_single, show};
use crate::ctl::view::{Table, View};

/// The fields of an object. A list of objects gets a table of its own, below.
pub(in crate::ctl) fn view(view: &mut View, value: &Value) {
    let Some(fields) = value.as_object() else {
        view.line(show(value));
        return;
    };
    let mut table = Table::new(&["FIELD", "VALUE"], "nothing");
    let (rows, lists): (Vec<_>, Vec<_>) = fields.iter().partition(|(_, value)| !has_rows(value));
    for (name, value) in rows {
        table.row([name.clone(), show(value)]);
    }
    view.table(table);
    for (name, value) in lists {
        view.gap();
        view.line(name);
        view.table(rows_of(value, "none"));
    }
}

/// Objects of any kind as a table: a column for each field that any of them has.
pub(in crate::ctl) fn rows_of(value: &Value, empty: &'static str) -> Table {
    let rows = value.as_array().map_or(&[][..], Vec::as_slice);
    let mut names: Vec<&str> = Vec::new();
    for name in rows.iter().filter_map(Value::as_object).flat_map(|row| row.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let headings: Vec<_> = names.iter().map(|name| name.replace('_', " ").to_uppercase()).collect();
    let headings: Vec<_> = headings.iter().map(String::as_str).collect();
    let mut table = Table::new(&headings, empty);
    for row in rows {
        table.row(names.iter().map(|name| show(&row[*name])));
    }
    table
}

fn has_rows(value: &Value) -> bool {
    value.as_array().is_some_and(|values| !values.is_empty() && !values.iter().any(is_single))
}
