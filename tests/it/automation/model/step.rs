//! The rules of a single hold, for whatever holds and whatever is seen: what they can never say.

use cloudsync_exporter::actions::holds::{Facts, Step, Told, step};
use cloudsync_exporter::actions::{Cause, Hold, Look, Phase};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::time::Duration;

/// Longer than any NAS may take, and long enough for a connection to be gone.
const LONG: u32 = 10_000;

fn hold() -> impl Strategy<Value = Hold> {
    let phase = select(&[Phase::Pausing, Phase::Held, Phase::Releasing][..]);
    let moment = || prop::option::of(0..i64::from(LONG) * 1_000);
    let named = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (phase, named, moment(), moment()).prop_map(
        |(phase, (is_rule, latch, was_paused, was_shown), until, latest)| Hold {
            id: "h-1".to_owned(),
            nas: "home".to_owned(),
            connection_id: 3,
            connection: "Dropbox".to_owned(),
            rule: if is_rule { "wan".to_owned() } else { String::new() },
            episode: is_rule.then(|| "0123456789abcdef".to_owned()),
            set: BTreeMap::new(),
            reason: "because".to_owned(),
            author: "am".to_owned(),
            created: 0,
            until,
            latest,
            latch,
            was_paused,
            was_shown: phase == Phase::Held || (was_shown && phase == Phase::Releasing),
            phase,
            cause: (phase == Phase::Releasing).then_some(Cause::Over),
        },
    )
}

fn facts() -> impl Strategy<Value = Facts> {
    let look = select(&[Look::Paused, Look::Running, Look::Other, Look::Gone][..]);
    let span = || (0..u64::from(LONG)).prop_map(Duration::from_secs);
    let switches = (any::<bool>(), any::<bool>());
    let told = prop_oneof![Just(Told::Refused), span().prop_map(Told::Ago)];
    (look, 0_usize..3, span(), prop::option::of(told), switches, 1_u64..120).prop_map(
        |(look, others, contradicted, told, (was_interrupted, is_frozen), patience)| Facts {
            look,
            others,
            contradicted,
            told,
            was_interrupted,
            is_frozen,
            patience: Duration::from_secs(patience),
        },
    )
}

proptest! {
    #![proptest_config(super::config(20_000))]

    #[test]
    fn a_hold_undoes_only_what_it_did_and_does_nothing_when_it_is_to_end(
        hold in hold(),
        is_to_end in any::<bool>(),
        facts in facts(),
    ) {
        let is_to_end = is_to_end || hold.phase == Phase::Releasing;
        let is_rule = !hold.rule.is_empty();
        let is_answered = matches!(facts.told, Some(Told::Ago(_)));
        let ago = match facts.told {
            Some(Told::Ago(ago)) => Some(ago),
            Some(Told::Refused) | None => None,
        };
        let step = step(&hold, is_to_end, facts);
        match step {
            Step::Wait => {
                // What is to end and has nothing to undo, or nothing more to wait for, does not wait.
                prop_assert!(!is_to_end || (facts.others == 0 && !hold.was_paused));
                prop_assert!(!(is_to_end && hold.has_shown() && is_answered && facts.look.is_resumed()));
                let is_tired = ago.is_none_or(|ago| ago >= facts.patience);
                prop_assert!(!(is_to_end && is_tired && facts.look != Look::Gone));
                // What contradicts the hold and is nobody's fault is not passed over.
                let is_lost = facts.look == Look::Running && hold.phase == Phase::Held;
                prop_assert!(is_to_end || !is_lost);
            }
            Step::Confirm => {
                prop_assert!(!is_to_end);
                prop_assert_eq!((hold.phase, facts.look), (Phase::Pausing, Look::Paused));
            }
            Step::GiveUp => {
                prop_assert!(!is_to_end);
                prop_assert_eq!((hold.phase, facts.look), (Phase::Pausing, Look::Running));
                prop_assert!(facts.contradicted >= facts.patience);
            }
            Step::PauseAgain => {
                prop_assert!(!is_to_end, "what is to end is never paused again");
                prop_assert!(facts.was_interrupted, "a person who resumed wins");
                prop_assert!(!(is_rule && facts.is_frozen), "a rule that is frozen does nothing new");
                prop_assert_eq!(facts.look, Look::Running);
            }
            Step::Postpone => {
                prop_assert!(!is_to_end && is_rule && facts.is_frozen && facts.was_interrupted);
                prop_assert_eq!(facts.look, Look::Running);
            }
            Step::Resume => {
                prop_assert!(is_to_end);
                prop_assert!(!hold.was_paused, "it was paused before");
                prop_assert_eq!(facts.others, 0, "somebody else holds it");
                prop_assert!(facts.look != Look::Gone, "nobody is there to be told");
                prop_assert!(ago.is_none_or(|ago| ago >= facts.patience && facts.look == Look::Paused));
            }
            Step::End => {
                prop_assert!(is_to_end);
                // Nothing of the hold is left on the NAS, or somebody else takes over.
                let runs = facts.look == Look::Running;
                let is_known = runs && (hold.phase == Phase::Held || facts.told == Some(Told::Refused));
                let is_settled = hold.has_shown() || ago.is_some_and(|ago| ago >= facts.patience);
                let is_undone = is_known || (is_answered && facts.look.is_resumed() && is_settled);
                prop_assert!(hold.was_paused || facts.others > 0 || is_undone);
            }
            Step::Yield => {
                prop_assert!(!is_to_end && !facts.was_interrupted);
                prop_assert_eq!((hold.phase, facts.look), (Phase::Held, Look::Running));
            }
            Step::Forget => {
                prop_assert_eq!(facts.look, Look::Gone);
                prop_assert!(facts.contradicted >= Duration::from_secs(3_600));
            }
        }
    }

    /// A freeze keeps rules from pausing, and changes nothing else.
    #[test]
    fn a_freeze_only_puts_off(hold in hold(), is_to_end in any::<bool>(), facts in facts()) {
        let frozen = step(&hold, is_to_end, Facts { is_frozen: true, ..facts });
        let free = step(&hold, is_to_end, Facts { is_frozen: false, ..facts });
        let is_put_off = (frozen, free) == (Step::Postpone, Step::PauseAgain) && !hold.rule.is_empty();
        prop_assert!(frozen == free || is_put_off, "{:?} {:?}", frozen, free);
    }
}
