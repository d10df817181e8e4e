//! What rules want, guard by guard.

use super::*;
use crate::actions::{Ending, Look, Phase, Reach};
use crate::automation::case::Bearer;
use crate::automation::matchers::Matchers;
use crate::automation::payload::{Alert, AlertStatus};
use jiff::Timestamp;
use std::time::Duration;

const NOW: i64 = 1_750_000_000_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap()
}

fn rule(name: &str) -> Rule {
    Rule {
        name: name.to_owned(),
        matchers: Matchers::parse(&[format!("rule=\"{name}\"")]).unwrap(),
        action: RuleAction::Pause,
        select: Select::Named { nas: NasName::new("home"), connections: vec!["Dropbox".to_owned()] },
        lease: Duration::from_secs(5 * 3_600),
        release_delay: Duration::from_secs(120),
        max_hold: Duration::from_secs(24 * 3_600),
        latch: false,
        cooldown: Duration::from_secs(300),
        daily_budget: 2,
    }
}

fn alert(rule: &str, fingerprint: &str, more: &[(&str, &str)]) -> Alert {
    let mut labels =
        BTreeMap::from([("alertname".to_owned(), "Full".to_owned()), ("rule".to_owned(), rule.to_owned())]);
    labels.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Alert {
        status: AlertStatus::Firing,
        labels,
        annotations: BTreeMap::new(),
        starts_at: at(NOW - HOUR),
        ends_at: None,
        fingerprint: fingerprint.to_owned(),
        generator: String::new(),
    }
}

fn bearer(connections: &str) -> Bearer {
    let reach = Reach { nas: vec!["*".to_owned()], connections: vec![connections.to_owned()] };
    Bearer { token: "am".to_owned(), reach, ..Bearer::default() }
}

fn desk(rules: &[Rule], alerts: &[Alert]) -> Desk {
    let mut desk = Desk::default();
    let change = desk.hear(alerts, &bearer("*"), rules, at(NOW));
    desk.apply(change);
    desk
}

fn seen(id: i64, name: &str, look: Look) -> Seen {
    Seen {
        known: KnownConnection {
            nas: NasName::new("home"),
            id: ConnectionId(id),
            names: vec![name.to_owned()],
        },
        name: name.to_owned(),
        look,
        status: "word".to_owned(),
    }
}

fn world() -> World {
    World {
        now: NOW,
        nas: NasName::new("home"),
        enforces: true,
        is_frozen: false,
        connections: Some(vec![seen(3, "Dropbox", Look::Running), seen(5, "Amazon", Look::Running)]),
        was_tried: true,
        holds: Vec::new(),
        endings: Vec::new(),
        held: BTreeSet::new(),
        most_held: 1,
        reaches: None,
        resting: BTreeSet::new(),
    }
}

fn hold(rule: &str, id: i64) -> Hold {
    Hold {
        id: format!("h-{rule}-{id}"),
        nas: "home".to_owned(),
        connection_id: id,
        connection: String::new(),
        rule: rule.to_owned(),
        episode: None,
        set: BTreeMap::new(),
        reason: String::new(),
        author: String::new(),
        created: NOW - HOUR,
        until: Some(NOW + MINUTE),
        latest: Some(NOW + 23 * HOUR),
        latch: false,
        was_paused: false,
        was_shown: true,
        phase: Phase::Held,
        cause: None,
    }
}

fn ending(rule: &str, id: i64, ago: i64, cause: Cause) -> Ending {
    Ending {
        hold: format!("e-{ago}"),
        nas: "home".to_owned(),
        connection_id: id,
        rule: rule.to_owned(),
        created: NOW - ago - MINUTE,
        ended: NOW - ago,
        cause,
        is_heeded: true,
    }
}

/// What is said, in short.
fn said(plan: &Plan) -> Vec<String> {
    let word = |finding: &Finding| {
        let Verdict { outcome, guard } = finding.decision.verdict;
        let guard = guard.map(|guard| format!(" {}", guard.as_str())).unwrap_or_default();
        format!("{} {}{guard}", finding.case.1, outcome.as_str())
    };
    plan.findings.iter().map(word).collect()
}

#[test]
fn a_hold_is_taken_once_for_all_alerts_of_a_rule() {
    let rules = [rule("wan")];
    let plan = plan(&desk(&rules, &[alert("wan", "a", &[]), alert("wan", "b", &[])]), &rules, &world());
    let [take] = &plan.takes[..] else { panic!("{plan:?}") };
    assert_eq!((take.target.connection, take.cases.len()), (ConnectionId(3), 2));
    assert_eq!((take.until, take.latest), (Some(NOW + 5 * HOUR), Some(NOW + 24 * HOUR)));
    assert!(plan.findings.is_empty() && plan.renewals.is_empty(), "{plan:?}");
}

#[test]
fn a_latched_hold_has_no_end() {
    let rules = [Rule { latch: true, ..rule("wan") }];
    let desk = desk(&rules, &[alert("wan", "a", &[])]);
    let planned = plan(&desk, &rules, &world());
    assert_eq!((planned.takes[0].until, planned.takes[0].latest), (None, None));
    let held =
        World { holds: vec![Hold { latch: true, until: None, latest: None, ..hold("wan", 3) }], ..world() };
    assert_eq!(plan(&desk, &rules, &held).renewals, []);
}

#[test]
fn the_longest_hold_is_not_longer_than_the_rule_allows() {
    let rules = [Rule { lease: Duration::from_secs(100 * 3_600), ..rule("wan") }];
    let plan = plan(&desk(&rules, &[alert("wan", "a", &[])]), &rules, &world());
    assert_eq!(plan.takes[0].until, Some(NOW + 24 * HOUR));
}

#[test]
fn guards_say_no_in_their_order() {
    let rules = [rule("wan")];
    let desk = desk(&rules, &[alert("wan", "a", &[])]);
    let others = BTreeSet::from([Target { nas: NasName::new("office"), connection: ConnectionId(1) }]);
    let taken = vec![ending("wan", 3, 6 * MINUTE, Cause::Over), ending("wan", 3, 9 * HOUR, Cause::Unshown)];
    let error = Some(vec![seen(3, "Dropbox", Look::Other)]);
    for (world, expected) in [
        (World { is_frozen: true, connections: error.clone(), ..world() }, "frozen"),
        (World { connections: error, endings: taken.clone(), ..world() }, "state"),
        (World { endings: vec![ending("wan", 3, 4 * MINUTE, Cause::Over)], ..world() }, "cooldown"),
        (World { endings: taken, ..world() }, "daily_budget"),
        (World { held: others, ..world() }, "max_held_share"),
        (
            World { connections: Some(vec![seen(5, "Amazon", Look::Running)]), ..world() },
            "unknown_connection",
        ),
    ] {
        let plan = plan(&desk, &rules, &world);
        assert_eq!(said(&plan), [format!("a blocked {expected}")]);
        assert_eq!((plan.takes.len(), plan.blocked.len()), (0, 1), "{expected}");
    }
}

#[test]
fn what_is_no_obstacle() {
    let rules = [rule("wan")];
    let desk = desk(&rules, &[alert("wan", "a", &[])]);
    let me = BTreeSet::from([Target { nas: NasName::new("home"), connection: ConnectionId(3) }]);
    for world in [
        World { endings: vec![ending("wan", 3, 5 * MINUTE, Cause::Over)], ..world() },
        World {
            endings: vec![ending("wan", 5, 0, Cause::Over), ending("other", 3, 0, Cause::Over)],
            ..world()
        },
        World { endings: vec![ending("wan", 3, 0, Cause::Refused); 9], ..world() },
        World {
            endings: (25..30).map(|hours| ending("wan", 3, hours * HOUR, Cause::Over)).collect(),
            ..world()
        },
        World { held: me, holds: vec![hold("other", 3)], ..world() },
        World { holds: vec![Hold { phase: Phase::Releasing, ..hold("wan", 3) }], ..world() },
    ] {
        assert_eq!(plan(&desk, &rules, &world).takes.len(), 1, "{world:?}");
    }
}

#[test]
fn nothing_is_said_twice() {
    let rules = [rule("wan")];
    let mut desk = desk(&rules, &[alert("wan", "a", &[])]);
    let frozen = World { is_frozen: true, ..world() };
    let first = plan(&desk, &rules, &frozen);
    let mut change = crate::automation::desk::Change::default();
    for finding in &first.findings {
        let mut case = desk.case(&finding.case).unwrap().clone();
        case.said.insert(finding.place.clone(), finding.decision.verdict);
        change.cases.insert(finding.case.clone(), Some(case));
    }
    desk.apply(change);
    let second = plan(&desk, &rules, &frozen);
    assert!(second.findings.is_empty() && second.blocked.is_empty(), "{second:?}");
    assert_eq!(plan(&desk, &rules, &world()).takes.len(), 1);
}

#[test]
fn observing_takes_nothing_and_prolongs_nothing() {
    let rules = [rule("wan")];
    let desk = desk(&rules, &[alert("wan", "a", &[])]);
    let observing = World { enforces: false, ..world() };
    assert_eq!(said(&plan(&desk, &rules, &observing)), ["a would_act"]);
    let held = World { holds: vec![hold("wan", 3)], ..observing };
    assert_eq!(plan(&desk, &rules, &held).renewals, []);
}

#[test]
fn a_hold_ends_as_its_alerts_say() {
    let rules = [rule("wan")];
    let held = World { holds: vec![hold("wan", 3)], ..world() };
    let until = |desk: &Desk, world: &World| match &plan(desk, &rules, world).renewals[..] {
        [renewal] => renewal.until,
        other => panic!("{other:?}"),
    };
    let mut desk = desk(&rules, &[alert("wan", "a", &[]), alert("wan", "b", &[])]);
    assert_eq!(until(&desk, &held), Some(NOW + 5 * HOUR));
    let over = |fingerprint| Alert {
        status: AlertStatus::Resolved,
        ends_at: Some(at(NOW)),
        ..alert("wan", fingerprint, &[])
    };
    desk.apply(desk.hear(&[over("a")], &bearer("*"), &rules, at(NOW)));
    assert_eq!(until(&desk, &held), Some(NOW + 5 * HOUR), "the other goes on");
    desk.apply(desk.hear(&[over("b")], &bearer("*"), &rules, at(NOW)));
    let ending =
        World { holds: vec![Hold { until: Some(NOW + 5 * HOUR), ..hold("wan", 3) }], ..held.clone() };
    assert_eq!(until(&desk, &ending), Some(NOW + 2 * MINUTE));
    // Once the delay is over, nothing is put off any more.
    let late = World {
        now: NOW + HOUR,
        holds: vec![Hold { until: Some(NOW + 2 * MINUTE), ..hold("wan", 3) }],
        ..held.clone()
    };
    assert_eq!(plan(&desk, &rules, &late).renewals, []);
    // Nothing is known of any alert: the lease decides.
    assert_eq!(plan(&Desk::default(), &rules, &held).renewals, []);
    // The connection has another name by now, and the rule does not mean it any more.
    let renamed = World { connections: Some(vec![seen(3, "Other", Look::Running)]), ..ending };
    assert_eq!(until(&desk, &renamed), Some(NOW + 2 * MINUTE));
}

#[test]
fn a_person_who_ended_a_hold_is_heeded_until_the_alert_fires_anew() {
    let rules = [rule("wan")];
    let mut desk = desk(&rules, &[alert("wan", "a", &[])]);
    for (cause, guard) in [(Cause::Person, "stood_down"), (Cause::Longest, "max_hold")] {
        let key = ("wan".to_owned(), "a".to_owned());
        let mut case = desk.case(&key).unwrap().clone();
        case.rests = BTreeMap::from([("home/3".to_owned(), cause)]);
        desk.apply(crate::automation::desk::Change {
            cases: BTreeMap::from([(key, Some(case))]),
            ..Default::default()
        });
        // A repeat is the same episode.
        desk.apply(desk.hear(&[alert("wan", "a", &[])], &bearer("*"), &rules, at(NOW + MINUTE)));
        let plan = plan(&desk, &rules, &world());
        assert_eq!((said(&plan), plan.takes.len()), (vec![format!("a blocked {guard}")], 0));
    }
    let over = Alert { status: AlertStatus::Resolved, ends_at: Some(at(NOW)), ..alert("wan", "a", &[]) };
    let anew = Alert { starts_at: at(NOW + HOUR), ..alert("wan", "a", &[]) };
    desk.apply(desk.hear(&[over, anew], &bearer("*"), &rules, at(NOW + HOUR)));
    assert_eq!(plan(&desk, &rules, &World { now: NOW + HOUR, ..world() }).takes.len(), 1);
}

#[test]
fn labels_choose_within_what_the_token_may_be_used_on() {
    let rules = [Rule { select: Select::Labels, ..rule("wan") }];
    let labels = |nas, id| [("nas", nas), ("conn_id", id)];
    for (more, connections, expected) in [
        (labels("home", "5"), "*", "5"),
        (labels("home", "5"), "Amazon", "5"),
        (labels("home", "5"), "Dropbox", "a blocked token"),
        (labels("home", "9"), "*", "a blocked unknown_connection"),
        (labels("home", "x"), "*", "a blocked labels"),
        (labels("office", "5"), "*", ""),
    ] {
        let mut desk = Desk::default();
        desk.apply(desk.hear(&[alert("wan", "a", &more)], &bearer(connections), &rules, at(NOW)));
        let plan = plan(&desk, &rules, &world());
        let taken = plan.takes.iter().map(|take| take.target.connection.to_string());
        assert_eq!(taken.chain(said(&plan)).collect::<Vec<_>>().join(" "), expected, "{more:?}");
    }
}

#[test]
fn a_nas_that_is_not_seen_is_waited_for() {
    let rules = [rule("wan")];
    let desk = desk(&rules, &[alert("wan", "a", &[])]);
    let away = World { connections: None, ..world() };
    assert_eq!(said(&plan(&desk, &rules, &away)), ["a waiting nas_down"]);
    let untried = World { was_tried: false, ..away.clone() };
    assert!(said(&plan(&desk, &rules, &untried)).is_empty());
    // What is held is renewed all the same.
    let held = World { holds: vec![hold("wan", 3)], ..away };
    let plan = plan(&desk, &rules, &held);
    assert_eq!((plan.renewals.len(), plan.findings.len()), (1, 0));
}

#[test]
fn a_clock_that_went_back_makes_no_hold_longer() {
    let rules = [rule("wan")];
    let desk = desk(&rules, &[alert("wan", "a", &[])]);
    let years = 10 * 365 * 24 * HOUR;
    let then = World {
        now: NOW - years,
        holds: vec![Hold { until: Some(NOW + HOUR), ..hold("wan", 3) }],
        ..world()
    };
    let [renewal] = &plan(&desk, &rules, &then).renewals[..] else { panic!("no renewal") };
    assert_eq!(renewal.until, Some(NOW - years + 5 * HOUR));
    assert_eq!(renewal.latest, Some(NOW - years + 24 * HOUR));
}
