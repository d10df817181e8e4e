//! Our vocabulary: what a NAS's Cloud Sync looks like to everybody who is not talking to it.
//!
//! Nothing here knows JSON, HTTP, Prometheus or the runtime. Values that the NAS did not give are
//! `None`; a number is only here when it was really answered.

mod connection;
mod hold;
mod ids;
mod log;
mod package;
mod reason;
mod schedule;
mod snapshot;
mod status;
mod task;
mod transfer;

pub use connection::{Connection, ConnectionSettings, Quota};
pub use hold::{HeldConnection, HoldKind};
pub use ids::{ConnectionId, NasName, TaskId};
pub use log::{ACTIONS, ERRORS, LEVELS, LogCounts, action_name, error_name, level_name};
pub use package::{Package, Tray, Volume};
pub use reason::DownReason;
pub use schedule::{Schedule, ScheduleError};
pub use snapshot::{Data, Progress, Snapshot};
pub use status::Status;
pub use task::{Task, TaskFilters, TaskSettings};
pub use transfer::{Direction, RecentFile, Transfer, TransferTotals};
