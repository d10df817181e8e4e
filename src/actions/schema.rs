//! Objects that callers send, as tables: one entry a field, with its type and range.
//!
//! The same table checks a body or a query, is printed as JSON Schema, and says what may be merged into the NAS's
//! settings. A check finds every fault, not only the first, and names each by its JSON pointer.

mod kind;
mod text;
mod when;

use serde::Serialize;
use serde_json::{Map, Value, json};

pub use kind::{Kind, week, word_number};
pub use text::TextRule;
pub use when::{span, time};

/// An object by its fields, in the NAS's own names where it has one.
pub type Document = Map<String, Value>;

/// One field of an object, or one parameter of a query.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// Whether the object means nothing without it.
    pub required: bool,
    /// What it does, for people.
    pub doc: &'static str,
}

impl Field {
    /// A field that may be left out.
    pub const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, required: false, doc }
    }

    /// A field that has to be there.
    pub const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, required: true, doc }
    }
}

/// An object.
#[derive(Debug)]
pub struct Schema {
    /// Its name in the API's description.
    pub name: &'static str,
    /// Its fields; others are refused.
    pub fields: &'static [Field],
    /// How many of them there have to be at the least: a change of nothing is a mistake.
    pub at_least: usize,
}

/// One thing that is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What, and what is allowed.
    pub detail: String,
}

impl Fault {
    /// A fault of one field.
    pub fn at(field: &str, detail: impl Into<String>) -> Self {
        Self { pointer: format!("/{}", escape(field)), detail: detail.into() }
    }
}

/// A name as a part of a JSON pointer, shortened: it may be a caller's, and as long as they like.
fn escape(name: &str) -> String {
    shorten(name).replace('~', "~0").replace('/', "~1")
}

/// At most this much of what a caller sent is repeated.
const SHOWN: usize = 80;

/// Text of a caller, short enough to be repeated to them.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Schema {
    /// The object, or everything that is wrong with it.
    pub fn check(&self, value: Value) -> Result<Document, Vec<Fault>> {
        let Value::Object(document) = value else {
            return Err(vec![Fault { pointer: String::new(), detail: "must be an object".to_owned() }]);
        };
        let mut faults = Vec::new();
        for (name, value) in &document {
            match self.field(name) {
                None => faults.push(Fault::at(name, self.unknown())),
                Some(field) => field.kind.check(value, &format!("/{name}"), &mut faults),
            }
        }
        for field in self.fields.iter().filter(|field| field.required && !document.contains_key(field.name)) {
            faults.push(Fault::at(field.name, "is missing"));
        }
        if document.len() < self.at_least && faults.is_empty() {
            let detail = format!("must have at least {} of: {}", self.at_least, self.names());
            faults.push(Fault { pointer: String::new(), detail });
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let plain = |(name, value): (String, Value)| match self.field(&name) {
            Some(field) => (name, field.kind.plain(value)),
            None => (name, value),
        };
        Ok(document.into_iter().map(plain).collect())
    }

    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn names(&self) -> String {
        self.fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
    }

    fn unknown(&self) -> String {
        format!("is not known; allowed: {}", self.names())
    }

    /// The object as JSON Schema (2020-12).
    pub fn json_schema(&self) -> Value {
        let properties: Map<String, Value> = self
            .fields
            .iter()
            .map(|field| {
                let mut schema = field.kind.json_schema();
                schema["description"] = json!(field.doc);
                (field.name.to_owned(), schema)
            })
            .collect();
        let required: Vec<&str> =
            self.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if self.at_least > required.len() {
            schema["minProperties"] = json!(self.at_least);
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: Schema = Schema {
        name: "Test",
        fields: &[
            Field::required("reason", Kind::Text(TextRule::Reason), "Why."),
            Field::optional("speed", Kind::Integer { min: 0, max: 10 }, "How fast."),
            Field::optional("paths", Kind::Texts { rule: TextRule::Path, most: 3 }, "Where."),
        ],
        at_least: 2,
    };

    #[test]
    fn every_fault_is_reported_at_its_place() {
        let faults = SCHEMA
            .check(json!({"speed": 11, "paths": ["/a", "b", 3], "a/b~c": 1, "reason": ""}))
            .unwrap_err();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a~1b~0c", "/paths/1", "/paths/2", "/reason", "/speed"]);
        assert!(faults[0].detail.contains("allowed: reason, speed, paths"), "{faults:?}");
    }

    #[test]
    fn what_is_missing_is_named() {
        let faults = SCHEMA.check(json!({"speed": 1})).unwrap_err();
        assert_eq!(faults, [Fault::at("reason", "is missing")]);
        let faults = SCHEMA.check(json!({"reason": "x"})).unwrap_err();
        assert!(faults[0].detail.starts_with("must have at least 2 of"), "{faults:?}");
        assert!(SCHEMA.check(json!([])).unwrap_err()[0].detail.contains("object"));
        assert!(SCHEMA.check(json!({"reason": "x", "speed": 1})).is_ok());
    }

    #[test]
    fn long_names_are_not_repeated_whole() {
        let faults = SCHEMA.check(json!({"x".repeat(100_000): 1, "reason": "x"})).unwrap_err();
        assert!(faults[0].pointer.len() < 100, "{}", faults[0].pointer.len());
    }

    #[test]
    fn the_schema_says_the_same() {
        let schema = SCHEMA.json_schema();
        assert_eq!(schema["required"], json!(["reason"]));
        assert_eq!(schema["minProperties"], 2);
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["properties"]["speed"]["maximum"], 10);
    }
}
