//! What follows for one setting from what the NAS shows of it. Pure: clock, holds and NAS are arguments.
//!
//! As with pauses, what is not seen is never taken for done. What is seen and is not ours is a person's.

use super::entry::Known;
use crate::actions::settings::stricter;
use std::time::Duration;

/// What is known of a setting.
#[derive(Debug, Clone, Copy)]
pub(in crate::actions) struct Facts<'a> {
    /// Its name.
    pub(in crate::actions) setting: &'a str,
    /// What was written, and when.
    pub(in crate::actions) known: &'a Known,
    /// What the holds want that are not to end.
    pub(in crate::actions) wishes: &'a [u64],
    /// What the NAS shows; none when it does not say.
    pub(in crate::actions) shown: Option<u64>,
    /// For how long looks have shown the same while something is open: that what is waited for is there, or is not.
    pub(in crate::actions) steady: Duration,
    /// Whether rules are kept from acting.
    pub(in crate::actions) is_frozen: bool,
    /// How long a NAS has to show what it was told.
    pub(in crate::actions) patience: Duration,
}

/// What to do about a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::actions) enum Step {
    /// Nothing, for now: it may show yet.
    Wait,
    /// Nothing, for as long as the NAS does not say what it is.
    Unsaid,
    /// Nothing, until rules may act again.
    Postpone,
    /// It is seen to be as it should be.
    Settled,
    /// It is seen to be as its owner had it, and nobody holds it any more.
    Done,
    /// It is to be made stricter.
    Tighten(u64),
    /// It is to be made looser again, or to be what it seems to be when something else may come yet.
    Loosen(u64),
    /// It was not made stricter, whatever the NAS was told: whoever wants that is to let go.
    GiveUp,
    /// Somebody else changed it: it is theirs. A person wins.
    Yield,
}

impl Step {
    /// What is to be written.
    pub(in crate::actions) fn writes(self) -> Option<u64> {
        match self {
            Self::Tighten(value) | Self::Loosen(value) => Some(value),
            _ => None,
        }
    }
}

/// What a setting is to be: never looser than its owner had it, nor than any hold wants it.
pub(in crate::actions) fn target(setting: &str, before: u64, wishes: &[u64]) -> u64 {
    wishes.iter().fold(before, |strictest, wish| stricter(setting, strictest, *wish))
}

/// What follows for a setting.
pub(in crate::actions) fn step(facts: Facts<'_>) -> Step {
    let Facts { setting, known: Known { entry, told }, wishes, shown, steady, is_frozen, patience } = facts;
    let Some(shown) = shown else { return Step::Unsaid };
    let is_shown = shown == entry.written;
    let is_ours = is_shown || entry.may_still_show(shown);
    if !is_ours || entry.person == Some(shown) {
        return Step::Yield;
    }
    if entry.person.is_some() && steady < patience {
        return Step::Wait;
    }
    let target = target(setting, entry.before, wishes);
    if is_shown && target == entry.written {
        // An earlier write that comes now would look like a person's change.
        let is_over = entry.late.is_empty() || steady >= patience;
        return match (entry.is_settled || is_over, wishes.is_empty()) {
            (false, _) => Step::Wait,
            (true, false) => Step::Settled,
            (true, true) => Step::Done,
        };
    }
    let is_told = target == entry.written && told.is_some();
    if is_stricter(setting, target, shown) {
        let is_hopeless = target == entry.written && steady >= patience;
        match (is_told, is_hopeless) {
            (false, _) if is_frozen => Step::Postpone,
            (_, true) => Step::GiveUp,
            (true, false) => Step::Wait,
            (false, false) => Step::Tighten(target),
        }
    } else if is_told && told.is_some_and(|ago| ago < patience) {
        Step::Wait
    } else {
        Step::Loosen(target)
    }
}

/// Whether one value is stricter than the other.
pub(in crate::actions) fn is_stricter(setting: &str, one: u64, other: u64) -> bool {
    one != other && stricter(setting, one, other) == one
}

#[cfg(test)]
mod tests {
    use super::super::entry::Entry;
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);
    const NOW: Duration = Duration::ZERO;

    /// A speed limit that was 0, none, before.
    fn limit(written: u64, was: u64, is_settled: bool) -> Known {
        let entry = Entry { before: 0, written, was, late: Vec::new(), is_settled, person: None, at: 0 };
        Known { entry, told: None }
    }

    fn settled(written: u64) -> Known {
        limit(written, 0, true)
    }

    fn told(known: Known, seconds: u64) -> Known {
        Known { told: Some(Duration::from_secs(seconds)), ..known }
    }

    fn late(known: &Known, late: &[u64]) -> Known {
        Known { entry: Entry { late: late.to_vec(), ..known.entry.clone() }, told: None }
    }

    fn facts<'a>(known: &'a Known, wishes: &'a [u64], shown: u64) -> Facts<'a> {
        let (setting, shown) = ("max_upload_speed", Some(shown));
        Facts { setting, known, wishes, shown, steady: NOW, is_frozen: false, patience: PATIENCE }
    }

    #[test]
    fn what_shows_what_was_written() {
        for (known, wishes, shown, expected) in [
            (settled(512), &[512][..], 512, Step::Settled),
            (settled(512), &[512, 1_024], 512, Step::Settled),
            (settled(512), &[512, 256], 512, Step::Tighten(256)),
            (settled(512), &[1_024], 512, Step::Loosen(1_024)),
            (settled(512), &[], 512, Step::Loosen(0)),
            (limit(512, 0, false), &[512], 512, Step::Settled),
            (limit(512, 0, false), &[], 512, Step::Loosen(0)),
            (limit(512, 0, false), &[512, 256], 512, Step::Tighten(256)),
            (limit(0, 512, false), &[], 0, Step::Done),
            // What was never written, since its owner has it as strict.
            (settled(0), &[], 0, Step::Done),
        ] {
            assert_eq!(step(facts(&known, wishes, shown)), expected, "{known:?} {wishes:?}");
        }
    }

    #[test]
    fn what_does_not_show_yet() {
        let unsettled = limit(512, 0, false);
        let restored = limit(0, 512, false);
        for (known, wishes, shown, steady, expected) in [
            // Nobody knows whether it was told: again. Told, it has its time.
            (unsettled.clone(), &[512][..], 0, 0, Step::Tighten(512)),
            (unsettled.clone(), &[512], 0, 29, Step::Tighten(512)),
            (unsettled.clone(), &[512], 0, 30, Step::GiveUp),
            (told(unsettled.clone(), 40), &[512], 0, 29, Step::Wait),
            (told(unsettled.clone(), 40), &[512], 0, 30, Step::GiveUp),
            // Nobody wants it any more, or somebody wants something else: it may come yet.
            (told(unsettled.clone(), 1), &[], 0, 0, Step::Loosen(0)),
            (told(unsettled.clone(), 1), &[256], 0, 0, Step::Tighten(256)),
            (told(unsettled.clone(), 1), &[256], 0, 60, Step::Tighten(256)),
            (told(limit(256, 512, false), 1), &[512], 512, 60, Step::Loosen(512)),
            // A restore is never given up.
            (restored.clone(), &[], 512, 1_000, Step::Loosen(0)),
            (told(restored.clone(), 29), &[], 512, 29, Step::Wait),
            (told(restored.clone(), 30), &[], 512, 30, Step::Loosen(0)),
            (told(limit(1_024, 512, false), 30), &[1_024], 512, 30, Step::Loosen(1_024)),
        ] {
            let facts = Facts { steady: Duration::from_secs(steady), ..facts(&known, wishes, shown) };
            assert_eq!(step(facts), expected, "{known:?} {wishes:?} {shown} {steady}");
        }
    }

    #[test]
    fn what_is_neither_is_a_persons() {
        for (known, shown) in [
            (settled(512), 0),
            (settled(512), 100),
            (limit(512, 0, false), 100),
            (told(limit(512, 0, false), 1), 100),
            (limit(0, 512, false), 100),
            // What was there once, but is not waited for any more.
            (limit(256, 512, true), 512),
            (late(&limit(256, 512, false), &[1_024]), 0),
        ] {
            for wishes in [&[][..], &[512], &[100]] {
                for is_frozen in [false, true] {
                    let facts = Facts { is_frozen, ..facts(&known, wishes, shown) };
                    assert_eq!(step(facts), Step::Yield, "{known:?} {wishes:?} {shown}");
                }
            }
        }
    }

    #[test]
    fn an_earlier_write_that_comes_late_is_ours() {
        let known = told(late(&limit(256, 0, false), &[512]), 1);
        assert_eq!(step(facts(&known, &[256], 512)), Step::Wait);
        assert_eq!(step(facts(&known, &[256], 0)), Step::Wait);
        // Seen, it is settled when nothing can come any more.
        assert_eq!(step(facts(&known, &[256], 256)), Step::Wait);
        let in_time = Facts { steady: PATIENCE, ..facts(&known, &[256], 256) };
        assert_eq!(step(in_time), Step::Settled);
        let restored = late(&limit(0, 0, false), &[512]);
        assert_eq!(step(facts(&restored, &[], 512)), Step::Loosen(0));
        assert_eq!(step(Facts { steady: PATIENCE, ..facts(&restored, &[], 0) }), Step::Done);
    }

    #[test]
    fn what_a_caller_wanted_and_nobody_knows() {
        let wanted = |person: u64, known: Known| Known {
            entry: Entry { person: Some(person), ..known.entry },
            ..known
        };
        for (known, shown, steady, expected) in [
            (wanted(100, settled(512)), 100, 0, Step::Yield),
            (wanted(100, settled(512)), 512, 29, Step::Wait),
            (wanted(100, settled(512)), 512, 30, Step::Settled),
            (wanted(100, settled(512)), 7, 0, Step::Yield),
            // Theirs, although it is what was written, or was before.
            (wanted(512, settled(512)), 512, 0, Step::Yield),
            (wanted(0, limit(512, 0, false)), 0, 0, Step::Yield),
        ] {
            let facts = Facts { steady: Duration::from_secs(steady), ..facts(&known, &[512], shown) };
            assert_eq!(step(facts), expected, "{known:?} {shown} {steady}");
        }
    }

    #[test]
    fn frozen_nothing_becomes_stricter_and_everything_looser() {
        let unsettled = limit(512, 0, false);
        for (known, wishes, shown, expected) in [
            (unsettled.clone(), &[512][..], 0, Step::Postpone),
            (told(unsettled.clone(), 1), &[512], 0, Step::Wait),
            (settled(512), &[512, 256], 512, Step::Postpone),
            (settled(512), &[512], 512, Step::Settled),
            (settled(512), &[1_024], 512, Step::Loosen(1_024)),
            (settled(512), &[], 512, Step::Loosen(0)),
            (unsettled.clone(), &[], 0, Step::Loosen(0)),
        ] {
            let facts = Facts { is_frozen: true, ..facts(&known, wishes, shown) };
            assert_eq!(step(facts), expected, "{known:?} {wishes:?}");
        }
        // That it does not show is no fault of the NAS.
        let facts = Facts { is_frozen: true, steady: PATIENCE, ..facts(&unsettled, &[512], 0) };
        assert_eq!(step(facts), Step::Postpone);
    }

    #[test]
    fn a_setting_that_the_nas_does_not_say_is_left_alone() {
        let known = settled(512);
        assert_eq!(step(Facts { shown: None, ..facts(&known, &[], 512) }), Step::Unsaid);
    }

    #[test]
    fn nothing_is_ever_looser_than_its_owner_had_it() {
        assert_eq!(target("max_upload_speed", 0, &[512, 1_024]), 512);
        assert_eq!(target("max_upload_speed", 256, &[512, 1_024]), 256);
        assert_eq!(target("pull_event_period", 7_200, &[3_600]), 7_200);
        assert_eq!(target("part_size", 64, &[]), 64);
        let entry = Entry { before: 256, ..settled(256).entry };
        let known = Known { entry, told: None };
        assert_eq!(step(facts(&known, &[512], 256)), Step::Settled);
    }

    #[test]
    fn writes_that_were_not_seen_are_remembered_until_they_can_be_of_no_harm() {
        let first = Entry::of(0, 1).writing(512, 0, 2);
        assert_eq!((first.written, first.was, first.is_settled, first.at), (512, 0, false, 2));
        assert!(first.late.is_empty());
        // Again, as nobody knows of it.
        assert!(first.writing(512, 0, 3).late.is_empty());
        let second = first.writing(256, 0, 3);
        assert_eq!((second.was, &second.late[..]), (0, &[512][..]));
        assert!(second.may_still_show(512) && second.may_still_show(0) && !second.may_still_show(1));
        assert_eq!(second.writing(0, 256, 4).late, [512], "seen, but the first may come yet");
        assert_eq!(second.writing(512, 0, 4).late, [256]);
        // Seen, it is nothing to come.
        let seen = first.settled();
        assert!(seen.writing(0, 512, 4).late.is_empty());
        assert!(first.writing(0, 512, 4).late.is_empty());
        assert!(!seen.may_still_show(0));
        assert!(second.settled().late.is_empty());
        assert_eq!(second.before, 0);
    }
}
