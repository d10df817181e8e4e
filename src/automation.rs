//! Automation: from what an Alertmanager sends to what should become of which connection.
//!
//! The files here are its pure core: no I/O, no clock, every moment is an argument.
//!
//! - [`Notification`]: a webhook's body, each alert judged by its own status.
//! - [`Matchers`]: Alertmanager's matcher syntax.
//! - [`Episodes`]: which notifications speak of the same occurrence of an alert, and which are late copies.
//! - [`Rule`]: which alerts do what to which connections.
//! - [`Alertmanagers`]: which alerts there are, as Alertmanagers say when they are asked.

pub mod alertmanager;
pub mod episode;
pub mod matchers;
pub mod payload;
pub mod rules;

pub use alertmanager::{Alertmanagers, Answer, Listed};
pub use episode::{Episode, EpisodeId, Episodes, Observation};
pub use matchers::{BadMatchers, Matchers};
pub use payload::{Alert, AlertStatus, Notification, PayloadError, Sender};
pub use rules::{KnownConnection, NoTarget, Rule, RuleAction, Select, Target};
