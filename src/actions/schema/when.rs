//! Moments and durations, as callers write them.

use super::kind::{whole, wrong};
use super::shorten;
use jiff::Timestamp;
use serde_json::Value;

/// The units of a [`super::Kind::Span`], each with its seconds, the most of it and that as a pattern. Together they
/// are a few years: what is to last longer is meant for ever.
const UNITS: [(char, u64, u64, &str); 4] = [
    ('d', 86_400, 366, "(36[0-6]|3[0-5][0-9]|[12][0-9]{2}|[1-9][0-9]?)"),
    ('h', 3_600, 9_999, "[1-9][0-9]{0,3}"),
    ('m', 60, 999_999, "[1-9][0-9]{0,5}"),
    ('s', 1, 99_999_999, "[1-9][0-9]{0,7}"),
];

/// The shape of a [`super::Kind::Time`] that is a text, but for what is a year, a month and so on.
pub(super) const RFC_3339: &str = concat!(
    "^(19[7-9][0-9]|2[0-9]{3})-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
    r"(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
);

/// The latest [`super::Kind::Time`] in seconds since 1970: the end of the year 9999.
pub(super) const LATEST: i64 = 253_402_300_799;

/// What is a [`super::Kind::Span`], for people.
pub(super) const SPANS: &str = "a duration in d, h, m and s, such as 90s, 2h or 1h 30m";

/// A [`super::Kind::Time`] in seconds since 1970.
pub fn time(value: &Value) -> Result<i64, String> {
    let allowed = || wrong(value, "seconds since 1970, or a time as in 2026-11-24T09:30:00Z");
    let seconds = match value {
        Value::Number(number) => whole(number).filter(|seconds| (0..=LATEST).contains(seconds)),
        // What is in 1970 there and not yet so in Greenwich is the beginning.
        Value::String(text) if is_rfc3339(text) => {
            text.parse::<Timestamp>().ok().map(|time| time.as_second().max(0))
        }
        _ => None,
    };
    seconds.ok_or_else(allowed)
}

/// Whether a text is of the shape of [`RFC_3339`]: the parser of times takes others, too.
fn is_rfc3339(text: &str) -> bool {
    const DATE: &str = "dddd-dd-ddTdd:dd:dd";
    let is_like = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
                b'd' => byte.is_ascii_digit(),
                other => byte == other,
            })
    };
    let Some((date, rest)) = text.split_at_checked(DATE.len()) else { return false };
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (has_fraction, zone) = match rest.strip_prefix('.') {
        Some(fraction) => ((1..=9).contains(&digits(fraction)), &fraction[digits(fraction)..]),
        None => (true, rest),
    };
    let is_zone = zone == "Z"
        || zone
            .strip_prefix(['+', '-'])
            .is_some_and(|offset| is_like(offset, "dd:dd") && offset < "24" && offset[3..] < *"60");
    // Leap seconds are no seconds since 1970.
    let is_date = is_like(date, DATE) && date[11..] < *"24" && date[17..] < *"60";
    is_date && ("1970".."3000").contains(&&date[..4]) && has_fraction && is_zone
}

/// The pattern of a [`super::Kind::Span`]: units from the largest to the smallest, each at most once.
pub(super) fn span_pattern() -> String {
    let beginning_with = |first: usize| -> String {
        let part = |place: usize, (unit, _, _, number): &(char, u64, u64, &str)| match place {
            0 => format!("{number}{unit}"),
            _ => format!("( ?{number}{unit})?"),
        };
        UNITS[first..].iter().enumerate().map(|(place, unit)| part(place, unit)).collect()
    };
    let each: Vec<String> = (0..UNITS.len()).map(beginning_with).collect();
    format!("^({})$", each.join("|"))
}

/// A [`super::Kind::Span`] in seconds.
pub fn span(text: &str) -> Result<u64, String> {
    let (mut seconds, mut rest) = (0, text);
    for (unit, length, most, _) in UNITS {
        let part = if seconds == 0 { rest } else { rest.strip_prefix(' ').unwrap_or(rest) };
        let Some((number, after)) = part.split_once(unit) else { continue };
        let is_plain = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
        match number.parse::<u64>() {
            Ok(number) if is_plain && number <= most => (seconds, rest) = (seconds + number * length, after),
            _ => break,
        }
    }
    if seconds > 0 && rest.is_empty() {
        Ok(seconds)
    } else {
        Err(format!("\"{}\" is refused; allowed: {SPANS}", shorten(text)))
    }
}
