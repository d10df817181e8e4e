//! The same answers as other builds write them.

use serde_json::{Value, json};

use super::Quirks;

/// Rewrites every value of an answer's `data`.
pub(super) fn apply(quirks: Quirks, value: Value) -> Value {
    if quirks == Quirks::default() {
        return value;
    }
    match value {
        Value::Number(number) if quirks.numbers_as_strings => Value::String(number.to_string()),
        Value::Bool(flag) if quirks.booleans_as_numbers => json!(u8::from(flag)),
        Value::Array(items) => items.into_iter().map(|item| apply(quirks, item)).collect(),
        Value::Object(fields) => {
            let extra =
                quirks.unknown_fields.then(|| ("field_of_a_newer_build".to_owned(), json!({"n": [1]})));
            Value::Object(
                fields.into_iter().map(|(name, item)| (name, apply(quirks, item))).chain(extra).collect(),
            )
        }
        other => other,
    }
}
