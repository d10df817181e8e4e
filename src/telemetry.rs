//! What the process says of itself and hears from its host: logs, signals, the service manager, build information.

pub mod build;
pub mod logs;
pub mod signals;
pub mod supervisor;
