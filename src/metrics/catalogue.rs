//! The metric catalogue: every family that this program can expose, in the order of the exposition.

mod automation;
mod connection;
mod exporter;
mod nas;
mod task;

pub use automation::*;
pub use connection::*;
pub use exporter::*;
pub use nas::*;
pub use task::*;

/// How a family behaves. States and `_info` families are gauges in both formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Goes up and down.
    Gauge,
    /// Only goes up, until a restart.
    Counter,
    /// Counts in buckets.
    Histogram,
}

impl Kind {
    /// The word of the exposition formats.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

/// What users may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stability {
    /// Name, type and labels stay.
    Stable,
    /// May change in a minor version.
    Experimental,
}

impl Stability {
    /// The word shown in the catalogue.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Experimental => "experimental",
        }
    }
}

/// A family of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name that users type; a counter's ends in `_total`.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its unit, which its name (without `_total`) ends in.
    pub unit: Option<&'static str>,
    /// Its labels, in the order of the samples. A histogram's `le` is not among them.
    pub labels: &'static [&'static str],
    /// What it says, for somebody who sees it for the first time.
    pub help: &'static str,
    /// What users may rely on.
    pub stability: Stability,
}

impl Metric {
    const fn new(
        kind: Kind,
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self { name, kind, unit: None, labels, help, stability: Stability::Stable }
    }

    const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self::new(Kind::Gauge, name, labels, help)
    }

    const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self::new(Kind::Counter, name, labels, help)
    }

    const fn histogram(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self::new(Kind::Histogram, name, labels, help)
    }

    const fn bytes(mut self) -> Self {
        self.unit = Some("bytes");
        self
    }

    const fn seconds(mut self) -> Self {
        self.unit = Some("seconds");
        self
    }

    const fn experimental(mut self) -> Self {
        self.stability = Stability::Experimental;
        self
    }

    /// The name of the family in `OpenMetrics`: a counter's without `_total`.
    pub fn family(&self) -> &'static str {
        match self.kind {
            Kind::Counter => self.name.strip_suffix("_total").unwrap_or(self.name),
            Kind::Gauge | Kind::Histogram => self.name,
        }
    }

    /// The family without its unit, as prometheus-client wants it: it appends the unit itself.
    pub(super) fn stem(&self) -> &'static str {
        let family = self.family();
        match self.unit {
            Some(unit) => family.strip_suffix(unit).and_then(|stem| stem.strip_suffix('_')).unwrap_or(family),
            None => family,
        }
    }
}

/// Every family, in the order of the exposition.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    [NAS_FAMILIES, CONNECTION_FAMILIES, TASK_FAMILIES, AUTOMATION_FAMILIES, EXPORTER_FAMILIES]
        .into_iter()
        .flatten()
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_follow_the_conventions() {
        let mut names = HashSet::new();
        for metric in all() {
            assert!(names.insert(metric.family()), "{} twice", metric.name);
            assert!(metric.name.starts_with("cloudsync_") || metric.name.starts_with("process_"));
            assert_eq!(metric.kind == Kind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
            if let Some(unit) = metric.unit {
                assert!(metric.family().ends_with(&format!("_{unit}")), "{}", metric.name);
            }
            let looks_measured = metric.family().ends_with("_bytes") || metric.family().ends_with("_seconds");
            assert_eq!(looks_measured, metric.unit.is_some(), "{}", metric.name);
        }
    }

    #[test]
    fn help_needs_no_escaping_in_either_format_and_says_something() {
        for metric in all() {
            assert!(!metric.help.contains(['\\', '"', '\n']), "{}", metric.name);
            assert!(metric.help.len() > 20 && metric.help.ends_with('.'), "{}: {}", metric.name, metric.help);
        }
    }
}
