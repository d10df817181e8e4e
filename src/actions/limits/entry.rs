//! What there is to know of a setting that holds have changed: what to restore, and what of it is ours.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A setting that holds have changed. It is on disk before the NAS is told, and goes when the setting is as its owner
/// had it, or when a person changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::actions) struct Entry {
    /// What it was before the first of the holds, and what it is to be after the last of them.
    pub(in crate::actions) before: u64,
    /// What was written last.
    pub(in crate::actions) written: u64,
    /// What it was just before that.
    pub(in crate::actions) was: u64,
    /// Earlier writes that were never seen. They may have been lost, or come yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::actions) late: Vec<u64>,
    /// Whether the NAS has shown what was written last.
    pub(in crate::actions) is_settled: bool,
    /// What a caller of the API wanted it to be, while nobody knows whether the NAS did that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::actions) person: Option<u64>,
    /// When it was written last, in milliseconds since 1970.
    pub(in crate::actions) at: i64,
}

impl Entry {
    /// A setting as its owner has it.
    pub(in crate::actions) fn of(value: u64, at: i64) -> Self {
        Self {
            before: value,
            written: value,
            was: value,
            late: Vec::new(),
            is_settled: true,
            person: None,
            at,
        }
    }

    /// The same when `value` is about to be written in place of what the NAS shows.
    pub(in crate::actions) fn writing(&self, value: u64, shown: u64, at: i64) -> Self {
        let mut late = self.late.clone();
        if !self.is_settled && shown != self.written {
            late.push(self.written);
        }
        late.retain(|earlier| *earlier != value);
        late.sort_unstable();
        late.dedup();
        Self { before: self.before, written: value, was: shown, late, is_settled: false, person: None, at }
    }

    /// The same when the NAS has shown what was written.
    pub(in crate::actions) fn settled(&self) -> Self {
        Self { late: Vec::new(), is_settled: true, ..self.clone() }
    }

    /// Whether what the NAS shows can be from before the last write, or from an earlier one. If it is neither this nor
    /// what was written, somebody else changed it.
    pub(in crate::actions) fn may_still_show(&self, shown: u64) -> bool {
        !self.is_settled && (shown == self.was || self.late.contains(&shown))
    }
}

/// An entry, and how long ago the NAS took what was written last and did not show it yet. None: it is not known to have
/// taken it, or it has shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::actions) struct Known {
    pub(in crate::actions) entry: Entry,
    pub(in crate::actions) told: Option<Duration>,
}
