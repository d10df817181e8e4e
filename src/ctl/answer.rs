//! What the daemon said.

use serde_json::Value;

/// A whole answer that grants what was asked.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// As it came, for those who want it unchanged.
    pub(super) text: String,
    /// The same, to look into.
    pub(super) value: Value,
}
