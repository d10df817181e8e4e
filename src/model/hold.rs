//! Holds as the metrics show them.

use super::ConnectionId;

/// Who holds a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HoldKind {
    /// A rule, on behalf of an alert.
    Alert,
    /// A person or their automation, by the API.
    Manual,
}

impl HoldKind {
    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Manual => "manual",
        }
    }
}

/// A hold in force on a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldConnection {
    /// The connection.
    pub connection: ConnectionId,
    /// The rule; empty for a manual hold.
    pub rule: String,
    /// Who holds it.
    pub kind: HoldKind,
    /// When it came, in seconds since 1970.
    pub since: f64,
    /// When it ends by itself, in seconds since 1970.
    pub until: Option<f64>,
    /// Whether the NAS shows what it wants; false while it begins and while it ends.
    pub in_effect: bool,
}
