//! The NASes.

use serde_json::Value;

use crate::ctl::field::{at, text, time};
use crate::ctl::view::Table;

/// One row a NAS.
pub(in crate::ctl) fn table(nases: &[Value]) -> Table {
    let headings = ["NAS", "UP", "CONNECTIONS", "PAUSED", "HOLDS", "LAST SUCCESS", "TROUBLE"];
    let mut table = Table::new(&headings, "no NAS");
    for nas in nases {
        table.row([
            at(nas, "name"),
            up(nas),
            at(nas, "connections"),
            at(nas, "paused"),
            at(nas, "holds"),
            time(&nas["last_success"]),
            trouble(nas),
        ]);
    }
    table
}

fn up(nas: &Value) -> String {
    match (nas["up"].as_bool(), text(nas, "reason")) {
        (Some(true), _) => "yes".to_owned(),
        (Some(false), Some(reason)) => format!("no ({reason})"),
        (Some(false), None) => "no".to_owned(),
        (None, _) => "not tried yet".to_owned(),
    }
}

fn trouble(nas: &Value) -> String {
    let held_back = nas["login_suspended"] == true;
    match (at(nas, "trouble"), held_back) {
        (trouble, false) => trouble,
        (trouble, true) if trouble == crate::ctl::field::NOTHING => "logins are held back".to_owned(),
        (trouble, true) => format!("{trouble}; logins are held back"),
    }
}
