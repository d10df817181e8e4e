//! From merged values to sections: every misread value and every unknown key in one go.
//!
//! serde stops at the first error, so a value that cannot be read is noted, taken out, and the rest read
//! again. Taking out ends, as each round has one value less.

use std::collections::BTreeSet;

use config::{ConfigError, Value, ValueKind};
use serde::Deserialize;
use serde_path_to_error::{Path, Segment, Track};

use super::keys::Keys;
use crate::config::problem::Problems;
use crate::config::sections::Sections;

/// The sections, as far as they can be read, and the problems on the way.
pub(super) fn read(mut values: Value) -> (Option<Sections>, Problems) {
    let keys = Keys::known();
    keys.drop_unset(&mut values);
    let mut problems = Problems::default();
    let mut unknown = BTreeSet::new();
    let sections = loop {
        match deserialize(values.clone(), &mut unknown) {
            Ok(sections) => break Some(sections),
            Err((path, message)) => {
                problems.add(shown(&path), message);
                if !take_out(&mut values, &path) {
                    break None;
                }
            }
        }
    };
    for path in unknown {
        problems.add(&path, keys.unknown(&path));
    }
    (sections, problems)
}

fn deserialize(values: Value, unknown: &mut BTreeSet<String>) -> Result<Sections, (Vec<String>, String)> {
    let mut track = Track::new();
    let tracked = serde_path_to_error::Deserializer::new(values, &mut track);
    let mut note = |path: serde_ignored::Path<'_>| {
        unknown.insert(path.to_string());
    };
    let read = Sections::deserialize(serde_ignored::Deserializer::new(tracked, &mut note));
    read.map_err(|error| (segments(&track.path()), message(&error)))
}

fn segments(path: &Path) -> Vec<String> {
    let name = |segment: &Segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Unknown => None,
    };
    path.iter().filter_map(name).collect()
}

fn shown(path: &[String]) -> String {
    if path.is_empty() { "config.file".to_owned() } else { path.join(".") }
}

/// The innermost message. Ours names value and choice; serde's own, of a scalar where a table belongs,
/// quotes the scalar, which may be a misplaced secret.
fn message(error: &ConfigError) -> String {
    match error {
        ConfigError::At { error, .. } => message(error),
        ConfigError::Message(text) if text.starts_with("invalid type: ") => {
            "is not a table; allowed: keys below it, with their values".to_owned()
        }
        ConfigError::Message(text) => text.clone(),
        _ => "is not a table; allowed: keys below it, with their values".to_owned(),
    }
}

/// Removes the value at `path`; false if there is none.
fn take_out(values: &mut Value, path: &[String]) -> bool {
    let Some((last, above)) = path.split_last() else { return false };
    let mut at = values;
    for name in above {
        let ValueKind::Table(table) = &mut at.kind else { return false };
        let Some(next) = table.get_mut(name) else { return false };
        at = next;
    }
    let ValueKind::Table(table) = &mut at.kind else { return false };
    table.remove(last).is_some()
}
