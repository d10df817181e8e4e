//! A configuration looked at where none of its files and secrets are.

use cloudsync_exporter::config::{Config, Overrides, Place as At, Problems};

use super::Place;

/// A NAS and a token that have all their secrets in files; one of each has them in the environment.
const YAML: &str = "
nas:
  home:
    url: https://nas.lan:5001
    username: exporter
    password_file: /none/dsm
    otp_secret_file: /none/otp
    tls: {ca_file: /none/ca.pem}
  office:
    url: https://office.lan:5001
    username: exporter
    device_id_file: /none/device
    device_name: exporter
admin:
  tokens:
    ops: {token_file: /none/ops, scopes: [read]}
    am: {scopes: [webhook]}
";

fn load(yaml: &str, at: At) -> Result<Config, Problems> {
    let place = Place::new();
    let path = place.write("config.yaml", yaml);
    Config::load_checked(Some(&path), [], &Overrides::default(), at, |_, _| {})
}

fn keys(problems: &Problems) -> Vec<&str> {
    problems.0.iter().map(|problem| problem.key.as_str()).collect()
}

#[test]
fn what_only_the_other_place_has_is_not_missed() {
    let here = load(YAML, At::Here).unwrap_err();
    let expected = [
        "admin.tokens.am.token_file",
        "admin.tokens.ops.token_file",
        "nas.home.otp_secret_file",
        "nas.home.password_file",
        "nas.home.tls.ca_file",
        "nas.office.device_id_file",
        "nas.office.password_file",
    ];
    assert_eq!(keys(&here), expected, "{here}");
    let config = load(YAML, At::Elsewhere).unwrap();
    assert_eq!(config.nas.len(), 2);
    for nas in config.nas.values() {
        assert!(nas.credentials().is_err(), "nobody can log in with a password that is not there");
    }
}

#[test]
fn what_the_configuration_says_is_checked_all_the_same() {
    for (from, to, key) in [
        (
            "password_file: /none/dsm",
            "password_file: /none/dsm\n    password: hunter2",
            "nas.home.password_file",
        ),
        ("password_file: /none/dsm", "password: ''", "nas.home.password"),
        ("password_file: /none/dsm", "password: 12", "nas.home.password"),
        ("otp_secret_file: /none/otp", "otp_secret: '0189'", "nas.home.otp_secret"),
        ("device_name: exporter", "device_name: ''", "nas.office.device_name"),
        ("https://nas.lan:5001", "http://nas.lan:5001", "nas.home.tls.ca_file"),
        ("username: exporter", "usrname: exporter", "nas.home.usrname"),
        ("token_file: /none/ops", "token_file: /none/ops, sha256: aa", "admin.tokens.ops.sha256"),
        ("scopes: [webhook]", "scopes: []", "admin.tokens.am.scopes"),
    ] {
        assert!(YAML.contains(from));
        let problems = load(&YAML.replacen(from, to, 1), At::Elsewhere).expect_err(to);
        assert!(keys(&problems).contains(&key), "{to} must give {key}:\n{problems}");
        assert!(!problems.to_string().contains("hunter2"));
    }
}
