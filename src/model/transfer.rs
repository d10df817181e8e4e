//! Files in flight, and those that were last.

use super::{ConnectionId, TaskId};

/// Which way a file moves, from the item's `status` word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From the NAS to the cloud.
    Upload,
    /// From the cloud to the NAS.
    Download,
    /// A word that is not documented.
    Other,
}

impl Direction {
    /// The directions that always have a series.
    pub const USUAL: [Self; 2] = [Self::Upload, Self::Download];

    /// Reads an item's `status`. Only `uploading` is documented; the others are inferred.
    pub fn parse(word: &str) -> Self {
        let word = word.to_ascii_lowercase();
        if word.contains("upload") {
            Self::Upload
        } else if word.contains("download") {
            Self::Download
        } else {
            Self::Other
        }
    }

    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Download => "download",
            Self::Other => "other",
        }
    }
}

/// A file in flight (`processing_items[]` of `get_recently_change`, API notes §4).
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// The connection, unless the task is not known.
    pub connection: Option<ConnectionId>,
    /// The task.
    pub task: TaskId,
    /// Which way.
    pub direction: Direction,
    /// The NAS's word, from which the direction is read.
    pub status: Option<String>,
    /// The file's path on the NAS.
    pub path: String,
    /// The file's name.
    pub base_name: Option<String>,
    /// The account's name in the cloud.
    pub user: Option<String>,
    /// The NAS's own rate, whose unit is not documented.
    pub bit_rate: Option<f64>,
    /// Bytes done.
    pub done: Option<u64>,
    /// Bytes in all.
    pub size: Option<u64>,
    /// Whether it has not moved for five minutes.
    pub stalled: bool,
}

/// A file that was worked on lately (`history_items[]` of `get_recently_change`, API notes §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentFile {
    /// The connection, unless the task is not known.
    pub connection: Option<ConnectionId>,
    /// The task.
    pub task: TaskId,
    /// What happened, by the number of the log's actions.
    pub action: Option<i64>,
    /// How grave it is, by the number of the log's levels.
    pub level: Option<i64>,
    /// The file's name.
    pub base_name: Option<String>,
    /// The file's path on the NAS.
    pub path: Option<String>,
    /// The name of the task's folder.
    pub folder: Option<String>,
}

/// Bytes seen moving for one task and direction since start: a lower bound, because what happens
/// between a file's last sight and its end is not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferTotals {
    /// The connection, unless the task is not known.
    pub connection: Option<ConnectionId>,
    /// The task.
    pub task: TaskId,
    /// Which way.
    pub direction: Direction,
    /// Bytes.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_read_from_the_status_word() {
        assert_eq!(Direction::parse("uploading"), Direction::Upload);
        assert_eq!(Direction::parse("Downloading"), Direction::Download);
        assert_eq!(Direction::parse("merging"), Direction::Other);
        assert_eq!(Direction::parse(""), Direction::Other);
    }
}
