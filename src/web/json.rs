//! JSON bodies, read strictly.
//!
//! Of two equal keys most readers take the last and some the first, so what was checked need not be what is
//! done: here they are an error, as is nesting without end. A fault says what and where, and of the body
//! itself no more than a short pointer.

mod strict;

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeSeed;
use serde_json::Value;

use strict::{Fault, Strict, Track};

/// Objects and lists within each other; more is an error.
pub const MOST_DEPTH: usize = 64;

/// The most characters of a body that a fault repeats.
const MOST_SHOWN: usize = 80;

/// What is wrong with a body, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct JsonFault {
    what: Cow<'static, str>,
    line: usize,
    column: usize,
    pointer: Option<String>,
}

impl JsonFault {
    /// The JSON pointer (RFC 6901) of the value or the key at fault; none if it would be long.
    pub fn pointer(&self) -> Option<&str> {
        self.pointer.as_deref()
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// How many bytes of the line were read before the fault showed.
    pub fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, line, column, pointer } = self;
        write!(f, "{what} at line {line} column {column}")?;
        match pointer.as_deref() {
            None | Some("") => Ok(()),
            Some(pointer) => write!(f, ", in {}", pointer.escape_debug()),
        }
    }
}

/// The value of a whole body.
pub fn parse(body: &[u8]) -> Result<Value, JsonFault> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let before = &body[..error.valid_up_to()];
        let (line, column) = end_of(before);
        JsonFault { what: "bytes that are no UTF-8".into(), line, column, pointer: None }
    })?;
    if text.trim_ascii().is_empty() {
        let (line, column) = end_of(body);
        return Err(JsonFault { what: "no JSON, the body is empty".into(), line, column, pointer: None });
    }
    let mut track = Track::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Strict::new(&mut track).deserialize(&mut reader);
    read.and_then(|value| reader.end().map(|()| value)).map_err(|error| fault(&error, &track))
}

/// The reader's error in our words.
fn fault(error: &serde_json::Error, track: &Track) -> JsonFault {
    let (line, column) = (error.line(), error.column());
    let what = match track.fault {
        Some(Fault::Duplicate) => "a key for the second time".into(),
        Some(Fault::Depth) => format!("more than {MOST_DEPTH} objects and lists within each other").into(),
        None => {
            let message = error.to_string();
            let place = format!(" at line {line} column {column}");
            message.strip_suffix(&place).unwrap_or(&message).to_owned().into()
        }
    };
    let pointer = track.pointer();
    let short = pointer.chars().count() <= MOST_SHOWN;
    JsonFault { what, line, column, pointer: short.then_some(pointer) }
}

/// The place after `text`, counted as the reader does.
fn end_of(text: &[u8]) -> (usize, usize) {
    let mut lines = text.split(|byte| *byte == b'\n');
    (lines.clone().count(), lines.next_back().unwrap_or_default().len())
}

/// A key as a part of a JSON pointer.
pub fn pointer_escape(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) { key.replace('~', "~0").replace('/', "~1").into() } else { key.into() }
}

/// True for the content type of our JSON bodies: `application/json`, for which UTF-8 need not be said.
pub fn is_json_media_type(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(|part| part.trim_matches([' ', '\t']));
    let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    named
        && parts.all(|part| {
            part.is_empty()
                || part.split_once('=').is_some_and(|(name, value)| {
                    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
                    name.eq_ignore_ascii_case("charset")
                        && bare.unwrap_or(value).eq_ignore_ascii_case("utf-8")
                })
        })
}

#[cfg(test)]
mod tests;
