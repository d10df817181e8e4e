//! Which connections a rule reaches.

use super::*;
use crate::automation::payload::AlertStatus;
use crate::model::ConnectionId;
use jiff::Timestamp;
use proptest::prelude::*;

fn rule(select: Select) -> Rule {
    Rule {
        name: "wan_saturated".to_owned(),
        matchers: Matchers::parse(&["alertname=WanSaturated"]).unwrap(),
        action: RuleAction::Pause,
        select,
        lease: Duration::from_secs(18_000),
        release_delay: Duration::from_secs(120),
        max_hold: Duration::from_secs(86_400),
        latch: false,
        cooldown: Duration::from_secs(300),
        daily_budget: 6,
    }
}

fn named(nas: &str, connections: &[&str]) -> Rule {
    let connections = connections.iter().map(|name| (*name).to_owned()).collect();
    rule(Select::Named { nas: NasName::new(nas), connections })
}

fn alert(labels: &[(&str, &str)]) -> Alert {
    Alert {
        status: AlertStatus::Firing,
        labels: labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        annotations: BTreeMap::new(),
        starts_at: Timestamp::UNIX_EPOCH,
        ends_at: None,
        fingerprint: "f".to_owned(),
        generator: String::new(),
    }
}

/// Two NASes, with every trap of naming.
fn known() -> Vec<KnownConnection> {
    [
        ("home", 1, &["Dropbox", "dropbox-1"][..]),
        ("home", 2, &["Google Drive"]),
        ("home", 3, &["Dropbox"]),
        ("home", 4, &["2"]),
        ("office", 1, &["Dropbox"]),
    ]
    .map(|(nas, id, names)| KnownConnection {
        nas: NasName::new(nas),
        id: ConnectionId(id),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    })
    .into()
}

/// The targets as `nas/id`, or why there are none.
fn reached(rule: &Rule, labels: &[(&str, &str)]) -> Result<Vec<String>, String> {
    rule.targets(&alert(labels), &known())
        .map(|targets| targets.iter().map(|t| format!("{}/{}", t.nas, t.connection)).collect())
        .map_err(|why| why.to_string())
}

fn reaches(rule: &Rule, labels: &[(&str, &str)], wanted: &[&str]) {
    assert_eq!(
        reached(rule, labels),
        Ok(wanted.iter().map(|t| (*t).to_owned()).collect()),
        "{:?}",
        rule.select
    );
}

#[test]
fn named_connections_are_reached_whatever_the_alert_says() {
    let labels = [("nas", "office"), ("conn_id", "2"), ("action", "delete"), ("connection", "Google Drive")];
    reaches(&named("home", &["dropbox-1"]), &labels, &["home/1"]);
    // Each that is called so, each once, and of this NAS.
    reaches(&named("home", &["Dropbox", "1", "Google Drive"]), &labels, &["home/1", "home/2", "home/3"]);
    // Digits are an id, whatever connections are called.
    reaches(&named("home", &["2"]), &labels, &["home/2"]);
    reaches(&named("home", &["Dropbox", "gone", "9"]), &labels, &["home/1", "home/3"]);
    assert_eq!(named("home", &["Dropbox", "gone", "9"]).absent(&known()), ["gone", "9"]);
    assert_eq!(
        reached(&named("home", &["gone", "dropbox"]), &labels),
        Err("there is no connection gone, dropbox on NAS home, or none within reach".to_owned())
    );
    assert!(reached(&named("attic", &["Dropbox"]), &labels).is_err());
}

#[test]
fn labels_choose_one_connection() {
    let rule = rule(Select::Labels);
    reaches(&rule, &[("nas", "home"), ("conn_id", "3")], &["home/3"]);
    reaches(&rule, &[("nas", "office"), ("conn_id", "1")], &["office/1"]);
    for (labels, wanted) in [
        (&[("conn_id", "1")][..], "the alert has no label nas"),
        (&[("nas", "home")], "the alert has no label conn_id"),
        (&[("nas", "home"), ("conn_id", "")], "the alert has no label conn_id"),
        (&[("nas", "home"), ("conn_id", "Dropbox")], "conn_id is Dropbox, which is no connection's id"),
        (&[("nas", "home"), ("conn_id", "+1")], "no connection's id"),
        (&[("nas", "home"), ("conn_id", "01")], "no connection's id"),
        (&[("nas", "home"), ("conn_id", ".*")], "no connection's id"),
        (&[("nas", "home"), ("conn_id", "1,2")], "no connection's id"),
        (&[("nas", "office"), ("conn_id", "2")], "there is no connection 2 on NAS office"),
        (&[("nas", "*"), ("conn_id", "1")], "there is no connection 1 on NAS *"),
        (&[("nas", "a\nb"), ("conn_id", "1")], "on NAS a\\nb,"),
    ] {
        let why = reached(&rule, labels).unwrap_err();
        assert!(why.contains(wanted), "{labels:?}: {why}");
    }
    let long = "x".repeat(4_000);
    assert!(reached(&rule, &[("nas", "home"), ("conn_id", &long)]).unwrap_err().len() < 200);
    // What is out of the sender's reach is not in the list, and so is not there.
    let labels = alert(&[("nas", "home"), ("conn_id", "3")]);
    let within: Vec<_> = known().into_iter().filter(|known| known.id != ConnectionId(3)).collect();
    assert!(matches!(rule.targets(&labels, &within), Err(NoTarget::Unknown { .. })));
    assert!(rule.absent(&within).is_empty());
}

#[test]
fn a_rule_that_only_says_so_needs_no_connections() {
    let rule = Rule { action: RuleAction::Notify, ..rule(Select::Nothing) };
    reaches(&rule, &[("nas", "home"), ("conn_id", "1")], &[]);
    assert!(rule.matches(&alert(&[("alertname", "WanSaturated")])));
    assert!(!rule.matches(&alert(&[("alertname", "Other")])));
    let words = [RuleAction::Pause, RuleAction::Settings(BTreeMap::new()), rule.action];
    assert_eq!(words.map(|action| action.as_str()), ["pause", "settings", "notify"]);
}

proptest! {
    #[test]
    fn no_label_reaches_beyond_what_is_known(nas in ".{0,6}|home|office", id in ".{0,4}|-?[0-9]{1,20}") {
        let reached = rule(Select::Labels).targets(&alert(&[("nas", &nas), ("conn_id", &id)]), &known());
        if let Ok(targets) = reached {
            prop_assert_eq!(targets.len(), 1);
            prop_assert!(known().iter().any(|known| known.nas.as_str() == nas && known.id.to_string() == id));
        }
    }
}
