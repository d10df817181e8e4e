//! How a value of the file or the environment becomes a typed one.
//!
//! The file has typed scalars, the environment and flags have only text, so every helper here takes the
//! typed scalar and its text, and nothing else: a number is never quietly text, nor the reverse. Messages
//! name the value and what is allowed; the key is added by the loader, which knows where it is.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::problem::shown;

/// What stands at a key, before it is known what it means.
enum Given {
    Nothing,
    Flag(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Given>),
    Table(BTreeMap<String, Given>),
}

impl Given {
    /// The value for a message; of lists and tables only that they are such.
    fn shown(&self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::Flag(flag) => flag.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Text(text) => shown(text),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
        }
    }

    fn refuse<E: Error>(&self, allowed: impl Display) -> E {
        E::custom(format_args!("{} is not allowed here; allowed: {allowed}", self.shown()))
    }

    fn integer<E: Error, T: TryFrom<i128>>(&self, allowed: &str) -> Result<T, E> {
        let number = match self {
            Self::Integer(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| self.refuse(allowed))
    }

    fn parsed<E: Error, T: FromStr<Err: Display>>(&self, allowed: &str) -> Result<T, E> {
        match self {
            Self::Text(text) => text.parse().map_err(E::custom),
            other => Err(other.refuse(allowed)),
        }
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Given, E> {
        Ok(Given::Nothing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Given, E> {
        Ok(Given::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Given, E> {
        Ok(Given::Integer(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Given, E> {
        Ok(Given::Integer(number.into()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Given, E> {
        Ok(Given::Integer(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Given, E> {
        Ok(Given::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Given, E> {
        Ok(Given::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Given, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element()? {
            list.push(item);
        }
        Ok(Given::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        let mut table = BTreeMap::new();
        while let Some((key, value)) = map.next_entry()? {
            table.insert(key, value);
        }
        Ok(Given::Table(table))
    }
}

/// Text, as it is.
pub(super) fn text<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Given::deserialize(d)?.parsed("text; put quotes around a number, a date or true and false")
}

/// A value that says in its own `FromStr` what is allowed.
pub(super) fn parsed<'de, D, T>(d: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    Given::deserialize(d)?.parsed("text")
}

/// A secret. Its value is in no message, whatever it is.
pub(super) fn secret<'de, D: Deserializer<'de>>(d: D) -> Result<Option<SecretString>, D::Error> {
    let kind = match Given::deserialize(d)? {
        Given::Text(text) => return Ok(Some(text.into())),
        Given::Nothing => "nothing",
        Given::Flag(_) => "true or false",
        Given::Integer(_) | Given::Float(_) => "a number",
        Given::List(_) => "a list",
        Given::Table(_) => "a table",
    };
    Err(D::Error::custom(format_args!("was read as {kind}; allowed: text, so put quotes around it")))
}

/// A file's path; empty text means none.
pub(super) fn path<'de, D: Deserializer<'de>>(d: D) -> Result<Option<PathBuf>, D::Error> {
    let text: String = Given::deserialize(d)?.parsed("a path, as text")?;
    Ok((!text.is_empty()).then(|| text.into()))
}

/// True or false.
pub(super) fn flag<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
    let given = Given::deserialize(d)?;
    match &given {
        Given::Flag(flag) => Ok(*flag),
        Given::Text(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Given::Text(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        other => Err(other.refuse("true or false")),
    }
}

/// A whole number that is not negative and fits its type.
pub(super) fn whole<'de, D, T>(d: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    Given::deserialize(d)?.integer("a whole number, 0 or more")
}

/// A number, with or without a fraction.
pub(super) fn number<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
    let given = Given::deserialize(d)?;
    let number = match &given {
        Given::Float(number) => Some(*number),
        Given::Integer(number) => i32::try_from(*number).ok().map(f64::from),
        Given::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite()).ok_or_else(|| given.refuse("a number such as 0.5"))
}

/// The longest duration, 366 days; added to any clock it does not overflow.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// A length of time with its unit. A bare number is refused: nobody can see which unit was meant.
pub(super) fn duration<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    let given = Given::deserialize(d)?;
    let read = match &given {
        Given::Text(text) => humantime::parse_duration(text.trim()).ok(),
        _ => None,
    };
    read.filter(|duration| *duration <= LONGEST)
        .ok_or_else(|| given.refuse("a number and its unit up to a year, such as 500ms, 15s, 5m or 1h 30m"))
}

/// A list, or one text with commas between the entries, as the environment has it.
pub(super) fn list<'de, D, T>(d: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    const ALLOWED: &str = "a list of texts, or one text with commas between them";
    match Given::deserialize(d)? {
        Given::List(items) => items.iter().map(|item| item.parsed(ALLOWED)).collect(),
        Given::Text(text) if text.trim().is_empty() => Ok(Vec::new()),
        Given::Text(text) => {
            text.split(',').map(|item| item.trim().parse().map_err(D::Error::custom)).collect()
        }
        other => Err(other.refuse(ALLOWED)),
    }
}

/// Names with a whole number each.
pub(super) fn numbers<'de, D: Deserializer<'de>>(d: D) -> Result<BTreeMap<String, u64>, D::Error> {
    match Given::deserialize(d)? {
        Given::Table(table) => table
            .into_iter()
            .map(|(key, given)| Ok((key, given.integer("whole numbers, 0 or more")?)))
            .collect(),
        other => Err(other.refuse("a table of names and whole numbers")),
    }
}
