//! Where the webhook's notifications go: whoever acts on alerts implements it.

use crate::actions::Reach;
use futures_util::future::BoxFuture;

/// A notification as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The body.
    pub body: Vec<u8>,
    /// The name of the token.
    pub token: String,
    /// The other end of the connection.
    pub peer: String,
    /// What the token may be used on.
    pub reach: Reach,
}

/// A notification that was accepted: what it says is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The alerts in it.
    pub alerts: usize,
    /// Those that could not be read.
    pub malformed: usize,
}

/// Why a notification was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    /// It is no notification, or of a version that is not known.
    Malformed(String),
    /// It has too many alerts.
    TooMany(String),
    /// Its sender had better come again.
    Later(String),
}

/// Takes notifications.
pub trait Inbox: Send + Sync {
    /// Keeps a notification, and says so once it is on disk.
    fn accept(&self, delivery: Delivery) -> BoxFuture<'_, Result<Taken, NotTaken>>;

    /// A notification was refused unread, because its body is too large.
    fn too_large(&self);
}
