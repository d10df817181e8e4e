//! What is heard, and what is forgotten.

use super::*;
use crate::automation::matchers::Matchers;
use crate::automation::rules::Select;
use std::time::Duration;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + seconds).unwrap()
}

fn rule() -> Rule {
    Rule {
        name: "all".to_owned(),
        matchers: Matchers::parse(&["alertname=~\".+\""]).unwrap(),
        action: RuleAction::Pause,
        select: Select::Labels,
        lease: Duration::from_secs(600),
        release_delay: Duration::from_secs(120),
        max_hold: Duration::from_secs(3_600),
        latch: false,
        cooldown: Duration::ZERO,
        daily_budget: 1,
    }
}

fn alert(fingerprint: String, status: AlertStatus, seconds: i64) -> Alert {
    Alert {
        status,
        labels: BTreeMap::from([("alertname".to_owned(), "Full".to_owned())]),
        annotations: BTreeMap::new(),
        starts_at: at(seconds),
        ends_at: None,
        fingerprint,
        generator: String::new(),
    }
}

fn firing(name: &str, seconds: i64) -> Alert {
    alert(name.to_owned(), AlertStatus::Firing, seconds)
}

fn heard(desk: &mut Desk, alerts: &[Alert], rules: &[Rule], seconds: i64) {
    let change = desk.hear(alerts, &Bearer::default(), rules, at(seconds));
    desk.apply(change);
}

#[test]
fn what_is_not_applied_was_not_heard() {
    let desk = Desk::default();
    let change = desk.hear(&[firing("a", 0)], &Bearer::default(), &[rule()], at(0));
    assert_eq!((change.cases.len(), change.episodes.len(), desk.cases().count()), (1, 1, 0));
}

#[test]
fn an_alert_of_a_changed_rule_still_ends() {
    let mut desk = Desk::default();
    heard(&mut desk, &[firing("a", 0)], &[rule()], 0);
    let changed = Rule { matchers: Matchers::parse(&["alertname=\"Other\""]).unwrap(), ..rule() };
    heard(&mut desk, &[alert("a".to_owned(), AlertStatus::Resolved, 0)], &[changed], 60);
    assert!(!desk.cases().next().unwrap().is_open());
}

#[test]
fn a_flood_of_alerts_is_bounded() {
    let (mut desk, rules) = (Desk::default(), [rule()]);
    let mut fullest = 0;
    for round in 0..5_i64 {
        if desk.is_full() {
            let change = desk.tidy(&rules, at(round));
            desk.apply(change);
        }
        let alerts: Vec<Alert> =
            (0..MOST_ALERTS).map(|id| alert(format!("{round}-{id}"), AlertStatus::Firing, round)).collect();
        heard(&mut desk, &alerts, &rules, round);
        fullest = fullest.max(desk.cases().count());
    }
    assert_eq!(fullest, MOST_EPISODES + MOST_ALERTS);
    assert!(desk.case(&("all".to_owned(), "4-0".to_owned())).is_some(), "the newest are kept");
    assert!(desk.case(&("all".to_owned(), "0-0".to_owned())).is_none(), "the oldest are not");
}

#[test]
fn what_is_over_is_forgotten_after_a_while() {
    let (mut desk, rules) = (Desk::default(), [rule()]);
    heard(&mut desk, &[firing("a", 0)], &rules, 0);
    heard(&mut desk, &[alert("a".to_owned(), AlertStatus::Resolved, 0)], &rules, 60);
    for (seconds, left) in [(3_600, 1), (3_600 + 60 + 121, 0)] {
        desk.apply(desk.tidy(&rules, at(seconds)));
        assert_eq!(desk.cases().count(), left, "{seconds}");
    }
}

#[test]
fn a_clock_that_went_back_makes_nothing_last_longer() {
    let (mut desk, rules) = (Desk::default(), [rule()]);
    heard(&mut desk, &[firing("a", 0)], &rules, 100_000);
    desk.apply(desk.tidy(&rules, at(0)));
    assert_eq!(desk.cases().next().unwrap().heard, at(0).as_millisecond());
}
