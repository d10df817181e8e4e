//! Each command: which calls, and which view of the answer.

mod hold;
mod look;
mod set;
mod status;
mod task;

use reqwest::Method;

use super::call::Call;
use super::client::Client;
use super::failure::Failure;
use super::find::Desk;
use super::page::Page;
use crate::cli::ctl::{Command, Options};

/// Does a command. What a person should know on the way goes to `warnings`.
pub(super) async fn run(
    options: &Options,
    command: &Command,
    warnings: &mut String,
) -> Result<Page, Failure> {
    let client = Client::new(options)?;
    warnings.extend(client.warning());
    let desk = Desk::new(client, options.nas.as_deref());
    match command {
        Command::Status => status::status(&desk).await,
        Command::Connections(arguments) => look::connections(&desk, arguments).await,
        Command::Show(arguments) => look::show(&desk, arguments).await,
        Command::Auth(arguments) => look::auth(&desk, arguments).await,
        Command::Logs(arguments) => look::logs(&desk, arguments).await,
        Command::Activity => look::activity(&desk).await,
        Command::Audit(arguments) => look::audit(&desk, arguments).await,
        Command::Decisions(arguments) => look::decisions(&desk, arguments).await,
        Command::Settings(command) => set::settings(&desk, command).await,
        Command::Config(command) => set::config(&desk, command).await,
        Command::Schedule(command) => set::schedule(&desk, command).await,
        Command::Unlink(arguments) => set::unlink(&desk, arguments).await,
        Command::Pause(arguments) => hold::pause(&desk, arguments).await,
        Command::Resume(arguments) => hold::resume(&desk, arguments).await,
        Command::Holds(arguments) => hold::holds(&desk, arguments.command.as_ref()).await,
        Command::Freeze(arguments) => hold::freeze(&desk, "freeze", arguments).await,
        Command::Unfreeze(arguments) => hold::freeze(&desk, "unfreeze", arguments).await,
        Command::Tasks(arguments) => task::list(&desk, arguments).await,
        Command::Task(command) => task::one(&desk, command).await,
        Command::Poll => status::poll(&desk).await,
        Command::Reload => {
            let answer = desk.ask(&Call::new(Method::POST, &["-", "reload"])).await?;
            Ok(Page::new(answer, |view, _| view.line("the configuration was loaded again")))
        }
        Command::Openapi => {
            let answer = desk.ask(&Call::get(&["api", "v1", "openapi.json"])).await?;
            Ok(Page::Json(answer.text))
        }
        // They need no daemon and are printed without one.
        Command::Completions { shell } => Ok(Page::completions(*shell)),
    }
}
