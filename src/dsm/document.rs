//! Answers as documents for people: the NAS's own field names, and nothing that it did not say.

use serde::Serialize;
use serde_json::{Map, Value};

/// An answer with the NAS's own names. What the NAS did not say, or not in a way that made sense, is absent at every
/// depth. An answer that is no object, such as [`Done`](super::cloud_sync::wire::Done), gives an empty one.
pub fn document(answer: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(answer).map(said) {
        Ok(Value::Object(members)) => members,
        // Answers are objects of strings, numbers and lists, all of which JSON has.
        _ => Map::new(),
    }
}

/// Without members that are null. A list keeps its length.
fn said(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, said(value)))
            .collect(),
        Value::Array(elements) => elements.into_iter().map(said).collect(),
        other => other,
    }
}
