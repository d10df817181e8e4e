//! Recorded notifications, and when they come.

use crate::automation::payload::AlertStatus;
use crate::automation::{Notification, PayloadError};
use crate::web::json;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::path::Path;
use std::time::Duration;

/// A notification of a file.
pub(super) struct Recording {
    /// The file, as it was given.
    pub(super) file: String,
    /// What it says.
    pub(super) notification: Notification,
    /// When it was received, if that was recorded.
    received: Option<Timestamp>,
}

impl Recording {
    /// Reads a file: a webhook's body, or an object that has one as `body`. An error names the file.
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let name = file.display().to_string();
        let bytes = std::fs::read(file).map_err(|error| format!("{name}: {error}"))?;
        let (notification, received) = parse(&bytes).map_err(|why| format!("{name}: {why}"))?;
        Ok(Self { file: name, notification, received })
    }

    /// The latest moment that its alerts tell: the starts of those that fire, the ends of those that do not.
    fn told(&self) -> Option<Timestamp> {
        let alerts = self.notification.alerts.iter();
        let told = alerts.map(|alert| match alert.status {
            AlertStatus::Firing => alert.starts_at,
            AlertStatus::Resolved => alert.ends_at.unwrap_or(alert.starts_at),
        });
        told.max()
    }
}

fn parse(bytes: &[u8]) -> Result<(Notification, Option<Timestamp>), String> {
    let said = |error: PayloadError| error.to_string();
    match json::parse(bytes) {
        Ok(Value::Object(mut around)) if around.contains_key("body") && !around.contains_key("alerts") => {
            let received = received(&around)?;
            let body = match around.remove("body").unwrap_or_default() {
                Value::String(text) => text,
                body => body.to_string(),
            };
            Ok((Notification::parse(body.as_bytes()).map_err(said)?, received))
        }
        _ => Ok((Notification::parse(bytes).map_err(said)?, None)),
    }
}

fn received(around: &Map<String, Value>) -> Result<Option<Timestamp>, String> {
    let Some(value) = around.get("received") else { return Ok(None) };
    let moment = value.as_str().and_then(|text| text.parse().ok());
    moment.map(Some).ok_or_else(|| "received is no time; allowed: a text in RFC 3339".to_owned())
}

/// When notifications come.
pub(super) struct Clock {
    /// When the first one comes, if the notifications do not say.
    at: Option<Timestamp>,
    /// How long after the one before it each comes at the least.
    step: Duration,
    /// When the last one came.
    last: Option<Timestamp>,
}

impl Clock {
    pub(super) fn new(at: Option<Timestamp>, step: Duration) -> Self {
        Self { at, step, last: None }
    }

    /// When the next one comes.
    pub(super) fn moment(&mut self, recording: &Recording) -> Timestamp {
        let after = self.last.map(|last| last.checked_add(self.step).unwrap_or(Timestamp::MAX));
        let moment = match (self.at, recording.received) {
            (Some(at), _) => after.unwrap_or(at),
            (None, Some(received)) => self.last.map_or(received, |last| last.max(received)),
            (None, None) => recording.told().max(after).unwrap_or(Timestamp::UNIX_EPOCH),
        };
        self.last = Some(moment);
        moment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(text: &str) -> Result<Recording, String> {
        let (notification, received) = parse(text.as_bytes())?;
        Ok(Recording { file: "file".to_owned(), notification, received })
    }

    fn body(alerts: &[(&str, &str, &str)]) -> String {
        let alert = |(status, starts, ends): &(&str, &str, &str)| {
            format!(r#"{{"status":"{status}","labels":{{"a":"b"}},"startsAt":"{starts}","endsAt":"{ends}"}}"#)
        };
        let alerts: Vec<String> = alerts.iter().map(alert).collect();
        format!(r#"{{"version":"4","alerts":[{}]}}"#, alerts.join(","))
    }

    const NEVER: &str = "0001-01-01T00:00:00Z";

    #[test]
    fn a_body_may_be_wrapped() {
        let body = body(&[("firing", "2026-01-01T00:00:00Z", NEVER)]);
        let quoted = serde_json::to_string(&body).unwrap();
        for text in [
            body.clone(),
            format!(r#"{{"request_line":"POST /","headers":{{}},"body":{body}}}"#),
            format!(r#"{{"body":{quoted}}}"#),
        ] {
            assert_eq!(recording(&text).unwrap().notification.alerts.len(), 1, "{text}");
        }
        for (text, part) in [
            ("", "malformed"),
            ("[]", "it is no object"),
            (r#"{"version":"4","alerts":[],"alerts":[]}"#, "malformed"),
            (r#"{"body":{"version":"3","alerts":[]}}"#, "version is"),
            (r#"{"body":{"alerts":[]}}"#, "version is missing"),
            (r#"{"body":null}"#, "malformed"),
            (r#"{"body":{"version":"4","alerts":[]},"received":"today"}"#, "received is no time"),
        ] {
            let why = recording(text).err().unwrap();
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    /// The moments of notifications that come one after the other, as minutes of an hour.
    fn moments(at: Option<&str>, step: u64, texts: &[String]) -> Vec<String> {
        let mut clock = Clock::new(at.map(|at| at.parse().unwrap()), Duration::from_secs(step));
        let moment = |text: &String| clock.moment(&recording(text).unwrap()).to_string()[11..19].to_owned();
        texts.iter().map(moment).collect()
    }

    #[test]
    fn time_goes_by_the_notifications() {
        let fires = body(&[
            ("firing", "2026-01-01T00:01:00Z", NEVER),
            ("firing", "2026-01-01T00:02:00Z", "2030-01-01T00:00:00Z"),
        ]);
        let over = body(&[("resolved", "2026-01-01T00:01:00Z", "2026-01-01T00:09:00Z")]);
        let early = body(&[("resolved", "2026-01-01T00:01:00Z", "2026-01-01T00:01:30Z")]);
        let received = |at: &str| format!(r#"{{"body":{fires},"received":"2026-01-01T00:{at}Z"}}"#);
        let all = [fires.clone(), fires.clone(), early, over, body(&[])];
        assert_eq!(moments(None, 60, &all), ["00:02:00", "00:03:00", "00:04:00", "00:09:00", "00:10:00"]);
        let recorded = [received("05:00"), received("04:00"), fires.clone(), received("30:00")];
        assert_eq!(moments(None, 1, &recorded), ["00:05:00", "00:05:00", "00:05:01", "00:30:00"]);
        let by_hand = moments(Some("2026-06-01T12:00:00Z"), 600, &[fires.clone(), received("05:00"), fires]);
        assert_eq!(by_hand, ["12:00:00", "12:10:00", "12:20:00"]);
        assert_eq!(moments(None, 1, &[body(&[])]), ["00:00:00"]);
    }
}
