//! `key=value` arguments as the body of a call.

use serde_json::{Map, Value};

use super::failure::Failure;

/// Fields that hold lists of texts.
const LISTS: [&str; 5] = [
    "filtered_paths",
    "filtered_names",
    "filtered_extensions",
    "user_defined_names",
    "user_defined_extensions",
];

/// The object that the arguments describe.
pub(super) fn object(assignments: &[String]) -> Result<Value, Failure> {
    let mut object = Map::new();
    for assignment in assignments {
        let (key, text) = assignment
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| Failure::Usage(format!("{assignment} is not key=value")))?;
        if LISTS.contains(&key) {
            let more = list(key, text)?;
            match object.entry(key).or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(list) => list.extend(more),
                other => *other = Value::Array(more),
            }
        } else if object.insert(key.to_owned(), single(text)).is_some() {
            return Err(Failure::Usage(format!("{key} is given twice")));
        }
    }
    Ok(Value::Object(object))
}

/// A number, true, false or a quoted text as JSON has them; anything else is the text itself.
fn single(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::String(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}

/// A JSON list, or texts between commas; nothing is the empty list.
fn list(key: &str, text: &str) -> Result<Vec<Value>, Failure> {
    if text.trim_start().starts_with('[') {
        return match serde_json::from_str(text) {
            Ok(Value::Array(list)) => Ok(list),
            _ => Err(Failure::Usage(format!("{key} begins like a JSON list and is none: {text}"))),
        };
    }
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    Ok(parts.map(|part| Value::String(part.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(assignments: &[&str]) -> Result<Value, String> {
        let assignments: Vec<_> = assignments.iter().map(|text| (*text).to_owned()).collect();
        object(&assignments).map_err(|failure| match failure {
            Failure::Usage(text) => text,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn values_take_the_kind_they_look_like() {
        for (assignments, object) in [
            (vec!["max_upload_speed=1024"], json!({"max_upload_speed": 1024})),
            (vec!["isSSE=true", "part_size=-1"], json!({"isSSE": true, "part_size": -1})),
            (vec!["task_name=a=b c"], json!({"task_name": "a=b c"})),
            (vec!["task_name=\"2024\""], json!({"task_name": "2024"})),
            (vec!["task_name=007"], json!({"task_name": "007"})),
            (vec!["task_name=null"], json!({"task_name": "null"})),
            (vec!["storage_class="], json!({"storage_class": ""})),
            (vec!["filtered_paths=/a, /b"], json!({"filtered_paths": ["/a", "/b"]})),
            (vec!["filtered_names=a", "filtered_names=b"], json!({"filtered_names": ["a", "b"]})),
            (vec!["filtered_names=[\"a,b\"]"], json!({"filtered_names": ["a,b"]})),
            (vec!["filtered_extensions=7"], json!({"filtered_extensions": ["7"]})),
            (vec!["filtered_paths="], json!({"filtered_paths": []})),
        ] {
            assert_eq!(of(&assignments), Ok(object), "{assignments:?}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        for (assignments, part) in [
            (vec!["max_upload_speed"], "max_upload_speed is not key=value"),
            (vec!["=5"], "=5 is not key=value"),
            (vec!["a=1", "a=2"], "a is given twice"),
            (vec!["filtered_paths=[1"], "filtered_paths begins like a JSON list and is none"),
        ] {
            let error = of(&assignments).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
