//! Automation: from what an Alertmanager sends to what should become of which connection.
//!
//! The files here are its pure core: no I/O, no clock, every moment is an argument.
//!
//! - [`Notification`]: a webhook's body, each alert judged by its own status.

pub mod payload;

pub use payload::{Alert, AlertStatus, Notification, PayloadError, Sender};
