//! Arguments of `ctl`: the options of every call, and one structure a command.

mod hold;
mod look;
mod set;
mod task;

pub use hold::{Freeze, Holds, HoldsCommand, Pause, Resume};
pub use look::{Audit, Connection, Connections, Decisions, GroupBy, Logs};
pub use set::{Assignments, Config, Schedule, ScheduleSet, Settings, Unlink};
pub use task::{Task, TaskCreate, TaskFields};

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// A person's client of the admin API.
#[derive(Debug, Args)]
pub struct Ctl {
    /// Options of every call.
    #[command(flatten)]
    pub options: Options,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Where the daemon is, how to be let in, and how to show what it says.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every ctl command")]
pub struct Options {
    /// The daemon's admin listener.
    #[arg(
        long,
        value_name = "URL",
        global = true,
        env = "CLOUDSYNC_CTL_URL",
        default_value = "http://127.0.0.1:9843"
    )]
    pub url: String,
    /// The file that holds the token. Without it the token is taken from the variable
    /// `CLOUDSYNC_CTL_TOKEN`; no flag takes the token itself, because everybody can see the arguments of a
    /// process.
    #[arg(long, value_name = "FILE", global = true, env = "CLOUDSYNC_CTL_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// Trust the certificates of this file (PEM) as well: an authority, or the daemon's own.
    #[arg(long, value_name = "PEM", global = true)]
    pub ca_file: Option<PathBuf>,
    /// How to show answers [default: table on a terminal, json elsewhere].
    #[arg(long, value_enum, global = true)]
    pub output: Option<Output>,
    /// Which NAS; not needed when the daemon has only one.
    #[arg(long, value_name = "NAME", global = true)]
    pub nas: Option<String>,
}

/// How answers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// As the daemon gave it.
    Json,
}

/// Options of every command that changes something.
#[derive(Debug, Args)]
pub struct Change {
    /// Change nothing: show what would be sent to the NAS and what it would change.
    #[arg(long)]
    pub dry_run: bool,
    /// Do it once, however often it is asked for with this key [default: a new one for each call].
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
}

/// The commands. A CONNECTION is an id or a name, a TASK an id.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Every NAS and its connections, who holds them, and whether alerts act.
    Status,
    /// The connections of a NAS.
    Connections(Connections),
    /// All about a connection: status, settings, property, holds.
    Show(Connection),
    /// The settings of a connection.
    #[command(subcommand)]
    Settings(Settings),
    /// When a connection may sync.
    #[command(subcommand)]
    Schedule(Schedule),
    /// How a connection logs in to its cloud, without the secrets.
    Auth(Connection),
    /// The log of a connection, newest first.
    Logs(Logs),
    /// Pause a connection, or all of a NAS, and hold it there.
    Pause(Pause),
    /// Resume a connection, or all of a NAS, and end the holds.
    Resume(Resume),
    /// What is held, and why.
    Holds(Holds),
    /// Who changed what.
    Audit(Audit),
    /// The settings of the package.
    #[command(subcommand)]
    Config(Config),
    /// The tasks of a connection.
    Tasks(Connection),
    /// One task: settings, filters, folders; create and remove.
    #[command(subcommand)]
    Task(Task),
    /// Remove a connection. The files stay on both sides.
    Unlink(Unlink),
    /// Transfers under way and recent files.
    Activity,
    /// Poll a NAS now.
    Poll,
    /// Stop automation: no alert acts from now on.
    Freeze(Freeze),
    /// Let automation act again.
    Unfreeze(Freeze),
    /// Why each alert did or did not act.
    Decisions(Decisions),
    /// Load the daemon's configuration file again.
    Reload,
    /// Print the description of the API.
    Openapi,
    /// Print the completions of a shell; asks no daemon.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}
