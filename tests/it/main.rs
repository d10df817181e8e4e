//! The integration tests, one binary; a module a room.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod dsm;
mod sim;
