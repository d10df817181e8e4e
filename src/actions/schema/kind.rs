//! Types and ranges of fields, checked in JSON and in a query's text.

use super::when::{LATEST, RFC_3339, SPANS, span, span_pattern, time};
use super::{Fault, TextRule, shorten};
use serde_json::{Number, Value, json};

/// What a field may be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// True or false.
    Flag,
    /// Nothing but true: said out loud what must not happen by accident.
    True,
    /// A whole number within bounds, both included.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A text.
    Text(TextRule),
    /// A list of texts.
    Texts {
        /// What each may be.
        rule: TextRule,
        /// How many at the most.
        most: usize,
    },
    /// One of some words.
    Word(&'static [&'static str]),
    /// One of some words, or its place among them as a number; `all`, or −1, is any.
    WordOrNumber(&'static [&'static str]),
    /// A moment: seconds since 1970 or RFC 3339.
    Time,
    /// How long, in days, hours, minutes and seconds: `90s`, `2h`, `1h 30m`.
    Span,
    /// A week's hours: 168 characters of 0 and 1, or seven texts of 24.
    Week,
}

/// The hours of a day.
const DAY: usize = 24;
/// The hours of a week.
const WEEK: usize = 7 * DAY;

impl Kind {
    /// Adds what is wrong with `value`, which stands at `pointer`.
    pub(super) fn check(self, value: &Value, pointer: &str, faults: &mut Vec<Fault>) {
        let mut add = |pointer: String, detail: String| faults.push(Fault { pointer, detail });
        match (self, value) {
            (Self::Texts { rule, most }, Value::Array(items)) => {
                if items.len() > most {
                    add(pointer.to_owned(), format!("has {} entries; allowed: {most}", items.len()));
                    return;
                }
                for (index, item) in items.iter().enumerate() {
                    if let Some(detail) = Self::Text(rule).fault(item) {
                        add(format!("{pointer}/{index}"), detail);
                    }
                }
            }
            _ => {
                if let Some(detail) = self.fault(value) {
                    add(pointer.to_owned(), detail);
                }
            }
        }
    }

    /// What is wrong with `value`, if anything.
    fn fault(self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Flag, Value::Bool(_)) | (Self::True, Value::Bool(true)) => None,
            (Self::Flag, _) => Some(wrong(value, "true or false")),
            (Self::True, _) => Some(wrong(value, "true, said out loud")),
            (Self::Integer { min, max }, Value::Number(number)) => match whole(number) {
                Some(number) if (min..=max).contains(&number) => None,
                _ => Some(format!(
                    "{} is out of range; allowed: whole numbers from {min} to {max}",
                    shorten(&number.to_string())
                )),
            },
            (Self::Integer { min, max }, _) => {
                Some(wrong(value, &format!("a whole number from {min} to {max}")))
            }
            (Self::Text(rule), Value::String(text)) => rule.fault(text),
            (Self::Text(_), _) => Some(wrong(value, "a text")),
            (Self::Texts { .. }, _) => Some(wrong(value, "a list of texts")),
            (Self::Word(words), Value::String(word)) if words.contains(&word.as_str()) => None,
            (Self::Word(words), _) => Some(wrong(value, &words.join(", "))),
            (Self::WordOrNumber(words), _) => word_number(words, value).err(),
            (Self::Time, _) => time(value).err(),
            (Self::Span, Value::String(text)) => span(text).err(),
            (Self::Span, _) => Some(wrong(value, SPANS)),
            (Self::Week, _) => week(value).err(),
        }
    }

    /// A value that passed the check, as whoever uses it expects it: whole numbers without a fraction.
    pub(super) fn plain(self, value: Value) -> Value {
        match (self, &value) {
            (Self::Integer { .. } | Self::WordOrNumber(_) | Self::Time, Value::Number(number)) => {
                whole(number).map_or(value, Value::from)
            }
            _ => value,
        }
    }

    /// The text of a query as a value of this kind: what JSON would have said by its type.
    pub fn of_text(self, text: &str) -> Value {
        let typed = match self {
            Self::Flag | Self::True => text.parse().ok().map(Value::Bool),
            Self::Integer { .. } | Self::Time | Self::WordOrNumber(_) => {
                text.parse::<i64>().ok().map(Value::from)
            }
            _ => None,
        };
        typed.unwrap_or_else(|| Value::String(text.to_owned()))
    }

    /// The kind as JSON Schema.
    pub fn json_schema(self) -> Value {
        match self {
            Self::Flag => json!({ "type": "boolean" }),
            Self::True => json!({ "type": "boolean", "const": true }),
            Self::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
            Self::Text(rule) => rule.json_schema(),
            Self::Texts { rule, most } => {
                json!({ "type": "array", "maxItems": most, "items": rule.json_schema() })
            }
            Self::Word(words) => json!({ "type": "string", "enum": words }),
            Self::WordOrNumber(words) => {
                let named: Vec<&str> = words.iter().copied().chain(["all"]).collect();
                json!({ "anyOf": [
                    { "type": "string", "enum": named },
                    { "type": "integer", "minimum": -1, "maximum": words.len() - 1 },
                ] })
            }
            Self::Time => json!({ "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": LATEST },
                { "type": "string", "format": "date-time", "pattern": RFC_3339 },
            ] }),
            Self::Span => json!({
                "type": "string", "examples": ["90s", "2h", "1h 30m"], "pattern": span_pattern(),
            }),
            Self::Week => json!({ "anyOf": [
                { "type": "string", "pattern": "^[01]{168}$" },
                {
                    "type": "array", "minItems": 7, "maxItems": 7,
                    "items": { "type": "string", "pattern": "^[01]{24}$" },
                },
            ] }),
        }
    }
}

pub(super) fn wrong(value: &Value, allowed: &str) -> String {
    let given = match value {
        Value::Null => "null".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => format!("\"{}\"", shorten(text)),
        other => other.to_string(),
    };
    format!("{given} is refused; allowed: {allowed}")
}

/// A number without a fraction, however it is written: in JSON, 5.0 is as whole as 5.
pub(super) fn whole(number: &Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let of_float = |float: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number of at most 2^53")]
        let whole = float as i64;
        (float.fract() == 0.0 && float.abs() <= EXACT).then_some(whole)
    };
    number.as_i64().or_else(|| number.as_f64().and_then(of_float))
}

/// The number of a [`Kind::WordOrNumber`]; none for all of them.
pub fn word_number(words: &[&str], value: &Value) -> Result<Option<i64>, String> {
    let allowed = || wrong(value, &format!("all (-1), {} (0 to {})", words.join(", "), words.len() - 1));
    match value {
        Value::String(word) if word == "all" => Ok(None),
        Value::String(word) => {
            let index = words.iter().position(|known| known == word).ok_or_else(allowed)?;
            Ok(i64::try_from(index).ok())
        }
        Value::Number(number) => match whole(number) {
            Some(-1) => Ok(None),
            Some(number) if usize::try_from(number).is_ok_and(|index| index < words.len()) => {
                Ok(Some(number))
            }
            _ => Err(allowed()),
        },
        _ => Err(allowed()),
    }
}

/// A [`Kind::Week`] as the NAS takes it: 168 characters.
pub fn week(value: &Value) -> Result<String, String> {
    let allowed = || {
        "is no schedule; allowed: seven texts of 24 characters 0 and 1, Sunday first, or all 168 in one"
            .to_owned()
    };
    let hours = match value {
        Value::String(text) => text.clone(),
        Value::Array(days) if days.len() == 7 => {
            let days: Option<Vec<&str>> =
                days.iter().map(|day| day.as_str().filter(|day| day.len() == DAY)).collect();
            days.ok_or_else(allowed)?.concat()
        }
        _ => return Err(allowed()),
    };
    let plain = hours.len() == WEEK && hours.bytes().all(|hour| matches!(hour, b'0' | b'1'));
    if plain { Ok(hours) } else { Err(allowed()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_good(kind: Kind, value: &Value) -> bool {
        let mut faults = Vec::new();
        kind.check(value, "/x", &mut faults);
        faults.is_empty()
    }

    #[test]
    fn each_kind_takes_and_refuses() {
        let week = "1".repeat(168);
        let days = vec!["0".repeat(24); 7];
        let level = Kind::WordOrNumber(&["info", "warning", "error"]);
        for (kind, good, bad) in [
            (Kind::Flag, vec![json!(true), json!(false)], vec![json!(1), json!("true"), json!(null)]),
            (Kind::True, vec![json!(true)], vec![json!(false), json!("true")]),
            (
                Kind::Integer { min: 1, max: 20 },
                vec![json!(1), json!(20), json!(5.0), json!(2e1)],
                vec![json!(0), json!(21), json!(21.0), json!(1.5), json!("3"), json!(1e30), json!(u64::MAX)],
            ),
            (Kind::Word(&["a", "b"]), vec![json!("a")], vec![json!("c"), json!(0), json!("")]),
            (
                level,
                vec![json!("info"), json!(2), json!(-1), json!("all")],
                vec![json!(3), json!(-2), json!("INFO"), json!(0.5)],
            ),
            (
                Kind::Time,
                vec![
                    json!(0),
                    json!(1_724_418_508),
                    json!("2026-11-24T09:30:00Z"),
                    json!("2026-11-24T09:30:00+01:00"),
                ],
                vec![
                    json!(-1),
                    json!("yesterday"),
                    json!("2026-11-24"),
                    json!("2026-11-24 09:30:00Z"),
                    json!("2026-11-24T09:30Z"),
                    json!("2026-02-30T09:30:00Z"),
                    json!("1969-12-31T23:59:59Z"),
                    json!(1e20),
                    json!(i64::MAX),
                ],
            ),
            (
                Kind::Span,
                vec![json!("2h"), json!("1h 30m"), json!("1h30m"), json!("366d"), json!("1d 1h 1m 1s")],
                vec![
                    json!("0s"),
                    json!("2"),
                    json!(7200),
                    json!("367d"),
                    json!("30m 1h"),
                    json!("1h 1h"),
                    json!(" 1h"),
                    json!("1h "),
                    json!("01h"),
                    json!("+1h"),
                    json!("99999999999999999999s"),
                    json!("2hours"),
                    json!("-1h"),
                    json!("1ms"),
                    json!(""),
                ],
            ),
            (
                Kind::Week,
                vec![json!(week), json!(days)],
                vec![
                    json!("1".repeat(167)),
                    json!(["1".repeat(168)]),
                    json!(["1".repeat(25), "1".repeat(23), "1", "1", "1", "1", "1"]),
                    json!("2".repeat(168)),
                    json!(1),
                ],
            ),
            (
                Kind::Texts { rule: TextRule::Extension, most: 2 },
                vec![json!([]), json!(["iso"])],
                vec![json!(["a", "b", "c"]), json!("iso"), json!([".iso"]), json!([1])],
            ),
        ] {
            for value in good {
                assert!(is_good(kind, &value), "{kind:?} {value}");
            }
            for value in bad {
                assert!(!is_good(kind, &value), "{kind:?} {value}");
            }
        }
    }

    #[test]
    fn the_text_of_a_query_gets_the_type_that_it_looks_like() {
        assert_eq!(Kind::Flag.of_text("true"), json!(true));
        assert_eq!(Kind::Flag.of_text("yes"), json!("yes"));
        assert_eq!(Kind::Integer { min: 0, max: 9 }.of_text("7"), json!(7));
        assert_eq!(Kind::Integer { min: 0, max: 9 }.of_text("7.0"), json!("7.0"));
        assert_eq!(Kind::Text(TextRule::Short).of_text("7"), json!("7"));
        assert_eq!(Kind::Time.of_text("2026-11-24T09:30:00Z"), json!("2026-11-24T09:30:00Z"));
    }

    #[test]
    fn long_lists_are_refused_without_reading_them() {
        let mut faults = Vec::new();
        let list = Value::from(vec!["."; 10_000]);
        Kind::Texts { rule: TextRule::Path, most: 1_000 }.check(&list, "/p", &mut faults);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].detail, "has 10000 entries; allowed: 1000");
    }
}
