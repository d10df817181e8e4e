//! Duplicates, stale and lost notifications, in any order: what was clean and what was disturbed end in the same state.
//!
//! What is promised (see `automation::episode`), and so what a disturbance may be here:
//! - An Alertmanager has a peer that sends everything as well. To it, an occurrence may begin and end some seconds
//!   earlier or later, but not before the end of the one before.
//! - Each copy is on its way for some time, and copies overtake each other. A firing one comes less than five minutes
//!   after the end of its occurrence: later, it would be believed.
//! - Copies are lost, but of each occurrence at least its end and the last repeat come, from one of the two.
//! - The program may be restarted at any moment.
//!
//! What leases, budgets and the longest hold make of it depends on when things come, so none of them is reached here.

use super::event::{KINDS, Kind, Place, rules, targets};
use super::send::payload;
use super::{config, on_paused_time};
use crate::actions::desk::{Desk, home};
use crate::automation::stage::{Stage, settings};
use cloudsync_exporter::actions::{Phase, clock};
use cloudsync_exporter::automation::{Case, Rule};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// When every story begins, in milliseconds since 1970.
const BEGINNING: i64 = 1_800_000_000_000;

/// Between two repeats, in seconds.
const REPEAT: i64 = 600;

/// The alerts: two of one rule, one of another on one of its connections, and one of both.
const ALERTS: [Kind; 4] = [KINDS[0], KINDS[1], KINDS[3], KINDS[5]];

/// How long a copy is on its way at the most, and how much later a peer may see an end, in seconds.
const DELAY: i64 = 270;
const TAIL: i64 = 25;

/// What happens to an alert: after so many seconds it is on for so many, again and again; the last one may go on.
#[derive(Debug, Clone)]
struct Story {
    occurrences: Vec<(i64, i64)>,
    is_open: bool,
}

/// A copy of a notification.
#[derive(Debug, Clone)]
struct Copy {
    /// When it is sent, in seconds.
    at: i64,
    alert: Value,
    /// Whether it is the last that says this.
    is_last: bool,
}

/// How copies are disturbed, one after the other and again from the first.
#[derive(Debug, Clone)]
struct Disturbance {
    /// How long it is on its way, in seconds, and whether it is lost.
    copies: Vec<(i64, bool)>,
    /// How much earlier and later the peer sees an occurrence begin and end.
    skews: (i64, i64),
    restart: prop::sample::Index,
}

fn stories() -> impl Strategy<Value = Vec<Story>> {
    let occurrence = (60_i64..2_000, 1_i64..3_000);
    let story = (prop::collection::vec(occurrence, 0..4), any::<bool>())
        .prop_map(|(occurrences, is_open)| Story { occurrences, is_open });
    prop::collection::vec(story, ALERTS.len())
}

fn disturbance() -> impl Strategy<Value = Disturbance> {
    let copy = (0..DELAY, prop::bool::weighted(0.3));
    (prop::collection::vec(copy, 1..60), (0_i64..50, 0..TAIL), any::<prop::sample::Index>())
        .prop_map(|(copies, skews, restart)| Disturbance { copies, skews, restart })
}

/// What one or both of the peers send of an alert until `end`.
fn copies(kind: Kind, story: &Story, peers: usize, skews: (i64, i64), end: i64) -> Vec<Copy> {
    let moment = |seconds: i64| BEGINNING + seconds * 1_000;
    let mut sent = Vec::new();
    let mut now = 0;
    for (index, (pause, length)) in story.occurrences.iter().enumerate() {
        let (starts, ends) = (now + pause, now + pause + length);
        let is_open = story.is_open && index + 1 == story.occurrences.len();
        for peer in 0..peers {
            let (earlier, later) = if peer == 0 { (0, 0) } else { skews };
            let begins = moment(starts - earlier);
            let until = if is_open { end } else { ends + later };
            let firing = payload(kind, "firing", begins, None);
            let mut at = starts;
            while at < until {
                let is_last = peer == 0 && at + REPEAT >= until;
                sent.push(Copy { at, alert: firing.clone(), is_last });
                at += REPEAT;
            }
            if !is_open {
                let alert = payload(kind, "resolved", begins, Some(moment(until)));
                sent.push(Copy { at: until, alert, is_last: peer == 0 });
            }
        }
        now = ends;
    }
    sent
}

/// The end of the longest story.
fn end_of(stories: &[Story]) -> i64 {
    let length = |story: &Story| story.occurrences.iter().map(|(pause, length)| pause + length).sum::<i64>();
    stories.iter().map(length).max().unwrap_or_default() + 1
}

fn unbounded() -> Vec<Rule> {
    let long = Duration::from_secs(10 * 24 * 3_600);
    let unbound = |rule: Rule| Rule {
        lease: long,
        max_hold: long,
        latch: false,
        cooldown: Duration::from_millis(30_500),
        daily_budget: 1_000,
        ..rule
    };
    rules().into_iter().map(unbound).collect()
}

/// What is at the end.
#[derive(Debug, PartialEq, Eq)]
struct State {
    paused: Vec<i64>,
    holds: BTreeSet<(String, i64)>,
    open: BTreeSet<(String, String)>,
}

/// What must be at the end.
fn expected(stories: &[Story]) -> State {
    let is_on = |story: &Story| story.is_open && !story.occurrences.is_empty();
    let on = ALERTS.iter().zip(stories).filter(|(_, story)| is_on(story)).map(|(kind, _)| *kind);
    let cases: Vec<(&str, Kind)> =
        on.flat_map(|kind| kind.rules.iter().map(move |rule| (*rule, kind))).collect();
    let holds: BTreeSet<(String, i64)> = cases
        .iter()
        .flat_map(|(rule, kind)| {
            targets(rule, *kind).into_iter().map(|Place(_, id)| ((*rule).to_owned(), id))
        })
        .collect();
    let paused: BTreeSet<i64> = holds.iter().map(|(_, id)| *id).collect();
    State {
        paused: paused.into_iter().collect(),
        holds,
        open: cases.into_iter().map(|(rule, kind)| (rule.to_owned(), kind.id.to_owned())).collect(),
    }
}

/// Lets copies arrive. Gives what is at the end, and how many holds each rule took of each connection.
async fn arrive(
    mut arrivals: Vec<(i64, Value)>,
    restart: Option<usize>,
    end: i64,
) -> Result<(State, Vec<(String, i64)>), TestCaseError> {
    clock::stop_at(BEGINNING);
    fastrand::seed(7);
    let mut stage = Stage::over(Desk::in_memory(), settings(&unbounded()));
    arrivals.sort_by_key(|(at, _)| *at);
    let mut now = 0;
    for (index, chunk) in arrivals.chunk_by(|one, next| one.0 == next.0).enumerate() {
        let at = chunk[0].0;
        if at > now {
            stage.pass(u64::try_from(at - now).unwrap()).await;
            now = at;
        }
        if restart == Some(index) {
            stage.restart();
        }
        let alerts: Vec<Value> = chunk.iter().map(|(_, alert)| alert.clone()).collect();
        prop_assert!(stage.notify(&alerts).await.is_ok());
    }
    // The last copy has come, every delay and every rest is over.
    stage.pass(u64::try_from(end + DELAY + TAIL - now).unwrap()).await;
    for seconds in [1, 200, 1, 1, 5, 1, 5, 1, 40, 1] {
        stage.pass(seconds).await;
    }
    stage.desk.home.world().told.clear();
    let book = stage.desk.actions.book();
    let mut taken: Vec<(String, i64)> =
        book.endings_of(&home(), clock::now()).into_iter().map(|one| (one.rule, one.connection_id)).collect();
    let holds = book.all();
    taken.extend(holds.iter().map(|hold| (hold.rule.clone(), hold.connection_id)));
    prop_assert!(holds.iter().all(|hold| hold.phase == Phase::Held), "{:?}", holds);
    let cases: Vec<Case> = super::known::cases(&stage.desk.state());
    let open = cases.into_iter().filter(Case::is_open);
    Ok((
        State {
            paused: [3, 5].into_iter().filter(|id| stage.desk.home.status(*id) == "pause").collect(),
            holds: holds.into_iter().map(|hold| (hold.rule, hold.connection_id)).collect(),
            open: open.map(|case| (case.rule, case.alert.fingerprint)).collect(),
        },
        taken,
    ))
}

/// Of how many occurrences a rule hears for a connection.
fn occurrences(stories: &[Story], rule: &str, id: i64) -> usize {
    let is_about =
        |kind: &Kind| kind.rules.contains(&rule) && targets(rule, *kind).iter().any(|place| place.1 == id);
    let concerned = ALERTS.iter().zip(stories).filter(|(kind, _)| is_about(kind));
    concerned.map(|(_, story)| story.occurrences.len()).sum()
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn disturbed_notifications_end_as_clean_ones(stories in stories(), disturbance in disturbance()) {
        let end = end_of(&stories);
        let sent = |peers, skews| {
            ALERTS.iter().zip(&stories).flat_map(move |(kind, story)| copies(*kind, story, peers, skews, end))
        };
        let clean = sent(1, (0, 0)).map(|copy| (copy.at, copy.alert)).collect();
        let (state, _) = on_paused_time(arrive(clean, None, end))?;
        prop_assert_eq!(&state, &expected(&stories), "the clean order");
        let disturbed: Vec<(i64, Value)> = sent(2, disturbance.skews)
            .zip(disturbance.copies.iter().cycle())
            .filter(|(copy, (_, is_lost))| copy.is_last || !is_lost)
            .map(|(copy, (delay, _))| (copy.at + delay, copy.alert))
            .collect();
        let restart = Some(disturbance.restart.index(disturbed.len() + 1));
        let (state, taken) = on_paused_time(arrive(disturbed, restart, end))?;
        prop_assert_eq!(&state, &expected(&stories), "the disturbed order");
        // An occurrence is acted upon once.
        for (rule, id) in taken.iter().collect::<BTreeSet<_>>() {
            let times = taken.iter().filter(|one| *one == &(rule.clone(), *id)).count();
            let most = occurrences(&stories, rule, *id);
            prop_assert!(times <= most, "rule {} took {} {} times for {}", rule, id, times, most);
        }
    }
}
