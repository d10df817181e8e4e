//! File, environment and flags: formats, precedence, secrets.

use std::time::Duration;

use cloudsync_exporter::config::{Config, LogFormat, Overrides, SecondFactor, SecondFactorCredential};
use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::{LEAST, Place};

fn environment(env: &[(&str, &str)]) -> Config {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(None, env, &Overrides::default()).unwrap()
}

const HOME: [(&str, &str); 2] = [
    ("CLOUDSYNC_EXPORTER__NAS__HOME__URL", "https://nas.lan:5001/dsm"),
    ("CLOUDSYNC_EXPORTER__NAS__HOME__USERNAME", "exporter"),
];

#[test]
fn the_environment_alone_is_enough() {
    let mut env = HOME.to_vec();
    env.extend([
        ("CLOUDSYNC_EXPORTER__NAS__HOME__PASSWORD", "007"),
        ("CLOUDSYNC_EXPORTER__NAS__HOME__TIMEZONE", "Europe/Berlin"),
        ("CLOUDSYNC_EXPORTER__NAS__HOME__TLS__INSECURE_SKIP_VERIFY", "true"),
        ("CLOUDSYNC_EXPORTER__WEB__LISTEN_ADDRESS", "127.0.0.1:1, [::1]:2"),
        ("CLOUDSYNC_EXPORTER__POLL__INTERVAL", "5s"),
        ("CLOUDSYNC_EXPORTER__METRICS__MAX_SERIES", "7"),
        ("CLOUDSYNC_EXPORTER__AUTOMATION__MAX_HELD_SHARE", "0.25"),
        // What Kubernetes sets for a service of this name is not ours.
        ("CLOUDSYNC_EXPORTER_SERVICE_HOST", "10.0.0.1"),
        ("CLOUDSYNC_EXPORTER_PORT_9842_TCP", "tcp://10.0.0.1:9842"),
    ]);
    let config = environment(&env);
    let home = &config.nas["home"];
    assert_eq!(home.url.as_str(), "https://nas.lan:5001/dsm");
    assert_eq!(home.timezone.iana_name(), Some("Europe/Berlin"));
    assert!(home.tls.insecure_skip_verify);
    assert_eq!(home.credentials().unwrap().password.expose_secret(), "007");
    let addresses: Vec<_> = config.web.listen_address.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["127.0.0.1:1", "[::1]:2"]);
    assert_eq!(config.poll.interval, Duration::from_secs(5));
    assert_eq!(config.metrics.max_series, 7);
    assert!((config.automation.max_held_share - 0.25).abs() < f64::EPSILON);
}

#[test]
fn a_secret_of_the_environment_is_taken_as_it_is() {
    for secret in ["007", "1e5", "true", "null", "~", " a ", "ä€🙂", "a,b", "a=b", "\"q\"", "${HOME}"] {
        let mut env = HOME.to_vec();
        env.push(("CLOUDSYNC_EXPORTER__NAS__HOME__PASSWORD", secret));
        let config = environment(&env);
        assert_eq!(config.nas["home"].credentials().unwrap().password.expose_secret(), secret);
    }
}

#[test]
fn flag_beats_environment_beats_file_beats_default() {
    let place = Place::new();
    let yaml = format!("{LEAST}\nlog: {{level: debug, format: json}}\nweb: {{telemetry_path: /file}}\n");
    let env =
        [("CLOUDSYNC_EXPORTER__LOG__LEVEL", "warn"), ("CLOUDSYNC_EXPORTER__WEB__TELEMETRY_PATH", "/env")];
    let flags = Overrides {
        log_level: Some("error".to_owned()),
        web_listen_address: vec!["127.0.0.1:0".to_owned(), "[::1]:0".to_owned()],
        ..Overrides::default()
    };
    let config = place.load("config.yaml", &yaml, &env, &flags).unwrap();
    assert_eq!(config.log.level.as_str(), "error");
    assert_eq!(config.web.telemetry_path, "/env");
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.web.listen_address.len(), 2);
    assert_eq!(config.web.max_requests, 40);
}

#[test]
fn the_environment_changes_one_key_of_a_nas_of_the_file() {
    let place = Place::new();
    let yaml = "nas: {home: {url: 'http://nas:5000', username: a, password_file: DIR/password}}";
    let env = [("CLOUDSYNC_EXPORTER__NAS__HOME__USERNAME", "b")];
    let config = place.load("config.yml", yaml, &env, &Overrides::default()).unwrap();
    assert_eq!(config.nas["home"].username, "b");
    assert_eq!(config.nas["home"].url.as_str(), "http://nas:5000/");
}

#[test]
fn toml_is_read_by_the_ending() {
    let place = Place::new();
    let toml =
        "[nas.home]\nurl = 'http://nas:5000'\nusername = 'a'\npassword = '1'\n[poll]\ninterval = '2s'\n";
    let config = place.load("config.toml", toml, &[], &Overrides::default()).unwrap();
    assert_eq!(config.poll.interval, Duration::from_secs(2));
}

#[test]
fn files_of_secrets_are_read_again_each_time() {
    let place = Place::new();
    let yaml = "nas: {home: {url: 'http://nas:5000', username: a, password_file: DIR/password, \
                otp_secret_file: DIR/otp}}";
    place.write("otp", "gezd gnbv gy3t qojq\n");
    let home = place.yaml(yaml).unwrap().nas["home"].clone();
    assert_eq!(home.credentials().unwrap().password.expose_secret(), "pw");
    place.write("password", "other\r\n");
    let credentials = home.credentials().unwrap();
    assert_eq!(credentials.password.expose_secret(), "other");
    let Some(SecondFactorCredential::Totp(key)) = credentials.second_factor else {
        panic!("TOTP is configured")
    };
    assert_eq!(key.expose_secret(), b"1234567890");
    place.write("otp", "1");
    assert!(
        home.credentials().unwrap_err().to_string().starts_with("otp_secret_file: the secret is not base32")
    );
}

#[test]
fn a_device_id_needs_its_name() {
    let place = Place::new();
    place.write("device", "id\n");
    let config =
        place.yaml(&format!("{LEAST}    device_id_file: DIR/device\n    device_name: me\n")).unwrap();
    let home = &config.nas["home"];
    assert!(matches!(&home.second_factor, Some(SecondFactor::Device { name, .. }) if name == "me"));
}

#[test]
fn nothing_shows_a_secret() {
    let place = Place::new();
    let yaml = LEAST.replace("password: pw", "password: hunter2\n    otp_secret: GEZDGNBVGY3TQOJQ");
    let config = place.yaml(&yaml).unwrap();
    let shown = format!(
        "{config:?} {} {:?}",
        serde_json::to_string(&config).unwrap(),
        config.nas["home"].credentials().unwrap()
    );
    assert!(shown.contains("<secret>"));
    assert!(!shown.contains("hunter2") && !shown.contains("GEZDGNBV"));
}

#[test]
fn a_changed_nas_is_told_from_an_unchanged_one() {
    let place = Place::new();
    let load = |yaml: &str| place.yaml(yaml).unwrap().nas["home"].clone();
    let first = load(LEAST);
    assert_eq!(first, load(LEAST));
    for (from, to) in [("password: pw", "password: pW"), (":5001", ":5002"), ("exporter", "other")] {
        assert_ne!(first, load(&LEAST.replace(from, to)));
    }
    assert_ne!(first, load(&format!("{LEAST}    timezone: Asia/Tokyo\n")));
}

#[test]
fn a_shard_polls_its_part() {
    let place = Place::new();
    let nas = |name: &str| format!("  {name}: {{url: 'http://{name}', username: a, password: b}}\n");
    let all: String = ["a", "b", "c", "d", "e"].map(nas).concat();
    let names = |shard: &str| -> Vec<String> {
        let config = place.yaml(&format!("nas:\n{all}poll: {{shard: {shard}}}\n")).unwrap();
        config.polled().map(|(name, _)| name.to_owned()).collect()
    };
    let mut together = [names("0/2"), names("1/2")].concat();
    together.sort();
    assert_eq!(together, ["a", "b", "c", "d", "e"]);
    assert_eq!(names("0/1").len(), 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_file_and_no_environment_makes_it_panic(text in ".{0,200}", name in "[A-Z_.0-9\\[\\]-]{0,20}", value in ".{0,20}") {
        let place = Place::new();
        let name = format!("CLOUDSYNC_EXPORTER__{name}");
        for file in ["config.yaml", "config.toml"] {
            let _ = place.load(file, &text, &[], &Overrides::default());
            let _ = place.load(file, &text, &[(&name, &value)], &Overrides::default());
        }
    }
}
