//! The name of an episode.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The name of an episode: a hash of the fingerprint and of the first start heard of, so that it is the same after a
/// restart without memory. Sixteen digits as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EpisodeId(u64);

/// A text that names no episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an episode's name has 16 hexadecimal digits")]
pub struct BadEpisodeId;

impl EpisodeId {
    pub(super) fn new(fingerprint: &str, starts: Timestamp) -> Self {
        let mut hasher = Sha256::new();
        // The moment first: it has always the same length.
        hasher.update(starts.as_nanosecond().to_be_bytes());
        hasher.update(fingerprint.as_bytes());
        let digest = hasher.finalize();
        Self(digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

impl fmt::Display for EpisodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for EpisodeId {
    type Err = BadEpisodeId;

    fn from_str(text: &str) -> Result<Self, BadEpisodeId> {
        let is_plain = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_plain {
            return Err(BadEpisodeId);
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| BadEpisodeId)
    }
}

impl From<EpisodeId> for String {
    fn from(id: EpisodeId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for EpisodeId {
    type Error = BadEpisodeId;

    fn try_from(text: String) -> Result<Self, BadEpisodeId> {
        text.parse()
    }
}
