//! What follows for a hold from what the NAS shows. Pure: clock and NAS are arguments.

use super::{Hold, Phase};
use crate::model::Status;

/// What a fresh look at the NAS shows of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Paused.
    Paused,
    /// At work, or ready to be.
    Running,
    /// In a state in which a pause does not show: error, unlinked, suspended, or a word that is not known.
    Other,
    /// Not there any more.
    Gone,
}

impl Look {
    /// The look at a connection's status.
    pub fn of(status: Option<&Status>) -> Self {
        match status {
            Some(Status::Pause) => Self::Paused,
            Some(
                Status::UpToDate
                | Status::Syncing
                | Status::Processing
                | Status::Scanning
                | Status::Connecting,
            ) => Self::Running,
            Some(Status::Suspended | Status::Error | Status::Unlink | Status::Other(_)) | None => Self::Other,
        }
    }
}

/// What to do about a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing, for now.
    Wait,
    /// The pause shows: the hold is in force.
    Confirm,
    /// The connection runs, whatever the NAS was told: the hold ends, since it never began.
    GiveUp,
    /// The NAS forgot the pause, as at a restart: pause again.
    PauseAgain,
    /// Somebody else resumed the connection: the hold ends and nothing is sent. A person wins.
    Yield,
    /// The connection is gone, and the hold with it.
    Forget,
}

/// What a fresh look means for a hold that is not to end. `is_late` = what contradicts the hold has been seen for long
/// enough; `was_interrupted` = since the last good look the NAS was unreachable.
///
/// A pause that was told and does not show is only given up where the connection is seen running. In the other states
/// it may lie hidden and come to light when the error is mended, with nobody left to end it; so the hold stays, to be
/// seen and to be ended. And one list without the connection may be that of a NAS that is just starting.
pub fn step(hold: &Hold, look: Look, is_late: bool, was_interrupted: bool) -> Step {
    match (hold.phase, look) {
        (_, Look::Gone) if is_late => Step::Forget,
        (Phase::Pausing, Look::Paused) => Step::Confirm,
        (Phase::Pausing, Look::Running) if is_late => Step::GiveUp,
        (Phase::Held, Look::Running) if was_interrupted => Step::PauseAgain,
        (Phase::Held, Look::Running) => Step::Yield,
        _ => Step::Wait,
    }
}

/// How a hold ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// The NAS is told to resume.
    Resume,
    /// Nothing is sent: another hold is in force, it was paused before, or it is not paused now.
    Quietly,
}

/// How `hold` ends, with `others` on the same connection.
pub fn release(hold: &Hold, others: usize, look: Look) -> Release {
    // In the other states a pause may lie hidden, which would come to light when the error is mended.
    let may_be_paused = matches!(look, Look::Paused | Look::Other);
    if others == 0 && !hold.was_paused && may_be_paused { Release::Resume } else { Release::Quietly }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(phase: Phase, was_paused: bool) -> Hold {
        Hold {
            id: "a".into(),
            nas: "home".into(),
            connection_id: 3,
            connection: "Dropbox".into(),
            rule: String::new(),
            reason: "test".into(),
            author: "ops".into(),
            created: 0,
            until: None,
            latch: false,
            was_paused,
            phase,
        }
    }

    #[test]
    fn every_step() {
        use Look::{Gone, Other, Paused, Running};
        use Phase::{Held, Pausing, Releasing};
        for (phase, look, is_late, was_interrupted, expected) in [
            (Pausing, Paused, false, false, Step::Confirm),
            (Pausing, Paused, true, true, Step::Confirm),
            (Pausing, Running, false, false, Step::Wait),
            (Pausing, Running, true, false, Step::GiveUp),
            (Pausing, Running, true, true, Step::GiveUp),
            (Pausing, Other, true, false, Step::Wait),
            (Pausing, Gone, false, false, Step::Wait),
            (Pausing, Gone, true, false, Step::Forget),
            (Held, Paused, false, false, Step::Wait),
            (Held, Paused, true, true, Step::Wait),
            (Held, Running, false, false, Step::Yield),
            (Held, Running, false, true, Step::PauseAgain),
            (Held, Other, false, false, Step::Wait),
            (Held, Gone, false, true, Step::Wait),
            (Held, Gone, true, false, Step::Forget),
            (Releasing, Paused, true, false, Step::Wait),
            (Releasing, Gone, true, false, Step::Forget),
        ] {
            let hold = hold(phase, false);
            assert_eq!(step(&hold, look, is_late, was_interrupted), expected, "{phase:?} {look:?}");
        }
    }

    #[test]
    fn only_the_last_hold_resumes_and_only_what_it_paused() {
        for (was_paused, others, look, expected) in [
            (false, 0, Look::Paused, Release::Resume),
            (false, 0, Look::Other, Release::Resume),
            (false, 0, Look::Running, Release::Quietly),
            (false, 0, Look::Gone, Release::Quietly),
            (false, 1, Look::Paused, Release::Quietly),
            (true, 0, Look::Paused, Release::Quietly),
        ] {
            assert_eq!(release(&hold(Phase::Held, was_paused), others, look), expected);
        }
    }
}
