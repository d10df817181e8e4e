//! The keys that there are, taken from the sections themselves, so that the two cannot drift apart.

use config::{Value, ValueKind};
use serde_json::Value as Json;

use crate::config::problem::{shown, shown_key};
use crate::config::sections::{ANY_NAME, Sections};

/// Keys where a value that YAML reads as nothing is a mistake, not an unset key: an unquoted `~` or `null`
/// may be meant as the password.
const SECRETS: [&str; 2] = ["password", "otp_secret"];

/// Every known key, as a tree in which [`ANY_NAME`] stands for names.
pub(super) struct Keys(Json);

impl Keys {
    pub(super) fn known() -> Self {
        Self(serde_json::to_value(Sections::template()).unwrap_or_default())
    }

    /// Takes out known keys without a value, as in `tls:` above lines that are all commented out.
    pub(super) fn drop_unset(&self, values: &mut Value) {
        drop_unset(values, &self.0);
    }

    /// What to say of an unknown key.
    pub(super) fn unknown(&self, path: &str) -> String {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let mut at = Some(&self.0);
        for segment in parent.split('.').filter(|segment| !segment.is_empty()) {
            at = at.and_then(|json| below(json, segment));
        }
        let known: Vec<&str> =
            at.and_then(Json::as_object).into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        let place =
            if parent.is_empty() { "at the top".to_owned() } else { format!("below {}", shown_key(parent)) };
        let nearest = known
            .iter()
            .map(|key| (strsim::damerau_levenshtein(key, name), key))
            .min()
            .filter(|(distance, key)| *distance <= 1 + key.len() / 3);
        let hint = nearest.map_or_else(String::new, |(_, key)| format!(", perhaps meant {key}"));
        format!("{} is no key{hint}; allowed {place}: {}", shown(name), known.join(", "))
    }
}

/// The entry for `name`, which may be one of free choice.
fn below<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    let table = json.as_object()?;
    table.get(name).or_else(|| table.get(ANY_NAME))
}

fn drop_unset(values: &mut Value, known: &Json) {
    let ValueKind::Table(table) = &mut values.kind else { return };
    table.retain(|name, value| {
        let Some(known) = below(known, name) else { return true };
        drop_unset(value, known);
        let unset = matches!(value.kind, ValueKind::Nil);
        !unset || SECRETS.contains(&name.as_str())
    });
}
