//! From names, ids and labels to connections.

use std::collections::BTreeSet;

use crate::automation::payload::Alert;
use crate::model::{ConnectionId, NasName};

/// The most characters of a label that an error repeats.
const MOST_SHOWN: usize = 80;

/// A connection that there is, as of the last poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownConnection {
    /// The NAS.
    pub nas: NasName,
    /// Its number.
    pub id: ConnectionId,
    /// Every name that people may know it by.
    pub names: Vec<String>,
}

impl KnownConnection {
    fn target(&self) -> Target {
        Target { nas: self.nas.clone(), connection: self.id }
    }
}

/// A connection to act on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The NAS.
    pub nas: NasName,
    /// The connection.
    pub connection: ConnectionId,
}

/// Why a rule has nothing to act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTarget {
    /// The alert does not say.
    #[error("the alert has no label {0}")]
    Unlabelled(&'static str),
    /// What it says is no id.
    #[error("the alert's label conn_id is {0}, which is no connection's id")]
    NotAnId(String),
    /// There is none, or none that the sender may have touched.
    #[error("there is no connection {connection} on NAS {nas}, or none within reach")]
    Unknown {
        /// The NAS.
        nas: String,
        /// The names or ids.
        connection: String,
    },
}

/// The ones that a configured name or id means.
fn meant<'a>(
    nas: &'a NasName,
    entry: &'a str,
    known: &'a [KnownConnection],
) -> impl Iterator<Item = &'a KnownConnection> {
    let id = id(entry);
    known.iter().filter(move |connection| {
        connection.nas == *nas
            && id.map_or_else(|| connection.names.iter().any(|name| name == entry), |id| connection.id == id)
    })
}

pub(super) fn named(
    nas: &NasName,
    connections: &[String],
    known: &[KnownConnection],
) -> Result<Vec<Target>, NoTarget> {
    let found: BTreeSet<Target> =
        connections.iter().flat_map(|entry| meant(nas, entry, known)).map(KnownConnection::target).collect();
    if found.is_empty() {
        return Err(NoTarget::Unknown {
            nas: shown(nas.as_str()),
            connection: shown(&connections.join(", ")),
        });
    }
    Ok(found.into_iter().collect())
}

pub(super) fn absent<'a>(
    nas: &NasName,
    connections: &'a [String],
    known: &[KnownConnection],
) -> Vec<&'a str> {
    let is_absent = |entry: &&str| meant(nas, entry, known).next().is_none();
    connections.iter().map(String::as_str).filter(is_absent).collect()
}

pub(super) fn labelled(alert: &Alert, known: &[KnownConnection]) -> Result<Target, NoTarget> {
    let label = |name| match alert.label(name) {
        "" => Err(NoTarget::Unlabelled(name)),
        value => Ok(value),
    };
    let (nas, connection) = (label("nas")?, label("conn_id")?);
    let id = id(connection).ok_or_else(|| NoTarget::NotAnId(shown(connection)))?;
    known
        .iter()
        .find(|known| known.nas.as_str() == nas && known.id == id)
        .map(KnownConnection::target)
        .ok_or_else(|| NoTarget::Unknown { nas: shown(nas), connection: shown(connection) })
}

/// The id that a text is, written as the metrics write it.
pub fn id(text: &str) -> Option<ConnectionId> {
    text.parse().ok().filter(|id: &i64| id.to_string() == text).map(ConnectionId)
}

/// A label's value, which anybody may have written.
pub(in crate::automation) fn shown(text: &str) -> String {
    let mut cut: String = text.chars().take(MOST_SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().count() > MOST_SHOWN {
        cut.push('…');
    }
    cut
}
