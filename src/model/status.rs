//! The state words of connections, tasks and the tray icon.

/// A state word (API notes §5). The NAS may send words that are not documented: those are kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Everything is in step.
    UpToDate,
    /// Files are moving.
    Syncing,
    /// Changes are being worked through.
    Processing,
    /// A folder tree is being compared.
    Scanning,
    /// The cloud is being contacted.
    Connecting,
    /// Paused by a person or by us.
    Pause,
    /// Held back by the NAS; what sets it is not known, so it is never treated as our pause.
    Suspended,
    /// Stopped with an error.
    Error,
    /// The connection to the cloud was dissolved.
    Unlink,
    /// A word that is not documented, as the NAS sent it.
    Other(String),
}

impl Status {
    /// The documented words, in a fixed order: each has a series of its own.
    pub const KNOWN: [Self; 9] = [
        Self::UpToDate,
        Self::Syncing,
        Self::Processing,
        Self::Scanning,
        Self::Connecting,
        Self::Pause,
        Self::Suspended,
        Self::Error,
        Self::Unlink,
    ];

    /// Reads the NAS's word.
    pub fn parse(word: &str) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|known| known.as_str() == word)
            .unwrap_or_else(|| Self::Other(word.to_owned()))
    }

    /// The NAS's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::UpToDate => "uptodate",
            Self::Syncing => "syncing",
            Self::Processing => "processing",
            Self::Scanning => "scanning",
            Self::Connecting => "connecting",
            Self::Pause => "pause",
            Self::Suspended => "suspended",
            Self::Error => "error",
            Self::Unlink => "unlink",
            Self::Other(word) => word,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_round_trip_and_others_are_kept() {
        for status in Status::KNOWN {
            assert_eq!(Status::parse(status.as_str()), status);
        }
        assert_eq!(Status::parse("UpToDate"), Status::Other("UpToDate".to_owned()));
    }
}
