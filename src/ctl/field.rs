//! Looking into answers. What is missing or of another kind is shown as such, never an error.

use serde_json::Value;

/// What stands in the place of a value that is not there.
pub(super) const NOTHING: &str = "-";

/// A value for people.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Null => NOTHING.to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) if values.iter().all(is_single) => {
            values.iter().map(show).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// A field for people.
pub(super) fn at(value: &Value, name: &str) -> String {
    show(&value[name])
}

/// A moment for people: date and time apart, so that a narrow column breaks between them.
pub(super) fn time(value: &Value) -> String {
    let shown = show(value);
    match shown.split_once('T') {
        Some((date, time)) if date.len() == 10 => format!("{date} {time}"),
        _ => shown,
    }
}

/// The text of a field that holds some.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value[name].as_str().filter(|text| !text.is_empty())
}

/// The elements of a list.
pub(super) fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// A number, which a NAS may also write as text.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Neither list nor object.
pub(super) fn is_single(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

/// What a connection is called.
pub(super) fn name(connection: &Value) -> &str {
    text(connection, "task_display_name").or(text(connection, "task_name")).unwrap_or(NOTHING)
}
