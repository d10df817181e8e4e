//! A parser of expositions that forgives nothing: the text format 0.0.4 and OpenMetrics 1.0, as their documentation has
//! them, less what this exporter never sends (timestamps, exemplars, comments, other types than gauge, counter and
//! histogram), which counts as a fault as well.
//!
//! What holds of one family's samples together is in `family`, the grammar of a line in `line`.

mod family;
mod line;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use line::Line;

/// Which text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prometheus' text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

/// The type of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Goes up and down.
    Gauge,
    /// Only goes up.
    Counter,
    /// Counts in buckets.
    Histogram,
}

/// A sample as it stands in a line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    /// With the suffix, if any.
    pub(crate) name: String,
    /// By name, unescaped.
    pub(crate) labels: BTreeMap<String, String>,
    /// As a number.
    pub(crate) value: f64,
    /// As it is written, which has all digits of an integer.
    pub(crate) written: String,
}

/// A family with its samples in their order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Family {
    /// As in its header: in 0.0.4 a counter's ends in `_total`.
    pub(crate) name: String,
    /// Unescaped.
    pub(crate) help: String,
    /// From TYPE.
    pub(crate) kind: Kind,
    /// From UNIT, which 0.0.4 has not.
    pub(crate) unit: Option<String>,
    /// At least one.
    pub(crate) samples: Vec<Sample>,
}

/// What is wrong with an exposition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The rule that is broken.
    pub(crate) rule: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.rule)
    }
}

/// The families of an exposition.
pub(crate) fn parse(bytes: &[u8], format: Format) -> Result<Vec<Family>, Fault> {
    let fault = |line, rule| Fault { line, rule };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        fault(before.split(|byte| *byte == b'\n').count(), "bytes that are no UTF-8")
    })?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    if lines.last().is_some_and(|last| !last.ends_with('\n')) {
        return Err(fault(lines.len(), "the last line has no line end"));
    }
    let mut reader = Reader { format, families: Vec::new(), open: None, names: HashSet::new(), ended: false };
    for (index, line) in lines.iter().enumerate() {
        let line = line.strip_suffix('\n').unwrap_or(line);
        reader.take(line).map_err(|rule| fault(index + 1, rule))?;
    }
    reader.close().map_err(|rule| fault(lines.len().max(1), rule))?;
    if format == Format::OpenMetrics && !reader.ended {
        return Err(fault(lines.len().max(1), "no # EOF at the end"));
    }
    Ok(reader.families)
}

/// The header of a family as far as it was read.
struct Open {
    name: String,
    help: String,
    kind: Option<Kind>,
    unit: Option<String>,
    samples: Vec<Sample>,
}

struct Reader {
    format: Format,
    families: Vec<Family>,
    open: Option<Open>,
    /// Every name that a family has taken: its own and those of its samples.
    names: HashSet<String>,
    ended: bool,
}

impl Reader {
    fn take(&mut self, line: &str) -> Result<(), &'static str> {
        if self.ended {
            return Err("something after # EOF");
        }
        match line::read(line)? {
            Line::Eof if self.format == Format::Text => Err("# EOF is no part of 0.0.4"),
            Line::Eof => {
                self.ended = true;
                Ok(())
            }
            Line::Help(name, help) => {
                self.close()?;
                let help = line::unescape(help, self.format == Format::OpenMetrics)?;
                self.open =
                    Some(Open { name: name.to_owned(), help, kind: None, unit: None, samples: Vec::new() });
                Ok(())
            }
            Line::Type(name, kind) => {
                let open = self.header(name)?;
                if open.kind.is_some() {
                    return Err("TYPE for the second time");
                }
                open.kind = Some(kind);
                Ok(())
            }
            Line::Unit(..) if self.format == Format::Text => Err("UNIT is no part of 0.0.4"),
            Line::Unit(name, unit) => {
                let open = self.header(name)?;
                if open.kind.is_none() {
                    return Err("UNIT before TYPE");
                }
                if open.unit.is_some() {
                    return Err("UNIT for the second time");
                }
                if unit.is_empty() || !name.strip_suffix(unit).is_some_and(|stem| stem.ends_with('_')) {
                    return Err("a family's name does not end in its unit");
                }
                open.unit = Some(unit.to_owned());
                Ok(())
            }
            Line::Sample(sample) => {
                let open = self.open.as_mut().ok_or("a sample without a header")?;
                open.samples.push(sample);
                Ok(())
            }
        }
    }

    /// The open family, of which a header line speaks.
    fn header(&mut self, name: &str) -> Result<&mut Open, &'static str> {
        let open = self.open.as_mut().filter(|open| open.name == name).ok_or("a header before its HELP")?;
        if !open.samples.is_empty() {
            return Err("a header after samples");
        }
        Ok(open)
    }

    /// The open family is whole: checks it as such.
    fn close(&mut self) -> Result<(), &'static str> {
        let Some(Open { name, help, kind, unit, samples }) = self.open.take() else { return Ok(()) };
        let kind = kind.ok_or("a family without TYPE")?;
        if samples.is_empty() {
            return Err("a header without samples");
        }
        let family = Family { name, help, kind, unit, samples };
        for taken in family::check(&family, self.format)? {
            if !self.names.insert(taken) {
                return Err("two families with one name");
            }
        }
        self.families.push(family);
        Ok(())
    }
}
