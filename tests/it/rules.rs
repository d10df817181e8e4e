//! `rules test` as people and their continuous integration run it: no NAS, no daemon, no secrets.

mod refused;
mod replayed;

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A configuration whose password nobody here has.
const CONFIG: &str = "
nas:
  home:
    url: https://nas.lan:5001
    username: exporter
    password_file: /run/secrets/dsm
admin:
  enabled: true
  tokens:
    am: {token_file: /run/secrets/am, scopes: [webhook], connections: [Dropbox]}
    ops: {token_file: /run/secrets/ops, scopes: [read]}
automation:
  mode: enforce
  rules:
    wan_saturated:
      matchers: ['alertname=\"WanSaturated\"']
      action: pause
      select: {nas: home, connections: [Dropbox, Photos]}
      release_delay: 2m
      cooldown: 5m
    slow_lane:
      matchers: ['severity=~\"warning|critical\"', 'conn_id!=\"\"']
      action: settings
      set: {max_upload_speed: 512}
      select: {labels: true}
";

/// A directory with the configuration and recordings.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        place.write("rules.yaml", CONFIG);
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    /// A notification: of each alert its status, labels, start and end.
    fn notification(&self, name: &str, alerts: &[Value]) {
        let body = json!({"version": "4", "receiver": "cloudsync", "alerts": alerts});
        self.write(name, &body.to_string());
    }

    fn test(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudsync-exporter"));
        command.env_clear().current_dir(self.path());
        command.args(["rules", "test", "--config.file", "rules.yaml"]).args(args).output().unwrap()
    }

    /// What is shown; nothing failed.
    fn shown(&self, args: &[&str]) -> String {
        let output = self.test(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// What is shown as JSON, without the notifications and their holds: time of the day, outcome and guard.
    fn outcomes(&self, args: &[&str]) -> Vec<String> {
        let shown = self.shown(&[args, &["--output", "json"]].concat());
        let lines = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let word = |line: Value| {
            let field = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
            let time = field("time").get(11..19).map(str::to_owned);
            match line["type"].as_str().unwrap() {
                "decision" => Some(
                    [time?, field("rule"), field("connection"), field("outcome"), field("guard")].join(" "),
                ),
                "release" => Some([time?, field("rule"), field("connection"), field("cause")].join(" ")),
                _ => None,
            }
        };
        lines.filter_map(word).collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// An alert of this day that begins, or began and ends.
fn alert(name: &str, more: &Value, starts: &str, ends: Option<&str>) -> Value {
    let mut labels = json!({"alertname": name, "severity": "warning"});
    labels.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let at = |time: &str| format!("2026-11-23T{time}Z");
    json!({
        "status": if ends.is_some() { "resolved" } else { "firing" },
        "labels": labels,
        "startsAt": at(starts),
        "endsAt": ends.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), at),
    })
}

fn wan(starts: &str, ends: Option<&str>) -> Value {
    alert("WanSaturated", &json!({}), starts, ends)
}
