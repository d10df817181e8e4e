//! Bad configurations: each problem with its key, its value unless secret, and what is allowed.

use cloudsync_exporter::config::{Config, Overrides};

use super::{LEAST, Place};

/// Keys added to the least configuration's NAS, the key that is reported, and a part of its message.
const BAD_NAS: &[(&str, &str, &str)] = &[
    ("url: ftp://nas", "nas.home.url", "\"ftp://nas\" is neither http nor https; allowed: http or https"),
    ("url: nas.lan", "nas.home.url", "\"nas.lan\" is no URL"),
    ("url: https://", "nas.home.url", "is no URL"),
    ("url: https://u:hunter2@nas", "nas.home.url", "the value has a user name or password in it"),
    ("url: https://u:hunter2@:x", "nas.home.url", "the value is no URL"),
    ("url: https://nas/?a=b", "nas.home.url", "has a query"),
    ("url: https://nas/#a", "nas.home.url", "fragment"),
    ("url: ''", "nas.home.url", "is missing"),
    ("username: ''", "nas.home.username", "is missing"),
    ("username: 12", "nas.home.username", "12 is not allowed here; allowed: text; put quotes"),
    ("password: 12345", "nas.home.password", "was read as a number; allowed: text, so put quotes around it"),
    ("password: 1e5", "nas.home.password", "a number"),
    ("password: true", "nas.home.password", "true or false"),
    ("password: null", "nas.home.password", "nothing"),
    ("password:", "nas.home.password", "nothing"),
    ("password: ''", "nas.home.password", "is empty"),
    ("password: [hunter2]", "nas.home.password", "a list"),
    ("password_file: DIR/password", "nas.home.password_file", "beside password"),
    ("otp_secret: '0189'", "nas.home.otp_secret", "not base32"),
    ("otp_secret: 23456723", "nas.home.otp_secret", "quotes"),
    ("otp_secret_file: DIR/none", "nas.home.otp_secret_file", "cannot read DIR/none"),
    (
        "otp_secret: AAAAAAAA\n    otp_secret_file: DIR/password",
        "nas.home.otp_secret",
        "another second factor",
    ),
    ("otp_secret: AAAAAAAA\n    device_name: a", "nas.home.otp_secret", "another second factor"),
    ("device_name: a", "nas.home.device_id_file", "missing beside device_name"),
    ("device_id_file: DIR/password", "nas.home.device_name", "missing beside device_id_file"),
    (
        "timezone: Mars/Olympus",
        "nas.home.timezone",
        "\"Mars/Olympus\" is no time zone; allowed: an IANA name",
    ),
    ("tls: yes", "nas.home.tls", "is not a table"),
    ("tls: {pin_sha256: abc}", "nas.home.tls.pin_sha256", "base64 (44 characters) or hex (64)"),
    ("tls: {ca_file: DIR/none}", "nas.home.tls.ca_file", "cannot read DIR/none"),
    ("tls: {ca_file: DIR/password}", "nas.home.tls.ca_file", "has no certificate"),
    (
        "tls: {insecure_skip_verify: 1}",
        "nas.home.tls.insecure_skip_verify",
        "1 is not allowed here; allowed: true or false",
    ),
    ("tls: {insecure_skip_verify: true, ca_file: x}", "nas.home.tls.insecure_skip_verify", "undoes ca_file"),
    (
        "url: http://nas\n    tls: {insecure_skip_verify: true}",
        "nas.home.tls.insecure_skip_verify",
        "without TLS",
    ),
    (
        "pasword_file: x",
        "nas.home.pasword_file",
        "\"pasword_file\" is no key, perhaps meant password_file; allowed below nas.home: device_id_file, ",
    ),
    (
        "tls: {ca: x}",
        "nas.home.tls.ca",
        "allowed below nas.home.tls: ca_file, insecure_skip_verify, pin_sha256",
    ),
];

/// Further sections beside the least configuration.
const BAD_SECTIONS: &[(&str, &str, &str)] = &[
    (
        "pol: {}",
        "pol",
        "\"pol\" is no key, perhaps meant poll; allowed at the top: admin, automation, log, metrics",
    ),
    ("poll: {intervall: 1s}", "poll.intervall", "perhaps meant interval"),
    ("poll: {unrelated: 1s}", "poll.unrelated", "\"unrelated\" is no key; allowed below poll"),
    (
        "poll: {interval: 15}",
        "poll.interval",
        "15 is not allowed here; allowed: a number and its unit up to a year, such as 500ms",
    ),
    ("poll: {interval: 5 minits}", "poll.interval", "\"5 minits\" is not allowed here"),
    ("poll: {interval: 999ms}", "poll.interval", "999ms is too short; allowed: 1s or longer"),
    ("poll: {slow_interval: 9999y}", "poll.slow_interval", "up to a year"),
    ("poll: {slow_interval: 1s}", "poll.slow_interval", "allowed: poll.interval, 15s, or longer"),
    ("poll: {stale_after: 1s}", "poll.stale_after", "allowed: poll.interval"),
    ("poll: {timeout: 0s}", "poll.timeout", "longer than 0s"),
    (
        "poll: {max_response_bytes: 1.5}",
        "poll.max_response_bytes",
        "1.5 is not allowed here; allowed: a whole number",
    ),
    ("poll: {max_response_bytes: -1}", "poll.max_response_bytes", "-1"),
    ("poll: {max_response_bytes: 10}", "poll.max_response_bytes", "1024 or more"),
    ("poll: {shard: 2/2}", "poll.shard", "\"2/2\" is no shard; allowed: INDEX/TOTAL"),
    ("poll: {shard: 1}", "poll.shard", "1 is not allowed here"),
    (
        "metrics: {per_file: maybe}",
        "metrics.per_file",
        "\"maybe\" is not allowed here; allowed: true or false",
    ),
    ("metrics: {max_series: 0}", "metrics.max_series", "1 or more"),
    ("web: {listen_address: []}", "web.listen_address", "at least one address"),
    (
        "web: {listen_address: ['9842']}",
        "web.listen_address",
        "\"9842\" is no listen address; allowed: :9842, ",
    ),
    ("web: {listen_address: [9842]}", "web.listen_address", "9842 is not allowed here"),
    ("web: {telemetry_path: metrics}", "web.telemetry_path", "\"metrics\" is no path; allowed: /"),
    ("web: {telemetry_path: /sd}", "web.telemetry_path", "/sd is taken"),
    ("web: {max_requests: 0}", "web.max_requests", "0 is out of range"),
    ("web: 9842", "web", "is not a table"),
    ("state_file: ''", "state_file", "is empty"),
    ("log: {level: inof}", "log.level", "\"inof\" is no log level; allowed: off, error, warn, info"),
    ("log: {level: 'a=b=c'}", "log.level", "is no log level"),
    ("log: {format: xml}", "log.format", "\"xml\" is not known; allowed: logfmt, json"),
    ("admin: {audit_max_age: 1m}", "admin.audit_max_age", "1h or longer"),
    ("admin: {audit_max_bytes: 10}", "admin.audit_max_bytes", "65536 or more"),
    ("admin: {listen_address: nowhere}", "admin.listen_address", "\"nowhere\" is no listen address"),
    (
        "admin: {enabled: true, listen_address: ':1'}",
        "admin.listen_address",
        "is not on loopback and has no TLS",
    ),
    ("admin: {enabled: true, listen_address: ':1'}", "admin.tokens", "at least one token"),
    ("admin: {allowed_hosts: ['http://a']}", "admin.allowed_hosts", "is no host"),
    ("admin: {tokens: {A: {sha256: x}}}", "admin.tokens.A.sha256", "64 hex digits"),
    (
        "admin: {tokens: {a: {scopes: [read]}}}",
        "admin.tokens.a.token_file",
        "exactly one of token_file and sha256",
    ),
    (
        "admin: {tokens: {a: {scopes: [reed]}}}",
        "admin.tokens.a.scopes",
        "\"reed\" is not known; allowed: read, hold",
    ),
    (
        "admin: {tokens: {a: {token_file: DIR/password}}}",
        "admin.tokens.a.scopes",
        "is missing; allowed: one or more",
    ),
    ("admin: {tokens: {a: {token_file: DIR/none}}}", "admin.tokens.a.token_file", "cannot read DIR/none"),
    (
        "admin: {tokens: {a: {nas: [office]}}}",
        "admin.tokens.a.nas",
        "\"office\" is no NAS of this configuration; allowed: home",
    ),
    ("automation: {mode: act}", "automation.mode", "allowed: observe, enforce"),
    ("automation: {max_held_share: 1.5}", "automation.max_held_share", "1.5 is out of range"),
    ("automation: {max_held_share: half}", "automation.max_held_share", "\"half\""),
    ("automation: {verify_timeout: 0s}", "automation.verify_timeout", "longer than 0s"),
    (
        "automation: {reconcile_interval: 999ms}",
        "automation.reconcile_interval",
        "999ms is too short; allowed: 1s or longer",
    ),
    ("automation: {reconcile_interval: 180}", "automation.reconcile_interval", "180 is not allowed here"),
    ("automation: {alertmanagers: ['am:9093']}", "automation.alertmanagers", "neither http nor https"),
    ("automation: {rules: {a-b: {}}}", "automation.rules.a-b.matchers", "one or more matchers"),
    ("automation: {rules: {a: {matchers: ['']}}}", "automation.rules.a.matchers", "is empty"),
    (
        "automation: {rules: {a: {action: stop}}}",
        "automation.rules.a.action",
        "allowed: pause, settings, notify",
    ),
    (
        "automation: {rules: {a: {action: pause}}}",
        "automation.rules.a.select",
        "is missing; allowed: nas and connections",
    ),
    ("automation: {rules: {a: {select: {labels: true, nas: home}}}}", "automation.rules.a.select", "as well"),
    ("automation: {rules: {a: {select: {nas: x}}}}", "automation.rules.a.select.nas", "\"x\" is no NAS"),
    ("automation: {rules: {a: {select: {nas: home}}}}", "automation.rules.a.select.connections", "is empty"),
    (
        "automation: {rules: {a: {action: settings}}}",
        "automation.rules.a.set",
        "is empty; allowed with action settings",
    ),
    (
        "automation: {rules: {a: {set: {part_size: 1}}}}",
        "automation.rules.a.set",
        "only with action settings",
    ),
    (
        "automation: {rules: {a: {action: settings, set: {speed: 1}}}}",
        "automation.rules.a.set",
        "\"speed\" is not among",
    ),
    ("automation: {rules: {a: {set: {part_size: fast}}}}", "automation.rules.a.set", "\"fast\""),
    ("automation: {rules: {a: {lease: 0s}}}", "automation.rules.a.lease", "longer than 0s"),
    (
        "automation: {rules: {a: {release_delay: 25h}}}",
        "automation.rules.a.release_delay",
        "1day 1h is longer than max_hold, which ends the hold before; allowed: up to 1day",
    ),
    ("automation: {rules: {a: {daily_budget: 0}}}", "automation.rules.a.daily_budget", "1 or more"),
];

/// Fails unless `yaml` is refused with this key and message, and without planted secrets.
fn assert_refused(yaml: &str, key: &str, part: &str) {
    let place = Place::new();
    let problems = place.yaml(yaml).expect_err(yaml);
    let dir = place.dir.path().to_str().unwrap();
    let part = part.replace("DIR", dir);
    let found = problems.0.iter().any(|problem| problem.key == key && problem.message.contains(&part));
    assert!(found, "{yaml}\nmust be refused with {key}: …{part}…\nand gave\n{problems}");
    let text = problems.to_string();
    assert!(!text.contains("hunter2") && !text.contains("12345"), "{text}");
}

#[test]
fn each_problem_of_a_nas_is_named() {
    for (lines, key, part) in BAD_NAS {
        // A key of the table replaces that of the least configuration.
        let name = lines.split(':').next().unwrap();
        let rest: Vec<_> =
            LEAST.lines().filter(|line| !line.trim().starts_with(&format!("{name}:"))).collect();
        assert_refused(&format!("{}\n    {lines}\n", rest.join("\n")), key, part);
    }
}

#[test]
fn each_problem_of_a_section_is_named() {
    for (lines, key, part) in BAD_SECTIONS {
        assert_refused(&format!("{LEAST}\n{lines}\n"), key, part);
    }
}

#[test]
fn a_bad_name_is_reported_beside_what_is_wrong_below_it() {
    let yaml = "nas: {Home: {url: 'http://a', username: a, password: b, pasword: c}}";
    let problems = Place::new().yaml(yaml).unwrap_err().to_string();
    assert!(
        problems.contains("nas.Home: \"Home\" is no name") && problems.contains("nas.Home.pasword"),
        "{problems}"
    );
}

#[test]
fn names_are_what_the_environment_can_spell() {
    for name in ["Home", "a-b", "a.b", "ä", "'a b'", "''"] {
        let yaml = format!("nas: {{{name}: {{url: 'http://a', username: a, password: b}}}}");
        let problems = Place::new().yaml(&yaml).unwrap_err();
        assert!(
            problems.to_string().contains("is no name; allowed: a to z, 0 to 9 and _"),
            "{name}: {problems}"
        );
    }
}

#[test]
fn without_a_nas_there_is_nothing_to_do() {
    for yaml in ["", "# only a comment\n", "---\n", "nas:\n", "nas: {}\n", "log: {level: info}\n"] {
        assert_refused(yaml, "nas", "at least one NAS");
    }
}

#[test]
fn the_file_itself_can_be_wrong() {
    let place = Place::new();
    let problem = |name: &str, content: &str| {
        place.load(name, content, &[], &Overrides::default()).unwrap_err().to_string()
    };
    assert!(problem("config.json", "{}").contains("no known ending; allowed: .yaml, .yml, .toml"));
    assert!(problem("config", "").contains("no known ending"));
    let yaml = problem("config.yaml", "nas:\n  home:\n    url: [a\n  password: hunter2\n");
    assert!(
        yaml.starts_with("config.file: ") && yaml.contains("line 4") && !yaml.contains("hunter2"),
        "{yaml}"
    );
    let toml = problem("config.toml", "[nas.home]\npassword = 'hunter2\n");
    assert!(toml.contains("line 2") && !toml.contains("hunter2"), "{toml}");
    assert!(problem("config.yaml", "- a\n- b\n").contains("config.file: "));
    assert!(problem("config.yaml", "a: 1\n---\nb: 2\n").contains("2 YAML documents"));
    assert!(problem("config.yaml", "log: {}\nlog: {}\n").contains("duplicated key"));

    let missing = place.dir.path().join("none.yaml");
    let problems = Config::load(Some(&missing), [], &Overrides::default()).unwrap_err();
    assert!(problems.to_string().starts_with("config.file: cannot read "), "{problems}");
}

#[test]
fn all_problems_come_at_once_one_line_each() {
    let yaml = "
nas:
  home: {url: 'ftp://a', usrname: x, password: 1}
  office: {url: 'https://b', username: b, password_file: /none}
poll: {interval: 15, timeout: soon, shard: a}
web: {telemetry_path: metrics, colour: red}
log: {level: loud}
";
    let problems = Place::new().yaml(yaml).unwrap_err();
    let keys: Vec<_> = problems.0.iter().map(|problem| problem.key.as_str()).collect();
    let expected = [
        "log.level",
        "nas.home.password",
        "nas.home.url",
        "nas.home.username",
        "nas.home.usrname",
        "nas.office.password_file",
        "poll.interval",
        "poll.shard",
        "poll.timeout",
        "web.colour",
        "web.telemetry_path",
    ];
    assert_eq!(keys, expected, "{problems}");
    assert_eq!(problems.to_string().lines().count(), expected.len());
}

#[test]
fn an_environment_variable_is_checked_like_the_file() {
    let place = Place::new();
    let env = [
        ("CLOUDSYNC_EXPORTER__WBE__MAX_REQUESTS", "1"),
        ("CLOUDSYNC_EXPORTER__POLL__INTERVAL", "15"),
        ("CLOUDSYNC_EXPORTER__NAS__HOME__PASSWORT", "hunter2"),
    ];
    let problems = place.load("config.yaml", LEAST, &env, &Overrides::default()).unwrap_err();
    let text = problems.to_string();
    assert!(text.contains("wbe: \"wbe\" is no key, perhaps meant web"), "{text}");
    assert!(text.contains("poll.interval: \"15\" is not allowed here"), "{text}");
    assert!(text.contains("nas.home.passwort: ") && text.contains("perhaps meant password;"), "{text}");
    assert!(!text.contains("hunter2"));
}
