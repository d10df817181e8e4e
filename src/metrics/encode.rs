//! Pages under the headers of a text format.

use super::catalogue::Metric;
use super::page::{Page, TABLE};
use std::fmt::Write;

/// The text formats that we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus' text format 0.0.4.
    Text,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

impl Format {
    fn header(self, metric: &Metric, out: &mut String) {
        // In 0.0.4 a counter's family carries `_total`; there is no UNIT. Help needs no escaping:
        // a test of the catalogue holds that it has nothing to escape.
        let name = match self {
            Self::Text => metric.name,
            Self::OpenMetrics => metric.family(),
        };
        let kind = metric.kind.as_str();
        // Writing to a string does not fail.
        let _ = writeln!(out, "# HELP {name} {}", metric.help);
        let _ = writeln!(out, "# TYPE {name} {kind}");
        if self == Self::OpenMetrics
            && let Some(unit) = metric.unit
        {
            let _ = writeln!(out, "# UNIT {name} {unit}");
        }
    }

    /// Joins pages, family by family in the order of the catalogue.
    pub(super) fn join(self, pages: &[&Page]) -> String {
        let size: usize =
            pages.iter().flat_map(|page| &page.sections).map(|(_, lines)| lines.len() + 160).sum();
        let mut out = String::with_capacity(size);
        let mut rest: Vec<_> = pages.iter().map(|page| page.sections.iter().peekable()).collect();
        for (place, metric) in TABLE.iter().enumerate() {
            let mut opened = false;
            for sections in &mut rest {
                while let Some((_, lines)) = sections.next_if(|(next, _)| *next == place) {
                    if !opened {
                        self.header(metric, &mut out);
                        opened = true;
                    }
                    out.push_str(lines);
                }
            }
        }
        if self == Self::OpenMetrics {
            out.push_str("# EOF\n");
        }
        out
    }
}
