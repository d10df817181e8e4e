//! `poll`: how often and how patiently the NASes are asked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::problem::Problems;
use super::shard::Shard;
use super::{read, write};

/// The section `poll`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PollConfig {
    /// Between two fast cycles: status, tasks, transfers, logs. At least 1 s. Default 15 s.
    #[serde(deserialize_with = "read::duration", serialize_with = "write::duration")]
    pub interval: Duration,
    /// Between two slow parts: settings, quotas, filters, package. Default 5 min.
    #[serde(deserialize_with = "read::duration", serialize_with = "write::duration")]
    pub slow_interval: Duration,
    /// For one HTTP request to the NAS. Default 10 s.
    #[serde(deserialize_with = "read::duration", serialize_with = "write::duration")]
    pub timeout: Duration,
    /// Without a success for this long, a NAS's data series are withdrawn. Default 60 s.
    #[serde(deserialize_with = "read::duration", serialize_with = "write::duration")]
    pub stale_after: Duration,
    /// The longest answer of a NAS that is read, in bytes. Default 16 MiB.
    #[serde(deserialize_with = "read::whole")]
    pub max_response_bytes: usize,
    /// Which NASes this instance polls. Default `0/1`, all.
    #[serde(deserialize_with = "read::parsed", serialize_with = "write::display")]
    pub shard: Shard,
}

impl Default for PollConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(15),
            slow_interval: Duration::from_secs(5 * 60),
            timeout: Duration::from_secs(10),
            stale_after: Duration::from_secs(60),
            max_response_bytes: 16 << 20,
            shard: Shard::WHOLE,
        }
    }
}

impl PollConfig {
    pub(super) fn validate(&self, problems: &mut Problems) {
        let shown = humantime::format_duration;
        if self.interval < Duration::from_secs(1) {
            problems.add(
                "poll.interval",
                format!("{} is too short; allowed: 1s or longer", shown(self.interval)),
            );
        }
        for (key, value) in
            [("poll.slow_interval", self.slow_interval), ("poll.stale_after", self.stale_after)]
        {
            if value < self.interval {
                let (value, interval) = (shown(value), shown(self.interval));
                problems
                    .add(key, format!("{value} is too short; allowed: poll.interval, {interval}, or longer"));
            }
        }
        problems.require(!self.timeout.is_zero(), "poll.timeout", "0s is too short; allowed: longer than 0s");
        problems.require(
            self.max_response_bytes >= 1024,
            "poll.max_response_bytes",
            "no answer fits into this; allowed: 1024 or more",
        );
    }
}
