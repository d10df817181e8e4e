//! Notifications in every order, and what is on after them.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A moment, in seconds after the tests' beginning of time.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn alert(fingerprint: &str, status: AlertStatus, starts: i64, ends: Option<i64>) -> Alert {
    Alert {
        status,
        labels: BTreeMap::from([("alertname".to_owned(), "Saturated".to_owned())]),
        annotations: BTreeMap::new(),
        starts_at: at(starts),
        ends_at: ends.map(at),
        fingerprint: fingerprint.to_owned(),
        generator: String::new(),
    }
}

fn firing(starts: i64) -> Alert {
    alert("f", AlertStatus::Firing, starts, None)
}

fn resolved(starts: i64, ends: i64) -> Alert {
    alert("f", AlertStatus::Resolved, starts, Some(ends))
}

fn id(starts: i64) -> EpisodeId {
    EpisodeId::new("f", at(starts))
}

use Observation::{Began, Ended, Renewed, Stale, Unknown};

/// Each step: when, what, and what it must be seen as.
fn play(steps: &[(i64, Alert, Observation)]) -> Episodes {
    let mut episodes = Episodes::default();
    for (index, (now, alert, wanted)) in steps.iter().enumerate() {
        assert_eq!(episodes.observe(alert, at(*now)), *wanted, "step {index}: {alert:?}");
    }
    episodes
}

#[test]
fn an_alert_comes_and_goes() {
    let episodes = play(&[
        (10, firing(0), Began(id(0))),
        (3_610, firing(0), Renewed(id(0))),
        (4_000, resolved(0, 3_990), Ended(id(0))),
        (4_000, resolved(0, 3_990), Stale),
    ]);
    let episode = episodes.get("f").unwrap();
    assert!(!episode.is_open());
    assert_eq!((episode.id(), episode.started(), episode.ended()), (id(0), at(0), Some(at(3_990))));
    assert_eq!(episode.heard(), at(4_000));
}

#[test]
fn starts_may_move() {
    // Backwards as Alertmanager merges what two Prometheuses say, forwards as late copies come.
    let episodes = play(&[
        (60, firing(50), Began(id(50))),
        (61, firing(20), Renewed(id(50))),
        (62, firing(50), Renewed(id(50))),
        (99, resolved(20, 90), Ended(id(50))),
        (100, resolved(50, 90), Stale),
    ]);
    assert_eq!(episodes.get("f").unwrap().started(), at(20));
}

#[test]
fn a_late_copy_is_stale_and_later_believed() {
    play(&[
        (10, firing(0), Began(id(0))),
        (100, resolved(0, 90), Ended(id(0))),
        (100, firing(0), Stale),
        (399, firing(0), Stale),
        // Five minutes after the end was heard of: a peer that never heard of it.
        (400, firing(0), Began(id(0))),
        (401, firing(0), Renewed(id(0))),
        // The end that was overruled is none any more; a later one is.
        (402, resolved(0, 90), Stale),
        (500, resolved(0, 490), Ended(id(0))),
        (501, firing(0), Stale),
    ]);
}

#[test]
fn a_start_after_the_end_is_a_new_episode_at_once() {
    play(&[
        (10, firing(0), Began(id(0))),
        (100, resolved(0, 90), Ended(id(0))),
        (101, firing(90), Stale),
        (101, firing(91), Began(id(91))),
        // What is still under way of the first changes nothing.
        (102, resolved(0, 90), Stale),
        (103, firing(0), Renewed(id(91))),
        (104, resolved(0, 85), Stale),
        (110, resolved(91, 105), Ended(id(91))),
        (111, firing(0), Stale),
    ]);
}

#[test]
fn the_end_of_an_older_interval_is_stale() {
    play(&[
        (10, firing(0), Began(id(0))),
        // The second start overtakes the first end.
        (101, firing(100), Renewed(id(0))),
        (102, resolved(0, 90), Stale),
        (150, resolved(100, 140), Ended(id(0))),
    ]);
}

#[test]
fn an_end_may_overtake_its_start() {
    let episodes = play(&[
        (100, resolved(0, 90), Unknown),
        (110, firing(0), Stale),
        // A second one, of which only the end came so far.
        (200, resolved(120, 190), Unknown),
        (210, firing(120), Stale),
        (211, resolved(0, 90), Stale),
        (212, firing(191), Began(id(191))),
    ]);
    assert!(episodes.get("f").unwrap().is_open());
}

#[test]
fn a_peer_may_believe_in_it_for_longer() {
    play(&[
        (10, firing(0), Began(id(0))),
        (100, resolved(0, 90), Ended(id(0))),
        (200, resolved(0, 190), Stale),
        // Its own start is late until five minutes after that.
        (499, firing(0), Stale),
        (500, firing(0), Began(id(0))),
    ]);
}

#[test]
fn an_end_without_a_time_is_now() {
    let endless = alert("f", AlertStatus::Resolved, 0, None);
    let episodes = play(&[(10, firing(0), Began(id(0))), (50, endless, Ended(id(0)))]);
    assert_eq!(episodes.get("f").unwrap().ended(), Some(at(50)));
}

#[test]
fn alerts_do_not_mix() {
    let mut episodes = Episodes::default();
    for name in ["a", "b"] {
        let began = episodes.observe(&alert(name, AlertStatus::Firing, 0, None), at(1));
        assert_eq!(began, Began(EpisodeId::new(name, at(0))));
    }
    episodes.observe(&alert("a", AlertStatus::Resolved, 0, Some(9)), at(10));
    assert_eq!(
        episodes.iter().map(|(name, episode)| (name, episode.is_open())).collect::<Vec<_>>(),
        [("a", false), ("b", true)]
    );
}

const YEAR: i64 = 365 * 86_400;

#[test]
fn times_far_ahead_do_no_lasting_harm() {
    let far = id(50 * YEAR);
    play(&[
        (10, firing(50 * YEAR), Began(far)),
        (20, resolved(50 * YEAR, 60 * YEAR), Ended(far)),
        // It looks late, and is believed as any that looks late.
        (30, firing(25), Stale),
        (320, firing(25), Began(far)),
        (400, resolved(25, 390), Ended(far)),
        (401, firing(395), Began(id(395))),
    ]);
    // One of a pair is right.
    play(&[
        (10, firing(50 * YEAR), Began(far)),
        (11, firing(0), Renewed(far)),
        (12, firing(50 * YEAR), Renewed(far)),
        (100, resolved(0, 90), Ended(far)),
    ]);
    // A day ahead is a wrong time zone, and counts.
    let day = AHEAD.as_secs();
    play(&[
        (10, firing(day), Began(id(day))),
        (20, resolved(0, day - 1), Stale),
        (30, resolved(day, day), Ended(id(day))),
    ]);
}

#[test]
fn a_clock_that_goes_back_does_no_lasting_harm() {
    let mut episodes = play(&[
        (10, firing(0), Began(id(0))),
        // A year back: what the senders say is in order all the same.
        (20 - YEAR, resolved(0, 15), Ended(id(0))),
        (30 - YEAR, firing(0), Stale),
        (40 - YEAR, firing(35), Began(id(35))),
        (50 - YEAR, resolved(0, 15), Stale),
        (60 - YEAR, resolved(35, 55), Ended(id(35))),
        // Five minutes by that clock are enough.
        (359 - YEAR, firing(35), Stale),
        (360 - YEAR, firing(35), Began(id(35))),
        (370 - YEAR, resolved(35, 365), Ended(id(35))),
    ]);
    assert!(episodes.prune(at(380 - YEAR)).is_empty());
    assert_eq!(episodes.prune(at(380 - YEAR) + KEPT), ["f"]);
    // The end was heard of before the clock went back: five minutes from then on, not a year.
    play(&[
        (10, firing(0), Began(id(0))),
        (100, resolved(0, 90), Ended(id(0))),
        (0 - YEAR, firing(0), Stale),
        (299 - YEAR, firing(0), Stale),
        (300 - YEAR, firing(0), Began(id(0))),
    ]);
    // And forwards.
    play(&[
        (10, firing(0), Began(id(0))),
        (10 + YEAR, firing(0), Renewed(id(0))),
        (20 + YEAR, resolved(0, 15), Ended(id(0))),
    ]);
    // At the ends of time.
    let mut edge = Episodes::default();
    for now in [Timestamp::MAX, Timestamp::MIN, Timestamp::MAX] {
        edge.observe(&firing(0), now);
        edge.observe(&resolved(0, 5), now);
        edge.prune(now);
    }
}

#[test]
fn memory_is_bounded() {
    let mut episodes = Episodes::default();
    let name = |index: usize| format!("{index:06}");
    for index in 0..MOST_EPISODES + 10 {
        let status = if index == 5 { AlertStatus::Resolved } else { AlertStatus::Firing };
        episodes.observe(&alert(&name(index), status, 0, None), at(i64::try_from(index).unwrap()));
    }
    assert_eq!(episodes.len(), MOST_EPISODES + 10);
    // First what has ended, then what is longest silent.
    let gone: Vec<_> = [5, 0, 1, 2, 3, 4, 6, 7, 8, 9].map(name).into();
    assert_eq!(episodes.prune(at(30_000)), gone);
    assert_eq!(episodes.len(), MOST_EPISODES);
    // Without anybody who prunes as well.
    for index in 100_000..=100_000 + MOST_ALERTS {
        episodes.observe(&alert(&name(index), AlertStatus::Firing, 0, None), at(30_001));
    }
    assert_eq!(episodes.len(), MOST_EPISODES + 1);
    assert!(episodes.get(&name(100_000 + MOST_ALERTS)).is_some());
    // Silence for a month, and not a moment less.
    let rest = episodes.len();
    assert_eq!(episodes.prune(at(30_000) + KEPT).len() + episodes.len(), rest);
    assert_eq!(episodes.prune(at(30_001) + KEPT).len() + episodes.len(), MOST_ALERTS + 1);
    assert!(episodes.is_empty());
}

#[test]
fn ids_are_the_same_after_a_restart_without_memory() {
    assert_eq!(id(0).to_string(), "e58c02512e7a964b");
    assert_eq!(id(0).to_string().parse(), Ok(id(0)));
    for bad in ["", "e58c02512e7a964", "e58c02512e7a964b0", "+58c02512e7a964b", "xyzc02512e7a964b"] {
        assert_eq!(bad.parse::<EpisodeId>(), Err(BadEpisodeId), "{bad}");
    }
    assert_ne!(id(0), id(1));
    assert_ne!(id(0), EpisodeId::new("g", at(0)));
    let kept = serde_json::to_value(play(&[(10, firing(0), Began(id(0)))])).unwrap();
    assert_eq!(kept["f"]["id"], "e58c02512e7a964b");
}

/// A clean sequence of episodes: each a pause before it, a length, and how much later a second Prometheus saw it.
#[derive(Debug, Clone)]
struct Clean {
    episodes: Vec<(i64, i64, i64)>,
    /// The last one is still on.
    is_open: bool,
}

/// A notification: when it was sent, and its alert.
type Sent = (i64, Alert);

impl Clean {
    /// What one of the pair sends, in its order.
    fn sent(&self, repeat: i64) -> Vec<Sent> {
        let mut sent = Vec::new();
        let mut now = 0;
        for (index, &(pause, length, skew)) in self.episodes.iter().enumerate() {
            let starts = now + pause;
            let ends = starts + length;
            let skew = skew.min(length - 1);
            // The start moves backwards once the other Prometheus is heard of.
            sent.push((starts + skew, firing(starts + skew)));
            let mut next = starts + skew + repeat;
            while next < ends {
                sent.push((next, firing(starts)));
                next += repeat;
            }
            if index + 1 < self.episodes.len() || !self.is_open {
                sent.push((ends, resolved(starts, ends)));
            }
            now = ends;
        }
        sent
    }
}

fn clean() -> impl Strategy<Value = Clean> {
    let episode = (1_i64..700, 1_i64..900, 0_i64..40);
    (prop::collection::vec(episode, 1..6), any::<bool>())
        .prop_map(|(episodes, is_open)| Clean { episodes, is_open })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Each notification comes once or more from the pair, in any order that delays below five minutes allow; and the
    /// program may be restarted in between.
    #[test]
    fn a_pair_in_any_order_ends_as_the_clean_order(
        clean in clean(),
        repeat in 20_i64..400,
        delays in prop::collection::vec(prop::collection::vec(0_i64..300, 1..5), 400),
        restart in any::<prop::sample::Index>(),
    ) {
        let mut expected = Episodes::default();
        let sent = clean.sent(repeat);
        for (now, alert) in &sent {
            expected.observe(alert, at(*now));
        }
        let mut arrivals: Vec<Sent> = sent
            .iter()
            .zip(delays.iter().cycle())
            .flat_map(|((now, alert), delays)| delays.iter().map(move |delay| (now + delay, alert.clone())))
            .collect();
        arrivals.sort_by_key(|(now, _)| *now);
        let mut episodes = Episodes::default();
        let mut begun = BTreeSet::new();
        let restart = restart.index(arrivals.len());
        for (index, (now, alert)) in arrivals.iter().enumerate() {
            if index == restart {
                let text = serde_json::to_string(&episodes).unwrap();
                episodes = serde_json::from_str(&text).unwrap();
            }
            if let Began(id) = episodes.observe(alert, at(*now)) {
                prop_assert!(begun.insert(id), "an episode began twice");
            }
        }
        let is_open = |episodes: &Episodes| episodes.get("f").is_some_and(Episode::is_open);
        prop_assert_eq!(is_open(&expected), clean.is_open);
        prop_assert_eq!(is_open(&episodes), clean.is_open);
        prop_assert!(begun.len() <= clean.episodes.len());
    }
}
