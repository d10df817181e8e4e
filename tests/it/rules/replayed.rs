//! What notifications come to, moment by moment.

use serde_json::json;

use super::{CONFIG, Place, alert, text, wan};

/// Both connections that `wan_saturated` names, among others.
const FOUR: [&str; 8] = [
    "--connection",
    "home/1=Photos",
    "--connection",
    "home/2=Dropbox",
    "--connection",
    "home/3=Backup",
    "--connection",
    "home/4=Drive",
];

fn scene() -> Place {
    let place = Place::new();
    place.notification("1.json", &[wan("09:00:00", None)]);
    place.notification("2.json", &[alert("Slow", &json!({"nas": "home", "conn_id": "3"}), "09:10:00", None)]);
    place.notification("3.json", &[wan("09:00:00", Some("09:20:00"))]);
    place.notification("4.json", &[wan("09:25:00", None), alert("Other", &json!({}), "09:25:00", None)]);
    place.notification("5.json", &[wan("09:25:00", Some("09:40:00"))]);
    place
}

const ALL: [&str; 6] = ["--webhook", "1.json", "2.json", "3.json", "4.json", "5.json"];

#[test]
fn a_table_says_what_would_happen() {
    let place = scene();
    insta::assert_snapshot!(place.shown(&[&FOUR[..], &ALL].concat()));
}

#[test]
fn json_says_the_same_one_object_a_line() {
    let place = scene();
    insta::assert_snapshot!(place.shown(&[&["--output=json"], &FOUR[..], &ALL[..4]].concat()));
}

#[test]
fn what_is_committed_is_compared() {
    let place = scene();
    for form in ["table", "json"] {
        let args = [&["--output", form], &ALL[..]].concat();
        let shown = place.shown(&args);
        place.write("expected", &shown);
        let same = place.shown(&[&["--expect", "expected"], &args[..]].concat());
        assert_eq!(same, "everything is as expected says\n");

        place.write("rules.yaml", &CONFIG.replace("cooldown: 5m", "cooldown: 1s"));
        let output = place.test(&[&["--expect", "expected"], &args[..]].concat());
        let differences = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{differences}");
        for part in ["--- expected\n", "+++ what the rules do now\n", "@@ ", "\n-", "\n+", "cooldown"] {
            assert!(differences.contains(part), "{part:?} is not in\n{differences}");
        }
        assert!(differences.lines().count() < shown.lines().count() * 2, "{differences}");
        place.write("rules.yaml", CONFIG);
    }
    let output = place.test(&[&["--expect", "none"], &ALL[..]].concat());
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""));
    assert!(text(&output.stderr).contains("none: "));
}

#[test]
fn how_many_are_held_counts_where_it_is_known_how_many_there_are() {
    let place = scene();
    let note = "max_held_share is not looked at";
    let one = ["--webhook", "1.json"];
    let acted = ["09:00:00 wan_saturated Photos acted -", "09:00:00 wan_saturated Dropbox acted -"];
    assert_eq!(place.outcomes(&one).iter().filter(|line| acted.contains(&line.as_str())).count(), 2);
    assert!(text(&place.test(&one).stderr).contains(note));
    assert_eq!(place.outcomes(&[&FOUR[..], &one].concat()), acted);
    assert!(!text(&place.test(&[&FOUR[..], &one].concat()).stderr).contains(note));
    let two = place.outcomes(&[&FOUR[..4], &one].concat());
    let blocked = "09:00:00 wan_saturated Dropbox blocked max_held_share";
    assert_eq!(two, [blocked, "09:00:00 wan_saturated Photos acted -"]);
    // Those of a rule that do not exist are left out.
    let three = place.outcomes(&[&FOUR[4..], &one].concat());
    assert_eq!(three, ["09:00:00 wan_saturated - blocked unknown_connection"]);
}

#[test]
fn connections_and_their_states_come_from_ctl_status() {
    let place = scene();
    let connection = |id: i64, name: &str, status: &str| json!({"id": id, "task_name": "x", "task_display_name": name, "status": status});
    let conn = [
        connection(1, "Photos", "error"),
        connection(2, "Dropbox", "syncing"),
        connection(3, "Backup", "pause"),
        connection(4, "Drive", "uptodate"),
    ];
    let status =
        json!({"nas": [], "holds": [], "connections": {"home": {"conn": conn}, "office": {"conn": []}}});
    place.write("status.json", &status.to_string());
    let outcomes = place.outcomes(&["--connections", "status.json", "--webhook", "1.json", "2.json"]);
    let expected = [
        "09:00:00 wan_saturated Photos blocked state",
        "09:00:00 wan_saturated Dropbox acted -",
        "09:10:00 slow_lane Backup acted -",
    ];
    assert_eq!(outcomes, expected);
    for bad in
        ["", "[]", "{}", r#"{"connections": {"home": {}}}"#, r#"{"connections": {"home": {"conn": [{}]}}}"#]
    {
        place.write("status.json", bad);
        let output = place.test(&["--connections", "status.json", "--webhook", "1.json"]);
        assert_eq!(output.status.code(), Some(1), "{bad}");
        assert!(
            text(&output.stderr).contains("--connections status.json: "),
            "{bad}: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn a_token_reaches_as_far_as_it_may() {
    let place = scene();
    let outcomes = place.outcomes(&["--token", "am", "--webhook", "1.json", "2.json"]);
    let expected = [
        "09:00:00 wan_saturated Photos blocked token",
        "09:00:00 wan_saturated Dropbox acted -",
        "09:10:00 slow_lane 3 blocked token",
    ];
    let mut sorted = outcomes.clone();
    sorted.sort();
    let mut wanted = expected.map(str::to_owned);
    wanted.sort();
    assert_eq!(sorted, wanted);
}

#[test]
fn time_is_the_notifications_or_the_persons() {
    let place = scene();
    let again = ["--webhook", "1.json", "1.json", "1.json"];
    let held = |args: &[&str]| {
        let shown = place.shown(&[args, &again].concat());
        let last = shown.lines().rfind(|line| line.contains("Dropbox")).unwrap().to_owned();
        last.split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!(held(&[]), "14:00:02Z");
    // A repeat renews the lease of 5 h.
    assert_eq!(held(&["--step", "4h"]), "22:00:00Z");
    assert_eq!(held(&["--step", "10m", "--at", "2030-01-01T00:00:00Z"]), "05:20:00Z");
    // It comes too late: the lease ran out.
    let late = place.outcomes(&[&["--step", "6h"][..], &again[..3]].concat());
    let late: Vec<&str> = late.iter().map(String::as_str).filter(|line| line.contains("Dropbox")).collect();
    let expected = [
        "09:00:00 wan_saturated Dropbox acted -",
        "14:00:00 wan_saturated Dropbox over",
        "15:00:00 wan_saturated Dropbox acted -",
    ];
    assert_eq!(late, expected);
}

#[test]
fn real_recordings_are_replayed() {
    let place = Place::new();
    place.write("rules.yaml", &CONFIG.replace("WanSaturated", "DemoGaugeHigh"));
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/automation/fixtures");
    for version in ["0.25.0", "0.28.1", "0.33.1"] {
        let file = |what: &str| format!("{fixtures}/{version}-{what}.json");
        let (firing, resolved) = (file("firing"), file("resolved"));
        let outcomes = place.outcomes(&["--webhook", &firing, "--webhook", &firing, &resolved]);
        let words: Vec<&str> = outcomes.iter().map(|line| &line[9..]).collect();
        let expected =
            ["wan_saturated Photos acted -", "wan_saturated Dropbox acted -", "wan_saturated - resolved -"];
        let mut sorted = words.clone();
        sorted.sort_unstable();
        let mut wanted = expected;
        wanted.sort_unstable();
        assert_eq!(sorted, wanted, "{version}");
    }
    let grafana = place.outcomes(&["--webhook", &format!("{fixtures}/grafana-11.json")]);
    assert_eq!(grafana.len(), 2, "{grafana:?}");
}

#[test]
fn hostile_names_steer_no_terminal() {
    let place = Place::new();
    let labels = json!({"severity": "warning", "nas": "home", "conn_id": "3\u{1b}[2J"});
    place.notification("1.json", &[alert("\u{202e}Slow\u{9b}\n", &labels, "09:00:00", None)]);
    for form in ["table", "json"] {
        let shown = place.shown(&["--output", form, "--webhook", "1.json"]);
        assert!(shown.contains("Slow"), "{shown}");
        let hostile = |char: char| char.is_control() && char != '\n' || char == '\u{202e}';
        assert!(!shown.contains(hostile), "{shown:?}");
    }
}
