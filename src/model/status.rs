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
    pub const WORDS: [&'static str; 9] = [
        "uptodate",
        "syncing",
        "processing",
        "scanning",
        "connecting",
        "pause",
        "suspended",
        "error",
        "unlink",
    ];

    /// Reads the NAS's word.
    pub fn parse(word: &str) -> Self {
        match word {
            "uptodate" => Self::UpToDate,
            "syncing" => Self::Syncing,
            "processing" => Self::Processing,
            "scanning" => Self::Scanning,
            "connecting" => Self::Connecting,
            "pause" => Self::Pause,
            "suspended" => Self::Suspended,
            "error" => Self::Error,
            "unlink" => Self::Unlink,
            other => Self::Other(other.to_owned()),
        }
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
        for word in Status::WORDS {
            let status = Status::parse(word);
            assert!(!matches!(status, Status::Other(_)), "{word}");
            assert_eq!(status.as_str(), word);
        }
        assert_eq!(Status::parse("UpToDate"), Status::Other("UpToDate".to_owned()));
    }
}
