//! A reader of any value that keeps track of where it is.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{MOST_DEPTH, pointer_escape};

/// What `serde_json` itself would let pass, or say otherwise.
pub(super) enum Fault {
    Duplicate,
    Depth,
}

/// Where the reader is; after an error, where it was.
#[derive(Default)]
pub(super) struct Track {
    path: Vec<Step>,
    pub(super) fault: Option<Fault>,
}

enum Step {
    Key(String),
    Index(usize),
}

impl Track {
    pub(super) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.path {
            pointer.push('/');
            pointer.push_str(&match step {
                Step::Key(key) => pointer_escape(key),
                Step::Index(index) => Cow::Owned(index.to_string()),
            });
        }
        pointer
    }

    /// The error of a fault; the reader adds the line and the column to it.
    fn fail<E: Error>(&mut self, fault: Fault) -> E {
        self.fault = Some(fault);
        E::custom("refused")
    }
}

/// Reads the next value.
pub(super) struct Strict<'t>(&'t mut Track);

impl<'t> Strict<'t> {
    pub(super) fn new(track: &'t mut Track) -> Self {
        Self(track)
    }

    /// An object or a list begins: each value around it is a step of the path.
    fn enter<E: Error>(&mut self) -> Result<(), E> {
        if self.0.path.len() < MOST_DEPTH { Ok(()) } else { Err(self.0.fail(Fault::Depth)) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut values = Vec::new();
        loop {
            self.0.path.push(Step::Index(values.len()));
            let value = list.next_element_seed(Strict(self.0))?;
            self.0.path.pop();
            let Some(value) = value else { break };
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut members = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let again = members.contains_key(&key);
            self.0.path.push(Step::Key(key.clone()));
            if again {
                return Err(self.0.fail(Fault::Duplicate));
            }
            let value = object.next_value_seed(Strict(self.0))?;
            members.insert(key, value);
            self.0.path.pop();
        }
        Ok(members.into())
    }
}
