//! The committed default file: complete, and true to the defaults in code.

use std::collections::BTreeSet;

use cloudsync_exporter::config::{Config, DEFAULT_FILE, Overrides};
use serde_json::{Value, json};

use super::{LEAST, Place};

/// The file with its defaults taken in: `#key:` becomes `key:`, prose (`# …`) stays.
fn uncommented() -> String {
    let mut text = String::new();
    for line in DEFAULT_FILE.lines() {
        let indent = line.len() - line.trim_start().len();
        let rest = &line[indent..];
        let setting =
            rest.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
        text.push_str(&line[..indent]);
        text.push_str(setting.unwrap_or(rest));
        text.push('\n');
    }
    text
}

fn loaded(text: &str) -> Value {
    let place = Place::new();
    let text = text.replace("/run/secrets/dsm\n", "DIR/password\n");
    let config = place.load("config.yaml", &text, &[], &Overrides::default()).unwrap();
    let mut json = serde_json::to_value(config).unwrap();
    json["nas"] = json!(null);
    json
}

#[test]
fn it_loads_into_the_defaults_commented_and_uncommented() {
    let defaults = loaded(LEAST);
    assert_eq!(loaded(DEFAULT_FILE), defaults);
    assert_eq!(loaded(&uncommented()), defaults);
}

#[test]
fn the_defaults_are_the_documented_ones() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&loaded(LEAST)).unwrap());
}

/// The file with its example of this key taken in: the lines of prose from it on, down to its default.
fn with_example(key: &str) -> String {
    let (mut text, mut is_inside) = (String::new(), false);
    for line in DEFAULT_FILE.lines() {
        is_inside = line == format!("  # {key}:") || is_inside && line.starts_with("  # ");
        text.push_str(&if is_inside { line.replacen("# ", "", 1) } else { line.to_owned() });
        text.push('\n');
    }
    text
}

#[test]
fn its_rules_are_good() {
    let rules = loaded(&with_example("rules"))["automation"]["rules"].clone();
    let actions: BTreeSet<&str> =
        rules.as_object().unwrap().values().map(|rule| rule["action"].as_str().unwrap()).collect();
    assert_eq!(actions, BTreeSet::from(["notify", "pause", "settings"]));
    // What the first one spells out is what holds when nothing is said.
    let example =
        format!("{LEAST}\nautomation: {{rules: {{r: {{matchers: [a=b], select: {{labels: true}}}}}}}}\n");
    let defaults = loaded(&example)["automation"]["rules"]["r"].clone();
    for key in ["lease", "release_delay", "max_hold", "latch", "cooldown", "daily_budget"] {
        assert_eq!(rules["wan_saturated"][key], defaults[key], "{key}");
    }
}

#[test]
fn it_names_every_key() {
    let rule = "automation: {rules: {r: {matchers: [a=b], select: {labels: true}}}}";
    let token = format!("admin: {{tokens: {{t: {{sha256: {}, scopes: [read]}}}}}}", "ab".repeat(32));
    let place = Place::new();
    let config: Config = place.yaml(&format!("{LEAST}\n{rule}\n{token}\n")).unwrap();
    let mut keys = BTreeSet::new();
    collect(&serde_json::to_value(config).unwrap(), &mut keys);
    for name in ["home", "r", "t"] {
        assert!(keys.remove(name));
    }
    let named = |key: &String| DEFAULT_FILE.contains(&format!("{key}:"));
    let missing: Vec<_> = keys.iter().filter(|key| !named(key)).collect();
    assert!(missing.is_empty(), "not in the default file: {missing:?}");
}

fn collect(json: &Value, keys: &mut BTreeSet<String>) {
    for (key, value) in json.as_object().into_iter().flatten() {
        keys.insert(key.clone());
        collect(value, keys);
    }
}
