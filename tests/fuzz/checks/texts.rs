//! Short texts from outside: schedules, times, spans, addresses, digests, names.

use cloudsync_exporter::actions::schema;
use cloudsync_exporter::automation::EpisodeId;
use cloudsync_exporter::config::{
    AlertmanagerUrl, ListenAddress, LogLevel, Scope, Shard, SpkiPin, TokenDigest,
};
use cloudsync_exporter::dsm::Pin;
use cloudsync_exporter::model::{Connection, Direction, Schedule, Status};
use cloudsync_exporter::web::literal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// The most bytes of a refusal.
const MOST_TOLD: usize = 1_000;

/// Reads `data` as each of them.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    model(text);
    times(text);
    configured(text);
    if let Ok(id) = text.parse::<EpisodeId>() {
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
    }
}

fn model(text: &str) {
    assert_eq!(Status::parse(text).as_str(), text);
    let direction = Direction::parse(text);
    assert_eq!(Direction::parse(&text.to_ascii_uppercase()), direction);
    assert!(Connection::provider_of(text) == text || text.len() <= 5);
    if let Ok(schedule) = Schedule::parse(text) {
        assert!(text.len() == 168);
        // Sunday, 2026-11-22, and every hour from then on.
        let first: Timestamp = "2026-11-22T00:30:00Z".parse().expect("a time");
        for (digit, hours) in text.bytes().zip(0..) {
            let now = first + jiff::SignedDuration::from_hours(hours);
            assert_eq!(schedule.open_at(now, &TimeZone::UTC), digit == b'1', "hour {hours}");
        }
    }
}

fn times(text: &str) {
    let value = Value::from(text);
    match schema::span(text) {
        Ok(seconds) => assert!((1..10_u64.pow(10)).contains(&seconds), "{text:?}"),
        Err(error) => assert!(error.len() <= MOST_TOLD, "{error}"),
    }
    match schema::time(&value) {
        Ok(seconds) => assert_eq!(schema::time(&seconds.into()), Ok(seconds), "{text:?}"),
        Err(error) => assert!(error.len() <= MOST_TOLD, "{error}"),
    }
    if let Ok(week) = schema::week(&value) {
        assert_eq!(week, text);
        assert!(Schedule::parse(&week).is_ok());
    }
}

/// What the configuration has; each refusal is short, and what is taken reads the same again.
fn configured(text: &str) {
    let told = |error: String| assert!(error.len() <= MOST_TOLD, "{error}");
    match text.parse::<Shard>() {
        Ok(shard) => {
            assert_eq!(shard.to_string().parse::<Shard>(), Ok(shard));
            // Each name is in exactly one of few shards.
            let (_, total) = text.split_once('/').expect("a shard");
            let total: u64 = total.trim().parse().expect("a number");
            if total <= 16 {
                let all =
                    (0..total).map(|index| format!("{index}/{total}").parse::<Shard>().expect("a shard"));
                assert_eq!(all.filter(|shard| shard.holds("home")).count(), 1);
            }
        }
        Err(error) => told(error),
    }
    match text.parse::<ListenAddress>() {
        Ok(address) => {
            let port = text.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
            assert_eq!(port, Some(address.port), "{text:?}");
            assert!(!address.is_loopback() || address.host.is_some());
        }
        Err(error) => told(error),
    }
    match text.parse::<AlertmanagerUrl>() {
        Ok(url) => {
            assert!(["http", "https"].contains(&url.0.scheme()) && url.0.host_str().is_some());
            assert!(url.0.username().is_empty() && url.0.password().is_none());
            assert!(url.0.query().is_none() && url.0.fragment().is_none());
            assert_eq!(url.to_string().parse::<AlertmanagerUrl>(), Ok(url));
        }
        Err(error) => told(error),
    }
    match (text.parse::<SpkiPin>(), text.parse::<Pin>()) {
        (Ok(one), Ok(other)) => assert_eq!(Pin::from(one.0), other, "{text:?}"),
        (Err(error), _) => told(error),
        (Ok(pin), Err(_)) => assert!(pin.to_string().parse::<Pin>().is_ok(), "{text:?}"),
    }
    if let Err(error) = text.parse::<TokenDigest>() {
        // What was meant as a digest may be the token itself.
        assert!(text.len() < 8 || !error.contains(text), "{error}");
        told(error);
    }
    match text.parse::<Scope>() {
        Ok(scope) => assert_eq!(scope.to_string(), text),
        Err(error) => told(error),
    }
    match text.parse::<LogLevel>() {
        // But for spaces around its parts it stays as it was written.
        Ok(level) => {
            let parts: Vec<&str> = text.split(',').map(str::trim).collect();
            assert_eq!(level.to_string(), parts.join(","));
        }
        Err(error) => told(error),
    }
    // A path that is taken literally is no template.
    let escaped = literal(text);
    assert_eq!(escaped.replace("{{", "{").replace("}}", "}"), text);
}
