//! What a process has in use.

use crate::ALLOCATOR;
use std::fs;
use tokio::runtime::Handle;

/// Things that must not grow for ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Use {
    /// Bytes on the heap.
    pub(crate) heap: usize,
    /// Tasks of the runtime that have not ended.
    pub(crate) tasks: usize,
    /// File descriptors.
    pub(crate) files: usize,
}

impl Use {
    pub(crate) fn now() -> Self {
        let stats = ALLOCATOR.stats();
        Self {
            heap: stats.bytes_allocated - stats.bytes_deallocated,
            tasks: Handle::current().metrics().num_alive_tasks(),
            files: fs::read_dir("/proc/self/fd").unwrap().count(),
        }
    }

    /// The least of each.
    pub(crate) fn least(self, other: Self) -> Self {
        Self {
            heap: self.heap.min(other.heap),
            tasks: self.tasks.min(other.tasks),
            files: self.files.min(other.files),
        }
    }
}
