//! Prometheus exporter for Synology Cloud Sync.
//!
//! The map, one room a line; each room's own page is its contract:
//!
//! - `config`: the configuration file, environment and flags as one checked structure; secrets.
//! - `dsm`: the typed client of the NAS's Web API: transport, session, login guard, every Cloud Sync method.
//! - `model`: our vocabulary: ids, states, connections, tasks, transfers and the snapshot of a NAS.
//! - `poller`: the scrape loop: one cycle, from the wire to the model, its schedule and its store.
//! - `metrics`: the metric catalogue, the collectors over a snapshot, and the exposition formats.
//! - `web`: HTTP transport for our listeners: binding, limits, routing.
//! - `state`: the SQLite file that outlives the process.
//! - `actions`: everything that changes a NAS: commands, holds, audit, one at a time.
//! - `admin`: the admin API: routes, tokens, problems, its description.
//! - `automation`: from an Alertmanager's notifications to what should become of which connection.
//! - `sim`: the simulated NAS, written against the API's documentation and not against our client.
//! - `ctl`: a person's client of the admin API.
//! - `telemetry`: logs, signals, the service manager, build information.
//! - `cli`, `app`: arguments, and the composition root that wires the rooms together.
//!
//! `tests/it/architecture.rs` holds which room may use which.

pub mod actions;
pub mod admin;
pub mod app;
pub mod automation;
pub mod cli;
pub mod config;
pub mod ctl;
pub mod dsm;
pub mod metrics;
pub mod model;
pub mod poller;
pub mod sim;
pub mod state;
pub mod telemetry;
pub mod web;
