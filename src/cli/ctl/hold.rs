//! Arguments of the commands around pauses, holds and automation.

use super::Change;
use clap::{Args, Subcommand};

/// Arguments of `pause`.
#[derive(Debug, Args)]
pub struct Pause {
    /// The connection's id or name.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub connection: Option<String>,
    /// Every connection of the NAS.
    #[arg(long)]
    pub all: bool,
    /// Why; it stands in the audit and beside the hold.
    #[arg(long)]
    pub reason: String,
    /// Resume by itself after this time, such as 2h or 30m.
    #[arg(long = "for", value_name = "DURATION")]
    pub lasting: Option<String>,
    /// How to change.
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub struct Resume {
    /// The connection's id or name.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub connection: Option<String>,
    /// Every connection of the NAS.
    #[arg(long)]
    pub all: bool,
    /// Why.
    #[arg(long)]
    pub reason: Option<String>,
    /// Even though an alert or a latch holds it; the alert's rule stands down.
    #[arg(long = "override")]
    pub overriding: bool,
    /// How to change.
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `holds`.
#[derive(Debug, Args)]
pub struct Holds {
    /// What to do; `list` when nothing is said.
    #[command(subcommand)]
    pub command: Option<HoldsCommand>,
}

/// Commands of `holds`.
#[derive(Debug, Subcommand)]
pub enum HoldsCommand {
    /// Show them.
    List {
        /// Only this connection's: id or name.
        #[arg(long)]
        connection: Option<String>,
    },
    /// Hold a connection, pausing it.
    Add {
        /// The connection's id or name.
        connection: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// End by itself after this time, such as 2h or 30m.
        #[arg(long = "for", value_name = "DURATION")]
        lasting: Option<String>,
        /// Only an explicit release or override ends it.
        #[arg(long)]
        latch: bool,
        /// How to change.
        #[command(flatten)]
        change: Change,
    },
    /// End a hold; the last of a connection resumes it.
    Release {
        /// The hold's id.
        id: String,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
        /// How to change.
        #[command(flatten)]
        change: Change,
    },
}

/// Arguments of `freeze` and `unfreeze`.
#[derive(Debug, Args)]
pub struct Freeze {
    /// Why.
    #[arg(long)]
    pub reason: Option<String>,
    /// How to change.
    #[command(flatten)]
    pub change: Change,
}
