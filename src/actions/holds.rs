//! Holds: who keeps a connection paused, why and until when.
//!
//! A connection stays paused until the last of its holds ends, and is then resumed, unless it was paused before the
//! first of them came. What follows from what is seen is decided in [`decide`], which knows neither clock nor NAS;
//! [`Book`] remembers over a restart.

mod book;
mod decide;

use crate::model::{ConnectionId, HeldConnection, HoldKind, NasName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

pub use book::Book;
pub use decide::{Facts, Look, Step, step};

/// How far a hold is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The NAS was, or is about to be, told to pause, and has not shown it yet.
    Pausing,
    /// The NAS has shown the pause.
    Held,
    /// It is to end, and the NAS has not been told to resume yet.
    Releasing,
}

/// A hold on one connection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Hold {
    /// Its name in the API.
    pub id: String,
    /// The NAS.
    pub nas: String,
    /// The connection.
    pub connection_id: i64,
    /// What the connection was called then.
    pub connection: String,
    /// The rule; empty for a manual hold.
    #[serde(default)]
    pub rule: String,
    /// Why.
    pub reason: String,
    /// The token's name.
    pub author: String,
    /// When it came, in milliseconds since 1970.
    pub created: i64,
    /// When it ends by itself, in milliseconds since 1970.
    #[serde(default)]
    pub until: Option<i64>,
    /// Whether only a person who names it ends it.
    #[serde(default)]
    pub latch: bool,
    /// Whether the connection was paused before, and not by a hold.
    pub was_paused: bool,
    /// How far it is.
    pub phase: Phase,
}

impl Hold {
    /// Who holds.
    pub fn kind(&self) -> HoldKind {
        if self.rule.is_empty() { HoldKind::Manual } else { HoldKind::Alert }
    }

    /// Whether it is on this connection.
    pub fn is_on(&self, nas: &NasName, connection: ConnectionId) -> bool {
        self.nas == nas.as_str() && self.connection_id == connection.0
    }

    /// Whether its time is over at `now`, in milliseconds since 1970.
    pub fn is_over(&self, now: i64) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Whether a plain resume must not end it.
    pub fn withstands_resume(&self) -> bool {
        self.latch || self.kind() == HoldKind::Alert
    }

    /// The hold as the metrics show it.
    pub fn shown(&self) -> HeldConnection {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
        let until = self.until.map(|until| until as f64 / 1_000.0);
        HeldConnection {
            connection: ConnectionId(self.connection_id),
            rule: self.rule.clone(),
            kind: self.kind(),
            until,
        }
    }
}

/// A moment in milliseconds since 1970 as RFC 3339.
pub fn rfc3339(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).map_or_else(|_| milliseconds.to_string(), |at| at.to_string())
}

/// A hold as the API shows it.
#[derive(Serialize)]
struct View<'a> {
    id: &'a str,
    nas: &'a str,
    connection_id: i64,
    connection: &'a str,
    kind: &'static str,
    rule: &'a str,
    reason: &'a str,
    author: &'a str,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    latch: bool,
    was_paused: bool,
    phase: Phase,
}

impl Serialize for Hold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            id,
            nas,
            connection_id,
            connection,
            rule,
            reason,
            author,
            created,
            until,
            latch,
            was_paused,
            phase,
        } = self;
        let view = View {
            id,
            nas,
            connection_id: *connection_id,
            connection,
            kind: self.kind().as_str(),
            rule,
            reason,
            author,
            created: rfc3339(*created),
            until: until.map(rfc3339),
            latch: *latch,
            was_paused: *was_paused,
            phase: *phase,
        };
        view.serialize(serializer)
    }
}

/// A hold as the state file has it.
#[derive(Serialize)]
struct Stored<'a> {
    id: &'a str,
    nas: &'a str,
    connection_id: i64,
    connection: &'a str,
    rule: &'a str,
    reason: &'a str,
    author: &'a str,
    created: i64,
    until: Option<i64>,
    latch: bool,
    was_paused: bool,
    phase: Phase,
}

impl Hold {
    /// The text for the state file, which [`Hold`] is read back from.
    fn stored(&self) -> Option<String> {
        let Self {
            id,
            nas,
            connection_id,
            connection,
            rule,
            reason,
            author,
            created,
            until,
            latch,
            was_paused,
            phase,
        } = self;
        let stored = Stored {
            id,
            nas,
            connection_id: *connection_id,
            connection,
            rule,
            reason,
            author,
            created: *created,
            until: *until,
            latch: *latch,
            was_paused: *was_paused,
            phase: *phase,
        };
        serde_json::to_string(&stored).ok()
    }
}
