//! The integration tests, one binary; a module a room.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod actions;
mod admin;
mod architecture;
mod automation;
mod bench;
mod config;
mod ctl;
mod dsm;
mod fuzz;
mod metrics;
mod poller;
mod rules;
mod sim;
mod state;
mod supply;
mod telemetry;
mod web;
