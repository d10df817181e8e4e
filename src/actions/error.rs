//! Why an action was not done, with the facts; what that means in HTTP is the API's to say.

use super::holds::Hold;
use super::list::Listed;
use super::port::Failure;
use super::schema::Fault;
use crate::model::NasName;
use serde_json::Value;

/// An action, or a question, that came to nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ActionError {
    /// This instance has no NAS of that name.
    #[error("this instance has no NAS {0}")]
    UnknownNas(NasName),
    /// The NAS has no such connection; it was asked.
    #[error("NAS {nas} has no connection {id}")]
    UnknownConnection {
        /// The NAS.
        nas: NasName,
        /// The id.
        id: i64,
    },
    /// The NAS has no such task; it was asked.
    #[error("NAS {nas} has no task {id}")]
    UnknownTask {
        /// The NAS.
        nas: NasName,
        /// The id.
        id: i64,
    },
    /// There is no such hold.
    #[error("there is no hold {0}")]
    UnknownHold(String),
    /// The wish does not fit what the NAS has.
    #[error("the request does not fit the NAS")]
    Invalid(Vec<Fault>),
    /// What was said to confirm a removal is not the thing's name.
    #[error("confirm must be {0}")]
    Unconfirmed(&'static str),
    /// Holds stand in the way.
    #[error("holds stand in the way")]
    Held(Vec<Hold>),
    /// Rules are frozen.
    #[error("rules are frozen")]
    Frozen,
    /// The connection's owner has the settings at least as strict as a rule wants them.
    #[error("the settings are as strict already")]
    AlreadyStricter,
    /// The connection is in a state in which a pause would not show.
    #[error("the connection's state is {}", .0.status_word())]
    Unfit(Listed),
    /// Too many wait for the NAS already.
    #[error("too many requests wait for NAS {0} already")]
    Busy(NasName),
    /// Whoever asked went away before it began.
    #[error("the caller went away before it began")]
    Abandoned,
    /// The connection has as many holds as it can have.
    #[error("the connection has {0} holds, and no more are taken")]
    TooManyHolds(usize),
    /// The audit record could not be written, so nothing was done.
    #[error("the audit record cannot be written, so nothing was done: {0}")]
    Unrecorded(String),
    /// The NAS failed.
    #[error("{failure}")]
    Nas {
        /// How.
        failure: Box<Failure>,
        /// The number of the audit record, when it came to an action.
        audit: Option<i64>,
        /// What was before and what is after, as far as it is known.
        seen: Option<Box<(Value, Value)>>,
        /// Holds that stay although it failed, because the NAS may have done it.
        holds: Vec<Hold>,
    },
}

impl ActionError {
    /// The same, with holds that stay.
    pub(super) fn with_holds(self, left: Vec<Hold>) -> Self {
        match self {
            Self::Nas { failure, audit, seen, holds: _ } => Self::Nas { failure, audit, seen, holds: left },
            other => other,
        }
    }
}

impl From<Failure> for ActionError {
    fn from(failure: Failure) -> Self {
        Self::Nas { failure: Box::new(failure), audit: None, seen: None, holds: Vec::new() }
    }
}
