//! A person's client of the admin API.
//!
//! [`run`] turns arguments into calls, and answers into a [`Report`]: what belongs on standard output, what on
//! standard error, and how to exit. Nothing here prints. It speaks to the daemon over HTTP only and shares no
//! type with it: what an answer does not hold shows as `-`, what it holds beyond that is left out of tables and
//! stays in the JSON.
//!
//! What the room promises: the token is in no message; whatever a NAS or the daemon named itself, no control
//! character of it reaches the terminal; a call that changes something carries one idempotency key, and is
//! sent a second time only when the connection broke.

mod answer;
mod assign;
mod call;
mod client;
mod commands;
mod failure;
mod field;
mod find;
mod json;
mod page;
mod problem;
mod token;
mod trust;
mod view;
mod views;
mod week;

use std::io::IsTerminal;

use crate::cli::ctl::{Command, Ctl, Output};

use page::Page;

pub(crate) use json::line as json_line;
pub(crate) use view::{Table, View};

/// What a command leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// For standard output.
    pub out: String,
    /// For standard error.
    pub err: String,
    /// How to exit: 0, 1 = refused, 2 = usage, 3 = the daemon was not reached.
    pub code: u8,
}

/// Does what the arguments ask for.
pub async fn run(arguments: &Ctl) -> Report {
    let wanted = arguments.options.output;
    let mut warnings = String::new();
    let done = match &arguments.command {
        Command::Completions { shell } => Ok(Page::completions(*shell)),
        command => commands::run(&arguments.options, command, &mut warnings).await,
    };
    match done {
        Ok(page) => Report {
            out: page.show(wanted.unwrap_or_else(|| fitting(&std::io::stdout()))),
            err: warnings,
            code: page.exit_code(),
        },
        Err(failure) => {
            warnings.push_str(&failure.show(wanted.unwrap_or_else(|| fitting(&std::io::stderr()))));
            Report { out: String::new(), err: warnings, code: failure.exit_code() }
        }
    }
}

/// What suits a stream, which is not what suits the other one: output that goes through a pipe into a program may
/// fail before a person.
fn fitting(stream: &impl IsTerminal) -> Output {
    if stream.is_terminal() { Output::Table } else { Output::Json }
}
