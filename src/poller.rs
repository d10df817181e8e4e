//! The scrape loop: from the NAS's answers to a snapshot, again and again.
//!
//! A cycle is one request: the connections, the transfers, and for each known connection its tasks
//! and the head of its log. Settings, quotas and filters follow at the slow cadence in one request
//! more. A [`Poke`] brings the next cycle forward. Each section fails alone; only an unanswered `list_conn` makes the NAS down. What a NAS
//! answers is turned into the model in `reduce`, the one place that knows both vocabularies.

mod board;
mod bygone;
mod cycle;
mod fast;
mod log_tracker;
mod logs;
mod poke;
mod progress;
mod reduce;
mod runner;
mod slow;
mod transfer_tracker;
mod trouble;

pub use board::Sink;
pub use cycle::{Memory, PollOptions, Poller};
pub use poke::{Listener, Poke, Stopped};
pub use reduce::reason as down_reason;
pub use runner::{Heartbeat, run};

/// The names of the parts of a poll that can fail alone.
pub fn sections() -> impl Iterator<Item = &'static str> {
    trouble::Section::ALL.into_iter().map(trouble::Section::as_str)
}
