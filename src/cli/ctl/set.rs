//! Arguments of the commands around settings, schedules and the end of a connection.

use super::{Change, Connection};
use clap::{Args, Subcommand};

/// Fields and what they become.
#[derive(Debug, Args)]
pub struct Assignments {
    /// `key=value`. Numbers, true and false are sent as such, all else as text; text that looks like a number
    /// goes in double quotes, `'task_name="2024"'`.
    #[arg(required = true, value_name = "KEY=VALUE")]
    pub assignments: Vec<String>,
    /// How to change.
    #[command(flatten)]
    pub change: Change,
}

/// Commands of `settings`.
#[derive(Debug, Subcommand)]
pub enum Settings {
    /// Show them.
    Get(Connection),
    /// Change those that are named.
    Set {
        /// The connection's id or name.
        connection: String,
        /// What becomes what.
        #[command(flatten)]
        fields: Assignments,
    },
}

/// Commands of `config`.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Show them.
    Get,
    /// Change those that are named.
    Set(Assignments),
}

/// Commands of `schedule`.
#[derive(Debug, Subcommand)]
pub enum Schedule {
    /// Show it.
    Get(Connection),
    /// Change it.
    Set(ScheduleSet),
}

/// Arguments of `schedule set`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub struct ScheduleSet {
    /// The connection's id or name.
    pub connection: String,
    /// Whether it applies; stays as it is unless said.
    #[arg(long, value_name = "BOOL", group = "what")]
    pub enabled: Option<bool>,
    /// Seven lines of 24 characters, Sunday first, 1 = may sync: a file, - for standard input, or the lines
    /// themselves. The output of `schedule get` is accepted.
    #[arg(long, value_name = "FILE", group = "what", conflicts_with = "from_text")]
    pub week: Option<String>,
    /// In words, when it may sync: "mon-fri 0-8,18-24; sat,sun 0-24". Days that are not named are closed.
    #[arg(long, value_name = "TEXT", group = "what")]
    pub from_text: Option<String>,
    /// How to change.
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `unlink`.
#[derive(Debug, Args)]
pub struct Unlink {
    /// The connection's id or name.
    pub connection: String,
    /// The connection's name, to be sure.
    #[arg(long, value_name = "NAME")]
    pub confirm: String,
    /// How to change.
    #[command(flatten)]
    pub change: Change,
}
