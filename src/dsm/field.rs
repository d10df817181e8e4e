//! Values as builds of DSM differ in writing them: a field or a list that never fails a whole answer.
//!
//! Numbers may come as strings, booleans as 0 and 1, nulls instead of missing fields (API notes §5). A value that
//! still makes no sense costs itself alone: it is [`Field::Malformed`], and the caller decides what that means.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// One field of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Field<T> {
    /// Missing, or null.
    #[default]
    Absent,
    /// There, and understood.
    Value(T),
    /// There, but not what it should be.
    Malformed,
}

impl<T> Field<T> {
    /// The value, if it was understood.
    pub const fn get(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Malformed => None,
        }
    }

    /// The value itself, if it was understood.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Malformed => None,
        }
    }

    /// Whether something was there that is not what it should be.
    pub const fn is_malformed(&self) -> bool {
        matches!(self, Self::Malformed)
    }
}

impl<T: Copy> Field<T> {
    /// A copy of the value, if it was understood.
    pub const fn copied(&self) -> Option<T> {
        match self {
            Self::Value(value) => Some(*value),
            Self::Absent | Self::Malformed => None,
        }
    }
}

impl Field<String> {
    /// The text, if it was understood.
    pub fn as_str(&self) -> Option<&str> {
        self.get().map(String::as_str)
    }
}

impl<'de, T: Lenient> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Null => Self::Absent,
            value => T::lenient(value).map_or(Self::Malformed, Self::Value),
        })
    }
}

/// The value, or null: what made no sense is no more than what was not said.
impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

/// Elements of one list that are read; the rest counts as malformed. The longest documented list has 200.
const MAX_ITEMS: usize = 10_000;

/// A list of an answer, with what could be read of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T> {
    /// The elements that were understood, in their order.
    pub items: Vec<T>,
    /// How many were not; a list that is no list at all counts as one.
    pub malformed: usize,
    /// Whether there was a list.
    pub present: bool,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { items: Vec::new(), malformed: 0, present: false }
    }
}

impl<'de, T: Lenient> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let elements = match Value::deserialize(deserializer)? {
            Value::Array(elements) => elements,
            Value::Null => return Ok(Self::default()),
            _ => return Ok(Self { malformed: 1, ..Self::default() }),
        };
        let asked = elements.len();
        let items: Vec<T> = elements.into_iter().take(MAX_ITEMS).filter_map(T::lenient).collect();
        Ok(Self { malformed: asked - items.len(), items, present: true })
    }
}

/// The elements that were understood, or null where there was no list.
impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.present.then_some(&self.items).serialize(serializer)
    }
}

impl<T> List<T> {
    /// The elements that were understood.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

/// What can be read leniently from a JSON value.
pub trait Lenient: Sized {
    /// The value, or nothing if it is not what it should be.
    fn lenient(value: Value) -> Option<Self>;
}

impl Lenient for i64 {
    fn lenient(value: Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(integral)),
            Value::String(text) => {
                let text = text.trim();
                text.parse().ok().or_else(|| text.parse().ok().and_then(integral))
            }
            _ => None,
        }
    }
}

/// Beyond 2^53 a float no longer tells neighbouring integers apart.
fn integral(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be integral and well within range")]
    let integer = number as i64;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(integer)
}

/// Writes a number as a NAS does: a whole one without a fraction.
pub(super) fn as_number<S: Serializer>(field: &Field<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match field.get().map(|number| integral(*number).ok_or(*number)) {
        Some(Ok(whole)) => serializer.serialize_i64(whole),
        Some(Err(number)) => serializer.serialize_f64(number),
        None => serializer.serialize_none(),
    }
}

impl Lenient for f64 {
    fn lenient(value: Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
        .filter(|number: &Self| number.is_finite())
    }
}

impl Lenient for bool {
    fn lenient(value: Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(value),
            Value::Number(number) => match number.as_f64()? {
                0.0 => Some(false),
                1.0 => Some(true),
                _ => None,
            },
            Value::String(text) => match text.trim() {
                "0" | "false" => Some(false),
                "1" | "true" => Some(true),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Lenient for String {
    fn lenient(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

impl Lenient for Value {
    fn lenient(value: Value) -> Option<Self> {
        Some(value)
    }
}

/// Reads a struct from an object; serde alone would read it from a list by position as well.
pub(super) fn object<T: serde::de::DeserializeOwned>(value: Value) -> Option<T> {
    if value.is_object() { serde_json::from_value(value).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Field::{Absent, Malformed, Value as Is};
    use super::*;

    fn read<T: Lenient>(value: Value) -> Field<T> {
        serde_json::from_value(value).expect("a field never fails")
    }

    #[test]
    fn integers() {
        for (json, expected) in [
            (json!(7), Is(7)),
            (json!("768625090560"), Is(768_625_090_560)),
            (json!(" -3 "), Is(-3)),
            (json!(3.0), Is(3)),
            (json!("3.0"), Is(3)),
            (json!(3.5), Malformed),
            (json!(u64::MAX), Malformed),
            (json!(1e300), Malformed),
            (json!("1e999"), Malformed),
            (json!(""), Malformed),
            (json!("NaN"), Malformed),
            (json!("seven"), Malformed),
            (json!(true), Malformed),
            (json!([7]), Malformed),
            (json!({"a": 7}), Malformed),
            (json!(null), Absent),
        ] {
            assert_eq!(read::<i64>(json.clone()), expected, "{json}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(read::<f64>(json!(2.5)), Is(2.5));
        assert_eq!(read::<f64>(json!("2114")), Is(2114.0));
        for json in [json!("inf"), json!("NaN"), json!(""), json!(false)] {
            assert_eq!(read::<f64>(json.clone()), Malformed, "{json}");
        }
    }

    #[test]
    fn booleans() {
        for (json, expected) in [
            (json!(true), Is(true)),
            (json!(0), Is(false)),
            (json!(1), Is(true)),
            (json!(1.0), Is(true)),
            (json!("0"), Is(false)),
            (json!("1"), Is(true)),
            (json!("true"), Is(true)),
            (json!("false"), Is(false)),
            (json!(2), Malformed),
            (json!("yes"), Malformed),
            (json!(""), Malformed),
            (json!([]), Malformed),
            (json!(null), Absent),
        ] {
            assert_eq!(read::<bool>(json.clone()), expected, "{json}");
        }
    }

    #[test]
    fn texts() {
        assert_eq!(read::<String>(json!("a")), Is("a".into()));
        assert_eq!(read::<String>(json!("")), Is(String::new()));
        assert_eq!(read::<String>(json!(12)), Is("12".into()));
        assert_eq!(read::<String>(json!(null)), Absent);
        for json in [json!(true), json!([]), json!({})] {
            assert_eq!(read::<String>(json.clone()), Malformed, "{json}");
        }
    }

    #[test]
    fn lists_skip_and_count_what_they_cannot_read() {
        let list: List<i64> = serde_json::from_value(json!([1, "2", null, [3], "x"])).expect("never fails");
        assert_eq!(list, List { items: vec![1, 2], malformed: 3, present: true });
        let null: List<i64> = serde_json::from_value(json!(null)).expect("never fails");
        assert_eq!(null, List::default());
        let other: List<i64> = serde_json::from_value(json!("x")).expect("never fails");
        assert_eq!(other, List { items: vec![], malformed: 1, present: false });
        assert!(!List::<i64>::default().present);
    }
}
