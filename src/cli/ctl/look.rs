//! Arguments of the commands that only look.

use clap::{Args, ValueEnum};

/// Arguments of `connections`.
#[derive(Debug, Args)]
pub struct Connections {
    /// Sorted by this.
    #[arg(long, value_enum)]
    pub group_by: Option<GroupBy>,
}

/// What connections are sorted by.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum GroupBy {
    /// The NAS's user.
    User,
    /// The cloud.
    CloudType,
}

/// Which connection.
#[derive(Debug, Args)]
pub struct Connection {
    /// The connection's id or name.
    pub connection: String,
}

/// Arguments of `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// The connection's id or name.
    pub connection: String,
    /// Only rows with this in the name of the file.
    #[arg(long)]
    pub keyword: Option<String>,
    /// Not before; epoch seconds or RFC 3339.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Not after.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Only info, warning or error.
    #[arg(long)]
    pub level: Option<String>,
    /// Only this action, such as upload or `delete_remote`.
    #[arg(long)]
    pub action: Option<String>,
    /// Leave out so many of the newest.
    #[arg(long)]
    pub offset: Option<u64>,
    /// At most so many.
    #[arg(long)]
    pub limit: Option<u64>,
}

/// Arguments of `decisions`.
#[derive(Debug, Args)]
pub struct Decisions {
    /// Only about this connection: id or name.
    #[arg(long)]
    pub connection: Option<String>,
    /// Only under this rule.
    #[arg(long, value_name = "NAME")]
    pub rule: Option<String>,
    /// Only acted, joined, `would_act`, blocked, waiting, failed, notified, resolved, stale or unmatched.
    #[arg(long)]
    pub outcome: Option<String>,
    /// At most so many.
    #[arg(long)]
    pub limit: Option<u64>,
    /// Only older than the decision of this id: the next page.
    #[arg(long, value_name = "ID")]
    pub before: Option<u64>,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// Only of this connection: id or name.
    #[arg(long)]
    pub connection: Option<String>,
    /// Only by the token of this name.
    #[arg(long, value_name = "NAME")]
    pub token: Option<String>,
    /// Only this action, such as pause or `set_connection_setting`.
    #[arg(long)]
    pub action: Option<String>,
    /// Only pending, succeeded, unverified, failed or unknown.
    #[arg(long)]
    pub outcome: Option<String>,
    /// Not before; epoch seconds or RFC 3339.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Not after.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// At most so many.
    #[arg(long)]
    pub limit: Option<u64>,
    /// Only older than the record of this id: the next page.
    #[arg(long, value_name = "ID")]
    pub before: Option<u64>,
}
