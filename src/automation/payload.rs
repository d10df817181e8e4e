//! What a webhook brings: Alertmanager's notifications, and Grafana's, which are nearly the same.
//!
//! A body is refused as a whole when it is no JSON object, names a version that is not ours to read, or holds more
//! alerts than [`MOST_ALERTS`]. An alert that cannot be read costs itself and is counted; the others count. Fields
//! that nobody here knows are passed over: Alertmanager adds some with nearly every release.
//!
//! What the group says of itself (status, common labels) is not looked at: an alert's own status is what counts.

mod alert;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::web::json::{self, JsonFault};

pub use alert::{Alert, AlertStatus, fingerprint};

pub(super) use alert::{cut, text};

/// The most alerts of one notification.
pub const MOST_ALERTS: usize = 10_000;

/// The most bytes that are kept of the receiver's name.
pub(super) const MOST_RECEIVER: usize = 1024;

/// The most bytes that are kept of a group's key.
const MOST_GROUP_KEY: usize = 4096;

/// Which program speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// Version 4.
    #[default]
    Alertmanager,
    /// Version 1.
    Grafana,
}

/// A webhook's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Who speaks.
    pub sender: Sender,
    /// The receiver as it came: quoted as a regular expression, so that `a.b` is `a\.b`.
    pub receiver: String,
    /// The group's key as it came.
    pub group_key: String,
    /// The labels that all alerts of the group have.
    pub group_labels: BTreeMap<String, String>,
    /// How many alerts of the group were left out (`max_alerts` of the sender).
    pub truncated: u64,
    /// The alerts that could be read, in their order.
    pub alerts: Vec<Alert>,
    /// How many could not be read.
    pub malformed: usize,
    /// Which was the first of them, and why.
    pub fault: Option<String>,
}

/// Why a body was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// It is no JSON, or not as strict as it must be.
    #[error("the body is malformed: {0}")]
    Json(#[from] JsonFault),
    /// It is JSON, but no notification.
    #[error("the body is malformed: {0}")]
    Shape(&'static str),
    /// It is of a version that nobody here can read.
    #[error("the notification's version is {0}; accepted: \"4\" (Alertmanager) and \"1\" (Grafana)")]
    Version(String),
    /// It has too many alerts.
    #[error("the notification has {0} alerts; accepted: up to {MOST_ALERTS}")]
    TooMany(usize),
}

impl PayloadError {
    /// Why, as a label value.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Json(_) | Self::Shape(_) => "malformed",
            Self::Version(_) => "version",
            Self::TooMany(_) => "too_many_alerts",
        }
    }
}

impl Notification {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, PayloadError> {
        let Value::Object(mut members) = json::parse(body)? else {
            return Err(PayloadError::Shape("it is no object"));
        };
        let sender = sender(members.get("version"))?;
        let Some(Value::Array(given)) = members.remove("alerts") else {
            return Err(PayloadError::Shape("alerts is no list"));
        };
        if given.len() > MOST_ALERTS {
            return Err(PayloadError::TooMany(given.len()));
        }
        let mut notification = Self {
            sender,
            receiver: own(&mut members, "receiver", MOST_RECEIVER),
            group_key: own(&mut members, "groupKey", MOST_GROUP_KEY),
            group_labels: alert::labels(members.remove("groupLabels")).unwrap_or_default(),
            truncated: truncated(members.get("truncatedAlerts"))?,
            alerts: Vec::with_capacity(given.len()),
            malformed: 0,
            fault: None,
        };
        for (index, value) in given.into_iter().enumerate() {
            match Alert::read(value) {
                Ok(alert) => notification.alerts.push(alert),
                Err(why) => {
                    notification.malformed += 1;
                    notification.fault.get_or_insert_with(|| format!("alerts[{index}]: {why}"));
                }
            }
        }
        Ok(notification)
    }

    /// The receiver as its configuration names it.
    pub fn receiver_name(&self) -> String {
        let mut name = String::with_capacity(self.receiver.len());
        let mut characters = self.receiver.chars();
        while let Some(character) = characters.next() {
            name.push(if character == '\\' { characters.next().unwrap_or('\\') } else { character });
        }
        name
    }
}

/// Who speaks, by the version, which some relays turn into a number.
fn sender(version: Option<&Value>) -> Result<Sender, PayloadError> {
    let number = match version {
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number.as_u64(),
        _ => None,
    };
    match (number, version) {
        (Some(4), _) => Ok(Sender::Alertmanager),
        (Some(1), _) => Ok(Sender::Grafana),
        (_, None) => Err(PayloadError::Version("missing".to_owned())),
        (_, Some(Value::Array(_) | Value::Object(_))) => {
            Err(PayloadError::Version("neither text nor number".to_owned()))
        }
        (_, Some(other)) => Err(PayloadError::Version(cut(other.to_string(), 40))),
    }
}

/// A count of alerts left out must be readable: that alerts are missing must not go unseen.
fn truncated(value: Option<&Value>) -> Result<u64, PayloadError> {
    match value {
        None | Some(Value::Null) => Ok(0),
        Some(value) => whole(value).ok_or(PayloadError::Shape("truncatedAlerts is no whole number")),
    }
}

/// A whole number that is not negative; some programs write it with a decimal point.
fn whole(value: &Value) -> Option<u64> {
    let decimal = || value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..9.0e15).contains(number));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and below 2^53")]
    value.as_u64().or_else(|| decimal().map(|number| number as u64))
}

/// A text that nothing hangs on: what is no text is empty, what is long is cut.
fn own(members: &mut Map<String, Value>, name: &str, most: usize) -> String {
    cut(text(members.remove(name)).unwrap_or_default(), most)
}
