//! What rules would do, as a table and as JSON.

use super::recording::Recording;
use crate::actions::{Cause, Hold, holds::rfc3339};
use crate::automation::payload::AlertStatus;
use crate::automation::{Decision, Event, Guard, Happening};
use crate::ctl::{Table, View, json_line};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// What stands in the place of what there is not.
const NOTHING: &str = "-";

/// A notification and what came of it.
pub(super) struct Act {
    pub(super) recording: Recording,
    /// When it came.
    pub(super) at: Timestamp,
    /// What happened since the one before it.
    pub(super) before: Vec<Event>,
    /// What happened then.
    pub(super) then: Vec<Event>,
    /// The holds in force afterwards.
    pub(super) holds: Vec<Hold>,
}

impl Act {
    /// The events in their order, and the file that each came of.
    fn events(&self) -> impl Iterator<Item = (Option<&str>, &Event)> {
        let then = self.then.iter().map(|event| (Some(self.recording.file.as_str()), event));
        self.before.iter().map(|event| (None, event)).chain(then)
    }

    /// How many of its alerts fire, and how many do not any more.
    fn counts(&self) -> (usize, usize) {
        let alerts = &self.recording.notification.alerts;
        let firing = alerts.iter().filter(|alert| alert.status == AlertStatus::Firing).count();
        (firing, alerts.len() - firing)
    }
}

/// For people. However wide a line gets, it stays one, so that the outcome is the same everywhere.
pub(super) fn table(acts: &[Act]) -> String {
    let mut view = View::new();
    for act in acts {
        view.gap();
        view.line(heading(act));
        view.gap();
        let headings = ["TIME", "FILE", "ALERT", "RULE", "CONNECTION", "OUTCOME", "GUARD", "DETAIL"];
        let mut events = Table::new(&headings, "nothing new");
        for (file, event) in act.events() {
            events.row(row(file, event));
        }
        view.table(events);
        view.gap();
        let headings = ["RULE", "CONNECTION", "HOLDS", "SINCE", "UNTIL"];
        let mut holds = Table::new(&headings, "no holds");
        for hold in &act.holds {
            let until = hold.until.map_or_else(|| "a person releases it".to_owned(), time);
            holds.row([hold.rule.clone(), held(hold), what(hold), time(hold.created), until]);
        }
        view.table(holds);
    }
    view.unbroken()
}

fn heading(act: &Act) -> String {
    let (firing, resolved) = act.counts();
    let notification = &act.recording.notification;
    let mut line = format!(
        "{} at {}: {firing} firing, {resolved} resolved",
        act.recording.file,
        time(act.at.as_millisecond())
    );
    if let Some(fault) = &notification.fault {
        let _ = write!(line, ", {} cannot be read ({fault})", notification.malformed);
    }
    if notification.truncated > 0 {
        let _ = write!(line, ", {} left out by the sender", notification.truncated);
    }
    line
}

fn row(file: Option<&str>, event: &Event) -> [String; 8] {
    let shown = |text: Option<&str>| match text {
        None | Some("") => NOTHING.to_owned(),
        Some(text) => text.to_owned(),
    };
    let (time, file) = (time(event.at), shown(file));
    match &event.what {
        Happening::Decided(decision) => [
            time,
            file,
            shown(Some(&decision.alert)),
            shown(decision.rule.as_deref()),
            connection(decision),
            decision.verdict.outcome.as_str().to_owned(),
            shown(decision.verdict.guard.map(Guard::as_str)),
            shown(Some(&decision.detail)),
        ],
        Happening::Released(hold) => {
            let why = match hold.cause {
                Some(Cause::Longest) => "it had its max_hold",
                _ => "its time was over",
            };
            [
                time,
                file,
                shown(None),
                hold.rule.clone(),
                held(hold),
                "released".to_owned(),
                shown(None),
                why.to_owned(),
            ]
        }
    }
}

fn connection(decision: &Decision) -> String {
    match (&decision.nas, &decision.connection) {
        (Some(nas), Some((_, name))) => format!("{nas}/{name}"),
        (Some(nas), None) => nas.clone(),
        (None, _) => NOTHING.to_owned(),
    }
}

fn held(hold: &Hold) -> String {
    format!("{}/{}", hold.nas, hold.connection)
}

/// What a hold does.
fn what(hold: &Hold) -> String {
    if hold.is_pause() {
        return "paused".to_owned();
    }
    hold.set.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// A moment for people.
fn time(milliseconds: i64) -> String {
    rfc3339(milliseconds).replacen('T', " ", 1)
}

/// For programs: one object a line.
pub(super) fn json(acts: &[Act]) -> String {
    let mut out = String::new();
    let mut add = |kind: &str, fields: Value| {
        let mut line = Map::from_iter([("type".to_owned(), json!(kind))]);
        if let Value::Object(fields) = fields {
            line.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        // An id that was made up says nothing.
        if line.get("connection_id").and_then(Value::as_i64).is_some_and(|id| id < 0) {
            line.remove("connection_id");
        }
        out.push_str(&json_line(&Value::Object(line).to_string()));
    };
    for act in acts {
        let notification = &act.recording.notification;
        let (firing, resolved) = act.counts();
        let (file, at) = (&act.recording.file, rfc3339(act.at.as_millisecond()));
        let (malformed, truncated) = (notification.malformed, notification.truncated);
        add(
            "notification",
            json!({
                "file": file, "time": at, "firing": firing, "resolved": resolved,
                "malformed": malformed, "fault": notification.fault, "truncated": truncated,
            }),
        );
        for (file, event) in act.events() {
            let (kind, mut fields) = match &event.what {
                Happening::Decided(decision) => ("decision", decision.view("enforce")),
                Happening::Released(hold) => ("release", json!(hold)),
            };
            fields["file"] = json!(file);
            fields["time"] = json!(rfc3339(event.at));
            add(kind, fields);
        }
        for hold in &act.holds {
            let mut fields = json!(hold);
            fields["file"] = json!(file);
            add("hold", fields);
        }
    }
    out
}
