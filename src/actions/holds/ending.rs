//! How the holds of rules ended: what their cooldowns, their budgets and the will of persons go by.

use super::Hold;
use crate::model::{ConnectionId, NasName};
use serde::{Deserialize, Serialize};

/// Why a hold ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A person wished it, or resumed the connection, or changed the settings.
    Person,
    /// Its time is over.
    Over,
    /// Its time is over, and it had the longest that it can have.
    Longest,
    /// The NAS does not show what it was told.
    Unshown,
    /// The NAS refused.
    Refused,
    /// The connection is gone.
    Gone,
}

impl Cause {
    /// The words of every cause.
    pub const WORDS: [&'static str; 6] = ["person", "over", "longest", "unshown", "refused", "gone"];
}

/// The end of a rule's hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The hold's id.
    pub hold: String,
    /// The NAS.
    pub nas: String,
    /// The connection.
    pub connection_id: i64,
    /// The rule.
    pub rule: String,
    /// When the hold came, in milliseconds since 1970.
    pub created: i64,
    /// When it was to end, in milliseconds since 1970.
    pub ended: i64,
    /// Why.
    pub cause: Cause,
    /// Whether the rule knows of it.
    #[serde(skip)]
    pub is_heeded: bool,
}

impl Ending {
    /// The end of this hold; of a manual one there is nothing to remember.
    pub fn of(hold: &Hold, cause: Cause, now: i64) -> Option<Self> {
        if hold.rule.is_empty() {
            return None;
        }
        Some(Self {
            hold: hold.id.clone(),
            nas: hold.nas.clone(),
            connection_id: hold.connection_id,
            rule: hold.rule.clone(),
            created: hold.created,
            ended: now,
            cause,
            is_heeded: false,
        })
    }

    /// Whether it was on this connection.
    pub fn is_on(&self, nas: &NasName, connection: ConnectionId) -> bool {
        self.nas == nas.as_str() && self.connection_id == connection.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_its_word() {
        let causes =
            [Cause::Person, Cause::Over, Cause::Longest, Cause::Unshown, Cause::Refused, Cause::Gone];
        assert_eq!(causes.map(|cause| serde_json::to_value(cause).unwrap()), Cause::WORDS);
    }
}
