//! Arguments of `rules`: what can be done with rules without a daemon.

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub struct Rules {
    /// What to do.
    #[command(subcommand)]
    pub command: RulesCommand,
}

/// Commands of `rules`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Replays notifications of an Alertmanager against the rules and shows what they would do.
    ///
    /// Nothing is asked and nobody is told: no NAS, no daemon, no Alertmanager. The configuration's files with
    /// passwords, tokens and certificates need not be there, nor secrets that come from the environment.
    ///
    /// The rules act, even if `automation.mode` is observe, on a NAS that does at once what it is told, and whose
    /// settings are less strict than any that a rule holds. Holds are taken in memory, so that a second alert joins,
    /// and `cooldown`, `daily_budget` and `max_hold` count.
    ///
    /// Time goes by the notifications. Each comes at the latest startsAt or endsAt of its alerts, or at the time of its
    /// recording's field "received" (RFC 3339, beside "body"), and never before the one that was given before it.
    /// Between two of them time passes: holds end, leases run out, and what a cooldown kept back is done.
    Test(RulesTest),
}

/// Arguments of `rules test`.
#[derive(Debug, Args)]
pub struct RulesTest {
    /// Notifications in the order in which they come: bodies of the webhook, or recordings that have one as "body".
    /// May be given several times.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub webhook: Vec<PathBuf>,
    /// A connection that there is, by its id and name; may be given several times. Without any, and without
    /// --connections, there are those that rules and alerts name, and `max_held_share` is not looked at: it depends on
    /// how many there are.
    #[arg(long, value_name = "NAS/ID=NAME", value_parser = connection)]
    pub connection: Vec<GivenConnection>,
    /// The connections that there are, with their states: what `ctl status --output json` printed.
    #[arg(long, value_name = "FILE")]
    pub connections: Option<PathBuf>,
    /// Sent with this token of the configuration, which may be for some NASes and connections only [default: one that
    /// is for all].
    #[arg(long, value_name = "NAME")]
    pub token: Option<String>,
    /// The first notification comes at this time (RFC 3339), and each other one --step after the one before it,
    /// whatever they say themselves.
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,
    /// How long after the one before it a notification comes at the least. With repeats, which say no later time than
    /// what they repeat, the Alertmanager's `repeat_interval` is what is meant, such as 4h.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = humantime::parse_duration)]
    pub step: Duration,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = RulesOutput::Table)]
    pub output: RulesOutput,
    /// Compare what would be shown with this file, made by the same command without --expect, and show only how they
    /// differ; exit 1 if they do.
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
}

/// How the outcome is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RulesOutput {
    /// For people: one line a decision, and after each notification the holds.
    Table,
    /// One object a line: notification, decision, release, hold.
    Json,
}

/// A connection as an argument names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenConnection {
    /// The NAS.
    pub nas: String,
    /// The id.
    pub id: i64,
    /// What it is called.
    pub name: String,
}

fn connection(text: &str) -> Result<GivenConnection, String> {
    let parts = text.split_once('/').and_then(|(nas, rest)| Some((nas, rest.split_once('=')?)));
    match parts {
        Some((nas, (id, name))) if !nas.is_empty() && !name.is_empty() => match id.parse() {
            Ok(id) => Ok(GivenConnection { nas: nas.to_owned(), id, name: name.to_owned() }),
            Err(_) => Err(format!("{id} is no id; allowed: a whole number")),
        },
        _ => Err("allowed: NAS/ID=NAME, such as home/3=Dropbox".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_read_from_its_argument() {
        let given = connection("home/3=A=B/c").unwrap();
        assert_eq!((given.nas.as_str(), given.id, given.name.as_str()), ("home", 3, "A=B/c"));
        for text in ["", "home", "home/3", "home/=x", "/3=x", "home/3=", "home/x=y", "3=x"] {
            assert!(connection(text).is_err(), "{text}");
        }
    }
}
