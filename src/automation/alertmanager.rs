//! Which alerts an Alertmanager has, as it answers to GET /api/v2/alerts: `gettableAlerts` of its `OpenAPI`.
//!
//! It lists what fires, silenced and inhibited alerts included, and not what has ended. An `endsAt` there is when the
//! alert would end if nobody repeated it, not an end. Times come in whole milliseconds, so a start may be a little
//! before the one that the same Alertmanager's notifications have.
//!
//! An alert is read as strictly as one of a notification. One that cannot be read costs itself and is counted, and
//! then nobody can say of an alert that is not in the list that it is over: see [`Answer::knows_all`].

#[cfg(test)]
mod tests;

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::payload::{Alert, AlertStatus, MOST_RECEIVER, cut, text};
use crate::web::json::{self, JsonFault};

/// The Alertmanagers of the configuration.
pub trait Alertmanagers: Send + Sync {
    /// Asks each of them, all at once. One answer each, in the order of the configuration.
    fn ask(&self) -> BoxFuture<'_, Vec<Answer>>;
}

/// What came of asking one Alertmanager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its base URL, as configured.
    pub url: String,
    /// The alerts that could be read, in its order; or in a few words why there is no answer.
    pub alerts: Result<Vec<Listed>, String>,
    /// How many alerts could not be read.
    pub malformed: usize,
}

impl Answer {
    /// Whether an alert that is not in it does not fire, as far as this Alertmanager knows.
    pub fn knows_all(&self) -> bool {
        self.alerts.is_ok() && self.malformed == 0
    }
}

/// An alert that fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The alert.
    pub alert: Alert,
    /// Whether nobody is told of it, because it is silenced or inhibited.
    pub is_suppressed: bool,
    /// Who would be told, by their names in the Alertmanager's configuration.
    pub receivers: Vec<String>,
}

/// The alerts of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// Those that could be read, in their order.
    pub alerts: Vec<Listed>,
    /// How many could not be read.
    pub malformed: usize,
    /// Which was the first of them, and why.
    pub fault: Option<String>,
}

/// Why a body is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// It is no JSON, or not as strict as it must be.
    #[error("the answer is malformed: {0}")]
    Json(#[from] JsonFault),
    /// It is JSON, but no list.
    #[error("the answer is no list of alerts")]
    Shape,
}

/// Reads the body of an answer.
pub fn parse(body: &[u8]) -> Result<List, ListError> {
    let Value::Array(given) = json::parse(body)? else { return Err(ListError::Shape) };
    let mut list = List::default();
    for (index, value) in given.into_iter().enumerate() {
        match Listed::read(value) {
            Ok(listed) => list.alerts.push(listed),
            Err(why) => {
                list.malformed += 1;
                list.fault.get_or_insert_with(|| format!("alert {index}: {why}"));
            }
        }
    }
    Ok(list)
}

impl Listed {
    fn read(value: Value) -> Result<Self, &'static str> {
        let Value::Object(mut members) = value else { return Err("it is no object") };
        let state = members.get("status").and_then(|status| status.get("state")).and_then(Value::as_str);
        let is_suppressed = match state {
            Some("suppressed") => true,
            // Unprocessed: so new that nobody has looked yet whether it is suppressed.
            Some("active" | "unprocessed") => false,
            _ => return Err("its state is none of active, suppressed and unprocessed"),
        };
        let receivers = receivers(members.remove("receivers"));
        Ok(Self { alert: Alert::with_status(members, AlertStatus::Firing)?, is_suppressed, receivers })
    }
}

/// Names that nothing hangs on: what is no name is left out, what is long is cut.
fn receivers(value: Option<Value>) -> Vec<String> {
    let Some(Value::Array(given)) = value else { return Vec::new() };
    let name = |mut receiver: Value| text(receiver.get_mut("name").map(Value::take));
    given.into_iter().filter_map(name).map(|name| cut(name, MOST_RECEIVER)).collect()
}
