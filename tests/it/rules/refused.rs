//! What cannot be tested, and how that is said.

use assert_cmd::Command;

use super::{CONFIG, Place, text, wan};

#[test]
fn a_bad_configuration_is_refused_as_check_config_does() {
    let place = Place::new();
    place.notification("1.json", &[wan("09:00:00", None)]);
    // What a password is missing for is not a matter of the rules; everything else is as bad as ever.
    for (from, to) in [
        ("action: pause", "action: stop"),
        ("alertname=\"WanSaturated\"", "alertname WanSaturated"),
        ("nas: home, connections", "nas: office, connections"),
        ("release_delay: 2m", "release_delay: 2"),
        ("cooldown: 5m", "colddown: 5m"),
    ] {
        assert!(CONFIG.contains(from));
        let bad = CONFIG.replacen(from, to, 1);
        place.write("rules.yaml", &bad);
        let output = place.test(&["--webhook", "1.json"]);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(64), ""), "{to}");
        place.write("secret", "x\n");
        let with_secrets = bad
            .replace("/run/secrets/dsm", "secret")
            .replace("/run/secrets/am", "secret")
            .replace("/run/secrets/ops", "secret");
        place.write("rules.yaml", &with_secrets);
        let mut check = Command::new(env!("CARGO_BIN_EXE_cloudsync-exporter"));
        check.env_clear().current_dir(place.path()).args(["check-config", "--config.file", "rules.yaml"]);
        let check = check.output().unwrap();
        assert_eq!((check.status.code(), text(&check.stderr)), (Some(64), text(&output.stderr)));
    }
    place.write("rules.yaml", CONFIG);
    let mut check = Command::new(env!("CARGO_BIN_EXE_cloudsync-exporter"));
    check.env_clear().current_dir(place.path()).args(["check-config", "--config.file", "rules.yaml"]);
    let said = text(&check.output().unwrap().stderr);
    assert!(said.contains("nas.home.password_file: cannot read /run/secrets/dsm"), "{said}");
}

#[test]
fn a_bad_file_fails_and_the_others_go_on() {
    let place = Place::new();
    place.notification("1.json", &[wan("09:00:00", None)]);
    place.write("alerts.json", "[]");
    place.write("old.json", r#"{"version": "3", "alerts": []}"#);
    place.write("cut.json", r#"{"version": "4", "alerts": ["#);
    let output = place.test(&["--webhook", "none.json", "alerts.json", "1.json", "old.json", "cut.json"]);
    assert_eq!(output.status.code(), Some(1));
    let (shown, said) = (text(&output.stdout), text(&output.stderr));
    assert!(
        shown.contains("1.json at 2026-11-23 09:00:00Z: 1 firing, 0 resolved") && shown.contains("acted")
    );
    for part in
        ["none.json: ", "alerts.json: ", "old.json: the notification's version is", "cut.json: the body"]
    {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert!(!shown.contains("cut.json"), "{shown}");
}

#[test]
fn alerts_that_cannot_be_read_and_alerts_left_out_are_counted() {
    let place = Place::new();
    let body = serde_json::json!({
        "version": "4", "truncatedAlerts": 3,
        "alerts": [wan("09:00:00", None), {"status": "maybe", "labels": {"a": "b"}}],
    });
    place.write("1.json", &body.to_string());
    let shown = place.shown(&["--webhook", "1.json"]);
    let heading = "1.json at 2026-11-23 09:00:00Z: 1 firing, 0 resolved, 1 cannot be read (alerts[1]: its status is \
                   neither firing nor resolved), 3 left out by the sender";
    assert_eq!(shown.lines().next(), Some(heading));
}

#[test]
fn arguments_that_mean_nothing_are_refused() {
    let place = Place::new();
    place.notification("1.json", &[wan("09:00:00", None)]);
    for (args, code, part) in [
        (&[][..], 2, "--webhook"),
        (&["--webhook"], 2, "--webhook"),
        (&["--connection", "Dropbox"], 2, "NAS/ID=NAME"),
        (&["--connection", "home/x=Dropbox"], 2, "x is no id"),
        (&["--connection", "office/1=Dropbox"], 1, "office is no NAS of the configuration; allowed: home"),
        (&["--token", "ops"], 1, "ops is no token with the scope webhook; allowed: am"),
        (&["--at", "noon"], 2, "--at"),
        (&["--step", "often"], 2, "--step"),
    ] {
        let file: &[&str] =
            if args.contains(&"--webhook") || args.is_empty() { &[] } else { &["--webhook", "1.json"] };
        let output = place.test(&[args, file].concat());
        let said = text(&output.stderr);
        assert_eq!(
            (output.status.code(), text(&output.stdout).as_str()),
            (Some(code), ""),
            "{args:?}: {said}"
        );
        assert!(said.contains(part), "{args:?}: {said}");
    }
}

#[test]
fn it_says_what_is_not_as_it_would_be() {
    let place = Place::new();
    place.notification("1.json", &[wan("09:00:00", None)]);
    let note = "automation.mode is observe";
    assert!(!text(&place.test(&["--webhook", "1.json"]).stderr).contains(note));
    place.write("rules.yaml", &CONFIG.replace("enforce", "observe"));
    assert!(text(&place.test(&["--webhook", "1.json"]).stderr).contains(note));
    let (before, _) = CONFIG.split_once("automation:").unwrap();
    place.write("rules.yaml", before);
    let output = place.test(&["--webhook", "1.json"]);
    assert!(text(&output.stderr).contains("the configuration has no rules"));
    assert!(text(&output.stdout).contains("unmatched"));
}
