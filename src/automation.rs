//! Automation: from what an Alertmanager sends to what becomes of which connection.
//!
//! The pure core, in which every moment is an argument:
//! - [`Notification`]: a webhook's body, each alert judged by its own status.
//! - [`Matchers`]: Alertmanager's matcher syntax.
//! - [`Episodes`]: which notifications speak of the same occurrence of an alert, and which are late copies.
//! - [`Rule`]: which alerts do what to which connections.
//! - [`Desk`] and [`Case`]: what is known of each alert under each rule, and what a notification changes of it.
//! - [`plan`](plan::plan): which holds rules want of a NAS, and which guard keeps them back.
//! - [`alertmanager`]: which alerts an Alertmanager has.
//! - [`Rehearsal`]: what all that would come to, with nobody to act on.
//!
//! Around it, [`Automation`]: hears notifications, keeps what is known in the state file, and acts by way of
//! [`Actions`](crate::actions::Actions).

pub mod alertmanager;
pub mod case;
pub mod decision;
pub mod desk;
mod engine;
pub mod episode;
pub mod matchers;
pub mod payload;
pub mod plan;
pub mod rehearsal;
pub mod rules;
mod store;
pub mod verdict;

pub use alertmanager::{Alertmanagers, Answer, Listed};
pub use case::{Bearer, Case};
pub use decision::Decision;
pub use desk::Desk;
pub use engine::{Accepted, Automation, Memories, Meter, Rejected, Settings};
pub use episode::{Episode, EpisodeId, Episodes, Observation};
pub use matchers::{BadMatchers, Matchers};
pub use payload::{Alert, AlertStatus, Notification, PayloadError};
pub use rehearsal::{Event, Happening, Props, Rehearsal};
pub use rules::{KnownConnection, NoTarget, Rule, RuleAction, Select, Target};
pub use verdict::{Guard, Outcome, Verdict};
