//! What a rehearsal shows, moment by moment.

use super::*;
use crate::actions::{Look, Reach};
use crate::automation::matchers::Matchers;
use crate::automation::payload::AlertStatus;
use crate::automation::rules::{KnownConnection, RuleAction, Select};
use crate::model::ConnectionId;
use proptest::prelude::*;
use std::time::Duration;

const START: i64 = 1_750_000_000;
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

fn rule(name: &str, connection: &str) -> Rule {
    Rule {
        name: name.to_owned(),
        matchers: Matchers::parse(&[format!("rule=\"{name}\"")]).unwrap(),
        action: RuleAction::Pause,
        select: Select::Named { nas: NasName::new("home"), connections: vec![connection.to_owned()] },
        lease: Duration::from_secs(5 * 3_600),
        release_delay: Duration::from_secs(120),
        max_hold: Duration::from_secs(24 * 3_600),
        latch: false,
        cooldown: Duration::from_secs(300),
        daily_budget: 6,
    }
}

fn limit(name: &str, set: &[(&str, u64)]) -> Rule {
    let set = set.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    Rule { action: RuleAction::Settings(set), ..rule(name, "Dropbox") }
}

fn firing(rule: &str, fingerprint: &str, starts: i64) -> Alert {
    Alert {
        status: AlertStatus::Firing,
        labels: BTreeMap::from([("rule".to_owned(), rule.to_owned())]),
        annotations: BTreeMap::new(),
        starts_at: at(starts),
        ends_at: None,
        fingerprint: fingerprint.to_owned(),
        generator: String::new(),
    }
}

fn resolved(rule: &str, fingerprint: &str, starts: i64, ends: i64) -> Alert {
    Alert { status: AlertStatus::Resolved, ends_at: Some(at(ends)), ..firing(rule, fingerprint, starts) }
}

fn rehearsal(rules: Vec<Rule>, max_held_share: Option<f64>) -> Rehearsal {
    let seen = |(id, name): (i64, &str)| Seen {
        known: KnownConnection {
            nas: NasName::new("home"),
            id: ConnectionId(id),
            names: vec![name.to_owned()],
        },
        name: name.to_owned(),
        look: Look::Running,
        status: "uptodate".to_owned(),
    };
    let all = "*".to_owned();
    let reach = Reach { nas: vec![all.clone()], connections: vec![all] };
    Rehearsal::new(Props {
        rules,
        fleet: BTreeMap::from([(NasName::new("home"), [(3, "Dropbox"), (5, "Amazon")].map(seen).into())]),
        max_held_share,
        bearer: Bearer { reach, ..Bearer::default() },
    })
}

/// What happened, as seconds since the start, rule and word.
fn told(events: &[Event]) -> Vec<String> {
    let word = |event: &Event| {
        let seconds = event.at / 1_000 - START;
        match &event.what {
            Happening::Decided(decision) => {
                let rule = decision.rule.as_deref().unwrap_or("-");
                let guard = decision.verdict.guard.map(|guard| format!(" {}", guard.as_str()));
                let outcome = decision.verdict.outcome.as_str();
                format!("{seconds} {rule} {outcome}{}", guard.unwrap_or_default())
            }
            Happening::Released(hold) => {
                format!("{seconds} {} released {:?}", hold.rule, hold.cause.unwrap())
            }
        }
    };
    events.iter().map(word).collect()
}

/// Passes time and hears, and tells what happened on the way and then.
fn step(rehearsal: &mut Rehearsal, seconds: i64, alerts: &[Alert]) -> Vec<String> {
    let mut events = rehearsal.pass(at(seconds));
    events.extend(rehearsal.hear(alerts));
    told(&events)
}

fn until(rehearsal: &Rehearsal) -> Vec<i64> {
    rehearsal.holds().iter().map(|hold| hold.until.map_or(-1, |until| until / 1_000 - START)).collect()
}

#[test]
fn a_hold_is_taken_joined_renewed_and_let_go() {
    let mut play = rehearsal(vec![rule("wan", "Dropbox")], Some(0.5));
    assert_eq!(step(&mut play, 0, &[firing("wan", "a", 0)]), ["0 wan acted"]);
    assert_eq!(until(&play), [5 * HOUR]);
    assert_eq!(step(&mut play, MINUTE, &[firing("wan", "b", 30)]), ["60 wan joined"]);
    assert_eq!(step(&mut play, 4 * HOUR, &[firing("wan", "a", 0)]), [""; 0]);
    assert_eq!(until(&play), [9 * HOUR]);
    let now = 5 * HOUR;
    let over = [resolved("wan", "a", 0, now), resolved("wan", "b", 30, now)];
    assert_eq!(step(&mut play, now, &over), ["18000 wan resolved", "18000 wan resolved"]);
    assert_eq!(until(&play), [now + 120]);
    // Nothing is released early.
    assert_eq!(told(&play.pass(at(now + 119))), [""; 0]);
    assert_eq!(told(&play.pass(at(now + 9_999))), ["18120 wan released Over"]);
    assert!(play.holds().is_empty());
}

#[test]
fn a_lease_that_nobody_renews_runs_out_and_a_repeat_takes_the_hold_again() {
    let mut play = rehearsal(vec![rule("wan", "Dropbox")], Some(0.5));
    step(&mut play, 0, &[firing("wan", "a", 0)]);
    let repeat = step(&mut play, 6 * HOUR, &[firing("wan", "a", 0)]);
    assert_eq!(repeat, ["18000 wan released Over", "21600 wan acted"]);
}

#[test]
fn what_a_cooldown_keeps_back_comes_when_it_is_over() {
    let mut play = rehearsal(vec![rule("wan", "Dropbox")], Some(0.5));
    step(&mut play, 0, &[firing("wan", "a", 0)]);
    step(&mut play, 100, &[resolved("wan", "a", 0, 100)]);
    let anew = step(&mut play, 230, &[firing("wan", "a", 230)]);
    assert_eq!(anew, ["220 wan released Over", "230 wan blocked cooldown"]);
    assert_eq!(told(&play.pass(at(HOUR))), ["520 wan acted"]);
}

#[test]
fn a_day_has_its_budget() {
    let mut play = rehearsal(vec![Rule { daily_budget: 2, ..rule("wan", "Dropbox") }], Some(0.5));
    let mut said = Vec::new();
    for round in 0..3 {
        let begin = round * HOUR;
        said.extend(step(&mut play, begin, &[firing("wan", "a", begin)]));
        if round < 2 {
            said.extend(step(&mut play, begin + 60, &[resolved("wan", "a", begin, begin + 60)]));
        }
    }
    said.retain(|line| !line.contains("resolved") && !line.contains("released"));
    assert_eq!(said, ["0 wan acted", "3600 wan acted", "7200 wan blocked daily_budget"]);
    // The lease ends before the budget is there again; a repeat finds it.
    let late = step(&mut play, 25 * HOUR, &[firing("wan", "a", 2 * HOUR)]);
    assert_eq!(late, ["90000 wan acted"]);
}

#[test]
fn the_longest_hold_ends_and_its_alert_does_not_take_another() {
    let short = Rule { max_hold: Duration::from_secs(600), ..rule("wan", "Dropbox") };
    let mut play = rehearsal(vec![short], Some(0.5));
    step(&mut play, 0, &[firing("wan", "a", 0)]);
    assert_eq!(told(&play.pass(at(HOUR))), ["600 wan released Longest", "600 wan blocked max_hold"]);
    assert_eq!(step(&mut play, 2 * HOUR, &[firing("wan", "a", 0)]), [""; 0]);
}

#[test]
fn a_latch_stays() {
    let mut play = rehearsal(vec![Rule { latch: true, ..rule("wan", "Dropbox") }], Some(0.5));
    step(&mut play, 0, &[firing("wan", "a", 0)]);
    assert_eq!(step(&mut play, 60, &[resolved("wan", "a", 0, 60)]), ["60 wan resolved"]);
    assert_eq!(told(&play.pass(at(10_000 * HOUR))), [""; 0]);
    assert_eq!(until(&play), [-1]);
}

#[test]
fn the_share_of_held_connections_counts_where_it_is_known() {
    let rules = || vec![rule("one", "Dropbox"), rule("two", "Amazon")];
    let alerts = [firing("one", "a", 0), firing("two", "b", 0)];
    let mut play = rehearsal(rules(), Some(0.5));
    assert_eq!(step(&mut play, 0, &alerts), ["0 two blocked max_held_share", "0 one acted"]);
    step(&mut play, 60, &[resolved("one", "a", 0, 60)]);
    assert_eq!(told(&play.pass(at(600))), ["180 one released Over", "180 two acted"]);
    let mut play = rehearsal(rules(), None);
    assert_eq!(step(&mut play, 0, &alerts), ["0 one acted", "0 two acted"]);
}

#[test]
fn limits_stand_beside_each_other_and_keep_nothing_paused() {
    let rules = vec![
        limit("one", &[("max_upload_speed", 100)]),
        limit("two", &[("max_upload_speed", 200), ("pull_event_period", 600)]),
        rule("three", "Amazon"),
    ];
    let mut play = rehearsal(rules, Some(0.5));
    let all = step(&mut play, 0, &[firing("one", "a", 0), firing("two", "b", 0), firing("three", "c", 0)]);
    assert_eq!(all, ["0 one acted", "0 two acted", "0 three acted"]);
    assert_eq!(play.holds()[1].set.len(), 2);
}

#[test]
fn what_no_rule_is_about_and_what_leads_nowhere_is_told() {
    let labelled = Rule { select: Select::Labels, ..rule("wan", "") };
    let mut play = rehearsal(vec![labelled], Some(0.5));
    let alerts = [firing("wan", "a", 0), firing("other", "b", 0)];
    assert_eq!(step(&mut play, 0, &alerts), ["0 - unmatched", "0 wan blocked labels"]);
}

#[test]
fn time_does_not_go_back() {
    let mut play = rehearsal(vec![rule("wan", "Dropbox")], Some(0.5));
    step(&mut play, 600, &[firing("wan", "a", 0)]);
    assert_eq!(step(&mut play, 0, &[firing("wan", "b", 0)]), ["600 wan joined"]);
}

/// A rule whose spans are seconds, so that all of them play together within minutes.
fn any_rule() -> impl Strategy<Value = Rule> {
    let span = || (1..40_u64).prop_map(Duration::from_secs);
    (span(), span(), span(), span(), prop_oneof![1..4_u32, Just(1_000)]).prop_map(
        |(lease, release_delay, max_hold, cooldown, daily_budget)| Rule {
            lease,
            release_delay,
            max_hold,
            cooldown,
            daily_budget,
            ..rule("", "")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Nothing is missed between two moments, as it would be if they were looked at every second.
    #[test]
    fn leaps_in_time_miss_nothing(
        rules in proptest::collection::vec(any_rule(), 2),
        heard in proptest::collection::vec((0..60_i64, 0..2_usize, any::<bool>()), 1..20),
    ) {
        let names = [("one", "Dropbox"), ("two", "Amazon")];
        let rules: Vec<Rule> = rules.into_iter().zip(names).map(|(spans, (name, connection))| {
            let Rule { name, matchers, select, .. } = rule(name, connection);
            Rule { name, matchers, select, ..spans }
        }).collect();
        let mut leaping = rehearsal(rules.clone(), Some(0.5));
        let mut walking = rehearsal(rules, Some(0.5));
        let (mut leaps, mut walk) = (Vec::new(), Vec::new());
        let mut now = 0;
        for (later, of, is_over) in heard.into_iter().chain([(600, 0, true)]) {
            for second in now..now + later {
                walk.extend(walking.pass(at(second)));
                // To hear nothing is to look.
                walk.extend(walking.hear(&[]));
            }
            now += later;
            let of = names[of].0;
            let alert = if is_over {
                resolved(of, of, now - 1, now)
            } else {
                firing(of, of, now)
            };
            for (play, events) in [(&mut leaping, &mut leaps), (&mut walking, &mut walk)] {
                events.extend(play.pass(at(now)));
                events.extend(play.hear(std::slice::from_ref(&alert)));
            }
        }
        prop_assert_eq!(leaps, walk);
    }
}
