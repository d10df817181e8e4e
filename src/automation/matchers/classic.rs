//! Alertmanager's classic parser: plain label names, and nearly anything as a value.

use super::{Operator, Term};

/// White space as Go's regular expressions know it.
const SPACE: [char; 5] = ['\t', '\n', '\x0c', '\r', ' '];

/// Whether this is a label name without quotes.
pub(super) fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(is_of_name)
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == ':'
}

/// The matchers of an entry, if they are well-formed.
pub(super) fn parse(entry: &str) -> Option<Vec<Term>> {
    let inner = entry.strip_prefix('{').unwrap_or(entry);
    let before = entry.len() - inner.len();
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    split(inner).into_iter().map(|(column, text)| term(column + before, text)).collect()
}

/// The parts between commas outside of quotes, each with its first character's number, from 1. A quote after a
/// backslash is none, wherever it stands.
fn split(text: &str) -> Vec<(usize, &str)> {
    let (mut parts, mut begin, mut column) = (Vec::new(), 0, 1);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (number, (at, character)) in text.char_indices().enumerate() {
        match character {
            ',' if !is_quoted => {
                parts.push((column, &text[begin..at]));
                (begin, column) = (at + 1, number + 2);
            }
            // Inside quotes a comma leaves a backslash before it in force.
            ',' => {}
            '"' if is_escaped => is_escaped = false,
            '"' => is_quoted = !is_quoted,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    let last = text[begin..].trim_end();
    if !last.trim_start().is_empty() {
        parts.push((column, last));
    }
    parts
}

fn term(column: usize, text: &str) -> Option<Term> {
    let trimmed = text.trim_start_matches(SPACE);
    let column = column + text[..text.len() - trimmed.len()].chars().count();
    let (name, rest) = trimmed.split_at(trimmed.find(|c| !is_of_name(c))?);
    if !is_name(name) {
        return None;
    }
    let rest = rest.trim_start_matches(SPACE);
    let (operator, rest) = [Operator::Match, Operator::Equal, Operator::NotEqual, Operator::NotMatch]
        .into_iter()
        .find_map(|operator| Some((operator, rest.strip_prefix(operator.as_str())?)))?;
    Some(Term { column, name: name.to_owned(), operator, value: value(rest.trim_matches(SPACE))? })
}

/// The value without quotes and escapes; none where a quote is left over.
fn value(raw: &str) -> Option<String> {
    let (inner, mut is_open) = raw.strip_prefix('"').map_or((raw, false), |inner| (inner, true));
    let mut value = String::new();
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => value.push('\n'),
                Some(escaped @ ('"' | '\\')) => value.push(escaped),
                other => {
                    value.push('\\');
                    value.extend(other);
                }
            },
            '"' if is_open && characters.peek().is_none() => is_open = false,
            '"' => return None,
            plain => value.push(plain),
        }
    }
    (!is_open).then_some(value)
}
