//! On which NASes and connections somebody may act.

use crate::model::NasName;
use serde::{Deserialize, Serialize};

/// NASes and connections by their names; `*` = all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The NASes.
    pub nas: Vec<String>,
    /// The connections of each of them: names, or ids as text.
    pub connections: Vec<String>,
}

fn has(list: &[String], wanted: &str) -> bool {
    list.iter().any(|entry| entry == "*" || entry == wanted)
}

impl Reach {
    /// Whether this NAS is within it.
    pub fn has_nas(&self, nas: &NasName) -> bool {
        has(&self.nas, nas.as_str())
    }

    /// Whether every NAS is.
    pub fn has_all_nases(&self) -> bool {
        self.nas.iter().any(|entry| entry == "*")
    }

    /// Whether every connection is, and so what concerns all of them.
    pub fn has_all_connections(&self) -> bool {
        self.connections.iter().any(|entry| entry == "*")
    }

    /// Whether this connection is, by its id or one of its names.
    ///
    /// An entry of digits alone is an id: a connection cannot be given a name that is another's id.
    pub fn has_connection(&self, id: i64, names: &[String]) -> bool {
        let is_id = |entry: &str| entry.bytes().all(|byte| byte.is_ascii_digit());
        has(&self.connections, &id.to_string())
            || names.iter().any(|name| !is_id(name) && has(&self.connections, name))
    }
}
