//! Problems of a configuration: collected, so that a person sees all of them at once.

use std::fmt;

/// One thing that is wrong, at one key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The key as written in the file with dots between levels, as in `nas.home.url`.
    pub key: String,
    /// The value unless it is a secret, why it is refused, and what is allowed.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, message } = self;
        write!(f, "{}: {message}", shown_key(key))
    }
}

/// Every problem of a configuration, one line each when displayed. Never empty when returned as an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Problems whose list is this one.
    pub(crate) fn one(key: impl Into<String>, message: impl Into<String>) -> Self {
        let mut problems = Self::default();
        problems.add(key, message);
        problems
    }

    /// Adds a problem unless its key, or one below it, already has one: a value that could not be read
    /// must not be reported as missing as well.
    pub(crate) fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        let key = key.into();
        if !self.mentions(&key) {
            self.0.push(Problem { key, message: message.into() });
        }
    }

    /// The value, or nothing and its problem.
    pub(crate) fn keep<T>(&mut self, key: impl Into<String>, value: Result<T, String>) -> Option<T> {
        value.map_err(|message| self.add(key, message)).ok()
    }

    /// Adds what `check` complains about.
    pub(crate) fn check(&mut self, key: impl Into<String>, check: Result<(), String>) {
        if let Err(message) = check {
            self.add(key, message);
        }
    }

    /// Adds what is wrong with a section's own name, whatever else is wrong below it.
    pub(crate) fn check_name(&mut self, key: &str, check: Result<(), String>) {
        if let Err(message) = check {
            self.0.push(Problem { key: key.to_owned(), message });
        }
    }

    /// Adds `message` unless `holds`.
    pub(crate) fn require(&mut self, holds: bool, key: impl Into<String>, message: &str) {
        if !holds {
            self.add(key, message);
        }
    }

    /// True when `key` or one below it has a problem.
    pub(crate) fn mentions(&self, key: &str) -> bool {
        self.0.iter().any(|known| covers(key, &known.key))
    }

    /// True while nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same problems in the order of their keys.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort();
        self
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// True when `below` is `key` or lies under it.
fn covers(key: &str, below: &str) -> bool {
    below.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A key as a message shows it. Somebody wrote it into a file, and a message is one line of a terminal or a log: control
/// characters are escaped, and what is long is cut.
pub(crate) fn shown_key(key: &str) -> String {
    const LONGEST: usize = 200;
    let mut text = String::new();
    for character in key.chars().take(LONGEST) {
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    if key.chars().count() > LONGEST {
        text.push('…');
    }
    text
}

/// A value of the file as a message shows it: in quotes, control characters escaped, cut when long.
pub(crate) fn shown(value: &str) -> String {
    const LONGEST: usize = 80;
    let mut text: String = value.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if value.chars().count() > LONGEST {
        text.push('…');
    }
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_reported_once() {
        let mut problems = Problems::one("nas.home.url", "is no URL");
        problems.add("nas.home.url", "is missing");
        problems.add("nas", "is empty");
        problems.add("nas.home.url_of", "is something else");
        assert_eq!(problems.to_string(), "nas.home.url: is no URL\nnas.home.url_of: is something else");
    }

    #[test]
    fn long_and_hostile_values_are_tamed() {
        assert_eq!(shown("a\n\"b\""), r#""a\n\"b\"""#);
        assert_eq!(shown(&"x".repeat(500)).chars().count(), 83);
    }

    #[test]
    fn hostile_keys_stay_one_short_line() {
        let problem =
            Problem { key: "nas.a\n\u{1b}[2J\u{9b}b.url".to_owned(), message: "is no URL".to_owned() };
        assert_eq!(problem.to_string(), "nas.a\\n\\u{1b}[2J\\u{9b}b.url: is no URL");
        assert_eq!(shown_key(&"x".repeat(500)).chars().count(), 201);
    }
}
