//! From YAML to typed values, with everything that is wrong told at once.
//!
//! Scalars are read as the Go programs that share the format read them: text may be written without quotes even if it
//! looks like a number; flags and numbers may not be quoted; nothing (`~`, or no value) leaves the default.

use std::fmt;
use std::time::Duration;

use super::duration;
use super::yaml::{Node, Value};

/// One thing that is wrong with a web configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1; 0 for what has none.
    pub line: usize,
    /// The key with dots between levels; empty for the file as a whole.
    pub key: String,
    /// What is wrong, and what is allowed. No secret is in it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, key, message } = self;
        if *line > 0 {
            write!(f, "line {line}: ")?;
        }
        if !key.is_empty() {
            // Names of users are part of keys, and whatever else somebody writes there.
            write!(f, "{}: ", key.escape_debug())?;
        }
        f.write_str(message)
    }
}

/// The longest value that a message shows.
const LONGEST_SHOWN: usize = 60;

/// Collects problems while values are read.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<Problem>,
}

/// A mapping whose keys are known.
pub(super) struct Section<'n> {
    fields: Vec<(&'n str, Field<'n>)>,
}

impl<'n> Section<'n> {
    /// The value of `name`, if there is one.
    pub(super) fn get(&self, name: &'static str) -> Option<Field<'n>> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, field)| field.clone())
    }
}

/// A value and its whole key.
#[derive(Debug, Clone)]
pub(super) struct Field<'n> {
    /// That of the key, or of a list's item.
    pub(super) line: usize,
    pub(super) key: String,
    pub(super) node: &'n Node,
}

fn joined(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

/// A value as a message shows it.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(LONGEST_SHOWN).collect();
    if short.len() < text.len() { format!("{short:?}…") } else { format!("{short:?}") }
}

impl Reader {
    pub(super) fn add(&mut self, field: &Field<'_>, message: impl Into<String>) {
        self.at(field.line, &field.key, message);
    }

    pub(super) fn at(&mut self, line: usize, key: &str, message: impl Into<String>) {
        self.problems.push(Problem { line, key: key.to_owned(), message: message.into() });
    }

    /// The mapping at `key`, whose keys are `known`. Others are problems.
    pub(super) fn section<'n>(
        &mut self,
        key: &'static str,
        node: Option<&'n Node>,
        known: &[&str],
    ) -> Section<'n> {
        let mut fields = Vec::new();
        for (name, field) in self.entries(key, node) {
            if known.contains(&name) {
                fields.push((name, field));
            } else {
                let message =
                    format!("{} is no key of the format here; allowed: {}", shown(name), known.join(", "));
                self.at(field.line, key, message);
            }
        }
        Section { fields }
    }

    /// The entries of the mapping at `key`.
    pub(super) fn entries<'n>(&mut self, key: &str, node: Option<&'n Node>) -> Vec<(&'n str, Field<'n>)> {
        let Some(node) = node.filter(|node| !node.is_null()) else { return Vec::new() };
        let Value::Table(entries) = &node.value else {
            self.at(node.line, key, "is no mapping; allowed: keys below it, with their values");
            return Vec::new();
        };
        let mut named = Vec::new();
        for (name, value) in entries {
            if let Value::Scalar { text, .. } = &name.value {
                let field = Field { line: name.line, key: joined(key, text), node: value };
                named.push((text.as_str(), field));
            } else {
                self.at(name.line, key, "has a key that is no text");
            }
        }
        named
    }

    /// Text; nothing for no value.
    pub(super) fn text<'n>(&mut self, field: Option<&Field<'n>>) -> Option<&'n str> {
        let field = field.filter(|field| !field.node.is_null())?;
        if let Value::Scalar { text, .. } = &field.node.value {
            return Some(text);
        }
        self.add(field, "is no text");
        None
    }

    /// Text of at least one character.
    pub(super) fn filled<'n>(&mut self, field: Option<&Field<'n>>) -> Option<&'n str> {
        self.text(field).filter(|text| !text.is_empty())
    }

    /// A flag.
    pub(super) fn flag(&mut self, field: Option<&Field<'_>>) -> Option<bool> {
        let field = field.filter(|field| !field.node.is_null())?;
        if let Value::Scalar { text, is_plain: true } = &field.node.value {
            // The words of YAML 1.1, which the format's own programs read.
            match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => return Some(true),
                "false" | "no" | "off" | "n" => return Some(false),
                _ => {}
            }
        }
        self.add(field, "is no flag; allowed: true, false");
        None
    }

    /// A whole number.
    pub(super) fn whole(&mut self, field: Option<&Field<'_>>) -> Option<i64> {
        let field = field.filter(|field| !field.node.is_null())?;
        if let Value::Scalar { text, is_plain: true } = &field.node.value
            && let Ok(number) = text.parse()
        {
            return Some(number);
        }
        self.add(field, "is no whole number");
        None
    }

    /// A time, zero or negative ones included as zero.
    pub(super) fn duration(&mut self, field: Option<&Field<'_>>) -> Option<Duration> {
        let field = field.filter(|field| !field.node.is_null())?;
        if let Value::Scalar { text, is_plain } = &field.node.value
            && let Some(duration) = duration::parse(text, *is_plain)
        {
            return Some(duration);
        }
        self.add(field, "is no time; allowed: a number and its unit, such as 500ms, 1s, 1m30s");
        None
    }

    /// A list of texts; nothing for no value.
    pub(super) fn list<'n>(&mut self, field: Option<&Field<'n>>) -> Option<Vec<Field<'n>>> {
        let field = field.filter(|field| !field.node.is_null())?;
        let Value::List(items) = &field.node.value else {
            self.add(field, "is no list");
            return None;
        };
        Some(items.iter().map(|node| Field { line: node.line, key: field.key.clone(), node }).collect())
    }

    /// A list of words of `known`, each with its meaning; `elsewhere` are words that the format has and this program
    /// has not.
    pub(super) fn words<T: Copy>(
        &mut self,
        field: Option<&Field<'_>>,
        known: &[(&str, T)],
        elsewhere: &[&str],
    ) -> Vec<T> {
        let items = self.list(field).unwrap_or_default();
        items.iter().filter_map(|item| self.word(Some(item), known, elsewhere)).collect()
    }

    /// A word of `known`, by its meaning.
    pub(super) fn word<T: Copy>(
        &mut self,
        field: Option<&Field<'_>>,
        known: &[(&str, T)],
        elsewhere: &[&str],
    ) -> Option<T> {
        let field = field?;
        let text = self.text(Some(field))?;
        if let Some((_, meaning)) = known.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        let allowed: Vec<&str> =
            known.iter().map(|(word, _)| *word).filter(|word| !word.is_empty()).collect();
        let why = if elsewhere.contains(&text) {
            "is of the format, and the TLS library of this program does not have it"
        } else {
            "is unknown"
        };
        self.add(field, format!("{} {why}; allowed: {}", shown(text), allowed.join(", ")));
        None
    }
}
