//! Times as programs in Go write them: `1h30m`, `1.5s`, `500ms`.

use std::time::Duration;

/// Units and their nanoseconds.
const UNITS: [(&str, f64); 8] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

/// The time that `text` says; zero for a negative one. A bare number, which only an unquoted value may be, counts
/// nanoseconds.
pub(super) fn parse(text: &str, is_plain: bool) -> Option<Duration> {
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let nanoseconds = match unsigned {
        "0" => 0.0,
        bare if is_plain && !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit()) => {
            bare.parse().ok()?
        }
        _ => sum(unsigned)?,
    };
    // The longest that a signed 64-bit count of nanoseconds can say, some 292 years.
    if nanoseconds >= 9.223_372_036_854_775e18 {
        return None;
    }
    if is_negative { Some(Duration::ZERO) } else { Duration::try_from_secs_f64(nanoseconds / 1e9).ok() }
}

/// The nanoseconds of one or more numbers with units.
fn sum(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        if !number.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: f64 = number.parse().ok()?;
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let (_, nanoseconds) = UNITS.iter().find(|(known, _)| *known == unit)?;
        total += number * nanoseconds;
        rest = next;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_go_reads_them() {
        for (text, milliseconds) in [
            ("1s", Some(1_000)),
            ("1.5s", Some(1_500)),
            (".5s", Some(500)),
            ("1.s", Some(1_000)),
            ("500ms", Some(500)),
            ("1h30m", Some(5_400_000)),
            ("1m1s", Some(61_000)),
            ("+2s", Some(2_000)),
            ("2000us", Some(2)),
            ("2000µs", Some(2)),
            ("0", Some(0)),
            ("-0", Some(0)),
            ("-5s", Some(0)),
            ("1000000", Some(1)),
            ("", None),
            ("s", None),
            (".s", None),
            ("1", Some(0)),
            ("1 s", None),
            ("1d", None),
            ("1s ", None),
            ("1.2.3s", None),
            ("1sm", None),
            ("--1s", None),
            ("1e3s", None),
            ("999999999999h", None),
        ] {
            assert_eq!(parse(text, true).map(|time| time.as_millis()), milliseconds, "{text:?}");
        }
        assert_eq!(parse("1000000", false), None, "a bare number in quotes is no time");
    }
}
