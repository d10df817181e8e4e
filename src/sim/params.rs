//! The parameters of one call, read by name and checked by type (API notes §1, `requestFormat: "JSON"`).
//!
//! In a direct call each value is text that must be JSON; inside a compound it is a JSON value already. A bare string
//! passes only where a published client sends one, and never when it happens to be JSON of another type: a bare
//! `123` is a number.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A refusal: the code and, for some, what was wrong with which parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) code: i64,
    pub(super) errors: Option<Value>,
}

impl Failure {
    pub(super) fn code(code: i64) -> Self {
        Self { code, errors: None }
    }

    /// 120: a bad parameter.
    pub(super) fn parameter(name: &str, reason: &str) -> Self {
        Self { code: 120, errors: Some(json!({"name": name, "reason": reason})) }
    }
}

/// What a call answers: `data`, when it has any, or a refusal.
pub(super) type Answer = Result<Option<Value>, Failure>;

/// Whether a string may come without its quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bare {
    Allowed,
    Refused,
}

#[derive(Clone, Debug)]
enum Arg {
    Text(String),
    Typed(Value),
}

/// What a parameter's text turned out to be.
enum Parsed {
    Json(Value),
    Bare(String),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Params(BTreeMap<String, Arg>);

impl Params {
    /// The parameters of a direct call.
    pub(super) fn from_form(form: &BTreeMap<String, String>) -> Self {
        Self(form.iter().map(|(name, text)| (name.clone(), Arg::Text(text.clone()))).collect())
    }

    /// The parameters of a member of a compound.
    pub(super) fn from_object(object: &Map<String, Value>) -> Self {
        Self(object.iter().map(|(name, value)| (name.clone(), Arg::Typed(value.clone()))).collect())
    }

    /// The text of a parameter of an API that is not JSON (Info, Auth).
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Arg::Text(text) | Arg::Typed(Value::String(text)) => Some(text.clone()),
            Arg::Typed(value) => Some(value.to_string()),
        }
    }

    /// The parameter as JSON, for matching and for the record; bare text becomes a string.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        match parse(self.0.get(name)?) {
            Parsed::Json(value) => Some(value),
            Parsed::Bare(text) => Some(Value::String(text)),
        }
    }

    pub(super) fn int(&self, name: &str) -> Result<Option<i64>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(Parsed::Json(Value::Number(number))) => {
                number.as_i64().map(Some).ok_or_else(|| Failure::parameter(name, "type"))
            }
            Some(_) => Err(Failure::parameter(name, "type")),
        }
    }

    /// An integer within bounds; beyond them the reason is `min` or `max`.
    pub(super) fn int_within(&self, name: &str, min: i64, max: i64) -> Result<Option<i64>, Failure> {
        let value = self.int(name)?;
        match value {
            Some(number) if number < min => Err(Failure::parameter(name, "min")),
            Some(number) if number > max => Err(Failure::parameter(name, "max")),
            _ => Ok(value),
        }
    }

    pub(super) fn required_int(&self, name: &str) -> Result<i64, Failure> {
        required(name, self.int(name)?)
    }

    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(Parsed::Json(Value::Bool(flag))) => Ok(Some(flag)),
            Some(Parsed::Bare(text)) if text == "True" => Ok(Some(true)),
            Some(Parsed::Bare(text)) if text == "False" => Ok(Some(false)),
            Some(_) => Err(Failure::parameter(name, "type")),
        }
    }

    pub(super) fn required_boolean(&self, name: &str) -> Result<bool, Failure> {
        required(name, self.boolean(name)?)
    }

    pub(super) fn string(&self, name: &str, bare: Bare) -> Result<Option<String>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(Parsed::Json(Value::String(text))) => Ok(Some(text)),
            Some(Parsed::Bare(text)) if bare == Bare::Allowed => Ok(Some(text)),
            Some(_) => Err(Failure::parameter(name, "type")),
        }
    }

    pub(super) fn required_string(&self, name: &str, bare: Bare) -> Result<String, Failure> {
        required(name, self.string(name, bare)?)
    }

    /// A string out of a closed list; another one is a `condition`.
    pub(super) fn word(&self, name: &str, words: &[&str]) -> Result<Option<String>, Failure> {
        match self.string(name, Bare::Allowed)? {
            Some(word) if !words.contains(&word.as_str()) => Err(Failure::parameter(name, "condition")),
            word => Ok(word),
        }
    }

    pub(super) fn strings(&self, name: &str) -> Result<Option<Vec<String>>, Failure> {
        let wrong = || Failure::parameter(name, "type");
        match self.get(name) {
            None => Ok(None),
            Some(Parsed::Json(Value::Array(items))) => items
                .into_iter()
                .map(|item| match item {
                    Value::String(text) => Ok(text),
                    _ => Err(wrong()),
                })
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(wrong()),
        }
    }

    pub(super) fn required_object(&self, name: &str) -> Result<Map<String, Value>, Failure> {
        match self.get(name) {
            None => Err(Failure::parameter(name, "required")),
            Some(Parsed::Json(Value::Object(map))) => Ok(map),
            Some(_) => Err(Failure::parameter(name, "type")),
        }
    }

    pub(super) fn required_list(&self, name: &str) -> Result<Vec<Value>, Failure> {
        match self.get(name) {
            None => Err(Failure::parameter(name, "required")),
            Some(Parsed::Json(Value::Array(items))) => Ok(items),
            Some(_) => Err(Failure::parameter(name, "type")),
        }
    }

    /// null counts as not given.
    fn get(&self, name: &str) -> Option<Parsed> {
        match parse(self.0.get(name)?) {
            Parsed::Json(Value::Null) => None,
            parsed => Some(parsed),
        }
    }
}

pub(super) fn required<T>(name: &str, value: Option<T>) -> Result<T, Failure> {
    value.ok_or_else(|| Failure::parameter(name, "required"))
}

fn parse(arg: &Arg) -> Parsed {
    match arg {
        Arg::Typed(value) => Parsed::Json(value.clone()),
        Arg::Text(text) => {
            serde_json::from_str(text).map_or_else(|_| Parsed::Bare(text.clone()), Parsed::Json)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Params {
        Params(BTreeMap::from([("p".to_owned(), Arg::Text(text.to_owned()))]))
    }

    #[test]
    fn text_is_json_or_bare() {
        assert_eq!(form("3").int("p"), Ok(Some(3)));
        assert_eq!(form("\"3\"").int("p"), Err(Failure::parameter("p", "type")));
        assert_eq!(form("3.5").int("p"), Err(Failure::parameter("p", "type")));
        assert_eq!(form("True").boolean("p"), Ok(Some(true)));
        assert_eq!(form("1").boolean("p"), Err(Failure::parameter("p", "type")));
        assert_eq!(form("").string("p", Bare::Allowed), Ok(Some(String::new())));
        assert_eq!(form("").string("p", Bare::Refused), Err(Failure::parameter("p", "type")));
        assert_eq!(form("0111").string("p", Bare::Refused), Err(Failure::parameter("p", "type")));
        assert_eq!(form("111").string("p", Bare::Allowed), Err(Failure::parameter("p", "type")));
        assert_eq!(form("\"111\"").string("p", Bare::Refused), Ok(Some("111".into())));
        assert_eq!(form("null").int("p"), Ok(None));
        assert_eq!(form("[\"a\",1]").strings("p"), Err(Failure::parameter("p", "type")));
        assert_eq!(form("9").int_within("p", 1, 5), Err(Failure::parameter("p", "max")));
        assert_eq!(form("0").int_within("p", 1, 5), Err(Failure::parameter("p", "min")));
    }

    #[test]
    fn members_of_a_compound_bring_typed_values() {
        let object = json!({"number": "3", "text": "3", "flag": "true"});
        let params = Params::from_object(object.as_object().unwrap());
        assert_eq!(params.int("number"), Err(Failure::parameter("number", "type")));
        assert_eq!(params.string("text", Bare::Refused), Ok(Some("3".into())));
        assert_eq!(params.boolean("flag"), Err(Failure::parameter("flag", "type")));
    }
}
