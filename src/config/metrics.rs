//! `metrics`: how much is exposed.

use serde::{Deserialize, Serialize};

use super::problem::Problems;
use super::read;

/// The section `metrics`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricsConfig {
    /// A series for each file in flight. Default false.
    #[serde(deserialize_with = "read::flag")]
    pub per_file: bool,
    /// With `per_file`, only this many files, the newest. Default 50.
    #[serde(deserialize_with = "read::whole")]
    pub max_files: usize,
    /// The most series of one NAS; beyond it whole families are left out, the largest first. Default 50000.
    #[serde(deserialize_with = "read::whole")]
    pub max_series: usize,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self { per_file: false, max_files: 50, max_series: 50_000 }
    }
}

impl MetricsConfig {
    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(self.max_series > 0, "metrics.max_series", "0 leaves nothing; allowed: 1 or more");
    }
}
