//! Histories that went wrong once.

use super::check;
use super::event::{At, Call, Copies, Event, Failing, First, KINDS, Peer, Place};
use Event::{
    Answers, Arrives, Blinks, Breaks, Comes, Deletes, Dies, DsmPauses, DsmResumes, Ends, Fails, Fires,
    Freezes, Goes, Heals, Lags, Pass, Pauses, PausesAll, Restarts, Resumes,
};

const WAN: super::event::Kind = KINDS[0];
const WAN_B: super::event::Kind = KINDS[1];
const DISK: super::event::Kind = KINDS[2];
const LINK: super::event::Kind = KINDS[3];

const HOME_3: Place = Place(At::Home, 3);
const HOME_5: Place = Place(At::Home, 5);
const HOME_7: Place = Place(At::Home, 7);

const fn pass(seconds: u64) -> Event {
    Pass(seconds, First::Rules)
}

/// The keeper took what a person resumed for what a NAS had forgotten before it was told.
#[test]
fn a_person_resumes_before_the_first_look_after_a_start() {
    check(&[Heals(HOME_7), Pauses(HOME_7, None), DsmResumes(HOME_7), pass(1)]);
}

/// A rule's hold was told to pause again although a person's pause of the same connection was on its way.
#[test]
fn a_person_pauses_after_a_restart_what_does_not_show_as_paused() {
    check(&[
        Fails(At::Home, Call::Pause, Failing::Ignored),
        Fires(WAN, Copies::One),
        pass(1),
        Restarts,
        Pauses(HOME_3, None),
        pass(1),
    ]);
}

/// The end of a hold that the NAS did not take for more than a day was heeded twice, at last against a new alert.
#[test]
fn a_hold_that_a_person_ended_stays_for_more_than_a_day() {
    check(&[
        Fails(At::Home, Call::Resume, Failing::Refused),
        Fires(WAN_B, Copies::One),
        pass(1),
        Deletes(0),
        pass(86_400),
        Goes(At::Home),
        pass(3_700),
        Fires(WAN, Copies::One),
        Comes(At::Home, false),
        pass(5),
    ]);
}

/// The end of a hold was refused, and an error that hid the pause was taken for a resume that was done all the same.
#[test]
fn an_error_hides_the_pause_of_a_hold_whose_end_was_refused() {
    check(&[
        Pauses(HOME_5, Some(400)),
        pass(401),
        Fails(At::Home, Call::Resume, Failing::Refused),
        pass(31),
        Breaks(HOME_5),
        pass(2),
    ]);
}

/// All were to be paused, which was refused, and what a person had paused before was taken for paused by that.
#[test]
fn a_refused_pause_of_all_makes_no_pause_of_a_person_ours() {
    check(&[
        DsmPauses(HOME_5),
        Fails(At::Home, Call::Pause, Failing::Refused),
        PausesAll(At::Home),
        Fires(WAN, Copies::One),
    ]);
}

/// A person's pause by the API was refused, and when they paused it in DSM, that was taken for the refused one.
#[test]
fn a_person_who_is_refused_pauses_in_dsm() {
    check(&[
        Fails(At::Home, Call::Pause, Failing::Refused),
        Pauses(HOME_5, Some(20)),
        Fires(WAN, Copies::One),
        DsmPauses(HOME_5),
    ]);
}

/// A pause that was put off by a freeze was told again although another rule had told it meanwhile.
#[test]
fn another_rule_pauses_what_a_freeze_kept_lost() {
    check(&[
        Fires(WAN, Copies::One),
        Fails(At::Home, Call::Pause, Failing::Ignored),
        pass(1),
        Freezes(true),
        Blinks(At::Home),
        pass(1),
        Fires(DISK, Copies::One),
        Freezes(false),
        pass(1),
    ]);
}

/// A hold was ended in favour of another one, whose resume had been told before the pause of the first.
#[test]
fn a_resume_of_before_undoes_no_pause_of_after() {
    check(&[
        Pauses(HOME_7, Some(20)),
        Resumes(HOME_7, false),
        Pauses(HOME_7, Some(20)),
        Deletes(1),
        pass(31),
    ]);
}

/// The same with a hold that was ended by its name, which has to be resumed twice.
#[test]
fn a_resume_is_told_again_after_a_pause_in_between() {
    check(&[Pauses(HOME_7, Some(20)), Deletes(0), Pauses(HOME_7, Some(20)), Deletes(1), pass(1)]);
}

/// What nobody can know must not be held against anybody.
#[test]
fn what_cannot_be_known() {
    // Whether a person resumed or the NAS forgot.
    check(&[
        DsmPauses(HOME_3),
        Fires(WAN, Copies::One),
        pass(2),
        pass(2),
        DsmResumes(HOME_3),
        Blinks(At::Home),
        pass(1),
    ]);
    // Whether a person's resume came before another rule's pause.
    check(&[
        Fires(WAN, Copies::One),
        pass(3),
        pass(1),
        Fires(DISK, Copies::One),
        DsmResumes(HOME_3),
        pass(1),
        pass(3),
    ]);
    // Whether a pause lies hidden under an error.
    check(&[DsmPauses(HOME_5), Breaks(HOME_5), Pauses(HOME_5, Some(20)), pass(1)]);
    // Whether a resume was done whose teller died.
    check(&[
        Pauses(HOME_3, None),
        DsmPauses(HOME_5),
        Dies(At::Home, true),
        Resumes(HOME_5, false),
        Fires(WAN, Copies::One),
        Lags(At::Home, 3),
    ]);
    // Whether an alert goes on whose end was never told, or was told long before a late copy.
    check(&[Fires(LINK, Copies::OneLater), Ends(LINK, Copies::One), pass(301), Arrives, pass(1)]);
    check(&[
        Fires(LINK, Copies::OneLater),
        Answers(None, Some(Peer::Knows)),
        Ends(LINK, Copies::Later),
        pass(1),
        pass(301),
        pass(301),
        Arrives,
    ]);
    // A freeze keeps what a NAS forgot from being paused again for as long as it lasts.
    check(&[Fails(At::Home, Call::Pause, Failing::Lost), Fires(DISK, Copies::One), pass(1), Freezes(true)]);
}
