//! Answers that repeat what their request carried: a NAS, or what stands in its place, that reflects the session or the
//! password. Its words go on into labels, logs and pages, so these are taken out of them first.

use secrecy::ExposeSecret;
use serde_json::Value;

use super::Exchange;

/// The fields of a form that are secret.
const SECRET_FIELDS: [&str; 3] = ["passwd", "otp_code", "device_id"];
/// What stands in place of a secret.
const TAKEN_OUT: &str = "[redacted]";
/// Anything shorter is found in words that have nothing to do with it, in bytes.
const SHORTEST: usize = 8;

/// The secrets of a request, which may not come back.
pub(super) struct Keys<'a>(Vec<&'a str>);

impl<'a> Keys<'a> {
    pub(super) fn of(exchange: &'a Exchange<'_>) -> Self {
        let session = exchange.session.into_iter().flat_map(|(sid, token)| std::iter::once(sid).chain(token));
        let form = exchange.form.iter().filter(|(name, _)| SECRET_FIELDS.contains(name));
        Self::among(session.map(ExposeSecret::expose_secret).chain(form.map(|(_, value)| value.as_str())))
    }

    fn among(secrets: impl Iterator<Item = &'a str>) -> Self {
        Self(secrets.filter(|secret| secret.len() >= SHORTEST).collect())
    }

    /// Whether they are in a text, in any case: host names are written in small letters.
    pub(super) fn are_in(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        self.0.iter().any(|key| text.contains(&key.to_ascii_lowercase()))
    }

    /// Takes them out of every text of an answer, names included.
    pub(super) fn take_out(&self, answer: &mut Value) {
        match answer {
            Value::String(text) => self.take_out_of(text),
            Value::Array(list) => list.iter_mut().for_each(|value| self.take_out(value)),
            Value::Object(object) => {
                object.values_mut().for_each(|value| self.take_out(value));
                if object.keys().any(|name| self.0.iter().any(|key| name.contains(key))) {
                    *object = std::mem::take(object)
                        .into_iter()
                        .map(|(mut name, value)| {
                            self.take_out_of(&mut name);
                            (name, value)
                        })
                        .collect();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn take_out_of(&self, text: &mut String) {
        for key in &self.0 {
            if text.contains(key) {
                *text = text.replace(key, TAKEN_OUT);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_taken_out_wherever_they_are() {
        let keys = Keys::among(["sid-4711-x", "token-0815"].into_iter());
        let mut answer = json!({
            "a": ["sid-4711-x", 7, null, {"b": "before token-0815 after sid-4711-x"}],
            "name sid-4711-x": true,
            "else": "sid-4711",
        });
        keys.take_out(&mut answer);
        let expected = json!({
            "a": ["[redacted]", 7, null, {"b": "before [redacted] after [redacted]"}],
            "name [redacted]": true,
            "else": "sid-4711",
        });
        assert_eq!(answer, expected);
        assert!(keys.are_in("https://SID-4711-x.example") && !keys.are_in("https://nas.example"));
    }

    #[test]
    fn what_is_short_or_not_there_takes_nothing_out() {
        for keys in [Keys::among([].into_iter()), Keys::among(["a"].into_iter())] {
            let mut answer = json!({"name": "a name with an a"});
            keys.take_out(&mut answer);
            assert_eq!(answer, json!({"name": "a name with an a"}));
            assert!(!keys.are_in("a"));
        }
    }
}
