//! The scrape loop.

mod log_tracker;
mod progress;
mod transfer_tracker;
