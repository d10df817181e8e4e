//! Matchers: what is written down is read again as the same, and each means what it says.

use std::collections::BTreeMap;

use cloudsync_exporter::automation::Matchers;
use cloudsync_exporter::automation::matchers::Matcher;

/// Reads `data` as a list of matchers, an entry a line, and as one entry.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    one(&[text]);
    let lines: Vec<&str> = text.lines().collect();
    one(&lines);
}

fn one(entries: &[&str]) {
    let matchers = match Matchers::parse(entries) {
        Ok(matchers) => matchers,
        Err(error) => {
            assert!(!error.0.is_empty());
            for bad in &error.0 {
                assert!(bad.number >= 1 && bad.column >= 1);
                assert!(bad.to_string().len() <= 2_000, "{bad}");
            }
            return;
        }
    };
    assert!(matchers.iter().count() >= 1);
    let written = matchers.to_string();
    let again = Matchers::parse(&[&written]).unwrap_or_else(|error| panic!("{written:?}: {error}"));
    assert_eq!(again.to_string(), written);
    let each: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    let apart = Matchers::parse(&each).unwrap_or_else(|error| panic!("{each:?}: {error}"));
    assert_eq!(apart.to_string(), written);
    for labels in samples(entries, &matchers) {
        let hit = matchers.matches(&labels);
        assert_eq!(hit, matchers.unfulfilled(&labels).is_none());
        assert_eq!(hit, again.matches(&labels), "{written} is not {entries:?} for {labels:?}");
        assert!(!hit || matchers.contradiction().is_none(), "{written} contradicts itself and matches");
        // Every operator has its opposite.
        for matcher in matchers.iter() {
            let value = labels.get(matcher.name()).map_or("", String::as_str);
            let opposite = opposite(matcher.name(), &matcher.to_string());
            if let Some(opposite) = opposite {
                assert_ne!(matcher.matches(value), opposite.matches(&labels), "{matcher} and {opposite}");
            }
        }
    }
}

/// The same matcher with the other operator: `=` and `!=`, `=~` and `!~`.
fn opposite(name: &str, written: &str) -> Option<Matchers> {
    // A name in quotes may itself have an operator inside.
    let rest = written.strip_prefix(name)?;
    let other = [("!=", "="), ("!~", "=~"), ("=~", "!~"), ("=", "!=")];
    let (operator, other) = other.into_iter().find(|(operator, _)| rest.starts_with(operator))?;
    let opposite = format!("{name}{other}{}", &rest[operator.len()..]);
    Some(Matchers::parse(&[&opposite]).unwrap_or_else(|error| panic!("{opposite:?}: {error}")))
}

/// Labels that may match: the values as they are written, and some others.
fn samples(entries: &[&str], matchers: &Matchers) -> Vec<BTreeMap<String, String>> {
    let text = entries.join(",");
    let mut values: Vec<&str> = text.split(['"', ',', '=', '~', '|']).take(8).collect();
    values.extend(["", "a", "0", "\n"]);
    let names: Vec<&str> = matchers.iter().map(Matcher::name).take(8).collect();
    values
        .iter()
        .map(|value| names.iter().map(|name| ((*name).to_owned(), (*value).to_owned())).collect())
        .collect()
}
