//! Holds: who keeps a connection paused, or its settings changed, why and until when.
//!
//! A connection stays paused until the last of its holds ends, and is then resumed, unless it was paused before the
//! first of them came. What follows from what is seen is decided in [`decide`], which knows neither clock nor NAS;
//! [`Book`] remembers over a restart.

mod book;
mod decide;
mod ending;

use crate::model::{ConnectionId, HeldConnection, HoldKind, NasName};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

pub(in crate::actions) use book::Amendment;
pub use book::Book;
pub(in crate::actions) use decide::GONE_AFTER;
pub use decide::{Facts, Look, Step, Told, step};
pub use ending::{Cause, Ending};

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
    /// The episode of the alert that it came with; none for a manual hold.
    #[serde(default)]
    pub episode: Option<String>,
    /// The settings that it holds at these values; empty = it holds the connection paused.
    #[serde(default)]
    pub set: BTreeMap<String, u64>,
    /// Why.
    pub reason: String,
    /// The token's name.
    pub author: String,
    /// When it came, in milliseconds since 1970.
    #[serde(deserialize_with = "moment")]
    pub created: i64,
    /// When it ends by itself, in milliseconds since 1970.
    #[serde(default, deserialize_with = "perhaps_a_moment")]
    pub until: Option<i64>,
    /// The latest moment that `until` can be put off to, in milliseconds since 1970.
    #[serde(default, deserialize_with = "perhaps_a_moment")]
    pub latest: Option<i64>,
    /// Whether only a person who names it ends it.
    #[serde(default)]
    pub latch: bool,
    /// Whether the connection was paused before, and not by a hold.
    pub was_paused: bool,
    /// Whether the NAS has shown the pause that was told last.
    #[serde(default)]
    pub was_shown: bool,
    /// How far it is.
    pub phase: Phase,
    /// Why it ends, once it does.
    #[serde(default)]
    pub cause: Option<Cause>,
}

impl Hold {
    /// Whether it holds the connection paused, rather than settings.
    pub fn is_pause(&self) -> bool {
        self.set.is_empty()
    }

    /// Whether it is to end whatever comes.
    pub fn is_ending(&self) -> bool {
        self.phase == Phase::Releasing
    }

    /// Whether its pause has shown, so that it is there or was taken away. One that never did may come yet.
    pub fn has_shown(&self) -> bool {
        self.was_shown || self.phase == Phase::Held
    }

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

    /// Why it ends when its time is over.
    pub fn cause_of_time(&self) -> Cause {
        if self.latest.is_some() && self.until == self.latest { Cause::Longest } else { Cause::Over }
    }

    /// Whether a plain resume must not end it.
    pub fn withstands_resume(&self) -> bool {
        self.latch || self.kind() == HoldKind::Alert
    }

    /// The hold as the metrics show it.
    pub fn shown(&self) -> HeldConnection {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
        let seconds = |milliseconds: i64| milliseconds as f64 / 1_000.0;
        HeldConnection {
            connection: ConnectionId(self.connection_id),
            rule: self.rule.clone(),
            kind: self.kind(),
            since: seconds(self.created),
            until: self.until.map(seconds),
            in_effect: self.phase == Phase::Held,
        }
    }
}

/// A moment in milliseconds since 1970 as RFC 3339.
pub fn rfc3339(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).map_or_else(|_| milliseconds.to_string(), |at| at.to_string())
}

/// A moment as it is written, or as a number of milliseconds since 1970, as it was written once.
#[derive(Deserialize)]
#[serde(untagged)]
enum Moment {
    Milliseconds(i64),
    Text(Timestamp),
}

impl From<Moment> for i64 {
    fn from(moment: Moment) -> Self {
        match moment {
            Moment::Milliseconds(milliseconds) => milliseconds,
            Moment::Text(at) => at.as_millisecond(),
        }
    }
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Moment::deserialize(deserializer).map(i64::from)
}

fn perhaps_a_moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<Moment>::deserialize(deserializer)?.map(i64::from))
}

/// A hold as the API shows it and as the state file has it.
#[derive(Serialize)]
struct View<'a> {
    id: &'a str,
    nas: &'a str,
    connection_id: i64,
    connection: &'a str,
    kind: &'static str,
    action: &'static str,
    rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    episode: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    set: &'a BTreeMap<String, u64>,
    reason: &'a str,
    author: &'a str,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<String>,
    latch: bool,
    was_paused: bool,
    was_shown: bool,
    phase: Phase,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
}

impl Serialize for Hold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            id,
            nas,
            connection_id,
            connection,
            rule,
            episode,
            set,
            reason,
            author,
            created,
            until,
            latest,
            latch,
            was_paused,
            was_shown,
            phase,
            cause,
        } = self;
        let view = View {
            id,
            nas,
            connection_id: *connection_id,
            connection,
            kind: self.kind().as_str(),
            action: if self.is_pause() { "pause" } else { "settings" },
            rule,
            episode: episode.as_deref(),
            set,
            reason,
            author,
            created: rfc3339(*created),
            until: until.map(rfc3339),
            latest: latest.map(rfc3339),
            latch: *latch,
            was_paused: *was_paused,
            was_shown: *was_shown,
            phase: *phase,
            cause: *cause,
        };
        view.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_read_back_as_it_was_written() {
        let hold = Hold {
            id: "h-1".to_owned(),
            nas: "home".to_owned(),
            connection_id: 3,
            connection: "Dropbox".to_owned(),
            rule: "wan".to_owned(),
            episode: Some("0123456789abcdef".to_owned()),
            set: BTreeMap::from([("max_upload_speed".to_owned(), 512)]),
            reason: "because".to_owned(),
            author: "am".to_owned(),
            created: 1_700_000_000_001,
            until: Some(1_700_000_100_002),
            latest: Some(1_700_086_400_003),
            latch: true,
            was_paused: true,
            was_shown: true,
            phase: Phase::Releasing,
            cause: Some(Cause::Person),
        };
        let text = serde_json::to_string(&hold).unwrap();
        assert_eq!(serde_json::from_str::<Hold>(&text).unwrap(), hold);
    }

    #[test]
    fn a_hold_of_an_older_file_is_read() {
        let text = r#"{"id":"h-1","nas":"home","connection_id":3,"connection":"Dropbox","rule":"","reason":"x",
            "author":"ops","created":1700000000001,"until":null,"latch":false,"was_paused":false,"phase":"held"}"#;
        let hold: Hold = serde_json::from_str(text).unwrap();
        assert_eq!((hold.created, hold.until, hold.is_pause()), (1_700_000_000_001, None, true));
    }
}
