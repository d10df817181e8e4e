//! What became of an alert under a rule, in words that are stable.

use serde::{Deserialize, Serialize};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A hold was taken.
    Acted,
    /// It supports the hold that the rule has already.
    Joined,
    /// A hold would have been taken: rules only observe.
    WouldAct,
    /// A guard kept it back.
    Blocked,
    /// It has to wait.
    Waiting,
    /// The action came to nothing. It is tried again.
    Failed,
    /// It was said, which is all that the rule does.
    Notified,
    /// The alert is over.
    Resolved,
    /// The notification was a late copy.
    Stale,
    /// No rule is about it.
    Unmatched,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 10] = [
        Self::Acted,
        Self::Joined,
        Self::WouldAct,
        Self::Blocked,
        Self::Waiting,
        Self::Failed,
        Self::Notified,
        Self::Resolved,
        Self::Stale,
        Self::Unmatched,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acted => "acted",
            Self::Joined => "joined",
            Self::WouldAct => "would_act",
            Self::Blocked => "blocked",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Notified => "notified",
            Self::Resolved => "resolved",
            Self::Stale => "stale",
            Self::Unmatched => "unmatched",
        }
    }
}

/// What keeps a rule from acting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Rules are frozen.
    Frozen,
    /// A person ended what the rule did for this episode.
    StoodDown,
    /// The rule's hold for this episode has had the longest that it can have.
    MaxHold,
    /// The rule's last hold of the connection ended a moment ago.
    Cooldown,
    /// The rule has acted on the connection as often as it may within a day.
    DailyBudget,
    /// As many connections are held as may be at once.
    MaxHeldShare,
    /// The connection is in error, unlinked or suspended.
    State,
    /// There is no such connection.
    UnknownConnection,
    /// The alert's labels do not say which connection.
    Labels,
    /// The token of whoever sent the alert may not be used on the connection.
    Token,
    /// The settings are as strict already.
    AlreadyStricter,
    /// The connection has as many holds as it can have.
    TooManyHolds,
    /// The NAS has not been seen, or not for too long.
    NasDown,
    /// The NAS refused.
    NasRefused,
    /// The NAS did not answer.
    NasSilent,
    /// The NAS said that it did it, and does not show it.
    VerifyFailed,
    /// The state file cannot be written.
    Disk,
}

impl Guard {
    /// Every guard that keeps an action back, for counters that begin at 0.
    pub const BLOCKING: [Self; 12] = [
        Self::Frozen,
        Self::StoodDown,
        Self::MaxHold,
        Self::Cooldown,
        Self::DailyBudget,
        Self::MaxHeldShare,
        Self::State,
        Self::UnknownConnection,
        Self::Labels,
        Self::Token,
        Self::AlreadyStricter,
        Self::TooManyHolds,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::StoodDown => "stood_down",
            Self::MaxHold => "max_hold",
            Self::Cooldown => "cooldown",
            Self::DailyBudget => "daily_budget",
            Self::MaxHeldShare => "max_held_share",
            Self::State => "state",
            Self::UnknownConnection => "unknown_connection",
            Self::Labels => "labels",
            Self::Token => "token",
            Self::AlreadyStricter => "already_stricter",
            Self::TooManyHolds => "too_many_holds",
            Self::NasDown => "nas_down",
            Self::NasRefused => "nas_refused",
            Self::NasSilent => "nas_silent",
            Self::VerifyFailed => "verify_failed",
            Self::Disk => "disk",
        }
    }
}

/// An outcome, with the guard that made it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What became of it.
    pub outcome: Outcome,
    /// Why not more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
}

impl Verdict {
    /// An outcome that nothing kept back.
    pub const fn of(outcome: Outcome) -> Self {
        Self { outcome, guard: None }
    }

    /// Kept back by this guard.
    pub const fn blocked(guard: Guard) -> Self {
        Self { outcome: Outcome::Blocked, guard: Some(guard) }
    }

    /// Waiting for this.
    pub const fn waiting(guard: Guard) -> Self {
        Self { outcome: Outcome::Waiting, guard: Some(guard) }
    }

    /// Come to nothing for this reason.
    pub const fn failed(guard: Guard) -> Self {
        Self { outcome: Outcome::Failed, guard: Some(guard) }
    }
}
