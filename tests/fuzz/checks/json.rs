//! Our strict JSON bodies: what is taken means what every other reader takes it for.

use cloudsync_exporter::web::json::{MOST_DEPTH, parse, pointer_escape};
use serde_json::Value;

/// Reads `data` strictly and leniently.
pub(crate) fn check(data: &[u8]) {
    let lenient: Result<Value, _> = serde_json::from_slice(data);
    match parse(data) {
        Ok(strict) => {
            assert_eq!(strict, lenient.expect("what is taken strictly is JSON"));
            assert!(depth(&strict) <= MOST_DEPTH);
            let written = strict.to_string();
            let again = parse(written.as_bytes()).unwrap_or_else(|fault| panic!("{fault} in {written}"));
            assert!(alike(&again, &strict), "{written}");
            pointers(&strict, &strict, &mut String::new());
        }
        Err(fault) => {
            let told = fault.to_string();
            assert!(told.len() <= 1_000 && !told.chars().any(char::is_control), "{told:?}");
            assert!(fault.line() >= 1 && fault.line() <= data.split(|byte| *byte == b'\n').count());
            assert!(fault.column() <= data.len());
            if let Ok(lenient) = lenient {
                let why = told.starts_with("a key for the second time") || told.starts_with("more than");
                assert!(why, "{lenient} is refused: {told}");
            }
        }
    }
}

/// Whether two values are the same but for the last digits of numbers with a fraction, which the reader does not keep.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.keys().eq(other.keys())
                && one.values().zip(other.values()).all(|(one, other)| alike(one, other))
        }
        (Value::Number(one), Value::Number(other)) if one.is_f64() && other.is_f64() => {
            let (one, other) = (one.as_f64().unwrap_or(0.0), other.as_f64().unwrap_or(0.0));
            (one - other).abs() <= one.abs() * 1e-9
        }
        (one, other) => one == other,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Every key, escaped, leads to its value.
fn pointers(whole: &Value, at: &Value, path: &mut String) {
    assert_eq!(whole.pointer(path), Some(at), "{path:?}");
    let Value::Object(members) = at else { return };
    // A path as long as the depth for each key of a large body would take its square.
    for (key, value) in members.iter().take(8) {
        let length = path.len();
        path.push('/');
        path.push_str(&pointer_escape(key));
        pointers(whole, value, path);
        path.truncate(length);
    }
}
