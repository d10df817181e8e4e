//! What follows for a hold from what the NAS shows. Pure: clock and NAS are arguments.
//!
//! How fast a NAS shows what it was told, and whether it shows it in every state, is not known (API notes §6). So what
//! is not seen is never taken for done, and never for gone: a hold ends when the NAS shows its connection running
//! after a resume was told, or when another hold takes over, or when it had nothing to undo.

use super::{Hold, Phase};
use crate::model::{HoldKind, Status};
use std::time::Duration;

/// For so long a connection has to be missing before it is believed to be gone: a NAS that starts lists none, and one
/// that hides other users' connections lists some.
pub(in crate::actions) const GONE_AFTER: Duration = Duration::from_secs(60 * 60);

/// What a fresh look at the NAS shows of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Paused.
    Paused,
    /// At work, or ready to be.
    Running,
    /// In a state in which a pause does not show: error, unlinked, suspended, or a word that is not known.
    Other,
    /// Not listed.
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

    /// Whether the connection is there and not paused, as far as can be seen.
    pub fn is_resumed(self) -> bool {
        matches!(self, Self::Running | Self::Other)
    }
}

/// What came of telling a NAS to resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It refused, while the pause showed.
    Refused,
    /// It said yes, so long ago.
    Ago(Duration),
}

/// What is known of a hold's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What the NAS shows.
    pub look: Look,
    /// Other holds on the connection.
    pub others: usize,
    /// For how long the NAS has shown what contradicts the hold.
    pub contradicted: Duration,
    /// The last resume that was told for this hold.
    pub told: Option<Told>,
    /// Since the last good look the NAS was unreachable or forgot our session, or this program was not there to look.
    pub was_interrupted: bool,
    /// Whether rules are kept from acting.
    pub is_frozen: bool,
    /// How long a NAS has to show what it was told.
    pub patience: Duration,
}

/// What to do about a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing, for now.
    Wait,
    /// The pause shows: the hold is in force.
    Confirm,
    /// The pause does not show, whatever the NAS was told: the hold is to end, with a resume, since the pause may come
    /// yet.
    GiveUp,
    /// The NAS forgot the pause, as at a restart, or this program ended before it told it: pause again.
    PauseAgain,
    /// The same, once rules may act again.
    Postpone,
    /// It is to end: the NAS is told to resume.
    Resume,
    /// It ends, and nothing is sent: it has nothing to undo, or what was told shows.
    End,
    /// Somebody else resumed the connection: the hold ends and nothing is sent. A person wins.
    Yield,
    /// The connection is gone, and the hold with it.
    Forget,
}

/// What follows for a hold, which is to end or not.
pub fn step(hold: &Hold, is_to_end: bool, facts: Facts) -> Step {
    let Facts { look, others, contradicted, told, was_interrupted, is_frozen, patience } = facts;
    let is_rule = hold.kind() == HoldKind::Alert;
    if is_to_end && (others > 0 || hold.was_paused) {
        return Step::End;
    }
    match (is_to_end, hold.phase, look) {
        (_, _, Look::Gone) if contradicted >= GONE_AFTER => Step::Forget,
        (_, _, Look::Gone) => Step::Wait,
        // It was seen paused, and somebody resumed it.
        (true, Phase::Held, Look::Running) => Step::End,
        (true, _, _) => match told {
            // It was done all the same. Another state than a running one may hide the pause.
            Some(Told::Refused) if look == Look::Running => Step::End,
            // A pause that never showed may come after the resume.
            Some(Told::Ago(ago)) if look.is_resumed() && (hold.has_shown() || ago >= patience) => Step::End,
            Some(Told::Ago(ago)) if ago < patience => Step::Wait,
            // Not seen paused is no proof that it is not: the pause may be on its way, or hidden by an error.
            _ => Step::Resume,
        },
        (false, Phase::Pausing, Look::Paused) => Step::Confirm,
        // A rule goes on wishing for its pause until that shows. A person was told how it went, and may wish again.
        (false, Phase::Held | Phase::Pausing, Look::Running) if was_interrupted && is_rule => {
            if is_frozen {
                Step::Postpone
            } else {
                Step::PauseAgain
            }
        }
        (false, Phase::Held, Look::Running) if was_interrupted => Step::PauseAgain,
        (false, Phase::Pausing, Look::Running) if contradicted >= patience => Step::GiveUp,
        (false, Phase::Held, Look::Running) => Step::Yield,
        (false, _, _) => Step::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Look::{Gone, Other, Paused, Running};
    use Phase::{Held, Pausing, Releasing};

    const PATIENCE: Duration = Duration::from_secs(30);

    fn hold(phase: Phase, was_paused: bool) -> Hold {
        Hold {
            id: "a".into(),
            nas: "home".into(),
            connection_id: 3,
            connection: "Dropbox".into(),
            rule: String::new(),
            episode: None,
            set: std::collections::BTreeMap::new(),
            reason: "test".into(),
            author: "ops".into(),
            created: 0,
            until: None,
            latest: None,
            latch: false,
            was_paused,
            was_shown: phase != Pausing,
            phase,
            cause: None,
        }
    }

    fn seen(look: Look) -> Facts {
        let nothing = Duration::ZERO;
        Facts {
            look,
            others: 0,
            contradicted: nothing,
            told: None,
            was_interrupted: false,
            is_frozen: false,
            patience: PATIENCE,
        }
    }

    #[test]
    fn a_hold_that_is_to_stay() {
        for (phase, look, contradicted, was_interrupted, expected) in [
            (Pausing, Paused, 0, false, Step::Confirm),
            (Pausing, Paused, 0, true, Step::Confirm),
            (Pausing, Running, 29, false, Step::Wait),
            (Pausing, Running, 30, false, Step::GiveUp),
            (Pausing, Running, 30, true, Step::GiveUp),
            (Pausing, Other, 1_000_000, false, Step::Wait),
            (Pausing, Gone, 3_599, false, Step::Wait),
            (Pausing, Gone, 3_600, false, Step::Forget),
            (Held, Paused, 0, false, Step::Wait),
            (Held, Paused, 0, true, Step::Wait),
            (Held, Running, 0, false, Step::Yield),
            (Held, Running, 0, true, Step::PauseAgain),
            (Held, Other, 0, true, Step::Wait),
            (Held, Gone, 30, false, Step::Wait),
            (Held, Gone, 3_600, true, Step::Forget),
        ] {
            let facts =
                Facts { contradicted: Duration::from_secs(contradicted), was_interrupted, ..seen(look) };
            assert_eq!(
                step(&hold(phase, false), false, facts),
                expected,
                "{phase:?} {look:?} {contradicted}"
            );
        }
    }

    #[test]
    fn a_rule_goes_on_wishing_after_an_interruption() {
        for (phase, was_interrupted, is_frozen, expected) in [
            (Pausing, true, false, Step::PauseAgain),
            (Pausing, true, true, Step::Postpone),
            (Pausing, false, false, Step::Wait),
            (Held, true, false, Step::PauseAgain),
            (Held, true, true, Step::Postpone),
            (Held, false, true, Step::Yield),
        ] {
            let hold = Hold { rule: "wan".into(), ..hold(phase, false) };
            let facts = Facts { was_interrupted, is_frozen, ..seen(Running) };
            assert_eq!(step(&hold, false, facts), expected, "{phase:?} {was_interrupted} {is_frozen}");
        }
    }

    #[test]
    fn a_hold_that_is_to_end_resumes_until_that_shows() {
        for (phase, look, told, expected) in [
            (Held, Paused, None, Step::Resume),
            (Held, Other, None, Step::Resume),
            (Held, Running, None, Step::End),
            (Pausing, Running, None, Step::Resume),
            (Pausing, Paused, None, Step::Resume),
            (Releasing, Paused, None, Step::Resume),
            (Releasing, Running, None, Step::Resume),
            (Releasing, Paused, Some(29), Step::Wait),
            (Releasing, Paused, Some(30), Step::Resume),
            (Releasing, Running, Some(1), Step::End),
            (Releasing, Other, Some(1), Step::End),
            (Pausing, Running, Some(29), Step::Wait),
            (Pausing, Other, Some(29), Step::Wait),
            (Pausing, Paused, Some(29), Step::Wait),
            (Pausing, Running, Some(30), Step::End),
            (Pausing, Other, Some(30), Step::End),
            (Pausing, Paused, Some(30), Step::Resume),
            (Releasing, Gone, Some(1), Step::Wait),
            (Releasing, Gone, None, Step::Wait),
        ] {
            let told = told.map(Duration::from_secs).map(Told::Ago);
            let facts = Facts { told, ..seen(look) };
            assert_eq!(step(&hold(phase, false), true, facts), expected, "{phase:?} {look:?} {told:?}");
        }
    }

    #[test]
    fn a_resume_that_was_refused_counts_only_where_it_shows() {
        for (look, expected) in
            [(Running, Step::End), (Paused, Step::Resume), (Other, Step::Resume), (Gone, Step::Wait)]
        {
            let facts = Facts { told: Some(Told::Refused), ..seen(look) };
            assert_eq!(step(&hold(Releasing, false), true, facts), expected, "{look:?}");
        }
    }

    #[test]
    fn only_the_last_hold_resumes_and_only_what_it_paused() {
        for look in [Paused, Running, Other, Gone] {
            for phase in [Pausing, Held, Releasing] {
                assert_eq!(step(&hold(phase, true), true, seen(look)), Step::End, "paused before: {look:?}");
                let others = Facts { others: 1, ..seen(look) };
                assert_eq!(step(&hold(phase, false), true, others), Step::End, "held by others: {look:?}");
            }
        }
    }
}
