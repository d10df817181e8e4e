//! An exposition in pieces: the sample lines of each family, apart from its header lines.
//!
//! Sample lines are the same in both text formats (we send no exemplars and no timestamps), so they
//! are encoded once and put under the headers of whichever format is asked for. Pieces of several
//! NASes are joined family by family, since a family's samples have to stand together.

use super::catalogue::{self, Metric};
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Families by their OpenMetrics name: place in the catalogue, and the family.
static BY_FAMILY: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| catalogue::all().enumerate().map(|(place, metric)| (metric.family(), place)).collect());

/// The catalogue as a table.
pub(super) static TABLE: LazyLock<Vec<&'static Metric>> = LazyLock::new(|| catalogue::all().collect());

/// The sample lines of some families, in the order of the catalogue.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) sections: Vec<(usize, String)>,
}

impl Page {
    /// Encodes a registry. A family that is not in the catalogue is a programming error that
    /// debug builds stop at; release builds leave it out.
    pub(super) fn encode(registry: &Registry) -> Self {
        let mut text = String::new();
        if encode_registry(&mut text, registry).is_err() {
            debug_assert!(false, "writing to a string does not fail");
            return Self::default();
        }
        Self::split(&text)
    }

    /// Label values carry no raw newline, so a line that begins with `#` is always a header.
    fn split(text: &str) -> Self {
        let mut sections: Vec<(usize, String)> = Vec::new();
        let mut known = false;
        for line in text.split_inclusive('\n') {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let family = rest.split(' ').next().unwrap_or_default();
                let place = BY_FAMILY.get(family).copied();
                debug_assert!(place.is_some(), "{family} is not in the catalogue");
                known = place.is_some();
                sections.extend(place.map(|place| (place, String::new())));
            } else if known
                && !line.starts_with('#')
                && let Some((_, lines)) = sections.last_mut()
            {
                lines.push_str(line);
            }
        }
        sections.retain(|(_, lines)| !lines.is_empty());
        sections.sort_by_key(|(place, _)| *place);
        for (_, lines) in &mut sections {
            lines.shrink_to_fit();
        }
        Self { sections }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_signs_in_label_values_are_no_headers() {
        let text = "# HELP cloudsync_up x.\n# TYPE cloudsync_up gauge\n\
                    cloudsync_up{nas=\"# HELP y\"} 1\n# HELP cloudsync_polls x.\n# TYPE cloudsync_polls counter\n";
        let page = Page::split(text);
        assert_eq!(page.sections.len(), 1);
        assert_eq!(page.sections[0].1, "cloudsync_up{nas=\"# HELP y\"} 1\n");
    }
}
