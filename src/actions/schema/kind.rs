//! Types and ranges of fields, checked in JSON and in a query's text.

use super::{Fault, TextRule, shorten};
use jiff::Timestamp;
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
    /// How long: `90s`, `2h`, `1h 30m`; above nothing and up to a year.
    Span,
    /// A week's hours: 168 characters of 0 and 1, or seven texts of 24.
    Week,
}

/// The hours of a day.
const DAY: usize = 24;
/// The hours of a week.
const WEEK: usize = 7 * DAY;
/// The longest [`Kind::Span`]: what lasts longer is meant for ever.
const LONGEST_SPAN: u64 = 366 * 24 * 60 * 60;
/// Whole numbers up to here are exact also where JSON writes them as fractions.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// The latest [`Kind::Time`] in seconds since 1970: the end of the year 9999.
const LATEST: i64 = 253_402_300_799;

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
            (Self::Integer { min, max }, Value::Number(number)) => match number.as_i64() {
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

    /// The value as this program and the NAS write it: `5.0` is the whole number 5, as in JSON Schema.
    pub(super) fn normalized(self, value: Value) -> Value {
        let fraction = value.as_number().filter(|number| number.is_f64()).and_then(Number::as_f64);
        match (self, fraction) {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and no larger than 2^53")]
            (Self::Integer { .. }, Some(number)) if number.fract() == 0.0 && number.abs() <= EXACT => {
                Value::from(number as i64)
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
                { "type": "string", "format": "date-time" },
            ] }),
            Self::Span => json!({
                "type": "string", "examples": ["90s", "2h", "1h 30m"],
                "pattern": r"^([1-9][0-9]{0,4}(s|m|h|d))( [1-9][0-9]{0,4}(s|m|h|d))*$",
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

fn wrong(value: &Value, allowed: &str) -> String {
    let given = match value {
        Value::Null => "null".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => format!("\"{}\"", shorten(text)),
        other => other.to_string(),
    };
    format!("{given} is refused; allowed: {allowed}")
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
        Value::Number(number) => match number.as_i64() {
            Some(-1) => Ok(None),
            Some(number) if usize::try_from(number).is_ok_and(|index| index < words.len()) => {
                Ok(Some(number))
            }
            _ => Err(allowed()),
        },
        _ => Err(allowed()),
    }
}

/// A [`Kind::Time`] in seconds since 1970. Nothing here is older than that, so an earlier moment is as good as its
/// beginning.
pub fn time(value: &Value) -> Result<i64, String> {
    let allowed = || wrong(value, "seconds since 1970, or a time as in 2026-11-24T09:30:00Z");
    let seconds = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse::<Timestamp>().ok().map(|time| time.as_second().max(0)),
        _ => None,
    };
    seconds.filter(|seconds| (0..=LATEST).contains(seconds)).ok_or_else(allowed)
}

const SPANS: &str = "a duration from 1s to 366d, as in 90s, 2h or 1h 30m";

/// A [`Kind::Span`] in seconds.
pub fn span(text: &str) -> Result<u64, String> {
    let given = || format!("\"{}\" is refused; allowed: {SPANS}", shorten(text));
    let seconds = humantime::parse_duration(text).map_err(|_| given())?.as_secs();
    if (1..=LONGEST_SPAN).contains(&seconds) { Ok(seconds) } else { Err(given()) }
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
                vec![json!(1), json!(20)],
                vec![json!(0), json!(21), json!(1.5), json!("3"), json!(1e30), json!(u64::MAX)],
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
                vec![json!(-1), json!("yesterday"), json!("2026-11-24"), json!(1e20), json!(i64::MAX)],
            ),
            (
                Kind::Span,
                vec![json!("2h"), json!("1h 30m"), json!("366d")],
                vec![
                    json!("0s"),
                    json!("2"),
                    json!(7200),
                    json!("367d"),
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
    fn a_whole_number_is_one_however_it_is_written() {
        let kind = Kind::Integer { min: 0, max: 10 };
        for (given, normal) in [
            (json!(5.0), json!(5)),
            (json!(5), json!(5)),
            (json!(-0.0), json!(0)),
            (json!(5.5), json!(5.5)),
            (json!(1e30), json!(1e30)),
            (json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_993_i64)),
            (json!("5"), json!("5")),
        ] {
            assert_eq!(kind.normalized(given), normal);
        }
        assert_eq!(Kind::Text(TextRule::Short).normalized(json!(5.0)), json!(5.0));
    }

    #[test]
    fn moments_before_1970_are_its_beginning() {
        for (given, seconds) in
            [("1337-01-31T19:00:07Z", 0), ("1970-01-01T00:00:00+01:00", 0), ("1970-01-01T00:00:01Z", 1)]
        {
            assert_eq!(time(&json!(given)), Ok(seconds));
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
