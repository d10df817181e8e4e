//! Bad rules: `check-config` explains all of them at once.

use std::fmt::Write as _;

use assert_cmd::Command;

/// What a rule says beside the least that is one, the key below it that is reported, and what is said.
const BAD: &[(&str, &str, &str)] = &[
    (
        "matchers: ['severity critical', a=b, 'x=~\"[\"']",
        "matchers",
        "entry 1, `severity critical`, at character 10: expected an operator (=, !=, =~ or !~) after the label name; \
         found `critical`; entry 3, `x=~\"[\"`, at character 1: the regular expression `[` cannot be used: unclosed \
         character class",
    ),
    (
        "matchers: ['{}']",
        "matchers",
        "entry 1, `{}`, at character 1: there is no matcher, so that every alert would match",
    ),
    (
        "matchers: ['alertname=\"a\",alertname=\"b\"']",
        "matchers",
        "alertname=\"a\" and alertname=\"b\" exclude each other, so that no alert matches; allowed: matchers that one \
         alert can fulfil all of, and another rule for other alerts",
    ),
    (
        "matchers: ['nas=~\"home|office\"', 'nas=\"attic\"']",
        "matchers",
        "nas=\"attic\" and nas=~\"home|office\" exclude each other, so that no alert matches; allowed: matchers that \
         one alert can fulfil all of, and another rule for other alerts",
    ),
    (
        "select: {nas: attic, connections: [Dropbox]}",
        "select.nas",
        "\"attic\" is no NAS of this configuration; allowed: home",
    ),
    (
        "action: settings, set: {max_upload_speed: 0}",
        "set.max_upload_speed",
        "0 is no limit, so that nothing would be held; allowed: whole numbers from 1 to 9007199254740992",
    ),
    (
        "action: settings, set: {max_download_speed: 0, max_upload_speed: 1}",
        "set.max_download_speed",
        "0 is no limit, so that nothing would be held; allowed: whole numbers from 1 to 9007199254740992",
    ),
    (
        "action: settings, set: {max_upload_speed: 9007199254740993}",
        "set.max_upload_speed",
        "9007199254740993 is out of range; allowed: whole numbers from 1 to 9007199254740992",
    ),
    (
        "action: settings, set: {pull_event_period: 0}",
        "set.pull_event_period",
        "0 is out of range; allowed: whole numbers from 1 to 31536000",
    ),
    (
        "action: settings, set: {part_size: 1048577}",
        "set.part_size",
        "1048577 is out of range; allowed: whole numbers from 0 to 1048576",
    ),
    (
        "action: settings, set: {task_name: 1}",
        "set",
        "\"task_name\" is not among the settings; allowed: max_upload_speed, max_download_speed, pull_event_period, \
      part_size",
    ),
    (
        "action: settings, set: {max_upload_speed: -1}",
        "set",
        "-1 is not allowed here; allowed: whole numbers, 0 or more",
    ),
    (
        "release_delay: 2h, max_hold: 90m",
        "release_delay",
        "2h is longer than max_hold, which ends the hold before; allowed: up to 1h 30m",
    ),
    ("max_hold: 0s, release_delay: 0s", "max_hold", "0s is too short; allowed: longer than 0s"),
    ("daily_budget: 0", "daily_budget", "0 never acts; allowed: 1 or more"),
];

/// What is odd and means something.
const GOOD: &[&str] = &[
    "lease: 48h, max_hold: 1h",
    "release_delay: 24h, max_hold: 24h",
    "latch: true, release_delay: 48h, max_hold: 1h",
    "action: notify, select: {labels: true}",
    "action: settings, set: {max_upload_speed: 1, pull_event_period: 31536000, part_size: 0}",
    "cooldown: 0s, release_delay: 0s",
    "matchers: ['{a=~\"b|c\", a!=d, a=\"b\"}', '\"f g\"=h']",
];

/// A configuration of these rules and more, checked: the exit code and what is said.
fn check(rules: &[&str], more: &str) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.yaml");
    let mut yaml =
        "nas:\n  home:\n    url: http://127.0.0.1:1\n    username: u\n    password: p\n".to_owned();
    yaml.push_str("automation:\n  rules:\n");
    for (number, rule) in rules.iter().enumerate() {
        let least = [
            ("matchers", "['alertname=\"A\"']"),
            ("select", "{nas: home, connections: [Dropbox]}"),
            ("action", "pause"),
        ];
        let is_said = |name: &str| rule.split(", ").any(|part| part.starts_with(&format!("{name}:")));
        let least = least.iter().filter(|(name, _)| !is_said(name));
        let least: Vec<String> = least.map(|(name, value)| format!("{name}: {value}")).collect();
        writeln!(yaml, "    rule_{number:02}: {{{rule}, {}}}", least.join(", ")).unwrap();
    }
    yaml.push_str(more);
    std::fs::write(&file, yaml).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloudsync-exporter"));
    command.env_clear().arg("check-config").arg("--config.file").arg(&file);
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn every_bad_rule_is_explained_at_once() {
    let rules: Vec<&str> = BAD.iter().map(|(rule, ..)| *rule).collect();
    let (code, said) = check(&rules, "poll: {interval: 1ms}\nadmin: {allowed_hosts: ['a:b']}\n");
    assert_eq!(code, Some(64), "{said}");
    for (number, (rule, key, what)) in BAD.iter().enumerate() {
        let line = format!("automation.rules.rule_{number:02}.{key}: {what}");
        assert!(said.lines().any(|said| said == line), "{rule} must give\n{line}\nand not\n{said}");
    }
    // Together with what others find, one of them in the first line, and nothing twice.
    for key in ["\npoll.interval: ", " cannot be used: admin.allowed_hosts: "] {
        assert!(said.contains(key), "{said}");
    }
    assert_eq!(said.lines().count(), BAD.len() + 2, "{said}");
}

#[test]
fn what_is_odd_is_not_bad() {
    assert_eq!(check(GOOD, ""), (Some(0), String::new()));
}
