//! The envelope of every answer, and the one place where an answer's data become a type (API notes §1).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{BadParameter, DecodeFault, Error, tame};
use super::field::{Field, Lenient, object};

mod mend;

/// The API of logins, whose codes from 400 on are its own.
pub(super) const AUTH: &str = "SYNO.API.Auth";
/// Its method to log in.
pub(super) const LOGIN: &str = "login";

/// Values in one answer: many times what the largest NAS has to say, and few enough to be held. A small answer can
/// be made of very many values, each of which takes far more room in memory than on the wire.
const MAX_VALUES: usize = 1_000_000;

/// `{"success":…,"data":…}` or `{"success":…,"error":…}`; also the shape of a compound's member.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Envelope {
    pub(super) api: Field<String>,
    pub(super) method: Field<String>,
    success: Field<bool>,
    data: Value,
    error: Field<Refusal>,
}

impl Lenient for Envelope {
    fn lenient(value: Value) -> Option<Self> {
        object(value)
    }
}

/// Why the NAS refused a call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: Field<i64>,
    errors: Value,
}

impl Lenient for Refusal {
    fn lenient(value: Value) -> Option<Self> {
        object(value)
    }
}

/// A refusal with its code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: i64,
    pub(super) parameter: Option<BadParameter>,
}

impl Refused {
    /// As the failure of a call that was made with the parameters that `sent` knows.
    pub(super) fn into_error(
        self,
        api: &'static str,
        method: &'static str,
        sent: impl Fn(&str) -> bool,
    ) -> Error {
        if (api, method) == (AUTH, LOGIN) {
            Error::Login { code: self.code }
        } else {
            let parameter = self.parameter.and_then(|parameter| parameter.of_ours(sent));
            Error::Api { api, method, code: self.code, parameter }
        }
    }
}

/// Reads the body of an HTTP 200 answer. What only spoils a part of it is mended first, so that it costs that
/// part and not the whole: text that is not Unicode, and nesting that the parser refuses.
pub(super) fn parse(body: &[u8]) -> Result<Envelope, DecodeFault> {
    if body.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() > MAX_VALUES {
        return Err(DecodeFault::TooMany { limit: MAX_VALUES });
    }
    let parsed = serde_json::from_slice(body).or_else(|_| serde_json::from_slice(&mend::mend(body)));
    let value: Value = parsed.map_err(|error| {
        let first = body.iter().find(|b| !b.is_ascii_whitespace());
        if first == Some(&b'<') { DecodeFault::Html } else { DecodeFault::Json(error.to_string()) }
    })?;
    Envelope::lenient(value).ok_or_else(|| DecodeFault::Shape("the answer is not an object".to_owned()))
}

/// Reads the body of an HTTP 200 answer to a call that was made with the parameters that `sent` knows: its data, null
/// when there are none. A refusal is an error with the NAS's code.
pub(super) fn answer(
    api: &'static str,
    method: &'static str,
    body: &[u8],
    sent: impl Fn(&str) -> bool,
) -> Result<Value, Error> {
    parse(body)
        .and_then(Envelope::open)
        .map_err(|fault| Error::Decode { method, fault })?
        .map_err(|refused| refused.into_error(api, method, sent))
}

impl Envelope {
    /// The data of a success (null when there are none), or the refusal.
    pub(super) fn open(self) -> Result<Result<Value, Refused>, DecodeFault> {
        match self.success {
            Field::Value(true) => Ok(Ok(self.data)),
            Field::Value(false) => {
                let refusal = self.error.into_option().unwrap_or_default();
                let Some(code) = refusal.code.copied() else {
                    return Err(DecodeFault::Shape("a refusal without a code".to_owned()));
                };
                Ok(Err(Refused { code, parameter: bad_parameter(&refusal.errors) }))
            }
            Field::Absent | Field::Malformed => {
                Err(DecodeFault::Shape("the answer says neither success nor failure".to_owned()))
            }
        }
    }
}

/// `errors` is an object or a list of them, when it is there.
fn bad_parameter(errors: &Value) -> Option<BadParameter> {
    let first = match errors {
        Value::Array(list) => list.first()?,
        other => other,
    };
    let text = |name| first.get(name).and_then(Value::as_str).map(tame);
    Some(BadParameter { name: text("name")?, reason: text("reason").unwrap_or_else(|| "refused".to_owned()) })
}

/// Reads an answer's data as its type. Failures name places, never values: those may be secret.
pub(super) fn read_as<T: DeserializeOwned>(method: &'static str, data: Value) -> Result<T, Error> {
    let shape = |fault: String| Error::Decode { method, fault: DecodeFault::Shape(fault) };
    let fault = match &data {
        Value::Object(_) => {
            return serde_path_to_error::deserialize(data).map_err(|error| {
                let (path, cause) = (error.path().to_string(), tame(&error.inner().to_string()));
                shape(if path == "." { cause } else { format!("{}: {cause}", tame(&path)) })
            });
        }
        Value::Null => "the answer has no data",
        Value::Array(_) => "the data are a list, not an object",
        _ => "the data are not an object",
    };
    // serde would read a struct from a list by position. Only answers that are not read at all (`Done`) may be no
    // objects, and those take null for anything.
    T::deserialize(Value::Null).map_err(|_| shape(fault.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(body: &str) -> Result<Result<Value, Refused>, DecodeFault> {
        parse(body.as_bytes())?.open()
    }

    #[test]
    fn successes_and_refusals() {
        assert_eq!(open(r#"{"success":true}"#).unwrap().unwrap(), Value::Null);
        assert_eq!(open(r#"{"success":1,"data":{"a":1}}"#).unwrap().unwrap()["a"], 1);
        for errors in [r#"{"name":"x","reason":"type"}"#, r#"[{"name":"x","reason":"type"}]"#] {
            let refused = open(&format!(r#"{{"success":false,"error":{{"code":"120","errors":{errors}}}}}"#));
            let parameter = Some(BadParameter { name: "x".into(), reason: "type".into() });
            assert_eq!(refused.unwrap().unwrap_err(), Refused { code: 120, parameter });
        }
        let refused = open(r#"{"success":false,"error":{"code":105,"errors":7}}"#);
        assert_eq!(refused.unwrap().unwrap_err(), Refused { code: 105, parameter: None });
    }

    #[test]
    fn everything_else_is_a_decode_fault() {
        assert!(matches!(open(" \n<!DOCTYPE html>"), Err(DecodeFault::Html)));
        for body in ["", "nonsense", "{\"success\":true", "\u{0}"] {
            assert!(matches!(open(body), Err(DecodeFault::Json(_))), "{body}");
        }
        for body in ["[]", "7", "null", "{}", r#"{"success":"maybe"}"#, r#"{"success":false}"#] {
            assert!(matches!(open(body), Err(DecodeFault::Shape(_))), "{body}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(open(&deep), Err(DecodeFault::Shape(_))));
        assert!(matches!(open(&deep[..150_000]), Err(DecodeFault::Json(_))));
        let inside = format!(r#"{{"success":true,"data":{{"good":1,"bad":{deep}}}}}"#);
        assert_eq!(open(&inside).unwrap().unwrap()["good"], 1, "nonsense in one place costs that place");
    }

    #[test]
    fn a_list_is_no_object() {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        struct Data {
            a: Field<i64>,
        }
        let error = read_as::<Data>("m", serde_json::json!([1])).unwrap_err();
        assert_eq!(error.to_string(), "m: the data are a list, not an object");
        let error = read_as::<Data>("m", "canary".into()).unwrap_err();
        assert_eq!(error.to_string(), "m: the data are not an object");
        assert_eq!(read_as::<Data>("m", serde_json::json!({"a": "1"})).unwrap().a, Field::Value(1));
    }
}
