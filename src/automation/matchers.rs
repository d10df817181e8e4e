//! Matchers in Alertmanager's syntax, read as Alertmanager reads them.
//!
//! Alertmanager has two parsers: the classic one, and since 0.27 a stricter one that also knows label names in
//! quotes. Unless told otherwise it asks both: where only one understands, that one counts, and where they disagree,
//! the classic one does. It is the same here, so that a matcher means what it means in the routing tree that it was
//! copied from.
//!
//! Where we differ: regular expressions are those of the crate `regex`, whose `\d`, `\w` and `\s` go beyond ASCII and
//! which refuses some that Go reads, such as a lone `{` or `\Q`; one that is only whole inside the anchors, such as
//! `a)|(b`, is refused; so are an empty label name and a list without a single matcher, which would match every alert.

mod classic;
mod strict;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use regex::{Regex, RegexBuilder};

/// The most memory that a compiled regular expression may take, in bytes.
const MOST_REGEX_BYTES: usize = 1 << 20;

/// The most characters of a matcher that an error repeats.
const MOST_SHOWN: usize = 80;

/// How a label's value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, the whole value
    Match,
    /// `!~`, the whole value
    NotMatch,
}

impl Operator {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Match => "=~",
            Self::NotMatch => "!~",
        }
    }

    const fn is_negative(self) -> bool {
        matches!(self, Self::NotEqual | Self::NotMatch)
    }

    const fn is_regex(self) -> bool {
        matches!(self, Self::Match | Self::NotMatch)
    }
}

/// A matcher as a parser found it.
#[derive(Debug)]
struct Term {
    /// The character at which it begins, from 1.
    column: usize,
    name: String,
    operator: Operator,
    value: String,
}

/// One condition on one label.
#[derive(Debug, Clone)]
pub struct Matcher {
    name: String,
    operator: Operator,
    value: String,
    regex: Option<Regex>,
}

impl Matcher {
    fn new(term: Term) -> Result<Self, Fault> {
        let Term { column, name, operator, value } = term;
        let fault = |what: String| Fault { column, what };
        if name.is_empty() {
            return Err(fault("the label name is empty".to_owned()));
        }
        let regex = if operator.is_regex() {
            Some(compile(&value).map_err(|why| {
                fault(format!("the regular expression {} cannot be used: {why}", shown(&value)))
            })?)
        } else {
            None
        };
        Ok(Self { name, operator, value, regex })
    }

    /// The label.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a label with this value fulfils it.
    pub fn matches(&self, value: &str) -> bool {
        let hit = self.regex.as_ref().map_or_else(|| value == self.value, |regex| regex.is_match(value));
        hit != self.operator.is_negative()
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, operator, value, regex: _ } = self;
        let escaped = |text: &str| text.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
        if classic::is_name(name) {
            f.write_str(name)?;
        } else {
            write!(f, "\"{}\"", escaped(name))?;
        }
        write!(f, "{}\"{}\"", operator.as_str(), escaped(value))
    }
}

/// Conditions that must all be fulfilled; at least one.
#[derive(Debug, Clone)]
pub struct Matchers(Vec<Matcher>);

impl Matchers {
    /// Reads a list whose entries hold one or more matchers each, separated by commas, with or without braces.
    pub fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self, BadMatchers> {
        let (mut all, mut bad) = (Vec::new(), Vec::new());
        for (index, entry) in entries.iter().enumerate() {
            let entry = entry.as_ref();
            match parse_entry(entry) {
                Ok(matchers) => all.extend(matchers),
                Err(Fault { column, what }) => {
                    bad.push(BadMatcher { number: index + 1, entry: shown(entry), column, what });
                }
            }
        }
        if !bad.is_empty() {
            return Err(BadMatchers(bad));
        }
        if all.is_empty() {
            let what = "there is no matcher, so that every alert would match".to_owned();
            let entry = shown(entries.first().map_or("", AsRef::as_ref));
            return Err(BadMatchers(vec![BadMatcher { number: 1, entry, column: 1, what }]));
        }
        Ok(Self(all))
    }

    /// Whether these labels fulfil every one; a label that is not there has the value "".
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|matcher| matcher.matches(labels.get(&matcher.name).map_or("", String::as_str)))
    }

    /// The first that these labels do not fulfil, which is why they do not match.
    pub fn unfulfilled(&self, labels: &BTreeMap<String, String>) -> Option<&Matcher> {
        self.0.iter().find(|matcher| !matcher.matches(labels.get(&matcher.name).map_or("", String::as_str)))
    }

    /// Two that no labels fulfil together, as far as a value that one of them demands tells.
    pub fn contradiction(&self) -> Option<(&Matcher, &Matcher)> {
        let demanding = self.0.iter().filter(|matcher| matcher.operator == Operator::Equal);
        demanding.into_iter().find_map(|one| {
            let same = self.0.iter().filter(|other| other.name == one.name);
            same.into_iter().find(|other| !other.matches(&one.value)).map(|other| (one, other))
        })
    }

    /// The single ones.
    pub fn iter(&self) -> impl Iterator<Item = &Matcher> {
        self.0.iter()
    }
}

impl fmt::Display for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, matcher) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{matcher}")?;
        }
        f.write_str("}")
    }
}

/// What is wrong inside an entry, and at which character, from 1.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    column: usize,
    what: String,
}

/// An entry of a list of matchers that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {number}, {entry}, at character {column}: {what}")]
pub struct BadMatcher {
    /// Which entry, from 1.
    pub number: usize,
    /// The entry in quotes, cut when long.
    pub entry: String,
    /// The character of the entry at which the reader stumbled, from 1.
    pub column: usize,
    /// Over what.
    pub what: String,
}

/// Every bad entry of a list; at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct BadMatchers(pub Vec<BadMatcher>);

impl fmt::Display for BadMatchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, bad) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{bad}")?;
        }
        Ok(())
    }
}

/// The matchers of one entry, by the parser that counts.
fn parse_entry(entry: &str) -> Result<Vec<Matcher>, Fault> {
    let compiled = |terms: Vec<Term>| terms.into_iter().map(Matcher::new).collect::<Result<Vec<_>, _>>();
    match (strict::parse(entry).and_then(compiled), classic::parse(entry).map(compiled)) {
        (_, Some(Ok(matchers))) | (Ok(matchers), _) => Ok(matchers),
        // Understood, and still no good: that says more than where the other parser stumbled.
        (Err(_), Some(Err(fault))) | (Err(fault), None) => Err(fault),
    }
}

/// The expression for a whole value.
fn compile(pattern: &str) -> Result<Regex, String> {
    let build = |pattern: &str| {
        RegexBuilder::new(pattern).size_limit(MOST_REGEX_BYTES).build().map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            // The message is a drawing of several lines; the last one has the reason.
            other => {
                let text = other.to_string();
                let last = text.lines().last().unwrap_or_default();
                last.strip_prefix("error: ").unwrap_or(last).to_owned()
            }
        })
    };
    build(pattern)?;
    build(&format!("^(?:{pattern})$"))
}

/// A text of the configuration as an error shows it.
fn shown(text: &str) -> String {
    let mut cut: String = text.chars().take(MOST_SHOWN).flat_map(escape).collect();
    if text.chars().count() > MOST_SHOWN {
        cut.push('…');
    }
    format!("`{cut}`")
}

/// Only what a terminal must not see is escaped: a matcher is recognised by its quotes and backslashes.
fn escape(character: char) -> impl Iterator<Item = char> {
    let (plain, escaped) = match character {
        '"' | '\'' | '\\' => (Some(character), None),
        other => (None, Some(other.escape_debug())),
    };
    plain.into_iter().chain(escaped.into_iter().flatten())
}
