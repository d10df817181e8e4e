//! One alert of a notification.

use std::collections::BTreeMap;
use std::hash::Hasher;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The most labels.
const MOST_LABELS: usize = 200;

/// The longest name of a label, in bytes.
const MOST_LABEL_NAME: usize = 1024;

/// The longest value of a label, in bytes.
const MOST_LABEL_VALUE: usize = 4096;

/// The most annotations that are kept.
const MOST_ANNOTATIONS: usize = 32;

/// The most bytes that are kept of an annotation's value.
const MOST_ANNOTATION: usize = 1024;

/// The longest fingerprint, in bytes; real ones have 16.
const MOST_FINGERPRINT: usize = 128;

/// The longest `generatorURL`, in bytes.
const MOST_GENERATOR: usize = 2048;

/// Whether an alert is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    /// It is.
    Firing,
    /// It was.
    Resolved,
}

/// An alert.
///
/// Times that contradict each other or the status: the status counts. A firing alert has no end, whatever it says of
/// one; a resolved alert that ends before it starts ends when it starts; one without an end ended when it is
/// received. A moment before 1970 is none: Go's empty time is the year 1. Times in the future are kept here and
/// judged by [`Episodes`](crate::automation::Episodes), which are told what time it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its own status, not the group's.
    pub status: AlertStatus,
    /// Its labels: at least one, none with an empty name or value.
    pub labels: BTreeMap<String, String>,
    /// Its annotations: the first of many, each cut when long.
    pub annotations: BTreeMap<String, String>,
    /// Since when it is on.
    pub starts_at: Timestamp,
    /// Until when it was on.
    pub ends_at: Option<Timestamp>,
    /// What identifies its labels: as given, else [`fingerprint`].
    pub fingerprint: String,
    /// Where it comes from, as a URL; empty when none or too long.
    pub generator: String,
}

/// The most characters of an alert's name that are shown to people.
const MOST_NAME: usize = 200;

impl Alert {
    /// Its name as people can be shown it: whoever sends alerts may have put anything into it.
    pub fn name(&self) -> String {
        let name = self.label("alertname");
        let visible = |character: char| if character.is_control() { '\u{fffd}' } else { character };
        let mut shown: String = name.chars().take(MOST_NAME).map(visible).collect();
        if name.chars().nth(MOST_NAME).is_some() {
            shown.push('…');
        }
        shown
    }

    /// Reads one element of `alerts`.
    pub(super) fn read(value: Value) -> Result<Self, &'static str> {
        let Value::Object(members) = value else { return Err("it is no object") };
        let status = match members.get("status").and_then(Value::as_str) {
            Some("firing") => AlertStatus::Firing,
            Some("resolved") => AlertStatus::Resolved,
            _ => return Err("its status is neither firing nor resolved"),
        };
        Self::with_status(members, status)
    }

    /// Reads everything but the status, which senders put in different ways.
    pub(in crate::automation) fn with_status(
        mut members: Map<String, Value>,
        status: AlertStatus,
    ) -> Result<Self, &'static str> {
        let labels = labels(members.remove("labels"))?;
        let starts_at = time(members.get("startsAt"))?.ok_or("it has no startsAt")?;
        let ends_at = time(members.get("endsAt"))?.map(|end| end.max(starts_at));
        Ok(Self {
            status,
            annotations: annotations(members.remove("annotations")),
            starts_at,
            ends_at: ends_at.filter(|_| status == AlertStatus::Resolved),
            fingerprint: given_fingerprint(&mut members)?.unwrap_or_else(|| fingerprint(&labels)),
            generator: text(members.remove("generatorURL"))
                .filter(|url| url.len() <= MOST_GENERATOR)
                .unwrap_or_default(),
            labels,
        })
    }

    /// A label's value; "" when it is not there.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// What Prometheus and Alertmanager compute of labels: FNV-1a-64 over the names in their order and their values, each
/// followed by the byte 255, as 16 digits.
pub fn fingerprint(labels: &BTreeMap<String, String>) -> String {
    let mut hasher = fnv::FnvHasher::default();
    for part in labels.iter().flat_map(|(name, value)| [name, value]) {
        hasher.write(part.as_bytes());
        hasher.write(&[255]);
    }
    format!("{:016x}", hasher.finish())
}

fn given_fingerprint(members: &mut Map<String, Value>) -> Result<Option<String>, &'static str> {
    match members.remove("fingerprint") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text))
            if text.len() <= MOST_FINGERPRINT && text.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Ok(Some(text))
        }
        Some(_) => Err("its fingerprint is no short plain text"),
    }
}

pub(super) fn labels(value: Option<Value>) -> Result<BTreeMap<String, String>, &'static str> {
    let Some(Value::Object(given)) = value else { return Err("its labels are no object") };
    if given.len() > MOST_LABELS {
        return Err("it has too many labels");
    }
    let mut labels = BTreeMap::new();
    for (name, value) in given {
        let Value::String(value) = value else { return Err("a label is no text") };
        if name.len() > MOST_LABEL_NAME || value.len() > MOST_LABEL_VALUE {
            return Err("a label is too long");
        }
        // An empty label is one that is not there, to Prometheus as well.
        if !name.is_empty() && !value.is_empty() {
            labels.insert(name, value);
        }
    }
    if labels.is_empty() { Err("it has no labels") } else { Ok(labels) }
}

fn annotations(value: Option<Value>) -> BTreeMap<String, String> {
    let Some(Value::Object(given)) = value else { return BTreeMap::new() };
    given
        .into_iter()
        .filter(|(name, _)| name.len() <= MOST_LABEL_NAME)
        .filter_map(|(name, value)| Some((name, cut(text(Some(value))?, MOST_ANNOTATION))))
        .take(MOST_ANNOTATIONS)
        .collect()
}

/// A moment, if one is given.
fn time(value: Option<&Value>) -> Result<Option<Timestamp>, &'static str> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => {
            let moment: Timestamp = text.parse().map_err(|_| "a time is not in RFC 3339")?;
            Ok((moment >= Timestamp::UNIX_EPOCH).then_some(moment))
        }
        Some(_) => Err("a time is no text"),
    }
}

pub(in crate::automation) fn text(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// At most so many bytes of a text, in whole characters.
pub(in crate::automation) fn cut(mut text: String, most: usize) -> String {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.truncate(end);
    text
}
