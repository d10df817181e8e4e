//! One line of an exposition.

use std::collections::BTreeMap;

use super::{Kind, Sample};

/// What a line is.
#[derive(Debug)]
pub(super) enum Line<'a> {
    Help(&'a str, &'a str),
    Type(&'a str, Kind),
    Unit(&'a str, &'a str),
    Eof,
    Sample(Sample),
}

pub(super) fn read(line: &str) -> Result<Line<'_>, &'static str> {
    if line.is_empty() {
        return Err("an empty line");
    }
    let Some(header) = line.strip_prefix('#') else { return sample(line).map(Line::Sample) };
    if header == " EOF" {
        return Ok(Line::Eof);
    }
    let (word, rest) =
        header.strip_prefix(' ').and_then(|header| header.split_once(' ')).ok_or("a comment")?;
    let (name, rest) = rest.split_once(' ').ok_or("a header without a text")?;
    if !is_name(name, true) {
        return Err("no name of a family");
    }
    match word {
        "HELP" => Ok(Line::Help(name, rest)),
        "UNIT" => Ok(Line::Unit(name, rest)),
        "TYPE" => {
            let kind = match rest {
                "gauge" => Kind::Gauge,
                "counter" => Kind::Counter,
                "histogram" => Kind::Histogram,
                _ => return Err("no type that we send"),
            };
            Ok(Line::Type(name, kind))
        }
        _ => Err("a comment"),
    }
}

fn is_name(text: &str, colons: bool) -> bool {
    let mut bytes = text.bytes();
    let plain = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || (colons && byte == b':');
    bytes.next().is_some_and(plain) && bytes.all(|byte| plain(byte) || byte.is_ascii_digit())
}

/// The text that is meant. Only what a format knows is escaped; quotes in HELP are in OpenMetrics alone.
pub(super) fn unescape(text: &str, quotes: bool) -> Result<String, &'static str> {
    let mut meant = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        meant.push(match character {
            '\\' => match characters.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('"') if quotes => '"',
                _ => return Err("no escape sequence"),
            },
            '"' if quotes => return Err("a quote that is not escaped"),
            other => other,
        });
    }
    Ok(meant)
}

fn sample(line: &str) -> Result<Sample, &'static str> {
    let end = line.find(['{', ' ']).ok_or("a sample without a value")?;
    let (name, mut rest) = line.split_at(end);
    if !is_name(name, true) {
        return Err("no name of a sample");
    }
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = read_labels(inside, &mut labels)?;
    }
    let written = rest.strip_prefix(' ').ok_or("no space before the value")?;
    let value = number(written).ok_or("no number, or more than a number")?;
    Ok(Sample { name: name.to_owned(), labels, value, written: written.to_owned() })
}

/// Reads labels up to the closing brace, and gives what follows it.
fn read_labels<'a>(
    mut rest: &'a str,
    labels: &mut BTreeMap<String, String>,
) -> Result<&'a str, &'static str> {
    loop {
        let (name, after) = rest.split_once("=\"").ok_or("a label without a value in quotes")?;
        if !is_name(name, false) || name.starts_with("__") {
            return Err("no name of a label");
        }
        let end = closing_quote(after).ok_or("a label's value without an end")?;
        let value = unescape(&after[..end], true)?;
        if labels.insert(name.to_owned(), value).is_some() {
            return Err("a label for the second time");
        }
        rest = &after[end + 1..];
        if let Some(after) = rest.strip_prefix('}') {
            return Ok(after);
        }
        rest = rest.strip_prefix(',').ok_or("neither a comma nor the end after a label")?;
    }
}

/// Where the first quote stands that is not escaped.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let found = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        found
    })
}

/// A number of the grammar that both formats have; Rust alone would take more (`infinity`, an empty mantissa).
pub(super) fn number(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_word = unsigned.eq_ignore_ascii_case("inf") || text.eq_ignore_ascii_case("nan");
    let is_decimal = || {
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        digits(whole)
            && digits(fraction)
            && !(whole.is_empty() && fraction.is_empty())
            && digits(exponent)
            && !exponent.is_empty()
    };
    if is_word || is_decimal() { text.parse().ok() } else { None }
}
