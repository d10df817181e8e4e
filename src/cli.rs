//! Arguments, in the house style of Prometheus exporters: long flags with dots, `run` by default.

pub mod ctl;
pub mod rules;

use crate::config::Overrides;
use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The variable that names the configuration file; every other variable of that prefix is a key of it.
pub const CONFIG_FILE_VARIABLE: &str = "CLOUDSYNC_EXPORTER__CONFIG__FILE";

/// Commands that are not about a daemon's configuration, and the flags that they hear all the same.
const AWAY_FROM_THE_DAEMON: [(&str, &[&str]); 6] = [
    ("ctl", &["version"]),
    ("rules", &["config_file", "version"]),
    ("simulate", &["log_level", "version"]),
    ("healthcheck", &["version"]),
    ("metrics", &["version"]),
    ("default-config", &["version"]),
];

/// Prometheus exporter for Synology Cloud Sync.
#[derive(Debug, Parser)]
#[command(name = "cloudsync-exporter", disable_version_flag = true, max_term_width = 100)]
pub struct Cli {
    /// Flags that every command understands.
    #[command(flatten)]
    pub flags: Flags,
    /// What to do; `run` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that also stand in the file and in the environment.
#[derive(Debug, Clone, Args)]
pub struct Flags {
    /// The configuration file, YAML or TOML by its ending.
    #[arg(long = "config.file", value_name = "FILE", global = true, env = CONFIG_FILE_VARIABLE)]
    pub config_file: Option<PathBuf>,
    /// Where to serve metrics; may be given several times [default: :9842].
    #[arg(long = "web.listen-address", value_name = "ADDRESS", global = true)]
    pub web_listen_address: Vec<String>,
    /// Under which path [default: /metrics].
    #[arg(long = "web.telemetry-path", value_name = "PATH", global = true)]
    pub web_telemetry_path: Option<String>,
    /// The web configuration of Prometheus' exporter-toolkit: TLS and users.
    #[arg(long = "web.config.file", value_name = "FILE", global = true)]
    pub web_config_file: Option<String>,
    /// Where to serve the admin API, when it is enabled [default: 127.0.0.1:9843].
    #[arg(long = "admin.listen-address", value_name = "ADDRESS", global = true)]
    pub admin_listen_address: Option<String>,
    /// What to log: off, error, warn, info, debug or trace [default: info].
    #[arg(long = "log.level", value_name = "LEVEL", global = true)]
    pub log_level: Option<String>,
    /// How to log: logfmt or json [default: logfmt].
    #[arg(long = "log.format", value_name = "FORMAT", global = true)]
    pub log_format: Option<String>,
    /// Print the version and what it was built from.
    #[arg(long, short = 'V', global = true)]
    pub version: bool,
}

impl Flags {
    /// The flags as they override file and environment.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            web_listen_address: self.web_listen_address.clone(),
            web_telemetry_path: self.web_telemetry_path.clone(),
            web_config_file: self.web_config_file.clone(),
            admin_listen_address: self.admin_listen_address.clone(),
            log_level: self.log_level.clone(),
            log_format: self.log_format.clone(),
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The daemon (the default).
    Run,
    /// The daemon against a simulated NAS, with nothing to set up.
    Demo,
    /// Only the simulated NAS: a DSM Web API server to point any client at.
    Simulate(Simulate),
    /// Tries each NAS stage by stage and says what is missing.
    Doctor(Doctor),
    /// Checks the configuration file: all of its problems at once; exit 0 or 64.
    CheckConfig,
    /// Tries rules on recorded notifications of an Alertmanager, without a NAS.
    Rules(rules::Rules),
    /// Prints the commented default file.
    DefaultConfig,
    /// Polls each NAS once and prints the exposition; exit 1 if a NAS failed.
    Once,
    /// Asks a running daemon whether it is healthy; for containers without a shell.
    Healthcheck(Healthcheck),
    /// Prints the metric catalogue.
    Metrics(Metrics),
    /// A person's client of the admin API.
    Ctl(ctl::Ctl),
}

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Where to listen; port 0 takes any.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5000")]
    pub listen: SocketAddr,
    /// The account.
    #[arg(long, default_value = "demo")]
    pub account: String,
    /// Its password.
    #[arg(long, default_value = "demo")]
    pub password: String,
    /// Let transfers, logs and quotas move by themselves.
    #[arg(long)]
    pub moving: bool,
    /// The state to begin with.
    #[arg(long, value_enum, default_value_t = World::Demo)]
    pub world: World,
    /// Demand a second factor: the secret, in base32, of the time-based codes.
    #[arg(long, value_name = "BASE32")]
    pub otp_secret: Option<String>,
    /// Answer like this version of DSM: 6 or 7.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u8).range(6..=7))]
    pub dsm_version: u8,
    /// Serve HTTPS with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Where to serve the controls for tests (faults, sessions, clock); off by default.
    #[arg(long, value_name = "ADDRESS")]
    pub control: Option<SocketAddr>,
}

/// The states that the simulated NAS can begin with.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum World {
    /// Connections of several clouds, with transfers, an error, a pause and a quota filling up.
    Demo,
    /// The examples of the published API page.
    Documented,
    /// A package without connections.
    Empty,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Log in even though an earlier refusal holds logins back. Once: a few more failures and DSM's Auto
    /// Block locks this host out.
    #[arg(long)]
    pub retry_login: bool,
    /// A fresh one-time code: log in with it and print a device id, which takes the code's place from
    /// then on.
    #[arg(long, value_name = "CODE")]
    pub otp_code: Option<String>,
}

/// Arguments of `healthcheck`.
#[derive(Debug, Args)]
pub struct Healthcheck {
    /// The daemon's web listener.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9842")]
    pub url: String,
}

/// Arguments of `metrics`.
#[derive(Debug, Args)]
pub struct Metrics {
    /// As a Markdown table or a JSON list.
    #[arg(long, value_enum, default_value_t = CatalogueFormat::Md)]
    pub format: CatalogueFormat,
}

/// How the catalogue is printed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum CatalogueFormat {
    /// A Markdown table.
    Md,
    /// A JSON list.
    Json,
}

impl Cli {
    /// The arguments of this process; a usage error or `--help` ends it.
    pub fn from_process() -> Self {
        let matches = Self::tidy_command().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// The command line, in which help shows the daemon's flags only where they do something.
    pub fn tidy_command() -> clap::Command {
        let command = Self::command();
        let flags: Vec<Arg> = command.get_arguments().filter(|flag| flag.is_global_set()).cloned().collect();
        AWAY_FROM_THE_DAEMON.into_iter().fold(command, |command, (name, heard)| {
            let deaf = |flag: &&Arg| !heard.contains(&flag.get_id().as_str());
            let hidden: Vec<Arg> = flags.iter().filter(deaf).map(|flag| flag.clone().hide(true)).collect();
            command.mut_subcommand(name, |subcommand| subcommand.args(hidden))
        })
    }
}
